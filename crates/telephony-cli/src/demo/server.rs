//! The registrar, proxy and STUN server of the demonstration.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rfc2396_uri::SipUri;
use rfc2617_auth::{DigestServer, Ha1, Reason, Request, ServerConfig, Username, Verdict};
use rfc3261_sip::proxy::{self, Event, Listener, Proxy, Target};
use rfc3261_sip::registrar::{self, MemoryStore, Registrar};
use rfc3261_sip::transaction::{TransactionId, Transmit};
use rfc3261_sip::transport::{Flow, Transport};
use rfc3261_sip::{HeaderName, Method, StatusCode};
use rfc5389_stun as stun;
use telephony_net::sip::Endpoint;
use telephony_net::{Driver, Happening};

use crate::phone::{Problem, random};

/// A registrar and a proxy for one domain that want credentials, and a STUN server at the same
/// socket.
pub(super) struct Server {
    driver: Driver<Proxy>,
    registrar: Registrar,
    digest: DigestServer,
    domain: String,
    passwords: HashMap<String, String>,
    stun: stun::server::Server,
    started: Instant,
    /// How many requests it has asked credentials for.
    pub(super) challenged: u32,
    /// How many registrations it has taken, refreshes and removals included.
    pub(super) registered: u32,
    /// How many calls of users with credentials it has forwarded.
    pub(super) called: u32,
}

impl Server {
    pub(super) fn new(
        endpoint: Endpoint,
        domain: &str,
        passwords: HashMap<String, String>,
    ) -> Result<Self, Problem> {
        let listeners: Vec<Listener> = endpoint
            .listening()
            .iter()
            .map(|listen| Listener::new(listen.transport, listen.address))
            .collect();
        let mut config = proxy::Config::new(random()?, listeners);
        config.domains = vec![domain.to_string()];
        let mut seed = [0; 16];
        seed.copy_from_slice(random()?.split_at(16).0);
        let digest = DigestServer::new(ServerConfig::new(domain), random()?);
        Ok(Self {
            driver: Driver::new(Proxy::new(config), endpoint),
            registrar: Registrar::new(
                registrar::Config::new([domain]),
                MemoryStore::new(100, seed),
            ),
            digest: digest.map_err(|error| Problem::Failure(error.to_string()))?,
            domain: domain.to_string(),
            passwords,
            stun: stun::server::Server::new(stun::server::ServerConfig::default()),
            started: Instant::now(),
            challenged: 0,
            registered: 0,
            called: 0,
        })
    }

    /// Serves until it is dropped.
    pub(super) async fn run(&mut self) {
        loop {
            match self.driver.next().await {
                Happening::Event(Event::Request { transaction }) => {
                    let now = Instant::now();
                    let decided = self.decide(now, transaction);
                    let refused = decided.or_else(|_| {
                        let status = StatusCode::SERVER_INTERNAL_ERROR;
                        self.driver.machine_mut().refuse(now, transaction, status)
                    });
                    // What cannot even be refused is over.
                    let _ = refused;
                }
                Happening::Stun { bytes, source } => self.answer_stun(&bytes, source),
                _ => {}
            }
        }
    }

    /// What becomes of a request: all of the policy is here.
    fn decide(
        &mut self,
        now: Instant,
        id: TransactionId,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let proxy = self.driver.machine_mut();
        let Some(request) = proxy.request(id) else {
            return Ok(());
        };
        let message = request.message().clone();
        let (source, uri) = (request.source(), request.uri().to_string());
        let is_responsible = request.is_responsible();
        let is_register = message.method() == Some(Method::REGISTER);
        let is_within = message.to()?.tag().is_some();
        if !is_within && let Err(reason) = self.authenticate(&message) {
            self.challenged += 1;
            let status = match is_register {
                true => StatusCode::UNAUTHORIZED,
                false => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            };
            let time = self.started.elapsed();
            let challenges = self.digest.challenges(time, &[], reason);
            let challenge = challenges.first().ok_or("no challenge")?;
            let proxy = self.driver.machine_mut();
            return Ok(proxy.challenge(now, id, status, challenge)?);
        }
        let proxy = self.driver.machine_mut();
        if !is_responsible {
            return Ok(proxy.relay(now, id)?);
        }
        if is_register {
            let (view, tag) = (message.view(), proxy.tag(id));
            let registered = self.registrar.address_of_record(view).and_then(|user| {
                self.registrar.register(now, view, &user, Some(source))?;
                Ok(user)
            });
            let response = match registered {
                Ok(user) => {
                    self.registered += 1;
                    self.registrar.response(now, view, &user, &tag)
                }
                Err(refusal) => refusal.response(view, &tag),
            };
            return Ok(proxy.respond(now, id, response.build()?)?);
        }
        self.called += u32::from(message.method() == Some(Method::INVITE));
        let uri = SipUri::parse(uri.as_str())?;
        let found = self.registrar.bindings(now, &uri);
        let targets: Vec<Target> = found.into_iter().map(Target::from).collect();
        Ok(proxy.forward(now, id, targets)?)
    }

    /// Whether the sender is who it says.
    fn authenticate(&mut self, message: &rfc3261_sip::Message) -> Result<(), Reason> {
        let name = match message.method() {
            Some(Method::REGISTER) => HeaderName::Authorization,
            _ => HeaderName::ProxyAuthorization,
        };
        let uri = message.view().request_uri_bytes().unwrap_or_default();
        let request = Request {
            method: message.method().map_or("", |method| method.as_str()),
            uri: std::str::from_utf8(uri).unwrap_or_default(),
            body: message.body(),
        };
        let rows = message.fields_named(name).map(|field| field.value());
        let passwords = &self.passwords;
        let time: Duration = self.started.elapsed();
        let verdict = self.digest.verify(time, &[], &request, rows, |claim| {
            let Username::Plain(user) = claim.username else {
                return None;
            };
            let password = passwords.get(user.as_ref())?;
            Some(Ha1::new(claim.hash, user, claim.realm, password))
        });
        match verdict {
            Verdict::Accepted(_) => Ok(()),
            Verdict::Challenge(reason) => Err(reason),
            _ => Err(Reason::Missing),
        }
    }

    fn answer_stun(&mut self, bytes: &[u8], source: Flow) {
        let Some(local) = source.local else { return };
        let arrival = stun::server::Arrival {
            transport: stun::Transport::Udp,
            local,
            remote: source.remote,
            bytes,
        };
        let mut buffer = [0; 1500];
        let time = self.started.elapsed();
        let answer = self.stun.answer(time, &arrival, &mut (), &mut buffer);
        if let Ok(Some(answer)) = answer {
            let flow = Flow::new(Transport::Udp, answer.remote).local(answer.local);
            self.driver.endpoint_mut().send(Transmit {
                transaction: None,
                flow,
                bytes: answer.bytes.to_vec().into(),
            });
        }
    }

    /// Where it is reached.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let listening = self.driver.endpoint().listening();
        listening.first().map(|listen| listen.address)
    }

    /// How many phones can be reached through it.
    pub(super) fn reachable(&self) -> usize {
        let users = self.passwords.keys();
        let reachable = users.map(|user| {
            let uri = format!("sip:{user}@{}", self.domain);
            let uri = SipUri::parse(uri.as_str());
            uri.map_or(0, |uri| self.registrar.bindings(Instant::now(), &uri).len())
        });
        reachable.sum()
    }
}
