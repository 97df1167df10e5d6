//! The sending side of a session. RFC 3711 §3.3, §3.4.

use alloc::vec::Vec;
use core::fmt;

use rfc3550_rtp::RtpHeader;

use crate::config::Config;
use crate::error::{ConfigError, ProtectError};
use crate::index::{Estimate, estimate};
use crate::key_event::KeyEvent;
use crate::keys::{Keys, Kind, Leading};
use crate::master_key::MasterKey;
use crate::replay::Verdict;
use crate::stream::Stream;
use crate::streams::Streams;
use crate::{rtcp, rtp};

/// Protects the RTP and RTCP packets that one endpoint sends in a session.
///
/// Streams come into being with their first packet, the rollover counter at zero. When a call
/// fails, the buffer and the streams are as they were.
pub struct Sender {
    keys: Keys,
    /// The place of the key in use.
    active: usize,
    streams: Streams<Stream>,
}

impl Sender {
    /// A sender with these master keys, of which the first is used.
    ///
    /// # Errors
    ///
    /// The configuration is out of range, a key has not the length of the profile, or there are
    /// several keys that packets could not tell apart.
    pub fn new(config: Config, master_keys: &[MasterKey]) -> Result<Sender, ConfigError> {
        let keys = Keys::new(config, master_keys)?;
        Ok(Sender {
            keys,
            active: 0,
            streams: Streams::new(config.ssrc_seed),
        })
    }

    /// How many bytes protection adds to an RTP packet.
    pub fn rtp_overhead(&self) -> usize {
        self.keys.mki_len() + self.keys.config().rtp_tag_len()
    }

    /// How many bytes protection adds to an RTCP packet.
    pub fn rtcp_overhead(&self) -> usize {
        let config = self.keys.config();
        rtcp::INDEX_LEN + self.keys.mki_len() + config.profile.rtcp_tag_len()
    }

    /// Protects the RTP packet in the first `len` bytes of `buffer`, in place, and gives the
    /// length of the result.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`].
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, ProtectError> {
        let (available, needed) = (buffer.len(), len.saturating_add(self.rtp_overhead()));
        let too_small = ProtectError::BufferTooSmall { needed, available };
        let buffer = buffer.get_mut(..needed).ok_or(too_small)?;
        let plain = buffer.get(..len).ok_or(too_small)?;
        let header = RtpHeader::parse(plain).map_err(|_| ProtectError::Malformed)?;

        let config = *self.keys.config();
        let leading = self.leading(header.ssrc);
        let full = self.streams.len() >= config.max_streams;
        let known = self.streams.get_mut(header.ssrc);
        let index = match &known {
            None => u64::from(header.sequence_number.0),
            Some(stream) => next_index(stream, header.sequence_number.0)?,
        };
        if known.is_none() && full {
            return Err(ProtectError::TooManyStreams);
        }
        let rekeying = leading.or_own(Some(index));
        let key = self.keys.sending(self.active, Kind::Rtp, rekeying);
        let (place, set) = key.ok_or(ProtectError::KeyExpired)?;
        let protection = rtp::Protection {
            encrypt: config.encrypt_rtp,
            tag_len: config.rtp_tag_len(),
            mki: &set.mki,
        };
        let packet = rtp::Packet {
            buffer,
            header_len: header.header_len,
            payload_end: len,
            ssrc: header.ssrc,
            index,
        };
        let kept = known.as_ref().and_then(|stream| stream.keys(Kind::Rtp));
        let ((), rederived) = self
            .keys
            .with(set, Kind::Rtp, index, kept, |transform| {
                rtp::seal(transform, packet, &protection)
            })
            .ok_or(ProtectError::Malformed)?;

        match known {
            Some(stream) => stream.enter(&config, Kind::Rtp, index, rederived),
            None => {
                let mut stream = Stream::new(&config, 0);
                stream.enter(&config, Kind::Rtp, index, rederived);
                self.streams.insert(header.ssrc, stream);
            }
        }
        self.keys.spend(place, Kind::Rtp, index, rekeying);
        Ok(needed)
    }

    /// Protects the RTCP packet, compound or not, in the first `len` bytes of `buffer`, in place,
    /// and gives the length of the result.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`].
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, ProtectError> {
        let (available, needed) = (buffer.len(), len.saturating_add(self.rtcp_overhead()));
        let too_small = ProtectError::BufferTooSmall { needed, available };
        let buffer = buffer.get_mut(..needed).ok_or(too_small)?;
        let plain = buffer.get(..len).ok_or(too_small)?;
        let ssrc = rtcp::ssrc(plain).ok_or(ProtectError::Malformed)?;

        let config = *self.keys.config();
        let leading = self.leading(ssrc);
        let full = self.streams.len() >= config.max_streams;
        let known = self.streams.get_mut(ssrc);
        if known.is_none() && full {
            return Err(ProtectError::TooManyStreams);
        }
        let index = known.as_ref().map_or(0, |stream| stream.next_rtcp());
        if index > rtcp::MAX_INDEX {
            return Err(ProtectError::IndexExhausted);
        }
        let word = if config.encrypt_rtcp {
            index | rtcp::ENCRYPTED
        } else {
            index
        };
        let highest = known.as_ref().and_then(|stream| stream.rtp.highest());
        let rekeying = leading.or_own(highest);
        let key = self.keys.sending(self.active, Kind::Rtcp, rekeying);
        let (place, set) = key.ok_or(ProtectError::KeyExpired)?;
        let mki = &set.mki;
        let packet = rtcp::Packet {
            buffer,
            plain_end: len,
            word,
            mki_len: mki.len(),
        };
        let kept = known.as_ref().and_then(|stream| stream.keys(Kind::Rtcp));
        let ((), rederived) = self
            .keys
            .with(set, Kind::Rtcp, u64::from(index), kept, |transform| {
                rtcp::seal(transform, packet, mki)
            })
            .ok_or(ProtectError::Malformed)?;

        match known {
            Some(stream) => stream.enter(&config, Kind::Rtcp, u64::from(index), rederived),
            None => {
                let mut stream = Stream::new(&config, 0);
                stream.enter(&config, Kind::Rtcp, u64::from(index), rederived);
                self.streams.insert(ssrc, stream);
            }
        }
        self.keys
            .spend(place, Kind::Rtcp, u64::from(index), rekeying);
        Ok(needed)
    }

    /// [`protect_rtp`](Sender::protect_rtp) for a packet in a `Vec`, which grows.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`]; the packet is as it was.
    pub fn protect_rtp_vec(&mut self, packet: &mut Vec<u8>) -> Result<(), ProtectError> {
        let len = packet.len();
        packet.resize(len + self.rtp_overhead(), 0);
        self.protect_rtp(packet, len)
            .map(drop)
            .inspect_err(|_| packet.truncate(len))
    }

    /// [`protect_rtcp`](Sender::protect_rtcp) for a packet in a `Vec`, which grows.
    ///
    /// # Errors
    ///
    /// See [`ProtectError`]; the packet is as it was.
    pub fn protect_rtcp_vec(&mut self, packet: &mut Vec<u8>) -> Result<(), ProtectError> {
        let len = packet.len();
        packet.resize(len + self.rtcp_overhead(), 0);
        self.protect_rtcp(packet, len)
            .map(drop)
            .inspect_err(|_| packet.truncate(len))
    }

    /// Adds a master key, to be used from [`use_key`](Sender::use_key) on.
    ///
    /// # Errors
    ///
    /// It has not the lengths of the profile, or its MKI does not fit those of the others.
    pub fn add_key(&mut self, master_key: &MasterKey) -> Result<(), ConfigError> {
        self.keys.add(master_key)
    }

    /// Protects what follows under the master key with this MKI. Rollover counters and RTCP
    /// indices go on.
    ///
    /// # Errors
    ///
    /// No key has this MKI.
    pub fn use_key(&mut self, mki: &[u8]) -> Result<(), ConfigError> {
        self.active = self.keys.find(mki).ok_or(ConfigError::UnknownMki)?;
        Ok(())
    }

    /// Replaces all master keys, and uses the first of the new ones. Rollover counters and RTCP
    /// indices go on (RFC 3711 §3.3.1).
    ///
    /// # Errors
    ///
    /// As [`new`](Sender::new); the old keys stay then.
    pub fn replace_keys(&mut self, master_keys: &[MasterKey]) -> Result<(), ConfigError> {
        self.keys.replace(master_keys)?;
        self.active = 0;
        Ok(())
    }

    /// What has become of a master key. Ask until `None`; each is told once.
    pub fn poll_event(&mut self) -> Option<KeyEvent<'_>> {
        self.keys.poll_event()
    }

    /// How many packets of RTP, and of RTCP, a stream has sent.
    pub fn packets(&self, ssrc: u32) -> Option<(u64, u64)> {
        self.streams.get(ssrc).map(Stream::packets)
    }

    /// How many packets of RTP, and of RTCP, the key in use may still protect: the one that
    /// [`use_key`](Sender::use_key) has set, whatever From and To say.
    pub fn packets_left(&self) -> (u64, u64) {
        self.keys
            .get(self.active)
            .map_or((0, 0), |set| (set.rtp_left, set.rtcp_left))
    }

    /// The rollover counter of a stream, to be told to receivers that join late.
    pub fn roc(&self, ssrc: u32) -> Option<u32> {
        self.streams.get(ssrc)?.roc()
    }

    /// Continues a stream of an earlier sender: its next packets have this rollover counter and
    /// this RTCP index.
    ///
    /// Going back to indices that have been used under the same key destroys its secrecy.
    pub fn resume(&mut self, ssrc: u32, roc: u32, rtcp_index: u32) {
        let config = self.keys.config();
        let stream = Stream::new(config, roc).with_first_rtcp(config, rtcp_index);
        self.streams.insert(ssrc, stream);
    }

    /// Whose indices decide on the key of a packet from this source.
    fn leading(&self, ssrc: u32) -> Leading {
        self.keys
            .leading(ssrc, |leading| self.streams.get(leading)?.rtp.highest())
    }
}

/// The index of a stream's next packet.
fn next_index(stream: &Stream, sequence_number: u16) -> Result<u64, ProtectError> {
    let Some(highest) = stream.rtp.highest() else {
        return Ok(u64::from(stream.initial_roc) << 16 | u64::from(sequence_number));
    };
    match estimate(highest, sequence_number) {
        Estimate::Exhausted => Err(ProtectError::IndexExhausted),
        Estimate::BeforeStart => Err(ProtectError::IndexReused),
        Estimate::Index(index) => match stream.rtp.check(index) {
            Verdict::New => Ok(index),
            Verdict::Seen | Verdict::TooOld => Err(ProtectError::IndexReused),
        },
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("config", self.keys.config())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}
