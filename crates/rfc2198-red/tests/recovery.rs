//! Loss, order, duplicates, restarts and bounds of the recovery.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use rfc2198_red::{
    Encoder, EncoderConfig, Encoding, Origin, Recovery, RecoveryConfig, RedPayload, Statistics,
};

/// Packets of 160 ticks, whose sound is their number, with some redundancy.
fn stream(generations: usize, distance: usize, first: u16, count: u16) -> Vec<(u16, u32, Vec<u8>)> {
    let mut config = EncoderConfig::default();
    (config.generations, config.distance) = (generations, distance);
    let mut encoder = Encoder::new(config);
    let mut buffer = [0; 1500];
    (0..count)
        .map(|n| {
            let timestamp = u32::from(n).wrapping_mul(160).wrapping_sub(320);
            let sound = [n as u8 + 1; 20];
            let encoding = Encoding {
                payload_type: 0,
                payload: &sound,
            };
            let length = encoder.encode(timestamp, encoding, &mut buffer).unwrap();
            (first.wrapping_add(n), timestamp, buffer[..length].to_vec())
        })
        .collect()
}

fn recovery(held_packets: usize) -> Recovery {
    let mut config = RecoveryConfig::default();
    config.held_packets = held_packets;
    Recovery::new(config)
}

/// The numbers of what is heard; recovered ones are negative.
fn heard(recovery: &mut Recovery) -> Vec<i32> {
    let mut heard = Vec::new();
    while let Some(media) = recovery.poll_media() {
        let number = i32::from(media.payload[0]);
        heard.push(if media.origin == Origin::Recovered {
            -number
        } else {
            number
        });
    }
    heard
}

fn feed(recovery: &mut Recovery, stream: &[(u16, u32, Vec<u8>)], order: &[usize]) -> Vec<i32> {
    let mut all = Vec::new();
    for n in order {
        let (sequence_number, timestamp, payload) = &stream[*n];
        recovery
            .handle_packet(*sequence_number, *timestamp, payload)
            .unwrap();
        all.extend(heard(recovery));
    }
    all
}

#[test]
fn nothing_lost_is_given_at_once() {
    let stream = stream(1, 1, 65534, 4);
    let mut recovery = recovery(3);
    assert_eq!(feed(&mut recovery, &stream, &[0, 1, 2, 3]), [1, 2, 3, 4]);
}

#[test]
fn a_lost_packet_comes_with_the_next() {
    let stream = stream(1, 1, 65534, 4);
    let mut recovery = recovery(3);
    assert_eq!(feed(&mut recovery, &stream, &[0, 2, 3]), [1, -2, 3, 4]);
    assert_eq!(recovery.statistics().recovered, 1);
}

#[test]
fn two_lost_in_a_row_need_two_generations() {
    let two = stream(2, 1, 0, 5);
    assert_eq!(feed(&mut recovery(3), &two, &[0, 3, 4]), [1, -2, -3, 4, 5]);
    let one = stream(1, 1, 0, 8);
    let mut recovery = recovery(2);
    assert_eq!(feed(&mut recovery, &one, &[0, 3, 4, 5]), [1, -3, 4, 5, 6]);
    let Statistics {
        recovered, lost, ..
    } = recovery.statistics();
    assert_eq!((recovered, lost), (1, 1));
}

#[test]
fn distance_bridges_a_burst() {
    let stream = stream(1, 3, 0, 8);
    assert_eq!(
        feed(&mut recovery(4), &stream, &[0, 4, 5, 6, 7]),
        [1, -2, -3, -4, 5, 6, 7, 8]
    );
}

#[test]
fn reordered_packets_are_put_in_order_and_prefer_primaries() {
    let plain = stream(0, 1, 0, 4);
    assert_eq!(feed(&mut recovery(3), &plain, &[0, 2, 3, 1]), [1, 2, 3, 4]);
    // The second generation arrives first, but the primary comes before the gap is closed.
    let far = stream(1, 2, 0, 6);
    let mut recovery = recovery(3);
    assert_eq!(feed(&mut recovery, &far, &[0, 3, 1, 2]), [1, 2, 3, 4]);
    assert_eq!(recovery.statistics().recovered, 0);
}

#[test]
fn late_packets_and_duplicates_are_told_apart() {
    let stream = stream(1, 1, 65535, 5);
    let mut recovery = recovery(3);
    assert_eq!(
        feed(&mut recovery, &stream, &[0, 2, 2, 1, 0, 3]),
        [1, -2, 3, 4]
    );
    let Statistics {
        packets,
        duplicates,
        late,
        ..
    } = recovery.statistics();
    assert_eq!((packets, duplicates, late), (6, 2, 1));
}

#[test]
fn duplicates_of_a_held_packet_count_once() {
    let stream = stream(0, 1, 0, 4);
    let mut recovery = recovery(3);
    assert_eq!(feed(&mut recovery, &stream, &[0, 2, 2, 1]), [1, 2, 3]);
    assert_eq!(recovery.statistics().duplicates, 1);
}

#[test]
fn waiting_ends_when_too_many_are_held() {
    let stream = stream(0, 1, 0, 6);
    let mut recovery = recovery(2);
    assert_eq!(feed(&mut recovery, &stream, &[0, 2, 3]), [1]);
    assert_eq!(feed(&mut recovery, &stream, &[4]), [3, 4, 5]);
    assert_eq!(recovery.statistics().lost, 1);
}

#[test]
fn flush_ends_the_waiting() {
    let stream = stream(0, 1, 0, 6);
    let mut recovery = recovery(3);
    assert_eq!(feed(&mut recovery, &stream, &[0, 2, 4]), [1]);
    recovery.flush();
    assert_eq!(heard(&mut recovery), [3, 5]);
    assert_eq!(recovery.statistics().lost, 2);
}

#[test]
fn redundancy_of_the_first_packet_is_older_than_the_stream() {
    let stream = stream(1, 1, 0, 3);
    assert_eq!(feed(&mut recovery(3), &stream, &[1, 2]), [2, 3]);
}

#[test]
fn a_restart_is_believed_at_its_second_packet() {
    let (old, new) = (stream(0, 1, 100, 2), stream(0, 1, 30000, 4));
    let mut recovery = recovery(3);
    assert_eq!(feed(&mut recovery, &old, &[0, 1]), [1, 2]);
    assert_eq!(feed(&mut recovery, &new, &[0]), []);
    assert_eq!(feed(&mut recovery, &new, &[1, 2]), [2, 3]);
    assert_eq!(recovery.statistics().restarts, 1);
    assert_eq!(recovery.statistics().lost, 0);
}

#[test]
fn malformed_packets_count_and_change_nothing() {
    let stream = stream(1, 1, 0, 3);
    let mut recovery = recovery(3);
    feed(&mut recovery, &stream, &[0]);
    recovery.handle_packet(1, 0, &[0x80]).unwrap_err();
    assert_eq!(recovery.statistics().malformed, 1);
    assert_eq!(feed(&mut recovery, &stream, &[2]), [-2, 3]);
}

#[test]
fn media_that_nobody_polls_is_bounded() {
    let stream = stream(0, 1, 0, 200);
    let mut recovery = recovery(3);
    for (sequence_number, timestamp, payload) in &stream {
        recovery
            .handle_packet(*sequence_number, *timestamp, payload)
            .unwrap();
    }
    let heard = heard(&mut recovery);
    assert!(heard.len() < 12, "{heard:?}");
    assert_eq!(heard.last(), Some(&200));
    assert_eq!(recovery.statistics().unpolled as usize + heard.len(), 200);
}

#[test]
fn steady_state_allocates_nothing() {
    let stream = stream(2, 1, 65000, 200);
    let mut recovery = recovery(3);
    let mut encoder = Encoder::new(EncoderConfig::default());
    let mut buffer = [0; 1500];
    let mut run = |range: core::ops::Range<usize>| {
        for (n, (sequence_number, timestamp, payload)) in stream[range].iter().enumerate() {
            if n % 5 < 3 {
                recovery
                    .handle_packet(*sequence_number, *timestamp, payload)
                    .unwrap();
                while recovery.poll_media().is_some() {}
            }
            let encoding = Encoding {
                payload_type: 0,
                payload: &[0; 160],
            };
            encoder.encode(*timestamp, encoding, &mut buffer).unwrap();
            assert!(RedPayload::parse(payload).unwrap().blocks().count() > 0);
        }
    };
    run(0..100);
    let allocations = allocation_counter::measure(|| run(100..200));
    assert_eq!(allocations.count_total, 0);
}

proptest! {
    #[test]
    fn any_payload_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(payload) = RedPayload::parse(&bytes) {
            let redundant: Vec<_> = payload.redundant().collect();
            let primary = payload.primary();
            let builder = rfc2198_red::RedPayloadBuilder::new(primary.payload_type, primary.payload)
                .redundant(&redundant);
            let mut written = vec![0xa5; builder.encoded_len()];
            prop_assert_eq!(builder.write_into(&mut written), Ok(bytes.len()));
            prop_assert_eq!(written, bytes);
        }
    }

    #[test]
    fn every_prefix_without_all_redundant_blocks_errs(
        lengths in prop::collection::vec(0_usize..40, 1..5),
    ) {
        let data = [7; 40];
        let blocks: Vec<_> = lengths
            .iter()
            .map(|length| rfc2198_red::Block {
                payload_type: 0,
                timestamp_offset: 160,
                payload: &data[..*length],
            })
            .collect();
        let bytes =
            rfc2198_red::RedPayloadBuilder::new(0, &[]).redundant(&blocks).to_vec().unwrap();
        for length in 0..bytes.len() {
            prop_assert!(RedPayload::parse(&bytes[..length]).is_err());
        }
    }

    /// Whatever is lost, swapped or repeated: what is heard ascends, and every packet counts once.
    #[test]
    fn media_is_in_order_and_counted(
        generations in 0_usize..4,
        distance in 1_usize..3,
        held in 0_usize..6,
        order in prop::collection::vec((0_usize..4, 0_usize..6), 80),
    ) {
        let stream = stream(generations, distance, 65500, 80);
        let mut recovery = recovery(held);
        let mut all = Vec::new();
        let mut highest = 0;
        for (n, (action, back)) in order.into_iter().enumerate() {
            let chosen = match action {
                0 => continue,
                1 => n.saturating_sub(back),
                _ => n,
            };
            highest = highest.max(chosen);
            all.extend(feed(&mut recovery, &stream, &[chosen]));
        }
        recovery.flush();
        all.extend(heard(&mut recovery));
        let numbers: Vec<i32> = all.iter().map(|n| n.abs()).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        let Statistics { recovered, lost, unpolled, .. } = recovery.statistics();
        prop_assert_eq!(unpolled, 0);
        prop_assert_eq!(recovered as usize, all.iter().filter(|n| **n < 0).count());
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            prop_assert_eq!(numbers.len() as u64 + lost, (last - first + 1) as u64);
        }
    }

    #[test]
    fn any_packets_keep_the_bounds(
        packets in prop::collection::vec(
            (any::<u16>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)), 0..60,
        ),
    ) {
        let mut recovery = recovery(4);
        for (sequence_number, timestamp, payload) in packets {
            let _ = recovery.handle_packet(sequence_number, timestamp, &payload);
            prop_assert!(core::iter::from_fn(|| recovery.poll_media().map(|_| ())).count() <= 11);
        }
    }
}
