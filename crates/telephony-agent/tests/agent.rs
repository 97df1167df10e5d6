//! Phones that register and call each other through a proxy, in simulated time.
#![allow(
    clippy::unwrap_used,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)] // in helpers as well

#[path = "agent/world.rs"]
mod world;

use std::time::Duration;

use rfc3261_sip::StatusCode;
use rfc3261_sip::user_agent::CallState;
use telephony_agent::{Account, EndReason, Event, Security};
use testkit::{Conditions, Random, for_each_seed};
use world::{World, config};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_call_with_credentials_keys_and_media_both_ways() {
    let mut world = World::of(&["alice", "bob"], Security::Required);
    let call = world.call(0, "bob");
    world.run(10 * SECOND);
    assert_eq!(world.phones[0].agent.state(call), CallState::Established);
    let answered = world.phones[1].incoming()[0];
    assert_eq!(world.phones[0].established(), [call]);
    assert_eq!(world.phones[1].established(), [answered]);
    for (phone, call) in [(0, call), (1, answered)] {
        let phone = &world.phones[phone];
        let media = phone.agent.media(call).unwrap();
        assert!(media.is_encrypted());
        let statistics = media.statistics();
        assert_eq!(
            (
                statistics.lost,
                statistics.missing,
                statistics.unauthenticated
            ),
            (0, 0, 0)
        );
        assert!(statistics.report.is_some());
        assert!(
            phone.frames(call).len() > 470,
            "{}",
            phone.frames(call).len()
        );
    }
    world.phones[0]
        .agent
        .send_digits(world.now, call, "1234#")
        .unwrap();
    world.run(2 * SECOND);
    assert_eq!(world.phones[1].digits(), "1234#");
    world.phones[0].agent.hang_up(world.now, call).unwrap();
    world.run(SECOND);
    assert_eq!(world.phones[0].end_of(call), Some(&EndReason::HungUp));
    assert_eq!(
        world.phones[1].end_of(answered),
        Some(&EndReason::HungUpByPeer)
    );
    world.assert_empty();
}

#[test]
fn registrations_are_refreshed_and_removed() {
    let mut world = World::of(&["alice"], Security::Off);
    world.run(7200 * SECOND);
    let phone = &mut world.phones[0];
    assert!(phone.events.len() >= 2, "{:?}", phone.events);
    assert!(
        phone
            .events
            .iter()
            .all(|event| matches!(event, Event::Registered { .. }))
    );
    phone.events.clear();
    phone.agent.unregister(world.now).unwrap();
    world.run(SECOND);
    assert!(matches!(world.phones[0].events[..], [Event::Unregistered]));
    world.assert_empty();
}

#[test]
fn a_wrong_password_is_told_and_not_tried_again() {
    let mut wrong = config("alice", 1, Security::Off);
    wrong.account = Some(Account::new("alice", "guess"));
    let mut without = config("bob", 2, Security::Off);
    without.account = None;
    let ideal = Conditions::ideal(Duration::from_millis(10));
    let mut world = World::new(ideal, Random::new(1), vec![wrong, without]);
    for phone in 0..2 {
        world.register(phone);
    }
    world.run(60 * SECOND);
    for phone in &world.phones {
        let [Event::RegistrationFailed { reason }] = &phone.events[..] else {
            panic!("{:?}", phone.events);
        };
        assert_eq!(*reason, EndReason::Unauthorized);
    }
    let registers = world
        .messages
        .iter()
        .filter(|text| text.starts_with("REGISTER"));
    assert_eq!(registers.count(), 2 + 1);
    let call = world.call(0, "bob");
    world.run(SECOND);
    assert_eq!(world.phones[0].end_of(call), Some(&EndReason::Unauthorized));
    world.assert_empty();
}

#[test]
fn encryption_that_is_refused_is_given_up_where_it_is_optional() {
    for (security, status, is_established) in [
        (Security::Optional, StatusCode::NOT_ACCEPTABLE_HERE, true),
        (Security::Optional, StatusCode::BUSY_HERE, false),
        (Security::Required, StatusCode::NOT_ACCEPTABLE_HERE, false),
    ] {
        let mut world = World::of(&["alice", "bob"], security);
        world.server.refuses_keys = Some(status);
        let call = world.call(0, "bob");
        world.run(2 * SECOND);
        let media = world.phones[0].agent.media(call);
        assert_eq!(
            media.map(|media| media.is_encrypted()),
            is_established.then_some(false)
        );
        if !is_established {
            let reason = world.phones[0].end_of(call);
            assert!(matches!(reason, Some(EndReason::Refused(found, _)) if *found == status));
        }
    }
}

#[test]
fn without_a_codec_in_common_a_call_is_refused() {
    let (alice, mut bob) = (
        config("alice", 1, Security::Off),
        config("bob", 2, Security::Off),
    );
    bob.codecs = vec![rfc3264_offer_answer::Codec::new("G729", 8000)];
    let ideal = Conditions::ideal(Duration::from_millis(10));
    let mut world = World::new(ideal, Random::new(1), vec![alice, bob]);
    world.register(1);
    world.run(SECOND);
    let call = world.call(0, "bob");
    world.run(SECOND);
    let reason = world.phones[0].end_of(call);
    let refused = matches!(reason, Some(EndReason::Refused(status, _)) if status.get() == 488);
    assert!(refused, "{reason:?}");
    assert_eq!(
        world.phones[1].end_of(world.phones[1].incoming()[0]),
        Some(&EndReason::Rejected)
    );
    world.assert_empty();
}

#[test]
fn a_call_is_rejected_or_cancelled_before_it_stands() {
    let mut world = World::of(&["alice", "bob"], Security::Off);
    world.phones[1].answers = false;
    let call = world.call(0, "bob");
    world.run(SECOND);
    let waiting = world.phones[1].incoming()[0];
    world.phones[1].agent.ring(world.now, waiting).unwrap();
    world.run(SECOND);
    let rings = |event: &Event| matches!(event, Event::Progress { status, .. } if *status == StatusCode::RINGING);
    assert!(world.phones[0].events.iter().any(rings));
    world.phones[1]
        .agent
        .reject(world.now, waiting, StatusCode::BUSY_HERE)
        .unwrap();
    world.run(SECOND);
    let reason = world.phones[0].end_of(call);
    assert!(
        matches!(reason, Some(EndReason::Refused(status, _)) if *status == StatusCode::BUSY_HERE)
    );

    let call = world.call(0, "bob");
    world.run(SECOND);
    let waiting = world.phones[1].incoming()[1];
    world.phones[1].agent.ring(world.now, waiting).unwrap();
    world.run(SECOND);
    world.phones[0].agent.hang_up(world.now, call).unwrap();
    world.run(SECOND);
    assert_eq!(world.phones[0].end_of(call), Some(&EndReason::Rejected));
    assert_eq!(world.phones[1].end_of(waiting), Some(&EndReason::Cancelled));
    world.assert_empty();
}

#[test]
fn of_two_phones_that_answer_one_has_the_call() {
    let users = ["alice", "bob", "bob"];
    let mut world = World::of(&users, Security::Optional);
    let call = world.call(0, "bob");
    world.run(5 * SECOND);
    assert_eq!(world.phones[0].established(), [call]);
    let standing = [1, 2].map(|phone| world.phones[phone].agent.calls().count());
    assert_eq!(standing.iter().sum::<usize>(), 1, "{standing:?}");
    assert!(world.phones[0].frames(call).len() > 200);
    world.phones[0].agent.hang_up(world.now, call).unwrap();
    world.assert_empty();
}

/// Frames that a phone has heard of a call since it had heard so many.
fn heard_since(world: &World, phone: usize, call: telephony_agent::CallId, before: usize) -> usize {
    world.phones[phone].frames(call).len() - before
}

#[test]
fn hold_stops_the_peer_and_resuming_lets_it_go_on() {
    let mut world = World::of(&["alice", "bob"], Security::Required);
    let call = world.call(0, "bob");
    world.run(2 * SECOND);
    let at_bob = world.phones[1].incoming()[0];
    for (phone, held) in [(0, call), (1, at_bob)] {
        world.phones[phone].agent.hold(world.now, held).unwrap();
        assert!(world.phones[phone].agent.is_on_hold(held));
        world.run(SECOND);
        let before = world.phones[phone].frames(held).len();
        world.run(5 * SECOND);
        assert_eq!(heard_since(&world, phone, held, before), 0);
        world.phones[phone].agent.resume(world.now, held).unwrap();
        world.run(5 * SECOND);
        assert!(heard_since(&world, phone, held, before) > 200);
        let media = world.phones[phone].agent.media(held).unwrap();
        assert_eq!(media.statistics().unauthenticated, 0);
    }
    world.phones[0].agent.hang_up(world.now, call).unwrap();
    world.assert_empty();
}

#[test]
fn holding_at_the_same_time_comes_to_both_on_hold() {
    let mut world = World::of(&["alice", "bob"], Security::Off);
    let call = world.call(0, "bob");
    world.run(2 * SECOND);
    let at_bob = world.phones[1].incoming()[0];
    world.phones[0].agent.hold(world.now, call).unwrap();
    world.phones[1].agent.hold(world.now, at_bob).unwrap();
    world.run(10 * SECOND);
    for (phone, call) in [(0, call), (1, at_bob)] {
        let agreed = world.phones[phone]
            .agent
            .media(call)
            .unwrap()
            .agreed()
            .direction;
        assert_eq!(agreed, rfc3264_offer_answer::Direction::Inactive);
    }
    world.phones[0].agent.hang_up(world.now, call).unwrap();
    world.assert_empty();
}

#[test]
fn a_blind_transfer_is_followed_and_told() {
    let mut world = World::of(&["alice", "bob", "carol"], Security::Required);
    let call = world.call(0, "bob");
    world.run(2 * SECOND);
    let at_bob = world.phones[1].incoming()[0];
    // Bob sends Alice on to Carol.
    world.phones[1]
        .agent
        .transfer(world.now, at_bob, "sip:carol@example.com")
        .unwrap();
    world.run(3 * SECOND);
    let told = world.phones[1].transferring();
    assert_eq!(
        (told.first(), told.last()),
        (Some(&100), Some(&200)),
        "{told:?}"
    );
    world.phones[1].agent.hang_up(world.now, at_bob).unwrap();
    world.run(3 * SECOND);
    assert_eq!(world.phones[0].end_of(call), Some(&EndReason::HungUpByPeer));
    let [_, to_carol] = world.phones[0].established()[..] else {
        panic!()
    };
    assert!(world.phones[0].frames(to_carol).len() > 200);
    world.phones[0].agent.hang_up(world.now, to_carol).unwrap();
    world.assert_empty();
}

#[test]
fn an_attended_transfer_takes_the_place_of_a_call() {
    let mut world = World::of(&["alice", "bob", "carol"], Security::Required);
    let call = world.call(0, "bob");
    world.run(SECOND);
    let at_bob = world.phones[1].incoming()[0];
    // Bob asks Carol first, then joins the two others.
    let to_carol = world.call(1, "carol");
    world.run(SECOND);
    let asked = world.phones[2].incoming()[0];
    let bob = &mut world.phones[1].agent;
    bob.transfer_to_call(world.now, at_bob, to_carol).unwrap();
    world.run(3 * SECOND);
    assert_eq!(world.phones[1].transferring().last(), Some(&200));
    let carol = &world.phones[2];
    let replaced = carol.events.iter().find_map(|event| match event {
        Event::Incoming { call, replaces, .. } => replaces.map(|replaces| (*call, replaces)),
        _ => None,
    });
    let (new, replaced) = replaced.unwrap();
    assert_eq!(replaced, asked);
    assert_eq!(carol.end_of(asked), Some(&EndReason::Replaced));
    assert!(carol.frames(new).len() > 100);
    world.phones[1].agent.hang_up(world.now, at_bob).unwrap();
    world.run(SECOND);
    assert_eq!(world.phones[0].end_of(call), Some(&EndReason::HungUpByPeer));
    assert_eq!(world.phones[0].agent.calls().count(), 1);
    world.phones[2].agent.hang_up(world.now, new).unwrap();
    world.assert_empty();
}

#[test]
fn a_transfer_to_nobody_is_told_and_the_call_goes_on() {
    let mut world = World::of(&["alice", "bob"], Security::Off);
    world.call(0, "bob");
    world.run(SECOND);
    let at_bob = world.phones[1].incoming()[0];
    world.phones[1]
        .agent
        .transfer(world.now, at_bob, "sip:dave@example.com")
        .unwrap();
    world.run(3 * SECOND);
    assert_eq!(world.phones[1].transferring().last(), Some(&480));
    assert_eq!(world.phones[1].agent.state(at_bob), CallState::Established);
    world.phones[1].agent.hang_up(world.now, at_bob).unwrap();
    world.assert_empty();
}

#[test]
fn under_loss_calls_are_set_up_talked_and_ended() {
    for_each_seed(4, |mut random| {
        let conditions = Conditions {
            loss: 10,
            duplication: 5,
            delay: Duration::from_millis(5)..Duration::from_millis(50),
            in_order: false,
        };
        let configs = vec![
            config("alice", 1, Security::Required),
            config("bob", 2, Security::Required),
        ];
        let luck = Random::new(random.number());
        let mut world = World::new(conditions, luck, configs);
        for phone in 0..2 {
            world.register(phone);
        }
        world.run(40 * SECOND);
        let call = world.call(0, "bob");
        world.run(30 * SECOND);
        assert_eq!(world.phones[0].established(), [call]);
        assert!(world.phones[0].frames(call).len() > 200);
        world.phones[0]
            .agent
            .send_digits(world.now, call, "90")
            .unwrap();
        world.run(5 * SECOND);
        assert_eq!(world.phones[1].digits(), "90");
        world.phones[0].agent.hang_up(world.now, call).unwrap();
        world.assert_empty();
    });
}
