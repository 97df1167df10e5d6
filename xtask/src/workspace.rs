//! Where the workspace is, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// The cargo that runs us, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Standard output of a command that must succeed; its standard error is passed on.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} does not start", command.get_program().to_string_lossy()))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}",
            command.get_program().to_string_lossy(),
            output.status
        );
    }
    String::from_utf8(output.stdout).context("its output is not UTF-8")
}
