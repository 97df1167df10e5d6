//! Sockets for RTP and RTCP (RFC 3550 §11, RFC 5761).

mod ports;
mod sockets;

pub use ports::{InvalidPorts, Ports};
pub use sockets::{Component, Config, Counts, Media, MediaId, Received};
