//! Calls between two user agents (RFC 3261 §13, §15, §9).

use rfc3261_sip::{
    HeaderName, Method, StatusCode,
    user_agent::{CallState, CommandError, Content, EndCause, Event, Failure},
};

use crate::{
    bench::value,
    pair::{ANSWER, OFFER, Pair, names},
};

#[test]
fn a_call_with_early_media_from_ringing_to_bye() {
    let mut pair = Pair::with(|config| config.supported.clear());
    let (alice, bob) = pair.call();
    let now = pair.now;
    pair.agents[1].ring(now, bob, &Content::new()).unwrap();
    let early = Content::sdp(ANSWER);
    pair.agents[1]
        .progress(now, bob, StatusCode::SESSION_PROGRESS, &early)
        .unwrap();
    pair.carry();
    assert_eq!(pair.agents[0].call_state(alice), CallState::Proceeding);
    pair.agents[1].answer(now, bob, &early).unwrap();
    pair.carry();
    assert_eq!(pair.agents[0].call_state(alice), CallState::Established);
    assert_eq!(pair.agents[1].call_state(bob), CallState::Established);
    pair.agents[1].hang_up(now, bob).unwrap();
    pair.carry();
    assert_eq!(
        pair.take_sent(),
        [
            "A INVITE",
            "B 180 INVITE",
            "B 183 INVITE",
            "B 200 INVITE",
            "A ACK",
            "B BYE",
            "A 200 BYE"
        ]
    );
    assert_eq!(
        names(&pair.take_events()),
        [
            "B Incoming",
            "A Progress",
            "A Progress",
            "A Answered",
            "B Established",
            "B Ended HungUp",
            "A Ended HungUpByPeer"
        ]
    );
    pair.assert_over();
}

#[test]
fn who_is_not_wanted_is_told_why() {
    let mut pair = Pair::new();
    let (_, bob) = pair.call();
    let now = pair.now;
    let content = Content::new().header("Retry-After", "60");
    pair.agents[1]
        .reject(now, bob, StatusCode::BUSY_HERE, &content)
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let [
        ..,
        (
            0,
            Event::Ended {
                cause: EndCause::Failed(failure),
                ..
            },
        ),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(failure.status(), StatusCode::BUSY_HERE);
    let Failure::Refused(response) = failure else {
        panic!()
    };
    assert_eq!(
        value(response, HeaderName::RetryAfter).as_deref(),
        Some("60")
    );
    pair.assert_over();
}

#[test]
fn an_offer_in_the_2xx_is_answered_in_the_ack() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.call_with(&Content::new());
    let now = pair.now;
    pair.agents[1]
        .answer(now, bob, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    assert!(matches!(
        events[..],
        [
            ..,
            (
                0,
                Event::Answered {
                    needs_ack: true,
                    ..
                }
            )
        ]
    ));
    let answer = Content::sdp(ANSWER);
    pair.agents[0].acknowledge(now, alice, &answer).unwrap();
    let again = pair.agents[0].acknowledge(now, alice, &answer);
    assert_eq!(again, Err(CommandError::State));
    pair.carry();
    let events = pair.take_events();
    let [(1, Event::Established { request, .. })] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(request.body(), ANSWER.as_bytes());
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.assert_over();
}

#[test]
fn a_lost_ack_is_sent_again_for_each_copy_of_the_2xx() {
    let mut pair = Pair::with(|config| config.supported.clear());
    let (_, bob) = pair.call();
    pair.lose = |_, message| message.method() == Some(Method::ACK);
    let now = pair.now;
    pair.agents[1]
        .answer(now, bob, &Content::sdp(ANSWER))
        .unwrap();
    pair.seconds(10);
    let sent = pair.take_sent();
    let count = |line: &str| sent.iter().filter(|sent| *sent == line).count();
    // At 0, 0.5, 1.5, 3.5 and 7.5 s.
    assert_eq!((count("B 200 INVITE"), count("A ACK")), (5, 5));
    assert_eq!(pair.agents[1].call_state(bob), CallState::Accepted);
    pair.lose = |_, _| false;
    pair.seconds(4);
    assert_eq!(pair.agents[1].call_state(bob), CallState::Established);
}

#[test]
fn without_an_ack_the_call_ends_with_bye() {
    let mut pair = Pair::new();
    let (_, bob) = pair.call();
    pair.lose = |_, message| message.method() == Some(Method::ACK);
    let now = pair.now;
    pair.agents[1]
        .answer(now, bob, &Content::sdp(ANSWER))
        .unwrap();
    pair.seconds(33);
    let names = names(&pair.take_events());
    assert!(
        names.contains(&"B Ended NotAcknowledged".to_owned()),
        "{names:?}"
    );
    assert!(
        names.contains(&"A Ended HungUpByPeer".to_owned()),
        "{names:?}"
    );
    pair.assert_over();
}
