//! RTSP sessions (RFC 2326): what was set up, how it was authenticated, and the media it
//! announces.

use super::announcements::{Announcement, Announcements};
use super::calls::Log;
use super::model::{Authentication, FoundBy, RtspSession, RtspState, RtspTrack};
use super::rtsp_message::{RtspMessage, Transport as Offer};
use super::sdp::{Codec, Medium, Sdp};
use super::seen::{Clock, Seen};
use super::sip::Start;
use super::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;

const MOST_SESSIONS: usize = 50_000;
/// Requests of one connection that wait for their answer.
const MOST_PENDING: usize = 64;
const MOST_TRACKS: usize = 64;

/// A request that has no answer yet.
struct Pending {
    method: String,
    uri: String,
    credentials: bool,
}

struct Record {
    client: SocketAddr,
    server: SocketAddr,
    first: Timestamp,
    uri: Option<String>,
    session: Option<String>,
    state: RtspState,
    challenged: bool,
    authentication: Authentication,
    user_agent: Option<String>,
    pending: BTreeMap<u32, Pending>,
    description: Option<Sdp>,
    tracks: Vec<(RtspTrack, Rc<Announcement>, Vec<u8>)>,
    interleaved: u64,
    log: Log,
}

/// All sessions, in the order in which they began.
#[derive(Default)]
pub(crate) struct Rtsp {
    /// The latest session of a connection, client first.
    by_connection: HashMap<(SocketAddr, SocketAddr), usize>,
    records: Vec<Record>,
    pub(crate) left_out: u64,
}

impl Rtsp {
    pub(crate) fn take(
        &mut self,
        seen: Seen,
        message: &RtspMessage,
        announcements: &mut Announcements,
    ) {
        let from_client = self.is_from_client(seen, message);
        let (client, server) = if from_client {
            (seen.src, seen.dst)
        } else {
            (seen.dst, seen.src)
        };
        let known = self.by_connection.get(&(client, server)).copied();
        let known = known.filter(|index| {
            // Another session on the same connection is another record.
            let current = self.records.get(*index);
            let session = current.and_then(|record| record.session.as_ref());
            session.is_none() || message.session.is_none() || session == message.session.as_ref()
        });
        let index = match known {
            Some(index) => index,
            None if self.records.len() >= MOST_SESSIONS => {
                self.left_out += 1;
                return;
            }
            None => {
                let before = self.by_connection.get(&(client, server)).copied();
                let before = before.and_then(|index| self.records.get_mut(index));
                let record = Record::new(client, server, seen, before);
                self.records.push(record);
                self.by_connection
                    .insert((client, server), self.records.len() - 1);
                self.records.len() - 1
            }
        };
        let Some(record) = self.records.get_mut(index) else {
            return;
        };
        match &message.start {
            Start::Request { method, uri } => record.request(seen, method, uri, message),
            Start::Response { status, reason } => {
                record.response(seen, *status, reason, message, announcements);
            }
        }
    }

    /// Requests go to the server, except for those that a server sends on a known connection.
    fn is_from_client(&self, seen: Seen, message: &RtspMessage) -> bool {
        if self.by_connection.contains_key(&(seen.src, seen.dst)) {
            return true;
        }
        if self.by_connection.contains_key(&(seen.dst, seen.src)) {
            return false;
        }
        matches!(message.start, Start::Request { .. })
    }

    /// What SETUP said about a channel of a connection. Counts the packet.
    pub(crate) fn interleaved(&mut self, seen: Seen, channel: u8) -> Option<Rc<Announcement>> {
        let index = self.by_connection.get(&(seen.src, seen.dst));
        let index = index.or_else(|| self.by_connection.get(&(seen.dst, seen.src)))?;
        let record = self.records.get_mut(*index)?;
        record.interleaved += 1;
        let track = record
            .tracks
            .iter()
            .rev()
            .find(|(.., channels)| channels.contains(&channel));
        track.map(|(_, announcement, _)| announcement.clone())
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<RtspSession> {
        self.records
            .iter()
            .map(|record| record.report(clock))
            .collect()
    }
}

impl Record {
    /// A new session; what is known of the connection from the one before goes along.
    fn new(
        client: SocketAddr,
        server: SocketAddr,
        seen: Seen,
        before: Option<&mut Record>,
    ) -> Self {
        let (pending, description, user_agent) = match before {
            Some(before) => (
                std::mem::take(&mut before.pending),
                before.description.clone(),
                before.user_agent.clone(),
            ),
            None => Default::default(),
        };
        Self {
            client,
            server,
            first: seen.time,
            uri: None,
            session: None,
            state: RtspState::Init,
            challenged: false,
            authentication: Authentication::None,
            user_agent,
            pending,
            description,
            tracks: Vec::new(),
            interleaved: 0,
            log: Log::default(),
        }
    }

    fn request(&mut self, seen: Seen, method: &str, uri: &str, message: &RtspMessage) {
        self.log
            .add(seen, message.digest(), format!("{method} {uri}"));
        if method != "SETUP" || self.uri.is_none() {
            self.uri = Some(uri.to_owned());
        }
        if self.session.is_none() {
            self.session.clone_from(&message.session);
        }
        if self.user_agent.is_none() {
            self.user_agent.clone_from(&message.user_agent);
        }
        if method == "TEARDOWN" {
            self.state = RtspState::TornDown;
        }
        if method == "ANNOUNCE"
            && let Some(sdp) = &message.sdp
        {
            self.description = Some(sdp.clone());
        }
        if let Some(cseq) = message.cseq {
            if self.pending.len() >= MOST_PENDING {
                self.pending.pop_first();
            }
            let pending = Pending {
                method: method.to_owned(),
                uri: uri.to_owned(),
                credentials: message.credentials,
            };
            self.pending.insert(cseq, pending);
        }
    }

    fn response(
        &mut self,
        seen: Seen,
        status: u16,
        reason: &str,
        message: &RtspMessage,
        announcements: &mut Announcements,
    ) {
        let pending = message.cseq.and_then(|cseq| self.pending.remove(&cseq));
        let method = pending.as_ref().map_or("", |pending| &pending.method);
        let summary = format!("{status} {reason} {method}");
        self.log
            .add(seen, message.digest(), summary.trim_end().to_owned());
        let credentials = pending.as_ref().is_some_and(|pending| pending.credentials);
        self.challenged |= status == 401;
        self.authentication = match status {
            401 if credentials => Authentication::Refused,
            401 if self.authentication != Authentication::Accepted => Authentication::Challenged,
            200..300 if credentials => Authentication::Accepted,
            _ => self.authentication,
        };
        let Some(pending) = pending else { return };
        if status >= 400 {
            if self.state == RtspState::Init {
                self.state = RtspState::Failed;
            }
            return;
        }
        if !(200..300).contains(&status) {
            return;
        }
        if self.state == RtspState::Failed {
            self.state = RtspState::Init;
        }
        if message.session.is_some() {
            self.session.clone_from(&message.session);
        }
        match &*pending.method {
            "DESCRIBE" => self.description = message.sdp.clone().or(self.description.take()),
            "SETUP" => {
                self.state = RtspState::Ready;
                if let Some(offer) = &message.transport {
                    self.set_up(&pending.uri, offer, announcements);
                }
            }
            "PLAY" => self.state = RtspState::Playing,
            "RECORD" => self.state = RtspState::Recording,
            "PAUSE" => self.state = RtspState::Ready,
            "TEARDOWN" => self.state = RtspState::TornDown,
            _ => {}
        }
    }

    fn set_up(&mut self, uri: &str, offer: &Offer, announcements: &mut Announcements) {
        let medium = self.medium(uri);
        let announcement = Announcement {
            by: FoundBy::Rtsp,
            call: None,
            owner: None,
            codecs: medium
                .map(|medium| medium.codecs.clone())
                .unwrap_or_default(),
            encrypted: offer.secure,
            rtcp_only: false,
        };
        let codec = medium.and_then(|medium| {
            medium
                .preference
                .iter()
                .find_map(|pt| medium.codecs.get(pt))
                .map(Codec::to_string)
        });
        let ends = [
            (
                offer.destination.unwrap_or(self.client.ip()),
                offer.client_ports,
            ),
            (offer.source.unwrap_or(self.server.ip()), offer.server_ports),
        ];
        for (address, ports) in ends {
            let Some((rtp, rtcp)) = ports else { continue };
            announcements.announce(SocketAddr::new(address, rtp), announcement.clone());
            if rtcp != rtp {
                let announcement = Announcement {
                    rtcp_only: true,
                    ..announcement.clone()
                };
                announcements.announce(SocketAddr::new(address, rtcp), announcement);
            }
        }
        if self.tracks.len() < MOST_TRACKS {
            let track = RtspTrack {
                uri: uri.to_owned(),
                transport: offer.text.clone(),
                codec,
            };
            let channels = offer
                .channels
                .map(|(rtp, rtcp)| vec![rtp, rtcp])
                .unwrap_or_default();
            self.tracks.push((track, Rc::new(announcement), channels));
        }
    }

    /// The medium that a SETUP is for: its `a=control` ends the URI, or it is the next in order.
    fn medium(&self, uri: &str) -> Option<&Medium> {
        let media = &self.description.as_ref()?.media;
        let named = media.iter().find(|medium| {
            medium
                .control
                .as_ref()
                .is_some_and(|control| uri.ends_with(control.as_str()))
        });
        named.or_else(|| media.get(self.tracks.len()))
    }

    fn report(&self, clock: Clock) -> RtspSession {
        RtspSession {
            client: self.client.to_string(),
            server: self.server.to_string(),
            uri: self.uri.clone(),
            session: self.session.clone(),
            time: clock.seconds(self.first),
            state: self.state,
            authentication: self.authentication,
            user_agent: self.user_agent.clone(),
            tracks: self
                .tracks
                .iter()
                .map(|(track, ..)| track.clone())
                .collect(),
            interleaved_packets: self.interleaved,
            messages: self.log.report(clock),
            messages_left_out: self.log.left_out,
        }
    }
}
