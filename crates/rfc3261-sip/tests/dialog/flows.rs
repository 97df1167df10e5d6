//! The flows of RFC 3261 §24 and RFC 3665, as far as they are about dialogs.

use std::{fs, path::Path};

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    dialog::{Change, Dialog, DialogState},
    headers::Via,
    transport::Transport,
};

use super::script::*;

/// RFC 3261 §24.2: the proxies record no route, so that ACK and BYE go from end to end.
#[test]
fn rfc_3261_24_2_session_setup() {
    let invite = request(
        "INVITE",
        314_159,
        &["Contact: <sip:alice@pc33.atlanta.com>"],
    );
    let cseq = "CSeq: 314159 INVITE";
    let mut bob = Dialog::uas(invite.view(), "a6c85cf", Transport::Udp).unwrap();
    let contact = Some("sip:bob@192.0.2.4");
    let ringing = built_response(bob.response(invite.view(), status(180), contact).unwrap());
    assert_eq!(bob.responded(invite.view(), status(180)), Ok(Change::None));
    assert_eq!(value(&ringing, HeaderName::CSeq), &cseq["CSeq: ".len()..]);
    let mut alice = Dialog::uac(invite.view(), ringing.view(), Transport::Udp).unwrap();
    assert_eq!(
        (alice.state(), bob.state()),
        (DialogState::Early, DialogState::Early)
    );

    let ok = built_response(
        bob.response(invite.view(), StatusCode::OK, contact)
            .unwrap(),
    );
    assert_eq!(
        bob.responded(invite.view(), StatusCode::OK),
        Ok(Change::Confirmed)
    );
    assert_eq!(alice.handle_response(ok.view()), Ok(Change::Confirmed));
    let ack = built(alice.ack(ok.view(), VIA).unwrap());
    assert_eq!(way(&ack), ("sip:bob@192.0.2.4", None));
    assert_eq!(value(&ack, HeaderName::CSeq), "314159 ACK");
    assert_eq!(bob.handle_request(ack.view()), Ok(()));

    // Bob hangs up first.
    let bye = built(bob.request(Method::BYE, VIA).unwrap());
    assert_eq!(way(&bye), ("sip:alice@pc33.atlanta.com", None));
    assert_eq!(bye.from().unwrap().tag(), Some("a6c85cf"));
    assert_eq!(alice.handle_request(bye.view()), Ok(()));
    let done = built_response(alice.response(bye.view(), StatusCode::OK, None).unwrap());
    assert_eq!(
        alice.responded(bye.view(), StatusCode::OK),
        Ok(Change::Terminated)
    );
    assert_eq!(bob.handle_response(done.view()), Ok(Change::Terminated));
}

/// RFC 3261 §16.12.1.1: two loose routers.
#[test]
fn rfc_3261_16_12_1_1_trapezoid() {
    let record_route = "Record-Route: <sip:p2.domain.com;lr>,\r\n <sip:p1.example.com;lr>";
    let contact = "Contact: sip:callee@u2.domain.com";
    let mut dialog = of_answer(&[record_route, contact]);
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    let route = "<sip:p1.example.com;lr>, <sip:p2.domain.com;lr>";
    assert_eq!(way(&bye), ("sip:callee@u2.domain.com", Some(route)));
}

/// RFC 3261 §16.12.1.2: a strict router in the middle, seen from the side that was called.
#[test]
fn rfc_3261_16_12_1_2_strict_router() {
    let record_route = "Record-Route: <sip:p4.domain.com;lr>, <sip:p3.middle.com>, \
                        <sip:p2.example.com;lr>, <sip:p1.example.com;lr>";
    let contact = "Contact: <sip:caller@u1.example.com>";
    let invite = request("INVITE", 1, &[record_route, contact]);
    let mut dialog = Dialog::uas(invite.view(), "1", Transport::Udp).unwrap();
    dialog.responded(invite.view(), StatusCode::OK).unwrap();
    let bye = built(dialog.request(Method::BYE, VIA).unwrap());
    let route = "<sip:p4.domain.com;lr>, <sip:p3.middle.com>, <sip:p2.example.com;lr>, \
                 <sip:p1.example.com;lr>";
    assert_eq!(way(&bye), ("sip:caller@u1.example.com", Some(route)));
}

/// RFC 3665 §3.7: after the re-INVITE with another Contact, requests go there.
#[test]
fn rfc_3665_3_7_change_of_address() {
    let mut alice = of_answer(&["Contact: <sip:bob@client.biloxi.example.com>"]);
    let moved = "Contact: <sip:bob@client.chicago.example.com>";
    let reinvite = from_bob("INVITE", 1024, &[moved, "From: <sip:bob@b.example>;tag=1"]);
    alice.handle_request(reinvite.view()).unwrap();
    let contact = Some("sip:alice@client.atlanta.example.com");
    built_response(
        alice
            .response(reinvite.view(), StatusCode::OK, contact)
            .unwrap(),
    );
    assert_eq!(
        alice.responded(reinvite.view(), StatusCode::OK),
        Ok(Change::Refreshed)
    );
    let bye = built(alice.request(Method::BYE, VIA).unwrap());
    assert_eq!(way(&bye), ("sip:bob@client.chicago.example.com", None));
    assert_eq!(value(&bye, HeaderName::CSeq), "2 BYE");
}

fn of_answer(rows: &[&str]) -> Dialog {
    Dialog::uac(
        invite().view(),
        answer(200, "1", rows).view(),
        Transport::Udp,
    )
    .unwrap()
}

/// Every ACK of a 2xx and every BYE that stands in the RFC is made of the INVITE and its
/// responses, as they stand there.
#[test]
fn the_flows_of_rfc_3665() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/sip-flows");
    let Ok(entries) = fs::read_dir(root.join("rfc3665")) else {
        return println!("skipped: no {}", root.display());
    };
    // A call begins with the first INVITE that no proxy has seen.
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut calls: Vec<Vec<Message>> = Vec::new();
    for path in paths {
        let message = Message::parse(fs::read(&path).unwrap()).unwrap();
        // Some stand in the RFC without their header fields.
        if message.call_id().is_err() {
            continue;
        }
        let first = message.method() == Some(Method::INVITE)
            && message.to().unwrap().tag().is_none()
            && message.list::<Via<'_>>().count() == 1
            && message.cseq().unwrap().sequence_number == 1;
        if first {
            calls.push(Vec::new());
        }
        if let Some(call) = calls.last_mut() {
            call.push(message);
        }
    }
    let (mut acks, mut byes) = (0, 0);
    for messages in &calls {
        let (a, b) = check_call(messages);
        acks += a;
        byes += b;
    }
    println!("{acks} ACKs and {byes} BYEs");
    assert!(acks >= 8 && byes >= 6, "{acks} ACKs and {byes} BYEs");
}

/// Follows a call at both ends; returns how many ACKs and BYEs were compared.
fn check_call(messages: &[Message]) -> (usize, usize) {
    let at_an_end = |message: &&Message| message.list::<Via<'_>>().count() == 1;
    let (mut acks, mut byes) = (0, 0);
    let mut sides: Vec<Dialog> = Vec::new();
    for message in messages {
        let cseq = message.cseq().unwrap();
        if cseq.method == Method::INVITE && message.status() == Some(StatusCode::OK) {
            // The first that comes by is at the server; the one with one Via is at the client.
            let request = messages.iter().find(|request| {
                request.method() == Some(Method::INVITE)
                    && request.cseq().unwrap() == cseq
                    && request.via().unwrap().branch() == message.via().unwrap().branch()
            });
            let Some(request) = request.filter(|request| request.to().unwrap().tag().is_none())
            else {
                continue;
            };
            let tag = message.to().unwrap().tag().unwrap();
            if sides.is_empty() {
                let mut server = Dialog::uas(request.view(), tag, Transport::Udp).unwrap();
                server.responded(request.view(), StatusCode::OK).unwrap();
                sides.push(server);
            }
            if at_an_end(&request) {
                sides.push(Dialog::uac(request.view(), message.view(), Transport::Udp).unwrap());
            }
        } else if message.method() == Some(Method::INVITE) {
            // A re-INVITE: all are accepted.
            let tag = message.to().unwrap().tag();
            let mut sides = sides.iter_mut();
            if let Some(side) = sides.find(|side| tag.is_some() && side.id().local_tag() == tag) {
                side.handle_request(message.view()).unwrap();
                side.responded(message.view(), StatusCode::OK).unwrap();
            }
        } else if at_an_end(&message) && message.method() == Some(Method::ACK) {
            let ok = messages.iter().find(|ok| {
                at_an_end(ok)
                    && ok.status() == Some(StatusCode::OK)
                    && ok.cseq().unwrap().method == Method::INVITE
                    && ok.cseq().unwrap().sequence_number == cseq.sequence_number
                    && ok.to().unwrap().tag() == message.to().unwrap().tag()
                    && ok.from().unwrap().tag() == message.from().unwrap().tag()
            });
            let Some(ok) = ok else { continue };
            let ours = sides
                .iter()
                .rev()
                .find_map(|side| side.ack(ok.view(), VIA).ok());
            if let Some(ours) = ours {
                compare(&built(ours), message);
                acks += 1;
            }
        } else if at_an_end(&message) && message.method() == Some(Method::BYE) {
            let from = message.from().unwrap();
            let side = sides
                .iter_mut()
                .rev()
                .find(|side| side.id().local_tag() == from.tag());
            if let Some(side) = side {
                side.continue_after(cseq.sequence_number - 1);
                compare(&built(side.request(Method::BYE, VIA).unwrap()), message);
                byes += 1;
            }
        }
    }
    (acks, byes)
}

/// The same request line, Route, tags and CSeq.
fn compare(ours: &Message, theirs: &Message) {
    let routes = |message: &Message| -> Vec<String> {
        message
            .view()
            .elements(HeaderName::Route)
            .map(|element| String::from_utf8_lossy(element.value).into_owned())
            .collect()
    };
    // §3.1 leaves the transport of the Contact out of the request line.
    let uri = way(ours).0;
    let uri = if way(theirs).0.contains(";transport") {
        uri
    } else {
        uri.trim_end_matches(";transport=tcp")
    };
    assert_eq!(uri, way(theirs).0, "{ours}\n{theirs}");
    assert_eq!(routes(ours), routes(theirs), "{ours}\n{theirs}");
    assert_eq!(ours.from().unwrap().tag(), theirs.from().unwrap().tag());
    assert_eq!(ours.to().unwrap().tag(), theirs.to().unwrap().tag());
    assert_eq!(ours.cseq().unwrap(), theirs.cseq().unwrap());
}
