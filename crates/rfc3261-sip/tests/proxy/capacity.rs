//! What many requests cost, and what is left of them.

use super::bench::*;

/// A call that is answered keeps its two transactions for 32 seconds, and little beside.
#[test]
fn an_answered_call_costs_two_kilobytes_until_its_timers_end() {
    const MANY: usize = 500;
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    let calls: Vec<_> = (0..MANY)
        .map(|number| invite().replace("a1", &format!("a{number}")))
        .collect();
    let cost = allocation_counter::measure(|| {
        for call in &calls {
            bench.receive(ALICE, call.clone());
            let at_bob = bench.one();
            bench.answer(&at_bob, 200, &[]);
            bench.sent.clear();
            bench.events.clear();
        }
    });
    assert_eq!(bench.proxy.counts().requests, MANY);
    let each = cost.bytes_current / MANY as i64;
    println!("an answered call costs {each} bytes");
    assert!(each <= 2048, "{each}");
    bench.end();
}
