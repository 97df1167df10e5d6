//! The client: chooses among challenges, answers them, checks the server's proof.
//! RFC 2617 §3.2.2, §3.3, §4.6; RFC 7616 §3.4, §3.5, §3.7; RFC 8760 §2.4; RFC 3261 §22.

mod account;
mod answer;
mod session;

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use account::Account;
pub use answer::Authorization;

use crate::Hash;
use crate::basic::BasicChallenge;
use crate::challenge::DigestChallenge;
use crate::digest::{HexDigest, Request};
use crate::error::{InvalidText, SchemeError};
use crate::info::{AuthenticationInfo, InfoError};
use crate::scheme::Scheme;
use crate::text::is_quotable;
use session::{Event, Means, Offer, Session};

/// How many challenges in a row one request answers.
const ROUNDS: u8 = 6;

/// Who challenges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Challenger {
    /// The server at the end: status 401.
    Server,
    /// A proxy on the way: status 407.
    Proxy,
}

impl Challenger {
    /// The header of its challenges.
    pub fn challenge_header(self) -> &'static str {
        match self {
            Challenger::Server => "WWW-Authenticate",
            Challenger::Proxy => "Proxy-Authenticate",
        }
    }

    /// The header of the credentials for it.
    pub fn credentials_header(self) -> &'static str {
        match self {
            Challenger::Server => "Authorization",
            Challenger::Proxy => "Proxy-Authorization",
        }
    }

    /// The header by which it proves itself.
    pub fn info_header(self) -> &'static str {
        match self {
            Challenger::Server => "Authentication-Info",
            Challenger::Proxy => "Proxy-Authentication-Info",
        }
    }
}

/// Which of several Digest challenges of one realm is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The topmost that is supported: servers put first what they prefer (RFC 7616 §3.7,
    /// RFC 8760 §2.4).
    Topmost,
    /// The one of the strongest hash function, whatever the server prefers.
    Strongest,
}

/// What a client does and does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Which Digest challenge is answered. [`Order::Topmost`] by default.
    pub order: Order,
    /// Whether MD5 is answered at all. `true` by default: most telephones offer nothing else.
    pub md5: bool,
    /// Whether Basic is answered where there is no Digest. `false` by default: it shows the
    /// password, and SIP forbids it (RFC 8760 §2.6).
    pub basic: bool,
    /// Whether `auth-int` is preferred where both are offered. `false` by default: devices that
    /// change bodies on the way are common.
    pub prefer_auth_int: bool,
    /// For how many realms credentials are kept; the one not used for longest goes first.
    /// 16 by default.
    pub realms: usize,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            order: Order::Topmost,
            md5: true,
            basic: false,
            prefer_auth_int: false,
            realms: 16,
        }
    }
}

/// What becomes of the challenges of one realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// The next [`Client::authorize`] answers it.
    Ready,
    /// These credentials have been refused: sending them again would change nothing.
    Refused,
    /// There is no account for the realm.
    NoAccount,
    /// No challenge can be answered; this is why, for the last of them.
    Unsupported(SchemeError),
    /// The configuration forbids all challenges that could be answered.
    Forbidden,
}

/// What becomes of the challenges of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    realms: Vec<(Challenger, Arc<str>, Answer)>,
}

impl Outcome {
    /// Whether it is worth sending the request again, with what [`Client::authorize`] returns.
    pub fn retry(&self) -> bool {
        self.realms
            .iter()
            .any(|(_, _, answer)| *answer == Answer::Ready)
    }

    /// Each realm that challenges, and what becomes of it, in their order. Challenges without a
    /// realm have an empty one.
    pub fn realms(&self) -> impl Iterator<Item = (Challenger, &str, Answer)> {
        self.realms
            .iter()
            .map(|(challenger, realm, answer)| (*challenger, &**realm, *answer))
    }
}

/// What an Authentication-Info has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Info {
    /// The server has shown that it knows the secret.
    pub proven: bool,
    /// The next request uses a new nonce.
    pub next_nonce: bool,
}

/// A client of one server and the proxies on the way to it: it keeps a session for each realm.
///
/// Getters: none. Inputs: [`handle_challenges`](Client::handle_challenges) with a 401 or 407,
/// [`handle_success`](Client::handle_success) with any other final response, and
/// [`handle_info`](Client::handle_info) with an Authentication-Info. Commands:
/// [`authorize`](Client::authorize) for each request, [`forget`](Client::forget). It has no timers.
///
/// Use one client per server in HTTP and RTSP, and per peer, registrar or account in SIP: what it
/// has learnt goes into every request that it authorizes.
pub struct Client {
    config: ClientConfig,
    sessions: Vec<Session>,
    seed: Zeroizing<[u8; 32]>,
    cnonces_made: u64,
}

impl Client {
    /// A client that has learnt nothing yet.
    ///
    /// All client nonces come from `seed`, which must be unpredictable and used for one client
    /// only.
    pub fn new(config: ClientConfig, seed: [u8; 32]) -> Client {
        Client {
            config,
            sessions: Vec::new(),
            seed: Zeroizing::new(seed),
            cnonces_made: 0,
        }
    }

    /// Takes the challenges of a 401 or 407.
    ///
    /// `sent` is what the request had of [`authorize`](Client::authorize), empty if nothing.
    /// `rows` are the values of all its WWW-Authenticate and Proxy-Authenticate headers, in their
    /// order; one that cannot be read is passed over. `account` says whose secret is for a realm;
    /// it is not asked again where only the nonce was stale.
    ///
    /// Credentials that were refused are not sent again, and a request that is challenged time and
    /// again, by stale nonces or ever new realms, is given up after six.
    pub fn handle_challenges<'a>(
        &mut self,
        sent: &[Authorization],
        rows: impl IntoIterator<Item = (Challenger, &'a [u8])>,
        mut account: impl FnMut(Challenger, &str) -> Option<Account>,
    ) -> Outcome {
        let round = sent.iter().map(Authorization::round).max();
        let round = round.map_or(1, |round| round.saturating_add(1));
        let mut realms = Vec::new();
        for choice in self.choices(rows) {
            let challenger = choice.challenger;
            let realm = Arc::<str>::from(&*choice.realm);
            let sent = sent
                .iter()
                .find(|sent| sent.challenger() == challenger && *sent.realm() == *realm);
            let answer = self.answer(sent, round, choice, Arc::clone(&realm), &mut account);
            realms.push((challenger, realm, answer));
        }
        Outcome { realms }
    }

    /// The credentials for a request: one header each, for every realm that has challenged.
    ///
    /// Every call counts one use of each nonce, so a retransmission sends what it sent before.
    ///
    /// # Errors
    ///
    /// Method or URI cannot stand in a header.
    pub fn authorize(&mut self, request: &Request<'_>) -> Result<Vec<Authorization>, InvalidText> {
        if request.method.bytes().any(|b| b.is_ascii_control()) {
            return Err(InvalidText { field: "method" });
        }
        if !is_quotable(request.uri) || request.uri.contains(['"', '\\']) {
            return Err(InvalidText { field: "URI" });
        }
        let sessions = self.sessions.iter_mut();
        Ok(sessions
            .filter_map(|session| session.authorize(request))
            .collect())
    }

    /// Notes that the server has taken what was sent: its response was final, and no 401 or 407.
    pub fn handle_success(&mut self, sent: &[Authorization]) {
        for sent in sent {
            if let Some(session) = self.session_of(sent) {
                session.accepted();
            }
        }
    }

    /// Takes the value of an Authentication-Info, of the response to the request that had `sent`.
    /// `body` is the response's.
    ///
    /// # Errors
    ///
    /// The value cannot be read, or the server's proof is wrong. Then nothing changes: the
    /// response is not to be trusted.
    pub fn handle_info(
        &mut self,
        sent: &Authorization,
        value: &[u8],
        body: &[u8],
    ) -> Result<Info, InfoError> {
        let info = AuthenticationInfo::parse(value)?;
        let proven = sent.check(&info, body)?;
        let next_nonce = match (info.nextnonce(), self.session_of(sent)) {
            (Some(nonce), Some(session)) => session.next_nonce(sent, nonce),
            _ => false,
        };
        Ok(Info { proven, next_nonce })
    }

    /// Forgets all sessions, as when the user logs out.
    pub fn forget(&mut self) {
        self.sessions.clear();
    }

    fn session_of(&mut self, sent: &Authorization) -> Option<&mut Session> {
        self.sessions
            .iter_mut()
            .find(|session| session.is_of(sent.challenger(), sent.realm()))
    }

    /// For each realm, in the order of their first challenges, what it offers.
    fn choices<'a>(
        &self,
        rows: impl IntoIterator<Item = (Challenger, &'a [u8])>,
    ) -> Vec<Choice<'a>> {
        let mut choices: Vec<Choice<'a>> = Vec::new();
        for (challenger, row) in rows {
            for scheme in Scheme::parse_list(row).unwrap_or_default() {
                let realm = scheme.param("realm").and_then(|realm| realm.text());
                let realm = realm.unwrap_or_default();
                let known = choices
                    .iter()
                    .position(|choice| choice.challenger == challenger && choice.realm == realm);
                let index = match known {
                    Some(index) => index,
                    // More realms than can be kept are not answered.
                    None if choices.len() >= self.config.realms => continue,
                    None => {
                        choices.push(Choice {
                            challenger,
                            realm,
                            offers: Vec::new(),
                            obstacle: Answer::Forbidden,
                        });
                        choices.len() - 1
                    }
                };
                if let Some(choice) = choices.get_mut(index) {
                    match self.offer(&scheme) {
                        Ok(offer) => choice.offers.push(offer),
                        Err(obstacle) => choice.obstacle = obstacle,
                    }
                }
            }
        }
        for choice in &mut choices {
            // The sort is stable: among equals the topmost comes first.
            choice
                .offers
                .sort_by_key(|offer| Reverse(self.preference(offer)));
        }
        choices
    }

    fn offer<'a>(&self, scheme: &Scheme<'a>) -> Result<Offer<'a>, Answer> {
        if scheme.is("Basic") {
            BasicChallenge::from_scheme(scheme).map_err(Answer::Unsupported)?;
            return if self.config.basic {
                Ok(Offer::Basic)
            } else {
                Err(Answer::Forbidden)
            };
        }
        let challenge = DigestChallenge::from_scheme(scheme).map_err(Answer::Unsupported)?;
        if challenge.algorithm().hash() == Hash::Md5 && !self.config.md5 {
            return Err(Answer::Forbidden);
        }
        Ok(Offer::Digest(challenge))
    }

    /// Digest before Basic (RFC 2617 §4.6), then what the configuration says.
    fn preference(&self, offer: &Offer<'_>) -> Option<Hash> {
        match (offer, self.config.order) {
            (Offer::Basic, _) => None,
            (Offer::Digest(_), Order::Topmost) => Some(Hash::Md5),
            (Offer::Digest(challenge), Order::Strongest) => Some(challenge.algorithm().hash()),
        }
    }

    /// Answers the challenge of a realm, or says why not.
    fn answer(
        &mut self,
        sent: Option<&Authorization>,
        round: u8,
        choice: Choice<'_>,
        realm: Arc<str>,
        account: &mut impl FnMut(Challenger, &str) -> Option<Account>,
    ) -> Answer {
        let Choice {
            challenger,
            offers,
            obstacle,
            ..
        } = choice;
        let Some(best) = offers.first() else {
            return obstacle;
        };
        let index = self
            .sessions
            .iter()
            .position(|session| session.is_of(challenger, &realm));
        let mut before = index.map(|index| self.sessions.remove(index));
        let event = Event::of(best, sent, before.as_ref());
        let state = before.as_ref().map(Session::state).unwrap_or_default();
        let next = state.next(event).filter(|_| round <= ROUNDS);
        let kept = before.as_ref().map(Session::account);
        let account = match (next, kept) {
            (Some(_), Some(kept)) if event != Event::Fresh => kept.clone(),
            _ => match account(challenger, &realm) {
                None => return Answer::NoAccount,
                // These have been refused, so only others are worth a try.
                Some(same) if next.is_none() && (kept == Some(&same) || round > ROUNDS) => {
                    if let Some(session) = before {
                        self.keep(session.refused());
                    }
                    return Answer::Refused;
                }
                Some(account) => account,
            },
        };
        if event == Event::FreshSameNonce && next.is_some() {
            // Another request has been challenged by it: the session goes on, and its count.
            if let Some(session) = before.take() {
                self.keep(session);
                return Answer::Ready;
            }
        }
        let cnonce = self.cnonce();
        let auth_int = self.config.prefer_auth_int;
        let means = offers
            .into_iter()
            .find_map(|offer| Means::new(offer, &account, cnonce, auth_int));
        match means {
            None => Answer::NoAccount,
            Some(means) => {
                let session = Session::new(challenger, realm, account, means, round);
                self.keep(session.succeeding(before.as_ref()));
                Answer::Ready
            }
        }
    }

    /// Keeps a session as the last; the first goes if there are too many.
    fn keep(&mut self, session: Session) {
        if self.sessions.len() >= self.config.realms.max(1) {
            self.sessions.remove(0);
        }
        self.sessions.push(session);
    }

    /// A nonce of 64 bits in hexadecimal digits: the seed and a number, always of the same
    /// length, hashed.
    fn cnonce(&mut self) -> HexDigest {
        self.cnonces_made = self.cnonces_made.wrapping_add(1);
        let mut state = Sha256::new();
        state.update(*self.seed);
        state.update(self.cnonces_made.to_be_bytes());
        HexDigest::of_bytes(state.finalize().get(..8).unwrap_or_default())
    }
}

/// What a realm offers.
struct Choice<'a> {
    challenger: Challenger,
    realm: Cow<'a, str>,
    /// What can be answered, the best first.
    offers: Vec<Offer<'a>>,
    /// Why the last of the others cannot.
    obstacle: Answer,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.config)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}
