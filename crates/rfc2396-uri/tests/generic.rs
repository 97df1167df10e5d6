//! Generic URIs: the examples of RFC 3986.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2396_uri::percent::{Component, decode, encode};
use rfc2396_uri::{ErrorKind, Host, Uri, UriReference};

fn parse(text: &str) -> UriReference<&str> {
    UriReference::parse(text).unwrap()
}

#[test]
fn section_5_4_references_resolve() {
    let base = parse("http://a/b/c/d;p?q");
    let mut count = 0;
    for line in include_str!("vectors/rfc3986_5_4.txt")
        .lines()
        .filter(|l| !l.starts_with("# "))
    {
        let (reference, target) = line.split_once(' ').unwrap();
        let reference = if reference == "\"\"" { "" } else { reference };
        let resolved = base.resolve(&parse(reference)).unwrap();
        assert_eq!(resolved.as_str(), target, "{reference}");
        count += 1;
    }
    assert_eq!(count, 42);
}

#[test]
fn section_1_1_2_examples_have_their_components() {
    for (text, scheme, authority, path) in [
        (
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "ftp",
            Some("ftp.is.co.za"),
            "/rfc/rfc1808.txt",
        ),
        (
            "http://www.ietf.org/rfc/rfc2396.txt",
            "http",
            Some("www.ietf.org"),
            "/rfc/rfc2396.txt",
        ),
        (
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "ldap",
            Some("[2001:db8::7]"),
            "/c=GB",
        ),
        (
            "mailto:John.Doe@example.com",
            "mailto",
            None,
            "John.Doe@example.com",
        ),
        (
            "news:comp.infosystems.www.servers.unix",
            "news",
            None,
            "comp.infosystems.www.servers.unix",
        ),
        ("tel:+1-816-555-1212", "tel", None, "+1-816-555-1212"),
        (
            "telnet://192.0.2.16:80/",
            "telnet",
            Some("192.0.2.16:80"),
            "/",
        ),
        (
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
            "urn",
            None,
            "oasis:names:specification:docbook:dtd:xml:4.1.2",
        ),
    ] {
        let uri = parse(text);
        assert_eq!(uri.scheme(), Some(scheme));
        assert_eq!(uri.authority(), authority);
        assert_eq!(uri.path(), path);
        assert_eq!(uri.to_string(), text);
    }
}

#[test]
fn section_3_parts_of_the_examples() {
    let uri = parse("foo://example.com:8042/over/there?name=ferret#nose");
    assert_eq!(uri.host(), Some(Host::Name("example.com")));
    assert_eq!(uri.port(), Some(8042));
    assert_eq!(
        (uri.query(), uri.fragment()),
        (Some("name=ferret"), Some("nose"))
    );
    let uri = parse("urn:example:animal:ferret:nose");
    assert_eq!(
        (uri.authority(), uri.path()),
        (None, "example:animal:ferret:nose")
    );
}

#[test]
fn empty_components_are_not_missing_ones() {
    let uri = parse("x://@:?#");
    assert_eq!(
        (uri.userinfo(), uri.host_str(), uri.port_str()),
        (Some(""), Some(""), Some(""))
    );
    assert_eq!(
        (uri.path(), uri.query(), uri.fragment()),
        ("", Some(""), Some(""))
    );
    let uri = parse("x:");
    assert_eq!(
        (uri.authority(), uri.query(), uri.fragment()),
        (None, None, None)
    );
}

#[test]
fn an_address_without_authority_does_not_begin_with_two_slashes() {
    let target = parse("x:/a").resolve(&parse("..//b")).unwrap();
    assert_eq!((target.authority(), target.as_str()), (None, "x:/.//b"));
    let normal = parse("x:/.//b").normalize();
    assert_eq!((normal.authority(), normal.as_str()), (None, "x:/.//b"));
}

#[test]
fn a_relative_base_resolves_nothing() {
    let error = parse("/a").resolve(&parse("b")).unwrap_err();
    assert_eq!(
        (error.kind(), error.rule()),
        (ErrorKind::Scheme, "RFC 3986 §5.1")
    );
}

#[test]
fn the_first_segment_of_a_relative_reference_holds_no_colon() {
    assert!(UriReference::parse("1:b").is_err());
    assert!(UriReference::parse("./1:b").unwrap().is_relative());
}

#[test]
fn section_6_2_2_normalisation() {
    for (text, normal) in [
        (
            "eXAMPLE://a/./b/../b/%63/%7bfoo%7d",
            "example://a/b/c/%7Bfoo%7D",
        ),
        ("HTTP://www.EXAMPLE.com/", "http://www.example.com/"),
        (
            "http://User@H%41%c3%a4/%7Euser",
            "http://User@ha%C3%A4/~user",
        ),
        ("http://a/%2E%2e/b?%2e#%2E", "http://a/b?.#."),
        ("../%61", "../a"),
        ("x://[2001:DB8::A]:1", "x://[2001:db8::a]:1"),
    ] {
        assert_eq!(parse(text).normalize().as_str(), normal);
    }
}

#[test]
fn schemes_compare_without_case_and_are_written_in_lower_case() {
    let (a, b) = (
        Uri::parse("HTTP://a/").unwrap(),
        Uri::parse("http://a/").unwrap(),
    );
    assert!(a.equivalent(&b));
    assert!(!a.equivalent(&Uri::parse("https://a/").unwrap()));
}

#[test]
fn hosts_are_told_apart() {
    let host = |text| UriReference::parse(text).unwrap().host();
    assert!(host("x://192.0.2.1/").unwrap().is_ipv4());
    assert!(host("x://224.0.0.1/").unwrap().is_multicast());
    assert!(host("x://[ff02::1]/").unwrap().is_multicast());
    assert_eq!(host("x://[v1.fe80:a]/"), Some(Host::Future("v1.fe80:a")));
    assert_eq!(host("x://256.0.0.1/"), Some(Host::Name("256.0.0.1")));
    assert_eq!(host("x://1.2.3/"), Some(Host::Name("1.2.3")));
    assert_eq!(host("x:///"), None);
    for bad in [
        "x://[::1",
        "x://[]",
        "x://[1:2]",
        "x://[v.a]",
        "x://[v1.]",
        "x://[::1]a",
        "x://a:b",
    ] {
        assert!(UriReference::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    for (text, kind, offset) in [
        ("1x:", ErrorKind::Scheme, 0),
        ("x:a b", ErrorKind::Character, 3),
        ("x:%4", ErrorKind::Escape, 2),
        ("x:?a#b#c", ErrorKind::Character, 6),
        ("x://a@b@c", ErrorKind::Character, 7),
        ("x://h:8a", ErrorKind::Port, 5),
    ] {
        let error = UriReference::parse(text).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text}");
    }
}

#[test]
fn schemes_nobody_knows_are_kept() {
    let uri = Uri::parse("nobodyKnowsThisScheme:totallyopaquecontent").unwrap();
    assert!(matches!(uri, Uri::Other(_)));
    assert_eq!(uri.scheme(), "nobodyKnowsThisScheme");
    assert!(
        Uri::parse("soap.beep://192.0.2.103:3002")
            .unwrap()
            .host()
            .unwrap()
            .is_ipv4()
    );
    assert!(Uri::parse("//no.scheme/").is_err());
}

#[test]
fn section_2_2_data_that_would_be_a_delimiter_is_escaped() {
    assert_eq!(encode("a/b?c@d", Component::UserInfo), "a%2Fb%3Fc%40d");
    assert_eq!(encode("a/b?c", Component::Path), "a/b%3Fc");
    assert_eq!(encode("a/b?c#d", Component::Query), "a/b?c%23d");
    assert_eq!(encode("é", Component::Query), "%C3%A9");
}

#[test]
fn section_2_2_reserved_characters_without_a_role_stand_for_themselves() {
    let uri = parse("x:a;b=c,d");
    assert_eq!(decode(uri.path()).as_ref(), b"a;b=c,d");
    assert_eq!(uri.normalize().as_str(), "x:a;b=c,d");
}

#[test]
fn section_2_4_components_are_split_before_they_are_decoded() {
    let uri = parse("x://u%40v@h/a%2Fb%3Fc?d%23e");
    assert_eq!((uri.userinfo(), uri.path()), (Some("u%40v"), "/a%2Fb%3Fc"));
    assert_eq!((uri.query(), uri.fragment()), (Some("d%23e"), None));
    assert_eq!(decode(uri.path()).as_ref(), b"/a/b?c");
    assert_eq!(uri.normalize(), uri.into_owned());
}

#[test]
fn section_2_4_percent_is_escaped_and_escapes_are_undone_once() {
    assert_eq!(encode("100%41", Component::Query), "100%2541");
    assert_eq!(decode("100%2541").as_ref(), b"100%41");
    assert_eq!(decode("%+1%4").as_ref(), b"%+1%4");
    assert_eq!(decode("%0d%0A%00").as_ref(), b"\r\n\0");
}

#[test]
fn section_3_2_2_hosts_are_ascii() {
    let error = UriReference::parse("x://münchen/").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Character, 5));
    assert_eq!(
        parse("x://m%C3%BCnchen/").host(),
        Some(Host::Name("m%C3%BCnchen"))
    );
}

#[test]
fn section_5_1_the_fragment_of_the_base_is_of_no_account() {
    let base = parse("http://a/b/c#d");
    assert_eq!(base.resolve(&parse("")).unwrap().as_str(), "http://a/b/c");
    assert_eq!(base.resolve(&parse("e")).unwrap().as_str(), "http://a/b/e");
    assert_eq!(
        parse("http://a").resolve(&parse("b")).unwrap().as_str(),
        "http://a/b"
    );
}
