//! tshark: its table of RTP streams (`-z rtp,streams`).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::output_within;
use super::streams::{Figures, Key, LIMIT, Streams, parse_ssrc};

/// What tshark counts. By itself it finds what signalling on well-known ports announced; of the
/// other streams that we found it is told the ports.
pub(super) fn streams(capture: &Path, ours: &Streams) -> Result<Streams> {
    let mut streams = run(capture, &[])?;
    let unseen: Vec<&Key> = ours
        .keys()
        .filter(|key| !streams.contains_key(key))
        .collect();
    if !unseen.is_empty() {
        let told = run(
            capture,
            &unseen
                .iter()
                .flat_map(|key| decoding(key))
                .collect::<Vec<_>>(),
        )?;
        let told = told.into_iter().filter(|(key, _)| unseen.contains(&key));
        let told: Vec<_> = told.collect();
        streams.extend(told);
    }
    Ok(streams)
}

/// Has tshark take the stream for RTP, or for RTP that a server sends within RTSP.
fn decoding(key: &Key) -> [String; 2] {
    let port = |endpoint: &str| endpoint.rsplit(':').next().unwrap_or_default().to_owned();
    [
        format!("-dudp.port=={},rtp", port(&key.dst)),
        format!("-dtcp.port=={},rtsp", port(&key.src)),
    ]
}

fn run(capture: &Path, decode: &[String]) -> Result<Streams> {
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
        .map(|line| row(line).with_context(|| format!("tshark's row: {line}")))
        .collect()
}

/// One row: start, end, source and its port, destination and its port, SSRC, payloads, packets,
/// lost and its share, then least, mean and largest delta and jitter, and perhaps a mark.
fn row(line: &str) -> Option<(Key, Figures)> {
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
        ssrc: parse_ssrc(words.get(6)?)?,
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

#[cfg(test)]
mod tests {
    use super::super::streams::sample;
    use super::*;

    const ROW: &str = "     0.310368      2.389160       127.0.0.1 21314       127.0.0.1 21500 \
                       0x5B342902 g711U, telephone-event   105     4 (3.6%)          16.385          \
                       19.988          21.280           0.207           0.807           1.068 X";

    #[test]
    fn tshark_is_told_ports() {
        let told = decoding(&sample().0);
        assert_eq!(told, ["-dudp.port==21500,rtp", "-dtcp.port==21314,rtsp"]);
    }

    #[test]
    fn a_row_of_tshark_is_read() {
        assert_eq!(row(ROW), Some(sample()));
        let v6 = ROW.replace("      127.0.0.1", "::1");
        assert_eq!(
            row(&v6).map(|(key, _)| key.src),
            Some("[::1]:21314".to_owned())
        );
    }
}
