//! What a dialog does not do, and input that was made up.

use proptest::prelude::*;
use rfc3261_sip::{
    Message, Method, StatusCode,
    dialog::{Change, Dialog, DialogError, DialogState, Refusal},
    transport::Transport,
};

use super::script::*;

#[test]
fn ack_and_cancel_are_made_elsewhere() {
    let mut dialog = alice();
    for method in [Method::ACK, Method::CANCEL] {
        assert_eq!(
            dialog.request(method, VIA).unwrap_err(),
            DialogError::AckOrCancel
        );
    }
    for response in [
        to_alice(180, "INVITE", 1, &[]),
        to_alice(486, "INVITE", 1, &[]),
        to_alice(200, "BYE", 2, &[]),
        invite(),
    ] {
        let refused = dialog.ack(response.view(), VIA).unwrap_err();
        assert_eq!(refused, DialogError::NotAcknowledged);
    }
    assert_eq!(dialog.local_sequence_number(), Some(1));
}

#[test]
fn an_early_dialog_waits() {
    let early = answer(180, "314159", &[CONTACT]);
    let mut caller = Dialog::uac(invite().view(), early.view(), Transport::Udp).unwrap();
    assert_eq!(
        caller.request(Method::INVITE, VIA).unwrap_err(),
        DialogError::Early
    );
    built(caller.request(Method::PRACK, VIA).unwrap());
    built(caller.request(Method::BYE, VIA).unwrap());

    let mut called = bob();
    for method in [Method::INVITE, Method::BYE] {
        assert_eq!(called.request(method, VIA).unwrap_err(), DialogError::Early);
    }
    let update = built(called.request(Method::UPDATE, VIA).unwrap());
    assert_eq!(update.cseq().unwrap().sequence_number, 1);
    let invite = invite_at_bob();
    assert_eq!(
        called.responded(invite.view(), status(100)),
        Ok(Change::None)
    );
    assert_eq!(
        called.responded(invite.view(), status(180)),
        Ok(Change::None)
    );
    assert_eq!(
        called.responded(invite.view(), status(200)),
        Ok(Change::Confirmed)
    );
    built(called.request(Method::BYE, VIA).unwrap());

    let mut refused = bob();
    assert_eq!(
        refused.responded(invite.view(), status(486)),
        Ok(Change::Terminated)
    );
    assert_eq!(
        refused.request(Method::INFO, VIA).unwrap_err(),
        DialogError::Terminated
    );
}

#[test]
fn terminate_ends_without_a_message() {
    let mut dialog = alice();
    dialog.terminate();
    assert_eq!(dialog.state(), DialogState::Terminated);
    let refused = dialog.handle_request(from_bob("INFO", 1, &[]).view());
    assert_eq!(refused, Err(Refusal::NoDialog));
    assert_eq!(
        dialog.handle_request(from_bob("ACK", 1, &[]).view()),
        Ok(())
    );
}

#[test]
fn requests_and_responses_are_not_mixed_up() {
    let mut dialog = alice();
    let before = dialog.clone();
    assert_eq!(dialog.handle_request(ok().view()), Err(Refusal::NoDialog));
    assert_eq!(
        dialog.handle_response(invite().view()),
        Err(Refusal::NoDialog)
    );
    assert_eq!(
        dialog.responded(ok().view(), StatusCode::OK),
        Err(Refusal::NoDialog)
    );
    assert_eq!(dialog, before);
}

#[test]
fn refusals_say_why() {
    let invite = request("INVITE", 1, &["Contact: *"]);
    let refused = Dialog::uas(invite.view(), "1", Transport::Udp).unwrap_err();
    let text = "invalid Contact at byte 48: expected an address (RFC 3261 §20.10)";
    assert_eq!(refused.to_string(), text);
    for error in [
        DialogError::Terminated,
        DialogError::Early,
        DialogError::AckOrCancel,
        DialogError::NotAcknowledged,
        DialogError::NumbersExhausted,
        DialogError::Contact,
    ] {
        let text = error.to_string();
        assert!(!text.is_empty() && !text.contains('\n'));
    }
}

/// Values that a hostile peer may put into the rows that matter to a dialog.
fn row() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "Contact",
        "Record-Route",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Route",
    ]);
    let value = prop::sample::select(vec![
        "*",
        "<>",
        "<sip:>",
        "<sip:a@h>",
        "sip:a@h;lr",
        "<sip:p>,<sip:q;lr>",
        "<sip:p>;x=\"",
        "<tel:+1>",
        "<sip:a@h?x=y>;tag=1",
        "1 INVITE",
        "4294967295 BYE",
        "99999999999 X",
        "",
        "\"a\\\" <sip:b@c>;tag=9fxced76sl",
        "<sip:a@h>;tag=314159",
        "<sip:a@h>;tag=9fxced76sl",
    ]);
    (name, value, ".{0,12}").prop_map(|(name, value, rest)| {
        format!("{name}: {value}{}", rest.replace(['\r', '\n'], " "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_what_is_made_can_be_read(
        rows in prop::collection::vec(row(), 0..4),
        code in 100..700_u16,
        method in prop::sample::select(vec!["INVITE", "BYE", "UPDATE", "ACK", "CANCEL", "INFO"]),
        number in 0..4_u32,
    ) {
        let rows: Vec<_> = rows.iter().map(String::as_str).collect();
        let request = request(method, number, &rows);
        let response = response(code, method, number, &rows);
        let made = [
            Dialog::uac(request.view(), response.view(), Transport::Udp),
            Dialog::uas(request.view(), "314159", Transport::Udp),
        ];
        for mut dialog in made.into_iter().flatten().chain([alice(), bob()]) {
            let _ = dialog.handle_request(request.view());
            let _ = dialog.responded(request.view(), status(code));
            let _ = dialog.handle_response(response.view());
            let _ = Refusal::of_unmatched(request.view());
            let _ = dialog.ack(response.view(), VIA).map(|ack| ack.build());
            let _ = dialog.response(request.view(), status(code), Some("sip:b@h"));
            if let Ok(next) = dialog.request(Method::INFO, VIA) {
                if let Ok(bytes) = next.build() {
                    let message = Message::parse(bytes).unwrap();
                    let (from, to) = (message.from().unwrap(), message.to().unwrap());
                    prop_assert_eq!(from.tag(), dialog.id().local_tag());
                    prop_assert_eq!(to.tag(), dialog.id().remote_tag());
                }
            }
        }
    }
}
