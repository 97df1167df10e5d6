//! What a media session tells, and why it refuses.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use rfc2833_dtmf::{Event, QueueError};

/// Which of the two ports of a stream. With RTCP on the port of RTP there is only the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// The port of RTP.
    Rtp,
    /// The port of RTCP.
    Rtcp,
}

/// Something to do or to know, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaOutput {
    /// Send this datagram.
    Transmit {
        /// From which of our ports.
        channel: Channel,
        /// Where to.
        to: SocketAddr,
        /// The packet, encrypted if that was agreed on.
        datagram: Vec<u8>,
    },
    /// Something has happened.
    Event(MediaEvent),
}

/// What has happened to media.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// A frame is to be played now.
    Frame(Frame),
    /// A frame should be played now and has not come.
    Missing {
        /// Where it would have been, in units of the codec's clock since the first frame.
        media_time: u64,
    },
    /// The peer presses a key.
    DigitBegan {
        /// Which.
        event: Event,
    },
    /// The peer has released a key. Each key is told once, whatever became of its packets.
    DigitEnded {
        /// Which.
        event: Event,
        /// For how long it was pressed.
        duration: Duration,
    },
    /// Packets go to another address from now on than the one that was signalled: the one that
    /// the peer's come from.
    Latched {
        /// For which of our ports.
        channel: Channel,
        /// Where packets go.
        to: SocketAddr,
    },
    /// The peer has reported how our stream arrives: see
    /// [`MediaStatistics::report`](super::MediaStatistics::report).
    Reported,
    /// The peer has said that it leaves the RTP session. The call may go on.
    PeerLeft,
}

/// Encoded media, as they arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The payload type, by our numbers.
    pub payload_type: u8,
    /// Where it is to be played, in units of the codec's clock since the first frame. Silence and
    /// digits leave gaps.
    pub media_time: u64,
    /// Whether it begins a talk spurt.
    pub marker: bool,
    /// The encoded media.
    pub payload: Vec<u8>,
}

/// Why an agreement cannot be put to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaError {
    /// It has no codec.
    NoCodec,
    /// It is encrypted, and a key is missing.
    NoKey,
    /// A key cannot be used: it cannot be read, or asks for what is not supported.
    Key,
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCodec => "no codec was agreed on",
            Self::NoKey => "encrypted media without a key",
            Self::Key => "a key that cannot be used",
        })
    }
}

impl core::error::Error for MediaError {}

/// Why digits are not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigitError {
    /// The peer takes no telephone events.
    NotAgreed,
    /// This is none of `0` to `9`, `*`, `#`, `A` to `D`.
    NoDigit(char),
    /// It cannot be sent.
    Refused(QueueError),
}

impl fmt::Display for DigitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAgreed => f.write_str("the peer takes no telephone events"),
            Self::NoDigit(other) => write!(f, "{other:?} is no digit"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DigitError {}
