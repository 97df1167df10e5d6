//! Attributes that are text. RFC 5389 §15.3, §15.7, §15.8, §15.10; RFC 8489 §14.16, §9.2.

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};

macro_rules! text {
    ($($name:ident, $constant:ident, $title:literal, $section:literal,
        $read_limit:literal, $write_limit:literal, $characters:literal, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<'a>(pub &'a str);

        impl<'a> AttributeValue<'a> for $name<'a> {
            const TYPE: AttributeType = AttributeType::$constant;

            fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
                static LENGTH: Rule = Rule {
                    field: $title,
                    expected: concat!("at most ", $read_limit, " bytes"),
                    section: $section,
                };
                static UTF_8: Rule =
                    Rule { field: $title, expected: "UTF-8", section: $section };
                let value = attribute.value();
                if value.len() > $read_limit {
                    return Err(attribute.error(ErrorKind::AttributeLength, $read_limit, &LENGTH));
                }
                match core::str::from_utf8(value) {
                    Ok(text) => Ok($name(text)),
                    Err(error) => Err(attribute.error(
                        ErrorKind::AttributeValue,
                        error.valid_up_to(),
                        &UTF_8,
                    )),
                }
            }

            fn value_len(&self) -> usize {
                self.0.len()
            }

            fn write(&self, value: &mut [u8], _: &[u8; 16]) {
                value.copy_from_slice(self.0.as_bytes());
            }

            fn check(&self) -> Result<(), WriteError> {
                let len = self.0.len();
                if len > $write_limit || len > $characters && self.0.chars().count() > $characters {
                    return Err(WriteError::ValueTooLong { attribute: $title, limit: $write_limit });
                }
                Ok(())
            }
        }
    )*};
}

// Reading allows 127 characters of six bytes, as the UTF-8 of RFC 2279 had them, and one byte
// more; writing 127 characters of four (RFC 8489 §14.3).
text! {
    Username, USERNAME, "USERNAME", "RFC 8489 §14.3", 763, 508, 508,
        "USERNAME: whose password protects the message. Up to 763 bytes are read, 508 written.";
    Realm, REALM, "REALM", "RFC 8489 §14.9", 763, 508, 127,
        "REALM: where the long-term credentials are valid.";
    Nonce, NONCE, "NONCE", "RFC 8489 §14.10", 763, 508, 127,
        "NONCE: the server's challenge, returned by the client.";
    Software, SOFTWARE, "SOFTWARE", "RFC 8489 §14.14", 763, 508, 127,
        "SOFTWARE: the name and version of the sender's program.";
    AlternateDomain, ALTERNATE_DOMAIN, "ALTERNATE-DOMAIN", "RFC 8489 §14.16", 255, 255, 255,
        "ALTERNATE-DOMAIN: the name that the certificate of the ALTERNATE-SERVER must have.";
}

/// What a nonce begins with when it carries security features.
const NONCE_COOKIE: &str = "obMatJos2";

/// The security features that a server announces in its nonce (RFC 8489 §9.2.1, §18.1).
///
/// The nonce comes back protected by the client's MESSAGE-INTEGRITY, so nobody between the two
/// can take a feature away without being noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SecurityFeatures {
    /// Bit 0: the server offers PASSWORD-ALGORITHMS.
    pub password_algorithms: bool,
    /// Bit 1: the server knows USERHASH.
    pub username_anonymity: bool,
}

impl SecurityFeatures {
    /// The 13 characters that a nonce with these features begins with.
    pub fn nonce_prefix(self) -> [u8; 13] {
        let first = match (self.password_algorithms, self.username_anonymity) {
            (false, false) => b'A',
            (false, true) => b'Q',
            (true, false) => b'g',
            (true, true) => b'w',
        };
        let mut prefix = *b"obMatJos2_AAA";
        prefix[9] = first;
        prefix
    }
}

impl Nonce<'_> {
    /// The security features in the nonce, or `None` if it has none.
    pub fn security_features(&self) -> Option<SecurityFeatures> {
        let features = self
            .0
            .strip_prefix(NONCE_COOKIE)?
            .as_bytes()
            .first_chunk::<4>()?;
        let [Some(first), Some(_), Some(_), Some(_)] = features.map(sextet) else {
            return None;
        };
        Some(SecurityFeatures {
            password_algorithms: first & 0b10_0000 != 0,
            username_anonymity: first & 0b01_0000 != 0,
        })
    }
}

/// The six bits of a base64 character.
fn sextet(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_the_nonce_of_rfc_8489_appendix_b() {
        let nonce = Nonce("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA");
        assert_eq!(nonce.security_features(), Some(SecurityFeatures::default()));
    }

    #[test]
    fn features_survive_the_nonce() {
        for password_algorithms in [false, true] {
            for username_anonymity in [false, true] {
                let features = SecurityFeatures {
                    password_algorithms,
                    username_anonymity,
                };
                let prefix = features.nonce_prefix();
                let nonce = Nonce(core::str::from_utf8(&prefix).unwrap());
                assert_eq!(nonce.security_features(), Some(features));
            }
        }
    }

    #[test]
    fn other_nonces_have_no_features() {
        for nonce in [
            "",
            "obMatJos2",
            "obMatJos2AA",
            "obMatJos2A.AA",
            "xobMatJos2AAAA",
        ] {
            assert_eq!(Nonce(nonce).security_features(), None, "{nonce}");
        }
    }
}
