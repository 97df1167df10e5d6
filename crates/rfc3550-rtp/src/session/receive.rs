//! What comes in (RFC 3550 §6.3.3, §6.3.4, §8.2).

use alloc::boxed::Box;
use core::net::SocketAddr;
use std::time::Instant;

use crate::session::conflicts::{Channel, Finding};
use crate::session::feedback::Message;
use crate::session::member_state::{MemberEvent, MemberState};
use crate::session::output::{IgnoreReason, RtpVerdict, SessionEvent};
use crate::session::phase::SessionPhase;
use crate::session::source::{Heard, ReceptionView};
use crate::session::{Session, stream};
use crate::{
    Bye, Reception, ReportBlock, RtcpCompound, RtcpPacket, RtpPacket, SdesChunk, SenderInfo,
    SourceStatistics, round_trip_time,
};

impl Session {
    /// Takes in an RTP packet that has come from `from`, and says what is to become of it.
    pub fn handle_rtp<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &RtpPacket<B>,
    ) -> RtpVerdict {
        match self.receive_rtp(now, from, packet) {
            Ok(reception) if reception.is_counted() => RtpVerdict::Deliver(reception),
            Ok(reception) => RtpVerdict::Withhold(reception),
            Err(reason) => RtpVerdict::Ignore(reason),
        }
    }

    #[inline]
    fn receive_rtp<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &RtpPacket<B>,
    ) -> Result<Reception, IgnoreReason> {
        let clock_rate = self.clock_rate(packet.payload_type());
        if clock_rate == 0 {
            return Err(IgnoreReason::UnknownPayloadType);
        }
        if self.phase != SessionPhase::Joined {
            return Err(IgnoreReason::NotJoined);
        }
        let ssrc = packet.ssrc();
        let slot = self.place(now, from, ssrc, Channel::Rtp)?;
        let change = self.config.address_change;
        let Some(source) = self.table.slot_mut(slot) else {
            return Err(IgnoreReason::TooManySources); // never: the slot was found
        };
        if !Heard::accept(&mut source.rtp, from, now, change) {
            self.counters.third_party_loops += 1;
            return Err(IgnoreReason::OtherAddress);
        }
        let valid = source.state == MemberState::Member;
        if valid && packet.csrc_count() != 0 {
            for csrc in packet.csrcs() {
                self.contribute(now, from, csrc)?;
            }
        }
        let Some(source) = self.table.slot_mut(slot) else {
            return Err(IgnoreReason::TooManySources); // never: members are not replaced
        };
        let number = packet.sequence_number();
        let limits = self.config.statistics;
        let statistics = source
            .statistics
            .get_or_insert_with(|| SourceStatistics::with_config(number, limits));
        if source.clock_rate != clock_rate {
            source.clock_rate = clock_rate;
            statistics.forget_transit();
        }
        let since = now.saturating_duration_since(self.epoch);
        let arrival = stream::ticks(since, clock_rate);
        let reception = statistics.receive(number, packet.timestamp(), arrival);
        if reception.is_counted() {
            source.unreported = true;
            if !source.sender {
                self.confirm(slot);
                self.table.set_sender(slot, true);
            }
        }
        Ok(reception)
    }

    /// A contributing source of a valid packet is a member too (§6.3.3). As long as the mixer
    /// mentions it, it is not heard directly, or the other sources in the mix would be lost
    /// (§8.2).
    fn contribute(
        &mut self,
        now: Instant,
        from: SocketAddr,
        csrc: u32,
    ) -> Result<(), IgnoreReason> {
        let slot = match self.place(now, from, csrc, Channel::Rtp) {
            // That there is no room for it, or that it has left, is not the mixer's fault.
            Err(IgnoreReason::TooManySources | IgnoreReason::Departed) => return Ok(()),
            slot => slot?,
        };
        let change = self.config.address_change;
        let Some(source) = self.table.slot_mut(slot) else {
            return Ok(());
        };
        if source.state == MemberState::Probation {
            // A valid packet counts more than one that anybody may have sent.
            source.rtp = None;
        }
        if !Heard::accept(&mut source.rtp, from, now, change) {
            self.counters.third_party_loops += 1;
            return Err(IgnoreReason::OtherAddress);
        }
        self.confirm(slot);
        Ok(())
    }

    /// Takes in a compound that has come from `from`. How strictly it was checked is the
    /// caller's choice; packets whose body is wrong are passed over.
    pub fn handle_rtcp<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        compound: &RtcpCompound<B>,
    ) {
        let size = compound.as_bytes().len() + self.config.lower_layer_overhead;
        match self.phase {
            SessionPhase::Joined => {}
            SessionPhase::Leaving => {
                let is_bye = |packet: &Result<_, _>| matches!(packet, Ok(RtcpPacket::Bye(_)));
                let byes = compound.packets().filter(is_bye).count();
                self.schedule.received(size, byes);
                return;
            }
            SessionPhase::Ended => return,
        }
        for packet in compound.packets().flatten() {
            let heard = match packet {
                RtcpPacket::SenderReport(report) => {
                    self.hear(now, from, report.ssrc()).map(|slot| {
                        self.receive_sender_info(now, slot, report.info());
                        self.receive_blocks(now, slot, report.report_blocks());
                    })
                }
                RtcpPacket::ReceiverReport(report) => self
                    .hear(now, from, report.ssrc())
                    .map(|slot| self.receive_blocks(now, slot, report.report_blocks())),
                RtcpPacket::Sdes(sdes) => sdes
                    .chunks()
                    .try_for_each(|chunk| self.receive_chunk(now, from, chunk)),
                RtcpPacket::Bye(bye) => self.receive_bye(now, from, bye),
                RtcpPacket::TransportFeedback(feedback) => self
                    .hear(now, from, feedback.sender_ssrc())
                    .map(|_| self.receive_feedback(now, Message::from_transport(feedback))),
                RtcpPacket::PayloadFeedback(feedback) => self
                    .hear(now, from, feedback.sender_ssrc())
                    .map(|_| self.receive_feedback(now, Message::from_payload(feedback))),
                _ => Ok(()),
            };
            if heard == Err(IgnoreReason::Own) {
                return;
            }
        }
        self.schedule.received(size, 0);
        self.schedule.shrunk(now, self.members());
    }

    /// What the sender in this slot says about its own stream.
    fn receive_sender_info(&mut self, now: Instant, slot: u32, info: SenderInfo) {
        if let Some(source) = self.table.slot_mut(slot) {
            source.details_mut().sender_report = Some((info, now));
            let ssrc = source.ssrc;
            self.event(SessionEvent::SenderReport { ssrc });
        }
    }

    /// What the reporter in this slot says about our stream.
    fn receive_blocks(
        &mut self,
        now: Instant,
        slot: u32,
        blocks: impl Iterator<Item = ReportBlock>,
    ) {
        let own = self.stream.ssrc;
        for block in blocks.filter(|block| block.ssrc == own) {
            let time = self.wall_clock.at(now).to_short();
            let view = ReceptionView {
                block,
                round_trip_time: round_trip_time(time, block.last_sr, block.delay_since_last_sr),
                arrival: now,
            };
            if let Some(source) = self.table.slot_mut(slot) {
                source.details_mut().reception = Some(view);
                let ssrc = source.ssrc;
                self.event(SessionEvent::Reported { ssrc, view });
            }
        }
    }

    /// An SDES chunk: with a CNAME its source is a member.
    fn receive_chunk(
        &mut self,
        now: Instant,
        from: SocketAddr,
        chunk: SdesChunk<'_>,
    ) -> Result<(), IgnoreReason> {
        let ssrc = chunk.ssrc();
        let cname = chunk.cname().filter(|cname| !cname.is_empty());
        if let (Some(cname), Some(known)) = (cname, self.table.get(ssrc).and_then(|s| s.cname())) {
            if cname != known {
                self.counters.third_party_collisions += 1;
                return Ok(());
            }
        }
        let slot = match self.hear(now, from, ssrc) {
            Ok(slot) => slot,
            Err(IgnoreReason::Own) => return Err(IgnoreReason::Own),
            Err(_) => return Ok(()),
        };
        let (Some(cname), Some(source)) = (cname, self.table.slot_mut(slot)) else {
            return Ok(());
        };
        if source.cname().is_none() {
            source.details_mut().cname = cname.to_vec();
            self.confirm(slot);
            self.event(SessionEvent::Named { ssrc });
        }
        Ok(())
    }

    /// A BYE moves on whom it names, if it comes from where they are (§6.3.4).
    fn receive_bye(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bye: Bye<'_>,
    ) -> Result<(), IgnoreReason> {
        for ssrc in bye.ssrcs() {
            if ssrc != self.stream.ssrc && self.table.find(ssrc).is_none() {
                continue;
            }
            let slot = match self.hear(now, from, ssrc) {
                Ok(slot) => slot,
                Err(IgnoreReason::Own) => return Err(IgnoreReason::Own),
                Err(_) => continue,
            };
            self.table.apply(slot, MemberEvent::Goodbye);
            if let Some(source) = self.table.slot_mut(slot) {
                source.details_mut().departed_at = Some(now);
            }
            let reason = Box::from(bye.reason().unwrap_or_default());
            self.event(SessionEvent::Left { ssrc, reason });
        }
        Ok(())
    }

    /// Where the source of a control packet or of a part of one is, its address being right.
    fn hear(&mut self, now: Instant, from: SocketAddr, ssrc: u32) -> Result<u32, IgnoreReason> {
        let slot = self.place(now, from, ssrc, Channel::Rtcp)?;
        let change = self.config.address_change;
        let source = self.table.slot_mut(slot);
        if source
            .is_some_and(|source| Heard::accept(&mut source.details_mut().rtcp, from, now, change))
        {
            return Ok(slot);
        }
        self.counters.third_party_loops += 1;
        Err(IgnoreReason::OtherAddress)
    }

    /// Where a source is that may be heard, entered if it is new.
    #[inline]
    fn place(
        &mut self,
        now: Instant,
        from: SocketAddr,
        ssrc: u32,
        channel: Channel,
    ) -> Result<u32, IgnoreReason> {
        if ssrc == self.stream.ssrc {
            self.hear_own(now, from, channel)?;
        }
        if self.contributors.contains(ssrc) {
            self.counters.third_party_loops += 1;
            return Err(IgnoreReason::OtherAddress);
        }
        let Some(slot) = self.table.find_or_insert(ssrc) else {
            self.counters.refused += 1;
            return Err(IgnoreReason::TooManySources);
        };
        match self.table.slot(slot) {
            Some(source) if source.state == MemberState::Departed => Err(IgnoreReason::Departed),
            _ => Ok(slot),
        }
    }

    /// Our SSRC, from somewhere: our own packet, a loop, or a collision, after which the SSRC is
    /// that of another source and we have a new one (§8.2).
    #[cold]
    fn hear_own(
        &mut self,
        now: Instant,
        from: SocketAddr,
        channel: Channel,
    ) -> Result<(), IgnoreReason> {
        let local = match channel {
            Channel::Rtp => self.config.local_rtp,
            Channel::Rtcp => self.config.local_rtcp,
        };
        if local == Some(from) {
            return Err(IgnoreReason::Own);
        }
        match self.conflicts.find(channel, from, now) {
            Finding::Looped => {
                self.counters.own_looped += 1;
                Err(IgnoreReason::Looped)
            }
            Finding::Collision => {
                self.counters.collisions += 1;
                self.change_ssrc(now);
                Ok(())
            }
        }
    }

    /// A source is real: it becomes a member if it was none.
    fn confirm(&mut self, slot: u32) {
        let Some(source) = self.table.slot(slot) else {
            return;
        };
        let (ssrc, state) = (source.ssrc, source.state);
        if state == MemberState::Probation {
            self.table.apply(slot, MemberEvent::Confirmed);
            self.event(SessionEvent::Joined { ssrc });
        }
    }
}
