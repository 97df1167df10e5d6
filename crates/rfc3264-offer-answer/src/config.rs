//! What a session is known by and how it behaves (§5).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::address::Address;
use crate::fmtp::FmtpRule;

/// What a session is known by and how it behaves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The user name of our `o=`, `-` for none.
    pub username: String,
    /// The session id of our `o=`, up to 2^63-1. Unique for this user and address: a time stamp or a random number.
    pub session_id: u64,
    /// The version our first description has, below 2^62-1. 0 unless changed.
    pub version: u64,
    /// The address of our `o=` and of the session's `c=`. It stays the same; streams have addresses of their own.
    pub address: Address,
    /// The session name, `-` unless changed.
    pub session_name: String,
    /// Whether every violation by the peer refuses the description, not only the grave ones.
    pub is_strict: bool,
    /// How many `m=` lines a session may have; 32 unless changed.
    pub max_media: usize,
    /// Rules for the parameters of codecs, by encoding name, before those of [`rule_for`](crate::rule_for).
    pub fmtp_rules: Vec<(String, FmtpRule)>,
}

impl Config {
    /// A configuration with the address for `o=` and `c=`, and a session id.
    pub fn new(address: Address, session_id: u64) -> Self {
        Self {
            username: "-".to_string(),
            session_id,
            version: 0,
            address,
            session_name: "-".to_string(),
            is_strict: false,
            max_media: 32,
            fmtp_rules: Vec::new(),
        }
    }
}
