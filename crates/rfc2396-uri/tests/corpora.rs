//! Every address in the SIP corpora beside the repository, where they are there: each is read
//! without a panic, and what is accepted is the text it was read from.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use rfc2396_uri::NameAddr;

/// The headers that hold addresses.
const HEADERS: [&str; 14] = [
    "to",
    "t",
    "from",
    "f",
    "contact",
    "m",
    "route",
    "record-route",
    "refer-to",
    "r",
    "p-asserted-identity",
    "reply-to",
    "path",
    "diversion",
];

#[test]
fn addresses_of_the_corpora() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let Ok(corpora) = fs::read_dir(&folder) else {
        println!("skipped: no {}", folder.display());
        return;
    };
    let (mut accepted, mut refused) = (0, 0);
    let mut open: Vec<PathBuf> = corpora
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("corpora/sip-"))
        .collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for line in String::from_utf8_lossy(&bytes).lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if !HEADERS.contains(&name.trim().to_ascii_lowercase().as_str()) {
                continue;
            }
            match NameAddr::parse_prefix_of_one(value) {
                Ok((address, consumed)) => {
                    accepted += 1;
                    assert!(value.starts_with(address.as_str()) && consumed <= value.len());
                    assert!(value.contains(address.uri().as_str()));
                    let _ = (address.defects(), address.displayable());
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.offset() <= value.len());
                }
            }
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > refused);
}
