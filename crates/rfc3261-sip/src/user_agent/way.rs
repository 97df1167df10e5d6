//! Where the requests of this side go, and what all of them have in common (RFC 3261 §8.1.1,
//! §8.1.2, RFC 3263).

use alloc::{boxed::Box, string::String};
use core::net::SocketAddr;

use rfc2396_uri::SipUri;

use super::{CommandError, Target, UserAgent, handle::DialogKey};
use crate::{
    HeaderName, Method, RequestBuilder, RequestParts,
    dialog::route_of,
    resolve::{Plan, Step},
    transport::{Flow, SentBy, Transport},
};

/// The way of a request.
pub(super) enum Way {
    Flow(Flow),
    Plan(Box<Plan>),
}

impl UserAgent {
    /// The value of From, with a new tag.
    pub(super) fn new_from(&mut self, target: &Target) -> String {
        let tag = self.new_tag();
        let from = target.from.as_ref().unwrap_or(&self.config.from);
        alloc::format!("{from};tag={tag}")
    }

    /// The value of Via for a request that goes this way.
    pub(super) fn via(&mut self, way: &Way) -> String {
        let transport = match way {
            Way::Flow(flow) => flow.transport,
            // The transport is seen later.
            Way::Plan(_) => Transport::Udp,
        };
        let sent_by = SentBy {
            host: &self.config.sent_by,
            port: None,
        };
        self.layer.via(transport, sent_by)
    }

    /// A request outside of all dialogs, without what belongs to its method.
    pub(super) fn outside(
        &mut self,
        method: Method<'_>,
        target: &Target,
        from: &str,
        call_id: &str,
        sequence_number: u32,
        way: &Way,
    ) -> Result<RequestBuilder, CommandError> {
        let via = self.via(way);
        let bracketed;
        let to = match &target.to {
            Some(to) => to,
            None => {
                bracketed = alloc::format!("<{}>", target.uri);
                &bracketed
            }
        };
        let (uri, route) = route_of(&target.route, &target.uri);
        let request = RequestBuilder::new(RequestParts {
            method,
            uri: &uri,
            via: &via,
            from,
            to,
            call_id,
            sequence_number,
            max_forwards: 70,
        });
        Ok(self.signed(match route {
            Some(route) => request.header(HeaderName::Route, route),
            None => request,
        }))
    }

    /// The request with Supported, which all but ACK have (RFC 4028 §7.1), and User-Agent.
    pub(super) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match self.supported.as_str() {
            "" => request,
            supported => request.header(HeaderName::Supported, supported),
        };
        match &self.config.product {
            Some(product) => request.header(HeaderName::UserAgent, product),
            None => request,
        }
    }

    /// The way to a target: the top of the route set, or the Request-URI (RFC 3261 §8.1.2).
    pub(super) fn way_to(&mut self, target: &Target) -> Result<Way, CommandError> {
        match target.flow {
            Some(flow) => Ok(Way::Flow(flow)),
            None => self.plan(target.route.first().unwrap_or(&target.uri)),
        }
    }

    pub(super) fn plan(&mut self, uri: &str) -> Result<Way, CommandError> {
        let uri = SipUri::parse(uri).map_err(|_| CommandError::Uri)?;
        if let Some(flow) = self.numeric(&uri) {
            return Ok(Way::Flow(flow));
        }
        let random = self.layer.random() as u64;
        let plan = Plan::of_uri(&uri, &self.config.preferences, random);
        Ok(Way::Plan(Box::new(plan)))
    }

    /// The way to a URI whose host is an address: nobody has to be asked for it.
    pub(super) fn numeric(&self, uri: &SipUri<&str>) -> Option<Flow> {
        let plain = uri.parameters().as_str().is_empty() && !uri.is_secure();
        if plain {
            let ip = uri.host().ip()?;
            let udp = Transport::Udp;
            let has_udp = self.config.preferences.transports.contains(&udp);
            let port = uri.port().unwrap_or(udp.default_port());
            return has_udp.then(|| Flow::new(udp, SocketAddr::new(ip, port)));
        }
        let mut plan = Plan::of_uri(uri, &self.config.preferences, 0);
        match plan.poll() {
            Step::Try(candidate) if candidate.name.is_none() => {
                Some(Flow::new(candidate.transport, candidate.address))
            }
            _ => None,
        }
    }

    /// The way of the next request within a dialog: that of the one before, as long as route set
    /// and remote target stay.
    pub(super) fn way_within(&mut self, dialog: DialogKey) -> Result<Way, CommandError> {
        let entry = self.dialogs.get(dialog).ok_or(CommandError::Unknown)?;
        let hop = entry.dialog.next_hop();
        if entry.hop.as_deref() == Some(hop) {
            return Ok(Way::Flow(entry.flow));
        }
        let uri = SipUri::parse(hop).map_err(|_| CommandError::Uri)?;
        let Some(numeric) = self.numeric(&uri) else {
            let hop = String::from(hop);
            return self.plan(&hop);
        };
        let (hop, known) = (Box::from(hop), entry.flow);
        let flow = match (numeric.transport, numeric.remote) == (known.transport, known.remote) {
            true => known,
            false => numeric,
        };
        if let Some(entry) = self.dialogs.get_mut(dialog) {
            (entry.hop, entry.flow) = (Some(hop), flow);
        }
        Ok(Way::Flow(flow))
    }
}
