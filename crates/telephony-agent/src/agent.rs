//! An account and its calls: signalling, credentials, descriptions, keys and media in one machine.

mod body;
mod call;
mod config;
mod credentials;
mod event;
mod exchange;
mod modify;
mod output;
mod transfer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use core::net::SocketAddr;
use core::time::Duration;

use rfc3261_sip::resolve::Answer;
use rfc3261_sip::transaction::TransactionId;
use rfc3261_sip::transport::Flow;
use rfc3261_sip::user_agent::{
    self, CallState, Content, RegistrationId, RequestId, SubscriptionId, Target, UserAgent,
};
use rfc3261_sip::{Message, StatusCode};

pub use config::{Account, AgentConfig, MediaAddress};
pub use output::{AgentError, CallId, EndReason, Event, Output};

use crate::Security;
use crate::media::{Channel, DigitError, MediaConfig, MediaOutput, MediaSession};
use crate::random::Random;
use call::{Call, Outgoing};
use credentials::Authenticator;
use exchange::Exchange;

/// An account with its registration and its calls, without socket, clock and codec.
///
/// - **Inputs**: [`handle_input`](Self::handle_input) for a SIP message,
///   [`handle_datagram`](Self::handle_datagram) for what arrives at a port of a call,
///   [`handle_answer`](Self::handle_answer) for what the DNS says,
///   [`handle_transport_error`](Self::handle_transport_error),
///   [`handle_timeout`](Self::handle_timeout) when [`next_timeout`](Self::next_timeout) is reached.
/// - **Commands**: [`register`](Self::register), [`unregister`](Self::unregister);
///   [`call`](Self::call), [`ring`](Self::ring), [`answer`](Self::answer),
///   [`reject`](Self::reject), [`hang_up`](Self::hang_up), [`hold`](Self::hold),
///   [`resume`](Self::resume); [`send_frame`](Self::send_frame),
///   [`send_digits`](Self::send_digits); [`transfer`](Self::transfer),
///   [`transfer_to_call`](Self::transfer_to_call), [`follow_transfer`](Self::follow_transfer),
///   [`refuse_transfer`](Self::refuse_transfer).
/// - **Outputs**: after each of these [`poll_output`](Self::poll_output) until it gives `None`,
///   then wait for input or for `next_timeout`.
/// - **Getters**: [`media`](Self::media), [`state`](Self::state), [`calls`](Self::calls),
///   [`counts`](Self::counts), [`server_name`](Self::server_name).
///
/// Where a call stands is what its user agent says: [`CallState`] has the table.
#[derive(Debug)]
pub struct Agent {
    config: AgentConfig,
    user_agent: UserAgent,
    authenticator: Authenticator,
    random: Random,
    registration: Option<RegistrationId>,
    calls: BTreeMap<CallId, Call>,
    /// The calls by their names in the user agent.
    names: BTreeMap<user_agent::CallId, CallId>,
    /// The calls whose digits are on their way, by the INFO requests that have them.
    informing: BTreeMap<RequestId, CallId>,
    /// The calls whose peers were asked to call somebody else.
    referring: BTreeMap<SubscriptionId, CallId>,
    /// The times by which the media of calls wait.
    queue: BTreeSet<(Instant, CallId)>,
    next_call: u64,
    outputs: VecDeque<Output>,
}

impl Agent {
    /// An agent with nothing to do yet.
    pub fn new(config: AgentConfig) -> Self {
        let mut random = Random::new(config.seed);
        let mut user_agent = config.user_agent.clone();
        let known = [
            "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "NOTIFY", "REFER", "UPDATE",
            "PRACK",
        ];
        user_agent
            .allow
            .retain(|method| known.contains(&method.as_str()));
        Self {
            authenticator: Authenticator::new(config.account.as_ref(), *random.bytes()),
            user_agent: UserAgent::new(user_agent),
            random,
            registration: None,
            calls: BTreeMap::new(),
            names: BTreeMap::new(),
            informing: BTreeMap::new(),
            referring: BTreeMap::new(),
            queue: BTreeSet::new(),
            next_call: 0,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// What there is and what there was in the user agent.
    pub fn counts(&self) -> user_agent::Counts {
        self.user_agent.counts()
    }

    /// The calls that there are.
    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        self.calls.keys().copied()
    }

    /// How far a call is.
    pub fn state(&self, call: CallId) -> CallState {
        self.calls.get(&call).map_or(CallState::Over, |call| {
            self.user_agent.call_state(call.signalling)
        })
    }

    /// The media of a call, once there are any.
    pub fn media(&self, call: CallId) -> Option<&MediaSession> {
        self.calls.get(&call)?.media.as_ref()
    }

    /// The name that the certificate of the server must prove that a message of this transaction
    /// goes to; `None` for one that was given by its address.
    pub fn server_name(&self, transaction: TransactionId) -> Option<&str> {
        self.user_agent.server_name(transaction)
    }

    /// The URI by which others reach this side.
    pub fn contact(&self) -> &str {
        &self.user_agent.config().contact
    }

    /// Lets others reach this side by another URI from now on, such as with the address that a STUN
    /// server sees.
    pub fn set_contact(&mut self, contact: impl Into<String>) {
        self.user_agent.set_contact(contact);
    }

    /// A SIP message has arrived: a datagram, or what a framer has cut off a stream.
    pub fn handle_input(&mut self, now: Instant, message: impl Into<bytes::Bytes>, source: Flow) {
        self.user_agent.handle_input(now, message, source);
        self.pump(now);
    }

    /// A SIP message has arrived that is read already.
    pub fn handle_message(&mut self, now: Instant, message: Message, source: Flow) {
        self.user_agent.handle_message(now, message, source);
        self.pump(now);
    }

    /// A message of this transaction could not be sent.
    pub fn handle_transport_error(&mut self, now: Instant, transaction: TransactionId) {
        self.user_agent.handle_transport_error(now, transaction);
        self.pump(now);
    }

    /// The DNS has answered.
    pub fn handle_answer(&mut self, now: Instant, request: RequestId, answer: Answer) {
        self.user_agent.handle_answer(now, request, answer);
        self.pump(now);
    }

    /// A datagram has arrived at a port of a call. It is decrypted in place.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        call: CallId,
        channel: Channel,
        from: SocketAddr,
        datagram: &mut [u8],
    ) {
        if let Some(media) = self.media_mut(call) {
            media.handle_datagram(now, channel, from, datagram);
            self.drain(call);
        }
    }

    /// Tells what time it is.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.user_agent.handle_timeout(now);
        self.pump(now);
        while let Some((_, call)) = self.queue.first().filter(|(due, _)| *due <= now).copied() {
            if let Some(media) = self.media_mut(call) {
                media.handle_timeout(now);
            }
            self.drain(call);
            self.postpone(now, call);
        }
    }

    /// The next thing to do or to know.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let media = self.queue.first().map(|(due, _)| *due);
        self.user_agent
            .next_timeout()
            .into_iter()
            .chain(media)
            .min()
    }

    /// Registers with this registrar, `sip:example.com`, and refreshes that until
    /// [`unregister`](Self::unregister).
    ///
    /// # Errors
    ///
    /// It is registered already, or the URI leads nowhere.
    pub fn register(
        &mut self,
        now: Instant,
        registrar: &str,
        expires: Duration,
    ) -> Result<(), AgentError> {
        if self.registration.is_some() {
            return Err(AgentError::State);
        }
        let target = self
            .target(registrar)
            .to(self.config.user_agent.from.clone());
        let content = Content::new();
        let registration = self.user_agent.register(now, &target, expires, &content)?;
        self.registration = Some(registration);
        self.pump(now);
        Ok(())
    }

    /// Removes the registration.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn unregister(&mut self, now: Instant) -> Result<(), AgentError> {
        let registration = self.registration.ok_or(AgentError::Unknown)?;
        self.user_agent.unregister(now, registration)?;
        self.pump(now);
        Ok(())
    }

    /// Calls a URI, with the media to be received there.
    ///
    /// # Errors
    ///
    /// The URI leads nowhere, or there are no codecs.
    pub fn call(
        &mut self,
        now: Instant,
        uri: &str,
        media: MediaAddress,
    ) -> Result<CallId, AgentError> {
        let id = self.new_call_id();
        let outgoing = Outgoing {
            uri: uri.to_string(),
            media,
            headers: Vec::new(),
            secure: self.config.security.security != Security::Off,
        };
        self.invite(now, id, outgoing, None)?;
        self.pump(now);
        Ok(id)
    }

    /// Says that it rings.
    ///
    /// # Errors
    ///
    /// The call does not wait for that.
    pub fn ring(&mut self, now: Instant, call: CallId) -> Result<(), AgentError> {
        let signalling = self.signalling(call)?;
        self.user_agent.ring(now, signalling, &Content::new())?;
        self.pump(now);
        Ok(())
    }

    /// Takes a call, with the media to be received there. Without a description that both sides
    /// can agree on, it is refused (488).
    ///
    /// # Errors
    ///
    /// The call does not wait for an answer, or there is no agreement.
    pub fn answer(
        &mut self,
        now: Instant,
        call: CallId,
        media: MediaAddress,
    ) -> Result<(), AgentError> {
        let found = self.calls.get_mut(&call).ok_or(AgentError::Unknown)?;
        let signalling = found.signalling;
        let invite = found.invite.take().ok_or(AgentError::State)?;
        let secure = self.config.security.security == Security::Required;
        let exchange = Exchange::new(&self.config, &mut self.random, media, secure);
        let described = exchange.map_err(AgentError::from).and_then(|mut exchange| {
            let description = match body::session_description(invite.view()) {
                Some(offer) => {
                    exchange.take_offer(offer)?;
                    exchange.answer()?
                }
                None => exchange.offer()?,
            };
            found.exchange = Some(exchange);
            Ok(description)
        });
        let answered = match described {
            Ok(description) => {
                let content = Content::sdp(description);
                let answered = self.user_agent.answer(now, signalling, &content);
                answered.map_err(AgentError::from)
            }
            Err(error) => Err(error),
        };
        let answered = answered.and_then(|()| self.start_media(now, call));
        if let Err(error) = answered {
            let status = StatusCode::NOT_ACCEPTABLE_HERE;
            let content = Content::new();
            if self
                .user_agent
                .reject(now, signalling, status, &content)
                .is_err()
            {
                let _ = self.user_agent.hang_up(now, signalling);
            }
            self.pump(now);
            return Err(error);
        }
        self.pump(now);
        Ok(())
    }

    /// Does not take a call: 300 to 699.
    ///
    /// # Errors
    ///
    /// The call does not wait for an answer.
    pub fn reject(
        &mut self,
        now: Instant,
        call: CallId,
        status: StatusCode,
    ) -> Result<(), AgentError> {
        let signalling = self.signalling(call)?;
        let content = Content::new();
        self.user_agent.reject(now, signalling, status, &content)?;
        self.pump(now);
        Ok(())
    }

    /// Hangs up, or cancels a call that is not answered yet.
    ///
    /// # Errors
    ///
    /// There is no such call.
    pub fn hang_up(&mut self, now: Instant, call: CallId) -> Result<(), AgentError> {
        let signalling = self.signalling(call)?;
        self.user_agent.hang_up(now, signalling)?;
        self.pump(now);
        Ok(())
    }

    /// Sends a frame: see [`MediaSession::send_frame`]. Nothing is sent before there are media.
    pub fn send_frame(
        &mut self,
        now: Instant,
        call: CallId,
        duration: u32,
        payload: &[u8],
    ) -> bool {
        let Some(media) = self.media_mut(call) else {
            return false;
        };
        let sent = media.send_frame(now, duration, payload);
        self.drain(call);
        sent
    }

    /// Sends digits: as telephone events, or by INFO to a peer that takes none.
    ///
    /// # Errors
    ///
    /// There are no media yet, or they cannot be sent.
    pub fn send_digits(
        &mut self,
        now: Instant,
        call: CallId,
        digits: &str,
    ) -> Result<(), AgentError> {
        let duration = self.config.digit;
        let media = self.media_mut(call).ok_or(AgentError::Unknown)?;
        match media.send_digits(now, digits, duration) {
            Err(DigitError::NotAgreed) => self.inform(now, call, digits)?,
            sent => sent?,
        }
        self.drain(call);
        self.pump(now);
        Ok(())
    }

    /// Sends an INVITE for a call, a new one or one that is tried again.
    fn invite(
        &mut self,
        now: Instant,
        id: CallId,
        outgoing: Outgoing,
        asked_by: Option<SubscriptionId>,
    ) -> Result<(), AgentError> {
        let (media, secure) = (outgoing.media, outgoing.secure);
        let mut exchange = Exchange::new(&self.config, &mut self.random, media, secure)?;
        let mut content = Content::sdp(exchange.offer()?);
        for (name, value) in &outgoing.headers {
            content = content.header(*name, value.clone());
        }
        let target = self.target(&outgoing.uri);
        let signalling = self.user_agent.invite(now, &target, &content)?;
        let mut call = Call::new(signalling);
        call.exchange = Some(exchange);
        call.outgoing = Some(outgoing);
        call.asked_by = asked_by;
        self.names.insert(signalling, id);
        self.calls.insert(id, call);
        Ok(())
    }

    fn target(&self, uri: &str) -> Target {
        let target = Target::new(uri);
        match &self.config.proxy {
            Some(proxy) => target.route(proxy.clone()),
            None => target,
        }
    }

    fn new_call_id(&mut self) -> CallId {
        self.next_call += 1;
        CallId(self.next_call)
    }

    fn signalling(&self, call: CallId) -> Result<user_agent::CallId, AgentError> {
        let call = self.calls.get(&call).ok_or(AgentError::Unknown)?;
        Ok(call.signalling)
    }

    fn media_mut(&mut self, call: CallId) -> Option<&mut MediaSession> {
        self.calls.get_mut(&call)?.media.as_mut()
    }

    /// Puts what was agreed on to work.
    fn start_media(&mut self, now: Instant, id: CallId) -> Result<(), AgentError> {
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(());
        };
        let Some(agreed) = call.exchange.as_ref().and_then(Exchange::agreed) else {
            return Ok(());
        };
        match &mut call.media {
            Some(media) if media.agreed() == agreed => return Ok(()),
            Some(media) => media.update(now, agreed)?,
            None => {
                let mut config = MediaConfig::new(*self.random.bytes(), cname(&mut self.random));
                config.wall_clock = self.config.media.wall_clock;
                config.session_bandwidth = self.config.media.session_bandwidth;
                config.latching = self.config.media.latching;
                config.max_drift = self.config.media.max_drift;
                config.playout = self.config.media.playout;
                call.media = Some(MediaSession::new(now, agreed, config)?);
            }
        }
        self.event(Event::MediaChanged { call: id });
        self.drain(id);
        Ok(())
    }

    /// Passes on what the media of a call tell, and when they want to be asked again.
    fn drain(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(media) = &mut call.media else {
            return;
        };
        while let Some(output) = media.poll_output() {
            self.outputs.push_back(match output {
                MediaOutput::Transmit {
                    channel,
                    to,
                    datagram,
                } => Output::Media {
                    call: id,
                    channel,
                    to,
                    datagram,
                },
                MediaOutput::Event(event) => Output::Event(Event::Media { call: id, event }),
            });
        }
        let due = media.next_timeout();
        if due != call.due {
            if let Some(before) = call.due {
                self.queue.remove(&(before, id));
            }
            self.queue.extend(due.map(|due| (due, id)));
            call.due = due;
        }
    }

    /// Keeps the time of a call from being asked for again and again, were its media to wait for
    /// what is past.
    fn postpone(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            self.queue.retain(|(_, call)| *call != id);
            return;
        };
        if let Some(due) = call.due.filter(|due| *due <= now) {
            self.queue.remove(&(due, id));
            let later = now + Duration::from_millis(1);
            self.queue.insert((later, id));
            call.due = Some(later);
        }
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// A canonical name that tells nothing of the user (RFC 7022).
fn cname(random: &mut Random) -> String {
    let bytes = random.bytes();
    bytes
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
