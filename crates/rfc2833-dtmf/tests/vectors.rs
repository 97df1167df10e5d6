//! The figures of RFC 4733 and RFC 2833, recordings of other implementations, and hard payloads.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stream;

use core::time::Duration;

use proptest::prelude::*;
use rfc2833_dtmf::{
    EndCause, ErrorKind, Event, EventPacket, EventPayload, Receiver, ReceiverConfig,
    TelephoneEvent, ToneBuilder, TonePayload, WriteError, write_events,
};
use stream::{Packet, feed};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
        .collect()
}

#[test]
fn rfc4733_figure_3() {
    let payload = EventPayload::parse(bytes("019406e0")).unwrap();
    let report = payload.first();
    assert_eq!((report.event(), report.end()), (Event::DIGIT_1, true));
    assert_eq!((report.volume(), report.duration()), (Some(20), 1760));
    assert_eq!(report.to_bytes(), payload.as_bytes());
    assert_eq!(
        TelephoneEvent::new(Event::DIGIT_1, true, 20, 1760),
        Ok(report)
    );
}

#[test]
fn rfc4733_figure_4() {
    let payload = TonePayload::parse(bytes("001400a002b904b9")).unwrap();
    assert_eq!((payload.modulation(), payload.divided()), (0, false));
    assert_eq!((payload.volume(), payload.duration()), (20, 160));
    assert!(payload.frequencies().eq([697, 1209]));
}

/// RFC 4733 table 6: "911" as tones, packet by packet.
#[test]
fn rfc4733_table_6() {
    let rows: [(&[u16], u16, &str); 3] = [
        (&[852, 1477], 400, "00140190035405c5"),
        (&[697, 1209], 400, "0014019002b904b9"),
        (&[697, 1209], 160, "001400a002b904b9"),
    ];
    for (frequencies, duration, hex) in rows {
        let mut buffer = [0xa5; 8];
        let tone = ToneBuilder::new(duration, frequencies).volume(20);
        assert_eq!(tone.write_into(&mut buffer), Ok(8));
        assert_eq!(buffer[..], bytes(hex));
    }
}

/// RFC 4734's example of several events in a packet: V.21 bits behind a preamble.
#[test]
fn several_events_in_a_payload() {
    let written = bytes("2380021528800 01b27 80001b".replace(' ', "").as_str());
    let payload = EventPayload::parse(&written).unwrap();
    let codes: Vec<_> = payload
        .events()
        .map(|report| report.event().code())
        .collect();
    assert_eq!(codes, [35, 40, 39]);
    assert_eq!(payload.events().len(), 3);
    let reports: Vec<_> = payload.events().collect();
    let mut buffer = [0xa5; 12];
    assert_eq!(write_events(&reports, &mut buffer), Ok(12));
    assert_eq!(buffer[..], written);
}

#[test]
fn payloads_of_3_5_and_8_bytes() {
    for (length, offset) in [(0, 0), (3, 0), (5, 4), (7, 4)] {
        let error = EventPayload::parse(vec![0x0a; length]).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::TruncatedEvent, offset)
        );
    }
    assert_eq!(EventPayload::parse([0x0a; 8]).unwrap().events().len(), 2);
    assert_eq!(
        EventPayload::parse([1, 2, 3]).unwrap_err().to_string(),
        "truncated telephone event at byte 0: expected one or more events of 4 bytes \
         (RFC 4733 §2.3)"
    );
}

#[test]
fn event_255_and_reserved_bit() {
    let report = EventPayload::parse([0xff, 0x7f, 0x12, 0x34])
        .unwrap()
        .first();
    assert_eq!(
        (report.event().code(), report.end(), report.duration()),
        (255, false, 0x1234)
    );
    assert_eq!(report.volume(), None, "255 has no volume");
    assert_eq!(
        report.to_bytes(),
        [0xff, 0x00, 0x12, 0x34],
        "R is sent as 0"
    );
    let report = EventPayload::parse([0x05, 0x4a, 0, 1]).unwrap().first();
    assert_eq!(report.volume(), Some(10));
    assert_eq!(report.to_bytes(), [0x05, 0x0a, 0, 1]);
}

#[test]
fn duration_0_is_for_states_only() {
    let zero = |event| TelephoneEvent::new(event, false, 0, 0);
    assert_eq!(zero(Event::DIGIT_0), Err(WriteError::ZeroDuration));
    assert_eq!(zero(Event::abcd(5)).unwrap().duration(), 0);
    assert_eq!(
        EventPayload::parse([0, 0, 0, 0])
            .unwrap()
            .first()
            .duration(),
        0,
        "is read"
    );
}

#[test]
fn volume_of_events_without_one_is_sent_as_0() {
    let report = TelephoneEvent::new(Event::FLASH, false, 10, 400).unwrap();
    assert_eq!(report.to_bytes(), [16, 0, 0x01, 0x90]);
    assert_eq!(
        TelephoneEvent::new(Event::DIGIT_0, false, 64, 400),
        Err(WriteError::ValueTooLarge {
            field: "volume",
            value: 64,
            max: 63
        })
    );
}

#[test]
fn write_events_fails_without_touching_the_buffer() {
    let report = TelephoneEvent::new(Event::DIGIT_0, false, 10, 400).unwrap();
    let mut buffer = [0xa5; 7];
    assert_eq!(write_events(&[], &mut buffer), Err(WriteError::NoEvents));
    assert_eq!(
        write_events(&[report, report], &mut buffer),
        Err(WriteError::BufferTooSmall {
            needed: 8,
            available: 7
        })
    );
    assert_eq!(buffer, [0xa5; 7]);
}

/// The packets of one sender of `vectors/recorded.txt`.
fn recorded(sender: &str) -> Vec<Packet> {
    let lines = include_str!("vectors/recorded.txt").lines();
    lines
        .filter_map(|line| line.strip_prefix(sender)?.strip_prefix(' '))
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let around = EventPacket {
                arrival: Duration::from_micros(fields[0].parse().unwrap()),
                sequence_number: fields[1].parse().unwrap(),
                marker: fields[2] == "1",
                timestamp: fields[3].parse().unwrap(),
            };
            Packet {
                around,
                payload: bytes(fields[4]),
            }
        })
        .collect()
}

/// All three dial 1, 5, * with −10 dBm0. One sends the first report three times, one a first
/// report of duration 0 and its ends with one sequence number, one sends audio in between.
#[test]
fn recorded_senders_dial_1_5_star() {
    for (sender, packets, duration) in [
        ("gstreamer", 36, 2560),
        ("sipp", 30, 2240),
        ("baresip", 36, 1440),
    ] {
        let recorded = recorded(sender);
        assert_eq!(recorded.len(), packets);
        let events = feed(&mut Receiver::new(ReceiverConfig::default()), &recorded);
        let codes: Vec<_> = events.iter().map(|event| event.event.code()).collect();
        assert_eq!(codes, [1, 5, 10], "{sender}");
        for event in events {
            assert_eq!(
                (event.volume, event.duration),
                (Some(10), duration),
                "{sender}"
            );
            assert_eq!(event.cause, EndCause::EndBit);
        }
    }
}

#[test]
fn recorded_senders_survive_the_loss_of_any_packet() {
    for sender in ["gstreamer", "sipp", "baresip"] {
        let recorded = recorded(sender);
        for lost in 0..recorded.len() {
            let mut kept = recorded.clone();
            kept.remove(lost);
            let events = feed(&mut Receiver::new(ReceiverConfig::default()), &kept);
            let codes: Vec<_> = events.iter().map(|event| event.event.code()).collect();
            assert_eq!(codes, [1, 5, 10], "{sender} without packet {lost}");
        }
    }
}

proptest! {
    #[test]
    fn accepted_payloads_are_written_as_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        match EventPayload::parse(&bytes) {
            Ok(payload) => {
                let reports: Vec<_> = payload.events().collect();
                let mut written = vec![0xa5; bytes.len()];
                prop_assert_eq!(write_events(&reports, &mut written), Ok(bytes.len()));
                let expected: Vec<u8> = bytes
                    .chunks(4)
                    .flat_map(|report| {
                        let mask = if Event::new(report[0]).has_volume() { 0xbf } else { 0x80 };
                        [report[0], report[1] & mask, report[2], report[3]]
                    })
                    .collect();
                prop_assert_eq!(written, expected);
            }
            Err(_) => prop_assert!(bytes.is_empty() || bytes.len() % 4 != 0),
        }
    }
}
