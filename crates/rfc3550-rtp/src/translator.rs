//! Translators: what goes from one cloud to another, and what keeps it from going round (RFC 3550
//! §7.1, §7.2, §8.2).

mod rtcp;
mod stream;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::ops::Bound;
use core::time::Duration;
use std::time::Instant;

pub use stream::StreamTranslation;

use crate::session::Heard;
use crate::{RtcpCompound, RtpPacket};

/// How many entries are looked at for one that may give way to a new source.
const PROBES: usize = 8;

/// How a [`Translator`] remembers sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TranslatorConfig {
    /// How many sources are remembered; 4096 unless set. Packets of further ones are dropped.
    pub max_sources: usize,
    /// A source that has been silent for this long makes room for another; 60 s unless set.
    pub timeout: Duration,
    /// A source may change its address when nothing has come from the old one for this long; 1 s
    /// unless set. `None` keeps to the old address.
    pub address_change: Option<Duration>,
}

impl Default for TranslatorConfig {
    fn default() -> Self {
        Self {
            max_sources: 4096,
            timeout: Duration::from_secs(60),
            address_change: Some(Duration::from_secs(1)),
        }
    }
}

/// Why a packet may not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotForwarded {
    /// One of its sources is known from another cloud or another address: it has come round, or
    /// two sources have one identifier (§8.2).
    Loop,
    /// Too many sources are remembered.
    TooManySources,
    /// None of its packets can be translated.
    Nothing,
}

impl fmt::Display for NotForwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loop => "a source is known from elsewhere",
            Self::TooManySources => "too many sources",
            Self::Nothing => "nothing that can be translated",
        })
    }
}

impl core::error::Error for NotForwarded {}

/// Passes the streams of several sources on between clouds, each stream by itself.
///
/// The caller numbers its clouds, and sends to each of the others what comes out here. Without
/// being told otherwise the translator changes nothing: it keeps loops from closing.
/// [`set_stream`](Self::set_stream) tells what is to be changed in the stream of a source; what
/// is reported about it is then changed back.
///
/// A translator has no SSRC and sends nothing of its own. One that is to report on what it
/// receives is a [`Session`](crate::session::Session) as well, which gives its own name.
///
/// ```
/// use std::time::Instant;
/// use rfc3550_rtp::translator::{StreamTranslation, Translator, TranslatorConfig};
/// use rfc3550_rtp::{RtpPacket, RtpPacketBuilder};
///
/// let mut translator = Translator::new(TranslatorConfig::default());
/// translator.set_stream(StreamTranslation::new(7).payload_type(101));
///
/// let packet = RtpPacketBuilder::new().ssrc(7).payload_type(96).to_vec()?;
/// let mut packet = RtpPacket::parse(packet)?;
/// let from = "192.0.2.1:4000".parse()?;
/// translator.forward_rtp(Instant::now(), 0, from, &mut packet)?;
/// assert_eq!(packet.payload_type(), 101);
/// // It must not come back from the other side.
/// assert!(translator.forward_rtp(Instant::now(), 1, from, &mut packet).is_err());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Translator {
    config: TranslatorConfig,
    /// By the SSRC that they have where they come from.
    sources: BTreeMap<u32, Source>,
    /// That SSRC by the one that they are given.
    incoming: BTreeMap<u32, u32>,
    /// Where the search for an entry to give way goes on.
    hand: u32,
    looped: u64,
}

#[derive(Debug, Clone)]
struct Source {
    /// Where it is; `None` before anything has come.
    cloud: Option<usize>,
    rtp: Option<Heard>,
    rtcp: Option<Heard>,
    stream: StreamTranslation,
    /// The caller has told how it is translated.
    told: bool,
    /// It has said BYE.
    left: bool,
}

impl Translator {
    /// A translator that knows no source.
    pub const fn new(config: TranslatorConfig) -> Self {
        Self {
            config,
            sources: BTreeMap::new(),
            incoming: BTreeMap::new(),
            hand: 0,
            looped: 0,
        }
    }

    /// Tells how the stream of a source is translated from now on. Such a source is remembered
    /// until [`remove_stream`](Self::remove_stream). False when the SSRC that the stream is to
    /// have is that of another source.
    pub fn set_stream(&mut self, stream: StreamTranslation) -> bool {
        let (ssrc, outgoing) = (stream.ssrc(), stream.outgoing_ssrc());
        let taken = self.incoming.get(&outgoing).is_some_and(|&s| s != ssrc);
        if taken || (outgoing != ssrc && self.sources.contains_key(&outgoing)) {
            return false;
        }
        if let Some(source) = self.sources.get(&ssrc) {
            self.incoming.remove(&source.stream.outgoing_ssrc());
        }
        self.incoming.insert(outgoing, ssrc);
        let source = self
            .sources
            .entry(ssrc)
            .or_insert_with(|| Source::new(ssrc));
        source.stream = stream;
        source.told = true;
        true
    }

    /// Forgets a source and its translation.
    pub fn remove_stream(&mut self, ssrc: u32) {
        if let Some(source) = self.sources.remove(&ssrc) {
            self.incoming.remove(&source.stream.outgoing_ssrc());
        }
    }

    /// Edits an RTP packet for the other clouds, where one goes out for each that comes in.
    ///
    /// # Errors
    ///
    /// It may not go on. Then it is unchanged.
    pub fn forward_rtp<B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        now: Instant,
        cloud: usize,
        from: SocketAddr,
        packet: &mut RtpPacket<B>,
    ) -> Result<(), NotForwarded> {
        self.accept_rtp(now, cloud, from, packet)?.translate(packet);
        Ok(())
    }

    /// Counts an RTP packet as received, and gives what the caller needs to make others of it, as
    /// one does that combines packets or codes them anew.
    ///
    /// # Errors
    ///
    /// It may not go on.
    pub fn accept_rtp<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        cloud: usize,
        from: SocketAddr,
        packet: &RtpPacket<B>,
    ) -> Result<&mut StreamTranslation, NotForwarded> {
        for csrc in packet.csrcs() {
            if self.is_elsewhere(cloud, csrc) {
                return Err(self.looped());
            }
        }
        let ssrc = packet.ssrc();
        self.hear(now, cloud, from, ssrc, Channel::Rtp)?;
        match self.sources.get_mut(&ssrc) {
            Some(source) => {
                source.left = false;
                Ok(&mut source.stream)
            }
            None => Err(NotForwarded::TooManySources), // never: it has just been heard
        }
    }

    /// Translates a compound for the other clouds: identifiers, sender information, report blocks
    /// and feedback. What is sent about the other direction is changed back. Packets that cannot
    /// be translated are left out: lost packets of streams that are combined or split, and
    /// extended reports on sequence numbers that are changed.
    ///
    /// # Errors
    ///
    /// It may not go on.
    pub fn forward_rtcp<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        cloud: usize,
        from: SocketAddr,
        compound: &RtcpCompound<B>,
    ) -> Result<Vec<u8>, NotForwarded> {
        let mut heard = Vec::new();
        for packet in compound.packets().flatten() {
            rtcp::for_each_source(&packet, |ssrc| heard.push(ssrc));
        }
        if heard.iter().any(|&ssrc| self.is_elsewhere(cloud, ssrc)) {
            return Err(self.looped());
        }
        for ssrc in heard {
            self.hear(now, cloud, from, ssrc, Channel::Rtcp)?;
        }
        self.translate(compound)
    }

    /// The identifiers to say BYE for in a cloud, when forwarding to it ends (§7.2).
    pub fn forwarded_to(&self, cloud: usize) -> impl Iterator<Item = u32> {
        let from_elsewhere =
            move |source: &&Source| source.cloud.is_some_and(|c| c != cloud) && !source.left;
        let sources = self.sources.values().filter(from_elsewhere);
        sources.map(|source| source.stream.outgoing_ssrc())
    }

    /// Packets that were dropped because a source of theirs is known from elsewhere.
    pub const fn looped_packets(&self) -> u64 {
        self.looped
    }

    fn looped(&mut self) -> NotForwarded {
        self.looped += 1;
        NotForwarded::Loop
    }

    /// Whether a source is known from another cloud, by its own SSRC or by the one that we give
    /// it.
    fn is_elsewhere(&self, cloud: usize, ssrc: u32) -> bool {
        let known = self.sources.get(&ssrc).and_then(|source| source.cloud);
        let given = self.incoming.get(&ssrc).filter(|&&own| own != ssrc);
        known.is_some_and(|known| known != cloud) || given.is_some()
    }

    /// Notes that a source has been heard, if it may be (§8.2).
    fn hear(
        &mut self,
        now: Instant,
        cloud: usize,
        from: SocketAddr,
        ssrc: u32,
        channel: Channel,
    ) -> Result<(), NotForwarded> {
        if self.is_elsewhere(cloud, ssrc) {
            return Err(self.looped());
        }
        if !self.sources.contains_key(&ssrc) {
            self.make_room(now)?;
            self.sources.insert(ssrc, Source::new(ssrc));
            self.incoming.insert(ssrc, ssrc);
        }
        let change = self.config.address_change;
        let accepted = self.sources.get_mut(&ssrc).is_some_and(|source| {
            source.cloud = Some(cloud);
            let path = match channel {
                Channel::Rtp => &mut source.rtp,
                Channel::Rtcp => &mut source.rtcp,
            };
            Heard::accept(path, from, now, change)
        });
        if accepted { Ok(()) } else { Err(self.looped()) }
    }

    /// Forgets a source that has been silent, if there are too many. Only a few are looked at,
    /// further on each time.
    fn make_room(&mut self, now: Instant) -> Result<(), NotForwarded> {
        if self.sources.len() < self.config.max_sources {
            return Ok(());
        }
        for _ in 0..PROBES {
            let after = (Bound::Excluded(self.hand), Bound::Unbounded);
            let next = self.sources.range(after).next();
            let Some((&ssrc, source)) = next.or_else(|| self.sources.iter().next()) else {
                break;
            };
            self.hand = ssrc;
            let last = source.rtp.map(|h| h.at).max(source.rtcp.map(|h| h.at));
            let silent = |at: Instant| now.saturating_duration_since(at) >= self.config.timeout;
            if !source.told && (source.left || last.is_none_or(silent)) {
                self.remove_stream(ssrc);
                return Ok(());
            }
        }
        Err(NotForwarded::TooManySources)
    }
}

/// Data or control, whose addresses differ.
#[derive(Clone, Copy)]
enum Channel {
    Rtp,
    Rtcp,
}

impl Source {
    const fn new(ssrc: u32) -> Self {
        Self {
            cloud: None,
            rtp: None,
            rtcp: None,
            stream: StreamTranslation::new(ssrc),
            told: false,
            left: false,
        }
    }
}
