//! Methods (RFC 3261 §7.1 and the RFCs that add to it).

use core::fmt;

/// A method: case-sensitive, and open to methods nobody has heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Method<'a>(&'a str);

impl Method<'static> {
    /// RFC 3261 §17.1.1.3
    pub const ACK: Self = Method("ACK");
    /// RFC 3261 §15
    pub const BYE: Self = Method("BYE");
    /// RFC 3261 §9
    pub const CANCEL: Self = Method("CANCEL");
    /// RFC 6086
    pub const INFO: Self = Method("INFO");
    /// RFC 3261 §13
    pub const INVITE: Self = Method("INVITE");
    /// RFC 3428
    pub const MESSAGE: Self = Method("MESSAGE");
    /// RFC 6665
    pub const NOTIFY: Self = Method("NOTIFY");
    /// RFC 3261 §11
    pub const OPTIONS: Self = Method("OPTIONS");
    /// RFC 3262
    pub const PRACK: Self = Method("PRACK");
    /// RFC 3903
    pub const PUBLISH: Self = Method("PUBLISH");
    /// RFC 3515
    pub const REFER: Self = Method("REFER");
    /// RFC 3261 §10
    pub const REGISTER: Self = Method("REGISTER");
    /// RFC 6665
    pub const SUBSCRIBE: Self = Method("SUBSCRIBE");
    /// RFC 3311
    pub const UPDATE: Self = Method("UPDATE");
}

impl<'a> Method<'a> {
    /// The method of this name; `None` unless it is a token.
    #[must_use]
    pub fn new(name: &'a str) -> Option<Self> {
        crate::grammar::is_token(name.as_bytes()).then_some(Self(name))
    }

    /// The name, as written.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// A method whose name is known to be a token, or was let through as it stands.
    pub(crate) const fn unchecked(name: &'a str) -> Self {
        Self(name)
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_case_sensitive_tokens() {
        assert_eq!(Method::new("INVITE"), Some(Method::INVITE));
        assert_ne!(Method::new("invite"), Some(Method::INVITE));
        assert!(Method::new("RE%47IST%45R").is_some_and(|m| m != Method::REGISTER));
        assert_eq!(Method::new("IN VITE"), None);
        assert_eq!(Method::new(""), None);
    }
}
