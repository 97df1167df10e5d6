//! Writing: untouched, edited by lines, and built anew.

use core::time::Duration;

use rfc4566_sdp::{
    Bandwidth, BandwidthType, Connection, Direction, ErrorKind, Formats, LineType, MediaField,
    Origin, Parser, Ptime, RtcpMux, Rtpmap, SectionId, SessionDescriptionBuf, Text, Time,
    WriteError,
};

/// A description with everything that an editor must leave alone.
const TEXT: &str = "v=0\r\no=- 1 1  IN IP4 192.0.2.1\r\ns=\r\nx=?\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendrecv\r\n\
                    m=audio\t49170 RTP/AVP 0 \r\na=ptime:20\r\na=sendonly\r\na=foo\r\na=inactive\r\n\r\n\
                    m=video 0/2 RTP/AVP 31\nb=AS:64";

fn description() -> SessionDescriptionBuf {
    SessionDescriptionBuf::parse(TEXT).expect("it begins with a version")
}

/// Applies an edit and tells which lines went and which came.
fn edit(change: impl FnOnce(&mut SessionDescriptionBuf)) -> (Vec<String>, Vec<String>) {
    let mut edited = description();
    change(&mut edited);
    let after = edited.to_string();
    let lines = |text: &str| {
        text.split_inclusive('\n')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (mut gone, mut came) = (lines(TEXT), lines(&after));
    while !gone.is_empty() && gone.first() == came.first() {
        gone.remove(0);
        came.remove(0);
    }
    while !gone.is_empty() && gone.last() == came.last() {
        gone.pop();
        came.pop();
    }
    (gone, came)
}

fn strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

#[test]
fn untouched_is_written_byte_for_byte_and_not_a_byte_more() {
    let mut buffer = [0xaa; 1000];
    let description = description();
    let len = description.view().write_into(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], TEXT.as_bytes());
    assert!(buffer[len..].iter().all(|&byte| byte == 0xaa));
    assert_eq!(
        description.view().write_into(&mut buffer[..len - 1]),
        Err(WriteError::BufferTooSmall {
            needed: len,
            available: len - 1
        })
    );
    assert_eq!(description.to_string(), TEXT);
    assert_eq!(description.into_bytes(), TEXT.as_bytes());
}

#[test]
fn a_port_is_all_that_changes() {
    let (gone, came) = edit(|description| description.set_port(0, 0).unwrap());
    assert_eq!(
        (gone, came),
        (
            strings(&["m=audio\t49170 RTP/AVP 0 \r\n"]),
            strings(&["m=audio\t0 RTP/AVP 0 \r\n"])
        )
    );
    let (_, came) = edit(|description| description.set_port(1, 65535).unwrap());
    assert_eq!(came, strings(&["m=video 65535/2 RTP/AVP 31\n"]));
    assert_eq!(description().set_port(2, 1), Err(WriteError::NoSuchLine));
}

#[test]
fn a_connection_is_replaced_or_added_where_it_belongs() {
    let relay = Connection::internet("IP4", "198.51.100.9");
    let (gone, came) = edit(|description| {
        description
            .set_connection(SectionId::Session, &relay)
            .unwrap()
    });
    assert_eq!(
        (gone, came),
        (
            strings(&["c=IN IP4 192.0.2.1\r\n"]),
            strings(&["c=IN IP4 198.51.100.9\r\n"])
        )
    );
    let (gone, came) = edit(|description| {
        description
            .set_connection(SectionId::Media(0), &relay)
            .unwrap()
    });
    assert_eq!(
        (gone, came),
        (strings(&[]), strings(&["c=IN IP4 198.51.100.9\r\n"]))
    );
    let mut edited = description();
    edited.set_connection(SectionId::Media(0), &relay).unwrap();
    assert_eq!(
        edited
            .view()
            .medium(0)
            .unwrap()
            .section()
            .lines()
            .nth(1)
            .unwrap()
            .line_type(),
        LineType::CONNECTION
    );
    let bad = Connection::internet("IP4", "1.2.3.4 x");
    assert_eq!(
        edited.set_connection(SectionId::Session, &bad),
        Err(WriteError::ForbiddenByte {
            byte: b' ',
            line_type: b'c'
        })
    );
}

#[test]
fn a_direction_replaces_all_that_stand_there() {
    let (gone, came) = edit(|description| {
        description
            .set_direction(SectionId::Media(0), Direction::RecvOnly)
            .unwrap()
    });
    assert_eq!(
        gone,
        strings(&["a=sendonly\r\n", "a=foo\r\n", "a=inactive\r\n"])
    );
    assert_eq!(came, strings(&["a=recvonly\r\n", "a=foo\r\n"]));
}

#[test]
fn an_attribute_is_set_added_behind_a_last_line_without_end_and_removed() {
    let ptime = Ptime {
        duration: Duration::from_millis(30),
    };
    let (gone, came) = edit(|description| {
        description
            .set_attribute(SectionId::Media(0), &ptime)
            .unwrap()
    });
    assert_eq!(
        (gone, came),
        (strings(&["a=ptime:20\r\n"]), strings(&["a=ptime:30\r\n"]))
    );
    let (gone, came) = edit(|description| {
        description
            .set_attribute(SectionId::Media(1), &RtcpMux)
            .unwrap()
    });
    assert_eq!(
        (gone, came),
        (
            strings(&["b=AS:64"]),
            strings(&["b=AS:64\r\n", "a=rtcp-mux\r\n"])
        )
    );
    let (gone, came) = edit(|description| {
        assert_eq!(
            description.remove_attributes(SectionId::Media(0), "foo"),
            Ok(1)
        )
    });
    assert_eq!((gone, came), (strings(&["a=foo\r\n"]), strings(&[])));
}

#[test]
fn an_origin_is_replaced() {
    let origin = Origin {
        username: "-".into(),
        sess_id: "1".into(),
        sess_version: "2".into(),
        nettype: "IN".into(),
        addrtype: "IP4".into(),
        unicast_address: "192.0.2.1".into(),
    };
    let (gone, came) = edit(|description| description.set_origin(&origin).unwrap());
    assert_eq!(
        (gone, came),
        (
            strings(&["o=- 1 1  IN IP4 192.0.2.1\r\n"]),
            strings(&["o=- 1 2 IN IP4 192.0.2.1\r\n"])
        )
    );
    assert!(description().view().origin().unwrap().same_session(&origin));
    let unnamed = Origin {
        username: "".into(),
        ..origin
    };
    assert_eq!(
        description().set_origin(&unnamed),
        Err(WriteError::Empty { line_type: b'o' })
    );
}

#[test]
fn a_medium_is_removed_with_its_lines() {
    let mut edited = description();
    edited.remove_media(0).unwrap();
    assert_eq!(edited.view().media_count(), 1);
    assert!(
        edited
            .to_string()
            .ends_with("a=sendrecv\r\nm=video 0/2 RTP/AVP 31\nb=AS:64")
    );
    assert_eq!(edited.remove_media(1), Err(WriteError::NoSuchLine));
}

#[test]
fn edits_that_would_spoil_the_description_change_nothing() {
    let mut edited = description();
    assert_eq!(
        edited.remove_line(0),
        Err(WriteError::Refused(ErrorKind::Missing))
    );
    assert!(matches!(
        edited.replace_line(0, b"1"),
        Err(WriteError::Refused(_))
    ));
    for byte in [b'\r', b'\n', 0] {
        let value = [b'x', byte, b'y'];
        assert_eq!(
            edited.set_line(SectionId::Session, LineType::SESSION_NAME, &value),
            Err(WriteError::ForbiddenByte {
                byte,
                line_type: b's'
            })
        );
    }
    assert_eq!(
        edited.insert_line(SectionId::Media(0), LineType::ORIGIN, b"x"),
        Err(WriteError::Refused(ErrorKind::Order))
    );
    assert_eq!(edited.remove_line(99), Err(WriteError::NoSuchLine));
    assert_eq!(edited, description());
}

#[test]
fn an_added_line_ends_like_the_first() {
    let mut edited = SessionDescriptionBuf::parse("v=0\ns=-\nm=audio 1 RTP/AVP 0\n").unwrap();
    edited
        .insert_line(
            SectionId::Session,
            LineType::ORIGIN,
            b"- 1 1 IN IP4 192.0.2.1",
        )
        .unwrap();
    assert_eq!(
        edited.to_string(),
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nm=audio 1 RTP/AVP 0\n"
    );
}

fn origin<'a>() -> Origin<'a> {
    Origin {
        username: "alice".into(),
        sess_id: "2890844526".into(),
        sess_version: "2890844526".into(),
        nettype: "IN".into(),
        addrtype: "IP4".into(),
        unicast_address: "192.0.2.101".into(),
    }
}

fn audio<'a>() -> MediaField<'a> {
    MediaField {
        media: "audio".into(),
        port: 49172,
        port_count: None,
        proto: "RTP/AVP".into(),
        formats: Formats::default(),
    }
}

#[test]
fn built_lines_stand_in_the_fixed_order_whatever_the_sequence_of_calls() {
    let mut builder = rfc4566_sdp::Builder::new(&origin());
    let rtpmap = Rtpmap {
        payload_type: 97,
        encoding_name: "iLBC".into(),
        clock_rate: 8000,
        encoding_parameters: None,
    };
    builder
        .direction(Direction::SendOnly)
        .connection(&Connection::internet("IP4", "192.0.2.101"));
    builder.line(LineType::INFORMATION, b"call").time(Time {
        start: 3034423619,
        stop: 3042462419,
    });
    builder.line(LineType::REPEAT, b"7d 1h 0 25h");
    builder
        .media(&audio())
        .attribute(&rtpmap)
        .payload_type(0)
        .payload_type(97);
    builder
        .bandwidth(&Bandwidth {
            bwtype: BandwidthType::ApplicationSpecific,
            bandwidth: 64,
        })
        .attribute(&RtcpMux);
    builder
        .media(&MediaField {
            media: "image".into(),
            proto: "udptl".into(),
            port: 0,
            ..audio()
        })
        .format("t38");
    let built = builder.finish().unwrap();
    assert_eq!(
        built.to_string(),
        "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\ns=-\r\ni=call\r\nc=IN IP4 192.0.2.101\r\n\
         t=3034423619 3042462419\r\nr=7d 1h 0 25h\r\na=sendonly\r\nm=audio 49172 RTP/AVP 0 97\r\nb=AS:64\r\n\
         a=rtpmap:97 iLBC/8000\r\na=rtcp-mux\r\nm=image 0 udptl t38\r\n"
    );
    assert_eq!(built.view().defects().count(), 0);
}

#[test]
fn what_is_mandatory_is_added() {
    let built = rfc4566_sdp::Builder::new(&origin()).finish().unwrap();
    assert_eq!(
        built.to_string(),
        "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\ns=-\r\nt=0 0\r\n"
    );
    assert_eq!(built.view().defects().count(), 0);
    let named = rfc4566_sdp::Builder::new(&origin())
        .session_name("x")
        .time(Time::PERMANENT)
        .finish()
        .unwrap();
    assert!(named.to_string().ends_with("\r\ns=x\r\nt=0 0\r\n"));
}

#[test]
fn the_first_mistake_of_a_builder_comes_back() {
    let finish = |change: fn(&mut rfc4566_sdp::Builder)| {
        let mut builder = rfc4566_sdp::Builder::new(&origin());
        change(&mut builder);
        builder.finish().unwrap_err()
    };
    assert_eq!(
        finish(|builder| _ = builder.media(&audio())),
        WriteError::Empty { line_type: b'm' }
    );
    assert_eq!(
        finish(|builder| _ = builder.session_name("a\r\nb=AS:1").line(LineType::URI, b"")),
        WriteError::ForbiddenByte {
            byte: b'\r',
            line_type: b's'
        }
    );
    assert_eq!(
        finish(|builder| _ = builder.payload_type(0)),
        WriteError::NoSuchLine
    );
    assert_eq!(
        finish(|builder| _ = builder.media(&audio()).format("0 8")),
        WriteError::ForbiddenByte {
            byte: b' ',
            line_type: b'm'
        }
    );
    assert_eq!(
        finish(|builder| _ = builder
            .media(&audio())
            .payload_type(0)
            .line(LineType::ORIGIN, b"x")),
        WriteError::Refused(ErrorKind::Order)
    );
}

#[test]
fn a_view_becomes_an_owned_description() {
    let mut parser = Parser::new();
    let owned = SessionDescriptionBuf::from(parser.parse(TEXT.as_bytes()).unwrap());
    assert_eq!(owned, description());
    assert_eq!(owned.view().session_name(), Some(Text::from("")));
}
