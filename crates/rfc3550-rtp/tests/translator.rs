//! Translators between two clouds (RFC 3550 §7.1, §7.2, §8.2).

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use proptest::prelude::*;
use rfc3550_rtp::feedback::{
    Fir, Nack, PayloadFeedbackBuilder, PayloadMessage, Tmmb, TransportFeedbackBuilder,
    TransportMessage,
};
use rfc3550_rtp::translator::{NotForwarded, StreamTranslation, Translator, TranslatorConfig};
use rfc3550_rtp::xr::ExtendedReportBuilder;
use rfc3550_rtp::{
    AppBuilder, ByeBuilder, NtpShort, NtpTimestamp, ReportBlock, ReportCompoundBuilder,
    RtcpCompound, RtcpPacket, RtcpWrite, RtpPacket, RtpPacketBuilder, SdesItemBuilder, SdesType,
    SenderInfo, SequenceNumber, SourceStatistics, Timestamp,
};

/// A source in the first cloud, and a receiver in the second.
const SOURCE: u32 = 0x0a0a_0a0a;
const RECEIVER: u32 = 0x0b0b_0b0b;

struct Bench {
    translator: Translator,
    now: Instant,
}

impl Bench {
    fn new(stream: StreamTranslation) -> Self {
        let mut translator = Translator::new(TranslatorConfig::default());
        assert!(translator.set_stream(stream));
        Self {
            translator,
            now: Instant::now(),
        }
    }

    fn rtp(&mut self, cloud: usize, packet: RtpPacketBuilder<'_>) -> Result<Packet, NotForwarded> {
        let mut packet = RtpPacket::parse(packet.to_vec().unwrap()).unwrap();
        let from = address(cloud);
        self.translator
            .forward_rtp(self.now, cloud, from, &mut packet)?;
        Ok(packet)
    }

    fn numbered(&mut self, number: u16, timestamp: u32) -> Packet {
        let packet = RtpPacketBuilder::new()
            .ssrc(SOURCE)
            .sequence_number(SequenceNumber(number))
            .timestamp(Timestamp(timestamp))
            .payload(&[0xd5; 160]);
        self.rtp(0, packet).unwrap()
    }

    fn rtcp(&mut self, cloud: usize, datagram: &[u8]) -> Result<Vec<u8>, NotForwarded> {
        let compound = RtcpCompound::parse_lenient(datagram).unwrap();
        self.translator
            .forward_rtcp(self.now, cloud, address(cloud), &compound)
    }
}

type Packet = RtpPacket<Vec<u8>>;

fn address(cloud: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4000 + cloud as u16))
}

const INFO: SenderInfo = SenderInfo {
    ntp_timestamp: NtpTimestamp {
        seconds: 7,
        fraction: 8,
    },
    rtp_timestamp: Timestamp(8000),
    packet_count: 100,
    octet_count: 16_000,
};

fn block(ssrc: u32, highest: u32, lost: i32) -> ReportBlock {
    ReportBlock {
        ssrc,
        fraction_lost: 20,
        cumulative_lost: lost,
        extended_highest_sequence: highest,
        jitter: 600,
        last_sr: NtpShort(5),
        delay_since_last_sr: NtpShort(6),
    }
}

fn sender_report(packets: &[&dyn RtcpWrite]) -> Vec<u8> {
    let tool = [SdesItemBuilder::new(SdesType::TOOL, b"t")];
    let compound = ReportCompoundBuilder::new(SOURCE, b"a@example.org")
        .sender_info(INFO)
        .sdes_items(&tool)
        .packets(packets);
    let mut datagram = vec![0; compound.encoded_len(0)];
    compound.write_into(&[], &mut datagram).unwrap();
    datagram
}

fn receiver_report(blocks: &[ReportBlock], packets: &[&dyn RtcpWrite]) -> Vec<u8> {
    let compound = ReportCompoundBuilder::new(RECEIVER, b"b@example.org").packets(packets);
    let mut datagram = vec![0; compound.encoded_len(blocks.len())];
    compound.write_into(blocks, &mut datagram).unwrap();
    datagram
}

fn first(datagram: &[u8]) -> RtcpPacket<'_> {
    let (raw, _) = rfc3550_rtp::RawPacket::split(datagram).unwrap();
    RtcpPacket::from_raw(raw).unwrap()
}

fn info(datagram: &[u8]) -> SenderInfo {
    match first(datagram) {
        RtcpPacket::SenderReport(report) => report.info(),
        other => panic!("{other:?}"),
    }
}

fn only_block(datagram: &[u8]) -> ReportBlock {
    match first(datagram) {
        RtcpPacket::ReceiverReport(report) => report.report_blocks().next().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_is_not_asked_to_changes_nothing() {
    let mut bench = Bench::new(StreamTranslation::new(1));
    let packet = RtpPacketBuilder::new()
        .ssrc(SOURCE)
        .sequence_number(SequenceNumber(7))
        .timestamp(Timestamp(9))
        .csrcs(&[4, 5])
        .payload(&[1]);
    let forwarded = bench.rtp(0, packet.clone()).unwrap();
    assert_eq!(forwarded.as_bytes(), packet.to_vec().unwrap());
    let bye = ByeBuilder::new(&[SOURCE]).reason(b"lunch");
    let app = AppBuilder::new(SOURCE, *b"test").data(&[1, 2, 3, 4]);
    let report = ExtendedReportBuilder::new(SOURCE, &[]);
    let datagram = sender_report(&[&app, &report, &bye]);
    assert_eq!(bench.rtcp(0, &datagram), Ok(datagram));
    let datagram = receiver_report(&[block(SOURCE, 7, 3)], &[]);
    assert_eq!(bench.rtcp(1, &datagram), Ok(datagram));
}

#[test]
fn combined_packets_are_numbered_anew_and_gaps_stay_gaps() {
    let mut stream = StreamTranslation::new(SOURCE).packets(2, 1);
    let mut out = |number| {
        let (number, complete) = stream.outgoing_numbers(SequenceNumber(number));
        (number.0, complete)
    };
    assert_eq!([out(65_534), out(65_535)], [(65_534, 0), (65_534, 1)]);
    // Two are lost, and the packet that they make with them.
    assert_eq!([out(2), out(3)], [(0, 0), (0, 1)]);
    // One comes late.
    assert_eq!([out(5), out(1), out(4)], [(1, 1), (65_535, 1), (1, 0)]);
}

#[test]
fn split_packets_are_numbered_anew() {
    let mut stream = StreamTranslation::new(SOURCE).packets(1, 3);
    let mut out = |number| {
        let (number, count) = stream.outgoing_numbers(SequenceNumber(number));
        (number.0, count)
    };
    assert_eq!([out(10), out(11), out(13)], [(10, 3), (13, 3), (19, 3)]);
}

#[test]
fn sender_information_is_of_the_stream_as_it_goes_out() {
    // Another rate and another coding: the timestamp and the octets.
    let stream = StreamTranslation::new(SOURCE)
        .clock_rate(8000, 48_000)
        .payload_type(111);
    let mut bench = Bench::new(stream);
    let packet = bench.numbered(1, 1000);
    assert_eq!(
        (packet.timestamp(), packet.payload_type()),
        (Timestamp(1000), 111)
    );
    assert_eq!(bench.numbered(2, 1160).timestamp(), Timestamp(1960));
    let sent = info(&bench.rtcp(0, &sender_report(&[])).unwrap());
    assert_eq!(sent.rtp_timestamp, Timestamp(1000 + 7000 * 6));
    assert_eq!((sent.packet_count, sent.octet_count), (100, 320));
    assert_eq!(sent.ntp_timestamp, INFO.ntp_timestamp);

    // Packets that are combined: the packets as well.
    let mut stream = StreamTranslation::new(SOURCE).packets(2, 1);
    for _ in 0..5 {
        stream.count_sent(320);
    }
    let sent = stream.outgoing_info(INFO);
    assert_eq!((sent.packet_count, sent.octet_count), (5, 1600));
    assert_eq!(sent.rtp_timestamp, INFO.rtp_timestamp);
}

#[test]
fn timestamps_of_another_rate_go_on_after_the_wrap() {
    let mut stream = StreamTranslation::new(SOURCE).clock_rate(8000, 16_000);
    let start = u32::MAX - 159;
    assert_eq!(
        stream.outgoing_timestamp(Timestamp(start)),
        Timestamp(start)
    );
    let next = stream.outgoing_timestamp(Timestamp(0));
    assert_eq!(next, Timestamp(start).add(320));
    let earlier = stream.outgoing_timestamp(Timestamp(start - 80));
    assert_eq!(earlier, Timestamp(start - 160));
}

#[test]
fn reports_that_come_back_are_about_the_stream_as_it_came_in() {
    let stream = StreamTranslation::new(SOURCE)
        .clock_rate(8000, 48_000)
        .offsets(1000, 5);
    let mut bench = Bench::new(stream);
    let packet = bench.numbered(65_530, 0);
    assert_eq!(
        (packet.sequence_number(), packet.timestamp()),
        (SequenceNumber(994), Timestamp(5))
    );
    for number in 65_531..=65_540u32 {
        bench.numbered(number as u16, 160);
    }
    let report = receiver_report(&[block(SOURCE, 1003, 3)], &[]);
    let returned = only_block(&bench.rtcp(1, &report).unwrap());
    assert_eq!(
        returned,
        ReportBlock {
            extended_highest_sequence: 65_539,
            jitter: 100,
            ..block(SOURCE, 0, 3)
        }
    );
}

#[test]
fn loss_of_combined_and_of_split_packets_is_undone() {
    let mut stream = StreamTranslation::new(SOURCE).packets(3, 1);
    for number in 10..=40 {
        stream.outgoing_number(SequenceNumber(number));
    }
    let returned = stream.incoming_block(block(SOURCE, 19, 4));
    assert_eq!(
        (returned.cumulative_lost, returned.extended_highest_sequence),
        (12, 39)
    );
    // Not further than what has come in.
    let returned = stream.incoming_block(block(SOURCE, 20, -1));
    assert_eq!(
        (returned.cumulative_lost, returned.extended_highest_sequence),
        (-3, 40)
    );
    assert_eq!(returned.fraction_lost, 20);

    let mut stream = StreamTranslation::new(SOURCE).packets(1, 2);
    for number in 10..=40 {
        stream.outgoing_number(SequenceNumber(number));
    }
    let returned = stream.incoming_block(block(SOURCE, 31, 5));
    assert_eq!(
        (returned.cumulative_lost, returned.extended_highest_sequence),
        (3, 20)
    );
}

#[test]
fn names_and_byes_go_on_with_the_identifier_that_the_source_has_there() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE).to_ssrc(0x0c));
    assert_eq!(bench.numbered(1, 0).ssrc(), 0x0c);
    let bye = ByeBuilder::new(&[SOURCE, 99]).reason(b"lunch");
    let app = AppBuilder::new(SOURCE, *b"test");
    let datagram = bench.rtcp(0, &sender_report(&[&app, &bye])).unwrap();
    let compound = RtcpCompound::parse(&datagram[..]).unwrap();
    let mut seen = 0;
    for packet in compound.packets().map(Result::unwrap) {
        seen += 1;
        match packet {
            RtcpPacket::SenderReport(report) => assert_eq!(report.ssrc(), 0x0c),
            RtcpPacket::Sdes(sdes) => {
                let chunk = sdes.chunks().next().unwrap();
                assert_eq!(chunk.ssrc(), 0x0c);
                assert_eq!(chunk.cname(), Some(&b"a@example.org"[..]));
                assert_eq!(chunk.item(SdesType::TOOL), Some(&b"t"[..]));
            }
            RtcpPacket::App(app) => assert_eq!(app.ssrc(), 0x0c),
            RtcpPacket::Bye(bye) => {
                assert!(bye.ssrcs().eq([0x0c, 99]));
                assert_eq!(bye.reason(), Some(&b"lunch"[..]));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, 4);
    let report = receiver_report(&[block(0x0c, 1, 0)], &[]);
    assert_eq!(only_block(&bench.rtcp(1, &report).unwrap()).ssrc, SOURCE);
}

#[test]
fn feedback_finds_its_way_back() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE).to_ssrc(12).offsets(100, 0));
    bench.numbered(1, 0);
    let nack = [Nack {
        packet_id: SequenceNumber(50),
        following: 3,
    }];
    let nack = TransportMessage::GenericNack((&nack).into());
    let nack = TransportFeedbackBuilder::new(RECEIVER, 12, nack);
    let fir = [Fir {
        ssrc: 12,
        sequence_number: 1,
    }];
    let fir = PayloadMessage::FullIntraRequest((&fir).into());
    let fir = PayloadFeedbackBuilder::new(RECEIVER, 0, fir);
    let limit = [Tmmb::new(12, 64_000, 40)];
    let limit = TransportMessage::MaxBitRateRequest((&limit).into());
    let limit = TransportFeedbackBuilder::new(RECEIVER, 0, limit);
    let report = receiver_report(&[], &[&nack, &fir, &limit]);
    let datagram = bench.rtcp(1, &report).unwrap();
    let compound = RtcpCompound::parse(&datagram[..]).unwrap();
    let mut seen = 0;
    for packet in compound.packets().map(Result::unwrap) {
        match packet {
            RtcpPacket::TransportFeedback(feedback) => match feedback.message().unwrap() {
                TransportMessage::GenericNack(mut nacks) => {
                    assert_eq!(feedback.media_ssrc(), SOURCE);
                    let nack = nacks.next().unwrap();
                    assert_eq!((nack.packet_id.0, nack.following), (65_486, 3));
                    seen += 1;
                }
                TransportMessage::MaxBitRateRequest(mut limits) => {
                    assert_eq!(limits.next().unwrap().ssrc, SOURCE);
                    seen += 1;
                }
                other => panic!("{other:?}"),
            },
            RtcpPacket::PayloadFeedback(feedback) => {
                let Ok(PayloadMessage::FullIntraRequest(mut requests)) = feedback.message() else {
                    panic!("a full intra request");
                };
                assert_eq!(requests.next().unwrap().ssrc, SOURCE);
                seen += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn what_cannot_be_translated_is_left_out() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE).packets(2, 1));
    let nack = [Nack {
        packet_id: SequenceNumber(50),
        following: 0,
    }];
    let nack = TransportMessage::GenericNack((&nack).into());
    let nack = TransportFeedbackBuilder::new(RECEIVER, SOURCE, nack);
    let extended = ExtendedReportBuilder::new(RECEIVER, &[]);
    let report = receiver_report(&[], &[&nack, &extended]);
    assert_eq!(bench.rtcp(1, &report), Ok(receiver_report(&[], &[])));
    assert_eq!(
        bench.rtcp(1, &extended.to_vec().unwrap()),
        Err(NotForwarded::Nothing)
    );
}

#[test]
fn what_comes_back_from_another_cloud_is_a_loop() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE));
    bench.numbered(1, 0);
    let packet = || RtpPacketBuilder::new().ssrc(SOURCE);
    assert_eq!(bench.rtp(1, packet()), Err(NotForwarded::Loop));
    // Through a mixer over there, which is not to be heard either.
    let mixed = RtpPacketBuilder::new().ssrc(50).csrcs(&[SOURCE]);
    assert_eq!(bench.rtp(1, mixed), Err(NotForwarded::Loop));
    assert_eq!(bench.rtcp(1, &sender_report(&[])), Err(NotForwarded::Loop));
    assert_eq!(bench.translator.looped_packets(), 3);
    // The source itself goes on.
    assert!(bench.rtp(0, packet()).is_ok());
    assert!(bench.rtcp(0, &sender_report(&[])).is_ok());
}

#[test]
fn what_comes_from_another_address_is_a_loop_until_the_old_one_is_silent() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE));
    bench.numbered(1, 0);
    let packet = RtpPacketBuilder::new().ssrc(SOURCE).to_vec().unwrap();
    let mut packet = RtpPacket::parse(packet).unwrap();
    let mut from_elsewhere = |now| {
        bench
            .translator
            .forward_rtp(now, 0, address(7), &mut packet)
    };
    let now = bench.now;
    assert_eq!(from_elsewhere(now), Err(NotForwarded::Loop));
    assert_eq!(from_elsewhere(now + Duration::from_secs(2)), Ok(()));
}

#[test]
fn a_stream_with_another_identifier_does_not_come_back_under_it() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE).to_ssrc(12));
    bench.numbered(1, 0);
    for cloud in 0..3 {
        let packet = RtpPacketBuilder::new().ssrc(12);
        assert_eq!(bench.rtp(cloud, packet), Err(NotForwarded::Loop));
    }
    // Nor can two streams have one.
    let mut set = |stream| bench.translator.set_stream(stream);
    assert!(!set(StreamTranslation::new(13).to_ssrc(12)));
    assert!(!set(StreamTranslation::new(13).to_ssrc(SOURCE)));
    assert!(set(StreamTranslation::new(13).to_ssrc(14)));
    assert!(set(StreamTranslation::new(13).to_ssrc(15)));
    bench.translator.remove_stream(SOURCE);
    assert!(
        bench
            .translator
            .set_stream(StreamTranslation::new(13).to_ssrc(12))
    );
}

#[test]
fn when_forwarding_ends_it_is_known_for_whom_to_say_bye() {
    let mut bench = Bench::new(StreamTranslation::new(SOURCE).to_ssrc(12));
    bench.numbered(1, 0);
    bench.rtp(0, RtpPacketBuilder::new().ssrc(50)).unwrap();
    bench.rtcp(1, &receiver_report(&[], &[])).unwrap();
    let to = |bench: &Bench, cloud| bench.translator.forwarded_to(cloud).collect::<Vec<_>>();
    assert_eq!(to(&bench, 1), [50, 12]);
    assert_eq!(to(&bench, 0), [RECEIVER]);
    assert_eq!(to(&bench, 2), [50, 12, RECEIVER]);
    let bye = ByeBuilder::new(&[50]);
    bench.rtcp(0, &bye.to_vec().unwrap()).unwrap();
    assert_eq!(to(&bench, 1), [12]);
}

#[test]
fn a_flood_of_sources_is_bounded() {
    let mut config = TranslatorConfig::default();
    config.max_sources = 50;
    let mut bench = Bench {
        translator: Translator::new(config),
        now: Instant::now(),
    };
    bench.translator.set_stream(StreamTranslation::new(0));
    let rtp = |bench: &mut Bench, ssrc| bench.rtp(0, RtpPacketBuilder::new().ssrc(ssrc));
    for ssrc in 1..50 {
        rtp(&mut bench, ssrc).unwrap();
    }
    assert_eq!(rtp(&mut bench, 1000), Err(NotForwarded::TooManySources));
    assert!(rtp(&mut bench, 7).is_ok());
    bench.now += Duration::from_secs(61);
    rtp(&mut bench, 7).unwrap();
    for ssrc in 1000..10_000 {
        let _ = rtp(&mut bench, ssrc);
    }
    assert_eq!(bench.translator.forwarded_to(1).count(), 49);
    // The one that is heard, and the one that was told of, are still there.
    assert!(rtp(&mut bench, 7).is_ok() && rtp(&mut bench, 0).is_ok());
}

proptest! {
    /// A receiver behind the translator loses whole packets; the source hears of it as if the
    /// receiver had heard it directly.
    #[test]
    fn reports_through_a_translator_are_those_of_a_receiver_before_it(
        first: u16,
        offset: u16,
        combined in 1u16..5,
        lost in prop::collection::btree_set(2u16..200, 0..60),
    ) {
        let mut stream = StreamTranslation::new(SOURCE).packets(combined, 1).offsets(offset, 0);
        let mut behind = None;
        let mut before = None;
        for index in 0..200 * combined {
            let number = SequenceNumber(first.wrapping_add(index));
            let (out, complete) = stream.outgoing_numbers(number);
            if lost.contains(&(index / combined)) {
                continue;
            }
            let hear = |statistics: &mut Option<SourceStatistics>, number: SequenceNumber| {
                let config = rfc3550_rtp::StatisticsConfig::RFC3550;
                let statistics = statistics
                    .get_or_insert_with(|| SourceStatistics::with_config(number, config));
                statistics.receive(number, Timestamp(0), 0);
            };
            hear(&mut before, number);
            if complete > 0 {
                hear(&mut behind, out);
            }
        }
        let take = |statistics: Option<SourceStatistics>| {
            statistics.unwrap().take_report_block(SOURCE, NtpShort(0), NtpShort(0))
        };
        let (before, behind) = (take(before), stream.incoming_block(take(behind)));
        prop_assert_eq!(behind.extended_highest_sequence as u16, before.extended_highest_sequence as u16);
        // Packets on probation are not counted on either side.
        let difference = behind.cumulative_lost - before.cumulative_lost;
        prop_assert!(difference.unsigned_abs() <= u32::from(combined), "{}", difference);
    }

    #[test]
    fn hostile_reports_do_no_harm(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 8..80), 0..20)) {
        let mut bench = Bench::new(StreamTranslation::new(0).packets(3, 2).clock_rate(0, 90_000));
        for (cloud, mut datagram) in datagrams.into_iter().enumerate() {
            datagram[0] = 0x80 | datagram[0] & 0x1f;
            datagram[1] = 200 | datagram[1] & 7;
            datagram[2] = 0;
            datagram[3] = (datagram.len() / 4 - 1) as u8;
            let compound = RtcpCompound::parse_lenient(&datagram[..]).unwrap();
            let forwarded = bench.translator.forward_rtcp(bench.now, cloud % 2, address(cloud % 2), &compound);
            if let Ok(forwarded) = forwarded {
                prop_assert!(forwarded.len() <= datagram.len());
                prop_assert!(RtcpCompound::parse_lenient(&forwarded[..]).is_ok());
            }
        }
    }
}
