//! Hard messages, one test each: an error that names the field, a defect, or the value that
//! RFC 2326 gives.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2326_rtsp::headers::{ContentBase, Pair, Session, Transport};
use rfc2326_rtsp::{
    Defect, DefectKind, ErrorKind, HeaderName, Limits, Message, Method, ParseError, Parser, Policy,
    Severity, StartLine, StatusCode,
};

fn error(text: &str) -> ParseError {
    Message::parse(text.to_owned()).unwrap_err()
}

fn message(text: &str) -> Message {
    Message::parse(text.to_owned()).unwrap()
}

fn kinds(text: &str) -> Vec<DefectKind> {
    message(text)
        .view()
        .check()
        .iter()
        .map(Defect::kind)
        .collect()
}

fn strict(text: &str) -> Result<(), ParseError> {
    Parser::new()
        .policy(Policy::Strict)
        .parse(text.as_bytes())
        .map(drop)
}

/// A response that has nothing wrong but what its further fields have.
fn response(fields: &str) -> String {
    format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\n{fields}\r\n")
}

#[test]
fn request_and_response_lines() {
    let play = message("PLAY rtsp://a/b RTSP/1.0\r\nCSeq: 4\r\n\r\n");
    let StartLine::Request { method, uri } = play.view().start_line() else {
        panic!()
    };
    assert_eq!((method, uri), (Method::PLAY, &b"rtsp://a/b"[..]));
    let uri = play.view().request_uri().unwrap().unwrap();
    assert_eq!((uri.scheme(), uri.as_str()), (Some("rtsp"), "rtsp://a/b"));
    let reply = message("RTSP/1.0 454 Session Not Found\r\nCSeq: 4\r\n\r\n");
    let StartLine::Status { code, reason } = reply.view().start_line() else {
        panic!()
    };
    assert_eq!(
        (code, reason),
        (StatusCode::SESSION_NOT_FOUND, &b"Session Not Found"[..])
    );
    for text in ["PLAY rtsp://a/b RTSP/1.0\r\nCSeq: 4\r\n\r\n", &response("")] {
        assert_eq!(kinds(text), []);
        assert_eq!(strict(text), Ok(()));
    }
}

#[test]
fn the_server_itself_is_a_star() {
    let options = message("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    assert_eq!(options.view().request_uri_bytes(), Some(&b"*"[..]));
    assert!(options.view().request_uri().is_none());
    assert_eq!(options.view().check(), []);
}

#[test]
fn blank_lines_before() {
    let text = "\r\n\r\n\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    assert_eq!(kinds(text), [DefectKind::LeadingEmptyLine]);
    assert_eq!(message(text).view().defects()[0].span(), 0..5);
    assert_eq!(strict(text), Ok(()), "a note");
}

#[test]
fn lf_only() {
    let text = "RTSP/1.0 200 OK\nCSeq: 1\nSession: abc\nContent-Length: 2\n\nhi";
    assert_eq!(kinds(text), [DefectKind::BareLineFeed], "told once");
    let parsed = message(text);
    assert_eq!(parsed.view().session().unwrap().unwrap().id, "abc");
    assert_eq!(parsed.view().body(), b"hi");
    let error = strict(text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid line end at byte 15: expected CRLF (RFC 2326 §4)"
    );
}

#[test]
fn rtsp_1_1() {
    for text in [
        "PLAY rtsp://a/b RTSP/1.1\r\nCSeq: 4\r\n\r\n",
        "RTSP/1.1 200 OK\r\nCSeq: 4\r\n\r\n",
    ] {
        assert_eq!(kinds(text), [DefectKind::Version]);
        assert_eq!(message(text).view().version(), b"RTSP/1.1");
        assert_eq!(
            message(text).view().defects()[0].severity(),
            Severity::Error
        );
    }
}

#[test]
fn status_99() {
    for status in ["99", "099", "600", "2000", "20x"] {
        let error = error(&format!("RTSP/1.0 {status} OK\r\nCSeq: 1\r\n\r\n"));
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::StartLine, "Status-Code")
        );
        assert_eq!(error.offset(), 9, "{status}");
    }
    assert_eq!(
        error("RTSP/1.0 99 OK\r\n\r\n").to_string(),
        "invalid Status-Code at byte 9: expected 3DIGIT from 100 to 599 (RFC 2326 §7.1.1)"
    );
}

#[test]
fn start_lines_that_are_none() {
    for (text, offset) in [
        ("", 0),
        ("\r\n", 2),
        ("RTSP/1.0\r\n\r\n", 0),
        ("HTTP/1.1 200 OK\r\n\r\n", 0),
        ("PLAY\r\n\r\n", 0),
        ("PLAY \r\n\r\n", 4),
        ("PLAY rtsp://a/b\r\n\r\n", 5),
        ("PLAY RTSP/1.0\r\n\r\n", 5),
        ("PLAY rtsp://a/b RTSP/1\r\n\r\n", 16),
        ("PLAY rtsp://a/b SIP/2.0\r\n\r\n", 16),
        ("PL@Y rtsp://a/b RTSP/1.0\r\n\r\n", 0),
        ("$\0\0\0", 0),
    ] {
        let error = error(text);
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::StartLine, offset),
            "{text:?}"
        );
    }
}

#[test]
fn spaces_in_the_start_line() {
    for text in [
        "PLAY  rtsp://a/b RTSP/1.0\r\nCSeq: 4\r\n\r\n",
        "PLAY rtsp://a/b  RTSP/1.0\r\nCSeq: 4\r\n\r\n",
        "PLAY rtsp://a/b RTSP/1.0 \r\nCSeq: 4\r\n\r\n",
    ] {
        assert_eq!(kinds(text), [DefectKind::StartLineSpace], "{text:?}");
        assert_eq!(
            message(text).view().request_uri_bytes(),
            Some(&b"rtsp://a/b"[..])
        );
    }
    let text = "RTSP/1.0 200\r\nCSeq: 4\r\n\r\n";
    assert_eq!(
        kinds(text),
        [DefectKind::StartLineSpace],
        "no space before the empty reason"
    );
    assert_eq!(message(text).view().reason_phrase(), Some(&b""[..]));
}

#[test]
fn request_uris_that_are_not_absolute() {
    for uri in ["/media", "media", "rtsp://a/b c", "rtsp://[::1/x"] {
        let text = format!("PLAY {uri} RTSP/1.0\r\nCSeq: 4\r\n\r\n");
        assert_eq!(kinds(&text), [DefectKind::RequestUri], "{uri}");
        let error = message(&text).view().request_uri().unwrap().unwrap_err();
        assert_eq!(error.field(), "Request-URI");
        assert!((5..=5 + uri.len()).contains(&error.offset()), "{error}");
        assert_eq!(
            message(&text).view().request_uri_bytes(),
            Some(uri.as_bytes())
        );
    }
}

#[test]
fn no_cseq() {
    let text = "RTSP/1.0 200 OK\r\nSession: abc\r\n\r\n";
    assert_eq!(kinds(text), [DefectKind::Missing(HeaderName::CSeq)]);
    let error = message(text).view().cseq().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert_eq!(error.to_string(), "missing CSeq (RFC 2326 §12.17)");
    assert_eq!(strict(text).unwrap_err().kind(), ErrorKind::Missing);
}

#[test]
fn a_huge_cseq() {
    let text = "RTSP/1.0 200 OK\r\nCSeq: 99999999999999999999\r\n\r\n";
    let error = message(text).view().cseq().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Range, 23));
    assert_eq!(
        error.to_string(),
        "invalid CSeq at byte 23: expected 1*DIGIT of 32 bits (RFC 2326 §12.17)"
    );
    let largest = "RTSP/1.0 200 OK\r\nCSeq: 4294967295\r\n\r\n";
    assert_eq!(
        message(largest).view().cseq().unwrap().sequence_number,
        u32::MAX
    );
    for value in ["", "-1", "1 2", "x"] {
        let text = format!("RTSP/1.0 200 OK\r\nCSeq: {value}\r\n\r\n");
        assert_eq!(
            message(&text).view().cseq().unwrap_err().kind(),
            ErrorKind::Syntax,
            "{value}"
        );
    }
}

#[test]
fn names_in_any_case() {
    let text = "RTSP/1.0 200 OK\r\nCseq: 6\r\nSESSION: 231970\r\n\r\n";
    assert_eq!(message(text).view().cseq().unwrap().sequence_number, 6);
    assert_eq!(
        message(text).view().session().unwrap().unwrap().id,
        "231970"
    );
    assert_eq!(kinds(text), []);
}

#[test]
fn folded_headers_by_the_thousand() {
    let folds = "\r\n x".repeat(9000);
    let text = response(&format!("Server: a{folds}\r\nSession: abc\r\n"));
    let parsed = message(&text);
    let server = parsed.view().first(HeaderName::Server).unwrap();
    assert_eq!(server.value().len(), 1 + folds.len());
    assert_eq!(parsed.view().session().unwrap().unwrap().id, "abc");
    assert_eq!(parsed.view().check(), []);
    let blank = "\r\n ".repeat(10_000);
    let text = response(&format!("Server:{blank}\r\n  b {blank}\r\n"));
    assert_eq!(
        message(&text)
            .view()
            .first(HeaderName::Server)
            .unwrap()
            .value(),
        b"b"
    );
}

#[test]
fn a_folded_list_is_one_value() {
    let text = response("RTP-Info: url=rtsp://a/1;\r\n seq=5,\r\n\turl=rtsp://a/2;rtptime=7\r\n");
    let parsed = message(&text);
    let streams: Vec<_> = parsed.view().rtp_info().map(Result::unwrap).collect();
    assert_eq!(streams.len(), 2);
    assert_eq!((streams[0].url, streams[0].seq), ("rtsp://a/1", Some(5)));
    assert_eq!(
        (streams[1].url, streams[1].rtptime),
        ("rtsp://a/2", Some(7))
    );
}

#[test]
fn a_continuation_of_nothing() {
    let text = "RTSP/1.0 200 OK\r\n x\r\nCSeq: 1\r\n\r\n";
    assert_eq!(kinds(text), [DefectKind::NotAHeader]);
}

#[test]
fn lines_that_are_no_headers() {
    let text = response("nonsense\r\n: x\r\n y\r\nBad Name: v\r\nServer : w\r\n");
    assert_eq!(
        kinds(&text),
        [
            DefectKind::NotAHeader,
            DefectKind::NotAHeader,
            DefectKind::NotAHeader,
            DefectKind::HeaderName,
            DefectKind::HeaderName,
        ]
    );
    let parsed = message(&text);
    assert_eq!(
        parsed.view().first(HeaderName::Server).unwrap().value(),
        b"w"
    );
    assert_eq!(parsed.view().extensions_named("bad name").count(), 1);
}

#[test]
fn a_hundred_thousand_headers() {
    let text = response(&"X: y\r\n".repeat(100_000));
    let error = error(&text);
    assert_eq!(error.kind(), ErrorKind::Limit);
    let mut parser = Parser::new().limits(Limits::DEFAULT.head_bytes(1 << 20).headers(1000));
    let error = parser.parse(text.as_bytes()).unwrap_err();
    assert_eq!(
        (error.kind(), error.expected()),
        (ErrorKind::Limit, "fewer fields")
    );
    let mut parser = Parser::new().limits(Limits::DEFAULT.head_bytes(1 << 20).headers(usize::MAX));
    assert_eq!(
        parser.parse(text.as_bytes()).unwrap_err().kind(),
        ErrorKind::Limit
    );
    let few = response(&"X: y\r\n".repeat(500));
    assert_eq!(message(&few).view().extensions_named("x").count(), 500);
}

#[test]
fn a_message_beyond_the_limit() {
    let mut parser = Parser::new().limits(Limits::DEFAULT.message_bytes(64));
    let error = parser
        .parse(response(&"X: y\r\n".repeat(9)).as_bytes())
        .unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, 64));
}

#[test]
fn content_length_minus_1() {
    for value in ["-1", "", "1x", "+1", "99999999999999999999999"] {
        let text = response(&format!("Content-Length: {value}\r\n")) + "ab";
        assert!(kinds(&text).contains(&DefectKind::ContentLength), "{value}");
        assert_eq!(message(&text).view().body(), b"ab", "what is there");
        assert_eq!(strict(&text).unwrap_err().field(), "Content-Length");
    }
}

#[test]
fn two_differing_content_lengths() {
    let text = response("Content-Length: 1\r\nContent-Length: 2\r\n") + "ab";
    assert_eq!(
        kinds(&text),
        [
            DefectKind::ContentLengths,
            DefectKind::Repeated(HeaderName::ContentLength)
        ]
    );
    let equal = response("Content-Length: 2\r\nContent-Length: 2\r\n") + "ab";
    assert_eq!(
        kinds(&equal),
        [DefectKind::Repeated(HeaderName::ContentLength)]
    );
    assert_eq!(message(&equal).view().body(), b"ab");
}

#[test]
fn bodies_shorter_and_longer_than_said() {
    let text = response("Content-Length: 5\r\n") + "abc";
    assert_eq!(kinds(&text), [DefectKind::BodyTooShort]);
    assert_eq!(message(&text).view().body(), b"abc");
    let text = response("Content-Length: 2\r\n") + "abc";
    assert_eq!(kinds(&text), [DefectKind::TrailingBytes]);
    assert_eq!(message(&text).body_bytes(), &b"ab"[..]);
    let text = response("") + "abc";
    assert_eq!(
        message(&text).view().body(),
        b"",
        "without a length there is none"
    );
}

#[test]
fn responses_that_never_have_a_body() {
    for code in ["100 Continue", "304 Not Modified", "204 No Content"] {
        let text = format!("RTSP/1.0 {code}\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(message(&text).view().body(), b"");
        assert_eq!(kinds(&text), [DefectKind::TrailingBytes]);
    }
}

#[test]
fn no_empty_line_at_the_end() {
    for text in [
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 1",
    ] {
        assert_eq!(kinds(text), [DefectKind::NoEmptyLine], "{text:?}");
        assert_eq!(message(text).view().cseq().unwrap().sequence_number, 1);
    }
}

#[test]
fn control_characters_in_a_value() {
    let text = response("Server: a\0b\r\n");
    assert_eq!(kinds(&text), [DefectKind::ControlCharacter]);
    assert_eq!(
        message(&text)
            .view()
            .first(HeaderName::Server)
            .unwrap()
            .value(),
        b"a\0b"
    );
}

#[test]
fn values_that_are_not_utf_8() {
    let mut bytes = response("Session: abX\r\n").into_bytes();
    let at = bytes.iter().position(|b| *b == b'X').unwrap();
    bytes[at] = 0xff;
    let parsed = Message::parse(bytes).unwrap();
    let error = parsed.view().session().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::NotUtf8, at));
    assert_eq!(parsed.view().check().len(), 1);
    assert!(parsed.to_string().contains("ab\u{fffd}"));
}

fn transport(value: &str) -> Message {
    message(&response(&format!("Transport: {value}\r\n")))
}

#[test]
fn transport_with_ssrc_before_interleaved() {
    let parsed = transport("RTP/AVP/TCP;ssrc=22345684;interleaved=0-1");
    let transport: Transport<'_> = parsed.view().typed().unwrap();
    assert_eq!((transport.protocol, transport.profile), ("RTP", "AVP"));
    assert!(transport.is_tcp());
    assert_eq!(transport.ssrc, Some(0x2234_5684));
    assert_eq!(
        transport.interleaved,
        Some(Pair {
            first: 0,
            last: Some(1)
        })
    );
    assert_eq!(parsed.view().check(), []);
}

#[test]
fn interleaved_0() {
    let parsed = transport("RTP/AVP/TCP;interleaved=0");
    let transport: Transport<'_> = parsed.view().typed().unwrap();
    assert_eq!(
        transport.interleaved,
        Some(Pair {
            first: 0,
            last: None
        })
    );
}

#[test]
fn interleaved_255_256() {
    let parsed = transport("RTP/AVP/TCP;unicast;interleaved=255-256;ssrc=00000001");
    let transport: Transport<'_> = parsed.view().typed().unwrap();
    assert_eq!(
        (transport.interleaved, transport.ssrc),
        (None, Some(1)),
        "the others stand"
    );
    let defects = parsed.view().check();
    assert_eq!(
        defects[0].to_string(),
        "invalid Transport at byte 57: expected interleaved=channel[-channel] (RFC 2326 §12.39)"
    );
    assert_eq!(parsed.bytes()[57..].first_chunk(), Some(b"interleaved"));
}

#[test]
fn client_port_0_0() {
    let parsed = transport("RTP/AVP;unicast;client_port=0-0");
    let transport: Transport<'_> = parsed.view().typed().unwrap();
    assert_eq!(
        transport.client_port,
        Some(Pair {
            first: 0,
            last: Some(0)
        })
    );
}

#[test]
fn session_with_an_empty_timeout() {
    let text = response("Session: abc;timeout=\r\n");
    let parsed = message(&text);
    let session: Session<'_> = parsed.view().typed().unwrap();
    assert_eq!(
        (session.id, session.timeout, session.timeout_or_default()),
        ("abc", None, 60)
    );
    let defects = parsed.view().check();
    assert_eq!(
        defects[0].to_string(),
        "invalid Session at byte 39: expected timeout=1*DIGIT (RFC 2326 §12.37)"
    );
    assert_eq!(&parsed.bytes()[39..47], b"timeout=");
}

#[test]
fn rtp_info_with_a_trailing_semicolon() {
    let parsed = message(&response("RTP-Info: url=rtsp://a/1;seq=0;rtptime=9;\r\n"));
    let streams: Vec<_> = parsed.view().rtp_info().map(Result::unwrap).collect();
    let stream = streams[0];
    assert_eq!(
        (stream.url, stream.seq, stream.rtptime),
        ("rtsp://a/1", Some(0), Some(9))
    );
    assert_eq!(streams.len(), 1);
    let defects = parsed.view().check();
    assert!(matches!(defects[..], [defect] if matches!(
        defect.kind(),
        DefectKind::Invalid(HeaderName::RtpInfo, _)
    )));
}

#[test]
fn content_base_without_scheme() {
    for base in ["192.0.2.1/media/", "//192.0.2.1/media/", "/media/"] {
        let parsed = message(&response(&format!("Content-Base: {base}\r\n")));
        let typed: ContentBase<'_> = parsed.view().typed().unwrap();
        assert_eq!(typed.0, base);
        assert_eq!(parsed.view().check().len(), 1, "{base}");
    }
    let parsed = message(&response("Content-Base: rtsp://192.0.2.1/media/\r\n"));
    assert_eq!(parsed.view().check(), []);
}

#[test]
fn one_bad_optional_header_never_loses_the_message() {
    let text = response("Transport: ?\r\nRange: soon\r\nScale: fast\r\nSession: abc\r\n");
    let parsed = message(&text);
    assert!(parsed.view().typed::<Transport<'_>>().is_err());
    assert!(parsed.view().range().unwrap().is_err());
    assert_eq!(parsed.view().session().unwrap().unwrap().id, "abc");
    assert_eq!(parsed.view().check().len(), 3);
}

#[test]
fn what_is_unknown_is_kept_in_order_and_written_as_received() {
    let text = response("x-Dynamic-Rate: 1\r\nServer:  a  b \r\nX-a:1\r\nX-A: 2\r\n");
    let parsed = message(&text);
    let names: Vec<_> = parsed
        .view()
        .fields()
        .map(|field| field.name().to_vec())
        .collect();
    assert_eq!(
        names,
        [&b"CSeq"[..], b"x-Dynamic-Rate", b"Server", b"X-a", b"X-A"]
    );
    let values: Vec<_> = parsed
        .view()
        .extensions_named("X-A")
        .map(|field| field.value().to_vec())
        .collect();
    assert_eq!(values, [b"1", b"2"]);
    assert_eq!(parsed.to_string(), text);
    assert_eq!(parsed.view().to_owned().to_string(), text);
    assert_eq!(
        parsed.view().first(HeaderName::Server).unwrap().value_str(),
        Some("a  b")
    );
}

#[test]
fn authentication_is_handed_out_raw() {
    let parsed = message(&response(
        "WWW-Authenticate: Digest realm=\"a, b\", nonce=\"c\"\r\nWWW-Authenticate: Basic realm=\"d\"\r\n",
    ));
    let challenges: Vec<_> = parsed
        .view()
        .fields_named(HeaderName::WwwAuthenticate)
        .map(|field| field.value_str().unwrap())
        .collect();
    assert_eq!(
        challenges,
        ["Digest realm=\"a, b\", nonce=\"c\"", "Basic realm=\"d\""]
    );
}

#[test]
fn content_type_without_its_parameters() {
    let parsed = message(&response(
        "Content-Type: application/sdp ; charset=utf-8\r\n",
    ));
    assert_eq!(parsed.view().content_type(), Some("application/sdp"));
}
