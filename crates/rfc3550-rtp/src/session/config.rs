//! What a session must be told: who we are, the profile's constants, the bandwidth (RFC 3550
//! §6.2; RFC 3556).

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use crate::session::feedback::FeedbackConfig;
use crate::session::interval::{FIXED, IntervalPolicy, Minimum};
use crate::{SdesType, StatisticsConfig};

/// How a [`Session`](super::Session) behaves. Begin with [`new`](Self::new), then set what differs
/// from the defaults.
///
/// All participants must use the same bandwidth and the same minimum, or they time each other out
/// (§6.2).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Where every random value comes from: the SSRC, the offsets of sequence number and
    /// timestamp, the intervals, the key of the source table. It must be unpredictable, and
    /// another one for each session.
    pub seed: [u8; 32],
    /// Our canonical name (§6.5.1): at most 255 octets, more are cut off.
    pub cname: Vec<u8>,
    /// What else describes us, such as NAME or TOOL, each at most 255 octets, more are cut off:
    /// one item goes out with every third report, in turn (§6.3.9).
    pub descriptions: Vec<(SdesType, Vec<u8>)>,
    /// Our SSRC, if something other than the seed has to choose it, as RFC 5576 would have it.
    /// A collision changes it all the same.
    pub ssrc: Option<u32>,
    /// The clock rate in Hz of each payload type, 0 for those not understood, whose packets are
    /// ignored (§5.1).
    pub clock_rates: [u32; 128],
    /// The session bandwidth in bits per second, lower layers included; 64 kb/s unless set.
    pub session_bandwidth: u64,
    /// The RTCP bandwidth of senders in bits per second, as `b=RS` has it (RFC 3556).
    pub sender_bandwidth: Option<u64>,
    /// The RTCP bandwidth of receivers in bits per second, as `b=RR` has it (RFC 3556).
    pub receiver_bandwidth: Option<u64>,
    /// The least interval between reports; fixed unless set.
    pub minimum_interval: MinimumInterval,
    /// The profile RTP/AVPF, if that is spoken (RFC 4585): feedback may go out early, and there is
    /// no least interval but the one given here.
    pub feedback: Option<FeedbackConfig>,
    /// Octets that the layers below put before each datagram; 28 unless set, for IPv4 and UDP.
    pub lower_layer_overhead: usize,
    /// The longest RTCP datagram, without the layers below, in octets; 1200 unless set. Report
    /// blocks are left for the next time when they do not fit; what is sent without any, at most
    /// 900 octets, is sent even if it is longer.
    pub max_rtcp_size: usize,
    /// When a source is valid and when it has restarted (Appendix A.1).
    pub statistics: StatisticsConfig,
    /// How many sources are remembered, valid or not; 4096 unless set. Further ones are refused,
    /// and do not count as members: a larger group is underestimated, and hears from us too often.
    pub max_sources: usize,
    /// A source may change its address when nothing has come from the old one for this long; 1 s
    /// unless set. `None` keeps to the old address until the source times out (§8.2).
    pub address_change: Option<Duration>,
    /// Where our RTP packets come from, for a network that gives our own packets back to us.
    pub local_rtp: Option<SocketAddr>,
    /// The same for RTCP.
    pub local_rtcp: Option<SocketAddr>,
    /// How long a BYE may be put off while others say theirs (§6.3.7); 30 s unless set. Then the
    /// session ends without.
    pub leave_within: Duration,
}

impl SessionConfig {
    /// The defaults, with no payload type yet.
    pub fn new(seed: [u8; 32], cname: impl Into<Vec<u8>>) -> Self {
        Self {
            seed,
            cname: cname.into(),
            descriptions: Vec::new(),
            ssrc: None,
            clock_rates: [0; 128],
            session_bandwidth: 64_000,
            sender_bandwidth: None,
            receiver_bandwidth: None,
            minimum_interval: MinimumInterval::Fixed,
            feedback: None,
            lower_layer_overhead: 28,
            max_rtcp_size: 1200,
            statistics: StatisticsConfig::RFC3550,
            max_sources: 4096,
            address_change: Some(Duration::from_secs(1)),
            local_rtp: None,
            local_rtcp: None,
            leave_within: Duration::from_secs(30),
        }
    }

    /// A payload type that is understood, 0 to 127, and its clock rate in Hz. Types above are
    /// none, and change nothing.
    #[must_use]
    pub fn payload_type(mut self, payload_type: u8, clock_rate: u32) -> Self {
        if let Some(rate) = self.clock_rates.get_mut(usize::from(payload_type)) {
            *rate = clock_rate;
        }
        self
    }

    /// What §6.3.1 computes with: octets per second, not bits.
    pub(super) fn interval_policy(&self) -> IntervalPolicy {
        let session = self.session_bandwidth as f64;
        let total = 0.05 * session;
        let given = |bits: Option<u64>| bits.map(|bits| bits as f64);
        let (senders, receivers) =
            match (given(self.sender_bandwidth), given(self.receiver_bandwidth)) {
                (Some(senders), Some(receivers)) => (senders, receivers),
                (Some(senders), None) => (senders, (total - senders).max(0.0)),
                (None, Some(receivers)) => ((total - receivers).max(0.0), receivers),
                (None, None) => (0.25 * total, 0.75 * total),
            };
        // At most the fixed one, also where there is no bandwidth.
        let reduced = (360.0 / (session / 1000.0)).min(FIXED);
        let minimum = match (&self.feedback, self.minimum_interval) {
            (Some(feedback), _) => Minimum::feedback(feedback),
            (None, MinimumInterval::Fixed) => Minimum::audio_video(FIXED, FIXED),
            (None, MinimumInterval::ReducedForSenders) => Minimum::audio_video(reduced, FIXED),
            (None, MinimumInterval::Reduced) => Minimum::audio_video(reduced, reduced),
        };
        IntervalPolicy::new(senders / 8.0, receivers / 8.0, minimum)
    }
}

/// Shows all but the seed.
impl fmt::Debug for SessionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionConfig")
            .field("cname", &format_args!("{}", self.cname.escape_ascii()))
            .field("ssrc", &self.ssrc)
            .field("session_bandwidth", &self.session_bandwidth)
            .field("sender_bandwidth", &self.sender_bandwidth)
            .field("receiver_bandwidth", &self.receiver_bandwidth)
            .field("minimum_interval", &self.minimum_interval)
            .field("feedback", &self.feedback)
            .field("max_rtcp_size", &self.max_rtcp_size)
            .field("max_sources", &self.max_sources)
            .finish_non_exhaustive()
    }
}

/// The least interval between the reports of a participant (§6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MinimumInterval {
    /// 5 seconds for everyone.
    #[default]
    Fixed,
    /// 360 seconds divided by the session bandwidth in kb/s for senders, if that is less: what a
    /// multicast session may use.
    ReducedForSenders,
    /// The same for everyone: what a unicast session may use.
    Reduced,
}
