//! `a=extmap` and `a=extmap-allow-mixed`: header extensions of RTP (RFC 8285 §6, §8).

use alloc::vec::Vec;

use nom::Parser;
use nom::character::complete::char;
use nom::combinator::{cut, map_opt, opt};
use nom::sequence::preceded;

use super::{Attribute, Direction, property};
use crate::error::{ParseError, Rule};
use crate::grammar::{Parsed, named, non_ws_string, number, remainder, sp, token, whole};
use crate::text::Text;
use crate::write::put;

static ID: Rule = Rule {
    field: "extmap",
    expected: "an identifier from 1 to 4095 and perhaps a direction",
    section: "RFC 8285 §8",
};
static URI: Rule = Rule {
    field: "extmap",
    expected: "a space and a URI",
    section: "RFC 8285 §8",
};
static MIXED: Rule = Rule {
    field: "extmap-allow-mixed",
    expected: "no value",
    section: "RFC 8285 §6",
};

/// `a=extmap`: the meaning of a header extension's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extmap<'a> {
    /// The identifier in RTP packets; from 4096 on only a stand-in while it is negotiated.
    pub id: u16,
    /// Which way it flows, if not the medium's own way.
    pub direction: Option<Direction>,
    /// What the extension is.
    pub uri: Text<'a>,
    /// What follows the URI, in the form that it prescribes; empty if nothing.
    pub attributes: Text<'a>,
}

/// `a=extmap-allow-mixed`: one- and two-byte headers may be mixed in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExtmapAllowMixed;

impl<'a> Attribute<'a> for Extmap<'a> {
    const NAME: &'static str = "extmap";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &URI, extmap_value)
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::number(out, u64::from(self.id));
        if let Some(direction) = self.direction {
            out.push(b'/');
            out.extend_from_slice(direction.name().as_bytes());
        }
        out.push(b' ');
        out.extend_from_slice(&self.uri);
        if !self.attributes.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.attributes);
        }
    }
}

impl<'a> Attribute<'a> for ExtmapAllowMixed {
    const NAME: &'static str = "extmap-allow-mixed";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        property(value, &MIXED).map(|()| Self)
    }

    fn write_value(&self, _: &mut Vec<u8>) {}
}

/// `mapentry SP extensionname [SP extensionattributes]`
fn extmap_value(input: &[u8]) -> Parsed<'_, Extmap<'_>> {
    let direction = preceded(
        char('/'),
        cut(map_opt(token, |name| Direction::from_name(&name))),
    );
    let (input, (id, direction)) = named(&ID, (number::<u16>, opt(direction))).parse(input)?;
    let (input, uri) = named(&URI, preceded(sp, non_ws_string)).parse(input)?;
    let (input, attributes) = opt(preceded(sp, remainder)).parse(input)?;
    Ok((
        input,
        Extmap {
            id,
            direction,
            uri,
            attributes: attributes.unwrap_or_default(),
        },
    ))
}
