#![doc = include_str!("../README.md")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

pub mod media;
#[cfg(feature = "rtsp")]
pub mod rtsp;
pub mod sip;
mod tap;
mod tls;

pub use tap::{Carrier, Passage, Tap};
pub use tls::{Tls, TlsConfig, TlsError};
