//! What encodes and decodes sound for the wire (RFC 3551 §4.5.11, §4.5.14).

use std::str::FromStr;

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use rfc3264_offer_answer as offer_answer;

/// A codec that calls can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Codec {
    /// G.711, mu-law.
    Pcmu,
    /// G.711, A-law.
    Pcma,
    /// Samples of 16 bits, 16,000 a second.
    L16,
}

impl Codec {
    /// What is offered unless something else is asked for.
    pub(crate) const DEFAULT: [Self; 2] = [Self::Pcmu, Self::Pcma];

    const ALL: [Self; 3] = [Self::Pcmu, Self::Pcma, Self::L16];

    /// The name in session descriptions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::L16 => "L16",
        }
    }

    /// Samples in a second, which are as many units of the RTP clock.
    pub(crate) fn rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8000,
            Self::L16 => 16_000,
        }
    }

    /// How it is offered.
    pub(crate) fn offer(self) -> offer_answer::Codec {
        offer_answer::Codec::new(self.name(), self.rate())
    }

    /// The codec that a format of a session description is.
    pub(crate) fn of(format: &offer_answer::MediaFormat) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.offer().is_encoding_of(format))
    }

    pub(crate) fn encoder(self) -> Encoder {
        Encoder { codec: self }
    }

    pub(crate) fn decoder(self) -> Decoder {
        Decoder { codec: self }
    }
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|codec| codec.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| "expected pcmu, pcma or l16".to_string())
    }
}

/// Encodes one stream.
#[derive(Debug)]
pub(crate) struct Encoder {
    codec: Codec,
}

impl Encoder {
    /// Samples in a second.
    pub(crate) fn rate(&self) -> u32 {
        self.codec.rate()
    }

    /// The payload of these samples.
    pub(crate) fn encode(&mut self, samples: &[i16]) -> Vec<u8> {
        match self.codec {
            Codec::Pcmu => samples.iter().map(|sample| encode_ulaw(*sample)).collect(),
            Codec::Pcma => samples.iter().map(|sample| encode_alaw(*sample)).collect(),
            Codec::L16 => samples.iter().flat_map(|s| s.to_be_bytes()).collect(),
        }
    }
}

/// Decodes one stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    codec: Codec,
}

impl Decoder {
    /// Samples in a second.
    pub(crate) fn rate(&self) -> u32 {
        self.codec.rate()
    }

    /// The samples of a payload. What is left of one that is cut off is dropped.
    pub(crate) fn decode(&mut self, payload: &[u8]) -> Vec<i16> {
        match self.codec {
            Codec::Pcmu => payload.iter().map(|byte| decode_ulaw(*byte)).collect(),
            Codec::Pcma => payload.iter().map(|byte| decode_alaw(*byte)).collect(),
            Codec::L16 => payload
                .chunks_exact(2)
                .filter_map(|pair| Some(i16::from_be_bytes(*pair.first_chunk()?)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{compare, tune};

    #[test]
    fn what_is_encoded_is_heard_again() {
        for (codec, snr) in [(Codec::Pcmu, 35.0), (Codec::Pcma, 35.0), (Codec::L16, 90.0)] {
            let sound = tune(codec.rate());
            let payload = codec.encoder().encode(&sound.samples);
            let heard = codec.decoder().decode(&payload);
            let found = compare(&sound.samples, &heard, codec.rate()).unwrap();
            assert!(found.snr > snr, "{codec:?}: {}", found.snr);
        }
    }

    #[test]
    fn silence_is_what_the_tables_of_g711_say() {
        assert_eq!(Codec::Pcmu.encoder().encode(&[0]), [0xff]);
        assert_eq!(Codec::Pcma.encoder().encode(&[0]), [0xd5]);
        assert_eq!(Codec::L16.decoder().decode(&[0x12, 0x34, 0x56]), [0x1234]);
    }

    #[test]
    fn names_without_regard_to_case() {
        assert_eq!("pcma".parse(), Ok(Codec::Pcma));
        assert!("g729".parse::<Codec>().is_err());
    }
}
