//! RTCP: whatever is read is walked; what can be written is read again as the same; what a
//! translator passes on is good.

#![no_main]

use std::net::SocketAddr;
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use rfc3550_rtp::feedback::{PayloadFeedbackBuilder, TransportFeedbackBuilder, TransportMessage};
use rfc3550_rtp::translator::{StreamTranslation, Translator, TranslatorConfig};
use rfc3550_rtp::xr::{ExtendedReportBuilder, XrBlock};
use rfc3550_rtp::{
    ByeBuilder, ReceiverReportBuilder, RtcpCompound, RtcpPacket, RtcpWrite, SenderReportBuilder,
};

fuzz_target!(|data: &[u8]| {
    if RtcpCompound::parse(data).is_ok() {
        assert!(RtcpCompound::parse_reduced_size(data).is_ok());
    }
    let Ok(compound) = RtcpCompound::parse_lenient(data) else { return };
    let _ = compound.trailing();
    translated(&compound);
    for packet in compound.packets().flatten() {
        match packet {
            RtcpPacket::SenderReport(report) => again(
                &SenderReportBuilder::new(report.ssrc(), report.info())
                    .report_blocks(report.report_blocks())
                    .profile_extension(report.profile_extension()),
                packet,
            ),
            RtcpPacket::ReceiverReport(report) => again(
                &ReceiverReportBuilder::new(report.ssrc())
                    .report_blocks(report.report_blocks())
                    .profile_extension(report.profile_extension()),
                packet,
            ),
            RtcpPacket::Sdes(sdes) => {
                for chunk in sdes.chunks() {
                    let _ = chunk.items().filter_map(|item| item.private()).count();
                }
            }
            RtcpPacket::Bye(bye) => {
                let builder = ByeBuilder::new(bye.ssrcs());
                let builder = bye.reason().into_iter().fold(builder, ByeBuilder::reason);
                again(&builder, packet);
            }
            RtcpPacket::TransportFeedback(feedback) => {
                let Ok(message) = feedback.message() else { continue };
                if let TransportMessage::TransportWide(report) = &message {
                    let _ = report.packets().count();
                }
                if let TransportMessage::GenericNack(nacks) = &message {
                    let _ = nacks.clone().flat_map(|nack| nack.lost()).count();
                }
                let (sender, media) = (feedback.sender_ssrc(), feedback.media_ssrc());
                written(&TransportFeedbackBuilder::new(sender, media, message));
            }
            RtcpPacket::PayloadFeedback(feedback) => {
                let Ok(message) = feedback.message() else { continue };
                let (sender, media) = (feedback.sender_ssrc(), feedback.media_ssrc());
                written(&PayloadFeedbackBuilder::new(sender, media, message));
            }
            RtcpPacket::ExtendedReport(report) => {
                let blocks: Vec<XrBlock<'_>> = report.blocks().flatten().collect();
                for block in &blocks {
                    if let XrBlock::LossRle(rle) | XrBlock::DuplicateRle(rle) = block {
                        let _ = rle.events().count();
                    }
                }
                // A range that cannot be told apart is read, but never written.
                let _ = ExtendedReportBuilder::new(report.ssrc(), &blocks).to_vec();
            }
            _ => {}
        }
    }
});

fn translated(compound: &RtcpCompound<&[u8]>) {
    let mut translator = Translator::new(TranslatorConfig::default());
    let stream = StreamTranslation::new(1).to_ssrc(9).packets(2, 1).offsets(100, 7);
    assert!(translator.set_stream(stream.clock_rate(8000, 48_000)));
    let from = SocketAddr::from(([192, 0, 2, 1], 4001));
    for cloud in [0, 0, 1] {
        if let Ok(forwarded) = translator.forward_rtcp(Instant::now(), cloud, from, compound) {
            let again = RtcpCompound::parse_lenient(&forwarded[..]).expect("good headers");
            assert!(again.trailing().is_empty());
            assert!(again.packets().all(|packet| packet.is_ok()));
        }
    }
}

fn written(packet: &dyn RtcpWrite) -> Vec<u8> {
    packet.to_vec().expect("what is read can be written")
}

fn again(builder: &dyn RtcpWrite, packet: RtcpPacket<'_>) {
    let written = written(builder);
    let compound = RtcpCompound::parse_reduced_size(&written[..]).expect("a good header");
    assert_eq!(compound.packets().next(), Some(Ok(packet)));
}
