//! Requests on their way in: what is checked (RFC 3261 §16.3), and what the proxy takes out of
//! their routes (§16.4).

use alloc::{boxed::Box, format, string::String, vec::Vec};

use rfc2396_uri::{SipUri, Uri};

use super::{
    Config,
    fingerprint::{Fingerprint, Fingerprints},
};
use crate::{
    DefectKind, HeaderName, Message, MessageRef, Method, ParseError, ResponseBuilder, StatusCode,
    headers::{Element, MaxForwards, ProxyRequire, Route, Via},
    transport::{Flow, Transport},
    write::Style,
};

/// A request that was received and has passed the checks.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) message: Message,
    pub(super) source: Flow,
    pub(super) fingerprint: Fingerprint,
    pub(super) way: Way,
    pub(super) responsible: bool,
    /// How many hops it may take from here; `None` if it does not say.
    pub(super) max_forwards: Option<u8>,
}

/// What is left of Request-URI and Route once the proxy has taken its own out of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// Another Request-URI than that received.
    pub(super) request_uri: Option<Box<str>>,
    /// How many values of Route are taken away at the front.
    pub(super) reached: usize,
    /// The last value of Route was taken for the Request-URI.
    pub(super) last_taken: bool,
}

/// Why a request is not forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Malformed(ParseError),
    Version,
    Scheme,
    TooManyHops,
    Loop,
    Extension(Vec<String>),
}

impl Request {
    /// The request as it was received, with `received` and `rport` filled in.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Where it came from.
    #[must_use]
    pub fn source(&self) -> Flow {
        self.source
    }

    /// The URI that it is for: the Request-URI, unless a strict router has put it into Route, and
    /// without a `maddr` that names this proxy (RFC 3261 §16.4).
    #[must_use]
    pub fn uri(&self) -> &str {
        let received = || core::str::from_utf8(self.message.view().request_uri_bytes()?).ok();
        match &self.way.request_uri {
            Some(uri) => uri,
            None => received().unwrap_or_default(),
        }
    }

    /// Whether this proxy is responsible for that URI, so that it may choose the targets; if not,
    /// the URI is the only one (RFC 3261 §16.5).
    #[must_use]
    pub fn is_responsible(&self) -> bool {
        self.responsible
    }

    /// The values of Route that are left.
    pub(super) fn route(&self) -> Vec<Element<'_>> {
        let elements = self.message.view().elements(HeaderName::Route);
        let mut route: Vec<_> = elements.skip(self.way.reached).collect();
        if self.way.last_taken {
            route.pop();
        }
        route
    }

    pub(super) fn check_hops(&self) -> Result<(), Fault> {
        match self.max_forwards {
            Some(0) => Err(Fault::TooManyHops),
            _ => Ok(()),
        }
    }

    /// A request that has passed.
    pub(super) fn new(message: Message, source: Flow, checked: Checked) -> Self {
        Self {
            message,
            source,
            fingerprint: checked.fingerprint,
            way: checked.way,
            responsible: checked.responsible,
            max_forwards: checked.max_forwards,
        }
    }
}

/// What the checks find.
pub(super) struct Checked {
    fingerprint: Fingerprint,
    way: Way,
    responsible: bool,
    max_forwards: Option<u8>,
}

impl Checked {
    /// Checks a request and looks at its route. A proxy that is responsible for it may answer it
    /// without forwarding it: how many hops are left is then looked at later.
    pub(super) fn new(
        config: &Config,
        fingerprints: &Fingerprints,
        message: MessageRef<'_>,
        source: Flow,
    ) -> Result<Self, Fault> {
        let version = |defect: &crate::Defect| defect.kind() == DefectKind::Version;
        if message.defects().iter().any(version) {
            return Err(Fault::Version);
        }
        let received_uri = request_uri(message)?;
        let way = Way::of(config, message, &received_uri, source)?;
        let responsible = match &way.request_uri {
            Some(uri) => is_responsible(config, &Uri::parse(&**uri).map_err(uri_fault)?),
            None => is_responsible(config, &received_uri),
        };
        let max_forwards = match message.get::<MaxForwards>() {
            Some(value) => Some(value?.0),
            None => None,
        };
        if max_forwards == Some(0) && !responsible {
            return Err(Fault::TooManyHops);
        }
        let without_state =
            config.stateless || matches!(message.method(), Some(Method::ACK | Method::CANCEL));
        let fingerprint = match without_state {
            true => fingerprints.of_stateless(message)?,
            false => fingerprints.of(message)?,
        };
        let mut vias = message.list::<Via<'_>>().filter_map(Result::ok);
        if vias.any(|via| config.is_own_via(&via)) {
            // It may have come by here with or without state.
            let other = fingerprints.of_stateless(message)?;
            let mut vias = message.list::<Via<'_>>().filter_map(Result::ok);
            let seen = |via: &Via<'_>, of| Fingerprints::is_of(via, of);
            if vias.any(|via| {
                config.is_own_via(&via) && (seen(&via, fingerprint) || seen(&via, other))
            }) {
                return Err(Fault::Loop);
            }
        }
        let mut unknown = Vec::new();
        for required in message.list::<ProxyRequire<'_>>() {
            let required = required?;
            if !config.extensions.iter().any(|known| required.is(known)) {
                unknown.push(required.as_str().into());
            }
        }
        if !unknown.is_empty() {
            return Err(Fault::Extension(unknown));
        }
        Ok(Self {
            fingerprint,
            way,
            responsible,
            max_forwards,
        })
    }
}

impl Way {
    fn of(
        config: &Config,
        message: MessageRef<'_>,
        uri: &Uri<&str>,
        source: Flow,
    ) -> Result<Self, Fault> {
        let mut way = Self::default();
        let routes: Vec<_> = message.elements(HeaderName::Route).collect();
        let mut left = routes.len();
        if is_own_route(config, uri) {
            if let Some(last) = routes.last() {
                let last = route(last)?.uri();
                way.request_uri = Some(last.as_str().into());
                way.last_taken = true;
                left -= 1;
            }
        }
        let current = match &way.request_uri {
            Some(uri) => Uri::parse(&**uri).map_err(uri_fault)?,
            None => *uri,
        };
        if let Some(stripped) = without_own_maddr(config, &current, source) {
            way.request_uri = Some(stripped.into());
        }
        let mut double = false;
        for element in routes.iter().take(left) {
            let value = route(element)?;
            let Some(own) = own(config, &value.uri()) else {
                break;
            };
            let half = own.parameter(DOUBLE).is_some();
            if way.reached == 0 || (double && half) {
                way.reached += 1;
            }
            if way.reached > 1 || !half {
                break;
            }
            double = half;
        }
        Ok(way)
    }
}

impl Fault {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Version => StatusCode::VERSION_NOT_SUPPORTED,
            Self::Scheme => StatusCode::UNSUPPORTED_URI_SCHEME,
            Self::TooManyHops => StatusCode::TOO_MANY_HOPS,
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::Extension(_) => StatusCode::BAD_EXTENSION,
        }
    }

    /// The response; a 400 says what is wrong, as RFC 3261 §21.4.1 asks.
    pub(super) fn response(&self, request: MessageRef<'_>, tag: &str) -> ResponseBuilder {
        let status = self.status();
        match self {
            Self::Malformed(error) => {
                let reason = format!("Bad Request: {error}");
                ResponseBuilder::with_style(request, status, &reason, tag, Style::CANONICAL)
            }
            Self::Extension(names) => ResponseBuilder::to(request, status, tag)
                .header(HeaderName::Unsupported, names.join(", ")),
            _ => ResponseBuilder::to(request, status, tag),
        }
    }
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        Self::Malformed(error)
    }
}

/// The parameter by which the two values of Record-Route are known that this proxy inserts where
/// a request comes and leaves by different transports (RFC 5658).
pub(super) const DOUBLE: &str = "r2";

/// The Request-URI, if it is one that this proxy understands.
fn request_uri(message: MessageRef<'_>) -> Result<Uri<&str>, Fault> {
    match message.request_uri()? {
        Uri::Other(_) => Err(Fault::Scheme),
        known => Ok(known),
    }
}

fn uri_fault(error: rfc2396_uri::ParseError) -> Fault {
    Fault::Malformed(crate::headers::from_uri(error, HeaderName::Route.rule()))
}

/// A value of Route.
fn route<'a>(element: &Element<'a>) -> Result<Route<'a>, Fault> {
    Ok(crate::headers::read_element::<Route<'a>>("", *element)?)
}

/// The URI of SIP that names this proxy, if it is one.
fn own<'a>(config: &Config, uri: &Uri<&'a str>) -> Option<SipUri<&'a str>> {
    match uri {
        Uri::Sip(uri) if config.is_own(uri) => Some(*uri),
        _ => None,
    }
}

/// Whether a Request-URI is what this proxy puts into Record-Route, so that a strict router has
/// sent it.
fn is_own_route(config: &Config, uri: &Uri<&str>) -> bool {
    own(config, uri).is_some_and(|uri| uri.lr() && uri.user().is_none())
}

/// What names no SIP address can only be told by the proxy's own tables, a telephone number for
/// instance; one with `maddr` says itself where it goes.
fn is_responsible(config: &Config, uri: &Uri<&str>) -> bool {
    match uri {
        Uri::Sip(uri) => uri.parameter("maddr").is_none() && config.is_own(uri),
        _ => true,
    }
}

/// The URI without `maddr`, port and transport, if these are what the request was received by.
fn without_own_maddr(config: &Config, uri: &Uri<&str>, source: Flow) -> Option<String> {
    let Uri::Sip(uri) = uri else { return None };
    let maddr = uri.parameter("maddr")?.value()?;
    let received_by = source.transport;
    let local = source.local.map(|local| local.port());
    let port = local.unwrap_or_else(|| {
        let mut listeners = config.listeners.iter();
        let by = listeners.find(|listener| listener.transport == received_by);
        by.map_or(received_by.default_port(), |by| by.local.port())
    });
    let named = Transport::from_uri(uri.effective_transport(), uri.is_secure())?;
    if !config.is_own_host(maddr) || named != received_by || uri.effective_port() != port {
        return None;
    }
    let (host, text) = (uri.host_str(), uri.as_str());
    let before = (host.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let mut stripped = String::from(text.get(..before)?);
    stripped.push_str(host);
    for parameter in uri.parameters() {
        if !parameter.is("maddr") && !parameter.is("transport") {
            stripped.push(';');
            stripped.push_str(parameter.as_str());
        }
    }
    Some(stripped)
}
