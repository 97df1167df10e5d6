//! What is sent when: the dialling of RFC 4733, segments, pauses, refusals.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2833_dtmf::{
    Digit, Event, EventSet, OutgoingPacket, QueueError, Sender, SenderConfig, WriteError,
};

/// When a packet is sent, and what is in it: time, marker, timestamp, event, E, duration.
type Row = (u32, bool, u32, u8, bool, u16);

fn row(now: u32, packet: OutgoingPacket) -> Row {
    let OutgoingPacket {
        marker,
        timestamp,
        report,
    } = packet;
    (
        now,
        marker,
        timestamp,
        report.event().code(),
        report.end(),
        report.duration(),
    )
}

/// Polls every 80 ticks from `start` until nothing is left.
fn rows(sender: &mut Sender, start: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut now = start;
    while !sender.is_idle() {
        while let Some(packet) = sender.poll_packet(now) {
            rows.push(row(now, packet));
        }
        now = now.wrapping_add(80);
    }
    rows
}

fn digit(event: Event, duration: u32) -> Digit {
    Digit {
        event,
        duration,
        volume: 10,
    }
}

/// RFC 4733 table 5: "911" dialled by hand, 200, 250 and 220 ms long. The first two keys are
/// released just after a report, which thus lacks the E bit that its repetitions have.
#[test]
fn rfc4733_table_5_dialling_911() {
    let mut sender = Sender::new(SenderConfig::default());
    let mut rows = Vec::new();
    let keys = [(0, 1600, 9), (7040, 2000, 1), (11200, 1760, 1)];
    let mut keys = keys.iter().peekable();
    let mut release_at = None;
    for now in (0..15000).step_by(80) {
        if let Some((start, duration, code)) = keys.next_if(|(start, ..)| *start == now) {
            sender.press(now, Event::new(*code), 20).unwrap();
            release_at = Some(start + duration);
        }
        while let Some(packet) = sender.poll_packet(now) {
            let volume = packet.report.volume();
            assert_eq!(volume, Some(20));
            rows.push(row(now, packet));
        }
        if release_at == Some(now) {
            sender.release(now);
        }
    }
    let expected: Vec<Row> = [
        (50, true, 0, 9, 400, false),
        (100, false, 0, 9, 800, false),
        (150, false, 0, 9, 1200, false),
        (200, false, 0, 9, 1600, false),
        (250, false, 0, 9, 1600, true),
        (300, false, 0, 9, 1600, true),
        (930, true, 7040, 1, 400, false),
        (980, false, 7040, 1, 800, false),
        (1030, false, 7040, 1, 1200, false),
        (1080, false, 7040, 1, 1600, false),
        (1130, false, 7040, 1, 2000, false),
        (1180, false, 7040, 1, 2000, true),
        (1230, false, 7040, 1, 2000, true),
        (1450, true, 11200, 1, 400, false),
        (1500, false, 11200, 1, 800, false),
        (1550, false, 11200, 1, 1200, false),
        (1600, false, 11200, 1, 1600, false),
        (1650, false, 11200, 1, 1760, true),
        (1700, false, 11200, 1, 1760, true),
        (1750, false, 11200, 1, 1760, true),
    ]
    .map(|(ms, marker, timestamp, event, duration, end)| {
        (ms * 8, marker, timestamp, event, end, duration)
    })
    .into();
    assert_eq!(rows, expected);
}

#[test]
fn a_queued_digit_has_a_marker_updates_and_three_ends() {
    let mut sender = Sender::new(SenderConfig::default());
    sender.queue(digit(Event::DIGIT_7, 1000)).unwrap();
    assert_eq!(
        rows(&mut sender, 1000),
        [
            (1400, true, 1000, 7, false, 400),
            (1800, false, 1000, 7, false, 800),
            (2200, false, 1000, 7, true, 1000),
            (2600, false, 1000, 7, true, 1000),
            (3000, false, 1000, 7, true, 1000),
        ]
    );
}

#[test]
fn every_key_ends_and_keeps_its_duration() {
    let mut sender = Sender::new(SenderConfig::default());
    for (n, key) in "159#".chars().enumerate() {
        let event = Event::from_digit(key).unwrap();
        sender.queue(digit(event, 400 + 100 * n as u32)).unwrap();
    }
    let rows = rows(&mut sender, 0);
    for (code, duration) in [(1, 400), (5, 500), (9, 600), (11, 700)] {
        let of_key = |row: &&Row| row.3 == code;
        let ends: Vec<_> = rows.iter().filter(of_key).filter(|row| row.4).collect();
        assert_eq!(ends.len(), 3);
        assert!(
            ends.iter()
                .all(|row| row.5 == duration && row.2 == ends[0].2)
        );
        assert_eq!(
            rows.iter().filter(of_key).filter(|row| row.1).count(),
            1,
            "markers"
        );
    }
}

#[test]
fn pauses_are_kept_and_never_cut_the_ends_short() {
    for (pause, apart) in [(4000, 800 + 4000), (0, 800 + 800)] {
        let mut config = SenderConfig::default();
        config.pause = pause;
        let mut sender = Sender::new(config);
        sender.queue(digit(Event::DIGIT_1, 800)).unwrap();
        sender.queue(digit(Event::DIGIT_1, 800)).unwrap();
        let rows = rows(&mut sender, 0);
        let starts: Vec<u32> = rows.iter().filter(|row| row.1).map(|row| row.2).collect();
        assert_eq!(starts, [0, apart], "pause {pause}");
    }
}

#[test]
fn long_events_are_split_into_segments() {
    let mut sender = Sender::new(SenderConfig::default());
    sender.queue(digit(Event::DIGIT_3, 0xffff + 1000)).unwrap();
    let rows = rows(&mut sender, 0);
    let full: Vec<_> = rows.iter().filter(|row| row.5 == 0xffff).collect();
    assert_eq!(full.len(), 3);
    assert!(
        full.iter().all(|row| row.2 == 0 && !row.1 && !row.4),
        "no marker, no E: {full:?}"
    );
    let second: Vec<_> = rows.iter().filter(|row| row.2 == 0xffff).collect();
    assert_eq!(
        second.iter().map(|row| row.5).collect::<Vec<_>>(),
        [465, 865, 1000, 1000, 1000]
    );
    assert!(second.iter().all(|row| !row.1));
    assert_eq!(second.iter().filter(|row| row.4).count(), 3);
    assert_eq!(rows.iter().filter(|row| row.1).count(), 1);
}

#[test]
fn an_event_of_exactly_ffff_is_one_segment() {
    let mut sender = Sender::new(SenderConfig::default());
    sender.queue(digit(Event::DIGIT_3, 0xffff)).unwrap();
    let rows = rows(&mut sender, 0);
    assert!(rows.iter().all(|row| row.2 == 0));
    assert_eq!(
        rows.iter().filter(|row| row.4 && row.5 == 0xffff).count(),
        3
    );
}

#[test]
fn a_held_key_goes_on_through_segments() {
    let mut sender = Sender::new(SenderConfig::default());
    sender.press(0, Event::STAR, 10).unwrap();
    let mut rows = Vec::new();
    for now in (0..200_000).step_by(400) {
        if now == 150_000 {
            sender.release(now);
        }
        while let Some(packet) = sender.poll_packet(now) {
            rows.push(row(now, packet));
        }
    }
    assert!(sender.is_idle());
    let last = rows.last().unwrap();
    assert_eq!((last.2, last.4), (2 * 0xffff, true));
    assert_eq!(u32::from(last.5) + 2 * 0xffff, 150_000);
}

#[test]
fn a_late_poll_catches_up_with_segments_but_not_with_updates() {
    let mut sender = Sender::new(SenderConfig::default());
    sender.queue(digit(Event::DIGIT_3, 400_000)).unwrap();
    assert_eq!(sender.poll_packet(0), None);
    let packets: Vec<_> = core::iter::from_fn(|| sender.poll_packet(2 * 0xffff + 900))
        .map(|packet| (packet.timestamp, packet.report.duration()))
        .collect();
    assert_eq!(packets, [(0, 0xffff), (0xffff, 0xffff)]);
    let packets: Vec<_> = core::iter::from_fn(|| sender.poll_packet(2 * 0xffff + 1300))
        .map(|packet| (packet.timestamp, packet.report.duration()))
        .collect();
    assert_eq!(packets, [(0xffff, 0xffff), (2 * 0xffff, 1300)]);
}

#[test]
fn segments_with_redundancy_fit_fourteen_bits() {
    let config = SenderConfig::default();
    assert_eq!(config.with_redundant_layers(1).max_segment, 0x3fff);
    assert_eq!(config.with_redundant_layers(3).max_segment, 0x3fff - 800);
    let mut sender = Sender::new(config.with_redundant_layers(2));
    sender.queue(digit(Event::DIGIT_3, 40_000)).unwrap();
    let longest = rows(&mut sender, 0).iter().map(|row| row.5).max();
    assert_eq!(longest, Some(0x3fff - 400));
}

#[test]
fn timestamps_wrap() {
    let mut sender = Sender::new(SenderConfig::default());
    let start = u32::MAX - 500;
    sender.queue(digit(Event::DIGIT_3, 1000)).unwrap();
    sender.queue(digit(Event::DIGIT_4, 1000)).unwrap();
    let rows = rows(&mut sender, start);
    assert_eq!(rows.len(), 10);
    assert_eq!(rows[0].2, start);
    assert_eq!(rows[9].5, 1000);
}

#[test]
fn only_events_of_the_receiver_are_sent() {
    let mut config = SenderConfig::default();
    config.events = EventSet::parse("0-9").unwrap();
    let mut sender = Sender::new(config);
    let unsupported = Err(QueueError::Unsupported(Event::STAR));
    assert_eq!(sender.queue(digit(Event::STAR, 800)), unsupported);
    assert_eq!(sender.press(0, Event::STAR, 10), unsupported);
    let mut sender = Sender::new(SenderConfig::default());
    assert_eq!(
        sender.queue(digit(Event::FLASH, 800)),
        Err(QueueError::Unsupported(Event::FLASH)),
        "without a list, only 0 to 15"
    );
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let mut sender = Sender::new(SenderConfig::default());
    let refused = sender.queue(digit(Event::DIGIT_1, 0));
    assert_eq!(refused, Err(QueueError::Invalid(WriteError::ZeroDuration)));
    let loud = Digit {
        volume: 64,
        ..digit(Event::DIGIT_1, 800)
    };
    assert!(matches!(sender.queue(loud), Err(QueueError::Invalid(_))));
    for _ in 0..64 {
        sender.queue(digit(Event::DIGIT_1, 800)).unwrap();
    }
    assert_eq!(
        sender.queue(digit(Event::DIGIT_1, 800)),
        Err(QueueError::Full)
    );
    assert_eq!(sender.press(0, Event::DIGIT_1, 10), Err(QueueError::Busy));
    sender.clear();
    assert!(sender.is_idle());
}

#[test]
fn a_tap_shorter_than_an_interval_is_sent() {
    let mut sender = Sender::new(SenderConfig::default());
    sender.press(0, Event::DIGIT_1, 10).unwrap();
    sender.release(0);
    let rows = rows(&mut sender, 0);
    assert_eq!(rows[0], (400, true, 0, 1, true, 1));
    assert_eq!(rows.len(), 3);
    sender.release(9000);
    assert!(sender.is_idle(), "nothing is pressed");
}

#[test]
fn next_timestamp_tells_when_to_poll() {
    let mut sender = Sender::new(SenderConfig::default());
    assert_eq!(sender.next_timestamp(0), None);
    sender.queue(digit(Event::DIGIT_1, 400)).unwrap();
    sender.queue(digit(Event::DIGIT_2, 400)).unwrap();
    let (mut now, mut packets) = (0, 0);
    while let Some(next) = sender.next_timestamp(now) {
        now = next;
        packets += core::iter::from_fn(|| sender.poll_packet(now)).count();
    }
    assert_eq!((packets, now), (6, 2400));
}
