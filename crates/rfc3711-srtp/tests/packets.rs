//! Packets of libsrtp and of an independent implementation, both ways.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

extern crate alloc;

#[path = "vectors/reader.rs"]
mod reader;

use reader::{Vector, vectors};
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};

fn pair(config: Config, vector: &Vector) -> (Sender, Receiver) {
    let mki = vector.get("mki").map(reader::bytes).unwrap_or_default();
    let key = MasterKey::new(&vector.bytes("master_key"), &vector.bytes("master_salt"));
    let keys = [key.with_mki(&mki)];
    (
        Sender::new(config, &keys).unwrap(),
        Receiver::new(config, &keys).unwrap(),
    )
}

/// Both directions, over a buffer full of poison.
fn rtp(pair: &mut (Sender, Receiver), plain: &[u8], protected: &[u8], name: &str) {
    let mut buffer = vec![0xee; plain.len() + 200];
    buffer[..plain.len()].copy_from_slice(plain);
    let len = pair.0.protect_rtp(&mut buffer, plain.len()).unwrap();
    assert_eq!(buffer[..len], *protected, "{name}");
    assert!(buffer[len..].iter().all(|byte| *byte == 0xee), "{name}");
    let len = pair.1.unprotect_rtp(&mut buffer[..len]).unwrap();
    assert_eq!(buffer[..len], *plain, "{name}");
}

fn rtcp(pair: &mut (Sender, Receiver), plain: &[u8], protected: &[u8], name: &str) {
    let mut buffer = vec![0xee; plain.len() + 200];
    buffer[..plain.len()].copy_from_slice(plain);
    let len = pair.0.protect_rtcp(&mut buffer, plain.len()).unwrap();
    assert_eq!(buffer[..len], *protected, "{name}");
    assert!(buffer[len..].iter().all(|byte| *byte == 0xee), "{name}");
    let len = pair.1.unprotect_rtcp(&mut buffer[..len]).unwrap();
    assert_eq!(buffer[..len], *plain, "{name}");
}

#[test]
fn packets_of_libsrtp() {
    let file = vectors(include_str!("vectors/libsrtp.txt"));
    assert_eq!(file.len(), 7);
    for vector in &file {
        let name = &vector.name;
        let suite = vector.text("suite").trim_end_matches(" + MKI");
        let profile = match suite {
            "NULL_HMAC_SHA1_80" | "NULL_NULL" => Profile::AesCm128HmacSha1_80,
            _ => Profile::from_crypto_suite(suite).unwrap(),
        };
        let mut config = Config::new(profile);
        config.encrypt_rtp = vector.text("encrypt") == "true";
        config.encrypt_rtcp = config.encrypt_rtp;
        config.authenticate_rtp = vector.text("authenticate") == "true";
        let mut pair = if suite == "NULL_NULL" {
            let keys = [MasterKey::new(&[1; 16], &[2; 14])];
            (
                Sender::new(config, &keys).unwrap(),
                Receiver::new(config, &keys).unwrap(),
            )
        } else {
            pair(config, vector)
        };
        rtp(&mut pair, &vector.bytes("rtp"), &vector.bytes("srtp"), name);
        // RTCP without authentication is against RFC 3711 §3.4.
        if config.authenticate_rtp && vector.get("srtcp").is_some() {
            let index = u32::try_from(vector.number("srtcp_index")).unwrap();
            pair.0.resume(0xcafe_babe, 0, index);
            rtcp(
                &mut pair,
                &vector.bytes("rtcp"),
                &vector.bytes("srtcp"),
                name,
            );
        }
    }
}

#[test]
fn packets_of_an_independent_implementation() {
    let file = vectors(include_str!("vectors/packets.txt"));
    assert_eq!(file.len(), 16);
    for vector in &file {
        let name = &vector.name;
        let config = Config::new(Profile::from_crypto_suite(vector.text("suite")).unwrap());
        let ssrc = u32::from_str_radix(vector.text("ssrc"), 16).unwrap();
        let index = u32::try_from(vector.number("srtcp_index")).unwrap();
        let mut both = pair(config, vector);
        for number in 0.. {
            let Some(roc) = vector.get(&format!("roc_{number}")) else {
                break;
            };
            let plain = vector.bytes(&format!("rtp_{number}"));
            rtp(
                &mut both,
                &plain,
                &vector.bytes(&format!("srtp_{number}")),
                name,
            );
            assert_eq!(both.0.roc(ssrc), roc.parse().ok(), "{name}");
            assert_eq!(both.1.roc(ssrc), roc.parse().ok(), "{name}");
        }
        both.0.resume(ssrc, 0, index);
        rtcp(
            &mut both,
            &vector.bytes("rtcp"),
            &vector.bytes("srtcp"),
            name,
        );

        let mut config = config;
        config.encrypt_rtcp = false;
        let mut both = pair(config, vector);
        both.0.resume(ssrc, 0, index);
        rtcp(
            &mut both,
            &vector.bytes("rtcp"),
            &vector.bytes("srtcp_unencrypted"),
            name,
        );
    }
}
