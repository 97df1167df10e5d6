//! What the user gives for a request or a response: where it goes and what is in it.

use alloc::{borrow::Cow, string::String, vec::Vec};

use bytes::Bytes;

use crate::{HeaderName, RequestBuilder, ResponseBuilder, transport::Flow};

/// Whom a request outside of a dialog is for, and which way it takes.
///
/// ```
/// use rfc3261_sip::user_agent::Target;
///
/// let target = Target::new("sip:bob@example.com")
///     .to("Bob <sip:bob@example.com>")
///     .route("sip:proxy.example.com;lr");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) uri: String,
    pub(super) to: Option<String>,
    pub(super) from: Option<String>,
    pub(super) route: Vec<String>,
    pub(super) flow: Option<Flow>,
}

impl Target {
    /// The Request-URI; To has the same.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            to: None,
            from: None,
            route: Vec::new(),
            flow: None,
        }
    }

    /// With this value of To, without a tag.
    #[must_use]
    pub fn to(mut self, to: impl Into<String>) -> Self {
        self.to = Some(to.into());
        self
    }

    /// With this value of From, without a tag, in the place of that of the
    /// [configuration](super::Config::from).
    #[must_use]
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = Some(from.into());
        self
    }

    /// Over this proxy, and then over those of further calls: their URIs (RFC 3261 §8.1.1.1).
    #[must_use]
    pub fn route(mut self, uri: impl Into<String>) -> Self {
        self.route.push(uri.into());
        self
    }

    /// To this address, whatever the URIs say. Without it the request goes to where the first URI
    /// of the route, or else the Request-URI, leads by RFC 3263: see
    /// [`Event::Lookup`](super::Event::Lookup).
    #[must_use]
    pub fn flow(mut self, flow: Flow) -> Self {
        self.flow = Some(flow);
        self
    }
}

/// The header fields and the body that the user adds to a request or a response.
///
/// ```
/// use rfc3261_sip::user_agent::Content;
///
/// let offer = Content::sdp("v=0\r\n…").header("Subject", "Lunch");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    pub(super) headers: Vec<(Cow<'static, str>, String)>,
    pub(super) body: Option<(Cow<'static, str>, Bytes)>,
}

impl Content {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
            body: None,
        }
    }

    /// A body of this type.
    #[must_use]
    pub fn body(content_type: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self {
            headers: Vec::new(),
            body: Some((content_type.into(), body.into())),
        }
    }

    /// A session description.
    #[must_use]
    pub fn sdp(description: impl Into<Bytes>) -> Self {
        Self::body("application/sdp", description)
    }

    /// With a header field. Those that the user agent writes by itself are refused when the
    /// message is made.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Whether the body is a session description.
    pub(super) fn has_session(&self) -> bool {
        let Some((content_type, body)) = &self.body else {
            return false;
        };
        let media = content_type.split(';').next().unwrap_or_default().trim();
        let kind = media.split('/').next().unwrap_or_default();
        let session = media.eq_ignore_ascii_case("application/sdp");
        !body.is_empty() && (session || kind.eq_ignore_ascii_case("multipart"))
    }

    pub(super) fn add_to_request(&self, mut request: RequestBuilder) -> RequestBuilder {
        for (name, value) in &self.headers {
            request = request.extension(name, value);
        }
        match &self.body {
            Some((content_type, body)) => request.body(content_type, body.clone()),
            None => request,
        }
    }

    pub(super) fn add_to_response(&self, mut response: ResponseBuilder) -> ResponseBuilder {
        for (name, value) in &self.headers {
            response = response.extension(name, value);
        }
        match &self.body {
            Some((content_type, body)) => response.body(content_type, body.clone()),
            None => response,
        }
    }
}

/// Values of Authorization and Proxy-Authorization, one for each realm that wants one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    pub(super) rows: Vec<(HeaderName, String)>,
}

impl Credentials {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// With this value of Authorization, for the server that has sent 401.
    #[must_use]
    pub fn authorization(mut self, value: impl Into<String>) -> Self {
        self.rows.push((HeaderName::Authorization, value.into()));
        self
    }

    /// With this value of Proxy-Authorization, for the proxy that has sent 407.
    #[must_use]
    pub fn proxy_authorization(mut self, value: impl Into<String>) -> Self {
        let name = HeaderName::ProxyAuthorization;
        self.rows.push((name, value.into()));
        self
    }
}

/// Credentials are not for logs.
impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
