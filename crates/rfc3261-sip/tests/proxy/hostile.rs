//! Whatever arrives in whatever order: nothing panics, what is kept stays within its limits, and
//! all ends.

use core::net::IpAddr;

use proptest::prelude::*;
use rfc3261_sip::{
    Message, StatusCode,
    proxy::{Event, LookupId, Target},
    resolve::Answer,
    transaction::TransactionId,
};

use super::bench::*;

/// What happens next.
#[derive(Debug, Clone)]
enum Move {
    /// A request of this method, to this URI, with this branch and row, or a mutilated one.
    Request(
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        Option<(usize, u8)>,
    ),
    /// A response with this status to one of the messages that were sent, or a mutilated one.
    Response(usize, u16, Option<(usize, u8)>),
    /// One of the messages that were sent comes back.
    Return(usize),
    Forward(usize, Vec<&'static str>),
    Refuse(usize, u16),
    Cancel(usize),
    Answer(usize, bool),
    Fail(usize),
    Wait(u64),
}

fn moves() -> impl Strategy<Value = Move> {
    let methods = prop::sample::select(vec!["INVITE", "INVITE", "ACK", "CANCEL", "OPTIONS", "BYE"]);
    let uris = prop::sample::select(vec![
        "sip:bob@example.com",
        "sip:carol@203.0.113.9",
        "sips:carol@elsewhere.example",
        "tel:+12015550123",
        "sip:192.0.2.1;lr",
    ]);
    let branches = prop::sample::select(vec!["z9hG4bKa", "z9hG4bKb", "0", "z9hG4bK"]);
    let rows = prop::sample::select(vec![
        "X: y",
        "Route: <sip:192.0.2.1;lr>, <sip:203.0.113.7>",
        "Route: <sip:bob@203.0.113.9>",
        "Max-Forwards: 0",
        "To: <sip:bob@example.com>;tag=b1",
        "Contact: <sip:bob@203.0.113.9>, <sip:x@example.com>",
    ]);
    let targets = prop::sample::select(vec![
        "sip:a@203.0.113.2",
        "sip:a@192.0.2.1",
        "sips:a@203.0.113.3",
        "sip:a@elsewhere.example",
        "tel:+1",
    ]);
    let spoilt = || prop::option::weighted(0.2, (any::<usize>(), any::<u8>()));
    let statuses = || prop::sample::select(vec![100u16, 180, 200, 302, 401, 407, 487, 503, 603]);
    prop_oneof![
        4 => (methods, uris, branches, rows, spoilt())
            .prop_map(|(a, b, c, d, e)| Move::Request(a, b, c, d, e)),
        4 => (0..12usize, statuses(), spoilt()).prop_map(|(a, b, c)| Move::Response(a, b, c)),
        1 => (0..12usize).prop_map(Move::Return),
        4 => (0..6usize, prop::collection::vec(targets, 0..4)).prop_map(|(a, b)| Move::Forward(a, b)),
        1 => (0..6usize, statuses()).prop_map(|(a, b)| Move::Refuse(a, b)),
        1 => (0..6usize).prop_map(Move::Cancel),
        2 => (0..6usize, any::<bool>()).prop_map(|(a, b)| Move::Answer(a, b)),
        1 => (0..12usize).prop_map(Move::Fail),
        2 => (0..60_000u64).prop_map(Move::Wait),
    ]
}

fn spoil(text: impl Into<Vec<u8>>, spoilt: Option<(usize, u8)>) -> Option<Message> {
    let mut bytes = text.into();
    if let Some((at, byte)) = spoilt {
        let at = at % bytes.len();
        bytes[at] = byte;
    }
    Message::parse(bytes).ok()
}

#[derive(Default)]
struct Known {
    requests: Vec<TransactionId>,
    lookups: Vec<LookupId>,
}

impl Known {
    fn look(&mut self, bench: &mut Bench) {
        bench.drain();
        for event in bench.events.drain(..) {
            match event {
                Event::Request { transaction } => self.requests.push(transaction),
                Event::Lookup { lookup, .. } => self.lookups.push(lookup),
                Event::Stateless(request) => {
                    let target = request
                        .is_responsible()
                        .then(|| Target::new("sip:a@203.0.113.2"));
                    let _ = bench.proxy.forward_stateless(bench.now, *request, target);
                }
                _ => {}
            }
        }
    }
}

fn play(moves: Vec<Move>, mut bench: Bench) -> Result<(), TestCaseError> {
    let mut known = Known::default();
    let from = tcp(ALICE, 1);
    for each in moves {
        let now = bench.now;
        let message = match &each {
            Move::Request(method, uri, branch, row, spoilt) => {
                let via = format!("Via: SIP/2.0/TCP 198.51.100.1;branch={branch}");
                spoil(request(&format!("{method} {uri}"), &[&via, row]), *spoilt)
            }
            Move::Response(of, status, spoilt) => bench.sent.get(*of).and_then(|sent| {
                sent.message.method()?;
                spoil(response(&sent.message, *status, &[]), *spoilt)
            }),
            Move::Return(which) => bench.sent.get(*which).map(|sent| sent.message.clone()),
            _ => None,
        };
        if let Some(message) = message {
            bench.proxy.handle_input(now, message, from);
        }
        match each {
            Move::Forward(which, targets) => {
                if let Some(id) = known.requests.get(which) {
                    let targets = targets.into_iter().map(Target::new);
                    if bench.proxy.forward(now, *id, targets).is_err() {
                        let _ = bench.proxy.relay(now, *id);
                    }
                }
            }
            Move::Refuse(which, status) => {
                if let Some(id) = known.requests.get(which) {
                    let _ = bench
                        .proxy
                        .refuse(now, *id, StatusCode::from_u16(status).unwrap());
                }
            }
            Move::Cancel(which) => {
                if let Some(id) = known.requests.get(which) {
                    let _ = bench.proxy.cancel(now, *id);
                }
            }
            Move::Answer(which, found) => {
                if let Some(lookup) = known.lookups.get(which) {
                    let ip = found.then_some(IpAddr::from([203, 0, 113, 4]));
                    let answer = Answer::Addresses(ip.into_iter().collect());
                    bench.proxy.handle_answer(now, *lookup, answer);
                }
            }
            Move::Fail(which) => {
                if let Some(id) = bench.sent.get(which).and_then(|sent| sent.transaction) {
                    bench.proxy.handle_transport_error(now, id);
                }
            }
            Move::Wait(milliseconds) => bench.advance(milliseconds),
            _ => {}
        }
        known.look(&mut bench);
        let counts = bench.proxy.counts();
        // One CANCEL may come on top of each INVITE.
        let transactions = counts.transactions;
        prop_assert!(
            transactions.clients <= 10 && transactions.servers <= 8,
            "{counts:?}"
        );
        // Branches that wait for the DNS have no transaction yet.
        prop_assert!(counts.lookups <= 8 * 3 + 2, "{counts:?}");
    }
    for id in &known.requests {
        let _ = bench
            .proxy
            .refuse(bench.now, *id, StatusCode::TEMPORARILY_UNAVAILABLE);
    }
    bench.end();
    Ok(())
}

fn bench(stateless: bool) -> Bench {
    Bench::with(|config| {
        config.transaction.max_clients = 5;
        config.transaction.max_servers = 4;
        config.max_targets = 3;
        config.max_pending = 2;
        config.recursion = true;
        config.record_route = true;
        config.stateless = stateless;
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_breaks_it(moves in prop::collection::vec(moves(), 0..60)) {
        play(moves, bench(false))?;
    }

    #[test]
    fn nor_a_proxy_without_state(moves in prop::collection::vec(moves(), 0..30)) {
        play(moves, bench(true))?;
    }
}
