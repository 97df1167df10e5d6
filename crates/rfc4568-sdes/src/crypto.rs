//! The crypto attribute. RFC 4568 §4, §9.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::error::{InvalidCrypto, ParseError};
use crate::session_param::write_keys;
use crate::{CryptoSuite, InlineKey, SessionParam, grammar};

/// A valid crypto attribute: what stands behind `a=crypto:`.
///
/// `Display` is the wire form, with the keys; `Debug` does not show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    pub(crate) tag: u32,
    pub(crate) suite: CryptoSuite,
    pub(crate) keys: Vec<InlineKey>,
    pub(crate) session_params: Vec<SessionParam>,
}

impl Crypto {
    /// Reads the value of an attribute. Suites and session parameters that are not known are kept:
    /// whether to accept them is [`Capabilities`](crate::Capabilities)' decision.
    ///
    /// # Errors
    ///
    /// The attribute is invalid after RFC 4568 §6; the others of the media description may do.
    pub fn parse(value: &str) -> Result<Crypto, ParseError> {
        grammar::crypto(value)
    }

    /// An attribute of these parts, `tag` at most 999,999,999.
    ///
    /// # Errors
    ///
    /// The parts do not make a valid attribute.
    pub fn new(
        tag: u32,
        suite: CryptoSuite,
        keys: Vec<InlineKey>,
        session_params: Vec<SessionParam>,
    ) -> Result<Crypto, InvalidCrypto> {
        if tag > 999_999_999 {
            return Err(InvalidCrypto::Tag);
        }
        if keys.is_empty() {
            return Err(InvalidCrypto::NoKey);
        }
        if !keys.iter().all(|key| has_length_of(&suite, key)) {
            return Err(InvalidCrypto::KeyLength);
        }
        if !mkis_agree(&keys) {
            return Err(InvalidCrypto::Mki);
        }
        for param in &session_params {
            if !param.is_valid() {
                return Err(InvalidCrypto::SessionParam);
            }
            if let SessionParam::FecKey(keys) = param {
                if !mkis_agree(keys) {
                    return Err(InvalidCrypto::Mki);
                }
                if !keys.iter().all(|key| has_length_of(&suite, key)) {
                    return Err(InvalidCrypto::KeyLength);
                }
            }
        }
        Ok(Crypto {
            tag,
            suite,
            keys,
            session_params,
        })
    }

    /// The same with one more session parameter.
    ///
    /// # Errors
    ///
    /// The parameter is not valid.
    pub fn with_session_param(mut self, param: SessionParam) -> Result<Crypto, InvalidCrypto> {
        self.session_params.push(param);
        Crypto::new(self.tag, self.suite, self.keys, self.session_params)
    }

    /// The tag, by which an answer names the attribute it accepts.
    pub fn tag(&self) -> u32 {
        self.tag
    }

    /// The crypto-suite.
    pub fn suite(&self) -> &CryptoSuite {
        &self.suite
    }

    /// The keys of whoever wrote the attribute, at least one.
    pub fn keys(&self) -> &[InlineKey] {
        &self.keys
    }

    /// The session parameters, in order.
    pub fn session_params(&self) -> &[SessionParam] {
        &self.session_params
    }

    /// The key derivation rate as a power of two, if there is one.
    pub fn kdr(&self) -> Option<u8> {
        self.session_params.iter().find_map(|param| match param {
            SessionParam::Kdr(power) => Some(*power),
            _ => None,
        })
    }

    /// The size that the sender would give the replay window, if it says so.
    pub fn window_size_hint(&self) -> Option<u64> {
        self.session_params.iter().find_map(|param| match param {
            SessionParam::WindowSizeHint(size) => Some(*size),
            _ => None,
        })
    }

    /// Whether a session parameter without a value is there.
    pub fn has(&self, param: &SessionParam) -> bool {
        self.session_params.contains(param)
    }
}

/// Whether the key has the length that the suite, if known, demands.
pub(crate) fn has_length_of(suite: &CryptoSuite, key: &InlineKey) -> bool {
    !key.key_salt().is_empty() && (suite.key_len().is_none() || key.split(suite).is_some())
}

/// Whether packets tell which of the keys protects them.
pub(crate) fn mkis_agree(keys: &[InlineKey]) -> bool {
    let len = |key: &InlineKey| key.mki.as_ref().map(|mki| mki.as_bytes().len());
    match keys {
        [] | [_] => true,
        [first, rest @ ..] => len(first).is_some() && rest.iter().all(|key| len(key) == len(first)),
    }
}

impl FromStr for Crypto {
    type Err = ParseError;

    fn from_str(value: &str) -> Result<Crypto, ParseError> {
        Crypto::parse(value)
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.tag, self.suite)?;
        write_keys(&self.keys, f)?;
        self.session_params
            .iter()
            .try_for_each(|param| write!(f, " {param}"))
    }
}
