//! Changes of calls that stand: hold, and what the peer wants (RFC 3261 §14, RFC 3311).

use std::time::Instant;

use rfc3261_sip::user_agent::{Content, Failure, IncomingId};
use rfc3261_sip::{Message, Method, StatusCode};

use super::exchange::Exchange;
use super::{Agent, AgentError, CallId, Event, body};

impl Agent {
    /// Puts the peer on hold: it is asked to send nothing, and is sent nothing but what is given
    /// to [`send_frame`](Self::send_frame), such as music.
    ///
    /// [`Event::MediaChanged`] or [`Event::ChangeRefused`] tells what comes of it.
    ///
    /// # Errors
    ///
    /// The call does not stand, or is being changed.
    pub fn hold(&mut self, now: Instant, call: CallId) -> Result<(), AgentError> {
        self.offer_hold(now, call, true)
    }

    /// Takes the peer off hold.
    ///
    /// # Errors
    ///
    /// As for [`hold`](Self::hold).
    pub fn resume(&mut self, now: Instant, call: CallId) -> Result<(), AgentError> {
        self.offer_hold(now, call, false)
    }

    /// Whether this side has put the peer on hold, or wants to.
    pub fn is_on_hold(&self, call: CallId) -> bool {
        let call = self.calls.get(&call);
        call.and_then(|call| call.exchange.as_ref())
            .is_some_and(Exchange::is_on_hold)
    }

    fn offer_hold(&mut self, now: Instant, id: CallId, on_hold: bool) -> Result<(), AgentError> {
        let call = self.calls.get_mut(&id).ok_or(AgentError::Unknown)?;
        let exchange = call.exchange.as_mut().ok_or(AgentError::State)?;
        if exchange.is_offering() {
            return Err(AgentError::State);
        }
        let content = Content::sdp(exchange.offer_hold(on_hold)?);
        if let Err(error) = self.user_agent.reinvite(now, call.signalling, &content) {
            exchange.give_up();
            return Err(error.into());
        }
        self.pump(now);
        Ok(())
    }

    /// The peer wants to change a call.
    pub(super) fn modify(
        &mut self,
        now: Instant,
        id: CallId,
        incoming: IncomingId,
        request: &Message,
    ) {
        let offer = body::session_description(request.view());
        let is_invite = request.method() == Some(Method::INVITE);
        let call = self.calls.get_mut(&id);
        let Some(exchange) = call.and_then(|call| call.exchange.as_mut()) else {
            return self.respond(now, incoming, StatusCode::REQUEST_PENDING);
        };
        let described = match offer {
            // An offer of this side that is open now was refused because both came at the same time,
            // and waits to be made again.
            Some(offer) => exchange
                .take_offer(offer)
                .map_err(AgentError::from)
                .and_then(|()| exchange.answer()),
            None if is_invite && exchange.is_offering() => {
                return self.respond(now, incoming, StatusCode::REQUEST_PENDING);
            }
            None if is_invite => exchange.offer().map_err(AgentError::from),
            // A refresh of the session.
            None => return self.respond(now, incoming, StatusCode::OK),
        };
        let Ok(description) = described else {
            return self.respond(now, incoming, StatusCode::NOT_ACCEPTABLE_HERE);
        };
        let content = Content::sdp(description);
        let _ = self
            .user_agent
            .respond(now, incoming, StatusCode::OK, &content);
        if offer.is_some() {
            self.change_media(now, id);
        }
    }

    /// What comes of a change of this side.
    pub(super) fn modified(
        &mut self,
        now: Instant,
        id: CallId,
        outcome: &Result<Message, Failure>,
    ) {
        let call = self.calls.get_mut(&id);
        let Some(exchange) = call.and_then(|call| call.exchange.as_mut()) else {
            return;
        };
        let refused = match outcome {
            Ok(response) => {
                let answer = body::session_description(response.view());
                let taken = answer.is_some_and(|answer| exchange.take_answer(answer).is_ok());
                match taken {
                    true => {
                        exchange.close();
                        return self.change_media(now, id);
                    }
                    false => StatusCode::NOT_ACCEPTABLE_HERE,
                }
            }
            Err(failure) => failure.status(),
        };
        exchange.give_up();
        self.event(Event::ChangeRefused {
            call: id,
            status: refused,
        });
    }

    /// The ACK for an INVITE within a call is there, with the answer if this side had to offer.
    pub(super) fn modification_acknowledged(&mut self, now: Instant, id: CallId, ack: &Message) {
        let call = self.calls.get_mut(&id);
        let Some(exchange) = call.and_then(|call| call.exchange.as_mut()) else {
            return;
        };
        if !exchange.is_offering() {
            return;
        }
        let answer = body::session_description(ack.view());
        match answer.map(|answer| exchange.take_answer(answer)) {
            Some(Ok(())) => {
                exchange.close();
                self.change_media(now, id);
            }
            _ => exchange.give_up(),
        }
    }

    /// Puts a new agreement to work. Without media there is no call.
    fn change_media(&mut self, now: Instant, id: CallId) {
        if self.start_media(now, id).is_err() {
            let _ = self.hang_up(now, id);
        }
    }
}
