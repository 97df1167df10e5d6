//! Which requests are not forwarded, and what they get (RFC 3261 §16.3, §16.5).

use rfc3261_sip::{
    HeaderName, Method, StatusCode,
    proxy::{Event, State},
    transport::{Flow, Transport},
};

use super::bench::*;

fn refused(bench: &mut Bench, text: String) -> Sent {
    bench.receive(ALICE, text);
    let response = bench.one();
    assert!(bench.events.is_empty());
    // An INVITE is acknowledged.
    if response.message.cseq().unwrap().method == Method::INVITE {
        let to = values(&response.message, HeaderName::To)[0];
        let via = values(&response.message, HeaderName::Via)[0];
        let rows = [&*format!("To: {to}"), &format!("Via: {via}")];
        bench.receive(ALICE, request("ACK sip:bob@example.com", &rows));
        assert_eq!(bench.take_words(), [] as [&str; 0]);
    }
    response
}

#[test]
fn what_decides_about_a_request_must_be_readable() {
    for row in [
        "Max-Forwards: 256",
        "Max-Forwards: many",
        "Route: <sip:p1.example.com;lr",
        "Proxy-Require: a b",
        "To: </>",
        "CSeq: 115211521152 INVITE",
    ] {
        let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
        bench.receive(ALICE, request("INVITE sip:bob@example.com", &[row]));
        assert_eq!(bench.take_words(), ["400 to 198.51.100.1:5060"], "{row}");
        bench.end();
    }
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    let sent = refused(&mut bench, request("INVITE sip:", &[]));
    assert_eq!(word(&sent.message), "400");
    let text = invite().replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia");
    let mut bench = Bench::new();
    assert_eq!(word(&refused(&mut bench, text).message), "505");
}

/// What does not concern the proxy may be wrong: the header fields of case 25, and methods and
/// extensions that nobody knows.
#[test]
fn what_does_not_concern_the_proxy_may_be_wrong() {
    for (line, row) in [
        ("INVITE sip:bob@example.com", "Date: yesterday"),
        (
            "INVITE sip:bob@example.com",
            "Contact: <sip:>;sip:;1001@45.93.16.168",
        ),
        ("INVITE sip:bob@example.com", "Require: nobody-knows"),
        ("INVITE sip:bob@example.com", "Record-Route: <sip:p1"),
        ("RE%47IST%45R sip:bob@example.com", "X: y"),
        ("invite sip:bob@example.com", "X: y"),
    ] {
        let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
        bench.receive(ALICE, request(line, &[row]));
        let sent = bench.one();
        assert_eq!(
            sent.flow.remote,
            "203.0.113.2:5060".parse().unwrap(),
            "{row}"
        );
        assert!(sent.message.to_string().contains(row), "{row}");
    }
}

#[test]
fn a_scheme_that_is_not_known_is_refused() {
    let mut bench = Bench::new();
    for uri in [
        "nobodyknowsthisscheme:totallyopaquecontent",
        "http://www.example.com",
    ] {
        let sent = refused(&mut bench, request(&format!("INVITE {uri}"), &[]));
        assert_eq!(word(&sent.message), "416");
        bench.end();
    }
    // A telephone number is the caller's to route.
    let line = "INVITE tel:+1-201-555-0123;phone-context=example.com";
    bench.receive(ALICE, request(line, &[]));
    let id = bench.undecided();
    let request = bench.proxy.request(id).unwrap();
    assert!(request.is_responsible());
    assert_eq!(request.uri(), &line[7..]);
}

#[test]
fn with_no_hop_left_a_request_is_not_forwarded() {
    for uri in ["sip:bob@elsewhere.example", "sip:bob@example.com"] {
        for method in ["INVITE", "OPTIONS"] {
            let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
            bench.receive(
                ALICE,
                request(&format!("{method} {uri}"), &["Max-Forwards: 0"]),
            );
            assert_eq!(bench.take_words(), ["483 to 198.51.100.1:5060"]);
            bench.end();
        }
    }
    // The registrar at the same place may have it.
    let mut bench = Bench::new();
    bench.receive(
        ALICE,
        request("REGISTER sip:example.com", &["Max-Forwards: 0"]),
    );
    let id = bench.undecided();
    bench.proxy.refuse(bench.now, id, StatusCode::OK).unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
}

/// §16.3 item 4, §16.6 item 8: what comes back unchanged is a loop.
#[test]
fn a_loop_is_refused_and_a_spiral_goes_on() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let out = bench.one();

    // The next hop sends it back as it was, with its own Via: a loop.
    let back = |uri: &str, row: &str| {
        let mut rows: Vec<_> = values(&out.message, HeaderName::Via)
            .into_iter()
            .map(|via| format!("Via: {via}"))
            .collect();
        let branch = uri.len() * 100 + row.len();
        rows.insert(
            0,
            format!("Via: SIP/2.0/UDP 203.0.113.2;branch=z9hG4bKb{branch}"),
        );
        if !row.is_empty() {
            rows.push(row.to_owned());
        }
        let rows: Vec<_> = rows.iter().map(|row| &**row).collect();
        request(&format!("INVITE {uri}"), &rows)
    };
    bench.receive("203.0.113.2:5060", back("sip:bob@example.com", ""));
    assert_eq!(bench.take_words(), ["482 to 203.0.113.2:5060"]);

    // With another Request-URI, Route or credentials it is a spiral.
    for (uri, row) in [
        ("sip:robert@example.com", ""),
        ("sip:bob@example.com", "Route: <sip:192.0.2.1;lr>"),
        (
            "sip:bob@example.com",
            "Proxy-Authorization: Digest username=\"bob\"",
        ),
        ("sip:bob@example.com", "To: <sip:bob@example.com>;tag=x"),
    ] {
        bench.receive("203.0.113.2:5060", back(uri, row));
        assert_eq!(
            bench.take_words(),
            ["INVITE to 203.0.113.2:5060"],
            "{uri} {row}"
        );
    }
    assert_eq!(bench.proxy.counts().requests, 5);
}

/// A proxy that forwards to itself: the loop ends at once, and everything ends.
#[test]
fn a_proxy_that_forwards_to_itself_ends_the_loop() {
    let mut bench = Bench::to(&["sip:bob@example.com;maddr=192.0.2.1"]);
    bench.receive(ALICE, invite());
    let mut hops = 0;
    for _ in 0..200 {
        let own = |sent: &Sent| sent.flow.remote.ip().to_string() == "192.0.2.1";
        let Some(at) = bench.sent.iter().position(own) else {
            bench.advance(1000);
            continue;
        };
        let sent = bench.sent.remove(at);
        hops += usize::from(sent.message.method() == Some(Method::INVITE));
        bench.receive("192.0.2.1:5060", sent.message.bytes().clone());
    }
    assert!(hops < 4, "{hops}");
    assert_eq!(bench.answered().last(), Some(&482));
    bench.end();
}

#[test]
fn an_extension_that_proxies_must_know_is_refused_if_this_one_does_not() {
    let mut bench = Bench::with(|config| config.extensions = vec!["known".into()]);
    let text = |value: &str| {
        let row = format!("Proxy-Require: {value}");
        let via = format!(
            "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{}",
            value.len()
        );
        request("INVITE sip:bob@203.0.113.2", &[&row, &via])
    };
    let sent = refused(&mut bench, text("one, Known, two"));
    assert_eq!(word(&sent.message), "420");
    assert_eq!(
        values(&sent.message, HeaderName::Unsupported),
        ["one", "two"]
    );
    bench.receive(ALICE, text("known"));
    assert_eq!(bench.take_words(), ["INVITE to 203.0.113.2:5060"]);
}

#[test]
fn the_caller_asks_for_credentials() {
    let mut bench = Bench::new();
    let (proxy, user) = (
        StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        StatusCode::UNAUTHORIZED,
    );
    for (status, name) in [
        (proxy, HeaderName::ProxyAuthenticate),
        (user, HeaderName::WwwAuthenticate),
    ] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{status}");
        bench.receive(ALICE, request("INVITE sip:bob@example.com", &[&via]));
        let id = bench.undecided();
        assert_eq!(bench.proxy.state(id), State::Deciding);
        let challenge = "Digest realm=\"example.com\", nonce=\"1\"";
        bench
            .proxy
            .challenge(bench.now, id, status, challenge)
            .unwrap();
        bench.drain();
        let sent = bench.one();
        assert_eq!(sent.message.status(), Some(status));
        assert_eq!(values(&sent.message, name), [challenge]);
        assert_clean(&sent.message);
        assert_eq!(bench.answered(), [status.get()]);
    }
    bench.end();
}

/// §16.3: merged requests are the endpoints' business.
#[test]
fn merged_requests_are_forwarded() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    bench.receive(ALICE, invite().replace("z9hG4bKa1", "z9hG4bKa2"));
    assert_eq!(
        bench.take_words(),
        ["INVITE to 203.0.113.2:5060", "INVITE to 203.0.113.2:5060"]
    );
}

#[test]
fn a_request_that_nobody_can_be_found_for_is_refused_by_the_caller() {
    let mut bench = Bench::to(&[]);
    bench.receive(ALICE, invite());
    assert_eq!(bench.take_words(), ["480 to 198.51.100.1:5060"]);
    bench.end();
    let mut bench = Bench::new();
    bench.receive(ALICE, invite());
    let id = bench.undecided();
    bench
        .proxy
        .refuse(bench.now, id, StatusCode::NOT_FOUND)
        .unwrap();
    bench.drain();
    let sent = bench.one();
    assert_eq!(word(&sent.message), "404");
    assert!(sent.message.to().unwrap().tag().is_some());
    bench.end();
}

#[test]
fn an_invite_that_waits_is_answered_with_100() {
    let mut bench = Bench::new();
    bench.receive(ALICE, invite());
    bench.advance(199);
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    bench.advance(1);
    let trying = bench.one().message;
    assert_eq!(word(&trying), "100");
    assert_eq!(trying.to().unwrap().tag(), None);
    // No other request is.
    let via = "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKo";
    bench.receive(ALICE, request("OPTIONS sip:bob@example.com", &[via]));
    bench.advance(10_000);
    assert_eq!(bench.take_words(), [] as [&str; 0]);
}

#[test]
fn beyond_the_limits_requests_get_a_503_and_leave_nothing() {
    let mut bench = Bench::with(|config| {
        config.transaction.max_servers = 1;
        config.transaction.max_clients = 1;
    });
    bench.aim(&["sip:bob@203.0.113.2", "sip:bob@203.0.113.3"]);
    bench.receive(ALICE, invite());
    // One of two branches has no place.
    assert_eq!(bench.words(), ["INVITE to 203.0.113.2:5060"]);
    let branch = bench.one();
    bench.receive(
        ALICE,
        invite()
            .replace("z9hG4bKa1", "z9hG4bKa2")
            .replace("c1@", "c2@"),
    );
    let sent = bench.one().message;
    assert_eq!(
        (word(&sent), values(&sent, HeaderName::RetryAfter)),
        ("503".into(), vec!["5"])
    );
    assert_eq!(bench.proxy.counts().transactions.refused, 1);
    assert_eq!(bench.proxy.counts().requests, 1);
    // What the one branch says goes before what the other could not.
    bench.answer(&branch, 404, &[]);
    assert_eq!(word(&bench.sent_to(ALICE).message), "404");
    bench.end();

    // The proxy itself has failed the client: 503.
    let mut bench = Bench::with(|config| config.transaction.max_clients = 0);
    bench.aim(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one().message;
    assert_eq!(
        (word(&sent), values(&sent, HeaderName::RetryAfter)),
        ("503".into(), vec!["5"])
    );
    bench.end();
}

#[test]
fn responses_go_back_to_where_the_request_came_from() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    let via = "Via: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKnat;rport";
    bench.receive_by(
        Flow::new(Transport::Udp, "198.51.100.77:40000".parse().unwrap()),
        request("OPTIONS sip:bob@example.com", &[via]),
    );
    let sent = bench.one();
    let stamped = "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKnat;rport=40000;received=198.51.100.77";
    assert_eq!(values(&sent.message, HeaderName::Via)[1], stamped);
    bench.answer(&sent, 200, &[]);
    let ok = bench.one();
    assert_eq!(ok.flow.remote, "198.51.100.77:40000".parse().unwrap());
    assert_eq!(
        values(&ok.message, HeaderName::Via),
        [stamped],
        "received is not removed"
    );
    assert!(matches!(bench.events[..], [Event::Answered { .. }]));
}
