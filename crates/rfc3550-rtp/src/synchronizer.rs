//! Streams of one participant, played together (RFC 3550 §5.1, §6.4.1, §6.5.1).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use std::time::Instant;

use crate::NtpTimestamp;

/// How a [`Synchronizer`] sets delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SynchronizerConfig {
    /// How many streams are remembered; 64 unless set.
    pub max_streams: usize,
    /// Streams that are further apart than this do not wait for each other: their sender's clocks
    /// cannot be meant to agree; 2 s unless set.
    pub max_delay: Duration,
    /// A delay is left as it is while it is wrong by no more than this; 15 ms unless set.
    pub tolerance: Duration,
}

impl Default for SynchronizerConfig {
    fn default() -> Self {
        Self {
            max_streams: 64,
            max_delay: Duration::from_secs(2),
            tolerance: Duration::from_millis(15),
        }
    }
}

/// Delays the quicker streams of a participant so that what was sampled at one time is played at
/// one time.
///
/// Each stream tells, from time to time, when it will play what was sampled at some time: the one
/// is [`JitterBuffer::playout_time`](crate::JitterBuffer::playout_time), the other
/// [`Source::wall_clock`](crate::session::Source::wall_clock) of the same timestamp. Streams of
/// one canonical name belong together, in whatever session they are.
///
/// ```
/// use core::time::Duration;
/// use std::time::Instant;
/// use rfc3550_rtp::{NtpTimestamp, Synchronizer, SynchronizerConfig};
///
/// let (now, sampled) = (Instant::now(), NtpTimestamp::from_unix(Duration::from_secs(1_700_000_000)));
/// let mut synchronizer = Synchronizer::new(SynchronizerConfig::default());
/// synchronizer.update("audio", b"alice@example.org", sampled, now + Duration::from_millis(60));
/// synchronizer.update("video", b"alice@example.org", sampled, now + Duration::from_millis(180));
/// assert_eq!(synchronizer.delay("audio").as_millis(), 120);
/// assert_eq!(synchronizer.delay("video").as_millis(), 0);
/// ```
#[derive(Debug, Clone)]
pub struct Synchronizer<K> {
    config: SynchronizerConfig,
    streams: BTreeMap<K, Stream>,
}

#[derive(Debug, Clone)]
struct Stream {
    cname: Vec<u8>,
    sampled: NtpTimestamp,
    played: Instant,
    delay: Duration,
}

impl<K: Ord + Copy> Synchronizer<K> {
    /// A synchroniser without streams.
    pub const fn new(config: SynchronizerConfig) -> Self {
        Self {
            config,
            streams: BTreeMap::new(),
        }
    }

    /// Tells that a stream would play at `played`, without any delay given here, what was
    /// sampled at `sampled` by the sender's clock. False when there are too many streams.
    pub fn update(&mut self, key: K, cname: &[u8], sampled: NtpTimestamp, played: Instant) -> bool {
        if let Some(stream) = self.streams.get_mut(&key) {
            if stream.cname != cname {
                stream.cname = cname.to_vec();
            }
            (stream.sampled, stream.played) = (sampled, played);
            return true;
        }
        if self.streams.len() >= self.config.max_streams {
            return false;
        }
        let stream = Stream {
            cname: cname.to_vec(),
            sampled,
            played,
            delay: Duration::ZERO,
        };
        self.streams.insert(key, stream);
        true
    }

    /// Forgets a stream: the others do not wait for it any longer.
    pub fn remove(&mut self, key: K) {
        self.streams.remove(&key);
    }

    /// By how much a stream is to be played later than by itself:
    /// [`JitterBuffer::set_extra_delay`](crate::JitterBuffer::set_extra_delay).
    pub fn delay(&mut self, key: K) -> Duration {
        let Some(stream) = self.streams.get(&key) else {
            return Duration::ZERO;
        };
        let others = self.streams.values().filter(|s| s.cname == stream.cname);
        let max = self.config.max_delay;
        let behind = others.filter_map(|other| stream.behind(other));
        let wanted = behind.filter(|delay| *delay <= max).max();
        let wanted = wanted.unwrap_or_default();
        let tolerance = self.config.tolerance;
        match self.streams.get_mut(&key) {
            Some(stream) => {
                if stream.delay.abs_diff(wanted) > tolerance {
                    stream.delay = wanted;
                }
                stream.delay
            }
            None => wanted, // never: it was there
        }
    }
}

impl Stream {
    /// How much later than this one the other plays what was sampled at one time; `None` if it is
    /// earlier.
    fn behind(&self, other: &Self) -> Option<Duration> {
        const SECOND: i128 = 1 << 32;
        let nanos = |later: Instant, earlier: Instant| {
            later.saturating_duration_since(earlier).as_nanos() as i128
        };
        let played = nanos(other.played, self.played) - nanos(self.played, other.played);
        // The shorter way round, so that the clock may wrap in 2036.
        let sampled = other.sampled.to_bits().wrapping_sub(self.sampled.to_bits()) as i64;
        let sampled = i128::from(sampled) * 1_000_000_000 / SECOND;
        let behind = u64::try_from(played - sampled).ok()?;
        Some(Duration::from_nanos(behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn at(millis: u64) -> NtpTimestamp {
        NtpTimestamp::from_unix(Duration::from_millis(1_700_000_000_000 + millis))
    }

    #[test]
    fn only_streams_of_one_name_wait_for_each_other() {
        let now = Instant::now();
        let mut synchronizer = Synchronizer::new(SynchronizerConfig::default());
        synchronizer.update(1, b"a", at(0), now);
        synchronizer.update(2, b"b", at(0), now + millis(100));
        assert_eq!(synchronizer.delay(1), Duration::ZERO);
        synchronizer.update(1, b"b", at(0), now);
        assert_eq!(synchronizer.delay(1), millis(100));
        synchronizer.remove(2);
        assert_eq!(synchronizer.delay(1), Duration::ZERO);
        assert_eq!(synchronizer.delay(7), Duration::ZERO);
    }

    #[test]
    fn what_was_sampled_at_other_times_is_compared_all_the_same() {
        let now = Instant::now();
        let mut synchronizer = Synchronizer::new(SynchronizerConfig::default());
        synchronizer.update(1, b"a", at(5000), now + millis(5050));
        synchronizer.update(2, b"a", at(0), now + millis(250));
        synchronizer.update(3, b"a", at(2500), now + millis(2700));
        let near = |delay: Duration, millis: u128| delay.as_micros().abs_diff(millis * 1000) <= 1;
        assert!(near(synchronizer.delay(1), 200));
        assert!(near(synchronizer.delay(2), 0));
        assert!(near(synchronizer.delay(3), 50));
        // Across the wrap of 2036.
        let (before, after) = (
            NtpTimestamp::from_bits(u64::MAX),
            NtpTimestamp::from_bits(0),
        );
        let mut synchronizer = Synchronizer::new(SynchronizerConfig::default());
        synchronizer.update(1, b"a", before, now);
        synchronizer.update(2, b"a", after, now + millis(30));
        assert!(near(synchronizer.delay(1), 30));
    }

    #[test]
    fn small_differences_and_impossible_ones_change_nothing() {
        let now = Instant::now();
        let mut synchronizer = Synchronizer::new(SynchronizerConfig::default());
        synchronizer.update(1, b"a", at(0), now);
        synchronizer.update(2, b"a", at(0), now + millis(100));
        assert_eq!(synchronizer.delay(1), millis(100));
        synchronizer.update(2, b"a", at(0), now + millis(90));
        assert_eq!(synchronizer.delay(1), millis(100));
        synchronizer.update(2, b"a", at(0), now + millis(80));
        assert_eq!(synchronizer.delay(1), millis(80));
        synchronizer.update(3, b"a", at(0), now + Duration::from_secs(3600));
        assert_eq!(synchronizer.delay(1), millis(80));
    }

    #[test]
    fn the_number_of_streams_is_bounded() {
        let config = SynchronizerConfig {
            max_streams: 2,
            ..SynchronizerConfig::default()
        };
        let mut synchronizer = Synchronizer::new(config);
        let now = Instant::now();
        let taken = (0..4).map(|key| synchronizer.update(key % 3, b"a", at(0), now));
        assert!(taken.eq([true, true, false, true]));
    }
}
