//! What goes out: reports and BYE (RFC 3550 §6.1, §6.3.6, §6.3.7, §6.4).

use alloc::vec;
use alloc::vec::Vec;
use std::time::Instant;

use crate::session::member_state::MemberState;
use crate::session::output::SessionEvent;
use crate::session::{Session, SessionConfig};
use crate::{ByeBuilder, ReportBlock, ReportCompoundBuilder, RtcpWrite, SdesItemBuilder};

/// Every so many reports carry one item beside the CNAME (§6.3.9).
const DESCRIPTION_REPORTS: usize = 3;

impl Session {
    /// A report on ourselves, if we send, and on whom we have heard since the last one.
    pub(super) fn send_report(&mut self, now: Instant) {
        let description = self.description_due();
        let compound = self.compound(now).sdes_items(description.as_slice());
        let capacity = compound.report_capacity(self.config.max_rtcp_size);
        let blocks = self.take_report_blocks(now, capacity);
        let description = self.description_due();
        let compound = self.compound(now).sdes_items(description.as_slice());
        let datagram = written(&compound, &blocks);
        let size = self.transmit(datagram);
        self.stream.reported = true;
        self.reports += 1;
        let group = self.group();
        self.schedule.sent(now, size, group, &mut self.random);
    }

    pub(super) fn send_bye(&mut self, now: Instant) {
        let (sources, reason) = ([self.stream.ssrc], core::mem::take(&mut self.reason));
        let bye = bye(&sources, &reason);
        let datagram = written(&self.compound(now).packets(&[&bye]), &[]);
        self.transmit(datagram);
    }

    /// Octets of the compound that says BYE, with the layers below.
    pub(super) fn bye_size(&self) -> usize {
        let bye = bye(&[0], &self.reason).encoded_len();
        first_size(&self.config) + bye
    }

    /// Says BYE for our SSRC, if it was ever heard, and chooses another (§8.2).
    pub(super) fn change_ssrc(&mut self, now: Instant) {
        let old = self.stream.ssrc;
        if self.stream.was_heard() {
            let sources = [old];
            let bye = ByeBuilder::new(&sources);
            let datagram = written(&self.compound(now).packets(&[&bye]), &[]);
            let size = self.transmit(datagram);
            self.schedule.received(size, 0);
        }
        let new = loop {
            let candidate = self.random.next_u32();
            if candidate != old && self.table.get(candidate).is_none() {
                break candidate;
            }
        };
        self.stream = self.stream.renewed(new, &mut self.random);
        self.event(SessionEvent::SsrcChanged { old, new });
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

fn bye<'a>(sources: &'a [u32; 1], reason: &'a [u8]) -> ByeBuilder<'a> {
    let bye = ByeBuilder::new(sources);
    match reason {
        [] => bye,
        reason => bye.reason(reason),
    }
}
