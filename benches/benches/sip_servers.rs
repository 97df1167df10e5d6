//! A registrar and a proxy in memory, with reading and writing: registrations, and the messages of
//! complete calls through the proxy.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc2396_uri::SipUri;
use rfc3261_sip::{
    Message, Method,
    proxy::{Config, Event, Listener, Output, Proxy, Target},
    registrar::{self, MemoryStore, Registrar},
    transaction::TransactionId,
    transport::{Flow, Transport},
};

criterion_group!(benches, registrations, calls);
criterion_main!(benches);

/// How much time passes with each of them, so that what lingers is over at last.
const STEP: Duration = Duration::from_millis(1);

const SDP: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\n\
    c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49172 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// A proxy and a registrar at one place, and the way to them.
struct Server {
    proxy: Proxy,
    registrar: Registrar,
    now: Instant,
    source: Flow,
    sent: Vec<Bytes>,
}

impl Server {
    fn new() -> Self {
        let local = "192.0.2.1:5060".parse().unwrap();
        let mut config = Config::new([7; 32], [Listener::new(Transport::Udp, local)]);
        config.domains = vec!["example.com".into()];
        config.transaction.max_clients = usize::MAX;
        config.transaction.max_servers = usize::MAX;
        let store = MemoryStore::new(usize::MAX, [7; 16]);
        Self {
            proxy: Proxy::new(config),
            registrar: Registrar::new(registrar::Config::new(["example.com"]), store),
            now: Instant::now(),
            source: Flow::new(Transport::Udp, "198.51.100.1:5060".parse().unwrap()),
            sent: Vec::new(),
        }
    }

    fn receive(&mut self, bytes: Bytes) {
        let message = Message::parse(bytes).unwrap();
        self.proxy.handle_input(self.now, message, self.source);
        while let Some(output) = self.proxy.poll_output() {
            match output {
                Output::Transmit(transmit) => self.sent.push(transmit.bytes),
                Output::Event(Event::Request { transaction }) => self.decide(transaction),
                Output::Event(_) => {}
            }
        }
    }

    fn decide(&mut self, id: TransactionId) {
        let request = self.proxy.request(id).unwrap();
        let message = request.message().view();
        if message.method() == Some(Method::REGISTER) {
            let tag = self.proxy.tag(id);
            let user = self.registrar.address_of_record(message).unwrap();
            let flow = Some(request.source());
            self.registrar
                .register(self.now, message, &user, flow)
                .unwrap();
            let response = self.registrar.response(self.now, message, &user, &tag);
            let response = response.build().unwrap();
            self.proxy.respond(self.now, id, response).unwrap();
        } else if request.is_responsible() {
            let uri = SipUri::parse(request.uri()).unwrap();
            let found = self.registrar.bindings(self.now, &uri);
            let targets: Vec<_> = found.into_iter().map(Target::from).collect();
            self.proxy.forward(self.now, id, targets).unwrap();
        } else {
            self.proxy.relay(self.now, id).unwrap();
        }
    }

    /// Time passes, and whatever is due is done.
    fn step(&mut self) {
        self.now += STEP;
        if self
            .proxy
            .next_timeout()
            .is_some_and(|next| next <= self.now)
        {
            self.proxy.handle_timeout(self.now);
            while self.proxy.poll_output().is_some() {}
        }
        if self
            .registrar
            .next_timeout()
            .is_some_and(|next| next <= self.now)
        {
            self.registrar.handle_timeout(self.now);
        }
    }

    fn register(&mut self, user: usize, number: u32) {
        self.receive(register(user, number));
        assert!(self.sent.pop().unwrap().starts_with(b"SIP/2.0 200"));
    }
}

fn register(user: usize, number: u32) -> Bytes {
    format!(
        "REGISTER sip:example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK{user:08}{number:08};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:user{user}@example.com>;tag={user:08}\r\n\
         To: <sip:user{user}@example.com>\r\n\
         Call-ID: {user:08}@198.51.100.1\r\n\
         CSeq: {number} REGISTER\r\n\
         Contact: <sip:user{user}@198.51.100.1:5060>;+sip.instance=\"<urn:uuid:{user:032x}>\"\r\n\
         Expires: 3600\r\nUser-Agent: phone\r\nContent-Length: 0\r\n\r\n"
    )
    .into()
}

/// Refreshed registrations of many users.
fn registrations(c: &mut Criterion) {
    let mut group = c.benchmark_group("sip/registrar");
    group.throughput(Throughput::Elements(1));
    for users in [1000, 100_000] {
        let mut server = Server::new();
        for user in 0..users {
            server.register(user, 1);
            server.step();
        }
        let (mut user, mut number) = (0, 2);
        group.bench_function(format!("rfc3261-sip, {users} users"), |b| {
            b.iter(|| {
                server.register(user, number);
                server.step();
                user = (user + 1) % users;
                number += u32::from(user == 0);
            });
        });
        assert_eq!(server.registrar.store().len(), users);
    }
    group.finish();
}

/// A request of a call, by its method and what else it has.
fn request(method: &str, uri: &str, call: u64, number: u32, rest: &str) -> Bytes {
    format!(
        "{method} {uri} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK{call:016x}{number};rport\r\n\
         Max-Forwards: 70\r\n\
         From: Alice <sip:alice@example.com>;tag={call:08x}\r\n\
         To: Bob <sip:user1@example.com>\r\n\
         Call-ID: {call:016x}@198.51.100.1\r\n\
         CSeq: {number} {method}\r\n\
         Contact: <sip:alice@198.51.100.1:5060>\r\n{rest}"
    )
    .into()
}

/// The response of the phone: what it has received, with another first line.
fn response(request: &Bytes, line: &str) -> Bytes {
    let end = request.windows(2).position(|pair| pair == b"\r\n").unwrap();
    [line.as_bytes(), &request[end..]].concat().into()
}

/// INVITE, 180, 200, ACK, BYE and 200 through the proxy, which stays in the path.
fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("sip/proxy");
    group.throughput(Throughput::Elements(1));
    let mut server = Server::new();
    server.register(1, 1);
    let invite_rest = format!(
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nUser-Agent: phone\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    );
    let within = "Route: <sip:192.0.2.1;lr>\r\nContent-Length: 0\r\n\r\n";
    let phone = "sip:user1@198.51.100.1:5060";
    let mut call = 0;
    group.bench_function("rfc3261-sip, calls of six messages", |b| {
        b.iter(|| {
            call += 1;
            server.receive(request(
                "INVITE",
                "sip:user1@example.com",
                call,
                1,
                &invite_rest,
            ));
            let invite = server.sent.pop().unwrap();
            server.receive(response(&invite, "SIP/2.0 180 Ringing"));
            server.receive(response(&invite, "SIP/2.0 200 OK"));
            server.receive(request("ACK", phone, call, 1, within));
            server.receive(request("BYE", phone, call, 2, within));
            let bye = server.sent.pop().unwrap();
            server.receive(response(&bye, "SIP/2.0 200 OK"));
            // 180, 200, ACK and 200.
            assert_eq!(server.sent.len(), 4);
            black_box(&server.sent);
            server.sent.clear();
            server.step();
            if call % 600_000 == 0 {
                server.register(1, 1 + call as u32);
            }
        });
    });
    group.finish();
}
