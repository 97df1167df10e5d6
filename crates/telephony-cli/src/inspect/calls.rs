//! Calls (RFC 3261 §13 to §15): one for every Call-ID that an INVITE, ACK, BYE or CANCEL bears.

use super::model::{Call, CallState, Message, Side};
use super::seen::{Clock, Seen};
use super::sip::{SipMessage, Start};
use super::time::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;

/// Calls kept; further ones are only counted.
const MOST_CALLS: usize = 100_000;
/// Messages kept of one Call-ID.
pub(crate) const MOST_MESSAGES: usize = 10_000;

/// The messages of one Call-ID, in order.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) messages: Vec<(Seen, String, bool)>,
    pub(crate) left_out: u64,
    pub(crate) retransmissions: u64,
    digests: HashSet<u64>,
}

impl Log {
    /// Keeps a message; true when the very same has been seen between the same two sockets.
    pub(crate) fn add(&mut self, seen: Seen, digest: u64, summary: String) -> bool {
        let full = self.messages.len() >= MOST_MESSAGES;
        let again = if full {
            self.digests.contains(&digest)
        } else {
            !self.digests.insert(digest)
        };
        self.retransmissions += u64::from(again);
        if full {
            self.left_out += 1;
        } else {
            self.messages.push((seen, summary, again));
        }
        again
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<Message> {
        self.messages
            .iter()
            .map(|(seen, summary, retransmission)| Message {
                time: clock.seconds(seen.time),
                packet: seen.packet,
                src: seen.src.to_string(),
                dst: seen.dst.to_string(),
                transport: seen.transport.name(),
                summary: summary.clone(),
                retransmission: *retransmission,
            })
            .collect()
    }
}

/// When an answer was seen, and whether at the caller's own socket: through proxies the same
/// answer passes several times, and the caller's is the one that counts.
#[derive(Clone, Copy)]
struct Moment {
    time: Timestamp,
    at_caller: bool,
}

struct CallRecord {
    from: String,
    to: String,
    first: Timestamp,
    log: Log,
    /// The first INVITE's sender, and its From tag.
    caller: Option<(SocketAddr, Option<String>)>,
    /// CSeq numbers of INVITEs outside of a dialog: the first, and those with credentials.
    invites: BTreeSet<u32>,
    re_invites: BTreeSet<(Option<String>, u32)>,
    to_tags: BTreeSet<String>,
    ringing: Option<Moment>,
    answered: Option<Moment>,
    status: Option<(u16, String, bool)>,
    cancelled: bool,
    challenged: bool,
    credentials: bool,
    bye: Option<(Timestamp, Option<Side>)>,
    codecs: Vec<String>,
    encrypted: bool,
}

/// All calls, in the order in which they began.
#[derive(Default)]
pub(crate) struct Calls {
    by_id: HashMap<String, usize>,
    records: Vec<(String, CallRecord)>,
    pub(crate) left_out: u64,
}

impl Calls {
    /// Whether a message belongs here: by its method, or because its call is known.
    pub(crate) fn concerns(&self, message: &SipMessage) -> bool {
        matches!(
            &*message.cseq_method,
            "INVITE" | "ACK" | "BYE" | "CANCEL" | "PRACK" | "UPDATE"
        ) || self.by_id.contains_key(&message.call_id)
    }

    pub(crate) fn take(&mut self, seen: Seen, message: &SipMessage) {
        let Some(record) = self.record(seen, message) else {
            return;
        };
        if record
            .log
            .add(seen, message.digest(seen), message.summary())
        {
            return;
        }
        match &message.start {
            Start::Request { method, .. } => record.request(seen, method, message),
            Start::Response { status, reason } => record.response(seen, *status, reason, message),
        }
        if let Some(sdp) = &message.sdp
            && message.is_answer()
        {
            record.codecs = sdp.codecs();
            record.encrypted = sdp.media.iter().any(|media| media.is_secure());
        }
    }

    fn record(&mut self, seen: Seen, message: &SipMessage) -> Option<&mut CallRecord> {
        let index = match self.by_id.get(&message.call_id) {
            Some(index) => *index,
            None if self.records.len() >= MOST_CALLS => {
                self.left_out += 1;
                return None;
            }
            None => {
                let record = CallRecord::new(seen, message);
                self.records.push((message.call_id.clone(), record));
                self.by_id
                    .insert(message.call_id.clone(), self.records.len() - 1);
                self.records.len() - 1
            }
        };
        self.records.get_mut(index).map(|(_, record)| record)
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<Call> {
        self.records
            .iter()
            .map(|(id, record)| record.report(id, clock))
            .collect()
    }
}

impl CallRecord {
    fn new(seen: Seen, message: &SipMessage) -> Self {
        Self {
            from: message.from.uri.clone(),
            to: message.to.uri.clone(),
            first: seen.time,
            log: Log::default(),
            caller: None,
            invites: BTreeSet::new(),
            re_invites: BTreeSet::new(),
            to_tags: BTreeSet::new(),
            ringing: None,
            answered: None,
            status: None,
            cancelled: false,
            challenged: false,
            credentials: false,
            bye: None,
            codecs: Vec::new(),
            encrypted: false,
        }
    }

    fn request(&mut self, seen: Seen, method: &str, message: &SipMessage) {
        match method {
            "INVITE" if message.to.tag.is_none() => {
                self.caller
                    .get_or_insert_with(|| (seen.src, message.from.tag.clone()));
                remember(&mut self.invites, message.cseq);
                self.credentials |= message.credentials.is_some();
            }
            "INVITE" => {
                remember(
                    &mut self.re_invites,
                    (message.from.tag.clone(), message.cseq),
                );
            }
            "CANCEL" => self.cancelled = true,
            "BYE" if self.bye.is_none() => {
                let caller_tag = self.caller.as_ref().and_then(|(_, tag)| tag.as_ref());
                let side = caller_tag.map(|tag| match &message.from.tag {
                    Some(from) if from == tag => Side::Caller,
                    _ => Side::Callee,
                });
                self.bye = Some((seen.time, side));
            }
            _ => {}
        }
    }

    fn response(&mut self, seen: Seen, status: u16, reason: &str, message: &SipMessage) {
        let is_first = self.invites.contains(&message.cseq) || self.invites.is_empty();
        if message.cseq_method != "INVITE" || !is_first {
            return;
        }
        let at_caller = self
            .caller
            .as_ref()
            .is_some_and(|(caller, _)| *caller == seen.dst);
        let moment = Moment {
            time: seen.time,
            at_caller,
        };
        if (101..300).contains(&status)
            && let Some(tag) = &message.to.tag
        {
            remember(&mut self.to_tags, tag.clone());
        }
        match status {
            ..=100 => {}
            101..200 => Moment::settle(&mut self.ringing, moment),
            200..300 => Moment::settle(&mut self.answered, moment),
            401 | 407 => self.challenged = true,
            _ => {}
        }
        let rank = |status: u16| status / 100;
        // A 2xx stands; otherwise the later final answer, and the caller's before a proxy's.
        let replace = self.status.as_ref().is_none_or(|(old, _, old_at_caller)| {
            rank(*old) != 2
                && (rank(status) > 1 || rank(*old) == 1)
                && (at_caller || !old_at_caller || rank(*old) == 1 || rank(status) == 2)
        });
        if replace {
            self.status = Some((status, reason.to_owned(), at_caller));
        }
    }

    fn state(&self) -> CallState {
        let status = self.status.as_ref().map(|(status, ..)| *status);
        match status {
            _ if self.caller.is_none() => CallState::Partial,
            _ if self.answered.is_some() && self.bye.is_some() => CallState::Ended,
            _ if self.answered.is_some() => CallState::Established,
            Some(487) if self.cancelled => CallState::Cancelled,
            // Challenged, and tried again: the last answer is not in the capture.
            Some(401 | 407) if self.credentials => CallState::Trying,
            Some(300..) => CallState::Failed,
            _ if self.cancelled => CallState::Cancelled,
            Some(101..) => CallState::Ringing,
            _ => CallState::Trying,
        }
    }

    fn report(&self, call_id: &str, clock: Clock) -> Call {
        let since_first = |moment: &Moment| moment.time.ms_since(self.first);
        let answered = self.caller.as_ref().and(self.answered.as_ref());
        let bye = self.bye.as_ref();
        Call {
            call_id: call_id.to_owned(),
            from: self.from.clone(),
            to: self.to.clone(),
            state: self.state(),
            status: self.status.as_ref().map(|(status, ..)| *status),
            reason: self.status.as_ref().map(|(_, reason, _)| reason.clone()),
            time: clock.seconds(self.first),
            ringing_ms: self
                .caller
                .as_ref()
                .and(self.ringing.as_ref())
                .map(since_first),
            setup_ms: answered.map(since_first),
            duration_ms: answered
                .zip(bye)
                .map(|(from, (to, _))| to.ms_since(from.time)),
            ended_by: bye.and_then(|(_, side)| *side),
            codecs: self.codecs.clone(),
            forks: self.to_tags.len(),
            re_invites: self.re_invites.len(),
            cancelled: self.cancelled,
            authenticated: self.challenged && self.credentials && self.answered.is_some(),
            encrypted: self.encrypted,
            retransmissions: self.log.retransmissions,
            messages: self.log.report(clock),
            messages_left_out: self.log.left_out,
        }
    }
}

/// Adds to a set, which stays bounded however many tags and numbers somebody makes up.
fn remember<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if set.len() < MOST_MESSAGES {
        set.insert(value);
    }
}

impl Moment {
    /// Keeps the first, but prefers one at the caller's socket.
    fn settle(place: &mut Option<Self>, moment: Self) {
        if place.is_none_or(|known| moment.at_caller && !known.at_caller) {
            *place = Some(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::seen::Transport;

    const CALLER: u16 = 5061;
    const PROXY: u16 = 5060;

    struct Wire {
        calls: Calls,
        packet: u64,
    }

    impl Wire {
        fn new() -> Self {
            Self {
                calls: Calls::default(),
                packet: 0,
            }
        }

        /// One message a second between two ports.
        fn send(&mut self, from: u16, to: u16, start: &str, to_tag: &str, cseq: &str) {
            self.packet += 1;
            let seen = Seen {
                time: Timestamp::new(self.packet as i64, 0),
                packet: self.packet,
                src: ([192, 0, 2, 1], from).into(),
                dst: ([192, 0, 2, 1], to).into(),
                transport: Transport::Udp,
            };
            let tag = if to_tag.is_empty() {
                String::new()
            } else {
                format!(";tag={to_tag}")
            };
            let message = format!(
                "{start}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{cseq}\r\nFrom: <sip:a@a>;tag=a\r\n\
                 To: <sip:b@b>{tag}\r\nCall-ID: c\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
            );
            let message = SipMessage::parse(message.as_bytes(), seen).unwrap();
            assert!(self.calls.concerns(&message));
            self.calls.take(seen, &message);
        }

        fn call(&self) -> Call {
            let mut calls = self.calls.report(Clock {
                start: Timestamp::new(1, 0),
            });
            assert_eq!(calls.len(), 1);
            calls.remove(0)
        }
    }

    #[test]
    fn a_forked_call_counts_its_branches() {
        let mut wire = Wire::new();
        wire.send(CALLER, PROXY, "INVITE sip:b@b SIP/2.0", "", "1 INVITE");
        wire.send(PROXY, CALLER, "SIP/2.0 180 Ringing", "b1", "1 INVITE");
        wire.send(PROXY, CALLER, "SIP/2.0 180 Ringing", "b2", "1 INVITE");
        assert_eq!(wire.call().state, CallState::Ringing);
        wire.send(PROXY, CALLER, "SIP/2.0 200 OK", "b2", "1 INVITE");
        let call = wire.call();
        assert_eq!((call.forks, call.state), (2, CallState::Established));
        assert_eq!(
            (call.ringing_ms, call.setup_ms),
            (Some(1000.0), Some(3000.0))
        );
        assert_eq!(call.duration_ms, None);
    }

    #[test]
    fn a_proxy_s_view_does_not_hide_the_caller_s() {
        let mut wire = Wire::new();
        wire.send(CALLER, PROXY, "INVITE sip:b@b SIP/2.0", "", "1 INVITE");
        wire.send(PROXY, 5070, "INVITE sip:b@b SIP/2.0", "", "1 INVITE");
        // One branch is busy, the proxy tries another: the caller hears only of that.
        wire.send(5070, PROXY, "SIP/2.0 486 Busy Here", "b1", "1 INVITE");
        wire.send(5071, PROXY, "SIP/2.0 200 OK", "b2", "1 INVITE");
        wire.send(PROXY, CALLER, "SIP/2.0 200 OK", "b2", "1 INVITE");
        wire.send(5071, PROXY, "BYE sip:a@a SIP/2.0", "a", "9 BYE");
        let call = wire.call();
        assert_eq!((call.status, call.setup_ms), (Some(200), Some(4000.0)));
        assert_eq!(
            (call.state, call.duration_ms),
            (CallState::Ended, Some(1000.0))
        );
    }

    #[test]
    fn a_challenge_is_no_failure_until_nothing_follows() {
        let mut wire = Wire::new();
        wire.send(CALLER, PROXY, "INVITE sip:b@b SIP/2.0", "", "1 INVITE");
        wire.send(
            PROXY,
            CALLER,
            "SIP/2.0 407 Proxy Authentication Required",
            "p",
            "1 INVITE",
        );
        assert_eq!(
            (wire.call().state, wire.call().forks),
            (CallState::Failed, 0)
        );
        wire.send(CALLER, PROXY, "INVITE sip:b@b SIP/2.0", "", "2 INVITE");
        wire.send(PROXY, CALLER, "SIP/2.0 200 OK", "b", "2 INVITE");
        assert_eq!(
            (wire.call().state, wire.call().status),
            (CallState::Established, Some(200))
        );
    }

    #[test]
    fn the_middle_of_a_call_is_no_whole_one() {
        let mut wire = Wire::new();
        wire.send(CALLER, PROXY, "BYE sip:b@b SIP/2.0", "b", "2 BYE");
        let call = wire.call();
        assert_eq!((call.state, call.setup_ms), (CallState::Partial, None));
        wire.send(PROXY, CALLER, "SIP/2.0 200 OK", "b", "2 BYE");
        wire.send(PROXY, CALLER, "SIP/2.0 200 OK", "b", "2 BYE");
        assert_eq!(wire.call().messages.len(), 3);
    }

    #[test]
    fn a_message_seen_again_counts_once() {
        let mut wire = Wire::new();
        for _ in 0..3 {
            wire.send(CALLER, PROXY, "INVITE sip:b@b SIP/2.0", "", "1 INVITE");
        }
        let call = wire.call();
        assert_eq!((call.retransmissions, call.messages.len()), (2, 3));
        assert!(!call.messages[0].retransmission && call.messages[2].retransmission);
    }
}
