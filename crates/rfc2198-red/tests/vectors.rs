//! The figures of RFC 2198, RFC 2833 and RFC 4733, and a recording of another implementation.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2198_red::{
    Block, Media, Origin, Recovery, RecoveryConfig, RedPayload, RedPayloadBuilder, Statistics,
};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
        .collect()
}

fn rewritten(payload: &RedPayload<&[u8]>) -> Vec<u8> {
    let redundant: Vec<_> = payload.redundant().collect();
    let primary = payload.primary();
    RedPayloadBuilder::new(primary.payload_type, primary.payload)
        .redundant(&redundant)
        .to_vec()
        .unwrap()
}

/// RFC 2198 §7: DVI4 of 84 bytes, type 5, and LPC of 14 bytes, type 7, 20 ms before it.
#[test]
fn rfc2198_section_7() {
    let lpc: Vec<u8> = (0xa0..0xae).collect();
    let dvi4: Vec<u8> = (0..84).collect();
    let redundant = [Block {
        payload_type: 7,
        timestamp_offset: 160,
        payload: &lpc,
    }];
    let written = RedPayloadBuilder::new(5, &dvi4)
        .redundant(&redundant)
        .to_vec()
        .unwrap();
    assert_eq!(written[..5], bytes("8702800e05"));
    let payload = RedPayload::parse(&written[..]).unwrap();
    assert_eq!(payload.redundant().collect::<Vec<_>>(), redundant);
    assert_eq!(
        payload.redundant().next().unwrap().timestamp(160_000),
        159_840
    );
    let primary = Block {
        payload_type: 5,
        timestamp_offset: 0,
        payload: &dvi4,
    };
    assert_eq!(payload.primary(), primary);
}

/// RFC 2833 figure 2: the last digit of "911", the two before it redundant.
#[test]
fn rfc2833_figure_2() {
    let written = bytes("e1af0004e14b00046109870640018a07d001140190");
    let payload = RedPayload::parse(&written[..]).unwrap();
    let blocks: Vec<_> = payload
        .blocks()
        .map(|block| {
            (
                block.payload_type,
                block.timestamp(11200),
                block.payload.to_vec(),
            )
        })
        .collect();
    assert_eq!(
        blocks,
        [
            (97, 0, bytes("09870640")),
            (97, 6400, bytes("018a07d0")),
            (97, 11200, bytes("01140190"))
        ]
    );
    assert_eq!(rewritten(&payload), written);
}

/// RFC 4733 figure 5: an event as redundancy of a tone, of different types and lengths.
#[test]
fn rfc4733_figure_5() {
    let written = bytes("e419000465019406e0001400a002b904b9");
    let payload = RedPayload::parse(&written[..]).unwrap();
    let event = payload.redundant().next().unwrap();
    assert_eq!(
        (
            event.payload_type,
            event.timestamp_offset,
            event.payload.len()
        ),
        (100, 1600, 4)
    );
    assert_eq!(
        (
            payload.primary().payload_type,
            payload.primary().payload.len()
        ),
        (101, 8)
    );
    assert_eq!(rewritten(&payload), written);
}

struct Packet<'a> {
    sequence_number: u16,
    timestamp: u32,
    payload: &'a [u8],
}

/// The RTP packets of a capture: Ethernet, IPv4 without options, UDP, RTP without options.
fn packets(mut capture: &[u8]) -> Vec<Packet<'_>> {
    const HEADERS: usize = 14 + 20 + 8;
    let mut packets = Vec::new();
    capture = &capture[24..];
    while let Some((record, rest)) = capture.split_first_chunk::<16>() {
        let length = u32::from_le_bytes(record[8..12].try_into().unwrap()) as usize;
        let (frame, rest) = rest.split_at(length);
        let rtp = &frame[HEADERS..];
        assert_eq!(rtp[0], 0x80, "version 2, no options");
        packets.push(Packet {
            sequence_number: u16::from_be_bytes([rtp[2], rtp[3]]),
            timestamp: u32::from_be_bytes([rtp[4], rtp[5], rtp[6], rtp[7]]),
            payload: &rtp[12..],
        });
        capture = rest;
    }
    packets
}

const DISTANCE_1: &[u8] = include_bytes!("vectors/gst_red_distance1_pt0.pcap");
const DISTANCE_2: &[u8] = include_bytes!("vectors/gst_red_distance2_pt8.pcap");

#[test]
fn recorded_packets_hold_what_was_sent_before() {
    for (capture, payload_type, distance) in [(DISTANCE_1, 0, 1), (DISTANCE_2, 8, 2)] {
        let packets = packets(capture);
        assert_eq!(packets.len(), 60);
        for (n, packet) in packets.iter().enumerate() {
            let payload = RedPayload::parse(packet.payload).unwrap();
            assert_eq!(payload.primary().payload_type, payload_type);
            assert_eq!(payload.primary().payload.len(), 160);
            assert_eq!(payload.redundant_count(), usize::from(n > 0));
            for block in payload.redundant() {
                // At the start the sender has less to repeat than its distance.
                let earlier = &packets[n - distance.min(n)];
                assert_eq!(block.timestamp(packet.timestamp), earlier.timestamp);
                let sent = RedPayload::parse(earlier.payload).unwrap();
                assert_eq!(block.payload, sent.primary().payload);
            }
            assert_eq!(rewritten(&payload), packet.payload);
        }
    }
}

#[test]
fn recorded_packets_are_recovered_over_both_wraps() {
    for (capture, lost_run, period) in [(DISTANCE_1, 1, 2), (DISTANCE_2, 2, 5)] {
        let packets = packets(capture);
        let mut recovery = Recovery::new(RecoveryConfig::default());
        let mut heard = Vec::new();
        // The last two come, or nothing would repeat what was lost before them.
        let is_lost = |n: usize| n < 58 && n % period >= period - lost_run;
        for packet in packets
            .iter()
            .enumerate()
            .filter(|(n, _)| !is_lost(*n))
            .map(|(_, p)| p)
        {
            recovery
                .handle_packet(packet.sequence_number, packet.timestamp, packet.payload)
                .unwrap();
            while let Some(Media {
                timestamp, payload, ..
            }) = recovery.poll_media()
            {
                heard.push((timestamp, payload.to_vec()));
            }
        }
        let sent: Vec<_> = packets
            .iter()
            .map(|packet| {
                let payload = RedPayload::parse(packet.payload).unwrap();
                (packet.timestamp, payload.primary().payload.to_vec())
            })
            .collect();
        assert_eq!(
            heard, sent,
            "everything in order although {lost_run} of {period} were lost"
        );
        let Statistics {
            recovered,
            lost,
            duplicates,
            late,
            ..
        } = recovery.statistics();
        assert_eq!(recovered as usize, (0..60).filter(|n| is_lost(*n)).count());
        assert_eq!((lost, duplicates, late), (0, 0, 0));
    }
}

#[test]
fn origin_tells_the_recovered_packets() {
    let packets = packets(DISTANCE_1);
    let mut recovery = Recovery::new(RecoveryConfig::default());
    let mut origins = Vec::new();
    for n in [0, 2] {
        let Packet {
            sequence_number,
            timestamp,
            payload,
        } = packets[n];
        recovery
            .handle_packet(sequence_number, timestamp, payload)
            .unwrap();
        while let Some(media) = recovery.poll_media() {
            origins.push(media.origin);
        }
    }
    let primary = |sequence_number| Origin::Primary { sequence_number };
    assert_eq!(origins, [primary(65500), Origin::Recovered, primary(65502)]);
}
