//! Calls that succeed.

use rfc3261_sip::{
    HeaderName, Message, Method, RequestBuilder, StatusCode, proxy::Request, transport::Transport,
};

use super::world::*;

const UDP: Transport = Transport::Udp;
const CHALLENGE: &str =
    "Digest realm=\"atlanta.example.com\", nonce=\"f84f1cec41e6cbe5aea9c8e88d359\"";
const CREDENTIALS: &str = "Digest username=\"alice\", realm=\"atlanta.example.com\", nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", uri=\"sip:bob@biloxi.example.com\", response=\"42ce3cef44b22f50c6a6071bc8\"";
const CREDENTIALS_2: &str = "Digest username=\"alice\", realm=\"biloxi.example.com\", nonce=\"85b4f1cen4341ae6cbe5a3a9c8e88d359\", uri=\"sip:bob@biloxi.example.com\", response=\"b3f392f9218a328b9294076d708e6815\"";

fn relay(_: &Request) -> Decision {
    Decision::Relay
}

/// Proxy 2 knows where Bob is; what is not for its domain goes on.
fn to_bob(request: &Request) -> Decision {
    match request.is_responsible() {
        true => Decision::To("sip:bob@client.biloxi.example.com"),
        false => Decision::Relay,
    }
}

fn has_credentials(request: &Request, realm: &str) -> bool {
    let mut credentials = request
        .message()
        .fields_named(HeaderName::ProxyAuthorization);
    let realm = format!("realm=\"{realm}");
    credentials.any(|field| field.value_str().unwrap().contains(&realm))
}

/// Who calls from here has to prove who that is.
fn with_credentials(request: &Request) -> Decision {
    let invite = request.message().method() == Some(Method::INVITE);
    match invite && !has_credentials(request, "atlanta") {
        true => Decision::Challenge(StatusCode::PROXY_AUTHENTICATION_REQUIRED, CHALLENGE),
        false => Decision::Relay,
    }
}

fn to_bob_with_credentials(request: &Request) -> Decision {
    let challenge =
        "Digest realm=\"biloxi.example.com\", nonce=\"85b4f1cen4341ae6cbe5a3a9c8e88d359\"";
    let invite = request.message().method() == Some(Method::INVITE);
    match invite && !has_credentials(request, "biloxi") {
        true => Decision::Challenge(StatusCode::PROXY_AUTHENTICATION_REQUIRED, challenge),
        false => to_bob(request),
    }
}

const BOBS_URI: &str = "sip:bob@biloxi.example.com";

/// RFC 3261 §24.2: two proxies that do not stay in the path.
#[test]
fn rfc_3261_24_2_session_setup() {
    let mut world = World::new()
        .server(P1, false, relay)
        .server(P2, false, to_bob);
    let via = world.via(ALICE, UDP);
    // Alice sends it to the proxy of her own domain, which finds the other in the DNS.
    let invite = invite(&via, BOBS_URI, 314_159, &[]);
    world.send(ALICE, P1, UDP, invite.clone());
    world.wait(200);
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P1",
            "INVITE P1 -> P2",
            "INVITE P2 -> Bob",
            "100 P1 -> Alice",
            "100 P2 -> P1"
        ]
    );
    let at_bob = world.receive(BOB);
    assert_eq!(uri(&at_bob), "sip:bob@client.biloxi.example.com");
    assert_eq!(at_bob.max_forwards().unwrap().0, 68);
    let vias = values(&at_bob, HeaderName::Via);
    assert!(
        vias[0].starts_with("SIP/2.0/UDP ss2.biloxi.example.com;branch=z9hG4bK"),
        "{vias:?}"
    );
    assert!(
        vias[1].starts_with("SIP/2.0/UDP ss1.atlanta.example.com;branch=z9hG4bK"),
        "{vias:?}"
    );
    // §18.2.1: each notes where it came from, since the names are no addresses.
    assert!(vias[1].ends_with(";received=192.0.2.111"), "{vias:?}");
    assert_eq!(vias[2], format!("{via};received=192.0.2.101"));
    assert!(at_bob.first(HeaderName::RecordRoute).is_none());

    world.send(BOB, P2, UDP, answer(&at_bob, 180));
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    let back = |status: u16| {
        [
            format!("{status} Bob -> P2"),
            format!("{status} P2 -> P1"),
            format!("{status} P1 -> Alice"),
        ]
    };
    assert_eq!(world.flow(), [back(180), back(200)].concat());
    assert_eq!(world.receive(ALICE).status(), Some(StatusCode::TRYING));
    assert_eq!(world.receive(ALICE).status(), Some(StatusCode::RINGING));
    let ok = world.receive(ALICE);
    assert_eq!(
        values(&ok, HeaderName::Via),
        [format!("{via};received=192.0.2.101")]
    );
    assert_eq!(ok.to().unwrap().tag(), Some("314159"));

    // ACK and BYE go from end to end.
    let (alice, mut bob) = dialogs(&invite, &at_bob, &ok);
    let via = world.via(ALICE, UDP);
    let ack = alice.ack(ok.view(), &via).unwrap().build().unwrap();
    assert_eq!(alice.next_hop(), "sip:bob@client.biloxi.example.com");
    world.send(ALICE, BOB, UDP, ack);
    let via = world.via(BOB, UDP);
    let bye = bob.request(Method::BYE, &via).unwrap().build().unwrap();
    world.send(BOB, ALICE, UDP, bye);
    let bye = world.receive(ALICE);
    world.send(ALICE, BOB, UDP, ok_of(&bye));
    assert_eq!(
        world.flow(),
        ["ACK Alice -> Bob", "BYE Bob -> Alice", "200 Alice -> Bob"]
    );
    world.end();
}

/// The rest of a call in whose path two proxies stay: ACK of Alice, BYE of Bob.
fn rest_of_call(world: &mut World, invite: &bytes::Bytes, at_bob: &Message, route: &[&str]) {
    let mut ok = world.receive(ALICE);
    while ok.status() != Some(StatusCode::OK) {
        ok = world.receive(ALICE);
    }
    let (mut alice, mut bob) = dialogs(invite, at_bob, &ok);
    let backwards: Vec<_> = route.iter().rev().copied().collect();
    assert_eq!(alice.route_set().collect::<Vec<_>>(), backwards);
    assert_eq!(bob.route_set().collect::<Vec<_>>(), route);
    world.flow();
    let via = world.via(ALICE, UDP);
    let ack = alice.ack(ok.view(), &via).unwrap().build().unwrap();
    world.send(ALICE, P1, UDP, ack);
    let at_bob = world.receive(BOB);
    assert_eq!(uri(&at_bob), "sip:bob@client.biloxi.example.com");
    assert!(at_bob.first(HeaderName::Route).is_none());
    assert_eq!(values(&at_bob, HeaderName::Via).len(), 3);
    assert_eq!(bob.handle_request(at_bob.view()), Ok(()));

    let via = world.via(BOB, UDP);
    let bye = bob.request(Method::BYE, &via).unwrap().build().unwrap();
    world.send(BOB, P2, UDP, bye);
    let at_alice = world.receive(ALICE);
    assert_eq!(uri(&at_alice), "sip:alice@client.atlanta.example.com");
    assert!(at_alice.first(HeaderName::Route).is_none());
    assert_eq!(alice.handle_request(at_alice.view()), Ok(()));
    world.send(ALICE, P1, UDP, ok_of(&at_alice));
    assert_eq!(
        world.flow(),
        [
            "ACK Alice -> P1",
            "ACK P1 -> P2",
            "ACK P2 -> Bob",
            "BYE Bob -> P2",
            "BYE P2 -> P1",
            "BYE P1 -> Alice",
            "200 Alice -> P1",
            "200 P1 -> P2",
            "200 P2 -> Bob",
        ]
    );
    let done = world.receive(BOB);
    assert_eq!(values(&done, HeaderName::Via).len(), 1);
    world.end();
}

/// A request of one phone, by a proxy, as it comes to the other.
fn through(world: &mut World, [from, by, to]: [&str; 3], request: RequestBuilder) -> Message {
    world.send(from, by, UDP, request.build().unwrap());
    world.receive(to)
}

fn ok_of(request: &Message) -> bytes::Bytes {
    ok(request)
}

const BOTH: [&str; 2] = [
    "sip:ss2.biloxi.example.com;lr",
    "sip:ss1.atlanta.example.com;lr",
];
const ROUTE: (HeaderName, &str) = (HeaderName::Route, "<sip:ss1.atlanta.example.com;lr>");

#[test]
fn rfc_3665_3_2_two_proxies() {
    let mut world = World::new()
        .server(P1, true, with_credentials)
        .server(P2, true, to_bob);
    let via = world.via(ALICE, UDP);
    let first = invite(&via, BOBS_URI, 1, &[ROUTE]);
    world.send(ALICE, P1, UDP, first.clone());
    let refused = world.receive(ALICE);
    assert_eq!(value(&refused, HeaderName::ProxyAuthenticate), CHALLENGE);
    world.send(ALICE, P1, UDP, ack(&first, &refused));
    assert_eq!(
        world.flow(),
        ["INVITE Alice -> P1", "407 P1 -> Alice", "ACK Alice -> P1"]
    );

    let via = world.via(ALICE, UDP);
    let second = invite(
        &via,
        BOBS_URI,
        2,
        &[ROUTE, (HeaderName::ProxyAuthorization, CREDENTIALS)],
    );
    world.send(ALICE, P1, UDP, second.clone());
    world.wait(200);
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P1",
            "INVITE P1 -> P2",
            "INVITE P2 -> Bob",
            "100 P1 -> Alice",
            "100 P2 -> P1"
        ]
    );
    let at_bob = world.receive(BOB);
    assert_eq!(
        values(&at_bob, HeaderName::RecordRoute),
        [
            "<sip:ss2.biloxi.example.com;lr>",
            "<sip:ss1.atlanta.example.com;lr>"
        ]
    );
    assert!(at_bob.first(HeaderName::Route).is_none());
    world.send(BOB, P2, UDP, answer(&at_bob, 180));
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    rest_of_call(&mut world, &second, &at_bob, &BOTH);
}

#[test]
fn rfc_3665_3_3_multiple_proxy_authentication() {
    let mut world =
        World::new()
            .server(P1, true, with_credentials)
            .server(P2, true, to_bob_with_credentials);
    let credentials = |value| (HeaderName::ProxyAuthorization, value);
    let mut number = 0;
    let mut call = |world: &mut World, rows: &[(HeaderName, &str)]| {
        number += 1;
        let via = world.via(ALICE, UDP);
        let invite = invite(&via, BOBS_URI, number, rows);
        world.send(ALICE, P1, UDP, invite.clone());
        invite
    };
    let first = call(&mut world, &[ROUTE]);
    let refused = world.receive(ALICE);
    world.send(ALICE, P1, UDP, ack(&first, &refused));
    let second = call(&mut world, &[ROUTE, credentials(CREDENTIALS)]);
    let refused = world.receive(ALICE);
    let realms = values(&refused, HeaderName::ProxyAuthenticate);
    assert!(realms[0].contains("biloxi"), "{realms:?}");
    world.send(ALICE, P1, UDP, ack(&second, &refused));
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P1",
            "407 P1 -> Alice",
            "ACK Alice -> P1",
            "INVITE Alice -> P1",
            "INVITE P1 -> P2",
            "407 P2 -> P1",
            "ACK P1 -> P2",
            "407 P1 -> Alice",
            "ACK Alice -> P1",
        ]
    );
    let third = call(
        &mut world,
        &[ROUTE, credentials(CREDENTIALS), credentials(CREDENTIALS_2)],
    );
    let at_bob = world.receive(BOB);
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P1",
            "INVITE P1 -> P2",
            "INVITE P2 -> Bob",
            "200 Bob -> P2",
            "200 P2 -> P1",
            "200 P1 -> Alice",
        ]
    );
    rest_of_call(&mut world, &third, &at_bob, &BOTH);
}

/// Proxy 1 does not answer, and Alice goes to the second: for that one it is a call like any other.
#[test]
fn rfc_3665_3_4_proxy_failure() {
    let mut world = World::new().server(P2, true, to_bob_with_credentials);
    let via = world.via(ALICE, UDP);
    let lost = invite(&via, BOBS_URI, 1, &[ROUTE]);
    for _ in 0..7 {
        world.send(ALICE, P1, UDP, lost.clone());
        world.receive(P1);
    }
    let route = (HeaderName::Route, "<sip:ss2.biloxi.example.com;lr>");
    let via = world.via(ALICE, UDP);
    let first = invite(&via, BOBS_URI, 1, &[route]);
    world.send(ALICE, P2, UDP, first.clone());
    let refused = world.receive(ALICE);
    world.send(ALICE, P2, UDP, ack(&first, &refused));
    let via = world.via(ALICE, UDP);
    let second = invite(
        &via,
        BOBS_URI,
        2,
        &[route, (HeaderName::ProxyAuthorization, CREDENTIALS_2)],
    );
    world.send(ALICE, P2, UDP, second.clone());
    world.wait(200);
    let at_bob = world.receive(BOB);
    world.send(BOB, P2, UDP, answer(&at_bob, 180));
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    let flow = world.flow();
    assert_eq!(flow[..7], ["INVITE Alice -> P1"; 7]);
    assert_eq!(
        flow[7..],
        [
            "INVITE Alice -> P2",
            "407 P2 -> Alice",
            "ACK Alice -> P2",
            "INVITE Alice -> P2",
            "INVITE P2 -> Bob",
            "100 P2 -> Alice",
            "180 Bob -> P2",
            "180 P2 -> Alice",
            "200 Bob -> P2",
            "200 P2 -> Alice",
        ]
    );
    assert_eq!(world.receive(ALICE).status(), Some(StatusCode::TRYING));
    assert_eq!(world.receive(ALICE).status(), Some(StatusCode::RINGING));
    let ok = world.receive(ALICE);
    let (alice, mut bob) = dialogs(&second, &at_bob, &ok);
    let via = world.via(ALICE, UDP);
    through(
        &mut world,
        [ALICE, P2, BOB],
        alice.ack(ok.view(), &via).unwrap(),
    );
    let via = world.via(BOB, UDP);
    let bye = through(
        &mut world,
        [BOB, P2, ALICE],
        bob.request(Method::BYE, &via).unwrap(),
    );
    world.send(ALICE, P2, UDP, ok_of(&bye));
    assert_eq!(
        world.flow(),
        [
            "ACK Alice -> P2",
            "ACK P2 -> Bob",
            "BYE Bob -> P2",
            "BYE P2 -> Alice",
            "200 Alice -> P2",
            "200 P2 -> Bob"
        ]
    );
    world.end();
}

/// The ALG in the place of proxy 1 is a back-to-back user agent, so no part of this crate's proxy;
/// what matters here is that proxy 2 does not stay in the path, and the other does.
#[test]
fn rfc_3665_3_5_one_of_two_stays_in_the_path() {
    let mut world = World::new()
        .server(P1, true, relay)
        .server(P2, false, to_bob);
    let via = world.via(ALICE, UDP);
    let call = invite(&via, BOBS_URI, 1, &[ROUTE]);
    world.send(ALICE, P1, UDP, call.clone());
    world.wait(200);
    let at_bob = world.receive(BOB);
    assert_eq!(
        values(&at_bob, HeaderName::RecordRoute),
        ["<sip:ss1.atlanta.example.com;lr>"]
    );
    world.send(BOB, P2, UDP, answer(&at_bob, 180));
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P1",
            "INVITE P1 -> P2",
            "INVITE P2 -> Bob",
            "100 P1 -> Alice",
            "100 P2 -> P1",
            "180 Bob -> P2",
            "180 P2 -> P1",
            "180 P1 -> Alice",
            "200 Bob -> P2",
            "200 P2 -> P1",
            "200 P1 -> Alice",
        ]
    );
    world.receive(ALICE);
    world.receive(ALICE);
    let ok = world.receive(ALICE);
    let (mut alice, _) = dialogs(&call, &at_bob, &ok);
    let via = world.via(ALICE, UDP);
    through(
        &mut world,
        [ALICE, P1, BOB],
        alice.ack(ok.view(), &via).unwrap(),
    );
    let via = world.via(ALICE, UDP);
    let bye = through(
        &mut world,
        [ALICE, P1, BOB],
        alice.request(Method::BYE, &via).unwrap(),
    );
    world.send(BOB, P1, UDP, ok_of(&bye));
    assert_eq!(
        world.flow(),
        [
            "ACK Alice -> P1",
            "ACK P1 -> Bob",
            "BYE Alice -> P1",
            "BYE P1 -> Bob",
            "200 Bob -> P1",
            "200 P1 -> Alice"
        ]
    );
    world.end();
}

#[test]
fn rfc_3665_3_6_redirect_and_proxy() {
    let redirect = |_: &Request| Decision::Redirect("<sip:bob@chicago.example.com>");
    let at_chicago = |request: &Request| match request.is_responsible() {
        true => Decision::To("sip:bob@client.biloxi.example.com"),
        false => Decision::Relay,
    };
    let mut world = World::new()
        .server(P2, false, redirect)
        .server(P3, true, at_chicago);
    let via = world.via(ALICE, UDP);
    let first = invite(&via, BOBS_URI, 1, &[]);
    world.send(ALICE, P2, UDP, first.clone());
    let moved = world.receive(ALICE);
    assert_eq!(
        value(&moved, HeaderName::Contact),
        "<sip:bob@chicago.example.com>"
    );
    world.send(ALICE, P2, UDP, ack(&first, &moved));
    let via = world.via(ALICE, UDP);
    let second = invite(&via, "sip:bob@chicago.example.com", 2, &[]);
    world.send(ALICE, P3, UDP, second.clone());
    world.wait(200);
    let at_bob = world.receive(BOB);
    world.send(BOB, P3, UDP, answer(&at_bob, 180));
    world.send(BOB, P3, UDP, answer(&at_bob, 200));
    world.receive(ALICE);
    world.receive(ALICE);
    let ok = world.receive(ALICE);
    let (alice, mut bob) = dialogs(&second, &at_bob, &ok);
    let via = world.via(ALICE, UDP);
    let ack = alice
        .ack(ok.view(), &via)
        .unwrap()
        .body("application/sdp", "v=0\r\n");
    world.send(ALICE, P3, UDP, ack.build().unwrap());
    assert_eq!(world.receive(BOB).body(), b"v=0\r\n");
    let via = world.via(BOB, UDP);
    let bye = through(
        &mut world,
        [BOB, P3, ALICE],
        bob.request(Method::BYE, &via).unwrap(),
    );
    world.send(ALICE, P3, UDP, ok_of(&bye));
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P2",
            "302 P2 -> Alice",
            "ACK Alice -> P2",
            "INVITE Alice -> P3",
            "INVITE P3 -> Bob",
            "100 P3 -> Alice",
            "180 Bob -> P3",
            "180 P3 -> Alice",
            "200 Bob -> P3",
            "200 P3 -> Alice",
            "ACK Alice -> P3",
            "ACK P3 -> Bob",
            "BYE Bob -> P3",
            "BYE P3 -> Alice",
            "200 Alice -> P3",
            "200 P3 -> Bob",
        ]
    );
    world.end();
}

/// The proxy is not in the path after the first exchange, so that it never sees the re-INVITE.
#[test]
fn rfc_3665_3_7_a_proxy_that_leaves_the_path() {
    let mut world = World::new().server(P2, false, to_bob);
    let via = world.via(ALICE, UDP);
    let call = invite(&via, BOBS_URI, 1, &[]);
    world.send(ALICE, P2, UDP, call.clone());
    world.wait(200);
    let at_bob = world.receive(BOB);
    world.send(BOB, P2, UDP, answer(&at_bob, 180));
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    world.receive(ALICE);
    world.receive(ALICE);
    let ok = world.receive(ALICE);
    let (alice, mut bob) = dialogs(&call, &at_bob, &ok);
    assert_eq!(alice.next_hop(), "sip:bob@client.biloxi.example.com");
    let via = world.via(ALICE, UDP);
    through(
        &mut world,
        [ALICE, BOB, BOB],
        alice.ack(ok.view(), &via).unwrap(),
    );
    let via = world.via(BOB, UDP);
    let again = bob
        .target_refresh(Method::INVITE, &via, "sip:bob@192.0.2.201")
        .unwrap();
    assert_eq!(bob.next_hop(), "sip:alice@client.atlanta.example.com");
    world.send(BOB, ALICE, UDP, again.build().unwrap());
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P2",
            "INVITE P2 -> Bob",
            "100 P2 -> Alice",
            "180 Bob -> P2",
            "180 P2 -> Alice",
            "200 Bob -> P2",
            "200 P2 -> Alice",
            "ACK Alice -> Bob",
            "INVITE Bob -> Alice",
        ]
    );
    world.end();
}

/// One phone over TCP, the other over UDP: both find their way back through the proxy.
#[test]
fn a_call_between_transports_takes_both_sides_of_the_proxy() {
    let mut world = World::new().server(P2, true, to_bob);
    let tcp = Transport::Tcp;
    let via = world.via(ALICE, tcp);
    let call = invite(&via, BOBS_URI, 1, &[]);
    world.send(ALICE, P2, tcp, call.clone());
    let at_bob = world.receive(BOB);
    assert_eq!(
        values(&at_bob, HeaderName::RecordRoute),
        [
            "<sip:ss2.biloxi.example.com;lr;r2=on>",
            "<sip:ss2.biloxi.example.com;transport=tcp;lr;r2=on>"
        ]
    );
    world.send(BOB, P2, UDP, answer(&at_bob, 200));
    let (ok, source) = world.receive_with(ALICE);
    assert_eq!(source.transport, tcp);
    let (alice, _) = dialogs(&call, &at_bob, &ok);
    assert_eq!(
        alice.next_hop(),
        "sip:ss2.biloxi.example.com;transport=tcp;lr;r2=on"
    );
    let via = world.via(ALICE, tcp);
    world.send(
        ALICE,
        P2,
        tcp,
        alice.ack(ok.view(), &via).unwrap().build().unwrap(),
    );
    let (ack, source) = world.receive_with(BOB);
    assert_eq!(
        (source.transport, ack.first(HeaderName::Route)),
        (UDP, None)
    );
    world.end();
}
