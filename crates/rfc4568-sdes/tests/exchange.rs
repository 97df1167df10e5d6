//! Offers and answers of a medium, from the first to a change of key. RFC 4568 §5, §6.3.5, §7.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc4568_sdes::{
    Agreement, Capabilities, Crypto, CryptoSuite, Description, Exchange, InlineKey, InvalidCrypto,
    Lifetime, NegotiationError, Place, SessionParam, TagRule,
};

fn able() -> Capabilities {
    let mut able = Capabilities::new(vec![
        CryptoSuite::AesCm128HmacSha1_80,
        CryptoSuite::AesCm128HmacSha1_32,
    ]);
    able.fec = true;
    able
}

fn exchange() -> Exchange {
    Exchange::new(able(), TagRule::Exact)
}

fn place(port: u16) -> Place {
    Place {
        address: "192.0.2.1".to_owned(),
        port,
    }
}

/// `tag`, suite _80, a key of this byte.
fn crypto(tag: u32, key: u8) -> Crypto {
    let suite = CryptoSuite::AesCm128HmacSha1_80;
    Crypto::new(tag, suite, vec![InlineKey::new(&[key; 30])], vec![]).unwrap()
}

fn at(port: u16, crypto: Vec<Crypto>) -> Description {
    Description::new("RTP/SAVP", place(port), crypto)
}

fn with_fec_key(crypto: Crypto, key: u8) -> Crypto {
    let fec_key = SessionParam::FecKey(vec![InlineKey::new(&[key; 30])]);
    crypto.with_session_param(fec_key).unwrap()
}

/// A key of each side.
fn keys(agreement: &Agreement) -> (u8, u8) {
    let key = |crypto: &Crypto| crypto.keys()[0].key_salt()[0];
    (key(&agreement.local), key(&agreement.remote))
}

/// Two sides that have agreed on keys 1 of the offerer and 2 of the answerer.
fn agreed() -> [Exchange; 2] {
    let (mut offerer, mut answerer) = (exchange(), exchange());
    let offer = at(5000, vec![crypto(1, 1)]);
    let answer = at(6000, vec![crypto(1, 2)]);
    offerer.offer(offer.clone()).unwrap();
    answerer.answer(&offer, answer.clone()).unwrap();
    offerer.answered(&answer).unwrap();
    [offerer, answerer]
}

#[test]
fn every_state_and_every_step() {
    use NegotiationError::OutOfTurn;
    let idle = exchange();
    let mut offering = exchange();
    offering.offer(at(5000, vec![crypto(1, 1)])).unwrap();
    let [agreed, _] = agreed();
    let mut offering_anew = agreed.clone();
    offering_anew.offer(at(5000, vec![crypto(1, 3)])).unwrap();
    let offer = at(6000, vec![crypto(1, 8)]);
    let mine = at(5000, vec![crypto(1, 9)]);
    for (state, offer_result, answered, answer, agreement, after) in [
        (&idle, Ok(()), Err(OutOfTurn), Ok((9, 8)), None, None),
        (
            &offering,
            Err(OutOfTurn),
            Ok((1, 8)),
            Err(OutOfTurn),
            None,
            None,
        ),
        (
            &agreed,
            Ok(()),
            Err(OutOfTurn),
            Ok((9, 8)),
            Some((1, 2)),
            Some((1, 2)),
        ),
        (
            &offering_anew,
            Err(OutOfTurn),
            Ok((3, 8)),
            Err(OutOfTurn),
            Some((1, 2)),
            Some((1, 2)),
        ),
    ] {
        assert_eq!(state.agreement().map(keys), agreement);
        let mut next = state.clone();
        assert_eq!(next.offer(mine.clone()), offer_result);
        assert_eq!(
            next.agreement().map(keys),
            agreement,
            "an offer agrees on nothing"
        );
        let mut next = state.clone();
        assert_eq!(next.answered(&offer).map(keys), answered);
        assert!(!next.is_offering());
        let mut next = state.clone();
        assert_eq!(next.answer(&offer, mine.clone()).map(keys), answer);
        let mut next = state.clone();
        next.rejected();
        assert_eq!(
            (next.is_offering(), next.agreement().map(keys)),
            (false, after)
        );
    }
}

#[test]
fn an_offer_has_crypto_and_so_have_later_ones() {
    let mut first = exchange();
    assert_eq!(
        first.offer(at(5000, vec![])),
        Err(NegotiationError::NoCrypto)
    );
    let [mut later, _] = agreed();
    assert_eq!(
        later.offer(at(5000, vec![])),
        Err(NegotiationError::NoCrypto)
    );
    assert_eq!(later.offer(at(5000, vec![crypto(1, 1)])), Ok(()));
}

#[test]
fn what_is_offered_is_supported() {
    let f8 = "2 F8_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    let f8 = Crypto::parse(f8).unwrap();
    let clear = crypto(2, 3).with_session_param(SessionParam::UnencryptedSrtp);
    for other in [f8, clear.unwrap()] {
        let offer = at(5000, vec![crypto(1, 1), other]);
        assert_eq!(exchange().offer(offer), Err(NegotiationError::Unsupported));
    }
}

#[test]
fn tags_and_keys_of_an_offer_are_unique() {
    let offer = |crypto| exchange().offer(at(5000, crypto));
    assert_eq!(
        offer(vec![crypto(1, 1), crypto(1, 2)]),
        Err(NegotiationError::TagReused)
    );
    assert_eq!(
        offer(vec![crypto(1, 1), crypto(2, 1)]),
        Err(NegotiationError::KeyReused)
    );
    assert_eq!(offer(vec![crypto(1, 1), crypto(2, 2)]), Ok(()));
}

#[test]
fn crypto_goes_with_the_transports_of_srtp() {
    for (transport, is_secure) in [
        ("RTP/SAVP", true),
        ("rtp/savpf", true),
        ("RTP/AVP", false),
        ("UDP/TLS/RTP/SAVP", false),
    ] {
        let of = |crypto| Description::new(transport, place(5000), vec![crypto]);
        let expected = |result: Result<(), NegotiationError>| match is_secure {
            true => assert_eq!(result, Ok(()), "{transport}"),
            false => assert_eq!(result, Err(NegotiationError::NotSecure), "{transport}"),
        };
        expected(exchange().offer(of(crypto(1, 1))));
        expected(exchange().choose(&of(crypto(1, 1))).map(drop));
        let mut offerer = exchange();
        offerer.offer(at(5000, vec![crypto(1, 1)])).unwrap();
        expected(offerer.answered(&of(crypto(1, 2))).map(drop));
    }
}

#[test]
fn an_accepted_medium_without_crypto_is_a_failure() {
    for answer in [vec![], vec![crypto(1, 2), crypto(2, 3)]] {
        let mut offerer = exchange();
        let offer = vec![crypto(1, 1), crypto(2, 4)];
        offerer.offer(at(5000, offer)).unwrap();
        let result = offerer.answered(&at(6000, answer)).cloned();
        assert_eq!(result, Err(NegotiationError::NoCrypto));
        assert_eq!(offerer.agreement(), None);
    }
}

#[test]
fn an_answer_is_our_choice_with_a_key_of_our_own() {
    let offer = at(5000, vec![crypto(1, 1), crypto(2, 2)]);
    let mut answerer = exchange();
    assert_eq!(answerer.choose(&offer).unwrap().tag(), 1);
    for (answer, error) in [
        (vec![], NegotiationError::NoCrypto),
        (vec![crypto(2, 9)], NegotiationError::NotOffered),
        (vec![crypto(1, 1)], NegotiationError::KeyReused),
        // The key of an attribute that is not accepted.
        (vec![crypto(1, 2)], NegotiationError::KeyReused),
        (vec![crypto(1, 9), crypto(2, 8)], NegotiationError::NoCrypto),
    ] {
        let result = answerer.answer(&offer, at(6000, answer)).cloned();
        assert_eq!(result, Err(error));
        assert_eq!(answerer.agreement(), None);
    }
    let agreement = answerer.answer(&offer, at(6000, vec![crypto(1, 9)]));
    assert_eq!(keys(agreement.unwrap()), (9, 1));
}

#[test]
fn a_renumbered_answer_is_let_pass_on_request() {
    let offer = at(5000, vec![crypto(7, 1)]);
    let answer = at(6000, vec![crypto(1, 2)]);
    let mut strict = exchange();
    strict.offer(offer.clone()).unwrap();
    assert_eq!(
        strict.answered(&answer).cloned(),
        Err(NegotiationError::NotOffered)
    );
    let mut lenient = Exchange::new(able(), TagRule::Renumbered);
    lenient.offer(offer).unwrap();
    let agreement = lenient.answered(&answer).unwrap();
    assert!(agreement.is_renumbered);
    assert_eq!((agreement.local.tag(), agreement.remote.tag()), (7, 1));
}

#[test]
fn error_correction_elsewhere_has_a_key_and_here_has_none() {
    for (fec, with_key, is_allowed) in [
        (None, false, true),
        (None, true, false),
        (Some(5000), false, true),
        (Some(5000), true, false),
        (Some(5002), false, false),
        (Some(5002), true, true),
    ] {
        let of = |key: u8| {
            let plain = crypto(1, key);
            let crypto = if with_key {
                with_fec_key(plain, key + 100)
            } else {
                plain
            };
            let mut description = at(5000, vec![crypto]);
            description.fec = fec.map(place);
            description
        };
        let what = format!("{fec:?} {with_key}");
        let (mut offerer, mut answerer) = (exchange(), exchange());
        let offered = offerer.offer(of(1));
        assert_eq!(offered.is_ok(), is_allowed, "{what}");
        // As it comes from others: the attribute is invalid, so there is none to accept.
        assert_eq!(answerer.choose(&of(1)).is_ok(), is_allowed, "{what}");

        let offer = at(5000, vec![crypto(1, 1)]);
        let answered = answerer.answer(&offer, of(2)).map(drop);
        let mut offerer = exchange();
        offerer.offer(offer).unwrap();
        let accepted = offerer.answered(&of(2)).map(drop);
        if is_allowed {
            assert_eq!((answered, accepted), (Ok(()), Ok(())), "{what}");
        } else {
            let failure = Err(NegotiationError::FecKey);
            assert_eq!(
                (offered, answered, accepted),
                (failure, failure, failure),
                "{what}"
            );
        }
    }
}

#[test]
fn a_new_place_wants_a_new_key() {
    let [mut offerer, mut answerer] = agreed();
    let moved = |key| at(5002, vec![crypto(1, key)]);
    assert_eq!(offerer.offer(moved(1)), Err(NegotiationError::KeyKept));
    let mut with_fec = at(5000, vec![with_fec_key(crypto(1, 1), 7)]);
    with_fec.fec = Some(place(5004));
    assert_eq!(offerer.offer(with_fec), Err(NegotiationError::KeyKept));
    assert_eq!(offerer.offer(moved(3)), Ok(()));

    // The answerer moves as well.
    let moved_answer = |key| at(6002, vec![crypto(1, key)]);
    assert_eq!(
        answerer.answer(&moved(3), moved_answer(2)).cloned(),
        Err(NegotiationError::KeyKept)
    );
    let agreement = answerer.answer(&moved(3), moved_answer(4)).unwrap();
    assert_eq!(keys(agreement), (4, 3));
    let is_new = (agreement.local_is_new, agreement.remote_is_new);
    assert_eq!((is_new, agreement.remote_has_moved), ((true, true), true));
    let agreement = offerer.answered(&moved_answer(4)).unwrap();
    assert_eq!(keys(agreement), (3, 4));
    assert!(agreement.local_is_new && agreement.remote_is_new && agreement.remote_has_moved);
}

#[test]
fn others_that_move_without_a_new_key_are_told_of() {
    let [_, mut answerer] = agreed();
    let offer = at(5002, vec![crypto(1, 1)]);
    let agreement = answerer
        .answer(&offer, at(6000, vec![crypto(1, 2)]))
        .unwrap();
    assert!(agreement.remote_has_moved && !agreement.remote_is_new);
    assert!(!agreement.local_is_new);
}

#[test]
fn in_the_same_place_keys_may_stay_or_change() {
    let [mut offerer, mut answerer] = agreed();
    for (key, is_new) in [(1, false), (3, true)] {
        let offer = at(5000, vec![crypto(1, key)]);
        let answer = at(6000, vec![crypto(1, 2)]);
        offerer.offer(offer.clone()).unwrap();
        let theirs = answerer.answer(&offer, answer.clone()).unwrap();
        assert_eq!((theirs.local_is_new, theirs.remote_is_new), (false, is_new));
        let ours = offerer.answered(&answer).unwrap();
        assert_eq!((ours.local_is_new, ours.remote_is_new), (is_new, false));
        assert!(!ours.remote_has_moved && !theirs.remote_has_moved);
    }
}

#[test]
fn a_rejected_offer_leaves_the_keys() {
    let [mut offerer, _] = agreed();
    offerer.offer(at(5000, vec![crypto(1, 3)])).unwrap();
    offerer.rejected();
    assert_eq!(offerer.agreement().map(keys), Some((1, 2)));
    // So does an answer that cannot be accepted.
    offerer.offer(at(5000, vec![crypto(1, 3)])).unwrap();
    let failed = offerer.answered(&at(6000, vec![crypto(2, 9)])).cloned();
    assert_eq!(failed, Err(NegotiationError::NotOffered));
    assert_eq!(offerer.agreement().map(keys), Some((1, 2)));
}

#[test]
fn an_answer_has_crypto_or_other_keys_but_not_both() {
    let mut offer = at(5000, vec![crypto(1, 1)]);
    offer.other_keys = true;
    let mut both = at(6000, vec![crypto(1, 2)]);
    both.other_keys = true;
    let (mut offerer, mut answerer) = (exchange(), exchange());
    offerer.offer(offer.clone()).unwrap();
    assert_eq!(
        answerer.answer(&offer, both.clone()).cloned(),
        Err(NegotiationError::TwoKeyings)
    );
    assert_eq!(
        offerer.answered(&both).cloned(),
        Err(NegotiationError::TwoKeyings)
    );
    // Other keys alone: this negotiation comes to nothing.
    both.crypto.clear();
    offerer.offer(offer).unwrap();
    assert_eq!(
        offerer.answered(&both).cloned(),
        Err(NegotiationError::NoCrypto)
    );
}

#[test]
fn a_key_lasts_for_2_to_the_31_packets_at_most() {
    let mut key = InlineKey::new(&[1; 30]);
    assert_eq!(key.packets(), 1 << 31);
    for (lifetime, packets) in [(1 << 48, 1 << 31), (1 << 31, 1 << 31), (1000, 1000)] {
        key.lifetime = Lifetime::new(lifetime);
        assert_eq!(key.packets(), packets);
    }
}

#[test]
fn a_session_parameter_is_added_if_it_is_valid() {
    let added = crypto(1, 1)
        .with_session_param(SessionParam::Kdr(3))
        .unwrap();
    assert!(added.to_string().ends_with(" KDR=3"));
    assert_eq!(
        added.with_session_param(SessionParam::Kdr(25)),
        Err(InvalidCrypto::SessionParam)
    );
}
