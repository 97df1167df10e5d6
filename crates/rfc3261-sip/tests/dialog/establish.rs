//! How dialogs come about (RFC 3261 §12.1).

use rfc3261_sip::{
    ErrorKind, HeaderName,
    dialog::{Change, Dialog, DialogError, DialogState, Refusal, Role, needs_secure_contact},
    transport::Transport,
};

use super::script::*;

#[test]
fn the_client_takes_its_state_from_the_response() {
    let dialog = alice();
    assert_eq!(dialog.id().call_id(), "2xTb9vxSit55XU7p8@atlanta.example");
    assert_eq!(dialog.id().local_tag(), Some("9fxced76sl"));
    assert_eq!(dialog.id().remote_tag(), Some("314159"));
    assert_eq!(
        (dialog.role(), dialog.state()),
        (Role::Uac, DialogState::Confirmed)
    );
    let target = "sip:bob@198.51.100.2;gr=urn:uuid:c8651907-0000";
    assert_eq!(dialog.remote_target(), target);
    let route_set: Vec<_> = dialog.route_set().collect();
    let reversed = [
        "sip:ss1.atlanta.example;lr=on;ftag=x",
        "sip:ss2.biloxi.example;lr",
    ];
    assert_eq!(route_set, reversed);
    assert_eq!(dialog.next_hop(), "sip:ss1.atlanta.example;lr=on;ftag=x");
    assert_eq!(dialog.local_sequence_number(), Some(1));
    assert_eq!(dialog.remote_sequence_number(), None);
    assert_eq!(
        dialog.local(),
        "\"Alice\" <sip:alice@atlanta.example>;tag=9fxced76sl"
    );
    assert_eq!(dialog.remote(), "Bob <sip:bob@biloxi.example>;tag=314159");
    assert!(!dialog.is_secure());
}

#[test]
fn the_server_takes_its_state_from_the_request() {
    let dialog = bob();
    assert_eq!(dialog.id().call_id(), "2xTb9vxSit55XU7p8@atlanta.example");
    assert_eq!(dialog.id().local_tag(), Some("314159"));
    assert_eq!(dialog.id().remote_tag(), Some("9fxced76sl"));
    assert_eq!(
        (dialog.role(), dialog.state()),
        (Role::Uas, DialogState::Early)
    );
    assert_eq!(dialog.remote_target(), "sip:alice@192.0.2.1");
    let route_set: Vec<_> = dialog.route_set().collect();
    let in_order = [
        "sip:ss2.biloxi.example;lr",
        "sip:ss1.atlanta.example;lr=on;ftag=x",
    ];
    assert_eq!(route_set, in_order);
    assert_eq!(dialog.local_sequence_number(), None);
    assert_eq!(dialog.remote_sequence_number(), Some(1));
    assert_eq!(dialog.local(), "Bob <sip:bob@biloxi.example>;tag=314159");
    assert_eq!(
        dialog.remote(),
        "\"Alice\" <sip:alice@atlanta.example>;tag=9fxced76sl"
    );
}

#[test]
fn without_record_route_the_route_set_is_empty() {
    let invite = invite();
    let uac = Dialog::uac(
        invite.view(),
        answer(200, "1", &[CONTACT]).view(),
        Transport::Udp,
    );
    assert_eq!(uac.unwrap().route_set().len(), 0);
    let uas = Dialog::uas(invite.view(), "1", Transport::Udp).unwrap();
    assert_eq!(uas.route_set().len(), 0);
    // That also replaces a set that the INVITE had been sent with.
    let routed = [
        "Route: <sip:outbound.example;lr>",
        "Contact: <sip:alice@192.0.2.1>",
    ];
    let invite = request("INVITE", 1, &routed);
    let uac = Dialog::uac(
        invite.view(),
        answer(200, "1", &[CONTACT]).view(),
        Transport::Udp,
    );
    assert_eq!(uac.unwrap().route_set().len(), 0);
}

#[test]
fn only_a_tagged_provisional_or_a_2xx_establishes_one() {
    let invite = invite();
    let refused = [
        answer(100, "1", &[CONTACT]),
        response(180, "INVITE", 1, &[CONTACT]), // no tag in To
        answer(300, "1", &[CONTACT]),
        answer(486, "1", &[CONTACT]),
        response(200, "INVITE", 2, &[CONTACT]),
        response(200, "BYE", 1, &[CONTACT]),
        answer(200, "1", &["Call-ID: another"]),
        answer(200, "1", &["From: <sip:alice@atlanta.example>;tag=another"]),
        invite.clone(),
    ];
    for message in refused {
        let dialog = Dialog::uac(invite.view(), message.view(), Transport::Udp);
        assert_eq!(dialog, Err(Refusal::NoDialog), "{message}");
    }
    for (code, state) in [
        (101, DialogState::Early),
        (199, DialogState::Early),
        (200, DialogState::Confirmed),
        (299, DialogState::Confirmed),
    ] {
        let response = answer(code, "1", &[CONTACT]);
        let dialog = Dialog::uac(invite.view(), response.view(), Transport::Udp).unwrap();
        assert_eq!(dialog.state(), state);
    }
}

#[test]
fn peers_of_rfc_2543_go_without_tags() {
    let ok = response(200, "INVITE", 1, &[CONTACT]);
    let mut dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
    assert_eq!(dialog.id().remote_tag(), None);
    let bye = from_bob("BYE", 1, &["From: Bob <sip:bob@biloxi.example>"]);
    assert_eq!(dialog.handle_request(bye.view()), Ok(()));
    let bye = built(dialog.request(rfc3261_sip::Method::BYE, VIA).unwrap());
    assert_eq!(value(&bye, HeaderName::To), "Bob <sip:bob@biloxi.example>");

    let from = "From: sip:alice@atlanta.example";
    let invite = request("INVITE", 1, &[from, "Contact: <sip:alice@192.0.2.1>"]);
    let mut dialog = Dialog::uas(invite.view(), "314159", Transport::Udp).unwrap();
    assert_eq!(dialog.id().remote_tag(), None);
    assert_eq!(
        dialog.responded(invite.view(), status(200)),
        Ok(Change::Confirmed)
    );
    let ack = from_alice("ACK", 1, &[from]);
    assert_eq!(dialog.handle_request(ack.view()), Ok(()));
    let bye = built(dialog.request(rfc3261_sip::Method::BYE, VIA).unwrap());
    assert_eq!(value(&bye, HeaderName::To), "sip:alice@atlanta.example");
    assert_eq!(
        value(&bye, HeaderName::From),
        "Bob <sip:bob@biloxi.example>;tag=314159"
    );
}

#[test]
fn a_peer_without_contact_is_found_where_it_was() {
    let ok = answer(200, "1", &[]);
    let dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
    assert_eq!(dialog.remote_target(), "sip:bob@biloxi.example");
    let dialog = Dialog::uas(request("INVITE", 1, &[]).view(), "1", Transport::Udp).unwrap();
    assert_eq!(dialog.remote_target(), "sip:alice@atlanta.example");
}

#[test]
fn a_contact_that_cannot_be_read_is_refused_with_its_place() {
    for bad in [
        "Contact: *",
        "Contact: <sip:>;sip:;1001@45.93.16.168",
        "Contact: <",
    ] {
        let invite = request("INVITE", 1, &[bad]);
        let refused = Dialog::uas(invite.view(), "1", Transport::Udp).unwrap_err();
        assert_eq!(refused.status(), status(400), "{bad}");
        let Refusal::Message(error) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Syntax, "Contact")
        );
    }
}

#[test]
fn the_contact_loses_what_no_request_line_has() {
    let ok = answer(
        200,
        "1",
        &["Contact: <sip:bob@h;method=INVITE;x=%22?Subject=a>"],
    );
    let dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
    assert_eq!(dialog.remote_target(), "sip:bob@h;x=%22");
}

#[test]
fn a_dialog_is_secure_by_tls_and_a_sips_uri() {
    let sips = |transport| {
        let text = invite().to_string().replace(" sip:bob@", " sips:bob@");
        let invite = rfc3261_sip::Message::parse(text.into_bytes()).unwrap();
        Dialog::uac(invite.view(), ok().view(), transport)
            .unwrap()
            .is_secure()
    };
    assert!(sips(Transport::Tls));
    assert!(!sips(Transport::Udp));
    let dialog = Dialog::uac(invite().view(), ok().view(), Transport::Tls).unwrap();
    assert!(!dialog.is_secure());
}

#[test]
fn a_sips_uri_asks_for_a_sips_contact() {
    let with = |start: &str, rows: &[&str]| {
        let text = request("INVITE", 1, rows).to_string();
        let text = text.replacen("INVITE sip:bob@biloxi.example", start, 1);
        rfc3261_sip::Message::parse(text.into_bytes()).unwrap()
    };
    // At the client: the request line, or the top Route.
    assert!(!needs_secure_contact(invite().view()));
    assert!(needs_secure_contact(with("INVITE SIPS:bob@h", &[]).view()));
    let routed = ["Route: <sips:p1;lr>, <sip:p2;lr>"];
    assert!(needs_secure_contact(
        with("INVITE sip:bob@h", &routed).view()
    ));
    // At the server: the request line, or the top Record-Route, or Contact without that.
    let cases: [(&str, &[&str], bool); 5] = [
        ("INVITE sip:bob@h", &["Contact: <sip:a@h>"], false),
        ("INVITE sips:bob@h", &["Contact: <sip:a@h>"], true),
        ("INVITE sip:bob@h", &["Contact: <sips:a@h>"], true),
        (
            "INVITE sip:bob@h",
            &["Contact: <sips:a@h>", RECORD_ROUTE],
            false,
        ),
        (
            "INVITE sip:bob@h",
            &["Record-Route: <sips:p;lr>", "Contact: <sip:a@h>"],
            true,
        ),
    ];
    for (start, rows, secure) in cases {
        let invite = with(start, rows);
        let dialog = Dialog::uas(invite.view(), "1", Transport::Tls).unwrap();
        let response = |uri| dialog.response(invite.view(), status(200), Some(uri));
        assert_eq!(response("sip:bob@h").is_ok(), !secure, "{start} {rows:?}");
        assert!(response("sips:bob@h").is_ok());
        assert_eq!(response("tel:+358").unwrap_err(), DialogError::Contact);
    }
}

#[test]
fn the_response_has_record_route_and_contact() {
    let rows = [
        "Contact: <sip:alice@192.0.2.1>",
        "Record-Route: <sip:p2;lr;x=%22>;unknown=\"a, b\" ,\r\n\t<sip:p1;lr=on>",
        "Record-Route: sip:p0;lr",
    ];
    let invite = request("INVITE", 1, &rows);
    let dialog = Dialog::uas(invite.view(), "314159", Transport::Udp).unwrap();
    for code in [180, 200] {
        let contact = Some("sip:bob@198.51.100.2");
        let response = dialog
            .response(invite.view(), status(code), contact)
            .unwrap();
        let response = built_response(response);
        let record_route: Vec<_> = response
            .fields_named(HeaderName::RecordRoute)
            .map(|field| field.value_str().unwrap().to_owned())
            .collect();
        let first = "<sip:p2;lr;x=%22>;unknown=\"a, b\" , <sip:p1;lr=on>";
        assert_eq!(record_route, [first, "sip:p0;lr"]);
        assert_eq!(
            value(&response, HeaderName::Contact),
            "<sip:bob@198.51.100.2>"
        );
        assert_eq!(response.to().unwrap().tag(), Some("314159"));
        // Both sides have the same route, each in its own direction.
        let alice = Dialog::uac(invite.view(), response.view(), Transport::Udp).unwrap();
        let mut there: Vec<_> = alice.route_set().collect();
        there.reverse();
        assert_eq!(there, dialog.route_set().collect::<Vec<_>>());
        assert_eq!(there, ["sip:p2;lr;x=%22", "sip:p1;lr=on", "sip:p0;lr"]);
    }
    let refusal = dialog.response(invite.view(), status(486), None).unwrap();
    let refusal = built_response(refusal);
    assert!(refusal.first(HeaderName::RecordRoute).is_none());
}

#[test]
fn the_dialog_of_a_subscription_is_made_by_its_notify() {
    let rows = ["Contact: <sip:bob@198.51.100.2>", "Event: presence"];
    let notify = from_bob("NOTIFY", 42, &rows);
    let mut dialog = Dialog::uas(notify.view(), "9fxced76sl", Transport::Udp).unwrap();
    assert_eq!(dialog.id().local_tag(), Some("9fxced76sl"));
    assert_eq!(dialog.id().remote_tag(), Some("314159"));
    dialog.continue_after(7); // the number of the SUBSCRIBE
    assert_eq!(
        dialog.responded(notify.view(), status(200)),
        Ok(Change::Confirmed)
    );
    let refresh = built(dialog.request(rfc3261_sip::Method::SUBSCRIBE, VIA).unwrap());
    assert_eq!(refresh.cseq().unwrap().sequence_number, 8);
    let other = Dialog::uas(notify.view(), "another", Transport::Udp);
    assert_eq!(other, Err(Refusal::NoDialog));
}
