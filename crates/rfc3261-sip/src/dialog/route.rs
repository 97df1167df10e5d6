//! Where requests within a dialog go: remote target and route set (RFC 3261 §12.1, §12.2.1.1).

use alloc::{
    borrow::{Cow, ToOwned},
    boxed::Box,
    string::String,
    vec::Vec,
};

use rfc2396_uri::Uri;

use super::DialogError;
use crate::{
    HeaderName, MessageRef, Method, ParseError,
    error::ErrorKind,
    headers::{Contact, RecordRoute},
};

/// The URIs that requests pass, in the order in which they do, as they were received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RouteSet(Box<[Box<str>]>);

/// The way of one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way<'a> {
    pub(super) request_uri: Cow<'a, str>,
    /// The value of Route, if there is to be one.
    pub(super) route: Option<String>,
}

impl RouteSet {
    /// The values of Record-Route in their order, as a server takes them.
    pub(super) fn of_request(request: MessageRef<'_>) -> Result<Self, ParseError> {
        let values = request.list::<RecordRoute<'_>>();
        let uris: Result<Vec<_>, _> = values.map(|value| Ok(uri(&value?).into())).collect();
        Ok(Self(uris?.into()))
    }

    /// The values of Record-Route in reverse order, as a client takes them.
    pub(super) fn of_response(response: MessageRef<'_>) -> Result<Self, ParseError> {
        let mut set = Self::of_request(response)?;
        set.0.reverse();
        Ok(set)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|uri| &**uri)
    }

    /// Request-URI and Route of a request to `target`: where the first URI has no `lr`, it takes
    /// the place of the target, which goes to the end of the route.
    pub(super) fn way<'a>(&'a self, target: &'a str) -> Way<'a> {
        let Some((first, rest)) = self.0.split_first() else {
            return Way {
                request_uri: target.into(),
                route: None,
            };
        };
        let mut route = String::new();
        let mut push = |uri: &str| {
            let comma = if route.is_empty() { "" } else { ", " };
            for part in [comma, "<", uri, ">"] {
                route.push_str(part);
            }
        };
        let loose =
            Uri::parse(&**first).is_ok_and(|uri| uri.as_sip().is_some_and(rfc2396_uri::SipUri::lr));
        let request_uri = if loose {
            self.iter().for_each(&mut push);
            target.into()
        } else {
            rest.iter().for_each(|uri| push(uri));
            push(target);
            as_request_uri(first)
        };
        Way {
            request_uri,
            route: Some(route),
        }
    }
}

/// Request-URI and Route of a request to `target` outside of a dialog, over these URIs (RFC 3261
/// §8.1.1.1).
#[cfg(feature = "std")]
pub(crate) fn route_of<'a>(route: &[String], target: &'a str) -> (Cow<'a, str>, Option<String>) {
    if route.is_empty() {
        return (target.into(), None);
    }
    let set = RouteSet(route.iter().map(|uri| uri.as_str().into()).collect());
    let way = set.way(target);
    (way.request_uri.into_owned().into(), way.route)
}

/// The remote target that a message names, if it has a Contact: as it may stand in a request
/// line.
pub(super) fn target(message: MessageRef<'_>) -> Result<Option<Box<str>>, ParseError> {
    let Some(field) = message.first(HeaderName::Contact) else {
        return Ok(None);
    };
    match field.typed::<Contact<'_>>()? {
        Contact::Address(contact) => {
            let uri = contact.uri();
            Ok(Some(as_request_uri(uri.as_str()).into()))
        }
        Contact::All => {
            let (kind, at) = (ErrorKind::Syntax, field.value_span().start);
            let rule = HeaderName::Contact.rule();
            Err(ParseError::new(kind, at, "an address", rule))
        }
    }
}

/// Whether an accepted request of this method, or a 2xx response to it, changes the remote target
/// (RFC 3261 §12.2, RFC 3311 §5.1, RFC 6665 §3). REFER has a Contact for nothing else (RFC 3515
/// §2.2).
pub(super) fn is_target_refresh(method: Method<'_>) -> bool {
    [
        Method::INVITE,
        Method::UPDATE,
        Method::SUBSCRIBE,
        Method::NOTIFY,
        Method::REFER,
    ]
    .contains(&method)
}

/// Whether a URI may be this side's Contact: one of SIP, of SIPS if it must be secure.
pub(super) fn check_contact(uri: &str, secure: bool) -> Result<(), DialogError> {
    match Uri::parse(uri) {
        Ok(Uri::Sip(sip)) if sip.is_secure() || !secure => Ok(()),
        _ => Err(DialogError::Contact),
    }
}

/// Whether this is a SIPS URI.
pub(super) fn is_sips(uri: &str) -> bool {
    uri.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
}

/// The URI of a value; all of the value where it goes without the brackets that it must have, so
/// that what looks like parameters of the header field is the URI's.
fn uri<'a>(value: &RecordRoute<'a>) -> Cow<'a, str> {
    let (uri, parameters) = (value.uri().as_str(), value.parameters().as_str());
    if value.address().has_brackets() || parameters.is_empty() {
        return uri.into();
    }
    let mut whole = uri.to_owned();
    whole.extend(parameters.chars().filter(|c| !c.is_ascii_whitespace()));
    whole.into()
}

/// A URI without what has no place in a request line (RFC 3261 §19.1.1): untouched if it has
/// nothing of that.
pub(crate) fn as_request_uri(uri: &str) -> Cow<'_, str> {
    if let Ok(Uri::Sip(sip)) = Uri::parse(uri) {
        if !sip.headers().as_str().is_empty() || sip.method().is_some() {
            return sip.request_uri().as_str().to_owned().into();
        }
    }
    uri.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(uris: &[&str]) -> RouteSet {
        RouteSet(uris.iter().map(|uri| (*uri).into()).collect())
    }

    #[test]
    fn without_a_route_set_the_target_is_the_request_uri() {
        let target = "sip:linphone@domain.com;gr=urn:uuid:c8651907-0000";
        let set = set(&[]);
        let way = set.way(target);
        assert_eq!((&*way.request_uri, way.route), (target, None));
    }

    #[test]
    fn a_loose_first_hop_is_in_route() {
        for lr in ["lr", "lr=on;ftag=x", "lr=true", "r2=on;lr", "LR"] {
            let first = alloc::format!("sip:p1;{lr}");
            let set = set(&[&first, "sip:p2"]);
            let way = set.way("sip:u@h");
            assert_eq!(way.request_uri, "sip:u@h", "{lr}");
            assert_eq!(way.route, Some(alloc::format!("<{first}>, <sip:p2>")));
        }
    }

    #[test]
    fn a_strict_first_hop_is_the_request_uri() {
        // The example of RFC 3261 §12.2.1.1.
        let set = set(&["sip:proxy1", "sip:proxy2", "sip:proxy3;lr", "sip:proxy4"]);
        let way = set.way("sip:user@remoteua");
        assert_eq!(way.request_uri, "sip:proxy1");
        let route = "<sip:proxy2>, <sip:proxy3;lr>, <sip:proxy4>, <sip:user@remoteua>";
        assert_eq!(way.route.as_deref(), Some(route));
    }

    #[test]
    fn a_strict_first_hop_loses_what_no_request_line_has() {
        let set = set(&["sip:p1;maddr=192.0.2.1;method=INVITE;x=y?Subject=a"]);
        let way = set.way("sip:u@h");
        assert_eq!(way.request_uri, "sip:p1;maddr=192.0.2.1;x=y");
        assert_eq!(way.route.as_deref(), Some("<sip:u@h>"));
    }

    #[test]
    fn nothing_else_of_a_uri_is_touched() {
        for uri in [
            "sip:u@h;%74ransport=tcp",
            "sip:u@h;Aai=%22Foo%22%3A",
            "sip:null-%00-null@h;;x",
            "tel:+358-555-1234567",
        ] {
            assert_eq!(as_request_uri(uri), uri);
        }
    }
}
