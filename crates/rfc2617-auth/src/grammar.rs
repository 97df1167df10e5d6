//! The grammar of challenges and credentials. RFC 2617 §1.2; RFC 7616 §3.3 to §3.5.
//!
//! ```text
//! list        = *( "," LWS ) scheme *( "," [ scheme ] )
//! scheme      = token [ 1*LWS ( token68 / param *( "," param ) ) ]
//! param       = token "=" ( quoted-string / token )
//! token68     = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
//! ```
//!
//! Read more leniently: blanks (and folds) around commas and equals signs, empty elements, a
//! missing comma between two parameters, and without quotation marks any value that has neither
//! blank, comma nor quotation mark. `qop=auth,auth-int` without its quotation marks is one value.

use alloc::vec::Vec;

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while_m_n, take_while1};
use nom::combinator::{consumed, eof, map, opt, peek, recognize, value};
use nom::multi::{many0_count, many1_count};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::error::{ParseError, Rule};
use crate::scheme::{AuthParam, Form, Scheme};

/// Where a rule was broken: how much of the input was left, and which rule, once one is committed.
#[derive(Debug)]
struct Fault {
    left: usize,
    rule: Option<&'static Rule>,
}

impl<'a> nom::error::ParseError<&'a [u8]> for Fault {
    fn from_error_kind(input: &'a [u8], _: nom::error::ErrorKind) -> Self {
        Fault {
            left: input.len(),
            rule: None,
        }
    }

    fn append(_: &'a [u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, O> = IResult<&'a [u8], O, Fault>;

/// Commits to a parser: its failure is the breach of this rule, at the start of what it reads.
fn expect<'a, O>(
    rule: &'static Rule,
    mut parser: impl Parser<&'a [u8], Output = O, Error = Fault>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, O> {
    move |input| {
        parser.parse(input).map_err(|error| match error {
            nom::Err::Failure(fault) if fault.rule.is_some() => nom::Err::Failure(fault),
            _ => nom::Err::Failure(Fault {
                left: input.len(),
                rule: Some(rule),
            }),
        })
    }
}

/// Runs a parser over a whole header value.
fn whole<'a, O>(
    header: &'a [u8],
    parser: impl Parser<&'a [u8], Output = O, Error = Fault>,
) -> Result<O, ParseError> {
    match terminated(parser, expect(&END, eof)).parse(header) {
        Ok((_, output)) => Ok(output),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(ParseError {
            offset: header.len() - fault.left,
            rule: fault.rule.unwrap_or(&END),
        }),
        Err(nom::Err::Incomplete(_)) => Err(ParseError {
            offset: header.len(),
            rule: &END,
        }),
    }
}

/// All schemes of a header value, with their parameters.
pub(crate) fn schemes(header: &[u8]) -> Result<Vec<Scheme<'_>>, ParseError> {
    whole(header, |input| {
        let (mut rest, _) = separators(input)?;
        let mut schemes = Vec::new();
        while !rest.is_empty() {
            let (after, scheme) = expect(&SCHEME, scheme).parse(rest)?;
            schemes.push(scheme);
            // What follows is a comma or the end.
            let (after, _) = lws(after)?;
            let (after, _) = expect(&END, peek(alt((tag(","), eof)))).parse(after)?;
            (rest, _) = separators(after)?;
        }
        Ok((rest, schemes))
    })
}

/// The parameters of a value that has no scheme (Authentication-Info).
pub(crate) fn parameters(header: &[u8]) -> Result<Vec<AuthParam<'_>>, ParseError> {
    whole(header, delimited(separators, params, separators))
}

/// A scheme, alone or with one `token68` or with parameters.
fn scheme(input: &[u8]) -> Parsed<'_, Scheme<'_>> {
    map(
        consumed((token, opt(preceded(lws1, alt((alone, with_params)))))),
        |(raw, (name, body))| {
            let (token68, params) = body.unwrap_or_default();
            Scheme {
                name,
                token68,
                params,
                raw,
            }
        },
    )
    .parse(input)
}

type Body<'a> = (Option<&'a str>, Vec<AuthParam<'a>>);

/// `token68`, with nothing behind it.
fn alone(input: &[u8]) -> Parsed<'_, Body<'_>> {
    let is_token68 = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b);
    let token68 = recognize((take_while1(is_token68), take_while(|b| b == b'=')));
    let ended = peek((lws, alt((tag(","), eof))));
    map(terminated(token68, ended), |text| {
        (Some(ascii(text)), Vec::new())
    })
    .parse(input)
}

fn with_params(input: &[u8]) -> Parsed<'_, Body<'_>> {
    // A comma may stand before the first.
    map(preceded(separators, params1), |params| (None, params)).parse(input)
}

fn params(input: &[u8]) -> Parsed<'_, Vec<AuthParam<'_>>> {
    map(opt(params1), Option::unwrap_or_default).parse(input)
}

/// One parameter or more. The separator behind the last is left.
fn params1(input: &[u8]) -> Parsed<'_, Vec<AuthParam<'_>>> {
    let (mut rest, first) = param(input)?;
    let mut params = Vec::with_capacity(12);
    params.push(first);
    loop {
        match preceded(separators, param).parse(rest) {
            Ok((after, param)) => {
                params.push(param);
                rest = after;
            }
            Err(nom::Err::Error(_)) => return Ok((rest, params)),
            Err(failure) => return Err(failure),
        }
    }
}

/// `token BWS "=" BWS ( quoted-string / token )`, of which the equals sign commits.
fn param(input: &[u8]) -> Parsed<'_, AuthParam<'_>> {
    let (input, name) = terminated(token, (lws, tag("="), lws)).parse(input)?;
    if input.first() == Some(&b'"') {
        let (input, (value, form)) = expect(&QUOTED, quoted).parse(input)?;
        return Ok((input, AuthParam { name, value, form }));
    }
    let (input, value) = if name.eq_ignore_ascii_case("qop") {
        recognize((unquoted, many0_count(another_qop))).parse(input)?
    } else {
        unquoted(input)?
    };
    let form = Form::Token;
    Ok((input, AuthParam { name, value, form }))
}

/// What stands between quotation marks, with its quoted pairs: blanks and folds, and everything
/// but other control characters.
fn quoted(input: &[u8]) -> Parsed<'_, (&[u8], Form)> {
    let plain = map(take_while(|b| is(b, PLAIN)), |text| (text, Form::Quoted));
    let text = take_while1(|b| b != b'"' && b != b'\\' && is_text(b));
    let pair = (tag("\\"), take_while_m_n(1, 1, is_text));
    let content = recognize(many0_count(alt((value((), text), value((), pair)))));
    let escaped = map(content, |text| (text, Form::Escaped));
    alt((
        delimited(tag("\""), plain, tag("\"")),
        delimited(tag("\""), escaped, tag("\"")),
    ))
    .parse(input)
}

/// A value without quotation marks; it may be empty.
fn unquoted(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|b| b > b' ' && b != 0x7f && b != b',' && b != b'"').parse(input)
}

/// A further option of a `qop` that lacks its quotation marks.
fn another_qop(input: &[u8]) -> Parsed<'_, ()> {
    let name = alt((tag_no_case("auth-int"), tag_no_case("auth")));
    let ended = peek((lws, alt((tag(","), eof))));
    value((), (lws, tag(","), lws, name, ended)).parse(input)
}

/// Commas and blanks.
fn separators(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|b| b == b',' || is_blank(b)).parse(input)
}

fn lws(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(is_blank).parse(input)
}

fn lws1(input: &[u8]) -> Parsed<'_, usize> {
    many1_count(take_while1(is_blank)).parse(input)
}

/// `1*tchar`.
fn token(input: &[u8]) -> Parsed<'_, &str> {
    map(take_while1(|b| is(b, TCHAR)), ascii).parse(input)
}

/// `tchar`.
const TCHAR: u8 = 1;
/// What needs nothing undone between quotation marks: text but quotation marks, backslashes and
/// line ends.
const PLAIN: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut b = 0;
    while b < classes.len() {
        let byte = b as u8;
        if byte == b'\t' || (byte >= b' ' && byte != 0x7f && byte != b'"' && byte != b'\\') {
            classes[b] |= PLAIN;
        }
        if byte.is_ascii_alphanumeric() {
            classes[b] |= TCHAR;
        }
        b += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut i = 0;
    while i < others.len() {
        classes[others[i] as usize] |= TCHAR;
        i += 1;
    }
    classes
};

fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_text(b: u8) -> bool {
    (b >= b' ' && b != 0x7f) || is_blank(b)
}

/// What was taken as ASCII.
fn ascii(text: &[u8]) -> &str {
    core::str::from_utf8(text).unwrap_or_default()
}

macro_rules! rules {
    ($($name:ident: $field:literal, $expected:literal, $section:literal;)*) => {$(
        static $name: Rule = Rule { field: $field, expected: $expected, section: $section };
    )*};
}

rules! {
    SCHEME: "auth-scheme", "a token", "RFC 2617 §1.2";
    QUOTED: "auth-param", "a quoted string with its end, without control characters", "RFC 2617 §1.2";
    END: "auth-param", "a comma or the end", "RFC 2617 §1.2";
}
