//! Whatever comes, the counts agree, memory is bounded, and what is sent is good.

use proptest::prelude::*;
use rfc3550_rtp::session::{MemberState, SessionPhase};
use rfc3550_rtp::{ByeBuilder, RtcpWrite, RtpPacketBuilder};

use crate::{Bench, OURS, compound, config, millis, packets};

#[derive(Debug, Clone)]
enum Step {
    Rtp(u16, u32, u16, Vec<u32>),
    Named(u16, u32, bool),
    Bye(u16, u32, Vec<u32>),
    Send(u32),
    Pass(u64),
    Leave,
}

/// Few addresses and few sources, so that they meet; our own among them.
fn step() -> impl Strategy<Value = Step> {
    let from = || 4000u16..4004;
    let ssrc = || prop_oneof![12 => 0u32..12, 1 => Just(OURS)];
    prop_oneof![
        8 => (from(), ssrc(), 0u16..6, prop::collection::vec(ssrc(), 0..3))
            .prop_map(|(from, ssrc, number, csrcs)| Step::Rtp(from, ssrc, number, csrcs)),
        4 => (from(), ssrc(), any::<bool>()).prop_map(|(from, ssrc, other)| Step::Named(from, ssrc, other)),
        2 => (from(), ssrc(), prop::collection::vec(ssrc(), 0..3))
            .prop_map(|(from, ssrc, leaving)| Step::Bye(from, ssrc, leaving)),
        4 => any::<u32>().prop_map(Step::Send),
        4 => prop_oneof![0u64..1000, 1000u64..30_000].prop_map(Step::Pass),
        1 => prop::bool::weighted(0.1).prop_map(|leave| if leave { Step::Leave } else { Step::Pass(1) }),
    ]
}

proptest! {
    #[test]
    fn counts_agree_memory_is_bounded_and_compounds_are_good(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut config = config();
        config.max_sources = 8;
        let mut bench = Bench::new(config);
        for step in steps {
            match step {
                Step::Rtp(from, ssrc, number, csrcs) => {
                    let packet = RtpPacketBuilder::new().ssrc(ssrc).csrcs(csrcs.as_slice());
                    let _ = bench.rtp_of(from, packet.sequence_number(number.into()));
                }
                Step::Named(from, ssrc, other) => {
                    let cname: &[u8] = if other { b"other@example.com" } else { b"one@example.com" };
                    bench.rtcp(from, &compound(ssrc, cname, &[], &[]));
                }
                Step::Bye(from, ssrc, leaving) => {
                    let bye = ByeBuilder::new(leaving.as_slice());
                    let packets: [&dyn RtcpWrite; 1] = [&bye];
                    bench.rtcp(from, &compound(ssrc, b"one@example.com", &[], &packets));
                }
                Step::Send(media_time) => {
                    let packet = bench.session.send_rtp(bench.now, 0, media_time, &[0xff; 160]);
                    let joined = bench.session.phase() == SessionPhase::Joined;
                    prop_assert_eq!(packet.is_ok(), joined);
                }
                Step::Pass(time) => bench.pass(millis(time)),
                Step::Leave => bench.session.leave(bench.now, b"over"),
            }
            bench.poll();
            let session = &bench.session;
            let count = |state| session.sources().filter(|source| source.state() == state).count();
            prop_assert_eq!(session.members(), 1 + count(MemberState::Member));
            let senders = session.sources().filter(|source| source.is_sender()).count();
            prop_assert!((senders..=senders + 1).contains(&session.senders()));
            prop_assert!(session.sources().count() <= 8);
            prop_assert!(session.source(session.ssrc()).is_none());
            let ended = session.phase() == SessionPhase::Ended;
            prop_assert_eq!(session.next_timeout().is_none(), ended);
        }
        for (_, compound) in &bench.compounds {
            prop_assert!(packets(compound).len() >= 2 && compound.len() <= 1200);
        }
    }
}
