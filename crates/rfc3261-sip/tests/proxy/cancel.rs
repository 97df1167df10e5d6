//! CANCEL (RFC 3261 §16.10, §9).

use rfc3261_sip::{
    HeaderName,
    proxy::{Event, Target},
};

use super::bench::*;

fn cancel() -> String {
    request(
        "CANCEL sip:bob@example.com",
        &["Reason: SIP;cause=600;text=\"Busy, \"", "Contact:"],
    )
}

#[test]
fn a_cancel_is_answered_at_once_and_cancels_all_branches() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[0], 180, &[]);
    bench.sent.clear();
    bench.receive(ALICE, cancel());
    assert_eq!(
        bench.words(),
        ["200 to 198.51.100.1:5060", "CANCEL to 203.0.113.2:5060"]
    );
    let at_a = bench.sent.pop().unwrap().message;
    assert_eq!(
        values(&at_a, HeaderName::Reason),
        ["SIP;cause=600;text=\"Busy, \""]
    );
    let ok = bench.one().message;
    assert_eq!(ok.cseq().unwrap().method.as_str(), "CANCEL");
    // The other is cancelled when it says something.
    bench.answer(&sent[1], 183, &[]);
    let words = bench.take_words();
    assert_eq!(
        words,
        ["CANCEL to 203.0.113.3:5060", "183 to 198.51.100.1:5060"]
    );
    bench.answer(&sent[0], 487, &[]);
    bench.answer(&sent[1], 487, &[]);
    let words = bench.take_words();
    assert_eq!(
        words,
        [
            "ACK to 203.0.113.2:5060",
            "ACK to 203.0.113.3:5060",
            "487 to 198.51.100.1:5060"
        ]
    );
    // A copy of the CANCEL, and one that is too late, are answered.
    bench.receive(ALICE, cancel());
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.end();
}

#[test]
fn the_targets_that_wait_are_not_tried_any_more() {
    let q = rfc3261_sip::QValue::from_thousandths(5).unwrap();
    let mut bench = Bench::new();
    bench.targets = Some(vec![
        Target::new("sip:a@203.0.113.2"),
        Target::new("sip:b@203.0.113.3").q(q),
    ]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.receive(ALICE, cancel());
    bench.answer(&sent, 486, &[]);
    assert_eq!(
        bench.take_words(),
        [
            "200 to 198.51.100.1:5060",
            "ACK to 203.0.113.2:5060",
            "486 to 198.51.100.1:5060"
        ]
    );
    bench.end();
}

/// Case 24: the 200 crosses the CANCEL.
#[test]
fn a_200_that_crosses_the_cancel_comes_through() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 180, &[]);
    bench.receive(ALICE, cancel());
    bench.sent.clear();
    bench.answer(&sent, 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.end();
}

#[test]
fn what_nobody_answers_is_487_in_the_end() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[0], 180, &[]);
    bench.receive(ALICE, cancel());
    bench.advance(40_000);
    assert_eq!(bench.answered(), [487]);
    bench.end();
}

#[test]
fn before_anything_is_decided_the_invite_is_487_at_once() {
    let mut bench = Bench::new();
    bench.receive(ALICE, invite());
    let id = bench.undecided();
    bench.receive(ALICE, cancel());
    assert_eq!(
        bench.take_words(),
        ["200 to 198.51.100.1:5060", "487 to 198.51.100.1:5060"]
    );
    assert!(
        bench
            .proxy
            .forward(bench.now, id, [Target::new("sip:a@h")])
            .is_err()
    );
    bench.end();
}

#[test]
fn questions_to_the_dns_are_not_waited_for() {
    let mut bench = Bench::to(&["sip:a@elsewhere.example"]);
    bench.receive(ALICE, invite());
    assert_eq!(bench.proxy.counts().lookups, 1);
    bench.receive(ALICE, cancel());
    assert_eq!(
        bench.take_words(),
        ["200 to 198.51.100.1:5060", "487 to 198.51.100.1:5060"]
    );
    assert_eq!(bench.proxy.counts().lookups, 0);
    bench.end();
}

/// Case 24: a NAT has rewritten `sent-by` of the CANCEL's Via.
#[test]
fn a_cancel_with_another_sent_by_finds_its_invite() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 180, &[]);
    bench.sent.clear();
    bench.receive(
        ALICE,
        cancel().replace("UDP 198.51.100.1;", "UDP 10.0.0.1:5070;"),
    );
    let words = bench.take_words();
    assert!(
        words.contains(&"CANCEL to 203.0.113.2:5060".into()),
        "{words:?}"
    );
}

/// §16.10: what the proxy knows nothing of it may have forwarded without state.
#[test]
fn a_cancel_that_finds_nothing_is_forwarded_without_state() {
    let mut bench = Bench::new();
    let line = "CANCEL sip:carol@203.0.113.9";
    bench.receive(ALICE, request(line, &[]));
    let first = bench.one();
    assert_eq!(first.flow.remote, "203.0.113.9:5060".parse().unwrap());
    assert_eq!(bench.proxy.counts().transactions.servers, 0);
    bench.receive(ALICE, request(line, &[]));
    let second = bench.one();
    assert_eq!(first.message.as_bytes(), second.message.as_bytes());
    bench.answer(&second, 481, &[]);
    assert_eq!(bench.take_words(), ["481 to 198.51.100.1:5060"]);

    // For a domain of this proxy, the caller says where to, as for the INVITE.
    bench.receive(ALICE, request("CANCEL sip:bob@example.com", &[]));
    let Some(Event::Stateless(request)) = bench.events.pop() else {
        panic!()
    };
    bench
        .proxy
        .forward_stateless(bench.now, *request, Some(Target::new("sip:a@203.0.113.2")))
        .unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["CANCEL to 203.0.113.2:5060"]);
    bench.end();
}

#[test]
fn the_user_may_cancel() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    bench.answer(&sent, 180, &[]);
    let id = bench.one().transaction.unwrap();
    bench.proxy.cancel(bench.now, id).unwrap();
    bench.drain();
    assert_eq!(bench.take_words(), ["CANCEL to 203.0.113.2:5060"]);
    bench.answer(&sent, 487, &[]);
    assert_eq!(bench.answered(), [487]);
    bench.end();
}

/// §9.1: only an INVITE is cancelled.
#[test]
fn other_requests_are_not_cancelled() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, request("OPTIONS sip:bob@example.com", &[]));
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[1], 183, &[]);
    bench.answer(&sent[0], 603, &[]);
    assert_eq!(bench.take_words(), ["183 to 198.51.100.1:5060"]);
    bench.answer(&sent[1], 404, &[]);
    assert_eq!(bench.take_words(), ["603 to 198.51.100.1:5060"]);
    bench.end();
}
