//! What a layer does when something happens to a transaction: the step of its machine, and the
//! actions on the way (RFC 3261 §17).

use std::time::Instant;

use bytes::Bytes;

use super::{
    CommandError, Event, Kind, Output, State, TransactionId, TransactionLayer, Transmit, derive,
    key::Key,
    machine::{Action, Input, Step},
    receive::Incoming,
    table::Transaction,
};
use crate::{Method, ResponseBuilder, StatusCode, transport::Flow};

impl TransactionLayer {
    pub(super) fn begin_client(
        &mut self,
        now: Instant,
        kind: Kind,
        key: Key,
        request: Bytes,
        flow: Flow,
        silent: bool,
    ) -> TransactionId {
        let mut transaction = Transaction::new(kind, flow);
        transaction.message = request;
        transaction.silent = silent;
        let id = self.table.insert(transaction, key);
        self.start(now, id, kind, None);
        id
    }

    pub(super) fn start(
        &mut self,
        now: Instant,
        id: TransactionId,
        kind: Kind,
        mut incoming: Option<Incoming>,
    ) {
        self.run(now, id, kind.start(), &mut incoming);
        self.table.reschedule(id);
    }

    /// A command of the user.
    pub(super) fn command(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        input: Input,
    ) -> Result<(), CommandError> {
        let state = self.state(transaction);
        match self.feed(now, transaction, input, None) {
            true => Ok(()),
            false => Err(CommandError::State(state)),
        }
    }

    /// Lets something happen to a transaction; whether that has a place in its state.
    pub(super) fn feed(
        &mut self,
        now: Instant,
        id: TransactionId,
        input: Input,
        mut incoming: Option<Incoming>,
    ) -> bool {
        let mut next = Some(input);
        let mut taken = false;
        while let Some(input) = next.take() {
            let Some(found) = self.table.get(id) else {
                break;
            };
            let Some(step) = found.kind.step(found.state, input) else {
                break;
            };
            taken = true;
            self.run(now, id, step, &mut incoming);
            next = self.table.get(id).and_then(Transaction::follow_up);
        }
        if self.state(id) == State::Terminated {
            if let Some(gone) = self.table.remove(id) {
                self.tell(&gone, Event::Terminated { transaction: id });
            }
        } else {
            self.table.reschedule(id);
        }
        taken
    }

    /// Takes a step.
    fn run(
        &mut self,
        now: Instant,
        id: TransactionId,
        step: Step,
        incoming: &mut Option<Incoming>,
    ) {
        if let Some(found) = self.table.get_mut(id) {
            found.state = step.next;
        }
        for action in step.actions {
            self.act(now, id, *action, incoming);
        }
        if let Some(found) = self.table.get_mut(id).filter(|found| !found.repeats()) {
            found.message = Bytes::new();
        }
    }

    fn act(
        &mut self,
        now: Instant,
        id: TransactionId,
        action: Action,
        incoming: &mut Option<Incoming>,
    ) {
        let timing = self.config.timing;
        let Some(found) = self.table.get_mut(id) else {
            return;
        };
        match action {
            Action::Send => self.transmit(id),
            Action::SendAck => {
                let invite = self.parser.parse(&found.message);
                if let (Ok(invite), Some(incoming)) = (invite, &incoming) {
                    found.message = derive::ack(invite, incoming.message.view());
                }
                self.transmit(id);
            }
            Action::SendTrying => {
                if let Ok(request) = self.parser.parse(&found.request) {
                    let trying = ResponseBuilder::to(request, StatusCode::TRYING, "").build();
                    found.message = trying.unwrap_or_default();
                }
                found.request = Bytes::new();
                self.transmit(id);
            }
            Action::SendCancel => self.send_cancel(now, id),
            Action::WantCancel => found.cancel_wanted = true,
            Action::Start(timer) => found.start(now, timer, &timing),
            Action::Backoff(timer) => found.back_off(now, timer, &timing),
            Action::Slow(timer) => found.slow_down(now, timer, &timing),
            Action::Stop => found.stop(),
            Action::Pass => {
                if let Some(incoming) = incoming.take() {
                    self.pass(id, incoming);
                }
            }
            Action::TellTimeout => self.tell_of(id, Event::Timeout { transaction: id }),
            Action::TellTransportError => {
                self.tell_of(id, Event::TransportError { transaction: id });
            }
        }
    }

    fn pass(&mut self, transaction: TransactionId, incoming: Incoming) {
        let Incoming {
            message,
            source,
            merged,
            invite,
        } = incoming;
        let event = match message.method() {
            None => Event::Response {
                transaction,
                response: message,
            },
            Some(Method::ACK) => Event::Ack {
                request: message,
                source,
                invite: Some(transaction),
            },
            Some(Method::CANCEL) => Event::Cancel {
                transaction,
                request: message,
                source,
                invite,
            },
            Some(_) => Event::Request {
                transaction,
                request: message,
                source,
                merged,
            },
        };
        self.tell_of(transaction, event);
    }

    fn send_cancel(&mut self, now: Instant, id: TransactionId) {
        let Some(found) = self.table.get_mut(id) else {
            return;
        };
        let reason = found.reason.take();
        let flow = found.flow;
        let Ok(invite) = self.parser.parse(&found.message) else {
            return;
        };
        let Ok(via) = invite.via() else { return };
        let key = self.keys.client(&via, Method::CANCEL);
        let bytes = derive::cancel(invite, reason.as_deref());
        if self.table.find(key).is_none() {
            self.begin_client(now, Kind::ClientNonInvite, key, bytes, flow, true);
        }
    }

    fn transmit(&mut self, id: TransactionId) {
        let Some(found) = self.table.get(id) else {
            return;
        };
        if !found.message.is_empty() {
            self.output.push_back(Output::Transmit(Transmit {
                transaction: Some(id),
                flow: found.flow,
                bytes: found.message.clone(),
            }));
        }
    }

    fn tell_of(&mut self, id: TransactionId, event: Event) {
        if self.table.get(id).is_some_and(|found| !found.silent) {
            self.output.push_back(Output::Event(event));
        }
    }

    fn tell(&mut self, transaction: &Transaction, event: Event) {
        if !transaction.silent {
            self.output.push_back(Output::Event(event));
        }
    }
}
