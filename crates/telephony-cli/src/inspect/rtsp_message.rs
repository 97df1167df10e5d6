//! RTSP messages (RFC 2326), reduced to what the analysis asks for.

use super::sdp::Sdp;
use super::seen::Seen;
use super::sip::{Start, shortened, text};
use rfc2326_rtsp::headers::{self, Session};
use rfc2326_rtsp::{HeaderName, MessageRef, StartLine};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RtspMessage {
    pub(crate) start: Start,
    pub(crate) cseq: Option<u32>,
    pub(crate) session: Option<String>,
    pub(crate) transport: Option<Transport>,
    pub(crate) credentials: bool,
    pub(crate) user_agent: Option<String>,
    pub(crate) sdp: Option<Sdp>,
    hash: u64,
}

/// The first choice of a Transport header field (§12.39).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transport {
    /// As it stands.
    pub(crate) text: String,
    pub(crate) secure: bool,
    pub(crate) client_ports: Option<(u16, u16)>,
    pub(crate) server_ports: Option<(u16, u16)>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: Option<IpAddr>,
    /// Interleaved channels.
    pub(crate) channels: Option<(u8, u8)>,
}

impl RtspMessage {
    pub(crate) fn new(message: MessageRef<'_>, seen: Seen) -> Self {
        let start = match message.start_line() {
            StartLine::Request { method, uri } => Start::Request {
                method: method.as_str().to_owned(),
                uri: text(uri),
            },
            StartLine::Status { code, reason } => Start::Response {
                status: code.code(),
                reason: text(reason),
            },
        };
        let is_sdp = message
            .content_type()
            .is_some_and(|kind| kind.contains("sdp"));
        let is_sdp = is_sdp || message.body().starts_with(b"v=0");
        let user_agent = message.first(HeaderName::UserAgent);
        let mut hasher = DefaultHasher::new();
        (message.as_bytes(), seen.src, seen.dst).hash(&mut hasher);
        Self {
            start,
            cseq: message.cseq().ok().map(|cseq| cseq.sequence_number),
            session: session(message),
            transport: Transport::of(message),
            credentials: message.first(HeaderName::Authorization).is_some(),
            user_agent: user_agent.map(|field| text(field.value())),
            sdp: is_sdp
                .then(|| Sdp::parse(message.body(), seen.src.ip()))
                .flatten(),
            hash: hasher.finish(),
        }
    }

    /// The same for the same bytes between the same two sockets.
    pub(crate) fn digest(&self) -> u64 {
        self.hash
    }
}

impl Transport {
    fn of(message: MessageRef<'_>) -> Option<Self> {
        let raw = message.first(HeaderName::Transport)?;
        let transport = message.transports().flatten().next()?;
        let address = |name: Option<&str>| name.and_then(|name| name.parse().ok());
        let port = |first: u16, last: Option<u16>| (first, last.unwrap_or(first.wrapping_add(1)));
        let channel = |first: u8, last: Option<u8>| (first, last.unwrap_or(first.wrapping_add(1)));
        Some(Self {
            text: text(raw.value()),
            secure: transport.profile.starts_with("SAVP"),
            client_ports: transport
                .client_port
                .map(|pair| port(pair.first, pair.last)),
            server_ports: transport
                .server_port
                .map(|pair| port(pair.first, pair.last)),
            source: address(transport.source),
            destination: address(transport.destination),
            channels: transport
                .interleaved
                .map(|pair| channel(pair.first, pair.last)),
        })
    }
}

fn session(message: MessageRef<'_>) -> Option<String> {
    match message.get::<Session<'_>>()? {
        Ok(session) => Some(shortened(session.id.to_owned())),
        Err(_) => message
            .first(<Session<'_> as headers::Header>::NAME)
            .map(|raw| text(raw.value())),
    }
}
