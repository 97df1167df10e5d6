//! SIP on streams: the frames do not depend on how the stream is cut.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use rfc3261_sip::{Frame, Framer, Limits, StreamRole};

fn frames<'a>(role: StreamRole, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let limits = Limits::DEFAULT.head_bytes(512).message_bytes(1024);
    let mut framer = Framer::new().role(role).limits(limits);
    let (mut frames, mut buffer) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match framer.next(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (cut, client, stream) = input;
    let role = if client {
        StreamRole::Client
    } else {
        StreamRole::Server
    };
    let cut = usize::from(cut).max(1);
    assert_eq!(
        frames(role, [stream].into_iter()),
        frames(role, stream.chunks(cut))
    );
});
