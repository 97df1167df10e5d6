//! Changing a message and leaving the rest as it was received, byte for byte (RFC 3261 §16.6).

use alloc::vec::Vec;
use core::{fmt, net::SocketAddr, ops::Range};

use super::{HeaderField, MessageRef, stamp::notes};
use crate::{
    HeaderName, ParseError, WriteError,
    error::{ErrorKind, Rule},
    headers::{Element, Elements, Header, Via},
    write::line_break,
};

/// Changes to a message. Nothing is copied until [`finish`](Self::finish).
///
/// Rows that are put into the same place stand in the order of the calls. A change of bytes that
/// another change has taken away has no effect.
///
/// ```
/// use rfc3261_sip::{HeaderName, Message};
///
/// let message = Message::parse(&b"BYE sip:b@h SIP/2.0\r\nv: SIP/2.0/UDP a\r\nX:  odd\r\n\r\n"[..])?;
/// let mut edit = message.view().edit();
/// edit.insert_before(HeaderName::Via, "SIP/2.0/UDP proxy;branch=z9hG4bK1");
/// assert_eq!(
///     edit.finish()?,
///     b"BYE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP proxy;branch=z9hG4bK1\r\n\
///       v: SIP/2.0/UDP a\r\nX:  odd\r\n\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    message: MessageRef<'a>,
    patches: Vec<Patch>,
    /// Where the removed values of lists begin.
    removed: Vec<usize>,
    fault: Option<WriteError>,
}

#[derive(Debug, Clone)]
struct Patch {
    place: Range<usize>,
    text: Vec<u8>,
}

impl<'a> MessageRef<'a> {
    /// Begins to change the message.
    #[must_use]
    pub fn edit(self) -> Edit<'a> {
        Edit {
            message: self,
            patches: Vec::new(),
            removed: Vec::new(),
            fault: None,
        }
    }
}

impl<'a> Edit<'a> {
    /// Puts another Request-URI into a request.
    pub fn request_uri(&mut self, uri: impl fmt::Display) {
        static RULE: Rule = Rule::new("Request-URI", "RFC 3261 §7.1");
        let Some(old) = self.message.request_uri_bytes() else {
            return self.refuse(0, "a request", &RULE);
        };
        let text = alloc::format!("{uri}").into_bytes();
        if let Some(at) = text.iter().position(|&b| b <= b' ') {
            self.refuse(at, "no white space", &RULE);
        }
        let start = self.offset(old);
        self.patch(start..start + old.len(), text);
    }

    /// Puts a row before the first of this name, or before all rows.
    pub fn insert_before(&mut self, name: HeaderName, value: impl fmt::Display) {
        let at = match self.message.first(name) {
            Some(field) => field.offset(),
            None => self.top(),
        };
        let row = self.row(name, value);
        self.patch(at..at, row);
    }

    /// Puts a row behind the last of this name, or behind all rows.
    pub fn insert_after(&mut self, name: HeaderName, value: impl fmt::Display) {
        let at = match self.message.fields_named(name).last() {
            Some(field) => self.row_span(field).end,
            None => self.end_of_rows(),
        };
        let row = self.row(name, value);
        self.patch(at..at, row);
    }

    /// Puts a value into the row of another of the same list, before it.
    pub fn insert_element_before(&mut self, element: Element<'a>, value: impl fmt::Display) {
        let mut text = self.checked(value, &ELEMENT);
        text.extend_from_slice(b", ");
        self.patch(element.offset..element.offset, text);
    }

    /// Puts a value into the row of another of the same list, behind it.
    pub fn insert_element_after(&mut self, element: Element<'a>, value: impl fmt::Display) {
        let mut text = b", ".to_vec();
        text.append(&mut self.checked(value, &ELEMENT));
        let end = element.span().end;
        self.patch(end..end, text);
    }

    /// Puts another value in the place of one.
    pub fn replace_element(&mut self, element: Element<'a>, value: impl fmt::Display) {
        let text = self.checked(value, &ELEMENT);
        self.patch(element.span(), text);
    }

    /// Takes a value away: with its row, if no other value is left there.
    pub fn remove_element(&mut self, element: Element<'a>) {
        self.removed.push(element.offset);
    }

    /// Puts one value in the place of all rows of this name: the first row keeps its name and
    /// place. Where there is none, a row is put behind all others.
    pub fn replace(&mut self, name: HeaderName, value: impl fmt::Display) {
        let Some(first) = self.message.first(name) else {
            return self.insert_after(name, value);
        };
        let text = self.checked(value, name.rule());
        let text = if first.value().is_empty() {
            [b" ".to_vec(), text].concat()
        } else {
            text
        };
        self.patch(first.value_span(), text);
        for field in self.message.fields_named(name).skip(1) {
            let span = self.row_span(field);
            self.patch(span, Vec::new());
        }
    }

    /// Takes all rows of this name away.
    pub fn remove(&mut self, name: HeaderName) {
        for field in self.message.fields_named(name) {
            self.remove_field(field);
        }
    }

    /// Takes one row away.
    pub fn remove_field(&mut self, field: HeaderField<'a>) {
        let span = self.row_span(field);
        self.patch(span, Vec::new());
    }

    /// Puts another body in the place of the present one: Content-Type and Content-Length follow.
    /// An empty body has no type.
    pub fn body(&mut self, content_type: impl fmt::Display, body: &[u8]) {
        if body.is_empty() {
            self.remove(HeaderName::ContentType);
        } else {
            self.replace(HeaderName::ContentType, content_type);
        }
        self.replace(HeaderName::ContentLength, body.len());
        let start = self.message.body_offset();
        self.patch(start..start + self.message.body().len(), body.to_vec());
    }

    /// Notes in the top Via where the request came from: `received` where the address is not that
    /// of `sent-by` (RFC 3261 §18.2.1), and the value of `rport` where the client asked for it,
    /// then with `received` in any case (RFC 3581 §4).
    pub fn stamp_source(&mut self, source: SocketAddr) {
        let Some(element) = self.message.elements(HeaderName::Via).next() else {
            return;
        };
        let Ok(via) = core::str::from_utf8(element.value).map(Via::parse) else {
            return;
        };
        let via = match via {
            Ok(via) => via,
            Err(error) => {
                self.fault
                    .get_or_insert(WriteError::Value(error.shifted(element.offset)));
                return;
            }
        };
        for note in notes(&via, self.message.as_bytes(), source)
            .iter()
            .flatten()
        {
            self.patch(note.place(), note.text().to_vec());
        }
    }

    /// The message with the changes. Bytes behind the body are left out.
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.take_elements_away();
        // What is put in stands before what is taken away at the same place.
        self.patches
            .sort_by_key(|patch| (patch.place.start, !patch.place.is_empty()));
        let bytes = self.message.as_bytes();
        let end = self.message.body_offset() + self.message.body().len();
        let added: usize = self.patches.iter().map(|patch| patch.text.len()).sum();
        let mut out = Vec::with_capacity(end + added);
        let mut at = 0;
        for patch in &self.patches {
            if patch.place.start < at {
                continue;
            }
            out.extend_from_slice(bytes.get(at..patch.place.start).unwrap_or_default());
            out.extend_from_slice(&patch.text);
            at = patch.place.end;
        }
        out.extend_from_slice(bytes.get(at..end).unwrap_or_default());
        Ok(out)
    }

    /// Turns the removed values into patches, each run of them in a row into one: with the comma
    /// behind it, or before it at the end of the row.
    fn take_elements_away(&mut self) {
        let mut patches = Vec::new();
        for field in self.message.fields() {
            let Some(name) = field.known() else { continue };
            let row = field.value_span();
            if !self.removed.iter().any(|at| row.contains(at)) {
                continue;
            }
            let elements: Vec<_> = Elements::of_field(field, name).collect();
            let removed = |element: &Element<'_>| self.removed.contains(&element.offset);
            if elements.iter().all(removed) {
                patches.push(Patch {
                    place: self.row_span(field),
                    text: Vec::new(),
                });
                continue;
            }
            let mut kept_end = None;
            let mut run = None;
            for element in &elements {
                if removed(element) {
                    run.get_or_insert(element.offset);
                    continue;
                }
                if let Some(start) = run.take() {
                    patches.push(Patch {
                        place: start..element.offset,
                        text: Vec::new(),
                    });
                }
                kept_end = Some(element.span().end);
            }
            if let (Some(start), Some(last), Some(_)) = (kept_end, elements.last(), run) {
                patches.push(Patch {
                    place: start..last.span().end,
                    text: Vec::new(),
                });
            }
        }
        // Before the others, so that what is taken away stays away.
        patches.append(&mut self.patches);
        self.patches = patches;
    }

    fn patch(&mut self, place: Range<usize>, text: Vec<u8>) {
        self.patches.push(Patch { place, text });
    }

    fn refuse(&mut self, at: usize, expected: &'static str, rule: &'static Rule) {
        let error = ParseError::new(ErrorKind::Syntax, at, expected, rule);
        self.fault.get_or_insert(WriteError::Value(error));
    }

    /// The text of a value, which must be without line breaks.
    fn checked(&mut self, value: impl fmt::Display, rule: &'static Rule) -> Vec<u8> {
        let text = alloc::format!("{value}").into_bytes();
        if let Some(at) = line_break(&text) {
            self.refuse(at, "no line break", rule);
        }
        text
    }

    fn row(&mut self, name: HeaderName, value: impl fmt::Display) -> Vec<u8> {
        let value = self.checked(value, name.rule());
        [name.as_str().as_bytes(), b": ", &value, b"\r\n"].concat()
    }

    /// A row with its end of line.
    fn row_span(&self, field: HeaderField<'_>) -> Range<usize> {
        let end = field.value_span().end;
        let rest = self.message.as_bytes().get(end..).unwrap_or_default();
        let line_end = self.message.next_row_offset(field.offset());
        field.offset()..line_end.unwrap_or(end + rest.len())
    }

    /// Where the rows begin.
    fn top(&self) -> usize {
        match self.message.fields().next() {
            Some(field) => field.offset(),
            None => self.end_of_rows(),
        }
    }

    /// Where the empty line begins.
    fn end_of_rows(&self) -> usize {
        let head = self
            .message
            .as_bytes()
            .get(..self.message.body_offset())
            .unwrap_or_default();
        match head {
            [.., b'\n', b'\r', b'\n'] => head.len() - 2,
            [.., b'\n', b'\n'] => head.len() - 1,
            _ => head.len(),
        }
    }

    /// Where a part of the message begins in it.
    fn offset(&self, part: &[u8]) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.message.as_bytes().as_ptr() as usize)
    }
}

static ELEMENT: Rule = Rule::new("list value", "RFC 3261 §7.3.1");
