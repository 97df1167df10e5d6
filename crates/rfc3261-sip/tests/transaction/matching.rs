//! Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3, §9.2, §8.2.2.2).

use rfc3261_sip::{
    Message, Method,
    transaction::{CommandError, State},
    transport::{Flow, Transport},
};

use super::bench::{Bench, incoming, parts, response};

const UDP: &str = "UDP 198.51.100.2;branch=z9hG4bKin1";

#[test]
fn a_response_needs_branch_method_and_sent_by() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::OPTIONS);
    bench.send(&request);
    let good = String::from_utf8(response(&request, 200).to_vec()).unwrap();
    let branch = request.via().unwrap().branch().unwrap().to_owned();
    for wrong in [
        good.replace("CSeq: 1 OPTIONS", "CSeq: 1 CANCEL"),
        good.replace(&branch, "z9hG4bKother"),
        good.replace("UDP 192.0.2.1;", "UDP 192.0.2.9;"),
        good.replace("UDP 192.0.2.1;", "UDP 192.0.2.1:5062;"),
        good.replace("CSeq: 1 OPTIONS", "CSeq: 1 options"),
    ] {
        assert_ne!(wrong, good);
        bench.receive(wrong);
    }
    assert!(bench.told().is_empty());
    assert_eq!(bench.layer.counts().stray_responses, 5);
    bench.receive(good.replace("UDP 192.0.2.1;", "UDP 192.0.2.1:5060;"));
    assert_eq!(bench.told(), ["200"]);
}

#[test]
fn a_response_with_several_via_values_in_one_row_is_matched_by_the_top_one() {
    let mut bench = Bench::new(Transport::Udp);
    let via = bench.layer.via(Transport::Udp, super::bench::SENT_BY);
    let both = format!("{via},SIP/2.0/TCP 10.0.13.70:5060;branch=z9hG4bK20ede");
    let bytes = parts(Method::OPTIONS, &both, "<sip:b@h>").build().unwrap();
    let request = Message::parse(bytes).unwrap();
    bench.send(&request);
    bench.receive_response(&request, 200);
    assert_eq!(bench.told(), ["200"]);
}

#[test]
fn requests_of_two_clients_with_one_branch_are_two() {
    let mut bench = Bench::new(Transport::Udp);
    let first = incoming("OPTIONS", UDP, "");
    bench.receive(first.clone());
    bench.receive(
        first
            .replace("UDP 198.51.100.2", "UDP 198.51.100.3")
            .replace("in1@", "in2@"),
    );
    bench.receive(
        first
            .replace("UDP 198.51.100.2", "UDP 198.51.100.2:5070")
            .replace("in1@", "in3@"),
    );
    assert_eq!(bench.told(), ["OPTIONS", "OPTIONS", "OPTIONS"]);
    bench.receive(
        first
            .replace("in1;", "IN1;")
            .replace("UDP 198.51.100.2", "UDP 198.51.100.2:5060"),
    );
    assert!(bench.told().is_empty(), "the same with its port spelt out");
}

#[test]
fn clients_of_rfc_2543_are_matched_by_everything_else() {
    let mut bench = Bench::new(Transport::Udp);
    let via = "UDP 198.51.100.2";
    let invite = incoming("INVITE", via, "");
    let id = bench.receive_request(&invite);
    bench.receive(invite.clone());
    assert!(bench.told().is_empty());
    for other in [
        invite.replace("CSeq: 7", "CSeq: 8"),
        invite.replace("in1@", "in2@"),
        invite.replace("tag=x9", "tag=x8"),
        invite.replace("sip:alice@192.0.2.1 SIP", "sip:carol@192.0.2.1 SIP"),
        invite.replace(
            "To: <sip:alice@192.0.2.1>",
            "To: <sip:alice@192.0.2.1>;tag=q",
        ),
    ] {
        assert_ne!(other, invite);
        bench.receive(other);
        assert!(bench.told().iter().all(|told| told.starts_with("INVITE")));
    }
    bench.respond(id, &invite, 486);
    bench.receive(incoming("ACK", via, ";tag=wrong"));
    assert_eq!(bench.layer.state(id), State::Completed);
    assert_eq!(bench.told(), ["ACK"], "it is for another response");
    bench.receive(incoming("ACK", via, ";tag=b1"));
    assert_eq!(bench.layer.state(id), State::Confirmed);
    bench.receive(incoming("ACK", via, ";tag=b1"));
    assert!(bench.told().is_empty());
}

#[test]
fn the_ack_of_an_rfc_2543_client_for_a_2xx_goes_to_the_user() {
    let mut bench = Bench::new(Transport::Udp);
    let invite = incoming("INVITE", "UDP 198.51.100.2", "");
    let id = bench.receive_request(&invite);
    bench.respond(id, &invite, 200);
    bench.receive(incoming("ACK", "UDP 198.51.100.2", ";tag=b1"));
    assert_eq!(bench.told(), ["ACK of this branch"]);
    assert_eq!(bench.layer.state(id), State::Accepted);
}

#[test]
fn an_ack_with_branch_0_finds_its_invite() {
    let mut bench = Bench::new(Transport::Udp);
    let invite = incoming("INVITE", UDP, "");
    let id = bench.receive_request(&invite);
    bench.respond(id, &invite, 404);
    bench.receive(incoming("ACK", "UDP 198.51.100.2;branch=0", ";tag=b1"));
    assert_eq!(bench.layer.state(id), State::Confirmed);
    assert!(bench.told().is_empty());
}

#[test]
fn a_cancel_finds_its_invite_and_is_a_transaction_of_its_own() {
    let mut bench = Bench::new(Transport::Udp);
    let invite = incoming("INVITE", UDP, "");
    let cancel = incoming("CANCEL", UDP, "");
    bench.receive(cancel.replace("in1", "in2"));
    assert_eq!(bench.told(), ["CANCEL of nothing"]);
    let id = bench.receive_request(&invite);
    bench.receive(cancel.clone());
    bench.receive(cancel.clone());
    assert_eq!(bench.told(), ["CANCEL"]);
    assert_eq!(bench.layer.state(id), State::Proceeding);
    assert_eq!(bench.layer.counts().servers, 3);
}

#[test]
fn a_cancel_whose_sent_by_a_nat_has_rewritten_finds_its_invite() {
    let mut bench = Bench::new(Transport::Udp);
    bench.receive_request(&incoming("INVITE", UDP, ""));
    let rewritten = "UDP 203.0.113.77:49152;branch=z9hG4bKin1";
    bench.receive(incoming("CANCEL", rewritten, ""));
    assert_eq!(bench.told(), ["CANCEL"]);
    let other = "UDP 203.0.113.77:49152;branch=z9hG4bKnot";
    bench.receive(incoming("CANCEL", other, ""));
    assert_eq!(
        bench.told(),
        ["CANCEL of nothing"],
        "the branch must be the same"
    );
}

#[test]
fn a_request_that_comes_by_two_ways_is_told_as_merged() {
    let mut bench = Bench::new(Transport::Udp);
    let first = incoming("INVITE", UDP, "");
    let second = first.replace("z9hG4bKin1", "z9hG4bKbyAnotherProxy");
    bench.receive(first);
    bench.receive(second.clone());
    assert_eq!(bench.told(), ["INVITE", "INVITE merged"]);
    let in_dialog = second.replace("AnotherProxy", "Third").replace(
        "To: <sip:alice@192.0.2.1>",
        "To: <sip:alice@192.0.2.1>;tag=t",
    );
    bench.receive(in_dialog);
    assert_eq!(
        bench.told(),
        ["INVITE"],
        "only requests outside of dialogs merge"
    );
}

#[test]
fn received_and_rport_are_filled_in_and_used() {
    let mut bench = Bench::new(Transport::Udp);
    let via = "UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff";
    let request = incoming("OPTIONS", via, "");
    let source = Flow::new(Transport::Udp, "192.0.2.77:9988".parse().unwrap())
        .local("192.0.2.1:5060".parse().unwrap());
    bench
        .layer
        .handle_input(bench.now, Message::parse(request).unwrap(), source);
    bench.drain();
    let Some(rfc3261_sip::transaction::Event::Request {
        transaction,
        request,
        ..
    }) = bench.events.pop()
    else {
        panic!("no request")
    };
    let via = request.via().unwrap();
    assert_eq!(via.received(), Some("192.0.2.77"));
    assert_eq!(via.rport(), Some(Some(9988)));
    assert_eq!(bench.layer.flow(transaction), Some(source));
}

#[test]
fn a_client_transaction_needs_a_branch_of_its_own() {
    let mut bench = Bench::new(Transport::Udp);
    let request = bench.request(Method::OPTIONS);
    bench.send(&request);
    let (now, peer) = (bench.now, bench.peer());
    let again = bench.layer.send_request(now, request.bytes().clone(), peer);
    assert_eq!(again, Err(CommandError::Duplicate));
    let old = parts(
        Method::OPTIONS,
        "SIP/2.0/UDP 192.0.2.1;branch=1",
        "<sip:b@h>",
    );
    let old = bench.layer.send_request(now, old.build().unwrap(), peer);
    assert_eq!(old, Err(CommandError::Branch));
    let via = bench.layer.via(Transport::Udp, super::bench::SENT_BY);
    let ack = parts(Method::ACK, &via, "<sip:b@h>;tag=1").build().unwrap();
    assert_eq!(
        bench.layer.send_request(now, ack.clone(), peer),
        Err(CommandError::Unsuitable)
    );
    bench.layer.send(ack, peer);
    bench.drain();
    assert_eq!(bench.words(), ["OPTIONS", "ACK"]);
}

#[test]
fn branches_are_unique_and_depend_on_the_seed() {
    let mut seen = std::collections::HashSet::new();
    for seed in 0..10 {
        let config = rfc3261_sip::transaction::Config::new([seed; 32]);
        let mut layer = rfc3261_sip::transaction::TransactionLayer::new(config);
        for _ in 0..1000 {
            let branch = layer.branch();
            assert!(branch.starts_with("z9hG4bK") && branch.len() == 39);
            assert!(seen.insert(branch));
        }
    }
}
