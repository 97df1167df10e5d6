//! The messages of RFC 5769 and RFC 8489 appendix B, read and written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use rfc5389_stun::attribute::{
    Algorithm, Nonce, PasswordAlgorithm, PasswordAlgorithms, Realm, Software, UserHash, Username,
    XorMappedAddress,
};
use rfc5389_stun::{
    AttributeType, CheckError, Class, ErrorKind, Key, Message, MessageBuilder, Method,
};

/// One block of `vectors/stun.txt`.
struct Vector(HashMap<&'static str, String>);

impl Vector {
    fn named(name: &str) -> Vector {
        let mut fields = HashMap::new();
        let mut last = "";
        let block = include_str!("vectors/stun.txt")
            .split_once(&format!("[{name}]\n"))
            .map(|(_, rest)| rest.split("\n[").next().unwrap())
            .unwrap();
        for line in block.lines() {
            match line.split_once('=') {
                Some((key, value)) if !line.starts_with(' ') => {
                    last = key.trim();
                    fields.insert(last, value.trim().to_owned());
                }
                _ => fields.get_mut(last).unwrap().push_str(line.trim()),
            }
        }
        Vector(fields)
    }

    fn text(&self, field: &str) -> &str {
        &self.0[field]
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        let hex = self.text(field).as_bytes();
        hex.chunks(2)
            .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }
}

/// Writes the message again, attribute by attribute, with the checks made anew.
fn rewritten(message: &Message<&[u8]>, key: &Key) -> Vec<u8> {
    let mut buffer = [0xee; 512];
    let mut builder = MessageBuilder::new(
        &mut buffer,
        message.class(),
        message.method(),
        message.transaction_id(),
    );
    for attribute in message.attributes() {
        builder = match attribute.attribute_type() {
            AttributeType::MESSAGE_INTEGRITY => builder.integrity(key),
            AttributeType::MESSAGE_INTEGRITY_SHA256 => builder.integrity_sha256(key),
            AttributeType::FINGERPRINT => builder.fingerprint(),
            other => builder.raw_attribute(other, attribute.value()),
        };
    }
    builder.finish().unwrap().to_vec()
}

#[test]
fn rfc5769_2_1_sample_request() {
    let vector = Vector::named("request");
    let bytes = vector.bytes("message");
    let message = Message::parse(&bytes[..]).unwrap();
    assert_eq!(
        (message.class(), message.method()),
        (Class::Request, Method::BINDING)
    );
    assert_eq!(
        message.transaction_id().to_string(),
        "b7e7a701bc34d686fa87dfae"
    );
    assert!(!message.is_classic());
    assert_eq!(message.get(), Ok(Some(Software(vector.text("software")))));
    assert_eq!(message.get(), Ok(Some(Username(vector.text("username")))));
    let types: Vec<_> = message
        .attributes()
        .map(|a| a.attribute_type().to_string())
        .collect();
    assert_eq!(
        types,
        [
            "SOFTWARE",
            "PRIORITY",
            "ICE-CONTROLLED",
            "USERNAME",
            "MESSAGE-INTEGRITY",
            "FINGERPRINT"
        ]
    );
    let key = Key::short_term(vector.text("password"));
    assert_eq!(message.verify_integrity(&key), Ok(()));
    assert_eq!(message.verify_fingerprint(), Ok(()));
    assert_eq!(
        message.verify_integrity(&Key::short_term("other")),
        Err(CheckError::Mismatch)
    );

    // The RFC pads USERNAME with blanks; the same message with zeroes has other checks.
    let zeroes = rewritten(&message, &key);
    assert_eq!(zeroes[..72], bytes[..72]);
    assert_eq!(
        (&bytes[73..76], &zeroes[73..76]),
        (&b"   "[..], &[0; 3][..])
    );
    let zeroes = Message::parse(&zeroes).unwrap();
    assert_eq!(zeroes.verify_integrity(&key), Ok(()));
    assert_eq!(zeroes.verify_fingerprint(), Ok(()));
}

fn response(name: &str) {
    let vector = Vector::named(name);
    let bytes = vector.bytes("message");
    let message = Message::parse(&bytes[..]).unwrap();
    assert_eq!(
        (message.class(), message.method()),
        (Class::SuccessResponse, Method::BINDING)
    );
    assert_eq!(message.get(), Ok(Some(Software(vector.text("software")))));
    let mapped = vector.text("xor_mapped").parse().unwrap();
    assert_eq!(message.get(), Ok(Some(XorMappedAddress(mapped))));
    let key = Key::short_term(vector.text("password"));
    assert_eq!(message.verify_integrity(&key), Ok(()));
    assert_eq!(message.verify_fingerprint(), Ok(()));

    // SOFTWARE is padded with a blank there, too.
    let mut zeroes = bytes.clone();
    assert_eq!(core::mem::take(&mut zeroes[35]), b' ');
    let written = rewritten(&message, &key);
    let body_end = written.len() - 24 - 8;
    assert_eq!(written[..body_end], zeroes[..body_end]);
    assert_eq!(
        Message::parse(&written).unwrap().verify_integrity(&key),
        Ok(())
    );
}

#[test]
fn rfc5769_2_2_sample_ipv4_response() {
    response("response_ipv4");
}

#[test]
fn rfc5769_2_3_sample_ipv6_response() {
    response("response_ipv6");
}

#[test]
fn rfc5769_2_4_long_term_request() {
    let vector = Vector::named("long_term_request");
    let bytes = vector.bytes("message");
    let message = Message::parse(&bytes[..]).unwrap();
    assert_eq!(message.get(), Ok(Some(Username(vector.text("username")))));
    assert_eq!(message.get(), Ok(Some(Realm(vector.text("realm")))));
    assert_eq!(message.get(), Ok(Some(Nonce(vector.text("nonce")))));
    let key = Key::long_term_md5(
        vector.text("username"),
        vector.text("realm"),
        vector.text("password"),
    );
    assert_eq!(message.verify_integrity(&key), Ok(()));
    assert_eq!(
        message.verify_integrity(&Key::from_bytes(&vector.bytes("key_md5"))),
        Ok(())
    );
    assert_eq!(message.verify_fingerprint(), Err(CheckError::Missing));
    assert_eq!(rewritten(&message, &key), bytes);
}

#[test]
fn rfc8489_b_1_as_printed_has_a_wrong_length() {
    let bytes = Vector::named("sha256_as_printed").bytes("message");
    let error = Message::parse(&bytes[..]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Truncated, 156));
}

fn sha256_key(vector: &Vector) -> Key {
    Key::long_term_sha256(
        vector.text("username"),
        vector.text("realm"),
        vector.text("password"),
    )
}

#[test]
fn rfc8489_b_1_corrected() {
    let vector = Vector::named("sha256");
    let bytes = vector.bytes("message");
    let message = Message::parse(&bytes[..]).unwrap();
    let hash = UserHash::new(vector.text("username"), vector.text("realm"));
    assert_eq!(hash.0[..], vector.bytes("userhash"));
    assert_eq!(message.get(), Ok(Some(hash)));
    assert_eq!(message.get(), Ok(Some(PasswordAlgorithm::SHA256)));
    assert_eq!(
        message.verify_integrity_sha256(&sha256_key(&vector), 32),
        Ok(())
    );
    let key = Key::from_bytes(&vector.bytes("key_sha256"));
    assert_eq!(message.verify_integrity_sha256(&key, 32), Ok(()));
    assert_eq!(message.verify_integrity(&key), Err(CheckError::Missing));
    assert_eq!(rewritten(&message, &key), bytes);
}

#[test]
fn rfc8489_b_1_with_password_algorithms() {
    let vector = Vector::named("sha256_algorithms");
    let bytes = vector.bytes("message");
    let message = Message::parse(&bytes[..]).unwrap();
    let offered = message.get::<PasswordAlgorithms<'_>>().unwrap().unwrap();
    let offered: Vec<_> = offered.iter().map(|offer| offer.algorithm()).collect();
    assert_eq!(offered, [Algorithm::MD5, Algorithm::SHA256]);
    let key = sha256_key(&vector);
    assert_eq!(message.verify_integrity_sha256(&key, 32), Ok(()));
    assert_eq!(rewritten(&message, &key), bytes);
}

#[test]
fn rfc8489_b_1_with_the_key_of_md5() {
    let vector = Vector::named("sha256_key_md5");
    let bytes = vector.bytes("message");
    let message = Message::parse(&bytes[..]).unwrap();
    let key = Key::long_term_md5(
        vector.text("username"),
        vector.text("realm"),
        vector.text("password"),
    );
    assert_eq!(message.verify_integrity_sha256(&key, 32), Ok(()));
    assert_eq!(
        message.verify_integrity_sha256(&sha256_key(&vector), 32),
        Err(CheckError::Mismatch)
    );
}
