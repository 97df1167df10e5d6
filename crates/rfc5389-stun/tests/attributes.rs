//! Every typed attribute as bytes, both ways.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc5389_stun::attribute::*;
use rfc5389_stun::{
    AttributeType, Class, ErrorKind, Message, MessageBuilder, Method, TransactionId,
};

/// Writes the attribute over poison, compares the bytes behind the header of the message with
/// those expected (type, length, value and padding), and reads them.
macro_rules! both_ways {
    ($attribute:expr, $expected:expr $(,)?) => {
        let attribute = $attribute;
        let bytes = written(&attribute);
        assert_eq!(bytes[20..], $expected[..], "{attribute:?}");
        let message = Message::parse(&bytes[..]).unwrap();
        assert_eq!(message.get(), Ok(Some(attribute)));
    };
}

fn written<'a>(attribute: &impl AttributeValue<'a>) -> Vec<u8> {
    let mut buffer = [0xee; 2048];
    let id = TransactionId([
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ]);
    let builder = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, id);
    builder.attribute(attribute).finish().unwrap().to_vec()
}

#[test]
fn plain_addresses() {
    let address = "192.0.2.1:32853".parse().unwrap();
    let value = |first: u8, second: u8| [first, second, 0, 8, 0, 1, 0x80, 0x55, 192, 0, 2, 1];
    both_ways!(MappedAddress(address), &value(0x00, 0x01));
    both_ways!(ResponseAddress(address), &value(0x00, 0x02));
    both_ways!(SourceAddress(address), &value(0x00, 0x04));
    both_ways!(ChangedAddress(address), &value(0x00, 0x05));
    both_ways!(ReflectedFrom(address), &value(0x00, 0x0b));
    both_ways!(AlternateServer(address), &value(0x80, 0x23));
    both_ways!(ResponseOrigin(address), &value(0x80, 0x2b));
    both_ways!(OtherAddress(address), &value(0x80, 0x2c));
}

#[test]
fn plain_ipv6_address() {
    let address = "[2001:db8:1234:5678:11:2233:4455:6677]:32853"
        .parse()
        .unwrap();
    both_ways!(
        MappedAddress(address),
        b"\x00\x01\x00\x14\x00\x02\x80\x55\
          \x20\x01\x0d\xb8\x12\x34\x56\x78\x00\x11\x22\x33\x44\x55\x66\x77",
    );
}

#[test]
fn masked_addresses() {
    // The masked forms are those of RFC 5769 §2.2 and §2.3.
    let address = "192.0.2.1:32853".parse().unwrap();
    let value = |second: u8| [0, second, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43];
    both_ways!(XorMappedAddress(address), &value(0x20));
    both_ways!(XorPeerAddress(address), &value(0x12));
    both_ways!(XorRelayedAddress(address), &value(0x16));
    let address = "[2001:db8:1234:5678:11:2233:4455:6677]:32853"
        .parse()
        .unwrap();
    both_ways!(
        XorMappedAddress(address),
        b"\x00\x20\x00\x14\x00\x02\xa1\x47\
          \x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9",
    );
}

#[test]
fn texts() {
    both_ways!(Username("user"), b"\x00\x06\x00\x04user");
    both_ways!(Realm("realm"), b"\x00\x14\x00\x05realm\0\0\0");
    both_ways!(Nonce("nonce1"), b"\x00\x15\x00\x06nonce1\0\0");
    both_ways!(Software("program"), b"\x80\x22\x00\x07program\0");
    both_ways!(AlternateDomain("a.test"), b"\x80\x03\x00\x06a.test\0\0");
    both_ways!(Software(""), b"\x80\x22\x00\x00");
}

#[test]
fn error_codes() {
    let bytes = written(&ErrorCode::STALE_NONCE);
    assert_eq!(
        bytes[20..],
        *b"\x00\x09\x00\x0f\x00\x00\x04\x26Stale Nonce\0"
    );
    let message = Message::parse(&bytes[..]).unwrap();
    let code = message.get::<ErrorCode<'_>>().unwrap().unwrap();
    assert_eq!((code.code(), code.reason()), (438, "Stale Nonce"));
    assert_eq!(code.to_string(), "438 Stale Nonce");
    for (code, number) in [
        (ErrorCode::TRY_ALTERNATE, 300),
        (ErrorCode::BAD_REQUEST, 400),
        (ErrorCode::UNAUTHENTICATED, 401),
        (ErrorCode::UNKNOWN_ATTRIBUTE, 420),
        (ErrorCode::SERVER_ERROR, 500),
    ] {
        assert_eq!(code.code(), number);
        let bytes = written(&code);
        assert_eq!(Message::parse(&bytes[..]).unwrap().get(), Ok(Some(code)));
    }
}

#[test]
fn numbers_and_flags() {
    both_ways!(ResponsePort(0x1234), b"\x00\x27\x00\x02\x12\x34\0\0");
    both_ways!(
        CacheTimeout(0x0102_0304),
        b"\x80\x27\x00\x04\x01\x02\x03\x04",
    );
    both_ways!(Padding(5), b"\x00\x26\x00\x05\0\0\0\0\0\0\0\0");
    let request = |change_ip, change_port| ChangeRequest {
        change_ip,
        change_port,
    };
    both_ways!(request(false, false), b"\x00\x03\x00\x04\0\0\0\x00");
    both_ways!(request(false, true), b"\x00\x03\x00\x04\0\0\0\x02");
    both_ways!(request(true, false), b"\x00\x03\x00\x04\0\0\0\x04");
    both_ways!(request(true, true), b"\x00\x03\x00\x04\0\0\0\x06");
}

#[test]
fn user_hash() {
    let mut expected = b"\x00\x1e\x00\x20".to_vec();
    expected.extend([7; 32]);
    both_ways!(UserHash([7; 32]), &expected);
}

#[test]
fn password_algorithms() {
    both_ways!(PasswordAlgorithm::MD5, b"\x00\x1d\x00\x04\x00\x01\x00\x00");
    both_ways!(
        PasswordAlgorithm::SHA256,
        b"\x00\x1d\x00\x04\x00\x02\x00\x00",
    );
    let list = b"\x80\x02\x00\x08\x00\x02\x00\x00\x00\x01\x00\x00";
    both_ways!(PasswordAlgorithms::SHA256_MD5, list);
    both_ways!(
        PasswordAlgorithms::SHA256,
        b"\x80\x02\x00\x04\x00\x02\x00\x00",
    );
    let offered: Vec<_> = PasswordAlgorithms::SHA256_MD5.into_iter().collect();
    assert_eq!(offered, [PasswordAlgorithm::SHA256, PasswordAlgorithm::MD5]);
}

#[test]
fn password_algorithms_with_parameters() {
    let mut buffer = [0; 64];
    let id = TransactionId([1; 12]);
    let bytes = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, id)
        .raw_attribute(
            AttributeType::PASSWORD_ALGORITHMS,
            b"\x00\x09\x00\x03abc\0\x00\x02\x00\x00",
        )
        .finish()
        .unwrap();
    let message = Message::parse(bytes).unwrap();
    let list = message.get::<PasswordAlgorithms<'_>>().unwrap().unwrap();
    let list: Vec<_> = list
        .iter()
        .map(|one| (one.algorithm().0, one.parameters()))
        .collect();
    assert_eq!(list, [(9, &b"abc"[..]), (2, &[])]);
}

#[test]
fn values_of_the_wrong_length_name_their_attribute() {
    let wrong = |attribute_type: AttributeType, value: &[u8]| {
        let mut buffer = [0; 64];
        MessageBuilder::new(
            &mut buffer,
            Class::Request,
            Method::BINDING,
            TransactionId([1; 12]),
        )
        .raw_attribute(attribute_type, value)
        .finish()
        .unwrap()
        .to_vec()
    };
    macro_rules! refused {
        ($name:ty, $constant:ident, $value:expr) => {
            let bytes = wrong(AttributeType::$constant, $value);
            let error = Message::parse(&bytes[..])
                .unwrap()
                .get::<$name>()
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AttributeLength);
            assert_eq!(Some(error.field()), AttributeType::$constant.name());
        };
    }
    refused!(ChangeRequest, CHANGE_REQUEST, &[0; 3]);
    refused!(ResponsePort, RESPONSE_PORT, &[0; 3]);
    refused!(CacheTimeout, CACHE_TIMEOUT, &[0; 5]);
    refused!(UserHash, USERHASH, &[0; 31]);
    refused!(UnknownAttributes<'_>, UNKNOWN_ATTRIBUTES, &[0; 3]);
    refused!(
        PasswordAlgorithms<'_>,
        PASSWORD_ALGORITHMS,
        &[0, 2, 0, 0, 0]
    );
}

#[test]
fn response_port_is_read_with_its_padding_counted() {
    let mut buffer = [0; 64];
    let id = TransactionId([1; 12]);
    let bytes = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, id)
        .raw_attribute(AttributeType::RESPONSE_PORT, &[0x12, 0x34, 0, 0])
        .finish()
        .unwrap();
    assert_eq!(
        Message::parse(bytes).unwrap().get(),
        Ok(Some(ResponsePort(0x1234)))
    );
}
