//! What we send ourselves: numbers, counts and the media clock (RFC 3550 §5.1, §6.3.8, §6.4.1).

use core::time::Duration;
use std::time::Instant;

use crate::session::random::Random;
use crate::{NtpTimestamp, SenderInfo, SequenceNumber, Timestamp};

/// Our stream under its present SSRC.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    next: SequenceNumber,
    /// The timestamp of media time 0.
    offset: Timestamp,
    packet_count: u32,
    octet_count: u32,
    /// The last packet under this SSRC.
    last_sent: Option<Instant>,
    /// An instant and its timestamp, from which that of any other follows.
    sampled: Option<Sampled>,
    /// We have sent within the last two intervals.
    pub(super) we_sent: bool,
    /// RTCP has gone out under this SSRC.
    pub(super) reported: bool,
}

#[derive(Debug, Clone, Copy)]
struct Sampled {
    at: Instant,
    timestamp: Timestamp,
    clock_rate: u32,
    /// Told by the caller, not guessed from when a packet was sent.
    exact: bool,
}

impl Stream {
    pub(super) fn new(ssrc: u32, random: &mut Random) -> Self {
        Self {
            ssrc,
            next: SequenceNumber((random.next_u32() >> 16) as u16),
            offset: Timestamp(random.next_u32()),
            packet_count: 0,
            octet_count: 0,
            last_sent: None,
            sampled: None,
            we_sent: false,
            reported: false,
        }
    }

    /// The stream under another SSRC: it begins anew, with the same media clock (§8.2).
    pub(super) fn renewed(&self, ssrc: u32, random: &mut Random) -> Self {
        let mut stream = Self::new(ssrc, random);
        let shift = stream.offset.0.wrapping_sub(self.offset.0);
        stream.sampled = self.sampled.map(|sampled| Sampled {
            timestamp: sampled.timestamp.add(shift),
            ..sampled
        });
        stream
    }

    /// Counts a packet, and returns its sequence number and timestamp.
    #[inline]
    pub(super) fn send(
        &mut self,
        now: Instant,
        media_time: u32,
        clock_rate: u32,
        octets: usize,
    ) -> (SequenceNumber, Timestamp) {
        let number = self.next;
        self.next = number.next();
        self.packet_count = self.packet_count.wrapping_add(1);
        self.octet_count = self.octet_count.wrapping_add(octets as u32);
        self.last_sent = Some(now);
        let timestamp = self.timestamp(media_time);
        let exact = |sampled: Sampled| sampled.exact && sampled.clock_rate == clock_rate;
        if !self.sampled.is_some_and(exact) {
            self.sampled = Some(Sampled {
                at: now,
                timestamp,
                clock_rate,
                exact: false,
            });
        }
        (number, timestamp)
    }

    /// The sequence number of the next packet.
    pub(super) const fn next_sequence_number(&self) -> SequenceNumber {
        self.next
    }

    /// The timestamp of a media time.
    pub(super) const fn timestamp(&self, media_time: u32) -> Timestamp {
        self.offset.add(media_time)
    }

    /// The media clock showed this at this instant.
    pub(super) fn set_media_clock(&mut self, at: Instant, media_time: u32, clock_rate: u32) {
        self.sampled = Some(Sampled {
            at,
            timestamp: self.timestamp(media_time),
            clock_rate,
            exact: true,
        });
    }

    /// Whether anything has gone out under this SSRC, so that a BYE is due (§6.3.7).
    pub(super) const fn was_heard(&self) -> bool {
        self.last_sent.is_some() || self.reported
    }

    /// No longer a sender when nothing has been sent for this long (§6.3.8).
    pub(super) fn expire(&mut self, now: Instant, after: Duration) {
        let silent = |at| now.saturating_duration_since(at) > after;
        self.we_sent = self.we_sent && !self.last_sent.is_none_or(silent);
    }

    /// The sender information, the timestamp being that of the wall-clock time given, which is
    /// now.
    pub(super) fn sender_info(&self, now: Instant, wall_clock: NtpTimestamp) -> SenderInfo {
        let rtp_timestamp = self.sampled.map_or(self.offset, |sampled| {
            let rate = sampled.clock_rate;
            match now.checked_duration_since(sampled.at) {
                Some(since) => sampled.timestamp.add(ticks(since, rate)),
                // The sampling instant given lies ahead.
                None => {
                    let ahead = sampled.at.saturating_duration_since(now);
                    sampled.timestamp.add(ticks(ahead, rate).wrapping_neg())
                }
            }
        });
        SenderInfo {
            ntp_timestamp: wall_clock,
            rtp_timestamp,
            packet_count: self.packet_count,
            octet_count: self.octet_count,
        }
    }
}

/// A time in units of a clock, modulo 2^32.
#[inline]
pub(crate) fn ticks(time: Duration, clock_rate: u32) -> u32 {
    let rate = u64::from(clock_rate);
    let whole = time.as_secs().wrapping_mul(rate);
    let part = u64::from(time.subsec_nanos()) * rate / 1_000_000_000;
    whole.wrapping_add(part) as u32
}

/// The wall clock, as it was last set.
#[derive(Debug, Clone, Copy)]
pub(super) struct WallClock {
    pub(super) at: Instant,
    pub(super) time: NtpTimestamp,
}

impl WallClock {
    pub(super) fn at(&self, now: Instant) -> NtpTimestamp {
        let since = now.saturating_duration_since(self.at);
        let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        let bits = (since.as_secs() << 32).wrapping_add(fraction);
        NtpTimestamp::from_bits(self.time.to_bits().wrapping_add(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_exact_and_wrap() {
        assert_eq!(ticks(Duration::from_millis(20), 8000), 160);
        assert_eq!(ticks(Duration::from_secs(3600), 90_000), 324_000_000);
        // 2^32 ticks of 90 kHz, and one more.
        let cycle = Duration::from_nanos((1u64 << 32) * 100_000 / 9);
        assert_eq!(ticks(cycle + Duration::from_nanos(11_112), 90_000), 1);
    }

    #[test]
    fn the_wall_clock_runs_with_the_timers_clock_across_2036() {
        let start = Instant::now();
        let clock = WallClock {
            at: start,
            time: NtpTimestamp::from_bits(u64::from(u32::MAX) << 32 | 0x8000_0000),
        };
        let later = clock.at(start + Duration::from_millis(1250));
        assert_eq!((later.seconds, later.fraction), (0, 0xc000_0000));
    }
}
