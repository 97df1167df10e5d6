//! What a context knows of one SSRC. RFC 3711 §3.2.1, §3.3.1, §3.3.2.

use alloc::boxed::Box;

use crate::config::Config;
use crate::keys::{Kind, Rederived};
use crate::replay::ReplayWindow;

/// A stream. Where session keys are derived once, packets of RTP touch nothing beyond it, which is
/// small enough for a cache line.
pub(crate) struct Stream {
    /// The rollover counter of the first packet.
    pub(crate) initial_roc: u32,
    /// The indices of RTP received, or sent.
    pub(crate) rtp: ReplayWindow,
    rtp_packets: u64,
    rest: Option<Box<Rest>>,
}

/// What RTCP and session keys derived anew need.
struct Rest {
    /// The first index of RTCP.
    first_rtcp: u32,
    rtcp: ReplayWindow,
    rtcp_packets: u64,
    rtp_keys: Option<Box<Rederived>>,
    rtcp_keys: Option<Box<Rederived>>,
}

impl Stream {
    pub(crate) fn new(config: &Config, initial_roc: u32) -> Stream {
        Stream {
            initial_roc,
            rtp: ReplayWindow::new(config.replay_window),
            rtp_packets: 0,
            rest: None,
        }
    }

    /// The same, with RTCP from this index on.
    pub(crate) fn with_first_rtcp(mut self, config: &Config, index: u32) -> Stream {
        self.rest(config).first_rtcp = index;
        self
    }

    pub(crate) fn roc(&self) -> Option<u32> {
        match self.rtp.highest() {
            Some(highest) => u32::try_from(highest >> 16).ok(),
            None => Some(self.initial_roc),
        }
    }

    /// The indices of RTCP received, if there are any.
    pub(crate) fn rtcp(&self) -> Option<&ReplayWindow> {
        self.rest.as_ref().map(|rest| &rest.rtcp)
    }

    /// The index of RTCP to send next.
    pub(crate) fn next_rtcp(&self) -> u32 {
        self.rest.as_ref().map_or(0, |rest| {
            let next = rest.rtcp.highest().map(|highest| highest + 1);
            next.map_or(rest.first_rtcp, |next| {
                u32::try_from(next).unwrap_or(u32::MAX)
            })
        })
    }

    /// How many packets of RTP, and of RTCP.
    pub(crate) fn packets(&self) -> (u64, u64) {
        let rtcp = self.rest.as_ref().map_or(0, |rest| rest.rtcp_packets);
        (self.rtp_packets, rtcp)
    }

    /// The session keys that were derived last.
    #[inline]
    pub(crate) fn keys(&self, kind: Kind) -> Option<&Rederived> {
        let rest = self.rest.as_deref()?;
        match kind {
            Kind::Rtp => rest.rtp_keys.as_deref(),
            Kind::Rtcp => rest.rtcp_keys.as_deref(),
        }
    }

    /// Enters a packet: its index, and its session keys if they are new.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        config: &Config,
        kind: Kind,
        index: u64,
        keys: Option<Box<Rederived>>,
    ) {
        match kind {
            Kind::Rtp => {
                self.rtp.insert(index);
                self.rtp_packets += 1;
                if keys.is_some() {
                    self.rest(config).rtp_keys = keys;
                }
            }
            Kind::Rtcp => {
                let rest = self.rest(config);
                rest.rtcp.insert(index);
                rest.rtcp_packets += 1;
                if keys.is_some() {
                    rest.rtcp_keys = keys;
                }
            }
        }
    }

    fn rest(&mut self, config: &Config) -> &mut Rest {
        self.rest.get_or_insert_with(|| {
            Box::new(Rest {
                first_rtcp: 0,
                rtcp: ReplayWindow::new(config.replay_window),
                rtcp_packets: 0,
                rtp_keys: None,
                rtcp_keys: None,
            })
        })
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_table_is_a_cache_line() {
        assert!(size_of::<Option<(u32, Stream)>>() <= 64);
    }
}
