//! The rules of §§4 to 8 one by one, between two sessions or against a written peer.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use core::net::IpAddr;
use core::time::Duration;

use rfc3264_offer_answer::{
    Address, BandwidthLimit, Config, Direction, Key, Profile, Session, State, Stream, StreamId,
    UsageError, Violation, ViolationKind,
};
use support::{address, audio, codec, description, exchange, session, stream, strict_session};

const AUDIO: StreamId = StreamId(1);
const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

fn pair() -> (Session, Session) {
    (strict_session(1), strict_session(2))
}

fn pcmu(last: u8, port: u16) -> Stream {
    audio(last, port, &["PCMU/8000"])
}

fn version(session: &Session) -> u64 {
    let description = session.local_description().unwrap();
    description
        .view()
        .origin()
        .unwrap()
        .version_number()
        .unwrap()
}

fn kinds(session: &Session) -> Vec<ViolationKind> {
    session.violations().iter().map(Violation::kind).collect()
}

fn direction(session: &Session) -> Direction {
    session.stream(AUDIO).unwrap().direction
}

// Order of the exchange (§4).

#[test]
fn glare_is_a_violation_and_leaves_our_offer_open() {
    let (mut alice, mut bob) = pair();
    alice.create_offer(&[pcmu(1, 4000)]).unwrap();
    let offer = bob.create_offer(&[pcmu(2, 6000)]).unwrap().to_string();
    let violation = alice.receive_offer(offer.as_bytes()).unwrap_err();
    assert_eq!(
        (violation.kind(), violation.rule()),
        (ViolationKind::Glare, "RFC 3264 §4")
    );
    assert_eq!(alice.state(), State::HaveLocalOffer);
    alice.rollback().unwrap();
    bob.rollback().unwrap();
    exchange(&mut bob, &[pcmu(2, 6000)], &mut alice, &[pcmu(1, 4000)]);
}

#[test]
fn no_offer_while_one_is_open() {
    let (mut alice, mut bob) = pair();
    let offer = alice.create_offer(&[pcmu(1, 4000)]).unwrap().to_string();
    assert_eq!(
        alice.create_offer(&[pcmu(1, 4000)]).err(),
        Some(UsageError::OfferPending)
    );
    bob.receive_offer(offer.as_bytes()).unwrap();
    assert_eq!(
        bob.create_offer(&[pcmu(2, 6000)]).err(),
        Some(UsageError::OfferPending)
    );
    let again = bob.receive_offer(offer.as_bytes()).unwrap_err();
    assert_eq!(again.kind(), ViolationKind::OfferPending);
    assert_eq!(alice.create_answer(&[]).err(), Some(UsageError::NoOffer));
    assert_eq!(session(3).rollback().err(), Some(UsageError::NoOffer));
    let unexpected = session(3).receive_answer(offer.as_bytes()).unwrap_err();
    assert_eq!(unexpected.kind(), ViolationKind::UnexpectedAnswer);
}

#[test]
fn a_rejected_offer_leaves_the_session_as_it_was() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &[pcmu(2, 6000)]);
    let before: Vec<_> = alice.streams().cloned().collect();
    let video = stream(2, "video", 1, 5000, &["H261/90000"]);
    let offer = alice
        .create_offer(&[pcmu(1, 4444), video])
        .unwrap()
        .to_string();
    assert!(alice.streams().eq(&before), "an open offer changes nothing");
    bob.receive_offer(offer.as_bytes()).unwrap();
    assert_eq!(bob.offered().len(), 2);
    bob.rollback().unwrap();
    alice.rollback().unwrap();
    assert!(alice.streams().eq(&before));
    assert!(bob.offered().is_empty());
    // Without the line that the other side never agreed to.
    let offer = alice.create_offer(&[pcmu(1, 4000)]).unwrap();
    assert_eq!(offer.view().media_count(), 1);
}

// The description as a whole (§5, §6, §8).

#[test]
fn the_version_is_raised_by_one_exactly_when_something_changed() {
    let (mut alice, mut bob) = pair();
    let (ours, theirs) = ([pcmu(1, 4000)], [pcmu(2, 6000)]);
    exchange(&mut alice, &ours, &mut bob, &theirs);
    assert_eq!((version(&alice), version(&bob)), (0, 0));
    exchange(&mut alice, &ours, &mut bob, &theirs);
    assert_eq!((version(&alice), version(&bob)), (0, 0), "nothing changed");
    exchange(&mut alice, &[pcmu(1, 4002)], &mut bob, &theirs);
    assert_eq!((version(&alice), version(&bob)), (1, 0));
    exchange(&mut bob, &[pcmu(2, 6002)], &mut alice, &[pcmu(1, 4002)]);
    assert_eq!((version(&alice), version(&bob)), (1, 1));
}

#[test]
fn an_offer_with_an_unchanged_version_is_answered_as_ever() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &[pcmu(2, 6000)]);
    let same = alice.create_offer(&[pcmu(1, 4000)]).unwrap().to_string();
    bob.receive_offer(same.as_bytes()).unwrap();
    let answer = bob.create_answer(&[pcmu(2, 6002)]).unwrap().to_string();
    assert!(answer.contains("m=audio 6002 "));
    alice.receive_answer(answer.as_bytes()).unwrap();
}

#[test]
fn versions_that_skip_and_origins_that_change_are_noted() {
    let streams = [pcmu(1, 4000)];
    let mut session = session(1);
    let offer = |version| description(version, "m=audio 6000 RTP/AVP 0");
    let mut receive = |text: String| {
        session.receive_offer(text.as_bytes()).unwrap();
        session.create_answer(&streams).unwrap();
        kinds(&session)
    };
    assert_eq!(receive(offer(5)), []);
    assert_eq!(receive(offer(6)), []);
    assert_eq!(receive(offer(8)), [ViolationKind::VersionStep]);
    assert_eq!(receive(offer(7)), [ViolationKind::VersionStep]);
    assert_eq!(
        receive(offer(8).replace("peer", "other")),
        [ViolationKind::Origin]
    );
}

#[test]
fn a_later_offer_with_fewer_media_is_refused() {
    let mut session = session(1);
    let streams = [pcmu(1, 4000), stream(2, "video", 1, 5000, &["H261/90000"])];
    let both = description(1, "m=audio 6000 RTP/AVP 0\nm=video 6002 RTP/AVP 31");
    session.receive_offer(both.as_bytes()).unwrap();
    session.create_answer(&streams).unwrap();
    let fewer = description(2, "m=audio 6000 RTP/AVP 0");
    let violation = session.receive_offer(fewer.as_bytes()).unwrap_err();
    assert_eq!(
        violation.kind(),
        ViolationKind::MediaRemoved {
            expected: 2,
            received: 1
        }
    );
    assert_eq!(
        (session.state(), session.streams().count()),
        (State::Stable, 2)
    );
}

#[test]
fn the_times_of_the_offer_are_those_of_the_answer() {
    let offer = description(1, "m=audio 6000 RTP/AVP 0")
        .replace("t=0 0", "t=2873397496 2873404696\r\nt=2873410000 0");
    let mut bob = session(2);
    bob.receive_offer(offer.as_bytes()).unwrap();
    let answer = bob.create_answer(&[pcmu(2, 6000)]).unwrap().to_string();
    assert!(answer.contains("t=2873397496 2873404696\r\nt=2873410000 0\r\n"));
    let mut alice = session(1);
    alice.create_offer(&[pcmu(1, 4000)]).unwrap();
    alice.receive_answer(answer.as_bytes()).unwrap();
    assert_eq!(kinds(&alice), [ViolationKind::Times]);
}

#[test]
fn an_offer_of_no_media_is_answered_with_none() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &[], &mut bob, &[pcmu(2, 6000)]);
    assert_eq!(bob.local_description().unwrap().view().media_count(), 0);
}

#[test]
fn new_media_stand_below_the_others() {
    let (mut alice, mut bob) = pair();
    let video = |last| stream(2, "video", last, 5000, &["H261/90000"]);
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &[pcmu(2, 6000)]);
    exchange(
        &mut alice,
        &[video(1), pcmu(1, 4000)],
        &mut bob,
        &[video(2), pcmu(2, 6000)],
    );
    assert_eq!(alice.streams().map(|s| s.id.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn codecs_are_listed_in_order_of_preference() {
    let (mut alice, mut bob) = pair();
    let ours = [audio(1, 4000, &["GSM/8000", "PCMA/8000", "PCMU/8000"])];
    let theirs = [audio(2, 6000, &["PCMU/8000", "GSM/8000"])];
    exchange(&mut alice, &ours, &mut bob, &theirs);
    let line = |session: &Session| {
        session
            .local_description()
            .unwrap()
            .view()
            .medium(0)
            .unwrap()
            .line()
            .unwrap()
            .value()
            .to_string()
    };
    assert_eq!(line(&alice), "audio 4000 RTP/AVP 3 8 0");
    assert_eq!(line(&bob), "audio 6000 RTP/AVP 3 0");
    assert_eq!(
        alice.stream(AUDIO).unwrap().codec().unwrap().encoding_name,
        "GSM"
    );
    assert_eq!(
        bob.stream(AUDIO).unwrap().codec().unwrap().encoding_name,
        "GSM"
    );
}

// Directions and hold (§5.1, §6.1, §8.4).

#[test]
fn directions_are_marked_and_understood() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (ours, theirs, agreed) in [
        (SendRecv, SendRecv, SendRecv),
        (SendOnly, SendRecv, SendOnly),
        (RecvOnly, SendRecv, RecvOnly),
        (Inactive, SendRecv, Inactive),
        (SendOnly, SendOnly, Inactive),
        (SendRecv, RecvOnly, SendOnly),
    ] {
        let (mut alice, mut bob) = pair();
        let (mut offered, mut answered) = (pcmu(1, 4000), pcmu(2, 6000));
        (offered.direction, answered.direction) = (ours, theirs);
        exchange(&mut alice, &[offered], &mut bob, &[answered]);
        let written = alice
            .local_description()
            .unwrap()
            .view()
            .medium(0)
            .unwrap()
            .direction();
        assert_eq!((written, direction(&alice)), (ours, agreed));
        assert_eq!(direction(&bob), agreed.reversed());
    }
}

#[test]
fn hold_and_resume_from_each_side() {
    let (mut alice, mut bob) = pair();
    let (mut ours, mut theirs) = (pcmu(1, 4000), pcmu(2, 6000));
    exchange(&mut alice, &[ours.clone()], &mut bob, &[theirs.clone()]);
    ours.on_hold = true;
    exchange(&mut alice, &[ours.clone()], &mut bob, &[theirs.clone()]);
    assert_eq!(
        (direction(&alice), direction(&bob)),
        (Direction::SendOnly, Direction::RecvOnly)
    );
    assert!(bob.stream(AUDIO).unwrap().is_held_by_peer);
    assert!(!alice.stream(AUDIO).unwrap().is_held_by_peer);
    theirs.on_hold = true;
    exchange(&mut bob, &[theirs.clone()], &mut alice, &[ours.clone()]);
    assert_eq!(
        (direction(&alice), direction(&bob)),
        (Direction::Inactive, Direction::Inactive)
    );
    ours.on_hold = false;
    exchange(&mut alice, &[ours.clone()], &mut bob, &[theirs.clone()]);
    assert_eq!(
        (direction(&alice), direction(&bob)),
        (Direction::RecvOnly, Direction::SendOnly)
    );
    theirs.on_hold = false;
    exchange(&mut bob, &[theirs], &mut alice, &[ours]);
    assert_eq!(
        (direction(&alice), direction(&bob)),
        (Direction::SendRecv, Direction::SendRecv)
    );
}

#[test]
fn a_stream_that_only_receives_is_inactive_on_hold() {
    let mut stream = pcmu(1, 4000);
    stream.direction = Direction::RecvOnly;
    stream.on_hold = true;
    let mut alice = session(1);
    let offer = alice.create_offer(&[stream]).unwrap();
    assert_eq!(
        offer.view().medium(0).unwrap().direction(),
        Direction::Inactive
    );
}

#[test]
fn an_answer_that_wants_more_than_was_offered_gets_what_was() {
    let mut alice = session(1);
    let mut stream = pcmu(1, 4000);
    stream.direction = Direction::SendOnly;
    alice.create_offer(&[stream]).unwrap();
    alice
        .receive_answer(description(1, "m=audio 6000 RTP/AVP 0\na=sendrecv").as_bytes())
        .unwrap();
    assert_eq!(kinds(&alice), [ViolationKind::Direction]);
    assert_eq!(direction(&alice), Direction::SendOnly);
}

#[test]
fn a_refused_stream_is_no_stream() {
    let mut alice = session(1);
    let video = stream(2, "video", 1, 5000, &["H261/90000"]);
    alice.create_offer(&[pcmu(1, 4000), video]).unwrap();
    let answer = description(1, "m=audio 0 RTP/AVP 19\nm=video 6002 RTP/AVP 31");
    alice.receive_answer(answer.as_bytes()).unwrap();
    assert!(alice.stream(AUDIO).is_none());
    assert_eq!(alice.streams().count(), 1);
}

// Numbers (§5.1, §6.1, §8.3.2).

#[test]
fn each_side_sends_with_the_other_s_numbers() {
    let mut alice = session(1);
    alice
        .create_offer(&[audio(1, 4000, &["97=iLBC/8000", "PCMU/8000"])])
        .unwrap();
    let answer = "m=audio 6000 RTP/AVP 0 99\na=rtpmap:99 ilbc/8000";
    alice
        .receive_answer(description(1, answer).as_bytes())
        .unwrap();
    let agreed = alice.stream(AUDIO).unwrap();
    let numbers = |formats: &[rfc3264_offer_answer::MediaFormat]| -> Vec<u8> {
        formats.iter().map(|f| f.payload_type).collect()
    };
    assert_eq!(numbers(&agreed.send), [0, 99], "in the order of the answer");
    assert_eq!(numbers(&agreed.receive), [97, 0], "in our own order");
    assert!(!agreed.send.iter().any(|format| format.payload_type == 97));
}

#[test]
fn formats_that_the_answer_adds_are_not_sent() {
    let mut alice = session(1);
    alice.create_offer(&[pcmu(1, 4000)]).unwrap();
    alice
        .receive_answer(description(1, "m=audio 6000 RTP/AVP 8 0").as_bytes())
        .unwrap();
    let agreed = alice.stream(AUDIO).unwrap();
    assert_eq!(
        agreed
            .send
            .iter()
            .map(|f| f.payload_type)
            .collect::<Vec<_>>(),
        [0]
    );
}

#[test]
fn dynamic_types_have_an_rtpmap_and_match_by_name_in_any_case() {
    let mut bob = session(2);
    let offer = "m=audio 6000 RTP/AVP 111 18\na=rtpmap:111 OPUS/48000/2\na=fmtp:111 stereo=1";
    bob.receive_offer(description(1, offer).as_bytes()).unwrap();
    let answer = bob
        .create_answer(&[audio(2, 4000, &["G729/8000 annexb=no", "opus/48000/2"])])
        .unwrap()
        .to_string();
    assert!(answer.contains("m=audio 4000 RTP/AVP 111 18\r\n"));
    assert!(answer.contains("a=rtpmap:111 opus/48000/2\r\n"));
    assert!(answer.contains("a=fmtp:18 annexb=no\r\n"));
    assert_eq!(bob.stream(AUDIO).unwrap().codec().unwrap().fmtp, "stereo=1");
}

#[test]
fn configurations_of_a_codec_match_one_by_one() {
    let video = |last, codecs: &[&str]| [stream(1, "video", last, 5000, codecs)];
    let mode_0 = "H264/90000 profile-level-id=42e01f";
    let mode_1 = "H264/90000 profile-level-id=42e01f;packetization-mode=1";
    let (mut alice, mut bob) = pair();
    exchange(
        &mut alice,
        &video(1, &[mode_0, mode_1]),
        &mut bob,
        &video(2, &[mode_1]),
    );
    let agreed = alice.stream(AUDIO).unwrap();
    assert_eq!(
        agreed
            .send
            .iter()
            .map(|f| f.payload_type)
            .collect::<Vec<_>>(),
        [97]
    );
    // The number stays with its configuration when the other one is gone.
    exchange(
        &mut alice,
        &video(1, &[mode_1]),
        &mut bob,
        &video(2, &[mode_1]),
    );
    assert_eq!(alice.stream(AUDIO).unwrap().receive[0].payload_type, 97);
}

#[test]
fn an_application_s_rule_comes_before_ours() {
    fn same(ours: &str, theirs: &str) -> Option<String> {
        (ours == theirs).then(|| ours.to_string())
    }
    let mut config = Config::new(address(2), 2);
    config.fmtp_rules.push(("iLBC".to_string(), same));
    let mut bob = Session::new(config).unwrap();
    let offer = "m=audio 6000 RTP/AVP 97 0\na=rtpmap:97 ilbc/8000\na=fmtp:97 mode=20";
    bob.receive_offer(description(1, offer).as_bytes()).unwrap();
    let answer = bob
        .create_answer(&[audio(2, 4000, &["iLBC/8000 mode=30", "PCMU/8000"])])
        .unwrap()
        .to_string();
    assert!(answer.contains("m=audio 4000 RTP/AVP 0\r\n"));
}

// Profiles and keys (RFC 4566 §5.14, RFC 4568 §5.1).

fn secured(last: u8, keys: &[&str]) -> Stream {
    let mut stream = pcmu(last, 4000);
    stream.profiles = vec![Profile::Savp];
    stream.keys = keys.iter().map(|key| Key::new(key).unwrap()).collect();
    stream
}

#[test]
fn the_answer_has_the_profile_of_the_offer() {
    let offered = [Profile::Avp, Profile::Savp, Profile::Avpf, Profile::Savpf];
    for profile in offered {
        let (mut alice, mut bob) = pair();
        let mut ours = secured(1, &[&format!("1 {SUITE} inline:a")]);
        ours.profiles = vec![profile.clone()];
        let mut theirs = secured(2, &[&format!("1 {SUITE} inline:b")]);
        theirs.profiles = vec![Profile::Savpf, Profile::Avpf, Profile::Savp, Profile::Avp];
        exchange(&mut alice, &[ours], &mut bob, &[theirs]);
        let agreed = bob.stream(AUDIO).unwrap();
        assert_eq!(agreed.profile, profile);
        assert_eq!(agreed.local_key.is_some(), profile.wants_keys());
        // A later offer of the other side keeps it.
        let mut theirs = secured(2, &[&format!("1 {SUITE} inline:b")]);
        theirs.profiles = vec![Profile::Savpf, Profile::Avpf, Profile::Savp, Profile::Avp];
        let offer = bob.create_offer(&[theirs]).unwrap();
        assert_eq!(
            offer.view().medium(0).unwrap().field().unwrap().proto,
            *profile.name()
        );
    }
}

#[test]
fn a_profile_that_we_lack_is_refused() {
    let mut bob = session(2);
    bob.receive_offer(description(1, "m=audio 6000 RTP/AVPF 0").as_bytes())
        .unwrap();
    assert_eq!(
        bob.create_answer(&[pcmu(2, 4000)]).err(),
        Some(UsageError::NothingInCommon)
    );
}

#[test]
fn the_first_suite_in_common_is_answered_with_the_tag_of_the_offer() {
    let (mut alice, mut bob) = pair();
    let ours = secured(1, &["1 F8_128 inline:a", &format!("2 {SUITE} inline:b")]);
    let theirs = secured(2, &[&format!("1 {SUITE} inline:c")]);
    exchange(&mut alice, &[ours], &mut bob, &[theirs]);
    let agreed = alice.stream(AUDIO).unwrap();
    assert_eq!(agreed.local_key, Key::new(&format!("2 {SUITE} inline:b")));
    assert_eq!(agreed.remote_key, Key::new(&format!("2 {SUITE} inline:c")));
}

#[test]
fn an_answer_needs_exactly_one_key_with_a_tag_and_suite_offered() {
    for keys in [
        "a=x",
        "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:c",
        "a=crypto:1 F8_128 inline:c",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d",
    ] {
        let mut alice = session(1);
        alice
            .create_offer(&[secured(1, &[&format!("1 {SUITE} inline:a")])])
            .unwrap();
        let answer = description(1, &format!("m=audio 6000 RTP/SAVP 0\n{keys}"));
        let violation = alice.receive_answer(answer.as_bytes()).unwrap_err();
        assert_eq!(
            (violation.kind(), violation.rule()),
            (ViolationKind::Key, "RFC 4568 §5.1.3")
        );
    }
}

#[test]
fn no_key_in_common_is_nothing_in_common() {
    let mut bob = session(2);
    let offer = "m=audio 6000 RTP/SAVP 0\na=crypto:1 F8_128 inline:a";
    bob.receive_offer(description(1, offer).as_bytes()).unwrap();
    let streams = [secured(2, &[&format!("1 {SUITE} inline:b")])];
    assert_eq!(
        bob.create_answer(&streams).err(),
        Some(UsageError::NothingInCommon)
    );
}

#[test]
fn tags_are_unique_in_our_offers() {
    let streams = [secured(
        1,
        &["1 F8_128 inline:a", &format!("1 {SUITE} inline:b")],
    )];
    assert_eq!(
        session(1).create_offer(&streams).err(),
        Some(UsageError::Key(AUDIO))
    );
}

// Packetisation, bandwidth, RTCP (§5.1, §6.1; RFC 5761).

#[test]
fn packetisation_and_bandwidth_are_what_the_other_side_receives() {
    let (mut alice, mut bob) = pair();
    let (mut ours, mut theirs) = (pcmu(1, 4000), pcmu(2, 6000));
    ours.ptime = Some(Duration::from_millis(20));
    ours.bandwidth = vec![BandwidthLimit {
        modifier: "AS".to_string(),
        figure: 80,
    }];
    theirs.ptime = Some(Duration::from_millis(30));
    theirs.maxptime = Some(Duration::from_millis(60));
    exchange(&mut alice, &[ours], &mut bob, &[theirs]);
    let (ours, theirs) = (alice.stream(AUDIO).unwrap(), bob.stream(AUDIO).unwrap());
    assert_eq!(ours.send_ptime, Some(Duration::from_millis(30)));
    assert_eq!(ours.send_maxptime, Some(Duration::from_millis(60)));
    assert_eq!(theirs.send_ptime, Some(Duration::from_millis(20)));
    assert_eq!(theirs.send_bandwidth[0].figure, 80);
    assert!(ours.send_bandwidth.is_empty());
}

#[test]
fn a_ptime_of_zero_is_noted_and_ignored() {
    let mut bob = session(2);
    let offer = "m=audio 6000 RTP/AVP 0\na=ptime:0\na=maxptime:x";
    bob.receive_offer(description(1, offer).as_bytes()).unwrap();
    assert_eq!(kinds(&bob), [ViolationKind::Ptime]);
    bob.create_answer(&[pcmu(2, 4000)]).unwrap();
    assert_eq!(bob.stream(AUDIO).unwrap().send_ptime, None);
}

#[test]
fn a_bandwidth_of_zero_silences_media_and_rtcp() {
    let mut bob = session(2);
    let offer = "m=audio 6000 RTP/AVP 0\nb=AS:0";
    bob.receive_offer(description(1, offer).as_bytes()).unwrap();
    bob.create_answer(&[pcmu(2, 4000)]).unwrap();
    let agreed = bob.stream(AUDIO).unwrap();
    assert_eq!(
        (agreed.direction, agreed.remote_rtcp.clone()),
        (Direction::RecvOnly, None)
    );
}

#[test]
fn rtcp_shares_the_port_if_both_want_it() {
    for (ours, theirs) in [(false, false), (false, true), (true, false), (true, true)] {
        let (mut alice, mut bob) = pair();
        let (mut offered, mut answered) = (pcmu(1, 4000), pcmu(2, 6000));
        (offered.rtcp_mux, answered.rtcp_mux) = (ours, theirs);
        exchange(&mut alice, &[offered], &mut bob, &[answered]);
        let agreed = alice.stream(AUDIO).unwrap();
        assert_eq!(agreed.rtcp_mux, ours && theirs);
        let port = if agreed.rtcp_mux { 6000 } else { 6001 };
        assert_eq!(agreed.remote_rtcp.as_ref().unwrap().port, port);
    }
}

#[test]
fn an_answer_with_rtcp_mux_that_was_not_offered_is_noted() {
    let mut alice = session(1);
    alice.create_offer(&[pcmu(1, 4000)]).unwrap();
    alice
        .receive_answer(description(1, "m=audio 6000 RTP/AVP 0\na=rtcp-mux").as_bytes())
        .unwrap();
    assert_eq!(kinds(&alice), [ViolationKind::RtcpMux]);
    assert_eq!(
        alice
            .stream(AUDIO)
            .unwrap()
            .remote_rtcp
            .as_ref()
            .unwrap()
            .port,
        6001
    );
}

#[test]
fn there_is_no_port_above_the_last() {
    let mut bob = session(2);
    bob.receive_offer(description(1, "m=audio 65535 RTP/AVP 0").as_bytes())
        .unwrap();
    bob.create_answer(&[pcmu(2, 4000)]).unwrap();
    assert_eq!(bob.stream(AUDIO).unwrap().remote_rtcp, None);
}

#[test]
fn rtcp_goes_on_whatever_the_direction() {
    let (mut alice, mut bob) = pair();
    let mut ours = pcmu(1, 4000);
    ours.direction = Direction::Inactive;
    exchange(&mut alice, &[ours], &mut bob, &[pcmu(2, 6000)]);
    assert!(alice.stream(AUDIO).unwrap().remote_rtcp.is_some());
}

#[test]
fn further_attributes_are_written_as_they_are() {
    let mut stream = pcmu(1, 4000);
    stream.attributes = vec!["label:7".to_string(), "x-own".to_string()];
    let offer = session(1).create_offer(&[stream]).unwrap().to_string();
    assert!(offer.contains("a=label:7\r\na=x-own\r\n"));
}

// Multicast (§5.2, §6.2).

fn group(last: u8) -> Address {
    Address::multicast(IpAddr::from([224, 2, 1, last]), 127)
}

fn multicast(last: u8) -> Stream {
    let mut stream = audio(last, 49170, &["PCMU/8000", "GSM/8000"]);
    stream.address = group(1);
    stream.accepts_multicast = true;
    stream
}

#[test]
fn a_multicast_answer_is_the_offer_less_what_we_lack() {
    let (mut alice, mut bob) = pair();
    let mut ours = multicast(1);
    ours.direction = Direction::RecvOnly;
    ours.ptime = Some(Duration::from_millis(40));
    ours.bandwidth = vec![BandwidthLimit {
        modifier: "AS".to_string(),
        figure: 64,
    }];
    let mut theirs = pcmu(2, 6000);
    theirs.accepts_multicast = true;
    theirs.ptime = Some(Duration::from_millis(20));
    exchange(&mut alice, &[ours], &mut bob, &[theirs]);
    let answer = bob.local_description().unwrap().to_string();
    for line in [
        "m=audio 49170 RTP/AVP 0",
        "c=IN IP4 224.2.1.1/127",
        "a=recvonly",
        "a=ptime:40",
        "b=AS:64",
    ] {
        assert!(answer.contains(&format!("{line}\r\n")), "{line}");
    }
    let agreed = bob.stream(AUDIO).unwrap();
    assert!(agreed.is_multicast);
    assert_eq!(
        agreed.remote.as_ref().unwrap().to_string(),
        "224.2.1.1:49170"
    );
    assert_eq!(agreed.direction, Direction::RecvOnly);
}

#[test]
fn a_unicast_offer_is_not_answered_with_multicast() {
    let mut bob = session(2);
    bob.receive_offer(description(1, "m=audio 6000 RTP/AVP 0").as_bytes())
        .unwrap();
    assert_eq!(
        bob.create_answer(&[multicast(2)]).err(),
        Some(UsageError::NothingInCommon)
    );
}

#[test]
fn a_multicast_offer_is_refused_unless_it_is_wanted() {
    let (mut alice, mut bob) = pair();
    let offer = alice.create_offer(&[multicast(1)]).unwrap().to_string();
    bob.receive_offer(offer.as_bytes()).unwrap();
    assert_eq!(
        bob.create_answer(&[pcmu(2, 6000)]).err(),
        Some(UsageError::NothingInCommon)
    );
}

#[test]
fn a_multicast_answer_with_another_address_or_port_is_refused() {
    for answer in [
        "m=audio 49170 RTP/AVP 0\nc=IN IP4 224.2.1.2/127",
        "m=audio 49172 RTP/AVP 0\nc=IN IP4 224.2.1.1/127",
        "m=audio 49170 RTP/AVP 0",
    ] {
        let mut alice = session(1);
        alice.create_offer(&[multicast(1)]).unwrap();
        let violation = alice
            .receive_answer(description(1, answer).as_bytes())
            .unwrap_err();
        assert_eq!(violation.kind(), ViolationKind::MulticastAddress);
    }
}

#[test]
fn a_multicast_answer_with_other_parameters_is_noted() {
    for lines in ["a=recvonly", "b=AS:10\na=ptime:30"] {
        let mut alice = session(1);
        let mut ours = multicast(1);
        ours.ptime = Some(Duration::from_millis(20));
        alice.create_offer(&[ours]).unwrap();
        let answer = format!("m=audio 49170 RTP/AVP 0\nc=IN IP4 224.2.1.1/127\n{lines}");
        alice
            .receive_answer(description(1, &answer).as_bytes())
            .unwrap();
        assert_eq!(kinds(&alice), [ViolationKind::MulticastParameters]);
    }
}

#[test]
fn a_multicast_answer_to_a_unicast_offer_is_refused() {
    let mut alice = session(1);
    alice.create_offer(&[pcmu(1, 4000)]).unwrap();
    let answer = description(1, "m=audio 6000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127");
    let violation = alice.receive_answer(answer.as_bytes()).unwrap_err();
    assert_eq!(violation.kind(), ViolationKind::MulticastAnswer);
}

// Where to listen (§5.1, §6.1, §8.3).

fn ports(session: &Session) -> Vec<u16> {
    session
        .listening()
        .iter()
        .map(|place| place.local.port)
        .collect()
}

#[test]
fn an_offerer_listens_at_once_and_at_the_old_place_until_media_arrive() {
    let (mut alice, mut bob) = pair();
    let offer = alice
        .create_offer(&[audio(1, 4000, &["PCMU/8000", "GSM/8000"])])
        .unwrap()
        .to_string();
    assert_eq!(ports(&alice), [4000]);
    assert_eq!(alice.listening()[0].formats.len(), 2);
    bob.receive_offer(offer.as_bytes()).unwrap();
    let answer = bob.create_answer(&[pcmu(2, 6000)]).unwrap().to_string();
    assert_eq!(ports(&bob), [6000]);
    alice.receive_answer(answer.as_bytes()).unwrap();
    assert_eq!(
        alice.listening()[0].formats.len(),
        1,
        "the codec not answered is gone"
    );

    let offer = alice.create_offer(&[pcmu(1, 4002)]).unwrap().to_string();
    assert_eq!(ports(&alice), [4000, 4002]);
    bob.receive_offer(offer.as_bytes()).unwrap();
    let answer = bob.create_answer(&[pcmu(2, 6002)]).unwrap().to_string();
    assert_eq!(ports(&bob), [6002, 6000]);
    alice.receive_answer(answer.as_bytes()).unwrap();
    assert_eq!(ports(&alice), [4002, 4000]);
    alice.media_arrived(AUDIO);
    bob.media_arrived(AUDIO);
    assert_eq!((ports(&alice), ports(&bob)), (vec![4002], vec![6002]));
}

#[test]
fn a_rejected_place_is_not_listened_at() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &[pcmu(2, 6000)]);
    alice.create_offer(&[pcmu(1, 4002)]).unwrap();
    alice.rollback().unwrap();
    assert_eq!(ports(&alice), [4000]);
}

#[test]
fn codecs_that_were_dropped_can_still_arrive() {
    let (mut alice, mut bob) = pair();
    let both = |last| [audio(last, 4000, &["PCMU/8000", "GSM/8000"])];
    exchange(&mut alice, &both(1), &mut bob, &both(2));
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &both(2));
    assert_eq!(alice.stream(AUDIO).unwrap().send.len(), 1);
    let before: Vec<usize> = alice
        .listening()
        .iter()
        .map(|place| place.formats.len())
        .collect();
    assert_eq!(before, [1, 2]);
}

#[test]
fn a_stream_that_changes_its_media_type_is_listened_for_as_both() {
    let (mut alice, mut bob) = pair();
    let fax = |last, port| {
        let mut fax = stream(1, "image", last, port, &[]);
        fax.profiles = vec![Profile::Other("udptl".to_string())];
        fax.formats = vec!["t38".to_string()];
        fax
    };
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &[pcmu(2, 6000)]);
    exchange(&mut alice, &[fax(1, 4002)], &mut bob, &[fax(2, 6000)]);
    let agreed = alice.stream(AUDIO).unwrap();
    assert_eq!((agreed.medium, agreed.media.as_str()), (0, "image"));
    assert_eq!(ports(&alice), [4002, 4000]);
    let codecs: Vec<usize> = bob
        .listening()
        .iter()
        .map(|place| place.formats.len())
        .collect();
    assert_eq!((ports(&bob), codecs), (vec![6000, 6000], vec![0, 1]));
}

#[test]
fn an_ended_stream_is_not_listened_for() {
    let (mut alice, mut bob) = pair();
    exchange(&mut alice, &[pcmu(1, 4000)], &mut bob, &[pcmu(2, 6000)]);
    exchange(&mut alice, &[pcmu(1, 4002)], &mut bob, &[pcmu(2, 6002)]);
    exchange(&mut alice, &[], &mut bob, &[pcmu(2, 6002)]);
    assert!(alice.listening().is_empty() && bob.listening().is_empty());
}

#[test]
fn two_streams_of_one_type_go_each_to_its_own() {
    let (mut alice, mut bob) = pair();
    let both = |last| {
        [
            pcmu(last, 4000),
            stream(2, "audio", last, 4002, &["98=telephone-event/8000"]),
        ]
    };
    exchange(&mut alice, &both(1), &mut bob, &both(2));
    assert_eq!(
        bob.streams()
            .map(|s| (s.medium, s.id.0))
            .collect::<Vec<_>>(),
        [(0, 1), (1, 2)]
    );
    assert_eq!(codec("98=telephone-event/8000").payload_type, Some(98));
}

#[test]
fn keys_do_not_show_in_debug_output() {
    let mut alice = session(1);
    alice
        .create_offer(&[secured(1, &[&format!("1 {SUITE} inline:c2VjcmV0")])])
        .unwrap();
    assert!(!format!("{alice:?}").contains("c2VjcmV0"));
}
