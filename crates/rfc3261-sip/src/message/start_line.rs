//! Request-Line and Status-Line (RFC 3261 §7.1, §7.2).

use memchr::{memchr, memchr2};

use super::{index::Index, row::Span};
use crate::{
    DefectKind, ErrorKind, Method, ParseError, StatusCode,
    error::Rule,
    grammar::{is_token, is_wsp},
};

/// The first line of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// `Request-Line = Method SP Request-URI SP SIP-Version CRLF`
    Request {
        /// The method.
        method: Method<'a>,
        /// The Request-URI as it stands.
        uri: &'a [u8],
    },
    /// `Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF`
    Status {
        /// The status code.
        code: StatusCode,
        /// The reason phrase as it stands.
        reason: &'a [u8],
    },
}

/// Where the parts of a start line are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Request {
        method: Span,
        uri: Span,
        version: Span,
    },
    Status {
        version: Span,
        code: u16,
        reason: Span,
    },
    /// In a fragment that begins with header fields.
    Absent,
}

static START_LINE: Rule = Rule::new("start line", "RFC 3261 §7.1");
static STATUS_CODE: Rule = Rule::new("Status-Code", "RFC 3261 §7.2");

impl Index {
    pub(super) fn skip_empty_lines(&mut self, bytes: &[u8]) -> usize {
        let start = bytes
            .iter()
            .position(|&b| b != b'\r' && b != b'\n')
            .unwrap_or(bytes.len());
        if start > 0 {
            self.defect(DefectKind::LeadingEmptyLine, 0, start);
        }
        start
    }

    /// Reads the start line; returns where the next line begins.
    pub(super) fn start_line(&mut self, bytes: &[u8], start: usize) -> Result<usize, ParseError> {
        let rest = bytes.get(start..).unwrap_or_default();
        let (line, next) = match memchr(b'\n', rest) {
            Some(end) => (rest.get(..end).unwrap_or_default(), start + end + 1),
            None => (rest, bytes.len()),
        };
        match usual_start_line(line, start) {
            Some(usual) => self.start = usual,
            None => self.any_start_line(bytes, start, line, next)?,
        }
        Ok(next)
    }

    /// Reads a start line of any kind, which ends before the line feed at `next - 1`, if one ends
    /// it.
    #[cold]
    fn any_start_line(
        &mut self,
        bytes: &[u8],
        start: usize,
        line: &[u8],
        next: usize,
    ) -> Result<(), ParseError> {
        let not_sip =
            |at, expected| ParseError::new(ErrorKind::StartLine, at, expected, &START_LINE);
        let line = match line {
            [line @ .., b'\r'] => line,
            _ => {
                if next < bytes.len() {
                    self.defect(DefectKind::BareLineFeed, next - 1, next);
                }
                line
            }
        };
        let trimmed = line.trim_ascii_end();
        if trimmed.len() < line.len() && !is_status(line) {
            self.defect(
                DefectKind::StartLineSpace,
                start + trimmed.len(),
                start + line.len(),
            );
        }
        let space = memchr(b' ', trimmed).ok_or_else(|| not_sip(start, "two spaces"))?;
        let (first, after) = trimmed.split_at(space);
        if is_status(line) {
            if version_is_other(first) {
                self.defect(DefectKind::Version, start, start + space);
            }
            let spaces = leading_spaces(after);
            if spaces > 1 {
                self.defect(
                    DefectKind::StartLineSpace,
                    start + space,
                    start + space + spaces,
                );
            }
            let at = space + spaces;
            let digits = line.get(at..).unwrap_or_default();
            let bad = || {
                let rule = &STATUS_CODE;
                ParseError::new(ErrorKind::StartLine, start + at, "3DIGIT", rule)
            };
            let (code, reason) = match digits {
                [
                    a @ b'0'..=b'9',
                    b @ b'0'..=b'9',
                    c @ b'0'..=b'9',
                    reason @ ..,
                ] => {
                    let digit = |d: u8| u16::from(d - b'0');
                    (digit(*a) * 100 + digit(*b) * 10 + digit(*c), reason)
                }
                _ => return Err(bad()),
            };
            let reason_start = match reason {
                [] => start + at + 3,
                [b' ', ..] => start + at + 4,
                _ => return Err(bad()),
            };
            if reason.is_empty() {
                self.defect(DefectKind::StartLineSpace, reason_start, reason_start);
            }
            if !(100..700).contains(&code) {
                return Err(bad());
            }
            // The Reason-Phrase may end in spaces: it is the rest of the line, as it stands.
            let reason_end = start + line.len();
            self.start = Start::Status {
                version: Span::new(start, start + space),
                code,
                reason: Span::new(reason_start.min(reason_end), reason_end),
            };
            return Ok(());
        }
        if !is_token(first) {
            return Err(not_sip(start, "a method"));
        }
        let last = trimmed
            .iter()
            .rposition(|&b| b == b' ' || b == b'\t')
            .unwrap_or(space);
        let version = trimmed.get(last + 1..).unwrap_or_default();
        if last == space || !is_version(version) {
            return Err(not_sip(start + last + 1, "SIP/2.0"));
        }
        if version_is_other(version) {
            self.defect(DefectKind::Version, start + last + 1, start + trimmed.len());
        }
        let between = trimmed.get(space..last).unwrap_or_default();
        let leading = leading_spaces(between);
        let uri = between.get(leading..).unwrap_or_default().trim_ascii_end();
        let (uri_start, uri_end) = (start + space + leading, start + space + leading + uri.len());
        if leading > 1 || uri_end < start + last {
            self.defect(DefectKind::StartLineSpace, start + space, start + last);
        }
        match uri {
            [] => return Err(not_sip(uri_start, "a Request-URI")),
            [b'<', ..] => self.defect(DefectKind::RequestUri, uri_start, uri_end),
            _ if memchr2(b' ', b'\t', uri).is_some() => {
                self.defect(DefectKind::RequestUri, uri_start, uri_end);
            }
            _ => {}
        }
        self.start = Start::Request {
            method: Span::new(start, start + space),
            uri: Span::new(uri_start, uri_end),
            version: Span::new(start + last + 1, start + trimmed.len()),
        };
        Ok(())
    }
}

/// The start line that nearly all messages have, with nothing questionable in it: `line` begins at
/// `start` and ends before its line feed.
#[inline]
fn usual_start_line(line: &[u8], start: usize) -> Option<Start> {
    let line = line.strip_suffix(b"\r")?;
    let end = start + line.len();
    if let Some(request) = line.strip_suffix(b" SIP/2.0") {
        let space = request.iter().position(|&b| b == b' ')?;
        let (method, uri) = request.split_at(space);
        let usual = is_token(method)
            && matches!(uri, [_, b'!'..=b';' | b'='..=b'\xff', ..])
            && matches!(uri, [.., b'!'..=b'\xff'])
            && memchr2(b' ', b'\t', uri.get(1..)?).is_none();
        return usual.then_some(Start::Request {
            method: Span::new(start, start + space),
            uri: Span::new(start + space + 1, start + request.len()),
            version: Span::new(end - 7, end),
        });
    }
    match line.strip_prefix(b"SIP/2.0 ")? {
        [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..] => Some(Start::Status {
            version: Span::new(start, start + 7),
            code: [a, b, c]
                .into_iter()
                .fold(0, |code, digit| code * 10 + u16::from(digit - b'0')),
            reason: Span::new(start + 12, end),
        }),
        _ => None,
    }
}

fn is_status(line: &[u8]) -> bool {
    line.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
}

/// `SIP-Version` (RFC 3261 §25.1), in any case as §7.1 asks.
fn is_version(text: &[u8]) -> bool {
    text == b"SIP/2.0"
        || is_status(text) && {
            let (_, number) = text.split_at(4);
            let mut parts = number.split(|&b| b == b'.');
            let digits = |part: Option<&[u8]>| {
                part.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit))
            };
            digits(parts.next()) && digits(parts.next()) && parts.next().is_none()
        }
}

fn version_is_other(version: &[u8]) -> bool {
    !version.eq_ignore_ascii_case(b"SIP/2.0")
}

fn leading_spaces(text: &[u8]) -> usize {
    text.iter().take_while(|&&b| is_wsp(b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short way and the long way read the same, and there is nothing to report.
        #[test]
        fn a_usual_line_is_read_as_any_line(
            line in prop_oneof![
                "[A-Z/.]{0,8} {1,2}[a-z<>@:\t\x0c\r\u{e9} ]{0,12} SIP/2\\.0\r",
                "SIP/[23]\\.0 {1,2}[0-9]{1,4} ?[a-zA-Z\r\u{e9} ]{0,6}\r",
                "[A-Z]{1,8} [a-z:@.]{1,12} SIP/2\\.0\r",
                "SIP/2\\.0 [1-6][0-9]{2} [a-zA-Z ]{0,6}\r",
            ],
            start in 0_usize..3,
        ) {
            let Some(usual) = usual_start_line(line.as_bytes(), start) else {
                return Ok(());
            };
            let bytes = [&b"\n\n\n"[..start], line.as_bytes(), b"\n"].concat();
            let mut index = Index::new();
            let read = index.any_start_line(&bytes, start, line.as_bytes(), bytes.len());
            prop_assert!(read.is_ok());
            prop_assert_eq!(index.start, usual);
            prop_assert!(index.defects.is_empty(), "{:?}", index.defects);
        }

        #[test]
        fn the_usual_line_is_usual(
            line in prop_oneof![
                "[A-Z]{1,8} [a-z:@.]{1,12} SIP/2\\.0\r",
                "SIP/2\\.0 [1-6][0-9]{2} [a-zA-Z ]{0,6}\r",
            ],
        ) {
            prop_assert!(usual_start_line(line.as_bytes(), 0).is_some());
        }
    }
}
