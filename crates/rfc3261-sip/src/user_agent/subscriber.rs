//! Subscribers: SUBSCRIBE and REFER of this side, and the NOTIFY requests that follow
//! (RFC 6665 §4.1, RFC 3515 §2.4).

use alloc::string::String;
use core::time::Duration;
use std::time::Instant;

use super::{
    CallId, CommandError, Content, Event, Failure, RequestId, SubscriptionId, Target, UserAgent,
    handle::DialogKey,
    request::{Request, What},
    soft_state::refresh_after,
    subscription::{End, Input, State, Subscription, Timer},
};
use crate::{
    HeaderName, Message, MessageRef, Method, StatusCode,
    dialog::{Dialog, DialogId},
    headers::{Expires, MinExpires, SubscriptionState},
    transaction::TransactionId,
    transport::{Flow, Transport},
};

impl UserAgent {
    /// Subscribes to an event package: `presence`, `message-summary`. It is refreshed by itself
    /// until it is [ended](Self::unsubscribe).
    ///
    /// [`Event::Notified`] tells of each NOTIFY, [`Event::SubscriptionEnded`] of the end.
    pub fn subscribe(
        &mut self,
        now: Instant,
        target: &Target,
        event: &str,
        expires: Duration,
        content: &Content,
    ) -> Result<SubscriptionId, CommandError> {
        let expires = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        let content = content
            .clone()
            .header("Event", event)
            .header("Expires", alloc::format!("{expires}"));
        let id = self.begin(now, Method::SUBSCRIBE, target, event, &content)?;
        if let Some(found) = self.subscriptions.get_mut(id) {
            found.expires = expires;
        }
        self.pump(now);
        Ok(id)
    }

    /// Asks the other side of a call to send a request to somebody, usually to call
    /// `refer_to` (RFC 3515). The NOTIFY requests of [`Event::Notified`] say how that goes.
    pub fn refer(
        &mut self,
        now: Instant,
        call: CallId,
        refer_to: &str,
        content: &Content,
    ) -> Result<SubscriptionId, CommandError> {
        let call = self.calls.get(call).ok_or(CommandError::Unknown)?;
        let key = call.dialog.ok_or(CommandError::State)?;
        let end = End::Subscriber { request: None };
        let id = self.subscriptions.insert(Subscription::new(
            end,
            State::NotifyWait,
            "refer".into(),
            true,
        ));
        let content = content.clone().header("Refer-To", refer_to);
        let what = What::Subscribe(id);
        match self.send_within(now, key, Method::REFER, &content, what) {
            Ok(request) => {
                let first = self
                    .dialogs
                    .get(key)
                    .is_none_or(|entry| entry.subscriptions.is_empty());
                let number = self.dialogs.get(key);
                let number = number.and_then(|entry| entry.dialog.local_sequence_number());
                self.begins(now, id, request);
                if let Some(found) = self.subscriptions.get_mut(id).filter(|_| !first) {
                    found.event = alloc::format!("refer;id={}", number.unwrap_or_default());
                }
                self.join_dialog(id, key);
                self.pump(now);
                Ok(id)
            }
            Err(error) => {
                self.subscriptions.remove(id);
                Err(error)
            }
        }
    }

    /// Asks somebody outside of a call to send a request to `refer_to` (RFC 3515).
    pub fn refer_outside(
        &mut self,
        now: Instant,
        target: &Target,
        refer_to: &str,
        content: &Content,
    ) -> Result<SubscriptionId, CommandError> {
        let content = content.clone().header("Refer-To", refer_to);
        let id = self.begin(now, Method::REFER, target, "refer", &content)?;
        self.pump(now);
        Ok(id)
    }

    /// Ends a subscription of this side: it is over with the last NOTIFY, or after 32 s without.
    pub fn unsubscribe(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
    ) -> Result<(), CommandError> {
        let found = self.subscriptions.get(subscription);
        if !matches!(
            found.ok_or(CommandError::Unknown)?.end,
            End::Subscriber { .. }
        ) {
            return Err(CommandError::State);
        }
        self.feed_subscription(now, subscription, Input::Leave, None)?;
        self.pump(now);
        Ok(())
    }

    /// Sends the request that begins a subscription outside of all dialogs.
    fn begin(
        &mut self,
        now: Instant,
        method: Method<'static>,
        target: &Target,
        event: &str,
        content: &Content,
    ) -> Result<SubscriptionId, CommandError> {
        let way = self.way_to(target)?;
        let (from, call_id) = (self.new_from(target), self.new_call_id());
        let request = self.outside(method, target, &from, &call_id, 1, &way)?;
        let contact = format_args!("<{}>", self.config.contact);
        let request = self.with_capabilities(request.header(HeaderName::Contact, contact));
        let message = content.add_to_request(request).build()?;
        let end = End::Subscriber { request: None };
        let refer = method == Method::REFER;
        let subscription = Subscription::new(end, State::NotifyWait, event.into(), refer);
        let id = self.subscriptions.insert(subscription);
        let tag = from.rsplit_once(";tag=").map(|(_, tag)| tag);
        let noted = self.dialogs.expect(&DialogId::new(&call_id, tag, None), id);
        if let Some(found) = self.subscriptions.get_mut(id) {
            found.expected = Some(noted);
        }
        match self.submit(now, Request::new(What::Subscribe(id), None), message, way) {
            Ok(request) => {
                self.begins(now, id, request);
                Ok(id)
            }
            Err(error) => {
                self.drop_subscription(id);
                Err(error)
            }
        }
    }

    /// A request that wants a NOTIFY is under way.
    fn begins(&mut self, now: Instant, id: SubscriptionId, sent: RequestId) {
        let timer_n = self.config.transactions.timing.t1.saturating_mul(64);
        if let Some(found) = self.subscriptions.get_mut(id) {
            if let End::Subscriber { request } = &mut found.end {
                *request = Some(sent);
            }
            let timer = Timer::Notify as usize;
            found.deadlines.start(timer, now, timer_n);
            found.deadlines.stop(Timer::Refresh as usize);
        }
        self.reschedule_subscription(id);
    }

    pub(super) fn send_subscribe(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        leave: bool,
    ) -> Result<(), CommandError> {
        let found = self.subscriptions.get(id).ok_or(CommandError::Unknown)?;
        let key = found.dialog.ok_or(CommandError::State)?;
        let expires = if leave { 0 } else { found.expires };
        let content = Content::new()
            .header("Event", found.event.clone())
            .header("Expires", alloc::format!("{expires}"));
        let what = What::Subscribe(id);
        let request = self.send_within(now, key, Method::SUBSCRIBE, &content, what)?;
        self.begins(now, id, request);
        Ok(())
    }

    /// The SUBSCRIBE or REFER of a subscription has its final response, or none.
    pub(super) fn subscribe_is_answered(
        &mut self,
        now: Instant,
        sent: RequestId,
        id: SubscriptionId,
        outcome: Result<Message, Failure>,
    ) {
        let Some(found) = self.subscriptions.get_mut(id) else {
            self.requests.remove(sent);
            return;
        };
        if let Err(Failure::Refused(response)) = &outcome {
            let least = response.get::<MinExpires>().and_then(Result::ok);
            let brief = response.status() == Some(StatusCode::INTERVAL_TOO_BRIEF);
            let longer = least.filter(|least| brief && least.0 > found.expires);
            if let Some(least) = longer {
                found.expires = least.0;
                let change = |edit: &mut crate::Edit<'_>| {
                    edit.replace(HeaderName::Expires, least.0);
                };
                if self.again(now, sent, change).is_ok() {
                    return;
                }
            }
        }
        let request = self.requests.remove(sent);
        match outcome {
            Ok(response) => {
                let request = request.map(|request| (request.message, request.flow));
                self.subscribe_is_accepted(now, id, request, &response);
            }
            Err(failure) => {
                let _ = self.feed_subscription(now, id, Input::Refused, Some(failure));
            }
        }
    }

    fn subscribe_is_accepted(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        request: Option<(bytes::Bytes, Option<Flow>)>,
        response: &Message,
    ) {
        let Some(found) = self.subscriptions.get_mut(id) else {
            return;
        };
        if let End::Subscriber { request } = &mut found.end {
            *request = None;
        }
        let expires = response.get::<Expires>().and_then(Result::ok);
        if let Some(expires) = expires.filter(|expires| expires.0 > 0) {
            found.lasts(now, expires.0);
        }
        let needs_dialog = found.dialog.is_none();
        if let (true, Some((message, Some(flow)))) = (needs_dialog, request) {
            let request = self.parser.parse(&message).ok();
            let view = response.view();
            let dialog =
                request.and_then(|request| Dialog::uac(request, view, flow.transport).ok());
            if let Some(dialog) = dialog {
                let key = self.dialogs.insert(dialog, flow, None);
                self.join_dialog(id, key);
            }
        }
        self.reschedule_subscription(id);
    }

    /// A NOTIFY has come that no dialog is there for yet: that which begins the dialog of a
    /// subscription of this side (RFC 6665 §4.1.2.4).
    pub(super) fn first_notify(
        &mut self,
        request: MessageRef<'_>,
        source: Flow,
    ) -> Option<DialogKey> {
        let (call_id, to) = (request.call_id().ok()?, request.to().ok()?);
        let half = DialogId::new(call_id.as_str(), to.tag(), None);
        let id = self.dialogs.expected(&half)?;
        let found = self.subscriptions.get(id)?;
        let event = request.typed::<crate::headers::Event<'_>>().ok()?;
        if !(found.is_of(&event) || (found.refer && event.package == "refer")) {
            return None;
        }
        let transport: Transport = source.transport;
        let mut dialog = Dialog::uas(request, to.tag()?, transport).ok()?;
        let End::Subscriber { request: sent } = &found.end else {
            return None;
        };
        let sent = sent.and_then(|sent| self.requests.get(sent));
        let number = sent.and_then(|sent| {
            let view = self.parser.parse(&sent.message).ok()?;
            Some(view.cseq().ok()?.sequence_number)
        });
        dialog.continue_after(number.unwrap_or(1));
        let key = self.dialogs.insert(dialog, source, None);
        self.join_dialog(id, key);
        Some(key)
    }

    /// A NOTIFY has come within a dialog.
    pub(super) fn handle_notify(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        request: Message,
        key: DialogKey,
    ) {
        let view = request.view();
        let id = self.subscription_of(key, view).filter(|id| {
            let found = self.subscriptions.get(*id);
            found.is_some_and(|found| matches!(found.end, End::Subscriber { .. }))
        });
        let state = view.typed::<SubscriptionState<'_>>();
        let (Some(id), Ok(state)) = (id, state) else {
            let status = match state {
                Ok(_) => StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
                Err(_) => StatusCode::BAD_REQUEST,
            };
            return self.reply(now, transaction, view, status, &Content::new());
        };
        self.reply_within(now, transaction, view, key, StatusCode::OK);
        let input = match (state.is_terminated(), state.is_active()) {
            (true, _) => Input::Terminated,
            (_, true) => Input::Active,
            _ => Input::Pending,
        };
        if let Some(found) = self.subscriptions.get_mut(id) {
            found.deadlines.stop(Timer::Notify as usize);
            if let Some(expires) = state.expires() {
                found.lasts(now, expires);
            }
            if found.state == State::Leaving {
                found.deadlines.stop(Timer::Refresh as usize);
                let timer_n = self.config.transactions.timing.t1.saturating_mul(64);
                let timer = Timer::Notify as usize;
                found.deadlines.start(timer, now, timer_n);
            }
        }
        self.reschedule_subscription(id);
        self.tell(Event::Notified {
            subscription: id,
            request: request.clone(),
        });
        let _ = self.feed_subscription(now, id, input, None);
    }
}

impl Subscription {
    /// Notes how long it lasts from now on.
    pub(super) fn lasts(&mut self, now: Instant, seconds: u32) {
        let expires = Duration::from_secs(seconds.into());
        self.deadlines.start(Timer::Expire as usize, now, expires);
        if !self.refer && matches!(self.end, End::Subscriber { .. }) {
            let after = refresh_after(expires);
            self.deadlines.start(Timer::Refresh as usize, now, after);
        }
    }
}

/// What a NOTIFY about a REFER says has become of it: the status in its `message/sipfrag` body
/// (RFC 3515 §2.4.5).
#[must_use]
pub fn referral_status(notify: &Message) -> Option<StatusCode> {
    let text = core::str::from_utf8(notify.body()).ok()?;
    let mut words: core::str::SplitWhitespace<'_> = text.split_whitespace();
    let version: String = words.next()?.to_ascii_uppercase();
    let code = words.next().filter(|_| version == "SIP/2.0")?;
    StatusCode::from_u16(code.parse().ok()?)
}
