//! Subscriptions (RFC 6665), REFER (RFC 3515), PUBLISH (RFC 3903) and Replaces (RFC 3891).

use core::time::Duration;

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CallState, Content, EndCause, Event, SubscriptionId, Target, referral_status},
};

use crate::{
    bench::{Bench, response, value},
    pair::{ANSWER, OFFER, Pair, names},
    server::{request, request_to},
};

const HOUR: Duration = Duration::from_secs(3600);
const STATE: &str = "<presence/>";

fn presence() -> Pair {
    Pair::with(|config| config.events = vec!["presence".into()])
}

fn subscribe(pair: &mut Pair) -> (SubscriptionId, SubscriptionId) {
    let now = pair.now;
    let target = Target::new("sip:bob@192.0.2.2");
    let alice = pair.agents[0]
        .subscribe(now, &target, "presence", HOUR, &Content::new())
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let [(1, Event::Subscribed { subscription, .. })] = &events[..] else {
        panic!("{events:?}");
    };
    (alice, *subscription)
}

fn notified(events: &[(usize, Event)]) -> Vec<(String, String)> {
    let found = events.iter().filter_map(|event| match event {
        (0, Event::Notified { request, .. }) => {
            let state = value(request, HeaderName::SubscriptionState).unwrap();
            Some((state, String::from_utf8(request.body().to_vec()).unwrap()))
        }
        _ => None,
    });
    found.collect()
}

#[test]
fn a_subscription_is_notified_refreshed_and_ended() {
    let mut pair = presence();
    let (alice, bob) = subscribe(&mut pair);
    let now = pair.now;
    let state = Content::body("application/pidf+xml", STATE);
    pair.agents[1]
        .accept_subscription(now, bob, &state)
        .unwrap();
    pair.carry();
    assert_eq!(
        notified(&pair.take_events()),
        [("active;expires=3600".to_owned(), STATE.to_owned())]
    );
    pair.agents[1]
        .notify(now, bob, &Content::body("application/pidf+xml", "2"))
        .unwrap();
    pair.carry();
    assert_eq!(notified(&pair.take_events()).len(), 1);
    pair.take_sent();
    pair.seconds(3540);
    assert_eq!(
        pair.take_sent(),
        ["A SUBSCRIBE", "B 200 SUBSCRIBE", "B NOTIFY", "A 200 NOTIFY"]
    );
    assert_eq!(
        notified(&pair.take_events()),
        [("active;expires=3600".to_owned(), "2".to_owned())]
    );
    let now = pair.now;
    pair.agents[0].unsubscribe(now, alice).unwrap();
    pair.carry();
    assert_eq!(
        names(&pair.take_events()),
        ["B SubscriptionEnded", "A Notified", "A SubscriptionEnded"]
    );
    pair.assert_over();
    assert_eq!(pair.agents[0].counts().subscriptions, 0);
}

#[test]
fn a_subscription_that_has_still_to_be_allowed_is_pending() {
    let mut pair = presence();
    let (_, bob) = subscribe(&mut pair);
    let now = pair.now;
    pair.agents[1].accept_pending(now, bob).unwrap();
    pair.carry();
    let pending = ("pending;expires=3600".to_owned(), String::new());
    assert_eq!(notified(&pair.take_events()), [pending]);
    pair.agents[1]
        .end_subscription(now, bob, &Content::new())
        .unwrap();
    pair.carry();
    assert_eq!(
        names(&pair.take_events()),
        ["B SubscriptionEnded", "A Notified", "A SubscriptionEnded"]
    );
    pair.assert_over();
}

#[test]
fn a_subscription_may_be_refused() {
    let mut pair = presence();
    let (_, bob) = subscribe(&mut pair);
    let now = pair.now;
    let status = StatusCode::FORBIDDEN;
    pair.agents[1]
        .refuse_subscription(now, bob, status, &Content::new())
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let [
        (
            0,
            Event::SubscriptionEnded {
                failure: Some(failure),
                ..
            },
        ),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(failure.status(), status);
    pair.assert_over();
}

#[test]
fn a_package_that_nobody_knows_gets_489() {
    let mut bench = Bench::with(|config| config.events = vec!["presence".into()]);
    bench.receive(request("SUBSCRIBE", 1, "Event: weather\r\n"));
    let refused = bench.last();
    assert_eq!(refused.status(), Some(StatusCode::BAD_EVENT));
    let known = value(&refused, HeaderName::AllowEvents);
    assert_eq!(known.as_deref(), Some("presence"));
}

#[test]
fn a_notify_that_is_faster_than_the_2xx_makes_the_dialog() {
    // RFC 6665 §4.1.2.4
    let mut bench = Bench::new();
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    let id = bench
        .agent
        .subscribe(now, &target, "presence", HOUR, &Content::new())
        .unwrap();
    let sent = bench.last();
    let notify = notify_for(&sent, "active;expires=100");
    bench.receive(notify);
    assert_eq!(bench.last().status(), Some(StatusCode::OK));
    assert_eq!(bench.agent.counts().dialogs, 1);
    bench.receive(response(
        &sent,
        200,
        "bob1",
        "Expires: 100\r\nContact: <sip:bob@192.0.2.2>\r\n",
    ));
    assert_eq!(bench.agent.counts().dialogs, 1);
    bench.take_sent();
    bench.seconds(50);
    let refresh = bench.last();
    assert_eq!(refresh.method(), Some(Method::SUBSCRIBE));
    assert_eq!(refresh.cseq().unwrap().sequence_number, 2);
    assert_eq!(refresh.to().unwrap().tag(), Some("bob1"));
    // Nobody answers: it is over.
    bench.take_events();
    bench.seconds(33);
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [Event::SubscriptionEnded { subscription, .. }] if *subscription == id)
    );
    assert_eq!(bench.agent.counts().dialogs, 0);
}

fn notify_for(subscribe: &Message, state: &str) -> String {
    let from = value(subscribe, HeaderName::From).unwrap();
    let call_id = value(subscribe, HeaderName::CallId).unwrap();
    let rows = format!("Event: presence\r\nSubscription-State: {state}\r\n");
    request_to("NOTIFY", 1, "sip:alice@192.0.2.1", &from, &rows)
        .replace("call1@192.0.2.2", &call_id)
}

#[test]
fn without_a_notify_a_subscription_is_given_up() {
    // RFC 6665 §4.1.2.4: Timer N.
    let mut bench = Bench::new();
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    bench
        .agent
        .subscribe(now, &target, "presence", HOUR, &Content::new())
        .unwrap();
    let sent = bench.last();
    bench.receive(response(
        &sent,
        200,
        "b",
        "Expires: 3600\r\nContact: <sip:bob@192.0.2.2>\r\n",
    ));
    bench.seconds(33);
    assert!(matches!(
        bench.take_events()[..],
        [Event::SubscriptionEnded {
            failure: Some(_),
            ..
        }]
    ));
    assert_eq!(bench.agent.counts().dialogs, 0);
}

#[test]
fn a_notify_for_nothing_gets_481() {
    let mut pair = presence();
    let (alice, _) = pair.established();
    let now = pair.now;
    let content = Content::new()
        .header("Event", "presence")
        .header("Subscription-State", "active");
    pair.agents[0]
        .request_within(now, alice, Method::NOTIFY, &content)
        .unwrap();
    pair.carry();
    let refused = pair.last_sent(|message| message.status().is_some());
    let gone = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
    assert_eq!(refused.status(), Some(gone));
}

#[test]
fn too_short_a_subscription_is_made_longer() {
    let mut bench = Bench::new();
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    let minute = Duration::from_secs(60);
    bench
        .agent
        .subscribe(now, &target, "presence", minute, &Content::new())
        .unwrap();
    let sent = bench.last();
    bench.receive(response(&sent, 423, "b", "Min-Expires: 600\r\n"));
    let again = bench.last();
    assert_eq!(value(&again, HeaderName::Expires).as_deref(), Some("600"));
    assert_eq!(again.cseq().unwrap().sequence_number, 2);
}

#[test]
fn a_refer_is_told_how_it_goes() {
    // RFC 3515 §2.4
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.take_sent();
    pair.take_events();
    pair.agents[0]
        .refer(now, alice, "<sip:carol@192.0.2.3>", &Content::new())
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let [
        (
            1,
            Event::Referred {
                subscription,
                call,
                request,
            },
        ),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*call, Some(bob));
    let refer_to = value(request, HeaderName::ReferTo);
    assert_eq!(refer_to.as_deref(), Some("<sip:carol@192.0.2.3>"));
    pair.agents[1]
        .accept_subscription(now, *subscription, &Content::new())
        .unwrap();
    for status in [StatusCode::RINGING, StatusCode::OK] {
        pair.agents[1]
            .notify_referral(now, *subscription, status)
            .unwrap();
    }
    pair.carry();
    let sent = pair.take_sent();
    assert_eq!(&sent[..2], ["A REFER", "B 202 REFER"]);
    let events = pair.take_events();
    let statuses: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            (0, Event::Notified { request, .. }) => referral_status(request),
            _ => None,
        })
        .map(StatusCode::get)
        .collect();
    assert_eq!(statuses, [100, 180, 200]);
    assert!(names(&events).contains(&"A SubscriptionEnded".to_owned()));
    assert_eq!(pair.agents[0].call_state(alice), CallState::Established);
    assert_eq!(pair.agents[0].counts().subscriptions, 0);
}

#[test]
fn two_refers_in_one_dialog_are_told_apart() {
    // RFC 3515 §2.4.6
    let mut pair = Pair::new();
    let (alice, _) = pair.established();
    let now = pair.now;
    let mut made = Vec::new();
    for to in ["<sip:carol@192.0.2.3>", "<sip:dave@192.0.2.4>"] {
        made.push(
            pair.agents[0]
                .refer(now, alice, to, &Content::new())
                .unwrap(),
        );
    }
    pair.carry();
    let asked: Vec<_> = pair
        .take_events()
        .into_iter()
        .filter_map(|event| match event {
            (1, Event::Referred { subscription, .. }) => Some(subscription),
            _ => None,
        })
        .collect();
    for id in asked.iter().rev() {
        pair.agents[1]
            .accept_subscription(now, *id, &Content::new())
            .unwrap();
        pair.agents[1]
            .notify_referral(now, *id, StatusCode::OK)
            .unwrap();
    }
    pair.carry();
    let ended: Vec<_> = pair
        .take_events()
        .into_iter()
        .filter_map(|event| match event {
            (
                0,
                Event::SubscriptionEnded {
                    subscription,
                    failure: None,
                },
            ) => Some(subscription),
            _ => None,
        })
        .collect();
    made.reverse();
    assert_eq!(ended, made);
}

#[test]
fn the_subscription_of_a_refer_outlives_the_call() {
    // RFC 5057 §4: one usage of a dialog ends, the other one goes on.
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.agents[0]
        .refer(now, alice, "<sip:carol@192.0.2.3>", &Content::new())
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    let Some((1, Event::Referred { subscription, .. })) = events.last() else {
        panic!("{events:?}");
    };
    let subscription = *subscription;
    pair.agents[1]
        .accept_subscription(now, subscription, &Content::new())
        .unwrap();
    pair.carry();
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.carry();
    for (at, call) in [(0, alice), (1, bob)] {
        assert_eq!(pair.agents[at].call_state(call), CallState::Over);
        assert_eq!(pair.agents[at].counts().dialogs, 1);
    }
    pair.take_events();
    pair.agents[1]
        .notify_referral(now, subscription, StatusCode::OK)
        .unwrap();
    pair.carry();
    assert_eq!(
        names(&pair.take_events()),
        ["B SubscriptionEnded", "A Notified", "A SubscriptionEnded"]
    );
    assert_eq!(pair.agents[0].counts().dialogs, 0);
    pair.assert_over();
}

#[test]
fn a_refer_without_refer_to_is_refused() {
    let mut bench = Bench::new();
    bench.receive(request("REFER", 1, ""));
    assert_eq!(bench.last().status(), Some(StatusCode::BAD_REQUEST));
}

#[test]
fn a_state_is_published_refreshed_changed_and_removed() {
    // RFC 3903 §4
    let mut bench = Bench::new();
    let now = bench.now;
    let target = Target::new("sip:alice@192.0.2.2");
    let state = Content::body("application/pidf+xml", STATE);
    let id = bench
        .agent
        .publish(now, &target, "presence", HOUR, &state)
        .unwrap();
    let first = bench.last();
    assert_eq!(first.body(), STATE.as_bytes());
    assert!(first.first(HeaderName::SipIfMatch).is_none());
    bench.receive(response(
        &first,
        200,
        "s",
        "SIP-ETag: one\r\nExpires: 1800\r\n",
    ));
    bench.seconds(1740);
    let refresh = bench.last();
    assert!(refresh.body().is_empty());
    assert_eq!(
        value(&refresh, HeaderName::SipIfMatch).as_deref(),
        Some("one")
    );
    bench.receive(response(
        &refresh,
        200,
        "s",
        "SIP-ETag: two\r\nExpires: 1800\r\n",
    ));
    let now = bench.now;
    let other = Content::body("application/pidf+xml", "2");
    bench.agent.republish(now, id, &other).unwrap();
    let change = bench.last();
    assert_eq!(change.body(), b"2");
    assert_eq!(
        value(&change, HeaderName::SipIfMatch).as_deref(),
        Some("two")
    );
    // The server has forgotten it: it is published anew.
    bench.receive(response(&change, 412, "s", ""));
    let anew = bench.last();
    assert_eq!(anew.body(), b"2");
    assert!(anew.first(HeaderName::SipIfMatch).is_none());
    bench.receive(response(
        &anew,
        200,
        "s",
        "SIP-ETag: three\r\nExpires: 1800\r\n",
    ));
    bench.take_events();
    bench.agent.unpublish(now, id).unwrap();
    let removal = bench.last();
    assert_eq!(value(&removal, HeaderName::Expires).as_deref(), Some("0"));
    assert_eq!(
        value(&removal, HeaderName::SipIfMatch).as_deref(),
        Some("three")
    );
    bench.receive(response(&removal, 200, "s", ""));
    assert!(matches!(
        bench.take_events()[..],
        [Event::Unpublished { .. }]
    ));
    bench.seconds(40);
    assert_eq!(bench.agent.counts().publications, 0);
    assert_eq!(bench.agent.next_timeout(), None);
}

fn replacing(pair: &Pair, bob: rfc3261_sip::user_agent::CallId, more: &str) -> Content {
    // What Alice's side would put into the Refer-To is what reaches Bob.
    let id = pair.agents[1].dialog(bob).unwrap().id();
    let value = format!(
        "{};to-tag={};from-tag={}{more}",
        id.call_id(),
        id.local_tag().unwrap(),
        id.remote_tag().unwrap()
    );
    Content::sdp(OFFER).header("Replaces", value)
}

#[test]
fn a_call_takes_the_place_of_another_when_it_is_answered() {
    // RFC 3891 §3, §4
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let content = replacing(&pair, bob, "");
    let same = pair.agents[0].replaces(alice).unwrap();
    let rows = format!("{content:?}");
    assert!(rows.contains(&same), "{rows} {same}");
    let (new_alice, new_bob) = pair.call_with(&content);
    let events = pair.take_events();
    assert!(matches!(
        events.last(),
        Some((1, Event::Incoming { replaces: Some(old), .. })) if *old == bob
    ));
    let now = pair.now;
    pair.agents[1]
        .answer(now, new_bob, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    assert!(events.iter().any(|event| matches!(
        event,
        (1, Event::Ended { call, cause: EndCause::Replaced(by) }) if *call == bob && *by == new_bob
    )));
    assert_eq!(pair.agents[0].call_state(alice), CallState::Over);
    assert_eq!(pair.agents[0].call_state(new_alice), CallState::Established);
}

#[test]
fn what_cannot_be_replaced_is_said_so() {
    // RFC 3891 §3
    let mut pair = Pair::new();
    let (_, bob) = pair.established();
    let target = Target::new("sip:bob@192.0.2.2");
    let refused = |pair: &mut Pair, content: &Content| {
        let now = pair.now;
        pair.agents[0].invite(now, &target, content).unwrap();
        pair.carry();
        let refused = pair.last_sent(|message| message.status().is_some());
        refused.status().unwrap().get()
    };
    let confirmed = replacing(&pair, bob, ";early-only");
    assert_eq!(refused(&mut pair, &confirmed), 486);
    let gone = Content::sdp(OFFER).header("Replaces", "x;to-tag=y;from-tag=z");
    assert_eq!(refused(&mut pair, &gone), 481);
    let twice = replacing(&pair, bob, "").header("Replaces", "x;to-tag=y;from-tag=z");
    assert_eq!(refused(&mut pair, &twice), 400);
    // An early dialog that the other side has begun.
    let (_, ringing) = pair.call();
    let early = replacing(&pair, ringing, "");
    assert_eq!(refused(&mut pair, &early), 481);
}
