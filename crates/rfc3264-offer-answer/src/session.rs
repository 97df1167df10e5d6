//! The session: commands, what the peer sends, and what both agreed on (§4 to §8).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use rfc4566_sdp::{Builder, Connection, LineType, Origin, SessionDescriptionBuf};

use crate::address::{Address, Destination};
use crate::agreement::{AgreedStream, Role, check_answer};
use crate::capability::{Stream, StreamId, check};
use crate::error::UsageError;
use crate::fmtp::{FmtpRule, Rules};
use crate::format::MediaFormat;
use crate::payload_types::PayloadTypes;
use crate::propose;
use crate::received::Received;
use crate::section::{MediaSection, Notes};
use crate::state::{Event, Refusal, State};
use crate::violation::{Violation, ViolationKind};

/// What a session is known by and how it behaves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The user name of our `o=`, `-` for none.
    pub username: String,
    /// The session id of our `o=`, up to 2^63-1. Unique for this user and address: a time stamp or a random number.
    pub session_id: u64,
    /// The version our first description has, below 2^62-1. 0 unless changed.
    pub version: u64,
    /// The address of our `o=` and of the session's `c=`. It stays the same; streams have addresses of their own.
    pub address: Address,
    /// The session name, `-` unless changed.
    pub session_name: String,
    /// Whether every violation by the peer refuses the description, not only the grave ones.
    pub is_strict: bool,
    /// How many `m=` lines a session may have; 32 unless changed.
    pub max_media: usize,
    /// Rules for the parameters of codecs, by encoding name, before those of [`rule_for`](crate::rule_for).
    pub fmtp_rules: Vec<(String, FmtpRule)>,
}

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
    /// The last description accepted from the peer.
    remote: Option<Received>,
    superseded: Vec<Reception>,
    violations: Vec<Violation>,
}

/// A place where media can arrive, to be listened at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reception {
    /// The stream.
    pub id: StreamId,
    /// The address and port.
    pub local: Destination,
    /// The codecs that can arrive there.
    pub formats: Vec<MediaFormat>,
}

/// The place of an `m=` line, which lasts as long as the session.
#[derive(Clone, Debug)]
struct Slot {
    section: MediaSection,
    types: PayloadTypes,
    agreed: Option<AgreedStream>,
}

/// An `m=` line of an offer of ours.
#[derive(Clone, Debug)]
struct Proposal {
    id: Option<StreamId>,
    section: MediaSection,
    types: PayloadTypes,
}

/// The offer that is open.
#[derive(Clone, Debug)]
enum Pending {
    None,
    Local(Vec<Proposal>),
    /// The payload types of each medium, the new offer's included.
    Remote(Vec<PayloadTypes>),
}

impl Config {
    /// A configuration with the address for `o=` and `c=`, and a session id.
    pub fn new(address: Address, session_id: u64) -> Self {
        Self {
            username: "-".to_string(),
            session_id,
            version: 0,
            address,
            session_name: "-".to_string(),
            is_strict: false,
            max_media: 32,
            fmtp_rules: Vec::new(),
        }
    }
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

    /// The last description that we accepted from the peer.
    pub fn remote_description(&self) -> Option<&SessionDescriptionBuf> {
        self.remote.as_ref().map(|remote| &remote.description)
    }

    /// Makes an offer of these streams, all that there are to be.
    ///
    /// A stream that is agreed on keeps its `m=` line; one that is not given any more is ended with port 0; a new one
    /// takes the first line that is not in use, or a new line (§8.1, §8.2). The version of `o=` is raised by one if
    /// anything else differs from our last description (§8).
    pub fn create_offer(
        &mut self,
        streams: &[Stream],
    ) -> Result<&SessionDescriptionBuf, UsageError> {
        let state = self.after(Event::LocalOffer)?;
        check(streams)?;
        let rules = Rules(&self.config.fmtp_rules);
        let mut proposals = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let agreed = slot.agreed.as_ref();
            let stream = agreed.and_then(|agreed| streams.iter().find(|s| s.id == agreed.id));
            proposals.push(match stream {
                Some(stream) => {
                    let profile = Some(&slot.section.profile);
                    Proposal::new(stream, profile, slot.types.clone(), rules)?
                }
                None => Proposal {
                    id: None,
                    section: slot.section.disabled(),
                    types: slot.types.clone(),
                },
            });
        }
        let mut unused: Vec<usize> = (0..self.slots.len())
            .rev()
            .filter(|&place| {
                self.slots
                    .get(place)
                    .is_some_and(|slot| slot.agreed.is_none())
            })
            .collect();
        for stream in streams {
            if proposals
                .iter()
                .any(|proposal| proposal.id == Some(stream.id))
            {
                continue;
            }
            let proposal = Proposal::new(stream, None, PayloadTypes::default(), rules)?;
            match unused.pop().and_then(|place| proposals.get_mut(place)) {
                Some(slot) => *slot = proposal,
                None => proposals.push(proposal),
            }
        }
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
        let state = self.after_peer(Event::RemoteOffer)?;
        let mut received = Received::read(offer, self.config.max_media, self.remote.as_ref())?;
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

    /// Answers the peer's offer by means of these streams.
    ///
    /// A medium goes to the stream that it was agreed on for, or else to the first stream that is free and fits;
    /// without one it is refused. [`UsageError::NothingInCommon`] if all would be: then the offer is to be rejected.
    pub fn create_answer(
        &mut self,
        streams: &[Stream],
    ) -> Result<&SessionDescriptionBuf, UsageError> {
        let state = self.after(Event::LocalAnswer)?;
        check(streams)?;
        let (Pending::Remote(all_types), Some(remote)) = (&self.pending, &self.remote) else {
            return Err(UsageError::NoOffer);
        };
        let rules = Rules(&self.config.fmtp_rules);
        let bound: Vec<Option<StreamId>> = remote
            .sections
            .iter()
            .enumerate()
            .map(|(medium, section)| {
                let slot = self.slots.get(medium).filter(|_| section.is_live())?;
                slot.agreed.as_ref().map(|agreed| agreed.id)
            })
            .collect();
        let mut free: Vec<&Stream> = streams
            .iter()
            .filter(|stream| !bound.contains(&Some(stream.id)))
            .collect();
        let mut slots = Vec::with_capacity(remote.sections.len());
        for (medium, (offer, types)) in remote.sections.iter().zip(all_types).enumerate() {
            let accept = |stream: &Stream| {
                let answer = propose::answer(offer, stream, types, rules)?;
                let (pair, wish) = ((&answer, offer), stream.effective_direction());
                let agreed =
                    AgreedStream::new(stream.id, medium, Role::Answerer, pair, wish, rules);
                agreed.ok().map(|agreed| (answer, agreed))
            };
            let known = bound.get(medium).copied().flatten();
            let known = streams.iter().find(|stream| known == Some(stream.id));
            let accepted = if offer.is_live() {
                known.and_then(accept).or_else(|| {
                    let found = free.iter().enumerate();
                    let (place, result) = found
                        .filter_map(|(place, stream)| Some((place, accept(stream)?)))
                        .next()?;
                    free.remove(place);
                    Some(result)
                })
            } else {
                None
            };
            let mut types = types.clone();
            let (section, agreed) = match accepted {
                Some((section, agreed)) => {
                    types.record_local(&section.codecs);
                    (section, Some(agreed))
                }
                None => (offer.disabled(), None),
            };
            slots.push(Slot {
                section,
                types,
                agreed,
            });
        }
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
        let state = self.after_peer(Event::RemoteAnswer)?;
        let Pending::Local(proposals) = &self.pending else {
            return Err(Violation::new(ViolationKind::UnexpectedAnswer, None));
        };
        let mut received = Received::read(answer, self.config.max_media, self.remote.as_ref())?;
        let (expected, found) = (proposals.len(), received.sections.len());
        if found != expected {
            let kind = ViolationKind::MediaCount {
                expected,
                received: found,
            };
            return Err(Violation::new(kind, None));
        }
        if received.times != [b"0 0"] {
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

    /// Ends the open offer, whoever made it: it was rejected, or failed otherwise. The session is as before (§4).
    pub fn rollback(&mut self) -> Result<(), UsageError> {
        self.state = self.after(Event::Rollback)?;
        self.pending = Pending::None;
        Ok(())
    }

    /// Says that media of a stream arrived where it was moved to: the places it had before need not be listened at
    /// any more (§8.3.1).
    pub fn media_arrived(&mut self, id: StreamId) {
        self.superseded.retain(|place| place.id != id);
    }

    fn after(&self, event: Event) -> Result<State, UsageError> {
        self.state.after(event).map_err(|refusal| match refusal {
            Refusal::Usage(error) => error,
            Refusal::Peer(_) => UsageError::NoOffer,
        })
    }

    fn after_peer(&self, event: Event) -> Result<State, Violation> {
        self.state.after(event).map_err(|refusal| match refusal {
            Refusal::Peer(kind) => Violation::new(kind, None),
            Refusal::Usage(_) => Violation::new(ViolationKind::UnexpectedAnswer, None),
        })
    }

    /// Keeps the peer's description as its last one, unless we are strict and it has violations.
    fn accept(&mut self, received: Received) -> Result<(), Violation> {
        if let Some(violation) = received.notes.first().filter(|_| self.config.is_strict) {
            return Err(*violation);
        }
        self.violations.clone_from(&received.notes);
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
        times: &[Vec<u8>],
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

/// A description that tells what we are capable of, not what we offer: every port is 0 (§9).
///
/// Each of them has a session id of its own.
pub fn describe_capabilities(
    config: &Config,
    streams: &[Stream],
) -> Result<SessionDescriptionBuf, UsageError> {
    check(streams)?;
    let rules = Rules(&config.fmtp_rules);
    let mut sections = Vec::with_capacity(streams.len());
    for stream in streams {
        let section = propose::offer(stream, None, &PayloadTypes::default(), rules)?;
        sections.push(MediaSection { port: 0, ..section });
    }
    Ok(describe(config, config.version, sections.iter(), &[])?)
}

fn describe<'s>(
    config: &Config,
    version: u64,
    sections: impl Iterator<Item = &'s MediaSection>,
    times: &[Vec<u8>],
) -> Result<SessionDescriptionBuf, rfc4566_sdp::WriteError> {
    let mut builder = Builder::new(&Origin {
        username: config.username.as_str().into(),
        sess_id: config.session_id.to_string().as_str().into(),
        sess_version: version.to_string().as_str().into(),
        nettype: "IN".into(),
        addrtype: config.address.addrtype().into(),
        unicast_address: config.address.host.as_str().into(),
    });
    builder.session_name(&config.session_name);
    builder.connection(&Connection::internet(
        config.address.addrtype(),
        &config.address.host,
    ));
    for time in times {
        builder.line(LineType::TIME, time);
    }
    for section in sections {
        section.write(&mut builder, &config.address);
    }
    builder.finish()
}

impl Proposal {
    fn new(
        stream: &Stream,
        profile: Option<&crate::profile::Profile>,
        mut types: PayloadTypes,
        rules: Rules<'_>,
    ) -> Result<Self, UsageError> {
        let section = propose::offer(stream, profile, &types, rules)?;
        types.record_local(&section.codecs);
        Ok(Self {
            id: Some(stream.id),
            section,
            types,
        })
    }

    /// What becomes of it by the answer (§6, §7).
    fn answered(
        &self,
        medium: usize,
        answer: &MediaSection,
        rules: Rules<'_>,
        notes: &mut Notes,
    ) -> Result<Slot, ViolationKind> {
        let offer = &self.section;
        let mut types = self.types.clone();
        let agreed = match self.id {
            Some(id) if answer.is_live() => {
                if answer.media != offer.media {
                    return Err(ViolationKind::MediaType);
                }
                if answer.profile != offer.profile {
                    return Err(ViolationKind::Profile);
                }
                check_answer(offer, answer, notes)?;
                if let Some(payload_type) = types.record_remote(&answer.codecs) {
                    notes.push(ViolationKind::PayloadTypeReused { payload_type });
                }
                let pair = (offer, answer);
                let wish = offer.direction;
                Some(AgreedStream::new(
                    id,
                    medium,
                    Role::Offerer,
                    pair,
                    wish,
                    rules,
                )?)
            }
            Some(_) => None,
            None => {
                if answer.is_live() {
                    notes.push(ViolationKind::DisabledMedium);
                }
                None
            }
        };
        Ok(Slot {
            section: offer.clone(),
            types,
            agreed,
        })
    }
}

impl Reception {
    fn of(stream: &AgreedStream) -> Self {
        Self {
            id: stream.id,
            local: stream.local.clone(),
            formats: stream.receive.clone(),
        }
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
