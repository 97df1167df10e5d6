//! The proxy without state (RFC 3261 §16.11).

use rfc3261_sip::{
    HeaderName, Message,
    proxy::{Event, Request, Target},
    resolve::Answer,
    transport::{Flow, Transport},
};

use super::bench::*;

fn stateless() -> Bench {
    Bench::with(|config| config.stateless = true)
}

fn received(bench: &mut Bench, text: impl Into<bytes::Bytes>) -> Request {
    bench.receive(ALICE, text);
    match bench.events.pop() {
        Some(Event::Stateless(request)) => *request,
        other => panic!("{other:?}"),
    }
}

fn forward(bench: &mut Bench, text: impl Into<bytes::Bytes>, target: &str) -> Sent {
    let request = received(bench, text);
    let target = Some(Target::new(target));
    bench
        .proxy
        .forward_stateless(bench.now, request, target)
        .unwrap();
    bench.drain();
    bench.one()
}

fn branch(message: &Message) -> &str {
    message.via().unwrap().branch().unwrap()
}

#[test]
fn a_call_goes_through_without_state() {
    let mut bench = stateless();
    let bob = "sip:bob@203.0.113.2";
    let text = invite().replace("branch=", "rport;branch=");
    let first = forward(&mut bench, text.clone(), bob);
    assert_clean(&first.message);
    assert_eq!(first.message.max_forwards().unwrap().0, 69);
    // A copy becomes the same copy.
    let copy = forward(&mut bench, text.clone(), bob);
    assert_eq!(copy.message.as_bytes(), first.message.as_bytes());
    assert!(first.message.via().unwrap().has_unique_branch());
    for status in [100, 180, 486] {
        bench.answer(&first, status, &[]);
        let back = bench.one();
        assert_eq!(back.flow.remote, ALICE.parse().unwrap());
        assert_eq!(
            word(&back.message),
            status.to_string(),
            "all of them, 100 as well"
        );
        assert_eq!(values(&back.message, HeaderName::Via).len(), 1);
    }
    // ACK and CANCEL have the branch of their INVITE.
    for (method, to) in [("ACK", ";tag=b1"), ("CANCEL", "")] {
        let text = text.replace("INVITE", method);
        let text = text.replace(
            "To: <sip:bob@example.com>",
            &format!("To: <sip:bob@example.com>{to}"),
        );
        let sent = forward(&mut bench, text, bob);
        assert_eq!(branch(&sent.message), branch(&first.message), "{method}");
    }
    // The next transaction has another.
    let next = forward(&mut bench, text.replace("z9hG4bKa1", "z9hG4bKa2"), bob);
    assert_ne!(branch(&next.message), branch(&first.message));
    // There is nothing that could be left, and no 100 of its own.
    assert_eq!(bench.proxy.next_timeout(), None);
    bench.end();
}

/// A client that is older than RFC 3261 has no branch that could tell its requests.
#[test]
fn old_clients_are_told_by_what_else_there_is() {
    let mut bench = stateless();
    let bob = "sip:bob@203.0.113.2";
    let old = |text: String| text.replace(";branch=z9hG4bKa1", "");
    let first = forward(&mut bench, old(invite()), bob);
    let copy = forward(&mut bench, old(invite()), bob);
    assert_eq!(branch(&first.message), branch(&copy.message));
    for (from, to) in [
        ("CSeq: 1", "CSeq: 2"),
        ("c1@", "c2@"),
        (";tag=a1", ";tag=a2"),
        ("sip:bob@example.com SIP", "sip:bo@example.com SIP"),
    ] {
        let other = forward(&mut bench, old(invite()).replace(from, to), bob);
        assert_ne!(branch(&first.message), branch(&other.message), "{from}");
    }
}

#[test]
fn requests_are_checked_and_refused_without_state() {
    let mut bench = stateless();
    for (line, row, status) in [
        ("INVITE sip:bob@elsewhere.example", "Max-Forwards: 0", "483"),
        ("INVITE sip:bob@example.com", "Proxy-Require: x", "420"),
        ("INVITE opaque:bob", "X: y", "416"),
        ("INVITE sip:bob@example.com", "Max-Forwards: x", "400"),
    ] {
        let text = request(line, &[row]);
        bench.receive(ALICE, text.clone());
        let sent = bench.one();
        assert_eq!(
            (word(&sent.message), sent.flow.remote),
            (status.into(), ALICE.parse().unwrap())
        );
        let tag = sent.message.to().unwrap().tag().unwrap().to_owned();
        // The same for each copy; its ACK ends here.
        bench.receive(ALICE, text);
        assert_eq!(bench.one().message.to().unwrap().tag(), Some(&*tag));
        let to = format!("To: <sip:bob@example.com>;tag={tag}");
        bench.receive(ALICE, request("ACK sip:bob@example.com", &[&to]));
        assert!(bench.events.is_empty() && bench.sent.is_empty());
    }
    // A request for the proxy itself with no hops left is found out when it is to be forwarded.
    let late = received(
        &mut bench,
        request("INVITE sip:bob@example.com", &["Max-Forwards: 0"]),
    );
    bench
        .proxy
        .forward_stateless(bench.now, late, Some(Target::new("sip:b@203.0.113.2")))
        .unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["483 to 198.51.100.1:5060"]);
}

/// §16.11: loops are found by the branch as well.
#[test]
fn a_loop_ends_without_state() {
    let mut bench = stateless();
    let sent = forward(&mut bench, invite(), "sip:bob@example.com;maddr=192.0.2.1");
    let text = sent.message.to_string();
    let (line, rest) = text.split_once("\r\n").unwrap();
    let line = line.replace(";maddr=192.0.2.1", "");
    let via = "Via: SIP/2.0/UDP 203.0.113.2;branch=z9hG4bKb";
    bench.receive("203.0.113.2:5060", format!("{line}\r\n{via}\r\n{rest}"));
    assert_eq!(bench.take_words(), ["482 to 203.0.113.2:5060"]);
}

/// The route is looked at as ever, for CANCEL too.
#[test]
fn routes_are_followed_without_state() {
    let mut bench = stateless();
    let route = "Route: <sip:192.0.2.1;lr>, <sip:203.0.113.7;lr>";
    let mut branches = Vec::new();
    for method in ["INVITE", "CANCEL", "ACK"] {
        let line = format!("{method} sip:carol@203.0.113.9");
        let request = received(&mut bench, request(&line, &[route]));
        assert!(!request.is_responsible());
        bench
            .proxy
            .forward_stateless(bench.now, request, None)
            .unwrap();
        bench.drain();
        let sent = bench.one();
        assert_eq!(sent.flow.remote, "203.0.113.7:5060".parse().unwrap());
        assert_eq!(
            values(&sent.message, HeaderName::Route),
            ["<sip:203.0.113.7;lr>"]
        );
        branches.push(branch(&sent.message).to_owned());
    }
    branches.dedup();
    assert_eq!(branches.len(), 1);
    let request = received(&mut bench, request("OPTIONS sip:carol@203.0.113.9", &[]));
    let other = Some(Target::new("sip:other@203.0.113.8"));
    assert!(
        bench
            .proxy
            .forward_stateless(bench.now, request, other)
            .is_err()
    );
}

#[test]
fn responses_that_are_not_its_own_are_dropped() {
    let mut bench = stateless();
    let sent = forward(&mut bench, invite(), "sip:bob@203.0.113.2");
    let text = String::from_utf8(response(&sent.message, 200, &[]).to_vec()).unwrap();
    bench.receive(
        "203.0.113.2:5060",
        text.replacen("192.0.2.1", "192.0.2.9", 1),
    );
    let own = values(&sent.message, HeaderName::Via)[1];
    bench.receive(
        "203.0.113.2:5060",
        text.replace(&format!("Via: {own}\r\n"), ""),
    );
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    assert_eq!(bench.proxy.counts().dropped, 2);
}

#[test]
fn responses_over_connections_find_the_connection() {
    let mut bench = stateless();
    let via = "Via: SIP/2.0/TCP 10.0.0.9;branch=z9hG4bKc;rport";
    let flow = tcp("198.51.100.5:40123", 9);
    bench.receive_by(flow, request("INVITE sip:carol@203.0.113.9", &[via]));
    let Some(Event::Stateless(request)) = bench.events.pop() else {
        panic!()
    };
    bench
        .proxy
        .forward_stateless(bench.now, *request, None)
        .unwrap();
    bench.drain();
    let sent = bench.one();
    bench.answer(&sent, 200, &[]);
    let back = bench.one().flow;
    assert_eq!((back.transport, back.remote), (Transport::Tcp, flow.remote));
}

#[test]
fn names_are_looked_up_and_only_so_many_wait() {
    let mut bench = Bench::with(|config| config.max_pending = 1);
    let to = "To: <sip:bob@example.com>;tag=b1";
    let ack = request("ACK sip:carol@elsewhere.example:5070", &[to]);
    bench.receive(ALICE, ack.clone());
    bench.receive(ALICE, ack);
    assert_eq!(bench.proxy.counts().dropped, 1);
    let (lookup, _) = bench.lookup();
    bench.proxy.handle_answer(
        bench.now,
        lookup,
        Answer::Addresses(vec!["2001:db8::9".parse().unwrap()]),
    );
    bench.drain();
    assert_eq!(bench.take_words(), ["ACK to [2001:db8::9]:5070"]);
    assert_eq!(bench.proxy.counts().lookups, 0);

    // A response to a name, too: that of a Via without address, which only an old hop writes.
    let text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
        Via: SIP/2.0/UDP host.example:5090;branch=z9hG4bKy\r\nFrom: <sip:a@h>;tag=a\r\n\
        To: <sip:b@h>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
    bench.receive("203.0.113.2:5060", text);
    let (lookup, _) = bench.lookup();
    bench
        .proxy
        .handle_answer(bench.now, lookup, Answer::Addresses(vec![]));
    bench.drain();
    let (lookup, _) = bench.lookup();
    bench.proxy.handle_answer(
        bench.now,
        lookup,
        Answer::Addresses(vec!["203.0.113.8".parse().unwrap()]),
    );
    bench.drain();
    assert_eq!(bench.take_words(), ["200 to 203.0.113.8:5090"]);
    // Nobody answers: dropped in the end.
    bench.receive("203.0.113.2:5060", text);
    bench.end();
}

/// An ACK for a 2xx: with the branch of the INVITE, as some send it, or with its own (case 24).
#[test]
fn the_ack_for_a_2xx_is_forwarded_without_state() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 200, &[]);
    bench.sent.clear();
    for branch in ["z9hG4bKa1", "z9hG4bKa2", "0"] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch={branch}");
        let rows = ["To: <sip:bob@example.com>;tag=b1", &*via];
        bench.receive(ALICE, request("ACK sip:bob@203.0.113.2", &rows));
        assert_eq!(bench.take_words(), ["ACK to 203.0.113.2:5060"], "{branch}");
    }
    // Without a hop left it ends here.
    let rows = ["To: <sip:bob@example.com>;tag=b1", "Max-Forwards: 0"];
    bench.receive(ALICE, request("ACK sip:bob@203.0.113.2", &rows));
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    // One for the proxy's own domain is the caller's to route, or to forget.
    bench.receive(
        ALICE,
        request(
            "ACK sip:bob@example.com",
            &["To: <sip:bob@example.com>;tag=b1"],
        ),
    );
    assert!(matches!(bench.events.pop(), Some(Event::Stateless(_))));
    bench.end();
}

#[test]
fn a_target_by_its_flow_without_state() {
    let mut bench = stateless();
    let flow = Flow::new(Transport::Udp, "203.0.113.77:40000".parse().unwrap());
    let request = received(&mut bench, invite());
    let target = Target::new("sip:bob@10.0.0.2").flow(flow);
    bench
        .proxy
        .forward_stateless(bench.now, request, Some(target))
        .unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["INVITE to 203.0.113.77:40000"]);
}

/// Who knows its calls may be asked about each ACK, so that strangers send nothing through.
#[test]
fn an_ack_for_another_domain_may_be_asked_about() {
    let mut bench = Bench::with(|config| config.relay_stateless = false);
    let to = "To: <sip:carol@203.0.113.9>;tag=b1";
    let ack = received(&mut bench, request("ACK sip:carol@203.0.113.9", &[to]));
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    bench.proxy.forward_stateless(bench.now, ack, None).unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["ACK to 203.0.113.9:5060"]);
}
