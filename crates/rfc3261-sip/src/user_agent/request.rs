//! The requests of this side: where they go, again with credentials or to another server, and
//! what comes back (RFC 3261 §8.1, RFC 3263 §4.3).

use alloc::{boxed::Box, string::String, vec::Vec};
use std::time::Instant;

use bytes::Bytes;

use super::{
    CallId, CommandError, Content, Credentials, Event, Failure, PublicationId, RegistrationId,
    RequestId, SubscriptionId, Target, UserAgent, handle::DialogKey, redirect::Redirection,
    uses::Use, way::Way,
};
use crate::{
    HeaderName, Method,
    resolve::{Answer, Plan, Step},
    transaction::TransactionId,
    transport::{Flow, SentBy, ViaValue, with_via},
};

/// A request of this side, through all its transactions.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) what: What,
    pub(super) dialog: Option<DialogKey>,
    pub(super) transaction: Option<TransactionId>,
    /// As it was sent last.
    pub(super) message: Bytes,
    pub(super) flow: Option<Flow>,
    /// It has more than 1300 bytes (RFC 3261 §18.1.1).
    pub(super) too_large: Option<TooLarge>,
    pub(super) plan: Option<Box<Plan>>,
    /// The name that the server's certificate has to prove.
    server_name: Option<Box<str>>,
    /// What became of it at the server before, or what it waits with for credentials.
    pub(super) failure: Option<Box<Failure>>,
    pub(super) challenged: bool,
    /// The user is told nothing of it.
    pub(super) silent: bool,
    /// How often it was sent again.
    pub(super) attempts: u8,
    /// The numbers of the last reliable provisional responses to an INVITE, by early dialog.
    pub(super) reliable: Vec<(DialogKey, u32)>,
    /// A reliable provisional response had a session description.
    pub(super) described: bool,
    /// Where else it may go.
    pub(super) redirection: Option<Box<Redirection>>,
    /// The ACKs of an INVITE, by the tags of the 2xx responses.
    pub(super) acks: Vec<Ack>,
}

/// The ACK for a 2xx response: each copy of that wants one.
#[derive(Debug)]
pub(super) struct Ack {
    pub(super) tag: Box<str>,
    /// Empty while it waits for the user.
    pub(super) message: Bytes,
    pub(super) flow: Option<Flow>,
}

/// A request that is too large for UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLarge {
    /// It has gone by TCP in the place of this.
    For(Flow),
    /// Nobody has taken the connection.
    Refused,
}

/// What a request of this side is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Register(RegistrationId),
    /// The INVITE that a call begins with.
    Invite(CallId),
    /// An INVITE within a call.
    Reinvite(CallId),
    Update(CallId),
    Prack(CallId),
    Bye(CallId),
    /// A SUBSCRIBE or REFER.
    Subscribe(SubscriptionId),
    Notify(SubscriptionId),
    Publish(PublicationId),
    /// An ACK that waits for its way.
    Ack(RequestId),
    /// The user's.
    User,
}

impl UserAgent {
    /// Sends a request outside of all dialogs: OPTIONS, MESSAGE, INFO or another that makes none.
    ///
    /// [`Event::Response`] and [`Event::Failed`] tell what comes of it.
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] for a method that needs a dialog, or has a command of its own.
    pub fn request(
        &mut self,
        now: Instant,
        method: Method<'_>,
        target: &Target,
        content: &Content,
    ) -> Result<RequestId, CommandError> {
        let within = [
            Method::ACK,
            Method::CANCEL,
            Method::BYE,
            Method::PRACK,
            Method::UPDATE,
        ];
        if method == Method::INVITE || within.contains(&method) {
            return Err(CommandError::State);
        }
        let way = self.way_to(target)?;
        let (from, call_id) = (self.new_from(target), self.new_call_id());
        let request = self.outside(method, target, &from, &call_id, 1, &way)?;
        let request = content.add_to_request(request).build()?;
        let id = self.submit(now, Request::new(What::User, None), request, way)?;
        self.pump(now);
        Ok(id)
    }

    /// Sends a [challenged](Event::Challenged) request again, with these credentials in the place
    /// of those that it had. Call-ID, tags and dialog stay, the number in CSeq goes up
    /// (RFC 3261 §22.2).
    pub fn retry(
        &mut self,
        now: Instant,
        request: RequestId,
        credentials: &Credentials,
    ) -> Result<(), CommandError> {
        let found = self.requests.get(request).ok_or(CommandError::Unknown)?;
        if !found.challenged {
            return Err(CommandError::State);
        }
        let what = found.what;
        self.again(now, request, |edit| {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
                edit.remove(name);
            }
            for (name, value) in &credentials.rows {
                edit.insert_after(*name, value);
            }
        })?;
        if let What::Reinvite(call) | What::Update(call) = what {
            self.modification_goes_on(request, call, what == What::Reinvite(call));
        }
        self.pump(now);
        Ok(())
    }

    /// Leaves a [challenged](Event::Challenged) request, or one that waits for an address, at
    /// that: what it has come to so far is its outcome.
    pub fn give_up(&mut self, now: Instant, request: RequestId) -> Result<(), CommandError> {
        let found = self
            .requests
            .get_mut(request)
            .ok_or(CommandError::Unknown)?;
        if found.transaction.is_some() {
            return Err(CommandError::State);
        }
        let failure = found.failure.take();
        let failure = failure.map_or(Failure::Unreachable, |failure| *failure);
        self.finish(now, request, Err(failure));
        self.pump(now);
        Ok(())
    }

    /// What the DNS says to the question of an [`Event::Lookup`].
    pub fn handle_answer(&mut self, now: Instant, request: RequestId, answer: Answer) {
        if let Some(found) = self.requests.get_mut(request) {
            if let Some(plan) = found.plan.as_mut().filter(|_| found.transaction.is_none()) {
                plan.handle_answer(answer);
                self.try_next(now, request);
            }
        }
        self.pump(now);
    }

    /// The name that the certificate of the server must prove that a message of this transaction
    /// is sent to (RFC 3263 §4.1); `None` for one that was given by its address.
    #[must_use]
    pub fn server_name(&self, transaction: TransactionId) -> Option<&str> {
        match self.uses.get(transaction)? {
            Use::Client(request) => self.requests.get(*request)?.server_name.as_deref(),
            _ => None,
        }
    }

    /// Sends a new request of this side.
    pub(super) fn submit(
        &mut self,
        now: Instant,
        mut request: Request,
        message: Bytes,
        way: Way,
    ) -> Result<RequestId, CommandError> {
        request.message = message;
        match way {
            Way::Flow(flow) => {
                let id = self.requests.insert(request);
                match self.dispatch(now, id, flow, false) {
                    Ok(()) => Ok(id),
                    Err(error) => {
                        self.requests.remove(id);
                        Err(error)
                    }
                }
            }
            Way::Plan(plan) => {
                request.plan = Some(plan);
                let id = self.requests.insert(request);
                self.try_next(now, id);
                Ok(id)
            }
        }
    }

    /// Sends a request to the next server that there is, or asks for one.
    pub(super) fn try_next(&mut self, now: Instant, id: RequestId) {
        loop {
            let Some(request) = self.requests.get_mut(id) else {
                return;
            };
            let (again, plan) = (request.flow.is_some(), request.plan.as_mut());
            match plan.map_or(Step::Exhausted, |plan| plan.poll()) {
                Step::Ask(query) => return self.tell(Event::Lookup { request: id, query }),
                Step::Try(candidate) => {
                    request.server_name = candidate.name.map(String::into_boxed_str);
                    let flow = Flow::new(candidate.transport, candidate.address);
                    if self.dispatch(now, id, flow, again).is_ok() {
                        return;
                    }
                }
                Step::Exhausted => {
                    let failure = request.failure.take();
                    let failure = failure.map_or(Failure::Unreachable, |failure| *failure);
                    return self.finish(now, id, Err(failure));
                }
            }
        }
    }

    /// Gives a request to the transactions, with a Via that fits the transport (RFC 3261
    /// §18.1.1), and with a new branch if it has been sent before.
    pub(super) fn dispatch(
        &mut self,
        now: Instant,
        id: RequestId,
        mut flow: Flow,
        again: bool,
    ) -> Result<(), CommandError> {
        let request = self.requests.get_mut(id).ok_or(CommandError::Unknown)?;
        let size = request.message.len();
        let mut transport = flow.transport;
        if request.too_large != Some(TooLarge::Refused) {
            transport = transport.for_request(size, self.config.path_mtu);
        }
        if transport != flow.transport {
            request.too_large = Some(TooLarge::For(flow));
            flow.transport = transport;
            flow.connection = None;
        }
        let written = via_transport(&request.message);
        if again || written != Some(transport.via().as_str().as_bytes()) {
            let sent_by = SentBy {
                host: &self.config.sent_by,
                port: None,
            };
            let branch = self.layer.branch();
            let via = ViaValue::new(transport, sent_by, &branch);
            let view = self.parser.parse(&request.message);
            let view = view.map_err(crate::transaction::CommandError::Invalid)?;
            request.message = with_via(view, via)?.into();
        }
        request.flow = Some(flow);
        if request.plan.is_some() {
            // The next request within the dialog need not ask again.
            if let Some(entry) = request.dialog.and_then(|key| self.dialogs.get_mut(key)) {
                entry.hop = Some(entry.dialog.next_hop().into());
                entry.flow = flow;
            }
        }
        if let What::Ack(invite) = request.what {
            let message = request.message.clone();
            self.requests.remove(id);
            self.send_ack(invite, message, flow);
            return Ok(());
        }
        let message = request.message.clone();
        let transaction = self.layer.send_request(now, message, flow)?;
        request.transaction = Some(transaction);
        self.uses.set(transaction, Use::Client(id));
        Ok(())
    }

    /// Sends a request once more with the next number in CSeq, a new branch and other changes,
    /// to where it went before.
    pub(super) fn again(
        &mut self,
        now: Instant,
        id: RequestId,
        change: impl FnOnce(&mut crate::Edit<'_>),
    ) -> Result<(), CommandError> {
        let request = self.requests.get(id).ok_or(CommandError::Unknown)?;
        let way = Way::Flow(request.flow.ok_or(CommandError::State)?);
        self.again_by(now, id, way, change)
    }

    /// The same, by another way.
    pub(super) fn again_by(
        &mut self,
        now: Instant,
        id: RequestId,
        way: Way,
        change: impl FnOnce(&mut crate::Edit<'_>),
    ) -> Result<(), CommandError> {
        let request = self.requests.get_mut(id).ok_or(CommandError::Unknown)?;
        let view = self.parser.parse(&request.message);
        let view = view.map_err(crate::transaction::CommandError::Invalid)?;
        let cseq = view
            .cseq()
            .map_err(crate::transaction::CommandError::Invalid)?;
        let mut number = cseq.sequence_number.saturating_add(1);
        if let Some(entry) = request.dialog.and_then(|key| self.dialogs.get_mut(key)) {
            let last = entry.dialog.local_sequence_number().unwrap_or_default();
            number = number.max(last.saturating_add(1));
            entry.dialog.continue_after(number);
        }
        let value = alloc::format!("{number} {}", cseq.method);
        let mut edit = view.edit();
        edit.replace(HeaderName::CSeq, value);
        change(&mut edit);
        request.message = edit.finish()?.into();
        request.challenged = false;
        request.failure = None;
        if let What::Register(registration) = request.what {
            self.registration_has_used(registration, number);
        }
        match way {
            Way::Flow(flow) => self.dispatch(now, id, flow, true),
            Way::Plan(plan) => {
                if let Some(request) = self.requests.get_mut(id) {
                    request.plan = Some(plan);
                }
                self.try_next(now, id);
                Ok(())
            }
        }
    }
}

impl Request {
    pub(super) const fn new(what: What, dialog: Option<DialogKey>) -> Self {
        Self {
            what,
            dialog,
            transaction: None,
            message: Bytes::new(),
            flow: None,
            too_large: None,
            plan: None,
            server_name: None,
            failure: None,
            challenged: false,
            silent: false,
            attempts: 0,
            reliable: Vec::new(),
            described: false,
            redirection: None,
            acks: Vec::new(),
        }
    }
}

impl Ack {
    /// One that is not made yet.
    pub(super) const fn owed(tag: Box<str>) -> Self {
        Self {
            tag,
            message: Bytes::new(),
            flow: None,
        }
    }
}

/// The transport that the top Via of a message of this side names.
fn via_transport(message: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(message, b"\r\nVia: SIP/2.0/")? + 15;
    let rest = message.get(at..)?;
    rest.get(..memchr::memchr(b' ', rest)?)
}
