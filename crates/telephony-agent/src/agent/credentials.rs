//! Answers to challenges (RFC 3261 §22, RFC 8760).

use std::collections::BTreeMap;

use rfc2617_auth::{self as auth, Authorization, Challenger, Client, ClientConfig};
use rfc3261_sip::user_agent::{Credentials, RequestId};
use rfc3261_sip::{HeaderName, Message};

use super::config::Account;

/// For how many requests it is remembered what they were sent with.
const REMEMBERED: usize = 1024;

/// The account's answers to all who challenge.
pub(super) struct Authenticator {
    account: Option<auth::Account>,
    client: Client,
    sent: BTreeMap<RequestId, Vec<Authorization>>,
}

impl Authenticator {
    pub(super) fn new(account: Option<&Account>, seed: [u8; 32]) -> Self {
        let account =
            account.and_then(|account| auth::Account::new(&account.user, &account.password).ok());
        Self {
            account,
            client: Client::new(ClientConfig::default(), seed),
            sent: BTreeMap::new(),
        }
    }

    /// The credentials to send a challenged request again with; `None` if that is of no use.
    pub(super) fn answer(
        &mut self,
        id: RequestId,
        response: &Message,
        request: &Message,
    ) -> Option<Credentials> {
        let sent = self.sent.remove(&id).unwrap_or_default();
        let rows = [
            (Challenger::Server, HeaderName::WwwAuthenticate),
            (Challenger::Proxy, HeaderName::ProxyAuthenticate),
        ]
        .into_iter()
        .flat_map(|(challenger, name)| {
            let fields = response.fields_named(name);
            fields.map(move |field| (challenger, field.value()))
        });
        let account = &self.account;
        let outcome = self
            .client
            .handle_challenges(&sent, rows, |_, _| account.clone());
        if !outcome.retry() {
            return None;
        }
        let authorizations = self
            .client
            .authorize(&auth::Request {
                method: request.method()?.as_str(),
                uri: core::str::from_utf8(request.view().request_uri_bytes()?).ok()?,
                body: request.body(),
            })
            .ok()?;
        let mut credentials = Credentials::new();
        for authorization in &authorizations {
            let value = authorization.header_value();
            credentials = match authorization.challenger() {
                Challenger::Server => credentials.authorization(value),
                Challenger::Proxy => credentials.proxy_authorization(value),
            };
        }
        if self.sent.len() >= REMEMBERED {
            self.sent.pop_first();
        }
        self.sent.insert(id, authorizations);
        Some(credentials)
    }
}

impl core::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}
