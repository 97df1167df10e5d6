//! Two user agents on a line that delivers everything at once, with a clock that is set by hand.

use core::time::Duration;
use std::time::Instant;

use rfc3261_sip::{
    Message,
    transport::{Flow, Transport},
    user_agent::{CallId, Config, Content, Event, Output, Target, UserAgent},
};

pub(crate) const OFFER: &str = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\n";
pub(crate) const ANSWER: &str = "v=0\r\no=b 1 1 IN IP4 192.0.2.2\r\n";

/// Alice is number 0 at 192.0.2.1, Bob number 1 at 192.0.2.2.
pub(crate) struct Pair {
    pub(crate) agents: [UserAgent; 2],
    pub(crate) now: Instant,
    start: Instant,
    /// What was sent: milliseconds, by whom, and the message.
    pub(crate) sent: Vec<(u64, usize, Message)>,
    pub(crate) events: Vec<(usize, Event)>,
    /// Decides what is lost: by whom, and the message.
    pub(crate) lose: fn(usize, &Message) -> bool,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl Fn(&mut Config)) -> Self {
        let agent = |seed: u8, user: &str, host: &str| {
            let contact = format!("sip:{user}@{host}");
            let mut config = Config::new(
                [seed; 32],
                format!("<sip:{user}@example.com>"),
                contact,
                host,
            );
            change(&mut config);
            UserAgent::new(config)
        };
        let now = Instant::now();
        Self {
            agents: [agent(1, "alice", "192.0.2.1"), agent(2, "bob", "192.0.2.2")],
            now,
            start: now,
            sent: Vec::new(),
            events: Vec::new(),
            lose: |_, _| false,
        }
    }

    pub(crate) fn flow_of(at: usize) -> Flow {
        let address = ["192.0.2.1:5060", "192.0.2.2:5060"][at];
        Flow::new(Transport::Udp, address.parse().unwrap())
    }

    /// Carries what is sent until nobody has anything to say.
    pub(crate) fn carry(&mut self) {
        loop {
            let Some((at, output)) =
                (0..2).find_map(|at| Some((at, self.agents[at].poll_output()?)))
            else {
                return;
            };
            match output {
                Output::Transmit(transmit) => {
                    let message = Message::parse(transmit.bytes.clone()).unwrap();
                    let elapsed = (self.now - self.start).as_millis() as u64;
                    self.sent.push((elapsed, at, message.clone()));
                    if !(self.lose)(at, &message) {
                        let now = self.now;
                        self.agents[1 - at].handle_input(now, transmit.bytes, Self::flow_of(at));
                    }
                }
                Output::Event(event) => self.events.push((at, event)),
            }
        }
    }

    /// Lets time pass, in the steps that the agents want.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.carry();
        let end = self.now + time;
        loop {
            let next = self.agents.iter().filter_map(UserAgent::next_timeout).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            for agent in &mut self.agents {
                agent.handle_timeout(self.now);
            }
            self.carry();
        }
        self.now = end;
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// First words of what was sent since the last look, with who sent it.
    pub(crate) fn take_sent(&mut self) -> Vec<String> {
        let sent = core::mem::take(&mut self.sent);
        let line = |(_, at, message): (u64, usize, Message)| {
            let who = ["A", "B"][at];
            match message.status() {
                Some(status) => format!("{who} {status} {}", message.cseq().unwrap().method),
                None => format!("{who} {}", message.method().unwrap()),
            }
        };
        sent.into_iter().map(line).collect()
    }

    pub(crate) fn take_events(&mut self) -> Vec<(usize, Event)> {
        core::mem::take(&mut self.events)
    }

    /// The last message that was sent of which this is true.
    pub(crate) fn last_sent(&self, is: impl Fn(&Message) -> bool) -> Message {
        let found = self.sent.iter().rev().find(|(_, _, message)| is(message));
        found.unwrap().2.clone()
    }

    /// Alice calls Bob, whose phone shows the call.
    pub(crate) fn call(&mut self) -> (CallId, CallId) {
        self.call_with(&Content::sdp(OFFER))
    }

    pub(crate) fn call_with(&mut self, content: &Content) -> (CallId, CallId) {
        let target = Target::new("sip:bob@192.0.2.2");
        let alice = self.agents[0].invite(self.now, &target, content).unwrap();
        self.carry();
        let bob = self.incoming();
        (alice, bob)
    }

    /// The call that came in last.
    pub(crate) fn incoming(&self) -> CallId {
        let incoming = |(_, event): &(usize, Event)| match event {
            Event::Incoming { call, .. } => Some(*call),
            _ => None,
        };
        self.events.iter().rev().find_map(incoming).unwrap()
    }

    /// Alice calls Bob, and Bob answers.
    pub(crate) fn established(&mut self) -> (CallId, CallId) {
        let (alice, bob) = self.call();
        let now = self.now;
        self.agents[1]
            .answer(now, bob, &Content::sdp(ANSWER))
            .unwrap();
        self.carry();
        (alice, bob)
    }

    /// After all timers nothing is left.
    pub(crate) fn assert_over(&mut self) {
        self.seconds(200);
        for agent in &self.agents {
            let counts = agent.counts();
            assert_eq!(
                (
                    counts.calls,
                    counts.dialogs,
                    counts.requests,
                    counts.unanswered
                ),
                (0, 0, 0, 0),
                "{counts:?}"
            );
            let transactions = counts.transactions;
            assert_eq!((transactions.clients, transactions.servers), (0, 0));
            assert_eq!(agent.next_timeout(), None);
        }
    }
}

/// The name of an event, with who is told of it.
pub(crate) fn names(events: &[(usize, Event)]) -> Vec<String> {
    let name = |(at, event): &(usize, Event)| {
        let who = ["A", "B"][*at];
        let text = format!("{event:?}");
        let name: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
        match event {
            Event::Ended { cause, .. } => {
                let cause = format!("{cause:?}");
                let cause: String = cause.chars().take_while(|c| c.is_alphanumeric()).collect();
                format!("{who} {name} {cause}")
            }
            _ => format!("{who} {name}"),
        }
    };
    events.iter().map(name).collect()
}
