//! One user agent against a peer that is written by hand: what it sends and tells is noted.

use core::time::Duration;
use std::time::Instant;

use rfc3261_sip::{
    HeaderName, Message, Severity, StatusCode,
    transaction::TransactionId,
    transport::{Flow, Transport},
    user_agent::{CallId, Config, Content, Event, Output, UserAgent},
};

/// Alice at 192.0.2.1, and a peer at 192.0.2.2.
pub(crate) struct Bench {
    pub(crate) agent: UserAgent,
    pub(crate) now: Instant,
    pub(crate) sent: Vec<(Flow, Message)>,
    pub(crate) events: Vec<Event>,
    /// The transaction of what was sent last.
    pub(crate) last_transaction: Option<TransactionId>,
    /// The peer sends nonsense, so that answers may quote some.
    pub(crate) hostile: bool,
    /// The calls that something was done about.
    pub(crate) calls: Vec<CallId>,
}

/// For what may be refused.
fn done<T>(_: T) {}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let from = "Alice <sip:alice@example.com>";
        let mut config = Config::new([7; 32], from, "sip:alice@192.0.2.1", "192.0.2.1");
        change(&mut config);
        Self {
            agent: UserAgent::new(config),
            now: Instant::now(),
            sent: Vec::new(),
            events: Vec::new(),
            last_transaction: None,
            hostile: false,
            calls: Vec::new(),
        }
    }

    pub(crate) fn peer() -> Flow {
        Flow::new(Transport::Udp, "192.0.2.2:5060".parse().unwrap())
    }

    /// Takes what comes out; what is sent has no defect.
    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    let message = Message::parse(transmit.bytes).unwrap();
                    self.last_transaction = transmit.transaction;
                    let defects = message.check();
                    let faults = defects
                        .iter()
                        .filter(|defect| defect.severity() > Severity::Note);
                    let faults = faults.count();
                    assert!(faults == 0 || self.hostile, "{message}: {defects:?}");
                    self.sent.push((transmit.flow, message));
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// The peer sends a message.
    pub(crate) fn receive(&mut self, message: impl Into<Vec<u8>>) {
        self.receive_from(message, Self::peer());
    }

    pub(crate) fn receive_from(&mut self, message: impl Into<Vec<u8>>, source: Flow) {
        self.agent.handle_input(self.now, message.into(), source);
        self.drain();
    }

    /// Lets time pass, in the steps that the agent wants.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.drain();
        let end = self.now + time;
        while let Some(next) = self.agent.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.agent.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// The last message that was sent.
    pub(crate) fn last(&mut self) -> Message {
        self.drain();
        self.sent.last().unwrap().1.clone()
    }

    pub(crate) fn take_sent(&mut self) -> Vec<Message> {
        self.drain();
        let sent = core::mem::take(&mut self.sent);
        sent.into_iter().map(|(_, message)| message).collect()
    }

    /// A user that does one thing or another about what it is told.
    pub(crate) fn do_something(&mut self, event: Event, choice: u16) {
        let (now, content) = (self.now, Content::sdp("v=0\r\n"));
        let status = [200, 486, 180, 302, 603, 200, 488, 202][usize::from(choice)];
        let status = StatusCode::from_u16(status).unwrap();
        let agent = &mut self.agent;
        // What has no place is refused, and does no harm.
        if let Event::Incoming { call, .. } | Event::Answered { call, .. } = event {
            self.calls.push(call);
        }
        match event {
            Event::Incoming { call, .. } => match choice % 4 {
                0 => done(agent.ring(now, call, &content)),
                1 => done(agent.hang_up(now, call)),
                2 => done(agent.answer(now, call, &content)),
                _ => done(agent.reject(now, call, status, &content)),
            },
            Event::Answered { call, .. } | Event::Forked { call, .. } => match choice % 4 {
                0 => done(agent.reinvite(now, call, &content)),
                1 => done(agent.hang_up(now, call)),
                2 => done(agent.update(now, call, &content)),
                _ => done(agent.acknowledge(now, call, &content)),
            },
            Event::Established { call, .. } => done(agent.hang_up(now, call)),
            Event::Progress { call, .. } => done(agent.prack(now, call, &content)),
            Event::Modify { incoming, .. } | Event::Request { incoming, .. } => {
                done(agent.respond(now, incoming, status, &Content::new()));
                let refusal = StatusCode::DECLINE;
                done(agent.respond(now, incoming, refusal, &Content::new()));
            }
            Event::Challenged { request, .. } => done(agent.give_up(now, request)),
            Event::Subscribed { subscription, .. } | Event::Referred { subscription, .. } => {
                match choice % 2 {
                    0 => done(agent.accept_subscription(now, subscription, &content)),
                    _ => {
                        let refusal = StatusCode::DECLINE;
                        let none = Content::new();
                        done(agent.refuse_subscription(now, subscription, refusal, &none));
                    }
                }
            }
            _ => {}
        }
        self.drain();
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        self.drain();
        core::mem::take(&mut self.events)
    }
}

/// A response of the peer to a request: its tag, and more rows, a body behind an empty one.
pub(crate) fn response(request: &Message, status: u16, tag: &str, more: &str) -> String {
    let mut text = format!("SIP/2.0 {status} So\r\n");
    for field in request.fields() {
        let copied = [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ];
        if field.known().is_some_and(|name| copied.contains(&name)) {
            let name = String::from_utf8_lossy(field.name()).into_owned();
            let mut value = field.value_str().unwrap().to_owned();
            if field.known() == Some(HeaderName::To) && !value.contains(";tag=") && !tag.is_empty()
            {
                value += &format!(";tag={tag}");
            }
            text += &format!("{name}: {value}\r\n");
        }
    }
    match more.split_once("\r\n\r\n") {
        Some((rows, body)) => {
            text + &format!("{rows}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
        None => text + more + "Content-Length: 0\r\n\r\n",
    }
}

/// The value of a header field.
pub(crate) fn value(message: &Message, name: HeaderName) -> Option<String> {
    Some(message.first(name)?.value_str()?.to_owned())
}
