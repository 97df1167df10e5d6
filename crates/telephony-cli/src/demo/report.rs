//! What came of the demonstration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use telephony_agent::media::MediaStatistics;

use crate::audio::Comparison;
use crate::phone::{MediaReport, millis};

/// The recording must be as much louder than what differs, in dB: G.711 has 37.
const LEAST_SNR: f64 = 20.0;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    good: bool,
    set_up_ms: f64,
    took_ms: f64,
    codec: String,
    digits: String,
    /// The signal-to-noise ratio of the recording, and where in it the tune begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    snr_db: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<MediaReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<MediaReport>,
    checks: Vec<Check>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Check {
    what: String,
    held: bool,
}

impl Report {
    pub(super) fn new(set_up: Duration, codec: String, comparison: Option<Comparison>) -> Self {
        let snr = comparison.map(|found| (found.snr * 10.0).round() / 10.0);
        Self {
            good: true,
            set_up_ms: millis(set_up),
            took_ms: 0.0,
            codec,
            digits: String::new(),
            snr_db: snr,
            a: None,
            b: None,
            checks: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Whether all held.
    pub(super) fn is_good(&self) -> bool {
        self.good
    }

    pub(super) fn check(&mut self, what: impl Into<String>, held: bool) {
        self.good &= held;
        self.checks.push(Check {
            what: what.into(),
            held,
        });
    }

    pub(super) fn digits(&mut self, sent: &str, heard: &str) {
        self.digits = heard.to_string();
        self.check(
            format!("B heard the digits {sent}, each once"),
            heard == sent,
        );
    }

    pub(super) fn media(&mut self, a: Option<MediaStatistics>, b: Option<MediaStatistics>) {
        let has_reports = |side: &Option<MediaStatistics>| {
            side.is_some_and(|media| media.reports_sent > 0 && media.reports_received > 0)
        };
        let is_whole = |side: &Option<MediaStatistics>| {
            side.is_some_and(|media| media.lost <= 0 && media.received > 0)
        };
        self.check("no packet was lost", is_whole(&a) && is_whole(&b));
        let is_told = a.is_some_and(|media| media.report.is_some());
        let reported = has_reports(&a) && has_reports(&b) && is_told;
        self.check("RTCP reports came both ways", reported);
        self.a = a.map(MediaReport::from);
        self.b = b.map(MediaReport::from);
    }

    pub(super) fn recording(&mut self) {
        let held = self.snr_db.is_some_and(|snr| snr >= LEAST_SNR);
        self.check("B recorded what A played", held);
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.took_ms = millis(time);
    }

    pub(super) fn kept(&mut self, played: &Path, heard: &Path) {
        self.files = vec![played.to_path_buf(), heard.to_path_buf()];
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|error| error.to_string())
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text);
        let _ = writeln!(text, "set-up     {} ms, from INVITE to ACK", self.set_up_ms);
        for (name, media) in [("A", &self.a), ("B", &self.b)] {
            let Some(media) = media else { continue };
            let _ = write!(
                text,
                "media {name}    {} packets sent, {} received, {} lost, {} late, jitter {} ms",
                media.sent, media.received, media.lost, media.late, media.jitter_ms
            );
            let trip = media.peer.as_ref().and_then(|peer| peer.round_trip_ms);
            if let Some(trip) = trip {
                let _ = write!(text, ", round trip {trip} ms");
            }
            let _ = writeln!(text);
        }
        let _ = writeln!(text, "digits     {}", self.digits);
        let snr = self
            .snr_db
            .map_or("nothing".to_string(), |snr| format!("{snr} dB"));
        let codec = &self.codec;
        let _ = writeln!(text, "recording  {snr} above what differs, {codec}");
        for file in &self.files {
            let _ = writeln!(text, "kept       {}", file.display());
        }
        let _ = writeln!(text);
        for check in &self.checks {
            let mark = if check.held { "✓" } else { "✗" };
            let _ = writeln!(text, "{mark} {}", check.what);
        }
        let outcome = if self.good {
            "all held"
        } else {
            "NOT all held"
        };
        let _ = writeln!(text, "\n{outcome}, after {:.1} s", self.took_ms / 1000.0);
        text
    }
}
