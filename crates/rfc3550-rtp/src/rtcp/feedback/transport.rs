//! The messages of transport-layer feedback (RFC 4585 §6.2; RFC 5104 §4.2).

use super::nack::Nack;
use super::tmmb::Tmmb;
use super::transport_wide::TransportWide;
use crate::entries::Entries;
use crate::error::{ErrorKind, ParseError, Rule, WriteError};

const GENERIC_NACK: u8 = 1;
const TMMBR: u8 = 3;
const TMMBN: u8 = 4;
const TRANSPORT_WIDE: u8 = 15;

/// A message of a transport-layer feedback packet.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TransportMessage<'a> {
    /// Lost packets, one entry at least (RFC 4585 §6.2.1).
    GenericNack(Entries<'a, Nack>),
    /// Requests to keep to a bit rate, one at least (TMMBR, RFC 5104 §4.2.1).
    MaxBitRateRequest(Entries<'a, Tmmb>),
    /// The limits in force (TMMBN, RFC 5104 §4.2.2).
    MaxBitRateNotification(Entries<'a, Tmmb>),
    /// When each packet of a transport arrived.
    TransportWide(TransportWide<'a>),
    /// Any other format, as it is.
    Other {
        /// The feedback message type, 0 to 31.
        format: u8,
        /// The control information: whole words.
        fci: &'a [u8],
    },
}

impl<'a> TransportMessage<'a> {
    pub(crate) fn from_fci(format: u8, fci: &'a [u8]) -> Result<Self, ParseError> {
        Ok(match format {
            GENERIC_NACK if fci.is_empty() => {
                return Err(ParseError::new(ErrorKind::InvalidLength, 0, &NACK));
            }
            GENERIC_NACK => Self::GenericNack(Entries::from_wire(fci)),
            TMMBR if fci.is_empty() || fci.len() % 8 != 0 => {
                return Err(ParseError::new(ErrorKind::InvalidLength, 0, &REQUEST));
            }
            TMMBR => Self::MaxBitRateRequest(Entries::from_wire(fci)),
            TMMBN if fci.len() % 8 != 0 => {
                return Err(ParseError::new(ErrorKind::InvalidLength, 0, &NOTIFICATION));
            }
            TMMBN => Self::MaxBitRateNotification(Entries::from_wire(fci)),
            TRANSPORT_WIDE => Self::TransportWide(TransportWide::from_fci(fci)?),
            _ => Self::Other { format, fci },
        })
    }

    pub(crate) const fn format(&self) -> u8 {
        match self {
            Self::GenericNack(_) => GENERIC_NACK,
            Self::MaxBitRateRequest(_) => TMMBR,
            Self::MaxBitRateNotification(_) => TMMBN,
            Self::TransportWide(_) => TRANSPORT_WIDE,
            Self::Other { format, .. } => *format,
        }
    }

    pub(crate) fn encoded_len(&self) -> usize {
        match self {
            Self::GenericNack(nacks) => nacks.encoded_len(),
            Self::MaxBitRateRequest(limits) | Self::MaxBitRateNotification(limits) => {
                limits.encoded_len()
            }
            Self::TransportWide(report) => report.encoded_len(),
            Self::Other { fci, .. } => fci.len(),
        }
    }

    /// Writes the control information to exactly its length.
    pub(crate) fn write(&self, out: &mut [u8]) -> Result<(), WriteError> {
        match self {
            Self::GenericNack(nacks) => nacks.write(out),
            Self::MaxBitRateRequest(limits) | Self::MaxBitRateNotification(limits) => {
                limits.write(out);
            }
            Self::TransportWide(report) => report.write(out)?,
            Self::Other { fci, .. } => out.copy_from_slice(fci),
        }
        Ok(())
    }
}

static NACK: Rule = Rule {
    field: "Generic NACK",
    expected: "one entry of 4 octets at least",
    section: "RFC 4585 §6.2.1",
};
static REQUEST: Rule = Rule {
    field: "TMMBR",
    expected: "one entry of 8 octets at least",
    section: "RFC 5104 §4.2.1.1",
};
static NOTIFICATION: Rule = Rule {
    field: "TMMBN",
    expected: "entries of 8 octets",
    section: "RFC 5104 §4.2.2.1",
};
