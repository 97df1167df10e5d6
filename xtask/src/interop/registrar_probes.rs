//! `telephony serve` against tools that register and tools that break in: SIPp, sipsak, sofia-sip's
//! sip-options, svmap, svwar, svcrack, and linphone with SHA-256.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};

const LIMIT: Duration = Duration::from_secs(40);

/// The domain, and its one user.
const DOMAIN: &str = "interop.test";
const USER: &str = "alice";
const PASSWORD: &str = "secret";

pub(super) fn test() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("registrar")?;
    let users = folder.path().join("users");
    let mut passwd = Command::new(&telephony);
    passwd.arg("passwd").arg(&users).args([USER, DOMAIN]);
    output_within(LIMIT, passwd.env("TELEPHONY_PASSWORD", PASSWORD))?;
    tools(&telephony, &folder, &users)?;
    linphone(&telephony, &folder, &users)
}

/// Starts a server for the domain, also by the name of its address.
fn serve(
    telephony: &Path,
    folder: &Workspace,
    users: &Path,
    port: u16,
    digest: &str,
) -> Result<Peer> {
    let mut command = Command::new(telephony);
    command
        .args([
            "serve",
            "--domain",
            &format!("{DOMAIN},127.0.0.1"),
            "--digest",
            digest,
        ])
        .args([
            "--listen",
            &format!("udp:127.0.0.1:{port},tcp:127.0.0.1:{port}"),
        ])
        .arg("--users")
        .arg(users);
    let mut server = Peer::start(folder.path(), "serve", &mut command)?;
    server.wait_for("listening", LIMIT)?;
    Ok(server)
}

/// What these programs say on both outputs, whatever they end with.
fn says(folder: &Workspace, command: &str) -> Result<String> {
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            &format!("timeout 30 {command} 2>&1; echo \"exit status $?\""),
        ])
        .current_dir(folder.path())
        // svmap and its like keep their findings at home.
        .env("HOME", folder.path());
    output_within(LIMIT, &mut shell)
}

fn expect(said: &str, wanted: &str) -> Result<()> {
    if !said.contains(wanted) {
        bail!("expected {wanted:?} in\n{said}");
    }
    Ok(())
}

fn tools(telephony: &Path, folder: &Workspace, users: &Path) -> Result<()> {
    // sipsak cuts a port of five digits.
    let is_free = |port: &u16| UdpSocket::bind(("127.0.0.1", *port)).is_ok();
    let port = (5900..6900).find(is_free).context("no free port")?;
    let mut server = serve(telephony, folder, users, port, "MD5")?;
    let server_uri = format!("sip:127.0.0.1:{port}");
    expect(
        &says(folder, &format!("sipsak -vv -s {server_uri}"))?,
        "SIP/2.0 200",
    )?;
    expect(
        &says(folder, &format!("sip-options -1 {server_uri}"))?,
        "SIP/2.0 200",
    )?;
    let register = |password: &str| {
        let options = format!("-U -i -x 30 -H 127.0.0.1 -u {USER} -a {password}");
        let contact = format!("-C sip:{USER}@127.0.0.1:5999 -p 127.0.0.1:{port}");
        says(
            folder,
            &format!("sipsak -vv {options} {contact} -s sip:{USER}@{DOMAIN}"),
        )
    };
    expect(
        &register(PASSWORD)?,
        "All usrloc tests completed successful",
    )?;
    server.wait_for("registered    alice at sip:alice@127.0.0.1:5999", LIMIT)?;
    let said = register("wrong")?;
    if said.contains("exit status 0") {
        bail!("sipsak is content with a wrong password:\n{said}");
    }
    sipp(folder, &mut server, port)?;
    let at = format!("-p {port} -b 127.0.0.1 -x 127.0.0.1");
    expect(
        &says(folder, &format!("svmap {at} 127.0.0.1"))?,
        &format!("127.0.0.1:{port}"),
    )?;
    folder.write("extensions", "alice\nbob\nnobody\n")?;
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        let said = says(
            folder,
            &format!("svwar {at} -m {method} -d extensions 127.0.0.1"),
        )?;
        expect(&said, "found nothing")?;
    }
    folder.write("wrong", "wrong1\nwrong2\n")?;
    folder.write("right", "wrong1\nsecret\n")?;
    let crack = |user: &str, words: &str| {
        // It does not end by itself where it finds nothing.
        let options = format!("{at} -u {user} -d {words}");
        says(folder, &format!("timeout 4 svcrack {options} 127.0.0.1"))
    };
    for (user, words) in [(USER, "wrong"), ("nobody", "right")] {
        let said = crack(user, words)?;
        if said.contains("Password") {
            bail!("svcrack has found something:\n{said}");
        }
        let refused = format!("refused       REGISTER of sip:{user}@127.0.0.1 from");
        server.wait_for(&refused, LIMIT)?;
    }
    // The one who knows the password is let in.
    expect(&crack(USER, "right")?, PASSWORD)?;
    Ok(())
}

/// SIPp registers over UDP and TCP, and fails with a wrong password.
fn sipp(folder: &Workspace, server: &mut Peer, port: u16) -> Result<()> {
    folder.write("register.xml", REGISTER)?;
    let own = free_ports(4)?;
    for (transport, password, own, status) in [
        ("u1", PASSWORD, own, 0),
        ("t1", PASSWORD, own + 1, 0),
        ("u1", "wrong", own + 2, 1),
    ] {
        let said = says(
            folder,
            &format!(
                "sipp 127.0.0.1:{port} -sf register.xml -s {USER} -au {USER} -ap {password} \
                 -t {transport} -i 127.0.0.1 -bind_local -p {own} -m 1 -nostdin -timeout 10 \
                 -reconnect_close false"
            ),
        )?;
        expect(&said, &format!("exit status {status}\n"))?;
        if status == 0 {
            server.wait_for(
                &format!("registered    alice at sip:alice@127.0.0.1:{own}"),
                LIMIT,
            )?;
        }
    }
    server.wait_for("wrong user or password", LIMIT)
}

/// REGISTER, 401, REGISTER with credentials, 200.
const REGISTER: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="register">
  <send retrans="500"><![CDATA[
REGISTER sip:interop.test SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[service]@interop.test>;tag=[call_number]
To: <sip:[service]@interop.test>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:[service]@[local_ip]:[local_port]>
Expires: 60
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="401" auth="true"/>
  <send retrans="500"><![CDATA[
REGISTER sip:interop.test SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[service]@interop.test>;tag=[call_number]
To: <sip:[service]@interop.test>
Call-ID: [call_id]
CSeq: 2 REGISTER
Contact: <sip:[service]@[local_ip]:[local_port]>
Expires: 60
[authentication]
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"#;

/// linphone answers a challenge with SHA-256, and registers.
fn linphone(telephony: &Path, folder: &Workspace, users: &Path) -> Result<()> {
    let port = free_ports(4)?;
    let mut server = serve(telephony, folder, users, port, "SHA-256")?;
    let own = port + 2;
    let config = folder.write(
        "linphone",
        format!(
            "[sip]\nsip_port={own}\nsip_tcp_port=0\nsip_tls_port=0\nbind_address=127.0.0.1\n\
             use_ipv6=0\nguess_hostname=0\ncontact=sip:{USER}@127.0.0.1:{own}\n\
             [misc]\nversion_check_url_root=\n\
             [auth_info_0]\nusername={USER}\npasswd={PASSWORD}\nrealm={DOMAIN}\n\
             domain={DOMAIN}\nalgorithm=SHA-256\n\
             [proxy_0]\nreg_proxy=<sip:127.0.0.1:{port}>\nreg_identity=sip:{USER}@{DOMAIN}\n\
             reg_expires=60\nreg_sendregister=1\npublish=0\n"
        ),
    )?;
    // It does nothing without a place for its database.
    std::fs::create_dir_all(folder.path().join(".local/share/linphone"))?;
    let mut command = Command::new("sh");
    // Its standard input stays open, or it would end.
    let script = "mkfifo linphone.in && exec linphonec -c \"$0\" <> linphone.in";
    command
        .args(["-c", script])
        .arg(config)
        .current_dir(folder.path())
        .env("HOME", folder.path());
    let _linphone = Peer::start(folder.path(), "linphonec", &mut command)?;
    server.wait_for("registered    alice", LIMIT)
}
