//! Telephone events and redundant audio exchanged with GStreamer, over a link that loses.

use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rfc2198_red::{Encoder, EncoderConfig, Encoding, Origin, Recovery, RecoveryConfig};
use rfc2833_dtmf::{
    Digit, Event, EventPacket, Receiver, ReceiverConfig, ReceiverOutput, Sender, SenderConfig,
};
use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig};
use rfc3550_rtp::{NtpTimestamp, RtpPacket};

use super::peer::{Peer, Workspace, free_ports};
use super::rtp_link::{Impairment, Relay, Tally, local, receive_within};

/// Payload types: sound, events, redundant audio.
const PCMU: u8 = 0;
const EVENTS: u8 = 101;
const RED: u8 = 100;
/// A packet's time, in reality and by the media clock.
const PERIOD: Duration = Duration::from_millis(20);
const UNITS: u32 = 160;

/// What GStreamer's `rtpdtmfsrc` needs is an event, which no pipeline of its own can make.
const PRESS_KEYS: &str = include_str!("rtp_payloads/press_keys.py");

pub(super) fn run() -> Result<()> {
    let folder = Workspace::new("rtp-payloads")?;
    events_to_gstreamer(&folder)?;
    events_from_gstreamer(&folder)?;
    redundancy_to_gstreamer(&folder)?;
    redundancy_from_gstreamer(&folder)
}

fn link(port: u16, target: u16, loss: u64) -> Result<Relay> {
    let delay = Duration::from_millis(15);
    Relay::start(port, &[target], None, Impairment { loss, delay })
}

fn session(seed: u8) -> Session {
    let mut config = SessionConfig::new([seed; 32], "payloads@interop.test");
    for payload_type in [PCMU, EVENTS, RED] {
        config = config.payload_type(payload_type, 8000);
    }
    Session::new(Instant::now(), NtpTimestamp::default(), config)
}

/// Calls `send` with the media time of every packet interval.
fn every_interval(count: u32, mut send: impl FnMut(Instant, u32) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    for index in 0..count {
        let due = start + PERIOD * index;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        send(Instant::now(), UNITS * index)?;
    }
    Ok(())
}

/// Calls `take` with each packet that a session of ours lets through, until nothing has come for
/// a second.
fn listen(
    port: u16,
    mut take: impl FnMut(Duration, &RtpPacket<&[u8]>) -> Result<()>,
) -> Result<()> {
    let socket = UdpSocket::bind(local(port))?;
    let (start, mut session, mut buffer) = (Instant::now(), session(8), [0; 2048]);
    let mut wait = Duration::from_secs(10);
    while let Some((len, from)) = receive_within(&socket, &mut buffer, wait)? {
        let packet = RtpPacket::parse(buffer.get(..len).unwrap_or_default())?;
        let now = Instant::now();
        match session.handle_rtp(now, from, &packet) {
            // What is on probation is good here: nobody else can send.
            RtpVerdict::Deliver(_) | RtpVerdict::Withhold(_) => take(now - start, &packet)?,
            RtpVerdict::Ignore(reason) => anyhow::bail!("ignored: {reason:?}"),
        }
        wait = Duration::from_secs(1);
    }
    Ok(())
}

fn events_to_gstreamer(folder: &Workspace) -> Result<()> {
    let ports = free_ports(4)?;
    let (entry, peer) = (ports, ports + 2);
    let link = link(entry, peer, 150)?;
    let pipeline = format!(
        "udpsrc address=127.0.0.1 port={peer} \
         caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=TELEPHONE-EVENT,payload={EVENTS} \
         ! rtpdtmfdepay ! fakesink sync=false"
    );
    let mut gstreamer = Command::new("gst-launch-1.0");
    gstreamer.arg("-m").args(pipeline.split_whitespace());
    let mut gstreamer = Peer::start(folder.path(), "events-in", &mut gstreamer)?;
    gstreamer.wait_for("PLAYING", Duration::from_secs(10))?;

    let socket = UdpSocket::bind(local(0))?;
    let (mut session, mut sender) = (session(7), Sender::new(SenderConfig::default()));
    let events = [1, 5, 10, 0, 15, 5, 5, 11];
    for code in events {
        let event = Event::new(code);
        sender.queue(Digit {
            event,
            duration: 800,
            volume: 10,
        })?;
    }
    every_interval(170, |now, time| {
        while let Some(packet) = sender.poll_packet(time) {
            let report = packet.report.to_bytes();
            let rtp = session.send_rtp(now, EVENTS, packet.timestamp, &report)?;
            socket.send_to(&rtp.marker(packet.marker).to_vec()?, local(entry))?;
        }
        Ok(())
    })?;
    ensure!(sender.is_idle(), "events are left");
    std::thread::sleep(Duration::from_millis(200));
    let tally = link.finish()?;
    let log = gstreamer.log();
    let heard: Vec<u8> = log
        .lines()
        .filter(|line| line.contains("dtmf-event"))
        .filter_map(|line| line.split_once("number=(int)"))
        .filter_map(|(_, rest)| rest.split([',', ';']).next()?.parse().ok())
        .collect();
    println!(
        "  GStreamer heard {heard:?}; {} packets of {} lost",
        tally.lost,
        total(&tally)
    );
    ensure!(heard == events, "sent {events:?}");
    ensure!(tally.lost >= 5, "too few packets lost");
    Ok(())
}

fn events_from_gstreamer(folder: &Workspace) -> Result<()> {
    let ports = free_ports(4)?;
    let (entry, own) = (ports, ports + 2);
    let link = link(entry, own, 100)?;
    let script = folder.write("press_keys.py", PRESS_KEYS)?;
    let events = ["1", "5", "10", "0", "15", "5", "5", "11"];
    let mut gstreamer = Command::new("/usr/bin/python3");
    gstreamer.arg(script).arg(entry.to_string()).args(events);
    let mut gstreamer = Peer::start(folder.path(), "events-out", &mut gstreamer)?;

    let mut receiver = Receiver::new(ReceiverConfig::default());
    let (mut sound, mut heard) = (0, Vec::new());
    listen(own, |arrival, packet| {
        receiver.handle_timeout(arrival);
        if packet.payload_type() == EVENTS {
            let event = EventPacket {
                sequence_number: packet.sequence_number().0,
                timestamp: packet.timestamp().0,
                marker: packet.marker(),
                arrival,
            };
            receiver.handle_packet(event, packet.payload())?;
        } else {
            sound += 1;
        }
        while let Some(output) = receiver.poll_output() {
            if let ReceiverOutput::Ended(event) = output {
                heard.push(event.event.code().to_string());
            }
        }
        Ok(())
    })?;
    gstreamer.succeed(Duration::from_secs(10))?;
    let tally = link.finish()?;
    println!(
        "  we heard {heard:?}; {} packets of {} lost",
        tally.lost,
        total(&tally)
    );
    ensure!(heard == events, "GStreamer sent {events:?}");
    ensure!(
        sound > 20,
        "only {sound} packets of sound between the events"
    );
    Ok(())
}

fn redundancy_to_gstreamer(folder: &Workspace) -> Result<()> {
    let ports = free_ports(6)?;
    let (entry, peer, back) = (ports, ports + 2, ports + 4);
    let link = link(entry, peer, 100)?;
    let socket = UdpSocket::bind(local(back))?;
    let pipeline = format!(
        "udpsrc address=127.0.0.1 port={peer} \
         caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=RED,payload={RED} \
         ! rtpreddec pt={RED} ! udpsink host=127.0.0.1 port={back} sync=false async=false"
    );
    let mut gstreamer = Command::new("gst-launch-1.0");
    gstreamer.args(pipeline.split_whitespace());
    let mut gstreamer = Peer::start(folder.path(), "red-in", &mut gstreamer)?;
    gstreamer.wait_for("PLAYING", Duration::from_secs(10))?;

    let out = UdpSocket::bind(local(0))?;
    let (mut session, mut encoder) = (session(7), Encoder::new(EncoderConfig::default()));
    let mut first = None;
    every_interval(250, |now, time| {
        let timestamp = session.timestamp(time).0;
        first.get_or_insert(timestamp);
        let sound = [(time / UNITS) as u8; UNITS as usize];
        let encoding = Encoding {
            payload_type: PCMU,
            payload: &sound,
        };
        let mut payload = [0; 1000];
        let len = encoder.encode(timestamp, encoding, &mut payload)?;
        let payload = payload.get(..len).unwrap_or_default();
        let packet = session.send_rtp(now, RED, time, payload)?;
        out.send_to(&packet.to_vec()?, local(entry))?;
        Ok(())
    })?;
    let first = first.context("nothing was sent")?;
    let mut played = std::collections::BTreeSet::new();
    let mut buffer = [0; 2048];
    while let Some((len, _)) = receive_within(&socket, &mut buffer, Duration::from_millis(300))? {
        let packet = RtpPacket::parse(buffer.get(..len).unwrap_or_default())?;
        let index = packet.timestamp().0.wrapping_sub(first) / UNITS;
        ensure!(
            packet.payload_type() == PCMU,
            "payload type {}",
            packet.payload_type()
        );
        ensure!(
            packet.payload() == [index as u8; UNITS as usize],
            "packet {index} has other sound"
        );
        played.insert(index);
    }
    let tally = link.finish()?;
    redundant(&tally, played.len() as u64, "GStreamer")
}

fn redundancy_from_gstreamer(folder: &Workspace) -> Result<()> {
    let ports = free_ports(4)?;
    let (entry, own) = (ports, ports + 2);
    let link = link(entry, own, 100)?;
    let pipeline = format!(
        "audiotestsrc is-live=true samplesperbuffer=160 num-buffers=250 \
         ! audio/x-raw,rate=8000,channels=1 ! mulawenc \
         ! rtppcmupay min-ptime=20000000 max-ptime=20000000 ! rtpredenc pt={RED} distance=1 \
         ! udpsink host=127.0.0.1 port={entry} sync=false"
    );
    let mut gstreamer = Command::new("gst-launch-1.0");
    gstreamer.arg("-q").args(pipeline.split_whitespace());
    let mut gstreamer = Peer::start(folder.path(), "red-out", &mut gstreamer)?;

    let mut recovery = Recovery::new(RecoveryConfig::default());
    let (mut played, mut recovered, mut last) = (0, 0, None);
    let mut play = |recovery: &mut Recovery| {
        while let Some(media) = recovery.poll_media() {
            ensure!(media.payload_type == PCMU && media.payload.len() == UNITS as usize);
            let order = last.is_none_or(|last: u32| media.timestamp.wrapping_sub(last) < 1 << 31);
            ensure!(order, "sound out of order");
            last = Some(media.timestamp);
            played += 1;
            recovered += u64::from(media.origin == Origin::Recovered);
        }
        Ok(())
    };
    listen(own, |_, packet| {
        // The first one has nothing to repeat, and is plain.
        if packet.payload_type() == RED {
            let number = packet.sequence_number().0;
            recovery.handle_packet(number, packet.timestamp().0, packet.payload())?;
        }
        play(&mut recovery)
    })?;
    recovery.flush();
    play(&mut recovery)?;
    gstreamer.succeed(Duration::from_secs(10))?;
    let tally = link.finish()?;
    ensure!(
        recovered == recovery.statistics().recovered,
        "recovered {recovered}"
    );
    // The plain one.
    redundant(&tally, played + 1, "we")
}

fn total(tally: &Tally) -> u64 {
    tally.passed + tally.lost
}

/// All but what is lost twice in a row, or at the end, can be played.
fn redundant(tally: &Tally, played: u64, who: &str) -> Result<()> {
    let (sent, lost) = (total(tally), tally.lost);
    println!("  {who} played {played} of {sent}; {lost} packets were lost");
    ensure!(lost >= 15, "too few packets lost");
    ensure!(
        played + lost / 4 >= sent && played <= sent,
        "too little was recovered"
    );
    Ok(())
}
