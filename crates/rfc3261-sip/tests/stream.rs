//! Messages out of streams: cuts at every byte, keep-alives, limits.

use bytes::BytesMut;
use proptest::prelude::*;
use rfc3261_sip::{
    Frame, FrameError, FrameErrorKind, FrameLength, Framer, Limits, Message, StreamRole,
};

/// The frames of a stream that comes in these pieces, and the error that ended it.
fn frames<'a>(
    mut framer: Framer,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Frame>, Option<FrameError>) {
    let (mut frames, mut buffer) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match framer.next(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn message(text: &str) -> Frame {
    Frame::Message(text.to_owned().into_bytes().into())
}

const FIRST: &str = "OPTIONS sip:a@h SIP/2.0\r\nContent-Length: 4\r\n\r\nabcd";
const SECOND: &str = "SIP/2.0 200 OK\r\nl  :\r\n 2\r\nSubject: x\r\n\r\nhi";

#[test]
fn case_15_cuts_at_every_byte() {
    let stream = [FIRST, SECOND, &FIRST[..20]].concat().into_bytes();
    let expected = vec![message(FIRST), message(SECOND)];
    for at in 0..=stream.len() {
        let (before, after) = stream.split_at(at);
        assert_eq!(
            frames(Framer::new(), [before, after]),
            (expected.clone(), None),
            "cut at {at}"
        );
    }
    assert_eq!(frames(Framer::new(), stream.chunks(1)), (expected, None));
}

#[test]
fn case_16_stray_line_ends_and_keep_alives() {
    let stream = format!("\r\n{FIRST}\r\n\r\n\r\n{FIRST}").into_bytes();
    let expected = vec![message(FIRST), Frame::Ping, message(FIRST)];
    for at in 0..=stream.len() {
        let (before, after) = stream.split_at(at);
        assert_eq!(
            frames(Framer::new(), [before, after]),
            (expected.clone(), None),
            "cut at {at}"
        );
    }
    let ping = [&b"\r\n\r"[..], b"\n"];
    assert_eq!(frames(Framer::new(), ping), (vec![Frame::Ping], None));
}

#[test]
fn the_client_reads_pongs() {
    let client = || Framer::new().role(StreamRole::Client);
    let stream = format!("\r\n{FIRST}\r\n").into_bytes();
    let expected = vec![Frame::Pong, message(FIRST), Frame::Pong];
    assert_eq!(frames(client(), stream.chunks(1)), (expected.clone(), None));
    assert_eq!(frames(client(), [&stream[..]]), (expected, None));
}

#[test]
fn case_17_content_length_on_a_stream() {
    let fault = |lines: &str| {
        let stream =
            format!("OPTIONS sip:a@h SIP/2.0\r\n{lines}Subject: x\r\n\r\nrest").into_bytes();
        let whole = frames(Framer::new(), [&stream[..]]);
        assert_eq!(
            frames(Framer::new(), stream.chunks(1)).1.map(|e| e.kind()),
            whole.1.map(|e| e.kind())
        );
        let error = whole.1.expect("an error");
        let head = Message::parse(stream[..error.head()].to_vec()).unwrap();
        assert!(head.view().extensions_named("rest").next().is_none());
        error.kind()
    };
    assert_eq!(fault(""), FrameErrorKind::NoContentLength);
    assert_eq!(
        fault("Content-Length: -1\r\n"),
        FrameErrorKind::ContentLength
    );
    assert_eq!(
        fault("Content-Length: 18446744073709551617\r\n"),
        FrameErrorKind::ContentLength
    );
    assert_eq!(
        fault("Content-Length: 5\r\nl: 0\r\n"),
        FrameErrorKind::ContentLength
    );
    assert_eq!(
        fault("Content-Length: 4294967295\r\n"),
        FrameErrorKind::MessageTooLong
    );
    assert_eq!(
        fault("Content-Length: 2147483648\r\n"),
        FrameErrorKind::MessageTooLong
    );
}

#[test]
fn the_same_error_again_and_again() {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::from(&b"BYE sip:a@h SIP/2.0\r\n\r\n"[..]);
    let error = framer.next(&mut buffer).unwrap_err();
    assert_eq!(error.head(), buffer.len());
    buffer.extend_from_slice(FIRST.as_bytes());
    assert_eq!(framer.next(&mut buffer), Err(error));
}

#[test]
fn a_header_section_without_an_end_is_given_up() {
    let limits = Limits::DEFAULT.head_bytes(100);
    let endless = [b'x'; 101];
    let (none, error) = frames(Framer::new().limits(limits), [&endless[..]]);
    assert!(none.is_empty());
    assert_eq!(
        error.map(|error| error.kind()),
        Some(FrameErrorKind::HeadTooLong)
    );
    let lines = "BYE sip:a@h SIP/2.0\r\n".to_owned() + &"X: y\r\n".repeat(20);
    let (_, error) = frames(Framer::new().limits(limits), [lines.as_bytes()]);
    assert_eq!(
        error.map(|error| error.kind()),
        Some(FrameErrorKind::HeadTooLong)
    );
}

#[test]
fn framing_allocates_nothing() {
    let stream = FIRST.as_bytes();
    let mut framer = Framer::new();
    let allocations = allocation_counter::measure(|| {
        assert_eq!(
            framer.measure(stream),
            Ok(Some(FrameLength::Message(stream.len())))
        );
    });
    assert_eq!(allocations.count_total, 0);
}

proptest! {
    #[test]
    fn how_a_stream_is_cut_does_not_matter(
        pieces in prop::collection::vec(prop_oneof![
            Just(FIRST.to_owned()),
            Just(SECOND.to_owned()),
            Just("\r\n".to_owned()),
            Just("\r\n\r\n".to_owned()),
            "[a-zA-Z:\r\n ]{0,20}",
            "(Content-Length|l)[: ]{1,3}[0-9]{1,3}\r\n",
        ], 0..8),
        cuts in prop::collection::vec(1..40_usize, 1..60),
        client in any::<bool>(),
    ) {
        let stream = pieces.concat().into_bytes();
        let role = if client { StreamRole::Client } else { StreamRole::Server };
        let framer = Framer::new().role(role).limits(Limits::DEFAULT.head_bytes(200));
        let mut rest = &stream[..];
        let mut cut = Vec::new();
        for length in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*length).min(rest.len()));
            cut.push(piece);
            rest = after;
        }
        let (whole, error) = frames(framer.clone(), [&stream[..]]);
        let (parts, other) = frames(framer, cut);
        prop_assert_eq!(whole, parts);
        prop_assert_eq!(error.map(|e| e.kind()), other.map(|e| e.kind()));
    }
}
