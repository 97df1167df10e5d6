//! A peer program of an interop test: started in a folder of its own, watched through its log, and
//! ended with the value that stands for it.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A running program. It is killed, and its log removed with its folder, when this is dropped.
pub(super) struct Peer {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Peer {
    /// Starts a program; what it says goes to `NAME.log` in this folder.
    pub(super) fn start(folder: &Path, name: &str, command: &mut Command) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// The number of its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said until now.
    pub(super) fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has said this.
    pub(super) fn wait_for(&mut self, text: &str, limit: Duration) -> Result<()> {
        let start = Instant::now();
        while !self.log().contains(text) {
            if let Some(status) = self.child.try_wait()?
                && !self.log().contains(text)
            {
                bail!("{} ended with {status}: {}", self.name, self.log().trim());
            }
            if start.elapsed() > limit {
                bail!("{} did not say {text:?}: {}", self.name, self.log().trim());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Waits until it ends by itself.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > limit {
                bail!(
                    "{} still runs after {} s: {}",
                    self.name,
                    limit.as_secs(),
                    self.log().trim()
                );
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until it ends by itself, and with success.
    pub(super) fn succeed(&mut self, limit: Duration) -> Result<()> {
        let status = self.wait(limit)?;
        if !status.success() {
            bail!("{} ended with {status}: {}", self.name, self.log().trim());
        }
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder for the logs and files of one test, removed when this is dropped.
pub(super) struct Workspace(PathBuf);

impl Workspace {
    /// A new, empty folder.
    pub(super) fn new(test: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("interop-{test}-{}", std::process::id()));
        // One of an earlier process of the same number.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What is left in the system's temporary folder is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The first of `count` neighbouring ports on 127.0.0.1, even, free for UDP and TCP just now and
/// below those that the system gives away.
pub(super) fn free_ports(count: u16) -> Result<u16> {
    let free = |port: u16| {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok()
    };
    // Different processes begin at different places.
    let offset = (std::process::id() % 500) as u16 * 20;
    (0..10_000)
        .step_by(usize::from(count.next_multiple_of(2)))
        .map(|step| 20_000 + (offset + step) % 10_000)
        .find(|first| (*first..first + count).all(free))
        .context("no free ports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_watched_and_ended() {
        let folder = Workspace::new("peer").unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo ready; exec sleep 20"]);
        let mut peer = Peer::start(folder.path(), "shell", &mut shell).unwrap();
        peer.wait_for("ready", Duration::from_secs(5)).unwrap();
        assert!(peer.wait_for("never", Duration::ZERO).is_err());
        let start = Instant::now();
        drop(peer);
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_peer_that_fails_is_quoted() {
        let folder = Workspace::new("failure").unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo because; exit 3"]);
        let mut peer = Peer::start(folder.path(), "shell", &mut shell).unwrap();
        let error = peer.succeed(Duration::from_secs(5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "shell ended with exit status: 3: because"
        );
    }

    #[test]
    fn free_ports_are_even_and_in_range() {
        let port = free_ports(4).unwrap();
        assert!(port.is_multiple_of(2) && (20_000..30_000).contains(&port));
    }
}
