//! Whatever arrives in whatever order: nothing panics, and what is kept stays within its limits.

use core::time::Duration;

use proptest::prelude::*;
use rfc3261_sip::{Message, Method, transaction::Event, transport::Transport};

use super::bench::{Bench, incoming, response};

/// What happens next.
#[derive(Debug, Clone)]
enum Move {
    /// A request of this method with this branch and To tag arrives, or a mutilated one.
    Request(
        &'static str,
        &'static str,
        &'static str,
        Option<(usize, u8)>,
    ),
    /// A response with this status to one of the requests that were sent arrives.
    Response(usize, u16, &'static str),
    Send(&'static str),
    Cancel(usize),
    Respond(usize, u16),
    Fail(usize),
    Wait(u64),
}

fn moves() -> impl Strategy<Value = Move> {
    let methods = || prop::sample::select(vec!["INVITE", "ACK", "CANCEL", "OPTIONS", "BYE"]);
    let branches = prop::sample::select(vec![
        ";branch=z9hG4bKa",
        ";branch=z9hG4bKb",
        ";branch=0",
        "",
    ]);
    let tags = prop::sample::select(vec!["", ";tag=b1", ";tag=c"]);
    let spoilt = prop::option::weighted(0.2, (any::<usize>(), any::<u8>()));
    let statuses = || prop::sample::select(vec![100u16, 180, 183, 200, 302, 487, 503, 699]);
    let answered = prop::sample::select(vec!["INVITE", "OPTIONS", "CANCEL", "ACK"]);
    prop_oneof![
        4 => (methods(), branches, tags, spoilt).prop_map(|(a, b, c, d)| Move::Request(a, b, c, d)),
        4 => (0..4usize, statuses(), answered).prop_map(|(a, b, c)| Move::Response(a, b, c)),
        1 => prop::sample::select(vec!["INVITE", "OPTIONS"]).prop_map(Move::Send),
        1 => (0..4usize).prop_map(Move::Cancel),
        2 => (0..8usize, statuses()).prop_map(|(a, b)| Move::Respond(a, b)),
        1 => (0..8usize).prop_map(Move::Fail),
        2 => (0..40_000u64).prop_map(Move::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_breaks_it(moves in prop::collection::vec(moves(), 0..60)) {
        let mut bench = Bench::with(Transport::Udp, |config| {
            (config.max_clients, config.max_servers) = (3, 4);
        });
        bench.hostile = true;
        let mut sent = vec![];
        let mut received = vec![];
        for each in moves {
            match each {
                Move::Request(method, branch, tag, spoilt) => {
                    let via = format!("UDP 198.51.100.2{branch}");
                    let mut bytes = incoming(method, &via, tag).into_bytes();
                    if let Some((at, byte)) = spoilt {
                        let at = at % bytes.len();
                        bytes[at] = byte;
                    }
                    if let Ok(message) = Message::parse(bytes) {
                        bench.layer.handle_input(bench.now, message, bench.peer());
                    }
                }
                Move::Response(of, status, method) => {
                    if let Some((_, request)) = sent.get(of) {
                        let bytes = response(request, status).to_vec();
                        let text = String::from_utf8(bytes).unwrap();
                        let own = request.method().unwrap().to_string();
                        let text = text.replace(&format!("1 {own}"), &format!("1 {method}"));
                        let message = Message::parse(text).unwrap();
                        bench.layer.handle_input(bench.now, message, bench.peer());
                    }
                }
                Move::Send(method) => {
                    let request = bench.request(Method::new(method).unwrap());
                    let bytes = request.bytes().clone();
                    if let Ok(id) = bench.layer.send_request(bench.now, bytes, bench.peer()) {
                        sent.push((id, request));
                    }
                }
                Move::Cancel(of) => {
                    if let Some((id, _)) = sent.get(of) {
                        let _ = bench.layer.cancel(bench.now, *id, Some("SIP"));
                    }
                }
                Move::Respond(to, status) => {
                    if let Some((id, request)) = received.get(to) {
                        let _ = bench.layer.respond(bench.now, *id, response(request, status));
                    }
                }
                Move::Fail(of) => {
                    let ids = sent.iter().chain(&received).map(|(id, _)| *id);
                    if let Some(id) = ids.cycle().nth(of).filter(|_| !sent.is_empty()) {
                        bench.layer.handle_transport_error(bench.now, id);
                    }
                }
                Move::Wait(milliseconds) => bench.advance(milliseconds),
            }
            bench.drain();
            for event in bench.events.drain(..) {
                if let Event::Request { transaction, request, .. }
                | Event::Cancel { transaction, request, .. } = event
                {
                    received.push((transaction, request));
                }
            }
            let counts = bench.layer.counts();
            // One CANCEL may come on top of each INVITE.
            prop_assert!(counts.clients <= 6 && counts.servers <= 8, "{counts:?}");
        }
        for (id, request) in &received {
            let _ = bench.layer.respond(bench.now, *id, response(request, 480));
        }
        bench.advance(Duration::from_secs(400).as_millis() as u64);
        prop_assert!(bench.is_empty(), "{:?}", bench.layer.counts());
    }
}
