#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(test)]
extern crate alloc;

mod encoding;
mod framing;
mod payload_type;

pub use encoding::{ENCODINGS, Encoding, MediaType};
pub use framing::{Framing, g723_frame_octets};
pub use payload_type::{Assignment, PayloadType, STATIC_PAYLOAD_TYPES, StaticPayloadType};
