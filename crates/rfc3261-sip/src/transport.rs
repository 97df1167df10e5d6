//! Transport rules (RFC 3261 §18, RFC 3581): where messages go and what is noted on them. Sockets
//! stay outside.

mod flow;
mod protocol;
mod sent_by;

pub use flow::{ConnectionId, Flow};
pub use protocol::Transport;
pub use sent_by::{SentBy, ViaValue};
