//! Properties: nothing panics, what is written is read as the same, every strict prefix errs.

use proptest::prelude::*;
use rfc3550_rtp::{
    ByeBuilder, ExtensionElement, ExtensionForm, NtpShort, ReceiverReportBuilder, Reception,
    ReportBlock, RtcpCompound, RtcpPacket, RtcpWrite, RtpHeader, RtpPacket, RtpPacketBuilder,
    SdesBuilder, SdesChunkBuilder, SdesItemBuilder, SdesType, SequenceNumber, SourceStatistics,
    Timestamp, classify,
};

/// Octets that are often near the truth: the first two bits, types and lengths are likely ones.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let packet = (
        prop_oneof![4 => 0x80u8..0xc0, 1 => any::<u8>()],
        prop_oneof![4 => 200u8..208, 1 => any::<u8>()],
        prop::collection::vec(any::<u8>(), 0..80),
        prop::bool::weighted(0.9),
    )
        .prop_map(|(first, packet_type, mut body, fits)| {
            if fits {
                body.truncate(body.len() / 4 * 4);
            }
            let mut packet = vec![first, packet_type, 0, (body.len() / 4) as u8];
            packet.extend(body);
            packet
        });
    prop::collection::vec(packet, 1..4).prop_map(|packets| packets.concat())
}

/// Calls every getter of every packet.
fn walk(compound: &RtcpCompound<&[u8]>) {
    for packet in compound.packets().flatten() {
        match packet {
            RtcpPacket::SenderReport(report) => report.report_blocks().for_each(drop),
            RtcpPacket::ReceiverReport(report) => report.report_blocks().for_each(drop),
            RtcpPacket::Sdes(sdes) => {
                for chunk in sdes.chunks() {
                    assert!(chunk.items().filter_map(|item| item.private()).count() <= 85);
                }
            }
            RtcpPacket::Bye(bye) => bye.ssrcs().for_each(drop),
            RtcpPacket::TransportFeedback(feedback) => {
                if let Ok(message) = feedback.message() {
                    let _ = format!("{message:?}");
                }
            }
            RtcpPacket::PayloadFeedback(feedback) => {
                if let Ok(message) = feedback.message() {
                    let _ = format!("{message:?}");
                }
            }
            RtcpPacket::ExtendedReport(report) => {
                let _ = report.blocks().map(|block| format!("{block:?}")).count();
            }
            _ => {}
        }
    }
}

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<[u32; 5]>(), any::<u8>(), -0x80_0000i32..0x80_0000).prop_map(
        |([ssrc, highest, jitter, last_sr, delay], fraction_lost, cumulative_lost)| ReportBlock {
            ssrc,
            fraction_lost,
            cumulative_lost,
            extended_highest_sequence: highest,
            jitter,
            last_sr: NtpShort(last_sr),
            delay_since_last_sr: NtpShort(delay),
        },
    )
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = classify(&bytes);
        let header = RtpHeader::parse(&bytes);
        if let Ok(packet) = RtpPacket::parse(&bytes) {
            prop_assert_eq!(Ok(packet.header()), header);
            packet.csrcs().for_each(drop);
            if let Some(extension) = packet.extension() {
                extension.elements().for_each(drop);
            }
        }
    }

    #[test]
    fn any_datagram_is_read_or_refused(bytes in datagram()) {
        let lenient = RtcpCompound::parse_lenient(bytes.as_slice());
        if let Ok(compound) = &lenient {
            walk(compound);
        }
        if RtcpCompound::parse(bytes.as_slice()).is_ok() {
            prop_assert!(RtcpCompound::parse_reduced_size(bytes.as_slice()).is_ok());
            prop_assert!(lenient.unwrap().trailing().is_empty());
        }
    }

    #[test]
    fn a_packet_written_is_read_as_the_same(
        marker: bool,
        payload_type in 0u8..128,
        number: u16,
        timestamp: u32,
        ssrc: u32,
        csrcs in prop::collection::vec(any::<u32>(), 0..=15),
        extension in prop::option::of((any::<u16>(), prop::collection::vec(any::<[u8; 4]>(), 0..9))),
        payload in prop::collection::vec(any::<u8>(), 0..40),
        padding_len: u8,
    ) {
        let extension = extension.map(|(profile, words)| (profile, words.concat()));
        let mut builder = RtpPacketBuilder::new()
            .marker(marker)
            .payload_type(payload_type)
            .sequence_number(SequenceNumber(number))
            .timestamp(Timestamp(timestamp))
            .ssrc(ssrc)
            .csrcs(csrcs.as_slice())
            .payload(&payload)
            .padding_len(padding_len);
        if let Some((profile, data)) = &extension {
            builder = builder.extension(*profile, data);
        }
        let mut buffer = vec![0xa5; builder.encoded_len() + 1];
        let len = builder.write_into(&mut buffer).unwrap();
        prop_assert_eq!(len, buffer.len() - 1);
        prop_assert_eq!(buffer[len], 0xa5);

        let packet = RtpPacket::parse(&buffer[..len]).unwrap();
        prop_assert_eq!(packet.marker(), marker);
        prop_assert_eq!(packet.payload_type(), payload_type);
        prop_assert_eq!(packet.sequence_number(), SequenceNumber(number));
        prop_assert_eq!(packet.timestamp(), Timestamp(timestamp));
        prop_assert_eq!(packet.ssrc(), ssrc);
        prop_assert!(packet.csrcs().eq(csrcs));
        let read = packet.extension().map(|e| (e.profile(), e.data().to_vec()));
        prop_assert_eq!(read, extension);
        prop_assert_eq!(packet.payload(), payload);
        prop_assert_eq!(packet.padding_len(), padding_len);
        prop_assert_eq!(RtpPacketBuilder::from_packet(&packet).to_vec().unwrap(), &buffer[..len]);
        // A header cut short is no header.
        for end in 0..packet.header_len() {
            prop_assert!(RtpPacket::parse(&buffer[..end]).is_err());
            prop_assert!(RtpHeader::parse(&buffer[..end]).is_err());
        }
    }

    #[test]
    fn elements_written_are_read_as_the_same(
        elements in prop::collection::vec((1u8..15, prop::collection::vec(any::<u8>(), 1..17)), 0..8),
        appbits in prop::option::of(0u8..16),
    ) {
        let form = match appbits {
            Some(appbits) => ExtensionForm::TwoByte { appbits },
            None => ExtensionForm::OneByte,
        };
        let elements: Vec<_> =
            elements.iter().map(|(id, data)| ExtensionElement { id: *id, data }).collect();
        let packet = RtpPacketBuilder::new().extension_elements(form, &elements).to_vec().unwrap();
        let packet = RtpPacket::parse(packet).unwrap();
        let extension = packet.extension().unwrap();
        prop_assert_eq!(extension.form(), Some(form));
        let read: Result<Vec<_>, _> = extension.elements().collect();
        prop_assert_eq!(read.unwrap(), elements);
    }

    #[test]
    fn a_report_written_is_read_as_the_same(
        ssrc: u32,
        blocks in prop::collection::vec(block(), 0..=31),
    ) {
        let written =
            ReceiverReportBuilder::new(ssrc).report_blocks(blocks.as_slice()).to_vec().unwrap();
        let compound = RtcpCompound::parse(&written).unwrap();
        let Some(Ok(RtcpPacket::ReceiverReport(report))) = compound.packets().next() else {
            panic!("a receiver report");
        };
        prop_assert_eq!(report.ssrc(), ssrc);
        prop_assert!(report.report_blocks().eq(blocks));
        let again = ReceiverReportBuilder::new(ssrc).report_blocks(report.report_blocks());
        prop_assert_eq!(again.to_vec().unwrap(), &written[..]);
        for end in 0..written.len() {
            prop_assert!(RtcpCompound::parse(&written[..end]).is_err());
        }
    }

    #[test]
    fn names_written_are_read_as_the_same(
        texts in prop::collection::vec(
            prop::collection::vec((1u8..=255, prop::collection::vec(any::<u8>(), 0..20)), 0..5),
            0..5,
        ),
        reason in prop::option::of(prop::collection::vec(any::<u8>(), 0..=255)),
    ) {
        let items: Vec<Vec<_>> = texts
            .iter()
            .map(|items| {
                let new = |(t, text): &'_ (u8, Vec<u8>)| (SdesType(*t), text.clone());
                items.iter().map(new).collect()
            })
            .collect();
        let builders: Vec<Vec<_>> = items
            .iter()
            .map(|items| items.iter().map(|(t, text)| SdesItemBuilder::new(*t, text)).collect())
            .collect();
        let chunks: Vec<_> =
            (0..).zip(&builders).map(|(ssrc, items)| SdesChunkBuilder::new(ssrc, items)).collect();
        let mut written = SdesBuilder::new(&chunks).to_vec().unwrap();
        let bye = ByeBuilder::new(&[1, 2]);
        let bye = reason.iter().fold(bye, |bye, reason| bye.reason(reason));
        written.extend(bye.to_vec().unwrap());

        let compound = RtcpCompound::parse_reduced_size(&written).unwrap();
        let packets: Vec<_> = compound.packets().map(Result::unwrap).collect();
        let [RtcpPacket::Sdes(sdes), RtcpPacket::Bye(bye)] = packets[..] else {
            panic!("SDES and BYE: {packets:?}");
        };
        let read: Vec<Vec<_>> = sdes
            .chunks()
            .map(|chunk| chunk.items().map(|i| (i.item_type, i.value.to_vec())).collect())
            .collect();
        prop_assert_eq!(read, items);
        prop_assert!(bye.ssrcs().eq([1, 2]));
        prop_assert_eq!(bye.reason(), reason.as_deref());
    }

    #[test]
    fn counts_hold_together_for_any_arrivals(
        first: u16,
        steps in prop::collection::vec(prop_oneof![4 => -3i32..4, 1 => any::<i32>()], 0..200),
    ) {
        let mut source = SourceStatistics::new(SequenceNumber(first));
        let mut number = first;
        let mut counted = 0;
        for (arrival, step) in (0u32..).zip(steps) {
            number = number.wrapping_add(step as u16);
            let reception = source.receive(SequenceNumber(number), Timestamp(0), arrival);
            counted = match reception {
                Reception::Validated | Reception::Restarted => 1,
                Reception::Probation | Reception::Jump => counted,
                _ => counted + 1,
            };
            let sequence = source.sequence();
            prop_assert_eq!(sequence.received(), counted);
            prop_assert_eq!(sequence.is_valid(), sequence.expected() > 0);
            prop_assert_eq!(
                sequence.lost(),
                sequence.expected() as i64 - sequence.received() as i64
            );
        }
        let whole = source.take_interval();
        prop_assert_eq!(whole.expected, source.sequence().expected());
        prop_assert_eq!(whole.received, source.sequence().received());
    }
}
