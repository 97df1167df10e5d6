//! The client's part: requests within a dialog and what comes back (RFC 3261 §12.2.1, §13.2.2.4).

use super::{
    Change, Dialog, DialogError, DialogId, DialogState, Refusal, Role,
    route::{self, RouteSet},
    table::Event,
};
use crate::{HeaderName, MessageRef, Method, RequestBuilder, RequestParts, StatusCode};

impl Dialog {
    /// The next request within the dialog: Request-URI, Route, From, To, Call-ID, the next number
    /// in CSeq and Max-Forwards are there; `via` is the value of Via. What else belongs to the
    /// method is to be added.
    ///
    /// Each call takes a number, also that which repeats a request with credentials.
    pub fn request(
        &mut self,
        method: Method<'_>,
        via: &str,
    ) -> Result<RequestBuilder, DialogError> {
        if [Method::ACK, Method::CANCEL].contains(&method) {
            return Err(DialogError::AckOrCancel);
        }
        let called = self.role == Role::Uas;
        match self.state {
            DialogState::Terminated => return Err(DialogError::Terminated),
            DialogState::Early if method == Method::INVITE || (method == Method::BYE && called) => {
                return Err(DialogError::Early);
            }
            _ => {}
        }
        let number = self
            .local_sequence_number
            .map_or(1, |last| last.saturating_add(1));
        if number > i32::MAX.unsigned_abs() {
            return Err(DialogError::NumbersExhausted);
        }
        self.local_sequence_number = Some(number);
        Ok(self.build(method, number, via))
    }

    /// The next request within the dialog with the Contact that the peer is to use from now on: a
    /// re-INVITE, an UPDATE or another that changes the remote target.
    ///
    /// # Errors
    ///
    /// [`DialogError::Contact`] unless the URI is of SIP, and of SIPS where the dialog is
    /// [secure](Self::is_secure).
    pub fn target_refresh(
        &mut self,
        method: Method<'_>,
        via: &str,
        contact_uri: &str,
    ) -> Result<RequestBuilder, DialogError> {
        route::check_contact(contact_uri, self.secure)?;
        let request = self.request(method, via)?;
        Ok(request.header(HeaderName::Contact, format_args!("<{contact_uri}>")))
    }

    /// The ACK for a 2xx response to an INVITE, over the target and the route set of this very
    /// dialog (§13.2.2.4). Each repetition of the response wants one, also when the dialog is
    /// over. `via` has a branch of its own; the credentials of the INVITE are to be added.
    ///
    /// [`handle_response`](Self::handle_response) goes first.
    ///
    /// # Errors
    ///
    /// [`DialogError::NotAcknowledged`] if the response is of another dialog, that of another
    /// fork for instance, or no 2xx to an INVITE.
    pub fn ack(&self, response: MessageRef<'_>, via: &str) -> Result<RequestBuilder, DialogError> {
        let is_success = response.status().is_some_and(StatusCode::is_success);
        let same = DialogId::of_response(response).is_ok_and(|id| id == self.id);
        match response.cseq() {
            Ok(cseq) if is_success && same && cseq.method == Method::INVITE => {
                Ok(self.build(Method::ACK, cseq.sequence_number, via))
            }
            _ => Err(DialogError::NotAcknowledged),
        }
    }

    /// The ACK for a 2xx response to the INVITE with this number.
    #[cfg(feature = "std")]
    pub(crate) fn ack_of(&self, sequence_number: u32, via: &str) -> RequestBuilder {
        self.build(Method::ACK, sequence_number, via)
    }

    /// Takes a response to a request of this side: to the one that established the dialog, or to
    /// one within it.
    ///
    /// A response that fails the former ends the dialog whatever tag it has: give it to all early
    /// dialogs of the INVITE.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoDialog`] if the response is of another dialog: a 1xx or 2xx to an INVITE with
    /// another tag may make a new one with [`Dialog::uac`].
    pub fn handle_response(&mut self, response: MessageRef<'_>) -> Result<Change, Refusal> {
        self.handle_response_as(&DialogId::of_response(response)?, response)
    }

    /// The same, where the identifier was read already.
    pub(crate) fn handle_response_as(
        &mut self,
        id: &DialogId<'_>,
        response: MessageRef<'_>,
    ) -> Result<Change, Refusal> {
        let status = response.status().ok_or(Refusal::NoDialog)?;
        let cseq = response.cseq()?;
        if (id.call_id(), id.local_tag()) != (self.id.call_id(), self.id.local_tag()) {
            return Err(Refusal::NoDialog);
        }
        if status == StatusCode::TRYING || cseq.method == Method::CANCEL {
            return Ok(Change::None);
        }
        let number = cseq.sequence_number;
        if self.role == Role::Uac && number == self.origin {
            if status.get() >= 300 {
                return Ok(self.apply(Event::Failure));
            }
            if *id != self.id {
                return Err(Refusal::NoDialog);
            }
            return self.established(response, status);
        }
        // Peers of RFC 2543 go without a tag, or find one late: the transaction has matched it.
        if id.remote_tag().is_some() && self.id.remote_tag().is_some() && *id != self.id {
            return Err(Refusal::NoDialog);
        }
        if status.is_success() && route::is_target_refresh(cseq.method) {
            // A repeated 2xx does not bring back a target that has been replaced since.
            if self.refreshed >= Some(number) {
                return Ok(Change::None);
            }
            let target = route::target(response)?;
            self.refreshed = Some(number);
            return Ok(self.refresh(target));
        }
        Ok(self.finished(cseq.method, status))
    }

    /// Notes that a request has no response: the transaction ran out of time, or the transport
    /// failed. That counts as 408 (§12.2.1.2).
    pub fn handle_no_response(&mut self, method: Method<'_>, sequence_number: u32) -> Change {
        if method == Method::CANCEL {
            return Change::None;
        }
        if self.role == Role::Uac && sequence_number == self.origin {
            return self.apply(Event::Failure);
        }
        self.finished(method, StatusCode::REQUEST_TIMEOUT)
    }

    /// The request that established the dialog has got further. The 2xx has the route set that
    /// counts (§13.2.2.4): an old proxy or peer may have left it out of the responses before.
    fn established(
        &mut self,
        response: MessageRef<'_>,
        status: StatusCode,
    ) -> Result<Change, Refusal> {
        if status.is_provisional() {
            return Ok(self.apply(Event::Provisional));
        }
        if self.state == DialogState::Early {
            let route_set = RouteSet::of_response(response)?;
            if let Some(target) = route::target(response)? {
                self.remote_target = target;
            }
            self.route_set = route_set;
        }
        Ok(self.apply(Event::Success))
    }

    /// A request within the dialog has a response that changes no target.
    fn finished(&mut self, method: Method<'_>, status: StatusCode) -> Change {
        match status.get() {
            100..=199 => Change::None,
            401 | 407 if method == Method::BYE => Change::None,
            _ if method == Method::BYE => self.apply(Event::ByeDone),
            408 | 481 => self.apply(Event::Lost),
            _ => Change::None,
        }
    }

    fn build(&self, method: Method<'_>, sequence_number: u32, via: &str) -> RequestBuilder {
        let way = self.route_set.way(&self.remote_target);
        let request = RequestBuilder::new(RequestParts {
            method,
            uri: &way.request_uri,
            via,
            from: &self.local,
            to: &self.remote,
            call_id: self.id.call_id(),
            sequence_number,
            max_forwards: 70,
        });
        match way.route {
            Some(route) => request.header(HeaderName::Route, route),
            None => request,
        }
    }
}
