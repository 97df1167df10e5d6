//! Media formats: codecs as one side has them, and as numbered in a description (§5.1; RFC 3551 §6).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rfc3551_avp::{Assignment, PayloadType, StaticPayloadType};
use rfc4566_sdp::Rtpmap;

/// No encoding has a longer name.
const MAX_NAME: usize = 64;

/// A codec that we can use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Codec {
    /// The encoding name; compared without regard to case.
    pub encoding_name: String,
    /// Ticks of the RTP timestamp in a second.
    pub clock_rate: u32,
    /// Audio channels; 1 for other media.
    pub channels: u8,
    /// The parameters of our `a=fmtp`, empty for none.
    pub fmtp: String,
    /// The payload type number to offer it with if that is free. Without one, or where it is not, the static number
    /// or the first free dynamic one is taken. In answers the number of the offer comes first.
    pub payload_type: Option<u8>,
}

/// A codec with the payload type number it has in one description.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct MediaFormat {
    /// The number, 0 to 127.
    pub payload_type: u8,
    /// The encoding name.
    pub encoding_name: String,
    /// Ticks of the RTP timestamp in a second.
    pub clock_rate: u32,
    /// Audio channels; 1 for other media.
    pub channels: u8,
    /// The parameters in the description of whoever receives it, empty for none.
    pub fmtp: String,
}

impl Codec {
    /// A codec with one channel and no parameters.
    pub fn new(encoding_name: &str, clock_rate: u32) -> Self {
        Self {
            encoding_name: encoding_name.to_string(),
            clock_rate,
            channels: 1,
            fmtp: String::new(),
            payload_type: None,
        }
    }

    /// With so many audio channels.
    #[must_use]
    pub fn with_channels(self, channels: u8) -> Self {
        Self { channels, ..self }
    }

    /// With these parameters.
    #[must_use]
    pub fn with_fmtp(self, parameters: &str) -> Self {
        Self {
            fmtp: parameters.to_string(),
            ..self
        }
    }

    /// With this payload type number if possible.
    #[must_use]
    pub fn with_payload_type(self, payload_type: u8) -> Self {
        Self {
            payload_type: Some(payload_type),
            ..self
        }
    }

    /// The number that the profile gives it.
    pub(crate) fn static_payload_type(&self) -> Option<u8> {
        StaticPayloadType::by_encoding(&self.encoding_name, self.clock_rate, self.channels)
            .map(|entry| entry.payload_type)
    }

    pub(crate) fn numbered(&self, payload_type: u8, fmtp: String) -> MediaFormat {
        MediaFormat {
            payload_type,
            encoding_name: self.encoding_name.clone(),
            clock_rate: self.clock_rate,
            channels: self.channels,
            fmtp,
        }
    }

    /// Whether the format is this codec: name without case, clock rate, channels.
    pub fn is_encoding_of(&self, format: &MediaFormat) -> bool {
        self.encoding_name
            .eq_ignore_ascii_case(&format.encoding_name)
            && self.clock_rate == format.clock_rate
            && self.channels == format.channels
    }
}

impl MediaFormat {
    /// Whether both are the same codec: name without case, clock rate, channels.
    pub fn same_encoding(&self, other: &Self) -> bool {
        self.encoding_name
            .eq_ignore_ascii_case(&other.encoding_name)
            && self.clock_rate == other.clock_rate
            && self.channels == other.channels
    }

    /// Whether it only goes along with other formats: telephone events, tones, comfort noise.
    pub fn is_auxiliary(&self) -> bool {
        ["telephone-event", "tone", "CN"]
            .iter()
            .any(|name| self.encoding_name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn rtpmap_parameters(&self) -> Option<String> {
        (self.channels > 1).then(|| self.channels.to_string())
    }

    /// What a number means: by its rtpmap, or else by the profile. `None` where neither says.
    ///
    /// A static number whose rtpmap has the right name but a wrong clock rate, as `G722/16000`, means what the
    /// profile says.
    pub(crate) fn resolve(payload_type: u8, rtpmap: Option<&Rtpmap<'_>>) -> Option<Self> {
        let profile = match PayloadType(payload_type).assignment() {
            Assignment::Static(entry) => Some(entry),
            _ => None,
        };
        let (name, clock_rate, channels) = match (rtpmap, profile) {
            (Some(rtpmap), Some(entry))
                if rtpmap.encoding_name.eq_ignore_case(entry.encoding.name) =>
            {
                (entry.encoding.name, entry.clock_rate, entry.channels)
            }
            (Some(rtpmap), _) => (
                rtpmap.encoding_name.as_str()?,
                rtpmap.clock_rate,
                rtpmap.channels()?,
            ),
            (None, Some(entry)) => (entry.encoding.name, entry.clock_rate, entry.channels),
            (None, None) => return None,
        };
        let is_name = name.len() <= MAX_NAME && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| Self {
            payload_type,
            encoding_name: name.to_string(),
            clock_rate,
            channels,
            fmtp: String::new(),
        })
    }
}

/// The telephone-event codecs that go with others: one for each clock rate among them (RFC 4733 §2.1).
pub(crate) fn events_for(codecs: &[Codec], events: &str) -> Vec<Codec> {
    let mut added: Vec<Codec> = Vec::new();
    for codec in codecs {
        if !added
            .iter()
            .any(|event| event.clock_rate == codec.clock_rate)
        {
            added.push(Codec::new("telephone-event", codec.clock_rate).with_fmtp(events));
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;
    use rfc4566_sdp::{Attribute, Text};

    fn resolve(payload_type: u8, rtpmap: &str) -> Option<MediaFormat> {
        let rtpmap = Rtpmap::parse(Text::from(rtpmap)).ok();
        MediaFormat::resolve(payload_type, rtpmap.as_ref())
    }

    #[test]
    fn static_numbers_need_no_rtpmap_and_dynamic_ones_do() {
        let gsm = resolve(3, "").unwrap();
        assert_eq!((gsm.encoding_name.as_str(), gsm.clock_rate), ("GSM", 8000));
        assert_eq!(resolve(96, ""), None);
        assert_eq!(resolve(2, ""), None);
        assert_eq!(resolve(96, "96 PCMU"), None);
    }

    #[test]
    fn an_rtpmap_counts_before_the_profile() {
        assert_eq!(resolve(0, "0 iLBC/8000").unwrap().encoding_name, "iLBC");
    }

    #[test]
    fn g722_at_its_sampling_rate_is_still_g722() {
        assert_eq!(resolve(9, "9 G722/16000").unwrap().clock_rate, 8000);
    }

    #[test]
    fn names_compare_without_case_and_with_clock_rate_and_channels() {
        let codec = Codec::new("OPUS", 48000).with_channels(2);
        assert!(codec.is_encoding_of(&resolve(96, "96 opus/48000/2").unwrap()));
        assert!(!codec.is_encoding_of(&resolve(96, "96 opus/48000").unwrap()));
        assert!(!codec.is_encoding_of(&resolve(96, "96 opus/16000/2").unwrap()));
        let mono = Codec::new("L16", 44_100);
        assert!(mono.is_encoding_of(&resolve(11, "11 l16/44100/1").unwrap()));
    }

    #[test]
    fn two_unnamed_static_types_are_not_the_same_codec() {
        let (pcmu, pcma) = (resolve(0, "").unwrap(), resolve(8, "").unwrap());
        assert!(!pcmu.same_encoding(&pcma));
    }

    #[test]
    fn events_go_with_each_clock_rate_once() {
        let codecs = [
            Codec::new("opus", 48000).with_channels(2),
            Codec::new("PCMU", 8000),
            Codec::new("PCMA", 8000),
        ];
        let rates: Vec<u32> = events_for(&codecs, "0-15")
            .iter()
            .map(|c| c.clock_rate)
            .collect();
        assert_eq!(rates, [48000, 8000]);
    }
}
