//! curl as a client of HTTP Digest, against a small HTTP server on `rfc2617-auth`.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use rfc2617_auth::{
    Algorithm, DigestServer, Ha1, QopOptions, Request, ServerConfig, Username, Verdict,
};

use super::output_within;

/// How long one run of curl may take, and each read of the server.
const LIMIT: Duration = Duration::from_secs(10);
/// More than any request of curl.
const REQUEST_LIMIT: usize = 16 * 1024;
const REALM: &str = "a \"quoted\" realm";
const USERNAME: &str = "alice";
const PASSWORD: &str = "se:cret";

/// One run of curl, and what must come of it.
struct Case {
    algorithm: Algorithm,
    qop: QopOptions,
    userhash: bool,
    password: &'static str,
    status: &'static str,
    verdicts: &'static [&'static str],
}

/// Every kind of credentials that curl offers. It computes `auth-int` over an empty body only, and
/// early versions take SHA-512-256 for SHA-256.
pub(super) fn run() -> Result<()> {
    let algorithms = [
        Algorithm::MD5,
        Algorithm::MD5_SESS,
        Algorithm::SHA_256,
        Algorithm::SHA_256_SESS,
    ];
    let mut runs = 0;
    for algorithm in algorithms {
        for qop in [QopOptions::Absent, QopOptions::Auth, QopOptions::AuthInt] {
            // Without a client nonce there is no session, and curl sends none.
            if qop == QopOptions::Absent && algorithm.is_sess() {
                continue;
            }
            for userhash in [false, true] {
                let right = Case {
                    algorithm,
                    qop,
                    userhash,
                    password: PASSWORD,
                    status: "200",
                    verdicts: &["Missing", "Accepted"],
                };
                let wrong = Case {
                    password: "wrong",
                    status: "401",
                    verdicts: &["Missing", "Rejected"],
                    ..right
                };
                for case in [right, wrong] {
                    case.run()
                        .with_context(|| format!("{algorithm}, {qop:?}, userhash {userhash}"))?;
                    runs += 1;
                }
            }
        }
    }
    println!("{runs} runs of curl, each as expected on both sides");
    Ok(())
}

impl Case {
    fn run(&self) -> Result<()> {
        let mut config = ServerConfig::new(REALM);
        config.algorithms = vec![self.algorithm];
        config.qop = self.qop;
        config.userhash = self.userhash;
        config.opaque = Some("5ccc069c403ebaf9f0171e9517f40e41".to_owned());
        // On loopback the key need not be secret.
        let server = DigestServer::new(config, [1; 32])?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let done = AtomicBool::new(false);
        let (status, verdicts) = thread::scope(|scope| {
            let serving = scope.spawn(|| serve(&listener, server, &done));
            let status = curl(port, self.password);
            done.store(true, Ordering::Relaxed);
            let verdicts = serving
                .join()
                .map_err(|_| anyhow::anyhow!("the server panicked"));
            (status, verdicts)
        });
        let (status, verdicts) = (status?, verdicts??);
        ensure!(
            status == self.status && verdicts == self.verdicts,
            "curl saw {status}, the server {verdicts:?}"
        );
        Ok(())
    }
}

/// The status that curl ends with.
fn curl(port: u16, password: &str) -> Result<String> {
    let mut curl = Command::new("curl");
    curl.args([
        "-q",
        "--silent",
        "--show-error",
        "--digest",
        "--noproxy",
        "*",
    ])
    .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
    .args(["--user", &format!("{USERNAME}:{password}")])
    .arg(format!("http://127.0.0.1:{port}/dir/index.html?a=b,c"));
    output_within(LIMIT, &mut curl)
}

/// Answers requests until it is done, and says what it judged of each.
fn serve(
    listener: &TcpListener,
    mut server: DigestServer,
    done: &AtomicBool,
) -> Result<Vec<String>> {
    listener.set_nonblocking(true)?;
    let mut verdicts = Vec::new();
    let start = Instant::now();
    while !done.load(Ordering::Relaxed) && start.elapsed() < 2 * LIMIT {
        match listener.accept() {
            Ok((stream, _)) => verdicts.push(answer(stream, &mut server)?),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(verdicts)
}

/// Answers one request, and says what it judged.
fn answer(mut stream: TcpStream, server: &mut DigestServer) -> Result<String> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let origin = stream.peer_addr()?.ip().to_string();
    let head = read_head(&mut stream)?;
    let (method, uri) = request_line(&head).context("no request line")?;
    let rows = head.split("\r\n").filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_credentials = name.eq_ignore_ascii_case("Authorization");
        is_credentials.then(|| value.trim().as_bytes())
    });
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let request = Request {
        method,
        uri,
        body: b"",
    };
    let verdict = server.verify(now, origin.as_bytes(), &request, rows, |claim| {
        let known = match claim.username {
            Username::Plain(name) => name == USERNAME,
            Username::Hashed(hash) => claim.hash.userhash(USERNAME, REALM).matches(hash),
        };
        known.then(|| Ha1::new(claim.hash, USERNAME, REALM, PASSWORD))
    });
    let (status, headers, judged) = match verdict {
        Verdict::Accepted(accepted) => {
            let info = server.authentication_info(now, origin.as_bytes(), &accepted, b"");
            let info = info.map(|info| format!("Authentication-Info: {info}\r\n"));
            ("200 OK", info.unwrap_or_default(), "Accepted".to_owned())
        }
        Verdict::Challenge(reason) => {
            let rows = server.challenges(now, origin.as_bytes(), reason);
            let rows = rows
                .iter()
                .map(|row| format!("WWW-Authenticate: {row}\r\n"));
            ("401 Unauthorized", rows.collect(), format!("{reason:?}"))
        }
        Verdict::Malformed(error) => bail!("curl's credentials: {error}"),
        Verdict::BadRequest(error) => bail!("curl's credentials: {error}"),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    Ok(judged)
}

/// All up to the empty line.
fn read_head(stream: &mut TcpStream) -> Result<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let head = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = head.split_once("\r\n\r\n") {
            return Ok(head.to_owned());
        }
        ensure!(bytes.len() < REQUEST_LIMIT, "a request without end");
        let len = stream.read(&mut chunk)?;
        ensure!(len > 0, "a request broken off");
        bytes.extend(chunk.iter().take(len));
    }
}

fn request_line(head: &str) -> Option<(&str, &str)> {
    let mut words = head.lines().next()?.split(' ');
    Some((words.next()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_line_is_read() {
        let head = "GET /dir/index.html HTTP/1.1\r\nHost: x";
        assert_eq!(request_line(head), Some(("GET", "/dir/index.html")));
        assert_eq!(request_line("GET"), None);
    }
}
