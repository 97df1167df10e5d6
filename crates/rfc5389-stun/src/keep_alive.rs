//! Keeping a binding of a NAT open, and noticing when it changes. RFC 5626 §4.4.2, §8;
//! RFC 5780 §4.6.
//!
//! ```text
//!              due                    response
//!   waiting ────────▶ asking ─────────────────────▶ waiting   Mapped the first time, Moved when
//!      ▲                 │                                    the address is another
//!      └───── failure ───┘ Lost
//! ```

use alloc::collections::VecDeque;
use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use crate::client::{
    Client, ClientConfig, Event as ClientEvent, Failure, Input, Output as ClientOutput, Request,
    Transmit,
};
use crate::key::Key;

/// Asks a server for the mapped address again and again, without I/O.
///
/// Send what [`poll_output`](KeepAlive::poll_output) gives from the very socket whose binding is
/// to be kept, and hand in what comes there. Drive it as a [`Client`].
#[derive(Debug)]
pub struct KeepAlive {
    client: Client,
    request: Request,
    interval: Duration,
    /// What the intervals are drawn with.
    seed: Key,
    draws: u64,
    next: Option<Instant>,
    mapped: Option<SocketAddr>,
    outputs: VecDeque<Output>,
}

/// What [`KeepAlive`] hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// This has happened.
    Event(Event),
}

/// What has become of the binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// It stands, and the server sees this address.
    Mapped(SocketAddr),
    /// It is another: what was told to others is no longer true.
    Moved {
        /// The address until now.
        from: SocketAddr,
        /// The address from now on.
        to: SocketAddr,
    },
    /// The server does not answer, so the binding may be gone. It is asked again when the
    /// interval is over.
    Lost(Failure),
}

impl KeepAlive {
    /// Asks at once, and then after 80 to 100 per cent of the interval each time. For `config`
    /// and `seed` see [`Client::new`].
    pub fn new(
        now: Instant,
        config: ClientConfig,
        seed: [u8; 32],
        request: Request,
        interval: Duration,
    ) -> KeepAlive {
        let mut keep_alive = KeepAlive {
            client: Client::new(config, seed),
            request,
            interval,
            seed: Key::from_bytes(&seed),
            draws: 0,
            next: None,
            mapped: None,
            outputs: VecDeque::new(),
        };
        keep_alive.ask(now);
        keep_alive
    }

    /// The address that the server saw last, while the binding stands.
    pub fn mapped_address(&self) -> Option<SocketAddr> {
        self.mapped
    }

    /// Another interval, from the next request on: such as three quarters of what
    /// [`LifetimeTest`](crate::lifetime::LifetimeTest) has found.
    pub fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// When [`handle_timeout`](KeepAlive::handle_timeout) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.client
            .next_timeout()
            .into_iter()
            .chain(self.next)
            .min()
    }

    /// What to send, or what has happened, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes what has come.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        self.client.handle_input(now, input);
        self.advance(now);
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.client.handle_timeout(now);
        self.advance(now);
        if self.next.is_some_and(|next| next <= now) {
            self.ask(now);
        }
    }

    fn ask(&mut self, now: Instant) {
        self.next = None;
        if self.client.request(now, self.request).is_err() {
            // Only a configuration that allows no request at all comes here.
            self.wait(now);
        }
        self.advance(now);
    }

    fn advance(&mut self, now: Instant) {
        while let Some(output) = self.client.poll_output() {
            match output {
                ClientOutput::Transmit(transmit) => {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
                ClientOutput::Event(ClientEvent::Success { success, .. }) => {
                    let to = success.mapped_address;
                    let event = match self.mapped.replace(to) {
                        None => Some(Event::Mapped(to)),
                        Some(from) if from != to => Some(Event::Moved { from, to }),
                        Some(_) => None,
                    };
                    self.outputs.extend(event.map(Output::Event));
                    self.wait(now);
                }
                ClientOutput::Event(ClientEvent::Failure { failure, .. }) => {
                    self.mapped = None;
                    self.outputs.push_back(Output::Event(Event::Lost(failure)));
                    self.wait(now);
                }
            }
        }
    }

    /// Until 80 to 100 per cent of the interval are over.
    fn wait(&mut self, now: Instant) {
        self.draws += 1;
        let hash = self
            .seed
            .hmac_sha256(&[b"interval", &self.draws.to_be_bytes()]);
        let fraction = u32::from(hash[0]) * 256 + u32::from(hash[1]);
        // A clock ends somewhere; a day is as good as never.
        let interval = self.interval.min(Duration::from_secs(86_400));
        self.next = Some(now + interval * 4 / 5 + interval / 5 * fraction / 65_536);
    }
}
