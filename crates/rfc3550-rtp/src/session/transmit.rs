//! What goes out: reports and BYE (RFC 3550 §6.1, §6.3.6, §6.3.7, §6.4).

use alloc::vec;
use alloc::vec::Vec;
use core::iter;
use core::ops::Range;
use std::time::Instant;

use crate::session::feedback::{Message, MessagePacket};
use crate::session::member_state::MemberState;
use crate::session::output::SessionEvent;
use crate::session::{Session, SessionConfig};
use crate::{
    ByeBuilder, CompoundWriter, ReportBlock, ReportCompoundBuilder, RtcpWrite, SdesBuilder,
    SdesItemBuilder, SenderInfo,
};

/// Every so many reports carry one item beside the CNAME (§6.3.9).
const DESCRIPTION_REPORTS: usize = 3;
/// How many sources one BYE packet can count.
const MAX_SOURCES: usize = 31;

impl Session {
    /// A report on ourselves, if we send, and on whom we have heard since the last one, with the
    /// feedback that waits and some of the names that a mixer passes on. Its size with the layers
    /// below.
    pub(super) fn send_report(&mut self, now: Instant) -> usize {
        let room = self.config.max_rtcp_size;
        let feedback = self.take_feedback();
        let bare = self.with_report(now, &feedback, 0..0, |compound| compound.encoded_len(0));
        // What is left is shared by names and report blocks.
        let turn = self
            .contributors
            .take_turn(room.saturating_sub(bare).div_ceil(2));
        let capacity = self.with_report(now, &feedback, turn.clone(), |compound| {
            compound.report_capacity(room)
        });
        let blocks = self.take_report_blocks(now, capacity);
        let datagram =
            self.with_report(now, &feedback, turn, |compound| written(compound, &blocks));
        self.stream.reported = true;
        self.reports += 1;
        self.transmit(datagram)
    }

    /// The compound of a report without its blocks.
    fn with_report<R>(
        &self,
        now: Instant,
        feedback: &[Message],
        contributors: Range<usize>,
        f: impl FnOnce(&ReportCompoundBuilder<'_>) -> R,
    ) -> R {
        let chunks = self.contributors.chunks(contributors);
        let names = SdesBuilder::new(&chunks);
        let names: Option<&dyn RtcpWrite> = (!chunks.is_empty()).then_some(&names);
        let feedback = self.packets_of(feedback);
        let feedback = feedback.iter().map(|packet| packet as &dyn RtcpWrite);
        let packets: Vec<&dyn RtcpWrite> = names.into_iter().chain(feedback).collect();
        let compound = self.compound(now).packets(&packets);
        let description = self.description_due();
        let whole = compound.sdes_items(description.as_slice());
        if packets.is_empty() || whole.encoded_len(0) <= self.config.max_rtcp_size {
            f(&whole)
        } else {
            f(&compound)
        }
    }

    /// The feedback that waits, without a report: as the smallest compound there is, or with
    /// `reduced` alone where that is agreed (RFC 4585 §3.1; RFC 5506). Its size with the layers
    /// below.
    pub(super) fn send_feedback_alone(&mut self, now: Instant, reduced: bool) -> usize {
        let feedback = self.take_feedback();
        let packets = self.packets_of(&feedback);
        let packets: Vec<&dyn RtcpWrite> = packets.iter().map(|packet| packet as _).collect();
        let datagram = if reduced && self.stream.reported {
            let mut datagram = vec![0; packets.iter().map(|packet| packet.encoded_len()).sum()];
            let mut writer = CompoundWriter::new(&mut datagram);
            for packet in packets {
                let pushed = writer.push(packet);
                debug_assert_eq!(pushed, Ok(()), "it was tried when it was given");
            }
            datagram
        } else {
            written(&self.compound(now).packets(&packets), &[])
        };
        self.stream.reported = true;
        self.transmit(datagram)
    }

    /// These messages, to be sent by us.
    fn packets_of<'a>(&self, feedback: &'a [Message]) -> Vec<MessagePacket<'a>> {
        let ssrc = self.stream.ssrc;
        feedback
            .iter()
            .map(|message| message.sent_by(ssrc))
            .collect()
    }

    /// Says BYE for ourselves, and for the sources in our mix.
    pub(super) fn send_bye(&mut self, now: Instant) {
        let reason = core::mem::take(&mut self.reason);
        let sources: Vec<u32> = iter::once(self.stream.ssrc)
            .chain(self.contributors.ssrcs())
            .collect();
        self.transmit_bye(now, &sources, &reason);
    }

    /// Says BYE for a source that was in our mix.
    pub(super) fn send_bye_of(&mut self, now: Instant, ssrc: u32, reason: &[u8]) {
        let size = self.transmit_bye(now, &[ssrc], reason);
        self.schedule.received(size, 0);
    }

    /// BYE packets for as many sources as fit the datagram. Its size with the layers below.
    fn transmit_bye(&mut self, now: Instant, sources: &[u32], reason: &[u8]) -> usize {
        let compound = self.compound(now);
        let mut left = self
            .config
            .max_rtcp_size
            .saturating_sub(compound.encoded_len(0));
        let mut byes = Vec::new();
        for (index, sources) in sources.chunks(MAX_SOURCES).enumerate() {
            let packet = bye(sources, if index == 0 { reason } else { &[] });
            match left.checked_sub(packet.encoded_len()) {
                // The first has to go.
                rest if index == 0 => left = rest.unwrap_or(0),
                Some(rest) => left = rest,
                None => break,
            }
            byes.push(packet);
        }
        let byes: Vec<&dyn RtcpWrite> = byes.iter().map(|packet| packet as _).collect();
        let datagram = written(&compound.packets(&byes), &[]);
        self.transmit(datagram)
    }

    /// Octets of the compound that says BYE, with the layers below.
    pub(super) fn bye_size(&self) -> usize {
        first_size(&self.config) + bye(&[0], &self.reason).encoded_len()
    }

    /// Says BYE for our SSRC, if it was ever heard, and chooses another (§8.2).
    pub(super) fn change_ssrc(&mut self, now: Instant) {
        let old = self.stream.ssrc;
        if self.stream.was_heard() {
            self.send_bye_of(now, old, &[]);
        }
        let new = loop {
            let candidate = self.random.next_u32();
            let known =
                self.table.get(candidate).is_some() || self.contributors.contains(candidate);
            if candidate != old && !known {
                break candidate;
            }
        };
        self.stream = self.stream.renewed(new, &mut self.random);
        self.event(SessionEvent::SsrcChanged { old, new });
    }

    /// Octets of the smallest compound that we may have to put before feedback.
    pub(super) fn minimal_size(&self) -> usize {
        ReportCompoundBuilder::new(0, &self.config.cname)
            .sender_info(SenderInfo::default())
            .encoded_len(0)
    }

    /// Queues a datagram and returns its size with the layers below.
    fn transmit(&mut self, datagram: Vec<u8>) -> usize {
        let size = datagram.len() + self.config.lower_layer_overhead;
        self.outputs.transmit(datagram);
        size
    }

    /// The compound without report blocks.
    fn compound(&self, now: Instant) -> ReportCompoundBuilder<'_> {
        let compound = ReportCompoundBuilder::new(self.stream.ssrc, &self.config.cname);
        match self.stream.we_sent {
            true => compound.sender_info(self.stream.sender_info(now, self.wall_clock.at(now))),
            false => compound,
        }
    }

    /// What the next report says of us beside the CNAME.
    fn description_due(&self) -> Option<SdesItemBuilder<'_>> {
        let descriptions = &self.config.descriptions;
        let turn = (self.reports / DESCRIPTION_REPORTS).checked_rem(descriptions.len())?;
        let (item_type, text) = descriptions.get(turn)?;
        let due = self.reports % DESCRIPTION_REPORTS == 0;
        due.then(|| SdesItemBuilder::new(*item_type, text))
    }

    /// The blocks of sources that RTP has come from since they were last reported on: as many as
    /// fit, going on after the last one of the time before.
    fn take_report_blocks(&mut self, now: Instant, capacity: usize) -> Vec<ReportBlock> {
        let mut blocks = Vec::new();
        let slots = self.table.slots();
        let start = if self.next_reported < slots {
            self.next_reported
        } else {
            0
        };
        for slot in (start..slots).chain(0..start) {
            if blocks.len() >= capacity {
                break;
            }
            let Some(source) = self.table.slot_mut(slot) else {
                continue;
            };
            if source.state != MemberState::Member || !core::mem::take(&mut source.unreported) {
                continue;
            }
            let (ssrc, (last_sr, delay)) = (source.ssrc, source.last_sender_report(now));
            if let Some(statistics) = &mut source.statistics {
                blocks.push(statistics.take_report_block(ssrc, last_sr, delay));
                self.next_reported = slot + 1;
            }
        }
        blocks
    }
}

fn written(compound: &ReportCompoundBuilder<'_>, blocks: &[ReportBlock]) -> Vec<u8> {
    let mut datagram = vec![0; compound.encoded_len(blocks.len())];
    let written = compound.write_into(blocks, &mut datagram);
    debug_assert_eq!(
        written,
        Ok(datagram.len()),
        "every part is within its limits"
    );
    datagram
}

/// The probable size of our first compound, with the layers below (§6.3.2).
pub(super) fn first_size(config: &SessionConfig) -> usize {
    ReportCompoundBuilder::new(0, &config.cname).encoded_len(0) + config.lower_layer_overhead
}

fn bye<'a>(sources: &'a [u32], reason: &'a [u8]) -> ByeBuilder<'a> {
    let bye = ByeBuilder::new(sources);
    match reason {
        [] => bye,
        reason => bye.reason(reason),
    }
}
