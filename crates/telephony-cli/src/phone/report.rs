//! The figures of a call's media.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use telephony_agent::media::MediaStatistics;

/// What is told of the media of a call.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MediaReport {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) lost: i64,
    pub(crate) late: u64,
    pub(crate) duplicates: u64,
    pub(crate) reordered: u64,
    pub(crate) jitter_ms: f64,
    pub(crate) playout_delay_ms: f64,
    pub(crate) unauthenticated: u64,
    pub(crate) reports_sent: u64,
    pub(crate) reports_received: u64,
    /// What the peer reports of what it receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<PeerReport>,
}

/// How our stream arrives at the peer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PeerReport {
    pub(crate) lost: i32,
    pub(crate) fraction_lost: f64,
    pub(crate) jitter_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) round_trip_ms: Option<f64>,
}

impl From<MediaStatistics> for MediaReport {
    fn from(media: MediaStatistics) -> Self {
        Self {
            sent: media.sent,
            received: media.received,
            lost: media.lost,
            late: media.late,
            duplicates: media.duplicates,
            reordered: media.reordered,
            jitter_ms: millis(media.jitter),
            playout_delay_ms: millis(media.playout_delay),
            unauthenticated: media.unauthenticated,
            reports_sent: media.reports_sent,
            reports_received: media.reports_received,
            peer: media.report.map(|report| PeerReport {
                lost: report.lost,
                fraction_lost: report.fraction_lost,
                jitter_ms: millis(report.jitter),
                round_trip_ms: report.round_trip_time.map(millis),
            }),
        }
    }
}

impl fmt::Display for MediaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "  sent {}, received {}, lost {}, late {}, jitter {} ms, RTCP {} out and {} in",
            self.sent,
            self.received,
            self.lost,
            self.late,
            self.jitter_ms,
            self.reports_sent,
            self.reports_received
        )?;
        if let Some(peer) = &self.peer {
            write!(
                f,
                "\n  the other side: lost {}, jitter {} ms",
                peer.lost, peer.jitter_ms
            )?;
            if let Some(trip) = peer.round_trip_ms {
                write!(f, ", round trip {trip} ms")?;
            }
        }
        Ok(())
    }
}

/// Milliseconds with two places.
pub(crate) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 1e2
}
