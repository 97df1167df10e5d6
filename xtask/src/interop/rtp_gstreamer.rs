//! GStreamer's RTP beside ours: both send and receive in one session, on links that lose and delay.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::peer::{Peer, Workspace, free_ports};
use super::rtp_ffmpeg::{compare, received};
use super::rtp_link::{Impairment, Media, Party, Relay};

/// GStreamer reports every five seconds.
const TIME: Duration = Duration::from_secs(40);

pub(super) fn run() -> Result<()> {
    let folder = Workspace::new("rtp-gstreamer")?;
    let ports = free_ports(10)?;
    let [there, back, peer, twin, own] = [0, 2, 4, 6, 8].map(|n| ports + n);
    let impairment = |millis| Impairment {
        loss: 50,
        delay: Duration::from_millis(millis),
    };
    let _there = Relay::start(there, &[peer, twin], Some(own), impairment(92))?;
    let link = Relay::start(back, &[own], None, impairment(18))?;
    let media = Media {
        payload_type: 0,
        // GStreamer is there before the first packet.
        delay: Duration::from_secs(1),
        period: Duration::from_millis(100),
        units: 800,
        payload: vec![0xff; 800],
    };
    let mut party = Party::new("party", own, there, (0, 8000), Some(media))?;
    let mut listener = Party::new("listener", twin, there, (0, 8000), None)?;
    let pipeline = format!(
        "rtpbin name=bin \
         audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 \
           ! mulawenc ! rtppcmupay min-ptime=20000000 max-ptime=20000000 ! bin.send_rtp_sink_0 \
         bin.send_rtp_src_0 ! udpsink host=127.0.0.1 port={back} sync=false async=false \
         bin.send_rtcp_src_0 ! udpsink host=127.0.0.1 port={} sync=false async=false \
         udpsrc address=127.0.0.1 port={peer} \
           caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0 \
           ! bin.recv_rtp_sink_0 \
         udpsrc address=127.0.0.1 port={} ! bin.recv_rtcp_sink_0 \
         bin. ! rtppcmudepay ! fakesink",
        back + 1,
        peer + 1,
    );
    let mut gstreamer = Command::new("gst-launch-1.0");
    gstreamer
        .arg("-q")
        .args(pipeline.split_whitespace())
        // It says what it has read in our reports.
        .env("GST_DEBUG", "rtpsource:5")
        .env("GST_DEBUG_NO_COLOR", "1");
    let gstreamer = Peer::start(folder.path(), "gstreamer", &mut gstreamer)?;
    thread::scope(|scope| {
        let listening = scope.spawn(|| listener.run_for(TIME));
        party.run_for(TIME)?;
        listening.join().ok().context("the listener panicked")?
    })?;
    let log = gstreamer.log();
    drop(gstreamer);
    let tally = link.finish()?;

    let theirs = party
        .views
        .iter()
        .filter(|(ssrc, _)| *ssrc != listener.ssrc());
    let theirs: Vec<_> = theirs.collect();
    println!("  GStreamer reported {} times on our stream", theirs.len());
    ensure!(theirs.len() >= 4, "too few reports of GStreamer");
    compare(&party, &listener, &theirs)?;
    println!("  GStreamer sent {} packets", tally.passed + tally.lost);
    received(&party, &tally, 8000)?;
    understood(&party, &log)
}

/// GStreamer reads in our reports what we have said.
fn understood(party: &Party, log: &str) -> Result<()> {
    let mut read = 0;
    for line in log.lines().filter(|line| line.contains("got RB packet")) {
        let field = |name: &str| -> Option<u32> {
            let (_, rest) = line.split_once(&format!("{name} "))?;
            rest.split(',').next()?.trim().parse().ok()
        };
        let (lost, highest, jitter) = (field("PL"), field("HS"), field("jitter"));
        let same = party.said.iter().any(|block| {
            lost == u32::try_from(block.cumulative_lost).ok()
                && highest == Some(block.extended_highest_sequence)
                && jitter == Some(block.jitter)
        });
        ensure!(same, "GStreamer read what we have not said: {line}");
        read += 1;
    }
    println!("  GStreamer read {read} of our reports");
    ensure!(read >= 4, "GStreamer read too few of our reports");
    Ok(())
}
