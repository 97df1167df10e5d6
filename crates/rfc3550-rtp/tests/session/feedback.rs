//! Feedback in the profile RTP/AVPF: when it goes out, and as what (RFC 4585 §3; RFC 5506).

use core::time::Duration;

use rfc3550_rtp::feedback::{
    Nack, PayloadMessage, TransportFeedbackBuilder, TransportMessage, TransportWide,
};
use rfc3550_rtp::session::{
    FeedbackConfig, FeedbackTiming, SendError, SessionConfig, SessionEvent,
};
use rfc3550_rtp::{RtcpCompound, RtcpPacket, SequenceNumber, WriteError};

use crate::{Bench, OURS, compound, config, millis, packets, seconds};

const MEDIA: u32 = 0x0909_0909;

fn with(feedback: FeedbackConfig) -> SessionConfig {
    let mut config = config();
    config.feedback = Some(feedback);
    config
}

fn nacks(lost: &[u16]) -> Vec<Nack> {
    let lost: Vec<_> = lost.iter().copied().map(SequenceNumber).collect();
    Nack::from_lost(&lost).collect()
}

impl Bench {
    fn nack(&mut self, lost: &[u16]) -> FeedbackTiming {
        let nacks = nacks(lost);
        let message = TransportMessage::GenericNack(nacks.as_slice().into());
        let timing = self.session.send_feedback(self.now, MEDIA, message);
        self.poll();
        timing.unwrap()
    }

    fn picture_loss(&mut self) -> FeedbackTiming {
        let message = PayloadMessage::PictureLoss;
        let timing = self.session.send_feedback(self.now, MEDIA, message);
        self.poll();
        timing.unwrap()
    }

    /// Somebody else says that these are lost.
    fn others_nack(&mut self, lost: &[u16]) {
        let nacks = nacks(lost);
        let message = TransportMessage::GenericNack(nacks.as_slice().into());
        let feedback = TransportFeedbackBuilder::new(77, MEDIA, message);
        self.rtcp(77, &compound(77, b"other@example.org", &[], &[&feedback]));
    }
}

/// The lost packets that a datagram names.
fn named(datagram: &[u8]) -> Vec<u16> {
    let compound = RtcpCompound::parse_reduced_size(datagram).unwrap();
    let mut lost = Vec::new();
    for packet in compound.packets() {
        if let RtcpPacket::TransportFeedback(feedback) = packet.unwrap() {
            assert_eq!(
                (feedback.sender_ssrc(), feedback.media_ssrc()),
                (OURS, MEDIA)
            );
            let TransportMessage::GenericNack(nacks) = feedback.message().unwrap() else {
                panic!("a NACK");
            };
            lost.extend(nacks.flat_map(|nack| nack.lost()).map(|number| number.0));
        }
    }
    lost
}

fn until(bench: &mut Bench, at: std::time::Instant) {
    bench.pass(at - bench.now);
}

#[test]
fn between_two_feedback_goes_out_at_once_as_the_smallest_compound() {
    let mut bench = Bench::new(with(FeedbackConfig::point_to_point()));
    let _ = bench.rtp(1, MEDIA, 1);
    let _ = bench.rtp(1, MEDIA, 2);
    assert_eq!(bench.picture_loss(), FeedbackTiming::Sent);
    // One report without blocks, one name, the message: in this order.
    let [
        RtcpPacket::ReceiverReport(report),
        RtcpPacket::Sdes(sdes),
        RtcpPacket::PayloadFeedback(feedback),
    ] = packets(bench.last_compound())[..]
    else {
        panic!("{:?}", packets(bench.last_compound()));
    };
    assert_eq!(report.report_blocks().len(), 0);
    assert_eq!(sdes.chunks().next().unwrap().items().count(), 1);
    assert_eq!(feedback.message(), Ok(PayloadMessage::PictureLoss));
    assert_eq!(
        (feedback.sender_ssrc(), feedback.media_ssrc()),
        (OURS, MEDIA)
    );
}

#[test]
fn after_early_feedback_the_next_report_is_skipped_and_only_then_feedback_is_early_again() {
    let mut config = with(FeedbackConfig::point_to_point());
    config.session_bandwidth = 4000; // a report every few seconds
    let mut bench = Bench::new(config);
    bench.until_compounds(1);
    let due = bench.session.report_interval().unwrap();
    assert!(due > seconds(2), "{due:?}");
    assert_eq!(bench.nack(&[1]), FeedbackTiming::Sent);
    // What comes up now has to wait for the report, or is too late for it.
    let sent = bench.compounds.len();
    assert_eq!(bench.nack(&[2]), FeedbackTiming::TooLate);
    let report = loop {
        bench.pass(millis(100));
        match bench.nack(&[3]) {
            FeedbackTiming::TooLate => {}
            FeedbackTiming::Regular(at) => break at,
            other => panic!("{other:?}"),
        }
        assert_eq!(bench.compounds.len(), sent);
    };
    assert!(report - bench.now < seconds(1));
    bench.until_compounds(1);
    assert_eq!(named(bench.last_compound()), [3]);
    assert_eq!(bench.nack(&[4]), FeedbackTiming::Sent);
}

#[test]
fn an_early_packet_stands_for_the_next_report() {
    let mut config = with(FeedbackConfig::point_to_point());
    config.session_bandwidth = 8000;
    let mut bench = Bench::new(config);
    bench.until_compounds(5);
    let (last, _) = bench.compounds[4];
    let due = bench.session.next_timeout().unwrap();
    assert_eq!(bench.nack(&[1]), FeedbackTiming::Sent);
    // Two intervals after the last report, where it was one.
    let next = due + (due - last);
    assert_eq!(bench.session.next_timeout(), Some(next));
    bench.until_compounds(1);
    assert!(bench.now >= next);
}

#[test]
fn feedback_at_every_turn_stays_within_the_bandwidth() {
    for reduced_size in [false, true] {
        let mut feedback = FeedbackConfig::point_to_point();
        feedback.reduced_size = reduced_size;
        let mut bench = Bench::new(with(feedback));
        for lost in 0..20_000 {
            bench.nack(&[lost * 3]);
            bench.pass(millis(50));
        }
        let octets: usize = bench.compounds.iter().map(|(_, c)| c.len() + 28).sum();
        // A receiver alone has 300 octets a second. An interval that is skipped is not
        // reconsidered, but shortened as if it were: that adds a little.
        let rate = octets as f64 / 1000.0;
        assert!((285.0..345.0).contains(&rate), "{rate}");
        let reports = bench.compounds.iter().filter(|(_, c)| c[1] == 201).count();
        assert!(reports * 3 > bench.compounds.len(), "{reports}");
    }
}

#[test]
fn in_a_group_feedback_waits_for_at_most_half_an_interval() {
    let mut bench = Bench::new(with(FeedbackConfig::multiparty()));
    let mut waits = Vec::new();
    for round in 0..60 {
        for ssrc in 100..130 {
            bench.named(ssrc as u16, ssrc);
        }
        let begin = bench.now;
        match bench.nack(&[round]) {
            FeedbackTiming::Early(at) => {
                waits.push((at - begin).as_secs_f64());
                let before = bench.compounds.len();
                until(&mut bench, at);
                assert_eq!(bench.compounds.len(), before + 1);
                assert_eq!(named(bench.last_compound()), [round]);
            }
            FeedbackTiming::Regular(at) => assert!(at > begin),
            other => panic!("{other:?}"),
        }
        bench.until_compounds(1);
    }
    assert_eq!(bench.session.members(), 31);
    let interval = bench.session.report_interval().unwrap().as_secs_f64();
    let longest = waits.iter().copied().fold(0.0, f64::max);
    assert!(
        waits.len() > 20 && longest < 0.5 * interval * 1.5 / 1.218,
        "{longest} {interval}"
    );
    assert!(longest > 0.2 * interval, "{longest} {interval}");
}

#[test]
fn what_others_have_said_is_not_said_again() {
    let mut bench = Bench::new(with(FeedbackConfig::multiparty()));
    for ssrc in 70..80 {
        bench.named(ssrc as u16, ssrc);
    }
    bench.until_compounds(1);
    // Before.
    bench.others_nack(&[5, 6, 7]);
    assert_eq!(bench.nack(&[6]), FeedbackTiming::Suppressed);
    bench.pass(millis(1900));
    assert_eq!(bench.nack(&[5, 7]), FeedbackTiming::Suppressed);
    bench.pass(millis(200));
    assert!(!matches!(bench.nack(&[6]), FeedbackTiming::Suppressed));
    // While it waits: only where all of it is said.
    bench.until_compounds(2);
    let at = loop {
        match bench.nack(&[100, 101]) {
            FeedbackTiming::Early(at) => break at,
            _ => bench.until_compounds(1),
        }
    };
    let before = bench.compounds.len();
    bench.others_nack(&[101, 102]);
    assert_eq!(bench.session.next_timeout(), Some(at));
    bench.others_nack(&[99, 100, 101]);
    assert_ne!(bench.session.next_timeout(), Some(at));
    until(&mut bench, at);
    assert_eq!(bench.compounds.len(), before);
    // The permission has not been used up.
    assert!(matches!(
        bench.nack(&[200]),
        FeedbackTiming::Early(_) | FeedbackTiming::Regular(_)
    ));
}

#[test]
fn what_waits_is_made_one_message() {
    let mut bench = Bench::new(with(FeedbackConfig::multiparty()));
    for ssrc in 70..80 {
        bench.named(ssrc as u16, ssrc);
    }
    bench.until_compounds(1);
    let FeedbackTiming::Early(at) = bench.nack(&[1]) else {
        panic!("it is early");
    };
    assert_eq!(bench.nack(&[40]), FeedbackTiming::Early(at));
    assert_eq!(bench.picture_loss(), FeedbackTiming::Early(at));
    assert_eq!(bench.picture_loss(), FeedbackTiming::Early(at));
    until(&mut bench, at);
    let sent = packets(bench.last_compound());
    assert_eq!(sent.len(), 4);
    assert_eq!(named(bench.last_compound()), [1, 40]);
}

#[test]
fn reports_are_as_frequent_as_the_bandwidth_allows_or_as_agreed() {
    let report_times = |feedback| {
        let mut bench = Bench::new(with(feedback));
        bench.until_compounds(100);
        bench.now - bench.start
    };
    // No 5 seconds: 100 octets of 300 a second.
    let often = report_times(FeedbackConfig::point_to_point());
    assert!(often < seconds(60), "{often:?}");
    let mut seldom = FeedbackConfig::point_to_point();
    seldom.report_interval = seconds(5);
    let seldom = report_times(seldom).as_secs_f64() / 100.0;
    // Half of it at least; the shortest of the times drawn counts.
    assert!((2.5..5.0).contains(&seldom), "{seldom}");
}

#[test]
fn the_first_report_of_a_group_waits_for_a_second() {
    let first = |feedback| {
        let mut bench = Bench::new(with(feedback));
        bench.until_compounds(1);
        bench.now - bench.start
    };
    assert!(first(FeedbackConfig::multiparty()) > Duration::from_secs_f64(0.5 / 1.219));
    assert!(first(FeedbackConfig::point_to_point()) < millis(500));
}

#[test]
fn feedback_goes_out_alone_while_reports_are_held_back() {
    let mut feedback = FeedbackConfig::point_to_point();
    feedback.report_interval = seconds(100);
    let mut bench = Bench::new(with(feedback));
    let _ = bench.rtp(1, MEDIA, 1);
    let _ = bench.rtp(1, MEDIA, 2);
    bench.until_compounds(1);
    let _ = bench.rtp(1, MEDIA, 3);
    assert_eq!(bench.nack(&[1]), FeedbackTiming::Sent);
    let FeedbackTiming::Regular(_) = bench.nack(&[2]) else {
        panic!("it waits for the report");
    };
    bench.until_compounds(1);
    // No report on anybody: that one is still held back.
    let RtcpPacket::ReceiverReport(report) = packets(bench.last_compound())[0] else {
        panic!("a receiver report");
    };
    assert_eq!(report.report_blocks().len(), 0);
    assert_eq!(named(bench.last_compound()), [2]);
    let before = bench.compounds.len();
    bench.pass(seconds(40));
    assert_eq!(bench.compounds.len(), before);
}

#[test]
fn reduced_size_comes_after_a_whole_compound_and_can_be_given_up() {
    let mut feedback = FeedbackConfig::point_to_point();
    feedback.reduced_size = true;
    let mut bench = Bench::new(with(feedback));
    assert_eq!(bench.nack(&[1]), FeedbackTiming::Sent);
    assert_eq!(packets(bench.last_compound()).len(), 3);
    bench.until_compounds(1);
    assert_eq!(bench.nack(&[2]), FeedbackTiming::Sent);
    assert!(RtcpCompound::parse(bench.last_compound()).is_err());
    assert_eq!(bench.last_compound().len(), 16);
    assert_eq!(named(bench.last_compound()), [2]);
    bench.until_compounds(1);
    assert!(RtcpCompound::parse(bench.last_compound()).is_ok());
    bench.session.set_reduced_size(false);
    assert_eq!(bench.nack(&[3]), FeedbackTiming::Sent);
    assert_eq!(packets(bench.last_compound()).len(), 3);
}

#[test]
fn members_are_timed_out_by_the_interval_that_was_agreed() {
    let mut feedback = FeedbackConfig::point_to_point();
    feedback.report_interval = seconds(20);
    let mut bench = Bench::new(with(feedback));
    bench.named(77, 77);
    bench.pass(seconds(98));
    assert_eq!(bench.session.members(), 2);
    bench.pass(seconds(10));
    assert!(bench.events.contains(&SessionEvent::TimedOut { ssrc: 77 }));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let loss = || PayloadMessage::PictureLoss;
    let mut plain = Bench::new(config());
    let refused = plain.session.send_feedback(plain.now, MEDIA, loss());
    assert_eq!(refused, Err(SendError::NoFeedbackProfile));

    let mut bench = Bench::new(with(FeedbackConfig::point_to_point()));
    let now = bench.now;
    let odd = PayloadMessage::Application(&[1]);
    let refused = bench.session.send_feedback(now, MEDIA, odd);
    assert_eq!(
        refused,
        Err(SendError::Feedback(WriteError::NotWholeWords {
            field: "packet"
        }))
    );
    let long = PayloadMessage::Application(&[0; 1200]);
    let refused = bench.session.send_feedback(now, MEDIA, long);
    assert_eq!(refused, Err(SendError::FeedbackTooLong));
    bench.session.leave(now, b"");
    let refused = bench.session.send_feedback(now, MEDIA, loss());
    assert_eq!(refused, Err(SendError::NotJoined));

    let mut config = with(FeedbackConfig::multiparty());
    config.session_bandwidth = 0;
    let mut bench = Bench::new(config);
    assert_eq!(bench.picture_loss(), FeedbackTiming::TooLate);
}

#[test]
fn transport_wide_feedback_goes_the_same_way() {
    let mut bench = Bench::new(with(FeedbackConfig::point_to_point()));
    let message = TransportMessage::Other {
        format: 15,
        fci: &[0, 1, 0, 1, 0, 0, 0, 0, 0x20, 1, 4, 0],
    };
    let sent = bench.session.send_feedback(bench.now, MEDIA, message);
    assert_eq!(sent, Ok(FeedbackTiming::Sent));
    bench.poll();
    let RtcpPacket::TransportFeedback(feedback) = packets(bench.last_compound())[2] else {
        panic!("feedback");
    };
    let TransportMessage::TransportWide(report) = feedback.message().unwrap() else {
        panic!("transport-wide feedback");
    };
    let _: TransportWide<'_> = report;
}
