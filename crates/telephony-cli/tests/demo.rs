//! `telephony demo` as a person meets it.
#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

use std::process::Command;

use serde_json::Value;

fn telephony() -> Command {
    Command::new(env!("CARGO_BIN_EXE_telephony"))
}

#[test]
fn all_holds_and_the_recordings_are_kept() {
    let folder = std::env::temp_dir().join(format!("telephony-demo-{}", std::process::id()));
    let output = telephony()
        .args(["demo", "--json", "--keep"])
        .arg(&folder)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!(report["good"], true);
    assert_eq!(report["digits"], "1234#");
    assert!(report["snr_db"].as_f64().unwrap() > 20.0);
    assert!(report["checks"].as_array().unwrap().len() >= 10);
    for side in ["a", "b"] {
        assert_eq!(report[side]["lost"], 0);
        assert!(report[side]["reports_received"].as_u64().unwrap() > 0);
    }
    let files = std::fs::read_dir(&folder).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["heard.wav", "played.wav"]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_ladder_and_the_report_are_printed() {
    let output = telephony().arg("demo").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for shown in [
        "A (alice)",
        "STUN Binding request",
        "401 REGISTER",
        "407 INVITE",
        "200 INVITE (SDP, keys)",
        "SRTP PCMU/8000, RTCP",
        "digit #",
        "BYE",
        "digits     1234#",
        "all held",
    ] {
        assert!(text.contains(shown), "{shown} is missing in\n{text}");
    }
    assert!(!text.contains('✗'));
}
