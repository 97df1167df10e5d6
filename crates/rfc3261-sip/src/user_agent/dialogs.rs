//! The dialogs of a user agent: found by their identifiers in constant time, each with the way
//! that its requests take.

use alloc::{boxed::Box, vec::Vec};
use core::hash::{BuildHasherDefault, Hash, Hasher};
use std::collections::{HashMap, hash_map::DefaultHasher};

use super::{
    CallId, SubscriptionId,
    handle::{DialogKey, Slab},
};
use crate::{
    dialog::{Dialog, DialogId},
    transaction::Unhashed,
    transport::Flow,
};

/// A dialog and what uses it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) dialog: Dialog,
    /// Where requests went last, or where the request that established the dialog came from.
    pub(super) flow: Flow,
    /// The URI that `flow` is the way to, once that is known.
    pub(super) hop: Option<Box<str>>,
    pub(super) call: Option<CallId>,
    pub(super) subscriptions: Vec<SubscriptionId>,
    hash: u64,
}

/// All dialogs.
#[derive(Debug)]
pub(super) struct Dialogs {
    slab: Slab<DialogKey, Entry>,
    keys: HashMap<u64, DialogKey, BuildHasherDefault<Unhashed>>,
    /// The subscriptions whose dialog is to be made by a NOTIFY.
    expected: HashMap<u64, SubscriptionId, BuildHasherDefault<Unhashed>>,
    seed: u128,
}

impl Dialogs {
    /// No dialogs. The seed makes that nobody can give two of them the same hash.
    pub(super) fn new(seed: u128) -> Self {
        Self {
            slab: Slab::new(),
            keys: HashMap::default(),
            expected: HashMap::default(),
            seed,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn insert(&mut self, dialog: Dialog, flow: Flow, call: Option<CallId>) -> DialogKey {
        let hash = self.hash(dialog.id());
        let key = self.slab.insert(Entry {
            dialog,
            flow,
            hop: None,
            call,
            subscriptions: Vec::new(),
            hash,
        });
        self.keys.insert(hash, key);
        key
    }

    pub(super) fn find(&self, id: &DialogId<'_>) -> Option<DialogKey> {
        let key = *self.keys.get(&self.hash(id))?;
        (self.slab.get(key)?.dialog.id() == id).then_some(key)
    }

    pub(super) fn get(&self, key: DialogKey) -> Option<&Entry> {
        self.slab.get(key)
    }

    pub(super) fn get_mut(&mut self, key: DialogKey) -> Option<&mut Entry> {
        self.slab.get_mut(key)
    }

    pub(super) fn remove(&mut self, key: DialogKey) {
        if let Some(entry) = self.slab.remove(key) {
            if self.keys.get(&entry.hash) == Some(&key) {
                self.keys.remove(&entry.hash);
            }
        }
    }

    /// Lets a NOTIFY with this Call-ID and tag make the dialog of a subscription; where that is
    /// noted.
    pub(super) fn expect(&mut self, half: &DialogId<'_>, subscription: SubscriptionId) -> u64 {
        let hash = self.hash(half);
        self.expected.insert(hash, subscription);
        hash
    }

    pub(super) fn expected(&self, half: &DialogId<'_>) -> Option<SubscriptionId> {
        self.expected.get(&self.hash(half)).copied()
    }

    pub(super) fn expect_no_more(&mut self, noted: Option<u64>) {
        if let Some(hash) = noted {
            self.expected.remove(&hash);
        }
    }

    fn hash(&self, id: &DialogId<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        id.hash(&mut hasher);
        hasher.finish()
    }
}
