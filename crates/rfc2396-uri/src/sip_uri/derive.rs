//! URIs made from another one: secured, or ready for a request line (RFC 3261 §19.1, §19.1.5).

use alloc::string::String;

use super::SipUri;
use crate::text::slice;
use crate::{Parameter, ParseError, Transport};

impl<S: AsRef<str>> SipUri<S> {
    /// The same resource, to be reached securely: `sips:` in place of `sip:` (RFC 3261 §19.1).
    ///
    /// A `transport=udp` is left out, since a SIPS URI must not name an unreliable transport.
    ///
    /// # Errors
    ///
    /// A URI that is longer than [`MAX_LENGTH`](crate::MAX_LENGTH) by the new letter.
    pub fn secure(&self) -> Result<SipUri<String>, ParseError> {
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
        .expect("a URI from which something is taken away is still one")
    }

    fn rebuilt(
        &self,
        scheme: &str,
        keep: Keep,
        wanted: impl Fn(&Parameter<'_>) -> bool,
    ) -> Result<SipUri<String>, ParseError> {
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
        SipUri::parse(text)
    }
}

/// Whether the headers stay.
#[derive(PartialEq)]
enum Keep {
    Headers,
    Nothing,
}
