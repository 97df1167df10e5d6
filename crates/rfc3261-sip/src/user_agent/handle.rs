//! The names by which the things of a user agent are known, and where they are kept.

use alloc::vec::Vec;
use core::marker::PhantomData;

/// A name: which slot, and which of those that have been in it.
pub(super) trait Handle: Copy {
    fn new(slot: u32, generation: u32) -> Self;
    fn slot(self) -> u32;
    fn generation(self) -> u32;
}

macro_rules! handles {
    ($($(#[$doc:meta])* $visibility:vis $name:ident;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $visibility struct $name {
            slot: u32,
            generation: u32,
        }

        impl Handle for $name {
            fn new(slot: u32, generation: u32) -> Self {
                Self { slot, generation }
            }

            fn slot(self) -> u32 {
                self.slot
            }

            fn generation(self) -> u32 {
                self.generation
            }
        })*
    };
}

handles! {
    /// The name of a call: unique among all that its user agent ever has.
    pub CallId;
    /// The name of a registration: unique among all that its user agent ever has.
    pub RegistrationId;
    /// The name of a subscription: unique among all that its user agent ever has.
    pub SubscriptionId;
    /// The name of a publication: unique among all that its user agent ever has.
    pub PublicationId;
    /// The name of a request of this side, through all its repetitions with credentials or to
    /// other servers: unique among all that its user agent ever has.
    pub RequestId;
    /// The name of a dialog within its user agent.
    pub(super) DialogKey;
}

/// Things that are found by their names in constant time. A name finds nothing once its thing is
/// gone.
#[derive(Debug)]
pub(super) struct Slab<I, T> {
    slots: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
    name: PhantomData<I>,
}

impl<I: Handle, T> Slab<I, T> {
    pub(super) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            name: PhantomData,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn insert(&mut self, value: T) -> I {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            u32::try_from(self.slots.len() - 1).expect("memory ends before 2^32 things")
        });
        let mut generation = 0;
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            generation = entry.0;
            entry.1 = Some(value);
        }
        I::new(slot, generation)
    }

    pub(super) fn get(&self, id: I) -> Option<&T> {
        let (generation, value) = self.slots.get(id.slot() as usize)?;
        value.as_ref().filter(|_| *generation == id.generation())
    }

    pub(super) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        let (generation, value) = self.slots.get_mut(id.slot() as usize)?;
        value.as_mut().filter(|_| *generation == id.generation())
    }

    pub(super) fn remove(&mut self, id: I) -> Option<T> {
        let (generation, value) = self.slots.get_mut(id.slot() as usize)?;
        if *generation != id.generation() {
            return None;
        }
        let value = value.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(id.slot());
        Some(value)
    }

    /// The name of what is in a slot.
    pub(super) fn id_at(&self, slot: u32) -> Option<I> {
        let (generation, value) = self.slots.get(slot as usize)?;
        value.is_some().then(|| I::new(slot, *generation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_find_what_comes_later_into_the_same_slot() {
        let mut slab = Slab::<CallId, &str>::new();
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!((first.slot(), slab.len()), (second.slot(), 1));
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get(second), Some(&"second"));
        assert_eq!(slab.id_at(second.slot()), Some(second));
    }
}
