//! Requests of this side within dialogs, and what becomes of the dialogs (RFC 3261 §12.2, RFC
//! 5057).

use std::time::Instant;

use super::{
    CallId, CommandError, Content, EndCause, Failure, RequestId, UserAgent,
    call::{Input, With},
    handle::DialogKey,
    request::{Request, What},
    way::Way,
};
use crate::{Message, Method, RequestBuilder, StatusCode, dialog::Change};

impl UserAgent {
    /// Sends a request within a dialog.
    pub(super) fn send_within(
        &mut self,
        now: Instant,
        dialog: DialogKey,
        method: Method<'_>,
        content: &Content,
        what: What,
    ) -> Result<RequestId, CommandError> {
        let (request, way) = self.within(dialog, method)?;
        let request = content.add_to_request(request).build()?;
        self.submit(now, Request::new(what, Some(dialog)), request, way)
    }

    /// The next request within a dialog, and its way.
    pub(super) fn within(
        &mut self,
        dialog: DialogKey,
        method: Method<'_>,
    ) -> Result<(RequestBuilder, Way), CommandError> {
        let way = self.way_within(dialog)?;
        let via = self.via(&way);
        let entry = self.dialogs.get_mut(dialog).ok_or(CommandError::Unknown)?;
        let refreshes = [
            Method::INVITE,
            Method::UPDATE,
            Method::SUBSCRIBE,
            Method::NOTIFY,
            Method::REFER,
        ];
        let request = match refreshes.contains(&method) {
            true => entry
                .dialog
                .target_refresh(method, &via, &self.config.contact)?,
            false => entry.dialog.request(method, &via)?,
        };
        Ok((self.signed(request), way))
    }

    /// Tells a dialog what came of a request of this side within it.
    pub(super) fn note_outcome(
        &mut self,
        now: Instant,
        request: RequestId,
        key: DialogKey,
        outcome: &Result<Message, Failure>,
    ) {
        let Some(entry) = self.dialogs.get_mut(key) else {
            return;
        };
        let what = self.requests.get(request).map(|request| request.what);
        let shared = !entry.subscriptions.is_empty();
        let change = match outcome {
            // A BYE ends the call only, and not what else uses the dialog (RFC 5057 §4.1).
            _ if shared && matches!(what, Some(What::Bye(_))) => None,
            Ok(response) | Err(Failure::Refused(response)) => {
                entry.dialog.handle_response(response.view()).ok()
            }
            Err(_) => self.requests.get(request).and_then(|request| {
                let request = self.parser.parse(&request.message).ok()?;
                let (method, cseq) = (request.method()?, request.cseq().ok()?);
                let number = cseq.sequence_number;
                Some(entry.dialog.handle_no_response(method, number))
            }),
        };
        let call = entry.call;
        if let (Some(Change::PeerLost), Some(call)) = (change, call) {
            // What a subscription has lost is not lost for the call (RFC 5057 §5.1).
            let sent = self.requests.get(request);
            let sent = sent.and_then(|sent| self.parser.parse(&sent.message).ok()?.method());
            let others = [Method::SUBSCRIBE, Method::NOTIFY, Method::REFER];
            // RFC 3261 §12.2.1.2 takes any 481 for the end of the dialog, but to a PRACK it is also
            // the answer of a side that knows the dialog and waits for no such PRACK (RFC 3262 §3):
            // one that has passed the 2xx on its way, say, or that is of another fork. It says
            // nothing about a call that a 2xx has confirmed, and if the call is lost indeed, the
            // next request within it will tell.
            let unmatched = sent == Some(Method::PRACK)
                && matches!(outcome, Err(Failure::Refused(response)) if response.status()
                    == Some(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST));
            if !unmatched && sent.is_none_or(|sent| !others.contains(&sent)) {
                self.advance(now, call, Input::Lost, With::cause(EndCause::Lost));
            }
        }
    }

    /// Takes a dialog away, unless something uses it.
    pub(super) fn drop_dialog(&mut self, key: DialogKey) {
        if let Some(entry) = self.dialogs.get_mut(key) {
            entry.call = None;
        }
        self.release_dialog(key);
    }

    /// Takes a dialog away that nothing uses (RFC 5057 §4.2): a call may end and a subscription
    /// go on.
    pub(super) fn release_dialog(&mut self, key: DialogKey) {
        let unused = self
            .dialogs
            .get(key)
            .is_some_and(|entry| entry.call.is_none() && entry.subscriptions.is_empty());
        if unused {
            self.dialogs.remove(key);
        }
    }

    /// Takes the early dialogs of an INVITE of this side away, but for the one that stands.
    pub(super) fn drop_early_dialogs(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let early = core::mem::take(&mut call.early);
        if call.is_wanted() {
            call.dialog = None;
        }
        let stands = call.dialog;
        for key in early {
            if Some(key) != stands {
                self.drop_dialog(key);
            }
        }
    }
}
