//! Syntax-based normalisation (RFC 3986 §6.2.2).

use alloc::string::String;

use super::UriReference;
use super::resolve::{Parts, remove_dot_segments};
use crate::chars::{self, is};
use crate::percent;

impl<S: AsRef<str>> UriReference<S> {
    /// The same reference in the form to compare: scheme and host in lower case, escapes in upper
    /// case, unreserved characters unescaped, and no dot segments if there is a scheme.
    pub fn normalize(&self) -> UriReference<String> {
        let uri = self.view();
        let scheme = uri.scheme().map(str::to_ascii_lowercase);
        let authority = uri.authority().map(|_| {
            let mut text = String::new();
            if let Some(userinfo) = uri.userinfo() {
                text.push_str(&escapes(userinfo, as_is));
                text.push('@');
            }
            text.push_str(&escapes(
                uri.host_str().unwrap_or_default(),
                u8::to_ascii_lowercase,
            ));
            if let Some(port) = uri.port_str() {
                text.push(':');
                text.push_str(port);
            }
            text
        });
        let mut path = escapes(uri.path(), as_is);
        if scheme.is_some() {
            path = remove_dot_segments(&path);
        }
        let parts = Parts {
            scheme: scheme.as_deref(),
            authority: authority.as_deref(),
            path: &path,
            query: uri.query().map(|part| escapes(part, as_is)).as_deref(),
            fragment: uri.fragment().map(|part| escapes(part, as_is)).as_deref(),
        }
        .recompose();
        UriReference::parse(parts).expect("normalised components of a URI make a URI")
    }
}

/// Escapes in upper case, none for unreserved characters; all others by `letter`.
fn escapes(text: &str, letter: fn(&u8) -> u8) -> String {
    let mut normal = String::with_capacity(text.len());
    for unit in percent::units(text) {
        if unit.escaped && !is(unit.byte, chars::UNRESERVED) {
            normal.extend(percent::escape(unit.byte).map(char::from));
        } else {
            normal.push(char::from(letter(&unit.byte)));
        }
    }
    normal
}

fn as_is(byte: &u8) -> u8 {
    *byte
}
