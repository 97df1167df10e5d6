//! A running server in a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder that is removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("serve-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn users(&self) -> PathBuf {
        self.0.join("users")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn telephony(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telephony"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs `telephony passwd` with this password.
pub(crate) fn passwd(folder: &Folder, arguments: &[&str], password: &str) -> Output {
    let users = folder.users();
    telephony(&["passwd", users.to_str().unwrap()])
        .args(arguments)
        .env("TELEPHONY_PASSWORD", password)
        .output()
        .unwrap()
}

/// A server with alice and bob, over UDP and TCP.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: SocketAddr,
    metrics: SocketAddr,
    _folder: Folder,
}

impl Server {
    pub(crate) fn start(test: &str, options: &[&str]) -> Self {
        let folder = Folder::new(test);
        for (user, password) in [("alice", "secret"), ("bob", "hunter2")] {
            assert!(
                passwd(&folder, &[user, "serve.test"], password)
                    .status
                    .success()
            );
        }
        let any = "127.0.0.1:0";
        let mut command = telephony(&["serve", "--domain", "serve.test", "--users"]);
        command
            .arg(folder.users())
            .args([
                "--listen",
                "udp:127.0.0.1:0,tcp:127.0.0.1:0",
                "--metrics",
                any,
            ])
            // Nothing is asked of the real DNS.
            .args(["--name-server", "127.0.0.1:9", "--json"])
            .args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut next = |event: &str| {
            let line = line(&mut output);
            assert!(line.contains(event), "{line}");
            let (_, at) = line.split_once("127.0.0.1:").unwrap();
            let port: String = at.chars().take_while(char::is_ascii_digit).collect();
            SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
        };
        let (udp, tcp, metrics) = (next("udp:"), next("tcp:"), next("metrics"));
        Self {
            child,
            output,
            udp,
            tcp,
            metrics,
            _folder: folder,
        }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        line(&mut self.output)
    }

    /// One of its figures.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.metrics).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let prefix = format!("telephony_{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
        value
            .unwrap_or_else(|| panic!("no {name} in {text}"))
            .parse()
            .unwrap()
    }

    /// Waits until a figure has come to this.
    pub(crate) fn wait_for(&self, name: &str, value: u64) {
        let start = Instant::now();
        while self.figure(name) != value {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{name}: {}",
                self.figure(name)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end; whether it did so without a complaint, and the rest of what it has printed.
    pub(crate) fn end(mut self) -> (bool, String) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        (status.success(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line
}
