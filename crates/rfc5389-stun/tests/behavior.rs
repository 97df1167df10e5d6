//! The behaviour tests, before every kind of NAT and every kind of server.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

use rfc5389_stun::Transport;
use rfc5389_stun::attribute::OtherAddress;
use rfc5389_stun::behavior::{Dependence, Discovery, Output, Report, Unknown};
use rfc5389_stun::client::{ClientConfig, Failure, Input, Transmit};
use rfc5389_stun::server::{Arrival, Endpoints, Server, ServerConfig};
use rfc5389_stun::{Class, Message, MessageBuilder};

use Dependence::{AddressAndPortDependent, AddressDependent, EndpointIndependent};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn primary() -> SocketAddr {
    address("192.0.2.1:3478")
}

fn alternate() -> SocketAddr {
    address("192.0.2.2:3479")
}

fn inside() -> SocketAddr {
    address("10.0.0.1:5000")
}

/// What a mapping or a filter looks at.
type View = (Option<core::net::IpAddr>, Option<u16>);

fn view(dependence: Dependence, other: SocketAddr) -> View {
    match dependence {
        EndpointIndependent => (None, None),
        AddressDependent => (Some(other.ip()), None),
        AddressAndPortDependent => (Some(other.ip()), Some(other.port())),
    }
}

/// A NAT with one client behind it; with `mapping: None` it only filters.
struct Nat {
    mapping: Option<Dependence>,
    filtering: Dependence,
    ports: HashMap<View, u16>,
    /// Who has been spoken to, through which port.
    open: HashSet<(u16, SocketAddr)>,
}

impl Nat {
    fn new(mapping: Option<Dependence>, filtering: Dependence) -> Nat {
        Nat {
            mapping,
            filtering,
            ports: HashMap::new(),
            open: HashSet::new(),
        }
    }

    fn outbound(&mut self, to: SocketAddr) -> SocketAddr {
        let from = match self.mapping {
            None => inside(),
            Some(mapping) => {
                let next = 40_000 + u16::try_from(self.ports.len()).unwrap();
                let port = *self.ports.entry(view(mapping, to)).or_insert(next);
                SocketAddr::new("203.0.113.5".parse().unwrap(), port)
            }
        };
        self.open.insert((from.port(), to));
        from
    }

    fn lets_in(&self, from: SocketAddr, to: SocketAddr) -> bool {
        self.open.iter().any(|(port, spoken_to)| {
            *port == to.port() && view(self.filtering, *spoken_to) == view(self.filtering, from)
        })
    }
}

/// Runs the tests to their end. `serve` answers one request: from, to and bytes.
fn discover(mut serve: impl FnMut(&Transmit) -> Option<(SocketAddr, Vec<u8>)>) -> (Report, usize) {
    let mut now = Instant::now();
    let start = now;
    let config = ClientConfig::default();
    let mut discovery = Discovery::new(now, config, [1; 32], inside(), primary());
    let mut destinations = Vec::new();
    loop {
        match discovery.poll_output() {
            Some(Output::Report(report)) => {
                assert_eq!(discovery.poll_output(), None);
                assert_eq!(discovery.next_timeout(), None);
                return (report, destinations.len());
            }
            Some(Output::Transmit(transmit)) => {
                // Repetitions do not count.
                if destinations.last() != Some(&transmit.bytes) {
                    destinations.push(transmit.bytes.clone());
                }
                if let Some((source, bytes)) = serve(&transmit) {
                    let input = Input::Message {
                        transport: Transport::Udp,
                        source,
                        bytes: &bytes,
                    };
                    discovery.handle_input(now, input);
                }
            }
            None => {
                now = discovery.next_timeout().unwrap();
                assert!(now - start < Duration::from_secs(200), "it ends");
                discovery.handle_timeout(now);
            }
        }
    }
}

fn server(endpoints: Option<Endpoints>) -> Server {
    let mut config = ServerConfig::default();
    config.endpoints = endpoints;
    Server::new(config)
}

fn behind(nat: &mut Nat, server: &Server) -> (Report, usize) {
    discover(|transmit| {
        let arrival = Arrival {
            transport: Transport::Udp,
            local: transmit.destination,
            remote: nat.outbound(transmit.destination),
            bytes: &transmit.bytes,
        };
        let mut buffer = [0; 548];
        let answer = server.answer(Duration::ZERO, &arrival, &mut (), &mut buffer);
        let answer = answer.unwrap().unwrap();
        nat.lets_in(answer.local, answer.remote)
            .then(|| (answer.local, answer.bytes.to_vec()))
    })
}

#[test]
fn every_mapping_with_every_filter() {
    let server = server(Endpoints::new(primary(), alternate()));
    let kinds = [
        EndpointIndependent,
        AddressDependent,
        AddressAndPortDependent,
    ];
    for mapping in [None, Some(kinds[0]), Some(kinds[1]), Some(kinds[2])] {
        for filtering in kinds {
            let (report, requests) = behind(&mut Nat::new(mapping, filtering), &server);
            assert_eq!(report.mapping, Ok(mapping.unwrap_or(EndpointIndependent)));
            assert_eq!(report.filtering, Ok(filtering));
            assert_eq!(report.is_translated, mapping.is_some());
            assert_eq!(report.other_address, Some(alternate()));
            let mapped = match mapping {
                None => inside(),
                Some(_) => address("203.0.113.5:40000"),
            };
            assert_eq!(report.mapped_address, Ok(mapped));
            let for_filter = if filtering == EndpointIndependent {
                1
            } else {
                2
            };
            let for_mapping = match mapping {
                None => 0,
                Some(EndpointIndependent) => 1,
                Some(_) => 2,
            };
            assert_eq!(requests, 1 + for_filter + for_mapping);
        }
    }
}

#[test]
fn a_server_with_one_address_tells_the_mapped_address_only() {
    let mut nat = Nat::new(Some(AddressDependent), AddressDependent);
    let (report, requests) = behind(&mut nat, &server(None));
    assert_eq!(report.mapped_address, Ok(address("203.0.113.5:40000")));
    assert_eq!(report.mapping, Err(Unknown::Unsupported));
    assert_eq!(report.filtering, Err(Unknown::Unsupported));
    assert_eq!((report.other_address, requests), (None, 1));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let (report, requests) = discover(|_| None);
    assert_eq!(report.mapped_address, Err(Failure::TimedOut));
    assert_eq!(report.mapping, Err(Unknown::Failed(Failure::TimedOut)));
    assert_eq!(report.filtering, Err(Unknown::Failed(Failure::TimedOut)));
    assert_eq!(requests, 1);
}

#[test]
fn a_filter_in_front_of_the_other_address_is_no_mapping() {
    let server = server(Endpoints::new(primary(), alternate()));
    let mut nat = Nat::new(Some(EndpointIndependent), AddressDependent);
    let (report, _) = discover(|transmit| {
        if transmit.destination != primary() {
            return None;
        }
        let arrival = Arrival {
            transport: Transport::Udp,
            local: transmit.destination,
            remote: nat.outbound(transmit.destination),
            bytes: &transmit.bytes,
        };
        let mut buffer = [0; 548];
        let answer = server.answer(Duration::ZERO, &arrival, &mut (), &mut buffer);
        let answer = answer.unwrap().unwrap();
        nat.lets_in(answer.local, answer.remote)
            .then(|| (answer.local, answer.bytes.to_vec()))
    });
    assert_eq!(report.filtering, Ok(AddressDependent));
    assert_eq!(report.mapping, Err(Unknown::Failed(Failure::TimedOut)));
}

#[test]
fn other_addresses_that_cannot_be_are_not_asked() {
    for other in [
        "192.0.2.1:3479",
        "192.0.2.2:3478",
        "192.0.2.2:0",
        "0.0.0.0:3479",
        "224.0.0.1:3479",
        "[2001:db8::1]:3479",
    ] {
        let (report, requests) = discover(|transmit| {
            let request = Message::parse(&transmit.bytes).unwrap();
            let mut buffer = [0; 548];
            let response = MessageBuilder::response(&mut buffer, Class::SuccessResponse, &request)
                .attribute(&rfc5389_stun::attribute::XorMappedAddress(inside()))
                .attribute(&OtherAddress(address(other)))
                .finish()
                .unwrap();
            Some((transmit.destination, response.to_vec()))
        });
        assert_eq!((report.other_address, requests), (None, 1), "{other}");
        assert_eq!(report.filtering, Err(Unknown::Unsupported));
        assert_eq!(report.mapping, Ok(EndpointIndependent), "no NAT");
    }
}

#[test]
fn a_server_that_refuses_to_answer_from_elsewhere_is_told() {
    let with = server(Endpoints::new(primary(), alternate()));
    let without = server(None);
    let (report, _) = discover(|transmit| {
        let request = Message::parse(&transmit.bytes).unwrap();
        let server = if request.attributes().count() == 0 {
            &with
        } else {
            &without
        };
        let arrival = Arrival {
            transport: Transport::Udp,
            local: transmit.destination,
            remote: address("203.0.113.5:40000"),
            bytes: &transmit.bytes,
        };
        let mut buffer = [0; 548];
        let answer = server.answer(Duration::ZERO, &arrival, &mut (), &mut buffer);
        // The error comes from where the response was to come from.
        let source = if request.attributes().count() == 0 {
            transmit.destination
        } else {
            alternate()
        };
        Some((source, answer.unwrap().unwrap().bytes.to_vec()))
    });
    assert_eq!(report.filtering, Err(Unknown::Unsupported));
    assert_eq!(report.mapping, Ok(EndpointIndependent));
}
