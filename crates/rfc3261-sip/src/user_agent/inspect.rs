//! What speaks against a request before anybody looks at what it is for (RFC 3261 §8.2.1 to
//! §8.2.3).

use alloc::{string::String, vec::Vec};

use super::{Content, UserAgent};
use crate::{
    HeaderName, MessageRef, Method, StatusCode,
    headers::{ContentDisposition, ContentEncoding, ContentType, Require},
};

/// What a request is answered with before the user sees it.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) content: Content,
}

impl UserAgent {
    /// What speaks against a request: its method, its Request-URI, the extensions that it
    /// requires and its body (RFC 3261 §8.2.1 to §8.2.3).
    pub(super) fn inspect(&self, request: MessageRef<'_>) -> Option<Refused> {
        let method = request.method()?;
        if !self
            .config
            .allow
            .iter()
            .any(|known| known == method.as_str())
        {
            let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED);
            return Some(refused.header("Allow", &self.allow));
        }
        if !has_known_scheme(request) {
            return Some(Refused::new(StatusCode::UNSUPPORTED_URI_SCHEME));
        }
        if method != Method::CANCEL && request.first(HeaderName::Require).is_some() {
            let unknown: Vec<_> = request
                .list::<Require<'_>>()
                .flatten()
                .filter(|tag| !self.config.supported.iter().any(|known| tag.is(known)))
                .map(|tag| tag.as_str())
                .collect();
            if !unknown.is_empty() {
                let refused = Refused::new(StatusCode::BAD_EXTENSION);
                return Some(refused.header("Unsupported", &unknown.join(", ")));
            }
        }
        self.inspect_body(request)
    }

    /// What speaks against a body that is not optional (RFC 3261 §8.2.3).
    pub(super) fn inspect_body(&self, request: MessageRef<'_>) -> Option<Refused> {
        if request.body().is_empty() {
            return None;
        }
        let disposition = request.get::<ContentDisposition<'_>>();
        if disposition.is_some_and(|found| found.is_ok_and(|found| !found.is_required())) {
            return None;
        }
        let coded = request
            .list::<ContentEncoding<'_>>()
            .flatten()
            .any(|coding| !coding.is("identity"));
        if coded {
            let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            return Some(refused.header("Accept-Encoding", "identity"));
        }
        let is_session = [
            Some(Method::INVITE),
            Some(Method::UPDATE),
            Some(Method::PRACK),
        ];
        if self.config.accept.is_empty() || !is_session.contains(&request.method()) {
            return None;
        }
        let known = request.get::<ContentType<'_>>()?.ok().is_some_and(|found| {
            let is = |known: &String| {
                let known = known.split_once('/');
                known.is_some_and(|(main_type, subtype)| found.is(main_type, subtype))
            };
            self.config.accept.iter().any(is) || found.main_type.eq_ignore_ascii_case("multipart")
        });
        if known {
            return None;
        }
        let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        Some(refused.header("Accept", &self.config.accept.join(", ")))
    }
}

impl Refused {
    pub(super) const fn new(status: StatusCode) -> Self {
        Self {
            status,
            content: Content::new(),
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.content = self.content.header(name, value);
        self
    }
}

/// Whether the scheme of the Request-URI is one that is known (RFC 3261 §8.2.2.1).
fn has_known_scheme(request: MessageRef<'_>) -> bool {
    let uri = request.request_uri_bytes().unwrap_or_default();
    let known = [&b"sip:"[..], b"sips:", b"tel:"];
    known.iter().any(|scheme| {
        let found = uri.get(..scheme.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(scheme))
    })
}
