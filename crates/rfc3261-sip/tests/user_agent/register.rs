//! Registrations (RFC 3261 §10.2).

use core::time::Duration;

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CommandError, Content, Credentials, Event, Purpose, RegistrationId, Target},
};

use crate::bench::{Bench, response, value};

const HOUR: Duration = Duration::from_secs(3600);

fn registrar() -> Target {
    Target::new("sip:192.0.2.2")
}

fn register(bench: &mut Bench) -> (RegistrationId, Message) {
    let now = bench.now;
    let id = bench
        .agent
        .register(now, &registrar(), HOUR, &Content::new())
        .unwrap();
    (id, bench.last())
}

fn accept(bench: &mut Bench, request: &Message, expires: u32) {
    let contact = format!(
        "Contact: <sip:other@192.0.2.77>;expires=60, <sip:alice@192.0.2.1>;expires={expires}\r\n"
    );
    bench.receive(response(request, 200, "r", &contact));
}

#[test]
fn a_register_has_all_that_it_must() {
    // RFC 3261 §10.2
    let mut bench = Bench::new();
    let (_, register) = register(&mut bench);
    assert_eq!(register.method(), Some(Method::REGISTER));
    assert_eq!(register.request_uri().unwrap().as_str(), "sip:192.0.2.2");
    let to = value(&register, HeaderName::To);
    assert_eq!(to.as_deref(), Some("Alice <sip:alice@example.com>"));
    assert_eq!(
        register.from().unwrap().uri().as_str(),
        "sip:alice@example.com"
    );
    let contact = value(&register, HeaderName::Contact);
    assert_eq!(contact.as_deref(), Some("<sip:alice@192.0.2.1>"));
    let expires = value(&register, HeaderName::Expires);
    assert_eq!(expires.as_deref(), Some("3600"));
}

#[test]
fn what_is_no_registrar_or_no_address_of_record_is_refused() {
    // RFC 3261 §10.2
    let mut bench = Bench::new();
    let now = bench.now;
    for target in [
        Target::new("sip:alice@192.0.2.2"),
        Target::new("tel:+358-555-1234567"),
        registrar().to("<tel:+358-555-1234567>"),
    ] {
        let refused = bench.agent.register(now, &target, HOUR, &Content::new());
        assert_eq!(refused, Err(CommandError::Uri));
    }
    assert_eq!(bench.agent.counts().registrations, 0);
}

#[test]
fn it_is_refreshed_with_the_same_call_id_and_the_next_number_until_it_is_removed() {
    let mut bench = Bench::new();
    let (id, first) = register(&mut bench);
    accept(&mut bench, &first, 600);
    let events = bench.take_events();
    let [
        Event::Registered {
            registration,
            expires,
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((*registration, expires.as_secs()), (id, 600));
    bench.take_sent();
    bench.seconds(539);
    assert!(bench.take_sent().is_empty());
    bench.seconds(1);
    let second = bench.last();
    assert_eq!(
        value(&second, HeaderName::CallId),
        value(&first, HeaderName::CallId)
    );
    assert_eq!(second.cseq().unwrap().sequence_number, 2);
    // No other one while this one is under way.
    let now = bench.now;
    assert_eq!(bench.agent.refresh(now, id), Err(CommandError::State));
    accept(&mut bench, &second, 600);
    bench.agent.unregister(now, id).unwrap();
    let third = bench.last();
    assert_eq!(third.cseq().unwrap().sequence_number, 3);
    assert_eq!(value(&third, HeaderName::Expires).as_deref(), Some("0"));
    bench.receive(response(&third, 200, "r", ""));
    let events = bench.take_events();
    assert!(matches!(events[..], [.., Event::Unregistered { registration }] if registration == id));
    bench.seconds(40);
    assert_eq!(bench.agent.counts().registrations, 0);
    assert_eq!(bench.agent.next_timeout(), None);
}

#[test]
fn all_bindings_are_removed_by_a_star_with_expires_0() {
    // RFC 3261 §10.2.2
    let mut bench = Bench::new();
    let (id, first) = register(&mut bench);
    accept(&mut bench, &first, 600);
    let now = bench.now;
    bench.agent.unregister_all(now, id).unwrap();
    let sent = bench.last();
    assert_eq!(value(&sent, HeaderName::Contact).as_deref(), Some("*"));
    assert_eq!(value(&sent, HeaderName::Expires).as_deref(), Some("0"));
}

#[test]
fn a_removal_waits_for_the_request_that_is_under_way() {
    // RFC 3261 §10.2
    let mut bench = Bench::new();
    let (id, first) = register(&mut bench);
    let now = bench.now;
    bench.agent.unregister(now, id).unwrap();
    bench.take_sent();
    accept(&mut bench, &first, 600);
    let removal = bench.last();
    assert_eq!(value(&removal, HeaderName::Expires).as_deref(), Some("0"));
    assert!(bench.take_events().is_empty());
    bench.receive(response(&removal, 200, "r", ""));
    assert!(matches!(
        bench.take_events()[..],
        [Event::Unregistered { .. }]
    ));
}

#[test]
fn a_challenge_is_answered_with_the_next_number() {
    let mut bench = Bench::new();
    let (id, first) = register(&mut bench);
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";
    bench.receive(response(&first, 401, "r", challenge));
    let events = bench.take_events();
    let [
        Event::Challenged {
            request, purpose, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*purpose, Purpose::Registration(id));
    let now = bench.now;
    let credentials = Credentials::new().authorization("Digest realm=\"r\"");
    bench.agent.retry(now, *request, &credentials).unwrap();
    let second = bench.last();
    assert_eq!(second.cseq().unwrap().sequence_number, 2);
    assert!(second.first(HeaderName::Authorization).is_some());
    accept(&mut bench, &second, 600);
    bench.take_events();
    bench.agent.refresh(now, id).unwrap();
    assert_eq!(bench.last().cseq().unwrap().sequence_number, 3);
}

#[test]
fn too_short_a_time_is_made_longer() {
    // RFC 3261 §10.2.8
    let mut bench = Bench::new();
    let now = bench.now;
    let minute = Duration::from_secs(60);
    bench
        .agent
        .register(now, &registrar(), minute, &Content::new())
        .unwrap();
    let first = bench.last();
    bench.receive(response(&first, 423, "r", "Min-Expires: 300\r\n"));
    let second = bench.last();
    assert_eq!(value(&second, HeaderName::Expires).as_deref(), Some("300"));
    assert_eq!(
        value(&second, HeaderName::CallId),
        value(&first, HeaderName::CallId)
    );
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_failure_is_told_and_may_be_tried_again() {
    let mut bench = Bench::new();
    let (id, _) = register(&mut bench);
    bench.seconds(33);
    let events = bench.take_events();
    let [Event::RegistrationFailed { failure, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(failure.status(), StatusCode::REQUEST_TIMEOUT);
    let now = bench.now;
    bench.agent.set_contact("sip:alice@192.0.2.1:5070");
    bench.agent.refresh(now, id).unwrap();
    let contact = value(&bench.last(), HeaderName::Contact);
    assert_eq!(contact.as_deref(), Some("<sip:alice@192.0.2.1:5070>"));
    bench.agent.forget(id);
    bench.seconds(40);
    assert_eq!(bench.agent.counts().registrations, 0);
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_record_route_in_the_response_makes_no_route() {
    // RFC 3261 §10.2: nothing of it is used for the next request.
    let mut bench = Bench::new();
    let (id, first) = register(&mut bench);
    let route = "Record-Route: <sip:192.0.2.66;lr>\r\nContact: <sip:alice@192.0.2.1>\r\n";
    bench.receive(response(&first, 200, "r", route));
    let now = bench.now;
    bench.agent.refresh(now, id).unwrap();
    bench.drain();
    let (flow, second) = bench.sent.last().unwrap();
    assert!(second.first(HeaderName::Route).is_none());
    assert_eq!(*flow, Bench::peer());
}
