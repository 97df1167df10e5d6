//! SIP and RTSP messages out of TCP streams, with RTSP's interleaved data (RFC 2326 §10.12).

use super::rtsp_message::RtspMessage;
use super::seen::{Seen, Transport};
use super::sip::{self, SipMessage};
use super::tcp::{Direction, Event};
use super::time::Timestamp;
use rfc2326_rtsp as rtsp;
use rfc3261_sip::{FrameLength, Framer};
use std::collections::HashMap;

/// Bytes of one direction that wait for the rest of a message.
const MOST_WAITING: usize = 1024 * 1024;
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
    buffer: Vec<u8>,
    /// Bytes looked through in vain since the last message.
    fruitless: usize,
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
    protocols: HashMap<Direction, &'static str>,
    /// Bytes between messages that made no sense, after a protocol had been recognised.
    pub(crate) skipped_bytes: u64,
}

impl TcpMessages {
    pub(crate) fn take(&mut self, direction: Direction, event: Event) -> Vec<Found> {
        let mut found = Vec::new();
        match event {
            Event::Reset => {
                self.sides.remove(&direction);
                self.protocols.remove(&direction);
            }
            Event::Gap(_) => {
                // The message at hand is lost; the next may begin anywhere.
                let side = self.sides.entry(direction).or_default();
                self.skipped_bytes += side.buffer.len() as u64;
                side.buffer.clear();
                side.mode = Mode::Searching;
                side.fruitless = 0;
            }
            Event::Data {
                time,
                packet,
                bytes,
            } => {
                let side = self.sides.entry(direction).or_default();
                if !matches!(side.mode, Mode::Other) {
                    side.buffer.extend_from_slice(&bytes);
                    self.drain(direction, time, packet, &mut found);
                }
            }
        }
        found
    }

    /// `SIP` or `RTSP`, if either has been found in this direction.
    pub(crate) fn protocol(&self, direction: Direction) -> Option<&'static str> {
        self.protocols.get(&direction).copied()
    }

    fn drain(
        &mut self,
        direction: Direction,
        time: Timestamp,
        packet: u64,
        found: &mut Vec<Found>,
    ) {
        let Some(side) = self.sides.get_mut(&direction) else {
            return;
        };
        let (src, dst) = direction;
        let seen = Seen {
            time,
            packet,
            src,
            dst,
            transport: Transport::Tcp,
        };
        let known = self.protocols.contains_key(&direction);
        let other_is_rtsp = self.protocols.get(&(dst, src)) == Some(&"RTSP");
        let mut used = 0;
        loop {
            let rest = side.buffer.get(used..).unwrap_or_default();
            match &mut side.mode {
                Mode::Other => break,
                Mode::Searching => match search(rest, other_is_rtsp) {
                    Search::Sip(skip) => {
                        used += skip;
                        side.mode = Mode::Sip(Box::default());
                        self.skipped_bytes += if known { skip as u64 } else { 0 };
                        self.protocols.insert(direction, "SIP");
                    }
                    Search::Rtsp(skip) => {
                        used += skip;
                        side.mode = Mode::Rtsp(Box::new(rtsp::Framer::new()));
                        self.skipped_bytes += if known { skip as u64 } else { 0 };
                        self.protocols.insert(direction, "RTSP");
                    }
                    Search::Nothing(skip) => {
                        used += skip;
                        side.fruitless += skip;
                        self.skipped_bytes += if known { skip as u64 } else { 0 };
                        if side.fruitless > PATIENCE && !known {
                            side.mode = Mode::Other;
                        }
                        break;
                    }
                },
                Mode::Sip(framer) => match framer.measure(rest) {
                    Ok(Some(FrameLength::Message(length))) => {
                        let bytes = rest.get(..length).unwrap_or_default();
                        if !sip::is_likely(bytes) {
                            side.mode = Mode::Searching;
                            used += 1;
                            continue;
                        }
                        found.push(match SipMessage::parse(bytes, seen) {
                            Some(message) => Found::Sip(seen, message),
                            None => Found::MalformedSip,
                        });
                        used += length;
                        side.fruitless = 0;
                    }
                    Ok(Some(
                        FrameLength::Ping(length)
                        | FrameLength::Pong(length)
                        | FrameLength::Skip(length),
                    )) => used += length,
                    Ok(None) => break,
                    Err(_) => {
                        // Out of step: after the first line, look for the next message.
                        let line = rest.iter().position(|byte| *byte == b'\n');
                        used += line.map_or(rest.len(), |line| line + 1);
                        found.push(Found::MalformedSip);
                        side.mode = Mode::Searching;
                    }
                },
                Mode::Rtsp(framer) => {
                    framer.push(rest);
                    used += rest.len();
                    if Self::poll_rtsp(framer, seen, found).is_err() {
                        self.skipped_bytes += framer.buffered() as u64;
                        side.mode = Mode::Searching;
                    }
                    break;
                }
            }
        }
        side.buffer.drain(..used.min(side.buffer.len()));
        if side.buffer.len() > MOST_WAITING {
            self.skipped_bytes += side.buffer.len() as u64;
            side.buffer = Vec::new();
            side.mode = Mode::Searching;
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
            if is_rtsp(line) {
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

/// Whether bytes begin like an RTSP message.
fn is_rtsp(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"RTSP/1.0 ") {
        return true;
    }
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let method = line
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_')
        .count();
    method >= 2 && line.get(method) == Some(&b' ') && line.ends_with(b" RTSP/1.0")
}
