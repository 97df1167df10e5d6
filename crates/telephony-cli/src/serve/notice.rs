//! What a server tells: one line for each thing that happens.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::terminal::Safe;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Notice {
    Listening {
        at: String,
    },
    Metrics {
        at: SocketAddr,
    },
    Registered {
        user: String,
        contacts: Vec<String>,
        source: SocketAddr,
        transport: String,
    },
    Unregistered {
        user: String,
        contacts: Vec<String>,
    },
    Expired {
        users: Vec<String>,
    },
    /// A request was refused that somebody had put credentials or a false name into.
    Refused {
        method: String,
        from: String,
        source: SocketAddr,
        status: u16,
        reason: String,
    },
    Call {
        from: String,
        to: String,
        call_id: String,
    },
    Answered {
        call_id: String,
        #[serde(rename = "after_s", serialize_with = "seconds")]
        after: Duration,
    },
    Failed {
        call_id: String,
        status: u16,
    },
    Ended {
        call_id: String,
        #[serde(rename = "talked_s", serialize_with = "seconds")]
        talked: Duration,
    },
    Ending {
        registered_users: usize,
        calls: usize,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { at } => write!(f, "listening     at {at}"),
            Self::Metrics { at } => write!(f, "metrics       at http://{at}/metrics"),
            Self::Registered {
                user,
                contacts,
                source,
                transport,
            } => write!(
                f,
                "registered    {} at {} from {source} over {transport}",
                Safe(user),
                Safe(&contacts.join(", "))
            ),
            Self::Unregistered { user, contacts } => {
                write!(
                    f,
                    "unregistered  {} at {}",
                    Safe(user),
                    Safe(&contacts.join(", "))
                )
            }
            Self::Expired { users } => write!(f, "expired       {}", Safe(&users.join(", "))),
            Self::Refused {
                method,
                from,
                source,
                status,
                reason,
            } => write!(
                f,
                "refused       {} of {} from {source}: {status}, {}",
                Safe(method),
                Safe(from),
                Safe(reason)
            ),
            Self::Call { from, to, call_id } => write!(
                f,
                "call          {} calls {} ({})",
                Safe(from),
                Safe(to),
                Safe(call_id)
            ),
            Self::Answered { call_id, after } => write!(
                f,
                "answered      after {:.1} s ({})",
                after.as_secs_f64(),
                Safe(call_id)
            ),
            Self::Failed { call_id, status } => {
                write!(f, "not answered  {status} ({})", Safe(call_id))
            }
            Self::Ended { call_id, talked } => write!(
                f,
                "ended         after {:.1} s ({})",
                talked.as_secs_f64(),
                Safe(call_id)
            ),
            Self::Ending {
                registered_users,
                calls,
            } => write!(
                f,
                "ending        with {registered_users} registered users and {calls} calls"
            ),
        }
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // Milliseconds are precise enough.
    let seconds = (duration.as_secs_f64() * 1e3).round() / 1e3;
    seconds.serialize(serializer)
}
