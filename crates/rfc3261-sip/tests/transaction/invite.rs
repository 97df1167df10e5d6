//! INVITE transactions of both sides (RFC 3261 §17.1.1, §17.2.1, §9.1, RFC 6026).

use rfc3261_sip::{
    HeaderName, Message, Method,
    transaction::{CommandError, State},
    transport::Transport,
};

use super::bench::{Bench, incoming};

const UDP: &str = "UDP 198.51.100.2;branch=z9hG4bKin1";
const TCP: &str = "TCP 198.51.100.2;branch=z9hG4bKin1";

fn invite() -> String {
    incoming("INVITE", UDP, "")
}

fn ack(branch: &str) -> String {
    let via = format!("UDP 198.51.100.2;branch={branch}");
    incoming("ACK", &via, ";tag=b1")
}

#[test]
fn timer_a_doubles_without_cap_and_timer_b_ends_it() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    assert_eq!(bench.layer.state(id), State::Calling);
    bench.advance(31_999);
    assert_eq!(
        bench.times(),
        [0, 500, 1500, 3500, 7500, 15_500, 31_500],
        "seven INVITEs in 64*T1"
    );
    assert!(bench.told().is_empty());
    bench.advance(1);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
    assert!(bench.words().is_empty(), "no ACK without a response");
    assert!(bench.is_empty());
}

#[test]
fn timers_scale_with_t1() {
    let mut bench = Bench::with(Transport::Udp, |config| {
        config.timing.t1 = core::time::Duration::from_secs(2);
    });
    let request = bench.request(Method::INVITE);
    bench.send(&request);
    bench.advance(127_999);
    assert_eq!(
        bench.times(),
        [0, 2000, 6000, 14_000, 30_000, 62_000, 126_000]
    );
    bench.advance(1);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
}

#[test]
fn over_a_reliable_transport_nothing_is_repeated() {
    let mut bench = Bench::new(Transport::Tcp);
    let request = bench.request(Method::INVITE);
    bench.send(&request);
    bench.advance(32_000);
    assert_eq!(bench.times(), [0]);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn a_1xx_stops_the_repeats_and_ringing_outlasts_timer_b() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.advance(100);
    bench.receive_response(&request, 180);
    assert_eq!(bench.layer.state(id), State::Proceeding);
    bench.advance(100_000);
    assert_eq!(bench.times(), [0]);
    bench.receive_response(&request, 183);
    assert_eq!(bench.told(), ["180", "183"]);
}

#[test]
fn a_1xx_does_not_leave_the_transaction_without_an_end() {
    // Timer B no longer runs: Timer C, set anew by each 1xx but 100, takes its place.
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.receive_response(&request, 180);
    bench.advance(170_000);
    bench.receive_response(&request, 180);
    bench.advance(170_000);
    bench.receive_response(&request, 100);
    assert_eq!(bench.words(), ["INVITE"]);
    bench.advance(11_000);
    assert_eq!(bench.words(), ["CANCEL"]);
    assert_eq!(bench.layer.state(id), State::Cancelling);
    bench.advance(64_000);
    assert_eq!(bench.told(), ["180", "180", "100", "timeout", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn every_final_response_but_2xx_is_acknowledged_and_told_once() {
    for (transport, stays) in [(Transport::Udp, true), (Transport::Tcp, false)] {
        let mut bench = Bench::new(transport);
        let request = bench.request(Method::INVITE);
        let id = bench.send(&request);
        bench.receive_response(&request, 180);
        bench.receive_response(&request, 486);
        assert_eq!(bench.words(), ["INVITE", "ACK"]);
        let ack = bench.last.take().unwrap();
        assert_eq!(ack.via().unwrap().branch(), request.via().unwrap().branch());
        assert_eq!(ack.to().unwrap().tag(), Some("b1"));
        if !stays {
            assert_eq!(
                bench.told(),
                ["180", "486", "terminated"],
                "Timer D is zero"
            );
            assert!(bench.is_empty());
            continue;
        }
        assert_eq!(bench.told(), ["180", "486"]);
        bench.advance(31_999);
        bench.receive_response(&request, 486);
        assert_eq!(bench.words(), ["ACK"]);
        assert_eq!(bench.layer.state(id), State::Completed);
        bench.receive_response(&request, 180);
        bench.receive_response(&request, 200);
        assert!(bench.words().is_empty());
        bench.advance(1);
        assert_eq!(bench.told(), ["terminated"]);
        assert!(bench.is_empty());
    }
}

#[test]
fn timer_d_never_falls_below_32_seconds() {
    let mut bench = Bench::with(Transport::Udp, |config| {
        config.timing.t1 = core::time::Duration::from_millis(10);
    });
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.receive_response(&request, 404);
    bench.advance(31_999);
    assert_eq!(bench.layer.state(id), State::Completed);
    bench.advance(1);
    assert!(bench.is_empty());
}

#[test]
fn forked_2xx_are_all_told_and_acknowledged_by_the_user() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.receive_response(&request, 200);
    assert_eq!(bench.layer.state(id), State::Accepted);
    bench.advance(20_000);
    let other = rfc3261_sip::ResponseBuilder::to(
        request.view(),
        rfc3261_sip::StatusCode::OK,
        "another-fork",
    )
    .header(HeaderName::Contact, "<sip:bob@203.0.113.5>");
    bench.receive(other.build().unwrap());
    bench.receive_response(&request, 200);
    bench.receive_response(&request, 486);
    assert_eq!(bench.told(), ["200", "200", "200"]);
    assert_eq!(bench.words(), ["INVITE"], "no ACK of the transaction's own");
    bench.advance(11_999);
    bench.receive_response(&request, 200);
    bench.advance(1);
    assert_eq!(bench.told(), ["200", "terminated"], "Timer M is 64*T1");
    bench.receive_response(&request, 200);
    assert!(bench.told().is_empty(), "then a 2xx is stray");
    assert_eq!(bench.layer.counts().stray_responses, 2);
    assert!(bench.is_empty());
}

#[test]
fn a_client_that_cannot_send_is_over() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.transport_error(id);
    assert_eq!(bench.told(), ["transport error", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench
        .layer
        .cancel(bench.now, id, Some("SIP;cause=200"))
        .unwrap();
    bench.drain();
    assert_eq!(bench.words(), ["INVITE"]);
    bench.advance(600);
    assert_eq!(
        bench.words(),
        ["INVITE"],
        "repeated, since nothing has come back"
    );
    bench.receive_response(&request, 100);
    assert_eq!(bench.words(), ["CANCEL"]);
    let cancel = bench.last.take().unwrap();
    assert_eq!(
        cancel.via().unwrap().branch(),
        request.via().unwrap().branch()
    );
    let reason = cancel.first(HeaderName::Reason).unwrap();
    assert_eq!(reason.value_str(), Some("SIP;cause=200"));
    bench.receive_response(&cancel, 200);
    bench.receive_response(&request, 487);
    assert_eq!(bench.words(), ["ACK"]);
    bench.advance(40_000);
    assert_eq!(
        bench.told(),
        ["100", "487", "terminated"],
        "nothing is told of the CANCEL itself"
    );
    assert!(bench.is_empty());
}

#[test]
fn a_200_that_crosses_the_cancel_is_told() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.receive_response(&request, 180);
    bench.layer.cancel(bench.now, id, None).unwrap();
    bench.drain();
    bench.receive_response(&request, 200);
    assert_eq!(bench.words(), ["INVITE", "CANCEL"]);
    assert_eq!(bench.told(), ["180", "200"]);
    assert_eq!(bench.layer.state(id), State::Accepted);
    let late = bench.layer.cancel(bench.now, id, None);
    assert_eq!(late, Err(CommandError::State(State::Accepted)));
    bench.advance(40_000);
    assert!(bench.is_empty(), "the CANCEL ends by its own timers");
}

#[test]
fn a_cancelled_invite_that_nobody_ends_is_given_up() {
    let mut bench = Bench::new(Transport::Tcp);
    let request = bench.request(Method::INVITE);
    let id = bench.send(&request);
    bench.receive_response(&request, 180);
    bench.layer.cancel(bench.now, id, None).unwrap();
    bench.advance(31_999);
    assert_eq!(bench.told(), ["180"]);
    bench.advance(1);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn trying_is_sent_after_200_ms_unless_the_user_answers() {
    let mut bench = Bench::new(Transport::Udp);
    bench.receive_request(&invite());
    bench.advance(199);
    assert!(bench.times().is_empty());
    bench.receive(invite());
    assert!(bench.times().is_empty(), "nothing to repeat yet");
    bench.advance(1);
    assert_eq!(bench.times(), [200]);
    let trying = bench.last.take().unwrap();
    assert_eq!(trying.status().unwrap().get(), 100);
    assert_eq!(trying.to().unwrap().tag(), None);
    bench.receive(invite());
    assert_eq!(bench.words(), ["100"]);

    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.advance(150);
    bench.respond(id, &invite(), 180);
    bench.advance(60_000);
    bench.receive(invite());
    assert_eq!(bench.words(), ["180", "180"]);
    assert!(bench.told().is_empty());
}

#[test]
fn timer_g_is_capped_at_t2_and_timer_h_ends_it() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.respond(id, &invite(), 486);
    assert_eq!(bench.layer.state(id), State::Completed);
    bench.advance(31_999);
    assert_eq!(
        bench.times(),
        [
            0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    assert_eq!(bench.layer.state(id), State::Completed);
    bench.advance(1);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn completed_lasts_until_timer_h_over_reliable_transports_too() {
    let mut bench = Bench::new(Transport::Tcp);
    let request = incoming("INVITE", TCP, "");
    let id = bench.receive_request(&request);
    bench.respond(id, &request, 486);
    bench.advance(31_999);
    assert_eq!(bench.times(), [0], "sent once");
    assert_eq!(bench.layer.state(id), State::Completed);
    bench.advance(1);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
}

#[test]
fn the_ack_stops_the_repeats_and_confirmed_absorbs_more_of_them() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.respond(id, &invite(), 486);
    bench.receive(ack("z9hG4bKin1"));
    assert_eq!(bench.layer.state(id), State::Confirmed);
    bench.receive(ack("z9hG4bKin1"));
    bench.receive(invite());
    bench.advance(4_999);
    assert_eq!(bench.words(), ["486"]);
    assert!(bench.told().is_empty());
    bench.advance(1);
    assert_eq!(bench.told(), ["terminated"], "Timer I is T4");
    assert!(bench.is_empty());

    let mut bench = Bench::new(Transport::Tcp);
    let request = incoming("INVITE", TCP, "");
    let id = bench.receive_request(&request);
    bench.respond(id, &request, 486);
    bench.receive(incoming("ACK", TCP, ";tag=b1"));
    assert_eq!(bench.told(), ["terminated"], "Timer I is zero");
    assert!(bench.is_empty());
}

#[test]
fn an_invite_repeated_after_its_2xx_and_after_the_ack_is_absorbed() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.respond(id, &invite(), 200);
    assert_eq!(bench.layer.state(id), State::Accepted);
    bench.receive(invite());
    bench.receive(ack("z9hG4bKanother"));
    bench.receive(invite());
    assert_eq!(bench.told(), ["ACK"]);
    assert_eq!(bench.words(), ["200"], "repeating the 2xx is the user's");
    bench.respond(id, &invite(), 200);
    assert_eq!(bench.words(), ["200"]);
    bench.advance(32_000);
    assert_eq!(bench.told(), ["terminated"], "Timer L is 64*T1");
    assert!(bench.is_empty());
}

#[test]
fn an_ack_for_a_2xx_that_reuses_the_branch_reaches_the_user() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.respond(id, &invite(), 200);
    bench.receive(ack("z9hG4bKin1"));
    bench.receive(ack("z9hG4bKin1"));
    assert_eq!(bench.told(), ["ACK of this branch", "ACK of this branch"]);
    assert_eq!(bench.layer.state(id), State::Accepted);
}

#[test]
fn an_ack_before_the_answer_is_ignored() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.receive(ack("z9hG4bKin1"));
    assert!(bench.told().is_empty());
    assert_eq!(bench.layer.state(id), State::Proceeding);
}

#[test]
fn a_server_that_cannot_send_stays_and_absorbs_repeats() {
    let mut bench = Bench::new(Transport::Udp);
    for status in [180, 200] {
        let request = invite().replace("in1", &format!("of{status}"));
        let id = bench.receive_request(&request);
        bench.respond(id, &request, status);
        bench.transport_error(id);
        assert_eq!(bench.told(), ["transport error"]);
        bench.receive(request);
        assert!(bench.told().is_empty());
        assert_ne!(bench.layer.state(id), State::Terminated);
    }
}

#[test]
fn one_final_response_only() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    bench.respond(id, &invite(), 486);
    let request = Message::parse(invite()).unwrap();
    for status in [180, 200, 503] {
        let second = super::bench::response(&request, status);
        let refused = bench.layer.respond(bench.now, id, second);
        assert_eq!(refused, Err(CommandError::State(State::Completed)));
    }
    bench.drain();
    assert_eq!(bench.words(), ["486"]);
}

#[test]
fn only_responses_answer() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&invite());
    for wrong in [
        "",
        "SIP/2.0 2000 OK\r\n\r\n",
        "SIP/2.0 99\r\n\r\n",
        &*invite(),
    ] {
        let refused = bench.layer.respond(bench.now, id, wrong.to_owned());
        assert_eq!(refused, Err(CommandError::Unsuitable), "{wrong}");
    }
    let request = bench.request(Method::OPTIONS);
    let client = bench.send(&request);
    let wrong = bench
        .layer
        .respond(bench.now, client, super::bench::response(&request, 200));
    assert_eq!(wrong, Err(CommandError::Unsuitable));
    bench.respond(id, &invite(), 486);
    bench.receive(ack("z9hG4bKin1"));
    bench.advance(5_000);
    let over = bench
        .layer
        .respond(bench.now, id, super::bench::response(&request, 200));
    assert_eq!(over, Err(CommandError::Unknown));
    assert_eq!(
        bench.layer.cancel(bench.now, id, None),
        Err(CommandError::Unknown)
    );
}
