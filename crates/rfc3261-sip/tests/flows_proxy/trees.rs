//! A tree: proxy 1 forks to proxies 2 and 3, and each of these to two phones. Whatever the phones
//! say, the caller gets one final response, or one 2xx for each phone that has accepted.

use rfc3261_sip::{Message, Method, proxy::Request, transport::Transport};

use super::world::*;

const UDP: Transport = Transport::Udp;
const PHONES: [&str; 4] = ["192.0.2.31", "192.0.2.32", "192.0.2.33", "192.0.2.34"];

fn tree() -> World {
    let root = |request: &Request| match request.is_responsible() {
        true => Decision::Fork(&["sip:bob@biloxi.example.com", "sip:bob@chicago.example.com"]),
        false => Decision::Relay,
    };
    let left = |_: &Request| Decision::Fork(&["sip:a@192.0.2.31", "sip:b@192.0.2.32"]);
    let right = |_: &Request| Decision::Fork(&["sip:c@192.0.2.33", "sip:d@192.0.2.34"]);
    World::new()
        .server(P1, true, root)
        .server(P2, true, left)
        .server(P3, true, right)
}

/// The final responses that Alice gets where the phones say this, one after the other, as
/// `(phone, status)`; a phone that is cancelled says 487 at once.
fn call(answers: &[(usize, u16)]) -> Vec<u16> {
    let mut world = tree();
    let via = world.via(ALICE, UDP);
    let call = invite(&via, "sip:bob@atlanta.example.com", 1, &[]);
    world.send(ALICE, P1, UDP, call.clone());
    let rung: Vec<Message> = PHONES.iter().map(|phone| world.receive(phone)).collect();
    let home = |phone: usize| if phone < 2 { P2 } else { P3 };
    let mut silent = vec![true; PHONES.len()];
    for &(phone, status) in answers {
        let text = String::from_utf8(answer(&rung[phone], status).to_vec()).unwrap();
        let tagged = text.replace("tag=314159", &format!("tag={phone}"));
        world.send(PHONES[phone], home(phone), UDP, tagged.into());
        silent[phone] &= status < 200;
        // Whoever is cancelled gives in, all that follow from that too.
        let mut more = true;
        while core::mem::take(&mut more) {
            for other in 0..PHONES.len() {
                while let Some(message) = world.try_receive(PHONES[other]) {
                    if message.method() == Some(Method::CANCEL) {
                        world.send(PHONES[other], home(other), UDP, ok(&message));
                        if core::mem::take(&mut silent[other]) {
                            let gone = answer(&rung[other], 487);
                            world.send(PHONES[other], home(other), UDP, gone);
                            more = true;
                        }
                    }
                }
            }
        }
    }
    world.wait(100);
    let mut finals = Vec::new();
    while let Some(message) = world.try_receive(ALICE) {
        let status = message.status().unwrap().get();
        if status >= 200 {
            finals.push(status);
            if status >= 300 {
                world.send(ALICE, P1, UDP, ack(&call, &message));
            }
        }
    }
    world.end();
    finals
}

#[test]
fn a_forking_tree_with_mixed_answers() {
    for (answers, expected) in [
        // The best of the best.
        (&[(0, 486), (1, 404), (2, 480), (3, 500)][..], &[486][..]),
        (&[(0, 503), (1, 503), (2, 404), (3, 503)], &[404]),
        (&[(0, 503), (1, 503), (2, 503), (3, 503)], &[500]),
        (&[(0, 404), (1, 302), (2, 486), (3, 401)], &[302]),
        (&[(0, 486), (1, 407), (2, 404), (3, 500)], &[407]),
        // One accepts: the others are cancelled, on both sides.
        (&[(0, 180), (1, 180), (2, 180), (3, 180), (2, 200)], &[200]),
        (&[(0, 486), (1, 180), (3, 180), (2, 603), (1, 200)], &[603]),
        (&[(0, 486), (1, 180), (3, 180), (2, 404), (3, 200)], &[200]),
        // Two accept at once, before the CANCEL is there: both come through.
        (&[(0, 200), (3, 200)], &[200, 200]),
        (
            &[(0, 200), (1, 200), (2, 200), (3, 200)],
            &[200, 200, 200, 200],
        ),
        // A 6xx ends it all, and waits for the others.
        (&[(0, 180), (1, 180), (2, 180), (3, 180), (1, 603)], &[603]),
        // Unless a phone that has said nothing yet cannot be cancelled: a 2xx may go before it.
        (&[(0, 180), (3, 600), (0, 200)], &[200]),
    ] {
        // Who has said nothing at the end of the list says 404.
        let heard = |phone: usize| answers.iter().any(|(other, _)| *other == phone);
        let rest = (0..PHONES.len()).filter(|phone| !heard(*phone));
        let all: Vec<_> = answers
            .iter()
            .copied()
            .chain(rest.map(|phone| (phone, 404)))
            .collect();
        assert_eq!(call(&all), expected, "{answers:?}");
    }
}
