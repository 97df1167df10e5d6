//! `telephony stun` as a person meets it, against the server of `rfc5389-stun` on loopback.

#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rfc5389_stun::attribute::Algorithm;
use rfc5389_stun::server::{
    Arrival, Authentication, Claim, Endpoints, LongTerm, Policy, Server, ServerConfig, User,
};
use rfc5389_stun::{Key, Transport};
use serde_json::Value;

/// A server on loopback, until it is dropped.
struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Alice;

impl Policy for Alice {
    fn key(&mut self, claim: &Claim<'_>) -> Option<Key> {
        let derive = match claim.algorithm? {
            Algorithm::SHA256 => Key::long_term_sha256,
            _ => Key::long_term_md5,
        };
        (claim.user == User::Name("alice")).then(|| derive("alice", "test", "secret"))
    }
}

impl Running {
    /// With two addresses, or with credentials.
    fn start(mut config: ServerConfig, has_endpoints: bool) -> Running {
        let bind = |text: String| {
            let socket = UdpSocket::bind(text).ok()?;
            socket.set_nonblocking(true).ok()?;
            Some(socket)
        };
        // Both ports must be free on both addresses.
        let sockets = (0..100)
            .find_map(|_| {
                let first = bind("127.0.0.1:0".into())?;
                let second = bind("127.0.0.2:0".into())?;
                let (one, two) = (
                    first.local_addr().ok()?.port(),
                    second.local_addr().ok()?.port(),
                );
                let third = bind(format!("127.0.0.1:{two}"))?;
                let fourth = bind(format!("127.0.0.2:{one}"))?;
                (one != two).then_some([first, second, third, fourth])
            })
            .unwrap();
        let local = |at: usize| sockets[at].local_addr().unwrap();
        let address = local(0);
        if has_endpoints {
            config.endpoints = Endpoints::new(local(0), local(1));
        }
        let server = Server::new(config);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for socket in &sockets {
                    serve(&server, socket, &sockets);
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Running {
            address,
            stop,
            thread: Some(thread),
        }
    }
}

/// Answers what waits at one socket.
fn serve(server: &Server, socket: &UdpSocket, sockets: &[UdpSocket]) {
    let mut received = [0; 2048];
    while let Ok((len, remote)) = socket.recv_from(&mut received) {
        let arrival = Arrival {
            transport: Transport::Udp,
            local: socket.local_addr().unwrap(),
            remote,
            bytes: &received[..len],
        };
        let mut buffer = [0; 2048];
        let answer = server.answer(Duration::ZERO, &arrival, &mut Alice, &mut buffer);
        if let Some(answer) = answer.unwrap() {
            let source = sockets
                .iter()
                .find(|socket| socket.local_addr().unwrap() == answer.local)
                .unwrap();
            source.send_to(answer.bytes, answer.remote).unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

fn stun(arguments: &[&str], password: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telephony"));
    command.arg("stun").args(arguments);
    command.env_remove("TELEPHONY_STUN_PASSWORD");
    if let Some(password) = password {
        command.env("TELEPHONY_STUN_PASSWORD", password);
    }
    command.output().unwrap()
}

fn document(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_mapped_address_is_printed() {
    let running = Running::start(ServerConfig::default(), false);
    let server = running.address.to_string();
    let found = document(&stun(&[&server, "--json"], None));
    assert_eq!(found["server"], server);
    assert_eq!(found["mapped_address"], found["local_address"]);
    assert!(found["round_trip_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(found.get("behavior"), None);

    let output = stun(&[&server], None);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("mapped address  127.0.0.1:"), "{text}");
}

#[test]
fn behavior_without_a_nat() {
    let running = Running::start(ServerConfig::default(), true);
    let server = running.address.to_string();
    let found = document(&stun(&[&server, "--behavior", "--json"], None));
    assert_eq!(found["behavior"]["translated"], false);
    assert_eq!(found["behavior"]["mapping"], "endpoint-independent");
    assert_eq!(found["behavior"]["filtering"], "endpoint-independent");
    let output = stun(&[&server, "--behavior"], None);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.ends_with("filtering       endpoint-independent\n"),
        "{text}"
    );
}

#[test]
fn behavior_that_the_server_cannot_tell() {
    let running = Running::start(ServerConfig::default(), false);
    let server = running.address.to_string();
    let found = document(&stun(&[&server, "--behavior", "--json"], None));
    assert_eq!(found["behavior"]["filtering"], Value::Null);
    let output = stun(&[&server, "--behavior"], None);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("unknown: the server does not support"),
        "{text}"
    );
}

#[test]
fn credentials_come_from_the_environment_or_a_file() {
    let mut config = ServerConfig::default();
    config.authentication = Authentication::LongTerm(LongTerm::new("test", [7; 32]));
    let running = Running::start(config, false);
    let server = running.address.to_string();
    let alice = [&server, "--user", "alice", "--json"];
    assert_eq!(
        document(&stun(&alice, Some("secret")))["authenticated"],
        true
    );

    let file = std::env::temp_dir().join(format!("telephony-stun-{}", std::process::id()));
    std::fs::write(&file, "secret\n").unwrap();
    let with_file = [&alice[..], &["--password-file", file.to_str().unwrap()]].concat();
    let output = stun(&with_file, None);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(document(&output)["authenticated"], true);

    let output = stun(&alice, Some("wrong"));
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("credentials refused"), "{error}");
    assert_eq!(
        stun(&[&server], None).status.code(),
        Some(1),
        "no credentials"
    );
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [
        &[][..],
        &["192.0.2.1:0x9"],
        &["127.0.0.1", "--user", "alice"],
        &["127.0.0.1", "--password-file", "x"],
        &[
            "127.0.0.1",
            "--user",
            "alice",
            "--password-file",
            "/no/such/file",
        ],
    ] {
        assert_eq!(
            stun(arguments, None).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}
