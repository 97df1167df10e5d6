//! What holds for any text and any attribute.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;
use rfc4568_sdes::{Crypto, CryptoSuite, InlineKey, Lifetime, Mki, SessionParam};

fn crypto() -> impl Strategy<Value = Crypto> {
    let suite = prop::sample::select(vec![
        CryptoSuite::AesCm128HmacSha1_80,
        CryptoSuite::Aes192CmHmacSha1_32,
        CryptoSuite::AeadAes256Gcm,
        CryptoSuite::new("OTHER_1").unwrap(),
    ]);
    let key = (
        vec(any::<u8>(), 46),
        1..=1_u64 << 48,
        any::<bool>(),
        vec(1..=255_u8, 3),
    );
    let params = prop_oneof![
        (1..=24_u8).prop_map(SessionParam::Kdr),
        Just(SessionParam::UnencryptedSrtp),
        (64..=u64::MAX).prop_map(SessionParam::WindowSizeHint),
        "-[!-~]{1,20}".prop_map(SessionParam::Other),
    ];
    (
        0..1_000_000_000_u32,
        suite,
        vec(key, 1..4),
        vec(params, 0..4),
    )
        .prop_map(|(tag, suite, keys, params)| {
            let len = suite
                .key_len()
                .zip(suite.salt_len())
                .map_or(20, |(key, salt)| key + salt);
            let several = keys.len() > 1;
            let keys = keys
                .into_iter()
                .map(|(bytes, lifetime, limited, mki)| {
                    let mut key = InlineKey::new(&bytes[..len]);
                    key.lifetime = limited.then(|| Lifetime::new(lifetime).unwrap());
                    key.mki = several.then(|| Mki::new(&mki).unwrap());
                    key
                })
                .collect();
            Crypto::new(tag, suite, keys, params).unwrap()
        })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = Crypto::parse(&text);
    }

    #[test]
    fn any_tail_is_read_or_refused(tail in "[0-9a-zA-Z^|:;=_ /+-]{0,60}") {
        let _ = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{tail}"));
        let _ = Crypto::parse(&format!("1 X inline:AAAA{tail}"));
    }

    #[test]
    fn what_is_written_is_read(crypto in crypto()) {
        prop_assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
    }

    #[test]
    fn what_is_read_is_written_stably(tail in "(\\|(2\\^)?[1-9][0-9]?)?(\\|[1-9]:4)?( KDR=[1-9])?( A[!-~]{1,9})?") {
        let text = format!("1 X inline:AAAA{tail}");
        if let Ok(crypto) = Crypto::parse(&text) {
            prop_assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
        }
    }

    #[test]
    fn a_cut_key_is_refused(crypto in crypto(), at: prop::sample::Index) {
        let text = crypto.to_string();
        let head = &text[..text.find("inline:").unwrap() + "inline:".len()];
        prop_assert!(Crypto::parse(&head[..at.index(head.len() + 1)]).is_err());
    }
}
