//! The best of several final responses (RFC 3261 §16.7 items 6 and 7).

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{HeaderName, Message, MessageRef, StatusCode, dialog::unfolded};

/// The best response so far, and the challenges of all.
#[derive(Debug, Default)]
pub(super) struct Best {
    found: Option<Found>,
    challenges: Vec<(HeaderName, Bytes)>,
}

/// A final response, or what counts as one.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are responses, and a box would cost an allocation each"
)]
pub(super) enum Found {
    /// A response from a target.
    Response(Message),
    /// Nothing has come, which counts as a response with this status.
    Instead(StatusCode),
}

impl Found {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Response(response) => response.status().unwrap_or(StatusCode::BAD_GATEWAY),
            Self::Instead(status) => *status,
        }
    }

    /// Lower is better: 6xx goes before all; then the lower class; within 4xx what lets the client
    /// try again; what a server has said goes before what was only missed.
    fn rank(&self) -> (u16, u8) {
        let status = self.status();
        let class = match status.get() / 100 {
            6 => 0,
            class => class,
        };
        let within = match (self, status.get()) {
            (Self::Response(_), 401 | 407) => 0,
            (Self::Response(_), 415 | 420 | 484) => 1,
            (Self::Response(_), 408 | 503) => 3,
            (Self::Response(_), _) => 2,
            (Self::Instead(_), _) => 4,
        };
        (class, within)
    }
}

impl Best {
    /// Takes in a final response; of several that are as good the first is kept.
    pub(super) fn offer(&mut self, found: Found) {
        if let Found::Response(response) = &found {
            if is_challenge(found.status()) {
                for name in CHALLENGES {
                    for field in response.fields_named(name) {
                        let value = Bytes::copy_from_slice(field.value());
                        let challenge = (name, value);
                        let room = self.challenges.len() < MAX_CHALLENGES;
                        if room && !self.challenges.contains(&challenge) {
                            self.challenges.push(challenge);
                        }
                    }
                }
            }
        }
        if self
            .found
            .as_ref()
            .is_none_or(|best| found.rank() < best.rank())
        {
            self.found = Some(found);
        }
    }

    /// The best.
    pub(super) fn take(&mut self) -> Option<Found> {
        self.found.take()
    }

    /// The challenges of all responses.
    pub(super) fn challenges(&self) -> &[(HeaderName, Bytes)] {
        &self.challenges
    }
}

/// A response on its way back: without its topmost Via, which is this proxy's, and if it is a
/// challenge, with those of the others. `None` if there is no other Via, so that the response was
/// for the proxy itself (RFC 3261 §16.7 item 3).
pub(super) fn returned(
    response: MessageRef<'_>,
    challenges: &[(HeaderName, Bytes)],
) -> Option<Bytes> {
    let mut values = response.elements(HeaderName::Via);
    let own = values.next()?;
    values.next()?;
    let mut edit = response.edit();
    edit.remove_element(own);
    if response.status().is_some_and(is_challenge) {
        for (name, value) in challenges {
            let mut known = response.fields_named(*name);
            if !known.any(|field| field.value() == value) {
                let value = core::str::from_utf8(value).unwrap_or_default();
                edit.insert_after(*name, unfolded(value));
            }
        }
    }
    Some(edit.finish().ok()?.into())
}

/// How many challenges are kept: nobody has credentials for more.
const MAX_CHALLENGES: usize = 64;

const CHALLENGES: [HeaderName; 2] = [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate];

fn is_challenge(status: StatusCode) -> bool {
    [
        StatusCode::UNAUTHORIZED,
        StatusCode::PROXY_AUTHENTICATION_REQUIRED,
    ]
    .contains(&status)
}
