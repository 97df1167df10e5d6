//! One client's connection: two tasks that carry bytes, with bounded queues.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rfc2326_rtsp::{ConnectionId, interleaved_header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::rtsp::VideoFrame;

/// What may wait for a client: messages, reports and frames.
const QUEUE: usize = 64;
/// How many frames of these: further ones are left out.
const FRAMES: usize = 8;
/// How long a client may not take anything.
const STALLED: Duration = Duration::from_secs(10);

/// Bytes of an RTP header without contributing sources and extension.
pub(super) const RTP_HEADER: usize = 12;

/// A connection as the server has it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) sender: mpsc::Sender<Outgoing>,
    pub(super) reader: AbortHandle,
    /// When something came last.
    pub(super) heard: Instant,
}

/// Something for a client.
#[derive(Debug)]
pub(super) enum Outgoing {
    Bytes(Vec<u8>),
    Frame(InterleavedFrame),
}

/// A frame for the connection: its packets' headers, and the payloads that it shares with others.
#[derive(Debug)]
pub(super) struct InterleavedFrame {
    pub(super) channel: u8,
    pub(super) headers: Vec<[u8; RTP_HEADER]>,
    pub(super) frame: Arc<VideoFrame>,
}

/// Something from a client.
#[derive(Debug)]
pub(super) enum Incoming {
    Bytes(ConnectionId, Bytes),
    Gone(ConnectionId),
    /// A report to the multicast group of a presentation.
    Report {
        group: usize,
        from: SocketAddr,
        datagram: Bytes,
    },
}

impl Connection {
    /// Begins to carry bytes.
    pub(super) fn new(
        id: ConnectionId,
        stream: TcpStream,
        incoming: mpsc::Sender<Incoming>,
        now: Instant,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        let (read_half, write_half) = stream.into_split();
        let (sender, outgoing) = mpsc::channel(QUEUE);
        let reader = tokio::spawn(read(id, read_half, incoming.clone()));
        tokio::spawn(write(id, write_half, outgoing, incoming));
        Ok(Self {
            peer,
            sender,
            reader: reader.abort_handle(),
            heard: now,
        })
    }

    /// Whether the client keeps up with the frames that it is sent.
    pub(super) fn has_room(&self) -> bool {
        self.sender.capacity() > QUEUE - FRAMES
    }
}

impl Drop for Connection {
    /// No more is read; what waits to be sent still is.
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(id: ConnectionId, mut stream: OwnedReadHalf, incoming: mpsc::Sender<Incoming>) {
    let mut buffer = BytesMut::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut buffer).await {
        let bytes = buffer.split().freeze();
        if incoming.send(Incoming::Bytes(id, bytes)).await.is_err() {
            return;
        }
        buffer.reserve(4096);
    }
    let _ = incoming.send(Incoming::Gone(id)).await;
}

async fn write(
    id: ConnectionId,
    mut stream: OwnedWriteHalf,
    mut outgoing: mpsc::Receiver<Outgoing>,
    incoming: mpsc::Sender<Incoming>,
) {
    while let Some(item) = outgoing.recv().await {
        let written = tokio::time::timeout(STALLED, async {
            match item {
                Outgoing::Bytes(bytes) => stream.write_all(&bytes).await,
                Outgoing::Frame(frame) => write_frame(&mut stream, &frame).await,
            }
        });
        if !matches!(written.await, Ok(Ok(()))) {
            let _ = incoming.send(Incoming::Gone(id)).await;
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Takes the reports that come to a multicast group.
pub(super) async fn read_reports(
    group: usize,
    socket: UdpSocket,
    incoming: mpsc::Sender<Incoming>,
) {
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let datagram = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
        let report = Incoming::Report {
            group,
            from,
            datagram,
        };
        if incoming.send(report).await.is_err() {
            return;
        }
    }
}

/// Sends the packets of a frame without copying them together.
async fn write_frame(stream: &mut OwnedWriteHalf, item: &InterleavedFrame) -> io::Result<()> {
    let payload = |index| item.frame.payload(index).map(|(payload, _)| payload);
    let payloads = (0..item.frame.packets()).filter_map(payload);
    let packets = item.headers.iter().zip(payloads);
    let prefixes: Vec<_> = packets
        .clone()
        .map(|(header, payload)| {
            let length = header.len() + payload.len();
            interleaved_header(item.channel, length).map_err(io::Error::other)
        })
        .collect::<io::Result<_>>()?;
    let mut slices: Vec<IoSlice<'_>> = prefixes
        .iter()
        .zip(packets)
        .flat_map(|(prefix, (header, payload))| [&prefix[..], header, payload])
        .map(IoSlice::new)
        .collect();
    let mut rest = &mut slices[..];
    while !rest.is_empty() {
        match stream.write_vectored(rest).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut rest, written),
        }
    }
    Ok(())
}
