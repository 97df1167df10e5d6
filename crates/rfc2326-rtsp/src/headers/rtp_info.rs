//! RTP-Info (RFC 2326 §12.33).

use core::fmt;

use nom::bytes::complete::tag_no_case;
use nom::combinator::{recognize, success, verify};
use nom::{Input, Parser};

use super::{Header, element, offset_in};
use crate::grammar::{Parsed, expected, lws, symbol};
use crate::{ErrorKind, HeaderName, ParseError};

/// Where one stream begins: `url=rtsp://example.com/a/1;seq=45102;rtptime=12345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RtpInfo<'a> {
    /// The stream's URL as it stands; it may be relative.
    pub url: &'a str,
    /// The sequence number of the first packet.
    pub seq: Option<u16>,
    /// The RTP timestamp of the first moment of the range.
    pub rtptime: Option<u32>,
    fault: Option<ParseError>,
}

impl<'a> RtpInfo<'a> {
    /// The stream at a URL.
    pub const fn new(url: &'a str) -> Self {
        Self {
            url,
            seq: None,
            rtptime: None,
            fault: None,
        }
    }

    /// This stream with the sequence number of its first packet.
    #[must_use]
    pub const fn with_seq(self, seq: u16) -> Self {
        Self {
            seq: Some(seq),
            ..self
        }
    }

    /// This stream with its first RTP timestamp.
    #[must_use]
    pub const fn with_rtptime(self, rtptime: u32) -> Self {
        Self {
            rtptime: Some(rtptime),
            ..self
        }
    }

    fn set(&mut self, parameter: &'a str) -> Result<(), &'static str> {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        if name.eq_ignore_ascii_case("seq") {
            self.seq = Some(value.parse().map_err(|_| "seq=1*DIGIT of 16 bits")?);
        } else if name.eq_ignore_ascii_case("rtptime") {
            self.rtptime = Some(value.parse().map_err(|_| "rtptime=1*DIGIT of 32 bits")?);
        } else if name.is_empty() {
            return Err("a parameter");
        }
        Ok(())
    }
}

impl<'a> Header<'a> for RtpInfo<'a> {
    const NAME: HeaderName = HeaderName::RtpInfo;

    fn read(value: &'a str) -> Result<(Self, &'a str), ParseError> {
        let rule = Self::NAME.rule();
        let ((url, parameters), rest) = element(value, rule, expected("url=URL", stream))?;
        let mut info = Self::new(url);
        if let Some(at) = url.find(|c: char| c == '"' || c.is_ascii_whitespace()) {
            let offset = offset_in(value, url) + at;
            info.fault = Some(ParseError::new(ErrorKind::Syntax, offset, "a URL", rule));
        }
        for parameter in parameters.split(';').skip(1) {
            if let Err(expected) = info.set(parameter) {
                let offset = offset_in(value, parameter);
                let error = ParseError::new(ErrorKind::Syntax, offset, expected, rule);
                info.fault = info.fault.or(Some(error));
            }
        }
        Ok((info, rest))
    }

    /// The first parameter that was left out or is empty.
    fn fault(&self) -> Option<ParseError> {
        self.fault
    }
}

/// `stream-url *parameter`, the parameters as they stand.
///
/// A URL may have commas and semicolons itself: it ends before a semicolon that a parameter or
/// nothing follows, and the stream before a comma that another URL follows.
fn stream(input: &str) -> Parsed<'_, (&str, &str)> {
    let url = (tag_no_case("url"), symbol('='));
    let (rest, _) = recognize(url).parse(input)?;
    let end = ends(rest, ',').find(|end| {
        (lws, tag_no_case("url"), symbol('='))
            .parse(after(rest, *end))
            .is_ok()
    });
    let (rest, stream) = rest.take_split(end.unwrap_or(rest.len()));
    let stream = stream.trim_ascii_end().trim_end_matches(',');
    let url_end = ends(stream, ';').find(|end| {
        let next = after(stream, *end).trim_ascii_start();
        let is = |name| (tag_no_case(name), symbol('=')).parse(next as &str).is_ok();
        next.is_empty() || next.starts_with(';') || is("seq") || is("rtptime")
    });
    let (parameters, url) = stream.take_split(url_end.unwrap_or(stream.len()));
    let url = url.trim_ascii();
    let quoted = url.strip_prefix('"').and_then(|url| url.strip_suffix('"'));
    verify(success((quoted.unwrap_or(url), parameters)), |(url, _)| {
        !url.is_empty()
    })
    .parse(rest)
}

fn ends(text: &str, separator: char) -> impl Iterator<Item = usize> {
    text.match_indices(separator).map(|(at, _)| at)
}

fn after(text: &str, separator_at: usize) -> &str {
    text.get(separator_at + 1..).unwrap_or_default()
}

impl fmt::Display for RtpInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "url={}", self.url)?;
        if let Some(seq) = self.seq {
            write!(f, ";seq={seq}")?;
        }
        match self.rtptime {
            Some(rtptime) => write!(f, ";rtptime={rtptime}"),
            None => Ok(()),
        }
    }
}
