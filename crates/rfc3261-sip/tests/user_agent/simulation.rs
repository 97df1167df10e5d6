//! User agents and their users over a network that loses, repeats, delays and reorders, in
//! simulated time: each call ends once at each side, nothing is left, and nobody talks after the
//! end.

use core::{ops::Range, time::Duration};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};

use bytes::Bytes;
use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    transport::{ConnectionId, Flow, Transport},
    user_agent::{
        CallId, CallState, Config, Content, Credentials, EndCause, Event, IncomingId, Output,
        Purpose, RegistrationId, RequestId, SubscriptionId, Target, UserAgent,
    },
};
use testkit::{Conditions, Network, Random, for_each_seed};

/// Alice, Bob and Carol.
type Side = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Register,
    EarlyMedia,
    Cancel,
    Glare,
    Forked,
    Refer,
    SessionTimer,
}

/// What a user does at some time.
enum Task {
    Register,
    Refresh(RegistrationId),
    Unregister(RegistrationId),
    Invite,
    Progress(Side, CallId, u16),
    Answer(Side, CallId),
    Reject(Side, CallId),
    HangUp(Side, CallId),
    Reinvite(Side, CallId),
    Update(Side, CallId),
    Respond(Side, IncomingId, Message, Option<CallId>),
    Refer(Side, CallId),
    Referral(Side, SubscriptionId, u16),
    Acknowledge(Side, CallId, Message),
    /// The line is cut for good.
    Cut,
}

struct World {
    scenario: Scenario,
    now: Instant,
    random: Random,
    network: Network<Side, Bytes>,
    agents: Vec<UserAgent>,
    transport: Transport,
    /// How often a message cannot even be sent, in percent.
    failures: u8,
    is_cut: bool,
    tasks: BTreeMap<(Instant, u64), Task>,
    planned: u64,
    /// All calls that were ever told of, and whether they are over.
    calls: BTreeMap<(Side, CallId), bool>,
    /// What both sides have agreed on last: offer and answer.
    sessions: HashMap<(Side, CallId), String>,
    subscriptions: BTreeSet<(Side, SubscriptionId)>,
    registrations: BTreeSet<RegistrationId>,
    /// The first final responses that were sent, and when: by sender, branch, method and tag.
    finals: HashMap<(Side, String, String, String), (u16, Instant)>,
    /// The requests of users whose outcome was told.
    told: BTreeSet<(Side, RequestId)>,
    offers: u64,
}

impl World {
    fn new(scenario: Scenario, mut random: Random) -> Self {
        let conditions = Conditions::of(&mut random);
        let (transport, conditions) = match random.chance(25) {
            true => (Transport::Tcp, conditions.connection()),
            false => (Transport::Udp, conditions),
        };
        let reliable = random.chance(50);
        let network = Network::new(conditions, Random::new(random.number()));
        let mut agent = |side: Side| {
            let user = ["alice", "bob", "carol"][side];
            let host = format!("192.0.2.{}", side + 1);
            let suffix = match transport {
                Transport::Udp => "",
                _ => ";transport=tcp",
            };
            let contact = format!("sip:{user}@{host}{suffix}");
            let from = format!("<sip:{user}@example.com>");
            let mut config = Config::new(random.seed(), from, contact, host);
            config.reliable_provisional = reliable;
            config.allow.push("REGISTER".into());
            if scenario == Scenario::SessionTimer {
                config.session_expires = Some(90 + 30 * side as u32);
                if random.chance(50) {
                    config.allow.retain(|method| method != "UPDATE");
                }
                if random.chance(20) {
                    config.supported.retain(|tag| tag != "timer");
                }
                if random.chance(30) {
                    config.min_se = 200;
                }
            }
            UserAgent::new(config)
        };
        let agents = vec![agent(0), agent(1), agent(2)];
        Self {
            scenario,
            now: Instant::now(),
            network,
            agents,
            transport,
            failures: *random.pick(&[0, 0, 3]),
            random,
            is_cut: false,
            tasks: BTreeMap::new(),
            planned: 0,
            calls: BTreeMap::new(),
            sessions: HashMap::new(),
            subscriptions: BTreeSet::new(),
            registrations: BTreeSet::new(),
            finals: HashMap::new(),
            told: BTreeSet::new(),
            offers: 0,
        }
    }

    fn run(mut self) {
        match self.scenario {
            Scenario::Register => self.plan(0..1, Task::Register),
            _ => self.plan(0..1, Task::Invite),
        }
        if self.scenario == Scenario::SessionTimer && self.random.chance(50) {
            self.plan(0..600_000, Task::Cut);
        }
        let start = self.now;
        for step in 0.. {
            self.drain();
            let timeouts = self.agents.iter().filter_map(UserAgent::next_timeout);
            let next = timeouts
                .chain(self.network.next_arrival())
                .chain(self.tasks.keys().next().map(|(at, _)| *at))
                .min();
            let Some(next) = next else { break };
            assert!(step < 100_000, "no end");
            self.now = self.now.max(next);
            self.step();
        }
        let took = self.now - start;
        assert!(took < Duration::from_secs(3600), "{took:?}");
        self.check();
    }

    fn plan(&mut self, milliseconds: Range<u64>, task: Task) {
        let from = Duration::from_millis(milliseconds.start);
        let to = Duration::from_millis(milliseconds.end);
        let at = self.now + self.random.duration(&(from..to));
        self.planned += 1;
        self.tasks.insert((at, self.planned), task);
    }

    fn step(&mut self) {
        while let Some(delivery) = self.network.receive(self.now) {
            let source = self.flow_to(delivery.from);
            self.agents[delivery.to].handle_input(self.now, delivery.payload, source);
            self.drain();
        }
        while let Some(entry) = self.tasks.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let task = entry.remove();
            self.perform(task);
            self.drain();
        }
        for agent in &mut self.agents {
            agent.handle_timeout(self.now);
        }
    }

    /// Users come too late now and then: that is refused, and does no harm.
    fn perform(&mut self, task: Task) {
        let now = self.now;
        match task {
            Task::Register => {
                let target = Target::new("sip:192.0.2.2").flow(self.flow_to(1));
                let expires = Duration::from_secs(self.random.below(300) + 1);
                let sent = self.agents[0].register(now, &target, expires, &Content::new());
                self.registrations.insert(sent.unwrap());
            }
            Task::Refresh(id) => {
                let _ = self.agents[0].refresh(now, id);
            }
            Task::Unregister(id) => {
                let done = match self.random.chance(50) {
                    true => self.agents[0].unregister(now, id),
                    false => self.agents[0].unregister_all(now, id),
                };
                if done.is_err() && self.registrations.contains(&id) {
                    self.plan(1000..5000, Task::Unregister(id));
                }
            }
            Task::Invite => {
                let target = Target::new("sip:bob@192.0.2.2").flow(self.flow_to(1));
                let content = match self.random.chance(70) {
                    true => self.offer(),
                    false => Content::new(),
                };
                let call = self.agents[0].invite(now, &target, &content).unwrap();
                self.begins(0, call);
                if self.scenario == Scenario::Cancel {
                    self.plan(0..20_000, Task::HangUp(0, call));
                }
            }
            Task::Progress(side, call, status) => {
                let content = match self.random.chance(50) {
                    true => self.description(side, call),
                    false => Content::new(),
                };
                let status = StatusCode::from_u16(status).unwrap();
                let _ = self.agents[side].progress(now, call, status, &content);
            }
            Task::Answer(side, call) => {
                let content = self.description(side, call);
                if self.agents[side].answer(now, call, &content).is_ok() {
                    let offered = self.sessions.get(&(side, call)).cloned();
                    let offer = offered.as_deref().and_then(|offer| offer.strip_prefix('?'));
                    if let Some(offer) = offer {
                        self.sessions.insert((side, call), offer.to_owned());
                    }
                }
            }
            Task::Reject(side, call) => {
                let status = StatusCode::BUSY_HERE;
                let _ = self.agents[side].reject(now, call, status, &Content::new());
            }
            Task::HangUp(side, call) => self.hang_up(side, call),
            Task::Reinvite(side, call) => {
                let offer = self.offer();
                let _ = self.agents[side].reinvite(now, call, &offer);
            }
            Task::Update(side, call) => {
                let offer = self.offer();
                let _ = self.agents[side].update(now, call, &offer);
            }
            Task::Respond(side, incoming, request, call) => {
                self.respond(side, incoming, &request, call);
            }
            Task::Refer(side, call) => {
                let refer_to = "<sip:carol@192.0.2.3>";
                let sent = self.agents[side].refer(now, call, refer_to, &Content::new());
                if let Ok(id) = sent {
                    self.subscriptions.insert((side, id));
                }
            }
            Task::Referral(side, id, status) => {
                let status = StatusCode::from_u16(status).unwrap();
                let _ = self.agents[side].notify_referral(now, id, status);
            }
            Task::Acknowledge(side, call, offer) => {
                let answer = answer_to(&offer);
                if self.agents[side].acknowledge(now, call, &answer).is_ok() {
                    self.agrees(side, call, offer.body());
                }
            }
            Task::Cut => self.is_cut = true,
        }
    }

    fn hang_up(&mut self, side: Side, call: CallId) {
        self.assert_agreement(call, side);
        let _ = self.agents[side].hang_up(self.now, call);
    }

    /// Where nothing is under way and both sides think that the call stands, they have the same
    /// session.
    fn assert_agreement(&self, call: CallId, side: Side) {
        if self.scenario != Scenario::Glare || self.network.next_arrival().is_some() {
            return;
        }
        let stands =
            |(at, id): &(Side, CallId)| self.agents[*at].call_state(*id) == CallState::Established;
        let quiet = |agent: &UserAgent| {
            let counts = agent.counts();
            counts.requests == 0 && counts.unanswered == 0
        };
        let standing: Vec<_> = self.calls.keys().filter(|call| stands(call)).collect();
        if standing.len() == 2 && self.agents.iter().all(quiet) {
            let sessions: Vec<_> = standing
                .iter()
                .map(|call| self.sessions.get(call))
                .collect();
            assert_eq!(sessions[0], sessions[1], "{call:?} at {side}");
        }
    }

    fn respond(
        &mut self,
        side: Side,
        incoming: IncomingId,
        request: &Message,
        call: Option<CallId>,
    ) {
        let now = self.now;
        let (status, content) = match request.method() {
            Some(Method::REGISTER) if request.first(HeaderName::Authorization).is_none() => {
                let content = Content::new().header("WWW-Authenticate", "Digest realm=\"r\"");
                (StatusCode::UNAUTHORIZED, content)
            }
            Some(Method::REGISTER) => {
                let contact = request.first(HeaderName::Contact).unwrap();
                let expires = request.first(HeaderName::Expires).unwrap();
                let expires = expires.value_str().unwrap().parse::<u32>().unwrap();
                if (1..60).contains(&expires) {
                    let content = Content::new().header("Min-Expires", "60");
                    (StatusCode::INTERVAL_TOO_BRIEF, content)
                } else {
                    let contact = contact.value_str().unwrap();
                    let content = match expires {
                        0 => Content::new(),
                        _ => Content::new().header("Contact", format!("{contact};expires=60")),
                    };
                    (StatusCode::OK, content)
                }
            }
            Some(Method::INVITE | Method::UPDATE | Method::PRACK) => match self.random.chance(80) {
                true if request.body().is_empty() => (StatusCode::OK, self.offer()),
                true => (StatusCode::OK, answer_to(request)),
                false => (StatusCode::NOT_ACCEPTABLE_HERE, Content::new()),
            },
            _ => (StatusCode::OK, Content::new()),
        };
        let sent = self.agents[side].respond(now, incoming, status, &content);
        let offered = status.is_success() && !request.body().is_empty();
        if let (Ok(()), Some(call), true) = (sent, call, offered) {
            self.agrees(side, call, request.body());
        }
    }

    fn drain(&mut self) {
        for side in 0..self.agents.len() {
            while let Some(output) = self.agents[side].poll_output() {
                match output {
                    Output::Transmit(transmit) => {
                        let fails = self.random.chance(self.failures);
                        match transmit.transaction.filter(|_| fails) {
                            Some(id) => self.agents[side].handle_transport_error(self.now, id),
                            None => self.send(side, &transmit.flow, transmit.bytes),
                        }
                    }
                    Output::Event(event) => self.is_told(side, event),
                }
            }
        }
    }

    fn send(&mut self, from: Side, flow: &Flow, bytes: Bytes) {
        let message = Message::parse(bytes.clone()).unwrap();
        self.note_final(from, &message);
        if self.is_cut {
            return;
        }
        let last = |ip: core::net::IpAddr| ip.to_string().rsplit('.').next().map(str::to_owned);
        let to = last(flow.remote.ip()).unwrap().parse::<usize>().unwrap() - 1;
        let outside = message.to().unwrap().tag().is_none();
        let forks = [Some(Method::INVITE), Some(Method::CANCEL)].contains(&message.method());
        if self.scenario == Scenario::Forked && from == 0 && outside && forks {
            self.network.send(self.now, from, 2, bytes.clone());
        }
        self.network.send(self.now, from, to, bytes);
    }

    /// A transaction has one final response only, however often that is sent. After 64*T1 it is
    /// over at both sides: a copy of the request that is under way longer finds nothing any more,
    /// and nobody waits for what it gets.
    fn note_final(&mut self, from: Side, message: &Message) {
        let Some(status) = message.status().filter(|status| status.get() >= 200) else {
            return;
        };
        let branch = message.via().unwrap().branch().unwrap().to_owned();
        let method = message.cseq().unwrap().method.to_string();
        let tag = message.to().unwrap().tag().unwrap_or_default().to_owned();
        let key = (from, branch, method, tag);
        let first = (status.get(), self.now);
        let (before, at) = *self.finals.entry(key).or_insert(first);
        if self.now < at + Duration::from_secs(32) {
            assert_eq!(before, status.get(), "{message}");
        }
    }

    fn begins(&mut self, side: Side, call: CallId) {
        assert_eq!(self.calls.insert((side, call), false), None);
    }

    fn is_on(&self, side: Side, call: CallId) {
        assert_eq!(
            self.calls.get(&(side, call)),
            Some(&false),
            "{side} {call:?}"
        );
    }

    fn is_told(&mut self, side: Side, event: Event) {
        match event {
            Event::Incoming { call, request, .. } => {
                self.begins(side, call);
                self.note_offer(side, call, &request);
                self.plan_answer(side, call);
            }
            Event::Progress {
                call,
                response,
                needs_prack,
            } => {
                self.is_on(side, call);
                if needs_prack {
                    let answer = answer_to(&response);
                    if self.agents[side].prack(self.now, call, &answer).is_ok() {
                        self.agrees(side, call, response.body());
                    }
                }
            }
            Event::Answered {
                call,
                response,
                needs_ack,
            } => {
                self.is_on(side, call);
                self.is_answered(side, call, response, needs_ack);
            }
            Event::Forked {
                of,
                call,
                response,
                needs_ack,
            } => {
                self.is_on(side, of);
                self.begins(side, call);
                self.is_answered(side, call, response, needs_ack);
                self.plan(0..5000, Task::HangUp(side, call));
            }
            Event::Established { call, request } => {
                self.is_on(side, call);
                if !request.body().is_empty() {
                    let offer = offer_of(request.body());
                    self.sessions.insert((side, call), offer);
                }
                self.plan_life(side, call);
            }
            Event::Acknowledged { call, request } => {
                self.is_on(side, call);
                if !request.body().is_empty() {
                    let offer = offer_of(request.body());
                    self.sessions.insert((side, call), offer);
                }
            }
            Event::Modify {
                call,
                incoming,
                request,
            } => {
                self.is_on(side, call);
                self.modify(side, call, incoming, request);
            }
            Event::Modified {
                call,
                request,
                outcome,
                needs_ack,
            } => {
                self.is_on(side, call);
                assert!(self.told.insert((side, request)), "told twice");
                if let Ok(response) = outcome {
                    if needs_ack {
                        self.plan(0..500, Task::Acknowledge(side, call, response));
                    } else if !response.body().is_empty() {
                        let offer = offer_of(response.body());
                        self.sessions.insert((side, call), offer);
                    }
                }
            }
            Event::Ended { call, cause } => {
                self.is_on(side, call);
                self.calls.insert((side, call), true);
                self.assert_cause(side, &cause);
            }
            Event::Request {
                incoming, request, ..
            } => self.plan(0..4000, Task::Respond(side, incoming, request, None)),
            Event::Referred { subscription, .. } => {
                self.subscriptions.insert((side, subscription));
                let accepted =
                    self.agents[side].accept_subscription(self.now, subscription, &Content::new());
                accepted.unwrap();
                self.plan(0..5000, Task::Referral(side, subscription, 180));
                let last = *self.random.pick(&[200, 486]);
                self.plan(5000..90_000, Task::Referral(side, subscription, last));
            }
            Event::Notified { subscription, .. } => {
                assert!(self.subscriptions.contains(&(side, subscription)));
            }
            Event::SubscriptionEnded { subscription, .. } => {
                assert!(self.subscriptions.remove(&(side, subscription)));
            }
            Event::Challenged {
                request, purpose, ..
            } => {
                assert!(matches!(purpose, Purpose::Registration(_)));
                let credentials = Credentials::new().authorization("Digest realm=\"r\"");
                self.agents[side]
                    .retry(self.now, request, &credentials)
                    .unwrap();
            }
            Event::Registered {
                registration,
                expires,
                ..
            } => {
                assert_eq!(expires, Duration::from_secs(60));
                match self.random.chance(70) {
                    true => self.plan(0..90_000, Task::Refresh(registration)),
                    false => self.plan(0..90_000, Task::Unregister(registration)),
                }
            }
            Event::Unregistered { registration } => {
                assert!(self.registrations.remove(&registration));
            }
            Event::RegistrationFailed { registration, .. } => {
                self.agents[0].forget(registration);
                assert!(self.registrations.remove(&registration));
            }
            // Of a PRACK.
            Event::Response { request, response } => {
                let last = !response.status().unwrap().is_provisional();
                assert!(!last || self.told.insert((side, request)), "told twice");
            }
            Event::Failed { request, .. } => {
                assert!(self.told.insert((side, request)), "told twice");
            }
            Event::Withdrawn { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn assert_cause(&self, side: Side, cause: &EndCause) {
        let expected = match cause {
            EndCause::Cancelled(_) => side != 0,
            EndCause::SessionExpired => self.scenario == Scenario::SessionTimer,
            EndCause::Replaced(_) | EndCause::Expired => false,
            _ => true,
        };
        assert!(expected, "{side} {cause:?}");
    }

    fn plan_answer(&mut self, side: Side, call: CallId) {
        for status in [180, 183] {
            if self.random.chance(60) {
                self.plan(0..10_000, Task::Progress(side, call, status));
            }
        }
        let answers = match self.scenario {
            Scenario::EarlyMedia | Scenario::Cancel => self.random.chance(70),
            _ => true,
        };
        // A forked call has another answer soon after the first one.
        let within = match self.scenario {
            Scenario::Forked => 0..6000,
            _ => 0..30_000,
        };
        match answers {
            true => self.plan(within, Task::Answer(side, call)),
            false => self.plan(within, Task::Reject(side, call)),
        }
        // An offer of this side may wait for a PRACK that never comes.
        self.plan(60_000..80_000, Task::HangUp(side, call));
    }

    fn is_answered(&mut self, side: Side, call: CallId, response: Message, needs_ack: bool) {
        match needs_ack {
            true => self.plan(0..500, Task::Acknowledge(side, call, response)),
            // What follows a first answer does not count.
            false if !response.body().is_empty() => {
                let offer = offer_of(response.body());
                self.sessions.entry((side, call)).or_insert(offer);
            }
            false => {}
        }
        self.plan_life(side, call);
    }

    /// What happens in a call that stands, up to its end.
    fn plan_life(&mut self, side: Side, call: CallId) {
        match self.scenario {
            Scenario::Glare => {
                for _ in 0..=self.random.below(2) {
                    match self.random.chance(70) {
                        true => self.plan(0..4000, Task::Reinvite(side, call)),
                        false => self.plan(0..4000, Task::Update(side, call)),
                    }
                }
                self.plan(150_000..200_000, Task::HangUp(side, call));
            }
            Scenario::Refer => {
                if side == 0 {
                    self.plan(0..5000, Task::Refer(side, call));
                    self.plan(0..5000, Task::Refer(side, call));
                }
                self.plan(0..60_000, Task::HangUp(side, call));
            }
            Scenario::SessionTimer => self.plan(400_000..1_000_000, Task::HangUp(side, call)),
            _ => self.plan(0..20_000, Task::HangUp(side, call)),
        }
    }

    fn modify(&mut self, side: Side, call: CallId, incoming: IncomingId, request: Message) {
        if request.method() == Some(Method::UPDATE) {
            // UPDATE is answered at once (RFC 3311 §5.2).
            self.respond(side, incoming, &request, Some(call));
        } else {
            let task = Task::Respond(side, incoming, request, Some(call));
            self.plan(0..3000, task);
        }
    }

    /// A new offer, as a body.
    fn offer(&mut self) -> Content {
        self.offers += 1;
        Content::sdp(format!("offer {}\r\n", self.offers))
    }

    fn note_offer(&mut self, side: Side, call: CallId, request: &Message) {
        if !request.body().is_empty() {
            self.sessions
                .insert((side, call), format!("?{}", offer_of(request.body())));
        }
    }

    /// The answer to the offer of an INVITE, or an offer, the same each time; nothing once there
    /// is an answer to it.
    fn description(&mut self, side: Side, call: CallId) -> Content {
        let offered = self.sessions.get(&(side, call)).cloned();
        if let Some(offer) = offered.as_deref().and_then(|known| known.strip_prefix('!')) {
            return Content::sdp(format!("offer {offer}\r\n"));
        }
        if offered
            .as_ref()
            .is_some_and(|known| !known.starts_with('?'))
        {
            return Content::new();
        }
        match offered
            .as_deref()
            .and_then(|offered| offered.strip_prefix('?'))
        {
            Some(offer) => Content::sdp(format!("answer to {offer}\r\n")),
            None => {
                let offer = self.offer();
                let number = format!("!{}", self.offers);
                self.sessions.insert((side, call), number);
                offer
            }
        }
    }

    fn agrees(&mut self, side: Side, call: CallId, offer: &[u8]) {
        self.sessions.insert((side, call), offer_of(offer));
    }

    fn check(&self) {
        for agent in &self.agents {
            let counts = agent.counts();
            let left = [
                counts.calls,
                counts.dialogs,
                counts.registrations,
                counts.subscriptions,
                counts.publications,
                counts.requests,
                counts.unanswered,
                counts.transactions.clients,
                counts.transactions.servers,
            ];
            assert_eq!(left, [0; 9], "{counts:?}");
        }
        for (call, over) in &self.calls {
            assert!(over, "{call:?}");
        }
        assert!(self.subscriptions.is_empty(), "{:?}", self.subscriptions);
        assert!(self.registrations.is_empty());
    }

    fn flow_to(&self, side: Side) -> Flow {
        let address = format!("192.0.2.{}:5060", side + 1);
        let flow = Flow::new(self.transport, address.parse().unwrap());
        match self.transport {
            Transport::Udp => flow,
            _ => flow.connection(ConnectionId(side as u64)),
        }
    }
}

/// The number in an offer or an answer.
fn offer_of(body: &[u8]) -> String {
    let text = core::str::from_utf8(body).unwrap().trim_end();
    text.rsplit(' ').next().unwrap().to_owned()
}

fn answer_to(offer: &Message) -> Content {
    Content::sdp(format!("answer to {}\r\n", offer_of(offer.body())))
}

fn simulate(scenario: Scenario) {
    for_each_seed(200, |random| World::new(scenario, random).run());
}

#[test]
fn simulation_of_registrations() {
    simulate(Scenario::Register);
}

#[test]
fn simulation_of_calls_with_early_media() {
    simulate(Scenario::EarlyMedia);
}

#[test]
fn simulation_of_calls_cancelled_at_every_point() {
    simulate(Scenario::Cancel);
}

#[test]
fn simulation_of_changes_from_both_sides_at_once() {
    simulate(Scenario::Glare);
}

#[test]
fn simulation_of_calls_that_fork() {
    simulate(Scenario::Forked);
}

#[test]
fn simulation_of_calls_with_refer() {
    simulate(Scenario::Refer);
}

#[test]
fn simulation_of_session_timers() {
    simulate(Scenario::SessionTimer);
}
