//! ERROR-CODE: why a request failed. RFC 5389 §15.6.

use core::fmt;

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};

/// ERROR-CODE: a code from 300 to 699 and a phrase for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode<'a> {
    code: u16,
    reason: &'a str,
}

impl<'a> ErrorCode<'a> {
    /// 300 Try Alternate: ask the server in ALTERNATE-SERVER.
    pub const TRY_ALTERNATE: ErrorCode<'static> = ErrorCode::known(300, "Try Alternate");
    /// 400 Bad Request: malformed; do not repeat it unchanged.
    pub const BAD_REQUEST: ErrorCode<'static> = ErrorCode::known(400, "Bad Request");
    /// 401 Unauthenticated (RFC 5389 calls it Unauthorized): repeat with credentials.
    pub const UNAUTHENTICATED: ErrorCode<'static> = ErrorCode::known(401, "Unauthenticated");
    /// 420 Unknown Attribute: UNKNOWN-ATTRIBUTES lists what was not understood.
    pub const UNKNOWN_ATTRIBUTE: ErrorCode<'static> = ErrorCode::known(420, "Unknown Attribute");
    /// 438 Stale Nonce: repeat with the nonce of this response.
    pub const STALE_NONCE: ErrorCode<'static> = ErrorCode::known(438, "Stale Nonce");
    /// 500 Server Error: try again.
    pub const SERVER_ERROR: ErrorCode<'static> = ErrorCode::known(500, "Server Error");

    const fn known(code: u16, reason: &'static str) -> ErrorCode<'static> {
        ErrorCode { code, reason }
    }

    /// A code of any class and number.
    ///
    /// # Errors
    ///
    /// The code is not within 300 to 699, or the reason has more than 127 characters.
    pub fn new(code: u16, reason: &'a str) -> Result<Self, WriteError> {
        if !(300..=699).contains(&code) {
            return Err(WriteError::InvalidValue {
                attribute: "ERROR-CODE",
            });
        }
        if reason.chars().count() > 127 {
            return Err(WriteError::ValueTooLong {
                attribute: "ERROR-CODE",
                limit: 508,
            });
        }
        Ok(ErrorCode { code, reason })
    }

    /// The code, 300 to 699.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The code alone.
    pub(crate) fn without_reason(self) -> ErrorCode<'static> {
        ErrorCode::known(self.code, "")
    }

    /// The reason phrase, often empty.
    pub fn reason(&self) -> &'a str {
        self.reason
    }
}

impl<'a> AttributeValue<'a> for ErrorCode<'a> {
    const TYPE: AttributeType = AttributeType::ERROR_CODE;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        let value = attribute.value();
        let Some((&[_, _, class, number], reason)) = value.split_first_chunk::<4>() else {
            return Err(attribute.error(ErrorKind::AttributeLength, value.len(), &LENGTH));
        };
        let class = class & 0b111;
        if !(3..=6).contains(&class) {
            return Err(attribute.error(ErrorKind::AttributeValue, 2, &CLASS));
        }
        if number > 99 {
            return Err(attribute.error(ErrorKind::AttributeValue, 3, &NUMBER));
        }
        if reason.len() > 763 {
            return Err(attribute.error(ErrorKind::AttributeLength, 4 + 763, &REASON));
        }
        let reason = core::str::from_utf8(reason).map_err(|error| {
            attribute.error(ErrorKind::AttributeValue, 4 + error.valid_up_to(), &REASON)
        })?;
        Ok(ErrorCode {
            code: u16::from(class) * 100 + u16::from(number),
            reason,
        })
    }

    fn value_len(&self) -> usize {
        4 + self.reason.len()
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        let Some((head, reason)) = value.split_first_chunk_mut::<4>() else {
            return;
        };
        let [_, class] = (self.code / 100).to_be_bytes();
        let [_, number] = (self.code % 100).to_be_bytes();
        *head = [0, 0, class, number];
        reason.copy_from_slice(self.reason.as_bytes());
    }
}

impl fmt::Display for ErrorCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.reason)
    }
}

static LENGTH: Rule = Rule {
    field: "ERROR-CODE",
    expected: "at least 4 bytes",
    section: "RFC 5389 §15.6",
};
static CLASS: Rule = Rule {
    field: "ERROR-CODE",
    expected: "class 3 to 6",
    section: "RFC 5389 §15.6",
};
static NUMBER: Rule = Rule {
    field: "ERROR-CODE",
    expected: "number 0 to 99",
    section: "RFC 5389 §15.6",
};
static REASON: Rule = Rule {
    field: "ERROR-CODE",
    expected: "a reason of at most 763 bytes of UTF-8",
    section: "RFC 8489 §14.8",
};
