//! Transactions (RFC 3261 §17, RFC 6026): requests and their responses, repeated until they
//! arrive, and each handed up once.

mod act;
mod client_invite;
mod client_non_invite;
mod config;
mod derive;
mod key;
mod machine;
mod output;
pub(crate) mod queue;
mod receive;
#[cfg(test)]
mod search;
mod server_invite;
mod server_non_invite;
mod table;
mod timer;

pub use config::{Config, Counts};
pub(crate) use key::Hash;
pub use machine::{Kind, State};
pub use output::{CommandError, Event, Output, TransactionId, Transmit};
pub use timer::{Timer, Timing};

use alloc::{boxed::Box, collections::VecDeque, string::String};
use core::fmt::Write as _;
use std::time::Instant;

use bytes::Bytes;

use crate::{
    Message, Method, Parser, StatusCode,
    transport::{Flow, SentBy, Transport, ViaValue},
};
use key::Keys;
pub(crate) use key::push_hex;
use machine::Input;
use table::Table;
pub(crate) use table::Unhashed;

/// The transactions of an endpoint, without I/O and without a clock.
///
/// - **Inputs**: [`handle_input`](Self::handle_input) for every message that arrives,
///   [`handle_transport_error`](Self::handle_transport_error) for one that could not be sent,
///   [`handle_timeout`](Self::handle_timeout) when [`next_timeout`](Self::next_timeout) is
///   reached.
/// - **Commands**: [`send_request`](Self::send_request), [`cancel`](Self::cancel),
///   [`respond`](Self::respond), [`send`](Self::send).
/// - **Outputs**: after each of these, [`poll_output`](Self::poll_output) until it returns
///   `None`, then wait for input or for `next_timeout`.
///
/// ```
/// use std::time::Instant;
/// use rfc3261_sip::{Method, RequestBuilder, RequestParts};
/// use rfc3261_sip::transaction::{Config, Output, TransactionLayer};
/// use rfc3261_sip::transport::{Flow, SentBy, Transport};
///
/// let seed = [7; 32]; // from the system's random generator, outside of examples
/// let mut layer = TransactionLayer::new(Config::new(seed));
/// let now = Instant::now();
///
/// let sent_by = SentBy { host: "192.0.2.1", port: None };
/// let request = RequestBuilder::new(RequestParts {
///     method: Method::OPTIONS,
///     uri: "sip:bob@198.51.100.2",
///     via: &layer.via(Transport::Udp, sent_by),
///     from: "<sip:alice@example.com>;tag=ff23",
///     to: "<sip:bob@198.51.100.2>",
///     call_id: "3848276298220188511@192.0.2.1",
///     sequence_number: 1,
///     max_forwards: 70,
/// })
/// .build()?;
/// let flow = Flow::new(Transport::Udp, "198.51.100.2:5060".parse()?);
/// layer.send_request(now, request, flow)?;
///
/// while let Some(output) = layer.poll_output() {
///     if let Output::Transmit(transmit) = output {
///         assert!(transmit.bytes.starts_with(b"OPTIONS")); // send it to transmit.flow
///     }
/// }
/// assert_eq!(layer.next_timeout(), Some(now + core::time::Duration::from_millis(500)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Everything ends by itself but for one thing: a request that was handed up waits for its answer
/// as long as the user takes. Memory is bounded by [`Config::max_clients`] and
/// [`Config::max_servers`]; a server transaction that has its final response takes less than 1 kB
/// beside the response.
#[derive(Debug)]
pub struct TransactionLayer {
    config: Config,
    keys: Keys,
    table: Table,
    parser: Parser,
    output: VecDeque<Output>,
    counts: Counts,
}

impl TransactionLayer {
    /// A layer without transactions.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            keys: Keys::new(config.seed),
            config,
            table: Table::default(),
            parser: Parser::new(),
            output: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// What there is and what there was.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            clients: self.table.clients(),
            servers: self.table.servers(),
            ..self.counts
        }
    }

    /// The state of a transaction: [`State::Terminated`] once it is over.
    #[must_use]
    pub fn state(&self, transaction: TransactionId) -> State {
        self.table
            .get(transaction)
            .map_or(State::Terminated, |transaction| transaction.state)
    }

    /// Where the requests or responses of a transaction go.
    #[must_use]
    pub fn flow(&self, transaction: TransactionId) -> Option<Flow> {
        Some(self.table.get(transaction)?.flow)
    }

    /// A new branch: unpredictable, and unique as long as the seed is.
    #[must_use]
    pub fn branch(&mut self) -> String {
        self.keys.branch()
    }

    /// A new number: unpredictable, and unique as long as the seed is.
    pub(crate) fn random(&mut self) -> u128 {
        self.keys.number()
    }

    /// The value of Via for a new request, with a new branch.
    #[must_use]
    pub fn via(&mut self, transport: Transport, sent_by: SentBy<'_>) -> String {
        let branch = self.keys.branch();
        let mut via = String::with_capacity(96);
        // Writing to a string does not fail.
        let _ = write!(via, "{}", ViaValue::new(transport, sent_by, &branch));
        via
    }

    /// Sends a request, as it stands, in a transaction of its own. Its top Via has a branch that
    /// was never used before. ACK has no transaction: [`send`](Self::send) it.
    pub fn send_request(
        &mut self,
        now: Instant,
        request: impl Into<Bytes>,
        flow: Flow,
    ) -> Result<TransactionId, CommandError> {
        let bytes = request.into();
        if self.table.clients() >= self.config.max_clients {
            return Err(CommandError::Full);
        }
        let message = self.parser.parse(&bytes)?;
        let kind = match message.method() {
            None | Some(Method::ACK) => return Err(CommandError::Unsuitable),
            Some(Method::INVITE) => Kind::ClientInvite,
            Some(_) => Kind::ClientNonInvite,
        };
        let via = message.via()?;
        if !via.has_unique_branch() {
            return Err(CommandError::Branch);
        }
        let key = self.keys.client(&via, message.cseq()?.method);
        if self.table.find(key).is_some() {
            return Err(CommandError::Duplicate);
        }
        Ok(self.begin_client(now, kind, key, bytes, flow, false))
    }

    /// Cancels an INVITE (RFC 3261 §9.1), with this value of Reason (RFC 3326) in the CANCEL.
    ///
    /// CANCEL is sent when a provisional response is there, not before. The transaction then
    /// ends as ever: with the 487, with another final response that was faster, a 2xx among
    /// them, or with a timeout. What becomes of the CANCEL itself is not told.
    pub fn cancel(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        reason: Option<&str>,
    ) -> Result<(), CommandError> {
        let found = self
            .table
            .get_mut(transaction)
            .ok_or(CommandError::Unknown)?;
        found.reason = reason.map(Box::from);
        self.command(now, transaction, Input::Cancel)
    }

    /// Answers a request, with this response as it stands. A 2xx to an INVITE is sent once for each call: to repeat it until the
    /// ACK comes is the user's (RFC 3261 §13.3.1.4).
    pub fn respond(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        response: impl Into<Bytes>,
    ) -> Result<(), CommandError> {
        let bytes = response.into();
        let found = self
            .table
            .get_mut(transaction)
            .ok_or(CommandError::Unknown)?;
        if found.kind.is_client() {
            return Err(CommandError::Unsuitable);
        }
        let input = input(status(&bytes).ok_or(CommandError::Unsuitable)?);
        let state = found.state;
        if found.kind.step(state, input).is_none() {
            return Err(CommandError::State(state));
        }
        let old = input == Input::Success && found.old;
        if let Some(invite) = found.invite.filter(|_| input == Input::Failure || old) {
            let message = self.parser.parse(&bytes)?;
            let to_tag = message.to()?.tag().unwrap_or_default();
            let key = self.keys.ack(invite.acknowledged, to_tag);
            self.table.add_key(transaction, key);
        }
        if let Some(found) = self.table.get_mut(transaction) {
            // What was answered last is kept when the user tries to answer again.
            if state != State::Completed {
                found.message = bytes;
            }
            found.request = Bytes::new();
        }
        self.command(now, transaction, input)
    }

    /// Sends a message outside of all transactions: the ACK for a 2xx, or what a stateless proxy
    /// forwards.
    pub fn send(&mut self, message: impl Into<Bytes>, flow: Flow) {
        self.output.push_back(Output::Transmit(Transmit {
            transaction: None,
            flow,
            bytes: message.into(),
        }));
    }

    /// A message has arrived.
    pub fn handle_input(&mut self, now: Instant, message: Message, source: Flow) {
        match message.status() {
            Some(status) => self.handle_response(now, message, status, source),
            None => self.handle_request(now, message, source),
        }
    }

    /// Forgets a request without an answer: a proxy forwards it without state after all (RFC 3261
    /// §16.1).
    pub fn forget(&mut self, transaction: TransactionId) {
        let server = self
            .table
            .get(transaction)
            .is_some_and(|found| !found.kind.is_client());
        if server {
            self.table.remove(transaction);
        }
    }

    /// A message of this transaction could not be sent: no route, a refused connection, an ICMP
    /// error.
    pub fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        let _ = self.feed(now, transaction, Input::TransportError, None);
    }

    /// Time has come to `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((transaction, timer)) = self.table.take_due(now) {
            let _ = self.feed(now, transaction, Input::Fired(timer), None);
        }
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.table.next_timeout()
    }
}

/// The status in the first line of a response.
fn status(response: &[u8]) -> Option<StatusCode> {
    match response.strip_prefix(b"SIP/2.0 ")? {
        [
            a @ b'0'..=b'9',
            b @ b'0'..=b'9',
            c @ b'0'..=b'9',
            b' ' | b'\r' | b'\n',
            ..,
        ] => {
            let digits = [a, b, c].map(|digit| u16::from(*digit - b'0'));
            let [hundreds, tens, ones] = digits;
            StatusCode::from_u16(100 * hundreds + 10 * tens + ones)
        }
        _ => None,
    }
}

/// What a response with this status is to a machine.
fn input(status: StatusCode) -> Input {
    match status.get() {
        100 => Input::Trying,
        101..=199 => Input::Provisional,
        200..=299 => Input::Success,
        _ => Input::Failure,
    }
}
