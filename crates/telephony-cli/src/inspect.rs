//! `telephony inspect`: a capture taken apart. Data flows one way:
//! capture → link → network → TCP → the protocols' parsers → calls, streams, … → report.

mod analysis;
mod announcements;
mod calls;
mod capture;
mod dtmf;
mod html;
mod ladder;
mod link;
mod model;
mod network;
mod plot;
mod registrations;
mod rtcp;
mod rtsp;
mod rtsp_message;
mod sdp;
mod seen;
mod sip;
mod srtp;
mod stream;
mod streams;
mod stun;
mod tcp;
mod tcp_messages;
mod text;
pub(crate) mod time;
mod transactions;

pub(crate) use ladder::{Kind, Ladder, Rung};
pub(crate) use text::drawn;

use analysis::Analysis;
use indicatif::{ProgressBar, ProgressStyle};
use model::Report;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Files above this size get a progress bar.
const LARGE_FILE: u64 = 50 * 1024 * 1024;

/// Take a captured call apart: pcap or pcapng, gzip or not
///
/// Prints calls with their ladders, registrations, RTP streams, RTCP, DTMF, STUN and RTSP.
/// Exit status: 0 analysed (notes on the standard error tell what had to be skipped), 1 the file
/// cannot be read or is no capture, 2 wrong usage.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The capture
    file: PathBuf,

    /// Print one JSON document (described in docs/inspect-json.md)
    #[arg(long)]
    json: bool,

    /// Write one self-contained HTML page
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,

    /// Only the call of this Call-ID (or of the beginning of one), and its media
    #[arg(long, value_name = "ID")]
    call: Option<String>,

    /// Decrypt SRTP whose keys are in the session descriptions
    #[arg(long)]
    srtp: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let file = arguments.file.display();
    let mut report = match inspect_file(&arguments.file, arguments.srtp) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("telephony: {file} {error}");
            return ExitCode::from(1);
        }
    };
    if let Some(call) = &arguments.call
        && let Err(error) = report.keep_call(call)
    {
        eprintln!("telephony: {error}");
        return ExitCode::from(2);
    }
    for problem in &report.capture.problems {
        eprintln!("telephony: {file}: {problem}");
    }
    if let Some(out) = &arguments.html
        && let Err(error) = std::fs::write(out, html::write(&report))
    {
        eprintln!("telephony: {}: {error}", out.display());
        return ExitCode::from(1);
    }
    let output = match (arguments.json, &arguments.html) {
        (true, _) => serde_json::to_string_pretty(&report).map(|json| json + "\n"),
        (false, Some(out)) => Ok(format!("wrote {}\n", out.display())),
        (false, None) => {
            let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            Ok(text::write(&report, text::Style { colour }))
        }
    };
    let written = output
        .map_err(io::Error::from)
        .and_then(|output| io::stdout().lock().write_all(output.as_bytes()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("telephony: {error}");
            ExitCode::from(1)
        }
    }
}

fn inspect_file(path: &Path, srtp: bool) -> Result<Report, String> {
    let file = File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let metadata = file
        .metadata()
        .map_err(|error| format!("cannot be read: {error}"))?;
    if metadata.is_dir() {
        return Err("is a directory".into());
    }
    let name = path.display().to_string();
    let watched = io::stderr().is_terminal();
    if metadata.len() <= LARGE_FILE || !watched {
        return inspect(file, &name, srtp);
    }
    let bar = ProgressBar::new(metadata.len());
    let style =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}, {eta} to go");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    let report = inspect(bar.wrap_read(file), &name, srtp);
    bar.finish_and_clear();
    report
}

fn inspect(source: impl Read + Send + 'static, name: &str, srtp: bool) -> Result<Report, String> {
    let mut analysis = Analysis::new(srtp);
    let reading = capture::read(source, |packet| analysis.take(&packet))?;
    Ok(analysis.finish(name, &reading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    const CAPTURES: [&[u8]; 8] = [
        include_bytes!("../tests/captures/sipp-call-rtp-dtmf.pcap"),
        include_bytes!("../tests/captures/kamailio-register-digest-md5.pcap"),
        include_bytes!("../tests/captures/stun-binding-plain.pcap"),
        include_bytes!("../tests/captures/rtsp-digest-tcp.pcap"),
        include_bytes!("../tests/captures/red-distance-2.pcap"),
        include_bytes!("../tests/captures/sipp-reinvite-udp.pcap"),
        include_bytes!("../tests/captures/sipp-call-tcp.pcap"),
        include_bytes!("../tests/captures/rtp-dtmf-gst.pcap"),
    ];

    /// Analyses the bytes and writes every kind of report; true when there was an analysis.
    fn survives(file: Vec<u8>) -> bool {
        match inspect(Cursor::new(file), "mutated.pcap", true) {
            Ok(report) => {
                let text = text::write(&report, text::Style { colour: true });
                assert!(text.starts_with("\x1b[1mmutated.pcap"));
                assert!(html::write(&report).ends_with("</body></html>\n"));
                assert!(serde_json::to_string(&report).unwrap().starts_with('{'));
                true
            }
            Err(error) => {
                assert!(error.starts_with("is "), "{error}");
                false
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn a_truncated_capture_gives_a_report_or_a_clear_error(
            capture in 0..CAPTURES.len(),
            part in 0.0..1.0,
        ) {
            let whole = CAPTURES[capture];
            let length = (whole.len() as f64 * part) as usize;
            prop_assert_eq!(survives(whole[..length].to_vec()), length >= 24);
        }

        #[test]
        fn flipped_bits_give_a_report_or_a_clear_error(
            capture in 0..CAPTURES.len(),
            flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8), 1..200),
        ) {
            let mut file = CAPTURES[capture].to_vec();
            for (at, bit) in flips {
                *at.get_mut(&mut file) ^= 1u8 << bit;
            }
            survives(file);
        }

        /// The records stay as they are: the damage is in what the packets hold.
        #[test]
        fn damaged_packets_are_analysed_all_the_same(
            capture in 0..CAPTURES.len(),
            seeds in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..400),
        ) {
            let mut file = CAPTURES[capture].to_vec();
            let mut bytes = Vec::new();
            let mut at = 24;
            while let Some(header) = file.get(at..at + 16) {
                let length = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
                // Behind Ethernet and IP, so that the damage reaches the protocols.
                bytes.extend(at + 16 + 34..at + 16 + length as usize);
                at += 16 + length as usize;
            }
            for (index, value) in seeds {
                file[*index.get(&bytes)] = value;
            }
            prop_assert!(survives(file));
        }

        #[test]
        fn bytes_of_no_meaning_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            link in prop::sample::select(vec![0u32, 1, 9, 101, 108, 113, 276]),
        ) {
            let length = bytes.len() as u32;
            let header = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, link, 7, 0, length, length];
            let header: Vec<u8> = header.into_iter().flat_map(u32::to_le_bytes).collect();
            prop_assert!(survives([header, bytes].concat()));
        }
    }
}
