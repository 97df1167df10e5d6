//! The tests that tell how a NAT behaves: mapping and filtering. RFC 5780 §4.2 to §4.5, §5.
//!
//! ```text
//!                 ┌── no other address, not reached ───────────────────────────┐
//! Connectivity ───┤                                                            ▼
//!                 └▶ FromBoth ──none──▶ FromPort ──any──▶ ToAddress ──other──▶ ToBoth ──▶ report
//!                       └──response──────────────────────▶   └──same mapping────────────▶
//! ```
//!
//! Filtering comes first: asking the server's other address would open the filter for it.
//! `ToAddress` and `ToBoth` are left out where there is no NAT.

use alloc::collections::VecDeque;
use core::fmt;
use core::net::SocketAddr;
use std::time::Instant;

use crate::attribute::{ChangeRequest, ChangedAddress, OtherAddress};
use crate::client::{
    Client, ClientConfig, Event, Failure, Input, Output as ClientOutput, Request, Success, Transmit,
};
use crate::transport::canonical;

/// The behaviour tests of RFC 5780, without I/O: five Binding requests at most, one after the
/// other, from one socket.
///
/// Send and receive on one UDP socket that has not been used before, and drive it as a
/// [`Client`]; the last output is the [`Report`].
#[derive(Debug)]
pub struct Discovery {
    client: Client,
    local: SocketAddr,
    server: SocketAddr,
    step: Step,
    report: Report,
    found: Option<Found>,
    outputs: VecDeque<Output>,
}

/// What [`Discovery`] hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// The tests are over.
    Report(Report),
}

/// What the tests have found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Report {
    /// The client's address as the server sees it.
    pub mapped_address: Result<SocketAddr, Failure>,
    /// The address of the server where it can be asked as well.
    pub other_address: Option<SocketAddr>,
    /// Whether the mapped address is another than the local one.
    pub is_translated: bool,
    /// How local addresses become mapped ones.
    pub mapping: Result<Dependence, Unknown>,
    /// From where packets are let in.
    pub filtering: Result<Dependence, Unknown>,
}

/// What a mapping or a filter depends on (RFC 4787 §4.1, §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dependence {
    /// On nothing of the other side: Endpoint-Independent.
    EndpointIndependent,
    /// On the other side's address: Address-Dependent.
    AddressDependent,
    /// On the other side's address and port: Address and Port-Dependent.
    AddressAndPortDependent,
}

impl fmt::Display for Dependence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dependence::EndpointIndependent => "endpoint-independent",
            Dependence::AddressDependent => "address-dependent",
            Dependence::AddressAndPortDependent => "address and port-dependent",
        })
    }
}

/// Why a behaviour is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unknown {
    /// The server has no second address and port, or does not answer from them.
    Unsupported,
    /// A request that was needed to know has come to nothing.
    Failed(Failure),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Unsupported => f.write_str("the server does not support the test"),
            Unknown::Failed(failure) => failure.fmt(f),
        }
    }
}

impl core::error::Error for Unknown {}

/// What is being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Tests I: is the server there?
    Connectivity,
    /// Filtering, test II: an answer from its other address and port.
    FromBoth,
    /// Filtering, test III: an answer from its other port.
    FromPort,
    /// Mapping, test II: its other address.
    ToAddress,
    /// Mapping, test III: its other address and port.
    ToBoth,
    Over,
}

/// What the first request has found.
#[derive(Debug, Clone, Copy)]
struct Found {
    mapped: SocketAddr,
    other: SocketAddr,
    /// Where the mapping goes to, as seen from the other address.
    from_other: Option<SocketAddr>,
}

impl Discovery {
    /// Begins the tests. `local` is the address of the socket as a packet from it shows it, not
    /// the one that stands for all. For `config` and `seed` see [`Client::new`]; a filter is
    /// found by waiting, so fewer repetitions are quicker.
    pub fn new(
        now: Instant,
        config: ClientConfig,
        seed: [u8; 32],
        local: SocketAddr,
        server: SocketAddr,
    ) -> Discovery {
        let mut discovery = Discovery {
            client: Client::new(config, seed),
            local: canonical(local),
            server: canonical(server),
            step: Step::Connectivity,
            report: Report {
                mapped_address: Err(Failure::TimedOut),
                other_address: None,
                is_translated: false,
                mapping: Err(Unknown::Unsupported),
                filtering: Err(Unknown::Unsupported),
            },
            found: None,
            outputs: VecDeque::new(),
        };
        discovery.ask(now, Request::udp(server));
        discovery.advance(now);
        discovery
    }

    /// When [`handle_timeout`](Discovery::handle_timeout) is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.client.next_timeout()
    }

    /// What to send, and at last the report.
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
    }

    fn advance(&mut self, now: Instant) {
        while let Some(output) = self.client.poll_output() {
            match output {
                ClientOutput::Transmit(transmit) => {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
                ClientOutput::Event(Event::Success { success, .. }) => {
                    self.conclude(now, Ok(&success));
                }
                ClientOutput::Event(Event::Failure { failure, .. }) => {
                    self.conclude(now, Err(failure));
                }
            }
        }
    }

    /// What the outcome of the present step says, and which comes next.
    fn conclude(&mut self, now: Instant, outcome: Result<&Success, Failure>) {
        self.step = match (self.step, self.found) {
            (Step::Connectivity, _) => self.connected(outcome),
            (Step::FromBoth, Some(_)) => match outcome {
                Ok(_) => {
                    self.report.filtering = Ok(Dependence::EndpointIndependent);
                    self.mapping()
                }
                Err(Failure::TimedOut) => Step::FromPort,
                Err(failure) => {
                    self.report.filtering = Err(unknown(failure));
                    self.mapping()
                }
            },
            (Step::FromPort, Some(_)) => {
                self.report.filtering = match outcome {
                    Ok(_) => Ok(Dependence::AddressDependent),
                    Err(Failure::TimedOut) => Ok(Dependence::AddressAndPortDependent),
                    Err(failure) => Err(unknown(failure)),
                };
                self.mapping()
            }
            (Step::ToAddress, Some(found)) => match outcome {
                Ok(success) if success.mapped_address == found.mapped => {
                    self.report.mapping = Ok(Dependence::EndpointIndependent);
                    Step::Over
                }
                Ok(success) => {
                    self.found = Some(Found {
                        from_other: Some(success.mapped_address),
                        ..found
                    });
                    Step::ToBoth
                }
                Err(failure) => {
                    self.report.mapping = Err(unknown(failure));
                    Step::Over
                }
            },
            (Step::ToBoth, Some(found)) => {
                self.report.mapping = match outcome {
                    Ok(success) if Some(success.mapped_address) == found.from_other => {
                        Ok(Dependence::AddressDependent)
                    }
                    Ok(_) => Ok(Dependence::AddressAndPortDependent),
                    Err(failure) => Err(unknown(failure)),
                };
                Step::Over
            }
            (Step::Over, _) | (_, None) => return,
        };
        self.next(now);
    }

    fn connected(&mut self, outcome: Result<&Success, Failure>) -> Step {
        let success = match outcome {
            Ok(success) => success,
            Err(failure) => {
                self.report = Report {
                    mapped_address: Err(failure),
                    mapping: Err(Unknown::Failed(failure)),
                    filtering: Err(Unknown::Failed(failure)),
                    ..self.report
                };
                return Step::Over;
            }
        };
        self.report.mapped_address = Ok(success.mapped_address);
        self.report.is_translated = success.mapped_address != self.local;
        if !self.report.is_translated {
            self.report.mapping = Ok(Dependence::EndpointIndependent);
        }
        // After a redirection it is another server that is tested.
        self.server = canonical(success.server);
        let other = other_address(success).filter(|other| {
            other.is_ipv4() == self.server.is_ipv4()
                && other.ip() != self.server.ip()
                && other.port() != self.server.port()
                && other.port() != 0
                && !other.ip().is_unspecified()
                && !other.ip().is_multicast()
        });
        let Some(other) = other else {
            return Step::Over;
        };
        self.report.other_address = Some(other);
        self.found = Some(Found {
            mapped: success.mapped_address,
            other,
            from_other: None,
        });
        Step::FromBoth
    }

    /// The first step of the mapping tests, if they are needed.
    fn mapping(&self) -> Step {
        if self.report.is_translated {
            Step::ToAddress
        } else {
            Step::Over
        }
    }

    fn next(&mut self, now: Instant) {
        let changed = |change_ip, change_port, place| Request {
            change: Some((
                ChangeRequest {
                    change_ip,
                    change_port,
                },
                place,
            )),
            ..Request::udp(self.server)
        };
        let request = match (self.step, self.found) {
            (Step::FromBoth, Some(found)) => changed(true, true, found.other),
            (Step::FromPort, Some(found)) => {
                let place = SocketAddr::new(self.server.ip(), found.other.port());
                changed(false, true, place)
            }
            (Step::ToAddress, Some(found)) => {
                Request::udp(SocketAddr::new(found.other.ip(), self.server.port()))
            }
            (Step::ToBoth, Some(found)) => Request::udp(found.other),
            (Step::Connectivity | Step::Over, _) | (_, None) => {
                self.outputs.push_back(Output::Report(self.report));
                return;
            }
        };
        self.ask(now, request);
    }

    fn ask(&mut self, now: Instant, request: Request) {
        // One request at a time: only a configuration that allows none is refused.
        if self.client.request(now, request).is_err() {
            self.step = Step::Over;
            self.outputs.push_back(Output::Report(self.report));
        }
    }
}

fn unknown(failure: Failure) -> Unknown {
    match failure {
        Failure::Rejected(420) => Unknown::Unsupported,
        failure => Unknown::Failed(failure),
    }
}

/// The server's other address, in the words of RFC 5780 or of RFC 3489.
fn other_address(success: &Success) -> Option<SocketAddr> {
    let response = &success.response;
    match response.get::<OtherAddress>() {
        Ok(Some(other)) => Some(canonical(other.0)),
        _ => Some(canonical(response.get::<ChangedAddress>().ok()??.0)),
    }
}
