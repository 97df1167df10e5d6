//! One medium of an offer or answer, whoever wrote it (§5.1, §6.1).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use rfc4566_sdp::{
    Bandwidth, BandwidthType, Builder, Crypto, Direction, Fmtp, Formats, LineType, MaxPtime,
    MediaDescription, MediaField, Ptime, Rtcp, RtcpAddress, RtcpMux, Rtpmap, Text,
};

use crate::address::{Address, Destination};
use crate::capability::BandwidthLimit;
use crate::format::MediaFormat;
use crate::key::Key;
use crate::profile::Profile;
use crate::violation::ViolationKind;

/// Payload types there are; further formats of a medium are not looked at.
const MAX_FORMATS: usize = 128;

/// A medium of a description: what its `m=` line and the lines below say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaSection {
    /// The media type.
    pub media: String,
    /// The port; 0 for a medium refused or not in use.
    pub port: u16,
    /// The transport protocol.
    pub profile: Profile,
    /// Every format of the `m=` line as written, in order of preference.
    pub formats: Vec<String>,
    /// The formats that are payload types with a known meaning, in order of preference.
    pub codecs: Vec<MediaFormat>,
    /// Where its writer wants to receive; `None` if no address of the Internet is given.
    pub address: Option<Address>,
    /// The direction, seen by its writer.
    pub direction: Direction,
    /// How much media its writer wants to receive in a packet.
    pub ptime: Option<Duration>,
    /// How much media may be in a packet at most.
    pub maxptime: Option<Duration>,
    /// How much its writer wants to receive.
    pub bandwidth: Vec<BandwidthLimit>,
    /// The keys of its writer.
    pub keys: Vec<Key>,
    /// Port and address of `a=rtcp`.
    pub rtcp: Option<(u16, Option<Address>)>,
    /// Whether RTP and RTCP may share the port.
    pub rtcp_mux: bool,
    /// Further attributes, only of media that we describe.
    pub attributes: Vec<String>,
}

/// What is wrong in a section but can be lived with.
pub(crate) type Notes = Vec<ViolationKind>;

impl MediaSection {
    /// Reads a medium of the peer's description.
    pub(crate) fn read(
        medium: &MediaDescription<'_>,
        notes: &mut Notes,
    ) -> Result<Self, ViolationKind> {
        let field = medium.field().map_err(ViolationKind::Unreadable)?;
        let profile = Profile::from_name(&field.proto.to_string());
        let connection = medium.connection().map_err(ViolationKind::Unreadable)?;
        let mut section = Self {
            media: field.media.to_string(),
            port: field.port,
            formats: format_names(field.formats),
            codecs: Vec::new(),
            address: connection.as_ref().and_then(Address::from_connection),
            direction: medium.direction(),
            ptime: None,
            maxptime: None,
            bandwidth: medium
                .bandwidths()
                .flatten()
                .map(|b| BandwidthLimit::from(&b))
                .collect(),
            keys: Vec::new(),
            rtcp: None,
            rtcp_mux: false,
            attributes: Vec::new(),
            profile,
        };
        if section.port != 0 && section.address.is_none() {
            return Err(ViolationKind::NoConnection);
        }
        let mut rtpmaps: [Option<Rtpmap<'_>>; MAX_FORMATS] = [None; MAX_FORMATS];
        let mut fmtps: [Option<Fmtp<'_>>; MAX_FORMATS] = [None; MAX_FORMATS];
        for attribute in medium.section().attributes() {
            match attribute.name().as_bytes() {
                b"rtpmap" => {
                    if let Ok(rtpmap) = attribute.parse::<Rtpmap<'_>>() {
                        if let Some(slot) = rtpmaps.get_mut(usize::from(rtpmap.payload_type)) {
                            slot.get_or_insert(rtpmap);
                        }
                    }
                }
                b"fmtp" => {
                    if let Ok(fmtp) = attribute.parse::<Fmtp<'_>>() {
                        let number = number(fmtp.format).map(usize::from);
                        if let Some(slot) = number.and_then(|number| fmtps.get_mut(number)) {
                            slot.get_or_insert(fmtp);
                        }
                    }
                }
                b"ptime" => match attribute.parse::<Ptime>() {
                    Ok(ptime) => section.ptime = section.ptime.or(Some(ptime.duration)),
                    Err(_) => notes.push(ViolationKind::Ptime),
                },
                b"maxptime" => match attribute.parse::<MaxPtime>() {
                    Ok(ptime) => section.maxptime = section.maxptime.or(Some(ptime.duration)),
                    Err(_) => notes.push(ViolationKind::Ptime),
                },
                b"crypto" => {
                    let value = attribute.value().and_then(Text::as_str);
                    section.keys.extend(value.and_then(Key::new));
                }
                b"rtcp" => {
                    if let (None, Ok(rtcp)) = (&section.rtcp, attribute.parse::<Rtcp<'_>>()) {
                        let address = rtcp.address.and_then(|address| {
                            Address::from_fields(address.addrtype, address.connection_address)
                        });
                        section.rtcp = Some((rtcp.port, address));
                    }
                }
                b"rtcp-mux" => section.rtcp_mux = true,
                _ => {}
            }
        }
        if section.profile.is_rtp() {
            section.codecs = field
                .formats
                .iter()
                .take(MAX_FORMATS)
                .filter_map(number)
                .filter_map(|number| {
                    let rtpmap = rtpmaps.get(usize::from(number))?.as_ref();
                    let fmtp = fmtps.get_mut(usize::from(number))?;
                    let mut format = MediaFormat::resolve(number, rtpmap)?;
                    if let Some(fmtp) = fmtp {
                        format.fmtp = fmtp.parameters.to_string();
                    }
                    Some(format)
                })
                .collect();
            let mut seen = [false; MAX_FORMATS];
            section.codecs.retain(|codec| {
                seen.get_mut(usize::from(codec.payload_type))
                    .is_some_and(|seen| !core::mem::replace(seen, true))
            });
        }
        Ok(section)
    }

    /// Writes the medium; `default` is the session's own address.
    pub(crate) fn write(&self, builder: &mut Builder, default: &Address) {
        let formats = self.formats.join(" ");
        builder.media(&MediaField {
            media: self.media.as_str().into(),
            port: self.port,
            port_count: None,
            proto: self.profile.name().into(),
            formats: Formats::new(formats.as_str().into()),
        });
        for codec in &self.codecs {
            let parameters = codec.rtpmap_parameters();
            builder.attribute(&Rtpmap {
                payload_type: codec.payload_type,
                encoding_name: codec.encoding_name.as_str().into(),
                clock_rate: codec.clock_rate,
                encoding_parameters: parameters.as_deref().map(Into::into),
            });
            if !codec.fmtp.is_empty() {
                builder.attribute(&Fmtp {
                    format: codec.payload_type.to_string().as_str().into(),
                    parameters: codec.fmtp.as_str().into(),
                });
            }
        }
        if self.port == 0 {
            return;
        }
        if let Some(address) = self.address.as_ref().filter(|&address| address != default) {
            builder.connection(&address.to_connection());
        }
        for limit in &self.bandwidth {
            builder.bandwidth(&Bandwidth {
                bwtype: BandwidthType::from_name(limit.modifier.as_str().into()),
                bandwidth: limit.figure,
            });
        }
        if let Some(duration) = self.ptime {
            builder.attribute(&Ptime { duration });
        }
        if let Some(duration) = self.maxptime {
            builder.attribute(&MaxPtime { duration });
        }
        if let Some((port, address)) = &self.rtcp {
            let address = address.as_ref().map(|address| RtcpAddress {
                nettype: "IN".into(),
                addrtype: address.addrtype().into(),
                connection_address: address.host.as_str().into(),
            });
            builder.attribute(&Rtcp {
                port: *port,
                address,
            });
        }
        if self.rtcp_mux {
            builder.attribute(&RtcpMux);
        }
        for key in &self.keys {
            builder.attribute(&Crypto(key.as_str().into()));
        }
        for attribute in &self.attributes {
            builder.line(LineType::ATTRIBUTE, attribute.as_bytes());
        }
        // Written even where it is the default: what is not said might be taken over from elsewhere.
        builder.direction(self.direction);
    }

    /// What refuses this medium, or keeps its place in a later description (§6, §8.2).
    pub(crate) fn disabled(&self) -> Self {
        let formats: Vec<String> = self.formats.iter().take(1).cloned().collect();
        let codecs = self
            .codecs
            .iter()
            .filter(|codec| {
                formats.first().and_then(|f| number(Text::from(f.as_str())))
                    == Some(codec.payload_type)
            })
            .map(|codec| MediaFormat {
                fmtp: String::new(),
                ..codec.clone()
            })
            .collect();
        Self {
            media: self.media.clone(),
            port: 0,
            profile: self.profile.clone(),
            formats,
            codecs,
            address: None,
            direction: Direction::SendRecv,
            ptime: None,
            maxptime: None,
            bandwidth: Vec::new(),
            keys: Vec::new(),
            rtcp: None,
            rtcp_mux: false,
            attributes: Vec::new(),
        }
    }

    /// Whether it is in use.
    pub const fn is_live(&self) -> bool {
        self.port != 0
    }

    /// Whether it is for a multicast group.
    pub fn is_multicast(&self) -> bool {
        self.address.as_ref().is_some_and(Address::is_multicast)
    }

    /// Where its writer receives RTP; `None` for the address that asks for silence.
    pub(crate) fn destination(&self) -> Option<Destination> {
        let address = self
            .address
            .clone()
            .filter(|address| !address.is_unspecified())?;
        self.is_live().then_some(Destination {
            address,
            port: self.port,
        })
    }

    /// Where its writer receives RTCP if the port is not shared: `a=rtcp`, or else the port above (§5.1, RFC 3605).
    pub(crate) fn rtcp_destination(&self) -> Option<Destination> {
        let rtp = self.destination()?;
        let (port, address) = match &self.rtcp {
            Some((port, address)) => (*port, address.clone()),
            None => (rtp.port.checked_add(1)?, None),
        };
        let address = address.unwrap_or(rtp.address);
        (port != 0 && !address.is_unspecified()).then_some(Destination { address, port })
    }

    /// Whether its writer wants nothing at all: a bandwidth of zero (§5.1).
    pub(crate) fn wants_silence(&self) -> bool {
        let caps = ["AS", "TIAS", "CT"];
        self.bandwidth
            .iter()
            .any(|limit| limit.figure == 0 && caps.contains(&limit.modifier.as_str()))
    }
}

impl From<&Bandwidth<'_>> for BandwidthLimit {
    fn from(bandwidth: &Bandwidth<'_>) -> Self {
        Self {
            modifier: bandwidth.bwtype.name().to_string(),
            figure: bandwidth.bandwidth,
        }
    }
}

/// The formats of an `m=` line as text.
fn format_names(formats: Formats<'_>) -> Vec<String> {
    formats
        .iter()
        .take(MAX_FORMATS)
        .map(|format| format.to_string())
        .collect()
}

/// A format as a payload type.
fn number(format: Text<'_>) -> Option<u8> {
    Formats::new(format).payload_types().next()
}
