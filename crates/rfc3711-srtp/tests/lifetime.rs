//! When a master key begins and ends: lifetimes, From and To, and what is told of it.
//! RFC 3711 §3.2.1, §8.1.1, §9.2.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc3711_srtp::{
    Config, ConfigError, KeyEvent, MasterKey, Profile, ProtectError, Receiver, Sender,
    UnprotectError,
};

const SSRC: u32 = 0xcafe_babe;
const OTHER: u32 = 7;

fn config() -> Config {
    Config::new(Profile::AesCm128HmacSha1_80)
}

fn key(number: u8) -> MasterKey {
    MasterKey::new(&[number; 16], &[number; 14])
}

fn pair(config: Config, keys: &[MasterKey]) -> (Sender, Receiver) {
    (
        Sender::new(config, keys).unwrap(),
        Receiver::new(config, keys).unwrap(),
    )
}

fn rtp(ssrc: u32, sequence_number: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence_number.to_be_bytes());
    packet.extend([0, 0, 0, 160]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(b"payload");
    packet
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 0xc9, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet
}

fn protect(sender: &mut Sender, ssrc: u32, number: u16) -> Result<Vec<u8>, ProtectError> {
    let mut packet = rtp(ssrc, number);
    sender.protect_rtp_vec(&mut packet).map(|()| packet)
}

fn protect_rtcp(sender: &mut Sender, ssrc: u32) -> Result<Vec<u8>, ProtectError> {
    let mut packet = rtcp(ssrc);
    sender.protect_rtcp_vec(&mut packet).map(|()| packet)
}

fn unprotect(receiver: &mut Receiver, packet: &[u8]) -> Result<(), UnprotectError> {
    receiver.unprotect_rtp_vec(&mut packet.to_vec())
}

fn unprotect_rtcp(receiver: &mut Receiver, packet: &[u8]) -> Result<(), UnprotectError> {
    receiver.unprotect_rtcp_vec(&mut packet.to_vec())
}

/// Who can read a packet: the number of the key, of those below 4.
fn key_of(packet: &[u8], is_rtcp: bool, roc: u32) -> Option<u8> {
    (1..4).find(|number| {
        let mut receiver = Receiver::new(config(), &[key(*number)]).unwrap();
        receiver.set_roc(SSRC, roc);
        if is_rtcp {
            unprotect_rtcp(&mut receiver, packet).is_ok()
        } else {
            unprotect(&mut receiver, packet).is_ok()
        }
    })
}

#[test]
fn the_soft_limit_is_told_and_then_the_hard_one() {
    let mut config = config();
    config.soft_limit = 2;
    let (mut sender, mut receiver) = pair(config, &[key(1).with_mki(b"a").with_lifetime(5)]);
    for number in 0..5 {
        let packet = protect(&mut sender, SSRC, number).unwrap();
        unprotect(&mut receiver, &packet).unwrap();
        let expected = match number {
            2 => Some(KeyEvent::Expiring { mki: b"a" }),
            4 => Some(KeyEvent::Expired { mki: b"a" }),
            _ => None,
        };
        assert_eq!(sender.poll_event(), expected, "{number}");
        assert_eq!(sender.poll_event(), None);
        assert_eq!(receiver.poll_event(), expected, "{number}");
        assert_eq!(receiver.poll_event(), None);
    }
    assert_eq!(protect(&mut sender, SSRC, 5), Err(ProtectError::KeyExpired));

    // With a new key it goes on.
    let new = key(2).with_mki(b"b");
    sender.add_key(&new).unwrap();
    receiver.add_key(&new).unwrap();
    sender.use_key(b"b").unwrap();
    let packet = protect(&mut sender, SSRC, 5).unwrap();
    assert_eq!(unprotect(&mut receiver, &packet), Ok(()));
    assert_eq!((sender.poll_event(), receiver.poll_event()), (None, None));
}

#[test]
fn rtcp_may_end_a_key_as_well() {
    let mut config = config();
    config.soft_limit = 1;
    let (mut sender, mut receiver) = pair(config, &[key(1).with_lifetime(2)]);
    let first = protect_rtcp(&mut sender, SSRC).unwrap();
    assert_eq!(sender.poll_event(), Some(KeyEvent::Expiring { mki: b"" }));
    let last = protect_rtcp(&mut sender, SSRC).unwrap();
    assert_eq!(sender.poll_event(), Some(KeyEvent::Expired { mki: b"" }));
    unprotect_rtcp(&mut receiver, &first).unwrap();
    unprotect_rtcp(&mut receiver, &last).unwrap();
    // What nobody asked for in between is not told late.
    assert_eq!(receiver.poll_event(), Some(KeyEvent::Expired { mki: b"" }));
    assert_eq!(receiver.poll_event(), None);
    assert_eq!(
        protect_rtcp(&mut sender, SSRC),
        Err(ProtectError::KeyExpired)
    );
}

#[test]
fn forged_packets_spend_nothing() {
    let (mut sender, mut receiver) = pair(config(), &[key(1).with_lifetime(1)]);
    let mut forged = rtp(SSRC, 1);
    forged.extend([0; 10]);
    assert_eq!(
        unprotect(&mut receiver, &forged),
        Err(UnprotectError::Authentication)
    );
    assert_eq!(receiver.poll_event(), None);
    assert_eq!(receiver.packets(SSRC), None);
    let packet = protect(&mut sender, SSRC, 1).unwrap();
    assert_eq!(unprotect(&mut receiver, &packet), Ok(()));
}

#[test]
fn packets_are_counted_for_each_stream() {
    let (mut sender, mut receiver) = pair(config(), &[key(1)]);
    for number in 0..3 {
        let packet = protect(&mut sender, SSRC, number).unwrap();
        unprotect(&mut receiver, &packet).unwrap();
    }
    for packet in [
        protect(&mut sender, OTHER, 9),
        protect(&mut sender, OTHER, 8),
    ] {
        unprotect(&mut receiver, &packet.unwrap()).unwrap();
    }
    let packet = protect_rtcp(&mut sender, OTHER).unwrap();
    unprotect_rtcp(&mut receiver, &packet).unwrap();
    assert_eq!(
        unprotect_rtcp(&mut receiver, &packet),
        Err(UnprotectError::Replayed)
    );
    for (ssrc, packets) in [(SSRC, Some((3, 0))), (OTHER, Some((2, 1))), (1, None)] {
        assert_eq!(sender.packets(ssrc), packets);
        assert_eq!(receiver.packets(ssrc), packets);
    }
}

#[test]
fn the_stream_whose_indices_end_first_decides() {
    let (mut sender, _) = pair(config(), &[key(1)]);
    sender.resume(OTHER, u32::MAX, 0x7fff_ff00);
    protect(&mut sender, SSRC, 0).unwrap();
    assert_eq!(sender.poll_event(), None);
    protect(&mut sender, OTHER, 0).unwrap();
    // 65,535 indices are left of 2^48.
    assert_eq!(sender.poll_event(), Some(KeyEvent::Expiring { mki: b"" }));
    protect(&mut sender, OTHER, 30_000).unwrap();
    protect(&mut sender, OTHER, 60_000).unwrap();
    assert_eq!(sender.poll_event(), None);
    protect(&mut sender, OTHER, 65_535).unwrap();
    assert_eq!(sender.poll_event(), Some(KeyEvent::Expired { mki: b"" }));

    let (mut sender, _) = pair(config(), &[key(1)]);
    sender.resume(OTHER, 0, 0x7fff_fffe);
    protect_rtcp(&mut sender, OTHER).unwrap();
    assert_eq!(sender.poll_event(), Some(KeyEvent::Expiring { mki: b"" }));
    protect_rtcp(&mut sender, OTHER).unwrap();
    assert_eq!(sender.poll_event(), Some(KeyEvent::Expired { mki: b"" }));
}

/// Three keys, the second of which begins within a cycle and ends in the next.
fn ranged() -> [MasterKey; 3] {
    [
        key(1).with_from_to(0, 999),
        key(2).with_from_to(1000, 70_000),
        key(3).with_from_to(70_001, (1 << 48) - 1),
    ]
}

#[test]
fn from_and_to_tell_the_key_without_mki() {
    let (mut sender, mut receiver) = pair(config(), &ranged());
    let mut send = |number, expected, roc| {
        let packet = protect(&mut sender, SSRC, number).unwrap();
        assert_eq!(packet.len(), rtp(SSRC, number).len() + 10, "no MKI");
        assert_eq!(key_of(&packet, false, roc), Some(expected), "{number}");
        let control = protect_rtcp(&mut sender, SSRC).unwrap();
        assert_eq!(key_of(&control, true, roc), Some(expected), "{number}");
        (packet, control)
    };
    let sent = [
        send(0, 1, 0),
        send(999, 1, 0),
        send(1000, 2, 0),
        send(30_000, 2, 0),
        send(60_000, 2, 0),
        send(4464, 2, 1),
        send(4465, 3, 1),
    ];
    // Across the change they may come in any order; RTCP follows the latest RTP.
    for at in [0, 2, 1, 3, 4, 6, 5] {
        assert_eq!(unprotect(&mut receiver, &sent[at].0), Ok(()), "{at}");
        if at != 1 && at != 5 {
            assert_eq!(unprotect_rtcp(&mut receiver, &sent[at].1), Ok(()), "{at}");
        }
    }
    assert_eq!((sender.roc(SSRC), receiver.roc(SSRC)), (Some(1), Some(1)));
}

#[test]
fn the_end_of_from_and_to_is_told_and_kept() {
    let mut config = config();
    config.soft_limit = 10;
    let keys = [key(1).with_from_to(5, 30)];
    let (mut sender, mut receiver) = pair(config, &keys);
    assert_eq!(protect(&mut sender, SSRC, 4), Err(ProtectError::KeyExpired));
    let (mut unlimited, _) = pair(config, &[key(1)]);
    for (number, expected) in [
        (5, None),
        (20, Some(KeyEvent::Expiring { mki: b"" })),
        (30, Some(KeyEvent::Expired { mki: b"" })),
    ] {
        let packet = protect(&mut sender, SSRC, number).unwrap();
        assert_eq!(unprotect(&mut receiver, &packet), Ok(()));
        assert_eq!(sender.poll_event(), expected);
        assert_eq!(receiver.poll_event(), expected);
    }
    assert_eq!(
        protect(&mut sender, SSRC, 31),
        Err(ProtectError::KeyExpired)
    );
    let packet = protect(&mut unlimited, SSRC, 31).unwrap();
    assert_eq!(
        unprotect(&mut receiver, &packet),
        Err(UnprotectError::KeyExpired)
    );
}

#[test]
fn from_and_to_begin_the_use_of_an_mki() {
    let keys = [
        key(1).with_mki(b"a"),
        key(2).with_mki(b"b").with_from_to(10, 20),
    ];
    let (mut sender, mut receiver) = pair(config(), &keys);
    let mki = |packet: &[u8]| packet[packet.len() - 11];
    for (number, expected) in [(9, b'a'), (10, b'b'), (20, b'b'), (21, b'a')] {
        let packet = protect(&mut sender, SSRC, number).unwrap();
        assert_eq!(mki(&packet), expected, "{number}");
        assert_eq!(unprotect(&mut receiver, &packet), Ok(()), "{number}");
    }
    // A key named beyond its To is refused.
    let (mut unlimited, _) = pair(config(), &[key(2).with_mki(b"b")]);
    let packet = protect(&mut unlimited, SSRC, 25).unwrap();
    assert_eq!(
        unprotect(&mut receiver, &packet),
        Err(UnprotectError::KeyExpired)
    );
}

#[test]
fn one_stream_may_lead_the_others() {
    let mut config = config();
    config.rekeying_ssrc = Some(SSRC);
    let (mut sender, mut receiver) = pair(config, &ranged());
    for (leading, other, expected) in [(998, 500, 1), (1000, 501, 2), (1001, 502, 2)] {
        let lead = protect(&mut sender, SSRC, leading).unwrap();
        unprotect(&mut receiver, &lead).unwrap();
        let packet = protect(&mut sender, OTHER, other).unwrap();
        assert_eq!(key_of(&packet, false, 0), Some(expected), "{other}");
        assert_eq!(unprotect(&mut receiver, &packet), Ok(()), "{other}");
        let packet = protect_rtcp(&mut sender, OTHER).unwrap();
        assert_eq!(key_of(&packet, true, 0), Some(expected), "{other}");
        assert_eq!(unprotect_rtcp(&mut receiver, &packet), Ok(()), "{other}");
    }
    // Each for itself, and the other would still be under its first key.
    config.rekeying_ssrc = None;
    let (mut alone, _) = pair(config, &ranged());
    protect(&mut alone, SSRC, 1000).unwrap();
    let packet = protect(&mut alone, OTHER, 501).unwrap();
    assert_eq!(key_of(&packet, false, 0), Some(1));
}

#[test]
fn rtcp_before_any_rtp_is_under_the_first_key() {
    let (mut sender, mut receiver) = pair(config(), &ranged());
    let packet = protect_rtcp(&mut sender, SSRC).unwrap();
    assert_eq!(key_of(&packet, true, 0), Some(1));
    assert_eq!(unprotect_rtcp(&mut receiver, &packet), Ok(()));
}

#[test]
fn the_first_packet_may_be_in_the_next_cycle_and_under_its_key() {
    let mut config = config();
    config.try_neighbouring_roc = true;
    let keys = [
        key(1).with_from_to(0, 65_535),
        key(2).with_from_to(65_536, 200_000),
    ];
    let (mut sender, mut receiver) = pair(config, &keys);
    sender.resume(SSRC, 1, 0);
    let packet = protect(&mut sender, SSRC, 3).unwrap();
    assert_eq!(unprotect(&mut receiver, &packet), Ok(()));
    assert_eq!(receiver.roc(SSRC), Some(1));
}

#[test]
fn from_and_to_that_cannot_be() {
    let refused = |keys: &[MasterKey]| Receiver::new(config(), keys).unwrap_err();
    let [first, second, _] = ranged();
    for keys in [
        vec![key(1).with_from_to(2, 1)],
        vec![key(1).with_from_to(0, 1 << 48)],
        vec![first.clone(), key(2).with_from_to(999, 1000)],
        vec![first.clone(), key(2).with_from_to(0, 5000)],
        vec![second.clone(), key(1).with_from_to(0, 1000)],
    ] {
        assert_eq!(refused(&keys), ConfigError::FromTo, "{keys:?}");
    }
    assert_eq!(refused(&[first.clone(), key(2)]), ConfigError::Mki);
    assert_eq!(refused(&[key(2), first.clone()]), ConfigError::Mki);
    assert_eq!(refused(&[first, second.with_mki(b"b")]), ConfigError::Mki);
}

#[test]
fn the_oldest_key_with_from_and_to_is_removed_first() {
    let (mut sender, mut receiver) = pair(config(), &ranged());
    let early = protect(&mut sender, SSRC, 1).unwrap();
    let later = protect(&mut sender, SSRC, 1000).unwrap();
    receiver.remove_key(b"").unwrap();
    assert_eq!(
        unprotect(&mut receiver, &early),
        Err(UnprotectError::KeyExpired)
    );
    assert_eq!(unprotect(&mut receiver, &later), Ok(()));
}
