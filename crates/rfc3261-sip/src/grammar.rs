//! The ABNF of RFC 3261 §25.1 that header fields share, as nom parsers over text.
//!
//! White space that the line structure has already found to be folding is white space here: a
//! line break inside a value is always followed by a space or tab.

mod class;
mod fault;

use nom::{
    Parser,
    branch::alt,
    combinator::{cut, opt, recognize},
    multi::many0_count,
    sequence::preceded,
};

use class::{ALPHANUM, DIGIT, HOST, LWS, QUOTED, TOKEN, VALUE, WORD, end_of, end_of_many, is};
pub(crate) use fault::{Fault, Parsed, fail, prefix, to_the_end, whole};

/// How many bytes at the start of `text` belong to `class`.
#[inline(always)]
fn span(text: &str, class: u8) -> usize {
    end_of(text.as_bytes(), 0, class)
}

#[inline(always)]
fn take<'a>(text: &'a str, class: u8, expected: &'static str) -> Parsed<'a, &'a str> {
    let len = span(text, class);
    if len == 0 {
        return fail(text, expected);
    }
    let (taken, rest) = text.split_at(len);
    Ok((rest, taken))
}

/// Whether `text` is a `token`.
#[inline]
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| is(b, TOKEN))
}

/// `WSP = SP / HTAB`
#[inline]
pub(crate) fn is_wsp(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The text without white space, folded or not, before it.
pub(crate) fn trim_start(text: &[u8]) -> &[u8] {
    let first = text.iter().position(|&b| !is(b, LWS)).unwrap_or(text.len());
    text.get(first..).unwrap_or_default()
}

/// The text without white space, folded or not, behind it.
pub(crate) fn trim_end(text: &[u8]) -> &[u8] {
    let last = text
        .iter()
        .rposition(|&b| !is(b, LWS))
        .map_or(0, |last| last + 1);
    text.get(..last).unwrap_or_default()
}

/// `1*DIGIT` as a number: with a value behind `u64::MAX` or anything but digits, `None`.
#[inline]
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// `SWS = [LWS]`
#[inline(always)]
pub(crate) fn sws(text: &str) -> &str {
    match text.as_bytes() {
        // A single space is what there is in practice, if anything.
        [b' ', next, ..] if !is(*next, LWS) => text.split_at(1).1,
        [first, ..] if is(*first, LWS) => without_white_space(text),
        _ => text,
    }
}

#[cold]
fn without_white_space(text: &str) -> &str {
    text.split_at(span(text, LWS)).1
}

/// `LWS = [*WSP CRLF] 1*WSP`
#[inline]
pub(crate) fn lws(text: &str) -> Parsed<'_, &str> {
    take(text, LWS, "white space")
}

/// `token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")`
#[inline]
pub(crate) fn token(text: &str) -> Parsed<'_, &str> {
    take(text, TOKEN, "a token")
}

/// `1*DIGIT`
#[inline]
pub(crate) fn digits(text: &str) -> Parsed<'_, &str> {
    take(text, DIGIT, "1*DIGIT")
}

/// `1*DIGIT` up to `most`.
#[inline(always)]
fn number_up_to<'a>(text: &'a str, most: u32, expected: &'static str) -> Parsed<'a, u32> {
    let mut number = 0;
    let mut length = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = 10 * number + u64::from(digit);
        if number > u64::from(most) {
            return Err(nom::Err::Failure(Fault::range(text, expected)));
        }
        length += 1;
    }
    if length == 0 {
        return fail(text, "1*DIGIT");
    }
    Ok((text.split_at(length).1, number as u32))
}

/// `1*DIGIT` up to 2^32 - 1.
#[inline]
pub(crate) fn number(text: &str) -> Parsed<'_, u32> {
    number_up_to(text, u32::MAX, "a number up to 4294967295")
}

/// `port = 1*DIGIT`
#[inline]
pub(crate) fn port(text: &str) -> Parsed<'_, u16> {
    let (rest, port) = number_up_to(text, u16::MAX.into(), "0 to 65535")?;
    Ok((rest, port as u16))
}

/// `1*DIGIT` up to 255.
#[inline]
pub(crate) fn octet(text: &str) -> Parsed<'_, u8> {
    let (rest, number) = number_up_to(text, u8::MAX.into(), "a number up to 255")?;
    Ok((rest, number as u8))
}

/// `delta-seconds = 1*DIGIT`; a larger number than 2^32 - 1 counts as that (RFC 3261 §20.10).
#[inline]
pub(crate) fn delta_seconds(text: &str) -> Parsed<'_, u32> {
    let (rest, digits) = digits(text)?;
    let seconds = decimal(digits.as_bytes()).and_then(|n| u32::try_from(n).ok());
    Ok((rest, seconds.unwrap_or(u32::MAX)))
}

/// One character with white space around it: `SEMI`, `EQUAL`, `SLASH`, `COLON`, `COMMA`.
#[inline]
pub(crate) fn separator<'a>(
    wanted: u8,
    expected: &'static str,
) -> impl FnMut(&'a str) -> Parsed<'a, ()> {
    move |text| {
        let after = sws(text);
        match after.as_bytes().first() {
            Some(&b) if b == wanted => Ok((sws(after.split_at(1).1), ())),
            _ => fail(after, expected),
        }
    }
}

/// `SLASH = SWS "/" SWS`
#[inline]
pub(crate) fn slash(text: &str) -> Parsed<'_, ()> {
    separator(b'/', "\"/\"")(text)
}

/// `SEMI = SWS ";" SWS`
#[inline]
pub(crate) fn semi(text: &str) -> Parsed<'_, ()> {
    separator(b';', "\";\"")(text)
}

/// `EQUAL = SWS "=" SWS`
#[inline]
pub(crate) fn equal(text: &str) -> Parsed<'_, ()> {
    separator(b'=', "\"=\"")(text)
}

/// `quoted-string = SWS DQUOTE *(qdtext / quoted-pair) DQUOTE`, with its quotes.
#[inline]
pub(crate) fn quoted_string(text: &str) -> Parsed<'_, &str> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return fail(text, "a quoted string");
    }
    let mut at = 1;
    loop {
        at += bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|&&b| is(b, QUOTED))
            .count();
        match bytes.get(at) {
            Some(b'"') => {
                let (quoted, rest) = text.split_at(at + 1);
                return Ok((rest, quoted));
            }
            // The escaped character may be several bytes long; the scan goes on inside it.
            Some(_) => at += 2,
            None => return Err(nom::Err::Failure(Fault::new("", "the closing quote"))),
        }
    }
}

/// `comment = LPAREN *(ctext / quoted-pair / comment) RPAREN`, with its parentheses.
///
/// Nesting is counted, not recursed into.
pub(crate) fn comment(text: &str) -> Parsed<'_, &str> {
    if !text.starts_with('(') {
        return fail(text, "a comment");
    }
    let mut depth = 0_usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
        if depth == 0 {
            let (comment, rest) = text.split_at(at + 1);
            return Ok((rest, comment));
        }
    }
    Err(nom::Err::Failure(Fault::new("", "the closing parenthesis")))
}

/// The value of a parameter: `gen-value = token / host / quoted-string`, and what else is seen.
#[inline]
pub(crate) fn gen_value(text: &str) -> Parsed<'_, &str> {
    match text.as_bytes().first() {
        Some(b'"') => quoted_string(text),
        _ => {
            let (value, rest) = text.split_at(span(text, VALUE));
            Ok((rest, value))
        }
    }
}

/// `SEMI generic-param` as nearly all write it, at `at`: without white space or quotes. Name and
/// value, and where they end.
#[inline(always)]
pub(crate) fn usual_param(text: &str, at: usize) -> Option<(&str, Option<&str>, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b';') {
        return None;
    }
    let name = at + 1;
    let name_end = end_of(bytes, name, TOKEN);
    if name_end == name {
        return None;
    }
    let (value, end) = match bytes.get(name_end) {
        None | Some(b';' | b',') => (None, name_end),
        Some(b'=') => {
            let value = name_end + 1;
            let end = end_of_many(bytes, value, VALUE);
            if end == value {
                return None;
            }
            (Some(text.get(value..end)?), end)
        }
        Some(_) => return None,
    };
    Some((text.get(name..name_end)?, value, end))
}

/// `generic-param = token [ EQUAL gen-value ]`
#[inline]
pub(crate) fn generic_param(text: &str) -> Parsed<'_, (&str, Option<&str>)> {
    let (rest, name) = token(text)?;
    // No white space is the rule in practice.
    match rest.as_bytes().first() {
        Some(b'=') => {
            let (rest, value) = gen_value(sws(rest.split_at(1).1))?;
            Ok((rest, (name, Some(value))))
        }
        Some(b';') | None => Ok((rest, (name, None))),
        Some(_) => {
            let (rest, value) = opt(preceded(equal, cut(gen_value))).parse(rest)?;
            Ok((rest, (name, value)))
        }
    }
}

/// `hostname / IPv4address / IPv6reference`, and an IPv6 address without brackets where
/// `bare_ipv6` lets it be (`received`).
#[inline]
pub(crate) fn host(text: &str) -> Parsed<'_, &str> {
    if text.starts_with('[') {
        return match memchr::memchr(b']', text.as_bytes()) {
            Some(end) => {
                let (host, rest) = text.split_at(end + 1);
                Ok((rest, host))
            }
            None => fail(text, "the closing bracket"),
        };
    }
    take(text, HOST, "a host")
}

/// `token SLASH token`, as one text with its parts: the types of bodies and products.
#[inline]
pub(crate) fn two_tokens(text: &str) -> Parsed<'_, (&str, &str)> {
    let (rest, first) = token(text)?;
    let (rest, ()) = slash(rest)?;
    let (rest, second) = cut(token).parse(rest)?;
    Ok((rest, (first, second)))
}

/// `callid = word [ "@" word ]`
#[inline]
pub(crate) fn call_id(text: &str) -> Parsed<'_, &str> {
    let bytes = text.as_bytes();
    let mut end = end_of_many(bytes, 0, WORD);
    if end == 0 {
        return fail(text, "a word");
    }
    if bytes.get(end) == Some(&b'@') {
        let host = end + 1;
        end = end_of_many(bytes, host, WORD);
        if end == host {
            return fail(text.split_at(host).1, "a word");
        }
    }
    let (id, rest) = text.split_at(end);
    Ok((rest, id))
}

/// `language-tag = primary-tag *( "-" subtag )`, with the digits that RFC 5646 has in it.
pub(crate) fn language_tag(text: &str) -> Parsed<'_, &str> {
    let subtag = |text| {
        let (rest, tag) = take(text, ALPHANUM, "a language")?;
        if tag.len() > 8 {
            fail(text, "a language")
        } else {
            Ok((rest, tag))
        }
    };
    recognize((
        subtag,
        many0_count(preceded(nom::character::complete::char('-'), subtag)),
    ))
    .parse(text)
}

/// `priv-value *(";" priv-value)` (RFC 3323 §4.2); commas are seen as well.
pub(crate) fn privacy(text: &str) -> Parsed<'_, &str> {
    let comma = separator(b',', "\";\"");
    recognize((token, many0_count(preceded(alt((semi, comma)), token)))).parse(text)
}

/// Anything at all, for fields whose text no machine reads.
pub(crate) fn anything(text: &str) -> Parsed<'_, &str> {
    Ok(("", text))
}

/// `1*` anything but white space.
pub(crate) fn not_white(text: &str) -> Parsed<'_, &str> {
    let len = text.bytes().position(|b| is(b, LWS)).unwrap_or(text.len());
    let (taken, rest) = text.split_at(len);
    if taken.is_empty() {
        fail(text, "a host or a name")
    } else {
        Ok((rest, taken))
    }
}

/// The parts of a comment or product list: `server-val *(LWS server-val)`.
pub(crate) fn server_values(text: &str) -> Parsed<'_, &str> {
    let mut rest = sws(text);
    loop {
        let value = if rest.starts_with('(') {
            comment(rest)
        } else {
            product(rest)
        };
        rest = match value {
            Ok((rest, _)) => sws(rest),
            Err(nom::Err::Error(_)) => break,
            Err(failure) => return Err(failure),
        };
    }
    let (values, rest) = text.split_at(text.len() - rest.len());
    Ok((rest, values))
}

/// `product = token [ SLASH product-version ]`
#[inline]
fn product(text: &str) -> Parsed<'_, &str> {
    let (rest, name) = token(text)?;
    match slash(rest).and_then(|(rest, ())| token(rest)) {
        Ok((rest, _)) => Ok((rest, text.split_at(text.len() - rest.len()).0)),
        Err(_) => Ok((rest, name)),
    }
}
