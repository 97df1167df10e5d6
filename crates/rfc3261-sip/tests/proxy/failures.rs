//! Timers, transports and servers that fail (RFC 3261 §16.6 item 7, §16.8, §16.9; RFC 3263 §4.3).

use core::{net::IpAddr, time::Duration};

use rfc3261_sip::{
    HeaderName,
    proxy::Target,
    resolve::{Answer, Query, Srv},
};

use super::bench::*;

#[test]
fn a_target_that_says_nothing_is_408() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    bench.advance(31_999);
    assert_eq!(bench.answered(), [] as [u16; 0]);
    bench.advance(1);
    assert_eq!(bench.answered(), [408]);
    let sent = bench.sent_to(ALICE);
    assert_eq!(word(&sent.message), "100");
    let sent = bench.sent_to(ALICE).message;
    assert_eq!(word(&sent), "408");
    assert!(sent.to().unwrap().tag().is_some());
    bench.end();
}

/// §16.8: Timer C, more than 3 minutes after the last provisional response that is no 100.
#[test]
fn a_target_that_rings_too_long_is_cancelled() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 180, &[]);
    bench.advance(100_000);
    bench.answer(&sent, 183, &[]);
    bench.advance(100_000);
    bench.answer(&sent, 100, &[]);
    bench.sent.clear();
    bench.advance(80_999);
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    bench.advance(1);
    assert_eq!(bench.take_words(), ["CANCEL to 203.0.113.2:5060"]);
    // Nothing comes: 408.
    bench.advance(32_000);
    assert_eq!(bench.answered(), [408]);
    bench.end();
}

/// A target that has said 100 only is cancelled as well.
#[test]
fn a_target_that_only_tries_is_cancelled() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 100, &[]);
    bench.advance(181_000);
    let words = bench.take_words();
    assert_eq!(
        words.last().map(String::as_str),
        Some("CANCEL to 203.0.113.2:5060")
    );
    bench.answer(&sent, 487, &[]);
    assert_eq!(bench.answered(), [487]);
    bench.end();
}

/// §16.9: as if a 503 had come, which is a 500 upstream; another branch's answer goes before it.
#[test]
fn a_transport_error_counts_as_a_503() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.fail(&sent);
    assert_eq!(bench.take_words(), ["500 to 198.51.100.1:5060"]);
    bench.end();

    let mut bench = Bench::to(&["sip:a@203.0.113.2", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, invite());
    let (a, b) = (bench.sent.remove(0), bench.sent.remove(0));
    bench.fail(&a);
    bench.answer(&b, 504, &[]);
    assert_eq!(bench.answered(), [504]);
    bench.end();
}

/// §16.9: a response that cannot be sent is dropped, and nothing is cancelled.
#[test]
fn a_client_that_cannot_be_reached_cancels_nothing() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 180, &[]);
    let ringing = bench.one();
    bench.fail(&ringing);
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    bench.answer(&sent, 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.end();
}

fn address(last: u8) -> IpAddr {
    [203, 0, 113, last].into()
}

/// Answers the questions for elsewhere.example with two servers of two addresses.
fn answer_srv(bench: &mut Bench) {
    let (lookup, query) = bench.lookup();
    assert_eq!(query, Query::Naptr("elsewhere.example".into()));
    bench
        .proxy
        .handle_answer(bench.now, lookup, Answer::Naptr(vec![]));
    bench.drain();
    let (lookup, query) = bench.lookup();
    assert_eq!(query, Query::Srv("_sip._udp.elsewhere.example".into()));
    let srv = |priority, target: &str| Srv {
        priority,
        weight: 0,
        port: 5070,
        target: target.into(),
    };
    let servers = vec![srv(1, "one.example"), srv(2, "two.example")];
    bench
        .proxy
        .handle_answer(bench.now, lookup, Answer::Srv(servers));
    bench.drain();
}

fn answer_address(bench: &mut Bench, name: &str, addresses: &[u8]) {
    let (lookup, query) = bench.lookup();
    assert_eq!(query, Query::Aaaa(name.into()));
    bench
        .proxy
        .handle_answer(bench.now, lookup, Answer::Addresses(vec![]));
    bench.drain();
    let (lookup, query) = bench.lookup();
    assert_eq!(query, Query::A(name.into()));
    let addresses = addresses.iter().copied().map(address).collect();
    bench
        .proxy
        .handle_answer(bench.now, lookup, Answer::Addresses(addresses));
    bench.drain();
}

#[test]
fn the_next_server_is_tried_when_one_fails() {
    let mut bench = Bench::new();
    bench.receive(ALICE, request("INVITE sip:carol@elsewhere.example", &[]));
    answer_srv(&mut bench);
    answer_address(&mut bench, "one.example", &[2, 3]);
    // By a transport error, a 503 and a timeout, each time with a new branch.
    let first = bench.one();
    assert_eq!(first.flow.remote, "203.0.113.2:5070".parse().unwrap());
    assert_eq!(
        bench.proxy.server_name(first.transaction.unwrap()),
        Some("elsewhere.example")
    );
    bench.fail(&first);
    let second = bench.one();
    assert_eq!(second.flow.remote, "203.0.113.3:5070".parse().unwrap());
    let branch = |sent: &Sent| sent.message.via().unwrap().branch().unwrap().to_owned();
    assert_ne!(branch(&first), branch(&second));
    bench.answer(&second, 503, &[(HeaderName::RetryAfter, "5")]);
    assert_eq!(bench.take_words(), ["ACK to 203.0.113.3:5070"]);
    answer_address(&mut bench, "two.example", &[4]);
    let third = bench.one();
    assert_eq!(third.flow.remote, "203.0.113.4:5070".parse().unwrap());
    assert_ne!(branch(&second), branch(&third));
    bench.advance(32_000);
    // None is left: as if it were a 408.
    assert_eq!(bench.answered(), [408]);
    bench.end();
}

#[test]
fn a_server_that_has_answered_is_the_last_one_tried() {
    let mut bench = Bench::new();
    bench.receive(ALICE, request("INVITE sip:carol@elsewhere.example", &[]));
    answer_srv(&mut bench);
    answer_address(&mut bench, "one.example", &[2, 3]);
    let first = bench.one();
    bench.answer(&first, 404, &[]);
    assert_eq!(
        bench.take_words(),
        ["ACK to 203.0.113.2:5070", "404 to 198.51.100.1:5060"]
    );
    bench.end();
    // And so is one that rings, whatever becomes of it.
    bench.receive(
        ALICE,
        request("INVITE sip:carol@elsewhere.example", &[]).replace("a1", "a2"),
    );
    bench
        .events
        .retain(|event| matches!(event, rfc3261_sip::proxy::Event::Lookup { .. }));
    answer_srv(&mut bench);
    answer_address(&mut bench, "one.example", &[2, 3]);
    let first = bench.one();
    bench.answer(&first, 180, &[]);
    bench.advance(181_000 + 32_000);
    assert_eq!(bench.answered(), [408]);
    bench.end();
}

#[test]
fn a_name_that_does_not_exist_is_408() {
    let mut bench = Bench::to(&["sip:bob@nowhere.example:5080"]);
    bench.receive(ALICE, invite());
    for _ in 0..2 {
        let (lookup, _) = bench.lookup();
        bench
            .proxy
            .handle_answer(bench.now, lookup, Answer::Addresses(vec![]));
        bench.drain();
        // An answer that comes twice is none.
        bench
            .proxy
            .handle_answer(bench.now, lookup, Answer::Addresses(vec![address(9)]));
    }
    assert_eq!(bench.answered(), [408]);
    bench.end();
}

#[test]
fn a_dns_that_says_nothing_is_not_waited_for_forever() {
    let mut bench = Bench::with(|config| config.lookup_timeout = Duration::from_secs(3));
    bench.aim(&["sip:bob@nowhere.example:5080"]);
    bench.receive(ALICE, invite());
    assert_eq!(bench.proxy.counts().lookups, 1);
    bench.advance(5_999);
    assert_eq!(bench.proxy.counts().lookups, 1);
    bench.advance(1);
    assert_eq!(bench.proxy.counts().lookups, 0);
    assert_eq!(bench.answered(), [408]);
    bench.end();
}

/// The other branches of a group go on while one waits for the DNS.
#[test]
fn a_branch_that_waits_for_the_dns_holds_nobody_up() {
    let mut bench = Bench::to(&["sip:a@nowhere.example:5080", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, invite());
    let b = bench.one();
    bench.answer(&b, 486, &[]);
    assert_eq!(
        bench.answered(),
        [] as [u16; 0],
        "the other may still answer"
    );
    bench.sent.clear();
    bench.advance(20_000);
    assert_eq!(bench.answered(), [486]);
    bench.end();
}

/// A SIPS target goes by TLS whatever its route says (§16.6 item 7).
#[test]
fn a_sips_resource_is_reached_by_tls() {
    let mut bench = Bench::new();
    bench.targets = Some(vec![
        Target::new("sips:bob@203.0.113.2").route(["<sip:203.0.113.5;transport=udp;lr>"]),
    ]);
    bench.receive(ALICE, request("INVITE sips:bob@example.com", &[]));
    let sent = bench.one();
    assert_eq!(sent.flow.remote, "203.0.113.5:5061".parse().unwrap());
    assert!(sent.flow.transport.is_secure());
}
