//! Feedback in its time: early, with the next report, or not at all (RFC 4585 §3.5).

mod message;
mod permission;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use std::time::Instant;

use crate::feedback::FeedbackMessage;
use crate::session::output::SendError;
use crate::session::random::Random;
use crate::session::{Session, SessionPhase};
pub(super) use message::{Message, MessagePacket};
use permission::{Permission, PermissionEvent};

/// How long the feedback of others is remembered: T_retention, which is 2 s at least (§3.4).
const RETENTION: Duration = Duration::from_secs(2);
/// How many messages of others are remembered, the oldest being dropped for more.
const MAX_HEARD: usize = 64;

/// How a session in the profile RTP/AVPF gives feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FeedbackConfig {
    /// Whether there are two members and never more: feedback then goes out at once, as nobody
    /// else can have the same to say.
    pub point_to_point: bool,
    /// The least time between regular reports, as `trr-int` has it (T_rr_interval); 0, which is
    /// what it is unless set, for as often as the bandwidth allows.
    pub report_interval: Duration,
    /// How late feedback may come to be of use (T_max_fb_delay); 1 s unless set.
    pub max_delay: Duration,
    /// Whether early packets leave out report and name, as `a=rtcp-rsize` agrees on (RFC 5506).
    pub reduced_size: bool,
}

impl FeedbackConfig {
    /// The defaults of a session with one other member.
    pub const fn point_to_point() -> Self {
        Self {
            point_to_point: true,
            report_interval: Duration::ZERO,
            max_delay: Duration::from_secs(1),
            reduced_size: false,
        }
    }

    /// The defaults of a session with any number of members.
    pub const fn multiparty() -> Self {
        Self {
            point_to_point: false,
            ..Self::point_to_point()
        }
    }
}

/// What becomes of a message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedbackTiming {
    /// It is out: [`poll_output`](Session::poll_output) gives it.
    Sent,
    /// It goes out at this time, before the next report, unless somebody else says it first.
    Early(Instant),
    /// It goes out with the next report, which is due at this time, unless somebody else says it
    /// first.
    Regular(Instant),
    /// Somebody else has said it within the last 2 s.
    Suppressed,
    /// Its turn would come too late for it to be of use: it is dropped.
    TooLate,
}

/// What is to be done when a report is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// A report, with the feedback that waits.
    Report,
    /// The feedback that waits, for reports come often enough.
    Feedback,
    /// Nothing.
    Nothing,
}

/// The variables of §3.5.
#[derive(Debug, Clone)]
pub(super) struct Feedback {
    config: FeedbackConfig,
    permission: Permission,
    /// te, of an early packet that is scheduled.
    early_at: Option<Instant>,
    /// t_rr_last: when the last regular report went out.
    last_report: Option<Instant>,
    /// What waits to be sent.
    waiting: Vec<Message>,
    /// What others have sent within the retention time.
    heard: VecDeque<(Instant, Message)>,
}

impl Feedback {
    pub(super) const fn new(config: FeedbackConfig) -> Self {
        Self {
            config,
            permission: Permission::Allowed,
            early_at: None,
            last_report: None,
            waiting: Vec::new(),
            heard: VecDeque::new(),
        }
    }

    /// te, of an early packet that is scheduled.
    pub(super) const fn early_at(&self) -> Option<Instant> {
        self.early_at
    }

    /// A report is due: what to do about it (§3.5.3).
    fn report_due(&mut self, now: Instant, random: &mut Random) -> Due {
        let interval = self.config.report_interval;
        let interval = interval.mul_f64(0.5 + random.next_fraction());
        let early = |last: Instant| now.saturating_duration_since(last) < interval;
        let due = match self.last_report {
            Some(last) if early(last) && self.waiting.is_empty() => Due::Nothing,
            Some(last) if early(last) => Due::Feedback,
            _ => Due::Report,
        };
        if due == Due::Report {
            self.last_report = Some(now);
        }
        due
    }

    /// Forgets what waits, for we leave.
    pub(super) fn give_up(&mut self) {
        self.waiting.clear();
        self.apply(PermissionEvent::Suppressed);
    }

    fn apply(&mut self, event: PermissionEvent) {
        self.permission = self.permission.after(event);
        if self.permission != Permission::Scheduled {
            self.early_at = None;
        }
    }

    /// Somebody else has sent this (step 5).
    fn hear(&mut self, now: Instant, message: Message) {
        let waited = !self.waiting.is_empty();
        self.waiting.retain(|ours| !message.covers(ours));
        if waited && self.waiting.is_empty() {
            self.apply(PermissionEvent::Suppressed);
        }
        let old = |at: Instant| now.saturating_duration_since(at) > RETENTION;
        while self.heard.front().is_some_and(|(at, _)| old(*at)) {
            self.heard.pop_front();
        }
        if self.heard.len() >= MAX_HEARD {
            self.heard.pop_front();
        }
        self.heard.push_back((now, message));
    }

    fn was_heard(&self, now: Instant, message: &Message) -> bool {
        let recent = |at: Instant| now.saturating_duration_since(at) <= RETENTION;
        let mut heard = self.heard.iter();
        heard.any(|(at, theirs)| recent(*at) && theirs.covers(message))
    }

    /// When a message that comes up now goes out, the next report being due at `next`, so long
    /// after the last one (steps 2 to 4).
    fn plan(
        &mut self,
        now: Instant,
        next: Instant,
        interval: Duration,
        random: &mut Random,
    ) -> FeedbackTiming {
        if !self.waiting.is_empty() {
            return self
                .early_at
                .map_or(FeedbackTiming::Regular(next), FeedbackTiming::Early);
        }
        let dither = match self.config.point_to_point {
            true => Duration::ZERO,
            false => interval / 2,
        };
        if now + dither > next {
            return FeedbackTiming::Regular(next);
        }
        if self.permission == Permission::Spent {
            return match next.saturating_duration_since(now) < self.config.max_delay {
                true => FeedbackTiming::Regular(next),
                false => FeedbackTiming::TooLate,
            };
        }
        let at = now + dither.mul_f64(random.next_fraction());
        self.apply(PermissionEvent::Wanted);
        self.early_at = Some(at);
        FeedbackTiming::Early(at)
    }
}

/// One more message waits, made one with another where that can be (step 2a).
fn add(waiting: &mut Vec<Message>, message: Message) {
    if !waiting.iter_mut().any(|ours| ours.merge(&message)) {
        waiting.push(message);
    }
}

impl Session {
    /// Gives feedback on the stream of another source: in a session of two at once, in a larger
    /// one after a random wait during which somebody else may say the same, or together with the
    /// next report, if that is soon or an early packet has been sent since the last one (§3.5.2).
    ///
    /// `media_ssrc` is the source that the message is about, or 0 for messages that name it
    /// themselves. Messages that wait are merged.
    ///
    /// ```
    /// use std::time::Instant;
    /// use rfc3550_rtp::NtpTimestamp;
    /// use rfc3550_rtp::feedback::PayloadMessage;
    /// use rfc3550_rtp::session::{FeedbackConfig, FeedbackTiming, Session, SessionConfig};
    ///
    /// let now = Instant::now();
    /// let mut config = SessionConfig::new([7; 32], "alice@pc33.example.org");
    /// config.feedback = Some(FeedbackConfig::point_to_point());
    /// let mut session = Session::new(now, NtpTimestamp::default(), config);
    /// let timing = session.send_feedback(now, 0xabcd, PayloadMessage::PictureLoss)?;
    /// assert_eq!(timing, FeedbackTiming::Sent);
    /// # Ok::<(), rfc3550_rtp::session::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The profile is not RTP/AVPF, the session has been left, the message cannot be written, or
    /// it does not fit the datagram together with those that wait.
    pub fn send_feedback<'a>(
        &mut self,
        now: Instant,
        media_ssrc: u32,
        message: impl Into<FeedbackMessage<'a>>,
    ) -> Result<FeedbackTiming, SendError> {
        if self.phase != SessionPhase::Joined {
            return Err(SendError::NotJoined);
        }
        let room = self.config.max_rtcp_size;
        let minimal = self.minimal_size();
        let Some(feedback) = &mut self.feedback else {
            return Err(SendError::NoFeedbackProfile);
        };
        let message = Message::new(media_ssrc, &message.into()).map_err(SendError::Feedback)?;
        if feedback.was_heard(now, &message) {
            return Ok(FeedbackTiming::Suppressed);
        }
        let mut waiting = feedback.waiting.clone();
        add(&mut waiting, message);
        let octets: usize = waiting.iter().map(Message::encoded_len).sum();
        if minimal + octets > room {
            return Err(SendError::FeedbackTooLong);
        }
        let Some(next) = self.schedule.next() else {
            return Ok(FeedbackTiming::TooLate);
        };
        let interval = self.schedule.last_interval();
        let timing = feedback.plan(now, next, interval, &mut self.random);
        if timing != FeedbackTiming::TooLate {
            feedback.waiting = waiting;
        }
        if self.send_early_feedback(now) {
            return Ok(FeedbackTiming::Sent);
        }
        Ok(timing)
    }

    /// Whether early packets leave out report and name from now on (RFC 5506): to be given up
    /// where there is no sign that they arrive (§4.2.1 there).
    pub fn set_reduced_size(&mut self, reduced_size: bool) {
        if let Some(feedback) = &mut self.feedback {
            feedback.config.reduced_size = reduced_size;
        }
    }

    /// Sends what waits if its time has come. Whether it had (step 6).
    pub(super) fn send_early_feedback(&mut self, now: Instant) -> bool {
        let Some(feedback) = &mut self.feedback else {
            return false;
        };
        if feedback.early_at.is_none_or(|at| now < at) {
            return false;
        }
        feedback.apply(PermissionEvent::SentEarly);
        let reduced = feedback.config.reduced_size;
        let size = self.send_feedback_alone(now, reduced);
        self.schedule.sent_early(size);
        true
    }

    /// A report is due: sends it, or what the profile has instead (§3.5.3).
    pub(super) fn send_due(&mut self, now: Instant) {
        let due = match &mut self.feedback {
            Some(feedback) => feedback.report_due(now, &mut self.random),
            None => Due::Report,
        };
        let size = match due {
            Due::Report => Some(self.send_report(now)),
            Due::Feedback => Some(self.send_feedback_alone(now, false)),
            Due::Nothing => None,
        };
        if let Some(feedback) = &mut self.feedback {
            feedback.apply(PermissionEvent::ReportDue);
        }
        let group = self.group();
        self.schedule.sent(now, size, group, &mut self.random);
    }

    /// What waits, for it goes out now.
    pub(super) fn take_feedback(&mut self) -> Vec<Message> {
        let feedback = self.feedback.as_mut();
        feedback.map_or_else(Vec::new, |feedback| core::mem::take(&mut feedback.waiting))
    }

    /// Somebody has sent feedback. Where there are only two, it cannot be what we would say.
    pub(super) fn receive_feedback(&mut self, now: Instant, message: Message) {
        if let Some(feedback) = &mut self.feedback {
            if !feedback.config.point_to_point {
                feedback.hear(now, message);
            }
        }
    }
}
