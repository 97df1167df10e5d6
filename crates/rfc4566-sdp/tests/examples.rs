//! The examples of RFC 4566, RFC 8866 and the documents about single attributes.

use core::time::Duration;
use std::path::Path;

use rfc4566_sdp::{
    Bandwidth, BandwidthType, Contact, Crypto, Direction, Fmtp, Key, MediaField, Parser, Rtcp,
    Rtpmap, SessionDescriptionBuf, Text, Time, TimeUnit,
};

fn read(text: &[u8]) -> SessionDescriptionBuf {
    let description = SessionDescriptionBuf::parse(text).expect("an example of an RFC");
    assert_eq!(description.as_bytes(), text);
    description
}

/// A session with these lines behind its o= and s=.
fn session(lines: &str) -> SessionDescriptionBuf {
    read(format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n{lines}").as_bytes())
}

#[test]
fn rfc4566_section_5_seminar() {
    let description = read(include_bytes!("vectors/rfc4566_5_seminar.sdp"));
    let seminar = description.view();
    assert_eq!(seminar.defects().count(), 0);
    let origin = seminar.origin().unwrap();
    assert_eq!(
        (origin.username, origin.sess_id),
        ("jdoe".into(), "2890844526".into())
    );
    assert_eq!(origin.version_number(), Some(2890842807));
    assert_eq!(origin.ip_address(), Some([10, 47, 16, 5].into()));
    assert_eq!(seminar.session_name().unwrap(), "SDP Seminar");
    assert_eq!(
        seminar.session().information().unwrap(),
        "A Seminar on the session description protocol"
    );
    assert_eq!(
        seminar.uri().unwrap(),
        "http://www.example.com/seminars/sdp.pdf"
    );
    let email = seminar.emails().next().unwrap();
    assert_eq!(
        (email.address, email.name),
        ("j.doe@example.com".into(), Some("Jane Doe".into()))
    );
    let time = seminar.times().next().unwrap().time().unwrap();
    assert_eq!(
        time,
        Time {
            start: 2873397496,
            stop: 2873404696
        }
    );
    assert_eq!(time.start_unix(), Some(664_408_696));
    let media: Vec<_> = seminar.media().collect();
    assert_eq!(media.len(), 2);
    for medium in &media {
        assert_eq!(
            medium.direction(),
            Direction::RecvOnly,
            "the session's default"
        );
        let connection = medium.connection().unwrap().unwrap();
        assert_eq!(
            (connection.to_string(), connection.ttl),
            ("IN IP4 224.2.17.12/127".to_owned(), Some(127))
        );
    }
    let rtpmap = media[1].rtpmap(99).unwrap().unwrap();
    assert_eq!(
        (rtpmap.encoding_name, rtpmap.clock_rate),
        ("h263-1998".into(), 90000)
    );
    assert_eq!(
        media[0].rtpmap(0).unwrap(),
        None,
        "a static payload type gets no codec here"
    );
}

#[test]
fn rfc8866_section_5_call() {
    let description = read(include_bytes!("vectors/rfc8866_5_call.sdp"));
    let call = description.view();
    assert_eq!(call.defects().count(), 0);
    let email = call.emails().next().unwrap();
    assert_eq!(
        (email.address, email.name),
        ("jane@jdoe.example.com".into(), Some("Jane Doe".into()))
    );
    assert_eq!(call.phones().next().unwrap().address, "+1 617 555-6011");
    let addresses: Vec<String> = call
        .media()
        .map(|medium| medium.connection().unwrap().unwrap().address.to_string())
        .collect();
    assert_eq!(addresses, ["198.51.100.1", "198.51.100.1", "2001:db8::2"]);
}

#[test]
fn rfc8866_section_6_7_directions_of_the_session_are_defaults() {
    let description = read(include_bytes!("vectors/rfc8866_6_7_directions.sdp"));
    let directions: Vec<Direction> = description
        .view()
        .media()
        .map(|medium| medium.direction())
        .collect();
    assert_eq!(
        directions,
        [
            Direction::SendRecv,
            Direction::Inactive,
            Direction::Inactive
        ]
    );
    assert_eq!(description.view().defects().count(), 0);
}

#[test]
fn rfc4566_section_5_10_repeat_times_with_and_without_units() {
    let description =
        session("t=3034423619 3042462419\r\nr=604800 3600 0 90000\r\nr=7d 1h 0 25h\r\nt=0 0\r\n");
    let times: Vec<_> = description.view().times().collect();
    assert_eq!(times.len(), 2);
    let repeats: Vec<_> = times[0].repeats().map(Result::unwrap).collect();
    let seconds = |index: usize| -> Vec<i64> {
        let repeat = repeats[index];
        [repeat.interval, repeat.duration]
            .into_iter()
            .chain(repeat.offsets())
            .map(|t| t.seconds().unwrap())
            .collect()
    };
    assert_eq!(seconds(0), [604800, 3600, 0, 90000]);
    assert_eq!(seconds(0), seconds(1));
    assert_eq!(repeats[1].interval.unit, Some(TimeUnit::Days));
    assert_eq!(times[1].repeats().count(), 0);
}

#[test]
fn rfc4566_section_5_11_time_zones() {
    let description =
        session("t=2882844526 2898848070\r\nr=7d 1h 0\r\nz=2882844526 -1h 2898848070 0\r\n");
    assert_eq!(
        description.view().defects().count(),
        0,
        "without media there is nothing to connect"
    );
    let zones = description.view().zones().unwrap();
    let pairs: Vec<_> = zones
        .adjustments()
        .map(Result::unwrap)
        .map(|z| (z.time, z.offset.seconds()))
        .collect();
    assert_eq!(pairs, [(2882844526, Some(-3600)), (2898848070, Some(0))]);
    let own = description.view().times().next().unwrap().zones().unwrap();
    assert_eq!(
        own.adjustments().count(),
        2,
        "RFC 8866 has it behind the repeats of a time"
    );
}

#[test]
fn rfc4566_section_5_6_both_forms_of_contacts() {
    let jane = |text| Contact::parse(Text::from(text));
    for form in [
        "j.doe@example.com (Jane Doe)",
        "Jane Doe <j.doe@example.com>",
    ] {
        assert_eq!(
            (jane(form).address, jane(form).name),
            ("j.doe@example.com".into(), Some("Jane Doe".into()))
        );
    }
    assert_eq!(
        (
            jane("+1 617 555-6011").address,
            jane("+1 617 555-6011").name
        ),
        ("+1 617 555-6011".into(), None)
    );
    assert_eq!((jane("x)").address, jane("<>").name), ("x)".into(), None));
}

#[test]
fn rfc4566_section_5_8_bandwidths_and_their_units() {
    let bandwidth = |text| Bandwidth::parse(Text::from(text)).unwrap();
    assert_eq!(
        bandwidth("X-YZ:128").bwtype,
        BandwidthType::Other("X-YZ".into())
    );
    assert_eq!(
        bandwidth("X-YZ:128").bits_per_second(),
        None,
        "to be ignored"
    );
    assert_eq!(bandwidth("AS:64").bits_per_second(), Some(64_000));
    assert_eq!(bandwidth("CT:64").bits_per_second(), Some(64_000));
    for name in ["TIAS", "RS", "RR"] {
        let bandwidth = Bandwidth::parse(Text::from(format!("{name}:800").as_str()))
            .unwrap()
            .to_string();
        assert_eq!(bandwidth, format!("{name}:800"));
    }
    assert_eq!(bandwidth("RR:800").bits_per_second(), Some(800));
}

#[test]
fn rfc4566_section_5_12_keys_are_read_and_not_shown() {
    let key = Key::parse(Text::from("clear:secret"));
    assert_eq!(
        (key.method(), key.key()),
        ("clear".into(), Some("secret".into()))
    );
    assert!(!format!("{key:?}").contains("secret"));
    assert_eq!(Key::parse(Text::from("prompt")).key(), None);
    assert_eq!(
        session("t=0 0\r\nk=uri:https://example.com/k\r\n")
            .view()
            .session()
            .key()
            .unwrap()
            .method(),
        "uri"
    );
}

#[test]
fn rfc4566_section_5_14_port_ranges() {
    let media = MediaField::parse(Text::from("video 49170/2 RTP/AVP 31")).unwrap();
    assert_eq!(
        (media.port, media.port_count, media.proto),
        (49170, Some(2), "RTP/AVP".into())
    );
    assert_eq!(media.to_string(), "video 49170/2 RTP/AVP 31");
}

#[test]
fn rfc8866_section_6_attributes() {
    let description = session(
        "t=0 0\r\na=cat:foo.bar\r\na=tool:foobar V3.2\r\na=lang:de\r\na=charset:ISO-8859-1\r\n\
         m=audio 49230 RTP/AVP 96 97 98\r\nc=IN IP4 192.0.2.1\r\na=rtpmap:96 L8/8000\r\na=rtpmap:97 L16/8000\r\n\
         a=rtpmap:98 L16/11025/2\r\na=fmtp:96 profile-level-id=42e016;max-mbps=108000;max-fs=3600\r\n\
         a=ptime:20\r\na=maxptime:2.5\r\n",
    );
    assert_eq!(description.view().defects().count(), 0);
    let medium = description.view().medium(0).unwrap();
    let maps: Vec<_> = medium
        .attributes_of::<Rtpmap<'_>>()
        .map(|map| map.unwrap())
        .collect();
    assert_eq!(
        maps.iter().map(Rtpmap::channels).collect::<Vec<_>>(),
        [Some(1), Some(1), Some(2)]
    );
    let fmtp: Fmtp<'_> = medium.attribute().unwrap().unwrap();
    let pairs: Vec<_> = fmtp
        .pairs()
        .map(|(name, value)| (name.to_string(), value.unwrap().to_string()))
        .collect();
    assert_eq!(pairs[2], ("max-fs".to_owned(), "3600".to_owned()));
    assert_eq!(fmtp.parameter("Profile-Level-Id"), Some("42e016".into()));
    let ptime: rfc4566_sdp::Ptime = medium.attribute().unwrap().unwrap();
    assert_eq!(ptime.duration, Duration::from_millis(20));
    let maxptime: rfc4566_sdp::MaxPtime = medium.attribute().unwrap().unwrap();
    assert_eq!(maxptime.duration, Duration::from_micros(2500));
    let lang: rfc4566_sdp::Lang<'_> = medium.attribute().unwrap().unwrap();
    assert_eq!(lang.0, "de", "the session's default");
}

#[test]
fn rfc3605_section_2_1_rtcp() {
    let description = session(
        "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtcp:53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\n",
    );
    let rtcp: Rtcp<'_> = description
        .view()
        .medium(0)
        .unwrap()
        .attribute()
        .unwrap()
        .unwrap();
    assert_eq!(rtcp.port, 53020);
    assert_eq!(
        rtcp.address.unwrap().ip_address(),
        Some("2001:2345:6789:abcd:ef01:2345:6789:abcd".parse().unwrap())
    );
}

#[test]
fn rfc4568_keys_are_handed_out_raw() {
    let value =
        "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32";
    let description = session(&format!(
        "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49170 RTP/SAVP 0\r\na=crypto:{value}\r\n"
    ));
    let medium = description.view().medium(0).unwrap();
    assert_eq!(medium.attribute::<Crypto<'_>>().unwrap().unwrap().0, value);
    assert_eq!(
        medium
            .section()
            .attributes_named("crypto")
            .next()
            .unwrap()
            .value()
            .unwrap(),
        value
    );
}

/// Every complete description in the examples of the RFCs, where they lie beside the repository.
#[test]
fn every_example_of_the_rfcs_is_read() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/rfc_sdp_examples.json");
    let Ok(json) = std::fs::read_to_string(path) else {
        println!("skipped: no ../shared/vectors");
        return;
    };
    let mut parser = Parser::new();
    let mut count = 0;
    for line in json
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"sdp\": \""))
    {
        let text = line
            .trim_end_matches('"')
            .replace("\\r\\n", "\r\n")
            .replace("\\\"", "\"")
            .replace("\\\\", "\\");
        if text.len() < 10 {
            continue;
        }
        let description = parser
            .parse(text.as_bytes())
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        for medium in description.media() {
            medium
                .field()
                .unwrap_or_else(|error| panic!("{error}: {text}"));
            medium
                .connection()
                .unwrap_or_else(|error| panic!("{error}: {text}"));
        }
        count += 1;
    }
    assert!(count > 60, "{count} examples");
}
