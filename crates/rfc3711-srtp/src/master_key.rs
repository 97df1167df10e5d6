//! A master key with its salt, identifier and lifetime. RFC 3711 §3.2.1, §8.1, §8.1.1,
//! RFC 4568 §6.1.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// A master key and master salt.
///
/// `Debug` does not show them, and their memory is cleared when they are dropped.
#[derive(Clone)]
pub struct MasterKey {
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) salt: Zeroizing<Vec<u8>>,
    pub(crate) mki: Vec<u8>,
    pub(crate) lifetime: u64,
    pub(crate) from_to: Option<(u64, u64)>,
}

impl MasterKey {
    /// A key and its salt, in the lengths of the profile.
    pub fn new(key: &[u8], salt: &[u8]) -> MasterKey {
        MasterKey {
            key: Zeroizing::new(key.to_vec()),
            salt: Zeroizing::new(salt.to_vec()),
            mki: Vec::new(),
            lifetime: u64::MAX,
            from_to: None,
        }
    }

    /// The same with the master key identifier that packets carry.
    pub fn with_mki(mut self, mki: &[u8]) -> MasterKey {
        self.mki = mki.to_vec();
        self
    }

    /// The same with a lifetime: so many packets of RTP, and as many of RTCP. Never more than
    /// 2^48 and 2^31.
    pub fn with_lifetime(mut self, packets: u64) -> MasterKey {
        self.lifetime = packets;
        self
    }

    /// The same for the packets of RTP from one index to another, both included, rollover counter
    /// and sequence number, 48 bits. RTCP follows the RTP of its stream: it is under the key of
    /// the latest packet of RTP, and before there is one under the first key.
    ///
    /// It tells which of several keys without MKI protects a packet. With MKIs, it makes a sender
    /// use the key from there on.
    pub fn with_from_to(mut self, from: u64, to: u64) -> MasterKey {
        self.from_to = Some((from, to));
        self
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("mki", &self.mki)
            .field("lifetime", &self.lifetime)
            .field("from_to", &self.from_to)
            .finish_non_exhaustive()
    }
}
