//! The values of the `transport` and `user` parameters (RFC 3261 §19.1.1, RFC 7118).

/// A transport, as a URI or a Via names it. Values are not case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport<'a> {
    /// `udp`
    Udp,
    /// `tcp`
    Tcp,
    /// `sctp`
    Sctp,
    /// `tls` (deprecated in favour of `sips:`)
    Tls,
    /// `ws` (RFC 7118)
    Ws,
    /// Anything else, as received.
    Other(&'a str),
}

impl<'a> Transport<'a> {
    /// Reads the value of a `transport` parameter.
    pub fn new(value: &'a str) -> Self {
        const KNOWN: [(&str, Transport<'static>); 5] = [
            ("udp", Transport::Udp),
            ("tcp", Transport::Tcp),
            ("sctp", Transport::Sctp),
            ("tls", Transport::Tls),
            ("ws", Transport::Ws),
        ];
        KNOWN
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value))
            .map_or(Self::Other(value), |(_, known)| *known)
    }

    /// The value in lower case; unknown ones as received.
    pub fn as_str(&self) -> &'a str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Sctp => "sctp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Other(value) => value,
        }
    }

    /// Whether messages arrive in order and are not lost; unknown for other transports.
    pub fn is_reliable(&self) -> Option<bool> {
        match self {
            Self::Udp => Some(false),
            Self::Tcp | Self::Sctp | Self::Tls | Self::Ws => Some(true),
            Self::Other(_) => None,
        }
    }
}

/// What the `user` parameter says of the user part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKind<'a> {
    /// `phone`: a telephone number.
    Phone,
    /// `ip`: a user name, the default.
    Ip,
    /// Anything else, as received.
    Other(&'a str),
}

impl<'a> UserKind<'a> {
    /// Reads the value of a `user` parameter.
    pub fn new(value: &'a str) -> Self {
        if value.eq_ignore_ascii_case("phone") {
            Self::Phone
        } else if value.eq_ignore_ascii_case("ip") {
            Self::Ip
        } else {
            Self::Other(value)
        }
    }
}
