//! The strict reading: walks a description once and says what is wrong with it (RFC 8866 §5, §6, §9).

use alloc::vec::Vec;

use crate::defect::{Defect, Severity};
use crate::description::SessionDescription;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::line::{Line, LineType, Span, Terminator};
use crate::order::{RANKS, SectionId, rank};

mod rules;
mod values;

use rules::*;

/// How many defects of one line are reported: a single line can hold as many as it has bytes.
const MOST_OF_A_LINE: usize = 32;

/// The defects of a description in the order of its lines; made by
/// [`SessionDescription::defects`](crate::SessionDescription::defects).
///
/// Walks the description as it is polled, and keeps no more than the defects of one line, 32 of them at most.
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
        let defect = Defect {
            error,
            severity,
            section: self.section.id,
            line: line.number.saturating_add(1),
            column: (error.offset().saturating_sub(line.offset()) as u32).saturating_add(1),
            len: len as u32,
        };
        let full = self.found.len() >= MOST_OF_A_LINE;
        match self.found.last_mut() {
            Some(last) if full => {
                // An error is not lost behind very many warnings.
                if severity > last.severity {
                    *last = defect;
                }
            }
            _ => self.found.push(defect),
        }
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
