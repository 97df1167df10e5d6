//! Our SSRC from elsewhere, loops, one source at two addresses (RFC 3550 §8.2).

use rfc3550_rtp::session::{IgnoreReason, RtpVerdict, SessionEvent};
use rfc3550_rtp::{ByeBuilder, Reception, RtcpPacket, RtpPacket, RtpPacketBuilder, SequenceNumber};

use crate::{Bench, OURS, address, compound, config, millis, packets, seconds};

const LOOPED: RtpVerdict = RtpVerdict::Ignore(IgnoreReason::Looped);
const ELSEWHERE: RtpVerdict = RtpVerdict::Ignore(IgnoreReason::OtherAddress);

/// The new SSRC, after checking that the old one was changed just now and has said BYE.
fn changed(bench: &Bench, old: u32) -> u32 {
    let new = bench.session.ssrc();
    assert_ne!(new, old);
    assert!(
        bench
            .events
            .contains(&SessionEvent::SsrcChanged { old, new })
    );
    let packets = packets(bench.last_compound());
    let Some(RtcpPacket::Bye(bye)) = packets.last() else {
        panic!("a BYE at the end of {packets:?}");
    };
    assert!(bye.ssrcs().eq([old]));
    new
}

#[test]
fn our_own_ssrc_from_elsewhere_is_given_up_with_a_bye() {
    let mut bench = Bench::new(config());
    let sent = bench.send(0);
    assert_eq!(
        bench.rtp(4000, OURS, 1),
        RtpVerdict::Withhold(Reception::Probation)
    );
    let new = changed(&bench, OURS);
    // The other one goes on under it, and we under the new one, from a new beginning.
    assert_eq!(
        bench.rtp(4000, OURS, 2),
        RtpVerdict::Deliver(Reception::Validated)
    );
    let next = bench.send(160);
    assert_eq!(next.ssrc(), new);
    assert_ne!(next.sequence_number(), sent.sequence_number().next());
    assert_eq!(bench.session.counters().collisions, 1);
}

#[test]
fn our_own_ssrc_in_control_packets_is_given_up_as_well() {
    let mut bench = Bench::new(config());
    bench.send(0);
    bench.named(4001, OURS);
    changed(&bench, OURS);
    assert_eq!(bench.session.members(), 2);
}

#[test]
fn a_bye_for_our_own_ssrc_does_not_make_us_leave() {
    let mut bench = Bench::new(config());
    bench.send(0);
    bench.named(4001, 1);
    bench.rtcp(
        4001,
        &compound(1, b"1@example.com", &[], &[&ByeBuilder::new(&[OURS])]),
    );
    // The others have struck us from their tables: we go on under another name.
    changed(&bench, OURS);
    assert_eq!(bench.session.members(), 2);
    bench.until_compounds(1);
    assert!(bench.session.next_timeout().is_some());
}

#[test]
fn nobody_is_told_of_an_ssrc_that_was_never_used() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, OURS, 1);
    assert_ne!(bench.session.ssrc(), OURS);
    assert!(bench.compounds.is_empty());
}

#[test]
fn a_new_ssrc_is_none_that_is_in_use() {
    let mut bench = Bench::new(config());
    // What it would be, were it free.
    let mut other = bench.session.clone();
    let packet = RtpPacketBuilder::new().ssrc(OURS).to_vec().unwrap();
    let packet = RtpPacket::parse(packet).unwrap();
    let _ = other.handle_rtp(bench.now, address(4000), &packet);
    let candidate = other.ssrc();
    let _ = bench.rtp(6000, candidate, 1);
    let _ = bench.rtp(4000, OURS, 1);
    assert!(![OURS, candidate].contains(&bench.session.ssrc()));
}

#[test]
fn a_looped_packet_of_our_own_changes_the_ssrc_only_once() {
    let mut bench = Bench::new(config());
    bench.send(0);
    let looped = bench.send(160);
    let from = RtpPacketBuilder::from_packet(&looped);
    let _ = bench.rtp_of(4000, from);
    let new = changed(&bench, OURS);
    for number in 0..100 {
        let looped = bench.send(320 + 160 * number);
        assert_eq!(
            bench.rtp_of(4000, RtpPacketBuilder::from_packet(&looped)),
            LOOPED
        );
    }
    assert_eq!(bench.session.ssrc(), new);
    assert_eq!(bench.compounds.len(), 1);
    assert_eq!(bench.session.counters().own_looped, 100);
}

#[test]
fn data_and_control_conflicts_are_kept_apart() {
    let mut bench = Bench::new(config());
    bench.send(0);
    let _ = bench.rtp(4000, OURS, 1);
    let second = bench.session.ssrc();
    // The same address, but a control packet: another conflict.
    bench.named(4000, second);
    assert_eq!(bench.session.counters().collisions, 2);
    let third = bench.session.ssrc();
    bench.named(4000, third);
    assert_eq!(bench.rtp(4000, third, 1), LOOPED);
    assert_eq!(bench.session.ssrc(), third);
}

#[test]
fn conflicts_from_ever_new_addresses_do_not_make_a_flood_of_byes() {
    let mut bench = Bench::new(config());
    for port in 1..1000 {
        bench.send(0);
        let _ = bench.rtp(port, bench.session.ssrc(), 1);
    }
    assert_eq!(bench.session.counters().collisions, 16);
    assert_eq!(bench.compounds.len(), 16);
}

#[test]
fn an_address_without_conflict_for_ten_intervals_is_forgotten() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, OURS, 1);
    bench.pass(seconds(40));
    assert_eq!(bench.rtp(4000, bench.session.ssrc(), 1), LOOPED);
    bench.pass(seconds(80));
    let _ = bench.rtp(4000, bench.session.ssrc(), 1);
    assert_eq!(bench.session.counters().collisions, 2);
}

#[test]
fn our_own_packets_given_back_by_the_network_are_ignored() {
    let mut config = config();
    config.local_rtp = Some(address(5000));
    config.local_rtcp = Some(address(5001));
    let mut bench = Bench::new(config);
    let sent = bench.send(0);
    let verdict = bench.rtp_of(5000, RtpPacketBuilder::from_packet(&sent));
    assert_eq!(verdict, RtpVerdict::Ignore(IgnoreReason::Own));
    bench.until_compounds(1);
    let before = bench.session.average_rtcp_size();
    let compound = bench.last_compound().to_vec();
    bench.rtcp(5001, &compound);
    assert_eq!(bench.session.average_rtcp_size(), before);
    assert_eq!((bench.session.ssrc(), bench.session.members()), (OURS, 1));
}

#[test]
fn a_csrc_equal_to_ours_is_a_loop_through_a_mixer() {
    let mut bench = Bench::new(config());
    let mixed = |number, csrcs| {
        RtpPacketBuilder::new()
            .ssrc(1)
            .sequence_number(SequenceNumber(number))
            .csrcs(csrcs)
    };
    let _ = bench.rtp(4000, 1, 1);
    let _ = bench.rtp(4000, 1, 2);
    bench.send(0);
    assert_eq!(
        bench.rtp_of(4000, mixed(3, &[OURS])),
        RtpVerdict::Deliver(Reception::InSequence)
    );
    let new = changed(&bench, OURS);
    assert_eq!(bench.rtp_of(4000, mixed(4, &[new])), LOOPED);
    assert_eq!(bench.session.ssrc(), new);
}

#[test]
fn one_ssrc_from_two_addresses_keeps_to_the_first() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, 1, 1);
    let _ = bench.rtp(4000, 1, 2);
    for number in 3..50 {
        bench.pass(millis(20));
        assert_eq!(bench.rtp(6000, 1, number), ELSEWHERE);
        assert_eq!(
            bench.rtp(4000, 1, number),
            RtpVerdict::Deliver(Reception::InSequence)
        );
    }
    assert_eq!(
        bench.session.source(1).unwrap().rtp_address(),
        Some(address(4000))
    );
    assert_eq!(bench.session.counters().third_party_loops, 47);
}

#[test]
fn a_source_that_moves_is_followed_once_its_old_address_is_silent() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, 1, 1);
    let _ = bench.rtp(4000, 1, 2);
    bench.pass(millis(500));
    assert_eq!(bench.rtp(6000, 1, 3), ELSEWHERE);
    bench.pass(millis(500));
    assert_eq!(
        bench.rtp(6000, 1, 4),
        RtpVerdict::Deliver(Reception::AfterGap { missing: 1 })
    );
    // And it does not flip back.
    assert_eq!(bench.rtp(4000, 1, 5), ELSEWHERE);

    let mut config = config();
    config.address_change = None;
    let mut bench = Bench::new(config);
    let _ = bench.rtp(4000, 1, 1);
    bench.pass(seconds(5));
    assert_eq!(bench.rtp(6000, 1, 2), ELSEWHERE);
}

#[test]
fn data_and_control_addresses_of_a_source_are_kept_apart() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, 1, 1);
    bench.named(4001, 1);
    let source = bench.session.source(1).unwrap();
    assert_eq!(source.rtp_address(), Some(address(4000)));
    assert_eq!(source.rtcp_address(), Some(address(4001)));
    bench.named(6001, 1);
    assert_eq!(bench.session.counters().third_party_loops, 2); // RR and SDES
}

#[test]
fn one_ssrc_with_two_cnames_is_a_collision_of_others() {
    let mut bench = Bench::new(config());
    bench.named(4001, 1);
    let other = bench.said(1, "other@example.com");
    bench.rtcp(4001, &other);
    assert_eq!(bench.session.counters().third_party_collisions, 1);
    assert_eq!(
        bench.session.source(1).unwrap().cname(),
        Some(&b"1@example.com"[..])
    );
}

#[test]
fn a_source_heard_through_a_mixer_is_not_heard_directly_as_well() {
    let mut bench = Bench::new(config());
    let mixed = |number| {
        RtpPacketBuilder::new()
            .ssrc(9)
            .sequence_number(SequenceNumber(number))
            .csrcs(&[1])
    };
    // Whoever is on probation does not silence the mixer.
    let _ = bench.rtp(7000, 1, 1);
    let _ = bench.rtp(4000, 9, 1);
    let _ = bench.rtp(4000, 9, 2);
    let delivered = RtpVerdict::Deliver(Reception::InSequence);
    assert_eq!(bench.rtp_of(4000, mixed(3)), delivered);
    assert_eq!(bench.rtp(7000, 1, 2), ELSEWHERE);
    assert_eq!(bench.rtp_of(4000, mixed(4)), delivered);
    // When the mixer has it no more, it is heard where it is; what then comes of it through the
    // mixer would be heard twice.
    bench.pass(seconds(1));
    let probation = RtpVerdict::Withhold(Reception::Probation);
    assert_eq!(bench.rtp(7000, 1, 3), probation);
    let validated = RtpVerdict::Deliver(Reception::Validated);
    assert_eq!(bench.rtp(7000, 1, 4), validated);
    assert_eq!(bench.rtp_of(4000, mixed(5)), ELSEWHERE);
}
