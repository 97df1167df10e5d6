//! Where display name and URI of an address are (RFC 3261 §20.10, §25.1).

use alloc::borrow::Cow;
use alloc::string::String;

use super::Index;
use crate::chars::{self, is, is_white};
use crate::error::Rule;
use crate::text::slice;
use crate::{ErrorKind, ParseError, uri};

/// What a comma outside of quotes and brackets means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Commas {
    /// The next address follows.
    Separate,
    /// Part of the address.
    Belong,
}

/// Where an address ends.
pub(super) struct End {
    /// After its last character.
    pub(super) address: usize,
    /// After the white space that follows.
    pub(super) consumed: usize,
}

/// Reads an address that fills `text`.
pub(super) fn whole(text: &str) -> Result<Index, ParseError> {
    let (index, end) = prefix(text, Commas::Belong)?;
    if end.consumed == text.len() {
        Ok(index)
    } else {
        Err(ParseError::new(ErrorKind::Bracket, end.consumed, &TRAILING))
    }
}

/// Reads an address at the start of `text`.
#[inline]
pub(super) fn prefix(text: &str, commas: Commas) -> Result<(Index, End), ParseError> {
    let bytes = text.as_bytes();
    let start = skip_white(bytes, 0);
    let (name_end, bracket) = match bytes.get(start) {
        Some(b'<') => (start, start),
        Some(b'"') => {
            let quoted_end = quoted_end(bytes, start)?;
            match find_bracket(bytes, quoted_end, commas) {
                Some(bracket) => (trim_end(bytes, start, bracket), bracket),
                None => {
                    return Err(ParseError::new(
                        ErrorKind::DisplayName,
                        quoted_end,
                        &BRACKET,
                    ));
                }
            }
        }
        Some(_) => match unquoted_bracket(bytes, start, commas) {
            Some(ends) => ends,
            None => return addr_spec(text, start, commas),
        },
        None => return Err(ParseError::new(ErrorKind::Scheme, start, &ADDRESS)),
    };
    bracketed(text, start, name_end, bracket)
}

/// The text of a display name: quotes and backslashes removed.
pub(super) fn unquote(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
        return Cow::Borrowed(raw);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut name = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        name.push(if c == '\\' {
            rest.next().unwrap_or(c)
        } else {
            c
        });
    }
    Cow::Owned(name)
}

static ADDRESS: Rule = Rule {
    field: "address",
    expected: "a name-addr or addr-spec",
    section: "RFC 3261 §25.1",
};
static WILDCARD: Rule = Rule {
    field: "address",
    expected: "an address, not *",
    section: "RFC 3261 §20.10",
};
static QUOTE: Rule = Rule {
    field: "display name",
    expected: "a closing quotation mark",
    section: "RFC 3261 §25.1",
};
static BRACKET: Rule = Rule {
    field: "display name",
    expected: "< after it",
    section: "RFC 3261 §20.10",
};
static CLOSING: Rule = Rule {
    field: "address",
    expected: "> after the URI",
    section: "RFC 3261 §20.10",
};
static TRAILING: Rule = Rule {
    field: "address",
    expected: "nothing after it",
    section: "RFC 3261 §25.1",
};

/// Reads `<`, the URI and `>`; the display name before it is known.
#[inline(always)]
fn bracketed(
    text: &str,
    name_start: usize,
    name_end: usize,
    bracket: usize,
) -> Result<(Index, End), ParseError> {
    let bytes = text.as_bytes();
    let uri_start = bracket + 1;
    let usual = bytes.get(uri_start..).and_then(uri::Index::usual);
    let (uri_start, uri_end, closing, uri) = match usual {
        Some((uri, length)) if bytes.get(uri_start + length) == Some(&b'>') => {
            let closing = uri_start + length;
            (uri_start, closing, closing, uri)
        }
        _ => any_in_brackets(text, bracket)?,
    };
    let index = Index {
        has_brackets: true,
        name_start: long(name_start),
        name_end: long(name_end),
        uri_start: long(uri_start),
        uri_end: long(uri_end),
        uri,
    };
    let address = closing + 1;
    Ok((
        index,
        End {
            address,
            consumed: skip_white(bytes, address),
        },
    ))
}

/// Any URI behind the `<` at `bracket`: where it begins and ends, where the `>` is, and its parts.
#[cold]
fn any_in_brackets(
    text: &str,
    bracket: usize,
) -> Result<(usize, usize, usize, uri::Index), ParseError> {
    let bytes = text.as_bytes();
    let start = skip_white(bytes, bracket + 1);
    let closing = bytes
        .get(start..)
        .and_then(|rest| memchr::memchr(b'>', rest))
        .map(|at| start + at)
        .ok_or(ParseError::new(ErrorKind::Bracket, bracket, &CLOSING))?;
    let end = trim_end(bytes, start, closing);
    let uri = uri::Index::parse(slice(text, start, end)).map_err(|error| error.shifted(start))?;
    Ok((start, end, closing, uri))
}

/// Reads a URI without angle brackets.
fn addr_spec(text: &str, start: usize, commas: Commas) -> Result<(Index, End), ParseError> {
    let bytes = text.as_bytes();
    if bytes.get(start) == Some(&b'*') {
        return Err(ParseError::new(ErrorKind::Wildcard, start, &WILDCARD));
    }
    let end = bytes
        .iter()
        .enumerate()
        .skip(start)
        .find(|(_, b)| match b {
            b';' | b'?' => true,
            b',' => commas == Commas::Separate,
            _ => is_white(**b),
        })
        .map_or(bytes.len(), |(at, _)| at);
    let uri = uri::Index::parse(slice(text, start, end)).map_err(|error| error.shifted(start))?;
    let index = Index {
        has_brackets: false,
        name_start: long(start),
        name_end: long(start),
        uri_start: long(start),
        uri_end: long(end),
        uri,
    };
    Ok((
        index,
        End {
            address: end,
            consumed: skip_white(bytes, end),
        },
    ))
}

/// After the closing quotation mark of the string that starts at `start`.
fn quoted_end(bytes: &[u8], start: usize) -> Result<usize, ParseError> {
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(found) if rest.get(found) == Some(&b'"') => return Ok(at + found + 1),
            Some(found) => at += found + 2,
            None => return Err(ParseError::new(ErrorKind::DisplayName, start, &QUOTE)),
        }
    }
}

/// The `<` after a quoted display name. Between them only white space belongs, but names with
/// quotation marks that nobody escaped are seen.
fn find_bracket(bytes: &[u8], from: usize, commas: Commas) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let bracket = rest.iter().position(|b| match b {
        b'<' | b';' => true,
        b',' => commas == Commas::Separate,
        _ => false,
    })?;
    (rest.get(bracket) == Some(&b'<')).then_some(from + bracket)
}

/// The end of a display name without quotes, and the `<` after it. `None` if this is no display
/// name but a URI: a scheme and a colon come first.
#[inline]
fn unquoted_bracket(bytes: &[u8], start: usize, commas: Commas) -> Option<(usize, usize)> {
    let rest = bytes.get(start..)?;
    let word = start + rest.iter().position(|b| !is(*b, chars::TOKEN))?;
    match bytes.get(word..)? {
        [b'<', ..] => Some((word, word)),
        // One word and a space are the usual name.
        [b' ', b'<', ..] => Some((word, word + 1)),
        [b':', ..] => None,
        _ => {
            let bracket = find_bracket(bytes, word, commas)?;
            Some((trim_end(bytes, start, bracket), bracket))
        }
    }
}

#[inline]
fn skip_white(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| is_white(**b)).count()
}

fn trim_end(bytes: &[u8], start: usize, end: usize) -> usize {
    let part = bytes.get(start..end).unwrap_or_default();
    start
        + part
            .iter()
            .rposition(|b| !is_white(*b))
            .map_or(0, |at| at + 1)
}

/// An offset into a header value.
fn long(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
