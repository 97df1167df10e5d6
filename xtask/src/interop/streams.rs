//! `telephony inspect` against `tshark -z rtp,streams`: the same figures on the same captures.
//!
//! Packets and lost must be equal, jitter and the largest delta agree within one per cent. Where the
//! two differ by design [`EXCEPTIONS`] says so, stream by stream; an exception that
//! no longer differs is a failure too.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{inspect, tshark};
use crate::workspace::root;

/// A difference that is meant.
struct Exception {
    reason: &'static str,
    /// Which figures differ.
    figures: &'static [&'static str],
    /// Where: a capture's file name and an SSRC in it.
    streams: &'static [(&'static str, u32)],
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        reason: "telephone events count for jitter (RFC 4733 §2.5.2.2), tshark leaves them out",
        figures: &["max_jitter_ms", "mean_jitter_ms"],
        streams: &[
            ("baresip_plain_dtmf.pcap", 0xB460_8BFF),
            ("sipp-call-rtp-dtmf.pcap", 0x0E05_384E),
        ],
    },
    Exception {
        reason: "without signalling tshark knows no clock rate of a dynamic payload type",
        figures: &["max_jitter_ms", "mean_jitter_ms"],
        streams: &[
            ("dtmf_2833_0.pcap", 0x0E05_384E),
            ("dtmf_2833_1.pcap", 0x0E05_384E),
            ("dtmf_2833_2.pcap", 0x0E05_384E),
            ("dtmf_2833_3.pcap", 0x0E05_384E),
            ("dtmf_2833_4.pcap", 0x0E05_384E),
            ("dtmf_2833_pound.pcap", 0x0E05_384E),
            ("gst_red_distance1_pt0.pcap", 0x1122_3344),
            ("gst_red_distance2_pt8.pcap", 0x1122_3344),
            ("red-distance-2.pcap", 0x1122_3344),
            ("rtp-dtmf-gst.pcap", 0x0000_04D2),
            ("rtp_dtmf_ulaw_2013785496.pcap", 0x34D0_1D16),
            ("rtp_ssrc2.pcap", 0x0014_71B8),
        ],
    },
    Exception {
        reason: "tshark's mean leaves out packets with the marker bit, but not their weight",
        figures: &["mean_jitter_ms"],
        streams: &[
            ("ffmpeg_320x240_q5.pcap", 0x6480_3CAC),
            ("ffmpeg_352x288_q12.pcap", 0xCF61_B31A),
            ("ffmpeg_digest_tcp.pcap", 0xB134_9D29),
            ("ffmpeg_udp_jpeg.pcap", 0xFF54_98A7),
            ("rtsp-play-mjpeg-udp.pcap", 0x9A5C_2A86),
        ],
    },
    Exception {
        reason: "tshark's largest figures leave out packets with the marker bit, here all of them",
        figures: &["max_jitter_ms", "mean_jitter_ms", "max_delta_ms"],
        streams: &[
            ("ffmpeg_tcp_av.pcap", 0x0D5C_1D30),
            ("py_Q10.pcap", 0xC0FF_EE0A),
        ],
    },
    Exception {
        reason: "tshark's largest delta leaves out packets with the marker bit",
        figures: &["max_delta_ms"],
        streams: &[("sipp-call-rtp-dtmf.pcap", 0x0E05_384E)],
    },
];

/// How long either program may take over one capture.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// What tells one stream of a capture from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) ssrc: u32,
    pub(super) src: String,
    pub(super) dst: String,
}

/// The figures of one stream that both programs give.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    pub(super) packets: i64,
    pub(super) lost: i64,
    pub(super) max_jitter_ms: f64,
    pub(super) mean_jitter_ms: f64,
    pub(super) max_delta_ms: f64,
}

pub(super) type Streams = BTreeMap<Key, Figures>;

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X} {} -> {}", self.ssrc, self.src, self.dst)
    }
}

/// Compares every stream of every capture.
pub(super) fn compare_with_tshark() -> Result<()> {
    let telephony = inspect::build()?;
    let mut problems = Vec::new();
    let (mut captures, mut streams) = (0, 0);
    for capture in find_captures()? {
        let name = capture
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ours = inspect::streams(&telephony, &capture)?;
        let theirs = tshark::streams(&capture, &ours)?;
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
            "excepted: {} of {} streams: {}",
            exception.figures.join(", "),
            exception.streams.len(),
            exception.reason
        );
    }
    Ok(())
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

/// An SSRC as both programs print it, `0x` and hexadecimal digits.
pub(super) fn parse_ssrc(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// What differs and is not meant to, one line each; and the exceptions that no longer differ.
fn differences(capture: &str, ours: &Streams, theirs: &Streams) -> Vec<String> {
    let mut problems = Vec::new();
    let mut excused = Vec::new();
    let mut problem = |key: &Key, figure: &'static str, text: String| {
        let exception = EXCEPTIONS.iter().find_map(|exception| {
            let stream = exception
                .streams
                .iter()
                .find(|stream| **stream == (capture, key.ssrc))?;
            exception
                .figures
                .contains(&figure)
                .then_some((exception.reason, stream))
        });
        match exception {
            Some(exception) => excused.push(exception),
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
    for exception in EXCEPTIONS {
        for stream in exception
            .streams
            .iter()
            .filter(|stream| stream.0 == capture)
        {
            if !excused.contains(&(exception.reason, stream)) {
                let (ssrc, reason) = (stream.1, exception.reason);
                problems.push(format!(
                    "{capture}: 0x{ssrc:08X}: no difference any more: {reason}"
                ));
            }
        }
    }
    problems
}

/// Within one per cent, or within what three printed decimals can show.
fn agree(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= theirs.abs() * 0.01 + 0.001
}

/// A stream to test with.
#[cfg(test)]
pub(super) fn sample() -> (Key, Figures) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
