//! SDES: whatever is read is written, and what is written is read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc4568_sdes::{
    Capabilities, Crypto, Description, Exchange, InlineKey, Place, SessionParam, TagRule,
};

fuzz_target!(|data: &str| {
    let Ok(crypto) = Crypto::parse(data) else { return };
    assert_eq!(Crypto::parse(&crypto.to_string()).as_ref(), Ok(&crypto));
    let able = Capabilities::new(vec![crypto.suite().clone()]);
    let offer = [crypto];
    if let Some(chosen) = able.choose(&offer) {
        let _ = able.accept(&offer, chosen, TagRule::Renumbered);
        let _ = chosen.keys()[0].split(chosen.suite());
    }

    // Both sides of an exchange, the answer with another key.
    let [crypto] = offer;
    let place = |port| Place { address: "192.0.2.1".into(), port };
    let mut theirs = Description::new("RTP/SAVP", place(5000), vec![crypto]);
    let is_fec_key = |param: &SessionParam| matches!(param, SessionParam::FecKey(_));
    if theirs.crypto[0].session_params().iter().any(is_fec_key) {
        theirs.fec = Some(place(5002));
    }
    let mut offerer = Exchange::new(able.clone(), TagRule::Exact);
    let mut answerer = Exchange::new(able, TagRule::Exact);
    if offerer.offer(theirs.clone()).is_err() {
        return;
    }
    let chosen = answerer.choose(&theirs).expect("what may be offered may be accepted");
    let other: Vec<u8> = chosen.keys()[0].key_salt().iter().map(|byte| !byte).collect();
    let Ok(answer) = chosen.answer(vec![InlineKey::new(&other)]) else { return };
    let ours = Description::new("RTP/SAVP", place(6000), vec![answer]);
    let agreed = answerer.answer(&theirs, ours.clone()).cloned();
    let also = offerer.answered(&ours).cloned();
    assert_eq!(agreed.is_ok(), also.is_ok());
    if let (Ok(one), Ok(other)) = (agreed, also) {
        assert_eq!((one.local, one.remote), (other.remote, other.local));
    }
});
