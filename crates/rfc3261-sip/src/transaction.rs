//! Transactions (RFC 3261 §17, RFC 6026): requests and their responses, repeated until they
//! arrive, and each handed up once.

mod client_invite;
mod client_non_invite;
mod config;
mod derive;
mod key;
mod machine;
mod output;
mod queue;
#[cfg(test)]
mod search;
mod server_invite;
mod server_non_invite;
mod table;
mod timer;

pub use config::{Config, Counts};
pub use machine::{Kind, State};
pub use output::{CommandError, Event, Output, TransactionId, Transmit};
pub use timer::{Timer, Timing};

use alloc::{
    boxed::Box,
    collections::VecDeque,
    string::{String, ToString},
};
use std::time::Instant;

use bytes::Bytes;

use crate::{
    HeaderName, Message, Method, Parser, Rejection, ResponseBuilder, StatusCode,
    transport::{Flow, SentBy, ViaValue},
};
use key::{Key, Keys, Request};
use machine::{Action, Input, Step};
use table::{InviteKeys, Table, Transaction};

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

/// What came in, on its way to the user.
#[derive(Debug)]
struct Incoming {
    message: Message,
    source: Flow,
    merged: bool,
    /// The INVITE that a CANCEL is for.
    invite: Option<TransactionId>,
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

    /// The value of Via for a new request, with a new branch.
    #[must_use]
    pub fn via(&mut self, transport: crate::transport::Transport, sent_by: SentBy<'_>) -> String {
        let branch = self.keys.branch();
        ViaValue::new(transport, sent_by, &branch).to_string()
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

    fn handle_response(
        &mut self,
        now: Instant,
        message: Message,
        status: StatusCode,
        source: Flow,
    ) {
        let (Ok(via), Ok(cseq)) = (message.via(), message.cseq()) else {
            self.counts.malformed += 1;
            return;
        };
        let key = self.keys.client(&via, cseq.method);
        let taken = match self.table.find(key) {
            Some(transaction) => {
                let incoming = Incoming::new(message, source);
                self.feed(now, transaction, input(status), Some(incoming))
            }
            None => false,
        };
        if !taken {
            self.counts.stray_responses += 1;
        }
    }

    fn handle_request(&mut self, now: Instant, message: Message, source: Flow) {
        let Some(message) = self.stamp(message, source) else {
            self.counts.malformed += 1;
            return;
        };
        let Some(method) = message.method() else {
            return;
        };
        let request = match Request::new(message.view()) {
            Ok(request) if message.cseq().is_ok_and(|cseq| cseq.method == method) => request,
            _ => return self.reject(&message, source),
        };
        match method {
            Method::ACK => {
                let found = self.find_acknowledged(&request);
                let refused = || request.to_tag == Some(&self.keys.stateless_tag(&request));
                let absorbed = found.is_none() && refused();
                let incoming = Incoming::new(message, source);
                match found {
                    Some(invite) => {
                        let _ = self.feed(now, invite, Input::Ack, Some(incoming));
                    }
                    None if absorbed => {}
                    None => self.output.push_back(Output::Event(Event::Ack {
                        request: incoming.message,
                        source,
                        invite: None,
                    })),
                }
            }
            _ => {
                let key = self.keys.server(&request, method);
                match self.table.find(key) {
                    Some(transaction) => {
                        let _ = self.feed(now, transaction, Input::Request, None);
                    }
                    None => self.begin_server(now, key, message, source),
                }
            }
        }
    }

    /// The INVITE server transaction that an ACK is for.
    fn find_acknowledged(&self, ack: &Request<'_>) -> Option<TransactionId> {
        let by_branch = self.table.find(self.keys.server(ack, Method::INVITE));
        if by_branch.is_some() || ack.has_unique_branch() {
            return by_branch;
        }
        let acknowledged = self.keys.acknowledged(ack);
        let to_tag = ack.to_tag.unwrap_or_default();
        self.table.find(self.keys.ack(acknowledged, to_tag))
    }

    /// The INVITE server transaction that a CANCEL is for: by the rules of RFC 3261 §9.2, or the
    /// one of the same branch, call and number, if a NAT has rewritten `sent-by` in one of them.
    fn find_cancelled(&self, cancel: &Request<'_>) -> Option<TransactionId> {
        let invite = Method::INVITE;
        self.table
            .find(self.keys.server(cancel, invite))
            .or_else(|| {
                let found = self.table.find(self.keys.merge(cancel, invite))?;
                let branch = self.keys.of_branch(cancel);
                let same = self.table.get(found)?.invite?.branch == branch;
                (same && cancel.has_unique_branch()).then_some(found)
            })
    }

    fn begin_server(&mut self, now: Instant, key: Key, message: Message, source: Flow) {
        let method = message.method().unwrap_or(Method::OPTIONS);
        let Ok(request) = Request::new(message.view()) else {
            return;
        };
        let invite = (method == Method::CANCEL)
            .then(|| self.find_cancelled(&request))
            .flatten();
        let flow = source.of_response(request.via());
        if self.table.servers() >= self.config.max_servers && invite.is_none() {
            self.counts.refused += 1;
            let tag = self.keys.stateless_tag(&request);
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let response = ResponseBuilder::to(message.view(), status, &tag)
                .header(HeaderName::RetryAfter, self.config.retry_after);
            if let Ok(response) = response.build() {
                self.send(response, flow);
            }
            return;
        }
        let kind = match method {
            Method::INVITE => Kind::ServerInvite,
            _ => Kind::ServerNonInvite,
        };
        let mut transaction = Transaction::new(kind, flow);
        transaction.old = !request.has_unique_branch();
        if kind == Kind::ServerInvite {
            transaction.request = message.bytes().clone();
            transaction.invite = Some(InviteKeys {
                branch: self.keys.of_branch(&request),
                acknowledged: self.keys.acknowledged(&request),
            });
        }
        // Only requests outside of dialogs merge; a CANCEL may have to find any INVITE by it.
        let outside = request.to_tag.is_none();
        let merge =
            (outside || kind == Kind::ServerInvite).then(|| self.keys.merge(&request, method));
        let merged = outside && merge.is_some_and(|merge| self.table.find(merge).is_some());
        let id = self.table.insert(transaction, key);
        if let Some(merge) = merge {
            self.table.add_key(id, merge);
        }
        let mut incoming = Incoming::new(message, source);
        (incoming.merged, incoming.invite) = (merged, invite);
        self.start(now, id, kind, Some(incoming));
    }

    fn begin_client(
        &mut self,
        now: Instant,
        kind: Kind,
        key: Key,
        request: Bytes,
        flow: Flow,
        silent: bool,
    ) -> TransactionId {
        let mut transaction = Transaction::new(kind, flow);
        transaction.message = request;
        transaction.silent = silent;
        let id = self.table.insert(transaction, key);
        self.start(now, id, kind, None);
        id
    }

    fn start(
        &mut self,
        now: Instant,
        id: TransactionId,
        kind: Kind,
        mut incoming: Option<Incoming>,
    ) {
        self.run(now, id, kind.start(), &mut incoming);
        self.table.reschedule(id);
    }

    /// A command of the user.
    fn command(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        input: Input,
    ) -> Result<(), CommandError> {
        let state = self.state(transaction);
        match self.feed(now, transaction, input, None) {
            true => Ok(()),
            false => Err(CommandError::State(state)),
        }
    }

    /// Lets something happen to a transaction; whether that has a place in its state.
    fn feed(
        &mut self,
        now: Instant,
        id: TransactionId,
        input: Input,
        mut incoming: Option<Incoming>,
    ) -> bool {
        let mut next = Some(input);
        let mut taken = false;
        while let Some(input) = next.take() {
            let Some(found) = self.table.get(id) else {
                break;
            };
            let Some(step) = found.kind.step(found.state, input) else {
                break;
            };
            taken = true;
            self.run(now, id, step, &mut incoming);
            next = self.table.get(id).and_then(Transaction::follow_up);
        }
        if self.state(id) == State::Terminated {
            if let Some(gone) = self.table.remove(id) {
                self.tell(&gone, Event::Terminated { transaction: id });
            }
        } else {
            self.table.reschedule(id);
        }
        taken
    }

    /// Takes a step.
    fn run(
        &mut self,
        now: Instant,
        id: TransactionId,
        step: Step,
        incoming: &mut Option<Incoming>,
    ) {
        if let Some(found) = self.table.get_mut(id) {
            found.state = step.next;
        }
        for action in step.actions {
            self.act(now, id, *action, incoming);
        }
        if let Some(found) = self.table.get_mut(id).filter(|found| !found.repeats()) {
            found.message = Bytes::new();
        }
    }

    fn act(
        &mut self,
        now: Instant,
        id: TransactionId,
        action: Action,
        incoming: &mut Option<Incoming>,
    ) {
        let timing = self.config.timing;
        let Some(found) = self.table.get_mut(id) else {
            return;
        };
        match action {
            Action::Send => self.transmit(id),
            Action::SendAck => {
                let invite = self.parser.parse(&found.message);
                if let (Ok(invite), Some(incoming)) = (invite, &incoming) {
                    found.message = derive::ack(invite, incoming.message.view());
                }
                self.transmit(id);
            }
            Action::SendTrying => {
                if let Ok(request) = self.parser.parse(&found.request) {
                    let trying = ResponseBuilder::to(request, StatusCode::TRYING, "").build();
                    found.message = trying.unwrap_or_default();
                }
                found.request = Bytes::new();
                self.transmit(id);
            }
            Action::SendCancel => self.send_cancel(now, id),
            Action::WantCancel => found.cancel_wanted = true,
            Action::Start(timer) => found.start(now, timer, &timing),
            Action::Backoff(timer) => found.back_off(now, timer, &timing),
            Action::Slow(timer) => found.slow_down(now, timer, &timing),
            Action::Stop => found.stop(),
            Action::Pass => {
                if let Some(incoming) = incoming.take() {
                    self.pass(id, incoming);
                }
            }
            Action::TellTimeout => self.tell_of(id, Event::Timeout { transaction: id }),
            Action::TellTransportError => {
                self.tell_of(id, Event::TransportError { transaction: id });
            }
        }
    }

    fn pass(&mut self, transaction: TransactionId, incoming: Incoming) {
        let Incoming {
            message,
            source,
            merged,
            invite,
        } = incoming;
        let event = match message.method() {
            None => Event::Response {
                transaction,
                response: message,
            },
            Some(Method::ACK) => Event::Ack {
                request: message,
                source,
                invite: Some(transaction),
            },
            Some(Method::CANCEL) => Event::Cancel {
                transaction,
                request: message,
                source,
                invite,
            },
            Some(_) => Event::Request {
                transaction,
                request: message,
                source,
                merged,
            },
        };
        self.tell_of(transaction, event);
    }

    fn send_cancel(&mut self, now: Instant, id: TransactionId) {
        let Some(found) = self.table.get_mut(id) else {
            return;
        };
        let reason = found.reason.take();
        let flow = found.flow;
        let Ok(invite) = self.parser.parse(&found.message) else {
            return;
        };
        let Ok(via) = invite.via() else { return };
        let key = self.keys.client(&via, Method::CANCEL);
        let bytes = derive::cancel(invite, reason.as_deref());
        if self.table.find(key).is_none() {
            self.begin_client(now, Kind::ClientNonInvite, key, bytes, flow, true);
        }
    }

    fn transmit(&mut self, id: TransactionId) {
        let Some(found) = self.table.get(id) else {
            return;
        };
        if !found.message.is_empty() {
            self.output.push_back(Output::Transmit(Transmit {
                transaction: Some(id),
                flow: found.flow,
                bytes: found.message.clone(),
            }));
        }
    }

    fn tell_of(&mut self, id: TransactionId, event: Event) {
        if self.table.get(id).is_some_and(|found| !found.silent) {
            self.output.push_back(Output::Event(event));
        }
    }

    fn tell(&mut self, transaction: &Transaction, event: Event) {
        if !transaction.silent {
            self.output.push_back(Output::Event(event));
        }
    }

    /// The request with `received` and `rport` (RFC 3261 §18.2.1, RFC 3581 §4), if its Via can be
    /// read.
    fn stamp(&mut self, message: Message, source: Flow) -> Option<Message> {
        let via = message.via().ok()?;
        let ip = source.remote.ip().to_canonical();
        if via.rport().is_none() && via.host().ip() == Some(ip) {
            return Some(message);
        }
        let mut edit = message.view().edit();
        edit.stamp_source(source.remote);
        let stamped = edit.finish().ok()?;
        self.parser.parse_owned(stamped.into()).ok()
    }

    /// Answers a request that lacks what a transaction needs, if it can be answered.
    fn reject(&mut self, message: &Message, source: Flow) {
        self.counts.malformed += 1;
        let Ok(via) = message.via() else { return };
        let flow = source.of_response(&via);
        let tag = self.keys.tag_of(message.as_bytes());
        if let Some(Rejection::Respond(response)) = message.view().rejection(&tag) {
            if let Ok(response) = response.build() {
                self.send(response, flow);
            }
        }
    }
}

impl Incoming {
    fn new(message: Message, source: Flow) -> Self {
        Self {
            message,
            source,
            merged: false,
            invite: None,
        }
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
