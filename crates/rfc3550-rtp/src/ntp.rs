//! Wall-clock time as RTCP carries it (RFC 3550 §4).

use core::time::Duration;

/// Seconds from the NTP epoch, 1 January 1900, to the Unix epoch, 1 January 1970.
const UNIX_EPOCH: u64 = 2_208_988_800;
const NANOS: u64 = 1_000_000_000;

/// A wall-clock instant: seconds since 1900 modulo 2^32, and a binary fraction of a second.
///
/// The seconds wrap on 7 February 2036. Conversion to Unix time reads seconds below those of 1970
/// as lying after that day, so it is exact from 1970 to 2106.
///
/// ```
/// use core::time::Duration;
/// use rfc3550_rtp::NtpTimestamp;
///
/// let time = NtpTimestamp::from_unix(Duration::from_millis(500));
/// assert_eq!((time.seconds, time.fraction), (2_208_988_800, 2_147_483_648));
/// assert_eq!(time.to_unix(), Duration::from_millis(500));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NtpTimestamp {
    /// Whole seconds since 1900, modulo 2^32.
    pub seconds: u32,
    /// Units of 2^-32 seconds.
    pub fraction: u32,
}

impl NtpTimestamp {
    /// From the 64 bits of the wire.
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            seconds: (bits >> 32) as u32,
            fraction: bits as u32,
        }
    }

    /// The 64 bits of the wire.
    pub const fn to_bits(self) -> u64 {
        (self.seconds as u64) << 32 | self.fraction as u64
    }

    /// From the time since the Unix epoch. The fraction is rounded down, which loses less than a
    /// quarter of a nanosecond.
    pub const fn from_unix(since_epoch: Duration) -> Self {
        Self {
            seconds: since_epoch.as_secs().wrapping_add(UNIX_EPOCH) as u32,
            fraction: (((since_epoch.subsec_nanos() as u64) << 32) / NANOS) as u32,
        }
    }

    /// The time since the Unix epoch, to the nearest nanosecond: what
    /// [`from_unix`](Self::from_unix) was given, if that was before 2106.
    pub const fn to_unix(self) -> Duration {
        let seconds = self.seconds as u64;
        let since_epoch = if seconds >= UNIX_EPOCH {
            seconds - UNIX_EPOCH
        } else {
            seconds + (1 << 32) - UNIX_EPOCH
        };
        let nanos = (self.fraction as u64 * NANOS + (1 << 31)) >> 32;
        // The rounding may reach a whole second, for which `new` carries.
        Duration::new(since_epoch, nanos as u32)
    }

    /// The middle 32 bits, as the "last SR" field has them.
    pub const fn to_short(self) -> NtpShort {
        NtpShort((self.to_bits() >> 16) as u32)
    }
}

/// A time or a delay in units of 1/65536 second, as "last SR" and "delay since last SR" have it.
/// As a time it wraps every 18 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NtpShort(pub u32);

impl NtpShort {
    /// A delay, rounded down; at most 18 hours 12 minutes 16 seconds less one unit.
    pub const fn from_duration(delay: Duration) -> Self {
        let units = (delay.as_nanos() << 16) / NANOS as u128;
        if units > u32::MAX as u128 {
            Self(u32::MAX)
        } else {
            Self(units as u32)
        }
    }

    /// The delay, to the nearest nanosecond.
    pub const fn to_duration(self) -> Duration {
        Duration::from_nanos((self.0 as u64 * NANOS + (1 << 15)) >> 16)
    }
}

/// The round-trip time from a reception report about ourselves, as the figure of §6.4.1 has it.
///
/// `arrival` is when the report arrived by our clock; `last_sr` and `delay` are its LSR and DLSR.
/// `None` when the reporter has had no sender report of ours yet, or claims to have held it for
/// longer than it has existed. A millisecond of such a claim is taken for coarse clocks, and the
/// time is zero.
///
/// ```
/// use core::time::Duration;
/// use rfc3550_rtp::{NtpShort, NtpTimestamp, round_trip_time};
///
/// // The example of §6.4.1: 6.125 seconds.
/// let arrival = NtpTimestamp { seconds: 0xb44d_b710, fraction: 0x8000_0000 };
/// let time = round_trip_time(arrival.to_short(), NtpShort(0xb705_2000), NtpShort(0x0005_4000));
/// assert_eq!(time, Some(Duration::from_millis(6125)));
/// ```
pub const fn round_trip_time(
    arrival: NtpShort,
    last_sr: NtpShort,
    delay: NtpShort,
) -> Option<Duration> {
    /// One millisecond, rounded up.
    const SLACK: u32 = 66;
    if last_sr.0 == 0 {
        return None;
    }
    let existed = arrival.0.wrapping_sub(last_sr.0);
    match existed.checked_sub(delay.0) {
        Some(units) => Some(NtpShort(units).to_duration()),
        None if delay.0 - existed <= SLACK => Some(Duration::ZERO),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 7 February 2036, 06:28:16 UTC, in Unix time.
    const ROLLOVER: u64 = 2_085_978_496;

    #[test]
    fn half_a_second_after_the_unix_epoch() {
        let time = NtpTimestamp::from_unix(Duration::from_millis(500));
        assert_eq!(time.to_bits(), 2_208_988_800 << 32 | 2_147_483_648);
    }

    #[test]
    fn seconds_start_again_in_2036() {
        let before = NtpTimestamp::from_unix(Duration::new(ROLLOVER - 1, 999_999_999));
        let after = NtpTimestamp::from_unix(Duration::new(ROLLOVER, 1));
        assert_eq!((before.seconds, after.seconds), (u32::MAX, 0));
        assert_eq!(before.to_unix(), Duration::new(ROLLOVER - 1, 999_999_999));
        assert_eq!(after.to_unix(), Duration::new(ROLLOVER, 1));
        // The short form only drops the upper bits, so the way across is like any other.
        let rtt = round_trip_time(after.to_short(), before.to_short(), NtpShort(0));
        assert_eq!(rtt, Some(NtpShort(1).to_duration()));
    }

    #[test]
    fn the_last_fraction_rounds_up_into_the_next_second() {
        let time = NtpTimestamp {
            seconds: 2_208_988_800,
            fraction: u32::MAX,
        };
        assert_eq!(time.to_unix(), Duration::from_secs(1));
    }

    #[test]
    fn a_delay_beyond_the_field_is_clamped() {
        assert_eq!(
            NtpShort::from_duration(Duration::from_secs(65_536)),
            NtpShort(u32::MAX)
        );
        assert_eq!(NtpShort::from_duration(Duration::MAX), NtpShort(u32::MAX));
        assert_eq!(
            NtpShort::from_duration(Duration::from_millis(1500)),
            NtpShort(0x1_8000)
        );
    }

    #[test]
    fn no_round_trip_without_a_sender_report_of_ours() {
        let arrival = NtpShort(0x1000_0000);
        assert_eq!(round_trip_time(arrival, NtpShort(0), NtpShort(0)), None);
    }

    #[test]
    fn a_delay_of_ffffffff_gives_no_round_trip() {
        let (arrival, last_sr) = (NtpShort(0x1000_0000), NtpShort(0x0fff_0000));
        assert_eq!(round_trip_time(arrival, last_sr, NtpShort(u32::MAX)), None);
        // A coarse clock at the other end.
        assert_eq!(
            round_trip_time(arrival, last_sr, NtpShort(0x1_0001)),
            Some(Duration::ZERO)
        );
    }

    proptest! {
        #[test]
        fn unix_time_survives_the_way_there_and_back(
            seconds in 0u64..ROLLOVER + 2_208_988_800,
            nanos in 0u32..1_000_000_000,
        ) {
            let time = Duration::new(seconds, nanos);
            prop_assert_eq!(NtpTimestamp::from_unix(time).to_unix(), time);
        }
    }
}
