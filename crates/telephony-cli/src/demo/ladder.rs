//! The ladder of the demonstration, printed while it happens.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use rfc3261_sip::{HeaderName, Message};
use telephony_net::{Passage, Tap};

use crate::inspect::{Kind, Ladder as Columns, Rung, drawn};
use crate::terminal::Safe;

/// The width of the space between two columns.
const LANE: usize = 34;
const COLUMNS: [&str; 3] = ["A (alice)", "proxy, STUN", "B (bob)"];

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Alice,
    Proxy,
    Bob,
}

/// Prints a rung for each message that the server sees.
pub(super) struct Ladder {
    prints: bool,
    begun: Instant,
    places: Mutex<HashMap<SocketAddr, Place>>,
}

impl Ladder {
    pub(super) fn new(prints: bool) -> Self {
        if prints {
            let heads = COLUMNS.map(|column| format!("{column:<LANE$}")).concat();
            print(&format!("{:12}{}", "", heads.trim_end()));
        }
        Self {
            prints,
            begun: Instant::now(),
            places: Mutex::default(),
        }
    }

    /// Says whose address this is. Addresses of nobody else are A's.
    pub(super) fn place(&self, address: SocketAddr, place: Place) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(address, place);
    }

    /// Media flow.
    pub(super) fn media(&self, codec: &str, encrypted: bool) {
        let profile = if encrypted { "SRTP" } else { "RTP" };
        let label = format!("{profile} {codec}, RTCP");
        self.rung(Place::Alice, Place::Bob, &label, Kind::Media);
        self.rung(Place::Bob, Place::Alice, &label, Kind::Media);
    }

    /// B has heard a digit.
    pub(super) fn digit(&self, digit: &str) {
        let label = format!("digit {digit}");
        self.rung(Place::Alice, Place::Bob, &label, Kind::Media);
    }

    fn rung(&self, from: Place, to: Place, label: &str, kind: Kind) {
        if !self.prints {
            return;
        }
        let columns = Columns {
            columns: COLUMNS.to_vec(),
            rungs: Vec::new(),
        };
        let time = self.begun.elapsed().as_secs_f64();
        let rung = Rung {
            time,
            src: COLUMNS[from as usize],
            dst: COLUMNS[to as usize],
            label: Safe(label).to_string(),
            kind,
        };
        print(&format!("{time:>10.3}  {}", drawn(&rung, &columns, LANE)));
    }
}

impl Tap for Ladder {
    fn passed(&self, _: SystemTime, passage: &Passage<'_>) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = |address| places.get(&address).copied().unwrap_or(Place::Alice);
        let (from, to) = (place(passage.source), place(passage.destination));
        drop(places);
        if let Some(label) = label(passage.bytes) {
            self.rung(from, to, &label, Kind::Message);
        }
    }
}

/// Prints a line. That nobody reads it any more is no reason to stop.
fn print(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// What a datagram is.
fn label(bytes: &[u8]) -> Option<String> {
    if let Ok(message) = rfc5389_stun::Message::parse(bytes) {
        let class = match message.class() {
            rfc5389_stun::Class::Request => "request",
            _ => "response",
        };
        return Some(format!("STUN Binding {class}"));
    }
    let message = Message::parse(bytes.to_vec()).ok()?;
    let what = match (message.method(), message.status()) {
        (Some(method), _) => {
            let secured = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
            let credentials = secured.iter().any(|name| message.first(*name).is_some());
            match credentials {
                true => format!("{method}, auth"),
                false => method.to_string(),
            }
        }
        (None, Some(status)) => {
            let method = message
                .cseq()
                .map_or(String::new(), |cseq| cseq.method.as_str().to_string());
            format!("{status} {method}")
        }
        _ => return None,
    };
    let has_keys = message.body().windows(8).any(|bytes| bytes == b"a=crypto");
    Some(match (message.body().is_empty(), has_keys) {
        (true, _) => what,
        (false, true) => format!("{what} (SDP, keys)"),
        (false, false) => format!("{what} (SDP)"),
    })
}
