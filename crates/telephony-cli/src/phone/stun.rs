//! The own addresses as a STUN server sees them (RFC 5389), of sockets that are in use.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rfc3261_sip::transaction::Transmit;
use rfc5389_stun::Transport;
use rfc5389_stun::client::{Client, ClientConfig, Event, Input, Output, Request};
use telephony_agent::MediaAddress;
use telephony_net::media::{Component, Media, MediaId};
use telephony_net::{Driver, Happening};
use tokio::time::sleep_until;

use super::machine::Machine;
use super::{Problem, datagram_to, random};

/// A question to the server, until it is answered.
struct Question {
    client: Client,
    server: SocketAddr,
}

impl Question {
    fn new(server: SocketAddr) -> Result<Self, Problem> {
        let mut config = ClientConfig::default();
        // Six seconds are long enough to wait for a server: 5.5 s instead of 39.5.
        config.requests = 4;
        config.last_wait = 4;
        let mut client = Client::new(config, random()?);
        let asked = client.request(Instant::now(), Request::udp(server));
        asked.map_err(|error| Problem::Failure(error.to_string()))?;
        Ok(Self { client, server })
    }

    /// Sends what is to be sent; the answer, if it is there.
    fn poll(
        &mut self,
        mut send: impl FnMut(&[u8], SocketAddr),
    ) -> Option<Result<SocketAddr, Problem>> {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit(transmit) => send(&transmit.bytes, transmit.destination),
                Output::Event(Event::Success { success, .. }) => {
                    return Some(Ok(success.mapped_address));
                }
                Output::Event(Event::Failure { failure, .. }) => {
                    let message = format!("STUN server {}: {failure}", self.server);
                    return Some(Err(Problem::Failure(message)));
                }
                Output::Event(_) => {}
            }
        }
        None
    }

    async fn wait(&self) {
        match self.client.next_timeout() {
            Some(due) => sleep_until(due.into()).await,
            None => std::future::pending().await,
        }
    }

    fn handle_message(&mut self, source: SocketAddr, bytes: &[u8]) {
        let input = Input::Message {
            transport: Transport::Udp,
            source,
            bytes,
        };
        self.client.handle_input(Instant::now(), input);
    }
}

/// The address of the ports of a call.
pub(super) async fn media_address(
    media: &mut Media,
    id: MediaId,
    server: SocketAddr,
) -> Result<MediaAddress, Problem> {
    let rtp = ask(media, id, Component::Rtp, server).await?;
    let rtcp = ask(media, id, Component::Rtcp, server).await?;
    let mut address = MediaAddress::new(rtp);
    if Some(rtcp.port()) != rtp.port().checked_add(1) {
        address.rtcp_port = Some(rtcp.port());
    }
    Ok(address)
}

async fn ask(
    media: &mut Media,
    id: MediaId,
    component: Component,
    server: SocketAddr,
) -> Result<SocketAddr, Problem> {
    let mut question = Question::new(server)?;
    loop {
        let send = |bytes: &[u8], to| media.send(id, component, to, bytes);
        if let Some(answer) = question.poll(send) {
            return answer;
        }
        tokio::select! {
            received = media.next() => {
                if received.media == id && received.component == component {
                    question.handle_message(received.source, &received.bytes);
                }
            }
            () = question.wait() => question.client.handle_timeout(Instant::now()),
        }
    }
}

/// The address of the socket of SIP.
pub(super) async fn signalling_address(
    driver: &mut Driver<Machine>,
    server: SocketAddr,
) -> Result<SocketAddr, Problem> {
    let mut question = Question::new(server)?;
    loop {
        let send = |bytes: &[u8], to| {
            driver.endpoint_mut().send(Transmit {
                transaction: None,
                flow: datagram_to(to),
                bytes: Bytes::copy_from_slice(bytes),
            });
        };
        if let Some(answer) = question.poll(send) {
            return answer;
        }
        tokio::select! {
            happening = driver.next() => {
                if let Happening::Stun { bytes, source } = happening {
                    question.handle_message(source.remote, &bytes);
                }
            }
            () = question.wait() => question.client.handle_timeout(Instant::now()),
        }
    }
}
