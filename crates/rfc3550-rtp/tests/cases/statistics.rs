//! What a receiver counts: probation, wrap, jumps, duplicates, jitter, intervals.

use rfc3550_rtp::{
    Jitter, NtpShort, Reception, SequenceNumber, SequenceStatistics, SourceStatistics,
    StatisticsConfig, Timestamp,
};

/// A source of which these packets have come, and what each meant.
fn received(numbers: &[u16]) -> (SequenceStatistics, Vec<Reception>) {
    let mut source = SequenceStatistics::new(SequenceNumber(numbers[0]), StatisticsConfig::RFC3550);
    let receptions = numbers
        .iter()
        .map(|&n| source.receive(SequenceNumber(n)))
        .collect();
    (source, receptions)
}

/// A valid source whose highest packet is `highest`.
fn valid(highest: u16) -> SequenceStatistics {
    let first = highest.wrapping_sub(1);
    let (source, receptions) = received(&[first, highest]);
    assert_eq!(receptions, [Reception::Probation, Reception::Validated]);
    source
}

#[test]
fn probation_across_the_wrap() {
    let (source, receptions) = received(&[65_535, 0, 1]);
    let wanted = [
        Reception::Probation,
        Reception::Validated,
        Reception::InSequence,
    ];
    assert_eq!(receptions, wanted);
    // Counting began after the wrap.
    assert_eq!(
        (
            source.extended_highest(),
            source.expected(),
            source.received()
        ),
        (1, 2, 2)
    );
}

#[test]
fn a_first_packet_of_zero_does_not_count_a_cycle() {
    for min_sequential in [0, 1, 2] {
        let config = StatisticsConfig::RFC3550.with_min_sequential(min_sequential);
        let mut source = SequenceStatistics::new(SequenceNumber(0), config);
        for number in [0, 1, 2] {
            source.receive(SequenceNumber(number));
        }
        assert_eq!(source.extended_highest(), 2);
        assert_eq!(source.lost(), 0);
    }
}

#[test]
fn probation_starts_over_out_of_sequence() {
    let (source, receptions) = received(&[10, 12, 14, 15]);
    assert_eq!(receptions[..3], [Reception::Probation; 3]);
    assert_eq!(receptions[3], Reception::Validated);
    assert_eq!((source.expected(), source.received()), (1, 1));
}

#[test]
fn reordering_across_the_wrap() {
    let mut source = valid(65_533);
    let receptions = [65_534, 0, 65_535, 1].map(|number| source.receive(SequenceNumber(number)));
    let wanted = [
        Reception::InSequence,
        Reception::AfterGap { missing: 1 },
        Reception::Reordered,
        Reception::InSequence,
    ];
    assert_eq!(receptions, wanted);
    assert_eq!(source.extended_highest(), 0x1_0001);
    assert_eq!(
        (source.expected(), source.received(), source.lost()),
        (5, 5, 0)
    );
    assert_eq!((source.reordered(), source.duplicates()), (1, 0));
}

#[test]
fn step_of_2999_is_a_gap() {
    let mut source = valid(1000);
    let reception = source.receive(SequenceNumber(3999));
    assert_eq!(reception, Reception::AfterGap { missing: 2998 });
    assert_eq!(source.lost(), 2998);
}

#[test]
fn step_of_3000_is_a_jump() {
    let mut source = valid(1000);
    let reception = source.receive(SequenceNumber(4000));
    assert_eq!(reception, Reception::Jump);
    assert!(!reception.is_counted());
    assert_eq!(
        (source.received(), source.expected(), source.jumps()),
        (1, 1, 1)
    );
}

#[test]
fn step_of_65436_is_a_jump() {
    let mut source = valid(1000);
    assert_eq!(source.receive(SequenceNumber(900)), Reception::Jump);
}

#[test]
fn step_of_65437_is_late() {
    let mut source = valid(1000);
    assert_eq!(source.receive(SequenceNumber(901)), Reception::Reordered);
    assert_eq!(source.receive(SequenceNumber(901)), Reception::Duplicate);
    // It counts as received, so fewer than none are lost (§6.4.1).
    assert_eq!(source.lost(), -2);
}

#[test]
fn the_packet_after_a_jump_restarts_the_source() {
    let mut source = valid(1000);
    assert_eq!(source.receive(SequenceNumber(40_000)), Reception::Jump);
    // The old sequence goes on in between: the jump is remembered.
    assert_eq!(source.receive(SequenceNumber(1001)), Reception::InSequence);
    assert_eq!(source.receive(SequenceNumber(40_001)), Reception::Restarted);
    assert_eq!(
        (source.expected(), source.received(), source.restarts()),
        (1, 1, 1)
    );
    assert_eq!(source.extended_highest(), 40_001);
}

#[test]
fn two_jumps_to_places_apart_do_not_restart() {
    let mut source = valid(1000);
    assert_eq!(source.receive(SequenceNumber(40_000)), Reception::Jump);
    assert_eq!(source.receive(SequenceNumber(50_001)), Reception::Jump);
    assert_eq!(source.receive(SequenceNumber(1001)), Reception::InSequence);
    assert_eq!((source.jumps(), source.restarts()), (2, 0));
}

#[test]
fn a_jump_to_65535_is_confirmed_by_0() {
    let mut source = valid(1000);
    assert_eq!(
        source.receive(SequenceNumber(65_000 + 535)),
        Reception::Jump
    );
    assert_eq!(source.receive(SequenceNumber(0)), Reception::Restarted);
}

#[test]
fn duplicates_are_told_from_late_packets() {
    let mut source = valid(1000);
    for number in [1001, 1003, 1002, 1002, 1003, 1001] {
        source.receive(SequenceNumber(number));
    }
    assert_eq!((source.reordered(), source.duplicates()), (1, 3));
    assert_eq!(
        (source.expected(), source.received(), source.lost()),
        (4, 7, -3)
    );
}

#[test]
fn cycles_are_counted_over_many_wraps() {
    let mut source = valid(0);
    let mut number = SequenceNumber(0);
    for _ in 0..200_000 {
        number = number.next();
        source.receive(number);
    }
    assert_eq!(source.extended_highest(), 200_000);
    assert_eq!(source.lost(), 0);
}

#[test]
fn eleven_twelve_fourteen_after_a_start_at_10() {
    let mut source = SourceStatistics::new(SequenceNumber(10));
    for number in [11, 12, 14] {
        source.receive(SequenceNumber(number), Timestamp(0), 0);
    }
    // The first was on probation; 12 to 14 are three, of which one is missing.
    assert_eq!(source.sequence().cumulative_lost(), 1);
    let block = source.take_report_block(7, NtpShort(0), NtpShort(0));
    assert_eq!((block.fraction_lost, block.cumulative_lost), (85, 1));
    assert_eq!((block.ssrc, block.extended_highest_sequence), (7, 14));
}

#[test]
fn each_interval_counts_from_the_one_before() {
    let mut source = SourceStatistics::new(SequenceNumber(1));
    let receive = |source: &mut SourceStatistics, numbers: &[u16]| {
        for &number in numbers {
            source.receive(SequenceNumber(number), Timestamp(0), 0);
        }
    };
    receive(&mut source, &[1, 2, 3, 5]);
    let interval = source.take_interval();
    assert_eq!(
        (interval.expected, interval.received, interval.lost),
        (4, 3, 1)
    );
    assert_eq!(interval.fraction_lost, 64);
    // Nothing came: nothing was expected.
    assert_eq!(source.take_interval(), rfc3550_rtp::Interval::default());
    // The late one comes now, and a duplicate: fewer than none are lost.
    receive(&mut source, &[4, 6, 6]);
    let interval = source.take_interval();
    assert_eq!(
        (interval.expected, interval.received, interval.lost),
        (1, 3, -2)
    );
    assert_eq!(interval.fraction_lost, 0);
    assert_eq!(source.sequence().cumulative_lost(), -1);
}

#[test]
fn jitter_of_the_reference_packets() {
    let mut jitter = Jitter::new();
    for (timestamp, arrival) in [(1000, 0), (1160, 160), (1330, 320)] {
        jitter.update(Timestamp(timestamp), arrival);
    }
    // One deviation of 10: 10/16, and as an integer the part above the point.
    assert_eq!(jitter.as_f64(), 10.0 / 16.0);
    assert_eq!((jitter.scaled(), jitter.units()), (10, 0));
    // A second deviation of 10, by Appendix A.8: 10 + 10 - ((10 + 8) >> 4) = 19.
    jitter.update(Timestamp(1480), 480);
    assert_eq!((jitter.scaled(), jitter.units()), (19, 1));
    assert_eq!(jitter.as_f64(), 0.625 + (10.0 - 0.625) / 16.0);
}

#[test]
fn timestamp_wrap_leaves_jitter_alone() {
    let mut source = SourceStatistics::new(SequenceNumber(1));
    for n in 0..5u32 {
        let timestamp = Timestamp(0u32.wrapping_sub(320).wrapping_add(160 * n));
        source.receive(SequenceNumber(1 + n as u16), timestamp, 160 * n);
    }
    assert_eq!(
        (source.jitter().scaled(), source.jitter().as_f64()),
        (0, 0.0)
    );
}

#[test]
fn a_restart_does_not_upset_the_jitter() {
    let mut source = SourceStatistics::new(SequenceNumber(1));
    for (number, timestamp) in [
        (1, 0),
        (2, 160),
        (3, 320),
        (40_000, 9_000_000),
        (40_001, 9_000_160),
        (40_002, 9_000_320),
    ] {
        source.receive(
            SequenceNumber(number),
            Timestamp(timestamp),
            timestamp % 9_000_000,
        );
    }
    assert_eq!(source.sequence().restarts(), 1);
    assert_eq!(source.jitter().scaled(), 0);
}
