//! RTCP (RFC 3550 §6): who reports what about whom.

use super::announcements::Announcements;
use super::model::{self, RtcpReport};
use super::seen::{Clock, Secrecy, Seen};
use super::stream::{round, ssrc};
use super::streams::Streams;
use super::time::Timestamp;
use rfc3550_rtp::{NtpShort, ReportBlock, RtcpCompound, RtcpPacket};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;

const MOST_SOURCES: usize = 65_536;
const MOST_REPORTS: usize = 5_000;
/// Sender reports kept to reckon round trips from.
const MOST_SENDER_REPORTS: usize = 100_000;
/// A round trip longer than this was reckoned from the wrong report.
const LONGEST_ROUND_TRIP_MS: f64 = 60_000.0;

struct Source {
    ssrc: u32,
    src: SocketAddr,
    dst: SocketAddr,
    call: Option<Rc<str>>,
    cname: Option<String>,
    packets: u64,
    kinds: BTreeMap<String, u64>,
    reports: Vec<(Timestamp, ReportBlock, Option<f64>)>,
    left_out: u64,
    bye: bool,
    encrypted: bool,
}

/// All senders of RTCP, in the order in which they began.
#[derive(Default)]
pub(crate) struct Rtcp {
    by_key: HashMap<(SocketAddr, SocketAddr, u32), usize>,
    sources: Vec<Source>,
    /// When a sender report passed, by its SSRC and the middle of its NTP timestamp.
    sent: HashMap<(u32, NtpShort), Timestamp>,
    pub(crate) left_out: u64,
}

impl Rtcp {
    /// Takes a datagram that looks like RTCP (RFC 5761 §4). False when it is not.
    pub(crate) fn take(
        &mut self,
        seen: Seen,
        datagram: &[u8],
        secrecy: Secrecy,
        announcements: &Announcements,
    ) -> bool {
        let announcement = announcements.find(seen.src, seen.dst);
        let call = announcement.and_then(|found| found.call.as_ref());
        let may_be_encrypted = announcement.is_some_and(|found| found.encrypted);
        let whole = RtcpCompound::parse_reduced_size(datagram);
        let well_formed = whole
            .as_ref()
            .is_ok_and(|compound| compound.packets().all(|p| p.is_ok()));
        if may_be_encrypted && !well_formed {
            // Only the header and the SSRC are in the clear (RFC 3711 §3.4).
            let Some((_, rest)) = datagram.split_first_chunk::<4>() else {
                return false;
            };
            let Some((sender, _)) = rest.split_first_chunk::<4>() else {
                return false;
            };
            if let Some(source) = self.source(seen, u32::from_be_bytes(*sender), call) {
                source.encrypted = true;
                source.count("SRTCP");
            }
            return true;
        }
        // With nothing announced, all of it must be right; else what is right is taken.
        let compound = match whole {
            Ok(compound) if well_formed || announcement.is_some() => compound,
            Err(_) if announcement.is_some() => match RtcpCompound::parse_lenient(datagram) {
                Ok(compound) => compound,
                Err(_) => return false,
            },
            _ => return false,
        };
        let mut sender = None;
        for packet in compound.packets().flatten() {
            self.packet(seen, &packet, &mut sender, call);
        }
        if secrecy == Secrecy::Opened
            && let Some(source) = sender.and_then(|sender| self.source(seen, sender, call))
        {
            source.encrypted = true;
        }
        true
    }

    fn packet(
        &mut self,
        seen: Seen,
        packet: &RtcpPacket<'_>,
        sender: &mut Option<u32>,
        call: Option<&Rc<str>>,
    ) {
        let (own, kind) = match packet {
            RtcpPacket::SenderReport(report) => (Some(report.ssrc()), "SR".to_owned()),
            RtcpPacket::ReceiverReport(report) => (Some(report.ssrc()), "RR".to_owned()),
            RtcpPacket::Sdes(sdes) => (sdes.chunks().next().map(|c| c.ssrc()), "SDES".to_owned()),
            RtcpPacket::Bye(bye) => (bye.ssrcs().next(), "BYE".to_owned()),
            RtcpPacket::App(app) => {
                let name = String::from_utf8_lossy(&app.name()).into_owned();
                (Some(app.ssrc()), format!("APP {name}"))
            }
            other => named(other),
        };
        // A compound comes from one source, that of its report.
        let Some(from) = sender.or(own) else { return };
        sender.get_or_insert(from);
        if let RtcpPacket::SenderReport(report) = packet
            && self.sent.len() < MOST_SENDER_REPORTS
        {
            let key = (report.ssrc(), report.info().ntp_timestamp.to_short());
            self.sent.entry(key).or_insert(seen.time);
        }
        let blocks = match packet {
            RtcpPacket::SenderReport(report) => Some(report.report_blocks()),
            RtcpPacket::ReceiverReport(report) => Some(report.report_blocks()),
            _ => None,
        };
        let blocks = blocks.into_iter().flatten();
        let blocks: Vec<_> = blocks
            .map(|block| (seen.time, block, self.round_trip(seen.time, &block)))
            .collect();
        let Some(source) = self.source(seen, from, call) else {
            return;
        };
        source.count(&kind);
        for report in blocks {
            if source.reports.len() < MOST_REPORTS {
                source.reports.push(report);
            } else {
                source.left_out += 1;
            }
        }
        match packet {
            RtcpPacket::Sdes(sdes) => {
                let cname = sdes.chunks().find_map(|chunk| chunk.cname());
                if let Some(cname) = cname.filter(|_| source.cname.is_none()) {
                    source.cname = Some(String::from_utf8_lossy(cname).into_owned());
                }
            }
            RtcpPacket::Bye(_) => source.bye = true,
            _ => {}
        }
    }

    /// From the place of capture to the reporter and back: the report's passing less that of the
    /// sender report it answers, less the time the reporter held it (§6.4.1).
    fn round_trip(&self, now: Timestamp, block: &ReportBlock) -> Option<f64> {
        let sent = self
            .sent
            .get(&(block.ssrc, block.last_sr))
            .filter(|_| block.last_sr.0 != 0)?;
        let held = block.delay_since_last_sr.to_duration().as_secs_f64() * 1000.0;
        let round_trip = now.ms_since(*sent) - held;
        // The units of the delay are 15 µs: a little less than nothing is nothing.
        (-1.0..LONGEST_ROUND_TRIP_MS)
            .contains(&round_trip)
            .then(|| round(round_trip.max(0.0)))
    }

    fn source(&mut self, seen: Seen, ssrc: u32, call: Option<&Rc<str>>) -> Option<&mut Source> {
        let key = (seen.src, seen.dst, ssrc);
        let index = match self.by_key.get(&key) {
            Some(index) => *index,
            None if self.sources.len() >= MOST_SOURCES => {
                self.left_out += 1;
                return None;
            }
            None => {
                self.sources.push(Source {
                    ssrc,
                    src: seen.src,
                    dst: seen.dst,
                    call: None,
                    cname: None,
                    packets: 0,
                    kinds: BTreeMap::new(),
                    reports: Vec::new(),
                    left_out: 0,
                    bye: false,
                    encrypted: false,
                });
                self.by_key.insert(key, self.sources.len() - 1);
                self.sources.len() - 1
            }
        };
        let source = self.sources.get_mut(index)?;
        if source.call.is_none() {
            source.call = call.cloned();
        }
        Some(source)
    }

    pub(crate) fn report(&self, clock: Clock, streams: &Streams) -> Vec<model::RtcpSource> {
        self.sources
            .iter()
            .map(|source| source.report(clock, streams))
            .collect()
    }
}

impl Source {
    fn count(&mut self, kind: &str) {
        self.packets += 1;
        if self.kinds.len() < 64 || self.kinds.contains_key(kind) {
            *self.kinds.entry(kind.to_owned()).or_default() += 1;
        }
    }

    fn report(&self, clock: Clock, streams: &Streams) -> model::RtcpSource {
        let of_stream = streams
            .of_ssrc(self.ssrc)
            .and_then(|stream| stream.call.as_ref());
        let call = self.call.as_ref().or(of_stream);
        let reports = self.reports.iter().map(|(time, block, round_trip_ms)| {
            let rate = streams
                .of_ssrc(block.ssrc)
                .and_then(|stream| stream.clock_rate);
            RtcpReport {
                time: clock.seconds(*time),
                about: ssrc(block.ssrc),
                fraction_lost: f64::from(block.fraction_lost) / 256.0,
                lost: i64::from(block.cumulative_lost),
                jitter_ms: rate
                    .map(|rate| round(f64::from(block.jitter) * 1000.0 / f64::from(rate.max(1)))),
                round_trip_ms: *round_trip_ms,
            }
        });
        model::RtcpSource {
            ssrc: ssrc(self.ssrc),
            src: self.src.to_string(),
            dst: self.dst.to_string(),
            call_id: call.map(|call| call.to_string()),
            cname: self.cname.clone(),
            packets: self.packets,
            kinds: self.kinds.clone(),
            reports: reports.collect(),
            reports_left_out: self.left_out,
            bye: self.bye,
            encrypted: self.encrypted,
        }
    }
}

/// The other packet types: their sender, and the name they go by.
fn named(packet: &RtcpPacket<'_>) -> (Option<u32>, String) {
    let RtcpPacket::Other(raw) = packet else {
        return (None, "other".into());
    };
    let sender = raw
        .body()
        .first_chunk()
        .map(|ssrc| u32::from_be_bytes(*ssrc));
    let name = match raw.packet_type().0 {
        205 => "RTPFB".to_owned(),
        206 => "PSFB".to_owned(),
        207 => "XR".to_owned(),
        number => format!("type {number}"),
    };
    (sender, name)
}
