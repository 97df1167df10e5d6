//! tshark: its table of RTP streams (`-z rtp,streams`).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::output_within;
use super::streams::{Figures, Key, LIMIT, Streams, parse_ssrc};

/// What tshark counts. It takes for RTP what signalling announced; the other streams that we found
/// are named to it by their ports.
pub(super) fn streams(capture: &Path, ours: &Streams) -> Result<Streams> {
    let mut streams = run(capture, &[])?;
    let unseen: Vec<&Key> = ours
        .keys()
        .filter(|key| !streams.contains_key(key))
        .collect();
    if !unseen.is_empty() {
        let ports = unseen.iter().filter_map(|key| key.dst.rsplit(':').next());
        let decode: Vec<String> = ports
            .map(|port| format!("-dudp.port=={port},rtp"))
            .collect();
        let told = run(capture, &decode)?;
        streams.extend(
            told.into_iter()
                .filter(|(key, _)| unseen.contains(&key))
                .collect::<Vec<_>>(),
        );
    }
    Ok(streams)
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
    fn a_row_of_tshark_is_read() {
        assert_eq!(row(ROW), Some(sample()));
        let v6 = ROW.replace("      127.0.0.1", "::1");
        assert_eq!(
            row(&v6).map(|(key, _)| key.src),
            Some("[::1]:21314".to_owned())
        );
    }
}
