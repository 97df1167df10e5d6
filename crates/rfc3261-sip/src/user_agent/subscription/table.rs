//! The states of a subscription at its two ends (RFC 6665 §4.1.2 and §4.2.1, figures 1 and 2).
//!
//! The subscriber:
//!
//! ```text
//!        SUBSCRIBE or REFER sent
//!            |
//!            v
//!      +------------+  NOTIFY pending   +---------+
//!      | NotifyWait |------------------>| Pending |<-+ NOTIFY pending, refresh
//!      +------------+                   +---------+--+
//!         |  |  |     NOTIFY active       |  |  ^
//!         |  |  +-----------------+       |  |  | NOTIFY pending
//!         |  |                    v       v  |  |
//!         |  |   unsubscribe    +--------+   |  |
//!         |  |                  | Active |---|--+
//!         |  |                  +--------+<--|--+ NOTIFY active, refresh
//!         |  |                    |     |    |
//!         |  |        unsubscribe |     |    | unsubscribe
//!         |  |                    v     |    |
//!         |  |                 +---------+   |
//!         |  |                 | Leaving |<--+
//!         |  |                 +---------+
//!         v  v                    |     |
//!      +------------------------------------+   from all of them: NOTIFY terminated, refused,
//!      |             Terminated             |   no NOTIFY in time, the time is over
//!      +------------------------------------+
//! ```
//!
//! The notifier:
//!
//! ```text
//!      SUBSCRIBE or REFER received
//!            |
//!            v          accepted: NOTIFY       user: NOTIFY active
//!        +-------+ ----------------------> +---------+ ---------> +--------+
//!        | Asked |                         | Pending |            | Active | --+ refresh, user:
//!        +-------+ ----------------------> +---------+            +--------+ <-+ NOTIFY
//!            |          accepted: NOTIFY active   |   ^                |
//!            |          --------------------------|---|------------->  |
//!            | refused                            |   | refresh:       |
//!            v                                    v   | NOTIFY         v
//!      +--------------------------------------------------------------------+
//!      |  Terminated: by the user, the subscriber or the time with NOTIFY   |
//!      |  terminated; without, when a NOTIFY fails                          |
//!      +--------------------------------------------------------------------+
//! ```

/// Where a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::user_agent) enum State {
    /// Subscriber: no NOTIFY has come yet.
    NotifyWait,
    /// Notifier: the user has not decided.
    Asked,
    /// It is not known whether it will be allowed.
    Pending,
    /// It stands.
    Active,
    /// Subscriber: it has asked for the end.
    Leaving,
    /// It is over.
    Terminated,
}

/// What happens to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum Input {
    /// Subscriber: a NOTIFY of this state; notifier: the user notifies it.
    Pending,
    /// The same.
    Active,
    /// The same.
    Terminated,
    /// Subscriber: the request was refused, or has no response; notifier: the user refuses it.
    Refused,
    /// Subscriber: it is time to refresh; notifier: it is refreshed.
    Refresh,
    /// The user wants to end it, or, at the notifier, the subscriber.
    Leave,
    /// No NOTIFY in time, or the time is over.
    Expire,
    /// A NOTIFY of this side has failed.
    Lost,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::user_agent) enum Action {
    /// Nothing.
    None,
    /// Send a SUBSCRIBE.
    Subscribe,
    /// Send a SUBSCRIBE that ends it.
    Unsubscribe,
    /// Send a NOTIFY.
    Notify,
    /// Send a NOTIFY that ends it, and tell the user that it is over.
    NotifyEnd,
    /// Tell the user that it is over.
    TellEnded,
}

impl State {
    /// The cell of the subscriber's table; `None` where the input has no place in the state.
    pub(in crate::user_agent) const fn subscriber(self, input: Input) -> Option<(Self, Action)> {
        Some(match (self, input) {
            (Self::NotifyWait | Self::Pending | Self::Active, Input::Pending) => {
                (Self::Pending, Action::None)
            }
            (Self::NotifyWait | Self::Pending | Self::Active, Input::Active) => {
                (Self::Active, Action::None)
            }
            (Self::Leaving, Input::Pending | Input::Active) => (Self::Leaving, Action::None),
            (Self::Pending | Self::Active, Input::Refresh) => (self, Action::Subscribe),
            (Self::Pending | Self::Active, Input::Leave) => (Self::Leaving, Action::Unsubscribe),
            (Self::NotifyWait, Input::Leave) => (Self::Terminated, Action::TellEnded),
            (
                Self::NotifyWait | Self::Pending | Self::Active | Self::Leaving,
                Input::Terminated | Input::Refused | Input::Expire,
            ) => (Self::Terminated, Action::TellEnded),
            _ => return None,
        })
    }

    /// The cell of the notifier's table; `None` where the input has no place in the state.
    pub(in crate::user_agent) const fn notifier(self, input: Input) -> Option<(Self, Action)> {
        Some(match (self, input) {
            (Self::Asked | Self::Pending, Input::Pending) => (Self::Pending, Action::Notify),
            (Self::Asked | Self::Pending | Self::Active, Input::Active) => {
                (Self::Active, Action::Notify)
            }
            (Self::Asked, Input::Refused) => (Self::Terminated, Action::None),
            (Self::Asked, Input::Terminated) => (Self::Terminated, Action::NotifyEnd),
            (Self::Pending | Self::Active, Input::Refresh) => (self, Action::Notify),
            (Self::Pending | Self::Active, Input::Terminated | Input::Leave | Input::Expire) => {
                (Self::Terminated, Action::NotifyEnd)
            }
            (Self::Pending | Self::Active, Input::Lost) => (Self::Terminated, Action::TellEnded),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    fn cells(step: fn(State, Input) -> Option<(State, Action)>) -> String {
        let mut cells = String::new();
        for state in [
            State::NotifyWait,
            State::Asked,
            State::Pending,
            State::Active,
            State::Leaving,
            State::Terminated,
        ] {
            for input in [
                Input::Pending,
                Input::Active,
                Input::Terminated,
                Input::Refused,
                Input::Refresh,
                Input::Leave,
                Input::Expire,
                Input::Lost,
            ] {
                // What is not listed is refused.
                if let Some((next, action)) = step(state, input) {
                    cells += &format!("{state:?} {input:?} -> {next:?} {action:?}\n");
                }
            }
        }
        cells
    }

    #[test]
    fn every_cell_of_the_subscriber() {
        assert_eq!(
            cells(State::subscriber),
            "NotifyWait Pending -> Pending None\n\
             NotifyWait Active -> Active None\n\
             NotifyWait Terminated -> Terminated TellEnded\n\
             NotifyWait Refused -> Terminated TellEnded\n\
             NotifyWait Leave -> Terminated TellEnded\n\
             NotifyWait Expire -> Terminated TellEnded\n\
             Pending Pending -> Pending None\n\
             Pending Active -> Active None\n\
             Pending Terminated -> Terminated TellEnded\n\
             Pending Refused -> Terminated TellEnded\n\
             Pending Refresh -> Pending Subscribe\n\
             Pending Leave -> Leaving Unsubscribe\n\
             Pending Expire -> Terminated TellEnded\n\
             Active Pending -> Pending None\n\
             Active Active -> Active None\n\
             Active Terminated -> Terminated TellEnded\n\
             Active Refused -> Terminated TellEnded\n\
             Active Refresh -> Active Subscribe\n\
             Active Leave -> Leaving Unsubscribe\n\
             Active Expire -> Terminated TellEnded\n\
             Leaving Pending -> Leaving None\n\
             Leaving Active -> Leaving None\n\
             Leaving Terminated -> Terminated TellEnded\n\
             Leaving Refused -> Terminated TellEnded\n\
             Leaving Expire -> Terminated TellEnded\n"
        );
    }

    #[test]
    fn every_cell_of_the_notifier() {
        assert_eq!(
            cells(State::notifier),
            "Asked Pending -> Pending Notify\n\
             Asked Active -> Active Notify\n\
             Asked Terminated -> Terminated NotifyEnd\n\
             Asked Refused -> Terminated None\n\
             Pending Pending -> Pending Notify\n\
             Pending Active -> Active Notify\n\
             Pending Terminated -> Terminated NotifyEnd\n\
             Pending Refresh -> Pending Notify\n\
             Pending Leave -> Terminated NotifyEnd\n\
             Pending Expire -> Terminated NotifyEnd\n\
             Pending Lost -> Terminated TellEnded\n\
             Active Active -> Active Notify\n\
             Active Terminated -> Terminated NotifyEnd\n\
             Active Refresh -> Active Notify\n\
             Active Leave -> Terminated NotifyEnd\n\
             Active Expire -> Terminated NotifyEnd\n\
             Active Lost -> Terminated TellEnded\n"
        );
    }
}
