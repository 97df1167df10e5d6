//! Dialogs (RFC 3261 §12): what two user agents have agreed on, so that they can go on talking.

mod error;
mod id;
mod route;
mod table;
mod uac;
mod uas;

pub use error::{DialogError, Refusal};
pub use id::DialogId;
pub use table::{Change, DialogState};

use alloc::{borrow::Cow, boxed::Box, format, string::String};

use crate::{HeaderName, MessageRef, headers, transport::Transport};
use route::RouteSet;
#[cfg(feature = "std")]
pub(crate) use route::{as_request_uri, route_of};
use table::Event;

/// One side's view of a dialog: a value without clock, transactions and I/O.
///
/// - **Making**: [`uac`](Self::uac) of the request that was sent and a response that came,
///   [`uas`](Self::uas) of the request that came and the tag that it is answered with. An INVITE
///   that forks makes as many dialogs as there are tags in the responses.
/// - **As client**: [`request`](Self::request), [`target_refresh`](Self::target_refresh),
///   [`ack`](Self::ack); then [`handle_response`](Self::handle_response) for what comes back, or
///   [`handle_no_response`](Self::handle_no_response).
/// - **As server**: [`handle_request`](Self::handle_request) for what comes, then
///   [`response`](Self::response), and [`responded`](Self::responded) once that is sent.
///
/// What the peer has sent, its Contact, Record-Route, From and To, is sent back byte for byte,
/// but for folding.
///
/// ```
/// use rfc3261_sip::{Message, Method, RequestBuilder, dialog::Dialog, transport::Transport};
///
/// let invite = Message::parse(
///     &b"INVITE sip:bob@example.com SIP/2.0\r\n\
///        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK74bf9\r\n\
///        Max-Forwards: 70\r\n\
///        From: Alice <sip:alice@example.org>;tag=9fxced76sl\r\n\
///        To: Bob <sip:bob@example.com>\r\n\
///        Call-ID: 2xTb9vxSit55XU7p8\r\n\
///        CSeq: 1 INVITE\r\n\
///        Contact: <sip:alice@192.0.2.1>\r\n\r\n"[..],
/// )?;
/// let ok = Message::parse(
///     &b"SIP/2.0 200 OK\r\n\
///        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK74bf9\r\n\
///        From: Alice <sip:alice@example.org>;tag=9fxced76sl\r\n\
///        To: Bob <sip:bob@example.com>;tag=314159\r\n\
///        Call-ID: 2xTb9vxSit55XU7p8\r\n\
///        CSeq: 1 INVITE\r\n\
///        Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.org;lr>\r\n\
///        Contact: <sip:bob@198.51.100.2;gr=urn:uuid:c865>\r\n\r\n"[..],
/// )?;
/// let mut dialog = Dialog::uac(invite.view(), ok.view(), Transport::Udp)?;
/// let ack = dialog.ack(ok.view(), "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")?;
/// assert!(ack.build()?.starts_with(
///     b"ACK sip:bob@198.51.100.2;gr=urn:uuid:c865 SIP/2.0\r\n"
/// ));
/// let bye = dialog.request(Method::BYE, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")?;
/// let bye = Message::parse(bye.build()?)?;
/// assert_eq!(bye.cseq()?.sequence_number, 2);
/// assert_eq!(dialog.next_hop(), "sip:p1.example.org;lr");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    id: DialogId<'static>,
    role: Role,
    state: DialogState,
    secure: bool,
    /// From of what this side sends.
    local: Box<str>,
    /// To of what this side sends.
    remote: Box<str>,
    remote_target: Box<str>,
    route_set: RouteSet,
    /// The number of the request that established the dialog.
    origin: u32,
    local_sequence_number: Option<u32>,
    remote_sequence_number: Option<u32>,
    /// The number of the last request of this side that has changed the remote target.
    refreshed: Option<u32>,
}

/// Which side sent the request that established a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// This side.
    Uac,
    /// The other side.
    Uas,
}

impl Dialog {
    /// The dialog that a response establishes at the side that has sent the request
    /// (§12.1.2): 101 to 199 with a tag in To, or 2xx, in which an old peer may go without.
    ///
    /// `request` is what was sent, over `transport`, to which this is the response. Where a peer
    /// names no Contact, requests go on to the Request-URI.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoDialog`] if the response establishes none.
    pub fn uac(
        request: MessageRef<'_>,
        response: MessageRef<'_>,
        transport: Transport,
    ) -> Result<Self, Refusal> {
        Self::uac_as(
            DialogId::of_response(response)?,
            request,
            response,
            transport,
        )
    }

    /// The same, where the identifier was read already.
    pub(crate) fn uac_as(
        id: DialogId<'_>,
        request: MessageRef<'_>,
        response: MessageRef<'_>,
        transport: Transport,
    ) -> Result<Self, Refusal> {
        let status = response.status().ok_or(Refusal::NoDialog)?;
        let state = match status.get() {
            101..=199 if id.remote_tag().is_some() => DialogState::Early,
            200..=299 => DialogState::Confirmed,
            _ => return Err(Refusal::NoDialog),
        };
        let (call_id, tag) = (request.call_id()?, request.from()?.tag());
        let cseq = request.cseq()?;
        if (id.call_id(), id.local_tag()) != (call_id.as_str(), tag) || response.cseq()? != cseq {
            return Err(Refusal::NoDialog);
        }
        let request_uri = request.request_uri()?;
        let remote_target = match route::target(response)? {
            Some(target) => target,
            None => request_uri.as_str().into(),
        };
        Ok(Self {
            role: Role::Uac,
            state,
            secure: transport.is_secure() && route::is_sips(request_uri.as_str()),
            local: value(request, HeaderName::From).into(),
            remote: value(response, HeaderName::To).into(),
            remote_target,
            route_set: RouteSet::of_response(response)?,
            origin: cseq.sequence_number,
            local_sequence_number: Some(cseq.sequence_number),
            remote_sequence_number: None,
            refreshed: Some(cseq.sequence_number),
            id: id.into_owned(),
        })
    }

    /// The dialog that a request establishes at the side that has received it, once it is
    /// answered with `tag` in To (§12.1.1): early until a 2xx is told to
    /// [`responded`](Self::responded).
    ///
    /// `transport` is what the request came over. Where a peer names no Contact, requests go to
    /// the URI in From. A request that has a tag in To already, the first NOTIFY of a
    /// subscription for instance, makes a dialog with that tag only.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoDialog`] if To has another tag.
    pub fn uas(request: MessageRef<'_>, tag: &str, transport: Transport) -> Result<Self, Refusal> {
        let (from, to) = (request.from()?, request.to()?);
        let to_value = value(request, HeaderName::To);
        let local = match to.tag() {
            Some(present) if present == tag => to_value.into(),
            Some(_) => return Err(Refusal::NoDialog),
            None => format!("{to_value};tag={tag}").into(),
        };
        let sequence_number = request.cseq()?.sequence_number;
        let remote_target = match route::target(request)? {
            Some(target) => target,
            None => from.uri().as_str().into(),
        };
        let sips = route::is_sips(request.request_uri()?.as_str());
        let call_id = request.call_id()?;
        Ok(Self {
            id: DialogId::new(call_id.as_str(), Some(tag), from.tag()).into_owned(),
            role: Role::Uas,
            state: DialogState::Early,
            secure: transport.is_secure() && sips,
            local,
            remote: value(request, HeaderName::From).into(),
            remote_target,
            route_set: RouteSet::of_request(request)?,
            origin: sequence_number,
            local_sequence_number: None,
            remote_sequence_number: Some(sequence_number),
            refreshed: None,
        })
    }

    /// What identifies the dialog at this side.
    #[must_use]
    pub fn id(&self) -> &DialogId<'static> {
        &self.id
    }

    /// Which side sent the request that established it.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> DialogState {
        self.state
    }

    /// Whether it was established over TLS and by a SIPS URI: then the Contact of this side is a
    /// SIPS URI as well.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The local address: From of what this side sends, with its tag.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The remote address: To of what this side sends, with its tag if it has one.
    #[must_use]
    pub fn remote(&self) -> &str {
        &self.remote
    }

    /// The URI of the peer's Contact.
    #[must_use]
    pub fn remote_target(&self) -> &str {
        &self.remote_target
    }

    /// The URIs of the proxies that requests pass, in the order in which they do.
    pub fn route_set(&self) -> impl ExactSizeIterator<Item = &str> {
        self.route_set.iter()
    }

    /// The URI that says where requests are sent: that of the first proxy, strict or loose, or
    /// the remote target (§8.1.2).
    #[must_use]
    pub fn next_hop(&self) -> &str {
        let first = self.route_set.iter().next();
        first.unwrap_or(&self.remote_target)
    }

    /// The number of the last request that this side has made; `None` before the first.
    #[must_use]
    pub fn local_sequence_number(&self) -> Option<u32> {
        self.local_sequence_number
    }

    /// The number of the last request that has come from the other side; `None` before the
    /// first.
    #[must_use]
    pub fn remote_sequence_number(&self) -> Option<u32> {
        self.remote_sequence_number
    }

    /// Lets the numbers of this side go on behind `number`, unless they are there already: behind
    /// that of the SUBSCRIBE whose dialog was made of the NOTIFY, or of a request that was
    /// repeated with credentials.
    pub fn continue_after(&mut self, number: u32) {
        self.local_sequence_number = self.local_sequence_number.max(Some(number));
    }

    /// Ends the dialog without a message: when all early dialogs of an INVITE end with its
    /// transaction, or the last subscription is over.
    pub fn terminate(&mut self) {
        self.state = DialogState::Terminated;
    }

    fn apply(&mut self, event: Event) -> Change {
        let (next, change) = self.state.step(event);
        self.state = next;
        change
    }
}

/// Whether the Contact of a request that is to establish a dialog must be a SIPS URI: if its
/// Request-URI or top Route is one (§12.1.2).
#[must_use]
pub fn needs_secure_contact(request: MessageRef<'_>) -> bool {
    let route = request.get::<headers::Route<'_>>();
    request
        .request_uri()
        .is_ok_and(|uri| route::is_sips(uri.as_str()))
        || route.is_some_and(|route| route.is_ok_and(|route| route::is_sips(route.uri().as_str())))
}

/// The value of a field that was read already, without folding.
fn value(message: MessageRef<'_>, name: HeaderName) -> Cow<'_, str> {
    let field = message.first(name);
    unfolded(
        field
            .and_then(|field| field.value_str())
            .unwrap_or_default(),
    )
}

/// A value with one space in the place of each line break and the white space around it.
pub(crate) fn unfolded(text: &str) -> Cow<'_, str> {
    if crate::write::line_break(text.as_bytes()).is_none() {
        return text.into();
    }
    let mut whole = String::with_capacity(text.len());
    for line in text.split(['\r', '\n']).map(str::trim) {
        if !line.is_empty() {
            whole.push_str(if whole.is_empty() { "" } else { " " });
            whole.push_str(line);
        }
    }
    whole.into()
}
