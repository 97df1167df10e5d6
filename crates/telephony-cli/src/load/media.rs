//! The media of these calls: packets of silence every 20 ms, which the other side sends back.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rfc3261_sip::user_agent::CallId;
use rfc3550_rtp::{RtpPacket, RtpPacketBuilder, SequenceNumber, Timestamp};
use telephony_net::media::{Component, Config, Media, MediaId, Ports, Received};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How much sound a packet has.
const FRAME: Duration = Duration::from_millis(20);

/// The silence of PCMU, 20 ms of it.
const SILENCE: [u8; 160] = [0xFF; 160];

/// The sockets of all calls.
pub(super) struct Sockets {
    media: Media,
    streams: HashMap<CallId, Stream>,
    clock: Interval,
    pub(super) sent: u64,
    pub(super) received: u64,
}

struct Stream {
    media: MediaId,
    /// Where packets go, once that is known.
    to: Option<SocketAddr>,
    sequence_number: SequenceNumber,
    timestamp: Timestamp,
}

impl Sockets {
    pub(super) fn new(ip: IpAddr, ports: Ports) -> Self {
        let mut clock = interval(FRAME);
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Self {
            media: Media::new(Config::new(ip, ports)),
            streams: HashMap::new(),
            clock,
            sent: 0,
            received: 0,
        }
    }

    /// Opens a port.
    pub(super) fn open(&mut self) -> Result<(MediaId, SocketAddr), String> {
        let failure = |error| format!("no port for media: {error}");
        let media = self.media.open_multiplexed().map_err(failure)?;
        let (address, _) = self.media.addresses(media).ok_or("a port was closed")?;
        Ok((media, address))
    }

    /// The port is for this call.
    pub(super) fn connect(&mut self, call: CallId, media: MediaId) {
        self.streams.insert(
            call,
            Stream {
                media,
                to: None,
                sequence_number: SequenceNumber(0),
                timestamp: Timestamp(0),
            },
        );
    }

    /// The other side has said where its media go: from now on something is sent.
    pub(super) fn begin(&mut self, call: CallId, to: Option<SocketAddr>) {
        if let Some(stream) = self.streams.get_mut(&call) {
            stream.to = to;
        }
    }

    /// A call is over.
    pub(super) fn end(&mut self, call: CallId) {
        if let Some(stream) = self.streams.remove(&call) {
            self.media.close(stream.media);
        }
    }

    /// Waits for a packet, or for the time to send some.
    pub(super) async fn next(&mut self) -> Option<Received> {
        tokio::select! {
            received = self.media.next() => Some(received),
            _ = self.clock.tick() => None,
        }
    }

    /// Sends a packet in each call.
    pub(super) fn speak(&mut self) {
        let mut buffer = [0; 12 + SILENCE.len()];
        for stream in self.streams.values_mut() {
            let Some(to) = stream.to else { continue };
            let packet = RtpPacketBuilder::new()
                .sequence_number(stream.sequence_number)
                .timestamp(stream.timestamp)
                .ssrc(1)
                .payload(&SILENCE);
            if packet.write_into(&mut buffer).is_ok() {
                self.media.send(stream.media, Component::Rtp, to, &buffer);
                self.sent += 1;
            }
            stream.sequence_number = stream.sequence_number.next();
            stream.timestamp = stream.timestamp.add(SILENCE.len() as u32);
        }
    }

    /// Counts a packet; whether it is one.
    pub(super) fn hear(&mut self, received: &Received) -> bool {
        let is_packet = RtpPacket::parse(&received.bytes[..]).is_ok();
        self.received += u64::from(is_packet);
        is_packet
    }

    /// Sends a packet back to where it came from.
    pub(super) fn echo(&mut self, received: &Received) {
        let (media, bytes) = (received.media, &received.bytes);
        self.media
            .send(media, Component::Rtp, received.source, bytes);
        self.sent += 1;
    }
}

/// What comes in where there are media, and never anything where there are none.
pub(super) async fn next(sockets: &mut Option<Sockets>) -> (&mut Sockets, Option<Received>) {
    match sockets {
        Some(sockets) => {
            let received = sockets.next().await;
            (sockets, received)
        }
        None => std::future::pending().await,
    }
}
