//! `telephony answer` and `telephony call` against SIPp: calls, hold, CANCEL both ways, losses, and
//! what tshark makes of our captures.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};

const LIMIT: Duration = Duration::from_secs(50);

/// How SIP is carried: our name for it and SIPp's.
const CARRIERS: [(&str, &[&str]); 2] = [
    ("udp", &["-t", "u1"]),
    ("tcp", &["-t", "t1", "-reconnect_close", "false"]),
];

pub(super) fn run() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("phone-sipp")?;
    folder.write("hold.xml", HOLD)?;
    folder.write("cancel.xml", CANCEL)?;
    folder.write("cancelled.xml", CANCELLED)?;
    for (transport, carrier) in CARRIERS {
        answers(&telephony, &folder, transport, carrier)?;
        is_cancelled(&telephony, &folder, transport, carrier)?;
        calls(&telephony, &folder, transport, carrier)?;
        cancels(&telephony, &folder, transport, carrier)?;
    }
    loses(&telephony, &folder, "5")?;
    loses(&telephony, &folder, "10")
}

/// SIPp with what every run of it needs.
fn sipp(folder: &Workspace, carrier: &[&str], port: u16) -> Command {
    let mut command = Command::new("sipp");
    command.current_dir(folder.path());
    command.args(carrier);
    command.args([
        "-i",
        "127.0.0.1",
        "-bind_local",
        "-mi",
        "127.0.0.1",
        "-nostdin",
    ]);
    command.args(["-timeout", "45", "-timeout_error", "-p", &port.to_string()]);
    command.args(["-mp", &(port + 2).to_string()]);
    command
}

/// A telephone that answers.
fn answering(
    telephony: &Path,
    folder: &Workspace,
    transport: &str,
    port: u16,
    more: &[&str],
) -> Result<Peer> {
    let mut command = Command::new(telephony);
    let bind = format!("127.0.0.1:{port}");
    command.args([
        "answer",
        "--bind",
        &bind,
        "--transport",
        transport,
        "--json",
    ]);
    command
        .args(["--srtp", "off", "--codec", "pcma,pcmu"])
        .args(more);
    let mut peer = Peer::start(folder.path(), "answer", &mut command)?;
    peer.wait_for("listening", LIMIT)?;
    Ok(peer)
}

/// Waits until so many calls have ended, all but `irregular` as calls do.
fn ended(peer: &mut Peer, calls: usize, reason: &str) -> Result<()> {
    let start = std::time::Instant::now();
    loop {
        let log = peer.log();
        let ended = log
            .lines()
            .filter(|line| line.contains(r#""event":"ended""#));
        let (right, wrong): (Vec<_>, Vec<_>) = ended.partition(|line| line.contains(reason));
        if let Some(line) = wrong.first() {
            bail!("a call ended otherwise: {line}");
        }
        if right.len() == calls {
            return Ok(());
        }
        if start.elapsed() > LIMIT {
            bail!("{} of {calls} calls have ended:\n{log}", right.len());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// SIPp calls: the scenario it brings, and one with a re-INVITE that puts us on hold.
fn answers(telephony: &Path, folder: &Workspace, transport: &str, carrier: &[&str]) -> Result<()> {
    let port = free_ports(8)?;
    let to = format!("127.0.0.1:{port}");
    let mut peer = answering(telephony, folder, transport, port, &["--ring", "0.1"])?;
    let mut builtin = sipp(folder, carrier, port + 2);
    builtin.args(["-sn", "uac", "-d", "300", "-m", "10", "-r", "10", &to]);
    output_within(LIMIT, &mut builtin)?;
    ended(&mut peer, 10, "the other side hung up")?;
    let mut hold = sipp(folder, carrier, port + 2);
    hold.args(["-sf", "hold.xml", "-m", "5", "-r", "5", &to]);
    output_within(LIMIT, &mut hold)?;
    ended(&mut peer, 15, "the other side hung up")
}

/// SIPp cancels: 200 for the CANCEL, 487 for the INVITE.
fn is_cancelled(
    telephony: &Path,
    folder: &Workspace,
    transport: &str,
    carrier: &[&str],
) -> Result<()> {
    let port = free_ports(8)?;
    let mut peer = answering(telephony, folder, transport, port, &["--ring", "60"])?;
    let mut cancel = sipp(folder, carrier, port + 2);
    let to = format!("127.0.0.1:{port}");
    cancel.args(["-sf", "cancel.xml", "-m", "5", "-r", "5", &to]);
    output_within(LIMIT, &mut cancel)?;
    ended(&mut peer, 5, "cancelled by the caller")
}

/// A call of ours, at whose end SIPp has counted a success, and tshark finds nothing malformed in
/// what we wrote of it.
fn calls(telephony: &Path, folder: &Workspace, transport: &str, carrier: &[&str]) -> Result<()> {
    let port = free_ports(8)?;
    let mut uas = sipp(folder, carrier, port);
    uas.args(["-sn", "uas", "-m", "1"]);
    let mut uas = Peer::start(folder.path(), "uas", &mut uas)?;
    listens(&mut uas, transport, port)?;
    let capture = folder.path().join("call.pcap");
    let mut call = Command::new(telephony);
    call.args([
        "call",
        &format!("bob@127.0.0.1:{port}"),
        "--transport",
        transport,
    ]);
    call.args(["--srtp", "off", "--duration", "1", "--json", "--pcap"])
        .arg(&capture);
    let told = output_within(LIMIT, &mut call)?;
    if !told.contains(r#""event":"established""#) {
        bail!("no call was established:\n{told}");
    }
    uas.succeed(LIMIT)?;
    let read = |filter: &str| {
        let mut tshark = Command::new("tshark");
        tshark.args(["-n", "-r"]).arg(&capture).args(["-Y", filter]);
        output_within(LIMIT, &mut tshark)
    };
    let malformed = read("_ws.malformed")?;
    if !malformed.is_empty() {
        bail!("tshark finds malformed packets in our capture:\n{malformed}");
    }
    let packets = [read("sip")?.lines().count(), read("rtp")?.lines().count()];
    if packets[0] < 6 || packets[1] < 40 {
        bail!("tshark finds only {packets:?} packets of SIP and RTP in our capture");
    }
    Ok(())
}

/// We cancel: SIPp wants the CANCEL on the branch of the INVITE, and the ACK of its 487.
fn cancels(telephony: &Path, folder: &Workspace, transport: &str, carrier: &[&str]) -> Result<()> {
    let port = free_ports(8)?;
    let mut uas = sipp(folder, carrier, port);
    uas.args(["-sf", "cancelled.xml", "-m", "1"]);
    let mut uas = Peer::start(folder.path(), "uas", &mut uas)?;
    listens(&mut uas, transport, port)?;
    let mut call = Command::new(telephony);
    call.args([
        "call",
        &format!("bob@127.0.0.1:{port}"),
        "--transport",
        transport,
    ]);
    call.args(["--srtp", "off", "--wait", "1"]);
    let mut call = Peer::start(folder.path(), "call", &mut call)?;
    let status = call.wait(LIMIT)?;
    if status.code() != Some(1) {
        bail!("a call that was cancelled ended with {status}");
    }
    uas.succeed(LIMIT)
}

/// 200 calls, with so many percent of SIPp's messages lost both ways.
fn loses(telephony: &Path, folder: &Workspace, percent: &str) -> Result<()> {
    let port = free_ports(8)?;
    let mut peer = answering(telephony, folder, "udp", port, &[])?;
    let mut uac = sipp(folder, &["-t", "u1"], port + 2);
    let to = format!("127.0.0.1:{port}");
    // A call that is over does not acknowledge what comes again: so it lasts.
    uac.args(["-sn", "uac", "-d", "5000", "-lost", percent]);
    uac.args(["-m", "200", "-r", "40", &to]);
    output_within(LIMIT, &mut uac)?;
    ended(&mut peer, 200, "the other side hung up")
}

/// Waits until a SIPp listens.
fn listens(peer: &mut Peer, transport: &str, port: u16) -> Result<()> {
    let address = ("127.0.0.1", port);
    let start = std::time::Instant::now();
    loop {
        let is_taken = match transport {
            "udp" => std::net::UdpSocket::bind(address).is_err(),
            _ => std::net::TcpListener::bind(address).is_err(),
        };
        if is_taken {
            return Ok(());
        }
        if start.elapsed() > LIMIT {
            bail!("SIPp does not listen: {}", peer.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Calls, puts on hold and takes the answer only if that is `recvonly` or `inactive`.
const HOLD: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="hold">
  <send retrans="500"><![CDATA[
INVITE sip:bob@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:bob@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=sendrecv
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <pause milliseconds="200"/>
  <send retrans="500"><![CDATA[
INVITE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 2 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=sendonly
]]></send>
  <recv response="100" optional="true"/>
  <recv response="200" rrs="true">
    <action><ereg regexp="a=(recvonly|inactive)" search_in="body" check_it="true" assign_to="1"/></action>
  </recv>
  <Reference variables="1"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <pause milliseconds="200"/>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 3 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"#;

/// Calls and cancels when it rings.
const CANCEL: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="cancel">
  <send retrans="500"><![CDATA[
INVITE sip:bob@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:bob@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180"/>
  <send retrans="500"><![CDATA[
CANCEL sip:bob@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-3]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:bob@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
  <recv response="487"/>
  <send><![CDATA[
ACK sip:bob@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-6]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
</scenario>
"#;

/// Rings until it is cancelled: the branches of INVITE, CANCEL and ACK must be the same.
const CANCELLED: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="cancelled">
  <recv request="INVITE">
    <action><ereg regexp="branch=[^;,]*" search_in="hdr" header="Via:" assign_to="1"/></action>
  </recv>
  <send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:bob@[local_ip]:[local_port];transport=[transport]>
Content-Length: 0

]]></send>
  <recv request="CANCEL">
    <action>
      <ereg regexp="branch=[^;,]*" search_in="hdr" header="Via:" assign_to="2"/>
      <strcmp assign_to="3" variable="1" variable2="2"/>
      <test assign_to="4" variable="3" compare="equal" value="0"/>
    </action>
  </recv>
  <nop condexec="4" next="1"/>
  <nop><action><error message="CANCEL has another branch"/></action></nop>
  <label id="1"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
  <send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
CSeq: 1 INVITE
Content-Length: 0

]]></send>
  <recv request="ACK"/>
</scenario>
"#;
