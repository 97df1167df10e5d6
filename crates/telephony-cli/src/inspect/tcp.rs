//! TCP (RFC 9293): the bytes of each direction of a connection, in order.

use super::time::Timestamp;
use etherparse::TcpSlice;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// Directions of connections followed at one time.
const MOST_DIRECTIONS: usize = 16_384;
/// Bytes of one direction held back for a missing segment. When more wait, the missing bytes
/// are taken as not captured.
const MOST_HELD: usize = 512 * 1024;
/// Segments of one direction held back.
const MOST_SEGMENTS: usize = 4096;
/// Bytes held back in all.
const MOST_HELD_IN_ALL: usize = 64 * 1024 * 1024;
/// A jump of the sequence number beyond this is another connection on the same ports.
const FAR: u32 = 64 * 1024 * 1024;

/// From one socket to another.
pub(crate) type Direction = (SocketAddr, SocketAddr);

/// What a segment made known about its direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The next bytes, and the time and number of the packet that brought them.
    Data {
        time: Timestamp,
        packet: u64,
        bytes: Vec<u8>,
    },
    /// So many bytes are not in the capture.
    Gap(u32),
    /// A new connection begins, or this one is over: what follows has nothing to do with what
    /// came before.
    Reset,
}

#[derive(Default)]
struct Sequence {
    /// The sequence number of the next byte.
    next: u32,
    /// Segments after a gap by sequence number.
    held: BTreeMap<u32, (Timestamp, u64, Vec<u8>)>,
    held_bytes: usize,
    last_seen: Timestamp,
}

/// All connections.
#[derive(Default)]
pub(crate) struct Connections {
    directions: HashMap<Direction, Sequence>,
    held_bytes: usize,
    pub(crate) retransmissions: u64,
    pub(crate) reordered: u64,
    pub(crate) missing_bytes: u64,
    pub(crate) gaps: u64,
}

impl Connections {
    /// Takes one segment, and gives what it makes known, in order.
    pub(crate) fn take(
        &mut self,
        time: Timestamp,
        packet: u64,
        direction: Direction,
        segment: &TcpSlice<'_>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let syn = segment.syn();
        let start = segment.sequence_number().wrapping_add(u32::from(syn));
        let payload = segment.payload();
        if !self.directions.contains_key(&direction) {
            if payload.is_empty() && !syn {
                return events;
            }
            self.make_room();
            // A connection met in its middle begins with the first data seen.
            self.directions.insert(
                direction,
                Sequence {
                    next: start,
                    ..Default::default()
                },
            );
            events.push(Event::Reset);
        }
        let Some(sequence) = self.directions.get_mut(&direction) else {
            return events;
        };
        sequence.last_seen = time;
        let ahead = start.wrapping_sub(sequence.next);
        let behind = sequence.next.wrapping_sub(start);
        if (syn && start != sequence.next) || (ahead > FAR && behind > FAR) {
            let held = std::mem::take(&mut sequence.held_bytes);
            self.held_bytes -= held;
            *sequence = Sequence {
                next: start,
                last_seen: time,
                ..Default::default()
            };
            events.push(Event::Reset);
        }
        if !payload.is_empty() {
            self.payload(time, packet, direction, start, payload, &mut events);
        }
        if segment.rst() || segment.fin() {
            self.close(direction, segment.rst(), &mut events);
        }
        events
    }

    fn payload(
        &mut self,
        time: Timestamp,
        packet: u64,
        direction: Direction,
        start: u32,
        payload: &[u8],
        events: &mut Vec<Event>,
    ) {
        let Some(sequence) = self.directions.get_mut(&direction) else {
            return;
        };
        let ahead = start.wrapping_sub(sequence.next);
        if ahead != 0 && ahead <= FAR {
            if sequence.held.contains_key(&start) {
                self.retransmissions += 1;
                return;
            }
            self.reordered += 1;
            sequence
                .held
                .insert(start, (time, packet, payload.to_vec()));
            sequence.held_bytes += payload.len();
            self.held_bytes += payload.len();
            let full = sequence.held_bytes > MOST_HELD || sequence.held.len() > MOST_SEGMENTS;
            if full || self.held_bytes > MOST_HELD_IN_ALL {
                self.skip_gap(direction, events);
            }
            return;
        }
        // At the place, or before it: a retransmission may bring new bytes at its end.
        let known = sequence.next.wrapping_sub(start) as usize;
        self.retransmissions += u64::from(known > 0);
        if let Some(new) = payload.get(known..)
            && !new.is_empty()
        {
            sequence.next = sequence.next.wrapping_add(new.len() as u32);
            events.push(Event::Data {
                time,
                packet,
                bytes: new.to_vec(),
            });
            self.release(direction, time, events);
        }
    }

    /// Hands out what waited and is now in order. Not before `time`: bytes are known to the
    /// receiver when those before them are.
    fn release(&mut self, direction: Direction, time: Timestamp, events: &mut Vec<Event>) {
        let Some(sequence) = self.directions.get_mut(&direction) else {
            return;
        };
        while let Some(first) = sequence.first_held() {
            let ahead = first.wrapping_sub(sequence.next);
            if ahead != 0 && ahead <= FAR {
                break;
            }
            let Some((sent, packet, bytes)) = sequence.held.remove(&first) else {
                break;
            };
            sequence.held_bytes -= bytes.len();
            self.held_bytes -= bytes.len();
            let known = sequence.next.wrapping_sub(first) as usize;
            if let Some(new) = bytes.get(known..)
                && !new.is_empty()
            {
                sequence.next = sequence.next.wrapping_add(new.len() as u32);
                let bytes = new.to_vec();
                events.push(Event::Data {
                    time: time.max(sent),
                    packet,
                    bytes,
                });
            }
        }
    }

    /// Gives up the missing bytes before what waits.
    fn skip_gap(&mut self, direction: Direction, events: &mut Vec<Event>) {
        let Some(sequence) = self.directions.get_mut(&direction) else {
            return;
        };
        let Some(first) = sequence.first_held() else {
            return;
        };
        let missing = first.wrapping_sub(sequence.next);
        let time = sequence
            .held
            .get(&first)
            .map_or(sequence.last_seen, |(time, ..)| *time);
        sequence.next = first;
        self.gaps += 1;
        self.missing_bytes += u64::from(missing);
        events.push(Event::Gap(missing));
        self.release(direction, time, events);
    }

    /// The end of a direction. What waits for a gap is handed out; after a FIN, retransmissions
    /// still find their place.
    fn close(&mut self, direction: Direction, reset: bool, events: &mut Vec<Event>) {
        self.flush(direction, events);
        if reset {
            self.directions.remove(&direction);
            events.push(Event::Reset);
        }
    }

    fn flush(&mut self, direction: Direction, events: &mut Vec<Event>) {
        while self
            .directions
            .get(&direction)
            .is_some_and(|sequence| !sequence.held.is_empty())
        {
            self.skip_gap(direction, events);
        }
    }

    /// At the capture's end: hands out what still waits.
    pub(crate) fn finish(&mut self) -> Vec<(Direction, Vec<Event>)> {
        let mut waiting: Vec<_> = self
            .directions
            .iter()
            .filter(|(_, sequence)| !sequence.held.is_empty())
            .map(|(direction, sequence)| (sequence.last_seen, *direction))
            .collect();
        waiting.sort_unstable();
        waiting
            .into_iter()
            .map(|(_, direction)| {
                let mut events = Vec::new();
                self.flush(direction, &mut events);
                (direction, events)
            })
            .collect()
    }

    /// Forgets the tenth of the directions that has been quiet longest.
    fn make_room(&mut self) {
        if self.directions.len() < MOST_DIRECTIONS {
            return;
        }
        let mut times: Vec<_> = self.directions.values().map(|seq| seq.last_seen).collect();
        let (_, &mut limit, _) = times.select_nth_unstable(MOST_DIRECTIONS / 10);
        let freed = &mut self.held_bytes;
        self.directions.retain(|_, sequence| {
            let keep = sequence.last_seen > limit;
            if !keep {
                *freed -= sequence.held_bytes;
            }
            keep
        });
    }
}

impl Sequence {
    /// The held segment that comes first; sequence numbers wrap.
    fn first_held(&self) -> Option<u32> {
        // In the circle of numbers all lie between `FAR` before and `FAR` after the next byte.
        let from = self.next.wrapping_sub(FAR);
        let first = self
            .held
            .range(from..)
            .next()
            .or_else(|| self.held.iter().next());
        first.map(|(start, _)| *start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const A_TO_B: ([u8; 4], [u8; 4]) = ([192, 0, 2, 1], [192, 0, 2, 2]);

    enum Flag {
        Syn,
        Fin,
        Rst,
        None,
    }

    struct Wire {
        connections: Connections,
        packet: u64,
    }

    impl Wire {
        fn new() -> Self {
            Self {
                connections: Connections::default(),
                packet: 0,
            }
        }

        fn direction() -> Direction {
            ((A_TO_B.0, 1000).into(), (A_TO_B.1, 2000).into())
        }

        fn send(&mut self, sequence: u32, flag: Flag, payload: &[u8]) -> Vec<Event> {
            let builder = PacketBuilder::ipv4(A_TO_B.0, A_TO_B.1, 64).tcp(1000, 2000, sequence, 1);
            let builder = match flag {
                Flag::Syn => builder.syn(),
                Flag::Fin => builder.fin(),
                Flag::Rst => builder.rst(),
                Flag::None => builder,
            };
            let mut packet = Vec::new();
            builder.write(&mut packet, payload).unwrap();
            let segment = TcpSlice::from_slice(&packet[20..]).unwrap();
            self.packet += 1;
            let time = Timestamp::new(self.packet as i64, 0);
            self.connections
                .take(time, self.packet, Self::direction(), &segment)
        }
    }

    fn text(events: &[Event]) -> String {
        events
            .iter()
            .map(|event| match event {
                Event::Data { bytes, .. } => String::from_utf8(bytes.clone()).unwrap(),
                Event::Gap(missing) => format!("<{missing}>"),
                Event::Reset => "|".into(),
            })
            .collect()
    }

    #[test]
    fn in_order_from_the_first_byte() {
        let mut wire = Wire::new();
        assert_eq!(text(&wire.send(99, Flag::Syn, b"")), "|");
        assert_eq!(text(&wire.send(100, Flag::None, b"abc")), "abc");
        assert_eq!(text(&wire.send(103, Flag::Fin, b"d")), "d");
        assert_eq!(wire.connections.gaps, 0);
    }

    #[test]
    fn a_connection_met_in_its_middle() {
        let mut wire = Wire::new();
        assert_eq!(text(&wire.send(5000, Flag::None, b"")), "");
        assert_eq!(text(&wire.send(5000, Flag::None, b"abc")), "|abc");
        assert_eq!(text(&wire.send(5003, Flag::None, b"d")), "d");
    }

    #[test]
    fn segments_out_of_order_wait() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        assert_eq!(text(&wire.send(106, Flag::None, b"ghi")), "");
        assert_eq!(text(&wire.send(103, Flag::None, b"def")), "");
        assert_eq!(text(&wire.send(100, Flag::None, b"abc")), "abcdefghi");
        assert_eq!(wire.connections.reordered, 2);
    }

    #[test]
    fn bytes_that_waited_bear_the_time_they_became_known() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        wire.send(101, Flag::None, b"b");
        let events = wire.send(100, Flag::None, b"a");
        let times: Vec<_> = events
            .iter()
            .map(|event| match event {
                Event::Data { time, packet, .. } => (time.0 / 1_000_000_000, *packet),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(times, [(3, 3), (3, 2)]);
    }

    #[test]
    fn retransmissions_bring_only_what_is_new() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        wire.send(100, Flag::None, b"abc");
        assert_eq!(text(&wire.send(100, Flag::None, b"abc")), "");
        assert_eq!(text(&wire.send(101, Flag::None, b"bcde")), "de");
        assert_eq!(wire.connections.retransmissions, 2);
    }

    #[test]
    fn the_sequence_number_wraps() {
        let mut wire = Wire::new();
        wire.send(u32::MAX - 2, Flag::Syn, b"");
        assert_eq!(text(&wire.send(3, Flag::None, b"fgh")), "");
        assert_eq!(text(&wire.send(u32::MAX, Flag::None, b"bcde")), "");
        assert_eq!(text(&wire.send(u32::MAX - 1, Flag::None, b"a")), "abcdefgh");
    }

    #[test]
    fn a_gap_is_told_and_passed_at_the_end() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        wire.send(100, Flag::None, b"abc");
        assert_eq!(text(&wire.send(110, Flag::None, b"xyz")), "");
        assert_eq!(text(&wire.send(120, Flag::None, b"uvw")), "");
        let finished = wire.connections.finish();
        assert_eq!(text(&finished[0].1), "<7>xyz<7>uvw");
        assert_eq!(
            (wire.connections.gaps, wire.connections.missing_bytes),
            (2, 14)
        );
    }

    #[test]
    fn a_gap_is_passed_when_the_connection_ends() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        wire.send(105, Flag::None, b"f");
        assert_eq!(text(&wire.send(106, Flag::Rst, b"")), "<5>f|");
        assert!(wire.connections.directions.is_empty());
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        let part = vec![b'x'; 30_000];
        let mut gaps = 0;
        for index in 0..200 {
            let events = wire.send(1000 + index * 30_000, Flag::None, &part);
            gaps += events
                .iter()
                .filter(|event| matches!(event, Event::Gap(_)))
                .count();
            assert!(wire.connections.held_bytes <= MOST_HELD + part.len());
        }
        assert_eq!(gaps, 1);
    }

    #[test]
    fn another_connection_on_the_same_ports_begins_anew() {
        let mut wire = Wire::new();
        wire.send(99, Flag::Syn, b"");
        wire.send(100, Flag::None, b"abc");
        assert_eq!(text(&wire.send(2_000_000_000, Flag::Syn, b"")), "|");
        assert_eq!(text(&wire.send(2_000_000_001, Flag::None, b"new")), "new");
    }
}
