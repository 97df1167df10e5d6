//! What calls cost, and user agents among peers that mean harm.

use core::time::Duration;

use proptest::prelude::*;
use rfc3261_sip::user_agent::{CallState, Content, Target};

use crate::{
    bench::{Bench, response},
    pair::{ANSWER, OFFER, Pair},
    server::{request, request_to},
};

#[test]
fn an_idle_call_costs_at_most_two_kilobytes_beside_its_strings() {
    const MANY: usize = 500;
    let mut pair = Pair::with(|config| config.reliable_provisional = false);
    let cost = allocation_counter::measure(|| {
        for _ in 0..MANY {
            pair.established();
            pair.sent = Vec::new();
            pair.events = Vec::new();
        }
        // What the transactions keep is gone.
        pair.pass(Duration::from_secs(40));
    });
    for agent in &pair.agents {
        let counts = agent.counts();
        assert_eq!(
            (counts.calls, counts.dialogs, counts.requests),
            (MANY, MANY, 0)
        );
        assert_eq!(
            (counts.transactions.clients, counts.transactions.servers),
            (0, 0)
        );
    }
    // The slots and heaps of the transactions are there for the next ones, and count here.
    let each = cost.bytes_current / (2 * MANY as i64);
    println!("an idle call costs {each} bytes at each side, with its strings");
    assert!(each <= 2048 + 400, "{each}");
}

#[test]
fn forks_without_end_are_not_followed() {
    let mut bench = Bench::new();
    let now = bench.now;
    let target = Target::new("sip:bob@192.0.2.2");
    bench
        .agent
        .invite(now, &target, &Content::sdp(OFFER))
        .unwrap();
    let invite = bench.last();
    for tag in 0..1000 {
        let contact = "Contact: <sip:bob@192.0.2.2>\r\n";
        bench.receive(response(&invite, 180, &format!("e{tag}"), contact));
        bench.receive(response(&invite, 200, &format!("t{tag}"), contact));
    }
    let counts = bench.agent.counts();
    assert!(counts.calls <= 64 && counts.dialogs <= 128, "{counts:?}");
}

#[test]
fn requests_without_end_stay_within_the_limits() {
    let mut bench = Bench::with(|config| {
        config.max_calls = 10;
        config.max_subscriptions = 10;
        config.events = vec!["presence".into()];
        config.transactions.max_servers = 50;
    });
    for number in 1..200 {
        let call = format!("call{number}x@");
        bench.receive(request("INVITE", number, "").replace("call1@", &call));
        bench.receive(request("SUBSCRIBE", number, "Event: presence\r\n").replace("call1@", &call));
        bench.receive(request("MESSAGE", number, "").replace("call1@", &call));
    }
    let counts = bench.agent.counts();
    assert_eq!((counts.calls, counts.subscriptions), (10, 10));
    assert!(counts.transactions.servers <= 50);
    assert!(counts.unanswered <= 30);
}

/// Requests and responses within a call, mangled.
fn message() -> impl Strategy<Value = String> {
    let method = prop::sample::select(vec![
        "INVITE",
        "ACK",
        "BYE",
        "CANCEL",
        "UPDATE",
        "PRACK",
        "NOTIFY",
        "SUBSCRIBE",
        "REFER",
        "INFO",
        "MESSAGE",
        "OPTIONS",
        "PUBLISH",
    ]);
    let rows = prop::sample::subsequence(
        vec![
            "Require: 100rel\r\n",
            "Supported: 100rel, timer, replaces\r\n",
            "RAck: 1 1 INVITE\r\n",
            "RSeq: 1\r\n",
            "Session-Expires: 90;refresher=uas\r\n",
            "Session-Expires: 0\r\n",
            "Min-SE: 4294967295\r\n",
            "Event: presence\r\n",
            "Event: refer;id=1\r\n",
            "Subscription-State: terminated\r\n",
            "Subscription-State: active;expires=0\r\n",
            "Refer-To: <sip:x@192.0.2.3>\r\n",
            "Replaces: call1@192.0.2.2;to-tag=a;from-tag=bob1\r\n",
            "Expires: 0\r\n",
            "Expires: 4294967295\r\n",
            "Contact: *\r\n",
            "Record-Route: <sip:strict>, <>\r\n",
            "Content-Type: application/sdp\r\n\r\nv=0\r\n",
        ],
        0..6,
    );
    (method, 1u32..6, rows, any::<bool>()).prop_map(|(method, number, rows, within)| {
        let to = match within {
            true => "<sip:alice@example.com>;tag=TAG",
            false => "<sip:alice@example.com>",
        };
        request_to(method, number, "sip:alice@192.0.2.1", to, &rows.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_comes_nobody_panics_and_all_ends(
        messages in prop::collection::vec((message(), 0u64..40_000, 0u16..8), 1..25)
    ) {
        let mut bench = Bench::with(|config| config.events = vec!["presence".into()]);
        bench.hostile = true;
        let now = bench.now;
        let target = Target::new("sip:bob@192.0.2.2");
        bench.agent.invite(now, &target, &Content::sdp(OFFER)).unwrap();
        let mut tag = String::from("none");
        for (text, after, choice) in messages {
            bench.receive(text.replace("TAG", &tag));
            let sent = bench.take_sent();
            for message in &sent {
                if let Some(found) = message.to().ok().and_then(|to| to.tag().map(str::to_owned)) {
                    tag = found;
                }
                if message.method().is_some() {
                    let status = [100, 180, 200, 302, 401, 422, 491, 503][usize::from(choice)];
                    let more = "Contact: <sip:bob@192.0.2.2>\r\nMin-SE: 1\r\nRSeq: 1\r\n";
                    bench.receive(response(message, status, "t", more));
                }
            }
            for event in bench.take_events() {
                bench.do_something(event, choice);
            }
            bench.pass(Duration::from_millis(after));
        }
        bench.seconds(400);
        for event in bench.take_events() {
            bench.do_something(event, 1);
        }
        for _ in 0..20 {
            for call in bench.calls.split_off(0) {
                let _ = bench.agent.hang_up(bench.now, call);
            }
            bench.seconds(400);
            for event in bench.take_events() {
                bench.do_something(event, 1);
            }
        }
        let counts = bench.agent.counts();
        prop_assert_eq!((counts.transactions.clients, counts.transactions.servers), (0, 0));
        prop_assert!(counts.dialogs <= 30);
    }
}

#[test]
fn a_call_state_that_is_over_stays_over() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.established();
    let now = pair.now;
    pair.agents[0].hang_up(now, alice).unwrap();
    pair.carry();
    pair.established();
    assert_eq!(pair.agents[0].call_state(alice), CallState::Over);
    assert_eq!(pair.agents[1].call_state(bob), CallState::Over);
    assert!(pair.agents[0].hang_up(now, alice).is_err());
    let offer = Content::sdp(ANSWER);
    assert!(pair.agents[0].reinvite(now, alice, &offer).is_err());
    assert!(pair.agents[1].answer(now, bob, &offer).is_err());
}
