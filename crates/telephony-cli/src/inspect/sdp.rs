//! Session descriptions (RFC 4566), reduced to what announces and explains media.

use rfc4566_sdp::{
    Attribute as _, Control, Crypto, MediaDescription, Parser, Rtcp, RtcpMux, Rtpmap,
};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

/// The encodings of a medium by payload type.
pub(crate) type Codecs = Rc<BTreeMap<u8, Codec>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sdp {
    pub(crate) media: Vec<Medium>,
}

/// One `m=` line and what applies to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Medium {
    pub(crate) kind: String,
    /// Where RTP is received; `None` for a refused medium, or one without an address.
    pub(crate) rtp: Option<SocketAddr>,
    /// Where RTCP is received (RFC 3605), which may be where RTP is (RFC 5761).
    pub(crate) rtcp: Option<SocketAddr>,
    pub(crate) proto: String,
    pub(crate) direction: &'static str,
    /// Payload types in order of preference.
    pub(crate) preference: Vec<u8>,
    pub(crate) codecs: Codecs,
    /// The values of `a=crypto` (RFC 4568): the keys of what the describer sends.
    pub(crate) crypto: Vec<String>,
    /// `a=control` (RFC 2326 §C.1.1).
    pub(crate) control: Option<String>,
}

/// An encoding: a static one of RFC 3551, or one that `a=rtpmap` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Codec {
    pub(crate) name: String,
    pub(crate) clock_rate: u32,
    pub(crate) channels: Option<u8>,
}

impl Sdp {
    /// Reads a description. `sender` stands in where it names no address.
    pub(crate) fn parse(body: &[u8], sender: IpAddr) -> Option<Self> {
        let mut parser = Parser::new();
        let description = parser.parse(body).ok()?;
        let media = description
            .media()
            .take(64)
            .filter_map(|medium| Medium::new(&medium, sender));
        Some(Self {
            media: media.collect(),
        })
    }

    /// The first encoding of every accepted medium, as answered.
    pub(crate) fn codecs(&self) -> Vec<String> {
        let accepted = self.media.iter().filter(|medium| medium.rtp.is_some());
        accepted
            .filter_map(|medium| {
                let mut codecs = medium
                    .preference
                    .iter()
                    .filter_map(|pt| medium.codecs.get(pt));
                codecs
                    .find(|codec| !codec.is_auxiliary())
                    .map(Codec::to_string)
            })
            .collect()
    }

    /// A word about the media for the ladder: `audio PCMU, video sendonly`.
    pub(crate) fn summary(&self) -> String {
        let parts = self.media.iter().map(|medium| {
            let codec = medium
                .preference
                .iter()
                .filter_map(|pt| medium.codecs.get(pt));
            let codec = codec.map(|codec| codec.name.as_str()).next();
            let mut part = medium.kind.clone();
            match (medium.rtp, codec) {
                (None, _) => part.push_str(" off"),
                (_, Some(codec)) => part = format!("{part} {codec}"),
                _ => {}
            }
            if medium.direction != "sendrecv" {
                part = format!("{part} {}", medium.direction);
            }
            part
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

impl Medium {
    fn new(medium: &MediaDescription<'_>, sender: IpAddr) -> Option<Self> {
        let field = medium.field().ok()?;
        let connection = medium.connection().ok().flatten();
        let address = match &connection {
            // "0.0.0.0" is an old way to hold a call: nothing is received.
            Some(connection) if connection.is_unspecified() => None,
            Some(connection) => connection.ip_address(),
            None => Some(sender),
        };
        let address = address.filter(|_| field.port != 0);
        let rtp = address.map(|address| SocketAddr::new(address, field.port));
        let rtcp = rtp.and_then(|rtp| rtcp_address(medium, rtp));
        let preference: Vec<u8> = field.formats.payload_types().take(128).collect();
        let mut codecs: BTreeMap<u8, Codec> = BTreeMap::new();
        for rtpmap in medium.attributes_of::<Rtpmap<'_>>().flatten().take(256) {
            codecs.entry(rtpmap.payload_type).or_insert_with(|| Codec {
                name: rtpmap.encoding_name.to_string(),
                clock_rate: rtpmap.clock_rate,
                channels: rtpmap.channels(),
            });
        }
        for payload_type in &preference {
            if !codecs.contains_key(payload_type)
                && let Some(codec) = Codec::of_profile(*payload_type)
            {
                codecs.insert(*payload_type, codec);
            }
        }
        let control = medium
            .attributes_named(Control::NAME)
            .next()
            .and_then(|field| field.value());
        let crypto = medium.attributes_of::<Crypto<'_>>().flatten().take(16);
        let crypto = crypto.map(|crypto| crypto.0.to_string());
        Some(Self {
            kind: field.media.to_string(),
            rtp,
            rtcp,
            proto: field.proto.to_string(),
            direction: medium.direction().name(),
            preference,
            codecs: Rc::new(codecs),
            crypto: crypto.collect(),
            control: control.map(|control| control.to_string()),
        })
    }

    /// Whether the medium is SRTP (RFC 4568 §3.1, RFC 5764).
    pub(crate) fn is_secure(&self) -> bool {
        self.proto
            .split('/')
            .any(|part| matches!(part, "SAVP" | "SAVPF"))
    }
}

impl Codec {
    /// The static assignments of RFC 3551 §6.
    pub(crate) fn of_profile(payload_type: u8) -> Option<Self> {
        let assigned = rfc3551_avp::StaticPayloadType::by_number(payload_type)?;
        Some(Self {
            name: assigned.encoding.name.to_owned(),
            clock_rate: assigned.clock_rate,
            channels: Some(assigned.channels),
        })
    }

    pub(crate) fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    pub(crate) fn is_red(&self) -> bool {
        self.name.eq_ignore_ascii_case("red")
    }

    /// What goes along with a codec, and is none itself.
    fn is_auxiliary(&self) -> bool {
        self.is_telephone_event() || self.is_red() || self.name.eq_ignore_ascii_case("CN")
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.clock_rate)?;
        match self.channels {
            Some(channels @ 2..) => write!(f, "/{channels}"),
            _ => Ok(()),
        }
    }
}

fn rtcp_address(medium: &MediaDescription<'_>, rtp: SocketAddr) -> Option<SocketAddr> {
    if medium.has_attribute(RtcpMux::NAME) {
        return Some(rtp);
    }
    if let Ok(Some(rtcp)) = medium.attribute::<Rtcp<'_>>() {
        let address = rtcp.address.and_then(|address| address.ip_address());
        return Some(SocketAddr::new(address.unwrap_or(rtp.ip()), rtcp.port));
    }
    Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))
}
