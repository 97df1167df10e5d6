//! Addresses as they are found in the field, each with the outcome it must have.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2396_uri::{DefectKind, ErrorKind, Host, NameAddr, SipUri, TelUri, Transport, Uri};

/// The kinds of the defects of a SIP URI.
fn defects(uri: &str) -> Vec<DefectKind> {
    SipUri::parse(uri)
        .unwrap()
        .defects()
        .iter()
        .map(|d| d.kind())
        .collect()
}

/// A header value that lists addresses: each address, and the header parameters after it.
fn list(mut value: &str) -> Vec<(NameAddr<&str>, &str)> {
    let mut addresses = Vec::new();
    loop {
        let (address, consumed) = NameAddr::parse_prefix(value).unwrap();
        let rest = &value[consumed..];
        let end = rest.find(',').unwrap_or(rest.len());
        addresses.push((address, &rest[..end]));
        match rest.get(end + 1..) {
            Some(next) => value = next,
            None => return addresses,
        }
    }
}

#[test]
fn case_1_semicolon_equals_and_escaped_at_in_the_user() {
    let uri = SipUri::parse("sip:user;par=u%40example.net@example.com").unwrap();
    assert_eq!(uri.user(), Some("user;par=u%40example.net"));
    assert_eq!(uri.host_str(), "example.com");
    assert_eq!(uri.parameters().count(), 0);
    assert!(uri.defects().is_empty());

    let text = "<sip:+358-555-1234567;postd=pp22@foo.com;user=phone>";
    let (contact, consumed) = NameAddr::parse_prefix(text).unwrap();
    assert_eq!(consumed, text.len());
    let uri = contact.uri();
    let uri = uri.as_sip().unwrap();
    assert_eq!(uri.user(), Some("+358-555-1234567;postd=pp22"));
    assert_eq!(uri.parameters().as_str(), ";user=phone");
}

#[test]
fn case_1_the_last_at_ends_the_user() {
    let uri = SipUri::parse("sip:a@b;c=d@host.example").unwrap();
    assert_eq!(uri.user(), Some("a@b;c=d"));
    assert_eq!(uri.host_str(), "host.example");
    assert_eq!(defects("sip:a@b;c=d@host.example"), [DefectKind::Unescaped]);
}

#[test]
fn case_3_colons_in_a_uri_parameter() {
    let text = "<sip:linphone@domain.com;gr=urn:uuid:c8651907-0000>";
    let contact = NameAddr::parse(text).unwrap();
    let uri = contact.uri();
    let gr = uri.as_sip().unwrap().parameter("gr").unwrap();
    assert_eq!(gr.value(), Some("urn:uuid:c8651907-0000"));
    assert!(contact.defects().is_empty());
    assert_eq!(
        uri.to_string(),
        "sip:linphone@domain.com;gr=urn:uuid:c8651907-0000"
    );
}

#[test]
fn case_4_without_brackets_parameters_belong_to_the_header() {
    let text = "sip:p666@10.106.171.88:5094;+g.3gpp.accesstype=\"cellular\";\
                +sip.instance=\"<urn:gsma:imei:35548888-144050-0>\"";
    let (contact, consumed) = NameAddr::parse_prefix(text).unwrap();
    assert_eq!(contact.as_str(), "sip:p666@10.106.171.88:5094");
    assert_eq!(contact.uri().as_sip().unwrap().parameters().count(), 0);
    assert!(text[consumed..].starts_with(";+g.3gpp.accesstype="));
    assert!(!contact.has_brackets());
}

#[test]
fn case_5_header_parameters_follow_the_bracket() {
    let text = "<sip:1063@h;transport=udp>;+g.oma.sip-im;language=\"en,fr\"";
    let (contact, consumed) = NameAddr::parse_prefix(text).unwrap();
    assert_eq!(&text[consumed..], ";+g.oma.sip-im;language=\"en,fr\"");
    assert_eq!(
        contact.uri().as_sip().unwrap().transport(),
        Some(Transport::Udp)
    );
}

#[test]
fn case_7_display_names() {
    let name = |text: &'static str| {
        let (address, _) = NameAddr::parse_prefix(text).unwrap();
        address.display_name().map(|name| name.into_owned())
    };
    assert_eq!(
        name("\"Sami\\ \" <sip:+1646@h>;tag=1").as_deref(),
        Some("Sami ")
    );
    assert_eq!(name("\"\" <sip:222@test.local>").as_deref(), Some(""));
    assert_eq!(
        name("\"a <b@c>\" <sip:foo@bar>").as_deref(),
        Some("a <b@c>")
    );
    assert_eq!(
        name("\"scanner\"<sip:100@1.1.1.1>").as_deref(),
        Some("scanner")
    );
    assert_eq!(name("<sip:100@1.1.1.1>"), None);
    assert_eq!(
        name("Bob  Smith <sip:100@1.1.1.1>").as_deref(),
        Some("Bob  Smith")
    );
}

#[test]
fn case_7_an_unterminated_display_name_is_refused() {
    let error = NameAddr::parse_prefix("\"x\\\" <sip:a@h>").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::DisplayName, 0));
    assert_eq!(
        error.to_string(),
        "invalid display name at byte 0: expected a closing quotation mark (RFC 3261 §25.1)"
    );
}

#[test]
fn case_7_quotation_marks_in_quotes_are_a_defect() {
    let address = NameAddr::parse("\"\"unknown\"\" <sip:a@h>").unwrap();
    let kinds: Vec<_> = address.defects().iter().map(|d| d.kind()).collect();
    assert_eq!(kinds, [DefectKind::DisplayName]);
    assert_eq!(address.raw_display_name(), "\"\"unknown\"\"");
    assert_eq!(address.uri().as_str(), "sip:a@h");
}

#[test]
fn case_8_hash_in_the_user_is_a_defect() {
    let text = "sip:#123@teams.mydomain.com:5081;user=phone;transport=tls";
    let uri = SipUri::parse(text).unwrap();
    assert_eq!(uri.user(), Some("#123"));
    assert_eq!(uri.to_string(), text);
    let defects = uri.defects();
    assert_eq!(defects.len(), 1);
    assert_eq!(defects[0].span(), 4..5);
    assert_eq!(
        defects[0].to_string(),
        "character that should be escaped at bytes 4..5 (RFC 3261 §19.1.2)"
    );
}

#[test]
fn case_10_every_spelling_of_lr_is_loose_routing() {
    for text in [
        "sip:p1;lr",
        "sip:p1;lr=on;ftag=x",
        "sip:p1;lr=true",
        "sip:p1;LR",
        "sip:p;r2=on;lr",
    ] {
        let uri = SipUri::parse(text).unwrap();
        assert!(uri.lr(), "{text}");
        assert!(uri.defects().is_empty(), "{text}");
    }
    assert!(!SipUri::parse("sip:p1;lrx").unwrap().lr());
    let routes = list("<sip:p;r2=on;lr>,<sip:p:5061;r2=on;lr>");
    assert!(
        routes
            .iter()
            .all(|(route, _)| route.uri().as_sip().unwrap().lr())
    );
    assert_eq!(routes.len(), 2);
}

#[test]
fn case_11_numeric_and_hexadecimal_labels_are_names() {
    for (text, host) in [
        ("sip:3402000000", "3402000000"),
        ("sip:1@0fb38bfd0a0d", "0fb38bfd0a0d"),
        ("sip:1@0x7f.1", "0x7f.1"),
        ("sip:1@192.0.2.010", "192.0.2.010"),
    ] {
        let uri = SipUri::parse(text).unwrap();
        assert_eq!(uri.host(), Host::Name(host));
        assert_eq!(defects(text), [DefectKind::HostName]);
    }
}

#[test]
fn case_18_white_space_around_an_address() {
    let text = "\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n";
    let (address, consumed) = NameAddr::parse_prefix(text).unwrap();
    assert_eq!(address.uri().as_str(), "sip:vivekg@chair-dnrc.example.com");
    assert!(text[consumed..].starts_with(";   tag"));
}

#[test]
fn case_21_what_is_no_address() {
    for (text, kind) in [
        ("<sip:>;sip:;1001@45.93.16.168", ErrorKind::Host),
        ("</>", ErrorKind::Scheme),
        ("*", ErrorKind::Wildcard),
        ("", ErrorKind::Scheme),
        ("<sip:a@h", ErrorKind::Bracket),
        ("\"a\", <sip:a@h>", ErrorKind::DisplayName),
        ("Bob", ErrorKind::Scheme),
        ("sip:a@h:99999", ErrorKind::Port),
        ("sip:2001:db8::9:1", ErrorKind::Port),
        ("<sip:a b@h>", ErrorKind::Character),
        ("<sip:a@h/resource>", ErrorKind::Character),
    ] {
        assert_eq!(
            NameAddr::parse_prefix(text).unwrap_err().kind(),
            kind,
            "{text}"
        );
    }
}

#[test]
fn case_22_ipv6() {
    let address = NameAddr::parse("\"n\" <sip:x@[64:ff9b::c0a8:7f65]:59370>").unwrap();
    let uri = address.uri();
    let uri = uri.as_sip().unwrap();
    assert!(uri.host().is_ipv6());
    assert_eq!(uri.port(), Some(59370));
    assert!(address.defects().is_empty());

    let uri = SipUri::parse("sip:[2001:db8::10:5070]").unwrap();
    assert_eq!((uri.host_str(), uri.port()), ("[2001:db8::10:5070]", None));
    assert!(uri.host().is_ipv6());
}

#[test]
fn case_22_ipv6_that_the_grammar_does_not_have() {
    let three = SipUri::parse("sip:[2001:db8:::192.0.2.1]").unwrap();
    assert_eq!(
        three.host().ip(),
        Some("2001:db8::192.0.2.1".parse().unwrap())
    );
    assert_eq!(
        defects("sip:[2001:db8:::192.0.2.1]"),
        [DefectKind::TripleColon]
    );

    for text in ["sip:[fe80::1%eth0]", "sip:[fe80::1%25eth0]"] {
        let uri = SipUri::parse(text).unwrap();
        let Host::V6 { address, zone } = uri.host() else {
            panic!("{text}")
        };
        assert_eq!((address, zone), ("fe80::1".parse().unwrap(), Some("eth0")));
        assert_eq!(defects(text), [DefectKind::Zone]);
        assert_eq!(uri.to_string(), text);
    }
}

#[test]
fn case_23_tel_and_sip_in_one_list() {
    let identities = list("\"Dr who\" <sip:dr.who@h>, <tel:+349999999>");
    assert_eq!(identities[0].0.display_name().as_deref(), Some("Dr who"));
    let uri = identities[1].0.uri();
    assert_eq!(uri.as_tel().unwrap().number(), "+349999999");

    let Ok(Uri::Tel(uri)) = Uri::parse("tel:+1-201-555-0123;phone-context=example.com") else {
        panic!("a tel URI")
    };
    assert_eq!(uri.phone_context(), Some("example.com"));
    assert_eq!(uri.digits(), "+12015550123");
    assert!(TelUri::parse("tel:+1-201-555-0123").unwrap().is_global());
}

#[test]
fn case_25_a_comma_in_the_user_of_the_only_address() {
    let text = "sip:bond,james@example.com";
    let (to, consumed) = NameAddr::parse_prefix_of_one(text).unwrap();
    assert_eq!(consumed, text.len());
    assert_eq!(to.uri().as_sip().unwrap().user(), Some("bond,james"));
    let kinds: Vec<_> = to.defects().iter().map(|d| d.kind()).collect();
    assert_eq!(kinds, [DefectKind::MissingBrackets]);

    let (first, consumed) = NameAddr::parse_prefix(text).unwrap();
    assert_eq!(
        (first.as_str(), &text[consumed..]),
        ("sip:bond", ",james@example.com")
    );

    let (quoted, _) = NameAddr::parse_prefix("\"Bond, James\" <sip:b@h>").unwrap();
    assert_eq!(quoted.display_name().as_deref(), Some("Bond, James"));
    assert!(quoted.defects().is_empty());
}

#[test]
fn case_25_escapes_are_preserved() {
    let uri = SipUri::parse("sip:null-%00-null@h").unwrap();
    assert_eq!(
        rfc2396_uri::percent::decode(uri.user().unwrap()).as_ref(),
        b"null-\0-null"
    );
    assert_eq!(uri.to_string(), "sip:null-%00-null@h");

    let uri = SipUri::parse("sip:u@h;%74ransport=tcp").unwrap();
    assert_eq!(uri.transport(), Some(Transport::Tcp));
    assert_eq!(uri.to_string(), "sip:u@h;%74ransport=tcp");

    let text = "<sip:u@h;Aai=%22Foo%22%3A>";
    let address = NameAddr::parse(text).unwrap();
    let uri = address.uri();
    let aai = uri.as_sip().unwrap().parameter("aai").unwrap();
    assert_eq!(aai.decoded_value().as_deref(), Some("\"Foo\":"));
    assert_eq!(address.to_string(), text);
}

#[test]
fn what_senders_leave_empty_is_accepted() {
    assert_eq!(defects("sip:@h"), [DefectKind::EmptyUser]);
    assert_eq!(defects("sip:a@h:"), [DefectKind::EmptyPort]);
    assert_eq!(defects("sip:a@h;"), [DefectKind::EmptyParameter]);
    assert_eq!(defects("sip:a@h;;lr"), [DefectKind::EmptyParameter]);
    assert_eq!(defects("sip:a@h;x="), [DefectKind::MalformedParameter]);
    assert_eq!(defects("sip:a@h?"), [DefectKind::MalformedHeader]);
    assert_eq!(defects("sip:a@my_host"), [DefectKind::HostName]);
    assert_eq!(defects("sip:a%4@h"), [DefectKind::BadEscape]);
    assert_eq!(defects("sip:jörg@h"), [DefectKind::Unescaped]);
}

#[test]
fn names_without_quotes_are_accepted() {
    for text in [
        "Bell, Alexander <sip:a.g.bell@example.com>",
        "J. O'Brien (home) <sip:a@h>",
    ] {
        let (address, consumed) = NameAddr::parse_prefix_of_one(text).unwrap();
        assert_eq!(consumed, text.len());
        assert_eq!(address.display_name().as_deref(), text.split(" <").next());
        let kinds: Vec<_> = address.defects().iter().map(|d| d.kind()).collect();
        assert_eq!(kinds, [DefectKind::DisplayName]);
    }
}

#[test]
fn white_space_in_brackets_is_accepted() {
    let address = NameAddr::parse("\"Watson, Thomas\" < sip:t.watson@example.org >").unwrap();
    assert_eq!(address.uri().as_str(), "sip:t.watson@example.org");
    let kinds: Vec<_> = address.defects().iter().map(|d| d.kind()).collect();
    assert_eq!(kinds, [DefectKind::WhiteSpace]);
}

#[test]
fn displayable_is_at_most_25_characters() {
    let shown = |text: &str| NameAddr::parse(text).unwrap().displayable();
    assert_eq!(shown("\"Bob\" <sip:b@h>"), "Bob");
    assert_eq!(shown("\"\" <sip:b%20b@h>"), "b b");
    assert_eq!(shown("<sip:h.example>"), "h.example");
    assert_eq!(shown("<tel:+1-201>"), "+1-201");
    assert_eq!(shown("\"a\\\u{1b}[31m\" <sip:b@h>"), "a\u{fffd}[31m");
    assert_eq!(
        shown("\"1234567890123456789012345\" <sip:b@h>"),
        "1234567890123456789012345"
    );
    let long = shown("\"ääääääääääääääääääääääääää\" <sip:b@h>");
    assert_eq!(long.chars().count(), 25);
    assert!(long.ends_with("ä…"));
}
