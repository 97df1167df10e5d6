//! Where an address keeps its characters: borrowed or owned.

use alloc::boxed::Box;
use alloc::string::String;

/// Text that an address can be a view of.
///
/// `'i` is the borrow of the address, `'o` how long the parts it hands out live. An address over
/// `&'a str` hands out `&'a str`, so that parts outlive the view; one over `String` hands out
/// parts that live as long as it is borrowed.
pub trait Text<'i, 'o>: AsRef<str> {
    /// The whole text.
    fn text(&'i self) -> &'o str;
}

impl<'a> Text<'_, 'a> for &'a str {
    fn text(&self) -> &'a str {
        self
    }
}

impl<'i> Text<'i, 'i> for String {
    fn text(&'i self) -> &'i str {
        self
    }
}

impl<'i> Text<'i, 'i> for Box<str> {
    fn text(&'i self) -> &'i str {
        self
    }
}

/// The part of `text` between two offsets that the parser has recorded; empty where they do not
/// fit, which only an `AsRef` that changes its mind can cause.
pub(crate) fn slice(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

/// Where `part`, a slice of `whole`, starts in it.
pub(crate) fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}
