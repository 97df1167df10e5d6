//! One INVITE, several dialogs (RFC 3261 §12, §13.2.2.4).

use std::collections::HashMap;

use rfc3261_sip::{
    Method,
    dialog::{Change, Dialog, DialogError, DialogId, DialogState, Refusal},
    transport::Transport,
};

use super::script::*;

const FIRST: [&str; 2] = [
    "Contact: <sip:bob@192.0.2.11>",
    "Record-Route: <sip:p1.example;lr>",
];
const SECOND: [&str; 2] = [
    "Contact: <sip:bob@192.0.2.22>",
    "Record-Route: <sip:p2.example;lr>",
];

fn fork(status: u16, tag: &str, rows: &[&str]) -> Dialog {
    let response = answer(status, tag, rows);
    Dialog::uac(invite().view(), response.view(), Transport::Udp).unwrap()
}

#[test]
fn the_second_forks_2xx_is_acknowledged_to_its_own_target() {
    let first_ok = answer(200, "one", &FIRST);
    let second_ok = answer(200, "two", &SECOND);
    let mut first = fork(180, "one", &FIRST);
    assert_eq!(
        first.handle_response(first_ok.view()),
        Ok(Change::Confirmed)
    );
    // The first dialog has nothing to do with it.
    assert_eq!(
        first.handle_response(second_ok.view()),
        Err(Refusal::NoDialog)
    );
    assert_eq!(
        first.ack(second_ok.view(), VIA).unwrap_err(),
        DialogError::NotAcknowledged
    );
    let mut second = Dialog::uac(invite().view(), second_ok.view(), Transport::Udp).unwrap();

    let ack = built(first.ack(first_ok.view(), VIA).unwrap());
    assert_eq!(
        way(&ack),
        ("sip:bob@192.0.2.11", Some("<sip:p1.example;lr>"))
    );
    assert_eq!(ack.to().unwrap().tag(), Some("one"));
    let ack = built(second.ack(second_ok.view(), VIA).unwrap());
    assert_eq!(
        way(&ack),
        ("sip:bob@192.0.2.22", Some("<sip:p2.example;lr>"))
    );
    assert_eq!(ack.to().unwrap().tag(), Some("two"));
    assert_eq!(ack.cseq().unwrap().sequence_number, 1);

    // The spare one is ended.
    let bye = built(second.request(Method::BYE, VIA).unwrap());
    assert_eq!(
        way(&bye),
        ("sip:bob@192.0.2.22", Some("<sip:p2.example;lr>"))
    );
    assert_eq!(bye.cseq().unwrap().sequence_number, 2);
    assert_eq!(first.state(), DialogState::Confirmed);
}

#[test]
fn each_message_finds_its_fork() {
    let mut dialogs: HashMap<DialogId<'static>, Dialog> = HashMap::new();
    for (tag, rows) in [("one", FIRST), ("two", SECOND)] {
        let dialog = fork(183, tag, &rows);
        dialogs.insert(dialog.id().clone(), dialog);
    }
    assert_eq!(dialogs.len(), 2);
    for (tag, target) in [("one", "sip:bob@192.0.2.11"), ("two", "sip:bob@192.0.2.22")] {
        let update = from_bob(
            "UPDATE",
            1,
            &[&format!("From: <sip:bob@b.example>;tag={tag}")],
        );
        let id = DialogId::of_request(update.view()).unwrap();
        assert_eq!(dialogs.get(&id).unwrap().remote_target(), target);
        let ok = answer(200, tag, &[]);
        let id = DialogId::of_response(ok.view()).unwrap();
        assert_eq!(dialogs.get(&id).unwrap().remote_target(), target);
    }
}

#[test]
fn a_failure_ends_every_early_dialog() {
    let mut early = [fork(180, "one", &FIRST), fork(183, "two", &SECOND)];
    let mut confirmed = fork(200, "three", &FIRST);
    let failure = answer(486, "four", &[]);
    for dialog in &mut early {
        assert_eq!(
            dialog.handle_response(failure.view()),
            Ok(Change::Terminated)
        );
        assert_eq!(dialog.state(), DialogState::Terminated);
        assert_eq!(dialog.handle_response(failure.view()), Ok(Change::None));
    }
    assert_eq!(confirmed.handle_response(failure.view()), Ok(Change::None));
    assert_eq!(confirmed.state(), DialogState::Confirmed);
    let mut early = fork(180, "one", &FIRST);
    assert_eq!(
        early.handle_no_response(Method::INVITE, 1),
        Change::Terminated
    );
}

#[test]
fn a_200_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut dialog = fork(180, "one", &FIRST);
    let cancelled = response(200, "CANCEL", 1, &[]);
    assert_eq!(dialog.handle_response(cancelled.view()), Ok(Change::None));
    // The INVITE may be answered even if its CANCEL is not.
    assert_eq!(dialog.handle_no_response(Method::CANCEL, 1), Change::None);
    let ok = answer(200, "one", &FIRST);
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::Confirmed));
    built(dialog.ack(ok.view(), VIA).unwrap());
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    let number = bye.cseq().unwrap().sequence_number;
    let done = answer(200, "one", &[&format!("CSeq: {number} BYE")]);
    assert_eq!(dialog.handle_response(done.view()), Ok(Change::Terminated));
    // The 2xx comes again: it still wants its ACK.
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::None));
    let ack = built(dialog.ack(ok.view(), VIA).unwrap());
    assert_eq!(ack.cseq().unwrap().sequence_number, 1);
}

#[test]
fn the_2xx_has_the_route_set_that_counts_and_no_number() {
    // RFC 2543 did not ask for Record-Route in provisional responses.
    let mut dialog = fork(180, "one", &["Contact: <sip:bob@192.0.2.11>"]);
    assert_eq!(dialog.route_set().len(), 0);
    built(dialog.request(Method::PRACK, VIA).unwrap());
    let update = from_bob("UPDATE", 5, &["From: <sip:bob@biloxi.example>;tag=one"]);
    dialog.handle_request(update.view()).unwrap();
    let ok = answer(200, "one", &SECOND);
    assert_eq!(dialog.handle_response(ok.view()), Ok(Change::Confirmed));
    assert_eq!(
        dialog.route_set().collect::<Vec<_>>(),
        ["sip:p2.example;lr"]
    );
    assert_eq!(dialog.remote_target(), "sip:bob@192.0.2.22");
    assert_eq!(dialog.local_sequence_number(), Some(2));
    assert_eq!(dialog.remote_sequence_number(), Some(5));
}
