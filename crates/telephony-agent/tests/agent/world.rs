//! Agents and a server with a registrar, over a network in simulated time.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rfc2396_uri::SipUri;
use rfc2617_auth::{DigestServer, Ha1, Request, ServerConfig, Username, Verdict};
use rfc3261_sip::proxy::{self, Listener, Proxy, Target};
use rfc3261_sip::registrar::{self, MemoryStore, Registrar};
use rfc3261_sip::transaction::TransactionId;
use rfc3261_sip::transport::{Flow, Transport};
use rfc3261_sip::{HeaderName, Message, Method, StatusCode, user_agent};
use rfc3264_offer_answer::Codec;
use telephony_agent::media::{Channel, Frame, MediaEvent};
use telephony_agent::{
    Account, Agent, AgentConfig, CallId, EndReason, Event, MediaAddress, Output, Security,
    SecurityConfig,
};
use testkit::{Conditions, Network, Random};

const FRAME: Duration = Duration::from_millis(20);
const SERVER: u8 = 100;

/// What the network carries.
#[derive(Clone)]
pub(crate) enum Packet {
    Sip(Vec<u8>),
    Media(Vec<u8>),
}

/// An agent at an address of its own, which answers by itself if it is told to.
pub(crate) struct Phone {
    pub(crate) agent: Agent,
    pub(crate) events: Vec<Event>,
    pub(crate) answers: bool,
    /// The calls by the ports of their media.
    ports: BTreeMap<u16, CallId>,
    next_port: u16,
    host: u8,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) phones: Vec<Phone>,
    pub(crate) server: Server,
    network: Network<SocketAddr, Packet>,
    /// Every SIP message that was sent.
    pub(crate) messages: Vec<String>,
    sent: u32,
}

/// A registrar and a proxy that want credentials from everybody.
pub(crate) struct Server {
    proxy: Proxy,
    registrar: Registrar,
    digest: DigestServer,
    epoch: Instant,
    /// The status that INVITEs of encrypted media are refused with, if any.
    pub(crate) refuses_keys: Option<StatusCode>,
}

fn address(host: u8, port: u16) -> SocketAddr {
    (IpAddr::from([192, 0, 2, host]), port).into()
}

/// The configuration of the phone of this user at this host.
pub(crate) fn config(user: &str, host: u8, security: Security) -> AgentConfig {
    let contact = format!("sip:{user}@192.0.2.{host}");
    let from = format!("<sip:{user}@example.com>");
    let sent_by = format!("192.0.2.{host}");
    let mut sip = user_agent::Config::new([host; 32], from, contact, sent_by);
    sip.path_mtu = Some(9000); // the network has no connections
    let mut config = AgentConfig::new([host + 100; 32], sip);
    config.codecs = vec![Codec::new("PCMU", 8000), Codec::new("PCMA", 8000)];
    config.security = SecurityConfig::new(security);
    config.account = Some(Account::new(user, "secret"));
    config.proxy = Some(format!("sip:192.0.2.{SERVER};lr"));
    config
}

impl World {
    pub(crate) fn new(conditions: Conditions, random: Random, configs: Vec<AgentConfig>) -> Self {
        let now = Instant::now();
        let phones = configs.into_iter().zip(1..).map(|(config, host)| Phone {
            agent: Agent::new(config),
            events: Vec::new(),
            answers: true,
            ports: BTreeMap::new(),
            next_port: 4000,
            host,
        });
        Self {
            now,
            phones: phones.collect(),
            server: Server::new(now),
            network: Network::new(conditions, random),
            messages: Vec::new(),
            sent: 0,
        }
    }

    /// Phones of these users in a network without faults, registered.
    pub(crate) fn of(users: &[&str], security: Security) -> Self {
        let delay = Duration::from_millis(10);
        let configs = users.iter().zip(1..);
        let configs = configs.map(|(user, host)| config(user, host, security));
        let mut world = Self::new(Conditions::ideal(delay), Random::new(1), configs.collect());
        for phone in 0..users.len() {
            world.register(phone);
        }
        world.run(Duration::from_secs(1));
        for phone in &mut world.phones {
            assert!(
                matches!(phone.events[..], [Event::Registered { .. }]),
                "{:?}",
                phone.events
            );
            phone.events.clear();
        }
        world
    }

    pub(crate) fn register(&mut self, phone: usize) {
        let phone = &mut self.phones[phone].agent;
        let hour = Duration::from_secs(3600);
        phone.register(self.now, "sip:example.com", hour).unwrap();
    }

    /// One phone calls a user.
    pub(crate) fn call(&mut self, phone: usize, user: &str) -> CallId {
        let now = self.now;
        let phone = &mut self.phones[phone];
        let media = phone.media();
        let uri = format!("sip:{user}@example.com");
        let call = phone.agent.call(now, &uri, media).unwrap();
        phone.ports.insert(media.rtp.port(), call);
        call
    }

    /// Lets time pass. Every call sends a frame every 20 ms once it has media.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut next_frame = self.now;
        loop {
            self.poll();
            let timeouts = self
                .phones
                .iter()
                .filter_map(|phone| phone.agent.next_timeout());
            let next = timeouts
                .chain(self.server.proxy.next_timeout())
                .chain(self.network.next_arrival())
                .chain([next_frame, end])
                .min()
                .unwrap();
            self.now = self.now.max(next);
            if self.now >= end {
                return;
            }
            while let Some(delivery) = self.network.receive(self.now) {
                self.deliver(delivery.from, delivery.to, delivery.payload);
            }
            self.server.proxy.handle_timeout(self.now);
            for phone in &mut self.phones {
                phone.agent.handle_timeout(self.now);
            }
            if next_frame <= self.now {
                next_frame += FRAME;
                let payload = self.sent.to_be_bytes().repeat(40);
                self.sent += 1;
                for phone in &mut self.phones {
                    for call in phone.agent.calls().collect::<Vec<_>>() {
                        phone.agent.send_frame(self.now, call, 160, &payload);
                    }
                }
            }
        }
    }

    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, packet: Packet) {
        let IpAddr::V4(ip) = to.ip() else { return };
        let host = ip.octets()[3];
        let flow = Flow::new(Transport::Udp, from).local(to);
        match packet {
            Packet::Sip(bytes) if host == SERVER => {
                let message = Message::parse(bytes).unwrap();
                self.server.proxy.handle_input(self.now, message, flow);
            }
            Packet::Sip(bytes) => {
                let phone = &mut self.phones[usize::from(host) - 1];
                phone.agent.handle_input(self.now, bytes, flow);
            }
            Packet::Media(mut datagram) => {
                let phone = &mut self.phones[usize::from(host) - 1];
                let even = to.port() & !1;
                let channel = [Channel::Rtp, Channel::Rtcp][usize::from(to.port() & 1)];
                if let Some(call) = phone.ports.get(&even) {
                    let agent = &mut phone.agent;
                    agent.handle_datagram(self.now, *call, channel, from, &mut datagram);
                }
            }
        }
    }

    fn poll(&mut self) {
        loop {
            let mut idle = true;
            for at in 0..self.phones.len() {
                let from = address(self.phones[at].host, 5060);
                while let Some(output) = self.phones[at].agent.poll_output() {
                    idle = false;
                    match output {
                        Output::Transmit(transmit) => {
                            self.send(from, transmit.flow.remote, &transmit.bytes);
                        }
                        Output::Media {
                            call,
                            channel,
                            to,
                            datagram,
                        } => {
                            let phone = &self.phones[at];
                            let mut ports = phone.ports.iter();
                            let (port, _) = ports.find(|(_, known)| **known == call).unwrap();
                            let port = port + u16::from(channel == Channel::Rtcp);
                            let from = address(phone.host, port);
                            let packet = Packet::Media(datagram);
                            self.network.send(self.now, from, to, packet);
                        }
                        Output::Event(event) => self.phones[at].handle(self.now, event),
                        other => panic!("{other:?}"),
                    }
                }
            }
            let now = self.now;
            let mut sent = Vec::new();
            self.server.poll(now, &mut sent);
            for (to, bytes) in sent {
                idle = false;
                self.send(address(SERVER, 5060), to, &bytes);
            }
            if idle {
                return;
            }
        }
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.messages
            .push(String::from_utf8(bytes.to_vec()).unwrap());
        let packet = Packet::Sip(bytes.to_vec());
        self.network.send(self.now, from, to, packet);
    }

    /// Asserts that nothing of any call is left anywhere.
    pub(crate) fn assert_empty(&mut self) {
        self.run(Duration::from_secs(60));
        for phone in &self.phones {
            assert_eq!(phone.agent.calls().count(), 0);
            let counts = phone.agent.counts();
            assert_eq!((counts.calls, counts.dialogs, counts.unanswered), (0, 0, 0));
            assert_eq!(
                (counts.transactions.clients, counts.transactions.servers),
                (0, 0)
            );
        }
    }
}

impl Phone {
    fn media(&mut self) -> MediaAddress {
        self.next_port += 2;
        MediaAddress::new(address(self.host, self.next_port))
    }

    fn handle(&mut self, now: Instant, event: Event) {
        match &event {
            Event::Incoming { call, .. } if self.answers => {
                self.agent.ring(now, *call).unwrap();
                self.answer(now, *call);
            }
            Event::TransferRequested { call, .. } => {
                let media = self.media();
                let new = self.agent.follow_transfer(now, *call, media).unwrap();
                self.ports.insert(media.rtp.port(), new);
            }
            _ => {}
        }
        self.events.push(event);
    }

    pub(crate) fn answer(&mut self, now: Instant, call: CallId) {
        let media = self.media();
        self.ports.insert(media.rtp.port(), call);
        // Without agreement it is refused, which the caller sees.
        let _ = self.agent.answer(now, call, media);
    }

    /// The calls that came in, and those that stood.
    pub(crate) fn incoming(&self) -> Vec<CallId> {
        let events = self.events.iter();
        events
            .filter_map(|event| match event {
                Event::Incoming { call, .. } => Some(*call),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn established(&self) -> Vec<CallId> {
        let events = self.events.iter();
        events
            .filter_map(|event| match event {
                Event::Established { call } => Some(*call),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn end_of(&self, of: CallId) -> Option<&EndReason> {
        self.events.iter().find_map(|event| match event {
            Event::Ended { call, reason, .. } if *call == of => Some(reason),
            _ => None,
        })
    }

    pub(crate) fn frames(&self, of: CallId) -> Vec<&Frame> {
        let events = self.events.iter();
        events
            .filter_map(|event| match event {
                Event::Media {
                    call,
                    event: MediaEvent::Frame(frame),
                } if *call == of => Some(frame),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn digits(&self) -> String {
        let events = self.events.iter();
        events
            .filter_map(|event| match event {
                Event::Media {
                    event: MediaEvent::DigitEnded { event, .. },
                    ..
                } => event.digit(),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn transferring(&self) -> Vec<u16> {
        let events = self.events.iter();
        events
            .filter_map(|event| match event {
                Event::Transferring { status, .. } => Some(status.get()),
                _ => None,
            })
            .collect()
    }
}

impl Server {
    fn new(now: Instant) -> Self {
        let listener = Listener::new(Transport::Udp, address(SERVER, 5060));
        let mut config = proxy::Config::new([SERVER; 32], [listener]);
        config.domains = vec!["example.com".into()];
        Self {
            proxy: Proxy::new(config),
            registrar: Registrar::new(
                registrar::Config::new(["example.com"]),
                MemoryStore::new(1000, [7; 16]),
            ),
            digest: DigestServer::new(ServerConfig::new("example.com"), [9; 32]).unwrap(),
            epoch: now,
            refuses_keys: None,
        }
    }

    fn poll(&mut self, now: Instant, sent: &mut Vec<(SocketAddr, Vec<u8>)>) {
        while let Some(output) = self.proxy.poll_output() {
            match output {
                proxy::Output::Transmit(transmit) => {
                    sent.push((transmit.flow.remote, transmit.bytes.to_vec()));
                }
                proxy::Output::Event(proxy::Event::Request { transaction }) => {
                    self.decide(now, transaction);
                }
                proxy::Output::Event(_) => {}
            }
        }
    }

    fn decide(&mut self, now: Instant, id: TransactionId) {
        let request = self.proxy.request(id).unwrap();
        let message = request.message().clone();
        let (source, uri) = (request.source(), request.uri().to_string());
        let is_responsible = request.is_responsible();
        let is_register = message.method() == Some(Method::REGISTER);
        let within = message.to().unwrap().tag().is_some();
        let (status, name) = match is_register {
            true => (StatusCode::UNAUTHORIZED, HeaderName::Authorization),
            false => (
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                HeaderName::ProxyAuthorization,
            ),
        };
        if !within {
            let request = Request {
                method: message.method().unwrap().as_str(),
                uri: core::str::from_utf8(message.view().request_uri_bytes().unwrap()).unwrap(),
                body: message.body(),
            };
            let rows = message.fields_named(name).map(|field| field.value());
            let time = Duration::from_secs(1_800_000_000) + now.duration_since(self.epoch);
            let verdict = self.digest.verify(time, b"", &request, rows, |claim| {
                let users = ["alice", "bob", "carol"];
                let name = users
                    .into_iter()
                    .find(|user| *claim.username == Username::Plain((*user).into()))?;
                Some(Ha1::new(claim.hash, name, claim.realm, "secret"))
            });
            if let Verdict::Challenge(reason) = verdict {
                let challenges = self.digest.challenges(time, b"", reason);
                return self
                    .proxy
                    .challenge(now, id, status, &challenges[0])
                    .unwrap();
            }
            assert!(matches!(verdict, Verdict::Accepted(_)));
        }
        let is_encrypted = message.body().windows(8).any(|bytes| bytes == b"RTP/SAVP");
        if let Some(status) = self.refuses_keys.filter(|_| is_encrypted) {
            return self.proxy.refuse(now, id, status).unwrap();
        }
        if !is_responsible {
            return self.proxy.relay(now, id).unwrap();
        }
        if is_register {
            let (view, tag) = (message.view(), self.proxy.tag(id));
            let user = self.registrar.address_of_record(view).unwrap();
            let registered = self.registrar.register(now, view, &user, Some(source));
            let response = match registered {
                Ok(_) => self.registrar.response(now, view, &user, &tag),
                Err(refusal) => refusal.response(view, &tag),
            };
            return self
                .proxy
                .respond(now, id, response.build().unwrap())
                .unwrap();
        }
        let uri = SipUri::parse(uri.as_str()).unwrap();
        let targets = self
            .registrar
            .bindings(now, &uri)
            .into_iter()
            .map(Target::from);
        let targets: Vec<Target> = targets.collect();
        self.proxy.forward(now, id, targets).unwrap();
    }
}
