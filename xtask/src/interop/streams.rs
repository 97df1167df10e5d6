//! `telephony inspect` against `tshark -z rtp,streams`: the same figures on the same captures.
//!
//! Packets and lost must be equal, jitter and the largest delta agree within one per cent. Where the
//! two differ by design [`EXCEPTIONS`] says so, stream by stream.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::output_within;
use crate::workspace::{cargo, output_of, root};

/// A difference that is meant.
struct Exception {
    /// The capture's file name.
    capture: &'static str,
    ssrc: u32,
    /// Which figures differ: all, when empty.
    figures: &'static [&'static str],
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

/// How long either program may take over one capture.
const LIMIT: Duration = Duration::from_secs(60);

/// What tells one stream of a capture from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    ssrc: u32,
    src: String,
    dst: String,
}

/// The figures of one stream that both programs give.
#[derive(Debug, Clone, PartialEq)]
struct Figures {
    packets: i64,
    lost: i64,
    max_jitter_ms: f64,
    mean_jitter_ms: f64,
    max_delta_ms: f64,
}

type Streams = BTreeMap<Key, Figures>;

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X} {} -> {}", self.ssrc, self.src, self.dst)
    }
}

/// Compares every stream of every capture.
pub(super) fn compare_with_tshark() -> Result<()> {
    let telephony = build_command()?;
    let mut problems = Vec::new();
    let (mut captures, mut streams) = (0, 0);
    for capture in find_captures()? {
        let name = capture
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ours = ours(&telephony, &capture)?;
        let theirs = theirs(&capture, &ours)?;
        captures += 1;
        streams += theirs.len();
        problems.extend(differences(&name, &ours, &theirs));
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    println!("{captures} captures, {streams} streams agree");
    for exception in EXCEPTIONS {
        println!(
            "except {} 0x{:08X}: {}",
            exception.capture, exception.ssrc, exception.reason
        );
    }
    Ok(())
}

/// Builds `telephony` and says where it is.
fn build_command() -> Result<PathBuf> {
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
    for line in output_of(&mut build)?.lines() {
        if let Some(executable) = serde_json::from_str::<Message>(line)?.executable {
            return Ok(executable);
        }
    }
    bail!("cargo built no telephony command")
}

/// The captures of the repository, and those of `../shared/captures` when they are there.
fn find_captures() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(
        &root().join("crates/telephony-cli/tests/captures"),
        &mut found,
    )?;
    if found.is_empty() {
        bail!("no captures in crates/telephony-cli/tests/captures");
    }
    let shared = root().join("../shared/captures");
    if shared.is_dir() {
        collect(&shared, &mut found)?;
    } else {
        println!("no ../shared/captures: the captures of the repository only");
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in folder
        .read_dir()
        .with_context(|| folder.display().to_string())?
    {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|kind| kind == "pcap" || kind == "pcapng")
        {
            found.push(path);
        }
    }
    Ok(())
}

/// What `telephony inspect` counts.
fn ours(telephony: &Path, capture: &Path) -> Result<Streams> {
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
        max_delta_ms: f64,
    }
    let document: Document = serde_json::from_str(json)?;
    let stream = |stream: Stream| {
        let ssrc = ssrc(&stream.ssrc).with_context(|| format!("SSRC {}", stream.ssrc))?;
        let figures = Figures {
            packets: stream.packets,
            lost: stream.lost,
            max_jitter_ms: stream.max_jitter_ms,
            mean_jitter_ms: stream.mean_jitter_ms,
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

/// What tshark counts. It takes for RTP what signalling announced; the other streams that we found
/// are named to it by their ports.
fn theirs(capture: &Path, ours: &Streams) -> Result<Streams> {
    let mut streams = tshark(capture, &[])?;
    let unseen: Vec<&Key> = ours
        .keys()
        .filter(|key| !streams.contains_key(key))
        .collect();
    if !unseen.is_empty() {
        let ports = unseen.iter().filter_map(|key| key.dst.rsplit(':').next());
        let decode: Vec<String> = ports
            .map(|port| format!("-dudp.port=={port},rtp"))
            .collect();
        let told = tshark(capture, &decode)?;
        streams.extend(
            told.into_iter()
                .filter(|(key, _)| unseen.contains(&key))
                .collect::<Vec<_>>(),
        );
    }
    Ok(streams)
}

fn tshark(capture: &Path, decode: &[String]) -> Result<Streams> {
    let mut tshark = Command::new("tshark");
    tshark
        .args(["-n", "-q", "-z", "rtp,streams"])
        .args(decode)
        .arg("-r")
        .arg(capture);
    let table = output_within(LIMIT, &mut tshark).with_context(|| capture.display().to_string())?;
    table
        .lines()
        .filter(|line| line.contains(" 0x"))
        .map(|line| tshark_row(line).with_context(|| format!("tshark's row: {line}")))
        .collect()
}

/// One row: start, end, source and its port, destination and its port, SSRC, payloads, packets,
/// lost and its share, then least, mean and largest delta and jitter, and perhaps a mark.
fn tshark_row(line: &str) -> Option<(Key, Figures)> {
    let words: Vec<&str> = line
        .split_whitespace()
        .filter(|word| *word != "X")
        .collect();
    let from_end = |back: usize| {
        words
            .len()
            .checked_sub(back)
            .and_then(|index| words.get(index))
    };
    let number = |back: usize| from_end(back)?.parse::<f64>().ok();
    let endpoint = |index: usize| {
        let (address, port) = (words.get(index)?, words.get(index + 1)?);
        let v6 = address.contains(':');
        Some(if v6 {
            format!("[{address}]:{port}")
        } else {
            format!("{address}:{port}")
        })
    };
    let key = Key {
        ssrc: ssrc(words.get(6)?)?,
        src: endpoint(2)?,
        dst: endpoint(4)?,
    };
    let figures = Figures {
        packets: from_end(9)?.parse().ok()?,
        lost: from_end(8)?.parse().ok()?,
        max_delta_ms: number(4)?,
        mean_jitter_ms: number(2)?,
        max_jitter_ms: number(1)?,
    };
    Some((key, figures))
}

fn ssrc(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// What differs and is not meant to, one line each; and the exceptions that no longer differ.
fn differences(capture: &str, ours: &Streams, theirs: &Streams) -> Vec<String> {
    let mut problems = Vec::new();
    let mut excused = Vec::new();
    let mut problem = |key: &Key, figure: &'static str, text: String| {
        let exception = EXCEPTIONS.iter().position(|exception| {
            exception.capture == capture
                && exception.ssrc == key.ssrc
                && (exception.figures.is_empty() || exception.figures.contains(&figure))
        });
        match exception {
            Some(index) => excused.push(index),
            None => problems.push(format!("{capture}: {key}: {text}")),
        }
    };
    for (key, their) in theirs {
        let Some(our) = ours.get(key) else {
            problem(key, "stream", "only tshark sees this stream".to_owned());
            continue;
        };
        for (figure, our, their) in [
            ("packets", our.packets, their.packets),
            ("lost", our.lost, their.lost),
        ] {
            if our != their {
                problem(key, figure, format!("{figure}: {our}, tshark says {their}"));
            }
        }
        for (figure, our, their) in [
            ("max_jitter_ms", our.max_jitter_ms, their.max_jitter_ms),
            ("mean_jitter_ms", our.mean_jitter_ms, their.mean_jitter_ms),
            ("max_delta_ms", our.max_delta_ms, their.max_delta_ms),
        ] {
            if !agree(our, their) {
                problem(
                    key,
                    figure,
                    format!("{figure}: {our:.3}, tshark says {their:.3}"),
                );
            }
        }
    }
    for key in ours.keys().filter(|key| !theirs.contains_key(key)) {
        problem(key, "stream", "tshark does not see this stream".to_owned());
    }
    for (index, exception) in EXCEPTIONS.iter().enumerate() {
        if exception.capture == capture && !excused.contains(&index) {
            let ssrc = exception.ssrc;
            problems.push(format!(
                "{capture}: 0x{ssrc:08X}: the exception is not needed any more"
            ));
        }
    }
    problems
}

/// Within one per cent, or within what three printed decimals can show.
fn agree(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= theirs.abs() * 0.01 + 0.001
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "     0.310368      2.389160       127.0.0.1 21314       127.0.0.1 21500 \
                       0x5B342902 g711U, telephone-event   105     4 (3.6%)          16.385          \
                       19.988          21.280           0.207           0.807           1.068 X";

    fn sample() -> (Key, Figures) {
        let key = Key {
            ssrc: 0x5B34_2902,
            src: "127.0.0.1:21314".to_owned(),
            dst: "127.0.0.1:21500".to_owned(),
        };
        let figures = Figures {
            packets: 105,
            lost: 4,
            max_jitter_ms: 1.068,
            mean_jitter_ms: 0.807,
            max_delta_ms: 21.280,
        };
        (key, figures)
    }

    #[test]
    fn a_row_of_tshark_is_read() {
        assert_eq!(tshark_row(ROW), Some(sample()));
        let v6 = ROW.replace("      127.0.0.1", "::1");
        assert_eq!(
            tshark_row(&v6).map(|(key, _)| key.src),
            Some("[::1]:21314".to_owned())
        );
    }

    #[test]
    fn the_document_of_inspect_is_read() {
        let json = r#"{"streams": [{"ssrc": "0x5B342902", "src": "127.0.0.1:21314",
            "dst": "127.0.0.1:21500", "packets": 105, "lost": 4, "max_jitter_ms": 1.068,
            "mean_jitter_ms": 0.807, "max_delta_ms": 21.28, "codec": "PCMU"}]}"#;
        assert_eq!(streams_of_inspect(json).unwrap(), Streams::from([sample()]));
    }

    #[test]
    fn one_per_cent_is_the_limit() {
        assert!(agree(100.9, 100.0) && agree(0.0005, 0.001));
        assert!(!agree(101.1, 100.0) && !agree(0.0, 0.1));
    }

    #[test]
    fn every_difference_is_named() {
        let (key, figures) = sample();
        let theirs = Streams::from([(key.clone(), figures.clone())]);
        assert_eq!(
            differences("a.pcap", &theirs, &theirs),
            Vec::<String>::new()
        );
        let ours = Streams::from([(
            key,
            Figures {
                lost: 3,
                max_jitter_ms: 2.0,
                ..figures
            },
        )]);
        let stream = "a.pcap: 0x5B342902 127.0.0.1:21314 -> 127.0.0.1:21500";
        assert_eq!(
            differences("a.pcap", &ours, &theirs),
            [
                format!("{stream}: lost: 3, tshark says 4"),
                format!("{stream}: max_jitter_ms: 2.000, tshark says 1.068")
            ]
        );
        assert_eq!(
            differences("a.pcap", &Streams::new(), &theirs),
            [format!("{stream}: only tshark sees this stream")]
        );
    }
}
