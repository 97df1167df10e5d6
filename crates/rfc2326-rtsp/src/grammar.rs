//! The basic rules (RFC 2326 §15.1), as parsers over header values.
//!
//! ```abnf
//! token         = 1*<any CHAR except CTLs or tspecials>
//! quoted-string = <"> *(qdtext) <">
//! LWS           = [CRLF] 1*( SP | HT )
//! 1#element     = *LWS element *( *LWS "," *LWS element )
//! parameter     = ";" name [ "=" value ]
//! ```
//!
//! White space is let through around `,`, `;` and `=`, as RFC 2068 §2.1 has it.

use nom::branch::alt;
use nom::bytes::complete::{take_till, take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::{cut, map_res, opt, recognize};
use nom::error::{ErrorKind as NomKind, FromExternalError, ParseError as NomError};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Input, Parser};

use crate::error::Rule;
use crate::{ErrorKind, ParseError};

/// Where and why a rule failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure<'a> {
    rest: &'a str,
    kind: ErrorKind,
    expected: Option<&'static str>,
}

pub(crate) type Parsed<'a, T> = IResult<&'a str, T, Failure<'a>>;

impl<'a> NomError<&'a str> for Failure<'a> {
    fn from_error_kind(rest: &'a str, _: NomKind) -> Self {
        Self {
            rest,
            kind: ErrorKind::Syntax,
            expected: None,
        }
    }

    fn append(_: &'a str, _: NomKind, first: Self) -> Self {
        first
    }
}

impl<'a> FromExternalError<&'a str, ErrorKind> for Failure<'a> {
    fn from_external_error(rest: &'a str, _: NomKind, kind: ErrorKind) -> Self {
        Self {
            rest,
            kind,
            expected: None,
        }
    }
}

/// Names what a rule expects, for the error if it fails and nothing inside named it.
pub(crate) fn expected<'a, T>(
    what: &'static str,
    mut parser: impl Parser<&'a str, Output = T, Error = Failure<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Failure<'a>> {
    move |input| {
        let name = |failure: Failure<'a>| Failure {
            expected: failure.expected.or(Some(what)),
            ..failure
        };
        parser.parse(input).map_err(|error| error.map(name))
    }
}

/// Runs a rule over the start of a value; the offset of an error counts from its first byte.
pub(crate) fn run<'a, T>(
    value: &'a str,
    rule: &'static Rule,
    mut parser: impl Parser<&'a str, Output = T, Error = Failure<'a>>,
) -> Result<(T, &'a str), ParseError> {
    match parser.parse(value) {
        Ok((rest, parsed)) => Ok((parsed, rest)),
        Err(nom::Err::Error(failure) | nom::Err::Failure(failure)) => {
            let offset = value.len() - failure.rest.len();
            let expected = failure.expected.unwrap_or("a value");
            Err(ParseError::new(failure.kind, offset, expected, rule))
        }
        Err(nom::Err::Incomplete(_)) => Err(ParseError::new(
            ErrorKind::Syntax,
            value.len(),
            "a value",
            rule,
        )),
    }
}

/// A text, if it is UTF-8.
pub(crate) fn text<'a>(value: &'a [u8], rule: &'static Rule) -> Result<&'a str, ParseError> {
    core::str::from_utf8(value)
        .map_err(|error| ParseError::new(ErrorKind::NotUtf8, error.valid_up_to(), "UTF-8", rule))
}

/// `*LWS`, folding included.
pub(crate) fn lws(input: &str) -> Parsed<'_, &str> {
    take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n')).parse(input)
}

/// A character with white space around it.
pub(crate) fn symbol<'a>(c: char) -> impl Parser<&'a str, Output = char, Error = Failure<'a>> {
    delimited(lws, char(c), lws)
}

/// `token`
pub(crate) fn token(input: &str) -> Parsed<'_, &str> {
    take_while1(|c: char| u8::try_from(c).is_ok_and(is_token_byte)).parse(input)
}

/// `1*DIGIT` as a number; too large a one is out of range.
pub(crate) fn number<N: core::str::FromStr>(input: &str) -> Parsed<'_, N> {
    map_res(digits, |digits: &str| {
        digits.parse().map_err(|_| ErrorKind::Range)
    })
    .parse(input)
}

/// `1*DIGIT`
pub(crate) fn digits(input: &str) -> Parsed<'_, &str> {
    take_while1(|c: char| c.is_ascii_digit()).parse(input)
}

/// `1*DIGIT [ "." *DIGIT ]`
pub(crate) fn decimal(input: &str) -> Parsed<'_, &str> {
    let fraction = (char('.'), take_while(|c: char| c.is_ascii_digit()));
    recognize((digits, opt(fraction))).parse(input)
}

/// What is inside a quoted string; a backslash keeps the quote behind it from ending it.
pub(crate) fn quoted(input: &str) -> Parsed<'_, &str> {
    delimited(char('"'), quoted_text, cut(char('"'))).parse(input)
}

fn quoted_text(input: &str) -> Parsed<'_, &str> {
    let mut escaped = false;
    let end = input.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    Ok(input.take_split(end.unwrap_or(input.len())))
}

/// A parameter as it stands: its name, and its value, without quotes, if there is a `=`.
///
/// A value reaches to the next `;` or `,`; no name at all is an empty parameter.
pub(crate) fn parameter(input: &str) -> Parsed<'_, (&str, Option<&str>)> {
    let name = take_till(|c| matches!(c, '=' | ';' | ','));
    let bare = take_till(|c| matches!(c, ';' | ','));
    let value = alt((terminated(quoted, lws), bare.map(str::trim_ascii_end)));
    (
        name.map(str::trim_ascii),
        opt(preceded((char('='), lws), value)),
    )
        .parse(input)
}

/// Whether bytes are a `token`.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

static TOKEN: [bool; 256] = token_table();

const fn token_table() -> [bool; 256] {
    let tspecials = b"()<>@,;:\\\"/[]?={} \t";
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte < 0x7f {
        table[byte as usize] = true;
        byte += 1;
    }
    let mut i = 0;
    while i < tspecials.len() {
        table[tspecials[i] as usize] = false;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_the_grammar_says() {
        let specials = b"()<>@,;:\\\"/[]?={} \t";
        for byte in 0..=255_u8 {
            let allowed = byte.is_ascii() && !byte.is_ascii_control() && !specials.contains(&byte);
            assert_eq!(is_token(&[byte]), allowed, "{byte:#x}");
        }
        assert!(!is_token(b""));
    }

    #[test]
    fn quoted_strings_end_at_the_first_bare_quote() {
        assert_eq!(quoted(r#""a;,b" c"#).unwrap(), (" c", "a;,b"));
        assert_eq!(quoted(r#""a\"b""#).unwrap(), ("", r#"a\"b"#));
        assert_eq!(quoted(r#""a\\""#).unwrap(), ("", r"a\\"));
        assert!(quoted(r#""open"#).is_err());
    }

    #[test]
    fn parameters_may_lack_a_value_or_a_name() {
        assert_eq!(parameter("unicast;x").unwrap(), (";x", ("unicast", None)));
        assert_eq!(parameter("a = b ,c").unwrap(), (",c", ("a", Some("b"))));
        assert_eq!(parameter("timeout=").unwrap(), ("", ("timeout", Some(""))));
        assert_eq!(
            parameter(r#"mode="A,B";c"#).unwrap(),
            (";c", ("mode", Some("A,B")))
        );
        assert_eq!(parameter(";x").unwrap(), (";x", ("", None)));
    }
}
