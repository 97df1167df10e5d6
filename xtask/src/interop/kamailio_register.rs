//! `telephony register` at Kamailio: MD5 and SHA-256, UDP, TCP and TLS, a wrong password.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn test() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("kamailio")?;
    certificate(&folder)?;
    for algorithm in ["MD5", "SHA-256"] {
        let port = free_ports(2)?;
        let mut kamailio = kamailio(&folder, port, algorithm)?;
        let tls = port + 1;
        for registrar in [
            format!("sip:127.0.0.1:{port}"),
            format!("sip:127.0.0.1:{port};transport=tcp"),
            format!("sip:127.0.0.1:{tls};transport=tls"),
        ] {
            let transport = registrar
                .rsplit_once("transport=")
                .map_or("udp", |(_, name)| name);
            let ask = |password: &str| {
                let mut command = Command::new(&telephony);
                command
                    .args(["register", "alice@interop.test", "--registrar", &registrar])
                    .args(["--transport", transport, "--duration", "0", "--roots"])
                    .arg(folder.path().join("certificate.pem"))
                    .env("TELEPHONY_PASSWORD", password);
                output_within(LIMIT, &mut command)
            };
            ask("secret").with_context(|| format!("{algorithm} at {registrar}"))?;
            match ask("wrong") {
                Err(error) if error.to_string().contains("exit status: 1") => {}
                other => bail!("a wrong password at {registrar}: {other:?}"),
            }
        }
        // What Kamailio saw: a registration and its removal, three times, and nobody else.
        kamailio.wait_for("REGISTER of alice taken, expires 0", LIMIT)?;
        let log = kamailio.log();
        let taken = |what: &str| log.matches(what).count();
        let (added, removed) = (taken("taken, expires 3600"), taken("taken, expires 0"));
        if (added, removed) != (3, 3) {
            bail!("Kamailio took {added} registrations and {removed} removals:\n{log}");
        }
        if !log.contains(&format!("algorithm={algorithm}")) {
            bail!("no credentials by {algorithm}:\n{log}");
        }
    }
    Ok(())
}

/// A registrar of one user.
fn kamailio(folder: &Workspace, port: u16, algorithm: &str) -> Result<Peer> {
    let modules = output_within(
        LIMIT,
        Command::new("sh").args(["-c", "dpkg -L kamailio | grep '/modules/tm.so$'"]),
    )?;
    let modules = Path::new(modules.trim())
        .parent()
        .context("no modules of Kamailio")?;
    let mut config = format!(
        "#!KAMAILIO\n\
         debug=2\nlog_stderror=yes\nfork=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\n\
         enable_tls=yes\nalias=\"interop.test\"\n\
         listen=udp:127.0.0.1:{port}\nlisten=tcp:127.0.0.1:{port}\nlisten=tls:127.0.0.1:{}\n\
         mpath=\"{}\"\n",
        port + 1,
        modules.display()
    );
    for module in [
        "tls",
        "tm",
        "sl",
        "pv",
        "usrloc",
        "registrar",
        "textops",
        "siputils",
        "xlog",
        "auth",
    ] {
        let _ = writeln!(config, "loadmodule \"{module}.so\"");
    }
    let _ = write!(
        config,
        "modparam(\"tls\", \"tls_method\", \"TLSv1.2+\")\n\
         modparam(\"tls\", \"certificate\", \"{0}/certificate.pem\")\n\
         modparam(\"tls\", \"private_key\", \"{0}/key.pem\")\n\
         modparam(\"usrloc\", \"db_mode\", 0)\n\
         modparam(\"registrar\", \"max_expires\", 3600)\n\
         modparam(\"auth\", \"algorithm\", \"{algorithm}\")\n\
         modparam(\"auth\", \"qop\", \"auth\")\n\
         request_route {{\n\
           if (!is_method(\"REGISTER\")) {{ sl_send_reply(\"405\", \"Method Not Allowed\"); exit; }}\n\
           if (!pv_www_authenticate(\"interop.test\", \"secret\", \"0\")) {{\n\
             www_challenge(\"interop.test\", \"1\"); exit;\n\
           }}\n\
           xlog(\"L_INFO\", \"$hdr(Authorization)\\n\");\n\
           xlog(\"L_INFO\", \"REGISTER of $au taken, expires $hdr(Expires)\\n\");\n\
           if (!save(\"location\")) {{ sl_reply_error(); }}\n\
         }}\n",
        folder.path().display()
    );
    let config = folder.write(&format!("kamailio-{port}.cfg"), config)?;
    let mut command = Command::new("kamailio");
    command
        .args(["-DD", "-E", "-m", "32", "-M", "4", "-f"])
        .arg(config);
    for option in ["-Y", "-w"] {
        command.arg(option).arg(folder.path());
    }
    let kamailio = Peer::start(folder.path(), &format!("kamailio-{port}"), &mut command)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port + 1));
    let start = std::time::Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        if start.elapsed() > LIMIT {
            bail!("Kamailio does not listen:\n{}", kamailio.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(kamailio)
}

/// A certificate for 127.0.0.1 that stands for itself.
fn certificate(folder: &Workspace) -> Result<()> {
    let mut command = Command::new("openssl");
    command
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
            "-subj",
            "/CN=127.0.0.1",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:interop.test"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(folder.path());
    output_within(LIMIT, &mut command).map(|_| ())
}
