//! A caller, two proxies one behind the other, and three phones that they fork to, over a network
//! that loses, repeats, delays and reorders, in simulated time.

use core::time::Duration;
use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use bytes::Bytes;
use rfc3261_sip::{
    HeaderName, Message, Method, QValue, RequestBuilder, RequestParts, ResponseBuilder, StatusCode,
    dialog::Dialog,
    proxy::{self, Event as Told, Listener, Proxy, Target},
    transaction::{Config, Event, Output, State, TransactionId, TransactionLayer, Transmit},
    transport::{ConnectionId, Flow, SentBy, Transport},
};
use testkit::{Conditions, Network, Random, for_each_seed};

/// Who takes part, by the last number of the address.
type Side = u8;

const CALLER: Side = 1;
const PROXIES: [Side; 2] = [2, 3];
const PHONES: [Side; 3] = [10, 11, 12];

/// What somebody does at some time.
enum Task {
    Call(Method<'static>),
    Cancel(TransactionId),
    Bye(Box<Dialog>),
    Respond(Side, TransactionId, Message, u16),
    /// Send the 2xx again, after twice this interval the next time.
    Repeat(Side, TransactionId, Message, Duration),
}

/// What the caller has seen of a request.
#[derive(Debug, Default)]
struct Seen {
    invite: bool,
    finals: Vec<u16>,
    gave_up: bool,
    over: bool,
}

struct World {
    now: Instant,
    random: Random,
    network: Network<Side, Bytes>,
    transport: Transport,
    /// How often a message cannot even be sent, in percent.
    failures: u8,
    layers: BTreeMap<Side, TransactionLayer>,
    proxies: BTreeMap<Side, Proxy>,
    tasks: BTreeMap<(Instant, u64), Task>,
    planned: u64,
    seen: HashMap<TransactionId, Seen>,
    /// The caller's INVITEs, and the tags of those that have accepted.
    invites: HashMap<TransactionId, (Bytes, Vec<String>)>,
    /// The finals that each proxy has sent for a request, and whether all of it is over.
    proxied: HashMap<(Side, TransactionId), (Vec<u16>, bool)>,
    acknowledged: Vec<(Side, String)>,
    /// The INVITEs that have come to the phones.
    ringing: HashMap<(Side, TransactionId), Message>,
}

impl World {
    fn new(mut random: Random) -> Self {
        let conditions = Conditions::of(&mut random);
        let (transport, conditions) = match random.chance(25) {
            true => (Transport::Tcp, conditions.connection()),
            false => (Transport::Udp, conditions),
        };
        let network = Network::new(conditions, Random::new(random.number()));
        let mut layers = BTreeMap::new();
        for side in [CALLER].into_iter().chain(PHONES) {
            layers.insert(side, TransactionLayer::new(Config::new(random.seed())));
        }
        let mut proxies = BTreeMap::new();
        for side in PROXIES {
            let listener = Listener::new(transport, address(side));
            let mut config = proxy::Config::new(random.seed(), [listener]);
            config.record_route = random.chance(50);
            config.recursion = random.chance(50);
            proxies.insert(side, Proxy::new(config));
        }
        Self {
            now: Instant::now(),
            network,
            transport,
            failures: *random.pick(&[0, 0, 3]),
            random,
            layers,
            proxies,
            tasks: BTreeMap::new(),
            planned: 0,
            seen: HashMap::new(),
            invites: HashMap::new(),
            proxied: HashMap::new(),
            acknowledged: Vec::new(),
            ringing: HashMap::new(),
        }
    }

    fn run(mut self) {
        for _ in 0..=self.random.below(2) {
            let invite = self.random.chance(80);
            let method = if invite {
                Method::INVITE
            } else {
                Method::OPTIONS
            };
            self.plan(0..20_000, Task::Call(method));
        }
        let start = self.now;
        for step in 0.. {
            self.drain();
            let layers = self
                .layers
                .values()
                .filter_map(TransactionLayer::next_timeout);
            let proxies = self.proxies.values().filter_map(Proxy::next_timeout);
            let tasks = self.tasks.keys().next().map(|(at, _)| *at);
            let others = [self.network.next_arrival(), tasks].into_iter().flatten();
            let Some(next) = layers.chain(proxies).chain(others).min() else {
                break;
            };
            assert!(step < 100_000, "no end");
            self.now = self.now.max(next);
            self.step();
        }
        let took = self.now - start;
        assert!(took < Duration::from_secs(2400), "{took:?}");
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
            let source = self.flow(delivery.from);
            let message = Message::parse(delivery.payload).unwrap();
            match self.proxies.get_mut(&delivery.to) {
                Some(proxy) => proxy.handle_input(self.now, message, source),
                None => {
                    let layer = self.layers.get_mut(&delivery.to).unwrap();
                    layer.handle_input(self.now, message, source);
                }
            }
            self.drain();
        }
        while self
            .tasks
            .keys()
            .next()
            .is_some_and(|(at, _)| *at <= self.now)
        {
            let (_, task) = self.tasks.pop_first().unwrap();
            self.do_task(task);
            self.drain();
        }
        for layer in self.layers.values_mut() {
            layer.handle_timeout(self.now);
        }
        for proxy in self.proxies.values_mut() {
            proxy.handle_timeout(self.now);
        }
    }

    fn do_task(&mut self, task: Task) {
        match task {
            Task::Call(method) => self.call(method),
            // Too late is as good as never.
            Task::Cancel(id) => {
                let caller = self.layers.get_mut(&CALLER).unwrap();
                let _ = caller.cancel(self.now, id, None);
            }
            Task::Bye(mut dialog) => {
                let via = self.via(CALLER);
                let bye = dialog.request(Method::BYE, &via).unwrap().build().unwrap();
                let to = self.next_hop(&dialog);
                let flow = self.flow(to);
                let caller = self.layers.get_mut(&CALLER).unwrap();
                let id = caller.send_request(self.now, bye, flow).unwrap();
                self.seen.insert(id, Seen::default());
            }
            Task::Respond(side, id, request, status) => self.respond(side, id, request, status),
            Task::Repeat(side, id, request, interval) => {
                let call = request.call_id().unwrap().to_string();
                let acknowledged = self.acknowledged.contains(&(side, call));
                if interval < Duration::from_secs(32) && !acknowledged {
                    let layer = self.layers.get_mut(&side).unwrap();
                    if layer
                        .respond(self.now, id, answer(side, &request, 200))
                        .is_ok()
                    {
                        let next = (interval * 2).min(Duration::from_secs(4)).as_millis() as u64;
                        self.plan(next..next, Task::Repeat(side, id, request, interval * 2));
                    }
                }
            }
        }
    }

    fn call(&mut self, method: Method<'static>) {
        let via = self.via(CALLER);
        self.planned += 1;
        // By the first proxy to the second, or for the first itself, which forks.
        let uri = format!("sip:bob@10.0.0.{}", self.random.pick(&PROXIES));
        let request = RequestBuilder::new(RequestParts {
            method,
            uri: &uri,
            via: &via,
            from: "<sip:alice@10.0.0.1>;tag=a1",
            to: "<sip:bob@example.com>",
            call_id: &format!("call{}@10.0.0.1", self.planned),
            sequence_number: 1,
            max_forwards: 70,
        })
        .header(HeaderName::Contact, "<sip:alice@10.0.0.1>")
        .build()
        .unwrap();
        let flow = self.flow(PROXIES[0]);
        let caller = self.layers.get_mut(&CALLER).unwrap();
        let id = caller
            .send_request(self.now, request.clone(), flow)
            .unwrap();
        let invite = method == Method::INVITE;
        let seen = Seen {
            invite,
            ..Seen::default()
        };
        self.seen.insert(id, seen);
        if invite {
            self.invites.insert(id, (request, Vec::new()));
            if self.random.chance(40) {
                self.plan(0..60_000, Task::Cancel(id));
            }
        }
    }

    fn respond(&mut self, side: Side, id: TransactionId, request: Message, status: u16) {
        let layer = self.layers.get_mut(&side).unwrap();
        // Another answer may have been faster: the 487 of a CANCEL.
        if layer
            .respond(self.now, id, answer(side, &request, status))
            .is_err()
        {
            return;
        }
        if status == 200 && request.method() == Some(Method::INVITE) {
            let task = Task::Repeat(side, id, request, Duration::from_millis(500));
            self.plan(500..500, task);
        }
    }

    fn drain(&mut self) {
        loop {
            let layers = self.layers.iter_mut();
            let mut of_layers =
                layers.filter_map(|(side, layer)| Some((*side, layer.poll_output()?)));
            if let Some((side, output)) = of_layers.next() {
                match output {
                    Output::Transmit(transmit) => self.transmit(side, transmit),
                    Output::Event(event) if side == CALLER => self.caller_is_told(event),
                    Output::Event(event) => self.phone_is_told(side, event),
                }
                continue;
            }
            let proxies = self.proxies.iter_mut();
            let mut of_proxies =
                proxies.filter_map(|(side, proxy)| Some((*side, proxy.poll_output()?)));
            match of_proxies.next() {
                Some((side, proxy::Output::Transmit(transmit))) => self.transmit(side, transmit),
                Some((side, proxy::Output::Event(event))) => self.proxy_tells(side, event),
                None => break,
            }
        }
    }

    fn transmit(&mut self, side: Side, transmit: Transmit) {
        let message = Message::parse(transmit.bytes.clone()).unwrap();
        assert!(
            message.check().is_empty(),
            "{:?}\n{message}",
            message.check()
        );
        let to = last(&transmit.flow);
        if self.random.chance(self.failures) {
            if let Some(id) = transmit.transaction {
                let now = self.now;
                match self.proxies.get_mut(&side) {
                    Some(proxy) => proxy.handle_transport_error(now, id),
                    None => {
                        let layer = self.layers.get_mut(&side).unwrap();
                        layer.handle_transport_error(now, id);
                    }
                }
            }
            return;
        }
        self.network.send(self.now, side, to, transmit.bytes);
    }

    fn proxy_tells(&mut self, side: Side, event: Told) {
        match event {
            Told::Request { transaction } => {
                self.proxied
                    .insert((side, transaction), (Vec::new(), false));
                let responsible = self.proxies[&side]
                    .request(transaction)
                    .unwrap()
                    .is_responsible();
                let targets = self.targets(side);
                let proxy = self.proxies.get_mut(&side).unwrap();
                match responsible {
                    false => proxy.relay(self.now, transaction).unwrap(),
                    true => proxy.forward(self.now, transaction, targets).unwrap(),
                }
            }
            // An ACK or CANCEL for nobody: forgotten.
            Told::Stateless(_) => {}
            Told::Answered {
                transaction,
                status,
            } => {
                let (finals, over) = self.proxied.get_mut(&(side, transaction)).unwrap();
                let so_far = finals
                    .iter()
                    .all(|before| *before / 100 == 2 && status.is_success());
                assert!(so_far && !*over, "{status} after {finals:?}");
                finals.push(status.get());
            }
            Told::Ended { transaction } => {
                let (finals, over) = self.proxied.get_mut(&(side, transaction)).unwrap();
                assert!(!core::mem::replace(over, true) && !finals.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }

    /// Whom a proxy forks to, in which order.
    fn targets(&mut self, side: Side) -> Vec<Target> {
        let sides: &[Side] = match side == PROXIES[0] {
            true => &[PROXIES[1], PHONES[0]],
            false => &PHONES[1..],
        };
        let mut target = |side: &Side| {
            let q = QValue::from_thousandths(*self.random.pick(&[1000, 1000, 500])).unwrap();
            Target::new(format!("sip:bob@10.0.0.{side}")).q(q)
        };
        sides.iter().map(&mut target).collect()
    }

    fn caller_is_told(&mut self, event: Event) {
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
                let more = status == 200 && seen.invite;
                let so_far = seen.finals.iter().all(|before| more && *before == 200);
                assert!(so_far, "{status} after a final response: {seen:?}");
                if status >= 200 {
                    seen.finals.push(status);
                }
                if more {
                    self.acknowledge(transaction, &response);
                }
            }
            Event::Timeout { transaction } | Event::TransportError { transaction } => {
                self.seen.get_mut(&transaction).unwrap().gave_up = true;
            }
            Event::Terminated { transaction } => {
                let seen = self.seen.get_mut(&transaction).unwrap();
                assert!(!core::mem::replace(&mut seen.over, true));
            }
            other => panic!("{other:?}"),
        }
    }

    /// The ACK for a 2xx, each copy of it; and if it is the first of its dialog, a BYE later.
    fn acknowledge(&mut self, transaction: TransactionId, response: &Message) {
        let (invite, tags) = self.invites.get_mut(&transaction).unwrap();
        let invite = Message::parse(invite.clone()).unwrap();
        let tag = response.to().unwrap().tag().unwrap().to_owned();
        let first = !tags.contains(&tag);
        if first {
            tags.push(tag);
        }
        let mut dialog = Dialog::uac(invite.view(), response.view(), self.transport).unwrap();
        let via = self.via(CALLER);
        let ack = dialog.ack(response.view(), &via).unwrap().build().unwrap();
        let to = self.next_hop(&dialog);
        let flow = self.flow(to);
        self.layers.get_mut(&CALLER).unwrap().send(ack, flow);
        if first {
            dialog.handle_response(response.view()).ok();
            self.plan(0..90_000, Task::Bye(Box::new(dialog)));
        }
    }

    fn phone_is_told(&mut self, side: Side, event: Event) {
        match event {
            Event::Request {
                transaction,
                request,
                ..
            } => {
                let status = match request.method() {
                    Some(Method::BYE) => 200,
                    Some(Method::INVITE) => {
                        self.ringing.insert((side, transaction), request.clone());
                        if self.random.chance(70) {
                            let ringing = Task::Respond(side, transaction, request.clone(), 180);
                            self.plan(0..8_000, ringing);
                        }
                        *self
                            .random
                            .pick(&[200, 200, 200, 486, 404, 603, 302, 503, 407])
                    }
                    _ => *self.random.pick(&[200, 486, 503, 603]),
                };
                // Some ring for longer than anybody waits.
                let latest = if self.random.chance(10) {
                    400_000
                } else {
                    40_000
                };
                let answer = Task::Respond(side, transaction, request, status);
                self.plan(0..latest, answer);
            }
            Event::Cancel {
                transaction,
                request,
                invite,
                ..
            } => {
                let status = if invite.is_some() { 200 } else { 481 };
                self.respond(side, transaction, request.clone(), status);
                let Some(invite) = invite else { return };
                if self.layers[&side].state(invite) == State::Proceeding {
                    let same = self.ringing[&(side, invite)].clone();
                    self.respond(side, invite, same, 487);
                }
            }
            Event::Ack { request, .. } => {
                let call = request.call_id().unwrap().to_string();
                self.acknowledged.push((side, call));
            }
            Event::Timeout { .. } | Event::TransportError { .. } | Event::Terminated { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn check(&self) {
        for (id, seen) in &self.seen {
            assert!(seen.over, "{seen:?}");
            // An ACK that could not be sent comes after the final response.
            assert!(
                seen.gave_up || !seen.finals.is_empty(),
                "{seen:?} of {id:?}"
            );
            assert!(!seen.finals.contains(&502), "nothing was brought back");
        }
        for (request, (finals, over)) in &self.proxied {
            assert!(*over && !finals.is_empty(), "{request:?}");
        }
        for layer in self.layers.values() {
            let counts = layer.counts();
            assert_eq!((counts.clients, counts.servers), (0, 0));
        }
        for proxy in self.proxies.values() {
            let counts = proxy.counts();
            assert_eq!((counts.requests, counts.lookups), (0, 0));
            let left = counts.transactions;
            assert_eq!((left.clients, left.servers), (0, 0));
            assert_eq!(proxy.next_timeout(), None);
        }
    }

    fn via(&mut self, side: Side) -> String {
        let sent_by = SentBy {
            host: &format!("10.0.0.{side}"),
            port: None,
        };
        let transport = self.transport;
        self.layers.get_mut(&side).unwrap().via(transport, sent_by)
    }

    fn next_hop(&self, dialog: &Dialog) -> Side {
        let uri = dialog.next_hop();
        let sides = [CALLER].into_iter().chain(PROXIES).chain(PHONES);
        let found = sides
            .rev()
            .find(|side| uri.contains(&format!("10.0.0.{side}")));
        found.unwrap()
    }

    fn flow(&self, side: Side) -> Flow {
        let flow = Flow::new(self.transport, address(side));
        match self.transport {
            Transport::Udp => flow,
            _ => flow.connection(ConnectionId(u64::from(side))),
        }
    }
}

fn address(side: Side) -> core::net::SocketAddr {
    format!("10.0.0.{side}:5060").parse().unwrap()
}

fn last(flow: &Flow) -> Side {
    match flow.remote.ip() {
        core::net::IpAddr::V4(ip) => ip.octets()[3],
        core::net::IpAddr::V6(_) => unreachable!("all addresses are of version 4"),
    }
}

fn answer(side: Side, request: &Message, status: u16) -> Bytes {
    let status = StatusCode::from_u16(status).unwrap();
    let contact = match status.is_redirection() {
        true => "<sip:bob@10.0.0.11>, <sip:carol@10.0.0.12>;q=0.2".to_owned(),
        false => format!("<sip:bob@10.0.0.{side}>"),
    };
    let mut response = ResponseBuilder::to(request.view(), status, &format!("t{side}"));
    response = response.header(HeaderName::Contact, contact);
    for route in request.fields_named(HeaderName::RecordRoute) {
        response = response.header(HeaderName::RecordRoute, route.value_str().unwrap());
    }
    response.build().unwrap()
}

#[test]
fn forked_calls_through_two_proxies() {
    for_each_seed(200, |random| World::new(random).run());
}
