//! Bodies of several parts (RFC 2046 §5.1, RFC 5621 §3).

use memchr::memmem;

use crate::{
    HeaderName, MessageRef, ParseError,
    error::{ErrorKind, Rule},
    grammar,
    headers::{ContentDisposition, ContentType, Header, read_first},
    message::field_value,
};

/// The parts of a multipart body, in order. What is before the first boundary and behind the
/// last is passed over.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    body: &'a [u8],
    boundary: &'a str,
    /// Where the next part begins; `None` behind the last.
    at: Option<usize>,
}

/// One part of a multipart body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    head: &'a [u8],
    body: &'a [u8],
}

impl<'a> MessageRef<'a> {
    /// The parts of the body, if its type is `multipart/` something.
    ///
    /// The boundary must not be in need of unescaping: nobody sends such a one.
    #[must_use]
    pub fn parts(self) -> Option<Result<Parts<'a>, ParseError>> {
        static BOUNDARY: Rule = Rule::new("boundary", "RFC 2046 §5.1.1");
        let content_type = self.content_type().ok()?;
        if !content_type.main_type.eq_ignore_ascii_case("multipart") {
            return None;
        }
        let boundary = content_type
            .parameters
            .find("boundary")
            .and_then(|found| found.value);
        let boundary = boundary.unwrap_or_default();
        let plain = boundary
            .strip_prefix('"')
            .and_then(|plain| plain.strip_suffix('"'));
        let parts = Parts::new(self.body(), plain.unwrap_or(boundary));
        Some(
            parts.ok_or(ParseError::new(
                ErrorKind::Syntax,
                self.first(HeaderName::ContentType)
                    .map_or(0, |field| field.value_span().start),
                "1 to 70 characters",
                &BOUNDARY,
            )),
        )
    }
}

impl<'a> Parts<'a> {
    /// The parts of `body` between delimiter lines with this boundary, which has 1 to 70
    /// characters.
    #[must_use]
    pub fn new(body: &'a [u8], boundary: &'a str) -> Option<Self> {
        if boundary.is_empty() || boundary.len() > 70 {
            return None;
        }
        let mut parts = Self {
            body,
            boundary,
            at: None,
        };
        parts.at = parts
            .delimiter(0)
            .and_then(|found| (!found.is_last).then_some(found.after));
        Some(parts)
    }

    /// The first delimiter line at or behind `from`.
    fn delimiter(&self, from: usize) -> Option<Delimiter> {
        let mut from = from;
        loop {
            let found = memmem::find(self.body.get(from..)?, self.boundary.as_bytes())? + from;
            let after = found + self.boundary.len();
            from = found + 1;
            let Some(before) = self.body.get(..found)?.strip_suffix(b"--") else {
                continue;
            };
            // The line break before a delimiter belongs to it; bare LF is seen.
            let end = match before {
                [] => 0,
                [.., b'\r', b'\n'] => before.len() - 2,
                [.., b'\n'] => before.len() - 1,
                _ => continue,
            };
            let rest = self.body.get(after..)?;
            if rest.starts_with(b"--") {
                return Some(Delimiter {
                    end,
                    after: self.body.len(),
                    is_last: true,
                });
            }
            let blank = rest.iter().take_while(|&&b| grammar::is_wsp(b)).count();
            let line = match rest.get(blank..)? {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => 1,
                _ => continue,
            };
            return Some(Delimiter {
                end,
                after: after + blank + line,
                is_last: false,
            });
        }
    }
}

struct Delimiter {
    /// Where the part before it ends.
    end: usize,
    /// Where the part behind it begins.
    after: usize,
    is_last: bool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let start = self.at?;
        // The delimiter may follow at once, and its line break is then that of the one before.
        let next = self.delimiter(start);
        let end = match &next {
            Some(found) => found.end.max(start),
            None => self.body.len(),
        };
        self.at = next.filter(|found| !found.is_last).map(|found| found.after);
        Some(Part::new(self.body.get(start..end)?))
    }
}

impl<'a> Part<'a> {
    fn new(part: &'a [u8]) -> Self {
        let mut line = 0;
        for end in memchr::memchr_iter(b'\n', part) {
            if matches!(part.get(line..end), Some(b"" | b"\r")) {
                let (head, rest) = part.split_at(line);
                return Self {
                    head,
                    body: rest.get(end + 1 - line..).unwrap_or_default(),
                };
            }
            line = end + 1;
        }
        // No empty line: all of it is header fields, or nothing is.
        Self {
            head: part,
            body: &[],
        }
    }

    /// The bytes behind the header fields.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The header fields: name and value as they stand.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let head = self.head;
        let mut at = 0;
        core::iter::from_fn(move || {
            while let Some(line) = head.get(at..).filter(|line| !line.is_empty()) {
                let colon = memchr::memchr2(b':', b'\n', line)?;
                let (value, next) = field_value(head, at, colon + 1);
                at = next;
                if line.get(colon) == Some(&b':') {
                    return Some((grammar::trim_end(line.get(..colon)?), value));
                }
            }
            None
        })
    }

    /// The type of the part; `text/plain` where it says nothing.
    pub fn content_type(&self) -> Result<ContentType<'a>, ParseError> {
        self.typed()
            .unwrap_or_else(|| ContentType::parse("text/plain"))
    }

    /// What the part is for, if it says so.
    #[must_use]
    pub fn disposition(&self) -> Option<Result<ContentDisposition<'a>, ParseError>> {
        self.typed()
    }

    fn typed<T: Header<'a>>(&self) -> Option<Result<T, ParseError>> {
        let mut fields = self.fields();
        let (_, value) = fields.find(|(name, _)| HeaderName::parse(name) == Some(T::NAME))?;
        Some(read_first(value))
    }
}
