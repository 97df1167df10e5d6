//! FFmpeg plays from `telephony rtsp serve`: what it gets is what was sent, to the byte.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::inspect::build;
use super::output_within;
use super::peer::Workspace;
use super::rtsp_server::{Served, expect_run, images, movie, users};

const LIMIT: Duration = Duration::from_secs(20);
const FRAMES: usize = 25;

pub(super) fn test() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("rtsp-ffmpeg")?;
    let users = users(&folder)?;
    let sent = movie()?;
    let file = folder.write("movie.mjpeg", sent.concat())?;
    let file = file.display().to_string();
    let arguments = [&file, "--fps", "20", "--users", &users];
    let served = Served::start(
        &telephony,
        &folder,
        &[&arguments[..], &["--repeat"]].concat(),
    )?;
    for transport in ["udp", "tcp"] {
        let out = folder.path().join(format!("{transport}.mjpeg"));
        let frames = FRAMES.to_string();
        play(
            &served.url_of_user(),
            transport,
            &out,
            &["-frames:v", &frames],
        )
        .context(transport)?;
        let received = images(&std::fs::read(&out)?);
        expect_run(&received, &sent, FRAMES).context(transport)?;
        decode(&out)?;
    }
    let out = folder.path().join("refused.mjpeg");
    match play(&served.url, "tcp", &out, &[]) {
        Err(error) if format!("{error:#}").contains("401 Unauthorized") => {}
        other => bail!("without credentials: {other:?}"),
    }
    drop(served);
    // What has an end ends: FFmpeg goes by BYE.
    let served = Served::start(&telephony, &folder, &arguments)?;
    for transport in ["udp", "tcp"] {
        let out = folder.path().join(format!("{transport}-end.mjpeg"));
        play(&served.url_of_user(), transport, &out, &[]).context(transport)?;
        let received = images(&std::fs::read(&out)?);
        expect_run(&received, &sent, sent.len()).context(transport)?;
        ensure!(received.len() == sent.len(), "{} frames", received.len());
    }
    Ok(())
}

/// Keeps what comes as it comes.
fn play(url: &str, transport: &str, out: &Path, options: &[&str]) -> Result<()> {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"])
        .args(["-rtsp_transport", transport, "-i", url])
        .args(options)
        .args(["-c", "copy", "-f", "mjpeg"])
        .arg(out);
    output_within(LIMIT, &mut command).map(|_| ())
}

/// Decodes every frame; the first that cannot be decoded is an error.
fn decode(file: &Path) -> Result<()> {
    let mut command = Command::new("ffmpeg");
    command
        .args([
            "-hide_banner",
            "-nostdin",
            "-loglevel",
            "error",
            "-xerror",
            "-i",
        ])
        .arg(file)
        .args(["-f", "null", "-"]);
    output_within(LIMIT, &mut command).map(|_| ())
}
