//! Who is a member and who sends (RFC 3550 §6.2.1, §6.3.3 to §6.3.5).

use rfc3550_rtp::session::{IgnoreReason, MemberState, RtpVerdict, SessionEvent};
use rfc3550_rtp::{ByeBuilder, Reception, RtpPacketBuilder, SequenceNumber};

use crate::{Bench, compound, config, seconds};

#[test]
fn a_source_is_a_member_after_two_packets_in_sequence() {
    let mut bench = Bench::new(config());
    assert_eq!(
        bench.rtp(4000, 1, 65_535),
        RtpVerdict::Withhold(Reception::Probation)
    );
    assert_eq!((bench.session.members(), bench.session.senders()), (1, 0));
    assert_eq!(
        bench.rtp(4000, 1, 0),
        RtpVerdict::Deliver(Reception::Validated)
    );
    assert_eq!((bench.session.members(), bench.session.senders()), (2, 1));
    assert_eq!(
        bench.rtp(4000, 1, 1),
        RtpVerdict::Deliver(Reception::InSequence)
    );
    assert_eq!(bench.events, [SessionEvent::Joined { ssrc: 1 }]);
}

#[test]
fn a_source_is_a_member_after_its_cname_and_its_rtp_is_on_probation_still() {
    let mut bench = Bench::new(config());
    bench.named(4001, 1);
    assert_eq!((bench.session.members(), bench.session.senders()), (2, 0));
    assert_eq!(
        bench.session.source(1).unwrap().cname(),
        Some(&b"1@example.com"[..])
    );
    assert_eq!(
        bench.rtp(4000, 1, 7),
        RtpVerdict::Withhold(Reception::Probation)
    );
    assert_eq!(bench.session.senders(), 0);
    assert_eq!(
        bench.rtp(4000, 1, 8),
        RtpVerdict::Deliver(Reception::Validated)
    );
    assert_eq!((bench.session.members(), bench.session.senders()), (2, 1));
}

#[test]
fn unknown_payload_types_are_ignored() {
    let mut bench = Bench::new(config());
    for number in 0..3 {
        let packet = RtpPacketBuilder::new()
            .payload_type(9)
            .sequence_number(SequenceNumber(number));
        let ignored = RtpVerdict::Ignore(IgnoreReason::UnknownPayloadType);
        assert_eq!(bench.rtp_of(4000, packet.ssrc(1)), ignored);
    }
    assert_eq!(bench.session.sources().count(), 0);
}

#[test]
fn a_departed_source_is_no_member_and_its_stragglers_do_not_revive_it() {
    let mut bench = Bench::new(config());
    bench.named(4001, 1);
    let _ = bench.rtp(4000, 1, 1);
    let _ = bench.rtp(4000, 1, 2);
    bench.rtcp(
        4001,
        &compound(
            1,
            b"1@example.com",
            &[],
            &[&ByeBuilder::new(&[1]).reason(b"tea")],
        ),
    );
    assert_eq!((bench.session.members(), bench.session.senders()), (1, 0));
    let reason = Box::from(&b"tea"[..]);
    assert_eq!(
        bench.events.last(),
        Some(&SessionEvent::Left { ssrc: 1, reason })
    );
    assert_eq!(
        bench.rtp(4000, 1, 3),
        RtpVerdict::Ignore(IgnoreReason::Departed)
    );
    assert_eq!(
        bench.session.source(1).unwrap().state(),
        MemberState::Departed
    );
    // Then it is forgotten, and may come again.
    bench.pass(seconds(20));
    assert!(bench.session.source(1).is_none());
    assert_eq!(
        bench.rtp(4000, 1, 4),
        RtpVerdict::Withhold(Reception::Probation)
    );
}

#[test]
fn a_bye_of_somebody_unknown_or_from_elsewhere_changes_nothing() {
    let mut bench = Bench::new(config());
    bench.named(4001, 1);
    let bye = ByeBuilder::new(&[1, 2]);
    bench.rtcp(6001, &compound(3, b"3@example.com", &[], &[&bye]));
    assert_eq!(
        bench.session.source(1).unwrap().state(),
        MemberState::Member
    );
    assert!(bench.session.source(2).is_none());
    assert_eq!(bench.session.counters().third_party_loops, 1);
}

#[test]
fn thirty_one_byes_in_a_datagram_are_heeded_one_by_one() {
    let mut bench = Bench::new(config());
    let sources: Vec<u32> = (1..=31).collect();
    for &ssrc in &sources {
        bench.named(4001, ssrc);
    }
    assert_eq!(bench.session.members(), 32);
    let byes: Vec<_> = sources
        .iter()
        .map(|ssrc| ByeBuilder::new(core::slice::from_ref(ssrc)))
        .collect();
    let byes: Vec<&dyn rfc3550_rtp::RtcpWrite> = byes.iter().map(|bye| bye as _).collect();
    bench.rtcp(4001, &compound(1, b"1@example.com", &[], &byes));
    assert_eq!(bench.session.members(), 1);
}

#[test]
fn a_silent_member_is_timed_out_after_five_intervals() {
    let mut bench = Bench::new(config());
    bench.named(4001, 1);
    bench.pass(seconds(24));
    assert_eq!(bench.session.members(), 2);
    bench.pass(seconds(12));
    assert_eq!(bench.session.members(), 1);
    assert_eq!(
        bench.events.last(),
        Some(&SessionEvent::TimedOut { ssrc: 1 })
    );
}

#[test]
fn a_source_on_probation_is_forgotten_without_a_word() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, 1, 1);
    bench.pass(seconds(40));
    assert_eq!(
        (bench.session.sources().count(), bench.events.len()),
        (0, 0)
    );
}

#[test]
fn members_are_checked_even_when_no_reports_are_sent() {
    let mut config = config();
    (config.sender_bandwidth, config.receiver_bandwidth) = (Some(800), Some(0));
    let mut bench = Bench::new(config);
    bench.named(4001, 1);
    bench.pass(seconds(40));
    assert_eq!((bench.session.members(), bench.compounds.len()), (1, 0));
}

#[test]
fn a_flood_of_sources_is_bounded_and_hurts_no_member() {
    let mut config = config();
    config.max_sources = 100;
    let mut bench = Bench::new(config);
    bench.named(4001, 1);
    for ssrc in 1000..51_000 {
        let _ = bench.rtp(4000, ssrc, 1);
        bench.rtcp(4001, &compound(ssrc, b"", &[], &[]));
    }
    assert_eq!(bench.session.sources().count(), 100);
    assert_eq!(
        bench.session.source(1).unwrap().state(),
        MemberState::Member
    );
    // Names make members of them, up to the limit.
    for ssrc in 1000..2000 {
        bench.named(4001, ssrc);
    }
    assert_eq!(bench.session.members(), 101);
    assert!(bench.session.counters().refused > 800);
}

#[test]
fn events_that_nobody_polls_are_bounded() {
    let mut config = config();
    config.max_sources = 100_000;
    let mut bench = Bench::new(config);
    for ssrc in 1..10_000 {
        let compound = bench.said(ssrc, "x@example.com");
        let compound = rfc3550_rtp::RtcpCompound::parse(compound).unwrap();
        bench
            .session
            .handle_rtcp(bench.now, crate::address(4001), &compound);
    }
    assert!(bench.session.counters().events_lost > 10_000);
    bench.poll();
    assert_eq!(bench.events.len(), 4096);
    assert_eq!(
        bench.events.last(),
        Some(&SessionEvent::Named { ssrc: 9999 })
    );
}
