//! RTP streams: which datagrams are RTP, and to which stream each belongs.
//!
//! What was announced is believed at once. What was not must show several packets of one source
//! that agree with each other (RFC 3550 §A.1 in spirit); they are held until then.

use super::announcements::{Announcement, Announcements};
use super::model::{self, FoundBy};
use super::seen::{Clock, Seen, Transport};
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
/// Packets of one source that convince, and how many different sequence numbers they must have.
const CONVINCING_PACKETS: usize = 4;
const CONVINCING_NUMBERS: usize = 3;
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
    pub(crate) left_out: u64,
}

impl Streams {
    /// Takes a datagram that is neither SIP, RTSP, STUN nor RTCP. `announcement` is that of an
    /// RTSP connection's channel; for datagrams it is looked up. False when it cannot be RTP.
    pub(crate) fn take(
        &mut self,
        seen: Seen,
        datagram: &[u8],
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
            stream.take(seen, &packet);
            return true;
        }
        if found.is_some() {
            let held = self.release(key);
            self.begin(
                key,
                held.iter().map(|(seen, bytes)| (*seen, &bytes[..])),
                found,
            );
            self.begin(key, [(seen, datagram)].into_iter(), found);
            return true;
        }
        if seen.transport == Transport::Interleaved {
            self.begin(key, [(seen, datagram)].into_iter(), None);
            return true;
        }
        self.consider(seen, &packet);
        true
    }

    /// A datagram between two sockets that is none of RTP.
    pub(crate) fn other(&mut self, seen: Seen) {
        self.pair(seen).other += 1;
    }

    fn pair(&mut self, seen: Seen) -> &mut Pair {
        let key = (seen.src, seen.dst);
        if self.pairs.len() >= MOST_PAIRS && !self.pairs.contains_key(&key) {
            self.pairs.clear();
        }
        self.pairs.entry(key).or_default()
    }

    /// Holds a packet that nobody announced, until its source convinces.
    fn consider(&mut self, seen: Seen, packet: &RtpPacket<&[u8]>) {
        let (number, payload_type) = (packet.sequence_number().0, packet.payload_type());
        let ssrc = packet.ssrc();
        let bytes = packet.as_bytes();
        let fresh = || Candidate {
            ssrc,
            payload_type,
            highest: number,
            numbers: 1,
            held: vec![(seen, bytes.to_vec())],
        };
        let pair = self.pair(seen);
        let Some(candidate) = pair.candidates.iter_mut().find(|known| known.ssrc == ssrc) else {
            if pair.candidates.len() >= MOST_CANDIDATES {
                pair.candidates.remove(0);
                pair.other += 1;
            }
            pair.candidates.push(fresh());
            return;
        };
        let step = number.wrapping_sub(candidate.highest);
        // The payload type may change once: from events to audio or back.
        let agrees = step <= LARGEST_STEP;
        if !agrees {
            *candidate = fresh();
            pair.other += 1;
            return;
        }
        candidate.numbers += usize::from(step > 0);
        candidate.highest = number;
        candidate.held.push((seen, bytes.to_vec()));
        let convincing =
            candidate.held.len() >= CONVINCING_PACKETS && candidate.numbers >= CONVINCING_NUMBERS;
        // Something that repeats the same header for ever is no stream.
        let hopeless = candidate.held.len() > 8 * CONVINCING_PACKETS;
        if hopeless {
            *candidate = fresh();
            pair.other += 1;
        } else if convincing {
            let key = (seen.src, seen.dst, ssrc);
            let held = self.release(key);
            self.begin(
                key,
                held.iter().map(|(seen, bytes)| (*seen, &bytes[..])),
                None,
            );
        }
    }

    /// The held packets of a candidate, which is none any more.
    fn release(&mut self, (src, dst, ssrc): Key) -> Vec<(Seen, Vec<u8>)> {
        let Some(pair) = self.pairs.get_mut(&(src, dst)) else {
            return Vec::new();
        };
        let index = pair
            .candidates
            .iter()
            .position(|candidate| candidate.ssrc == ssrc);
        index
            .map(|index| pair.candidates.swap_remove(index).held)
            .unwrap_or_default()
    }

    fn begin<'a>(
        &mut self,
        key: Key,
        packets: impl Iterator<Item = (Seen, &'a [u8])>,
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
                stream.take(seen, &packet);
            }
        }
    }

    /// The call and the clock rate of what `ssrc` sends between two hosts, for RTCP that speaks
    /// of it: to or from its own sockets, or simply the last stream of that SSRC.
    pub(crate) fn of_ssrc(&self, ssrc: u32) -> Option<&Stream> {
        self.streams.iter().rev().find(|stream| stream.ssrc == ssrc)
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
                    let held = candidate
                        .held
                        .iter()
                        .map(|(seen, bytes)| (*seen, &bytes[..]));
                    self.begin(key, held, announced);
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
    }

    /// Datagrams that are part of a stream; candidates that never convinced are none.
    pub(crate) fn datagrams(&self) -> u64 {
        let udp = self
            .streams
            .iter()
            .filter(|stream| stream.transport == Transport::Udp);
        udp.map(|stream| stream.packets).sum()
    }

    pub(crate) fn encrypted(&self) -> u64 {
        self.streams
            .iter()
            .filter(|stream| stream.encrypted())
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
