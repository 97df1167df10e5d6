//! `telephony stun`: this machine's address as a STUN server sees it, and how the NAT between
//! the two behaves.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use rfc5389_stun::Transport;
use rfc5389_stun::behavior::{self, Dependence, Discovery, Unknown};
use rfc5389_stun::client::{self, Client, ClientConfig, Credentials, Event, Input, Request};
use serde::{Serialize, Serializer};

/// The port of STUN (RFC 5389 §9).
const PORT: u16 = 3478;

/// The environment variable that the password is read from.
const PASSWORD: &str = "TELEPHONY_STUN_PASSWORD";

/// Asks a STUN server over UDP for the address that it sees.
///
/// The exit code is 0 when the server answers, 1 when it does not or refuses, 2 for bad usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony stun stun.example.org\n  \
    telephony stun 192.0.2.1:3478 --behavior --json\n  \
    telephony stun stun.example.org --user alice --password-file secret.txt")]
pub(crate) struct Arguments {
    /// The server: a name or an address, with a port unless it is 3478.
    #[arg(value_name = "SERVER[:PORT]")]
    server: String,
    /// Find out how the NAT maps and filters (RFC 5780); takes up to half a minute.
    #[arg(long)]
    behavior: bool,
    /// The user of long-term credentials; the password is in TELEPHONY_STUN_PASSWORD or in a file.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The file with the password; one line end after it is dropped.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What has been learned.
#[derive(Debug, Serialize)]
struct Findings {
    server: SocketAddr,
    local_address: SocketAddr,
    mapped_address: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior: Option<Behavior>,
}

#[derive(Debug, Serialize)]
struct Behavior {
    translated: bool,
    #[serde(serialize_with = "known")]
    mapping: Found,
    #[serde(serialize_with = "known")]
    filtering: Found,
}

type Found = Result<Dependence, Unknown>;

/// Why there are none.
#[derive(Debug)]
enum Problem {
    Usage(String),
    Failure(String),
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match find(arguments) {
        Ok(findings) => {
            if arguments.json {
                print!("{}", json(&findings));
            } else {
                print!("{}", text(&findings));
            }
            ExitCode::SUCCESS
        }
        Err(Problem::Usage(message)) => {
            eprintln!("telephony: {message}");
            ExitCode::from(2)
        }
        Err(Problem::Failure(message)) => {
            eprintln!("telephony: {}: {message}", arguments.server);
            ExitCode::from(1)
        }
    }
}

fn find(arguments: &Arguments) -> Result<Findings, Problem> {
    let mut config = ClientConfig::default();
    config.credentials = credentials(arguments)?;
    let failure = |error: io::Error| Problem::Failure(error.to_string());
    let server = resolve(&arguments.server)?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::Failure(error.to_string()))?;
    let socket = Socket::towards(server).map_err(failure)?;
    if arguments.behavior {
        // A filter is found by waiting in vain: 5.5 s at most instead of 39.5.
        config.requests = 4;
        config.last_wait = 4;
        behavior(&socket, config, seed, server)
    } else {
        binding(&socket, config, seed, server)
    }
}

fn binding(
    socket: &Socket,
    config: ClientConfig,
    seed: [u8; 32],
    server: SocketAddr,
) -> Result<Findings, Problem> {
    let is_known = config.credentials.is_some();
    let mut client = Client::new(config, seed);
    client
        .request(Instant::now(), Request::udp(server))
        .map_err(|error| Problem::Failure(error.to_string()))?;
    loop {
        while let Some(output) = client.poll_output() {
            match output {
                client::Output::Transmit(transmit) => socket.send(&transmit)?,
                client::Output::Event(Event::Success { success, .. }) => {
                    return Ok(Findings {
                        server: success.server,
                        local_address: socket.local,
                        mapped_address: success.mapped_address,
                        round_trip_ms: success.round_trip.map(milliseconds),
                        authenticated: is_known.then_some(success.is_authenticated),
                        behavior: None,
                    });
                }
                client::Output::Event(Event::Failure { failure, .. }) => {
                    return Err(Problem::Failure(failure.to_string()));
                }
                client::Output::Event(_) => {}
            }
        }
        let mut buffer = [0; 2048];
        match socket.receive(client.next_timeout(), &mut buffer)? {
            Some(input) => client.handle_input(Instant::now(), input),
            None => client.handle_timeout(Instant::now()),
        }
    }
}

fn behavior(
    socket: &Socket,
    config: ClientConfig,
    seed: [u8; 32],
    server: SocketAddr,
) -> Result<Findings, Problem> {
    let mut discovery = Discovery::new(Instant::now(), config, seed, socket.local, server);
    loop {
        while let Some(output) = discovery.poll_output() {
            match output {
                behavior::Output::Transmit(transmit) => socket.send(&transmit)?,
                behavior::Output::Report(report) => {
                    return Ok(Findings {
                        server,
                        local_address: socket.local,
                        mapped_address: report
                            .mapped_address
                            .map_err(|failure| Problem::Failure(failure.to_string()))?,
                        round_trip_ms: None,
                        authenticated: None,
                        behavior: Some(Behavior {
                            translated: report.is_translated,
                            mapping: report.mapping,
                            filtering: report.filtering,
                        }),
                    });
                }
            }
        }
        let mut buffer = [0; 2048];
        match socket.receive(discovery.next_timeout(), &mut buffer)? {
            Some(input) => discovery.handle_input(Instant::now(), input),
            None => discovery.handle_timeout(Instant::now()),
        }
    }
}

/// A socket bound to the address from which packets go to the server.
struct Socket {
    socket: UdpSocket,
    local: SocketAddr,
}

impl Socket {
    fn towards(server: SocketAddr) -> io::Result<Socket> {
        let any: SocketAddr = if server.is_ipv4() {
            ([0; 4], 0).into()
        } else {
            ([0; 16], 0).into()
        };
        // Connecting sends nothing, but tells the address.
        let probe = UdpSocket::bind(any)?;
        probe.connect(server)?;
        let mut local = probe.local_addr()?;
        local.set_port(0);
        // Not connected: with --behavior responses come from elsewhere.
        let socket = UdpSocket::bind(local)?;
        let local = socket.local_addr()?;
        Ok(Socket { socket, local })
    }

    fn send(&self, transmit: &client::Transmit) -> Result<(), Problem> {
        self.socket
            .send_to(&transmit.bytes, transmit.destination)
            .map(|_| ())
            .map_err(|error| Problem::Failure(error.to_string()))
    }

    /// What comes before the time is due, or `None`.
    fn receive<'b>(
        &self,
        due: Option<Instant>,
        buffer: &'b mut [u8],
    ) -> Result<Option<Input<'b>>, Problem> {
        let wait = due.map_or(Duration::ZERO, |due| due.duration_since(Instant::now()));
        // Zero would mean for ever.
        let wait = wait.max(Duration::from_millis(1));
        let received = self
            .socket
            .set_read_timeout(Some(wait))
            .and_then(|()| self.socket.recv_from(buffer));
        match received {
            Ok((len, source)) => Ok(Some(Input::Message {
                transport: Transport::Udp,
                source,
                bytes: buffer.get(..len).unwrap_or_default(),
            })),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(Problem::Failure(error.to_string())),
            },
        }
    }
}

fn credentials(arguments: &Arguments) -> Result<Option<Credentials>, Problem> {
    let Some(user) = &arguments.user else {
        return Ok(None);
    };
    let password = match &arguments.password_file {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Problem::Usage(format!("{}: {error}", file.display())))?,
        None => std::env::var(PASSWORD)
            .map_err(|_| Problem::Usage(format!("--user needs {PASSWORD} or --password-file")))?,
    };
    let password = password.strip_suffix('\n').unwrap_or(&password);
    let password = password.strip_suffix('\r').unwrap_or(password);
    Ok(Some(Credentials::long_term(user, password)))
}

/// The first address of the server.
fn resolve(server: &str) -> Result<SocketAddr, Problem> {
    if let Ok(address) = server.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = server
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(server);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    let usage = || Problem::Usage(format!("{server}: expected SERVER[:PORT]"));
    let (name, port) = match server.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().map_err(|_| usage())?),
        None => (server, PORT),
    };
    if name.is_empty() || name.contains(':') {
        return Err(usage());
    }
    (name, port)
        .to_socket_addrs()
        .map_err(|error| Problem::Failure(error.to_string()))?
        .next()
        .ok_or_else(|| Problem::Failure("no address".into()))
}

fn milliseconds(duration: Duration) -> f64 {
    // Microseconds are precise enough.
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// What is not known is `null`.
fn known<S: Serializer>(found: &Found, serializer: S) -> Result<S::Ok, S::Error> {
    found
        .ok()
        .map(|known| known.to_string())
        .serialize(serializer)
}

fn json(findings: &Findings) -> String {
    serde_json::to_string_pretty(findings)
        .map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn text(findings: &Findings) -> String {
    let mut text = format!(
        "mapped address  {}\nlocal address   {}\nserver          {}",
        findings.mapped_address, findings.local_address, findings.server
    );
    if let Some(round_trip) = findings.round_trip_ms {
        let _ = write!(text, ", {round_trip} ms");
    }
    text.push_str(match findings.authenticated {
        Some(true) => ", authenticated\n",
        Some(false) => ", not authenticated\n",
        None => "\n",
    });
    if let Some(behavior) = &findings.behavior {
        let shown = |found: Found| match found {
            Ok(known) => known.to_string(),
            Err(unknown) => format!("unknown: {unknown}"),
        };
        let nat = if behavior.translated { "yes" } else { "no" };
        let mapping = shown(behavior.mapping);
        let filtering = shown(behavior.filtering);
        let _ = write!(
            text,
            "translated      {nat}\nmapping         {mapping}\nfiltering       {filtering}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_and_without_a_port() {
        for (server, address) in [
            ("192.0.2.1", "192.0.2.1:3478"),
            ("192.0.2.1:9", "192.0.2.1:9"),
            ("2001:db8::1", "[2001:db8::1]:3478"),
            ("[2001:db8::1]", "[2001:db8::1]:3478"),
            ("[2001:db8::1]:9", "[2001:db8::1]:9"),
        ] {
            assert_eq!(resolve(server).unwrap(), address.parse().unwrap());
        }
        for server in ["", ":9", "host:port", "host:65536", "a:b:9"] {
            assert!(
                matches!(resolve(server), Err(Problem::Usage(_))),
                "{server}"
            );
        }
    }
}
