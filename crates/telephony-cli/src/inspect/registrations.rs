//! Registrations (RFC 3261 §10): one for every Call-ID of a REGISTER, and how it was
//! authenticated (§22).

use super::calls::Log;
use super::model::{Authentication, Registration, RegistrationState};
use super::seen::{Clock, Seen};
use super::sip::{Contacts, SipMessage, Start};
use super::time::Timestamp;
use std::collections::HashMap;

const MOST_REGISTRATIONS: usize = 100_000;

#[derive(Default)]
struct Record {
    aor: String,
    registrar: String,
    first: Timestamp,
    /// When the latest attempt began: the request before any challenge.
    attempt: Timestamp,
    answered: Option<Timestamp>,
    log: Log,
    contacts: Contacts,
    removal: bool,
    challenged: bool,
    /// CSeq of the last request with credentials, and whose they were.
    credentials: Option<(u32, String, String)>,
    algorithm: Option<String>,
    /// The last request's CSeq.
    cseq: u32,
    /// The last final answer and its CSeq.
    status: Option<(u16, String, u32)>,
    expires: Option<u32>,
}

/// All registrations, in the order in which they began.
#[derive(Default)]
pub(crate) struct Registrations {
    by_id: HashMap<String, usize>,
    records: Vec<(String, Record)>,
    pub(crate) left_out: u64,
}

impl Registrations {
    pub(crate) fn take(&mut self, seen: Seen, message: &SipMessage) {
        // A de-registration under the same Call-ID ends one record and begins the next.
        let removal = matches!(message.start, Start::Request { .. }) && message.is_removal();
        let index = self.by_id.get(&message.call_id).copied().filter(|index| {
            let record = self.records.get(*index).map(|(_, record)| record);
            !removal || record.is_none_or(|record| record.removal || !record.is_registered())
        });
        let index = match index {
            Some(index) => index,
            None if self.records.len() >= MOST_REGISTRATIONS => {
                self.left_out += 1;
                return;
            }
            None => {
                let record = Record {
                    aor: message.to.uri.clone(),
                    first: seen.time,
                    attempt: seen.time,
                    removal,
                    ..Default::default()
                };
                self.records.push((message.call_id.clone(), record));
                self.by_id
                    .insert(message.call_id.clone(), self.records.len() - 1);
                self.records.len() - 1
            }
        };
        let Some((_, record)) = self.records.get_mut(index) else {
            return;
        };
        if !record
            .log
            .add(seen, message.digest(seen), message.summary())
        {
            record.take(seen, message);
        }
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<Registration> {
        self.records
            .iter()
            .map(|(id, record)| record.report(id, clock))
            .collect()
    }
}

impl Record {
    fn is_registered(&self) -> bool {
        self.status
            .as_ref()
            .is_some_and(|(status, ..)| (200..300).contains(status))
    }

    fn take(&mut self, seen: Seen, message: &SipMessage) {
        match &message.start {
            Start::Request { uri, .. } => {
                self.registrar.clone_from(uri);
                if !matches!(self.status, None | Some((401 | 407, ..))) {
                    self.attempt = seen.time;
                }
                self.cseq = message.cseq;
                self.removal |= message.is_removal();
                if !message.contacts.uris.is_empty() {
                    self.contacts = message.contacts.clone();
                }
                if let Some(credentials) = &message.credentials {
                    let (user, realm) = (credentials.username.clone(), credentials.realm.clone());
                    self.credentials = Some((message.cseq, user, realm));
                    self.algorithm = credentials.algorithm.clone().or(self.algorithm.take());
                }
            }
            Start::Response { status, reason } => {
                if let Some(challenge) = &message.challenge {
                    self.challenged = true;
                    self.algorithm = challenge.algorithm.clone().or(self.algorithm.take());
                }
                if *status >= 200 {
                    self.status = Some((*status, reason.clone(), message.cseq));
                    self.answered = Some(seen.time);
                    if (200..300).contains(status) {
                        self.expires = message.granted_expires(&self.contacts);
                    }
                }
            }
        }
    }

    fn authentication(&self) -> Authentication {
        let answer = self
            .status
            .as_ref()
            .map(|(status, _, cseq)| (*status, *cseq));
        match (&self.credentials, answer) {
            (Some((sent, ..)), Some((status, cseq))) if cseq >= *sent => match status {
                200..300 => Authentication::Accepted,
                _ => Authentication::Refused,
            },
            (Some(_), _) => Authentication::Unanswered,
            (None, _) if self.challenged => Authentication::Challenged,
            (None, _) => Authentication::None,
        }
    }

    fn state(&self) -> RegistrationState {
        match &self.status {
            None => RegistrationState::Pending,
            // The answer to an earlier request; that to the last is not in the capture.
            Some((.., cseq)) if *cseq < self.cseq => RegistrationState::Pending,
            Some((200..300, ..)) if self.removal => RegistrationState::Removed,
            Some((200..300, ..)) => RegistrationState::Registered,
            Some(_) => RegistrationState::Failed,
        }
    }

    fn report(&self, call_id: &str, clock: Clock) -> Registration {
        let (user, realm) = match &self.credentials {
            Some((_, user, realm)) => (Some(user.clone()), Some(realm.clone())),
            None => (None, None),
        };
        Registration {
            call_id: call_id.to_owned(),
            aor: self.aor.clone(),
            registrar: self.registrar.clone(),
            contacts: self
                .contacts
                .uris
                .iter()
                .map(|(uri, _)| uri.clone())
                .collect(),
            state: self.state(),
            authentication: self.authentication(),
            user,
            realm,
            algorithm: self.algorithm.clone(),
            status: self.status.as_ref().map(|(status, ..)| *status),
            reason: self.status.as_ref().map(|(_, reason, _)| reason.clone()),
            expires_s: self.expires,
            time: clock.seconds(self.first),
            duration_ms: self
                .answered
                .map(|answered| answered.ms_since(self.attempt)),
            messages: self.log.report(clock),
            messages_left_out: self.log.left_out,
        }
    }
}
