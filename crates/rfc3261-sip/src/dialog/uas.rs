//! The server's part: requests within a dialog and their responses (RFC 3261 §12.1.1, §12.2.2).

use alloc::boxed::Box;

use super::{
    Change, Dialog, DialogError, DialogId, DialogState, Refusal, Role, route, table::Event,
    unfolded,
};
use crate::{
    HeaderName, MessageRef, Method, ResponseBuilder, StatusCode,
    headers::{Contact, RecordRoute},
};

impl Dialog {
    /// Takes a request that has come: whether it is of this dialog, and in order. ACK and CANCEL
    /// have the number of their INVITE and are in order always. Nothing but the remote sequence
    /// number changes before the request is [answered](Self::responded).
    ///
    /// # Errors
    ///
    /// What the request is to be answered with is [`Refusal::status`]: 481 where it is of another
    /// dialog or this one is over, 500 where its number is not above the last, 400 where it is to
    /// replace the target and its Contact cannot be read.
    pub fn handle_request(&mut self, request: MessageRef<'_>) -> Result<(), Refusal> {
        if request.method() == Some(Method::CANCEL) {
            return Ok(());
        }
        if DialogId::of_request(request)? != self.id {
            return Err(Refusal::NoDialog);
        }
        self.handle_own_request(request)
    }

    /// The same, where the identifier was compared already.
    pub(crate) fn handle_own_request(&mut self, request: MessageRef<'_>) -> Result<(), Refusal> {
        let method = request.method().ok_or(Refusal::NoDialog)?;
        if method == Method::ACK {
            return Ok(());
        }
        if self.state == DialogState::Terminated {
            return Err(Refusal::NoDialog);
        }
        let number = request.cseq()?.sequence_number;
        if self.remote_sequence_number >= Some(number) {
            return Err(Refusal::OutOfOrder);
        }
        self.remote_sequence_number = Some(number);
        if route::is_target_refresh(method) {
            route::target(request)?;
        }
        Ok(())
    }

    /// The response to a request that established the dialog or is within it. One of 101 to 299
    /// has the request's Record-Route and this Contact, which a BYE or another request that needs
    /// none may go without.
    ///
    /// # Errors
    ///
    /// [`DialogError::Contact`] unless the URI is of SIP, and of SIPS where the request or the
    /// dialog came by one.
    pub fn response(
        &self,
        request: MessageRef<'_>,
        status: StatusCode,
        contact_uri: Option<&str>,
    ) -> Result<ResponseBuilder, DialogError> {
        let tag = self.id.local_tag().unwrap_or_default();
        let mut response = ResponseBuilder::to(request, status, tag);
        if !(101..300).contains(&status.get()) {
            return Ok(response);
        }
        for field in request.fields_named(HeaderName::RecordRoute) {
            if let Some(value) = field.value_str() {
                response = response.header(HeaderName::RecordRoute, unfolded(value));
            }
        }
        if let Some(uri) = contact_uri {
            route::check_contact(uri, self.secure || came_by_sips(request))?;
            response = response.header(HeaderName::Contact, format_args!("<{uri}>"));
        }
        Ok(response)
    }

    /// Notes that a request which [was taken](Self::handle_request), or which established the
    /// dialog, has been answered with this status: only now it has its effect.
    pub fn responded(
        &mut self,
        request: MessageRef<'_>,
        status: StatusCode,
    ) -> Result<Change, Refusal> {
        let (method, cseq) = (request.method().ok_or(Refusal::NoDialog)?, request.cseq()?);
        if method == Method::CANCEL {
            return Ok(Change::None);
        }
        if self.role == Role::Uas && cseq.sequence_number == self.origin {
            return Ok(match status.get() {
                100 => Change::None,
                101..=199 => self.apply(Event::Provisional),
                200..=299 => self.apply(Event::Success),
                _ => self.apply(Event::Failure),
            });
        }
        if !status.is_success() {
            return Ok(Change::None);
        }
        if method == Method::BYE {
            return Ok(self.apply(Event::ByeDone));
        }
        if route::is_target_refresh(method) {
            let target = route::target(request)?;
            return Ok(self.refresh(target));
        }
        Ok(Change::None)
    }

    /// A target refresh request has been accepted, whose other side has named this Contact.
    pub(super) fn refresh(&mut self, target: Option<Box<str>>) -> Change {
        match target {
            None => Change::None,
            Some(_) if self.state == DialogState::Terminated => Change::None,
            Some(target) => {
                self.remote_target = target;
                self.apply(Event::Refreshed)
            }
        }
    }
}

/// Whether a request has a SIPS URI where that obliges the one who answers: in the request line,
/// or in the top Record-Route, or, without that, in Contact (§12.1.1).
fn came_by_sips(request: MessageRef<'_>) -> bool {
    let sips = |uri: rfc2396_uri::Uri<&str>| route::is_sips(uri.as_str());
    let last_hop = match request.get::<RecordRoute<'_>>() {
        Some(top) => top.ok().map(|top| top.uri()),
        None => request
            .contact()
            .ok()
            .and_then(|contact: Contact<'_>| contact.uri()),
    };
    request.request_uri().is_ok_and(sips) || last_hop.is_some_and(sips)
}
