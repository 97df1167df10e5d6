//! What holds for every input.

use proptest::prelude::*;
use rfc4566_sdp::*;

/// Asks for everything that a description can be asked for.
fn walk(description: SessionDescription<'_>) {
    let _ = description.origin();
    let _ = (
        description.session_name(),
        description.uri(),
        description.strict(),
    );
    let contacts = description.emails().chain(description.phones());
    contacts.for_each(|contact| assert!(contact.address.len() <= contact.value.len()));
    for time in description.times() {
        let _ = time
            .time()
            .map(|time| (time.start_unix(), time.stop_unix()));
        let _ = time
            .repeats()
            .flatten()
            .flat_map(|repeat| repeat.offsets())
            .filter_map(|time| time.seconds())
            .count();
        let _ = time.zones().map(|zones| zones.adjustments().count());
    }
    section(description.session());
    for medium in description.media() {
        let _ = medium
            .field()
            .map(|field| field.formats.payload_types().count());
        let _ = (
            medium.direction(),
            medium.information(),
            medium.rtpmap(0),
            medium.fmtp("0"),
        );
        let _ = medium
            .bandwidths()
            .chain(medium.section().bandwidths())
            .flatten()
            .filter_map(|bandwidth| bandwidth.bits_per_second())
            .count();
        let _ = medium
            .connections()
            .flatten()
            .flat_map(|connection| connection.addresses().take(10))
            .count();
        section(medium.section());
    }
    for defect in description.defects() {
        let span = defect.span();
        assert!(span.start <= description.as_bytes().len(), "{defect}");
        assert!(
            defect.line() >= 1 && defect.line() <= description.lines().count(),
            "{defect}"
        );
        let line = description
            .lines()
            .nth(defect.line() - 1)
            .expect("the line of a defect");
        assert_eq!(line.offset() + defect.column() - 1, span.start, "{defect}");
        assert!(!defect.to_string().is_empty());
    }
}

fn section(section: Section<'_>) {
    let _ = (section.key(), section.information(), section.direction());
    for attribute in section.attributes() {
        match KnownAttribute::parse(&attribute) {
            Ok(Some(KnownAttribute::Fmtp(fmtp))) => _ = fmtp.pairs().count(),
            Ok(Some(KnownAttribute::Candidate(candidate))) => _ = candidate.extensions().count(),
            Ok(Some(KnownAttribute::RemoteCandidates(candidates))) => _ = candidates.iter().count(),
            Ok(Some(KnownAttribute::Fingerprint(fingerprint))) => _ = fingerprint.octets().count(),
            Ok(Some(KnownAttribute::SsrcGroup(group))) => _ = group.ssrcs().count(),
            _ => {}
        }
    }
}

/// Lines as a description has them, some with their bytes spoiled.
fn line() -> impl Strategy<Value = Vec<u8>> {
    const LINES: [&str; 30] = [
        "v=0",
        "o=- 1 1 IN IP4 192.0.2.1",
        "s=-",
        "i=x",
        "u=http://example.com/",
        "e=a@example.com (A)",
        "p=A <+1 617 555-6011>",
        "c=IN IP4 224.2.1.1/127/3",
        "c=IN IP6 ff15::101/3",
        "b=AS:64",
        "b=X-YZ:1",
        "t=2873397496 2873404696",
        "r=7d 1h 0 25h",
        "z=2882844526 -1h 2898848070 0",
        "k=clear:x",
        "a=sendonly",
        "m=audio 49170/2 RTP/AVP 0 96",
        "m=image 9 udptl t38",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 a=1;b",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=rtcp-fb:* nack pli",
        "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host",
        "a=ssrc-group:FID 1 2",
        "a=extmap:1/sendonly urn:x",
        "a=imageattr:* send [x=1,y=2] recv *",
        "a=fingerprint:sha-1 4A:AD",
        "a=remote-candidates:1 192.0.2.1 9",
        "a=framerate:29.97",
        "",
    ];
    let spoil = proptest::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>()));
    let end = prop_oneof![8 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r")];
    (prop::sample::select(&LINES[..]), spoil, end).prop_map(|(line, spoil, end)| {
        let mut line = [line, end].concat().into_bytes();
        if let Some((at, byte)) = spoil {
            let at = at.index(line.len());
            line[at] = byte;
        }
        line
    })
}

fn description() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(line(), 0..30)
        .prop_map(|lines| [b"v=0\r\n".to_vec(), lines.concat()].concat())
}

proptest! {
    #[test]
    fn no_octets_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut parser = Parser::new();
        if let Ok(description) = parser.parse(&bytes) {
            walk(description);
        }
    }

    #[test]
    fn no_lines_panic_and_all_are_kept(bytes in description()) {
        let mut parser = Parser::new();
        let description = parser.parse(&bytes).expect("it begins with a version");
        walk(description);
        prop_assert_eq!(description.as_bytes(), &bytes[..]);
        let total: usize = description.lines().map(|line| line.value().len() + line.value_offset() - line.offset()).sum();
        let ends = bytes.iter().filter(|byte| **byte == b'\n').count() + bytes.windows(2).filter(|pair| pair == b"\r\n").count();
        prop_assert_eq!(total + ends, bytes.len());
    }

    #[test]
    fn prefixes_of_a_description_do_not_panic(bytes in description(), at in any::<prop::sample::Index>()) {
        let mut parser = Parser::new();
        if let Ok(description) = parser.parse(&bytes[..at.index(bytes.len())]) {
            walk(description);
        }
    }

    #[test]
    fn an_edit_changes_one_line_only(bytes in description(), at in any::<prop::sample::Index>(), value in "[ -~]{1,20}") {
        let mut edited = SessionDescriptionBuf::parse(bytes.clone()).unwrap();
        let before: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let line = at.index(before.len());
        let accepted = edited.replace_line(line, value.as_bytes()).is_ok();
        let after: Vec<Vec<u8>> = edited.as_bytes().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        prop_assert_eq!(before.len(), after.len());
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            if number == line && accepted {
                prop_assert_eq!(&before[..2], &after[..2]);
                prop_assert_eq!(Text::new(after[2..].trim_ascii()), value.trim());
            } else {
                prop_assert_eq!(before, after);
            }
        }
        let mut parser = Parser::new();
        prop_assert_eq!(parser.parse(edited.as_bytes()).unwrap(), edited.view());
    }

    #[test]
    fn typed_lines_are_written_as_they_are_read(
        username in "[!-~]{1,8}", id in "[0-9]{1,25}", version in any::<u64>(),
        port in any::<u16>(), count in proptest::option::of(1_u16..), formats in prop::collection::vec("[a-z0-9]{1,4}", 1..5),
        ttl in proptest::option::of(any::<u8>()), addresses in proptest::option::of(any::<u32>()),
    ) {
        let version = version.to_string();
        let origin = Origin {
            username: username.as_str().into(), sess_id: id.as_str().into(), sess_version: version.as_str().into(),
            nettype: "IN".into(), addrtype: "IP4".into(), unicast_address: "192.0.2.1".into(),
        };
        let text = origin.to_string();
        prop_assert_eq!(Origin::parse(Text::from(text.as_str())), Ok(origin));
        let formats = formats.join(" ");
        let media = MediaField {
            media: "audio".into(), port, port_count: count, proto: "RTP/AVP".into(),
            formats: Formats::new(formats.as_str().into()),
        };
        let text = media.to_string();
        prop_assert_eq!(MediaField::parse(Text::from(text.as_str())), Ok(media));
        let count = addresses.filter(|_| ttl.is_some());
        let connection = Connection { ttl, count, ..Connection::internet("IP4", "224.2.1.1") };
        let text = connection.to_string();
        prop_assert_eq!(Connection::parse(Text::from(text.as_str())), Ok(connection));
    }
}
