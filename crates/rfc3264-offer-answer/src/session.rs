//! The session: commands, what the peer sends, and what both agreed on (§4 to §8).

use alloc::vec::Vec;
use core::fmt;

use rfc4566_sdp::{SessionDescriptionBuf, Time};

use crate::address::Destination;
use crate::agreement::AgreedStream;
use crate::capability::{Stream, StreamId, check};
use crate::config::Config;
use crate::description::describe;
use crate::error::UsageError;
use crate::fmtp::Rules;
use crate::payload_types::PayloadTypes;
use crate::received::Received;
use crate::reception::Reception;
use crate::section::{MediaSection, Notes};
use crate::slot::{Proposal, Slot, answers, proposals};
use crate::state::{LocalEvent, RemoteEvent, State};
use crate::violation::{Violation, ViolationKind};

/// The offers and answers of one session, from the first offer on.
///
/// - Getters: [`state`](Self::state), [`streams`](Self::streams), [`stream`](Self::stream),
///   [`offered`](Self::offered), [`listening`](Self::listening), [`violations`](Self::violations),
///   [`local_description`](Self::local_description), [`remote_description`](Self::remote_description).
/// - From the peer: [`receive_offer`](Self::receive_offer), [`receive_answer`](Self::receive_answer).
/// - Commands: [`create_offer`](Self::create_offer), [`create_answer`](Self::create_answer),
///   [`rollback`](Self::rollback), [`media_arrived`](Self::media_arrived).
///
/// What is refused changes nothing: an open offer stays open, and the streams are as they were. Nothing is polled and
/// nothing waits: there are no timers.
#[derive(Clone)]
pub struct Session {
    config: Config,
    state: State,
    slots: Vec<Slot>,
    pending: Pending,
    /// The last description sent, and its version.
    local: Option<(SessionDescriptionBuf, u64)>,
    /// The last description of the peer that was not refused.
    remote: Option<Received>,
    /// Whether that is its last altogether. One that was refused was not looked at closely, so the next cannot be
    /// compared with anything.
    remote_is_last: bool,
    superseded: Vec<Reception>,
    violations: Vec<Violation>,
}

/// The offer that is open.
#[derive(Clone, Debug)]
enum Pending {
    None,
    Local(Vec<Proposal>),
    /// The payload types of each medium, the new offer's included.
    Remote(Vec<PayloadTypes>),
}

impl Session {
    /// A session in which nothing has been said yet.
    pub fn new(config: Config) -> Result<Self, UsageError> {
        if i64::try_from(config.session_id).is_err() || config.version >= (1 << 62) - 1 {
            return Err(UsageError::OriginNumber);
        }
        Ok(Self {
            config,
            state: State::Stable,
            slots: Vec::new(),
            pending: Pending::None,
            local: None,
            remote: None,
            remote_is_last: false,
            superseded: Vec::new(),
            violations: Vec::new(),
        })
    }

    /// Where the exchange stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The streams both sides agreed on, in the order of their `m=` lines. An open offer changes nothing here.
    pub fn streams(&self) -> impl Iterator<Item = &AgreedStream> {
        self.slots.iter().filter_map(|slot| slot.agreed.as_ref())
    }

    /// The stream of this identifier, if both sides agreed on it.
    pub fn stream(&self, id: StreamId) -> Option<&AgreedStream> {
        self.streams().find(|stream| stream.id == id)
    }

    /// The media of the peer's open offer, for a look before it is answered. Empty if there is none.
    pub fn offered(&self) -> &[MediaSection] {
        match (&self.pending, &self.remote) {
            (Pending::Remote(_), Some(remote)) => &remote.sections,
            _ => &[],
        }
    }

    /// Everywhere media can arrive now: for the streams agreed on, for those of our open offer, and where they were
    /// before they moved, until [`media_arrived`](Self::media_arrived) (§5.1, §6.1, §8.3).
    pub fn listening(&self) -> Vec<Reception> {
        let mut places: Vec<Reception> = self.streams().map(Reception::of).collect();
        if let Pending::Local(proposals) = &self.pending {
            let offered = proposals
                .iter()
                .filter(|proposal| proposal.section.is_live());
            places.extend(offered.filter_map(|proposal| {
                Some(Reception {
                    id: proposal.id?,
                    local: Destination {
                        address: proposal.section.address.clone()?,
                        port: proposal.section.port,
                    },
                    formats: proposal.section.codecs.clone(),
                })
            }));
        }
        places.extend(self.superseded.iter().cloned());
        let mut distinct: Vec<Reception> = Vec::with_capacity(places.len());
        for place in places {
            if !distinct.contains(&place) {
                distinct.push(place);
            }
        }
        distinct
    }

    /// What the peer's last description broke and we tolerated.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The last description that we made.
    pub fn local_description(&self) -> Option<&SessionDescriptionBuf> {
        self.local.as_ref().map(|(description, _)| description)
    }

    /// The peer's last description that was not refused for violations.
    pub fn remote_description(&self) -> Option<&SessionDescriptionBuf> {
        self.remote.as_ref().map(|remote| &remote.description)
    }

    /// Makes an offer of these streams, all that there are to be.
    ///
    /// A stream that is agreed on keeps its `m=` line; one that is not given any more is ended with port 0; a new one
    /// takes a line of its media type that is not in use, or a new line (§8.1, §8.2). The version of `o=` is raised by
    /// one if anything else differs from our last description (§8).
    pub fn create_offer(
        &mut self,
        streams: &[Stream],
    ) -> Result<&SessionDescriptionBuf, UsageError> {
        let state = self.state.after_local(LocalEvent::Offer)?;
        check(streams)?;
        let rules = Rules(&self.config.fmtp_rules);
        let proposals = proposals(&self.slots, streams, rules)?;
        if proposals.len() > self.config.max_media {
            return Err(UsageError::TooManyMedia);
        }
        let sections = proposals.iter().map(|proposal| &proposal.section);
        let described = self.describe(sections, &[])?;
        self.state = state;
        self.pending = Pending::Local(proposals);
        Ok(&self.local.insert(described).0)
    }

    /// Takes the peer's offer. It is then answered with [`create_answer`](Self::create_answer), or rejected by the
    /// means of the protocol above and [`rollback`](Self::rollback).
    pub fn receive_offer(&mut self, offer: &[u8]) -> Result<(), Violation> {
        let is_comparable = core::mem::take(&mut self.remote_is_last);
        self.take_offer(offer, is_comparable)
    }

    /// Answers the peer's offer by means of these streams.
    ///
    /// A medium goes to the stream that it was agreed on for, or else to the first stream that is free and fits;
    /// without one it is refused. [`UsageError::NothingInCommon`] if all would be: then the offer is to be rejected.
    pub fn create_answer(
        &mut self,
        streams: &[Stream],
    ) -> Result<&SessionDescriptionBuf, UsageError> {
        let state = self.state.after_local(LocalEvent::Answer)?;
        check(streams)?;
        let (Pending::Remote(all_types), Some(remote)) = (&self.pending, &self.remote) else {
            return Err(UsageError::NoOffer);
        };
        let rules = Rules(&self.config.fmtp_rules);
        let slots = answers(&self.slots, &remote.sections, all_types, streams, rules);
        let is_wanted = remote.sections.iter().any(MediaSection::is_live);
        if is_wanted && slots.iter().all(|slot| slot.agreed.is_none()) {
            return Err(UsageError::NothingInCommon);
        }
        let sections = slots.iter().map(|slot| &slot.section);
        let described = self.describe(sections, &remote.times)?;
        self.state = state;
        self.commit(slots);
        Ok(&self.local.insert(described).0)
    }

    /// Takes the peer's answer to our offer.
    ///
    /// If it is refused, our offer stays open: for a better answer, or for [`rollback`](Self::rollback).
    pub fn receive_answer(&mut self, answer: &[u8]) -> Result<(), Violation> {
        let is_comparable = core::mem::take(&mut self.remote_is_last);
        self.take_answer(answer, is_comparable)
    }

    /// Ends the open offer, whoever made it: it was rejected, or failed otherwise. The session is as before (§4).
    pub fn rollback(&mut self) -> Result<(), UsageError> {
        self.state = self.state.after_local(LocalEvent::Rollback)?;
        self.pending = Pending::None;
        Ok(())
    }

    /// Says that media of a stream arrived where it was moved to: the places it had before need not be listened at
    /// any more (§8.3.1).
    pub fn media_arrived(&mut self, id: StreamId) {
        self.superseded.retain(|place| place.id != id);
    }

    fn take_offer(&mut self, offer: &[u8], is_comparable: bool) -> Result<(), Violation> {
        let state = self.after_remote(RemoteEvent::Offer)?;
        let before = self.remote.as_ref().filter(|_| is_comparable);
        let mut received = Received::read(offer, self.config.max_media, before)?;
        let (expected, found) = (self.slots.len(), received.sections.len());
        if found < expected {
            let kind = ViolationKind::MediaRemoved {
                expected,
                received: found,
            };
            return Err(Violation::new(kind, None));
        }
        let mut all_types = Vec::with_capacity(found);
        for (medium, section) in received.sections.iter().enumerate() {
            let slot = self.slots.get(medium).filter(|slot| slot.agreed.is_some());
            let mut types = slot.map(|slot| slot.types.clone()).unwrap_or_default();
            if let Some(payload_type) = types.record_remote(&section.codecs) {
                let kind = ViolationKind::PayloadTypeReused { payload_type };
                received.notes.push(Violation::new(kind, Some(medium)));
            }
            all_types.push(types);
        }
        self.accept(received)?;
        self.state = state;
        self.pending = Pending::Remote(all_types);
        Ok(())
    }

    fn take_answer(&mut self, answer: &[u8], is_comparable: bool) -> Result<(), Violation> {
        let state = self.after_remote(RemoteEvent::Answer)?;
        let Pending::Local(proposals) = &self.pending else {
            return Err(Violation::new(ViolationKind::UnexpectedAnswer, None));
        };
        let before = self.remote.as_ref().filter(|_| is_comparable);
        let mut received = Received::read(answer, self.config.max_media, before)?;
        let (expected, found) = (proposals.len(), received.sections.len());
        if found != expected {
            let kind = ViolationKind::MediaCount {
                expected,
                received: found,
            };
            return Err(Violation::new(kind, None));
        }
        if received.times != [Time::PERMANENT] {
            received
                .notes
                .push(Violation::new(ViolationKind::Times, None));
        }
        let rules = Rules(&self.config.fmtp_rules);
        let mut slots = Vec::with_capacity(expected);
        for (medium, (proposal, answer)) in proposals.iter().zip(&received.sections).enumerate() {
            let mut notes = Notes::new();
            let in_medium = |kind| Violation::new(kind, Some(medium));
            slots.push(
                proposal
                    .answered(medium, answer, rules, &mut notes)
                    .map_err(in_medium)?,
            );
            received.notes.extend(notes.into_iter().map(in_medium));
        }
        self.accept(received)?;
        self.state = state;
        self.commit(slots);
        Ok(())
    }

    fn after_remote(&self, event: RemoteEvent) -> Result<State, Violation> {
        let refused = |kind| Violation::new(kind, None);
        self.state.after_remote(event).map_err(refused)
    }

    /// Keeps the peer's description as its last one, unless we are strict and it has violations.
    fn accept(&mut self, received: Received) -> Result<(), Violation> {
        if let Some(violation) = received.notes.first().filter(|_| self.config.is_strict) {
            return Err(*violation);
        }
        self.violations.clone_from(&received.notes);
        self.remote_is_last = true;
        self.remote = Some(received);
        Ok(())
    }

    /// Ends an exchange with what both sides agreed on.
    fn commit(&mut self, slots: Vec<Slot>) {
        let before = core::mem::replace(&mut self.slots, slots);
        self.pending = Pending::None;
        let mut superseded = core::mem::take(&mut self.superseded);
        for old in before.iter().filter_map(|slot| slot.agreed.as_ref()) {
            superseded.retain(|place| place.id != old.id || place.local != old.local);
            superseded.push(Reception::of(old));
        }
        superseded.retain(|place| {
            self.stream(place.id)
                .is_some_and(|stream| Reception::of(stream) != *place)
        });
        self.superseded = superseded;
    }

    /// Our next description and its version.
    fn describe<'s>(
        &self,
        sections: impl Iterator<Item = &'s MediaSection> + Clone,
        times: &[Time],
    ) -> Result<(SessionDescriptionBuf, u64), UsageError> {
        let Some((before, version)) = &self.local else {
            let version = self.config.version;
            return Ok((describe(&self.config, version, sections, times)?, version));
        };
        let same = describe(&self.config, *version, sections.clone(), times)?;
        if same.as_bytes() == before.as_bytes() {
            return Ok((same, *version));
        }
        // It started below 2^62, so it never comes near the end.
        let version = version.saturating_add(1);
        Ok((describe(&self.config, version, sections, times)?, version))
    }
}

impl fmt::Debug for Session {
    /// Without the descriptions, which can hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .field(
                "streams",
                &self.streams().map(|stream| stream.id).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}
