//! `telephony answer` called by baresip over UDP, TCP and TLS, in the clear and with SRTP: a tone
//! is heard both ways, digits once each, and RTCP reports no loss.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::inspect::build;
use super::output_within;
use super::peer::{Peer, Workspace, free_ports};

const LIMIT: Duration = Duration::from_secs(30);
/// The tone that both sides play, in Hz.
const TONE: f64 = 440.0;

pub(super) fn run() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("phone-baresip")?;
    let mut certificate = Command::new("openssl");
    certificate.current_dir(folder.path());
    certificate.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    ]);
    certificate.args([
        "-keyout",
        "key.pem",
        "-out",
        "certificate.pem",
        "-subj",
        "/CN=127.0.0.1",
    ]);
    certificate.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
    output_within(LIMIT, &mut certificate)?;
    let both = ["key.pem", "certificate.pem"].map(|name| std::fs::read(folder.path().join(name)));
    let [key, certificate] = both;
    folder.write("both.pem", [key?, certificate?].concat())?;
    folder.write("tone.wav", tone(8))?;
    for transport in ["udp", "tcp", "tls"] {
        for encrypted in [false, true] {
            call(&telephony, &folder, transport, encrypted)
                .with_context(|| format!("over {transport}, encrypted: {encrypted}"))?;
        }
    }
    Ok(())
}

fn call(telephony: &Path, folder: &Workspace, transport: &str, encrypted: bool) -> Result<()> {
    let port = free_ports(40)?;
    let ours = port + 30;
    let heard = folder.path().join("heard.wav");
    let mut answer = Command::new(telephony);
    answer.current_dir(folder.path());
    answer.args([
        "answer",
        "--address",
        "bob@127.0.0.1",
        "--calls",
        "1",
        "--json",
    ]);
    answer.args([
        "--bind",
        &format!("127.0.0.1:{ours}"),
        "--transport",
        transport,
    ]);
    answer.args([
        "--srtp",
        if encrypted { "required" } else { "off" },
        "--codec",
        "pcmu",
    ]);
    answer
        .args(["--play", "tone.wav"])
        .arg("--record")
        .arg(&heard);
    if transport == "tls" {
        answer.args(["--certificate", "certificate.pem", "--key", "key.pem"]);
        answer.args(["--roots", "certificate.pem"]);
    }
    let mut answer = Peer::start(folder.path(), "answer", &mut answer)?;
    answer.wait_for("listening", LIMIT)?;

    let carried = match transport {
        "udp" => String::new(),
        other => format!(";transport={other}"),
    };
    let home = baresip(folder, port, &carried, encrypted)?;
    let mut baresip = Command::new("stdbuf");
    baresip
        .args(["-oL", "-eL", "baresip", "-4", "-s", "-t", "40", "-f"])
        .arg(&home);
    let mut baresip = Peer::start(folder.path(), "baresip", &mut baresip)?;
    baresip.wait_for("baresip is ready", LIMIT)?;
    let mut control = Control::connect(port + 2)?;
    control.command("dial", &format!("sip:bob@127.0.0.1:{ours}{carried}"))?;
    baresip.wait_for("Call established", LIMIT)?;
    std::thread::sleep(Duration::from_secs(1));
    for key in ["1", "5", "*"] {
        control.command("sndcode", key)?;
        std::thread::sleep(Duration::from_millis(500));
    }
    // Long enough for reports.
    std::thread::sleep(Duration::from_secs(3));
    control.command("hangup", "")?;
    answer.succeed(LIMIT)?;
    baresip.wait_for("terminated (duration", LIMIT)?;

    let told = answer.log();
    let digits: Vec<_> = told
        .split(r#""digit":""#)
        .skip(1)
        .filter_map(|rest| rest.chars().next())
        .collect();
    if digits != ['1', '5', '*'] {
        bail!("the digits are {digits:?}:\n{told}");
    }
    let security = format!(r#""encrypted":{encrypted}"#);
    for wanted in [&security, r#""lost":0,"late""#, r#""regular":true"#] {
        if !told.contains(wanted) {
            bail!("{wanted} is missing in\n{told}");
        }
    }
    let log = baresip.log();
    let is_lossless = log.lines().any(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.starts_with(&["lost:", "0", "0"])
    });
    if !is_lossless {
        bail!("baresip reports loss:\n{log}");
    }
    is_tone(&heard)?;
    let recordings = std::fs::read_dir(home.join("recordings"))?;
    let recordings: Vec<PathBuf> = recordings
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with("dec.wav"))
        .collect();
    is_tone(recordings.first().context("baresip has recorded nothing")?)
}

/// The configuration of a baresip that plays the tone and records, in a folder of its own.
fn baresip(folder: &Workspace, port: u16, carried: &str, encrypted: bool) -> Result<PathBuf> {
    let home = folder.path().join(format!("baresip-{port}"));
    // The ports of one run may be those of another one.
    let _ = std::fs::remove_dir_all(&home);
    let recordings = home.join("recordings");
    std::fs::create_dir_all(&recordings)?;
    let mut listing = Command::new("dpkg");
    listing.args(["-L", "baresip-core"]);
    let listing = output_within(LIMIT, &mut listing)?;
    let modules = listing
        .lines()
        .find_map(|line| line.strip_suffix("/account.so"))
        .context("baresip has no modules")?;
    let media = if encrypted { ";mediaenc=srtp-mand" } else { "" };
    let account =
        format!("<sip:alice@127.0.0.1:{port}{carried}>;regint=0;audio_codecs=PCMU/8000/1{media}\n");
    std::fs::write(home.join("accounts"), account)?;
    std::fs::write(home.join("contacts"), "")?;
    let pem = |name: &str| folder.path().join(name).display().to_string();
    let config = [
        "poll_method epoll".to_string(),
        format!("sip_listen 127.0.0.1:{port}"),
        format!("sip_certificate {}", pem("both.pem")),
        format!("sip_cafile {}", pem("certificate.pem")),
        "net_interface 127.0.0.1".to_string(),
        format!("rtp_ports {}-{}", port + 10, port + 28),
        format!("audio_source ausine,{TONE}"),
        "ausrc_srate 48000".to_string(),
        "ausrc_channels 2".to_string(),
        "rtcp_mux no".to_string(),
        "rtp_stats yes".to_string(),
        "jitter_buffer_delay 5-10".to_string(),
        "statmode_default off".to_string(),
        "ringback_disabled yes".to_string(),
        format!("module_path {modules}"),
        "module g711.so".to_string(),
        "module sndfile.so".to_string(),
        "module ausine.so".to_string(),
        "module srtp.so".to_string(),
        "module_tmp uuid.so".to_string(),
        "module_tmp account.so".to_string(),
        "module_app menu.so".to_string(),
        "module_app debug_cmd.so".to_string(),
        "module_app ctrl_tcp.so".to_string(),
        format!("snd_path {}", recordings.display()),
        format!("ctrl_tcp_listen 127.0.0.1:{}", port + 2),
    ];
    std::fs::write(home.join("config"), config.join("\n") + "\n")?;
    Ok(home)
}

/// The control connection of a baresip: JSON in netstrings.
struct Control(TcpStream);

impl Control {
    fn connect(port: u16) -> Result<Self> {
        let start = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(Duration::from_secs(8)))?;
                    return Ok(Self(stream));
                }
                Err(error) if start.elapsed() > LIMIT => return Err(error.into()),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Gives a command and waits until it has been taken.
    fn command(&mut self, command: &str, parameters: &str) -> Result<()> {
        let text = serde_json::json!({
            "command": command, "params": parameters, "token": "interop"
        });
        let text = text.to_string();
        write!(self.0, "{}:{text},", text.len())?;
        // Events come in between; the answer names the token.
        let mut said = String::new();
        let mut buffer = [0; 4096];
        while !said.contains("interop") {
            let length = self.0.read(&mut buffer)?;
            let bytes = buffer.get(..length).unwrap_or_default();
            if bytes.is_empty() {
                bail!("baresip has closed its control connection");
            }
            said.push_str(&String::from_utf8_lossy(bytes));
        }
        Ok(())
    }
}

/// So many seconds of the tone, as a WAV file of 8000 Hz.
pub(super) fn tone(seconds: u32) -> Vec<u8> {
    let samples = seconds * 8000;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + samples * 2).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8000u32.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend((samples * 2).to_le_bytes());
    for at in 0..samples {
        let phase = f64::from(at) / 8000.0 * TONE * std::f64::consts::TAU;
        file.extend(((phase.sin() * 8000.0) as i16).to_le_bytes());
    }
    file
}

/// Whether a recording of one channel and 16 bits is the tone: nearly all of its power is at its
/// frequency, in a second in the middle. Digits leave gaps of silence.
pub(super) fn is_tone(path: &Path) -> Result<()> {
    let file = std::fs::read(path)?;
    let field =
        |at: usize| -> Option<u32> { Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?)) };
    let rate = f64::from(field(24).context("no WAV file")?);
    let data = file.windows(4).position(|bytes| bytes == b"data");
    let data = file.get(data.context("no data")? + 8..).unwrap_or_default();
    let samples: Vec<f64> = data
        .chunks_exact(2)
        .filter_map(|pair| Some(f64::from(i16::from_le_bytes(*pair.first_chunk()?))))
        .collect();
    let window = rate as usize / 10;
    let (mut tone, mut all) = (0.0, 0.0);
    for piece in samples.chunks_exact(window) {
        let (mut cosine, mut sine) = (0.0, 0.0);
        for (at, sample) in piece.iter().enumerate() {
            let phase = at as f64 / rate * TONE * std::f64::consts::TAU;
            cosine += sample * phase.cos();
            sine += sample * phase.sin();
            all += sample * sample;
        }
        tone += 2.0 * (cosine * cosine + sine * sine) / window as f64;
    }
    if samples.len() < window * 20 || tone < 0.9 * all || all < 1e6 {
        let (share, seconds) = (tone / all * 100.0, samples.len() as f64 / rate);
        bail!(
            "{}: {share:.0} % at {TONE} Hz in {seconds:.1} s",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_is_a_tone_and_other_sound_is_none() {
        let folder = Workspace::new("tone").unwrap();
        let file = folder.write("tone.wav", tone(3)).unwrap();
        is_tone(&file).unwrap();
        let mut noise = tone(3);
        for (at, byte) in noise.iter_mut().enumerate().skip(44) {
            *byte ^= (at * at % 251) as u8;
        }
        let file = folder.write("noise.wav", noise).unwrap();
        assert!(is_tone(&file).is_err());
        let file = folder.write("short.wav", tone(1)).unwrap();
        assert!(is_tone(&file).is_err());
    }
}
