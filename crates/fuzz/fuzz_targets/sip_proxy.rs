//! A SIP proxy and a registrar: whatever arrives and whatever the user does, limits hold and all
//! ends.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rfc2396_uri::SipUri;
use rfc3261_sip::{
    Message, Method, StatusCode,
    proxy::{Config, Event, Listener, LookupId, Output, Proxy, Target},
    registrar::{self, MemoryStore, Registrar, Store as _},
    resolve::Answer,
    transaction::TransactionId,
    transport::{Flow, Transport},
};

/// What the user knows, and what was sent.
#[derive(Default)]
struct User {
    requests: Vec<TransactionId>,
    lookups: Vec<LookupId>,
    sent: Vec<(Message, Option<TransactionId>)>,
}

impl User {
    fn drain(&mut self, now: Instant, proxy: &mut Proxy) {
        while let Some(output) = proxy.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    let message = Message::parse(transmit.bytes).expect("what is sent is a message");
                    self.sent.push((message, transmit.transaction));
                    if self.sent.len() > 64 {
                        self.sent.remove(0);
                    }
                }
                Output::Event(Event::Request { transaction }) => self.requests.push(transaction),
                Output::Event(Event::Lookup { lookup, .. }) => self.lookups.push(lookup),
                Output::Event(Event::Stateless(request)) => {
                    let target = request
                        .is_responsible()
                        .then(|| Target::new("sip:a@192.0.2.9"));
                    let _ = proxy.forward_stateless(now, *request, target);
                }
                Output::Event(_) => {}
            }
        }
    }
}

/// Registers, forwards to who is registered, or relays.
fn decide(now: Instant, proxy: &mut Proxy, registrar: &mut Registrar, id: TransactionId) {
    let Some(request) = proxy.request(id) else {
        return;
    };
    let message = request.message().view();
    if message.method() == Some(Method::REGISTER) {
        let tag = proxy.tag(id);
        let response = match registrar.address_of_record(message) {
            Ok(user) => match registrar.register(now, message, &user, Some(request.source())) {
                Ok(_) => registrar.response(now, message, &user, &tag),
                Err(refusal) => refusal.response(message, &tag),
            },
            Err(refusal) => refusal.response(message, &tag),
        };
        let response = response.build().expect("what was read can be sent back");
        let _ = proxy.respond(now, id, response);
    } else if request.is_responsible() {
        let targets: Vec<_> = match SipUri::parse(request.uri()) {
            Ok(uri) => registrar
                .bindings(now, &uri)
                .into_iter()
                .map(Target::from)
                .collect(),
            Err(_) => Vec::new(),
        };
        let _ = proxy.forward(now, id, targets);
    } else {
        let _ = proxy.relay(now, id);
    }
}

fuzz_target!(|input: (bool, Vec<(u8, u16, &[u8])>)| {
    let (stateless, moves) = input;
    let local = ([192, 0, 2, 1], 5060).into();
    let listeners = [Transport::Udp, Transport::Tcp].map(|by| Listener::new(by, local));
    let mut config = Config::new([7; 32], listeners);
    config.transaction.max_clients = 5;
    config.transaction.max_servers = 4;
    (config.max_targets, config.max_pending) = (3, 2);
    config.domains = vec!["h".into()];
    config.recursion = true;
    config.stateless = stateless;
    let mut proxy = Proxy::new(config);
    let store = MemoryStore::new(3, [7; 16]);
    let mut registrar = Registrar::new(registrar::Config::new(["h"]), store);
    let mut now = Instant::now();
    let mut user = User::default();
    let peer = |reliable| {
        let transport = if reliable {
            Transport::Tcp
        } else {
            Transport::Udp
        };
        Flow::new(transport, ([198, 51, 100, 1], 5060).into())
    };
    for (kind, number, bytes) in moves {
        let which = usize::from(number % 64);
        match kind % 8 {
            0 | 1 => {
                if let Ok(message) = Message::parse(bytes.to_vec()) {
                    proxy.handle_input(now, message, peer(kind % 8 == 1));
                }
            }
            2 => {
                // A message that was sent comes back, as a response if there are bytes for one.
                if let Some((message, _)) = user.sent.get(which) {
                    let mut text = bytes.to_vec();
                    let head = message.as_bytes().iter().position(|&b| b == b'\n');
                    let rows = head.and_then(|at| message.as_bytes().get(at + 1..));
                    text.extend_from_slice(if bytes.is_empty() {
                        message.as_bytes()
                    } else {
                        rows.unwrap_or_default()
                    });
                    if let Ok(message) = Message::parse(text) {
                        proxy.handle_input(now, message, peer(false));
                    }
                }
            }
            3 => {
                if let Some(id) = user.requests.get(which) {
                    decide(now, &mut proxy, &mut registrar, *id);
                }
            }
            4 => {
                let status = StatusCode::from_u16(200 + number % 500);
                if let (Some(id), Some(status)) = (user.requests.last(), status) {
                    let _ = proxy.refuse(now, *id, status);
                }
            }
            5 => {
                if let Some(lookup) = user.lookups.last() {
                    let ip = bytes.first().map(|last| [192, 0, 2, *last].into());
                    let answer = Answer::Addresses(ip.into_iter().collect());
                    proxy.handle_answer(now, *lookup, answer);
                }
            }
            6 => {
                if let Some((_, Some(id))) = user.sent.get(which) {
                    proxy.handle_transport_error(now, *id);
                }
            }
            _ => {
                now += Duration::from_millis(number.into()) * 4;
                proxy.handle_timeout(now);
                registrar.handle_timeout(now);
            }
        }
        user.drain(now, &mut proxy);
        let counts = proxy.counts();
        assert!(counts.transactions.clients <= 10 && counts.transactions.servers <= 8);
        assert!(counts.lookups <= 26 && registrar.store().len() <= 3);
    }
    for id in core::mem::take(&mut user.requests) {
        let _ = proxy.refuse(now, id, StatusCode::TEMPORARILY_UNAVAILABLE);
    }
    user.drain(now, &mut proxy);
    while let Some(next) = proxy.next_timeout() {
        now = now.max(next);
        proxy.handle_timeout(now);
        user.drain(now, &mut proxy);
    }
    while let Some(next) = registrar.next_timeout() {
        now = now.max(next);
        registrar.handle_timeout(now);
    }
    let counts = proxy.counts();
    assert_eq!((counts.requests, counts.lookups), (0, 0));
    let left = counts.transactions;
    assert_eq!((left.clients, left.servers), (0, 0));
    assert_eq!(registrar.store().next_expiry(), None);
});
