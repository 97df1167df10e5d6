//! What reports say (RFC 3550 §6.1, §6.4).

use rfc3550_rtp::session::SessionEvent;
use rfc3550_rtp::{
    NtpShort, NtpTimestamp, ReportBlock, RtcpPacket, RtcpWrite, RtpPacketBuilder, SdesType,
    SenderInfo, SenderReportBuilder, Timestamp,
};

use crate::{Bench, OURS, compound, config, millis, packets, seconds};

fn blocks(compound: &[u8]) -> Vec<ReportBlock> {
    let mut blocks = Vec::new();
    for packet in packets(compound) {
        match packet {
            RtcpPacket::SenderReport(report) => blocks.extend(report.report_blocks()),
            RtcpPacket::ReceiverReport(report) => blocks.extend(report.report_blocks()),
            _ => {}
        }
    }
    blocks
}

#[test]
fn the_first_report_comes_after_half_the_minimum_and_names_us() {
    let mut bench = Bench::new(config());
    bench.until_compounds(1);
    let waited = (bench.now - bench.start).as_secs_f64();
    assert!((1.25 / 1.2183..3.75 / 1.2182).contains(&waited), "{waited}");
    let packets = packets(bench.last_compound());
    let [RtcpPacket::ReceiverReport(report), RtcpPacket::Sdes(sdes)] = packets[..] else {
        panic!("{packets:?}");
    };
    assert_eq!((report.ssrc(), report.report_blocks().count()), (OURS, 0));
    let chunks: Vec<_> = sdes
        .chunks()
        .map(|chunk| (chunk.ssrc(), chunk.cname()))
        .collect();
    assert_eq!(chunks, [(OURS, Some(&b"me@example.org"[..]))]);
}

#[test]
fn a_source_is_reported_on_when_it_has_sent_since_the_last_report() {
    let mut bench = Bench::new(config());
    for number in [10, 11, 12, 14] {
        let _ = bench.rtp(4000, 1, number);
    }
    bench.until_compounds(1);
    let [block] = blocks(bench.last_compound())[..] else {
        panic!("one block");
    };
    assert_eq!(
        (block.ssrc, block.cumulative_lost, block.fraction_lost),
        (1, 1, 64)
    );
    assert_eq!(block.extended_highest_sequence, 14);
    bench.until_compounds(1);
    assert!(blocks(bench.last_compound()).is_empty());
    let _ = bench.rtp(4000, 1, 15);
    bench.until_compounds(1);
    // No loss in this interval, one since the beginning.
    let [block] = blocks(bench.last_compound())[..] else {
        panic!("one block");
    };
    assert_eq!((block.cumulative_lost, block.fraction_lost), (1, 0));
}

#[test]
fn last_sr_and_its_delay_are_reported_from_its_arrival() {
    let mut bench = Bench::new(config());
    let _ = bench.rtp(4000, 1, 1);
    let _ = bench.rtp(4000, 1, 2);
    // The sender's clock is an hour ahead of ours.
    let info = SenderInfo {
        ntp_timestamp: NtpTimestamp::from_unix(seconds(1_000_003_600)),
        ..SenderInfo::default()
    };
    bench.pass(millis(100));
    let arrival = bench.now;
    bench.rtcp(4001, &SenderReportBuilder::new(1, info).to_vec().unwrap());
    assert_eq!(
        bench.session.source(1).unwrap().sender_report(),
        Some((info, arrival))
    );
    bench.until_compounds(1);
    let [block] = blocks(bench.last_compound())[..] else {
        panic!("one block");
    };
    assert_eq!(block.last_sr, info.ntp_timestamp.to_short());
    assert_eq!(
        block.delay_since_last_sr,
        NtpShort::from_duration(bench.now - arrival)
    );
}

#[test]
fn what_others_say_of_our_stream_is_kept_by_reporter_with_the_round_trip_time() {
    let mut bench = Bench::new(config());
    bench.send(0);
    bench.until_compounds(1);
    let RtcpPacket::SenderReport(report) = packets(bench.last_compound())[0] else {
        panic!("a sender report");
    };
    let last_sr = report.info().ntp_timestamp.to_short();
    for (ssrc, delay, wait) in [(1, 100, 150), (2, 50, 0)] {
        bench.pass(millis(wait));
        let block = ReportBlock {
            ssrc: OURS,
            fraction_lost: ssrc as u8,
            last_sr,
            delay_since_last_sr: NtpShort::from_duration(millis(delay)),
            ..ReportBlock::default()
        };
        let other = ReportBlock { ssrc: 77, ..block };
        bench.rtcp(
            4001,
            &compound(ssrc, b"x@example.com", &[other, block], &[]),
        );
    }
    for (ssrc, trip) in [(1, 50.0), (2, 100.0)] {
        let view = bench.session.source(ssrc).unwrap().reception().unwrap();
        assert_eq!(u32::from(view.block.fraction_lost), ssrc);
        let measured = view.round_trip_time.unwrap().as_secs_f64() * 1000.0;
        assert!((measured - trip).abs() < 0.1, "{measured} ms");
        assert!(
            bench
                .events
                .contains(&SessionEvent::Reported { ssrc, view })
        );
    }
}

#[test]
fn more_sources_than_fit_take_their_turns() {
    let mut config = config();
    config.max_rtcp_size = 500;
    let mut bench = Bench::new(config);
    let mut number = 0;
    let mut reported: Vec<u32> = Vec::new();
    for _ in 0..4 {
        for _ in 0..2 {
            number += 1;
            for ssrc in 1..=50 {
                let _ = bench.rtp(4000, ssrc, number);
            }
        }
        bench.until_compounds(1);
        assert!(bench.last_compound().len() <= 500);
        let blocks = blocks(bench.last_compound());
        assert!(blocks.len() >= 17, "{}", blocks.len());
        reported.extend(blocks.iter().map(|block| block.ssrc));
    }
    // Everyone once before anyone a second time.
    let mut first: Vec<u32> = reported[..50].to_vec();
    first.sort_unstable();
    assert!(first.into_iter().eq(1..=50));
}

#[test]
fn forty_sources_need_two_reports_in_one_compound() {
    let mut bench = Bench::new(config());
    for number in [1, 2] {
        for ssrc in 1..=40 {
            let _ = bench.rtp(4000, ssrc, number);
        }
    }
    bench.until_compounds(1);
    let counts: Vec<usize> = packets(bench.last_compound())
        .iter()
        .filter_map(|packet| match packet {
            RtcpPacket::ReceiverReport(report) => Some(report.report_blocks().count()),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [31, 9]);
}

#[test]
fn a_change_of_clock_rate_is_no_jitter() {
    let mut bench = Bench::new(config().payload_type(96, 16_000));
    for number in 0..100u16 {
        // Every tenth packet belongs to another clock.
        let (payload_type, rate) = if number % 10 == 9 {
            (96, 320)
        } else {
            (0, 160)
        };
        let packet = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .sequence_number(number.into())
            .timestamp((u32::from(number) * rate).into())
            .ssrc(1);
        let _ = bench.rtp_of(4000, packet);
        bench.pass(millis(20));
    }
    let source = bench.session.source(1).unwrap();
    assert_eq!(source.statistics().unwrap().jitter().units(), 0);
}

#[test]
fn a_pause_that_is_told_is_no_jitter() {
    for is_told in [false, true] {
        let mut bench = Bench::new(config());
        for number in 0..20u16 {
            let packet = RtpPacketBuilder::new()
                .sequence_number(number.into())
                .timestamp((u32::from(number) * 160).into())
                .ssrc(1);
            let _ = bench.rtp_of(4000, packet);
            bench.pass(millis(20));
            if number == 10 {
                bench.pass(millis(3000));
                if is_told {
                    bench.session.forget_transit(1);
                }
            }
        }
        let source = bench.session.source(1).unwrap();
        let jitter = source.statistics().unwrap().jitter().units();
        assert_eq!(jitter == 0, is_told);
    }
}

#[test]
fn two_streams_of_one_cname_are_synchronised_by_their_sender_reports() {
    let mut bench = Bench::new(config().payload_type(96, 90_000));
    // The same instant in both streams, each on its own clock; the video's report is 1 s older.
    let said = |ssrc, time, timestamp| {
        let info = SenderInfo {
            ntp_timestamp: NtpTimestamp::from_unix(millis(time)),
            rtp_timestamp: Timestamp(timestamp),
            ..SenderInfo::default()
        };
        SenderReportBuilder::new(ssrc, info).to_vec().unwrap()
    };
    for (ssrc, payload_type) in [(1, 0), (2, 96)] {
        let packet = RtpPacketBuilder::new()
            .ssrc(ssrc)
            .payload_type(payload_type);
        let _ = bench.rtp_of(4000, packet);
    }
    let time = |bench: &Bench, ssrc, timestamp| {
        let source = bench.session.source(ssrc).unwrap();
        source
            .wall_clock(Timestamp(timestamp))
            .map(NtpTimestamp::to_unix)
    };
    assert_eq!(time(&bench, 1, 0), None);
    bench.rtcp(4001, &said(1, 2_000_000, 4_294_967_200));
    bench.rtcp(4001, &said(2, 1_999_000, 5000));
    // 20 ms after, across the wrap, and 1020 ms after.
    assert_eq!(time(&bench, 1, 64), Some(millis(2_000_020)));
    assert_eq!(time(&bench, 2, 5000 + 91_800), Some(millis(2_000_020)));
    assert_eq!(time(&bench, 2, 5000 - 4500), Some(millis(1_998_950)));
}

#[test]
fn every_third_report_carries_one_more_description_in_turn() {
    let mut config = config();
    let text = vec![b'x'; 300];
    config.descriptions = vec![
        (SdesType::NAME, b"Me".to_vec()),
        (SdesType::TOOL, text.clone()),
    ];
    let mut bench = Bench::new(config);
    bench.until_compounds(9);
    let items: Vec<_> = bench
        .compounds
        .iter()
        .map(|(_, compound)| {
            let Some(RtcpPacket::Sdes(sdes)) = packets(compound).pop() else {
                panic!("a source description");
            };
            let chunk = sdes.chunks().next().unwrap();
            assert_eq!(chunk.cname(), Some(&b"me@example.org"[..]));
            let items = chunk.items().skip(1);
            items
                .map(|item| (item.item_type, item.value.to_vec()))
                .collect::<Vec<_>>()
        })
        .collect();
    let name = vec![(SdesType::NAME, b"Me".to_vec())];
    let tool = vec![(SdesType::TOOL, text[..255].to_vec())];
    let none = Vec::new;
    let wanted = [
        name.clone(),
        none(),
        none(),
        tool,
        none(),
        none(),
        name,
        none(),
        none(),
    ];
    assert_eq!(items, wanted);
}
