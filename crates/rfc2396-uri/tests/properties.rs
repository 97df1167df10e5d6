//! What holds for any text: no panic, parts that make up the whole, builders that round-trip.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use rfc2396_uri::percent::decode_lossy;
use rfc2396_uri::{NameAddr, SipUri, TelUri, Uri, UriReference};

/// Texts that come near to addresses.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[!-~ \t]{0,6}",
        "[\"<>\\\\,;:@?=&%\\[\\]#*]",
        Just("sip:".to_owned()),
        Just("sips:".to_owned()),
        Just("tel:+1".to_owned()),
        Just("x://".to_owned()),
        Just("a@h.example".to_owned()),
        Just("[2001:db8::1]".to_owned()),
        Just(";lr=on".to_owned()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Reads all there is to read, checks every span, and gives the URI put together from its parts.
fn walk(uri: &Uri<&str>) -> String {
    let all = uri.as_str();
    for defect in uri.defects() {
        assert!(all.get(defect.span()).is_some(), "{all}: {defect}");
    }
    assert!(uri.displayable().chars().count() <= 25);
    assert!(uri.equivalent(uri));
    let scheme = format!("{}:", uri.scheme());
    match uri {
        Uri::Sip(uri) => {
            let _ = (
                uri.transport(),
                uri.maddr(),
                uri.ttl(),
                uri.effective_port(),
                uri.to_tel(),
            );
            assert!(uri.secure().unwrap().is_secure());
            assert!(uri.request_uri().method().is_none());
            let password = uri
                .password()
                .map(|password| format!(":{password}"))
                .unwrap_or_default();
            let user = uri
                .user()
                .map(|user| format!("{user}{password}@"))
                .unwrap_or_default();
            let head = format!("{scheme}{user}{}", uri.host_str());
            let tail = format!("{}{}", uri.parameters().as_str(), uri.headers().as_str());
            let port = &all[head.len()..all.len() - tail.len()];
            let digits = port.strip_prefix(':').unwrap_or(port);
            assert_eq!(digits.parse().ok(), uri.port(), "{all}");
            format!("{head}{port}{tail}")
        }
        Uri::Tel(uri) => format!("{scheme}{}{}", uri.number(), uri.parameters().as_str()),
        Uri::Other(uri) => {
            let normal = uri.normalize();
            assert_eq!(normal, normal.normalize());
            let authority = uri
                .authority()
                .map(|a| format!("//{a}"))
                .unwrap_or_default();
            let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
            let fragment = uri.fragment().map(|f| format!("#{f}")).unwrap_or_default();
            format!("{scheme}{authority}{}{query}{fragment}", uri.path())
        }
    }
}

proptest! {
    #[test]
    fn an_accepted_address_is_the_sum_of_its_parts(text in text()) {
        for parse in [NameAddr::parse_prefix, NameAddr::parse_prefix_of_one] {
            let Ok((address, consumed)) = parse(&text) else { continue };
            prop_assert!(text.starts_with(address.as_str()));
            prop_assert!(text.is_char_boundary(consumed) && consumed >= address.as_str().len());
            prop_assert_eq!(walk(&address.uri()), address.uri().as_str());
            for defect in address.defects() {
                prop_assert!(text.get(defect.span()).is_some());
            }
            let again = NameAddr::parse(address.as_str()).unwrap();
            prop_assert_eq!(again, address);
        }
    }

    #[test]
    fn an_accepted_uri_is_the_sum_of_its_parts(text in text()) {
        if let Ok(uri) = Uri::parse(text.as_str()) {
            prop_assert_eq!(walk(&uri), text);
        }
    }

    #[test]
    fn errors_point_into_the_text(text in text()) {
        let errors = [
            Uri::parse(text.as_str()).err(),
            NameAddr::parse(text.as_str()).err(),
            UriReference::parse(text.as_str()).err(),
            TelUri::parse(text.as_str()).err(),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert!(error.offset() <= text.len(), "{}: {}", text, error);
        }
    }

    #[test]
    fn resolution_gives_a_uri(base in "[a-z]:[a-z/.:]{0,8}", reference in "[a-z/.:?#]{0,8}") {
        if let (Ok(base), Ok(reference)) =
            (UriReference::parse(base), UriReference::parse(reference))
        {
            let target = base.resolve(&reference).unwrap();
            prop_assert!(!target.is_relative());
            let (path, authority) = (target.path().to_owned(), target.authority().is_some());
            if reference.is_relative() && reference.authority().is_none() && reference.path() != "" {
                prop_assert_eq!(authority, base.authority().is_some());
                prop_assert!(!path.split('/').skip(1).any(|s| s == ".."), "{}", path);
            }
        }
    }

    #[test]
    fn what_the_sip_builder_makes_is_read_back(
        user in prop::option::of("\\PC{1,8}"),
        port in any::<Option<u16>>(),
        name in "\\PC{1,8}",
        value in prop::option::of("\\PC{1,8}"),
        header in "\\PC{0,8}",
        display_name in "\\PC{0,8}",
    ) {
        let mut builder = SipUri::builder("h.example");
        if let Some(user) = &user {
            builder = builder.user(user);
        }
        if let Some(port) = port {
            builder = builder.port(port);
        }
        let uri = builder.parameter(&name, value.as_deref()).header("x", &header).build().unwrap();
        prop_assert_eq!(SipUri::parse(uri.as_str()).unwrap(), uri.view());
        prop_assert_eq!(uri.user().map(|user| decode_lossy(user).into_owned()), user);
        prop_assert_eq!(uri.port(), port);
        let parameter = uri.parameters().next().unwrap();
        prop_assert_eq!(decode_lossy(parameter.name()), name);
        prop_assert_eq!(parameter.decoded_value().map(|value| value.into_owned()), value);
        prop_assert_eq!(uri.headers().next().unwrap().decoded_value(), header);
        let address = NameAddr::new(Some(&display_name), &Uri::from(uri.view())).unwrap();
        prop_assert_eq!(address.display_name().unwrap(), display_name.as_str());
        prop_assert_eq!(address.uri(), Uri::Sip(uri.view()));
        prop_assert!(!address.defects().iter().any(|d| d.span().end <= display_name.len()));
    }

    #[test]
    fn what_the_tel_builder_makes_has_no_defects(
        number in "[+]?[0-9().-]{1,6}",
        context in prop::option::of("[a-z0-9.+-]{1,5}"),
        name in "[a-z;=-]{1,3}",
        value in prop::option::of("\\PC{1,4}"),
    ) {
        let mut builder = TelUri::builder(&number).parameter(&name, value.as_deref());
        if let Some(context) = &context {
            builder = builder.phone_context(context);
        }
        if let Ok(uri) = builder.build() {
            prop_assert_eq!(uri.number(), number);
            prop_assert_eq!(uri.phone_context(), context.as_deref());
            prop_assert!(TelUri::parse(uri.as_str()).unwrap().defects().is_empty());
            let sip = uri.to_sip("h").build().unwrap();
            prop_assert!(sip.to_tel().unwrap().equivalent(&uri));
        }
    }

    /// Equivalent URIs have equal keys, and equivalence does not depend on the side.
    #[test]
    fn the_registrar_key_is_consistent_with_equivalence(
        a in "sips?:([aA]|%61|%41)?@?[hH](:1)?(;[aA]=[bB]|;lr|;transport=tcp|\\?a=[bB]){0,3}",
        b in "sips?:([aA]|%61|%41)?@?[hH](:1)?(;[aA]=[bB]|;lr|;transport=tcp|\\?a=[bB]){0,3}",
    ) {
        if let (Ok(a), Ok(b)) = (SipUri::parse(a), SipUri::parse(b)) {
            prop_assert_eq!(a.equivalent(&b), b.equivalent(&a));
            if a.equivalent(&b) {
                prop_assert_eq!(a.registrar_key(), b.registrar_key());
            }
        }
    }
}
