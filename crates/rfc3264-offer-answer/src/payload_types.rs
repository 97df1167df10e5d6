//! Which number stands for which codec in a stream, for as long as it lasts (§5.1, §8.3.2).

use alloc::collections::BTreeMap;
use alloc::string::String;

use rfc3551_avp::{Assignment, PayloadType};

use crate::fmtp::Rules;
use crate::format::{Codec, MediaFormat};

/// The numbers that each side has used in a stream. None is given to another codec later.
#[derive(Clone, Debug, Default)]
pub(crate) struct PayloadTypes {
    local: BTreeMap<u8, MediaFormat>,
    remote: BTreeMap<u8, MediaFormat>,
}

impl PayloadTypes {
    /// Notes the numbers of a description of ours.
    pub(crate) fn record_local(&mut self, formats: &[MediaFormat]) {
        for format in formats {
            self.local.insert(format.payload_type, format.clone());
        }
    }

    /// Notes the numbers of a description of the peer, and gives the first that stood for another codec before.
    pub(crate) fn record_remote(&mut self, formats: &[MediaFormat]) -> Option<u8> {
        let mut reused = None;
        for format in formats {
            // Parameters are the peer's to change, and can be long.
            let encoding = MediaFormat {
                fmtp: String::new(),
                ..format.clone()
            };
            let before = self.remote.insert(format.payload_type, encoding);
            if before.is_some_and(|before| !before.same_encoding(format)) {
                reused.get_or_insert(format.payload_type);
            }
        }
        reused
    }

    /// Whether an answer of ours may give the number to the codec.
    pub(crate) fn allows(&self, payload_type: u8, codec: &Codec, rules: Rules<'_>) -> bool {
        let before = self.local.get(&payload_type);
        before.is_none_or(|format| rules.same_configuration(codec, format))
    }

    /// A number for a codec that we offer: the one it had, the one wanted, the static one, a free one. `taken` are
    /// those that the description has given out already.
    pub(crate) fn number(
        &self,
        codec: &Codec,
        taken: &[MediaFormat],
        rules: Rules<'_>,
    ) -> Option<u8> {
        let is_free = |number: u8| {
            let remote = self.remote.get(&number);
            !taken.iter().any(|format| format.payload_type == number)
                && self.allows(number, codec, rules)
                && remote.is_none_or(|format| codec.is_encoding_of(format))
        };
        let before = self
            .local
            .values()
            .filter(|format| rules.same_configuration(codec, format))
            .map(|format| format.payload_type);
        let fixed = codec.static_payload_type();
        let wanted = codec
            .payload_type
            .filter(|&number| match PayloadType(number).assignment() {
                Assignment::Static(_) => fixed == Some(number),
                Assignment::Reserved => false,
                Assignment::Unassigned | Assignment::Dynamic => number < 128,
            });
        // Behind the dynamic numbers, the unassigned ones that RTCP on the same port cannot be taken for.
        let mut candidates = before
            .chain(wanted)
            .chain(fixed)
            .chain(96..=127)
            .chain(35..=63);
        candidates.find(|&number| is_free(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn codec(name: &str) -> Codec {
        Codec::new(name, 8000)
    }

    #[test]
    fn static_wanted_and_free_numbers() {
        let types = PayloadTypes::default();
        assert_eq!(types.number(&codec("pcma"), &[], Rules::default()), Some(8));
        assert_eq!(
            types.number(&codec("iLBC").with_payload_type(101), &[], Rules::default()),
            Some(101)
        );
        assert_eq!(
            types.number(&codec("iLBC").with_payload_type(0), &[], Rules::default()),
            Some(96)
        );
        assert_eq!(
            types.number(&codec("iLBC").with_payload_type(72), &[], Rules::default()),
            Some(96)
        );
        assert_eq!(
            types.number(&codec("PCMA").with_payload_type(97), &[], Rules::default()),
            Some(97)
        );
        let taken = [codec("x").numbered(96, String::new())];
        assert_eq!(
            types.number(&codec("iLBC"), &taken, Rules::default()),
            Some(97)
        );
    }

    #[test]
    fn a_number_is_never_given_to_another_codec() {
        let mut types = PayloadTypes::default();
        types.record_local(&[codec("iLBC").numbered(96, String::new())]);
        types.record_remote(&[codec("speex").numbered(97, String::new())]);
        assert_eq!(types.number(&codec("AMR"), &[], Rules::default()), Some(98));
        assert_eq!(
            types.number(&codec("iLBC"), &[], Rules::default()),
            Some(96)
        );
        assert!(!types.allows(96, &codec("AMR"), Rules::default()));
        assert!(
            types.allows(97, &codec("AMR"), Rules::default()),
            "in answers only our own numbers bind us"
        );
    }

    #[test]
    fn the_peer_s_reuse_is_noticed() {
        let mut types = PayloadTypes::default();
        assert_eq!(
            types.record_remote(&[codec("iLBC").numbered(96, String::new())]),
            None
        );
        assert_eq!(
            types.record_remote(&[codec("ilbc").numbered(96, String::new())]),
            None
        );
        assert_eq!(
            types.record_remote(&[codec("AMR").numbered(96, String::new())]),
            Some(96)
        );
    }

    #[test]
    fn when_no_number_is_left_there_is_none() {
        let types = PayloadTypes::default();
        let mut taken = Vec::new();
        while let Some(number) = types.number(&codec("x"), &taken, Rules::default()) {
            taken.push(codec("x").numbered(number, String::new()));
        }
        assert_eq!(taken.len(), 32 + 29);
        assert!(
            taken
                .iter()
                .all(|format| !(64..96).contains(&format.payload_type))
        );
    }
}
