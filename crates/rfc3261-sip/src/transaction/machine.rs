//! What the four machines have in common: states, what happens to them, and what they do
//! (RFC 3261 §17, RFC 6026).

use super::{client_invite, client_non_invite, server_invite, server_non_invite, timer::Timer};

/// Which of the four machines a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// RFC 3261 §17.1.1
    ClientInvite,
    /// RFC 3261 §17.1.2
    ClientNonInvite,
    /// RFC 3261 §17.2.1
    ServerInvite,
    /// RFC 3261 §17.2.2
    ServerNonInvite,
}

/// Where a transaction is. Each machine knows some of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The INVITE is sent, nothing has come back.
    Calling,
    /// The request is there, nothing has been answered.
    Trying,
    /// A provisional response is there, or an INVITE that is not answered.
    Proceeding,
    /// Proceeding, and the INVITE's CANCEL is sent (RFC 3261 §9.1): this state is not in the
    /// RFC's figures.
    Cancelling,
    /// A 2xx is there (RFC 6026).
    Accepted,
    /// A final response is there, which for INVITE is no 2xx.
    Completed,
    /// The ACK is there.
    Confirmed,
    /// All is over: nothing is left of a transaction in this state.
    Terminated,
}

/// What happens to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// The request is received again.
    Request,
    /// An ACK is received.
    Ack,
    /// A 100 is received, or the user sends it.
    Trying,
    /// 101 to 199.
    Provisional,
    /// 2xx.
    Success,
    /// 300 to 699.
    Failure,
    /// The user wants the request cancelled.
    Cancel,
    /// A timer has run out.
    Fired(Timer),
    /// The last message could not be sent.
    TransportError,
}

/// What a machine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Send the message of this side, once more if it was sent before: a client its request or
    /// ACK, a server the response that it sent last, if there is one.
    Send,
    /// Make the ACK for the response and send it.
    SendAck,
    /// Send a CANCEL, in a transaction of its own.
    SendCancel,
    /// Remember that a CANCEL is wanted as soon as it may be sent.
    WantCancel,
    /// Send a 100.
    SendTrying,
    /// Hand what has come to the user.
    Pass,
    /// Tell the user that nothing came in time.
    TellTimeout,
    /// Tell the user that the transport failed.
    TellTransportError,
    /// Start a timer.
    Start(Timer),
    /// Start a timer that paces retransmissions again, with twice its interval up to its limit.
    Backoff(Timer),
    /// Start a timer that paces retransmissions again, with T2.
    Slow(Timer),
    /// Stop the timer that paces retransmissions.
    Stop,
}

/// One cell of a transition table: the next state, and what is done on the way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) next: State,
    pub(crate) actions: &'static [Action],
}

pub(crate) const fn step(next: State, actions: &'static [Action]) -> Option<Step> {
    Some(Step { next, actions })
}

impl Kind {
    /// Whether it is a client.
    #[must_use]
    pub const fn is_client(self) -> bool {
        matches!(self, Self::ClientInvite | Self::ClientNonInvite)
    }

    /// The state that the machine begins in, and what it does there first.
    pub(crate) const fn start(self) -> Step {
        match self {
            Self::ClientInvite => client_invite::START,
            Self::ClientNonInvite => client_non_invite::START,
            Self::ServerInvite => server_invite::START,
            Self::ServerNonInvite => server_non_invite::START,
        }
    }

    /// The cell of the machine's table; `None` where the input has no place in the state.
    pub(crate) const fn step(self, state: State, input: Input) -> Option<Step> {
        match self {
            Self::ClientInvite => client_invite::table(state, input),
            Self::ClientNonInvite => client_non_invite::table(state, input),
            Self::ServerInvite => server_invite::table(state, input),
            Self::ServerNonInvite => server_non_invite::table(state, input),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    const STATES: [State; 8] = [
        State::Calling,
        State::Trying,
        State::Proceeding,
        State::Cancelling,
        State::Accepted,
        State::Completed,
        State::Confirmed,
        State::Terminated,
    ];

    fn inputs() -> impl Iterator<Item = Input> {
        [
            Input::Request,
            Input::Ack,
            Input::Trying,
            Input::Provisional,
            Input::Success,
            Input::Failure,
            Input::Cancel,
            Input::TransportError,
        ]
        .into_iter()
        .chain(Timer::ALL.map(Input::Fired))
    }

    /// All cells of a machine that are not empty, one in a line.
    fn cells(kind: Kind) -> String {
        let mut text = String::new();
        for state in STATES {
            for input in inputs() {
                if let Some(Step { next, actions }) = kind.step(state, input) {
                    text += &format!("{state:?} {input:?} -> {next:?} {actions:?}\n");
                }
            }
        }
        text
    }

    fn check(kind: Kind, expected: &str) {
        let cells = cells(kind);
        let lines = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let expected: String = lines.flat_map(|line| [line, "\n"]).collect();
        assert_eq!(cells, expected, "{kind:?}");
    }

    #[test]
    fn every_cell_of_the_invite_client() {
        check(
            Kind::ClientInvite,
            "Calling Trying -> Proceeding [Stop, Start(C), Pass]
             Calling Provisional -> Proceeding [Stop, Start(C), Pass]
             Calling Success -> Accepted [Stop, Start(M), Pass]
             Calling Failure -> Completed [Stop, SendAck, Start(D), Pass]
             Calling Cancel -> Calling [WantCancel]
             Calling TransportError -> Terminated [TellTransportError]
             Calling Fired(A) -> Calling [Send, Backoff(A)]
             Calling Fired(B) -> Terminated [TellTimeout]
             Proceeding Trying -> Proceeding [Pass]
             Proceeding Provisional -> Proceeding [Start(C), Pass]
             Proceeding Success -> Accepted [Stop, Start(M), Pass]
             Proceeding Failure -> Completed [Stop, SendAck, Start(D), Pass]
             Proceeding Cancel -> Cancelling [SendCancel, Start(Cancelled)]
             Proceeding Fired(C) -> Cancelling [SendCancel, Start(Cancelled)]
             Cancelling Trying -> Cancelling [Pass]
             Cancelling Provisional -> Cancelling [Pass]
             Cancelling Success -> Accepted [Stop, Start(M), Pass]
             Cancelling Failure -> Completed [Stop, SendAck, Start(D), Pass]
             Cancelling Fired(Cancelled) -> Terminated [TellTimeout]
             Accepted Success -> Accepted [Pass]
             Accepted Fired(M) -> Terminated []
             Completed Failure -> Completed [Send]
             Completed TransportError -> Terminated [TellTransportError]
             Completed Fired(D) -> Terminated []",
        );
    }

    #[test]
    fn every_cell_of_the_non_invite_client() {
        check(
            Kind::ClientNonInvite,
            "Trying Trying -> Proceeding [Pass]
             Trying Provisional -> Proceeding [Pass]
             Trying Success -> Completed [Stop, Start(K), Pass]
             Trying Failure -> Completed [Stop, Start(K), Pass]
             Trying TransportError -> Terminated [TellTransportError]
             Trying Fired(E) -> Trying [Send, Backoff(E)]
             Trying Fired(F) -> Terminated [TellTimeout]
             Proceeding Trying -> Proceeding [Pass]
             Proceeding Provisional -> Proceeding [Pass]
             Proceeding Success -> Completed [Stop, Start(K), Pass]
             Proceeding Failure -> Completed [Stop, Start(K), Pass]
             Proceeding TransportError -> Terminated [TellTransportError]
             Proceeding Fired(E) -> Proceeding [Send, Slow(E)]
             Proceeding Fired(F) -> Terminated [TellTimeout]
             Completed Trying -> Completed []
             Completed Provisional -> Completed []
             Completed Success -> Completed []
             Completed Failure -> Completed []
             Completed Fired(K) -> Terminated []",
        );
    }

    #[test]
    fn every_cell_of_the_invite_server() {
        check(
            Kind::ServerInvite,
            "Proceeding Request -> Proceeding [Send]
             Proceeding Trying -> Proceeding [Stop, Send]
             Proceeding Provisional -> Proceeding [Stop, Send]
             Proceeding Success -> Accepted [Stop, Send, Start(L)]
             Proceeding Failure -> Completed [Stop, Send, Start(G), Start(H)]
             Proceeding TransportError -> Proceeding [TellTransportError]
             Proceeding Fired(Trying) -> Proceeding [SendTrying]
             Accepted Request -> Accepted []
             Accepted Ack -> Accepted [Pass]
             Accepted Success -> Accepted [Send]
             Accepted TransportError -> Accepted [TellTransportError]
             Accepted Fired(L) -> Terminated []
             Completed Request -> Completed [Send]
             Completed Ack -> Confirmed [Stop, Start(I)]
             Completed TransportError -> Completed [TellTransportError]
             Completed Fired(G) -> Completed [Send, Backoff(G)]
             Completed Fired(H) -> Terminated [TellTimeout]
             Confirmed Request -> Confirmed []
             Confirmed Ack -> Confirmed []
             Confirmed Fired(I) -> Terminated []",
        );
    }

    #[test]
    fn every_cell_of_the_non_invite_server() {
        check(
            Kind::ServerNonInvite,
            "Trying Request -> Trying []
             Trying Trying -> Proceeding [Send]
             Trying Provisional -> Proceeding [Send]
             Trying Success -> Completed [Send, Start(J)]
             Trying Failure -> Completed [Send, Start(J)]
             Proceeding Request -> Proceeding [Send]
             Proceeding Trying -> Proceeding [Send]
             Proceeding Provisional -> Proceeding [Send]
             Proceeding Success -> Completed [Send, Start(J)]
             Proceeding Failure -> Completed [Send, Start(J)]
             Proceeding TransportError -> Proceeding [TellTransportError]
             Completed Request -> Completed [Send]
             Completed Success -> Completed []
             Completed Failure -> Completed []
             Completed TransportError -> Completed [TellTransportError]
             Completed Fired(J) -> Terminated []",
        );
    }
}
