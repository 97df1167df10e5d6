//! Where a request is to go (RFC 3261 §16.5).

use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};

use rfc2396_uri::Uri;

use crate::{QValue, registrar::Binding, transport::Flow};

/// One place where a request is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) uri: Box<str>,
    pub(super) q: QValue,
    pub(super) route: Vec<Box<str>>,
    pub(super) flow: Option<Flow>,
}

impl Target {
    /// A place by its URI, with the highest preference.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into().into(),
            q: QValue::MAX,
            route: Vec::new(),
            flow: None,
        }
    }

    /// This target with another preference. Those of one preference are tried at the same time,
    /// those of a lower one when all before have failed.
    #[must_use]
    pub fn q(mut self, q: QValue) -> Self {
        self.q = q;
        self
    }

    /// This target behind these proxies: values of Route, which go before those of the request.
    #[must_use]
    pub fn route<R: Into<String>>(mut self, route: impl IntoIterator<Item = R>) -> Self {
        self.route = route.into_iter().map(|value| value.into().into()).collect();
        self
    }

    /// This target by this way, whatever its URI says: over the connection that the user agent
    /// has opened, for instance. Route is as ever; what is at the other end must be what the
    /// topmost one names, or the user agent (RFC 3261 §16.6 item 7).
    #[must_use]
    pub fn flow(mut self, flow: Flow) -> Self {
        self.flow = Some(flow);
        self
    }

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether both are the same by the rules of their URIs.
    pub(super) fn is(&self, uri: &str) -> bool {
        same(&self.uri, uri)
    }
}

/// Whether two URIs are equivalent.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b
        || match (Uri::parse(a), Uri::parse(b)) {
            (Ok(a), Ok(b)) => a.equivalent(&b),
            _ => false,
        }
}

/// The contact of a user, by the path that it was registered with. Where the user agent is to be
/// reached over the connection that it has registered over, add the binding's
/// [flow](Binding::flow).
impl From<&Binding> for Target {
    fn from(binding: &Binding) -> Self {
        Self::new(binding.contact().to_owned())
            .q(binding.q())
            .route(binding.path())
    }
}
