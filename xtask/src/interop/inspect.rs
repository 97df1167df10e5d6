//! `telephony inspect --json`: building it, running it, and the figures of its streams.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::output_within;
use super::streams::{Figures, Key, LIMIT, Streams, parse_ssrc};
use crate::workspace::{cargo, output_of};

/// Builds `telephony` and says where it is.
pub(super) fn build() -> Result<PathBuf> {
    built(&[])
}

/// The same as it is released, for what is measured.
pub(super) fn build_release() -> Result<PathBuf> {
    built(&["--release"])
}

fn built(options: &[&str]) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let mut build = cargo();
    build.args([
        "build",
        "--quiet",
        "-p",
        "telephony-cli",
        "--message-format=json",
    ]);
    build.args(options);
    for line in output_of(&mut build)?.lines() {
        if let Some(executable) = serde_json::from_str::<Message>(line)?.executable {
            return Ok(executable);
        }
    }
    bail!("cargo built no telephony command")
}

/// What it counts in a capture.
pub(super) fn streams(telephony: &Path, capture: &Path) -> Result<Streams> {
    let mut inspect = Command::new(telephony);
    inspect.args(["inspect", "--json"]).arg(capture);
    let json = output_within(LIMIT, &mut inspect).with_context(|| capture.display().to_string())?;
    streams_of_inspect(&json).with_context(|| capture.display().to_string())
}

fn streams_of_inspect(json: &str) -> Result<Streams> {
    #[derive(Deserialize)]
    struct Document {
        streams: Vec<Stream>,
    }
    #[derive(Deserialize)]
    struct Stream {
        ssrc: String,
        src: String,
        dst: String,
        packets: i64,
        lost: i64,
        max_jitter_ms: f64,
        mean_jitter_ms: f64,
        max_media_jitter_ms: Option<f64>,
        mean_media_jitter_ms: Option<f64>,
        max_delta_ms: f64,
    }
    let document: Document = serde_json::from_str(json)?;
    let stream = |stream: Stream| {
        let ssrc = parse_ssrc(&stream.ssrc).with_context(|| format!("SSRC {}", stream.ssrc))?;
        let figures = Figures {
            packets: stream.packets,
            lost: stream.lost,
            // tshark leaves telephone events among media out.
            max_jitter_ms: stream.max_media_jitter_ms.unwrap_or(stream.max_jitter_ms),
            mean_jitter_ms: stream.mean_media_jitter_ms.unwrap_or(stream.mean_jitter_ms),
            max_delta_ms: stream.max_delta_ms,
        };
        Ok((
            Key {
                ssrc,
                src: stream.src,
                dst: stream.dst,
            },
            figures,
        ))
    };
    document.streams.into_iter().map(stream).collect()
}

#[cfg(test)]
mod tests {
    use super::super::streams::sample;
    use super::*;

    #[test]
    fn the_document_of_inspect_is_read() {
        let json = r#"{"streams": [{"ssrc": "0x5B342902", "src": "127.0.0.1:21314",
            "dst": "127.0.0.1:21500", "packets": 105, "lost": 4, "max_jitter_ms": 1.068,
            "mean_jitter_ms": 0.807, "max_delta_ms": 21.28, "codec": "PCMU"}]}"#;
        assert_eq!(streams_of_inspect(json).unwrap(), Streams::from([sample()]));
    }
}
