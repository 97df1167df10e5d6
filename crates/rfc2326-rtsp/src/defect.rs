//! What is questionable in a message that was accepted all the same.

use core::fmt;
use core::ops::Range;

use crate::error::Rule;
use crate::{ErrorKind, HeaderName, ParseError};

/// Something in an accepted message that its RFC does not allow, or allows with a shrug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect {
    kind: DefectKind,
    start: u32,
    end: u32,
}

/// How bad a defect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Legal, but worth knowing. No policy refuses it.
    Note,
    /// Against the grammar, harmless if treated as the defect's text says. Strict policy refuses.
    Warning,
    /// The message cannot be processed: a request is answered with an error, a response is
    /// dropped.
    Error,
}

/// What is questionable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefectKind {
    /// Empty lines before the start line, which were skipped.
    LeadingEmptyLine,
    /// Lines that end in LF alone.
    BareLineFeed,
    /// More than one space between the parts of the start line, one missing, or spaces behind it.
    StartLineSpace,
    /// The Request-URI is neither `*` nor an absolute URI.
    RequestUri,
    /// A version other than `RTSP/1.0`, which a server answers with 505.
    Version,
    /// The header section does not end in an empty line.
    NoEmptyLine,
    /// A line that is no header field: it has no colon, or no name before it.
    NotAHeader,
    /// A header name with characters that are not of a token, kept as an extension, or white
    /// space before the colon.
    HeaderName,
    /// A control character in a header value.
    ControlCharacter,
    /// Content-Length is not a number that the message can have.
    ContentLength,
    /// Several Content-Length fields that contradict each other.
    ContentLengths,
    /// Content-Length announces more bytes than there are.
    BodyTooShort,
    /// Bytes behind the body, which were ignored.
    TrailingBytes,
    /// A header field that the message must have is not there.
    Missing(HeaderName),
    /// A header field that may occur once occurs several times.
    Repeated(HeaderName),
    /// The value of a header field does not follow its grammar.
    Invalid(HeaderName, ParseError),
}

impl Defect {
    pub(crate) const fn new(kind: DefectKind, span: Range<usize>) -> Self {
        // Messages are at most u32::MAX bytes long.
        Self {
            kind,
            start: span.start as u32,
            end: span.end as u32,
        }
    }

    /// What is questionable.
    pub const fn kind(&self) -> DefectKind {
        self.kind
    }

    /// Where, in bytes from the start of the message as received.
    pub const fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The rule that is bent, such as `RFC 2326 §4`.
    pub fn rule(&self) -> &'static str {
        self.kind.rule().section
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// The same as an error, for the strict policy.
    pub(crate) fn into_error(self) -> ParseError {
        let (kind, expected) = match self.kind {
            DefectKind::Invalid(_, error) => return error,
            DefectKind::Missing(_) => (ErrorKind::Missing, "the field"),
            other => (ErrorKind::Questionable, other.expected()),
        };
        ParseError::new(kind, self.start as usize, expected, self.kind.rule())
    }
}

impl DefectKind {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::LeadingEmptyLine | Self::TrailingBytes => Severity::Note,
            Self::BareLineFeed
            | Self::StartLineSpace
            | Self::NoEmptyLine
            | Self::HeaderName
            | Self::ControlCharacter
            | Self::Repeated(_) => Severity::Warning,
            Self::RequestUri
            | Self::Version
            | Self::NotAHeader
            | Self::ContentLength
            | Self::ContentLengths
            | Self::BodyTooShort
            | Self::Missing(_) => Severity::Error,
            Self::Invalid(name, _) => match name {
                HeaderName::CSeq | HeaderName::Session | HeaderName::Require => Severity::Error,
                _ => Severity::Warning,
            },
        }
    }

    fn rule(&self) -> &'static Rule {
        macro_rules! rule {
            ($field:literal, $section:literal) => {{
                static RULE: Rule = Rule::new($field, $section);
                &RULE
            }};
        }
        match self {
            Self::LeadingEmptyLine => rule!("start line", "RFC 2326 §4.1"),
            Self::BareLineFeed => rule!("line end", "RFC 2326 §4"),
            Self::StartLineSpace => rule!("start line", "RFC 2326 §6.1, §7.1"),
            Self::RequestUri => rule!("Request-URI", "RFC 2326 §6.1"),
            Self::Version => rule!("RTSP-Version", "RFC 2326 §3.1"),
            Self::NoEmptyLine => rule!("header section", "RFC 2326 §6"),
            Self::NotAHeader | Self::HeaderName | Self::ControlCharacter => {
                rule!("header field", "RFC 2326 §15.1")
            }
            Self::ContentLength | Self::ContentLengths => HeaderName::ContentLength.rule(),
            Self::BodyTooShort | Self::TrailingBytes => rule!("body", "RFC 2326 §4.4"),
            Self::Missing(name) | Self::Repeated(name) | Self::Invalid(name, _) => name.rule(),
        }
    }

    const fn expected(&self) -> &'static str {
        match self {
            Self::LeadingEmptyLine => "no empty line before it",
            Self::BareLineFeed => "CRLF",
            Self::StartLineSpace => "single spaces",
            Self::RequestUri => "\"*\" or an absolute URI",
            Self::Version => "RTSP/1.0",
            Self::NoEmptyLine => "an empty line at its end",
            Self::NotAHeader => "a name and a colon",
            Self::HeaderName => "a token right before the colon",
            Self::ControlCharacter => "text",
            Self::ContentLength => "a number",
            Self::ContentLengths => "one value",
            Self::BodyTooShort => "as many bytes as Content-Length says",
            Self::TrailingBytes => "nothing behind it",
            Self::Missing(_) => "the field",
            Self::Repeated(_) => "one field",
            Self::Invalid(..) => "another value",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.into_error().fmt(f)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
