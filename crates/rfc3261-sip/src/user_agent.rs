//! User agents (RFC 3261 §8 to §15): registrations, calls and all other requests, on top of
//! transactions and dialogs.

mod acknowledge;
mod answer;
mod call;
mod config;
mod content;
mod deadlines;
mod dialogs;
mod exchange;
mod glare;
mod handle;
mod inspect;
mod invite;
mod modified;
mod modify;
mod notifier;
mod output;
mod publication;
mod received;
mod redirect;
mod refresh;
mod registration;
mod reliable;
mod replaces;
mod request;
mod response;
mod server;
mod session_timer;
mod soft_state;
mod subscriber;
mod subscription;
mod uses;
mod way;
mod within;

pub use call::CallState;
pub use config::{Config, Counts};
pub use content::{Content, Credentials, Target};
pub use handle::{CallId, PublicationId, RegistrationId, RequestId, SubscriptionId};
pub use output::{CommandError, EndCause, Event, Failure, IncomingId, Output, Purpose};
pub use subscriber::referral_status;

use alloc::{collections::VecDeque, string::String};
use std::time::Instant;

use bytes::Bytes;

use crate::{
    HeaderName, Message, Parser, RequestBuilder,
    transaction::{self, TransactionId, TransactionLayer, queue::Queue},
    transport::Flow,
};
use call::Call;
use dialogs::Dialogs;
use handle::Slab;
use publication::Publication;
use registration::Registration;
use request::Request;
use subscription::Subscription;
use uses::{Use, Uses};

/// A user agent, without I/O and without a clock.
///
/// - **Inputs**: [`handle_input`](Self::handle_input) for every message that arrives,
///   [`handle_transport_error`](Self::handle_transport_error) for one that could not be sent,
///   [`handle_answer`](Self::handle_answer) for what the DNS says,
///   [`handle_timeout`](Self::handle_timeout) when [`next_timeout`](Self::next_timeout) is
///   reached.
/// - **Commands**: [`register`](Self::register), [`refresh`](Self::refresh),
///   [`unregister`](Self::unregister); [`invite`](Self::invite),
///   [`acknowledge`](Self::acknowledge), [`hang_up`](Self::hang_up); for calls that come in
///   [`ring`](Self::ring), [`progress`](Self::progress), [`answer`](Self::answer),
///   [`reject`](Self::reject), [`redirect`](Self::redirect); [`request`](Self::request),
///   [`request_within`](Self::request_within), [`respond`](Self::respond);
///   [`reinvite`](Self::reinvite), [`update`](Self::update), [`prack`](Self::prack);
///   [`subscribe`](Self::subscribe), [`refer`](Self::refer), [`notify`](Self::notify) and what
///   belongs to them; [`publish`](Self::publish); and for what was challenged [`retry`](Self::retry) or [`give_up`](Self::give_up).
/// - **Outputs**: after each of these, [`poll_output`](Self::poll_output) until it returns
///   `None`, then wait for input or for `next_timeout`.
///
/// A whole call between two of them:
///
/// ```
/// use std::time::Instant;
/// use rfc3261_sip::transport::{Flow, Transport};
/// use rfc3261_sip::user_agent::{
///     CallState, Config, Content, Event, Output, Target, UserAgent,
/// };
///
/// let seeds = [[7; 32], [8; 32]]; // from the system's random generator, outside of examples
/// let agent = |seed, user: &str, host: &str| {
///     let contact = format!("sip:{user}@{host}");
///     UserAgent::new(Config::new(seed, format!("<{contact}>"), contact, host))
/// };
/// let mut agents = [agent(seeds[0], "alice", "192.0.2.1"), agent(seeds[1], "bob", "192.0.2.2")];
/// let flows = ["192.0.2.1:5060", "192.0.2.2:5060"]
///     .map(|address| Flow::new(Transport::Udp, address.parse().unwrap()));
/// let now = Instant::now();
/// let mut events = Vec::new();
///
/// // Carries what each of them sends to the other one, and does what the events are for.
/// let mut carry = |agents: &mut [UserAgent; 2]| loop {
///     let side = if let Some(output) = agents[0].poll_output() { (0, output) }
///         else if let Some(output) = agents[1].poll_output() { (1, output) }
///         else { break };
///     match side {
///         (from, Output::Transmit(transmit)) => {
///             agents[1 - from].handle_input(now, transmit.bytes, flows[from]);
///         }
///         (at, Output::Event(event)) => {
///             if let Event::Incoming { call, .. } = event {
///                 agents[at].ring(now, call, &Content::new()).unwrap();
///                 agents[at].answer(now, call, &Content::sdp("v=0\r\n")).unwrap();
///             }
///             events.push(event);
///         }
///     }
/// };
///
/// let target = Target::new("sip:bob@192.0.2.2");
/// let call = agents[0].invite(now, &target, &Content::sdp("v=0\r\n"))?;
/// carry(&mut agents);
/// assert_eq!(agents[0].call_state(call), CallState::Established);
/// agents[0].hang_up(now, call)?;
/// carry(&mut agents);
/// assert_eq!(agents[0].call_state(call), CallState::Over);
/// assert!(matches!(
///     events[..],
///     [
///         Event::Incoming { .. },
///         Event::Progress { .. },
///         Event::Answered { .. },
///         Event::Established { .. },
///         Event::Ended { .. },
///         Event::Ended { .. },
///     ]
/// ));
/// # Ok::<(), rfc3261_sip::user_agent::CommandError>(())
/// ```
///
/// Everything ends by itself but for what waits for the user: a call that rings, a request that
/// is to be [answered](Self::respond), one that was [challenged](Event::Challenged) or wants an
/// [address](Event::Lookup), a registration, and a call that stands.
#[derive(Debug)]
pub struct UserAgent {
    config: Config,
    /// The value of Allow.
    allow: String,
    /// The value of Supported.
    supported: String,
    layer: TransactionLayer,
    parser: Parser,
    uses: Uses,
    requests: Slab<RequestId, Request>,
    calls: Slab<CallId, Call>,
    call_queue: Queue,
    dialogs: Dialogs,
    registrations: Slab<RegistrationId, Registration>,
    registration_queue: Queue,
    subscriptions: Slab<SubscriptionId, Subscription>,
    subscription_queue: Queue,
    publications: Slab<PublicationId, Publication>,
    publication_queue: Queue,
    /// The call whose INVITE has another answer, while that is looked at.
    forked_from: Option<CallId>,
    output: VecDeque<Output>,
    unreadable: u64,
}

impl UserAgent {
    /// A user agent with nothing to do yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut layer = TransactionLayer::new(config.transactions.clone());
        let seed = layer.random();
        Self {
            allow: config.allow.join(", "),
            supported: config.supported.join(", "),
            config,
            layer,
            parser: Parser::new(),
            uses: Uses::default(),
            requests: Slab::new(),
            calls: Slab::new(),
            call_queue: Queue::default(),
            dialogs: Dialogs::new(seed),
            registrations: Slab::new(),
            registration_queue: Queue::default(),
            subscriptions: Slab::new(),
            subscription_queue: Queue::default(),
            publications: Slab::new(),
            publication_queue: Queue::default(),
            forked_from: None,
            output: VecDeque::new(),
            unreadable: 0,
        }
    }

    /// How it works.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Lets others reach this side by another URI from now on: new requests and responses have
    /// it. A registration follows with its next [`refresh`](Self::refresh), a call with its next
    /// request that has a Contact.
    pub fn set_contact(&mut self, contact: impl Into<String>) {
        self.config.contact = contact.into();
    }

    /// What there is.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut transactions = self.layer.counts();
        transactions.malformed += self.unreadable;
        Counts {
            calls: self.calls.len(),
            dialogs: self.dialogs.len(),
            registrations: self.registrations.len(),
            subscriptions: self.subscriptions.len(),
            publications: self.publications.len(),
            requests: self.requests.len(),
            unanswered: self.uses.pending(),
            transactions,
        }
    }

    /// A message has arrived: a datagram, or what a [framer](crate::Framer) has cut off a stream.
    pub fn handle_input(&mut self, now: Instant, message: impl Into<Bytes>, source: Flow) {
        match self.parser.parse_owned(message.into()) {
            Ok(message) => self.handle_message(now, message, source),
            Err(_) => self.unreadable += 1,
        }
    }

    /// A message has arrived that is read already.
    pub fn handle_message(&mut self, now: Instant, message: Message, source: Flow) {
        self.layer.handle_input(now, message, source);
        self.pump(now);
    }

    /// A message of this transaction could not be sent.
    pub fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        self.layer.handle_transport_error(now, transaction);
        self.pump(now);
    }

    /// Time has come to `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        self.pump(now);
        self.run_call_timers(now);
        self.run_registration_timers(now);
        self.run_subscription_timers(now);
        self.run_publication_timers(now);
        self.pump(now);
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let queues = [
            &self.call_queue,
            &self.registration_queue,
            &self.subscription_queue,
            &self.publication_queue,
        ];
        let own = queues.into_iter().filter_map(|queue| Some(queue.next()?.0));
        own.chain(self.layer.next_timeout()).min()
    }

    /// Does what the transactions tell, and passes on what they send.
    fn pump(&mut self, now: Instant) {
        while let Some(output) = self.layer.poll_output() {
            match output {
                transaction::Output::Transmit(transmit) => {
                    self.output.push_back(Output::Transmit(transmit));
                }
                transaction::Output::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: transaction::Event) {
        use transaction::Event;
        match event {
            Event::Request {
                transaction,
                request,
                source,
                merged,
            } => self.handle_request(now, transaction, request, source, merged),
            Event::Cancel {
                transaction,
                request,
                invite,
                ..
            } => self.handle_cancel(now, transaction, request, invite),
            Event::Ack { request, .. } => self.handle_ack(now, request),
            Event::Response {
                transaction,
                response,
            } => self.handle_response(now, transaction, response),
            Event::Timeout { transaction } => {
                self.handle_no_response(now, transaction, Failure::Timeout);
            }
            Event::TransportError { transaction } => {
                self.handle_no_response(now, transaction, Failure::Unreachable);
            }
            Event::Terminated { transaction } => self.handle_terminated(transaction),
            Event::StrayResponse { .. } => {}
        }
    }

    /// Nothing is left of a transaction.
    fn handle_terminated(&mut self, transaction: TransactionId) {
        let Use::Client(id) = self.uses.take(transaction) else {
            return;
        };
        // An INVITE that had a 2xx: no other one comes any more (RFC 3261 §13.2.2.4).
        let over = |request: &Request| request.transaction == Some(transaction);
        if self.requests.get(id).is_some_and(over) {
            if let Some(request) = self.requests.remove(id) {
                self.invite_is_over(request.what);
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.output.push_back(Output::Event(event));
    }

    /// A new tag (RFC 3261 §19.3).
    fn new_tag(&mut self) -> String {
        let mut tag = String::with_capacity(16);
        transaction::push_hex(&mut tag, self.layer.random(), 16);
        tag
    }

    /// A new Call-ID (RFC 3261 §8.1.1.4).
    fn new_call_id(&mut self) -> String {
        let mut call_id = String::with_capacity(32);
        transaction::push_hex(&mut call_id, self.layer.random(), 32);
        call_id
    }

    /// The request with Allow.
    fn with_capabilities(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(HeaderName::Allow, &self.allow)
    }
}
