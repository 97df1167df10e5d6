//! The transactions of a layer: found by key in constant time, and by deadline.

use alloc::{boxed::Box, vec::Vec};
use core::{
    hash::{BuildHasherDefault, Hasher},
    time::Duration,
};
use std::{collections::HashMap, time::Instant};

use bytes::Bytes;

use super::{Kind, State, Timer, Timing, TransactionId, key::Key, machine::Input, queue::Queue};
use crate::transport::Flow;

/// One transaction.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) flow: Flow,
    /// What is sent, and sent again: the request or its ACK, the response.
    pub(super) message: Bytes,
    /// The INVITE as it was received, while a 100 may have to be made for it.
    pub(super) request: Bytes,
    /// How CANCEL and ACK find an INVITE that was received, if not by its key.
    pub(super) invite: Option<InviteKeys>,
    /// The value of Reason in the CANCEL.
    pub(super) reason: Option<Box<str>>,
    pub(super) cancel_wanted: bool,
    /// The request came from a client that is older than RFC 3261.
    pub(super) old: bool,
    /// The user is told nothing of it.
    pub(super) silent: bool,
    pace: Option<(Instant, Timer)>,
    interval: Duration,
    bound: Option<(Instant, Timer)>,
    /// The bound is zero: it is reached at once.
    reached: bool,
    keys: [Option<Key>; 3],
}

/// What is kept of an INVITE that was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct InviteKeys {
    pub(super) branch: Key,
    pub(super) acknowledged: Key,
}

/// All transactions.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    keys: HashMap<Key, TransactionId, BuildHasherDefault<Unhashed>>,
    queue: Queue,
    clients: usize,
    servers: usize,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    transaction: Option<Transaction>,
}

impl Transaction {
    pub(super) fn new(kind: Kind, flow: Flow) -> Self {
        Self {
            kind,
            state: kind.start().next,
            flow,
            message: Bytes::new(),
            request: Bytes::new(),
            invite: None,
            reason: None,
            cancel_wanted: false,
            old: false,
            silent: false,
            pace: None,
            interval: Duration::ZERO,
            bound: None,
            reached: false,
            keys: [None; 3],
        }
    }

    /// Starts a timer in the place of the one that paces, or of the one that bounds the state.
    pub(super) fn start(&mut self, now: Instant, timer: Timer, timing: &Timing) {
        let duration = timing.duration(timer, self.flow.transport.is_reliable());
        let deadline = duration
            .and_then(|duration| now.checked_add(duration))
            .map(|deadline| (deadline, timer));
        if timer.paces() {
            self.pace = deadline;
            self.interval = duration.unwrap_or_default();
        } else {
            self.bound = deadline;
            self.reached = duration == Some(Duration::ZERO);
        }
    }

    /// Starts a timer that paces again, with twice its interval up to its limit.
    pub(super) fn back_off(&mut self, now: Instant, timer: Timer, timing: &Timing) {
        let interval = self.interval.saturating_mul(2).min(timing.limit(timer));
        self.pace_by(now, timer, interval);
    }

    /// Starts a timer that paces again, with T2.
    pub(super) fn slow_down(&mut self, now: Instant, timer: Timer, timing: &Timing) {
        self.pace_by(now, timer, timing.t2);
    }

    /// Stops the timer that paces.
    pub(super) fn stop(&mut self) {
        self.pace = None;
    }

    /// What happens at once: a bound of zero is reached, or the CANCEL that was wanted may now be
    /// sent.
    pub(super) fn follow_up(&self) -> Option<Input> {
        if let Some((_, timer)) = self.bound.filter(|_| self.reached) {
            return Some(Input::Fired(timer));
        }
        (self.cancel_wanted && self.state == State::Proceeding).then_some(Input::Cancel)
    }

    /// Whether the message may have to be sent again.
    pub(super) fn repeats(&self) -> bool {
        !matches!(
            (self.kind, self.state),
            (_, State::Accepted | State::Confirmed) | (Kind::ClientNonInvite, State::Completed)
        )
    }

    fn pace_by(&mut self, now: Instant, timer: Timer, interval: Duration) {
        self.interval = interval;
        self.pace = now.checked_add(interval).map(|deadline| (deadline, timer));
    }

    /// Stops the timer that has run out.
    fn take_timer(&mut self) -> Option<Timer> {
        let (_, timer) = self.next_timer()?;
        match timer.paces() {
            true => self.pace = None,
            false => self.bound = None,
        }
        Some(timer)
    }

    /// The timer that runs out next: of two at the same time the one that bounds.
    fn next_timer(&self) -> Option<(Instant, Timer)> {
        match (self.bound, self.pace) {
            (Some(bound), Some(pace)) if pace.0 < bound.0 => Some(pace),
            (Some(bound), _) => Some(bound),
            (None, pace) => pace,
        }
    }
}

impl Table {
    pub(super) fn clients(&self) -> usize {
        self.clients
    }

    pub(super) fn servers(&self) -> usize {
        self.servers
    }

    pub(super) fn find(&self, key: Key) -> Option<TransactionId> {
        self.keys.get(&key).copied()
    }

    pub(super) fn get(&self, id: TransactionId) -> Option<&Transaction> {
        let slot = self.slots.get(id.slot as usize)?;
        slot.transaction
            .as_ref()
            .filter(|_| slot.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: TransactionId) -> Option<&mut Transaction> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        slot.transaction
            .as_mut()
            .filter(|_| slot.generation == id.generation)
    }

    /// Adds a transaction that is found by `key`.
    pub(super) fn insert(&mut self, transaction: Transaction, key: Key) -> TransactionId {
        match transaction.kind.is_client() {
            true => self.clients += 1,
            false => self.servers += 1,
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("memory ends before 2^32 transactions")
        });
        let mut id = TransactionId {
            slot,
            generation: 0,
        };
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            id.generation = entry.generation;
            entry.transaction = Some(transaction);
        }
        self.add_key(id, key);
        id
    }

    /// Lets a transaction be found by another key as well, unless that finds one already.
    pub(super) fn add_key(&mut self, id: TransactionId, key: Key) {
        if self.keys.contains_key(&key) {
            return;
        }
        let place = self
            .get_mut(id)
            .and_then(|found| found.keys.iter_mut().find(|place| place.is_none()));
        if let Some(place) = place {
            *place = Some(key);
            self.keys.insert(key, id);
        }
    }

    /// Takes a transaction away, with all that leads to it.
    pub(super) fn remove(&mut self, id: TransactionId) -> Option<Transaction> {
        self.get(id)?;
        let slot = self.slots.get_mut(id.slot as usize)?;
        let transaction = slot.transaction.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.slot);
        self.queue.set(id.slot, None);
        for key in transaction.keys.iter().flatten() {
            self.keys.remove(key);
        }
        match transaction.kind.is_client() {
            true => self.clients -= 1,
            false => self.servers -= 1,
        }
        Some(transaction)
    }

    /// Puts a transaction's next timer in its place among all.
    pub(super) fn reschedule(&mut self, id: TransactionId) {
        if let Some(found) = self.get(id) {
            let deadline = found.next_timer().map(|(deadline, _)| deadline);
            self.queue.set(id.slot, deadline);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        Some(self.queue.next()?.0)
    }

    /// A transaction whose timer has run out, and the timer, which no longer runs.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(TransactionId, Timer)> {
        let (deadline, slot) = self.queue.next()?;
        if deadline > now {
            return None;
        }
        let entry = self.slots.get_mut(slot as usize)?;
        let timer = entry.transaction.as_mut()?.take_timer()?;
        let generation = entry.generation;
        let id = TransactionId { slot, generation };
        self.reschedule(id);
        Some((id, timer))
    }
}

/// Keys are hashes already.
#[derive(Debug, Default)]
pub(crate) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
}
