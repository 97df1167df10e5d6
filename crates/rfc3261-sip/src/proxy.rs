//! The proxy core (RFC 3261 §16): requests on to where they belong, and their responses back.

mod best;
mod branch;
mod config;
mod context;
mod fingerprint;
mod forward;
mod lookups;
mod output;
mod receive;
mod request;
mod stateless;
mod table;
mod target;

pub use config::{Config, Listener};
pub use output::{CommandError, Counts, Event, LookupId, Output};
pub use request::Request;
pub use table::State;
pub use target::Target;

use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};
use core::{
    fmt,
    hash::{BuildHasherDefault, Hasher},
};
use std::{collections::HashMap, time::Instant};

use bytes::Bytes;

use crate::{
    HeaderName, Message, ResponseBuilder, StatusCode,
    resolve::{Answer, Preferences},
    transaction::{TransactionId, TransactionLayer},
    transport::Flow,
};
use context::Context;
use fingerprint::Fingerprints;
use lookups::Lookups;
use request::Fault;
use table::Input;

/// A proxy, without I/O and without a clock.
///
/// - **Inputs**: [`handle_input`](Self::handle_input) for every message that arrives,
///   [`handle_transport_error`](Self::handle_transport_error) for one that could not be sent,
///   [`handle_answer`](Self::handle_answer) for what the DNS says,
///   [`handle_timeout`](Self::handle_timeout) when [`next_timeout`](Self::next_timeout) is
///   reached.
/// - **Commands**, which say what becomes of a request: [`forward`](Self::forward),
///   [`relay`](Self::relay), [`challenge`](Self::challenge), [`refuse`](Self::refuse),
///   [`respond`](Self::respond), [`cancel`](Self::cancel),
///   [`forward_stateless`](Self::forward_stateless).
/// - **Outputs**: after each of these, [`poll_output`](Self::poll_output) until it returns
///   `None`, then wait for input or for `next_timeout`.
///
/// Everything else it does by itself: checks, routes, branches, Record-Route, the choice of the
/// best response, CANCEL, Timer C, and the next server when one fails.
///
/// A proxy and a registrar for two phones:
///
/// ```
/// use std::time::Instant;
/// use rfc2396_uri::SipUri;
/// use rfc3261_sip::{
///     Message, Method, StatusCode,
///     proxy::{Config, Event, Listener, Output, Proxy, Target},
///     registrar::{self, MemoryStore, Registrar},
///     transaction::TransactionId,
///     transport::{Flow, Transport},
/// };
///
/// struct Server {
///     proxy: Proxy,
///     registrar: Registrar,
/// }
///
/// impl Server {
///     /// What a request gets: all of the policy is here.
///     fn decide(&mut self, now: Instant, id: TransactionId) -> Result<(), Box<dyn std::error::Error>> {
///         let Some(request) = self.proxy.request(id) else { return Ok(()) };
///         let message = request.message().view();
///         if !request.is_responsible() {
///             return Ok(self.proxy.relay(now, id)?); // or challenge() who may not
///         }
///         if message.method() == Some(Method::REGISTER) {
///             let tag = self.proxy.tag(id);
///             let response = match self.registrar.address_of_record(message) {
///                 // Here challenge() who has not proven to be allowed to.
///                 Ok(user) => match self.registrar.register(now, message, &user, Some(request.source())) {
///                     Ok(_) => self.registrar.response(now, message, &user, &tag),
///                     Err(refusal) => refusal.response(message, &tag),
///                 },
///                 Err(refusal) => refusal.response(message, &tag),
///             };
///             return Ok(self.proxy.respond(now, id, response.build()?)?);
///         }
///         let targets: Vec<Target> = match SipUri::parse(request.uri()) {
///             Ok(uri) => self.registrar.bindings(now, &uri).into_iter().map(Target::from).collect(),
///             Err(_) => return Ok(self.proxy.refuse(now, id, StatusCode::NOT_FOUND)?),
///         };
///         Ok(self.proxy.forward(now, id, targets)?) // no target: 480
///     }
///
///     /// A message that has arrived; what is to be sent goes to `send`.
///     fn receive(&mut self, now: Instant, message: Message, source: Flow, send: &mut dyn FnMut(Flow, &[u8])) {
///         self.proxy.handle_input(now, message, source);
///         while let Some(output) = self.proxy.poll_output() {
///             match output {
///                 Output::Transmit(transmit) => send(transmit.flow, &transmit.bytes),
///                 Output::Event(Event::Request { transaction }) => {
///                     if self.decide(now, transaction).is_err() {
///                         let _ = self.proxy.refuse(now, transaction, StatusCode::SERVER_INTERNAL_ERROR);
///                     }
///                 }
///                 Output::Event(_) => {} // Lookup: ask the DNS
///             }
///         }
///     }
/// }
///
/// let local = "192.0.2.1:5060".parse()?;
/// let mut config = Config::new([7; 32], [Listener::new(Transport::Udp, local)]);
/// config.domains = vec!["example.com".into()];
/// let mut server = Server {
///     proxy: Proxy::new(config),
///     registrar: Registrar::new(registrar::Config::new(["example.com"]), MemoryStore::new(1000, [7; 16])),
/// };
///
/// let bob = Flow::new(Transport::Udp, "198.51.100.2:5060".parse()?);
/// let register = Message::parse(&b"REGISTER sip:example.com SIP/2.0\r\n\
///     Via: SIP/2.0/UDP 198.51.100.2;branch=z9hG4bK1\r\n\
///     From: <sip:bob@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
///     Call-ID: 1@198.51.100.2\r\nCSeq: 1 REGISTER\r\nContact: <sip:bob@198.51.100.2>\r\n\r\n"[..])?;
/// let mut sent = Vec::new();
/// server.receive(Instant::now(), register, bob, &mut |to, bytes| sent.push((to, bytes.to_vec())));
/// assert!(sent[0].1.starts_with(b"SIP/2.0 200 OK"));
///
/// let alice = Flow::new(Transport::Udp, "198.51.100.1:5060".parse()?);
/// let invite = Message::parse(&b"INVITE sip:bob@example.com SIP/2.0\r\n\
///     Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK2\r\n\
///     From: <sip:alice@example.com>;tag=2\r\nTo: <sip:bob@example.com>\r\n\
///     Call-ID: 2@198.51.100.1\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@198.51.100.1>\r\n\r\n"[..])?;
/// server.receive(Instant::now(), invite, alice, &mut |to, bytes| sent.push((to, bytes.to_vec())));
/// assert!(sent[1].1.starts_with(b"INVITE sip:bob@198.51.100.2 SIP/2.0"));
/// assert_eq!(sent[1].0.remote, "198.51.100.2:5060".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Memory is bounded by the limits of its transactions, [`Config::max_targets`] and
/// [`Config::max_pending`]. Beyond the limit of server transactions, requests get 503 with
/// Retry-After and leave nothing behind.
#[derive(Debug)]
pub struct Proxy {
    config: Config,
    /// The preferences for requests that are too large for UDP.
    large: Preferences,
    fingerprints: Fingerprints,
    layer: TransactionLayer,
    contexts: ByTransaction<Box<Context>>,
    /// The branch of each client transaction: its request, and its number there.
    clients: ByTransaction<(TransactionId, usize)>,
    lookups: Lookups,
    output: VecDeque<Output>,
    counts: Counts,
}

type ByTransaction<T> = HashMap<TransactionId, T, BuildHasherDefault<Slots>>;

impl Proxy {
    /// A proxy that knows of no request.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut transactions = config.transaction.clone();
        transactions.stray_responses = true;
        let mut large = config.preferences.clone();
        large.large = true;
        Self {
            fingerprints: Fingerprints::new(config.transaction.seed()),
            config,
            large,
            layer: TransactionLayer::new(transactions),
            contexts: HashMap::default(),
            clients: HashMap::default(),
            lookups: Lookups::default(),
            output: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// What there is and what there was.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            transactions: self.layer.counts(),
            requests: self.contexts.len(),
            lookups: self.lookups.len(),
            ..self.counts
        }
    }

    /// A request that has no final response yet.
    #[must_use]
    pub fn request(&self, transaction: TransactionId) -> Option<&Request> {
        self.contexts.get(&transaction)?.request.as_deref()
    }

    /// Where a request is: [`State::Over`] once nothing of it is left.
    #[must_use]
    pub fn state(&self, transaction: TransactionId) -> State {
        let context = self.contexts.get(&transaction);
        context.map_or(State::Over, |context| context.state)
    }

    /// The tag for To in responses of this proxy itself to a request that has no final response
    /// yet: the same for each.
    #[must_use]
    pub fn tag(&self, transaction: TransactionId) -> String {
        let request = self.request(transaction);
        request.map_or_else(String::new, |request| {
            self.fingerprints.tag(request.message.view())
        })
    }

    /// The name that the certificate of the server has to prove to which this message of a client
    /// transaction goes (RFC 3263 §4.1): none where its URI has an address.
    #[must_use]
    pub fn server_name(&self, transaction: TransactionId) -> Option<&str> {
        let (request, branch) = self.clients.get(&transaction)?;
        let context = self.contexts.get(request)?;
        let next = context.branches.get(*branch)?.hop.next.as_str();
        let host = rfc2396_uri::SipUri::parse(next).ok()?;
        host.host().ip().is_none().then(|| host.host_str())
    }

    /// A message has arrived.
    pub fn handle_input(&mut self, now: Instant, message: Message, source: Flow) {
        if self.config.stateless {
            self.handle_without_state(now, message, source);
        } else {
            self.layer.handle_input(now, message, source);
            self.drain(now);
        }
    }

    /// A message of this transaction could not be sent: no route, a refused connection, an ICMP
    /// error.
    pub fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        self.layer.handle_transport_error(now, transaction);
        self.drain(now);
    }

    /// The DNS has answered. An error, or no such name, is an answer without records.
    pub fn handle_answer(&mut self, now: Instant, lookup: LookupId, answer: Answer) {
        self.answer(now, lookup, answer);
        self.drain(now);
    }

    /// Time has come to `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        self.drain(now);
        while let Some(lookup) = self.lookups.due(now) {
            self.handle_answer(now, lookup, Answer::Addresses([].into()));
        }
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let timers = [self.layer.next_timeout(), self.lookups.next_deadline()];
        timers.into_iter().flatten().min()
    }

    /// Forwards a request to these targets: to those of the highest preference at the same time,
    /// then to those of the next. Without any target that is new, and if there was none before,
    /// it is answered with 480. More may be added as long as there is no final response.
    ///
    /// # Errors
    ///
    /// For a request that this proxy is not responsible for: see [`relay`](Self::relay).
    pub fn forward(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        targets: impl IntoIterator<Item = Target>,
    ) -> Result<(), CommandError> {
        let (_, request) = self.open(transaction)?;
        if !request.responsible {
            return Err(CommandError::NotResponsible);
        }
        self.forward_to(now, transaction, targets)
    }

    /// Forwards a request to where it says itself: to its topmost Route, or its Request-URI. Whom
    /// to do that for is the caller's to know, lest the proxy be open to all the world.
    pub fn relay(&mut self, now: Instant, transaction: TransactionId) -> Result<(), CommandError> {
        let (_, request) = self.open(transaction)?;
        let target = Target::new(request.uri());
        self.forward_to(now, transaction, [target])
    }

    /// Forwards a request without state: an ACK, a CANCEL, or any, if the proxy is
    /// [stateless](Config::stateless). Without a target, to where it says itself.
    ///
    /// The target must be the same for each copy of a request, and for its ACK and CANCEL (RFC
    /// 3261 §16.11).
    ///
    /// # Errors
    ///
    /// As for [`forward`](Self::forward).
    pub fn forward_stateless(
        &mut self,
        now: Instant,
        request: Request,
        target: Option<Target>,
    ) -> Result<(), CommandError> {
        if target.is_some() && !request.responsible {
            return Err(CommandError::NotResponsible);
        }
        self.send_without_state(now, request, target)?;
        self.drain(now);
        Ok(())
    }

    /// Asks the client for credentials (RFC 3261 §22.3): with the challenge in Proxy-Authenticate
    /// for 407, in WWW-Authenticate for 401.
    pub fn challenge(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        status: StatusCode,
        challenge: impl fmt::Display,
    ) -> Result<(), CommandError> {
        let name = match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => HeaderName::ProxyAuthenticate,
            _ => HeaderName::WwwAuthenticate,
        };
        let response = self.response(transaction, status)?.header(name, challenge);
        self.respond(now, transaction, response.build()?)
    }

    /// Answers a request with this final status.
    pub fn refuse(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        status: StatusCode,
    ) -> Result<(), CommandError> {
        let response = self.response(transaction, status)?;
        self.respond(now, transaction, response.build()?)
    }

    /// Begins a response of this proxy itself to a request, with the [tag](Self::tag) in To.
    pub fn response(
        &self,
        transaction: TransactionId,
        status: StatusCode,
    ) -> Result<ResponseBuilder, CommandError> {
        let (_, request) = self.open(transaction)?;
        let message = request.message.view();
        let tag = self.fingerprints.tag(message);
        Ok(ResponseBuilder::to(message, status, &tag))
    }

    /// Answers a request with this response as it stands. If it is final, whatever is under way is
    /// cancelled.
    pub fn respond(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        response: impl Into<Bytes>,
    ) -> Result<(), CommandError> {
        self.open(transaction)?;
        let bytes = response.into();
        let status = Message::parse(bytes.clone())?.status();
        self.layer.respond(now, transaction, bytes)?;
        if let Some(status) = status.filter(|status| !status.is_provisional()) {
            self.feed(now, transaction, Input::UserAnswer, None);
            self.answered(transaction, status);
        }
        self.drain(now);
        Ok(())
    }

    /// Cancels whatever was made of a request; it is answered with the best response that then
    /// comes.
    pub fn cancel(&mut self, now: Instant, transaction: TransactionId) -> Result<(), CommandError> {
        let found = self.contexts.get_mut(&transaction);
        found.ok_or(CommandError::Unknown)?.cancelled = true;
        self.feed(now, transaction, Input::Cancel, None);
        self.drain(now);
        Ok(())
    }

    /// A request that has no final response.
    fn open(&self, transaction: TransactionId) -> Result<(&Context, &Request), CommandError> {
        let found = self.contexts.get(&transaction);
        let context = found.ok_or(CommandError::Unknown)?;
        let request = context.request.as_deref();
        Ok((context, request.ok_or(CommandError::Answered)?))
    }

    fn forward_to(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        targets: impl IntoIterator<Item = Target>,
    ) -> Result<(), CommandError> {
        let max = self.config.max_targets;
        let (_, request) = self.open(transaction)?;
        if request.check_hops().is_err() {
            return self.refuse(now, transaction, Fault::TooManyHops.status());
        }
        let targets = targets.into_iter().take(max);
        let targets = targets
            .map(|target| forward::Hop::new(request, &target).map(|hop| (target, hop)))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(context) = self.contexts.get_mut(&transaction) else {
            return Err(CommandError::Unknown);
        };
        let mut any = false;
        for (target, hop) in targets {
            any |= context.add(target, hop, max);
        }
        if !any && context.state == State::Deciding {
            return self.refuse(now, transaction, StatusCode::TEMPORARILY_UNAVAILABLE);
        }
        self.feed(now, transaction, Input::Targets, None);
        self.drain(now);
        Ok(())
    }

    /// A request has its final response.
    fn answered(&mut self, transaction: TransactionId, status: StatusCode) {
        if let Some(context) = self.contexts.get_mut(&transaction) {
            context.answered();
        }
        self.tell(Event::Answered {
            transaction,
            status,
        });
    }

    fn tell(&mut self, event: Event) {
        self.output.push_back(Output::Event(event));
    }
}

/// Hashes the names of transactions: nobody else chooses them.
#[derive(Debug, Default)]
struct Slots(u64);

impl Hasher for Slots {
    fn finish(&self) -> u64 {
        // What is high must have its part in what is low, too.
        let mixed = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = self.0.rotate_left(32) ^ u64::from(number);
    }
}
