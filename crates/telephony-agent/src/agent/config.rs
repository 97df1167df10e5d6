//! Who telephones, and how.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use rfc3261_sip::user_agent;
use rfc3264_offer_answer::Codec;
use zeroize::Zeroizing;

use crate::SecurityConfig;
use crate::media::MediaConfig;

/// How an [`Agent`](super::Agent) telephones. Begin with [`new`](Self::new), then set what differs
/// from the defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentConfig {
    /// Timers, limits, addresses: what the user agent underneath must be told. Provisional
    /// responses are reliable only where the peer requires that.
    pub user_agent: user_agent::Config,
    /// Who answers challenges; without it none is answered.
    pub account: Option<Account>,
    /// The URI of the proxy that requests outside of calls go over, `sip:proxy.example.com;lr`.
    pub proxy: Option<String>,
    /// The codecs, the favourite first.
    pub codecs: Vec<Codec>,
    /// Whether media are encrypted.
    pub security: SecurityConfig,
    /// Whether RTCP may come on the port of RTP (RFC 5761): yes unless set.
    pub rtcp_mux: bool,
    /// How much media is wanted in a packet: 20 ms.
    pub ptime: Option<Duration>,
    /// What all media sessions have in common; seed and name are set for each.
    pub media: MediaConfig,
    /// How long the digits last that are sent: 100 ms.
    pub digit: Duration,
    pub(super) seed: [u8; 32],
}

impl AgentConfig {
    /// The defaults, for a user agent that is configured so. Without [`codecs`](Self::codecs) there
    /// are no calls.
    ///
    /// All keys and seeds are made of `seed`, which must be unpredictable, never used again and
    /// not that of the user agent.
    pub fn new(seed: [u8; 32], user_agent: user_agent::Config) -> Self {
        Self {
            user_agent,
            account: None,
            proxy: None,
            codecs: Vec::new(),
            security: SecurityConfig::default(),
            rtcp_mux: true,
            ptime: Some(Duration::from_millis(20)),
            media: MediaConfig::new([0; 32], ""),
            digit: Duration::from_millis(100),
            seed,
        }
    }
}

/// A user and the password, for every realm that asks.
#[derive(Clone)]
pub struct Account {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

impl Account {
    /// This user with this password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            password: Zeroizing::new(password.into()),
        }
    }
}

/// Shows no password.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Where the media of a call are received, as the peer is told: the own address, or the one that a
/// STUN server sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaAddress {
    /// For RTP.
    pub rtp: SocketAddr,
    /// The port for RTCP; the next one unless it differs.
    pub rtcp_port: Option<u16>,
}

impl MediaAddress {
    /// RTP there, RTCP on the next port.
    pub fn new(rtp: SocketAddr) -> Self {
        Self {
            rtp,
            rtcp_port: None,
        }
    }
}
