//! Where and when a message was seen.

use super::time::Timestamp;
use std::net::SocketAddr;

/// The circumstances of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) time: Timestamp,
    /// Number of the packet in the capture, from 1.
    pub(crate) packet: u64,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) transport: Transport,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    /// Within an RTSP connection (RFC 2326 §10.12).
    Interleaved,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Interleaved => "rtsp",
        }
    }
}

/// Whether a packet was SRTP or SRTCP that has been opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// As it was captured: plain, or encrypted still.
    AsCaptured,
    Opened,
}

impl Secrecy {
    pub(crate) fn of(opened: bool) -> Self {
        if opened {
            Self::Opened
        } else {
            Self::AsCaptured
        }
    }
}

/// Tells time from the capture's first packet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    pub(crate) start: Timestamp,
}

impl Clock {
    pub(crate) fn seconds(self, time: Timestamp) -> f64 {
        // To the microsecond: what lies below is the noise of floating point.
        (time.seconds_since(self.start) * 1e6).round() / 1e6
    }
}
