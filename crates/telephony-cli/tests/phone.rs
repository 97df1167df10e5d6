//! `telephony register`, `call` and `answer` as a person meets them, on loopback.
#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

fn telephony(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telephony"));
    command.args(arguments);
    command.env_remove("TELEPHONY_PASSWORD");
    command
}

/// A telephone that waits for calls.
struct Answering {
    child: Child,
    output: BufReader<ChildStdout>,
    at: String,
}

impl Answering {
    fn start(arguments: &[&str]) -> Self {
        let always = ["answer", "--bind", "127.0.0.1", "--json", "--calls", "1"];
        let mut child = telephony(&[&always[..], arguments].concat())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let notice: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(notice["event"], "listening");
        let at = notice["at"].as_str().unwrap();
        let at = at.split_once(':').unwrap().1.to_string();
        Self { child, output, at }
    }

    /// What it has told when it is done, and what it exited with.
    fn wait(mut self) -> (Vec<Value>, Option<i32>) {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        let status = self.child.wait().unwrap();
        let notices = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (notices.collect(), status.code())
    }
}

fn call(arguments: &[&str]) -> Output {
    telephony(&[&["call"], arguments].concat())
        .output()
        .unwrap()
}

fn notices(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn of<'a>(notices: &'a [Value], event: &str) -> Vec<&'a Value> {
    let found = notices.iter().filter(|notice| notice["event"] == event);
    found.collect()
}

/// A file of this test, made or not.
fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("telephony-phone-{}-{name}", std::process::id()))
}

/// Half a second of a tone.
fn tone() -> PathBuf {
    let path = file("tone.wav");
    let mut bytes = header();
    for at in 0..8000u32 {
        let phase = f64::from(at) / 16_000.0 * 440.0 * std::f64::consts::TAU;
        bytes.extend(((phase.sin() * 8000.0) as i16).to_le_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The header of a WAV file of 8000 samples at 16 kHz.
fn header() -> Vec<u8> {
    let mut header = b"RIFF".to_vec();
    header.extend((36u32 + 16_000).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    for half in [1u16, 1] {
        header.extend(half.to_le_bytes());
    }
    for word in [16_000u32, 32_000] {
        header.extend(word.to_le_bytes());
    }
    for half in [2u16, 16] {
        header.extend(half.to_le_bytes());
    }
    header.extend(b"data");
    header.extend(16_000u32.to_le_bytes());
    header
}

#[test]
fn a_call_over_udp_and_tcp_with_sound_keys_and_a_capture() {
    let tone = tone();
    for transport in ["udp", "tcp"] {
        let (heard, capture) = (file(&format!("{transport}.wav")), file("capture.pcap"));
        let record = [
            "--transport",
            transport,
            "--record",
            heard.to_str().unwrap(),
        ];
        let answering = Answering::start(&record);
        let uri = format!("bob@{}", answering.at);
        let output = call(&[
            &uri,
            "--transport",
            transport,
            "--play",
            tone.to_str().unwrap(),
            "--dtmf",
            "42",
            "--srtp",
            "required",
            "--pcap",
            capture.to_str().unwrap(),
            "--json",
        ]);
        let (told, code) = answering.wait();
        assert_eq!((output.status.code(), code), (Some(0), Some(0)), "{told:?}");
        let caller = notices(&output);
        assert_eq!(of(&caller, "established")[0]["encrypted"], true);
        assert_eq!(of(&caller, "ended")[0]["reason"], "hung up");
        let digits = of(&told, "digit");
        let digits: Vec<_> = digits.iter().map(|notice| &notice["digit"]).collect();
        assert_eq!(digits, ["4", "2"]);
        let ended = of(&told, "ended")[0];
        assert_eq!(ended["regular"], true);
        assert!(ended["media"]["received"].as_u64().unwrap() > 20);
        assert!(std::fs::metadata(&heard).unwrap().len() > 8000);
        let mut inspect = telephony(&["inspect", capture.to_str().unwrap(), "--srtp"]);
        let text = inspect.output().unwrap().stdout;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("CALL") && text.contains("PCMU"), "{text}");
        for path in [heard, capture] {
            std::fs::remove_file(path).unwrap();
        }
    }
    std::fs::remove_file(tone).unwrap();
}

#[test]
fn a_call_is_refused_cancelled_or_hung_up() {
    let answering = Answering::start(&["--reject", "486"]);
    let output = call(&[&format!("bob@{}", answering.at), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let reason = notices(&output);
    let reason = of(&reason, "ended")[0]["reason"].as_str().unwrap();
    assert!(reason.contains("486"), "{reason}");
    answering.wait();

    let answering = Answering::start(&["--ring", "30"]);
    let output = call(&[&format!("bob@{}", answering.at), "--wait", "0.5", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let (told, _) = answering.wait();
    assert_eq!(of(&told, "ended")[0]["reason"], "cancelled by the caller");

    let answering = Answering::start(&["--duration", "0.3"]);
    let output = call(&[&format!("bob@{}", answering.at), "--codec", "l16", "--json"]);
    // L16 is nothing that the other side has chosen.
    assert_eq!(output.status.code(), Some(1));
    answering.wait();
    let answering = Answering::start(&["--duration", "0.3", "--codec", "l16,pcma"]);
    let output = call(&[&format!("bob@{}", answering.at), "--codec", "l16", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let caller = notices(&output);
    assert_eq!(of(&caller, "established")[0]["codec"], "L16/16000");
    assert_eq!(of(&caller, "ended")[0]["reason"], "the other side hung up");
    answering.wait();
}

#[test]
fn nobody_there_is_1_and_wrong_usage_is_2() {
    let output = call(&["bob@127.0.0.1:9", "--transport", "tcp", "--wait", "3"]);
    assert_eq!(output.status.code(), Some(1));
    let register = ["register", "alice@127.0.0.1:9", "--transport", "tcp"];
    assert_eq!(
        telephony(&register).output().unwrap().status.code(),
        Some(1)
    );
    for arguments in [
        &["call"][..],
        &["call", "bob@[h"],
        &["call", "bob@127.0.0.1", "--play", "/no/such/file"],
        &["call", "bob@127.0.0.1", "--dtmf", "1x"],
        &["call", "bob@127.0.0.1", "--codec", "g729"],
        &["answer", "--register"],
        &["answer", "--bind", "here"],
        &["register", "example.com"],
    ] {
        let output = telephony(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
    }
}
