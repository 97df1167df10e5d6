//! A mixer: a session for each cloud, and what goes from one to the other (RFC 3550 §7.1, §7.3).

use rfc3550_rtp::session::{IgnoreReason, RtpVerdict, SessionEvent};
use rfc3550_rtp::{ContributingSources, RtcpPacket, RtpPacket};

use crate::{Bench, config, packets, seconds};

/// Two clouds; what the mixer hears in the first goes into its stream in the second.
struct Mixer {
    one: Bench,
    two: Bench,
}

/// The mixer's SSRC in the second cloud.
const MIX: u32 = 0x0202_0202;

impl Mixer {
    fn new() -> Self {
        let mut second = config();
        second.ssrc = Some(MIX);
        second.cname = b"mixer@example.org".to_vec();
        Self {
            one: Bench::new(config()),
            two: Bench::new(second),
        }
    }

    /// What every mixer does with the events of the cloud it listens to.
    fn pass_on(&mut self) {
        for event in self.one.events.drain(..) {
            match event {
                SessionEvent::Named { ssrc } => {
                    let cname = self.one.session.source(ssrc).and_then(|s| s.cname());
                    assert!(self.two.session.add_contributor(ssrc, cname.unwrap()));
                }
                SessionEvent::Left { ssrc, reason } => {
                    let now = self.two.now;
                    self.two.session.remove_contributor(now, ssrc, &reason);
                }
                _ => {}
            }
        }
        self.two.poll();
    }

    /// A packet of the mix.
    fn mix(&mut self, inputs: &[RtpPacket<Vec<u8>>]) -> RtpPacket<Vec<u8>> {
        let mut sources = ContributingSources::default();
        for packet in inputs {
            sources.add_packet(packet);
        }
        let now = self.two.now;
        let packet = self.two.session.send_rtp(now, 0, 0, &[0xff; 160]).unwrap();
        let packet = packet.csrcs(sources.as_slice()).to_vec().unwrap();
        RtpPacket::parse(packet).unwrap()
    }
}

fn input(ssrc: u32, csrcs: &[u32]) -> RtpPacket<Vec<u8>> {
    let packet = rfc3550_rtp::RtpPacketBuilder::new().ssrc(ssrc).csrcs(csrcs);
    RtpPacket::parse(packet.to_vec().unwrap()).unwrap()
}

/// What the compounds from this one on say of whom: canonical names.
fn names(compounds: &[(std::time::Instant, Vec<u8>)]) -> Vec<(u32, Vec<u8>)> {
    let mut names = Vec::new();
    for (_, compound) in compounds {
        for packet in packets(compound) {
            if let RtcpPacket::Sdes(sdes) = packet {
                let named = sdes.chunks();
                names.extend(named.map(|c| (c.ssrc(), c.cname().unwrap().to_vec())));
            }
        }
    }
    names
}

#[test]
fn a_mixed_packet_has_the_mixers_ssrc_and_names_the_sources() {
    let mut mixer = Mixer::new();
    // The mixers of figure 3: one source comes mixed already, another does not.
    let packet = mixer.mix(&[input(12, &[64]), input(45, &[])]);
    assert_eq!(packet.ssrc(), MIX);
    assert!(packet.csrcs().eq([64, 45]));
}

#[test]
fn a_mixer_passes_names_on_and_gives_its_own() {
    let mut mixer = Mixer::new();
    mixer.one.named(1, 17);
    mixer.one.named(2, 48);
    mixer.pass_on();
    mixer.mix(&[input(17, &[])]);
    mixer.two.until_compounds(1);
    assert_eq!(
        names(&mixer.two.compounds),
        [
            (MIX, b"mixer@example.org".to_vec()),
            (17, b"17@example.com".to_vec()),
            (48, b"48@example.com".to_vec()),
        ]
    );
    mixer.one.until_compounds(1);
    assert_eq!(names(&mixer.one.compounds)[0].1, b"me@example.org");
}

#[test]
fn many_names_take_their_turns_beside_the_report_blocks() {
    let mut mixer = Mixer::new();
    for ssrc in 1000..1100 {
        mixer.one.named(1, ssrc);
    }
    mixer.pass_on();
    for number in 0..2 {
        for ssrc in 1..60 {
            let _ = mixer.two.rtp(9, ssrc, number);
        }
    }
    mixer.two.until_compounds(8);
    assert!(mixer.two.compounds.iter().all(|(_, c)| c.len() <= 1200));
    let mut named: Vec<u32> = names(&mixer.two.compounds).iter().map(|n| n.0).collect();
    named.retain(|ssrc| *ssrc != MIX);
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, Vec::from_iter(1000..1100));
    let RtcpPacket::ReceiverReport(report) = packets(&mixer.two.compounds[0].1)[0] else {
        panic!("a receiver report");
    };
    assert!(report.report_blocks().len() > 15);
}

#[test]
fn reports_stay_in_the_cloud_that_they_are_about() {
    let mut mixer = Mixer::new();
    for number in 0..3 {
        let _ = mixer.one.rtp(1, 17, number);
        let _ = mixer.two.rtp(9, 99, number);
    }
    mixer.one.named(1, 17);
    mixer.pass_on();
    mixer.one.until_compounds(1);
    mixer.two.until_compounds(1);
    let reported = |bench: &Bench| match packets(bench.last_compound())[0] {
        RtcpPacket::ReceiverReport(report) => report.report_blocks().map(|b| b.ssrc).collect(),
        other => panic!("{other:?}"),
    };
    let (one, two): (Vec<u32>, Vec<u32>) = (reported(&mixer.one), reported(&mixer.two));
    assert_eq!((one, two), (vec![17], vec![99]));
}

#[test]
fn a_mixer_passes_byes_on() {
    let mut mixer = Mixer::new();
    mixer.one.named(1, 17);
    mixer.pass_on();
    let bye = rfc3550_rtp::ByeBuilder::new(&[17]).reason(b"lunch");
    mixer
        .one
        .rtcp(1, &crate::compound(17, b"17@example.com", &[], &[&bye]));
    mixer.pass_on();
    let Some(RtcpPacket::Bye(bye)) = packets(mixer.two.last_compound()).last().copied() else {
        panic!("a BYE");
    };
    assert!(bye.ssrcs().eq([17]));
    assert_eq!(bye.reason(), Some(&b"lunch"[..]));
    // Only once, and its name is not passed on any more.
    let now = mixer.two.now;
    mixer.two.session.remove_contributor(now, 17, b"");
    mixer.two.poll();
    assert_eq!(mixer.two.compounds.len(), 1);
    mixer.two.until_compounds(1);
    assert!(names(&mixer.two.compounds[1..]).iter().all(|n| n.0 == MIX));
}

#[test]
fn a_mixer_that_leaves_says_bye_for_all_it_has_mixed() {
    let mut mixer = Mixer::new();
    for ssrc in 1..=40 {
        mixer.one.named(1, ssrc);
    }
    mixer.pass_on();
    mixer.mix(&[]);
    let now = mixer.two.now;
    mixer.two.session.leave(now, b"over");
    mixer.two.poll();
    let mut left = Vec::new();
    for packet in packets(mixer.two.last_compound()) {
        if let RtcpPacket::Bye(bye) = packet {
            left.extend(bye.ssrcs());
        }
    }
    assert_eq!(left, Vec::from_iter([MIX].into_iter().chain(1..=40)));
}

#[test]
fn a_source_that_comes_back_from_the_other_cloud_is_a_loop() {
    let mut mixer = Mixer::new();
    mixer.one.named(1, 17);
    mixer.pass_on();
    let looped = RtpVerdict::Ignore(IgnoreReason::OtherAddress);
    assert_eq!(mixer.two.rtp(9, 17, 0), looped);
    mixer.two.named(9, 17);
    assert!(mixer.two.session.source(17).is_none());
    // Nor through another mixer, which names it.
    for number in 0..2 {
        let _ = mixer.two.rtp(9, 50, number);
    }
    let through = rfc3550_rtp::RtpPacketBuilder::new()
        .ssrc(50)
        .sequence_number(2.into())
        .csrcs(&[17]);
    assert_eq!(mixer.two.rtp_of(9, through), looped);
    assert!(mixer.two.session.counters().third_party_loops >= 3);
    mixer.two.pass(seconds(1));
}
