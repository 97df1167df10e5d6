//! Mistakes that an older implementation made, each with what would show it again.

use core::time::Duration;

use rfc3550_rtp::{
    AppBuilder, ByeBuilder, NtpShort, NtpTimestamp, PacketType, ReceiverReportBuilder, ReportBlock,
    RtcpCompound, RtcpPacket, RtcpWrite, RtpPacket, RtpPacketBuilder, SdesBuilder,
    SdesChunkBuilder, SdesItemBuilder, SdesType, SequenceNumber, SourceStatistics, Timestamp,
    WriteError, round_trip_time,
};

use crate::hex;

#[test]
fn padding_is_added_only_when_asked_for() {
    for len in 0..8 {
        let payload = vec![0xd5; len];
        let packet = RtpPacketBuilder::new().payload(&payload).to_vec().unwrap();
        assert_eq!((packet.len(), packet[0]), (12 + len, 0x80));
    }
}

#[test]
fn sixteen_csrcs_are_refused_not_counted_as_15() {
    let error = RtpPacketBuilder::new()
        .csrcs(&[1; 16])
        .to_vec()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "too many contributing sources: at most 15"
    );
}

#[test]
fn a_padding_count_of_0_or_beyond_the_packet_is_refused() {
    for last in ["00", "0e", "ff"] {
        let packet = hex(&format!("a0000001 000000a0 11223344 d5{last}"));
        assert_eq!(
            RtpPacket::parse(packet).unwrap_err().field(),
            "padding count",
            "{last}"
        );
    }
}

#[test]
fn types_of_205_and_above_do_not_spoil_the_compound() {
    for packet_type in 205..=255u8 {
        // Twelve octets of zeros are a good body for every type known.
        let unknown = format!("80{packet_type:02x}0002 00000000 00000000");
        let datagram = hex(&format!("80c90001 00000001 {unknown} 81cb0001 00000001"));
        let compound = RtcpCompound::parse(&datagram).unwrap();
        let packets: Vec<_> = compound.packets().collect();
        assert_eq!(packets.len(), 3);
        assert!(packets[1].is_ok(), "{packet_type}: {packets:?}");
        assert!(matches!(packets[2], Ok(RtcpPacket::Bye(_))));
    }
}

#[test]
fn the_end_of_an_sdes_chunk_is_one_octet() {
    // CNAME of one octet: three octets of item, one that ends the chunk, and the next follows.
    let items = [SdesItemBuilder::cname(b"a")];
    let chunks = [
        SdesChunkBuilder::new(1, &items),
        SdesChunkBuilder::new(2, &items),
    ];
    let written = SdesBuilder::new(&chunks).to_vec().unwrap();
    assert_eq!(written, hex("82ca0004 00000001 01016100 00000002 01016100"));
    let compound = RtcpCompound::parse_reduced_size(&written).unwrap();
    let Some(Ok(RtcpPacket::Sdes(sdes))) = compound.packets().next() else {
        panic!("an SDES packet");
    };
    let names: Vec<_> = sdes.chunks().map(|c| (c.ssrc(), c.cname())).collect();
    assert_eq!(names, [(1, Some(&b"a"[..])), (2, Some(&b"a"[..]))]);
}

#[test]
fn a_text_of_255_is_255_octets_and_256_is_refused() {
    let text = [b'x'; 256];
    let sdes = |len| {
        let items = [SdesItemBuilder::new(SdesType::NOTE, &text[..len])];
        SdesBuilder::new(&[SdesChunkBuilder::new(1, &items)]).to_vec()
    };
    let written = sdes(255).unwrap();
    // Header, SSRC, item of 257, null octets to the next word.
    assert_eq!((written.len(), written[9]), (8 + 260, 255));
    let too_long = WriteError::TooMany {
        field: "octets of SDES item",
        limit: 255,
    };
    assert_eq!(sdes(256), Err(too_long));
    assert_eq!(
        ByeBuilder::new(&[1])
            .reason(&text[..255])
            .to_vec()
            .unwrap()
            .len(),
        8 + 256
    );
    assert!(ByeBuilder::new(&[1]).reason(&text).to_vec().is_err());
}

#[test]
fn bye_and_app_are_whole_words() {
    for len in 0..9 {
        let bye = ByeBuilder::new(&[1])
            .reason(&b"lunchtime"[..len])
            .to_vec()
            .unwrap();
        assert_eq!(bye.len() % 4, 0);
        assert_eq!(usize::from(bye[3]), bye.len() / 4 - 1);
        assert!(bye[9 + len..].iter().all(|&octet| octet == 0));
    }
    let app = AppBuilder::new(1, *b"test");
    let refused = WriteError::NotWholeWords { field: "packet" };
    assert_eq!(app.data(b"abcde").to_vec(), Err(refused));
    assert_eq!(
        app.data(b"abcd").to_vec().unwrap(),
        hex("80cc0003 00000001 74657374 61626364")
    );
}

#[test]
fn thirty_two_report_blocks_do_not_encode_as_0() {
    let blocks = [ReportBlock::default(); 32];
    let report = |count| {
        ReceiverReportBuilder::new(1)
            .report_blocks(&blocks[..count])
            .to_vec()
    };
    let too_many = WriteError::TooMany {
        field: "report blocks",
        limit: 31,
    };
    assert_eq!(report(32), Err(too_many));
    assert_eq!(report(31).unwrap()[0], 0x80 | 31);
}

#[test]
fn reports_begin_with_the_ssrc_of_their_sender() {
    let report = ReceiverReportBuilder::new(0x0102_0304).to_vec().unwrap();
    assert_eq!(report, hex("80c90001 01020304"));
}

#[test]
fn a_lost_count_beyond_24_bits_is_clamped_and_read_with_its_sign() {
    for (lost, read) in [(0x80_0000, 0x7f_ffff), (i32::MIN, -0x80_0000), (-1, -1)] {
        let block = ReportBlock {
            cumulative_lost: lost,
            ..ReportBlock::default()
        };
        let report = ReceiverReportBuilder::new(1)
            .report_blocks(&[block])
            .to_vec()
            .unwrap();
        assert_eq!(
            ReportBlock::from_bytes(report[8..].first_chunk().unwrap()).cumulative_lost,
            read
        );
    }
}

#[test]
fn received_is_counted_once_and_goes_on_after_a_report() {
    let mut source = SourceStatistics::new(SequenceNumber(1));
    for number in 1..=10 {
        source.receive(SequenceNumber(number), Timestamp(0), 0);
    }
    assert_eq!(source.sequence().received(), 9);
    source.take_report_block(1, NtpShort(0), NtpShort(0));
    assert_eq!(source.sequence().received(), 9);
    assert_eq!(source.sequence().lost(), 0);
}

#[test]
fn steps_in_sequence_are_taken_modulo_2_to_the_16() {
    let mut source = SourceStatistics::new(SequenceNumber(65_530));
    for number in (65_530..=65_535).chain(0..=5) {
        let reception = source.receive(SequenceNumber(number), Timestamp(0), 0);
        assert_eq!(reception.is_counted(), number != 65_530, "{number}");
    }
    assert_eq!(
        (source.sequence().lost(), source.sequence().jumps()),
        (0, 0)
    );
}

#[test]
fn packets_on_probation_are_not_to_be_used() {
    let mut source = SourceStatistics::new(SequenceNumber(1));
    assert!(
        !source
            .receive(SequenceNumber(1), Timestamp(0), 0)
            .is_counted()
    );
    assert!(!source.sequence().is_valid());
    assert!(
        source
            .receive(SequenceNumber(2), Timestamp(0), 0)
            .is_counted()
    );
}

#[test]
fn jitter_starts_without_the_first_packets_random_offset_and_wraps() {
    let mut source = SourceStatistics::new(SequenceNumber(1));
    let (first, arrival) = (0xffff_ff00u32, 0x8000_0000u32);
    for n in 0..10u32 {
        let timestamp = Timestamp(first.wrapping_add(160 * n));
        source.receive(
            SequenceNumber(1 + n as u16),
            timestamp,
            arrival.wrapping_add(160 * n),
        );
    }
    assert_eq!(source.jitter().units(), 0);
}

#[test]
fn the_delay_since_a_report_counts_from_its_arrival() {
    // The sender's clock is an hour ahead; the report took no time; we held it for 5 s.
    let sent = NtpTimestamp::from_unix(Duration::from_secs(1_000_003_600));
    let delay = NtpShort::from_duration(Duration::from_secs(5));
    let back = NtpTimestamp::from_unix(Duration::from_secs(1_000_003_606)).to_short();
    let time = round_trip_time(back, sent.to_short(), delay);
    assert_eq!(time, Some(Duration::from_secs(1)));
}

#[test]
fn packet_types_are_those_of_the_rfc() {
    let types = [
        PacketType::SR,
        PacketType::RR,
        PacketType::SDES,
        PacketType::BYE,
        PacketType::APP,
        PacketType::RTPFB,
        PacketType::PSFB,
        PacketType::XR,
    ];
    assert!(types.iter().map(|packet_type| packet_type.0).eq(200..=207));
}
