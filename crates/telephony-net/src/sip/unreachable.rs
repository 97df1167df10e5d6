//! What ICMP says of datagrams that did not arrive (RFC 3261 §18.4), where the system tells it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;

/// How many are kept in mind.
const MOST: usize = 64;

/// For how long: until those who wait for an answer have repeated their request.
const MEMORY: Duration = Duration::from_secs(1);

/// Those who were said not to be there a moment ago.
///
/// Who sent what is not told; but requests are repeated, and the copy finds its peer here.
#[derive(Default)]
pub(super) struct Unreachable {
    peers: Vec<(SocketAddr, Instant)>,
}

impl Unreachable {
    /// Whether this peer is not there.
    pub(super) fn contains(&mut self, peer: SocketAddr) -> bool {
        if self.peers.is_empty() {
            return false;
        }
        let now = Instant::now();
        self.peers.retain(|(_, until)| *until > now);
        self.peers.iter().any(|(known, _)| *known == peer)
    }

    /// This peer is there after all.
    pub(super) fn forget(&mut self, peer: SocketAddr) {
        if !self.peers.is_empty() {
            self.peers.retain(|(known, _)| *known != peer);
        }
    }

    /// Asks the system what it was told.
    pub(super) fn learn(&mut self, socket: &UdpSocket) {
        let until = Instant::now() + MEMORY;
        while let Some(report) = system::report(socket) {
            if let Some(peer) = report.filter(|_| self.peers.len() < MOST) {
                self.peers.push((peer, until));
            }
        }
    }
}

pub(super) use system::watch;

#[cfg(target_os = "linux")]
mod system {
    //! Linux has a queue of errors at each socket.

    use std::io::{self, IoSliceMut};
    use std::net::SocketAddr;
    use std::os::fd::AsRawFd as _;

    use nix::libc::{SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6, sock_extended_err};
    use nix::sys::socket::{
        ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike, recvmsg, setsockopt,
        sockopt::{Ipv4RecvErr, Ipv6DontFrag, Ipv6RecvErr},
    };
    use tokio::net::UdpSocket;

    /// Destination unreachable (RFC 792), and the code that only tells of fragments.
    const ICMP_DEST_UNREACH: u8 = 3;
    const ICMP_FRAG_NEEDED: u8 = 4;

    /// Destination unreachable (RFC 4443).
    const ICMP6_DST_UNREACH: u8 = 1;

    /// Has the errors told, and lets messages be cut into fragments: those who batches are made
    /// for, QUIC, forbid that.
    pub(in crate::sip) fn watch(socket: &UdpSocket) -> io::Result<()> {
        use rustix::net::sockopt::{
            Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
        };
        if socket.local_addr()?.is_ipv4() {
            set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::WANT)?;
            setsockopt(socket, Ipv4RecvErr, &true)?;
        } else {
            set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::WANT)?;
            setsockopt(socket, Ipv6DontFrag, &false)?;
            setsockopt(socket, Ipv6RecvErr, &true)?;
        }
        Ok(())
    }

    /// The next error: to whom the datagram went, if that one is not there.
    pub(super) fn report(socket: &UdpSocket) -> Option<Option<SocketAddr>> {
        match socket.local_addr().ok()?.is_ipv4() {
            true => read(socket, |address: &SockaddrIn| (*address).into()),
            false => read(socket, |address: &SockaddrIn6| (*address).into()),
        }
    }

    fn read<S: SockaddrLike>(
        socket: &UdpSocket,
        peer: impl Fn(&S) -> SocketAddr,
    ) -> Option<Option<SocketAddr>> {
        let mut sent = [0; 1];
        let mut slices = [IoSliceMut::new(&mut sent)];
        let mut control = [0; 512];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let socket = socket.as_raw_fd();
        let report = recvmsg::<S>(socket, &mut slices, Some(&mut control), flags).ok()?;
        let gone = report.cmsgs().ok()?.any(|message| match message {
            ControlMessageOwned::Ipv4RecvErr(error, _) => is_gone(&error),
            ControlMessageOwned::Ipv6RecvErr(error, _) => is_gone(&error),
            _ => false,
        });
        Some(report.address.as_ref().map(peer).filter(|_| gone))
    }

    fn is_gone(error: &sock_extended_err) -> bool {
        match error.ee_origin {
            SO_EE_ORIGIN_ICMP => {
                error.ee_type == ICMP_DEST_UNREACH && error.ee_code != ICMP_FRAG_NEEDED
            }
            SO_EE_ORIGIN_ICMP6 => error.ee_type == ICMP6_DST_UNREACH,
            _ => false,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! Elsewhere nothing is known.

    use std::io;
    use std::net::SocketAddr;

    use tokio::net::UdpSocket;

    pub(in crate::sip) fn watch(_: &UdpSocket) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn report(_: &UdpSocket) -> Option<Option<SocketAddr>> {
        None
    }
}
