//! STUN: coturn answers `telephony stun`, and our client over TCP; clients of others ask the server
//! of `rfc5389-stun`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rfc5389_stun::client::{Client, ClientConfig, Credentials, Event, Input, Output, Request};
use rfc5389_stun::server::{Arrival, Endpoints, Server, ServerConfig};
use rfc5389_stun::{Framer, Transport};

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};

const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn test() -> Result<()> {
    let telephony = build()?;
    coturn_answers(&telephony)?;
    others_are_answered()
}

fn coturn(folder: &Path, port: u16, options: &[&str]) -> Result<Peer> {
    let mut command = Command::new("turnserver");
    command
        .args([
            "-n",
            "--no-tls",
            "--no-dtls",
            "--no-cli",
            "--realm=interop.test",
        ])
        .args(["--listening-ip=127.0.0.1", "--listening-ip=127.0.0.2"])
        .arg(format!("--listening-port={port}"))
        .arg(format!("--alt-listening-port={}", port + 1))
        .args(["--relay-ip=127.0.0.1", "--log-file=stdout", "--simple-log"])
        .arg(format!(
            "--pidfile={}",
            folder.join(format!("turn-{port}.pid")).display()
        ))
        .arg(format!(
            "--userdb={}",
            folder.join(format!("turn-{port}.db")).display()
        ))
        .args(options);
    Peer::start(folder, "turnserver", &mut command)
}

fn coturn_answers(telephony: &Path) -> Result<()> {
    let ask = |server: &str, options: &[&str], password: &str| {
        let mut command = Command::new(telephony);
        command
            .args(["stun", server, "--json"])
            .args(options)
            .env("TELEPHONY_STUN_PASSWORD", password);
        output_within(LIMIT, &mut command)
    };
    let folder = Workspace::new("coturn")?;
    let port = free_ports(2)?;
    let server = &format!("127.0.0.1:{port}");
    {
        let _peer = coturn(folder.path(), port, &["--stun-only", "--fingerprint"])?;
        // The client repeats its request until coturn is there.
        expect(
            &ask(server, &[], "")?,
            &["\"mapped_address\": \"127.0.0.1:"],
        )?;
        expect(
            &ask(server, &["--behavior"], "")?,
            &[
                "\"mapping\": \"endpoint-independent\"",
                "\"filtering\": \"endpoint-independent\"",
            ],
        )?;
        ask_over_tcp(server.parse()?, ClientConfig::default())?;
    }
    let port = free_ports(2)?;
    let server = &format!("127.0.0.1:{port}");
    let options = ["--lt-cred-mech", "--user=alice:secret", "--secure-stun"];
    let _peer = coturn(folder.path(), port, &options)?;
    let user = ["--user", "alice"];
    expect(&ask(server, &user, "secret")?, &["\"authenticated\": true"])?;
    let mut config = ClientConfig::default();
    config.credentials = Some(Credentials::long_term("alice", "secret"));
    ask_over_tcp(server.parse()?, config)?;
    match ask(server, &user, "wrong") {
        Err(error) if error.to_string().contains("credentials refused") => Ok(()),
        other => bail!("a wrong password: {other:?}"),
    }
}

/// A Binding request of ours on a connection: its own address must come back, proven if there are
/// credentials.
fn ask_over_tcp(server: SocketAddr, config: ClientConfig) -> Result<()> {
    let wants_proof = config.credentials.is_some();
    let mut connection = TcpStream::connect(server)?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut client = Client::new(config, [7; 32]);
    client.request(Instant::now(), Request::tcp(server))?;
    let mut framer = Framer::new(2048);
    loop {
        while let Some(output) = client.poll_output() {
            match output {
                Output::Transmit(transmit) => connection.write_all(&transmit.bytes)?,
                Output::Event(Event::Success { success, .. }) => {
                    let local = connection.local_addr()?;
                    ensure!(success.mapped_address == local, "over TCP: {success:?}");
                    ensure!(
                        success.is_authenticated == wants_proof,
                        "over TCP: {success:?}"
                    );
                    return Ok(());
                }
                Output::Event(event) => bail!("over TCP: {event:?}"),
            }
        }
        let mut buffer = [0; 2048];
        let len = connection.read(&mut buffer)?;
        ensure!(len > 0, "coturn closed the connection");
        framer.push(buffer.get(..len).unwrap_or_default());
        while let Some(message) = framer.next_message()? {
            let input = Input::Message {
                transport: Transport::Tcp,
                source: server,
                bytes: message.as_bytes(),
            };
            client.handle_input(Instant::now(), input);
        }
    }
}

fn others_are_answered() -> Result<()> {
    let sockets = ports()
        .find_map(bind_four)
        .context("no two ports are free on 127.0.0.1 and 127.0.0.2")?;
    let port = sockets[0].1.port();
    let mut config = ServerConfig::default();
    config.endpoints = Endpoints::new(sockets[0].1, sockets[1].1);
    // turnutils_stunclient waits for ever where it is refused.
    config.response_port = true;
    let server = Server::new(config);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let serving = thread::spawn(move || -> Result<()> {
        while !stopped.load(Ordering::Relaxed) {
            for (socket, local) in &sockets {
                serve(&server, socket, *local, &sockets)?;
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    });
    let result = ask_as_others(port);
    stop.store(true, Ordering::Relaxed);
    match serving.join() {
        Ok(served) => served.and(result),
        Err(_) => bail!("the server of rfc5389-stun panicked"),
    }
}

fn ask_as_others(port: u16) -> Result<()> {
    // They speak on both outputs, and `stun` tells the kind of NAT by its exit status.
    let shell = |command: &str| {
        let command = format!("timeout 20 {command} 2>&1 || true");
        output_within(LIMIT, Command::new("sh").args(["-c", &command]))
    };
    expect(
        &shell(&format!("turnutils_stunclient -p {port} 127.0.0.1"))?,
        &[
            "UDP reflexive addr: 127.0.0.1:",
            "Response origin: : 127.0.0.2:",
        ],
    )?;
    expect(
        &shell(&format!("turnutils_natdiscovery -m -f -p {port} 127.0.0.1"))?,
        &[
            "NAT with Endpoint Independent Mapping",
            "NAT with Endpoint Independent Filtering",
        ],
    )?;
    // A client of RFC 3489.
    expect(
        &shell(&format!("stun 127.0.0.1:{port} -i 127.0.0.1"))?,
        &["Primary: Open"],
    )
}

fn expect(output: &str, wanted: &[&str]) -> Result<()> {
    for text in wanted {
        if !output.contains(text) {
            bail!("expected {text:?} in\n{output}");
        }
    }
    Ok(())
}

type Bound = (UdpSocket, SocketAddr);

fn ports() -> impl Iterator<Item = u16> {
    (25_000..26_000).step_by(2)
}

/// Two ports on two addresses, the first two differing in both.
fn bind_four(port: u16) -> Option<[Bound; 4]> {
    let bind = |last: u8, port| {
        let local = SocketAddr::from(([127, 0, 0, last], port));
        let socket = UdpSocket::bind(local).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some((socket, local))
    };
    Some([
        bind(1, port)?,
        bind(2, port + 1)?,
        bind(1, port + 1)?,
        bind(2, port)?,
    ])
}

/// Answers what waits at one socket.
fn serve(server: &Server, socket: &UdpSocket, local: SocketAddr, all: &[Bound]) -> Result<()> {
    let mut received = [0; 2048];
    while let Ok((len, remote)) = socket.recv_from(&mut received) {
        let arrival = Arrival {
            transport: Transport::Udp,
            local,
            remote,
            bytes: &received[..len],
        };
        let mut buffer = [0; 2048];
        if let Some(answer) = server.answer(Duration::ZERO, &arrival, &mut (), &mut buffer)? {
            let (source, _) = all
                .iter()
                .find(|(_, place)| *place == answer.local)
                .context("an answer from nowhere")?;
            source.send_to(answer.bytes, answer.remote)?;
        }
    }
    Ok(())
}
