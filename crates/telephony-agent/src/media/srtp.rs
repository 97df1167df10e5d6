//! Encryption of a stream with the keys of its agreement (RFC 4568 §7, RFC 3711).

use rfc3264_offer_answer::{AgreedStream, Key};
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};
use rfc4568_sdes::{Crypto, SessionParam};

use super::MediaError;

/// The contexts of both directions, with the attributes that they were made of.
#[derive(Debug)]
pub(super) struct Contexts {
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    local: Key,
    remote: Key,
}

impl Contexts {
    /// The contexts of an agreement; `None` if it is not encrypted. A direction whose key has not
    /// changed goes on as it was.
    pub(super) fn update(
        before: Option<Self>,
        agreed: &AgreedStream,
    ) -> Result<Option<Self>, MediaError> {
        if !agreed.profile.wants_keys() {
            return Ok(None);
        }
        let (Some(local), Some(remote)) = (&agreed.local_key, &agreed.remote_key) else {
            return Err(MediaError::NoKey);
        };
        let ours = read(local)?;
        let theirs = read(remote)?;
        let (old_sender, old_receiver) = match before {
            Some(before) => (
                (before.local == *local).then_some(before.sender),
                (before.remote == *remote).then_some(before.receiver),
            ),
            None => (None, None),
        };
        let sender = match old_sender {
            Some(sender) => sender,
            None => {
                let (config, keys) = context(&ours, &theirs)?;
                Sender::new(config, &keys).map_err(|_| MediaError::Key)?
            }
        };
        let receiver = match old_receiver {
            Some(receiver) => receiver,
            None => {
                let (config, keys) = context(&theirs, &ours)?;
                Receiver::new(config, &keys).map_err(|_| MediaError::Key)?
            }
        };
        Ok(Some(Self {
            sender,
            receiver,
            local: local.clone(),
            remote: remote.clone(),
        }))
    }
}

fn read(key: &Key) -> Result<Crypto, MediaError> {
    Crypto::parse(key.as_str()).map_err(|_| MediaError::Key)
}

/// Configuration and master keys of the direction whose sender declared `crypto`. `other` is
/// what its receiver declared, for the parameters that concern both.
fn context(crypto: &Crypto, other: &Crypto) -> Result<(Config, Vec<MasterKey>), MediaError> {
    let profile = Profile::from_crypto_suite(crypto.suite().name()).ok_or(MediaError::Key)?;
    let mut config = Config::new(profile);
    let has = |param: SessionParam| crypto.has(&param) || other.has(&param);
    config.encrypt_rtp = !has(SessionParam::UnencryptedSrtp);
    config.encrypt_rtcp = !has(SessionParam::UnencryptedSrtcp);
    config.authenticate_rtp = !has(SessionParam::UnauthenticatedSrtp);
    config.key_derivation_rate = crypto.kdr();
    let mut keys = Vec::with_capacity(crypto.keys().len());
    for inline in crypto.keys() {
        let (key, salt) = inline.split(crypto.suite()).ok_or(MediaError::Key)?;
        let mut master = MasterKey::new(key, salt);
        if let Some(mki) = &inline.mki {
            master = master.with_mki(mki.as_bytes());
        }
        if let Some(lifetime) = inline.lifetime {
            master = master.with_lifetime(lifetime.packets());
        }
        keys.push(master);
    }
    Ok((config, keys))
}
