//! The sockets of one SIP element: datagrams, listeners and connections behind one front.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rfc3261_sip::StreamRole;
use rfc3261_sip::transaction::{TransactionId, Transmit};
use rfc3261_sip::transport::{ConnectionId, Connections, Flow, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::error::{BindError, CloseReason, Unsendable};
use super::stream::{Link, Waiting};
use super::udp::{Received, UdpPort};
use super::{Config, Listen};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// How long accepting pauses where the system has no more to give.
const PAUSE: Duration = Duration::from_millis(100);

/// The sockets of one SIP element.
///
/// - **Inputs**: [`next`](Self::next) gives what has come, in the order in which it came;
///   [`try_next`](Self::try_next) what is there already.
/// - **Commands**: [`send`](Self::send), [`send_to`](Self::send_to) where TLS has to prove a name,
///   [`close`](Self::close), [`shut_down`](Self::shut_down).
///
/// Everything that waits is bounded by [`Config::queue`]: what comes over connections stays in
/// the network until it is looked at, and what cannot be sent is told by [`Event::Unsent`].
pub struct Endpoint {
    shared: Arc<Shared>,
    udp: Vec<UdpPort>,
    listening: Vec<Listen>,
    connections: Connections,
    /// The connection that was opened last to each place, whatever name it has to prove.
    latest: HashMap<Place, ConnectionId>,
    places: HashMap<ConnectionId, Place>,
    streams: HashMap<ConnectionId, mpsc::Sender<Waiting>>,
    arrivals: mpsc::Receiver<FromStream>,
    owner: mpsc::Sender<FromStream>,
    acceptors: JoinSet<()>,
    events: VecDeque<Event>,
    counts: Counts,
}

/// Where a connection from here goes.
type Place = (Transport, SocketAddr);

/// What happens at an endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message, whole: over UDP as it came, over a connection as its Content-Length says.
    Message {
        /// The message, not read yet.
        bytes: Bytes,
        /// Where it came from.
        source: Flow,
    },
    /// A STUN message at a UDP socket (RFC 5626 §8).
    Stun {
        /// The message.
        bytes: Bytes,
        /// Where it came from: an answer goes there by [`Endpoint::send`].
        source: Flow,
    },
    /// A message was not sent.
    Unsent {
        /// The transaction that it is of.
        transaction: TransactionId,
        /// Why.
        error: Unsendable,
    },
    /// A connection is open, from here or from there, with TLS after the handshake.
    Opened {
        /// The way over it.
        flow: Flow,
    },
    /// A connection is closed, or could not be opened.
    Closed {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
}

/// What there is and what there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Connections now, those being opened among them.
    pub connections: usize,
    /// Messages that have come.
    pub received: u64,
    /// Messages that were handed over to be sent.
    pub sent: u64,
    /// Messages that were not sent, whether somebody is told or not.
    pub unsent: u64,
    /// Datagrams that are no messages: keep-alives among them.
    pub ignored: u64,
}

/// What the tasks of an endpoint have in common.
pub(super) struct Shared {
    pub(super) config: Config,
    room: Arc<Semaphore>,
    connections: AtomicU64,
}

/// What a connection tells its endpoint.
pub(super) enum FromStream {
    Accepted {
        id: ConnectionId,
        stream: mpsc::Sender<Waiting>,
    },
    Opened {
        flow: Flow,
        role: StreamRole,
    },
    Message {
        bytes: Bytes,
        flow: Flow,
    },
    Unsent {
        waiting: Waiting,
        name: Option<String>,
    },
    Closed {
        id: ConnectionId,
        reason: CloseReason,
    },
}

impl Endpoint {
    /// Binds the sockets. It needs the runtime of Tokio around it.
    pub fn bind(config: Config) -> Result<Self, BindError> {
        let (owner, arrivals) = mpsc::channel(config.queue.max(1));
        let shared = Arc::new(Shared {
            room: Arc::new(Semaphore::new(config.connections)),
            connections: AtomicU64::new(0),
            config,
        });
        let mut endpoint = Self {
            shared: Arc::clone(&shared),
            udp: Vec::new(),
            listening: Vec::new(),
            connections: Connections::new(),
            latest: HashMap::new(),
            places: HashMap::new(),
            streams: HashMap::new(),
            arrivals,
            owner,
            acceptors: JoinSet::new(),
            events: VecDeque::new(),
            counts: Counts::default(),
        };
        for listen in &shared.config.listen {
            let address = endpoint.listen(*listen).map_err(|error| BindError {
                listen: *listen,
                error,
            })?;
            endpoint.listening.push(Listen {
                transport: listen.transport,
                address,
            });
        }
        Ok(endpoint)
    }

    /// Where it listens, in the order of [`Config::listen`], with the ports that the system chose.
    #[must_use]
    pub fn listening(&self) -> &[Listen] {
        &self.listening
    }

    /// What there is and what there was.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            connections: self.streams.len(),
            ..self.counts
        }
    }

    /// Whether there is this connection, or it is being opened.
    #[must_use]
    pub fn is_open(&self, connection: ConnectionId) -> bool {
        let stream = self.streams.get(&connection);
        stream.is_some_and(|stream| !stream.is_closed())
    }

    /// The next thing that happens. It may be dropped and called again: nothing is lost.
    pub async fn next(&mut self) -> Event {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// What has been received together with what [`next`](Self::next) gave: a batch is worked off
    /// before the next one is waited for.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Sends a message: over the connection that the flow names, or one to the same place, or a
    /// new one; over UDP from the socket that the flow names.
    ///
    /// It never waits. If the message cannot be sent, now or later, [`Event::Unsent`] tells its
    /// transaction. Over UDP, what waited is sent while [`next`](Self::next) is waited for.
    pub fn send(&mut self, transmit: Transmit) {
        self.send_to(transmit, None);
    }

    /// [Sends](Self::send) a message; with TLS to a server that has to prove this name (RFC 3263
    /// §4.1). Without a name any connection to the place will do, whatever name it has proven;
    /// where there is none, the server has to prove its address.
    pub fn send_to(&mut self, transmit: Transmit, server_name: Option<&str>) {
        self.counts.sent += 1;
        let transaction = transmit.transaction;
        let sent = match transmit.flow.transport {
            Transport::Udp => self.send_datagram(transmit),
            Transport::Tcp | Transport::Tls => {
                let waiting = Waiting {
                    transmit,
                    again: false,
                };
                self.send_over_stream(waiting, server_name)
            }
            _ => Err(Unsendable::NoWay),
        };
        if let Err(error) = sent {
            self.unsent(transaction, error);
        }
    }

    /// Closes a connection when what waits in it is sent.
    pub fn close(&mut self, connection: ConnectionId) {
        self.connections.closed(connection);
        self.streams.remove(&connection);
        let place = self.places.remove(&connection);
        let is_latest = |place: &Place| self.latest.get(place) == Some(&connection);
        if let Some(place) = place.filter(is_latest) {
            self.latest.remove(&place);
        }
    }

    /// Closes all connections when what waits in them is sent, for at most as long as is given,
    /// and all sockets.
    pub async fn shut_down(mut self, limit: Duration) {
        self.acceptors.shutdown().await;
        self.streams.clear();
        let Self {
            shared,
            mut udp,
            mut arrivals,
            ..
        } = self;
        let flushing = async {
            let all = u32::try_from(shared.config.connections).unwrap_or(u32::MAX);
            let mut ended = std::pin::pin!(shared.room.acquire_many(all));
            loop {
                tokio::select! {
                    _ = &mut ended => break,
                    // Nobody waits for room.
                    Some(_) = arrivals.recv() => {}
                }
            }
            poll_fn(|context| {
                let waiting = udp.iter_mut().filter_map(|port| {
                    let sent = port.poll_send(context, |_, _| {});
                    sent.is_pending().then_some(())
                });
                match waiting.count() {
                    0 => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            })
            .await;
        };
        let _ = timeout(limit, flushing).await;
    }

    fn listen(&mut self, listen: Listen) -> io::Result<SocketAddr> {
        let config = &self.shared.config;
        match listen.transport {
            Transport::Udp => {
                let tap = config.tap.clone();
                let port = UdpPort::bind(listen.address, config.socket_buffer, config.queue, tap)?;
                let address = port.local();
                self.udp.push(port);
                return Ok(address);
            }
            Transport::Tcp => {}
            Transport::Tls if config.tls.as_ref().is_some_and(|tls| tls.can_listen()) => {}
            Transport::Tls => return Err(io::Error::other("TLS needs a certificate and its key")),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        }
        let domain = Domain::for_address(listen.address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // The connections of a server that was here before may not be over yet.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if listen.address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&listen.address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        let accepting = accept(
            listener,
            listen.transport,
            self.owner.clone(),
            Arc::clone(&self.shared),
        );
        self.acceptors.spawn(accepting);
        Ok(address)
    }

    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(event);
            }
            let mut idle = true;
            while let Poll::Ready(Some(arrival)) = self.arrivals.poll_recv(context) {
                idle = false;
                self.take(arrival);
                if self.events.len() >= self.shared.config.queue {
                    break;
                }
            }
            for port in &mut self.udp {
                let (events, counts) = (&mut self.events, &mut self.counts);
                let _ = port.poll_send(context, |transaction, error| {
                    counts.unsent += 1;
                    let error = Unsendable::System(error);
                    events.push_back(Event::Unsent { transaction, error });
                });
                let received = port.poll_receive(context, |received| match event(received) {
                    Some(event) => {
                        counts.received += 1;
                        events.push_back(event);
                    }
                    None => counts.ignored += 1,
                });
                idle &= received.is_pending();
            }
            if idle && self.events.is_empty() {
                return Poll::Pending;
            }
        }
    }

    /// Notes what a connection tells.
    fn take(&mut self, arrival: FromStream) {
        let event = match arrival {
            FromStream::Accepted { id, stream } => {
                self.streams.insert(id, stream);
                return;
            }
            FromStream::Opened { flow, role } => {
                // One from here is noted already, with the name that it had to prove.
                if let (Some(id), StreamRole::Server) = (flow.connection, role) {
                    self.connections
                        .opened(id, flow.transport, flow.remote, None);
                }
                Event::Opened { flow }
            }
            FromStream::Message { bytes, flow } => {
                self.counts.received += 1;
                Event::Message {
                    bytes,
                    source: flow,
                }
            }
            FromStream::Unsent { waiting, name } => {
                self.send_again(waiting, name.as_deref());
                return;
            }
            FromStream::Closed { id, reason } => {
                self.close(id);
                Event::Closed {
                    connection: id,
                    reason,
                }
            }
        };
        self.events.push_back(event);
    }

    fn unsent(&mut self, transaction: Option<TransactionId>, error: Unsendable) {
        self.counts.unsent += 1;
        if let Some(transaction) = transaction {
            self.events.push_back(Event::Unsent { transaction, error });
        }
    }

    fn send_datagram(&mut self, transmit: Transmit) -> Result<(), Unsendable> {
        let remote = transmit.flow.remote;
        let usable = |port: &&mut UdpPort| port.local().is_ipv4() == remote.is_ipv4();
        let port = match transmit.flow.local {
            Some(local) => self.udp.iter_mut().find(|port| port.is_at(local)),
            None => self.udp.iter_mut().find(usable),
        };
        match port.ok_or(Unsendable::NoWay)?.send(transmit) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Unsendable::Full),
            Err(error) => Err(Unsendable::System(error)),
        }
    }

    fn send_over_stream(
        &mut self,
        mut waiting: Waiting,
        name: Option<&str>,
    ) -> Result<(), Unsendable> {
        let flow = waiting.transmit.flow;
        if let Some(stream) = flow.connection.and_then(|id| self.streams.get(&id)) {
            match stream.try_send(waiting) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(Unsendable::Full),
                // It has just been closed.
                Err(mpsc::error::TrySendError::Closed(back)) => waiting = back,
            }
        }
        let id = self.connection_to(&flow, name);
        let stream = id.and_then(|id| self.streams.get(&id));
        match stream.ok_or(Unsendable::Connections)?.try_send(waiting) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Unsendable::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Unsendable::Closed),
        }
    }

    /// Sends what waited in a connection when that was closed: once more, if the peer may have
    /// closed it for being idle.
    fn send_again(&mut self, waiting: Waiting, name: Option<&str>) {
        let transaction = waiting.transmit.transaction;
        let sent = match waiting.again {
            true => Err(Unsendable::Closed),
            false => {
                let again = true;
                self.send_over_stream(Waiting { again, ..waiting }, name)
            }
        };
        if let Err(error) = sent {
            self.unsent(transaction, error);
        }
    }

    /// The connection to a place, a new one if there is none. `None` if there is no room for it.
    fn connection_to(&mut self, flow: &Flow, name: Option<&str>) -> Option<ConnectionId> {
        let place = (flow.transport, flow.remote);
        let found = match (self.connections.find(place.0, place.1, name), name) {
            (None, None) => self.latest.get(&place).copied(),
            (found, _) => found,
        };
        if let Some(id) = found.filter(|id| self.is_open(*id)) {
            return Some(id);
        }
        let permit = Arc::clone(&self.shared.room).try_acquire_owned().ok()?;
        let id = self.shared.next_id();
        let (stream, link) = Link::new(
            id,
            flow.transport,
            StreamRole::Client,
            name,
            &self.owner,
            &self.shared,
            permit,
        );
        self.streams.insert(id, stream);
        self.latest.insert(place, id);
        self.places.insert(id, place);
        self.connections
            .opened(id, flow.transport, flow.remote, name);
        let remote = flow.remote;
        tokio::spawn(async move {
            let limit = link.shared.config.connect_timeout;
            let connected = timeout(limit, TcpStream::connect(remote)).await;
            match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => link.run(stream).await,
                Err(error) => link.end(CloseReason::Failed(error)).await,
            }
        });
        Some(id)
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("listening", &self.listening)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn next_id(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed))
    }
}

impl Link {
    fn new(
        id: ConnectionId,
        transport: Transport,
        role: StreamRole,
        name: Option<&str>,
        owner: &mpsc::Sender<FromStream>,
        shared: &Arc<Shared>,
        permit: OwnedSemaphorePermit,
    ) -> (mpsc::Sender<Waiting>, Self) {
        let (sender, waiting) = mpsc::channel(shared.config.queue.max(1));
        let link = Self {
            id,
            transport,
            role,
            name: name.map(str::to_owned),
            waiting,
            owner: owner.clone(),
            shared: Arc::clone(shared),
            opened: false,
            permit,
        };
        (sender, link)
    }
}

/// Takes connections as long as there is room, and refuses them where there is none.
async fn accept(
    listener: TcpListener,
    transport: Transport,
    owner: mpsc::Sender<FromStream>,
    shared: Arc<Shared>,
) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&shared.room).try_acquire_owned() else {
            continue;
        };
        let id = shared.next_id();
        let (stream, link) = Link::new(
            id,
            transport,
            StreamRole::Server,
            None,
            &owner,
            &shared,
            permit,
        );
        if owner
            .send(FromStream::Accepted { id, stream })
            .await
            .is_err()
        {
            return;
        }
        tokio::spawn(link.run(socket));
    }
}

/// What a datagram is: a message, STUN (RFC 7983 §7), or a keep-alive and the like.
fn event(received: Received) -> Option<Event> {
    let Received {
        source,
        local,
        bytes,
    } = received;
    let source = Flow::new(Transport::Udp, source).local(local);
    match bytes.first()? {
        0..=3 => Some(Event::Stun { bytes, source }),
        b'\r' | b'\n' => {
            let start = bytes
                .iter()
                .position(|byte| !matches!(byte, b'\r' | b'\n'))?;
            let bytes = bytes.slice(start..);
            Some(Event::Message { bytes, source })
        }
        _ => Some(Event::Message { bytes, source }),
    }
}
