//! SIP transactions: whatever arrives and whatever the user does, limits hold and all ends.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rfc3261_sip::{
    Message, ResponseBuilder, StatusCode,
    transaction::{Config, Event, Output, TransactionId, TransactionLayer},
    transport::{Flow, Transport},
};

/// What is left for the user to answer, and what was sent.
#[derive(Default)]
struct User {
    received: Vec<(TransactionId, Message)>,
    sent: Vec<TransactionId>,
}

impl User {
    fn drain(&mut self, layer: &mut TransactionLayer) {
        while let Some(output) = layer.poll_output() {
            match output {
                Output::Event(
                    Event::Request {
                        transaction,
                        request,
                        ..
                    }
                    | Event::Cancel {
                        transaction,
                        request,
                        ..
                    },
                ) => self.received.push((transaction, request)),
                Output::Transmit(transmit) => assert!(!transmit.bytes.is_empty()),
                Output::Event(_) => {}
            }
        }
    }

    fn respond(&self, layer: &mut TransactionLayer, now: Instant, to: usize, status: u16) {
        let Some((id, request)) = self.received.get(to) else {
            return;
        };
        let Some(status) = StatusCode::from_u16(status) else {
            return;
        };
        if let Ok(response) = ResponseBuilder::to(request.view(), status, "t").build() {
            let _ = layer.respond(now, *id, response);
        }
    }
}

fuzz_target!(|moves: Vec<(u8, u16, &[u8])>| {
    let mut config = Config::new([7; 32]);
    (config.max_clients, config.max_servers) = (3, 4);
    let mut layer = TransactionLayer::new(config);
    let mut now = Instant::now();
    let mut user = User::default();
    let peer = |reliable| {
        let transport = if reliable {
            Transport::Tcp
        } else {
            Transport::Udp
        };
        Flow::new(transport, ([192, 0, 2, 1], 5060).into())
    };
    for (kind, number, bytes) in moves {
        match kind % 6 {
            0 | 1 => {
                if let Ok(message) = Message::parse(bytes.to_vec()) {
                    layer.handle_input(now, message, peer(kind % 6 == 1));
                }
            }
            2 => {
                let sent = layer.send_request(now, bytes.to_vec(), peer(number % 2 == 1));
                user.sent.extend(sent.ok());
            }
            3 => user.respond(&mut layer, now, usize::from(kind / 6), number),
            4 => {
                if let Some(id) = user.sent.get(usize::from(kind / 6)) {
                    match number % 2 {
                        0 => drop(layer.cancel(now, *id, None)),
                        _ => layer.handle_transport_error(now, *id),
                    }
                }
            }
            _ => {
                now += Duration::from_millis(number.into());
                layer.handle_timeout(now);
            }
        }
        user.drain(&mut layer);
        let counts = layer.counts();
        assert!(counts.clients <= 6 && counts.servers <= 8);
    }
    for at in 0..user.received.len() {
        user.respond(&mut layer, now, at, 480);
    }
    while let Some(next) = layer.next_timeout() {
        now = now.max(next);
        layer.handle_timeout(now);
        user.drain(&mut layer);
    }
    let counts = layer.counts();
    let unanswerable = user.received.iter().filter(|(_, request)| {
        ResponseBuilder::to(request.view(), StatusCode::OK, "t")
            .build()
            .is_err()
    });
    assert!(counts.clients == 0 && counts.servers <= unanswerable.count());
});
