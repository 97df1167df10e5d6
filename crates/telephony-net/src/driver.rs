//! A machine and its sockets, driven together.

mod lookups;

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rfc3261_sip::Message;
use rfc3261_sip::proxy::{self, Proxy};
use rfc3261_sip::resolve::{Answer, Query};
use rfc3261_sip::transaction::{TransactionId, Transmit};
use rfc3261_sip::transport::{ConnectionId, Flow, Transport};
use rfc3261_sip::user_agent::{self, UserAgent};
use tokio::time::Sleep;

use lookups::Lookups;

#[cfg(feature = "dns")]
use crate::Resolver;
use crate::sip::{self, CloseReason, Endpoint, Unsendable};

/// A machine of SIP that needs somebody to carry its messages.
pub trait Machine {
    /// What it tells its user.
    type Event;
    /// The name of a question to the DNS.
    type Lookup: Send + 'static;

    /// A message has arrived.
    fn handle_message(&mut self, now: Instant, bytes: Bytes, source: Flow);

    /// A message of this transaction could not be sent.
    fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId);

    /// The DNS has answered.
    fn handle_answer(&mut self, now: Instant, lookup: Self::Lookup, answer: Answer);

    /// Time has come to `now`.
    fn handle_timeout(&mut self, now: Instant);

    /// The next thing to do, in order.
    fn poll_output(&mut self) -> Option<Output<Self>>;

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    fn next_timeout(&self) -> Option<Instant>;

    /// The name that the server has to prove to which the message of this transaction goes.
    fn server_name(&self, transaction: TransactionId) -> Option<&str>;
}

/// What comes out of a [`Machine`].
pub enum Output<M: Machine + ?Sized> {
    /// A message to send.
    Transmit(Transmit),
    /// A question to the DNS.
    Lookup(M::Lookup, Query),
    /// Something for its user.
    Event(M::Event),
}

/// Drives a machine: what arrives at the endpoint goes to the machine, what the machine wants sent
/// goes to the endpoint, its questions to the resolver, its timers to the clock, and what is left
/// to the caller.
///
/// ```
/// use std::time::Instant;
/// use rfc3261_sip::Method;
/// use rfc3261_sip::user_agent::{Config, Content, Event, Target, UserAgent};
/// use telephony_net::{Driver, Happening, sip};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let agent = |name: &str| -> Result<_, Box<dyn std::error::Error>> {
///     let endpoint = sip::Endpoint::bind(sip::Config::new(["udp:127.0.0.1:0".parse()?]))?;
///     let host = endpoint.listening()[0].address.to_string();
///     let contact = format!("sip:{name}@{host}");
///     let seed = [name.len() as u8; 32]; // from the system's random generator, outside of examples
///     Ok(Driver::new(UserAgent::new(Config::new(seed, format!("<{contact}>"), contact, host)), endpoint))
/// };
/// let (mut alice, mut bob) = (agent("alice")?, agent("bob")?);
///
/// let target = Target::new(bob.machine().config().contact.clone());
/// alice.machine_mut().request(Instant::now(), Method::OPTIONS, &target, &Content::new())?;
/// let answer = loop {
///     tokio::select! {
///         happening = alice.next() => if let Happening::Event(Event::Response { response, .. }) = happening {
///             break response;
///         },
///         _ = bob.next() => {} // it answers by itself
///     }
/// };
/// assert_eq!(answer.status().map(|status| status.get()), Some(200));
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Driver<M: Machine> {
    machine: M,
    endpoint: Endpoint,
    lookups: Lookups<M::Lookup>,
    sleep: Pin<Box<Sleep>>,
    /// When `sleep` ends, unless it has.
    armed: Option<Instant>,
}

/// What happens that is for the caller.
#[derive(Debug)]
#[non_exhaustive]
pub enum Happening<E> {
    /// The machine tells something.
    Event(E),
    /// A STUN message has come to a UDP socket.
    Stun {
        /// The message.
        bytes: Bytes,
        /// Where it came from: an answer goes there by [`Endpoint::send`].
        source: Flow,
    },
    /// A message of the machine was not sent; the machine knows.
    Unsent {
        /// Why.
        error: Unsendable,
    },
    /// A connection is open.
    Opened {
        /// The way over it.
        flow: Flow,
    },
    /// A connection is closed, or could not be opened.
    Closed {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
}

impl<M: Machine> Driver<M> {
    /// Puts a machine and its sockets together. Without a [resolver](Self::resolver), the answer
    /// to each of its questions is that there are no records.
    #[must_use]
    pub fn new(machine: M, endpoint: Endpoint) -> Self {
        Self {
            machine,
            endpoint,
            lookups: Lookups::new(),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            armed: None,
        }
    }

    /// This driver with somebody who asks the DNS.
    #[cfg(feature = "dns")]
    #[must_use]
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.lookups.set_resolver(resolver);
        self
    }

    /// The machine.
    #[must_use]
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, to command it: what comes of that happens in the next call of
    /// [`next`](Self::next).
    #[must_use]
    pub fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The sockets.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The sockets, to send what is not the machine's.
    #[must_use]
    pub fn endpoint_mut(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    /// Drives the machine until something happens that is for the caller. It may be dropped and
    /// called again: nothing is lost.
    pub async fn next(&mut self) -> Happening<M::Event> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Drives the machine until `done` says that it is, for at most as long as is given; whether
    /// it was done in time. This is how calls and registrations end before the sockets do.
    pub async fn settle(&mut self, limit: Duration, done: impl Fn(&M) -> bool) -> bool {
        let settled = tokio::time::timeout(limit, async {
            while !done(&self.machine) {
                // Nothing to tell: what is going on is ending.
                let tick = tokio::time::sleep(Duration::from_millis(10));
                tokio::select! {
                    _ = self.next() => {}
                    () = tick => {}
                }
            }
        });
        settled.await.is_ok()
    }

    /// Sends what waits, for at most as long as is given, and closes all sockets.
    pub async fn shut_down(mut self, limit: Duration) {
        while let Some(output) = self.machine.poll_output() {
            if let Output::Transmit(transmit) = output {
                self.transmit(transmit);
            }
        }
        self.endpoint.shut_down(limit).await;
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Happening<M::Event>> {
        loop {
            while let Some(output) = self.machine.poll_output() {
                match output {
                    Output::Transmit(transmit) => self.transmit(transmit),
                    Output::Lookup(lookup, query) => self.ask(lookup, query),
                    Output::Event(event) => return Poll::Ready(Happening::Event(event)),
                }
            }
            let waiting = self.endpoint.try_next();
            let now = Instant::now();
            if waiting.is_none() {
                if self.machine.next_timeout().is_some_and(|due| due <= now) {
                    self.machine.handle_timeout(now);
                    continue;
                }
                if let Poll::Ready((lookup, answer)) = self.lookups.poll_answer(context) {
                    self.machine.handle_answer(now, lookup, answer);
                    continue;
                }
            }
            let arrived = match waiting {
                Some(event) => Poll::Ready(event),
                None => self.endpoint.poll_next(context),
            };
            match arrived {
                Poll::Ready(event) => {
                    if let Some(happening) = self.take(now, event) {
                        return Poll::Ready(happening);
                    }
                }
                Poll::Pending => {
                    if self.poll_timer(context).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Waits for the next timeout. The clock is set only where it would ring too late.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.machine.next_timeout() else {
            return Poll::Pending;
        };
        if self.armed.is_none_or(|armed| due < armed) {
            self.sleep.as_mut().reset(due.into());
            self.armed = Some(due);
        }
        let rung = self.sleep.as_mut().poll(context);
        if rung.is_ready() {
            self.armed = None;
        }
        rung
    }

    fn transmit(&mut self, transmit: Transmit) {
        let name = match (transmit.flow.transport, transmit.transaction) {
            (Transport::Tls, Some(transaction)) => self.machine.server_name(transaction),
            _ => None,
        };
        self.endpoint.send_to(transmit, name);
    }

    fn take(&mut self, now: Instant, event: sip::Event) -> Option<Happening<M::Event>> {
        match event {
            sip::Event::Message { bytes, source } => {
                self.machine.handle_message(now, bytes, source);
                None
            }
            sip::Event::Stun { bytes, source } => Some(Happening::Stun { bytes, source }),
            sip::Event::Unsent { transaction, error } => {
                self.machine.handle_transport_error(now, transaction);
                Some(Happening::Unsent { error })
            }
            sip::Event::Opened { flow } => Some(Happening::Opened { flow }),
            sip::Event::Closed { connection, reason } => {
                Some(Happening::Closed { connection, reason })
            }
        }
    }

    fn ask(&mut self, lookup: M::Lookup, query: Query) {
        if let Some(lookup) = self.lookups.ask(lookup, query) {
            let nothing = Answer::Addresses(Vec::new());
            self.machine.handle_answer(Instant::now(), lookup, nothing);
        }
    }
}

impl<M: Machine> fmt::Debug for Driver<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Machine for UserAgent {
    type Event = user_agent::Event;
    type Lookup = user_agent::RequestId;

    fn handle_message(&mut self, now: Instant, bytes: Bytes, source: Flow) {
        self.handle_input(now, bytes, source);
    }

    fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        self.handle_transport_error(now, transaction);
    }

    fn handle_answer(&mut self, now: Instant, lookup: Self::Lookup, answer: Answer) {
        self.handle_answer(now, lookup, answer);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<Self>> {
        Some(match self.poll_output()? {
            user_agent::Output::Transmit(transmit) => Output::Transmit(transmit),
            user_agent::Output::Event(user_agent::Event::Lookup { request, query }) => {
                Output::Lookup(request, query)
            }
            user_agent::Output::Event(event) => Output::Event(event),
        })
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.next_timeout()
    }

    fn server_name(&self, transaction: TransactionId) -> Option<&str> {
        self.server_name(transaction)
    }
}

impl Machine for Proxy {
    type Event = proxy::Event;
    type Lookup = proxy::LookupId;

    fn handle_message(&mut self, now: Instant, bytes: Bytes, source: Flow) {
        // What has no start line of SIP cannot be answered.
        if let Ok(message) = Message::parse(bytes) {
            self.handle_input(now, message, source);
        }
    }

    fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        self.handle_transport_error(now, transaction);
    }

    fn handle_answer(&mut self, now: Instant, lookup: Self::Lookup, answer: Answer) {
        self.handle_answer(now, lookup, answer);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<Self>> {
        Some(match self.poll_output()? {
            proxy::Output::Transmit(transmit) => Output::Transmit(transmit),
            proxy::Output::Event(proxy::Event::Lookup { lookup, query }) => {
                Output::Lookup(lookup, query)
            }
            proxy::Output::Event(event) => Output::Event(event),
        })
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.next_timeout()
    }

    fn server_name(&self, transaction: TransactionId) -> Option<&str> {
        self.server_name(transaction)
    }
}
