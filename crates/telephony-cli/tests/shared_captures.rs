//! `telephony inspect` on the larger collection beside the checkout, when that is there: whatever
//! an independent dissector or the generator wrote down must be found.

#![allow(clippy::std_instead_of_alloc)] // a program, never `no_std`

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn collection() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures");
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn inspect(file: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_telephony"))
        .args(["inspect", "--json"])
        .arg(file)
        .output()
        .expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}: {error}", file.display());
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn json(file: &Path) -> Value {
    let text = std::fs::read(file).expect("a readable file");
    serde_json::from_slice(&text).expect("a JSON document")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// Every capture with a truth file beside it.
fn with_truth(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for file in files(folder) {
        let Some(stem) = file
            .to_str()
            .and_then(|name| name.strip_suffix(".truth.json"))
        else {
            continue;
        };
        let capture = ["pcap", "pcapng"].map(|kind| PathBuf::from(format!("{stem}.{kind}")));
        let capture = capture
            .into_iter()
            .find(|path| path.exists())
            .expect("its capture");
        found.push((capture, json(&file)));
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn what_tshark_saw_in_public_captures_is_found() {
    let Some(collection) = collection() else {
        return;
    };
    for (file, truth) in with_truth(&collection.join("public")) {
        let report = inspect(&file);
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        sip(name, &report, list(&truth["sip"]));
        for stream in list(&truth["rtp_streams"]) {
            rtp_stream(name, &report, text(stream));
        }
        digits(name, &report, list(&truth["rtpevent"]));
        rtsp(name, &report, list(&truth["rtsp"]));
        rtcp(name, &report, list(&truth["rtcp"]));
    }
}

/// Every message, under its Call-ID and at its packet.
fn sip(name: &str, report: &Value, expected: &[Value]) {
    for message in expected {
        let call_id = &message["call_id"];
        let owners = ["calls", "registrations"]
            .into_iter()
            .flat_map(|kind| list(&report[kind]));
        let seen = owners
            .filter(|owner| owner["call_id"] == *call_id)
            .flat_map(|owner| list(&owner["messages"]))
            .find(|seen| seen["packet"].as_u64() == text(&message["frame"]).parse().ok());
        let seen = seen.unwrap_or_else(|| panic!("{name}: no {message}"));
        let start = format!("{}{}", text(&message["method"]), text(&message["status"]));
        assert!(
            text(&seen["summary"]).starts_with(&start),
            "{name}: {seen} is not {start}"
        );
    }
}

/// A line of `tshark -z rtp,streams`: start, end, source, destination, SSRC, codecs, packets,
/// lost, then delta and jitter (least, mean, most).
fn rtp_stream(name: &str, report: &Value, line: &str) {
    let words: Vec<_> = line.split_whitespace().collect();
    let percent = words
        .iter()
        .position(|word| word.starts_with('('))
        .expect("a percentage");
    let number = |word: usize| words[word].parse::<f64>().expect("a number");
    let (src, dst) = (
        format!("{}:{}", words[2], words[3]),
        format!("{}:{}", words[4], words[5]),
    );
    let ssrc = words[6].to_lowercase();
    let stream = list(&report["streams"])
        .iter()
        .find(|it| it["ssrc"] == ssrc && it["src"] == src && it["dst"] == dst)
        .unwrap_or_else(|| panic!("{name}: no stream {ssrc} from {src}"));
    assert_eq!(
        stream["packets"].as_f64(),
        Some(number(percent - 2)),
        "{name}"
    );
    assert_eq!(stream["lost"].as_f64(), Some(number(percent - 1)), "{name}");
    let near = |member: &str, expected: f64| {
        let value = stream[member].as_f64().expect("a number");
        let off = (value - expected).abs();
        assert!(
            off <= expected * 0.01 + 0.0011,
            "{name}: {member} {value}, not {expected}"
        );
    };
    near("max_delta_ms", number(percent + 3));
    // By design: tshark knows no clock for a payload type that nobody announced, and leaves
    // telephone events out of the jitter or, unannounced, reckons them in.
    if words[7].starts_with("RTPType") || line.contains("rtpevent") {
        return;
    }
    near("mean_jitter_ms", number(percent + 5));
    near("max_jitter_ms", number(percent + 6));
}

/// Rows of frame, sequence number, timestamp, marker, event, end, volume, duration.
fn digits(name: &str, report: &Value, rows: &[Value]) {
    let mut expected = String::new();
    let mut timestamps = BTreeSet::new();
    for row in rows {
        if timestamps.insert(text(&row[2])) {
            let event: usize = text(&row[4]).parse().expect("an event");
            expected.push("0123456789*#ABCD".as_bytes()[event].into());
        }
    }
    let found: String = list(&report["dtmf"])
        .iter()
        .map(|dtmf| text(&dtmf["digits"]))
        .collect();
    assert_eq!(found, expected, "{name}");
}

/// Rows of frame, method, status, URI, session.
fn rtsp(name: &str, report: &Value, rows: &[Value]) {
    let sessions = list(&report["rtsp"]);
    let summaries: BTreeSet<_> = sessions
        .iter()
        .flat_map(|session| list(&session["messages"]))
        .map(|message| text(&message["summary"]))
        .collect();
    let known: BTreeSet<_> = sessions
        .iter()
        .map(|session| text(&session["session"]))
        .collect();
    for row in rows {
        let [method, status, uri, session] = [1, 2, 3, 4].map(|column| text(&row[column]));
        let start = if method.is_empty() {
            status.to_owned()
        } else {
            format!("{method} {uri}")
        };
        let found = summaries.iter().any(|summary| summary.starts_with(&start));
        assert!(found, "{name}: no {start}");
        let session = session.split(';').next().unwrap_or_default();
        assert!(
            session.is_empty() || known.contains(session),
            "{name}: no session {session}"
        );
    }
}

/// Rows of frame, packet types, lengths.
fn rtcp(name: &str, report: &Value, rows: &[Value]) {
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for kind in rows.iter().flat_map(|row| text(&row[1]).split(',')) {
        let kind = match kind {
            "200" => "SR",
            "201" => "RR",
            "202" => "SDES",
            "203" => "BYE",
            other => panic!("{name}: {other}"),
        };
        *expected.entry(kind).or_default() += 1;
    }
    for (kind, number) in expected {
        let sources = list(&report["rtcp"]).iter();
        let found: u64 = sources
            .filter_map(|source| source["kinds"][kind].as_u64())
            .sum();
        assert_eq!(found, number, "{name}: {kind}");
    }
}

#[test]
fn stun_messages_are_matched() {
    let Some(collection) = collection() else {
        return;
    };
    for (file, truth) in with_truth(&collection.join("made/stun")) {
        let report = inspect(&file);
        let transactions = list(&report["stun"]);
        for message in list(&truth["messages"]) {
            let id = text(&message["hex"]).get(16..40).expect("a whole header");
            let class = u16::from_str_radix(text(&message["type"]).trim_start_matches("0x"), 16)
                .expect("a number")
                & 0x0110;
            let transaction = transactions
                .iter()
                .find(|it| it["id"] == id)
                .unwrap_or_else(|| panic!("{}: no {id}", file.display()));
            match class {
                0x0000 => assert_eq!(transaction["src"], message["src"]),
                0x0100 => assert_eq!(transaction["outcome"], "success"),
                0x0110 => assert_eq!(transaction["outcome"], "error"),
                _ => assert_eq!(transaction["outcome"], "indication"),
            }
            let has_mapping = list(&message["attrs"]).contains(&Value::from("0x0020"));
            assert!(!has_mapping || transaction["mapped"].is_string(), "{id}");
            if message["fp_ok"] == true {
                assert_eq!(transaction["fingerprint"], true, "{id}");
            }
        }
    }
}

#[test]
fn redundant_blocks_are_counted() {
    let Some(collection) = collection() else {
        return;
    };
    for (file, truth) in with_truth(&collection.join("made/red")) {
        let report = inspect(&file);
        let packets = list(&truth["packets"]);
        let red = &report["streams"][0]["red"];
        assert_eq!(red["packets"], packets.len());
        let blocks = packets
            .iter()
            .map(|packet| list(&packet["blocks"]).len() + 1)
            .max();
        assert_eq!(
            red["max_blocks"].as_u64(),
            blocks.map(|blocks| blocks as u64)
        );
        assert_eq!(red["primary_payload_types"][0], packets[0]["primary"][0]);
    }
}

#[test]
fn every_packet_of_recorded_media_is_in_its_stream() {
    let Some(collection) = collection() else {
        return;
    };
    for folder in ["made/rtp-jpeg", "made/srtp"] {
        for entry in list(&json(&collection.join(folder).join("index.json"))) {
            let report = inspect(&collection.join(folder).join(text(&entry["pcap"])));
            let stream = &report["streams"][0];
            assert_eq!(list(&report["streams"]).len(), 1, "{entry}");
            assert_eq!(stream["packets"], entry["packets"], "{}", entry["pcap"]);
            assert_eq!(stream["lost"], 0);
        }
    }
}

/// Calls, registrations, streams, senders of events, STUN transactions, RTSP sessions.
const OWN: [(&str, [usize; 6]); 25] = [
    ("own/baresip-call-plain-dtmf-rtcp.pcap", [1, 0, 2, 1, 0, 0]),
    ("own/baresip-call-srtp-sdes.pcap", [1, 0, 2, 0, 0, 0]),
    (
        "own/kamailio-call-407-record-route.pcap",
        [4, 5, 2, 0, 0, 0],
    ),
    ("own/kamailio-register-digest-md5.pcap", [1, 5, 0, 0, 0, 0]),
    ("own/rtp-dtmf-gst.pcap", [0, 0, 1, 1, 0, 0]),
    ("own/rtsp-digest-tcp.pcap", [0, 0, 1, 0, 0, 2]),
    ("own/rtsp-play-mjpeg-udp.pcap", [0, 0, 2, 0, 0, 1]),
    ("own/rtsp-play-pcmu-tcp.pcap", [0, 0, 1, 0, 0, 1]),
    ("own/rtsp-play-pcmu-udp.pcap", [0, 0, 2, 0, 0, 1]),
    ("own/sipp-call-rtp-dtmf.pcap", [1, 0, 4, 2, 0, 0]),
    ("own/sipp-call-tcp.pcap", [1, 0, 0, 0, 0, 0]),
    ("own/sipp-call-udp.pcap", [1, 0, 0, 0, 0, 0]),
    ("own/sipp-cancel-tcp.pcap", [1, 0, 0, 0, 0, 0]),
    ("own/sipp-cancel-udp.pcap", [1, 0, 0, 0, 0, 0]),
    ("own/sipp-register-tcp.pcap", [0, 1, 0, 0, 0, 0]),
    ("own/sipp-register-udp.pcap", [0, 1, 0, 0, 0, 0]),
    ("own/sipp-reinvite-tcp.pcap", [1, 0, 0, 0, 0, 0]),
    ("own/sipp-reinvite-udp.pcap", [1, 0, 0, 0, 0, 0]),
    ("own/stun-binding-plain.pcap", [0, 0, 0, 0, 12, 0]),
    ("made/rtsp/ffmpeg_digest_tcp.pcap", [0, 0, 1, 0, 0, 1]),
    ("made/rtsp/ffmpeg_tcp_av.pcap", [0, 0, 2, 0, 0, 1]),
    ("made/rtsp/ffmpeg_udp_jpeg.pcap", [0, 0, 2, 0, 0, 1]),
    ("made/sip/baresip_plain_dtmf.pcap", [1, 0, 2, 1, 0, 0]),
    ("made/sip/baresip_rtcpmux.pcap", [1, 0, 2, 1, 0, 0]),
    ("public/stun_classic.pcap", [0, 0, 2, 0, 1, 0]),
];

#[test]
fn what_was_recorded_is_found_and_nothing_else() {
    let Some(collection) = collection() else {
        return;
    };
    for (name, expected) in OWN {
        let report = inspect(&collection.join(name));
        let kinds = ["calls", "registrations", "streams", "dtmf", "stun", "rtsp"];
        assert_eq!(
            kinds.map(|kind| list(&report[kind]).len()),
            expected,
            "{name}"
        );
        assert_eq!(report["undecoded"], 0, "{name}");
    }
}

#[test]
fn wrong_credentials_are_told_from_right_ones() {
    let Some(collection) = collection() else {
        return;
    };
    for name in ["sipp-register-udp.pcap", "sipp-register-tcp.pcap"] {
        let report = inspect(&collection.join("own").join(name));
        let registration = &report["registrations"][0];
        assert_eq!(registration["authentication"], "accepted", "{name}");
        assert_eq!(registration["realm"], "interop", "{name}");
    }
    let report = inspect(&collection.join("public/sip_aaa.pcap"));
    assert_eq!(report["registrations"][1]["authentication"], "refused");
    assert_eq!(report["calls"][1]["reason"], "Wrong password or domain");
}

#[test]
fn digits_over_multiplexed_ports() {
    let Some(collection) = collection() else {
        return;
    };
    for (name, digits) in [
        ("baresip_plain_dtmf.pcap", "123450"),
        ("baresip_rtcpmux.pcap", "5"),
    ] {
        let report = inspect(&collection.join("made/sip").join(name));
        for source in list(&report["rtcp"]) {
            assert_eq!(source["call_id"], report["calls"][0]["call_id"], "{name}");
        }
        assert_eq!(list(&report["rtcp"]).len(), 2, "{name}");
        assert_eq!(report["dtmf"][0]["digits"], digits, "{name}");
    }
}
