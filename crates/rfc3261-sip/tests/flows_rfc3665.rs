//! The flows of RFC 3665 that two parties make: registrations (§2.1 to §2.4) and calls (§3.1,
//! §3.8 to §3.11), and the session of RFC 3261 §24.2, message by message. The user agent is Alice
//! or Bob; what the others send is written down from the RFC.

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

#[path = "user_agent/bench.rs"]
#[expect(dead_code, reason = "shared with the other tests of user agents")]
mod bench;

use core::time::Duration;

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    resolve::Answer,
    user_agent::{CallState, Content, Credentials, EndCause, Event, Target},
};

use bench::{Bench, response, value};

const ALICE: &str = "Alice <sip:alice@atlanta.example.com>";
const BOB: &str = "Bob <sip:bob@biloxi.example.com>";
const SDP: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 client.atlanta.example.com\r\n\
    s=-\r\nc=IN IP4 192.0.2.101\r\nt=0 0\r\nm=audio 49172 RTP/AVP 0\r\n\
    a=rtpmap:0 PCMU/8000\r\n";

fn alice() -> Bench {
    Bench::with(|config| {
        config.from = ALICE.into();
        config.contact = "sip:alice@client.atlanta.example.com".into();
        config.sent_by = "client.atlanta.example.com:5060".into();
        config.supported.clear();
    })
}

fn bob() -> Bench {
    Bench::with(|config| {
        config.from = BOB.into();
        config.contact = "sip:bob@client.biloxi.example.com".into();
        config.sent_by = "client.biloxi.example.com:5060".into();
        config.supported.clear();
    })
}

/// Names lead to the peer of the bench.
fn resolve(bench: &mut Bench) -> Vec<Event> {
    let mut rest = Vec::new();
    loop {
        let events = bench.take_events();
        if events.is_empty() {
            return rest;
        }
        for event in events {
            match event {
                Event::Lookup { request, .. } => {
                    let now = bench.now;
                    let address = Answer::Addresses(vec![Bench::peer().remote.ip()]);
                    bench.agent.handle_answer(now, request, address);
                }
                event => rest.push(event),
            }
        }
    }
}

fn last(bench: &mut Bench) -> (Message, Vec<Event>) {
    let events = resolve(bench);
    (bench.last(), events)
}

#[track_caller]
fn assert_request(message: &Message, method: Method<'_>, number: u32, to_tag: Option<&str>) {
    assert_eq!(message.method(), Some(method));
    let cseq = message.cseq().unwrap();
    assert_eq!((cseq.sequence_number, cseq.method), (number, method));
    assert_eq!(message.to().unwrap().tag(), to_tag);
}

/// Alice calls Bob over the proxy of her domain.
fn call(bench: &mut Bench) -> (rfc3261_sip::user_agent::CallId, Message) {
    let target = Target::new("sip:bob@biloxi.example.com")
        .to(BOB)
        .route("sip:ss1.atlanta.example.com;lr")
        .flow(Bench::peer());
    let now = bench.now;
    let call = bench
        .agent
        .invite(now, &target, &Content::sdp(SDP))
        .unwrap();
    let invite = bench.last();
    assert_request(&invite, Method::INVITE, 1, None);
    assert_eq!(
        value(&invite, HeaderName::Route).as_deref(),
        Some("<sip:ss1.atlanta.example.com;lr>")
    );
    (call, invite)
}

const RECORD_ROUTE: &str = "Record-Route: <sip:ss2.biloxi.example.com;lr>, \
    <sip:ss1.atlanta.example.com;lr>\r\nContact: <sip:bob@client.biloxi.example.com>\r\n";

#[test]
fn section_2_1_a_new_registration_is_challenged_and_accepted() {
    let mut bench = bob();
    let target = Target::new("sip:ss2.biloxi.example.com").flow(Bench::peer());
    let hour = Duration::from_secs(3600);
    let now = bench.now;
    let id = bench
        .agent
        .register(now, &target, hour, &Content::new())
        .unwrap();
    // F1 and F2
    let f1 = bench.last();
    assert_request(&f1, Method::REGISTER, 1, None);
    let challenge = "WWW-Authenticate: Digest realm=\"atlanta.example.com\", qop=\"auth\", \
                     nonce=\"ea9c8e88df84f1cec4341ae6cbe5a359\", opaque=\"\", stale=FALSE, \
                     algorithm=MD5\r\n";
    bench.receive(response(&f1, 401, "1410948204", challenge));
    let events = bench.take_events();
    let [Event::Challenged { request, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    let credentials = Credentials::new().authorization("Digest username=\"bob\"");
    bench.agent.retry(now, *request, &credentials).unwrap();
    // F3 and F4
    let f3 = bench.last();
    assert_request(&f3, Method::REGISTER, 2, None);
    assert_eq!(
        value(&f3, HeaderName::CallId),
        value(&f1, HeaderName::CallId)
    );
    assert_eq!(value(&f3, HeaderName::From), value(&f1, HeaderName::From));
    assert!(f3.first(HeaderName::Authorization).is_some());
    let binding = "Contact: <sip:bob@client.biloxi.example.com>;expires=3600\r\n";
    bench.receive(response(&f3, 200, "37GkEhwl6", binding));
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [Event::Registered { registration, expires, .. }] if registration == id && expires == hour
    ));
}

#[test]
fn section_2_2_the_list_of_contacts_is_changed() {
    let mut bench = bob();
    let target = Target::new("sip:ss2.biloxi.example.com").flow(Bench::peer());
    let hour = Duration::from_secs(3600);
    let now = bench.now;
    bench
        .agent
        .register(now, &target, hour, &Content::new())
        .unwrap();
    // F1: another Contact beside that of before; F2: both are there.
    let f1 = bench.last();
    let both = "Contact: <mailto:bob@biloxi.example.com>;expires=4294967295\r\n\
                Contact: <sip:bob@client.biloxi.example.com>;expires=1800\r\n";
    bench.receive(response(&f1, 200, "34095828jh", both));
    let events = bench.take_events();
    let [
        Event::Registered {
            expires, response, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(expires.as_secs(), 1800);
    assert_eq!(response.fields_named(HeaderName::Contact).count(), 2);
}

#[test]
fn section_2_3_the_list_of_contacts_is_asked_for() {
    let mut bench = bob();
    let target = Target::new("sip:ss2.biloxi.example.com")
        .to(BOB)
        .flow(Bench::peer());
    let now = bench.now;
    let id = bench
        .agent
        .request(now, Method::REGISTER, &target, &Content::new())
        .unwrap();
    // F1 has no Contact; F2 has all of them.
    let f1 = bench.last();
    assert!(f1.first(HeaderName::Contact).is_none());
    let both = "Contact: <sip:bob@client.biloxi.example.com>;expires=3600\r\n";
    bench.receive(response(&f1, 200, "jqoiweu75", both));
    let events = bench.take_events();
    let [Event::Response { request, response }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(*request, id);
    assert!(response.first(HeaderName::Contact).is_some());
}

#[test]
fn section_2_4_a_registration_is_cancelled() {
    let mut bench = bob();
    let target = Target::new("sip:ss2.biloxi.example.com").flow(Bench::peer());
    let now = bench.now;
    let hour = Duration::from_secs(3600);
    let id = bench
        .agent
        .register(now, &target, hour, &Content::new())
        .unwrap();
    let first = bench.last();
    bench.receive(response(&first, 200, "1", ""));
    bench.agent.unregister_all(now, id).unwrap();
    // F1 and F2
    let f1 = bench.last();
    assert_request(&f1, Method::REGISTER, 2, None);
    assert_eq!(value(&f1, HeaderName::Contact).as_deref(), Some("*"));
    assert_eq!(value(&f1, HeaderName::Expires).as_deref(), Some("0"));
    bench.take_events();
    bench.receive(response(&f1, 200, "1418nmdsrf", ""));
    assert!(matches!(
        bench.take_events()[..],
        [Event::Unregistered { .. }]
    ));
}

#[test]
fn section_3_1_alice_completes_a_call_to_bob() {
    let mut bench = alice();
    let target = Target::new("sip:bob@biloxi.example.com")
        .to(BOB)
        .flow(Bench::peer());
    let now = bench.now;
    let call = bench
        .agent
        .invite(now, &target, &Content::sdp(SDP))
        .unwrap();
    // F1
    let f1 = bench.last();
    assert_request(&f1, Method::INVITE, 1, None);
    assert_eq!(f1.body(), SDP.as_bytes());
    // F2 and F3
    let contact = "Contact: <sip:bob@client.biloxi.example.com>\r\n";
    bench.receive(response(&f1, 180, "8321234356", contact));
    let ok = format!("{contact}Content-Type: application/sdp\r\n\r\n{SDP}");
    bench.receive(response(&f1, 200, "8321234356", &ok));
    // F4
    let (f4, events) = last(&mut bench);
    assert_request(&f4, Method::ACK, 1, Some("8321234356"));
    assert_eq!(
        f4.request_uri().unwrap().as_str(),
        "sip:bob@client.biloxi.example.com"
    );
    assert_ne!(f4.via().unwrap().branch(), f1.via().unwrap().branch());
    assert!(matches!(
        events[..],
        [Event::Progress { .. }, Event::Answered { .. }]
    ));
    // F5 and F6: Bob hangs up.
    let from = value(&f4, HeaderName::To).unwrap();
    let to = value(&f4, HeaderName::From).unwrap();
    let call_id = value(&f4, HeaderName::CallId).unwrap();
    bench.receive(format!(
        "BYE sip:alice@client.atlanta.example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP client.biloxi.example.com:5060;branch=z9hG4bKnashds7\r\n\
         Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
         CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
    ));
    let f6 = bench.last();
    assert_eq!(f6.status(), Some(StatusCode::OK));
    assert_eq!(f6.cseq().unwrap().method, Method::BYE);
    assert!(matches!(
        bench.take_events()[..],
        [Event::Ended {
            cause: EndCause::HungUpByPeer(_),
            ..
        }]
    ));
    assert_eq!(bench.agent.call_state(call), CallState::Over);
}

#[test]
fn section_3_8_nobody_answers_and_alice_gives_up() {
    let mut bench = alice();
    let (call, f1) = call(&mut bench);
    bench.receive(response(&f1, 100, "", ""));
    // F7, as it comes to Alice.
    bench.receive(response(&f1, 180, "314159", RECORD_ROUTE));
    let now = bench.now;
    bench.agent.hang_up(now, call).unwrap();
    // F9: by the way of the INVITE; F10 is its 200.
    let f9 = bench.last();
    assert_request(&f9, Method::CANCEL, 1, None);
    assert_eq!(value(&f9, HeaderName::Route), value(&f1, HeaderName::Route));
    assert_eq!(f9.via().unwrap().branch(), f1.via().unwrap().branch());
    bench.receive(response(&f9, 200, "", ""));
    // F19 and its ACK.
    bench.receive(response(&f1, 487, "314159", ""));
    let ack = bench.last();
    assert_request(&ack, Method::ACK, 1, Some("314159"));
    assert_eq!(ack.via().unwrap().branch(), f1.via().unwrap().branch());
    assert_eq!(bench.agent.call_state(call), CallState::Over);
}

#[test]
fn section_3_9_bob_is_busy() {
    let mut bench = alice();
    let (call, f1) = call(&mut bench);
    bench.receive(response(&f1, 100, "", ""));
    bench.receive(response(&f1, 486, "314159", ""));
    let ack = bench.last();
    assert_request(&ack, Method::ACK, 1, Some("314159"));
    let events = bench.take_events();
    let [
        Event::Ended {
            cause: EndCause::Failed(failure),
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(failure.status(), StatusCode::BUSY_HERE);
    assert_eq!(bench.agent.call_state(call), CallState::Over);
}

#[test]
fn section_3_10_the_phone_of_bob_does_not_respond() {
    let mut bench = alice();
    let (_, f1) = call(&mut bench);
    bench.receive(response(&f1, 100, "", ""));
    // The proxy repeats its INVITE in vain, and says 480 in the end.
    bench.seconds(33);
    bench.receive(response(&f1, 480, "314159", ""));
    assert_request(&bench.last(), Method::ACK, 1, Some("314159"));
    let events = bench.take_events();
    let [
        Event::Ended {
            cause: EndCause::Failed(failure),
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(failure.status(), StatusCode::TEMPORARILY_UNAVAILABLE);
}

#[test]
fn section_3_11_bob_is_unavailable_for_a_while() {
    let mut bench = alice();
    let (_, f1) = call(&mut bench);
    bench.receive(response(&f1, 100, "", ""));
    bench.receive(response(&f1, 180, "314159", RECORD_ROUTE));
    bench.receive(response(&f1, 480, "314159", "Retry-After: 3600\r\n"));
    assert_request(&bench.last(), Method::ACK, 1, Some("314159"));
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [Event::Progress { .. }, Event::Ended { .. }]
    ));
}

#[test]
fn rfc_3261_section_24_2_the_side_of_alice() {
    let mut bench = alice();
    let (call, f1) = call(&mut bench);
    // F3, F8 and F11 reach Alice; F12 is her ACK, over both proxies.
    bench.receive(response(&f1, 100, "", ""));
    bench.receive(response(&f1, 180, "a6c85cf", RECORD_ROUTE));
    bench.receive(response(&f1, 200, "a6c85cf", RECORD_ROUTE));
    let (f12, _) = last(&mut bench);
    assert_request(&f12, Method::ACK, 1, Some("a6c85cf"));
    assert_eq!(
        value(&f12, HeaderName::Route).as_deref(),
        Some("<sip:ss1.atlanta.example.com;lr>, <sip:ss2.biloxi.example.com;lr>")
    );
    assert_eq!(
        f12.request_uri().unwrap().as_str(),
        "sip:bob@client.biloxi.example.com"
    );
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    // The name of the proxy was looked up for the ACK: the BYE goes there at once.
    let now = bench.now;
    bench.agent.hang_up(now, call).unwrap();
    let bye = bench.last();
    assert_request(&bye, Method::BYE, 2, Some("a6c85cf"));
    assert_eq!(
        value(&bye, HeaderName::Route),
        value(&f12, HeaderName::Route)
    );
}

#[test]
fn rfc_3261_section_24_2_the_side_of_bob() {
    let mut bench = bob();
    // F4, as the proxy of Bob's domain hands it on.
    let vias = "Via: SIP/2.0/UDP ss2.biloxi.example.com:5060;branch=z9hG4bK4b43c2ff8.1\r\n\
                Via: SIP/2.0/UDP ss1.atlanta.example.com;branch=z9hG4bK77ef4c2312983.1\r\n\
                Via: SIP/2.0/UDP client.atlanta.example.com;branch=z9hG4bKnashds8\r\n";
    let f4 = format!(
        "INVITE sip:bob@client.biloxi.example.com SIP/2.0\r\n{vias}Max-Forwards: 68\r\n\
         {}From: {ALICE};tag=1928301774\r\nTo: {BOB}\r\nCall-ID: a84b4c76e66710\r\n\
         CSeq: 314159 INVITE\r\nContact: <sip:alice@client.atlanta.example.com>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        RECORD_ROUTE.split_inclusive("\r\n").next().unwrap(),
        SDP.len()
    );
    bench.receive(f4);
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let now = bench.now;
    // F6 and F9
    bench.agent.ring(now, call, &Content::new()).unwrap();
    bench.agent.answer(now, call, &Content::sdp(SDP)).unwrap();
    let sent = bench.take_sent();
    let [f6, f9] = &sent[..] else {
        panic!("{sent:?}")
    };
    for (message, status) in [(f6, StatusCode::RINGING), (f9, StatusCode::OK)] {
        assert_eq!(message.status(), Some(status));
        assert_eq!(message.fields_named(HeaderName::Via).count(), 3);
        assert!(message.first(HeaderName::RecordRoute).is_some());
        assert!(message.to().unwrap().tag().is_some());
    }
    // The ACK comes over both proxies, then the BYE of Bob goes back over them.
    let to = value(f9, HeaderName::To).unwrap();
    bench.receive(format!(
        "ACK sip:bob@client.biloxi.example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP ss2.biloxi.example.com:5060;branch=z9hG4bK4b43c2ff8.2\r\n\
         Max-Forwards: 68\r\nFrom: {ALICE};tag=1928301774\r\nTo: {to}\r\n\
         Call-ID: a84b4c76e66710\r\nCSeq: 314159 ACK\r\nContent-Length: 0\r\n\r\n"
    ));
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    bench.agent.hang_up(now, call).unwrap();
    let (bye, _) = last(&mut bench);
    assert_request(&bye, Method::BYE, 1, Some("1928301774"));
    assert_eq!(
        value(&bye, HeaderName::Route).as_deref(),
        Some("<sip:ss2.biloxi.example.com;lr>, <sip:ss1.atlanta.example.com;lr>")
    );
    assert_eq!(
        bye.request_uri().unwrap().as_str(),
        "sip:alice@client.atlanta.example.com"
    );
    bench.receive(response(&bye, 200, "", ""));
    assert_eq!(bench.agent.call_state(call), CallState::Over);
}
