//! The branches of a request: to which servers it goes, and what becomes of it (RFC 3261 §16.6
//! items 7 to 10, §16.7 items 4 to 10, §16.8, §16.9).

use alloc::boxed::Box;
use std::time::Instant;

use rfc2396_uri::{SipUri, Uri};

use super::{
    Event, LookupId, Proxy, Request, Target,
    best::{Found, returned},
    context::{Attempt, Branch},
    fingerprint::Fingerprints,
    forward::{Hop, flow_to},
    lookups::Waiting,
    table::{Action, Input, State, table},
};
use crate::{
    HeaderName, Message, QValue, ResponseBuilder, StatusCode,
    headers::{Contact, Element},
    resolve::{Answer, Plan, Step},
    transaction::{CommandError, TransactionId},
    transport::{Flow, Transport},
};

impl Proxy {
    /// Lets something happen to a request.
    pub(super) fn feed(
        &mut self,
        now: Instant,
        id: TransactionId,
        input: Input,
        mut found: Option<Found>,
    ) {
        let Some(context) = self.contexts.get_mut(&id) else {
            return;
        };
        let Some(step) = table(context.state, input) else {
            return;
        };
        context.state = step.next;
        for action in step.actions {
            self.act(now, id, *action, &mut found);
        }
        self.settle(now, id);
    }

    /// Goes on where nothing is under way: with the next targets, or with the best response.
    pub(super) fn settle(&mut self, now: Instant, id: TransactionId) {
        let Some(context) = self.contexts.get(&id) else {
            return;
        };
        let input = match context.state {
            State::Forwarding | State::Closing if context.is_pending() => return,
            State::Forwarding if !context.waiting.is_empty() => Input::NextGroup,
            State::Forwarding | State::Closing => Input::Exhausted,
            _ => return,
        };
        self.feed(now, id, input, None);
    }

    fn act(&mut self, now: Instant, id: TransactionId, action: Action, found: &mut Option<Found>) {
        let Some(context) = self.contexts.get_mut(&id) else {
            return;
        };
        match action {
            Action::StartGroup => {
                for (target, hop) in context.next_group() {
                    self.start(now, id, &target, hop);
                }
            }
            Action::Pass => {
                if let Some(Found::Response(response)) = found.take() {
                    if response.status().is_some_and(StatusCode::is_success) {
                        context.reason.get_or_insert_with(|| ELSEWHERE.into());
                    }
                    self.pass(now, id, &response);
                }
            }
            Action::Store => {
                if let Some(found) = found.take() {
                    context.best.offer(found);
                }
            }
            Action::CancelAll => self.cancel_all(now, id),
            Action::AnswerBest => self.answer_best(now, id),
            Action::AnswerTerminated => {
                self.answer_with(now, id, StatusCode::REQUEST_TERMINATED);
            }
            Action::TellEnded => {
                self.contexts.remove(&id);
                self.tell(Event::Ended { transaction: id });
            }
        }
    }

    /// Begins a branch.
    fn start(&mut self, now: Instant, id: TransactionId, target: &Target, hop: Box<Hop>) {
        let Some(context) = self.contexts.get_mut(&id) else {
            return;
        };
        let Some(request) = context.request.as_deref() else {
            return;
        };
        // What the proxy adds, about: Via, Record-Route.
        let size = request.message.as_bytes().len() + 300;
        let large = Transport::Udp.for_request(size, None) == Transport::Tcp
            && self.large.transports.contains(&Transport::Tcp);
        let preferences = match large {
            true => &self.large,
            false => &self.config.preferences,
        };
        let random = Fingerprints::number(request.fingerprint);
        let plan = target.flow.is_none().then(|| {
            let uri = hop.next.view();
            Box::new(Plan::of_uri(&uri, preferences, random))
        });
        let number = context.branches.len();
        context.branches.push(Branch {
            hop,
            plan,
            large,
            attempt: Attempt::Done,
            provisional: false,
        });
        let sent = match target.flow {
            Some(flow) => self.send(now, id, number, flow),
            None => self.next_server(now, id, number),
        };
        if let Some(context) = self.contexts.get_mut(&id).filter(|_| !sent) {
            // As RFC 3261 §16.6 item 7 wants it where no server is left.
            let status = StatusCode::REQUEST_TIMEOUT;
            context.best.offer(Found::Instead(status));
        }
    }

    /// Tries the next server of a branch; whether there is one, or may be.
    pub(super) fn next_server(&mut self, now: Instant, id: TransactionId, number: usize) -> bool {
        loop {
            let Some(context) = self.contexts.get_mut(&id) else {
                return false;
            };
            if context.state != State::Forwarding {
                return false;
            }
            let Some(branch) = context.branches.get_mut(number) else {
                return false;
            };
            let Some(plan) = &mut branch.plan else {
                return false;
            };
            match plan.poll() {
                Step::Ask(query) => {
                    let waiting = Waiting::Branch(id, number);
                    let timeout = self.config.lookup_timeout;
                    let lookup = self.lookups.add(now, timeout, waiting);
                    branch.attempt = Attempt::Lookup(lookup);
                    self.tell(Event::Lookup { lookup, query });
                    return true;
                }
                Step::Try(candidate) => {
                    let flow = flow_to(&self.config, candidate.transport, candidate.address);
                    if self.send(now, id, number, flow) {
                        return true;
                    }
                }
                Step::Exhausted => return false,
            }
        }
    }

    /// Sends a request to a server; whether that was possible.
    fn send(&mut self, now: Instant, id: TransactionId, number: usize, flow: Flow) -> bool {
        let Some(context) = self.contexts.get_mut(&id) else {
            return false;
        };
        let (Some(request), Some(branch)) =
            (context.request.as_deref(), context.branches.get_mut(number))
        else {
            return false;
        };
        let unique = Fingerprints::branch(&self.layer.branch(), request.fingerprint);
        let Ok(bytes) = branch.hop.write(&self.config, request, &unique, flow) else {
            return false;
        };
        match self.layer.send_request(now, bytes, flow) {
            Ok(client) => {
                branch.attempt = Attempt::Sent(client);
                context.clients += 1;
                self.clients.insert(client, (id, number));
                true
            }
            Err(error) => {
                context.overloaded |= error == CommandError::Full;
                false
            }
        }
    }

    /// A client transaction has come to nothing: a timeout, or a transport error.
    pub(super) fn branch_failed(&mut self, now: Instant, client: TransactionId, transport: bool) {
        let Some(&(id, number)) = self.clients.get(&client) else {
            return;
        };
        let context = self.contexts.get_mut(&id);
        let Some(branch) = context.and_then(|context| context.branches.get_mut(number)) else {
            return;
        };
        if branch.attempt != Attempt::Sent(client) {
            return;
        }
        branch.attempt = Attempt::Done;
        if !branch.provisional && self.next_server(now, id, number) {
            return;
        }
        if transport && self.smaller(id, number) && self.next_server(now, id, number) {
            return;
        }
        self.fail(
            now,
            id,
            match transport {
                true => StatusCode::SERVICE_UNAVAILABLE,
                false => StatusCode::REQUEST_TIMEOUT,
            },
        );
    }

    /// Plans a branch anew whose request went by TCP for its size only, and could not (RFC 3261
    /// §18.1.1); whether there is such a plan.
    fn smaller(&mut self, id: TransactionId, number: usize) -> bool {
        let context = self.contexts.get_mut(&id);
        let Some(branch) = context.and_then(|context| context.branches.get_mut(number)) else {
            return false;
        };
        if !core::mem::take(&mut branch.large) || branch.plan.is_none() {
            return false;
        }
        let uri = branch.hop.next.view();
        branch.plan = Some(Box::new(Plan::of_uri(&uri, &self.config.preferences, 0)));
        true
    }

    /// A branch is over without a response, which counts as one with this status.
    fn fail(&mut self, now: Instant, id: TransactionId, status: StatusCode) {
        let found = Some(Found::Instead(status));
        self.feed(now, id, Input::Failure, found);
    }

    /// The DNS has answered a question, or will not any more.
    pub(super) fn answer(&mut self, now: Instant, lookup: LookupId, answer: Answer) {
        match self.lookups.take(lookup) {
            Some(Waiting::Branch(id, number)) => {
                let context = self.contexts.get_mut(&id);
                let branch = context.and_then(|context| context.branches.get_mut(number));
                let Some(branch) = branch else { return };
                branch.attempt = Attempt::Done;
                if let Some(plan) = &mut branch.plan {
                    plan.handle_answer(answer);
                }
                if !self.next_server(now, id, number) {
                    self.fail(now, id, StatusCode::REQUEST_TIMEOUT);
                }
            }
            Some(Waiting::Stateless(pending)) => self.resume(now, *pending, answer),
            None => {}
        }
    }

    fn cancel_all(&mut self, now: Instant, id: TransactionId) {
        let Some(context) = self.contexts.get_mut(&id) else {
            return;
        };
        context.waiting.clear();
        let reason = context.reason.as_deref();
        for branch in &mut context.branches {
            match branch.attempt {
                Attempt::Lookup(lookup) => {
                    self.lookups.take(lookup);
                    branch.attempt = Attempt::Done;
                }
                // Only an INVITE can be cancelled; the others come to an end by themselves.
                Attempt::Sent(client) => {
                    let _ = self.layer.cancel(now, client, reason);
                }
                Attempt::Done => {}
            }
        }
    }

    fn answer_best(&mut self, now: Instant, id: TransactionId) {
        let Some(context) = self.contexts.get_mut(&id) else {
            return;
        };
        let nothing = match context.cancelled {
            true => StatusCode::REQUEST_TERMINATED,
            false => StatusCode::REQUEST_TIMEOUT,
        };
        let overloaded = context.overloaded;
        let instead = match context.best.take() {
            // Nobody could be served: that is what 503 is for.
            Some(Found::Instead(_)) if overloaded => StatusCode::SERVICE_UNAVAILABLE,
            // That would say that this proxy itself can serve nobody (RFC 3261 §16.7 item 6).
            Some(found) if found.status() == StatusCode::SERVICE_UNAVAILABLE => {
                StatusCode::SERVER_INTERNAL_ERROR
            }
            Some(Found::Response(response)) => {
                let status = response.status().unwrap_or(StatusCode::BAD_GATEWAY);
                let bytes = returned(response.view(), context.best.challenges());
                let sent = bytes.map(|bytes| self.layer.respond(now, id, bytes));
                if let Some(Ok(())) = sent {
                    return self.answered(id, status);
                }
                StatusCode::BAD_GATEWAY
            }
            Some(Found::Instead(StatusCode::REQUEST_TIMEOUT)) | None => nothing,
            Some(Found::Instead(status)) => status,
        };
        self.answer_with(now, id, instead);
    }

    /// Answers a request with a response of this proxy itself.
    pub(super) fn answer_with(&mut self, now: Instant, id: TransactionId, status: StatusCode) {
        let context = self.contexts.get(&id);
        let Some(request) = context.and_then(|context| context.request.as_deref()) else {
            return;
        };
        let message = request.message.view();
        let tag = self.fingerprints.tag(message);
        let mut response = ResponseBuilder::to(message, status, &tag);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = self.config.transaction.retry_after;
            response = response.header(HeaderName::RetryAfter, seconds);
        }
        if let Ok(response) = response.build() {
            let _ = self.layer.respond(now, id, response);
        }
        self.answered(id, status);
    }

    /// Takes the contacts of a redirection as targets, if that is wanted, and out of the response,
    /// with those that were tried already; what is left of it, if anything is (RFC 3261 §16.7
    /// item 4).
    pub(super) fn without_redirection(
        &mut self,
        id: TransactionId,
        response: Message,
    ) -> Option<Found> {
        let max = self.config.max_targets;
        let wanted = self.config.recursion && response.status() != Some(StatusCode::USE_PROXY);
        let context = self
            .contexts
            .get_mut(&id)
            .filter(|context| wanted && context.state == State::Forwarding);
        let Some(context) = context else {
            return Some(Found::Response(response));
        };
        let request = context.request.take();
        let (mut edit, mut taken, mut added, mut left) = (response.view().edit(), 0, 0, 0);
        for element in response.view().elements(HeaderName::Contact) {
            // More targets than that there are not, whatever the response says.
            let request = request
                .as_deref()
                .filter(|request| request.responsible && taken < max);
            let target = request.and_then(|request| redirected(request, element));
            match target {
                Some((target, hop)) => {
                    edit.remove_element(element);
                    taken += 1;
                    added += usize::from(context.add(target, hop, max));
                }
                None => left += 1,
            }
        }
        context.request = request;
        match (taken, added, left) {
            (0, ..) => Some(Found::Response(response)),
            // It has led round in a circle.
            (_, 0, 0) => Some(Found::Instead(StatusCode::TEMPORARILY_UNAVAILABLE)),
            (_, _, 0) => None,
            _ => Message::parse(edit.finish().ok()?)
                .ok()
                .map(Found::Response),
        }
    }
}

/// The target that a contact of a redirection is, if it may be one: a SIP URI, and no step back
/// from SIPS.
fn redirected(request: &Request, contact: Element<'_>) -> Option<(Target, Hop)> {
    let contact = crate::headers::read_element::<Contact<'_>>("", contact).ok()?;
    let contact = contact.address()?;
    let secure = |uri: Uri<&str>| uri.as_sip().is_some_and(SipUri::is_secure);
    let from_secure = request.message.request_uri().is_ok_and(secure);
    let uri = contact.uri();
    let usable = uri.as_sip().is_some() && (secure(uri) || !from_secure);
    let target = Target::new(uri.as_str()).q(contact.q().unwrap_or(QValue::MAX));
    let hop = Hop::new(request, &target).ok()?;
    usable.then_some((target, hop))
}

/// Why the other branches are cancelled when one has accepted the call (RFC 3326 §3.1).
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
