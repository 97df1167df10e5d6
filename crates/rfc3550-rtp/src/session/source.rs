//! One source that has been heard (RFC 3550 §6.2.1, §6.4, §8.2).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use crate::session::member_state::MemberState;
use crate::{NtpShort, NtpTimestamp, ReportBlock, SenderInfo, SourceStatistics, Timestamp};

/// What is known of a source, other participants' view of our stream included.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) ssrc: u32,
    pub(super) state: MemberState,
    /// It has sent RTP within the last two intervals.
    pub(super) sender: bool,
    /// RTP has come since it was last reported on.
    pub(super) unreported: bool,
    /// The clock rate that the jitter is measured in.
    pub(super) clock_rate: u32,
    pub(super) rtp: Option<Heard>,
    pub(super) statistics: Option<SourceStatistics>,
    /// What only RTCP tells: kept apart, so that what every RTP packet needs lies close together.
    pub(super) details: Option<Box<Details>>,
}

impl Source {
    pub(super) const fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            state: MemberState::Probation,
            sender: false,
            unreported: false,
            clock_rate: 0,
            rtp: None,
            statistics: None,
            details: None,
        }
    }

    /// The synchronisation source identifier.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether it is valid, or has left.
    pub const fn state(&self) -> MemberState {
        self.state
    }

    /// Whether it has sent RTP within the last two intervals.
    pub const fn is_sender(&self) -> bool {
        self.sender
    }

    /// Loss, order and jitter of its RTP packets; `None` before the first of them.
    pub const fn statistics(&self) -> Option<&SourceStatistics> {
        self.statistics.as_ref()
    }

    /// Where its RTP packets come from.
    pub fn rtp_address(&self) -> Option<SocketAddr> {
        self.rtp.map(|heard| heard.from)
    }

    /// Where its RTCP packets come from.
    pub fn rtcp_address(&self) -> Option<SocketAddr> {
        self.details.as_deref()?.rtcp.map(|heard| heard.from)
    }

    /// Its canonical name, once an SDES packet has told it.
    pub fn cname(&self) -> Option<&[u8]> {
        self.details
            .as_deref()
            .map(|details| details.cname.as_slice())
            .filter(|cname| !cname.is_empty())
    }

    /// What it last said about its own stream, and when that arrived.
    pub fn sender_report(&self) -> Option<(SenderInfo, Instant)> {
        self.details.as_deref()?.sender_report
    }

    /// The wall-clock time, by its sender's clock, of what has this timestamp; `None` before the
    /// first sender report and the first packet. Streams of one CNAME are played together where
    /// these times are equal (§6.4.4).
    pub fn wall_clock(&self, timestamp: Timestamp) -> Option<NtpTimestamp> {
        let (info, _) = self.sender_report()?;
        let units = timestamp.distance_from(info.rtp_timestamp);
        let fraction = (i64::from(units) << 32).checked_div(i64::from(self.clock_rate))?;
        let bits = info.ntp_timestamp.to_bits().wrapping_add_signed(fraction);
        Some(NtpTimestamp::from_bits(bits))
    }

    /// What it last said about our stream.
    pub fn reception(&self) -> Option<ReceptionView> {
        self.details.as_deref()?.reception
    }

    /// When anything of it last came.
    pub(super) fn last_heard(&self) -> Option<Instant> {
        let rtcp = self.details.as_deref().and_then(|details| details.rtcp);
        let at = |heard: Option<Heard>| heard.map(|heard| heard.at);
        at(self.rtp).max(at(rtcp))
    }

    /// When it said BYE.
    pub(super) fn departed_at(&self) -> Option<Instant> {
        self.details.as_deref()?.departed_at
    }

    pub(super) fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// LSR and DLSR, the delay counted from the arrival of the report (§6.4.1).
    pub(super) fn last_sender_report(&self, now: Instant) -> (NtpShort, NtpShort) {
        let Some((info, arrival)) = self.sender_report() else {
            return Default::default();
        };
        let delay = now.saturating_duration_since(arrival);
        (
            info.ntp_timestamp.to_short(),
            NtpShort::from_duration(delay),
        )
    }
}

/// Where packets come from and when the last one came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) from: SocketAddr,
    pub(crate) at: Instant,
}

impl Heard {
    /// Whether a packet from this address belongs to the source (§8.2): the address that is heard
    /// first stays, until it has been silent for `change`.
    #[inline]
    pub(crate) fn accept(
        path: &mut Option<Self>,
        from: SocketAddr,
        now: Instant,
        change: Option<Duration>,
    ) -> bool {
        let Some(heard) = path else {
            *path = Some(Self { from, at: now });
            return true;
        };
        if heard.from != from {
            let silence = now.saturating_duration_since(heard.at);
            if change.is_none_or(|change| silence < change) {
                return false;
            }
            heard.from = from;
        }
        heard.at = now;
        true
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Details {
    pub(super) rtcp: Option<Heard>,
    pub(super) departed_at: Option<Instant>,
    pub(super) cname: Vec<u8>,
    pub(super) sender_report: Option<(SenderInfo, Instant)>,
    pub(super) reception: Option<ReceptionView>,
}

/// What another participant has said about our stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceptionView {
    /// The report block as it came.
    pub block: ReportBlock,
    /// The round-trip time to the reporter, if it had a sender report of ours.
    pub round_trip_time: Option<Duration>,
    /// When the block arrived.
    pub arrival: Instant,
}
