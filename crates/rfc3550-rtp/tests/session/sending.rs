//! Our own stream: numbers, counts, the media clock (RFC 3550 §5.1, §6.3.8, §6.4.1).

use rfc3550_rtp::session::{SendError, Session, SessionConfig};
use rfc3550_rtp::{NtpTimestamp, RtcpPacket, SenderInfo, Timestamp};
use std::time::Instant;

use crate::{Bench, config, millis, packets, seconds};

fn sender_info(compound: &[u8]) -> SenderInfo {
    match packets(compound)[0] {
        RtcpPacket::SenderReport(report) => report.info(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_begin_at_random_offsets_and_go_on_from_there() {
    let first = |seed| {
        let config = SessionConfig::new([seed; 32], "x").payload_type(0, 8000);
        let now = Instant::now();
        let mut session = Session::new(now, NtpTimestamp::default(), config);
        let mut packet = |time| {
            let packet = session
                .send_rtp(now, 0, time, &[])
                .unwrap()
                .to_vec()
                .unwrap();
            rfc3550_rtp::RtpPacket::parse(packet).unwrap().header()
        };
        let (first, second) = (packet(1000), packet(1160));
        assert_eq!(
            session.next_sequence_number(),
            second.sequence_number.next()
        );
        assert_eq!(second.sequence_number, first.sequence_number.next());
        assert_eq!(second.timestamp.distance_from(first.timestamp), 160);
        assert_eq!(second.ssrc, first.ssrc);
        (first.ssrc, first.sequence_number, first.timestamp)
    };
    // One seed gives one beginning; others, others.
    assert_eq!(first(1), first(1));
    let (one, two) = (first(1), first(2));
    assert!(one.0 != two.0 && one.1 != two.1 && one.2 != two.2);
    assert!(one.2 != Timestamp(1000) && two.2 != Timestamp(1000));
}

#[test]
fn a_sender_report_counts_packets_and_octets_and_maps_the_media_clock() {
    let mut bench = Bench::new(config());
    for packet in 0..10 {
        bench.send(160 * packet);
        bench.pass(millis(20));
    }
    bench.until_compounds(1);
    let info = sender_info(bench.last_compound());
    assert_eq!((info.packet_count, info.octet_count), (10, 1600));
    let elapsed = bench.now - bench.start;
    let wall = NtpTimestamp::from_unix(seconds(1_000_000_000) + elapsed);
    let error = info.ntp_timestamp.to_bits().abs_diff(wall.to_bits());
    assert!(error < 16, "{error} units of 2^-32 seconds");
    // Media time 0 was at the start: the timestamp is that of now, not of the last packet.
    let media_time = info.rtp_timestamp.distance_from(bench.session.timestamp(0));
    assert_eq!(media_time, (elapsed.as_secs_f64() * 8000.0) as i32);
}

#[test]
fn the_media_clock_told_counts_more_than_when_packets_were_sent() {
    let mut bench = Bench::new(config());
    // Sampled at the start; sent 30 ms late, each time.
    bench.session.set_media_clock(bench.start, 0, 0).unwrap();
    bench.pass(millis(30));
    bench.send(0);
    bench.until_compounds(1);
    let info = sender_info(bench.last_compound());
    let elapsed = bench.now - bench.start;
    let media_time = info.rtp_timestamp.distance_from(bench.session.timestamp(0));
    assert_eq!(media_time, (elapsed.as_secs_f64() * 8000.0) as i32);
}

#[test]
fn a_sender_silent_for_two_intervals_reports_as_a_receiver() {
    let mut bench = Bench::new(config());
    bench.send(0);
    assert_eq!(bench.session.senders(), 1);
    bench.until_compounds(1);
    assert_eq!(bench.last_compound()[1], 200);
    bench.pass(seconds(20));
    bench.until_compounds(1);
    assert_eq!(bench.last_compound()[1], 201);
    assert_eq!(bench.session.senders(), 0);
}

#[test]
fn whoever_begins_to_send_reports_sooner() {
    let mut bench = Bench::new(config());
    for ssrc in 1..1000 {
        bench.named(4001, ssrc);
    }
    bench.until_compounds(1);
    let wait = |bench: &Bench| bench.session.report_interval().unwrap();
    assert!(wait(&bench) > seconds(200));
    bench.send(0);
    assert_eq!(wait(&bench), seconds(5));
    let from = bench.now;
    bench.until_compounds(1);
    assert!(bench.now - from < seconds(7));
}

#[test]
fn without_receiver_bandwidth_reports_begin_and_end_with_sending() {
    let mut config = config();
    (config.sender_bandwidth, config.receiver_bandwidth) = (Some(800), Some(0));
    let mut bench = Bench::new(config);
    bench.pass(seconds(60));
    assert!(bench.compounds.is_empty());
    bench.send(0);
    bench.pass(seconds(60));
    let count = bench.compounds.len();
    assert!((1..6).contains(&count), "{count}");
}

#[test]
fn a_payload_type_without_clock_rate_is_not_sent() {
    let mut bench = Bench::new(config());
    let now = bench.now;
    for payload_type in [9, 127, 128, 255] {
        let refused = bench
            .session
            .send_rtp(now, payload_type, 0, &[])
            .unwrap_err();
        assert_eq!(refused, SendError::UnknownPayloadType);
        let refused = bench.session.set_media_clock(now, payload_type, 0);
        assert_eq!(refused, Err(SendError::UnknownPayloadType));
    }
}
