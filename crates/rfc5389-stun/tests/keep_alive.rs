//! Keeping a binding open and measuring how long it lasts, before NATs that forget.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::time::Instant;

use rfc5389_stun::Transport;
use rfc5389_stun::client::{ClientConfig, Failure, Input, Request, Transmit};
use rfc5389_stun::keep_alive::{Event, KeepAlive, Output as KeepAliveOutput};
use rfc5389_stun::lifetime::{LifetimeTest, Limits, Output, Report, Socket};
use rfc5389_stun::server::{Arrival, Server, ServerConfig};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn server_address() -> SocketAddr {
    address("192.0.2.1:3478")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A NAT that forgets a binding after a time without use, and a server behind it.
struct Nat {
    server: Server,
    lifetime: Duration,
    /// Whether what comes in keeps a binding as well.
    inbound_refreshes: bool,
    /// Whether the binding that was forgotten last is given to the next that asks.
    gives_again: bool,
    next_port: u16,
    forgotten: Vec<u16>,
    /// Inside port, outside port, last use.
    bindings: HashMap<u16, (u16, Instant)>,
    is_dead: bool,
}

impl Nat {
    fn new(lifetime: Duration) -> Nat {
        let mut config = ServerConfig::default();
        config.response_port = true;
        Nat {
            server: Server::new(config),
            lifetime,
            inbound_refreshes: false,
            gives_again: false,
            next_port: 40_000,
            forgotten: Vec::new(),
            bindings: HashMap::new(),
            is_dead: false,
        }
    }

    fn expire(&mut self, now: Instant) {
        let (lifetime, forgotten) = (self.lifetime, &mut self.forgotten);
        self.bindings.retain(|_, (port, used)| {
            let stays = now.duration_since(*used) < lifetime;
            if !stays {
                forgotten.push(*port);
            }
            stays
        });
    }

    /// What comes of a request from this inside port: the inside port of the response.
    fn pass(&mut self, now: Instant, inside: u16, transmit: &Transmit) -> Option<(u16, Vec<u8>)> {
        self.expire(now);
        let outside = match self.bindings.get(&inside) {
            Some((outside, _)) => *outside,
            None => match self.forgotten.pop().filter(|_| self.gives_again) {
                Some(port) => port,
                None => {
                    self.next_port += 1;
                    self.next_port
                }
            },
        };
        self.bindings.insert(inside, (outside, now));
        if self.is_dead {
            return None;
        }
        let arrival = Arrival {
            transport: Transport::Udp,
            local: transmit.destination,
            remote: SocketAddr::new("203.0.113.5".parse().unwrap(), outside),
            bytes: &transmit.bytes,
        };
        let mut buffer = [0; 548];
        let answer = self
            .server
            .answer(Duration::ZERO, &arrival, &mut (), &mut buffer)
            .unwrap()?;
        let mut bindings = self.bindings.iter_mut();
        let (inside, (_, used)) = bindings.find(|(_, (port, _))| *port == answer.remote.port())?;
        if self.inbound_refreshes {
            *used = now;
        }
        Some((*inside, answer.bytes.to_vec()))
    }
}

const TESTED: u16 = 5000;
const OTHER: u16 = 5002;

fn input(bytes: &[u8]) -> Input<'_> {
    Input::Message {
        transport: Transport::Udp,
        source: server_address(),
        bytes,
    }
}

/// Runs a test to its end; also how long it took and how many requests.
fn measure(nat: &mut Nat, limits: Limits) -> (Report, Duration, usize) {
    let start = Instant::now();
    let mut now = start;
    let config = ClientConfig::default();
    let mut test = LifetimeTest::new(now, config, [5; 32], server_address(), limits);
    let mut requests = 0;
    loop {
        while let Some(output) = test.poll_output() {
            match output {
                Output::Transmit { socket, transmit } => {
                    requests += 1;
                    let inside = if socket == Socket::Tested {
                        TESTED
                    } else {
                        OTHER
                    };
                    let Some((to, bytes)) = nat.pass(now, inside, &transmit) else {
                        continue;
                    };
                    now += Duration::from_millis(20);
                    let socket = if to == TESTED {
                        Socket::Tested
                    } else {
                        Socket::Other
                    };
                    test.handle_input(now, socket, input(&bytes));
                }
                Output::Report(report) => {
                    assert_eq!(test.next_timeout(), None);
                    assert_eq!(test.poll_output(), None);
                    return (report, now - start, requests);
                }
            }
        }
        now = test.next_timeout().unwrap();
        test.handle_timeout(now);
    }
}

#[test]
fn the_lifetime_is_found_within_the_precision() {
    for lifetime in [3, 12, 29, 31, 60, 95, 120, 301, 1100] {
        for (inbound_refreshes, gives_again) in [(false, false), (true, false), (false, true)] {
            let mut nat = Nat::new(seconds(lifetime));
            nat.inbound_refreshes = inbound_refreshes;
            nat.gives_again = gives_again;
            let (report, _, _) = measure(&mut nat, Limits::default());
            let expired = report.expired_after.unwrap();
            let what = format!("{lifetime} s: {report:?}");
            assert_eq!(report.failure, None, "{what}");
            assert!(report.alive_after <= seconds(lifetime), "{what}");
            // A response is 20 ms on its way.
            assert!(
                expired + Duration::from_millis(40) >= seconds(lifetime),
                "{what}"
            );
            assert!(expired - report.alive_after <= seconds(5), "{what}");
        }
    }
}

#[test]
fn a_binding_that_outlives_the_search_ends_it() {
    let (report, took, requests) = measure(&mut Nat::new(seconds(100_000)), Limits::default());
    assert_eq!(report.alive_after, seconds(1200));
    assert_eq!((report.expired_after, report.failure), (None, None));
    // 30, 60, 120, 240, 480, 960 and 1200 seconds.
    assert!(took < seconds(3_100), "{took:?}");
    assert_eq!(requests, 14);
}

#[test]
fn a_server_without_response_port_ends_the_test() {
    let mut nat = Nat::new(seconds(60));
    nat.server = Server::new(ServerConfig::default());
    let (report, _, _) = measure(&mut nat, Limits::default());
    assert_eq!(report.failure, Some(Failure::Rejected(420)));
}

#[test]
fn a_server_that_is_gone_ends_the_test() {
    let mut nat = Nat::new(seconds(60));
    nat.is_dead = true;
    let (report, _, requests) = measure(&mut nat, Limits::default());
    assert_eq!(report.failure, Some(Failure::TimedOut));
    assert_eq!(requests, 7);
}

/// A keep-alive for so long; what it told, with the times, and when it asked.
fn keep(nat: &mut Nat, interval: u64, time: u64) -> (Vec<(u64, Event)>, Vec<Duration>) {
    let start = Instant::now();
    let mut now = start;
    let config = ClientConfig::default();
    let request = Request::udp(server_address());
    let mut keep_alive = KeepAlive::new(now, config, [6; 32], request, seconds(interval));
    let (mut events, mut asked) = (Vec::new(), Vec::new());
    while now - start < seconds(time) {
        while let Some(output) = keep_alive.poll_output() {
            match output {
                KeepAliveOutput::Transmit(transmit) => {
                    asked.push(now - start);
                    if let Some((_, bytes)) = nat.pass(now, TESTED, &transmit) {
                        keep_alive.handle_input(now, input(&bytes));
                    }
                }
                KeepAliveOutput::Event(event) => events.push(((now - start).as_secs(), event)),
            }
        }
        now = keep_alive.next_timeout().unwrap();
        keep_alive.handle_timeout(now);
    }
    let is_mapped = matches!(
        events.last(),
        Some((_, Event::Mapped(_) | Event::Moved { .. }))
    );
    assert_eq!(keep_alive.mapped_address().is_some(), is_mapped);
    (events, asked)
}

#[test]
fn a_binding_asked_for_in_time_stays() {
    let (events, asked) = keep(&mut Nat::new(seconds(30)), 29, 3600);
    assert_eq!(events, [(0, Event::Mapped(address("203.0.113.5:40001")))]);
    let mut gaps = asked.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.all(|gap| gap >= seconds(29) * 4 / 5 && gap <= seconds(29)));
    let different: std::collections::HashSet<_> =
        asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(different.len() > 50, "never the same interval");
}

#[test]
fn a_binding_asked_for_too_late_moves() {
    let (events, asked) = keep(&mut Nat::new(seconds(30)), 60, 150);
    assert!(asked.len() >= 3);
    assert_eq!(events[0].1, Event::Mapped(address("203.0.113.5:40001")));
    assert_eq!(
        events[1].1,
        Event::Moved {
            from: address("203.0.113.5:40001"),
            to: address("203.0.113.5:40002"),
        }
    );
}

#[test]
fn a_server_that_does_not_answer_is_asked_again() {
    let mut nat = Nat::new(seconds(600));
    nat.is_dead = true;
    let (events, asked) = keep(&mut nat, 20, 130);
    assert_eq!(events[0], (39, Event::Lost(Failure::TimedOut)));
    assert_eq!(events[1].1, Event::Lost(Failure::TimedOut));
    assert!(asked.len() >= 14);
}
