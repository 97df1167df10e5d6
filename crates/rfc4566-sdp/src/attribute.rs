//! The `a=` lines (RFC 8866 §5.13, §6).

use alloc::vec::Vec;

use crate::error::{ErrorKind, ParseError, Rule};
use crate::line::Line;
use crate::scan;
use crate::text::Text;

mod codec;
mod direction;
mod extmap;
mod group;
mod ice;
mod known;
mod picture;
mod rtcp;
mod setup;
mod source;
mod text;

pub use codec::{Fmtp, MaxPtime, Ptime, Rtpmap};
pub use direction::Direction;
pub use extmap::{Extmap, ExtmapAllowMixed};
pub use group::{Group, Msid};
pub use ice::{Candidate, EndOfCandidates, IceLite, IceOptions, RemoteCandidates};
pub use known::KnownAttribute;
pub use picture::{Framerate, ImageAttr, Quality};
pub use rtcp::{Rtcp, RtcpAddress, RtcpFb, RtcpMux, RtcpRsize};
pub use setup::{ConnectionUse, Fingerprint, Setup};
pub use source::{Ssrc, SsrcGroup};
pub use text::{
    Cat, Charset, ConferenceType, Control, Crypto, IcePwd, IceUfrag, Keywds, Label, Lang, Mid,
    Orient, Range, SdpLang, Tool,
};

/// An attribute as it stands: a name, and a value if there is a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttributeField<'a> {
    line: Line<'a>,
    name_len: usize,
}

/// A typed attribute: how its value is read and written. Other crates can type further attributes with it.
pub trait Attribute<'a>: Sized {
    /// The name before the colon.
    const NAME: &'static str;

    /// Reads the value; it is empty for an attribute without a colon. Offsets in errors count from its start.
    fn parse(value: Text<'a>) -> Result<Self, ParseError>;

    /// Appends the value; an attribute that appends nothing is written without a colon.
    fn write_value(&self, out: &mut Vec<u8>);
}

impl<'a> AttributeField<'a> {
    #[inline]
    pub(crate) fn new(line: Line<'a>) -> Self {
        let value = line.value();
        let name_len = scan::position(&value, b':').unwrap_or(value.len());
        Self { line, name_len }
    }

    /// What stands before the colon.
    pub fn name(&self) -> Text<'a> {
        Text::new(
            self.line
                .value()
                .as_bytes()
                .get(..self.name_len)
                .unwrap_or_default(),
        )
    }

    /// What follows the colon; `None` for a property attribute, which has none.
    pub fn value(&self) -> Option<Text<'a>> {
        self.line
            .value()
            .as_bytes()
            .get(self.name_len + 1..)
            .map(Text::new)
    }

    /// The line.
    pub const fn line(&self) -> Line<'a> {
        self.line
    }

    /// The value typed. The name is not looked at.
    pub fn parse<A: Attribute<'a>>(&self) -> Result<A, ParseError> {
        let value_start = (self.name_len + 1).min(self.line.value().len());
        let offset = self.line.value_offset() + value_start;
        A::parse(self.value().unwrap_or_default()).map_err(|error| error.shifted(offset))
    }
}

/// The value of a property attribute, which has none.
fn property(value: Text<'_>, rule: &'static Rule) -> Result<(), ParseError> {
    if value.trim_ascii().is_empty() {
        Ok(())
    } else {
        Err(ParseError::new(ErrorKind::Syntax, 0, rule))
    }
}
