//! `telephony load`: many calls, as fast as wanted.

mod answerer;
mod caller;
mod figures;
mod media;
mod session;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rfc3261_sip::user_agent::{Config as AgentConfig, UserAgent};
use telephony_net::media::Ports;
use telephony_net::sip::{Config, Endpoint, Listen};
use telephony_net::{Driver, Resolver};

/// Makes many calls, or answers them, and tells how it went.
///
/// A call is INVITE, 180, 200, ACK, BYE, 200. The exit code is 0 if every call was answered and
/// ended as it should, 1 if not. To keep the figures honest, run both sides on cores of their own.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony load --answer --listen udp:127.0.0.1:5070\n  \
    telephony load sip:load@127.0.0.1:5070 --rate 1000 --calls 60000\n  \
    telephony load sip:load@127.0.0.1:5070 --rate 50 --hold 10 --media --calls 1000 --json")]
pub(crate) struct Arguments {
    /// Whom to call.
    #[arg(
        value_name = "URI",
        required_unless_present = "answer",
        conflicts_with = "answer"
    )]
    uri: Option<String>,
    /// Answer every call, until interrupted.
    #[arg(long)]
    answer: bool,
    /// Calls to begin each second.
    #[arg(long, value_name = "NUMBER", default_value_t = 10.0)]
    rate: f64,
    /// Calls at a time; beginning more waits.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    limit: usize,
    /// Calls to make in all.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    calls: u64,
    /// How long each call stands, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    hold: f64,
    /// How long to wait for what is still to come when the last call has begun, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 40.0)]
    patience: f64,
    /// Send a packet of sound every 20 ms in each call, and expect it back.
    #[arg(long)]
    media: bool,
    /// The ports for media.
    #[arg(long, value_name = "FIRST-LAST", default_value = "0")]
    ports: Ports,
    /// The own address and transport.
    #[arg(long, value_name = "WHERE", default_value = "udp:127.0.0.1:0")]
    listen: Listen,
    /// The estimate of the round-trip time that all timers of SIP follow from, in milliseconds:
    /// transactions are remembered for 64 times as long.
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    t1: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Calls and transactions at a time: what 40,000 calls a second leave behind.
const ROOM: usize = 4_000_000;

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(load(arguments)),
        Err(error) => Err(error.to_string()),
    };
    result.unwrap_or_else(|message| {
        eprintln!("telephony: {message}");
        ExitCode::from(2)
    })
}

async fn load(arguments: &Arguments) -> Result<ExitCode, String> {
    let mut driver = driver(arguments)?;
    let local = driver
        .endpoint()
        .listening()
        .first()
        .map(|listen| listen.address);
    let local = local.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let media = arguments
        .media
        .then(|| media::Sockets::new(local.ip(), arguments.ports));
    let figures = match &arguments.uri {
        Some(uri) => {
            let plan = caller::Plan {
                uri: uri.clone(),
                rate: arguments.rate,
                limit: arguments.limit,
                calls: arguments.calls,
                hold: seconds("--hold", arguments.hold)?,
                patience: seconds("--patience", arguments.patience)?,
            };
            if !(plan.rate > 0.0 && plan.rate <= 1e6) {
                return Err("--rate: more than 0 and at most a million".into());
            }
            caller::call(&mut driver, &plan, media, local).await?
        }
        None => {
            let at = driver.endpoint().listening().first().copied();
            if let Some(at) = at.filter(|_| !arguments.json) {
                println!("answering at {at}");
            }
            answerer::answer(&mut driver, media, local).await?
        }
    };
    driver.shut_down(Duration::from_secs(1)).await;
    match arguments.json {
        true => println!(
            "{}",
            serde_json::to_string_pretty(&figures).map_err(|error| error.to_string())?
        ),
        false => print!("{figures}"),
    }
    Ok(match figures.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

fn driver(arguments: &Arguments) -> Result<Driver<UserAgent>, String> {
    let mut config = Config::new([arguments.listen]);
    // Whatever comes in a burst is worked off before it is lost.
    config.socket_buffer = 16 << 20;
    config.queue = 65_536;
    let endpoint = Endpoint::bind(config).map_err(|error| error.to_string())?;
    let listen = endpoint.listening().first().copied();
    let listen = listen.ok_or("nothing to listen at")?;
    if let IpAddr::V4(Ipv4Addr::UNSPECIFIED) = listen.address.ip() {
        return Err("--listen: the own address, not all of them".into());
    }
    let host = listen.address.to_string();
    let transport = match listen.transport {
        rfc3261_sip::transport::Transport::Udp => "",
        rfc3261_sip::transport::Transport::Tcp => ";transport=tcp",
        _ => return Err("--listen: udp or tcp".into()),
    };
    let contact = format!("sip:load@{host}{transport}");
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| error.to_string())?;
    let mut config = AgentConfig::new(seed, format!("<sip:load@{host}>"), contact, host);
    config.preferences.transports = vec![listen.transport];
    config.max_calls = ROOM;
    config.transactions.max_clients = ROOM;
    config.transactions.max_servers = ROOM;
    config.transactions.timing.t1 = Duration::from_millis(arguments.t1);
    let resolver = Resolver::of_system().map_err(|error| error.to_string())?;
    Ok(Driver::new(UserAgent::new(config), endpoint).resolver(resolver))
}

fn seconds(option: &str, value: f64) -> Result<Duration, String> {
    let in_range = (0.0..=1e6).contains(&value);
    in_range
        .then(|| Duration::from_secs_f64(value))
        .ok_or_else(|| format!("{option}: from 0 to a million seconds"))
}
