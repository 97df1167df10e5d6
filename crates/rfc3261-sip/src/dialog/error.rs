//! Why a message belongs to no dialog, and why a dialog does not do what it is told.

use core::fmt;

use crate::{MessageRef, Method, ParseError, StatusCode};

/// Why a message that was received establishes no dialog or is not taken by it: the peer's fault,
/// or nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// A header field that matters cannot be read.
    Message(ParseError),
    /// The message is not of this dialog, or establishes none, or the dialog is over.
    NoDialog,
    /// The number in CSeq is not above that of the request before.
    OutOfOrder,
}

impl Refusal {
    /// What a request gets for an answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Message(_) => StatusCode::BAD_REQUEST,
            Self::NoDialog => StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
            Self::OutOfOrder => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }

    /// Whether a request that no dialog was found for is refused because of that: if To has a
    /// tag, or the method is one that needs a dialog (RFC 3261 §12.2.2, §15.1.2). An ACK is
    /// ignored; a CANCEL is for the transactions.
    #[must_use]
    pub fn of_unmatched(request: MessageRef<'_>) -> Option<Self> {
        let method = request.method()?;
        if [Method::ACK, Method::CANCEL].contains(&method) {
            return None;
        }
        match request.to() {
            Err(error) => Some(Self::Message(error)),
            Ok(to) => {
                let needs_one = [Method::BYE, Method::PRACK, Method::UPDATE].contains(&method);
                (to.tag().is_some() || needs_one).then_some(Self::NoDialog)
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(error) => error.fmt(f),
            Self::NoDialog => f.write_str("the message is of no dialog that there is"),
            Self::OutOfOrder => {
                f.write_str("the number in CSeq is not above that of the request before")
            }
        }
    }
}

impl core::error::Error for Refusal {}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self::Message(error)
    }
}

/// Why a dialog does not make a message: it is used wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialogError {
    /// The dialog is over.
    Terminated,
    /// In an early dialog there is no INVITE beside the one that established it, and no BYE from
    /// the side that was called (RFC 3261 §14.1, §15).
    Early,
    /// An ACK is made by [`ack`](super::Dialog::ack), a CANCEL by the transaction of its INVITE.
    AckOrCancel,
    /// What is to be acknowledged is no 2xx response to an INVITE in this dialog.
    NotAcknowledged,
    /// The sequence numbers are used up: they end below 2^31.
    NumbersExhausted,
    /// The Contact is no SIP URI, or no SIPS URI where it must be one (RFC 3261 §12.1.1,
    /// §12.2.1.1).
    Contact,
}

impl fmt::Display for DialogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminated => "the dialog is over",
            Self::Early => "the dialog is not confirmed yet",
            Self::AckOrCancel => "ACK and CANCEL are no new requests within a dialog",
            Self::NotAcknowledged => "no 2xx response to an INVITE in this dialog",
            Self::NumbersExhausted => "no sequence number below 2^31 is left",
            Self::Contact => "the Contact is no SIP URI, or not SIPS where it must be",
        })
    }
}

impl core::error::Error for DialogError {}
