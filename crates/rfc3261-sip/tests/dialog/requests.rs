//! Requests within a dialog, of either side (RFC 3261 §12.2).

use rfc3261_sip::{
    HeaderName, Method, StatusCode,
    dialog::{Change, Dialog, DialogError, DialogState, Refusal},
    transport::Transport,
};

use super::script::*;

#[test]
fn a_request_is_made_of_the_dialog() {
    let mut dialog = alice();
    let info = built(dialog.request(Method::INFO, VIA).unwrap());
    assert_eq!(info.method(), Some(Method::INFO));
    assert_eq!(value(&info, HeaderName::Via), VIA);
    assert_eq!(value(&info, HeaderName::From), dialog.local());
    assert_eq!(value(&info, HeaderName::To), dialog.remote());
    assert_eq!(value(&info, HeaderName::CallId), dialog.id().call_id());
    assert_eq!(value(&info, HeaderName::CSeq), "2 INFO");
    assert_eq!(value(&info, HeaderName::MaxForwards), "70");
}

#[test]
fn ack_and_bye_go_by_record_route_to_the_contact() {
    let mut dialog = alice();
    let expected = (
        "sip:bob@198.51.100.2;gr=urn:uuid:c8651907-0000",
        Some("<sip:ss1.atlanta.example;lr=on;ftag=x>, <sip:ss2.biloxi.example;lr>"),
    );
    let ack = built(dialog.ack(ok().view(), VIA).unwrap());
    assert_eq!(way(&ack), expected);
    assert_eq!(value(&ack, HeaderName::CSeq), "1 ACK");
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    assert_eq!(way(&bye), expected);
}

#[test]
fn without_a_route_set_there_is_no_route() {
    let ok = answer(200, "1", &[CONTACT]);
    let mut dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    assert_eq!(
        way(&bye),
        ("sip:bob@198.51.100.2;gr=urn:uuid:c8651907-0000", None)
    );
}

#[test]
fn a_strict_router_is_in_the_request_line() {
    let rows = [
        "Record-Route: <sip:p3;lr>, <sip:p2>, <sip:p1;maddr=192.0.2.3>",
        CONTACT,
    ];
    let ok = answer(200, "1", &rows);
    let mut dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
    let route = "<sip:p2>, <sip:p3;lr>, <sip:bob@198.51.100.2;gr=urn:uuid:c8651907-0000>";
    let expected = ("sip:p1;maddr=192.0.2.3", Some(route));
    let ack = built(dialog.ack(ok.view(), VIA).unwrap());
    assert_eq!(way(&ack), expected);
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    assert_eq!(way(&bye), expected);
    assert_eq!(dialog.next_hop(), "sip:p1;maddr=192.0.2.3");
}

#[test]
fn case_10_every_spelling_of_lr_is_loose() {
    for (record_route, route) in [
        ("<sip:p1;lr=on;ftag=x>", "<sip:p1;lr=on;ftag=x>"),
        ("<sip:p1;lr=true>", "<sip:p1;lr=true>"),
        (
            "<sip:p;r2=on;lr>,<sip:p:5061;r2=on;lr>",
            "<sip:p:5061;r2=on;lr>, <sip:p;r2=on;lr>",
        ),
    ] {
        let ok = answer(
            200,
            "1",
            &[CONTACT, &format!("Record-Route: {record_route}")],
        );
        let mut dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
        let bye = built(dialog.request(Method::BYE, VIA).unwrap());
        let target = "sip:bob@198.51.100.2;gr=urn:uuid:c8651907-0000";
        assert_eq!(way(&bye), (target, Some(route)));
    }
}

#[test]
fn case_3_a_gruu_comes_back_in_ack_and_bye() {
    let contact = "Contact: <sip:linphone@domain.com;gr=urn:uuid:c8651907-0000>";
    let ok = answer(200, "1", &[contact]);
    let mut dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
    let uri = "sip:linphone@domain.com;gr=urn:uuid:c8651907-0000";
    assert_eq!(way(&built(dialog.ack(ok.view(), VIA).unwrap())).0, uri);
    assert_eq!(
        way(&built(dialog.request(Method::BYE, VIA).unwrap())).0,
        uri
    );
}

#[test]
fn uris_of_the_peer_come_back_byte_for_byte() {
    for uri in [
        "sip:u@h;%74ransport=tcp",
        "sip:u@h;Aai=%22Foo%22%3A",
        "sip:null-%00-null@h",
        "SIP:U@H.Example:05060",
        "sip:x@[64:ff9b::c0a8:7f65]:59370",
    ] {
        let ok = answer(200, "1", &[&format!("Contact: <{uri}>")]);
        let dialog = Dialog::uac(invite().view(), ok.view(), Transport::Udp).unwrap();
        let ack = Dialog::ack(&dialog, ok.view(), VIA)
            .unwrap()
            .build()
            .unwrap();
        assert!(ack.starts_with(format!("ACK {uri} SIP/2.0\r\n").as_bytes()));
    }
}

#[test]
fn folded_addresses_are_sent_unfolded() {
    let from = "From: \"Alice\"\r\n  <sip:alice@atlanta.example>\r\n\t;tag=9fxced76sl";
    let invite = request("INVITE", 1, &[from, "Contact: <sip:alice@192.0.2.1>"]);
    let mut dialog = Dialog::uas(invite.view(), "1", Transport::Udp).unwrap();
    dialog.responded(invite.view(), StatusCode::OK).unwrap();
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    let unfolded = "\"Alice\" <sip:alice@atlanta.example> ;tag=9fxced76sl";
    assert_eq!(value(&bye, HeaderName::To), unfolded);
}

#[test]
fn numbers_of_this_side_rise_by_one() {
    let mut dialog = alice();
    for number in 2..6 {
        let request = built(dialog.request(Method::INFO, VIA).unwrap());
        assert_eq!(request.cseq().unwrap().sequence_number, number);
        // An ACK keeps the number of its INVITE and takes none.
        let ack = built(dialog.ack(ok().view(), VIA).unwrap());
        assert_eq!(ack.cseq().unwrap().sequence_number, 1);
    }
    let mut dialog = bob();
    dialog
        .responded(invite_at_bob().view(), StatusCode::OK)
        .unwrap();
    for number in 1..4 {
        let request = built(dialog.request(Method::INFO, VIA).unwrap());
        assert_eq!(request.cseq().unwrap().sequence_number, number);
    }
}

#[test]
fn numbers_end_below_2_to_the_31() {
    let mut dialog = alice();
    dialog.continue_after(2_147_483_646);
    dialog.continue_after(5); // they never fall
    let last = built(dialog.request(Method::INFO, VIA).unwrap());
    assert_eq!(last.cseq().unwrap().sequence_number, 2_147_483_647);
    let refused = dialog.request(Method::INFO, VIA).unwrap_err();
    assert_eq!(refused, DialogError::NumbersExhausted);
}

#[test]
fn an_old_cseq_gets_500() {
    let mut dialog = alice();
    // The first may have any number, the next may leave some out.
    for number in [7, 8, 100] {
        let info = from_bob("INFO", number, &[]);
        assert_eq!(dialog.handle_request(info.view()), Ok(()));
        assert_eq!(dialog.remote_sequence_number(), Some(number));
    }
    for number in [99, 1, 0] {
        let info = from_bob("INFO", number, &[]);
        let refused = dialog.handle_request(info.view()).unwrap_err();
        assert_eq!(refused, Refusal::OutOfOrder);
        assert_eq!(refused.status(), StatusCode::SERVER_INTERNAL_ERROR);
        assert_eq!(dialog.remote_sequence_number(), Some(100));
    }
    // A number serves one request. The transactions keep repetitions away.
    let again = from_bob("INFO", 100, &[]);
    assert_eq!(
        dialog.handle_request(again.view()),
        Err(Refusal::OutOfOrder)
    );
}

#[test]
fn ack_and_cancel_have_the_number_of_their_invite() {
    let mut dialog = bob();
    dialog
        .responded(invite_at_bob().view(), StatusCode::OK)
        .unwrap();
    dialog
        .handle_request(from_alice("INFO", 9, &[]).view())
        .unwrap();
    for message in [from_alice("ACK", 1, &[]), request("CANCEL", 1, &[])] {
        assert_eq!(dialog.handle_request(message.view()), Ok(()));
        assert_eq!(dialog.remote_sequence_number(), Some(9));
    }
    let cancel = request("CANCEL", 1, &[]);
    assert_eq!(
        dialog.responded(cancel.view(), StatusCode::OK),
        Ok(Change::None)
    );
}

#[test]
fn a_request_of_another_dialog_gets_481() {
    let mut dialog = alice();
    for rows in [
        ["Call-ID: another"],
        ["Call-ID: 2XTB9VXSIT55XU7P8@atlanta.example"],
        ["From: Bob <sip:bob@biloxi.example>;tag=another"],
        ["From: Bob <sip:bob@biloxi.example>"],
        ["To: <sip:alice@atlanta.example>;tag=another"],
        ["To: <sip:alice@atlanta.example>"],
    ] {
        let text = from_bob("BYE", 1, &[]).to_string();
        let name = rows[0].split(':').next().unwrap();
        let lines: Vec<_> = text
            .split("\r\n")
            .map(|line| {
                if line.starts_with(name) {
                    rows[0]
                } else {
                    line
                }
            })
            .collect();
        let bye = rfc3261_sip::Message::parse(lines.join("\r\n").into_bytes()).unwrap();
        let refused = dialog.handle_request(bye.view()).unwrap_err();
        assert_eq!(refused.status().get(), 481, "{rows:?}");
        assert_eq!(dialog.remote_sequence_number(), None);
    }
}

#[test]
fn an_unmatched_request_gets_481_if_it_needs_a_dialog() {
    let refused = |request: rfc3261_sip::Message| Refusal::of_unmatched(request.view());
    let gone = Some(Refusal::NoDialog);
    assert_eq!(refused(from_alice("INVITE", 2, &[])), gone);
    assert_eq!(refused(from_alice("OPTIONS", 2, &[])), gone);
    assert_eq!(refused(request("BYE", 2, &[])), gone);
    assert_eq!(refused(request("UPDATE", 2, &[])), gone);
    assert_eq!(refused(request("PRACK", 2, &[])), gone);
    assert_eq!(refused(request("INVITE", 2, &[])), None);
    assert_eq!(refused(request("MESSAGE", 2, &[])), None);
    assert_eq!(refused(from_alice("ACK", 2, &[])), None);
    assert_eq!(refused(from_alice("CANCEL", 2, &[])), None);
    assert_eq!(refused(ok()), None);
    let garbage = refused(request("INVITE", 2, &["To: <"])).unwrap();
    assert_eq!(garbage.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn a_bye_ends_the_dialog_once_it_is_answered() {
    let mut dialog = alice();
    let bye = from_bob("BYE", 1, &[]);
    dialog.handle_request(bye.view()).unwrap();
    assert_eq!(dialog.responded(bye.view(), status(401)), Ok(Change::None));
    assert_eq!(dialog.state(), DialogState::Confirmed);
    assert_eq!(
        dialog.responded(bye.view(), StatusCode::OK),
        Ok(Change::Terminated)
    );
    let late = from_bob("INFO", 2, &[]);
    assert_eq!(dialog.handle_request(late.view()), Err(Refusal::NoDialog));
    assert_eq!(
        dialog.request(Method::BYE, VIA).unwrap_err(),
        DialogError::Terminated
    );

    for (code, change) in [
        (100, Change::None),
        (183, Change::None),
        (401, Change::None),
        (407, Change::None),
        (200, Change::Terminated),
        (408, Change::Terminated),
        (481, Change::Terminated),
        (500, Change::Terminated),
    ] {
        let mut dialog = alice();
        built(dialog.request(Method::BYE, VIA).unwrap());
        let response = to_alice(code, "BYE", 2, &[]);
        assert_eq!(
            dialog.handle_response(response.view()),
            Ok(change),
            "{code}"
        );
    }
    let mut dialog = alice();
    built(dialog.request(Method::BYE, VIA).unwrap());
    assert_eq!(
        dialog.handle_no_response(Method::BYE, 2),
        Change::Terminated
    );
}

#[test]
fn a_challenged_bye_is_sent_again_with_the_next_number() {
    let mut dialog = alice();
    built(dialog.request(Method::BYE, VIA).unwrap());
    dialog
        .handle_response(to_alice(407, "BYE", 2, &[]).view())
        .unwrap();
    let again = built(
        dialog
            .request(Method::BYE, VIA)
            .unwrap()
            .header(HeaderName::ProxyAuthorization, "Digest username=\"alice\""),
    );
    assert_eq!(again.cseq().unwrap().sequence_number, 3);
    assert_eq!(again.to().unwrap().tag(), Some("314159"));
}

#[test]
fn a_peer_that_has_lost_the_dialog_is_reported() {
    for code in [408, 481] {
        let mut dialog = alice();
        built(dialog.request(Method::INFO, VIA).unwrap());
        let response = to_alice(code, "INFO", 2, &[]);
        assert_eq!(
            dialog.handle_response(response.view()),
            Ok(Change::PeerLost)
        );
        // It can still be ended as it should.
        built(dialog.request(Method::BYE, VIA).unwrap());
    }
    let mut dialog = alice();
    assert_eq!(dialog.handle_no_response(Method::INFO, 2), Change::PeerLost);
    for code in [183, 302, 404, 488, 491, 503, 603] {
        let response = to_alice(code, "INVITE", 2, &[]);
        assert_eq!(
            dialog.handle_response(response.view()),
            Ok(Change::None),
            "{code}"
        );
    }
    assert_eq!(dialog.state(), DialogState::Confirmed);
}
