#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod builder;
#[cfg(feature = "std")]
mod client;
mod control;
mod defect;
mod error;
mod framer;
mod grammar;
mod header_name;
pub mod headers;
mod interleaved;
mod message;
mod method;
mod policy;
#[cfg(feature = "std")]
mod server;
#[cfg(feature = "std")]
mod state;
mod status;
#[cfg(feature = "std")]
mod streams;

pub use builder::MessageBuilder;
#[cfg(feature = "std")]
pub use client::{
    Client, ClientConfig, ClientEndReason, ClientEvent, ClientOutput, Request, RequestError,
};
pub use defect::{Defect, DefectKind, Severity};
pub use error::{ErrorKind, ParseError, WriteError};
pub use framer::{Frame, Framer};
pub use header_name::HeaderName;
pub use interleaved::{InterleavedFrame, interleaved_header, write_interleaved};
pub use message::{HeaderField, Message, MessageRef, Parser, StartLine};
pub use method::Method;
pub use policy::{Limits, Policy};
#[cfg(feature = "std")]
pub use server::{
    CommandError, ConnectionId, EndReason, Reply, RequestId, Server, ServerConfig, ServerEvent,
    ServerOutput, ServerRequest, SessionKey,
};
#[cfg(feature = "std")]
pub use state::State;
pub use status::{StatusClass, StatusCode};
#[cfg(feature = "std")]
pub use streams::Target;
