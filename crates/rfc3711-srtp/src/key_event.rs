//! What becomes of a master key: its soft and its hard limit. RFC 3711 §8.1, §9.2.

/// What has become of a master key. MKIs are empty where packets carry none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyEvent<'k> {
    /// No more than [`soft_limit`](crate::Config::soft_limit) packets are left: time to bring a
    /// new key.
    Expiring {
        /// Whose end is near.
        mki: &'k [u8],
    },
    /// The last packet: the lifetime is over, or a stream has come to the end of its indices or to
    /// the key's To.
    Expired {
        /// Whose end has come.
        mki: &'k [u8],
    },
}

/// How far a key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Fresh,
    Expiring,
    Expired,
}

impl Stage {
    /// Of a key with so many packets left, below its soft limit.
    pub(crate) fn of(left: u64) -> Stage {
        if left == 0 {
            Stage::Expired
        } else {
            Stage::Expiring
        }
    }

    pub(crate) fn event(self, mki: &[u8]) -> Option<KeyEvent<'_>> {
        match self {
            Stage::Fresh => None,
            Stage::Expiring => Some(KeyEvent::Expiring { mki }),
            Stage::Expired => Some(KeyEvent::Expired { mki }),
        }
    }
}
