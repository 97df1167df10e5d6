//! The states of a stream and the requests that change them (RFC 2326 appendix A).

use crate::Method;

/// The state of one stream of a session; client and server have the same.
///
/// ```text
///                      SETUP                     SETUP, PLAY
///                     ┌─────┐                     ┌──────┐
///   ┌──────┐  SETUP   │    ┌▼──────┐    PLAY    ┌─▼──────┴──┐
///   │      ├──────────┴───▶│       ├───────────▶│  Playing  │
///   │ Init │               │ Ready │◀───────────┤           │
///   │      │◀──────────────┤       │   PAUSE    └─────┬─────┘
///   └─▲──▲─┘   TEARDOWN    │       │                  │ TEARDOWN
///     │  └─────────────────┼───────┼──────────────────┤
///     │                    │       │   RECORD   ┌─────┴─────┐
///     │                    │       ├───────────▶│ Recording │◀┐
///     │                    │       │◀───────────┤           ├─┘
///     └── TEARDOWN         └───────┘   PAUSE    └───────────┘  SETUP, RECORD
/// ```
///
/// Playing and Recording also become Ready where the range or the recording ends. A redirection
/// makes every state Init. A request that is refused changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    /// There is no transport.
    #[default]
    Init,
    /// There is a transport and nothing is sent over it.
    Ready,
    /// The server sends.
    Playing,
    /// The client sends.
    Recording,
}

/// A request that changes the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Setup,
    Play,
    Record,
    Pause,
    Teardown,
}

impl State {
    /// The state after a successful request; `None` if the request is not for this state.
    pub(crate) const fn after(self, action: Action) -> Option<Self> {
        use Action::{Pause, Play, Record, Setup, Teardown};
        use State::{Init, Playing, Ready, Recording};
        match (self, action) {
            (_, Teardown) => Some(Init),
            (Init | Ready, Setup) | (Playing | Recording, Pause) => Some(Ready),
            (Playing, Setup) | (Ready | Playing, Play) => Some(Playing),
            (Recording, Setup) | (Ready | Recording, Record) => Some(Recording),
            (Init | Recording, Play) | (Init | Playing, Record) | (Init | Ready, Pause) => None,
        }
    }

    /// The methods that the state allows, as Allow lists them.
    pub(crate) const fn allowed(self) -> &'static str {
        match self {
            Self::Init => "SETUP, TEARDOWN",
            Self::Ready => "SETUP, PLAY, RECORD, TEARDOWN",
            Self::Playing => "SETUP, PLAY, PAUSE, TEARDOWN",
            Self::Recording => "SETUP, RECORD, PAUSE, TEARDOWN",
        }
    }
}

impl Action {
    /// The action of a method; `None` if the method leaves the state alone.
    pub(crate) fn of(method: Method<'_>) -> Option<Self> {
        match method {
            Method::SETUP => Some(Self::Setup),
            Method::PLAY => Some(Self::Play),
            Method::RECORD => Some(Self::Record),
            Method::PAUSE => Some(Self::Pause),
            Method::TEARDOWN => Some(Self::Teardown),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of §A.1 and §A.2, which are one; every other cell is empty.
    #[test]
    fn every_state_and_method() {
        use State::{Init, Playing, Ready, Recording};
        let methods = [
            Method::SETUP,
            Method::PLAY,
            Method::RECORD,
            Method::PAUSE,
            Method::TEARDOWN,
        ];
        for (state, expected) in [
            (Init, [Some(Ready), None, None, None, Some(Init)]),
            (
                Ready,
                [
                    Some(Ready),
                    Some(Playing),
                    Some(Recording),
                    None,
                    Some(Init),
                ],
            ),
            (
                Playing,
                [Some(Playing), Some(Playing), None, Some(Ready), Some(Init)],
            ),
            (
                Recording,
                [
                    Some(Recording),
                    None,
                    Some(Recording),
                    Some(Ready),
                    Some(Init),
                ],
            ),
        ] {
            for (method, expected) in methods.into_iter().zip(expected) {
                let action = Action::of(method).unwrap();
                assert_eq!(state.after(action), expected, "{state:?} {method}");
                let allowed = state
                    .allowed()
                    .split(", ")
                    .any(|name| name == method.as_str());
                assert_eq!(allowed, expected.is_some(), "{state:?} {method}");
            }
        }
    }

    #[test]
    fn other_methods_leave_the_state_alone() {
        for method in [
            Method::OPTIONS,
            Method::DESCRIBE,
            Method::ANNOUNCE,
            Method::GET_PARAMETER,
            Method::SET_PARAMETER,
            Method::REDIRECT,
        ] {
            assert_eq!(Action::of(method), None);
        }
    }
}
