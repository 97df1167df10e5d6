//! What a user agent is told at first, and what it counts.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use crate::{resolve::Preferences, transaction};

/// How a [`UserAgent`](super::UserAgent) works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Timers, limits and the seed of the transactions.
    pub transactions: transaction::Config,
    /// The value of From, without a tag: `Alice <sip:alice@example.org>`.
    pub from: String,
    /// The URI of Contact: where requests of others reach this side.
    pub contact: String,
    /// What Via says: the own host and, unless it is the usual one, the port: `192.0.2.1:5070`.
    pub sent_by: String,
    /// The value of User-Agent and Server.
    pub product: Option<String>,
    /// The methods that are taken: those that this user agent knows. Others get 405.
    pub allow: Vec<String>,
    /// The option tags of the extensions that are supported. A request that requires another one
    /// gets 420.
    pub supported: Vec<String>,
    /// The types of bodies that are taken: `application/sdp`. Others get 415 where they are not
    /// optional. With an empty list all are taken.
    pub accept: Vec<String>,
    /// The event packages that others may subscribe to: none. Others get 489.
    pub events: Vec<String>,
    /// Whether OPTIONS is answered without the user: yes.
    pub answer_options: bool,
    /// Whether the ACK for a 2xx is sent without the user, if the INVITE had a body: yes. Without
    /// one the 2xx has the offer, and the answer goes into the ACK that the user
    /// [sends](super::UserAgent::acknowledge).
    pub automatic_ack: bool,
    /// Whether provisional responses are reliable wherever the other side allows that (RFC 3262):
    /// yes. Where it requires that, they are in any case.
    pub reliable_provisional: bool,
    /// The session interval that this side asks for, in seconds (RFC 4028): none. One that the
    /// other side asks for is kept in any case.
    pub session_expires: Option<u32>,
    /// The shortest session interval that this side takes, in seconds, at least 90: shorter ones
    /// get 422.
    pub min_se: u32,
    /// Calls at a time: 100,000. Those beyond get 503 and leave nothing behind.
    pub max_calls: usize,
    /// Subscriptions at a time: 100,000. Those of others beyond get 503.
    pub max_subscriptions: usize,
    /// The longest time that others may subscribe for, in seconds: 3600.
    pub max_expires: u32,
    /// How many URIs of 3xx responses are tried for one request: 5. With 0 such a response is
    /// handed up.
    pub max_redirects: u8,
    /// What transports and addresses there are.
    pub preferences: Preferences,
    /// The path MTU, if it is known (RFC 3261 §18.1.1).
    pub path_mtu: Option<usize>,
}

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Calls.
    pub calls: usize,
    /// Dialogs, early ones and those of a fork among them.
    pub dialogs: usize,
    /// Registrations.
    pub registrations: usize,
    /// Subscriptions, those of REFER among them.
    pub subscriptions: usize,
    /// Publications.
    pub publications: usize,
    /// Requests of this side: with a transaction, or waiting for credentials or an address.
    pub requests: usize,
    /// Requests of others that the user has not answered.
    pub unanswered: usize,
    /// Transactions, and what was dropped or refused before it came to one.
    pub transactions: transaction::Counts,
}

impl Config {
    /// The defaults, for a user with this value of From, who is reached by the URI `contact` and
    /// whose Via says `sent_by`.
    ///
    /// The seed must be unpredictable and never used again: tags, branches and Call-IDs are made
    /// of it.
    #[must_use]
    pub fn new(
        seed: [u8; 32],
        from: impl Into<String>,
        contact: impl Into<String>,
        sent_by: impl Into<String>,
    ) -> Self {
        let list = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        Self {
            transactions: transaction::Config::new(seed),
            from: from.into(),
            contact: contact.into(),
            sent_by: sent_by.into(),
            product: None,
            allow: list(&[
                "INVITE",
                "ACK",
                "CANCEL",
                "BYE",
                "OPTIONS",
                "INFO",
                "MESSAGE",
                "NOTIFY",
                "REFER",
                "SUBSCRIBE",
                "UPDATE",
                "PRACK",
                "PUBLISH",
            ]),
            supported: list(&["100rel", "replaces", "timer"]),
            accept: list(&["application/sdp"]),
            events: Vec::new(),
            answer_options: true,
            automatic_ack: true,
            reliable_provisional: true,
            session_expires: None,
            min_se: 90,
            max_calls: 100_000,
            max_subscriptions: 100_000,
            max_expires: 3600,
            max_redirects: 5,
            preferences: Preferences::default(),
            path_mtu: None,
        }
    }

    /// Whether this extension is supported.
    pub(super) fn supports(&self, tag: &str) -> bool {
        self.supported.iter().any(|known| known == tag)
    }
}
