//! Notifiers: SUBSCRIBE and REFER of the other side, and the NOTIFY requests of this one
//! (RFC 6665 §4.2, RFC 3515 §2.4).

use alloc::{boxed::Box, string::String};
use core::time::Duration;
use std::time::Instant;

use super::{
    CommandError, Content, Event, Failure, SubscriptionId, UserAgent,
    handle::DialogKey,
    request::What,
    subscription::{End, Input, State, Subscription},
};
use crate::{
    Message, MessageRef, Method, ResponseBuilder, StatusCode,
    dialog::Dialog,
    headers::{self, Expires},
    transaction::TransactionId,
    transport::Flow,
};

/// How long a subscription lasts for which neither side says so, in seconds.
const USUAL: u32 = 3600;

/// How long that of a REFER lasts, in seconds: as long as a call may ring.
const REFERRAL: u32 = 180;

impl UserAgent {
    /// Accepts a subscription: 200, or 202 for a REFER, and the first NOTIFY with this content.
    /// A subscription that has still to be allowed is [`pending`](Self::accept_pending).
    pub fn accept_subscription(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.accept(now, subscription, content, Input::Active)
    }

    /// Accepts a subscription that has still to be allowed: 200, and a NOTIFY that says so.
    pub fn accept_pending(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
    ) -> Result<(), CommandError> {
        self.accept(now, subscription, &Content::new(), Input::Pending)
    }

    /// Refuses a subscription or a REFER: 300 to 699.
    pub fn refuse_subscription(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        if status.get() < 300 {
            return Err(CommandError::Status);
        }
        self.answer_asked(now, subscription, status, content)?;
        self.feed_subscription(now, subscription, Input::Refused, None)?;
        self.pump(now);
        Ok(())
    }

    /// Tells the subscriber of a new state: NOTIFY with this content, which is repeated when the
    /// subscription is refreshed.
    pub fn notify(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.set_content(subscription, content)?;
        self.feed_subscription(now, subscription, Input::Active, None)?;
        self.pump(now);
        Ok(())
    }

    /// Ends a subscription of the other side with a last NOTIFY.
    pub fn end_subscription(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        content: &Content,
    ) -> Result<(), CommandError> {
        self.set_content(subscription, content)?;
        self.feed_subscription(now, subscription, Input::Terminated, None)?;
        self.pump(now);
        Ok(())
    }

    /// Tells who has sent a REFER how it goes: a final status ends the subscription
    /// (RFC 3515 §2.4.5).
    pub fn notify_referral(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        status: StatusCode,
    ) -> Result<(), CommandError> {
        let content = sipfrag(status);
        match status.is_provisional() {
            true => self.notify(now, subscription, &content),
            false => self.end_subscription(now, subscription, &content),
        }
    }

    fn accept(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        content: &Content,
        input: Input,
    ) -> Result<(), CommandError> {
        let found = self.subscriptions.get(id).ok_or(CommandError::Unknown)?;
        let (refer, expires) = (found.refer, found.expires);
        let (status, first) = match refer {
            true => (StatusCode::ACCEPTED, sipfrag(StatusCode::TRYING)),
            false => (StatusCode::OK, content.clone()),
        };
        let answer = match refer {
            true => Content::new(),
            false => Content::new().header("Expires", alloc::format!("{expires}")),
        };
        self.answer_asked(now, id, status, &answer)?;
        self.set_content(id, &first)?;
        let input = match expires {
            // A look at the state without a subscription (RFC 6665 §4.4.3).
            0 => Input::Terminated,
            _ => input,
        };
        self.last(now, id, expires);
        self.feed_subscription(now, id, input, None)?;
        self.pump(now);
        Ok(())
    }

    /// Answers the SUBSCRIBE or REFER that waits for the user.
    fn answer_asked(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        let found = self.subscriptions.get_mut(id);
        let found = found.ok_or(CommandError::Unknown)?;
        let End::Notifier { asked, .. } = &mut found.end else {
            return Err(CommandError::State);
        };
        let (transaction, request) = *asked.clone().ok_or(CommandError::State)?;
        let key = found.dialog.ok_or(CommandError::State)?;
        self.respond_within(now, transaction, request.view(), key, status, content)?;
        if let Some(found) = self.subscriptions.get_mut(id) {
            if let End::Notifier { asked, .. } = &mut found.end {
                *asked = None;
            }
        }
        Ok(())
    }

    fn set_content(&mut self, id: SubscriptionId, new: &Content) -> Result<(), CommandError> {
        let found = self.subscriptions.get_mut(id);
        match &mut found.ok_or(CommandError::Unknown)?.end {
            End::Notifier { content, .. } => content.clone_from(new),
            End::Subscriber { .. } => return Err(CommandError::State),
        }
        Ok(())
    }

    /// Notes how long a subscription of the other side lasts.
    fn last(&mut self, now: Instant, id: SubscriptionId, expires: u32) {
        if let Some(found) = self.subscriptions.get_mut(id) {
            found.expires = expires;
            found.lasts(now, expires);
            if let End::Notifier { until, .. } = &mut found.end {
                *until = now.checked_add(Duration::from_secs(expires.into()));
            }
        }
        self.reschedule_subscription(id);
    }

    /// Sends a NOTIFY: the last one, for this reason.
    pub(super) fn send_notify(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        reason: Option<&str>,
    ) -> Result<(), CommandError> {
        let found = self.subscriptions.get(id).ok_or(CommandError::Unknown)?;
        let key = found.dialog.ok_or(CommandError::State)?;
        let End::Notifier { until, content, .. } = &found.end else {
            return Err(CommandError::State);
        };
        let left = until.map_or(0, |until| until.saturating_duration_since(now).as_secs());
        let state = match (reason, found.state) {
            (Some(reason), _) => alloc::format!("terminated;reason={reason}"),
            (None, State::Pending) => alloc::format!("pending;expires={left}"),
            (None, _) => alloc::format!("active;expires={left}"),
        };
        let content = content
            .clone()
            .header("Event", found.event.clone())
            .header("Subscription-State", state);
        let what = What::Notify(id);
        self.send_within(now, key, Method::NOTIFY, &content, what)?;
        Ok(())
    }

    /// A NOTIFY of this side has its final response, or none: 408 and 481 end the subscription,
    /// as does no response (RFC 6665 §4.2.2).
    pub(super) fn notify_is_answered(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        outcome: Result<Message, Failure>,
    ) {
        let Err(failure) = outcome else { return };
        let lost = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if lost.contains(&failure.status()) {
            let _ = self.feed_subscription(now, id, Input::Lost, Some(failure));
        }
    }

    /// A SUBSCRIBE or REFER has come that begins a subscription: outside of all dialogs, or
    /// within one that is there.
    pub(super) fn handle_subscribe(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        source: Flow,
        within: Option<DialogKey>,
    ) {
        let view = request.view();
        let refer = view.method() == Some(Method::REFER);
        let event = match self.event_of(view, within, refer) {
            Ok(event) => event,
            Err((status, content)) => {
                return self.reply(now, transaction, view, status, &content);
            }
        };
        if self.subscriptions.len() >= self.config.max_subscriptions {
            return self.layer.refuse_without_state(transaction, view);
        }
        let key = match within {
            Some(key) => key,
            None => {
                let tag = self.new_tag();
                match Dialog::uas(view, &tag, source.transport) {
                    Ok(dialog) => self.dialogs.insert(dialog, source, None),
                    Err(refusal) => {
                        let (status, content) = (refusal.status(), Content::new());
                        return self.reply(now, transaction, view, status, &content);
                    }
                }
            }
        };
        let asked = view.get::<Expires>().and_then(Result::ok);
        let end = End::Notifier {
            asked: Some(Box::new((transaction, request.clone()))),
            until: None,
            content: Content::new(),
        };
        let mut subscription = Subscription::new(end, State::Asked, event, refer);
        subscription.expires = match (refer, asked) {
            (true, _) => REFERRAL,
            (false, Some(expires)) => expires.0.min(self.config.max_expires),
            (false, None) => USUAL.min(self.config.max_expires),
        };
        let id = self.subscriptions.insert(subscription);
        self.join_dialog(id, key);
        let call = self.dialogs.get(key).and_then(|entry| entry.call);
        self.tell(match refer {
            true => Event::Referred {
                subscription: id,
                call,
                request,
            },
            false => Event::Subscribed {
                subscription: id,
                request,
            },
        });
    }

    /// What is subscribed to: package and id.
    fn event_of(
        &self,
        request: MessageRef<'_>,
        within: Option<DialogKey>,
        refer: bool,
    ) -> Result<String, (StatusCode, Content)> {
        if refer {
            request
                .typed::<headers::ReferTo<'_>>()
                .map_err(|_| (StatusCode::BAD_REQUEST, Content::new()))?;
            let others = within.and_then(|key| self.dialogs.get(key));
            let first = others.is_none_or(|entry| entry.subscriptions.is_empty());
            let number = request.cseq().map_or(0, |cseq| cseq.sequence_number);
            return Ok(match first {
                true => "refer".into(),
                false => alloc::format!("refer;id={number}"),
            });
        }
        let event = request.typed::<headers::Event<'_>>();
        match event {
            Ok(event)
                if self
                    .config
                    .events
                    .iter()
                    .any(|known| known == event.package) =>
            {
                Ok(match event.id() {
                    Some(id) => alloc::format!("{};id={id}", event.package),
                    None => event.package.into(),
                })
            }
            _ => {
                let known = self.config.events.join(", ");
                let content = Content::new().header("Allow-Events", known);
                Err((StatusCode::BAD_EVENT, content))
            }
        }
    }

    /// A SUBSCRIBE has come within a dialog: that of a subscription that stands, or a new one.
    pub(super) fn handle_resubscribe(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        source: Flow,
        key: DialogKey,
    ) {
        let view = request.view();
        let found = self.subscription_of(key, view);
        let stands = found.filter(|id| {
            let found = self.subscriptions.get(*id);
            found.is_some_and(|found| matches!(found.state, State::Pending | State::Active))
        });
        let Some(id) = stands else {
            return self.handle_subscribe(now, transaction, request, source, Some(key));
        };
        let asked = view.get::<Expires>().and_then(Result::ok);
        let expires = asked
            .map_or(USUAL, |asked| asked.0)
            .min(self.config.max_expires);
        let content = Content::new().header("Expires", alloc::format!("{expires}"));
        let _ = self.respond_within(now, transaction, view, key, StatusCode::OK, &content);
        let input = match expires {
            0 => Input::Leave,
            _ => Input::Refresh,
        };
        self.last(now, id, expires);
        let _ = self.feed_subscription(now, id, input, None);
    }

    /// Answers a request within a dialog without the user.
    pub(super) fn reply_within(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: MessageRef<'_>,
        key: DialogKey,
        status: StatusCode,
    ) {
        let _ = self.respond_within(now, transaction, request, key, status, &Content::new());
    }

    /// Answers a request within a dialog.
    fn respond_within(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: MessageRef<'_>,
        key: DialogKey,
        status: StatusCode,
        content: &Content,
    ) -> Result<(), CommandError> {
        let entry = self.dialogs.get_mut(key).ok_or(CommandError::Unknown)?;
        let contact = Some(self.config.contact.as_str());
        let response: ResponseBuilder = entry.dialog.response(request, status, contact)?;
        let _ = entry.dialog.responded(request, status);
        let response = content.add_to_response(self.served(response)).build()?;
        self.layer.respond(now, transaction, response)?;
        Ok(())
    }
}

/// A status line as the body of a NOTIFY (RFC 3515 §2.4.5).
fn sipfrag(status: StatusCode) -> Content {
    let line = alloc::format!("SIP/2.0 {status} {}\r\n", status.reason_phrase());
    let line: Box<[u8]> = line.into_bytes().into();
    Content::body("message/sipfrag;version=2.0", line)
}
