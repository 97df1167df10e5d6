//! Transfers: REFER, what becomes of it, and Replaces (RFC 3515, RFC 3891, RFC 5589).

use std::time::Instant;

use rfc2396_uri::{SipUri, percent};
use rfc3261_sip::headers::ReferTo;
use rfc3261_sip::user_agent::{Content, IncomingId};
use rfc3261_sip::{HeaderName, Message, Method, StatusCode};

use super::body;
use super::call::{Outgoing, Refer};
use super::event::Sent;
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
        let dialog = self
            .user_agent
            .dialog(self.signalling(other)?)
            .ok_or(AgentError::State)?;
        let id = dialog.id();
        // To-tag and from-tag as the one who is called sees them.
        let replaces = format!(
            "{};to-tag={};from-tag={}",
            id.call_id(),
            id.remote_tag().unwrap_or_default(),
            id.local_tag().unwrap_or_default()
        );
        let replaces = percent::encode(&replaces, percent::Component::Header);
        let target = dialog.remote_target();
        let target = target.split('?').next().unwrap_or(target);
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
        let (incoming, content) = (refer.incoming, Content::new());
        self.user_agent
            .respond(now, incoming, StatusCode::ACCEPTED, &content)?;
        let id = self.new_call_id();
        let outgoing = Outgoing {
            uri: refer.target,
            media,
            headers: refer.headers,
            secure: self.config.security.security != Security::Off,
        };
        match self.invite(now, id, outgoing, Some(call)) {
            Ok(()) => self.notify(now, call, StatusCode::TRYING),
            Err(error) => {
                self.notify(now, call, StatusCode::SERVICE_UNAVAILABLE);
                self.pump(now);
                return Err(error);
            }
        }
        self.pump(now);
        Ok(id)
    }

    /// Does not call whom the peer of a call wants to be called.
    ///
    /// # Errors
    ///
    /// Nobody has asked.
    pub fn refuse_transfer(&mut self, now: Instant, call: CallId) -> Result<(), AgentError> {
        let found = self.calls.get_mut(&call).ok_or(AgentError::Unknown)?;
        let refer = found.refer.take().ok_or(AgentError::State)?;
        let (incoming, content) = (refer.incoming, Content::new());
        self.user_agent
            .respond(now, incoming, StatusCode::DECLINE, &content)?;
        self.pump(now);
        Ok(())
    }

    fn refer(&mut self, now: Instant, call: CallId, refer_to: &str) -> Result<(), AgentError> {
        let signalling = self.signalling(call)?;
        let content = Content::new()
            .header("Refer-To", refer_to)
            .header("Referred-By", self.config.user_agent.from.clone());
        let request = self
            .user_agent
            .request_within(now, signalling, Method::REFER, &content)?;
        self.sent.insert(request, (call, Sent::Refer));
        self.pump(now);
        Ok(())
    }

    /// The peer wants somebody to be called. What cannot be done is refused at once.
    pub(super) fn referred(
        &mut self,
        incoming: IncomingId,
        id: CallId,
        request: &Message,
    ) -> Result<(), StatusCode> {
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
        let target = uri.as_str();
        let target = target.split('?').next().unwrap_or(target).to_string();
        let call = self.calls.get_mut(&id).ok_or(StatusCode::FORBIDDEN)?;
        if call.refer.is_some() {
            return Err(StatusCode::REQUEST_PENDING);
        }
        call.refer = Some(Refer {
            incoming,
            target: target.clone(),
            headers,
        });
        self.event(Event::TransferRequested { call: id, target });
        Ok(())
    }

    /// The peer tells how far it is with calling somebody.
    pub(super) fn notified(&mut self, call: CallId, request: &Message) -> StatusCode {
        let is_refer = request
            .first(HeaderName::Event)
            .and_then(|event| event.value_str())
            .and_then(|event| event.split(';').next())
            .is_some_and(|event| event.trim().eq_ignore_ascii_case("refer"));
        if !is_refer {
            return StatusCode::BAD_EVENT;
        }
        if let Some(status) = body::fragment_status(request.view()) {
            self.event(Event::Transferring { call, status });
        }
        StatusCode::OK
    }

    /// Tells the peer that has asked for a call how far that is.
    pub(super) fn tell_asker(&mut self, now: Instant, id: CallId, status: StatusCode) {
        let asker = self.calls.get_mut(&id).and_then(|call| match status {
            status if status.is_provisional() => call.asked_by,
            _ => call.asked_by.take(),
        });
        if let Some(asker) = asker {
            self.notify(now, asker, status);
        }
    }

    fn notify(&mut self, now: Instant, id: CallId, status: StatusCode) {
        let Ok(signalling) = self.signalling(id) else {
            return; // whoever asked has hung up
        };
        let state = match status.is_provisional() {
            true => "active;expires=180",
            false => "terminated;reason=noresource",
        };
        let fragment = format!("SIP/2.0 {status} {}\r\n", status.reason_phrase());
        let content = Content::body("message/sipfrag;version=2.0", fragment)
            .header("Event", "refer")
            .header("Subscription-State", state);
        let sent = self
            .user_agent
            .request_within(now, signalling, Method::NOTIFY, &content);
        if let Ok(request) = sent {
            self.sent.insert(request, (id, Sent::Notify));
        }
    }
}
