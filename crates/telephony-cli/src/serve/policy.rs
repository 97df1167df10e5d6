//! What becomes of a request: all of the server's policy is here.
//!
//! Nothing is forwarded for strangers: a request is part of a call that was let through, or its
//! sender has proven to be the user of the domain that From says, or, if the server is public, it
//! is for a user of the domain. Users that do not exist and users that are not there are refused
//! alike.

use std::net::IpAddr;
use std::time::Instant;

use rfc2396_uri::{Host, RegistrarKey, SipUri, Uri};
use rfc2617_auth::{Reason, Request as DigestRequest, Username, Verdict};
use rfc3261_sip::proxy::{CommandError, Request, Target};
use rfc3261_sip::registrar::{Binding, ChangeKind, Refusal};
use rfc3261_sip::transaction::TransactionId;
use rfc3261_sip::transport::Flow;
use rfc3261_sip::{HeaderName, Message, Method, ParseError, StatusCode};
use telephony_net::sip::Endpoint;

use super::notice::Notice;
use super::server::{Pending, Server};

/// What the server and the phones behind it understand.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, MESSAGE, NOTIFY, PRACK, \
                     PUBLISH, REFER, SUBSCRIBE, UPDATE";

/// Why a request goes no further.
pub(super) enum No {
    /// Its sender has to prove who it is.
    Challenge(Reason),
    /// The sender is another one than the request says.
    Impostor(String),
    /// Its credentials cannot be read.
    Malformed,
}

/// Why a request is not decided: it cannot be read, or it is over.
pub(super) struct Undecided;

impl From<ParseError> for Undecided {
    fn from(_: ParseError) -> Self {
        Self
    }
}

impl From<CommandError> for Undecided {
    fn from(_: CommandError) -> Self {
        Self
    }
}

impl From<rfc2396_uri::ParseError> for Undecided {
    fn from(_: rfc2396_uri::ParseError) -> Self {
        Self
    }
}

impl From<rfc3261_sip::WriteError> for Undecided {
    fn from(_: rfc3261_sip::WriteError) -> Self {
        Self
    }
}

impl Server {
    /// Decides what becomes of a request.
    pub(super) fn decide(&mut self, now: Instant, id: TransactionId) -> Option<Notice> {
        self.counts.requests += 1;
        self.try_to_decide(now, id).unwrap_or_else(|Undecided| {
            let proxy = self.driver.machine_mut();
            let _ = proxy.refuse(now, id, StatusCode::BAD_REQUEST);
            None
        })
    }

    fn try_to_decide(
        &mut self,
        now: Instant,
        id: TransactionId,
    ) -> Result<Option<Notice>, Undecided> {
        let proxy = self.driver.machine_mut();
        let request = proxy.request(id).ok_or(Undecided)?;
        let message = request.message().clone();
        let (source, uri) = (request.source(), request.uri().to_owned());
        let is_responsible = request.is_responsible();
        let method = message.method().ok_or(Undecided)?;
        let call_id = message.call_id()?.as_str();
        let pending = Pending {
            method: method.as_str().to_owned(),
            call_id: call_id.to_owned(),
            since: now,
        };
        self.pending.insert(id, pending);
        if method == Method::REGISTER && is_responsible {
            return self.register(now, id, &message, source);
        }
        // A domain is nobody: it can only be asked what it is able to.
        let is_nobody = is_responsible && SipUri::parse(uri.as_str())?.user().is_none();
        if is_nobody && method == Method::OPTIONS {
            let response = proxy.response(id, StatusCode::OK)?;
            let response = response
                .header(HeaderName::Allow, ALLOW)
                .header(HeaderName::Accept, "application/sdp")
                .header(HeaderName::Supported, "path");
            proxy.respond(now, id, response.build()?)?;
            return Ok(None);
        }
        let is_within = message.to()?.tag().is_some() && self.calls.know(now, call_id);
        let is_welcome = self.public && is_responsible && self.claimed_user(&message)?.is_none();
        if !is_within && !is_welcome {
            let row = HeaderName::ProxyAuthorization;
            let allowed = self.user(&message, source, row).and_then(|user| {
                match self.claimed_user(&message) {
                    Ok(Some(claimed)) if claimed == user => Ok(()),
                    _ => Err(No::Impostor(user)),
                }
            });
            if let Err(no) = allowed {
                let status = StatusCode::PROXY_AUTHENTICATION_REQUIRED;
                return self.refuse(now, id, no, status, &message, source);
            }
        }
        if is_nobody {
            let proxy = self.driver.machine_mut();
            proxy.refuse(now, id, StatusCode::NOT_FOUND)?;
            return Ok(None);
        }
        self.forward(now, id, &message, &uri, is_responsible)
    }

    /// Passes on an ACK, which nobody can be asked credentials for, if it is of a call that was
    /// let through, and a CANCEL that has found nothing likewise. One for a user of the domain
    /// belongs to nothing that was forwarded.
    pub(super) fn pass_on(&mut self, now: Instant, request: Request) {
        let call_id = request.message().call_id();
        let is_known = call_id.is_ok_and(|id| self.calls.know(now, id.as_str()));
        if is_known && !request.is_responsible() {
            // What cannot be sent has no answer.
            let _ = self
                .driver
                .machine_mut()
                .forward_stateless(now, request, None);
        }
    }

    /// Forwards a request that may be.
    fn forward(
        &mut self,
        now: Instant,
        id: TransactionId,
        message: &Message,
        uri: &str,
        is_responsible: bool,
    ) -> Result<Option<Notice>, Undecided> {
        let method = message.method().ok_or(Undecided)?;
        let is_call = method == Method::INVITE;
        let begins = is_call || method == Method::SUBSCRIBE || method == Method::REFER;
        let mut notice = None;
        if begins && message.to()?.tag().is_none() {
            let call_id = message.call_id()?.as_str();
            if !self.calls.begin(now, call_id, is_call) {
                let proxy = self.driver.machine_mut();
                proxy.refuse(now, id, StatusCode::SERVICE_UNAVAILABLE)?;
                return Ok(None);
            }
            if is_call {
                self.counts.calls += 1;
                notice = Some(Notice::Call {
                    from: message.from()?.uri().as_str().to_owned(),
                    to: uri.to_owned(),
                    call_id: call_id.to_owned(),
                });
            }
        }
        if is_responsible {
            let uri = self.canonical(&SipUri::parse(uri)?);
            let bindings = self.registrar.bindings(now, &SipUri::parse(uri.as_str())?);
            let endpoint = self.driver.endpoint();
            let targets = bindings
                .into_iter()
                .map(|binding| target(binding, endpoint));
            let targets: Vec<_> = targets.collect();
            self.driver.machine_mut().forward(now, id, targets)?;
        } else {
            self.driver.machine_mut().relay(now, id)?;
        }
        Ok(notice)
    }

    fn register(
        &mut self,
        now: Instant,
        id: TransactionId,
        message: &Message,
        source: Flow,
    ) -> Result<Option<Notice>, Undecided> {
        let view = message.view();
        let user = match self.user(message, source, HeaderName::Authorization) {
            Ok(user) => user,
            Err(no) => {
                return self.refuse(now, id, no, StatusCode::UNAUTHORIZED, message, source);
            }
        };
        let registered = self.registrar.address_of_record(view).and_then(|address| {
            if user_of(&address) != user {
                return Err(Refusal::Forbidden);
            }
            let address = match message.to()?.uri() {
                Uri::Sip(uri) => SipUri::parse(self.canonical(&uri).as_str())
                    .map_or(address, |uri| uri.registrar_key()),
                _ => address,
            };
            let changes = self.registrar.register(now, view, &address, Some(source))?;
            Ok((address, changes))
        });
        let proxy = self.driver.machine_mut();
        let tag = proxy.tag(id);
        let (response, notice) = match registered {
            Ok((address, changes)) => {
                let contacts = |wanted: &[ChangeKind]| -> Vec<String> {
                    let changes = changes.iter();
                    let changes = changes.filter(|change| wanted.contains(&change.kind));
                    changes.map(|change| change.contact.to_string()).collect()
                };
                let added = contacts(&[ChangeKind::Added, ChangeKind::Refreshed]);
                let removed = contacts(&[ChangeKind::Removed]);
                let notice = match (added.is_empty(), removed.is_empty()) {
                    (false, _) => Some(Notice::Registered {
                        user,
                        contacts: added,
                        source: source.remote,
                        transport: source.transport.to_string(),
                    }),
                    (true, false) => Some(Notice::Unregistered {
                        user,
                        contacts: removed,
                    }),
                    (true, true) => None,
                };
                (self.registrar.response(now, view, &address, &tag), notice)
            }
            Err(refusal) => {
                self.counts.refused += 1;
                let notice = Notice::Refused {
                    method: "REGISTER".into(),
                    from: message.from()?.uri().as_str().to_owned(),
                    source: source.remote,
                    status: refusal.status().get(),
                    reason: refusal.to_string(),
                };
                (refusal.response(view, &tag), Some(notice))
            }
        };
        proxy.respond(now, id, response.build()?)?;
        Ok(notice)
    }

    fn refuse(
        &mut self,
        now: Instant,
        id: TransactionId,
        no: No,
        challenge: StatusCode,
        message: &Message,
        source: Flow,
    ) -> Result<Option<Notice>, Undecided> {
        let proxy = self.driver.machine_mut();
        let (status, reason) = match no {
            No::Challenge(reason) => {
                self.counts.challenged += 1;
                let name = match challenge {
                    StatusCode::UNAUTHORIZED => HeaderName::WwwAuthenticate,
                    _ => HeaderName::ProxyAuthenticate,
                };
                let (time, origin) = (self.started.elapsed(), origin(source));
                let rows = self.digest.challenges(time, &origin, reason);
                let mut response = proxy.response(id, challenge)?;
                for row in rows {
                    response = response.header(name, row);
                }
                proxy.respond(now, id, response.build()?)?;
                match reason {
                    Reason::Rejected => (challenge, "wrong user or password".to_owned()),
                    // Nobody has tried anything yet.
                    _ => return Ok(None),
                }
            }
            No::Impostor(user) => {
                proxy.refuse(now, id, StatusCode::FORBIDDEN)?;
                (
                    StatusCode::FORBIDDEN,
                    format!("{user} is not who From says"),
                )
            }
            No::Malformed => {
                proxy.refuse(now, id, StatusCode::BAD_REQUEST)?;
                (
                    StatusCode::BAD_REQUEST,
                    "credentials cannot be read".to_owned(),
                )
            }
        };
        self.counts.refused += 1;
        Ok(Some(Notice::Refused {
            method: message.method().ok_or(Undecided)?.as_str().to_owned(),
            from: message.from()?.uri().as_str().to_owned(),
            source: source.remote,
            status: status.get(),
            reason,
        }))
    }

    /// The user that the sender has proven to be.
    fn user(&mut self, message: &Message, source: Flow, row: HeaderName) -> Result<String, No> {
        let uri = message.view().request_uri_bytes().unwrap_or_default();
        let request = DigestRequest {
            method: message.method().map_or("", |method| method.as_str()),
            uri: std::str::from_utf8(uri).unwrap_or_default(),
            body: message.body(),
        };
        let rows = message.fields_named(row).map(|field| field.value());
        let (time, users) = (self.started.elapsed(), &self.users);
        let verdict =
            self.digest
                .verify(time, &origin(source), &request, rows, |claim| {
                    match claim.username {
                        Username::Plain(user) => users.secret(user, claim.realm, claim.hash),
                        _ => None,
                    }
                });
        match verdict {
            Verdict::Accepted(accepted) => match accepted.username() {
                Username::Plain(user) => Ok(user.to_string()),
                _ => Err(No::Malformed),
            },
            Verdict::Challenge(reason) => Err(No::Challenge(reason)),
            Verdict::Malformed(_) | Verdict::BadRequest(_) => Err(No::Malformed),
        }
    }

    /// A URI with the first name of the domain in the place of another one.
    fn canonical(&self, uri: &SipUri<&str>) -> String {
        let first = self.domains.first().map_or("", String::as_str);
        match uri.as_str().split_once('@') {
            Some((user, _)) if !uri.host_str().eq_ignore_ascii_case(first) => {
                format!("{user}@{first}")
            }
            _ => uri.as_str().to_owned(),
        }
    }

    /// The user of the domain that a request says it comes from.
    fn claimed_user(&self, message: &Message) -> Result<Option<String>, ParseError> {
        let Uri::Sip(uri) = message.from()?.uri() else {
            return Ok(None);
        };
        let mut domains = self.domains.iter();
        let is_ours = domains.any(|domain| domain.eq_ignore_ascii_case(uri.host_str()));
        Ok(is_ours.then(|| user_of(&uri.registrar_key())))
    }
}

/// The user of an address-of-record.
pub(super) fn user_of(address: &RegistrarKey) -> String {
    String::from_utf8_lossy(address.user().unwrap_or_default()).into_owned()
}

/// Nonces are bound to the address of who asks, whatever the port.
fn origin(source: Flow) -> Vec<u8> {
    match source.remote.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// Where a contact is reached: over the connection that it has registered over, or, where it is
/// behind a NAT and does not know its address, at the one that it has registered from; else by its
/// URI.
fn target(binding: &Binding, endpoint: &Endpoint) -> Target {
    let target = Target::from(binding);
    let is_usable = |flow: &Flow| match flow.connection {
        Some(connection) => endpoint.is_open(connection),
        None => {
            let contact = SipUri::parse(binding.contact()).ok();
            let host = contact.and_then(|uri| Host::parse(uri.host_str())?.ip());
            host.is_some_and(|ip| ip != flow.remote.ip())
        }
    };
    match binding.flow().filter(is_usable) {
        Some(flow) if binding.path().len() == 0 => target.flow(flow),
        _ => target,
    }
}
