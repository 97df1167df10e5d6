//! The receiving side of a session. RFC 3711 §3.3, §3.4.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use rfc3550_rtp::RtpHeader;

use crate::config::Config;
use crate::error::{ConfigError, UnprotectError};
use crate::index::{Estimate, estimate};
use crate::keys::{Keys, Kind, Rederived};
use crate::master_key::MasterKey;
use crate::replay::{ReplayWindow, Verdict};
use crate::transform::GCM_TAG_LEN;
use crate::{rtcp, rtp};

/// Authenticates and decrypts the RTP and RTCP packets that one endpoint receives in a session.
///
/// Streams come into being with their first genuine packet. Nothing changes before
/// authentication has passed: when a call fails, the buffer and the streams are as they were.
pub struct Receiver {
    keys: Keys,
    streams: BTreeMap<u32, Stream>,
}

/// What a receiver knows about an SSRC.
struct Stream {
    /// The rollover counter to expect in the first packet.
    initial_roc: u32,
    rtp: ReplayWindow,
    rtcp: ReplayWindow,
    rtp_keys: Option<Box<Rederived>>,
    rtcp_keys: Option<Box<Rederived>>,
}

impl Stream {
    fn new(config: &Config) -> Stream {
        Stream {
            initial_roc: 0,
            rtp: ReplayWindow::new(config.replay_window),
            rtcp: ReplayWindow::new(config.replay_window),
            rtp_keys: None,
            rtcp_keys: None,
        }
    }
}

impl Receiver {
    /// A receiver with these master keys.
    ///
    /// # Errors
    ///
    /// The configuration is out of range, a key has not the length of the profile, or there are
    /// several keys that packets could not tell apart.
    pub fn new(config: Config, master_keys: &[MasterKey]) -> Result<Receiver, ConfigError> {
        Ok(Receiver {
            keys: Keys::new(config, master_keys)?,
            streams: BTreeMap::new(),
        })
    }

    /// Checks the SRTP packet that fills `packet`, decrypts it in place, and gives the length of
    /// the RTP packet.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let header = RtpHeader::parse(packet).map_err(|_| UnprotectError::Malformed)?;
        let config = *self.keys.config();
        let overhead = self.keys.mki_len() + config.rtp_tag_len();
        let payload_end = match packet.len().checked_sub(overhead) {
            Some(end) if end >= header.header_len => end,
            _ => return Err(UnprotectError::Malformed),
        };
        let mki_start = payload_end
            + if config.profile.is_aead() {
                GCM_TAG_LEN
            } else {
                0
            };
        let key = self.key_of(packet, mki_start)?;
        let set = self.keys.get(key).ok_or(UnprotectError::UnknownMki)?;
        if set.rtp_left == 0 {
            return Err(UnprotectError::KeyExpired);
        }

        let full = self.streams.len() >= config.max_streams;
        let known = self.streams.get_mut(&header.ssrc);
        let sequence_number = header.sequence_number.0;
        let highest = known.as_ref().and_then(|stream| stream.rtp.highest());
        let candidates = match highest {
            Some(highest) => match estimate(highest, sequence_number) {
                Estimate::Index(index) => [Some(index), None, None],
                Estimate::BeforeStart => return Err(UnprotectError::TooOld),
                Estimate::Exhausted => return Err(UnprotectError::IndexExhausted),
            },
            None => {
                let roc = known.as_ref().map_or(0, |stream| stream.initial_roc);
                first_candidates(roc, sequence_number, config.try_neighbouring_roc)
            }
        };
        if let (Some(stream), [Some(index), ..]) = (&known, candidates) {
            verdict(&stream.rtp, index)?;
        } else if full {
            return Err(UnprotectError::TooManyStreams);
        }
        let protection = rtp::Protection {
            encrypt: config.encrypt_rtp,
            tag_len: config.rtp_tag_len(),
            mki: &set.mki,
        };
        let kept = known.as_ref().and_then(|stream| stream.rtp_keys.as_deref());
        let mut open = |index: u64| {
            let packet = rtp::Packet {
                buffer: &mut *packet,
                header_len: header.header_len,
                payload_end,
                ssrc: header.ssrc,
                index,
            };
            self.keys
                .with(set, Kind::Rtp, index, kept, |keys| {
                    rtp::open(keys, packet, &protection)
                })
                .map(|((), rederived)| (index, rederived))
        };
        let (index, rederived) = candidates
            .into_iter()
            .flatten()
            .find_map(&mut open)
            .ok_or(UnprotectError::Authentication)?;

        let stream = match known {
            Some(stream) => stream,
            None => self
                .streams
                .entry(header.ssrc)
                .or_insert(Stream::new(&config)),
        };
        stream.rtp.insert(index);
        if rederived.is_some() {
            stream.rtp_keys = rederived;
        }
        if let Some(set) = self.keys.get_mut(key) {
            set.rtp_left -= 1;
        }
        Ok(payload_end)
    }

    /// Checks the SRTCP packet that fills `packet`, decrypts it in place, and gives the length of
    /// the RTCP packet.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let ssrc = rtcp::ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let config = *self.keys.config();
        let (mki_len, tag_len) = (self.keys.mki_len(), config.profile.rtcp_tag_len());
        let plain_end = match packet
            .len()
            .checked_sub(rtcp::INDEX_LEN + mki_len + tag_len)
        {
            Some(end) if end >= rtcp::HEADER_LEN => end,
            _ => return Err(UnprotectError::Malformed),
        };
        // AES-GCM has its tag before the index, HMAC behind it.
        let index_start = plain_end
            + if config.profile.is_aead() {
                GCM_TAG_LEN
            } else {
                0
            };
        let word = packet
            .get(index_start..)
            .and_then(|rest| rest.first_chunk());
        let word = u32::from_be_bytes(*word.ok_or(UnprotectError::Malformed)?);
        let key = self.key_of(packet, index_start + rtcp::INDEX_LEN)?;
        let set = self.keys.get(key).ok_or(UnprotectError::UnknownMki)?;
        if set.rtcp_left == 0 {
            return Err(UnprotectError::KeyExpired);
        }
        if (word & rtcp::ENCRYPTED != 0) != config.encrypt_rtcp {
            return Err(UnprotectError::EncryptionFlag);
        }

        let index = u64::from(word & rtcp::MAX_INDEX);
        let full = self.streams.len() >= config.max_streams;
        let known = self.streams.get_mut(&ssrc);
        match &known {
            Some(stream) => verdict(&stream.rtcp, index)?,
            None if full => return Err(UnprotectError::TooManyStreams),
            None => {}
        }
        let kept = known
            .as_ref()
            .and_then(|stream| stream.rtcp_keys.as_deref());
        let packet = rtcp::Packet {
            buffer: packet,
            plain_end,
            word,
            mki_len,
        };
        let ((), rederived) = self
            .keys
            .with(set, Kind::Rtcp, index, kept, |transform| {
                rtcp::open(transform, packet)
            })
            .ok_or(UnprotectError::Authentication)?;

        let stream = match known {
            Some(stream) => stream,
            None => self.streams.entry(ssrc).or_insert(Stream::new(&config)),
        };
        stream.rtcp.insert(index);
        if rederived.is_some() {
            stream.rtcp_keys = rederived;
        }
        if let Some(set) = self.keys.get_mut(key) {
            set.rtcp_left -= 1;
        }
        Ok(plain_end)
    }

    /// [`unprotect_rtp`](Receiver::unprotect_rtp) for a packet in a `Vec`, which shrinks.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtp_vec(&mut self, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        self.unprotect_rtp(packet).map(|len| packet.truncate(len))
    }

    /// [`unprotect_rtcp`](Receiver::unprotect_rtcp) for a packet in a `Vec`, which shrinks.
    ///
    /// # Errors
    ///
    /// See [`UnprotectError`].
    pub fn unprotect_rtcp_vec(&mut self, packet: &mut Vec<u8>) -> Result<(), UnprotectError> {
        self.unprotect_rtcp(packet).map(|len| packet.truncate(len))
    }

    /// Accepts packets under one more master key.
    ///
    /// # Errors
    ///
    /// It has not the lengths of the profile, or its MKI does not fit those of the others.
    pub fn add_key(&mut self, master_key: &MasterKey) -> Result<(), ConfigError> {
        self.keys.add(master_key)
    }

    /// Accepts no more packets under the master key with this MKI.
    ///
    /// # Errors
    ///
    /// No key has this MKI, or it is the only one.
    pub fn remove_key(&mut self, mki: &[u8]) -> Result<(), ConfigError> {
        self.keys.remove(mki)
    }

    /// Replaces all master keys. Rollover counters and replay lists go on (RFC 3711 §3.3.1).
    ///
    /// # Errors
    ///
    /// As [`new`](Receiver::new); the old keys stay then.
    pub fn replace_keys(&mut self, master_keys: &[MasterKey]) -> Result<(), ConfigError> {
        self.keys.replace(master_keys)
    }

    /// How many packets of RTP, and of RTCP, are still accepted under the key with this MKI, which
    /// is empty if packets carry none.
    pub fn packets_left(&self, mki: &[u8]) -> Option<(u64, u64)> {
        let set = self.keys.get(self.keys.find(mki)?)?;
        Some((set.rtp_left, set.rtcp_left))
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The rollover counter of a stream.
    pub fn roc(&self, ssrc: u32) -> Option<u32> {
        let stream = self.streams.get(&ssrc)?;
        match stream.rtp.highest() {
            Some(highest) => u32::try_from(highest >> 16).ok(),
            None => Some(stream.initial_roc),
        }
    }

    /// Sets the rollover counter that a stream's next packet is expected to have, as told by key
    /// management to who joins late. The stream's list of RTP packets received begins anew.
    pub fn set_roc(&mut self, ssrc: u32, roc: u32) {
        let config = self.keys.config();
        let stream = self
            .streams
            .entry(ssrc)
            .or_insert_with(|| Stream::new(config));
        stream.initial_roc = roc;
        stream.rtp = ReplayWindow::new(config.replay_window);
    }

    /// Forgets a stream, when its source has left the session (RFC 4568 §6.5). Its packets could be
    /// replayed from then on.
    pub fn remove_stream(&mut self, ssrc: u32) {
        self.streams.remove(&ssrc);
    }

    /// The place of the key whose MKI stands at this place of the packet.
    fn key_of(&self, packet: &[u8], mki_start: usize) -> Result<usize, UnprotectError> {
        let mki_len = self.keys.mki_len();
        if mki_len == 0 {
            return Ok(0);
        }
        let mki = packet
            .get(mki_start..mki_start + mki_len)
            .ok_or(UnprotectError::Malformed)?;
        self.keys.find(mki).ok_or(UnprotectError::UnknownMki)
    }
}

/// The indices that a stream's first packet may have.
fn first_candidates(roc: u32, sequence_number: u16, neighbours: bool) -> [Option<u64>; 3] {
    let index = |roc: u32| u64::from(roc) << 16 | u64::from(sequence_number);
    let neighbour = |roc: Option<u32>| roc.filter(|_| neighbours).map(index);
    [
        Some(index(roc)),
        neighbour(roc.checked_add(1)),
        neighbour(roc.checked_sub(1)),
    ]
}

fn verdict(window: &ReplayWindow, index: u64) -> Result<(), UnprotectError> {
    match window.check(index) {
        Verdict::New => Ok(()),
        Verdict::Seen => Err(UnprotectError::Replayed),
        Verdict::TooOld => Err(UnprotectError::TooOld),
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("config", self.keys.config())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}
