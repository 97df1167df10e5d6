//! SRTP: protecting and unprotecting packets of 172 and 1200 bytes, beside webrtc-srtp, and with
//! many streams, whose number must not matter.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

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

/// What protects or unprotects packets of 172 bytes, of so many streams in turn.
struct InTurn {
    sender: Sender,
    receiver: Receiver,
    count: u32,
    stream: u32,
    number: u16,
    buffer: [u8; 182],
}

impl InTurn {
    fn new(count: u32) -> InTurn {
        let (sender, receiver) = pair(Profile::AesCm128HmacSha1_80);
        let mut buffer = [0; 182];
        buffer[..172].copy_from_slice(&rtp(172, 0, 0));
        InTurn {
            sender,
            receiver,
            count,
            stream: 0,
            number: 0,
            buffer,
        }
    }

    fn protect(&mut self) -> usize {
        self.stream += 1;
        if self.stream >= self.count {
            (self.stream, self.number) = (0, self.number.wrapping_add(1));
        }
        let ssrc = self.stream.wrapping_mul(0x9e37_79b9);
        self.buffer[2..4].copy_from_slice(&self.number.to_be_bytes());
        self.buffer[8..12].copy_from_slice(&ssrc.to_be_bytes());
        self.sender.protect_rtp(&mut self.buffer, 172).unwrap()
    }

    fn unprotect(&mut self, packet: &mut [u8]) -> usize {
        self.receiver.unprotect_rtp(packet).unwrap()
    }

    fn protected(&mut self, packets: usize) -> Vec<[u8; 182]> {
        (0..packets)
            .map(|_| {
                self.protect();
                self.buffer
            })
            .collect()
    }
}

/// Packets of a round.
const ROUND: usize = 10_000;

/// How much longer a packet may take with 10,000 streams than with one.
const FLAT: f64 = 1.5;

fn streams(c: &mut Criterion) {
    let mut group = c.benchmark_group("protect 172 bytes, streams in turn");
    for count in [1_u32, 100, 10_000] {
        group.bench_function(count.to_string(), |b| {
            let mut in_turn = InTurn::new(count);
            b.iter(|| black_box(in_turn.protect()));
        });
    }
    group.finish();
    let mut group = c.benchmark_group("unprotect 172 bytes, streams in turn");
    group.throughput(Throughput::Elements(ROUND as u64));
    for count in [1_u32, 100, 10_000] {
        group.bench_function(count.to_string(), |b| {
            let in_turn = RefCell::new(InTurn::new(count));
            b.iter_batched_ref(
                || in_turn.borrow_mut().protected(ROUND),
                |packets| {
                    let mut in_turn = in_turn.borrow_mut();
                    for packet in packets {
                        black_box(in_turn.unprotect(packet));
                    }
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    the_cost_is_flat();
}

/// Rounds of one and of 10,000 streams, one after the other.
fn the_cost_is_flat() {
    let (mut one, mut many) = (InTurn::new(1), InTurn::new(10_000));
    let round = |in_turn: &mut InTurn| {
        let start = Instant::now();
        (0..ROUND).for_each(|_| {
            black_box(in_turn.protect());
        });
        let protecting = start.elapsed();
        let mut packets = in_turn.protected(ROUND);
        let start = Instant::now();
        for packet in &mut packets {
            black_box(in_turn.unprotect(packet));
        }
        [protecting, start.elapsed()].map(|time| time.as_secs_f64())
    };
    // The first rounds make the streams.
    for in_turn in [&mut one, &mut many] {
        round(in_turn);
    }
    let rounds: Vec<_> = (0..31)
        .map(|_| (round(&mut one), round(&mut many)))
        .collect();
    for (at, what) in ["protect", "unprotect"].into_iter().enumerate() {
        let mut ratios: Vec<_> = rounds
            .iter()
            .map(|(one, many)| many[at] / one[at])
            .collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        println!("{what}: with 10,000 streams {ratio:.2} of the time with one");
        assert!(ratio < FLAT, "{what}: {ratio:.2}");
    }
}

criterion_group!(srtp, packets, streams);
criterion_main!(srtp);
