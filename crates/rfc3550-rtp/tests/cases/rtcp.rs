//! RTCP packets and compounds: what may be wrong with them.

use rfc3550_rtp::feedback::{
    Fir, Nack, PayloadFeedbackBuilder, PayloadMessage, Rpsi, Sli, Tmmb, TransportFeedbackBuilder,
    TransportMessage, TransportWide,
};
use rfc3550_rtp::xr::{
    DlrrItem, ExtendedReportBuilder, HopLimits, JitterSummary, ReceiptTimes, Rle, RleChunk,
    StatisticsSummary, VoipMetrics, XrBlock,
};
use rfc3550_rtp::{
    AppBuilder, ByeBuilder, CompoundWriter, ErrorKind, NtpShort, NtpTimestamp, ParseError,
    ReceiverReportBuilder, ReportBlock, ReportCompoundBuilder, ReportRotation, RtcpCompound,
    RtcpPacket, RtcpWrite, SdesBuilder, SdesChunkBuilder, SdesItemBuilder, SdesType, SenderInfo,
    SenderReportBuilder, SequenceNumber, Timestamp, WriteError,
};

use crate::hex;

/// An empty receiver report, with which a compound may begin.
const RR: &str = "80c90001 00000001";

fn strict(digits: &str) -> Result<RtcpCompound<Vec<u8>>, ParseError> {
    RtcpCompound::parse(hex(digits))
}

/// The error of the first packet whose body is wrong.
fn body_error(digits: &str) -> ParseError {
    let compound = RtcpCompound::parse_reduced_size(hex(digits)).unwrap();
    let error = compound.packets().find_map(Result::err);
    error.expect("a packet with a wrong body")
}

#[track_caller]
fn refused(digits: &str, kind: ErrorKind, field: &str, offset: usize) {
    let error = strict(digits).unwrap_err();
    assert_eq!(
        (error.kind(), error.field(), error.offset()),
        (kind, field, offset)
    );
}

#[test]
fn empty() {
    refused("", ErrorKind::Truncated, "RTCP header", 0);
    assert!(RtcpCompound::parse_lenient([]).is_err());
    assert!(RtcpCompound::parse_reduced_size([]).is_err());
}

#[test]
fn three_bytes() {
    refused("80c900", ErrorKind::Truncated, "RTCP header", 0);
}

#[test]
fn report_without_ssrc() {
    let error = body_error("80c90000");
    assert_eq!(
        (error.field(), error.offset()),
        ("SSRC of packet sender", 4)
    );
}

#[test]
fn empty_receiver_report_is_valid() {
    let compound = strict("80c90001 11223344").unwrap();
    let Some(Ok(RtcpPacket::ReceiverReport(report))) = compound.packets().next() else {
        panic!("a receiver report");
    };
    assert_eq!(
        (report.ssrc(), report.report_blocks().len()),
        (0x1122_3344, 0)
    );
    assert!(report.profile_extension().is_empty());
}

#[test]
fn length_beyond_the_datagram() {
    refused("80c9ffff", ErrorKind::Truncated, "RTCP length", 2);
}

#[test]
fn report_count_without_a_block() {
    let error = body_error("81c90001 11223344");
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::InvalidLength, "report blocks")
    );
    assert_eq!(error.offset(), 0);
}

#[test]
fn thirty_one_blocks() {
    let blocks: Vec<_> = (0..31)
        .map(|ssrc| ReportBlock {
            ssrc,
            cumulative_lost: -1,
            ..ReportBlock::default()
        })
        .collect();
    let report = ReceiverReportBuilder::new(9).report_blocks(blocks.as_slice());
    let written = report.to_vec().unwrap();
    assert_eq!((written.len(), written[0]), (8 + 31 * 24, 0x9f));
    let compound = RtcpCompound::parse(&written).unwrap();
    let Some(Ok(RtcpPacket::ReceiverReport(report))) = compound.packets().next() else {
        panic!("a receiver report");
    };
    assert_eq!(report.report_blocks().len(), 31);
    assert!(report.report_blocks().eq(blocks));
    // One block less than the count says.
    let mut short = written[..written.len() - 24].to_vec();
    [short[2], short[3]] = ((short.len() / 4 - 1) as u16).to_be_bytes();
    let compound = RtcpCompound::parse(&short).unwrap();
    assert_eq!(
        compound.packets().next().unwrap().unwrap_err().field(),
        "report blocks"
    );
}

#[test]
fn sender_report_a_word_short() {
    let error = body_error("80c80005 00000001 00000000 00000000 00000000 00000000");
    assert_eq!((error.field(), error.offset()), ("sender information", 8));
    assert!(strict("80c80006 00000001 00000000 00000000 00000000 00000000 00000000").is_ok());
}

#[test]
fn second_packet_with_version_0() {
    refused(
        &format!("{RR} 00cb0000"),
        ErrorKind::UnsupportedVersion,
        "RTCP version",
        8,
    );
    let lenient = RtcpCompound::parse_lenient(hex(&format!("{RR} 00cb0000"))).unwrap();
    assert_eq!(lenient.packets().count(), 1);
    assert_eq!(lenient.trailing(), hex("00cb0000"));
}

#[test]
fn padding_in_a_packet_that_is_not_last() {
    let padded = "a0cb0001 00000004";
    let digits = format!("{RR} {padded} 80cb0000");
    refused(&digits, ErrorKind::InvalidPadding, "padding bit", 8);
    let lenient = RtcpCompound::parse_lenient(hex(&digits)).unwrap();
    assert_eq!(lenient.packets().filter(Result::is_ok).count(), 3);
    // In the last it is well.
    assert!(strict(&format!("{RR} {padded}")).is_ok());
    // In the first it is not, even if that is the last (A.2).
    refused(
        "a0c90002 00000001 00000004",
        ErrorKind::InvalidPadding,
        "padding bit",
        0,
    );
}

#[test]
fn padding_count_0_or_odd_or_beyond_the_packet() {
    for count in ["00", "03", "05", "08", "ff"] {
        let digits = format!("{RR} a0cb0001 000000{count}");
        refused(&digits, ErrorKind::InvalidPadding, "RTCP padding count", 15);
    }
    // The header itself is no padding.
    refused(
        &format!("{RR} a0040000"),
        ErrorKind::InvalidPadding,
        "RTCP padding count",
        11,
    );
}

#[test]
fn three_trailing_bytes() {
    let digits = format!("{RR} 000000");
    refused(&digits, ErrorKind::Truncated, "RTCP header", 8);
    let lenient = RtcpCompound::parse_lenient(hex(&digits)).unwrap();
    assert_eq!(
        (lenient.packets().count(), lenient.trailing().len()),
        (1, 3)
    );
}

#[test]
fn bye_first() {
    let digits = "81cb0001 00000001";
    refused(
        digits,
        ErrorKind::UnexpectedPacketType,
        "first packet type",
        1,
    );
    assert!(RtcpCompound::parse_reduced_size(hex(digits)).is_ok());
    assert!(RtcpCompound::parse_lenient(hex(digits)).is_ok());
}

#[test]
fn bye_with_no_source_is_valid() {
    let compound = strict(&format!("{RR} 80cb0000")).unwrap();
    let Some(Ok(RtcpPacket::Bye(bye))) = compound.packets().nth(1) else {
        panic!("a BYE");
    };
    assert_eq!((bye.ssrcs().len(), bye.reason()), (0, None));
}

#[test]
fn reason_overrun() {
    let error = body_error("81cb0002 00000001 04616263");
    assert_eq!((error.field(), error.offset()), ("reason for leaving", 8));
    let compound = RtcpCompound::parse_reduced_size(hex("81cb0002 00000001 03616263")).unwrap();
    let Some(Ok(RtcpPacket::Bye(bye))) = compound.packets().next() else {
        panic!("a BYE");
    };
    assert_eq!(bye.reason(), Some(&b"abc"[..]));
}

#[test]
fn more_sources_than_the_bye_has() {
    let error = body_error("82cb0001 00000001");
    assert_eq!((error.field(), error.offset()), ("source count", 0));
}

#[test]
fn sdes_chunk_without_end() {
    let error = body_error("81ca0002 00000001 01026161");
    assert_eq!((error.field(), error.offset()), ("SDES chunk", 12));
    assert_eq!(body_error("81ca0001 00000001").field(), "SDES chunk");
    assert_eq!(body_error("81ca0000").field(), "SDES chunk");
}

#[test]
fn sdes_chunk_with_one_null() {
    let compound = RtcpCompound::parse_reduced_size(hex("81ca0002 00000001 01016100")).unwrap();
    let Some(Ok(RtcpPacket::Sdes(sdes))) = compound.packets().next() else {
        panic!("an SDES packet");
    };
    assert_eq!(sdes.chunks().next().unwrap().cname(), Some(&b"a"[..]));
}

#[test]
fn sdes_item_overrun() {
    let error = body_error("81ca0002 00000001 01036162");
    assert_eq!((error.field(), error.offset()), ("SDES item", 8));
    // A type without its length.
    assert_eq!(
        body_error("81ca0002 00000001 01016101").field(),
        "SDES item"
    );
}

#[test]
fn second_chunk_whose_ssrc_begins_with_00() {
    // The null octets of the first chunk end at the word; the next four octets are an SSRC.
    let digits = "82ca0005 00000001 01026161 00000000 00000002 00000000";
    let compound = RtcpCompound::parse_reduced_size(hex(digits)).unwrap();
    let Some(Ok(RtcpPacket::Sdes(sdes))) = compound.packets().next() else {
        panic!("an SDES packet");
    };
    let chunks: Vec<_> = sdes
        .chunks()
        .map(|c| (c.ssrc(), c.items().count()))
        .collect();
    assert_eq!(chunks, [(1, 1), (2, 0)]);
}

#[test]
fn private_prefix_longer_than_its_item() {
    let digits = "81ca0003 00000001 0803056162 000000";
    let compound = RtcpCompound::parse_reduced_size(hex(digits)).unwrap();
    let Some(Ok(RtcpPacket::Sdes(sdes))) = compound.packets().next() else {
        panic!("an SDES packet");
    };
    let item = sdes.chunks().next().unwrap().items().next().unwrap();
    // The item is there as it is; what its prefix would be is not made up.
    assert_eq!(item.item_type, SdesType::PRIV);
    assert_eq!((item.value, item.private()), (&[5, b'a', b'b'][..], None));
}

#[test]
fn every_sdes_item_there_and_back() {
    let types = [
        SdesType::CNAME,
        SdesType::NAME,
        SdesType::EMAIL,
        SdesType::PHONE,
        SdesType::LOC,
        SdesType::TOOL,
        SdesType::NOTE,
    ];
    let mut items: Vec<_> = types.map(|t| SdesItemBuilder::new(t, b"text")).into();
    items.push(SdesItemBuilder::Private {
        prefix: b"vendor",
        value: b"42",
    });
    let chunks = [
        SdesChunkBuilder::new(1, &items),
        SdesChunkBuilder::new(2, &[]),
    ];
    let written = poisoned(&SdesBuilder::new(&chunks));
    let compound = RtcpCompound::parse_reduced_size(&written).unwrap();
    let Some(Ok(RtcpPacket::Sdes(sdes))) = compound.packets().next() else {
        panic!("an SDES packet");
    };
    let chunk = sdes.chunks().next().unwrap();
    for item_type in types {
        assert_eq!(chunk.item(item_type), Some(&b"text"[..]));
    }
    let private = chunk.items().last().unwrap().private();
    assert_eq!(private, Some((&b"vendor"[..], &b"42"[..])));
    assert!(sdes.chunks().map(|chunk| chunk.ssrc()).eq([1, 2]));
}

#[test]
fn an_item_of_type_end_is_refused() {
    let items = [SdesItemBuilder::new(SdesType::END, b"")];
    let chunks = [SdesChunkBuilder::new(1, &items)];
    let refused = WriteError::OutOfRange { field: "SDES type" };
    assert_eq!(SdesBuilder::new(&chunks).to_vec(), Err(refused));
}

#[test]
fn unknown_types_inside_a_compound_are_kept() {
    let digits = format!("{RR} 85ff0001 a1b2c3d4 81cd0002 00000001 00000002 80cb0000");
    let compound = strict(&digits).unwrap();
    let packets: Vec<_> = compound.packets().collect();
    let Ok(RtcpPacket::Other(other)) = packets[1] else {
        panic!("an unknown packet");
    };
    assert_eq!((other.packet_type().0, other.count()), (255, 5));
    assert_eq!(other.as_bytes(), hex("85ff0001 a1b2c3d4"));
    assert_eq!(other.body(), hex("a1b2c3d4"));
    // The generic NACK lacks its entry; what surrounds it is not lost.
    let Ok(RtcpPacket::TransportFeedback(feedback)) = packets[2] else {
        panic!("transport feedback");
    };
    assert_eq!(feedback.message().unwrap_err().field(), "Generic NACK");
    assert!(matches!(packets[3], Ok(RtcpPacket::Bye(_))));
}

#[test]
fn a_bad_body_does_not_lose_the_other_packets() {
    let digits = format!("{RR} 81cb0000 80cc0002 00000001 74657374");
    let compound = strict(&digits).unwrap();
    let packets: Vec<_> = compound.packets().collect();
    assert_eq!(packets[1].unwrap_err().offset(), 8);
    let Ok(RtcpPacket::App(app)) = packets[2] else {
        panic!("an APP packet");
    };
    assert_eq!((app.ssrc(), app.name(), app.data().len()), (1, *b"test", 0));
}

#[test]
fn xr_block_past_the_end() {
    let error = body_error("80cf0003 00000001 04000002 00000000");
    assert_eq!((error.field(), error.offset()), ("XR block", 8));
}

#[test]
fn lost_counts_at_the_edges() {
    for (digits, lost) in [
        ("fffffe", -2),
        ("800000", -0x80_0000),
        ("7fffff", 0x7f_ffff),
    ] {
        let block = hex(&format!("00000001 07{digits} {}", "00".repeat(16)));
        let block = ReportBlock::from_bytes(block.first_chunk().unwrap());
        assert_eq!((block.cumulative_lost, block.fraction_lost), (lost, 7));
        assert_eq!(ReportBlock::from_bytes(&block.to_bytes()), block);
    }
}

#[test]
fn thirty_one_byes_in_a_datagram() {
    let digits = format!("{RR} {}", "81cb0001 00000007".repeat(31));
    let compound = strict(&digits).unwrap();
    let byes = compound
        .packets()
        .filter(|p| matches!(p, Ok(RtcpPacket::Bye(_))));
    assert_eq!(byes.count(), 31);
}

#[test]
fn thirty_two_sources_need_two_reports() {
    let blocks: Vec<_> = (0..32)
        .map(|ssrc| ReportBlock {
            ssrc,
            ..ReportBlock::default()
        })
        .collect();
    let bye = ByeBuilder::new(&[1]);
    let packets: [&dyn RtcpWrite; 1] = [&bye];
    let items = [SdesItemBuilder::new(SdesType::TOOL, b"phone")];
    let compound = ReportCompoundBuilder::new(1, b"me@example.org")
        .sender_info(SenderInfo::default())
        .sdes_items(&items)
        .packets(&packets);
    let mut buffer = [0xa5; 1200];
    let len = compound.write_into(&blocks, &mut buffer).unwrap();
    assert_eq!(len, compound.encoded_len(32));
    let compound = RtcpCompound::parse(&buffer[..len]).unwrap();
    let packets: Vec<_> = compound.packets().map(Result::unwrap).collect();
    let [
        RtcpPacket::SenderReport(first),
        RtcpPacket::ReceiverReport(second),
        RtcpPacket::Sdes(sdes),
        RtcpPacket::Bye(_),
    ] = packets[..]
    else {
        panic!("SR, RR, SDES, BYE: {packets:?}");
    };
    assert_eq!((first.ssrc(), second.ssrc()), (1, 1));
    let chunk = sdes.chunks().next().unwrap();
    assert_eq!(
        (chunk.ssrc(), chunk.cname()),
        (1, Some(&b"me@example.org"[..]))
    );
    assert_eq!(chunk.item(SdesType::TOOL), Some(&b"phone"[..]));
    assert!(
        first
            .report_blocks()
            .chain(second.report_blocks())
            .eq(blocks)
    );
}

#[test]
fn a_compound_fits_its_datagram_and_every_source_has_its_turn() {
    let sources = 100;
    let compound = ReportCompoundBuilder::new(1, b"me@example.org");
    let mut rotation = ReportRotation::default();
    let mut turns = vec![0; sources];
    let capacity = compound.report_capacity(1200);
    for _ in 0..20 {
        let blocks: Vec<_> = rotation
            .take(sources, capacity)
            .map(|index| ReportBlock {
                ssrc: index as u32,
                ..ReportBlock::default()
            })
            .collect();
        let mut buffer = [0; 1200];
        let len = compound.write_into(&blocks, &mut buffer).unwrap();
        let read = RtcpCompound::parse(&buffer[..len]).unwrap();
        for packet in read.packets() {
            if let Ok(RtcpPacket::ReceiverReport(report)) = packet {
                report
                    .report_blocks()
                    .for_each(|block| turns[block.ssrc as usize] += 1);
            }
        }
    }
    let (least, most) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
    assert!(most - least <= 1 && *least > 0, "{least} to {most}");
}

#[test]
fn a_datagram_is_padded_at_its_end_only() {
    let mut buffer = [0xa5; 64];
    assert_eq!(CompoundWriter::new(&mut buffer).finish_padded(8), Ok(0));
    assert!(CompoundWriter::new(&mut buffer).finish_padded(6).is_err());
    let mut writer = CompoundWriter::new(&mut buffer);
    writer.push(&ReceiverReportBuilder::new(1)).unwrap();
    writer.push(&ByeBuilder::new(&[1]).reason(b"bye")).unwrap();
    assert_eq!(writer.len(), 20);
    let len = writer.finish_padded(16).unwrap();
    assert_eq!(
        buffer[..len],
        hex("80c90001 00000001 a1cb0005 00000001 03627965 00000000 00000000 0000000c")
    );
    let compound = RtcpCompound::parse(&buffer[..len]).unwrap();
    let raw = compound.packets().nth(1).unwrap();
    let Ok(RtcpPacket::Bye(bye)) = raw else {
        panic!("a BYE");
    };
    assert_eq!(bye.reason(), Some(&b"bye"[..]));
    let mut raws = compound.packets();
    raws.next_raw();
    assert_eq!(raws.next_raw().unwrap().padding_len(), 12);
    // No room for the padding.
    let mut writer = CompoundWriter::new(&mut buffer[..20]);
    writer
        .push(&AppBuilder::new(1, *b"test").subtype(31))
        .unwrap();
    assert_eq!(
        writer.finish_padded(32),
        Err(WriteError::BufferTooSmall {
            needed: 32,
            available: 20
        })
    );
}

/// The packet, written over octets that are all wrong before.
fn poisoned(packet: &dyn RtcpWrite) -> Vec<u8> {
    let mut zeros = vec![0; packet.encoded_len() + 4];
    let mut ones = vec![0xff; packet.encoded_len() + 4];
    let len = packet.write_into(&mut zeros).unwrap();
    assert_eq!(packet.write_into(&mut ones), Ok(len));
    assert_eq!(len, packet.encoded_len());
    assert_eq!(zeros[..len], ones[..len], "an octet was not written");
    assert_eq!(ones[len..], [0xff; 4], "an octet too many was written");
    let needed = WriteError::BufferTooSmall {
        needed: len,
        available: len - 1,
    };
    assert_eq!(packet.write_into(&mut zeros[..len - 1]), Err(needed));
    zeros.truncate(len);
    zeros
}

#[test]
fn sender_report_there_and_back() {
    let info = SenderInfo {
        ntp_timestamp: NtpTimestamp {
            seconds: 0xe5f0_a1b2,
            fraction: 0x8000_0000,
        },
        rtp_timestamp: Timestamp(80_000),
        packet_count: 500,
        octet_count: 80_001,
    };
    let block = ReportBlock {
        ssrc: 0xcafe_babe,
        fraction_lost: 3,
        cumulative_lost: -17,
        extended_highest_sequence: 0x1_0004,
        jitter: 31,
        last_sr: info.ntp_timestamp.to_short(),
        delay_since_last_sr: NtpShort(0x1_0000),
    };
    let blocks = [block];
    let builder = SenderReportBuilder::new(0xdead_beef, info)
        .report_blocks(&blocks)
        .profile_extension(&[1, 2, 3, 4]);
    let written = poisoned(&builder);
    let layout = "81c8000d deadbeef e5f0a1b2 80000000 00013880 000001f4 00013881
                  cafebabe 03ffffef 00010004 0000001f a1b28000 00010000 01020304";
    assert_eq!(written, hex(layout));
    let compound = RtcpCompound::parse(&written).unwrap();
    let Some(Ok(RtcpPacket::SenderReport(report))) = compound.packets().next() else {
        panic!("a sender report");
    };
    assert_eq!((report.ssrc(), report.info()), (0xdead_beef, info));
    assert!(report.report_blocks().eq([block]));
    assert_eq!(report.profile_extension(), [1, 2, 3, 4]);
}

#[test]
fn transport_feedback_there_and_back() {
    let nacks = [Nack {
        packet_id: SequenceNumber(100),
        following: 3,
    }];
    let limits = [Tmmb::new(5, 1_000_000, 40), Tmmb::new(6, 64_000, 40)];
    let arrivals = [Some(4), None, Some(-3)];
    for (message, layout) in [
        (
            TransportMessage::GenericNack((&nacks).into()),
            "81cd0003 00000001 00000002 00640003",
        ),
        (
            TransportMessage::MaxBitRateRequest((&limits[..1]).into()),
            "83cd0004 00000001 00000002 00000005 0fd09028",
        ),
        (
            TransportMessage::MaxBitRateNotification((&limits).into()),
            "84cd0006 00000001 00000002 00000005 0fd09028 00000006 01f40028",
        ),
        (
            TransportMessage::TransportWide(TransportWide::new(SequenceNumber(9), 2, 7, &arrivals)),
            "8fcd0006 00000001 00000002 00090003 00000207 d20004ff fd000000",
        ),
        (
            TransportMessage::Other {
                format: 30,
                fci: &[1, 2, 3, 4],
            },
            "9ecd0003 00000001 00000002 01020304",
        ),
    ] {
        let written = poisoned(&TransportFeedbackBuilder::new(1, 2, message.clone()));
        assert_eq!(written, hex(layout));
        let compound = RtcpCompound::parse_reduced_size(&written).unwrap();
        let Some(Ok(RtcpPacket::TransportFeedback(read))) = compound.packets().next() else {
            panic!("transport feedback");
        };
        assert_eq!((read.sender_ssrc(), read.media_ssrc()), (1, 2));
        let read = read.message().unwrap();
        assert_eq!(
            written,
            poisoned(&TransportFeedbackBuilder::new(1, 2, read))
        );
    }
}

#[test]
fn payload_feedback_there_and_back() {
    let slices = [Sli {
        first: 100,
        number: 5,
        picture_id: 1,
    }];
    let requests = [Fir {
        ssrc: 5,
        sequence_number: 255,
    }];
    for (message, layout) in [
        (PayloadMessage::PictureLoss, "81ce0002 00000001 00000002"),
        (
            PayloadMessage::SliceLoss((&slices).into()),
            "82ce0003 00000001 00000002 03200141",
        ),
        (
            PayloadMessage::ReferencePictureSelection(Rpsi::new(96, &[0xab, 0xff, 0xff], 4)),
            "83ce0004 00000001 00000002 1c60abff f0000000",
        ),
        (
            PayloadMessage::FullIntraRequest((&requests).into()),
            "84ce0004 00000001 00000000 00000005 ff000000",
        ),
        (
            PayloadMessage::Application(b"REMBabcd"),
            "8fce0004 00000001 00000002 52454d42 61626364",
        ),
        (
            PayloadMessage::Other {
                format: 6,
                fci: &[],
            },
            "86ce0002 00000001 00000002",
        ),
    ] {
        let media = match message {
            PayloadMessage::FullIntraRequest(_) => 0,
            _ => 2,
        };
        let written = poisoned(&PayloadFeedbackBuilder::new(1, media, message.clone()));
        assert_eq!(written, hex(layout));
        let compound = RtcpCompound::parse_reduced_size(&written).unwrap();
        let Some(Ok(RtcpPacket::PayloadFeedback(read))) = compound.packets().next() else {
            panic!("payload-specific feedback");
        };
        assert_eq!((read.sender_ssrc(), read.media_ssrc()), (1, media));
        let read = read.message().unwrap();
        assert_eq!(
            written,
            poisoned(&PayloadFeedbackBuilder::new(1, media, read))
        );
    }
}

#[test]
fn reference_picture_bits_and_their_padding() {
    let digits = "83ce0003 00000001 00000002 0be0abc0";
    let compound = RtcpCompound::parse_reduced_size(hex(digits)).unwrap();
    let Some(Ok(RtcpPacket::PayloadFeedback(feedback))) = compound.packets().next() else {
        panic!("payload-specific feedback");
    };
    let Ok(PayloadMessage::ReferencePictureSelection(rpsi)) = feedback.message() else {
        panic!("an RPSI");
    };
    // The bit before the payload type does not count; 11 of 16 bits are padding.
    assert_eq!(
        (rpsi.payload_type(), rpsi.bits(), rpsi.unused_bits()),
        (0x60, &[0xab][..], 3)
    );
    for padding in ["11", "17", "ff"] {
        let digits = format!("83ce0003 00000001 00000002 {padding}60abc0");
        let compound = RtcpCompound::parse_reduced_size(hex(&digits)).unwrap();
        let Some(Ok(RtcpPacket::PayloadFeedback(feedback))) = compound.packets().next() else {
            panic!("payload-specific feedback");
        };
        assert_eq!(feedback.message().unwrap_err().field(), "RPSI", "{padding}");
    }
}

#[test]
fn feedback_of_the_wrong_length() {
    for (digits, field) in [
        ("81cd0001 00000001", "feedback packet"),
        ("81ce0001 00000001", "feedback packet"),
    ] {
        assert_eq!(body_error(digits).field(), field);
    }
    for (digits, field) in [
        ("83cd0003 00000001 00000002 00000003", "TMMBR"),
        ("83cd0002 00000001 00000002", "TMMBR"),
        ("84cd0003 00000001 00000002 00000003", "TMMBN"),
        (
            "8fcd0003 00000001 00000002 00000003",
            "transport-wide feedback",
        ),
        ("81ce0003 00000001 00000002 00000003", "PLI"),
        ("82ce0002 00000001 00000002", "SLI"),
        ("83ce0002 00000001 00000002", "RPSI"),
        ("84ce0003 00000001 00000002 00000003", "FIR"),
    ] {
        let compound = RtcpCompound::parse_reduced_size(hex(digits)).unwrap();
        let error = match compound.packets().next() {
            Some(Ok(RtcpPacket::TransportFeedback(feedback))) => feedback.message().unwrap_err(),
            Some(Ok(RtcpPacket::PayloadFeedback(feedback))) => feedback.message().unwrap_err(),
            other => panic!("feedback: {other:?}"),
        };
        assert_eq!((error.field(), error.offset()), (field, 12));
    }
}

/// One block of each kind.
fn xr_blocks<'a>() -> Vec<XrBlock<'a>> {
    const CHUNKS: [RleChunk; 2] = [RleChunk(0x4005), RleChunk::bit_vector(0x7001)];
    let rle = Rle {
        thinning: 1,
        ssrc: 2,
        begin: SequenceNumber(10),
        end: SequenceNumber(50),
        chunks: (&CHUNKS).into(),
    };
    vec![
        XrBlock::LossRle(rle.clone()),
        XrBlock::DuplicateRle(rle),
        XrBlock::PacketReceiptTimes(ReceiptTimes {
            thinning: 0,
            ssrc: 2,
            begin: SequenceNumber(65_535),
            end: SequenceNumber(1),
            times: (&[1000, 1160]).into(),
        }),
        XrBlock::ReceiverReferenceTime(NtpTimestamp {
            seconds: 1,
            fraction: 2,
        }),
        XrBlock::Dlrr(
            (&[DlrrItem {
                ssrc: 3,
                last_rr: NtpShort(4),
                delay_since_last_rr: NtpShort(5),
            }])
                .into(),
        ),
        XrBlock::StatisticsSummary(StatisticsSummary {
            ssrc: 2,
            begin: SequenceNumber(1),
            end: SequenceNumber(2),
            lost: Some(3),
            duplicates: None,
            jitter: Some(JitterSummary {
                min: 1,
                max: 9,
                mean: 4,
                deviation: 2,
            }),
            hop_limits: Some(HopLimits {
                ipv6: true,
                min: 50,
                max: 60,
                mean: 55,
                deviation: 3,
            }),
        }),
        XrBlock::VoipMetrics(VoipMetrics {
            ssrc: 2,
            loss_rate: 1,
            discard_rate: 2,
            burst_density: 3,
            gap_density: 4,
            burst_duration: 500,
            gap_duration: 600,
            round_trip_delay: 700,
            end_system_delay: 800,
            signal_level: -20,
            noise_level: -60,
            rerl: 45,
            gmin: 16,
            r_factor: 94,
            external_r_factor: VoipMetrics::UNKNOWN,
            mos_lq: 44,
            mos_cq: 43,
            receiver_configuration: 0b1110_0011,
            jitter_buffer_nominal: 40,
            jitter_buffer_maximum: 80,
            jitter_buffer_absolute_maximum: 200,
        }),
        XrBlock::Other {
            block_type: 200,
            type_specific: 7,
            contents: &[1, 2, 3, 4],
        },
    ]
}

#[test]
fn every_xr_block_there_and_back() {
    let blocks = xr_blocks();
    let written = poisoned(&ExtendedReportBuilder::new(1, &blocks));
    let compound = RtcpCompound::parse_reduced_size(&written).unwrap();
    let Some(Ok(RtcpPacket::ExtendedReport(report))) = compound.packets().next() else {
        panic!("an extended report");
    };
    assert_eq!(report.ssrc(), 1);
    let read: Vec<_> = report.blocks().map(Result::unwrap).collect();
    assert_eq!(read, blocks);
    // The layout of a block with a field of each width (RFC 3611 §4.5, §4.7).
    let find = |digits: &str| written.windows(digits.len() / 2).any(|w| w == hex(digits));
    assert!(find("05000003000000030000000400000005"));
    assert!(find("070000080000000201020304"));
    assert!(find("01f4025802bc0320ecc42d105e7f2c2be3000028005000c8"));
}

#[test]
fn xr_blocks_of_the_wrong_length_do_not_lose_the_others() {
    for (block, field) in [
        ("01000001 00000001", "RLE report block"),
        ("02000000", "RLE report block"),
        ("03000001 00000001", "packet receipt times block"),
        ("04000001 00000001", "receiver reference time block"),
        ("05000001 00000001", "DLRR block"),
        ("06000001 00000001", "statistics summary block"),
        ("07000001 00000001", "VoIP metrics block"),
    ] {
        let good = "04000002 00000001 00000002";
        let words = 1 + hex(block).len() / 4 + 3;
        let digits = format!("80cf{words:04x} 00000001 {block} {good}");
        let compound = RtcpCompound::parse_reduced_size(hex(&digits)).unwrap();
        let Some(Ok(RtcpPacket::ExtendedReport(report))) = compound.packets().next() else {
            panic!("an extended report");
        };
        let blocks: Vec<_> = report.blocks().collect();
        let error = blocks[0].clone().unwrap_err();
        assert_eq!((error.field(), error.offset()), (field, 8));
        assert!(matches!(blocks[1], Ok(XrBlock::ReceiverReferenceTime(_))));
    }
}

#[test]
fn reduced_size_needs_no_report_first() {
    let nack = "81cd0003 00000001 00000002 00640003";
    assert!(strict(nack).is_err());
    let compound = RtcpCompound::parse_reduced_size(hex(nack)).unwrap();
    let Some(Ok(RtcpPacket::TransportFeedback(feedback))) = compound.packets().next() else {
        panic!("transport feedback");
    };
    let Ok(TransportMessage::GenericNack(mut nacks)) = feedback.message() else {
        panic!("a generic NACK");
    };
    let lost: Vec<u16> = nacks.next().unwrap().lost().map(|n| n.0).collect();
    assert_eq!(lost, [100, 101, 102]);
    // Padding is well in a lone packet, and all else as strict as ever.
    assert!(RtcpCompound::parse_reduced_size(hex("a0cb0001 00000004")).is_ok());
    assert!(RtcpCompound::parse_reduced_size(hex("80cb0001")).is_err());
}
