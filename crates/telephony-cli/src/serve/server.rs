//! The server: a registrar and a proxy of one domain, and STUN at the same UDP sockets.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rfc2617_auth::{Algorithm, DigestServer, ServerConfig, UriRule};
use rfc3261_sip::StatusCode;
use rfc3261_sip::proxy::{self, Event, Listener, Proxy};
use rfc3261_sip::registrar::{self, MemoryStore, Registrar};
use rfc3261_sip::transaction::{TransactionId, Transmit};
use rfc3261_sip::transport::Flow;
use rfc5389_stun::server::{Arrival, Server as StunServer};
use telephony_net::sip::{Endpoint, Listen};
use telephony_net::{Driver, Happening, Resolver};

use super::calls::Calls;
use super::notice::Notice;
use super::policy::user_of;
use crate::users::Users;

/// What a server is told at first.
pub(crate) struct Settings {
    /// Its domains, the first of which is the realm.
    pub(crate) domains: Vec<String>,
    pub(crate) users: Users,
    /// The algorithms of its challenges, the preferred first.
    pub(crate) algorithms: Vec<Algorithm>,
    /// Whether strangers may call its users.
    pub(crate) public: bool,
    /// The host that others find it by, if that is not the address that it listens at.
    pub(crate) host: Option<String>,
    /// Unpredictable bytes: for the proxy, for nonces, for the table of bindings.
    pub(crate) seeds: [[u8; 32]; 3],
}

/// A registrar and proxy of one domain, and a STUN server at its UDP sockets.
pub(crate) struct Server {
    pub(super) driver: Driver<Proxy>,
    pub(super) registrar: Registrar,
    pub(super) digest: DigestServer,
    stun: StunServer,
    pub(super) users: Users,
    pub(super) domains: Vec<String>,
    pub(super) public: bool,
    pub(super) calls: Calls,
    /// Requests whose transaction is not over.
    pub(super) pending: HashMap<TransactionId, Pending>,
    pub(super) started: Instant,
    pub(super) counts: Counts,
}

/// A request that is to be answered, or was a moment ago.
pub(super) struct Pending {
    pub(super) method: String,
    pub(super) call_id: String,
    pub(super) since: Instant,
}

/// What there was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) challenged: u64,
    pub(crate) refused: u64,
    pub(crate) calls: u64,
    pub(crate) answered: u64,
    pub(crate) stun: u64,
}

/// The most addresses-of-record that have bindings at a time.
const RECORDS: usize = 1_000_000;

/// The fewest seconds for which a user registers: small tools ask for so little.
const SHORTEST: u32 = 30;

impl Server {
    /// Puts a server to its sockets.
    pub(crate) fn new(
        settings: Settings,
        endpoint: Endpoint,
        resolver: Option<Resolver>,
    ) -> Result<Self, String> {
        let Settings {
            domains,
            users,
            algorithms,
            public,
            host,
            seeds: [proxy_seed, nonce_key, store_seed],
        } = settings;
        let mut digest = ServerConfig::new(domains.first().ok_or("no domain")?);
        digest.algorithms = algorithms;
        // Clients differ in what they write there, and proxies change the Request-URI.
        digest.uri = UriRule::Any;
        let listening = endpoint.listening().iter();
        let listeners = listening.map(|listen| listener(listen, host.as_deref()));
        let mut config = proxy::Config::new(proxy_seed, listeners);
        config.domains.clone_from(&domains);
        config.relay_stateless = false;
        let mut driver = Driver::new(Proxy::new(config), endpoint);
        if let Some(resolver) = resolver {
            driver = driver.resolver(resolver);
        }
        let mut bindings = registrar::Config::new(domains.clone());
        bindings.min_expires = SHORTEST;
        let (store_seed, _) = store_seed.split_first_chunk().ok_or("no seed")?;
        let store = MemoryStore::new(RECORDS, *store_seed);
        Ok(Self {
            driver,
            registrar: Registrar::new(bindings, store),
            digest: DigestServer::new(digest, nonce_key).map_err(|error| error.to_string())?,
            stun: StunServer::new(rfc5389_stun::server::ServerConfig::default()),
            users,
            domains,
            public,
            calls: Calls::default(),
            pending: HashMap::new(),
            started: Instant::now(),
            counts: Counts::default(),
        })
    }

    /// Serves until something happens that is worth telling. It may be dropped and called again:
    /// nothing is lost.
    pub(crate) async fn next(&mut self) -> Notice {
        loop {
            let expiry = self.registrar.next_timeout();
            let expired = async {
                match expiry {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            let notice = tokio::select! {
                happening = self.driver.next() => self.take(happening),
                () = expired => self.expire(),
            };
            if let Some(notice) = notice {
                return notice;
            }
        }
    }

    /// Forgets what is over.
    pub(crate) fn sweep(&mut self) {
        self.calls.sweep(Instant::now());
    }

    /// Where it listens.
    pub(crate) fn listening(&self) -> &[Listen] {
        self.driver.endpoint().listening()
    }

    /// What there was.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// How many addresses-of-record can be reached.
    pub(crate) fn reachable(&self) -> usize {
        self.registrar.store().len()
    }

    /// How many calls stand.
    pub(crate) fn calls(&self) -> usize {
        self.calls.standing()
    }

    /// How many calls and subscriptions it knows of, those that are over a moment ago among them.
    pub(crate) fn known(&self) -> usize {
        self.calls.len()
    }

    /// The proxy, to look at.
    pub(crate) fn proxy(&self) -> &Proxy {
        self.driver.machine()
    }

    /// The sockets, to look at.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.driver.endpoint()
    }

    /// Sends what waits, for at most as long as is given, and closes the sockets.
    pub(crate) async fn shut_down(self, limit: Duration) {
        self.driver.shut_down(limit).await;
    }

    fn take(&mut self, happening: Happening<Event>) -> Option<Notice> {
        match happening {
            Happening::Event(Event::Request { transaction }) => {
                self.decide(Instant::now(), transaction)
            }
            Happening::Event(Event::Answered {
                transaction,
                status,
            }) => self.answered(Instant::now(), transaction, status),
            Happening::Event(Event::Ended { transaction }) => {
                self.pending.remove(&transaction);
                None
            }
            Happening::Stun { bytes, source } => {
                self.answer_stun(&bytes, source);
                None
            }
            Happening::Event(Event::Stateless(request)) => {
                self.pass_on(Instant::now(), *request);
                None
            }
            _ => None,
        }
    }

    fn answered(&mut self, now: Instant, id: TransactionId, status: StatusCode) -> Option<Notice> {
        let pending = self.pending.get(&id)?;
        let call_id = pending.call_id.clone();
        match pending.method.as_str() {
            "INVITE" if status.is_success() => {
                let after = now.duration_since(pending.since);
                self.calls.answer(now, &call_id).then(|| {
                    self.counts.answered += 1;
                    Notice::Answered { call_id, after }
                })
            }
            "INVITE" => self.calls.fail(&call_id).then(|| Notice::Failed {
                call_id,
                status: status.get(),
            }),
            "BYE" if status != StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let talked = self.calls.end(now, &call_id)?;
                Some(Notice::Ended { call_id, talked })
            }
            _ => None,
        }
    }

    fn expire(&mut self) -> Option<Notice> {
        let expired = self.registrar.handle_timeout(Instant::now());
        (!expired.is_empty()).then(|| {
            let users = expired.iter().map(|(address, _)| user_of(address));
            Notice::Expired {
                users: users.collect(),
            }
        })
    }

    fn answer_stun(&mut self, bytes: &[u8], source: Flow) {
        let Some(local) = source.local else { return };
        let arrival = Arrival {
            transport: rfc5389_stun::Transport::Udp,
            local,
            remote: source.remote,
            bytes,
        };
        let mut buffer = [0; 548];
        let time = self.started.elapsed();
        if let Ok(Some(answer)) = self.stun.answer(time, &arrival, &mut (), &mut buffer) {
            self.counts.stun += 1;
            self.driver.endpoint_mut().send(Transmit {
                transaction: None,
                flow: source,
                bytes: bytes::Bytes::copy_from_slice(answer.bytes),
            });
        }
    }
}

/// How a listener is named in Via and Record-Route.
fn listener(listen: &Listen, host: Option<&str>) -> Listener {
    let listener = Listener::new(listen.transport, listen.address);
    match host {
        Some(host) => listener.known_as(host, Some(listen.address.port())),
        None => listener,
    }
}
