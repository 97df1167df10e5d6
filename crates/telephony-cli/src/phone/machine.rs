//! The agent as the driver of the network wants it.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rfc3261_sip::resolve::Answer;
use rfc3261_sip::transaction::TransactionId;
use rfc3261_sip::transport::Flow;
use rfc3261_sip::user_agent::RequestId;
use telephony_agent::media::Channel;
use telephony_agent::{self as agent, Agent, CallId};
use telephony_net as net;

/// An agent whose messages the driver carries.
pub(super) struct Machine(pub(super) Agent);

/// What is left to the telephone.
#[expect(
    clippy::large_enum_variant,
    reason = "events are short-lived, and a box would cost an allocation each"
)]
pub(super) enum Told {
    /// A packet of media is to be sent.
    Media {
        call: CallId,
        channel: Channel,
        to: SocketAddr,
        datagram: Vec<u8>,
    },
    /// Something has happened.
    Event(agent::Event),
}

impl net::Machine for Machine {
    type Event = Told;
    type Lookup = RequestId;

    fn handle_message(&mut self, now: Instant, bytes: Bytes, source: Flow) {
        self.0.handle_input(now, bytes, source);
    }

    fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        self.0.handle_transport_error(now, transaction);
    }

    fn handle_answer(&mut self, now: Instant, lookup: RequestId, answer: Answer) {
        self.0.handle_answer(now, lookup, answer);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.0.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<net::Output<Self>> {
        loop {
            return Some(match self.0.poll_output()? {
                agent::Output::Transmit(transmit) => net::Output::Transmit(transmit),
                agent::Output::Media {
                    call,
                    channel,
                    to,
                    datagram,
                } => net::Output::Event(Told::Media {
                    call,
                    channel,
                    to,
                    datagram,
                }),
                agent::Output::Event(agent::Event::Lookup { request, query }) => {
                    net::Output::Lookup(request, query)
                }
                agent::Output::Event(event) => net::Output::Event(Told::Event(event)),
                _ => continue,
            });
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.0.next_timeout()
    }

    fn server_name(&self, transaction: TransactionId) -> Option<&str> {
        self.0.server_name(transaction)
    }
}
