//! The `b=` line (RFC 8866 §5.8; RFC 3556 for RS and RR; RFC 3890 for TIAS).

use alloc::vec::Vec;

use nom::Parser;
use nom::character::complete::char;
use nom::sequence::separated_pair;

use crate::error::{ParseError, Rule};
use crate::grammar::{named, number, token, whole};
use crate::text::Text;
use crate::write::{display_as_written, put};

static BWTYPE: Rule = Rule {
    field: "bandwidth",
    expected: "bwtype",
    section: "RFC 8866 §5.8",
};
static COLON: Rule = Rule {
    field: "bandwidth",
    expected: "a colon",
    section: "RFC 8866 §5.8",
};
static VALUE: Rule = Rule {
    field: "bandwidth",
    expected: "1*DIGIT, then the end of the line",
    section: "RFC 8866 §5.8",
};

/// A proposed bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bandwidth<'a> {
    /// What the figure means. Unknown ones are to be ignored.
    pub bwtype: BandwidthType<'a>,
    /// The figure, in the unit of its type; see [`bits_per_second`](Self::bits_per_second).
    pub bandwidth: u64,
}

/// The modifier of a bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BandwidthType<'a> {
    /// `CT`: all media at all sites, kilobits per second.
    ConferenceTotal,
    /// `AS`: one medium at one site, kilobits per second.
    ApplicationSpecific,
    /// `TIAS`: without the overhead of transport, bits per second.
    TransportIndependent,
    /// `RS`: RTCP of active senders, bits per second.
    RtcpSenders,
    /// `RR`: RTCP of receivers only, bits per second.
    RtcpReceivers,
    /// Another one.
    Other(Text<'a>),
}

impl<'a> Bandwidth<'a> {
    /// Reads the value of a `b=` line.
    pub fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let field = separated_pair(
            named(&BWTYPE, token),
            named(&COLON, char(':')),
            named(&VALUE, number::<u64>),
        );
        whole(
            value,
            &VALUE,
            field.map(|(name, bandwidth)| Self {
                bwtype: BandwidthType::from_name(name),
                bandwidth,
            }),
        )
    }

    /// The figure in bits per second; `None` for an unknown type, whose unit is unknown too.
    pub fn bits_per_second(&self) -> Option<u64> {
        match self.bwtype {
            BandwidthType::ConferenceTotal | BandwidthType::ApplicationSpecific => {
                self.bandwidth.checked_mul(1000)
            }
            BandwidthType::Other(_) => None,
            _ => Some(self.bandwidth),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bwtype.name());
        out.push(b':');
        put::number(out, self.bandwidth);
    }
}

impl<'a> BandwidthType<'a> {
    /// The type that a modifier stands for.
    pub fn from_name(name: Text<'a>) -> Self {
        match name.as_bytes() {
            b"CT" => Self::ConferenceTotal,
            b"AS" => Self::ApplicationSpecific,
            b"TIAS" => Self::TransportIndependent,
            b"RS" => Self::RtcpSenders,
            b"RR" => Self::RtcpReceivers,
            _ => Self::Other(name),
        }
    }

    /// The modifier as written.
    pub fn name(&self) -> Text<'a> {
        match *self {
            Self::ConferenceTotal => "CT".into(),
            Self::ApplicationSpecific => "AS".into(),
            Self::TransportIndependent => "TIAS".into(),
            Self::RtcpSenders => "RS".into(),
            Self::RtcpReceivers => "RR".into(),
            Self::Other(name) => name,
        }
    }
}

display_as_written!(Bandwidth);
