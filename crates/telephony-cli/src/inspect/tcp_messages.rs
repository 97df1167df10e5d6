//! SIP and RTSP messages out of TCP streams, with RTSP's interleaved data (RFC 2326 §10.12).

use super::rtsp_message::RtspMessage;
use super::seen::{Seen, Transport};
use super::sip::{self, SipMessage};
use super::tcp::{Direction, Event};
use rfc2326_rtsp as rtsp;
use rfc3261_sip::{FrameLength, Framer};
use std::collections::HashMap;

/// Bytes of one direction that wait for the rest of a message.
const MOST_WAITING: usize = 1024 * 1024;
/// Directions whose state is kept, and bytes that wait in all of them.
const MOST_SIDES: usize = 16_384;
const MOST_WAITING_IN_ALL: usize = 128 * 1024 * 1024;
/// Bytes of a direction in which no message was found before it is left alone.
const PATIENCE: usize = 64 * 1024;

/// What a stream brought.
pub(crate) enum Found {
    Sip(Seen, SipMessage),
    MalformedSip,
    Rtsp(Seen, RtspMessage),
    /// Channel and bytes.
    Interleaved(Seen, u8, Vec<u8>),
}

#[derive(Default)]
struct Side {
    mode: Mode,
    /// `SIP` or `RTSP`, once either has been found.
    protocol: Option<&'static str>,
    buffer: Vec<u8>,
    /// Bytes looked through in vain since the last message.
    fruitless: usize,
    /// Bytes that made no sense after a protocol had been found.
    skipped: usize,
}

#[derive(Default)]
enum Mode {
    /// Looking for the first line of a message.
    #[default]
    Searching,
    Sip(Box<Framer>),
    Rtsp(Box<rtsp::Framer>),
    /// Another protocol: not looked at any more.
    Other,
}

/// The state of every direction.
#[derive(Default)]
pub(crate) struct TcpMessages {
    sides: HashMap<Direction, Side>,
    /// Bytes that wait in all directions.
    waiting: usize,
    /// Bytes between messages that made no sense.
    pub(crate) skipped_bytes: u64,
}

impl TcpMessages {
    pub(crate) fn take(&mut self, direction: Direction, event: Event) -> Vec<Found> {
        let mut found = Vec::new();
        let mut side = self.sides.remove(&direction).unwrap_or_default();
        self.waiting -= side.waiting();
        match event {
            // Whatever follows has nothing to do with what came before.
            Event::Reset => return found,
            // The message at hand is lost; the next may begin anywhere.
            Event::Gap(_) => side.give_up(),
            Event::Data {
                time,
                packet,
                bytes,
            } => {
                let (src, dst) = direction;
                let seen = Seen {
                    time,
                    packet,
                    src,
                    dst,
                    transport: Transport::Tcp,
                };
                let other = self.sides.get(&(dst, src)).and_then(|side| side.protocol);
                side.data(&bytes, seen, other == Some("RTSP"), &mut found);
            }
        }
        if side.waiting() > MOST_WAITING || self.waiting + side.waiting() > MOST_WAITING_IN_ALL {
            side.give_up();
        }
        self.skipped_bytes += std::mem::take(&mut side.skipped) as u64;
        if self.sides.len() >= MOST_SIDES {
            // Those in the middle of nothing are found again with their next message.
            self.sides.retain(|_, side| side.waiting() > 0);
        }
        if self.sides.len() < MOST_SIDES {
            self.waiting += side.waiting();
            self.sides.insert(direction, side);
        }
        found
    }

    /// `SIP` or `RTSP`, if either has been found in this direction.
    pub(crate) fn protocol(&self, direction: Direction) -> Option<&'static str> {
        self.sides.get(&direction).and_then(|side| side.protocol)
    }
}

impl Side {
    fn waiting(&self) -> usize {
        match &self.mode {
            Mode::Rtsp(framer) => self.buffer.len() + framer.buffered(),
            _ => self.buffer.len(),
        }
    }

    /// Drops what waits and looks for the next message.
    fn give_up(&mut self) {
        self.skip(self.waiting());
        self.buffer = Vec::new();
        self.mode = Mode::Searching;
        self.fruitless = 0;
    }

    fn skip(&mut self, bytes: usize) {
        if self.protocol.is_some() {
            self.skipped += bytes;
        }
    }

    fn data(&mut self, bytes: &[u8], seen: Seen, other_is_rtsp: bool, found: &mut Vec<Found>) {
        if matches!(self.mode, Mode::Other) {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(length) = self.step(buffer.get(used..), seen, other_is_rtsp, found) {
            used += length;
        }
        buffer.drain(..used.min(buffer.len()));
        if !matches!(self.mode, Mode::Other) {
            self.buffer = buffer;
        }
    }

    /// Takes one thing off the front, and says how long it was; `None` until more has come.
    fn step(
        &mut self,
        rest: Option<&[u8]>,
        seen: Seen,
        other_is_rtsp: bool,
        found: &mut Vec<Found>,
    ) -> Option<usize> {
        let rest = rest.filter(|rest| !rest.is_empty())?;
        match &mut self.mode {
            Mode::Other => None,
            Mode::Searching => {
                let skip = self.search(rest, other_is_rtsp);
                // With a message at the very front, the next step takes it.
                Some(skip).filter(|skip| *skip > 0 || !matches!(self.mode, Mode::Searching))
            }
            Mode::Sip(framer) => match framer.measure(rest) {
                Ok(Some(FrameLength::Message(length))) => {
                    let bytes = rest.get(..length).unwrap_or_default();
                    found.push(match SipMessage::parse(bytes, seen) {
                        Some(message) => Found::Sip(seen, message),
                        None => Found::MalformedSip,
                    });
                    Some(length)
                }
                Ok(Some(
                    FrameLength::Ping(length)
                    | FrameLength::Pong(length)
                    | FrameLength::Skip(length),
                )) => Some(length),
                Ok(None) => None,
                Err(_) => {
                    // Out of step: the next message is looked for after the first line.
                    let line = rest.iter().position(|byte| *byte == b'\n');
                    let length = line.map_or(rest.len(), |line| line + 1);
                    found.push(Found::MalformedSip);
                    self.mode = Mode::Searching;
                    self.skip(length);
                    Some(length)
                }
            },
            Mode::Rtsp(framer) => {
                // The framer keeps what is not whole yet.
                framer.push(rest);
                if poll_rtsp(framer, seen, found).is_err() {
                    self.give_up();
                }
                Some(rest.len())
            }
        }
    }

    /// Looks for the first line of a message; gives the bytes before it, or those that certainly
    /// hold none.
    fn search(&mut self, rest: &[u8], other_is_rtsp: bool) -> usize {
        let skip = match search(rest, other_is_rtsp) {
            Search::Sip(skip) => {
                self.mode = Mode::Sip(Box::default());
                self.protocol = Some("SIP");
                skip
            }
            Search::Rtsp(skip) => {
                self.mode = Mode::Rtsp(Box::default());
                self.protocol = Some("RTSP");
                skip
            }
            Search::Nothing(skip) => {
                self.fruitless += skip;
                if self.fruitless > PATIENCE && self.protocol.is_none() {
                    self.mode = Mode::Other;
                }
                skip
            }
        };
        self.skip(skip);
        skip
    }
}

/// Hands out what is whole.
fn poll_rtsp(
    framer: &mut rtsp::Framer,
    seen: Seen,
    found: &mut Vec<Found>,
) -> Result<(), rtsp::ParseError> {
    while let Some(frame) = framer.poll()? {
        found.push(match frame {
            rtsp::Frame::Message(message) => {
                Found::Rtsp(seen, RtspMessage::new(message.view(), seen))
            }
            rtsp::Frame::Interleaved(frame) => {
                let seen = Seen {
                    transport: Transport::Interleaved,
                    ..seen
                };
                Found::Interleaved(seen, frame.channel(), frame.data().to_vec())
            }
        });
    }
    Ok(())
}

/// Where a message begins, in bytes from the start; or how many bytes certainly hold none.
enum Search {
    Sip(usize),
    Rtsp(usize),
    Nothing(usize),
}

fn search(bytes: &[u8], other_is_rtsp: bool) -> Search {
    if other_is_rtsp && bytes.first() == Some(&b'$') {
        return Search::Rtsp(0);
    }
    let mut start = 0;
    while let Some(line) = bytes.get(start..).filter(|line| !line.is_empty()) {
        let end = line.iter().position(|byte| *byte == b'\n');
        if end.is_some() || line.len() > 4096 {
            if sip::is_likely(line) {
                return Search::Sip(start);
            }
            if sip::begins_message(line, "RTSP/1.0") {
                return Search::Rtsp(start);
            }
        }
        match end {
            Some(end) => start += end + 1,
            // The last line is not whole yet, unless it is too long for a first line.
            None if line.len() > 4096 => start = bytes.len(),
            None => break,
        }
    }
    Search::Nothing(start)
}
