//! What is forwarded without state (RFC 3261 §16.11): ACK for 2xx, CANCEL that finds nothing to
//! cancel, late responses; and everything, if that is wanted.

use alloc::boxed::Box;
use core::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rfc2396_uri::Host;

use super::{
    CommandError, Event, Proxy, Request, Target,
    best::returned,
    fingerprint::Fingerprints,
    forward::{Hop, flow_to},
    lookups::Waiting,
    request::{Checked, Fault},
};
use crate::{
    Message, Method, ResponseRoute,
    headers::Via,
    resolve::{Answer, Plan, Step},
    transport::{Flow, Transport},
};

/// A message that waits for the DNS.
#[derive(Debug)]
pub(super) struct Pending {
    plan: Plan,
    cargo: Cargo,
}

#[derive(Debug)]
enum Cargo {
    Request(Box<Request>, Box<Hop>),
    Response(Bytes),
}

impl Proxy {
    /// All that comes to a proxy without state.
    pub(super) fn handle_without_state(&mut self, now: Instant, message: Message, source: Flow) {
        if message.is_request() {
            match message.stamped(source.remote) {
                Ok(message) => self.request_without_state(now, message, source),
                Err(_) => self.counts.dropped += 1,
            }
        } else {
            self.response_without_state(now, &message);
        }
        self.drain(now);
    }

    pub(super) fn request_without_state(&mut self, now: Instant, message: Message, source: Flow) {
        match Checked::new(&self.config, &self.fingerprints, message.view(), source) {
            Ok(checked) => {
                let request = Request::new(message, source, checked);
                if self.is_for_own_response(&request.message) {
                    return;
                }
                let ask = self.config.stateless || !self.config.relay_stateless;
                if ask || request.responsible {
                    return self.tell(Event::Stateless(Box::new(request)));
                }
                if self.send_without_state(now, request, None).is_err() {
                    self.counts.dropped += 1;
                }
            }
            Err(fault) => self.refuse_without_state(&message, source, &fault),
        }
    }

    /// An ACK for what this proxy has refused without state.
    fn is_for_own_response(&self, message: &Message) -> bool {
        let tag = || self.fingerprints.tag(message.view());
        let to = message.to();
        message.method() == Some(Method::ACK) && to.is_ok_and(|to| to.tag() == Some(&tag()))
    }

    fn refuse_without_state(&mut self, message: &Message, source: Flow, fault: &Fault) {
        self.counts.dropped += 1;
        if message.method() == Some(Method::ACK) {
            return;
        }
        let Ok(via) = message.via() else { return };
        let tag = self.fingerprints.tag(message.view());
        if let Ok(response) = fault.response(message.view(), &tag).build() {
            self.layer.send(response, source.of_response(&via));
        }
    }

    pub(super) fn send_without_state(
        &mut self,
        now: Instant,
        request: Request,
        target: Option<Target>,
    ) -> Result<(), CommandError> {
        if let Err(fault) = request.check_hops() {
            self.refuse_without_state(&request.message, request.source, &fault);
            return Ok(());
        }
        let target = target.unwrap_or_else(|| Target::new(request.uri()));
        let hop = Box::new(Hop::new(&request, &target)?);
        if let Some(flow) = target.flow {
            self.transmit(&Cargo::Request(Box::new(request), hop), flow);
            return Ok(());
        }
        let random = Fingerprints::number(request.fingerprint);
        let plan = Plan::of_uri(&hop.next.view(), &self.config.preferences, random);
        let cargo = Cargo::Request(Box::new(request), hop);
        self.proceed(now, Pending { plan, cargo });
        Ok(())
    }

    /// A response that no transaction waits for goes to where its second Via says, if the first is
    /// this proxy's.
    pub(super) fn response_without_state(&mut self, now: Instant, response: &Message) {
        let mut vias = response.list::<Via<'_>>();
        let own = vias.next();
        let is_own = own.is_some_and(|via| via.is_ok_and(|via| self.config.is_own_via(&via)));
        let (true, Some(Ok(via))) = (is_own, vias.next()) else {
            self.counts.dropped += 1;
            return;
        };
        let Some(bytes) = returned(response.view(), &[]) else {
            self.counts.dropped += 1;
            return;
        };
        let cargo = Cargo::Response(bytes);
        match back(&via) {
            Some((transport, remote)) => {
                let mut flow = flow_to(&self.config, transport, remote);
                flow.ttl = via.ttl().filter(|_| remote.ip().is_multicast());
                self.transmit(&cargo, flow);
            }
            None => {
                let plan = Plan::of_response(&via, &self.config.preferences, 0);
                self.proceed(now, Pending { plan, cargo });
            }
        }
    }

    /// The DNS has answered.
    pub(super) fn resume(&mut self, now: Instant, mut pending: Pending, answer: Answer) {
        pending.plan.handle_answer(answer);
        self.proceed(now, pending);
    }

    /// Sends a message to its first server, as soon as that is known: nobody would know if it
    /// failed.
    fn proceed(&mut self, now: Instant, mut pending: Pending) {
        match pending.plan.poll() {
            Step::Ask(_) if self.lookups.stateless() >= self.config.max_pending => {
                self.counts.dropped += 1;
            }
            Step::Ask(query) => {
                let timeout = self.config.lookup_timeout;
                let waiting = Waiting::Stateless(Box::new(pending));
                let lookup = self.lookups.add(now, timeout, waiting);
                self.tell(Event::Lookup { lookup, query });
            }
            Step::Try(server) => {
                let flow = flow_to(&self.config, server.transport, server.address);
                self.transmit(&pending.cargo, flow);
            }
            Step::Exhausted => self.counts.dropped += 1,
        }
    }

    fn transmit(&mut self, cargo: &Cargo, flow: Flow) {
        let bytes = match cargo {
            Cargo::Response(bytes) => Some(bytes.clone()),
            Cargo::Request(request, hop) => {
                let message = request.message.view();
                let of = request.fingerprint;
                let branch = self.fingerprints.stateless_branch(message, of);
                let write = |branch: &str| hop.write(&self.config, request, branch, flow);
                branch
                    .ok()
                    .and_then(|branch| Some(write(&branch).ok()?.into()))
            }
        };
        match bytes {
            Some(bytes) => {
                self.counts.stateless += 1;
                self.layer.send(bytes, flow);
            }
            None => self.counts.dropped += 1,
        }
    }
}

/// Where a response goes for which this is the next Via; `None` if a name is to be looked up. A
/// connection is known by the port that it came from, if that was noted.
fn back(via: &Via<'_>) -> Option<(Transport, SocketAddr)> {
    let transport = Transport::from_via(via.transport())?;
    let to = |host: Host<'_>, port| Some(SocketAddr::new(host.ip()?, port));
    let remote = match via.response_target().route {
        ResponseRoute::Connection(host, port) => to(host, via.rport().flatten().unwrap_or(port)),
        ResponseRoute::Address(host, port) | ResponseRoute::Multicast(host, port, _) => {
            to(host, port)
        }
        ResponseRoute::SentBy(..) => None,
    };
    Some((transport, remote?))
}
