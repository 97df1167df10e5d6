//! Session parameters. RFC 4568 §6.3.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::InlineKey;

/// A session parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionParam {
    /// `KDR=n`, 1 to 24: new session keys every 2^n packets of the sender.
    Kdr(u8),
    /// `UNENCRYPTED_SRTP`, negotiated: the payloads of RTP are in the clear.
    UnencryptedSrtp,
    /// `UNENCRYPTED_SRTCP`, negotiated: RTCP is in the clear.
    UnencryptedSrtcp,
    /// `UNAUTHENTICATED_SRTP`, negotiated: RTP has no tag.
    UnauthenticatedSrtp,
    /// `FEC_ORDER=order`: what the sender does first.
    FecOrder(FecOrder),
    /// `FEC_KEY=key-params`: the keys of a stream of forward error correction.
    FecKey(Vec<InlineKey>),
    /// `WSH=n`, at least 64: how large a replay window the sender finds suitable.
    WindowSizeHint(u64),
    /// Another one, as received; optional if it begins with `-`, else mandatory.
    Other(String),
}

/// What a sender does first with forward error correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FecOrder {
    /// `FEC_SRTP`: error correction, then SRTP. The default.
    FecSrtp,
    /// `SRTP_FEC`: SRTP, then error correction.
    SrtpFec,
}

impl SessionParam {
    /// Whether it holds for both directions and stands in the answer as in the offer; others hold
    /// for what their sender sends.
    pub fn is_negotiated(&self) -> bool {
        matches!(
            self,
            SessionParam::UnencryptedSrtp
                | SessionParam::UnencryptedSrtcp
                | SessionParam::UnauthenticatedSrtp
        )
    }

    /// Whether a receiver that does not know it may ignore it.
    pub fn is_optional(&self) -> bool {
        matches!(self, SessionParam::Other(text) if text.starts_with('-'))
    }

    /// Whether it may be written.
    pub(crate) fn is_valid(&self) -> bool {
        match self {
            SessionParam::Kdr(power) => (1..=24).contains(power),
            SessionParam::WindowSizeHint(size) => *size >= 64,
            SessionParam::FecKey(keys) => !keys.is_empty(),
            SessionParam::Other(text) => {
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
            }
            _ => true,
        }
    }
}

impl fmt::Display for SessionParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionParam::Kdr(power) => write!(f, "KDR={power}"),
            SessionParam::UnencryptedSrtp => f.write_str("UNENCRYPTED_SRTP"),
            SessionParam::UnencryptedSrtcp => f.write_str("UNENCRYPTED_SRTCP"),
            SessionParam::UnauthenticatedSrtp => f.write_str("UNAUTHENTICATED_SRTP"),
            SessionParam::FecOrder(FecOrder::FecSrtp) => f.write_str("FEC_ORDER=FEC_SRTP"),
            SessionParam::FecOrder(FecOrder::SrtpFec) => f.write_str("FEC_ORDER=SRTP_FEC"),
            SessionParam::FecKey(keys) => {
                f.write_str("FEC_KEY=")?;
                write_keys(keys, f)
            }
            SessionParam::WindowSizeHint(size) => write!(f, "WSH={size}"),
            SessionParam::Other(text) => f.write_str(text),
        }
    }
}

/// `key-params`.
pub(crate) fn write_keys(keys: &[InlineKey], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            f.write_str(";")?;
        }
        write!(f, "{key}")?;
    }
    Ok(())
}
