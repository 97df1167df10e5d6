//! One proxy on the bench, at 192.0.2.1, for example.com: what it sends and tells is noted.

use core::time::Duration;
use std::time::Instant;

use rfc3261_sip::{
    HeaderName, Message, ResponseBuilder, Severity, StatusCode,
    proxy::{Config, Event, Listener, LookupId, Output, Proxy, Target},
    resolve::Query,
    transaction::TransactionId,
    transport::{ConnectionId, Flow, Transport},
};

pub(crate) struct Bench {
    pub(crate) proxy: Proxy,
    pub(crate) now: Instant,
    /// All that was sent and not looked at yet.
    pub(crate) sent: Vec<Sent>,
    pub(crate) events: Vec<Event>,
    /// Where requests go for which the proxy is responsible, if they are not to wait.
    pub(crate) targets: Option<Vec<Target>>,
}

pub(crate) struct Sent {
    pub(crate) message: Message,
    pub(crate) flow: Flow,
    pub(crate) transaction: Option<TransactionId>,
}

pub(crate) const ALICE: &str = "198.51.100.1:5060";

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A proxy with UDP, TCP and TLS, and whatever else is changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let listener = |transport, port| {
            let local = format!("192.0.2.1:{port}").parse().unwrap();
            Listener::new(transport, local)
        };
        let listeners = [
            listener(Transport::Udp, 5060),
            listener(Transport::Tcp, 5060),
            listener(Transport::Tls, 5061).known_as("proxy.example.com", None),
        ];
        let mut config = Config::new([7; 32], listeners);
        config.domains = vec!["example.com".into()];
        config.record_route = false;
        change(&mut config);
        Self {
            proxy: Proxy::new(config),
            now: Instant::now(),
            sent: Vec::new(),
            events: Vec::new(),
            targets: None,
        }
    }

    /// A proxy that forwards what is for its domain to these targets at once.
    pub(crate) fn to(targets: &[&str]) -> Self {
        let mut bench = Self::new();
        bench.aim(targets);
        bench
    }

    pub(crate) fn aim(&mut self, targets: &[&str]) {
        self.targets = Some(targets.iter().map(|uri| Target::new(*uri)).collect());
    }

    /// Receives a message over UDP.
    pub(crate) fn receive(&mut self, from: &str, bytes: impl Into<bytes::Bytes>) {
        self.receive_by(Flow::new(Transport::Udp, from.parse().unwrap()), bytes);
    }

    pub(crate) fn receive_by(&mut self, source: Flow, bytes: impl Into<bytes::Bytes>) {
        let message = Message::parse(bytes).unwrap();
        self.proxy.handle_input(self.now, message, source);
        self.drain();
    }

    /// The response of a target to what was sent to it.
    pub(crate) fn answer(&mut self, request: &Sent, status: u16, rows: &[(HeaderName, &str)]) {
        let source = request.flow;
        self.receive_by(source, response(&request.message, status, rows));
    }

    /// Lets this much time pass, at each deadline in its turn.
    pub(crate) fn advance(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(next) = self.proxy.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.proxy.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.proxy.poll_output() {
            match output {
                Output::Transmit(transmit) => {
                    let message = Message::parse(transmit.bytes).unwrap();
                    self.sent.push(Sent {
                        message,
                        flow: transmit.flow,
                        transaction: transmit.transaction,
                    });
                }
                Output::Event(Event::Request { transaction }) => {
                    let request = self.proxy.request(transaction).unwrap();
                    let done = match (request.is_responsible(), self.targets.clone()) {
                        (false, _) => self.proxy.relay(self.now, transaction),
                        (true, Some(targets)) => self.proxy.forward(self.now, transaction, targets),
                        (true, None) => {
                            self.events.push(Event::Request { transaction });
                            Ok(())
                        }
                    };
                    if done.is_err() {
                        let status = StatusCode::SERVER_INTERNAL_ERROR;
                        self.proxy.refuse(self.now, transaction, status).unwrap();
                    }
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// The only thing that was sent since the last look.
    pub(crate) fn one(&mut self) -> Sent {
        let words = self.words();
        assert_eq!(self.sent.len(), 1, "{words:?}");
        self.sent.pop().unwrap()
    }

    /// What was sent to this address, the first of it.
    pub(crate) fn sent_to(&mut self, address: &str) -> Sent {
        let address = address.parse().unwrap();
        let words = self.words();
        let found = self
            .sent
            .iter()
            .position(|sent| sent.flow.remote == address);
        self.sent
            .remove(found.unwrap_or_else(|| panic!("nothing to {address}: {words:?}")))
    }

    /// What was sent since the last look, and to which port of which host.
    pub(crate) fn words(&self) -> Vec<String> {
        let word = |sent: &Sent| format!("{} to {}", word(&sent.message), sent.flow.remote);
        self.sent.iter().map(word).collect()
    }

    /// The same, taken away.
    pub(crate) fn take_words(&mut self) -> Vec<String> {
        let words = self.words();
        self.sent.clear();
        words
    }

    /// The request that waits to be decided.
    pub(crate) fn undecided(&mut self) -> TransactionId {
        match self.events.pop() {
            Some(Event::Request { transaction }) => transaction,
            other => panic!("no request but {other:?}"),
        }
    }

    pub(crate) fn lookup(&mut self) -> (LookupId, Query) {
        match self.events.pop() {
            Some(Event::Lookup { lookup, query }) => (lookup, query),
            other => panic!("no question but {other:?}"),
        }
    }

    /// The status codes that requests were answered with.
    pub(crate) fn answered(&mut self) -> Vec<u16> {
        let statuses = self.events.iter().filter_map(|event| match event {
            Event::Answered { status, .. } => Some(status.get()),
            _ => None,
        });
        let statuses = statuses.collect();
        self.events.clear();
        statuses
    }

    pub(crate) fn fail(&mut self, sent: &Sent) {
        self.proxy
            .handle_transport_error(self.now, sent.transaction.unwrap());
        self.drain();
    }

    /// Lets all timers run out: nothing is left then.
    pub(crate) fn end(&mut self) {
        self.advance(400_000);
        self.sent.clear();
        let counts = self.proxy.counts();
        assert_eq!((counts.requests, counts.lookups), (0, 0));
        let left = counts.transactions;
        assert_eq!((left.clients, left.servers), (0, 0));
        assert_eq!(self.proxy.next_timeout(), None);
    }
}

/// Method or status.
pub(crate) fn word(message: &Message) -> String {
    match message.status() {
        Some(status) => status.to_string(),
        None => message.method().unwrap().to_string(),
    }
}

/// A request of Alice, with other rows in the place of the usual ones, or behind them.
pub(crate) fn request(line: &str, rows: &[&str]) -> String {
    let method = line.split(' ').next().unwrap();
    let cseq = format!("CSeq: 1 {method}");
    let usual = [
        "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKa1",
        "Max-Forwards: 70",
        "From: <sip:alice@example.org>;tag=a1",
        "To: <sip:bob@example.com>",
        "Call-ID: c1@198.51.100.1",
        &cseq,
        "Contact: <sip:alice@198.51.100.1>",
        "Content-Length: 0",
    ];
    let name = |row: &str| row.split(':').next().map(str::to_owned);
    let given = |row: &&&str| !rows.iter().any(|given| name(given) == name(row));
    let mut text = format!("{line} SIP/2.0\r\n");
    for row in usual.iter().filter(given).chain(rows) {
        // A row that is only a name leaves the usual one out.
        if !row.ends_with(':') {
            text += &format!("{row}\r\n");
        }
    }
    text + "\r\n"
}

pub(crate) fn invite() -> String {
    request("INVITE sip:bob@example.com", &[])
}

/// A response to a message that was sent, with the tag `b1`.
pub(crate) fn response(
    request: &Message,
    status: u16,
    rows: &[(HeaderName, &str)],
) -> bytes::Bytes {
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = ResponseBuilder::to(request.view(), status, "b1");
    for (name, value) in rows {
        response = response.header(*name, value);
    }
    response.build().unwrap()
}

/// The values of all rows of this name.
pub(crate) fn values(message: &Message, name: HeaderName) -> Vec<&str> {
    let rows = message.view().elements(name);
    rows.map(|row| core::str::from_utf8(row.value).unwrap())
        .collect()
}

pub(crate) fn uri(message: &Message) -> &str {
    core::str::from_utf8(message.view().request_uri_bytes().unwrap()).unwrap()
}

/// Nothing is wrong with the message.
pub(crate) fn assert_clean(message: &Message) {
    let defects = message.check();
    let clean = defects.iter().all(|d| d.severity() == Severity::Note);
    assert!(clean, "{defects:?}\n{message}");
}

pub(crate) fn tcp(address: &str, connection: u64) -> Flow {
    Flow::new(Transport::Tcp, address.parse().unwrap()).connection(ConnectionId(connection))
}
