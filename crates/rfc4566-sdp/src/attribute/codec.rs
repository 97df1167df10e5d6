//! What a format is: `a=rtpmap`, `fmtp`, `ptime`, `maxptime` (RFC 8866 §6.4, §6.5, §6.6, §6.15).

use alloc::vec::Vec;
use core::time::Duration;

use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::preceded;

use super::Attribute;
use crate::error::{ParseError, Rule};
use crate::grammar::{
    Parsed, is_blank, milliseconds, named, non_ws_string, number, payload_type, remainder, sp,
    whole,
};
use crate::text::Text;
use crate::write::put;

static PAYLOAD_TYPE: Rule = Rule {
    field: "rtpmap",
    expected: "a payload type up to 127",
    section: "RFC 8866 §6.6",
};
static ENCODING: Rule = Rule {
    field: "rtpmap",
    expected: "a space and an encoding name",
    section: "RFC 8866 §6.6",
};
static CLOCK_RATE: Rule = Rule {
    field: "rtpmap",
    expected: "a slash and a clock rate",
    section: "RFC 8866 §6.6",
};
static ENCODING_PARAMETERS: Rule = Rule {
    field: "rtpmap",
    expected: "a slash and encoding parameters, or the end of the line",
    section: "RFC 8866 §6.6",
};
static FORMAT: Rule = Rule {
    field: "fmtp",
    expected: "a format",
    section: "RFC 8866 §6.15",
};
static PTIME: Rule = Rule {
    field: "ptime",
    expected: "milliseconds, a number above 0",
    section: "RFC 8866 §6.4",
};
static MAXPTIME: Rule = Rule {
    field: "maxptime",
    expected: "milliseconds, a number above 0",
    section: "RFC 8866 §6.5",
};

/// `a=rtpmap`: the encoding that a payload type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rtpmap<'a> {
    /// 0 to 127.
    pub payload_type: u8,
    /// The encoding's name, compared without regard to case.
    pub encoding_name: Text<'a>,
    /// Ticks of the RTP timestamp in a second.
    pub clock_rate: u32,
    /// What follows the clock rate: the number of channels for audio.
    pub encoding_parameters: Option<Text<'a>>,
}

/// `a=fmtp`: what a format's own specification wants to have said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fmtp<'a> {
    /// A format of the `m=` line.
    pub format: Text<'a>,
    /// The parameters as written.
    pub parameters: Text<'a>,
}

/// `a=ptime`: how much media the writer would like to have in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ptime {
    /// Written in milliseconds, possibly with a fraction.
    pub duration: Duration,
}

/// `a=maxptime`: how much media may be in a packet at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxPtime {
    /// Written in milliseconds, possibly with a fraction.
    pub duration: Duration,
}

impl Rtpmap<'_> {
    /// The number of audio channels: 1 unless the parameters say otherwise.
    pub fn channels(&self) -> Option<u8> {
        match self.encoding_parameters {
            None => Some(1),
            Some(parameters) => parameters
                .as_str()?
                .parse()
                .ok()
                .filter(|&channels| channels > 0),
        }
    }

    /// Whether both mean the same encoding: name without case, clock rate, channels.
    pub fn same_encoding(&self, other: &Rtpmap<'_>) -> bool {
        self.encoding_name
            .as_bytes()
            .eq_ignore_ascii_case(&other.encoding_name)
            && self.clock_rate == other.clock_rate
            && (self.encoding_parameters == other.encoding_parameters
                || self.channels().is_some() && self.channels() == other.channels())
    }
}

impl<'a> Attribute<'a> for Rtpmap<'a> {
    const NAME: &'static str = "rtpmap";

    #[inline]
    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        match plain_rtpmap(value.as_bytes()) {
            Some(rtpmap) => Ok(rtpmap),
            None => whole(value, &ENCODING_PARAMETERS, rtpmap_value),
        }
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::number(out, u64::from(self.payload_type));
        out.push(b' ');
        out.extend_from_slice(&self.encoding_name);
        out.push(b'/');
        put::number(out, u64::from(self.clock_rate));
        if let Some(parameters) = self.encoding_parameters {
            out.push(b'/');
            out.extend_from_slice(&parameters);
        }
    }
}

impl<'a> Fmtp<'a> {
    /// The parameters as pairs: divided at semicolons, each at its first `=`; a value is `None` without that.
    ///
    /// Formats that do not follow this convention (`0-16` of telephone events, `111/111` of RED) come out as one name
    /// without a value.
    pub fn pairs(&self) -> impl Iterator<Item = (Text<'a>, Option<Text<'a>>)> + use<'a> {
        self.parameters
            .as_bytes()
            .split(|&byte| byte == b';')
            .map(<[u8]>::trim_ascii)
            .filter(|pair| !pair.is_empty())
            .map(|pair| match pair.iter().position(|&byte| byte == b'=') {
                Some(equals) => {
                    let (name, value) = pair.split_at(equals);
                    let value = value.get(1..).unwrap_or_default();
                    (
                        Text::new(name.trim_ascii_end()),
                        Some(Text::new(value.trim_ascii_start())),
                    )
                }
                None => (Text::new(pair), None),
            })
    }

    /// The value of a parameter, whose name is compared without regard to case.
    pub fn parameter(&self, name: &str) -> Option<Text<'a>> {
        self.pairs()
            .find(|(candidate, _)| candidate.eq_ignore_case(name))
            .and_then(|(_, value)| value)
    }
}

impl<'a> Attribute<'a> for Fmtp<'a> {
    const NAME: &'static str = "fmtp";

    #[inline]
    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let format = named(&FORMAT, non_ws_string);
        let fields = (format, opt(preceded(sp, remainder)));
        whole(
            value,
            &FORMAT,
            fields.map(|(format, parameters)| Self {
                format,
                parameters: parameters.unwrap_or_default(),
            }),
        )
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::joined(out, b' ', &[self.format, self.parameters]);
    }
}

impl<'a> Attribute<'a> for Ptime {
    const NAME: &'static str = "ptime";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &PTIME, milliseconds).map(|duration| Self { duration })
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::milliseconds(out, self.duration);
    }
}

impl<'a> Attribute<'a> for MaxPtime {
    const NAME: &'static str = "maxptime";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &MAXPTIME, milliseconds).map(|duration| Self { duration })
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        put::milliseconds(out, self.duration);
    }
}

/// The form that nearly all have, one of the most frequent lines of all: every blank in its place, numbers of the
/// usual length. What is not of it, right or wrong, is left to [`rtpmap_value`].
#[inline]
fn plain_rtpmap(value: &[u8]) -> Option<Rtpmap<'_>> {
    let (payload_type, rest) = leading_number(value)?;
    let payload_type = u8::try_from(payload_type).ok().filter(|&t| t < 128)?;
    let rest = rest.strip_prefix(b" ")?;
    let name_len = rest.iter().position(|&b| b == b'/' || is_blank(b))?;
    let (name, rest) = rest.split_at_checked(name_len)?;
    let (clock_rate, rest) = leading_number(rest.strip_prefix(b"/")?)?;
    let encoding_parameters = match rest {
        [] => None,
        [b'/', parameters @ ..]
            if !parameters.is_empty() && !parameters.iter().any(|&b| is_blank(b)) =>
        {
            Some(Text::new(parameters))
        }
        _ => return None,
    };
    if name.is_empty() {
        return None;
    }
    Some(Rtpmap {
        payload_type,
        encoding_name: Text::new(name),
        clock_rate,
        encoding_parameters,
    })
}

/// A number of at most nine digits, and what follows it.
#[inline]
fn leading_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0;
    let mut rest = text;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        if text.len() - rest.len() == 9 {
            return None;
        }
        value = value * 10 + u32::from(digit & 0x0f);
        rest = after;
    }
    (rest.len() < text.len()).then_some((value, rest))
}

/// `payload-type SP encoding-name "/" clock-rate [ "/" encoding-params ]`
fn rtpmap_value(input: &[u8]) -> Parsed<'_, Rtpmap<'_>> {
    let (input, payload_type) = named(&PAYLOAD_TYPE, payload_type).parse(input)?;
    let name = take_while1(|byte| byte != b'/' && !is_blank(byte));
    let (input, encoding_name) = named(&ENCODING, preceded(sp, name)).parse(input)?;
    let (input, clock_rate) =
        named(&CLOCK_RATE, preceded(char('/'), number::<u32>)).parse(input)?;
    let parameters = opt(preceded(char('/'), non_ws_string));
    let (input, encoding_parameters) = named(&ENCODING_PARAMETERS, parameters).parse(input)?;
    Ok((
        input,
        Rtpmap {
            payload_type,
            encoding_name: Text::new(encoding_name),
            clock_rate,
            encoding_parameters,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_plain_form_is_read_as_the_grammar_reads_it(
            value in "[0-9]{0,4}[ \\t]{0,2}[a-zA-Z0-9/ -]{0,6}/?[0-9]{0,11}(/[ 0-9a-z]{0,3})?"
        ) {
            if let Some(plain) = plain_rtpmap(value.as_bytes()) {
                let text = Text::new(value.as_bytes());
                prop_assert_eq!(whole(text, &ENCODING_PARAMETERS, rtpmap_value), Ok(plain));
            }
        }

        #[test]
        fn well_formed_values_are_plain(
            value in "[0-9]{1,2} [a-zA-Z0-9-]{1,8}/[0-9]{1,9}(/[0-9a-z]{1,3})?"
        ) {
            prop_assert!(plain_rtpmap(value.as_bytes()).is_some());
        }
    }
}
