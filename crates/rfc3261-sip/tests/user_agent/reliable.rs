//! Reliable provisional responses (RFC 3262).

use rfc3261_sip::{
    HeaderName, Message, Method, StatusCode,
    user_agent::{CallId, CallState, Content, EndCause, Event, Target},
};

use crate::{
    bench::{Bench, response, value},
    pair::{ANSWER, OFFER, Pair, names},
    server::{request, request_to},
};

const SUPPORTED: &str = "Supported: 100rel\r\n";

fn incoming(bench: &mut Bench, more: &str) -> CallId {
    bench.receive(request("INVITE", 1, more));
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!();
    };
    call
}

fn rseq(message: &Message) -> u32 {
    value(message, HeaderName::RSeq).unwrap().parse().unwrap()
}

fn prack(bench: &mut Bench, to: &Message, rack: &str, number: u32, more: &str) -> Message {
    let tag = value(to, HeaderName::To).unwrap();
    let rows = format!("RAck: {rack}\r\n{more}");
    bench.receive(request_to(
        "PRACK",
        number,
        "sip:alice@192.0.2.1",
        &tag,
        &rows,
    ));
    bench.last()
}

#[test]
fn both_sides_make_a_call_with_them() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.call();
    let now = pair.now;
    pair.agents[1].ring(now, bob, &Content::new()).unwrap();
    let early = Content::sdp(ANSWER);
    pair.agents[1]
        .progress(now, bob, StatusCode::SESSION_PROGRESS, &early)
        .unwrap();
    pair.carry();
    let ringing = pair.last_sent(|message| message.status() == Some(StatusCode::RINGING));
    let progress = pair.last_sent(|message| message.status() == Some(StatusCode::SESSION_PROGRESS));
    assert_eq!(rseq(&progress), rseq(&ringing) + 1);
    pair.agents[1].answer(now, bob, &Content::new()).unwrap();
    pair.carry();
    assert_eq!(
        pair.take_sent(),
        [
            "A INVITE",
            "B 180 INVITE",
            "A PRACK",
            "B 200 PRACK",
            "B 183 INVITE",
            "A PRACK",
            "B 200 PRACK",
            "B 200 INVITE",
            "A ACK"
        ]
    );
    assert_eq!(
        names(&pair.take_events()),
        [
            "B Incoming",
            "A Progress",
            "A Progress",
            "A Answered",
            "B Established"
        ]
    );
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.assert_over();
}

#[test]
fn who_requires_them_gets_no_others() {
    // RFC 3262 §3
    let mut bench = Bench::with(|config| config.reliable_provisional = false);
    let call = incoming(&mut bench, "Require: 100rel\r\n");
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    let ringing = bench.last();
    let require = value(&ringing, HeaderName::Require);
    assert_eq!(require.as_deref(), Some("100rel"));
    assert!((1..=0x7fff_ffff).contains(&rseq(&ringing)));
}

#[test]
fn who_cannot_have_them_gets_420() {
    // RFC 3262 §3
    let mut bench = Bench::with(|config| config.supported.retain(|tag| tag != "100rel"));
    bench.receive(request("INVITE", 1, "Require: 100rel\r\n"));
    let refused = bench.last();
    assert_eq!(refused.status(), Some(StatusCode::BAD_EXTENSION));
    let unsupported = value(&refused, HeaderName::Unsupported);
    assert_eq!(unsupported.as_deref(), Some("100rel"));
}

#[test]
fn a_trying_is_never_reliable() {
    // RFC 3262 §3
    let mut bench = Bench::new();
    incoming(&mut bench, "Require: 100rel\r\n");
    bench.pass(core::time::Duration::from_millis(201));
    let trying = bench.last();
    assert_eq!(trying.status(), Some(StatusCode::TRYING));
    assert!(trying.first(HeaderName::RSeq).is_none());
    assert!(trying.first(HeaderName::Require).is_none());
}

#[test]
fn who_does_not_support_them_gets_none() {
    // RFC 3262 §3
    let mut bench = Bench::new();
    let call = incoming(&mut bench, "");
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    let ringing = bench.last();
    assert!(ringing.first(HeaderName::RSeq).is_none());
    assert!(ringing.first(HeaderName::Require).is_none());
}

#[test]
fn one_is_sent_again_until_its_prack_is_there_and_the_next_one_waits() {
    // RFC 3262 §3
    let mut bench = Bench::new();
    let call = incoming(&mut bench, SUPPORTED);
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    let first = bench.last();
    let second = StatusCode::SESSION_PROGRESS;
    bench
        .agent
        .progress(now, call, second, &Content::new())
        .unwrap();
    bench.take_sent();
    bench.seconds(8);
    // At 0.5, 1.5, 3.5 and 7.5 s.
    let again = bench.take_sent();
    assert_eq!(again.len(), 4);
    assert!(again.iter().all(|sent| sent.as_bytes() == first.as_bytes()));
    let number = rseq(&first);
    let ok = prack(&mut bench, &first, &format!("{number} 1 INVITE"), 2, "");
    let sent = bench.take_sent();
    assert_eq!(sent[0].status(), Some(StatusCode::OK));
    assert_eq!(sent[1].status(), Some(second));
    assert_eq!(rseq(&sent[1]), number + 1);
    assert_eq!(ok.status(), Some(second));
}

#[test]
fn a_prack_for_another_one_gets_481() {
    // RFC 3262 §3
    let mut bench = Bench::new();
    let call = incoming(&mut bench, SUPPORTED);
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    let first = bench.last();
    let number = rseq(&first);
    let gone = Some(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST);
    for (at, rack) in [
        format!("{} 1 INVITE", number + 1),
        format!("{number} 2 INVITE"),
        format!("{number} 1 UPDATE"),
    ]
    .iter()
    .enumerate()
    {
        let answer = prack(&mut bench, &first, rack, 2 + at as u32, "");
        assert_eq!(answer.status(), gone, "{rack}");
    }
    let rack = format!("{number} 1 INVITE");
    let answer = prack(&mut bench, &first, &rack, 7, "");
    assert_eq!(answer.status(), Some(StatusCode::OK));
    // It is off the list now.
    let answer = prack(&mut bench, &first, &rack, 8, "");
    assert_eq!(answer.status(), gone);
}

#[test]
fn without_a_prack_the_invite_fails_after_64_t1() {
    // RFC 3262 §3
    let mut bench = Bench::new();
    let call = incoming(&mut bench, SUPPORTED);
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    bench.seconds(33);
    let last = bench.last();
    assert_eq!(last.status(), Some(StatusCode::SERVER_TIME_OUT));
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [Event::Ended {
            cause: EndCause::NotAcknowledged,
            ..
        }]
    ));
}

#[test]
fn the_2xx_waits_for_the_prack_if_a_description_does() {
    // RFC 3262 §3, §5
    let mut bench = Bench::new();
    let offered = format!("{SUPPORTED}Content-Type: application/sdp\r\n\r\n{OFFER}");
    let call = incoming(&mut bench, &offered);
    let now = bench.now;
    let progress = StatusCode::SESSION_PROGRESS;
    bench
        .agent
        .progress(now, call, progress, &Content::sdp(ANSWER))
        .unwrap();
    let first = bench.last();
    bench.agent.answer(now, call, &Content::new()).unwrap();
    assert_eq!(bench.last().status(), Some(progress));
    assert_eq!(bench.agent.call_state(call), CallState::Ringing);
    let rack = format!("{} 1 INVITE", rseq(&first));
    let last = prack(&mut bench, &first, &rack, 2, "");
    assert_eq!(last.status(), Some(StatusCode::OK));
    assert_eq!(last.cseq().unwrap().method, Method::INVITE);
    assert_eq!(bench.agent.call_state(call), CallState::Accepted);
}

#[test]
fn a_final_response_goes_before_the_prack_of_one_without_description() {
    // RFC 3262 §3: it is not sent again then, and its PRACK is taken.
    let mut bench = Bench::new();
    let call = incoming(&mut bench, SUPPORTED);
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    let first = bench.last();
    bench
        .agent
        .answer(now, call, &Content::sdp(ANSWER))
        .unwrap();
    assert_eq!(bench.last().status(), Some(StatusCode::OK));
    let late = bench.agent.ring(now, call, &Content::new());
    assert!(late.is_err());
    bench.take_sent();
    bench.pass(core::time::Duration::from_millis(600));
    let again: Vec<_> = bench.take_sent().iter().map(Message::status).collect();
    assert_eq!(again, [Some(StatusCode::OK)]);
    let rack = format!("{} 1 INVITE", rseq(&first));
    let answer = prack(&mut bench, &first, &rack, 2, "");
    assert_eq!(answer.status(), Some(StatusCode::OK));
    assert_eq!(answer.cseq().unwrap().method, Method::PRACK);
}

/// A call that stands, and its reliable response whose PRACK is still on its way.
fn established_before_the_prack(bench: &mut Bench) -> (CallId, Message) {
    let offered = format!("{SUPPORTED}Content-Type: application/sdp\r\n\r\n{OFFER}");
    let call = incoming(bench, &offered);
    let now = bench.now;
    bench.agent.ring(now, call, &Content::new()).unwrap();
    let ringing = bench.last();
    let answer = Content::sdp(ANSWER);
    bench.agent.answer(now, call, &answer).unwrap();
    let to = value(&ringing, HeaderName::To).unwrap();
    bench.receive(request_to("ACK", 1, "sip:alice@192.0.2.1", &to, ""));
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    (call, ringing)
}

#[test]
fn a_prack_that_comes_after_the_ack_is_taken_once() {
    // RFC 3262 §3
    let mut bench = Bench::new();
    let (call, ringing) = established_before_the_prack(&mut bench);
    let gone = Some(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST);
    let number = rseq(&ringing);
    let other = format!("{} 1 INVITE", number + 1);
    let answer = prack(&mut bench, &ringing, &other, 2, "");
    assert_eq!(answer.status(), gone);
    let rack = format!("{number} 1 INVITE");
    let answer = prack(&mut bench, &ringing, &rack, 3, "");
    assert_eq!(answer.status(), Some(StatusCode::OK));
    assert_eq!(answer.cseq().unwrap().method, Method::PRACK);
    let answer = prack(&mut bench, &ringing, &rack, 4, "");
    assert_eq!(answer.status(), gone);
    assert_eq!(bench.agent.call_state(call), CallState::Established);
}

#[test]
fn a_prack_that_comes_after_a_reinvite_is_taken() {
    // RFC 3262 §3: neither the re-INVITE nor its ACK is in the way.
    let mut bench = Bench::new();
    let (_, ringing) = established_before_the_prack(&mut bench);
    bench.take_events();
    let to = value(&ringing, HeaderName::To).unwrap();
    let uri = "sip:alice@192.0.2.1";
    let offer = format!("Content-Type: application/sdp\r\n\r\n{OFFER}");
    bench.receive(request_to("INVITE", 2, uri, &to, &offer));
    let Some(Event::Modify { incoming, .. }) = bench.take_events().pop() else {
        panic!();
    };
    let (now, answer) = (bench.now, Content::sdp(ANSWER));
    bench
        .agent
        .respond(now, incoming, StatusCode::OK, &answer)
        .unwrap();
    bench.receive(request_to("ACK", 2, uri, &to, ""));
    let rack = format!("{} 1 INVITE", rseq(&ringing));
    let answer = prack(&mut bench, &ringing, &rack, 3, "");
    assert_eq!(answer.status(), Some(StatusCode::OK));
    assert_eq!(answer.cseq().unwrap().method, Method::PRACK);
}

#[test]
fn an_offer_in_a_late_prack_is_no_answer_to_a_reinvite() {
    // RFC 3262 §5, RFC 3311 §5.2
    let mut bench = Bench::new();
    let (call, ringing) = established_before_the_prack(&mut bench);
    let (now, offer) = (bench.now, Content::sdp(OFFER));
    bench.agent.reinvite(now, call, &offer).unwrap();
    bench.take_events();
    let rack = format!("{} 1 INVITE", rseq(&ringing));
    let described = format!("Content-Type: application/sdp\r\n\r\n{OFFER}");
    let answer = prack(&mut bench, &ringing, &rack, 2, &described);
    assert_eq!(answer.status(), Some(StatusCode::REQUEST_PENDING));
    assert!(bench.take_events().is_empty());
    let answer = prack(&mut bench, &ringing, &rack, 3, "");
    assert_eq!(answer.status(), Some(StatusCode::OK));
}

fn call(bench: &mut Bench, content: &Content) -> (CallId, Message) {
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    let call = bench.agent.invite(now, &target, content).unwrap();
    (call, bench.last())
}

fn reliable(number: u32) -> String {
    format!("Contact: <sip:bob@192.0.2.2>\r\nRequire: 100rel\r\nRSeq: {number}\r\n")
}

#[test]
fn each_is_acknowledged_once_and_in_order() {
    // RFC 3262 §4
    let mut bench = Bench::new();
    let (_, invite) = call(&mut bench, &Content::sdp(OFFER));
    assert!(
        value(&invite, HeaderName::Supported)
            .unwrap()
            .contains("100rel")
    );
    assert!(invite.first(HeaderName::Require).is_none());
    bench.receive(response(&invite, 180, "b", &reliable(77)));
    let first = bench.last();
    assert_eq!(first.method(), Some(Method::PRACK));
    assert_eq!(
        value(&first, HeaderName::RAck).as_deref(),
        Some("77 1 INVITE")
    );
    assert_eq!(first.to().unwrap().tag(), Some("b"));
    assert!(first.first(HeaderName::Require).is_none());
    assert_eq!(first.cseq().unwrap().sequence_number, 2);
    bench.take_sent();
    bench.take_events();
    // A copy, and one whose predecessor is missing.
    bench.receive(response(&invite, 180, "b", &reliable(77)));
    bench.receive(response(&invite, 183, "b", &reliable(79)));
    assert!(bench.take_sent().is_empty());
    assert!(bench.take_events().is_empty());
    bench.receive(response(&invite, 183, "b", &reliable(78)));
    let second = bench.last();
    assert_eq!(
        value(&second, HeaderName::RAck).as_deref(),
        Some("78 1 INVITE")
    );
    // Another fork counts by itself.
    bench.receive(response(&invite, 180, "c", &reliable(5)));
    let other = bench.last();
    assert_eq!(
        value(&other, HeaderName::RAck).as_deref(),
        Some("5 1 INVITE")
    );
    assert_eq!(other.to().unwrap().tag(), Some("c"));
}

#[test]
fn a_481_to_a_prack_does_not_end_a_call_that_stands() {
    // RFC 3262 §3, RFC 3261 §12.2.1.2
    let mut bench = Bench::new();
    let (call, invite) = call(&mut bench, &Content::sdp(OFFER));
    bench.receive(response(&invite, 180, "b", &reliable(77)));
    let prack = bench.last();
    assert_eq!(prack.method(), Some(Method::PRACK));
    let answer =
        format!("Contact: <sip:bob@192.0.2.2>\r\nContent-Type: application/sdp\r\n\r\n{ANSWER}");
    bench.receive(response(&invite, 200, "b", &answer));
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    bench.take_events();
    bench.take_sent();
    bench.receive(response(&prack, 481, "b", ""));
    assert_eq!(bench.agent.call_state(call), CallState::Established);
    assert!(bench.take_events().is_empty());
    assert!(bench.take_sent().is_empty());
    // To another request it still says that the call is lost.
    let now = bench.now;
    bench
        .agent
        .request_within(now, call, Method::INFO, &Content::new())
        .unwrap();
    let info = bench.last();
    bench.receive(response(&info, 481, "b", ""));
    assert_eq!(bench.agent.call_state(call), CallState::Ending);
    assert_eq!(bench.last().method(), Some(Method::BYE));
}

#[test]
fn a_trying_that_says_it_is_reliable_is_not() {
    // RFC 3262 §4
    let mut bench = Bench::new();
    let (_, invite) = call(&mut bench, &Content::sdp(OFFER));
    bench.take_sent();
    bench.receive(response(&invite, 100, "", &reliable(1)));
    assert!(bench.take_sent().is_empty());
    assert!(bench.take_events().is_empty());
}

#[test]
fn an_offer_in_one_is_answered_in_the_prack() {
    // RFC 3262 §5
    let mut pair = Pair::new();
    let (alice, bob) = pair.call_with(&Content::new());
    let now = pair.now;
    let progress = StatusCode::SESSION_PROGRESS;
    pair.agents[1]
        .progress(now, bob, progress, &Content::sdp(OFFER))
        .unwrap();
    pair.carry();
    let events = pair.take_events();
    assert!(matches!(
        events[..],
        [
            ..,
            (
                0,
                Event::Progress {
                    needs_prack: true,
                    ..
                }
            )
        ]
    ));
    // Until the answer is there nothing is sent, neither here nor there.
    pair.agents[1].answer(now, bob, &Content::new()).unwrap();
    pair.carry();
    pair.agents[0]
        .prack(now, alice, &Content::sdp(ANSWER))
        .unwrap();
    pair.carry();
    assert_eq!(
        pair.take_sent(),
        [
            "A INVITE",
            "B 183 INVITE",
            "A PRACK",
            "B 200 PRACK",
            "B 200 INVITE",
            "A ACK"
        ]
    );
    let events = pair.take_events();
    let answers = events.iter().filter_map(|event| match event {
        (1, Event::Acknowledged { request, .. }) => Some(request.body().to_vec()),
        _ => None,
    });
    assert_eq!(answers.collect::<Vec<_>>(), [ANSWER.as_bytes()]);
    assert_eq!(pair.agents[0].call_state(alice), CallState::Established);
}

#[test]
fn an_offer_in_a_prack_is_answered_in_its_2xx() {
    // RFC 3262 §5
    let mut bench = Bench::new();
    let offered = format!("{SUPPORTED}Content-Type: application/sdp\r\n\r\n{OFFER}");
    let id = incoming(&mut bench, &offered);
    let now = bench.now;
    let progress = StatusCode::SESSION_PROGRESS;
    bench
        .agent
        .progress(now, id, progress, &Content::sdp(ANSWER))
        .unwrap();
    let first = bench.last();
    let rack = format!("{} 1 INVITE", rseq(&first));
    let offer = "Content-Type: application/sdp\r\n\r\nv=0\r\n";
    prack(&mut bench, &first, &rack, 2, offer);
    let events = bench.take_events();
    let [Event::Modify { incoming, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    bench
        .agent
        .respond(now, *incoming, StatusCode::OK, &Content::sdp("v=1\r\n"))
        .unwrap();
    let ok = bench.last();
    assert_eq!(ok.cseq().unwrap().method, Method::PRACK);
    assert_eq!(ok.body(), b"v=1\r\n");
}
