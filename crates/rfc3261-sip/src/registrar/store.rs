//! Where bindings are kept: whatever fits the trait, memory for one.

use alloc::{sync::Arc, vec::Vec};
use core::{
    fmt,
    hash::{BuildHasher, Hasher},
};
use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    time::Instant,
};

use rfc2396_uri::RegistrarKey;

use super::Binding;
use crate::transaction::queue::Queue;

/// Keeps the bindings of addresses-of-record.
pub trait Store {
    /// All bindings of an address-of-record, in the order in which they were made.
    fn bindings(&self, address: &RegistrarKey) -> &[Binding];

    /// Puts these in the place of all bindings of an address-of-record, or leaves all as it is.
    ///
    /// # Errors
    ///
    /// Where they cannot be kept.
    fn replace(&mut self, address: &RegistrarKey, bindings: Vec<Binding>)
    -> Result<(), StoreError>;

    /// Takes away what has expired by `now`.
    fn expire(&mut self, now: Instant) -> Vec<(RegistrarKey, Binding)>;

    /// When the next binding expires.
    fn next_expiry(&self) -> Option<Instant>;
}

/// Bindings could not be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no more room.
    Full,
    /// The store does not work.
    Unavailable,
}

/// Bindings in memory, of a limited number of addresses-of-record.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    max: usize,
    addresses: HashMap<Arc<RegistrarKey>, u32, Keyed>,
    records: Vec<Option<Record>>,
    free: Vec<u32>,
    expiries: Queue,
}

#[derive(Debug, Clone)]
struct Record {
    address: Arc<RegistrarKey>,
    bindings: Vec<Binding>,
}

impl MemoryStore {
    /// An empty store for as many addresses-of-record. The seed must be unpredictable, so that
    /// nobody can make addresses that are slow to find.
    #[must_use]
    pub fn new(max: usize, seed: [u8; 16]) -> Self {
        Self {
            max,
            addresses: HashMap::with_hasher(Keyed(seed)),
            records: Vec::new(),
            free: Vec::new(),
            expiries: Queue::default(),
        }
    }

    /// How many addresses-of-record have bindings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether there is no binding.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    fn record(&self, slot: u32) -> Option<&Record> {
        self.records.get(slot as usize)?.as_ref()
    }

    /// Puts bindings into a slot; without any, the slot is free again.
    fn put(&mut self, slot: u32, bindings: Vec<Binding>) {
        let next = bindings.iter().map(|binding| binding.expires_at).min();
        self.expiries.set(slot, next);
        let Some(place) = self.records.get_mut(slot as usize) else {
            return;
        };
        if next.is_some() {
            if let Some(record) = place {
                record.bindings = bindings;
            }
        } else if let Some(record) = place.take() {
            self.addresses.remove(&record.address);
            self.free.push(slot);
        }
    }

    fn insert(&mut self, address: &RegistrarKey) -> Result<u32, StoreError> {
        if self.addresses.len() >= self.max {
            return Err(StoreError::Full);
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.records.len()).map_err(|_| StoreError::Full)?;
                self.records.push(None);
                slot
            }
        };
        let address = Arc::new(address.clone());
        self.addresses.insert(Arc::clone(&address), slot);
        if let Some(place) = self.records.get_mut(slot as usize) {
            *place = Some(Record {
                address,
                bindings: Vec::new(),
            });
        }
        Ok(slot)
    }
}

impl Store for MemoryStore {
    fn bindings(&self, address: &RegistrarKey) -> &[Binding] {
        let slot = self.addresses.get(address);
        let record = slot.and_then(|slot| self.record(*slot));
        record.map_or(&[], |record| &record.bindings)
    }

    fn replace(
        &mut self,
        address: &RegistrarKey,
        bindings: Vec<Binding>,
    ) -> Result<(), StoreError> {
        let slot = match self.addresses.get(address) {
            Some(slot) => *slot,
            None if bindings.is_empty() => return Ok(()),
            None => self.insert(address)?,
        };
        self.put(slot, bindings);
        Ok(())
    }

    fn expire(&mut self, now: Instant) -> Vec<(RegistrarKey, Binding)> {
        let mut expired = Vec::new();
        while let Some((_, slot)) = self.expiries.next().filter(|(due, _)| *due <= now) {
            let Some(Some(record)) = self.records.get_mut(slot as usize) else {
                break;
            };
            let address = RegistrarKey::clone(&record.address);
            let bindings = core::mem::take(&mut record.bindings);
            let (kept, gone): (Vec<_>, Vec<_>) = bindings
                .into_iter()
                .partition(|binding| binding.expires_at > now);
            expired.extend(gone.into_iter().map(|binding| (address.clone(), binding)));
            self.put(slot, kept);
        }
        expired
    }

    fn next_expiry(&self) -> Option<Instant> {
        Some(self.expiries.next()?.0)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "there is no room for more bindings",
            Self::Unavailable => "the store of bindings does not work",
        })
    }
}

impl core::error::Error for StoreError {}

/// Hashes with a key, without saying it.
#[derive(Clone)]
struct Keyed([u8; 16]);

impl BuildHasher for Keyed {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.0);
        hasher
    }
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").finish_non_exhaustive()
    }
}
