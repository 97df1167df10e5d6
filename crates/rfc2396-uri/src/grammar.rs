//! The ABNF as nom parsers: the reference that the parsers of the crate are compared with, which
//! find the same with tables (RFC 3261 §25.1, RFC 3966 §3, RFC 3986 Appendix A).
//!
//! Each rule carries its ABNF. The addresses of RFC 3261 are those of RFC 3986, as RFC 5954 §4
//! wants. A recogniser returns what it has consumed.

use core::net::{Ipv4Addr, Ipv6Addr};

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, digit0, digit1, one_of, satisfy};
use nom::combinator::{all_consuming, opt, recognize, verify};
use nom::multi::{fold_many0, fold_many1};
use nom::{IResult, Parser};

type Recognised<'a> = IResult<&'a str, &'a str>;

/// Whether `text` is a `SIP-URI` or `SIPS-URI`.
///
/// `("sip:" / "sips:") [ userinfo ] hostport uri-parameters [ headers ]`
pub(crate) fn is_sip_uri(text: &str) -> bool {
    let scheme = alt((tag_no_case("sip:"), tag_no_case("sips:")));
    all_consuming(recognize((
        scheme,
        opt(userinfo),
        hostport,
        uri_parameters,
        opt(headers),
    )))
    .parse(text)
    .is_ok_and(|(_, all)| all == text)
}

/// `( user / telephone-subscriber ) [ ":" password ] "@"`; the first is a superset of the second
/// once what it cannot hold is escaped.
fn userinfo(text: &str) -> Recognised<'_> {
    let user = many1(one_of_or_escaped("&=+$,;?/", true));
    let password = many0(one_of_or_escaped("&=+$,", true));
    recognize((user, opt((char(':'), password)), char('@'))).parse(text)
}

/// `host [ ":" port ]`
fn hostport(text: &str) -> Recognised<'_> {
    recognize((host, opt((char(':'), port)))).parse(text)
}

/// `1*DIGIT`, of which only 16 bits are a port.
fn port(text: &str) -> Recognised<'_> {
    verify(digit1, |digits: &str| digits.parse::<u16>().is_ok()).parse(text)
}

/// `hostname / IPv4address / IPv6reference`
fn host(text: &str) -> Recognised<'_> {
    alt((ip_v6_reference, ip_v4_address, hostname)).parse(text)
}

/// `"[" IPv6address "]"`
fn ip_v6_reference(text: &str) -> Recognised<'_> {
    let address = take_while1(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '.');
    let address = verify(address, |text: &str| text.parse::<Ipv6Addr>().is_ok());
    recognize((char('['), address, char(']'))).parse(text)
}

/// `dec-octet "." dec-octet "." dec-octet "." dec-octet`
fn ip_v4_address(text: &str) -> Recognised<'_> {
    verify(host_characters, |text: &str| {
        text.parse::<Ipv4Addr>().is_ok()
    })
    .parse(text)
}

/// `*( domainlabel "." ) toplabel [ "." ]`, where
/// `domainlabel = alphanum / alphanum *( alphanum / "-" ) alphanum` and
/// `toplabel = ALPHA / ALPHA *( alphanum / "-" ) alphanum`
fn hostname(text: &str) -> Recognised<'_> {
    verify(host_characters, |name: &str| {
        let name = name.strip_suffix('.').unwrap_or(name);
        let top = name.rsplit('.').next().unwrap_or_default();
        name.split('.')
            .all(|label| all_consuming(domain_label).parse(label).is_ok())
            && top.starts_with(|c: char| c.is_ascii_alphabetic())
    })
    .parse(text)
}

fn host_characters(text: &str) -> Recognised<'_> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.').parse(text)
}

/// `alphanum / alphanum *( alphanum / "-" ) alphanum`
fn domain_label(text: &str) -> Recognised<'_> {
    verify(
        take_while1(|c: char| c.is_ascii_alphanumeric() || c == '-'),
        |label: &str| !label.starts_with('-') && !label.ends_with('-'),
    )
    .parse(text)
}

/// `*( ";" pname [ "=" pvalue ] )`, which contains all parameters that have rules of their own.
fn uri_parameters(text: &str) -> Recognised<'_> {
    let parameter = (char(';'), paramchars, opt((char('='), paramchars)));
    recognize(fold_many0(parameter, || (), |(), _| ())).parse(text)
}

/// `1*( param-unreserved / unreserved / escaped )`
fn paramchars(text: &str) -> Recognised<'_> {
    many1(one_of_or_escaped("[]/:&+$", true)).parse(text)
}

/// `"?" header *( "&" header )` where `header = hname "=" hvalue`
fn headers(text: &str) -> Recognised<'_> {
    let name = || many1(one_of_or_escaped("[]/?:+$", true));
    let value = || many0(one_of_or_escaped("[]/?:+$", true));
    let header = (name(), char('='), value());
    let more = fold_many0((char('&'), name(), char('='), value()), || (), |(), _| ());
    recognize((char('?'), header, more)).parse(text)
}

/// Whether `text` is a `telephone-uri`, in the order that the prose of RFC 3966 §3 wants apart.
///
/// `"tel:" ( global-number-digits *par / local-number-digits *par context *par )`
pub(crate) fn is_telephone_uri(text: &str) -> bool {
    let global = recognize((global_number_digits, fold_many0(par, || false, |_, _| true)));
    let local = (
        local_number_digits,
        fold_many0(par, || false, |seen, context| seen || context),
    );
    let local = recognize(verify(local, |(_, context)| *context));
    all_consuming((tag_no_case("tel:"), alt((global, local))))
        .parse(text)
        .is_ok()
}

/// `"+" *phonedigit DIGIT *phonedigit`
fn global_number_digits(text: &str) -> Recognised<'_> {
    let digits = take_while1(|c: char| c.is_ascii_digit() || "-.()".contains(c));
    let digits = verify(digits, |text: &str| {
        text.contains(|c: char| c.is_ascii_digit())
    });
    recognize((char('+'), digits)).parse(text)
}

/// `*phonedigit-hex ( HEXDIG / "*" / "#" ) *phonedigit-hex`
fn local_number_digits(text: &str) -> Recognised<'_> {
    let is_digit = |c: char| c.is_ascii_hexdigit() || "*#".contains(c);
    verify(
        take_while1(move |c| is_digit(c) || "-.()".contains(c)),
        move |text: &str| text.contains(is_digit),
    )
    .parse(text)
}

/// `parameter / extension / isdn-subaddress / context`; true for a context.
fn par(text: &str) -> IResult<&str, bool> {
    let name = take_while1(|c: char| c.is_ascii_alphanumeric() || c == '-');
    let (rest, (_, name)) = (char(';'), name).parse(text)?;
    let value = |value| (char('='), value);
    if name.eq_ignore_ascii_case("isub") {
        value(paramchars as fn(&str) -> Recognised<'_>)
            .parse(rest)
            .map(|(rest, _)| (rest, false))
    } else if name.eq_ignore_ascii_case("ext") {
        value(phone_digits as _)
            .parse(rest)
            .map(|(rest, _)| (rest, false))
    } else if name.eq_ignore_ascii_case("phone-context") {
        value(descriptor as _)
            .parse(rest)
            .map(|(rest, _)| (rest, true))
    } else {
        opt(value(paramchars as _))
            .parse(rest)
            .map(|(rest, _)| (rest, false))
    }
}

/// `1*phonedigit`
fn phone_digits(text: &str) -> Recognised<'_> {
    take_while1(|c: char| c.is_ascii_digit() || "-.()".contains(c)).parse(text)
}

/// `domainname / global-number-digits`
fn descriptor(text: &str) -> Recognised<'_> {
    alt((global_number_digits, hostname)).parse(text)
}

/// Whether `text` is a `URI-reference`: `URI / relative-ref`.
pub(crate) fn is_uri_reference(text: &str) -> bool {
    let uri = recognize((scheme, char(':'), hier_part, opt(query), opt(fragment)));
    let relative = recognize((relative_part, opt(query), opt(fragment)));
    all_consuming(uri).parse(text).is_ok() || all_consuming(relative).parse(text).is_ok()
}

/// `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )`
fn scheme(text: &str) -> Recognised<'_> {
    let rest = take_while(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
    recognize((satisfy(|c| c.is_ascii_alphabetic()), rest)).parse(text)
}

/// `"//" authority path-abempty / path-absolute / path-rootless / path-empty`
fn hier_part(text: &str) -> Recognised<'_> {
    let rootless = recognize((many1(pchar("")), path_abempty));
    alt((net_path, path_absolute, rootless, tag(""))).parse(text)
}

/// `"//" authority path-abempty / path-absolute / path-noscheme / path-empty`
fn relative_part(text: &str) -> Recognised<'_> {
    let noscheme = recognize((
        many1(one_of_or_escaped("!$&'()*+,;=@", false)),
        path_abempty,
    ));
    alt((net_path, path_absolute, noscheme, tag(""))).parse(text)
}

/// `"//" authority path-abempty`
fn net_path(text: &str) -> Recognised<'_> {
    recognize((tag("//"), authority, path_abempty)).parse(text)
}

/// `[ userinfo "@" ] host [ ":" port ]`
fn authority(text: &str) -> Recognised<'_> {
    let userinfo = many0(one_of_or_escaped("!$&'()*+,;=:", false));
    let reg_name = many0(one_of_or_escaped("!$&'()*+,;=", false));
    let host = alt((ip_literal, reg_name));
    recognize((opt((userinfo, char('@'))), host, opt((char(':'), digit0)))).parse(text)
}

/// `"[" ( IPv6address / IPvFuture ) "]"`
fn ip_literal(text: &str) -> Recognised<'_> {
    let hex = take_while1(|c: char| c.is_ascii_hexdigit());
    let future = (
        one_of("vV"),
        hex,
        char('.'),
        many1(one_of_or("!$&'()*+,;=:", false)),
    );
    alt((ip_v6_reference, recognize((char('['), future, char(']'))))).parse(text)
}

/// `*( "/" segment )`
fn path_abempty(text: &str) -> Recognised<'_> {
    let segment = (char('/'), many0(pchar("")));
    recognize(fold_many0(segment, || (), |(), _| ())).parse(text)
}

/// `"/" [ segment-nz *( "/" segment ) ]`
fn path_absolute(text: &str) -> Recognised<'_> {
    recognize((char('/'), opt((many1(pchar("")), path_abempty)))).parse(text)
}

/// `"?" *( pchar / "/" / "?" )`
fn query(text: &str) -> Recognised<'_> {
    recognize((char('?'), many0(pchar("/?")))).parse(text)
}

/// `"#" *( pchar / "/" / "?" )`
fn fragment(text: &str) -> Recognised<'_> {
    recognize((char('#'), many0(pchar("/?")))).parse(text)
}

/// `unreserved / pct-encoded / sub-delims / ":" / "@"`, and `more`.
fn pchar<'a>(more: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = Fault<'a>> {
    alt((
        one_of_or_escaped("!$&'()*+,;=:@", false),
        recognize(one_of(more)),
    ))
}

type Fault<'a> = nom::error::Error<&'a str>;

/// `unreserved / escaped`, and `more`; the marks `! * ' ( )` are unreserved in RFC 2396 only.
fn one_of_or_escaped<'a>(
    more: &'static str,
    old: bool,
) -> impl Parser<&'a str, Output = &'a str, Error = Fault<'a>> {
    let hex = take_while_m_n(2, 2, |c: char| c.is_ascii_hexdigit());
    alt((one_of_or(more, old), recognize((char('%'), hex))))
}

/// `unreserved`, and `more`.
fn one_of_or<'a>(
    more: &'static str,
    old: bool,
) -> impl Parser<&'a str, Output = &'a str, Error = Fault<'a>> {
    recognize(satisfy(move |c| {
        c.is_ascii_alphanumeric()
            || "-_.~".contains(c)
            || old && "!*'()".contains(c)
            || more.contains(c)
    }))
}

fn many0<'a>(
    one: impl Parser<&'a str, Output = &'a str, Error = Fault<'a>>,
) -> impl Parser<&'a str, Output = &'a str, Error = Fault<'a>> {
    recognize(fold_many0(one, || (), |(), _| ()))
}

fn many1<'a>(
    one: impl Parser<&'a str, Output = &'a str, Error = Fault<'a>>,
) -> impl Parser<&'a str, Output = &'a str, Error = Fault<'a>> {
    recognize(fold_many1(one, || (), |(), _| ()))
}

mod tests {
    use alloc::string::String;
    use alloc::vec;

    use proptest::prelude::*;

    use super::{is_sip_uri, is_telephone_uri, is_uri_reference};
    use crate::{DefectKind, SipUri, TelUri, UriReference};

    /// Defects that the grammar knows nothing of: they are in the prose.
    fn is_prose(kind: DefectKind) -> bool {
        use DefectKind::*;
        matches!(
            kind,
            DuplicateParameter
                | UnreliableTransport
                | MisplacedTtl
                | ParameterOrder
                | ExtensionAndSubaddress
        )
    }

    fn sip_is_clean(text: &str) -> bool {
        SipUri::parse(text).is_ok_and(|uri| uri.defects().iter().all(|d| is_prose(d.kind())))
    }

    fn tel_is_clean(text: &str) -> bool {
        TelUri::parse(text).is_ok_and(|uri| uri.defects().iter().all(|d| is_prose(d.kind())))
    }

    /// Pieces from which texts are made that are nearly URIs.
    fn sip_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z0-9]{1,4}",
            "[!-~]",
            "[:;=?&@%.\\[\\]#+,/-]",
            Just(String::from("%41")),
            Just(String::from("example.com")),
            Just(String::from("192.0.2.1")),
            Just(String::from("[2001:db8::1]")),
            Just(String::from(":5060")),
            Just(String::from(";lr")),
            Just(String::from(";ttl=1")),
            Just(String::from("@h")),
        ];
        ("(sip|sips|SIP):", prop::collection::vec(piece, 0..8))
            .prop_map(|(scheme, pieces)| scheme + &pieces.concat())
    }

    fn tel_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[0-9a-f().*#-]{1,3}",
            "[!-~]",
            Just(String::from(";ext=")),
            Just(String::from(";isub=")),
            Just(String::from(";phone-context=")),
            Just(String::from("+1-2")),
            Just(String::from("example.com")),
            Just(String::from("%41")),
            Just(String::from(";a=b")),
        ];
        ("tel:[+]?[0-9]{0,2}", prop::collection::vec(piece, 0..6))
            .prop_map(|(start, pieces)| start + &pieces.concat())
    }

    fn reference_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z0-9.]{1,3}",
            "[!-~]",
            "[:/?#@%]",
            Just(String::from("//")),
            Just(String::from("%41")),
            Just(String::from("[::1]")),
            Just(String::from("[v1.a:b]")),
            Just(String::from("http:")),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn sip_uris_without_defects_are_those_of_the_grammar(text in sip_like()) {
            prop_assert_eq!(sip_is_clean(&text), is_sip_uri(&text));
        }

        #[test]
        fn tel_uris_without_defects_are_those_of_the_grammar(text in tel_like()) {
            prop_assert_eq!(tel_is_clean(&text), is_telephone_uri(&text));
        }

        #[test]
        fn references_are_those_of_the_grammar(text in reference_like()) {
            prop_assert_eq!(UriReference::parse(text.as_str()).is_ok(), is_uri_reference(&text));
        }
    }
}
