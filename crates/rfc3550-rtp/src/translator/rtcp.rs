//! The compounds that a translator passes on (RFC 3550 §7.2; RFC 4585 §6.1).

use alloc::vec::Vec;

use super::{StreamTranslation, Translator};
use crate::entries::sealed::Wire;
use crate::feedback::Nack;
use crate::rtcp::raw::HEADER_LEN;
use crate::rtcp::report::SENDER_INFO_LEN;
use crate::rtcp::report_block::BLOCK_LEN;
use crate::{PacketType, RawPacket, ReportBlock, RtcpCompound, RtcpPacket, SenderInfo};

use super::NotForwarded;

/// Octets of an SSRC.
const SSRC_LEN: usize = 4;

/// Calls `f` with each source that a packet comes from or speaks for.
pub(super) fn for_each_source(packet: &RtcpPacket<'_>, mut f: impl FnMut(u32)) {
    match packet {
        RtcpPacket::SenderReport(report) => f(report.ssrc()),
        RtcpPacket::ReceiverReport(report) => f(report.ssrc()),
        RtcpPacket::Sdes(sdes) => sdes.chunks().for_each(|chunk| f(chunk.ssrc())),
        RtcpPacket::Bye(bye) => bye.ssrcs().for_each(f),
        RtcpPacket::App(app) => f(app.ssrc()),
        RtcpPacket::TransportFeedback(feedback) => f(feedback.sender_ssrc()),
        RtcpPacket::PayloadFeedback(feedback) => f(feedback.sender_ssrc()),
        RtcpPacket::ExtendedReport(report) => f(report.ssrc()),
        RtcpPacket::Other(_) => {}
    }
}

impl Translator {
    /// The compound for the other clouds, its sources having been heard.
    pub(super) fn translate<B: AsRef<[u8]>>(
        &mut self,
        compound: &RtcpCompound<B>,
    ) -> Result<Vec<u8>, NotForwarded> {
        let mut out = Vec::new();
        let mut packets = compound.packets();
        while let Some(raw) = packets.next_raw() {
            let Ok(packet) = RtcpPacket::from_raw(raw) else {
                continue;
            };
            let start = out.len();
            out.extend_from_slice(raw.as_bytes());
            let body = out.get_mut(start + HEADER_LEN..).unwrap_or_default();
            if self.edit(raw, &packet, body).is_none() {
                out.truncate(start);
            }
        }
        if out.is_empty() {
            return Err(NotForwarded::Nothing);
        }
        Ok(out)
    }

    /// Edits the body of a packet. `None` where that cannot be done.
    fn edit(&mut self, raw: RawPacket<'_>, packet: &RtcpPacket<'_>, body: &mut [u8]) -> Option<()> {
        match packet {
            RtcpPacket::SenderReport(report) => {
                let (info, rest) = self
                    .edit_sender(body)?
                    .split_first_chunk_mut::<SENDER_INFO_LEN>()?;
                let stream = &mut self.sources.get_mut(&report.ssrc())?.stream;
                *info = stream
                    .outgoing_info(SenderInfo::from_bytes(info))
                    .to_bytes();
                self.edit_blocks(rest, report.report_blocks().len());
            }
            RtcpPacket::ReceiverReport(report) => {
                let rest = self.edit_sender(body)?;
                self.edit_blocks(rest, report.report_blocks().len());
            }
            RtcpPacket::Sdes(sdes) => {
                let mut rest = body;
                for chunk in sdes.chunks() {
                    let items = self.edit_sender(rest)?;
                    let octets: usize = chunk.items().map(|item| 2 + item.value.len()).sum();
                    rest = items.get_mut((octets + 1).next_multiple_of(4)..)?;
                }
            }
            RtcpPacket::Bye(bye) => {
                for (ssrc, field) in bye.ssrcs().zip(body.chunks_exact_mut(SSRC_LEN)) {
                    self.edit_sender(field);
                    self.sources.get_mut(&ssrc)?.left = true;
                }
            }
            RtcpPacket::App(_) => {
                self.edit_sender(body)?;
            }
            RtcpPacket::TransportFeedback(_) | RtcpPacket::PayloadFeedback(_) => {
                self.edit_feedback(raw, body)?;
            }
            RtcpPacket::ExtendedReport(_) => {
                let told = |source: &super::Source| source.stream.renumbers();
                if self.sources.values().any(told) {
                    return None;
                }
                self.edit_sender(body)?;
            }
            RtcpPacket::Other(_) => {}
        }
        Some(())
    }

    /// Gives the source at the start of `body` its outgoing SSRC, and returns what follows.
    fn edit_sender<'b>(&self, body: &'b mut [u8]) -> Option<&'b mut [u8]> {
        let (field, rest) = body.split_first_chunk_mut::<SSRC_LEN>()?;
        if let Some(source) = self.sources.get(&u32::from_be_bytes(*field)) {
            *field = source.stream.outgoing_ssrc().to_be_bytes();
        }
        Some(rest)
    }

    /// The stream that has this SSRC on its way out.
    fn stream_to(&self, ssrc: u32) -> Option<&StreamTranslation> {
        let own = self.incoming.get(&ssrc)?;
        self.sources.get(own).map(|source| &source.stream)
    }

    fn edit_blocks(&self, blocks: &mut [u8], count: usize) {
        for field in blocks.chunks_exact_mut(BLOCK_LEN).take(count) {
            let block = field.first_chunk().map(ReportBlock::from_bytes);
            if let Some((block, stream)) = block.and_then(|b| Some((b, self.stream_to(b.ssrc)?))) {
                field.copy_from_slice(&stream.incoming_block(block).to_bytes());
            }
        }
    }

    /// A feedback packet: who sends it, what it is about, and what names sources or packets in
    /// its control information.
    fn edit_feedback(&self, raw: RawPacket<'_>, body: &mut [u8]) -> Option<()> {
        let rest = self.edit_sender(body)?;
        let (media, fci) = rest.split_first_chunk_mut::<SSRC_LEN>()?;
        let stream = self.stream_to(u32::from_be_bytes(*media));
        if let Some(stream) = stream {
            *media = stream.ssrc().to_be_bytes();
        }
        match (raw.packet_type(), raw.count()) {
            (PacketType::RTPFB, 1) => {
                let Some(stream) = stream else {
                    return Some(());
                };
                if !stream.is_one_to_one() {
                    return None;
                }
                for field in fci.chunks_exact_mut(Nack::LEN) {
                    let nack = Nack::read(field)?;
                    let packet_id = stream.incoming_packet(nack.packet_id);
                    Nack { packet_id, ..nack }.write(field);
                }
            }
            // TMMBR names who is to obey, TMMBN whose limit it is, FIR who is to send.
            (PacketType::RTPFB, 3) | (PacketType::PSFB, 4) => {
                for field in fci.chunks_exact_mut(8) {
                    let (ssrc, _) = field.split_first_chunk_mut::<SSRC_LEN>()?;
                    if let Some(stream) = self.stream_to(u32::from_be_bytes(*ssrc)) {
                        *ssrc = stream.ssrc().to_be_bytes();
                    }
                }
            }
            (PacketType::RTPFB, 4) => {
                for field in fci.chunks_exact_mut(8) {
                    self.edit_sender(field);
                }
            }
            _ => {}
        }
        Some(())
    }
}
