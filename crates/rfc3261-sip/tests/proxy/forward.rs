//! Forwarding: what is changed in a request, and what is not (RFC 3261 §16.6).

use rfc3261_sip::{
    HeaderName, Message, QValue,
    proxy::{CommandError, Target},
    transport::{Flow, Transport},
};

use super::bench::*;

/// Two phones call each other: all messages of a call.
#[test]
fn a_call_goes_through_with_record_route() {
    let mut bench = Bench::with(|config| config.record_route = true);
    bench.aim(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let at_bob = bench.one();
    assert_eq!(at_bob.flow.remote, "203.0.113.2:5060".parse().unwrap());
    assert_clean(&at_bob.message);
    assert_eq!(uri(&at_bob.message), "sip:bob@203.0.113.2");
    let record_route = values(&at_bob.message, HeaderName::RecordRoute);
    assert_eq!(record_route, ["<sip:192.0.2.1;lr>"]);
    assert_eq!(at_bob.message.max_forwards().unwrap().0, 69);
    let vias = values(&at_bob.message, HeaderName::Via);
    assert!(
        vias[0].starts_with("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"),
        "{vias:?}"
    );
    assert_eq!(vias[1], "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKa1");

    bench.answer(&at_bob, 180, &[]);
    let rows = [
        (HeaderName::Contact, "<sip:bob@203.0.113.2>"),
        (HeaderName::RecordRoute, "<sip:192.0.2.1;lr>"),
    ];
    bench.answer(&at_bob, 200, &rows);
    assert_eq!(
        bench.words(),
        ["180 to 198.51.100.1:5060", "200 to 198.51.100.1:5060"]
    );
    let ok = bench.sent.pop().unwrap().message;
    assert_eq!(values(&ok, HeaderName::Via), [vias[1]]);
    assert_eq!(values(&ok, HeaderName::RecordRoute), ["<sip:192.0.2.1;lr>"]);
    bench.sent.clear();

    let to = "To: <sip:bob@example.com>;tag=b1";
    let route = "Route: <sip:192.0.2.1;lr>";
    for (number, method) in [(2, "ACK"), (3, "BYE")] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKa{number}");
        let line = format!("{method} sip:bob@203.0.113.2");
        bench.receive(ALICE, request(&line, &[to, route, &via]));
        let forwarded = bench.one();
        assert_eq!(word(&forwarded.message), method);
        assert_eq!(uri(&forwarded.message), "sip:bob@203.0.113.2");
        assert!(forwarded.message.first(HeaderName::Route).is_none());
        assert_eq!(forwarded.flow.remote, "203.0.113.2:5060".parse().unwrap());
        if method == "BYE" {
            bench.answer(&forwarded, 200, &[]);
        }
    }
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.end();
    assert_eq!(bench.proxy.counts().stateless, 1, "the ACK");
}

/// Cases 8 and 25, and the order of what has the same name.
#[test]
fn what_is_not_the_proxys_goes_on_byte_for_byte() {
    let mut bench = Bench::new();
    let rows = [
        "To: sip:bond,james@example.com",
        "Subject: caf\u{e9}  two  spaces",
        "X-Odd:\t Aai=%22Foo%22%3A",
        "Supported: , 100rel,,timer,",
        "Date: never",
        "x-odd: second",
        "Content-Type: text/plain",
        "l: 6",
        "Content-Length:",
    ];
    let text = request(
        "FROBNICATE sip:#123@203.0.113.9;user=phone;%74ransport=udp",
        &rows,
    );
    let text = text + "b\0dy\r\n";
    bench.receive(ALICE, text.clone());
    let sent = bench.one();
    let sent = core::str::from_utf8(sent.message.as_bytes())
        .unwrap()
        .to_owned();
    let (line, rest) = sent.split_once("\r\n").unwrap();
    let (via, rest) = rest.split_once("\r\n").unwrap();
    assert!(via.starts_with("Via: SIP/2.0/UDP 192.0.2.1;branch="));
    let restored = format!(
        "{line}\r\n{}",
        rest.replace("Max-Forwards: 69", "Max-Forwards: 70")
    );
    assert_eq!(restored, text);
}

#[test]
fn max_forwards_counts_down_or_begins_with_70() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    for (row, expected) in [
        ("Max-Forwards: 1", 0),
        ("Max-Forwards:", 70),
        ("Max-Forwards: 255", 254),
    ] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKm{expected}");
        bench.receive(ALICE, request("OPTIONS sip:bob@example.com", &[row, &via]));
        assert_eq!(
            bench.one().message.max_forwards().unwrap().0,
            expected,
            "{row}"
        );
    }
}

#[test]
fn parameters_that_no_request_uri_has_are_removed() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2;x=y;method=BYE?Subject=a"]);
    bench.receive(ALICE, invite());
    assert_eq!(uri(&bench.one().message), "sip:bob@203.0.113.2;x=y");
}

#[test]
fn each_branch_has_its_own_branch_with_the_cookie() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2", "sip:bob@203.0.113.3"]);
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    let branch = |sent: &Sent| sent.message.via().unwrap().branch().unwrap().to_owned();
    assert_eq!(sent.len(), 2);
    assert_ne!(branch(&sent[0]), branch(&sent[1]));
    for sent in &sent {
        assert!(sent.message.via().unwrap().has_unique_branch());
    }
    // Its ACK and CANCEL have that of the request, whose method has nothing to do with it.
    bench.answer(&sent[0], 180, &[]);
    bench.answer(&sent[1], 486, &[]);
    let ack = bench.sent_to("203.0.113.3:5060");
    assert_eq!(
        (word(&ack.message), branch(&ack)),
        ("ACK".into(), branch(&sent[1]))
    );
    bench.receive(ALICE, request("CANCEL sip:bob@example.com", &[]));
    let cancel = bench.sent_to("203.0.113.2:5060");
    assert_eq!(
        (word(&cancel.message), branch(&cancel)),
        ("CANCEL".into(), branch(&sent[0]))
    );
}

#[test]
fn content_length_is_added_on_streams_only() {
    let bodies = ["Content-Length:", "Content-Type: text/plain"];
    let text = request("MESSAGE sip:bob@example.com", &bodies) + "hello";
    for (target, expected) in [
        ("sip:bob@203.0.113.2;transport=tcp", Some("5")),
        ("sip:bob@203.0.113.2", None),
    ] {
        let mut bench = Bench::to(&[target]);
        bench.receive(ALICE, text.clone());
        let sent = bench.one().message;
        let length = sent.first(HeaderName::ContentLength);
        assert_eq!(length.and_then(|field| field.value_str()), expected);
        assert_eq!(sent.body(), b"hello");
    }
}

#[test]
fn targets_go_by_preference_and_equals_at_the_same_time() {
    let mut bench = Bench::new();
    let q = |thousandths| QValue::from_thousandths(thousandths).unwrap();
    bench.targets = Some(vec![
        Target::new("sip:c@203.0.113.4").q(q(300)),
        Target::new("sip:a@203.0.113.2").q(q(700)),
        Target::new("sip:b@203.0.113.3").q(q(700)),
    ]);
    bench.receive(ALICE, invite());
    assert_eq!(
        bench.words(),
        ["INVITE to 203.0.113.2:5060", "INVITE to 203.0.113.3:5060"]
    );
    let (a, b) = (bench.sent.remove(0), bench.sent.remove(0));
    bench.answer(&a, 486, &[]);
    assert_eq!(bench.take_words(), ["ACK to 203.0.113.2:5060"]);
    bench.answer(&b, 404, &[]);
    assert_eq!(
        bench.words(),
        ["ACK to 203.0.113.3:5060", "INVITE to 203.0.113.4:5060"]
    );
    let c = bench.sent.pop().unwrap();
    bench.sent.clear();
    bench.answer(&c, 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.end();
}

#[test]
fn a_target_is_there_once_and_more_may_follow() {
    let mut bench = Bench::to(&[
        "sip:bob@203.0.113.2",
        "sip:bob@203.0.113.2;x=1",
        "sip:BOB@203.0.113.2",
    ]);
    bench.receive(ALICE, invite());
    assert_eq!(
        bench.words(),
        ["INVITE to 203.0.113.2:5060", "INVITE to 203.0.113.2:5060"]
    );
    let first = bench.sent.remove(0);
    let second = bench.sent.remove(0);
    let id = {
        bench.targets = None;
        bench.receive(
            ALICE,
            request(
                "OPTIONS sip:bob@example.com",
                &["Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKo"],
            ),
        );
        bench.undecided()
    };
    // With no target at all it is 480.
    bench.proxy.forward(bench.now, id, []).unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["480 to 198.51.100.1:5060"]);
    bench.answer(&first, 486, &[]);
    bench.answer(&second, 486, &[]);
    bench.end();
}

#[test]
fn only_the_request_uri_is_a_target_where_the_proxy_is_not_responsible() {
    let mut bench = Bench::new();
    for uri in [
        "sip:carol@203.0.113.9",
        "sip:bob@example.com;maddr=203.0.113.9",
    ] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKr{}", uri.len());
        bench.receive(ALICE, request(&format!("INVITE {uri}"), &[&via]));
        let sent = bench.one();
        assert_eq!(sent.flow.remote, "203.0.113.9:5060".parse().unwrap());
        assert_eq!(super::bench::uri(&sent.message), uri);
    }
}

#[test]
fn commands_that_do_not_fit_are_refused() {
    let mut bench = Bench::new();
    bench.receive(ALICE, invite());
    let id = bench.undecided();
    let mut forward = |target| bench.proxy.forward(bench.now, id, [target]);
    assert_eq!(
        forward(Target::new("tel:+12015550123")),
        Err(CommandError::Target)
    );
    assert_eq!(
        forward(Target::new("mailto:bob@example.com")),
        Err(CommandError::Target)
    );
    assert_eq!(forward(Target::new("")), Err(CommandError::Target));
    let by = Target::new("tel:+12015550123").route(["<sip:203.0.113.7;lr>"]);
    assert_eq!(forward(by), Ok(()));
    bench.drain();
    let sent = bench.one();
    assert_eq!(uri(&sent.message), "tel:+12015550123");
    bench.answer(&sent, 200, &[]);
    let again = bench.proxy.forward(bench.now, id, [Target::new("sip:a@h")]);
    assert_eq!(again, Err(CommandError::Answered));
    bench.end();
    assert_eq!(bench.proxy.relay(bench.now, id), Err(CommandError::Unknown));
}

#[test]
fn a_target_by_its_flow_goes_back_over_its_connection() {
    let mut bench = Bench::new();
    let flow = tcp("203.0.113.2:49152", 7);
    bench.targets = Some(vec![
        Target::new("sip:bob@10.0.0.2;transport=tcp").flow(flow),
    ]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    assert_eq!(sent.flow, flow);
    assert!(sent.message.via().unwrap().transport().is_reliable());
}

/// §18.1.1: a request that may be too large for UDP goes by TCP, and if nobody is there, by UDP
/// after all.
#[test]
fn a_large_request_goes_by_tcp_if_it_can() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    let padding = format!("X-Padding: {}", "x".repeat(1100));
    bench.receive(ALICE, request("INVITE sip:bob@example.com", &[&padding]));
    let sent = bench.one();
    assert_eq!(sent.flow.transport, Transport::Tcp);
    assert_eq!(
        values(&sent.message, HeaderName::Via)[0].get(..11),
        Some("SIP/2.0/TCP")
    );
    bench.fail(&sent);
    let sent = bench.one();
    assert_eq!(sent.flow.transport, Transport::Udp);
    assert_eq!(
        values(&sent.message, HeaderName::Via)[0].get(..11),
        Some("SIP/2.0/UDP")
    );
}

/// What the proxy names itself in Record-Route: §16.6 item 4, and RFC 5658 where both sides differ.
#[test]
fn record_route_has_what_each_side_can_reach() {
    let udp = Flow::new(Transport::Udp, ALICE.parse().unwrap());
    let tls = Flow::new(Transport::Tls, "198.51.100.1:50001".parse().unwrap());
    let tcp = tcp("198.51.100.1:50000", 1);
    let cases: [(Flow, &str, bool, &[&str]); 9] = [
        (udp, "sip:bob@203.0.113.2", true, &["<sip:192.0.2.1;lr>"]),
        (udp, "sip:bob@203.0.113.2", false, &[]),
        (
            tcp,
            "sip:bob@203.0.113.2;transport=tcp",
            true,
            &["<sip:192.0.2.1;transport=tcp;lr>"],
        ),
        (
            udp,
            "sip:bob@203.0.113.2;transport=tcp",
            true,
            &[
                "<sip:192.0.2.1;transport=tcp;lr;r2=on>",
                "<sip:192.0.2.1;lr;r2=on>",
            ],
        ),
        // A SIPS target that is reached from the outside: the proxy must stay, with SIPS.
        (
            udp,
            "sips:bob@203.0.113.2",
            false,
            &[
                "<sips:proxy.example.com;lr;r2=on>",
                "<sip:192.0.2.1;lr;r2=on>",
            ],
        ),
        // From TLS to the outside: it must stay, without SIPS there and with SIPS here.
        (
            tls,
            "sip:bob@203.0.113.2",
            false,
            &[
                "<sip:192.0.2.1;lr;r2=on>",
                "<sips:proxy.example.com;lr;r2=on>",
            ],
        ),
        (tls, "sips:bob@203.0.113.2", false, &[]),
        (
            tls,
            "sips:bob@203.0.113.2",
            true,
            &["<sips:proxy.example.com;lr>"],
        ),
        (
            tls,
            "sip:bob@203.0.113.2;transport=tls",
            false,
            &["<sip:proxy.example.com;transport=tls;lr>"],
        ),
    ];
    for (source, target, wanted, expected) in cases {
        let mut bench = Bench::with(|config| config.record_route = wanted);
        bench.aim(&[target]);
        bench.receive_by(
            source,
            request(
                "INVITE sip:bob@example.com",
                &["Record-Route: <sip:before;lr>"],
            ),
        );
        let sent = bench.one().message;
        let mut found = values(&sent, HeaderName::RecordRoute);
        assert_eq!(
            found.pop(),
            Some("<sip:before;lr>"),
            "before those that are there"
        );
        assert_eq!(found, expected, "{source:?} {target} {wanted}");
    }
}

#[test]
fn requests_that_make_no_dialog_get_no_record_route() {
    let mut bench = Bench::with(|config| config.record_route = true);
    bench.aim(&["sip:bob@203.0.113.2"]);
    for (method, expected) in [
        ("OPTIONS", 0),
        ("SUBSCRIBE", 1),
        ("UPDATE", 1),
        ("NEW", 1),
        ("BYE", 0),
    ] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{method}");
        let line = format!("{method} sip:bob@example.com");
        bench.receive(ALICE, request(&line, &[&via]));
        let sent = bench.one().message;
        assert_eq!(
            values(&sent, HeaderName::RecordRoute).len(),
            expected,
            "{method}"
        );
    }
}

/// Case 15 of the ledger's item 8: responses find their way by the Via that was put in, whatever
/// the client wrote into its rows.
#[test]
fn the_clients_via_comes_back_as_it_was() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    let via = "v: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKkw,SIP/2.0/TCP 10.0.13.70:5060;branch=z9hG4bK20";
    bench.receive(ALICE, request("INVITE sip:bob@example.com", &["Via:", via]));
    let sent = bench.one();
    bench.answer(&sent, 200, &[]);
    let ok: Message = bench.one().message;
    assert_eq!(
        values(&ok, HeaderName::Via),
        [
            "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKkw",
            "SIP/2.0/TCP 10.0.13.70:5060;branch=z9hG4bK20"
        ]
    );
}
