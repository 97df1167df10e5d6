//! What media were sent and received, and how well (RFC 3550 §6.4).

use core::time::Duration;

/// The figures of a [`MediaSession`](super::MediaSession), from its beginning on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct MediaStatistics {
    /// RTP packets sent, those of digits among them.
    pub sent: u64,
    /// Octets of payload in them.
    pub sent_octets: u64,
    /// RTP packets received of the source that is played.
    pub received: u64,
    /// Octets of payload in all packets received.
    pub received_octets: u64,
    /// Packets lost on the way; negative if there were more duplicates than losses.
    pub lost: i64,
    /// Packets received again.
    pub duplicates: u64,
    /// Packets overtaken by others.
    pub reordered: u64,
    /// The interarrival jitter.
    pub jitter: Duration,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Gaps that nothing filled when it was time to play.
    pub missing: u64,
    /// How long packets wait to be played, after the quickest.
    pub playout_delay: Duration,
    /// Datagrams dropped that were neither RTP nor RTCP, or of a payload type or source that is
    /// not expected.
    pub ignored: u64,
    /// Datagrams dropped because they were not encrypted with the peer's key, or replayed.
    pub unauthenticated: u64,
    /// RTCP compounds sent.
    pub reports_sent: u64,
    /// RTCP compounds received.
    pub reports_received: u64,
    /// What the peer last reported of our stream.
    pub report: Option<RemoteReport>,
}

/// How our stream arrives, by the peer's report.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RemoteReport {
    /// How much was lost since the report before: 0 to 1.
    pub fraction_lost: f64,
    /// How many packets were lost altogether.
    pub lost: i32,
    /// The interarrival jitter there.
    pub jitter: Duration,
    /// The time to the peer and back, if it could be measured.
    pub round_trip_time: Option<Duration>,
}
