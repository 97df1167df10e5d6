//! One stream to one client or one group: when which frame is due, and its RTP session.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rfc2326_rtsp::{ConnectionId, SessionKey, interleaved_header};
use rfc3550_rtp::session::{Session, SessionConfig, SessionEvent, SessionOutput};
use rfc3550_rtp::{NtpTimestamp, RtcpCompound};
use socket2::{SockAddr, SockRef};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::Totals;
use super::connection::{InterleavedFrame, Outgoing, RTP_HEADER};
use super::outlet::Outlet;
use crate::rtsp::VideoFrame;
use crate::rtsp::movie::{Presentation, at};

/// The payload type of JPEG (RFC 3551 §6).
pub(super) const PAYLOAD_TYPE: u8 = 26;
/// The clock of RTP timestamps.
const CLOCK_RATE: u32 = 90_000;
/// How many packets go out at once; the next follow a millisecond later, so that large frames
/// find room in the buffers on their way.
const BURST: usize = 32;
const PAUSE: Duration = Duration::from_millis(1);
/// Whoever is behind by this much begins anew instead of hurrying.
const BEHIND: Duration = Duration::from_secs(1);
/// How many PLAY requests may wait for the one before (RFC 2326 §10.5).
const RANGES: usize = 8;

/// Where packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Udp {
        rtp: SocketAddr,
        rtcp: SocketAddr,
    },
    Interleaved {
        connection: ConnectionId,
        rtp: u8,
        rtcp: u8,
    },
}

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) presentation: usize,
    /// The URI that it was set up with.
    pub(super) uri: String,
    pub(super) delivery: Delivery,
    pub(super) peer: SocketAddr,
    pub(super) session: Session,
    /// Sessions that have it, and those of them that play.
    pub(super) sessions: BTreeSet<SessionKey>,
    pub(super) players: BTreeSet<SessionKey>,
    /// When it is in the server's list of what comes next.
    pub(super) timer: Option<Instant>,
    /// The next frame.
    position: u64,
    /// Frames' times since the stream began: the media clock, which no pause and no jump moves.
    elapsed: u64,
    playing: Option<Playing>,
    /// What is to be played afterwards.
    ranges: VecDeque<FrameRange>,
    totals: Totals,
    /// What [`Totals`] had of it when it was last taken.
    taken: Totals,
}

/// Frames from one, to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameRange {
    /// Where it stands if there is none.
    pub(super) start: Option<u64>,
    pub(super) end: Option<u64>,
}

#[derive(Debug)]
struct Playing {
    /// When frame number `first` was due.
    started: Instant,
    first: u64,
    end: Option<u64>,
    /// A frame that is being sent.
    sending: Option<Sending>,
    /// When to go on with it.
    resume: Instant,
}

#[derive(Debug)]
struct Sending {
    frame: Arc<VideoFrame>,
    /// The next packet.
    next: usize,
    /// Its header, if the system did not take it when it was tried.
    header: Option<[u8; RTP_HEADER]>,
}

/// What became of a stream whose time had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    GoesOn,
    /// It has come to the end of what was to be played.
    Finished,
}

impl Stream {
    pub(super) fn new(
        presentation: usize,
        uri: String,
        delivery: Delivery,
        peer: SocketAddr,
        session: Session,
    ) -> Self {
        Self {
            presentation,
            uri,
            delivery,
            peer,
            session,
            sessions: BTreeSet::new(),
            players: BTreeSet::new(),
            timer: None,
            position: 0,
            elapsed: 0,
            playing: None,
            ranges: VecDeque::new(),
            totals: Totals::default(),
            taken: Totals::default(),
        }
    }

    /// How the session of a stream is made.
    pub(super) fn session(now: Instant, wall_clock: NtpTimestamp, seed: [u8; 32]) -> Session {
        let mut config =
            SessionConfig::new(seed, "telephony").payload_type(PAYLOAD_TYPE, CLOCK_RATE);
        // One receiver, or a group of as many as want to be known.
        config.max_sources = 256;
        Session::new(now, wall_clock, config)
    }

    pub(super) fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// The media time of the next frame.
    pub(super) fn media_time(&self, interval: Duration) -> u32 {
        let nanoseconds = u128::from(self.elapsed) * interval.as_nanos();
        // The clock wraps.
        (nanoseconds * u128::from(CLOCK_RATE) / 1_000_000_000) as u32
    }

    /// Plays a range, after those that play already. False if too many wait.
    pub(super) fn play(
        &mut self,
        now: Instant,
        began: Instant,
        presentation: &Presentation,
        range: FrameRange,
    ) -> bool {
        if self.playing.is_some() {
            let has_room = self.ranges.len() < RANGES;
            // Without a range, it plays already.
            if has_room && range.start.is_some() {
                self.ranges.push_back(range);
            }
            return has_room;
        }
        let (started, first) = if presentation.source.frames().is_none() {
            // Live video has its own clock.
            self.position = live_position(now, began, presentation.interval);
            (began, 0)
        } else {
            self.position = range.start.unwrap_or(self.position);
            (now, self.position)
        };
        self.playing = Some(Playing {
            started,
            first,
            end: range.end,
            sending: None,
            resume: now,
        });
        self.tell_clock(presentation.interval);
        true
    }

    /// Stops, and forgets what was to be played afterwards.
    pub(super) fn pause(&mut self) {
        self.playing = None;
        self.ranges.clear();
    }

    /// Stops before a frame (RFC 2326 §10.6). False if that is not ahead.
    pub(super) fn pause_at(&mut self, frame: u64) -> bool {
        match &mut self.playing {
            Some(playing)
                if frame >= self.position && playing.end.is_none_or(|end| frame <= end) =>
            {
                playing.end = Some(frame);
                self.ranges.clear();
                true
            }
            _ => false,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub(super) fn next_timeout(&self, interval: Duration) -> Option<Instant> {
        let frame = self.playing.as_ref().map(|playing| match playing.sending {
            Some(_) => playing.resume,
            None => playing.due(self.position, interval),
        });
        frame.into_iter().chain(self.session.next_timeout()).min()
    }

    /// Sends what is due.
    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        began: Instant,
        presentation: &mut Presentation,
        outlet: &Outlet<'_>,
    ) -> Progress {
        self.session.handle_timeout(now);
        let progress = self.send_frames(now, began, presentation, outlet);
        self.flush(outlet);
        progress
    }

    /// Takes a compound that came from a receiver.
    pub(super) fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> bool {
        let Ok(compound) = RtcpCompound::parse(datagram) else {
            return false;
        };
        self.session.handle_rtcp(now, from, &compound);
        true
    }

    /// Says BYE, if anything was sent.
    pub(super) fn leave(&mut self, now: Instant, outlet: &Outlet<'_>) {
        self.pause();
        self.session.leave(now, b"");
        self.flush(outlet);
    }

    /// What has been sent.
    pub(super) const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// What has been sent since this was asked last.
    pub(super) fn take_totals(&mut self) -> Totals {
        let taken = std::mem::replace(&mut self.taken, self.totals);
        Totals {
            frames: self.totals.frames - taken.frames,
            packets: self.totals.packets - taken.packets,
            octets: self.totals.octets - taken.octets,
            late: self.totals.late - taken.late,
            skipped: self.totals.skipped - taken.skipped,
            reported_lost: self.totals.reported_lost - taken.reported_lost,
        }
    }

    /// Sends the reports of the RTP session, and notes what receivers say.
    pub(super) fn flush(&mut self, outlet: &Outlet<'_>) {
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::TransmitRtcp(compound) => self.send_rtcp(&compound, outlet),
                SessionOutput::Event(SessionEvent::Reported { view, .. }) => {
                    self.totals.reported_lost = view.block.cumulative_lost.into();
                }
                _ => {}
            }
        }
    }

    fn send_frames(
        &mut self,
        now: Instant,
        began: Instant,
        presentation: &mut Presentation,
        outlet: &Outlet<'_>,
    ) -> Progress {
        let interval = presentation.interval;
        loop {
            let Some(playing) = &mut self.playing else {
                return Progress::GoesOn;
            };
            if let Some(sending) = playing.sending.take() {
                if playing.resume > now {
                    playing.sending = Some(sending);
                    return Progress::GoesOn;
                }
                let rest = self.send_packets(now, interval, sending, outlet);
                let Some(rest) = rest else {
                    self.totals.frames += 1;
                    self.next_frame();
                    continue;
                };
                if let Some(playing) = &mut self.playing {
                    playing.sending = Some(rest);
                    playing.resume = now + PAUSE;
                }
                return Progress::GoesOn;
            }
            let due = playing.due(self.position, interval);
            if due > now {
                return Progress::GoesOn;
            }
            let last = presentation
                .source
                .frames()
                .filter(|_| !presentation.repeats);
            let end = playing.end.into_iter().chain(last).min();
            if end.is_some_and(|end| self.position >= end) {
                let Some(next) = self.ranges.pop_front() else {
                    self.playing = None;
                    return Progress::Finished;
                };
                playing.started = playing.due(self.position, interval);
                self.position = next.start.unwrap_or(self.position);
                (playing.first, playing.end) = (self.position, next.end);
                self.tell_clock(interval);
                continue;
            }
            let late = now.saturating_duration_since(due);
            if late > interval / 2 {
                self.totals.late += 1;
            }
            if late > BEHIND.max(interval) {
                if presentation.source.frames().is_none() {
                    let position = live_position(now, began, interval);
                    self.totals.skipped += position.saturating_sub(self.position);
                    self.position = position;
                } else {
                    playing.started = now;
                    playing.first = self.position;
                }
                self.tell_clock(interval);
                continue;
            }
            let frames = presentation.source.frames().unwrap_or(u64::MAX).max(1);
            let frame = presentation.source.frame(self.position % frames);
            match frame.filter(|_| outlet.has_room(self.delivery)) {
                Some(frame) => {
                    playing.sending = Some(Sending {
                        frame,
                        next: 0,
                        header: None,
                    });
                    playing.resume = now;
                }
                None => {
                    self.totals.skipped += 1;
                    self.next_frame();
                }
            }
        }
    }

    /// Sends the next packets of a frame, and returns what is left of it.
    fn send_packets(
        &mut self,
        now: Instant,
        interval: Duration,
        mut sending: Sending,
        outlet: &Outlet<'_>,
    ) -> Option<Sending> {
        let media_time = self.media_time(interval);
        let to = match self.delivery {
            Delivery::Udp { rtp, .. } => SockAddr::from(rtp),
            Delivery::Interleaved {
                connection, rtp, ..
            } => {
                let frame = sending.frame;
                let headers = (0..frame.packets()).filter_map(|index| {
                    let (payload, marker) = frame.payload(index)?;
                    self.header(now, media_time, payload, marker)
                });
                let headers = headers.collect();
                let channel = rtp;
                let item = InterleavedFrame {
                    channel,
                    headers,
                    frame,
                };
                outlet.queue(connection, Outgoing::Frame(item));
                return None;
            }
        };
        for _ in 0..BURST {
            let (payload, marker) = sending.frame.payload(sending.next)?;
            let header = match sending.header.take() {
                Some(header) => header,
                None => self.header(now, media_time, payload, marker)?,
            };
            if !send(outlet.rtp(), &header, payload, &to) {
                sending.header = Some(header);
                break;
            }
            sending.next += 1;
        }
        Some(sending)
    }

    /// Goes on to the next frame, on the media clock too.
    fn next_frame(&mut self) {
        self.position += 1;
        self.elapsed += 1;
    }

    /// The RTP header of the next packet.
    fn header(
        &mut self,
        now: Instant,
        media_time: u32,
        payload: &[u8],
        marker: bool,
    ) -> Option<[u8; RTP_HEADER]> {
        let packet = self
            .session
            .send_rtp(now, PAYLOAD_TYPE, media_time, payload);
        let mut header = [0; RTP_HEADER];
        // The payload is counted, and sent from where it is.
        let written = packet
            .ok()?
            .marker(marker)
            .payload(&[])
            .write_into(&mut header);
        written.ok()?;
        self.totals.packets += 1;
        self.totals.octets += payload.len() as u64;
        Some(header)
    }

    /// Tells the session when the next frame is due, for its sender reports.
    fn tell_clock(&mut self, interval: Duration) {
        let media_time = self.media_time(interval);
        if let Some(playing) = &self.playing {
            let due = playing.due(self.position, interval);
            let _ = self.session.set_media_clock(due, PAYLOAD_TYPE, media_time);
        }
    }

    fn send_rtcp(&self, compound: &[u8], outlet: &Outlet<'_>) {
        match self.delivery {
            Delivery::Udp { rtcp, .. } => outlet.send_rtcp(compound, rtcp),
            Delivery::Interleaved {
                connection, rtcp, ..
            } => {
                if let Ok(header) = interleaved_header(rtcp, compound.len()) {
                    let frame = [&header, compound].concat();
                    outlet.queue(connection, Outgoing::Bytes(frame));
                }
            }
        }
    }
}

impl Playing {
    fn due(&self, frame: u64, interval: Duration) -> Instant {
        self.started + at(frame.saturating_sub(self.first), interval)
    }
}

/// The frame of live video that is due next.
fn live_position(now: Instant, began: Instant, interval: Duration) -> u64 {
    let elapsed = now.saturating_duration_since(began).as_nanos();
    u64::try_from(elapsed.div_ceil(interval.as_nanos().max(1))).unwrap_or(u64::MAX)
}

/// Sends a packet from where its parts are; false if the system has no room for it now. One that
/// it refuses is lost, as on any network.
fn send(socket: &UdpSocket, header: &[u8], payload: &[u8], to: &SockAddr) -> bool {
    let parts = [IoSlice::new(header), IoSlice::new(payload)];
    let sent = socket.try_io(Interest::WRITABLE, || {
        SockRef::from(socket).send_to_vectored(&parts, to)
    });
    !matches!(sent, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
