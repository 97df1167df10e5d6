//! The events a receiver supports, the `fmtp` list (RFC 4733 §2.4, §7.1.1; RFC 2833 §3.9).

use core::fmt;
use core::str::FromStr;

use crate::{Event, ParseError, grammar};

/// A set of events, written like `0-15,66,70`.
///
/// The default is what the absence of a list means: the sixteen DTMF events.
///
/// ```
/// use rfc2833_dtmf::{Event, EventSet};
///
/// let set: EventSet = "70,66,0-11,12-15".parse()?;
/// assert!(set.contains(Event::DIAL_TONE) && !set.contains(Event::FLASH));
/// assert_eq!(set.to_string(), "0-15,66,70");
/// # Ok::<(), rfc2833_dtmf::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventSet {
    /// Bit `code % 128` of word `code / 128`.
    words: [u128; 2],
}

impl EventSet {
    /// No event at all.
    pub const EMPTY: Self = Self { words: [0, 0] };

    /// The DTMF events 0 to 15.
    pub const DTMF: Self = Self { words: [0xffff, 0] };

    /// Reads a list of events, the value of `a=fmtp` after the payload type.
    ///
    /// # Errors
    ///
    /// If the list is empty, has white space, a number above 255, or a range that does not ascend.
    pub fn parse(list: &str) -> Result<Self, ParseError> {
        grammar::event_list(list)
    }

    /// Adds an event.
    pub const fn insert(&mut self, event: Event) {
        let code = event.code();
        self.words[(code >> 7) as usize] |= 1 << (code & 0x7f);
    }

    /// Whether an event is in the set.
    pub const fn contains(&self, event: Event) -> bool {
        let code = event.code();
        self.words[(code >> 7) as usize] >> (code & 0x7f) & 1 == 1
    }

    /// Whether there is no event in the set.
    pub const fn is_empty(&self) -> bool {
        self.words[0] | self.words[1] == 0
    }

    /// The events that are in both sets, as for an answer.
    #[must_use]
    pub const fn intersection(&self, other: &Self) -> Self {
        Self {
            words: [
                self.words[0] & other.words[0],
                self.words[1] & other.words[1],
            ],
        }
    }

    /// The events in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        (0..=u8::MAX)
            .map(Event::new)
            .filter(|event| self.contains(*event))
    }
}

impl Default for EventSet {
    fn default() -> Self {
        Self::DTMF
    }
}

impl FromIterator<Event> for EventSet {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut set = Self::EMPTY;
        events.into_iter().for_each(|event| set.insert(event));
        set
    }
}

impl FromStr for EventSet {
    type Err = ParseError;

    fn from_str(list: &str) -> Result<Self, ParseError> {
        Self::parse(list)
    }
}

/// The list in ascending order, neighbours joined to ranges.
impl fmt::Display for EventSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut codes = self.iter().map(Event::code).peekable();
        let mut separator = "";
        while let Some(first) = codes.next() {
            let mut last = first;
            while let Some(code) = codes.next_if(|code| *code == last.wrapping_add(1)) {
                last = code;
            }
            write!(f, "{separator}{first}")?;
            if last != first {
                write!(f, "-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn error(list: &str) -> (ErrorKind, usize) {
        let error = EventSet::parse(list).unwrap_err();
        (error.kind(), error.offset())
    }

    #[test]
    fn rfc_example_is_read_and_written() {
        let set = EventSet::parse("0-15,66,70").unwrap();
        assert_eq!(set.iter().count(), 18);
        assert_eq!(set.to_string(), "0-15,66,70");
        assert_eq!(EventSet::parse("32-49,52-60").unwrap().iter().count(), 27);
    }

    #[test]
    fn no_list_means_the_dtmf_events() {
        assert_eq!(EventSet::default(), EventSet::parse("0-15").unwrap());
        assert!(!EventSet::default().contains(Event::FLASH));
    }

    #[test]
    fn whole_registry_is_one_range() {
        let all = EventSet::parse("0-255").unwrap();
        assert!(all.contains(Event::new(255)));
        assert_eq!(all.to_string(), "0-255");
        assert_eq!(all.intersection(&EventSet::DTMF), EventSet::DTMF);
    }

    #[test]
    fn malformed_lists_are_refused_where_they_break() {
        assert_eq!(error(""), (ErrorKind::EventList, 0));
        assert_eq!(error("0-15,"), (ErrorKind::EventList, 5));
        assert_eq!(error("0-15, 66"), (ErrorKind::EventList, 5));
        assert_eq!(error("0 -15"), (ErrorKind::EventList, 1));
        assert_eq!(error("0-"), (ErrorKind::EventList, 2));
        assert_eq!(error("0-15;x"), (ErrorKind::EventList, 4));
        assert_eq!(error("256"), (ErrorKind::EventCode, 0));
        assert_eq!(error("3,0-99999999999999999999"), (ErrorKind::EventCode, 4));
        assert_eq!(error("15-0"), (ErrorKind::EventRange, 0));
        assert_eq!(error("7,5-5"), (ErrorKind::EventRange, 2));
    }

    #[test]
    fn errors_say_what_where_and_which_rule() {
        assert_eq!(
            EventSet::parse("0-15,300").unwrap_err().to_string(),
            "invalid event code at byte 5: expected 0 to 255 (RFC 4733 §2.4)"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(list in "[0-9,\\- ]{0,40}|.{0,40}") {
            if let Ok(set) = EventSet::parse(&list) {
                prop_assert_eq!(EventSet::parse(&set.to_string()), Ok(set));
            }
        }

        #[test]
        fn every_set_is_written_and_read(codes in prop::collection::vec(any::<u8>(), 1..64)) {
            let set: EventSet = codes.into_iter().map(Event::new).collect();
            prop_assert_eq!(EventSet::parse(&set.to_string()), Ok(set));
        }
    }
}
