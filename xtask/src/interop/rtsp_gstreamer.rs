//! GStreamer's `rtspsrc` plays from `telephony rtsp serve`, and `telephony rtsp play` from
//! gst-rtsp-server, by UDP and TCP and with Digest.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};
use super::rtsp_server::{Served, USER, expect_run, images_of_folder, movie, users};

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn test() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("rtsp-gstreamer")?;
    rtspsrc_plays(&telephony, &folder)?;
    we_play(&telephony, &folder)
}

fn rtspsrc_plays(telephony: &Path, folder: &Workspace) -> Result<()> {
    let users = users(folder)?;
    let sent = movie()?;
    let file = folder.write("movie.mjpeg", sent.concat())?;
    let file = file.display().to_string();
    let served = Served::start(
        telephony,
        folder,
        &[&file, "--fps", "10", "--users", &users],
    )?;
    for transport in ["udp", "tcp"] {
        let out = folder.path().join(format!("from-us-{transport}"));
        std::fs::create_dir(&out)?;
        let (user, password) = USER;
        let mut command = Command::new("gst-launch-1.0");
        command
            .args(["-q", "rtspsrc", "latency=100"])
            .arg(format!("location={}", served.url))
            .arg(format!("protocols={transport}"))
            .args([format!("user-id={user}"), format!("user-pw={password}")])
            .args(["!", "rtpjpegdepay", "!", "multifilesink"])
            .arg(format!("location={}/%05d.jpg", out.display()));
        // It ends by BYE, and now and then complains that its own connection was closed before its
        // last PAUSE: it is judged by what it received.
        let ended = output_within(LIMIT, &mut command);
        let received = images_of_folder(&out)?;
        let judged = expect_run(&received, &sent, sent.len());
        judged.with_context(|| format!("rtspsrc by {transport}: {ended:?}"))?;
    }
    Ok(())
}

fn we_play(telephony: &Path, folder: &Workspace) -> Result<()> {
    let sent = movie()?;
    let pictures = folder.path().join("pictures");
    std::fs::create_dir(&pictures)?;
    for (index, image) in sent.iter().enumerate() {
        std::fs::write(pictures.join(format!("{:05}.jpg", index + 1)), image)?;
    }
    let script = folder.write("server.py", include_str!("rtsp_gstreamer.py"))?;
    let port = free_ports(2)?;
    let (user, password) = USER;
    // The distribution's own, which has the bindings.
    let mut command = Command::new("/usr/bin/python3");
    command
        .args([&script, Path::new(&port.to_string()), &pictures])
        .args(["20", user, password]);
    let mut server = Peer::start(folder.path(), "gst-rtsp-server", &mut command)?;
    server.wait_for("ready", Duration::from_secs(20))?;
    let url = format!("rtsp://127.0.0.1:{port}/movie");
    for transport in ["udp", "tcp"] {
        let out = folder.path().join(format!("from-gst-{transport}"));
        let mut play = Command::new(telephony);
        play.args(["rtsp", "play", &url, "--user", user, "--json"])
            .args(["--transport", transport, "--duration", "3", "--output"])
            .arg(format!("{}/", out.display()))
            .env("TELEPHONY_RTSP_PASSWORD", password);
        let summary = output_within(LIMIT, &mut play).with_context(|| format!("by {transport}"))?;
        let summary: Value = serde_json::from_str(&summary)?;
        ensure!(
            summary["loss"] == 0.0 && summary["broken_frames"] == 0,
            "{summary}"
        );
        let received = images_of_folder(&out)?;
        expect_run(&received, &sent, 30).with_context(|| format!("by {transport}"))?;
    }
    let mut refused = Command::new(telephony);
    refused.args(["rtsp", "play", &url, "--duration", "3"]);
    match output_within(LIMIT, &mut refused) {
        Err(error) if error.to_string().contains("the server wants credentials") => Ok(()),
        other => bail!("without credentials: {other:?}"),
    }
}
