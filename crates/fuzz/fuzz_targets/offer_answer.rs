//! Arbitrary descriptions of a peer against one session: what is refused changes nothing, what is accepted can be
//! answered or rejected, and no stream goes beyond what was said.

#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use rfc3264_offer_answer::{Address, Codec, Config, Key, Profile, Session, State, Stream, StreamId, UsageError};

fuzz_target!(|data: &[u8]| {
    let address = Address::from(IpAddr::from([192, 0, 2, 1]));
    let mut config = Config::new(address.clone(), 1);
    config.is_strict = data.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut session = Session::new(config).expect("both numbers are small");
    let streams = streams(&address);

    // Each description is preceded by a byte that says what is done with it, and ends at a NUL.
    for part in data.split(|&byte| byte == 0).take(8) {
        let Some((&what, text)) = part.split_first() else { continue };
        let before: Vec<_> = session.streams().cloned().collect();
        let ours = if what & 2 == 0 { &streams[..] } else { &streams[..1] };
        if what & 1 == 0 {
            if session.receive_offer(text).is_err() {
                assert!(session.streams().eq(&before) && session.state() == State::Stable);
                continue;
            }
            let offered = session.offered().len();
            match session.create_answer(ours) {
                Ok(answer) => assert_eq!(answer.view().media_count(), offered),
                Err(error) => {
                    assert_eq!(error, UsageError::NothingInCommon);
                    session.rollback().expect("an offer is open");
                    assert!(session.streams().eq(&before));
                }
            }
        } else {
            session.create_offer(ours).expect("our streams can be offered");
            if session.receive_answer(text).is_err() {
                assert!(session.streams().eq(&before));
                session.rollback().expect("an offer is open");
            }
        }
        for stream in session.streams() {
            assert_eq!(stream.send.len(), stream.receive.len());
            assert!(!stream.direction.sends() || stream.remote.is_some());
            assert_eq!(stream.local_key.is_some(), stream.profile.wants_keys());
            let _ = (stream.codec(), stream.telephone_event(8000));
        }
        session.media_arrived(StreamId(1));
        assert!(session.listening().len() <= 64);
    }
});

fn streams(address: &Address) -> Vec<Stream> {
    let mut audio = Stream::new(StreamId(1), "audio", address.clone(), 4000)
        .with_codec(Codec::new("PCMU", 8000))
        .with_codec(Codec::new("opus", 48000).with_channels(2))
        .with_codec(Codec::new("AMR", 8000).with_fmtp("octet-align=1"))
        .with_codec(Codec::new("G729", 8000))
        .with_telephone_events("0-15");
    audio.profiles = vec![Profile::Avp, Profile::Savp];
    audio.keys.extend(Key::new("1 AES_CM_128_HMAC_SHA1_80 inline:x"));
    audio.accepts_multicast = true;
    audio.rtcp_mux = true;
    let mut video = Stream::new(StreamId(2), "video", address.clone(), 5000)
        .with_codec(Codec::new("H264", 90000).with_fmtp("profile-level-id=42e01f;packetization-mode=1"))
        .with_codec(Codec::new("H264", 90000).with_fmtp("profile-level-id=42e01f"));
    video.profiles.push(Profile::Avpf);
    let mut fax = Stream::new(StreamId(3), "image", address.clone(), 6000);
    fax.profiles = vec![Profile::Other("udptl".to_owned())];
    fax.formats = vec!["t38".to_owned()];
    vec![audio, video, fax]
}
