//! Comparison of SIP URIs (RFC 3261 §19.1.4) and the key of a registrar (§10.3).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Header, SipUri};
use crate::parameter::{Parameter, Parameters};
use crate::percent::{self, Case};
use crate::{Headers, Host};

impl<S: AsRef<str>> SipUri<S> {
    /// Whether two URIs are equivalent as RFC 3261 §19.1.4 has it.
    ///
    /// Not transitive, hence not `==`: a parameter that only one of them has is mostly ignored, so
    /// that `sip:h;a=1` and `sip:h;a=2` are both equivalent to `sip:h`, but not to each other.
    ///
    /// Two choices where the RFC leaves room: `transport` counts among the parameters that must be
    /// in both or in none, whatever its value, and `lr` has no value to differ in.
    pub fn equivalent<T: AsRef<str>>(&self, other: &SipUri<T>) -> bool {
        let (a, b) = (self.view(), other.view());
        a.is_secure() == b.is_secure()
            && a.port() == b.port()
            && same(a.user(), b.user(), Case::Minded)
            && same(a.password(), b.password(), Case::Minded)
            && a.host().equivalent(&b.host())
            && parameters_match(a.parameters(), b.parameters())
            && headers_match(a.headers(), b.headers())
    }

    /// The key under which a registrar keeps this URI as an address-of-record: without parameters
    /// and headers, escapes undone (RFC 3261 §10.3, step 5).
    ///
    /// [Equivalent](Self::equivalent) URIs have equal keys, so the key also finds the few bindings
    /// that are worth comparing.
    pub fn registrar_key(&self) -> RegistrarKey {
        let uri = self.view();
        RegistrarKey {
            secure: uri.is_secure(),
            user: uri.user().map(|user| percent::decode(user).into_owned()),
            password: uri
                .password()
                .map(|password| percent::decode(password).into_owned()),
            host: match uri.host() {
                Host::Name(name) => name.to_ascii_lowercase(),
                host => host.to_string().to_ascii_lowercase(),
            },
            port: uri.port(),
        }
    }
}

/// What identifies an address-of-record, see [`SipUri::registrar_key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrarKey {
    secure: bool,
    user: Option<Vec<u8>>,
    password: Option<Vec<u8>>,
    host: String,
    port: Option<u16>,
}

impl RegistrarKey {
    /// The user, escapes undone.
    pub fn user(&self) -> Option<&[u8]> {
        self.user.as_deref()
    }

    /// The host in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }
}

fn same(a: Option<&str>, b: Option<&str>, case: Case) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || percent::folded(a, case).eq(percent::folded(b, case)),
        (None, None) => true,
        _ => false,
    }
}

fn parameters_match(a: Parameters<'_>, b: Parameters<'_>) -> bool {
    let (a, b) = (sorted(a), sorted(b));
    let (mut a, mut b) = (a.as_slice(), b.as_slice());
    loop {
        let order = match (a.first(), b.first()) {
            (None, None) => return true,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.folded_name().cmp(b.folded_name()),
        };
        let good = match order {
            Ordering::Less => a.first().is_none_or(is_ignorable),
            Ordering::Greater => b.first().is_none_or(is_ignorable),
            Ordering::Equal => a
                .first()
                .zip(b.first())
                .is_none_or(|(a, b)| values_match(a, b)),
        };
        if !good {
            return false;
        }
        if order != Ordering::Greater {
            a = a.get(1..).unwrap_or_default();
        }
        if order != Ordering::Less {
            b = b.get(1..).unwrap_or_default();
        }
    }
}

/// The parameters by name; those of one name in the order received.
fn sorted(parameters: Parameters<'_>) -> Vec<Parameter<'_>> {
    let mut parameters: Vec<_> = parameters.collect();
    parameters.sort_by(|a, b| a.folded_name().cmp(b.folded_name()));
    parameters
}

/// Whether a parameter may be missing from the other URI.
fn is_ignorable(parameter: &Parameter<'_>) -> bool {
    !["user", "ttl", "method", "maddr", "transport"]
        .iter()
        .any(|name| parameter.is(name))
}

fn values_match(a: &Parameter<'_>, b: &Parameter<'_>) -> bool {
    if a.is("lr") {
        return true;
    }
    if a.is("maddr") {
        let hosts = a
            .value()
            .and_then(Host::parse)
            .zip(b.value().and_then(Host::parse));
        if let Some((a, b)) = hosts {
            return a.equivalent(&b);
        }
    }
    // Methods are case-sensitive (RFC 3261 §20.16).
    let case = if a.is("method") {
        Case::Minded
    } else {
        Case::Ignored
    };
    same(a.value(), b.value(), case)
}

fn headers_match(a: Headers<'_>, b: Headers<'_>) -> bool {
    let (mut a, mut b) = (a.collect::<Vec<_>>(), b.collect::<Vec<_>>());
    a.sort_by(compare_headers);
    b.sort_by(compare_headers);
    a.len() == b.len()
        && a.iter()
            .zip(&b)
            .all(|(a, b)| compare_headers(a, b) == Ordering::Equal)
}

fn compare_headers(a: &Header<'_>, b: &Header<'_>) -> Ordering {
    let fold = |text| percent::folded(text, Case::Ignored);
    fold(a.name())
        .cmp(fold(b.name()))
        .then_with(|| fold(a.value()).cmp(fold(b.value())))
}
