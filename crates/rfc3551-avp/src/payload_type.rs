//! Payload type numbers (RFC 3551 §3, §6 Tables 4 and 5).

use core::fmt;

use crate::encoding::{ENCODINGS, Encoding};

/// The payload type of an RTP packet, 0 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PayloadType(pub u8);

impl PayloadType {
    /// What the profile says about this number. A number above 127 is none: unassigned.
    pub fn assignment(self) -> Assignment {
        match self.0 {
            1 | 2 | 19 | 72..=76 => Assignment::Reserved,
            96..=127 => Assignment::Dynamic,
            number => match StaticPayloadType::by_number(number) {
                Some(entry) => Assignment::Static(entry),
                None => Assignment::Unassigned,
            },
        }
    }

    /// Whether the number may be bound to an encoding by signalling (§3, §6). The unassigned
    /// numbers are for when 96 to 127 are used up.
    pub fn is_dynamic(self) -> bool {
        self.assignment() == Assignment::Dynamic
    }
}

/// What the profile says about a payload type number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assignment {
    /// It always means this encoding.
    Static(&'static StaticPayloadType),
    /// It must not be used: withdrawn, or easily taken for RTCP.
    Reserved,
    /// It means nothing yet.
    Unassigned,
    /// It means what signalling says.
    Dynamic,
}

/// A row of Tables 4 and 5 with a number.
///
/// ```
/// use rfc3551_avp::StaticPayloadType;
///
/// let gsm = StaticPayloadType::by_number(3).unwrap();
/// assert_eq!(gsm.to_string(), "GSM/8000");
/// assert_eq!(StaticPayloadType::by_rtpmap("gsm/8000"), Some(gsm));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StaticPayloadType {
    /// The number, 0 to 34.
    pub payload_type: u8,
    /// What it means.
    pub encoding: &'static Encoding,
    /// The RTP clock in Hz.
    pub clock_rate: u32,
    /// Audio channels; 1 for video, and for MPA, whose payload tells.
    pub channels: u8,
}

impl StaticPayloadType {
    /// The entry of this number.
    pub fn by_number(payload_type: u8) -> Option<&'static Self> {
        STATIC_PAYLOAD_TYPES
            .iter()
            .find(|entry| entry.payload_type == payload_type)
    }

    /// The entry with this encoding name (in any case), clock rate and number of channels.
    pub fn by_encoding(name: &str, clock_rate: u32, channels: u8) -> Option<&'static Self> {
        STATIC_PAYLOAD_TYPES.iter().find(|entry| {
            entry.clock_rate == clock_rate
                && entry.channels == channels
                && entry.encoding.name.eq_ignore_ascii_case(name)
        })
    }

    /// The entry for `name/clock` or `name/clock/channels`, as `a=rtpmap` of SDP has it.
    pub fn by_rtpmap(rtpmap: &str) -> Option<&'static Self> {
        let (name, rest) = rtpmap.split_once('/')?;
        let (clock_rate, channels) = match rest.split_once('/') {
            Some((clock_rate, channels)) => (clock_rate, decimal(channels)?),
            None => (rest, 1),
        };
        Self::by_encoding(name, decimal(clock_rate)?, u8::try_from(channels).ok()?)
    }
}

/// Digits only: no sign, as `str::parse` would take.
fn decimal(digits: &str) -> Option<u32> {
    if digits.bytes().all(|octet| octet.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

impl fmt::Display for StaticPayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.encoding.name, self.clock_rate)?;
        match self.channels {
            1 => Ok(()),
            channels => write!(f, "/{channels}"),
        }
    }
}

const fn entry(payload_type: u8, name: &str, clock_rate: u32, channels: u8) -> StaticPayloadType {
    let mut index = 0;
    while index < ENCODINGS.len() {
        let encoding = &ENCODINGS[index];
        if equal(encoding.name.as_bytes(), name.as_bytes()) {
            return StaticPayloadType {
                payload_type,
                encoding,
                clock_rate,
                channels,
            };
        }
        index += 1;
    }
    panic!("no encoding of this name");
}

const fn equal(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    left.len() == right.len()
}

/// Every number with a fixed meaning, in order.
pub static STATIC_PAYLOAD_TYPES: &[StaticPayloadType] = &[
    entry(0, "PCMU", 8000, 1),
    entry(3, "GSM", 8000, 1),
    entry(4, "G723", 8000, 1),
    entry(5, "DVI4", 8000, 1),
    entry(6, "DVI4", 16_000, 1),
    entry(7, "LPC", 8000, 1),
    entry(8, "PCMA", 8000, 1),
    entry(9, "G722", 8000, 1),
    entry(10, "L16", 44_100, 2),
    entry(11, "L16", 44_100, 1),
    entry(12, "QCELP", 8000, 1),
    entry(13, "CN", 8000, 1),
    entry(14, "MPA", 90_000, 1),
    entry(15, "G728", 8000, 1),
    entry(16, "DVI4", 11_025, 1),
    entry(17, "DVI4", 22_050, 1),
    entry(18, "G729", 8000, 1),
    entry(25, "CelB", 90_000, 1),
    entry(26, "JPEG", 90_000, 1),
    entry(28, "nv", 90_000, 1),
    entry(31, "H261", 90_000, 1),
    entry(32, "MPV", 90_000, 1),
    entry(33, "MP2T", 90_000, 1),
    entry(34, "H263", 90_000, 1),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn lookups_agree_both_ways() {
        for entry in STATIC_PAYLOAD_TYPES {
            let rtpmap = entry.to_string();
            assert_eq!(
                StaticPayloadType::by_number(entry.payload_type),
                Some(entry)
            );
            assert_eq!(StaticPayloadType::by_rtpmap(&rtpmap), Some(entry));
            let lower = rtpmap.to_ascii_lowercase();
            assert_eq!(StaticPayloadType::by_rtpmap(&lower), Some(entry));
        }
        assert_eq!(
            StaticPayloadType::by_rtpmap("GSM/8000")
                .unwrap()
                .payload_type,
            3
        );
    }

    #[test]
    fn clocks_and_channels_tell_entries_apart() {
        let number = |rtpmap| StaticPayloadType::by_rtpmap(rtpmap).map(|e| e.payload_type);
        assert_eq!(number("DVI4/8000"), Some(5));
        assert_eq!(number("dvi4/22050/1"), Some(17));
        assert_eq!(number("L16/44100/2"), Some(10));
        assert_eq!(number("L16/44100"), Some(11));
        assert_eq!(number("L16/8000"), None);
        assert_eq!(number("G722/8000"), Some(9));
        assert_eq!(number("G722/16000"), None);
        assert_eq!(number("G726-32/8000"), None);
    }

    #[test]
    fn what_is_no_rtpmap_is_not_found() {
        for text in [
            "",
            "/",
            "GSM",
            "GSM/",
            "GSM/+8000",
            "GSM/8000/",
            "GSM/8000/257",
            "GSM/8000/1/1",
        ] {
            assert_eq!(StaticPayloadType::by_rtpmap(text), None, "{text}");
        }
    }

    #[test]
    fn every_number_is_in_one_category() {
        let of = |wanted: fn(&Assignment) -> bool| -> Vec<u8> {
            (0..=127)
                .filter(|&number| wanted(&PayloadType(number).assignment()))
                .collect()
        };
        let fixed = of(|a| matches!(a, Assignment::Static(_)));
        let numbers: Vec<u8> = STATIC_PAYLOAD_TYPES
            .iter()
            .map(|e| e.payload_type)
            .collect();
        assert_eq!(fixed, numbers);
        assert_eq!(
            of(|a| *a == Assignment::Reserved),
            [1, 2, 19, 72, 73, 74, 75, 76]
        );
        assert_eq!(
            of(|a| *a == Assignment::Dynamic),
            (96..=127).collect::<Vec<u8>>()
        );
        assert_eq!(
            of(|a| *a == Assignment::Unassigned).len(),
            128 - 24 - 8 - 32
        );
        assert_eq!(PayloadType(200).assignment(), Assignment::Unassigned);
        assert!(!PayloadType(95).is_dynamic());
    }

    #[test]
    fn a_static_clock_is_the_encoding_s_clock() {
        for entry in STATIC_PAYLOAD_TYPES {
            let clock = entry.encoding.clock_rate;
            assert!(
                clock.is_none_or(|clock| clock == entry.clock_rate),
                "{entry}"
            );
        }
    }
}
