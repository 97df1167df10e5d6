//! Registrations: REGISTER with its refreshes and its removal (RFC 3261 §10.2).

use alloc::string::String;
use core::time::Duration;
use std::time::Instant;

use rfc2396_uri::{NameAddr, Uri};

use super::{
    CommandError, Content, Event, Failure, RegistrationId, Target, UserAgent,
    handle::Handle,
    request::{Request, What},
    soft_state::{Action, Input, SoftState, refresh_after},
};
use crate::{
    HeaderName, Message, Method, StatusCode,
    headers::{Contact, Expires, MinExpires},
};

/// A registration.
#[derive(Debug)]
pub(super) struct Registration {
    state: SoftState,
    target: Target,
    content: Content,
    contact: String,
    from: String,
    call_id: String,
    sequence_number: u32,
    /// What is asked for, in seconds.
    expires: u32,
    /// All bindings are to be removed, not only that of this side.
    remove_all: bool,
}

impl UserAgent {
    /// Registers the Contact of this side, for so long, at the registrar that is the target's
    /// URI. The address-of-record is the target's To, or else the From of the
    /// [configuration](super::Config::from).
    ///
    /// It is refreshed by itself until it is [removed](Self::unregister).
    /// [`Event::Registered`] tells of each success, [`Event::RegistrationFailed`] of the first
    /// failure.
    ///
    /// # Errors
    ///
    /// [`CommandError::Uri`] if the target's URI is no SIP or SIPS URI, or has a user, or if the
    /// address-of-record is no SIP or SIPS URI (RFC 3261 §10.2).
    pub fn register(
        &mut self,
        now: Instant,
        target: &Target,
        expires: Duration,
        content: &Content,
    ) -> Result<RegistrationId, CommandError> {
        let server = Uri::parse(target.uri.as_str()).ok();
        let server = server.as_ref().and_then(Uri::as_sip);
        if server.is_none_or(|server| server.user().is_some()) {
            return Err(CommandError::Uri);
        }
        let mut target = target.clone();
        let address = target.to.get_or_insert_with(|| self.config.from.clone());
        let named = NameAddr::parse(address.as_str());
        if named.is_ok_and(|address| address.uri().as_sip().is_none()) {
            return Err(CommandError::Uri);
        }
        let tag_from = target.from.get_or_insert_with(|| address.clone()).clone();
        let tag = self.new_tag();
        let registration = Registration {
            state: SoftState::Idle,
            target,
            content: content.clone(),
            contact: self.config.contact.clone(),
            from: alloc::format!("{tag_from};tag={tag}"),
            call_id: self.new_call_id(),
            sequence_number: 0,
            expires: u32::try_from(expires.as_secs()).unwrap_or(u32::MAX),
            remove_all: false,
        };
        let id = self.registrations.insert(registration);
        if let Err(error) = self.feed_registration(now, id, Input::Send) {
            self.registrations.remove(id);
            return Err(error);
        }
        self.pump(now);
        Ok(id)
    }

    /// Refreshes a registration now, or tries again one that was refused: with the Contact that
    /// the [configuration](Self::set_contact) has by now.
    pub fn refresh(
        &mut self,
        now: Instant,
        registration: RegistrationId,
    ) -> Result<(), CommandError> {
        let found = self.registrations.get_mut(registration);
        let found = found.ok_or(CommandError::Unknown)?;
        found.contact.clone_from(&self.config.contact);
        self.feed_registration(now, registration, Input::Send)?;
        self.pump(now);
        Ok(())
    }

    /// Removes the binding of this side, and with it the registration.
    pub fn unregister(
        &mut self,
        now: Instant,
        registration: RegistrationId,
    ) -> Result<(), CommandError> {
        self.remove_bindings(now, registration, false)
    }

    /// Removes all bindings of the address-of-record, those of others among them, and with them
    /// the registration (RFC 3261 §10.2.2).
    pub fn unregister_all(
        &mut self,
        now: Instant,
        registration: RegistrationId,
    ) -> Result<(), CommandError> {
        self.remove_bindings(now, registration, true)
    }

    /// Forgets a registration without a word to the registrar.
    pub fn forget(&mut self, registration: RegistrationId) {
        if self.registrations.remove(registration).is_some() {
            self.registration_queue.set(registration.slot(), None);
        }
    }

    fn remove_bindings(
        &mut self,
        now: Instant,
        registration: RegistrationId,
        all: bool,
    ) -> Result<(), CommandError> {
        let found = self.registrations.get_mut(registration);
        found.ok_or(CommandError::Unknown)?.remove_all = all;
        self.feed_registration(now, registration, Input::Remove)?;
        self.pump(now);
        Ok(())
    }

    /// Lets something happen to a registration that nothing has to be told of.
    fn feed_registration(
        &mut self,
        now: Instant,
        id: RegistrationId,
        input: Input,
    ) -> Result<(), CommandError> {
        let found = self.registrations.get_mut(id);
        let found = found.ok_or(CommandError::Unknown)?;
        let before = found.state;
        let (next, action) = before.step(input).ok_or(CommandError::State)?;
        found.state = next;
        let sent = match action {
            Some(Action::Send) => self.send_register(now, id, false),
            Some(Action::SendRemoval) => self.send_register(now, id, true),
            _ => Ok(()),
        };
        if let (Err(_), Some(found)) = (&sent, self.registrations.get_mut(id)) {
            found.state = before;
        }
        sent
    }

    fn send_register(
        &mut self,
        now: Instant,
        id: RegistrationId,
        removal: bool,
    ) -> Result<(), CommandError> {
        self.registration_queue.set(id.slot(), None);
        let Some(found) = self.registrations.get_mut(id) else {
            return Err(CommandError::Unknown);
        };
        found.sequence_number = found.sequence_number.saturating_add(1);
        let (target, content) = (found.target.clone(), found.content.clone());
        let (from, call_id) = (found.from.clone(), found.call_id.clone());
        let number = found.sequence_number;
        let contact = match removal && found.remove_all {
            true => String::from("*"),
            false => alloc::format!("<{}>", found.contact),
        };
        let expires = if removal { 0 } else { found.expires };
        let way = self.way_to(&target)?;
        let request = self.outside(Method::REGISTER, &target, &from, &call_id, number, &way)?;
        let request = request
            .header(HeaderName::Contact, contact)
            .header(HeaderName::Expires, expires);
        let request = content.add_to_request(request).build()?;
        self.submit(now, Request::new(What::Register(id), None), request, way)?;
        Ok(())
    }

    /// A REGISTER was sent again with this number.
    pub(super) fn registration_has_used(&mut self, id: RegistrationId, number: u32) {
        if let Some(found) = self.registrations.get_mut(id) {
            found.sequence_number = found.sequence_number.max(number);
        }
    }

    pub(super) fn register_is_answered(
        &mut self,
        now: Instant,
        id: RegistrationId,
        outcome: Result<Message, Failure>,
    ) {
        let Some(found) = self.registrations.get_mut(id) else {
            return;
        };
        if let Err(Failure::Refused(response)) = &outcome {
            // The registrar wants a longer time (RFC 3261 §10.2.8).
            let least = response.get::<MinExpires>().and_then(Result::ok);
            let brief = response.status() == Some(StatusCode::INTERVAL_TOO_BRIEF);
            let removing = matches!(found.state, SoftState::Removing | SoftState::Leaving);
            if let Some(least) = least.filter(|least| brief && least.0 > found.expires) {
                found.expires = least.0;
                if !removing && self.send_register(now, id, false).is_ok() {
                    return;
                }
            }
        }
        let Some(found) = self.registrations.get_mut(id) else {
            return;
        };
        let input = match &outcome {
            Ok(_) => Input::Accepted,
            Err(_) => Input::Refused,
        };
        let Some((next, action)) = found.state.step(input) else {
            return;
        };
        found.state = next;
        match (action, outcome) {
            (Some(Action::TellActive), Ok(response)) => self.registered(now, id, response),
            (Some(Action::TellRemoved), _) => {
                self.forget(id);
                self.tell(Event::Unregistered { registration: id });
            }
            (Some(Action::TellRefused), Err(failure)) => {
                if next == SoftState::Gone {
                    self.forget(id);
                }
                self.tell(Event::RegistrationFailed {
                    registration: id,
                    failure,
                });
            }
            (Some(Action::SendRemoval), _) => self.leave_registrar(now, id),
            _ => {}
        }
    }

    fn leave_registrar(&mut self, now: Instant, id: RegistrationId) {
        if self.send_register(now, id, true).is_err() {
            self.forget(id);
            self.tell(Event::RegistrationFailed {
                registration: id,
                failure: Failure::Unreachable,
            });
        }
    }

    fn registered(&mut self, now: Instant, id: RegistrationId, response: Message) {
        let Some(found) = self.registrations.get(id) else {
            return;
        };
        let expires = granted(&response, &found.contact).unwrap_or(found.expires);
        let expires = Duration::from_secs(expires.into());
        let due = now.checked_add(refresh_after(expires));
        self.registration_queue.set(id.slot(), due);
        self.tell(Event::Registered {
            registration: id,
            expires,
            response,
        });
    }

    /// Runs the timers of registrations.
    pub(super) fn run_registration_timers(&mut self, now: Instant) {
        while let Some((deadline, slot)) = self.registration_queue.next() {
            if deadline > now {
                break;
            }
            self.registration_queue.set(slot, None);
            let Some(id) = self.registrations.id_at(slot) else {
                continue;
            };
            if self.feed_registration(now, id, Input::Due).is_err() {
                if let Some(found) = self.registrations.get_mut(id) {
                    found.state = SoftState::Idle;
                }
                self.tell(Event::RegistrationFailed {
                    registration: id,
                    failure: Failure::Unreachable,
                });
            }
        }
    }
}

/// How long a registrar keeps this Contact, in seconds.
fn granted(response: &Message, contact: &str) -> Option<u32> {
    let own = Uri::parse(contact).ok()?;
    let bindings = response.list::<Contact<'_>>().flatten();
    let found = bindings.into_iter().find_map(|binding| {
        let same = binding.uri().is_some_and(|uri| uri.equivalent(&own));
        same.then(|| binding.address().and_then(|address| address.expires()))
    });
    match found {
        Some(Some(expires)) => Some(expires),
        _ => Some(response.get::<Expires>()?.ok()?.0),
    }
}
