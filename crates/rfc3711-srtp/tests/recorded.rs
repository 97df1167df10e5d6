//! Calls and streams that other programs protected, where the recordings are at hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, UnprotectError};

fn recording(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures");
    let path = folder.join(name);
    let bytes = fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: no {}", path.display());
    }
    bytes
}

/// The UDP datagrams of a little-endian pcap file of Ethernet and IPv4: destination port, payload.
fn datagrams(pcap: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = &pcap[24..];
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let len = u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        let (frame, tail) = tail.split_at(len);
        rest = tail;
        let ip = &frame[14..];
        if ip[9] != 17 {
            continue;
        }
        let udp = &ip[usize::from(ip[0] & 15) * 4..];
        found.push((u16::from_be_bytes([udp[2], udp[3]]), udp[8..].to_vec()));
    }
    found
}

#[test]
fn an_sdes_call_of_baresip() {
    let Some(pcap) = recording("own/baresip-call-srtp-sdes.pcap") else {
        return;
    };
    let plain_call = recording("own/baresip-call-plain-dtmf-rtcp.pcap").unwrap();
    // The keys are those of the call's own descriptions.
    for (port, key_salt, expected) in [
        (
            20118,
            "19cb7eea995885bb91a26bb33bd74c8cbef248b9a611b9b49235b1b3305b",
            354,
        ),
        (
            20308,
            "41d937d8d9c9ac208dd7c6f3f196e03eb67d8076c3f4ef0998722f756d37",
            390,
        ),
    ] {
        let key_salt = bytes(key_salt);
        let (key, salt) = key_salt.split_at(16);
        let config = Config::new(Profile::AesCm128HmacSha1_80);
        let mut receiver = Receiver::new(config, &[MasterKey::new(key, salt)]).unwrap();
        let (mut rtp, mut rtcp, mut plain) = (0, 0, 0);
        let mut sound = Vec::new();
        for (to, mut packet) in datagrams(&pcap) {
            if to != port && to != port + 1 || packet.len() < 12 || packet[0] >> 6 != 2 {
                continue;
            }
            if (192..=223).contains(&packet[1]) {
                // The first and the last of each side are in the clear.
                match receiver.unprotect_rtcp_vec(&mut packet) {
                    Ok(()) => rtcp += 1,
                    Err(
                        UnprotectError::Authentication
                        | UnprotectError::EncryptionFlag
                        | UnprotectError::Malformed,
                    ) => plain += 1,
                    Err(other) => panic!("{other}"),
                }
            } else {
                receiver.unprotect_rtp_vec(&mut packet).unwrap();
                rtp += 1;
                sound.extend(audio(&packet));
            }
        }
        assert_eq!((rtp, rtcp, plain), (expected, 2, 2), "to port {port}");
        // In the call without keys the same programs played the same sound.
        let same = [20116, 20312].iter().any(|port| {
            let packets = datagrams(&plain_call).into_iter();
            let packets = packets.filter(|(to, _)| to == port);
            let heard: Vec<u8> = packets.flat_map(|(_, packet)| audio(&packet)).collect();
            let len = heard.len().min(sound.len());
            len > 300 * 160 && heard[..len] == sound[..len]
        });
        assert!(same, "to port {port}");
    }
}

/// The payload of PCMU packets.
fn audio(packet: &[u8]) -> Vec<u8> {
    let is_audio = packet.len() > 12 && packet[0] == 0x80 && packet[1] & 0x7f == 0;
    packet
        .get(12..)
        .filter(|_| is_audio)
        .unwrap_or_default()
        .to_vec()
}

#[test]
fn streams_of_gstreamer_with_a_wrap() {
    let Some(index) = recording("made/srtp/index.json") else {
        return;
    };
    let index = String::from_utf8(index).unwrap();
    let mut streams = 0;
    for stream in index.split("\"pcap\"").skip(1) {
        streams += 1;
        let mut strings = stream.split('"').skip(1).step_by(2);
        let pcap = recording(&format!("made/srtp/{}", strings.next().unwrap())).unwrap();
        let field = |name: &str| {
            let (_, rest) = stream.split_once(&format!("\"{name}\"")).unwrap();
            rest.split('"').nth(1).unwrap()
        };
        let profile = Profile::from_crypto_suite(field("suite")).unwrap();
        let key = MasterKey::new(&bytes(field("master_key")), &bytes(field("master_salt")));
        let mut receiver = Receiver::new(Config::new(profile), &[key]).unwrap();
        let (_, plain) = stream.split_once("plaintext_rtp").unwrap();
        let plain: Vec<_> = plain
            .split('"')
            .skip(2)
            .step_by(2)
            .take(60)
            .map(bytes)
            .collect();
        let mut decrypted = Vec::new();
        for (_, mut packet) in datagrams(&pcap) {
            receiver.unprotect_rtp_vec(&mut packet).unwrap();
            decrypted.push(packet);
        }
        assert_eq!(decrypted, plain);
        assert_eq!(receiver.roc(0xabcd_ef01), Some(1));
    }
    assert_eq!(streams, 3);
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}
