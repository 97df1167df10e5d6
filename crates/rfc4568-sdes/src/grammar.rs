//! The grammar of the crypto attribute. RFC 4568 §9.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::character::complete::{char, digit1, satisfy, space0, space1};
use nom::combinator::{cut, eof, map, map_opt, not, opt, peek, value, verify};
use nom::error::ErrorKind as NomKind;
use nom::multi::{many0, separated_list1};
use nom::sequence::{preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use crate::crypto::{Crypto, has_length_of, mkis_agree};
use crate::error::{ErrorKind, ParseError, Rule};
use crate::{CryptoSuite, FecOrder, InlineKey, Lifetime, Mki, SessionParam};

/// Where a rule was broken: how much of the input was left, and which rule, once one is committed.
#[derive(Debug)]
struct Fault {
    left: usize,
    rule: Option<&'static Rule>,
}

impl<'a> nom::error::ParseError<&'a str> for Fault {
    fn from_error_kind(input: &'a str, _: NomKind) -> Self {
        Fault {
            left: input.len(),
            rule: None,
        }
    }

    fn append(_: &'a str, _: NomKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, O> = IResult<&'a str, O, Fault>;

/// Commits to a parser: its failure is the breach of this rule, at the start of what it reads.
fn expect<'a, O>(
    rule: &'static Rule,
    mut parser: impl Parser<&'a str, Output = O, Error = Fault>,
) -> impl FnMut(&'a str) -> Parsed<'a, O> {
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

/// `tag 1*WSP crypto-suite 1*WSP key-params *(1*WSP session-param)`; blanks at the end are let pass.
pub(crate) fn crypto(value: &str) -> Result<Crypto, ParseError> {
    match terminated(attribute, expect(&END, (space0, eof))).parse(value) {
        Ok((_, crypto)) => Ok(crypto),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(ParseError {
            offset: value.len() - fault.left,
            rule: fault.rule.unwrap_or(&END),
        }),
        Err(nom::Err::Incomplete(_)) => Err(ParseError {
            offset: value.len(),
            rule: &END,
        }),
    }
}

fn attribute(input: &str) -> Parsed<'_, Crypto> {
    let (input, tag) = expect(&TAG, tag).parse(input)?;
    let (input, _) = expect(&TAG, space1).parse(input)?;
    let (input, suite) = expect(&SUITE, map_opt(word, CryptoSuite::new)).parse(input)?;
    let (input, _) = expect(&SUITE, space1).parse(input)?;
    let (input, keys) = key_params(&suite, input)?;
    let (input, session_params) =
        many0(preceded(space1, |input| session_param(&suite, input))).parse(input)?;
    Ok((
        input,
        Crypto {
            tag,
            suite,
            keys,
            session_params,
        },
    ))
}

/// `1*9DIGIT`, without leading zeroes (§4.1).
fn tag(input: &str) -> Parsed<'_, u32> {
    map_opt(verify(number, |digits: &str| digits.len() <= 9), |digits| {
        digits.parse().ok()
    })
    .parse(input)
}

/// `1*DIGIT`, without leading zeroes.
fn number(input: &str) -> Parsed<'_, &str> {
    verify(digit1, |digits: &str| {
        digits == "0" || !digits.starts_with('0')
    })
    .parse(input)
}

/// `1*(ALPHA / DIGIT / "_")`.
fn word(input: &str) -> Parsed<'_, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_').parse(input)
}

/// `key-param *(";" key-param)`. All have the length of the suite, and several have MKIs of one
/// length (§6.1). Blanks behind a semicolon, as in the RFC's own example, are let pass.
fn key_params<'a>(suite: &CryptoSuite, input: &'a str) -> Parsed<'a, Vec<InlineKey>> {
    let list = separated_list1(terminated(char(';'), space0), |input| {
        key_param(suite, input)
    });
    expect(
        &MKIS,
        verify(list, |keys: &Vec<InlineKey>| mkis_agree(keys)),
    )
    .parse(input)
}

/// `"inline:" key-salt ["|" lifetime] ["|" mki]`.
fn key_param<'a>(suite: &CryptoSuite, input: &'a str) -> Parsed<'a, InlineKey> {
    let (input, _) = expect(&METHOD, tag_no_case("inline:")).parse(input)?;
    let base64 = take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
    let start = input;
    let (input, mut key) = expect(&KEY, map_opt(base64, InlineKey::from_base64)).parse(input)?;
    if !has_length_of(suite, &key) {
        return Err(nom::Err::Failure(Fault {
            left: start.len(),
            rule: Some(&KEY_LENGTH),
        }));
    }
    // The MKI alone may follow; only it has a colon.
    let (input, mki_alone) = opt(peek((char('|'), digit1, char(':')))).parse(input)?;
    let (input, lifetime) = match mki_alone {
        Some(_) => (input, None),
        None => opt(preceded(char('|'), expect(&LIFETIME, lifetime))).parse(input)?,
    };
    let (input, mki) = opt(preceded(char('|'), expect(&MKI, mki))).parse(input)?;
    key.lifetime = lifetime;
    key.mki = mki;
    Ok((input, key))
}

/// `["2^"] 1*DIGIT`, from 1 to 2^48.
fn lifetime(input: &str) -> Parsed<'_, Lifetime> {
    let exponent = map_opt(number, |digits| 1_u64.checked_shl(digits.parse().ok()?));
    let power = preceded(tag_no_case("2^"), cut(exponent));
    let count = map_opt(number, |digits| digits.parse().ok());
    map_opt(alt((power, count)), Lifetime::new).parse(input)
}

/// `mki-value ":" mki-length`: a positive number that fits into 1 to 128 bytes.
fn mki(input: &str) -> Parsed<'_, Mki> {
    let parts = separated_pair(number, char(':'), map_opt(number, |len| len.parse().ok()));
    map_opt(parts, |(digits, len)| Mki::from_decimal(digits, len)).parse(input)
}

/// `srtp-session-param`, of which the known ones have the values that §6.3 allows.
fn session_param<'a>(suite: &CryptoSuite, input: &'a str) -> Parsed<'a, SessionParam> {
    let kdr = preceded(tag_no_case("KDR="), expect(&KDR, terminated(kdr, ended)));
    let fec_order = preceded(
        tag_no_case("FEC_ORDER="),
        expect(&FEC_ORDER, terminated(fec_order, ended)),
    );
    let fec_key = preceded(tag_no_case("FEC_KEY="), |input| key_params(suite, input));
    let window = preceded(
        tag_no_case("WSH="),
        expect(&WINDOW, terminated(window, ended)),
    );
    alt((
        map(kdr, SessionParam::Kdr),
        map(fec_order, SessionParam::FecOrder),
        map(fec_key, SessionParam::FecKey),
        map(window, SessionParam::WindowSizeHint),
        map(word_param("UNENCRYPTED_SRTP"), |()| {
            SessionParam::UnencryptedSrtp
        }),
        map(word_param("UNENCRYPTED_SRTCP"), |()| {
            SessionParam::UnencryptedSrtcp
        }),
        map(word_param("UNAUTHENTICATED_SRTP"), |()| {
            SessionParam::UnauthenticatedSrtp
        }),
        map(take_while1(is_graphic), |text: &str| {
            SessionParam::Other(text.to_owned())
        }),
    ))
    .parse(input)
}

/// A parameter without a value.
fn word_param<'a>(name: &'static str) -> impl Parser<&'a str, Output = (), Error = Fault> {
    map(terminated(tag_no_case(name), ended), |_| ())
}

/// `1*2DIGIT`, 1 to 24 (§6.3.1).
fn kdr(input: &str) -> Parsed<'_, u8> {
    let power = map_opt(number, |digits| digits.parse().ok());
    verify(power, |power| (1..=24).contains(power)).parse(input)
}

/// `fec-type`.
fn fec_order(input: &str) -> Parsed<'_, FecOrder> {
    let fec_srtp = value(FecOrder::FecSrtp, tag_no_case("FEC_SRTP"));
    let srtp_fec = value(FecOrder::SrtpFec, tag_no_case("SRTP_FEC"));
    alt((fec_srtp, srtp_fec)).parse(input)
}

/// `2*DIGIT`, at least 64 (§6.3.6).
fn window(input: &str) -> Parsed<'_, u64> {
    let size = map_opt(number, |digits| digits.parse().ok());
    verify(size, |size| *size >= 64).parse(input)
}

/// The end of a session parameter, not consumed.
fn ended(input: &str) -> Parsed<'_, ()> {
    peek(not(satisfy(is_graphic))).parse(input)
}

fn is_graphic(c: char) -> bool {
    c.is_ascii_graphic()
}

macro_rules! rules {
    ($($name:ident: $kind:ident, $field:literal, $expected:literal, $section:literal;)*) => {$(
        static $name: Rule = Rule {
            kind: ErrorKind::$kind,
            field: $field,
            expected: $expected,
            section: concat!("RFC 4568 §", $section),
        };
    )*};
}

rules! {
    TAG: Syntax, "tag", "1 to 9 digits without leading zeroes", "4.1";
    SUITE: Syntax, "crypto-suite", "letters, digits and underscores", "9.1";
    METHOD: Syntax, "key method", "inline:", "6.1";
    KEY: Syntax, "key", "base64", "6.1";
    KEY_LENGTH: KeyLength, "key", "as many bytes as the crypto-suite has", "6.1";
    MKIS: Combination, "keys", "an MKI of the same length in each", "6.1";
    LIFETIME: Value, "lifetime", "1 to 2^48 packets", "6.1";
    MKI: Value, "MKI", "a positive number and its length of 1 to 128 bytes", "6.1";
    KDR: Value, "KDR", "1 to 24", "6.3.1";
    FEC_ORDER: Value, "FEC_ORDER", "FEC_SRTP or SRTP_FEC", "6.3.4";
    WINDOW: Value, "WSH", "at least 64", "6.3.6";
    END: Syntax, "session parameter", "printable characters", "9.1";
}
