//! What a proxy is told at first: who it is, and what it does (RFC 3261 §16).

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rfc2396_uri::{Host, SipUri};

use crate::{
    headers::Via,
    resolve::Preferences,
    transaction,
    transport::{Flow, SentBy, Transport},
};

/// How a [`Proxy`](super::Proxy) works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Its transactions.
    pub transaction: transaction::Config,
    /// Where it listens, one place at least. A request leaves from the first of its transport, and of the family of
    /// its destination.
    pub listeners: Vec<Listener>,
    /// The domains that it is responsible for, as hosts stand in URIs. What it
    /// [listens](Self::listeners) at is its own in any case.
    pub domains: Vec<String>,
    /// The extensions that a request may ask of proxies (Proxy-Require): none.
    pub extensions: Vec<String>,
    /// Whether it stays in the path of dialogs: yes. Where a request comes to TLS or leaves it,
    /// it does so in any case (RFC 3261 §16.6).
    pub record_route: bool,
    /// Whether requests to users who register through it are to come back through it: no. Then it
    /// adds itself to Path (RFC 3327 §5.2), if the user agent says that it knows of that.
    pub path: bool,
    /// Whether the contacts of a redirection are tried in the place of the one that redirects,
    /// where the request is for a domain of its own: no.
    pub recursion: bool,
    /// Whether it keeps no state: no. Then all that comes is handed up as
    /// [`Event::Stateless`](super::Event::Stateless).
    pub stateless: bool,
    /// Whether an ACK, and a CANCEL that has found nothing to cancel, go on to other domains
    /// without a question: yes, since no credentials come with them. If not, they are handed up as
    /// [`Event::Stateless`](super::Event::Stateless) like those for a domain of the proxy's own,
    /// so that who knows its calls can let through what is part of one.
    pub relay_stateless: bool,
    /// The most targets of one request: 32. Others are left out.
    pub max_targets: usize,
    /// Questions to the DNS that messages without state wait for: 1,000. More such messages are
    /// dropped.
    pub max_pending: usize,
    /// How long an answer of the DNS is waited for: 10 seconds.
    pub lookup_timeout: Duration,
    /// Transports and addresses for requests to names: at first the transports of the listeners.
    pub preferences: Preferences,
}

/// Where a proxy listens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// The transport.
    pub transport: Transport,
    /// The address and port of the socket.
    pub local: SocketAddr,
    /// The host that others find it by, in Via and Record-Route: a name, or an address as it
    /// stands in URIs.
    pub host: String,
    /// The port there; `None` for the transport's usual one.
    pub port: Option<u16>,
}

impl Listener {
    /// A socket that others find by its address.
    #[must_use]
    pub fn new(transport: Transport, local: SocketAddr) -> Self {
        let host = match local.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let port = Some(local.port()).filter(|port| *port != transport.default_port());
        Self {
            transport,
            local,
            host,
            port,
        }
    }

    /// This socket, which others find by another host and port.
    #[must_use]
    pub fn known_as(mut self, host: impl Into<String>, port: Option<u16>) -> Self {
        self.host = host.into();
        self.port = port.filter(|port| *port != self.transport.default_port());
        self
    }

    pub(super) fn sent_by(&self) -> SentBy<'_> {
        SentBy {
            host: &self.host,
            port: self.port,
        }
    }

    fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(self.transport.default_port())
    }

    /// Whether a host is this one.
    fn is_host(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host)
            || Host::parse(host).and_then(|host| host.ip()) == Some(self.local.ip())
    }
}

impl Config {
    /// The defaults, with this seed for branches, tags and the hashes of keys, which must be
    /// unpredictable and never used again; but a stateless proxy that is started again goes on
    /// with the same.
    #[must_use]
    pub fn new(seed: [u8; 32], listeners: impl IntoIterator<Item = Listener>) -> Self {
        let listeners: Vec<_> = listeners.into_iter().collect();
        let mut preferences = Preferences::default();
        preferences.transports.clear();
        for listener in &listeners {
            if !preferences.transports.contains(&listener.transport) {
                preferences.transports.push(listener.transport);
            }
        }
        Self {
            transaction: transaction::Config::new(seed),
            listeners,
            domains: Vec::new(),
            extensions: Vec::new(),
            record_route: true,
            path: false,
            recursion: false,
            stateless: false,
            relay_stateless: true,
            max_targets: 32,
            max_pending: 1000,
            lookup_timeout: Duration::from_secs(10),
            preferences,
        }
    }

    /// The listener that a request leaves from; where there is none of its transport, any.
    pub(super) fn listener(&self, flow: Flow) -> Option<&Listener> {
        let of = |matches: &dyn Fn(&Listener) -> bool| {
            let mut all = self.listeners.iter();
            all.find(|listener| listener.transport == flow.transport && matches(listener))
        };
        let ipv4 = flow.remote.is_ipv4();
        of(&|listener| Some(listener.local) == flow.local)
            .or_else(|| of(&|listener| listener.local.is_ipv4() == ipv4))
            .or_else(|| of(&|_| true))
            .or(self.listeners.first())
    }

    /// Whether a URI names this proxy itself, without regard to its user.
    pub(super) fn is_own(&self, uri: &SipUri<&str>) -> bool {
        let port = uri.effective_port();
        self.listeners
            .iter()
            .any(|listener| listener.port_or_default() == port && listener.is_host(uri.host_str()))
            || self.is_domain(uri)
    }

    /// Whether a URI names a domain of this proxy.
    fn is_domain(&self, uri: &SipUri<&str>) -> bool {
        let is_port = |port| {
            let mut listeners = self.listeners.iter();
            listeners.any(|listener| listener.port_or_default() == port)
        };
        uri.port().is_none_or(is_port) && self.has_domain(uri.host_str())
    }

    fn has_domain(&self, host: &str) -> bool {
        let mut domains = self.domains.iter();
        domains.any(|domain| domain.eq_ignore_ascii_case(host))
    }

    /// Whether this proxy is responsible for a host in `maddr`.
    pub(super) fn is_own_host(&self, host: &str) -> bool {
        let mut listeners = self.listeners.iter();
        listeners.any(|listener| listener.is_host(host)) || self.has_domain(host)
    }

    /// Whether this proxy has put this Via into a request.
    pub(super) fn is_own_via(&self, via: &Via<'_>) -> bool {
        let port = via.port_or_default();
        let transport = Transport::from_via(via.transport());
        self.listeners.iter().any(|listener| {
            Some(listener.transport) == transport
                && listener.port_or_default() == port
                && listener.host.eq_ignore_ascii_case(via.host_str())
        })
    }
}
