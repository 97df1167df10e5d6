//! RTP streams: which datagrams are RTP, and to which stream each belongs.
//!
//! What was announced is believed at once. What was not must show several packets of one source
//! that agree with each other (RFC 3550 §A.1 in spirit); they are held until then.

use super::announcements::{Announcement, Announcements};
use super::model::{self, FoundBy};
use super::seen::{Clock, Secrecy, Seen, Transport};
use super::stream::Stream;
use rfc3550_rtp::RtpPacket;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

const MOST_STREAMS: usize = 65_536;
/// Pairs of addresses with traffic that is not understood (yet).
const MOST_PAIRS: usize = 65_536;
/// Sources of one pair that are held as candidates.
const MOST_CANDIDATES: usize = 4;
/// Bytes that candidates may hold in all; beyond, the search begins anew.
const MOST_HELD: usize = 64 * 1024 * 1024;
/// Packets of one source that convince, and how many different sequence numbers they must have.
const CONVINCING_PACKETS: usize = 4;
const CONVINCING_NUMBERS: usize = 3;
/// Packets of a candidate: something that repeats the same header for ever is no stream.
const MOST_PACKETS: usize = 32;
/// The largest step of sequence numbers between packets that agree.
const LARGEST_STEP: u16 = 50;

/// Sender, receiver and SSRC.
type Key = (SocketAddr, SocketAddr, u32);

#[derive(Default)]
struct Pair {
    /// Datagrams that cannot be RTP, or whose packets contradicted each other.
    other: u32,
    candidates: Vec<Candidate>,
}

struct Candidate {
    ssrc: u32,
    payload_type: u8,
    highest: u16,
    numbers: usize,
    held: Vec<(Seen, Vec<u8>)>,
}

/// All streams, in the order in which they began.
#[derive(Default)]
pub(crate) struct Streams {
    by_key: HashMap<Key, usize>,
    streams: Vec<Stream>,
    pairs: HashMap<(SocketAddr, SocketAddr), Pair>,
    /// Bytes of the packets that candidates hold.
    held_bytes: usize,
    /// The last stream of each SSRC; known when all is finished.
    by_ssrc: HashMap<u32, usize>,
    pub(crate) left_out: u64,
}

impl Streams {
    /// Takes a datagram that is neither SIP, RTSP, STUN nor RTCP. `announcement` is that of an
    /// RTSP connection's channel; for datagrams it is looked up. False when it cannot be RTP.
    pub(crate) fn take(
        &mut self,
        seen: Seen,
        datagram: &[u8],
        secrecy: Secrecy,
        announcement: Option<&Rc<Announcement>>,
        announcements: &Announcements,
    ) -> bool {
        let Ok(packet) = RtpPacket::parse(datagram) else {
            self.other(seen);
            return false;
        };
        let found = announcement.or_else(|| announcements.find(seen.src, seen.dst));
        let found = found.filter(|announcement| !announcement.rtcp_only);
        let key = (seen.src, seen.dst, packet.ssrc());
        if let Some(stream) = self
            .by_key
            .get(&key)
            .and_then(|index| self.streams.get_mut(*index))
        {
            if let Some(found) = found {
                stream.announced(found, announcements.generation);
            }
            stream.take(seen, &packet, secrecy);
            return true;
        }
        if found.is_some() {
            if let Some(candidate) = self.release(key) {
                self.begin(key, candidate.packets(), Secrecy::AsCaptured, found);
            }
            self.begin(key, [(seen, datagram)].into_iter(), secrecy, found);
            return true;
        }
        if seen.transport == Transport::Interleaved {
            self.begin(key, [(seen, datagram)].into_iter(), secrecy, None);
            return true;
        }
        self.consider(seen, &packet);
        true
    }

    /// A datagram between two sockets that is none of RTP.
    pub(crate) fn other(&mut self, seen: Seen) {
        self.pair(seen.src, seen.dst).other += 1;
    }

    fn pair(&mut self, src: SocketAddr, dst: SocketAddr) -> &mut Pair {
        let crowded = self.pairs.len() >= MOST_PAIRS && !self.pairs.contains_key(&(src, dst));
        if crowded || self.held_bytes > MOST_HELD {
            self.pairs.clear();
            self.held_bytes = 0;
        }
        self.pairs.entry((src, dst)).or_default()
    }

    /// Holds a packet that nobody announced, until its source convinces.
    fn consider(&mut self, seen: Seen, packet: &RtpPacket<&[u8]>) {
        let key = (seen.src, seen.dst, packet.ssrc());
        let fresh = Candidate::new(seen, packet);
        let candidate = match self.release(key) {
            None => fresh,
            Some(mut candidate) if candidate.agrees(&fresh) => {
                candidate.add(fresh);
                if candidate.is_convincing() {
                    self.begin(key, candidate.packets(), Secrecy::AsCaptured, None);
                    return;
                }
                candidate
            }
            Some(_) => {
                self.pair(seen.src, seen.dst).other += 1;
                fresh
            }
        };
        self.held_bytes += candidate.held_bytes();
        let pair = self.pair(seen.src, seen.dst);
        pair.candidates.push(candidate);
        if pair.candidates.len() > MOST_CANDIDATES {
            let oldest = pair.candidates.remove(0);
            pair.other += 1;
            self.held_bytes -= oldest.held_bytes();
        }
    }

    /// Takes back a candidate.
    fn release(&mut self, (src, dst, ssrc): Key) -> Option<Candidate> {
        let pair = self.pairs.get_mut(&(src, dst))?;
        let mut candidates = pair.candidates.iter();
        let index = candidates.position(|candidate| candidate.ssrc == ssrc)?;
        let candidate = pair.candidates.remove(index);
        self.held_bytes -= candidate.held_bytes();
        Some(candidate)
    }

    fn begin<'a>(
        &mut self,
        key: Key,
        packets: impl Iterator<Item = (Seen, &'a [u8])>,
        secrecy: Secrecy,
        announcement: Option<&Rc<Announcement>>,
    ) {
        for (seen, bytes) in packets {
            let Ok(packet) = RtpPacket::parse(bytes) else {
                continue;
            };
            let index = match self.by_key.get(&key) {
                Some(index) => *index,
                None if self.streams.len() >= MOST_STREAMS => {
                    self.left_out += 1;
                    return;
                }
                None => {
                    self.streams.push(Stream::new(seen, &packet, announcement));
                    self.by_key.insert(key, self.streams.len() - 1);
                    self.streams.len() - 1
                }
            };
            if let Some(stream) = self.streams.get_mut(index) {
                stream.take(seen, &packet, secrecy);
            }
        }
    }

    /// The last stream of an SSRC, once all is finished: for RTCP that speaks of it.
    pub(crate) fn of_ssrc(&self, ssrc: u32) -> Option<&Stream> {
        self.by_ssrc
            .get(&ssrc)
            .and_then(|index| self.streams.get(*index))
    }

    /// At the capture's end: what was announced late, and what has too few packets to be sure.
    pub(crate) fn finish(&mut self, announcements: &Announcements) {
        let mut pairs: Vec<_> = std::mem::take(&mut self.pairs).into_iter().collect();
        pairs.sort_by_key(|(_, pair)| pair.candidates.first().map(Candidate::first_packet));
        for ((src, dst), pair) in pairs {
            let announced = announcements
                .find(src, dst)
                .filter(|found| !found.rtcp_only);
            let alone = pair.other == 0 && pair.candidates.len() == 1;
            for candidate in pair.candidates {
                let key = (src, dst, candidate.ssrc);
                if announced.is_some() || (alone && candidate.is_plausible(src, dst)) {
                    self.begin(key, candidate.packets(), Secrecy::AsCaptured, announced);
                    if announced.is_none()
                        && let Some(index) = self.by_key.get(&key)
                        && let Some(stream) = self.streams.get_mut(*index)
                    {
                        stream.found_by = FoundBy::Shape;
                    }
                }
            }
        }
        for stream in &mut self.streams {
            if let Some(found) = announcements.find(stream.src, stream.dst)
                && !found.rtcp_only
                && stream.transport == Transport::Udp
            {
                stream.announced(found, announcements.generation);
            }
            if stream.call.is_some() {
                stream.owners = announcements.owners(stream.src, stream.dst);
            }
            stream.finish();
        }
        self.streams.sort_by_key(|stream| stream.first_packet);
        self.by_ssrc = self
            .streams
            .iter()
            .map(|stream| stream.ssrc)
            .zip(0..)
            .collect();
    }

    /// Datagrams that are part of a stream; candidates that never convinced are none.
    pub(crate) fn datagrams(&self) -> u64 {
        let udp = self
            .streams
            .iter()
            .filter(|stream| stream.transport == Transport::Udp);
        udp.map(|stream| stream.packets).sum()
    }

    /// Encrypted streams that have not been opened, or not wholly.
    pub(crate) fn closed(&self) -> u64 {
        self.streams
            .iter()
            .filter(|stream| stream.is_closed())
            .count() as u64
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<model::Stream> {
        self.streams
            .iter()
            .map(|stream| stream.report(clock))
            .collect()
    }

    pub(crate) fn report_dtmf(&self, clock: Clock) -> Vec<model::Dtmf> {
        self.streams
            .iter()
            .filter_map(|stream| stream.report_dtmf(clock))
            .collect()
    }
}

impl Candidate {
    fn new(seen: Seen, packet: &RtpPacket<&[u8]>) -> Self {
        Self {
            ssrc: packet.ssrc(),
            payload_type: packet.payload_type(),
            highest: packet.sequence_number().0,
            numbers: 1,
            held: vec![(seen, packet.as_bytes().to_vec())],
        }
    }

    /// Whether the next packet follows: a little ahead, or the same again, but not for ever.
    fn agrees(&self, next: &Self) -> bool {
        next.highest.wrapping_sub(self.highest) <= LARGEST_STEP && self.held.len() <= MOST_PACKETS
    }

    fn add(&mut self, next: Self) {
        self.numbers += usize::from(next.highest != self.highest);
        self.highest = next.highest;
        self.held.extend(next.held);
    }

    fn is_convincing(&self) -> bool {
        self.held.len() >= CONVINCING_PACKETS && self.numbers >= CONVINCING_NUMBERS
    }

    fn packets(&self) -> impl Iterator<Item = (Seen, &[u8])> {
        self.held.iter().map(|(seen, bytes)| (*seen, &bytes[..]))
    }

    fn held_bytes(&self) -> usize {
        self.held.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn first_packet(&self) -> u64 {
        self.held.first().map_or(0, |(seen, _)| seen.packet)
    }

    /// Whether a lone packet or two are likely RTP: an assigned or dynamic payload type between
    /// ports that no other service has.
    fn is_plausible(&self, src: SocketAddr, dst: SocketAddr) -> bool {
        let assigned = super::sdp::Codec::of_profile(self.payload_type).is_some();
        (assigned || self.payload_type >= 96)
            && self.ssrc != 0
            && src.port() >= 1024
            && dst.port() >= 1024
            && self.numbers == self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::time::Timestamp;

    fn seen(packet: u64) -> Seen {
        Seen {
            time: Timestamp(packet as i64 * 20_000_000),
            packet,
            src: ([192, 0, 2, 1], 4000).into(),
            dst: ([192, 0, 2, 2], 4002).into(),
            transport: Transport::Udp,
        }
    }

    fn rtp(payload_type: u8, number: u16, ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x80, payload_type];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 160).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend([0xd5; 160]);
        packet
    }

    /// The streams found among these datagrams, as (SSRC, packets, how found).
    fn found(datagrams: &[Vec<u8>], announced: bool) -> Vec<(u32, u64, FoundBy)> {
        let mut announcements = Announcements::default();
        if announced {
            let announcement = Announcement {
                by: FoundBy::Sdp,
                call: None,
                owner: None,
                codecs: Default::default(),
                encrypted: false,
                rtcp_only: false,
            };
            announcements.announce(seen(0).dst, announcement);
        }
        let mut streams = Streams::default();
        for (datagram, packet) in datagrams.iter().zip(1..) {
            streams.take(
                seen(packet),
                datagram,
                Secrecy::AsCaptured,
                None,
                &announcements,
            );
        }
        streams.finish(&announcements);
        let summed = streams.streams.iter();
        summed
            .map(|stream| (stream.ssrc, stream.packets, stream.found_by))
            .collect()
    }

    #[test]
    fn four_packets_that_agree_are_a_stream_from_the_first_on() {
        let packets: Vec<_> = (65_533..=65_535)
            .chain(0..5)
            .map(|it| rtp(0, it, 7))
            .collect();
        assert_eq!(found(&packets, false), [(7, 8, FoundBy::Heuristic)]);
        assert_eq!(found(&packets[..4], false), [(7, 4, FoundBy::Heuristic)]);
    }

    #[test]
    fn fewer_are_one_by_their_looks_if_they_are_alone() {
        let packets: Vec<_> = (10..13).map(|number| rtp(0, number, 7)).collect();
        assert_eq!(found(&packets, false), [(7, 3, FoundBy::Shape)]);
        let something_else = [packets, vec![b"hello".to_vec()]].concat();
        assert_eq!(found(&something_else, false), []);
    }

    #[test]
    fn announced_packets_need_no_proof() {
        assert_eq!(
            found(&[rtp(0, 1, 7), rtp(0, 900, 8)], true),
            [(7, 1, FoundBy::Sdp), (8, 1, FoundBy::Sdp)]
        );
    }

    #[test]
    fn what_only_resembles_rtp_is_none() {
        // The same header for ever, as a protocol with constant fields there would have it.
        assert_eq!(found(&vec![rtp(0, 5, 7); 100], false), []);
        // Numbers that jump about.
        let jumping: Vec<_> = (0..50).map(|number| rtp(0, number * 997, 7)).collect();
        assert_eq!(found(&jumping, false), []);
        // Another source every time.
        let sources: Vec<_> = (0..50)
            .map(|source| rtp(0, source as u16, source))
            .collect();
        assert_eq!(found(&sources, false), []);
    }

    #[test]
    fn two_sources_between_the_same_sockets_are_two_streams() {
        let both = |number| [rtp(0, number, 7), rtp(0, number + 500, 8)];
        let packets: Vec<_> = (0..5).flat_map(both).collect();
        let expected = [(7, 5, FoundBy::Heuristic), (8, 5, FoundBy::Heuristic)];
        assert_eq!(found(&packets, false), expected);
    }
}
