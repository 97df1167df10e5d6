//! A packet's time of capture.

use std::time::Duration;

/// Nanoseconds since 1 January 1970, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(pub(crate) i64);

impl Timestamp {
    pub(crate) fn new(seconds: i64, nanoseconds: i64) -> Self {
        Self(
            seconds
                .saturating_mul(1_000_000_000)
                .saturating_add(nanoseconds),
        )
    }

    /// A time since 1 January 1970.
    pub(crate) fn of_unix(since: Duration) -> Self {
        Self(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Seconds from `earlier` to this; negative where the clock went back.
    pub(crate) fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e9
    }

    /// Milliseconds from `earlier` to this.
    pub(crate) fn ms_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }

    /// `2026-11-20T10:33:50.123456Z` (RFC 3339).
    pub(crate) fn to_rfc3339(self) -> String {
        let seconds = self.0.div_euclid(1_000_000_000);
        let micros = self.0.rem_euclid(1_000_000_000) / 1000;
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Year, month and day of a day counted from 1 January 1970 in the Gregorian calendar: eras of
/// 400 years (146,097 days), in years that begin on 1 March so that leap days come last.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468; // from 1 March of the year 0
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates_of_the_calendar() {
        let written = |seconds, nanos| Timestamp::new(seconds, nanos).to_rfc3339();
        assert_eq!(written(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(written(951_782_400, 1000), "2000-02-29T00:00:00.000001Z");
        assert_eq!(
            written(1_709_251_199, 999_999_999),
            "2024-02-29T23:59:59.999999Z"
        );
        assert_eq!(written(-1, 0), "1969-12-31T23:59:59.000000Z");
        assert_eq!(written(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
    }
}
