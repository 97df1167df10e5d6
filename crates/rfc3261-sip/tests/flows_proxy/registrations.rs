//! Registrations, and a call that finds its way by one.

use bytes::Bytes;
use rfc3261_sip::{
    HeaderName, Message, Method, RequestBuilder, RequestParts, StatusCode, proxy::Request,
    transport::Transport,
};

use super::world::*;

const UDP: Transport = Transport::Udp;
const CHALLENGE: &str =
    "Digest realm=\"atlanta.example.com\", nonce=\"ea9c8e88df84f1cec4341ae6cbe5a359\"";
const CREDENTIALS: &str = "Digest username=\"bob\", realm=\"atlanta.example.com\", nonce=\"ea9c8e88df84f1cec4341ae6cbe5a359\", uri=\"sips:ss2.biloxi.example.com\", response=\"dfe56131d1958046689d83306477ecc\"";

fn with_credentials(request: &Request) -> Decision {
    let credentials = request.message().first(HeaderName::Authorization);
    let register = request.message().method() == Some(Method::REGISTER);
    // What is in them is for somebody else to look at.
    match credentials.is_some_and(|field| field.value() == CREDENTIALS.as_bytes()) || !register {
        true => Decision::Registered,
        false => Decision::Challenge(StatusCode::UNAUTHORIZED, CHALLENGE),
    }
}

fn register(world: &mut World, number: u32, rows: &[(HeaderName, &str)]) -> Bytes {
    let via = world.via(BOB, UDP);
    let mut builder = RequestBuilder::new(RequestParts {
        method: Method::REGISTER,
        uri: "sip:biloxi.example.com",
        via: &via,
        from: "Bob <sip:bob@biloxi.example.com>;tag=a73kszlfl",
        to: "Bob <sip:bob@biloxi.example.com>",
        call_id: "1j9FpLxk3uxtm8tn@biloxi.example.com",
        sequence_number: number,
        max_forwards: 70,
    });
    for (name, value) in rows {
        builder = builder.header(*name, value);
    }
    builder.build().unwrap()
}

fn exchange(world: &mut World, number: u32, rows: &[(HeaderName, &str)]) -> Message {
    let request = register(world, number, rows);
    world.send(BOB, P2, UDP, request);
    let response = world.receive(BOB);
    let status = response.status().unwrap();
    assert_eq!(
        world.flow(),
        [
            "REGISTER Bob -> P2".to_owned(),
            format!("{status} P2 -> Bob")
        ]
    );
    response
}

const AUTHORIZATION: (HeaderName, &str) = (HeaderName::Authorization, CREDENTIALS);
const CONTACT: (HeaderName, &str) = (HeaderName::Contact, "<sip:bob@client.biloxi.example.com>");

/// RFC 3665 §2.1 to §2.4, one after the other.
#[test]
fn rfc_3665_2_1_to_2_4_registrations() {
    let mut world = World::new().server(P2, false, with_credentials);
    // 2.1: a new registration.
    let response = exchange(&mut world, 1, &[CONTACT]);
    assert_eq!(response.status(), Some(StatusCode::UNAUTHORIZED));
    assert_eq!(value(&response, HeaderName::WwwAuthenticate), CHALLENGE);
    let response = exchange(&mut world, 2, &[CONTACT, AUTHORIZATION]);
    assert_eq!(response.status(), Some(StatusCode::OK));
    let bound = "<sip:bob@client.biloxi.example.com>;expires=3600";
    assert_eq!(values(&response, HeaderName::Contact), [bound]);
    assert!(response.to().unwrap().tag().is_some());

    // 2.2: another contact.
    let more = (HeaderName::Contact, "<mailto:bob@biloxi.example.com>");
    let response = exchange(&mut world, 3, &[more, AUTHORIZATION]);
    let mail = "<mailto:bob@biloxi.example.com>;expires=3600";
    assert_eq!(values(&response, HeaderName::Contact), [bound, mail]);

    // 2.3: which there are.
    let response = exchange(&mut world, 4, &[AUTHORIZATION]);
    assert_eq!(values(&response, HeaderName::Contact), [bound, mail]);

    // 2.4: none any more.
    let all = [
        (HeaderName::Contact, "*"),
        (HeaderName::Expires, "0"),
        AUTHORIZATION,
    ];
    let response = exchange(&mut world, 5, &all);
    assert_eq!(response.status(), Some(StatusCode::OK));
    assert_eq!(values(&response, HeaderName::Contact), [] as [&str; 0]);
    world.end();
}

/// RFC 3665 §2.5: the wrong password.
#[test]
fn rfc_3665_2_5_unsuccessful_registration() {
    let mut world = World::new().server(P2, false, with_credentials);
    let response = exchange(&mut world, 1, &[CONTACT]);
    assert_eq!(response.status(), Some(StatusCode::UNAUTHORIZED));
    let wrong = CREDENTIALS.replace("dfe5", "61f8");
    let response = exchange(
        &mut world,
        2,
        &[CONTACT, (HeaderName::Authorization, &wrong)],
    );
    assert_eq!(response.status(), Some(StatusCode::UNAUTHORIZED));
    let response = exchange(&mut world, 3, &[AUTHORIZATION]);
    assert_eq!(
        values(&response, HeaderName::Contact),
        [] as [&str; 0],
        "nothing was registered"
    );
    world.end();
}

/// RFC 3261 §24.1, and the INVITE of §24.2 that finds Bob by it.
#[test]
fn rfc_3261_24_1_registration() {
    let mut world = World::new().server(P2, false, |_| Decision::Registered);
    let response = exchange(&mut world, 1826, &[CONTACT, (HeaderName::Expires, "7200")]);
    assert_eq!(response.status(), Some(StatusCode::OK));
    let bound = "<sip:bob@client.biloxi.example.com>;expires=7200";
    assert_eq!(values(&response, HeaderName::Contact), [bound]);
    let via = world.via(ALICE, UDP);
    let call = invite(&via, "sip:bob@biloxi.example.com", 1, &[]);
    world.send(ALICE, P2, UDP, call);
    assert_eq!(world.flow(), ["INVITE Alice -> P2", "INVITE P2 -> Bob"]);
    let at_bob = world.receive(BOB);
    assert_eq!(uri(&at_bob), "sip:bob@client.biloxi.example.com");
    world.send(BOB, P2, UDP, answer(&at_bob, 603));
    world.end();
}

/// A request that was handed up and is never decided is the user's: CANCEL ends it all the same.
#[test]
fn a_request_that_nobody_decides_ends_with_its_cancel() {
    let mut world = World::new().server(P2, false, |_| Decision::Nothing);
    let via = world.via(ALICE, UDP);
    let call = invite(&via, "sip:bob@biloxi.example.com", 1, &[]);
    world.send(ALICE, P2, UDP, call.clone());
    world.wait(100_000);
    world.send(ALICE, P2, UDP, cancel(&call));
    assert_eq!(
        world.flow(),
        [
            "INVITE Alice -> P2",
            "100 P2 -> Alice",
            "CANCEL Alice -> P2",
            "200 P2 -> Alice",
            "487 P2 -> Alice"
        ]
    );
    world.end();
}
