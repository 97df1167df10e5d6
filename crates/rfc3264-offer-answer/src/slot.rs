//! The places of `m=` lines, and what an answer makes of an offer there (§6, §7, §8).

use alloc::vec::Vec;

use crate::agreement::{AgreedStream, Role, check_answer};
use crate::capability::{Stream, StreamId};
use crate::error::UsageError;
use crate::fmtp::Rules;
use crate::payload_types::PayloadTypes;
use crate::profile::Profile;
use crate::propose;
use crate::section::{MediaSection, Notes};
use crate::violation::ViolationKind;

/// The place of an `m=` line, which lasts as long as the session.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) section: MediaSection,
    pub(crate) types: PayloadTypes,
    pub(crate) agreed: Option<AgreedStream>,
}

/// An `m=` line of an offer of ours.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) id: Option<StreamId>,
    pub(crate) section: MediaSection,
    pub(crate) types: PayloadTypes,
}

impl Proposal {
    pub(crate) fn new(
        stream: &Stream,
        profile: Option<&Profile>,
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
    pub(crate) fn answered(
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

/// What we offer in each place (§8.1, §8.2): a stream that is agreed on stays where it is, one that is not given any
/// more leaves its place, and a new one takes a place that is not in use and was of its media type, or a new place.
pub(crate) fn proposals(
    slots: &[Slot],
    streams: &[Stream],
    rules: Rules<'_>,
) -> Result<Vec<Proposal>, UsageError> {
    let mut proposals = Vec::with_capacity(slots.len());
    for slot in slots {
        let agreed = slot.agreed.as_ref();
        let stream = agreed.and_then(|agreed| streams.iter().find(|s| s.id == agreed.id));
        proposals.push(match stream {
            Some(stream) => Proposal::new(
                stream,
                Some(&slot.section.profile),
                slot.types.clone(),
                rules,
            )?,
            None => Proposal {
                id: None,
                section: slot.section.disabled(),
                types: slot.types.clone(),
            },
        });
    }
    for stream in streams {
        if proposals
            .iter()
            .any(|proposal| proposal.id == Some(stream.id))
        {
            continue;
        }
        // A stream that is new in its place has no numbers from before.
        let proposal = Proposal::new(stream, None, PayloadTypes::default(), rules)?;
        let unused = slots.iter().zip(&mut proposals).find(|(slot, place)| {
            slot.agreed.is_none() && place.id.is_none() && slot.section.media == stream.media
        });
        match unused {
            Some((_, place)) => *place = proposal,
            None => proposals.push(proposal),
        }
    }
    Ok(proposals)
}

/// How we answer each medium of an offer (§6): with the stream that the place is agreed on for, or else the first
/// free one that fits, or else by refusing it. `types` are the numbers used in each place, the offer's included.
pub(crate) fn answers(
    slots: &[Slot],
    offers: &[MediaSection],
    types: &[PayloadTypes],
    streams: &[Stream],
    rules: Rules<'_>,
) -> Vec<Slot> {
    let mut known = Vec::with_capacity(offers.len());
    for (medium, offer) in offers.iter().enumerate() {
        let slot = slots.get(medium).filter(|_| offer.is_live());
        let agreed = slot.and_then(|slot| slot.agreed.as_ref());
        known.push(agreed.and_then(|agreed| streams.iter().find(|s| s.id == agreed.id)));
    }
    let is_free = |stream: &&Stream| !known.iter().flatten().any(|known| known.id == stream.id);
    let mut free: Vec<&Stream> = streams.iter().filter(is_free).collect();
    let mut answers = Vec::with_capacity(offers.len());
    for (medium, ((offer, types), known)) in offers.iter().zip(types).zip(&known).enumerate() {
        let accept = |stream: &Stream| Slot::accepting(medium, offer, stream, types, rules);
        let accepted = match known.and_then(accept) {
            None if offer.is_live() => {
                let mut fitting = free.iter().enumerate();
                let found = fitting.find_map(|(place, stream)| Some((place, accept(stream)?)));
                found.map(|(place, slot)| {
                    free.remove(place);
                    slot
                })
            }
            accepted => accepted,
        };
        answers.push(accepted.unwrap_or_else(|| Slot {
            section: offer.disabled(),
            types: types.clone(),
            agreed: None,
        }));
    }
    answers
}

impl Slot {
    /// Our answer to a medium by means of a stream, if that fits.
    fn accepting(
        medium: usize,
        offer: &MediaSection,
        stream: &Stream,
        types: &PayloadTypes,
        rules: Rules<'_>,
    ) -> Option<Self> {
        let section = propose::answer(offer, stream, types, rules)?;
        let wish = stream.effective_direction();
        let pair = (&section, offer);
        let agreed = AgreedStream::new(stream.id, medium, Role::Answerer, pair, wish, rules);
        let mut types = types.clone();
        types.record_local(&section.codecs);
        Some(Self {
            agreed: Some(agreed.ok()?),
            section,
            types,
        })
    }
}
