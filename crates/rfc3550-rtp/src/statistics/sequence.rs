//! Validity of a source and its packet counts, from sequence numbers (RFC 3550 Appendix A.1,
//! A.3).

use crate::SequenceNumber;

/// Sequence numbers per cycle.
const CYCLE: u32 = 1 << 16;

/// The limits of Appendix A.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StatisticsConfig {
    /// Packets in sequence before a source is valid. 0 counts as 1: valid from the first packet.
    pub min_sequential: u16,
    /// A step forward of this many packets or more is a jump.
    pub max_dropout: u16,
    /// A step back of this many packets or more is a jump. Duplicates are told from late packets
    /// up to 127 back.
    pub max_misorder: u16,
}

impl StatisticsConfig {
    /// The values that Appendix A.1 suggests: 2, 3000 and 100.
    pub const RFC3550: Self = Self {
        min_sequential: 2,
        max_dropout: 3000,
        max_misorder: 100,
    };

    /// The same limits with another number of packets before a source is valid.
    #[must_use]
    pub const fn with_min_sequential(self, min_sequential: u16) -> Self {
        Self {
            min_sequential,
            ..self
        }
    }
}

impl Default for StatisticsConfig {
    fn default() -> Self {
        Self::RFC3550
    }
}

/// What a packet's sequence number meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reception {
    /// The source is not valid yet; the packet does not count.
    Probation,
    /// The last packet of probation: counting begins with it.
    Validated,
    /// The packet after the highest so far.
    InSequence,
    /// Ahead of the highest so far, with packets missing between.
    AfterGap {
        /// How many are missing; they may still come.
        missing: u16,
    },
    /// Behind the highest so far, and not seen before.
    Reordered,
    /// Seen before. It counts as received, as §6.4.1 wants.
    Duplicate,
    /// Too far away to belong to the sequence; the packet does not count. If the next packet
    /// follows it, the source has restarted.
    Jump,
    /// The second packet of a new sequence: counting begins anew with it.
    Restarted,
}

impl Reception {
    /// Whether the packet counts as received, and so may be used.
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::Probation | Self::Jump)
    }
}

/// Sequence state of one source, as Appendix A.1 keeps it.
///
/// Counting starts over when the source restarts; [`restarts`](Self::restarts),
/// [`duplicates`](Self::duplicates), [`reordered`](Self::reordered) and
/// [`jumps`](Self::jumps) go on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SequenceStatistics {
    config: StatisticsConfig,
    /// Packets still wanted before the source is valid.
    probation: u16,
    highest: SequenceNumber,
    /// The sequence number that would confirm a restart.
    after_jump: Option<SequenceNumber>,
    base: SequenceNumber,
    cycles: u64,
    received: u64,
    /// Bit n: the packet n before the highest has come.
    window: u128,
    duplicates: u64,
    reordered: u64,
    jumps: u64,
    restarts: u64,
}

impl SequenceStatistics {
    /// A source whose first packet will be `first`.
    pub const fn new(first: SequenceNumber, config: StatisticsConfig) -> Self {
        let probation = match config.min_sequential {
            0 => 1,
            packets => packets,
        };
        Self {
            config,
            probation,
            highest: SequenceNumber(first.0.wrapping_sub(1)),
            after_jump: None,
            base: first,
            cycles: 0,
            received: 0,
            window: 0,
            duplicates: 0,
            reordered: 0,
            jumps: 0,
            restarts: 0,
        }
    }

    /// Takes in the number of a packet that arrived.
    #[inline]
    pub fn receive(&mut self, number: SequenceNumber) -> Reception {
        if self.probation != 0 {
            return self.receive_on_probation(number);
        }
        let ahead = number.0.wrapping_sub(self.highest.0);
        if ahead == 0 {
            self.received += 1;
            self.duplicates += 1;
            Reception::Duplicate
        } else if ahead < self.config.max_dropout {
            self.advance(number, ahead)
        } else if u32::from(ahead) <= CYCLE - u32::from(self.config.max_misorder) {
            self.receive_jump(number)
        } else {
            self.receive_late(ahead.wrapping_neg())
        }
    }

    fn receive_on_probation(&mut self, number: SequenceNumber) -> Reception {
        self.probation = if number == self.highest.next() {
            self.probation - 1
        } else {
            self.config.min_sequential.saturating_sub(1)
        };
        self.highest = number;
        if self.probation != 0 {
            return Reception::Probation;
        }
        self.start(number);
        Reception::Validated
    }

    /// Counting begins with `number`.
    const fn start(&mut self, number: SequenceNumber) {
        self.base = number;
        self.highest = number;
        self.after_jump = None;
        self.cycles = 0;
        self.received = 1;
        self.window = 1;
    }

    #[inline]
    fn advance(&mut self, number: SequenceNumber, ahead: u16) -> Reception {
        if number.0 < self.highest.0 {
            self.cycles += u64::from(CYCLE);
        }
        self.highest = number;
        self.received += 1;
        self.window = self.window.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
        match ahead {
            1 => Reception::InSequence,
            _ => Reception::AfterGap { missing: ahead - 1 },
        }
    }

    fn receive_jump(&mut self, number: SequenceNumber) -> Reception {
        if self.after_jump == Some(number) {
            self.restarts += 1;
            self.start(number);
            return Reception::Restarted;
        }
        self.after_jump = Some(number.next());
        self.jumps += 1;
        Reception::Jump
    }

    fn receive_late(&mut self, behind: u16) -> Reception {
        self.received += 1;
        let bit = 1u128.checked_shl(u32::from(behind)).unwrap_or(0);
        if self.window & bit != 0 {
            self.duplicates += 1;
            return Reception::Duplicate;
        }
        self.window |= bit;
        self.reordered += 1;
        Reception::Reordered
    }

    /// Whether the source has passed its probation.
    pub const fn is_valid(&self) -> bool {
        self.probation == 0
    }

    /// The highest sequence number so far, with the cycles before it.
    pub const fn extended_highest(&self) -> u64 {
        self.cycles + self.highest.0 as u64
    }

    /// Packets that should have come since counting began; 0 on probation.
    pub const fn expected(&self) -> u64 {
        if self.is_valid() {
            (self.extended_highest() + 1).saturating_sub(self.base.0 as u64)
        } else {
            0
        }
    }

    /// Packets that have come since counting began, with duplicates and late ones.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets expected less packets received; negative when duplicates outnumber the losses.
    pub const fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// [`lost`](Self::lost) as a report block has it, clamped to 24 signed bits.
    pub const fn cumulative_lost(&self) -> i32 {
        let lost = self.lost();
        if lost > 0x7f_ffff {
            0x7f_ffff
        } else if lost < -0x80_0000 {
            -0x80_0000
        } else {
            lost as i32
        }
    }

    /// Packets that came more than once, as far back as [`StatisticsConfig::max_misorder`].
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that came after a later one, duplicates not among them.
    pub const fn reordered(&self) -> u64 {
        self.reordered
    }

    /// Packets set aside because they were too far away.
    pub const fn jumps(&self) -> u64 {
        self.jumps
    }

    /// How often the source has begun a new sequence.
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }
}
