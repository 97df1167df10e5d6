//! A receiver's playout buffer: order, timing and gaps (RFC 3550 §5.1, §6.4.1).

mod config;
mod timeline;

use alloc::collections::VecDeque;
use core::time::Duration;
use std::time::Instant;

pub use config::JitterBufferConfig;

use crate::session::ticks;
use crate::{Jitter, SequenceNumber, Timestamp};
use timeline::Timeline;

/// Holds the packets of one source until it is time to play them, and says which are missing.
///
/// The delay follows the jitter: it grows when packets come too late, and shrinks where that can
/// be heard least, at the start of a talk spurt, or else every 128 packets.
///
/// ```
/// use core::time::Duration;
/// use std::time::Instant;
/// use rfc3550_rtp::{JitterBuffer, JitterBufferConfig, Playout, SequenceNumber, Timestamp};
///
/// let now = Instant::now();
/// let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
/// // The third packet before the first; the second is lost.
/// buffer.insert(now, SequenceNumber(3), Timestamp(320), false, "three");
/// buffer.insert(now, SequenceNumber(1), Timestamp(0), true, "one");
///
/// let mut played = Vec::new();
/// while let Some(time) = buffer.next_timeout() {
///     match buffer.take(time) {
///         Some(Playout::Packet { payload, .. }) => played.push(payload),
///         Some(Playout::Missing { .. }) => played.push("?"),
///         None => {}
///     }
/// }
/// assert_eq!(played, ["one", "?", "three"]);
/// ```
#[derive(Debug, Clone)]
pub struct JitterBuffer<T> {
    config: JitterBufferConfig,
    /// From the packet to be played next on; `None` where one is missing. The last is there.
    held: VecDeque<Option<Held<T>>>,
    timeline: Option<Timeline>,
    jitter: Jitter,
    /// Number and timestamp, extended, of the packet played last.
    played: Option<(u64, u64)>,
    /// What another stream makes this one wait for.
    extra_delay: Duration,
}

#[derive(Debug, Clone)]
struct Held<T> {
    timestamp: u64,
    marker: bool,
    payload: T,
}

/// What became of a packet given to the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Insertion {
    /// It is held until its time.
    Held,
    /// It was here before: dropped.
    Duplicate,
    /// Its turn is over: dropped. The delay grows if that is a matter of time.
    Late,
    /// It is too far from the others: they have been dropped, and it is the first of a new
    /// sequence.
    Restarted,
}

/// What is to be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Playout<T> {
    /// A packet.
    Packet {
        /// Its sequence number.
        number: SequenceNumber,
        /// Its timestamp.
        timestamp: Timestamp,
        /// Its marker bit.
        marker: bool,
        /// What was given with it.
        payload: T,
    },
    /// A packet that has not come in time: to be concealed.
    Missing {
        /// Its sequence number.
        number: SequenceNumber,
        /// The timestamp that it will have had, if its neighbours are evenly spaced.
        timestamp: Timestamp,
    },
}

impl<T> JitterBuffer<T> {
    /// A buffer without packets.
    pub const fn new(config: JitterBufferConfig) -> Self {
        Self {
            config,
            held: VecDeque::new(),
            timeline: None,
            jitter: Jitter::new(),
            played: None,
            extra_delay: Duration::ZERO,
        }
    }

    /// Packets held, missing ones between them included.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether no packet is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Plays everything later by this much, for the sake of another stream: see
    /// [`Synchronizer`](crate::Synchronizer).
    pub fn set_extra_delay(&mut self, delay: Duration) {
        self.extra_delay = delay;
    }

    /// When what has this timestamp is to be played, or was, without any extra delay; `None`
    /// before the first packet.
    pub fn playout_time(&self, timestamp: Timestamp) -> Option<Instant> {
        let timeline = self.timeline.as_ref()?;
        self.due(timestamp.extend(timeline.highest))
    }

    /// The present delay after the quickest packet, without any extra delay.
    pub fn delay(&self) -> Duration {
        let nanos = self
            .timeline
            .as_ref()
            .map_or(0, |timeline| timeline.anchor - timeline.quickest());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }

    /// Takes in a packet that has come now. Packets of a source on probation are better kept
    /// back until the first is delivered.
    pub fn insert(
        &mut self,
        now: Instant,
        number: SequenceNumber,
        timestamp: Timestamp,
        marker: bool,
        payload: T,
    ) -> Insertion {
        let capacity = self.config.capacity.max(1) as u64;
        let Some(timeline) = &mut self.timeline else {
            return self.start(now, number, timestamp, marker, payload);
        };
        let extended = number.extend(timeline.next);
        let distance = extended.abs_diff(timeline.next);
        if distance >= capacity {
            return self.start(now, number, timestamp, marker, payload);
        }
        let media = timestamp.extend(timeline.highest);
        let arrival = now.saturating_duration_since(timeline.epoch);
        let transit = arrival.as_nanos() as i128 - self.config.nanos(media);
        timeline.highest = timeline.highest.max(media);
        self.jitter
            .update(timestamp, ticks(arrival, self.config.clock_rate));
        let target = self.config.delay(&self.jitter);
        let window_over = timeline.observe(transit);
        if marker || window_over {
            timeline.anchor = timeline.quickest() + target;
        } else if transit > timeline.anchor {
            // Too late for its time: those that follow wait longer.
            timeline.anchor = timeline.anchor.max(timeline.quickest() + target);
        }
        if extended < timeline.next {
            let fits = self.held.len() as u64 + distance <= capacity;
            if self.played.is_some() || !fits {
                return Insertion::Late;
            }
            // Nothing has been played yet: the sequence begins earlier than it seemed.
            for _ in 0..distance {
                self.held.push_front(None);
            }
            timeline.next = extended;
        }
        let index = (extended - timeline.next) as usize;
        while self.held.len() <= index {
            self.held.push_back(None);
        }
        match self.held.get_mut(index) {
            Some(slot @ None) => {
                *slot = Some(Held {
                    timestamp: media,
                    marker,
                    payload,
                });
                Insertion::Held
            }
            _ => Insertion::Duplicate,
        }
    }

    /// What is to be played now, if it is time for anything. To be asked again until it gives
    /// `None`.
    ///
    /// A packet is missing once a later one has come. When none is held at all, the caller
    /// conceals as long as it likes.
    pub fn take(&mut self, now: Instant) -> Option<Playout<T>> {
        if self.next_timeout()? > now {
            return None;
        }
        let (number, timestamp) = self.next_up()?;
        let timeline = self.timeline.as_mut()?;
        timeline.next += 1;
        self.played = Some((number, timestamp));
        let held = self.held.pop_front()?;
        let number = SequenceNumber(number as u16);
        let timestamp = Timestamp(timestamp as u32);
        Some(match held {
            Some(Held {
                marker, payload, ..
            }) => Playout::Packet {
                number,
                timestamp,
                marker,
                payload,
            },
            None => Playout::Missing { number, timestamp },
        })
    }

    /// When the next packet, or its absence, is due; `None` when none is held.
    pub fn next_timeout(&self) -> Option<Instant> {
        let (_, timestamp) = self.next_up()?;
        self.due(timestamp)?.checked_add(self.extra_delay)
    }

    /// When what has this extended timestamp is due, without any extra delay.
    fn due(&self, timestamp: u64) -> Option<Instant> {
        let timeline = self.timeline.as_ref()?;
        let due = self.config.nanos(timestamp) + timeline.anchor;
        let due = Duration::from_nanos(u64::try_from(due.max(0)).ok()?);
        timeline.epoch.checked_add(due)
    }

    /// Extended number and timestamp of what is to be played next. The timestamp of a missing
    /// packet lies between those of its neighbours.
    fn next_up(&self) -> Option<(u64, u64)> {
        let number = self.timeline.as_ref()?.next;
        let ahead = self.held.iter().position(Option::is_some)?;
        let following = self.held.get(ahead)?.as_ref()?.timestamp;
        let timestamp = match self.played {
            Some((before, timestamp)) if ahead > 0 && following > timestamp => {
                let steps = number + ahead as u64 - before;
                timestamp + (following - timestamp) / steps * (number - before)
            }
            _ => following,
        };
        Some((number, timestamp))
    }

    /// Begins a sequence with this packet.
    fn start(
        &mut self,
        now: Instant,
        number: SequenceNumber,
        timestamp: Timestamp,
        marker: bool,
        payload: T,
    ) -> Insertion {
        let again = self.timeline.is_some();
        // Far from zero, so that earlier ones have extended numbers as well.
        let (next, media) = (number.extend(1 << 32), timestamp.extend(1 << 40));
        self.jitter = Jitter::new();
        self.jitter.update(timestamp, 0);
        let transit = -self.config.nanos(media);
        self.timeline = Some(Timeline {
            epoch: now,
            next,
            highest: media,
            anchor: transit + self.config.delay(&self.jitter),
            quickest: transit,
            quickest_before: transit,
            in_window: 1,
        });
        self.played = None;
        self.held.clear();
        self.held.push_back(Some(Held {
            timestamp: media,
            marker,
            payload,
        }));
        if again {
            Insertion::Restarted
        } else {
            Insertion::Held
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const PACKET: Duration = Duration::from_millis(20);

    /// Inserts packets of 20 ms at their arrivals in milliseconds and plays all that is due at
    /// every millisecond: what was played, with when.
    fn play(arrivals: &[(u64, u16)], until: u64) -> Vec<(u64, u16, bool)> {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
        let mut played = Vec::new();
        for at in 0..until {
            let now = start + Duration::from_millis(at);
            for (_, number) in arrivals.iter().filter(|(arrival, _)| *arrival == at) {
                let timestamp = Timestamp(u32::from(*number) * 160);
                buffer.insert(now, SequenceNumber(*number), timestamp, false, ());
            }
            while let Some(playout) = buffer.take(now) {
                played.push(match playout {
                    Playout::Packet { number, .. } => (at, number.0, true),
                    Playout::Missing { number, timestamp } => {
                        assert_eq!(timestamp.0, u32::from(number.0) * 160);
                        (at, number.0, false)
                    }
                });
            }
        }
        played
    }

    #[test]
    fn packets_come_out_in_order_and_evenly() {
        // The second is late: that it is missing is known when the third has come.
        let played = play(&[(0, 1), (41, 3), (42, 2), (60, 4)], 200);
        assert_eq!(
            played,
            [(20, 1, true), (41, 2, false), (60, 3, true), (80, 4, true)]
        );
        let played = play(&[(0, 1), (35, 3), (36, 2), (60, 4)], 200);
        assert_eq!(
            played,
            [(20, 1, true), (40, 2, true), (60, 3, true), (80, 4, true)]
        );
    }

    #[test]
    fn each_missing_packet_is_told_when_it_should_be_played() {
        let played = play(&[(0, 1), (20, 2), (80, 5)], 200);
        let wanted = [
            (20, 1, true),
            (40, 2, true),
            (80, 3, false),
            (80, 4, false),
            (100, 5, true),
        ];
        // The first of the two was due at 60, but nothing that showed it missing had come.
        assert_eq!(played, wanted);
    }

    #[test]
    fn duplicates_and_late_packets_are_dropped() {
        let now = Instant::now();
        let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
        let insert = |buffer: &mut JitterBuffer<()>, number: u16, after: u32| {
            let timestamp = Timestamp(u32::from(number) * 160);
            buffer.insert(
                now + PACKET * after,
                SequenceNumber(number),
                timestamp,
                false,
                (),
            )
        };
        assert_eq!(insert(&mut buffer, 5, 0), Insertion::Held);
        assert_eq!(insert(&mut buffer, 5, 0), Insertion::Duplicate);
        assert_eq!(insert(&mut buffer, 4, 0), Insertion::Held); // nothing was played yet
        assert_eq!(insert(&mut buffer, 6, 1), Insertion::Held);
        while buffer.take(now + PACKET * 10).is_some() {}
        assert_eq!(insert(&mut buffer, 6, 10), Insertion::Late);
        assert_eq!(insert(&mut buffer, 7, 10), Insertion::Held);
    }

    #[test]
    fn a_far_sequence_number_begins_anew() {
        let now = Instant::now();
        let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
        for (number, wanted) in [
            (1, Insertion::Held),
            (1000, Insertion::Restarted),
            (1001, Insertion::Held),
        ] {
            assert_eq!(
                buffer.insert(now, SequenceNumber(number), Timestamp(0), false, ()),
                wanted
            );
        }
        assert_eq!(buffer.len(), 2);
    }

    #[test]
    fn the_delay_follows_the_jitter_up_and_down() {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
        let mut late = vec![0; 3];
        let mut delays = Vec::new();
        for (phase, spread) in [5u64, 60, 2].into_iter().enumerate() {
            for packet in 0..600u64 {
                let number = phase as u64 * 600 + packet;
                let jitter = number * 7919 % (spread + 1);
                let sent = start + PACKET * number as u32;
                let now = sent + Duration::from_millis(jitter);
                while buffer.next_timeout().is_some_and(|due| due <= now) {
                    buffer.take(now);
                }
                let timestamp = Timestamp(number as u32 * 160);
                let inserted =
                    buffer.insert(now, SequenceNumber(number as u16), timestamp, false, ());
                late[phase] += u32::from(inserted == Insertion::Late);
            }
            delays.push(buffer.delay().as_millis());
        }
        assert!((20..30).contains(&delays[0]), "{delays:?}");
        assert!((60..=400).contains(&delays[1]), "{delays:?}");
        assert!((20..40).contains(&delays[2]), "{delays:?}");
        assert!(late.iter().all(|late| *late < 20), "{late:?}");
    }

    #[test]
    fn numbers_and_timestamps_wrap() {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
        let mut played = Vec::new();
        for step in 0..10u32 {
            let now = start + PACKET * step;
            let number = SequenceNumber(65_531).add(step as u16);
            let timestamp = Timestamp(u32::MAX - 800).add(160 * step);
            assert_eq!(
                buffer.insert(now, number, timestamp, false, step),
                Insertion::Held
            );
            while let Some(Playout::Packet { payload, .. }) = buffer.take(now) {
                played.push(payload);
            }
        }
        assert!(played.into_iter().eq(0..9));
    }

    proptest! {
        #[test]
        fn everything_is_played_once_in_order_and_memory_is_bounded(
            packets in prop::collection::vec((any::<u16>(), any::<u32>(), 0u64..200, any::<bool>()), 1..200),
        ) {
            let mut now = Instant::now();
            let config = JitterBufferConfig { capacity: 16, ..JitterBufferConfig::new(8000) };
            let mut buffer = JitterBuffer::new(config);
            for (number, timestamp, wait, near) in packets {
                now += Duration::from_millis(wait);
                let number = if near { number % 64 } else { number };
                buffer.insert(now, SequenceNumber(number), Timestamp(timestamp), false, ());
                prop_assert!(buffer.len() <= 16);
                prop_assert_eq!(buffer.next_timeout().is_none(), buffer.is_empty());
                while buffer.take(now).is_some() {}
                prop_assert!(buffer.next_timeout().is_none_or(|due| due > now));
            }
        }
    }
}
