//! Packets of streams that exist allocate nothing.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc3711_srtp::{Config, MasterKey, Profile, Receiver, Sender};

#[test]
fn packets_allocate_nothing() {
    for profile in [Profile::AesCm128HmacSha1_80, Profile::AeadAes256Gcm] {
        let key = MasterKey::new(
            &[7; 32][..profile.key_len()],
            &[9; 14][..profile.salt_len()],
        );
        let keys = [key];
        let mut sender = Sender::new(Config::new(profile), &keys).unwrap();
        let mut receiver = Receiver::new(Config::new(profile), &keys).unwrap();
        let mut buffer = [0; 1300];
        let mut exchange = |number: u16| {
            buffer[..12].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9]);
            buffer[2..4].copy_from_slice(&number.to_be_bytes());
            let len = sender.protect_rtp(&mut buffer, 1200).unwrap();
            assert_eq!(receiver.unprotect_rtp(&mut buffer[..len]), Ok(1200));
            buffer[..8].copy_from_slice(&[0x80, 0xc9, 0, 1, 0, 0, 0, 9]);
            let len = sender.protect_rtcp(&mut buffer, 100).unwrap();
            assert_eq!(receiver.unprotect_rtcp(&mut buffer[..len]), Ok(100));
        };
        exchange(65_530);
        let counted = allocation_counter::measure(|| (65_531..65_535).for_each(&mut exchange));
        assert_eq!(counted.count_total, 0, "{profile:?}");
    }
}
