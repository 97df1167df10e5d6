//! The order in which servers are tried (RFC 2782).

use alloc::vec::Vec;

use super::Srv;

/// The records by priority; those of the same priority in an order drawn by their weights, the
/// same for the same records and the same number.
pub(super) fn order(mut records: Vec<Srv>, mut random: u64) -> Vec<Srv> {
    // In whatever order they came.
    records.sort_by(|a, b| {
        let key = |record: &Srv| (record.priority, record.weight, record.port);
        key(a).cmp(&key(b)).then_with(|| a.target.cmp(&b.target))
    });
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let same = records
            .iter()
            .take_while(|record| record.priority == priority);
        let total: u64 = same.map(|record| u64::from(record.weight)).sum();
        let drawn = next(&mut random) % (total + 1);
        let mut sum = 0;
        // Those without weight stand first, and are drawn where the sum is 0.
        let at = records.iter().position(|record| {
            sum += u64::from(record.weight);
            sum >= drawn
        });
        ordered.push(records.remove(at.unwrap_or(0)));
    }
    ordered
}

/// The next number after this one (SplitMix64): it spreads load and keeps no secret.
fn next(random: &mut u64) -> u64 {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*random ^ (*random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> Srv {
        Srv {
            priority,
            weight,
            port: 5060,
            target: String::from(target),
        }
    }

    #[test]
    fn priorities_come_in_order() {
        for random in 0..100 {
            let records = vec![record(20, 9, "c"), record(10, 0, "a"), record(10, 5, "b")];
            let ordered = order(records, random);
            assert_eq!(ordered.len(), 3);
            assert_eq!(ordered[2].target, "c");
        }
    }

    #[test]
    fn weights_share_the_load() {
        let mut first = 0;
        for random in 0..10_000 {
            let ordered = order(vec![record(0, 1, "one"), record(0, 3, "three")], random);
            first += u32::from(ordered[0].target == "three");
        }
        // Numbers 0 to 4 are drawn, and 2 to 4 are of the heavier one.
        assert!((5800..6200).contains(&first), "{first}");
    }

    #[test]
    fn one_without_weight_has_a_small_chance() {
        let records = || vec![record(0, 0, "zero"), record(0, 99, "heavy")];
        let zero = |random: &u64| order(records(), *random)[0].target == "zero";
        let found = (0..10_000).filter(zero).count();
        assert!((50..200).contains(&found), "{found}");
    }

    #[test]
    fn the_order_of_the_answer_does_not_matter() {
        // RFC 3263 §4.4
        let records: Vec<_> = ["a", "b", "c", "d"].map(|name| record(1, 7, name)).into();
        let mut reversed = records.clone();
        reversed.reverse();
        for random in 0..100 {
            assert_eq!(
                order(records.clone(), random),
                order(reversed.clone(), random)
            );
        }
    }
}
