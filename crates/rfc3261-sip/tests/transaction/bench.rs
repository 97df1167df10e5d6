//! One layer on the bench: what it sends and tells is noted with the time.

use core::time::Duration;
use std::time::Instant;

use rfc3261_sip::{
    HeaderName, Message, Method, RequestBuilder, RequestParts, ResponseBuilder, Severity,
    StatusCode,
    transaction::{Config, Event, Output, TransactionId, TransactionLayer},
    transport::{ConnectionId, Flow, SentBy, Transport},
};

/// A layer with a clock, and all that has come out of it.
pub(crate) struct Bench {
    pub(crate) layer: TransactionLayer,
    start: Instant,
    pub(crate) now: Instant,
    pub(crate) transport: Transport,
    /// Milliseconds and first words of all that was sent since the last look.
    pub(crate) sent: Vec<(u64, String)>,
    pub(crate) last: Option<Message>,
    pub(crate) events: Vec<Event>,
    /// The peer sends nonsense, so that answers may quote some.
    pub(crate) hostile: bool,
}

pub(crate) const SENT_BY: SentBy<'_> = SentBy {
    host: "192.0.2.1",
    port: None,
};

impl Bench {
    pub(crate) fn new(transport: Transport) -> Self {
        Self::with(transport, |_| {})
    }

    pub(crate) fn with(transport: Transport, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new([7; 32]);
        change(&mut config);
        let start = Instant::now();
        Self {
            layer: TransactionLayer::new(config),
            start,
            now: start,
            transport,
            sent: Vec::new(),
            last: None,
            events: Vec::new(),
            hostile: false,
        }
    }

    pub(crate) fn peer(&self) -> Flow {
        let flow = Flow::new(self.transport, "198.51.100.2:5060".parse().unwrap());
        match self.transport {
            Transport::Udp => flow,
            _ => flow.connection(ConnectionId(1)),
        }
    }

    /// A request from here.
    pub(crate) fn request(&mut self, method: Method<'_>) -> Message {
        let via = self.layer.via(self.transport, SENT_BY);
        Message::parse(
            parts(method, &via, "<sip:bob@example.com>")
                .build()
                .unwrap(),
        )
        .unwrap()
    }

    pub(crate) fn send(&mut self, request: &Message) -> TransactionId {
        let id = self
            .layer
            .send_request(self.now, request.bytes().clone(), self.peer())
            .unwrap();
        self.drain();
        id
    }

    /// Receives a message from the peer.
    pub(crate) fn receive(&mut self, bytes: impl Into<bytes::Bytes>) {
        let message = Message::parse(bytes).unwrap();
        self.layer.handle_input(self.now, message, self.peer());
        self.drain();
    }

    /// Receives a response to a request from here.
    pub(crate) fn receive_response(&mut self, request: &Message, status: u16) {
        self.receive(response(request, status));
    }

    /// Receives a request and returns its transaction.
    pub(crate) fn receive_request(&mut self, text: &str) -> TransactionId {
        self.receive(text.to_owned());
        match self.events.pop() {
            Some(Event::Request { transaction, .. } | Event::Cancel { transaction, .. }) => {
                transaction
            }
            other => panic!("no new request but {other:?}"),
        }
    }

    pub(crate) fn respond(&mut self, id: TransactionId, request: &str, status: u16) {
        let request = Message::parse(request.to_owned()).unwrap();
        self.layer
            .respond(self.now, id, response(&request, status))
            .unwrap();
        self.drain();
    }

    pub(crate) fn transport_error(&mut self, id: TransactionId) {
        self.layer.handle_transport_error(self.now, id);
        self.drain();
    }

    /// Lets this much time pass, at each deadline in its turn.
    pub(crate) fn advance(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(next) = self.layer.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.layer.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// When something was sent since the last call, in milliseconds from the start.
    pub(crate) fn times(&mut self) -> Vec<u64> {
        self.sent.drain(..).map(|(at, _)| at).collect()
    }

    /// What was sent since the last call: methods and status codes.
    pub(crate) fn words(&mut self) -> Vec<String> {
        self.sent.drain(..).map(|(_, word)| word).collect()
    }

    /// What was told since the last call, in a word each.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.events.drain(..).map(|event| word(&event)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        let counts = self.layer.counts();
        counts.clients + counts.servers == 0 && self.layer.next_timeout().is_none()
    }

    pub(crate) fn drain(&mut self) {
        let at = (self.now - self.start).as_millis() as u64;
        while let Some(output) = self.layer.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Transmit(transmit) => {
                    let message = Message::parse(transmit.bytes).unwrap();
                    let defects = message.check();
                    let clean = defects.iter().all(|d| d.severity() == Severity::Note);
                    assert!(clean || self.hostile, "{defects:?}");
                    let word = match message.status() {
                        Some(status) => status.to_string(),
                        None => message.method().unwrap().to_string(),
                    };
                    self.sent.push((at, word));
                    self.last = Some(message);
                }
            }
        }
    }
}

fn word(event: &Event) -> String {
    match event {
        Event::Request {
            request, merged, ..
        } => {
            let merged = if *merged { " merged" } else { "" };
            format!("{}{merged}", request.method().unwrap())
        }
        Event::Cancel { invite, .. } => match invite {
            Some(_) => "CANCEL".to_owned(),
            None => "CANCEL of nothing".to_owned(),
        },
        Event::Ack { invite, .. } => match invite {
            Some(_) => "ACK of this branch".to_owned(),
            None => "ACK".to_owned(),
        },
        Event::Response { response, .. } => response.status().unwrap().to_string(),
        Event::Timeout { .. } => "timeout".to_owned(),
        Event::TransportError { .. } => "transport error".to_owned(),
        Event::Terminated { .. } => "terminated".to_owned(),
        _ => "new".to_owned(),
    }
}

pub(crate) fn parts(method: Method<'_>, via: &str, to: &str) -> RequestBuilder {
    RequestBuilder::new(RequestParts {
        method,
        uri: "sip:bob@example.com",
        via,
        from: "<sip:alice@example.com>;tag=a1",
        to,
        call_id: "c1@192.0.2.1",
        sequence_number: 1,
        max_forwards: 70,
    })
    .header(HeaderName::Contact, "<sip:alice@192.0.2.1>")
}

/// A response of the peer, with the tag `b1`.
pub(crate) fn response(request: &Message, status: u16) -> bytes::Bytes {
    let status = StatusCode::from_u16(status).unwrap();
    ResponseBuilder::to(request.view(), status, "b1")
        .header(HeaderName::Contact, "<sip:bob@198.51.100.2>")
        .build()
        .unwrap()
}

/// A request of the peer with this Via behind the protocol.
pub(crate) fn incoming(method: &str, via: &str, to_tag: &str) -> String {
    format!(
        "{method} sip:alice@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/{via}\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:bob@example.com>;tag=x9\r\n\
         To: <sip:alice@192.0.2.1>{to_tag}\r\n\
         Call-ID: in1@198.51.100.2\r\n\
         CSeq: 7 {method}\r\n\
         Contact: <sip:bob@198.51.100.2>\r\n\
         Content-Length: 0\r\n\r\n"
    )
}
