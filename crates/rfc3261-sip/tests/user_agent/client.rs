//! Requests of this side (RFC 3261 §8.1): what is in them, where they go, again with credentials,
//! to the next server and to where they are redirected.

use core::time::Duration;

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    resolve::{Answer, Query, Srv},
    transport::{Flow, Transport},
    user_agent::{
        CallState, CommandError, Content, Credentials, EndCause, Event, Failure, Purpose, Target,
    },
};

use crate::bench::{Bench, response, value};

const BOB: &str = "sip:bob@192.0.2.2";

fn failure(events: &[Event]) -> &Failure {
    let ended = events.iter().find_map(|event| match event {
        Event::Ended {
            cause: EndCause::Failed(failure),
            ..
        }
        | Event::Failed { failure, .. } => Some(failure),
        _ => None,
    });
    ended.unwrap_or_else(|| panic!("{events:?}"))
}

#[test]
fn a_new_request_has_all_that_it_must() {
    // RFC 3261 §8.1.1
    let mut bench = Bench::new();
    let target = Target::new(BOB).to("Bob <sip:bob@example.com>");
    let now = bench.now;
    for _ in 0..2 {
        bench
            .agent
            .invite(now, &target, &Content::sdp("v=0\r\n"))
            .unwrap();
    }
    let sent = bench.take_sent();
    let [first, second] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(first.request_uri().unwrap().as_str(), BOB);
    let to = value(first, HeaderName::To).unwrap();
    assert_eq!(to, "Bob <sip:bob@example.com>");
    assert_eq!(first.to().unwrap().tag(), None);
    let from = first.from().unwrap();
    assert_eq!(from.uri().as_str(), "sip:alice@example.com");
    assert_ne!(from.tag(), second.from().unwrap().tag());
    assert_ne!(
        first.call_id().unwrap().as_str(),
        second.call_id().unwrap().as_str()
    );
    let cseq = first.cseq().unwrap();
    assert_eq!((cseq.sequence_number, cseq.method), (1, Method::INVITE));
    assert_eq!(first.max_forwards().unwrap().0, 70);
    let (one, other) = (first.via().unwrap(), second.via().unwrap());
    assert!(one.has_unique_branch());
    assert_ne!(one.branch(), other.branch());
    let contacts: Vec<_> = first.fields_named(HeaderName::Contact).collect();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].value(), b"<sip:alice@192.0.2.1>");
    assert_eq!(
        value(first, HeaderName::Supported).as_deref(),
        Some("100rel, replaces, timer")
    );
}

#[test]
fn a_route_goes_before_the_request_uri() {
    // RFC 3261 §8.1.1.1, §8.1.2
    let mut bench = Bench::new();
    let target = Target::new("sip:bob@example.com").route("sip:192.0.2.9;lr");
    let now = bench.now;
    let request = bench
        .agent
        .request(now, Method::OPTIONS, &target, &Content::new());
    request.unwrap();
    bench.drain();
    let (flow, sent) = &bench.sent[0];
    assert_eq!(flow.remote, "192.0.2.9:5060".parse().unwrap());
    assert_eq!(sent.request_uri().unwrap().as_str(), "sip:bob@example.com");
    assert_eq!(
        value(sent, HeaderName::Route).as_deref(),
        Some("<sip:192.0.2.9;lr>")
    );
}

#[test]
fn a_sips_uri_is_asked_for_over_tls_and_with_the_name_that_the_certificate_proves() {
    // RFC 3261 §8.1.2, §26.2.2; RFC 3263 §4.1
    let mut bench = Bench::with(|config| config.contact = "sips:alice@192.0.2.1".into());
    let now = bench.now;
    let target = Target::new("sips:bob@example.com:5061");
    let request = bench
        .agent
        .request(now, Method::OPTIONS, &target, &Content::new())
        .unwrap();
    let events = bench.take_events();
    let [
        Event::Lookup {
            request: asking,
            query,
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*asking, request);
    assert_eq!(*query, Query::Aaaa("example.com".into()));
    let address = "2001:db8::2".parse().unwrap();
    bench
        .agent
        .handle_answer(now, request, Answer::Addresses(vec![address]));
    let Some(rfc3261_sip::user_agent::Output::Transmit(transmit)) = bench.agent.poll_output()
    else {
        panic!();
    };
    assert_eq!(transmit.flow.transport, Transport::Tls);
    let message = Message::parse(transmit.bytes).unwrap();
    assert!(message.via().unwrap().transport().as_str() == "TLS");
    let name = bench.agent.server_name(transmit.transaction.unwrap());
    assert_eq!(name, Some("example.com"));
}

#[test]
fn the_next_server_is_tried_with_a_new_branch() {
    // RFC 3263 §4.3: after a transport error, a timeout and 503.
    let mut bench = Bench::new();
    let now = bench.now;
    let request = bench
        .agent
        .request(
            now,
            Method::OPTIONS,
            &Target::new("sip:example.com"),
            &Content::new(),
        )
        .unwrap();
    let servers = |bench: &mut Bench| {
        let events = bench.take_events();
        let Some(Event::Lookup { query, .. }) = events.last() else {
            return false;
        };
        let answer = match query {
            Query::Naptr(_) => Answer::Naptr(Vec::new()),
            Query::Srv(name) if name == "_sip._udp.example.com" => {
                let server = |target: &str, priority| Srv {
                    priority,
                    weight: 0,
                    port: 5060,
                    target: target.to_owned(),
                };
                let names = ["a.example", "b.example", "c.example", "d.example"];
                let servers = names.iter().zip(1..).map(|(name, at)| server(name, at));
                Answer::Srv(servers.collect())
            }
            Query::Srv(_) => Answer::Srv(Vec::new()),
            Query::A(name) => {
                let last = match name.as_str() {
                    "a.example" => 11,
                    "b.example" => 12,
                    "c.example" => 13,
                    _ => 14,
                };
                Answer::Addresses(vec![[192, 0, 2, last].into()])
            }
            _ => Answer::Addresses(Vec::new()),
        };
        let now = bench.now;
        bench.agent.handle_answer(now, request, answer);
        true
    };
    let mut branches = Vec::new();
    let mut remotes = Vec::new();
    for step in 0..4 {
        while servers(&mut bench) {}
        bench.drain();
        let (flow, sent) = bench.sent.last().unwrap().clone();
        remotes.push(flow.remote.to_string());
        branches.push(sent.via().unwrap().branch().unwrap().to_owned());
        let now = bench.now;
        match step {
            0 => {
                // Taken by number: the transaction of what was sent last.
                let transaction = bench.last_transaction.unwrap();
                bench.agent.handle_transport_error(now, transaction);
            }
            1 => bench.seconds(32),
            2 => {
                let answer = response(&sent, 503, "x", "");
                bench.receive(answer);
            }
            _ => {
                let answer = response(&sent, 200, "x", "");
                bench.receive(answer);
            }
        }
    }
    assert_eq!(
        remotes,
        [
            "192.0.2.11:5060",
            "192.0.2.12:5060",
            "192.0.2.13:5060",
            "192.0.2.14:5060"
        ]
    );
    branches.sort();
    branches.dedup();
    assert_eq!(branches.len(), 4);
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [Event::Response { .. }]),
        "{events:?}"
    );
    bench.seconds(40);
    assert_eq!(bench.agent.counts().requests, 0);
}

#[test]
fn no_response_counts_as_408_and_a_transport_error_as_503() {
    // RFC 3261 §8.1.3.1
    let mut bench = Bench::new();
    let now = bench.now;
    bench
        .agent
        .invite(now, &Target::new(BOB), &Content::new())
        .unwrap();
    bench.seconds(33);
    let events = bench.take_events();
    assert!(matches!(failure(&events), Failure::Timeout));
    assert_eq!(failure(&events).status(), StatusCode::REQUEST_TIMEOUT);

    let now = bench.now;
    bench
        .agent
        .request(now, Method::MESSAGE, &Target::new(BOB), &Content::new())
        .unwrap();
    bench.drain();
    let transaction = bench.last_transaction.unwrap();
    bench.agent.handle_transport_error(now, transaction);
    let events = bench.take_events();
    assert_eq!(failure(&events).status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn an_unknown_final_response_is_one_of_its_class() {
    // RFC 3261 §8.1.3.2
    let mut bench = Bench::new();
    let now = bench.now;
    for (status, class) in [(499, 400), (599, 500), (699, 600), (399, 300)] {
        bench
            .agent
            .invite(now, &Target::new(BOB), &Content::new())
            .unwrap();
        let invite = bench.last();
        bench.receive(response(&invite, 199, "t", ""));
        bench.receive(response(&invite, status, "t", ""));
        let events = bench.take_events();
        assert!(matches!(events[0], Event::Progress { .. }));
        assert_eq!(failure(&events).status().class().get(), class);
    }
    bench.seconds(40);
    assert_eq!(bench.agent.counts().calls, 0);
}

#[test]
fn what_is_challenged_is_sent_again_with_credentials() {
    // RFC 3261 §8.1.3.5, §22.2
    let mut bench = Bench::new();
    let now = bench.now;
    let call = bench
        .agent
        .invite(now, &Target::new(BOB), &Content::sdp("v=0\r\n"))
        .unwrap();
    let first = bench.last();
    bench.receive(response(
        &first,
        407,
        "p",
        "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n\"\r\n",
    ));
    let events = bench.take_events();
    let [
        Event::Challenged {
            request,
            purpose,
            response: challenge,
            sent,
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*purpose, Purpose::Call(call));
    assert!(challenge.first(HeaderName::ProxyAuthenticate).is_some());
    assert_eq!(sent.method(), Some(Method::INVITE));
    assert_eq!(sent.request_uri().unwrap().as_str(), BOB);
    assert_eq!(sent.body(), b"v=0\r\n");
    let credentials = Credentials::new().proxy_authorization("Digest realm=\"p\"");
    bench.agent.retry(now, *request, &credentials).unwrap();
    let again = bench.agent.retry(now, *request, &credentials);
    assert_eq!(again, Err(CommandError::State));
    let second = bench.last();
    assert_eq!(second.cseq().unwrap().sequence_number, 2);
    assert_eq!(
        value(&second, HeaderName::CallId),
        value(&first, HeaderName::CallId)
    );
    assert_eq!(
        value(&second, HeaderName::From),
        value(&first, HeaderName::From)
    );
    assert_eq!(second.to().unwrap().tag(), None);
    assert_ne!(
        second.via().unwrap().branch(),
        first.via().unwrap().branch()
    );
    assert_eq!(second.body(), b"v=0\r\n");
    let row = value(&second, HeaderName::ProxyAuthorization);
    assert_eq!(row.as_deref(), Some("Digest realm=\"p\""));

    // Then the server wants some as well, and the ACK has both (RFC 3261 §13.2.2.4).
    bench.receive(response(
        &second,
        401,
        "s",
        "WWW-Authenticate: Digest realm=\"s\", nonce=\"n\"\r\n",
    ));
    let events = bench.take_events();
    let [Event::Challenged { request: same, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(same, request);
    let both = credentials.authorization("Digest realm=\"s\"");
    bench.agent.retry(now, *same, &both).unwrap();
    let third = bench.last();
    assert_eq!(third.cseq().unwrap().sequence_number, 3);
    let contact = "Contact: <sip:bob@192.0.2.2>\r\n";
    bench.receive(response(&third, 200, "b", contact));
    let ack = bench.last();
    assert_eq!(ack.method(), Some(Method::ACK));
    assert_eq!(ack.cseq().unwrap().sequence_number, 3);
    assert!(ack.first(HeaderName::Authorization).is_some());
    assert!(ack.first(HeaderName::ProxyAuthorization).is_some());
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    bench.agent.hang_up(now, call).unwrap();
    assert_eq!(bench.last().cseq().unwrap().sequence_number, 4);
}

#[test]
fn who_has_no_credentials_gives_up() {
    let mut bench = Bench::new();
    let now = bench.now;
    bench
        .agent
        .invite(now, &Target::new(BOB), &Content::new())
        .unwrap();
    let invite = bench.last();
    let challenge = "WWW-Authenticate: Digest realm=\"s\", nonce=\"n\"\r\n";
    bench.receive(response(&invite, 401, "s", challenge));
    let events = bench.take_events();
    let [Event::Challenged { request, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    bench.agent.give_up(now, *request).unwrap();
    let events = bench.take_events();
    assert_eq!(failure(&events).status(), StatusCode::UNAUTHORIZED);
    bench.seconds(40);
    assert_eq!(
        (bench.agent.counts().calls, bench.agent.counts().requests),
        (0, 0)
    );
}

#[test]
fn a_redirected_call_goes_on_to_each_contact_once_the_best_first() {
    // RFC 3261 §8.1.3.4
    let mut bench = Bench::new();
    let now = bench.now;
    let call = bench
        .agent
        .invite(now, &Target::new(BOB).to("<sip:bob@x>"), &Content::new())
        .unwrap();
    let first = bench.last();
    let contacts = "Contact: <sip:low@192.0.2.20>;q=0.1, <sip:bob@192.0.2.2>, \
                    <sip:high@192.0.2.21;x=y;method=INVITE?Subject=s>;q=0.9\r\n";
    bench.receive(response(&first, 302, "r", contacts));
    let second = bench.last();
    assert_eq!(
        second.request_uri().unwrap().as_str(),
        "sip:high@192.0.2.21;x=y"
    );
    assert_eq!(
        value(&second, HeaderName::To).as_deref(),
        Some("<sip:bob@x>")
    );
    assert_eq!(
        value(&second, HeaderName::CallId),
        value(&first, HeaderName::CallId)
    );
    assert_ne!(
        second.via().unwrap().branch(),
        first.via().unwrap().branch()
    );
    assert_eq!(second.cseq().unwrap().sequence_number, 2);
    // It sends the call back to where it was, which is not tried again.
    let back = "Contact: <sip:bob@192.0.2.2>\r\n";
    bench.receive(response(&second, 301, "r", back));
    let third = bench.last();
    assert_eq!(third.request_uri().unwrap().as_str(), "sip:low@192.0.2.20");
    bench.receive(response(&third, 486, "l", ""));
    let events = bench.take_events();
    assert_eq!(failure(&events).status(), StatusCode::BUSY_HERE);
    assert_eq!(bench.agent.call_state(call), CallState::Over);
}

#[test]
fn redirections_end_after_some() {
    let mut bench = Bench::with(|config| config.max_redirects = 3);
    let now = bench.now;
    bench
        .agent
        .request(now, Method::OPTIONS, &Target::new(BOB), &Content::new())
        .unwrap();
    for at in 0.. {
        let sent = bench.take_sent();
        let Some(request) = sent.last() else {
            assert_eq!(at, 4);
            break;
        };
        let contact = format!("Contact: <sip:next{at}@192.0.2.2>\r\n");
        bench.receive(response(request, 302, "r", &contact));
    }
    let events = bench.take_events();
    let [Event::Response { response, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(response.status(), Some(StatusCode::MOVED_TEMPORARILY));
}

#[test]
fn a_sips_call_is_not_redirected_to_where_it_is_not_secure() {
    // RFC 3261 §8.1.3.4
    let mut bench = Bench::with(|config| config.contact = "sips:alice@192.0.2.1".into());
    let now = bench.now;
    bench
        .agent
        .invite(now, &Target::new("sips:bob@192.0.2.2"), &Content::new())
        .unwrap();
    let first = bench.last();
    bench.receive(response(
        &first,
        302,
        "r",
        "Contact: <sip:bob@192.0.2.7>\r\n",
    ));
    let events = bench.take_events();
    assert_eq!(failure(&events).status(), StatusCode::MOVED_TEMPORARILY);
}

#[test]
fn a_large_request_goes_by_tcp() {
    // RFC 3261 §18.1.1
    let mut bench = Bench::new();
    let now = bench.now;
    let content = Content::body("text/plain", vec![b'x'; 1300]);
    bench
        .agent
        .request(now, Method::MESSAGE, &Target::new(BOB), &content)
        .unwrap();
    bench.drain();
    let (flow, sent) = &bench.sent[0];
    assert_eq!(flow.transport, Transport::Tcp);
    assert_eq!(sent.via().unwrap().transport().as_str(), "TCP");
}

#[test]
fn a_large_request_that_tcp_is_refused_for_goes_by_udp_after_all() {
    // RFC 3261 §18.1.1
    let mut bench = Bench::new();
    let now = bench.now;
    let content = Content::body("text/plain", vec![b'x'; 1300]);
    bench
        .agent
        .request(now, Method::MESSAGE, &Target::new(BOB), &content)
        .unwrap();
    bench.drain();
    let transaction = bench.last_transaction.unwrap();
    bench.agent.handle_transport_error(now, transaction);
    bench.drain();
    let (flow, sent) = bench.sent.last().unwrap();
    assert_eq!(flow.transport, Transport::Udp);
    assert_eq!(sent.via().unwrap().transport().as_str(), "UDP");
    assert!(bench.events.is_empty());
}

#[test]
fn a_message_is_sent_and_answered() {
    // RFC 3428
    let mut bench = Bench::new();
    let now = bench.now;
    let content = Content::body("text/plain", "Hello");
    let id = bench
        .agent
        .request(now, Method::MESSAGE, &Target::new(BOB), &content)
        .unwrap();
    let message = bench.last();
    assert_eq!(message.body(), b"Hello");
    assert!(message.first(HeaderName::Contact).is_none());
    bench.receive(response(&message, 202, "b", ""));
    let events = bench.take_events();
    assert!(matches!(&events[..], [Event::Response { request, .. }] if *request == id));
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.agent.counts().requests, 0);
}

#[test]
fn no_request_that_needs_a_dialog_goes_without() {
    // RFC 3261 §15, RFC 3311 §5.1, RFC 3262 §4
    let mut bench = Bench::new();
    let now = bench.now;
    for method in [
        Method::BYE,
        Method::ACK,
        Method::CANCEL,
        Method::UPDATE,
        Method::PRACK,
    ] {
        let refused = bench
            .agent
            .request(now, method, &Target::new(BOB), &Content::new());
        assert_eq!(refused, Err(CommandError::State), "{method}");
    }
}

#[test]
fn a_target_that_is_no_sip_uri_leads_nowhere() {
    let mut bench = Bench::new();
    let now = bench.now;
    let target = Target::new("tel:+358-555-1234567");
    let refused = bench.agent.invite(now, &target, &Content::new());
    assert_eq!(refused, Err(CommandError::Uri));
    let flow = Flow::new(Transport::Udp, "192.0.2.9:5060".parse().unwrap());
    let target = target.flow(flow);
    bench.agent.invite(now, &target, &Content::new()).unwrap();
    assert_eq!(
        bench.last().request_uri().unwrap().as_str(),
        "tel:+358-555-1234567"
    );
}
