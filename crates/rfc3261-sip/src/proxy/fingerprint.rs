//! Branches that say what of a request was looked at, so that loops are told from spirals
//! (RFC 3261 §16.6 item 8, RFC 5393 §4.2), and those of a stateless proxy (§16.11).

use alloc::{format, string::String};
use core::hash::Hasher;
use std::collections::hash_map::DefaultHasher;

use crate::{
    HeaderName, MessageRef, ParseError,
    headers::{MAGIC_COOKIE, Via},
};

/// What of a request decides where it goes and whether it is let through, as a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint(u64);

/// Makes fingerprints and branches.
#[derive(Clone)]
pub(super) struct Fingerprints {
    seed: [u8; 32],
}

impl Fingerprints {
    pub(super) const fn new(seed: [u8; 32]) -> Self {
        Self { seed }
    }

    /// The fingerprint of a request as it was received. The method is left out, and so is the
    /// topmost Via, which differs each time that a request comes round.
    pub(super) fn of(&self, request: MessageRef<'_>) -> Result<Fingerprint, ParseError> {
        let (to, mut hash) = (request.to()?, self.hash(Domain::Whole));
        hash.common(request)?;
        hash.bytes(to.tag().unwrap_or_default().as_bytes());
        hash.values(request, HeaderName::ProxyRequire);
        hash.values(request, HeaderName::ProxyAuthorization);
        Ok(Fingerprint(hash.0.finish()))
    }

    /// The same without what an INVITE may have and its ACK and CANCEL have not: where they are
    /// forwarded without state, they get one branch.
    pub(super) fn of_stateless(&self, request: MessageRef<'_>) -> Result<Fingerprint, ParseError> {
        let mut hash = self.hash(Domain::Stateless);
        hash.common(request)?;
        Ok(Fingerprint(hash.0.finish()))
    }

    /// A branch of which the first part is unique, and the second the fingerprint.
    pub(super) fn branch(unique: &str, Fingerprint(of): Fingerprint) -> String {
        format!("{unique}.{of:016x}")
    }

    /// The branch of a request that is forwarded without state: the same for each copy, and for
    /// its ACK and CANCEL. The branch received tells it from all others; a client that is older
    /// than RFC 3261 makes none that does.
    pub(super) fn stateless_branch(
        &self,
        request: MessageRef<'_>,
        of: Fingerprint,
    ) -> Result<String, ParseError> {
        let via = request.via()?;
        let half = |domain| {
            let mut hash = self.hash(domain);
            match via.branch().filter(|_| via.has_unique_branch()) {
                Some(branch) => hash.token(branch),
                None => {
                    let top = request.elements(HeaderName::Via).next();
                    hash.bytes(top.map_or(&[], |top| top.value));
                }
            }
            hash.token(via.host_str());
            hash.0.write_u16(via.port_or_default());
            hash.0.write_u64(of.0);
            hash.0.finish()
        };
        let (first, second) = (half(Domain::First), half(Domain::Second));
        Ok(Self::branch(
            &format!("{MAGIC_COOKIE}{first:016x}{second:016x}"),
            of,
        ))
    }

    /// Whether this proxy has forwarded a request with such a fingerprint before, with this Via.
    pub(super) fn is_of(via: &Via<'_>, Fingerprint(of): Fingerprint) -> bool {
        let branch = via.branch().and_then(|branch| branch.rsplit_once('.'));
        branch.and_then(|(_, text)| u64::from_str_radix(text, 16).ok()) == Some(of)
    }

    /// A tag for To: the same for each copy of a request.
    pub(super) fn tag(&self, request: MessageRef<'_>) -> String {
        let mut hash = self.hash(Domain::Tag);
        for name in [HeaderName::CallId, HeaderName::From] {
            let value = request.first(name).map(|field| field.value());
            hash.bytes(value.unwrap_or_default());
        }
        let number = request.cseq().map_or(0, |cseq| cseq.sequence_number);
        hash.0.write_u32(number);
        format!("{:016x}", hash.0.finish())
    }

    /// A number that is the same for each copy of a request (RFC 3263 §4.4).
    pub(super) fn number(Fingerprint(of): Fingerprint) -> u64 {
        of
    }

    fn hash(&self, domain: Domain) -> Hash {
        let mut hash = Hash(DefaultHasher::new());
        hash.0.write(&self.seed);
        hash.0.write_u8(domain as u8);
        hash
    }
}

/// Seeds are not for logs.
impl core::fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Fingerprints").finish_non_exhaustive()
    }
}

/// What a hash is for, so that those of different things never meet.
#[derive(Debug, Clone, Copy)]
enum Domain {
    Whole = 101,
    Stateless,
    First,
    Second,
    Tag,
}

/// A hash on its way: each part goes with its length.
struct Hash(DefaultHasher);

impl Hash {
    fn common(&mut self, request: MessageRef<'_>) -> Result<(), ParseError> {
        self.bytes(request.request_uri_bytes().unwrap_or_default());
        self.bytes(request.call_id()?.as_str().as_bytes());
        self.token(request.from()?.tag().unwrap_or_default());
        self.0.write_u32(request.cseq()?.sequence_number);
        self.values(request, HeaderName::Route);
        Ok(())
    }

    fn values(&mut self, request: MessageRef<'_>, name: HeaderName) {
        for element in request.elements(name) {
            self.bytes(element.value);
        }
        self.0.write_u8(0);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.write_usize(bytes.len());
        self.0.write(bytes);
    }

    /// Without regard to case (RFC 3261 §7.3.1).
    fn token(&mut self, token: &str) {
        self.0.write_usize(token.len());
        for chunk in token.as_bytes().chunks(32) {
            let mut lower = [0; 32];
            for (to, from) in lower.iter_mut().zip(chunk) {
                *to = from.to_ascii_lowercase();
            }
            self.0.write(&lower);
        }
    }
}
