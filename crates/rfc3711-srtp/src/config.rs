//! What both ends of a session agree on, and what a receiver chooses. RFC 3711 §3.2, §8.2.

use crate::error::ConfigError;
use crate::profile::Profile;

/// The parameters of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Config {
    /// The algorithms.
    pub profile: Profile,
    /// Whether the payloads of RTP are encrypted. Default: yes.
    pub encrypt_rtp: bool,
    /// Whether RTCP is encrypted: what its E bit must say. Default: yes.
    pub encrypt_rtcp: bool,
    /// Whether RTP has a tag; RTCP always has. Default: yes.
    ///
    /// Without, anybody can inject packets and make streams. RFC 3711 §9.5 says when that may be
    /// borne.
    pub authenticate_rtp: bool,
    /// The power of two of the key derivation rate, 0 to 24: new session keys every so many
    /// packets. Default: none, the session keys are derived once.
    pub key_derivation_rate: Option<u8>,
    /// How many packets a receiver looks back, 64 to 32,768 in steps of 64. Default: 64.
    pub replay_window: usize,
    /// Whether a receiver tries the next and the previous rollover counter as well on a stream's
    /// first packet, for streams it joins around a wrap. Default: no.
    pub try_neighbouring_roc: bool,
    /// How many streams there may be. Default: 16,384.
    pub max_streams: usize,
    /// What decides where streams stand in the table of them. Default: 0.
    ///
    /// Only who has the key can make streams. If such a one is not trusted, take this from a random
    /// source: who knows it can choose SSRCs that are found slowly.
    pub ssrc_seed: u64,
    /// How many packets before the end of a master key [`KeyEvent::Expiring`] tells of it.
    /// Default: 65,536.
    ///
    /// [`KeyEvent::Expiring`]: crate::KeyEvent::Expiring
    pub soft_limit: u64,
    /// Whose indices the From and To of master keys mean, when several streams share the keys: the
    /// others, and all RTCP, change keys when this stream does. Default: each stream by its own.
    pub rekeying_ssrc: Option<u32>,
}

impl Config {
    /// The defaults, with these algorithms.
    pub const fn new(profile: Profile) -> Config {
        Config {
            profile,
            encrypt_rtp: true,
            encrypt_rtcp: true,
            authenticate_rtp: true,
            key_derivation_rate: None,
            replay_window: 64,
            try_neighbouring_roc: false,
            max_streams: 16_384,
            ssrc_seed: 0,
            soft_limit: 1 << 16,
            rekeying_ssrc: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.key_derivation_rate.is_some_and(|power| power > 24) {
            return Err(ConfigError::KeyDerivationRate);
        }
        if !(64..=32_768).contains(&self.replay_window) || self.replay_window % 64 != 0 {
            return Err(ConfigError::ReplayWindow);
        }
        if self.profile.is_aead() && !(self.encrypt_rtp && self.authenticate_rtp) {
            return Err(ConfigError::WeakAead);
        }
        Ok(())
    }

    /// Length of the tag of an RTP packet under this configuration.
    pub(crate) fn rtp_tag_len(&self) -> usize {
        if self.authenticate_rtp {
            self.profile.rtp_tag_len()
        } else {
            0
        }
    }
}
