//! What the tests share: making sessions and streams, and comparing what both sides think.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses its part.

use core::net::IpAddr;

use rfc3264_offer_answer::{
    Address, AgreedStream, Codec, Config, MediaFormat, Session, Stream, StreamId,
};

pub fn address(last: u8) -> Address {
    Address::from(IpAddr::from([192, 0, 2, last]))
}

pub fn session(last: u8) -> Session {
    Session::new(Config::new(address(last), 1000 + u64::from(last))).unwrap()
}

/// A session that tolerates nothing.
pub fn strict_session(last: u8) -> Session {
    let mut config = Config::new(address(last), 1000 + u64::from(last));
    config.is_strict = true;
    Session::new(config).unwrap()
}

pub fn stream(id: u32, media: &str, last: u8, port: u16, codecs: &[&str]) -> Stream {
    let mut stream = Stream::new(StreamId(id), media, address(last), port);
    stream.codecs = codecs.iter().map(|codec| self::codec(codec)).collect();
    stream
}

pub fn audio(last: u8, port: u16, codecs: &[&str]) -> Stream {
    stream(1, "audio", last, port, codecs)
}

/// `97=iLBC/8000/1 mode=20`, of which only the name and clock rate have to be there.
pub fn codec(text: &str) -> Codec {
    let (encoding, fmtp) = text.split_once(' ').unwrap_or((text, ""));
    let (number, encoding) = match encoding.split_once('=') {
        Some((number, encoding)) => (Some(number.parse().unwrap()), encoding),
        None => (None, encoding),
    };
    let mut parts = encoding.split('/');
    let mut codec = Codec::new(
        parts.next().unwrap(),
        parts.next().unwrap().parse().unwrap(),
    );
    if let Some(channels) = parts.next() {
        codec = codec.with_channels(channels.parse().unwrap());
    }
    codec = codec.with_fmtp(fmtp);
    codec.payload_type = number;
    codec
}

/// A description of a peer: the media under fixed session lines.
pub fn description(version: u32, media: &str) -> String {
    let mut text = format!(
        "v=0\r\no=peer 7 {version} IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    );
    for line in media.lines() {
        text.push_str(line.trim());
        text.push_str("\r\n");
    }
    text
}

/// One exchange, offered by `alice`.
pub fn exchange(alice: &mut Session, ours: &[Stream], bob: &mut Session, theirs: &[Stream]) {
    let offer = alice.create_offer(ours).unwrap().to_string();
    bob.receive_offer(offer.as_bytes()).unwrap();
    let answer = bob.create_answer(theirs).unwrap().to_string();
    alice.receive_answer(answer.as_bytes()).unwrap();
    assert_mirrored(alice, bob);
}

/// What one side sends, where, as what and how, is what the other receives, in every medium.
pub fn assert_mirrored(alice: &Session, bob: &Session) {
    let media = |session: &Session| session.streams().map(|s| s.medium).collect::<Vec<_>>();
    assert_eq!(media(alice), media(bob));
    for (ours, theirs) in alice.streams().zip(bob.streams()) {
        assert_eq!(
            (&ours.media, &ours.profile),
            (&theirs.media, &theirs.profile)
        );
        assert_eq!(ours.rtcp_mux, theirs.rtcp_mux);
        assert_eq!(ours.is_multicast, theirs.is_multicast);
        assert_eq!(ours.formats.is_empty(), theirs.formats.is_empty());
        assert_sent_is_received(ours, theirs);
        assert_sent_is_received(theirs, ours);
    }
}

/// Formats with their names in small letters, as case does not matter.
fn without_case(formats: &[MediaFormat]) -> Vec<MediaFormat> {
    let mut formats = formats.to_vec();
    formats
        .iter_mut()
        .for_each(|format| format.encoding_name.make_ascii_lowercase());
    formats
}

fn assert_sent_is_received(sender: &AgreedStream, receiver: &AgreedStream) {
    assert_eq!(without_case(&sender.send), without_case(&receiver.receive));
    assert!(
        sender
            .formats
            .iter()
            .all(|format| receiver.formats.contains(format))
    );
    assert_eq!(sender.send_ptime, receiver.receive_ptime);
    assert_eq!(sender.local_key, receiver.remote_key);
    match &sender.remote {
        // A bandwidth of zero silences the sender, whatever the receiver would do.
        Some(remote) if sender.send_bandwidth.iter().any(|limit| limit.figure == 0) => {
            assert_eq!(*remote, receiver.local);
            assert!(!sender.direction.sends() && sender.remote_rtcp.is_none());
        }
        Some(remote) => {
            assert_eq!(*remote, receiver.local);
            assert_eq!(sender.remote_rtcp, receiver.local_rtcp);
            if !sender.is_multicast {
                assert_eq!(sender.direction.sends(), receiver.direction.receives());
            }
        }
        None => {
            assert!(receiver.local.address.is_unspecified());
            assert!(!sender.direction.sends() && sender.is_held_by_peer);
        }
    }
}
