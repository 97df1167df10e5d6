//! Media sockets on loopback.

#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // sockets, never `no_std`

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use telephony_net::media::{Component, Config, Media, Ports, Received};
use tokio::time::timeout;

fn media(ports: &str) -> Media {
    Media::new(Config::new(
        Ipv4Addr::LOCALHOST.into(),
        ports.parse().unwrap(),
    ))
}

async fn next(media: &mut Media) -> Received {
    timeout(Duration::from_secs(10), media.next())
        .await
        .expect("a packet")
}

#[tokio::test]
async fn packets_come_with_their_stream_port_source_and_time() {
    let (mut left, mut right) = (media("0"), media("0"));
    let from = left.open_pair().unwrap();
    let _other = right.open_pair().unwrap();
    let to = right.open_pair().unwrap();
    let (rtp, rtcp) = left.addresses(from).unwrap();
    assert!(rtp.port().is_multiple_of(2) && rtcp.unwrap().port() == rtp.port() + 1);
    let (to_rtp, to_rtcp) = right.addresses(to).unwrap();
    for (component, source, destination) in [
        (Component::Rtp, rtp, to_rtp),
        (Component::Rtcp, rtcp.unwrap(), to_rtcp.unwrap()),
    ] {
        let before = Instant::now();
        left.send(from, component, destination, b"packet");
        let received = next(&mut right).await;
        assert_eq!(
            (
                received.media,
                received.component,
                received.source,
                &received.bytes[..]
            ),
            (to, component, source, &b"packet"[..])
        );
        assert!((before..=Instant::now()).contains(&received.at));
    }
}

#[tokio::test]
async fn one_port_carries_both_where_they_are_multiplexed() {
    let mut media = media("0");
    let one = media.open_multiplexed().unwrap();
    let (rtp, rtcp) = media.addresses(one).unwrap();
    assert_eq!(rtcp, None);
    media.send(one, Component::Rtcp, rtp, b"to itself");
    let received = next(&mut media).await;
    assert_eq!((received.component, received.source), (Component::Rtp, rtp));
}

/// Four ports that are free just now.
fn free_range() -> (u16, String) {
    let free = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let offset = (std::process::id() % 1000) as u16 * 4;
    let first = (0..8000)
        .step_by(4)
        .map(|step| 12_000 + (offset + step) % 8000);
    let first = first
        .clone()
        .find(|first| (*first..first + 4).all(free))
        .unwrap();
    (first, format!("{first}-{}", first + 3))
}

#[tokio::test]
async fn a_range_gives_its_pairs_and_takes_them_back() {
    let (first, range) = free_range();
    let mut media = media(&range);
    let one = media.open_pair().unwrap();
    let two = media.open_pair().unwrap();
    let port = |media: &Media, id| media.addresses(id).unwrap().0.port();
    assert_eq!((port(&media, one), port(&media, two)), (first, first + 2));
    assert!(media.open_pair().is_err() && media.open_multiplexed().is_err());
    media.close(one);
    // The reader lets go of the socket a moment later.
    let again = timeout(Duration::from_secs(10), async {
        loop {
            match media.open_pair() {
                Ok(again) => return again,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    let again = again.await.unwrap();
    assert_eq!(port(&media, again), first);
    assert_ne!(again, one);
    assert_eq!(media.counts().streams, 2);
}

#[tokio::test]
async fn a_pair_with_one_port_taken_is_passed_over() {
    let (first, range) = free_range();
    let _taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, first + 1)).unwrap();
    let mut media = media(&range);
    let one = media.open_pair().unwrap();
    assert_eq!(media.addresses(one).unwrap().0.port(), first + 2);
}

#[tokio::test]
async fn what_nobody_looks_at_is_dropped_and_counted() {
    let mut config = Config::new(Ipv4Addr::LOCALHOST.into(), Ports::ANY);
    config.queue = 2;
    let mut media = Media::new(config);
    let one = media.open_multiplexed().unwrap();
    let to = media.addresses(one).unwrap().0;
    for number in 0..10 {
        media.send(one, Component::Rtp, to, &[number]);
    }
    let start = Instant::now();
    while media.counts().dropped < 8 && start.elapsed() < Duration::from_secs(10) {
        tokio::task::yield_now().await;
    }
    assert_eq!(media.counts().dropped, 8);
    assert_eq!(&media.try_next().unwrap().bytes[..], [0]);
    assert_eq!(&media.try_next().unwrap().bytes[..], [1]);
    assert_eq!(media.try_next(), None);
}

#[tokio::test]
async fn a_closed_port_of_the_peer_stops_nothing() {
    let mut media = media("0");
    let one = media.open_multiplexed().unwrap();
    let own = media.addresses(one).unwrap().0;
    let nobody: SocketAddr = {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap()
    };
    for _ in 0..3 {
        media.send(one, Component::Rtp, nobody, b"lost");
    }
    media.send(one, Component::Rtp, own, b"here");
    assert_eq!(&next(&mut media).await.bytes[..], b"here");
}
