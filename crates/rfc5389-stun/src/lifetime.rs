//! How long a NAT keeps a binding that nobody uses. RFC 5780 §4.6.
//!
//! ```text
//!             mapped               time is over            on the tested socket: alive
//!   Refresh ──────────▶ Waiting ────────────────▶ Probe ──────────────────────────┐
//!      ▲                                            │ on the other, or not: expired │
//!      │                                            ▼                               ▼
//!      └──────────────── next time to wait ─────────┴───────────────────────────────┘
//!                        none is left, or a request has failed ──▶ report
//! ```
//!
//! The time doubles until the binding has expired, then the difference is halved.

use alloc::collections::VecDeque;
use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use crate::client::{
    Client, ClientConfig, Event, Failure, Input, Output as ClientOutput, Request, Transmit,
};

/// Measures how long a binding lasts, without I/O, from two sockets of the same address.
///
/// The server must know RESPONSE-PORT. Use neither socket for anything else meanwhile, and drive
/// the test as a [`Client`]; the last output is the [`Report`].
#[derive(Debug)]
pub struct LifetimeTest {
    client: Client,
    server: SocketAddr,
    limits: Limits,
    step: Step,
    wait: Duration,
    report: Report,
    outputs: VecDeque<Output>,
}

/// How long and how closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// The time that is waited first. 30 s.
    pub first: Duration,
    /// The longest that is waited. 20 min.
    pub longest: Duration,
    /// The difference at which the search ends. 5 s.
    pub precision: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            first: Duration::from_secs(30),
            longest: Duration::from_secs(1200),
            precision: Duration::from_secs(5),
        }
    }
}

/// Which of the two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Socket {
    /// The one whose binding is tested.
    Tested,
    /// The one that asks whether it is still there.
    Other,
}

/// What [`LifetimeTest`] hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Transmit {
        /// From here.
        socket: Socket,
        /// What and where to.
        transmit: Transmit,
    },
    /// The test is over.
    Report(Report),
}

/// What the test has found. Others may find other times: load, restarts and policy of the NAT
/// count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Report {
    /// The longest time after which the binding was there.
    pub alive_after: Duration,
    /// The shortest time after which it was not; `None` if that was never so.
    pub expired_after: Option<Duration>,
    /// Why the test has ended early. [`Failure::Rejected`] with 420: the server does not know
    /// RESPONSE-PORT.
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The tested socket asks for its mapped address.
    Refresh,
    /// Nobody uses this port of the NAT until then.
    Waiting {
        port: u16,
        until: Instant,
    },
    /// The other socket has an answer sent there.
    Probe,
    Over,
}

impl LifetimeTest {
    /// Begins the test. For `config` and `seed` see [`Client::new`].
    pub fn new(
        now: Instant,
        config: ClientConfig,
        seed: [u8; 32],
        server: SocketAddr,
        limits: Limits,
    ) -> LifetimeTest {
        let mut test = LifetimeTest {
            client: Client::new(config, seed),
            server,
            limits,
            step: Step::Refresh,
            wait: limits.first.min(limits.longest),
            report: Report {
                alive_after: Duration::ZERO,
                expired_after: None,
                failure: None,
            },
            outputs: VecDeque::new(),
        };
        test.ask(now, Step::Refresh, Request::udp(server));
        test
    }

    /// When [`handle_timeout`](LifetimeTest::handle_timeout) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        match self.step {
            Step::Waiting { until, .. } => Some(until),
            _ => self.client.next_timeout(),
        }
    }

    /// What to send, and at last the report.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes what has come to one of the sockets.
    pub fn handle_input(&mut self, now: Instant, socket: Socket, input: Input<'_>) {
        self.client.handle_input(now, input);
        self.advance(now, socket);
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.step {
            Step::Waiting { port, until } if until <= now => {
                let mut request = Request::udp(self.server);
                request.response_port = Some(port);
                self.ask(now, Step::Probe, request);
            }
            _ => {
                self.client.handle_timeout(now);
                self.advance(now, Socket::Tested);
            }
        }
    }

    fn ask(&mut self, now: Instant, step: Step, request: Request) {
        self.step = step;
        if self.client.request(now, request).is_err() {
            // Only a configuration that allows no request at all comes here.
            self.end(Some(Failure::TimedOut));
        }
        self.advance(now, Socket::Tested);
    }

    /// `socket` is where it has come.
    fn advance(&mut self, now: Instant, socket: Socket) {
        while let Some(output) = self.client.poll_output() {
            let sender = match self.step {
                Step::Probe => Socket::Other,
                _ => Socket::Tested,
            };
            match (output, self.step) {
                (ClientOutput::Transmit(transmit), _) => self.outputs.push_back(Output::Transmit {
                    socket: sender,
                    transmit,
                }),
                (ClientOutput::Event(Event::Success { success, .. }), Step::Refresh) => {
                    self.step = Step::Waiting {
                        port: success.mapped_address.port(),
                        until: now + self.wait,
                    };
                }
                (ClientOutput::Event(Event::Success { .. }), Step::Probe) => {
                    self.conclude(now, socket == Socket::Tested);
                }
                (
                    ClientOutput::Event(Event::Failure {
                        failure: Failure::TimedOut,
                        ..
                    }),
                    Step::Probe,
                ) => self.conclude(now, false),
                (ClientOutput::Event(Event::Failure { failure, .. }), _) => {
                    self.end(Some(failure));
                }
                (ClientOutput::Event(Event::Success { .. }), Step::Waiting { .. } | Step::Over) => {
                }
            }
        }
    }

    fn conclude(&mut self, now: Instant, is_alive: bool) {
        if is_alive {
            self.report.alive_after = self.wait;
        } else {
            self.report.expired_after = Some(self.wait);
        }
        let alive = self.report.alive_after;
        self.wait = match self.report.expired_after {
            None if alive >= self.limits.longest => return self.end(None),
            None => alive.saturating_mul(2).min(self.limits.longest),
            Some(expired) => {
                let difference = expired.saturating_sub(alive);
                if difference <= self.limits.precision.max(Duration::from_millis(1)) {
                    return self.end(None);
                }
                alive + difference / 2
            }
        };
        self.ask(now, Step::Refresh, Request::udp(self.server));
    }

    fn end(&mut self, failure: Option<Failure>) {
        if self.step != Step::Over {
            self.step = Step::Over;
            self.report.failure = failure;
            self.outputs.push_back(Output::Report(self.report));
        }
    }
}
