//! The task of a client: it carries bytes between the machine, the sockets and the application.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rfc2326_rtsp::headers::{Delivery, Pair, Transport as TransportHeader};
use rfc2326_rtsp::{
    Client as Machine, ClientConfig as MachineConfig, ClientEndReason, ClientEvent, ClientOutput,
    HeaderName, InterleavedFrame, Message, MessageRef, Method, Request, State, StatusClass,
    StatusCode, interleaved_header,
};
use rfc2617_auth::{
    Account, Authorization, Challenger, Client as Digest, ClientConfig as DigestConfig,
    Request as Credentials,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep_until;

use super::described::Described;
use super::receiver::{Receiver, Wanted};
use super::{
    ClientConfig, ClientError, Event, Line, PictureFrame, Reception, Reply, Transport,
    without_userinfo,
};
use crate::rtsp::ports::PortPair;

/// Of what waits for the application, this is left to other things than frames.
const RESERVED: usize = 16;
/// How often what was received is published.
const PUBLISHED: Duration = Duration::from_millis(100);
/// How many packets are taken before other things are looked at.
const PACKETS: usize = 64;
/// The least time between keep-alives.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// What the application wants.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) method: Method<'static>,
    /// Of PLAY.
    pub(super) range: Option<String>,
    pub(super) reply: oneshot::Sender<Result<Reply, ClientError>>,
}

/// A request that waits for its response.
struct Pending {
    number: u32,
    method: Method<'static>,
    uri: String,
    headers: Vec<(HeaderName, String)>,
    /// The credentials that it had.
    sent: Vec<Authorization>,
    /// `None` for keep-alives.
    reply: Option<oneshot::Sender<Result<Reply, ClientError>>>,
}

pub(super) struct Driver {
    machine: Machine,
    digest: Digest,
    account: Option<Account>,
    transport: Transport,
    url: String,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    local: IpAddr,
    server: SocketAddr,
    pending: Vec<Pending>,
    described: Option<Described>,
    receiver: Option<Receiver>,
    route: Option<Route>,
    /// Sockets that were announced and not yet answered for.
    offered: Option<PortPair>,
    keep_alive: Option<(Instant, Duration)>,
    keep_alive_method: Method<'static>,
    events: mpsc::Sender<Event>,
    published: watch::Sender<Reception>,
    publish_at: Instant,
    undelivered: u64,
    is_over: bool,
}

/// How packets come.
enum Route {
    Udp {
        ports: PortPair,
        /// The address that packets must come from.
        source: IpAddr,
        rtcp: Option<SocketAddr>,
    },
    Interleaved {
        rtp: u8,
        rtcp: u8,
    },
}

impl Driver {
    pub(super) fn new(
        url: &str,
        config: ClientConfig,
        stream: TcpStream,
        events: mpsc::Sender<Event>,
        published: watch::Sender<Reception>,
    ) -> Result<Self, ClientError> {
        let mut machine = MachineConfig::default();
        machine.response_timeout = config.response_timeout;
        machine.user_agent = Some("telephony".into());
        let (local, server) = (stream.local_addr()?.ip(), stream.peer_addr()?);
        let (reader, writer) = stream.into_split();
        Ok(Self {
            machine: Machine::new(machine),
            digest: Digest::new(DigestConfig::default(), random()?),
            account: config.account,
            transport: config.transport,
            url: without_userinfo(url),
            reader,
            writer,
            local,
            server,
            pending: Vec::new(),
            described: None,
            receiver: None,
            route: None,
            offered: None,
            keep_alive: None,
            keep_alive_method: Method::GET_PARAMETER,
            events,
            published,
            publish_at: Instant::now(),
            undelivered: 0,
            is_over: false,
        })
    }

    /// Carries bytes until the application lets go or the connection ends.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut bytes = BytesMut::with_capacity(64 * 1024);
        let (mut rtp, mut rtcp) = (vec![0; 65_536], vec![0; 65_536]);
        while !self.is_over {
            let next = self.next_timeout();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => break,
                },
                read = self.reader.read_buf(&mut bytes) => match read {
                    Ok(1..) => {
                        let now = Instant::now();
                        self.machine.handle_input(now, &bytes);
                        bytes.clear();
                    }
                    _ => self.machine.handle_disconnect(),
                },
                () = readable(self.route.as_ref(), Which::Rtp) => self.receive_rtp(&mut rtp),
                () = readable(self.route.as_ref(), Which::Rtcp) => {
                    // What came before a BYE is still part of the stream.
                    self.receive_rtp(&mut rtp);
                    self.receive_rtcp(&mut rtcp);
                }
                () = sleep_until(next.into()) => {}
            }
            self.handle_timeouts();
            self.drain().await;
        }
        self.publish(Instant::now());
        for pending in self.pending {
            if let Some(reply) = pending.reply {
                let _ = reply.send(Err(ClientError::Closed));
            }
        }
    }

    fn next_timeout(&self) -> Instant {
        let receiver = self.receiver.as_ref().and_then(Receiver::next_timeout);
        let keep_alive = self.keep_alive.map(|(at, _)| at);
        let timers = [self.machine.next_timeout(), receiver, keep_alive];
        timers
            .into_iter()
            .flatten()
            .fold(self.publish_at, Instant::min)
    }

    fn handle_timeouts(&mut self) {
        let now = Instant::now();
        self.machine.handle_timeout(now);
        if let Some(receiver) = &mut self.receiver {
            receiver.handle_timeout(now);
        }
        if let Some((at, period)) = self.keep_alive
            && at <= now
        {
            self.keep_alive = Some((now + period, period));
            // With credentials, which the machine's own keep-alives have not.
            let uri = self.presentation();
            let method = self.keep_alive_method;
            self.send(now, method, uri, Vec::new(), None);
        }
        if self.publish_at <= now {
            self.publish(now);
        }
    }

    fn publish(&mut self, now: Instant) {
        self.publish_at = now + PUBLISHED;
        let mut reception = Reception {
            undelivered: self.undelivered,
            state: self.state(),
            ..*self.published.borrow()
        };
        if let Some(receiver) = &self.receiver {
            receiver.report(&mut reception);
        }
        self.published.send_replace(reception);
    }

    fn state(&self) -> State {
        let described = self.described.as_ref();
        described.map_or(State::Init, |described| {
            self.machine.state(&described.stream)
        })
    }

    /// The URI for requests that concern the whole.
    fn presentation(&self) -> String {
        let described = self.described.as_ref();
        described.map_or_else(
            || self.url.clone(),
            |described| described.presentation.clone(),
        )
    }

    async fn command(&mut self, command: Command) {
        let Command {
            method,
            range,
            reply,
        } = command;
        let prepared = match method {
            Method::SETUP => self.prepare_set_up().await,
            Method::DESCRIBE => {
                let accept = (HeaderName::Accept, "application/sdp".into());
                Ok((self.url.clone(), vec![accept]))
            }
            Method::OPTIONS => Ok((self.url.clone(), Vec::new())),
            _ => {
                let range = range.map(|range| (HeaderName::Range, range));
                Ok((self.presentation(), range.into_iter().collect()))
            }
        };
        let (uri, headers) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let now = Instant::now();
        if method == Method::TEARDOWN
            && let Some(receiver) = &mut self.receiver
        {
            receiver.leave(now);
        }
        self.send(now, method, uri, headers, Some(reply));
    }

    /// URI and Transport of SETUP.
    async fn prepare_set_up(&mut self) -> Result<(String, Vec<(HeaderName, String)>), ClientError> {
        let described = self.described.as_ref().ok_or(ClientError::NotDescribed)?;
        let transport = match self.transport {
            Transport::Tcp => TransportHeader::interleaved(0, 1),
            Transport::Udp => {
                let ports = PortPair::bind(self.local).await?;
                let first = ports.port()?;
                self.offered = Some(ports);
                TransportHeader::unicast(first, first + 1)
            }
            Transport::Multicast => {
                let mut transport = TransportHeader::rtp_avp();
                transport.delivery = Some(Delivery::Multicast);
                transport
            }
        };
        let transport = (HeaderName::Transport, transport.to_string());
        Ok((described.stream.clone(), vec![transport]))
    }

    /// Sends a request, with credentials if the server has asked for any.
    fn send(
        &mut self,
        now: Instant,
        method: Method<'static>,
        uri: String,
        headers: Vec<(HeaderName, String)>,
        reply: Option<oneshot::Sender<Result<Reply, ClientError>>>,
    ) {
        let credentials = Credentials {
            method: method.as_str(),
            uri: &uri,
            body: b"",
        };
        let sent = self.digest.authorize(&credentials);
        let number = sent.map_err(|_| ClientError::Url).and_then(|sent| {
            let credentials = sent
                .iter()
                .map(|sent| (HeaderName::Authorization, sent.header_value()));
            let all = headers.iter().map(|(name, value)| (*name, value.as_str()));
            let all: Vec<_> = all.chain(credentials).collect();
            let request = Request::new(method, &uri).headers(&all);
            let number = self.machine.request(now, &request)?;
            Ok((number, sent))
        });
        match (number, reply) {
            (Ok((number, sent)), reply) => self.pending.push(Pending {
                number,
                method,
                uri,
                headers,
                sent,
                reply,
            }),
            (Err(error), Some(reply)) => {
                let _ = reply.send(Err(error));
            }
            // A keep-alive: the next one is not far.
            (Err(_), None) => {}
        }
    }

    /// Does what the machine and the receiver want.
    async fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                ClientOutput::Transmit(bytes) => {
                    self.tell_line(true, &bytes);
                    if self.writer.write_all(&bytes).await.is_err() {
                        self.machine.handle_disconnect();
                    }
                }
                ClientOutput::Close => self.is_over = true,
                ClientOutput::Event(event) => self.take(event),
                _ => {}
            }
        }
        while let Some(wanted) = self.receiver.as_mut().and_then(Receiver::poll) {
            match wanted {
                Wanted::SendRtcp(compound) => self.send_rtcp(&compound).await,
                Wanted::Finished => {
                    let _ = self.machine.finish(None);
                    self.publish(Instant::now());
                    self.tell(Event::Finished);
                }
            }
        }
    }

    async fn send_rtcp(&mut self, compound: &[u8]) {
        match &self.route {
            Some(Route::Udp {
                ports,
                rtcp: Some(to),
                ..
            }) => {
                // What the system does not take is lost, as on any network.
                let _ = ports.rtcp.try_send_to(compound, *to);
            }
            Some(Route::Interleaved { rtcp, .. }) => {
                if let Ok(header) = interleaved_header(*rtcp, compound.len()) {
                    let frame = [&header, compound].concat();
                    if self.writer.write_all(&frame).await.is_err() {
                        self.machine.handle_disconnect();
                    }
                }
            }
            // The server has not said where it wants to hear of us.
            Some(Route::Udp { .. }) | None => {}
        }
    }

    fn take(&mut self, event: ClientEvent) {
        let now = Instant::now();
        match event {
            ClientEvent::Response { request, message } => {
                self.tell_line(false, message.bytes());
                let position = self
                    .pending
                    .iter()
                    .position(|pending| pending.number == request);
                let is_final = message
                    .view()
                    .status()
                    .is_some_and(|status| status.class() != StatusClass::Informational);
                if let (Some(position), true) = (position, is_final) {
                    let pending = self.pending.remove(position);
                    self.respond(now, pending, *message);
                }
            }
            ClientEvent::Interleaved(frame) => self.take_interleaved(now, &frame),
            ClientEvent::Redirected { location, .. } => self.tell(Event::Redirected(location)),
            ClientEvent::Ended(reason) => {
                self.publish(now);
                (self.receiver, self.route, self.keep_alive) = (None, None, None);
                self.is_over |= matches!(
                    reason,
                    ClientEndReason::NoResponse
                        | ClientEndReason::Malformed
                        | ClientEndReason::Disconnected
                );
                self.tell(Event::Ended(reason));
            }
            _ => {}
        }
    }

    fn take_interleaved(&mut self, now: Instant, frame: &InterleavedFrame<bytes::Bytes>) {
        let Some(Route::Interleaved { rtp, rtcp }) = self.route else {
            // Before the response to SETUP nobody knows what it is.
            return;
        };
        let Some(receiver) = &mut self.receiver else {
            return;
        };
        if frame.channel() == rtp {
            let picture = receiver.handle_rtp(now, self.server, frame.data());
            self.deliver(picture);
        } else if frame.channel() == rtcp {
            receiver.handle_rtcp(now, self.server, frame.data());
        }
    }

    /// Takes a final response.
    fn respond(&mut self, now: Instant, mut pending: Pending, message: Message) {
        let view = message.view();
        let Some(status) = view.status() else {
            return;
        };
        let result = if status == StatusCode::UNAUTHORIZED {
            let rows = view
                .fields_named(HeaderName::WwwAuthenticate)
                .map(|field| (Challenger::Server, field.value()));
            let account = self.account.clone();
            let outcome = self
                .digest
                .handle_challenges(&pending.sent, rows, |_, _| account.clone());
            if outcome.retry() {
                let Pending {
                    method,
                    uri,
                    headers,
                    reply,
                    ..
                } = pending;
                self.send(now, method, uri, headers, reply);
                return;
            }
            Err(ClientError::Unauthorized)
        } else {
            self.digest.handle_success(&pending.sent);
            if status.class() == StatusClass::Success {
                self.succeed(now, &pending, view)
            } else {
                if pending.reply.is_none() && pending.method == Method::GET_PARAMETER {
                    self.keep_alive_method = Method::OPTIONS;
                }
                let reason = view.reason_phrase().map(String::from_utf8_lossy);
                Err(ClientError::Status(
                    status,
                    reason.unwrap_or_default().into_owned(),
                ))
            }
        };
        self.publish(now);
        if let Some(reply) = pending.reply.take() {
            let _ = reply.send(result.map(|()| Reply { message }));
        }
    }

    /// Does what a success of a request means.
    fn succeed(
        &mut self,
        now: Instant,
        pending: &Pending,
        response: MessageRef<'_>,
    ) -> Result<(), ClientError> {
        match pending.method {
            Method::DESCRIBE => {
                let described = Described::read(response, &pending.uri)?;
                // What is set up already stays what it is.
                if self.state() == State::Init {
                    self.described = Some(described);
                }
            }
            Method::SETUP => {
                self.route = Some(self.route(response).ok_or(ClientError::Transport)?);
                let payload_type = self
                    .described
                    .as_ref()
                    .map(|described| described.payload_type);
                let payload_type = payload_type.ok_or(ClientError::NotDescribed)?;
                if self.receiver.is_none() {
                    self.receiver = Some(Receiver::new(now, random()?, payload_type));
                    self.published.send_replace(Reception::default());
                }
                let timeout = response.session().and_then(Result::ok);
                let timeout = timeout.map_or(60, |session| session.timeout_or_default());
                let period = (Duration::from_secs(timeout.into()) / 3).max(KEEP_ALIVE);
                self.keep_alive = Some((now + period, period));
            }
            Method::PLAY | Method::PAUSE => {
                if let Some(receiver) = &mut self.receiver {
                    receiver.interrupt();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How packets come, by the response to SETUP.
    fn route(&mut self, response: MessageRef<'_>) -> Option<Route> {
        let transport = response.transports().find_map(Result::ok)?;
        if let Some(Pair { first, last }) = transport.interleaved.filter(|_| transport.is_tcp()) {
            return Some(Route::Interleaved {
                rtp: first,
                rtcp: last.or(first.checked_add(1))?,
            });
        }
        if transport.delivery == Some(Delivery::Multicast) {
            let group: IpAddr = transport
                .destination?
                .parse()
                .ok()
                .filter(IpAddr::is_multicast)?;
            let pair = transport.port?;
            let last = pair.last.or(pair.first.checked_add(1))?;
            let ports = PortPair::join((group, pair.first).into(), self.local).ok()?;
            return Some(Route::Udp {
                ports,
                source: self.server.ip(),
                rtcp: Some((group, last).into()),
            });
        }
        let source = match transport.source.map(str::parse) {
            Some(Ok(source)) => source,
            // A name, or nothing: the server itself.
            _ => self.server.ip(),
        };
        let rtcp = transport.server_port.and_then(|pair| {
            let port = pair.last.or(pair.first.checked_add(1))?;
            Some((source, port).into())
        });
        Some(Route::Udp {
            ports: self.offered.take()?,
            source,
            rtcp,
        })
    }

    fn receive_rtp(&mut self, buffer: &mut [u8]) {
        for _ in 0..PACKETS {
            let Some((length, from)) = received(self.route.as_ref(), Which::Rtp, buffer) else {
                return;
            };
            let datagram = buffer.get(..length).unwrap_or_default();
            let now = Instant::now();
            let receiver = self.receiver.as_mut();
            let picture = receiver.and_then(|receiver| receiver.handle_rtp(now, from, datagram));
            self.deliver(picture);
        }
    }

    fn receive_rtcp(&mut self, buffer: &mut [u8]) {
        if let Some((length, from)) = received(self.route.as_ref(), Which::Rtcp, buffer)
            && let Some(receiver) = &mut self.receiver
        {
            let datagram = buffer.get(..length).unwrap_or_default();
            receiver.handle_rtcp(Instant::now(), from, datagram);
        }
    }

    fn deliver(&mut self, picture: Option<PictureFrame>) {
        if let Some(picture) = picture {
            if self.events.capacity() > RESERVED {
                self.tell(Event::Frame(picture));
            } else {
                self.undelivered += 1;
            }
        }
    }

    fn tell_line(&self, is_sent: bool, bytes: &[u8]) {
        self.tell(Event::Line(Line {
            is_sent,
            text: String::from_utf8_lossy(bytes).into_owned(),
        }));
    }

    fn tell(&self, event: Event) {
        // An application that takes no events has no use for them.
        let _ = self.events.try_send(event);
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Rtp,
    Rtcp,
}

/// Waits until something comes by UDP.
async fn readable(route: Option<&Route>, which: Which) {
    match (route, which) {
        (Some(Route::Udp { ports, .. }), which) => {
            let socket = match which {
                Which::Rtp => &ports.rtp,
                Which::Rtcp => &ports.rtcp,
            };
            if socket.readable().await.is_err() {
                std::future::pending().await
            }
        }
        _ => std::future::pending().await,
    }
}

/// A datagram that has come from where it may come from.
fn received(route: Option<&Route>, which: Which, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    let Some(Route::Udp { ports, source, .. }) = route else {
        return None;
    };
    let socket = match which {
        Which::Rtp => &ports.rtp,
        Which::Rtcp => &ports.rtcp,
    };
    for _ in 0..PACKETS {
        let (length, from) = socket.try_recv_from(buffer).ok()?;
        if from.ip() == *source {
            return Some((length, from));
        }
    }
    None
}

fn random() -> Result<[u8; 32], ClientError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| ClientError::Random)?;
    Ok(seed)
}
