//! Branches that say what of a request was looked at, so that loops are told from spirals
//! (RFC 3261 §16.6 item 8, RFC 5393 §4.2), and those of a stateless proxy (§16.11).

use alloc::{format, string::String};

use crate::{
    HeaderName, MessageRef, ParseError,
    headers::{MAGIC_COOKIE, Via},
    transaction::Hash,
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
        common(&mut hash, request)?;
        hash.token(to.tag().unwrap_or_default());
        values(&mut hash, request, HeaderName::ProxyRequire);
        values(&mut hash, request, HeaderName::ProxyAuthorization);
        Ok(Fingerprint(hash.finish()))
    }

    /// The same without what an INVITE may have and its ACK and CANCEL have not: where they are
    /// forwarded without state, they get one branch.
    pub(super) fn of_stateless(&self, request: MessageRef<'_>) -> Result<Fingerprint, ParseError> {
        let mut hash = self.hash(Domain::Stateless);
        common(&mut hash, request)?;
        Ok(Fingerprint(hash.finish()))
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
            hash.sent_by(&via);
            hash.bytes(&of.0.to_le_bytes());
            hash.finish()
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
        hash.bytes(&number.to_le_bytes());
        format!("{:016x}", hash.finish())
    }

    /// A number that is the same for each copy of a request (RFC 3263 §4.4).
    pub(super) fn number(Fingerprint(of): Fingerprint) -> u64 {
        of
    }

    fn hash(&self, domain: Domain) -> Hash {
        Hash::new(&self.seed, domain as u8)
    }
}

/// Seeds are not for logs.
impl core::fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Fingerprints").finish_non_exhaustive()
    }
}

/// What a hash is for: other things than what transactions make hashes of.
#[derive(Debug, Clone, Copy)]
enum Domain {
    Whole = 101,
    Stateless,
    First,
    Second,
    Tag,
}

/// What all fingerprints are of.
fn common(hash: &mut Hash, request: MessageRef<'_>) -> Result<(), ParseError> {
    hash.bytes(request.request_uri_bytes().unwrap_or_default());
    hash.text(request.call_id()?.as_str());
    hash.token(request.from()?.tag().unwrap_or_default());
    hash.bytes(&request.cseq()?.sequence_number.to_le_bytes());
    values(hash, request, HeaderName::Route);
    Ok(())
}

/// The values of a list, and that it is over.
fn values(hash: &mut Hash, request: MessageRef<'_>, name: HeaderName) {
    for element in request.elements(name) {
        hash.bytes(element.value);
    }
    hash.bytes(&[]);
}
