//! Publications: PUBLISH with its refreshes, changes and removal (RFC 3903).

use alloc::{boxed::Box, string::String};
use core::time::Duration;
use std::time::Instant;

use super::{
    CommandError, Content, Event, Failure, PublicationId, Target, UserAgent,
    handle::Handle,
    request::{Request, What},
    soft_state::{Action, Input, SoftState, refresh_after},
};
use crate::{
    Message, Method, StatusCode,
    headers::{Expires, MinExpires, SipETag},
};

/// A publication.
#[derive(Debug)]
pub(super) struct Publication {
    state: SoftState,
    target: Target,
    event: String,
    content: Content,
    /// The content has changed since it was sent.
    changed: bool,
    /// What the server calls it.
    etag: Option<Box<str>>,
    /// What is asked for, in seconds.
    expires: u32,
}

impl UserAgent {
    /// Publishes a state of this event package, for so long. It is refreshed by itself until it
    /// is [removed](Self::unpublish).
    ///
    /// [`Event::Published`] tells of each success, [`Event::PublicationFailed`] of a failure.
    pub fn publish(
        &mut self,
        now: Instant,
        target: &Target,
        event: &str,
        expires: Duration,
        content: &Content,
    ) -> Result<PublicationId, CommandError> {
        let id = self.publications.insert(Publication {
            state: SoftState::Idle,
            target: target.clone(),
            event: event.into(),
            content: content.clone(),
            changed: true,
            etag: None,
            expires: u32::try_from(expires.as_secs()).unwrap_or(u32::MAX),
        });
        if let Err(error) = self.feed_publication(now, id, Input::Send) {
            self.publications.remove(id);
            return Err(error);
        }
        self.pump(now);
        Ok(id)
    }

    /// Publishes another state in the place of the one before, or tries again after a failure.
    ///
    /// # Errors
    ///
    /// [`CommandError::State`] while a request is under way.
    pub fn republish(
        &mut self,
        now: Instant,
        publication: PublicationId,
        content: &Content,
    ) -> Result<(), CommandError> {
        let found = self.publications.get_mut(publication);
        let found = found.ok_or(CommandError::Unknown)?;
        if found.state.step(Input::Send).is_none() {
            return Err(CommandError::State);
        }
        (found.content, found.changed) = (content.clone(), true);
        self.feed_publication(now, publication, Input::Send)?;
        self.pump(now);
        Ok(())
    }

    /// Removes what was published. After [`Event::Unpublished`] or [`Event::PublicationFailed`]
    /// the publication is gone.
    pub fn unpublish(
        &mut self,
        now: Instant,
        publication: PublicationId,
    ) -> Result<(), CommandError> {
        self.feed_publication(now, publication, Input::Remove)?;
        self.pump(now);
        Ok(())
    }

    /// Forgets a publication without a word to the server.
    pub fn forget_publication(&mut self, publication: PublicationId) {
        if self.publications.remove(publication).is_some() {
            self.publication_queue.set(publication.slot(), None);
        }
    }

    fn feed_publication(
        &mut self,
        now: Instant,
        id: PublicationId,
        input: Input,
    ) -> Result<(), CommandError> {
        let found = self.publications.get_mut(id);
        let found = found.ok_or(CommandError::Unknown)?;
        let before = found.state;
        let (next, action) = before.step(input).ok_or(CommandError::State)?;
        found.state = next;
        let sent = match action {
            Some(Action::Send) => self.send_publish(now, id, false),
            Some(Action::SendRemoval) => self.send_publish(now, id, true),
            _ => Ok(()),
        };
        if let (Err(_), Some(found)) = (&sent, self.publications.get_mut(id)) {
            found.state = before;
        }
        sent
    }

    fn send_publish(
        &mut self,
        now: Instant,
        id: PublicationId,
        removal: bool,
    ) -> Result<(), CommandError> {
        self.publication_queue.set(id.slot(), None);
        let found = self.publications.get_mut(id).ok_or(CommandError::Unknown)?;
        let expires = if removal { 0 } else { found.expires };
        let mut content = Content::new();
        if !removal && found.changed {
            content = found.content.clone();
        }
        content = content
            .header("Event", found.event.clone())
            .header("Expires", alloc::format!("{expires}"));
        if let Some(etag) = &found.etag {
            content = content.header("SIP-If-Match", etag.clone());
        }
        found.changed = false;
        let target = found.target.clone();
        let way = self.way_to(&target)?;
        let (from, call_id) = (self.new_from(&target), self.new_call_id());
        let request = self.outside(Method::PUBLISH, &target, &from, &call_id, 1, &way)?;
        let request = content.add_to_request(request).build()?;
        self.submit(now, Request::new(What::Publish(id), None), request, way)?;
        Ok(())
    }

    pub(super) fn publish_is_answered(
        &mut self,
        now: Instant,
        id: PublicationId,
        outcome: Result<Message, Failure>,
    ) {
        if let Err(Failure::Refused(response)) = &outcome {
            if self.publishes_again(now, id, response) {
                return;
            }
        }
        let Some(found) = self.publications.get_mut(id) else {
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
            (Some(Action::TellActive), Ok(response)) => self.published(now, id, response),
            (Some(Action::TellRemoved), _) => {
                self.forget_publication(id);
                self.tell(Event::Unpublished { publication: id });
            }
            (Some(Action::SendRemoval), outcome) => {
                if let Ok(response) = outcome {
                    self.note_etag(id, &response);
                }
                if self.send_publish(now, id, true).is_err() {
                    self.forget_publication(id);
                    self.tell(Event::Unpublished { publication: id });
                }
            }
            (Some(Action::TellRefused), Err(failure)) => {
                if let Some(found) = self.publications.get_mut(id) {
                    (found.etag, found.changed) = (None, true);
                }
                if next == SoftState::Gone {
                    self.forget_publication(id);
                }
                self.tell(Event::PublicationFailed {
                    publication: id,
                    failure,
                });
            }
            _ => {}
        }
    }

    /// The server wants a longer time (423), or has forgotten what it had (412): then the state
    /// is published anew (RFC 3903 §4.1).
    fn publishes_again(&mut self, now: Instant, id: PublicationId, response: &Message) -> bool {
        let Some(found) = self.publications.get_mut(id) else {
            return false;
        };
        if !matches!(found.state, SoftState::Adding | SoftState::Refreshing) {
            return false;
        }
        let least = response.get::<MinExpires>().and_then(Result::ok);
        match (response.status(), least) {
            (Some(StatusCode::INTERVAL_TOO_BRIEF), Some(least)) if least.0 > found.expires => {
                (found.expires, found.changed) = (least.0, true);
            }
            (Some(StatusCode::CONDITIONAL_REQUEST_FAILED), _) if found.etag.is_some() => {
                (found.etag, found.changed) = (None, true);
            }
            _ => return false,
        }
        self.send_publish(now, id, false).is_ok()
    }

    fn note_etag(&mut self, id: PublicationId, response: &Message) {
        if let Some(found) = self.publications.get_mut(id) {
            let etag = response.get::<SipETag<'_>>().and_then(Result::ok);
            found.etag = etag.map(|etag| etag.as_str().into());
        }
    }

    fn published(&mut self, now: Instant, id: PublicationId, response: Message) {
        self.note_etag(id, &response);
        let Some(found) = self.publications.get(id) else {
            return;
        };
        let expires = response.get::<Expires>().and_then(Result::ok);
        let expires = Duration::from_secs(expires.map_or(found.expires, |found| found.0).into());
        let due = now.checked_add(refresh_after(expires));
        self.publication_queue.set(id.slot(), due);
        self.tell(Event::Published {
            publication: id,
            expires,
            response,
        });
    }

    /// Runs the timers of publications.
    pub(super) fn run_publication_timers(&mut self, now: Instant) {
        while let Some((deadline, slot)) = self.publication_queue.next() {
            if deadline > now {
                break;
            }
            self.publication_queue.set(slot, None);
            let Some(id) = self.publications.id_at(slot) else {
                continue;
            };
            if self.feed_publication(now, id, Input::Due).is_err() {
                if let Some(found) = self.publications.get_mut(id) {
                    (found.state, found.etag, found.changed) = (SoftState::Idle, None, true);
                }
                self.tell(Event::PublicationFailed {
                    publication: id,
                    failure: Failure::Unreachable,
                });
            }
        }
    }
}
