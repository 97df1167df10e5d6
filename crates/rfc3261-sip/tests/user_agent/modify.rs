//! Changes of calls: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311).

use core::time::Duration;

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CallId, CallState, CommandError, Content, EndCause, Event, Failure, IncomingId},
};

use crate::{
    bench::value,
    pair::{ANSWER, OFFER, Pair},
};

fn modify(events: &[(usize, Event)], at: usize) -> (CallId, IncomingId) {
    let found = events.iter().find_map(|event| match event {
        (who, Event::Modify { call, incoming, .. }) if *who == at => Some((*call, *incoming)),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{events:?}"))
}

fn modified(events: &[(usize, Event)], at: usize) -> &Result<Message, Failure> {
    let found = events.iter().find_map(|event| match event {
        (who, Event::Modified { outcome, .. }) if *who == at => Some(outcome),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{events:?}"))
}

#[test]
fn a_reinvite_changes_the_session_and_the_target() {
    // RFC 3261 §14, §12.2
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.take_sent();
    pair.take_events();
    pair.agents[0].set_contact("sip:alice@192.0.2.1:5060;moved=yes");
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let (call, incoming) = modify(&pair.take_events(), 1);
    assert_eq!(call, bob);
    pair.agents[1]
        .respond(now, incoming, StatusCode::OK, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    assert_eq!(pair.take_sent(), ["A INVITE", "B 200 INVITE", "A ACK"]);
    let events = pair.take_events();
    assert_eq!(
        modified(&events, 0).as_ref().unwrap().body(),
        ANSWER.as_bytes()
    );
    assert!(matches!(events[..], [.., (1, Event::Acknowledged { .. })]));
    pair.agents[1].hang_up(now, bob).unwrap();
    pair.carry();
    let bye = pair.last_sent(|message| message.method() == Some(Method::BYE));
    assert_eq!(
        bye.request_uri().unwrap().as_str(),
        "sip:alice@192.0.2.1:5060;moved=yes"
    );
    pair.assert_over();
}

#[test]
fn a_reinvite_that_is_refused_changes_nothing() {
    // RFC 3261 §14.1
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let (_, incoming) = modify(&pair.take_events(), 1);
    let status = StatusCode::NOT_ACCEPTABLE_HERE;
    pair.agents[1]
        .respond(now, incoming, status, &Content::new())
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let Err(failure) = modified(&events, 0) else {
        panic!()
    };
    assert_eq!(failure.status(), status);
    for (at, call) in [(0, alice), (1, bob)] {
        assert_eq!(pair.agents[at].call_state(call), CallState::Established);
    }
    // And there is room for the next one.
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
}

#[test]
fn no_second_invite_while_one_of_either_side_is_under_way() {
    // RFC 3261 §14.1
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    let second = pair.agents[0].reinvite(now, alice, &Content::sdp(OFFER));
    assert_eq!(second, Err(CommandError::State));
    pair.carry();
    let other = pair.agents[1].reinvite(now, bob, &Content::sdp(OFFER));
    assert_eq!(other, Err(CommandError::State));
    let (_, incoming) = modify(&pair.take_events(), 1);
    pair.lose = |_, message| message.method() == Some(Method::ACK);
    pair.agents[1]
        .respond(now, incoming, StatusCode::OK, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    // The ACK is not there yet.
    let other = pair.agents[1].reinvite(now, bob, &Content::sdp(OFFER));
    assert_eq!(other, Err(CommandError::State));
    pair.lose = |_, _| false;
    pair.seconds(1);
    let now = pair.now;
    pair.agents[1]
        .reinvite(now, bob, &Content::sdp(OFFER))
        .unwrap();
}

#[test]
fn two_that_meet_are_refused_with_491_and_tried_again_the_one_after_the_other() {
    // RFC 3261 §14.1, §14.2
    for _ in 0..20 {
        let mut pair = Pair::new();
        let (alice, bob) = pair.established();
        let now = pair.now;
        pair.take_sent();
        pair.take_events();
        pair.agents[0]
            .reinvite(now, alice, &Content::sdp(OFFER))
            .unwrap();
        pair.agents[1]
            .reinvite(now, bob, &Content::sdp(OFFER))
            .unwrap();
        pair.carry();
        let sent = pair.take_sent();
        assert!(sent.contains(&"A 491 INVITE".to_owned()), "{sent:?}");
        assert!(sent.contains(&"B 491 INVITE".to_owned()), "{sent:?}");
        assert!(pair.take_events().is_empty());
        // The side that was called tries again within 2 s, the caller after 2.1 to 4 s.
        let start = pair.now;
        let mut came = Vec::new();
        for _ in 0..500 {
            pair.pass(Duration::from_millis(10));
            for (at, event) in pair.take_events() {
                if let Event::Modify { incoming, .. } = event {
                    came.push((at, (pair.now - start).as_millis()));
                    let now = pair.now;
                    pair.agents[at]
                        .respond(now, incoming, StatusCode::OK, &Content::sdp(ANSWER))
                        .unwrap();
                }
            }
        }
        let [(0, first), (1, second)] = came[..] else {
            panic!("{came:?}");
        };
        assert!(first <= 2010, "{first}");
        assert!((2100..=4010).contains(&second), "{second}");
    }
}

#[test]
fn a_second_invite_before_the_first_is_answered_gets_500_with_retry_after() {
    // RFC 3261 §14.2: a peer that does what it must not.
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let first = pair.last_sent(|message| message.method() == Some(Method::INVITE));
    let number = first.cseq().unwrap().sequence_number;
    let text = first
        .to_string()
        .replace("branch=z9hG4bK", "branch=z9hG4bKx");
    let text = text.replace(&format!("CSeq: {number}"), &format!("CSeq: {}", number + 1));
    pair.agents[1].handle_input(now, text.into_bytes(), Pair::flow_of(0));
    pair.carry();
    let refused = pair.last_sent(|message| message.status().is_some());
    assert_eq!(refused.status(), Some(StatusCode::SERVER_INTERNAL_ERROR));
    let seconds: u32 = value(&refused, HeaderName::RetryAfter)
        .unwrap()
        .parse()
        .unwrap();
    assert!(seconds <= 10);
}

#[test]
fn a_request_with_an_old_number_gets_500() {
    // RFC 3261 §12.2.2
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    let content = Content::body("application/dtmf-relay", "Signal=1\r\n");
    pair.agents[0]
        .request_within(now, alice, Method::INFO, &content)
        .unwrap();
    pair.carry();
    let info = pair.last_sent(|message| message.method() == Some(Method::INFO));
    let text = info
        .to_string()
        .replace("branch=z9hG4bK", "branch=z9hG4bKx");
    pair.agents[1].handle_input(now, text.into_bytes(), Pair::flow_of(0));
    pair.carry();
    let refused = pair.last_sent(|message| message.status().is_some());
    assert_eq!(refused.status(), Some(StatusCode::SERVER_INTERNAL_ERROR));
}

#[test]
fn an_offer_in_the_2xx_to_a_reinvite_is_answered_in_the_ack() {
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .reinvite(now, alice, &Content::new())
        .unwrap();
    pair.carry();
    let (_, incoming) = modify(&pair.take_events(), 1);
    pair.agents[1]
        .respond(now, incoming, StatusCode::OK, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    assert!(matches!(
        events[..],
        [
            ..,
            (
                0,
                Event::Modified {
                    needs_ack: true,
                    ..
                }
            )
        ]
    ));
    pair.agents[0]
        .acknowledge(now, alice, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let [(1, Event::Acknowledged { request, .. })] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(request.body(), ANSWER.as_bytes());
}

#[test]
fn a_reinvite_whose_2xx_has_no_ack_ends_the_call() {
    // RFC 3261 §14.2, §13.3.1.4
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let (_, incoming) = modify(&pair.take_events(), 1);
    pair.lose = |_, message| message.method() == Some(Method::ACK);
    pair.agents[1]
        .respond(now, incoming, StatusCode::OK, &Content::sdp(ANSWER))
        .unwrap();
    pair.seconds(33);
    let events = pair.take_events();
    assert!(events.iter().any(|event| matches!(
        event,
        (
            1,
            Event::Ended {
                cause: EndCause::NotAcknowledged,
                ..
            }
        )
    )));
    pair.assert_over();
}

#[test]
fn a_reinvite_is_withdrawn_by_cancel() {
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    let request = pair.agents[0]
        .reinvite(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let (_, incoming) = modify(&pair.take_events(), 1);
    pair.seconds(1);
    let now = pair.now;
    pair.agents[0].withdraw(now, request).unwrap();
    pair.carry();
    let events = pair.take_events();
    assert!(matches!(&events[0], (1, Event::Withdrawn { incoming: gone }) if *gone == incoming));
    let Err(failure) = modified(&events, 0) else {
        panic!()
    };
    assert_eq!(failure.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(pair.agents[0].call_state(alice), CallState::Established);
}

#[test]
fn a_call_whose_peer_is_lost_ends_with_bye() {
    // RFC 3261 §12.2.1.2: 408 by the timeout, and 481.
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    pair.lose = |_, message| message.method() == Some(Method::INFO);
    let now = pair.now;
    pair.agents[0]
        .request_within(now, alice, Method::INFO, &Content::new())
        .unwrap();
    pair.take_events();
    pair.seconds(33);
    let events = pair.take_events();
    assert!(events.iter().any(|event| matches!(
        event,
        (
            0,
            Event::Ended {
                cause: EndCause::Lost,
                ..
            }
        )
    )));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, (0, Event::Failed { .. })))
    );
    pair.assert_over();
}

#[test]
fn an_update_changes_a_call_before_it_is_answered() {
    // RFC 3311 §5
    let mut pair = Pair::new();
    let (alice, bob) = pair.call();
    let now = pair.now;
    let progress = StatusCode::SESSION_PROGRESS;
    pair.agents[1]
        .progress(now, bob, progress, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    pair.take_events();
    pair.take_sent();
    pair.agents[0]
        .update(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let update = pair.last_sent(|message| message.method() == Some(Method::UPDATE));
    assert!(update.first(HeaderName::Contact).is_some());
    let (_, incoming) = modify(&pair.take_events(), 1);
    pair.agents[1]
        .respond(now, incoming, StatusCode::OK, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    let ok = pair.last_sent(|message| message.status() == Some(StatusCode::OK));
    let contact = value(&ok, HeaderName::Contact);
    assert_eq!(contact.as_deref(), Some("<sip:bob@192.0.2.2>"));
    assert!(modified(&pair.take_events(), 0).is_ok());
    pair.agents[1].answer(now, bob, &Content::new()).unwrap();
    pair.carry();
    assert_eq!(pair.agents[0].call_state(alice), CallState::Established);
}

#[test]
fn an_update_without_a_description_is_answered_by_itself() {
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    pair.take_events();
    pair.take_sent();
    pair.agents[0].update(now, alice, &Content::new()).unwrap();
    pair.carry();
    assert_eq!(pair.take_sent(), ["A UPDATE", "B 200 UPDATE"]);
    let events = pair.take_events();
    assert!(modified(&events, 0).is_ok());
    assert_eq!(events.len(), 1);
}

#[test]
fn updates_that_meet_an_offer_are_refused() {
    // RFC 3311 §5.2: 491 where this side has an offer under way.
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.take_sent();
    pair.agents[0]
        .update(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.agents[1]
        .update(now, bob, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let sent = pair.take_sent();
    assert!(sent.contains(&"A 491 UPDATE".to_owned()), "{sent:?}");
    assert!(sent.contains(&"B 491 UPDATE".to_owned()), "{sent:?}");

    // 500 with Retry-After where its own offer before has no answer, or an UPDATE before.
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    pair.take_events();
    pair.agents[0]
        .update(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let first = pair.last_sent(|message| message.method() == Some(Method::UPDATE));
    let number = first.cseq().unwrap().sequence_number;
    let text = first
        .to_string()
        .replace("branch=z9hG4bK", "branch=z9hG4bKx");
    let text = text.replace(&format!("CSeq: {number}"), &format!("CSeq: {}", number + 1));
    pair.agents[1].handle_input(now, text.into_bytes(), Pair::flow_of(0));
    pair.carry();
    let refused = pair.last_sent(|message| message.status().is_some());
    assert_eq!(refused.status(), Some(StatusCode::SERVER_INTERNAL_ERROR));
    assert!(refused.first(HeaderName::RetryAfter).is_some());
}

#[test]
fn an_update_during_an_invite_with_an_offer_gets_500() {
    // RFC 3311 §5.2: the offer of the INVITE has no answer yet.
    let mut pair = Pair::with(|config| config.reliable_provisional = false);
    let (alice, bob) = pair.call();
    let now = pair.now;
    pair.agents[1].ring(now, bob, &Content::new()).unwrap();
    pair.carry();
    let refused = pair.agents[0].update(now, alice, &Content::sdp(OFFER));
    assert_eq!(refused, Err(CommandError::State));
    // A peer that does it nevertheless.
    let ringing = pair.last_sent(|message| message.status() == Some(StatusCode::RINGING));
    let update = pair.last_sent(|message| message.method() == Some(Method::INVITE));
    let text = update
        .to_string()
        .replace("INVITE sip", "UPDATE sip")
        .replace("CSeq: 1 INVITE", "CSeq: 2 UPDATE")
        .replace("branch=z9hG4bK", "branch=z9hG4bKu")
        .replace(
            "To: <sip:bob@192.0.2.2>",
            &format!("To: {}", value(&ringing, HeaderName::To).unwrap()),
        );
    pair.agents[1].handle_input(now, text.into_bytes(), Pair::flow_of(0));
    pair.carry();
    let refused = pair.last_sent(|message| message.status().is_some());
    assert_eq!(refused.status(), Some(StatusCode::SERVER_INTERNAL_ERROR));
    assert!(refused.first(HeaderName::RetryAfter).is_some());
}

#[test]
fn an_update_that_is_refused_changes_nothing() {
    // RFC 3311 §5.3
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    pair.take_events();
    pair.agents[0]
        .update(now, alice, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let (_, incoming) = modify(&pair.take_events(), 1);
    let status = StatusCode::SERVER_TIME_OUT;
    pair.agents[1]
        .respond(now, incoming, status, &Content::new())
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let Err(failure) = modified(&events, 0) else {
        panic!()
    };
    assert_eq!(failure.status(), status);
    assert_eq!(pair.agents[0].call_state(alice), CallState::Established);
    pair.agents[0]
        .update(now, alice, &Content::sdp(OFFER))
        .unwrap();
}
