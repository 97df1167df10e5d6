//! What a group must keep to, of one member and of ten thousand.

use super::{Participant, SHARE, SIZE, Simulation, seconds};

/// All join at once, find each other, and use what they should.
fn steady_state(count: usize, loss: f64, warm_up: u64, measured: u64) {
    let mut simulation = Simulation::new(count, loss, 40);
    simulation.run_until(seconds(warm_up));
    let rate = simulation.steady_rate(measured);
    assert!(
        (rate - 1.0).abs() < 0.05,
        "{count} members, loss {loss}: {rate} of what it should be"
    );
    let estimate = simulation.estimate();
    assert!(
        (estimate / count as f64 - 1.0).abs() < 0.03,
        "{estimate} of {count} members"
    );
}

#[test]
fn small_groups_report_every_five_seconds() {
    for loss in [0.0, 0.1, 0.3] {
        steady_state(1, loss, 10, 20_000);
        steady_state(2, loss, 100, 10_000);
        steady_state(10, loss, 100, 4_000);
    }
}

#[test]
fn a_thousand_members_keep_to_their_share() {
    steady_state(300, 0.0, 400, 1000);
    steady_state(1000, 0.3, 1200, 800);
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "minutes; `cargo xtask simulate` runs it optimised"
)]
fn ten_thousand_members_find_each_other_and_keep_to_their_share() {
    for loss in [0.0, 0.1, 0.3] {
        steady_state(10_000, loss, 14_000, 5000);
    }
}

/// The largest number of packets in any ten seconds against what fits into the share of receivers,
/// from here to there.
fn worst_of_ten_seconds(simulation: &Simulation, from: u64, to: u64) -> f64 {
    let sent = |second| simulation.sent_between(second as f64, second as f64 + 10.0);
    let most = (from..to - 10).map(sent).max().unwrap();
    (most * SIZE) as f64 / (10.0 * 0.75 * SHARE)
}

/// In a flood the first to send are those who draw the shortest intervals: the compensated half
/// of the mean, 0.41 of it. More than the inverse times the share cannot be, but for chance.
const FLOOD: f64 = 1.218_28 / 0.5 * 1.15;

/// Without reconsideration all of them would send within the first 3.1 seconds, for each takes
/// itself to be alone.
fn join_flood(count: usize, loss: f64, until: u64) {
    let mut simulation = Simulation::new(count, loss, 1);
    simulation.run_until(seconds(until));
    let worst = worst_of_ten_seconds(&simulation, 0, until);
    // Those that are lost do not hold back.
    let most = FLOOD / (1.0 - loss);
    assert!((0.75..most).contains(&worst), "{worst} times the share");
}

#[test]
fn a_join_flood_of_a_thousand_is_bounded() {
    join_flood(1000, 0.0, 120);
    join_flood(1000, 0.3, 120);
}

#[test]
fn a_join_flood_of_ten_thousand_is_no_worse() {
    join_flood(10_000, 0.0, 25);
}

#[test]
fn a_flood_of_byes_is_spread_and_every_one_goes_out() {
    for (count, loss, seed) in [(300, 0.0, 2), (1000, 0.3, 3)] {
        bye_flood(count, loss, seed);
    }
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "minutes; `cargo xtask simulate` runs it optimised"
)]
fn a_flood_of_ten_thousand_byes_is_no_worse() {
    for loss in [0.0, 0.3] {
        bye_flood(10_000, loss, 5);
    }
}

fn bye_flood(count: usize, loss: f64, seed: u8) {
    let mut simulation = Simulation::new(count, loss, seed);
    simulation.run_until(seconds(200));
    let before = simulation.sent.len();
    simulation.leave(0..count);
    simulation.run_until(seconds(200 + 5 * count as u64));
    assert_eq!(simulation.sent.len() - before, count);
    // Those that are lost are not held back by.
    let worst = worst_of_ten_seconds(&simulation, 200, 400);
    assert!(worst < FLOOD / (1.0 - loss), "{worst} times the share");
}

#[test]
fn those_who_stay_draw_near_when_most_leave() {
    let mut simulation = Simulation::new(400, 0.0, 4);
    simulation.run_until(seconds(500));
    assert!((simulation.estimate() - 400.0).abs() < 2.0);
    simulation.leave(50..400);
    simulation.run_until(seconds(1000));
    assert_eq!(simulation.estimate(), 50.0);
    // The interval of 50 members is 16.7 seconds: nobody waits for one of 400 any more, which
    // took more than two minutes.
    let interval = 50.0 * SIZE as f64 / (0.75 * SHARE);
    let rest = |p: &Participant| p.schedule.next().unwrap() - (simulation.start + simulation.now);
    let longest = simulation.participants[..50]
        .iter()
        .map(rest)
        .max()
        .unwrap();
    assert!(longest.as_secs_f64() < 1.5 * interval, "{longest:?}");
}
