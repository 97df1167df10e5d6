//! What the tests have in common.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rfc3261_sip::transaction::Transmit;
use rfc3261_sip::transport::{Flow, Transport};
use telephony_net::sip::{Config, Endpoint, Event, Listen};
use tokio::time::timeout;

/// A request that transactions know, of at least this many bytes.
pub(crate) fn request(number: usize, length: usize) -> Bytes {
    let body = "x".repeat(length);
    format!(
        "MESSAGE sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{number}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

pub(crate) fn config(listen: &[&str]) -> Config {
    Config::new(listen.iter().map(|text| text.parse::<Listen>().unwrap()))
}

pub(crate) fn endpoint(listen: &[&str]) -> Endpoint {
    Endpoint::bind(config(listen)).unwrap()
}

pub(crate) fn address(endpoint: &Endpoint) -> SocketAddr {
    endpoint.listening()[0].address
}

pub(crate) fn transmit(bytes: Bytes, flow: Flow) -> Transmit {
    Transmit {
        transaction: None,
        flow,
        bytes,
    }
}

pub(crate) fn send(endpoint: &mut Endpoint, transport: Transport, to: SocketAddr, bytes: Bytes) {
    endpoint.send(transmit(bytes, Flow::new(transport, to)));
}

pub(crate) async fn next(endpoint: &mut Endpoint) -> Event {
    timeout(Duration::from_secs(10), endpoint.next())
        .await
        .expect("something happens")
}

/// The next message, whatever happens to connections before.
pub(crate) async fn message(endpoint: &mut Endpoint) -> (Bytes, Flow) {
    loop {
        match next(endpoint).await {
            Event::Message { bytes, source } => return (bytes, source),
            Event::Opened { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Lets both sides work until one of them has something to tell.
pub(crate) async fn closed(endpoint: &mut Endpoint) -> telephony_net::sip::CloseReason {
    loop {
        match next(endpoint).await {
            Event::Closed { reason, .. } => return reason,
            Event::Opened { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}
