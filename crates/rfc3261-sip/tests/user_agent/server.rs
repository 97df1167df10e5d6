//! Requests of others (RFC 3261 §8.2, §11): what is refused before the user sees it, and what is
//! in the responses.

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CommandError, Content, Event},
};

use crate::bench::{Bench, value};

/// A request of Bob to Alice: start of the request line, more rows, a body behind an empty one.
pub(crate) fn request(method: &str, number: u32, more: &str) -> String {
    request_to(
        method,
        number,
        "sip:alice@192.0.2.1",
        "<sip:alice@example.com>",
        more,
    )
}

pub(crate) fn request_to(method: &str, number: u32, uri: &str, to: &str, more: &str) -> String {
    let text = format!(
        "{method} {uri} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK{method}{number}\r\n\
         Max-Forwards: 70\r\n\
         From: Bob <sip:bob@example.com>;tag=bob1\r\n\
         To: {to}\r\n\
         Call-ID: call1@192.0.2.2\r\n\
         CSeq: {number} {method}\r\n\
         Contact: <sip:bob@192.0.2.2>\r\n"
    );
    match more.split_once("\r\n\r\n") {
        Some((rows, body)) => {
            text + &format!("{rows}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
        None => text + more + "Content-Length: 0\r\n\r\n",
    }
}

fn answer(bench: &mut Bench, request: String) -> Message {
    bench.receive(request);
    bench.last()
}

#[test]
fn an_unknown_method_is_not_allowed() {
    // RFC 3261 §8.2.1
    let mut bench = Bench::new();
    let refused = answer(&mut bench, request("FOO", 1, ""));
    assert_eq!(refused.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    let allow = value(&refused, HeaderName::Allow).unwrap();
    assert!(
        allow.starts_with("INVITE, ACK, CANCEL, BYE, OPTIONS"),
        "{allow}"
    );
    // Methods are told apart by case.
    let refused = answer(&mut bench, request("invite", 2, ""));
    assert_eq!(refused.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    assert!(bench.take_events().is_empty());
}

#[test]
fn an_unknown_scheme_is_refused() {
    // RFC 3261 §8.2.2.1
    let mut bench = Bench::new();
    let text = request_to("OPTIONS", 1, "nobodyKnows:x", "<sip:alice@example.com>", "");
    let refused = answer(&mut bench, text);
    assert_eq!(refused.status(), Some(StatusCode::UNSUPPORTED_URI_SCHEME));
}

#[test]
fn an_extension_that_is_required_and_unknown_is_named() {
    // RFC 3261 §8.2.2.3
    let mut bench = Bench::new();
    let text = request("INVITE", 1, "Require: 100rel, foo\r\nRequire: bar\r\n");
    let refused = answer(&mut bench, text);
    assert_eq!(refused.status(), Some(StatusCode::BAD_EXTENSION));
    let unsupported = value(&refused, HeaderName::Unsupported);
    assert_eq!(unsupported.as_deref(), Some("foo, bar"));
    assert!(bench.take_events().is_empty());
}

#[test]
fn what_a_cancel_requires_is_ignored() {
    // RFC 3261 §8.2.2.3
    let mut bench = Bench::new();
    bench.receive(request("INVITE", 1, ""));
    bench.take_sent();
    let cancel = request("CANCEL", 1, "Require: foo\r\n").replace("CANCEL1", "INVITE1");
    bench.receive(cancel);
    let statuses: Vec<_> = bench.take_sent().iter().map(Message::status).collect();
    assert_eq!(
        statuses,
        [Some(StatusCode::OK), Some(StatusCode::REQUEST_TERMINATED)]
    );
}

#[test]
fn a_header_field_that_nobody_knows_or_that_is_broken_does_no_harm() {
    // RFC 3261 §8.2.2
    let mut bench = Bench::new();
    let text = request(
        "INVITE",
        1,
        "Unheard-Of: \"\r\nExpires: soon\r\nAlert-Info: <\r\n",
    );
    bench.receive(text);
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [Event::Incoming { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_body_that_nobody_can_read_is_refused_unless_it_is_optional() {
    // RFC 3261 §8.2.3
    let mut bench = Bench::new();
    let body = "Content-Type: text/fancy\r\n\r\nx";
    let refused = answer(&mut bench, request("INVITE", 1, body));
    assert_eq!(refused.status(), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    let accept = value(&refused, HeaderName::Accept);
    assert_eq!(accept.as_deref(), Some("application/sdp"));
    let coded = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n\r\nx";
    let refused = answer(&mut bench, request("INVITE", 2, coded));
    assert_eq!(refused.status(), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    let encodings = value(&refused, HeaderName::AcceptEncoding);
    assert_eq!(encodings.as_deref(), Some("identity"));
    assert!(bench.take_events().is_empty());

    let optional = "Content-Disposition: render;handling=optional\r\n\
                    Content-Type: text/fancy\r\n\r\nx";
    bench.receive(request("INVITE", 3, optional));
    assert!(matches!(&bench.take_events()[..], [Event::Incoming { .. }]));
}

#[test]
fn a_request_that_comes_by_two_ways_is_merged() {
    // RFC 3261 §8.2.2.2, with the cases of the field.
    let mut bench = Bench::new();
    let first = request("INVITE", 1, "");
    bench.receive(first.clone());
    assert!(matches!(&bench.take_events()[..], [Event::Incoming { .. }]));
    let other_way = first.replace("branch=z9hG4bKINVITE1", "branch=z9hG4bKother");
    let refused = answer(&mut bench, other_way);
    assert_eq!(refused.status(), Some(StatusCode::LOOP_DETECTED));
    assert!(bench.take_events().is_empty());
    assert_eq!(bench.agent.counts().calls, 1);
}

#[test]
fn a_request_for_a_dialog_that_is_not_there_gets_481() {
    // RFC 3261 §12.2.2, §15.1.2
    let mut bench = Bench::new();
    let to = "<sip:alice@example.com>;tag=gone";
    for (number, method) in [(1, "BYE"), (2, "INVITE"), (3, "UPDATE"), (4, "NOTIFY")] {
        let text = request_to(method, number, "sip:alice@192.0.2.1", to, "");
        let refused = answer(&mut bench, text);
        let gone = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        assert_eq!(refused.status(), Some(gone), "{method}");
    }
    let ack = request_to("ACK", 5, "sip:alice@192.0.2.1", to, "");
    bench.take_sent();
    bench.receive(ack);
    assert!(bench.take_sent().is_empty());
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_response_has_what_its_request_has_and_one_tag() {
    // RFC 3261 §8.2.6.2
    let mut bench = Bench::new();
    let vias = "Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKnext\r\n";
    bench.receive(request("INVITE", 1, vias));
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    bench.agent.answer(now, call, &Content::new()).unwrap();
    let sent = bench.take_sent();
    let [ringing, ok] = &sent[..] else {
        panic!("{sent:?}");
    };
    for response in [ringing, ok] {
        let vias: Vec<_> = response.fields_named(HeaderName::Via).collect();
        assert_eq!(vias.len(), 2);
        assert!(vias[1].value().ends_with(b"z9hG4bKnext"));
        let from = value(response, HeaderName::From);
        assert_eq!(from.as_deref(), Some("Bob <sip:bob@example.com>;tag=bob1"));
        let cseq = value(response, HeaderName::CSeq);
        assert_eq!(cseq.as_deref(), Some("1 INVITE"));
        let call_id = value(response, HeaderName::CallId);
        assert_eq!(call_id.as_deref(), Some("call1@192.0.2.2"));
        let contact = value(response, HeaderName::Contact);
        assert_eq!(contact.as_deref(), Some("<sip:alice@192.0.2.1>"));
    }
    let tag = ringing.to().unwrap().tag();
    assert!(tag.is_some());
    assert_eq!(tag, ok.to().unwrap().tag());
}

#[test]
fn options_are_answered_as_an_invite_would_be() {
    // RFC 3261 §11.2
    let mut bench = Bench::with(|config| config.max_calls = 1);
    let answered = answer(&mut bench, request("OPTIONS", 1, ""));
    assert_eq!(answered.status(), Some(StatusCode::OK));
    for name in [
        HeaderName::Allow,
        HeaderName::Accept,
        HeaderName::AcceptEncoding,
        HeaderName::AcceptLanguage,
        HeaderName::Supported,
    ] {
        assert!(answered.first(name).is_some(), "{name}");
    }
    let text = request("INVITE", 2, "").replace("call1", "call2");
    bench.receive(text);
    let busy = answer(&mut bench, request("OPTIONS", 3, ""));
    assert_eq!(busy.status(), Some(StatusCode::BUSY_HERE));
}

#[test]
fn options_are_the_users_if_it_wants_them() {
    let mut bench = Bench::with(|config| config.answer_options = false);
    bench.receive(request("OPTIONS", 1, ""));
    let events = bench.take_events();
    let [
        Event::Request {
            incoming, request, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(request.method(), Some(Method::OPTIONS));
    let now = bench.now;
    let answered = bench
        .agent
        .respond(now, *incoming, StatusCode::NOT_FOUND, &Content::new());
    answered.unwrap();
    assert_eq!(bench.last().status(), Some(StatusCode::NOT_FOUND));
    let again = bench
        .agent
        .respond(now, *incoming, StatusCode::OK, &Content::new());
    assert_eq!(again, Err(CommandError::Unknown));
    bench.seconds(40);
    assert_eq!(bench.agent.counts().transactions.servers, 0);
}

#[test]
fn a_request_is_the_users_to_answer_and_may_ask_for_credentials() {
    // RFC 3261 §8.2.1: 401 by the user.
    let mut bench = Bench::new();
    bench.receive(request("MESSAGE", 1, "Content-Type: text/plain\r\n\r\nhi"));
    let Some(Event::Request {
        incoming, source, ..
    }) = bench.take_events().pop()
    else {
        panic!();
    };
    assert_eq!(source, Bench::peer());
    let challenge = Content::new().header("WWW-Authenticate", "Digest realm=\"a\", nonce=\"n\"");
    let now = bench.now;
    let status = StatusCode::UNAUTHORIZED;
    bench
        .agent
        .respond(now, incoming, status, &challenge)
        .unwrap();
    let refused = bench.last();
    assert!(refused.first(HeaderName::WwwAuthenticate).is_some());
    assert!(refused.to().unwrap().tag().is_some());
}

#[test]
fn beyond_the_limit_a_call_gets_503_and_leaves_nothing_behind() {
    let mut bench = Bench::with(|config| config.max_calls = 1);
    bench.receive(request("INVITE", 1, "").replace("call1", "call0"));
    bench.take_events();
    let text = request("INVITE", 2, "");
    let refused = answer(&mut bench, text.clone());
    assert_eq!(refused.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(
        value(&refused, HeaderName::RetryAfter).as_deref(),
        Some("5")
    );
    let counts = bench.agent.counts();
    assert_eq!((counts.calls, counts.transactions.servers), (1, 1));
    assert_eq!(counts.transactions.refused, 1);
    // The ACK is of nobody, and a copy gets the same tag.
    let tag = refused.to().unwrap().tag().unwrap().to_owned();
    let ack = text
        .replace("INVITE", "ACK")
        .replace("z9hG4bKACK2", "z9hG4bKINVITE2");
    let ack = ack.replace(
        "To: <sip:alice@example.com>",
        &format!("To: <sip:alice@example.com>;tag={tag}"),
    );
    bench.take_sent();
    bench.receive(ack);
    assert!(bench.take_sent().is_empty());
    let again = answer(&mut bench, text);
    assert_eq!(again.to().unwrap().tag(), Some(tag.as_str()));
    assert!(bench.take_events().is_empty());
}

#[test]
fn what_is_no_message_is_dropped_and_counted() {
    let mut bench = Bench::new();
    bench.receive("nonsense\r\n\r\n");
    bench.receive("INVITE sip:a@b SIP/2.0\r\n\r\n");
    assert!(bench.take_sent().is_empty());
    assert!(bench.take_events().is_empty());
    assert_eq!(bench.agent.counts().transactions.malformed, 2);
}
