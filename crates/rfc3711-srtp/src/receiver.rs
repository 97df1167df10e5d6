//! The receiving side of a session. RFC 3711 §3.3, §3.4.

use alloc::vec::Vec;
use core::fmt;

use rfc3550_rtp::RtpHeader;

use crate::config::Config;
use crate::error::{ConfigError, UnprotectError};
use crate::index::{Estimate, estimate};
use crate::key_event::KeyEvent;
use crate::keys::{Keys, Kind, Leading};
use crate::master_key::MasterKey;
use crate::replay::{ReplayWindow, Verdict};
use crate::stream::Stream;
use crate::streams::Streams;
use crate::transform::GCM_TAG_LEN;
use crate::{rtcp, rtp};

/// Authenticates and decrypts the RTP and RTCP packets that one endpoint receives in a session.
///
/// Streams come into being with their first genuine packet. Nothing changes before
/// authentication has passed: when a call fails, the buffer and the streams are as they were.
pub struct Receiver {
    keys: Keys,
    streams: Streams<Stream>,
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
            streams: Streams::new(config.ssrc_seed),
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
        let named = self.named_key(packet, mki_start)?;
        let leading = self.leading(header.ssrc);

        let full = self.streams.len() >= config.max_streams;
        let known = self.streams.get_mut(header.ssrc);
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
        let kept = known.as_ref().and_then(|stream| stream.keys(Kind::Rtp));
        let mut failure = UnprotectError::KeyExpired;
        let mut opened = None;
        for index in candidates.into_iter().flatten() {
            let rekeying = leading.or_own(Some(index));
            let Some((place, set)) = self.keys.receiving(named, Kind::Rtp, rekeying) else {
                continue;
            };
            let protection = rtp::Protection {
                encrypt: config.encrypt_rtp,
                tag_len: config.rtp_tag_len(),
                mki: &set.mki,
            };
            let packet = rtp::Packet {
                buffer: &mut *packet,
                header_len: header.header_len,
                payload_end,
                ssrc: header.ssrc,
                index,
            };
            let result = self.keys.with(set, Kind::Rtp, index, kept, |transform| {
                rtp::open(transform, packet, &protection)
            });
            if let Some(((), rederived)) = result {
                opened = Some((index, place, rekeying, rederived));
                break;
            }
            failure = UnprotectError::Authentication;
        }
        let (index, place, rekeying, rederived) = opened.ok_or(failure)?;

        match known {
            Some(stream) => stream.enter(&config, Kind::Rtp, index, rederived),
            None => {
                let mut stream = Stream::new(&config, 0);
                stream.enter(&config, Kind::Rtp, index, rederived);
                self.streams.insert(header.ssrc, stream);
            }
        }
        self.keys.spend(place, Kind::Rtp, index, rekeying);
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
        let named = self.named_key(packet, index_start + rtcp::INDEX_LEN)?;
        let leading = self.leading(ssrc);
        if (word & rtcp::ENCRYPTED != 0) != config.encrypt_rtcp {
            return Err(UnprotectError::EncryptionFlag);
        }

        let index = u64::from(word & rtcp::MAX_INDEX);
        let full = self.streams.len() >= config.max_streams;
        let known = self.streams.get_mut(ssrc);
        match &known {
            Some(stream) => stream.rtcp().map_or(Ok(()), |rtcp| verdict(rtcp, index))?,
            None if full => return Err(UnprotectError::TooManyStreams),
            None => {}
        }
        let highest = known.as_ref().and_then(|stream| stream.rtp.highest());
        let rekeying = leading.or_own(highest);
        let key = self.keys.receiving(named, Kind::Rtcp, rekeying);
        let (place, set) = key.ok_or(UnprotectError::KeyExpired)?;
        let kept = known.as_ref().and_then(|stream| stream.keys(Kind::Rtcp));
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

        match known {
            Some(stream) => stream.enter(&config, Kind::Rtcp, index, rederived),
            None => {
                let mut stream = Stream::new(&config, 0);
                stream.enter(&config, Kind::Rtcp, index, rederived);
                self.streams.insert(ssrc, stream);
            }
        }
        self.keys.spend(place, Kind::Rtcp, index, rekeying);
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

    /// Accepts no more packets under the master key with this MKI; without MKIs, under the first
    /// key.
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

    /// What has become of a master key. Ask until `None`; each is told once.
    pub fn poll_event(&mut self) -> Option<KeyEvent<'_>> {
        self.keys.poll_event()
    }

    /// How many packets of RTP, and of RTCP, a stream has brought.
    pub fn packets(&self, ssrc: u32) -> Option<(u64, u64)> {
        self.streams.get(ssrc).map(Stream::packets)
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The rollover counter of a stream.
    pub fn roc(&self, ssrc: u32) -> Option<u32> {
        self.streams.get(ssrc)?.roc()
    }

    /// Sets the rollover counter that a stream's next packet is expected to have, as told by key
    /// management to who joins late. The stream's list of RTP packets received begins anew.
    pub fn set_roc(&mut self, ssrc: u32, roc: u32) {
        let config = self.keys.config();
        match self.streams.get_mut(ssrc) {
            Some(stream) => {
                stream.initial_roc = roc;
                stream.rtp = ReplayWindow::new(config.replay_window);
            }
            None => {
                let stream = Stream::new(config, roc);
                self.streams.insert(ssrc, stream);
            }
        }
    }

    /// Forgets a stream, when its source has left the session (RFC 4568 §6.5). Its packets could be
    /// replayed from then on.
    pub fn remove_stream(&mut self, ssrc: u32) {
        self.streams.remove(ssrc);
    }

    /// The place of the key whose MKI stands at this place of the packet; `None` if packets carry
    /// none.
    fn named_key(&self, packet: &[u8], mki_start: usize) -> Result<Option<usize>, UnprotectError> {
        let mki_len = self.keys.mki_len();
        if mki_len == 0 {
            return Ok(None);
        }
        let mki = packet
            .get(mki_start..mki_start + mki_len)
            .ok_or(UnprotectError::Malformed)?;
        self.keys
            .find(mki)
            .map(Some)
            .ok_or(UnprotectError::UnknownMki)
    }

    /// Whose indices decide on the key of a packet from this source.
    fn leading(&self, ssrc: u32) -> Leading {
        self.keys
            .leading(ssrc, |leading| self.streams.get(leading)?.rtp.highest())
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
