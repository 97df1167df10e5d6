#![doc = include_str!("../README.md")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

mod driver;
pub mod media;
#[cfg(feature = "pcap")]
mod pcap;
#[cfg(feature = "dns")]
mod resolver;
#[cfg(feature = "rtsp")]
pub mod rtsp;
pub mod sip;
mod tap;
mod tls;

pub use driver::{Driver, Happening, Machine, Output};
#[cfg(feature = "pcap")]
pub use pcap::Pcap;
#[cfg(feature = "dns")]
pub use resolver::{Resolver, ResolverError};
pub use tap::{Carrier, Passage, Tap};
pub use tls::{Tls, TlsConfig, TlsError};
