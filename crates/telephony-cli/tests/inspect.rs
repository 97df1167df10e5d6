//! `telephony inspect` on the bundled captures: what is said of each, to the digit.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn capture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/captures")
        .join(name)
}

fn telephony(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telephony"));
    command
        .arg("inspect")
        .args(arguments)
        .output()
        .expect("the command runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the report is UTF-8")
}

fn inspect_with(name: &str, options: &[&str]) -> Value {
    let file = capture(name);
    let mut arguments = vec!["--json", file.to_str().expect("the path is UTF-8")];
    arguments.extend(options);
    let output = telephony(&arguments);
    assert_eq!(output.status.code(), Some(0), "{name}");
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn inspect(name: &str) -> Value {
    inspect_with(name, &[])
}

/// The members of one object, as a list to compare with.
fn members<'a>(object: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    names.iter().map(|name| &object[*name]).collect()
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().expect("a number");
    assert!(
        (value - expected).abs() <= expected.abs() * 0.01 + 0.0011,
        "{value}, not {expected}"
    );
}

/// Sender, packets, lost, largest delta, mean and largest jitter, as tshark 4.0 has them.
type Figures = (&'static str, u64, i64, f64, f64, f64);

fn assert_streams(report: &Value, expected: &[Figures]) {
    assert_eq!(length(&report["streams"]), expected.len());
    for (src, packets, lost, delta, mean, max) in expected {
        let streams = report["streams"].as_array().expect("an array");
        let stream = streams
            .iter()
            .find(|stream| stream["src"] == *src && stream["packets"] == *packets)
            .unwrap_or_else(|| panic!("no stream of {packets} packets from {src}"));
        assert_eq!(stream["lost"], *lost, "{src}");
        near(&stream["max_delta_ms"], *delta);
        near(&stream["mean_jitter_ms"], *mean);
        near(&stream["max_jitter_ms"], *max);
    }
}

#[test]
fn a_call_with_dtmf_and_rtcp() {
    let report = inspect("baresip-call-plain-dtmf-rtcp.pcap");
    assert_eq!(
        members(&report, &["schema", "packets", "undecoded"]),
        [1, 753, 0]
    );
    assert_eq!(
        report["protocols"],
        serde_json::json!({"SIP": 6, "RTP": 741, "RTCP": 6})
    );
    assert_eq!(report["capture"]["started"], "2026-11-20T09:57:41.050379Z");
    assert_eq!(report["notes"], serde_json::json!([]));

    let call = &report["calls"][0];
    assert_eq!(length(&report["calls"]), 1);
    assert_eq!(
        members(
            call,
            &["call_id", "from", "to", "state", "ended_by", "reason"]
        ),
        [
            "a384a927a141a8f1",
            "sip:alice@127.0.0.1:20000",
            "sip:bob@127.0.0.1:20200",
            "ended",
            "caller",
            "Answering"
        ]
    );
    assert_eq!(call["status"], 200);
    assert_eq!(call["setup_ms"], 3.828);
    assert_eq!(call["duration_ms"], 7037.565);
    assert_eq!(call["codecs"], serde_json::json!(["PCMU/8000"]));
    let messages = call["messages"].as_array().expect("an array");
    let summaries: Vec<_> = messages.iter().map(|message| &message["summary"]).collect();
    assert_eq!(
        summaries,
        [
            "INVITE (audio PCMU)",
            "180 Ringing",
            "200 Answering (audio PCMU)",
            "ACK",
            "BYE",
            "200 OK BYE"
        ]
    );
    assert_eq!(
        members(&messages[0], &["src", "transport"]),
        ["127.0.0.1:20000", "udp"]
    );

    for stream in report["streams"].as_array().expect("an array") {
        assert_eq!(stream["call_id"], call["call_id"]);
        assert_eq!(
            members(stream, &["found_by", "codec"]),
            ["sdp", "PCMU/8000"]
        );
        assert_eq!(
            members(stream, &["lost", "duplicates", "reordered"]),
            [0, 0, 0]
        );
    }
    let dtmf = &report["dtmf"][0];
    assert_eq!(members(dtmf, &["ssrc", "digits"]), ["0xe5c0ad99", "15*"]);
    assert_eq!(dtmf["call_id"], call["call_id"]);
    let durations: Vec<_> = (0..3)
        .map(|event| &dtmf["events"][event]["duration_ms"])
        .collect();
    assert_eq!(durations, [180.0, 180.0, 180.0]);

    let alice = &report["rtcp"][1];
    assert_eq!(
        members(alice, &["cname", "call_id"]),
        ["sip:alice@127.0.0.1:20000", "a384a927a141a8f1"]
    );
    assert_eq!(
        alice["kinds"],
        serde_json::json!({"SR": 1, "SDES": 2, "BYE": 1, "APP PING": 1})
    );
    assert_eq!(alice["reports"][0]["about"], "0x7e4e0d84");
    assert_eq!(alice["reports"][0]["round_trip_ms"], 0.016);
    assert_eq!(alice["bye"], true);
}

/// tshark leaves telephone events out of the jitter; RFC 4733 §2.5.2.2 counts every packet, and
/// so does `max_jitter_ms`. Without the events the figures are the same.
#[test]
fn jitter_with_and_without_telephone_events() {
    let report = inspect("baresip-call-plain-dtmf-rtcp.pcap");
    let [bob, alice] = [&report["streams"][0], &report["streams"][1]];
    near(&bob["max_jitter_ms"], 1.234);
    near(&bob["mean_jitter_ms"], 0.954);
    near(&bob["max_delta_ms"], 22.153);
    assert_eq!(bob["max_media_jitter_ms"], Value::Null);
    near(&alice["max_media_jitter_ms"], 1.186);
    near(&alice["max_delta_ms"], 21.268);
    assert_eq!(alice["max_jitter_ms"], 101.849);
}

#[test]
fn streams_agree_with_tshark() {
    let report = inspect("kamailio-call-407-record-route.pcap");
    let expected = [
        ("127.0.0.1:21500", 105, 0, 20.933, 0.821, 1.057),
        ("127.0.0.1:21314", 105, 0, 21.280, 0.807, 1.068),
    ];
    assert_streams(&report, &expected);
    let report = inspect("rtsp-play-pcmu-udp.pcap");
    let expected = [
        ("127.0.0.1:36296", 151, 0, 59.802, 0.300, 2.488),
        ("127.0.0.1:26618", 1, 0, 0.0, 0.0, 0.0),
    ];
    assert_streams(&report, &expected);
    let report = inspect("rtsp-play-pcmu-tcp.pcap");
    assert_streams(&report, &[("127.0.0.1:8554", 151, 0, 20.246, 0.047, 0.081)]);
}

/// Event streams with a sequence of their own: lost and packets as tshark counts them.
#[test]
fn dtmf_in_an_ssrc_of_its_own() {
    let report = inspect("sipp-call-rtp-dtmf.pcap");
    assert_eq!(length(&report["streams"]), 4);
    let streams = report["streams"].as_array().expect("an array");
    let events: Vec<_> = streams
        .iter()
        .filter(|it| it["ssrc"] == "0x0e05384e")
        .collect();
    for stream in &events {
        assert_eq!(
            members(stream, &["packets", "expected", "lost", "duplicates"]),
            [30, 421, 391, 6]
        );
        assert_eq!(stream["codec"], "telephone-event/8000");
    }
    assert_eq!(events.len(), 2);
    for direction in 0..2 {
        assert_eq!(report["dtmf"][direction]["digits"], "15*");
    }
    assert_eq!(
        report["calls"][0]["codecs"],
        serde_json::json!(["PCMA/8000"])
    );
}

#[test]
fn dtmf_that_nobody_announced() {
    let report = inspect("rtp-dtmf-gst.pcap");
    let stream = &report["streams"][0];
    assert_eq!(
        members(stream, &["codec", "found_by"]),
        ["PCMU/8000", "heuristic"]
    );
    assert_eq!(members(stream, &["packets", "lost"]), [74, 0]);
    assert_eq!(report["dtmf"][0]["digits"], "15*");
}

#[test]
fn registrations_and_their_authentication() {
    let report = inspect("kamailio-register-digest-md5.pcap");
    let names = [
        "aor",
        "user",
        "state",
        "authentication",
        "algorithm",
        "realm",
    ];
    let expected = [
        [
            "sip:alice@interop.test",
            "alice",
            "registered",
            "accepted",
            "MD5",
            "interop.test",
        ],
        [
            "sip:alice@interop.test",
            "alice",
            "failed",
            "refused",
            "MD5",
            "interop.test",
        ],
        [
            "sip:bob@interop.test",
            "bob",
            "registered",
            "accepted",
            "MD5",
            "interop.test",
        ],
        [
            "sip:alice@interop.test",
            "alice",
            "registered",
            "accepted",
            "MD5",
            "interop.test",
        ],
        [
            "sip:alice@interop.test",
            "alice",
            "removed",
            "accepted",
            "MD5",
            "interop.test",
        ],
    ];
    assert_eq!(length(&report["registrations"]), expected.len());
    for (registration, expected) in report["registrations"]
        .as_array()
        .expect("an array")
        .iter()
        .zip(expected)
    {
        assert_eq!(members(registration, &names), expected);
    }
    assert_eq!(report["registrations"][0]["expires_s"], 60);
    assert_eq!(report["registrations"][1]["status"], 401);
    assert_eq!(
        report["registrations"][2]["messages"][0]["transport"],
        "tcp"
    );
}

#[test]
fn calls_through_a_proxy() {
    let report = inspect("kamailio-call-407-record-route.pcap");
    assert_eq!(length(&report["calls"]), 4);
    for call in report["calls"].as_array().expect("an array") {
        assert_eq!(members(call, &["state", "ended_by"]), ["ended", "caller"]);
        assert_eq!(
            members(call, &["authenticated", "cancelled"]),
            [true, false]
        );
        assert_eq!(
            members(call, &["status", "forks", "re_invites"]),
            [200, 1, 0]
        );
        assert_eq!(
            length(&call["messages"]),
            if call["codecs"][0] == "PCMU/8000" {
                16
            } else {
                17
            }
        );
    }
    // Answered when the caller saw it, not when the proxy did.
    assert_eq!(report["calls"][0]["setup_ms"], 7.248);
    let registrations = report["registrations"].as_array().expect("an array");
    let states: Vec<_> = registrations.iter().map(|it| &it["state"]).collect();
    assert_eq!(
        states,
        [
            "registered",
            "registered",
            "removed",
            "removed",
            "registered"
        ]
    );
}

#[test]
fn a_cancelled_call() {
    let report = inspect("sipp-cancel-udp.pcap");
    let call = &report["calls"][0];
    assert_eq!(
        members(call, &["state", "reason"]),
        ["cancelled", "Request Terminated"]
    );
    assert_eq!(members(call, &["status", "forks"]), [487, 1]);
    assert_eq!(call["setup_ms"], Value::Null);
    assert_eq!(length(&call["messages"]), 6);
}

#[test]
fn hold_and_resume() {
    let report = inspect("sipp-reinvite-udp.pcap");
    let call = &report["calls"][0];
    assert_eq!(members(call, &["re_invites", "retransmissions"]), [2, 0]);
    assert_eq!(
        call["messages"][3]["summary"],
        "INVITE (audio PCMA sendonly)"
    );
    assert_eq!(
        call["messages"][4]["summary"],
        "200 OK (audio PCMA recvonly)"
    );
}

#[test]
fn sip_over_tcp() {
    let report = inspect("sipp-call-tcp.pcap");
    let call = &report["calls"][0];
    assert_eq!(call["state"], "ended");
    assert_eq!(length(&call["messages"]), 7);
    assert_eq!(call["messages"][6]["transport"], "tcp");
}

#[test]
fn srtp_is_counted_without_being_opened() {
    let report = inspect("baresip-call-srtp-sdes.pcap");
    assert_eq!(report["calls"][0]["encrypted"], true);
    for (stream, packets) in [(0, 354), (1, 390)] {
        let stream = &report["streams"][stream];
        assert_eq!(members(stream, &["packets", "decrypted"]), [packets, 0]);
        assert_eq!(stream["encrypted"], true);
    }
    assert_eq!(length(&report["dtmf"]), 0);
    // The first APP and the last BYE were sent in the clear, the two others were not.
    let kinds = serde_json::json!({"APP PING": 1, "BYE": 1, "SDES": 1, "SRTCP": 2});
    assert_eq!(report["rtcp"][0]["kinds"], kinds);
    let note = "2 RTP streams encrypted (SRTP); --srtp opens those whose keys are in the SDP";
    assert_eq!(report["notes"], serde_json::json!([note]));
}

#[test]
fn srtp_is_opened_with_the_keys_of_the_sdp() {
    let report = inspect_with("baresip-call-srtp-sdes.pcap", &["--srtp"]);
    // As many as libsrtp opens: 354 and 390.
    for (stream, packets) in [(0, 354), (1, 390)] {
        let stream = &report["streams"][stream];
        assert_eq!(
            members(stream, &["packets", "decrypted"]),
            [packets, packets]
        );
    }
    assert_eq!(report["dtmf"][0]["digits"], "15*");
    let kinds = serde_json::json!({"APP PING": 2, "BYE": 1, "SDES": 2, "SR": 1});
    assert_eq!(report["rtcp"][1]["kinds"], kinds);
    assert_eq!(report["rtcp"][1]["encrypted"], true);
    // The callee's first SRTCP packet went out before its answer with the key.
    let kinds = serde_json::json!({"APP PING": 1, "BYE": 1, "SDES": 2, "SR": 1, "SRTCP": 1});
    assert_eq!(report["rtcp"][0]["kinds"], kinds);
    assert_eq!(
        report["notes"][0],
        "747 packets of SRTP and SRTCP decrypted"
    );
    assert_eq!(length(&report["notes"]), 1);
}

#[test]
fn stun_transactions_and_mappings() {
    let report = inspect("stun-binding-plain.pcap");
    let transactions = report["stun"].as_array().expect("an array");
    assert_eq!(transactions.len(), 12);
    for transaction in transactions {
        assert_eq!(transaction["outcome"], "success");
        assert_eq!(transaction["method"], "Binding");
        // Nothing translates addresses here; RESPONSE-PORT alone sends an answer elsewhere.
        assert_eq!(transaction["mapped"], transaction["src"]);
    }
    let classic = transactions
        .iter()
        .filter(|it| it["classic"] == true)
        .count();
    let checked = transactions
        .iter()
        .filter(|it| it["fingerprint"] == true)
        .count();
    assert_eq!((classic, checked), (4, 5));
    assert_eq!(transactions[1]["response_src"], "127.0.0.2:3479");
}

#[test]
fn rtsp_with_digest_and_interleaved_media() {
    let report = inspect("rtsp-digest-tcp.pcap");
    assert_eq!(length(&report["rtsp"]), 2);
    let [first, second] = [&report["rtsp"][0], &report["rtsp"][1]];
    assert_eq!(
        members(first, &["state", "authentication"]),
        ["failed", "challenged"]
    );
    assert_eq!(
        members(second, &["state", "authentication", "session"]),
        ["torn-down", "accepted", "PQc7lYx0dNL1Vu53"]
    );
    assert_eq!(second["tracks"][0]["codec"], "PCMU/8000");
    assert_eq!(second["interleaved_packets"], 51);
    let stream = &report["streams"][0];
    assert_eq!(
        members(stream, &["ssrc", "transport", "found_by"]),
        ["0x5d29fdb1", "rtsp", "rtsp"]
    );
    assert_eq!(stream["packets"], 51);
}

#[test]
fn rtsp_announces_ports() {
    let report = inspect("rtsp-play-pcmu-udp.pcap");
    for stream in report["streams"].as_array().expect("an array") {
        assert_eq!(
            members(stream, &["found_by", "codec"]),
            ["rtsp", "PCMU/8000"]
        );
    }
    assert_eq!(length(&report["rtcp"]), 2);
}

#[test]
fn redundant_audio_is_known_by_its_looks() {
    let report = inspect("red-distance-2.pcap");
    let stream = &report["streams"][0];
    assert_eq!(
        members(stream, &["packets", "lost", "restarts"]),
        [60, 0, 0]
    );
    assert_eq!(stream["codec"], "PCMA/8000");
    let red = serde_json::json!({
        "packets": 60, "malformed": 0, "max_blocks": 2,
        "primary_payload_types": [8], "recovered": 0,
    });
    assert_eq!(stream["red"], red);
}

#[test]
fn one_call_alone() {
    let report = inspect_with("kamailio-call-407-record-route.pcap", &["--call", "96489"]);
    assert_eq!(length(&report["calls"]), 1);
    assert_eq!(report["calls"][0]["call_id"], "964890fdaa2c4c7c");
    assert_eq!(
        (length(&report["streams"]), length(&report["rtcp"])),
        (2, 2)
    );
    let report = inspect_with(
        "kamailio-call-407-record-route.pcap",
        &["--call", "1-14048@127.0.0.1"],
    );
    assert_eq!(
        (length(&report["calls"]), length(&report["streams"])),
        (1, 0)
    );
}

#[test]
fn the_text_is_what_the_readme_shows() {
    let file = capture("baresip-call-plain-dtmf-rtcp.pcap");
    let output = telephony(&[file.to_str().expect("the path is UTF-8")]);
    let text = stdout(&output);
    assert!(include_str!("../README.md").contains(&text), "{text}");
    assert!(!text.contains('\x1b'), "no colours into a pipe");
    assert!(text.lines().count() < 40, "one screen");
}

#[test]
fn the_page_needs_nothing_else() {
    let out = std::env::temp_dir().join(format!("telephony-{}.html", std::process::id()));
    let page = out.to_str().expect("the path is UTF-8");
    let file = capture("kamailio-call-407-record-route.pcap");
    let output = telephony(&["--html", page, file.to_str().expect("the path is UTF-8")]);
    assert_eq!(output.status.code(), Some(0));
    let html = std::fs::read_to_string(&out).expect("the page is there");
    std::fs::remove_file(&out).expect("the page can be removed");
    // Four ladders and two plots.
    assert_eq!(html.matches("<svg").count(), 6);
    for outside in ["http://", "https://", "src=", "url(", "<script"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("407 Proxy Authentication Required"));
}

#[test]
fn exit_codes_and_messages() {
    let own = file!().rsplit('/').next().expect("a name");
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(own);
    let output = telephony(&[source.to_str().expect("the path is UTF-8")]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains("is not a capture: neither pcap nor pcapng"),
        "{message}"
    );

    let output = telephony(&["no-such-file.pcap"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(telephony(&["--no-such-option"]).status.code(), Some(2));

    let file = capture("sipp-cancel-udp.pcap");
    let file = file.to_str().expect("the path is UTF-8");
    assert_eq!(
        telephony(&["--call", "nobody", file]).status.code(),
        Some(2)
    );
}

#[test]
fn a_truncated_file_is_analysed_as_far_as_it_goes() {
    let whole = std::fs::read(capture("baresip-call-plain-dtmf-rtcp.pcap")).expect("it is bundled");
    let cut = std::env::temp_dir().join(format!("telephony-{}.pcap", std::process::id()));
    std::fs::write(&cut, &whole[..100_000]).expect("it can be written");
    let output = telephony(&["--json", cut.to_str().expect("the path is UTF-8")]);
    std::fs::remove_file(&cut).expect("it can be removed");
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(report["capture"]["complete"], false);
    assert_eq!(report["calls"][0]["state"], "established");
    let note = report["notes"][0].as_str().expect("a note");
    assert!(
        note.starts_with("the file ends within a packet; its last"),
        "{note}"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains(note));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    let file = capture("kamailio-call-407-record-route.pcap");
    let mut child = Command::new(env!("CARGO_BIN_EXE_telephony"))
        .args(["inspect", "--json"])
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Every member of the document is explained; the explanation stands outside of the package.
#[test]
fn every_member_is_documented() {
    fn names(value: &Value, within_kinds: bool, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if !within_kinds {
                        found.push(name.clone());
                    }
                    // The names of these objects' members are protocols, reasons and kinds.
                    let open = ["protocols", "kinds", "undecoded_reasons"].contains(&name.as_str());
                    names(value, open, found);
                }
            }
            Value::Array(values) => values.iter().for_each(|it| names(it, false, found)),
            _ => {}
        }
    }
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/inspect-json.md");
    let Ok(docs) = std::fs::read_to_string(&docs) else {
        println!("skipped: {} is not there", docs.display());
        return;
    };
    let mut found = Vec::new();
    for name in [
        "baresip-call-plain-dtmf-rtcp.pcap",
        "kamailio-register-digest-md5.pcap",
        "red-distance-2.pcap",
        "rtsp-digest-tcp.pcap",
        "stun-binding-plain.pcap",
    ] {
        names(&inspect(name), false, &mut found);
    }
    for name in found {
        assert!(
            docs.contains(&format!("`{name}`")) || docs.contains(&format!("`{name}[]`")),
            "{name}"
        );
    }
}
