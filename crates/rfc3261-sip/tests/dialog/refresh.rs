//! Target refresh (RFC 3261 §12.2, RFC 3311).

use rfc3261_sip::{
    HeaderName, Method, StatusCode,
    dialog::{Change, Dialog, DialogError, DialogState, Refusal},
    transport::Transport,
};

use super::script::*;

const MOVED: &str = "Contact: <sip:bob@203.0.113.7;gr>";

#[test]
fn an_accepted_request_moves_the_target() {
    for method in ["INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"] {
        let mut dialog = alice();
        let request = from_bob(method, 1, &[MOVED, "Record-Route: <sip:new;lr>"]);
        dialog.handle_request(request.view()).unwrap();
        assert_eq!(dialog.remote_target(), alice().remote_target());
        let change = dialog.responded(request.view(), StatusCode::OK);
        assert_eq!(change, Ok(Change::Refreshed), "{method}");
        assert_eq!(dialog.remote_target(), "sip:bob@203.0.113.7;gr");
        // The route set stays as it is.
        assert!(dialog.route_set().eq(alice().route_set()));
    }
}

#[test]
fn a_refused_request_changes_nothing() {
    let mut dialog = alice();
    let request = from_bob("INVITE", 1, &[MOVED]);
    dialog.handle_request(request.view()).unwrap();
    for code in [100, 180, 401, 488, 500] {
        assert_eq!(
            dialog.responded(request.view(), status(code)),
            Ok(Change::None)
        );
    }
    assert_eq!(dialog.remote_target(), alice().remote_target());
}

#[test]
fn other_requests_and_their_responses_do_not_move_it() {
    for method in ["INFO", "OPTIONS", "MESSAGE", "PRACK"] {
        let mut dialog = alice();
        let request = from_bob(method, 1, &[MOVED]);
        dialog.handle_request(request.view()).unwrap();
        assert_eq!(
            dialog.responded(request.view(), StatusCode::OK),
            Ok(Change::None)
        );
        let response = to_alice(200, method, 2, &[MOVED]);
        assert_eq!(dialog.handle_response(response.view()), Ok(Change::None));
        assert_eq!(dialog.remote_target(), alice().remote_target(), "{method}");
    }
    let mut dialog = bob();
    dialog
        .responded(invite_at_bob().view(), StatusCode::OK)
        .unwrap();
    let ack = from_alice("ACK", 1, &["Contact: <sip:moved@h>"]);
    dialog.handle_request(ack.view()).unwrap();
    assert_eq!(dialog.remote_target(), "sip:alice@192.0.2.1");
}

#[test]
fn a_2xx_to_a_target_refresh_moves_it_too() {
    let mut dialog = alice();
    let contact = "sip:alice@192.0.2.77";
    let update = built(dialog.target_refresh(Method::UPDATE, VIA, contact).unwrap());
    assert_eq!(
        value(&update, HeaderName::Contact),
        "<sip:alice@192.0.2.77>"
    );
    let ok = to_alice(200, "UPDATE", 2, &[MOVED]);
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::Refreshed));
    let reinvite = built(dialog.target_refresh(Method::INVITE, VIA, contact).unwrap());
    assert_eq!(way(&reinvite).0, "sip:bob@203.0.113.7;gr");
    // Without a Contact it stays.
    let ok = to_alice(200, "INVITE", 3, &[]);
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::None));
    assert_eq!(dialog.remote_target(), "sip:bob@203.0.113.7;gr");
    // The ACK of a re-INVITE has its number and the target of now.
    let ack = built(dialog.ack(ok.view(), VIA).unwrap());
    assert_eq!(
        (way(&ack).0, value(&ack, HeaderName::CSeq)),
        ("sip:bob@203.0.113.7;gr", "3 ACK")
    );
}

#[test]
fn a_repeated_2xx_does_not_bring_the_old_target_back() {
    let mut dialog = alice();
    let reinvite = from_bob("INVITE", 1, &[MOVED]);
    dialog.handle_request(reinvite.view()).unwrap();
    dialog.responded(reinvite.view(), StatusCode::OK).unwrap();
    assert_eq!(dialog.handle_response(ok().view()), Ok(Change::None));
    assert_eq!(dialog.remote_target(), "sip:bob@203.0.113.7;gr");

    let contact = "sip:alice@192.0.2.1";
    built(dialog.target_refresh(Method::INVITE, VIA, contact).unwrap());
    let ok = to_alice(200, "INVITE", 2, &["Contact: <sip:bob@second>"]);
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::Refreshed));
    let reinvite = from_bob("INVITE", 2, &["Contact: <sip:bob@third>"]);
    dialog.handle_request(reinvite.view()).unwrap();
    dialog.responded(reinvite.view(), StatusCode::OK).unwrap();
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::None));
    assert_eq!(dialog.remote_target(), "sip:bob@third");
}

#[test]
fn an_early_dialog_can_be_refreshed() {
    let early = answer(180, "314159", &[CONTACT]);
    let mut dialog = Dialog::uac(invite().view(), early.view(), Transport::Udp).unwrap();
    let update = from_bob("UPDATE", 1, &[MOVED]);
    dialog.handle_request(update.view()).unwrap();
    let change = dialog.responded(update.view(), StatusCode::OK);
    assert_eq!(
        (change, dialog.state()),
        (Ok(Change::Refreshed), DialogState::Early)
    );
}

#[test]
fn a_contact_that_cannot_be_read_is_refused_at_once() {
    let mut dialog = alice();
    let reinvite = from_bob("INVITE", 1, &["Contact: <sip:>"]);
    let refused = dialog.handle_request(reinvite.view()).unwrap_err();
    assert!(matches!(refused, Refusal::Message(_)));
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(dialog.remote_target(), alice().remote_target());
    // Where it does not matter, it does no harm.
    let info = from_bob("INFO", 2, &["Contact: <sip:>"]);
    assert_eq!(dialog.handle_request(info.view()), Ok(()));
}

#[test]
fn a_secure_dialog_wants_sips_contacts() {
    let text = invite().to_string().replace(" sip:bob@", " sips:bob@");
    let invite = rfc3261_sip::Message::parse(text.into_bytes()).unwrap();
    let mut dialog = Dialog::uac(invite.view(), ok().view(), Transport::Tls).unwrap();
    let before = dialog.clone();
    let refused = dialog.target_refresh(Method::INVITE, VIA, "sip:alice@192.0.2.1");
    assert_eq!(refused.unwrap_err(), DialogError::Contact);
    assert_eq!(dialog, before);
    assert!(
        dialog
            .target_refresh(Method::INVITE, VIA, "sips:alice@192.0.2.1")
            .is_ok()
    );
    let reinvite = from_bob("INVITE", 1, &[]);
    let response = dialog.response(reinvite.view(), StatusCode::OK, Some("sip:alice@192.0.2.1"));
    assert_eq!(response.unwrap_err(), DialogError::Contact);
}
