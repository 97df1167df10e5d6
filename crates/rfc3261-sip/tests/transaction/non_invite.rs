//! Transactions of the other methods, both sides (RFC 3261 §17.1.2, §17.2.2).

use rfc3261_sip::{Method, transaction::State, transport::Transport};

use super::bench::{Bench, incoming};

const UDP: &str = "UDP 198.51.100.2;branch=z9hG4bKin1";

fn options() -> String {
    incoming("OPTIONS", UDP, "")
}

#[test]
fn timer_e_is_capped_at_t2_and_timer_f_ends_it() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::OPTIONS);
    bench.send(&request);
    bench.advance(31_999);
    assert_eq!(
        bench.times(),
        [
            0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    assert!(bench.told().is_empty());
    bench.advance(1);
    assert_eq!(bench.told(), ["timeout", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn after_a_1xx_the_request_is_repeated_every_t2_and_timer_f_goes_on() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::REGISTER);
    let id = bench.send(&request);
    bench.advance(600);
    bench.receive_response(&request, 100);
    assert_eq!(bench.layer.state(id), State::Proceeding);
    bench.advance(31_399);
    assert_eq!(
        bench.times(),
        [
            0, 500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500
        ]
    );
    bench.advance(1);
    assert_eq!(bench.told(), ["100", "timeout", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn timer_k_is_t4_and_the_final_response_is_told_once() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::BYE);
    let id = bench.send(&request);
    bench.receive_response(&request, 200);
    assert_eq!(bench.layer.state(id), State::Completed);
    bench.receive_response(&request, 200);
    bench.receive_response(&request, 500);
    bench.receive_response(&request, 183);
    bench.advance(4_999);
    assert_eq!(bench.layer.state(id), State::Completed);
    assert_eq!(bench.told(), ["200"]);
    bench.advance(1);
    assert_eq!(bench.told(), ["terminated"], "not 32 s, which is Timer D");
    assert_eq!(bench.words(), ["BYE"]);
    assert!(bench.is_empty());
}

#[test]
fn over_a_reliable_transport_it_ends_with_the_final_response() {
    let mut bench = Bench::new(Transport::Tls);
    let request = bench.request(Method::MESSAGE);
    bench.send(&request);
    bench.advance(20_000);
    bench.receive_response(&request, 202);
    assert_eq!(bench.times(), [0]);
    assert_eq!(bench.told(), ["202", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn a_client_that_cannot_send_is_over() {
    let mut bench = Bench::new(Transport::Tcp);
    let request = bench.request(Method::MESSAGE);
    let id = bench.send(&request);
    bench.receive_response(&request, 100);
    bench.transport_error(id);
    assert_eq!(bench.told(), ["100", "transport error", "terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn a_repeated_request_gets_the_last_response_again() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&options());
    assert_eq!(bench.layer.state(id), State::Trying);
    bench.receive(options());
    bench.advance(1_000);
    assert!(bench.words().is_empty(), "no 100 but for INVITE");
    bench.respond(id, &options(), 183);
    bench.receive(options());
    bench.respond(id, &options(), 200);
    bench.receive(options());
    assert_eq!(bench.words(), ["183", "183", "200", "200"]);
    bench.respond(id, &options(), 500);
    bench.receive(options());
    assert_eq!(
        bench.words(),
        ["200"],
        "a second final response is discarded"
    );
    bench.advance(31_999);
    assert!(bench.told().is_empty());
    bench.advance(1);
    assert_eq!(bench.told(), ["terminated"], "Timer J is 64*T1");
    assert!(bench.is_empty());
}

#[test]
fn a_server_over_a_reliable_transport_ends_with_its_answer() {
    let mut bench = Bench::new(Transport::Tcp);
    let request = incoming("OPTIONS", "TCP 198.51.100.2;branch=z9hG4bKin1", "");
    let id = bench.receive_request(&request);
    bench.respond(id, &request, 200);
    assert_eq!(bench.told(), ["terminated"]);
    assert!(bench.is_empty());
}

#[test]
fn a_server_that_cannot_send_stays() {
    let mut bench = Bench::new(Transport::Udp);
    let id = bench.receive_request(&options());
    bench.respond(id, &options(), 200);
    bench.transport_error(id);
    assert_eq!(bench.told(), ["transport error"]);
    assert_eq!(bench.layer.state(id), State::Completed);
    bench.receive(options());
    assert_eq!(bench.words(), ["200", "200"]);
}
