//! The source table: bounded, found by SSRC (RFC 3550 §6.2.1, §8.2).

use alloc::vec::Vec;
use core::hash::{BuildHasher, Hasher};
use std::collections::HashMap;

use crate::session::member_state::{MemberEvent, MemberState};
use crate::session::random::Random;
use crate::session::source::Source;

/// How many entries are looked at for one that may give way to a new source.
const PROBES: usize = 8;

/// All sources but our own, valid or not, and the counts of the valid ones.
#[derive(Debug, Clone)]
pub(super) struct SourceTable {
    slots: Vec<Option<Source>>,
    /// Slots that are empty.
    free: Vec<u32>,
    by_ssrc: HashMap<u32, u32, Keyed>,
    /// SSRC and slot of the packet before: most packets come in a row.
    recent: (u32, u32),
    limit: usize,
    /// Where the search for an entry to give way goes on.
    hand: usize,
    members: usize,
    senders: usize,
}

impl SourceTable {
    pub(super) fn new(limit: usize, random: &mut Random) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_ssrc: HashMap::with_hasher(Keyed {
                key: random.next_u64(),
                factor: random.next_u64() | 1,
            }),
            recent: (0, u32::MAX),
            limit: limit.min(u32::MAX as usize - 1),
            hand: 0,
            members: 0,
            senders: 0,
        }
    }

    /// How many sources are valid.
    pub(super) const fn members(&self) -> usize {
        self.members
    }

    /// How many of them send.
    pub(super) const fn senders(&self) -> usize {
        self.senders
    }

    /// Where the source is.
    #[inline]
    pub(super) fn find(&mut self, ssrc: u32) -> Option<u32> {
        let (recent, slot) = self.recent;
        if recent == ssrc && slot != u32::MAX {
            return Some(slot);
        }
        let slot = *self.by_ssrc.get(&ssrc)?;
        self.recent = (ssrc, slot);
        Some(slot)
    }

    pub(super) fn get(&self, ssrc: u32) -> Option<&Source> {
        self.slot(*self.by_ssrc.get(&ssrc)?)
    }

    #[inline]
    pub(super) fn slot(&self, slot: u32) -> Option<&Source> {
        self.slots.get(slot as usize)?.as_ref()
    }

    #[inline]
    pub(super) fn slot_mut(&mut self, slot: u32) -> Option<&mut Source> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Where the source is, which is entered if it is new. `None` when the table is full of
    /// members.
    #[inline]
    pub(super) fn find_or_insert(&mut self, ssrc: u32) -> Option<u32> {
        match self.find(ssrc) {
            Some(slot) => Some(slot),
            None => self.insert(ssrc),
        }
    }

    #[cold]
    fn insert(&mut self, ssrc: u32) -> Option<u32> {
        if self.by_ssrc.len() >= self.limit {
            let slot = self.replaceable()?;
            self.remove(slot);
        }
        let source = Some(Source::new(ssrc));
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.slots.get_mut(slot as usize)? = source;
                slot
            }
            None => {
                self.slots.push(source);
                (self.slots.len() - 1) as u32
            }
        };
        self.by_ssrc.insert(ssrc, slot);
        Some(slot)
    }

    /// An entry that is no member. Only a few are looked at, further on each time, so that a
    /// flood costs little and cannot push out what has just come.
    fn replaceable(&mut self) -> Option<u32> {
        for _ in 0..PROBES.min(self.slots.len()) {
            let slot = self.hand;
            self.hand = (self.hand + 1) % self.slots.len();
            let source = self.slots.get(slot)?.as_ref();
            if source.is_some_and(|source| source.state != MemberState::Member) {
                return Some(slot as u32);
            }
        }
        None
    }

    /// Moves a source on, and removes it if that is what the event means.
    pub(super) fn apply(&mut self, slot: u32, event: MemberEvent) {
        let Some(source) = self.slot_mut(slot) else {
            return;
        };
        let before = source.state;
        let after = source.state.after(event);
        if let Some(state) = after {
            source.state = state;
        }
        let stays = after == Some(MemberState::Member);
        let stopped = !stays && core::mem::take(&mut source.sender);
        self.senders -= usize::from(stopped);
        self.members -= usize::from(before == MemberState::Member);
        self.members += usize::from(stays);
        if after.is_none() {
            self.remove(slot);
        }
    }

    /// Marks a member as sending or not.
    pub(super) fn set_sender(&mut self, slot: u32, sender: bool) {
        let Some(source) = self.slot_mut(slot) else {
            return;
        };
        if source.state == MemberState::Member && source.sender != sender {
            source.sender = sender;
            match sender {
                true => self.senders += 1,
                false => self.senders -= 1,
            }
        }
    }

    fn remove(&mut self, slot: u32) {
        let source = self.slots.get_mut(slot as usize).and_then(Option::take);
        if let Some(source) = source {
            self.by_ssrc.remove(&source.ssrc);
            self.free.push(slot);
            self.recent = (0, u32::MAX);
        }
    }

    /// How many slots there are, empty ones among them.
    pub(super) fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.slots.iter().flatten()
    }
}

/// Hashes an SSRC with a secret, so that nobody can choose many that fall together.
#[derive(Clone)]
struct Keyed {
    key: u64,
    factor: u64,
}

impl BuildHasher for Keyed {
    type Hasher = KeyedHasher;

    #[inline]
    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher {
            state: self.key,
            factor: self.factor,
        }
    }
}

/// A multiplication whose both halves count.
struct KeyedHasher {
    state: u64,
    factor: u64,
}

impl Hasher for KeyedHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }

    #[inline]
    fn write_u32(&mut self, ssrc: u32) {
        let product = u128::from(self.state ^ u64::from(ssrc)) * u128::from(self.factor);
        self.state = (product >> 64) as u64 ^ product as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(limit: usize) -> SourceTable {
        SourceTable::new(limit, &mut Random::new([5; 32]))
    }

    #[test]
    fn a_flood_of_unconfirmed_sources_replaces_its_own_and_no_member() {
        let mut table = table(100);
        for ssrc in 0..50 {
            let slot = table.find_or_insert(ssrc).unwrap();
            table.apply(slot, MemberEvent::Confirmed);
        }
        for ssrc in 1000..101_000 {
            table.find_or_insert(ssrc);
        }
        assert_eq!(
            (table.slots(), table.by_ssrc.len(), table.members()),
            (100, 100, 50)
        );
        assert!((0..50).all(|ssrc| table.get(ssrc).is_some()));
    }

    #[test]
    fn a_table_full_of_members_refuses() {
        let mut table = table(10);
        for ssrc in 0..10 {
            let slot = table.find_or_insert(ssrc).unwrap();
            table.apply(slot, MemberEvent::Confirmed);
        }
        assert_eq!(table.find_or_insert(10), None);
        table.apply(3, MemberEvent::Goodbye);
        // Within two searches, for each looks at a few entries only.
        assert!(table.find_or_insert(10).is_some() || table.find_or_insert(10).is_some());
        assert_eq!(table.members(), 9);
    }

    proptest! {
        #[test]
        fn the_counts_are_those_of_the_entries(
            steps in prop::collection::vec((0u32..12, 0usize..6), 0..200),
        ) {
            let mut table = table(8);
            for (ssrc, action) in steps {
                let Some(slot) = table.find_or_insert(ssrc) else { continue };
                match action {
                    0 => table.apply(slot, MemberEvent::Confirmed),
                    1 => table.apply(slot, MemberEvent::Goodbye),
                    2 => table.apply(slot, MemberEvent::Silence),
                    3 => table.apply(slot, MemberEvent::DelayOver),
                    action => table.set_sender(slot, action == 4),
                }
                let members = table.iter().filter(|s| s.state == MemberState::Member).count();
                let senders = table.iter().filter(|s| s.sender).count();
                prop_assert_eq!((table.members(), table.senders()), (members, senders));
                prop_assert_eq!(table.by_ssrc.len(), table.iter().count());
                prop_assert!(table.slots() <= 8);
            }
        }
    }
}
