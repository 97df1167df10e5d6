//! The client of the Binding method. RFC 5389 §7.1 to §7.3, §10, §11, §12.1; RFC 8489 §9, §10.

mod config;
mod credentials;
mod event;
mod pending;
mod reply;
mod request;
mod round_trip;
mod sessions;
mod timer;
mod transition;

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;
use std::time::Instant;

pub use config::ClientConfig;
pub use credentials::Credentials;
pub use event::{Event, Failure, Output, Success, Transmit};
pub use request::{Input, Request, RequestId, TooManyRequests};

use crate::attribute::AlternateServer;
use crate::error::CheckError;
use crate::key::Key;
use crate::message::Message;
use crate::transaction_id::TransactionId;
use crate::transport::Transport;
use credentials::{Integrity, Proof};
use pending::{Attempt, Pending};
use reply::mapped_address;
use round_trip::RoundTrips;
use sessions::Sessions;
use timer::{Due, Timer};
use transition::{Action, Reply, transition};

/// A client of the Binding method, without I/O.
///
/// - Commands: [`request`](Client::request), [`cancel`](Client::cancel).
/// - Inputs: [`handle_input`](Client::handle_input), [`handle_timeout`](Client::handle_timeout).
/// - Polls: [`poll_output`](Client::poll_output) until `None` after each of these, then
///   [`next_timeout`](Client::next_timeout).
///
/// Every request ends with one [`Event`], unless it is cancelled. Only a response that comes from
/// where the request went, carries its transaction ID and is protected as the request was changes
/// anything.
///
/// ```
/// use std::time::Instant;
/// use rfc5389_stun::client::{Client, ClientConfig, Output, Request};
///
/// let seed = [7; 32]; // from the operating system's random source
/// let mut client = Client::new(ClientConfig::default(), seed);
/// let server = "192.0.2.1:3478".parse()?;
/// client.request(Instant::now(), Request::udp(server))?;
/// let Some(Output::Transmit(transmit)) = client.poll_output() else {
///     panic!("a request is sent at once");
/// };
/// assert_eq!((transmit.destination, transmit.bytes.len()), (server, 20));
/// assert!(client.next_timeout().is_some());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    /// What transaction IDs are made with.
    seed: Key,
    transactions: u64,
    requests: u64,
    pending: Vec<Pending>,
    sessions: Sessions,
    round_trips: RoundTrips,
    outputs: VecDeque<Output>,
}

impl Client {
    /// A client. `seed` must be unpredictable, and another for each client: whoever knows it can
    /// forge responses.
    pub fn new(config: ClientConfig, seed: [u8; 32]) -> Client {
        Client {
            config,
            seed: Key::from_bytes(&seed),
            transactions: 0,
            requests: 0,
            pending: Vec::new(),
            sessions: Sessions::default(),
            round_trips: RoundTrips::default(),
            outputs: VecDeque::new(),
        }
    }

    /// When [`handle_timeout`](Client::handle_timeout) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.timer.due).min()
    }

    /// What to send, or what has happened, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// As many are waiting already as the configuration allows.
    pub fn request(
        &mut self,
        now: Instant,
        request: Request,
    ) -> Result<RequestId, TooManyRequests> {
        if self.pending.len() >= self.config.outstanding {
            return Err(TooManyRequests);
        }
        self.requests += 1;
        let id = RequestId(self.requests);
        self.begin(
            now,
            Attempt {
                id,
                proof: self.remembered(request.server),
                request,
                servers: vec![request.server],
                attempts: 1,
            },
        );
        Ok(id)
    }

    /// Forgets a request; nothing more is heard of it.
    pub fn cancel(&mut self, request: RequestId) {
        self.pending.retain(|pending| pending.id != request);
    }

    /// Sends what is due again, and gives up what has waited long enough.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(pending) = self.pending.get_mut(at) {
            if pending.timer.due > now {
                at += 1;
                continue;
            }
            match pending.timer.fire(now) {
                Due::Send => {
                    pending.is_repeated = true;
                    let transmit = pending.transmit();
                    self.outputs.push_back(Output::Transmit(transmit));
                    at += 1;
                }
                Due::GiveUp => {
                    let pending = self.pending.remove(at);
                    let failure = if pending.is_violated {
                        Failure::IntegrityViolated
                    } else {
                        Failure::TimedOut
                    };
                    self.fail(pending.id, failure);
                }
            }
        }
    }

    /// Takes what has come. What is no response to a request of this client is passed over.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Message {
                transport,
                source,
                bytes,
            } => self.handle_message(now, transport, source, bytes),
            Input::Unreachable {
                transport,
                destination,
            } => {
                let is_lost = |pending: &Pending| {
                    pending.request.transport == transport && pending.request.server == destination
                };
                while let Some(at) = self.pending.iter().position(is_lost) {
                    let pending = self.pending.remove(at);
                    self.fail(pending.id, Failure::Unreachable);
                }
            }
        }
    }

    fn handle_message(
        &mut self,
        now: Instant,
        transport: Transport,
        source: SocketAddr,
        bytes: &[u8],
    ) {
        let Ok(response) = Message::parse(bytes) else {
            return;
        };
        let Some(at) = self
            .pending
            .iter()
            .position(|pending| pending.is_answered_by(&response, transport, source))
        else {
            return;
        };
        let is_intact = match response.verify_fingerprint() {
            Ok(()) => true,
            Err(CheckError::Missing) => !self.config.fingerprint,
            Err(_) => false,
        };
        let reply = Reply::read(&response);
        if !is_intact || reply.is_bid_down(&response) {
            return;
        }
        let Some(pending) = self.pending.get_mut(at) else {
            return;
        };
        let integrity = pending
            .proof
            .as_ref()
            .and_then(|proof| proof.verify(&response));
        let state = Proof::state(pending.proof.as_ref(), self.config.credentials.as_ref());
        let action = transition(state, integrity.is_some(), reply);
        if action == Action::Discard && transport == Transport::Udp {
            pending.is_violated = true;
            return;
        }
        let pending = self.pending.remove(at);
        if let (Transport::Udp, Some(sample)) = (transport, pending.round_trip(now)) {
            let server = pending.request.server.ip().to_canonical();
            self.round_trips.note(now, server, sample);
        }
        match action {
            Action::Succeed => self.succeed(now, pending, &response, integrity),
            Action::Fail => self.fail(pending.id, reply.failure(&response)),
            Action::Discard => self.fail(pending.id, Failure::IntegrityViolated),
            Action::Redirect => self.redirect(now, pending, &response),
            Action::Authenticate => self.authenticate(now, pending, &response, false),
            Action::Renew => self.authenticate(now, pending, &response, true),
        }
    }

    fn succeed(
        &mut self,
        now: Instant,
        pending: Pending,
        response: &Message<&[u8]>,
        integrity: Option<Integrity>,
    ) {
        let server = pending.request.server;
        let round_trip = pending.round_trip(now);
        if let (Some(proof), Some(integrity)) = (pending.proof, integrity) {
            self.sessions.remember(server, proof.settled(integrity));
        }
        let Some(mapped_address) = mapped_address(response) else {
            return self.fail(pending.id, Failure::MalformedResponse);
        };
        let response = Message::parse(response.as_bytes().to_vec());
        let success = Success {
            mapped_address,
            server,
            is_authenticated: integrity.is_some(),
            round_trip,
            response: response.expect("it has been parsed before"),
        };
        self.outputs.push_back(Output::Event(Event::Success {
            request: pending.id,
            success,
        }));
    }

    fn fail(&mut self, request: RequestId, failure: Failure) {
        self.outputs
            .push_back(Output::Event(Event::Failure { request, failure }));
    }

    /// Asks the server that the response names.
    fn redirect(&mut self, now: Instant, pending: Pending, response: &Message<&[u8]>) {
        if pending.request.change.is_some() {
            return self.fail(pending.id, Failure::Rejected(300));
        }
        let here = pending.request.server;
        let alternate = match response.get::<AlternateServer>() {
            Ok(Some(alternate)) if alternate.0.is_ipv4() == here.is_ipv4() => alternate.0,
            _ => return self.fail(pending.id, Failure::MalformedResponse),
        };
        if pending.servers.contains(&alternate) {
            return self.fail(pending.id, Failure::RedirectedBack);
        }
        let mut servers = pending.servers;
        servers.push(alternate);
        self.begin(
            now,
            Attempt {
                id: pending.id,
                request: Request {
                    server: alternate,
                    ..pending.request
                },
                proof: self.remembered(alternate),
                servers,
                attempts: pending.attempts + 1,
            },
        );
    }

    /// Asks again, in answer to a challenge.
    fn authenticate(
        &mut self,
        now: Instant,
        pending: Pending,
        response: &Message<&[u8]>,
        is_stale: bool,
    ) {
        // What was remembered is refused, or too old.
        let server = pending.request.server;
        self.sessions.forget(server);
        let Some(credentials) = &self.config.credentials else {
            return self.fail(pending.id, Failure::CredentialsRefused);
        };
        match Proof::answering(response, credentials, pending.proof.as_ref(), is_stale) {
            Ok(proof) => self.begin(
                now,
                Attempt {
                    id: pending.id,
                    request: pending.request,
                    proof: Some(proof),
                    servers: pending.servers,
                    attempts: pending.attempts + 1,
                },
            ),
            Err(failure) => self.fail(pending.id, failure),
        }
    }

    /// Begins a transaction.
    fn begin(&mut self, now: Instant, attempt: Attempt) {
        let Attempt {
            id,
            request,
            proof,
            servers,
            attempts,
        } = attempt;
        if attempts > self.config.attempts {
            return self.fail(id, Failure::TooManyAttempts);
        }
        let transaction_id = self.transaction_id();
        let bytes = match request.write(&self.config, transaction_id, proof.as_ref()) {
            Ok(bytes) => bytes,
            Err(error) => return self.fail(id, Failure::Unwritable(error)),
        };
        let server = request.server.ip().to_canonical();
        let rto = self.round_trips.rto(now, server, &self.config);
        let pending = Pending {
            id,
            request,
            transaction_id,
            bytes,
            proof,
            timer: Timer::start(now, &self.config, request.transport, rto),
            sent: now,
            is_repeated: false,
            is_violated: false,
            servers,
            attempts,
        };
        self.outputs.push_back(Output::Transmit(pending.transmit()));
        self.pending.push(pending);
    }

    /// A pseudo-random function of a counter: unlike any before, and not to be guessed.
    fn transaction_id(&mut self) -> TransactionId {
        self.transactions += 1;
        let hash = self.seed.hmac_sha256(&[&self.transactions.to_be_bytes()]);
        TransactionId(hash.first_chunk().copied().expect("12 is less than 32"))
    }

    /// The proof that a request to this server begins with.
    fn remembered(&self, server: SocketAddr) -> Option<Proof> {
        match self.sessions.of(server) {
            Some(proof) => Some(proof.clone()),
            None => Proof::first(self.config.credentials.as_ref()),
        }
    }
}
