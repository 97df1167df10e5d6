#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod attribute;
mod bandwidth;
mod builder;
mod check;
mod connection;
mod contact;
mod defect;
mod description;
mod error;
mod grammar;
mod key;
mod line;
mod media;
mod order;
mod origin;
mod owned;
mod parser;
mod scan;
mod section;
mod text;
mod timing;
mod write;

pub use attribute::*;
pub use bandwidth::{Bandwidth, BandwidthType};
pub use builder::Builder;
pub use check::Defects;
pub use connection::Connection;
pub use contact::Contact;
pub use defect::{Defect, Severity};
pub use description::SessionDescription;
pub use error::{ErrorKind, ParseError, WriteError};
pub use key::Key;
pub use line::{Line, LineType};
pub use media::{Formats, MediaDescription, MediaField};
pub use order::SectionId;
pub use origin::Origin;
pub use owned::SessionDescriptionBuf;
pub use parser::{Limits, Parser};
pub use section::Section;
pub use text::Text;
pub use timing::{
    Repeat, Time, TimeDescription, TimeUnit, Times, TypedTime, ZoneAdjustment, Zones,
};
