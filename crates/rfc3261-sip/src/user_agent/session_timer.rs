//! Session timers (RFC 4028): who refreshes a session, and when it ends if nobody does.
//!
//! ```text
//!                     2xx: this side refreshes
//!     +-----+ ----------------------------------> +-----------+ --+ half of the interval:
//!     | Off |                                     | Refresher |   | refresh
//!     +-----+ <---------------------------------- +-----------+ <-+
//!       ^  |      2xx without a session timer       |  ^    |
//!       |  |                                        |  |    | interval over: BYE
//!       |  |   2xx: the other side refreshes        v  |    v
//!       |  +-----------------------------------> +---------+
//!       +--------------------------------------- | Watcher | --> shortly before the end of the
//!               2xx without a session timer      +---------+     interval: BYE
//! ```
//!
//! Each 2xx to an INVITE or an UPDATE settles anew which of the three it is.

use core::time::Duration;

use crate::{
    MessageRef, StatusCode,
    headers::{MinSe, Refresher, Require, SessionExpires, Supported},
};

/// The option tag.
pub(super) const TIMER: &str = "timer";

/// No session interval is shorter than this (RFC 4028 §4), in seconds.
pub(super) const LEAST: u32 = 90;

/// Who refreshes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum SessionTimer {
    /// Nobody: it lasts until it is ended.
    #[default]
    Off,
    /// This side, within so many seconds.
    Refresher(u32),
    /// The other side, within so many seconds.
    Watcher(u32),
}

/// What happens to a session timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// A 2xx was sent or received, which says this.
    Settled(SessionTimer),
    /// The time for a refresh has come.
    Due,
    /// The session has not been refreshed.
    Over,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Start the timers anew, or stop them.
    Start,
    /// Send a refresh.
    Refresh,
    /// End the call.
    End,
}

impl SessionTimer {
    /// The cell of the table; `None` where the input has no place in the state.
    pub(super) const fn step(self, input: Input) -> Option<(Self, Action)> {
        match (self, input) {
            (_, Input::Settled(next)) => Some((next, Action::Start)),
            (Self::Refresher(_), Input::Due) => Some((self, Action::Refresh)),
            (Self::Refresher(_) | Self::Watcher(_), Input::Over) => Some((Self::Off, Action::End)),
            (Self::Off, Input::Due | Input::Over) | (Self::Watcher(_), Input::Due) => None,
        }
    }

    /// After how long this side refreshes, and after how long it ends the call (RFC 4028 §10):
    /// before the end of the interval by a third of it, but at most 32 s.
    pub(super) fn deadlines(self) -> (Option<Duration>, Option<Duration>) {
        let seconds = |interval: u32| Duration::from_secs(interval.into());
        let early = |interval| {
            let interval = seconds(interval);
            interval - Duration::from_secs(32).min(interval / 3)
        };
        match self {
            Self::Off => (None, None),
            Self::Refresher(interval) => (Some(seconds(interval) / 2), Some(early(interval))),
            Self::Watcher(interval) => (None, Some(early(interval))),
        }
    }

    /// What a 2xx says to a request that this side has sent (RFC 4028 §7.2).
    pub(super) fn of_response(response: MessageRef<'_>) -> Self {
        let Some(Ok(expires)) = response.get::<SessionExpires<'_>>() else {
            return Self::Off;
        };
        let interval = expires.seconds.max(LEAST);
        match expires.refresher() {
            Some(Refresher::Uas) => Self::Watcher(interval),
            Some(Refresher::Uac) | None => Self::Refresher(interval),
        }
    }

    /// What this side answers to a request with a 2xx (RFC 4028 §9, table 2), where it would like
    /// `wanted` seconds by itself.
    pub(super) fn answer_to(request: MessageRef<'_>, wanted: Option<u32>) -> Self {
        let asked = request
            .get::<SessionExpires<'_>>()
            .and_then(Result::ok)
            .map(|asked| (asked.seconds, asked.refresher()));
        let interval = match asked {
            Some((seconds, _)) => Some(seconds),
            None => wanted.map(|wanted| wanted.max(least_of(request))),
        };
        let Some(interval) = interval.map(|interval| interval.max(LEAST)) else {
            return Self::Off;
        };
        let refresher = asked.and_then(|(_, refresher)| refresher);
        match (supports_timer(request), refresher) {
            (true, Some(Refresher::Uac) | None) => Self::Watcher(interval),
            (true, Some(Refresher::Uas)) | (false, _) => Self::Refresher(interval),
        }
    }

    /// The value of Session-Expires in that 2xx.
    pub(super) fn answer_value(self) -> Option<alloc::string::String> {
        match self {
            Self::Off => None,
            Self::Refresher(interval) => Some(alloc::format!("{interval};refresher=uas")),
            Self::Watcher(interval) => Some(alloc::format!("{interval};refresher=uac")),
        }
    }
}

/// Whether a request has a session interval that is too short for this side, which the other side
/// can be told (RFC 4028 §9).
pub(super) fn is_too_small(request: MessageRef<'_>, least: u32) -> bool {
    let asked = request.get::<SessionExpires<'_>>();
    let small = asked.is_some_and(|asked| asked.is_ok_and(|asked| asked.seconds < least));
    small && supports_timer(request)
}

/// What a 422 wants at least (RFC 4028 §7.3).
pub(super) fn least_of_refusal(response: MessageRef<'_>) -> Option<u32> {
    if response.status() != Some(StatusCode::SESSION_INTERVAL_TOO_SMALL) {
        return None;
    }
    Some(response.get::<MinSe<'_>>()?.ok()?.seconds)
}

/// Min-SE of a request, or what it is without.
fn least_of(request: MessageRef<'_>) -> u32 {
    let least = request.get::<MinSe<'_>>().and_then(Result::ok);
    least.map_or(LEAST, |least| least.seconds.max(LEAST))
}

/// Whether the sender of a request knows session timers.
pub(super) fn supports_timer(request: MessageRef<'_>) -> bool {
    let required = request.list::<Require<'_>>().flatten();
    let mut supported = request.list::<Supported<'_>>().flatten();
    supported.any(|tag| tag.is(TIMER)) || required.into_iter().any(|tag| tag.is(TIMER))
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;
    use crate::Message;

    #[test]
    fn every_cell() {
        let mut cells = String::new();
        let states = [
            SessionTimer::Off,
            SessionTimer::Refresher(90),
            SessionTimer::Watcher(90),
        ];
        for state in states {
            let settled = states.map(Input::Settled);
            for input in settled.into_iter().chain([Input::Due, Input::Over]) {
                // What is not listed is refused.
                if let Some((next, action)) = state.step(input) {
                    cells += &format!("{state:?} {input:?} -> {next:?} {action:?}\n");
                }
            }
        }
        assert_eq!(
            cells,
            "Off Settled(Off) -> Off Start\n\
             Off Settled(Refresher(90)) -> Refresher(90) Start\n\
             Off Settled(Watcher(90)) -> Watcher(90) Start\n\
             Refresher(90) Settled(Off) -> Off Start\n\
             Refresher(90) Settled(Refresher(90)) -> Refresher(90) Start\n\
             Refresher(90) Settled(Watcher(90)) -> Watcher(90) Start\n\
             Refresher(90) Due -> Refresher(90) Refresh\n\
             Refresher(90) Over -> Off End\n\
             Watcher(90) Settled(Off) -> Off Start\n\
             Watcher(90) Settled(Refresher(90)) -> Refresher(90) Start\n\
             Watcher(90) Settled(Watcher(90)) -> Watcher(90) Start\n\
             Watcher(90) Over -> Off End\n"
        );
    }

    fn answer(fields: &str, wanted: Option<u32>) -> SessionTimer {
        let text = format!("UPDATE sip:a@b SIP/2.0\r\n{fields}\r\n");
        SessionTimer::answer_to(Message::parse(text).unwrap().view(), wanted)
    }

    #[test]
    fn who_refreshes_is_what_table_2_says() {
        // RFC 4028 §9, table 2: whether the UAC supports it, its parameter, and who it is.
        let asks = "Session-Expires: 1800";
        let knows = "Supported: timer\r\n";
        for (fields, refresher) in [
            (format!("{asks}\r\n"), SessionTimer::Refresher(1800)),
            (
                format!("{asks};refresher=uas\r\n"),
                SessionTimer::Refresher(1800),
            ),
            (format!("{asks}\r\n{knows}"), SessionTimer::Watcher(1800)),
            (
                format!("{asks};refresher=uac\r\n{knows}"),
                SessionTimer::Watcher(1800),
            ),
            (
                format!("{asks};refresher=uas\r\n{knows}"),
                SessionTimer::Refresher(1800),
            ),
        ] {
            assert_eq!(answer(&fields, None), refresher, "{fields}");
        }
    }

    #[test]
    fn a_server_may_ask_by_itself_but_not_for_less_than_min_se() {
        assert_eq!(answer("", None), SessionTimer::Off);
        assert_eq!(answer("", Some(600)), SessionTimer::Refresher(600));
        let fields = "Min-SE: 900\r\nSupported: timer\r\n";
        assert_eq!(answer(fields, Some(600)), SessionTimer::Watcher(900));
        assert_eq!(answer("", Some(5)), SessionTimer::Refresher(90));
    }

    #[test]
    fn the_end_comes_a_third_of_the_interval_early_but_at_most_32_seconds() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let refresher = SessionTimer::Refresher(1800).deadlines();
        assert_eq!(refresher, (seconds(900), seconds(1768)));
        let watcher = SessionTimer::Watcher(90).deadlines();
        assert_eq!(watcher, (None, seconds(60)));
    }
}
