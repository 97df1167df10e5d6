//! The C libraries among the peers: programs of `benches/peers` that measure themselves on the
//! inputs of the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{output_of, root, run};

/// The programs, and what `pkg-config` calls the library of each.
const PEERS: [(&str, &str); 3] = [
    ("sofia", "sofia-sip-ua"),
    ("osip2", "libosip2"),
    ("re", "libre"),
];

/// The programs, built.
pub(super) struct Peers {
    programs: Vec<PathBuf>,
    /// Names and versions of the libraries.
    pub(super) versions: String,
}

/// One figure.
pub(super) struct Measured {
    pub(super) group: String,
    pub(super) function: String,
    pub(super) bytes: Option<u64>,
    pub(super) nanoseconds: f64,
}

impl Peers {
    pub(super) fn build() -> Result<Self> {
        let folder = root().join("target").join("c-peers");
        fs::create_dir_all(&folder)?;
        let mut programs = Vec::new();
        let mut versions = Vec::new();
        for (name, library) in PEERS {
            let ask = |what: &[&str]| output_of(Command::new("pkg-config").args(what).arg(library));
            let flags = ask(&["--cflags", "--libs"])?;
            versions.push(format!("{library} {}", ask(&["--modversion"])?.trim()));
            let program = folder.join(name);
            let source = root()
                .join("benches")
                .join("peers")
                .join(format!("{name}.c"));
            let mut compiler = Command::new("cc");
            compiler.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-o"]);
            compiler.arg(&program).arg(source);
            run(compiler.args(flags.split_whitespace()))?;
            programs.push(program);
        }
        let versions = versions.join(", ");
        Ok(Self { programs, versions })
    }

    /// One round of all.
    pub(super) fn measure(&self, seconds: f64) -> Result<Vec<Measured>> {
        let mut measured = Vec::new();
        for program in &self.programs {
            let mut command = Command::new(program);
            command.arg(inputs()).arg(seconds.to_string());
            for line in output_of(&mut command)?.lines() {
                measured.push(read(line).with_context(|| format!("no figure: {line}"))?);
            }
        }
        Ok(measured)
    }
}

/// Where the Rust benchmarks take their inputs from as well.
fn inputs() -> PathBuf {
    let shared = root().join("../shared/bench-inputs");
    let has_messages = |folder: &Path| folder.join("inv1.sip").exists();
    if has_messages(&shared) {
        shared
    } else {
        root().join("benches").join("inputs")
    }
}

/// Group, function, bytes and nanoseconds, with tabs between them; no bytes are 0.
fn read(line: &str) -> Option<Measured> {
    let mut parts = line.split('\t');
    Some(Measured {
        group: parts.next()?.to_owned(),
        function: parts.next()?.to_owned(),
        bytes: parts.next()?.parse().ok().filter(|bytes| *bytes > 0),
        nanoseconds: parts.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_figure() {
        let measured = read("SIP URI 26 B\tlibre\t26\t542.5").unwrap();
        assert_eq!(
            (measured.group.as_str(), measured.bytes),
            ("SIP URI 26 B", Some(26))
        );
        assert_eq!(
            (measured.function.as_str(), measured.nanoseconds),
            ("libre", 542.5)
        );
        assert_eq!(read("all\tlibre\t0\t1").unwrap().bytes, None);
        assert!(read("libre: no message").is_none());
    }
}
