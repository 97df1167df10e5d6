//! Nonce counts that have been used. RFC 2617 §3.2.2, §4.5; RFC 7616 §3.4, §5.5.

use alloc::collections::BTreeMap;
use core::time::Duration;

/// When a nonce was made, and its serial number.
type Id = (Duration, u32);

/// The counts of a bounded number of nonces, by age.
pub(super) struct Windows {
    capacity: usize,
    windows: BTreeMap<Id, Window>,
    /// The youngest nonce that had to be forgotten: what is no younger and not kept may be a
    /// replay.
    forgotten: Option<Id>,
}

impl Windows {
    pub(super) fn new(capacity: usize) -> Windows {
        Windows {
            capacity: capacity.max(1),
            windows: BTreeMap::new(),
            forgotten: None,
        }
    }

    /// Takes a count of a nonce; false if it has been taken, or may have been. Nonces made before
    /// `expired` are no longer kept.
    pub(super) fn take(&mut self, id: Id, count: u32, expired: Duration) -> bool {
        if let Some(window) = self.windows.get_mut(&id) {
            return window.take(count);
        }
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return false;
        }
        while let Some(oldest) = self.windows.first_entry() {
            let old = oldest.key().0 < expired;
            if !old && self.windows.len() < self.capacity {
                break;
            }
            if let Some((id, _)) = self.windows.pop_first() {
                self.forgotten = self.forgotten.max(Some(id));
            }
        }
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return false;
        }
        self.windows.insert(id, Window::starting_with(count));
        true
    }
}

/// The highest count, and which of the 64 up to it have been used.
struct Window {
    highest: u32,
    used: u64,
}

impl Window {
    fn starting_with(count: u32) -> Window {
        Window {
            highest: count,
            used: 1,
        }
    }

    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.used = self.used.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        match 1_u64.checked_shl(self.highest - count) {
            Some(bit) if self.used & bit == 0 => {
                self.used |= bit;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(seconds: u64) -> Id {
        (Duration::from_secs(seconds), 0)
    }

    #[test]
    fn each_count_is_taken_once_in_any_order() {
        let mut window = Window::starting_with(1);
        for (count, taken) in [
            (1, false),
            (3, true),
            (2, true),
            (2, false),
            (66, true),
            (3, false),
            (4, true),
            (2, false),
            (u32::MAX, true),
            (u32::MAX, false),
            (u32::MAX - 63, true),
            (u32::MAX - 64, false),
            (0, false),
        ] {
            assert_eq!(window.take(count), taken, "{count}");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_forgotten_is_not_taken_again() {
        let mut windows = Windows::new(3);
        let never = Duration::ZERO;
        for second in [5, 6, 7, 8] {
            assert!(windows.take(id(second), 1, never));
        }
        assert_eq!(windows.windows.len(), 3);
        assert!(!windows.take(id(5), 2, never), "forgotten");
        assert!(!windows.take(id(4), 1, never), "older than the forgotten");
        assert!(windows.take(id(6), 2, never));
        assert!(!windows.take(id(6), 2, never));
    }

    #[test]
    fn expired_nonces_make_room() {
        let mut windows = Windows::new(100);
        assert!(windows.take(id(1), 1, Duration::ZERO));
        assert!(windows.take(id(2), 1, Duration::ZERO));
        assert!(windows.take(id(9), 1, Duration::from_secs(2)));
        assert_eq!(windows.windows.len(), 2);
    }
}
