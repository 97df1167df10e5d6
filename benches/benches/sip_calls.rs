//! Two user agents in memory, with reading and writing: complete calls, registrations, and
//! requests within one dialog among many.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc3261_sip::{
    Method, StatusCode,
    transport::{Flow, Transport},
    user_agent::{CallId, CallState, Config, Content, Event, Output, Target, UserAgent},
};

criterion_group!(benches, calls, registrations, among_many_dialogs);
criterion_main!(benches);

const SDP: &[u8] = b"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\n\
    c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49172 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// How much time passes with each call, so that what lingers after it is over at last.
const STEP: Duration = Duration::from_millis(1);

/// Two user agents, and the line between them.
struct Line {
    agents: [UserAgent; 2],
    flows: [Flow; 2],
    now: Instant,
    content: Content,
    empty: Content,
    target: Target,
    incoming: Option<CallId>,
}

impl Line {
    fn new() -> Self {
        let agent = |seed: u8, user: &str, host: &str| {
            let contact = format!("sip:{user}@{host}");
            let from = format!("<sip:{user}@example.com>");
            let mut config = Config::new([seed; 32], from, contact, host);
            config.reliable_provisional = false;
            config.transactions.max_clients = usize::MAX;
            config.transactions.max_servers = usize::MAX;
            config.max_calls = usize::MAX;
            config.allow.push("REGISTER".into());
            UserAgent::new(config)
        };
        let flow = |address: &str| Flow::new(Transport::Udp, address.parse().unwrap());
        Self {
            agents: [agent(1, "alice", "192.0.2.1"), agent(2, "bob", "192.0.2.2")],
            flows: [flow("192.0.2.1:5060"), flow("192.0.2.2:5060")],
            now: Instant::now(),
            content: Content::sdp(SDP),
            empty: Content::new(),
            target: Target::new("sip:bob@192.0.2.2"),
            incoming: None,
        }
    }

    /// Carries what is sent until nobody has anything to say.
    fn carry(&mut self) {
        loop {
            let mut idle = true;
            for at in 0..2 {
                while let Some(output) = self.agents[at].poll_output() {
                    idle = false;
                    match output {
                        Output::Transmit(transmit) => {
                            let (now, flow) = (self.now, self.flows[at]);
                            self.agents[1 - at].handle_input(now, transmit.bytes, flow);
                        }
                        Output::Event(event) => self.handle(at, event),
                    }
                }
            }
            if idle {
                return;
            }
        }
    }

    fn handle(&mut self, at: usize, event: Event) {
        match event {
            Event::Incoming { call, .. } => self.incoming = Some(call),
            Event::Request {
                incoming, request, ..
            } => {
                let content = match request.method() {
                    Some(Method::REGISTER) => Content::new()
                        .header("Contact", "<sip:alice@192.0.2.1>;expires=3600")
                        .header("Expires", "3600"),
                    _ => Content::new(),
                };
                self.agents[at]
                    .respond(self.now, incoming, StatusCode::OK, &content)
                    .unwrap();
            }
            event => drop(black_box(event)),
        }
    }

    /// INVITE, 180, 200, ACK.
    fn establish(&mut self) -> CallId {
        let now = self.now;
        let call = self.agents[0]
            .invite(now, &self.target, &self.content)
            .unwrap();
        self.carry();
        let incoming = self.incoming.take().unwrap();
        self.agents[1].ring(now, incoming, &self.empty).unwrap();
        self.carry();
        self.agents[1].answer(now, incoming, &self.content).unwrap();
        self.carry();
        assert_eq!(self.agents[0].call_state(call), CallState::Established);
        call
    }

    /// BYE, 200.
    fn end(&mut self, call: CallId) {
        self.agents[0].hang_up(self.now, call).unwrap();
        self.carry();
        assert_eq!(self.agents[0].call_state(call), CallState::Over);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for agent in &mut self.agents {
            if agent.next_timeout().is_some_and(|next| next <= self.now) {
                agent.handle_timeout(self.now);
            }
        }
    }
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip calls");
    group.throughput(Throughput::Elements(1));
    let mut line = Line::new();
    let mut round = || {
        let call = line.establish();
        line.end(call);
        line.pass(STEP);
    };
    // Until as much lingers as comes.
    for _ in 0..33_000 {
        round();
    }
    group.bench_function("INVITE 180 200 ACK BYE 200", |bencher| {
        bencher.iter(&mut round);
    });
}

fn registrations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip registrations");
    group.throughput(Throughput::Elements(1));
    let mut line = Line::new();
    let target = Target::new("sip:192.0.2.2");
    let hour = Duration::from_secs(3600);
    let mut round = || {
        let now = line.now;
        let id = line.agents[0]
            .register(now, &target, hour, &line.empty)
            .unwrap();
        line.carry();
        line.agents[0].forget(id);
        line.pass(STEP);
    };
    for _ in 0..33_000 {
        round();
    }
    group.bench_function("REGISTER 200", |bencher| {
        bencher.iter(&mut round);
    });
}

fn among_many_dialogs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip dialogs");
    group.throughput(Throughput::Elements(1));
    for dialogs in [1_000, 100_000] {
        let mut line = Line::new();
        let calls: Vec<_> = (0..dialogs)
            .map(|_| {
                let call = line.establish();
                line.pass(STEP);
                call
            })
            .collect();
        line.pass(Duration::from_secs(40));
        let mut next = 0;
        group.bench_function(format!("INFO 200 in one of {dialogs}"), |bencher| {
            bencher.iter(|| {
                // Another one each time, as no cache can foresee.
                next = (next + 617) % calls.len();
                let now = line.now;
                line.agents[0]
                    .request_within(now, calls[next], Method::INFO, &line.empty)
                    .unwrap();
                line.carry();
                line.pass(STEP);
            });
        });
        group.bench_function(format!("a call beside {dialogs}"), |bencher| {
            bencher.iter(|| {
                let call = line.establish();
                line.end(call);
                line.pass(STEP);
            });
        });
    }
}
