//! Two transaction layers and their users over a network that loses, repeats, delays and
//! reorders, in simulated time.

use core::time::Duration;
use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use bytes::Bytes;
use rfc3261_sip::{
    Message, Method, RequestBuilder, RequestParts, ResponseBuilder, StatusCode,
    transaction::{Config, Event, Output, State, TransactionId, TransactionLayer},
    transport::{ConnectionId, Flow, SentBy, Transport},
};
use testkit::{Conditions, Network, Random, for_each_seed};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Client,
    Server,
}

/// What a user does at some time.
enum Task {
    Send(Method<'static>),
    Cancel(TransactionId),
    Respond(TransactionId, Message, u16),
    /// Send the 2xx again, after twice this interval the next time.
    Repeat(TransactionId, Message, Duration),
}

/// What the client's user has seen of a request.
#[derive(Debug, Default)]
struct Seen {
    method: String,
    branch: String,
    finals: Vec<u16>,
    gave_up: bool,
    acks: u32,
    over: bool,
}

struct World {
    now: Instant,
    random: Random,
    network: Network<Side, Bytes>,
    client: TransactionLayer,
    server: TransactionLayer,
    transport: Transport,
    /// How often a message cannot even be sent, in percent.
    failures: u8,
    tasks: BTreeMap<(Instant, u64), Task>,
    planned: u64,
    seen: HashMap<TransactionId, Seen>,
    /// What the server's user has answered, by branch and method.
    answered: HashMap<(String, String), Vec<u16>>,
    /// The requests that the server's user knows, until their transaction is over.
    open: HashMap<TransactionId, (String, String)>,
    acknowledged: Vec<String>,
}

impl World {
    fn new(mut random: Random) -> Self {
        let conditions = Conditions::of(&mut random);
        let (transport, conditions) = match random.chance(25) {
            true => (Transport::Tcp, conditions.connection()),
            false => (Transport::Udp, conditions),
        };
        let network = Network::new(conditions, Random::new(random.number()));
        let mut layer = || TransactionLayer::new(Config::new(random.seed()));
        Self {
            now: Instant::now(),
            network,
            client: layer(),
            server: layer(),
            transport,
            failures: *random.pick(&[0, 0, 3]),
            random,
            tasks: BTreeMap::new(),
            planned: 0,
            seen: HashMap::new(),
            answered: HashMap::new(),
            open: HashMap::new(),
            acknowledged: Vec::new(),
        }
    }

    fn run(mut self) {
        let methods = [
            Method::INVITE,
            Method::INVITE,
            Method::OPTIONS,
            Method::REGISTER,
        ];
        for _ in 0..=self.random.below(4) {
            let method = *self.random.pick(&methods);
            self.plan(0..20_000, Task::Send(method));
        }
        let start = self.now;
        for step in 0.. {
            self.drain();
            let next = [
                self.network.next_arrival(),
                self.client.next_timeout(),
                self.server.next_timeout(),
                self.tasks.keys().next().map(|(at, _)| *at),
            ];
            let Some(next) = next.into_iter().flatten().min() else {
                break;
            };
            assert!(step < 100_000, "no end");
            self.now = self.now.max(next);
            self.step();
        }
        assert!(
            self.now - start < Duration::from_secs(1200),
            "{:?}",
            self.now - start
        );
        self.check();
    }

    fn plan(&mut self, milliseconds: core::ops::Range<u64>, task: Task) {
        let range =
            Duration::from_millis(milliseconds.start)..Duration::from_millis(milliseconds.end);
        let at = self.now + self.random.duration(&range);
        self.planned += 1;
        self.tasks.insert((at, self.planned), task);
    }

    fn step(&mut self) {
        while let Some(delivery) = self.network.receive(self.now) {
            let message = Message::parse(delivery.payload).unwrap();
            let source = self.flow_to(delivery.from);
            let now = self.now;
            self.layer(delivery.to).handle_input(now, message, source);
            self.drain();
        }
        while let Some(entry) = self.tasks.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let task = entry.remove();
            self.do_task(task);
            self.drain();
        }
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }

    fn do_task(&mut self, task: Task) {
        match task {
            Task::Send(method) => self.send_request(method),
            // Too late is as good as never.
            Task::Cancel(id) => drop(self.client.cancel(self.now, id, None)),
            Task::Respond(id, request, status) => self.respond(id, request, status),
            Task::Repeat(id, request, interval) => {
                let call = request.call_id().unwrap().to_string();
                if interval < Duration::from_secs(32) && !self.acknowledged.contains(&call) {
                    let again = self.server.respond(self.now, id, answer(&request, 200));
                    if again.is_ok() {
                        let next = (interval * 2).min(Duration::from_secs(4)).as_millis() as u64;
                        let task = Task::Repeat(id, request, interval * 2);
                        self.plan(next..next, task);
                    }
                }
            }
        }
    }

    fn send_request(&mut self, method: Method<'static>) {
        let flow = self.flow_to(Side::Server);
        let request = self.request(method, None);
        let message = Message::parse(request.clone()).unwrap();
        let id = self.client.send_request(self.now, request, flow).unwrap();
        let seen = Seen {
            method: method.to_string(),
            branch: message.via().unwrap().branch().unwrap().to_owned(),
            ..Seen::default()
        };
        self.seen.insert(id, seen);
        if method == Method::INVITE && self.random.chance(40) {
            self.plan(0..40_000, Task::Cancel(id));
        }
    }

    /// A request; an ACK is for the 2xx given.
    fn request(&mut self, method: Method<'static>, to: Option<&Message>) -> Bytes {
        let sent_by = SentBy {
            host: "192.0.2.1",
            port: None,
        };
        let via = self.client.via(self.transport, sent_by);
        self.planned += 1;
        let call_id = format!("call{}@192.0.2.1", self.planned);
        let to_value = to.and_then(|to| to.first(rfc3261_sip::HeaderName::To)?.value_str());
        RequestBuilder::new(RequestParts {
            method,
            uri: "sip:bob@198.51.100.2",
            via: &via,
            from: "<sip:alice@example.com>;tag=a1",
            to: to_value.unwrap_or("<sip:bob@example.com>"),
            call_id: to.map_or(&call_id, |to| to.call_id().unwrap().as_str()),
            sequence_number: 1,
            max_forwards: 70,
        })
        .build()
        .unwrap()
    }

    fn respond(&mut self, id: TransactionId, request: Message, status: u16) {
        // Another answer may have been faster: the 487 of a CANCEL.
        if self
            .server
            .respond(self.now, id, answer(&request, status))
            .is_err()
        {
            return;
        }
        let key = key(&request);
        if status >= 200 {
            self.answered.entry(key).or_default().push(status);
        }
        if status == 200 && request.method() == Some(Method::INVITE) {
            let task = Task::Repeat(id, request, Duration::from_millis(500));
            self.plan(500..500, task);
        }
    }

    fn drain(&mut self) {
        for side in [Side::Client, Side::Server] {
            while let Some(output) = self.layer(side).poll_output() {
                match (output, side) {
                    (Output::Transmit(transmit), side) => {
                        let to = match side {
                            Side::Client => Side::Server,
                            Side::Server => Side::Client,
                        };
                        assert_eq!(transmit.flow, self.flow_to(to));
                        let id = transmit.transaction;
                        if let Some(seen) = id.and_then(|id| self.seen.get_mut(&id)) {
                            seen.acks += u32::from(transmit.bytes.starts_with(b"ACK"));
                        }
                        let fails = self.random.chance(self.failures);
                        match id.filter(|_| fails) {
                            Some(id) => {
                                let now = self.now;
                                self.layer(side).handle_transport_error(now, id);
                            }
                            None => self.network.send(self.now, side, to, transmit.bytes),
                        }
                    }
                    (Output::Event(event), Side::Client) => self.client_is_told(event),
                    (Output::Event(event), Side::Server) => self.server_is_told(event),
                }
            }
        }
    }

    fn client_is_told(&mut self, event: Event) {
        match event {
            Event::Response {
                transaction,
                response,
            } => {
                let seen = self.seen.get_mut(&transaction).unwrap();
                let status = response.status().unwrap().get();
                assert!(
                    !seen.over && !seen.gave_up,
                    "{status} after the end: {seen:?}"
                );
                let more = status == 200 && seen.method == "INVITE";
                let so_far = seen.finals.iter().all(|&before| more && before == 200);
                assert!(so_far, "{status} after a final response: {seen:?}");
                if status >= 200 {
                    seen.finals.push(status);
                }
                if more {
                    let ack = self.request(Method::ACK, Some(&response));
                    let flow = self.flow_to(Side::Server);
                    self.client.send(ack, flow);
                }
            }
            Event::Timeout { transaction } => {
                let seen = self.seen.get_mut(&transaction).unwrap();
                assert!(!seen.over && seen.finals.is_empty(), "{seen:?}");
                seen.gave_up = true;
            }
            Event::TransportError { transaction } => {
                self.seen.get_mut(&transaction).unwrap().gave_up = true;
            }
            Event::Terminated { transaction } => {
                let seen = self.seen.get_mut(&transaction).unwrap();
                assert!(!core::mem::replace(&mut seen.over, true));
            }
            other => panic!("{other:?}"),
        }
    }

    fn server_is_told(&mut self, event: Event) {
        match event {
            Event::Request {
                transaction,
                request,
                ..
            } => {
                self.opens(transaction, &request);
                self.plan_answers(transaction, &request);
            }
            Event::Cancel {
                transaction,
                request,
                invite,
                ..
            } => {
                self.opens(transaction, &request);
                let status = if invite.is_some() { 200 } else { 481 };
                self.respond(transaction, request.clone(), status);
                let Some(invite) = invite else { return };
                if self.server.state(invite) == State::Proceeding {
                    let text = String::from_utf8(request.as_bytes().to_vec()).unwrap();
                    let same = Message::parse(text.replace("CANCEL", "INVITE")).unwrap();
                    self.respond(invite, same, 487);
                }
            }
            Event::Ack { request, .. } => {
                // By number of call: the branch of the ACK for a 2xx is its own.
                let call = request.call_id().unwrap().to_string();
                self.acknowledged.push(call);
            }
            Event::Terminated { transaction } => {
                assert!(self.open.remove(&transaction).is_some());
            }
            Event::Timeout { .. } | Event::TransportError { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    /// A copy of a request is told only when the transaction of the first one is over.
    fn opens(&mut self, id: TransactionId, request: &Message) {
        let key = key(request);
        assert!(
            !self.open.values().any(|open| *open == key),
            "{key:?} told twice"
        );
        self.open.insert(id, key);
    }

    fn plan_answers(&mut self, id: TransactionId, request: &Message) {
        if request.method() != Some(Method::INVITE) {
            let status = *self.random.pick(&[200, 404, 503]);
            return self.plan(0..10_000, Task::Respond(id, request.clone(), status));
        }
        for status in [180, 183] {
            if self.random.chance(50) {
                self.plan(0..10_000, Task::Respond(id, request.clone(), status));
            }
        }
        let status = *self.random.pick(&[200, 200, 302, 486, 603]);
        match self.random.chance(10) {
            // Long after the client has lost patience.
            true => self.plan(240_000..240_001, Task::Respond(id, request.clone(), 480)),
            false => self.plan(0..60_000, Task::Respond(id, request.clone(), status)),
        }
    }

    fn check(&self) {
        for layer in [&self.client, &self.server] {
            let counts = layer.counts();
            assert_eq!(
                (counts.clients, counts.servers, counts.malformed),
                (0, 0, 0)
            );
        }
        assert!(self.open.is_empty());
        for seen in self.seen.values() {
            assert!(seen.over, "{seen:?}");
            assert!(seen.gave_up || !seen.finals.is_empty(), "{seen:?}");
            let key = (seen.branch.clone(), seen.method.clone());
            for status in &seen.finals {
                let sent = self.answered.get(&key);
                assert!(
                    sent.is_some_and(|sent| sent.contains(status)),
                    "{seen:?} of {sent:?}"
                );
            }
            let refused = seen.finals.iter().any(|&status| status >= 300);
            assert_eq!(
                seen.method == "INVITE" && refused,
                seen.acks > 0,
                "{seen:?}"
            );
        }
    }

    fn layer(&mut self, side: Side) -> &mut TransactionLayer {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn flow_to(&self, side: Side) -> Flow {
        let address = match side {
            Side::Client => "192.0.2.1:5060",
            Side::Server => "198.51.100.2:5060",
        };
        let flow = Flow::new(self.transport, address.parse().unwrap());
        match self.transport {
            Transport::Udp => flow,
            _ => flow.connection(ConnectionId(1)),
        }
    }
}

fn key(request: &Message) -> (String, String) {
    let branch = request.via().unwrap().branch().unwrap().to_owned();
    (branch, request.method().unwrap().to_string())
}

fn answer(request: &Message, status: u16) -> Bytes {
    let status = StatusCode::from_u16(status).unwrap();
    ResponseBuilder::to(request.view(), status, "b1")
        .build()
        .unwrap()
}

#[test]
fn whatever_the_network_does_every_transaction_ends_as_it_must() {
    for_each_seed(200, |random| World::new(random).run());
}
