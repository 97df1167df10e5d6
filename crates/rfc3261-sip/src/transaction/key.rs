//! Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3), and new branches
//! (§8.1.1.7).

use alloc::{format, string::String, vec::Vec};
use core::hash::Hasher;
use std::collections::hash_map::DefaultHasher;

use crate::{
    MessageRef, Method, ParseError,
    headers::{CSeq, MAGIC_COOKIE, Via},
};

/// The key of a transaction among all others: 128 bits of a keyed hash of what the RFC compares.
///
/// Nobody without the seed can make two of them meet, and by chance none ever do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

/// Makes keys and branches from the seed.
#[derive(Clone)]
pub(super) struct Keys {
    /// Each with half of the seed in it.
    halves: [DefaultHasher; 2],
    branches: u64,
}

/// What of a request tells its transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    message: MessageRef<'a>,
    via: Via<'a>,
    from_tag: &'a str,
    pub(super) to_tag: Option<&'a str>,
    call_id: &'a str,
    pub(super) cseq: CSeq<'a>,
}

/// What a key is of, so that keys of different things never meet.
#[derive(Debug, Clone, Copy)]
enum Domain {
    Client,
    Server,
    OldServer,
    Acknowledged,
    Ack,
    Merge,
    Branch,
    NewBranch,
    Unreadable,
}

impl<'a> Request<'a> {
    /// Reads what is needed of a request.
    pub(super) fn new(message: MessageRef<'a>) -> Result<Self, ParseError> {
        Ok(Self {
            message,
            via: message.via()?,
            from_tag: message.from()?.tag().unwrap_or_default(),
            to_tag: message.to()?.tag(),
            call_id: message.call_id()?.as_str(),
            cseq: message.cseq()?,
        })
    }

    /// Whether the branch tells the transaction by itself.
    pub(super) fn has_unique_branch(&self) -> bool {
        self.via.has_unique_branch()
    }

    /// The top Via.
    pub(super) fn via(&self) -> &Via<'a> {
        &self.via
    }
}

impl Keys {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let (first, second) = seed.split_at(16);
        let half = |seed: &[u8]| {
            let mut hasher = DefaultHasher::new();
            hasher.write(seed);
            hasher
        };
        Self {
            halves: [half(first), half(second)],
            branches: 0,
        }
    }

    /// A new branch: the magic cookie and 128 bits that nobody without the seed can guess.
    pub(super) fn branch(&mut self) -> String {
        let mut branch = String::with_capacity(MAGIC_COOKIE.len() + 32);
        branch.push_str(MAGIC_COOKIE);
        push_hex(&mut branch, self.number(), 32);
        branch
    }

    /// A new number of 128 bits that nobody without the seed can guess.
    pub(super) fn number(&mut self) -> u128 {
        self.branches = self.branches.wrapping_add(1);
        let branches = self.branches.to_le_bytes();
        let Key(number) = self.key(Domain::NewBranch, |hash| hash.bytes(&branches));
        number
    }

    /// The client transaction that the request begins, or that a response with this top Via and
    /// this method in its CSeq belongs to (RFC 3261 §17.1.3). With `sent-by`: a response with
    /// another one is not for this client (§18.1.2).
    pub(super) fn client(&self, via: &Via<'_>, method: Method<'_>) -> Key {
        self.key(Domain::Client, |hash| {
            hash.sent_by(via);
            hash.token(via.branch().unwrap_or_default());
            hash.text(method.as_str());
        })
    }

    /// The server transaction of a request with the method `of` that has the rest from this one:
    /// ACK and CANCEL find that of the INVITE so (RFC 3261 §17.2.3, §9.2).
    pub(super) fn server(&self, request: &Request<'_>, of: Method<'_>) -> Key {
        let via = &request.via;
        if via.has_unique_branch() {
            return self.key(Domain::Server, |hash| {
                hash.sent_by(via);
                hash.token(via.branch().unwrap_or_default());
                hash.text(of.as_str());
            });
        }
        self.key(Domain::OldServer, |hash| {
            hash.sent_by(via);
            hash.token(via.branch().unwrap_or_default());
            hash.text(of.as_str());
            hash.rest_of(request);
            hash.token(request.to_tag.unwrap_or_default());
        })
    }

    /// What an INVITE and the ACKs to its responses have in common without regard to the branch:
    /// for clients that are older than RFC 3261, or whose ACK has a branch of no use.
    pub(super) fn acknowledged(&self, request: &Request<'_>) -> Key {
        self.key(Domain::Acknowledged, |hash| {
            hash.sent_by(&request.via);
            hash.rest_of(request);
        })
    }

    /// The ACK to a response with this tag.
    pub(super) fn ack(&self, acknowledged: Key, to_tag: &str) -> Key {
        self.key(Domain::Ack, |hash| {
            hash.bytes(&acknowledged.0.to_le_bytes());
            hash.token(to_tag);
        })
    }

    /// All copies of a request that came by different ways (RFC 3261 §8.2.2.2): with the method
    /// `of`, so that a CANCEL finds its INVITE.
    pub(super) fn merge(&self, request: &Request<'_>, of: Method<'_>) -> Key {
        self.key(Domain::Merge, |hash| {
            hash.token(request.from_tag);
            hash.text(request.call_id);
            hash.bytes(&request.cseq.sequence_number.to_le_bytes());
            hash.text(of.as_str());
        })
    }

    /// The branch of a request.
    pub(super) fn of_branch(&self, request: &Request<'_>) -> Key {
        self.key(Domain::Branch, |hash| {
            hash.token(request.via.branch().unwrap_or_default());
        })
    }

    /// The To tag of a response that leaves no state behind: the same for each copy of the
    /// request and for the ACK (RFC 3261 §8.2.7).
    pub(super) fn stateless_tag(&self, request: &Request<'_>) -> String {
        let Key(number) = self.merge(request, Method::INVITE);
        format!("{number:032x}")
    }

    /// Whether the To tag of an ACK is that of such a response.
    pub(super) fn is_stateless_tag(&self, ack: &Request<'_>) -> bool {
        let tag = ack.to_tag.filter(|tag| tag.len() == 32);
        let number = tag.and_then(|tag| u128::from_str_radix(tag, 16).ok());
        number.is_some_and(|number| self.merge(ack, Method::INVITE) == Key(number))
    }

    /// The To tag of the answer to a request that cannot be read: the same for each copy.
    pub(super) fn tag_of(&self, request: &[u8]) -> String {
        let Key(number) = self.key(Domain::Unreadable, |hash| hash.bytes(request));
        format!("{number:032x}")
    }

    fn key(&self, domain: Domain, feed: impl FnOnce(&mut Hash)) -> Key {
        // The seed is in the hashers.
        let mut hash = Hash::new(&[], domain as u8);
        feed(&mut hash);
        let [first, second] = self
            .halves
            .each_ref()
            .map(|half| u128::from(hash.go_on(half.clone())));
        Key(first << 64 | second)
    }
}

/// Appends the last so many digits of a number: the formatting machinery takes ten times as long.
pub(crate) fn push_hex(text: &mut String, number: u128, digits: u32) {
    for digit in (0..digits).rev() {
        let nibble = (number >> (4 * digit)) as u32 & 15;
        text.push(char::from_digit(nibble, 16).unwrap_or_default());
    }
}

/// Seeds are not for logs.
impl core::fmt::Debug for Keys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// What is hashed, in one piece: each part goes with its length, so that parts cannot run
/// together.
pub(crate) struct Hash {
    usual: [u8; USUAL],
    length: usize,
    /// All of it, once that is more than is usual.
    long: Vec<u8>,
}

const USUAL: usize = 256;

impl Hash {
    /// With this key; hashes of different domains never meet.
    pub(crate) fn new(seed: &[u8], domain: u8) -> Self {
        let mut hash = Self {
            usual: [0; USUAL],
            length: 0,
            long: Vec::new(),
        };
        hash.push(seed);
        hash.push(&[domain]);
        hash
    }

    pub(crate) fn finish(&self) -> u64 {
        self.go_on(DefaultHasher::new())
    }

    fn go_on(&self, mut hasher: DefaultHasher) -> u64 {
        hasher.write(match self.long.is_empty() {
            true => self.usual.get(..self.length).unwrap_or_default(),
            false => &self.long,
        });
        hasher.finish()
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) -> &mut [u8] {
        let start = self.length;
        self.length += bytes.len();
        if self.length > USUAL && self.long.is_empty() {
            self.long.extend_from_slice(&self.usual);
            self.long.truncate(start);
        }
        let room = if self.length > USUAL {
            self.long.resize(self.length, 0);
            self.long.get_mut(start..)
        } else {
            self.usual.get_mut(start..self.length)
        };
        let room = room.unwrap_or_default();
        room.copy_from_slice(bytes);
        room
    }

    fn part(&mut self, bytes: &[u8]) -> &mut [u8] {
        self.push(&(bytes.len() as u64).to_le_bytes());
        self.push(bytes)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.part(bytes);
    }

    /// Compared byte by byte.
    pub(crate) fn text(&mut self, text: &str) {
        self.part(text.as_bytes());
    }

    /// Compared without regard to case (RFC 3261 §7.3.1).
    pub(crate) fn token(&mut self, token: &str) {
        self.part(token.as_bytes()).make_ascii_lowercase();
    }

    pub(crate) fn sent_by(&mut self, via: &Via<'_>) {
        self.token(via.host_str());
        self.push(&via.port_or_default().to_le_bytes());
    }

    /// What RFC 2543 compares beside Via and To.
    fn rest_of(&mut self, request: &Request<'_>) {
        self.bytes(request.message.request_uri_bytes().unwrap_or_default());
        self.token(request.from_tag);
        self.text(request.call_id);
        self.bytes(&request.cseq.sequence_number.to_le_bytes());
    }
}
