//! The one pass over a message: start line, header rows, body (RFC 3261 §7, §18.3).

use alloc::vec::Vec;
use core::ops::Range;

use memchr::{memchr, memchr2};

use super::{
    row::{Row, Span},
    start_line::Start,
};
use crate::{
    Defect, DefectKind, ErrorKind, HeaderName, Limits, ParseError, Policy,
    error::Rule,
    grammar::{self, is_token, is_wsp},
    header_name::COUNT,
    line_feeds::LineFeeds,
};

/// Where the parts of a message are: what a parse finds, without the bytes themselves.
///
/// It owns memory for the rows only, and keeps it from one message to the next.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) start: Start,
    pub(crate) rows: Vec<Row>,
    /// The first row of each known name; `NONE` where there is none.
    first: [u16; COUNT],
    /// A bit for each known name that has several rows.
    repeated: u128,
    /// Where the header section, with its empty line, ends.
    pub(crate) head_end: u32,
    pub(crate) body_end: u32,
    pub(crate) defects: Vec<Defect>,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Message,
    /// `message/sipfrag` (RFC 3420): any part at the start or the end may be missing.
    Fragment,
}

/// The id of a row whose name is not in the table.
pub(crate) const EXTENSION: u8 = u8::MAX;
const NONE: u16 = u16::MAX;
const _: () = assert!(COUNT <= 128, "a bit of `repeated` for each name");

static HEADERS: Rule = Rule::new("header section", "RFC 3261 §7.3");
static MESSAGE: Rule = Rule::new("message", "RFC 3261 §7");

impl Index {
    pub(crate) const fn new() -> Self {
        Self {
            start: Start::Absent,
            rows: Vec::new(),
            first: [NONE; COUNT],
            repeated: 0,
            head_end: 0,
            body_end: 0,
            defects: Vec::new(),
        }
    }

    /// The number of the first row of this name.
    #[inline]
    pub(crate) fn first(&self, name: HeaderName) -> Option<usize> {
        let first = self.first[name as usize];
        (first != NONE).then_some(usize::from(first))
    }

    /// Whether several rows have this name.
    #[inline]
    pub(crate) fn is_repeated(&self, name: HeaderName) -> bool {
        self.repeated >> name as u8 & 1 != 0
    }

    /// Follows a change: in `place`, inside a row, there is something else of this length now.
    pub(super) fn replaced(&mut self, place: Range<usize>, length: usize) {
        let moved = |at: u32| {
            let at = at as usize;
            match at >= place.end {
                true => (at - place.len() + length) as u32,
                false => at as u32,
            }
        };
        for row in &mut self.rows {
            row.name = row.name.map(moved);
            row.value = row.value.map(moved);
        }
        for defect in &mut self.defects {
            *defect = defect.map(moved);
        }
        self.head_end = moved(self.head_end);
        self.body_end = moved(self.body_end);
    }

    /// Finds the parts of the message at the start of `bytes`.
    pub(crate) fn fill(
        &mut self,
        bytes: &[u8],
        extent: Extent,
        policy: Policy,
        limits: &Limits,
    ) -> Result<(), ParseError> {
        self.rows.clear();
        // One allocation for nearly all messages.
        self.rows.reserve(32);
        self.defects.clear();
        self.first = [NONE; COUNT];
        self.repeated = 0;
        if bytes.len() > limits.message_bytes.min(u32::MAX as usize) {
            return Err(ParseError::new(
                ErrorKind::Limit,
                bytes.len(),
                "fewer bytes",
                &MESSAGE,
            ));
        }
        let start = self.skip_empty_lines(bytes);
        let defects = self.defects.len();
        let line_end = match self.start_line(bytes, start) {
            Err(_) if extent == Extent::Fragment => {
                self.defects.truncate(defects);
                self.start = Start::Absent;
                start
            }
            line_end => line_end?,
        };
        self.rows(bytes, line_end, extent, policy, limits)?;
        self.body(bytes);
        Ok(())
    }

    pub(super) fn defect(&mut self, kind: DefectKind, start: usize, end: usize) {
        self.defects.push(Defect::new(kind, start..end));
    }

    /// Reads the header rows from `at` to the empty line.
    fn rows(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        extent: Extent,
        policy: Policy,
        limits: &Limits,
    ) -> Result<(), ParseError> {
        let most = limits.headers.min(usize::from(NONE) - 1);
        let head = bytes
            .get(..bytes.len().min(limits.head_bytes))
            .unwrap_or_default();
        let too_long = |at| {
            Err(ParseError::new(
                ErrorKind::Limit,
                at,
                "a shorter header section",
                &HEADERS,
            ))
        };
        if at > head.len() {
            return too_long(at);
        }
        let mut strange = 0;
        loop {
            at = self.usual_rows(head, at, most - strange);
            let line = head.get(at..).unwrap_or_default();
            match line {
                [b'\r', b'\n', ..] => {
                    self.head_end = (at + 2) as u32;
                    return Ok(());
                }
                [b'\n', ..] => {
                    self.head_end = (at + 1) as u32;
                    return Ok(());
                }
                [] | [b'\r'] if head.len() < bytes.len() => return too_long(at),
                [] | [b'\r'] if extent == Extent::Fragment => {
                    self.head_end = head.len() as u32;
                    return Ok(());
                }
                [] | [b'\r'] => {
                    let expected = "an empty line";
                    if policy == Policy::Strict {
                        let kind = ErrorKind::Incomplete;
                        return Err(ParseError::new(kind, at, expected, &HEADERS));
                    }
                    self.defect(DefectKind::NoEmptyLine, at, head.len());
                    self.head_end = head.len() as u32;
                    return Ok(());
                }
                _ => {}
            }
            if self.rows.len() + strange >= most {
                return Err(ParseError::new(
                    ErrorKind::Limit,
                    at,
                    "fewer fields",
                    &HEADERS,
                ));
            }
            let (name_len, colon, id) = self.name(line, at);
            let Some((value, next)) = value(head, at, colon + 1) else {
                if head.len() < bytes.len() {
                    return too_long(at);
                }
                if extent == Extent::Fragment && id != NOT_A_HEADER {
                    let value = field_value(head, at, colon + 1).0;
                    let rest = head.get(at + colon + 1..).unwrap_or_default();
                    let start = head.len() - grammar::trim_start(rest).len();
                    let value = Span::new(start, start + value.len());
                    self.rows.push(Row {
                        name: Span::new(at, at + name_len),
                        value,
                        id,
                    });
                    self.head_end = head.len() as u32;
                    return Ok(());
                }
                if policy != Policy::Forensic {
                    let (kind, end) = (ErrorKind::Incomplete, head.len());
                    return Err(ParseError::new(kind, end, "the end of the line", &HEADERS));
                }
                self.defect(DefectKind::CutShort, at, head.len());
                self.defect(DefectKind::NoEmptyLine, at, head.len());
                self.head_end = head.len() as u32;
                return Ok(());
            };
            if head.get(next.wrapping_sub(2)) != Some(&b'\r') {
                self.bare_line_feed(next);
            }
            if id == NOT_A_HEADER {
                self.defect(DefectKind::NotAHeader, at, next);
                strange += 1;
            } else {
                self.rows.push(Row {
                    name: Span::new(at, at + name_len),
                    value,
                    id,
                });
            }
            at = next;
        }
    }

    /// Reads the rows that nearly all are like: a known name, `: `, a value in one line, CRLF; at
    /// most until there are `most`. Returns where the first other line begins.
    #[inline]
    fn usual_rows(&mut self, head: &[u8], mut at: usize, most: usize) -> usize {
        let Self {
            rows,
            first,
            repeated,
            ..
        } = self;
        let before = rows.len();
        let mut line_feeds = LineFeeds::new(head, at);
        while let Some(line @ [b'!'..=u8::MAX, ..]) = head.get(at..) {
            if rows.len() >= most {
                break;
            }
            let Some((name_len, id)) = HeaderName::at_line_start(line) else {
                break;
            };
            let Some(feed) = line_feeds.next() else { break };
            let Some([b' ', value @ .., b'\r', _]) = head.get(at + name_len + 1..feed + 1) else {
                break;
            };
            let (Some(b'!'..), Some(b'!'..)) = (value.first(), value.last()) else {
                break;
            };
            match first.get_mut(usize::from(id)) {
                Some(first) if *first == NONE => *first = rows.len() as u16,
                _ => *repeated |= 1 << id,
            }
            let value = at + name_len + 2;
            rows.push(Row {
                name: Span::new(at, at + name_len),
                value: Span::new(value, feed - 1),
                id,
            });
            at = feed + 1;
        }
        // The last value goes on in this line.
        if head.get(at).is_some_and(|&byte| is_wsp(byte)) && rows.len() > before {
            return self.take_back().unwrap_or(at);
        }
        at
    }

    /// Forgets the last row; returns where it begins.
    #[cold]
    fn take_back(&mut self) -> Option<usize> {
        let row = self.rows.pop()?;
        let first = self.first.get_mut(usize::from(row.id));
        if let Some(first) = first.filter(|first| usize::from(**first) == self.rows.len()) {
            *first = NONE;
        }
        Some(row.name.start as usize)
    }

    /// The name of any line: its length, where its colon is, and which name it is.
    #[cold]
    fn name(&mut self, line: &[u8], at: usize) -> (usize, usize, u8) {
        let Some(colon) = memchr2(b':', b'\n', line).filter(|&i| line.get(i) == Some(&b':')) else {
            return (0, 0, NOT_A_HEADER);
        };
        let name = line.get(..colon).unwrap_or_default();
        let len = name.len() - name.iter().rev().take_while(|&&b| is_wsp(b)).count();
        let name = name.get(..len).unwrap_or_default();
        if name.is_empty() {
            return (0, colon, NOT_A_HEADER);
        }
        let Some(known) = HeaderName::parse(name) else {
            if !is_token(name) {
                self.defect(DefectKind::HeaderName, at, at + len);
            }
            return (len, colon, EXTENSION);
        };
        let first = &mut self.first[known as usize];
        if *first == NONE {
            *first = self.rows.len() as u16;
        } else {
            self.repeated |= 1 << known as u8;
        }
        (len, colon, known as u8)
    }

    /// Reported once a message.
    #[cold]
    fn bare_line_feed(&mut self, next: usize) {
        if !self
            .defects
            .iter()
            .any(|d| d.kind() == DefectKind::BareLineFeed)
        {
            self.defect(DefectKind::BareLineFeed, next.saturating_sub(1), next);
        }
    }

    /// Finds where the body ends. In a datagram it is the rest, unless Content-Length says less;
    /// on a stream the framer has cut the message already, and the two agree.
    fn body(&mut self, bytes: &[u8]) {
        let start = self.head_end as usize;
        let available = bytes.len() - start;
        self.body_end = bytes.len() as u32;
        let Some(first) = self.first(HeaderName::ContentLength) else {
            return;
        };
        let mut length = None;
        for i in first..self.rows.len() {
            let Some(&row) = self.rows.get(i) else { break };
            if row.id != HeaderName::ContentLength as u8 {
                continue;
            }
            let declared = grammar::decimal(row.value.of(bytes));
            match (declared, length) {
                (None, _) => {
                    let Range { start, end } = row.value.range();
                    return self.defect(DefectKind::ContentLength, start, end);
                }
                (Some(new), Some(old)) if new != old => {
                    let Range { start, end } = row.value.range();
                    return self.defect(DefectKind::ContentLengths, start, end);
                }
                (Some(new), _) => length = Some(new),
            }
        }
        match length.map(usize::try_from) {
            Some(Ok(length)) if length <= available => {
                self.body_end = (start + length) as u32;
                if length < available {
                    self.defect(DefectKind::TrailingBytes, start + length, bytes.len());
                }
            }
            Some(_) => self.defect(DefectKind::BodyTooShort, start, bytes.len()),
            None => {}
        }
    }
}

/// The id of a line that is not a header field.
const NOT_A_HEADER: u8 = u8::MAX - 1;

/// The value of the field that begins at `at`, whose value begins `skip` bytes later, without the
/// white space around it; and where the next field begins. `None` where the line does not end.
#[inline]
fn value(head: &[u8], at: usize, skip: usize) -> Option<(Span, usize)> {
    let start = at + skip;
    let mut end = start + memchr(b'\n', head.get(start..)?)?;
    while let Some(b' ' | b'\t') = head.get(end + 1) {
        end += 1;
        end += memchr(b'\n', head.get(end..)?)?;
    }
    let value = head.get(start..end)?;
    let (first, last) = match value {
        [b' ', first, .., last, b'\r'] if *first > b' ' && *last > b' ' => (start + 1, end - 1),
        _ => {
            let kept = grammar::trim_start(value);
            let first = end - kept.len();
            (first, first + grammar::trim_end(kept).len())
        }
    };
    Some((Span::new(first, last), end + 1))
}

/// The value of the field that begins at `at`, whose value begins `skip` bytes later, and where
/// the next field begins. The end of the input ends a line as well.
pub(crate) fn field_value(head: &[u8], at: usize, skip: usize) -> (&[u8], usize) {
    match value(head, at, skip) {
        Some((span, next)) => (span.of(head), next),
        None => {
            let rest = head.get(at + skip..).unwrap_or_default();
            (grammar::trim_end(grammar::trim_start(rest)), head.len())
        }
    }
}
