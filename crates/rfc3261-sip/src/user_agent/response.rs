//! What comes back to the requests of this side (RFC 3261 §8.1.3).

use alloc::boxed::Box;
use std::time::Instant;

use super::{
    Event, Failure, Purpose, RequestId, UserAgent,
    request::{TooLarge, What},
    uses::Use,
};
use crate::{Message, StatusCode, transaction::TransactionId};

impl UserAgent {
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
    pub(super) fn challenge(&mut self, id: RequestId, response: &Message) -> bool {
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

    pub(super) fn handle_provisional(&mut self, now: Instant, id: RequestId, response: Message) {
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
