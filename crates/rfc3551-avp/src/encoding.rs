//! The encodings of the profile by name (RFC 3551 §4.5 Table 1, §6 Tables 4 and 5).

use core::time::Duration;

use crate::framing::Framing;

/// An encoding of the profile and how it is put into packets.
///
/// ```
/// use core::time::Duration;
/// use rfc3551_avp::Encoding;
///
/// let gsm = Encoding::by_name("gsm").unwrap();
/// assert_eq!((gsm.name, gsm.clock_rate), ("GSM", Some(8000)));
/// assert_eq!(gsm.octets(Duration::from_millis(40), 8000, 1), Some(66));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Encoding {
    /// The name, as the profile writes it. Names are compared without regard to case.
    pub name: &'static str,
    /// What it carries.
    pub media_type: MediaType,
    /// The RTP clock in Hz; `None` when it varies and must be signalled, and for RED, which has
    /// that of what it carries.
    pub clock_rate: Option<u32>,
    /// Samples per second and channel, which is the clock rate but for G722; `None` when
    /// it varies and for video.
    pub sampling_rate: Option<u32>,
    /// How the payload divides into samples or frames.
    pub framing: Framing,
    /// The packetisation interval of a sender that was told nothing; `None` when the profile
    /// gives none.
    pub default_packet: Option<Duration>,
}

/// What an encoding carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// Audio only ("A").
    Audio,
    /// Video only ("V").
    Video,
    /// Both together ("AV").
    AudioVideo,
}

impl Encoding {
    /// The encoding of this name, without regard to case.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        ENCODINGS
            .iter()
            .find(|encoding| encoding.name.eq_ignore_ascii_case(name))
    }

    /// Octets of payload for `interval` at this clock rate and number of channels.
    ///
    /// For encodings with frames of several sizes it is the greatest. `None` when the encoding has
    /// no fixed relation, or when `interval` is not a whole number of frames, or of samples that
    /// fill whole octets.
    pub fn octets(&self, interval: Duration, clock_rate: u32, channels: u8) -> Option<usize> {
        match self.framing {
            Framing::Sample { bits, header } => {
                let samples = u128::from(clock_units(interval, clock_rate)?);
                let bits = samples * u128::from(bits) * u128::from(channels);
                let header = u128::from(header) * u128::from(channels);
                if bits % 8 != 0 {
                    return None;
                }
                usize::try_from(header + bits / 8).ok()
            }
            Framing::Frame { duration, octets } => {
                let largest = u128::from(*octets.iter().max()?);
                if interval.as_nanos() % duration.as_nanos() != 0 {
                    return None;
                }
                let frames = interval.as_nanos() / duration.as_nanos();
                usize::try_from(frames * largest * u128::from(channels)).ok()
            }
            Framing::Variable => None,
        }
    }

    /// Clock units that a payload of this many octets lasts, by dividing as §4.4 says; the RTP
    /// timestamp of the next packet is that much later.
    ///
    /// `None` when the length alone does not tell, or cannot be. The comfort noise frame that may
    /// end a G729 payload lasts as long as any frame.
    pub fn clock_units(&self, octets: usize, clock_rate: u32, channels: u8) -> Option<u32> {
        let octets = u64::try_from(octets).ok()?;
        let channels = u64::from(channels);
        match self.framing {
            Framing::Sample { bits, header } => {
                let data = octets.checked_sub(u64::from(header) * channels)?;
                let per_sample = u64::from(bits) * channels;
                let bits = data.checked_mul(8)?;
                if per_sample == 0 || bits % per_sample != 0 {
                    return None;
                }
                u32::try_from(bits / per_sample).ok()
            }
            Framing::Frame {
                duration,
                octets: sizes,
            } => {
                let frames = match *sizes {
                    [size] => whole(octets, u64::from(size) * channels)?,
                    // Frames of the first size, then at most one of the second (§4.5.6).
                    [size, last] if self.name.starts_with("G729") => {
                        let size = u64::from(size) * channels;
                        match octets.checked_rem(size)? {
                            0 => octets / size,
                            rest if rest == u64::from(last) * channels => octets / size + 1,
                            _ => return None,
                        }
                    }
                    _ => return None,
                };
                let per_frame = clock_units(duration, clock_rate)?;
                u32::try_from(frames.checked_mul(per_frame)?).ok()
            }
            Framing::Variable => None,
        }
    }
}

/// Clock units of an interval, if it is a whole number of them.
fn clock_units(interval: Duration, clock_rate: u32) -> Option<u64> {
    const NANOS: u128 = 1_000_000_000;
    let units = interval.as_nanos().checked_mul(u128::from(clock_rate))?;
    if units % NANOS != 0 {
        return None;
    }
    u64::try_from(units / NANOS).ok()
}

/// `dividend / divisor`, if nothing is left over.
const fn whole(dividend: u64, divisor: u64) -> Option<u64> {
    if divisor == 0 || dividend % divisor != 0 {
        None
    } else {
        Some(dividend / divisor)
    }
}

const DEFAULT_PACKET: Duration = Duration::from_millis(20);

/// An audio encoding with one bit count per sample.
const fn sample(name: &'static str, bits: u8, rate: Option<u32>) -> Encoding {
    Encoding {
        name,
        media_type: MediaType::Audio,
        clock_rate: rate,
        sampling_rate: rate,
        framing: Framing::Sample { bits, header: 0 },
        default_packet: Some(DEFAULT_PACKET),
    }
}

/// An audio encoding of frames, sampled at 8,000 Hz.
const fn frame(name: &'static str, microseconds: u64, octets: &'static [u16]) -> Encoding {
    let duration = Duration::from_micros(microseconds);
    Encoding {
        name,
        media_type: MediaType::Audio,
        clock_rate: Some(8000),
        sampling_rate: Some(8000),
        framing: Framing::Frame { duration, octets },
        // 20 ms or one frame, whichever is longer (§4.2).
        default_packet: Some(if microseconds > 20_000 {
            duration
        } else {
            DEFAULT_PACKET
        }),
    }
}

/// An encoding whose payload format tells the sizes.
const fn variable(name: &'static str, media_type: MediaType, clock_rate: Option<u32>) -> Encoding {
    Encoding {
        name,
        media_type,
        clock_rate,
        sampling_rate: None,
        framing: Framing::Variable,
        default_packet: None,
    }
}

/// Every encoding of the profile.
pub static ENCODINGS: &[Encoding] = &[
    Encoding {
        framing: Framing::Sample { bits: 4, header: 4 },
        ..sample("DVI4", 4, None)
    },
    Encoding {
        // The clock is half the sampling rate, by an error that had to stay (§4.5.2): one octet
        // is a pair of samples and one unit of the clock.
        sampling_rate: Some(16_000),
        ..sample("G722", 8, Some(8000))
    },
    frame("G723", 30_000, &[24, 20, 4]),
    sample("G726-40", 5, Some(8000)),
    sample("G726-32", 4, Some(8000)),
    sample("G726-24", 3, Some(8000)),
    sample("G726-16", 2, Some(8000)),
    frame("G728", 2_500, &[5]),
    frame("G729", 10_000, &[10, 2]),
    frame("G729D", 10_000, &[8, 2]),
    frame("G729E", 10_000, &[15, 2]),
    frame("GSM", 20_000, &[33]),
    frame("GSM-EFR", 20_000, &[31]),
    sample("L8", 8, None),
    sample("L16", 16, None),
    frame("LPC", 20_000, &[14]),
    variable("MPA", MediaType::Audio, Some(90_000)),
    sample("PCMA", 8, None),
    sample("PCMU", 8, None),
    Encoding {
        sampling_rate: Some(8000),
        default_packet: Some(DEFAULT_PACKET),
        ..variable("QCELP", MediaType::Audio, Some(8000))
    },
    variable("RED", MediaType::Audio, None),
    Encoding {
        default_packet: Some(DEFAULT_PACKET),
        ..variable("VDVI", MediaType::Audio, None)
    },
    Encoding {
        sampling_rate: Some(8000),
        ..variable("CN", MediaType::Audio, Some(8000))
    },
    variable("CelB", MediaType::Video, Some(90_000)),
    variable("JPEG", MediaType::Video, Some(90_000)),
    variable("nv", MediaType::Video, Some(90_000)),
    variable("H261", MediaType::Video, Some(90_000)),
    variable("MPV", MediaType::Video, Some(90_000)),
    variable("MP2T", MediaType::AudioVideo, Some(90_000)),
    variable("H263", MediaType::Video, Some(90_000)),
    variable("H263-1998", MediaType::Video, Some(90_000)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(name: &str) -> &'static Encoding {
        Encoding::by_name(name).unwrap()
    }

    #[test]
    fn names_are_found_without_regard_to_case() {
        for encoding in ENCODINGS {
            assert_eq!(named(&encoding.name.to_ascii_lowercase()), encoding);
            assert_eq!(named(&encoding.name.to_ascii_uppercase()), encoding);
        }
        assert_eq!(Encoding::by_name("PCM"), None);
        assert_eq!(Encoding::by_name(""), None);
    }

    #[test]
    fn g722_has_a_clock_of_8000_and_samples_at_16000() {
        let g722 = named("G722");
        assert_eq!(g722.clock_rate, Some(8000));
        assert_eq!(g722.sampling_rate, Some(16_000));
        assert_eq!(g722.octets(DEFAULT_PACKET, 8000, 1), Some(160));
    }

    #[test]
    fn every_video_clock_is_90000() {
        for encoding in ENCODINGS {
            if encoding.media_type != MediaType::Audio {
                assert_eq!(encoding.clock_rate, Some(90_000), "{}", encoding.name);
            }
        }
        assert_eq!(named("MPA").clock_rate, Some(90_000));
    }

    #[test]
    fn octets_of_the_default_packet() {
        for (name, octets) in [
            ("PCMU", 160),
            ("PCMA", 160),
            ("G722", 160),
            ("DVI4", 84),
            ("L8", 160),
            ("L16", 320),
            ("G726-40", 100),
            ("G726-32", 80),
            ("G726-24", 60),
            ("G726-16", 40),
            ("G723", 24),
            ("G728", 40),
            ("G729", 20),
            ("G729D", 16),
            ("G729E", 30),
            ("GSM", 33),
            ("GSM-EFR", 31),
            ("LPC", 14),
        ] {
            let encoding = named(name);
            let interval = encoding.default_packet.unwrap();
            assert_eq!(encoding.octets(interval, 8000, 1), Some(octets), "{name}");
        }
        assert_eq!(named("L16").octets(DEFAULT_PACKET, 44_100, 2), Some(3528));
    }

    #[test]
    fn default_packets_are_20_ms_or_one_frame() {
        for encoding in ENCODINGS {
            let wanted = match encoding.name {
                "G723" => Some(30),
                "MPA" | "RED" | "CN" => None,
                _ if encoding.media_type != MediaType::Audio => None,
                _ => Some(20),
            };
            assert_eq!(
                encoding.default_packet,
                wanted.map(Duration::from_millis),
                "{}",
                encoding.name
            );
        }
    }

    #[test]
    fn a_part_of_a_frame_or_of_an_octet_is_no_packet() {
        let millis = Duration::from_millis;
        assert_eq!(named("GSM").octets(millis(30), 8000, 1), None);
        assert_eq!(named("G723").octets(millis(20), 8000, 1), None);
        // One sample of five bits.
        let sample = Duration::from_micros(125);
        assert_eq!(named("G726-40").octets(sample, 8000, 1), None);
        assert_eq!(named("G726-40").octets(sample * 8, 8000, 1), Some(5));
        // DVI4 has two samples to the octet (§4.5.1).
        assert_eq!(named("DVI4").octets(sample, 8000, 1), None);
        // 20 ms at 11,025 Hz is no whole number of samples.
        assert_eq!(named("DVI4").octets(DEFAULT_PACKET, 11_025, 1), None);
    }

    #[test]
    fn a_comfort_noise_frame_may_end_a_g729_payload() {
        let g729 = named("G729");
        assert_eq!(g729.clock_units(20, 8000, 1), Some(160));
        assert_eq!(g729.clock_units(12, 8000, 1), Some(160));
        assert_eq!(g729.clock_units(2, 8000, 1), Some(80));
        assert_eq!(g729.clock_units(11, 8000, 1), None);
        assert_eq!(named("G723").clock_units(24, 8000, 1), None);
        assert_eq!(named("JPEG").clock_units(1400, 90_000, 1), None);
    }

    #[test]
    fn dvi4_shorter_than_its_header_lasts_nothing() {
        assert_eq!(named("DVI4").clock_units(3, 8000, 1), None);
        assert_eq!(named("DVI4").clock_units(84, 8000, 1), Some(160));
    }

    proptest! {
        #[test]
        fn octets_and_clock_units_agree(
            index in 0..ENCODINGS.len(),
            millis in 0u64..1000,
            rate in prop::sample::select(&[8000u32, 11_025, 16_000, 44_100, 48_000][..]),
            channels in 1u8..=6,
        ) {
            let encoding = &ENCODINGS[index];
            let interval = Duration::from_millis(millis);
            if let Some(octets) = encoding.octets(interval, rate, channels) {
                if let Some(units) = encoding.clock_units(octets, rate, channels) {
                    prop_assert_eq!(Some(u64::from(units)), clock_units(interval, rate));
                }
            }
        }

        #[test]
        fn never_panics(
            index in 0..ENCODINGS.len(),
            seconds: u64,
            nanos in 0u32..1_000_000_000,
            octets: usize,
            rate: u32,
            channels: u8,
        ) {
            let encoding = &ENCODINGS[index];
            let _ = encoding.octets(Duration::new(seconds, nanos), rate, channels);
            let _ = encoding.clock_units(octets, rate, channels);
        }
    }
}
