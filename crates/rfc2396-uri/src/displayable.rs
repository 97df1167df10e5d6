//! What to show of an address where there is little room.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::{NameAddr, Uri, percent};

/// The longest text that `displayable` gives, in characters.
const LONGEST: usize = 25;

impl<S: AsRef<str>> Uri<S> {
    /// What to show a human of this URI: the user, else the host; the number of a tel URI; all of
    /// any other. At most 25 characters: longer ones end in an ellipsis. Control characters are
    /// shown as U+FFFD.
    pub fn displayable(&self) -> String {
        shorten(&match self.view() {
            Uri::Sip(uri) => percent::decode_lossy(uri.user().unwrap_or(uri.host_str())),
            Uri::Tel(uri) => Cow::Borrowed(uri.number()),
            Uri::Other(uri) => Cow::Borrowed(uri.as_str()),
        })
    }
}

impl<S: AsRef<str>> NameAddr<S> {
    /// What to show a human of this address: the display name unless it is blank, else
    /// [`Uri::displayable`].
    pub fn displayable(&self) -> String {
        let address = self.view();
        match address.display_name() {
            Some(name) if !name.trim().is_empty() => shorten(name.trim()),
            _ => address.uri().displayable(),
        }
    }
}

fn shorten(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    if text.chars().nth(LONGEST).is_none() {
        return text.chars().map(shown).collect();
    }
    text.chars()
        .take(LONGEST - 1)
        .map(shown)
        .chain(['…'])
        .collect()
}
