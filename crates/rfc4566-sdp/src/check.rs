//! The strict reading: walks a description once and says what is wrong with it (RFC 8866 §5, §6, §9).

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::attribute::{AttributeField, Fmtp, KnownAttribute, Rtpmap};
use crate::bandwidth::{Bandwidth, BandwidthType};
use crate::connection::Connection;
use crate::defect::{Defect, Severity};
use crate::description::SessionDescription;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::grammar::is_token_char;
use crate::line::{Line, LineType, Span, Terminator};
use crate::media::{MediaField, payload_type};
use crate::order::{RANKS, SectionId, rank};
use crate::origin::Origin;
use crate::text::Text;
use crate::timing::{Repeat, Time, Zones};

macro_rules! rules {
    ($($name:ident = $field:literal, $expected:literal, $section:literal;)+) => {
        $(static $name: Rule = Rule { field: $field, expected: $expected, section: $section };)+
    };
}

rules! {
    LINE_END = "end of line", "CR LF", "RFC 8866 §5";
    LINE_FORM = "line", "a type letter directly followed by =", "RFC 8866 §5";
    LETTER = "line type", "one of v o s i u e p c b t r z k a m", "RFC 8866 §5";
    ORDER = "line", "the fixed order of lines", "RFC 8866 §5";
    ONCE = "line", "at most one of this type in the section", "RFC 8866 §5";
    OCTETS = "text", "no NUL and no carriage return", "RFC 8866 §5";
    UTF8 = "text", "UTF-8, or a=charset", "RFC 8866 §5";
    BLANKS = "value", "single spaces between fields and none at the end", "RFC 8866 §5";
    NO_ORIGIN = "origin", "an o= line", "RFC 8866 §5.2";
    NO_NAME = "session name", "an s= line", "RFC 8866 §5.3";
    EMPTY_TEXT = "text", "at least one character", "RFC 8866 §5.3";
    ADDRTYPE = "address type", "IP4 or IP6", "RFC 8866 §5.7";
    ADDRESS = "address", "an address of the type before it, or a name", "RFC 8866 §5.7";
    NO_CONNECTION = "connection", "a c= line in the session or in every medium", "RFC 8866 §5.7";
    NO_TTL = "connection", "a ttl behind an IPv4 multicast address", "RFC 8866 §5.7";
    UNICAST_SLASH = "connection", "no slash behind a unicast address", "RFC 8866 §5.7";
    SESSION_COUNT = "connection", "a single address for the session", "RFC 8866 §5.7";
    BWTYPE = "bandwidth", "a registered bwtype", "RFC 8866 §5.8";
    NO_TIME = "time", "a t= line", "RFC 8866 §5.9";
    REPEAT_PLACE = "repeat", "a t= line before it", "RFC 8866 §5.10";
    KEY = "key", "no k= line", "RFC 8866 §5.12";
    ATTRIBUTE_NAME = "attribute", "a token as name", "RFC 8866 §5.13";
    MEDIA_TOKEN = "media", "tokens", "RFC 8866 §5.14";
    PAYLOAD_TYPE = "media", "payload types from 0 to 127 as formats of RTP", "RFC 8866 §5.14";
    FORMAT_TWICE = "media", "each format once", "RFC 8866 §5.14";
    NO_RTPMAP = "rtpmap", "an rtpmap for every dynamic payload type", "RFC 4566 §8.2.3";
    RTPMAP_PLACE = "rtpmap", "a medium for it to belong to", "RFC 8866 §6.6";
    RTPMAP_FORMAT = "rtpmap", "a payload type of the m= line", "RFC 8866 §6.6";
    RTPMAP_TWICE = "rtpmap", "one rtpmap for each format", "RFC 8866 §6.6";
    DIRECTION_TWICE = "direction", "one direction in a section", "RFC 8866 §6.7";
    FMTP_FORMAT = "fmtp", "a format of the m= line", "RFC 8866 §6.15";
    FMTP_EMPTY = "fmtp", "parameters", "RFC 8866 §6.15";
    FMTP_TWICE = "fmtp", "one fmtp for each format", "RFC 8866 §6.15";
}

/// The defects of a description in the order of its lines; made by
/// [`SessionDescription::defects`](crate::SessionDescription::defects).
///
/// Walks the description as it is polled, and needs no more memory than the defects of one line take.
#[derive(Clone, Debug)]
pub struct Defects<'a> {
    description: SessionDescription<'a>,
    next_line: usize,
    found: Vec<Defect>,
    /// How many of `found` were handed out.
    given: usize,
    section: SectionState,
    charset: bool,
    line_end_reported: bool,
    session_has_connection: bool,
    finished: bool,
}

/// What was seen in the present section.
#[derive(Clone, Debug)]
struct SectionState {
    id: SectionId,
    /// The highest place in the order so far, and which places were taken.
    rank: usize,
    seen: [bool; RANKS],
    direction: bool,
    rtp: bool,
    formats: u128,
    rtpmaps: u128,
    fmtps: u128,
    /// The line with the formats, for what is said about it at the end of the section.
    first_line: u32,
}

impl<'a> Defects<'a> {
    pub(crate) fn new(description: SessionDescription<'a>) -> Self {
        Self {
            description,
            next_line: 0,
            found: Vec::new(),
            given: 0,
            section: SectionState::new(SectionId::Session, 0),
            charset: description.session().has_attribute("charset"),
            line_end_reported: false,
            session_has_connection: description.index().session_connection.is_some(),
            finished: false,
        }
    }

    fn report(&mut self, severity: Severity, line: &Line<'a>, error: ParseError, len: usize) {
        self.found.push(Defect {
            error,
            severity,
            section: self.section.id,
            line: line.number.saturating_add(1),
            column: (error.offset().saturating_sub(line.offset()) as u32).saturating_add(1),
            len: len as u32,
        });
    }

    /// Reports a stretch of the line's value.
    fn value(
        &mut self,
        severity: Severity,
        line: &Line<'a>,
        kind: ErrorKind,
        rule: &'static Rule,
        part: &[u8],
    ) {
        let value = line.value();
        let within = (part.as_ptr() as usize).wrapping_sub(value.as_ptr() as usize);
        let within = if within <= value.len() { within } else { 0 };
        self.report(
            severity,
            line,
            ParseError::new(kind, line.value_offset() + within, rule),
            part.len(),
        );
    }

    /// Reports a line as a whole.
    fn line(&mut self, severity: Severity, line: &Line<'a>, kind: ErrorKind, rule: &'static Rule) {
        let len = line.value_offset() - line.offset() + line.value().len();
        self.report(
            severity,
            line,
            ParseError::new(kind, line.offset(), rule),
            len,
        );
    }
}

impl Iterator for Defects<'_> {
    type Item = Defect;

    fn next(&mut self) -> Option<Defect> {
        loop {
            if let Some(defect) = self.found.get(self.given) {
                self.given += 1;
                return Some(*defect);
            }
            if self.finished {
                return None;
            }
            self.found.clear();
            self.given = 0;
            let (bytes, index) = (self.description.as_bytes(), self.description.index());
            match index.lines.get(self.next_line) {
                Some(span) => {
                    let line = span.line(bytes, self.next_line as u32);
                    self.check_line(span, &line);
                    self.next_line += 1;
                }
                None => {
                    self.end_section();
                    self.finished = true;
                }
            }
        }
    }
}

impl<'a> Defects<'a> {
    fn check_line(&mut self, span: &Span, line: &Line<'a>) {
        if line.line_type() == LineType::MEDIA {
            self.end_section();
            let ordinal = match self.section.id {
                SectionId::Session => 0,
                SectionId::Media(before) => before + 1,
            };
            self.section = SectionState::new(SectionId::Media(ordinal), line.number);
        }
        if span.terminator != Terminator::CrLf && !self.line_end_reported {
            self.line_end_reported = true;
            let at = ParseError::new(ErrorKind::LineEnd, span.end as usize, &LINE_END);
            self.report(
                Severity::Warning,
                line,
                at,
                usize::from(span.terminator == Terminator::Lf),
            );
        }
        self.check_octets(line);
        if self.check_place(line) {
            self.check_value(line);
        }
    }

    /// NUL, a lone carriage return, and text that is not UTF-8 without saying so.
    fn check_octets(&mut self, line: &Line<'a>) {
        let value = line.value().as_bytes();
        if let Some(at) = value.iter().position(|byte| matches!(byte, 0 | b'\r')) {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &OCTETS,
                value.get(at..=at).unwrap_or_default(),
            );
        }
        if let (false, Err(error)) = (self.charset, core::str::from_utf8(value)) {
            let rest = value.get(error.valid_up_to()..).unwrap_or_default();
            let bad = rest
                .get(..error.error_len().unwrap_or(rest.len()))
                .unwrap_or_default();
            let text = matches!(
                line.line_type(),
                LineType::SESSION_NAME | LineType::INFORMATION
            );
            let severity = if text {
                Severity::Error
            } else {
                Severity::Warning
            };
            self.value(severity, line, ErrorKind::Syntax, &UTF8, bad);
        }
    }

    /// The form of the line, its letter, and its place in the order. Whether the value is worth a look.
    fn check_place(&mut self, line: &Line<'a>) -> bool {
        let in_media = self.section.id != SectionId::Session;
        if line.line_type() == LineType::MALFORMED {
            self.line(Severity::Error, line, ErrorKind::Syntax, &LINE_FORM);
            return false;
        }
        let Some(rank) = rank(line.line_type(), in_media) else {
            if rank(line.line_type(), false).is_some() {
                self.line(Severity::Error, line, ErrorKind::Order, &ORDER);
                return true;
            }
            self.line(Severity::Error, line, ErrorKind::Unknown, &LETTER);
            return false;
        };
        if rank < self.section.rank {
            self.line(Severity::Error, line, ErrorKind::Order, &ORDER);
        }
        self.section.rank = self.section.rank.max(rank);
        let once = match line.line_type() {
            LineType::CONNECTION => !in_media,
            LineType::EMAIL | LineType::PHONE | LineType::BANDWIDTH | LineType::ATTRIBUTE => false,
            LineType::TIME | LineType::REPEAT | LineType::ZONE => false,
            _ => true,
        };
        if let Some(seen) = self.section.seen.get_mut(rank) {
            let (again, place) = (
                *seen,
                matches!(line.line_type(), LineType::REPEAT | LineType::ZONE),
            );
            *seen |= !place;
            if once && again {
                self.line(Severity::Error, line, ErrorKind::Duplicate, &ONCE);
            } else if place && !again {
                self.line(Severity::Error, line, ErrorKind::Order, &REPEAT_PLACE);
            }
        }
        true
    }

    fn check_value(&mut self, line: &Line<'a>) {
        let value = line.value();
        let outcome = match line.line_type() {
            LineType::ORIGIN => Origin::parse(value).map(|origin| self.check_origin(line, &origin)),
            LineType::CONNECTION => {
                Connection::parse(value).map(|connection| self.check_connection(line, &connection))
            }
            LineType::BANDWIDTH => Bandwidth::parse(value).map(|bandwidth| {
                if let BandwidthType::Other(name) = bandwidth.bwtype {
                    self.value(Severity::Warning, line, ErrorKind::Unknown, &BWTYPE, &name);
                }
            }),
            LineType::TIME => Time::parse(value).map(|_| ()),
            LineType::REPEAT => Repeat::parse(value).map(|_| ()),
            LineType::ZONE => Zones::new(value, 0)
                .adjustments()
                .try_for_each(|pair| pair.map(|_| ())),
            LineType::MEDIA => MediaField::parse(value).map(|media| self.check_media(line, &media)),
            LineType::KEY => {
                self.line(Severity::Warning, line, ErrorKind::Obsolete, &KEY);
                return;
            }
            LineType::ATTRIBUTE => return self.check_attribute(&AttributeField::new(*line)),
            _ => {
                if value.is_empty() {
                    self.line(Severity::Error, line, ErrorKind::Missing, &EMPTY_TEXT);
                }
                return;
            }
        };
        match outcome {
            Ok(()) => self.check_blanks(line),
            Err(error) => self.report(Severity::Error, line, error.shifted(line.value_offset()), 0),
        }
    }

    /// Blanks that the parsers let pass.
    fn check_blanks(&mut self, line: &Line<'a>) {
        let value = line.value().as_bytes();
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let doubled = value.windows(2).position(|pair| pair.iter().all(is_blank));
        let ends = || {
            value
                .last()
                .filter(|last| is_blank(last))
                .map(|_| value.len() - 1)
        };
        let tab = || value.iter().position(|&byte| byte == b'\t');
        if let Some(at) = doubled.or_else(ends).or_else(tab) {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &BLANKS,
                value.get(at..=at).unwrap_or_default(),
            );
        }
    }

    fn check_origin(&mut self, line: &Line<'a>, origin: &Origin<'a>) {
        self.check_address(
            line,
            origin.nettype,
            origin.addrtype,
            origin.unicast_address,
        );
    }

    fn check_connection(&mut self, line: &Line<'a>, connection: &Connection<'a>) {
        self.check_address(
            line,
            connection.nettype,
            connection.addrtype,
            connection.address,
        );
        let Some(address) = connection.ip_address() else {
            return;
        };
        let counted = connection.count.is_some();
        if !address.is_multicast() && (connection.ttl.is_some() || counted) {
            self.line(Severity::Error, line, ErrorKind::Syntax, &UNICAST_SLASH);
        } else if matches!(address, IpAddr::V4(_))
            && address.is_multicast()
            && connection.ttl.is_none()
        {
            self.line(Severity::Error, line, ErrorKind::Missing, &NO_TTL);
        }
        if counted && self.section.id == SectionId::Session {
            self.line(Severity::Error, line, ErrorKind::Duplicate, &SESSION_COUNT);
        }
    }

    fn check_address(
        &mut self,
        line: &Line<'a>,
        nettype: Text<'a>,
        addrtype: Text<'a>,
        address: Text<'a>,
    ) {
        let fits = |is_wanted: fn(&IpAddr) -> bool| match address
            .as_str()
            .and_then(|text| text.parse().ok())
        {
            Some(ip) => is_wanted(&ip),
            // A name: dots and digits alone, or colons, are an address gone wrong.
            None => {
                address
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte))
                    && address.iter().any(u8::is_ascii_alphabetic)
            }
        };
        let fits = match (nettype.as_bytes(), addrtype.as_bytes()) {
            (b"IN", b"IP4") => fits(IpAddr::is_ipv4),
            (b"IN", b"IP6") => fits(IpAddr::is_ipv6),
            _ => {
                return self.value(
                    Severity::Warning,
                    line,
                    ErrorKind::Unknown,
                    &ADDRTYPE,
                    &addrtype,
                );
            }
        };
        if !fits {
            self.value(
                Severity::Warning,
                line,
                ErrorKind::Inconsistent,
                &ADDRESS,
                &address,
            );
        }
    }

    fn check_media(&mut self, line: &Line<'a>, media: &MediaField<'a>) {
        let is_token =
            |text: &[u8]| !text.is_empty() && text.iter().all(|&byte| is_token_char(byte));
        if !is_token(&media.media) {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &MEDIA_TOKEN,
                &media.media,
            );
        }
        if !media
            .proto
            .as_bytes()
            .split(|&byte| byte == b'/')
            .all(is_token)
        {
            self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &MEDIA_TOKEN,
                &media.proto,
            );
        }
        let is_rtp = |part: &[u8]| matches!(part, b"AVP" | b"SAVP" | b"AVPF" | b"SAVPF");
        self.section.rtp = media
            .proto
            .as_bytes()
            .split(|&byte| byte == b'/')
            .any(is_rtp);
        for format in media.formats.iter() {
            if !is_token(&format) {
                self.value(
                    Severity::Error,
                    line,
                    ErrorKind::Syntax,
                    &MEDIA_TOKEN,
                    &format,
                );
            } else if self.section.rtp {
                let payload_type = payload_type(format);
                if payload_type.is_none() || format.len() > 1 && format.first() == Some(&b'0') {
                    self.value(
                        Severity::Error,
                        line,
                        ErrorKind::OutOfRange,
                        &PAYLOAD_TYPE,
                        &format,
                    );
                }
                if payload_type
                    .is_some_and(|payload_type| set(&mut self.section.formats, payload_type))
                {
                    self.value(
                        Severity::Warning,
                        line,
                        ErrorKind::Duplicate,
                        &FORMAT_TWICE,
                        &format,
                    );
                }
            }
        }
    }

    fn check_attribute(&mut self, attribute: &AttributeField<'a>) {
        let line = &attribute.line();
        let name = attribute.name();
        if name.is_empty() || !name.iter().all(|&byte| is_token_char(byte)) {
            return self.value(
                Severity::Error,
                line,
                ErrorKind::Syntax,
                &ATTRIBUTE_NAME,
                &name,
            );
        }
        match KnownAttribute::parse(attribute) {
            Err(error) => self.report(Severity::Error, line, error, 0),
            Ok(Some(KnownAttribute::Rtpmap(rtpmap))) => self.check_rtpmap(line, &rtpmap),
            Ok(Some(KnownAttribute::Fmtp(fmtp))) => self.check_fmtp(line, &fmtp),
            Ok(Some(KnownAttribute::Direction(_))) => self.check_direction(line),
            Ok(_) => {}
        }
    }

    fn check_direction(&mut self, line: &Line<'a>) {
        if core::mem::replace(&mut self.section.direction, true) {
            self.line(
                Severity::Warning,
                line,
                ErrorKind::Duplicate,
                &DIRECTION_TWICE,
            );
        }
    }

    fn check_rtpmap(&mut self, line: &Line<'a>, rtpmap: &Rtpmap<'a>) {
        self.check_blanks(line);
        if self.section.id == SectionId::Session {
            self.line(Severity::Warning, line, ErrorKind::Order, &RTPMAP_PLACE);
        } else if self.section.rtp && !has(self.section.formats, rtpmap.payload_type) {
            self.line(
                Severity::Warning,
                line,
                ErrorKind::Inconsistent,
                &RTPMAP_FORMAT,
            );
        }
        if set(&mut self.section.rtpmaps, rtpmap.payload_type) {
            self.line(Severity::Error, line, ErrorKind::Duplicate, &RTPMAP_TWICE);
        }
    }

    fn check_fmtp(&mut self, line: &Line<'a>, fmtp: &Fmtp<'a>) {
        if fmtp.parameters.is_empty() {
            self.line(Severity::Error, line, ErrorKind::Missing, &FMTP_EMPTY);
        }
        let Some(payload_type) = payload_type(fmtp.format) else {
            return;
        };
        if self.section.rtp && !has(self.section.formats, payload_type) {
            self.line(
                Severity::Warning,
                line,
                ErrorKind::Inconsistent,
                &FMTP_FORMAT,
            );
        }
        if set(&mut self.section.fmtps, payload_type) {
            self.line(Severity::Warning, line, ErrorKind::Duplicate, &FMTP_TWICE);
        }
    }

    /// What the section lacks.
    fn end_section(&mut self) {
        let last = self.next_line.saturating_sub(1);
        let (bytes, index) = (self.description.as_bytes(), self.description.index());
        let Some(span) = index.lines.get(last) else {
            return;
        };
        let line = span.line(bytes, last as u32);
        let has_line = |line_type| {
            rank(line_type, false).and_then(|rank| self.section.seen.get(rank)) == Some(&true)
        };
        let lacks: &[(LineType, &'static Rule)] = match self.section.id {
            SectionId::Session => &[
                (LineType::ORIGIN, &NO_ORIGIN),
                (LineType::SESSION_NAME, &NO_NAME),
                (LineType::TIME, &NO_TIME),
            ],
            SectionId::Media(_) if self.session_has_connection => &[],
            SectionId::Media(_) => &[(LineType::CONNECTION, &NO_CONNECTION)],
        };
        let lacks: Vec<&'static Rule> = lacks
            .iter()
            .filter(|(line_type, _)| !has_line(*line_type))
            .map(|(_, rule)| *rule)
            .collect();
        for rule in lacks {
            let at = ParseError::new(ErrorKind::Missing, span.end as usize, rule);
            self.report(Severity::Error, &line, at, 0);
        }
        const DYNAMIC: u128 = !0 << 96;
        if self.section.rtp && self.section.formats & DYNAMIC & !self.section.rtpmaps != 0 {
            if let Some(first) = index.lines.get(self.section.first_line as usize) {
                let first = first.line(bytes, self.section.first_line);
                self.line(Severity::Error, &first, ErrorKind::Missing, &NO_RTPMAP);
            }
        }
    }
}

impl SectionState {
    fn new(id: SectionId, first_line: u32) -> Self {
        Self {
            id,
            rank: 0,
            seen: [false; RANKS],
            direction: false,
            rtp: false,
            formats: 0,
            rtpmaps: 0,
            fmtps: 0,
            first_line,
        }
    }
}

fn has(set: u128, payload_type: u8) -> bool {
    set & 1_u128.checked_shl(u32::from(payload_type)).unwrap_or(0) != 0
}

/// Adds to a set; whether it was in there.
fn set(set: &mut u128, payload_type: u8) -> bool {
    let had = has(*set, payload_type);
    *set |= 1_u128.checked_shl(u32::from(payload_type)).unwrap_or(0);
    had
}
