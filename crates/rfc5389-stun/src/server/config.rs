//! What a server does: credentials, and the places it answers from. RFC 5389 §10; RFC 8489 §9;
//! RFC 5780 §6.

use alloc::string::String;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use zeroize::Zeroizing;

use crate::attribute::PasswordAlgorithms;

/// What a server does.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The SOFTWARE attribute of every response. None by default: it makes responses longer.
    pub software: Option<String>,
    /// Which credentials a request must have. None by default.
    pub authentication: Authentication,
    /// The addresses and ports that the tests of RFC 5780 need. None by default:
    /// CHANGE-REQUEST is then unknown.
    pub endpoints: Option<Endpoints>,
    /// Whether RESPONSE-PORT is obeyed, which lets a client have responses sent to any port of
    /// its own address. Not by default.
    pub response_port: bool,
}

/// Which credentials a request must have.
#[derive(Debug, Clone, Default)]
pub enum Authentication {
    /// None.
    #[default]
    None,
    /// A user name and password known to both sides beforehand (RFC 5389 §10.1).
    ShortTerm,
    /// A challenge is answered with user name and password (RFC 5389 §10.2).
    LongTerm(LongTerm),
}

/// The long-term credential mechanism of a server.
#[derive(Clone)]
#[non_exhaustive]
pub struct LongTerm {
    /// The realm: at most 127 characters, prepared by OpaqueString (RFC 8265).
    pub realm: String,
    /// For how long a nonce is taken. Ten minutes by default.
    pub nonce_life: Duration,
    /// The password algorithms offered: SHA-256, then MD5 by default. `None` does as RFC 5389
    /// did.
    pub algorithms: Option<PasswordAlgorithms<'static>>,
    /// Whether clients are asked to send a hash instead of the user's name. Not by default.
    pub userhash: bool,
    pub(super) nonce_key: Zeroizing<[u8; 32]>,
}

impl LongTerm {
    /// The defaults, for a realm. `nonce_key` must be unpredictable; servers that share it, and a
    /// clock, take each other's nonces.
    pub fn new(realm: &str, nonce_key: [u8; 32]) -> LongTerm {
        LongTerm {
            realm: realm.into(),
            nonce_life: Duration::from_secs(600),
            algorithms: Some(PasswordAlgorithms::SHA256_MD5),
            userhash: false,
            nonce_key: Zeroizing::new(nonce_key),
        }
    }
}

impl fmt::Debug for LongTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LongTerm")
            .field("realm", &self.realm)
            .field("nonce_life", &self.nonce_life)
            .field("algorithms", &self.algorithms)
            .field("userhash", &self.userhash)
            .finish_non_exhaustive()
    }
}

/// Two addresses with the same two ports on each (RFC 5780 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Endpoints {
    primary: SocketAddr,
    alternate: SocketAddr,
}

impl Endpoints {
    /// Two of the four places where the server receives and sends: the other two swap the ports.
    /// `None` unless addresses and ports differ, and the addresses are of one family.
    pub fn new(primary: SocketAddr, alternate: SocketAddr) -> Option<Endpoints> {
        let is_sound = primary.ip() != alternate.ip()
            && primary.port() != alternate.port()
            && primary.is_ipv4() == alternate.is_ipv4();
        is_sound.then_some(Endpoints { primary, alternate })
    }

    /// All four.
    pub fn all(&self) -> [SocketAddr; 4] {
        let Endpoints { primary, alternate } = *self;
        [
            primary,
            alternate,
            SocketAddr::new(primary.ip(), alternate.port()),
            SocketAddr::new(alternate.ip(), primary.port()),
        ]
    }

    /// The one whose address and port both differ.
    pub(super) fn opposite(&self, local: SocketAddr) -> Option<SocketAddr> {
        let Endpoints { primary, alternate } = *self;
        let other = |mine, first, second| (mine == first).then_some(second);
        let ip = other(local.ip(), primary.ip(), alternate.ip())
            .or_else(|| other(local.ip(), alternate.ip(), primary.ip()))?;
        let port = if local.port() == primary.port() {
            alternate.port()
        } else if local.port() == alternate.port() {
            primary.port()
        } else {
            return None;
        };
        Some(SocketAddr::new(ip, port))
    }
}
