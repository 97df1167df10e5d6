//! The layout of an SRTP packet. RFC 3711 §3.1, §3.3, RFC 7714 §8.
//!
//! Counter mode: header, encrypted payload, MKI, tag. AES-GCM: header, encrypted payload, its
//! tag, MKI.

use crate::transform::{GCM_TAG_LEN, Transform, hmac, initialisation_vector, matches, nonce};

/// A packet with room, or a packet received, and where its parts are.
pub(crate) struct Packet<'p> {
    /// The whole, with room for what is added.
    pub(crate) buffer: &'p mut [u8],
    /// Length of the header.
    pub(crate) header_len: usize,
    /// Where the payload ends, before anything that SRTP adds.
    pub(crate) payload_end: usize,
    pub(crate) ssrc: u32,
    /// Rollover counter and sequence number, 48 bits.
    pub(crate) index: u64,
}

/// Which protection there is, and the MKI.
pub(crate) struct Protection<'m> {
    pub(crate) encrypt: bool,
    pub(crate) tag_len: usize,
    pub(crate) mki: &'m [u8],
}

/// Protects a packet whose buffer is exactly as long as the protected packet.
pub(crate) fn seal(
    transform: &Transform,
    packet: Packet<'_>,
    protection: &Protection<'_>,
) -> Option<()> {
    let Packet {
        buffer,
        header_len,
        payload_end,
        ssrc,
        index,
    } = packet;
    let (plain, added) = buffer.split_at_mut_checked(payload_end)?;
    match transform {
        Transform::CounterMode { cipher, salt, mac } => {
            if protection.encrypt {
                cipher.apply(
                    initialisation_vector(salt, ssrc, index),
                    plain.get_mut(header_len..)?,
                );
            }
            let (mki, tag) = added.split_at_mut_checked(protection.mki.len())?;
            mki.copy_from_slice(protection.mki);
            if !tag.is_empty() {
                let value = hmac(mac, plain, &roc(index));
                tag.copy_from_slice(value.get(..tag.len())?);
            }
        }
        Transform::Gcm { cipher, salt } => {
            let (header, payload) = plain.split_at_mut_checked(header_len)?;
            let (tag, mki) = added.split_at_mut_checked(GCM_TAG_LEN)?;
            tag.copy_from_slice(&cipher.seal(nonce(salt, ssrc, index), header, payload)?);
            mki.copy_from_slice(protection.mki);
        }
    }
    Some(())
}

/// Decrypts a packet if its tag is right. Else nothing changes.
pub(crate) fn open(
    transform: &Transform,
    packet: Packet<'_>,
    protection: &Protection<'_>,
) -> Option<()> {
    let Packet {
        buffer,
        header_len,
        payload_end,
        ssrc,
        index,
    } = packet;
    let (received, added) = buffer.split_at_mut_checked(payload_end)?;
    match transform {
        Transform::CounterMode { cipher, salt, mac } => {
            let tag = added.get(protection.mki.len()..)?;
            if protection.tag_len > 0 && !matches(&hmac(mac, received, &roc(index)), tag) {
                return None;
            }
            if protection.encrypt {
                cipher.apply(
                    initialisation_vector(salt, ssrc, index),
                    received.get_mut(header_len..)?,
                );
            }
            Some(())
        }
        Transform::Gcm { cipher, salt } => {
            let (header, payload) = received.split_at_mut_checked(header_len)?;
            let tag = *added.first_chunk()?;
            cipher
                .open(nonce(salt, ssrc, index), header, payload, tag)
                .then_some(())
        }
    }
}

/// The rollover counter, as HMAC covers it.
fn roc(index: u64) -> [u8; 4] {
    let [_, _, a, b, c, d, _, _] = index.to_be_bytes();
    [a, b, c, d]
}
