//! SIP transactions: whole calls between two layers, without users: INVITE, 180, 200, ACK, BYE,
//! 200, each read from its bytes. With 1,000 to 1,000,000 transactions that wait for their timers.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use rfc3261_sip::{
    Message,
    transaction::{Config, Event, Output, TransactionId, TransactionLayer},
    transport::{Flow, Transport},
};

/// A message of a call: where `#` stands, each call has its own digits, as many.
struct Template {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

const DIGITS: usize = 8;

impl Template {
    fn new(text: &str) -> Self {
        let mut bytes = Vec::new();
        let mut places = Vec::new();
        for (number, part) in text.split('#').enumerate() {
            if number > 0 {
                places.push(bytes.len());
                bytes.extend_from_slice(&[b'0'; DIGITS]);
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        Self { bytes, places }
    }

    fn of_call(&self, call: u32) -> Bytes {
        let digits = format!("{call:08x}");
        let mut bytes = self.bytes.clone();
        for place in &self.places {
            bytes[*place..*place + DIGITS].copy_from_slice(digits.as_bytes());
        }
        bytes.into()
    }
}

fn request(method: &str, cseq: u32, branch: &str, to_tag: &str, more: &str) -> Template {
    let via = "SIP/2.0/UDP 192.0.2.1:5060";
    Template::new(&format!(
        "{method} sip:bob@198.51.100.2 SIP/2.0\r\n\
         Via: {via};rport;branch=z9hG4bK{branch}4a7c0d5e9b13f862#\r\n\
         Max-Forwards: 70\r\n\
         From: Alice <sip:alice@example.com>;tag=a1-#\r\n\
         To: <sip:bob@example.com>{to_tag}\r\n\
         Call-ID: 3f0b8c6d-#@192.0.2.1\r\n\
         CSeq: {cseq} {method}\r\n\
         Contact: <sip:alice@192.0.2.1:5060>\r\n{more}"
    ))
}

fn response(status: &str, cseq: &str, branch: &str, more: &str) -> Template {
    Template::new(&format!(
        "SIP/2.0 {status}\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bK{branch}4a7c0d5e9b13f862#;received=192.0.2.1\r\n\
         From: Alice <sip:alice@example.com>;tag=a1-#\r\n\
         To: <sip:bob@example.com>;tag=b1-#\r\n\
         Call-ID: 3f0b8c6d-#@192.0.2.1\r\n\
         CSeq: {cseq}\r\n\
         Contact: <sip:bob@198.51.100.2:5060>\r\n{more}"
    ))
}

/// Two layers, and the time at both.
struct Pair {
    alice: TransactionLayer,
    bob: TransactionLayer,
    to_bob: Flow,
    to_alice: Flow,
    now: Instant,
    /// How much time passes from one call to the next.
    step: Duration,
    call: u32,
    messages: Messages,
}

struct Messages {
    invite: Template,
    ringing: Template,
    ok: Template,
    ack: Template,
    bye: Template,
    bye_ok: Template,
}

impl Pair {
    /// With so many calls started within the 32 seconds that most transactions wait.
    fn new(calls: u32) -> Self {
        let config = |seed| {
            let mut config = Config::new([seed; 32]);
            config.max_clients = usize::MAX;
            config.max_servers = usize::MAX;
            config
        };
        let sdp = "Content-Type: application/sdp\r\nContent-Length: 129\r\n\r\n\
             v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
             m=audio 49172 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
        let none = "Content-Length: 0\r\n\r\n";
        let flow = |address: &str| Flow::new(Transport::Udp, address.parse().expect("address"));
        let mut pair = Self {
            alice: TransactionLayer::new(config(1)),
            bob: TransactionLayer::new(config(2)),
            to_bob: flow("198.51.100.2:5060"),
            to_alice: flow("192.0.2.1:5060"),
            now: Instant::now(),
            step: Duration::from_secs(32) / calls,
            call: 0,
            messages: Messages {
                invite: request("INVITE", 1, "inv", "", sdp),
                ringing: response("180 Ringing", "1 INVITE", "inv", none),
                ok: response("200 OK", "1 INVITE", "inv", sdp),
                ack: request("ACK", 1, "ack", ";tag=b1-#", none),
                bye: request("BYE", 2, "bye", ";tag=b1-#", none),
                bye_ok: response("200 OK", "2 BYE", "bye", none),
            },
        };
        for _ in 0..calls {
            pair.call();
        }
        pair
    }

    /// A whole call.
    fn call(&mut self) {
        self.now += self.step;
        for layer in [&mut self.alice, &mut self.bob] {
            if layer.next_timeout().is_some_and(|next| next <= self.now) {
                layer.handle_timeout(self.now);
                while let Some(output) = layer.poll_output() {
                    assert!(matches!(output, Output::Event(Event::Terminated { .. })));
                }
            }
        }
        self.call += 1;
        let call = self.call;
        let invite = self.messages.invite.of_call(call);
        let invited = self.ask(invite);
        let ringing = self.messages.ringing.of_call(call);
        self.answer(invited, ringing);
        let ok = self.messages.ok.of_call(call);
        self.answer(invited, ok);
        let ack = self.messages.ack.of_call(call);
        self.alice.send(ack, self.to_bob);
        assert_eq!(self.bob_gets(), None);
        let bye = self.messages.bye.of_call(call);
        let hung_up = self.ask(bye);
        let bye_ok = self.messages.bye_ok.of_call(call);
        self.answer(hung_up, bye_ok);
    }

    /// Alice asks, and Bob has a new transaction.
    fn ask(&mut self, request: Bytes) -> TransactionId {
        let sent = self.alice.send_request(self.now, request, self.to_bob);
        sent.expect("request");
        self.bob_gets().expect("a new transaction")
    }

    fn bob_gets(&mut self) -> Option<TransactionId> {
        let mut begun = None;
        let Some(Output::Transmit(sent)) = self.alice.poll_output() else {
            panic!("nothing was sent");
        };
        let message = Message::parse(sent.bytes).expect("message");
        self.bob.handle_input(self.now, message, self.to_alice);
        while let Some(output) = self.bob.poll_output() {
            if let Output::Event(Event::Request { transaction, .. }) = &output {
                begun = Some(*transaction);
            }
            black_box(output);
        }
        begun
    }

    fn answer(&mut self, transaction: TransactionId, response: Bytes) {
        let answered = self.bob.respond(self.now, transaction, response);
        answered.expect("response");
        let mut heard = false;
        while let Some(output) = self.bob.poll_output() {
            let Output::Transmit(sent) = output else {
                continue;
            };
            let message = Message::parse(sent.bytes).expect("message");
            self.alice.handle_input(self.now, message, self.to_bob);
            while let Some(output) = self.alice.poll_output() {
                heard |= matches!(output, Output::Event(Event::Response { .. }));
                black_box(output);
            }
        }
        assert!(heard);
    }
}

fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("sip/transactions, a call on both sides");
    group.sample_size(50);
    // Four transactions a call.
    for transactions in [1_000, 10_000, 100_000, 1_000_000] {
        let mut pair = Pair::new(transactions / 4);
        let name = format!("rfc3261-sip, {transactions} transactions");
        group.bench_function(name, |b| b.iter(|| pair.call()));
        let left = pair.alice.counts().clients + pair.bob.counts().servers;
        eprintln!("{left} transactions");
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
