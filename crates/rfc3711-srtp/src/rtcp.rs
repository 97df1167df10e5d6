//! The layout of an SRTCP packet. RFC 3711 §3.4, RFC 7714 §9.
//!
//! Counter mode: header, encrypted rest, E bit and index, MKI, tag. AES-GCM: header, encrypted
//! rest, its tag, E bit and index, MKI.

use crate::transform::{GCM_TAG_LEN, Transform, hmac, initialisation_vector, matches, nonce};

/// Length of the part that is never encrypted: the first header and its SSRC.
pub(crate) const HEADER_LEN: usize = 8;

/// Length of E bit and index.
pub(crate) const INDEX_LEN: usize = 4;

/// The highest index.
pub(crate) const MAX_INDEX: u32 = 0x7fff_ffff;

/// The E bit.
pub(crate) const ENCRYPTED: u32 = 0x8000_0000;

/// A packet with room, or a packet received, and where its parts are.
pub(crate) struct Packet<'p> {
    /// The whole, with room for what is added.
    pub(crate) buffer: &'p mut [u8],
    /// Where the RTCP packets end, before anything that SRTCP adds.
    pub(crate) plain_end: usize,
    /// The E bit and the index.
    pub(crate) word: u32,
    pub(crate) mki_len: usize,
}

/// The SSRC of an RTCP packet, if it is one.
pub(crate) fn ssrc(packet: &[u8]) -> Option<u32> {
    match *packet.first_chunk::<HEADER_LEN>()? {
        [first, _, _, _, a, b, c, d] if first >> 6 == 2 => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// Protects a packet whose buffer is exactly as long as the protected packet.
pub(crate) fn seal(transform: &Transform, packet: Packet<'_>, mki: &[u8]) -> Option<()> {
    let Packet {
        buffer,
        plain_end,
        word,
        ..
    } = packet;
    let ssrc = ssrc(buffer)?;
    let index = u64::from(word & MAX_INDEX);
    match transform {
        Transform::CounterMode { cipher, salt, mac } => {
            let (covered, added) = buffer.split_at_mut_checked(plain_end + INDEX_LEN)?;
            let (plain, place) = covered.split_at_mut_checked(plain_end)?;
            place.copy_from_slice(&word.to_be_bytes());
            if word & ENCRYPTED != 0 {
                cipher.apply(
                    initialisation_vector(salt, ssrc, index),
                    plain.get_mut(HEADER_LEN..)?,
                );
            }
            let (mki_place, tag) = added.split_at_mut_checked(mki.len())?;
            mki_place.copy_from_slice(mki);
            tag.copy_from_slice(hmac(mac, covered, &[]).get(..tag.len())?);
        }
        Transform::Gcm { cipher, salt } => {
            let nonce = nonce(salt, ssrc, index);
            let tag = if word & ENCRYPTED != 0 {
                let (plain, _) = buffer.split_at_mut_checked(plain_end)?;
                let (header, body) = plain.split_first_chunk_mut::<HEADER_LEN>()?;
                cipher.seal(nonce, &associated(header, word), body)?
            } else {
                let covered = lend(buffer, plain_end, word)?;
                cipher.seal(nonce, covered, &mut [])?
            };
            let (tag_place, rest) = buffer.get_mut(plain_end..)?.split_first_chunk_mut()?;
            *tag_place = tag;
            let (place, mki_place) = rest.split_first_chunk_mut()?;
            *place = word.to_be_bytes();
            mki_place.copy_from_slice(mki);
        }
    }
    Some(())
}

/// Decrypts a packet if its tag is right. Else nothing changes.
pub(crate) fn open(transform: &Transform, packet: Packet<'_>) -> Option<()> {
    let Packet {
        buffer,
        plain_end,
        word,
        mki_len,
    } = packet;
    let ssrc = ssrc(buffer)?;
    let index = u64::from(word & MAX_INDEX);
    match transform {
        Transform::CounterMode { cipher, salt, mac } => {
            let (covered, added) = buffer.split_at_mut_checked(plain_end + INDEX_LEN)?;
            if !matches(&hmac(mac, covered, &[]), added.get(mki_len..)?) {
                return None;
            }
            if word & ENCRYPTED != 0 {
                cipher.apply(
                    initialisation_vector(salt, ssrc, index),
                    covered.get_mut(HEADER_LEN..plain_end)?,
                );
            }
            Some(())
        }
        Transform::Gcm { cipher, salt } => {
            let nonce = nonce(salt, ssrc, index);
            let tag: [u8; GCM_TAG_LEN] = *buffer.get(plain_end..)?.first_chunk()?;
            if word & ENCRYPTED != 0 {
                let plain = buffer.get_mut(..plain_end)?;
                let (header, body) = plain.split_first_chunk_mut::<HEADER_LEN>()?;
                return cipher
                    .open(nonce, &associated(header, word), body, tag)
                    .then_some(());
            }
            let genuine = cipher.open(nonce, lend(buffer, plain_end, word)?, &mut [], tag);
            *buffer.get_mut(plain_end..)?.first_chunk_mut()? = tag;
            genuine.then_some(())
        }
    }
}

/// What AES-GCM associates with an encrypted packet: the header, E bit and index.
fn associated(header: &[u8; HEADER_LEN], word: u32) -> [u8; HEADER_LEN + INDEX_LEN] {
    let mut associated = [0; HEADER_LEN + INDEX_LEN];
    let (head, tail) = associated.split_at_mut(HEADER_LEN);
    head.copy_from_slice(header);
    tail.copy_from_slice(&word.to_be_bytes());
    associated
}

/// What AES-GCM associates with a packet that is not encrypted: all of it, E bit and index. They
/// stand behind the tag, so that they are lent the tag's place for the while.
fn lend(buffer: &mut [u8], plain_end: usize, word: u32) -> Option<&[u8]> {
    let covered = buffer.get_mut(..plain_end + INDEX_LEN)?;
    covered
        .get_mut(plain_end..)?
        .copy_from_slice(&word.to_be_bytes());
    Some(covered)
}
