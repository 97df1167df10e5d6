//! The requests of this side: where they go, again with credentials or to another server, and
//! what comes back (RFC 3261 §8.1, RFC 3263 §4.3).

use alloc::{boxed::Box, string::String, vec::Vec};
use core::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rfc2396_uri::SipUri;

use super::{
    CallId, CommandError, Content, Credentials, Event, Failure, PublicationId, Purpose,
    RegistrationId, RequestId, SubscriptionId, Target, UserAgent, handle::DialogKey,
    redirect::Redirection, uses::Use,
};
use crate::{
    HeaderName, Message, Method, RequestBuilder, RequestParts, StatusCode,
    dialog::route_of,
    resolve::{Answer, Plan, Step},
    transaction::TransactionId,
    transport::{Flow, SentBy, Transport, ViaValue, with_via},
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
    too_large: Option<TooLarge>,
    plan: Option<Box<Plan>>,
    /// The name that the server's certificate has to prove.
    server_name: Option<Box<str>>,
    /// What became of it at the server before, or what it waits with for credentials.
    failure: Option<Box<Failure>>,
    challenged: bool,
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
enum TooLarge {
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

/// The way of a request.
pub(super) enum Way {
    Flow(Flow),
    Plan(Box<Plan>),
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

    /// The value of From, with a new tag.
    pub(super) fn new_from(&mut self, target: &Target) -> String {
        let tag = self.new_tag();
        let from = target.from.as_ref().unwrap_or(&self.config.from);
        alloc::format!("{from};tag={tag}")
    }

    /// The value of Via for a request that goes this way.
    pub(super) fn via(&mut self, way: &Way) -> String {
        let transport = match way {
            Way::Flow(flow) => flow.transport,
            // The transport is seen later.
            Way::Plan(_) => Transport::Udp,
        };
        let sent_by = SentBy {
            host: &self.config.sent_by,
            port: None,
        };
        self.layer.via(transport, sent_by)
    }

    /// A request outside of all dialogs, without what belongs to its method.
    pub(super) fn outside(
        &mut self,
        method: Method<'_>,
        target: &Target,
        from: &str,
        call_id: &str,
        sequence_number: u32,
        way: &Way,
    ) -> Result<RequestBuilder, CommandError> {
        let via = self.via(way);
        let bracketed;
        let to = match &target.to {
            Some(to) => to,
            None => {
                bracketed = alloc::format!("<{}>", target.uri);
                &bracketed
            }
        };
        let (uri, route) = route_of(&target.route, &target.uri);
        let request = RequestBuilder::new(RequestParts {
            method,
            uri: &uri,
            via: &via,
            from,
            to,
            call_id,
            sequence_number,
            max_forwards: 70,
        });
        Ok(self.signed(match route {
            Some(route) => request.header(HeaderName::Route, route),
            None => request,
        }))
    }

    /// The request with Supported, which all but ACK have (RFC 4028 §7.1), and User-Agent.
    pub(super) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match self.supported.as_str() {
            "" => request,
            supported => request.header(HeaderName::Supported, supported),
        };
        match &self.config.product {
            Some(product) => request.header(HeaderName::UserAgent, product),
            None => request,
        }
    }

    /// The way to a target: the top of the route set, or the Request-URI (RFC 3261 §8.1.2).
    pub(super) fn way_to(&mut self, target: &Target) -> Result<Way, CommandError> {
        match target.flow {
            Some(flow) => Ok(Way::Flow(flow)),
            None => self.plan(target.route.first().unwrap_or(&target.uri)),
        }
    }

    pub(super) fn plan(&mut self, uri: &str) -> Result<Way, CommandError> {
        let uri = SipUri::parse(uri).map_err(|_| CommandError::Uri)?;
        if let Some(flow) = self.numeric(&uri) {
            return Ok(Way::Flow(flow));
        }
        let random = self.layer.random() as u64;
        let plan = Plan::of_uri(&uri, &self.config.preferences, random);
        Ok(Way::Plan(Box::new(plan)))
    }

    /// The way to a URI whose host is an address: nobody has to be asked for it.
    fn numeric(&self, uri: &SipUri<&str>) -> Option<Flow> {
        let plain = uri.parameters().as_str().is_empty() && !uri.is_secure();
        if plain {
            let ip = uri.host().ip()?;
            let udp = Transport::Udp;
            let has_udp = self.config.preferences.transports.contains(&udp);
            let port = uri.port().unwrap_or(udp.default_port());
            return has_udp.then(|| Flow::new(udp, SocketAddr::new(ip, port)));
        }
        let mut plan = Plan::of_uri(uri, &self.config.preferences, 0);
        match plan.poll() {
            Step::Try(candidate) if candidate.name.is_none() => {
                Some(Flow::new(candidate.transport, candidate.address))
            }
            _ => None,
        }
    }

    /// The way of the next request within a dialog: that of the one before, as long as route set
    /// and remote target stay.
    pub(super) fn way_within(&mut self, dialog: DialogKey) -> Result<Way, CommandError> {
        let entry = self.dialogs.get(dialog).ok_or(CommandError::Unknown)?;
        let hop = entry.dialog.next_hop();
        if entry.hop.as_deref() == Some(hop) {
            return Ok(Way::Flow(entry.flow));
        }
        let uri = SipUri::parse(hop).map_err(|_| CommandError::Uri)?;
        let Some(numeric) = self.numeric(&uri) else {
            let hop = String::from(hop);
            return self.plan(&hop);
        };
        let (hop, known) = (Box::from(hop), entry.flow);
        let flow = match (numeric.transport, numeric.remote) == (known.transport, known.remote) {
            true => known,
            false => numeric,
        };
        if let Some(entry) = self.dialogs.get_mut(dialog) {
            (entry.hop, entry.flow) = (Some(hop), flow);
        }
        Ok(Way::Flow(flow))
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
    fn try_next(&mut self, now: Instant, id: RequestId) {
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
    fn dispatch(
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

    /// A response to a request of this side has come.
    pub(super) fn handle_response(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        response: Message,
    ) {
        let Some(Use::Client(id)) = self.uses.get(transaction) else {
            return;
        };
        let id = *id;
        let Some(status) = response.status() else {
            return;
        };
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        if status.is_provisional() {
            return self.handle_provisional(now, id, response);
        }
        let what = request.what;
        let invite = matches!(what, What::Invite(_) | What::Reinvite(_));
        if !(invite && status.is_success()) {
            request.transaction = None;
        }
        let challenge = [
            StatusCode::UNAUTHORIZED,
            StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        ]
        .contains(&status);
        if challenge && self.challenge(id, &response) {
            return;
        }
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        if status == StatusCode::SERVICE_UNAVAILABLE && request.plan.is_some() {
            request.failure = Some(Box::new(Failure::Refused(response)));
            return self.try_next(now, id);
        }
        let outcome = match status.is_success() {
            true => Ok(response),
            false => Err(Failure::Refused(response)),
        };
        self.finish(now, id, outcome);
    }

    /// A request of this side has got no response.
    pub(super) fn handle_no_response(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        failure: Failure,
    ) {
        let Some(Use::Client(id)) = self.uses.get(transaction) else {
            return;
        };
        let id = *id;
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        // After the final response of an INVITE: nothing more comes.
        if request.transaction != Some(transaction) {
            return;
        }
        request.transaction = None;
        if let (Failure::Unreachable, Some(TooLarge::For(flow))) = (&failure, request.too_large) {
            // Nobody takes the connection: then by UDP after all (RFC 3261 §18.1.1).
            request.too_large = Some(TooLarge::Refused);
            if self.dispatch(now, id, flow, true).is_ok() {
                return;
            }
        }
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        match request.plan {
            Some(_) => {
                request.failure = Some(Box::new(failure));
                self.try_next(now, id);
            }
            None => self.finish(now, id, Err(failure)),
        }
    }

    /// Hands a challenge to the user, if the request is still wanted.
    fn challenge(&mut self, id: RequestId, response: &Message) -> bool {
        let Some(request) = self.requests.get_mut(id) else {
            return false;
        };
        let purpose = match request.what {
            What::Register(registration) => Purpose::Registration(registration),
            What::Invite(call) if self.calls.get(call).is_none_or(|call| !call.is_wanted()) => {
                return false;
            }
            What::Invite(call)
            | What::Reinvite(call)
            | What::Update(call)
            | What::Prack(call)
            | What::Bye(call) => Purpose::Call(call),
            What::Subscribe(id) | What::Notify(id) => Purpose::Subscription(id),
            What::Publish(id) => Purpose::Publication(id),
            What::User => Purpose::Request,
            What::Ack(_) => return false,
        };
        let Ok(sent) = self.parser.parse_owned(request.message.clone()) else {
            return false;
        };
        request.challenged = true;
        request.failure = Some(Box::new(Failure::Refused(response.clone())));
        let what = request.what;
        match what {
            What::Invite(call) => self.drop_early_dialogs(call),
            What::Reinvite(call) | What::Update(call) => self.modification_pauses(what, call),
            _ => {}
        }
        self.tell(Event::Challenged {
            request: id,
            purpose,
            response: response.clone(),
            sent,
        });
        true
    }

    fn handle_provisional(&mut self, now: Instant, id: RequestId, response: Message) {
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        // This server has it: there is no other one to try.
        request.plan = None;
        match request.what {
            What::Invite(call) => self.invite_progresses(now, id, call, response),
            What::User => self.tell(Event::Response {
                request: id,
                response,
            }),
            _ => {}
        }
    }

    /// A request of this side has come to its end.
    pub(super) fn finish(
        &mut self,
        now: Instant,
        id: RequestId,
        outcome: Result<Message, Failure>,
    ) {
        let outcome = match outcome {
            Err(failure) if self.follows(now, id, &failure) => return,
            Err(failure) => Err(self.best_failure(id, failure)),
            outcome => outcome,
        };
        let Some(request) = self.requests.get(id) else {
            return;
        };
        let (what, dialog) = (request.what, request.dialog);
        if let What::Invite(call) = what {
            return self.invite_is_answered(now, id, call, outcome);
        }
        if let Some(key) = dialog {
            self.note_outcome(now, id, key, &outcome);
        }
        match what {
            What::Register(registration) => {
                self.requests.remove(id);
                self.register_is_answered(now, registration, outcome);
            }
            What::Subscribe(subscription) => {
                self.subscribe_is_answered(now, id, subscription, outcome);
            }
            What::Notify(subscription) => {
                self.requests.remove(id);
                self.notify_is_answered(now, subscription, outcome);
            }
            What::Publish(publication) => {
                self.requests.remove(id);
                self.publish_is_answered(now, publication, outcome);
            }
            What::Bye(call) => {
                self.requests.remove(id);
                self.bye_is_answered(now, call);
            }
            What::User => {
                self.requests.remove(id);
                self.tell(match outcome {
                    Ok(response) | Err(Failure::Refused(response)) => Event::Response {
                        request: id,
                        response,
                    },
                    Err(failure) => Event::Failed {
                        request: id,
                        failure,
                    },
                });
            }
            What::Reinvite(call) => self.modification_is_answered(now, id, call, true, outcome),
            What::Update(call) => self.modification_is_answered(now, id, call, false, outcome),
            What::Prack(_) | What::Invite(_) | What::Ack(_) => {
                self.requests.remove(id);
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
