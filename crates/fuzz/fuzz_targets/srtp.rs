//! SRTP: packets are made from the input, protected, changed and unprotected. A changed packet is
//! refused and left as it is; the genuine ones are accepted afterwards.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};

fuzz_target!(|data: &[u8]| {
    let Some((&[choice, at, with, cut], payload)) = data.split_first_chunk() else { return };
    let profile = match choice % 4 {
        0 => Profile::AesCm128HmacSha1_80,
        1 => Profile::Aes256CmHmacSha1_80,
        2 => Profile::AeadAes128Gcm,
        _ => Profile::AeadAes256Gcm,
    };
    let mut config = Config::new(profile);
    config.encrypt_rtcp = choice & 4 == 0;
    config.try_neighbouring_roc = choice & 8 != 0;
    config.key_derivation_rate = (choice & 16 != 0).then_some(0);
    // The key depends on the packet: under one that is always the same, the fuzzer learns genuine
    // tags from the comparisons that it watches.
    let mut hash = payload.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        hash = hash.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (hash >> 56) as u8
    };
    let key: Vec<u8> = (0..profile.key_len()).map(|_| next()).collect();
    let key = MasterKey::new(&key, &[9; 14][..profile.salt_len()]);
    let key = key.with_mki(&payload[..payload.len().min(usize::from(choice >> 6))]);
    let keys = [match choice & 32 != 0 {
        true => key.with_lifetime(1).with_from_to(0, u64::from(at) << 8 | 0xff),
        false => key,
    }];
    let Ok(mut sender) = Sender::new(config, &keys) else { return };
    let mut receiver = Receiver::new(config, &keys).expect("the sender took the same");

    let _ = receiver.unprotect_rtp(&mut payload.to_vec());
    let _ = receiver.unprotect_rtcp(&mut payload.to_vec());
    assert_eq!(receiver.streams(), 0);

    // The input as packets, when it makes any.
    for rtcp in [false, true] {
        let mut packet = payload.to_vec();
        let protected = match rtcp {
            false => sender.protect_rtp_vec(&mut packet),
            true => sender.protect_rtcp_vec(&mut packet),
        };
        if protected.is_err() {
            assert_eq!(packet, payload);
            continue;
        }
        let unprotect = match rtcp {
            false => Receiver::unprotect_rtp_vec,
            true => Receiver::unprotect_rtcp_vec,
        };
        let mut changed = packet.clone();
        let place = usize::from(at) * packet.len() / 256;
        changed[place] ^= with;
        changed.truncate(packet.len() - usize::from(cut) % packet.len());
        if changed != packet {
            let before = changed.clone();
            assert!(unprotect(&mut receiver, &mut changed).is_err());
            assert_eq!(changed, before);
        }
        assert_eq!(unprotect(&mut receiver, &mut packet), Ok(()));
        assert_eq!(packet, payload);
        assert!(unprotect(&mut receiver, &mut packet).is_err());
        while receiver.poll_event().is_some() {}
    }
});
