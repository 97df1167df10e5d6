//! What a layer does with what arrives (RFC 3261 §17.1.3, §17.2.3, §18.1.2, §18.2.1).

use std::time::Instant;

use super::{
    Event, Kind, Output, TransactionId, TransactionLayer, input,
    key::{Key, Request},
    machine::Input,
    table::{InviteKeys, Transaction},
};
use crate::{
    HeaderName, Message, MessageRef, Method, Rejection, ResponseBuilder, StatusCode,
    transport::Flow,
};

/// What came in, on its way to the user.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) message: Message,
    pub(super) source: Flow,
    pub(super) merged: bool,
    /// The INVITE that a CANCEL is for.
    pub(super) invite: Option<TransactionId>,
}

/// A server transaction that has just begun.
struct Begun {
    id: TransactionId,
    kind: Kind,
    merged: bool,
    invite: Option<TransactionId>,
}

impl TransactionLayer {
    pub(super) fn handle_response(
        &mut self,
        now: Instant,
        message: Message,
        status: StatusCode,
        source: Flow,
    ) {
        let (Ok(via), Ok(cseq)) = (message.via(), message.cseq()) else {
            self.counts.malformed += 1;
            return;
        };
        let key = self.keys.client(&via, cseq.method);
        let taken = match self.table.find(key) {
            Some(transaction) => {
                let incoming = Incoming::new(message, source);
                self.feed(now, transaction, input(status), Some(incoming))
            }
            None => {
                if self.config.stray_responses {
                    let response = message;
                    let event = Event::StrayResponse { response, source };
                    self.output.push_back(Output::Event(event));
                }
                false
            }
        };
        if !taken {
            self.counts.stray_responses += 1;
        }
    }

    pub(super) fn handle_request(&mut self, now: Instant, message: Message, source: Flow) {
        let Ok(message) = message.stamped(source.remote) else {
            self.counts.malformed += 1;
            return;
        };
        let Some(method) = message.method() else {
            return;
        };
        let request = match Request::new(message.view()) {
            Ok(request) if request.cseq.method == method => request,
            _ => return self.reject(&message, source),
        };
        match method {
            Method::ACK => {
                let found = self.find_acknowledged(&request);
                let absorbed = found.is_none() && self.keys.is_stateless_tag(&request);
                let incoming = Incoming::new(message, source);
                match found {
                    Some(invite) => {
                        let _ = self.feed(now, invite, Input::Ack, Some(incoming));
                    }
                    None if absorbed => {}
                    None => self.output.push_back(Output::Event(Event::Ack {
                        request: incoming.message,
                        source,
                        invite: None,
                    })),
                }
            }
            _ => {
                let key = self.keys.server(&request, method);
                match self.table.find(key) {
                    Some(transaction) => {
                        let _ = self.feed(now, transaction, Input::Request, None);
                    }
                    None => {
                        if let Some(begun) = self.begin_server(key, &message, &request, source) {
                            let incoming = Incoming {
                                message,
                                source,
                                merged: begun.merged,
                                invite: begun.invite,
                            };
                            self.start(now, begun.id, begun.kind, Some(incoming));
                        }
                    }
                }
            }
        }
    }

    /// The INVITE server transaction that an ACK is for.
    fn find_acknowledged(&self, ack: &Request<'_>) -> Option<TransactionId> {
        let by_branch = self.table.find(self.keys.server(ack, Method::INVITE));
        if by_branch.is_some() || ack.has_unique_branch() {
            return by_branch;
        }
        let acknowledged = self.keys.acknowledged(ack);
        let to_tag = ack.to_tag.unwrap_or_default();
        self.table.find(self.keys.ack(acknowledged, to_tag))
    }

    /// The INVITE server transaction that a CANCEL is for: by the rules of RFC 3261 §9.2, or the
    /// one of the same branch, call and number, if a NAT has rewritten `sent-by` in one of them.
    fn find_cancelled(&self, cancel: &Request<'_>) -> Option<TransactionId> {
        let invite = Method::INVITE;
        self.table
            .find(self.keys.server(cancel, invite))
            .or_else(|| {
                let found = self.table.find(self.keys.merge(cancel, invite))?;
                let branch = self.keys.of_branch(cancel);
                let same = self.table.get(found)?.invite?.branch == branch;
                (same && cancel.has_unique_branch()).then_some(found)
            })
    }

    /// The transaction of a request that has none yet; `None` where there is no room for it.
    fn begin_server(
        &mut self,
        key: Key,
        message: &Message,
        request: &Request<'_>,
        source: Flow,
    ) -> Option<Begun> {
        let method = message.method()?;
        let invite = (method == Method::CANCEL)
            .then(|| self.find_cancelled(request))
            .flatten();
        let flow = source.of_response(request.via());
        if self.table.servers() >= self.config.max_servers && invite.is_none() {
            self.refuse(message.view(), flow);
            return None;
        }
        let kind = match method {
            Method::INVITE => Kind::ServerInvite,
            _ => Kind::ServerNonInvite,
        };
        let mut transaction = Transaction::new(kind, flow);
        transaction.old = !request.has_unique_branch();
        if kind == Kind::ServerInvite {
            transaction.request = message.bytes().clone();
            transaction.invite = Some(InviteKeys {
                branch: self.keys.of_branch(request),
                acknowledged: self.keys.acknowledged(request),
            });
        }
        // Only requests outside of dialogs merge; a CANCEL may have to find any INVITE by it.
        let outside = request.to_tag.is_none();
        let merge =
            (outside || kind == Kind::ServerInvite).then(|| self.keys.merge(request, method));
        let merged = outside && merge.is_some_and(|merge| self.table.find(merge).is_some());
        let id = self.table.insert(transaction, key);
        if let Some(merge) = merge {
            self.table.add_key(id, merge);
        }
        Some(Begun {
            id,
            kind,
            merged,
            invite,
        })
    }

    /// Answers a request with 503 and leaves nothing behind: not even an ACK wants more.
    fn refuse(&mut self, request: MessageRef<'_>, flow: Flow) {
        self.counts.refused += 1;
        let Ok(parts) = Request::new(request) else {
            return;
        };
        let tag = self.keys.stateless_tag(&parts);
        let response = ResponseBuilder::to(request, StatusCode::SERVICE_UNAVAILABLE, &tag)
            .header(HeaderName::RetryAfter, self.config.retry_after);
        if let Ok(response) = response.build() {
            self.send(response, flow);
        }
    }

    /// Answers a request that was handed up with 503, as if it had been beyond
    /// [`Config::max_servers`](super::Config::max_servers).
    pub(crate) fn refuse_without_state(
        &mut self,
        transaction: TransactionId,
        request: MessageRef<'_>,
    ) {
        if let Some(flow) = self.flow(transaction) {
            self.table.remove(transaction);
            self.refuse(request, flow);
        }
    }

    /// Answers a request that lacks what a transaction needs, if it can be answered.
    fn reject(&mut self, message: &Message, source: Flow) {
        self.counts.malformed += 1;
        let Ok(via) = message.via() else { return };
        let flow = source.of_response(&via);
        let tag = self.keys.tag_of(message.as_bytes());
        if let Some(Rejection::Respond(response)) = message.view().rejection(&tag) {
            if let Ok(response) = response.build() {
                self.send(response, flow);
            }
        }
    }
}

impl Incoming {
    fn new(message: Message, source: Flow) -> Self {
        Self {
            message,
            source,
            merged: false,
            invite: None,
        }
    }
}
