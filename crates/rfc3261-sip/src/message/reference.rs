//! The structure of a message as nom parsers (RFC 3261 §7, §25.1): what the index is compared with.

use alloc::vec::Vec;

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_till, take_till1, take_while_m_n, take_while1},
    character::complete::char,
    combinator::{not, peek, recognize, rest},
    multi::{many0, many1_count},
    sequence::{delimited, preceded, terminated},
};

use super::{Parser as Messages, StartLine};
use crate::{HeaderName, Method, StatusCode, grammar};

type Parsed<'a, T> = IResult<&'a [u8], T>;

/// Name and value of a header field; `None` where a line is none.
type Field<'a> = Option<(&'a [u8], &'a [u8])>;

/// `SIP-message = ( Request-Line / Status-Line ) *( message-header ) CRLF [ message-body ]`
fn message(input: &[u8]) -> Parsed<'_, (StartLine<'_>, Vec<Field<'_>>, &[u8])> {
    let fields = many0(preceded(not(line_end), field));
    let start_line = alt((status_line, request_line));
    (start_line, terminated(fields, line_end), rest).parse(input)
}

/// `Request-Line = Method SP Request-URI SP SIP-Version CRLF`
fn request_line(input: &[u8]) -> Parsed<'_, StartLine<'_>> {
    let method = take_while1(|b| grammar::is_token(&[b]));
    let uri = take_till1(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
    let (input, (method, _, uri)) =
        terminated((method, char(' '), uri), (tag(" SIP/2.0"), line_end)).parse(input)?;
    let method = Method::unchecked(core::str::from_utf8(method).unwrap());
    Ok((input, StartLine::Request { method, uri }))
}

/// `Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF`
fn status_line(input: &[u8]) -> Parsed<'_, StartLine<'_>> {
    let code = take_while_m_n(3, 3, |b: u8| b.is_ascii_digit());
    let code = delimited(tag("SIP/2.0 "), code, char(' '));
    let reason = take_till(|b| b == b'\r' || b == b'\n');
    let (input, (code, reason)) = (code, terminated(reason, line_end)).parse(input)?;
    let code = core::str::from_utf8(code).unwrap().parse().unwrap();
    let code = StatusCode::new(code);
    Ok((input, StartLine::Status { code, reason }))
}

/// `message-header CRLF`, with folding: `HCOLON = *( SP / HTAB ) ":" SWS`.
fn field(input: &[u8]) -> Parsed<'_, Field<'_>> {
    let line = || (take_till(|b| b == b'\n'), char('\n'));
    let mut folded = recognize((line(), many0(preceded(peek(wsp), line()))));
    let (input, field) = folded.parse(input)?;
    let name = take_till1(|b| b == b':' || b == b'\n');
    let parts: Parsed<'_, _> = (terminated(name, char(':')), rest).parse(field);
    let field = parts.ok().and_then(|(_, (name, value))| {
        let blanks = name.iter().rev().take_while(|&&b| grammar::is_wsp(b));
        let name = &name[..name.len() - blanks.count()];
        let value = grammar::trim_end(grammar::trim_start(value));
        (!name.is_empty()).then_some((name, value))
    });
    Ok((input, field))
}

/// `WSP = SP / HTAB`
fn wsp(input: &[u8]) -> Parsed<'_, &[u8]> {
    recognize(many1_count(alt((char(' '), char('\t'))))).parse(input)
}

/// `CRLF`, and a line feed alone.
fn line_end(input: &[u8]) -> Parsed<'_, &[u8]> {
    alt((tag("\r\n"), tag("\n"))).parse(input)
}

mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start_line() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            Just("INVITE sip:bob@192.0.2.4 SIP/2.0\r\n"),
            Just("x tel:+1 SIP/2.0\n"),
            Just("SIP/2.0 200 OK\r\n"),
            Just("SIP/2.0 486 \r\n"),
            Just("SIP/2.0 180 Klingelt schön\n"),
        ]
    }

    fn line() -> impl Strategy<Value = alloc::string::String> {
        let known = prop::sample::select(HeaderName::ALL).prop_map(HeaderName::as_str);
        prop_oneof![
            4 => (known, "[!-~]([ -~]{0,80}[!-~])?").prop_map(|(name, value)| {
                alloc::format!("{name}: {value}\r\n")
            }),
            2 => "[vVfti][ \t]{0,2}:[ \t]{0,2}[a-z;]{0,9}[ \t]{0,2}\r?\n",
            2 => "[A-Za-z-]{1,30}: ?[a-z]{0,9}\r\n[ \t]{1,3}[a-zé]{0,70}\r\n",
            1 => "[: \t\r\nVia\u{0}é]{0,12}\r\n",
        ]
    }

    proptest! {
        #[test]
        fn the_index_is_what_the_grammar_says(
            start in start_line(),
            lines in prop::collection::vec(line(), 0..12),
            body in "[a-z\r\n:]{0,30}",
        ) {
            let text = [start, &lines.concat(), "\r\n", &body].concat();
            let (_, (start, fields, body)) = message(text.as_bytes()).unwrap();
            let mut parser = Messages::new();
            let parsed = parser.parse(text.as_bytes()).unwrap();
            prop_assert_eq!(parsed.start_line(), start);
            let head = text.len() - body.len();
            prop_assert_eq!(parsed.body_offset(), head);
            let found: Vec<_> = parsed.fields().map(|f| (f.name(), f.value())).collect();
            let listed: Vec<_> = fields.into_iter().flatten().collect();
            prop_assert_eq!(found, listed);
            for field in parsed.fields() {
                prop_assert_eq!(field.known(), HeaderName::parse(field.name()));
                prop_assert_eq!(&text.as_bytes()[field.value_span()], field.value());
            }
            for &name in HeaderName::ALL {
                let first = parsed.fields().find(|field| field.known() == Some(name));
                prop_assert_eq!(parsed.first(name), first);
            }
        }
    }
}
