//! The master keys of a context and the session keys made of them. RFC 3711 §4.3, §8.1, §9.2.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::config::Config;
use crate::error::ConfigError;
use crate::key_derivation::{Label, Prf};
use crate::key_event::{KeyEvent, Stage};
use crate::master_key::MasterKey;
use crate::transform::Transform;

/// The most packets of RTP that a master key may protect.
const MAX_RTP: u64 = 1 << 48;

/// The most packets of RTCP that a master key may protect.
const MAX_RTCP: u64 = 1 << 31;

/// The highest index of RTP.
const LAST_RTP: u64 = MAX_RTP - 1;

/// The highest index of RTCP.
const LAST_RTCP: u64 = MAX_RTCP - 1;

/// The longest MKI in bytes (RFC 4568 §6.1).
const MAX_MKI_LEN: usize = 128;

/// The master keys of a context, all with MKIs of one length.
pub(crate) struct Keys {
    config: Config,
    list: Vec<KeySet>,
    next_serial: u64,
    /// Whether any key has From and To.
    ranged: bool,
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
    from_to: Option<(u64, u64)>,
    stage: Stage,
    told: Stage,
}

impl KeySet {
    fn is_for(&self, index: u64) -> bool {
        self.from_to
            .is_some_and(|(from, to)| (from..=to).contains(&index))
    }

    fn left(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Rtp => self.rtp_left,
            Kind::Rtcp => self.rtcp_left,
        }
    }
}

/// Whose indices of RTP decide on a packet's key (§8.1.1).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leading {
    /// Keys have no From and To.
    Nobody,
    /// Those of the packet's own stream.
    Itself,
    /// The latest of another stream, if it has begun.
    Other(Option<u64>),
}

impl Leading {
    /// The index that decides, given that of the packet, or the latest of its stream.
    #[inline]
    pub(crate) fn or_own(self, own: Option<u64>) -> Option<u64> {
        match self {
            Leading::Nobody => None,
            Leading::Itself => own,
            Leading::Other(latest) => latest,
        }
    }
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
            ranged: false,
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
            ranged: false,
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
            Some(first) if first.mki.is_empty() => {
                let mut ranges = self.list.iter().map(|set| set.from_to);
                master_key.mki.is_empty()
                    && master_key.from_to.is_some()
                    && ranges.all(|range| range.is_some())
            }
            Some(first) => {
                first.mki.len() == master_key.mki.len() && self.find(&master_key.mki).is_none()
            }
            None => master_key.mki.len() <= MAX_MKI_LEN,
        };
        if !fits {
            return Err(ConfigError::Mki);
        }
        if let Some((from, to)) = master_key.from_to {
            let apart = |set: &KeySet| {
                set.from_to
                    .is_none_or(|(other, end)| to < other || end < from)
            };
            if from > to || to > LAST_RTP || !self.list.iter().all(apart) {
                return Err(ConfigError::FromTo);
            }
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
            from_to: master_key.from_to,
            stage: Stage::Fresh,
            told: Stage::Fresh,
        });
        self.next_serial += 1;
        self.ranged |= master_key.from_to.is_some();
        Ok(())
    }

    /// Removes the key with this MKI, unless it is the only one.
    pub(crate) fn remove(&mut self, mki: &[u8]) -> Result<(), ConfigError> {
        let place = self.find(mki).ok_or(ConfigError::UnknownMki)?;
        if self.list.len() == 1 {
            return Err(ConfigError::UnknownMki);
        }
        self.list.remove(place);
        self.ranged = self.list.iter().any(|set| set.from_to.is_some());
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

    /// Whose indices decide on the key of a packet from this source. `latest` tells a stream's
    /// latest index of RTP.
    #[inline]
    pub(crate) fn leading(&self, ssrc: u32, latest: impl FnOnce(u32) -> Option<u64>) -> Leading {
        match self.config.rekeying_ssrc {
            _ if !self.ranged => Leading::Nobody,
            Some(leading) if leading != ssrc => Leading::Other(latest(leading)),
            _ => Leading::Itself,
        }
    }

    /// The key to send under, and its place: `active`, unless From and To say another.
    #[inline]
    pub(crate) fn sending(
        &self,
        active: usize,
        kind: Kind,
        rekeying: Option<u64>,
    ) -> Option<(usize, &KeySet)> {
        let place = match rekeying {
            Some(index) => {
                let fits = self.list.iter().position(|set| set.is_for(index));
                fits.unwrap_or(active)
            }
            None => active,
        };
        self.usable(place, kind, rekeying)
    }

    /// The key of a packet received, and its place: the one that it names, else the one whose From
    /// and To it lies between.
    #[inline]
    pub(crate) fn receiving(
        &self,
        named: Option<usize>,
        kind: Kind,
        rekeying: Option<u64>,
    ) -> Option<(usize, &KeySet)> {
        match named {
            Some(place) => self.usable(place, kind, rekeying),
            None => self.sending(0, kind, rekeying),
        }
    }

    /// The key in this place, if it is for packets of this index and has some left.
    #[inline]
    fn usable(&self, place: usize, kind: Kind, rekeying: Option<u64>) -> Option<(usize, &KeySet)> {
        let set = self.list.get(place)?;
        let fits = rekeying.is_none_or(|index| set.from_to.is_none() || set.is_for(index));
        (fits && set.left(kind) > 0).then_some((place, set))
    }

    /// Counts a packet with this index of its kind, whose key was found by `rekeying`.
    #[inline]
    pub(crate) fn spend(&mut self, place: usize, kind: Kind, index: u64, rekeying: Option<u64>) {
        let Some(set) = self.list.get_mut(place) else {
            return;
        };
        let (left, last) = match kind {
            Kind::Rtp => (&mut set.rtp_left, LAST_RTP),
            Kind::Rtcp => (&mut set.rtcp_left, LAST_RTCP),
        };
        *left = left.saturating_sub(1);
        // The stream whose indices end first counts (§9.2).
        let mut left = (*left).min(last.saturating_sub(index));
        if let (Some((_, to)), Some(rekeying)) = (set.from_to, rekeying) {
            left = left.min(to.saturating_sub(rekeying));
        }
        if left <= self.config.soft_limit {
            set.stage = set.stage.max(Stage::of(left));
        }
    }

    /// What has become of a key since it was last asked for.
    pub(crate) fn poll_event(&mut self) -> Option<KeyEvent<'_>> {
        let set = self.list.iter_mut().find(|set| set.told < set.stage)?;
        set.told = set.stage;
        set.stage.event(&set.mki)
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
