//! What a session tells its caller.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use crate::session::source::ReceptionView;
use crate::{Reception, WriteError};

/// Events that wait to be polled. Beyond this many the oldest are dropped.
const MAX_EVENTS: usize = 4096;

/// Something to do or to know, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionOutput {
    /// Send this compound to where the others expect RTCP.
    TransmitRtcp(Vec<u8>),
    /// Something has changed.
    Event(SessionEvent),
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// A source has become a member.
    Joined {
        /// Whose.
        ssrc: u32,
    },
    /// A source has told its canonical name.
    Named {
        /// Whose.
        ssrc: u32,
    },
    /// A sender report has come: see [`Source::sender_report`](super::Source::sender_report).
    SenderReport {
        /// Whose.
        ssrc: u32,
    },
    /// Somebody has reported on our stream.
    Reported {
        /// The reporter.
        ssrc: u32,
        /// What it says.
        view: ReceptionView,
    },
    /// A source has said BYE.
    Left {
        /// Whose.
        ssrc: u32,
        /// Why, in UTF-8 if the sender kept to the rules; empty if it did not say.
        reason: Box<[u8]>,
    },
    /// Nothing has come from a member for five intervals: it is forgotten.
    TimedOut {
        /// Whose.
        ssrc: u32,
    },
    /// Somebody else has had our SSRC, so that we have another. Packets are sent with the new one
    /// from now on.
    SsrcChanged {
        /// The SSRC given up.
        old: u32,
        /// The SSRC chosen.
        new: u32,
    },
    /// We have left: nothing more will come.
    Ended,
}

/// What is to become of an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "only packets to deliver may be played"]
pub enum RtpVerdict {
    /// It belongs to a valid source. Duplicates are among these: the reception tells.
    Deliver(Reception),
    /// Its source is on probation, or its sequence number too far away: it must not be played
    /// now. Whoever can wait may keep it until the next packet of the source is delivered (A.1).
    Withhold(Reception),
    /// It is not to be used, and has changed nothing but counters.
    Ignore(IgnoreReason),
}

/// Why a packet is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IgnoreReason {
    /// The payload type has no clock rate in the configuration (§5.1).
    UnknownPayloadType,
    /// It is our own packet, come back from the network to whom we sent it.
    Own,
    /// It has our SSRC and comes from an address known to conflict (§8.2).
    Looped,
    /// Its SSRC, or one of its contributing sources, is that of a source at another address, or
    /// of one that we pass on as a mixer (§8.2).
    OtherAddress,
    /// Its source has said BYE.
    Departed,
    /// The table is full of members.
    TooManySources,
    /// We are leaving or have left.
    NotJoined,
}

/// Why a packet or a message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The payload type has no clock rate in the configuration.
    UnknownPayloadType,
    /// We are leaving or have left.
    NotJoined,
    /// Feedback has no place in the profile: the configuration has none.
    NoFeedbackProfile,
    /// The feedback message cannot be written.
    Feedback(WriteError),
    /// The feedback message does not fit the datagram together with those that wait.
    FeedbackTooLong,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownPayloadType => "the payload type has no clock rate",
            Self::NotJoined => "the session has been left",
            Self::NoFeedbackProfile => "the profile is not RTP/AVPF",
            Self::Feedback(error) => return write!(f, "the feedback cannot be written: {error}"),
            Self::FeedbackTooLong => "the feedback does not fit the datagram",
        })
    }
}

impl Error for SendError {}

/// What has been found wrong in the session since it began (§8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct SessionCounters {
    /// Collisions with our SSRC, each of which has changed it.
    pub collisions: u64,
    /// Packets with our SSRC from addresses known to conflict.
    pub own_looped: u64,
    /// Packets and reports of a source from another address than its own.
    pub third_party_loops: u64,
    /// Source descriptions with another CNAME than the source's own.
    pub third_party_collisions: u64,
    /// Packets of sources for which there was no room.
    pub refused: u64,
    /// Events that nobody polled in time.
    pub events_lost: u64,
}

/// Outputs in order. Packets to transmit are never dropped: there are at most two an interval, and
/// one for each change of our SSRC or BYE of a source in a mix.
#[derive(Debug, Clone, Default)]
pub(super) struct Outputs {
    queue: VecDeque<SessionOutput>,
    events: usize,
}

impl Outputs {
    pub(super) fn transmit(&mut self, compound: Vec<u8>) {
        self.queue.push_back(SessionOutput::TransmitRtcp(compound));
    }

    /// Queues an event. False when another one had to be dropped for it.
    pub(super) fn event(&mut self, event: SessionEvent) -> bool {
        let full = self.events >= MAX_EVENTS;
        if full {
            let is_event = |output: &SessionOutput| matches!(output, SessionOutput::Event(_));
            if let Some(oldest) = self.queue.iter().position(is_event) {
                self.queue.remove(oldest);
            }
        } else {
            self.events += 1;
        }
        self.queue.push_back(SessionOutput::Event(event));
        !full
    }

    pub(super) fn pop(&mut self) -> Option<SessionOutput> {
        let output = self.queue.pop_front()?;
        if matches!(output, SessionOutput::Event(_)) {
            self.events -= 1;
        }
        Some(output)
    }
}
