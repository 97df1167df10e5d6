//! Sound: files, rates, codecs, and how alike two recordings are.

mod codec;
mod compare;
mod sound;
mod timeline;
mod tune;

pub(crate) use codec::{Codec, Decoder, Encoder};
pub(crate) use compare::{Comparison, compare};
pub(crate) use sound::Sound;
pub(crate) use timeline::Timeline;
pub(crate) use tune::tune;
