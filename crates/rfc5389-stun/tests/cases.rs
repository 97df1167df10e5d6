//! Hard cases on the wire, one test each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc5389_stun::attribute::{
    ErrorCode, MappedAddress, Padding, PasswordAlgorithm, Software, UnknownAttributes, Username,
    XorMappedAddress,
};
use rfc5389_stun::{
    AttributeType, CheckError, Class, ErrorKind, Key, Message, MessageBuilder, Method, ParseError,
    TransactionId, WriteError,
};

const ID: TransactionId = TransactionId(*b"abcdefghijkl");

/// `0001 LLLL 2112a442` and a transaction ID, then `body`.
fn binding(length: u16, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0x00, 0x01];
    message.extend(length.to_be_bytes());
    message.extend([0x21, 0x12, 0xa4, 0x42]);
    message.extend(ID.0);
    message.extend(body);
    message
}

/// A request with these attributes, each with its padding.
fn with(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (attribute_type, value) in attributes {
        body.extend(attribute_type.to_be_bytes());
        body.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    binding(u16::try_from(body.len()).unwrap(), &body)
}

fn error(bytes: &[u8]) -> (ErrorKind, usize) {
    let error = Message::parse(bytes).unwrap_err();
    (error.kind(), error.offset())
}

fn types(message: &Message<Vec<u8>>) -> Vec<u16> {
    message
        .attributes()
        .map(|attribute| attribute.attribute_type().0)
        .collect()
}

#[test]
fn empty_and_19_bytes() {
    assert_eq!(error(&[]), (ErrorKind::Truncated, 0));
    assert_eq!(error(&binding(0, &[])[..19]), (ErrorKind::Truncated, 19));
}

#[test]
fn header_alone_is_valid() {
    let message = Message::parse(binding(0, &[])).unwrap();
    assert_eq!(
        (message.class(), message.method()),
        (Class::Request, Method::BINDING)
    );
    assert_eq!(message.transaction_id(), ID);
    assert_eq!(message.attributes().count(), 0);
}

#[test]
fn length_4_without_a_body() {
    assert_eq!(error(&binding(4, &[])), (ErrorKind::Truncated, 20));
}

#[test]
fn length_3() {
    assert_eq!(error(&binding(3, &[0; 3])), (ErrorKind::Unaligned, 2));
    assert_eq!(
        Message::parse(binding(3, &[0; 3])).unwrap_err().to_string(),
        "unaligned message length at byte 2: expected a multiple of four (RFC 5389 §6)"
    );
}

#[test]
fn body_longer_than_the_length() {
    assert_eq!(error(&binding(0, &[0; 4])), (ErrorKind::TrailingBytes, 20));
}

#[test]
fn top_bits_set() {
    for bits in [0x40, 0x80, 0xc0] {
        let mut bytes = binding(0, &[]);
        bytes[0] |= bits;
        assert_eq!(error(&bytes), (ErrorKind::NotStun, 0));
    }
}

#[test]
fn rfc_3489_without_cookie() {
    let mut bytes = binding(0, &[]);
    bytes[4..8].copy_from_slice(b"wxyz");
    let message = Message::parse(bytes).unwrap();
    assert!(message.is_classic());
    assert_eq!(message.cookie_and_transaction_id(), b"wxyzabcdefghijkl");

    let mut buffer = [0; 64];
    let source = "192.0.2.1:1000".parse().unwrap();
    let response = MessageBuilder::response(&mut buffer, Class::SuccessResponse, &message)
        .attribute(&MappedAddress(source))
        .finish()
        .unwrap();
    let response = Message::parse(response).unwrap();
    assert_eq!(response.cookie_and_transaction_id(), b"wxyzabcdefghijkl");
    assert_eq!(response.get(), Ok(Some(MappedAddress(source))));
}

#[test]
fn rfc_3489_integrity_fills_blocks_of_64() {
    // HMAC-SHA1 with the key "key" over the header with length 32, USERNAME "user" and zeroes to
    // 64 bytes, computed with another implementation.
    let mut bytes = with(&[(0x0006, b"user"), (0x0008, &CLASSIC_HMAC)]);
    bytes[4..8].copy_from_slice(b"wxyz");
    let classic = Message::parse(bytes).unwrap();
    let key = Key::short_term("key");
    assert_eq!(classic.verify_integrity(&key), Ok(()));

    let mut buffer = [0; 64];
    let written = MessageBuilder::response(&mut buffer, Class::Request, &classic)
        .attribute(&Username("user"))
        .integrity(&key)
        .finish()
        .unwrap();
    assert_eq!(written, classic.as_bytes());
}

const CLASSIC_HMAC: [u8; 20] = [
    0xcc, 0x4a, 0x56, 0x87, 0xac, 0x63, 0x59, 0x28, 0x87, 0x5f, 0x95, 0x0b, 0xbd, 0x86, 0xfd, 0x67,
    0xb7, 0x8e, 0xde, 0x27,
];

#[test]
fn the_four_classes_of_method_fff() {
    for (message_type, class) in [
        (0x3eef_u16, Class::Request),
        (0x3eff, Class::Indication),
        (0x3fef, Class::SuccessResponse),
        (0x3fff, Class::ErrorResponse),
    ] {
        let mut bytes = binding(0, &[]);
        bytes[..2].copy_from_slice(&message_type.to_be_bytes());
        let message = Message::parse(&bytes).unwrap();
        assert_eq!((message.class(), message.method().get()), (class, 0xfff));
        let mut buffer = [0; 20];
        let builder = MessageBuilder::new(&mut buffer, class, message.method(), ID);
        assert_eq!(builder.finish().unwrap(), bytes);
    }
}

#[test]
fn attribute_length_ffff() {
    let bytes = binding(8, b"\x00\x06\xff\xffabcd");
    assert_eq!(error(&bytes), (ErrorKind::AttributeOverrun, 20));
    assert_eq!(
        Message::parse(bytes).unwrap_err().to_string(),
        "overrun of attribute at byte 20: expected a value that ends within the message \
         (RFC 5389 §15)"
    );
}

#[test]
fn unpadded_last_attribute() {
    assert_eq!(
        error(&binding(7, b"\x00\x06\x00\x03abc")),
        (ErrorKind::Unaligned, 2)
    );
    assert_eq!(
        error(&binding(8, b"\x00\x06\x00\x03abc")),
        (ErrorKind::Truncated, 27)
    );
}

#[test]
fn padding_may_be_anything() {
    let message = Message::parse(binding(8, b"\x00\x06\x00\x03abc ")).unwrap();
    assert_eq!(message.get(), Ok(Some(Username("abc"))));
}

#[test]
fn address_families_0_3_and_ff() {
    for family in [0, 3, 0xff] {
        let value = [0, family, 0x10, 0x00, 1, 2, 3, 4];
        let message = Message::parse(with(&[(0x0001, &value), (0x0020, &value)])).unwrap();
        let error = message.get::<MappedAddress>().unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::AttributeValue, 25)
        );
        assert_eq!(
            error.to_string(),
            "invalid MAPPED-ADDRESS at byte 25: expected address family 1 or 2 (RFC 5389 §15.1)"
        );
        let error = message.get::<XorMappedAddress>().unwrap_err();
        assert_eq!((error.field(), error.offset()), ("XOR-MAPPED-ADDRESS", 37));
    }
}

#[test]
fn ipv6_attribute_of_length_8() {
    let message = Message::parse(with(&[(0x0020, &[0, 2, 0, 0, 1, 2, 3, 4])])).unwrap();
    let error = message.get::<XorMappedAddress>().unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::AttributeLength, 32)
    );
}

#[test]
fn ipv4_attribute_of_length_20_and_addresses_of_3_bytes() {
    let message = Message::parse(with(&[(0x0020, &[0, 1, 0, 0, 1, 2, 3, 4, 5])])).unwrap();
    assert_eq!(
        message
            .get::<XorMappedAddress>()
            .map_err(|error| error.kind()),
        Err(ErrorKind::AttributeLength)
    );
    let message = Message::parse(with(&[(0x0001, &[0, 1, 0])])).unwrap();
    assert_eq!(
        message.get::<MappedAddress>().map_err(|error| error.kind()),
        Err(ErrorKind::AttributeLength)
    );
}

#[test]
fn first_byte_of_an_address_is_ignored() {
    let message = Message::parse(with(&[(0x0001, &[0xaa, 1, 0, 80, 192, 0, 2, 1])])).unwrap();
    assert_eq!(
        message.get(),
        Ok(Some(MappedAddress("192.0.2.1:80".parse().unwrap())))
    );
}

fn error_code(value: &[u8]) -> Result<u16, (ErrorKind, usize)> {
    let bytes = with(&[(0x0009, value)]);
    let message = Message::parse(&bytes).unwrap();
    match message.get::<ErrorCode<'_>>() {
        Ok(code) => Ok(code.unwrap().code()),
        Err(error) => Err((error.kind(), error.offset())),
    }
}

#[test]
fn error_code_of_class_7_or_number_255() {
    assert_eq!(
        error_code(&[0, 0, 7, 0]),
        Err((ErrorKind::AttributeValue, 26))
    );
    assert_eq!(
        error_code(&[0, 0, 2, 0]),
        Err((ErrorKind::AttributeValue, 26))
    );
    assert_eq!(
        error_code(&[0, 0, 4, 255]),
        Err((ErrorKind::AttributeValue, 27))
    );
    assert_eq!(
        error_code(&[0, 0, 4, 100]),
        Err((ErrorKind::AttributeValue, 27))
    );
    assert_eq!(
        error_code(&[0, 0, 4]),
        Err((ErrorKind::AttributeLength, 27))
    );
    assert_eq!(error_code(&[0, 0, 6, 99]), Ok(699));
}

#[test]
fn reserved_bits_of_error_code_are_ignored() {
    assert_eq!(error_code(&[0xff, 0xff, 0xfc, 38]), Ok(438));
}

#[test]
fn integrity_of_other_lengths() {
    for len in [0, 19, 21, 32] {
        let message = Message::parse(with(&[(0x0008, &[0; 32][..len])])).unwrap();
        assert_eq!(
            message.verify_integrity(&Key::short_term("k")),
            Err(CheckError::Length)
        );
    }
}

/// A request with SOFTWARE and what `add` puts behind it.
fn built(add: impl FnOnce(MessageBuilder<'_>) -> MessageBuilder<'_>) -> Vec<u8> {
    let mut buffer = [0xee; 256];
    let builder = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID);
    add(builder.attribute(&Software("s")))
        .finish()
        .unwrap()
        .to_vec()
}

/// Appends an attribute to a finished message.
fn append(message: &mut Vec<u8>, attribute_type: AttributeType, value: &[u8]) {
    message.extend(attribute_type.0.to_be_bytes());
    message.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
    let length = u16::try_from(message.len() - 20).unwrap();
    message[2..4].copy_from_slice(&length.to_be_bytes());
}

#[test]
fn integrity_twice() {
    let key = Key::short_term("k");
    let mut bytes = built(|builder| builder.integrity(&key));
    append(&mut bytes, AttributeType::MESSAGE_INTEGRITY, &[0; 20]);
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.verify_integrity(&key), Ok(()));
    assert_eq!(types(&message), [0x8022, 0x0008]);
    assert_eq!(message.all_attributes().count(), 3);
}

#[test]
fn integrity_after_fingerprint() {
    let key = Key::short_term("k");
    let mut bytes = built(|builder| builder.fingerprint());
    append(&mut bytes, AttributeType::MESSAGE_INTEGRITY, &[0; 20]);
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.verify_integrity(&key), Err(CheckError::Misplaced));
    assert_eq!(message.verify_fingerprint(), Err(CheckError::Misplaced));
    let mut buffer = [0; 256];
    let builder = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID);
    assert_eq!(
        builder.fingerprint().integrity(&key).finish(),
        Err(WriteError::Misplaced)
    );
}

#[test]
fn attributes_after_integrity_are_ignored() {
    let key = Key::short_term("k");
    let mut bytes = built(|builder| builder.integrity(&key));
    append(&mut bytes, AttributeType::USERNAME, b"eve");
    append(&mut bytes, AttributeType(0x7fff), b"");
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.verify_integrity(&key), Ok(()));
    assert_eq!(message.get::<Username<'_>>(), Ok(None));
    assert_eq!(
        message.unknown_required(|_| false).collect::<Vec<_>>(),
        [AttributeType(0x0008)]
    );
    assert_eq!(types(&message), [0x8022, 0x0008]);
    let mut buffer = [0; 256];
    let builder = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID);
    let builder = builder.integrity(&key).attribute(&Username("eve"));
    assert_eq!(builder.finish(), Err(WriteError::Misplaced));
}

#[test]
fn both_integrities_and_a_fingerprint() {
    let key = Key::short_term("k");
    let bytes = built(|builder| builder.integrity(&key).integrity_sha256(&key).fingerprint());
    let message = Message::parse(bytes).unwrap();
    assert_eq!(types(&message), [0x8022, 0x0008, 0x001c, 0x8028]);
    assert_eq!(message.verify_integrity(&key), Ok(()));
    assert_eq!(message.verify_integrity_sha256(&key, 32), Ok(()));
    assert_eq!(message.verify_fingerprint(), Ok(()));
}

#[test]
fn sha256_before_sha1() {
    let key = Key::short_term("k");
    let mut bytes = built(|builder| builder.integrity_sha256(&key));
    append(&mut bytes, AttributeType::MESSAGE_INTEGRITY, &[0; 20]);
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.verify_integrity_sha256(&key, 32), Ok(()));
    assert_eq!(message.verify_integrity(&key), Err(CheckError::Missing));
    assert_eq!(types(&message), [0x8022, 0x001c]);
}

#[test]
fn sha256_truncated_to_12_16_and_18() {
    let key = Key::short_term("key");
    for len in [0, 12, 18, 31] {
        let message = Message::parse(with(&[(0x0006, b"user"), (0x001c, &[0; 32][..len])]));
        let message = message.unwrap();
        assert_eq!(
            message.verify_integrity_sha256(&key, 0),
            Err(CheckError::Length),
            "{len}"
        );
    }
    let message = Message::parse(with(&[(0x0006, b"user"), (0x001c, &SHA256_HMAC_16)]));
    let message = message.unwrap();
    assert_eq!(message.verify_integrity_sha256(&key, 16), Ok(()));
    assert_eq!(
        message.verify_integrity_sha256(&key, 20),
        Err(CheckError::Length)
    );
    assert_eq!(
        message.verify_integrity_sha256(&Key::short_term("k"), 16),
        Err(CheckError::Mismatch)
    );
    let message = Message::parse(with(&[(0x0006, b"user"), (0x001c, &SHA256_HMAC_32)]));
    assert_eq!(message.unwrap().verify_integrity_sha256(&key, 32), Ok(()));
}

/// With the key "key" over USERNAME "user", computed with another implementation.
const SHA256_HMAC_16: [u8; 16] = [
    0x81, 0xe0, 0x74, 0x5f, 0x09, 0x4f, 0x94, 0x05, 0x61, 0xcd, 0xf9, 0xd1, 0x2a, 0x4d, 0xa8, 0xa8,
];
const SHA256_HMAC_32: [u8; 32] = [
    0xfd, 0x7d, 0xeb, 0xcd, 0x90, 0x0e, 0x9b, 0x5c, 0x2d, 0xc2, 0xef, 0xa7, 0x00, 0xa0, 0x78, 0x78,
    0x01, 0xff, 0x90, 0xde, 0x57, 0x59, 0xc2, 0xef, 0x92, 0x8f, 0x42, 0x1d, 0xbd, 0x4c, 0xbb, 0xdf,
];

#[test]
fn unknown_7fff_is_refused_with_420_and_8000_ignored() {
    let bytes = with(&[
        (0x7fff, b"x"),
        (0x80ff, b"y"),
        (0x0006, b"u"),
        (0x7ffe, b""),
    ]);
    let request = Message::parse(bytes).unwrap();
    let understood = |known| known == AttributeType::USERNAME;
    let unknown: Vec<_> = request.unknown_required(understood).collect();
    assert_eq!(unknown, [AttributeType(0x7fff), AttributeType(0x7ffe)]);

    let mut buffer = [0xee; 128];
    let response = MessageBuilder::unknown_attributes(&mut buffer, &request, understood).unwrap();
    let response = Message::parse(response.finish().unwrap()).unwrap();
    assert_eq!(response.class(), Class::ErrorResponse);
    assert_eq!(response.transaction_id(), ID);
    assert_eq!(response.get(), Ok(Some(ErrorCode::UNKNOWN_ATTRIBUTE)));
    let listed = response.get::<UnknownAttributes<'_>>().unwrap().unwrap();
    assert_eq!(listed.iter().collect::<Vec<_>>(), unknown);
    assert_eq!(
        response
            .attribute(AttributeType::UNKNOWN_ATTRIBUTES)
            .unwrap()
            .value()
            .len(),
        4
    );

    let request = Message::parse(with(&[(0x80ff, b"y")])).unwrap();
    assert!(MessageBuilder::unknown_attributes(&mut [0; 99], &request, |_| false).is_none());
}

#[test]
fn unknown_attributes_for_rfc_3489_fill_the_word() {
    let mut bytes = with(&[(0x7fff, b"")]);
    bytes[4..8].copy_from_slice(b"wxyz");
    let request = Message::parse(bytes).unwrap();
    let mut buffer = [0; 128];
    let response = MessageBuilder::unknown_attributes(&mut buffer, &request, |_| false).unwrap();
    let response = Message::parse(response.finish().unwrap()).unwrap();
    let listed = response
        .attribute(AttributeType::UNKNOWN_ATTRIBUTES)
        .unwrap();
    assert_eq!(listed.value(), [0x7f, 0xff, 0x7f, 0xff]);
}

#[test]
fn username_of_513_bytes_is_read_but_not_written() {
    let name = "u".repeat(763);
    for len in [513, 763] {
        let message = Message::parse(with(&[(0x0006, &name.as_bytes()[..len])])).unwrap();
        assert_eq!(message.get(), Ok(Some(Username(&name[..len]))));
    }
    let message = Message::parse(with(&[(0x0006, "u".repeat(764).as_bytes())])).unwrap();
    assert_eq!(
        message
            .get::<Username<'_>>()
            .map_err(|error: ParseError| error.to_string()),
        Err(
            "invalid length of USERNAME at byte 787: expected at most 763 bytes (RFC 8489 §14.3)"
                .to_owned()
        )
    );
    let mut buffer = [0; 1024];
    let mut write = |len: usize| {
        let builder = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID);
        builder
            .attribute(&Username(&name[..len]))
            .finish()
            .map(|message| message.len())
    };
    assert_eq!(write(508), Ok(20 + 4 + 508));
    assert_eq!(
        write(513),
        Err(WriteError::ValueTooLong {
            attribute: "USERNAME",
            limit: 508
        })
    );
}

#[test]
fn text_that_is_not_utf_8_loses_only_its_attribute() {
    let message = Message::parse(with(&[(0x8022, b"ab\xff"), (0x0006, b"u")])).unwrap();
    let error = message.get::<Software<'_>>().unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::AttributeValue, 26)
    );
    assert_eq!(
        message.attribute(AttributeType::SOFTWARE).unwrap().value(),
        b"ab\xff"
    );
    assert_eq!(message.get(), Ok(Some(Username("u"))));
}

#[test]
fn the_first_of_two_equal_attributes_counts() {
    let message = Message::parse(with(&[(0x0006, b"one"), (0x0006, b"two")])).unwrap();
    assert_eq!(message.get(), Ok(Some(Username("one"))));
}

#[test]
fn fingerprint_checks() {
    let mut bytes = built(|builder| builder.fingerprint());
    assert_eq!(Message::parse(&bytes).unwrap().verify_fingerprint(), Ok(()));
    bytes[27] ^= 1;
    assert_eq!(
        Message::parse(&bytes).unwrap().verify_fingerprint(),
        Err(CheckError::Mismatch)
    );
    bytes[27] ^= 1;
    append(&mut bytes, AttributeType::SOFTWARE, b"late");
    assert_eq!(
        Message::parse(&bytes).unwrap().verify_fingerprint(),
        Err(CheckError::Misplaced)
    );
    let message = Message::parse(with(&[(0x8028, &[0; 3])])).unwrap();
    assert_eq!(message.verify_fingerprint(), Err(CheckError::Length));
    let message = Message::parse(binding(0, &[])).unwrap();
    assert_eq!(message.verify_fingerprint(), Err(CheckError::Missing));
}

#[test]
fn any_flipped_bit_is_noticed() {
    let key = Key::short_term("k");
    let bytes = built(|builder| builder.integrity(&key).integrity_sha256(&key).fingerprint());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(message) = Message::parse(&flipped) else {
            continue;
        };
        assert!(message.verify_fingerprint().is_err(), "bit {bit}");
        // The padding of SOFTWARE is covered as well; the attributes behind are not.
        if bit / 8 < 28 + 24 {
            assert!(message.verify_integrity(&key).is_err(), "bit {bit}");
        }
        if bit / 8 < 28 + 24 + 36 {
            assert!(
                message.verify_integrity_sha256(&key, 32).is_err(),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn a_buffer_too_small_tells_what_is_needed() {
    let write = |available| {
        let mut buffer = vec![0xee; available];
        MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID)
            .attribute(&Software("12345"))
            .integrity(&Key::short_term("k"))
            .fingerprint()
            .finish()
            .map(|message| message.to_vec())
    };
    let whole = write(64).unwrap();
    assert_eq!(whole.len(), 20 + 12 + 24 + 8);
    for available in 0..64 {
        assert_eq!(
            write(available),
            Err(WriteError::BufferTooSmall {
                needed: 64,
                available
            })
        );
    }
}

#[test]
fn a_message_too_long_is_not_written() {
    let mut buffer = vec![0; 80_000];
    let mut write = |len| {
        MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID)
            .attribute(&Padding(len))
            .finish()
            .map(|message| message.len())
    };
    assert_eq!(write(65_528), Ok(20 + 65_532));
    assert_eq!(write(65_529), Err(WriteError::MessageTooLong));
}

#[test]
fn values_are_checked_before_they_are_written() {
    let long = "é".repeat(128);
    assert_eq!(
        ErrorCode::new(299, ""),
        Err(WriteError::InvalidValue {
            attribute: "ERROR-CODE"
        })
    );
    assert!(ErrorCode::new(400, &long).is_err());
    assert!(ErrorCode::new(699, &long[2..]).is_ok());
    let mut buffer = [0; 512];
    let mut write = |text| {
        MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, ID)
            .attribute(&Software(text))
            .finish()
            .map(|message| message.len())
    };
    assert_eq!(
        write(&long),
        Err(WriteError::ValueTooLong {
            attribute: "SOFTWARE",
            limit: 508
        })
    );
    assert_eq!(write(&long[2..]), Ok(20 + 4 + 256));
}

#[test]
fn password_algorithm_with_parameters() {
    let bytes = with(&[(0x001d, &[0, 9, 0, 3, 1, 2, 3, 0])]);
    let message = Message::parse(&bytes).unwrap();
    let algorithm = message.get::<PasswordAlgorithm<'_>>().unwrap().unwrap();
    assert_eq!(
        (algorithm.algorithm().0, algorithm.parameters()),
        (9, &[1, 2, 3][..])
    );
    for value in [
        &[0, 9, 0][..],
        &[0, 9, 0, 4, 1, 2, 3],
        &[0, 2, 0, 0, 0, 1, 0, 0],
    ] {
        let message = Message::parse(with(&[(0x001d, value)])).unwrap();
        assert!(message.get::<PasswordAlgorithm<'_>>().is_err(), "{value:?}");
    }
}
