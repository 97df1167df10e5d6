//! A SIP user agent: whatever arrives and whatever the user does, limits hold and all that does
//! not wait for the user ends.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rfc3261_sip::{
    Message, Method, StatusCode,
    transport::{Flow, Transport},
    user_agent::{
        CallId, Config, Content, Credentials, Event, IncomingId, Output, RequestId,
        SubscriptionId, Target, UserAgent,
    },
};

/// What the user knows, and what was sent last.
#[derive(Default)]
struct User {
    calls: Vec<CallId>,
    incoming: Vec<IncomingId>,
    requests: Vec<RequestId>,
    subscriptions: Vec<SubscriptionId>,
    sent: Vec<Message>,
}

impl User {
    fn drain(&mut self, agent: &mut UserAgent) {
        while let Some(output) = agent.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    self.sent.extend(Message::parse(transmit.bytes).ok());
                }
                Output::Event(
                    Event::Incoming { call, .. }
                    | Event::Answered { call, .. }
                    | Event::Forked { call, .. },
                ) => self.calls.push(call),
                Output::Event(
                    Event::Modify { incoming, .. } | Event::Request { incoming, .. },
                ) => self.incoming.push(incoming),
                Output::Event(
                    Event::Challenged { request, .. } | Event::Lookup { request, .. },
                ) => self.requests.push(request),
                Output::Event(
                    Event::Subscribed { subscription, .. } | Event::Referred { subscription, .. },
                ) => self.subscriptions.push(subscription),
                Output::Event(_) => {}
            }
        }
    }

    /// What the user does; most of it has no place most of the time.
    fn act(&mut self, agent: &mut UserAgent, now: Instant, what: u8, which: usize) {
        let sdp = Content::sdp("v=0\r\n");
        let none = Content::new();
        let status = StatusCode::from_u16(180 + u16::from(what) * 2).unwrap_or(StatusCode::OK);
        let call = self.calls.get(which).copied();
        let target = Target::new("sip:bob@192.0.2.2");
        match (what % 16, call) {
            (0, _) => self.calls.extend(agent.invite(now, &target, &sdp).ok()),
            (1, Some(call)) => drop(agent.ring(now, call, &sdp).ok()),
            (2, Some(call)) => drop(agent.answer(now, call, &sdp).ok()),
            (3, Some(call)) => drop(agent.hang_up(now, call).ok()),
            (4, Some(call)) => drop(agent.reinvite(now, call, &sdp).ok()),
            (5, Some(call)) => drop(agent.update(now, call, &sdp).ok()),
            (6, Some(call)) => drop(agent.prack(now, call, &sdp).ok()),
            (7, Some(call)) => drop(agent.acknowledge(now, call, &sdp).ok()),
            (8, Some(call)) => drop(agent.refer(now, call, "<sip:c@192.0.2.3>", &none).ok()),
            (9, Some(call)) => drop(agent.request_within(now, call, Method::INFO, &none).ok()),
            (10, _) => {
                for incoming in self.incoming.drain(..) {
                    let _ = agent.respond(now, incoming, status, &sdp);
                }
            }
            (11, _) => {
                let credentials = Credentials::new().authorization("Digest realm=\"x\"");
                for request in self.requests.drain(..) {
                    let _ = agent.retry(now, request, &credentials);
                    let _ = agent.give_up(now, request);
                }
            }
            (12, _) => {
                for subscription in self.subscriptions.drain(..) {
                    let _ = agent.accept_subscription(now, subscription, &none);
                }
            }
            (13, Some(call)) => drop(agent.reject(now, call, status, &none).ok()),
            (14, Some(call)) => drop(agent.progress(now, call, status, &sdp).ok()),
            _ => {
                let hour = Duration::from_secs(3600);
                let _ = agent.subscribe(now, &target, "presence", hour, &none);
            }
        }
    }
}

/// The answer to what was sent, with the fuzzer's bytes behind its own rows.
fn answer(sent: &Message, status: u16, more: &[u8]) -> Option<Vec<u8>> {
    let status = StatusCode::from_u16(status)?;
    let response = rfc3261_sip::ResponseBuilder::to(sent.view(), status, "t");
    let bytes = response.build().ok()?;
    let head = bytes.strip_suffix(b"Content-Length: 0\r\n\r\n")?;
    Some([head, more, b"\r\n\r\n"].concat())
}

fuzz_target!(|moves: Vec<(u8, u16, &[u8])>| {
    let from = "<sip:alice@example.com>";
    let mut config = Config::new([7; 32], from, "sip:alice@192.0.2.1", "192.0.2.1");
    (config.max_calls, config.max_subscriptions) = (3, 3);
    (config.transactions.max_clients, config.transactions.max_servers) = (20, 20);
    config.events = vec!["presence".into()];
    let mut agent = UserAgent::new(config);
    let mut user = User::default();
    let mut now = Instant::now();
    let peer = Flow::new(Transport::Udp, ([192, 0, 2, 2], 5060).into());
    for (kind, number, bytes) in moves.iter().take(64) {
        match kind % 4 {
            0 => agent.handle_input(now, bytes.to_vec(), peer),
            1 => {
                let which = usize::from(number % 8);
                let last = user.sent.iter().rev().nth(which);
                let status = 100 + number / 8 % 600;
                if let Some(text) = last.and_then(|last| answer(last, status, bytes)) {
                    agent.handle_input(now, text, peer);
                }
            }
            2 => {
                let which = usize::from(*number) % 8;
                let what = bytes.first().copied().unwrap_or_default();
                user.act(&mut agent, now, what, which);
            }
            _ => {
                now += Duration::from_millis(u64::from(*number));
                agent.handle_timeout(now);
            }
        }
        user.drain(&mut agent);
        let counts = agent.counts();
        assert!(counts.transactions.clients <= 20 && counts.transactions.servers <= 20);
    }
    for _ in 0..3 {
        for call in user.calls.drain(..) {
            let _ = agent.hang_up(now, call);
        }
        user.act(&mut agent, now, 11, 0);
        user.act(&mut agent, now, 10, 0);
        for _ in 0..2000 {
            user.drain(&mut agent);
            let Some(next) = agent.next_timeout() else {
                break;
            };
            now = now.max(next);
            agent.handle_timeout(now);
        }
    }
    assert_eq!(agent.counts().transactions.clients, 0);
});
