//! Hard cases of SRTP and SRTCP, one test each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc3711_srtp::{
    Config, ConfigError, MasterKey, Profile, ProtectError, Receiver, Sender, UnprotectError,
};

const SSRC: u32 = 0xcafe_babe;

const PROFILES: [Profile; 8] = [
    Profile::AesCm128HmacSha1_80,
    Profile::AesCm128HmacSha1_32,
    Profile::Aes192CmHmacSha1_80,
    Profile::Aes192CmHmacSha1_32,
    Profile::Aes256CmHmacSha1_80,
    Profile::Aes256CmHmacSha1_32,
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
];

fn key(profile: Profile) -> MasterKey {
    MasterKey::new(
        &[0x5a; 32][..profile.key_len()],
        &[0xc3; 14][..profile.salt_len()],
    )
}

fn pair_of(config: Config) -> (Sender, Receiver) {
    let keys = [key(config.profile)];
    (
        Sender::new(config, &keys).unwrap(),
        Receiver::new(config, &keys).unwrap(),
    )
}

fn pair() -> (Sender, Receiver) {
    pair_of(Config::new(Profile::AesCm128HmacSha1_80))
}

fn rtp_of(ssrc: u32, sequence_number: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence_number.to_be_bytes());
    packet.extend([0, 0, 0, 160]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn rtp(sequence_number: u16) -> Vec<u8> {
    rtp_of(SSRC, sequence_number, b"payload")
}

fn rtcp() -> Vec<u8> {
    let mut packet = vec![0x80, 0xc9, 0, 1];
    packet.extend(SSRC.to_be_bytes());
    packet.extend([0x81, 0xca, 0, 1, 0, 0, 0, 7]);
    packet
}

fn protect(sender: &mut Sender, mut packet: Vec<u8>) -> Vec<u8> {
    sender.protect_rtp_vec(&mut packet).unwrap();
    packet
}

fn protect_rtcp(sender: &mut Sender, mut packet: Vec<u8>) -> Vec<u8> {
    sender.protect_rtcp_vec(&mut packet).unwrap();
    packet
}

/// Unprotects a copy; when that fails, the copy must be as it was.
fn unprotect(receiver: &mut Receiver, packet: &[u8]) -> Result<Vec<u8>, UnprotectError> {
    let mut copy = packet.to_vec();
    match receiver.unprotect_rtp_vec(&mut copy) {
        Ok(()) => Ok(copy),
        Err(error) => {
            assert_eq!(copy, packet, "{error}");
            Err(error)
        }
    }
}

fn unprotect_rtcp(receiver: &mut Receiver, packet: &[u8]) -> Result<Vec<u8>, UnprotectError> {
    let mut copy = packet.to_vec();
    match receiver.unprotect_rtcp_vec(&mut copy) {
        Ok(()) => Ok(copy),
        Err(error) => {
            assert_eq!(copy, packet, "{error}");
            Err(error)
        }
    }
}

/// Sends the sequence numbers in this order and hands every packet over.
fn all_arrive(sequence_numbers: &[u16]) -> (Sender, Receiver) {
    let (mut sender, mut receiver) = pair();
    for number in sequence_numbers {
        let packet = protect(&mut sender, rtp(*number));
        assert_eq!(
            unprotect(&mut receiver, &packet),
            Ok(rtp(*number)),
            "{number}"
        );
    }
    (sender, receiver)
}

#[test]
fn twelve_bytes_and_header_plus_nine() {
    let (_, mut receiver) = pair();
    let header = rtp_of(SSRC, 1, b"");
    for len in [0, 11, 12, 21] {
        let mut packet = header.clone();
        packet.resize(len, 0);
        assert_eq!(
            unprotect(&mut receiver, &packet),
            Err(UnprotectError::Malformed),
            "{len}"
        );
    }
}

#[test]
fn header_plus_ten_is_an_empty_payload() {
    let (mut sender, mut receiver) = pair();
    let packet = protect(&mut sender, rtp_of(SSRC, 1, b""));
    assert_eq!(packet.len(), 22);
    assert_eq!(unprotect(&mut receiver, &packet).unwrap().len(), 12);
}

#[test]
fn extension_or_csrc_running_into_the_tag() {
    let (mut sender, mut receiver) = pair();
    for (number, first) in [(1, 0x82), (2, 0x90)] {
        let mut packet = protect(&mut sender, rtp_of(SSRC, number, &[0, 0, 0, 2]));
        packet[0] = first;
        assert_eq!(
            unprotect(&mut receiver, &packet),
            Err(UnprotectError::Malformed)
        );
    }
    let mut csrc = rtp_of(SSRC, 7, &[1, 2, 3, 4, 0xbe, 0xde, 0, 1, 5, 6, 7, 8, 9]);
    csrc[0] = 0x91;
    let packet = protect(&mut sender, csrc.clone());
    assert_eq!(packet[..24], csrc[..24]);
    assert_ne!(packet[24], csrc[24]);
    assert_eq!(unprotect(&mut receiver, &packet), Ok(csrc));
}

#[test]
fn each_bit_of_the_packet_flipped() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair_of(Config::new(profile));
        let packet = protect(&mut sender, rtp(1));
        let control = protect_rtcp(&mut sender, rtcp());
        for bit in 0..packet.len() * 8 {
            let mut flipped = packet.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                unprotect(&mut receiver, &flipped).is_err(),
                "{profile:?} bit {bit}"
            );
        }
        for bit in 0..control.len() * 8 {
            let mut flipped = control.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                unprotect_rtcp(&mut receiver, &flipped).is_err(),
                "{profile:?} bit {bit}"
            );
        }
        assert_eq!(receiver.streams(), 0);
        assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(1)));
        assert_eq!(unprotect_rtcp(&mut receiver, &control), Ok(rtcp()));
    }
}

#[test]
fn each_byte_of_the_tag_flipped() {
    let (mut sender, mut receiver) = pair();
    let packet = protect(&mut sender, rtp(1));
    for at in packet.len() - 10..packet.len() {
        let mut flipped = packet.clone();
        flipped[at] ^= 0xff;
        assert_eq!(
            unprotect(&mut receiver, &flipped),
            Err(UnprotectError::Authentication)
        );
    }
}

#[test]
fn replays_within_the_window_and_older() {
    for window in [64, 128, 32_768] {
        let mut config = Config::new(Profile::AesCm128HmacSha1_80);
        config.replay_window = window;
        let (mut sender, mut receiver) = pair_of(config);
        let last = 40_000_u16;
        let edge = last - u16::try_from(window).unwrap();
        let [beyond, oldest, newest] =
            [edge, edge + 1, last].map(|number| protect(&mut sender, rtp(number)));
        assert!(unprotect(&mut receiver, &newest).is_ok());
        assert_eq!(
            unprotect(&mut receiver, &newest),
            Err(UnprotectError::Replayed)
        );
        assert!(unprotect(&mut receiver, &oldest).is_ok(), "at window - 1");
        assert_eq!(
            unprotect(&mut receiver, &oldest),
            Err(UnprotectError::Replayed)
        );
        assert_eq!(
            unprotect(&mut receiver, &beyond),
            Err(UnprotectError::TooOld)
        );
    }
}

#[test]
fn a_forged_first_packet_with_30000_then_the_genuine_1000() {
    let (mut sender, mut receiver) = pair();
    let mut forged = rtp(30_000);
    forged.extend([0; 10]);
    assert_eq!(
        unprotect(&mut receiver, &forged),
        Err(UnprotectError::Authentication)
    );
    let genuine = protect(&mut sender, rtp(1000));
    assert_eq!(unprotect(&mut receiver, &genuine), Ok(rtp(1000)));
    assert_eq!(receiver.roc(SSRC), Some(0));
}

#[test]
fn a_hundred_thousand_forged_ssrcs_leave_memory_unchanged() {
    let (_, mut receiver) = pair();
    let mut packet = rtp(1);
    packet.extend([0; 10]);
    let counted = allocation_counter::measure(|| {
        for ssrc in 0..100_000_u32 {
            packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
            let refused = receiver.unprotect_rtp(&mut packet);
            assert_eq!(refused, Err(UnprotectError::Authentication));
        }
    });
    assert_eq!((counted.count_total, receiver.streams()), (0, 0));
}

#[test]
fn a_forged_sequence_number_half_a_cycle_back_leaves_the_roc() {
    let (mut sender, mut receiver) = all_arrive(&[60_000, 10_000, 40_000]);
    assert_eq!(receiver.roc(SSRC), Some(1));
    for forged in [
        40_000 - 32_768,
        40_000_u16.wrapping_add(32_768),
        7_231,
        7_233,
    ] {
        let mut packet = rtp(forged);
        packet.extend([0; 10]);
        assert!(unprotect(&mut receiver, &packet).is_err());
        assert_eq!(receiver.roc(SSRC), Some(1));
    }
    let next = protect(&mut sender, rtp(40_001));
    assert_eq!(unprotect(&mut receiver, &next), Ok(rtp(40_001)));
}

#[test]
fn wrap_65535_then_0() {
    let (sender, receiver) = all_arrive(&[65_535, 0]);
    assert_eq!((sender.roc(SSRC), receiver.roc(SSRC)), (Some(1), Some(1)));
}

#[test]
fn wrap_with_reordering_65534_0_65535_1() {
    let (_, receiver) = all_arrive(&[65_534, 0, 65_535, 1]);
    assert_eq!(receiver.roc(SSRC), Some(1));
}

/// A sender that has wrapped once, and its packets since.
fn wrapped() -> (Sender, Vec<Vec<u8>>) {
    let (mut sender, _) = pair();
    let numbers = [65_535, 0, 1, 2];
    let packets = numbers
        .iter()
        .map(|number| protect(&mut sender, rtp(*number)))
        .collect();
    (sender, packets)
}

#[test]
fn first_seen_just_after_a_wrap() {
    let (_, packets) = wrapped();
    let (_, mut receiver) = pair();
    assert_eq!(
        unprotect(&mut receiver, &packets[2]),
        Err(UnprotectError::Authentication)
    );

    receiver.set_roc(SSRC, 1);
    assert_eq!(unprotect(&mut receiver, &packets[2]), Ok(rtp(1)));

    let mut config = Config::new(Profile::AesCm128HmacSha1_80);
    config.try_neighbouring_roc = true;
    let (_, mut trying) = pair_of(config);
    assert_eq!(unprotect(&mut trying, &packets[2]), Ok(rtp(1)));
    assert_eq!(trying.roc(SSRC), Some(1));
    // Told too much, it finds the one below as well.
    let (_, mut trying) = pair_of(config);
    trying.set_roc(SSRC, 2);
    assert_eq!(unprotect(&mut trying, &packets[2]), Ok(rtp(1)));
    assert_eq!(trying.roc(SSRC), Some(1));
}

#[test]
fn gaps_of_32767_and_32768() {
    all_arrive(&[0, 32_767]);
    all_arrive(&[0, 32_768]);
    all_arrive(&[40_000, 7_231]);
    all_arrive(&[100, 32_868, 65_000, 32_231]);
}

#[test]
fn gaps_of_32769_and_beyond_65536() {
    let (mut sender, mut receiver) = pair();
    let [first, _, later, _, _, round] =
        [0, 20_000, 32_769, 50_000, 65_535, 0].map(|number| protect(&mut sender, rtp(number)));
    assert!(unprotect(&mut receiver, &first).is_ok());
    // 32,769 ahead looks like the cycle before, which the stream has not had.
    assert_eq!(
        unprotect(&mut receiver, &later),
        Err(UnprotectError::TooOld)
    );
    // 65,536 ahead has the sequence number of the first.
    assert_eq!(
        unprotect(&mut receiver, &round),
        Err(UnprotectError::Replayed)
    );
    assert_eq!(receiver.roc(SSRC), Some(0));
    receiver.set_roc(SSRC, 1);
    assert!(unprotect(&mut receiver, &round).is_ok());
}

#[test]
fn replay_from_the_previous_roc() {
    let (mut sender, mut receiver) = pair();
    let old = protect(&mut sender, rtp(10));
    assert!(unprotect(&mut receiver, &old).is_ok());
    for number in [30_000, 60_000, 9] {
        let packet = protect(&mut sender, rtp(number));
        assert!(unprotect(&mut receiver, &packet).is_ok());
    }
    assert_eq!(receiver.roc(SSRC), Some(1));
    assert_eq!(
        unprotect(&mut receiver, &old),
        Err(UnprotectError::Authentication)
    );
    let packet = protect(&mut sender, rtp(10));
    assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(10)));
}

#[test]
fn the_roc_does_not_wrap() {
    let (mut sender, mut receiver) = pair();
    sender.resume(SSRC, u32::MAX, 0);
    receiver.set_roc(SSRC, u32::MAX);
    let last = protect(&mut sender, rtp(65_535));
    assert_eq!(unprotect(&mut receiver, &last), Ok(rtp(65_535)));
    let mut beyond = rtp(0);
    assert_eq!(
        sender.protect_rtp_vec(&mut beyond),
        Err(ProtectError::IndexExhausted)
    );
    assert_eq!(beyond, rtp(0));
    beyond.extend([0; 10]);
    assert_eq!(
        unprotect(&mut receiver, &beyond),
        Err(UnprotectError::IndexExhausted)
    );
    assert_eq!(receiver.roc(SSRC), Some(u32::MAX));
}

#[test]
fn two_ssrcs_of_which_one_wraps() {
    let (mut sender, mut receiver) = pair();
    for (ssrc, number) in [(1, 65_535), (2, 65_000), (1, 0), (2, 65_001), (1, 1)] {
        let plain = rtp_of(ssrc, number, b"x");
        let packet = protect(&mut sender, plain.clone());
        assert_eq!(unprotect(&mut receiver, &packet), Ok(plain));
    }
    assert_eq!(
        (receiver.roc(1), receiver.roc(2), receiver.roc(3)),
        (Some(1), Some(0), None)
    );
}

fn mki_keys() -> [MasterKey; 2] {
    let salt = [3; 14];
    [
        MasterKey::new(&[1; 16], &salt).with_mki(b"aa"),
        MasterKey::new(&[2; 16], &salt).with_mki(b"bb"),
    ]
}

#[test]
fn unknown_mki_and_mki_longer_than_the_rest() {
    let config = Config::new(Profile::AesCm128HmacSha1_80);
    let mut sender = Sender::new(config, &mki_keys()).unwrap();
    let mut receiver = Receiver::new(config, &mki_keys()).unwrap();
    let packet = protect(&mut sender, rtp(1));
    assert_eq!(&packet[packet.len() - 12..packet.len() - 10], b"aa");
    let mut unknown = packet.clone();
    let at = packet.len() - 12;
    unknown[at..at + 2].copy_from_slice(b"cc");
    assert_eq!(
        unprotect(&mut receiver, &unknown),
        Err(UnprotectError::UnknownMki)
    );
    // The other key's MKI: authentication under that one fails.
    unknown[at..at + 2].copy_from_slice(b"bb");
    assert_eq!(
        unprotect(&mut receiver, &unknown),
        Err(UnprotectError::Authentication)
    );
    assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(1)));

    let long = [MasterKey::new(&[1; 16], &[3; 14]).with_mki(&[7; 128])];
    let mut long = Receiver::new(config, &long).unwrap();
    assert_eq!(
        unprotect(&mut long, &packet),
        Err(UnprotectError::Malformed)
    );
    let control = protect_rtcp(&mut sender, rtcp());
    assert_eq!(
        unprotect_rtcp(&mut long, &control),
        Err(UnprotectError::Malformed)
    );
}

#[test]
fn keys_overlap_and_rollover_counters_go_on() {
    for profile in [Profile::AesCm128HmacSha1_80, Profile::AeadAes128Gcm] {
        let config = Config::new(profile);
        let salt = &[3; 14][..profile.salt_len()];
        let old = MasterKey::new(&[1; 16], salt).with_mki(b"aa");
        let new = MasterKey::new(&[2; 16], salt).with_mki(b"bb");
        let mut sender = Sender::new(config, core::slice::from_ref(&old)).unwrap();
        let mut receiver = Receiver::new(config, core::slice::from_ref(&old)).unwrap();
        let exchange = |sender: &mut Sender, receiver: &mut Receiver, number| {
            let packet = protect(sender, rtp(number));
            assert_eq!(unprotect(receiver, &packet), Ok(rtp(number)));
            let packet = protect_rtcp(sender, rtcp());
            assert_eq!(unprotect_rtcp(receiver, &packet), Ok(rtcp()));
        };
        exchange(&mut sender, &mut receiver, 65_535);
        let late = protect(&mut sender, rtp(0));
        sender.add_key(&new).unwrap();
        receiver.add_key(&new).unwrap();
        sender.use_key(b"bb").unwrap();
        exchange(&mut sender, &mut receiver, 1);
        assert_eq!(unprotect(&mut receiver, &late), Ok(rtp(0)));
        assert_eq!((sender.roc(SSRC), receiver.roc(SSRC)), (Some(1), Some(1)));
        receiver.remove_key(b"aa").unwrap();
        sender.use_key(b"aa").unwrap();
        let packet = protect(&mut sender, rtp(2));
        assert_eq!(
            unprotect(&mut receiver, &packet),
            Err(UnprotectError::UnknownMki)
        );
        assert_eq!(sender.use_key(b"zz"), Err(ConfigError::UnknownMki));
        assert_eq!(receiver.remove_key(b"zz"), Err(ConfigError::UnknownMki));
    }
}

#[test]
fn replaced_keys_keep_the_streams() {
    let (mut sender, mut receiver) = all_arrive(&[65_535, 0]);
    let control = protect_rtcp(&mut sender, rtcp());
    assert!(unprotect_rtcp(&mut receiver, &control).is_ok());
    let new = [MasterKey::new(&[9; 16], &[8; 14])];
    sender.replace_keys(&new).unwrap();
    receiver.replace_keys(&new).unwrap();
    let packet = protect(&mut sender, rtp(1));
    assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(1)));
    assert_eq!((sender.roc(SSRC), receiver.roc(SSRC)), (Some(1), Some(1)));
    let control = protect_rtcp(&mut sender, rtcp());
    assert_eq!(control[16..20], [0x80, 0, 0, 1]);
    assert_eq!(unprotect_rtcp(&mut receiver, &control), Ok(rtcp()));
    assert_eq!(sender.replace_keys(&[]), Err(ConfigError::KeyLength));
}

#[test]
fn the_32_suites_have_short_tags_for_rtp_only() {
    for profile in [
        Profile::AesCm128HmacSha1_32,
        Profile::Aes192CmHmacSha1_32,
        Profile::Aes256CmHmacSha1_32,
    ] {
        let (mut sender, mut receiver) = pair_of(Config::new(profile));
        assert_eq!((sender.rtp_overhead(), sender.rtcp_overhead()), (4, 14));
        let packet = protect(&mut sender, rtp(1));
        assert_eq!(packet.len(), rtp(1).len() + 4);
        assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(1)));
        let control = protect_rtcp(&mut sender, rtcp());
        assert_eq!(control.len(), rtcp().len() + 14);
        assert_eq!(unprotect_rtcp(&mut receiver, &control), Ok(rtcp()));
    }
}

#[test]
fn an_unencrypted_packet_under_a_policy_that_requires_encryption() {
    for profile in PROFILES {
        let strict = Config::new(profile);
        let mut open = strict;
        open.encrypt_rtcp = false;
        let (mut strict_sender, mut strict_receiver) = pair_of(strict);
        let (mut open_sender, mut open_receiver) = pair_of(open);
        let clear = protect_rtcp(&mut open_sender, rtcp());
        assert_eq!(clear[..rtcp().len()], rtcp());
        assert_eq!(
            unprotect_rtcp(&mut strict_receiver, &clear),
            Err(UnprotectError::EncryptionFlag)
        );
        assert_eq!(unprotect_rtcp(&mut open_receiver, &clear), Ok(rtcp()));
        let encrypted = protect_rtcp(&mut strict_sender, rtcp());
        assert_ne!(encrypted[8..rtcp().len()], rtcp()[8..]);
        assert_eq!(
            unprotect_rtcp(&mut open_receiver, &encrypted),
            Err(UnprotectError::EncryptionFlag)
        );
    }
}

#[test]
fn srtcp_index_replay_and_wrap() {
    let (mut sender, mut receiver) = pair();
    let first = protect_rtcp(&mut sender, rtcp());
    assert_eq!(first[16..20], [0x80, 0, 0, 0]);
    assert!(unprotect_rtcp(&mut receiver, &first).is_ok());
    assert_eq!(
        unprotect_rtcp(&mut receiver, &first),
        Err(UnprotectError::Replayed)
    );

    sender.resume(SSRC, 0, 0x7fff_ffff);
    let last = protect_rtcp(&mut sender, rtcp());
    assert_eq!(last[16..20], [0xff; 4]);
    assert!(unprotect_rtcp(&mut receiver, &last).is_ok());
    let mut beyond = rtcp();
    assert_eq!(
        sender.protect_rtcp_vec(&mut beyond),
        Err(ProtectError::IndexExhausted)
    );
    assert_eq!(beyond, rtcp());
    assert_eq!(
        unprotect_rtcp(&mut receiver, &first),
        Err(UnprotectError::TooOld)
    );
}

#[test]
fn srtcp_that_is_too_short_or_of_another_version() {
    let (mut sender, mut receiver) = pair();
    let packet = protect_rtcp(&mut sender, rtcp()[..8].to_vec());
    assert_eq!(packet.len(), 8 + 14);
    for len in 0..22 {
        assert_eq!(
            unprotect_rtcp(&mut receiver, &packet[..len]),
            Err(UnprotectError::Malformed),
            "{len}"
        );
    }
    let mut version = packet.clone();
    version[0] = 0x40;
    assert_eq!(
        unprotect_rtcp(&mut receiver, &version),
        Err(UnprotectError::Malformed)
    );
    assert!(unprotect_rtcp(&mut receiver, &packet).is_ok());
    assert_eq!(
        sender.protect_rtcp_vec(&mut vec![0x80; 7]),
        Err(ProtectError::Malformed)
    );
}

#[test]
fn key_derivation_rate_at_its_boundary() {
    for profile in [Profile::AesCm128HmacSha1_80, Profile::AeadAes256Gcm] {
        let mut config = Config::new(profile);
        config.key_derivation_rate = Some(4);
        let (mut sender, mut receiver) = pair_of(config);
        let packets: Vec<_> = (14..34)
            .map(|number| protect(&mut sender, rtp(number)))
            .collect();
        let (mut once, _) = pair_of(Config::new(profile));
        for (number, packet) in (14..34).zip(&packets) {
            // Up to 15 the keys are those derived first.
            assert_eq!(
                *packet == protect(&mut once, rtp(number)),
                number < 16,
                "{number}"
            );
        }
        // Across the boundary and back.
        for at in [0, 2, 1, 3, 18, 17, 19] {
            let number = u16::try_from(at).unwrap() + 14;
            assert_eq!(
                unprotect(&mut receiver, &packets[at]),
                Ok(rtp(number)),
                "{number}"
            );
        }
        for _ in 0..40 {
            let control = protect_rtcp(&mut sender, rtcp());
            assert_eq!(unprotect_rtcp(&mut receiver, &control), Ok(rtcp()));
        }
    }
}

#[test]
fn lifetime_n_and_n_plus_1() {
    let config = Config::new(Profile::AesCm128HmacSha1_80);
    let keys = [key(config.profile).with_lifetime(3)];
    let mut sender = Sender::new(config, &keys).unwrap();
    let mut receiver = Receiver::new(config, &keys).unwrap();
    assert_eq!(
        (sender.packets_left(), receiver.packets_left(b"")),
        ((3, 3), Some((3, 3)))
    );
    for number in 0..3 {
        let packet = protect(&mut sender, rtp(number));
        assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(number)));
        let control = protect_rtcp(&mut sender, rtcp());
        assert_eq!(unprotect_rtcp(&mut receiver, &control), Ok(rtcp()));
    }
    assert_eq!(
        (sender.packets_left(), receiver.packets_left(b"")),
        ((0, 0), Some((0, 0)))
    );
    assert_eq!(
        sender.protect_rtp_vec(&mut rtp(3)),
        Err(ProtectError::KeyExpired)
    );
    assert_eq!(
        sender.protect_rtcp_vec(&mut rtcp()),
        Err(ProtectError::KeyExpired)
    );

    let (mut unlimited, _) = pair();
    let packet = protect(&mut unlimited, rtp(3));
    assert_eq!(
        unprotect(&mut receiver, &packet),
        Err(UnprotectError::KeyExpired)
    );
    unlimited.resume(SSRC, 0, 3);
    let control = protect_rtcp(&mut unlimited, rtcp());
    assert_eq!(
        unprotect_rtcp(&mut receiver, &control),
        Err(UnprotectError::KeyExpired)
    );
    assert_eq!(unlimited.packets_left(), ((1 << 48) - 1, (1 << 31) - 1));
}

#[test]
fn an_index_is_not_used_twice() {
    let (mut sender, _) = pair();
    protect(&mut sender, rtp(1000));
    for (number, result) in [
        (1000, Err(ProtectError::IndexReused)),
        (999, Ok(())),
        (999, Err(ProtectError::IndexReused)),
        (936, Err(ProtectError::IndexReused)),
        (40_000, Err(ProtectError::IndexReused)),
    ] {
        let mut packet = rtp(number);
        assert_eq!(sender.protect_rtp_vec(&mut packet), result, "{number}");
        assert_eq!(packet == rtp(number), result.is_err(), "{number}");
    }
}

#[test]
fn a_buffer_without_room_tells_what_is_needed() {
    let (mut sender, _) = pair();
    for available in 0..29 {
        let mut buffer = rtp(1);
        buffer.resize(available, 0);
        assert_eq!(
            sender.protect_rtp(&mut buffer, 19),
            Err(ProtectError::BufferTooSmall {
                needed: 29,
                available
            })
        );
    }
    assert!(matches!(
        sender.protect_rtcp(&mut [0; 8], usize::MAX),
        Err(ProtectError::BufferTooSmall { .. })
    ));
    assert_eq!(
        sender.protect_rtp_vec(&mut vec![0; 12]),
        Err(ProtectError::Malformed)
    );
    assert_eq!(sender.roc(SSRC), None);
}

#[test]
fn without_encryption_or_authentication() {
    let mut config = Config::new(Profile::AesCm128HmacSha1_80);
    config.encrypt_rtp = false;
    let (mut sender, mut receiver) = pair_of(config);
    let packet = protect(&mut sender, rtp(1));
    assert_eq!(packet[..19], rtp(1));
    assert_eq!(unprotect(&mut receiver, &packet), Ok(rtp(1)));

    config.authenticate_rtp = false;
    let (mut sender, mut receiver) = pair_of(config);
    assert_eq!(protect(&mut sender, rtp(1)), rtp(1));
    assert_eq!(unprotect(&mut receiver, &rtp(1)), Ok(rtp(1)));
    assert_eq!(
        unprotect(&mut receiver, &rtp(1)),
        Err(UnprotectError::Replayed)
    );
    // RTCP has its tag nevertheless.
    assert_eq!(protect_rtcp(&mut sender, rtcp()).len(), rtcp().len() + 14);
}

#[test]
fn streams_are_bounded() {
    let mut config = Config::new(Profile::AesCm128HmacSha1_80);
    config.max_streams = 2;
    let (mut sender, _) = pair_of(Config::new(Profile::AesCm128HmacSha1_80));
    let (mut bounded, mut receiver) = pair_of(config);
    for ssrc in 1..=2 {
        let packet = protect(&mut sender, rtp_of(ssrc, 1, b"x"));
        assert!(unprotect(&mut receiver, &packet).is_ok());
        protect(&mut bounded, rtp_of(ssrc, 1, b"x"));
    }
    let third = protect(&mut sender, rtp_of(3, 1, b"x"));
    assert_eq!(
        unprotect(&mut receiver, &third),
        Err(UnprotectError::TooManyStreams)
    );
    let control = protect_rtcp(&mut sender, rtcp());
    assert_eq!(
        unprotect_rtcp(&mut receiver, &control),
        Err(UnprotectError::TooManyStreams)
    );
    let mut packet = rtp_of(3, 1, b"x");
    assert_eq!(
        bounded.protect_rtp_vec(&mut packet),
        Err(ProtectError::TooManyStreams)
    );
    assert_eq!(
        bounded.protect_rtcp_vec(&mut rtcp()),
        Err(ProtectError::TooManyStreams)
    );
    receiver.remove_stream(1);
    assert!(unprotect(&mut receiver, &third).is_ok());
}

#[test]
fn configurations_out_of_range() {
    let profile = Profile::AesCm128HmacSha1_80;
    let with = |change: fn(&mut Config), keys: &[MasterKey]| {
        let mut config = Config::new(profile);
        change(&mut config);
        Receiver::new(config, keys).map(drop).unwrap_err()
    };
    let good = [key(profile)];
    let same = |_: &mut Config| {};
    for window in [0, 63, 65, 32_832] {
        let mut config = Config::new(profile);
        config.replay_window = window;
        assert_eq!(
            Receiver::new(config, &good).unwrap_err(),
            ConfigError::ReplayWindow
        );
    }
    let rate = |config: &mut Config| config.key_derivation_rate = Some(25);
    assert_eq!(with(rate, &good), ConfigError::KeyDerivationRate);
    let weak = |config: &mut Config| {
        config.profile = Profile::AeadAes128Gcm;
        config.authenticate_rtp = false;
    };
    assert_eq!(with(weak, &good), ConfigError::WeakAead);
    assert_eq!(with(same, &[]), ConfigError::KeyLength);
    assert_eq!(
        with(same, &[MasterKey::new(&[1; 15], &[2; 14])]),
        ConfigError::KeyLength
    );
    assert_eq!(
        with(same, &[MasterKey::new(&[1; 16], &[2; 12])]),
        ConfigError::SaltLength
    );
    assert_eq!(
        with(same, &[good[0].clone().with_lifetime(0)]),
        ConfigError::Lifetime
    );
    assert_eq!(
        with(same, &[good[0].clone(), good[0].clone()]),
        ConfigError::Mki
    );
    let [a, b] = mki_keys();
    assert_eq!(with(same, &[a.clone(), a.clone()]), ConfigError::Mki);
    assert_eq!(with(same, &[a, b.with_mki(b"bbb")]), ConfigError::Mki);
    assert_eq!(
        with(same, &[good[0].clone().with_mki(&[1; 129])]),
        ConfigError::Mki
    );
}

#[test]
fn secrets_are_not_shown() {
    let key = MasterKey::new(&[0x41; 16], &[0x42; 14]);
    let (sender, receiver) = pair();
    let shown = format!("{key:?} {sender:?} {receiver:?}");
    assert!(
        !shown.contains("65, 65") && !shown.contains("41, 41"),
        "{shown}"
    );
}

#[test]
fn crypto_suites_by_name() {
    for profile in PROFILES {
        let name = profile.crypto_suite();
        assert_eq!(Profile::from_crypto_suite(name), Some(profile));
        assert_eq!(
            Profile::from_crypto_suite(&name.to_lowercase()),
            Some(profile)
        );
    }
    assert_eq!(Profile::from_crypto_suite("F8_128_HMAC_SHA1_80"), None);
}
