//! The server of the Binding method. RFC 5389 §7.3.1, §10, §11, §12.2, §13; RFC 8489 §9, §10;
//! RFC 5780 §6; RFC 3489 §8.1.
//!
//! ```text
//!             not a Binding request,              refused by
//! arrival ──▶ wrong FINGERPRINT      ──▶ admitted? ──▶ credentials? ──▶ understood? ──▶ proper?
//!                     │                     │ no           │ no             │ no          │ no
//!                     ▼                     ▼              ▼                ▼             ▼
//!                  silence               silence     400, 401, 438         420           400
//!                                                                    then: elsewhere? 300, or success
//! ```

mod authentication;
mod config;
mod nonce;
mod policy;

use core::net::SocketAddr;
use core::time::Duration;

pub use config::{Authentication, Endpoints, LongTerm, ServerConfig};
pub use policy::{Claim, Policy, User};

use crate::attribute::{
    AlternateServer, AttributeValue, ChangeRequest, ChangedAddress, ErrorCode, MappedAddress,
    Nonce, OtherAddress, Padding, Realm, ResponseOrigin, ResponsePort, SecurityFeatures, Software,
    SourceAddress, XorMappedAddress,
};
use crate::attribute_type::AttributeType;
use crate::builder::MessageBuilder;
use crate::error::{CheckError, WriteError};
use crate::message::Message;
use crate::message_type::{Class, Method};
use crate::transport::{Transport, canonical};
use authentication::{Proof, Refusal};
use nonce::Nonces;

/// The longest PADDING of a response, in bytes: the usual MTU. It is never longer than that of
/// the request.
const PADDING_LIMIT: u16 = 1500;

/// A server of the Binding method, which keeps nothing about its clients.
///
/// Hand every datagram, and every message that a [`Framer`](crate::Framer) cuts out of a
/// connection, to [`answer`](Server::answer), and send what comes back. Binding is idempotent, so
/// a repeated request is answered again, in the same way.
///
/// ```
/// use core::time::Duration;
/// use rfc5389_stun::Transport;
/// use rfc5389_stun::server::{Arrival, Server, ServerConfig};
///
/// let server = Server::new(ServerConfig::default());
/// let mut buffer = [0; 548];
/// # let request = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
/// let arrival = Arrival {
///     transport: Transport::Udp,
///     local: "192.0.2.1:3478".parse()?,
///     remote: "198.51.100.7:4000".parse()?,
///     bytes: request,
/// };
/// let answer = server.answer(Duration::ZERO, &arrival, &mut (), &mut buffer)?;
/// assert_eq!(answer.map(|answer| answer.remote), Some(arrival.remote));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    config: ServerConfig,
    nonces: Option<Nonces>,
}

/// A message, and where it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arrival<'a> {
    /// How it came.
    pub transport: Transport,
    /// Where it arrived: the very address, never one that stands for all.
    pub local: SocketAddr,
    /// Where it came from.
    pub remote: SocketAddr,
    /// The message.
    pub bytes: &'a [u8],
}

/// A response to be sent, by the transport that the request came by and, where that is a
/// connection, on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer<'b> {
    /// Where to send it from.
    pub local: SocketAddr,
    /// Where to send it.
    pub remote: SocketAddr,
    /// The message.
    pub bytes: &'b [u8],
}

impl Server {
    /// A server.
    pub fn new(config: ServerConfig) -> Server {
        let nonces = match &config.authentication {
            Authentication::LongTerm(long_term) => {
                let features = SecurityFeatures {
                    password_algorithms: long_term.algorithms.is_some(),
                    username_anonymity: long_term.userhash,
                };
                Some(Nonces::new(
                    &long_term.nonce_key,
                    features,
                    long_term.nonce_life,
                ))
            }
            Authentication::None | Authentication::ShortTerm => None,
        };
        Server { config, nonces }
    }

    /// Answers what has arrived, if it is a request. `now` counts from an epoch of the caller's
    /// choice, and only nonces depend on it.
    ///
    /// # Errors
    ///
    /// The response does not fit into `buffer` (548 bytes hold every response without PADDING and
    /// with a short realm), or realm or SOFTWARE are longer than they may be.
    pub fn answer<'b>(
        &self,
        now: Duration,
        arrival: &Arrival<'_>,
        policy: &mut impl Policy,
        buffer: &'b mut [u8],
    ) -> Result<Option<Answer<'b>>, WriteError> {
        let Ok(request) = Message::parse(arrival.bytes) else {
            return Ok(None);
        };
        let is_request = request.class() == Class::Request && request.method() == Method::BINDING;
        let is_intact = matches!(
            request.verify_fingerprint(),
            Ok(()) | Err(CheckError::Missing)
        );
        if !is_request || !is_intact || arrival.remote.port() == 0 || !policy.admits(now, arrival) {
            return Ok(None);
        }
        let arrival = &Arrival {
            local: canonical(arrival.local),
            remote: canonical(arrival.remote),
            ..*arrival
        };
        let to_sender = |bytes: &'b mut [u8]| {
            Some(Answer {
                local: arrival.local,
                remote: arrival.remote,
                bytes,
            })
        };
        let understood = |attribute_type| self.understands(attribute_type, arrival);
        let (builder, proof) = match self.authenticate(now, arrival, &request, policy) {
            Err(refusal) => {
                let builder = self.refuse(now, arrival, &request, refusal, buffer);
                (builder, Proof::None)
            }
            Ok(proof) if request.unknown_required(understood).next().is_some() => {
                match MessageBuilder::unknown_attributes(buffer, &request, understood) {
                    Some(builder) => (builder, proof),
                    None => return Ok(None),
                }
            }
            Ok(proof) => match (
                Asked::read(&request),
                self.elsewhere(&proof, arrival, policy),
            ) {
                (None, _) => {
                    let builder = MessageBuilder::error(buffer, &request, ErrorCode::BAD_REQUEST);
                    (builder, proof)
                }
                (Some(_), Some(alternate)) => {
                    let builder = MessageBuilder::error(buffer, &request, ErrorCode::TRY_ALTERNATE);
                    (builder.attribute(&alternate), proof)
                }
                (Some(asked), None) => {
                    let (local, builder) = self.bind(arrival, &request, &asked, buffer);
                    let bytes = self.finish(builder, &request, &proof)?;
                    let port = asked.port.map_or(arrival.remote.port(), |port| port.0);
                    return Ok(Some(Answer {
                        local,
                        remote: SocketAddr::new(arrival.remote.ip(), port),
                        bytes,
                    }));
                }
            },
        };
        self.finish(builder, &request, &proof).map(to_sender)
    }

    /// The success response, and where it is sent from.
    fn bind<'b>(
        &self,
        arrival: &Arrival<'_>,
        request: &Message<&[u8]>,
        asked: &Asked,
        buffer: &'b mut [u8],
    ) -> (SocketAddr, MessageBuilder<'b>) {
        let opposite = self.opposite(arrival);
        let local = opposite.map_or(arrival.local, |opposite| {
            asked.change.source(arrival.local, opposite)
        });
        let mut builder = MessageBuilder::response(buffer, Class::SuccessResponse, request);
        if request.is_classic() {
            builder = builder
                .attribute(&MappedAddress(arrival.remote))
                .attribute(&SourceAddress(local));
            if let Some(opposite) = opposite {
                builder = builder.attribute(&ChangedAddress(opposite));
            }
        } else {
            builder = builder.attribute(&XorMappedAddress(arrival.remote));
            if let Some(opposite) = opposite {
                builder = builder
                    .attribute(&MappedAddress(arrival.remote))
                    .attribute(&ResponseOrigin(local))
                    .attribute(&OtherAddress(opposite));
            }
        }
        if let Some(padding) = asked.padding {
            builder = builder.attribute(&Padding(padding.0.min(PADDING_LIMIT)));
        }
        (local, builder)
    }

    /// Where the operator wants an authenticated client to go.
    fn elsewhere(
        &self,
        proof: &Proof,
        arrival: &Arrival<'_>,
        policy: &mut impl Policy,
    ) -> Option<AlternateServer> {
        if matches!(proof, Proof::None) {
            return None;
        }
        policy
            .alternate_server(arrival)
            .filter(|alternate| alternate.is_ipv4() == arrival.remote.is_ipv4())
            .map(AlternateServer)
    }

    /// The place whose address and port are not those where the request arrived.
    fn opposite(&self, arrival: &Arrival<'_>) -> Option<SocketAddr> {
        self.config
            .endpoints
            .filter(|_| arrival.transport == Transport::Udp)
            .and_then(|endpoints| endpoints.opposite(arrival.local))
    }

    /// Whether the server knows what this attribute asks of it.
    fn understands(&self, attribute_type: AttributeType, arrival: &Arrival<'_>) -> bool {
        match attribute_type {
            AttributeType::CHANGE_REQUEST => self.opposite(arrival).is_some(),
            AttributeType::RESPONSE_PORT => {
                self.config.response_port && arrival.transport == Transport::Udp
            }
            AttributeType::PADDING
            | AttributeType::USERNAME
            | AttributeType::USERHASH
            | AttributeType::REALM
            | AttributeType::NONCE
            | AttributeType::PASSWORD_ALGORITHM
            | AttributeType::MESSAGE_INTEGRITY
            | AttributeType::MESSAGE_INTEGRITY_SHA256
            // Known but unexpected in a request.
            | AttributeType::MAPPED_ADDRESS
            | AttributeType::XOR_MAPPED_ADDRESS
            | AttributeType::ERROR_CODE
            | AttributeType::UNKNOWN_ATTRIBUTES => true,
            _ => false,
        }
    }

    /// The error response to a request whose sender has not proven himself.
    fn refuse<'b>(
        &self,
        now: Duration,
        arrival: &Arrival<'_>,
        request: &Message<&[u8]>,
        refusal: Refusal,
        buffer: &'b mut [u8],
    ) -> MessageBuilder<'b> {
        let mut builder = MessageBuilder::error(buffer, request, refusal.error);
        if let (true, Authentication::LongTerm(long_term), Some(nonces)) =
            (refusal.challenge, &self.config.authentication, &self.nonces)
        {
            let nonce = nonces.make(now, arrival.remote, &long_term.realm);
            builder = builder
                .attribute(&Realm(&long_term.realm))
                .attribute(&Nonce(
                    core::str::from_utf8(&nonce).expect("hexadecimal digits"),
                ));
            if let Some(algorithms) = &long_term.algorithms {
                builder = builder.attribute(algorithms);
            }
        }
        builder
    }

    /// Adds what every response has.
    fn finish<'b>(
        &self,
        mut builder: MessageBuilder<'b>,
        request: &Message<&[u8]>,
        proof: &Proof,
    ) -> Result<&'b mut [u8], WriteError> {
        // RFC 3489 knew no padding, so clients of it get no text.
        if let (false, Some(software)) = (request.is_classic(), &self.config.software) {
            builder = builder.attribute(&Software(software));
        }
        builder = match proof {
            Proof::None => builder,
            Proof::Sha1(key) => builder.integrity(key),
            Proof::Sha256(key) => builder.integrity_sha256(key),
        };
        if request.places().fingerprint.is_some() {
            builder = builder.fingerprint();
        }
        builder.finish()
    }
}

impl ChangeRequest {
    /// Where the response is sent from (RFC 5780 §6.1, table 1).
    fn source(self, local: SocketAddr, opposite: SocketAddr) -> SocketAddr {
        let ip = if self.change_ip { opposite } else { local }.ip();
        let port = if self.change_port { opposite } else { local }.port();
        SocketAddr::new(ip, port)
    }
}

/// What a request asks for beyond the mapped address.
#[derive(Debug)]
struct Asked {
    change: ChangeRequest,
    port: Option<ResponsePort>,
    padding: Option<Padding>,
}

impl Asked {
    /// `None` if it asks for what cannot be, or cannot be read.
    fn read(request: &Message<&[u8]>) -> Option<Asked> {
        let asked = Asked {
            change: optional(request)?.unwrap_or_default(),
            port: optional(request)?,
            padding: optional(request)?,
        };
        let is_proper = match asked.port {
            Some(port) => port.0 != 0 && asked.padding.is_none(),
            None => true,
        };
        is_proper.then_some(asked)
    }
}

/// The attribute, if there is one; `None` if it is there but not readable.
fn optional<'a, A: AttributeValue<'a>>(request: &'a Message<&[u8]>) -> Option<Option<A>> {
    request.get().ok()
}
