//! The sockets of many media streams behind one front.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Ports;
use crate::tap::{Carrier, Passage, Tap};

/// As long as a datagram gets.
const DATAGRAM: usize = 65_536;

/// How media sockets work.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The address to bind to.
    pub ip: IpAddr,
    /// The ports to use.
    pub ports: Ports,
    /// How many packets of all streams together may wait to be looked at: 4096. More are dropped,
    /// as the network would.
    pub queue: usize,
    /// Streams at a time: 10,000.
    pub streams: usize,
    /// The size that is asked of the system for the buffer of each socket, in bytes: 256 KiB. It
    /// may give less.
    pub socket_buffer: usize,
    /// An observer of what is on the wire.
    pub tap: Option<Arc<dyn Tap>>,
}

impl Config {
    /// The defaults, at this address.
    #[must_use]
    pub fn new(ip: IpAddr, ports: Ports) -> Self {
        Self {
            ip,
            ports,
            queue: 4096,
            streams: 10_000,
            socket_buffer: 256 << 10,
            tap: None,
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("ip", &self.ip)
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}

/// The sockets of many media streams: for each an even port for RTP and the next one for RTCP, or
/// one for both.
///
/// What comes at any of them comes out of [`next`](Self::next), with the time at which it was
/// taken from its socket.
pub struct Media {
    config: Config,
    streams: HashMap<MediaId, Stream>,
    next_id: u64,
    /// The last port that was given away.
    last_port: u16,
    sender: mpsc::Sender<Received>,
    received: mpsc::Receiver<Received>,
    dropped: Arc<AtomicU64>,
    unsent: u64,
}

/// The number by which a [`Media`] knows a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId(u64);

/// Which of the two ports of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Component {
    /// The even one: RTP, and RTCP too where they are multiplexed.
    Rtp,
    /// The odd one: RTCP.
    Rtcp,
}

/// A packet that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// The stream.
    pub media: MediaId,
    /// The port that it came to. Where RTP and RTCP are multiplexed, the bytes tell.
    pub component: Component,
    /// Where it came from.
    pub source: SocketAddr,
    /// When it was taken from the socket.
    pub at: Instant,
    /// The packet.
    pub bytes: Bytes,
}

/// What there is and what there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Streams now.
    pub streams: usize,
    /// Packets that came while too many waited already.
    pub dropped: u64,
    /// Packets that the system did not take.
    pub unsent: u64,
}

struct Stream {
    rtp: Port,
    rtcp: Option<Port>,
}

/// A socket and the task that reads it.
struct Port {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    reader: JoinHandle<()>,
}

impl Media {
    /// No streams yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (sender, received) = mpsc::channel(config.queue.max(1));
        Self {
            config,
            streams: HashMap::new(),
            next_id: 0,
            last_port: 0,
            sender,
            received,
            dropped: Arc::default(),
            unsent: 0,
        }
    }

    /// What there is and what there was.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            streams: self.streams.len(),
            dropped: self.dropped.load(Ordering::Relaxed),
            unsent: self.unsent,
        }
    }

    /// Opens an even port for RTP and the next one for RTCP.
    ///
    /// # Errors
    ///
    /// All ports are in use, or as many streams are open as are allowed.
    pub fn open_pair(&mut self) -> io::Result<MediaId> {
        let bind = |port| {
            let rtp = self.bind(port)?;
            let port = rtp.local_addr()?.port();
            match port.checked_add(1).filter(|_| port.is_multiple_of(2)) {
                Some(next) => Ok((rtp, Some(self.bind(next)?))),
                None => Err(io::ErrorKind::AddrInUse.into()),
            }
        };
        let sockets = self.find(bind)?;
        self.add(sockets)
    }

    /// Opens an even port for RTP and RTCP (RFC 5761).
    ///
    /// # Errors
    ///
    /// All ports are in use, or as many streams are open as are allowed.
    pub fn open_multiplexed(&mut self) -> io::Result<MediaId> {
        let sockets = self.find(|port| Ok((self.bind(port)?, None)))?;
        self.add(sockets)
    }

    /// The own addresses of a stream; that of RTCP where it has a port of its own.
    #[must_use]
    pub fn addresses(&self, media: MediaId) -> Option<(SocketAddr, Option<SocketAddr>)> {
        let stream = self.streams.get(&media)?;
        Some((
            stream.rtp.local,
            stream.rtcp.as_ref().map(|port| port.local),
        ))
    }

    /// Sends a packet. Where RTP and RTCP are multiplexed, both leave from the one port. A packet
    /// that the system does not take at once is lost, as it might be on its way.
    pub fn send(
        &mut self,
        media: MediaId,
        component: Component,
        destination: SocketAddr,
        bytes: &[u8],
    ) {
        let Some(stream) = self.streams.get(&media) else {
            return;
        };
        let port = match (component, &stream.rtcp) {
            (Component::Rtcp, Some(rtcp)) => rtcp,
            _ => &stream.rtp,
        };
        let to = destination.into();
        // At once, whatever the runtime knows of the socket.
        let socket = SockRef::from(&*port.socket);
        let mut sent = socket.send_to(bytes, &to);
        // ICMP may tell of an earlier packet in this one's place.
        if sent
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            sent = socket.send_to(bytes, &to);
        }
        match (sent, &self.config.tap) {
            (Ok(_), Some(tap)) => {
                let passage = Passage::new(Carrier::Udp, port.local, destination, bytes);
                tap.passed(SystemTime::now(), &passage);
            }
            (Ok(_), None) => {}
            (Err(_), _) => self.unsent += 1,
        }
    }

    /// Closes the ports of a stream. What has come already is still given.
    pub fn close(&mut self, media: MediaId) {
        self.streams.remove(&media);
    }

    /// The next packet. It may be dropped and called again: nothing is lost.
    pub async fn next(&mut self) -> Received {
        match self.received.recv().await {
            Some(received) => received,
            // `self` holds a sender.
            None => std::future::pending().await,
        }
    }

    /// A packet that is there already.
    pub fn try_next(&mut self) -> Option<Received> {
        self.received.try_recv().ok()
    }

    /// The first ports that can be bound.
    fn find<T>(&self, bind: impl Fn(u16) -> io::Result<T>) -> io::Result<T> {
        if self.streams.len() >= self.config.streams {
            return Err(io::Error::other("too many media streams"));
        }
        let ports = self.config.ports;
        // The system gives odd ports too.
        let tries = if ports.is_any() { 64 } else { 1 };
        for port in (0..tries).flat_map(|_| ports.pairs(self.last_port)) {
            match bind(port) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                other => return other,
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    fn bind(&self, port: u16) -> io::Result<std::net::UdpSocket> {
        let socket = std::net::UdpSocket::bind(SocketAddr::new(self.config.ip, port))?;
        // The system gives what it allows.
        let _ = SockRef::from(&socket).set_recv_buffer_size(self.config.socket_buffer);
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    fn add(
        &mut self,
        (rtp, rtcp): (std::net::UdpSocket, Option<std::net::UdpSocket>),
    ) -> io::Result<MediaId> {
        let media = MediaId(self.next_id);
        self.next_id += 1;
        let rtp = self.read(media, Component::Rtp, rtp)?;
        let rtcp = rtcp.map(|rtcp| self.read(media, Component::Rtcp, rtcp));
        let rtcp = rtcp.transpose()?;
        self.last_port = rtp.local.port();
        self.streams.insert(media, Stream { rtp, rtcp });
        Ok(media)
    }

    fn read(
        &self,
        media: MediaId,
        component: Component,
        socket: std::net::UdpSocket,
    ) -> io::Result<Port> {
        let socket = Arc::new(UdpSocket::from_std(socket)?);
        let local = socket.local_addr()?;
        let reading = read(
            Arc::clone(&socket),
            local,
            (media, component),
            self.sender.clone(),
            Arc::clone(&self.dropped),
            self.config.tap.clone(),
        );
        Ok(Port {
            socket,
            local,
            reader: tokio::spawn(reading),
        })
    }
}

impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media")
            .field("config", &self.config)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads a socket until its stream is closed.
async fn read(
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    (media, component): (MediaId, Component),
    sender: mpsc::Sender<Received>,
    dropped: Arc<AtomicU64>,
    tap: Option<Arc<dyn Tap>>,
) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        // ICMP tells of packets that nobody wanted: that is no reason to stop.
        let Ok((length, source)) = socket.recv_from(&mut buffer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let at = Instant::now();
        let bytes = buffer.get(..length).unwrap_or_default();
        if let Some(tap) = &tap {
            let passage = Passage::new(Carrier::Udp, source, local, bytes);
            tap.passed(SystemTime::now(), &passage);
        }
        let received = Received {
            media,
            component,
            source,
            at,
            bytes: Bytes::copy_from_slice(bytes),
        };
        match sender.try_send(received) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
            Err(mpsc::error::TrySendError::Closed(_)) => return,
        }
    }
}
