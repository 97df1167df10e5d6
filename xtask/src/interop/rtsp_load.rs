//! Many clients of one `telephony rtsp serve` on one core: what comes too late, and what a client
//! costs.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::inspect::build_release;
use super::peer::{Peer, Workspace};

/// How many clients there are in each round.
const ROUNDS: [usize; 3] = [25, 100, 200];
/// How long they watch.
const WATCHED: Duration = Duration::from_secs(8);
/// Frames a second.
const RATE: u32 = 10;
/// A frame later than this is late: half the time of a frame.
const LATE: Duration = Duration::from_millis(50);
/// The clock of RTP timestamps.
const CLOCK_RATE: f64 = 90_000.0;

pub(super) fn test() -> Result<()> {
    let telephony = build_release()?;
    let mut costs = Vec::new();
    for clients in ROUNDS {
        let round = watch(&telephony, clients)?;
        println!(
            "{clients:4} clients: {} frames, {} late, the latest {:.1} ms; {:.1} % of a core, {:.0} µs a client and second",
            round.frames,
            round.late,
            round.latest.as_secs_f64() * 1e3,
            round.core * 100.0,
            round.cost() * 1e6
        );
        ensure!(round.late == 0, "late frames");
        // Of the first and the last second, not all come in time to be counted.
        let least = clients as u64 * u64::from(RATE) * (WATCHED.as_secs() - 2);
        ensure!(round.frames >= least, "{} frames of {least}", round.frames);
        costs.push(round.cost());
    }
    // With few clients the picture itself costs most.
    if let [.., middle, last] = costs[..] {
        ensure!(
            last < middle * 1.3,
            "a client costs more the more there are"
        );
    }
    Ok(())
}

/// What became of a round.
struct Round {
    clients: usize,
    frames: u64,
    late: u64,
    latest: Duration,
    /// The part of a core that the server took.
    core: f64,
}

impl Round {
    /// Seconds of the core for each client and second.
    fn cost(&self) -> f64 {
        self.core / self.clients as f64
    }
}

/// A client that counts frames by their markers.
struct Watcher {
    /// The session ends with it.
    _control: TcpStream,
    rtp: UdpSocket,
    /// Timestamp and arrival of the first frame.
    first: Option<(u32, Instant)>,
}

fn watch(telephony: &Path, clients: usize) -> Result<Round> {
    let folder = Workspace::new(&format!("rtsp-load-{clients}"))?;
    // One core, and not that of this program if there is another.
    let mut command = Command::new("taskset");
    command
        .args(["-c", "0"])
        .arg(telephony)
        .args([
            "rtsp",
            "serve",
            "--synthetic",
            "--listen",
            "127.0.0.1:0",
            "--json",
        ])
        .args(["--fps", &RATE.to_string(), "--duration", "60"]);
    let mut server = Peer::start(folder.path(), "serve", &mut command)?;
    server.wait_for("\"serving\"", Duration::from_secs(10))?;
    let serving: Value = serde_json::from_str(server.log().lines().next().context("no line")?)?;
    let url = serving["url"].as_str().context("no URL")?.to_owned();

    let mut watchers = Vec::new();
    for _ in 0..clients {
        watchers.push(Watcher::start(&url)?);
    }
    // Connecting is not what is measured.
    thread::sleep(Duration::from_millis(500));
    for watcher in &mut watchers {
        while watcher.frame()?.is_some() {}
        watcher.first = None;
    }
    let before = processor_time(server.id())?;
    let start = Instant::now();
    let mut round = Round {
        clients,
        frames: 0,
        late: 0,
        latest: Duration::ZERO,
        core: 0.0,
    };
    while start.elapsed() < WATCHED {
        for watcher in &mut watchers {
            while let Some(late) = watcher.frame()? {
                round.frames += 1;
                round.latest = round.latest.max(late);
                round.late += u64::from(late > LATE);
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    round.core = (processor_time(server.id())? - before) / start.elapsed().as_secs_f64();
    Ok(round)
}

impl Watcher {
    /// SETUP and PLAY, as short as they can be.
    fn start(url: &str) -> Result<Self> {
        let authority = url.trim_start_matches("rtsp://").split('/').next();
        let mut control = TcpStream::connect(authority.context("no authority")?)?;
        control.set_read_timeout(Some(Duration::from_secs(10)))?;
        let rtp = UdpSocket::bind("127.0.0.1:0")?;
        rtp.set_nonblocking(true)?;
        // RTCP goes to the next port, whoever has it: nobody listens there.
        let port = rtp.local_addr()?.port();
        let setup = format!(
            "SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\n\
             Transport: RTP/AVP;unicast;client_port={port}-{}\r\n\r\n",
            port.wrapping_add(1).max(1)
        );
        let response = ask(&mut control, &setup)?;
        let session = response
            .lines()
            .find_map(|line| line.strip_prefix("Session: "))
            .and_then(|session| session.split(';').next())
            .with_context(|| response.clone())?;
        let play = format!("PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n");
        ask(&mut control, &play)?;
        Ok(Self {
            _control: control,
            rtp,
            first: None,
        })
    }

    /// The end of the next frame that has come, and how late that is, measured by the first frame.
    fn frame(&mut self) -> Result<Option<Duration>> {
        let mut packet = [0; 2048];
        loop {
            let length = match self.rtp.recv(&mut packet) {
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let &[0x80, second, _, _, a, b, c, d, ..] = &packet[..length] else {
                continue;
            };
            if second & 0x80 == 0 {
                continue;
            }
            let (timestamp, now) = (u32::from_be_bytes([a, b, c, d]), Instant::now());
            let (zero, start) = *self.first.get_or_insert((timestamp, now));
            let since = f64::from(timestamp.wrapping_sub(zero)) / CLOCK_RATE;
            let due = start + Duration::from_secs_f64(since);
            return Ok(Some(now.saturating_duration_since(due)));
        }
    }
}

fn ask(control: &mut TcpStream, request: &str) -> Result<String> {
    control.write_all(request.as_bytes())?;
    let (mut text, mut bytes) = (String::new(), [0; 2048]);
    while !text.ends_with("\r\n\r\n") {
        match control.read(&mut bytes)? {
            0 => bail!("the server has gone: {text}"),
            length => text.push_str(&String::from_utf8_lossy(&bytes[..length])),
        }
    }
    ensure!(text.starts_with("RTSP/1.0 200"), "{text}");
    Ok(text)
}

/// Seconds of processor time that a process has had.
fn processor_time(process: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name in parentheses, which may have spaces: user and system time are fields 14 and
    // 15 of all, in hundredths of a second.
    let (_, fields) = stat.rsplit_once(") ").context("no fields")?;
    let mut times = fields.split(' ').skip(11).take(2);
    let mut next = || -> Result<f64> { Ok(times.next().context("no time")?.parse()?) };
    Ok((next()? + next()?) / 100.0)
}
