//! The parameter `qop`: what the response protects. RFC 2617 §3.2.1; RFC 7616 §3.3.

use core::fmt;

/// A quality of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Qop {
    /// `auth`: method and URI.
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
}

impl Qop {
    /// The quality of this name, in any case; `None` if it is neither.
    pub fn from_name(name: &str) -> Option<Qop> {
        [Qop::Auth, Qop::AuthInt]
            .into_iter()
            .find(|qop| qop.name().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}

impl fmt::Display for Qop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The qualities that a challenge offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QopOptions {
    /// No `qop` at all: the challenge is of RFC 2069, and its response neither counts nor names
    /// a quality.
    Absent,
    /// `auth`.
    Auth,
    /// `auth-int`.
    AuthInt,
    /// Both.
    Both,
}

impl QopOptions {
    /// Whether this quality is offered; `None` is the response of RFC 2069.
    pub fn offers(self, qop: Option<Qop>) -> bool {
        match self {
            QopOptions::Absent => qop.is_none(),
            QopOptions::Auth => qop == Some(Qop::Auth),
            QopOptions::AuthInt => qop == Some(Qop::AuthInt),
            QopOptions::Both => qop.is_some(),
        }
    }

    /// Reads the list. Options that are neither are ignored; an empty list is as none.
    /// `None` if only others are offered.
    pub(crate) fn from_list(list: &str) -> Option<QopOptions> {
        let options = || list.split([',', ' ', '\t']).filter(|name| !name.is_empty());
        let has = |qop| options().any(|name| Qop::from_name(name) == Some(qop));
        match (has(Qop::Auth), has(Qop::AuthInt)) {
            (true, true) => Some(QopOptions::Both),
            (true, false) => Some(QopOptions::Auth),
            (false, true) => Some(QopOptions::AuthInt),
            (false, false) => options().next().is_none().then_some(QopOptions::Absent),
        }
    }

    /// The list as it is written; `None` if the parameter is left out.
    pub(crate) fn list(self) -> Option<&'static str> {
        match self {
            QopOptions::Absent => None,
            QopOptions::Auth => Some("auth"),
            QopOptions::AuthInt => Some("auth-int"),
            QopOptions::Both => Some("auth,auth-int"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_with_unknown_options() {
        for (list, expected) in [
            ("auth", Some(QopOptions::Auth)),
            ("AUTH-INT , auth", Some(QopOptions::Both)),
            ("auth-conf,auth-int", Some(QopOptions::AuthInt)),
            ("auth-conf", None),
            (" , ", Some(QopOptions::Absent)),
        ] {
            assert_eq!(QopOptions::from_list(list), expected, "{list}");
        }
        assert!(QopOptions::Both.offers(Some(Qop::AuthInt)));
        assert!(!QopOptions::Both.offers(None));
        assert!(QopOptions::Absent.offers(None));
    }
}
