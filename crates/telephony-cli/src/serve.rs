//! `telephony serve`: a registrar, a proxy and a STUN server.

mod calls;
mod metrics;
mod notice;
mod policy;
mod server;

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use rfc2617_auth::Algorithm;
use serde::Serialize;
use telephony_net::sip::{Config, Endpoint, Listen};
use telephony_net::{Pcap, Resolver, Tls, TlsConfig};
use tokio::time::{MissedTickBehavior, interval};

use crate::inspect::time::Timestamp;
use crate::signal::interrupted;
use crate::users::Users;
pub(crate) use server::{Server, Settings};

use metrics::Metrics;
use notice::Notice;

/// How often what is over is forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// How long messages may take that wait when the server ends.
const ENDING: Duration = Duration::from_secs(2);

/// A registrar and proxy for one domain, and a STUN server at its UDP sockets.
///
/// It forwards what belongs to a call that it let through, and requests of its users, who prove
/// who they are by digest credentials; with --public, calls of strangers to its users too. It
/// runs until it is interrupted.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony passwd users alice example.com\n  \
    telephony serve --domain example.com --users users\n  \
    telephony serve --domain example.com --users users --listen udp:192.0.2.1,tls:192.0.2.1 \\\n      \
        --certificate chain.pem --key key.pem --metrics 127.0.0.1:9100")]
pub(crate) struct Arguments {
    /// The domain of its users, and their realm; further ones are other names of it.
    #[arg(long, required = true, value_name = "NAME", value_delimiter = ',')]
    domain: Vec<String>,
    /// The file of users that `telephony passwd` writes.
    #[arg(long, value_name = "FILE")]
    users: PathBuf,
    /// Where to listen: udp:, tcp: or tls:, an address, and a port unless it is the usual one.
    #[arg(
        long,
        value_name = "WHERE",
        value_delimiter = ',',
        default_value = "udp:127.0.0.1,tcp:127.0.0.1"
    )]
    listen: Vec<Listen>,
    /// The host that others find it by, in Via and Record-Route, where it is not the address that
    /// it listens at.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The algorithms of its challenges, the preferred first.
    #[arg(
        long,
        value_name = "ALGORITHM",
        value_delimiter = ',',
        value_parser = ["SHA-256", "MD5"],
        ignore_case = true,
        default_value = "SHA-256,MD5"
    )]
    digest: Vec<String>,
    /// Let strangers call its users.
    #[arg(long)]
    public: bool,
    /// The certificate of the server with its chain, in PEM.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Certificates to trust, in PEM, in the place of those that the system trusts.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Demand certificates of those who connect by TLS.
    #[arg(long, requires = "certificate")]
    client_certificates: bool,
    /// Ask this name server in the place of the system's.
    #[arg(long, value_name = "ADDRESS:PORT")]
    name_server: Option<SocketAddr>,
    /// TCP and TLS connections at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    connections: usize,
    /// Figures for Prometheus are asked for here, by HTTP.
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// Write what is sent and received into this file.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Print a line of JSON for each thing that happens.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(serve(arguments)),
        Err(error) => Err(error.to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("telephony: {message}");
            ExitCode::from(2)
        }
    }
}

async fn serve(arguments: &Arguments) -> Result<(), String> {
    // Before anything is promised, so that nothing ends without it.
    let mut end = std::pin::pin!(interrupted()?);
    let capture = match &arguments.pcap {
        Some(file) => {
            let capture = Pcap::create(file);
            Some(Arc::new(
                capture.map_err(|error| format!("{}: {error}", file.display()))?,
            ))
        }
        None => None,
    };
    let mut server = server(arguments, capture.clone())?;
    let metrics = match arguments.metrics {
        Some(address) => Some(Metrics::bind(address).await?),
        None => None,
    };
    let tell = |notice: Notice| print(arguments.json, &notice);
    for listen in server.listening() {
        tell(Notice::Listening {
            at: listen.to_string(),
        });
    }
    if let Some(address) = metrics.as_ref().and_then(Metrics::address) {
        tell(Notice::Metrics { at: address });
    }
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let asked = async {
            match &metrics {
                Some(metrics) => (metrics, metrics.asked().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            notice = server.next() => tell(notice),
            (metrics, stream) = asked => metrics.answer(stream, metrics::figures(&server)),
            _ = sweep.tick() => server.sweep(),
            () = &mut end => break,
        }
    }
    tell(Notice::Ending {
        registered_users: server.reachable(),
        calls: server.calls(),
    });
    server.shut_down(ENDING).await;
    match capture.map(|capture| capture.flush()) {
        Some(Err(error)) => Err(format!("the capture is not whole: {error}")),
        _ => Ok(()),
    }
}

fn server(arguments: &Arguments, capture: Option<Arc<Pcap>>) -> Result<Server, String> {
    let users = Users::read(&arguments.users)?;
    let realm = arguments.domain.first().map_or("", String::as_str);
    if users.count(realm) == 0 {
        return Err(format!(
            "{}: no users of {realm}; telephony passwd makes them",
            arguments.users.display()
        ));
    }
    let mut config = Config::new(arguments.listen.iter().copied());
    config.connections = arguments.connections;
    config.tap = capture.map(|capture| capture as _);
    config.tls = tls(arguments)?;
    let endpoint = Endpoint::bind(config).map_err(|error| error.to_string())?;
    let resolver = match arguments.name_server {
        Some(server) => Resolver::of_server(server).map_err(|error| error.to_string())?,
        None => Resolver::of_system().map_err(|error| error.to_string())?,
    };
    let algorithm = |name: &String| match name.eq_ignore_ascii_case("MD5") {
        true => Algorithm::MD5,
        false => Algorithm::SHA_256,
    };
    let settings = Settings {
        domains: arguments.domain.clone(),
        users,
        algorithms: arguments.digest.iter().map(algorithm).collect(),
        public: arguments.public,
        host: host(arguments)?,
        seeds: [seed()?, seed()?, seed()?],
    };
    Server::new(settings, endpoint, Some(resolver))
}

/// What TLS needs, if anything says that it is wanted.
fn tls(arguments: &Arguments) -> Result<Option<Tls>, String> {
    let own = arguments.certificate.clone().zip(arguments.key.clone());
    if own.is_none() && arguments.roots.is_none() {
        return Ok(None);
    }
    let mut config = TlsConfig::default();
    config.certificate = own;
    config.roots.clone_from(&arguments.roots);
    config.client_certificates = arguments.client_certificates;
    Tls::new(&config)
        .map(Some)
        .map_err(|error| error.to_string())
}

/// The host that others find it by: it cannot be the address that stands for all.
fn host(arguments: &Arguments) -> Result<Option<String>, String> {
    let is_unspecified = |listen: &Listen| listen.address.ip().is_unspecified();
    match &arguments.host {
        None if arguments.listen.iter().any(is_unspecified) => {
            Err("to listen at all addresses, give the --host that others find it by".into())
        }
        host => Ok(host.as_ref().map(|host| match host.parse() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => host.clone(),
        })),
    }
}

fn seed() -> Result<[u8; 32], String> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| error.to_string())?;
    Ok(seed)
}

/// Prints a line for each thing that happens, as JSON or for a person.
fn print(json: bool, notice: &Notice) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let time = Timestamp::of_unix(now).to_rfc3339();
    let line = match json {
        true => serde_json::to_string(&Line { time, notice }).unwrap_or_default(),
        false => format!("{time}  {notice}"),
    };
    // Whoever read it may be gone; the server goes on.
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    notice: &'a Notice,
}
