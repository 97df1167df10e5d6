//! What a server tells of itself.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Observation {
    /// A client has connected.
    Connected {
        /// Its address.
        peer: SocketAddr,
    },
    /// A client was turned away: there are as many connections as there may be.
    TurnedAway {
        /// Its address.
        peer: SocketAddr,
    },
    /// A client has been refused for want of the right credentials.
    Unauthorized {
        /// Its address.
        peer: SocketAddr,
    },
    /// A stream was set up.
    SetUp {
        /// The client's address.
        peer: SocketAddr,
        /// The name of the presentation.
        presentation: String,
        /// The transport as the response has it.
        transport: String,
    },
    /// A stream plays.
    Playing {
        /// The client's address.
        peer: SocketAddr,
        /// The name of the presentation.
        presentation: String,
        /// Where it begins, from the beginning; `None` for live video.
        from: Option<Duration>,
    },
    /// A stream is paused, or has come to its end.
    Stopped {
        /// The client's address.
        peer: SocketAddr,
        /// The name of the presentation.
        presentation: String,
        /// What has been sent until now.
        totals: Totals,
    },
    /// A session has ended.
    Ended {
        /// The client's address.
        peer: SocketAddr,
        /// The name of the presentation.
        presentation: String,
        /// What was sent to it.
        totals: Totals,
    },
    /// A client has gone.
    Disconnected {
        /// Its address.
        peer: SocketAddr,
    },
    /// Comes every second.
    Progress {
        /// How many streams play.
        playing: usize,
        /// What has been sent to all since the server began.
        totals: Totals,
    },
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Totals {
    /// Frames sent.
    pub frames: u64,
    /// RTP packets sent.
    pub packets: u64,
    /// Bytes of their payloads.
    pub octets: u64,
    /// Frames sent more than half a frame's time too late.
    pub late: u64,
    /// Frames left out because the client or the machine was too slow for them.
    pub skipped: u64,
    /// Packets that the client has reported as lost.
    pub reported_lost: i64,
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.packets += other.packets;
        self.octets += other.octets;
        self.late += other.late;
        self.skipped += other.skipped;
        self.reported_lost += other.reported_lost;
    }
}

/// Why there is no server.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The system refuses.
    Io(io::Error),
    /// The system has no random numbers.
    Random,
    /// The realm cannot stand in a header field.
    Realm,
    /// A presentation of this name is there already, or the name is empty or has a slash.
    Name(String),
    /// The group's address is no multicast address, of another family than the interface's, or
    /// its port is odd.
    Multicast,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Random => f.write_str("the system has no random numbers"),
            Self::Realm => f.write_str("the realm has control characters"),
            Self::Name(name) => write!(f, "{name:?} cannot be the name of a presentation"),
            Self::Multicast => f.write_str(
                "expected a multicast address of the interface's family and an even port",
            ),
        }
    }
}

impl Error for ServerError {}

impl From<io::Error> for ServerError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
