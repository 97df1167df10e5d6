//! One binding of an address-of-record to a contact (RFC 3261 §10.2.1, §10.3).

use alloc::{boxed::Box, string::String};
use core::{fmt, time::Duration};
use std::time::Instant;

use crate::{Parameter, Parameters, QValue, transport::Flow};

/// One contact of a user, and until when it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub(super) contact: Box<str>,
    pub(super) parameters: Box<str>,
    pub(super) q: Option<QValue>,
    pub(super) expires_at: Instant,
    pub(super) call_id: Box<str>,
    pub(super) sequence_number: u32,
    pub(super) path: Box<[Box<str>]>,
    pub(super) flow: Option<Flow>,
}

/// What a request has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What has become of the binding.
    pub kind: ChangeKind,
    /// The URI of the contact.
    pub contact: Box<str>,
}

/// What has become of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It lasts longer or has other parameters.
    Refreshed,
    /// It is gone.
    Removed,
}

impl Binding {
    /// The URI of the contact, as it was registered.
    #[must_use]
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// The parameters of the contact but `q` and `expires`, as they were registered, each with its
    /// semicolon: `+sip.instance` among them.
    #[must_use]
    pub fn parameters(&self) -> &str {
        &self.parameters
    }

    /// The parameter of this name, in any case, as it was registered.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Parameter<'_>> {
        let (_, parameters) = Parameters::read(&self.parameters, |_| {}).ok()?;
        parameters.find(name)
    }

    /// The instance of the user agent (RFC 5626 §4.1): a URN, without brackets and quotes.
    #[must_use]
    pub fn instance(&self) -> Option<String> {
        let value = self.parameter("+sip.instance")?.unquoted()?;
        let urn = value.strip_prefix('<')?.strip_suffix('>')?;
        Some(urn.into())
    }

    /// The preference, the highest where none was registered.
    #[must_use]
    pub fn q(&self) -> QValue {
        self.q.unwrap_or(QValue::MAX)
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.expires_at
    }

    /// Seconds until it ends, a part of one counting as one.
    #[must_use]
    pub fn expires_in(&self, now: Instant) -> u64 {
        let left = self.expires_at.saturating_duration_since(now);
        left.as_secs() + u64::from(left.subsec_nanos() > 0)
    }

    /// The Call-ID of the request that made it or refreshed it last.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// The number of CSeq of that request.
    #[must_use]
    pub fn sequence_number(&self) -> u32 {
        self.sequence_number
    }

    /// The values of Route that a request to this contact passes (RFC 3327 §5.4).
    pub fn path(&self) -> impl ExactSizeIterator<Item = &str> {
        self.path.iter().map(|value| &**value)
    }

    /// The way that the last request came, if the registrar was told.
    #[must_use]
    pub fn flow(&self) -> Option<Flow> {
        self.flow
    }

    /// The value of Contact that says all this.
    pub(super) fn contact_value(&self, now: Instant) -> impl fmt::Display {
        ContactValue(self, self.expires_in(now))
    }

    /// How long a binding lasts that was granted these seconds.
    pub(super) fn expiry(now: Instant, seconds: u32) -> Instant {
        let granted = Duration::from_secs(u64::from(seconds));
        now.checked_add(granted).unwrap_or(now)
    }
}

struct ContactValue<'a>(&'a Binding, u64);

impl fmt::Display for ContactValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(binding, seconds) = self;
        write!(f, "<{}>{}", binding.contact, binding.parameters)?;
        if let Some(q) = binding.q {
            write!(f, ";q={q}")?;
        }
        write!(f, ";expires={seconds}")
    }
}
