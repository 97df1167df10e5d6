//! Telephone events and redundant payloads: reading, writing, and their machines per packet.
//!
//! No library of its own stands beside them: media stacks do this inside.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc2198_red::{
    Block, Encoder, EncoderConfig, Encoding, Recovery, RecoveryConfig, RedPayload,
    RedPayloadBuilder,
};
use rfc2833_dtmf::{
    Event, EventPacket, EventPayload, EventSet, Receiver, ReceiverConfig, TelephoneEvent,
};

fn red(c: &mut Criterion) {
    let old = [Block {
        payload_type: 0,
        timestamp_offset: 160,
        payload: &[1; 160],
    }];
    let builder = RedPayloadBuilder::new(0, &[2; 160]).redundant(&old);
    let bytes = builder.to_vec().unwrap();
    let mut group = c.benchmark_group("red, one generation of 160 bytes");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("read", |b| {
        b.iter(|| {
            for block in RedPayload::parse(black_box(&bytes[..])).unwrap().blocks() {
                black_box(block);
            }
        });
    });
    group.bench_function("write", |b| {
        let mut buffer = [0; 512];
        b.iter(|| {
            black_box(&builder)
                .write_into(black_box(&mut buffer))
                .unwrap()
        });
    });
    group.bench_function("encode", |b| {
        let mut encoder = Encoder::new(EncoderConfig::default());
        let mut buffer = [0; 512];
        let mut timestamp = 0_u32;
        b.iter(|| {
            timestamp = timestamp.wrapping_add(160);
            let encoding = Encoding {
                payload_type: 0,
                payload: black_box(&[2; 160]),
            };
            encoder.encode(timestamp, encoding, &mut buffer).unwrap()
        });
    });
    for (name, period) in [
        ("recover, nothing lost", u16::MAX),
        ("recover, every fourth lost", 4),
    ] {
        group.bench_function(name, |b| {
            let mut recovery = Recovery::new(RecoveryConfig::default());
            let (mut number, mut timestamp) = (0_u16, 0_u32);
            b.iter(|| {
                (number, timestamp) = (number.wrapping_add(1), timestamp.wrapping_add(160));
                if number % period != 0 {
                    recovery
                        .handle_packet(number, timestamp, black_box(&bytes))
                        .unwrap();
                    while let Some(media) = recovery.poll_media() {
                        black_box(media);
                    }
                }
            });
        });
    }
    group.finish();
}

fn dtmf(c: &mut Criterion) {
    let report = TelephoneEvent::new(Event::DIGIT_5, true, 10, 800).unwrap();
    let bytes = report.to_bytes();
    let mut group = c.benchmark_group("telephone event");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("read", |b| {
        b.iter(|| black_box(EventPayload::parse(black_box(&bytes[..])).unwrap().first()));
    });
    group.bench_function("write", |b| {
        b.iter(|| black_box(black_box(report).to_bytes()))
    });
    group.bench_function("receive", |b| {
        let mut receiver = Receiver::new(ReceiverConfig::default());
        let mut number = 0_u16;
        b.iter(|| {
            number = number.wrapping_add(1);
            // Ten packets a digit, of which the last has the E bit.
            let digit = u32::from(number / 10);
            let packet = EventPacket {
                sequence_number: number,
                timestamp: digit * 4000,
                marker: number.is_multiple_of(10),
                arrival: Duration::from_millis(20 * u64::from(number)),
            };
            let end = number % 10 == 9;
            let report = TelephoneEvent::new(Event::DIGIT_5, end, 10, 160 * (number % 10) + 160);
            receiver
                .handle_packet(packet, &black_box(report.unwrap().to_bytes()))
                .unwrap();
            while let Some(output) = receiver.poll_output() {
                black_box(output);
            }
        });
    });
    group.finish();
    c.bench_function("event list 0-15,66,70", |b| {
        b.iter(|| EventSet::parse(black_box("0-15,66,70")).unwrap());
    });
}

criterion_group!(benches, red, dtmf);
criterion_main!(benches);
