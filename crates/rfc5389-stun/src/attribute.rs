//! Attributes: type, length, value, padding. RFC 5389 §15.

mod address;
mod change_request;
mod error_code;
mod password_algorithm;
mod text;
mod unknown_attributes;
mod user_hash;
mod word;

pub use address::{
    AlternateServer, ChangedAddress, MappedAddress, OtherAddress, ReflectedFrom, ResponseAddress,
    ResponseOrigin, SourceAddress, XorMappedAddress, XorPeerAddress, XorRelayedAddress,
};
pub use change_request::ChangeRequest;
pub use error_code::ErrorCode;
pub use password_algorithm::{
    Algorithm, PasswordAlgorithm, PasswordAlgorithms, PasswordAlgorithmsIter,
};
pub use text::{AlternateDomain, Nonce, Realm, SecurityFeatures, Software, Username};
pub use unknown_attributes::UnknownAttributes;
pub use user_hash::UserHash;
pub use word::{CacheTimeout, Padding, ResponsePort};

use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::message::HEADER_LEN;

/// An attribute of a received message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attribute<'a> {
    attribute_type: AttributeType,
    value: &'a [u8],
    offset: usize,
    mask: &'a [u8; 16],
}

impl<'a> Attribute<'a> {
    /// The type.
    pub fn attribute_type(&self) -> AttributeType {
        self.attribute_type
    }

    /// The value as received, without the padding.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Where the attribute's header begins, in bytes from the start of the message.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The value, read as `A`.
    ///
    /// # Errors
    ///
    /// The value is not what `A` allows. The type of the attribute is not looked at.
    pub fn get<A: AttributeValue<'a>>(&self) -> Result<A, ParseError> {
        A::read(self)
    }

    /// What the addresses of the XOR kind are masked with: magic cookie and transaction ID.
    pub(crate) fn mask(&self) -> &'a [u8; 16] {
        self.mask
    }

    /// An error at a byte of the value.
    pub(crate) fn error(&self, kind: ErrorKind, at: usize, rule: &'static Rule) -> ParseError {
        ParseError::new(kind, self.offset + 4 + at, rule)
    }
}

/// The typed value of an attribute.
///
/// Implemented by the types of [`attribute`](crate::attribute); implement it for an attribute of
/// your own to use it with [`Message::get`](crate::Message::get) and
/// [`MessageBuilder::attribute`](crate::MessageBuilder::attribute).
pub trait AttributeValue<'a>: Sized {
    /// The type of the attribute.
    const TYPE: AttributeType;

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// The value is not what the attribute allows.
    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError>;

    /// Length of the value in bytes, without padding.
    fn value_len(&self) -> usize;

    /// Writes the value into exactly [`value_len`](AttributeValue::value_len) bytes. `mask` is
    /// the last 16 bytes of the message's header.
    fn write(&self, value: &mut [u8], mask: &[u8; 16]);

    /// Whether the value may be sent.
    ///
    /// # Errors
    ///
    /// The value is outside of what the RFC allows a sender.
    fn check(&self) -> Result<(), WriteError> {
        Ok(())
    }
}

/// An iterator over the attributes of a message.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    message_len: usize,
    mask: &'a [u8; 16],
    rest: &'a [u8],
    tail: Tail,
}

/// Which attributes are still to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// All, to the end: nothing is left out.
    Everything,
    /// All, because no integrity attribute has been seen yet.
    Open,
    /// MESSAGE-INTEGRITY has been seen.
    AfterIntegrity,
    /// MESSAGE-INTEGRITY-SHA256 has been seen.
    AfterIntegritySha256,
}

impl<'a> Attributes<'a> {
    /// `message` has been validated.
    pub(crate) fn new(message: &'a [u8], leave_out: bool) -> Self {
        let (header, rest) = message
            .split_first_chunk::<HEADER_LEN>()
            .expect("a validated message has a whole header");
        Attributes {
            message_len: message.len(),
            mask: header.last_chunk().expect("16 is less than 20"),
            rest,
            tail: if leave_out {
                Tail::Open
            } else {
                Tail::Everything
            },
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        loop {
            let (head, tail) = self.rest.split_first_chunk::<4>()?;
            let offset = self.message_len - self.rest.len();
            let attribute_type = AttributeType(u16::from_be_bytes([head[0], head[1]]));
            let value_len = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = tail.get(..value_len)?;
            self.rest = tail.get((value_len + 3) & !3..)?;
            let (heard, tail) = match (self.tail, attribute_type) {
                (Tail::Everything, _) => (true, Tail::Everything),
                (Tail::Open, AttributeType::MESSAGE_INTEGRITY) => (true, Tail::AfterIntegrity),
                (Tail::Open | Tail::AfterIntegrity, AttributeType::MESSAGE_INTEGRITY_SHA256) => {
                    (true, Tail::AfterIntegritySha256)
                }
                (tail, AttributeType::FINGERPRINT) => (true, tail),
                (Tail::Open, _) => (true, Tail::Open),
                (tail, _) => (false, tail),
            };
            self.tail = tail;
            if heard {
                return Some(Attribute {
                    attribute_type,
                    value,
                    offset,
                    mask: self.mask,
                });
            }
        }
    }
}
