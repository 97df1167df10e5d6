#![doc = include_str!("../README.md")]
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a machine that tells the time has std"
)]

mod agent;
pub mod media;
mod random;
mod security;

pub use agent::{
    Account, Agent, AgentConfig, AgentError, CallId, EndReason, Event, MediaAddress, Output,
};
pub use security::{Security, SecurityConfig};
