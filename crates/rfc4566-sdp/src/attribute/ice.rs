//! Interactive connectivity establishment: `a=candidate`, `remote-candidates`, `ice-options`, `ice-lite`,
//! `end-of-candidates` (RFC 8839 §5, RFC 8840 §8.2).

use alloc::vec::Vec;
use core::net::IpAddr;

use nom::Parser;
use nom::bytes::complete::tag;
use nom::combinator::opt;
use nom::sequence::preceded;

use super::{Attribute, property};
use crate::connection::ip_address;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::grammar::{Parsed, named, non_ws_string, number, remainder, sp, whole};
use crate::text::Text;
use crate::write::put;

static FOUNDATION: Rule = Rule {
    field: "candidate",
    expected: "a foundation",
    section: "RFC 8839 §5.1",
};
static COMPONENT: Rule = Rule {
    field: "candidate",
    expected: "a space and a component",
    section: "RFC 8839 §5.1",
};
static TRANSPORT: Rule = Rule {
    field: "candidate",
    expected: "a space and a transport",
    section: "RFC 8839 §5.1",
};
static PRIORITY: Rule = Rule {
    field: "candidate",
    expected: "a space and a priority",
    section: "RFC 8839 §5.1",
};
static ADDRESS: Rule = Rule {
    field: "candidate",
    expected: "a space and an address",
    section: "RFC 8839 §5.1",
};
static PORT: Rule = Rule {
    field: "candidate",
    expected: "a space and a port",
    section: "RFC 8839 §5.1",
};
static TYPE: Rule = Rule {
    field: "candidate",
    expected: "typ and the candidate's type",
    section: "RFC 8839 §5.1",
};
static RELATED: Rule = Rule {
    field: "candidate",
    expected: "a related address and port",
    section: "RFC 8839 §5.1",
};
static REMOTE: Rule = Rule {
    field: "remote-candidates",
    expected: "components, addresses and ports",
    section: "RFC 8839 §5.2",
};
static LITE: Rule = Rule {
    field: "ice-lite",
    expected: "no value",
    section: "RFC 8839 §5.3",
};
static OPTIONS: Rule = Rule {
    field: "ice-options",
    expected: "option tags",
    section: "RFC 8839 §5.6",
};
static END: Rule = Rule {
    field: "end-of-candidates",
    expected: "no value",
    section: "RFC 8840 §8.2",
};

/// `a=candidate`: an address at which the writer may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidate<'a> {
    /// Candidates with the same one are alike to the network.
    pub foundation: Text<'a>,
    /// 1 for RTP, 2 for RTCP.
    pub component: u16,
    /// `UDP` or another, compared without regard to case.
    pub transport: Text<'a>,
    /// The higher the better.
    pub priority: u32,
    /// An IP address, or a name where the writer hides it.
    pub address: Text<'a>,
    /// The port.
    pub port: u16,
    /// `host`, `srflx`, `prflx`, `relay`, or another.
    pub candidate_type: Text<'a>,
    /// The address and port that this one was derived from.
    pub related: Option<(Text<'a>, u16)>,
    /// Names and values that follow, with spaces between; see [`extensions`](Self::extensions).
    pub extensions: Text<'a>,
}

/// `a=remote-candidates`: which candidates of the peer the checks ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RemoteCandidates<'a>(Text<'a>);

/// `a=ice-options`: what the writer's ICE can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IceOptions<'a>(Text<'a>);

/// `a=ice-lite`: the writer only answers checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct IceLite;

/// `a=end-of-candidates`: no candidates will follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndOfCandidates;

impl<'a> Candidate<'a> {
    /// The address, if it is an IP address rather than a name.
    pub fn ip_address(&self) -> Option<IpAddr> {
        ip_address(self.address)
    }

    /// The extensions: names and values in turn, such as `generation` and `0`.
    pub fn extensions(&self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> + use<'a> {
        let mut words = words(self.extensions);
        core::iter::from_fn(move || Some((words.next()?, words.next().unwrap_or_default())))
    }
}

impl<'a> RemoteCandidates<'a> {
    /// Component, address and port of each.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Text<'a>, u16)> + use<'a> {
        let mut rest = self.0.as_bytes();
        core::iter::from_fn(move || {
            let (remaining, candidate) = remote_candidate(rest.trim_ascii_start()).ok()?;
            rest = remaining;
            Some(candidate)
        })
    }
}

impl<'a> IceOptions<'a> {
    /// Each option.
    pub fn iter(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        words(self.0)
    }
}

impl<'a> Attribute<'a> for Candidate<'a> {
    const NAME: &'static str = "candidate";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        whole(value, &RELATED, candidate_value)
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.foundation);
        out.push(b' ');
        put::number(out, u64::from(self.component));
        out.push(b' ');
        out.extend_from_slice(&self.transport);
        out.push(b' ');
        put::number(out, u64::from(self.priority));
        out.push(b' ');
        out.extend_from_slice(&self.address);
        out.push(b' ');
        put::number(out, u64::from(self.port));
        out.extend_from_slice(b" typ ");
        out.extend_from_slice(&self.candidate_type);
        if let Some((address, port)) = self.related {
            out.extend_from_slice(b" raddr ");
            out.extend_from_slice(&address);
            out.extend_from_slice(b" rport ");
            put::number(out, u64::from(port));
        }
        if !self.extensions.is_empty() {
            out.push(b' ');
            out.extend_from_slice(&self.extensions);
        }
    }
}

impl<'a> Attribute<'a> for RemoteCandidates<'a> {
    const NAME: &'static str = "remote-candidates";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let text = value.as_bytes().trim_ascii();
        let mut rest = text;
        while !rest.is_empty() {
            rest = match remote_candidate(rest) {
                Ok((remaining, _)) => remaining.trim_ascii_start(),
                Err(_) => {
                    return Err(ParseError::new(
                        ErrorKind::Syntax,
                        text.len() - rest.len(),
                        &REMOTE,
                    ));
                }
            };
        }
        Ok(Self(Text::new(text)))
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl<'a> Attribute<'a> for IceOptions<'a> {
    const NAME: &'static str = "ice-options";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        match value.as_bytes().trim_ascii() {
            [] => Err(ParseError::new(ErrorKind::Missing, 0, &OPTIONS)),
            options => Ok(Self(Text::new(options))),
        }
    }

    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl<'a> Attribute<'a> for IceLite {
    const NAME: &'static str = "ice-lite";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        property(value, &LITE).map(|()| Self)
    }

    fn write_value(&self, _: &mut Vec<u8>) {}
}

impl<'a> Attribute<'a> for EndOfCandidates {
    const NAME: &'static str = "end-of-candidates";

    fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        property(value, &END).map(|()| Self)
    }

    fn write_value(&self, _: &mut Vec<u8>) {}
}

fn words<'a>(text: Text<'a>) -> impl Iterator<Item = Text<'a>> + use<'a> {
    text.as_bytes()
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(Text::new)
}

/// `foundation SP component-id SP transport SP priority SP connection-address SP port SP cand-type
/// [SP rel-addr] [SP rel-port] *(SP cand-extension)`
fn candidate_value(input: &[u8]) -> Parsed<'_, Candidate<'_>> {
    let (input, foundation) = named(&FOUNDATION, non_ws_string).parse(input)?;
    let (input, component) = named(&COMPONENT, preceded(sp, number)).parse(input)?;
    let (input, transport) = named(&TRANSPORT, preceded(sp, non_ws_string)).parse(input)?;
    let (input, priority) = named(&PRIORITY, preceded(sp, number)).parse(input)?;
    let (input, address) = named(&ADDRESS, preceded(sp, non_ws_string)).parse(input)?;
    let (input, port) = named(&PORT, preceded(sp, number)).parse(input)?;
    let candidate_type = preceded((sp, tag("typ"), sp), non_ws_string);
    let (input, candidate_type) = named(&TYPE, candidate_type).parse(input)?;
    let related_address = preceded((sp, tag("raddr"), sp), non_ws_string);
    let related_port = preceded((sp, tag("rport"), sp), number::<u16>);
    let (input, related) = opt((related_address, related_port)).parse(input)?;
    let (input, extensions) = opt(preceded(sp, remainder)).parse(input)?;
    let extensions = extensions.unwrap_or_default();
    Ok((
        input,
        Candidate {
            foundation,
            component,
            transport,
            priority,
            address,
            port,
            candidate_type,
            related,
            extensions,
        },
    ))
}

/// `component-ID SP connection-address SP port`
fn remote_candidate(input: &[u8]) -> Parsed<'_, (u16, Text<'_>, u16)> {
    (
        number::<u16>,
        preceded(sp, non_ws_string),
        preceded(sp, number::<u16>),
    )
        .parse(input)
}
