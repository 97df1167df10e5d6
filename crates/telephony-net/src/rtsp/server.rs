//! The server: connections, sessions and streams in one task, which decides nothing that a machine
//! of the RFC crates can decide.

mod connection;
mod observation;
mod outlet;
mod requests;
mod stream;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use rfc2326_rtsp::{
    ConnectionId, Server as Machine, ServerConfig as MachineConfig, ServerEvent, ServerOutput,
    SessionKey, Target,
};
use rfc2617_auth::{DigestServer, ServerConfig as DigestConfig};
use rfc3550_rtp::NtpTimestamp;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use connection::{Connection, Incoming, Outgoing, read_reports};
pub use observation::{Observation, ServerError, Totals};
use outlet::Outlet;
use stream::{Delivery, Progress, Stream};

use super::ports::{PortPair, member};
use super::{Presentation, Users};

/// What may wait of all connections together.
const INCOMING: usize = 256;
/// How long a connection may be silent that has no session.
const IDLE: Duration = Duration::from_secs(60);
/// How often that is looked at, and [`Observation::Progress`] made.
const TICK: Duration = Duration::from_secs(1);

/// How a [`Server`] behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Who may watch: everybody unless set.
    pub users: Option<Users>,
    /// How many connections there may be at once, 512 unless set.
    pub connections: usize,
    /// How long a session lives without a word of its client, 60 seconds unless set.
    pub session_timeout: Duration,
    /// The group for clients that ask for multicast; without it they are refused.
    pub multicast: Option<Multicast>,
}

/// A multicast group. All who watch one presentation there see the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multicast {
    /// The group, and the even port of RTP for the first presentation; those of further ones
    /// follow.
    pub group: SocketAddr,
    /// How far packets go.
    pub ttl: u8,
    /// The address of the interface that they leave by.
    pub interface: IpAddr,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            users: None,
            connections: 512,
            session_timeout: Duration::from_secs(60),
            multicast: None,
        }
    }
}

/// A server of motion JPEG for many clients at once.
///
/// Each presentation has one stream, of JPEG over RTP: by UDP, in the connection, or to a
/// multicast group. A session is known on its own connection only, and packets go to the address
/// that the connection came from, whatever a request says. Frames are cut into packets once; what
/// is sent to a client shares their bytes.
pub struct Server {
    config: ServerConfig,
    listener: TcpListener,
    local: SocketAddr,
    ports: PortPair,
    presentations: Vec<(String, Presentation)>,
    digest: Option<DigestServer>,
}

impl Server {
    /// A server on an address, whose port 0 stands for any. RTP and RTCP get two further ports.
    ///
    /// # Errors
    ///
    /// If an address is taken, or the configuration cannot be.
    pub async fn bind(address: SocketAddr, config: ServerConfig) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        let ports = PortPair::bind(local.ip()).await?;
        if let Some(multicast) = &config.multicast {
            let is_even = multicast.group.port() % 2 == 0;
            let fits = multicast.group.is_ipv4() == multicast.interface.is_ipv4()
                && multicast.group.is_ipv4() == local.is_ipv4();
            if !multicast.group.ip().is_multicast() || !is_even || !fits {
                return Err(ServerError::Multicast);
            }
            for socket in [&ports.rtp, &ports.rtcp] {
                let socket = SockRef::from(socket);
                if let IpAddr::V4(interface) = multicast.interface {
                    socket.set_multicast_if_v4(&interface)?;
                    socket.set_multicast_ttl_v4(multicast.ttl.into())?;
                } else {
                    socket.set_multicast_hops_v6(multicast.ttl.into())?;
                }
            }
        }
        let digest = match &config.users {
            Some(users) => {
                let mut digest = DigestConfig::new(users.realm());
                digest.algorithms = users.algorithms();
                let digest = DigestServer::new(digest, random()?);
                Some(digest.map_err(|_| ServerError::Realm)?)
            }
            None => None,
        };
        Ok(Self {
            config,
            listener,
            local,
            ports,
            presentations: Vec::new(),
            digest,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Shows something under `rtsp://HOST/NAME`; the first one also without the name.
    ///
    /// # Errors
    ///
    /// If the name is taken, empty, or has a slash.
    pub fn add(&mut self, name: &str, presentation: Presentation) -> Result<(), ServerError> {
        let is_taken = self.presentations.iter().any(|(other, _)| other == name);
        if name.is_empty() || name.contains('/') || is_taken {
            return Err(ServerError::Name(name.into()));
        }
        self.presentations.push((name.into(), presentation));
        Ok(())
    }

    /// Serves until `stop`, and tells what happens.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers, or refuses the multicast group.
    pub async fn run(
        self,
        stop: impl Future<Output = ()>,
        observe: impl FnMut(Observation),
    ) -> Result<Totals, ServerError> {
        let mut machine = MachineConfig::default();
        machine.session_timeout = self.config.session_timeout;
        machine.sessions = self.config.connections;
        // Those that there are now there will be later.
        random()?;
        let running = Running {
            machine: Machine::new(machine, random_id),
            observe,
            began: Instant::now(),
            wall_clock: wall_clock(),
            config: self.config,
            local: self.local,
            ports: self.ports,
            presentations: self.presentations,
            digest: self.digest,
            groups: HashMap::new(),
            connections: HashMap::new(),
            next_connection: 0,
            streams: BTreeMap::new(),
            next_stream: 0,
            sessions: HashMap::new(),
            receivers: HashMap::new(),
            timers: BTreeSet::new(),
            totals: Totals::default(),
        };
        running.run(self.listener, stop).await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("local", &self.local)
            .field("presentations", &self.presentations)
            .finish_non_exhaustive()
    }
}

/// Numbers a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct StreamId(u64);

/// A server that runs.
struct Running<O> {
    machine: Machine,
    observe: O,
    /// What live video and the wall clock count from.
    began: Instant,
    wall_clock: NtpTimestamp,
    config: ServerConfig,
    local: SocketAddr,
    ports: PortPair,
    presentations: Vec<(String, Presentation)>,
    digest: Option<DigestServer>,
    /// The one stream of all sessions in the multicast group of a presentation.
    groups: HashMap<usize, StreamId>,
    connections: HashMap<ConnectionId, Connection>,
    next_connection: u64,
    streams: BTreeMap<StreamId, Stream>,
    next_stream: u64,
    sessions: HashMap<SessionKey, (StreamId, ConnectionId)>,
    /// Whose reports come from where.
    receivers: HashMap<SocketAddr, StreamId>,
    /// When streams have something to do, the next first.
    timers: BTreeSet<(Instant, StreamId)>,
    /// What ended streams have sent, and running ones until the last tick.
    totals: Totals,
}

impl<O: FnMut(Observation)> Running<O> {
    async fn run(
        mut self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<Totals, ServerError> {
        let (sender, mut incoming) = mpsc::channel(INCOMING);
        let mut readers = JoinSet::new();
        if let Some(multicast) = &self.config.multicast {
            for group in 0..self.presentations.len() {
                let (_, rtcp) = group_of(multicast, group);
                let socket = member(rtcp, multicast.interface)?;
                readers.spawn(read_reports(group, socket, sender.clone()));
            }
        }
        let mut stop = std::pin::pin!(stop);
        let mut tick = Instant::now() + TICK;
        let (mut datagram, mut punch) = ([0; 2048], [0; 64]);
        loop {
            let machine = self.machine.next_timeout();
            let stream = self.timers.first().map(|(due, _)| *due);
            let next = machine.into_iter().chain(stream).fold(tick, Instant::min);
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => {
                    // What fails to be accepted has gone already, or the system is short of
                    // something: the next attempt is after the next event.
                    if let Ok((stream, peer)) = accepted {
                        self.accept(stream, peer, &sender);
                    }
                }
                Some(item) = incoming.recv() => self.take(item),
                Ok((length, from)) = self.ports.rtcp.recv_from(&mut datagram) => {
                    let stream = self.receivers.get(&from).copied();
                    self.take_report(stream, from, datagram.get(..length).unwrap_or_default());
                }
                // What clients send here only opens their firewalls.
                _ = self.ports.rtp.recv_from(&mut punch) => {}
                () = sleep_until(next.into()) => {}
            }
            self.handle_timeouts();
            if tick <= Instant::now() {
                tick = Instant::now() + TICK;
                self.tick();
            }
        }
        Ok(self.end())
    }

    fn accept(&mut self, stream: TcpStream, peer: SocketAddr, sender: &mpsc::Sender<Incoming>) {
        if self.connections.len() >= self.config.connections {
            (self.observe)(Observation::TurnedAway { peer });
            return;
        }
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        if let Ok(connection) = Connection::new(id, stream, sender.clone(), Instant::now()) {
            self.connections.insert(id, connection);
            (self.observe)(Observation::Connected { peer });
        }
    }

    fn take(&mut self, item: Incoming) {
        let now = Instant::now();
        match item {
            Incoming::Bytes(id, bytes) => {
                // Bytes of a connection that was closed meanwhile would begin another.
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.heard = now;
                    self.machine.handle_input(now, id, &bytes);
                }
            }
            Incoming::Gone(id) => {
                self.machine.handle_disconnect(id);
                self.disconnect(id);
            }
            Incoming::Report {
                group,
                from,
                datagram,
            } => {
                let stream = self.groups.get(&group).copied();
                self.take_report(stream, from, &datagram);
            }
        }
        self.drain(now);
    }

    fn disconnect(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.remove(&id) {
            let peer = connection.peer;
            (self.observe)(Observation::Disconnected { peer });
        }
    }

    /// Does what the machine of RTSP wants.
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                ServerOutput::Transmit { connection, bytes } => {
                    let is_taken = self.outlet().queue(connection, Outgoing::Bytes(bytes));
                    if !is_taken {
                        // A client that takes no responses.
                        self.machine.handle_disconnect(connection);
                        self.disconnect(connection);
                    }
                }
                ServerOutput::Close(connection) => self.disconnect(connection),
                ServerOutput::Event(ServerEvent::Request(request)) => self.answer(now, &request),
                ServerOutput::Event(ServerEvent::Interleaved { connection, frame }) => {
                    let channel = frame.channel();
                    let stream = self.streams.iter().find(|(_, stream)| {
                        let over = stream.delivery;
                        matches!(over, Delivery::Interleaved { connection: own, rtcp, .. }
                            if own == connection && rtcp == channel)
                    });
                    if let Some((&id, stream)) = stream {
                        let from = stream.peer;
                        self.take_report(Some(id), from, frame.data());
                    }
                }
                ServerOutput::Event(ServerEvent::Ended { session, .. }) => {
                    self.end_session(now, session);
                }
                _ => {}
            }
        }
    }

    /// A receiver's report: it keeps the session alive.
    fn take_report(&mut self, stream: Option<StreamId>, from: SocketAddr, datagram: &[u8]) {
        let now = Instant::now();
        let Some(id) = stream else {
            return;
        };
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if !stream.handle_rtcp(now, from, datagram) {
            return;
        }
        // In a group, nobody can tell whose report it is.
        if let (Some(&session), 1) = (stream.sessions.first(), stream.sessions.len()) {
            let _ = self.machine.keep_alive(now, session);
        }
        self.with_stream(id, |stream, _, outlet| stream.flush(outlet));
    }

    fn handle_timeouts(&mut self) {
        let now = Instant::now();
        self.machine.handle_timeout(now);
        self.drain(now);
        while let Some(&(due, id)) = self.timers.first() {
            if due > now {
                return;
            }
            // What is sent takes time, and the next stream would seem to be on time.
            let now = Instant::now();
            let began = self.began;
            let progress = self.with_stream(id, |stream, presentation, outlet| {
                stream.handle_timeout(now, began, presentation, outlet)
            });
            if progress == Some(Progress::Finished) {
                self.finish(now, id);
            }
        }
    }

    /// A stream has come to the end of what was to be played: its sessions are Ready.
    fn finish(&mut self, now: Instant, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        for session in std::mem::take(&mut stream.players) {
            let _ = self.machine.finish(session, Target::Presentation);
        }
        let is_end = self
            .presentations
            .get(stream.presentation)
            .and_then(|(_, presentation)| presentation.source.frames())
            .is_some_and(|frames| stream.position() >= frames);
        if is_end {
            // BYE says that nothing more comes; who plays again gets another RTP session.
            let wall_clock = self.wall_clock_at(now);
            let seed = random();
            self.with_stream(id, |stream, _, outlet| {
                stream.leave(now, outlet);
                if let Ok(seed) = seed {
                    stream.session = Stream::session(now, wall_clock, seed);
                }
            });
        }
        self.observe_stopped(id);
    }

    fn end_session(&mut self, now: Instant, session: SessionKey) {
        let Some((id, _)) = self.sessions.remove(&session) else {
            return;
        };
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.sessions.remove(&session);
        stream.players.remove(&session);
        if stream.players.is_empty() {
            stream.pause();
        }
        if stream.sessions.is_empty() {
            self.with_stream(id, |stream, _, outlet| stream.leave(now, outlet));
            self.remove_stream(id);
        }
    }

    fn remove_stream(&mut self, id: StreamId) {
        let Some(mut stream) = self.streams.remove(&id) else {
            return;
        };
        self.timers.retain(|(_, other)| *other != id);
        self.receivers.retain(|_, other| *other != id);
        self.groups.retain(|_, other| *other != id);
        self.totals.add(&stream.take_totals());
        let observation = Observation::Ended {
            peer: stream.peer,
            presentation: self.name(stream.presentation),
            totals: *stream.totals(),
        };
        (self.observe)(observation);
    }

    fn observe_stopped(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get(&id) {
            let observation = Observation::Stopped {
                peer: stream.peer,
                presentation: self.name(stream.presentation),
                totals: *stream.totals(),
            };
            (self.observe)(observation);
        }
    }

    /// What comes every second.
    fn tick(&mut self) {
        let now = Instant::now();
        let in_use: BTreeSet<_> = self.sessions.values().map(|(_, over)| *over).collect();
        let idle: Vec<_> = self
            .connections
            .iter()
            .filter(|(id, connection)| {
                let silent = now.saturating_duration_since(connection.heard);
                silent > IDLE && !in_use.contains(id)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in idle {
            self.machine.handle_disconnect(id);
            self.disconnect(id);
        }
        for stream in self.streams.values_mut() {
            self.totals.add(&stream.take_totals());
        }
        let playing = self.streams.values().filter(|stream| stream.is_playing());
        let observation = Observation::Progress {
            playing: playing.count(),
            totals: self.totals,
        };
        (self.observe)(observation);
    }

    /// Says BYE to everybody.
    fn end(mut self) -> Totals {
        let now = Instant::now();
        let streams: Vec<_> = self.streams.keys().copied().collect();
        for id in streams {
            self.with_stream(id, |stream, _, outlet| stream.leave(now, outlet));
            self.remove_stream(id);
        }
        self.totals
    }

    /// Does something with a stream, and looks when its next time comes.
    fn with_stream<T>(
        &mut self,
        id: StreamId,
        act: impl FnOnce(&mut Stream, &mut Presentation, &Outlet<'_>) -> T,
    ) -> Option<T> {
        let stream = self.streams.get_mut(&id)?;
        let (_, presentation) = self.presentations.get_mut(stream.presentation)?;
        let outlet = Outlet {
            ports: &self.ports,
            connections: &self.connections,
        };
        let result = act(stream, presentation, &outlet);
        let next = stream.next_timeout(presentation.interval);
        if next != stream.timer {
            if let Some(due) = std::mem::replace(&mut stream.timer, next) {
                self.timers.remove(&(due, id));
            }
            if let Some(due) = next {
                self.timers.insert((due, id));
            }
        }
        Some(result)
    }

    fn outlet(&self) -> Outlet<'_> {
        Outlet {
            ports: &self.ports,
            connections: &self.connections,
        }
    }

    fn name(&self, presentation: usize) -> String {
        let presentation = self.presentations.get(presentation);
        presentation.map_or_else(String::new, |(name, _)| name.clone())
    }

    fn wall_clock_at(&self, now: Instant) -> NtpTimestamp {
        let elapsed = now.saturating_duration_since(self.began);
        NtpTimestamp::from_unix(self.wall_clock.to_unix() + elapsed)
    }
}

/// Where the packets of a presentation go in its group: RTP and RTCP.
fn group_of(multicast: &Multicast, presentation: usize) -> (SocketAddr, SocketAddr) {
    let offset = u16::try_from(presentation * 2).unwrap_or(u16::MAX);
    let port = multicast.group.port().saturating_add(offset) & !1;
    let address = |port| SocketAddr::new(multicast.group.ip(), port);
    (address(port), address(port | 1))
}

/// The time of day, for sender reports.
fn wall_clock() -> NtpTimestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    NtpTimestamp::from_unix(since.unwrap_or_default())
}

fn random() -> Result<[u8; 32], ServerError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| ServerError::Random)?;
    Ok(seed)
}

/// For a session identifier.
fn random_id() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("there were random numbers when the server began");
    u128::from_ne_bytes(bytes)
}
