#![doc = include_str!("../README.md")]
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a machine that tells the time has std"
)]

pub mod media;
mod random;
mod security;

pub use security::{Security, SecurityConfig};
