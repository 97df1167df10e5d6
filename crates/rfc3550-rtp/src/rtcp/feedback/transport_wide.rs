//! Transport-wide feedback: the arrival of every packet of a transport, as congestion control
//! wants it (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1; RTPFB with FMT 15).

use crate::SequenceNumber;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::write;

/// Octets before the chunks.
const HEAD_LEN: usize = 8;
/// Packets that a run can say.
const MAX_RUN: usize = 0x1fff;
/// Packets in a chunk of one bit, and of two bits, each.
const ONE_BIT: usize = 14;
const TWO_BIT: usize = 7;

/// When the packets of a transport arrived, counted by its own sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransportWide<'a> {
    base: SequenceNumber,
    count: u16,
    reference_time: i32,
    feedback_count: u8,
    arrivals: Arrivals<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Arrivals<'a> {
    Wire { chunks: &'a [u8], deltas: &'a [u8] },
    Values(&'a [Option<i16>]),
}

/// What a chunk says about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Lost,
    Small,
    Large,
}

impl Symbol {
    const fn from_bits(bits: u16) -> Self {
        match bits & 0b11 {
            0b01 => Self::Small,
            0b10 => Self::Large,
            // The value 3 is reserved: no arrival is known.
            _ => Self::Lost,
        }
    }

    const fn bits(self) -> u16 {
        self as u16
    }

    const fn of(arrival: Option<i16>) -> Self {
        match arrival {
            None => Self::Lost,
            Some(0..=255) => Self::Small,
            Some(_) => Self::Large,
        }
    }

    /// Octets of the delta.
    const fn delta_len(self) -> usize {
        self as usize
    }
}

impl<'a> TransportWide<'a> {
    /// A report about packets from `base` on: for each either nothing, when it was not received,
    /// or the time since the arrival of the one before, in units of 250 µs; for the first since
    /// `reference_time`, which is in units of 64 ms and has 24 signed bits. `feedback_count`
    /// counts these reports.
    pub const fn new(
        base: SequenceNumber,
        reference_time: i32,
        feedback_count: u8,
        arrivals: &'a [Option<i16>],
    ) -> Self {
        Self {
            base,
            // `write` refuses what is longer.
            count: arrivals.len() as u16,
            reference_time,
            feedback_count,
            arrivals: Arrivals::Values(arrivals),
        }
    }

    pub(super) fn from_fci(fci: &'a [u8]) -> Result<Self, ParseError> {
        let Some((&[b0, b1, c0, c1, r0, r1, r2, feedback_count], rest)) =
            fci.split_first_chunk::<HEAD_LEN>()
        else {
            return Err(ParseError::new(ErrorKind::Truncated, 0, &HEAD));
        };
        let count = u16::from_be_bytes([c0, c1]);
        let (mut left, mut chunks_len, mut deltas_len) = (usize::from(count), 0, 0);
        while left > 0 {
            let Some(&chunk) = rest.get(chunks_len..).and_then(<[u8]>::first_chunk) else {
                let offset = HEAD_LEN + chunks_len;
                return Err(ParseError::new(ErrorKind::Truncated, offset, &CHUNK));
            };
            let symbols = Symbols::new(u16::from_be_bytes(chunk));
            let here = symbols.left.min(left);
            deltas_len += symbols.deltas_len(here);
            left -= here;
            chunks_len += 2;
        }
        // Each chunk has its two octets, so the split cannot fail.
        let (chunks, deltas) = rest.split_at(chunks_len);
        if deltas.len() < deltas_len {
            let offset = HEAD_LEN + chunks_len;
            return Err(ParseError::new(ErrorKind::Truncated, offset, &DELTA));
        }
        Ok(Self {
            base: SequenceNumber(u16::from_be_bytes([b0, b1])),
            count,
            reference_time: i32::from_be_bytes([r0, r1, r2, 0]) >> 8,
            feedback_count,
            arrivals: Arrivals::Wire { chunks, deltas },
        })
    }

    /// The first packet that the report is about.
    pub const fn base(&self) -> SequenceNumber {
        self.base
    }

    /// The time that the first delta counts from, in units of 64 ms.
    pub const fn reference_time(&self) -> i32 {
        self.reference_time
    }

    /// The number of this report, modulo 256.
    pub const fn feedback_count(&self) -> u8 {
        self.feedback_count
    }

    /// Every packet of the report with its delta in units of 250 µs, or nothing when it was not
    /// received.
    pub const fn packets(&self) -> TransportWidePackets<'a> {
        TransportWidePackets {
            number: self.base,
            left: self.count,
            symbols: Symbols::EMPTY,
            arrivals: self.arrivals,
        }
    }

    pub(super) fn encoded_len(&self) -> usize {
        let octets = match self.arrivals {
            Arrivals::Wire { chunks, deltas } => chunks.len() + deltas.len(),
            Arrivals::Values(arrivals) => {
                let deltas: usize = arrivals
                    .iter()
                    .map(|&arrival| Symbol::of(arrival).delta_len())
                    .sum();
                2 * Chunks(arrivals).count() + deltas
            }
        };
        (HEAD_LEN + octets).next_multiple_of(4)
    }

    pub(super) fn write(&self, mut out: &mut [u8]) -> Result<(), WriteError> {
        const FIELD: &str = "packets of transport-wide feedback";
        let [b0, b1] = self.base.0.to_be_bytes();
        let [c0, c1] = self.count.to_be_bytes();
        let [r0, r1, r2, _] = (self.reference_time << 8).to_be_bytes();
        *write::take(&mut out) = [b0, b1, c0, c1, r0, r1, r2, self.feedback_count];
        match self.arrivals {
            Arrivals::Wire { chunks, deltas } => {
                let (head, rest) = out.split_at_mut(chunks.len());
                head.copy_from_slice(chunks);
                write::padded(deltas, rest);
            }
            Arrivals::Values(arrivals) => {
                if arrivals.len() > usize::from(u16::MAX) {
                    let limit = usize::from(u16::MAX);
                    return Err(WriteError::TooMany {
                        field: FIELD,
                        limit,
                    });
                }
                for chunk in Chunks(arrivals) {
                    *write::take(&mut out) = chunk.to_be_bytes();
                }
                for delta in arrivals.iter().flatten() {
                    match u8::try_from(*delta) {
                        Ok(small) => *write::take(&mut out) = [small],
                        Err(_) => *write::take(&mut out) = delta.to_be_bytes(),
                    }
                }
                out.fill(0);
            }
        }
        Ok(())
    }
}

/// Walks the packets of a report.
#[derive(Debug, Clone)]
pub struct TransportWidePackets<'a> {
    number: SequenceNumber,
    left: u16,
    symbols: Symbols,
    arrivals: Arrivals<'a>,
}

impl Iterator for TransportWidePackets<'_> {
    type Item = (SequenceNumber, Option<i16>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let number = self.number;
        self.number = number.next();
        let arrival = match &mut self.arrivals {
            Arrivals::Values(arrivals) => {
                let (&arrival, rest) = arrivals.split_first()?;
                *arrivals = rest;
                arrival
            }
            Arrivals::Wire { chunks, deltas } => {
                while self.symbols.left == 0 {
                    let (&chunk, rest) = chunks.split_first_chunk()?;
                    *chunks = rest;
                    self.symbols = Symbols::new(u16::from_be_bytes(chunk));
                }
                match self.symbols.next() {
                    Symbol::Lost => None,
                    Symbol::Small => {
                        let (&delta, rest) = deltas.split_first()?;
                        *deltas = rest;
                        Some(i16::from(delta))
                    }
                    Symbol::Large => {
                        let (&delta, rest) = deltas.split_first_chunk()?;
                        *deltas = rest;
                        Some(i16::from_be_bytes(delta))
                    }
                }
            }
        };
        Some((number, arrival))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for TransportWidePackets<'_> {}

/// The symbols left in a chunk that is being read.
#[derive(Debug, Clone, Copy)]
struct Symbols {
    chunk: u16,
    left: usize,
}

impl Symbols {
    const EMPTY: Self = Self { chunk: 0, left: 0 };

    const fn new(chunk: u16) -> Self {
        let left = match chunk >> 14 {
            0b10 => ONE_BIT,
            0b11 => TWO_BIT,
            _ => chunk as usize & MAX_RUN,
        };
        Self { chunk, left }
    }

    /// The next symbol; there is one left.
    const fn next(&mut self) -> Symbol {
        self.left -= 1;
        match self.chunk >> 14 {
            0b10 => Symbol::from_bits(self.chunk >> self.left & 1),
            0b11 => Symbol::from_bits(self.chunk >> (2 * self.left)),
            _ => Symbol::from_bits(self.chunk >> 13),
        }
    }

    /// Octets of the deltas of the first `count` symbols.
    fn deltas_len(mut self, count: usize) -> usize {
        if self.chunk & 0x8000 == 0 {
            return count * Symbol::from_bits(self.chunk >> 13).delta_len();
        }
        (0..count).map(|_| self.next().delta_len()).sum()
    }
}

/// The chunks that say which packets arrived: a run where it says more than a vector would.
struct Chunks<'a>(&'a [Option<i16>]);

impl Iterator for Chunks<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        let symbols = || self.0.iter().map(|&arrival| Symbol::of(arrival));
        let first = symbols().next()?;
        let run = symbols().take_while(|&s| s == first).count().min(MAX_RUN);
        let one_bit = symbols().take(ONE_BIT).all(|s| s != Symbol::Large);
        let vector = if one_bit { ONE_BIT } else { TWO_BIT };
        let covered = if run >= vector.min(self.0.len()) {
            run
        } else {
            vector.min(self.0.len())
        };
        let chunk = if covered == run {
            // At most 13 bits.
            first.bits() << 13 | run as u16
        } else {
            let (head, width) = if one_bit { (0b10, 1) } else { (0b11, 2) };
            let bits = symbols()
                .map(Symbol::bits)
                .chain(core::iter::repeat(0))
                .take(vector)
                .fold(0, |bits, symbol| bits << width | symbol);
            head << 14 | bits
        };
        self.0 = self.0.get(covered..).unwrap_or_default();
        Some(chunk)
    }
}

static HEAD: Rule = Rule {
    field: "transport-wide feedback",
    expected: "8 octets before the chunks",
    section: "draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1",
};
static CHUNK: Rule = Rule {
    field: "packet chunk",
    expected: "chunks for as many packets as the status count says",
    section: "draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1",
};
static DELTA: Rule = Rule {
    field: "receive delta",
    expected: "one for each packet that was received",
    section: "draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1",
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn written(report: &TransportWide<'_>) -> Vec<u8> {
        let mut fci = vec![0xa5; report.encoded_len()];
        report.write(&mut fci).unwrap();
        fci
    }

    #[test]
    fn a_run_of_length_zero_does_not_hang() {
        // Each chunk says nothing about no packet; they end before the packets do.
        let fci = [0, 1, 0, 9, 0, 0, 1, 7, 0, 0, 0, 0];
        let error = TransportWide::from_fci(&fci).unwrap_err();
        assert_eq!(error.field(), "packet chunk");
    }

    /// Found by fuzzing.
    #[test]
    fn a_run_of_length_zero_is_stepped_over() {
        let fci = [0, 1, 0, 1, 0, 0, 1, 7, 0, 0, 0x20, 1, 9, 0, 0, 0];
        let report = TransportWide::from_fci(&fci).unwrap();
        let packets: Vec<_> = report.packets().collect();
        assert_eq!(packets, [(SequenceNumber(1), Some(9))]);
    }

    #[test]
    fn a_missing_delta_is_an_error() {
        // One bit vector: the first of 14 packets was received.
        let fci = [0, 1, 0, 14, 0, 0, 1, 7, 0b1010_0000, 0];
        let error = TransportWide::from_fci(&fci).unwrap_err();
        assert_eq!(error.field(), "receive delta");
    }

    #[test]
    fn a_negative_reference_time_keeps_its_sign() {
        let report = TransportWide::new(SequenceNumber(1), -2, 0, &[]);
        let fci = written(&report);
        assert_eq!(TransportWide::from_fci(&fci).unwrap().reference_time(), -2);
    }

    #[test]
    fn runs_and_vectors_take_the_fewest_chunks() {
        let chunks = |arrivals: &[Option<i16>]| Chunks(arrivals).collect::<Vec<_>>();
        assert_eq!(chunks(&[Some(1); 20]), [0x2014]);
        assert_eq!(chunks(&[None; 9000]), [0x1fff, 0x0329]);
        assert_eq!(chunks(&[Some(1), None, Some(1)]), [0b1010_1000_0000_0000]);
        assert_eq!(chunks(&[Some(1), Some(-1), None]), [0b1101_1000_0000_0000]);
    }

    proptest! {
        #[test]
        fn written_and_read_again(
            base: u16,
            reference_time in -0x80_0000i32..0x80_0000,
            feedback_count: u8,
            arrivals in prop::collection::vec(
                prop_oneof![Just(None), (0i16..256).prop_map(Some), any::<i16>().prop_map(Some)],
                0..200,
            ),
        ) {
            let base = SequenceNumber(base);
            let report = TransportWide::new(base, reference_time, feedback_count, &arrivals);
            let fci = written(&report);
            let again = TransportWide::from_fci(&fci).unwrap();
            prop_assert!(again.packets().eq(report.packets()));
            prop_assert!(again.packets().map(|(_, arrival)| arrival).eq(arrivals.iter().copied()));
            prop_assert_eq!(again.base(), base);
            prop_assert_eq!(again.reference_time(), reference_time);
            prop_assert_eq!(again.feedback_count(), feedback_count);
            prop_assert_eq!(written(&again), fci);
        }
    }
}
