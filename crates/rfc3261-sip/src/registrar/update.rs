//! What a REGISTER does to the bindings of an address-of-record (RFC 3261 §10.3, steps 6 and 7).

use alloc::{boxed::Box, string::String, vec::Vec};
use std::time::Instant;

use rfc2396_uri::Uri;

use super::{Binding, Change, ChangeKind, Config, Refusal, path_values};
use crate::{
    HeaderName, MessageRef,
    dialog::unfolded,
    headers::{Contact, ContactAddress, Expires, Path, Supported},
    transport::Flow,
};

/// The bindings as they would be after a request.
pub(super) struct Update<'a> {
    config: &'a Config,
    now: Instant,
    request: MessageRef<'a>,
    call_id: &'a str,
    sequence_number: u32,
    flow: Option<Flow>,
    path: Vec<Box<str>>,
    bindings: Vec<Tentative>,
    changes: Vec<Change>,
}

/// A binding, and whether this request has had to do with it already.
struct Tentative {
    binding: Binding,
    touched: bool,
}

impl<'a> Update<'a> {
    pub(super) fn new(
        config: &'a Config,
        now: Instant,
        request: MessageRef<'a>,
        flow: Option<Flow>,
        stored: &[Binding],
    ) -> Result<Self, Refusal> {
        let current = stored.iter().filter(|binding| binding.expires_at > now);
        Ok(Self {
            config,
            now,
            request,
            call_id: request.call_id()?.as_str(),
            sequence_number: request.cseq()?.sequence_number,
            flow,
            path: path(config, request)?,
            bindings: current
                .map(|binding| Tentative {
                    binding: binding.clone(),
                    touched: false,
                })
                .collect(),
            changes: Vec::new(),
        })
    }

    pub(super) fn run(&mut self) -> Result<(), Refusal> {
        let expires = match self.request.get::<Expires>() {
            Some(Ok(Expires(seconds))) => Some(seconds),
            // As for the parameter (RFC 3261 §20.10), and §20.19 wants no more.
            Some(Err(_)) => Some(3600),
            None => None,
        };
        let contacts: Vec<_> = self
            .request
            .list::<Contact<'_>>()
            .collect::<Result<_, _>>()?;
        if contacts.contains(&Contact::All) {
            return match (&*contacts, expires) {
                ([Contact::All], Some(0)) => self.remove_all(),
                _ => Err(Refusal::Wildcard),
            };
        }
        // One request may take the place of all that there are, but not more.
        if contacts.len() > self.config.max_bindings.saturating_mul(2) {
            return Err(Refusal::TooManyContacts);
        }
        for contact in contacts.iter().filter_map(Contact::address) {
            self.update(contact, expires)?;
        }
        Ok(())
    }

    /// The bindings, and what has changed.
    pub(super) fn finish(self) -> Result<(Vec<Binding>, Vec<Change>), Refusal> {
        let added = self
            .changes
            .iter()
            .any(|change| change.kind == ChangeKind::Added);
        if added && self.bindings.len() > self.config.max_bindings {
            return Err(Refusal::TooManyContacts);
        }
        let bindings = self.bindings.into_iter().map(|tentative| tentative.binding);
        Ok((bindings.collect(), self.changes))
    }

    fn remove_all(&mut self) -> Result<(), Refusal> {
        for place in 0..self.bindings.len() {
            self.check_order(place)?;
        }
        let removed = self.bindings.drain(..);
        self.changes.extend(removed.map(|tentative| Change {
            kind: ChangeKind::Removed,
            contact: tentative.binding.contact,
        }));
        Ok(())
    }

    fn update(
        &mut self,
        contact: &ContactAddress<'_>,
        expires: Option<u32>,
    ) -> Result<(), Refusal> {
        let wanted = contact.expires().or(expires);
        let wanted = wanted.unwrap_or(self.config.default_expires);
        let least = self.config.min_expires.min(3600);
        if wanted > 0 && wanted < least {
            return Err(Refusal::IntervalTooBrief(least));
        }
        let uri = contact.uri();
        let same = |tentative: &Tentative| {
            let known = &*tentative.binding.contact;
            known == uri.as_str() || Uri::parse(known).is_ok_and(|known| known.equivalent(&uri))
        };
        let place = self.bindings.iter().position(same);
        if let Some(place) = place {
            self.check_order(place)?;
        }
        let kind = match (place, wanted) {
            (None, 0) => return Ok(()),
            (Some(place), 0) => {
                self.bindings.remove(place);
                ChangeKind::Removed
            }
            (place, _) => {
                let binding = self.binding(contact, wanted.min(self.config.max_expires));
                let touched = true;
                let tentative = Tentative { binding, touched };
                match place.and_then(|place| self.bindings.get_mut(place)) {
                    Some(known) => {
                        *known = tentative;
                        ChangeKind::Refreshed
                    }
                    None => {
                        self.bindings.push(tentative);
                        ChangeKind::Added
                    }
                }
            }
        };
        let contact = uri.as_str().into();
        self.changes.push(Change { kind, contact });
        Ok(())
    }

    /// Whether the request is newer than the one before, if both are of one series.
    fn check_order(&self, place: usize) -> Result<(), Refusal> {
        let old = self.bindings.get(place).is_some_and(|tentative| {
            let known = &tentative.binding;
            !tentative.touched
                && *known.call_id == *self.call_id
                && known.sequence_number >= self.sequence_number
        });
        if old {
            Err(Refusal::OutOfOrder)
        } else {
            Ok(())
        }
    }

    fn binding(&self, contact: &ContactAddress<'_>, seconds: u32) -> Binding {
        let mut parameters = String::new();
        for parameter in contact.parameters() {
            if parameter.is("q") || parameter.is("expires") {
                continue;
            }
            parameters.push(';');
            parameters.push_str(parameter.name);
            if let Some(value) = parameter.value {
                parameters.push('=');
                parameters.push_str(&unfolded(value));
            }
        }
        Binding {
            contact: contact.uri().as_str().into(),
            parameters: parameters.into(),
            q: contact.q(),
            expires_at: Binding::expiry(self.now, seconds),
            call_id: self.call_id.into(),
            sequence_number: self.sequence_number,
            path: self.path.clone().into(),
            flow: self.flow,
        }
    }
}

/// The values of Path, if they may be there.
fn path(config: &Config, request: MessageRef<'_>) -> Result<Vec<Box<str>>, Refusal> {
    if request.first(HeaderName::Path).is_none() {
        return Ok(Vec::new());
    }
    let mut supported = request.list::<Supported<'_>>().filter_map(Result::ok);
    if !config.path_without_support && !supported.any(|option| option.is("path")) {
        return Err(Refusal::Path);
    }
    for value in request.list::<Path<'_>>() {
        value?;
    }
    Ok(path_values(request).map(Into::into).collect())
}
