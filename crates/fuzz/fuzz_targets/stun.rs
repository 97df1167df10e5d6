//! STUN: whatever is read is walked and written back unchanged but for its padding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc5389_stun::attribute::{
    ErrorCode, MappedAddress, Nonce, PasswordAlgorithms, UnknownAttributes, XorMappedAddress,
};
use rfc5389_stun::{Framer, Key, Message, MessageBuilder, demultiplex};

fuzz_target!(|data: &[u8]| {
    let _ = demultiplex(data);
    let mut framer = Framer::new(data.len());
    framer.push(data);
    while let Ok(Some(_)) = framer.next_message() {}

    let Ok(message) = Message::parse(data) else { return };
    let key = Key::short_term("password");
    let _ = message.verify_integrity(&key);
    let _ = message.verify_integrity_sha256(&key, 16);
    let _ = message.verify_fingerprint();
    let mut buffer = vec![0; data.len()];
    let mut builder = MessageBuilder::response(&mut buffer, message.class(), &message);
    for attribute in message.all_attributes() {
        let _ = attribute.get::<MappedAddress>();
        let _ = attribute.get::<XorMappedAddress>();
        let _ = attribute.get::<ErrorCode>();
        let _ = attribute.get::<Nonce>().map(|nonce| nonce.security_features());
        let _ = attribute.get::<UnknownAttributes>().map(|types| types.iter().count());
        let _ = attribute.get::<PasswordAlgorithms>().map(|list| list.iter().count());
        builder = builder.raw_attribute(attribute.attribute_type(), attribute.value());
    }
    let written = builder.finish().expect("the buffer is as large as the message");
    let again = Message::parse(&written[..]).expect("what is written is read");
    assert!(again.all_attributes().eq(message.all_attributes()));
});
