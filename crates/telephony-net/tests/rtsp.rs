//! Server and client of motion JPEG against each other on loopback.

#![cfg(feature = "rtsp")]
#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rfc2326_rtsp::State;
use rfc2326_rtsp::headers::Range;
use rfc2435_jpeg::JpegImage;
use rfc2617_auth::{Account, Ha1, Hash};
use telephony_net::rtsp::{
    Client, ClientConfig, ClientError, Event, Movie, Observation, Presentation, Server,
    ServerConfig, Transport, Users,
};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(20);

/// The images of a recording of this repository, each of several packets.
fn images() -> Vec<Vec<u8>> {
    let file = include_bytes!("../../rfc2435-jpeg/tests/vectors/gst_320x240_Y42B_q50.mjpeg");
    let starts: Vec<usize> = file
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0xff, 0xd8, 0xff])
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| file[start..end].to_vec())
        .collect()
}

/// A server on loopback, until it is dropped.
struct Running {
    address: SocketAddr,
    observations: Arc<Mutex<Vec<Observation>>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(config: ServerConfig, repeats: bool) -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let mut server = Server::bind(address, config).await.unwrap();
        let movie = Movie::new(images()).unwrap();
        let presentation = Presentation::new(movie, INTERVAL).repeats(repeats);
        server.add("a movie", presentation).unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let observations = Arc::new(Mutex::new(Vec::new()));
        let observed = Arc::clone(&observations);
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            let observe = move |observation| observed.lock().unwrap().push(observation);
            server.run(stopped, observe).await.unwrap();
        });
        Self {
            address,
            observations,
            stop: Some(stop),
            task,
        }
    }

    fn url(&self) -> String {
        format!("rtsp://{}/a%20movie", self.address)
    }

    /// Whether an observation comes.
    async fn observed(&self, wanted: impl Fn(&Observation) -> bool) {
        let seen = async {
            while !self.observations.lock().unwrap().iter().any(&wanted) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, seen).await.expect("an observation");
    }
}

/// The frames until something else than frames and lines comes, or as many as wanted.
async fn frames(events: &mut Receiver<Event>, wanted: usize) -> Vec<bytes::Bytes> {
    let mut frames = Vec::new();
    while frames.len() < wanted {
        match timeout(LIMIT, events.recv()).await.expect("an event") {
            Some(Event::Frame(frame)) => frames.push(frame.jpeg),
            Some(Event::Line(_)) => {}
            _ => break,
        }
    }
    frames
}

fn config(transport: Transport) -> ClientConfig {
    let mut config = ClientConfig::default();
    config.transport = transport;
    config
}

/// Whether what came is what was sent: JPEG images of the same content.
fn assert_same(received: &[bytes::Bytes], sent: &[Vec<u8>]) {
    assert_eq!(received.len(), sent.len());
    for (received, sent) in received.iter().zip(sent) {
        let (received, sent) = (JpegImage::parse(received), JpegImage::parse(sent));
        assert_eq!(received.unwrap(), sent.unwrap());
    }
}

#[tokio::test]
async fn a_movie_comes_whole_by_udp_and_tcp() {
    let server = Running::start(ServerConfig::default(), false).await;
    for transport in [Transport::Udp, Transport::Tcp] {
        let (client, mut events) = Client::connect(&server.url(), config(transport))
            .await
            .unwrap();
        assert_eq!(client.reception().state, State::Init);
        client.start().await.unwrap();
        assert_eq!(client.reception().state, State::Playing);
        let received = frames(&mut events, usize::MAX).await;
        assert_same(&received, &images());
        // The server has said BYE.
        let reception = client.reception();
        assert_eq!(reception.state, State::Ready, "{transport:?}");
        assert_eq!(
            (reception.frames, reception.broken),
            (images().len() as u64, 0)
        );
        assert_eq!(reception.loss(), 0.0);
        assert!(reception.data_rate() > 0.0);
        assert_eq!(reception.expected, reception.received);
        // Once more from the beginning.
        client.play(None).await.unwrap();
        let received = frames(&mut events, 2).await;
        assert_same(&received, &images()[..2]);
        client.tear_down().await.unwrap();
        assert_eq!(client.reception().state, State::Init);
        server
            .observed(|seen| matches!(seen, Observation::Ended { totals, .. } if totals.frames > 0))
            .await;
        server.observations.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn pause_and_ranges() {
    let server = Running::start(ServerConfig::default(), false).await;
    let (client, mut events) = Client::connect(&server.url(), config(Transport::Tcp))
        .await
        .unwrap();
    client.set_up().await.unwrap();
    assert!(matches!(client.pause().await, Err(ClientError::Request(_))));
    // The third frame only.
    let range = Range::npt(INTERVAL * 2, Some(INTERVAL * 3));
    let reply = client.play(Some(range)).await.unwrap();
    let played = reply.message.view().range().unwrap().unwrap();
    assert_eq!(played, range);
    let received = frames(&mut events, 1).await;
    assert_same(&received, &images()[2..3]);
    server
        .observed(|seen| matches!(seen, Observation::Stopped { totals, .. } if totals.frames == 1))
        .await;
    // Beyond the end.
    let beyond = Range::npt(Duration::from_secs(100), None);
    let refused = client.play(Some(beyond)).await;
    assert!(matches!(refused, Err(ClientError::Status(code, _)) if code.code() == 457));
    // Two ranges, one after the other (RFC 2326 §10.5), with one media clock.
    let second = Range::npt(INTERVAL, Some(INTERVAL * 2));
    let first = Range::npt(Duration::ZERO, Some(INTERVAL));
    let (a, b) = tokio::join!(client.play(Some(second)), client.play(Some(first)));
    a.unwrap();
    b.unwrap();
    let received = frames(&mut events, 2).await;
    assert_same(&received, &[images()[1].clone(), images()[0].clone()]);
    client.tear_down().await.unwrap();
}

#[tokio::test]
async fn a_paused_movie_stands_still_and_goes_on_where_it_was() {
    let server = Running::start(ServerConfig::default(), true).await;
    let (client, mut events) = Client::connect(&server.url(), config(Transport::Udp))
        .await
        .unwrap();
    client.start().await.unwrap();
    assert_eq!(frames(&mut events, 3).await.len(), 3);
    client.pause().await.unwrap();
    assert_eq!(client.reception().state, State::Ready);
    tokio::time::sleep(INTERVAL * 2).await;
    while events.try_recv().is_ok() {}
    let before = client.reception();
    tokio::time::sleep(INTERVAL * 10).await;
    assert!(
        events.try_recv().is_err(),
        "nothing comes while it is paused"
    );
    assert_eq!(client.reception().received, before.received);
    client.play(None).await.unwrap();
    assert_eq!(
        frames(&mut events, 40).await.len(),
        40,
        "it begins anew at its end"
    );
    let reception = client.reception();
    assert!(reception.expected == reception.received, "{reception:?}");
    assert!(
        reception.jitter < Duration::from_millis(150),
        "{reception:?}"
    );
}

#[tokio::test]
async fn who_watches_is_asked_for_a_name_and_a_secret() {
    for hash in [Hash::Md5, Hash::Sha256] {
        let secret = Ha1::new(hash, "alice", "movies", "secret");
        let users = format!("alice:movies:{}\n", secret.expose());
        let mut server_config = ServerConfig::default();
        server_config.users = Some(Users::parse(&users).unwrap());
        let server = Running::start(server_config, false).await;
        for (password, is_let_in) in [
            (None, false),
            (Some("wrong"), false),
            (Some("secret"), true),
        ] {
            let mut config = config(Transport::Tcp);
            config.account = password.map(|password| Account::new("alice", password).unwrap());
            let (client, mut events) = Client::connect(&server.url(), config).await.unwrap();
            match client.start().await {
                Ok(_) => assert!(is_let_in),
                Err(error) => {
                    assert!(matches!(error, ClientError::Unauthorized), "{error}");
                    assert!(!is_let_in);
                    continue;
                }
            }
            let received = frames(&mut events, usize::MAX).await;
            assert_same(&received, &images());
            client.tear_down().await.unwrap();
        }
        server
            .observed(|seen| matches!(seen, Observation::Unauthorized { .. }))
            .await;
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let server = Running::start(ServerConfig::default(), false).await;
    let status = |error: ClientError| match error {
        ClientError::Status(code, _) => code.code(),
        other => panic!("{other}"),
    };
    let url = format!("rtsp://{}/other", server.address);
    let (client, _events) = Client::connect(&url, ClientConfig::default())
        .await
        .unwrap();
    assert_eq!(status(client.describe().await.unwrap_err()), 404);
    let (client, _events) = Client::connect(&server.url(), config(Transport::Multicast))
        .await
        .unwrap();
    assert_eq!(status(client.start().await.unwrap_err()), 461);
    let nobody = Client::connect("rtsp://127.0.0.1:1/a", ClientConfig::default()).await;
    assert!(matches!(nobody, Err(ClientError::Io(_))));
}

#[tokio::test]
async fn whoever_goes_is_forgotten_and_the_end_of_the_server_is_told() {
    let mut server = Running::start(ServerConfig::default(), true).await;
    let (client, mut events) = Client::connect(&server.url(), config(Transport::Udp))
        .await
        .unwrap();
    client.start().await.unwrap();
    assert_eq!(frames(&mut events, 1).await.len(), 1);
    drop(client);
    server
        .observed(|seen| matches!(seen, Observation::Ended { .. }))
        .await;
    server
        .observed(|seen| matches!(seen, Observation::Disconnected { .. }))
        .await;
    let (client, mut events) = Client::connect(&server.url(), config(Transport::Udp))
        .await
        .unwrap();
    client.start().await.unwrap();
    server.stop.take().unwrap().send(()).unwrap();
    let ended = async {
        while let Some(event) = events.recv().await {
            if matches!(event, Event::Finished | Event::Ended(_)) {
                return true;
            }
        }
        false
    };
    assert!(timeout(LIMIT, ended).await.unwrap());
    timeout(LIMIT, server.task).await.unwrap().unwrap();
    drop(client);
}
