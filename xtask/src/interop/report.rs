//! `docs/interop.md`: what was tested against whom, and what came of it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Test;

/// A test that was run.
pub(super) struct Row {
    pub(super) test: &'static Test,
    pub(super) is_good: bool,
    pub(super) seconds: f32,
}

/// What cannot be run, and why.
const ABSENT: &[(&str, &str)] = &[
    ("pjsua", "Debian 12 has no package of it"),
    (
        "Asterisk, FreeSWITCH, OpenSIPS",
        "Debian 12 has no package of them; Kamailio stands for servers",
    ),
    (
        "Digest with SHA-256 by SIPp",
        "it knows MD5 and AKAv1-MD5 only; Kamailio and linphone have SHA-256",
    ),
    ("TLS by SIPp", "Debian builds it without"),
    (
        "Twinkle",
        "its console listens on all addresses, and may crash at the end of a call",
    ),
    (
        "VLC as an RTSP client",
        "Debian builds it without live555; FFmpeg and GStreamer play",
    ),
    (
        "sound cards",
        "there are none on a server: files and tones are played and recorded",
    ),
];

/// Writes the page.
pub(super) fn write(path: &Path, rows: &[Row]) -> Result<()> {
    let mut page = String::from(
        "# Interop\n\n\
         Written by `cargo xtask interop --report docs/interop.md`; do not edit. Each test starts \
         its peers on loopback, and asserts on what both sides saw. `xtask/install-peers.sh` \
         installs them.\n\n\
         | test | what it shows | with | result |\n|---|---|---|---|\n",
    );
    for row in rows {
        let peers: Vec<String> = row.test.needs.iter().map(|name| versioned(name)).collect();
        let result = if row.is_good { "ok" } else { "**failed**" };
        writeln!(
            page,
            "| `{}` | {} | {} | {result}, {:.0} s |",
            row.test.name,
            row.test.what,
            peers.join(", "),
            row.seconds
        )?;
    }
    page.push_str("\n## What cannot be run without a head, and why\n\n");
    for (what, why) in ABSENT {
        writeln!(page, "- {what}: {why}.")?;
    }
    Ok(std::fs::write(path, page)?)
}

/// A program with the version of its Debian package, if it has one.
fn versioned(program: &str) -> String {
    let script = format!(
        "file=$(readlink -f \"$(command -v {program})\") && \
         package=$(dpkg-query -S \"$file\" | head -n 1 | cut -d : -f 1) && \
         dpkg-query -W -f '${{Version}}' \"$package\""
    );
    let output = Command::new("sh").args(["-c", &script]).output();
    let version = output
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .filter(|version| !version.is_empty());
    match version {
        Some(version) => format!("{program} {version}"),
        None => program.to_string(),
    }
}
