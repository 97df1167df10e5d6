//! What we can and want: the streams that offers and answers are made of (§5.1).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use rfc4566_sdp::Direction;

use crate::address::Address;
use crate::direction::held;
use crate::error::UsageError;
use crate::format::{Codec, events_for};
use crate::key::Key;
use crate::profile::Profile;

/// The application's name for a stream. It keeps its `m=` line for as long as it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// A media stream that we can and want to have.
///
/// A change of any field takes effect with the next offer or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stream {
    /// Its name, one for each stream of a session.
    pub id: StreamId,
    /// `audio`, `video`, `image` or another media type.
    pub media: String,
    /// The profiles that are acceptable; the first is offered. `RTP/AVP` unless changed.
    pub profiles: Vec<Profile>,
    /// Where we want to receive. The port is not 0.
    pub address: Address,
    /// The port for RTP, or for what else the profile carries.
    pub port: u16,
    /// The port for RTCP (`a=rtcp`, RFC 3605), if it is not the one above.
    pub rtcp_port: Option<u16>,
    /// Whether RTP and RTCP may share the port (RFC 5761).
    pub rtcp_mux: bool,
    /// The codecs in order of preference, for the profiles of RTP.
    pub codecs: Vec<Codec>,
    /// The formats in order of preference, for other transports.
    pub formats: Vec<String>,
    /// What we want to do. [`on_hold`](Self::on_hold) comes off it.
    pub direction: Direction,
    /// Whether the peer is asked not to send (§8.4).
    pub on_hold: bool,
    /// Whether a multicast offer is accepted: we then use its address and port (§6.2).
    pub accepts_multicast: bool,
    /// How much media we want to receive in a packet.
    pub ptime: Option<Duration>,
    /// How much we can take in a packet at most.
    pub maxptime: Option<Duration>,
    /// How much we want to receive.
    pub bandwidth: Vec<BandwidthLimit>,
    /// Our keys in order of preference, for the profiles that [want them](Profile::wants_keys). All are offered; an
    /// answer takes the one of the first suite offered that is among them, and the tag of the offer.
    pub keys: Vec<Key>,
    /// Further attributes, `name` or `name:value`, written as they are and not negotiated.
    pub attributes: Vec<String>,
}

/// A `b=` line: a modifier and its figure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BandwidthLimit {
    /// `AS` (kbit/s), `TIAS` (bit/s), `RS`, `RR` (bit/s), or another one.
    pub modifier: String,
    /// The figure in the unit of the modifier.
    pub figure: u64,
}

impl Stream {
    /// A stream of a media type with no codecs yet, both ways, over `RTP/AVP`.
    pub fn new(id: StreamId, media: &str, address: Address, port: u16) -> Self {
        Self {
            id,
            media: media.to_string(),
            profiles: alloc::vec![Profile::Avp],
            address,
            port,
            rtcp_port: None,
            rtcp_mux: false,
            codecs: Vec::new(),
            formats: Vec::new(),
            direction: Direction::SendRecv,
            on_hold: false,
            accepts_multicast: false,
            ptime: None,
            maxptime: None,
            bandwidth: Vec::new(),
            keys: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// With one more codec, less preferred than those before.
    #[must_use]
    pub fn with_codec(mut self, codec: Codec) -> Self {
        self.codecs.push(codec);
        self
    }

    /// With telephone events such as `0-15`, once for each clock rate of the codecs so far (RFC 4733 §2.1).
    #[must_use]
    pub fn with_telephone_events(mut self, events: &str) -> Self {
        self.codecs.extend(events_for(&self.codecs, events));
        self
    }

    /// The direction with hold taken into account.
    pub const fn effective_direction(&self) -> Direction {
        if self.on_hold {
            held(self.direction)
        } else {
            self.direction
        }
    }
}

/// Refuses what no description may say.
pub(crate) fn check(streams: &[Stream]) -> Result<(), UsageError> {
    for (place, stream) in streams.iter().enumerate() {
        if streams
            .iter()
            .skip(place + 1)
            .any(|other| other.id == stream.id)
        {
            return Err(UsageError::StreamTwice(stream.id));
        }
        if [stream.ptime, stream.maxptime].contains(&Some(Duration::ZERO)) {
            return Err(UsageError::ZeroPtime(stream.id));
        }
        if stream.profiles.is_empty() || stream.port == 0 {
            return Err(UsageError::NoFormat(stream.id));
        }
    }
    Ok(())
}
