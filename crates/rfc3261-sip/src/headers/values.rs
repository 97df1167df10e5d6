//! The values of a list header, across rows and commas (RFC 3261 §7.3.1).

use core::{fmt, marker::PhantomData, ops::Range};

use memchr::memchr3;

use super::{Header, read_element};
use crate::{HeaderField, HeaderName, MessageRef, ParseError, Shape, grammar};

/// Iterates over the values of a list header as they stand. Empty ones are passed over.
#[derive(Clone)]
pub struct Elements<'a> {
    /// The rows still to come: the message and the number of the next one to look at.
    rows: Option<(MessageRef<'a>, usize)>,
    name: HeaderName,
    rest: &'a [u8],
    offset: usize,
}

/// One value of a list header as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The value without the white space around it.
    pub value: &'a [u8],
    /// Where it begins, in bytes from the start of the message.
    pub offset: usize,
}

/// Iterates over the values of a list header as their type.
///
/// A value that does not follow its grammar is an error in its place, and the next follows.
#[derive(Clone)]
pub struct Values<'a, T> {
    elements: Elements<'a>,
    value: PhantomData<fn() -> T>,
}

impl Element<'_> {
    /// Where it is, in bytes from the start of the message.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.offset..self.offset + self.value.len()
    }
}

impl<'a> Elements<'a> {
    pub(crate) fn new(message: MessageRef<'a>, name: HeaderName) -> Self {
        Self {
            rows: Some((message, message.first_row(name))),
            name,
            rest: &[],
            offset: 0,
        }
    }

    /// The values of one row.
    pub(crate) fn of_field(field: HeaderField<'a>, name: HeaderName) -> Self {
        Self {
            rows: None,
            name,
            rest: field.value(),
            offset: field.value_span().start,
        }
    }

    /// Goes on with the next row that has this name.
    #[inline]
    fn next_row(&mut self) -> Option<()> {
        let (message, row) = self.rows?;
        let (row, field) = message.next_field(row, self.name)?;
        self.rows = Some((message, row + 1));
        self.rest = field.value();
        self.offset = field.value_span().start;
        Some(())
    }

    /// Goes on behind the comma that begins `rest`, if one does: the end of what is left now.
    #[inline]
    fn skip_to(&mut self, rest: &str) {
        let rest = grammar::sws(rest.get(1..).unwrap_or_default());
        let skipped = self.rest.len() - rest.len();
        self.rest = self.rest.get(skipped..).unwrap_or_default();
        self.offset += skipped;
    }

    /// How many commas separate values in the rest of this row.
    pub(crate) fn commas(&self) -> usize {
        let (mut rest, mut commas) = (self.rest, 0);
        while let Some(after) = rest.get(end_of_element(rest, self.name) + 1..) {
            commas += 1;
            rest = after;
        }
        commas
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            if self.rest.is_empty() {
                self.next_row()?;
            }
            let end = match self.name.shape() {
                Shape::List => end_of_element(self.rest, self.name),
                Shape::Single | Shape::Rows => self.rest.len(),
            };
            let (element, rest) = self.rest.split_at_checked(end)?;
            let start = self.offset;
            let rest_at = (end + 1).min(self.rest.len());
            self.rest = rest.get(1..).unwrap_or_default();
            self.offset += rest_at;
            let trimmed = grammar::trim_start(element);
            let offset = start + (element.len() - trimmed.len());
            let value = grammar::trim_end(trimmed);
            if !value.is_empty() {
                return Some(Element { value, offset });
            }
        }
    }
}

impl<'a, T> Values<'a, T> {
    pub(crate) fn new(message: MessageRef<'a>, name: HeaderName) -> Self {
        Self {
            elements: Elements::new(message, name),
            value: PhantomData,
        }
    }
}

impl<'a, T: Header<'a>> Iterator for Values<'a, T> {
    type Item = Result<T, ParseError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let elements = &mut self.elements;
        if elements.rest.is_empty() {
            elements.next_row()?;
        }
        let text = elements.rows.map_or("", |(message, _)| message.text());
        if T::NAME.shape() == Shape::List {
            let rest = elements.offset..elements.offset + elements.rest.len();
            if let Some((value, rest)) = text.get(rest).and_then(T::parse_next) {
                elements.skip_to(rest);
                return Some(Ok(value));
            }
        }
        Some(read_element(text, elements.next()?))
    }
}

impl fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elements")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Values<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("name", &self.elements.name)
            .finish_non_exhaustive()
    }
}

/// The first value of a row that is not empty, and where it begins; nothing where all are empty.
#[inline]
pub(super) fn first(value: &[u8], name: HeaderName) -> Element<'_> {
    let mut rest = value;
    loop {
        let (element, after) = rest.split_at(end_of_element(rest, name));
        let trimmed = grammar::trim_end(grammar::trim_start(element));
        if !trimmed.is_empty() || after.is_empty() {
            let blank = element.len() - grammar::trim_start(element).len();
            return Element {
                value: trimmed,
                offset: value.len() - rest.len() + blank,
            };
        }
        rest = after.split_at(1).1;
    }
}

/// Where the comma is that ends the first element: commas in quotes, in angle brackets, and in
/// the comments that RFC 2543 allowed in Via do not. An open quote or bracket reaches to the end.
#[inline]
fn end_of_element(text: &[u8], name: HeaderName) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(found) = memchr3(b',', b'"', b'<', rest) else {
            return text.len();
        };
        let place = at + found;
        if name == HeaderName::Via {
            if let Some(after) = end_of_comment(text, at, place) {
                at = after;
                continue;
            }
        }
        at = match text.get(place) {
            Some(b'"') => end_of_quoted(text, place + 1),
            Some(b'<') => {
                let inside = text.get(place..).unwrap_or_default();
                memchr::memchr(b'>', inside).map_or(text.len(), |end| place + end + 1)
            }
            _ => return place,
        };
    }
}

/// Behind the closing quote of a string that begins before `at`.
fn end_of_quoted(text: &[u8], mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
            return text.len();
        };
        at += found + 1;
        if text.get(at - 1) == Some(&b'"') {
            return at;
        }
        at = (at + 1).min(text.len());
    }
}

/// Behind the comment that begins in `from..to`, if one does.
fn end_of_comment(text: &[u8], from: usize, to: usize) -> Option<usize> {
    let open = from + memchr::memchr(b'(', text.get(from..to)?)?;
    let rest = core::str::from_utf8(text.get(open..)?).ok()?;
    match grammar::comment(rest) {
        Ok((after, _)) => Some(text.len() - after.len()),
        Err(_) => Some(text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Parser,
        headers::{Allow, Contact, Route, Via},
    };
    use alloc::{format, string::String, vec::Vec};
    use core::fmt::Debug;
    use proptest::prelude::*;

    /// What `list` reads one behind the other is what stands between the commas.
    fn list_is_elements<'a, T: Header<'a> + Debug + PartialEq>(message: MessageRef<'a>) {
        let read: Vec<_> = message.list::<T>().collect();
        let elements: Vec<_> = message
            .elements(T::NAME)
            .map(|element| read_element::<T>(message.text(), element))
            .collect();
        assert_eq!(read, elements);
    }

    proptest! {
        #[test]
        fn a_value_ends_where_its_comma_is(
            rows in prop::collection::vec(
                ("Via|Contact|Route|Allow", "([ab,;=\"<>@: \\\\()é]|sip:a|SIP/2.0/UDP|q=1|\"a,b\"|, ){0,12}"),
                0..5,
            ),
        ) {
            let rows: String = rows.iter().map(|(name, row)| format!("{name}: {row}\r\n")).collect();
            let text = format!("OPTIONS sip:a SIP/2.0\r\n{rows}\r\n");
            let mut parser = Parser::new();
            let message = parser.parse(text.as_bytes()).unwrap();
            list_is_elements::<Via<'_>>(message);
            list_is_elements::<Contact<'_>>(message);
            list_is_elements::<Route<'_>>(message);
            list_is_elements::<Allow<'_>>(message);
        }
    }
}
