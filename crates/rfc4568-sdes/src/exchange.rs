//! The offers and answers of one medium over its life. RFC 4568 §5.1, §5.3, §6.3.5, §7.1, §7.4,
//! §7.5.
//!
//! ```text
//!          offer              answered
//!   idle ────────▶ offering ───────────▶ agreed ──────┐
//!    ▲ ▲              │  ▲                  │ ▲       │ answer
//!    │ └── rejected, ─┘  └───── offer ──────┘ └───────┘
//!    │     failed            (what was agreed holds until answered)
//!    └─ answer ──▶ agreed
//! ```
//!
//! While an offer is out, neither another nor an answer of ours is due; without one, none of
//! theirs is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::NegotiationError;
use crate::negotiation::{Capabilities, TagRule, shares_key};
use crate::{Crypto, SessionParam};

/// Where media are received.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Of the `c=` line.
    pub address: String,
    /// Of the `m=` line.
    pub port: u16,
}

/// What one side's session description says about the security of a medium.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The transport of the `m=` line, such as `RTP/SAVP`.
    pub transport: String,
    /// Where this side receives the medium.
    pub place: Place,
    /// Where it receives forward error correction, if it does.
    pub fec: Option<Place>,
    /// The values of `a=crypto`, in order; invalid ones left out.
    pub crypto: Vec<Crypto>,
    /// Whether there are other keys: `a=key-mgmt` or `k=`.
    pub other_keys: bool,
}

impl Description {
    /// A medium without forward error correction and without other keys.
    pub fn new(transport: &str, place: Place, crypto: Vec<Crypto>) -> Description {
        Description {
            transport: transport.into(),
            place,
            fec: None,
            crypto,
            other_keys: false,
        }
    }

    /// Whether the transport is one of SRTP.
    fn is_secure(&self) -> bool {
        ["RTP/SAVP", "RTP/SAVPF"]
            .iter()
            .any(|secure| self.transport.eq_ignore_ascii_case(secure))
    }

    /// Whether FEC_KEY is there if and only if error correction goes elsewhere (§6.3.5).
    fn allows(&self, crypto: &Crypto) -> bool {
        let is_elsewhere = self.fec.as_ref().is_some_and(|fec| *fec != self.place);
        let mut params = crypto.session_params().iter();
        params.any(|param| matches!(param, SessionParam::FecKey(_))) == is_elsewhere
    }

    fn has_moved(&self, before: Option<&Description>) -> bool {
        before.is_some_and(|before| (&before.place, &before.fec) != (&self.place, &self.fec))
    }
}

/// What two sides have agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// Protects what we send.
    pub local: Crypto,
    /// Protects what the other side sends.
    pub remote: Crypto,
    /// Whether our key is none of those before: with a new place it begins a context whose
    /// rollover counter is zero.
    pub local_is_new: bool,
    /// Whether the other side's key is none of those before.
    pub remote_is_new: bool,
    /// Whether the other side receives in a new place. It must have a new key then (§7.1.4); if
    /// it has not, nobody knows its rollover counter.
    pub remote_has_moved: bool,
    /// Whether the answer named what it accepted by another tag.
    pub is_renumbered: bool,
}

/// The offers and answers of one medium. It checks what is about to be sent as strictly as what
/// has come; what is agreed stays until something else is.
///
/// ```
/// use rfc4568_sdes::{Capabilities, Crypto, CryptoSuite, Description, Exchange, Place, TagRule};
///
/// let able = Capabilities::new(vec![CryptoSuite::AesCm128HmacSha1_80]);
/// let at = |port, key: char| -> Result<Description, rfc4568_sdes::ParseError> {
///     let key = key.to_string().repeat(40); // from a random source
///     let crypto = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key}"))?;
///     let place = Place { address: "192.0.2.1".into(), port };
///     Ok(Description::new("RTP/SAVP", place, vec![crypto]))
/// };
/// let (offer, answer) = (at(5000, 'A')?, at(6000, 'B')?);
/// let mut offerer = Exchange::new(able.clone(), TagRule::Exact);
/// let mut answerer = Exchange::new(able, TagRule::Exact);
/// offerer.offer(offer.clone())?;
/// assert_eq!(answerer.choose(&offer)?.tag(), 1);
/// let sends = answerer.answer(&offer, answer.clone())?.local.clone();
/// assert_eq!(offerer.answered(&answer)?.remote, sends);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Exchange {
    able: Capabilities,
    tag_rule: TagRule,
    /// Our offer, while it waits.
    offering: Option<Description>,
    /// The descriptions in force, ours and theirs, and what follows from them.
    agreed: Option<(Description, Description, Agreement)>,
}

impl Exchange {
    /// A medium about which nothing has been said. `tag_rule` is for the answers of others.
    pub fn new(able: Capabilities, tag_rule: TagRule) -> Exchange {
        Exchange {
            able,
            tag_rule,
            offering: None,
            agreed: None,
        }
    }

    /// What holds now.
    pub fn agreement(&self) -> Option<&Agreement> {
        self.agreed.as_ref().map(|(_, _, agreement)| agreement)
    }

    /// Whether an offer of ours waits for its answer.
    pub fn is_offering(&self) -> bool {
        self.offering.is_some()
    }

    /// Our offer, about to be sent.
    ///
    /// # Errors
    ///
    /// It is not due, or not one that RFC 4568 allows: see [`NegotiationError`].
    pub fn offer(&mut self, ours: Description) -> Result<(), NegotiationError> {
        if self.offering.is_some() {
            return Err(NegotiationError::OutOfTurn);
        }
        self.check(&ours)?;
        for (at, crypto) in ours.crypto.iter().enumerate() {
            let others = ours.crypto.iter().skip(at + 1);
            for other in others {
                if other.tag() == crypto.tag() {
                    return Err(NegotiationError::TagReused);
                }
                if shares_key(crypto.keys(), other.keys()) {
                    return Err(NegotiationError::KeyReused);
                }
            }
        }
        self.offering = Some(ours);
        Ok(())
    }

    /// The answer to our offer.
    ///
    /// # Errors
    ///
    /// It is not due, or the security negotiation has failed: see [`NegotiationError`]. What was
    /// agreed before stays.
    pub fn answered(&mut self, theirs: &Description) -> Result<&Agreement, NegotiationError> {
        let ours = self.offering.take().ok_or(NegotiationError::OutOfTurn)?;
        let answer = only(theirs)?;
        let accepted = self.able.accept(&ours.crypto, answer, self.tag_rule)?;
        let (local, is_renumbered) = (accepted.offered.clone(), accepted.renumbered);
        let remote = answer.clone();
        Ok(self.agree(ours, theirs.clone(), local, remote, is_renumbered))
    }

    /// The medium or our whole offer was rejected: what was agreed before stays.
    pub fn rejected(&mut self) {
        self.offering = None;
    }

    /// What of their offer to accept: the first that is valid and supported. Build the answer of
    /// it with [`Crypto::answer`].
    ///
    /// # Errors
    ///
    /// There is none, and the medium is to be rejected: see [`NegotiationError`].
    pub fn choose<'o>(&self, theirs: &'o Description) -> Result<&'o Crypto, NegotiationError> {
        if !theirs.is_secure() {
            return Err(NegotiationError::NotSecure);
        }
        let valid = |crypto: &Crypto| theirs.allows(crypto);
        self.able
            .choose_among(&theirs.crypto, valid)
            .ok_or(NegotiationError::NoCrypto)
    }

    /// Our answer to their offer, about to be sent.
    ///
    /// # Errors
    ///
    /// It is not due, or not one that RFC 4568 allows: see [`NegotiationError`].
    pub fn answer(
        &mut self,
        theirs: &Description,
        ours: Description,
    ) -> Result<&Agreement, NegotiationError> {
        if self.offering.is_some() {
            return Err(NegotiationError::OutOfTurn);
        }
        let remote = self.choose(theirs)?.clone();
        let local = only(&ours)?.clone();
        self.check(&ours)?;
        self.able
            .accept(core::slice::from_ref(&remote), &local, TagRule::Exact)?;
        // A key of an attribute that was not accepted is theirs nevertheless.
        let mut offered = theirs.crypto.iter();
        if offered.any(|crypto| shares_key(crypto.keys(), local.keys())) {
            return Err(NegotiationError::KeyReused);
        }
        Ok(self.agree(ours, theirs.clone(), local, remote, false))
    }

    /// What holds for every description of ours.
    fn check(&self, ours: &Description) -> Result<(), NegotiationError> {
        if !ours.is_secure() {
            return Err(NegotiationError::NotSecure);
        }
        if ours.crypto.is_empty() {
            return Err(NegotiationError::NoCrypto);
        }
        if !ours.crypto.iter().all(|crypto| self.able.support(crypto)) {
            return Err(NegotiationError::Unsupported);
        }
        if !ours.crypto.iter().all(|crypto| ours.allows(crypto)) {
            return Err(NegotiationError::FecKey);
        }
        if let Some((before, _, agreement)) = &self.agreed {
            let mut crypto = ours.crypto.iter();
            let keeps = crypto.any(|crypto| shares_key(crypto.keys(), agreement.local.keys()));
            if keeps && ours.has_moved(Some(before)) {
                return Err(NegotiationError::KeyKept);
            }
        }
        Ok(())
    }

    fn agree(
        &mut self,
        ours: Description,
        theirs: Description,
        local: Crypto,
        remote: Crypto,
        is_renumbered: bool,
    ) -> &Agreement {
        let before = self.agreed.as_ref();
        let is_new = |crypto: &Crypto, old: Option<&Crypto>| {
            old.is_none_or(|old| !shares_key(crypto.keys(), old.keys()))
        };
        let agreement = Agreement {
            local_is_new: is_new(&local, before.map(|(_, _, old)| &old.local)),
            remote_is_new: is_new(&remote, before.map(|(_, _, old)| &old.remote)),
            remote_has_moved: theirs.has_moved(before.map(|(_, theirs, _)| theirs)),
            is_renumbered,
            local,
            remote,
        };
        &self.agreed.insert((ours, theirs, agreement)).2
    }
}

/// The one attribute of an answer.
fn only(answer: &Description) -> Result<&Crypto, NegotiationError> {
    if !answer.is_secure() {
        return Err(NegotiationError::NotSecure);
    }
    if answer.other_keys && !answer.crypto.is_empty() {
        return Err(NegotiationError::TwoKeyings);
    }
    let [crypto] = &answer.crypto[..] else {
        return Err(NegotiationError::NoCrypto);
    };
    if !answer.allows(crypto) {
        return Err(NegotiationError::FecKey);
    }
    Ok(crypto)
}
