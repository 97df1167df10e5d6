//! Session timers (RFC 4028).

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CallId, CallState, Config, Content, EndCause, Event, Target},
};

use crate::{
    bench::{Bench, response, value},
    pair::{ANSWER, OFFER, Pair},
    server::request,
};

const KNOWS: &str = "Supported: timer\r\n";

fn established(change: impl Fn(&mut Config)) -> (Pair, CallId, CallId) {
    let mut pair = Pair::with(change);
    let (alice, bob) = pair.established();
    pair.take_events();
    (pair, alice, bob)
}

fn invite(bench: &mut Bench) -> Message {
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    bench
        .agent
        .invite(now, &target, &Content::sdp(OFFER))
        .unwrap();
    bench.last()
}

fn answer(bench: &mut Bench, more: &str) -> Message {
    bench.receive(request("INVITE", 1, more));
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        return bench.last();
    };
    let now = bench.now;
    bench
        .agent
        .answer(now, call, &Content::sdp(ANSWER))
        .unwrap();
    bench.last()
}

#[test]
fn every_request_says_that_they_are_supported() {
    // RFC 4028 §7.1: also without one of its own.
    let mut bench = Bench::new();
    let invite = invite(&mut bench);
    assert!(
        value(&invite, HeaderName::Supported)
            .unwrap()
            .contains("timer")
    );
    assert!(invite.first(HeaderName::SessionExpires).is_none());
    bench.receive(response(
        &invite,
        200,
        "b",
        "Contact: <sip:bob@192.0.2.2>\r\n",
    ));
    let Some(Event::Answered { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let now = bench.now;
    bench.agent.update(now, call, &Content::new()).unwrap();
    for method in [Method::INFO, Method::OPTIONS] {
        let sent = bench
            .agent
            .request_within(now, call, method, &Content::new());
        sent.unwrap();
    }
    bench.agent.hang_up(now, call).unwrap();
    let target = Target::new("sip:192.0.2.2");
    let hour = core::time::Duration::from_secs(3600);
    let none = Content::new();
    bench.agent.register(now, &target, hour, &none).unwrap();
    bench
        .agent
        .request(now, Method::MESSAGE, &target, &none)
        .unwrap();
    let sent = bench.take_sent();
    let (acks, others): (Vec<_>, Vec<_>) = sent
        .iter()
        .partition(|sent| sent.method() == Some(Method::ACK));
    assert_eq!((acks.len(), others.len()), (1, 7));
    for request in others {
        let supported = value(request, HeaderName::Supported);
        assert!(supported.unwrap().contains("timer"), "{request}");
    }
}

#[test]
fn the_interval_asked_for_is_at_least_min_se() {
    // RFC 4028 §7.1, §5
    let mut bench = Bench::with(|config| {
        config.session_expires = Some(60);
        config.min_se = 120;
    });
    let sent = invite(&mut bench);
    assert_eq!(
        value(&sent, HeaderName::SessionExpires).as_deref(),
        Some("120")
    );
    assert_eq!(value(&sent, HeaderName::MinSe).as_deref(), Some("120"));
    let mut bench = Bench::with(|config| {
        config.session_expires = Some(60);
        config.min_se = 5;
    });
    let sent = invite(&mut bench);
    assert_eq!(
        value(&sent, HeaderName::SessionExpires).as_deref(),
        Some("90")
    );
    assert!(sent.first(HeaderName::MinSe).is_none());
}

#[test]
fn the_caller_refreshes_by_update_at_half_the_interval() {
    // RFC 4028 §7.2, §7.4, §10
    let (mut pair, _, _) = established(|config| config.session_expires = Some(120));
    let ok = pair.last_sent(|message| message.status() == Some(StatusCode::OK));
    let expires = value(&ok, HeaderName::SessionExpires);
    assert_eq!(expires.as_deref(), Some("120;refresher=uac"));
    assert_eq!(value(&ok, HeaderName::Require).as_deref(), Some("timer"));
    pair.take_sent();
    pair.seconds(59);
    assert!(pair.take_sent().is_empty());
    pair.seconds(1);
    let update = pair.last_sent(|message| message.method() == Some(Method::UPDATE));
    let expires = value(&update, HeaderName::SessionExpires);
    assert_eq!(expires.as_deref(), Some("120;refresher=uac"));
    assert!(update.body().is_empty());
    assert_eq!(pair.take_sent(), ["A UPDATE", "B 200 UPDATE"]);
    // For hours, and nobody is told anything.
    pair.seconds(4 * 3600);
    assert_eq!(pair.take_sent().len(), 2 * 240);
    assert!(pair.take_events().is_empty());
}

#[test]
fn without_update_the_refresh_is_an_invite_with_the_description_as_it_was() {
    // RFC 4028 §7.4
    let (mut pair, _, _) = established(|config| {
        config.session_expires = Some(90);
        config.allow.retain(|method| method != "UPDATE");
    });
    pair.take_sent();
    pair.seconds(45);
    let invite = pair.last_sent(|message| message.method() == Some(Method::INVITE));
    assert_eq!(invite.body(), OFFER.as_bytes());
    let events = pair.take_events();
    let [(1, Event::Modify { incoming, .. })] = &events[..] else {
        panic!("{events:?}");
    };
    let now = pair.now;
    pair.agents[1]
        .respond(now, *incoming, StatusCode::OK, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    assert_eq!(pair.take_sent(), ["A INVITE", "B 200 INVITE", "A ACK"]);
    pair.seconds(45);
    assert_eq!(pair.take_sent(), ["A INVITE"]);
}

#[test]
fn the_called_side_refreshes_where_the_caller_does_not_know_how() {
    // RFC 4028 §9, table 2, and the Require that goes only to who knows.
    let mut bench = Bench::with(|config| config.session_expires = Some(200));
    let ok = answer(&mut bench, "");
    let expires = value(&ok, HeaderName::SessionExpires);
    assert_eq!(expires.as_deref(), Some("200;refresher=uas"));
    assert!(ok.first(HeaderName::Require).is_none());
}

#[test]
fn the_answer_keeps_the_interval_that_was_asked_for() {
    // RFC 4028 §9: not less than Min-SE, and never more.
    let mut bench = Bench::with(|config| config.session_expires = Some(4000));
    let ok = answer(
        &mut bench,
        &format!("{KNOWS}Session-Expires: 300\r\nMin-SE: 200\r\n"),
    );
    let expires = value(&ok, HeaderName::SessionExpires);
    assert_eq!(expires.as_deref(), Some("300;refresher=uac"));
    assert!(ok.first(HeaderName::MinSe).is_none());
    let mut bench = Bench::new();
    let ok = answer(
        &mut bench,
        &format!("{KNOWS}Session-Expires: 300;refresher=uas\r\n"),
    );
    let expires = value(&ok, HeaderName::SessionExpires);
    assert_eq!(expires.as_deref(), Some("300;refresher=uas"));
    // Min-SE bounds what this side asks for by itself.
    let mut bench = Bench::with(|config| config.session_expires = Some(100));
    let ok = answer(&mut bench, &format!("{KNOWS}Min-SE: 250\r\n"));
    let expires = value(&ok, HeaderName::SessionExpires);
    assert_eq!(expires.as_deref(), Some("250;refresher=uac"));
}

#[test]
fn an_interval_that_is_too_small_gets_422_with_min_se() {
    // RFC 4028 §6, §9
    let mut bench = Bench::new();
    let refused = answer(&mut bench, &format!("{KNOWS}Session-Expires: 60\r\n"));
    let small = StatusCode::SESSION_INTERVAL_TOO_SMALL;
    assert_eq!(refused.status(), Some(small));
    assert_eq!(value(&refused, HeaderName::MinSe).as_deref(), Some("90"));
    assert_eq!(bench.agent.counts().calls, 0);
    // Never below 90, whatever is configured.
    let mut bench = Bench::with(|config| config.min_se = 10);
    let refused = answer(&mut bench, &format!("{KNOWS}Session-Expires: 89\r\n"));
    assert_eq!(value(&refused, HeaderName::MinSe).as_deref(), Some("90"));
    // Who does not know them cannot be told.
    let mut bench = Bench::new();
    let ok = answer(&mut bench, "Session-Expires: 60\r\n");
    assert_eq!(ok.status(), Some(StatusCode::OK));
}

#[test]
fn after_a_422_the_call_is_tried_with_what_it_wants() {
    // RFC 4028 §7.3, §7.4
    let mut bench = Bench::with(|config| config.session_expires = Some(90));
    let first = invite(&mut bench);
    bench.receive(response(&first, 422, "b", "Min-SE: 180\r\n"));
    let second = bench.last();
    assert_eq!(
        value(&second, HeaderName::SessionExpires).as_deref(),
        Some("180")
    );
    assert_eq!(value(&second, HeaderName::MinSe).as_deref(), Some("180"));
    assert_eq!(
        value(&second, HeaderName::CallId),
        value(&first, HeaderName::CallId)
    );
    assert_eq!(second.cseq().unwrap().sequence_number, 2);
    bench.receive(response(&second, 422, "b", "Min-SE: 300\r\n"));
    let third = bench.last();
    assert_eq!(value(&third, HeaderName::MinSe).as_deref(), Some("300"));
    assert!(bench.take_events().is_empty());
}

#[test]
fn what_the_response_says_is_done_even_if_nothing_was_asked_for() {
    // RFC 4028 §7.2: a proxy may have asked.
    let mut bench = Bench::new();
    let sent = invite(&mut bench);
    let ok = "Contact: <sip:bob@192.0.2.2>\r\nRequire: timer\r\n\
              Session-Expires: 100;refresher=uac\r\nAllow: UPDATE\r\n";
    bench.receive(response(&sent, 200, "b", ok));
    bench.take_sent();
    bench.seconds(50);
    let update = bench.last();
    assert_eq!(update.method(), Some(Method::UPDATE));
    // A 2xx without a session timer ends it.
    bench.receive(response(&update, 200, "b", ""));
    bench.take_events();
    bench.seconds(3600);
    assert!(bench.take_events().is_empty());
}

#[test]
fn who_waits_for_refreshes_in_vain_ends_the_call_a_third_early_at_most_32_s() {
    // RFC 4028 §10
    let (mut pair, _, bob) = established(|config| config.session_expires = Some(90));
    pair.lose = |_, _| true;
    pair.seconds(59);
    assert_eq!(pair.agents[1].call_state(bob), CallState::Established);
    pair.seconds(1);
    let events = pair.take_events();
    assert!(events.iter().any(|event| matches!(
        event,
        (
            1,
            Event::Ended {
                cause: EndCause::SessionExpired,
                ..
            }
        )
    )));
    assert!(pair.take_sent().contains(&"B BYE".to_owned()));
    pair.assert_over();
}

#[test]
fn a_refresh_that_gets_no_answer_ends_the_call() {
    // RFC 4028 §10
    let (mut pair, alice, _) = established(|config| config.session_expires = Some(1800));
    pair.lose = |from, _| from == 1;
    pair.seconds(900 + 33);
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
    pair.seconds(40);
    assert_eq!(pair.agents[0].call_state(alice), CallState::Over);
}

#[test]
fn an_old_peer_that_says_it_takes_update_is_refreshed_by_invite() {
    let mut bench = Bench::with(|config| config.session_expires = Some(100));
    let sent = invite(&mut bench);
    let ok = "Contact: <sip:bob@192.0.2.2>\r\nAllow: UPDATE\r\n\
              Session-Expires: 100;refresher=uac\r\n";
    bench.receive(response(&sent, 200, "b", ok));
    bench.seconds(50);
    let update = bench.last();
    assert_eq!(update.method(), Some(Method::UPDATE));
    bench.receive(response(&update, 405, "b", ""));
    let again = bench.last();
    assert_eq!(again.method(), Some(Method::INVITE));
    assert_eq!(again.body(), OFFER.as_bytes());
}

#[test]
fn any_interval_that_was_agreed_is_taken_up_to_the_largest() {
    // RFC 4028 §4
    let mut bench = Bench::new();
    let sent = invite(&mut bench);
    let ok = "Contact: <sip:bob@192.0.2.2>\r\nSession-Expires: 4294967295;refresher=uas\r\n";
    bench.receive(response(&sent, 200, "b", ok));
    bench.take_events();
    bench.seconds(3600);
    assert!(bench.take_events().is_empty());
}
