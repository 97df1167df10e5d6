//! `telephony rtsp serve`: files, folders or a test picture for many clients at once.

use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use telephony_net::rtsp::{
    Movie, Multicast, Observation, Presentation, Server, ServerConfig, ServerError, Totals, Users,
};

use super::synthetic::Synthetic;
use super::{Problem, interrupted};
use crate::terminal::Safe;

/// Serves motion JPEG over RTSP, each PATH under its name.
///
/// A file has JPEG images one after another, plain or each behind its length in five digits; a
/// folder has .jpg files. RTP goes over UDP or in the connection, as the client wants it.
///
/// The exit code is 0 after an interruption or the duration, 1 when it cannot serve, 2 for bad
/// usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony rtsp serve --synthetic\n  \
    telephony rtsp serve movie.Mjpeg pictures/ --fps 10 --users users.txt\n  \
    telephony rtsp serve movie.Mjpeg --repeat --multicast 239.255.12.1:5004")]
pub(super) struct Arguments {
    /// Files and folders.
    #[arg(value_name = "PATH", required_unless_present = "synthetic")]
    paths: Vec<PathBuf>,
    /// Serve a test picture, colour bars with a frame counter, under the name synthetic.
    #[arg(long)]
    synthetic: bool,
    /// Frames a second.
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    fps: f64,
    /// The address to listen at.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8554")]
    listen: SocketAddr,
    /// Only these users, by Digest: lines of user:realm:HA1.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Begin files anew after their end.
    #[arg(long)]
    repeat: bool,
    /// Let clients ask for multicast, to this group; further presentations use the ports above.
    #[arg(long, value_name = "GROUP:PORT")]
    multicast: Option<SocketAddr>,
    /// How many routers multicast packets pass.
    #[arg(long, value_name = "HOPS", default_value_t = 1, requires = "multicast")]
    ttl: u8,
    /// The address of the interface for multicast; that of --listen unless given.
    #[arg(long, value_name = "ADDRESS", requires = "multicast")]
    interface: Option<IpAddr>,
    /// How many connections there may be at once.
    #[arg(long, value_name = "N", default_value_t = 512)]
    connections: usize,
    /// End after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// Print JSON, a line for each event.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    if !(0.02..=1000.0).contains(&arguments.fps) {
        return Err(Problem::Usage("--fps: expected 0.02 to 1000".into()));
    }
    let interval = Duration::from_secs_f64(1.0 / arguments.fps);
    let end = match arguments.duration.map(Duration::try_from_secs_f64) {
        None => None,
        Some(Ok(duration)) => Some(duration),
        Some(Err(_)) => return Err(Problem::Usage("--duration: expected seconds".into())),
    };
    let mut server = bind(arguments).await?;
    let mut shown = Vec::new();
    if arguments.synthetic {
        let presentation = Presentation::new(Synthetic::new(), interval);
        add(&mut server, "synthetic", presentation)?;
        let (width, height) = Synthetic::dimensions();
        shown.push(("synthetic".to_owned(), None, (width, height)));
    }
    for path in &arguments.paths {
        let name = path.canonicalize().unwrap_or_else(|_| path.clone());
        let name = name.file_name().map(|name| name.to_string_lossy());
        let usage = |message: &dyn std::fmt::Display| {
            Problem::Usage(format!("{}: {message}", path.display()))
        };
        let name = name.ok_or_else(|| usage(&"has no name"))?;
        let movie = Movie::open(path).map_err(|error| usage(&error))?;
        let (width, height) = movie.dimensions();
        let size = (width.into(), height.into());
        shown.push((name.clone().into_owned(), Some(movie.len()), size));
        let presentation = Presentation::new(movie, interval).repeats(arguments.repeat);
        add(&mut server, &name, presentation)?;
    }
    let address = server.local_addr();
    for (name, frames, (width, height)) in shown {
        let name = rfc2396_uri::percent::encode(&name, rfc2396_uri::percent::Component::Path);
        let url = format!("rtsp://{address}/{name}");
        print(if arguments.json {
            line(&json!({
                "event": "serving", "url": url, "frames": frames, "frames_per_second": arguments.fps,
                "width": width, "height": height,
            }))
        } else {
            let frames = frames.map_or_else(|| "live".into(), |frames| format!("{frames} frames"));
            format!(
                "{url}  {width}×{height}, {frames}, {} a second\n",
                arguments.fps
            )
        });
    }
    let stop = async {
        match end {
            Some(end) => {
                tokio::select! {
                    () = interrupted() => {}
                    () = tokio::time::sleep(end) => {}
                }
            }
            None => interrupted().await,
        }
    };
    let mut report = Report::new(arguments.json);
    let totals = server
        .run(stop, |observation| report.take(&observation))
        .await
        .map_err(Problem::failure)?;
    report.end(&totals);
    Ok(ExitCode::SUCCESS)
}

async fn bind(arguments: &Arguments) -> Result<Server, Problem> {
    let mut config = ServerConfig::default();
    config.connections = arguments.connections;
    if let Some(file) = &arguments.users {
        let usage = |message: String| Problem::Usage(format!("{}: {message}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| usage(error.to_string()))?;
        let users = Users::parse(&text).map_err(|error| usage(error.to_string()))?;
        config.users = Some(users);
    }
    config.multicast = arguments.multicast.map(|group| Multicast {
        group,
        ttl: arguments.ttl,
        interface: arguments.interface.unwrap_or(arguments.listen.ip()),
    });
    Server::bind(arguments.listen, config)
        .await
        .map_err(|error| match error {
            ServerError::Multicast => Problem::Usage(format!("--multicast: {error}")),
            error => Problem::Failure(format!("{}: {error}", arguments.listen)),
        })
}

fn add(server: &mut Server, name: &str, presentation: Presentation) -> Result<(), Problem> {
    let added = server.add(name, presentation);
    added.map_err(|error| Problem::Usage(error.to_string()))
}

/// Says what the server does.
struct Report {
    is_json: bool,
    is_terminal: bool,
    before: Totals,
}

impl Report {
    fn new(is_json: bool) -> Self {
        Self {
            is_json,
            is_terminal: std::io::stderr().is_terminal() && !is_json,
            before: Totals::default(),
        }
    }

    fn take(&mut self, observation: &Observation) {
        if let Observation::Progress { playing, totals } = observation {
            self.progress(*playing, totals);
            return;
        }
        if self.is_terminal {
            // The line of progress makes room.
            eprint!("\r\x1b[K");
        }
        print(if self.is_json {
            line(&event(observation))
        } else {
            text(observation)
        });
    }

    /// What has been sent within the last second.
    fn progress(&mut self, playing: usize, totals: &Totals) {
        let frames = totals.frames - self.before.frames;
        let bits = (totals.octets - self.before.octets) * 8;
        self.before = *totals;
        if self.is_json && playing > 0 {
            let mut value = of_totals(totals);
            value["event"] = "progress".into();
            value["playing"] = playing.into();
            print(line(&value));
        } else if self.is_terminal {
            eprint!(
                "\r\x1b[K{playing} playing  {frames} frames/s  {:.2} Mb/s  {} late",
                bits as f64 / 1e6,
                totals.late
            );
        }
    }

    fn end(&self, totals: &Totals) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
        print(if self.is_json {
            let mut value = of_totals(totals);
            value["event"] = "end".into();
            line(&value)
        } else {
            format!("sent {}\n", sent(totals))
        });
    }
}

fn of_totals(totals: &Totals) -> Value {
    json!({
        "frames": totals.frames, "packets": totals.packets, "octets": totals.octets,
        "late": totals.late, "skipped": totals.skipped, "reported_lost": totals.reported_lost,
    })
}

fn event(observation: &Observation) -> Value {
    let mut value = match observation {
        Observation::SetUp { transport, .. } => json!({ "transport": transport }),
        Observation::Playing { from, .. } => {
            json!({ "from_seconds": from.map(|from| from.as_secs_f64()) })
        }
        Observation::Stopped { totals, .. } | Observation::Ended { totals, .. } => {
            of_totals(totals)
        }
        _ => json!({}),
    };
    let (name, peer, presentation) = parts(observation);
    value["event"] = name.into();
    value["peer"] = peer.map(|peer| peer.to_string()).into();
    if let Some(presentation) = presentation {
        value["presentation"] = presentation.into();
    }
    value
}

fn parts(observation: &Observation) -> (&'static str, Option<SocketAddr>, Option<&str>) {
    match observation {
        Observation::Connected { peer } => ("connected", Some(*peer), None),
        Observation::TurnedAway { peer } => ("turned away", Some(*peer), None),
        Observation::Unauthorized { peer } => ("unauthorized", Some(*peer), None),
        Observation::SetUp {
            peer, presentation, ..
        } => ("set up", Some(*peer), Some(presentation)),
        Observation::Playing {
            peer, presentation, ..
        } => ("playing", Some(*peer), Some(presentation)),
        Observation::Stopped {
            peer, presentation, ..
        } => ("stopped", Some(*peer), Some(presentation)),
        Observation::Ended {
            peer, presentation, ..
        } => ("ended", Some(*peer), Some(presentation)),
        Observation::Disconnected { peer } => ("disconnected", Some(*peer), None),
        _ => ("other", None, None),
    }
}

fn text(observation: &Observation) -> String {
    let (name, peer, presentation) = parts(observation);
    let peer = peer.map_or_else(String::new, |peer| peer.to_string());
    let mut text = format!("{peer}  {name}");
    if let Some(presentation) = presentation {
        text += &format!("  {}", Safe(presentation));
    }
    match observation {
        Observation::SetUp { transport, .. } => text += &format!("  {}", Safe(transport)),
        Observation::Playing {
            from: Some(from), ..
        } => text += &format!("  from {:.2} s", from.as_secs_f64()),
        Observation::Stopped { totals, .. } | Observation::Ended { totals, .. } => {
            text += &format!("  sent {}", sent(totals));
        }
        _ => {}
    }
    text + "\n"
}

fn sent(totals: &Totals) -> String {
    format!(
        "{} frames, {} packets, {} bytes, {} late, {} left out, {} reported lost",
        totals.frames,
        totals.packets,
        totals.octets,
        totals.late,
        totals.skipped,
        totals.reported_lost
    )
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// Prints at once, whoever reads.
fn print(text: String) {
    let mut stdout = std::io::stdout().lock();
    // Whoever does not read on is no reason to stop serving.
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}
