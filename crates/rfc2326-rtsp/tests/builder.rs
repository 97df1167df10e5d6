//! Messages as they are written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use rfc2326_rtsp::headers::{CSeq, Public, Range, RtpInfo, Session, Transport};
use rfc2326_rtsp::{
    HeaderName, Message, MessageBuilder, Method, Parser, Policy, StatusCode, WriteError,
};

#[test]
fn a_response_with_lists_and_a_body() {
    let text = MessageBuilder::response(StatusCode::OK)
        .typed(&CSeq { sequence_number: 2 })
        .list(&[Public(Method::PLAY), Public(Method::PAUSE)])
        .extension("X-Mine", "yes")
        .finish_with_body("application/sdp", b"v=0\r\n")
        .unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "RTSP/1.0 200 OK\r\nCSeq: 2\r\nPublic: PLAY, PAUSE\r\nX-Mine: yes\r\n\
         Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
    );
}

#[test]
fn a_response_repeats_what_its_request_said() {
    let request = Message::parse(
        "PLAY rtsp://a/b RTSP/1.0\r\ncseq: 007\r\nsession: abc\r\nTimestamp: 1.5 \r\nRange: npt=0-\r\n\r\n",
    )
    .unwrap();
    let text = MessageBuilder::response_to(request.view(), StatusCode::SESSION_NOT_FOUND);
    assert_eq!(
        String::from_utf8(text.finish().unwrap()).unwrap(),
        "RTSP/1.0 454 Session Not Found\r\nCSeq: 007\r\nTimestamp: 1.5\r\nSession: abc\r\n\r\n"
    );
}

#[test]
fn values_that_would_break_the_message_are_refused() {
    let request = || MessageBuilder::request(Method::PLAY, "rtsp://a/b");
    for value in ["a\r\nSession: b", "a\nb", "a\rb", "a\0b"] {
        let refused = Err(WriteError::ControlCharacter);
        assert_eq!(
            request().header(HeaderName::Server, value).finish(),
            refused
        );
        assert_eq!(request().extension("X", value).finish(), refused);
        assert_eq!(request().typed(&RtpInfo::new(value)).finish(), refused);
        assert_eq!(request().finish_with_body(value, b"x"), refused);
        assert_eq!(
            MessageBuilder::response_with_reason(StatusCode::OK, value).finish(),
            refused
        );
    }
    assert_eq!(
        request().extension("X: y\r\nZ", "").finish(),
        Err(WriteError::NotAToken)
    );
    assert_eq!(
        request().extension("", "").finish(),
        Err(WriteError::NotAToken)
    );
    for uri in ["", "rtsp://a/b c", "rtsp://a/\r\nX: y"] {
        let refused = MessageBuilder::request(Method::PLAY, uri).finish();
        assert_eq!(refused, Err(WriteError::RequestUri));
    }
    assert_eq!(Method::new("PLAY x"), None);
}

#[test]
fn a_buffer_is_used_again() {
    let mut buffer = Vec::with_capacity(256);
    buffer.extend_from_slice(b"old");
    let mut again = MessageBuilder::request_in(buffer, Method::OPTIONS, "*")
        .header(HeaderName::CSeq, "1")
        .finish()
        .unwrap();
    assert_eq!(again, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    let allocations = allocation_counter::measure(|| {
        again = MessageBuilder::response_in(core::mem::take(&mut again), StatusCode::OK, "OK")
            .header(HeaderName::CSeq, "1")
            .typed(&Session::new("abc").unwrap().with_timeout(60))
            .finish()
            .unwrap();
    });
    assert_eq!(
        again,
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: abc;timeout=60\r\n\r\n"
    );
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn a_parser_used_again_allocates_nothing() {
    let text = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: abc;timeout=60\r\n\
                 Transport: RTP/AVP;unicast;client_port=1-2;ssrc=1234ABCD\r\nRange: npt=0-\r\n\r\n";
    let mut parser = Parser::new();
    parser.parse(text).unwrap();
    let allocations = allocation_counter::measure(|| {
        let message = parser.parse(text).unwrap();
        assert_eq!(message.cseq().unwrap().sequence_number, 3);
        assert!(message.transports().all(|transport| transport.is_ok()));
        assert!(message.session().unwrap().is_ok() && message.range().unwrap().is_ok());
    });
    assert_eq!(allocations.count_total, 0);
}

proptest! {
    #[test]
    fn what_is_written_is_read_strictly(
        method in "[A-Z_]{1,12}",
        path in "[a-zA-Z0-9/._-]{0,20}",
        sequence_number: u32,
        fields in prop::collection::vec(("x-[a-z-]{1,10}", "[ -~]{0,30}"), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let uri = format!("rtsp://192.0.2.4/{path}");
        let mut builder = MessageBuilder::request(Method::new(&method).unwrap(), &uri)
            .typed(&CSeq { sequence_number })
            .typed(&Transport::interleaved(0, 1))
            .typed(&Range::npt(core::time::Duration::from_millis(1500), None));
        for (name, value) in &fields {
            builder = builder.extension(name, value);
        }
        let text = builder.finish_with_body("text/parameters", &body).unwrap();
        let mut parser = Parser::new().policy(Policy::Strict);
        let message = parser.parse(&text).unwrap();
        prop_assert_eq!(message.method().unwrap().as_str(), method);
        prop_assert_eq!(message.request_uri_bytes().unwrap(), uri.as_bytes());
        prop_assert_eq!(message.cseq().unwrap().sequence_number, sequence_number);
        prop_assert_eq!(message.body(), body);
        prop_assert_eq!(message.fields().len(), fields.len() + 5);
        for (field, (name, value)) in message.fields().skip(3).zip(&fields) {
            prop_assert_eq!(field.name(), name.as_bytes());
            prop_assert_eq!(field.value(), value.trim_ascii().as_bytes());
        }
    }

    #[test]
    fn any_message_is_read_without_panic(
        start in prop::sample::select(vec!["", "PLAY rtsp://a RTSP/1.0\r\n", "RTSP/1.0 200 OK\n"]),
        rest in prop::collection::vec(
            prop::sample::select(vec![
                "\r\n", "\n", " ", "\t", ":", "CSeq: 1", "Session", "Transport: RTP/AVP;", "a=b",
                "Content-Length: 3", "RTP-Info: url=x", "Range: npt=", "\u{e9}", ",", ";", "\0",
            ]),
            0..30,
        ),
    ) {
        let text = format!("{start}{}", rest.concat());
        if let Ok(message) = Message::parse(text.clone()) {
            prop_assert_eq!(message.to_string(), text);
            for defect in message.view().check() {
                prop_assert!(defect.span().end <= message.bytes().len());
                prop_assert!(!defect.to_string().is_empty() && defect.rule().starts_with("RFC "));
            }
        }
    }
}
