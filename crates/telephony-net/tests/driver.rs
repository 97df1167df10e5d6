//! User agents and a proxy on loopback, driven.

#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rfc3261_sip::Method;
use rfc3261_sip::proxy::{self, Proxy};
use rfc3261_sip::resolve::{Answer, Query};
use rfc3261_sip::user_agent::{CallState, Config, Content, Event, Failure, Target, UserAgent};
use telephony_net::sip::{self, Endpoint};
use telephony_net::{Driver, Happening, Resolver};
use tokio::time::timeout;

fn endpoint(listen: &[&str]) -> Endpoint {
    let listen: Vec<sip::Listen> = listen.iter().map(|text| text.parse().unwrap()).collect();
    Endpoint::bind(sip::Config::new(listen)).unwrap()
}

fn agent(name: &str, listen: &[&str]) -> Driver<UserAgent> {
    let endpoint = endpoint(listen);
    let host = endpoint.listening()[0].address.to_string();
    let contact = format!("sip:{name}@{host}");
    let mut seed = [7; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    let config = Config::new(seed, format!("<{contact}>"), contact, host);
    Driver::new(UserAgent::new(config), endpoint)
}

async fn event(driver: &mut Driver<UserAgent>) -> Event {
    let waiting = async {
        loop {
            if let Happening::Event(event) = driver.next().await {
                return event;
            }
        }
    };
    timeout(Duration::from_secs(20), waiting)
        .await
        .expect("an event")
}

#[tokio::test]
async fn a_call_is_made_and_ended_and_nothing_is_left() {
    let mut alice = agent("alice", &["udp:127.0.0.1:0"]);
    let mut bob = agent("bob", &["udp:127.0.0.1:0"]);
    let target = Target::new(bob.machine().config().contact.clone());
    let offer = Content::sdp("v=0\r\n");
    let call = alice
        .machine_mut()
        .invite(Instant::now(), &target, &offer)
        .unwrap();
    let mut ended = 0;
    while ended < 2 {
        let (event, from_bob) = tokio::select! {
            event = event(&mut alice) => (event, false),
            event = event(&mut bob) => (event, true),
        };
        match event {
            Event::Incoming { call, .. } if from_bob => {
                bob.machine_mut()
                    .answer(Instant::now(), call, &offer)
                    .unwrap();
            }
            Event::Established { .. } => {
                assert_eq!(alice.machine().call_state(call), CallState::Established);
                alice.machine_mut().hang_up(Instant::now(), call).unwrap();
            }
            Event::Ended { .. } => ended += 1,
            _ => {}
        }
    }
    let over = |agent: &UserAgent| agent.call_state(call) == CallState::Over;
    tokio::select! {
        over = alice.settle(Duration::from_secs(5), over) => assert!(over),
        () = async { loop { bob.next().await; } } => unreachable!(),
    }
    assert_eq!(alice.endpoint().counts().unsent, 0);
    alice.shut_down(Duration::from_secs(1)).await;
}

async fn outcome(alice: &mut Driver<UserAgent>, target: &str) -> Result<u16, Failure> {
    let target = Target::new(target);
    let machine = alice.machine_mut();
    machine
        .request(Instant::now(), Method::OPTIONS, &target, &Content::new())
        .unwrap();
    loop {
        match event(alice).await {
            Event::Response { response, .. } => return Ok(response.status().unwrap().get()),
            Event::Failed { failure, .. } => return Err(failure),
            _ => {}
        }
    }
}

/// A port of UDP, and of TCP as well, that nobody listens at.
fn nobody() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn a_blocked_port_is_a_failure_soon() {
    let mut alice = agent("alice", &["udp:127.0.0.1:0"]);
    let start = Instant::now();
    for transport in ["udp", "tcp"] {
        let outcome = outcome(
            &mut alice,
            &format!("sip:b@{};transport={transport}", nobody()),
        )
        .await;
        assert!(matches!(outcome, Err(Failure::Unreachable)), "{outcome:?}");
    }
    // The transaction over UDP would have waited for 32 seconds.
    #[cfg(target_os = "linux")]
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_server_that_is_started_again_is_found_again() {
    let mut alice = agent("alice", &["udp:127.0.0.1:0"]);
    for transport in ["udp", "tcp"] {
        let listen = format!("{transport}:127.0.0.1:0");
        let mut bob = agent("bob", &[&listen]);
        let listen = bob.endpoint().listening()[0].to_string();
        let target = format!("{};transport={transport}", bob.machine().config().contact);
        for _ in 0..2 {
            let status = tokio::select! {
                outcome = outcome(&mut alice, &target) => outcome.unwrap(),
                () = async { loop { bob.next().await; } } => unreachable!(),
            };
            assert_eq!(status, 200);
            drop(bob);
            if transport == "tcp" {
                while !matches!(alice.next().await, Happening::Closed { .. }) {}
            }
            bob = loop {
                // The old socket is closed by a task that ends a moment later.
                match Endpoint::bind(sip::Config::new([listen.parse().unwrap()])) {
                    Ok(endpoint) => {
                        let config = Config::new([9; 32], "<sip:bob@b>", "sip:bob@b", "127.0.0.1");
                        break Driver::new(UserAgent::new(config), endpoint);
                    }
                    Err(_) => tokio::task::yield_now().await,
                }
            };
        }
    }
}

/// A name server on loopback: `sip.test` has two servers, the better one of which is dead.
fn name_server(dead: SocketAddr, alive: SocketAddr) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Some(answer) = dns_answer(&buffer[..length], dead.port(), alive.port()) else {
                return;
            };
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

/// The answer to a question for `_sip._udp.sip.test` or the address of a server (RFC 1035 §4).
fn dns_answer(query: &[u8], dead: u16, alive: u16) -> Option<Vec<u8>> {
    let name_end = 12 + query.get(12..)?.iter().position(|byte| *byte == 0)? + 1;
    let record_type = u16::from_be_bytes([*query.get(name_end)?, *query.get(name_end + 1)?]);
    let question = query.get(12..name_end + 4)?;
    let text = String::from_utf8_lossy(question).to_lowercase();
    let record = |record_type: u16, data: &[u8]| {
        let mut bytes = vec![0xC0, 12];
        bytes.extend(record_type.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 60]);
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
        bytes
    };
    let srv = |priority: u8, port: u16, host: &[u8]| {
        let [high, low] = port.to_be_bytes();
        let mut data = vec![0, priority, 0, 0, high, low];
        data.extend(host);
        record(33, &data)
    };
    let answers = match record_type {
        33 if text.contains("_udp") => vec![
            srv(1, dead, b"\x01a\x03sip\x04test\x00"),
            srv(2, alive, b"\x01b\x03sip\x04test\x00"),
        ],
        1 => vec![record(1, &[127, 0, 0, 1])],
        _ => vec![],
    };
    let mut answer = query.get(..2)?.to_vec();
    answer.extend([0x84, 0x00, 0, 1, 0, answers.len() as u8, 0, 0, 0, 0]);
    answer.extend(question);
    answer.extend(answers.concat());
    Some(answer)
}

#[tokio::test]
async fn names_are_looked_up_and_dead_servers_passed_over() {
    let mut bob = agent("bob", &["udp:127.0.0.1:0"]);
    let server = name_server(nobody(), bob.endpoint().listening()[0].address);
    let resolver = Resolver::of_server(server).unwrap();
    let answer = resolver.ask(&Query::Srv("_sip._udp.sip.test".into())).await;
    assert!(
        matches!(&answer, Answer::Srv(records) if records.len() == 2),
        "{answer:?}"
    );
    let answer = resolver.ask(&Query::Naptr("sip.test".into())).await;
    assert_eq!(answer, Answer::Naptr(vec![]));

    let mut alice = agent("alice", &["udp:127.0.0.1:0"]).resolver(resolver);
    let status = tokio::select! {
        outcome = outcome(&mut alice, "sip:bob@sip.test") => outcome.unwrap(),
        () = async { loop { bob.next().await; } } => unreachable!(),
    };
    assert_eq!(status, 200);
}

#[tokio::test]
async fn without_a_resolver_names_lead_nowhere() {
    let mut alice = agent("alice", &["udp:127.0.0.1:0"]);
    let outcome = outcome(&mut alice, "sip:bob@sip.test").await;
    assert!(matches!(outcome, Err(Failure::Unreachable)), "{outcome:?}");
}

#[tokio::test]
async fn a_proxy_relays_between_transports() {
    let mut bob = agent("bob", &["tcp:127.0.0.1:0"]);
    let endpoint = endpoint(&["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]);
    let listeners = endpoint.listening().iter();
    let listeners = listeners.map(|listen| proxy::Listener::new(listen.transport, listen.address));
    let proxy = Proxy::new(proxy::Config::new([5; 32], listeners));
    let mut proxy = Driver::new(proxy, endpoint);
    let by = proxy.endpoint().listening()[0].address;
    let mut alice = agent("alice", &["udp:127.0.0.1:0"]);
    let target = format!("{};transport=tcp", bob.machine().config().contact);
    let target = Target::new(target).route(format!("sip:{by};lr"));
    let machine = alice.machine_mut();
    machine
        .request(Instant::now(), Method::OPTIONS, &target, &Content::new())
        .unwrap();
    loop {
        tokio::select! {
            event = event(&mut alice) => if let Event::Response { response, .. } = event {
                assert_eq!(response.status().unwrap().get(), 200);
                break;
            },
            _ = bob.next() => {}
            happening = proxy.next() => {
                if let Happening::Event(proxy::Event::Request { transaction }) = happening {
                    proxy.machine_mut().relay(Instant::now(), transaction).unwrap();
                }
            }
        }
    }
    assert_eq!(proxy.endpoint().counts().connections, 1);
}
