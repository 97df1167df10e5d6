//! SRTP: protecting and unprotecting packets of 172 and 1200 bytes, beside webrtc-srtp, and with
//! many streams.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};
use webrtc_srtp::context::Context;
use webrtc_srtp::protection_profile::ProtectionProfile;

const KEY: [u8; 16] = [0x5a; 16];
const SALT: [u8; 14] = [0xc3; 14];

/// An RTP packet of `len` bytes.
fn rtp(len: usize, ssrc: u32, sequence_number: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence_number.to_be_bytes());
    packet.extend([0, 0, 0, 160]);
    packet.extend(ssrc.to_be_bytes());
    packet.resize(len, 0xd5);
    packet
}

fn pair(profile: Profile) -> (Sender, Receiver) {
    let keys = [MasterKey::new(&KEY, &SALT[..profile.salt_len()])];
    let config = Config::new(profile);
    (
        Sender::new(config, &keys).unwrap(),
        Receiver::new(config, &keys).unwrap(),
    )
}

fn peer(profile: Profile) -> Context {
    let (theirs, salt) = match profile {
        Profile::AeadAes128Gcm => (ProtectionProfile::AeadAes128Gcm, &SALT[..12]),
        _ => (ProtectionProfile::Aes128CmHmacSha1_80, &SALT[..]),
    };
    Context::new(&KEY, salt, theirs, None, None).unwrap()
}

fn packets(c: &mut Criterion) {
    for profile in [Profile::AesCm128HmacSha1_80, Profile::AeadAes128Gcm] {
        for len in [172, 1200] {
            let name = format!("{} {len}", profile.crypto_suite());
            let mut group = c.benchmark_group(format!("protect {name}"));
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function("rfc3711-srtp", |b| {
                let (mut sender, _) = pair(profile);
                let plain = rtp(len, 1, 0);
                let mut buffer = [0; 1300];
                let mut number = 0_u16;
                b.iter(|| {
                    number = number.wrapping_add(1);
                    buffer[..len].copy_from_slice(black_box(&plain));
                    buffer[2..4].copy_from_slice(&number.to_be_bytes());
                    black_box(sender.protect_rtp(&mut buffer, len).unwrap())
                });
            });
            group.bench_function("webrtc-srtp", |b| {
                let mut context = peer(profile);
                let mut plain = rtp(len, 1, 0);
                let mut number = 0_u16;
                b.iter(|| {
                    number = number.wrapping_add(1);
                    plain[2..4].copy_from_slice(&number.to_be_bytes());
                    black_box(context.encrypt_rtp(black_box(&plain)).unwrap())
                });
            });
            group.finish();

            let mut group = c.benchmark_group(format!("unprotect {name}"));
            group.throughput(Throughput::Bytes(len as u64));
            let protected: Vec<_> = {
                let (mut sender, _) = pair(profile);
                (0..1024)
                    .map(|number| {
                        let mut packet = rtp(len, 1, number);
                        sender.protect_rtp_vec(&mut packet).unwrap();
                        packet
                    })
                    .collect()
            };
            // Each round is a new receiver's first 1024 packets.
            group.throughput(Throughput::Elements(protected.len() as u64));
            group.bench_function("rfc3711-srtp", |b| {
                let mut buffer = vec![0; protected[0].len()];
                b.iter_batched_ref(
                    || pair(profile).1,
                    |receiver| {
                        for packet in &protected {
                            buffer.copy_from_slice(packet);
                            black_box(receiver.unprotect_rtp(&mut buffer).unwrap());
                        }
                    },
                    BatchSize::SmallInput,
                );
            });
            group.bench_function("webrtc-srtp", |b| {
                b.iter_batched_ref(
                    || peer(profile),
                    |context| {
                        for packet in &protected {
                            black_box(context.decrypt_rtp(packet).unwrap());
                        }
                    },
                    BatchSize::SmallInput,
                );
            });
            group.finish();
        }
    }
}

fn streams(c: &mut Criterion) {
    let mut group = c.benchmark_group("protect 172 bytes, streams in turn");
    for count in [1_u32, 100, 10_000] {
        group.bench_function(count.to_string(), |b| {
            let (mut sender, _) = pair(Profile::AesCm128HmacSha1_80);
            let mut buffer = [0; 200];
            buffer[..172].copy_from_slice(&rtp(172, 0, 0));
            let (mut stream, mut number) = (0_u32, 0_u16);
            b.iter(|| {
                stream += 1;
                if stream == count {
                    (stream, number) = (0, number.wrapping_add(1));
                }
                let ssrc = stream.wrapping_mul(0x9e37_79b9);
                buffer[2..4].copy_from_slice(&number.to_be_bytes());
                buffer[8..12].copy_from_slice(&ssrc.to_be_bytes());
                black_box(sender.protect_rtp(&mut buffer, 172).unwrap())
            });
        });
    }
    group.finish();
}

criterion_group!(srtp, packets, streams);
criterion_main!(srtp);
