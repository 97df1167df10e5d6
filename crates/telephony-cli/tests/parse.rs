//! `telephony parse` as a person meets it: output, errors and exit codes of the program.

#![allow(clippy::unwrap_used)] // in the helpers of these tests

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn parse(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_telephony"))
        .arg("parse")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read; that is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// The tree of a valid input.
fn tree(kind: &str, input: &[u8]) -> Value {
    let output = parse(&[kind, "--json"], input);
    assert_eq!(output.status.code(), Some(0), "{kind}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The value and place of the first field with this name, wherever it is in the tree.
fn field<'a>(tree: &'a Value, name: &str) -> Option<(&'a str, u64, u64)> {
    let fields = tree["fields"].as_array()?;
    fields.iter().find_map(|one| {
        if one["name"] == name {
            Some((
                one["value"].as_str()?,
                one["offset"].as_u64()?,
                one["length"].as_u64()?,
            ))
        } else {
            field(one, name)
        }
    })
}

/// What is said on standard error about an invalid input.
fn error(arguments: &[&str], input: &[u8]) -> Value {
    let output = parse(&[arguments, &["--json"]].concat(), input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stderr).unwrap()
}

#[test]
fn a_uri_is_shown_by_its_components() {
    let tree = tree("uri", b"sip:alice:pw@192.0.2.1:5070;lr?subject=x\n");
    assert_eq!(field(&tree, "user"), Some(("alice", 4, 5)));
    assert_eq!(
        field(&tree, "host"),
        Some(("192.0.2.1 (IPv4 address)", 13, 9))
    );
    assert_eq!(field(&tree, "port"), Some(("5070", 23, 4)));
    assert_eq!(field(&tree, "parameter"), Some(("lr", 28, 2)));
    assert_eq!(field(&tree, "header"), Some(("subject=x", 31, 9)));
}

#[test]
fn a_questionable_uri_is_valid_with_a_defect() {
    let tree = tree("uri", b"sip:#123@teams.example.com");
    assert_eq!(tree["defects"][0]["offset"], 4);
    assert_eq!(tree["defects"][0]["rule"], "RFC 3261 §19.1.2");
}

#[test]
fn a_sip_message_is_shown_with_its_body() {
    let message = b"INVITE sip:bob@b.example SIP/2.0\r\n\
        v: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
        Max-Forwards: 70\r\n\
        From: \"Alice\" <sip:alice@a.example>;tag=1\r\n\
        To: <sip:bob@b.example>\r\n\
        Call-ID: 1@a.example\r\n\
        CSeq: 1 INVITE\r\n\
        Contact: <sip:alice@a.example>\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: 78\r\n\r\n\
        v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n\
        t=0 0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4 X 0\r\n";
    let tree = tree("sip", message);
    assert_eq!(field(&tree, "method"), Some(("INVITE", 0, 6)));
    let at = |text: &[u8]| {
        message
            .windows(text.len())
            .position(|window| window == text)
            .unwrap() as u64
    };
    assert_eq!(
        field(&tree, "display name"),
        Some(("Alice", at(b"\"Alice"), 7))
    );
    assert_eq!(
        field(&tree, "sequence number"),
        Some(("1", at(b"1 INVITE"), 1))
    );
    assert!(field(&tree, "Via (v)").is_some());
    assert_eq!(field(&tree, "media"), Some(("audio", at(b"audio"), 5)));
}

#[test]
fn a_sip_message_without_a_mandatory_field_is_invalid_but_shown() {
    let output = parse(
        &["sip"],
        b"OPTIONS sip:b.example SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("sequence number"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("kind Missing") && said.contains("RFC 3261"),
        "{said}"
    );
}

#[test]
fn a_session_description_is_shown_line_by_line() {
    let tree = tree(
        "sdp",
        b"v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\na=tool:x\r\n",
    );
    assert_eq!(field(&tree, "sess-version"), Some(("8", 11, 1)));
    assert_eq!(field(&tree, "a=tool"), Some(("x", 43, 8)));
}

#[test]
fn an_rtp_packet_is_shown_with_its_extension() {
    let packet = [
        0x91, 0x88, 0, 12, 0, 0, 0, 13, 0, 0, 0, 14, 0, 0, 0, 15, 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0,
        0, 0xd5,
    ];
    let tree = tree("rtp", &packet);
    assert_eq!(field(&tree, "payload type"), Some(("8 (PCMA/8000)", 1, 1)));
    assert_eq!(field(&tree, "CSRC"), Some(("0x0000000f", 12, 4)));
    assert_eq!(field(&tree, "element 1"), Some(("aa", 21, 1)));
    assert_eq!(field(&tree, "payload"), Some(("d5", 24, 1)));
}

#[test]
fn a_bad_element_of_a_header_extension_is_found_where_it_is() {
    let packet = "90080001 000000a0 11223344 bede0001 1faa0000";
    let output = error(&["rtp", "--hex"], packet.as_bytes());
    assert_eq!(output["offset"], 16);
}

#[test]
fn rtcp_is_shown_packet_by_packet() {
    let compound = [
        0x80, 201, 0, 1, 0, 0, 0, 7, 0x81, 202, 0, 3, 0, 0, 0, 7, 1, 2, b'a', b'b', 0, 0, 0, 0,
    ];
    let tree = tree("rtcp", &compound);
    assert_eq!(field(&tree, "SSRC"), Some(("0x00000007", 4, 4)));
    assert_eq!(field(&tree, "CNAME"), Some(("ab", 18, 2)));
}

#[test]
fn rtcp_that_begins_with_bye_is_invalid_but_shown() {
    let output = parse(&["rtcp", "--hex"], b"81cb0001 00000007");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("0x00000007"));
}

#[test]
fn a_stun_message_is_shown_with_its_address() {
    let message = "0101000c 2112a442 000000000000000000000001 00200008 0001a147 e112a643";
    let output = parse(&["stun", "--hex", "--json"], message.as_bytes());
    let tree = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        field(&tree, "XOR-MAPPED-ADDRESS"),
        Some(("192.0.2.1:32853", 20, 12))
    );
}

#[test]
fn an_rtsp_message_is_shown_header_by_header() {
    let tree = tree(
        "rtsp",
        b"PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 4\r\nSession: 12;timeout=9\r\n\r\n",
    );
    assert_eq!(field(&tree, "method"), Some(("PLAY", 0, 4)));
    assert_eq!(field(&tree, "CSeq"), Some(("4", 26, 7)));
}

#[test]
fn a_telephone_event_is_shown_in_words() {
    let tree = tree("dtmf", &[5, 0x8a, 3, 0x20]);
    assert_eq!(field(&tree, "event"), Some(("5", 0, 1)));
    assert_eq!(field(&tree, "volume"), Some(("-10 dBm0", 1, 1)));
    assert_eq!(field(&tree, "duration"), Some(("800 ticks", 2, 2)));
}

#[test]
fn redundant_blocks_come_before_the_primary() {
    let tree = tree("red", &[0x80, 0x02, 0x80, 0x02, 0x00, 1, 2, 3]);
    assert_eq!(field(&tree, "timestamp offset"), Some(("160", 1, 2)));
    assert_eq!(field(&tree["fields"][1], "data"), Some(("03", 7, 1)));
}

#[test]
fn an_error_names_kind_offset_and_rule() {
    for (arguments, input, offset) in [
        (&["rtp", "--hex"][..], &b"8008"[..], 0),
        (&["red", "--hex"], b"80028014", 4),
        (&["dtmf", "--hex"], b"050a", 0),
        (&["stun", "--hex"], b"0001", 2),
        (&["uri"], b"sip:a@b:x", 8),
        (&["sdp"], b"", 0),
    ] {
        let error = error(arguments, input);
        assert_eq!(error["offset"], offset, "{arguments:?}: {error}");
        assert!(
            error["rule"].as_str().unwrap().starts_with("RFC "),
            "{error}"
        );
        assert!(!error["kind"].as_str().unwrap().is_empty(), "{error}");
    }
}

#[test]
fn bad_usage_is_told_apart_from_bad_input() {
    assert_eq!(parse(&["nonsense"], b"").status.code(), Some(2));
    assert_eq!(
        parse(&["rtp", "/nonexistent/file"], b"").status.code(),
        Some(2)
    );
    assert_eq!(parse(&["rtp", "--hex"], b"8x").status.code(), Some(2));
}

#[test]
fn nothing_of_the_input_moves_the_cursor() {
    let output = parse(
        &["sdp"],
        b"v=0\r\no=- 1 1 IN IP4 h\r\ns=\x1b[2J\r\nt=0 0\r\n",
    );
    assert!(!output.stdout.contains(&0x1b));
}
