//! What holds for any packets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};

fn profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(vec![
        Profile::AesCm128HmacSha1_80,
        Profile::AesCm128HmacSha1_32,
        Profile::Aes192CmHmacSha1_80,
        Profile::Aes256CmHmacSha1_32,
        Profile::AeadAes128Gcm,
        Profile::AeadAes256Gcm,
    ])
}

fn config() -> impl Strategy<Value = Config> {
    (
        profile(),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(0..24_u8),
    )
        .prop_map(|(profile, clear, try_neighbouring_roc, rate)| {
            let mut config = Config::new(profile);
            config.encrypt_rtcp = !clear;
            config.encrypt_rtp = profile.is_aead() || !clear;
            config.try_neighbouring_roc = try_neighbouring_roc;
            config.key_derivation_rate = rate;
            config
        })
}

fn pair(config: Config, mki: &[u8]) -> (Sender, Receiver) {
    let profile = config.profile;
    let key = MasterKey::new(
        &[7; 32][..profile.key_len()],
        &[9; 14][..profile.salt_len()],
    );
    let keys = [key.with_mki(mki)];
    (
        Sender::new(config, &keys).unwrap(),
        Receiver::new(config, &keys).unwrap(),
    )
}

fn rtp(ssrc: u8, sequence_number: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = sequence_number.to_be_bytes();
    [&[0x80, 0, high, low, 0, 0, 0, 1, 0, 0, 0, ssrc], payload].concat()
}

/// What an attacker without the key can make: noise, and changed copies of genuine packets.
#[derive(Debug, Clone)]
enum Forgery {
    Noise(Vec<u8>),
    Header {
        ssrc: u8,
        sequence_number: u16,
        rest: Vec<u8>,
    },
    Changed {
        packet: Index,
        at: Index,
        with: u8,
    },
    Cut {
        packet: Index,
        at: Index,
    },
}

fn forgery() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        vec(any::<u8>(), 0..60).prop_map(Forgery::Noise),
        (0..3_u8, any::<u16>(), vec(any::<u8>(), 0..40)).prop_map(
            |(ssrc, sequence_number, rest)| Forgery::Header {
                ssrc,
                sequence_number,
                rest
            }
        ),
        (any::<Index>(), any::<Index>(), 1..=255_u8)
            .prop_map(|(packet, at, with)| Forgery::Changed { packet, at, with }),
        (any::<Index>(), any::<Index>()).prop_map(|(packet, at)| Forgery::Cut { packet, at }),
    ]
}

impl Forgery {
    fn bytes(&self, genuine: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Forgery::Noise(bytes) => bytes.clone(),
            Forgery::Header {
                ssrc,
                sequence_number,
                rest,
            } => rtp(*ssrc, *sequence_number, rest),
            Forgery::Changed { packet, at, with } => {
                let mut bytes = packet.get(genuine).clone();
                let at = at.index(bytes.len());
                bytes[at] ^= with;
                bytes
            }
            Forgery::Cut { packet, at } => {
                let bytes = packet.get(genuine);
                bytes[..at.index(bytes.len())].to_vec()
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn forged_packets_leave_the_state_unchanged(
        config in config(),
        forgeries in vec((0..8_usize, forgery()), 1..40),
        start: u16,
    ) {
        // Tags of four bytes could be met by chance, once in 2^32 packets.
        let (mut sender, mut attacked) = pair(config, b"m");
        let (_, mut left_alone) = pair(config, b"m");
        let packets: Vec<_> = (0..8_u16)
            .map(|step| {
                let number = start.wrapping_add(step);
                let mut packet = rtp((step % 2) as u8, number, b"payload");
                if step % 4 == 3 {
                    packet = [&[0x80, 0xc9, 0, 1, 0, 0, 0, 1][..], &[5; 12]].concat();
                    sender.protect_rtcp_vec(&mut packet).unwrap();
                } else {
                    sender.protect_rtp_vec(&mut packet).unwrap();
                }
                packet
            })
            .collect();
        for (step, packet) in packets.iter().enumerate() {
            for (_, forgery) in forgeries.iter().filter(|(when, _)| *when == step) {
                let bytes = forgery.bytes(&packets);
                // A changed packet could change into itself on the way; it never does.
                prop_assert!(!packets.contains(&bytes));
                for unprotect in [Receiver::unprotect_rtp, Receiver::unprotect_rtcp] {
                    let mut copy = bytes.clone();
                    prop_assert!(unprotect(&mut attacked, &mut copy).is_err());
                    prop_assert_eq!(&copy, &bytes);
                }
            }
            let unprotect = if step % 4 == 3 {
                Receiver::unprotect_rtcp_vec
            } else {
                Receiver::unprotect_rtp_vec
            };
            let (mut one, mut other) = (packet.clone(), packet.clone());
            prop_assert_eq!(unprotect(&mut attacked, &mut one), Ok(()));
            prop_assert_eq!(unprotect(&mut left_alone, &mut other), Ok(()));
            prop_assert_eq!(one, other);
            prop_assert_eq!(attacked.streams(), left_alone.streams());
            prop_assert_eq!(attacked.packets_left(b"m"), left_alone.packets_left(b"m"));
            for ssrc in 0..2 {
                prop_assert_eq!(attacked.roc(ssrc), left_alone.roc(ssrc));
            }
        }
        for packet in &packets {
            let mut copy = packet.clone();
            prop_assert!(attacked.unprotect_rtp_vec(&mut copy).is_err());
        }
    }

    #[test]
    fn what_is_protected_is_unprotected(
        config in config(),
        mki in vec(1..=255_u8, 0..6),
        start: u16,
        payloads in vec((vec(any::<u8>(), 0..300), 1..20_000_u16), 1..20),
    ) {
        let (mut sender, mut receiver) = pair(config, &mki);
        let mut number = start;
        for (payload, step) in payloads {
            number = number.wrapping_add(step);
            let plain = rtp(1, number, &payload);
            let mut packet = plain.clone();
            sender.protect_rtp_vec(&mut packet).unwrap();
            prop_assert_eq!(packet.len(), plain.len() + sender.rtp_overhead());
            prop_assert_eq!(receiver.unprotect_rtp_vec(&mut packet), Ok(()));
            prop_assert_eq!(&packet, &plain);
            prop_assert_eq!(sender.roc(1), receiver.roc(1));

            let plain = [&[0x80, 0xc9, 0, 1, 0, 0, 0, 1], &payload[..]].concat();
            let mut packet = plain.clone();
            sender.protect_rtcp_vec(&mut packet).unwrap();
            prop_assert_eq!(packet.len(), plain.len() + sender.rtcp_overhead());
            prop_assert_eq!(receiver.unprotect_rtcp_vec(&mut packet), Ok(()));
            prop_assert_eq!(&packet, &plain);
        }
    }
}
