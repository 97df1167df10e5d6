//! The client: a connection, a session with one stream of JPEG, and what comes of it.

mod described;
mod driver;
mod receiver;

use std::error::Error;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rfc2326_rtsp::headers::Range;
use rfc2326_rtsp::{ClientEndReason, Message, Method, RequestError, State, StatusCode};
use rfc2396_uri::UriReference;
use rfc2617_auth::Account;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

use driver::{Command, Driver};

/// The port of RTSP (RFC 2326 §3.2).
const PORT: u16 = 554;
/// What may wait for the application.
const EVENTS: usize = 64;
/// Commands that may wait for those before them.
const COMMANDS: usize = 8;
/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// How packets are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Transport {
    /// By UDP to two ports of ours.
    #[default]
    Udp,
    /// In the connection.
    Tcp,
    /// To the server's multicast group, joined at the interface of the connection.
    Multicast,
}

/// How a [`Client`] behaves.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// How packets are to come.
    pub transport: Transport,
    /// What a server that asks for them is told: the name and the secret.
    pub account: Option<Account>,
    /// How long a response may take, 10 seconds unless set.
    pub response_timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            transport: Transport::Udp,
            account: None,
            response_timeout: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("transport", &self.transport)
            .field("account", &self.account.as_ref().map(Account::username))
            .field("response_timeout", &self.response_timeout)
            .finish()
    }
}

/// A client of one server, for one presentation.
///
/// It is driven by a task of its own, which ends when the client is dropped: the server then sees
/// the connection end, and with it the session. Requests are answered in order. What comes is in
/// the [`Event`]s; frames that nobody takes in time are dropped and counted.
#[derive(Debug, Clone)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    reception: watch::Receiver<Reception>,
}

impl Client {
    /// Connects to the server of an `rtsp` URL.
    ///
    /// # Errors
    ///
    /// If it is no such URL or the server cannot be reached.
    pub async fn connect(
        url: &str,
        config: ClientConfig,
    ) -> Result<(Self, mpsc::Receiver<Event>), ClientError> {
        let (host, port) = authority_of(url).ok_or(ClientError::Url)?;
        let connecting = TcpStream::connect((host.as_str(), port));
        let stream = tokio::time::timeout(CONNECTING, connecting)
            .await
            .map_err(|_| ClientError::Io(io::ErrorKind::TimedOut.into()))??;
        stream.set_nodelay(true)?;
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (events, event_receiver) = mpsc::channel(EVENTS);
        let (published, reception) = watch::channel(Reception::default());
        let driver = Driver::new(url, config, stream, events, published)?;
        tokio::spawn(driver.run(receiver));
        let client = Self {
            commands,
            reception,
        };
        Ok((client, event_receiver))
    }

    /// OPTIONS: asks what the server can do.
    ///
    /// # Errors
    ///
    /// As [`Client::play`].
    pub async fn options(&self) -> Result<Reply, ClientError> {
        self.request(Method::OPTIONS, None).await
    }

    /// DESCRIBE: gets the session description and looks for video in JPEG.
    ///
    /// # Errors
    ///
    /// If the description has none, and as [`Client::play`].
    pub async fn describe(&self) -> Result<Reply, ClientError> {
        self.request(Method::DESCRIBE, None).await
    }

    /// SETUP of the stream that was described; DESCRIBE goes before if nothing is known yet.
    ///
    /// # Errors
    ///
    /// If the server refuses the transport or its answer cannot be followed, and as
    /// [`Client::play`].
    pub async fn set_up(&self) -> Result<Reply, ClientError> {
        match self.request(Method::SETUP, None).await {
            Err(ClientError::NotDescribed) => {
                self.describe().await?;
                self.request(Method::SETUP, None).await
            }
            other => other,
        }
    }

    /// PLAY: from where it stands, or a range.
    ///
    /// # Errors
    ///
    /// If the state does not allow it, the server refuses, or the connection is gone.
    pub async fn play(&self, range: Option<Range<'_>>) -> Result<Reply, ClientError> {
        let range = range.map(|range| range.to_string());
        self.request(Method::PLAY, range).await
    }

    /// PAUSE.
    ///
    /// # Errors
    ///
    /// As [`Client::play`].
    pub async fn pause(&self) -> Result<Reply, ClientError> {
        self.request(Method::PAUSE, None).await
    }

    /// TEARDOWN: ends the session.
    ///
    /// # Errors
    ///
    /// As [`Client::play`].
    pub async fn tear_down(&self) -> Result<Reply, ClientError> {
        self.request(Method::TEARDOWN, None).await
    }

    /// Whatever is needed to play: DESCRIBE, SETUP, PLAY.
    ///
    /// # Errors
    ///
    /// As those.
    pub async fn start(&self) -> Result<Reply, ClientError> {
        if self.reception().state == State::Init {
            self.set_up().await?;
        }
        self.play(None).await
    }

    /// What has been received until now, and the state of the stream.
    pub fn reception(&self) -> Reception {
        *self.reception.borrow()
    }

    async fn request(
        &self,
        method: Method<'static>,
        range: Option<String>,
    ) -> Result<Reply, ClientError> {
        let (reply, response) = oneshot::channel();
        let command = Command {
            method,
            range,
            reply,
        };
        let sent = self.commands.send(command).await;
        sent.map_err(|_| ClientError::Closed)?;
        response.await.map_err(|_| ClientError::Closed)?
    }
}

/// A response that was a success.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The response as it came.
    pub message: Message,
}

/// Something that came.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A whole frame.
    Frame(PictureFrame),
    /// A message of the dialogue.
    Line(Line),
    /// The stream has come to its end: the server has said BYE.
    Finished,
    /// The server sends us elsewhere.
    Redirected(Option<String>),
    /// The session has ended.
    Ended(ClientEndReason),
}

/// A whole frame.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PictureFrame {
    /// A JPEG image.
    pub jpeg: Bytes,
    /// The RTP timestamp, in 90 000ths of a second.
    pub timestamp: u32,
    /// When its last packet came.
    pub arrival: Instant,
}

/// A message of the RTSP dialogue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Line {
    /// Whether we sent it.
    pub is_sent: bool,
    /// The message.
    pub text: String,
}

/// What has been received, and the state of the stream.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Reception {
    /// The state of the stream.
    pub state: State,
    /// RTP packets that were sent, by their sequence numbers.
    pub expected: u64,
    /// RTP packets that came.
    pub received: u64,
    /// Bytes of their payloads.
    pub octets: u64,
    /// The jitter of their arrival (RFC 3550 §6.4.1).
    pub jitter: Duration,
    /// From the first packet to the last, pauses left out.
    pub played: Duration,
    /// Whole frames.
    pub frames: u64,
    /// Frames dropped because packets of them were missing or contradictory.
    pub broken: u64,
    /// Datagrams that were no packets of the stream, or whose payload was malformed.
    pub malformed: u64,
    /// Frames that the application did not take in time.
    pub undelivered: u64,
}

impl Default for Reception {
    fn default() -> Self {
        Self {
            state: State::Init,
            expected: 0,
            received: 0,
            octets: 0,
            jitter: Duration::ZERO,
            played: Duration::ZERO,
            frames: 0,
            broken: 0,
            malformed: 0,
            undelivered: 0,
        }
    }
}

impl Reception {
    /// Packets that were sent and did not come, in relation to those that were sent.
    pub fn loss(&self) -> f64 {
        let lost = self.expected.saturating_sub(self.received);
        if lost == 0 {
            return 0.0;
        }
        lost as f64 / self.expected as f64
    }

    /// Payload bytes a second.
    pub fn data_rate(&self) -> f64 {
        let seconds = self.played.as_secs_f64();
        if seconds > 0.0 {
            self.octets as f64 / seconds
        } else {
            0.0
        }
    }
}

/// Why a client could not do something.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// It is no URL of the form `rtsp://HOST[:PORT]/…`.
    Url,
    /// The system refuses, or the server cannot be reached.
    Io(io::Error),
    /// The system has no random numbers.
    Random,
    /// The request is not for the state, or cannot be written.
    Request(RequestError),
    /// The server refuses.
    Status(StatusCode, String),
    /// There are no credentials for the server, or it does not take them.
    Unauthorized,
    /// DESCRIBE has not been answered yet.
    NotDescribed,
    /// The answer to DESCRIBE is no session description that can be read.
    Description,
    /// The description has no video in JPEG.
    NoJpeg,
    /// The answer to SETUP has no transport that can be followed.
    Transport,
    /// The connection is gone, or the server does not answer.
    Closed,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("expected rtsp://HOST[:PORT]/PATH"),
            Self::Io(error) => error.fmt(f),
            Self::Random => f.write_str("the system has no random numbers"),
            Self::Request(error) => error.fmt(f),
            Self::Status(code, reason) => write!(f, "the server says {} {reason}", code.code()),
            Self::Unauthorized => f.write_str("the server wants credentials, or others"),
            Self::NotDescribed => f.write_str("the presentation has not been described"),
            Self::Description => f.write_str("the session description cannot be read"),
            Self::NoJpeg => f.write_str("there is no video in JPEG"),
            Self::Transport => f.write_str("the server's transport cannot be followed"),
            Self::Closed => f.write_str("the connection is gone, or the server does not answer"),
        }
    }
}

impl Error for ClientError {}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RequestError> for ClientError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

/// Host and port of an `rtsp` URL.
fn authority_of(url: &str) -> Option<(String, u16)> {
    let url = UriReference::parse(url).ok()?;
    if !url.scheme()?.eq_ignore_ascii_case("rtsp") {
        return None;
    }
    let host = url.host_str()?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    let port = match url.port_str() {
        None | Some("") => PORT,
        Some(_) => url.port()?,
    };
    (!host.is_empty()).then(|| (host.into(), port))
}

/// The URL without the name and password that it may have: they do not go over the wire.
fn without_userinfo(url: &str) -> String {
    let userinfo = UriReference::parse(url).ok().and_then(|parsed| {
        let userinfo = parsed.userinfo()?;
        Some(format!("//{userinfo}@"))
    });
    match userinfo {
        Some(userinfo) => url.replacen(&userinfo, "//", 1),
        None => url.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_urls() {
        for (url, expected) in [
            ("rtsp://h/a", Some(("h", 554))),
            ("RTSP://h:8554/a", Some(("h", 8554))),
            ("rtsp://u:p@[2001:db8::1]:9", Some(("2001:db8::1", 9))),
            ("rtsp://h:", Some(("h", 554))),
            ("rtsp://h:65536/", None),
            ("http://h/a", None),
            ("h/a", None),
            ("rtsp:///a", None),
        ] {
            let expected = expected.map(|(host, port): (&str, _)| (host.to_owned(), port));
            assert_eq!(authority_of(url), expected, "{url}");
        }
    }

    #[test]
    fn names_and_passwords_do_not_go_over_the_wire() {
        for (url, expected) in [
            ("rtsp://u:p@h/a", "rtsp://h/a"),
            ("rtsp://u@h:1/a?u@", "rtsp://h:1/a?u@"),
            ("rtsp://h/u@a", "rtsp://h/u@a"),
        ] {
            assert_eq!(without_userinfo(url), expected);
        }
    }

    #[test]
    fn loss_and_rate_are_those_of_the_exercise() {
        let reception = Reception {
            expected: 200,
            received: 190,
            octets: 3000,
            played: Duration::from_secs(2),
            ..Reception::default()
        };
        assert!((reception.loss() - 0.05).abs() < 1e-12);
        assert!((reception.data_rate() - 1500.0).abs() < 1e-9);
        assert_eq!(Reception::default().loss(), 0.0);
        assert_eq!(Reception::default().data_rate(), 0.0);
    }
}
