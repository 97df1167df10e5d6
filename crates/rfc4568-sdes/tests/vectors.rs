//! The attributes of RFC 4568 and others, with their verdicts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc4568_sdes::{Capabilities, Crypto};

#[test]
fn attributes_are_judged_and_written_back() {
    let mut seen = 0;
    let lines = include_str!("vectors/crypto.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (verdict, value) = line.split_once(' ').unwrap();
        seen += 1;
        if verdict == "invalid" {
            assert!(Crypto::parse(value).is_err(), "{line}");
            continue;
        }
        let crypto = Crypto::parse(value).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(crypto.to_string(), value);
        let mut capabilities = Capabilities::new(vec![crypto.suite().clone()]);
        capabilities.unencrypted_srtcp = true;
        assert_eq!(capabilities.support(&crypto), verdict == "valid", "{line}");
    }
    assert_eq!(seen, 23);
}
