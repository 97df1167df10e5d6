//! How it went.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest delay that is told apart, in microseconds: two minutes.
const LONGEST: u64 = 120_000_000;

/// What happened to all calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figures {
    /// Calls begun, or calls that came in.
    pub(super) calls: u64,
    /// Calls that were answered and acknowledged.
    pub(super) established: u64,
    /// Calls that ended as they should.
    pub(super) completed: u64,
    /// Calls that did not, by why.
    pub(super) failed: BTreeMap<String, u64>,
    /// From the first call to the last one that was over.
    pub(super) seconds: f64,
    pub(super) calls_per_second: f64,
    /// Milliseconds from INVITE to 180 and to 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ringing: Option<Delays>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Delays>,
    pub(super) messages_received: u64,
    pub(super) messages_sent: u64,
    pub(super) messages_unsent: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<MediaFigures>,
}

/// Packets of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct MediaFigures {
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// How delays are spread, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Delays {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

/// Delays while they are gathered.
pub(super) struct Gathered(Histogram<u32>);

impl Gathered {
    pub(super) fn new() -> Result<Self, String> {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 3);
        histogram.map(Self).map_err(|error| error.to_string())
    }

    pub(super) fn add(&mut self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(LONGEST);
        self.0.saturating_record(micros);
    }

    /// How they are spread; `None` if there are none.
    pub(super) fn delays(&self) -> Option<Delays> {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1e3;
        (!self.0.is_empty()).then(|| Delays {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: self.0.max() as f64 / 1e3,
        })
    }
}

impl Figures {
    /// Whether every call was as it should be.
    pub(super) fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.completed == self.calls
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "calls       {} in {:.2} s, {:.0} per second\nestablished {}\ncompleted   {}",
            self.calls, self.seconds, self.calls_per_second, self.established, self.completed
        )?;
        for (why, count) in &self.failed {
            writeln!(f, "failed      {count}: {why}")?;
        }
        for (name, delays) in [("ringing  ", self.ringing), ("answer   ", self.answer)] {
            if let Some(Delays { p50, p90, p99, max }) = delays {
                writeln!(
                    f,
                    "{name}   {p50:.2} ms half, {p90:.2} ms 90 %, {p99:.2} ms 99 %, {max:.2} ms all"
                )?;
            }
        }
        writeln!(
            f,
            "messages    {} sent, {} received, {} could not be sent",
            self.messages_sent, self.messages_received, self.messages_unsent
        )?;
        match self.media {
            Some(media) => writeln!(
                f,
                "media       {} packets sent, {} received",
                media.sent, media.received
            ),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_told_to_a_thousandth() {
        let mut gathered = Gathered::new().unwrap();
        assert_eq!(gathered.delays(), None);
        for ms in 1..=1000 {
            gathered.add(Duration::from_millis(ms));
        }
        gathered.add(Duration::from_secs(1000));
        let delays = gathered.delays().unwrap();
        for (found, expected) in [
            (delays.p50, 501.0),
            (delays.p90, 901.0),
            (delays.p99, 991.0),
        ] {
            assert!((found / expected - 1.0).abs() < 0.002, "{delays:?}");
        }
        assert!(delays.max >= 120_000.0);
    }
}
