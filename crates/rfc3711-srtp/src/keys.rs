//! The master keys of a context and the session keys made of them. RFC 3711 §4.3, §8.1.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::config::Config;
use crate::error::ConfigError;
use crate::key_derivation::{Label, Prf};
use crate::master_key::MasterKey;
use crate::transform::Transform;

/// The most packets of RTP that a master key may protect.
const MAX_RTP: u64 = 1 << 48;

/// The most packets of RTCP that a master key may protect.
const MAX_RTCP: u64 = 1 << 31;

/// The longest MKI in bytes (RFC 4568 §6.1).
const MAX_MKI_LEN: usize = 128;

/// The master keys of a context, all with MKIs of one length.
pub(crate) struct Keys {
    config: Config,
    list: Vec<KeySet>,
    next_serial: u64,
}

/// A master key, the session keys for the first packets, and what is left of its lifetime.
pub(crate) struct KeySet {
    /// Tells this key from all others that the context has had.
    serial: u64,
    pub(crate) mki: Vec<u8>,
    prf: Prf,
    salt: Zeroizing<[u8; 14]>,
    rtp: Transform,
    rtcp: Transform,
    pub(crate) rtp_left: u64,
    pub(crate) rtcp_left: u64,
}

/// RTP or RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Rtp,
    Rtcp,
}

impl Kind {
    const fn labels(self) -> [Label; 3] {
        match self {
            Kind::Rtp => [
                Label::RtpEncryption,
                Label::RtpAuthentication,
                Label::RtpSalt,
            ],
            Kind::Rtcp => [
                Label::RtcpEncryption,
                Label::RtcpAuthentication,
                Label::RtcpSalt,
            ],
        }
    }
}

/// Session keys of one stream after its first key derivation period.
pub(crate) struct Rederived {
    serial: u64,
    r: u64,
    transform: Transform,
}

impl Keys {
    pub(crate) fn new(config: Config, master_keys: &[MasterKey]) -> Result<Keys, ConfigError> {
        config.check()?;
        let mut keys = Keys {
            config,
            list: Vec::new(),
            next_serial: 0,
        };
        keys.replace(master_keys)?;
        Ok(keys)
    }

    /// Replaces all keys, or none of them if there is an error.
    pub(crate) fn replace(&mut self, master_keys: &[MasterKey]) -> Result<(), ConfigError> {
        let mut next = Keys {
            config: self.config,
            list: Vec::new(),
            next_serial: self.next_serial,
        };
        for master_key in master_keys {
            next.add(master_key)?;
        }
        if next.list.is_empty() {
            return Err(ConfigError::KeyLength);
        }
        *self = next;
        Ok(())
    }

    pub(crate) fn add(&mut self, master_key: &MasterKey) -> Result<(), ConfigError> {
        let profile = self.config.profile;
        let fits = match self.list.first() {
            Some(first) => !first.mki.is_empty() && first.mki.len() == master_key.mki.len(),
            None => master_key.mki.len() <= MAX_MKI_LEN,
        };
        if !fits || self.list.iter().any(|set| set.mki == master_key.mki) {
            return Err(ConfigError::Mki);
        }
        if master_key.key.len() != profile.key_len() {
            return Err(ConfigError::KeyLength);
        }
        if master_key.salt.len() != profile.salt_len() {
            return Err(ConfigError::SaltLength);
        }
        if master_key.lifetime == 0 {
            return Err(ConfigError::Lifetime);
        }
        let prf = Prf::new(&master_key.key).ok_or(ConfigError::KeyLength)?;
        let mut salt = Zeroizing::new([0; 14]);
        salt.iter_mut()
            .zip(master_key.salt.iter())
            .for_each(|(to, from)| *to = *from);
        let derive = |kind: Kind| {
            Transform::derive(profile, &prf, &salt, kind.labels(), 0).ok_or(ConfigError::KeyLength)
        };
        let (rtp, rtcp) = (derive(Kind::Rtp)?, derive(Kind::Rtcp)?);
        self.list.push(KeySet {
            serial: self.next_serial,
            mki: master_key.mki.clone(),
            prf,
            salt,
            rtp,
            rtcp,
            rtp_left: master_key.lifetime.min(MAX_RTP),
            rtcp_left: master_key.lifetime.min(MAX_RTCP),
        });
        self.next_serial += 1;
        Ok(())
    }

    /// Removes the key with this MKI, unless it is the only one.
    pub(crate) fn remove(&mut self, mki: &[u8]) -> Result<(), ConfigError> {
        let place = self.find(mki).ok_or(ConfigError::UnknownMki)?;
        if self.list.len() == 1 {
            return Err(ConfigError::UnknownMki);
        }
        self.list.remove(place);
        Ok(())
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Length of the MKI in packets.
    pub(crate) fn mki_len(&self) -> usize {
        self.list.first().map_or(0, |set| set.mki.len())
    }

    /// The place of the key with this MKI. It holds until keys are removed.
    pub(crate) fn find(&self, mki: &[u8]) -> Option<usize> {
        self.list.iter().position(|set| set.mki == mki)
    }

    pub(crate) fn get(&self, place: usize) -> Option<&KeySet> {
        self.list.get(place)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut KeySet> {
        self.list.get_mut(place)
    }

    /// Does something with the session keys for a packet: those derived first, those of the
    /// stream, or new ones, which are handed back to be kept if `apply` succeeds.
    pub(crate) fn with<R>(
        &self,
        set: &KeySet,
        kind: Kind,
        index: u64,
        kept: Option<&Rederived>,
        apply: impl FnOnce(&Transform) -> Option<R>,
    ) -> Option<(R, Option<Box<Rederived>>)> {
        let r = match self.config.key_derivation_rate {
            Some(power) => index >> power,
            None => 0,
        };
        if r == 0 {
            let first = match kind {
                Kind::Rtp => &set.rtp,
                Kind::Rtcp => &set.rtcp,
            };
            return apply(first).map(|result| (result, None));
        }
        match kept {
            Some(kept) if kept.r == r && kept.serial == set.serial => {
                apply(&kept.transform).map(|result| (result, None))
            }
            _ => {
                let profile = self.config.profile;
                let transform = Transform::derive(profile, &set.prf, &set.salt, kind.labels(), r)?;
                let result = apply(&transform)?;
                Some((
                    result,
                    Some(Box::new(Rederived {
                        serial: set.serial,
                        r,
                        transform,
                    })),
                ))
            }
        }
    }
}
