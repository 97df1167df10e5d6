//! What the application did wrong, and what cannot be done.

use core::fmt;

use rfc4566_sdp::WriteError;

use crate::capability::StreamId;

/// Why a command was refused. The session is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageError {
    /// An offer is open; it is answered, rejected or rolled back before the next one (§4).
    OfferPending,
    /// There is no offer that could be answered or taken back (§4).
    NoOffer,
    /// None of the streams offered is acceptable, so the offer as a whole is to be rejected (§6.1). It stays open:
    /// tell the peer and call [`rollback`](crate::Session::rollback), or try with other streams.
    NothingInCommon,
    /// Two streams have this identifier.
    StreamTwice(StreamId),
    /// The stream has no codec or format, no profile, or more codecs than payload type numbers are left.
    NoFormat(StreamId),
    /// The stream's profile wants keys and there are none, or one that is no `a=crypto` value (RFC 4568 §9.1).
    Key(StreamId),
    /// A `ptime` or `maxptime` of zero (§5.1).
    ZeroPtime(StreamId),
    /// The session would have more media than [`Config::max_media`](crate::Config::max_media).
    TooManyMedia,
    /// The session id exceeds 2^63-1, or the first version is not below 2^62-1 (§5).
    OriginNumber,
    /// A value cannot stand in a description.
    Write(WriteError),
}

impl From<WriteError> for UsageError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfferPending => f.write_str("an offer is open already (RFC 3264 §4)"),
            Self::NoOffer => f.write_str("no offer is open (RFC 3264 §4)"),
            Self::NothingInCommon => f.write_str(
                "nothing in common with the offer, which is to be rejected (RFC 3264 §6.1)",
            ),
            Self::StreamTwice(StreamId(id)) => write!(f, "two streams with the identifier {id}"),
            Self::NoFormat(StreamId(id)) => {
                write!(
                    f,
                    "stream {id} has no format, profile or payload type number (RFC 3264 §5.1)"
                )
            }
            Self::Key(StreamId(id)) => write!(f, "stream {id} lacks a valid key (RFC 4568 §9.1)"),
            Self::ZeroPtime(StreamId(id)) => {
                write!(
                    f,
                    "stream {id} has a packetisation interval of zero (RFC 3264 §5.1)"
                )
            }
            Self::TooManyMedia => f.write_str("more media than the configuration allows"),
            Self::OriginNumber => {
                f.write_str("session id or first version beyond its limit (RFC 3264 §5)")
            }
            Self::Write(error) => write!(f, "not a value for a description: {error}"),
        }
    }
}

impl core::error::Error for UsageError {}
