//! The one pass over a message: start line, header rows, body (RFC 2326 §4, §6.1, §7.1).

use alloc::vec::Vec;
use core::ops::Range;

use memchr::{memchr, memchr_iter};

use crate::error::Rule;
use crate::grammar::is_token;
use crate::header_name::COUNT;
use crate::{Defect, DefectKind, ErrorKind, HeaderName, Limits, ParseError, StatusCode};

/// Where the parts of a message are: what a parse finds, without the bytes themselves.
///
/// It owns memory for the rows only, and keeps it from one message to the next.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) start: Start,
    pub(crate) rows: Vec<Row>,
    /// The first row of each known name; `NONE` where there is none.
    first: [u16; COUNT],
    /// Where the header section, with its empty line, ends.
    pub(crate) head_end: u32,
    pub(crate) body_end: u32,
    pub(crate) defects: Vec<Defect>,
}

/// A start line's parts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Request {
        method: Span,
        uri: Span,
        version: Span,
    },
    Status {
        version: Span,
        code: StatusCode,
        reason: Span,
    },
}

/// One header field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: Span,
    pub(crate) value: Span,
    pub(crate) known: Option<HeaderName>,
}

/// A range of bytes in a message, which is never longer than `u32::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// How much body a head announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// So many bytes.
    Bytes(u64),
    /// Content-Length is no number; where.
    Invalid(Span),
    /// Content-Length fields contradict each other; where the second is.
    Contradictory(Span),
}

const NONE: u16 = u16::MAX;

static START_LINE: Rule = Rule::new("start line", "RFC 2326 §6.1, §7.1");
static STATUS_CODE: Rule = Rule::new("Status-Code", "RFC 2326 §7.1.1");
static HEADERS: Rule = Rule::new("header section", "RFC 2326 §4.2");
static MESSAGE: Rule = Rule::new("message", "RFC 2326 §4");

impl Span {
    pub(crate) const fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(crate) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// This and the white space up to `next`, if `next` is not empty.
    const fn continued(self, next: Self) -> Self {
        if next.start == next.end {
            self
        } else if self.start == self.end {
            next
        } else {
            Self {
                start: self.start,
                end: next.end,
            }
        }
    }

    /// The bytes; none where the buffer is not the one that was parsed.
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.range()).unwrap_or_default()
    }
}

impl Index {
    pub(crate) const fn new() -> Self {
        let empty = Span::new(0, 0);
        Self {
            start: Start::Request {
                method: empty,
                uri: empty,
                version: empty,
            },
            rows: Vec::new(),
            first: [NONE; COUNT],
            head_end: 0,
            body_end: 0,
            defects: Vec::new(),
        }
    }

    /// The first row of this name.
    pub(crate) fn first(&self, name: HeaderName) -> Option<usize> {
        let row = self.first[name as usize];
        (row != NONE).then_some(usize::from(row))
    }

    /// Reads a whole message.
    pub(crate) fn fill(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), ParseError> {
        self.fill_head(bytes, limits)?;
        let start = self.head_end as usize;
        let available = bytes.len() - start;
        let length = match self.body_length(bytes) {
            BodyLength::Bytes(length) => length,
            BodyLength::Invalid(span) => {
                self.defect(DefectKind::ContentLength, span.range());
                available as u64
            }
            BodyLength::Contradictory(span) => {
                self.defect(DefectKind::ContentLengths, span.range());
                available as u64
            }
        };
        let length = match usize::try_from(length) {
            Ok(length) if length <= available => length,
            _ => {
                self.defect(DefectKind::BodyTooShort, start..bytes.len());
                available
            }
        };
        self.body_end = (start + length) as u32;
        if length < available {
            self.defect(DefectKind::TrailingBytes, start + length..bytes.len());
        }
        Ok(())
    }

    /// Reads the start line and the header fields.
    pub(crate) fn fill_head(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), ParseError> {
        self.rows.clear();
        self.defects.clear();
        self.first = [NONE; COUNT];
        let most = limits.message_bytes.min(u32::MAX as usize);
        if bytes.len() > most {
            return Err(ParseError::new(
                ErrorKind::Limit,
                most,
                "a shorter message",
                &MESSAGE,
            ));
        }
        let start = bytes
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        if start > 0 {
            self.defect(DefectKind::LeadingEmptyLine, 0..start);
        }
        let mut lines = Lines::new(bytes, start);
        self.start_line(&mut lines)?;
        self.header_rows(&mut lines, limits)?;
        if let Some(at) = lines.bare_line_feed {
            self.defect(DefectKind::BareLineFeed, at..at + 1);
        }
        Ok(())
    }

    /// How long the body is (§4.4).
    pub(crate) fn body_length(&self, bytes: &[u8]) -> BodyLength {
        if matches!(self.start, Start::Status { code, .. } if code.forbids_body()) {
            return BodyLength::Bytes(0);
        }
        let mut length = None;
        let first = self
            .first(HeaderName::ContentLength)
            .unwrap_or(self.rows.len());
        for row in self.rows.iter().skip(first) {
            if row.known != Some(HeaderName::ContentLength) {
                continue;
            }
            match (decimal(row.value.of(bytes)), length) {
                (None, _) => return BodyLength::Invalid(row.value),
                (Some(new), Some(old)) if new != old => {
                    return BodyLength::Contradictory(row.value);
                }
                (Some(new), _) => length = Some(new),
            }
        }
        BodyLength::Bytes(length.unwrap_or(0))
    }

    fn defect(&mut self, kind: DefectKind, span: Range<usize>) {
        self.defects.push(Defect::new(kind, span));
    }

    fn start_line(&mut self, lines: &mut Lines<'_>) -> Result<(), ParseError> {
        let (at, line) = lines.next();
        let error = |offset, expected| {
            Err(ParseError::new(
                ErrorKind::StartLine,
                at + offset,
                expected,
                &START_LINE,
            ))
        };
        let Some(first_end) = memchr(b' ', line) else {
            return error(0, "two spaces");
        };
        let after = skip_spaces(line, first_end);
        let is_spaced = after > first_end + 1;
        let first = &line[..first_end];
        if is_rtsp(first) {
            if first != b"RTSP/1.0" {
                self.defect(DefectKind::Version, at..at + first_end);
            }
            let Some((code, reason)) = line[after..].split_first_chunk() else {
                return Err(status_code(at + after));
            };
            let Some(code) = three_digits(code).and_then(StatusCode::new) else {
                return Err(status_code(at + after));
            };
            let reason_at = match reason {
                [] => after + 3,
                [b' ', ..] => after + 4,
                _ => return Err(status_code(at + after)),
            };
            if is_spaced || reason.is_empty() {
                self.defect(DefectKind::StartLineSpace, at + first_end..at + reason_at);
            }
            self.start = Start::Status {
                version: Span::new(at, at + first_end),
                code,
                reason: Span::new(at + reason_at, at + line.len()),
            };
            return Ok(());
        }
        if !is_token(first) {
            return error(0, "a method");
        }
        let trimmed = line.trim_ascii_end();
        let last = memchr::memrchr(b' ', trimmed).unwrap_or(first_end);
        let version = trimmed.get(last + 1..).unwrap_or_default();
        if last == first_end || !is_rtsp(version) {
            return error(trimmed.len().min(last + 1), "RTSP/1.0");
        }
        if version != b"RTSP/1.0" {
            self.defect(DefectKind::Version, at + last + 1..at + trimmed.len());
        }
        let uri_end = line[..last].trim_ascii_end().len();
        if uri_end <= after {
            return error(after, "a Request-URI");
        }
        if is_spaced || uri_end < last || trimmed.len() < line.len() {
            self.defect(DefectKind::StartLineSpace, at + first_end..at + line.len());
        }
        self.start = Start::Request {
            method: Span::new(at, at + first_end),
            uri: Span::new(at + after, at + uri_end),
            version: Span::new(at + last + 1, at + trimmed.len()),
        };
        Ok(())
    }

    fn header_rows(&mut self, lines: &mut Lines<'_>, limits: &Limits) -> Result<(), ParseError> {
        let most = limits.headers.min(usize::from(NONE) - 1);
        let mut is_row = false;
        loop {
            let is_ended = lines.is_at_end();
            let (at, line) = lines.next();
            if lines.next_at > limits.head_bytes {
                let expected = "a shorter header section";
                return Err(ParseError::new(ErrorKind::Limit, at, expected, &HEADERS));
            }
            match line {
                [] => {
                    if is_ended {
                        self.defect(DefectKind::NoEmptyLine, at..at);
                    }
                    self.head_end = lines.next_at as u32;
                    return Ok(());
                }
                // A continuation of the row before (RFC 2068 §2.2).
                [b' ' | b'\t', ..] => match self.rows.last_mut().filter(|_| is_row) {
                    Some(row) => {
                        row.value = row.value.continued(trimmed(lines.bytes, at, line.len()))
                    }
                    None => self.defect(DefectKind::NotAHeader, at..lines.next_at),
                },
                _ => {
                    if self.rows.len() >= most {
                        let expected = "fewer fields";
                        return Err(ParseError::new(ErrorKind::Limit, at, expected, &HEADERS));
                    }
                    is_row = self.row(at, line, lines);
                }
            }
        }
    }

    /// Reads a line as a header field; tells whether it is one.
    fn row(&mut self, at: usize, line: &[u8], lines: &Lines<'_>) -> bool {
        let colon = memchr(b':', line).unwrap_or(0);
        let written = &line[..colon];
        let name = written.trim_ascii_end();
        if name.is_empty() {
            self.defect(DefectKind::NotAHeader, at..lines.next_at);
            return false;
        }
        let known = HeaderName::parse(name);
        match known {
            Some(known) => {
                let first = &mut self.first[known as usize];
                if *first == NONE {
                    *first = self.rows.len() as u16;
                }
            }
            None if !is_token(name) => self.defect(DefectKind::HeaderName, at..at + name.len()),
            None => {}
        }
        if name.len() < written.len() {
            self.defect(DefectKind::HeaderName, at..at + colon);
        }
        let value = trimmed(lines.bytes, at + colon + 1, line.len() - colon - 1);
        self.rows.push(Row {
            name: Span::new(at, at + name.len()),
            value,
            known,
        });
        true
    }
}

/// The lines of a message, one after the other.
struct Lines<'a> {
    bytes: &'a [u8],
    next_at: usize,
    ends: memchr::Memchr<'a>,
    /// The offset that `ends` counts from.
    base: usize,
    /// The first line feed without a carriage return before it.
    bare_line_feed: Option<usize>,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8], start: usize) -> Self {
        let ends = memchr_iter(b'\n', &bytes[start..]);
        Self {
            bytes,
            next_at: start,
            ends,
            base: start,
            bare_line_feed: None,
        }
    }

    fn is_at_end(&self) -> bool {
        self.next_at >= self.bytes.len()
    }

    /// Where the next line begins, and the line without its end; empty at the end of the input.
    fn next(&mut self) -> (usize, &'a [u8]) {
        let start = self.next_at;
        let Some(end) = self.ends.next().map(|end| self.base + end) else {
            self.next_at = self.bytes.len();
            return (start, &self.bytes[start..]);
        };
        self.next_at = end + 1;
        match &self.bytes[start..end] {
            [line @ .., b'\r'] => (start, line),
            line => {
                self.bare_line_feed = self.bare_line_feed.or(Some(end));
                (start, line)
            }
        }
    }
}

/// The bytes from `start` on, without the white space around them.
fn trimmed(bytes: &[u8], start: usize, length: usize) -> Span {
    let value = &bytes[start..start + length];
    let end = start + value.trim_ascii_end().len();
    let start = end - bytes[start..end].trim_ascii_start().len();
    Span::new(start, end)
}

fn status_code(at: usize) -> ParseError {
    ParseError::new(
        ErrorKind::StartLine,
        at,
        "3DIGIT from 100 to 599",
        &STATUS_CODE,
    )
}

fn three_digits(digits: &[u8; 3]) -> Option<u16> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u16::from(digit - b'0'))
    })
}

fn skip_spaces(line: &[u8], from: usize) -> usize {
    from + line[from..]
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// `RTSP-Version = "RTSP" "/" 1*DIGIT "." 1*DIGIT`
fn is_rtsp(text: &[u8]) -> bool {
    if text == b"RTSP/1.0" {
        return true;
    }
    let Some((b"RTSP/", number)) = text.split_at_checked(5) else {
        return false;
    };
    let mut parts = number
        .split(|b| *b == b'.')
        .map(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
    parts.next() == Some(true) && parts.next() == Some(true) && parts.next().is_none()
}

/// `1*DIGIT`, no larger than 64 bits hold.
fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
