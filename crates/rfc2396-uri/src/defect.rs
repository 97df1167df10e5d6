//! What is questionable in an address that was accepted all the same.

use core::fmt;
use core::ops::Range;

/// One questionable thing in an accepted address.
///
/// [`Display`](fmt::Display) is one line, like
/// `character that should be escaped at bytes 4..5 (RFC 3261 §19.1.2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Defect {
    kind: DefectKind,
    start: u32,
    end: u32,
}

impl Defect {
    pub(crate) fn new(kind: DefectKind, span: Range<usize>) -> Self {
        let long = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            kind,
            start: long(span.start),
            end: long(span.end),
        }
    }

    /// What is questionable.
    pub fn kind(&self) -> DefectKind {
        self.kind
    }

    /// Where: bytes of the text of the address.
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The RFC and section that it goes against.
    pub fn rule(&self) -> &'static str {
        self.kind.facts().2
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.kind.facts().1
    }

    /// The same defect seen from a text in which this one starts at byte `base`.
    pub(crate) fn shifted(self, base: usize) -> Self {
        let Range { start, end } = self.span();
        Self::new(
            self.kind,
            start.saturating_add(base)..end.saturating_add(base),
        )
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, _, rule) = self.kind.facts();
        write!(f, "{text} at bytes {}..{} ({rule})", self.start, self.end)
    }
}

/// How much a [`Defect`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// There is only one way to read it.
    Harmless,
    /// Another reader may understand something else.
    Ambiguous,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Harmless => "harmless",
            Self::Ambiguous => "ambiguous",
        })
    }
}

/// What a [`Defect`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DefectKind {
    /// Characters that may not stand unescaped in their component.
    Unescaped,
    /// `%` without two hexadecimal digits; taken for itself.
    BadEscape,
    /// `@` without a user before it.
    EmptyUser,
    /// `:` without a port after it.
    EmptyPort,
    /// A host that is neither an address nor a domain name.
    HostName,
    /// An IPv6 address with a zone.
    Zone,
    /// An address of a later version of IP.
    FutureAddress,
    /// Three colons before the IPv4 part of an IPv6 address.
    TripleColon,
    /// A semicolon without a parameter after it.
    EmptyParameter,
    /// A parameter without a name, with an empty value, or with a second `=`.
    MalformedParameter,
    /// A parameter that was there before; the first one counts.
    DuplicateParameter,
    /// A `sips:` URI with an unreliable transport.
    UnreliableTransport,
    /// `ttl` without a multicast address in `maddr`, or over something else than UDP.
    MisplacedTtl,
    /// A URI header without a name or without `=`.
    MalformedHeader,
    /// A local telephone number without its context.
    MissingContext,
    /// A `phone-context` that is neither a domain name nor a global number.
    MalformedContext,
    /// Parameters of a tel URI out of order.
    ParameterOrder,
    /// A tel URI with both an extension and an ISDN subaddress.
    ExtensionAndSubaddress,
    /// A display name that is neither tokens nor a quoted string.
    DisplayName,
    /// White space between the angle brackets and the URI.
    WhiteSpace,
    /// A URI with a comma outside of angle brackets.
    MissingBrackets,
}

impl DefectKind {
    fn facts(self) -> (&'static str, Severity, &'static str) {
        use Severity::{Ambiguous, Harmless};
        match self {
            Self::Unescaped => (
                "character that should be escaped",
                Ambiguous,
                "RFC 3261 §19.1.2",
            ),
            Self::BadEscape => ("incomplete escape", Ambiguous, "RFC 3261 §19.1.2"),
            Self::EmptyUser => ("empty user", Ambiguous, "RFC 3261 §19.1.1"),
            Self::EmptyPort => ("empty port", Harmless, "RFC 3261 §25.1"),
            Self::HostName => ("host that is no domain name", Harmless, "RFC 3261 §25.1"),
            Self::Zone => ("zone in an IPv6 address", Harmless, "RFC 5954 §4.1"),
            Self::FutureAddress => ("address of unknown version", Harmless, "RFC 3261 §25.1"),
            Self::TripleColon => (
                "three colons in an IPv6 address",
                Harmless,
                "RFC 5118 §4.10",
            ),
            Self::EmptyParameter => ("empty parameter", Harmless, "RFC 3261 §25.1"),
            Self::MalformedParameter => ("malformed parameter", Ambiguous, "RFC 3261 §25.1"),
            Self::DuplicateParameter => ("repeated parameter", Ambiguous, "RFC 3261 §19.1.1"),
            Self::UnreliableTransport => (
                "unreliable transport in sips:",
                Ambiguous,
                "RFC 3261 §19.1.1",
            ),
            Self::MisplacedTtl => (
                "ttl without multicast over UDP",
                Harmless,
                "RFC 3261 §19.1.1",
            ),
            Self::MalformedHeader => ("malformed URI header", Ambiguous, "RFC 3261 §25.1"),
            Self::MissingContext => (
                "local number without phone-context",
                Ambiguous,
                "RFC 3966 §5.1.5",
            ),
            Self::MalformedContext => ("malformed phone-context", Ambiguous, "RFC 3966 §3"),
            Self::ParameterOrder => ("parameter out of order", Harmless, "RFC 3966 §3"),
            Self::ExtensionAndSubaddress => (
                "extension beside an ISDN subaddress",
                Ambiguous,
                "RFC 3966 §5.3",
            ),
            Self::DisplayName => (
                "display name that is not quoted",
                Ambiguous,
                "RFC 3261 §25.1",
            ),
            Self::WhiteSpace => (
                "white space inside angle brackets",
                Harmless,
                "RFC 3261 §25.1",
            ),
            Self::MissingBrackets => (
                "comma in a URI without angle brackets",
                Ambiguous,
                "RFC 3261 §20",
            ),
        }
    }
}
