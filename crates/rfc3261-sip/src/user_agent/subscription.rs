//! Subscriptions (RFC 6665): what both ends of one have in common.

mod table;

pub(super) use table::{Action, Input, State};

use alloc::{boxed::Box, string::String, vec::Vec};
use std::time::Instant;

use super::{
    CallId, CommandError, Content, Event, Failure, RequestId, SubscriptionId, UserAgent,
    deadlines::Deadlines,
    handle::{DialogKey, Handle},
};
use crate::{Message, MessageRef, headers, transaction::TransactionId};

/// A subscription, at one of its ends.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) end: End,
    pub(super) state: State,
    pub(super) dialog: Option<DialogKey>,
    /// Package and id: `refer;id=2`.
    pub(super) event: String,
    /// Where it is noted that a NOTIFY is to make its dialog.
    pub(super) expected: Option<u64>,
    /// It is that of a REFER (RFC 3515).
    pub(super) refer: bool,
    /// How long it is wanted, or lasts, in seconds.
    pub(super) expires: u32,
    pub(super) deadlines: Deadlines<{ Timer::COUNT }>,
}

/// Which end this side is.
#[derive(Debug)]
pub(super) enum End {
    Subscriber {
        /// The SUBSCRIBE or REFER that is under way.
        request: Option<RequestId>,
    },
    Notifier {
        /// The SUBSCRIBE or REFER that waits for the user.
        asked: Option<Box<(TransactionId, Message)>>,
        /// When it ends.
        until: Option<Instant>,
        /// What was notified last.
        content: Content,
    },
}

/// The timers of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// Gives up waiting for a NOTIFY: Timer N (RFC 6665 §4.1.2.4).
    Notify,
    /// Refreshes it.
    Refresh,
    /// Ends it.
    Expire,
}

impl UserAgent {
    /// Lets something happen to a subscription. `failure` is why it ends, if it does.
    pub(super) fn feed_subscription(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        input: Input,
        failure: Option<Failure>,
    ) -> Result<(), CommandError> {
        let found = self.subscriptions.get_mut(id);
        let found = found.ok_or(CommandError::Unknown)?;
        let step = match found.end {
            End::Subscriber { .. } => found.state.subscriber(input),
            End::Notifier { .. } => found.state.notifier(input),
        };
        let (next, action) = step.ok_or(CommandError::State)?;
        found.state = next;
        let done = match action {
            Action::None | Action::TellEnded => Ok(()),
            Action::Subscribe => self.send_subscribe(now, id, false),
            Action::Unsubscribe => self.send_subscribe(now, id, true),
            Action::Notify => self.send_notify(now, id, None),
            Action::NotifyEnd => {
                let reason = match input {
                    Input::Expire | Input::Leave => "timeout",
                    _ => "noresource",
                };
                self.send_notify(now, id, Some(reason))
            }
        };
        let asked = matches!(input, Input::Refused) && action == Action::None;
        if next == State::Terminated {
            self.drop_subscription(id);
            if !asked {
                self.tell(Event::SubscriptionEnded {
                    subscription: id,
                    failure,
                });
            }
        }
        done
    }

    /// The subscription within a dialog that a NOTIFY or SUBSCRIBE is of.
    pub(super) fn subscription_of(
        &self,
        key: DialogKey,
        message: MessageRef<'_>,
    ) -> Option<SubscriptionId> {
        let event = message.typed::<headers::Event<'_>>().ok()?;
        let entry = self.dialogs.get(key)?;
        let of = |id: &SubscriptionId| {
            self.subscriptions.get(*id).is_some_and(|found| {
                let exact = found.is_of(&event);
                // The first REFER of a dialog may go without an id, and with one as well.
                exact || (found.refer && event.package == "refer" && event.id().is_none())
            })
        };
        entry.subscriptions.iter().copied().find(of)
    }

    /// Lets a dialog be used by a subscription.
    pub(super) fn join_dialog(&mut self, id: SubscriptionId, key: DialogKey) {
        if let Some(found) = self.subscriptions.get_mut(id) {
            found.dialog = Some(key);
            self.dialogs.expect_no_more(found.expected.take());
        }
        if let Some(entry) = self.dialogs.get_mut(key) {
            if !entry.subscriptions.contains(&id) {
                entry.subscriptions.push(id);
            }
        }
    }

    /// Takes a subscription away, and its dialog unless something else uses that.
    pub(super) fn drop_subscription(&mut self, id: SubscriptionId) {
        let Some(found) = self.subscriptions.remove(id) else {
            return;
        };
        self.subscription_queue.set(id.slot(), None);
        self.dialogs.expect_no_more(found.expected);
        if let Some(key) = found.dialog {
            if let Some(entry) = self.dialogs.get_mut(key) {
                entry.subscriptions.retain(|other| *other != id);
            }
            self.release_dialog(key);
        }
    }

    pub(super) fn reschedule_subscription(&mut self, id: SubscriptionId) {
        if let Some(found) = self.subscriptions.get(id) {
            self.subscription_queue
                .set(id.slot(), found.deadlines.next());
        }
    }

    /// Runs the timers of subscriptions.
    pub(super) fn run_subscription_timers(&mut self, now: Instant) {
        while let Some((deadline, slot)) = self.subscription_queue.next() {
            if deadline > now {
                break;
            }
            let Some(id) = self.subscriptions.id_at(slot) else {
                self.subscription_queue.set(slot, None);
                continue;
            };
            let found = self.subscriptions.get_mut(id);
            let timer = found.and_then(|found| found.deadlines.take_due(now));
            let input = match timer.and_then(|timer| Timer::ALL.get(timer)) {
                Some(Timer::Refresh) => Input::Refresh,
                _ => Input::Expire,
            };
            let failure = (timer == Some(Timer::Notify as usize)).then_some(Failure::Timeout);
            let _ = self.feed_subscription(now, id, input, failure);
            self.reschedule_subscription(id);
        }
    }

    /// All subscriptions within the dialog of a call.
    #[must_use]
    pub fn subscriptions_of(&self, call: CallId) -> Vec<SubscriptionId> {
        let key = self.calls.get(call).and_then(|call| call.dialog);
        let entry = key.and_then(|key| self.dialogs.get(key));
        entry.map_or_else(Vec::new, |entry| entry.subscriptions.clone())
    }
}

impl Subscription {
    pub(super) const fn new(end: End, state: State, event: String, refer: bool) -> Self {
        Self {
            end,
            state,
            dialog: None,
            event,
            expected: None,
            refer,
            expires: 0,
            deadlines: Deadlines::new(),
        }
    }

    /// Whether it is the one of this Event: the package and the id are the same, byte for byte.
    pub(super) fn is_of(&self, event: &headers::Event<'_>) -> bool {
        let (package, id) = match self.event.split_once(";id=") {
            Some((package, id)) => (package, Some(id)),
            None => (self.event.as_str(), None),
        };
        (package, id) == (event.package, event.id())
    }
}

impl Timer {
    pub(super) const COUNT: usize = 3;
    const ALL: [Self; Self::COUNT] = [Self::Notify, Self::Refresh, Self::Expire];
}
