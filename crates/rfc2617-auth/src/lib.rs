#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod algorithm;
mod basic;
mod challenge;
mod client;
mod credentials;
mod digest;
mod error;
mod grammar;
mod info;
mod qop;
mod scheme;
mod server;
mod text;

pub use algorithm::{Algorithm, Hash};
pub use basic::{BasicChallenge, BasicCredentials};
pub use challenge::DigestChallenge;
pub use client::{
    Account, Answer, Authorization, Challenger, Client, ClientConfig, Info, Order, Outcome,
};
pub use credentials::{DigestCredentials, Username};
pub use digest::{Exchange, Ha1, HexDigest, Protection, Request};
pub use error::{ErrorKind, InvalidText, ParseError, SchemeError};
pub use info::{AuthenticationInfo, InfoError};
pub use qop::{Qop, QopOptions};
pub use scheme::{AuthParam, Scheme};
pub use server::{Accepted, Claim, DigestServer, Reason, Replay, ServerConfig, UriRule, Verdict};
