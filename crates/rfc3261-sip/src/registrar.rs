//! The registrar (RFC 3261 §10.3, RFC 3327 §5.3, RFC 3608 §6.4): where users can be reached.

mod binding;
mod refusal;
mod store;
mod update;

pub use binding::{Binding, Change, ChangeKind};
pub use refusal::Refusal;
pub use store::{MemoryStore, Store, StoreError};

use alloc::{borrow::Cow, string::String, vec::Vec};
use std::time::Instant;

use rfc2396_uri::{RegistrarKey, SipUri, Uri};

use crate::{
    HeaderName, MessageRef, Method, ResponseBuilder, StatusCode,
    dialog::unfolded,
    headers::{Require, To},
    transport::Flow,
};
use update::Update;

/// How a [`Registrar`] works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The domains whose users register here, as hosts stand in URIs.
    pub domains: Vec<String>,
    /// Seconds for which a binding lasts if the request says nothing: 3600.
    pub default_expires: u32,
    /// The most seconds that are granted: 7200.
    pub max_expires: u32,
    /// Requests for fewer seconds than these, but more than none, are refused with 423: 60. Never
    /// more than an hour counts.
    pub min_expires: u32,
    /// Bindings of one address-of-record: 10. More are refused with 403.
    pub max_bindings: usize,
    /// What Service-Route in each 200 says (RFC 3608): URIs, each with `lr`.
    pub service_route: Vec<String>,
    /// Whether a Path is taken from a user agent that does not say that it supports that. If not,
    /// which RFC 3327 §5.3 recommends, it is refused with 420.
    pub path_without_support: bool,
}

/// The bindings of addresses-of-record to contacts.
///
/// - **Getters**: [`address_of_record`](Self::address_of_record) says whose bindings a request is
///   about, [`bindings`](Self::bindings) where to reach a user.
/// - **Inputs**: [`register`](Self::register) for a REGISTER that its sender is allowed to send,
///   then [`response`](Self::response); [`handle_timeout`](Self::handle_timeout) when
///   [`next_timeout`](Self::next_timeout) is reached.
///
/// Who sends a request, and for which addresses-of-record that is allowed, is for the caller to
/// decide before `register`: nothing else changes a binding.
///
/// ```
/// use std::time::Instant;
/// use rfc2396_uri::SipUri;
/// use rfc3261_sip::registrar::{Config, MemoryStore, Registrar};
///
/// # let request = rfc3261_sip::Message::parse(
/// #     &b"REGISTER sip:example.com SIP/2.0\r\n\
/// #        Via: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKnashds7\r\n\
/// #        From: Bob <sip:bob@example.com>;tag=456248\r\n\
/// #        To: Bob <sip:bob@example.com>\r\n\
/// #        Call-ID: 843817637684230@998sdasdh09\r\n\
/// #        CSeq: 1826 REGISTER\r\n\
/// #        Contact: <sip:bob@192.0.2.4>\r\n\r\n"[..],
/// # )?;
/// let seed = [7; 16]; // from the system's random generator, outside of examples
/// let store = MemoryStore::new(100_000, seed);
/// let mut registrar = Registrar::new(Config::new(["example.com"]), store);
/// let now = Instant::now();
///
/// let reply = match registrar.address_of_record(request.view()) {
///     // Here the sender is authenticated, and looked at whether this one is theirs.
///     Ok(address) => match registrar.register(now, request.view(), &address, None) {
///         Ok(_) => registrar.response(now, request.view(), &address, "2493k59kd"),
///         Err(refusal) => refusal.response(request.view(), "2493k59kd"),
///     },
///     Err(refusal) => refusal.response(request.view(), "2493k59kd"),
/// };
/// assert!(reply.build()?.starts_with(b"SIP/2.0 200 OK"));
///
/// let found = registrar.bindings(now, &SipUri::parse("sip:bob@example.com")?);
/// assert_eq!(found[0].contact(), "sip:bob@192.0.2.4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Registrar<S = MemoryStore> {
    config: Config,
    store: S,
}

impl Config {
    /// The defaults, for these domains.
    #[must_use]
    pub fn new<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self {
            domains: domains.into_iter().map(Into::into).collect(),
            default_expires: 3600,
            max_expires: 7200,
            min_expires: 60,
            max_bindings: 10,
            service_route: Vec::new(),
            path_without_support: false,
        }
    }

    fn serves(&self, host: &str) -> bool {
        self.domains
            .iter()
            .any(|domain| domain.eq_ignore_ascii_case(host))
    }
}

impl<S: Store> Registrar<S> {
    /// A registrar that keeps its bindings in this store.
    #[must_use]
    pub const fn new(config: Config, store: S) -> Self {
        Self { config, store }
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The address-of-record whose bindings a REGISTER is about: that in To, in its canonical form
    /// (steps 1, 2 and 5 of RFC 3261 §10.3). From may be somebody else's: a third party.
    ///
    /// # Errors
    ///
    /// What the request is to be refused with. [`Refusal::NotHere`], where its domain is another
    /// one's, may mean that a proxy is to forward it.
    pub fn address_of_record(&self, request: MessageRef<'_>) -> Result<RegistrarKey, Refusal> {
        if request.method() != Some(Method::REGISTER) {
            return Err(Refusal::Method);
        }
        match request.request_uri()? {
            Uri::Sip(uri) if self.config.serves(uri.host_str()) => {}
            _ => return Err(Refusal::NotHere),
        }
        let required = request.list::<Require<'_>>().filter_map(Result::ok);
        let unknown: Vec<_> = required
            .filter(|required| !EXTENSIONS.iter().any(|known| required.is(known)))
            .map(|required| String::from(required.as_str()))
            .collect();
        if !unknown.is_empty() {
            return Err(Refusal::Extension(unknown));
        }
        match request.typed::<To<'_>>()?.uri() {
            Uri::Sip(uri) if self.config.serves(uri.host_str()) => Ok(uri.registrar_key()),
            _ => Err(Refusal::UnknownAddress),
        }
    }

    /// Does what a REGISTER asks for (steps 6 and 7 of RFC 3261 §10.3): all of it, or nothing. Its
    /// sender is allowed to change the bindings of `address`. `flow` is the way that the request
    /// came, for a user agent that is best reached on the same.
    ///
    /// # Errors
    ///
    /// What the request is to be refused with: then nothing has changed.
    pub fn register(
        &mut self,
        now: Instant,
        request: MessageRef<'_>,
        address: &RegistrarKey,
        flow: Option<Flow>,
    ) -> Result<Vec<Change>, Refusal> {
        let stored = self.store.bindings(address);
        let mut update = Update::new(&self.config, now, request, flow, stored)?;
        update.run()?;
        let (bindings, changes) = update.finish()?;
        if !changes.is_empty() {
            self.store.replace(address, bindings)?;
        }
        Ok(changes)
    }

    /// The 200 to a REGISTER: it has all current bindings, the Path of the request, and
    /// Service-Route. The caller may add Date (RFC 3261 §10.3, step 8).
    #[must_use]
    pub fn response(
        &self,
        now: Instant,
        request: MessageRef<'_>,
        address: &RegistrarKey,
        tag: &str,
    ) -> ResponseBuilder {
        let mut response = ResponseBuilder::to(request, StatusCode::OK, tag);
        for binding in self.store.bindings(address) {
            if binding.expires_in(now) > 0 {
                response = response.header(HeaderName::Contact, binding.contact_value(now));
            }
        }
        for path in path_values(request) {
            response = response.header(HeaderName::Path, path);
        }
        for route in &self.config.service_route {
            response = response.header(HeaderName::ServiceRoute, format_args!("<{route}>"));
        }
        response
    }

    /// The bindings of the user that a Request-URI names, those of the highest preference first,
    /// and among equals those that were made first. With a GRUU (RFC 5627), only those of its
    /// instance.
    #[must_use]
    pub fn bindings(&self, now: Instant, uri: &SipUri<&str>) -> Vec<&Binding> {
        let instance = uri.parameter("gr").and_then(|gr| gr.decoded_value());
        let mut found: Vec<_> = self
            .store
            .bindings(&uri.registrar_key())
            .iter()
            .filter(|binding| binding.expires_in(now) > 0)
            .filter(|binding| match &instance {
                Some(wanted) => binding.instance().is_some_and(|own| own == **wanted),
                None => true,
            })
            .collect();
        found.sort_by_key(|binding| core::cmp::Reverse(binding.q()));
        found
    }

    /// Forgets what has expired by `now`, and tells what that was.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<(RegistrarKey, Binding)> {
        self.store.expire(now)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.store.next_expiry()
    }
}

/// The values of Path in a REGISTER, which can be read.
fn path_values(request: MessageRef<'_>) -> impl Iterator<Item = Cow<'_, str>> {
    let elements = request.elements(HeaderName::Path);
    let texts = elements.filter_map(|element| core::str::from_utf8(element.value).ok());
    texts.map(unfolded)
}

/// The extensions that a REGISTER may require.
const EXTENSIONS: [&str; 1] = ["path"];
