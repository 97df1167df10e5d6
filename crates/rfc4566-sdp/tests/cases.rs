//! The hard cases of session descriptions: each is the value that the RFC gives, or an error that names the field.

use rfc4566_sdp::{
    Builder, Defect, Direction, ErrorKind, Fmtp, Limits, LineType, ParseError, Parser, Rtcp,
    Rtpmap, SectionId, SessionDescriptionBuf, Severity, WriteError,
};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
const AUDIO: &str = "m=audio 49170 RTP/AVP 0\r\n";

fn parse(text: impl AsRef<[u8]>) -> SessionDescriptionBuf {
    let description =
        SessionDescriptionBuf::parse(text.as_ref()).expect("an acceptable description");
    assert_eq!(description.as_bytes(), text.as_ref(), "as received");
    description
}

fn refused(text: impl AsRef<[u8]>) -> ParseError {
    SessionDescriptionBuf::parse(text.as_ref()).expect_err("refused")
}

fn defects(text: impl AsRef<[u8]>) -> Vec<Defect> {
    parse(text).view().defects().collect()
}

/// The only defect of a description.
fn defect(text: impl AsRef<[u8]>) -> Defect {
    let defects = defects(text);
    assert_eq!(defects.len(), 1, "{defects:?}");
    defects[0]
}

fn clean(text: impl AsRef<[u8]>) {
    assert_eq!(defects(text), []);
}

/// HEAD, but with `o=`, `s=`, `c=` or `t=` exchanged; an empty replacement drops the line.
fn with_line(letter: &str, replacement: &str) -> String {
    let lines = HEAD.split_inclusive("\r\n");
    lines
        .map(|line| {
            if line.starts_with(letter) {
                replacement
            } else {
                line
            }
        })
        .collect::<String>()
        + AUDIO
}

fn with_media(lines: &str) -> String {
    format!("{HEAD}{lines}")
}

#[test]
fn the_frame_of_these_cases_is_clean() {
    clean(with_media(AUDIO));
}

#[test]
fn empty_input_is_refused() {
    for text in ["", "\r\n", "\r\n \r\n"] {
        let error = refused(text);
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Missing, "session description")
        );
    }
}

#[test]
fn line_feeds_alone_are_accepted_with_one_warning() {
    let text = with_media(AUDIO).replace("\r\n", "\n");
    let defect = defect(&text);
    assert_eq!(
        (defect.kind(), defect.severity()),
        (ErrorKind::LineEnd, Severity::Warning)
    );
    assert_eq!(
        (defect.line(), defect.column(), defect.span()),
        (1, 4, 3..4)
    );
    assert!(parse(&text).view().strict().is_ok());
    assert_eq!(parse(&text).view().media_count(), 1);
}

#[test]
fn a_missing_final_line_end_is_accepted_with_a_warning() {
    let text = with_media(AUDIO);
    let text = text.trim_end();
    assert_eq!(defect(text).kind(), ErrorKind::LineEnd);
    let description = parse(text);
    assert_eq!(
        description
            .view()
            .medium(0)
            .unwrap()
            .field()
            .unwrap()
            .formats
            .text(),
        "0"
    );
}

#[test]
fn blank_lines_are_kept_and_reported() {
    let text = with_media(AUDIO).replace("s=-\r\n", "s=-\r\n\r\n") + "\r\n";
    let defects = defects(&text);
    assert_eq!(
        defects
            .iter()
            .map(|defect| (defect.line(), defect.kind()))
            .collect::<Vec<_>>(),
        [(4, ErrorKind::Syntax), (8, ErrorKind::Syntax)]
    );
    assert!(parse(format!("\r\n{text}")).view().origin().is_ok());
}

#[test]
fn version_1_is_refused() {
    let error = refused(with_media(AUDIO).replace("v=0", "v=1"));
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::UnsupportedVersion, 2)
    );
    assert_eq!(
        error.to_string(),
        "unsupported protocol version at byte 2: expected 0 (RFC 8866 §5.1)"
    );
    assert_eq!(refused("v=x\r\n").kind(), ErrorKind::Syntax);
    assert_eq!(refused("v=\r\n").kind(), ErrorKind::Syntax);
    assert_eq!(
        refused("o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n").kind(),
        ErrorKind::Missing
    );
}

#[test]
fn no_origin_is_a_defect_and_an_error_when_asked_for() {
    let text = with_line("o=", "");
    let defect = defect(&text);
    assert_eq!(
        (defect.kind(), defect.field(), defect.section()),
        (ErrorKind::Missing, "origin", SectionId::Session)
    );
    assert_eq!(
        parse(&text).view().origin().unwrap_err().kind(),
        ErrorKind::Missing
    );
}

#[test]
fn an_origin_without_address_names_what_is_missing() {
    let text = with_line("o=", "o=- 1001 1 IN \r\n");
    let error = parse(&text).view().origin().unwrap_err();
    assert_eq!(
        (error.field(), error.rule(), error.offset()),
        ("origin", "RFC 8866 §5.2", 19)
    );
    assert!(error.to_string().contains("addrtype"), "{error}");
    assert_eq!(defect(&text).to_error(), error);
}

#[test]
fn a_session_id_beyond_64_bits_is_kept_as_text() {
    let text = with_line(
        "o=",
        "o=- 19599440071187478912 18446744073709551616 IN IP4 192.0.2.1\r\n",
    );
    let description = parse(&text);
    let origin = description.view().origin().unwrap();
    assert_eq!(origin.sess_id, "19599440071187478912");
    assert_eq!(origin.version_number(), None);
    clean(&text);
}

#[test]
fn an_unknown_address_type_is_kept_with_a_warning() {
    let text = with_line("c=", "c=IN IPV4 192.0.2.7\r\n");
    let defect = defect(&text);
    assert_eq!(
        (defect.kind(), defect.severity(), defect.column()),
        (ErrorKind::Unknown, Severity::Warning, 6)
    );
    let description = parse(&text);
    let connection = description
        .view()
        .medium(0)
        .unwrap()
        .connection()
        .unwrap()
        .unwrap();
    assert_eq!(
        (connection.addrtype, connection.address),
        ("IPV4".into(), "192.0.2.7".into())
    );
}

#[test]
fn an_empty_session_name_is_a_defect_and_a_space_is_none() {
    let defect = defect(with_line("s=", "s=\r\n"));
    assert_eq!(
        (defect.kind(), defect.severity(), defect.line()),
        (ErrorKind::Missing, Severity::Error, 3)
    );
    assert_eq!(
        parse(with_line("s=", "s=\r\n")).view().session_name(),
        Some("".into())
    );
    clean(with_line("s=", "s= \r\n"));
}

#[test]
fn an_absent_session_name_is_a_defect() {
    let text = with_line("s=", "");
    assert_eq!(defect(&text).field(), "session name");
    assert_eq!(parse(&text).view().session_name(), None);
}

#[test]
fn an_attribute_before_the_time_is_misplaced_and_counts() {
    let text = with_line("t=", "a=sendonly\r\nt=0 0\r\n");
    let defect = defect(&text);
    assert_eq!(
        (defect.kind(), defect.line(), defect.severity()),
        (ErrorKind::Order, 6, Severity::Error)
    );
    assert_eq!(
        parse(&text).view().medium(0).unwrap().direction(),
        Direction::SendOnly
    );
}

#[test]
fn a_time_behind_the_media_is_misplaced() {
    let text = with_line("t=", "") + "t=0 0\r\n";
    let found: Vec<_> = defects(&text)
        .iter()
        .map(|defect| (defect.kind(), defect.section()))
        .collect();
    assert_eq!(
        found,
        [
            (ErrorKind::Missing, SectionId::Session),
            (ErrorKind::Order, SectionId::Media(0))
        ]
    );
    assert_eq!(parse(&text).view().times().count(), 0);
}

#[test]
fn no_time_is_a_defect() {
    assert_eq!(defect(with_line("t=", "")).field(), "time");
}

#[test]
fn a_connection_without_address_type_is_an_error_where_it_is_asked_for() {
    let text = with_line("c=", "c=IN 192.168.4.27\r\n");
    let description = parse(&text);
    let error = description
        .view()
        .medium(0)
        .unwrap()
        .connection()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.field(), error.rule()),
        (ErrorKind::Syntax, "connection", "RFC 8866 §5.7")
    );
    assert_eq!(defect(&text).to_error(), error);
    assert_eq!(
        description.view().medium(0).unwrap().field().unwrap().port,
        49170,
        "the rest stands"
    );
}

#[test]
fn of_two_session_connections_the_first_counts() {
    let text = with_line("c=", "c=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.2\r\n");
    assert_eq!(
        (defect(&text).kind(), defect(&text).line()),
        (ErrorKind::Duplicate, 5)
    );
    let description = parse(&text);
    assert_eq!(
        description
            .view()
            .medium(0)
            .unwrap()
            .connection()
            .unwrap()
            .unwrap()
            .address,
        "192.0.2.1"
    );
    assert_eq!(description.view().session().connections().count(), 2);
}

#[test]
fn multicast_addresses_have_a_ttl_for_ipv4_and_a_count_for_both() {
    let text = with_media("m=video 49170/2 RTP/AVP 31\r\nc=IN IP4 224.2.1.1/127/3\r\n");
    clean(&text);
    let description = parse(&text);
    let connection = description
        .view()
        .medium(0)
        .unwrap()
        .connection()
        .unwrap()
        .unwrap();
    assert_eq!(
        (connection.ttl, connection.count, connection.is_multicast()),
        (Some(127), Some(3), true)
    );
    let addresses: Vec<String> = connection
        .addresses()
        .map(|address| address.to_string())
        .collect();
    assert_eq!(addresses, ["224.2.1.1", "224.2.1.2", "224.2.1.3"]);

    let text = with_media("m=video 49170 RTP/AVP 31\r\nc=IN IP6 FF15::101/3\r\n");
    clean(&text);
    let description = parse(&text);
    let connection = description
        .view()
        .medium(0)
        .unwrap()
        .connection()
        .unwrap()
        .unwrap();
    assert_eq!((connection.ttl, connection.count), (None, Some(3)));
    let addresses: Vec<String> = connection
        .addresses()
        .map(|address| address.to_string())
        .collect();
    assert_eq!(addresses, ["ff15::101", "ff15::102", "ff15::103"]);
}

#[test]
fn ipv4_multicast_without_ttl_is_a_defect() {
    let text = with_media("m=video 49170 RTP/AVP 31\r\nc=IN IP4 224.2.1.1\r\n");
    assert_eq!(
        (defect(&text).kind(), defect(&text).severity()),
        (ErrorKind::Missing, Severity::Error)
    );
    let error = |line: &str| {
        let text = with_media(&format!("{AUDIO}{line}\r\n"));
        let error = parse(&text)
            .view()
            .medium(0)
            .unwrap()
            .connection()
            .unwrap_err();
        (error.kind(), error.offset() - HEAD.len() - AUDIO.len())
    };
    assert_eq!(error("c=IN IP4 224.2.1.1/256"), (ErrorKind::OutOfRange, 19));
    assert_eq!(
        error("c=IN IP6 FF15::101/3/4"),
        (ErrorKind::Syntax, 20),
        "no ttl for IPv6"
    );
}

#[test]
fn a_count_for_the_session_and_a_slash_behind_a_unicast_address_are_defects() {
    let kinds = |text: String| {
        defects(text)
            .iter()
            .map(|defect| defect.kind())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(with_line("c=", "c=IN IP4 224.2.1.1/127/2\r\n")),
        [ErrorKind::Duplicate]
    );
    assert_eq!(
        kinds(with_line("c=", "c=IN IP4 192.0.2.1/127\r\n")),
        [ErrorKind::Syntax]
    );
}

#[test]
fn a_port_may_have_a_count() {
    let text = with_media("m=video 49170/2 RTP/AVP 31\r\n");
    let description = parse(&text);
    let field = description.view().medium(0).unwrap().field().unwrap();
    assert_eq!((field.port, field.port_count), (49170, Some(2)));
    clean(&text);
}

#[test]
fn ports_outside_16_bits_are_named_errors() {
    for (port, kind) in [
        ("65536", ErrorKind::OutOfRange),
        ("-1", ErrorKind::Syntax),
        ("1/x", ErrorKind::Syntax),
    ] {
        let text = with_media(&format!("m=audio {port} RTP/AVP 0\r\n"));
        let error = parse(&text).view().medium(0).unwrap().field().unwrap_err();
        assert_eq!((error.kind(), error.field()), (kind, "media"));
        assert_eq!(defects(&text)[0].to_error(), error);
    }
}

#[test]
fn a_medium_without_format_is_a_named_error() {
    for line in ["m=audio 49170 RTP/AVP\r\n", "m=audio 49170 RTP/AVP \r\n"] {
        let text = with_media(line);
        let error = parse(&text).view().medium(0).unwrap().field().unwrap_err();
        assert!(error.to_string().contains("formats"), "{error}");
    }
}

#[test]
fn trailing_blanks_are_let_pass_and_reported() {
    let text = with_media("m=audio 49170 RTP/AVP 0 \r\n");
    let description = parse(&text);
    let field = description.view().medium(0).unwrap().field().unwrap();
    assert_eq!(field.formats.iter().collect::<Vec<_>>(), ["0"]);
    let defect = defect(&text);
    assert_eq!(
        (defect.kind(), defect.column(), defect.span().len()),
        (ErrorKind::Syntax, 24, 1)
    );
}

#[test]
fn formats_that_are_no_payload_types_are_kept_and_reported() {
    for (format, kind, number) in [
        ("4294967296", ErrorKind::OutOfRange, None),
        ("(null)", ErrorKind::Syntax, None),
        ("00", ErrorKind::OutOfRange, Some(0)),
        ("128", ErrorKind::OutOfRange, None),
    ] {
        let text = with_media(&format!("m=audio 1 RTP/AVP {format}\r\n"));
        let defect = defect(&text);
        assert_eq!((defect.kind(), defect.column()), (kind, 19), "{format}");
        let description = parse(&text);
        let formats = description
            .view()
            .medium(0)
            .unwrap()
            .field()
            .unwrap()
            .formats;
        assert_eq!(formats.text(), format);
        assert_eq!(formats.payload_types().next(), number);
    }
}

#[test]
fn media_other_than_rtp_have_any_token_as_format() {
    let text = with_media("m=image 9 udptl t38\r\nm=application 5000 UDP/BFCP *\r\n");
    clean(&text);
    let description = parse(&text);
    let field = description.view().medium(0).unwrap().field().unwrap();
    assert_eq!(
        (field.media, field.proto, field.formats.text()),
        ("image".into(), "udptl".into(), "t38".into())
    );
}

#[test]
fn an_rtpmap_without_clock_rate_is_a_named_error() {
    let text = with_media("m=audio 1 RTP/AVP 96\r\na=rtpmap:96 PCMU\r\n");
    let description = parse(&text);
    let medium = description.view().medium(0).unwrap();
    let error = medium.attribute::<Rtpmap<'_>>().unwrap_err();
    assert_eq!((error.field(), error.kind()), ("rtpmap", ErrorKind::Syntax));
    assert_eq!(&text[error.offset()..], "\r\n");
    assert!(
        defects(&text)
            .iter()
            .any(|defect| defect.to_error() == error)
    );
}

#[test]
fn an_rtpmap_with_a_trailing_blank_is_read_and_reported() {
    let text = with_media("m=video 1 RTP/AVP 96\r\na=rtpmap:96 H264/90000 \r\n");
    let description = parse(&text);
    let rtpmap = description
        .view()
        .medium(0)
        .unwrap()
        .rtpmap(96)
        .unwrap()
        .unwrap();
    assert_eq!(
        (rtpmap.encoding_name, rtpmap.clock_rate),
        ("H264".into(), 90000)
    );
    assert_eq!(
        (defect(&text).kind(), defect(&text).column()),
        (ErrorKind::Syntax, 23)
    );
}

#[test]
fn an_rtpmap_for_another_format_is_a_warning_and_a_second_one_an_error() {
    let text = with_media("m=audio 1 RTP/AVP 0\r\na=rtpmap:97 iLBC/8000\r\n");
    assert_eq!(
        (defect(&text).kind(), defect(&text).severity()),
        (ErrorKind::Inconsistent, Severity::Warning)
    );
    let text =
        with_media("m=audio 1 RTP/AVP 97\r\na=rtpmap:97 iLBC/8000\r\na=rtpmap:97 opus/48000/2\r\n");
    assert_eq!(
        (defect(&text).kind(), defect(&text).severity()),
        (ErrorKind::Duplicate, Severity::Error)
    );
    let description = parse(&text);
    assert_eq!(
        description
            .view()
            .medium(0)
            .unwrap()
            .rtpmap(97)
            .unwrap()
            .unwrap()
            .encoding_name,
        "iLBC"
    );
}

#[test]
fn a_dynamic_payload_type_wants_an_rtpmap() {
    let defect = defect(with_media("m=audio 1 RTP/AVP 0 96\r\n"));
    assert_eq!(
        (defect.kind(), defect.field(), defect.section()),
        (ErrorKind::Missing, "rtpmap", SectionId::Media(0))
    );
}

#[test]
fn a_bare_fmtp_has_no_parameters() {
    let text = with_media("m=audio 1 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96\r\n");
    assert_eq!(
        (defect(&text).kind(), defect(&text).field()),
        (ErrorKind::Missing, "fmtp")
    );
    let description = parse(&text);
    let fmtp = description.view().medium(0).unwrap().fmtp("96").unwrap();
    assert_eq!((fmtp.parameters, fmtp.pairs().count()), ("".into(), 0));
}

#[test]
fn an_fmtp_may_stand_before_its_rtpmap() {
    let text = with_media(
        "m=audio 1 RTP/AVP 96\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:96 opus/48000/2\r\n",
    );
    clean(&text);
    let description = parse(&text);
    let medium = description.view().medium(0).unwrap();
    assert_eq!(
        medium.fmtp("96").unwrap().parameter("useinbandfec"),
        Some("1".into())
    );
    assert_eq!(medium.rtpmap(96).unwrap().unwrap().clock_rate, 48000);
    assert_eq!(
        medium.attribute::<Fmtp<'_>>().unwrap().unwrap().format,
        "96"
    );
}

#[test]
fn a_nul_and_a_lone_carriage_return_are_kept_and_reported() {
    for byte in ["\0", "\r"] {
        let text = with_line("s=", &format!("s=a{byte}b\r\n"));
        let defect = defect(&text);
        assert_eq!(
            (defect.kind(), defect.line(), defect.column()),
            (ErrorKind::Syntax, 3, 4)
        );
    }
}

#[test]
fn octets_that_are_not_utf8_are_kept_and_reported_unless_a_charset_is_given() {
    let mut text = with_line("s=", "s=caf_\r\n").into_bytes();
    *text.iter_mut().find(|byte| **byte == b'_').unwrap() = 0xe9;
    let found = defect(&text);
    assert_eq!(
        (found.kind(), found.severity(), found.column()),
        (ErrorKind::Syntax, Severity::Error, 6)
    );
    assert_eq!(
        parse(&text).view().session_name().unwrap().as_bytes(),
        b"caf\xe9"
    );
    let at = text.windows(2).position(|pair| pair == b"m=").unwrap();
    text.splice(at..at, *b"a=charset:ISO-8859-1\r\n");
    clean(&text);
}

#[test]
fn a_line_of_a_megabyte_is_too_large_by_default_and_read_with_other_limits() {
    let text = with_media(AUDIO) + "a=x:" + &"y".repeat(1 << 20) + "\r\n";
    let error = refused(&text);
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::TooLarge, 1 << 20)
    );
    let mut limits = Limits::default();
    limits.description_bytes = 2 << 20;
    let mut parser = Parser::with_limits(limits);
    let description = parser.parse(text.as_bytes()).unwrap();
    let attribute = description
        .medium(0)
        .unwrap()
        .attributes_named("x")
        .next()
        .unwrap();
    assert_eq!(attribute.value().unwrap().len(), 1 << 20);
    assert_eq!(description.defects().count(), 0);
}

#[test]
fn a_hundred_thousand_media_are_too_many_by_default_and_read_in_time_with_other_limits() {
    let text = HEAD.to_owned() + "a=recvonly\r\n" + &AUDIO.repeat(100_000);
    assert_eq!(refused(&text).kind(), ErrorKind::TooLarge);
    let mut limits = Limits::default();
    limits.description_bytes = usize::MAX;
    limits.lines = usize::MAX;
    let mut parser = Parser::with_limits(limits);
    let started = std::time::Instant::now();
    let description = parser.parse(text.as_bytes()).unwrap();
    assert_eq!(description.media_count(), 100_000);
    for medium in description.media() {
        assert_eq!(medium.direction(), Direction::RecvOnly);
        assert!(medium.connection().unwrap().is_some());
        assert_eq!(medium.field().unwrap().port, 49170);
    }
    assert_eq!(description.defects().count(), 0);
    assert!(
        started.elapsed().as_secs() < 5,
        "linear time, also without optimisation"
    );
}

#[test]
fn of_two_directions_in_a_medium_the_first_counts() {
    let text = with_media(&format!("{AUDIO}a=sendonly\r\na=inactive\r\n"));
    assert_eq!(
        (defect(&text).kind(), defect(&text).line()),
        (ErrorKind::Duplicate, 8)
    );
    assert_eq!(
        parse(&text).view().medium(0).unwrap().direction(),
        Direction::SendOnly
    );
}

#[test]
fn an_rtcp_port_needs_no_address() {
    let text = with_media(&format!("{AUDIO}a=rtcp:36273\r\n"));
    clean(&text);
    let description = parse(&text);
    let rtcp = description
        .view()
        .medium(0)
        .unwrap()
        .attribute::<Rtcp<'_>>()
        .unwrap()
        .unwrap();
    assert_eq!((rtcp.port, rtcp.address), (36273, None));
}

#[test]
fn a_blank_before_the_equals_sign_makes_no_line() {
    let text = with_media(&format!("{AUDIO}a =x\r\n"));
    assert_eq!(
        (
            defect(&text).kind(),
            defect(&text).field(),
            defect(&text).line()
        ),
        (ErrorKind::Syntax, "line", 7)
    );
    let description = parse(&text);
    assert_eq!(
        description
            .view()
            .medium(0)
            .unwrap()
            .section()
            .attributes()
            .count(),
        0
    );
    assert_eq!(
        description.view().lines().last().unwrap().line_type(),
        LineType::MALFORMED
    );
}

#[test]
fn a_blank_behind_the_equals_sign_makes_no_attribute_name() {
    let defect = defect(with_media(&format!("{AUDIO}a= x\r\n")));
    assert_eq!(
        (defect.kind(), defect.field()),
        (ErrorKind::Syntax, "attribute")
    );
}

#[test]
fn an_unknown_letter_is_kept_and_refused_by_the_strict_reading() {
    let text = with_media(&format!("{AUDIO}y=0100000001\r\n"));
    let description = parse(&text);
    let error = description.view().strict().unwrap_err();
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::Unknown, "line type")
    );
    assert_eq!(
        description.view().medium(0).unwrap().field().unwrap().port,
        49170
    );
}

#[test]
fn a_type_is_one_letter_and_its_case_counts() {
    for line in ["mm=audio 1 RTP/AVP 0", "=x", "M=audio 1 RTP/AVP 0", "S=x"] {
        let text = with_media(&format!("{AUDIO}{line}\r\n"));
        let found = defect(&text);
        let expected = if line.as_bytes()[1] == b'=' {
            ErrorKind::Unknown
        } else {
            ErrorKind::Syntax
        };
        assert_eq!(
            (found.kind(), found.line(), found.severity()),
            (expected, 7, Severity::Error),
            "{line}"
        );
        assert_eq!(parse(&text).view().media_count(), 1);
    }
}

#[test]
fn lines_of_the_session_that_stand_behind_media_are_misplaced() {
    for line in [
        "u=http://example.com/",
        "e=a@example.com",
        "p=+1 617 555-6011",
        "o=- 1 1 IN IP4 192.0.2.1",
    ] {
        let found = defect(with_media(&format!("{AUDIO}{line}\r\n")));
        assert_eq!(
            (found.kind(), found.section()),
            (ErrorKind::Order, SectionId::Media(0)),
            "{line}"
        );
    }
}

#[test]
fn lines_that_may_stand_once_are_reported_when_they_stand_twice() {
    let frame = [
        "v=0",
        "o=- 1 1 IN IP4 192.0.2.1",
        "s=-",
        "i=x",
        "u=http://example.com/",
        "t=0 0",
        "m=image 0 udptl t38",
    ];
    for line in &frame[1..5] {
        let lines = frame
            .iter()
            .map(|each| format!("{each}\r\n").repeat(if each == line { 2 } else { 1 }));
        let found = defect(lines.collect::<String>() + "i=y\r\nc=IN IP4 192.0.2.1\r\n");
        assert_eq!(
            (found.kind(), found.severity()),
            (ErrorKind::Duplicate, Severity::Error),
            "{line}"
        );
    }
    let text = with_media(&format!("{AUDIO}i=x\r\ni=y\r\n"));
    assert_eq!(
        (defect(&text).kind(), defect(&text).section()),
        (ErrorKind::Duplicate, SectionId::Media(0))
    );
}

#[test]
fn host_names_are_written_in_ascii() {
    clean(with_line("c=", "c=IN IP4 xn--bcher-kva.example\r\n"));
    let defect = defect(with_line("c=", "c=IN IP4 bücher.example\r\n"));
    assert_eq!(
        (defect.kind(), defect.field()),
        (ErrorKind::Inconsistent, "address")
    );
}

#[test]
fn every_medium_or_the_session_has_a_connection() {
    let text = with_line("c=", "") + AUDIO + "c=IN IP4 192.0.2.1\r\n";
    let found = defect(&text);
    assert_eq!(
        (found.kind(), found.field(), found.section()),
        (ErrorKind::Missing, "connection", SectionId::Media(0))
    );
    assert_eq!(
        parse(&text).view().medium(0).unwrap().connection(),
        Ok(None)
    );
    assert!(
        parse(&text)
            .view()
            .medium(1)
            .unwrap()
            .connection()
            .unwrap()
            .is_some()
    );
}

#[test]
fn unknown_bandwidth_modifiers_are_passed_over() {
    let text = with_media(&format!("{AUDIO}b=X-YZ:128\r\nb=AS:64\r\nb=AS\r\n"));
    let description = parse(&text);
    let medium = description.view().medium(0).unwrap();
    let known: Vec<_> = medium
        .bandwidths()
        .flatten()
        .filter_map(|bandwidth| bandwidth.bits_per_second())
        .collect();
    assert_eq!(known, [64_000]);
    let found: Vec<_> = defects(&text)
        .iter()
        .map(|defect| (defect.kind(), defect.severity()))
        .collect();
    assert_eq!(
        found,
        [
            (ErrorKind::Unknown, Severity::Warning),
            (ErrorKind::Syntax, Severity::Error)
        ]
    );
}

#[test]
fn bandwidths_of_the_session_apply_unless_the_medium_gives_that_type() {
    let text = with_line("t=", "b=AS:256\r\nb=TIAS:1000\r\nt=0 0\r\n") + "b=AS:64\r\n";
    let description = parse(&text);
    let medium = description.view().medium(0).unwrap();
    let applied: Vec<String> = medium
        .bandwidths()
        .map(|bandwidth| bandwidth.unwrap().to_string())
        .collect();
    assert_eq!(applied, ["AS:64", "TIAS:1000"]);
}

#[test]
fn times_do_not_wrap_in_2036() {
    let text = with_line("t=", "t=4294967296 42949672960\r\n");
    clean(&text);
    let time = parse(&text).view().times().next().unwrap().time().unwrap();
    assert_eq!(
        (time.start, time.stop_unix()),
        (4294967296, Some(42949672960 - 2208988800))
    );
}

#[test]
fn a_key_is_reported_and_cannot_be_written() {
    let text = with_media(&format!("{AUDIO}k=clear:secret\r\n"));
    assert_eq!(
        (defect(&text).kind(), defect(&text).severity()),
        (ErrorKind::Obsolete, Severity::Warning)
    );
    let mut description = parse(with_media(AUDIO));
    let refused = Err(WriteError::Refused(ErrorKind::Obsolete));
    assert_eq!(
        description.insert_line(SectionId::Media(0), LineType::KEY, b"prompt"),
        refused
    );
    let origin = description.view().origin().unwrap();
    assert_eq!(
        Builder::new(&origin)
            .line(LineType::KEY, b"prompt")
            .finish(),
        refused.map(|()| description.clone())
    );
}

#[test]
fn attribute_names_are_tokens_and_unknown_ones_are_passed_over() {
    clean(with_media(&format!("{AUDIO}a=x-unheard-of:1\r\n")));
    for name in ["ü", "a b", "", "(x)"] {
        let found = defect(with_media(&format!("{AUDIO}a={name}:1\r\n")));
        assert_eq!(
            (found.kind(), found.field()),
            (ErrorKind::Syntax, "attribute"),
            "{name}"
        );
    }
}

#[test]
fn an_odd_port_beside_an_rtcp_attribute_is_as_written() {
    let text = with_media("m=audio 49171 RTP/AVP 0\r\na=rtcp:53020\r\n");
    let description = parse(&text);
    let medium = description.view().medium(0).unwrap();
    assert_eq!(medium.field().unwrap().port, 49171);
    assert_eq!(medium.attribute::<Rtcp<'_>>().unwrap().unwrap().port, 53020);
}

#[test]
fn a_charset_does_not_allow_nul() {
    let text =
        with_line("s=", "s=a\0b\r\n").replace("t=0 0\r\n", "t=0 0\r\na=charset:ISO-8859-1\r\n");
    assert_eq!(
        (defect(&text).kind(), defect(&text).field()),
        (ErrorKind::Syntax, "text")
    );
}

#[test]
fn repeats_belong_behind_a_time() {
    let found = defect(with_line("t=", "r=7d 1h 0\r\nt=0 0\r\n"));
    assert_eq!((found.kind(), found.field()), (ErrorKind::Order, "repeat"));
    assert_eq!(
        defect(with_line("t=", "t=0 0\r\nr=7d 1h\r\n")).kind(),
        ErrorKind::Syntax
    );
    assert_eq!(
        defect(with_line("t=", "t=0 0\r\nz=1 1h 2\r\n")).field(),
        "zone adjustment"
    );
}

#[test]
fn a_line_with_very_many_defects_is_reported_in_bounded_memory() {
    let text = with_media(&format!("m=audio 1 RTP/AVP{}\r\n", " (".repeat(100_000)));
    assert_eq!(defects(&text).len(), 32);
    let text = with_media(&format!("m=audio 1 RTP/AVP 0{} (\r\n", " 0".repeat(100)));
    assert_eq!(defects(&text).len(), 32);
    assert!(
        parse(&text).view().strict().is_err(),
        "an error is not lost behind warnings"
    );
}
