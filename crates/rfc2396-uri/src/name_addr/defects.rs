//! What is questionable in an address (RFC 3261 §20, §25.1).

use alloc::vec::Vec;

use super::NameAddr;
use crate::chars::{self, is, is_white};
use crate::defect::{Defect, DefectKind};
use crate::text::slice;

impl<S: AsRef<str>> NameAddr<S> {
    /// What is questionable in this address and in its URI; empty if it is what the RFCs want.
    pub fn defects(&self) -> Vec<Defect> {
        let address = self.view();
        let text = address.as_str();
        let (uri_start, uri_end) = (
            address.index.uri_start as usize,
            address.index.uri_end as usize,
        );
        let mut defects: Vec<_> = address
            .uri()
            .defects()
            .iter()
            .map(|defect| defect.shifted(uri_start))
            .collect();
        let name_start = address.index.name_start as usize;
        let name_end = address.index.name_end as usize;
        if !is_display_name(slice(text, name_start, name_end)) {
            defects.push(Defect::new(DefectKind::DisplayName, name_start..name_end));
        }
        if address.has_brackets() {
            let around = |at: usize| text.as_bytes().get(at).is_some_and(|b| is_white(*b));
            if around(uri_end) || uri_start.checked_sub(1).is_some_and(around) {
                defects.push(Defect::new(DefectKind::WhiteSpace, uri_start..uri_end));
            }
        } else if slice(text, uri_start, uri_end).contains(',') {
            defects.push(Defect::new(DefectKind::MissingBrackets, uri_start..uri_end));
        }
        defects
    }
}

/// `display-name` (RFC 3261 §25.1), or nothing.
fn is_display_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let Some((b'"', quoted)) = bytes.split_first() else {
        return bytes.iter().all(|b| is(*b, chars::TOKEN) || is_white(*b));
    };
    let Some((b'"', mut inner)) = quoted.split_last() else {
        return false;
    };
    loop {
        inner = match inner {
            [] => return true,
            [b'\\', b'\r' | b'\n' | 0x80.., ..] | [b'\\'] | [b'"', ..] => return false,
            [b'\\', _, rest @ ..] => rest,
            [b, ..] if b.is_ascii_control() && !is_white(*b) => return false,
            [_, rest @ ..] => rest,
        }
    }
}
