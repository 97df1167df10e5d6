//! Calls that do not come about.

use rfc3261_sip::{HeaderName, Message, Method, StatusCode, proxy::Request, transport::Transport};

use super::world::*;

const UDP: Transport = Transport::Udp;
const BOBS_URI: &str = "sip:bob@biloxi.example.com";

fn world() -> World {
    let relay = |_: &Request| Decision::Relay;
    let to_bob = |request: &Request| match request.is_responsible() {
        true => Decision::To("sip:bob@client.biloxi.example.com"),
        false => Decision::Relay,
    };
    World::new()
        .server(P1, true, relay)
        .server(P2, true, to_bob)
}

/// Alice calls by proxy 1; what arrives at Bob.
fn call(world: &mut World) -> (bytes::Bytes, Message) {
    let via = world.via(ALICE, UDP);
    let route = (HeaderName::Route, "<sip:ss1.atlanta.example.com;lr>");
    let call = invite(&via, BOBS_URI, 1, &[route]);
    world.send(ALICE, P1, UDP, call.clone());
    world.wait(200);
    let start = [
        "INVITE Alice -> P1",
        "INVITE P1 -> P2",
        "INVITE P2 -> Bob",
        "100 P1 -> Alice",
        "100 P2 -> P1",
    ];
    assert_eq!(world.flow(), start);
    assert_eq!(world.receive(ALICE).status(), Some(StatusCode::TRYING));
    let at_bob = world.receive(BOB);
    (call, at_bob)
}

fn ring(world: &mut World, at_bob: &Message) {
    world.send(BOB, P2, UDP, answer(at_bob, 180));
    assert_eq!(
        world.flow(),
        ["180 Bob -> P2", "180 P2 -> P1", "180 P1 -> Alice"]
    );
    world.receive(ALICE);
}

#[test]
fn rfc_3665_3_8_no_answer() {
    let mut world = world();
    let (call, at_bob) = call(&mut world);
    ring(&mut world, &at_bob);
    world.send(ALICE, P1, UDP, cancel(&call));
    // Each hop answers the CANCEL itself.
    assert_eq!(
        world.flow(),
        [
            "CANCEL Alice -> P1",
            "200 P1 -> Alice",
            "CANCEL P1 -> P2",
            "200 P2 -> P1",
            "CANCEL P2 -> Bob"
        ]
    );
    let cancelled = world.receive(BOB);
    assert_eq!(cancelled.method(), Some(Method::CANCEL));
    assert_eq!(uri(&cancelled), uri(&at_bob));
    assert_eq!(
        values(&cancelled, HeaderName::Via),
        [values(&at_bob, HeaderName::Via)[0]]
    );
    let ok = world.receive(ALICE);
    assert_eq!(ok.cseq().unwrap().method, Method::CANCEL);
    world.send(BOB, P2, UDP, super::world::ok(&cancelled));
    world.send(BOB, P2, UDP, answer(&at_bob, 487));
    let refused = world.receive(ALICE);
    world.send(ALICE, P1, UDP, ack(&call, &refused));
    assert_eq!(
        world.flow(),
        [
            "200 Bob -> P2",
            "487 Bob -> P2",
            "ACK P2 -> Bob",
            "487 P2 -> P1",
            "ACK P1 -> P2",
            "487 P1 -> Alice",
            "ACK Alice -> P1",
        ]
    );
    world.end();
    assert_eq!(world.flow(), [] as [&str; 0], "nothing was repeated");
}

/// A final response of Bob, and all that follows.
fn refuse(world: &mut World, call: &bytes::Bytes, at_bob: &Message, status: u16) {
    world.send(BOB, P2, UDP, answer(at_bob, status));
    let refused = world.receive(ALICE);
    assert_eq!(refused.to().unwrap().tag(), Some("314159"), "Bob's own");
    world.send(ALICE, P1, UDP, ack(call, &refused));
    let expected = [
        format!("{status} Bob -> P2"),
        "ACK P2 -> Bob".into(),
        format!("{status} P2 -> P1"),
        "ACK P1 -> P2".into(),
        format!("{status} P1 -> Alice"),
        "ACK Alice -> P1".into(),
    ];
    assert_eq!(world.flow(), expected);
    let at_bob = world.receive(BOB);
    assert_eq!(at_bob.method(), Some(Method::ACK));
    world.end();
    assert_eq!(world.flow(), [] as [&str; 0]);
}

#[test]
fn rfc_3665_3_9_busy() {
    let mut world = world();
    let (call, at_bob) = call(&mut world);
    refuse(&mut world, &call, &at_bob, 486);
}

/// The flow shows 480, which was written without RFC 3261 §16.7 item 6 in mind: that wants 408.
#[test]
fn rfc_3665_3_10_no_response() {
    let mut world = world();
    let (call, _) = call(&mut world);
    world.wait(31_900);
    let refused = world.receive(ALICE);
    assert_eq!(refused.status(), Some(StatusCode::REQUEST_TIMEOUT));
    world.send(ALICE, P1, UDP, ack(&call, &refused));
    // Six copies, as in the flow: proxy 1 has its 100 and sends none.
    let flow = world.flow();
    assert_eq!(flow[..6], ["INVITE P2 -> Bob"; 6]);
    assert_eq!(
        flow[6..],
        [
            "408 P2 -> P1",
            "ACK P1 -> P2",
            "408 P1 -> Alice",
            "ACK Alice -> P1"
        ]
    );
    world.end();
}

#[test]
fn rfc_3665_3_11_temporarily_unavailable() {
    let mut world = world();
    let (call, at_bob) = call(&mut world);
    ring(&mut world, &at_bob);
    refuse(&mut world, &call, &at_bob, 480);
}
