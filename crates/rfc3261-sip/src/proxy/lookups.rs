//! Questions to the DNS that are open.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
};
use core::time::Duration;
use std::time::Instant;

use super::{LookupId, stateless::Pending};
use crate::transaction::TransactionId;

/// What waits for an answer.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A branch of a request, by its number.
    Branch(TransactionId, usize),
    /// A message without state.
    Stateless(Box<Pending>),
}

/// The questions, and until when an answer is waited for.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    last: u64,
    open: BTreeMap<LookupId, Waiting>,
    stateless: usize,
    /// In order: all are waited for as long. Those that are not open any more may be among them,
    /// but never first.
    deadlines: VecDeque<(Instant, LookupId)>,
}

impl Lookups {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// How many messages without state wait.
    pub(super) fn stateless(&self) -> usize {
        self.stateless
    }

    pub(super) fn add(&mut self, now: Instant, timeout: Duration, waiting: Waiting) -> LookupId {
        self.last += 1;
        self.stateless += usize::from(matches!(waiting, Waiting::Stateless(_)));
        let lookup = LookupId(self.last);
        self.open.insert(lookup, waiting);
        let deadline = now.checked_add(timeout).unwrap_or(now);
        self.deadlines.push_back((deadline, lookup));
        lookup
    }

    pub(super) fn take(&mut self, lookup: LookupId) -> Option<Waiting> {
        let found = self.open.remove(&lookup);
        self.stateless -= usize::from(matches!(found, Some(Waiting::Stateless(_))));
        while let Some((_, first)) = self.deadlines.front() {
            if self.open.contains_key(first) {
                break;
            }
            self.deadlines.pop_front();
        }
        found
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        Some(self.deadlines.front()?.0)
    }

    /// A question that has gone unanswered for too long.
    pub(super) fn due(&self, now: Instant) -> Option<LookupId> {
        let (deadline, lookup) = self.deadlines.front()?;
        (*deadline <= now).then_some(*lookup)
    }
}
