//! tel URIs as SIP URIs and back (RFC 3261 §19.1.6).

use alloc::string::String;
use alloc::vec::Vec;

use super::TelUri;
use super::defects::{Rank, order, rank};
use crate::chars::{self, is};
use crate::{ParseError, SipUri, SipUriBuilder, percent};

impl<S: AsRef<str>> TelUri<S> {
    /// Begins the SIP URI of this number at a gateway: the whole telephone-subscriber as the user,
    /// in lower case and with its parameters in order, and `user=phone`.
    ///
    /// ```
    /// use rfc2396_uri::TelUri;
    ///
    /// let tel = TelUri::parse("tel:+358-555-1234567;POSTD=PP22")?;
    /// let sip = tel.to_sip("foo.com").build()?;
    /// assert_eq!(sip.as_str(), "sip:+358-555-1234567;postd=pp22@foo.com;user=phone");
    /// # Ok::<(), rfc2396_uri::ParseError>(())
    /// ```
    pub fn to_sip(&self, host: &str) -> SipUriBuilder {
        let uri = self.view();
        let mut parameters: Vec<_> = uri.parameters().collect();
        parameters.sort_by(|a, b| {
            let first = position(a.name()).cmp(&position(b.name()));
            first.then_with(|| order(a.name(), b.name()))
        });
        let mut user = String::with_capacity(uri.subscriber().len());
        push_user(&mut user, uri.number());
        for parameter in parameters {
            user.push(';');
            push_user(&mut user, parameter.as_str());
        }
        SipUri::builder(host)
            .escaped_user(user)
            .parameter("user", Some("phone"))
    }
}

impl<S: AsRef<str>> SipUri<S> {
    /// The telephone number in the user part as a tel URI.
    ///
    /// Escapes are undone where a tel URI needs none, since a user must escape what a tel URI need
    /// not (`:`, `[`, `#`).
    ///
    /// Whether the user part is a number and not a name is for the caller to know: from
    /// [`user_kind`](Self::user_kind), or because all users here are numbers.
    ///
    /// # Errors
    ///
    /// No user part, or one that is no telephone-subscriber.
    pub fn to_tel(&self) -> Result<TelUri<String>, ParseError> {
        let uri = self.view();
        let user = uri.user().unwrap_or_default();
        let mut text = Vec::with_capacity(user.len().saturating_add(4));
        text.extend_from_slice(b"tel:");
        let mut class = chars::PHONE_DIGIT_HEX;
        for unit in percent::units(user) {
            if !unit.escaped && unit.byte == b';' {
                class = chars::PARAM;
            }
            if unit.escaped && !is(unit.byte, class) {
                text.extend_from_slice(&percent::escape(unit.byte));
            } else {
                text.push(unit.byte);
            }
        }
        TelUri::parse(String::from_utf8_lossy(&text).into_owned())
    }
}

/// `isub` and `postd` come first (RFC 3261 §19.1.6), then what RFC 3966 §3 puts first.
fn position(name: &str) -> u8 {
    if rank(name) == Rank::Subaddress {
        0
    } else if name.eq_ignore_ascii_case("postd") {
        1
    } else {
        2
    }
}

/// Appends a part of a telephone-subscriber in lower case, with what a user cannot hold escaped.
fn push_user(user: &mut String, part: &str) {
    for c in part.chars().map(|c| c.to_ascii_lowercase()) {
        match u8::try_from(c) {
            Ok(byte) if c != '%' && !is(byte, chars::USER) => {
                user.extend(percent::escape(byte).map(char::from));
            }
            _ => user.push(c),
        }
    }
}
