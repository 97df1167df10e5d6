//! `telephony rtsp play`: a stream received, counted and kept.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use rfc2396_uri::{UriReference, percent};
use rfc2617_auth::Account;
use serde_json::json;
use telephony_net::rtsp::{Client, ClientConfig, ClientError, Event, Reception, Transport};
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep_until;

use super::output::Output;
use super::{Problem, interrupted, web};

/// The environment variable that the password is read from.
const PASSWORD: &str = "TELEPHONY_RTSP_PASSWORD";
/// How long nothing may come while it plays.
const SILENCE: Duration = Duration::from_secs(10);
/// How often loss and data rate are shown.
const SHOWN: Duration = Duration::from_millis(500);

/// Plays motion JPEG from an RTSP server, and tells its loss and data rate.
///
/// Loss is (sent - received) / sent in packets, the data rate payload bytes by time. The exit code
/// is 0 if frames came, 1 if none did, 2 for bad usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony rtsp play rtsp://127.0.0.1:8554/synthetic --duration 5 --output frames.mjpeg\n  \
    telephony rtsp play rtsp://camera.example.org/video --user alice --transport tcp\n  \
    telephony rtsp play rtsp://127.0.0.1:8554/synthetic --web 127.0.0.1:8080")]
pub(super) struct Arguments {
    /// What to play. A name and a password in it are used, and not sent in the clear.
    #[arg(value_name = "URL")]
    url: String,
    /// Keep the frames: in a folder, one file each, or one after another in a file.
    #[arg(long, value_name = "DIR|FILE.mjpeg")]
    output: Option<PathBuf>,
    /// How packets come.
    #[arg(long, value_enum, default_value_t)]
    transport: By,
    /// Stop after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// The user; the password is in TELEPHONY_RTSP_PASSWORD or in a file.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The file with the password; one line end after it is dropped.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Serve a page to watch and control it at this address, until interrupted.
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with_all = ["output", "duration", "json"])]
    web: Option<SocketAddr>,
    /// Let --web listen at an address that others can reach. There is no password on the page.
    #[arg(long, requires = "web")]
    web_public: bool,
    /// Print JSON at the end.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum By {
    /// UDP, or the connection if the server does not want UDP.
    #[default]
    Udp,
    /// The connection.
    Tcp,
    /// The server's multicast group.
    Multicast,
}

impl From<By> for Transport {
    fn from(by: By) -> Self {
        match by {
            By::Udp => Self::Udp,
            By::Tcp => Self::Tcp,
            By::Multicast => Self::Multicast,
        }
    }
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let duration = match arguments.duration.map(Duration::try_from_secs_f64) {
        None => None,
        Some(Ok(duration)) => Some(duration),
        Some(Err(_)) => return Err(Problem::Usage("--duration: expected seconds".into())),
    };
    let mut config = ClientConfig::default();
    config.transport = arguments.transport.into();
    config.account = account(arguments)?;
    if let Some(address) = arguments.web {
        if !address.ip().is_loopback() && !arguments.web_public {
            let message = format!("--web: {address} is not loopback; say --web-public too");
            return Err(Problem::Usage(message));
        }
        return web::run(&arguments.url, config, address).await;
    }
    let output = match &arguments.output {
        Some(path) => {
            let usage = |error| Problem::Usage(format!("{}: {error}", path.display()));
            Some(Output::create(path).map_err(usage)?)
        }
        None => None,
    };
    let failure = |error: ClientError| match error {
        ClientError::Url => Problem::Usage(format!("{}: {error}", shown_url(&arguments.url))),
        error => Problem::Failure(format!("{}: {error}", shown_url(&arguments.url))),
    };
    let (client, events) = start(&arguments.url, config).await.map_err(failure)?;
    let reception = receive(&client, events, duration, output, !arguments.json).await?;
    if arguments.json {
        println!("{}", json_of(&reception));
    } else {
        print!("{}", text_of(&reception));
    }
    Ok(ExitCode::from(u8::from(reception.frames == 0)))
}

/// Sets up and plays; by TCP if the server does not want UDP.
pub(super) async fn start(
    url: &str,
    config: ClientConfig,
) -> Result<(Client, Receiver<Event>), ClientError> {
    let (client, events) = Client::connect(url, config.clone()).await?;
    match client.start().await {
        Err(ClientError::Status(status, _))
            if status == rfc2326_rtsp::StatusCode::UNSUPPORTED_TRANSPORT
                && config.transport == Transport::Udp =>
        {
            let mut config = config;
            config.transport = Transport::Tcp;
            let (client, events) = Client::connect(url, config).await?;
            client.start().await?;
            Ok((client, events))
        }
        Err(error) => Err(error),
        Ok(_) => Ok((client, events)),
    }
}

/// Takes frames until the end, the duration, an interruption or a long silence.
async fn receive(
    client: &Client,
    mut events: Receiver<Event>,
    duration: Option<Duration>,
    mut output: Option<Output>,
    is_shown: bool,
) -> Result<Reception, Problem> {
    let is_terminal = std::io::stderr().is_terminal() && is_shown;
    let start = Instant::now();
    let never = start + Duration::from_secs(365 * 24 * 3600);
    let end = duration.and_then(|duration| start.checked_add(duration));
    let mut interruption = std::pin::pin!(interrupted());
    let (mut heard, mut show) = (start, start + SHOWN);
    let mut is_over = false;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Frame(frame)) => {
                    heard = Instant::now();
                    if let Some(output) = &mut output {
                        output.write(&frame.jpeg).map_err(Problem::failure)?;
                    }
                }
                Some(Event::Finished) => break,
                Some(Event::Ended(_)) | None => {
                    is_over = true;
                    break;
                }
                Some(_) => {}
            },
            () = &mut interruption => break,
            () = sleep_until(end.unwrap_or(never).into()) => break,
            () = sleep_until((heard + SILENCE).into()) => break,
            () = sleep_until(show.into()) => {
                show = Instant::now() + SHOWN;
                if is_terminal {
                    eprint!("\r\x1b[K{}", progress(&client.reception()));
                    let _ = std::io::stderr().flush();
                }
            }
        }
    }
    // What has come while it stopped is part of it.
    let reception = client.reception();
    if !is_over {
        let _ = client.tear_down().await;
    }
    let after = client.reception();
    let reception = if after.received >= reception.received {
        after
    } else {
        reception
    };
    if is_terminal {
        eprint!("\r\x1b[K");
    }
    if let Some(output) = output {
        output.finish().map_err(Problem::failure)?;
    }
    Ok(reception)
}

/// The account of the options, or of the URL.
fn account(arguments: &Arguments) -> Result<Option<Account>, Problem> {
    let (user, password) = match &arguments.user {
        Some(user) => (user.clone(), password(arguments)?),
        None => match userinfo(&arguments.url) {
            Some(account) => account,
            None => return Ok(None),
        },
    };
    let account = Account::new(&user, &password);
    account
        .map(Some)
        .map_err(|error| Problem::Usage(error.to_string()))
}

fn password(arguments: &Arguments) -> Result<String, Problem> {
    let Some(file) = &arguments.password_file else {
        return std::env::var(PASSWORD)
            .map_err(|_| Problem::Usage(format!("--user needs {PASSWORD} or --password-file")));
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| Problem::Usage(format!("{}: {error}", file.display())))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}

/// Name and password of a URL.
fn userinfo(url: &str) -> Option<(String, String)> {
    let url = UriReference::parse(url).ok()?;
    let userinfo = url.userinfo()?;
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decode = |text| percent::decode_lossy(text).into_owned();
    Some((decode(user), decode(password)))
}

/// The URL without name and password.
pub(super) fn shown_url(url: &str) -> String {
    let parsed = UriReference::parse(url).ok();
    let userinfo = parsed.as_ref().and_then(|url| url.userinfo());
    match userinfo {
        Some(userinfo) => url.replacen(&format!("//{userinfo}@"), "//", 1),
        None => url.into(),
    }
}

fn progress(reception: &Reception) -> String {
    format!(
        "{} frames  loss {:.2} %  {}  jitter {:.1} ms",
        reception.frames,
        reception.loss() * 100.0,
        rate(reception.data_rate()),
        reception.jitter.as_secs_f64() * 1e3
    )
}

fn rate(bytes: f64) -> String {
    match bytes {
        1e6.. => format!("{:.2} MB/s", bytes / 1e6),
        _ => format!("{:.1} kB/s", bytes / 1e3),
    }
}

fn text_of(reception: &Reception) -> String {
    let mut text = format!(
        "frames     {}, {} broken and dropped\n\
         packets    {} of {} received, loss {:.2} %\n\
         data       {} bytes in {:.2} s, {}\n\
         jitter     {:.2} ms\n",
        reception.frames,
        reception.broken,
        reception.received,
        reception.expected,
        reception.loss() * 100.0,
        reception.octets,
        reception.played.as_secs_f64(),
        rate(reception.data_rate()),
        reception.jitter.as_secs_f64() * 1e3
    );
    if reception.malformed > 0 {
        let _ = writeln!(text, "malformed  {} packets", reception.malformed);
    }
    text
}

fn json_of(reception: &Reception) -> serde_json::Value {
    json!({
        "frames": reception.frames,
        "broken_frames": reception.broken,
        "packets_sent": reception.expected,
        "packets_received": reception.received,
        "loss": reception.loss(),
        "octets": reception.octets,
        "seconds": reception.played.as_secs_f64(),
        "data_rate": reception.data_rate(),
        "jitter_ms": reception.jitter.as_secs_f64() * 1e3,
        "malformed": reception.malformed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_of_a_url_are_used_and_not_shown() {
        let url = "rtsp://al%69ce:p%3Aw@h:1/a";
        assert_eq!(userinfo(url), Some(("alice".into(), "p:w".into())));
        assert_eq!(shown_url(url), "rtsp://h:1/a");
        assert_eq!(userinfo("rtsp://h/a"), None);
        assert_eq!(shown_url("rtsp://h/a@b"), "rtsp://h/a@b");
    }
}
