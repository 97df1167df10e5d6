//! STUN: decoding with both checks, and building with both, beside stun-types.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc5389_stun as ours;
use stun_types as theirs;
use theirs::message::MessageWriteExt as _;
use theirs::prelude::MessageWrite as _;

/// The password of both messages, which are those of RFC 5769 §2.1 and §2.2.
const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

fn keys() -> (ours::Key, theirs::message::IntegrityKey) {
    let credentials = theirs::message::ShortTermCredentials::new(PASSWORD.to_owned());
    (ours::Key::short_term(PASSWORD), credentials.make_key())
}

fn decode(c: &mut Criterion) {
    let (our_key, their_key) = keys();
    for name in ["stun_req.bin", "stun_resp.bin"] {
        let bytes = benches::input(name);
        let mut group = c.benchmark_group(format!("decode and verify {name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("rfc5389-stun", |b| {
            b.iter(|| {
                let message = ours::Message::parse(black_box(&bytes[..])).unwrap();
                message.verify_integrity(&our_key).unwrap();
                message.verify_fingerprint().unwrap();
                black_box(message);
            });
        });
        // Parsing checks the fingerprint there.
        group.bench_function("stun-types", |b| {
            b.iter(|| {
                let message = theirs::message::Message::from_bytes(black_box(&bytes[..])).unwrap();
                message.validate_integrity_with_key(&their_key).unwrap();
                black_box(message);
            });
        });
        group.bench_function("rfc5389-stun without checks", |b| {
            b.iter(|| ours::Message::parse(black_box(&bytes[..])).unwrap());
        });
        group.finish();
    }
}

fn build(c: &mut Criterion) {
    let (our_key, their_key) = keys();
    let method = theirs::message::BINDING;
    let mut group = c.benchmark_group("build request");
    group.bench_function("rfc5389-stun", |b| {
        let mut buffer = [0; 256];
        b.iter(|| {
            let id = ours::TransactionId(*black_box(b"abcdefghijkl"));
            ours::MessageBuilder::new(&mut buffer, ours::Class::Request, ours::Method::BINDING, id)
                .attribute(&ours::attribute::Software(black_box("STUN test client")))
                .attribute(&ours::attribute::Username(black_box("evtj:h6vY")))
                .integrity(&our_key)
                .fingerprint()
                .finish()
                .unwrap()
                .len()
        });
    });
    group.bench_function("stun-types", |b| {
        let mut buffer = [0; 256];
        let software = theirs::attribute::Software::new("STUN test client").unwrap();
        let username = theirs::attribute::Username::new("evtj:h6vY").unwrap();
        let id = theirs::message::TransactionId::from(0x6162_6364_6566_6768_696a_6b6c);
        b.iter(|| {
            let class = theirs::message::MessageClass::Request;
            let message_type = theirs::message::MessageType::from_class_method(class, method);
            let mut writer = theirs::message::Message::builder(
                message_type,
                black_box(id),
                theirs::message::MessageWriteMutSlice::new(&mut buffer),
            );
            writer.add_attribute(black_box(&software)).unwrap();
            writer.add_attribute(black_box(&username)).unwrap();
            let algorithm = theirs::message::IntegrityAlgorithm::Sha1;
            writer
                .add_message_integrity_with_key(&their_key, algorithm)
                .unwrap();
            writer.add_fingerprint().unwrap();
            writer.finish()
        });
    });
    group.finish();

    let address = "192.0.2.1:32853".parse().unwrap();
    let mut group = c.benchmark_group("build response");
    group.bench_function("rfc5389-stun", |b| {
        let mut buffer = [0; 256];
        b.iter(|| {
            let id = ours::TransactionId(*black_box(b"abcdefghijkl"));
            let class = ours::Class::SuccessResponse;
            ours::MessageBuilder::new(&mut buffer, class, ours::Method::BINDING, id)
                .attribute(&ours::attribute::Software(black_box("test vector")))
                .attribute(&ours::attribute::XorMappedAddress(black_box(address)))
                .integrity(&our_key)
                .fingerprint()
                .finish()
                .unwrap()
                .len()
        });
    });
    group.bench_function("stun-types", |b| {
        let mut buffer = [0; 256];
        let software = theirs::attribute::Software::new("test vector").unwrap();
        let id = theirs::message::TransactionId::from(0x6162_6364_6566_6768_696a_6b6c);
        b.iter(|| {
            let class = theirs::message::MessageClass::Success;
            let message_type = theirs::message::MessageType::from_class_method(class, method);
            let mut writer = theirs::message::Message::builder(
                message_type,
                black_box(id),
                theirs::message::MessageWriteMutSlice::new(&mut buffer),
            );
            let mapped = theirs::attribute::XorMappedAddress::new(black_box(address), id);
            writer.add_attribute(black_box(&software)).unwrap();
            writer.add_attribute(&mapped).unwrap();
            let algorithm = theirs::message::IntegrityAlgorithm::Sha1;
            writer
                .add_message_integrity_with_key(&their_key, algorithm)
                .unwrap();
            writer.add_fingerprint().unwrap();
            writer.finish()
        });
    });
    group.finish();
}

criterion_group!(stun, decode, build);
criterion_main!(stun);
