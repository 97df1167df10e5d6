//! STUN transactions (RFC 5389, RFC 8489, and RFC 3489 before): request and response by
//! transaction ID.

use super::model::{StunOutcome, StunTransaction};
use super::seen::{Clock, Seen};
use super::stream::round;
use rfc5389_stun::attribute::{
    ErrorCode, MappedAddress, Software, Username, XorMappedAddress, XorRelayedAddress,
};
use rfc5389_stun::{AttributeType, Class, Message, Method};
use std::collections::HashMap;
use std::net::SocketAddr;

const MOST_TRANSACTIONS: usize = 100_000;

struct Record {
    id: [u8; 16],
    method: Method,
    classic: bool,
    first: Seen,
    /// The client's socket: a request's source or a lone response's destination.
    client: SocketAddr,
    server: SocketAddr,
    requests: u64,
    outcome: StunOutcome,
    response: Option<Seen>,
    mapped: Option<SocketAddr>,
    relayed: Option<SocketAddr>,
    error: Option<String>,
    software: Option<String>,
    username: Option<String>,
    fingerprint: Option<bool>,
}

/// All transactions, in the order in which they began.
#[derive(Default)]
pub(crate) struct Stun {
    by_id: HashMap<([u8; 16], SocketAddr), usize>,
    /// The latest transaction of an ID, for responses that RESPONSE-PORT (RFC 5780 §7.5) or
    /// RESPONSE-ADDRESS (RFC 3489 §11.2.2) sends elsewhere.
    requested: HashMap<[u8; 16], usize>,
    records: Vec<Record>,
    pub(crate) left_out: u64,
}

impl Stun {
    /// Takes a datagram whose first two bits are zero. False when it is not STUN.
    pub(crate) fn take(&mut self, seen: Seen, datagram: &[u8]) -> bool {
        let Ok(message) = Message::parse(datagram) else {
            return false;
        };
        if !is_convincing(&message) {
            return false;
        }
        let class = message.class();
        let client = if class.is_response() {
            seen.dst
        } else {
            seen.src
        };
        let server = if class.is_response() {
            seen.src
        } else {
            seen.dst
        };
        let id = *message.cookie_and_transaction_id();
        let own = self.by_id.get(&(id, client)).copied();
        let elsewhere = || {
            self.requested
                .get(&id)
                .copied()
                .filter(|_| class.is_response())
        };
        let index = match own.or_else(elsewhere) {
            Some(index) => index,
            None if self.records.len() >= MOST_TRANSACTIONS => {
                self.left_out += 1;
                return true;
            }
            None => {
                self.records
                    .push(Record::new(seen, &message, client, server));
                self.by_id.insert((id, client), self.records.len() - 1);
                if class == Class::Request {
                    self.requested.insert(id, self.records.len() - 1);
                }
                self.records.len() - 1
            }
        };
        if let Some(record) = self.records.get_mut(index) {
            record.take(seen, &message);
        }
        true
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<StunTransaction> {
        self.records
            .iter()
            .map(|record| record.report(clock))
            .collect()
    }
}

impl Record {
    fn new(seen: Seen, message: &Message<&[u8]>, client: SocketAddr, server: SocketAddr) -> Self {
        Self {
            id: *message.cookie_and_transaction_id(),
            method: message.method(),
            classic: message.is_classic(),
            first: seen,
            client,
            server,
            requests: 0,
            outcome: match message.class() {
                Class::Request => StunOutcome::Unanswered,
                Class::Indication => StunOutcome::Indication,
                Class::SuccessResponse | Class::ErrorResponse => StunOutcome::Unasked,
            },
            response: None,
            mapped: None,
            relayed: None,
            error: None,
            software: None,
            username: None,
            fingerprint: None,
        }
    }

    fn take(&mut self, seen: Seen, message: &Message<&[u8]>) {
        let text = |text: &str| Some(text.to_owned());
        if message.attribute(AttributeType::FINGERPRINT).is_some() {
            let right = message.verify_fingerprint().is_ok();
            self.fingerprint = Some(self.fingerprint.unwrap_or(true) && right);
        }
        match message.class() {
            Class::Request | Class::Indication => {
                self.requests += 1;
                if let Ok(Some(Username(name))) = message.get() {
                    self.username = text(name);
                }
            }
            class if self.response.is_none() => {
                self.response = Some(seen);
                let asked = self.outcome == StunOutcome::Unanswered;
                if asked && class == Class::ErrorResponse {
                    self.outcome = StunOutcome::Error;
                } else if asked {
                    self.outcome = StunOutcome::Success;
                }
                let xor = message
                    .get::<XorMappedAddress>()
                    .ok()
                    .flatten()
                    .map(|mapped| mapped.0);
                let plain = message
                    .get::<MappedAddress>()
                    .ok()
                    .flatten()
                    .map(|mapped| mapped.0);
                self.mapped = xor.or(plain);
                let relayed = message.get::<XorRelayedAddress>().ok().flatten();
                self.relayed = relayed.map(|relayed| relayed.0);
                if let Ok(Some(error)) = message.get::<ErrorCode<'_>>() {
                    self.error = Some(format!("{} {}", error.code(), error.reason()));
                }
                if let Ok(Some(Software(name))) = message.get() {
                    self.software = text(name);
                }
            }
            _ => {}
        }
    }

    fn report(&self, clock: Clock) -> StunTransaction {
        let method = self.method.name().map(str::to_owned);
        let asked = self.outcome != StunOutcome::Unasked;
        // The cookie is the same everywhere: it is left out of the ID.
        let id = if self.classic {
            &self.id[..]
        } else {
            &self.id[4..]
        };
        let response_src = self
            .response
            .map(|seen| seen.src)
            .filter(|src| *src != self.server);
        StunTransaction {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            method: method.unwrap_or_else(|| format!("method {:#05x}", self.method.get())),
            src: self.client.to_string(),
            dst: self.server.to_string(),
            time: clock.seconds(self.first.time),
            outcome: self.outcome,
            requests: self.requests,
            response_src: response_src.map(|src| src.to_string()),
            round_trip_ms: self
                .response
                .filter(|_| asked)
                .map(|seen| round(seen.time.ms_since(self.first.time))),
            mapped: self.mapped.map(|mapped| mapped.to_string()),
            relayed: self.relayed.map(|relayed| relayed.to_string()),
            error: self.error.clone(),
            software: self.software.clone(),
            username: self.username.clone(),
            classic: self.classic,
            fingerprint: self.fingerprint,
        }
    }
}

/// The cookie convinces. Without it, RFC 3489's few message types do, with attributes that fill
/// the message exactly.
fn is_convincing(message: &Message<&[u8]>) -> bool {
    if !message.is_classic() {
        return true;
    }
    let known = matches!(message.method(), Method::BINDING | Method::SHARED_SECRET);
    // RFC 3489 §11.2 has no attribute beyond 0x000b; servers add some above 0x8000.
    known
        && message.class() != Class::Indication
        && message.all_attributes().all(|attribute| {
            let number = attribute.attribute_type().0;
            (1..=0x000b).contains(&number) || number >= 0x8000
        })
}
