//! A received message: a view over any buffer, validated once. RFC 5389 §6, §7.3, §12, §15.

use crate::attribute::{Attribute, AttributeValue, Attributes};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::message_type::{self, Class, Method};
use crate::transaction_id::TransactionId;

/// The value of the magic cookie field.
pub const MAGIC_COOKIE: u32 = 0x2112_a442;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 20;

/// A STUN message in a buffer that holds it and nothing else.
///
/// [`parse`](Message::parse) checks the header and that every attribute lies within the message;
/// after that no getter can fail, and whatever it returns borrows from the buffer. The values of
/// attributes are read, and judged, on demand by [`get`](Message::get).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Message<B> {
    buffer: B,
    places: Places,
}

impl<B: AsRef<[u8]>> Message<B> {
    /// Reads a message that fills `buffer`, as a datagram does.
    ///
    /// A message without the magic cookie is read after RFC 3489, see
    /// [`is_classic`](Message::is_classic); a port shared with other protocols should take it for
    /// something else.
    ///
    /// # Errors
    ///
    /// The first two bits are not zero, the length is not a multiple of four or not that of the
    /// buffer, or an attribute is longer than what is left.
    pub fn parse(buffer: B) -> Result<Self, ParseError> {
        let places = Places::find(buffer.as_ref())?;
        Ok(Message { buffer, places })
    }

    /// The message as received.
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref()
    }

    /// Gives the buffer back.
    pub fn into_inner(self) -> B {
        self.buffer
    }

    pub(crate) fn header(&self) -> &[u8; HEADER_LEN] {
        self.as_bytes()
            .first_chunk()
            .expect("parse has seen a whole header")
    }

    /// The class of the message type.
    pub fn class(&self) -> Class {
        self.split().0
    }

    /// The method of the message type.
    pub fn method(&self) -> Method {
        self.split().1
    }

    fn split(&self) -> (Class, Method) {
        let header = self.header();
        message_type::split(u16::from_be_bytes([header[0], header[1]]))
    }

    /// The last 12 bytes of the header.
    pub fn transaction_id(&self) -> TransactionId {
        let [.., a, b, c, d, e, f, g, h, i, j, k, l] = *self.header();
        TransactionId([a, b, c, d, e, f, g, h, i, j, k, l])
    }

    /// The last 16 bytes of the header: magic cookie and transaction ID, or the 128-bit
    /// transaction ID of RFC 3489. A response has the same 16 bytes as its request.
    pub fn cookie_and_transaction_id(&self) -> &[u8; 16] {
        self.header().last_chunk().expect("16 is less than 20")
    }

    /// Whether the message lacks the magic cookie, as those of RFC 3489 do.
    pub fn is_classic(&self) -> bool {
        is_classic(self.cookie_and_transaction_id())
    }

    /// The attributes that count, in order.
    ///
    /// What follows MESSAGE-INTEGRITY is left out, except MESSAGE-INTEGRITY-SHA256 and
    /// FINGERPRINT; what follows MESSAGE-INTEGRITY-SHA256 is left out, except FINGERPRINT: it is
    /// not protected, and receivers ignore it (RFC 5389 §15.4, RFC 8489 §14.5).
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::new(self.as_bytes(), true)
    }

    /// All attributes, in order, ignored ones as well: for display and diagnosis.
    pub fn all_attributes(&self) -> Attributes<'_> {
        Attributes::new(self.as_bytes(), false)
    }

    /// The first attribute of this type among those that count.
    ///
    /// Where an attribute appears more than once only the first one counts (RFC 5389 §15).
    pub fn attribute(&self, attribute_type: AttributeType) -> Option<Attribute<'_>> {
        self.attributes()
            .find(|attribute| attribute.attribute_type() == attribute_type)
    }

    /// The first attribute of this type, read.
    ///
    /// # Errors
    ///
    /// The attribute is there but its value is not what its type allows.
    pub fn get<'a, A: AttributeValue<'a>>(&'a self) -> Result<Option<A>, ParseError> {
        self.attribute(A::TYPE)
            .map(|attribute| attribute.get())
            .transpose()
    }

    /// The types that a receiver must understand but does not, in order, each occurrence.
    ///
    /// `understood` says which types the receiver knows. A request with such attributes is
    /// answered by 420 (see [`MessageBuilder::unknown_attributes`]), an indication or a response
    /// is discarded (RFC 5389 §7.3).
    ///
    /// [`MessageBuilder::unknown_attributes`]: crate::MessageBuilder::unknown_attributes
    pub fn unknown_required<'a>(
        &'a self,
        understood: impl Fn(AttributeType) -> bool + 'a,
    ) -> impl Iterator<Item = AttributeType> + 'a {
        self.attributes()
            .map(|attribute| attribute.attribute_type())
            .filter(move |known| known.is_comprehension_required() && !understood(*known))
    }

    pub(crate) fn places(&self) -> Places {
        self.places
    }
}

/// Whether these last 16 bytes of a header do not begin with the magic cookie.
pub(crate) fn is_classic(cookie_and_transaction_id: &[u8; 16]) -> bool {
    !cookie_and_transaction_id.starts_with(&MAGIC_COOKIE.to_be_bytes())
}

/// Where the attributes that check the message begin, if it has them, counted from the start of
/// the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Places {
    pub(crate) integrity: Option<Place>,
    pub(crate) integrity_sha256: Option<Place>,
    pub(crate) fingerprint: Option<Place>,
}

/// The start of an attribute; never 0, because the header comes first.
pub(crate) type Place = core::num::NonZeroU32;

impl Places {
    /// Validates the message and notes the places on the way.
    fn find(message: &[u8]) -> Result<Places, ParseError> {
        let Some((header, body)) = message.split_first_chunk::<HEADER_LEN>() else {
            return Err(ParseError::new(
                ErrorKind::Truncated,
                message.len(),
                &HEADER,
            ));
        };
        let [a, b, c, d, ..] = *header;
        let length = body_len([a, b, c, d])?;
        if body.len() < length {
            return Err(ParseError::new(ErrorKind::Truncated, message.len(), &BODY));
        }
        if body.len() > length {
            return Err(ParseError::new(
                ErrorKind::TrailingBytes,
                HEADER_LEN + length,
                &BODY,
            ));
        }

        let mut places = Places::default();
        let mut rest = body;
        while let Some((head, tail)) = rest.split_first_chunk::<4>() {
            let offset = message.len() - rest.len();
            let value_len = usize::from(u16::from_be_bytes([head[2], head[3]]));
            // What is left is always a multiple of four, so a value that fits has its padding.
            let Some(next) = tail.get((value_len + 3) & !3..) else {
                return Err(ParseError::new(
                    ErrorKind::AttributeOverrun,
                    offset,
                    &ATTRIBUTE,
                ));
            };
            let place = match AttributeType(u16::from_be_bytes([head[0], head[1]])) {
                AttributeType::MESSAGE_INTEGRITY if places.integrity_sha256.is_none() => {
                    &mut places.integrity
                }
                AttributeType::MESSAGE_INTEGRITY_SHA256 => &mut places.integrity_sha256,
                AttributeType::FINGERPRINT => &mut places.fingerprint,
                _ => {
                    rest = next;
                    continue;
                }
            };
            if place.is_none() {
                *place = u32::try_from(offset).ok().and_then(Place::new);
            }
            rest = next;
        }
        Ok(places)
    }
}

/// The length of what follows a header that begins with these bytes.
pub(crate) fn body_len([first, _, high, low]: [u8; 4]) -> Result<usize, ParseError> {
    if first & 0xc0 != 0 {
        return Err(ParseError::new(ErrorKind::NotStun, 0, &MESSAGE_TYPE));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length % 4 != 0 {
        return Err(ParseError::new(ErrorKind::Unaligned, 2, &LENGTH));
    }
    Ok(length)
}

static HEADER: Rule = Rule {
    field: "STUN header",
    expected: "20 bytes",
    section: "RFC 5389 §6",
};
static MESSAGE_TYPE: Rule = Rule {
    field: "message type",
    expected: "two zero bits first",
    section: "RFC 5389 §6",
};
static LENGTH: Rule = Rule {
    field: "message length",
    expected: "a multiple of four",
    section: "RFC 5389 §6",
};
static BODY: Rule = Rule {
    field: "message body",
    expected: "as many bytes as the message length says",
    section: "RFC 5389 §6",
};
static ATTRIBUTE: Rule = Rule {
    field: "attribute",
    expected: "a value that ends within the message",
    section: "RFC 5389 §15",
};
