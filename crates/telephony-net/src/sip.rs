//! Messages of SIP over UDP, TCP and TLS (RFC 3261 §18).

mod config;
mod endpoint;
mod error;
mod stream;
mod udp;
mod unreachable;

pub use config::{Config, InvalidListen, Listen};
pub use endpoint::{Counts, Endpoint, Event};
pub use error::{BindError, CloseReason, Unsendable};
