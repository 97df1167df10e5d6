//! FFmpeg's RTP beside ours: what both find out about one stream on a link that loses and delays.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use rfc3550_rtp::session::ReceptionView;

use super::peer::{Peer, Workspace, free_ports};
use super::rtp_link::{
    FIRST, Impairment, Media, Party, Relay, Tally, agree, local, mean, mean_jitter,
};

const TIME: Duration = Duration::from_secs(20);

pub(super) fn run() -> Result<()> {
    let folder = Workspace::new("rtp-ffmpeg")?;
    let ports = free_ports(16)?;
    // Both ways at the same time.
    let receiving = thread::scope(|scope| {
        let receiving = scope.spawn(|| receive(&folder, ports + 10));
        (send(&folder, ports), receiving.join())
    });
    match receiving {
        (sent, Ok(received)) => sent.and(received),
        (_, Err(_)) => bail!("the receiver panicked"),
    }
}

fn impairment() -> Impairment {
    Impairment {
        loss: 50,
        delay: Duration::from_millis(36),
    }
}

/// We send; FFmpeg and a second session of ours listen behind one relay. FFmpeg reports in RTSP
/// sessions only, and only after so many octets: hence linear sound.
fn send(folder: &Workspace, ports: u16) -> Result<()> {
    let [relay, peer, twin, own, rtsp] = [0, 2, 4, 6, 8].map(|n| ports + n);
    let _relay = Relay::start(relay, &[peer, twin], Some(own), impairment())?;
    let listener = TcpListener::bind(local(rtsp))?;
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-hide_banner", "-nostdin", "-loglevel", "info"])
        // While packets wait to be put in order, the number reported is not that of the packet
        // that the jitter is.
        .args(["-reorder_queue_size", "0"])
        .args(["-rtsp_transport", "udp", "-min_port", &peer.to_string()])
        .args(["-max_port", &(peer + 1).to_string(), "-i"])
        .arg(format!("rtsp://127.0.0.1:{rtsp}/"))
        .args(["-f", "null", "-"]);
    let _ffmpeg = Peer::start(folder.path(), "ffmpeg-in", &mut ffmpeg)?;
    let _connection = play(&listener, relay)?;
    let media = Media {
        payload_type: 10,
        delay: Duration::ZERO,
        period: Duration::from_millis(40),
        units: 1764,
        payload: vec![0; 1764 * 4],
    };
    let mut sender = Party::new("sender", own, relay, (10, 44_100), Some(media))?;
    let mut listener = Party::new("listener", twin, relay, (10, 44_100), None)?;
    thread::scope(|scope| {
        let listening = scope.spawn(|| listener.run_for(TIME));
        sender.run_for(TIME)?;
        listening.join().ok().context("the listener panicked")?
    })?;
    let theirs = sender
        .views
        .iter()
        .filter(|(ssrc, _)| *ssrc != listener.ssrc());
    let theirs: Vec<_> = theirs.collect();
    println!("  FFmpeg reported {} times on our stream", theirs.len());
    ensure!(theirs.len() >= 4, "too few reports of FFmpeg");
    compare(&sender, &listener, &theirs)
}

/// Answers an RTSP client until it plays what comes from this port. It plays as long as the
/// connection lasts.
fn play(listener: &TcpListener, port: u16) -> Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let start = Instant::now();
    let mut connection = loop {
        match listener.accept() {
            Ok((connection, _)) => break connection,
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
            Err(_) if start.elapsed() > Duration::from_secs(5) => bail!("FFmpeg does not connect"),
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    };
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(connection.try_clone()?);
    loop {
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            ensure!(
                reader.read_line(&mut request)? > 0,
                "FFmpeg has hung up: {request}"
            );
        }
        let field = |name: &str| {
            let mut lines = request.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
        };
        let method = request.split(' ').next().unwrap_or_default();
        let (headers, body) = match method {
            "DESCRIBE" => (
                "Content-Type: application/sdp\r\n".to_owned(),
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                 m=audio 0 RTP/AVP 10\r\na=control:sound\r\n",
            ),
            "SETUP" => {
                let transport = field("Transport: ");
                let ports = format!("server_port={port}-{}", port + 1);
                (format!("Transport: {transport};{ports}\r\n"), "")
            }
            _ => (String::new(), ""),
        };
        let (number, len) = (field("CSeq: "), body.len());
        let head = format!("RTSP/1.0 200 OK\r\nCSeq: {number}\r\nSession: 1\r\n{headers}");
        let response = format!("{head}Content-Length: {len}\r\n\r\n{body}");
        connection.write_all(response.as_bytes())?;
        if method == "PLAY" {
            return Ok(connection);
        }
    }
}

/// What a peer has reported against what our own listener knew at the same packet.
pub(super) fn compare(
    sender: &Party,
    listener: &Party,
    theirs: &[&(u32, ReceptionView)],
) -> Result<()> {
    let (mut our_jitter, mut their_jitter, mut counted) = (0.0, 0.0, 0.0);
    let mut last = None;
    for (_, view) in theirs {
        let highest = view.block.extended_highest_sequence as u16;
        let known = listener.history.get(&(sender.ssrc(), highest));
        // The first packets are on probation, and too few for a mean.
        if let Some(known) = known.filter(|known| known.expected > FIRST) {
            our_jitter += known.jitter;
            their_jitter += f64::from(view.block.jitter);
            counted += 1.0;
            last = Some((known, view));
        }
    }
    ensure!(counted >= 3.0, "only {counted} reports to compare");
    let (known, view) = last.context("no report")?;
    // Which packet is the first is a matter of probation.
    let lost = f64::from(view.block.cumulative_lost);
    agree("packets lost", f64::from(known.lost), lost, 1.0)?;
    agree(
        "mean jitter",
        our_jitter / counted,
        their_jitter / counted,
        1.0,
    )?;
    let trip = view.round_trip_time.context("no round-trip time")?;
    ensure!(trip < Duration::from_millis(200), "round trip of {trip:?}");
    // And what our listener has reported itself.
    let ours = sender
        .views
        .iter()
        .filter(|(ssrc, _)| *ssrc == listener.ssrc());
    for (_, view) in ours.clone() {
        let highest = view.block.extended_highest_sequence as u16;
        let known = listener.history.get(&(sender.ssrc(), highest));
        ensure!(known.is_some_and(|known| known.lost == view.block.cumulative_lost));
    }
    ensure!(ours.count() >= 4, "too few reports of our listener");
    Ok(())
}

/// FFmpeg sends to us.
fn receive(folder: &Workspace, ports: u16) -> Result<()> {
    let [relay, own] = [0, 2].map(|n| ports + n);
    let link = Relay::start(relay, &[own], None, impairment())?;
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-hide_banner", "-nostdin", "-loglevel", "warning", "-re"])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000"])
        .args(["-t", "19", "-af", "asetnsamples=n=160", "-ac", "1"])
        .args(["-c:a", "pcm_mulaw", "-f", "rtp"])
        .arg(format!(
            "rtp://127.0.0.1:{relay}?localrtcpport={}",
            ports + 4
        ));
    let mut peer = Peer::start(folder.path(), "ffmpeg-out", &mut ffmpeg)?;
    let mut receiver = Party::new("receiver", own, ports + 4, (0, 8000), None)?;
    receiver.run_for(TIME)?;
    peer.succeed(Duration::from_secs(5))?;
    let tally = link.finish()?;
    println!("  FFmpeg sent {} packets", tally.passed + tally.lost);
    received(&receiver, &tally, 8000)
}

/// What we know of a peer's stream against what the relay has done to it and what the peer says
/// it has sent.
pub(super) fn received(receiver: &Party, tally: &Tally, clock_rate: u32) -> Result<()> {
    ensure!(tally.passed > 500, "only {} packets", tally.passed);
    let all = receiver.history.values();
    let known = all
        .max_by_key(|known| known.expected)
        .context("nothing came")?;
    let passed = tally.passed as f64;
    let counted = known.expected as f64 - f64::from(known.lost);
    agree("packets received, against the relay", counted, passed, 2.0)?;
    agree(
        "packets lost, against the relay",
        f64::from(known.lost),
        tally.lost as f64,
        1.0,
    )?;
    let settled = receiver
        .history
        .values()
        .filter(|known| known.expected > FIRST);
    let ours = mean(settled.map(|known| known.jitter));
    let theirs = mean_jitter(tally, clock_rate);
    agree("mean jitter, against the relay", ours, theirs, 1.0)?;
    let claim = receiver
        .claims
        .iter()
        .rfind(|(_, known)| known.expected > 300);
    let (sent, known) = claim.context("no sender report")?;
    // Some are on the way.
    agree(
        "packets sent, by its report",
        known.expected as f64,
        f64::from(*sent),
        4.0,
    )?;
    ensure!(receiver.said.len() >= 4, "we have reported too seldom");
    Ok(())
}
