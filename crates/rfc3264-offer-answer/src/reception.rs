//! Where media can arrive (§5.1, §6.1, §8.3).

use alloc::vec::Vec;

use crate::address::Destination;
use crate::agreement::AgreedStream;
use crate::capability::StreamId;
use crate::format::MediaFormat;

/// A place where media can arrive, to be listened at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reception {
    /// The stream.
    pub id: StreamId,
    /// The address and port.
    pub local: Destination,
    /// The codecs that can arrive there.
    pub formats: Vec<MediaFormat>,
}

impl Reception {
    pub(crate) fn of(stream: &AgreedStream) -> Self {
        Self {
            id: stream.id,
            local: stream.local.clone(),
            formats: stream.receive.clone(),
        }
    }
}
