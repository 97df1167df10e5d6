//! STUN over a connection.

use rfc5389_stun::{ErrorKind, Framer};

const HEADER: [u8; 20] = *b"\x00\x01\x00\x04\x21\x12\xa4\x42abcdefghijkl";

#[test]
fn two_messages_in_one_segment_and_a_half() {
    let mut stream = [&HEADER[..], b"\x80\x22\x00\x00"].concat();
    stream.extend_from_within(..);
    stream.extend_from_within(..10);
    let mut framer = Framer::default();
    framer.push(&stream);
    for _ in 0..2 {
        assert_eq!(
            framer.next_message().unwrap().unwrap().as_bytes(),
            &stream[..24]
        );
    }
    assert_eq!(framer.next_message(), Ok(None));
    framer.push(&stream[10..24]);
    assert_eq!(
        framer.next_message().unwrap().unwrap().as_bytes(),
        &stream[..24]
    );
    assert_eq!(framer.next_message(), Ok(None));
}

#[test]
fn another_protocol_is_refused_at_once_and_for_good() {
    let mut framer = Framer::default();
    framer.push(b"GET ");
    for _ in 0..2 {
        let error = framer.next_message().unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::NotStun, 0));
        framer.push(&HEADER);
    }
}

#[test]
fn a_length_that_is_not_a_multiple_of_four_is_refused_before_the_body() {
    let mut framer = Framer::default();
    framer.push(&[0, 1, 0, 2]);
    assert_eq!(
        framer.next_message().unwrap_err().kind(),
        ErrorKind::Unaligned
    );
}

#[test]
fn the_limit_is_checked_before_the_body_arrives() {
    let mut framer = Framer::new(23);
    framer.push(&HEADER[..4]);
    let error = framer.next_message().unwrap_err();
    assert_eq!(
        error.to_string(),
        "too long message length at byte 2: expected a message within the framer's limit \
         (RFC 5389 §7.2.2)"
    );
    let mut framer = Framer::new(24);
    framer.push(&HEADER[..4]);
    assert_eq!(framer.next_message(), Ok(None));
}
