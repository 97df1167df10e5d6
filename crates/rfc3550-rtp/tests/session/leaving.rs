//! Saying BYE (RFC 3550 §6.3.7).

use rfc3550_rtp::session::{IgnoreReason, RtpVerdict, SendError, SessionEvent, SessionPhase};
use rfc3550_rtp::{ByeBuilder, RtcpPacket};

use crate::{Bench, OURS, compound, config, packets, seconds};

fn crowd(members: u32) -> Bench {
    let mut config = config();
    config.leave_within = seconds(1000);
    let mut bench = Bench::new(config);
    for ssrc in 1..members {
        bench.named(4001, ssrc);
    }
    assert_eq!(bench.session.members(), members as usize);
    bench.send(0);
    bench
}

#[test]
fn whoever_has_sent_nothing_says_no_bye() {
    let mut bench = Bench::new(config());
    bench.named(4001, 1);
    bench.session.leave(bench.now, b"");
    bench.poll();
    assert!(bench.compounds.is_empty());
    assert_eq!(bench.events.last(), Some(&SessionEvent::Ended));
    assert_eq!(bench.session.next_timeout(), None);
}

#[test]
fn a_bye_goes_out_at_once_among_fifty_members() {
    let mut bench = crowd(50);
    bench.session.leave(bench.now, b"lunch");
    bench.poll();
    assert_eq!(bench.session.phase(), SessionPhase::Ended);
    let packets = packets(bench.last_compound());
    let [
        RtcpPacket::SenderReport(_),
        RtcpPacket::Sdes(_),
        RtcpPacket::Bye(bye),
    ] = packets[..]
    else {
        panic!("{packets:?}");
    };
    assert!(bye.ssrcs().eq([OURS]));
    assert_eq!(bye.reason(), Some(&b"lunch"[..]));
}

#[test]
fn a_bye_waits_among_fifty_one_members() {
    let mut bench = crowd(51);
    bench.session.leave(bench.now, b"");
    bench.poll();
    assert_eq!(bench.session.phase(), SessionPhase::Leaving);
    assert!(bench.compounds.is_empty());
    let left_at = bench.now;
    bench.until_compounds(1);
    // The first interval of a group of one, for so §6.3.7 begins to count.
    let waited = (bench.now - left_at).as_secs_f64();
    assert!((1.25 / 1.2183..3.75 / 1.2182).contains(&waited), "{waited}");
    assert_eq!(bench.session.phase(), SessionPhase::Ended);
    assert_eq!(bench.events.last(), Some(&SessionEvent::Ended));
}

#[test]
fn every_bye_heard_puts_ours_off() {
    let mut bench = crowd(51);
    bench.session.leave(bench.now, b"");
    let left_at = bench.now;
    for ssrc in 1000..1300u32 {
        bench.rtcp(
            4001,
            &compound(ssrc, b"x@example.com", &[], &[&ByeBuilder::new(&[ssrc])]),
        );
    }
    // Reports of others do not.
    let before = bench.session.average_rtcp_size();
    bench.named(4001, 5000);
    assert_eq!(bench.session.average_rtcp_size(), before);
    bench.until_compounds(1);
    // 301 BYEs of 72 octets at 300 octets a second: 72 seconds, or as little as 0.41 of it.
    assert!(bench.now - left_at > seconds(28));
}

#[test]
fn a_bye_that_never_has_its_turn_is_given_up() {
    let mut bench = crowd(51);
    bench.session.leave(bench.now, b"");
    for ssrc in 1000..60_000u32 {
        let bye = compound(ssrc, b"x@example.com", &[], &[&ByeBuilder::new(&[ssrc])]);
        bench.rtcp(4001, &bye);
    }
    bench.pass(seconds(1001));
    assert!(bench.compounds.is_empty());
    assert_eq!(bench.session.phase(), SessionPhase::Ended);
    assert_eq!(bench.session.next_timeout(), None);
}

#[test]
fn nothing_is_sent_or_taken_in_while_and_after_leaving() {
    let mut bench = crowd(51);
    for _ in 0..2 {
        bench.session.leave(bench.now, b"");
        let refused = bench.session.send_rtp(bench.now, 0, 0, &[]).unwrap_err();
        assert_eq!(refused, SendError::NotJoined);
        assert_eq!(
            bench.rtp(4000, 1, 1),
            RtpVerdict::Ignore(IgnoreReason::NotJoined)
        );
        bench.named(4001, 9999);
        assert!(bench.session.source(9999).is_none());
        bench.pass(seconds(100));
    }
    assert_eq!(bench.compounds.len(), 1);
}
