//! The session engine: members, timers, reports, collisions (RFC 3550 §6.2, §6.3, §6.4, §8).

mod config;
mod conflicts;
mod contributors;
mod feedback;
mod interval;
mod member_state;
mod output;
mod phase;
mod random;
mod receive;
mod schedule;
mod source;
mod stream;
mod table;
mod transmit;

use alloc::vec::Vec;
use core::iter;
use core::time::Duration;
use std::time::Instant;

pub use config::{MinimumInterval, SessionConfig};
pub use feedback::{FeedbackConfig, FeedbackTiming};
pub use member_state::MemberState;
pub use output::{
    IgnoreReason, RtpVerdict, SendError, SessionCounters, SessionEvent, SessionOutput,
};
pub use phase::SessionPhase;
pub(crate) use source::Heard;
pub use source::{ReceptionView, Source};

use crate::{NtpTimestamp, RtpPacketBuilder, SequenceNumber, Timestamp};
use conflicts::Conflicts;
use contributors::Contributors;
use feedback::Feedback;
use interval::Group;
use member_state::MemberEvent;
use output::Outputs;
use phase::PhaseEvent;
use random::Random;
use schedule::Schedule;
pub(crate) use stream::ticks;
use stream::{Stream, WallClock};
use table::SourceTable;

/// The longest text in octets (§6.5, §6.6).
const MAX_TEXT: usize = 255;
/// More members than this make a BYE wait (§6.3.7).
const BYE_AT_ONCE: usize = 50;
/// Intervals without a packet after which a member is timed out (§6.3.5).
const TIMEOUT_INTERVALS: u32 = 5;
/// Intervals without RTP after which a member is no sender any more (§6.3.5).
const SENDER_INTERVALS: u32 = 2;
/// Intervals without conflict after which an address is forgotten (§8.2).
const CONFLICT_INTERVALS: u32 = 10;

/// A participant in an RTP session, with one stream of its own.
///
/// No socket, no clock, no thread: the caller brings packets and the time, and does what it is
/// told. Three times are kept apart: `Instant` for timers, [`NtpTimestamp`] for the wall clock of
/// sender reports, and media time in units of the payload's clock.
///
/// - Getters: [`ssrc`](Self::ssrc), [`phase`](Self::phase), [`members`](Self::members),
///   [`senders`](Self::senders), [`source`](Self::source), [`sources`](Self::sources),
///   [`report_interval`](Self::report_interval),
///   [`average_rtcp_size`](Self::average_rtcp_size), [`counters`](Self::counters).
/// - Inputs: [`handle_rtp`](Self::handle_rtp), [`handle_rtcp`](Self::handle_rtcp),
///   [`handle_timeout`](Self::handle_timeout).
/// - Commands: [`send_rtp`](Self::send_rtp), [`set_media_clock`](Self::set_media_clock),
///   [`set_wall_clock`](Self::set_wall_clock), [`forget_transit`](Self::forget_transit),
///   [`leave`](Self::leave).
/// - Polls: [`poll_output`](Self::poll_output) until it gives `None` after every input and
///   command, then [`next_timeout`](Self::next_timeout).
///
/// Packets are believed: where SRTP is used, only what it has let through may come in here.
///
/// ```
/// use std::time::{Duration, Instant};
/// use rfc3550_rtp::NtpTimestamp;
/// use rfc3550_rtp::session::{Session, SessionConfig, SessionOutput};
///
/// let mut now = Instant::now();
/// // The seed must come from the system's random generator.
/// let config = SessionConfig::new([7; 32], "alice@pc33.example.org").payload_type(0, 8000);
/// let mut session = Session::new(now, NtpTimestamp::default(), config);
///
/// // A packet every 20 ms.
/// let mut datagram = [0; 1500];
/// let len = session.send_rtp(now, 0, 160, &[0xff; 160])?.write_into(&mut datagram)?;
/// assert_eq!(len, 172);
///
/// // And a report when it is time.
/// let report = loop {
///     match session.poll_output() {
///         Some(SessionOutput::TransmitRtcp(compound)) => break compound,
///         Some(_) => {}
///         None => {
///             now = session.next_timeout().unwrap();
///             session.handle_timeout(now);
///         }
///     }
/// };
/// assert_eq!(report[..2], [0x80, 200]); // a sender report
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Session {
    config: SessionConfig,
    random: Random,
    table: SourceTable,
    stream: Stream,
    schedule: Schedule,
    conflicts: Conflicts,
    contributors: Contributors,
    feedback: Option<Feedback>,
    wall_clock: WallClock,
    phase: SessionPhase,
    outputs: Outputs,
    counters: SessionCounters,
    /// The origin of arrival times in clock units.
    epoch: Instant,
    /// When members are checked next, should no report fall due before.
    check_at: Instant,
    /// When a BYE that waits is given up.
    leave_by: Option<Instant>,
    reason: Vec<u8>,
    /// The slot after the last source reported on.
    next_reported: u32,
    /// How many reports have been sent.
    reports: usize,
}

impl Session {
    /// Joins a session: the timer for the first report starts now, when the wall clock shows
    /// `wall_clock`. Whoever has no wall clock gives zero: the reports then carry the time
    /// since joining (§6.4.1).
    pub fn new(now: Instant, wall_clock: NtpTimestamp, mut config: SessionConfig) -> Self {
        config.cname.truncate(MAX_TEXT);
        for (_, text) in &mut config.descriptions {
            text.truncate(MAX_TEXT);
        }
        let mut random = Random::new(config.seed);
        let table = SourceTable::new(config.max_sources, &mut random);
        let ssrc = config.ssrc.unwrap_or_else(|| random.next_u32());
        let stream = Stream::new(ssrc, &mut random);
        let first_size = transmit::first_size(&config);
        let policy = config.interval_policy();
        Self {
            schedule: Schedule::new(now, policy, first_size, &mut random),
            table,
            stream,
            conflicts: Conflicts::default(),
            contributors: Contributors::default(),
            feedback: config.feedback.map(Feedback::new),
            wall_clock: WallClock {
                at: now,
                time: wall_clock,
            },
            phase: SessionPhase::Joined,
            outputs: Outputs::default(),
            counters: SessionCounters::default(),
            epoch: now,
            check_at: now + CHECK,
            leave_by: None,
            reason: Vec::new(),
            next_reported: 0,
            reports: 0,
            random,
            config,
        }
    }

    /// Our synchronisation source identifier. A collision changes it.
    pub const fn ssrc(&self) -> u32 {
        self.stream.ssrc
    }

    /// Whether we take part.
    pub const fn phase(&self) -> SessionPhase {
        self.phase
    }

    /// How many members there are, ourselves among them.
    pub const fn members(&self) -> usize {
        self.table.members() + 1
    }

    /// How many of them have sent RTP within the last two intervals.
    pub fn senders(&self) -> usize {
        self.table.senders() + usize::from(self.stream.we_sent)
    }

    /// What is known of another source.
    pub fn source(&self, ssrc: u32) -> Option<&Source> {
        self.table.get(ssrc)
    }

    /// All other sources, those on probation and those that have left included.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.table.iter()
    }

    /// The mean interval of our reports; `None` when there is no bandwidth for them.
    pub fn report_interval(&self) -> Option<Duration> {
        self.schedule.interval(self.group())
    }

    /// The average size of the RTCP datagrams of the session in octets, with the layers below.
    pub const fn average_rtcp_size(&self) -> f64 {
        self.schedule.average_size()
    }

    /// What has been found wrong so far.
    pub const fn counters(&self) -> SessionCounters {
        self.counters
    }

    /// Tells what time it is. To be called at [`next_timeout`](Self::next_timeout); earlier and
    /// later do no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.phase {
            SessionPhase::Joined => {
                self.send_early_feedback(now);
                let due = self.schedule.next().is_some_and(|next| next <= now);
                if due || self.check_at <= now {
                    self.check_members(now);
                }
                let group = self.group();
                if self.schedule.expire(now, group, &mut self.random) {
                    self.send_due(now);
                }
            }
            SessionPhase::Leaving => {
                let group = self.group();
                if self.schedule.expire(now, group, &mut self.random) {
                    self.send_bye(now);
                    self.end(PhaseEvent::Finished);
                } else if self.leave_by.is_some_and(|by| by <= now) {
                    self.end(PhaseEvent::Finished);
                }
            }
            SessionPhase::Ended => {}
        }
    }

    /// Counts an RTP packet as sent now and returns what writes it: SSRC, sequence number,
    /// timestamp and payload are set. Marker, contributing sources and extension are the
    /// caller's.
    ///
    /// `media_time` is the sampling instant of the payload's first octet in units of the
    /// payload's clock, modulo 2^32; the random offset of §5.1 is added to it.
    ///
    /// # Errors
    ///
    /// The payload type has no clock rate, or the session has been left.
    #[inline]
    pub fn send_rtp<'a>(
        &mut self,
        now: Instant,
        payload_type: u8,
        media_time: u32,
        payload: &'a [u8],
    ) -> Result<RtpPacketBuilder<'a>, SendError> {
        let clock_rate = self.clock_rate(payload_type);
        if clock_rate == 0 {
            return Err(SendError::UnknownPayloadType);
        }
        if self.phase != SessionPhase::Joined {
            return Err(SendError::NotJoined);
        }
        let (number, timestamp) = self.stream.send(now, media_time, clock_rate, payload.len());
        if !self.stream.we_sent {
            self.stream.we_sent = true;
            let group = self.group();
            self.schedule.became_sender(now, group, &mut self.random);
        }
        Ok(RtpPacketBuilder::new()
            .payload_type(payload_type)
            .sequence_number(number)
            .timestamp(timestamp)
            .ssrc(self.stream.ssrc)
            .payload(payload))
    }

    /// Understands one more payload type, 0 to 127, at a clock rate in Hz, or no more if that is 0,
    /// as new signalling has it. Types above are none, and change nothing.
    pub fn set_payload_type(&mut self, payload_type: u8, clock_rate: u32) {
        if let Some(rate) = self.config.clock_rates.get_mut(usize::from(payload_type)) {
            *rate = clock_rate;
        }
    }

    /// Tells that the sampling clock of this payload type showed `media_time` at an instant: from
    /// then on the timestamps of sender reports are computed from it (§6.4.1). To be told again
    /// from time to time, as clocks drift. Unless it is told, the sending of the last packet
    /// stands for the instant that its timestamp gives.
    ///
    /// # Errors
    ///
    /// The payload type has no clock rate.
    pub fn set_media_clock(
        &mut self,
        sampled_at: Instant,
        payload_type: u8,
        media_time: u32,
    ) -> Result<(), SendError> {
        match self.clock_rate(payload_type) {
            0 => Err(SendError::UnknownPayloadType),
            clock_rate => {
                self.stream
                    .set_media_clock(sampled_at, media_time, clock_rate);
                Ok(())
            }
        }
    }

    /// Tells what the wall clock shows now. Between these calls it is taken to run with the
    /// timers' clock. The round-trip time is wrong once for each report on the way while the wall
    /// clock is set by more than it had drifted.
    pub fn set_wall_clock(&mut self, now: Instant, time: NtpTimestamp) {
        self.wall_clock = WallClock { at: now, time };
    }

    /// The RTP timestamp that a packet of this media time has: the random offset is added. Of use
    /// where the timestamp is told in signalling, as RTSP does.
    pub const fn timestamp(&self, media_time: u32) -> Timestamp {
        self.stream.timestamp(media_time)
    }

    /// The sequence number of the next packet, of use where it is told in signalling, as RTSP
    /// does.
    pub const fn next_sequence_number(&self) -> SequenceNumber {
        self.stream.next_sequence_number()
    }

    /// Notes that a source has paused its media clock, as a server does that was asked to pause:
    /// what has passed between its packets is no jitter.
    pub fn forget_transit(&mut self, ssrc: u32) {
        let slot = self.table.find(ssrc);
        let source = slot.and_then(|slot| self.table.slot_mut(slot));
        if let Some(statistics) = source.and_then(|source| source.statistics.as_mut()) {
            statistics.forget_transit();
        }
    }

    /// Leaves, telling why in at most 255 octets; more are cut off. The BYE goes out at once, or
    /// in its turn when there are more than 50 members; nobody is told if nobody has heard of us
    /// (§6.3.7). [`SessionEvent::Ended`] tells when it is done.
    pub fn leave(&mut self, now: Instant, reason: &[u8]) {
        if self.phase != SessionPhase::Joined {
            return;
        }
        self.reason = reason.get(..MAX_TEXT).unwrap_or(reason).to_vec();
        if let Some(feedback) = &mut self.feedback {
            feedback.give_up();
        }
        if !self.stream.was_heard() {
            self.end(PhaseEvent::LeaveAtOnce);
        } else if self.members() <= BYE_AT_ONCE {
            self.send_bye(now);
            self.end(PhaseEvent::LeaveAtOnce);
        } else {
            let size = self.bye_size();
            if self.schedule.leave(now, size, &mut self.random) {
                self.leave_by = now.checked_add(self.config.leave_within);
                self.phase = self.phase.after(PhaseEvent::LeaveInTurn);
            } else {
                self.end(PhaseEvent::LeaveAtOnce);
            }
        }
    }

    /// What is to be done or known next.
    pub fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outputs.pop()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest; `None` once
    /// the session has ended.
    pub fn next_timeout(&self) -> Option<Instant> {
        let next = self.schedule.next();
        match self.phase {
            SessionPhase::Joined => {
                let early = self.feedback.as_ref().and_then(Feedback::early_at);
                iter::once(self.check_at).chain(next).chain(early).min()
            }
            SessionPhase::Leaving => next.into_iter().chain(self.leave_by).min(),
            SessionPhase::Ended => None,
        }
    }

    /// Times out whoever has been silent (§6.3.5).
    fn check_members(&mut self, now: Instant) {
        let group = self.group();
        let interval = self.schedule.timeout_interval(group);
        let ours = match &self.feedback {
            // Without a minimum it could be shorter than a pause between two words.
            Some(_) => interval,
            None => self.schedule.interval(group).unwrap_or(interval),
        };
        let silence = interval.saturating_mul(TIMEOUT_INTERVALS);
        let sender_silence = ours.saturating_mul(SENDER_INTERVALS);
        let since = |at: Instant| now.saturating_duration_since(at);
        for slot in 0..self.table.slots() {
            let Some(source) = self.table.slot(slot) else {
                continue;
            };
            let (ssrc, state) = (source.ssrc, source.state);
            if source.departed_at().is_some_and(|at| since(at) >= interval) {
                self.table.apply(slot, MemberEvent::DelayOver);
            } else if source.last_heard().is_none_or(|at| since(at) > silence) {
                self.table.apply(slot, MemberEvent::Silence);
                if state == MemberState::Member {
                    self.event(SessionEvent::TimedOut { ssrc });
                }
            } else if source.rtp.is_none_or(|rtp| since(rtp.at) > sender_silence) {
                self.table.set_sender(slot, false);
            }
        }
        self.stream.expire(now, sender_silence);
        self.conflicts
            .expire(now, interval.saturating_mul(CONFLICT_INTERVALS));
        self.schedule.shrunk(now, self.members());
        self.check_at = now + CHECK;
    }

    fn end(&mut self, event: PhaseEvent) {
        self.phase = self.phase.after(event);
        self.event(SessionEvent::Ended);
    }

    fn event(&mut self, event: SessionEvent) {
        if !self.outputs.event(event) {
            self.counters.events_lost += 1;
        }
    }

    fn group(&self) -> Group {
        Group {
            members: self.members(),
            senders: self.senders(),
            we_sent: self.stream.we_sent,
        }
    }

    /// The clock rate of a payload type; 0 when it is not understood.
    #[inline]
    fn clock_rate(&self, payload_type: u8) -> u32 {
        let rate = self.config.clock_rates.get(usize::from(payload_type));
        rate.copied().unwrap_or(0)
    }
}

/// How long members go unchecked when no report falls due.
const CHECK: Duration = Duration::from_secs(5);
