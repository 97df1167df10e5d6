//! The ACKs for 2xx responses to the INVITEs of this side (RFC 3261 §13.2.2.4).

use alloc::boxed::Box;
use std::time::Instant;

use bytes::Bytes;

use super::{
    CallId, CommandError, Content, RequestId, UserAgent,
    handle::DialogKey,
    request::{Request, What},
    way::Way,
};
use crate::{HeaderName, transaction, transport::Flow};

impl UserAgent {
    /// Sends the ACK that waits for the user, with the answer to the offer of the 2xx response.
    pub fn acknowledge(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.send_owed_ack(now, call, content)?;
        self.pump(now);
        Ok(())
    }

    pub(super) fn send_owed_ack(
        &mut self,
        now: Instant,
        call: CallId,
        content: &Content,
    ) -> Result<(), CommandError> {
        let found = self.calls.get_mut(call).ok_or(CommandError::Unknown)?;
        let (Some(tag), Some(invite), Some(key)) =
            (found.owed_ack.take(), found.invite, found.dialog)
        else {
            return Err(CommandError::State);
        };
        if content.has_session() {
            found.exchange.description_sent();
            found.description.clone_from(&content.body);
        }
        self.make_ack(now, invite, key, &tag, content)
    }

    /// Makes the ACK for the 2xx response with this tag, and sends it (RFC 3261 §13.2.2.4): with
    /// the credentials of the INVITE.
    pub(super) fn make_ack(
        &mut self,
        now: Instant,
        invite: RequestId,
        key: DialogKey,
        tag: &str,
        content: &Content,
    ) -> Result<(), CommandError> {
        let way = self.way_within(key)?;
        let via = self.via(&way);
        let request = self.requests.get(invite).ok_or(CommandError::State)?;
        let entry = self.dialogs.get(key).ok_or(CommandError::Unknown)?;
        let view = self.parser.parse(&request.message);
        let view = view.map_err(transaction::CommandError::Invalid)?;
        let cseq = view.cseq().map_err(transaction::CommandError::Invalid)?;
        let mut ack = entry.dialog.ack_of(cseq.sequence_number, &via);
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for field in view.fields_named(name) {
                ack = ack.header(name, field.value_str().unwrap_or_default());
            }
        }
        let message = content.add_to_request(ack).build()?;
        match way {
            Way::Flow(flow) => {
                self.note_ack(invite, tag, message.clone(), flow);
                self.layer.send(message, flow);
            }
            Way::Plan(_) => {
                let request = Request::new(What::Ack(invite), Some(key));
                self.submit(now, request, message, way)?;
            }
        }
        Ok(())
    }

    pub(super) fn note_ack(&mut self, invite: RequestId, tag: &str, message: Bytes, flow: Flow) {
        let request = self.requests.get_mut(invite);
        let ack = request.and_then(|request| request.acks.iter_mut().find(|ack| *ack.tag == *tag));
        if let Some(ack) = ack {
            (ack.message, ack.flow) = (message, Some(flow));
        }
    }

    /// Sends an ACK whose way is known by now.
    pub(super) fn send_ack(&mut self, invite: RequestId, message: Bytes, flow: Flow) {
        let tag = self.parser.parse(&message).ok().and_then(|ack| {
            let to = ack.to().ok()?;
            Some(Box::<str>::from(to.tag().unwrap_or_default()))
        });
        self.note_ack(invite, &tag.unwrap_or_default(), message.clone(), flow);
        self.layer.send(message, flow);
    }

    /// Sends the ACK again for a copy of a 2xx response: it was lost. Whether the response is a
    /// copy.
    pub(super) fn resend_ack(&mut self, invite: RequestId, tag: &str) -> bool {
        let request = self.requests.get(invite);
        let Some(ack) =
            request.and_then(|request| request.acks.iter().find(|ack| *ack.tag == *tag))
        else {
            return false;
        };
        if let Some(flow) = ack.flow {
            self.layer.send(ack.message.clone(), flow);
        }
        true
    }
}
