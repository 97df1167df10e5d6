//! SRTP (RFC 3711) whose keys are in the session descriptions (RFC 4568): the key that somebody
//! announces protects what they send.

use super::sdp::Sdp;
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver};
use rfc4568_sdes::{Crypto, SessionParam};
use std::collections::HashMap;
use std::net::SocketAddr;

/// Senders whose keys are kept.
const MOST_SENDERS: usize = 16_384;
/// Streams of one key.
const MOST_STREAMS: usize = 256;

/// What one sender announced, and what can be opened with it.
struct Keys {
    announced: Vec<String>,
    /// One for each `a=crypto`; that which fitted last comes first.
    receivers: Vec<Receiver>,
}

/// The keys of every sender, if they are wanted at all.
#[derive(Default)]
pub(crate) struct Srtp {
    wanted: bool,
    by_sender: HashMap<SocketAddr, Keys>,
    pub(crate) opened: u64,
    pub(crate) refused: u64,
    pub(crate) left_out: u64,
}

impl Srtp {
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.by_sender.is_empty()
    }

    /// Takes in the keys of a description. The same keys again change nothing: rollover counters
    /// go on.
    pub(crate) fn describe(&mut self, sdp: &Sdp) {
        for medium in sdp
            .media
            .iter()
            .filter(|medium| self.wanted && !medium.crypto.is_empty())
        {
            let ends = [
                medium.rtp,
                medium.rtcp.filter(|rtcp| Some(*rtcp) != medium.rtp),
            ];
            for sender in ends.into_iter().flatten() {
                let known = self.by_sender.get(&sender);
                if known.is_some_and(|keys| keys.announced == medium.crypto) {
                    continue;
                }
                if known.is_none() && self.by_sender.len() >= MOST_SENDERS {
                    self.left_out += 1;
                    continue;
                }
                let receivers = medium
                    .crypto
                    .iter()
                    .filter_map(|crypto| receiver(crypto))
                    .collect();
                let keys = Keys {
                    announced: medium.crypto.clone(),
                    receivers,
                };
                self.by_sender.insert(sender, keys);
            }
        }
    }

    /// The RTP packet within an SRTP packet from `sender`, if one of their keys fits.
    pub(crate) fn open_rtp(&mut self, sender: SocketAddr, packet: &[u8]) -> Option<Vec<u8>> {
        let keys = self.by_sender.get_mut(&sender)?;
        let opened = keys.open(packet, |receiver, packet| {
            receiver.unprotect_rtp_vec(packet).is_ok()
        });
        self.opened += u64::from(opened.is_some());
        self.refused += u64::from(opened.is_none());
        opened
    }

    /// The RTCP compound within an SRTCP packet. A refused one may be plain: some send RTCP so
    /// beside SRTP.
    pub(crate) fn open_rtcp(&mut self, sender: SocketAddr, packet: &[u8]) -> Option<Vec<u8>> {
        let keys = self.by_sender.get_mut(&sender)?;
        let opened = keys.open(packet, |receiver, packet| {
            receiver.unprotect_rtcp_vec(packet).is_ok()
        });
        self.opened += u64::from(opened.is_some());
        opened
    }
}

impl Keys {
    fn open(
        &mut self,
        packet: &[u8],
        unprotect: impl Fn(&mut Receiver, &mut Vec<u8>) -> bool,
    ) -> Option<Vec<u8>> {
        let mut packet = packet.to_vec();
        // A receiver that refuses leaves the packet as it was.
        let fits = |receiver: &mut Receiver| unprotect(receiver, &mut packet);
        let fitting = self.receivers.iter_mut().position(fits)?;
        self.receivers.swap(0, fitting);
        Some(packet)
    }
}

/// A receiver for one `a=crypto`; `None` for what is malformed or of an unknown suite.
fn receiver(crypto: &str) -> Option<Receiver> {
    let crypto = Crypto::parse(crypto).ok()?;
    let suite = crypto.suite();
    let mut config = Config::new(Profile::from_crypto_suite(suite.name())?);
    config.max_streams = MOST_STREAMS;
    config.key_derivation_rate = crypto.kdr();
    config.encrypt_rtp = !crypto.has(&SessionParam::UnencryptedSrtp);
    config.encrypt_rtcp = !crypto.has(&SessionParam::UnencryptedSrtcp);
    config.authenticate_rtp = !crypto.has(&SessionParam::UnauthenticatedSrtp);
    // The capture may have begun in the middle.
    config.try_neighbouring_roc = true;
    let keys = crypto.keys().iter().filter_map(|key| {
        let (master_key, salt) = key.split(suite)?;
        let master_key = MasterKey::new(master_key, salt);
        Some(match &key.mki {
            Some(mki) => master_key.with_mki(mki.as_bytes()),
            None => master_key,
        })
    });
    Receiver::new(config, &keys.collect::<Vec<_>>()).ok()
}
