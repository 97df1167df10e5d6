//! The calls and subscriptions that were let through: what belongs to them needs no credentials.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The most that are kept at a time.
const MOST: usize = 200_000;

/// How long one may ring, and how long a call may be silent.
const RINGING: Duration = Duration::from_secs(300);
const STANDING: Duration = Duration::from_secs(12 * 3600);

/// How long after its end something may still come.
const LINGERING: Duration = Duration::from_secs(32);

/// Calls and subscriptions by their Call-ID.
#[derive(Debug, Default)]
pub(super) struct Calls {
    known: HashMap<String, Call>,
    standing: usize,
}

#[derive(Debug)]
struct Call {
    is_call: bool,
    answered: Option<Instant>,
    until: Instant,
}

impl Calls {
    /// One begins; `false` if there are too many.
    pub(super) fn begin(&mut self, now: Instant, call_id: &str, is_call: bool) -> bool {
        if self.known.len() >= MOST && !self.known.contains_key(call_id) {
            self.sweep(now);
            if self.known.len() >= MOST {
                return false;
            }
        }
        let until = now + if is_call { RINGING } else { STANDING };
        self.known.entry(call_id.to_owned()).or_insert(Call {
            is_call,
            answered: None,
            until,
        });
        true
    }

    /// Whether this one was let through. That something belongs to it keeps it.
    pub(super) fn know(&mut self, now: Instant, call_id: &str) -> bool {
        match self.known.get_mut(call_id) {
            Some(call) if call.until > now => {
                if call.answered.is_some() {
                    call.until = now + STANDING;
                }
                true
            }
            _ => false,
        }
    }

    /// A call is answered; whether that is news.
    pub(super) fn answer(&mut self, now: Instant, call_id: &str) -> bool {
        match self.known.get_mut(call_id) {
            Some(call) if call.is_call && call.answered.is_none() => {
                call.answered = Some(now);
                call.until = now + STANDING;
                self.standing += 1;
                true
            }
            _ => false,
        }
    }

    /// A call is not answered; whether it was known and is gone.
    pub(super) fn fail(&mut self, call_id: &str) -> bool {
        let rings = |call: &Call| call.is_call && call.answered.is_none();
        let found = self.known.get(call_id).is_some_and(rings);
        if found {
            self.known.remove(call_id);
        }
        found
    }

    /// A call is over; how long it stood.
    pub(super) fn end(&mut self, now: Instant, call_id: &str) -> Option<Duration> {
        let call = self.known.get_mut(call_id)?;
        let answered = call.answered.take()?;
        call.is_call = false;
        call.until = now + LINGERING;
        self.standing -= 1;
        Some(now.duration_since(answered))
    }

    /// How many calls stand.
    pub(super) fn standing(&self) -> usize {
        self.standing
    }

    /// How many there are in all.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets those that are over.
    pub(super) fn sweep(&mut self, now: Instant) {
        self.known.retain(|_, call| call.until > now);
        let stands = |call: &&Call| call.answered.is_some();
        self.standing = self.known.values().filter(stands).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_from_its_beginning_until_a_while_after_its_end() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut calls = Calls::default();
        assert!(!calls.know(start, "1"));
        assert!(calls.begin(start, "1", true) && calls.know(start, "1"));
        assert!(calls.answer(after(9), "1") && !calls.answer(after(9), "1"));
        assert_eq!(calls.standing(), 1);
        assert!(calls.know(after(10 * 3600), "1") && calls.know(after(20 * 3600), "1"));
        assert_eq!(
            calls.end(after(20 * 3600), "1"),
            Some(Duration::from_secs(20 * 3600 - 9))
        );
        assert_eq!(calls.end(after(20 * 3600), "1"), None);
        assert!(calls.know(after(20 * 3600 + 31), "1") && !calls.know(after(20 * 3600 + 32), "1"));
        calls.sweep(after(20 * 3600 + 32));
        assert_eq!((calls.len(), calls.standing()), (0, 0));
    }

    #[test]
    fn a_call_that_fails_is_forgotten_but_not_one_that_stands() {
        let now = Instant::now();
        let mut calls = Calls::default();
        assert!(calls.begin(now, "1", true) && calls.fail("1") && !calls.know(now, "1"));
        assert!(calls.begin(now, "2", true) && calls.answer(now, "2"));
        assert!(!calls.fail("2"), "a re-INVITE was refused");
        assert_eq!(calls.standing(), 1);
    }

    #[test]
    fn there_are_only_so_many() {
        let now = Instant::now();
        let mut calls = Calls::default();
        for number in 0..MOST {
            assert!(calls.begin(now, &number.to_string(), true));
        }
        assert!(!calls.begin(now, "more", true));
        assert!(calls.begin(now, "0", true), "the same again");
        assert!(calls.begin(now + RINGING, "more", true));
        assert_eq!(calls.len(), 1);
    }
}
