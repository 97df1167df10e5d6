//! Hard crypto attributes, one test each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc4568_sdes::{
    Capabilities, Crypto, CryptoSuite, ErrorKind, FecOrder, InlineKey, InvalidCrypto, Lifetime,
    Mki, NegotiationError, SessionParam, TagRule,
};

/// 30 bytes, 0 to 29.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
/// 46 bytes, 0 to 45.
const KEY_46: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ==";
const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

/// An attribute with `tail` behind its key.
fn with(tail: &str) -> Result<Crypto, rfc4568_sdes::ParseError> {
    Crypto::parse(&format!("1 {SUITE} inline:{KEY}{tail}"))
}

fn error(value: &str) -> (ErrorKind, &'static str, usize) {
    let error = Crypto::parse(value).unwrap_err();
    (error.kind(), error.field(), error.offset())
}

/// Where what stands behind the key begins.
const TAIL: usize = 2 + SUITE.len() + 1 + "inline:".len() + KEY.len();

fn tail_error(tail: &str) -> (ErrorKind, &'static str, usize) {
    error(&format!("1 {SUITE} inline:{KEY}{tail}"))
}

fn lifetime(tail: &str) -> Option<u64> {
    with(tail).unwrap().keys()[0]
        .lifetime
        .map(Lifetime::packets)
}

fn mki(tail: &str) -> Option<Vec<u8>> {
    with(tail).unwrap().keys()[0]
        .mki
        .as_ref()
        .map(|mki| mki.as_bytes().to_vec())
}

#[test]
fn lifetime_of_2_to_the_48() {
    assert_eq!(lifetime("|2^48"), Some(1 << 48));
    assert_eq!(lifetime("|281474976710656"), Some(1 << 48));
    assert_eq!(lifetime(""), None);
}

#[test]
fn lifetime_of_2_to_the_49() {
    let expected = (ErrorKind::Value, "lifetime", TAIL + 1);
    for tail in [
        "|2^49",
        "|2^64",
        "|2^4294967296",
        "|281474976710657",
        "|0",
        "|01",
        "|2^",
        "|-1",
    ] {
        assert_eq!(tail_error(tail), expected, "{tail}");
    }
    assert_eq!(
        with("|2^49").unwrap_err().to_string(),
        "invalid lifetime at byte 74: expected 1 to 2^48 packets (RFC 4568 §6.1)"
    );
}

#[test]
fn lifetime_of_2_to_the_31() {
    assert_eq!(lifetime("|2^31"), Some(1 << 31));
    assert_eq!(lifetime("|2^0"), Some(1));
    assert_eq!(lifetime("|1000"), Some(1000));
}

#[test]
fn mki_without_lifetime() {
    assert_eq!(
        (lifetime("|1:4"), mki("|1:4")),
        (None, Some(vec![0, 0, 0, 1]))
    );
}

#[test]
fn mki_with_lifetime() {
    let tail = "|2^20|1:4";
    assert_eq!(
        (lifetime(tail), mki(tail)),
        (Some(1 << 20), Some(vec![0, 0, 0, 1]))
    );
}

#[test]
fn mki_of_zero() {
    for tail in ["|0:4", "|01:4", "|1:0", "|1:04", "|256:1", "|1:129"] {
        assert_eq!(
            tail_error(tail),
            (ErrorKind::Value, "MKI", TAIL + 1),
            "{tail}"
        );
    }
    assert_eq!(tail_error("|2^20|1"), (ErrorKind::Value, "MKI", TAIL + 6));
    assert_eq!(mki("|1:128").unwrap().len(), 128);
}

#[test]
fn two_inline_keys() {
    let two = with(&format!("|2^31|1:1;inline:{KEY}|2^31|2:1")).unwrap();
    let mkis: Vec<_> = two
        .keys()
        .iter()
        .map(|key| key.mki.clone().unwrap())
        .collect();
    assert_eq!(mkis, [Mki::new(&[1]).unwrap(), Mki::new(&[2]).unwrap()]);

    let expected = (
        ErrorKind::Combination,
        "keys",
        TAIL - KEY.len() - "inline:".len(),
    );
    for tail in [
        format!(";inline:{KEY}|2^31|2:1"),
        format!("|1:1;inline:{KEY}"),
        format!("|1:1;inline:{KEY}|2:2"),
    ] {
        assert_eq!(tail_error(&tail), expected, "{tail}");
    }
}

#[test]
fn two_inline_keys_with_a_blank_between() {
    assert_eq!(
        with(&format!("|1:1; inline:{KEY}|2:1"))
            .unwrap()
            .keys()
            .len(),
        2
    );
}

#[test]
fn keys_of_45_and_46_bytes() {
    let short = KEY_46.replace("LQ==", "");
    let suite = "AES_256_CM_HMAC_SHA1_80";
    let crypto = Crypto::parse(&format!("1 {suite} inline:{KEY_46}")).unwrap();
    let (key, salt) = crypto.keys()[0].split(crypto.suite()).unwrap();
    assert_eq!((key.len(), salt.len(), salt[13]), (32, 14, 45));
    let at = 2 + suite.len() + 1 + "inline:".len();
    assert_eq!(
        error(&format!("1 {suite} inline:{short}")),
        (ErrorKind::KeyLength, "key", at)
    );
    assert_eq!(
        error(&format!("1 {SUITE} inline:{KEY_46}")),
        (ErrorKind::KeyLength, "key", at)
    );
}

#[test]
fn base64_without_its_padding() {
    let unpadded = KEY_46.trim_end_matches('=');
    let crypto = Crypto::parse(&format!("1 AES_256_CM_HMAC_SHA1_32 inline:{unpadded}")).unwrap();
    assert_eq!(crypto.keys()[0].key_salt().len(), 46);
    assert_eq!(
        crypto.to_string(),
        format!("1 AES_256_CM_HMAC_SHA1_32 inline:{KEY_46}")
    );
}

#[test]
fn tags() {
    let tag = |tag: &str| Crypto::parse(&format!("{tag} {SUITE} inline:{KEY}")).map(|c| c.tag());
    assert_eq!(tag("0"), Ok(0));
    assert_eq!(tag("999999999"), Ok(999_999_999));
    for wrong in ["01", "00", "1000000000", "x", "-1", ""] {
        let error = tag(wrong).unwrap_err();
        assert_eq!((error.field(), error.offset()), ("tag", 0), "{wrong}");
    }
}

#[test]
fn session_parameters() {
    let tail = " KDR=24 UNENCRYPTED_SRTP unencrypted_srtcp UNAUTHENTICATED_SRTP \
                FEC_ORDER=SRTP_FEC WSH=64 -FOO=1";
    let crypto = with(tail).unwrap();
    assert_eq!(
        crypto.session_params(),
        [
            SessionParam::Kdr(24),
            SessionParam::UnencryptedSrtp,
            SessionParam::UnencryptedSrtcp,
            SessionParam::UnauthenticatedSrtp,
            SessionParam::FecOrder(FecOrder::SrtpFec),
            SessionParam::WindowSizeHint(64),
            SessionParam::Other("-FOO=1".to_owned()),
        ]
    );
    assert_eq!(
        (crypto.kdr(), crypto.window_size_hint()),
        (Some(24), Some(64))
    );
    assert!(
        crypto.to_string().ends_with(
            &tail
                .replace("unencrypted", "UNENCRYPTED")
                .replace("srtcp", "SRTCP")
        )
    );
}

#[test]
fn session_parameters_out_of_range() {
    for (tail, field) in [
        (" KDR=0", "KDR"),
        (" KDR=25", "KDR"),
        (" KDR=01", "KDR"),
        (" KDR=1x", "KDR"),
        (" KDR=", "KDR"),
        (" FEC_ORDER=FEC", "FEC_ORDER"),
        (" FEC_ORDER=FEC_SRTPX", "FEC_ORDER"),
        (" WSH=63", "WSH"),
        (" WSH=064", "WSH"),
        (" FEC_KEY=uri:x", "key method"),
        (" FEC_KEY=inline:AAAA", "key"),
        (" caf\u{e9}", "session parameter"),
    ] {
        assert_eq!(with(tail).unwrap_err().field(), field, "{tail}");
    }
}

#[test]
fn names_that_begin_like_known_ones_are_others() {
    let crypto = with(" UNENCRYPTED_SRTPX UNENCRYPTED_SRTCP=1").unwrap();
    let others = ["UNENCRYPTED_SRTPX", "UNENCRYPTED_SRTCP=1"];
    assert_eq!(
        crypto.session_params(),
        others.map(|other| SessionParam::Other(other.to_owned()))
    );
}

#[test]
fn keys_of_forward_error_correction() {
    let tail = format!(" FEC_KEY=inline:{KEY}|2^20|1:1;inline:{KEY}|2:1");
    let crypto = with(&tail).unwrap();
    assert!(matches!(&crypto.session_params()[0], SessionParam::FecKey(keys) if keys.len() == 2));
    assert!(crypto.to_string().ends_with(&tail));
}

#[test]
fn other_key_methods_and_empty_parts() {
    let at = 2 + SUITE.len() + 1;
    let part = |value: &str| error(value);
    assert_eq!(
        part(&format!("1 {SUITE} uri:x")),
        (ErrorKind::Syntax, "key method", at)
    );
    assert_eq!(
        part(&format!("1 {SUITE} inline:")),
        (ErrorKind::Syntax, "key", at + 7)
    );
    assert_eq!(
        part(&format!("1 {SUITE}")),
        (ErrorKind::Syntax, "crypto-suite", at - 1)
    );
    assert_eq!(
        part(&format!("1  inl:ine {KEY}")),
        (ErrorKind::Syntax, "crypto-suite", 6)
    );
    assert_eq!(part("1"), (ErrorKind::Syntax, "tag", 1));
    assert_eq!(part(""), (ErrorKind::Syntax, "tag", 0));
}

#[test]
fn names_are_read_in_any_case_and_blanks_are_let_pass() {
    let value = format!("1\taes_cm_128_hmac_sha1_80   INLINE:{KEY}|2^20 \t kdr=5  ");
    let crypto = Crypto::parse(&value).unwrap();
    assert_eq!(crypto.suite(), &CryptoSuite::AesCm128HmacSha1_80);
    assert_eq!(
        crypto.to_string(),
        format!("1 {SUITE} inline:{KEY}|2^20 KDR=5")
    );
}

#[test]
fn unknown_suites_are_kept() {
    let crypto = Crypto::parse("7 Vendor_Suite inline:AAAA").unwrap();
    assert_eq!(crypto.suite().name(), "Vendor_Suite");
    assert_eq!(crypto.suite(), &CryptoSuite::new("VENDOR_SUITE").unwrap());
    assert_eq!(crypto.keys()[0].split(crypto.suite()), None);
    assert_eq!(crypto.to_string(), "7 Vendor_Suite inline:AAAA");
}

#[test]
fn secrets_are_not_shown() {
    let crypto = with(&format!("|1:1 FEC_KEY=inline:{KEY}")).unwrap();
    let shown = format!("{crypto:?}");
    assert!(!shown.contains(&KEY[..8]), "{shown}");
    assert!(!shown.contains("0, 1, 2, 3"), "{shown}");
    assert!(shown.contains("InlineKey"), "{shown}");
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let suite = CryptoSuite::AesCm128HmacSha1_80;
    let key = || InlineKey::new(&[1; 30]);
    let new = |tag, keys, params| Crypto::new(tag, suite.clone(), keys, params).unwrap_err();
    assert_eq!(new(1_000_000_000, vec![key()], vec![]), InvalidCrypto::Tag);
    assert_eq!(new(1, vec![], vec![]), InvalidCrypto::NoKey);
    assert_eq!(
        new(1, vec![InlineKey::new(&[1; 29])], vec![]),
        InvalidCrypto::KeyLength
    );
    assert_eq!(new(1, vec![key(), key()], vec![]), InvalidCrypto::Mki);
    for param in [
        SessionParam::Kdr(25),
        SessionParam::WindowSizeHint(63),
        SessionParam::FecKey(vec![]),
        SessionParam::Other("two words".to_owned()),
    ] {
        assert_eq!(
            new(1, vec![key()], vec![param]),
            InvalidCrypto::SessionParam
        );
    }
    let fec = SessionParam::FecKey(vec![InlineKey::new(&[1; 4])]);
    assert_eq!(new(1, vec![key()], vec![fec]), InvalidCrypto::KeyLength);
}

// Offer and answer.

fn parse(values: &[&str]) -> Vec<Crypto> {
    values
        .iter()
        .map(|value| Crypto::parse(&value.replace("inline:KEY", &format!("inline:{KEY}"))).unwrap())
        .collect()
}

fn able() -> Capabilities {
    Capabilities::new(vec![
        CryptoSuite::AesCm128HmacSha1_80,
        CryptoSuite::AesCm128HmacSha1_32,
    ])
}

const ANSWER_KEY: &str = "inline:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

fn answer(value: &str) -> Crypto {
    Crypto::parse(&value.replace("ANSWER", ANSWER_KEY)).unwrap()
}

#[test]
fn the_first_supported_attribute_is_chosen() {
    let offer = parse(&[
        "1 F8_128_HMAC_SHA1_80 inline:KEY",
        "2 AES_CM_128_HMAC_SHA1_32 inline:KEY",
        "3 AES_CM_128_HMAC_SHA1_80 inline:KEY",
    ]);
    assert_eq!(able().choose(&offer).map(Crypto::tag), Some(2));
    assert_eq!(Capabilities::new(vec![]).choose(&offer), None);
}

#[test]
fn attributes_with_one_tag_are_passed_over() {
    let offer = parse(&[
        "1 AES_CM_128_HMAC_SHA1_32 inline:KEY",
        "1 AES_CM_128_HMAC_SHA1_80 inline:KEY",
        "2 AES_CM_128_HMAC_SHA1_80 inline:KEY",
    ]);
    assert_eq!(able().choose(&offer).map(Crypto::tag), Some(2));
}

#[test]
fn unencrypted_srtcp_only_when_able() {
    let offer = parse(&["1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTCP KDR=3"]);
    assert_eq!(able().choose(&offer), None);
    let mut able = able();
    able.unencrypted_srtcp = true;
    let chosen = able.choose(&offer).unwrap();
    let made = chosen.answer(vec![InlineKey::new(&[7; 30])]).unwrap();
    assert_eq!(
        made.to_string(),
        format!("1 AES_CM_128_HMAC_SHA1_80 {ANSWER_KEY} UNENCRYPTED_SRTCP")
    );
    assert!(able.accept(&offer, &made, TagRule::Exact).is_ok());
    let without = answer("1 AES_CM_128_HMAC_SHA1_80 ANSWER");
    assert_eq!(
        able.accept(&offer, &without, TagRule::Exact),
        Err(NegotiationError::ParametersDiffer)
    );
}

#[test]
fn every_capability_is_asked_for() {
    let all = |set: fn(&mut Capabilities)| {
        let mut able = able();
        set(&mut able);
        able
    };
    for (params, allowing) in [
        (
            " UNENCRYPTED_SRTP",
            all(|able| able.unencrypted_srtp = true),
        ),
        (
            " UNENCRYPTED_SRTCP",
            all(|able| able.unencrypted_srtcp = true),
        ),
        (
            " UNAUTHENTICATED_SRTP",
            all(|able| able.unauthenticated_srtp = true),
        ),
        (" FEC_ORDER=SRTP_FEC", all(|able| able.fec = true)),
        (" FEC_KEY=inline:KEY", all(|able| able.fec = true)),
    ] {
        let crypto = &parse(&[&format!("1 {SUITE} inline:KEY{params}")])[0];
        assert!(!able().support(crypto), "{params}");
        assert!(allowing.support(crypto), "{params}");
    }
    for (tail, refusing) in [
        (" KDR=1", all(|able| able.kdr = false)),
        ("|1:4", all(|able| able.mki = false)),
    ] {
        let crypto = &parse(&[&format!("1 {SUITE} inline:KEY{tail}")])[0];
        assert!(able().support(crypto), "{tail}");
        assert!(!refusing.support(crypto), "{tail}");
    }
}

#[test]
fn unknown_foo_with_and_without_dash() {
    let offer = parse(&[
        "1 AES_CM_128_HMAC_SHA1_80 inline:KEY FOO",
        "2 AES_CM_128_HMAC_SHA1_80 inline:KEY -FOO",
    ]);
    assert_eq!(able().choose(&offer).map(Crypto::tag), Some(2));
    let demanding = answer("2 AES_CM_128_HMAC_SHA1_80 ANSWER FOO");
    assert_eq!(
        able().accept(&offer, &demanding, TagRule::Exact),
        Err(NegotiationError::Unsupported)
    );
}

#[test]
fn an_answer_that_renumbers_the_tag() {
    let offer = parse(&[
        "1 AES_CM_128_HMAC_SHA1_32 inline:KEY",
        "2 AES_CM_128_HMAC_SHA1_80 inline:KEY",
    ]);
    let renumbered = answer("1 AES_CM_128_HMAC_SHA1_80 ANSWER");
    assert_eq!(
        able().accept(&offer, &renumbered, TagRule::Exact),
        Err(NegotiationError::NotOffered)
    );
    let accepted = able()
        .accept(&offer, &renumbered, TagRule::Renumbered)
        .unwrap();
    assert_eq!((accepted.offered.tag(), accepted.renumbered), (2, true));

    let twice = parse(&[
        "2 AES_CM_128_HMAC_SHA1_80 inline:KEY",
        "3 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:1",
    ]);
    assert_eq!(
        able().accept(&twice, &renumbered, TagRule::Renumbered),
        Err(NegotiationError::NotOffered)
    );
}

#[test]
fn an_answer_with_another_suite_or_our_key() {
    let offer = parse(&["1 AES_CM_128_HMAC_SHA1_80 inline:KEY"]);
    let other = answer("1 AES_CM_128_HMAC_SHA1_32 ANSWER");
    for rule in [TagRule::Exact, TagRule::Renumbered] {
        assert_eq!(
            able().accept(&offer, &other, rule),
            Err(NegotiationError::NotOffered)
        );
    }
    assert_eq!(
        able().accept(&offer, &offer[0], TagRule::Exact),
        Err(NegotiationError::KeyReused)
    );
    let reused = offer[0].answer(offer[0].keys().to_vec());
    assert_eq!(reused, Err(NegotiationError::KeyReused));
    assert_eq!(
        offer[0].answer(vec![]),
        Err(NegotiationError::Invalid(InvalidCrypto::NoKey))
    );
}
