//! CHANGE-REQUEST: from where the server shall answer. RFC 5780 §7.2.

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};

const CHANGE_IP: u32 = 0b100;
const CHANGE_PORT: u32 = 0b010;

/// CHANGE-REQUEST: asks the server to answer from its other address, its other port, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChangeRequest {
    /// Answer from the other address.
    pub change_ip: bool,
    /// Answer from the other port.
    pub change_port: bool,
}

impl<'a> AttributeValue<'a> for ChangeRequest {
    const TYPE: AttributeType = AttributeType::CHANGE_REQUEST;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        let octets = attribute
            .value()
            .try_into()
            .map_err(|_| attribute.error(ErrorKind::AttributeLength, 0, &RULE))?;
        let flags = u32::from_be_bytes(octets);
        Ok(ChangeRequest {
            change_ip: flags & CHANGE_IP != 0,
            change_port: flags & CHANGE_PORT != 0,
        })
    }

    fn value_len(&self) -> usize {
        4
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        let change_ip = if self.change_ip { CHANGE_IP } else { 0 };
        let change_port = if self.change_port { CHANGE_PORT } else { 0 };
        value.copy_from_slice(&(change_ip | change_port).to_be_bytes());
    }
}

static RULE: Rule = Rule {
    field: "CHANGE-REQUEST",
    expected: "4 bytes",
    section: "RFC 5780 §7.2",
};
