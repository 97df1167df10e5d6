//! tel URIs: what RFC 3966 and RFC 3261 §19.1.6 say and show.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2396_uri::{DefectKind, ErrorKind, SipUri, TelUri, Uri};

fn parse(text: &str) -> TelUri<&str> {
    TelUri::parse(text).unwrap()
}

fn kinds(text: &str) -> Vec<DefectKind> {
    parse(text).defects().iter().map(|d| d.kind()).collect()
}

fn equivalent(a: &str, b: &str) -> bool {
    let (a, b) = (parse(a), parse(b));
    assert_eq!(a.equivalent(&b), b.equivalent(&a));
    a.equivalent(&b)
}

#[test]
fn section_6_examples() {
    for (text, number, context) in [
        ("tel:+1-201-555-0123", "+1-201-555-0123", None),
        (
            "tel:7042;phone-context=example.com",
            "7042",
            Some("example.com"),
        ),
        (
            "tel:863-1234;phone-context=+1-914-555",
            "863-1234",
            Some("+1-914-555"),
        ),
    ] {
        let uri = parse(text);
        assert_eq!((uri.number(), uri.phone_context()), (number, context));
        assert_eq!(uri.is_global(), context.is_none());
        assert!(uri.defects().is_empty(), "{text}");
        assert_eq!(uri.to_string(), text);
    }
}

#[test]
fn section_3_delimiters_are_never_escaped() {
    let uri = TelUri::builder("+1")
        .parameter("a", Some("b"))
        .build()
        .unwrap();
    assert_eq!(uri.as_str(), "tel:+1;a=b");
    assert!(TelUri::parse("tel:%2B1").is_err());
    assert_eq!(
        parse("tel:+1;a%3Db=c".replace("%3D", "-").as_str())
            .parameters()
            .count(),
        1
    );
    assert!(TelUri::parse("tel:+1;a%3Db").is_err());
}

#[test]
fn section_3_delimiters_in_values_are_escaped() {
    let uri = TelUri::builder("+1")
        .parameter("a", Some("x;y=z?"))
        .build()
        .unwrap();
    assert_eq!(uri.as_str(), "tel:+1;a=x%3By%3Dz%3F");
    assert_eq!(
        uri.parameter("a").unwrap().decoded_value().as_deref(),
        Some("x;y=z?")
    );
    assert_eq!(kinds("tel:+1;a=x=y"), [DefectKind::MalformedParameter]);
    assert_eq!(kinds("tel:+1;a=x?y"), [DefectKind::MalformedParameter]);
}

#[test]
fn section_3_parameters_appear_once() {
    assert_eq!(kinds("tel:+1;a=1;a=2"), [DefectKind::DuplicateParameter]);
    assert_eq!(
        kinds("tel:+1;ext=1;EXT=2"),
        [DefectKind::DuplicateParameter]
    );
    assert_eq!(
        kinds("tel:1;phone-context=h;phone-context=h"),
        [DefectKind::DuplicateParameter]
    );
    assert_eq!(
        kinds("tel:+1;isub=1;isub=2"),
        [DefectKind::DuplicateParameter]
    );
    let built = TelUri::builder("+1")
        .parameter("a", Some("1"))
        .parameter("A", Some("2"))
        .build();
    assert_eq!(built.unwrap().as_str(), "tel:+1;a=2");
}

#[test]
fn section_3_parameters_have_an_order() {
    let built = TelUri::builder("12")
        .parameter("z", None)
        .parameter("b", Some("1"))
        .phone_context("example.com")
        .extension("3")
        .build()
        .unwrap();
    assert_eq!(
        built.as_str(),
        "tel:12;ext=3;phone-context=example.com;b=1;z"
    );
    for text in [
        "tel:+1;b;a",
        "tel:1;a;phone-context=h",
        "tel:1;phone-context=h;ext=1",
    ] {
        assert_eq!(kinds(text), [DefectKind::ParameterOrder], "{text}");
    }
}

#[test]
fn section_4_comparison() {
    for (a, b, same) in [
        ("tel:+1-201-555-0123", "tel:+1.201.(555)0123", true),
        ("tel:+12015550123", "TEL:+12015550123", true),
        ("tel:12;phone-context=+1", "tel:+12", false),
        ("tel:1a;phone-context=h", "tel:1A;phone-context=H", true),
        ("tel:1;phone-context=+1-2", "tel:1;phone-context=+12", true),
        (
            "tel:1;phone-context=a-b.c",
            "tel:1;phone-context=ab.c",
            false,
        ),
        ("tel:+1;ext=1-2", "tel:+1;ext=12", true),
        ("tel:+1;ext=12", "tel:+1", false),
        ("tel:+1;a=1;b=2", "tel:+1;b=2;a=1", true),
        ("tel:+1;a=1", "tel:+1;b=1", false),
        ("tel:+1;a", "tel:+1;a=1", false),
        ("tel:+1;a=%41", "tel:+1;a=A", true),
        ("tel:+1;a=%3A", "tel:+1;a=:", false),
        ("tel:+1", "tel:+2", false),
    ] {
        assert_eq!(equivalent(a, b), same, "{a} {b}");
    }
}

#[test]
fn section_5_1_no_number_is_too_short_or_too_long() {
    assert_eq!(parse("tel:+1").number(), "+1");
    let long = format!("tel:+{}", "7".repeat(60_000));
    assert_eq!(parse(&long).number().len(), 60_001);
    assert_eq!(parse("tel:0;phone-context=+49").number(), "0");
    assert!(TelUri::parse(format!("tel:+{}", "7".repeat(70_000))).is_err());
}

#[test]
fn section_5_1_1_separators_are_not_spaces() {
    let error = TelUri::parse("tel:+1 201").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Number, 6));
    assert!(TelUri::builder("+1 201").build().is_err());
    assert_eq!(parse("tel:+(1)2.0-1").digits(), "+1201");
}

#[test]
fn section_5_1_2_and_3_letters() {
    assert!(TelUri::parse("tel:+1-800-FLOWERS").is_err());
    assert!(TelUri::parse("tel:+1a").is_err());
    assert_eq!(parse("tel:*31#AbF;phone-context=h").digits(), "*31#abf");
}

#[test]
fn section_5_1_5_local_numbers_have_a_context() {
    assert_eq!(kinds("tel:911"), [DefectKind::MissingContext]);
    assert_eq!(kinds("tel:911;phone-context=+1"), []);
    assert!(TelUri::builder("911").build().is_err());
    assert!(TelUri::builder("911").phone_context("a;b").build().is_err());
    for context in ["-", "+", "a..b", "1", "a_b", "+a"] {
        let text = format!("tel:911;phone-context={context}");
        assert_eq!(kinds(&text), [DefectKind::MalformedContext], "{context}");
    }
}

#[test]
fn section_5_3_extension_or_subaddress() {
    assert_eq!(parse("tel:+1;ext=12-3").extension(), Some("12-3"));
    assert_eq!(parse("tel:+1;isub=a%20b").isdn_subaddress(), Some("a%20b"));
    assert_eq!(
        kinds("tel:+1;isub=1;ext=2"),
        [DefectKind::ExtensionAndSubaddress]
    );
    assert_eq!(kinds("tel:+1;ext=a"), [DefectKind::MalformedParameter]);
    assert!(
        TelUri::builder("+1")
            .extension("1")
            .isdn_subaddress("2")
            .build()
            .is_err()
    );
    let built = TelUri::builder("+1")
        .isdn_subaddress("a b")
        .build()
        .unwrap();
    assert_eq!(built.as_str(), "tel:+1;isub=a%20b");
}

#[test]
fn section_5_4_unknown_parameters_are_kept() {
    let text = "tel:+1;Foo=Bar;m-new=1;x";
    let uri = parse(text);
    let names: Vec<_> = uri.parameters().map(|p| p.as_str().to_owned()).collect();
    assert_eq!(names, ["Foo=Bar", "m-new=1", "x"]);
    assert_eq!(uri.to_string(), text);
    assert_eq!(Uri::parse(text).unwrap().into_owned().to_string(), text);
}

#[test]
fn section_5_4_mandatory_parameters_are_told() {
    let names = |text| {
        let uri = TelUri::parse(text).unwrap();
        uri.mandatory_parameters()
            .map(|p| p.name().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("tel:+1;ext=1;M-a;m-b=2;x=m-"), ["M-a", "m-b"]);
    assert!(names("tel:1;phone-context=h").is_empty());
}

#[test]
fn rfc_3261_section_19_1_6_the_whole_subscriber_becomes_the_user() {
    let sip = |tel| parse(tel).to_sip("foo.com").build().unwrap().to_string();
    let expected = "sip:+358-555-1234567;postd=pp22@foo.com;user=phone";
    assert_eq!(sip("tel:+358-555-1234567;postd=pp22"), expected);
    assert_eq!(sip("tel:+358-555-1234567;POSTD=PP22"), expected);
    let secure = parse("tel:+358-555-1234567;postd=pp22")
        .to_sip("foo.com")
        .secure()
        .build();
    assert_eq!(
        secure.unwrap().as_str(),
        "sips:+358-555-1234567;postd=pp22@foo.com;user=phone"
    );
    let expected = "sip:+358-555-1234567;phone-context=5;tsp=a.b@foo.com;user=phone";
    assert_eq!(
        sip("tel:+358-555-1234567;tsp=a.b;phone-context=5"),
        expected
    );
    assert_eq!(
        sip("tel:+358-555-1234567;phone-context=5;tsp=a.b"),
        expected
    );
    assert_eq!(
        sip("tel:+358-555-1234567;postd=pp22;isub=1411"),
        "sip:+358-555-1234567;isub=1411;postd=pp22@foo.com;user=phone"
    );
}

#[test]
fn rfc_3261_section_19_1_6_equivalence_of_tel_and_of_sip() {
    for (a, b) in [
        ("+358-555-1234567;postd=pp22", "+358-555-1234567;POSTD=PP22"),
        (
            "+358-555-1234567;postd=pp22;isub=1411",
            "+358-555-1234567;isub=1411;postd=pp22",
        ),
    ] {
        assert!(equivalent(&format!("tel:{a}"), &format!("tel:{b}")));
        let sip = |user| SipUri::parse(format!("sip:{user}@foo.com;user=phone")).unwrap();
        assert!(!sip(a).equivalent(&sip(b)));
    }
}

#[test]
fn rfc_3261_section_19_1_6_and_back() {
    for text in [
        "tel:+358-555-1234567;postd=pp22",
        "tel:*21#;phone-context=h;x=[a:b%20]",
    ] {
        let sip = parse(text).to_sip("foo.com").build().unwrap();
        assert_eq!(sip.to_tel().unwrap().as_str(), text);
    }
    assert!(SipUri::parse("sip:alice@h").unwrap().to_tel().is_err());
    assert!(SipUri::parse("sip:h").unwrap().to_tel().is_err());
}
