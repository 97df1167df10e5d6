//! `cargo xtask interop`: the crates against independent implementations.

mod curl_digest;
mod inspect;
mod kamailio_register;
mod peer;
mod phone_baresip;
mod phone_kamailio;
mod phone_sipp;
mod registrar_probes;
mod report;
mod rtp_ffmpeg;
mod rtp_gstreamer;
mod rtp_link;
mod rtp_payloads;
mod rtsp_browser;
mod rtsp_ffmpeg;
mod rtsp_gstreamer;
mod rtsp_load;
mod rtsp_page;
mod rtsp_server;
mod srtp_libsrtp;
mod srtp_media;
mod streams;
mod stun;
mod tshark;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::possible;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these tests; without a name, all that no busy machine makes fail.
    #[arg(value_name = "NAME", value_parser = possible(TESTS.iter().chain(TIMED).map(|test| (test.name, test.what))))]
    names: Vec<String>,
    /// Write the table of what was tested into this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// One test against a peer.
struct Test {
    name: &'static str,
    what: &'static str,
    /// The programs it runs.
    needs: &'static [&'static str],
    run: fn() -> Result<()>,
}

const TESTS: &[Test] = &[
    Test {
        name: "tshark-streams",
        what: "statistics of RTP streams as tshark counts them",
        needs: &["tshark"],
        run: streams::compare_with_tshark,
    },
    Test {
        name: "curl-digest",
        what: "curl's Digest credentials for an HTTP server, right and wrong",
        needs: &["curl"],
        run: curl_digest::run,
    },
    Test {
        name: "stun",
        what: "coturn answers our client, and clients of others our server",
        needs: &[
            "turnserver",
            "turnutils_stunclient",
            "turnutils_natdiscovery",
            "stun",
        ],
        run: stun::test,
    },
    Test {
        name: "phone-baresip",
        what: "a call of baresip over UDP, TCP and TLS, plain and encrypted: tones, digits, RTCP",
        needs: &["baresip", "openssl", "stdbuf", "dpkg"],
        run: phone_baresip::run,
    },
    Test {
        name: "phone-kamailio",
        what: "two phones of ours through Kamailio: 407, Record-Route, encrypted media, digits",
        needs: &["kamailio", "dpkg"],
        run: phone_kamailio::run,
    },
    Test {
        name: "phone-sipp",
        what: "calls, hold and CANCEL with SIPp both ways over UDP and TCP, and under loss",
        needs: &["sipp", "tshark"],
        run: phone_sipp::run,
    },
    Test {
        name: "registrar",
        what: "SIPp, sipsak and linphone register with our server; svmap, svwar and svcrack learn nothing",
        needs: &[
            "sipp",
            "sipsak",
            "sip-options",
            "svmap",
            "svwar",
            "svcrack",
            "linphonec",
        ],
        run: registrar_probes::test,
    },
    Test {
        name: "kamailio-register",
        what: "our phone registers with Kamailio by MD5 and SHA-256 over UDP, TCP and TLS",
        needs: &["kamailio", "openssl", "dpkg"],
        run: kamailio_register::test,
    },
    Test {
        name: "srtp-libsrtp",
        what: "SRTP and SRTCP as libsrtp has them, a million packets under each profile",
        needs: &["cc", "pkg-config"],
        run: srtp_libsrtp::run,
    },
    Test {
        name: "srtp-media",
        what: "FFmpeg and GStreamer send SRTP to us and receive it from us",
        needs: &["ffmpeg", "gst-launch-1.0"],
        run: srtp_media::run,
    },
    Test {
        name: "rtp-ffmpeg",
        what: "loss, jitter and counts of RTP as FFmpeg finds them, both ways",
        needs: &["ffmpeg"],
        run: rtp_ffmpeg::run,
    },
    Test {
        name: "rtp-gstreamer",
        what: "loss, jitter and counts of RTP as GStreamer's rtpbin finds them, both ways",
        needs: &["gst-launch-1.0"],
        run: rtp_gstreamer::run,
    },
    Test {
        name: "rtp-payloads",
        what: "telephone events and redundant audio exchanged with GStreamer over a lossy link",
        needs: &["gst-launch-1.0", "python3"],
        run: rtp_payloads::run,
    },
    Test {
        name: "rtsp-page",
        what: "the page of the RTSP player in Chromium: buttons, picture, plots",
        needs: &["chromium"],
        run: rtsp_page::test,
    },
    Test {
        name: "rtsp-ffmpeg",
        what: "FFmpeg plays from our RTSP server by UDP and TCP, with Digest",
        needs: &["ffmpeg"],
        run: rtsp_ffmpeg::test,
    },
    Test {
        name: "rtsp-gstreamer",
        what: "rtspsrc plays from our server, and our client from gst-rtsp-server",
        needs: &["gst-launch-1.0", "python3"],
        run: rtsp_gstreamer::test,
    },
];

/// What depends on the time that other programs leave: run when it is named.
const TIMED: &[Test] = &[Test {
    name: "rtsp-load",
    what: "200 clients of one RTSP server on one core, without a late frame",
    needs: &["taskset"],
    run: rtsp_load::test,
}];

pub(crate) fn run(options: &Options) -> Result<()> {
    let is_named = |test: &&Test| options.names.iter().any(|name| name == test.name);
    let wanted: Vec<&Test> = match options.names.is_empty() {
        true => TESTS.iter().collect(),
        false => TESTS.iter().chain(TIMED).filter(is_named).collect(),
    };
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for test in wanted {
        println!("\n==> {}: {}", test.name, test.what);
        let start = Instant::now();
        let result = test
            .needs
            .iter()
            .try_for_each(|program| present(program))
            .and_then(|()| (test.run)());
        if let Err(error) = &result {
            println!("{error:#}");
            failed.push(test.name);
        }
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        println!(
            "{} {verdict} {:.1} s",
            test.name,
            start.elapsed().as_secs_f32()
        );
        rows.push(report::Row {
            test,
            is_good: result.is_ok(),
            seconds: start.elapsed().as_secs_f32(),
        });
    }
    if let Some(file) = &options.report {
        report::write(file, &rows)?;
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn present(program: &str) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        bail!("missing: {program} (run xtask/install-peers.sh)");
    }
    Ok(())
}

/// Standard output of a program that must succeed within the time. What it says on standard error
/// is part of the failure.
fn output_within(limit: Duration, command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{name} does not start"))?;
    // Both are read while the program runs: a full pipe would stop it.
    let mut stdout = child.stdout.take().context("no standard output")?;
    let mut stderr = child.stderr.take().context("no standard error")?;
    let stdout = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let stderr = thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr
            .read_to_end(&mut bytes)
            .map(|_| String::from_utf8_lossy(&bytes).into_owned())
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{name} was ended after {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(5));
    };
    let joined = |reader: thread::JoinHandle<std::io::Result<String>>| {
        reader.join().unwrap_or_else(|_| Ok(String::new()))
    };
    let output = joined(stdout)?;
    if !status.success() {
        bail!("{name} ended with {status}: {}", joined(stderr)?.trim());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hanging_program_is_ended() {
        let start = Instant::now();
        let result = output_within(Duration::from_millis(50), Command::new("sleep").arg("20"));
        assert_eq!(result.unwrap_err().to_string(), "sleep was ended after 0 s");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_failing_program_says_why() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo never; echo because >&2; exit 3"]);
        let error = output_within(Duration::from_secs(5), &mut shell)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "sh ended with exit status: 3: because");
    }

    #[test]
    fn a_missing_program_is_named_with_its_remedy() {
        assert_eq!(
            present("no-such-peer").unwrap_err().to_string(),
            "missing: no-such-peer (run xtask/install-peers.sh)"
        );
    }
}
