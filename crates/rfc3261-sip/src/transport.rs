//! Transport rules (RFC 3261 §18, RFC 3581, RFC 5626 §4.4): where messages go, over what, and what
//! is noted on them. Sockets stay outside.

mod connections;
mod flow;
#[cfg(feature = "std")]
mod keep_alive;
mod protocol;
mod sent_by;

pub use connections::Connections;
pub use flow::{ConnectionId, Flow};
#[cfg(feature = "std")]
pub use keep_alive::{KeepAlive, KeepAliveOutput};
pub use protocol::Transport;
pub use sent_by::{SentBy, ViaValue, with_via};
