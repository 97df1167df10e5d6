//! Sources of a medium: `a=ssrc` and `a=ssrc-group` (RFC 5576 §4).

use alloc::vec::Vec;

use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::combinator::{opt, rest};
use nom::sequence::preceded;

use super::Attribute;
use crate::error::{ParseError, Rule};
use crate::grammar::{Parsed, decimal, number, remainder, sp, token, whole};
use crate::text::Text;
use crate::write::put;

static SSRC: Rule = Rule {
    field: "ssrc",
    expected: "a number of 32 bits, a space and an attribute",
    section: "RFC 5576 §4.1",
};
static GROUP: Rule = Rule {
    field: "ssrc-group",
    expected: "semantics and numbers of 32 bits",
    section: "RFC 5576 §4.2",
};

/// `a=ssrc`: an attribute of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ssrc<'a> {
    /// The source.
    pub ssrc: u32,
    /// The attribute's name, such as `cname`; empty with senders that name none.
    pub attribute: Text<'a>,
    /// The attribute's value.
    pub value: Option<Text<'a>>,
}

/// `a=ssrc-group`: sources that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SsrcGroup<'a> {
    /// What they are to each other, such as `FID` or `FEC`.
    pub semantics: Text<'a>,
    /// The sources as written, with spaces between; see [`ssrcs`](Self::ssrcs).
    pub sources: Text<'a>,
}

impl SsrcGroup<'_> {
    /// The sources; what is no number of 32 bits is left out.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> {
        self.sources
            .as_bytes()
            .split(u8::is_ascii_whitespace)
            .filter_map(|number| decimal(number).and_then(|number| u32::try_from(number).ok()))
    }
}

impl<'a> Attribute<'a> for Ssrc<'a> {
    const NAME: &'static str = "ssrc";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &SSRC, ssrc_value)
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::number(out, u64::from(self.ssrc));
        if !self.attribute.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.attribute);
        }
        if let Some(value) = self.value {
            out.push(b':');
            out.extend_from_slice(&value);
        }
    }
}

impl<'a> Attribute<'a> for SsrcGroup<'a> {
    const NAME: &'static str = "ssrc-group";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let fields = (token, opt(preceded(sp, remainder)));
        whole(
            value,
            &GROUP,
            fields.map(|(semantics, sources)| Self {
                semantics,
                sources: sources.unwrap_or_default(),
            }),
        )
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::joined(out, b' ', &[self.semantics, self.sources]);
    }
}

/// `ssrc-id SP attribute`
fn ssrc_value(input: &[u8]) -> Parsed<'_, Ssrc<'_>> {
    let (input, ssrc) = number::<u32>(input)?;
    let name = take_while1(|byte| byte != b':' && byte != b' ');
    let (input, attribute) = opt(preceded(sp, name)).parse(input)?;
    let (input, value) = opt(preceded(char(':'), rest)).parse(input)?;
    Ok((
        input,
        Ssrc {
            ssrc,
            attribute: attribute.map(Text::new).unwrap_or_default(),
            value: value.map(Text::new),
        },
    ))
}
