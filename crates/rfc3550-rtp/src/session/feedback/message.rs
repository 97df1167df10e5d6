//! A feedback message that waits, or that somebody has sent: what two of them have in common
//! (RFC 4585 §3.5.2, steps 2a and 5).

use alloc::vec;
use alloc::vec::Vec;

use crate::entries::Entries;
use crate::feedback::{
    FeedbackMessage, Nack, PayloadFeedback, PayloadFeedbackBuilder, PayloadMessage,
    TransportFeedback, TransportFeedbackBuilder, TransportMessage,
};
use crate::{RtcpWrite, WriteError};

/// A message as it stands in a packet, but for who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Message {
    kind: Kind,
    media_ssrc: u32,
    format: u8,
    fci: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Transport,
    Payload,
}

impl Message {
    pub(super) fn new(media_ssrc: u32, message: &FeedbackMessage<'_>) -> Result<Self, WriteError> {
        let (kind, format, len) = match message {
            FeedbackMessage::Transport(message) => {
                (Kind::Transport, message.format(), message.encoded_len())
            }
            FeedbackMessage::Payload(message) => {
                (Kind::Payload, message.format(), message.encoded_len())
            }
        };
        let mut fci = vec![0; len];
        match message {
            FeedbackMessage::Transport(message) => message.write(&mut fci)?,
            FeedbackMessage::Payload(message) => message.write(&mut fci)?,
        }
        let message = Self {
            kind,
            media_ssrc,
            format,
            fci,
        };
        // Whether its format and its length can be written.
        message.sent_by(0).to_vec()?;
        Ok(message)
    }

    pub(in crate::session) fn from_transport(feedback: TransportFeedback<'_>) -> Self {
        Self {
            kind: Kind::Transport,
            media_ssrc: feedback.media_ssrc(),
            format: feedback.format(),
            fci: feedback.fci().to_vec(),
        }
    }

    pub(in crate::session) fn from_payload(feedback: PayloadFeedback<'_>) -> Self {
        Self {
            kind: Kind::Payload,
            media_ssrc: feedback.media_ssrc(),
            format: feedback.format(),
            fci: feedback.fci().to_vec(),
        }
    }

    /// The packet, sent by this source.
    pub(in crate::session) const fn sent_by(&self, ssrc: u32) -> MessagePacket<'_> {
        MessagePacket {
            ssrc,
            message: self,
        }
    }

    /// Octets of the packet.
    pub(super) fn encoded_len(&self) -> usize {
        self.sent_by(0).encoded_len()
    }

    /// Whether `self` says all that `other` does. What is not understood, and what each requester
    /// has to say for itself, covers nothing (step 5).
    pub(super) fn covers(&self, other: &Self) -> bool {
        if !self.is_about_the_same(other) {
            return false;
        }
        match self.kind {
            Kind::Transport => match (self.transport(), other.transport()) {
                (
                    Some(TransportMessage::GenericNack(theirs)),
                    Some(TransportMessage::GenericNack(ours)),
                ) => ours.into_iter().all(|nack| named_by(nack, &theirs)),
                _ => false,
            },
            Kind::Payload => match (self.payload(), other.payload()) {
                (Some(PayloadMessage::PictureLoss), Some(PayloadMessage::PictureLoss)) => true,
                (
                    Some(PayloadMessage::SliceLoss(theirs)),
                    Some(PayloadMessage::SliceLoss(mut ours)),
                ) => ours.all(|slice| theirs.clone().any(|their| their == slice)),
                (Some(PayloadMessage::ReferencePictureSelection(_)), _) => self.fci == other.fci,
                _ => false,
            },
        }
    }

    /// Takes the entries of `other` over where both make one message (step 2a). False when they
    /// do not.
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        if !self.is_about_the_same(other) {
            return false;
        }
        if self.fci == other.fci {
            return true;
        }
        let entry = match (self.transport(), self.payload()) {
            (Some(TransportMessage::GenericNack(_)), _)
            | (_, Some(PayloadMessage::SliceLoss(_))) => 4,
            (Some(TransportMessage::MaxBitRateRequest(_)), _)
            | (_, Some(PayloadMessage::FullIntraRequest(_))) => 8,
            _ => return false,
        };
        for entry in other.fci.chunks_exact(entry) {
            if !self.fci.chunks_exact(entry.len()).any(|e| e == entry) {
                self.fci.extend_from_slice(entry);
            }
        }
        true
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        (self.kind, self.format, self.media_ssrc) == (other.kind, other.format, other.media_ssrc)
    }

    fn transport(&self) -> Option<TransportMessage<'_>> {
        let transport = self.kind == Kind::Transport;
        TransportMessage::from_fci(self.format, &self.fci)
            .ok()
            .filter(|_| transport)
    }

    fn payload(&self) -> Option<PayloadMessage<'_>> {
        let payload = self.kind == Kind::Payload;
        PayloadMessage::from_fci(self.format, &self.fci)
            .ok()
            .filter(|_| payload)
    }
}

/// Whether every packet that this entry says is lost is among those of the list.
fn named_by(nack: Nack, list: &Entries<'_, Nack>) -> bool {
    // Bit 0 for the packet itself.
    let bits = |nack: Nack| u64::from(nack.following) << 1 | 1;
    let mut named = 0;
    for other in list.clone() {
        match other.packet_id.distance_from(nack.packet_id) {
            ahead @ 0..=16 => named |= bits(other) << ahead,
            behind @ -16..=-1 => named |= bits(other) >> -behind,
            _ => {}
        }
    }
    bits(nack) & !named == 0
}

/// A message with the source that sends it.
pub(in crate::session) struct MessagePacket<'a> {
    ssrc: u32,
    message: &'a Message,
}

impl RtcpWrite for MessagePacket<'_> {
    fn encoded_len(&self) -> usize {
        12 + self.message.fci.len()
    }

    fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
        let &Message {
            kind,
            media_ssrc,
            format,
            ref fci,
        } = self.message;
        match kind {
            Kind::Transport => {
                let message = TransportMessage::Other { format, fci };
                TransportFeedbackBuilder::new(self.ssrc, media_ssrc, message).write_into(buffer)
            }
            Kind::Payload => {
                let message = PayloadMessage::Other { format, fci };
                PayloadFeedbackBuilder::new(self.ssrc, media_ssrc, message).write_into(buffer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SequenceNumber;
    use crate::feedback::{Fir, Rpsi, Sli};
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    fn nack(lost: &[u16]) -> Message {
        let lost: Vec<_> = lost.iter().copied().map(SequenceNumber).collect();
        let nacks: Vec<Nack> = Nack::from_lost(&lost).collect();
        let message = TransportMessage::GenericNack(nacks.as_slice().into());
        Message::new(9, &message.into()).unwrap()
    }

    fn payload(message: PayloadMessage<'_>) -> Message {
        Message::new(9, &message.into()).unwrap()
    }

    proptest! {
        #[test]
        fn a_nack_covers_what_it_names(
            first: u16,
            ours in prop::collection::btree_set(0u16..60, 1..8),
            theirs in prop::collection::btree_set(0u16..60, 1..40),
        ) {
            let list = |set: &BTreeSet<u16>| -> Vec<u16> {
                set.iter().map(|n| n.wrapping_add(first)).collect()
            };
            let (our, their) = (nack(&list(&ours)), nack(&list(&theirs)));
            prop_assert_eq!(their.covers(&our), ours.is_subset(&theirs));
            let mut both = our.clone();
            prop_assert!(both.merge(&their));
            prop_assert!(both.covers(&our) && both.covers(&their));
        }
    }

    #[test]
    fn only_what_is_understood_and_equal_for_all_covers() {
        let slices = |first| payload(PayloadMessage::SliceLoss((&[first, SLICE][..]).into()));
        const SLICE: Sli = Sli {
            first: 1,
            number: 2,
            picture_id: 3,
        };
        let (one, other) = (Sli { first: 7, ..SLICE }, Sli { first: 8, ..SLICE });
        assert!(slices(one).covers(&slices(SLICE)));
        assert!(!slices(one).covers(&slices(other)));
        let picture = |octet| {
            let bits = [octet];
            payload(PayloadMessage::ReferencePictureSelection(Rpsi::new(
                96, &bits, 0,
            )))
        };
        assert!(picture(1).covers(&picture(1)));
        assert!(!picture(1).covers(&picture(2)));
        let loss = payload(PayloadMessage::PictureLoss);
        assert!(loss.covers(&loss) && !loss.covers(&picture(1)));
        // About another stream.
        let elsewhere = Message {
            media_ssrc: 10,
            ..loss.clone()
        };
        assert!(!elsewhere.covers(&loss));
        // Each requester counts its own, and an application's message can be anything.
        let intra = payload(PayloadMessage::FullIntraRequest(
            (&[Fir {
                ssrc: 9,
                sequence_number: 1,
            }])
                .into(),
        ));
        assert!(!intra.covers(&intra));
        let own = payload(PayloadMessage::Application(&[1, 2, 3, 4]));
        assert!(!own.covers(&own));
    }

    #[test]
    fn one_message_is_made_of_two_where_that_says_the_same() {
        let mut loss = payload(PayloadMessage::PictureLoss);
        assert!(loss.merge(&loss.clone()));
        assert_eq!(loss.fci, []);
        let mut own = payload(PayloadMessage::Application(&[1, 2, 3, 4]));
        assert!(!own.merge(&payload(PayloadMessage::Application(&[1, 2, 3, 5]))));
        assert!(!own.merge(&loss));
        let mut lost = nack(&[1]);
        assert!(lost.merge(&nack(&[100])) && lost.merge(&nack(&[1])));
        assert_eq!(lost, nack(&[1, 100]));
    }

    #[test]
    fn what_cannot_be_written_is_refused_at_once() {
        let message = PayloadMessage::Application(&[1, 2, 3]);
        assert!(Message::new(9, &message.into()).is_err());
        let message = TransportMessage::Other {
            format: 32,
            fci: &[],
        };
        assert!(Message::new(9, &message.into()).is_err());
    }
}
