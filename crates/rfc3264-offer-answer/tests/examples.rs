//! The exchanges of RFC 3264 §10 and RFC 4317 as scripts: each side makes its own messages, and hears the RFC's.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashMap;

use rfc3264_offer_answer::{
    Address, Codec, Config, Direction, Session, Stream, StreamId, ViolationKind,
};
use rfc4566_sdp::{MediaDescription, Parser, Rtpmap, SessionDescription};

const RFC_3264: &str = include_str!("vectors/rfc3264_10.txt");
const RFC_4317: &str = include_str!("vectors/rfc4317.txt");

struct Message<'a> {
    who: &'a str,
    is_offer: bool,
    text: String,
}

/// The examples of a file by name.
fn examples(file: &str) -> Vec<(&str, Vec<Message<'_>>)> {
    let mut examples: Vec<(&str, Vec<Message<'_>>)> = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("## ") {
            examples.push((name, Vec::new()));
        } else if let Some((_, messages)) = examples.last_mut() {
            if let Some(head) = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                let (who, what) = head.split_once(' ').unwrap();
                messages.push(Message {
                    who,
                    is_offer: what == "offers",
                    text: String::new(),
                });
            } else {
                let text = &mut messages.last_mut().unwrap().text;
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
    }
    examples
}

/// The streams that the writer of a message must have had: one for each live medium, named by its place.
fn streams_behind(description: &SessionDescription<'_>) -> Vec<Stream> {
    let live = description
        .media()
        .filter(|medium| medium.field().unwrap().port != 0);
    live.map(|medium| {
        let field = medium.field().unwrap();
        let connection = medium.connection().unwrap().unwrap();
        let address = Address::name(connection.address.as_str().unwrap(), false);
        let id = StreamId(medium.ordinal() as u32);
        let mut stream = Stream::new(id, field.media.as_str().unwrap(), address, field.port);
        stream.direction = medium.direction();
        stream.codecs = field
            .formats
            .payload_types()
            .map(|pt| codec_of(&medium, pt))
            .collect();
        stream
    })
    .collect()
}

fn codec_of(medium: &MediaDescription<'_>, payload_type: u8) -> Codec {
    let rtpmap = medium.rtpmap(payload_type).unwrap().unwrap();
    Codec::new(rtpmap.encoding_name.as_str().unwrap(), rtpmap.clock_rate)
        .with_payload_type(payload_type)
}

/// What counts in a description, readably.
fn essence(description: &SessionDescription<'_>) -> Vec<String> {
    let mut lines = vec![format!("o={}", description.origin().unwrap())];
    lines.extend(description.times().map(|time| format!("{:?}", time.time())));
    for medium in description.media() {
        let field = medium.field().unwrap();
        lines.push(format!("m={field}"));
        if field.port != 0 {
            lines.push(format!("c={}", medium.connection().unwrap().unwrap()));
            lines.push(format!("a={}", medium.direction()));
            let rtpmaps = medium.attributes_of::<Rtpmap<'_>>().map(Result::unwrap);
            lines.extend(rtpmaps.map(|rtpmap| {
                format!(
                    "{} {}/{}",
                    rtpmap.payload_type, rtpmap.encoding_name, rtpmap.clock_rate
                )
            }));
        }
    }
    lines
}

fn new_session(message: &Message<'_>, description: &SessionDescription<'_>) -> Session {
    let origin = description.origin().unwrap();
    let address = Address::name(origin.unicast_address.as_str().unwrap(), false);
    let id = origin.sess_id.as_str().unwrap().parse().unwrap();
    let mut config = Config::new(address, id);
    config.username = message.who.to_string();
    config.version = origin.version_number().unwrap();
    Session::new(config).unwrap()
}

/// Runs an example. `departures` are the lines that our message of a number has instead of the RFC's, empty for none.
/// In the messages that have them, the RFC may break its own rules.
fn run(messages: &[Message<'_>], departures: &[(usize, &str, &str)]) -> HashMap<String, Session> {
    let mut sessions: HashMap<String, Session> = HashMap::new();
    for (number, message) in messages.iter().enumerate() {
        let mut parser = Parser::new();
        let theirs = parser.parse(message.text.as_bytes()).unwrap();
        let session = sessions
            .entry(message.who.to_string())
            .or_insert_with(|| new_session(message, &theirs));
        let streams = streams_behind(&theirs);
        let ours = if message.is_offer {
            session.create_offer(&streams).unwrap()
        } else {
            session.create_answer(&streams).unwrap()
        };
        let expected: Vec<String> = essence(&theirs)
            .into_iter()
            .map(|line| {
                let mut departures = departures.iter();
                let departure = departures.find(|(n, rfc, _)| *n == number && *rfc == line);
                departure.map_or(line, |(_, _, ours)| (*ours).to_string())
            })
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(essence(&ours.view()), expected, "message {number}");
        assert_eq!(ours.view().strict().err(), None);
        for (_, other) in sessions.iter_mut().filter(|(who, _)| *who != message.who) {
            let text = message.text.as_bytes();
            let received = if message.is_offer {
                other.receive_offer(text)
            } else {
                other.receive_answer(text)
            };
            received.unwrap();
            if !departures
                .iter()
                .any(|(departing, ..)| *departing == number)
            {
                assert_eq!(other.violations(), [], "message {number}");
            }
        }
        if number == 0 {
            // The other side appears with its first message, and then has heard this one.
            let next = messages.get(1).unwrap();
            let mut parser = Parser::new();
            let mut other = new_session(next, &parser.parse(next.text.as_bytes()).unwrap());
            other.receive_offer(message.text.as_bytes()).unwrap();
            sessions.insert(next.who.to_string(), other);
        }
    }
    sessions
}

fn run_named(file: &str, section: &str, departures: &[(usize, &str, &str)]) -> [Session; 2] {
    let examples = examples(file);
    let mut found = examples
        .iter()
        .filter(|(name, _)| name.contains(&format!("§{section} ")));
    let (_, messages) = found.next().unwrap();
    let mut sessions = run(messages, departures);
    [
        sessions.remove("alice").unwrap(),
        sessions.remove("bob").unwrap(),
    ]
}

/// `medium: direction, what is sent, what is received, to where`, for every stream.
fn plan(session: &Session) -> Vec<String> {
    let formats = |formats: &[rfc3264_offer_answer::MediaFormat]| {
        let formats = formats.iter();
        let names = formats.map(|f| format!("{}={}", f.payload_type, f.encoding_name));
        names.collect::<Vec<_>>().join(" ")
    };
    let streams = session.streams();
    streams
        .map(|s| {
            let to = s
                .remote
                .as_ref()
                .map_or("nowhere".to_string(), ToString::to_string);
            let (send, receive) = (formats(&s.send), formats(&s.receive));
            format!("{}: {} {send} | {receive} to {to}", s.medium, s.direction)
        })
        .collect()
}

#[test]
fn rfc3264_10_1_basic_exchange() {
    let [alice, bob] = run_named(RFC_3264, "10.1", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        [
            "0: sendrecv 0=PCMU | 0=PCMU to host.example.com:65422",
            "2: sendrecv 32=MPV | 32=MPV to host.example.com:53000",
            "3: sendonly 110=telephone-events | 110=telephone-events to host.example.com:51434",
        ]
    );
}

#[test]
fn rfc3264_10_2_one_of_n_codec_selection() {
    let [alice, bob] = run_named(RFC_3264, "10.2", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        ["0: sendrecv 4=G723 | 4=G723 to host.example.com:54344"]
    );
}

#[test]
fn rfc4317_2_1_audio_and_video_1() {
    let [alice, bob] = run_named(RFC_4317, "2.1", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        [
            "0: sendrecv 0=PCMU | 0=PCMU to host.biloxi.example.com:49174",
            "1: sendrecv 32=MPV | 32=MPV to host.biloxi.example.com:49170",
        ]
    );
}

#[test]
fn rfc4317_2_2_audio_and_video_2() {
    let [alice, bob] = run_named(RFC_4317, "2.2", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&bob),
        ["0: sendrecv 0=PCMU | 0=PCMU to host.atlanta.example.com:51372"]
    );
}

/// The RFC's answer renumbers the codec, which is allowed; ours keeps the number, which is recommended. Whoever
/// hears the RFC's sends with its number and receives with the one offered.
#[test]
fn rfc4317_2_3_audio_and_video_3_with_another_number() {
    let [alice, _] = run_named(
        RFC_4317,
        "2.3",
        &[
            (1, "m=audio 49172 RTP/AVP 99", "m=audio 49172 RTP/AVP 97"),
            (1, "99 iLBC/8000", "97 iLBC/8000"),
        ],
    );
    assert_eq!(
        plan(&alice),
        [
            "0: sendrecv 99=iLBC | 97=iLBC to host.biloxi.example.com:49172",
            "1: sendrecv 31=H261 | 31=H261 to host.biloxi.example.com:51374",
        ]
    );
}

#[test]
fn rfc4317_2_4_two_audio_streams() {
    let [alice, bob] = run_named(RFC_4317, "2.4", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&bob),
        [
            "0: sendrecv 97=iLBC | 97=iLBC to host.atlanta.example.com:49170",
            "1: recvonly 98=telephone-event | 98=telephone-event to host.atlanta.example.com:49172",
        ]
    );
}

#[test]
fn rfc4317_2_5_audio_and_video_4() {
    let [alice, bob] = run_named(RFC_4317, "2.5", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        [
            "0: sendrecv 97=iLBC | 97=iLBC to newhost.biloxi.example.com:49178",
            "1: sendrecv 31=H261 | 31=H261 to newhost.biloxi.example.com:49188",
        ]
    );
}

#[test]
fn rfc4317_2_6_audio_only_1() {
    let [alice, bob] = run_named(RFC_4317, "2.6", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        [
            "1: sendrecv 97=iLBC 101=telephone-event | 97=iLBC 101=telephone-event to host.biloxi.example.com:49170"
        ]
    );
}

#[test]
fn rfc4317_2_7_audio_and_video_5() {
    let [alice, bob] = run_named(RFC_4317, "2.7", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice).last().unwrap(),
        "1: sendrecv 31=H261 32=MPV | 31=H261 32=MPV to host.biloxi.example.com:51374"
    );
}

#[test]
fn rfc4317_2_8_audio_and_video_6() {
    let [alice, bob] = run_named(RFC_4317, "2.8", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice).last().unwrap(),
        "1: sendrecv 32=MPV | 32=MPV to otherhost.biloxi.example.com:49172"
    );
}

#[test]
fn rfc4317_3_1_hold_and_unhold_1() {
    let messages = examples(RFC_4317);
    let (_, messages) = messages
        .iter()
        .find(|(name, _)| name.contains("§3.1 "))
        .unwrap();
    let held = run(&messages[..2], &[]);
    let alice = held.get("alice").unwrap();
    assert_eq!(
        plan(alice),
        ["0: recvonly 97=iLBC | 97=iLBC to placeholder.biloxi.example.com:49172"]
    );
    assert!(alice.streams().next().unwrap().is_held_by_peer);
    let [alice, bob] = run_named(RFC_4317, "3.1", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&bob),
        ["0: sendrecv 97=iLBC | 97=iLBC to host.atlanta.example.com:49178"]
    );
}

/// The RFC answers a sendonly stream with sendrecv, against RFC 3264 §6.1, and adds a codec that was not offered. Ours
/// does neither, and takes the former for what it can only mean.
#[test]
fn rfc4317_3_2_hold_with_two_streams() {
    let [alice, bob] = run_named(
        RFC_4317,
        "3.2",
        &[
            (3, "m=audio 49170 RTP/AVP 0 97", "m=audio 49170 RTP/AVP 97"),
            (3, "a=sendrecv", "a=recvonly"),
            (3, "0 PCMU/8000", ""),
        ],
    );
    let kinds: Vec<_> = bob
        .violations()
        .iter()
        .map(|v| (v.medium(), v.kind()))
        .collect();
    assert_eq!(kinds, [(Some(0), ViolationKind::Direction)]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        [
            "0: recvonly 97=iLBC | 97=iLBC to host.biloxi.example.com:49172",
            "1: sendonly 98=telephone-event | 98=telephone-event to host.biloxi.example.com:49174",
        ]
    );
}

#[test]
fn rfc4317_4_1_second_audio_stream_added() {
    let [alice, bob] = run_named(RFC_4317, "4.1", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice).last().unwrap(),
        "1: sendonly 98=telephone-event | 98=telephone-event to mediaserver.biloxi.example.com:48282"
    );
}

#[test]
fn rfc4317_4_2_audio_then_video_added() {
    let [alice, bob] = run_named(RFC_4317, "4.2", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(alice.streams().count(), 2);
}

#[test]
fn rfc4317_4_3_audio_and_video_then_video_deleted() {
    let [alice, bob] = run_named(RFC_4317, "4.3", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&bob),
        ["0: sendrecv 97=iLBC | 97=iLBC to host.atlanta.example.com:49170"]
    );
}

#[test]
fn rfc4317_5_1_no_media_then_audio_added() {
    let [alice, bob] = run_named(RFC_4317, "5.1", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&bob),
        ["0: sendrecv 97=iLBC | 97=iLBC to host.atlanta.example.com:49170"]
    );
}

#[test]
fn rfc4317_5_2_hold_and_unhold_2_by_an_address_of_zeros() {
    let messages = examples(RFC_4317);
    let (_, messages) = messages
        .iter()
        .find(|(name, _)| name.contains("§5.2 "))
        .unwrap();
    let held = run(&messages[..2], &[]);
    let bob = held.get("bob").unwrap();
    assert_eq!(plan(bob), ["0: recvonly 97=iLBC | 97=iLBC to nowhere"]);
    assert_eq!(bob.streams().next().unwrap().remote_rtcp, None);
    let [alice, bob] = run_named(RFC_4317, "5.2", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(bob.streams().next().unwrap().direction, Direction::SendRecv);
}

#[test]
fn rfc4317_5_3_hold_and_unhold_3_by_an_address_of_zeros() {
    let [alice, bob] = run_named(RFC_4317, "5.3", &[]);
    support::assert_mirrored(&alice, &bob);
    assert_eq!(
        plan(&alice),
        ["0: sendrecv 97=iLBC | 97=iLBC to host.biloxi.example.com:49172"]
    );
}

#[test]
fn every_example_has_a_test() {
    let sections = |file| -> Vec<String> {
        let names = examples(file).into_iter().map(|(name, _)| name.to_string());
        names
            .map(|name| name.split(['§', ' ']).nth(3).unwrap().replace('.', "_"))
            .collect()
    };
    let this = include_str!("examples.rs");
    for (rfc, file) in [("rfc3264", RFC_3264), ("rfc4317", RFC_4317)] {
        for section in sections(file) {
            assert!(
                this.contains(&format!("fn {rfc}_{section}_")),
                "{rfc} {section}"
            );
        }
    }
}
