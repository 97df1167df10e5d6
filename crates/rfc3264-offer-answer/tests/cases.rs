//! Hard cases of offers and answers, each by name: what peers do wrong, and what our forebears did.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use core::time::Duration;

use rfc3264_offer_answer::{
    Codec, Config, Direction, Profile, Session, State, StreamId, UsageError, Violation,
    ViolationKind, describe_capabilities,
};
use support::{address, audio, codec, description, exchange, session, stream, strict_session};

const AUDIO: StreamId = StreamId(1);

/// A session that offered PCMU and opus as audio, and H.261 as video.
fn offering() -> Session {
    let mut session = session(1);
    let video = stream(2, "video", 1, 5000, &["H261/90000"]);
    session
        .create_offer(&[audio(1, 4000, &["PCMU/8000", "opus/48000/2"]), video])
        .unwrap();
    session
}

/// What becomes of an answer to [`offering`].
fn answered(media: &str) -> (Session, Result<(), Violation>) {
    let mut session = offering();
    let result = session.receive_answer(description(1, media).as_bytes());
    if result.is_err() {
        assert_eq!(session.state(), State::HaveLocalOffer);
        assert_eq!(session.streams().count(), 0);
    }
    (session, result)
}

fn refusal(media: &str) -> ViolationKind {
    answered(media).1.unwrap_err().kind()
}

/// The answer to an offer of a peer.
fn answer_to(media: &str, streams: &[rfc3264_offer_answer::Stream]) -> (Session, String) {
    let mut session = session(1);
    session
        .receive_offer(description(1, media).as_bytes())
        .unwrap();
    let answer = session.create_answer(streams).unwrap().to_string();
    (session, answer)
}

fn media_lines(description: &str) -> Vec<&str> {
    description
        .lines()
        .filter(|line| line.starts_with("m="))
        .collect()
}

fn kinds(session: &Session) -> Vec<ViolationKind> {
    session.violations().iter().map(Violation::kind).collect()
}

#[test]
fn an_answer_with_fewer_media_is_refused() {
    let kind = refusal("m=audio 6000 RTP/AVP 0");
    assert_eq!(
        kind,
        ViolationKind::MediaCount {
            expected: 2,
            received: 1
        }
    );
    assert_eq!(kind.rule(), "RFC 3264 §6");
}

#[test]
fn an_answer_with_more_media_is_refused() {
    let kind = refusal("m=audio 6000 RTP/AVP 0\nm=video 0 RTP/AVP 31\nm=video 6002 RTP/AVP 31");
    assert_eq!(
        kind,
        ViolationKind::MediaCount {
            expected: 2,
            received: 3
        }
    );
}

#[test]
fn an_answer_with_media_reordered_is_refused() {
    let (_, result) = answered("m=video 6000 RTP/AVP 31\nm=audio 6002 RTP/AVP 0");
    let violation = result.unwrap_err();
    assert_eq!(
        (violation.kind(), violation.medium()),
        (ViolationKind::MediaType, Some(0))
    );
    assert_eq!(
        violation.to_string(),
        "medium 0: media type differs from the offer (RFC 3264 §6.1)"
    );
}

#[test]
fn a_port_0_offered_is_answered_with_port_0() {
    let streams = [
        audio(1, 4000, &["PCMU/8000"]),
        stream(2, "video", 1, 5000, &["H261/90000"]),
    ];
    let (session, answer) = answer_to("m=audio 0 RTP/AVP 0\nm=video 6000 RTP/AVP 31", &streams);
    assert_eq!(
        media_lines(&answer),
        ["m=audio 0 RTP/AVP 0", "m=video 5000 RTP/AVP 31"]
    );
    assert_eq!(
        session.streams().map(|s| s.id).collect::<Vec<_>>(),
        [StreamId(2)]
    );
}

#[test]
fn a_port_given_to_a_medium_offered_without_one_is_ignored() {
    let (mut alice, mut bob) = (session(1), session(2));
    let both = |last| {
        [
            audio(last, 4000, &["PCMU/8000"]),
            stream(2, "video", last, 5000, &["H261/90000"]),
        ]
    };
    exchange(&mut alice, &both(1), &mut bob, &both(2));
    alice.create_offer(&both(1)[..1]).unwrap();
    alice
        .receive_answer(
            description(1, "m=audio 6000 RTP/AVP 0\nm=video 6002 RTP/AVP 31").as_bytes(),
        )
        .unwrap();
    assert!(kinds(&alice).contains(&ViolationKind::DisabledMedium));
    assert_eq!(alice.streams().count(), 1);
}

#[test]
fn an_address_of_zeros_is_hold() {
    let (session, answer) = answer_to(
        "m=audio 6000 RTP/AVP 0\nc=IN IP4 0.0.0.0",
        &[audio(1, 4000, &["PCMU/8000"])],
    );
    let agreed = session.stream(AUDIO).unwrap();
    assert_eq!(
        (agreed.remote.clone(), agreed.remote_rtcp.clone()),
        (None, None)
    );
    assert_eq!(
        (agreed.direction, agreed.is_held_by_peer),
        (Direction::RecvOnly, true)
    );
    assert!(
        answer.contains("a=sendrecv"),
        "held SDP is not answered with held SDP"
    );
}

#[test]
fn avp_answered_with_savp_is_refused() {
    let kind = refusal(
        "m=audio 6000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\nm=video 0 RTP/AVP 31",
    );
    assert_eq!(kind, ViolationKind::Profile);
}

#[test]
fn an_answer_without_common_codec_is_refused() {
    let kind = refusal("m=audio 6000 RTP/AVP 8\nm=video 0 RTP/AVP 31");
    assert_eq!(kind, ViolationKind::NoCommonFormat);
}

#[test]
fn an_offer_without_common_codec_has_its_medium_refused() {
    let streams = [
        audio(1, 4000, &["PCMU/8000"]),
        stream(2, "video", 1, 5000, &["H261/90000"]),
    ];
    let (_, answer) = answer_to("m=audio 6000 RTP/AVP 8\nm=video 6002 RTP/AVP 31", &streams);
    assert_eq!(
        media_lines(&answer),
        ["m=audio 0 RTP/AVP 8", "m=video 5000 RTP/AVP 31"]
    );
}

#[test]
fn an_offer_with_nothing_in_common_is_rejected_as_a_whole() {
    let mut session = session(1);
    session
        .receive_offer(description(1, "m=audio 6000 RTP/AVP 8").as_bytes())
        .unwrap();
    let streams = [audio(1, 4000, &["PCMU/8000"])];
    assert_eq!(
        session.create_answer(&streams).err(),
        Some(UsageError::NothingInCommon)
    );
    assert_eq!(session.state(), State::HaveRemoteOffer);
    session.rollback().unwrap();
    assert_eq!(
        (session.state(), session.streams().count()),
        (State::Stable, 0)
    );
}

#[test]
fn payload_types_swapped_in_an_answer_count_each_in_its_direction() {
    let mut session = session(1);
    session
        .create_offer(&[audio(1, 4000, &["96=iLBC/8000", "97=speex/8000"])])
        .unwrap();
    let answer = description(
        1,
        "m=audio 6000 RTP/AVP 96 97\na=rtpmap:96 speex/8000\na=rtpmap:97 iLBC/8000",
    );
    session.receive_answer(answer.as_bytes()).unwrap();
    let agreed = session.stream(AUDIO).unwrap();
    let numbers = |formats: &[rfc3264_offer_answer::MediaFormat]| -> Vec<(u8, String)> {
        formats
            .iter()
            .map(|f| (f.payload_type, f.encoding_name.clone()))
            .collect()
    };
    assert_eq!(
        numbers(&agreed.send),
        [(96, "speex".to_string()), (97, "iLBC".to_string())]
    );
    assert_eq!(
        numbers(&agreed.receive),
        [(96, "iLBC".to_string()), (97, "speex".to_string())]
    );
}

#[test]
fn a_type_reused_for_a_new_codec_is_a_violation() {
    let first = description(1, "m=audio 6000 RTP/AVP 96\na=rtpmap:96 iLBC/8000");
    let second = description(2, "m=audio 6000 RTP/AVP 96\na=rtpmap:96 speex/8000");
    let streams = [audio(1, 4000, &["iLBC/8000", "speex/8000"])];
    for (mut session, is_strict) in [(session(1), false), (strict_session(1), true)] {
        session.receive_offer(first.as_bytes()).unwrap();
        session.create_answer(&streams).unwrap();
        let result = session.receive_offer(second.as_bytes());
        let expected = ViolationKind::PayloadTypeReused { payload_type: 96 };
        if is_strict {
            let violation = result.unwrap_err();
            assert_eq!((violation.kind(), violation.medium()), (expected, Some(0)));
            assert_eq!(violation.rule(), "RFC 3264 §8.3.2");
            continue;
        }
        assert_eq!(kinds(&session), [expected]);
        let answer = session.create_answer(&streams).unwrap().to_string();
        assert!(
            !answer.contains("a=rtpmap:96 "),
            "we do not do the same: {answer}"
        );
        assert_eq!(
            session.stream(AUDIO).unwrap().codec().unwrap().payload_type,
            96
        );
    }
}

#[test]
fn we_never_reuse_a_type_for_another_codec() {
    let (mut alice, mut bob) = (strict_session(1), strict_session(2));
    let with = |last, codec| [audio(last, 4000, &["PCMU/8000", codec])];
    exchange(
        &mut alice,
        &with(1, "96=iLBC/8000"),
        &mut bob,
        &with(2, "iLBC/8000"),
    );
    exchange(
        &mut alice,
        &with(1, "96=speex/8000"),
        &mut bob,
        &with(2, "speex/8000"),
    );
    let numbers: Vec<u8> = alice
        .stream(AUDIO)
        .unwrap()
        .send
        .iter()
        .map(|format| format.payload_type)
        .collect();
    assert_eq!(numbers, [0, 97]);
    exchange(
        &mut bob,
        &with(2, "iLBC/8000"),
        &mut alice,
        &with(1, "iLBC/8000"),
    );
    assert_eq!(
        alice
            .stream(AUDIO)
            .unwrap()
            .send
            .last()
            .unwrap()
            .payload_type,
        96
    );
}

#[test]
fn an_unchanged_origin_with_a_changed_body_is_a_violation() {
    let streams = [audio(1, 4000, &["PCMU/8000"])];
    let first = description(1, "m=audio 6000 RTP/AVP 0");
    let second = description(1, "m=audio 6002 RTP/AVP 0");
    let mut lenient = session(1);
    lenient.receive_offer(first.as_bytes()).unwrap();
    lenient.create_answer(&streams).unwrap();
    lenient.receive_offer(second.as_bytes()).unwrap();
    assert_eq!(kinds(&lenient), [ViolationKind::VersionUnchanged]);
    lenient.create_answer(&streams).unwrap();
    assert_eq!(
        lenient.stream(AUDIO).unwrap().remote.as_ref().unwrap().port,
        6002
    );

    let mut strict = strict_session(1);
    strict.receive_offer(first.as_bytes()).unwrap();
    strict.create_answer(&streams).unwrap();
    let violation = strict.receive_offer(second.as_bytes()).unwrap_err();
    assert_eq!(
        violation.to_string(),
        "description changed but not its version (RFC 3264 §8)"
    );
    assert_eq!(
        strict.stream(AUDIO).unwrap().remote.as_ref().unwrap().port,
        6000
    );
}

#[test]
fn telephone_events_at_8000_and_48000_go_with_the_codecs_of_their_clock() {
    let offered = audio(1, 4000, &["opus/48000/2", "PCMU/8000"]).with_telephone_events("0-16");
    let (mut alice, mut bob) = (session(1), session(2));
    let only = |codec| {
        audio(
            2,
            6000,
            &[codec, "telephone-event/8000", "telephone-event/48000"],
        )
    };
    exchange(
        &mut alice,
        core::slice::from_ref(&offered),
        &mut bob,
        &[only("opus/48000/2")],
    );
    let agreed = bob.stream(AUDIO).unwrap();
    assert!(agreed.telephone_event(8000).is_none());
    assert_eq!(agreed.telephone_event(48000).unwrap().fmtp, "0-16");
    exchange(&mut alice, &[offered], &mut bob, &[only("PCMU/8000")]);
    let agreed = bob.stream(AUDIO).unwrap();
    assert!(agreed.telephone_event(48000).is_none());
    assert!(agreed.telephone_event(8000).is_some());
}

#[test]
fn events_alone_in_common_are_no_call() {
    let offer = "m=audio 6000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000";
    let mut session = session(1);
    session
        .receive_offer(description(1, offer).as_bytes())
        .unwrap();
    let streams = [audio(1, 4000, &["PCMU/8000", "telephone-event/8000"])];
    assert_eq!(
        session.create_answer(&streams).err(),
        Some(UsageError::NothingInCommon)
    );
}

// What the lineage did.

#[test]
fn two_unnamed_static_types_do_not_match() {
    let mut session = session(1);
    session
        .receive_offer(description(1, "m=audio 6000 RTP/AVP 3").as_bytes())
        .unwrap();
    let streams = [audio(1, 4000, &["PCMU/8000", "PCMA/8000"])];
    assert_eq!(
        session.create_answer(&streams).err(),
        Some(UsageError::NothingInCommon)
    );
}

#[test]
fn an_offer_of_port_0_alone_gets_no_live_port() {
    let (session, answer) = answer_to("m=audio 0 RTP/AVP 0", &[audio(1, 4000, &["PCMU/8000"])]);
    assert_eq!(media_lines(&answer), ["m=audio 0 RTP/AVP 0"]);
    assert_eq!(session.streams().count(), 0);
}

#[test]
fn savp_is_not_answered_with_avp() {
    let offer = "m=audio 6000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x";
    let mut session = session(1);
    session
        .receive_offer(description(1, offer).as_bytes())
        .unwrap();
    let streams = [audio(1, 4000, &["PCMU/8000"])];
    assert_eq!(
        session.create_answer(&streams).err(),
        Some(UsageError::NothingInCommon)
    );
}

#[test]
fn the_direction_offered_is_not_ignored() {
    for (offered, answered) in [
        ("sendonly", "recvonly"),
        ("recvonly", "sendonly"),
        ("inactive", "inactive"),
    ] {
        let offer = format!("m=audio 6000 RTP/AVP 0\na={offered}");
        let (session, answer) = answer_to(&offer, &[audio(1, 4000, &["PCMU/8000"])]);
        assert!(answer.ends_with(&format!("a={answered}\r\n")), "{answer}");
        assert_eq!(session.stream(AUDIO).unwrap().direction.name(), answered);
    }
}

#[test]
fn a_direction_of_the_session_counts_for_its_media() {
    let text = description(1, "m=audio 6000 RTP/AVP 0").replace("t=0 0", "t=0 0\r\na=sendonly");
    let mut session = session(1);
    session.receive_offer(text.as_bytes()).unwrap();
    let answer = session
        .create_answer(&[audio(1, 4000, &["PCMU/8000"])])
        .unwrap()
        .to_string();
    assert!(answer.contains("a=recvonly"));
}

#[test]
fn removing_a_stream_keeps_its_line_and_a_new_one_reuses_it() {
    let (mut alice, mut bob) = (strict_session(1), strict_session(2));
    let pair = |last, video| {
        [
            audio(last, 4000, &["PCMU/8000"]),
            stream(video, "video", last, 5000, &["H261/90000"]),
        ]
    };
    exchange(&mut alice, &pair(1, 2), &mut bob, &pair(2, 2));
    exchange(&mut alice, &pair(1, 2)[..1], &mut bob, &pair(2, 2));
    let ended = alice.local_description().unwrap().to_string();
    assert_eq!(
        media_lines(&ended),
        ["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"]
    );
    exchange(&mut alice, &pair(1, 7), &mut bob, &pair(2, 9));
    let again = alice.local_description().unwrap().to_string();
    assert_eq!(
        media_lines(&again),
        ["m=audio 4000 RTP/AVP 0", "m=video 5000 RTP/AVP 31"]
    );
    assert_eq!(alice.stream(StreamId(7)).unwrap().medium, 1);
    assert_eq!(bob.stream(StreamId(9)).unwrap().medium, 1);
}

// Descriptions that are broken otherwise.

#[test]
fn what_is_no_description_is_refused() {
    for text in ["", "hello", "v=1\r\n", "s=-\r\nv=0\r\n"] {
        let violation = session(1).receive_offer(text.as_bytes()).unwrap_err();
        assert!(
            matches!(violation.kind(), ViolationKind::Unreadable(_)),
            "{text:?} {violation}"
        );
    }
    let two = description(1, "m=audio 6000 RTP/AVP 0").repeat(2);
    let violation = session(1).receive_offer(two.as_bytes()).unwrap_err();
    assert_eq!(violation.kind(), ViolationKind::SeveralDescriptions);
}

#[test]
fn media_lines_that_cannot_be_read_are_refused_with_their_place() {
    for line in [
        "m=audio 65536 RTP/AVP 0",
        "m=audio -1 RTP/AVP 0",
        "m=audio 6000 RTP/AVP",
    ] {
        let offer = description(1, &format!("m=audio 6000 RTP/AVP 0\n{line}"));
        let violation = session(1).receive_offer(offer.as_bytes()).unwrap_err();
        assert_eq!(violation.medium(), Some(1), "{violation}");
    }
}

#[test]
fn a_live_medium_without_an_address_is_refused() {
    let offer = description(1, "m=audio 6000 RTP/AVP 0").replace("c=IN IP4 198.51.100.7\r\n", "");
    let violation = session(1).receive_offer(offer.as_bytes()).unwrap_err();
    assert_eq!(
        (violation.kind(), violation.medium()),
        (ViolationKind::NoConnection, Some(0))
    );
    let dead = offer.replace("6000", "0");
    session(1).receive_offer(dead.as_bytes()).unwrap();
}

#[test]
fn formats_that_are_no_payload_types_are_passed_over() {
    for format in ["4294967296", "(null)", "128", "96"] {
        let offer = format!("m=audio 6000 RTP/AVP {format} 0\nm=audio 6002 RTP/AVP {format}");
        let (_, answer) = answer_to(&offer, &[audio(1, 4000, &["PCMU/8000"])]);
        assert_eq!(
            media_lines(&answer),
            [
                "m=audio 4000 RTP/AVP 0".to_string(),
                format!("m=audio 0 RTP/AVP {format}")
            ]
        );
    }
}

#[test]
fn a_format_listed_twice_is_answered_once() {
    let offer = "m=audio 6000 RTP/AVP 0 0 96 96\na=rtpmap:96 iLBC/8000\na=rtpmap:96 speex/8000";
    let (_, answer) = answer_to(
        offer,
        &[audio(1, 4000, &["iLBC/8000", "PCMU/8000", "speex/8000"])],
    );
    assert_eq!(media_lines(&answer), ["m=audio 4000 RTP/AVP 0 96"]);
    assert!(
        answer.contains("a=rtpmap:96 iLBC/8000"),
        "the first rtpmap counts"
    );
}

#[test]
fn a_hundred_thousand_media_are_refused() {
    let offer = description(1, &"m=audio 6000 RTP/AVP 0\n".repeat(100_000));
    assert!(session(1).receive_offer(offer.as_bytes()).is_err());
    let offer = description(1, &"m=audio 6000 RTP/AVP 0\n".repeat(33));
    let violation = session(1).receive_offer(offer.as_bytes()).unwrap_err();
    assert_eq!(
        violation.kind(),
        ViolationKind::TooManyMedia { received: 33 }
    );
}

#[test]
fn control_characters_in_lines_that_an_answer_repeats_are_refused() {
    for line in [
        "m=audio 6000 RTP/AVP \r0",
        "m=au\0dio 0 RTP/AVP 0",
        "m=x 0 y\r z",
    ] {
        let violation = session(1)
            .receive_offer(
                description(1, "")
                    .replace("t=0 0\r\n", &format!("t=0 0\r\n{line}\r\n"))
                    .as_bytes(),
            )
            .unwrap_err();
        assert_eq!(
            (violation.kind(), violation.rule()),
            (ViolationKind::ControlCharacter, "RFC 4566 §9")
        );
    }
    let offer = "m=audio 6000 RTP/AVP 96 0\na=rtpmap:96 x\u{1}y/8000\nm=audio 6002 RTP/AVP 96\na=rtpmap:96 x\u{1}y/8000";
    let (_, answer) = answer_to(offer, &[audio(1, 4000, &["PCMU/8000"])]);
    assert!(!answer.contains('\u{1}'));
}

#[test]
fn times_that_cannot_be_read_are_not_repeated() {
    for times in ["t=", "t=x", "t=0", "x=y"] {
        let offer = description(1, "m=audio 6000 RTP/AVP 0").replace("t=0 0", times);
        let mut session = session(1);
        session.receive_offer(offer.as_bytes()).unwrap();
        let answer = session
            .create_answer(&[audio(1, 4000, &["PCMU/8000"])])
            .unwrap();
        assert_eq!(answer.view().strict().err(), None);
        assert!(answer.to_string().contains("\r\nt=0 0\r\n"));
    }
}

#[test]
fn an_origin_without_an_address_is_noted() {
    for origin in ["o=- 1001 1 IN ", "x=y"] {
        let offer = description(1, "m=audio 6000 RTP/AVP 0")
            .replace("o=peer 7 1 IN IP4 198.51.100.7", origin);
        let mut session = session(1);
        session.receive_offer(offer.as_bytes()).unwrap();
        assert_eq!(kinds(&session), [ViolationKind::Origin]);
        session
            .create_answer(&[audio(1, 4000, &["PCMU/8000"])])
            .unwrap();
    }
}

#[test]
fn an_address_type_of_its_own_does_not_hide_an_ip_address() {
    let offer = description(1, "m=audio 6000 RTP/AVP 0").replace("c=IN IP4", "c=IN IPV4");
    let mut session = session(1);
    session.receive_offer(offer.as_bytes()).unwrap();
    session
        .create_answer(&[audio(1, 4000, &["PCMU/8000"])])
        .unwrap();
    let agreed = session.stream(AUDIO).unwrap();
    assert_eq!(
        agreed.remote.as_ref().unwrap().to_string(),
        "198.51.100.7:6000"
    );
}

#[test]
fn a_session_id_of_more_than_63_bits_is_noted() {
    let offer =
        description(1, "m=audio 6000 RTP/AVP 0").replace("peer 7", "peer 19599440071187478912");
    let mut session = session(1);
    session.receive_offer(offer.as_bytes()).unwrap();
    assert_eq!(kinds(&session), [ViolationKind::OriginNumber]);
}

#[test]
fn an_rtcp_port_that_is_not_the_next_one_is_used() {
    let offer = "m=audio 6000 RTP/AVP 0\na=rtcp:36273";
    let (session, _) = answer_to(offer, &[audio(1, 4000, &["PCMU/8000"])]);
    let agreed = session.stream(AUDIO).unwrap();
    assert_eq!(
        agreed.remote_rtcp.as_ref().unwrap().to_string(),
        "198.51.100.7:36273"
    );
    let offer = "m=audio 6000 RTP/AVP 0\na=rtcp:53020 IN IP6 2001:db8::1";
    let (session, _) = answer_to(offer, &[audio(1, 4000, &["PCMU/8000"])]);
    let agreed = session.stream(AUDIO).unwrap();
    assert_eq!(
        agreed.remote_rtcp.as_ref().unwrap().to_string(),
        "[2001:db8::1]:53020"
    );
}

#[test]
fn fax_takes_the_place_of_audio() {
    let mut fax = stream(2, "image", 1, 4000, &[]);
    fax.profiles = vec![Profile::Other("udptl".to_string())];
    fax.formats = vec!["t38".to_string()];
    let streams = [audio(1, 4000, &["PCMU/8000"]), fax];
    let mut session = session(1);
    session
        .receive_offer(description(1, "m=audio 6000 RTP/AVP 0").as_bytes())
        .unwrap();
    session.create_answer(&streams).unwrap();
    session
        .receive_offer(description(2, "m=image 9 udptl t38").as_bytes())
        .unwrap();
    let answer = session.create_answer(&streams).unwrap().to_string();
    assert_eq!(media_lines(&answer), ["m=image 4000 udptl t38"]);
    let agreed = session.stream(StreamId(2)).unwrap();
    assert_eq!(
        (agreed.medium, agreed.formats.as_slice()),
        (0, ["t38".to_string()].as_slice())
    );
    assert!(agreed.remote_rtcp.is_none());
}

#[test]
fn values_that_no_description_may_have_are_our_mistakes() {
    let mut session = session(1);
    let with = |change: fn(&mut rfc3264_offer_answer::Stream)| {
        let mut stream = audio(1, 4000, &["PCMU/8000"]);
        change(&mut stream);
        stream
    };
    for (stream, expected) in [
        (with(|s| s.codecs.clear()), UsageError::NoFormat(AUDIO)),
        (with(|s| s.port = 0), UsageError::NoFormat(AUDIO)),
        (with(|s| s.profiles.clear()), UsageError::NoFormat(AUDIO)),
        (
            with(|s| s.ptime = Some(Duration::ZERO)),
            UsageError::ZeroPtime(AUDIO),
        ),
        (
            with(|s| s.profiles = vec![Profile::Savp]),
            UsageError::Key(AUDIO),
        ),
    ] {
        assert_eq!(session.create_offer(&[stream]).err(), Some(expected));
        assert_eq!(session.state(), State::Stable);
    }
    let twice = [
        audio(1, 4000, &["PCMU/8000"]),
        audio(1, 4002, &["PCMU/8000"]),
    ];
    assert_eq!(
        session.create_offer(&twice).err(),
        Some(UsageError::StreamTwice(AUDIO))
    );
    let mut hostile = audio(1, 4000, &[]);
    hostile.codecs = vec![Codec::new("x/8000\r\na=y", 8000)];
    assert!(matches!(
        session.create_offer(&[hostile]).err(),
        Some(UsageError::Write(_))
    ));
    assert!(session.local_description().is_none());
}

#[test]
fn numbers_of_the_origin_beyond_their_limits_are_our_mistakes() {
    let with = |id, version| {
        let mut config = Config::new(address(1), id);
        config.version = version;
        Session::new(config).err()
    };
    assert_eq!(with(1 << 63, 0), Some(UsageError::OriginNumber));
    assert_eq!(with(1, (1 << 62) - 1), Some(UsageError::OriginNumber));
    assert_eq!(with((1 << 63) - 1, (1 << 62) - 2), None);
}

#[test]
fn capabilities_have_ports_of_0_and_every_codec() {
    let config = Config::new(address(1), 5);
    let mut keyed = stream(2, "video", 1, 5000, &["H261/90000", "VP8/90000"]);
    keyed.direction = Direction::SendOnly;
    let streams = [
        audio(1, 4000, &["PCMU/8000", "opus/48000/2 stereo=1"]),
        keyed,
    ];
    let described = describe_capabilities(&config, &streams).unwrap();
    assert_eq!(described.view().strict().err(), None);
    let text = described.to_string();
    assert_eq!(
        media_lines(&text),
        ["m=audio 0 RTP/AVP 0 96", "m=video 0 RTP/AVP 31 96"]
    );
    assert!(text.contains("t=0 0\r\n") && text.contains("a=rtpmap:96 opus/48000/2\r\n"));
    assert!(text.contains("a=rtpmap:96 VP8/90000\r\n"));
    assert_eq!(codec("VP8/90000").channels, 1);
}
