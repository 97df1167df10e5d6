//! What the peer did wrong, with the section that says so.

use core::fmt;

use rfc4566_sdp::ParseError;

/// A rule that a description from the peer breaks, and in which medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    kind: ViolationKind,
    medium: Option<usize>,
}

/// The rules that a peer can break.
///
/// The [grave](Self::is_grave) ones refuse the description. The others are tolerated, as real devices do all of
/// them, unless [`Config::is_strict`](crate::Config::is_strict) is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViolationKind {
    /// Not a session description, or a line in it that cannot be read.
    Unreadable(ParseError),
    /// A NUL or carriage return within an `m=` line, which an answer would have to repeat.
    ControlCharacter,
    /// More than one session description.
    SeveralDescriptions,
    /// The peer offers while our offer is open: both back off, and one offers again.
    Glare,
    /// The peer offers again before we answered.
    OfferPending,
    /// An answer to nothing.
    UnexpectedAnswer,
    /// More `m=` lines than we are configured to bear.
    TooManyMedia {
        /// How many there are.
        received: usize,
    },
    /// A later offer with fewer `m=` lines than the session has.
    MediaRemoved {
        /// How many the session has.
        expected: usize,
        /// How many there are.
        received: usize,
    },
    /// An answer with fewer or more `m=` lines than the offer.
    MediaCount {
        /// How many we offered.
        expected: usize,
        /// How many there are.
        received: usize,
    },
    /// An answer with another media type than the offer at this place, as when lines were reordered.
    MediaType,
    /// An answer with another transport or profile than the offer.
    Profile,
    /// A live medium without an address of IPv4 or IPv6.
    NoConnection,
    /// An answer that accepts a medium with none of the formats offered.
    NoCommonFormat,
    /// An answer with a multicast address to a unicast offer.
    MulticastAnswer,
    /// An answer to a multicast offer with another address or port.
    MulticastAddress,
    /// An answer to a multicast offer that has another direction, ptime or bandwidth, or adds or renumbers a format.
    MulticastParameters,
    /// An answer that accepts a secured medium without exactly one key, or with one whose tag and suite were not offered.
    Key,
    /// An answer with a port for a medium that was offered with none. It is taken for refused.
    DisabledMedium,
    /// An answer whose direction does not fit the one offered. What both allow is used.
    Direction,
    /// An answer with `a=rtcp-mux` that was not offered. It is ignored.
    RtcpMux,
    /// An answer whose `t=` is not that of the offer. It is ignored.
    Times,
    /// A payload type number that stands for another codec than before in this stream. The new one counts.
    PayloadTypeReused {
        /// The number.
        payload_type: u8,
    },
    /// A `ptime` or `maxptime` that is zero or no number. It is ignored.
    Ptime,
    /// An `o=` that cannot be read, or in a later description another one, its version aside.
    Origin,
    /// Another description under the version of the last one. It is used.
    VersionUnchanged,
    /// A version that is neither the last one nor the next.
    VersionStep,
    /// A session id or version beyond 2^63-1.
    OriginNumber,
}

impl Violation {
    pub(crate) const fn new(kind: ViolationKind, medium: Option<usize>) -> Self {
        Self { kind, medium }
    }

    /// The rule broken.
    pub const fn kind(&self) -> ViolationKind {
        self.kind
    }

    /// The medium it is about, counted from 0; `None` for the description as a whole.
    pub const fn medium(&self) -> Option<usize> {
        self.medium
    }

    /// Where the rule is written, such as `RFC 3264 §6.1`.
    pub const fn rule(&self) -> &'static str {
        self.kind.rule()
    }
}

impl ViolationKind {
    /// Where the rule is written.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.rule(),
            Self::SeveralDescriptions | Self::OriginNumber => "RFC 3264 §5",
            Self::Glare | Self::OfferPending | Self::UnexpectedAnswer => "RFC 3264 §4",
            Self::MediaRemoved { .. }
            | Self::Origin
            | Self::VersionUnchanged
            | Self::VersionStep => "RFC 3264 §8",
            Self::TooManyMedia { .. } | Self::MediaCount { .. } | Self::Times => "RFC 3264 §6",
            Self::MediaType
            | Self::NoCommonFormat
            | Self::MulticastAnswer
            | Self::Direction
            | Self::NoConnection => "RFC 3264 §6.1",
            Self::MulticastAddress | Self::MulticastParameters => "RFC 3264 §6.2",
            Self::DisabledMedium => "RFC 3264 §8.2",
            Self::PayloadTypeReused { .. } => "RFC 3264 §8.3.2",
            Self::Ptime => "RFC 3264 §5.1",
            Self::Profile => "RFC 4566 §5.14",
            Self::ControlCharacter => "RFC 4566 §9",
            Self::Key => "RFC 4568 §5.1.3",
            Self::RtcpMux => "RFC 5761 §5.1.1",
        }
    }

    /// Whether no sense can be made of such a description.
    pub const fn is_grave(&self) -> bool {
        !matches!(
            self,
            Self::DisabledMedium
                | Self::MulticastParameters
                | Self::Direction
                | Self::RtcpMux
                | Self::Times
                | Self::PayloadTypeReused { .. }
                | Self::Ptime
                | Self::Origin
                | Self::VersionUnchanged
                | Self::VersionStep
                | Self::OriginNumber
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(medium) = self.medium {
            write!(f, "medium {medium}: ")?;
        }
        match self.kind {
            // Names its own rule.
            ViolationKind::Unreadable(error) => write!(f, "{error}"),
            kind => write!(f, "{kind} ({})", kind.rule()),
        }
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(error) => return write!(f, "{error}"),
            Self::TooManyMedia { received } => return write!(f, "{received} media are too many"),
            Self::MediaRemoved { expected, received } => {
                return write!(f, "{received} media where the session has {expected}");
            }
            Self::MediaCount { expected, received } => {
                return write!(f, "{received} media in answer to {expected}");
            }
            Self::PayloadTypeReused { payload_type } => {
                return write!(f, "payload type {payload_type} given to another codec");
            }
            Self::ControlCharacter => "control character in a line to be repeated",
            Self::SeveralDescriptions => "more than one session description",
            Self::Glare => "offer while ours is open",
            Self::OfferPending => "offer before the last one was answered",
            Self::UnexpectedAnswer => "answer without an offer",
            Self::MediaType => "media type differs from the offer",
            Self::Profile => "transport protocol differs from the offer",
            Self::NoConnection => "no usable connection address",
            Self::NoCommonFormat => "accepted without any format offered",
            Self::MulticastAnswer => "multicast answer to a unicast offer",
            Self::MulticastAddress => "address or port differs from the multicast offer",
            Self::MulticastParameters => "parameters differ from the multicast offer",
            Self::Key => "no key, or not one that was offered",
            Self::DisabledMedium => "port given to a medium offered without one",
            Self::Direction => "direction does not fit the offer",
            Self::RtcpMux => "rtcp-mux without its being offered",
            Self::Times => "times differ from the offer",
            Self::Ptime => "packetisation interval is no number above zero",
            Self::Origin => "origin is unreadable or differs from the last one",
            Self::VersionUnchanged => "description changed but not its version",
            Self::VersionStep => "version is not the next one",
            Self::OriginNumber => "session id or version beyond 64 bits signed",
        })
    }
}

impl core::error::Error for Violation {}
