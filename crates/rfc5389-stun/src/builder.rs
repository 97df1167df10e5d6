//! Writing messages into the caller's buffer. RFC 5389 §6, §7.1, §7.3.1, §15.

use crate::attribute::{AttributeValue, ErrorCode};
use crate::attribute_type::AttributeType;
use crate::check;
use crate::error::WriteError;
use crate::key::Key;
use crate::message::{self, HEADER_LEN, MAGIC_COOKIE, Message};
use crate::message_type::{self, Class, Method};
use crate::transaction_id::TransactionId;

/// Writes a message, attribute by attribute, in the order of the calls.
///
/// No call before [`finish`](MessageBuilder::finish) can fail: that one reports the first error.
/// Nothing is allocated.
///
/// ```
/// use rfc5389_stun::{Class, Key, MessageBuilder, Method, TransactionId, attribute::Software};
///
/// let mut buffer = [0; 128];
/// let message = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, TransactionId([7; 12]))
///     .attribute(&Software("example 1.0"))
///     .integrity(&Key::short_term("VOkJxbRl1RmTxUk/WvJxBt"))
///     .fingerprint()
///     .finish()?;
/// assert_eq!(message.len(), 20 + 16 + 24 + 8);
/// # Ok::<(), rfc5389_stun::WriteError>(())
/// ```
#[derive(Debug)]
pub struct MessageBuilder<'b> {
    buffer: &'b mut [u8],
    /// Magic cookie and transaction ID.
    mask: [u8; 16],
    /// Length of the message so far, with the header. Goes on counting when the buffer is full.
    len: usize,
    stage: Stage,
    error: Option<WriteError>,
}

/// The longest that all attributes can be together.
const MAX_BODY_LEN: usize = 65_532;

/// The last attribute that restricts what may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    Integrity,
    IntegritySha256,
    Fingerprint,
}

impl<'b> MessageBuilder<'b> {
    /// Begins a message.
    pub fn new(
        buffer: &'b mut [u8],
        class: Class,
        method: Method,
        transaction_id: TransactionId,
    ) -> Self {
        let mut tail = [0; 16];
        let (cookie, id) = tail.split_at_mut(4);
        cookie.copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        id.copy_from_slice(&transaction_id.0);
        MessageBuilder::begin(buffer, class, method, &tail)
    }

    /// Begins the response to a request: with its method, transaction ID, and magic cookie if
    /// it has one.
    pub fn response<B: AsRef<[u8]>>(
        buffer: &'b mut [u8],
        class: Class,
        request: &Message<B>,
    ) -> Self {
        let tail = request.cookie_and_transaction_id();
        MessageBuilder::begin(buffer, class, request.method(), tail)
    }

    /// Begins the error response 420 to a request with attributes that a server must understand
    /// but does not: with ERROR-CODE and UNKNOWN-ATTRIBUTES. `None` if there is nothing that
    /// `understood` denies.
    pub fn unknown_attributes<B: AsRef<[u8]>>(
        buffer: &'b mut [u8],
        request: &Message<B>,
        understood: impl Fn(AttributeType) -> bool,
    ) -> Option<Self> {
        let count = request.unknown_required(&understood).count();
        let last = request.unknown_required(&understood).last()?;
        let builder = MessageBuilder::error(buffer, request, ErrorCode::UNKNOWN_ATTRIBUTE);
        // RFC 3489 knew no padding and filled the word by saying one type twice.
        let fill = (request.is_classic() && count % 2 == 1).then_some(last);
        let mut types = request.unknown_required(&understood).chain(fill);
        let len = 2 * (count + usize::from(fill.is_some()));
        Some(
            builder.raw(AttributeType::UNKNOWN_ATTRIBUTES, len, |value| {
                for (pair, unknown) in value.chunks_exact_mut(2).zip(&mut types) {
                    pair.copy_from_slice(&unknown.0.to_be_bytes());
                }
            }),
        )
    }

    /// Begins the error response to a request. A client of RFC 3489, which knew no padding, is not
    /// told the reason in words.
    pub(crate) fn error<B: AsRef<[u8]>>(
        buffer: &'b mut [u8],
        request: &Message<B>,
        error: ErrorCode<'static>,
    ) -> Self {
        let builder = MessageBuilder::response(buffer, Class::ErrorResponse, request);
        if request.is_classic() {
            builder.attribute(&error.without_reason())
        } else {
            builder.attribute(&error)
        }
    }

    fn begin(buffer: &'b mut [u8], class: Class, method: Method, mask: &[u8; 16]) -> Self {
        if let Some(header) = buffer.first_chunk_mut::<HEADER_LEN>() {
            let [a, b] = message_type::join(class, method).to_be_bytes();
            header[..4].copy_from_slice(&[a, b, 0, 0]);
            header[4..].copy_from_slice(mask);
        }
        MessageBuilder {
            buffer,
            mask: *mask,
            len: HEADER_LEN,
            stage: Stage::Open,
            error: None,
        }
    }

    /// Adds an attribute.
    pub fn attribute<'v, A: AttributeValue<'v>>(mut self, value: &A) -> Self {
        if let Err(error) = value.check() {
            self.fail(error);
            return self;
        }
        let mask = self.mask;
        self.raw(A::TYPE, value.value_len(), |bytes| {
            value.write(bytes, &mask)
        })
    }

    /// Adds an attribute of any type with these bytes.
    pub fn raw_attribute(self, attribute_type: AttributeType, value: &[u8]) -> Self {
        self.raw(attribute_type, value.len(), |bytes| {
            bytes.copy_from_slice(value)
        })
    }

    fn raw(self, attribute_type: AttributeType, len: usize, write: impl FnOnce(&mut [u8])) -> Self {
        self.put(Stage::Open, attribute_type, len, |_, value| write(value))
    }

    /// Adds MESSAGE-INTEGRITY over everything before it.
    pub fn integrity(self, key: &Key) -> Self {
        let is_classic = message::is_classic(&self.mask);
        self.put(
            Stage::Integrity,
            AttributeType::MESSAGE_INTEGRITY,
            20,
            |before, value| {
                value.copy_from_slice(&check::integrity(key, before, &[], is_classic)[..]);
            },
        )
    }

    /// Adds MESSAGE-INTEGRITY-SHA256 over everything before it, in full length.
    pub fn integrity_sha256(self, key: &Key) -> Self {
        let attribute_type = AttributeType::MESSAGE_INTEGRITY_SHA256;
        self.put(
            Stage::IntegritySha256,
            attribute_type,
            32,
            |before, value| {
                value.copy_from_slice(&key.hmac_sha256(&[before])[..]);
            },
        )
    }

    /// Adds FINGERPRINT over everything before it.
    pub fn fingerprint(self) -> Self {
        self.put(
            Stage::Fingerprint,
            AttributeType::FINGERPRINT,
            4,
            |before, value| {
                value.copy_from_slice(&check::fingerprint(before).to_be_bytes());
            },
        )
    }

    /// Gives back the message, which is the start of the buffer.
    ///
    /// # Errors
    ///
    /// The buffer is too small, a value is not allowed, an attribute follows one that must come
    /// after it, or all are too long together.
    pub fn finish(self) -> Result<&'b mut [u8], WriteError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let available = self.buffer.len();
        let too_small = WriteError::BufferTooSmall {
            needed: self.len,
            available,
        };
        self.buffer.get_mut(..self.len).ok_or(too_small)
    }

    /// Adds an attribute whose value is written by `write`, from the message
    /// before it, whose length counts it already.
    fn put(
        mut self,
        stage: Stage,
        attribute_type: AttributeType,
        len: usize,
        write: impl FnOnce(&[u8], &mut [u8]),
    ) -> Self {
        let misplaced = match stage {
            Stage::Open => self.stage > Stage::Open,
            _ => self.stage >= stage,
        };
        if misplaced {
            self.fail(WriteError::Misplaced);
            return self;
        }
        self.stage = stage;
        let start = self.len;
        // A slice is never longer than isize::MAX, and neither is the sum of two.
        self.len = start
            .saturating_add(4)
            .saturating_add(len)
            .saturating_add(len.wrapping_neg() % 4);
        if self.len - HEADER_LEN > MAX_BODY_LEN {
            self.fail(WriteError::MessageTooLong);
            return self;
        }
        let Some(written) = self.buffer.get_mut(..self.len) else {
            return self;
        };
        let (before, attribute) = written.split_at_mut(start);
        let Some(header) = before.first_chunk_mut() else {
            return self;
        };
        check::set_length(header, self.len - HEADER_LEN);
        let Some((head, value)) = attribute.split_first_chunk_mut::<4>() else {
            return self;
        };
        let [a, b] = attribute_type.0.to_be_bytes();
        let [.., c, d] = len.to_be_bytes();
        *head = [a, b, c, d];
        let (value, padding) = value.split_at_mut(len);
        padding.fill(0);
        write(before, value);
        self
    }

    fn fail(&mut self, error: WriteError) {
        self.error.get_or_insert(error);
    }
}
