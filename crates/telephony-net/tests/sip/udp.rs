//! Datagrams.

use bytes::Bytes;
use rfc3261_sip::transport::Transport;
use telephony_net::sip::Event;
use tokio::net::UdpSocket;

use super::world::{address, endpoint, message, next, request, send, transmit};

#[tokio::test]
async fn messages_arrive_in_order_and_their_answers_leave_where_they_came() {
    let mut server = endpoint(&["udp:0.0.0.0:0"]);
    let mut client = endpoint(&["udp:127.0.0.1:0"]);
    let port = address(&server).port();
    // Another address of this machine than the one that the system would choose.
    let to = ([127, 0, 0, 2], port).into();
    for number in 0..100 {
        send(&mut client, Transport::Udp, to, request(number, number));
    }
    for number in 0..100 {
        let (bytes, source) = message(&mut server).await;
        assert_eq!(bytes, request(number, number));
        assert_eq!(source.remote, address(&client));
        assert_eq!(source.local, Some(to));
        server.send(transmit(Bytes::from(format!("answer {number}")), source));
    }
    for number in 0..100 {
        let (bytes, source) = message(&mut client).await;
        assert_eq!(bytes, format!("answer {number}"));
        assert_eq!(source.remote, to);
    }
    assert_eq!(server.counts().received, 100);
    assert_eq!((client.counts().sent, client.counts().unsent), (100, 0));
}

#[tokio::test]
async fn a_message_longer_than_a_packet_arrives() {
    let mut server = endpoint(&["udp:127.0.0.1:0"]);
    let mut client = endpoint(&["udp:127.0.0.1:0"]);
    // The loopback carries packets of 64 KiB: this one is cut by the system all the same.
    send(
        &mut client,
        Transport::Udp,
        address(&server),
        request(1, 65_000),
    );
    assert_eq!(message(&mut server).await.0, request(1, 65_000));
}

#[tokio::test]
async fn one_that_is_too_long_is_told() {
    let mut client = endpoint(&["udp:127.0.0.1:0"]);
    let to = address(&client);
    send(&mut client, Transport::Udp, to, request(1, 66_000));
    assert_eq!(client.counts().unsent, 1);
}

#[tokio::test]
async fn keep_alives_are_ignored_and_stun_is_set_apart() {
    let mut server = endpoint(&["udp:127.0.0.1:0"]);
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = address(&server);
    for datagram in [
        &b"\r\n\r\n"[..],
        b"",
        b"\x00\x01\x00\x00stun",
        b"\r\nOPTIONS sip:a SIP/2.0",
    ] {
        peer.send_to(datagram, to).await.unwrap();
    }
    let Event::Stun { bytes, source } = next(&mut server).await else {
        panic!()
    };
    assert_eq!(&bytes[..], b"\x00\x01\x00\x00stun");
    server.send(transmit(Bytes::from_static(b"answer"), source));
    let mut buffer = [0; 10];
    let (length, from) = peer.recv_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], from), (&b"answer"[..], to));
    assert_eq!(&message(&mut server).await.0[..], b"OPTIONS sip:a SIP/2.0");
    // Of an empty datagram nothing is left to count.
    assert_eq!(server.counts().ignored, 1);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = endpoint(&["udp:127.0.0.1:0"]);
    let taken = server.listening()[0];
    let error = telephony_net::sip::Endpoint::bind(telephony_net::sip::Config::new([taken]));
    let shown = error.unwrap_err().to_string();
    assert!(
        shown.starts_with(&format!("cannot listen at {taken}: ")),
        "{shown}"
    );
}

#[tokio::test]
async fn without_a_socket_of_its_family_nothing_is_sent() {
    let mut client = endpoint(&["udp:127.0.0.1:0"]);
    send(
        &mut client,
        Transport::Udp,
        "[::1]:5060".parse().unwrap(),
        request(1, 0),
    );
    assert_eq!(client.counts().unsent, 1);
}
