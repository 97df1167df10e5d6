//! Redirection: where a request goes that has a 3xx response (RFC 3261 §8.1.3.4, §19.1.5).

use alloc::{boxed::Box, string::String, vec::Vec};
use std::time::Instant;

use rfc2396_uri::{SipUri, Uri};

use super::{Failure, RequestId, UserAgent, request::What};
use crate::{HeaderName, Message, StatusCode, headers::Contact};

/// The target set of a request (RFC 3261 §8.1.3.4).
#[derive(Debug, Default)]
pub(super) struct Redirection {
    /// The URIs that were not tried yet, the best last.
    targets: Vec<Box<str>>,
    /// Those that were in the set already.
    seen: Vec<Box<str>>,
    /// How many were tried.
    tried: u8,
    /// The failure that is told if all fail.
    best: Option<Message>,
}

impl UserAgent {
    /// Sends a request outside of all dialogs to where a 3xx response says, or, after another
    /// failure, to the next URI of the set; whether there was one.
    pub(super) fn follows(&mut self, now: Instant, id: RequestId, failure: &Failure) -> bool {
        let Some(request) = self.requests.get_mut(id) else {
            return false;
        };
        let outside = match request.what {
            What::User => request.dialog.is_none(),
            What::Invite(call) => {
                let call = self.calls.get(call);
                call.is_some_and(super::call::Call::is_wanted) && request.acks.is_empty()
            }
            _ => false,
        };
        let status = failure.status();
        let begins = status.is_redirection() || request.redirection.is_some();
        // 6xx: nobody else is asked (RFC 3261 §8.1.3.4).
        if !(outside && begins) || status.get() >= 600 || self.config.max_redirects == 0 {
            return false;
        }
        let Ok(sent) = self.parser.parse(&request.message) else {
            return false;
        };
        let origin = sent.request_uri_bytes().unwrap_or_default();
        let secure = origin
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"sips:"));
        let origin = Box::<str>::from(String::from_utf8_lossy(origin));
        let redirection = request.redirection.get_or_insert_with(Box::default);
        if redirection.seen.is_empty() {
            redirection.seen.push(origin);
        }
        if let Failure::Refused(response) = failure {
            redirection.note_failure(response);
            if status.is_redirection() {
                redirection.add(response, secure);
            }
        }
        self.follows_next(now, id)
    }

    /// The next URI of the set.
    fn follows_next(&mut self, now: Instant, id: RequestId) -> bool {
        let limit = self.config.max_redirects;
        loop {
            let found = self
                .requests
                .get_mut(id)
                .and_then(|request| request.redirection.as_mut());
            let Some(redirection) = found.filter(|found| found.tried < limit) else {
                return false;
            };
            let Some(target) = redirection.targets.pop() else {
                return false;
            };
            redirection.tried += 1;
            if self.sends_to(now, id, &target) {
                return true;
            }
        }
    }

    /// Sends a request again with this Request-URI: To, From and Call-ID stay (RFC 3261
    /// §8.1.3.4).
    fn sends_to(&mut self, now: Instant, id: RequestId, target: &str) -> bool {
        let Ok(uri) = SipUri::parse(target) else {
            return false;
        };
        let request_uri = String::from(uri.request_uri().as_str());
        let Ok(way) = self.plan(&request_uri) else {
            return false;
        };
        let what = self.requests.get(id).map(|request| request.what);
        if let Some(What::Invite(call)) = what {
            self.drop_early_dialogs(call);
        }
        self.again_by(now, id, way, |edit| {
            edit.request_uri(&request_uri);
            edit.remove(HeaderName::Route);
        })
        .is_ok()
    }

    /// What is told when all targets have failed: the best response of all.
    pub(super) fn best_failure(&mut self, id: RequestId, last: Failure) -> Failure {
        let request = self.requests.get_mut(id);
        let redirection = request.and_then(|request| request.redirection.take());
        match redirection.and_then(|redirection| redirection.best) {
            Some(best) if rank(best.status()) < rank(Some(last.status())) => Failure::Refused(best),
            _ => last,
        }
    }
}

impl Redirection {
    /// Adds the URIs of a 3xx response that were not there before, by their q values: only SIPS
    /// ones if the request was for one (RFC 3261 §8.1.3.4).
    fn add(&mut self, response: &Message, secure: bool) {
        let mut found: Vec<_> = response
            .list::<Contact<'_>>()
            .flatten()
            .filter_map(|contact| {
                let address = contact.address()?;
                let q = address.q().map_or(1000, |q| q.thousandths());
                match address.uri() {
                    Uri::Sip(uri) if uri.is_secure() || !secure => Some((q, uri.as_str())),
                    _ => None,
                }
            })
            .take(16)
            .collect();
        // The best last; of equal ones the first.
        found.reverse();
        found.sort_by_key(|(q, _)| *q);
        for (_, uri) in found {
            if !self.seen.iter().any(|seen| **seen == *uri) {
                self.seen.push(uri.into());
                self.targets.push(uri.into());
            }
        }
    }

    fn note_failure(&mut self, response: &Message) {
        let better = self
            .best
            .as_ref()
            .is_none_or(|best| rank(response.status()) < rank(best.status()));
        if better {
            self.best = Some(response.clone());
        }
    }
}

/// How good a response is to be told: 6xx, then the lowest class; a 3xx says least of all.
fn rank(status: Option<StatusCode>) -> u16 {
    match status.map_or(0, StatusCode::get) {
        600.. => 0,
        code @ 400..=599 => code / 100,
        _ => 9,
    }
}
