//! `telephony rtsp serve` for the tests of RTSP, and what they compare: JPEG images by content.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rfc2435_jpeg::JpegImage;
use serde_json::Value;

use super::peer::{Peer, Workspace};

/// Name and password of the tests' user.
pub(super) const USER: (&str, &str) = ("alice", "secret");
const REALM: &str = "interop";

/// A running server.
pub(super) struct Served {
    peer: Peer,
    /// The URL of what it serves first.
    pub(super) url: String,
}

impl Served {
    /// Starts `telephony rtsp serve` on any port.
    pub(super) fn start(telephony: &Path, folder: &Workspace, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(telephony);
        command
            .args(["rtsp", "serve", "--listen", "127.0.0.1:0", "--json"])
            .args(["--duration", "60"])
            .args(arguments);
        let mut peer = Peer::start(folder.path(), "serve", &mut command)?;
        peer.wait_for("\"serving\"", Duration::from_secs(20))?;
        let log = peer.log();
        let line = log.lines().next().context("no line")?;
        let serving: Value = serde_json::from_str(line)?;
        let url = serving["url"].as_str().context("no URL")?.to_owned();
        Ok(Self { peer, url })
    }

    /// The URL with the name and password of [`USER`].
    pub(super) fn url_of_user(&self) -> String {
        let (name, password) = USER;
        self.url.replacen("//", &format!("//{name}:{password}@"), 1)
    }

    /// The events of a kind until now.
    pub(super) fn events(&self, kind: &str) -> Vec<Value> {
        let log = self.peer.log();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|event| event["event"] == kind).collect()
    }
}

/// A file of users for the server: [`USER`] with the secret of MD5, which every peer knows.
pub(super) fn users(folder: &Workspace) -> Result<String> {
    use rfc2617_auth::{Ha1, Hash};
    let (name, password) = USER;
    let secret = Ha1::new(Hash::Md5, name, REALM, password);
    let path = folder.write("users", format!("{name}:{REALM}:{}\n", secret.expose()))?;
    Ok(path.display().to_string())
}

/// A recording of the repository: its images, each of several packets.
pub(super) fn movie() -> Result<Vec<Vec<u8>>> {
    let vectors =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/rfc2435-jpeg/tests/vectors");
    Ok(images(&std::fs::read(
        vectors.join("gst_320x240_Y42B_q50.mjpeg"),
    )?))
}

/// The images of a file that has them one after another.
pub(super) fn images(bytes: &[u8]) -> Vec<Vec<u8>> {
    let starts: Vec<usize> = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0xff, 0xd8, 0xff])
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let pairs = starts.iter().zip(ends);
    pairs
        .map(|(&start, end)| bytes[start..end].to_vec())
        .collect()
}

/// The images of a folder in the order of their names.
pub(super) fn images_of_folder(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.path());
    }
    names.sort();
    names.iter().map(|name| Ok(std::fs::read(name)?)).collect()
}

/// Whether images are those that were sent, from one of them on, without a gap; the dimensions,
/// tables and every byte of the coded picture are compared.
pub(super) fn expect_run(received: &[Vec<u8>], sent: &[Vec<u8>], least: usize) -> Result<()> {
    ensure!(
        received.len() >= least,
        "{} images of {least}",
        received.len()
    );
    let parse = |image: &'_ [u8]| match JpegImage::parse(image) {
        Ok(image) => Ok((
            image.width(),
            image.height(),
            *image.tables(),
            image.scan().to_vec(),
        )),
        Err(error) => bail!("{error}"),
    };
    let sent: Vec<_> = sent
        .iter()
        .map(|image| parse(image))
        .collect::<Result<_>>()?;
    let received: Vec<_> = received
        .iter()
        .map(|image| parse(image))
        .collect::<Result<_>>()?;
    let Some(first) = sent
        .iter()
        .position(|image| received.first() == Some(image))
    else {
        bail!("the first image received is none of those sent");
    };
    for (index, image) in received.iter().enumerate() {
        let expected = &sent[(first + index) % sent.len()];
        ensure!(image == expected, "image {} is another", index + 1);
    }
    Ok(())
}
