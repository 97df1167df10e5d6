//! What a media session must be told.

use core::fmt;
use core::time::Duration;

use rfc3550_rtp::{JitterBufferConfig, NtpTimestamp};

/// How a [`MediaSession`](super::MediaSession) behaves. Begin with [`new`](Self::new), then set
/// what differs from the defaults.
#[derive(Clone)]
#[non_exhaustive]
pub struct MediaConfig {
    /// Where SSRC, sequence number, timestamp and report intervals come from. It must be
    /// unpredictable, and another one for each session.
    pub seed: [u8; 32],
    /// Our canonical name (RFC 3550 §6.5.1).
    pub cname: String,
    /// What the wall clock shows when the session begins; zero for none.
    pub wall_clock: NtpTimestamp,
    /// The bandwidth of the session in bits per second, of which reports take a twentieth; 80
    /// kb/s unless set: G.711 every 20 ms.
    pub session_bandwidth: u64,
    /// Whether media go to where the peer's come from, once they come (symmetric RTP, RFC 4961),
    /// which is what reaches peers behind a NAT. Yes unless set.
    pub latching: bool,
    /// How far the timestamps of frames may be from the clock before they jump to it, as after a
    /// pause; 500 ms unless set.
    pub max_drift: Duration,
    /// How the playout buffer delays; the clock rate in it is set to that of the codec.
    pub playout: JitterBufferConfig,
}

impl MediaConfig {
    /// The defaults.
    pub fn new(seed: [u8; 32], cname: impl Into<String>) -> Self {
        Self {
            seed,
            cname: cname.into(),
            wall_clock: NtpTimestamp::default(),
            session_bandwidth: 80_000,
            latching: true,
            max_drift: Duration::from_millis(500),
            playout: JitterBufferConfig::new(8000),
        }
    }
}

/// Shows all but the seed.
impl fmt::Debug for MediaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaConfig")
            .field("cname", &self.cname)
            .field("session_bandwidth", &self.session_bandwidth)
            .field("latching", &self.latching)
            .field("max_drift", &self.max_drift)
            .field("playout", &self.playout)
            .finish_non_exhaustive()
    }
}
