//! Two sides with random capabilities, through a hundred random offers (§8), and arbitrary descriptions.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use core::time::Duration;
use std::collections::HashMap;

use proptest::prelude::*;
use rfc3264_offer_answer::{
    Address, BandwidthLimit, Direction, Key, Profile, Session, SessionDescriptionBuf, State,
    Stream, StreamId, UsageError,
};
use rfc4566_sdp::{Parser, Rtpmap};
use support::{address, assert_mirrored, codec, strict_session};

const AUDIO: &[&str] = &[
    "PCMU/8000",
    "pcma/8000",
    "G729/8000",
    "G729/8000 annexb=no",
    "opus/48000/2 useinbandfec=1",
    "iLBC/8000 mode=30",
    "102=iLBC/8000",
    "AMR/8000 octet-align=1",
    "AMR/8000 mode-set=0,2,4",
    "100=AMR-WB/16000",
    "L16/44100/2",
    "G722/8000",
    "101=telephone-event/8000 0-15",
    "96=telephone-event/48000 0-16",
    "CN/8000",
];
const VIDEO: &[&str] = &[
    "H264/90000 profile-level-id=42e01f;packetization-mode=1",
    "H264/90000 profile-level-id=42c00d",
    "H261/90000",
    "97=VP8/90000",
    "96=H263-1998/90000",
];

/// A generator that is small and the same everywhere (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Some of them, at least one, in any order.
    fn some<T: Clone>(&mut self, from: &[T]) -> Vec<T> {
        let mut rest = from.to_vec();
        let count = 1 + self.below(rest.len());
        (0..count)
            .map(|_| rest.remove(self.below(rest.len())))
            .collect()
    }

    fn stream(&mut self, id: u32, side: u8) -> Stream {
        let media = self.pick(&["audio", "audio", "video", "image"]);
        let port = 1024 + 2 * self.below(30_000) as u16;
        let pool = if media == "audio" { AUDIO } else { VIDEO };
        let codecs = if media == "image" {
            vec![]
        } else {
            self.some(pool)
        };
        let mut stream = support::stream(id, media, side + self.below(2) as u8, port, &codecs);
        if self.one_in(8) {
            stream.address = Address::from(core::net::IpAddr::from([0, 0, 0, 0]));
        }
        stream.profiles = self.some(&[
            Profile::Avp,
            Profile::Avp,
            Profile::Savp,
            Profile::Avpf,
            Profile::Savpf,
        ]);
        if media == "image" {
            stream.profiles = vec![Profile::Other("udptl".to_string())];
            stream.formats = self.some(&["t38".to_string(), "t42".to_string()]);
        }
        let suites = self.some(&[
            "AES_CM_128_HMAC_SHA1_80",
            "AES_CM_128_HMAC_SHA1_32",
            "F8_128",
        ]);
        stream.keys = suites
            .iter()
            .zip(1..)
            .map(|(suite, tag)| Key::new(&format!("{tag} {suite} inline:{}", self.next())).unwrap())
            .collect();
        stream.direction = self.pick(&[
            Direction::SendRecv,
            Direction::SendRecv,
            Direction::SendOnly,
            Direction::RecvOnly,
            Direction::Inactive,
        ]);
        stream.on_hold = self.one_in(4);
        stream.rtcp_mux = self.one_in(2);
        stream.rtcp_port = self.one_in(3).then_some(port + 5);
        stream.ptime = self.one_in(2).then_some(Duration::from_millis(20));
        if self.one_in(4) {
            let figure = self.pick(&[0, 64]);
            stream.bandwidth = vec![BandwidthLimit {
                modifier: "AS".to_string(),
                figure,
            }];
        }
        stream
    }

    /// Changes the streams of a side a little.
    fn change(&mut self, streams: &mut Vec<Stream>, side: u8) {
        for _ in 0..self.below(3) {
            let id = 1 + self.below(5) as u32;
            let old = streams.iter().position(|stream| stream.id == StreamId(id));
            match (old, self.below(4)) {
                (Some(place), 0) => _ = streams.remove(place),
                (Some(place), 1) => streams[place].on_hold ^= true,
                (Some(place), _) => {
                    let mut stream = self.stream(id, side);
                    // A stream seldom changes its kind.
                    if stream.media == streams[place].media || self.one_in(4) {
                        core::mem::swap(&mut streams[place], &mut stream);
                    }
                }
                (None, _) => streams.insert(self.below(streams.len() + 1), self.stream(id, side)),
            }
        }
    }
}

/// One party, and what it last sent.
struct Side {
    session: Session,
    streams: Vec<Stream>,
    number: u8,
    last: Option<SessionDescriptionBuf>,
}

impl Side {
    fn new(number: u8) -> Self {
        Self {
            session: strict_session(number),
            streams: Vec::new(),
            number,
            last: None,
        }
    }

    /// The origin stays the same, and its version is raised by one exactly when anything else changed (§8).
    fn check_version(&mut self, sent: &SessionDescriptionBuf) {
        assert_eq!(sent.view().strict().err(), None, "{sent}");
        if let Some(last) = self.last.replace(sent.clone()) {
            let (this, last) = (sent.view(), last.view());
            let (origin, before) = (this.origin().unwrap(), last.origin().unwrap());
            assert!(origin.same_session(&before));
            let body = |text: &[u8]| {
                text.split(|&byte| byte == b'\n')
                    .skip(2)
                    .collect::<Vec<_>>()
                    .concat()
            };
            let changed = body(this.as_bytes()) != body(last.as_bytes());
            let step = origin.version_number().unwrap() - before.version_number().unwrap();
            assert_eq!(step, u64::from(changed));
        }
    }
}

/// The codec of each number in each place, as long as a stream is there.
type Numbers = HashMap<usize, HashMap<u8, String>>;

/// No number stands for another codec than before in its stream, whoever said it (§8.3.2).
fn check_numbers(sent: &SessionDescriptionBuf, numbers: &mut Numbers) {
    for medium in sent
        .view()
        .media()
        .filter(|medium| medium.field().unwrap().port != 0)
    {
        let known = numbers.entry(medium.ordinal()).or_default();
        for rtpmap in medium.attributes_of::<Rtpmap<'_>>().map(Result::unwrap) {
            let name = rtpmap.encoding_name.to_string().to_lowercase();
            let codec = format!("{name}/{}/{:?}", rtpmap.clock_rate, rtpmap.channels());
            let before = known.insert(rtpmap.payload_type, codec.clone());
            assert!(
                before.is_none_or(|before| before == codec),
                "{} {codec}",
                rtpmap.payload_type
            );
        }
    }
}

/// Every `m=` of the offer has its answer in place, which goes no further than the offer (§6.1).
fn check_answer(offer: &SessionDescriptionBuf, answer: &SessionDescriptionBuf) {
    assert_eq!(offer.view().media_count(), answer.view().media_count());
    for (offered, answered) in offer.view().media().zip(answer.view().media()) {
        let (offer, answer) = (offered.field().unwrap(), answered.field().unwrap());
        assert_eq!((offer.media, offer.proto), (answer.media, answer.proto));
        assert!(offer.port != 0 || answer.port == 0);
        if answer.port == 0 {
            continue;
        }
        let (theirs, ours) = (offered.direction(), answered.direction());
        assert!(!ours.sends() || theirs.receives());
        assert!(!ours.receives() || theirs.sends());
        // Numbers that are in both are in the same order (§6.1).
        let offered: Vec<u8> = offer.formats.payload_types().collect();
        let mut places = answer
            .formats
            .payload_types()
            .filter_map(|pt| offered.iter().position(|&o| o == pt));
        assert!(places.by_ref().is_sorted());
    }
}

fn negotiate(seed: u64) {
    let mut random = Random(seed);
    let (mut one, mut other) = (Side::new(10), Side::new(20));
    let mut numbers = Numbers::new();
    let mut agreed = 0;
    for _ in 0..100 {
        if random.one_in(2) {
            core::mem::swap(&mut one, &mut other);
        }
        random.change(&mut one.streams, one.number);
        random.change(&mut other.streams, other.number);
        let offer = one.session.create_offer(&one.streams).unwrap().clone();
        one.check_version(&offer);
        let agreed_before: Vec<_> = one.session.streams().cloned().collect();
        let places = one.session.streams().map(|s| s.medium).collect::<Vec<_>>();
        assert!(offer.view().media_count() >= places.last().map_or(0, |last| last + 1));
        let mut said = numbers.clone();
        said.retain(|place, _| places.contains(place));
        check_numbers(&offer, &mut said);
        assert_eq!(
            one.session.create_offer(&[]).err(),
            Some(UsageError::OfferPending)
        );
        other.session.receive_offer(offer.as_bytes()).unwrap();
        assert_eq!(other.session.state(), State::HaveRemoteOffer);

        let answer = if random.one_in(6) {
            None
        } else {
            match other.session.create_answer(&other.streams) {
                Ok(answer) => Some(answer.clone()),
                Err(UsageError::NothingInCommon) => None,
                Err(error) => panic!("{error}"),
            }
        };
        if let Some(answer) = answer {
            other.check_version(&answer);
            check_answer(&offer, &answer);
            check_numbers(&answer, &mut said);
            one.session.receive_answer(answer.as_bytes()).unwrap();
            numbers = said;
        } else {
            other.session.rollback().unwrap();
            one.session.rollback().unwrap();
            assert!(one.session.streams().eq(&agreed_before));
        }
        assert_eq!(
            (one.session.state(), other.session.state()),
            (State::Stable, State::Stable)
        );
        assert_mirrored(&one.session, &other.session);
        agreed += one.session.streams().count();
    }
    assert!(agreed > 30, "it is not all refusals");
    assert!(
        one.session.listening().len() < 600,
        "what was left behind does not pile up"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn both_sides_agree_through_a_hundred_offers(seed: u64) {
        negotiate(seed);
    }
}

/// Lines that descriptions are made of, to be put together wrongly.
const LINES: &[&str] = &[
    "v=0",
    "o=peer 7 1 IN IP4 198.51.100.7",
    "o=- 1001 1 IN ",
    "s=-",
    "t=0 0",
    "t=1 2",
    "c=IN IP4 198.51.100.7",
    "c=IN IP4 0.0.0.0",
    "c=IN IP4 224.2.1.1/127/3",
    "c=IN IP6 ff15::101/3",
    "m=audio 4000 RTP/AVP 0 8 96",
    "m=audio 0 RTP/AVP 0",
    "m=audio 4000 RTP/SAVP 0",
    "m=video 5000 RTP/AVP 96",
    "m=image 9 udptl t38",
    "m=audio 1 RTP/AVP 4294967296",
    "m=audio 1 RTP/AVP (null)",
    "m=video 49170/2 RTP/AVP 31",
    "a=rtpmap:96 H264/90000",
    "a=rtpmap:96 opus/48000/2",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:96 PCMU",
    "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1",
    "a=fmtp:96",
    "a=sendonly",
    "a=inactive",
    "a=recvonly",
    "a=ptime:0",
    "a=ptime:20",
    "b=AS:0",
    "b=TIAS:64000",
    "a=rtcp-mux",
    "a=rtcp:36273",
    "a=rtcp:0 IN IP4 0.0.0.0",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0",
    "a=crypto:x",
    "a =x",
    "",
];

proptest! {
    #[test]
    fn arbitrary_lines_never_panic_and_what_is_accepted_can_be_answered(
        rounds in prop::collection::vec((any::<bool>(), prop::collection::vec(prop::sample::select(LINES), 0..24)), 1..6),
    ) {
        let mut audio = support::audio(1, 4000, &["PCMU/8000", "opus/48000/2", "telephone-event/8000"]);
        audio.accepts_multicast = true;
        let mut video = support::stream(2, "video", 1, 5000, &["H264/90000 profile-level-id=42e01f;packetization-mode=1"]);
        video.profiles.push(Profile::Avpf);
        let streams = [audio, video];
        let mut session = support::session(1);
        for (is_offer, lines) in rounds {
            let mut text = String::from("v=0\r\no=peer 7 1 IN IP4 198.51.100.7\r\n");
            for line in lines {
                text.push_str(line);
                text.push_str("\r\n");
            }
            let before: Vec<_> = session.streams().cloned().collect();
            if is_offer {
                if session.receive_offer(text.as_bytes()).is_ok() {
                    let count = session.offered().len();
                    match session.create_answer(&streams) {
                        Ok(answer) => {
                            let mut parser = Parser::new();
                            prop_assert_eq!(parser.parse(answer.as_bytes()).unwrap().media_count(), count);
                        }
                        Err(_) => session.rollback().unwrap(),
                    }
                } else {
                    prop_assert!(session.streams().eq(&before));
                }
            } else {
                session.create_offer(&streams).unwrap();
                if session.receive_answer(text.as_bytes()).is_err() {
                    prop_assert_eq!(session.state(), State::HaveLocalOffer);
                    prop_assert!(session.streams().eq(&before));
                    session.rollback().unwrap();
                }
            }
            prop_assert_eq!(session.state(), State::Stable);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut session = support::session(1);
        let _ = session.receive_offer(&bytes);
        let mut session = support::session(1);
        session.create_offer(&[support::audio(1, 4000, &["PCMU/8000"])]).unwrap();
        let _ = session.receive_answer(&bytes);
    }
}

#[test]
fn a_codec_of_the_tests_is_what_it_says() {
    let ilbc = codec("97=iLBC/8000 mode=20");
    assert_eq!(
        (ilbc.payload_type, ilbc.fmtp.as_str()),
        (Some(97), "mode=20")
    );
    assert_eq!(address(1).to_string(), "192.0.2.1");
}
