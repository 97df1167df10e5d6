//! What each transaction is for.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{CallId, RequestId, handle::DialogKey};
use crate::{Message, transaction::TransactionId};

/// What a transaction is for.
#[derive(Debug, Default)]
pub(super) enum Use {
    /// Nothing that matters any more.
    #[default]
    None,
    /// A request of this side.
    Client(RequestId),
    /// The INVITE that a call began with, received.
    Incoming(CallId),
    /// Another request that was received and has no final response yet.
    Pending(Box<Pending>),
}

/// A request that was received and has no final response yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) request: Message,
    pub(super) dialog: Option<DialogKey>,
    /// The call of a re-INVITE or an UPDATE.
    pub(super) session: Option<CallId>,
    /// The tag that the responses have in To.
    pub(super) tag: String,
}

/// The uses of all transactions, by their slots.
#[derive(Debug, Default)]
pub(super) struct Uses {
    slots: Vec<(u32, Use)>,
    pending: usize,
}

impl Uses {
    /// How many requests wait for the user's answer.
    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    pub(super) fn get(&self, id: TransactionId) -> Option<&Use> {
        let (generation, found) = self.slots.get(id.slot as usize)?;
        (*generation == id.generation).then_some(found)
    }

    pub(super) fn set(&mut self, id: TransactionId, new: Use) {
        let slot = id.slot as usize;
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, Default::default);
        }
        self.pending += usize::from(matches!(new, Use::Pending(_)));
        if let Some(entry) = self.slots.get_mut(slot) {
            let (_, old) = core::mem::replace(entry, (id.generation, new));
            self.pending -= usize::from(matches!(old, Use::Pending(_)));
        }
    }

    /// Takes the use of a transaction away.
    pub(super) fn take(&mut self, id: TransactionId) -> Use {
        let Some((generation, found)) = self.slots.get_mut(id.slot as usize) else {
            return Use::None;
        };
        if *generation != id.generation {
            return Use::None;
        }
        let found = core::mem::take(found);
        self.pending -= usize::from(matches!(found, Use::Pending(_)));
        found
    }
}
