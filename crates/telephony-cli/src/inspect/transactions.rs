//! SIP requests outside of calls and registrations (OPTIONS, SUBSCRIBE, MESSAGE, …) and their
//! answers.

use super::model::Transaction;
use super::seen::{Clock, Seen};
use super::sip::{SipMessage, Start};
use super::time::Timestamp;
use std::collections::HashMap;

const MOST_TRANSACTIONS: usize = 100_000;

struct Record {
    method: String,
    call_id: String,
    from: String,
    to: String,
    first: Timestamp,
    status: Option<(u16, String, Timestamp)>,
}

/// All transactions, in the order in which they began.
#[derive(Default)]
pub(crate) struct Transactions {
    by_key: HashMap<(String, u32, String), usize>,
    records: Vec<Record>,
    pub(crate) left_out: u64,
}

impl Transactions {
    pub(crate) fn take(&mut self, seen: Seen, message: &SipMessage) {
        let key = (
            message.call_id.clone(),
            message.cseq,
            message.cseq_method.clone(),
        );
        let index = match self.by_key.get(&key) {
            Some(index) => *index,
            None if self.records.len() >= MOST_TRANSACTIONS => {
                self.left_out += 1;
                return;
            }
            None => {
                self.records.push(Record {
                    method: message.cseq_method.clone(),
                    call_id: message.call_id.clone(),
                    from: message.from.uri.clone(),
                    to: message.to.uri.clone(),
                    first: seen.time,
                    status: None,
                });
                self.by_key.insert(key, self.records.len() - 1);
                self.records.len() - 1
            }
        };
        if let Start::Response { status, reason } = &message.start
            && let Some(record) = self.records.get_mut(index)
            && record
                .status
                .as_ref()
                .is_none_or(|(known, ..)| *known < 200)
        {
            record.status = Some((*status, reason.clone(), seen.time));
        }
    }

    pub(crate) fn report(&self, clock: Clock) -> Vec<Transaction> {
        self.records
            .iter()
            .map(|record| Transaction {
                method: record.method.clone(),
                call_id: record.call_id.clone(),
                from: record.from.clone(),
                to: record.to.clone(),
                status: record.status.as_ref().map(|(status, ..)| *status),
                reason: record.status.as_ref().map(|(_, reason, _)| reason.clone()),
                time: clock.seconds(record.first),
                duration_ms: record
                    .status
                    .as_ref()
                    .map(|(.., time)| time.ms_since(record.first)),
            })
            .collect()
    }
}
