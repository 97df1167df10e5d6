//! How calls end: CANCEL (RFC 3261 §9), BYE (§15), answers of other forks (§13.2.2.4), and the
//! races between them.

use core::time::Duration;

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CallId, CallState, CommandError, Content, EndCause, Event, Target},
};

use crate::{
    bench::{Bench, response, value},
    pair::{ANSWER, OFFER, Pair, names},
    server::request,
};

fn invite(bench: &mut Bench) -> (CallId, Message) {
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    let call = bench
        .agent
        .invite(now, &target, &Content::sdp(OFFER))
        .unwrap();
    (call, bench.last())
}

fn statuses(messages: &[Message]) -> Vec<String> {
    let line = |message: &Message| match message.status() {
        Some(status) => format!("{status} {}", message.cseq().unwrap().method),
        None => message.method().unwrap().to_string(),
    };
    messages.iter().map(line).collect()
}

const BOB: &str = "Contact: <sip:bob@192.0.2.2>\r\n";

#[test]
fn a_cancel_waits_for_a_provisional_response_and_is_that_of_its_invite() {
    // RFC 3261 §9.1
    let mut bench = Bench::new();
    let (call, sent) = invite(&mut bench);
    let now = bench.now;
    bench.take_sent();
    bench.agent.hang_up(now, call).unwrap();
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.agent.call_state(call), CallState::Cancelling);
    bench.receive(response(&sent, 100, "", ""));
    let cancel = bench.last();
    assert_eq!(bench.sent.last().unwrap().0, Bench::peer());
    assert!(cancel.first(HeaderName::Require).is_none());
    assert_eq!(cancel.method(), Some(Method::CANCEL));
    for name in [HeaderName::CallId, HeaderName::To, HeaderName::From] {
        assert_eq!(value(&cancel, name), value(&sent, name));
    }
    assert_eq!(cancel.cseq().unwrap().sequence_number, 1);
    assert_eq!(cancel.fields_named(HeaderName::Via).count(), 1);
    assert_eq!(cancel.via().unwrap().branch(), sent.via().unwrap().branch());
    assert_eq!(cancel.request_uri_text(), sent.request_uri_text());
    bench.receive(response(&cancel, 200, "b", ""));
    bench.receive(response(&sent, 487, "b", ""));
    assert_eq!(statuses(&bench.take_sent()), ["CANCEL", "ACK"]);
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [Event::Ended {
            cause: EndCause::Given,
            ..
        }]
    ));
    assert_eq!(bench.agent.call_state(call), CallState::Over);
}

#[test]
fn a_200_that_crosses_the_cancel_is_acknowledged_and_ended() {
    // The cases of the field, 24.
    let mut bench = Bench::new();
    let (call, sent) = invite(&mut bench);
    bench.receive(response(&sent, 180, "b", BOB));
    let now = bench.now;
    bench.agent.hang_up(now, call).unwrap();
    bench.take_sent();
    bench.receive(response(&sent, 200, "b", BOB));
    let after = bench.take_sent();
    assert_eq!(statuses(&after), ["ACK", "BYE"]);
    bench.receive(response(&after[1], 200, "b", ""));
    bench.take_events();
    bench.seconds(60);
    assert_eq!(bench.agent.counts().dialogs, 0);
    assert!(bench.take_events().is_empty());
}

#[test]
fn each_forked_answer_is_acknowledged_over_its_own_target_and_route_set() {
    // The cases of the field, 24: the second fork's 2xx goes not to the first fork's target.
    let mut bench = Bench::new();
    let (call, sent) = invite(&mut bench);
    let rows = |host: &str, route: &str| {
        format!("Contact: <sip:bob@{host}>\r\nRecord-Route: <sip:{route};lr>\r\n")
    };
    bench.receive(response(
        &sent,
        180,
        "one",
        &rows("192.0.2.21", "192.0.2.31"),
    ));
    bench.receive(response(
        &sent,
        180,
        "two",
        &rows("192.0.2.22", "192.0.2.32"),
    ));
    assert_eq!(bench.agent.counts().dialogs, 2);
    bench.take_sent();
    bench.receive(response(
        &sent,
        200,
        "one",
        &rows("192.0.2.21", "192.0.2.31"),
    ));
    bench.receive(response(
        &sent,
        200,
        "two",
        &rows("192.0.2.22", "192.0.2.32"),
    ));
    let acks = bench.sent.split_off(0);
    assert_eq!(acks.len(), 2);
    for (at, (flow, ack)) in acks.iter().enumerate() {
        assert_eq!(ack.method(), Some(Method::ACK));
        let (target, route) = (
            format!("sip:bob@192.0.2.2{}", at + 1),
            format!("192.0.2.3{}", at + 1),
        );
        assert_eq!(ack.request_uri().unwrap().as_str(), target);
        assert_eq!(
            value(ack, HeaderName::Route),
            Some(format!("<sip:{route};lr>"))
        );
        assert_eq!(flow.remote.ip().to_string(), route);
        assert_ne!(ack.via().unwrap().branch(), sent.via().unwrap().branch());
        assert!(ack.first(HeaderName::Require).is_none());
    }
    let events = bench.take_events();
    let [
        ..,
        Event::Forked {
            of, call: spare, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*of, call);
    let now = bench.now;
    bench.agent.hang_up(now, *spare).unwrap();
    let bye = bench.last();
    assert_eq!(bye.method(), Some(Method::BYE));
    assert_eq!(bye.request_uri().unwrap().as_str(), "sip:bob@192.0.2.22");
    assert_eq!(bench.agent.call_state(call), CallState::Established);
}

#[test]
fn forked_answers_without_early_dialogs_make_calls_of_their_own() {
    // RFC 3261 §13.2.2.4
    let mut bench = Bench::new();
    let (call, sent) = invite(&mut bench);
    bench.receive(response(&sent, 200, "one", BOB));
    bench.receive(response(&sent, 200, "two", BOB));
    let events = bench.take_events();
    let [
        Event::Answered { .. },
        Event::Forked {
            of, call: other, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*of, call);
    for (call, tag) in [(call, "one"), (*other, "two")] {
        let dialog = bench.agent.dialog(call).unwrap();
        assert_eq!(dialog.id().remote_tag(), Some(tag));
        assert_eq!(bench.agent.call_state(call), CallState::Established);
    }
}

#[test]
fn early_dialogs_that_come_to_nothing_are_gone_64_t1_after_the_2xx() {
    // RFC 3261 §13.2.2.4
    let mut bench = Bench::new();
    let (_, sent) = invite(&mut bench);
    bench.receive(response(&sent, 180, "one", BOB));
    bench.receive(response(&sent, 180, "two", BOB));
    bench.receive(response(&sent, 200, "one", BOB));
    assert_eq!(bench.agent.counts().dialogs, 2);
    bench.seconds(33);
    assert_eq!(bench.agent.counts().dialogs, 1);
}

#[test]
fn a_failure_ends_all_early_dialogs_and_what_follows_is_ignored() {
    // RFC 3261 §13.2.2.3
    let mut bench = Bench::new();
    let (call, sent) = invite(&mut bench);
    bench.receive(response(&sent, 180, "one", BOB));
    bench.receive(response(&sent, 180, "two", BOB));
    bench.receive(response(&sent, 486, "three", ""));
    assert_eq!(bench.agent.call_state(call), CallState::Over);
    assert_eq!(bench.agent.counts().dialogs, 0);
    bench.take_events();
    bench.receive(response(&sent, 603, "four", ""));
    bench.receive(response(&sent, 200, "one", BOB));
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_session_in_a_later_answer_to_the_same_invite_is_no_offer() {
    // RFC 3261 §13.2.1: the first description is the answer.
    let mut bench = Bench::new();
    let (_, sent) = invite(&mut bench);
    let rel = "Contact: <sip:bob@192.0.2.2>\r\nRequire: 100rel\r\nRSeq: 7\r\n\
               Content-Type: application/sdp\r\n\r\nv=0\r\n";
    bench.receive(response(&sent, 183, "b", rel));
    let prack = bench.last();
    assert_eq!(prack.method(), Some(Method::PRACK));
    bench.receive(response(&prack, 200, "b", ""));
    let again = "Contact: <sip:bob@192.0.2.2>\r\nContent-Type: application/sdp\r\n\r\nv=1\r\n";
    bench.receive(response(&sent, 200, "b", again));
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [
            ..,
            Event::Answered {
                needs_ack: false,
                ..
            }
        ]
    ));
    assert_eq!(bench.last().method(), Some(Method::ACK));
}

#[test]
fn a_copy_of_the_invite_after_the_2xx_and_after_the_ack_is_absorbed() {
    // The cases of the field, 24.
    let mut bench = Bench::new();
    let text = request("INVITE", 1, "");
    bench.receive(text.clone());
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let now = bench.now;
    bench
        .agent
        .answer(now, call, &Content::sdp(ANSWER))
        .unwrap();
    let ok = bench.last();
    bench.take_sent();
    bench.receive(text.clone());
    assert!(bench.take_sent().is_empty());
    bench.receive(ack_of(&text, &ok, "z9hG4bKack"));
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    bench.receive(text);
    assert!(bench.take_sent().is_empty());
    assert_eq!(bench.agent.counts().calls, 1);
}

fn ack_of(invite: &str, ok: &Message, branch: &str) -> String {
    let to = value(ok, HeaderName::To).unwrap();
    let number = ok.cseq().unwrap().sequence_number;
    invite
        .replace("INVITE", "ACK")
        .replace(&format!("z9hG4bKACK{number}"), branch)
        .replace("To: <sip:alice@example.com>", &format!("To: {to}"))
}

#[test]
fn an_ack_for_a_2xx_with_the_branch_of_the_invite_is_taken() {
    // The cases of the field, 24.
    let mut bench = Bench::new();
    let text = request("INVITE", 1, "");
    bench.receive(text.clone());
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let now = bench.now;
    bench
        .agent
        .answer(now, call, &Content::sdp(ANSWER))
        .unwrap();
    let ok = bench.last();
    bench.receive(ack_of(&text, &ok, "z9hG4bKINVITE1"));
    assert_eq!(bench.agent.call_state(call), CallState::Established);
}

#[test]
fn a_cancel_whose_sent_by_a_nat_has_rewritten_finds_its_invite() {
    // The cases of the field, 24.
    let mut bench = Bench::new();
    bench.receive(request("INVITE", 1, ""));
    bench.take_sent();
    let cancel = request("CANCEL", 1, "")
        .replace("CANCEL1", "INVITE1")
        .replace("192.0.2.2;branch", "10.0.0.7:1024;branch");
    bench.receive(cancel);
    assert_eq!(statuses(&bench.take_sent()), ["200 CANCEL", "487 INVITE"]);
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [
            ..,
            Event::Ended {
                cause: EndCause::Cancelled(_),
                ..
            }
        ]
    ));
}

#[test]
fn a_cancel_has_the_same_tag_as_its_invite() {
    // RFC 3261 §9.2
    let mut pair = Pair::with(|config| config.reliable_provisional = false);
    let (alice, bob) = pair.call();
    let now = pair.now;
    pair.agents[1].ring(now, bob, &Content::new()).unwrap();
    pair.carry();
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.carry();
    let tag = |pair: &Pair, status, method: Method<'static>| {
        let is = |message: &Message| {
            message.status() == Some(status) && message.cseq().unwrap().method == method
        };
        pair.last_sent(is).to().unwrap().tag().unwrap().to_owned()
    };
    let ringing = tag(&pair, StatusCode::RINGING, Method::INVITE);
    assert_eq!(tag(&pair, StatusCode::OK, Method::CANCEL), ringing);
    assert_eq!(
        tag(&pair, StatusCode::REQUEST_TERMINATED, Method::INVITE),
        ringing
    );
    assert_eq!(
        names(&pair.take_events()),
        [
            "B Incoming",
            "A Progress",
            "A Ended Given",
            "B Ended Cancelled"
        ]
    );
    pair.assert_over();
}

#[test]
fn a_cancel_for_nothing_gets_481() {
    // RFC 3261 §9.2
    let mut bench = Bench::new();
    bench.receive(request("CANCEL", 1, ""));
    let gone = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
    assert_eq!(bench.last().status(), Some(gone));
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    // RFC 3261 §9.2
    let mut bench = Bench::new();
    bench.receive(request("INVITE", 1, ""));
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let now = bench.now;
    bench
        .agent
        .answer(now, call, &Content::sdp(ANSWER))
        .unwrap();
    bench.take_sent();
    bench.receive(request("CANCEL", 1, "").replace("CANCEL1", "INVITE1"));
    assert_eq!(statuses(&bench.take_sent()), ["200 CANCEL"]);
    assert_eq!(bench.agent.call_state(call), CallState::Accepted);
}

#[test]
fn the_called_side_sends_no_bye_before_the_ack() {
    // RFC 3261 §15
    let mut pair = Pair::new();
    let (_, bob) = pair.call();
    pair.lose = |_, message| message.method() == Some(Method::ACK);
    let now = pair.now;
    pair.agents[1]
        .answer(now, bob, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    pair.agents[1].hang_up(now, bob).unwrap();
    pair.carry();
    assert_eq!(pair.agents[1].call_state(bob), CallState::Hanging);
    assert!(!pair.take_sent().contains(&"B BYE".to_owned()));
    pair.lose = |_, _| false;
    pair.seconds(1);
    assert!(pair.take_sent().contains(&"B BYE".to_owned()));
    pair.assert_over();
}

#[test]
fn the_called_side_that_hangs_up_while_it_rings_declines() {
    // RFC 3261 §15: no BYE in an early dialog.
    let mut pair = Pair::new();
    let (_, bob) = pair.call();
    let now = pair.now;
    pair.agents[1].hang_up(now, bob).unwrap();
    pair.carry();
    assert_eq!(pair.take_sent(), ["A INVITE", "B 603 INVITE", "A ACK"]);
    pair.assert_over();
}

#[test]
fn a_bye_from_both_sides_at_once_ends_at_both() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.agents[1].hang_up(now, bob).unwrap();
    pair.take_events();
    pair.carry();
    let names = names(&pair.take_events());
    assert_eq!(names, ["A Ended HungUp", "B Ended HungUp"]);
    let sent = pair.take_sent();
    assert_eq!(
        sent.iter().filter(|line| line.ends_with("200 BYE")).count(),
        2
    );
    pair.assert_over();
}

#[test]
fn a_bye_without_an_answer_ends_the_call_as_well() {
    // RFC 3261 §15.1.1
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    pair.lose = |_, _| true;
    let now = pair.now;
    pair.agents[0].hang_up(now, alice).unwrap();
    assert_eq!(pair.agents[0].call_state(alice), CallState::Ending);
    pair.seconds(33);
    assert_eq!(pair.agents[0].call_state(alice), CallState::Over);
    assert_eq!(pair.agents[0].counts().dialogs, 0);
}

#[test]
fn what_waits_for_the_user_is_answered_with_487_when_the_call_ends() {
    // RFC 3261 §15.1.2
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    pair.take_sent();
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.carry();
    let sent = pair.take_sent();
    assert!(sent.contains(&"B 487 INVITE".to_owned()), "{sent:?}");
    assert_eq!(pair.agents[1].call_state(bob), CallState::Over);
    pair.assert_over();
}

#[test]
fn a_call_that_nobody_answers_in_its_time_ends() {
    // RFC 3261 §13.3.1
    let mut pair = Pair::with(|config| config.reliable_provisional = false);
    let content = Content::sdp(OFFER).header("Expires", "30");
    let (_, bob) = pair.call_with(&content);
    let now = pair.now;
    pair.agents[1].ring(now, bob, &Content::new()).unwrap();
    pair.seconds(31);
    assert_eq!(
        names(&pair.take_events()),
        [
            "B Incoming",
            "A Progress",
            "B Ended Expired",
            "A Ended Failed"
        ]
    );
    let late = pair.agents[1].answer(now, bob, &Content::new());
    assert_eq!(late, Err(CommandError::Unknown));
}

#[test]
fn a_phone_that_rings_long_says_so_every_minute() {
    // RFC 3261 §13.3.1.1
    let mut pair = Pair::with(|config| config.reliable_provisional = false);
    let (_, bob) = pair.call();
    let now = pair.now;
    pair.agents[1].ring(now, bob, &Content::new()).unwrap();
    pair.carry();
    pair.take_sent();
    pair.pass(Duration::from_secs(125));
    assert_eq!(pair.take_sent(), ["B 180 INVITE", "B 180 INVITE"]);
}

#[test]
fn nothing_is_left_behind_by_calls_of_any_end() {
    // Defects of the field: a task or dialog left behind per call.
    let mut pair = Pair::new();
    for round in 0..50 {
        let (alice, bob) = pair.call();
        let now = pair.now;
        match round % 5 {
            0 => pair.agents[0].hang_up(now, alice).unwrap(),
            1 => pair.agents[1].hang_up(now, bob).unwrap(),
            2 => pair.agents[1]
                .redirect(now, bob, &["<sip:bob@192.0.2.2;x=y>"])
                .unwrap(),
            _ => {
                pair.agents[1]
                    .answer(now, bob, &Content::sdp(ANSWER))
                    .unwrap();
                pair.carry();
                pair.agents[round % 2]
                    .hang_up(now, [alice, bob][round % 2])
                    .unwrap();
            }
        }
        pair.carry();
        if round % 5 == 2 {
            let again = pair.incoming();
            pair.agents[1].hang_up(now, again).unwrap();
        }
    }
    pair.assert_over();
}

trait RequestUriText {
    fn request_uri_text(&self) -> String;
}

impl RequestUriText for Message {
    fn request_uri_text(&self) -> String {
        self.request_uri().unwrap().as_str().to_owned()
    }
}
