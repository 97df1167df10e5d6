//! Offer and answer. RFC 4568 §5.1, §7.1.

use alloc::vec::Vec;

use crate::error::NegotiationError;
use crate::{Crypto, CryptoSuite, InlineKey, SessionParam};

/// What an endpoint can and will do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The crypto-suites.
    pub suites: Vec<CryptoSuite>,
    /// RTP in the clear.
    pub unencrypted_srtp: bool,
    /// RTCP in the clear.
    pub unencrypted_srtcp: bool,
    /// RTP without authentication, which is not recommended (§6.3.3).
    pub unauthenticated_srtp: bool,
    /// Key derivation rates.
    pub kdr: bool,
    /// Master key identifiers, and several keys.
    pub mki: bool,
    /// Forward error correction, in either order, with its own keys.
    pub fec: bool,
}

impl Capabilities {
    /// These suites, key derivation rates and master key identifiers, and nothing that weakens
    /// them.
    pub fn new(suites: Vec<CryptoSuite>) -> Capabilities {
        Capabilities {
            suites,
            unencrypted_srtp: false,
            unencrypted_srtcp: false,
            unauthenticated_srtp: false,
            kdr: true,
            mki: true,
            fec: false,
        }
    }

    /// Whether everything that the attribute demands is supported.
    pub fn support(&self, crypto: &Crypto) -> bool {
        self.suites.contains(crypto.suite())
            && (self.mki || crypto.keys().iter().all(|key| key.mki.is_none()))
            && crypto.session_params().iter().all(|param| match param {
                SessionParam::UnencryptedSrtp => self.unencrypted_srtp,
                SessionParam::UnencryptedSrtcp => self.unencrypted_srtcp,
                SessionParam::UnauthenticatedSrtp => self.unauthenticated_srtp,
                SessionParam::Kdr(_) => self.kdr,
                SessionParam::FecOrder(crate::FecOrder::FecSrtp)
                | SessionParam::WindowSizeHint(_) => true,
                SessionParam::FecOrder(crate::FecOrder::SrtpFec) | SessionParam::FecKey(_) => {
                    self.fec
                }
                SessionParam::Other(_) => param.is_optional(),
            })
    }

    /// The offered attribute to accept: the first that is supported, or `None` to reject the
    /// media. Attributes that share a tag are passed over, since an answer could not name one.
    pub fn choose<'o>(&self, offer: &'o [Crypto]) -> Option<&'o Crypto> {
        self.choose_among(offer, |_| true)
    }

    /// The same, of those that are valid.
    pub(crate) fn choose_among<'o>(
        &self,
        offer: &'o [Crypto],
        is_valid: impl Fn(&Crypto) -> bool,
    ) -> Option<&'o Crypto> {
        offer.iter().find(|crypto| {
            let same_tag = offer.iter().filter(|other| other.tag() == crypto.tag());
            same_tag.count() == 1 && is_valid(crypto) && self.support(crypto)
        })
    }

    /// Checks the answer to an offer.
    ///
    /// # Errors
    ///
    /// The answer accepts nothing that was offered, changes it, demands what is not supported, or
    /// repeats a key. The negotiation has failed then.
    pub fn accept<'o>(
        &self,
        offer: &'o [Crypto],
        answer: &Crypto,
        tag_rule: TagRule,
    ) -> Result<Accepted<'o>, NegotiationError> {
        let of_suite = || {
            offer
                .iter()
                .filter(|crypto| crypto.suite() == answer.suite())
        };
        let named = of_suite().find(|crypto| crypto.tag() == answer.tag());
        let (offered, renumbered) = match (named, tag_rule) {
            (Some(offered), _) => (offered, false),
            (None, TagRule::Exact) => return Err(NegotiationError::NotOffered),
            (None, TagRule::Renumbered) => {
                let mut equal = of_suite().filter(|crypto| negotiated_alike(crypto, answer));
                match (equal.next(), equal.next()) {
                    (Some(offered), None) => (offered, true),
                    _ => return Err(NegotiationError::NotOffered),
                }
            }
        };
        if !negotiated_alike(offered, answer) {
            return Err(NegotiationError::ParametersDiffer);
        }
        if !self.support(answer) {
            return Err(NegotiationError::Unsupported);
        }
        if offer
            .iter()
            .any(|crypto| shares_key(crypto.keys(), answer.keys()))
        {
            return Err(NegotiationError::KeyReused);
        }
        Ok(Accepted {
            offered,
            renumbered,
        })
    }
}

/// How an answer must name what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TagRule {
    /// By its tag, as RFC 4568 §5.1.3 has it.
    #[default]
    Exact,
    /// By its tag, or by another tag if only one offered attribute has this suite and these
    /// negotiated parameters: some endpoints count from 1 again in their answers.
    Renumbered,
}

/// What an answer has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted<'o> {
    /// The offered attribute, whose keys protect what the offerer sends.
    pub offered: &'o Crypto,
    /// Whether the answer named it by another tag.
    pub renumbered: bool,
}

impl Crypto {
    /// The answer that accepts this offered attribute: with its tag, its suite and the session
    /// parameters that hold for both directions, and these keys of the answerer's own.
    ///
    /// # Errors
    ///
    /// A key is one of the offer's, or they do not make a valid attribute.
    pub fn answer(&self, keys: Vec<InlineKey>) -> Result<Crypto, NegotiationError> {
        if shares_key(self.keys(), &keys) {
            return Err(NegotiationError::KeyReused);
        }
        let negotiated = self
            .session_params()
            .iter()
            .filter(|param| param.is_negotiated());
        Crypto::new(
            self.tag(),
            self.suite().clone(),
            keys,
            negotiated.cloned().collect(),
        )
        .map_err(NegotiationError::Invalid)
    }
}

/// Whether both have the same negotiated session parameters.
fn negotiated_alike(one: &Crypto, other: &Crypto) -> bool {
    let within = |one: &Crypto, other: &Crypto| {
        one.session_params()
            .iter()
            .all(|param| !param.is_negotiated() || other.has(param))
    };
    within(one, other) && within(other, one)
}

/// Whether one key is among both.
pub(crate) fn shares_key(ours: &[InlineKey], theirs: &[InlineKey]) -> bool {
    ours.iter().any(|our| {
        theirs
            .iter()
            .any(|their| our.key_salt() == their.key_salt())
    })
}
