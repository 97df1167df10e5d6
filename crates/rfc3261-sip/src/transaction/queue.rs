//! The deadlines of many things, the next one first.

use alloc::vec::Vec;
use std::time::Instant;

/// A heap of deadlines with at most one for each slot, which can be moved: nothing stale is left
/// in it. Deadlines that are equal come in the order of their slots.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    heap: Vec<(Instant, u32)>,
    /// Where each slot stands in the heap.
    places: Vec<Option<u32>>,
}

impl Queue {
    /// The next deadline and whose it is.
    pub(crate) fn next(&self) -> Option<(Instant, u32)> {
        self.heap.first().copied()
    }

    /// Sets, moves or takes away the deadline of a slot.
    pub(crate) fn set(&mut self, slot: u32, deadline: Option<Instant>) {
        match (self.place(slot), deadline) {
            (None, None) => {}
            (None, Some(deadline)) => {
                self.heap.push((deadline, slot));
                self.settle(self.heap.len() - 1);
            }
            (Some(place), Some(deadline)) => {
                if let Some(entry) = self.heap.get_mut(place) {
                    *entry = (deadline, slot);
                }
                self.settle(place);
            }
            (Some(place), None) => {
                self.heap.swap_remove(place);
                if let Some(entry) = self.places.get_mut(slot as usize) {
                    *entry = None;
                }
                if place < self.heap.len() {
                    self.settle(place);
                }
            }
        }
    }

    fn place(&self, slot: u32) -> Option<usize> {
        Some((*self.places.get(slot as usize)?)? as usize)
    }

    /// Moves the entry at this place to where it belongs.
    fn settle(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap.get(parent) <= self.heap.get(place) {
                break;
            }
            self.heap.swap(parent, place);
            self.note(place);
            place = parent;
        }
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let Some(mut least) = self.heap.get(left) else {
                break;
            };
            let mut child = left;
            if let Some(other) = self.heap.get(right).filter(|other| *other < least) {
                (least, child) = (other, right);
            }
            if self.heap.get(place).is_some_and(|entry| entry <= least) {
                break;
            }
            self.heap.swap(place, child);
            self.note(place);
            place = child;
        }
        self.note(place);
    }

    /// Writes down where the entry at this place is.
    fn note(&mut self, place: usize) {
        let Some(&(_, slot)) = self.heap.get(place) else {
            return;
        };
        let slot = slot as usize;
        if slot >= self.places.len() {
            self.places.resize(slot + 1, None);
        }
        if let Some(entry) = self.places.get_mut(slot) {
            // There are no more entries than slots, and those are counted with 32 bits.
            *entry = u32::try_from(place).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_sorted_list_of_what_was_set_last(
            changes in proptest::collection::vec((0u32..20, proptest::option::of(0u64..50)), 0..200)
        ) {
            let start = Instant::now();
            let mut queue = Queue::default();
            let mut model = alloc::collections::BTreeMap::new();
            for (slot, deadline) in changes {
                let deadline = deadline.map(|ms| start + Duration::from_millis(ms));
                queue.set(slot, deadline);
                match deadline {
                    Some(deadline) => model.insert(slot, deadline),
                    None => model.remove(&slot),
                };
                let least = model.iter().map(|(&slot, &at)| (at, slot)).min();
                prop_assert_eq!(queue.next(), least);
            }
            while let Some((at, slot)) = queue.next() {
                prop_assert_eq!(model.iter().map(|(&slot, &at)| (at, slot)).min(), Some((at, slot)));
                queue.set(slot, None);
                model.remove(&slot);
            }
            prop_assert!(model.is_empty());
        }
    }
}
