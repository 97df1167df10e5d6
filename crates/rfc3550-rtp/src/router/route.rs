//! What signalling says of a session's packets.

use alloc::vec::Vec;
use core::net::SocketAddr;

/// What is known of a session's packets from signalling.
///
/// ```
/// use rfc3550_rtp::Route;
///
/// let route = Route::new().address("192.0.2.1:4000".parse()?).payload_types([0, 101]).latching();
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Route {
    pub(super) address: Option<SocketAddr>,
    pub(super) latching: bool,
    pub(super) payload_types: Vec<u8>,
    pub(super) ssrcs: Vec<u32>,
}

impl Route {
    /// Nothing is known yet. Without an address and without latching a session is never found.
    pub const fn new() -> Self {
        Self {
            address: None,
            latching: false,
            payload_types: Vec::new(),
            ssrcs: Vec::new(),
        }
    }

    /// Where the other side sends from.
    #[must_use]
    pub const fn address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The other side may send from elsewhere than signalled, as it does behind a NAT: the first
    /// address that proves right counts.
    #[must_use]
    pub const fn latching(mut self) -> Self {
        self.latching = true;
        self
    }

    /// The payload types that it sends; any, if none is named.
    #[must_use]
    pub fn payload_types(mut self, payload_types: impl IntoIterator<Item = u8>) -> Self {
        self.payload_types = payload_types.into_iter().collect();
        self
    }

    /// The SSRCs that it sends with, as far as `a=ssrc` has named them.
    #[must_use]
    pub fn ssrcs(mut self, ssrcs: impl IntoIterator<Item = u32>) -> Self {
        self.ssrcs = ssrcs.into_iter().collect();
        self
    }

    /// The payload types under which the session is found, `None` being any.
    pub(super) fn types(&self) -> impl Iterator<Item = Option<u8>> {
        let any = self.payload_types.is_empty().then_some(None);
        let named = self.payload_types.iter().copied().map(Some);
        named.chain(any)
    }
}
