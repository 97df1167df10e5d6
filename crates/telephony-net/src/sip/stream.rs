//! A TCP or TLS connection, in a task of its own: it cuts what comes into messages, writes what
//! waits, answers pings, and ends when nothing comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use rfc3261_sip::transaction::Transmit;
use rfc3261_sip::transport::{ConnectionId, Flow, KeepAlive, KeepAliveOutput, Transport};
use rfc3261_sip::{Frame, Framer, StreamRole};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio::time::{sleep_until, timeout};

use super::endpoint::{FromStream, Shared};
use super::error::CloseReason;
use crate::tap::{Carrier, Passage, Tap};

/// How much is read at a time, in bytes.
const READ: usize = 16 * 1024;

/// How many messages are written at a time.
const WRITES: usize = 64;

/// A connection and those it talks to.
pub(super) struct Link {
    pub(super) id: ConnectionId,
    pub(super) transport: Transport,
    pub(super) role: StreamRole,
    /// The name that it has to prove, if it was opened from here with TLS.
    pub(super) name: Option<String>,
    /// What is to be written.
    pub(super) waiting: mpsc::Receiver<Waiting>,
    /// Who is told.
    pub(super) owner: mpsc::Sender<FromStream>,
    pub(super) shared: Arc<Shared>,
    /// Whether it was ever open.
    pub(super) opened: bool,
    /// It counts as long as this is held.
    pub(super) permit: OwnedSemaphorePermit,
}

/// A message that is to be written.
pub(super) struct Waiting {
    pub(super) transmit: Transmit,
    /// Whether it has been on another connection already, which was closed.
    pub(super) again: bool,
}

impl Link {
    /// Uses a connection until it ends, and tells why it did.
    pub(super) async fn run(mut self, stream: TcpStream) {
        let reason = match self.establish_and_use(stream).await {
            Ok(reason) => reason,
            Err(error) => CloseReason::Failed(error),
        };
        self.end(reason).await;
    }

    /// Ends, and tells what was not sent.
    pub(super) async fn end(mut self, reason: CloseReason) {
        self.waiting.close();
        let mut rest = Vec::new();
        while let Ok(waiting) = self.waiting.try_recv() {
            rest.push(waiting);
        }
        self.give_back(rest).await;
        let closed = FromStream::Closed {
            id: self.id,
            reason,
        };
        let _ = self.owner.send(closed).await;
        drop(self.permit);
    }

    async fn establish_and_use(&mut self, stream: TcpStream) -> io::Result<CloseReason> {
        stream.set_nodelay(true)?;
        let flow = Flow::new(self.transport, stream.peer_addr()?)
            .local(stream.local_addr()?)
            .connection(self.id);
        let stream = Tapped::new(stream, flow, self.shared.config.tap.clone());
        if self.transport != Transport::Tls {
            return self.carry(stream, flow).await;
        }
        let limit = self.shared.config.connect_timeout;
        let handshake = async {
            let tls = self.shared.config.tls.as_ref();
            let tls = tls.ok_or(io::Error::other("TLS is not configured"))?;
            match self.role {
                StreamRole::Client => tls.connect(stream, self.name.as_deref(), flow.remote).await,
                StreamRole::Server => tls.accept(stream).await,
            }
        };
        match timeout(limit, handshake).await {
            Ok(stream) => self.carry(stream?, flow).await,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Carries messages both ways until one of them ends.
    async fn carry(
        &mut self,
        stream: impl AsyncRead + AsyncWrite,
        flow: Flow,
    ) -> io::Result<CloseReason> {
        let opened = FromStream::Opened {
            flow,
            role: self.role,
        };
        if self.owner.send(opened).await.is_err() {
            return Ok(CloseReason::Idle);
        }
        let (reader, writer) = tokio::io::split(stream);
        let talk = Talk::default();
        let reading = read(reader, flow, self.role, &self.owner, &self.shared, &talk);
        let mut batch = Vec::with_capacity(WRITES);
        let writing = async {
            let mut writer = std::pin::pin!(writer);
            let keep_alive = self.role == StreamRole::Client && self.shared.config.keep_alive;
            let mut keep_alive = keep_alive
                .then(|| KeepAlive::new(Instant::now(), self.transport, None, self.id.0 as u32));
            loop {
                let bytes = match next(&mut self.waiting, &mut batch, &mut keep_alive, &talk).await
                {
                    Ok(bytes) => bytes,
                    Err(reason) => {
                        // The peer is told that this is the end, if it listens.
                        let limit = self.shared.config.connect_timeout;
                        let _ = timeout(limit, writer.shutdown()).await;
                        return reason;
                    }
                };
                if let Err(error) = write_all(&mut writer, &bytes, &self.shared).await {
                    return match error.kind() {
                        io::ErrorKind::TimedOut => CloseReason::Slow,
                        _ => CloseReason::Failed(error),
                    };
                }
                batch.clear();
            }
        };
        let reason = tokio::select! {
            reason = reading => reason,
            reason = writing => reason,
        };
        self.opened = true;
        // What was written in part is not sent again: the peer may have it.
        let batch = batch.into_iter().map(|waiting| Waiting {
            again: true,
            ..waiting
        });
        self.give_back(batch).await;
        Ok(reason)
    }

    /// Tells what was not sent.
    async fn give_back(&self, rest: impl IntoIterator<Item = Waiting>) {
        for waiting in rest {
            let again = waiting.again || !self.opened;
            let unsent = FromStream::Unsent {
                waiting: Waiting { again, ..waiting },
                name: self.name.clone(),
            };
            let _ = self.owner.send(unsent).await;
        }
    }
}

/// What the reading half of a connection tells the writing half.
#[derive(Default)]
struct Talk {
    pinged: AtomicBool,
    ponged: AtomicBool,
    something: Notify,
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    flow: Flow,
    role: StreamRole,
    owner: &mpsc::Sender<FromStream>,
    shared: &Shared,
    talk: &Talk,
) -> CloseReason {
    let config = &shared.config;
    let mut framer = Framer::new().role(role).limits(config.limits);
    let mut buffer = BytesMut::new();
    // Whoever connects has something to say.
    let first = match role {
        StreamRole::Server => config.message_timeout,
        StreamRole::Client => config.idle_timeout,
    };
    let mut deadline = Instant::now() + first;
    let mut partial = false;
    loop {
        buffer.reserve(READ);
        let expired = tokio::select! {
            biased;
            read = reader.read_buf(&mut buffer) => match read {
                Ok(0) => return CloseReason::Ended,
                Ok(_) => false,
                Err(error) => return CloseReason::Failed(error),
            },
            () = sleep_until(deadline.into()) => true,
        };
        if expired {
            return match partial {
                true => CloseReason::Slow,
                false => CloseReason::Idle,
            };
        }
        let now = Instant::now();
        let mut framed = false;
        loop {
            match framer.next(&mut buffer) {
                Ok(Some(Frame::Message(bytes))) => {
                    let arrival = FromStream::Message { bytes, flow };
                    if owner.send(arrival).await.is_err() {
                        return CloseReason::Idle;
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    talk.pinged.store(true, Ordering::Relaxed);
                    talk.something.notify_one();
                }
                Ok(Some(Frame::Pong)) => {
                    talk.ponged.store(true, Ordering::Relaxed);
                    talk.something.notify_one();
                }
                Ok(None) => break,
                Err(error) => return CloseReason::Unreadable(error),
            }
            framed = true;
        }
        if framed {
            deadline = now + config.idle_timeout;
            partial = false;
        }
        if !buffer.is_empty() && !partial {
            deadline = now + config.message_timeout;
            partial = true;
        }
    }
}

/// What is to be written next: the messages of the batch, a ping or a pong, or nothing.
async fn next(
    waiting: &mut mpsc::Receiver<Waiting>,
    batch: &mut Vec<Waiting>,
    keep_alive: &mut Option<KeepAlive>,
    talk: &Talk,
) -> Result<Bytes, CloseReason> {
    let due = keep_alive.as_ref().and_then(KeepAlive::next_timeout);
    let at = due.unwrap_or_else(Instant::now).into();
    tokio::select! {
        count = waiting.recv_many(batch, WRITES) => match (count, batch.as_slice()) {
            // The endpoint is gone.
            (0, _) => Err(CloseReason::Idle),
            (_, [one]) => Ok(one.transmit.bytes.clone()),
            (_, several) => {
                let several: Vec<&[u8]> = several.iter().map(|one| &one.transmit.bytes[..]).collect();
                Ok(several.concat().into())
            }
        },
        () = talk.something.notified() => {
            if let (true, Some(keep_alive)) = (talk.ponged.swap(false, Ordering::Relaxed), keep_alive) {
                keep_alive.handle_pong();
            }
            Ok(match talk.pinged.swap(false, Ordering::Relaxed) {
                true => Bytes::from_static(KeepAlive::PONG),
                false => Bytes::new(),
            })
        }
        () = sleep_until(at), if due.is_some() => {
            let output = keep_alive.as_mut().and_then(|keep_alive| {
                keep_alive.handle_timeout(Instant::now());
                keep_alive.poll_output()
            });
            match output {
                Some(KeepAliveOutput::Ping) => Ok(Bytes::from_static(KeepAlive::PING)),
                Some(KeepAliveOutput::Failed) => Err(CloseReason::Silent),
                None => Ok(Bytes::new()),
            }
        }
    }
}

async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    shared: &Shared,
) -> io::Result<()> {
    let writing = async {
        writer.write_all(bytes).await?;
        writer.flush().await
    };
    timeout(shared.config.message_timeout, writing)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// A TCP connection that is observed, below TLS.
pub(super) struct Tapped {
    stream: TcpStream,
    flow: Flow,
    tap: Option<Arc<dyn Tap>>,
}

impl Tapped {
    fn new(stream: TcpStream, flow: Flow, tap: Option<Arc<dyn Tap>>) -> Self {
        Self { stream, flow, tap }
    }

    fn passed(&self, outwards: bool, bytes: &[u8]) {
        if let (Some(tap), Some(local), false) = (&self.tap, self.flow.local, bytes.is_empty()) {
            let (source, destination) = match outwards {
                true => (local, self.flow.remote),
                false => (self.flow.remote, local),
            };
            let passage = Passage::new(Carrier::Tcp, source, destination, bytes);
            tap.passed(SystemTime::now(), &passage);
        }
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.passed(false, buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.passed(true, bytes.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
