//! A call: its signalling, its offers and answers, its media.

use std::collections::VecDeque;
use std::time::Instant;

use rfc3261_sip::Message;
use rfc3261_sip::user_agent::{self, SubscriptionId};

use super::MediaAddress;
use super::exchange::Exchange;
use crate::media::MediaSession;

/// What is known of a call.
#[derive(Debug)]
pub(super) struct Call {
    /// Its name in the user agent.
    pub(super) signalling: user_agent::CallId,
    /// The INVITE of the peer, until it is answered.
    pub(super) invite: Option<Message>,
    /// What the INVITE of this side was made of, until it is answered.
    pub(super) outgoing: Option<Outgoing>,
    /// What was said of media; nothing before a call that came in is answered.
    pub(super) exchange: Option<Exchange>,
    pub(super) media: Option<MediaSession>,
    /// The time by which its media wait, as it stands in the queue of all calls.
    pub(super) due: Option<Instant>,
    /// Where the one is told how far this call is that has asked for it.
    pub(super) asked_by: Option<SubscriptionId>,
    /// The peer's request to call somebody else.
    pub(super) refer: Option<Refer>,
    /// Digits that wait to be sent by INFO; the first is on its way.
    pub(super) digits: VecDeque<char>,
}

/// What an INVITE of this side was made of.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) uri: String,
    pub(super) media: MediaAddress,
    /// Further header fields.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Whether encrypted media were offered.
    pub(super) secure: bool,
}

/// A request to call somebody else.
#[derive(Debug)]
pub(super) struct Refer {
    pub(super) subscription: SubscriptionId,
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Call {
    pub(super) fn new(signalling: user_agent::CallId) -> Self {
        Self {
            signalling,
            invite: None,
            outgoing: None,
            exchange: None,
            media: None,
            due: None,
            asked_by: None,
            refer: None,
            digits: VecDeque::new(),
        }
    }
}
