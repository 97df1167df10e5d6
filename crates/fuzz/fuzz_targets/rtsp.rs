//! RTSP: whatever is read is walked and kept byte for byte; a stream is cut alike in one piece
//! and in many.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc2326_rtsp::headers::{Allow, ContentBase, Public, Require, Scale, Speed, Unsupported};
use rfc2326_rtsp::{Frame, Framer, MessageRef, Parser, Policy};

fn walk(message: MessageRef<'_>) {
    let _ = (message.start_line(), message.version(), message.request_uri());
    for field in message.fields() {
        let span = field.value_span();
        assert_eq!(message.as_bytes().get(span), Some(field.value()));
    }
    for defect in message.check() {
        assert!(defect.span().end <= message.as_bytes().len());
        let _ = (defect.severity(), defect.rule(), defect.to_string());
    }
    for transport in message.transports().flatten() {
        let _ = (transport.to_string(), transport.modes().count(), transport.parameters().count());
    }
    let _ = message.rtp_info().flatten().map(|stream| stream.to_string()).count();
    let _ = message.session().map(|session| session.map(|session| session.to_string()));
    let _ = message.range().map(|range| range.map(|range| range.to_string()));
    let _ = (message.cseq(), message.get::<Scale>(), message.get::<Speed>());
    let _ = (message.get::<ContentBase<'_>>(), message.content_type());
    let _ = message.list::<Public<'_>>().count() + message.list::<Allow<'_>>().count();
    let _ = message.list::<Require<'_>>().count() + message.list::<Unsupported<'_>>().count();
}

fn frames(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> (Vec<Vec<u8>>, bool) {
    let mut framer = Framer::new();
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece.as_ref());
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(message))) => frames.push(message.bytes().to_vec()),
                Ok(Some(Frame::Interleaved(frame))) => frames.push(frame.data().to_vec()),
                Ok(None) => break,
                Err(_) => return (frames, false),
            }
        }
    }
    (frames, true)
}

fuzz_target!(|data: &[u8]| {
    let mut parser = Parser::new();
    if let Ok(message) = parser.parse(data) {
        assert_eq!(message.as_bytes(), data);
        walk(message);
    }
    let _ = Parser::new().policy(Policy::Strict).parse(data);
    assert_eq!(frames([data].iter()), frames(data.chunks(1)));
});
