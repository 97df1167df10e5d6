//! Pairs of UDP ports for RTP and RTCP (RFC 3550 §11).

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::SockRef;
use tokio::net::UdpSocket;

/// How often another pair is tried when the system gives an odd port or the next one is taken.
const ATTEMPTS: usize = 64;
/// Bytes that wait in the system for us, if it allows so many: a burst of large frames.
const BUFFER_BYTES: usize = 4 << 20;

/// The sockets of RTP and RTCP.
#[derive(Debug)]
pub(super) struct PortPair {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

impl PortPair {
    /// An even port and the next on an address.
    pub(super) async fn bind(address: IpAddr) -> io::Result<Self> {
        let mut failure = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..ATTEMPTS {
            let first = UdpSocket::bind((address, 0)).await?;
            let port = first.local_addr()?.port();
            // The other port of the pair: above an even one, below an odd one.
            match UdpSocket::bind((address, port ^ 1)).await {
                Ok(other) if port % 2 == 0 => return Self::of(first, other),
                Ok(other) => return Self::of(other, first),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn of(rtp: UdpSocket, rtcp: UdpSocket) -> io::Result<Self> {
        let socket = SockRef::from(&rtp);
        // What the system does not grant, it cuts down.
        let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(BUFFER_BYTES);
        Ok(Self { rtp, rtcp })
    }

    /// The ports of a multicast group, shared with others on this machine.
    pub(super) fn join(group: SocketAddr, interface: IpAddr) -> io::Result<Self> {
        let rtcp = SocketAddr::new(group.ip(), group.port() | 1);
        Ok(Self {
            rtp: member(group, interface)?,
            rtcp: member(rtcp, interface)?,
        })
    }

    /// The number of the RTP port.
    pub(super) fn port(&self) -> io::Result<u16> {
        Ok(self.rtp.local_addr()?.port())
    }
}

/// A socket that receives what is sent to a port of a multicast group.
pub(super) fn member(group: SocketAddr, interface: IpAddr) -> io::Result<UdpSocket> {
    let domain = socket2::Domain::for_address(group);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Bound to the group, the socket gets nothing else that is sent to the port.
    socket.bind(&group.into())?;
    match (group.ip(), interface) {
        (IpAddr::V4(group), IpAddr::V4(interface)) => {
            socket.join_multicast_v4(&group, &interface)?;
        }
        (IpAddr::V6(group), _) => socket.join_multicast_v6(&group, 0)?,
        _ => return Err(io::ErrorKind::AddrNotAvailable.into()),
    }
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rtp_is_even_and_rtcp_the_next() {
        let pairs = [(); 4].map(|()| PortPair::bind([127, 0, 0, 1].into()));
        let mut ports = Vec::new();
        let mut kept = Vec::new();
        for pair in pairs {
            let pair = pair.await.unwrap();
            let (rtp, rtcp) = (pair.port().unwrap(), pair.rtcp.local_addr().unwrap().port());
            assert_eq!((rtp % 2, rtcp), (0, rtp + 1));
            ports.push(rtp);
            kept.push(pair);
        }
        ports.dedup();
        assert_eq!(ports.len(), 4);
    }
}
