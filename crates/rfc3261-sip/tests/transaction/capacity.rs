//! Many transactions: limits, overload, and what they cost (RFC 3261 §21.5.4, §8.2.7).

use rfc3261_sip::{HeaderName, Message, Method, transaction::CommandError, transport::Transport};

use super::bench::{Bench, incoming};

fn numbered(method: &str, number: usize, to_tag: &str) -> String {
    let via = format!("UDP 198.51.100.2;branch=z9hG4bKn{number}");
    incoming(method, &via, to_tag).replace("in1@", &format!("in{number}@"))
}

#[test]
fn beyond_the_limit_requests_get_a_503_that_leaves_nothing_behind() {
    let mut bench = Bench::with(Transport::Udp, |config| config.max_servers = 2);
    for number in 0..4 {
        bench.receive(numbered("INVITE", number, ""));
    }
    assert_eq!(bench.told(), ["INVITE", "INVITE"]);
    assert_eq!(bench.words(), ["503", "503"]);
    let refusal = bench.last.take().unwrap();
    assert_eq!(refusal.first(HeaderName::RetryAfter).unwrap().value(), b"5");
    assert_eq!(bench.layer.counts().refused, 2);
    assert_eq!(bench.layer.counts().servers, 2);

    // The same tag for each copy (§8.2.7), and the ACK for it is not the user's.
    let tag = refusal.to().unwrap().tag().unwrap().to_owned();
    bench.receive(numbered("INVITE", 3, ""));
    assert_eq!(
        bench.last.as_ref().unwrap().to().unwrap().tag(),
        Some(&*tag)
    );
    bench.receive(numbered("ACK", 3, &format!(";tag={tag}")));
    assert!(bench.told().is_empty());

    // What frees places is let in.
    bench.receive(numbered("CANCEL", 1, ""));
    assert_eq!(bench.told(), ["CANCEL"]);
    bench.receive(numbered("CANCEL", 9, ""));
    assert_eq!(bench.words(), ["503", "503"]);
}

#[test]
fn beyond_the_limit_no_request_is_sent() {
    let mut bench = Bench::with(Transport::Udp, |config| config.max_clients = 1);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    let second = bench.request(Method::OPTIONS);
    let refused = bench
        .layer
        .send_request(bench.now, second.bytes().clone(), bench.peer());
    assert_eq!(refused, Err(CommandError::Full));
    bench.receive_response(&request, 180);
    bench.layer.cancel(bench.now, id, None).unwrap();
    bench.drain();
    assert_eq!(bench.words(), ["INVITE", "CANCEL"], "which frees a place");
}

#[test]
fn requests_that_no_transaction_can_be_told_from_get_a_400_or_nothing() {
    let mut bench = Bench::new(Transport::Udp);
    let good = incoming("OPTIONS", "UDP 198.51.100.2;branch=z9hG4bKin1", "");
    for (bad, answer) in [
        (good.replace("CSeq: 7 OPTIONS", "CSeq: x"), true),
        (good.replace("CSeq: 7 OPTIONS", "CSeq: 7 INVITE"), true),
        (good.replace("Call-ID: in1@198.51.100.2\r\n", ""), true),
        (
            good.replace("From: <sip:bob@example.com>;tag=x9", "From: </>"),
            true,
        ),
        (good.replace("Via: SIP/2.0/UDP", "Via: "), false),
    ] {
        let message = Message::parse(bad).unwrap();
        bench.layer.handle_input(bench.now, message, bench.peer());
        let sent = bench.layer.poll_output();
        assert_eq!(sent.is_some(), answer);
        if let Some(rfc3261_sip::transaction::Output::Transmit(sent)) = sent {
            assert!(sent.bytes.starts_with(b"SIP/2.0 400"));
        }
    }
    assert_eq!(bench.layer.counts().malformed, 5);
    assert!(bench.is_empty());
}

#[test]
fn a_completed_transaction_costs_a_kilobyte_and_its_message() {
    const MANY: usize = 1000;
    let mut bench = Bench::new(Transport::Udp);
    let requests: Vec<_> = (0..MANY)
        .map(|number| numbered("INVITE", number, ""))
        .collect();
    let mut messages = 0;
    let cost = allocation_counter::measure(|| {
        for request in &requests {
            let id = bench.receive_request(request);
            bench.respond(id, request, 486);
            messages += bench.last.take().unwrap().as_bytes().len();
            bench.sent.clear();
        }
    });
    assert_eq!(bench.layer.counts().servers, MANY);
    let each = (cost.bytes_current - messages as i64) / MANY as i64;
    println!("a completed transaction costs {each} bytes beside its message");
    assert!(each <= 1024, "{each}");

    bench.advance(40_000);
    assert!(bench.is_empty(), "after the last timer nothing is left");
}
