//! USERHASH: the user, but not in the clear. RFC 8489 §14.4.

use sha2::{Digest, Sha256};

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};

/// USERHASH: stands in for USERNAME when the user shall stay anonymous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserHash(pub [u8; 32]);

impl UserHash {
    /// The hash of a user in a realm; both are already prepared by OpaqueString (RFC 8265).
    pub fn new(username: &str, realm: &str) -> UserHash {
        let mut hash = Sha256::new();
        hash.update(username);
        hash.update(":");
        hash.update(realm);
        UserHash(hash.finalize().into())
    }
}

impl<'a> AttributeValue<'a> for UserHash {
    const TYPE: AttributeType = AttributeType::USERHASH;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        match attribute.value().try_into() {
            Ok(hash) => Ok(UserHash(hash)),
            Err(_) => Err(attribute.error(ErrorKind::AttributeLength, 0, &RULE)),
        }
    }

    fn value_len(&self) -> usize {
        self.0.len()
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        value.copy_from_slice(&self.0);
    }
}

static RULE: Rule = Rule {
    field: "USERHASH",
    expected: "32 bytes",
    section: "RFC 8489 §14.4",
};
