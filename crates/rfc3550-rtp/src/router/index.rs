//! Which sessions share a property.

use alloc::collections::{BTreeMap, BTreeSet};

/// The sessions under each value of a property.
#[derive(Debug, Clone)]
pub(super) struct Index<Q, K>(BTreeMap<Q, BTreeSet<K>>);

impl<Q: Ord, K: Ord + Copy> Index<Q, K> {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn insert(&mut self, value: Q, key: K) {
        self.0.entry(value).or_default().insert(key);
    }

    pub(super) fn remove(&mut self, value: Q, key: K) {
        if let Some(keys) = self.0.get_mut(&value) {
            keys.remove(&key);
            if keys.is_empty() {
                self.0.remove(&value);
            }
        }
    }

    /// All sessions with this value.
    pub(super) fn all(&self, value: &Q) -> impl Iterator<Item = K> + use<'_, Q, K> {
        self.0.get(value).into_iter().flatten().copied()
    }

    /// The session with this value, if there is one and no other.
    pub(super) fn only(&self, value: &Q) -> Option<K> {
        let mut keys = self.all(value);
        let first = keys.next()?;
        keys.next().is_none().then_some(first)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
