//! What becomes of events whose packets are lost, reordered, repeated or odd.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stream;

use core::time::Duration;

use proptest::prelude::*;
use rfc2833_dtmf::{
    EndCause, Event, EventPacket, ReceivedEvent, Receiver, ReceiverConfig, ReceiverOutput, Sender,
    SenderConfig,
};
use stream::{Packet, digits, feed, report, sent};

fn receiver() -> Receiver {
    Receiver::new(ReceiverConfig::default())
}

/// The events of some packets, the last one flushed.
fn events(packets: &[Packet]) -> Vec<ReceivedEvent> {
    let mut receiver = receiver();
    let mut events = feed(&mut receiver, packets);
    receiver.flush();
    events.extend(feed(&mut receiver, &[]));
    events
}

/// What matters of an event: the digit, where it began, how long it lasted, why it ended.
fn outline(packets: &[Packet]) -> Vec<(char, u32, u32, EndCause)> {
    let outline = |event: &ReceivedEvent| {
        (
            event.event.digit().unwrap(),
            event.timestamp,
            event.duration,
            event.cause,
        )
    };
    events(packets).iter().map(outline).collect()
}

/// A digit of 800 ticks from 8000 on: 400, 800, then twice 800, the last three with the E bit.
fn five() -> Vec<Packet> {
    let packets = sent(8000, "5", 800, 400);
    assert_eq!(packets.len(), 4);
    packets
}

const FIVE: (char, u32, u32, EndCause) = ('5', 8000, 800, EndCause::EndBit);

#[test]
fn a_digit_starts_once_and_ends_once() {
    let mut receiver = receiver();
    for packet in five() {
        receiver
            .handle_packet(packet.around, &packet.payload)
            .unwrap();
    }
    let started = receiver.poll_output();
    let Some(ReceiverOutput::Started {
        event,
        volume,
        timestamp,
        arrival,
    }) = started
    else {
        panic!("{started:?}");
    };
    assert_eq!((event, volume, timestamp), (Event::DIGIT_5, Some(10), 8000));
    assert_eq!(arrival, Duration::from_millis(1050));
    let ended = receiver.poll_output();
    let Some(ReceiverOutput::Ended(ended)) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!((ended.event, ended.volume), (Event::DIGIT_5, Some(10)));
    assert_eq!((ended.timestamp, ended.duration), (8000, 800));
    assert_eq!(ended.first_arrival, Duration::from_millis(1050));
    assert_eq!(ended.last_arrival, Duration::from_millis(1100));
    assert_eq!(receiver.poll_output(), None);
}

#[test]
fn three_ends_with_one_timestamp_are_one_digit() {
    assert_eq!(outline(&five()), [FIVE]);
}

#[test]
fn only_end_packets_arrive() {
    assert_eq!(outline(&five()[1..]), [FIVE]);
    assert_eq!(outline(&five()[3..]), [FIVE]);
}

#[test]
fn all_ends_lost_the_next_digit_ends_it() {
    let packets = sent(8000, "56", 800, 400);
    let six = packets
        .iter()
        .position(|packet| packet.payload[0] == 6)
        .unwrap();
    let kept = [&packets[..1], &packets[six..]].concat();
    let timestamp = packets[six].around.timestamp;
    assert_eq!(
        outline(&kept),
        [
            ('5', 8000, 400, EndCause::Superseded),
            ('6', timestamp, 800, EndCause::EndBit)
        ]
    );
}

#[test]
fn all_ends_lost_time_ends_it() {
    let mut receiver = receiver();
    let packets = five();
    assert_eq!(feed(&mut receiver, &packets[..1]), []);
    let timeout = receiver.next_timeout().unwrap();
    assert_eq!(
        timeout,
        packets[0].around.arrival + Duration::from_millis(150)
    );
    receiver.handle_timeout(timeout - Duration::from_millis(1));
    assert_eq!(feed(&mut receiver, &[]), []);
    receiver.handle_timeout(timeout);
    let events = feed(&mut receiver, &[]);
    assert_eq!(
        (events[0].duration, events[0].cause),
        (400, EndCause::TimedOut)
    );
    assert_eq!(receiver.next_timeout(), None);
    assert_eq!(
        feed(&mut receiver, &packets[1..]),
        [],
        "it does not start again"
    );
    assert_eq!(receiver.statistics().repeated, 3);
}

#[test]
fn all_ends_lost_at_the_end_of_the_stream() {
    assert_eq!(outline(&five()[..1]), [('5', 8000, 400, EndCause::Flushed)]);
}

#[test]
fn end_copies_with_new_timestamps_are_one_digit() {
    let mut packets = five();
    packets[2].around.timestamp += 400;
    packets[3].around.timestamp += 800;
    assert_eq!(outline(&packets), [FIVE]);
    // The first end as well, the updates having kept theirs.
    let mut packets = sent(8000, "5", 1600, 400);
    let ends = packets.len() - 3;
    for (packet, late) in packets[ends..].iter_mut().zip([160, 320, 480]) {
        packet.around.timestamp += late;
    }
    assert_eq!(outline(&packets), [('5', 8000, 1600, EndCause::EndBit)]);
    // Only the renewed ones arrive.
    assert_eq!(
        outline(&packets[ends..]),
        [('5', 8160, 1600, EndCause::EndBit)]
    );
}

#[test]
fn end_copies_with_one_sequence_number_are_one_digit() {
    let mut packets = five();
    packets[2].around.sequence_number = packets[1].around.sequence_number;
    packets[3].around.sequence_number = packets[1].around.sequence_number;
    assert_eq!(outline(&packets), [FIVE]);
}

#[test]
fn a_digit_after_renewed_ends_counts() {
    let mut packets = sent(8000, "55", 800, 1600);
    packets[2].around.timestamp += 400;
    packets[3].around.timestamp += 800;
    let second = packets[4].around.timestamp;
    assert_eq!(
        outline(&packets),
        [FIVE, ('5', second, 800, EndCause::EndBit)]
    );
    assert_eq!(second, 8000 + 800 + 1600);
    packets[4].around.marker = false;
    assert_eq!(outline(&packets).len(), 2, "without marker too");
}

#[test]
fn durations_out_of_order() {
    let packets = sent(8000, "5", 2000, 400);
    let reordered: Vec<_> = [1, 0, 3, 2, 4, 5, 6].map(|n| packets[n].clone()).into();
    assert_eq!(outline(&reordered), [('5', 8000, 2000, EndCause::EndBit)]);
    let end_first: Vec<_> = [0, 4, 1, 2, 3, 5, 6].map(|n| packets[n].clone()).into();
    assert_eq!(outline(&end_first), [('5', 8000, 2000, EndCause::EndBit)]);
}

#[test]
fn no_marker() {
    let mut packets = sent(8000, "5577", 800, 400);
    packets
        .iter_mut()
        .for_each(|packet| packet.around.marker = false);
    let digits: String = outline(&packets).iter().map(|event| event.0).collect();
    assert_eq!(digits, "5577");
}

#[test]
fn same_digit_twice_without_a_gap() {
    let first = five();
    let mut second = sent(8800, "5", 800, 400);
    second
        .iter_mut()
        .for_each(|packet| packet.around.sequence_number += 4);
    let expected = [FIVE, ('5', 8800, 800, EndCause::EndBit)];
    assert_eq!(outline(&[&first[..], &second].concat()), expected);
    // Its ends lost, only the marker tells the second from a segment.
    let kept = [&first[..1], &second].concat();
    assert_eq!(outline(&kept)[1], ('5', 8800, 800, EndCause::EndBit));
}

#[test]
fn the_same_packets_twice_are_one_digit() {
    let packets = five();
    assert_eq!(outline(&[&packets[..], &packets].concat()), [FIVE]);
}

#[test]
fn late_reports_of_a_digit_before_the_current() {
    let packets = sent(8000, "56", 800, 400);
    let six = packets
        .iter()
        .position(|packet| packet.payload[0] == 6)
        .unwrap();
    let reordered: Vec<_> = [
        &packets[..six - 1],
        &packets[six..=six],
        &packets[six - 1..six],
        &packets[six + 1..],
    ]
    .concat();
    assert_eq!(outline(&reordered), outline(&packets));
}

#[test]
fn a_digit_that_comes_after_its_successor_is_not_given_out_of_order() {
    let packets = sent(8000, "56", 800, 400);
    let six = packets
        .iter()
        .position(|packet| packet.payload[0] == 6)
        .unwrap();
    let reordered = [&packets[six..six + 1], &packets[..six], &packets[six + 1..]].concat();
    let digits: String = outline(&reordered).iter().map(|event| event.0).collect();
    assert_eq!(digits, "6");
}

#[test]
fn a_stream_that_begins_anew_is_heard() {
    let mut packets = sent(4_000_000_000, "5", 800, 400);
    packets.extend(sent(8000, "6", 800, 400));
    let digits: String = outline(&packets).iter().map(|event| event.0).collect();
    assert_eq!(digits, "56");
}

#[test]
fn timestamps_and_sequence_numbers_wrap() {
    let mut packets = sent(u32::MAX - 1000, "567", 800, 400);
    for (n, packet) in packets.iter_mut().enumerate() {
        packet.around.sequence_number = 65534_u16.wrapping_add(n as u16);
    }
    let outline = outline(&packets);
    assert_eq!(outline.len(), 3);
    assert!(
        outline
            .iter()
            .all(|event| event.2 == 800 && event.3 == EndCause::EndBit)
    );
}

#[test]
fn duration_ffff_then_a_new_segment() {
    let packets = sent(8000, "5", 0xffff + 2000, 400);
    let total = ('5', 8000, 0xffff + 2000, EndCause::EndBit);
    assert_eq!(outline(&packets), [total]);
    let is_full = |packet: &Packet| packet.payload[2..] == [0xff, 0xff];
    assert_eq!(packets.iter().filter(|packet| is_full(packet)).count(), 3);
    let without: Vec<_> = packets
        .iter()
        .filter(|packet| !is_full(packet))
        .cloned()
        .collect();
    assert_eq!(
        outline(&without),
        [total],
        "all reports of the full segment lost"
    );
}

#[test]
fn a_whole_segment_lost() {
    let packets = sent(8000, "5", 3 * 0xffff + 2000, 400);
    let second = 8000 + 0xffff;
    let kept: Vec<_> = packets
        .into_iter()
        .filter(|packet| packet.around.timestamp != second)
        .collect();
    assert_eq!(
        outline(&kept),
        [('5', 8000, 3 * 0xffff + 2000, EndCause::EndBit)]
    );
}

#[test]
fn a_late_report_of_an_earlier_segment_changes_nothing() {
    let mut packets = sent(8000, "5", 0xffff + 2000, 400);
    let late = packets[3].clone();
    packets.insert(packets.len() - 4, late);
    assert_eq!(
        outline(&packets),
        [('5', 8000, 0xffff + 2000, EndCause::EndBit)]
    );
}

#[test]
fn segments_shorter_than_ffff_are_joined() {
    let config = SenderConfig::default().with_redundant_layers(1);
    let packets = stream::sent_with(config, 8000, "5", 40000);
    assert!(
        packets
            .iter()
            .any(|packet| packet.around.timestamp == 8000 + 0x3fff)
    );
    assert_eq!(outline(&packets), [('5', 8000, 40000, EndCause::EndBit)]);
}

#[test]
fn duration_0_starts_nothing_but_may_end() {
    let mut packets = five();
    packets[0].payload = report(5, false, 0);
    let events = events(&packets);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].first_arrival, packets[1].around.arrival);
    assert_eq!(outline(&[packets[0].clone()]), []);
    let mut packets = five();
    packets[1].payload = report(5, true, 0);
    assert_eq!(outline(&packets[..2]), [('5', 8000, 400, EndCause::EndBit)]);
}

#[test]
fn states_of_duration_0_last_until_another() {
    let state = |event: Event, at: u32| {
        let mut packet = five().remove(0);
        packet.around.timestamp = at;
        packet.payload = report(event.code(), false, 0);
        packet
    };
    let mut receiver = receiver();
    assert_eq!(feed(&mut receiver, &[state(Event::abcd(0), 0)]), []);
    assert_eq!(receiver.next_timeout(), None);
    let ended = feed(&mut receiver, &[state(Event::abcd(15), 8000)]);
    assert_eq!(
        (ended[0].event, ended[0].cause),
        (Event::abcd(0), EndCause::Superseded)
    );
}

#[test]
fn several_events_in_a_packet_follow_one_another() {
    let mut packet = five().remove(0);
    packet.payload = [
        report(5, true, 400),
        report(5, true, 400),
        report(6, false, 100),
    ]
    .concat();
    assert_eq!(
        outline(&[packet]),
        [
            ('5', 8000, 400, EndCause::EndBit),
            ('5', 8400, 400, EndCause::EndBit),
            ('6', 8800, 100, EndCause::Flushed),
        ]
    );
}

#[test]
fn the_end_of_one_and_the_start_of_the_next_in_a_packet() {
    let packets = five();
    let mut second = packets[1].clone();
    second.around.marker = true;
    second.payload = [report(5, true, 800), report(5, false, 200)].concat();
    assert_eq!(
        outline(&[packets[0].clone(), second]),
        [FIVE, ('5', 8800, 200, EndCause::Flushed)]
    );
}

/// RFC 2833 figure 2: both digits before the last come only as redundancy.
#[test]
fn redundant_blocks_are_packets_of_their_own() {
    let blocks = [
        (0, 0x0987_0640_u32),
        (6400, 0x018a_07d0),
        (11200, 0x0114_0190),
    ];
    let packets: Vec<_> = blocks
        .iter()
        .map(|(timestamp, payload)| Packet {
            around: EventPacket {
                sequence_number: 28,
                timestamp: *timestamp,
                marker: false,
                arrival: Duration::from_millis(1450),
            },
            payload: payload.to_be_bytes().to_vec(),
        })
        .collect();
    let events = events(&packets);
    let outline: Vec<_> = events
        .iter()
        .map(|e| (e.event.code(), e.volume, e.duration))
        .collect();
    assert_eq!(
        outline,
        [(9, Some(7), 1600), (1, Some(10), 2000), (1, Some(20), 400)]
    );
    assert_eq!(
        events.iter().map(|e| e.timestamp).collect::<Vec<_>>(),
        [0, 6400, 11200]
    );
}

#[test]
fn event_255_is_received() {
    let mut packet = five().remove(1);
    packet.payload = report(255, true, 800);
    let event = events(&[packet])[0];
    assert_eq!((event.event, event.volume), (Event::new(255), None));
}

#[test]
fn malformed_packets_change_nothing() {
    let mut receiver = receiver();
    feed(&mut receiver, &five()[..1]);
    for length in [0, 3, 5] {
        let payload = vec![0x80; length];
        receiver
            .handle_packet(five()[1].around, &payload)
            .unwrap_err();
    }
    assert_eq!(receiver.statistics().malformed, 3);
    assert_eq!(feed(&mut receiver, &five()[1..]).len(), 1);
}

#[test]
fn outputs_that_nobody_polls_are_bounded() {
    let mut receiver = receiver();
    for n in 0..5000_u32 {
        let mut packet = five().remove(1);
        packet.around.timestamp = n * 1000;
        packet.around.sequence_number = (n * 5) as u16;
        receiver
            .handle_packet(packet.around, &packet.payload)
            .unwrap();
    }
    assert_eq!(core::iter::from_fn(|| receiver.poll_output()).count(), 1024);
    assert_eq!(receiver.statistics().unpolled, 10_000 - 1024);
}

#[test]
fn steady_state_allocates_nothing() {
    let packets = sent(0, "0123456789*#ABCD", 800, 400);
    let mut receiver = receiver();
    let mut sender = Sender::new(SenderConfig::default());
    let mut run = |base: u32| {
        for packet in &packets {
            let timestamp = packet.around.timestamp.wrapping_add(base);
            let around = EventPacket {
                timestamp,
                ..packet.around
            };
            receiver.handle_packet(around, &packet.payload).unwrap();
            while receiver.poll_output().is_some() {}
        }
        digits("12").for_each(|digit| sender.queue(digit).unwrap());
        for now in (base..base + 8000).step_by(160) {
            while sender.poll_packet(now).is_some() {}
        }
    };
    run(1 << 20);
    assert_eq!(allocation_counter::measure(|| run(1 << 21)).count_total, 0);
}

proptest! {
    /// Whatever is lost, repeated or swapped with a neighbour, no digit counts twice, and those
    /// of which something came in order are all there.
    #[test]
    fn loss_and_order_never_multiply_digits(
        fates in prop::collection::vec(0_u8..8, 200),
        key in "[0-9*#A-D]{1,8}",
    ) {
        let packets = sent(1_000_000, &key, 1000, 800);
        let mut kept: Vec<Packet> = Vec::new();
        for (packet, fate) in packets.iter().zip(fates) {
            match fate {
                0 | 1 => {}
                2 => kept.extend([packet.clone(), packet.clone()]),
                3 if kept.last().is_some_and(|l| l.around.timestamp == packet.around.timestamp) => {
                    kept.insert(kept.len() - 1, packet.clone());
                }
                _ => kept.push(packet.clone()),
            }
        }
        let mut expected: Vec<u32> = kept.iter().map(|packet| packet.around.timestamp).collect();
        expected.dedup();
        let received: Vec<u32> = events(&kept).iter().map(|event| event.timestamp).collect();
        prop_assert_eq!(received, expected);
    }

    #[test]
    fn any_packets_are_taken_without_panic(
        packets in prop::collection::vec(
            (any::<u16>(), any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..24)),
            0..60,
        ),
    ) {
        let mut receiver = receiver();
        let (mut started, mut ended) = (0, 0);
        for (sequence_number, timestamp, marker, payload) in packets {
            let arrival = Duration::from_millis(timestamp.into());
            let around = EventPacket { sequence_number, timestamp, marker, arrival };
            let _ = receiver.handle_packet(around, &payload);
            receiver.handle_timeout(arrival);
        }
        receiver.flush();
        while let Some(output) = receiver.poll_output() {
            match output {
                ReceiverOutput::Started { .. } => started += 1,
                _ => ended += 1,
            }
            prop_assert!(started - ended == 0 || started - ended == 1);
        }
        prop_assert_eq!(started, ended);
    }
}
