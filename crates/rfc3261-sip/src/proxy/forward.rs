//! The copy of a request that goes to a target (RFC 3261 §16.6).

use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use core::net::SocketAddr;

use rfc2396_uri::{SipUri, Uri};

use super::{
    CommandError, Config, Target,
    config::Listener,
    request::{DOUBLE, Request},
};
use crate::{
    HeaderName, MessageRef, Method, WriteError,
    dialog::{as_request_uri, unfolded},
    headers::{Header, Route, Supported},
    transport::{Flow, Transport, ViaValue},
};

/// Where the copy for one target goes: items 2 and 6.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    /// The Request-URI of the copy.
    pub(super) request_uri: Box<str>,
    /// The values of Route, if they are others than those received.
    route: Option<Vec<Box<str>>>,
    /// The URI whose servers the copy goes to: item 7.
    pub(super) next: SipUri<String>,
    /// The copy goes by TLS to a SIPS resource.
    secure: bool,
}

impl Hop {
    pub(super) fn new(request: &Request, target: &Target) -> Result<Self, CommandError> {
        let uri = Uri::parse(&*target.uri).map_err(|_| CommandError::Target)?;
        let mut request_uri: Box<str> = as_request_uri(uri.as_str()).into();
        let left = request.route();
        let mut changed =
            request.way.reached > 0 || request.way.last_taken || !target.route.is_empty();
        let first = match (target.route.first(), left.first()) {
            (Some(own), _) => Some(&**own),
            (None, Some(value)) => {
                let text = core::str::from_utf8(value.value);
                Some(text.map_err(|_| CommandError::Target)?)
            }
            (None, None) => None,
        };
        let Some(first) = first else {
            let Uri::Sip(next) = uri else {
                return Err(CommandError::Target);
            };
            return Ok(Self {
                next: next_uri(&next, next.is_secure())?,
                request_uri,
                route: changed.then(Vec::new),
                secure: next.is_secure(),
            });
        };
        let first = Route::parse(first)?;
        let Uri::Sip(first_uri) = first.uri() else {
            return Err(CommandError::Target);
        };
        let secure = uri.as_sip().is_some_and(SipUri::is_secure);
        let next = next_uri(&first_uri, secure)?;
        let strict = !first_uri.lr();
        let mut last = None;
        if strict {
            let popped = as_request_uri(first_uri.as_str()).into();
            let pushed = core::mem::replace(&mut request_uri, popped);
            last = Some(format!("<{pushed}>").into());
            changed = true;
        }
        let texts = left
            .iter()
            .filter_map(|value| core::str::from_utf8(value.value).ok());
        let own = target.route.iter().cloned();
        let route = own
            .chain(texts.map(|text| unfolded(text).into()))
            .skip(usize::from(strict))
            .chain(last);
        Ok(Self {
            request_uri,
            route: changed.then(|| route.collect()),
            secure: secure || first_uri.is_secure(),
            next,
        })
    }

    /// The copy, as it goes by this way with this branch: items 3, 4, 8 and 9.
    pub(super) fn write(
        &self,
        config: &Config,
        request: &Request,
        branch: &str,
        flow: Flow,
    ) -> Result<Vec<u8>, WriteError> {
        let message = request.message.view();
        let mut edit = message.edit();
        if message.request_uri_bytes() != Some(self.request_uri.as_bytes()) {
            edit.request_uri(&self.request_uri);
        }
        match message.elements(HeaderName::MaxForwards).next() {
            Some(value) => {
                let left = request.max_forwards.unwrap_or_default();
                edit.replace_element(value, left.saturating_sub(1));
            }
            None => edit.insert_after(HeaderName::MaxForwards, 70),
        }
        if let Some(out) = config.listener(flow) {
            for value in self.record_route(config, request, out) {
                edit.insert_before(HeaderName::RecordRoute, value);
            }
            let mut via = ViaValue::new(flow.transport, out.sent_by(), branch);
            via.multicast = Some(flow.remote.ip()).filter(|ip| ip.is_multicast());
            edit.insert_before(HeaderName::Via, via);
            if config.path && supports_path(message) {
                edit.insert_before(HeaderName::Path, record_route(out, self.secure, false));
            }
        }
        if let Some(route) = &self.route {
            if !route.is_empty() {
                edit.insert_before(HeaderName::Route, route.join(", "));
            }
            edit.remove(HeaderName::Route);
        }
        if flow.transport.is_reliable() && message.first(HeaderName::ContentLength).is_none() {
            edit.insert_after(HeaderName::ContentLength, message.body().len());
        }
        edit.finish()
    }

    /// The values for Record-Route, the topmost first: one, or two where the request comes and
    /// leaves by different transports or schemes, so that each side gets the one that it can
    /// reach (RFC 5658).
    fn record_route(&self, config: &Config, request: &Request, out: &Listener) -> Vec<String> {
        let method = request.message.method();
        let received = request.source.transport;
        let over_tls = received.is_secure();
        // At the edge of what is secure, the proxy has no choice.
        let edge = over_tls != self.secure;
        let wanted = config.record_route && method.is_some_and(makes_dialogs);
        if !wanted && (!edge || method == Some(Method::ACK)) {
            return Vec::new();
        }
        let arrival = Flow {
            local: request.source.local,
            ..Flow::new(received, request.source.remote)
        };
        let back = config.listener(arrival).unwrap_or(out);
        // Only who came by TLS and leaves it, or uses SIPS all along, comes back by SIPS.
        let secure_back = over_tls && (self.secure || !out.transport.is_secure());
        if back == out && secure_back == self.secure {
            return [record_route(out, self.secure, false)].into();
        }
        [
            record_route(out, self.secure, true),
            record_route(back, secure_back, true),
        ]
        .into()
    }
}

/// A way over this transport to this address, from the socket that serves it.
pub(super) fn flow_to(config: &Config, transport: Transport, remote: SocketAddr) -> Flow {
    let flow = Flow::new(transport, remote);
    match config.listener(flow) {
        Some(listener) if listener.transport == transport => flow.local(listener.local),
        _ => flow,
    }
}

/// The URI by which others come back to a listener. The transport is named where it is not the
/// one that the scheme stands for: the next hop on that side uses it already.
fn record_route(listener: &Listener, secure: bool, double: bool) -> String {
    let scheme = if secure { "sips" } else { "sip" };
    let transport = match (listener.transport, secure) {
        (Transport::Udp, _) | (Transport::Tls, true) => "",
        (Transport::Tcp, _) => ";transport=tcp",
        (Transport::Tls, false) => ";transport=tls",
        (Transport::Sctp | Transport::TlsSctp, _) => ";transport=sctp",
        (Transport::Ws | Transport::Wss, _) => ";transport=ws",
    };
    let double = match double {
        true => format!(";{DOUBLE}=on"),
        false => String::new(),
    };
    format!("<{scheme}:{}{transport};lr{double}>", listener.sent_by())
}

/// Whether a request is a REGISTER of a user agent that knows of Path (RFC 3327 §5.2).
fn supports_path(request: MessageRef<'_>) -> bool {
    let mut supported = request.list::<Supported<'_>>().filter_map(Result::ok);
    request.method() == Some(Method::REGISTER) && supported.any(|option| option.is("path"))
}

/// Whether requests of this method may establish a dialog or change its remote target: those that
/// are known to do neither need no Record-Route.
fn makes_dialogs(method: Method<'_>) -> bool {
    ![
        Method::ACK,
        Method::BYE,
        Method::CANCEL,
        Method::INFO,
        Method::MESSAGE,
        Method::OPTIONS,
        Method::PRACK,
        Method::PUBLISH,
        Method::REGISTER,
    ]
    .contains(&method)
}

/// The URI that the servers are looked for by: as if it were a SIPS URI, where the resource is
/// one.
fn next_uri(uri: &SipUri<&str>, secure: bool) -> Result<SipUri<String>, CommandError> {
    match secure && !uri.is_secure() {
        true => uri.secure().map_err(|_| CommandError::Target),
        false => Ok(uri.to_owned().into_owned()),
    }
}
