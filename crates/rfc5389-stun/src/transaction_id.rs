//! The transaction ID: 96 bits chosen by the client. RFC 5389 §6.

use core::fmt;

/// The 96-bit transaction ID.
///
/// A client takes it from a cryptographic random source: whoever can guess it can forge
/// responses to requests that are not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub [u8; 12]);

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
