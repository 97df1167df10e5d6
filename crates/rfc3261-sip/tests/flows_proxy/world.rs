//! Two phones, a few servers between them, and a network that carries everything at once.

use core::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;
use rfc2396_uri::SipUri;
use rfc3261_sip::{
    HeaderName, Message, Method, RequestBuilder, RequestParts, ResponseBuilder, StatusCode,
    dialog::Dialog,
    proxy::{Config, Event, Listener, Output, Proxy, Request, Target},
    registrar::{self, MemoryStore, Registrar},
    resolve::{Answer, Query},
    transaction::TransactionId,
    transport::{Flow, Transport},
};

/// Who is there, and where: as in RFC 3665.
pub(crate) const ALICE: &str = "192.0.2.101";
pub(crate) const BOB: &str = "192.0.2.201";
pub(crate) const P1: &str = "192.0.2.111";
pub(crate) const P2: &str = "192.0.2.222";
pub(crate) const P3: &str = "192.0.2.233";

const HOSTS: [(&str, &str, &str); 5] = [
    (ALICE, "Alice", "client.atlanta.example.com"),
    (BOB, "Bob", "client.biloxi.example.com"),
    (P1, "P1", "ss1.atlanta.example.com"),
    (P2, "P2", "ss2.biloxi.example.com"),
    (P3, "P3", "ss3.chicago.example.com"),
];

/// The domains, and who serves them.
const DOMAINS: [(&str, &str); 3] = [
    ("atlanta.example.com", P1),
    ("biloxi.example.com", P2),
    ("chicago.example.com", P3),
];

/// What a server does with a request.
pub(crate) enum Decision {
    Relay,
    To(&'static str),
    Fork(&'static [&'static str]),
    Registered,
    Challenge(StatusCode, &'static str),
    Redirect(&'static str),
    Nothing,
}

pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) proxy: Proxy,
    registrar: Registrar,
    decide: fn(&Request) -> Decision,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) servers: Vec<Server>,
    under_way: VecDeque<(SocketAddr, Flow, Bytes)>,
    /// What has come to a phone, and from where.
    inboxes: Vec<(SocketAddr, Flow, Message)>,
    /// All messages, in order.
    log: Vec<String>,
    branches: u32,
}

fn socket(host: &str) -> SocketAddr {
    format!("{host}:5060").parse().unwrap()
}

fn name(address: SocketAddr) -> &'static str {
    let ip = address.ip().to_string();
    let found = HOSTS.iter().find(|(host, ..)| *host == ip);
    found.map_or("?", |(_, name, _)| name)
}

fn host(address: &str) -> &'static str {
    let found = HOSTS.iter().find(|(host, ..)| *host == address);
    found.unwrap().2
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Instant::now(),
            servers: Vec::new(),
            under_way: VecDeque::new(),
            inboxes: Vec::new(),
            log: Vec::new(),
            branches: 0,
        }
    }

    /// A server at this address, known by its name, for the domain that is its.
    pub(crate) fn server(
        mut self,
        address: &str,
        record_route: bool,
        decide: fn(&Request) -> Decision,
    ) -> Self {
        let local = socket(address);
        let listener = |transport| Listener::new(transport, local).known_as(host(address), None);
        let seed = [self.servers.len() as u8 + 1; 32];
        let mut config = Config::new(seed, [Transport::Udp, Transport::Tcp].map(listener));
        let domains = DOMAINS.iter().filter(|(_, server)| *server == address);
        config.domains = domains.map(|(domain, _)| (*domain).to_owned()).collect();
        config.record_route = record_route;
        let domains = config.domains.clone();
        self.servers.push(Server {
            address: local,
            proxy: Proxy::new(config),
            registrar: Registrar::new(
                registrar::Config::new(domains),
                MemoryStore::new(9, [7; 16]),
            ),
            decide,
        });
        self
    }

    /// A phone sends a message.
    pub(crate) fn send(&mut self, from: &str, to: &str, transport: Transport, bytes: Bytes) {
        let flow = Flow::new(transport, socket(to));
        self.under_way.push_back((socket(from), flow, bytes));
        self.carry();
    }

    /// What was sent since the last look.
    pub(crate) fn flow(&mut self) -> Vec<String> {
        core::mem::take(&mut self.log)
    }

    /// The next message that has come to a phone, and from where.
    pub(crate) fn receive_with(&mut self, phone: &str) -> (Message, Flow) {
        self.next(phone).expect("a message has come")
    }

    pub(crate) fn try_receive(&mut self, phone: &str) -> Option<Message> {
        Some(self.next(phone)?.0)
    }

    fn next(&mut self, phone: &str) -> Option<(Message, Flow)> {
        let address = socket(phone);
        let found = self.inboxes.iter().position(|(to, ..)| *to == address)?;
        let (_, source, message) = self.inboxes.remove(found);
        Some((message, source))
    }

    pub(crate) fn receive(&mut self, phone: &str) -> Message {
        self.receive_with(phone).0
    }

    pub(crate) fn wait(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        loop {
            let timeouts = self.servers.iter().filter_map(|s| s.proxy.next_timeout());
            let Some(next) = timeouts.min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            for server in &mut self.servers {
                server.proxy.handle_timeout(self.now);
            }
            self.drain();
            self.carry();
        }
        self.now = end;
    }

    /// After the last timer nothing is left anywhere.
    pub(crate) fn end(&mut self) {
        self.wait(400_000);
        for server in &self.servers {
            let counts = server.proxy.counts();
            assert_eq!(
                (counts.requests, counts.lookups),
                (0, 0),
                "{}",
                name(server.address)
            );
            let left = counts.transactions;
            assert_eq!(
                (left.clients, left.servers),
                (0, 0),
                "{}",
                name(server.address)
            );
        }
    }

    fn carry(&mut self) {
        while let Some((from, flow, bytes)) = self.under_way.pop_front() {
            let message = Message::parse(bytes).unwrap();
            assert!(
                message.check().is_empty(),
                "{:?}\n{message}",
                message.check()
            );
            let word = match message.status() {
                Some(status) => status.to_string(),
                None => message.method().unwrap().to_string(),
            };
            self.log
                .push(format!("{word} {} -> {}", name(from), name(flow.remote)));
            let source = Flow::new(flow.transport, from);
            let server = self.servers.iter_mut().find(|s| s.address == flow.remote);
            match server {
                Some(server) => {
                    let source = source.local(flow.remote);
                    server.proxy.handle_input(self.now, message, source);
                    self.drain();
                }
                None => self.inboxes.push((flow.remote, source, message)),
            }
        }
    }

    fn drain(&mut self) {
        for server in &mut self.servers {
            while let Some(output) = server.proxy.poll_output() {
                match output {
                    Output::Transmit(transmit) => {
                        let sent = (server.address, transmit.flow, transmit.bytes);
                        self.under_way.push_back(sent);
                    }
                    Output::Event(Event::Request { transaction }) => {
                        server.act(self.now, transaction)
                    }
                    Output::Event(Event::Lookup { lookup, query }) => {
                        server
                            .proxy
                            .handle_answer(self.now, lookup, look_up(&query));
                    }
                    Output::Event(_) => {}
                }
            }
        }
    }

    /// A branch for a phone.
    pub(crate) fn via(&mut self, phone: &str, transport: Transport) -> String {
        self.branches += 1;
        let host = host(phone);
        format!(
            "SIP/2.0/{transport} {host}:5060;branch=z9hG4bK{}",
            self.branches
        )
    }
}

/// What the DNS says.
fn look_up(query: &Query) -> Answer {
    let address = |name: &str| {
        let host = HOSTS.iter().find(|(.., host)| *host == name);
        let domain = DOMAINS.iter().find(|(domain, _)| *domain == name);
        let found = host.map(|(address, ..)| *address);
        found.or(domain.map(|(_, address)| *address))
    };
    match query {
        Query::Naptr(_) => Answer::Naptr(vec![]),
        Query::Srv(_) => Answer::Srv(vec![]),
        Query::Aaaa(_) => Answer::Addresses(vec![]),
        Query::A(name) => {
            let ip = address(name).map(|text| text.parse::<IpAddr>().unwrap());
            Answer::Addresses(ip.into_iter().collect())
        }
    }
}

impl Server {
    fn act(&mut self, now: Instant, id: TransactionId) {
        let request = self.proxy.request(id).unwrap();
        let message = request.message().view();
        match (self.decide)(request) {
            Decision::Relay => self.proxy.relay(now, id).unwrap(),
            Decision::To(uri) => self.proxy.forward(now, id, [Target::new(uri)]).unwrap(),
            Decision::Fork(uris) => {
                let targets = uris.iter().map(|uri| Target::new(*uri));
                self.proxy.forward(now, id, targets).unwrap();
            }
            Decision::Challenge(status, challenge) => {
                self.proxy.challenge(now, id, status, challenge).unwrap();
            }
            Decision::Redirect(contact) => {
                let status = StatusCode::MOVED_TEMPORARILY;
                let response = self.proxy.response(id, status).unwrap();
                let response = response.header(HeaderName::Contact, contact);
                self.proxy
                    .respond(now, id, response.build().unwrap())
                    .unwrap();
            }
            Decision::Registered if message.method() == Some(Method::REGISTER) => {
                let tag = self.proxy.tag(id);
                let user = self.registrar.address_of_record(message).unwrap();
                let done = self
                    .registrar
                    .register(now, message, &user, Some(request.source()));
                let response = match done {
                    Ok(_) => self.registrar.response(now, message, &user, &tag),
                    Err(refusal) => refusal.response(message, &tag),
                };
                let response = response.build().unwrap();
                self.proxy.respond(now, id, response).unwrap();
            }
            Decision::Registered => {
                let uri = SipUri::parse(request.uri()).unwrap();
                let found = self.registrar.bindings(now, &uri);
                let targets: Vec<_> = found.into_iter().map(Target::from).collect();
                self.proxy.forward(now, id, targets).unwrap();
            }
            Decision::Nothing => {}
        }
    }
}

/// The INVITE of Alice; rows without a value leave out what is usual.
pub(crate) fn invite(via: &str, uri: &str, number: u32, rows: &[(HeaderName, &str)]) -> Bytes {
    let mut builder = RequestBuilder::new(RequestParts {
        method: Method::INVITE,
        uri,
        via,
        from: "Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl",
        to: "Bob <sip:bob@biloxi.example.com>",
        call_id: "3848276298220188511@atlanta.example.com",
        sequence_number: number,
        max_forwards: 70,
    })
    .header(
        HeaderName::Contact,
        "<sip:alice@client.atlanta.example.com>",
    );
    for (name, value) in rows {
        builder = builder.header(*name, value);
    }
    builder.build().unwrap()
}

/// The ACK for a response but 2xx, as Alice sends it: with the Via of the INVITE.
pub(crate) fn ack(invite: &Bytes, response: &Message) -> Bytes {
    let invite = Message::parse(invite.clone()).unwrap();
    let uri = invite.view().request_uri_bytes().unwrap();
    follow_up(&invite, Method::ACK, uri, value(response, HeaderName::To))
}

/// The CANCEL of an INVITE.
pub(crate) fn cancel(invite: &Bytes) -> Bytes {
    let invite = Message::parse(invite.clone()).unwrap();
    let uri = invite.view().request_uri_bytes().unwrap();
    follow_up(&invite, Method::CANCEL, uri, value(&invite, HeaderName::To))
}

fn follow_up(invite: &Message, method: Method<'_>, uri: &[u8], to: &str) -> Bytes {
    let mut builder = RequestBuilder::new(RequestParts {
        method,
        uri: core::str::from_utf8(uri).unwrap(),
        via: value(invite, HeaderName::Via),
        from: value(invite, HeaderName::From),
        to,
        call_id: value(invite, HeaderName::CallId),
        sequence_number: invite.cseq().unwrap().sequence_number,
        max_forwards: 70,
    });
    for route in invite.fields_named(HeaderName::Route) {
        builder = builder.header(HeaderName::Route, route.value_str().unwrap());
    }
    builder.build().unwrap()
}

/// Bob's response, with his Contact and what a dialog needs.
pub(crate) fn answer(invite: &Message, status: u16) -> Bytes {
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = ResponseBuilder::to(invite.view(), status, "314159")
        .header(HeaderName::Contact, "<sip:bob@client.biloxi.example.com>");
    for route in invite.fields_named(HeaderName::RecordRoute) {
        response = response.header(HeaderName::RecordRoute, route.value_str().unwrap());
    }
    response.build().unwrap()
}

pub(crate) fn ok(request: &Message) -> Bytes {
    ResponseBuilder::to(request.view(), StatusCode::OK, "")
        .build()
        .unwrap()
}

/// Both sides of a dialog that a 200 has confirmed.
pub(crate) fn dialogs(invite: &Bytes, at_bob: &Message, ok: &Message) -> (Dialog, Dialog) {
    let invite = Message::parse(invite.clone()).unwrap();
    let alice = Dialog::uac(invite.view(), ok.view(), Transport::Udp).unwrap();
    let mut bob = Dialog::uas(at_bob.view(), "314159", Transport::Udp).unwrap();
    bob.responded(at_bob.view(), StatusCode::OK).unwrap();
    (alice, bob)
}

pub(crate) fn value(message: &Message, name: HeaderName) -> &str {
    message.first(name).unwrap().value_str().unwrap()
}

/// The values of all rows of this name.
pub(crate) fn values(message: &Message, name: HeaderName) -> Vec<&str> {
    let elements = message.view().elements(name);
    elements
        .map(|e| core::str::from_utf8(e.value).unwrap())
        .collect()
}

pub(crate) fn uri(message: &Message) -> &str {
    core::str::from_utf8(message.view().request_uri_bytes().unwrap()).unwrap()
}
