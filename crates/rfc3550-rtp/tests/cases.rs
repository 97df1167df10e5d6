//! Hard cases as bytes: each is an error that names the field, or the value that the RFC gives.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "cases/lineage.rs"]
mod lineage;
#[path = "cases/rtcp.rs"]
mod rtcp;
#[path = "cases/rtp.rs"]
mod rtp;
#[path = "cases/statistics.rs"]
mod statistics;

/// The bytes of hexadecimal digits; blanks are for the reader.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    assert!(digits.len() % 2 == 0, "half an octet");
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
