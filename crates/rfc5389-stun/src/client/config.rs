//! What a client does: timers, limits, credentials. RFC 5389 §7.2.

use alloc::string::String;
use core::time::Duration;

use super::Credentials;

/// What a client does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// RTO: the time to the first repetition over UDP, until round trips to the server have been
    /// measured. 500 ms.
    pub rto: Duration,
    /// The least RTO that round trips may lead to. 100 ms.
    pub least_rto: Duration,
    /// Rc: how often a request is sent over UDP. 7.
    pub requests: u32,
    /// Rm: how many RTO the client waits after the last repetition. 16.
    pub last_wait: u32,
    /// Ti: how long the client waits over TCP. 39.5 s.
    pub stream_timeout: Duration,
    /// How many requests may be waiting for a response at a time. 10.
    pub outstanding: usize,
    /// How many transactions a request may come to by challenges and redirections. 6.
    pub attempts: usize,
    /// The SOFTWARE attribute of requests. None.
    pub software: Option<String>,
    /// Whether requests have FINGERPRINT, and responses must. Where a response has one it is
    /// checked in any case. Not by default.
    pub fingerprint: bool,
    /// Who asks. Nobody by default.
    pub credentials: Option<Credentials>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            rto: Duration::from_millis(500),
            least_rto: Duration::from_millis(100),
            requests: 7,
            last_wait: 16,
            stream_timeout: Duration::from_millis(39_500),
            outstanding: 10,
            attempts: 6,
            software: None,
            fingerprint: false,
            credentials: None,
        }
    }
}
