//! Attributes of one number, and PADDING. RFC 5780 §7.5 to §7.7.

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};

/// RESPONSE-PORT: the port that the response is sent to instead of the request's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResponsePort(pub u16);

impl<'a> AttributeValue<'a> for ResponsePort {
    const TYPE: AttributeType = AttributeType::RESPONSE_PORT;

    /// Two bytes of port; as some senders count the two bytes of padding, four are read as well.
    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        match *attribute.value() {
            [high, low] | [high, low, _, _] => Ok(ResponsePort(u16::from_be_bytes([high, low]))),
            _ => Err(attribute.error(ErrorKind::AttributeLength, 0, &RESPONSE_PORT)),
        }
    }

    fn value_len(&self) -> usize {
        2
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        value.copy_from_slice(&self.0.to_be_bytes());
    }
}

static RESPONSE_PORT: Rule = Rule {
    field: "RESPONSE-PORT",
    expected: "2 bytes",
    section: "RFC 5780 §7.5",
};

/// CACHE-TIMEOUT: seconds that the server keeps the answer of this transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheTimeout(pub u32);

impl<'a> AttributeValue<'a> for CacheTimeout {
    const TYPE: AttributeType = AttributeType::CACHE_TIMEOUT;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        match attribute.value().try_into() {
            Ok(octets) => Ok(CacheTimeout(u32::from_be_bytes(octets))),
            Err(_) => Err(attribute.error(ErrorKind::AttributeLength, 0, &CACHE_TIMEOUT)),
        }
    }

    fn value_len(&self) -> usize {
        4
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        value.copy_from_slice(&self.0.to_be_bytes());
    }
}

static CACHE_TIMEOUT: Rule = Rule {
    field: "CACHE-TIMEOUT",
    expected: "4 bytes",
    section: "RFC 5780 §7.7",
};

/// PADDING: bytes without a meaning, to force fragmentation. The number is their count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Padding(pub u16);

impl<'a> AttributeValue<'a> for Padding {
    const TYPE: AttributeType = AttributeType::PADDING;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        let len = attribute.value().len();
        Ok(Padding(
            u16::try_from(len).expect("the length field has 16 bits"),
        ))
    }

    fn value_len(&self) -> usize {
        usize::from(self.0)
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        value.fill(0);
    }
}
