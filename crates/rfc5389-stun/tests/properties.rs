//! What holds for any bytes and any message.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;
use rfc5389_stun::attribute::*;
use rfc5389_stun::{
    AttributeType, Class, Framer, Key, Message, MessageBuilder, Method, TransactionId, demultiplex,
};

/// Asks for everything that a message can be asked for.
fn walk(message: &Message<&[u8]>) {
    let key = Key::short_term("k");
    let _ = (
        message.class(),
        message.method(),
        message.transaction_id(),
        message.is_classic(),
    );
    let _ = (
        message.verify_integrity(&key),
        message.verify_integrity_sha256(&key, 16),
    );
    let _ = message.verify_fingerprint();
    for attribute in message.all_attributes() {
        let _ = attribute.attribute_type().to_string();
        let _ = (
            attribute.get::<XorMappedAddress>(),
            attribute.get::<MappedAddress>(),
        );
        let _ = (
            attribute.get::<ErrorCode<'_>>(),
            attribute.get::<UserHash>(),
        );
        let _ = attribute
            .get::<Nonce<'_>>()
            .map(|nonce| nonce.security_features());
        let _ = attribute
            .get::<UnknownAttributes<'_>>()
            .map(|list| list.iter().count());
        let _ = attribute
            .get::<PasswordAlgorithms<'_>>()
            .map(|list| list.iter().count());
        let _ = (
            attribute.get::<PasswordAlgorithm<'_>>(),
            attribute.get::<ChangeRequest>(),
        );
        let _ = (attribute.get::<ResponsePort>(), attribute.get::<Padding>());
    }
    let mut buffer = [0; 256];
    let _ = MessageBuilder::unknown_attributes(&mut buffer, message, |_| false).map(|builder| {
        builder
            .integrity(&key)
            .fingerprint()
            .finish()
            .map(|reply| reply.len())
    });
}

/// Random attributes, of known and unknown types.
fn attributes() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let known = prop::sample::select(vec![0x0001, 0x0006, 0x0009, 0x000a, 0x0020, 0x8002, 0x8022]);
    vec(
        (
            prop_oneof![known, 0x0030..=0xffff_u16],
            vec(any::<u8>(), 0..40),
        ),
        0..8,
    )
}

/// A message of them, over a buffer full of poison.
fn message(number: u16, id: [u8; 12], attributes: &[(u16, Vec<u8>)], fingerprint: bool) -> Vec<u8> {
    let mut buffer = [0xee; 1024];
    let method = Method::new(number).unwrap();
    let mut builder =
        MessageBuilder::new(&mut buffer, Class::Indication, method, TransactionId(id));
    for (attribute_type, value) in attributes {
        builder = builder.raw_attribute(AttributeType(*attribute_type), value);
    }
    if fingerprint {
        builder = builder.integrity(&Key::short_term("k")).fingerprint();
    }
    builder.finish().unwrap().to_vec()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = demultiplex(&bytes);
        if let Ok(message) = Message::parse(&bytes[..]) {
            walk(&message);
        }
    }

    #[test]
    fn any_body_behind_a_good_header_is_read_or_refused(body in vec(any::<[u8; 4]>(), 0..50)) {
        let body = body.concat();
        let mut bytes = vec![0, 1, 0, u8::try_from(body.len()).unwrap(), 0x21, 0x12, 0xa4, 0x42];
        bytes.extend([9; 12]);
        bytes.extend(body);
        if let Ok(message) = Message::parse(&bytes[..]) {
            walk(&message);
        }
    }

    #[test]
    fn mutated_messages_are_read_or_refused(
        attributes in attributes(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = message(1, [3; 12], &attributes, true);
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(message) = Message::parse(&bytes[..]) {
            walk(&message);
        }
    }

    #[test]
    fn what_is_written_is_read(
        number in 0..0x1000_u16,
        id: [u8; 12],
        attributes in attributes(),
        fingerprint: bool,
    ) {
        let bytes = message(number, id, &attributes, fingerprint);
        let message = Message::parse(&bytes[..]).unwrap();
        prop_assert_eq!(message.class(), Class::Indication);
        prop_assert_eq!(message.method().get(), number);
        prop_assert_eq!(message.transaction_id(), TransactionId(id));
        let read: Vec<_> = message
            .attributes()
            .take(attributes.len())
            .map(|attribute| (attribute.attribute_type().0, attribute.value().to_vec()))
            .collect();
        prop_assert_eq!(read, attributes);
        prop_assert_eq!(message.verify_fingerprint().is_ok(), fingerprint);
        prop_assert_eq!(message.verify_integrity(&Key::short_term("k")).is_ok(), fingerprint);
    }

    #[test]
    fn every_strict_prefix_is_refused(attributes in attributes(), fingerprint: bool) {
        let bytes = message(1, [3; 12], &attributes, fingerprint);
        for len in 0..bytes.len() {
            prop_assert!(Message::parse(&bytes[..len]).is_err());
        }
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_messages(
        messages in vec(attributes(), 1..4),
        chunk in 1..50_usize,
    ) {
        let messages: Vec<_> =
            messages.iter().map(|attributes| message(1, [3; 12], attributes, true)).collect();
        let mut framer = Framer::default();
        let mut received = Vec::new();
        for bytes in messages.concat().chunks(chunk) {
            framer.push(bytes);
            while let Some(message) = framer.next_message().unwrap() {
                received.push(message.into_inner().to_vec());
            }
        }
        prop_assert_eq!(received, messages);
    }

    #[test]
    fn addresses_survive(octets: [u8; 16], port: u16, ipv6: bool, id: [u8; 12]) {
        let address: core::net::SocketAddr = if ipv6 {
            (octets, port).into()
        } else {
            ([octets[0], octets[1], octets[2], octets[3]], port).into()
        };
        let mut buffer = [0xee; 128];
        let written =
            MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, TransactionId(id))
                .attribute(&XorMappedAddress(address))
                .attribute(&OtherAddress(address))
                .finish()
                .unwrap();
        let message = Message::parse(written).unwrap();
        prop_assert_eq!(message.get(), Ok(Some(XorMappedAddress(address))));
        prop_assert_eq!(message.get(), Ok(Some(OtherAddress(address))));
    }
}
