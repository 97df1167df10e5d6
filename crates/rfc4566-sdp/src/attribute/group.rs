//! Media that belong together: `a=group` (RFC 5888), `a=msid` (RFC 8830).

use alloc::vec::Vec;

use nom::Parser;
use nom::combinator::opt;
use nom::sequence::preceded;

use super::Attribute;
use crate::error::{ParseError, Rule};
use crate::grammar::{blanks, non_ws_string, remainder, sp, token, whole};
use crate::text::Text;

static GROUP: Rule = Rule {
    field: "group",
    expected: "semantics and identification tags",
    section: "RFC 5888 §5",
};
static MSID: Rule = Rule {
    field: "msid",
    expected: "an identifier, and perhaps a second",
    section: "RFC 8830 §2",
};

/// `a=group`: media that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group<'a> {
    /// What they are to each other, such as `BUNDLE` or `LS`.
    pub semantics: Text<'a>,
    /// Their `a=mid` as written, with spaces between; see [`mids`](Self::mids).
    pub tags: Text<'a>,
}

/// `a=msid`: the stream and track that a medium belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Msid<'a> {
    /// The stream; `-` for none.
    pub id: Text<'a>,
    /// The track.
    pub appdata: Option<Text<'a>>,
}

impl<'a> Group<'a> {
    /// The identification tags of the media.
    pub fn mids(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.tags
            .as_bytes()
            .split(u8::is_ascii_whitespace)
            .filter(|tag| !tag.is_empty())
            .map(Text::new)
    }
}

impl<'a> Attribute<'a> for Group<'a> {
    const NAME: &'static str = "group";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let fields = (token, opt(preceded(sp, remainder)));
        whole(
            value,
            &GROUP,
            fields.map(|(semantics, tags)| Self {
                semantics,
                tags: tags.unwrap_or_default(),
            }),
        )
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.semantics);
        if !self.tags.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.tags);
        }
    }
}

impl<'a> Attribute<'a> for Msid<'a> {
    const NAME: &'static str = "msid";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        // Browsers once wrote a space before the identifier.
        let fields = (
            preceded(blanks, non_ws_string),
            opt(preceded(sp, non_ws_string)),
        );
        whole(
            value,
            &MSID,
            fields.map(|(id, appdata)| Self { id, appdata }),
        )
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id);
        if let Some(appdata) = self.appdata {
            out.push(b' ');
            out.extend_from_slice(&appdata);
        }
    }
}
