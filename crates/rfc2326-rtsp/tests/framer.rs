//! What comes over a connection, in pieces of any size.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use rfc2326_rtsp::{
    ErrorKind, Frame, Framer, InterleavedFrame, Limits, ParseError, Policy, WriteError,
    interleaved_header, write_interleaved,
};

const PLAY: &[u8] = b"PLAY rtsp://a/b RTSP/1.0\r\nCSeq: 3\r\nSession: abc\r\n\r\n";
const REPLY: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\n$\x00\x00\x01x";

/// A frame as what it was cut from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cut {
    Message(Vec<u8>),
    Data(u8, Vec<u8>),
}

fn cut(framer: &mut Framer) -> Result<Vec<Cut>, ParseError> {
    let mut all = Vec::new();
    while let Some(frame) = framer.poll()? {
        all.push(match frame {
            Frame::Message(message) => Cut::Message(message.bytes().to_vec()),
            Frame::Interleaved(frame) => Cut::Data(frame.channel(), frame.data().to_vec()),
        });
    }
    Ok(all)
}

fn frames(bytes: &[u8]) -> Vec<Cut> {
    let mut framer = Framer::new();
    framer.push(bytes);
    cut(&mut framer).unwrap()
}

fn data(channel: u8, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xa5; data.len() + 4];
    write_interleaved(channel, data, &mut frame).unwrap();
    frame
}

fn message(bytes: &[u8]) -> Cut {
    Cut::Message(bytes.to_vec())
}

#[test]
fn byte_by_byte() {
    let stream = [PLAY, &data(0, b"rtp"), b"\r\n", REPLY, &data(1, b""), PLAY].concat();
    let mut framer = Framer::new();
    let mut all = Vec::new();
    for byte in &stream {
        framer.push(&[*byte]);
        all.extend(cut(&mut framer).unwrap());
    }
    assert_eq!(all, frames(&stream));
    assert_eq!(
        all,
        [
            message(PLAY),
            Cut::Data(0, b"rtp".to_vec()),
            message(REPLY),
            Cut::Data(1, vec![]),
            message(PLAY),
        ]
    );
    assert_eq!(framer.buffered(), 0);
}

#[test]
fn pipelined_requests() {
    assert_eq!(frames(&PLAY.repeat(3)), vec![message(PLAY); 3]);
}

#[test]
fn blank_lines_before_and_between() {
    let stream = [b"\r\n\n", PLAY, b"\r\n\r\n", &data(2, b"x"), b"\r\n", PLAY].concat();
    assert_eq!(
        frames(&stream),
        [message(PLAY), Cut::Data(2, b"x".to_vec()), message(PLAY)]
    );
}

#[test]
fn lf_only_messages_are_cut() {
    let text = b"PLAY rtsp://a/b RTSP/1.0\nCSeq: 3\nContent-Length: 1\n\nx";
    assert_eq!(
        frames(&[&text[..], PLAY].concat()),
        [message(text), message(PLAY)]
    );
}

#[test]
fn frames_of_length_0_and_65535() {
    let large = vec![7; 65535];
    let stream = [data(0, b""), data(255, &large), data(3, b"z")].concat();
    assert_eq!(
        frames(&stream),
        [
            Cut::Data(0, vec![]),
            Cut::Data(255, large.clone()),
            Cut::Data(3, b"z".to_vec())
        ]
    );
    let too_long = vec![7; 65536];
    let refused = write_interleaved(0, &too_long, &mut vec![0; 70000]);
    assert_eq!(refused, Err(WriteError::FrameTooLong(65536)));
    let small = write_interleaved(0, b"abc", &mut [0; 6]);
    assert_eq!(
        small,
        Err(WriteError::BufferTooSmall {
            needed: 7,
            available: 6
        })
    );
    assert_eq!(interleaved_header(1, 258), Ok([b'$', 1, 1, 2]));
}

/// Frames do not stand inside a message: what looks like one in a body is body.
#[test]
fn frames_between_head_and_reply() {
    let stream = [PLAY, &data(0, b"a"), &data(1, b"b"), REPLY].concat();
    assert_eq!(
        frames(&stream),
        [
            message(PLAY),
            Cut::Data(0, b"a".to_vec()),
            Cut::Data(1, b"b".to_vec()),
            message(REPLY),
        ]
    );
}

#[test]
fn unknown_channels_are_given_all_the_same() {
    assert_eq!(frames(&data(99, b"a")), [Cut::Data(99, b"a".to_vec())]);
}

#[test]
fn rtp_before_the_play_reply() {
    let stream = [&data(0, b"rtp"), REPLY].concat();
    assert_eq!(
        frames(&stream),
        [Cut::Data(0, b"rtp".to_vec()), message(REPLY)]
    );
}

#[test]
fn responses_without_a_body_take_none() {
    let text = b"RTSP/1.0 304 Not Modified\r\nCSeq: 1\r\nContent-Length: 9\r\n\r\n";
    assert_eq!(
        frames(&[&text[..], PLAY].concat()),
        [message(text), message(PLAY)]
    );
}

fn failure(bytes: &[u8]) -> ParseError {
    let mut framer = Framer::new();
    framer.push(bytes);
    let error = cut(&mut framer).unwrap_err();
    framer.push(PLAY);
    assert_eq!(framer.poll().unwrap_err(), error, "it stays");
    error
}

#[test]
fn content_length_minus_1() {
    let error = failure(b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n");
    assert_eq!((error.field(), error.offset()), ("Content-Length", 33));
}

#[test]
fn two_differing_content_lengths() {
    let error = failure(b"RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(
        (error.field(), error.expected()),
        ("Content-Length", "one length")
    );
    let equal = b"RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(frames(equal), [message(equal)]);
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_it_comes() {
    for length in ["1048577", "4294967296", "18446744073709551615"] {
        let text = format!("RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(
            failure(text.as_bytes()).kind(),
            ErrorKind::Limit,
            "{length}"
        );
    }
}

#[test]
fn a_head_without_end_is_refused() {
    for line in [&b"X: y\r\n"[..], b"x", b" ", b"\r"] {
        let mut framer = Framer::new().limits(Limits::DEFAULT.head_bytes(4096));
        framer.push(b"RTSP/1.0 200 OK\r\n");
        let error = (0..10_000).find_map(|_| {
            framer.push(line);
            framer.poll().err()
        });
        assert_eq!(error.unwrap().kind(), ErrorKind::Limit);
        assert!(framer.buffered() < 4200);
    }
}

#[test]
fn a_hundred_thousand_headers() {
    let text = [
        &b"RTSP/1.0 200 OK\r\n"[..],
        &b"X: y\r\n".repeat(100_000),
        b"\r\n",
    ]
    .concat();
    assert_eq!(failure(&text).kind(), ErrorKind::Limit);
}

#[test]
fn what_is_no_message_is_an_error_not_a_loop() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\r\n\r\n",
        b"\0\n\n",
    ] {
        assert_eq!(failure(bytes).kind(), ErrorKind::StartLine);
    }
}

#[test]
fn strict_refuses_what_is_questionable() {
    let mut framer = Framer::new().policy(Policy::Strict);
    framer.push(PLAY);
    assert!(framer.poll().unwrap().is_some());
    framer.push(b"RTSP/1.0 200 OK\r\nSession: abc\r\n\r\n");
    assert_eq!(framer.poll().unwrap_err().kind(), ErrorKind::Missing);
}

#[test]
fn a_frame_is_read_from_any_buffer() {
    let frame = InterleavedFrame::parse_prefix(b"$\x07\x00\x02abc").unwrap();
    assert_eq!(
        (frame.channel(), frame.data(), frame.encoded_len()),
        (7, &b"ab"[..], 6)
    );
    for short in [&b""[..], b"$", b"$\x07\x00", b"$\x07\x00\x02a", b"RTSP"] {
        assert_eq!(InterleavedFrame::parse_prefix(short), None);
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_are_the_same(
        order in prop::collection::vec(0_usize..5, 0..12),
        pieces in prop::collection::vec(1_usize..40, 1..40),
    ) {
        let rtp = data(0, b"$\x00\r\n\r\nRTSP/1.0");
        let parts = [PLAY, REPLY, &rtp, b"\r\n", b"OPTIONS * RTSP/1.0\n\n"];
        let stream: Vec<u8> = order.iter().flat_map(|n| parts[*n].to_vec()).collect();
        let mut framer = Framer::new();
        let mut all = Vec::new();
        let mut rest = &stream[..];
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*piece));
            framer.push(piece);
            all.extend(cut(&mut framer).unwrap());
            rest = after;
        }
        prop_assert_eq!(&all, &frames(&stream));
        prop_assert_eq!(all.len(), order.iter().filter(|n| **n != 3).count());
    }

    #[test]
    fn any_bytes_are_cut_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        start in prop::sample::select(vec![&b""[..], b"$", b"RTSP/1.0 200 OK\r\n", b"PLAY x RTSP/1.0\r\n"]),
    ) {
        let mut framer = Framer::new();
        framer.push(start);
        framer.push(&bytes);
        let _ = cut(&mut framer);
    }
}
