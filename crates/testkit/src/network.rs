//! A network that loses, repeats, delays and reorders, in simulated time.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant},
};

use crate::Random;

/// What a network does to what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// How much gets lost, in percent.
    pub loss: u8,
    /// How much arrives twice, in percent.
    pub duplication: u8,
    /// How long it takes: each packet is as lucky as it is, so that they overtake each other.
    pub delay: Range<Duration>,
    /// Packets of one sender to one receiver do not overtake each other: a connection.
    pub in_order: bool,
}

/// A network that carries `P` between addresses `A`.
#[derive(Debug)]
pub struct Network<A, P> {
    conditions: Conditions,
    random: Random,
    /// By arrival, and then in the order of sending.
    under_way: BTreeMap<(Instant, u64), Delivery<A, P>>,
    sent: u64,
    last_arrivals: BTreeMap<(A, A), Instant>,
}

/// What arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<A, P> {
    /// The sender.
    pub from: A,
    /// The receiver.
    pub to: A,
    /// What was sent.
    pub payload: P,
}

impl Conditions {
    /// Nothing gets lost, nothing overtakes, everything takes as long.
    #[must_use]
    pub fn ideal(delay: Duration) -> Self {
        Self {
            loss: 0,
            duplication: 0,
            delay: delay..delay,
            in_order: true,
        }
    }

    /// As bad as simulations here get: 40 % lost, 20 % twice, up to 3 s under way.
    #[must_use]
    pub fn harsh() -> Self {
        Self {
            loss: 40,
            duplication: 20,
            delay: Duration::ZERO..Duration::from_secs(3),
            in_order: false,
        }
    }

    /// Something between [`ideal`](Self::ideal) and [`harsh`](Self::harsh).
    #[must_use]
    pub fn of(random: &mut Random) -> Self {
        let harsh = Self::harsh();
        let slowest = random.duration(&(Duration::from_millis(1)..harsh.delay.end));
        Self {
            loss: random.below(u64::from(harsh.loss) + 1) as u8,
            duplication: random.below(u64::from(harsh.duplication) + 1) as u8,
            delay: Duration::ZERO..slowest,
            in_order: false,
        }
    }

    /// A connection as slow as this one: it loses nothing and keeps the order.
    #[must_use]
    pub fn connection(self) -> Self {
        Self {
            loss: 0,
            duplication: 0,
            in_order: true,
            ..self
        }
    }
}

impl<A: Copy + Ord, P: Clone> Network<A, P> {
    /// A network under these conditions, with its luck from `random`.
    #[must_use]
    pub fn new(conditions: Conditions, random: Random) -> Self {
        Self {
            conditions,
            random,
            under_way: BTreeMap::new(),
            sent: 0,
            last_arrivals: BTreeMap::new(),
        }
    }

    /// Sends something, which arrives or not.
    pub fn send(&mut self, now: Instant, from: A, to: A, payload: P) {
        if self.random.chance(self.conditions.loss) {
            return;
        }
        if self.random.chance(self.conditions.duplication) {
            self.carry(now, from, to, payload.clone());
        }
        self.carry(now, from, to, payload);
    }

    /// When the next one arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.keys().next().map(|(arrival, _)| *arrival)
    }

    /// Takes one that has arrived by `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Delivery<A, P>> {
        self.next_arrival().filter(|arrival| *arrival <= now)?;
        Some(self.under_way.pop_first()?.1)
    }

    fn carry(&mut self, now: Instant, from: A, to: A, payload: P) {
        let mut arrival = now + self.random.duration(&self.conditions.delay);
        if self.conditions.in_order {
            let last = self.last_arrivals.entry((from, to)).or_insert(arrival);
            arrival = arrival.max(*last);
            *last = arrival;
        }
        self.sent += 1;
        let delivery = Delivery { from, to, payload };
        self.under_way.insert((arrival, self.sent), delivery);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of 1,000 numbers arrives, in the order of arrival.
    fn arrivals(conditions: Conditions, seed: u64) -> Vec<u32> {
        let now = Instant::now();
        let mut network = Network::new(conditions, Random::new(seed));
        for number in 0..1000 {
            network.send(now, 'a', 'b', number);
        }
        let mut arrived = Vec::new();
        while let Some(at) = network.next_arrival() {
            let delivery = network.receive(at).expect("it has arrived");
            assert_eq!((delivery.from, delivery.to), ('a', 'b'));
            arrived.push(delivery.payload);
        }
        arrived
    }

    #[test]
    fn harsh_conditions_lose_repeat_and_reorder() {
        let arrived = arrivals(Conditions::harsh(), 1);
        let mut distinct = arrived.clone();
        distinct.sort_unstable();
        assert_ne!(arrived, distinct);
        distinct.dedup();
        assert!((550..650).contains(&distinct.len()), "{}", distinct.len());
        let repeated = arrived.len() - distinct.len();
        assert!((80..160).contains(&repeated), "{repeated}");
    }

    #[test]
    fn a_connection_does_none_of_it() {
        let arrived = arrivals(Conditions::harsh().connection(), 1);
        assert_eq!(arrived, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_arrives_before_its_time() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let mut network = Network::new(Conditions::ideal(second), Random::new(1));
        network.send(now, 1, 2, ());
        assert_eq!(network.receive(now), None);
        assert_eq!(network.next_arrival(), Some(now + second));
        assert!(network.receive(now + second).is_some());
        assert_eq!(network.next_arrival(), None);
    }

    #[test]
    fn the_same_seed_has_the_same_luck() {
        let harsh = Conditions::harsh;
        assert_eq!(arrivals(harsh(), 5), arrivals(harsh(), 5));
        assert_ne!(arrivals(harsh(), 5), arrivals(harsh(), 6));
    }
}
