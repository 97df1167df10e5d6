//! A UDP socket that carries all calls: datagrams come in batches where the platform has them.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit as Datagram, UdpSockRef, UdpSocketState};
use rfc3261_sip::transaction::{TransactionId, Transmit};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::unreachable::{Unreachable, watch};
use crate::tap::{Carrier, Passage, Tap};

/// As long as a datagram gets.
const DATAGRAM: usize = 65_536;

pub(super) struct UdpPort {
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    buffer: Vec<u8>,
    /// What waits until the system takes it.
    waiting: VecDeque<Transmit>,
    capacity: usize,
    unreachable: Unreachable,
    tap: Option<Arc<dyn Tap>>,
}

/// A datagram that has come.
pub(super) struct Received {
    pub(super) source: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) bytes: Bytes,
}

impl UdpPort {
    pub(super) fn bind(
        address: SocketAddr,
        socket_buffer: usize,
        capacity: usize,
        tap: Option<Arc<dyn Tap>>,
    ) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // The system gives what it allows.
        let _ = socket.set_recv_buffer_size(socket_buffer);
        let _ = socket.set_send_buffer_size(socket_buffer);
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let state = UdpSocketState::new((&socket).into())?;
        watch(&socket)?;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            state,
            buffer: vec![0; BATCH_SIZE * DATAGRAM],
            waiting: VecDeque::new(),
            capacity,
            unreachable: Unreachable::default(),
            tap,
        })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether datagrams from this address leave here.
    pub(super) fn is_at(&self, address: SocketAddr) -> bool {
        let ip = self.local.ip();
        self.local.port() == address.port()
            && (ip == address.ip()
                || (ip.is_unspecified() && ip.is_ipv4() == address.ip().is_ipv4()))
    }

    /// Sends now, or when the system takes it. `false` if too much waits already.
    pub(super) fn send(&mut self, transmit: Transmit) -> io::Result<bool> {
        if self.waiting.is_empty() {
            match self.try_send(&transmit) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other.map(|()| true),
            }
        }
        let room = self.waiting.len() < self.capacity;
        if room {
            self.waiting.push_back(transmit);
        }
        Ok(room)
    }

    fn try_send(&mut self, transmit: &Transmit) -> io::Result<()> {
        let flow = &transmit.flow;
        if let (Some(ttl), IpAddr::V4(_)) = (flow.ttl, flow.remote.ip()) {
            SockRef::from(&self.socket).set_multicast_ttl_v4(ttl.into())?;
        }
        let source = flow.local.map(|local| local.ip());
        let datagram = Datagram {
            destination: flow.remote,
            ecn: None,
            contents: &transmit.bytes,
            segment_size: None,
            src_ip: source.filter(|ip| !ip.is_unspecified() && self.local.ip().is_unspecified()),
        };
        let send = || self.state.try_send((&self.socket).into(), &datagram);
        let mut sent = match self.unreachable.contains(flow.remote) {
            false => send(),
            true => Err(io::ErrorKind::ConnectionRefused.into()),
        };
        // What became of an earlier datagram may be told in the place of this one.
        if sent.as_ref().is_err_and(is_report) {
            self.unreachable.learn(&self.socket);
            if !self.unreachable.contains(flow.remote) {
                sent = send();
            }
        }
        sent?;
        if let Some(tap) = &self.tap {
            let local = flow.local.unwrap_or(self.local);
            let passage = Passage::new(Carrier::Udp, local, flow.remote, &transmit.bytes);
            tap.passed(SystemTime::now(), &passage);
        }
        Ok(())
    }

    /// Sends what waits, as much as the system takes, and tells what cannot be sent at all.
    pub(super) fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        mut unsent: impl FnMut(TransactionId, io::Error),
    ) -> Poll<()> {
        while let Some(first) = self.waiting.pop_front() {
            match self.try_send(&first) {
                Ok(()) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.waiting.push_front(first);
                }
                Err(error) => {
                    if let Some(transaction) = first.transaction {
                        unsent(transaction, error);
                    }
                    continue;
                }
            }
            // The runtime learns that the socket is not ready after all.
            let blocked = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
            let _ = self.socket.try_io(Interest::WRITABLE, blocked);
            if ready!(self.socket.poll_send_ready(context)).is_err() {
                break;
            }
        }
        Poll::Ready(())
    }

    /// Takes what has come, at most one batch.
    pub(super) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        mut received: impl FnMut(Received),
    ) -> Poll<io::Result<()>> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        loop {
            ready!(self.socket.poll_recv_ready(context))?;
            let mut chunks = self.buffer.chunks_exact_mut(DATAGRAM);
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
                std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
            let socket = UdpSockRef::from(&self.socket);
            let state = &self.state;
            let result = self.socket.try_io(Interest::READABLE, || {
                state.recv(socket, &mut slices, &mut metas)
            });
            let count = match result {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) if is_report(&error) => {
                    self.unreachable.learn(&self.socket);
                    continue;
                }
                Err(error) => return Poll::Ready(Err(error)),
            };
            let now = self.tap.as_ref().map(|tap| (tap, SystemTime::now()));
            for (meta, chunk) in metas
                .iter()
                .zip(self.buffer.chunks_exact(DATAGRAM))
                .take(count)
            {
                let local = match meta.dst_ip {
                    Some(ip) => SocketAddr::new(ip, self.local.port()),
                    None => self.local,
                };
                self.unreachable.forget(meta.addr);
                let bytes = chunk.get(..meta.len).unwrap_or_default();
                for bytes in bytes.chunks(meta.stride.max(1)) {
                    if let Some((tap, now)) = now {
                        tap.passed(now, &Passage::new(Carrier::Udp, meta.addr, local, bytes));
                    }
                    received(Received {
                        source: meta.addr,
                        local,
                        bytes: Bytes::copy_from_slice(bytes),
                    });
                }
            }
            return Poll::Ready(Ok(()));
        }
    }
}

/// Whether the error is one of an earlier datagram, brought by ICMP.
fn is_report(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}
