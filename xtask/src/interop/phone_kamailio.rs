//! A call of two telephones of ours through Kamailio: registration, 407, Record-Route, ACK and BYE
//! within the dialog, encrypted media and digits.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};
use super::phone_baresip::{is_tone, tone};

const LIMIT: Duration = Duration::from_secs(30);
const DOMAIN: &str = "interop.test";

pub(super) fn run() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("phone-kamailio")?;
    folder.write("tone.wav", tone(3))?;
    for transport in ["udp", "tcp"] {
        call(&telephony, &folder, transport).with_context(|| format!("over {transport}"))?;
    }
    Ok(())
}

fn call(telephony: &Path, folder: &Workspace, transport: &str) -> Result<()> {
    let port = free_ports(2)?;
    let mut kamailio = kamailio(folder, port)?;
    let proxy = format!("sip:127.0.0.1:{port}");
    let phone = |arguments: &[&str]| {
        let mut command = Command::new(telephony);
        command.current_dir(folder.path());
        command.env("TELEPHONY_PASSWORD", "secret");
        command.args(arguments);
        command.args(["--proxy", &proxy, "--transport", transport]);
        command.args(["--srtp", "required", "--json"]);
        command
    };
    let address = format!("bob@{DOMAIN}");
    let answer = [
        "answer",
        "--address",
        &address,
        "--register",
        "--calls",
        "1",
    ];
    let mut answer = phone(&[&answer[..], &["--record", "heard.wav"]].concat());
    let mut answer = Peer::start(folder.path(), "answer", &mut answer)?;
    answer.wait_for(r#""event":"registered""#, LIMIT)?;
    let from = format!("alice@{DOMAIN}");
    let call = [
        "call", &address, "--from", &from, "--play", "tone.wav", "--dtmf", "97",
    ];
    let told = output_within(LIMIT, &mut phone(&call))?;
    answer.succeed(LIMIT)?;

    if !told.contains(r#""encrypted":true"#) {
        bail!("the call is not encrypted:\n{told}");
    }
    let heard = answer.log();
    for wanted in [
        r#""digit":"9""#,
        r#""digit":"7""#,
        r#""lost":0,"late""#,
        "hung up",
    ] {
        if !heard.contains(wanted) {
            bail!("{wanted} is missing in\n{heard}");
        }
    }
    is_tone(&folder.path().join("heard.wav"))?;
    // What Kamailio saw: credentials, and everything after the INVITE by its Record-Route.
    kamailio.wait_for("BYE within", LIMIT)?;
    let log = kamailio.log();
    for wanted in ["INVITE of alice", "ACK within", "BYE within"] {
        if !log.contains(wanted) {
            bail!("{wanted} is missing in\n{log}");
        }
    }
    Ok(())
}

/// A registrar and proxy that wants credentials for REGISTER and INVITE and stays in the path.
fn kamailio(folder: &Workspace, port: u16) -> Result<Peer> {
    let modules = output_within(
        LIMIT,
        Command::new("sh").args(["-c", "dpkg -L kamailio | grep '/modules/tm.so$'"]),
    )?;
    let modules = Path::new(modules.trim()).parent();
    let modules = modules.context("no modules of Kamailio")?.display();
    let mut config = format!(
        "#!KAMAILIO\n\
         debug=2\nlog_stderror=yes\nfork=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\n\
         alias=\"{DOMAIN}\"\nlisten=udp:127.0.0.1:{port}\nlisten=tcp:127.0.0.1:{port}\n\
         mpath=\"{modules}\"\n"
    );
    for module in [
        "tm",
        "tmx",
        "sl",
        "rr",
        "pv",
        "usrloc",
        "registrar",
        "siputils",
        "textops",
        "xlog",
        "auth",
    ] {
        let _ = writeln!(config, "loadmodule \"{module}.so\"");
    }
    config.push_str(&ROUTES.replace("DOMAIN", DOMAIN));
    let config = folder.write(&format!("kamailio-{port}.cfg"), config)?;
    let mut command = Command::new("kamailio");
    command.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]);
    command.arg(config);
    for option in ["-Y", "-w"] {
        command.arg(option).arg(folder.path());
    }
    let kamailio = Peer::start(folder.path(), &format!("kamailio-{port}"), &mut command)?;
    let start = std::time::Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if start.elapsed() > LIMIT {
            bail!("Kamailio does not listen:\n{}", kamailio.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(kamailio)
}

const ROUTES: &str = r#"
modparam("usrloc", "db_mode", 0)
modparam("auth", "qop", "auth")
request_route {
  if (has_totag()) {
    if (!loose_route()) {
      if (is_method("ACK") && t_check_trans()) { t_relay(); }
      exit;
    }
    xlog("L_INFO", "$rm within $ci\n");
    if (!t_relay()) { sl_reply_error(); }
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("DOMAIN", "secret", "0")) { www_challenge("DOMAIN", "1"); exit; }
    if (!save("location")) { sl_reply_error(); }
    exit;
  }
  if (!pv_proxy_authenticate("DOMAIN", "secret", "0")) { proxy_challenge("DOMAIN", "1"); exit; }
  consume_credentials();
  xlog("L_INFO", "$rm of $au\n");
  record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  if (!t_relay()) { sl_reply_error(); }
}
"#;
