//! What is questionable in a message that was accepted all the same.

use core::{fmt, ops::Range};

use crate::{HeaderName, ParseError, error::Rule};

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
    /// More than one space between the parts of the start line, or spaces behind it.
    StartLineSpace,
    /// White space or angle brackets in the Request-URI.
    RequestUri,
    /// The Request-URI carries header fields; they are never taken for the message's own.
    RequestUriHeaders,
    /// The Request-URI does not follow the grammar of its scheme.
    InvalidRequestUri(ParseError),
    /// A version other than `SIP/2.0`.
    Version,
    /// The header section does not end in an empty line.
    NoEmptyLine,
    /// The input ends in the middle of a header line.
    CutShort,
    /// A line that is no header field: it has no colon, or no name before it.
    NotAHeader,
    /// A header name with characters that are not of a token: kept as an extension.
    HeaderName,
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
    /// The method of CSeq is not that of the request.
    CSeqMethod,
    /// A list with an empty element.
    EmptyElement(HeaderName),
    /// `;` with no parameter behind it.
    EmptyParameter(HeaderName),
    /// The top Via's branch is nothing but the magic cookie: the transaction is to be matched as
    /// RFC 2543 does.
    Branch,
    /// The top Via has no branch with the magic cookie: the sender keeps to RFC 2543.
    OldBranch,
    /// An address in the Request-URI or in a header field is questionable; its span counts from
    /// the start of that address.
    Address(rfc2396_uri::Defect),
    /// A sequence number of 2^31 or above.
    SequenceNumber,
    /// From has no tag, as was usual before RFC 3261.
    FromTag,
    /// A body without Content-Type.
    ContentType,
}

impl Defect {
    /// The same defect where each place is another.
    pub(crate) fn map(self, place: impl Fn(u32) -> u32) -> Self {
        Self {
            start: place(self.start),
            end: place(self.end),
            ..self
        }
    }

    pub(crate) fn new(kind: DefectKind, span: Range<usize>) -> Self {
        // Messages are at most u32::MAX bytes long.
        Self {
            kind,
            start: span.start as u32,
            end: span.end as u32,
        }
    }

    /// What is questionable.
    #[must_use]
    pub const fn kind(&self) -> DefectKind {
        self.kind
    }

    /// Where, in bytes from the start of the message as received.
    #[must_use]
    pub const fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The rule that is bent, such as `RFC 3261 §7.5`.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self.kind {
            DefectKind::Address(defect) => defect.rule(),
            kind => kind.rule().section,
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// The same as an error, for the strict policy.
    pub(crate) fn into_error(self) -> ParseError {
        use crate::error::ErrorKind;
        let (kind, expected) = match self.kind {
            DefectKind::Invalid(_, error) | DefectKind::InvalidRequestUri(error) => return error,
            DefectKind::Missing(_) => (ErrorKind::Missing, "the field"),
            DefectKind::Repeated(_) => (ErrorKind::Repeated, "one field"),
            other => (ErrorKind::Questionable, other.expected()),
        };
        ParseError::new(kind, self.start as usize, expected, self.kind.rule())
    }
}

impl DefectKind {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::LeadingEmptyLine | Self::TrailingBytes | Self::OldBranch => Severity::Note,
            Self::BareLineFeed
            | Self::StartLineSpace
            | Self::RequestUriHeaders
            | Self::NoEmptyLine
            | Self::HeaderName
            | Self::EmptyElement(_)
            | Self::EmptyParameter(_)
            | Self::FromTag
            | Self::Branch
            | Self::Address(_)
            | Self::SequenceNumber
            | Self::ContentType => Severity::Warning,
            Self::RequestUri
            | Self::InvalidRequestUri(_)
            | Self::Version
            | Self::CutShort
            | Self::NotAHeader
            | Self::ContentLength
            | Self::ContentLengths
            | Self::BodyTooShort
            | Self::CSeqMethod => Severity::Error,
            // RFC 2543 had the one as an option, and many a request does without the other.
            Self::Missing(HeaderName::MaxForwards | HeaderName::Contact) => Severity::Warning,
            Self::Missing(name) | Self::Repeated(name) | Self::Invalid(name, _) => match name {
                HeaderName::Via
                | HeaderName::From
                | HeaderName::To
                | HeaderName::CallId
                | HeaderName::CSeq
                | HeaderName::MaxForwards
                | HeaderName::ContentLength
                | HeaderName::Contact
                | HeaderName::Route
                | HeaderName::RecordRoute
                | HeaderName::Require
                | HeaderName::ProxyRequire
                | HeaderName::ContentType => Severity::Error,
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
            Self::LeadingEmptyLine => rule!("start line", "RFC 3261 §7.5"),
            Self::BareLineFeed => rule!("line end", "RFC 3261 §7"),
            Self::StartLineSpace => rule!("start line", "RFC 3261 §7.1"),
            Self::RequestUri => rule!("Request-URI", "RFC 3261 §7.1"),
            Self::RequestUriHeaders => rule!("Request-URI", "RFC 3261 §19.1.1"),
            Self::InvalidRequestUri(_) => rule!("Request-URI", "RFC 3261 §25.1"),
            Self::Version => rule!("SIP-Version", "RFC 3261 §7.1"),
            Self::NoEmptyLine | Self::CutShort => rule!("header section", "RFC 3261 §7"),
            Self::NotAHeader | Self::HeaderName => rule!("header field", "RFC 3261 §7.3.1"),
            Self::ContentLength | Self::ContentLengths => {
                rule!("Content-Length", "RFC 3261 §20.14")
            }
            Self::BodyTooShort | Self::TrailingBytes => rule!("body", "RFC 3261 §18.3"),
            Self::CSeqMethod | Self::SequenceNumber => rule!("CSeq", "RFC 3261 §8.1.1.5"),
            Self::Address(_) => rule!("address", "RFC 3261 §25.1"),
            Self::Branch | Self::OldBranch => rule!("Via branch", "RFC 3261 §8.1.1.7"),
            Self::FromTag => rule!("From tag", "RFC 3261 §8.1.1.3"),
            Self::ContentType => rule!("Content-Type", "RFC 3261 §20.15"),
            Self::Missing(name)
            | Self::Repeated(name)
            | Self::Invalid(name, _)
            | Self::EmptyElement(name)
            | Self::EmptyParameter(name) => name.rule(),
        }
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::LeadingEmptyLine => "no empty line before it",
            Self::BareLineFeed => "CRLF",
            Self::StartLineSpace => "single spaces",
            Self::RequestUri => "a URI without white space or brackets",
            Self::RequestUriHeaders => "no header fields in it",
            Self::InvalidRequestUri(_) => "a URI",
            Self::Version => "SIP/2.0",
            Self::NoEmptyLine => "an empty line at its end",
            Self::CutShort => "more",
            Self::NotAHeader => "a name and a colon",
            Self::HeaderName => "a name that is a token",
            Self::ContentLength => "a number",
            Self::ContentLengths => "one value",
            Self::BodyTooShort => "as many bytes as Content-Length says",
            Self::TrailingBytes => "nothing behind it",
            Self::Missing(_) => "the field",
            Self::Repeated(_) => "one field",
            Self::Invalid(..) => "another value",
            Self::CSeqMethod => "the method of the request",
            Self::SequenceNumber => "a number below 2^31",
            Self::EmptyElement(_) => "a value between commas",
            Self::EmptyParameter(_) => "a parameter behind the semicolon",
            Self::Address(_) => "another one",
            Self::OldBranch => "a branch that begins with z9hG4bK",
            Self::Branch => "an identifier behind z9hG4bK",
            Self::FromTag => "a tag",
            Self::ContentType => "the type of the body",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DefectKind::Address(defect) => {
                write!(f, "in the address at byte {}: {defect}", self.start)
            }
            _ => self.into_error().fmt(f),
        }
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
