//! SIP URIs: what RFC 3261 §19.1 says and shows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashSet;

use rfc2396_uri::{
    DefectKind, ErrorKind, Host, NameAddr, SipUri, Transport, Uri, UserKind, percent,
};

fn parse(text: &str) -> SipUri<&str> {
    SipUri::parse(text).unwrap()
}

fn kinds(text: &str) -> Vec<DefectKind> {
    parse(text).defects().iter().map(|d| d.kind()).collect()
}

/// Whether two URIs are equivalent, seen from both sides; equal keys are demanded if so.
fn equivalent(a: &str, b: &str) -> bool {
    let (a, b) = (parse(a), parse(b));
    let there = a.equivalent(&b);
    assert_eq!(there, b.equivalent(&a), "{a} {b}");
    assert!(!there || a.registrar_key() == b.registrar_key(), "{a} {b}");
    there
}

#[test]
fn section_19_1_1_all_parts() {
    let uri = parse("sip:user:password@host:5070;transport=tcp;x?subject=a%20b&body=c");
    assert_eq!(uri.scheme(), "sip");
    assert_eq!(
        (uri.user(), uri.password()),
        (Some("user"), Some("password"))
    );
    assert_eq!((uri.host_str(), uri.port()), ("host", Some(5070)));
    let names: Vec<_> = uri.parameters().map(|p| (p.name(), p.value())).collect();
    assert_eq!(names, [("transport", Some("tcp")), ("x", None)]);
    let headers: Vec<_> = uri
        .headers()
        .map(|h| (h.name(), h.decoded_value()))
        .collect();
    assert_eq!(headers, [("subject", "a b".into()), ("body", "c".into())]);
}

#[test]
fn section_19_1_1_user_is_not_empty() {
    assert_eq!(kinds("sip:@host"), [DefectKind::EmptyUser]);
    assert!(SipUri::builder("host").user("").build().is_err());
}

#[test]
fn section_19_1_1_parameter_names_are_unique() {
    let text = "sip:h;a=1;b;A=2;%61";
    let defects = parse(text).defects();
    let spans: Vec<_> = defects.iter().map(|d| &text[d.span()]).collect();
    assert_eq!(spans, ["A=2", "%61"]);
    assert!(
        defects
            .iter()
            .all(|d| d.kind() == DefectKind::DuplicateParameter)
    );
    assert_eq!(parse(text).parameter("a").unwrap().value(), Some("1"));
    let built = SipUri::builder("h")
        .parameter("a", Some("1"))
        .parameter("A", None)
        .build();
    assert_eq!(built.unwrap().as_str(), "sip:h;A");
}

#[test]
fn section_19_1_1_sips_has_a_reliable_transport() {
    assert_eq!(
        kinds("sips:h;transport=UDP"),
        [DefectKind::UnreliableTransport]
    );
    assert_eq!(kinds("sips:h;transport=tcp"), []);
    let built = SipUri::builder("h")
        .secure()
        .transport(Transport::Udp)
        .build();
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Parameter);
}

#[test]
fn section_19_1_1_ttl_goes_with_multicast_over_udp() {
    let example = parse("sip:alice@atlanta.com;maddr=239.255.255.1;ttl=15");
    assert!(example.defects().is_empty());
    assert_eq!(example.ttl(), Some(15));
    assert!(example.maddr().unwrap().is_multicast());
    for text in [
        "sip:h;ttl=15",
        "sip:h;maddr=192.0.2.1;ttl=1",
        "sip:h;transport=tcp;maddr=224.0.0.1;ttl=1",
    ] {
        assert_eq!(kinds(text), [DefectKind::MisplacedTtl], "{text}");
    }
    assert_eq!(parse("sip:h;ttl=256").ttl(), None);
}

#[test]
fn section_19_1_1_unknown_parameters_are_ignored() {
    let uri = parse("sip:alice@h;unknown=1;transport=tcp;+other");
    assert_eq!(uri.transport(), Some(Transport::Tcp));
    assert!(uri.defects().is_empty());
    assert_eq!(uri.parameters().count(), 3);
}

#[test]
fn section_19_1_1_typed_parameters() {
    let uri = parse("sip:+1@h;transport=WS;user=Phone;method=INVITE;maddr=[::1];LR");
    assert_eq!(uri.transport(), Some(Transport::Ws));
    assert_eq!(uri.user_kind(), Some(UserKind::Phone));
    assert_eq!(uri.method(), Some("INVITE"));
    assert!(uri.maddr().unwrap().is_ipv6());
    assert!(uri.lr());
    assert_eq!(
        parse("sip:h;transport=x").transport(),
        Some(Transport::Other("x"))
    );
    assert_eq!(parse("sip:h;user=ip").user_kind(), Some(UserKind::Ip));
}

#[test]
fn section_19_1_2_defaults_of_table_1() {
    for (text, transport, port) in [
        ("sip:h", Transport::Udp, 5060),
        ("sip:h;transport=tcp", Transport::Tcp, 5060),
        ("sip:h;transport=sctp", Transport::Sctp, 5060),
        ("sip:h;transport=tls", Transport::Tls, 5061),
        ("sips:h", Transport::Tcp, 5061),
        ("sips:h;transport=tcp", Transport::Tcp, 5061),
        ("sip:h;transport=ws", Transport::Ws, 80),
        ("sips:h;transport=ws", Transport::Ws, 443),
        ("sips:h:5060", Transport::Tcp, 5060),
    ] {
        let uri = parse(text);
        assert_eq!(
            (uri.effective_transport(), uri.effective_port()),
            (transport, port),
            "{text}"
        );
    }
}

#[test]
fn section_19_1_2_every_component_escapes_what_it_cannot_hold() {
    let all: String = (' '..='~').chain(['\u{7f}', 'ä', '\0']).collect();
    let uri = SipUri::builder("h")
        .user(&all)
        .password(&all)
        .parameter(&all, Some(&all))
        .header(&all, &all)
        .build()
        .unwrap();
    assert!(uri.defects().is_empty(), "{uri}");
    assert!(uri.as_str().bytes().all(|b| b.is_ascii_graphic()));
    assert_eq!(percent::decode_lossy(uri.user().unwrap()), all);
    assert_eq!(percent::decode_lossy(uri.password().unwrap()), all);
    let parameter = uri.parameters().next().unwrap();
    assert_eq!(percent::decode_lossy(parameter.name()), all);
    assert_eq!(parameter.decoded_value().unwrap(), all);
    let header = uri.headers().next().unwrap();
    assert_eq!(percent::decode_lossy(header.name()), all);
    assert_eq!(header.decoded_value(), all);
}

#[test]
fn section_19_1_2_at_in_the_user_is_escaped() {
    let uri = SipUri::builder("h").user("j@s0n").build().unwrap();
    assert_eq!(uri.as_str(), "sip:j%40s0n@h");
}

#[test]
fn section_19_1_2_space_and_controls_are_never_accepted() {
    for byte in (0..=0x20).chain([0x7f]) {
        let text = format!("sip:a{}b@h", char::from(byte));
        assert_eq!(
            SipUri::parse(text.as_str()).unwrap_err().kind(),
            ErrorKind::Character
        );
    }
}

#[test]
fn section_19_1_2_unescaped_characters_are_defects() {
    for text in [
        "sip:a[b@h",
        "sip:a:b;c@h",
        "sip:h?a=b;c",
        "sip:h;a^=b",
        "sip:h?a|=b",
    ] {
        assert!(kinds(text).contains(&DefectKind::Unescaped), "{text}");
    }
}

#[test]
fn section_19_1_2_hosts_have_no_escapes() {
    assert_eq!(
        SipUri::parse("sip:a@h%6fst").unwrap_err().kind(),
        ErrorKind::Character
    );
    assert!(SipUri::builder("h%6fst").build().is_err());
}

#[test]
fn section_19_1_2_telephone_subscribers_are_escaped_for_the_user() {
    let tel = rfc2396_uri::TelUri::parse("tel:*21#;phone-context=h;x=[a:b]").unwrap();
    let sip = tel.to_sip("gw").build().unwrap();
    assert_eq!(sip.user(), Some("*21%23;phone-context=h;x=%5Ba%3Ab%5D"));
    assert!(sip.defects().is_empty());
    assert!(sip.to_tel().unwrap().equivalent(&tel));
}

#[test]
fn section_19_1_3_examples() {
    for text in [
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sips:1212@gateway.com",
        "sip:alice@192.0.2.4",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
    ] {
        assert!(parse(text).defects().is_empty(), "{text}");
        assert_eq!(parse(text).to_string(), text);
    }
    assert_eq!(
        parse("sip:alice;day=tuesday@atlanta.com").user(),
        Some("alice;day=tuesday")
    );
    assert_eq!(
        parse("sip:+1-212-555-1212:1234@gateway.com").password(),
        Some("1234")
    );
}

#[test]
fn section_19_1_4_sets_of_equivalent_uris() {
    for (a, b) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;security=on",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(equivalent(a, b), "{a} {b}");
    }
}

#[test]
fn section_19_1_4_sets_of_different_uris() {
    for (a, b) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
    ] {
        assert!(!equivalent(a, b), "{a} {b}");
    }
}

#[test]
fn section_19_1_4_is_not_transitive() {
    let (a, on, off) = (
        "sip:carol@chicago.com",
        "sip:carol@chicago.com;security=on",
        "sip:carol@chicago.com;security=off",
    );
    assert!(equivalent(a, on) && equivalent(a, off) && !equivalent(on, off));
    let key = |text| parse(text).registrar_key();
    assert_eq!(key(on), key(off));
}

#[test]
fn section_19_1_4_rules_one_by_one() {
    for (a, b, same) in [
        ("sip:a@h", "sips:a@h", false),
        ("sip:a:P@h", "sip:a:p@h", false),
        ("sip:a@h", "sip:a:p@h", false),
        ("sip:a@h", "sip:h", false),
        // Reserved characters differ from their escapes, others do not.
        ("sip:a%3Bb@h", "sip:a;b@h", false),
        ("sip:a%3Bb@h", "sip:a%3bb@h", true),
        ("sip:a%2Db@h", "sip:a-b@h", true),
        ("sip:a@h;user=ip", "sip:a@h", false),
        (
            "sip:h;maddr=224.0.0.1;ttl=1",
            "sip:h;maddr=224.0.0.1",
            false,
        ),
        ("sip:h;method=INVITE", "sip:h", false),
        ("sip:h;maddr=192.0.2.1", "sip:h", false),
        ("sip:h;maddr=[::1]", "sip:h;maddr=[0::1]", true),
        ("sip:h;transport=tcp", "sip:h", false),
        ("sip:h;lr=on", "sip:h;lr", true),
        ("sip:h;lr", "sip:h", true),
        ("sip:h;a;b=1;c", "sip:h;C;B=1;%61", true),
        ("sip:[2001:DB8::1]", "sip:[2001:db8:0::1]", true),
        ("sip:192.0.2.1", "sip:[::ffff:192.0.2.1]", false),
        ("sip:h?a=b&a=c", "sip:h?a=b", false),
        ("sip:h?a=b&A=c", "sip:h?A=C&a=B", true),
    ] {
        assert_eq!(equivalent(a, b), same, "{a} {b}");
    }
}

#[test]
fn section_19_1_5_the_request_uri_has_no_method_and_no_headers() {
    let uri = parse("sip:a@h:1;x;transport=tcp;method=INVITE;maddr=1.2.3.4;ttl=1;user=ip;y=z?a=b");
    let request = uri.request_uri();
    assert_eq!(
        request.as_str(),
        "sip:a@h:1;x;transport=tcp;maddr=1.2.3.4;ttl=1;user=ip;y=z"
    );
    assert_eq!(uri.method(), Some("INVITE"));
    assert_eq!(
        uri.headers()
            .map(|h| h.as_str().to_owned())
            .collect::<Vec<_>>(),
        ["a=b"]
    );
}

#[test]
fn section_19_1_a_sip_uri_is_upgraded_by_its_scheme() {
    assert_eq!(
        parse("sip:a@h;lr?b=c").secure().unwrap().as_str(),
        "sips:a@h;lr?b=c"
    );
    assert_eq!(parse("sips:a@h").secure().unwrap().as_str(), "sips:a@h");
    assert_eq!(
        parse("SIP:a:b@h:1;transport=udp;x")
            .secure()
            .unwrap()
            .as_str(),
        "sips:a:b@h:1;x"
    );
    let longest = format!("sip:{}", "a".repeat(rfc2396_uri::MAX_LENGTH - 4));
    assert_eq!(
        parse(&longest).secure().unwrap_err().kind(),
        ErrorKind::TooLong
    );
    assert_eq!(parse(&longest).request_uri().as_str(), longest);
}

#[test]
fn section_10_3_the_registrar_key_has_no_parameters_and_no_escapes() {
    let key = parse("sip:%61lice@Atlanta.com;transport=tcp;user=phone").registrar_key();
    assert_eq!(key, parse("sip:alice@atlanta.com").registrar_key());
    assert_eq!(
        (key.user(), key.host()),
        (Some(&b"alice"[..]), "atlanta.com")
    );
    let keys: HashSet<_> = [
        "sip:a@h",
        "sip:a@H;x",
        "sips:a@h",
        "sip:A@h",
        "sip:a@h:5060",
        "sip:h",
    ]
    .map(|text| parse(text).registrar_key())
    .into_iter()
    .collect();
    assert_eq!(keys.len(), 5);
}

#[test]
fn builders_refuse_what_cannot_be_a_uri() {
    for host in ["", "a b", "a;b", "a@b", "[::1", "h:5060", "a/b"] {
        assert_eq!(
            SipUri::builder(host).build().unwrap_err().kind(),
            ErrorKind::Host,
            "{host}"
        );
    }
    assert!(SipUri::builder("h").password("p").build().is_err());
    assert!(SipUri::builder("h").parameter("", None).build().is_err());
    assert!(
        SipUri::builder("h")
            .parameter("a", Some(""))
            .build()
            .is_err()
    );
    assert!(SipUri::builder("h").header("", "").build().is_err());
    let long = "a".repeat(rfc2396_uri::MAX_LENGTH);
    let error = SipUri::builder("h").user(&long).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLong);
    assert_eq!(
        SipUri::builder("::1").build().unwrap().as_str(),
        "sip:[::1]"
    );
}

#[test]
fn parts_of_a_view_outlive_it() {
    fn user(text: &str) -> Option<&str> {
        match NameAddr::parse_prefix(text).ok()?.0.uri() {
            Uri::Sip(uri) => uri.user(),
            _ => None,
        }
    }
    assert_eq!(user("<sip:bob@h>"), Some("bob"));
    let owned: SipUri<String> = "sip:bob@h".parse().unwrap();
    assert_eq!(owned.user(), Some("bob"));
    assert_eq!(owned.host(), Host::Name("h"));
    assert_eq!(
        SipUri::parse(Box::<str>::from("sip:h")).unwrap().host_str(),
        "h"
    );
}

#[test]
fn parsing_and_reading_allocate_nothing() {
    let text = "\"Alice\" <sip:+1-212-555-1212:1234@gateway.com:5070;user=phone;lr?a=b&c=d>;tag=1";
    let info = allocation_counter::measure(|| {
        let (address, consumed) = NameAddr::parse_prefix(text).unwrap();
        assert_eq!(consumed, text.len() - 6);
        let uri = address.uri();
        let uri = uri.as_sip().unwrap();
        assert_eq!(uri.port(), Some(5070));
        assert!(uri.lr() && uri.user_kind() == Some(UserKind::Phone));
        assert_eq!((uri.parameters().count(), uri.headers().count()), (2, 2));
        assert_eq!(address.display_name().as_deref(), Some("Alice"));
        assert!(Uri::parse("tel:+1-201-555-0123;ext=1").is_ok());
        assert!(Uri::parse("rtsp://u@h:554/a?b#c").is_ok());
    });
    assert_eq!(info.count_total, 0);
}
