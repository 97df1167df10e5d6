//! The way of a packet: link, network and transport layer, then whichever protocol it is.

use super::announcements::{Announcement, Announcements};
use super::calls::Calls;
use super::capture::{Packet, Reading, count};
use super::link;
use super::model::{self, Report};
use super::network::{Fragments, Nothing};
use super::registrations::Registrations;
use super::rtcp::Rtcp;
use super::rtsp::Rtsp;
use super::seen::{Clock, Secrecy, Seen, Transport};
use super::sip::{self, SipMessage};
use super::srtp::Srtp;
use super::streams::Streams;
use super::stun::Stun;
use super::tcp::{Connections, Direction, Event};
use super::tcp_messages::{Found, TcpMessages};
use super::time::Timestamp;
use super::transactions::Transactions;
use etherparse::{TcpSlice, UdpSlice, ip_number};
use rfc5389_stun::{Protocol, demultiplex};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

/// Everything that is known after the packets so far.
#[derive(Default)]
pub(crate) struct Analysis {
    start: Option<Timestamp>,
    end: Timestamp,
    fragments: Fragments,
    connections: Connections,
    tcp_messages: TcpMessages,
    announcements: Announcements,
    srtp: Srtp,
    decrypt: bool,
    sip: Sip,
    streams: Streams,
    rtcp: Rtcp,
    stun: Stun,
    rtsp: Rtsp,
    protocols: BTreeMap<&'static str, u64>,
    undecoded: BTreeMap<&'static str, u64>,
}

/// What SIP messages are about.
#[derive(Default)]
struct Sip {
    calls: Calls,
    registrations: Registrations,
    transactions: Transactions,
    malformed: u64,
}

impl Analysis {
    /// `decrypt` is whether SRTP is to be opened.
    pub(crate) fn new(decrypt: bool) -> Self {
        Self {
            srtp: Srtp::new(decrypt),
            decrypt,
            ..Self::default()
        }
    }

    pub(crate) fn take(&mut self, packet: &Packet<'_>) {
        let time = packet.time;
        let start = self.start.get_or_insert(time);
        *start = (*start).min(time);
        self.end = self.end.max(time);
        let ip = match link::strip(packet.link, packet.data) {
            link::Payload::Ip(ip) => ip,
            link::Payload::Other => return self.count("not IP"),
            link::Payload::TooShort => return self.undecoded("link header cut short"),
            link::Payload::UnknownLink => return self.undecoded("link type not supported"),
        };
        let datagram = match self.fragments.decode(time, ip) {
            Ok(datagram) => datagram,
            Err(Nothing::Fragment) => return self.count("IP fragments"),
            Err(Nothing::Malformed(reason)) => return self.undecoded(reason),
        };
        let seen = |src_port, dst_port, transport| Seen {
            time,
            packet: packet.number,
            src: SocketAddr::new(datagram.src, src_port),
            dst: SocketAddr::new(datagram.dst, dst_port),
            transport,
        };
        match datagram.protocol {
            ip_number::UDP => match UdpSlice::from_slice_lax(&datagram.payload) {
                Ok(udp) => {
                    let ports = (udp.source_port(), udp.destination_port());
                    let seen = seen(ports.0, ports.1, Transport::Udp);
                    let kind = self.datagram(seen, udp.payload());
                    self.count(kind);
                }
                Err(_) => self.undecoded("UDP header cut short"),
            },
            ip_number::TCP => match TcpSlice::from_slice(&datagram.payload) {
                Ok(segment) => {
                    let ports = (segment.source_port(), segment.destination_port());
                    let seen = seen(ports.0, ports.1, Transport::Tcp);
                    let direction = (seen.src, seen.dst);
                    let events = self
                        .connections
                        .take(time, packet.number, direction, &segment);
                    let kind = self.stream_events(direction, events);
                    self.count(kind.unwrap_or("other TCP"));
                }
                Err(_) => self.undecoded("TCP header cut short or malformed"),
            },
            _ => self.count("other IP"),
        }
    }

    fn count(&mut self, protocol: &'static str) {
        *self.protocols.entry(protocol).or_default() += 1;
    }

    fn undecoded(&mut self, reason: &'static str) {
        *self.undecoded.entry(reason).or_default() += 1;
    }

    /// One UDP datagram; gives what it was. SIP comes first, as its letters lie in ranges that
    /// RFC 7983 gives to others.
    fn datagram(&mut self, seen: Seen, bytes: &[u8]) -> &'static str {
        if sip::is_likely(bytes) {
            match SipMessage::parse(bytes, seen) {
                Some(message) => self.sip(seen, &message),
                None => self.sip.malformed += 1,
            }
            return "SIP";
        }
        let known = match demultiplex(bytes) {
            Some(Protocol::Stun) if self.stun.take(seen, bytes) => Some("STUN"),
            Some(Protocol::Rtcp) if self.rtcp(seen, bytes) => Some("RTCP"),
            Some(Protocol::Rtp) if self.rtp(seen, bytes, None) => Some("RTP"),
            Some(Protocol::Dtls) if is_dtls(bytes) => Some("DTLS"),
            Some(Protocol::TurnChannel) if is_channel_data(bytes) => Some("TURN channel data"),
            Some(Protocol::Zrtp) if bytes.get(4..8) == Some(b"ZRTP") => Some("ZRTP"),
            _ => None,
        };
        known.unwrap_or_else(|| {
            self.streams.other(seen);
            "other UDP"
        })
    }

    fn sip(&mut self, seen: Seen, message: &SipMessage) {
        if let Some(sdp) = &message.sdp {
            self.announcements.describe(&message.call_id, seen.src, sdp);
            self.srtp.describe(sdp);
        }
        self.sip.take(seen, message);
    }

    /// What a TCP segment made known; gives the protocol of it.
    fn stream_events(&mut self, direction: Direction, events: Vec<Event>) -> Option<&'static str> {
        let mut kind = None;
        for event in events {
            let found = self.tcp_messages.take(direction, event);
            kind = kind.or(self.tcp_messages.protocol(direction));
            for found in found {
                match found {
                    Found::Sip(seen, message) => {
                        self.sip(seen, &message);
                    }
                    Found::MalformedSip => self.sip.malformed += 1,
                    Found::Rtsp(seen, message) => {
                        self.rtsp.take(seen, &message, &mut self.announcements);
                    }
                    Found::Interleaved(seen, channel, bytes) => {
                        self.interleaved(seen, channel, &bytes);
                    }
                }
            }
        }
        kind
    }

    fn interleaved(&mut self, seen: Seen, channel: u8, bytes: &[u8]) {
        let announcement = self.rtsp.interleaved(seen, channel);
        match demultiplex(bytes) {
            Some(Protocol::Rtcp) => self.rtcp(seen, bytes),
            _ => self.rtp(seen, bytes, announcement.as_ref()),
        };
    }

    /// RTP or SRTP; false when it can be neither. `announcement` is that of an RTSP connection's
    /// channel.
    fn rtp(&mut self, seen: Seen, bytes: &[u8], announcement: Option<&Rc<Announcement>>) -> bool {
        let opened = self.srtp.open_rtp(seen.src, bytes);
        let secrecy = Secrecy::of(opened.is_some());
        let bytes = opened.as_deref().unwrap_or(bytes);
        self.streams
            .take(seen, bytes, secrecy, announcement, &self.announcements)
    }

    /// RTCP or SRTCP; false when it can be neither.
    fn rtcp(&mut self, seen: Seen, bytes: &[u8]) -> bool {
        let opened = self.srtp.open_rtcp(seen.src, bytes);
        let secrecy = Secrecy::of(opened.is_some());
        let bytes = opened.as_deref().unwrap_or(bytes);
        self.rtcp.take(seen, bytes, secrecy, &self.announcements)
    }

    /// The report, once the capture has been read.
    pub(crate) fn finish(mut self, file: &str, reading: &Reading) -> Report {
        for (direction, events) in self.connections.finish() {
            self.stream_events(direction, events);
        }
        self.streams.finish(&self.announcements);
        // What looked like RTP and never became a stream was something else.
        let rtp = self.protocols.remove("RTP").unwrap_or(0);
        let real = self.streams.datagrams().min(rtp);
        for (protocol, packets) in [("RTP", real), ("other UDP", rtp - real)] {
            if packets > 0 {
                *self.protocols.entry(protocol).or_default() += packets;
            }
        }
        let clock = Clock {
            start: self.start.unwrap_or_default(),
        };
        let mut notes = reading.problems.clone();
        if self.decrypt && !self.srtp.has_keys() {
            notes.push("--srtp: no session description has keys in it".into());
        }
        self.note_shortcomings(reading, &mut notes);
        Report {
            schema: model::SCHEMA,
            capture: model::Capture {
                file: file.to_owned(),
                format: reading.format,
                gzip: reading.compressed,
                links: reading.links.iter().map(|link| link::name(*link)).collect(),
                started: self.start.map(Timestamp::to_rfc3339),
                duration_s: self.start.map_or(0.0, |_| clock.seconds(self.end)),
                complete: reading.problems.is_empty(),
                problems: reading.problems.clone(),
            },
            packets: reading.packets,
            undecoded: self.undecoded.values().sum(),
            protocols: self.protocols,
            undecoded_reasons: self.undecoded,
            notes,
            calls: self.sip.calls.report(clock),
            registrations: self.sip.registrations.report(clock),
            transactions: self.sip.transactions.report(clock),
            rtcp: self.rtcp.report(clock, &self.streams),
            dtmf: self.streams.report_dtmf(clock),
            streams: self.streams.report(clock),
            stun: self.stun.report(clock),
            rtsp: self.rtsp.report(clock),
        }
    }

    /// Notes on what limits and the capture itself kept from the report.
    fn note_shortcomings(&self, reading: &Reading, notes: &mut Vec<String>) {
        let mut note = |number: u64, noun: &str, rest: &str| {
            if number > 0 {
                notes.push(format!("{} {rest}", count(number, noun)));
            }
        };
        note(
            reading.cut,
            "packet",
            "captured only in part (snapshot length)",
        );
        note(
            self.fragments.incomplete(),
            "IP datagram",
            "never complete: fragments are missing",
        );
        let connections = &self.connections;
        note(
            connections.missing_bytes,
            "byte",
            "of TCP data not in the capture",
        );
        note(connections.retransmissions, "TCP segment", "sent again");
        note(self.sip.malformed, "SIP message", "not understood");
        note(
            self.tcp_messages.skipped_bytes,
            "byte",
            "of TCP streams skipped between messages",
        );
        note(
            self.streams.closed(),
            "RTP stream",
            match self.decrypt {
                false => "encrypted (SRTP); --srtp opens those whose keys are in the SDP",
                true => "encrypted (SRTP) and not opened",
            },
        );
        note(self.srtp.opened, "packet", "of SRTP and SRTCP decrypted");
        note(
            self.srtp.refused,
            "packet",
            "of SRTP that no key of its sender opens",
        );
        let limits = [
            (
                self.sip.calls.left_out,
                "message",
                "of further calls left out",
            ),
            (
                self.sip.registrations.left_out,
                "message",
                "of further registrations left out",
            ),
            (
                self.sip.transactions.left_out,
                "message",
                "of further SIP transactions left out",
            ),
            (
                self.streams.left_out,
                "packet",
                "of further RTP streams left out",
            ),
            (
                self.rtcp.left_out,
                "packet",
                "of further RTCP senders left out",
            ),
            (
                self.stun.left_out,
                "message",
                "of further STUN transactions left out",
            ),
            (
                self.rtsp.left_out,
                "message",
                "of further RTSP sessions left out",
            ),
            (
                self.srtp.left_out,
                "SRTP key",
                "of further senders left out",
            ),
            (
                self.announcements.left_out,
                "announcement",
                "of further media left out",
            ),
        ];
        for (number, noun, rest) in limits {
            note(number, noun, rest);
        }
    }
}

impl Sip {
    fn take(&mut self, seen: Seen, message: &SipMessage) {
        if message.cseq_method == "REGISTER" {
            self.registrations.take(seen, message);
        } else if self.calls.concerns(message) {
            self.calls.take(seen, message);
        } else {
            self.transactions.take(seen, message);
        }
    }
}

/// A record header of DTLS (RFC 6347 §4.1): a known content type and version.
fn is_dtls(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=26, 0xfe, 0xfd | 0xff, ..])
}

/// ChannelData of TURN (RFC 8656 §12.4): the length fits, with up to three bytes of padding.
fn is_channel_data(bytes: &[u8]) -> bool {
    let [0x40..=0x4f, _, high, low, rest @ ..] = bytes else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    (length..length + 4).contains(&rest.len())
}
