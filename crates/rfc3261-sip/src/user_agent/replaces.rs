//! Calls that take the place of others (RFC 3891).

use alloc::string::String;
use std::time::Instant;

use super::{
    CallId, CallState, EndCause, UserAgent,
    call::{Input, With},
};
use crate::{HeaderName, MessageRef, StatusCode, dialog::DialogId, headers::Replaces};

/// The option tag.
pub(super) const TAG: &str = "replaces";

impl UserAgent {
    /// The value of Replaces with which somebody else can take this side's place in a call, for
    /// the Refer-To of a transfer for instance: `<sip:bob@example.com?Replaces=...>`, where it
    /// is to be escaped.
    #[must_use]
    pub fn replaces(&self, call: CallId) -> Option<String> {
        let id = self.dialog(call)?.id();
        let local = id.local_tag().unwrap_or("0");
        let remote = id.remote_tag().unwrap_or("0");
        let call_id = id.call_id();
        Some(alloc::format!("{call_id};to-tag={remote};from-tag={local}"))
    }

    /// The call that an INVITE wants to take the place of, or what it is answered with
    /// (RFC 3891 §3).
    pub(super) fn replaced_by(
        &self,
        request: MessageRef<'_>,
    ) -> Result<Option<CallId>, StatusCode> {
        if !self.config.supports(TAG) {
            return Ok(None);
        }
        let count = request.fields_named(HeaderName::Replaces).count();
        let replaces = match count {
            0 => return Ok(None),
            1 => request.typed::<Replaces<'_>>(),
            _ => return Err(StatusCode::BAD_REQUEST),
        };
        let joins = request.first(HeaderName::Join).is_some();
        let replaces = replaces
            .ok()
            .filter(|_| !joins)
            .ok_or(StatusCode::BAD_REQUEST)?;
        let gone = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        // A tag of 0 is that of an old peer which has none.
        let tag = |tag| Some(tag).filter(|tag| *tag != "0");
        let id = |local, remote| DialogId::new(replaces.call_id, local, remote);
        let (local, remote) = (replaces.to_tag, replaces.from_tag);
        let key = self
            .dialogs
            .find(&id(Some(local), Some(remote)))
            .or_else(|| self.dialogs.find(&id(tag(local), tag(remote))))
            .ok_or(gone)?;
        let call = self
            .dialogs
            .get(key)
            .and_then(|entry| entry.call)
            .ok_or(gone)?;
        match self.call_state(call) {
            CallState::Accepted | CallState::Established if replaces.is_early_only() => {
                Err(StatusCode::BUSY_HERE)
            }
            CallState::Accepted | CallState::Established | CallState::Proceeding => Ok(Some(call)),
            // An early dialog that the other side has begun is not replaced.
            CallState::Ringing | CallState::Calling => Err(gone),
            _ => Err(StatusCode::DECLINE),
        }
    }

    /// Ends the call that this one takes the place of, now that it is answered.
    pub(super) fn replace(&mut self, now: Instant, id: CallId) {
        let replaced = self.calls.get_mut(id).and_then(|call| call.replaces.take());
        if let Some(replaced) = replaced {
            let with = With::cause(EndCause::Replaced(id));
            self.advance(now, replaced, Input::HangUp, with);
        }
    }
}
