//! URIs made from another one: secured, or ready for a request line (RFC 3261 §19.1, §19.1.5).

use alloc::string::String;

use super::SipUri;
use crate::text::slice;
use crate::{Parameter, Transport};

impl<S: AsRef<str>> SipUri<S> {
    /// The same resource, to be reached securely: `sips:` in place of `sip:` (RFC 3261 §19.1).
    ///
    /// A `transport=udp` is left out, since a SIPS URI must not name an unreliable transport.
    pub fn secure(&self) -> SipUri<String> {
        let unreliable = self.view().transport() == Some(Transport::Udp);
        self.rebuilt("sips", Keep::Headers, |parameter| {
            !(unreliable && parameter.is("transport"))
        })
    }

    /// The Request-URI of a request formed from this URI: without headers and without `method`,
    /// with every other parameter, known or not (RFC 3261 §19.1.5).
    ///
    /// The method of that request is [`method`](Self::method), its headers come from
    /// [`headers`](Self::headers).
    pub fn request_uri(&self) -> SipUri<String> {
        self.rebuilt(self.scheme(), Keep::Nothing, |parameter| {
            !parameter.is("method")
        })
    }

    fn rebuilt(
        &self,
        scheme: &str,
        keep: Keep,
        wanted: impl Fn(&Parameter<'_>) -> bool,
    ) -> SipUri<String> {
        let uri = self.view();
        let mut text = String::with_capacity(uri.as_str().len().saturating_add(1));
        text.push_str(scheme);
        text.push(':');
        text.push_str(slice(
            uri.text,
            uri.index.scheme_end.into(),
            uri.index.port_end.into(),
        ));
        for parameter in uri.parameters().filter(wanted) {
            text.push(';');
            text.push_str(parameter.as_str());
        }
        if keep == Keep::Headers {
            text.push_str(uri.headers().as_str());
        }
        SipUri::parse(text).expect("parts of an accepted URI, in their order, are accepted")
    }
}

/// Whether the headers stay.
#[derive(PartialEq)]
enum Keep {
    Headers,
    Nothing,
}
