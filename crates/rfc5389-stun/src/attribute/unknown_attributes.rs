//! UNKNOWN-ATTRIBUTES: what the server did not understand. RFC 5389 §15.9.

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};

/// UNKNOWN-ATTRIBUTES, as received: types in network order.
///
/// To write it use [`MessageBuilder::unknown_attributes`](crate::MessageBuilder::unknown_attributes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnknownAttributes<'a>(&'a [u8]);

impl<'a> UnknownAttributes<'a> {
    /// The types, in order. A server of RFC 3489 may repeat one to fill the last word.
    pub fn iter(&self) -> impl Iterator<Item = AttributeType> + 'a {
        self.0.chunks_exact(2).map(|pair| match *pair {
            [high, low] => AttributeType(u16::from_be_bytes([high, low])),
            _ => unreachable!("chunks of two"),
        })
    }
}

impl<'a> AttributeValue<'a> for UnknownAttributes<'a> {
    const TYPE: AttributeType = AttributeType::UNKNOWN_ATTRIBUTES;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        let value = attribute.value();
        if value.len() % 2 != 0 {
            return Err(attribute.error(ErrorKind::AttributeLength, value.len(), &RULE));
        }
        Ok(UnknownAttributes(value))
    }

    fn value_len(&self) -> usize {
        self.0.len()
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        value.copy_from_slice(self.0);
    }
}

static RULE: Rule = Rule {
    field: "UNKNOWN-ATTRIBUTES",
    expected: "an even number of bytes",
    section: "RFC 5389 §15.9",
};
