//! Pictures: `a=framerate`, `a=quality` (RFC 8866 §6.13, §6.14), `a=imageattr` (RFC 6236).

use alloc::vec::Vec;

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1};
use nom::character::complete::{char, digit1};
use nom::combinator::{opt, recognize};
use nom::multi::many0_count;
use nom::sequence::preceded;

use super::Attribute;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::grammar::{Parsed, number, payload_type, sp, whole};
use crate::text::Text;
use crate::write::put;

static FRAMERATE: Rule = Rule {
    field: "framerate",
    expected: "a number above 0",
    section: "RFC 8866 §6.13",
};
static QUALITY: Rule = Rule {
    field: "quality",
    expected: "a number",
    section: "RFC 8866 §6.14",
};
static IMAGEATTR: Rule = Rule {
    field: "imageattr",
    expected: "a payload type or *, then send and recv with * or sets in brackets",
    section: "RFC 6236 §3.1.1",
};

/// `a=framerate`: the most frames in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Framerate<'a>(Text<'a>);

/// `a=quality`: 0 to 10 for video, 10 the best still picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quality(pub u32);

/// `a=imageattr`: which sizes of pictures the writer would like to send and receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageAttr<'a> {
    /// The payload type; `None` is `*`, all of them.
    pub payload_type: Option<u8>,
    /// The sets for sending as written: `*`, or one or more in brackets.
    pub send: Option<Text<'a>>,
    /// The sets for receiving, likewise.
    pub recv: Option<Text<'a>>,
}

impl<'a> Framerate<'a> {
    /// The number as written.
    pub const fn text(&self) -> Text<'a> {
        self.0
    }

    /// Frames per second.
    pub fn frames_per_second(&self) -> f64 {
        self.0
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }
}

impl<'a> ImageAttr<'a> {
    /// The sets in `send` or `recv`, without their brackets: `x=800,y=640`. None for `*`.
    pub fn sets(text: Text<'a>) -> impl Iterator<Item = Text<'a>> + use<'a> {
        text.as_bytes()
            .split(u8::is_ascii_whitespace)
            .filter_map(|set| set.strip_prefix(b"[")?.strip_suffix(b"]"))
            .map(Text::new)
    }
}

impl<'a> Attribute<'a> for Framerate<'a> {
    const NAME: &'static str = "framerate";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let number = recognize((digit1, opt((char('.'), digit1))));
        let text = whole(value, &FRAMERATE, number)?;
        if text.iter().all(|byte| matches!(byte, b'0' | b'.')) {
            return Err(ParseError::new(ErrorKind::OutOfRange, 0, &FRAMERATE));
        }
        Ok(Self(Text::new(text)))
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl<'a> Attribute<'a> for Quality {
    const NAME: &'static str = "quality";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &QUALITY, number::<u32>.map(Self))
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::number(out, u64::from(self.0));
    }
}

impl<'a> Attribute<'a> for ImageAttr<'a> {
    const NAME: &'static str = "imageattr";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &IMAGEATTR, image_attr_value)
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        match self.payload_type {
            Some(payload_type) => put::number(out, u64::from(payload_type)),
            None => out.push(b'*'),
        }
        for (keyword, sets) in [("send", self.send), ("recv", self.recv)] {
            if let Some(sets) = sets {
                out.push(b' ');
                put::joined(out, b' ', &[keyword.into(), sets]);
            }
        }
    }
}

/// `image-attr = PT 1*2( 1*WSP ( "send" / "recv" ) 1*WSP attr-list )`, each keyword at most once.
fn image_attr_value(input: &[u8]) -> Parsed<'_, ImageAttr<'_>> {
    let (input, payload_type) =
        alt((char('*').map(|_| None), payload_type.map(Some))).parse(input)?;
    let (input, first) = direction_sets(input)?;
    let (input, second) = opt(direction_sets).parse(input)?;
    let of = |wanted: &[u8]| {
        [Some(first), second]
            .into_iter()
            .flatten()
            .find(|(keyword, _)| *keyword == wanted)
            .map(|(_, sets)| sets)
    };
    Ok((
        input,
        ImageAttr {
            payload_type,
            send: of(b"send"),
            recv: of(b"recv"),
        },
    ))
}

/// `( "send" / "recv" ) 1*WSP attr-list`, where `attr-list = ( set *(1*WSP set) ) / "*"`
fn direction_sets(input: &[u8]) -> Parsed<'_, (&[u8], Text<'_>)> {
    let (input, keyword) = preceded(sp, alt((tag("send"), tag("recv")))).parse(input)?;
    let set = || (char('['), take_till1(|byte| byte == b']'), char(']'));
    let sets = alt((
        tag("*"),
        recognize((set(), many0_count(preceded(sp, set())))),
    ));
    let (input, sets) = preceded(sp, sets).parse(input)?;
    Ok((input, (keyword, Text::new(sets))))
}
