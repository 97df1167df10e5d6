//! Hard cases from the field, each by its outcome.

#![allow(clippy::unwrap_used)] // in helpers as well

use rfc2396_uri::Host;
use rfc3261_sip::{
    DefectKind, ErrorKind, HeaderName, Message, NoResponse, Rejection, Severity, StatusCode,
    headers::*,
};

/// A request with these lines between its mandatory ones.
fn request(method: &str, uri: &str, lines: &[&str]) -> Vec<u8> {
    let mut text = format!("{method} {uri} SIP/2.0\r\n");
    let mandatory = [
        ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
        ("Max-Forwards", "70"),
        ("From", "<sip:a@h>;tag=1"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "1@h"),
    ];
    for (name, value) in mandatory {
        if !lines
            .iter()
            .any(|line| line.starts_with(&format!("{name}:")))
        {
            text += &format!("{name}: {value}\r\n");
        }
    }
    if !lines.iter().any(|line| line.starts_with("CSeq:")) {
        text += &format!("CSeq: 1 {method}\r\n");
    }
    for line in lines {
        text += &format!("{line}\r\n");
    }
    (text + "\r\n").into_bytes()
}

fn options(lines: &[&str]) -> Message {
    Message::parse(request("OPTIONS", "sip:b@h", lines)).unwrap()
}

fn has_defect(message: &Message, wanted: impl Fn(DefectKind) -> bool) -> bool {
    message.check().iter().any(|defect| wanted(defect.kind()))
}

#[test]
fn case_1_separators_in_the_user_part() {
    let uri = "sip:user;par=u%40example.net@example.com";
    let message = Message::parse(request("OPTIONS", uri, &[])).unwrap();
    let parsed = message.request_uri().unwrap();
    assert_eq!(
        parsed.as_sip().unwrap().user(),
        Some("user;par=u%40example.net")
    );
    let message = options(&["Contact: <sip:+358-555-1234567;postd=pp22@foo.com;user=phone>"]);
    let uri = message.contact().unwrap().uri().unwrap();
    assert_eq!(
        uri.as_sip().unwrap().user(),
        Some("+358-555-1234567;postd=pp22")
    );
    assert_eq!(uri.as_sip().unwrap().host(), Host::Name("foo.com"));
}

#[test]
fn case_2_two_vias_in_one_row() {
    let message = options(&[
        "Via: SIP/2.0/UDP 172.22.22.80:5062;branch=z9hG4bKkwpQ8Rq2RRoi,\
                             SIP/2.0/TCP 10.0.13.70:5060;branch=z9hG4bK20ede",
    ]);
    let vias: Vec<_> = message.list::<Via<'_>>().map(Result::unwrap).collect();
    assert_eq!(vias.len(), 2);
    assert_eq!(message.via().unwrap(), vias[0]);
    assert_eq!(vias[0].branch(), Some("z9hG4bKkwpQ8Rq2RRoi"));
    assert_eq!(
        (vias[1].transport(), vias[1].port()),
        (ViaTransport::Tcp, Some(5060))
    );
}

#[test]
fn case_3_colons_in_a_uri_parameter() {
    let message = options(&["Contact: <sip:linphone@domain.com;gr=urn:uuid:c8651907-0000>"]);
    let uri = message.contact().unwrap().uri().unwrap();
    assert_eq!(
        uri.as_str(),
        "sip:linphone@domain.com;gr=urn:uuid:c8651907-0000"
    );
}

#[test]
fn case_4_brackets_inside_a_quoted_parameter() {
    let message = options(&[
        "Contact: sip:p666@10.106.171.88:5094;+g.3gpp.accesstype=\"cellular\";\
                             +sip.instance=\"<urn:gsma:imei:35548888-144050-0>\"",
    ]);
    let contact = message.contact().unwrap();
    let address = contact.address().unwrap();
    assert_eq!(address.uri().as_str(), "sip:p666@10.106.171.88:5094");
    let instance = address.parameters().find("+SIP.instance").unwrap();
    assert_eq!(
        instance.unquoted().unwrap(),
        "<urn:gsma:imei:35548888-144050-0>"
    );
    assert_eq!(message.list::<Contact<'_>>().count(), 1);
}

#[test]
fn case_5_separators_in_quotes() {
    let line = "Contact: <sip:1063@h;transport=udp>;+g.oma.sip-im;language=\"en,fr\";x=\"a;b\"";
    let message = options(&[line]);
    let contacts: Vec<_> = message.list::<Contact<'_>>().map(Result::unwrap).collect();
    let [Contact::Address(contact)] = contacts[..] else {
        panic!("{contacts:?}")
    };
    assert_eq!(
        contact
            .parameters()
            .find("language")
            .unwrap()
            .unquoted()
            .unwrap(),
        "en,fr"
    );
    assert_eq!(
        contact.parameters().find("x").unwrap().unquoted().unwrap(),
        "a;b"
    );
}

#[test]
fn case_6_a_folded_challenge() {
    let challenge = "Digest realm=\"one.att.net\",\r\n   nonce=\"abc\",\r\n   \
                     algorithm=AKAv1-MD5,\r\n   qop=\"auth\"";
    let message = options(&[&format!("WWW-Authenticate: {challenge}"), "Subject: after"]);
    let parsed = message.typed::<WwwAuthenticate<'_>>().unwrap();
    assert_eq!(parsed.scheme, "Digest");
    assert!(parsed.parameters.contains("algorithm=AKAv1-MD5"));
    let field = message.first(HeaderName::WwwAuthenticate).unwrap();
    assert_eq!(field.value(), challenge.as_bytes());
    assert_eq!(message.typed::<Subject<'_>>().unwrap().as_str(), "after");
}

#[test]
fn case_7_display_names() {
    let from = |value: &str| options(&[&format!("From: {value}")]);
    let name = |value: &str| {
        from(value)
            .from()
            .map(|from| from.address().display_name().map(|n| n.into_owned()))
    };
    assert_eq!(
        name(r#""Sami\ " <sip:+1646@h>;tag=1"#).unwrap().unwrap(),
        "Sami "
    );
    assert_eq!(name("\"\" <sip:222@test.local>").unwrap().unwrap(), "");
    assert_eq!(
        name("\"a <b@c>\" <sip:foo@bar>").unwrap().unwrap(),
        "a <b@c>"
    );
    assert_eq!(
        name("\"scanner\"<sip:100@1.1.1.1>").unwrap().unwrap(),
        "scanner"
    );
    assert!(name("\"\"unknown\"\" <sip:a@h>").is_ok());
    let questionable = from("\"\"unknown\"\" <sip:a@h>;tag=1");
    assert!(has_defect(&questionable, |kind| matches!(
        kind,
        DefectKind::Address(_)
    )));
    // The header only.
    let broken = from(r#""x\" <sip:a@h>;tag=1"#);
    assert_eq!(broken.from().unwrap_err().kind(), ErrorKind::Syntax);
    assert_eq!(broken.call_id().unwrap().as_str(), "1@h");
}

#[test]
fn case_9_all_compact() {
    let message = Message::parse(
        &b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\nf: <sip:a@h>;tag=1\r\n\
           t: <sip:b@h>;tag=2\r\ni: x\r\nCSeq: 1 BYE\r\nl: 0\r\n\r\n"[..],
    )
    .unwrap();
    assert!(message.check().is_empty());
    assert_eq!(message.status(), Some(StatusCode::OK));
    assert_eq!(message.to().unwrap().tag(), Some("2"));
    assert_eq!(message.typed::<ContentLength>().unwrap().0, 0);
}

#[test]
fn case_12_empty_list_elements() {
    let message = options(&["Supported: , 100rel,,timer,", "Accept:"]);
    let tags: Vec<_> = message
        .list::<Supported<'_>>()
        .map(|t| t.unwrap().as_str())
        .collect();
    assert_eq!(tags, ["100rel", "timer"]);
    assert_eq!(message.typed::<Supported<'_>>().unwrap().as_str(), "100rel");
    assert!(has_defect(&message, |k| k
        == DefectKind::EmptyElement(HeaderName::Supported)));
    // An empty Accept is there, and accepts nothing.
    assert!(message.first(HeaderName::Accept).is_some());
    assert_eq!(message.list::<Accept<'_>>().count(), 0);
    assert!(!has_defect(&message, |k| k
        == DefectKind::EmptyElement(HeaderName::Accept)));
}

#[test]
fn case_13_challenges_keep_their_order_and_their_commas() {
    let message = options(&[
        "WWW-Authenticate: Digest realm=\"r\", algorithm=SHA-256, nonce=\"1\"",
        "WWW-Authenticate: Digest realm=\"r\", algorithm=MD5, nonce=\"2\", Basic realm=\"r\"",
    ]);
    let challenges: Vec<_> = message
        .list::<WwwAuthenticate<'_>>()
        .map(|c| c.unwrap().parameters)
        .collect();
    assert_eq!(challenges.len(), 2);
    assert!(challenges[0].contains("SHA-256"));
    assert!(challenges[1].ends_with("Basic realm=\"r\""));
}

#[test]
fn case_14_both_kinds_of_challenge() {
    let message = options(&[
        "WWW-Authenticate: Digest realm=\"u\"",
        "Proxy-Authenticate: Digest realm=\"p1\"",
        "Proxy-Authenticate: Digest realm=\"p2\"",
    ]);
    assert_eq!(message.list::<WwwAuthenticate<'_>>().count(), 1);
    assert_eq!(message.list::<ProxyAuthenticate<'_>>().count(), 2);
}

#[test]
fn case_17_content_length() {
    for wrong in ["-1", "18446744073709551617", "+5", "5 5", "", "0x5"] {
        let message = options(&[&format!("Content-Length: {wrong}")]);
        assert!(
            has_defect(&message, |k| k == DefectKind::ContentLength),
            "{wrong:?}"
        );
        assert!(matches!(
            message.view().rejection("t"),
            Some(Rejection::Respond(_))
        ));
    }
    for long in ["4294967295", "2147483648", "1"] {
        let message = options(&[&format!("Content-Length: {long}")]);
        assert!(
            has_defect(&message, |k| k == DefectKind::BodyTooShort),
            "{long:?}"
        );
        assert!(matches!(
            message.view().rejection("t"),
            Some(Rejection::Respond(_))
        ));
    }
    let contradiction = options(&["Content-Length: 5", "l: 0"]);
    assert!(has_defect(&contradiction, |k| k == DefectKind::ContentLengths));
    // Absent in a datagram: the body is the rest.
    let mut bytes = request("MESSAGE", "sip:b@h", &["Content-Type: text/plain"]);
    bytes.extend(b"hello");
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.body(), b"hello");
    assert!(message.check().is_empty());
}

#[test]
fn case_18_white_space_and_controls_before_the_colon() {
    let message = options(&[
        "To :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
        "Content-Length : 0",
        "To\x01: <sip:x@h>",
    ]);
    let tos: Vec<_> = message.fields_named(HeaderName::To).collect();
    assert_eq!(tos.len(), 2);
    assert_eq!(tos[1].typed::<To<'_>>().unwrap().tag(), Some("1918181833n"));
    assert_eq!(message.typed::<ContentLength>().unwrap().0, 0);
    assert_eq!(message.view().extensions_named("To\x01").count(), 1);
    assert!(has_defect(&message, |k| k == DefectKind::HeaderName));
}

#[test]
fn case_20_bytes_that_are_no_text() {
    let mut bytes = request("INFO", "sip:b@h", &["Content-Type: application/isup"]);
    let at = bytes.len() - 2;
    bytes.splice(
        at..at,
        b"Subject: caf\xe9\r\nX-After: here\r\n".iter().copied(),
    );
    bytes.extend([0x01, 0x00, 0x91, 0x00, 0xff]);
    let message = Message::parse(bytes.clone()).unwrap();
    assert_eq!(
        message.first(HeaderName::Subject).unwrap().value(),
        b"caf\xe9"
    );
    let error = message.typed::<Subject<'_>>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotUtf8);
    assert_eq!(bytes[error.offset()], 0xe9);
    assert_eq!(
        message
            .view()
            .extensions_named("x-after")
            .next()
            .unwrap()
            .value(),
        b"here"
    );
    assert_eq!(message.body(), [0x01, 0x00, 0x91, 0x00, 0xff]);
    assert_eq!(message.view().edit().finish().unwrap(), bytes);
    assert!(message.view().rejection("t").is_none());
}

#[test]
fn case_21_missing_and_garbage_mandatory_fields() {
    let refused = |message: &Message, field: &str| match message.view().rejection("t") {
        Some(Rejection::Respond(response)) => {
            let bytes = response.build().unwrap();
            let line = String::from_utf8(bytes.to_vec()).unwrap();
            let line = line.lines().next().unwrap().to_owned();
            assert!(
                line.starts_with("SIP/2.0 400 ") && line.contains(field),
                "{line}"
            );
        }
        other => panic!("{other:?}"),
    };
    let bytes = b"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
                  From: <sip:a@h>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    refused(&Message::parse(&bytes[..]).unwrap(), "To");
    refused(
        &options(&["Contact: <sip:>;sip:;;1001@45.93.16.168"]),
        "Contact",
    );
    refused(&options(&["From: </>"]), "From");
    refused(&options(&["Contact: *"]), "Contact");
    refused(&options(&["CSeq: 115211521152 OPTIONS"]), "CSeq");
    let star = request("REGISTER", "sip:h", &["Contact: *", "Expires: 0"]);
    assert!(Message::parse(star).unwrap().check().is_empty());
}

#[test]
fn no_answer_to_an_ack_or_a_response_or_without_a_way_back() {
    let why = |bytes: Vec<u8>| match Message::parse(bytes).unwrap().view().rejection("t") {
        Some(Rejection::Drop(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        why(request("ACK", "sip:b@h", &["CSeq: x ACK"])),
        NoResponse::Ack
    );
    assert_eq!(
        why(request("OPTIONS", "sip:b@h", &["Via: nothing"])),
        NoResponse::NoVia
    );
    assert_eq!(
        why(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n\r\n".to_vec()),
        NoResponse::Response
    );
}

#[test]
fn case_22_ipv6() {
    let message = options(&[
        "Contact: \"n\" <sip:x@[64:ff9b::c0a8:7f65]:59370>",
        "Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111",
        "Route: <sip:[fe80::1%eth0];lr>",
    ]);
    let uri = message.contact().unwrap().uri().unwrap();
    assert_eq!(uri.as_sip().unwrap().port(), Some(59370));
    assert!(uri.host().unwrap().is_ipv6());
    let via = message.via().unwrap();
    assert!(via.host().is_ipv6());
    assert_eq!(via.received(), Some("2001:db8::9:255"));
    assert!(message.typed::<Route<'_>>().is_ok());
    let colons = Message::parse(request("OPTIONS", "sip:u@[2001:db8:::192.0.2.1]", &[])).unwrap();
    assert!(colons.request_uri().is_ok());
    assert!(has_defect(&colons, |kind| matches!(
        kind,
        DefectKind::Address(_)
    )));
    assert!(
        colons
            .check()
            .iter()
            .all(|defect| defect.severity() < Severity::Error)
    );
}

#[test]
fn case_23_tel_and_mixed_identities() {
    let one = "P-Asserted-Identity: \"Dr who\" <sip:dr.who@h>, <tel:+349999999>";
    let two = [
        "P-Asserted-Identity: \"Dr who\" <sip:dr.who@h>",
        "P-Asserted-Identity: <tel:+349999999>",
    ];
    for lines in [&[one][..], &two[..]] {
        let message = options(lines);
        let identities: Vec<_> = message
            .list::<PAssertedIdentity<'_>>()
            .map(Result::unwrap)
            .collect();
        assert_eq!(identities.len(), 2);
        assert_eq!(identities[0].address().display_name().unwrap(), "Dr who");
        assert_eq!(
            identities[1].uri().as_tel().unwrap().subscriber(),
            "+349999999"
        );
    }
    let uri = "tel:+1-201-555-0123;phone-context=example.com";
    let message = Message::parse(request("INVITE", uri, &[])).unwrap();
    assert_eq!(
        message
            .request_uri()
            .unwrap()
            .as_tel()
            .unwrap()
            .phone_context(),
        Some("example.com")
    );
}

#[test]
fn case_25_what_is_forwarded_stays_as_it_is() {
    let lines = [
        "To: sip:bond,james@example.com",
        "Reply-To: \"Bond, James\" <sip:b@h>",
        "Contact: <sip:null-%00-null@h>",
        "Route: <sip:u@h;%74ransport=tcp>",
        "Refer-To: <sip:u@h;Aai=%22Foo%22%3A>",
    ];
    let bytes = request("OPTIONS", "sip:b@h", &lines);
    let message = Message::parse(bytes.clone()).unwrap();
    assert_eq!(
        message.to().unwrap().uri().as_str(),
        "sip:bond,james@example.com"
    );
    assert_eq!(message.view().elements(HeaderName::To).count(), 1);
    let mut edit = message.view().edit();
    edit.insert_before(HeaderName::Via, "SIP/2.0/UDP p;branch=z9hG4bK2");
    let forwarded = String::from_utf8(edit.finish().unwrap()).unwrap();
    for line in lines {
        assert!(forwarded.contains(&format!("{line}\r\n")), "{line}");
    }
    assert_eq!(
        forwarded
            .replace("Via: SIP/2.0/UDP p;branch=z9hG4bK2\r\n", "")
            .into_bytes(),
        bytes
    );
}

#[test]
fn case_8_number_sign_in_the_user_part() {
    let uri = "sip:#123@teams.mydomain.com:5081;user=phone;transport=tls";
    let message = Message::parse(request("INVITE", uri, &["Contact: <sip:a@h>"])).unwrap();
    assert_eq!(
        message.request_uri().unwrap().as_sip().unwrap().user(),
        Some("#123")
    );
    assert!(has_defect(&message, |kind| matches!(
        kind,
        DefectKind::Address(_)
    )));
    assert!(message.view().rejection("t").is_none());
    assert_eq!(message.view().request_uri_bytes(), Some(uri.as_bytes()));
}

#[test]
fn case_10_loose_routes() {
    let message = options(&[
        "Route: <sip:p1;lr=on;ftag=x>, <sip:p1;lr=true>",
        "Route: <sip:p;r2=on;lr>,<sip:p:5061;r2=on;lr>",
    ]);
    let routes: Vec<_> = message.list::<Route<'_>>().map(Result::unwrap).collect();
    assert_eq!(routes.len(), 4);
    assert!(
        routes
            .iter()
            .all(|route| route.uri().as_sip().unwrap().lr())
    );
}

#[test]
fn case_11_hosts_that_look_like_numbers() {
    let lines = ["Contact: <sip:1@0fb38bfd0a0d>"];
    let message = Message::parse(request("REGISTER", "sip:3402000000", &lines)).unwrap();
    assert_eq!(
        message.request_uri().unwrap().host(),
        Some(Host::Name("3402000000"))
    );
    let uri = message.contact().unwrap().uri().unwrap();
    assert_eq!(uri.host(), Some(Host::Name("0fb38bfd0a0d")));
}

#[test]
fn a_response_that_is_cut_short_is_dropped() {
    // RFC 3261 §18.3
    let bytes =
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
                  To: <sip:b@h>;tag=2\r\nCall-ID: x\r\nCSeq: 1 BYE\r\nContent-Length: 9\r\n\r\nhi";
    let message = Message::parse(&bytes[..]).unwrap();
    assert!(matches!(
        message.view().rejection("t"),
        Some(Rejection::Drop(NoResponse::Response))
    ));
}

#[test]
fn a_body_without_a_type_is_a_defect() {
    let mut bytes = request("MESSAGE", "sip:b@h", &[]);
    bytes.extend(b"hello");
    let message = Message::parse(bytes).unwrap();
    assert!(has_defect(&message, |kind| kind == DefectKind::ContentType));
    assert!(message.view().rejection("t").is_none());
}
