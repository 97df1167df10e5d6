//! Connections over TCP.

use std::time::Duration;

use rfc3261_sip::FrameErrorKind;
use rfc3261_sip::transaction::{
    Config as TransactionConfig, Event as TransactionEvent, Output, TransactionLayer,
};
use rfc3261_sip::transport::{Flow, Transport};
use telephony_net::sip::{CloseReason, Config, Endpoint, Event, Unsendable};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::world::{address, closed, config, endpoint, message, next, request, send, transmit};

#[tokio::test]
async fn one_connection_carries_messages_both_ways() {
    let mut server = endpoint(&["tcp:127.0.0.1:0"]);
    let mut client = endpoint(&[]);
    let to = address(&server);
    for number in 0..200 {
        send(
            &mut client,
            Transport::Tcp,
            to,
            request(number, 100 * number),
        );
    }
    for number in 0..200 {
        let (bytes, source) = message(&mut server).await;
        assert_eq!(bytes, request(number, 100 * number));
        server.send(transmit(request(number, 7), source));
    }
    for number in 0..200 {
        assert_eq!(message(&mut client).await.0, request(number, 7));
    }
    // A flow without a connection finds the one that there is.
    let connection = message_source(&mut client, &mut server).await.connection;
    assert!(connection.is_some());
    assert_eq!(
        (server.counts().connections, client.counts().connections),
        (1, 1)
    );
}

async fn message_source(client: &mut Endpoint, server: &mut Endpoint) -> Flow {
    send(client, Transport::Tcp, address(server), request(1, 0));
    message(server).await.1
}

#[tokio::test]
async fn a_refused_connection_is_told_to_its_transaction() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = nobody.local_addr().unwrap();
    drop(nobody);
    let mut client = endpoint(&[]);
    let mut layer = TransactionLayer::new(TransactionConfig::new([7; 32]));
    let now = std::time::Instant::now();
    let request = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                   To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    let sent = layer
        .send_request(now, request, Flow::new(Transport::Tcp, to))
        .unwrap();
    while let Some(output) = layer.poll_output() {
        if let Output::Transmit(transmit) = output {
            client.send(transmit);
        }
    }
    let Event::Unsent { transaction, error } = next(&mut client).await else {
        panic!()
    };
    assert!(matches!(error, Unsendable::Closed) && transaction == sent);
    layer.handle_transport_error(now, transaction);
    assert!(matches!(
        layer.poll_output(),
        Some(Output::Event(TransactionEvent::TransportError { .. }))
    ));
    let reason = closed(&mut client).await;
    assert!(
        matches!(&reason, CloseReason::Failed(error) if error.kind() == std::io::ErrorKind::ConnectionRefused)
    );
    assert_eq!(client.counts().connections, 0);
}

#[tokio::test]
async fn pings_are_answered() {
    let mut server = endpoint(&["tcp:127.0.0.1:0"]);
    let mut peer = TcpStream::connect(address(&server)).await.unwrap();
    assert!(matches!(next(&mut server).await, Event::Opened { .. }));
    peer.write_all(b"\r\n\r\n").await.unwrap();
    let mut pong = [0; 2];
    peer.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\r\n");
}

#[tokio::test]
async fn what_cannot_be_cut_into_messages_ends_the_connection() {
    let mut server = endpoint(&["tcp:127.0.0.1:0"]);
    let mut peer = TcpStream::connect(address(&server)).await.unwrap();
    peer.write_all(b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n")
        .await
        .unwrap();
    let CloseReason::Unreadable(error) = closed(&mut server).await else {
        panic!()
    };
    assert_eq!(error.kind(), FrameErrorKind::NoContentLength);
    assert_eq!(peer.read(&mut [0; 10]).await.unwrap(), 0);
}

fn hasty() -> Config {
    let mut config = config(&["tcp:127.0.0.1:0"]);
    config.message_timeout = Duration::from_millis(50);
    config.idle_timeout = Duration::from_millis(200);
    config
}

#[tokio::test]
async fn a_message_that_does_not_end_ends_the_connection() {
    let mut server = Endpoint::bind(hasty()).unwrap();
    let mut peer = TcpStream::connect(address(&server)).await.unwrap();
    tokio::spawn(async move {
        // A byte now and then does not help.
        while peer.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(matches!(closed(&mut server).await, CloseReason::Slow));
}

#[tokio::test]
async fn a_silent_connection_ends() {
    let mut server = Endpoint::bind(hasty()).unwrap();
    let mut peer = TcpStream::connect(address(&server)).await.unwrap();
    peer.write_all(&request(1, 0)).await.unwrap();
    message(&mut server).await;
    assert!(matches!(closed(&mut server).await, CloseReason::Idle));
    assert_eq!(server.counts().connections, 0);
}

#[tokio::test]
async fn more_connections_than_allowed_are_refused() {
    let mut limited = config(&["tcp:127.0.0.1:0"]);
    limited.connections = 1;
    let mut server = Endpoint::bind(limited).unwrap();
    let first = TcpStream::connect(address(&server)).await.unwrap();
    assert!(matches!(next(&mut server).await, Event::Opened { .. }));
    let mut second = TcpStream::connect(address(&server)).await.unwrap();
    assert!(matches!(second.read(&mut [0]).await, Ok(0) | Err(_)));
    // None can be opened from here either.
    send(
        &mut server,
        Transport::Tcp,
        "127.0.0.1:1".parse().unwrap(),
        request(1, 0),
    );
    assert_eq!(server.counts().unsent, 1);
    drop(first);
    assert!(matches!(closed(&mut server).await, CloseReason::Ended));
    let mut third = TcpStream::connect(address(&server)).await.unwrap();
    third.write_all(&request(3, 0)).await.unwrap();
    message(&mut server).await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_fills_a_bounded_queue() {
    let mut limited = config(&[]);
    limited.queue = 4;
    let mut client = Endpoint::bind(limited).unwrap();
    let peer = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = peer.local_addr().unwrap();
    for number in 0..100 {
        send(&mut client, Transport::Tcp, to, request(number, 100_000));
    }
    assert_eq!(client.counts().unsent, 96);
}

#[tokio::test]
async fn what_waits_is_sent_before_the_end() {
    let mut server = endpoint(&["tcp:127.0.0.1:0"]);
    let mut client = endpoint(&[]);
    for number in 0..50 {
        send(
            &mut client,
            Transport::Tcp,
            address(&server),
            request(number, 10_000),
        );
    }
    let receiving = async {
        for number in 0..50 {
            assert_eq!(message(&mut server).await.0, request(number, 10_000));
        }
        closed(&mut server).await
    };
    let (reason, ()) = tokio::join!(receiving, client.shut_down(Duration::from_secs(10)));
    assert!(matches!(reason, CloseReason::Ended));
}

#[tokio::test]
async fn a_connection_that_is_gone_is_opened_again() {
    let mut server = endpoint(&["tcp:127.0.0.1:0"]);
    let mut client = endpoint(&[]);
    let first = message_source(&mut client, &mut server)
        .await
        .connection
        .unwrap();
    server.close(first);
    while !matches!(next(&mut client).await, Event::Closed { .. }) {}
    send(&mut client, Transport::Tcp, address(&server), request(2, 0));
    let second = loop {
        match next(&mut server).await {
            Event::Message { source, .. } => break source.connection.unwrap(),
            Event::Opened { .. } | Event::Closed { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert_ne!(first, second);
}
