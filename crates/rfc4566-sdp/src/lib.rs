#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod attribute;
mod bandwidth;
mod connection;
mod contact;
mod description;
mod error;
mod grammar;
mod key;
mod line;
mod media;
mod origin;
mod parser;
mod section;
mod text;
mod timing;
mod write;

pub use attribute::*;
pub use bandwidth::{Bandwidth, BandwidthType};
pub use connection::Connection;
pub use contact::Contact;
pub use description::SessionDescription;
pub use error::{ErrorKind, ParseError, WriteError};
pub use key::Key;
pub use line::{Line, LineType};
pub use media::{Formats, MediaDescription, MediaField};
pub use origin::Origin;
pub use parser::{Limits, Parser};
pub use section::Section;
pub use text::Text;
pub use timing::{
    Repeat, Time, TimeDescription, TimeUnit, Times, TypedTime, ZoneAdjustment, Zones,
};
