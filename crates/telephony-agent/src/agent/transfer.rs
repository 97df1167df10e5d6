//! Transfers: REFER, what becomes of it, and Replaces (RFC 3515, RFC 3891, RFC 5589).

use std::time::Instant;

use rfc2396_uri::{SipUri, percent};
use rfc3261_sip::headers::ReferTo;
use rfc3261_sip::user_agent::{Content, Failure, SubscriptionId, referral_status};
use rfc3261_sip::{HeaderName, Message, StatusCode};

use super::call::{Outgoing, Refer};
use super::{Agent, AgentError, CallId, Event, MediaAddress};
use crate::Security;

impl Agent {
    /// Asks the peer of a call to call somebody else: [`Event::Transferring`] tells what comes of
    /// it. This call stands until it is hung up.
    ///
    /// # Errors
    ///
    /// The call does not stand.
    pub fn transfer(&mut self, now: Instant, call: CallId, uri: &str) -> Result<(), AgentError> {
        self.refer(now, call, &format!("<{uri}>"))
    }

    /// Asks the peer of a call to call the peer of another one, in the place of this side.
    ///
    /// # Errors
    ///
    /// One of the calls does not stand.
    pub fn transfer_to_call(
        &mut self,
        now: Instant,
        call: CallId,
        other: CallId,
    ) -> Result<(), AgentError> {
        let other = self.signalling(other)?;
        let dialog = self.user_agent.dialog(other).ok_or(AgentError::State)?;
        let replaces = self.user_agent.replaces(other).ok_or(AgentError::State)?;
        let replaces = percent::encode(&replaces, percent::Component::Header);
        let target = without_headers(dialog.remote_target());
        let refer_to = format!("<{target}?Replaces={replaces}>");
        self.refer(now, call, &refer_to)
    }

    /// Calls whom the peer of a call wants to be called, with the media to be received there; the
    /// peer is told what becomes of it.
    ///
    /// # Errors
    ///
    /// Nobody has asked, or the URI leads nowhere.
    pub fn follow_transfer(
        &mut self,
        now: Instant,
        call: CallId,
        media: MediaAddress,
    ) -> Result<CallId, AgentError> {
        let found = self.calls.get_mut(&call).ok_or(AgentError::Unknown)?;
        let refer = found.refer.take().ok_or(AgentError::State)?;
        let subscription = refer.subscription;
        self.user_agent
            .accept_subscription(now, subscription, &Content::new())?;
        let id = self.new_call_id();
        let outgoing = Outgoing {
            uri: refer.target,
            media,
            headers: refer.headers,
            secure: self.config.security.security != Security::Off,
        };
        let called = self.invite(now, id, outgoing, Some(subscription));
        if called.is_err() {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let _ = self.user_agent.notify_referral(now, subscription, status);
        }
        self.pump(now);
        called.map(|()| id)
    }

    /// Does not call whom the peer of a call wants to be called.
    ///
    /// # Errors
    ///
    /// Nobody has asked.
    pub fn refuse_transfer(&mut self, now: Instant, call: CallId) -> Result<(), AgentError> {
        let found = self.calls.get_mut(&call).ok_or(AgentError::Unknown)?;
        let refer = found.refer.take().ok_or(AgentError::State)?;
        self.refuse_referral(now, refer.subscription, StatusCode::DECLINE);
        self.pump(now);
        Ok(())
    }

    fn refer(&mut self, now: Instant, call: CallId, refer_to: &str) -> Result<(), AgentError> {
        let signalling = self.signalling(call)?;
        let from = self.config.user_agent.from.clone();
        let content = Content::new().header("Referred-By", from);
        let subscription = self.user_agent.refer(now, signalling, refer_to, &content)?;
        self.referring.insert(subscription, call);
        self.pump(now);
        Ok(())
    }

    fn refuse_referral(&mut self, now: Instant, subscription: SubscriptionId, status: StatusCode) {
        // The one who asked may be gone.
        let _ = self
            .user_agent
            .refuse_subscription(now, subscription, status, &Content::new());
    }

    /// The peer wants somebody to be called. What cannot be done is refused at once.
    pub(super) fn referred(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        call: Option<CallId>,
        request: &Message,
    ) {
        let found = call.and_then(|id| Some((id, self.calls.get_mut(&id)?)));
        let read = match found {
            Some((_, call)) if call.refer.is_some() => Err(StatusCode::REQUEST_PENDING),
            Some((id, call)) => read(subscription, request).map(|refer| {
                let target = refer.target.clone();
                call.refer = Some(refer);
                Event::TransferRequested { call: id, target }
            }),
            None => Err(StatusCode::FORBIDDEN),
        };
        match read {
            Ok(event) => self.event(event),
            Err(status) => self.refuse_referral(now, subscription, status),
        }
    }

    /// The peer tells how far it is with calling somebody.
    pub(super) fn notified(&mut self, subscription: SubscriptionId, request: &Message) {
        let call = self.referring.get(&subscription).copied();
        if let (Some(call), Some(status)) = (call, referral_status(request)) {
            if !status.is_provisional() {
                self.referring.remove(&subscription);
            }
            self.event(Event::Transferring { call, status });
        }
    }

    /// The peer tells nothing more. Unless it has come to an end before, that is the end.
    pub(super) fn referral_ended(
        &mut self,
        subscription: SubscriptionId,
        failure: Option<&Failure>,
    ) {
        if let Some(call) = self.referring.remove(&subscription) {
            let status = failure.map_or(StatusCode::REQUEST_TIMEOUT, Failure::status);
            self.event(Event::Transferring { call, status });
        }
    }

    /// Tells the one who has asked for a call how far that is.
    pub(super) fn tell_asker(&mut self, now: Instant, id: CallId, status: StatusCode) {
        let asker = self.calls.get_mut(&id).and_then(|call| match status {
            status if status.is_provisional() => call.asked_by,
            _ => call.asked_by.take(),
        });
        if let Some(asker) = asker {
            // The one who asked may be gone.
            let _ = self.user_agent.notify_referral(now, asker, status);
        }
    }
}

/// What a REFER asks for.
fn read(subscription: SubscriptionId, request: &Message) -> Result<Refer, StatusCode> {
    let refer_to = request.typed::<ReferTo<'_>>();
    let refer_to = refer_to.map_err(|_| StatusCode::BAD_REQUEST)?;
    let uri = refer_to.uri();
    let uri = SipUri::parse(uri.as_str()).map_err(|_| StatusCode::UNSUPPORTED_URI_SCHEME)?;
    if uri.method().is_some_and(|method| method != "INVITE") {
        return Err(StatusCode::NOT_IMPLEMENTED);
    }
    let mut headers = Vec::new();
    for header in uri.headers() {
        if header.name().eq_ignore_ascii_case("Replaces") {
            let value = percent::decode_lossy(header.value());
            headers.push(("Replaces", value.into_owned()));
        }
    }
    if let Some(referred_by) = request.first(HeaderName::ReferredBy) {
        let value = referred_by.value_str().unwrap_or_default();
        headers.push(("Referred-By", value.to_string()));
    }
    Ok(Refer {
        subscription,
        target: without_headers(uri.as_str()).to_string(),
        headers,
    })
}

/// A URI without the header fields that it has behind a question mark.
fn without_headers(uri: &str) -> &str {
    uri.split('?').next().unwrap_or(uri)
}
