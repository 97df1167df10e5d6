//! SDES: whatever is read is written, and what is written is read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc4568_sdes::{Capabilities, Crypto, TagRule};

fuzz_target!(|data: &str| {
    let Ok(crypto) = Crypto::parse(data) else { return };
    assert_eq!(Crypto::parse(&crypto.to_string()).as_ref(), Ok(&crypto));
    let able = Capabilities::new(vec![crypto.suite().clone()]);
    let offer = [crypto];
    if let Some(chosen) = able.choose(&offer) {
        let _ = able.accept(&offer, chosen, TagRule::Renumbered);
        let _ = chosen.keys()[0].split(chosen.suite());
    }
});
