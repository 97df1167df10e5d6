//! `telephony inspect`: a capture taken apart. Data flows one way:
//! capture → link → network → TCP → the protocols' parsers → calls, streams, … → report.

mod analysis;
mod announcements;
mod calls;
mod capture;
mod dtmf;
mod html;
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
mod stream;
mod streams;
mod stun;
mod tcp;
mod tcp_messages;
mod text;
mod time;
mod transactions;

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
    if !report.capture.complete {
        for problem in report
            .notes
            .iter()
            .filter(|_| arguments.json || arguments.html.is_some())
        {
            eprintln!("telephony: {file}: {}", text::clean(problem));
        }
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
    let mut analysis = Analysis::default();
    let reading = capture::read(source, |packet| analysis.take(&packet))?;
    Ok(analysis.finish(name, &reading, srtp))
}
