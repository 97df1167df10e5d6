//! Mistakes that an older implementation made in its sessions, each with what would show it
//! again. Those of its packets are among the other cases.

use rfc3550_rtp::session::{RtpVerdict, SessionPhase};
use rfc3550_rtp::{ByeBuilder, Reception, RtpPacketBuilder, SequenceNumber};

use crate::{Bench, OURS, compound, config, packets, seconds};

#[test]
fn the_interval_is_the_larger_of_minimum_and_share() {
    let mut bench = Bench::new(config());
    assert_eq!(bench.session.report_interval(), Some(seconds(5)));
    for ssrc in 1..=999 {
        bench.named(4001, ssrc);
    }
    let wanted = 1000.0 * bench.session.average_rtcp_size() / 300.0;
    let interval = bench.session.report_interval().unwrap().as_secs_f64();
    assert!((interval - wanted).abs() < 0.001, "{interval} of {wanted}");
}

#[test]
fn bandwidth_is_in_octets_a_second() {
    let mut config = config();
    config.session_bandwidth = 8_000_000;
    let mut bench = Bench::new(config);
    for ssrc in 1..=3999 {
        bench.named(4001, ssrc);
    }
    // 5 % of a million octets, three quarters of it.
    let wanted = 4000.0 * bench.session.average_rtcp_size() / 37_500.0;
    let interval = bench.session.report_interval().unwrap().as_secs_f64();
    assert!(
        (interval - wanted.max(5.0)).abs() < 0.001,
        "{interval} of {wanted}"
    );
}

#[test]
fn the_average_size_counts_udp_and_ip() {
    let mut bench = Bench::new(config());
    // The probable first one: report 8, name 28, below them 28.
    assert_eq!(bench.session.average_rtcp_size(), 64.0);
    let compound = bench.said(1, "a-rather-long-name@example.com");
    bench.rtcp(4001, &compound);
    let wanted = (15.0 * 64.0 + (compound.len() + 28) as f64) / 16.0;
    assert_eq!(bench.session.average_rtcp_size(), wanted);
}

#[test]
fn the_first_report_waits_for_half_the_minimum_only() {
    for seed in 0..50 {
        let mut config = config();
        config.seed = [seed; 32];
        let mut bench = Bench::new(config);
        bench.until_compounds(1);
        assert!((bench.now - bench.start).as_secs_f64() < 3.75 / 1.2182);
    }
}

#[test]
fn reports_are_sent_and_whole() {
    let mut bench = Bench::new(config());
    for number in 1..40 {
        let _ = bench.rtp(4000, 1, number);
        bench.send(u32::from(number) * 160);
        bench.pass(seconds(1));
    }
    assert!(bench.compounds.len() >= 5);
    for (_, compound) in &bench.compounds {
        assert_eq!(packets(compound).len(), 2);
        assert_eq!(compound[4..8], OURS.to_be_bytes());
    }
}

#[test]
fn packets_on_probation_are_not_delivered_also_across_the_wrap() {
    let mut bench = Bench::new(config());
    assert_eq!(
        bench.rtp(4000, 1, 65_534),
        RtpVerdict::Withhold(Reception::Probation)
    );
    assert_eq!(
        bench.rtp(4000, 1, 0),
        RtpVerdict::Withhold(Reception::Probation)
    );
    assert_eq!(
        bench.rtp(4000, 1, 65_535),
        RtpVerdict::Withhold(Reception::Probation)
    );
    assert_eq!(
        bench.rtp(4000, 1, 0),
        RtpVerdict::Deliver(Reception::Validated)
    );
}

#[test]
fn reverse_reconsideration_divides_without_rounding_to_zero() {
    let mut bench = Bench::new(config());
    for ssrc in 1..=399 {
        bench.named(4001, ssrc);
    }
    bench.until_compounds(1);
    let leaving: Vec<u32> = (1..=31).collect();
    let bye = ByeBuilder::new(leaving.as_slice());
    bench.rtcp(4001, &compound(1, b"1@example.com", &[], &[&bye]));
    assert_eq!(bench.session.members(), 369);
    // A quotient of integers is zero, and would have the next report sent now, not after most of
    // two minutes.
    let sent = bench.compounds.len();
    bench.pass(seconds(20));
    assert_eq!(bench.compounds.len(), sent);
}

#[test]
fn a_bye_is_backed_off() {
    let mut bench = Bench::new(config());
    for ssrc in 1..=60 {
        bench.named(4001, ssrc);
    }
    bench.send(0);
    bench.session.leave(bench.now, b"");
    bench.poll();
    assert_eq!(
        (bench.session.phase(), bench.compounds.len()),
        (SessionPhase::Leaving, 0)
    );
}

#[test]
fn senders_expire_after_two_intervals_and_stay_members() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, 1, 1);
    let _ = bench.rtp(4000, 1, 2);
    assert_eq!(bench.session.senders(), 1);
    bench.pass(seconds(18));
    assert_eq!((bench.session.senders(), bench.session.members()), (0, 2));
    let _ = bench.rtp(4000, 1, 3);
    assert_eq!(bench.session.senders(), 1);
}

#[test]
fn our_own_entry_never_times_out() {
    let mut bench = Bench::new(config());
    bench.pass(seconds(3600));
    assert_eq!(bench.session.members(), 1);
    assert!(bench.compounds.len() > 600);
}

#[test]
fn collisions_are_resolved() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, OURS, 1);
    assert_ne!(bench.session.ssrc(), OURS);
}

#[test]
fn contributing_sources_are_members_but_no_senders() {
    let mut bench = Bench::new(config());
    const BOTH: [u32; 2] = [10, 11];
    let mixed = |number, csrcs: &'static [u32]| {
        RtpPacketBuilder::new()
            .ssrc(1)
            .sequence_number(SequenceNumber(number))
            .csrcs(csrcs)
    };
    // Not before their packet is known to be real.
    let _ = bench.rtp_of(4000, mixed(1, &BOTH));
    assert_eq!(bench.session.sources().count(), 1);
    let _ = bench.rtp_of(4000, mixed(2, &BOTH));
    let _ = bench.rtp_of(4000, mixed(3, &BOTH));
    assert_eq!((bench.session.members(), bench.session.senders()), (4, 1));
    // They too are timed out when they are mentioned no more.
    for number in 4..44 {
        let _ = bench.rtp_of(4000, mixed(number, &BOTH[..1]));
        bench.pass(seconds(1));
    }
    assert_eq!(bench.session.members(), 3);
    assert!(bench.session.source(11).is_none());
}
