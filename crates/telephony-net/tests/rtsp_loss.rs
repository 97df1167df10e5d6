//! A network that loses packets between the server and the client of motion JPEG.

#![cfg(feature = "rtsp")]
#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rfc2435_jpeg::JpegImage;
use telephony_net::rtsp::{Client, ClientConfig, Event, Movie, Presentation, Server, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// One packet of this many is lost, on average.
const ONE_OF: u64 = 20;
/// 1 500 packets or so, of which 75 are lost.
const FRAMES: u64 = 250;

/// Carries one connection to a server and its packets back, and loses some of the RTP packets.
struct Relay {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
}

impl Relay {
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            sent: Arc::default(),
            lost: Arc::default(),
        };
        let (sent, lost) = (Arc::clone(&relay.sent), Arc::clone(&relay.lost));
        tokio::spawn(async move {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(server).await.unwrap();
            carry(client, server, sent, lost).await;
        });
        relay
    }
}

/// Carries messages; those about ports are told the relay's.
async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    sent: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
) {
    let (rtp, rtcp) = pair().await;
    let own = rtp.local_addr().unwrap().port();
    let own = format!("{own}-{}", own + 1);
    let mut sockets = Some((rtp, rtcp));
    let mut asked = String::new();
    let (mut upstream, mut downstream) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut upstream) => {
                let Ok(length @ 1..) = read else { return };
                let mut text = String::from_utf8_lossy(&upstream[..length]).into_owned();
                if let Some(ports) = parameter(&text, "client_port=") {
                    text = text.replace(&format!("client_port={ports}"), &format!("client_port={own}"));
                    asked = ports;
                }
                server.write_all(text.as_bytes()).await.unwrap();
            }
            read = server.read(&mut downstream) => {
                let Ok(length @ 1..) = read else { return };
                let mut text = String::from_utf8_lossy(&downstream[..length]).into_owned();
                if let Some(ports) = parameter(&text, "server_port=") {
                    text = text.replace(&format!("client_port={own}"), &format!("client_port={asked}"));
                    text = text.replace(&format!("server_port={ports}"), &format!("server_port={own}"));
                    let first = |ports: &str| ports.split_once('-').unwrap().0.parse::<u16>().unwrap();
                    let (rtp, rtcp) = sockets.take().unwrap();
                    let to = SocketAddr::from(([127, 0, 0, 1], first(&asked)));
                    tokio::spawn(lose(rtp, to, Arc::clone(&sent), Arc::clone(&lost)));
                    tokio::spawn(reports(rtcp, first(&asked) + 1, first(&ports) + 1));
                }
                client.write_all(text.as_bytes()).await.unwrap();
            }
        }
    }
}

/// The value of a parameter of Transport.
fn parameter(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(name)?;
    let end = rest.find([';', '\r', ','])?;
    Some(rest[..end].to_owned())
}

async fn pair() -> (UdpSocket, UdpSocket) {
    loop {
        let first = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        if port % 2 == 0
            && let Ok(second) = UdpSocket::bind(("127.0.0.1", port + 1)).await
        {
            return (first, second);
        }
    }
}

/// Carries RTP packets, and loses some of them, always the same.
async fn lose(socket: UdpSocket, to: SocketAddr, sent: Arc<AtomicU64>, lost: Arc<AtomicU64>) {
    let mut buffer = [0; 2048];
    let mut random: u64 = 0x2435_0326_2326_3550;
    while let Ok(length) = socket.recv(&mut buffer).await {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        sent.fetch_add(1, Ordering::Relaxed);
        if random.is_multiple_of(ONE_OF) {
            lost.fetch_add(1, Ordering::Relaxed);
        } else {
            let _ = socket.send_to(&buffer[..length], to).await;
        }
    }
}

/// Carries reports both ways.
async fn reports(socket: UdpSocket, client: u16, server: u16) {
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let to = if from.port() == client {
            server
        } else {
            client
        };
        let _ = socket.send_to(&buffer[..length], ("127.0.0.1", to)).await;
    }
}

fn images() -> Vec<Vec<u8>> {
    let file = include_bytes!("../../rfc2435-jpeg/tests/vectors/gst_320x240_Y42B_q50.mjpeg");
    let starts: Vec<usize> = file
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0xff, 0xd8, 0xff])
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    let pairs = starts.iter().zip(ends);
    pairs
        .map(|(&start, end)| file[start..end].to_vec())
        .collect()
}

#[tokio::test]
async fn the_loss_is_told_and_broken_frames_are_dropped() {
    let address = "127.0.0.1:0".parse().unwrap();
    let mut server = Server::bind(address, ServerConfig::default())
        .await
        .unwrap();
    let images = images();
    let repeated = (0..FRAMES as usize).map(|index| &images[index % images.len()]);
    let movie = Movie::new(repeated).unwrap();
    let presentation = Presentation::new(movie, Duration::from_millis(8));
    server.add("movie", presentation).unwrap();
    let relay = Relay::start(server.local_addr()).await;
    let serving = tokio::spawn(server.run(std::future::pending(), |_| {}));

    let url = format!("rtsp://{}/movie", relay.address);
    let (client, mut events) = Client::connect(&url, ClientConfig::default())
        .await
        .unwrap();
    client.start().await.unwrap();
    let sent: Vec<_> = images
        .iter()
        .map(|image| JpegImage::parse(image).unwrap())
        .collect();
    let mut frames = 0;
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), events.recv());
        match event.await.unwrap().unwrap() {
            Event::Frame(frame) => {
                let received = JpegImage::parse(&frame.jpeg).unwrap();
                assert!(sent.contains(&received), "a frame that was not sent");
                frames += 1;
            }
            Event::Finished => break,
            _ => {}
        }
    }
    let reception = client.reception();
    let (sent, lost) = (
        relay.sent.load(Ordering::Relaxed),
        relay.lost.load(Ordering::Relaxed),
    );
    let expected = lost as f64 / sent as f64;
    assert!((0.03..0.07).contains(&expected), "{lost} of {sent}");
    assert!(
        (reception.loss() - expected).abs() < 0.005,
        "{expected} {reception:?}"
    );
    assert_eq!(reception.frames, frames);
    assert_eq!(reception.frames + reception.broken, FRAMES, "{reception:?}");
    assert!(reception.broken >= lost / 4, "{reception:?}");
    serving.abort();
}
