//! What a response means to a request. RFC 5389 §7.3.3, §7.3.4, §10.1.3, §10.2.3, §11;
//! RFC 8489 §9.1.4, §9.2.5.
//!
//! ```text
//!              ┌────────────── success ──────────────▶ done
//!   request ──▶│ Plain, Bare, Challenged, Protected │
//!              └── error, unintelligible, timer out ─▶ failed
//!
//!   Bare ──401──▶ Challenged          Challenged ──438──▶ Challenged
//!   Challenged ──401 of another realm──▶ Challenged
//!   Challenged, Protected ──300──▶ the same request, to another server
//! ```
//!
//! Each arrow between states is a new transaction; how many there may be is limited. What follows
//! from a response whose integrity is not right, in the states that protect the request:
//! nothing. Only 401 and 438 cannot be protected, and are heard without it by `Challenged`.

/// How the request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Without credentials, as there are none.
    Plain,
    /// Without the long-term credentials that there are, as no challenge has been seen.
    Bare,
    /// With long-term credentials, in answer to a challenge.
    Challenged,
    /// With short-term credentials.
    Protected,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reply {
    Success,
    TryAlternate,
    Unauthenticated,
    StaleNonce,
    /// Any other error.
    Error,
    /// With attributes that must be understood and are not, or an error without its code.
    Unintelligible,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Succeed,
    Fail,
    /// As if it had never come.
    Discard,
    /// Ask the other server.
    Redirect,
    /// Ask again with the credentials for this challenge, if they have not failed for its realm.
    Authenticate,
    /// Ask again with the new nonce.
    Renew,
}

/// `proven` says whether the response has the integrity that belongs to the request's; it has no
/// meaning where the request had none.
pub(super) fn transition(state: State, proven: bool, reply: Reply) -> Action {
    match (state, proven, reply) {
        (State::Bare, _, Reply::Unauthenticated) => Action::Authenticate,
        (State::Challenged, _, Reply::Unauthenticated) => Action::Authenticate,
        (State::Challenged, _, Reply::StaleNonce) => Action::Renew,
        (State::Challenged | State::Protected, false, _) => Action::Discard,
        (State::Challenged | State::Protected, true, Reply::TryAlternate) => Action::Redirect,
        (_, _, Reply::Success) => Action::Succeed,
        _ => Action::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_every_reply() {
        use Action::{Authenticate, Discard, Fail, Redirect, Renew, Succeed};
        let replies = [
            Reply::Success,
            Reply::TryAlternate,
            Reply::Unauthenticated,
            Reply::StaleNonce,
            Reply::Error,
            Reply::Unintelligible,
        ];
        let unprotected = [Succeed, Fail, Fail, Fail, Fail, Fail];
        let bare = [Succeed, Fail, Authenticate, Fail, Fail, Fail];
        for (state, proven, actions) in [
            (State::Plain, false, unprotected),
            (State::Plain, true, unprotected),
            (State::Bare, false, bare),
            (State::Bare, true, bare),
            (
                State::Challenged,
                false,
                [Discard, Discard, Authenticate, Renew, Discard, Discard],
            ),
            (
                State::Challenged,
                true,
                [Succeed, Redirect, Authenticate, Renew, Fail, Fail],
            ),
            (State::Protected, false, [Discard; 6]),
            (
                State::Protected,
                true,
                [Succeed, Redirect, Fail, Fail, Fail, Fail],
            ),
        ] {
            for (reply, action) in replies.into_iter().zip(actions) {
                assert_eq!(
                    transition(state, proven, reply),
                    action,
                    "{state:?} {proven} {reply:?}"
                );
            }
        }
    }
}
