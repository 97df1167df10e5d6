//! The vectors that need session keys, or pieces of the machinery. RFC 3711 B.2 and B.3,
//! RFC 6188 §7, RFC 7714 §16 and §17.

#[path = "../tests/vectors/reader.rs"]
mod reader;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

use crate::counter_mode::CounterMode;
use crate::key_derivation::{Label, Prf};
use crate::transform::{Gcm, Transform, nonce};
use crate::{rtcp, rtp};
use reader::{Vector, bytes, vectors};

const LABELS: [Label; 6] = [
    Label::RtpEncryption,
    Label::RtpAuthentication,
    Label::RtpSalt,
    Label::RtcpEncryption,
    Label::RtcpAuthentication,
    Label::RtcpSalt,
];

fn derived(vector: &Vector, label: Label, r: u64, expected: &[u8]) {
    let prf = Prf::new(&vector.bytes("master_key")).unwrap();
    let salt = vector.bytes("master_salt").try_into().unwrap();
    let mut key = vec![0xee; expected.len()];
    prf.derive(&salt, label, r, &mut key);
    assert_eq!(key, expected, "{} {label:?} {r}", vector.name);
}

#[test]
fn rfc3711_b_3_and_rfc6188_7_key_derivation() {
    let file = vectors(include_str!("../tests/vectors/key_derivation.txt"));
    assert_eq!(file.len(), 3);
    for vector in &file {
        for (number, label) in LABELS.into_iter().enumerate() {
            derived(
                vector,
                label,
                0,
                &vector.bytes(&alloc::format!("label_{number}")),
            );
        }
    }
}

#[test]
fn key_derivation_rates() {
    for vector in &vectors(include_str!("../tests/vectors/key_derivation.txt")) {
        for number in 0..4 {
            let line = vector.text(&alloc::format!("rate_{number}"));
            let [rate, index, keys @ ..] = &line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let r = index.parse::<u64>().unwrap() / rate.parse::<u64>().unwrap();
            for (key, label) in keys.iter().zip(LABELS) {
                derived(vector, label, r, &bytes(key));
            }
        }
    }
}

#[test]
fn rfc3711_b_2_and_rfc6188_7_key_stream() {
    for vector in &vectors(include_str!("../tests/vectors/key_stream.txt")) {
        let cipher = CounterMode::new(&vector.bytes("key")).unwrap();
        let mut stream = vec![0; usize::try_from(vector.number("octets")).unwrap()];
        cipher.apply(vector.bytes("iv").try_into().unwrap(), &mut stream);
        for number in 0..6 {
            let (block, value) = vector
                .text(&alloc::format!("block_{number}"))
                .split_once(' ')
                .unwrap();
            let at = block.parse::<usize>().unwrap() * 16;
            assert_eq!(stream[at..at + 16], bytes(value), "{} {block}", vector.name);
        }
    }
}

fn gcm(vector: &Vector) -> (Gcm, [u8; 12]) {
    let key = vector.bytes("key");
    let cipher = match key.len() {
        16 => Gcm::Aes128(Aes128Gcm::new_from_slice(&key).unwrap()),
        _ => Gcm::Aes256(Aes256Gcm::new_from_slice(&key).unwrap()),
    };
    (cipher, vector.bytes("salt").try_into().unwrap())
}

#[test]
fn rfc7714_16_rtp() {
    let file = vectors(include_str!("../tests/vectors/gcm.txt"));
    let mut operations = Vec::new();
    for vector in file.iter().filter(|vector| vector.name.starts_with("16.")) {
        let (cipher, salt) = gcm(vector);
        let ssrc = u32::from_str_radix(vector.text("ssrc"), 16).unwrap();
        let index = vector.number("roc") << 16 | vector.number("seq");
        let iv = nonce(&salt, ssrc, index);
        assert_eq!(iv[..], vector.bytes("iv"), "{}", vector.name);
        let mut buffer = vector.bytes("input");
        let tag: [u8; 16] = vector.bytes("tag").try_into().unwrap();
        let operation = vector.text("operation");
        operations.push(String::from(operation));
        let whole = buffer.len();
        match operation {
            "encrypting" | "decrypting" => {
                let transform = Transform::Gcm {
                    cipher,
                    salt: Zeroizing::new(salt),
                };
                let protection = rtp::Protection {
                    encrypt: true,
                    tag_len: 16,
                    mki: &[],
                };
                let seal = operation == "encrypting";
                let payload_end = if seal { whole } else { whole - 16 };
                buffer.resize(payload_end + 16, 0xee);
                let buffer_ref = &mut buffer[..];
                let packet = rtp::Packet {
                    buffer: buffer_ref,
                    header_len: 12,
                    payload_end,
                    ssrc,
                    index,
                };
                let done = if seal {
                    rtp::seal(&transform, packet, &protection)
                } else {
                    rtp::open(&transform, packet, &protection)
                };
                assert_eq!(done, Some(()), "{}", vector.name);
                let output = vector.bytes("output");
                let written = if seal {
                    &buffer[..]
                } else {
                    &buffer[12..payload_end]
                };
                assert_eq!(written, output, "{}", vector.name);
            }
            "tagging" => assert_eq!(cipher.seal(iv, &buffer, &mut []), Some(tag)),
            _ => assert!(cipher.open(iv, &buffer[..whole - 16], &mut [], tag)),
        }
    }
    assert_eq!(operations.len(), 8);
}

#[test]
fn rfc7714_17_rtcp() {
    let file = vectors(include_str!("../tests/vectors/gcm.txt"));
    let mut seen = 0;
    for vector in file.iter().filter(|vector| vector.name.starts_with("17.")) {
        seen += 1;
        let (cipher, salt) = gcm(vector);
        let transform = Transform::Gcm {
            cipher,
            salt: Zeroizing::new(salt),
        };
        let flag = if vector.number("encrypted") == 1 {
            rtcp::ENCRYPTED
        } else {
            0
        };
        let word = u32::try_from(vector.number("index")).unwrap() | flag;
        let mut buffer = vector.bytes("input");
        let seals = matches!(vector.text("operation"), "encrypting" | "tagging");
        let plain_end = if seals {
            buffer.len()
        } else {
            buffer.len() - 20
        };
        buffer.resize(plain_end + 20, 0xee);
        let packet = rtcp::Packet {
            buffer: &mut buffer,
            plain_end,
            word,
            mki_len: 0,
        };
        if seals {
            assert_eq!(
                rtcp::seal(&transform, packet, &[]),
                Some(()),
                "{}",
                vector.name
            );
            assert_eq!(buffer, vector.bytes("output"), "{}", vector.name);
        } else {
            assert_eq!(rtcp::open(&transform, packet), Some(()), "{}", vector.name);
            let plain = vector.get("plaintext").map(bytes).unwrap_or_default();
            assert!(buffer[..plain_end].ends_with(&plain), "{}", vector.name);
        }
    }
    assert_eq!(seen, 4);
}
