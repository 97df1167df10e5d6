//! What a receiver knows about one source: loss, order and jitter (RFC 3550 §6.4.1, A.1, A.3,
//! A.8).

mod jitter;
mod sequence;

pub use jitter::Jitter;
pub use sequence::{Reception, SequenceStatistics, StatisticsConfig};

use crate::{NtpShort, ReportBlock, SequenceNumber, Timestamp};

/// The statistics of one source, fed with every packet that came from it.
///
/// ```
/// use rfc3550_rtp::{SequenceNumber, SourceStatistics, Timestamp};
///
/// let mut source = SourceStatistics::new(SequenceNumber(1));
/// for n in [1, 2, 3, 5] {
///     source.receive(SequenceNumber(n), Timestamp(160 * u32::from(n)), 160 * u32::from(n));
/// }
/// // Packet 1 was on probation: 2 to 5 were expected.
/// assert_eq!(source.sequence().expected(), 4);
/// assert_eq!(source.sequence().cumulative_lost(), 1);
/// assert_eq!(source.take_interval().fraction_lost, 64);
/// assert_eq!(source.jitter().units(), 0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SourceStatistics {
    sequence: SequenceStatistics,
    jitter: Jitter,
    expected_prior: u64,
    received_prior: u64,
}

impl SourceStatistics {
    /// A source whose first packet has the sequence number `first`. That packet is then given to
    /// [`receive`](Self::receive) like all others.
    pub const fn new(first: SequenceNumber) -> Self {
        Self::with_config(first, StatisticsConfig::RFC3550)
    }

    /// The same, with other limits than those of Appendix A.1.
    pub const fn with_config(first: SequenceNumber, config: StatisticsConfig) -> Self {
        Self {
            sequence: SequenceStatistics::new(first, config),
            jitter: Jitter::new(),
            expected_prior: 0,
            received_prior: 0,
        }
    }

    /// Takes in a packet: its sequence number, its timestamp and its time of arrival in the same
    /// clock units, modulo 2^32 and from any origin that stays the same.
    ///
    /// Only packets that count ([`Reception::is_counted`]) change the jitter.
    #[inline]
    pub fn receive(
        &mut self,
        number: SequenceNumber,
        timestamp: Timestamp,
        arrival: u32,
    ) -> Reception {
        let reception = self.sequence.receive(number);
        if matches!(reception, Reception::Validated | Reception::Restarted) {
            self.expected_prior = 0;
            self.received_prior = 0;
            self.jitter.forget_transit();
        }
        if reception.is_counted() {
            self.jitter.update(timestamp, arrival);
        }
        reception
    }

    /// What comes has another clock rate: the next packet's transit is compared with none.
    #[cfg(feature = "std")]
    pub(crate) fn forget_transit(&mut self) {
        self.jitter.forget_transit();
    }

    /// Sequence numbers: expected, received, lost, out of order.
    pub const fn sequence(&self) -> &SequenceStatistics {
        &self.sequence
    }

    /// The interarrival jitter.
    pub const fn jitter(&self) -> &Jitter {
        &self.jitter
    }

    /// What has happened since the last call, as Appendix A.3 computes it; the next interval
    /// begins.
    pub fn take_interval(&mut self) -> Interval {
        let (expected, received) = (self.sequence.expected(), self.sequence.received());
        let interval = Interval::new(
            expected.saturating_sub(self.expected_prior),
            received.saturating_sub(self.received_prior),
        );
        self.expected_prior = expected;
        self.received_prior = received;
        interval
    }

    /// The report block about this source, and the next interval begins.
    ///
    /// `last_sr` is the short form of the NTP timestamp of the source's last sender report and
    /// `delay` the time since that report *arrived*; both zero when there was none.
    pub fn take_report_block(
        &mut self,
        ssrc: u32,
        last_sr: NtpShort,
        delay: NtpShort,
    ) -> ReportBlock {
        ReportBlock {
            ssrc,
            fraction_lost: self.take_interval().fraction_lost,
            cumulative_lost: self.sequence.cumulative_lost(),
            extended_highest_sequence: self.sequence.extended_highest() as u32,
            jitter: self.jitter.units(),
            last_sr,
            delay_since_last_sr: delay,
        }
    }
}

/// What one reporting interval brought (Appendix A.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Interval {
    /// Packets expected.
    pub expected: u64,
    /// Packets received, with duplicates and late ones.
    pub received: u64,
    /// Packets lost; negative when duplicates outnumber the losses.
    pub lost: i64,
    /// The part lost, in 1/256; 0 when none or fewer were.
    pub fraction_lost: u8,
}

impl Interval {
    fn new(expected: u64, received: u64) -> Self {
        let lost = i64::try_from(expected).unwrap_or(i64::MAX)
            - i64::try_from(received).unwrap_or(i64::MAX);
        let fraction = match u64::try_from(lost) {
            Ok(lost) if expected != 0 => lost.saturating_mul(256) / expected,
            _ => 0,
        };
        Self {
            expected,
            received,
            lost,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
        }
    }
}
