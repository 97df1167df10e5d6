//! An RTP session: what it does with each packet received, by the number of sources.
//!
//! A round takes in packets of all sources, in an order that no cache can foresee. Numbering the
//! packets for the next round is not measured.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use core::hint::black_box;
use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig};
use rfc3550_rtp::{NtpTimestamp, RtpPacket, RtpPacketBuilder, SequenceNumber, Timestamp};

criterion_group!(benches, receive, send);
criterion_main!(benches);

const INTERVAL: Duration = Duration::from_millis(20);

fn session(now: Instant) -> Session {
    let mut config = SessionConfig::new([7; 32], "alice@example.com").payload_type(8, 8000);
    config.max_sources = 16_384;
    Session::new(now, NtpTimestamp::default(), config)
}

/// A packet of each source, one source after the other as no cache can foresee; of the only source
/// several, so that reading the clock does not count.
fn packets(sources: u32) -> Vec<[u8; 172]> {
    let count = if sources == 1 { 128 } else { sources };
    let ssrc = |n: u32| (n % sources).wrapping_mul(0x9e37_79b1);
    let mut packets: Vec<[u8; 172]> = (0..count)
        .map(|n| {
            let mut packet = [0; 172];
            let builder = RtpPacketBuilder::new().payload_type(8).ssrc(ssrc(n));
            builder
                .payload(&[0xd5; 160])
                .write_into(&mut packet)
                .unwrap();
            packet
        })
        .collect();
    packets
        .sort_by_key(|packet| u32::from_le_bytes([packet[10], packet[11], packet[8], packet[9]]));
    packets
}

fn receive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rtp session receive");
    group.throughput(Throughput::Elements(1));
    let from = SocketAddr::from(([192, 0, 2, 1], 4000));
    for sources in [1, 100, 10_000] {
        group.bench_function(format!("{sources} sources"), |bencher| {
            let mut now = Instant::now();
            let mut session = session(now);
            let mut packets = packets(sources);
            let mut number = SequenceNumber(0);
            let mut round = || {
                for packet in &mut packets {
                    if sources == 1 {
                        number = number.next();
                    }
                    let mut packet = RtpPacket::parse(packet).unwrap();
                    packet.set_sequence_number(number);
                    packet.set_timestamp(Timestamp(u32::from(number.0) * 160));
                }
                number = number.next();
                now += INTERVAL;
                let mut delivered = 0;
                let begin = Instant::now();
                for packet in &packets {
                    let packet = RtpPacket::parse(black_box(packet.as_slice())).unwrap();
                    let verdict = session.handle_rtp(now, from, &packet);
                    delivered += usize::from(matches!(verdict, RtpVerdict::Deliver(_)));
                }
                let time = begin.elapsed();
                while session.poll_output().is_some() {}
                (time, delivered == packets.len(), packets.len() as u64)
            };
            // Two for probation, one more for a look.
            let (_, all, count) = [round(), round(), round()][2];
            assert!(all);
            bencher.iter_custom(|iterations| {
                let rounds = iterations.div_ceil(count);
                let total: Duration = (0..rounds).map(|_| round().0).sum();
                total.mul_f64(iterations as f64 / (rounds * count) as f64)
            });
        });
    }
    group.finish();
}

fn send(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rtp session send");
    group.throughput(Throughput::Bytes(172));
    group.bench_function("rfc3550-rtp", |bencher| {
        let now = Instant::now();
        let mut session = session(now);
        let mut datagram = [0; 1500];
        let mut media_time = 0u32;
        bencher.iter(|| {
            media_time = media_time.wrapping_add(160);
            let packet = session.send_rtp(now, 8, media_time, black_box(&[0xd5; 160]));
            black_box(packet.unwrap().write_into(&mut datagram).unwrap())
        });
    });
    group.finish();
}
