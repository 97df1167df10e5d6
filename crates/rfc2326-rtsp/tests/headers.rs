//! Header fields read, written and refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::fmt::{Debug, Display};
use core::time::Duration;

use proptest::prelude::*;
use rfc2326_rtsp::headers::{
    Allow, CSeq, Delivery, Header, NptTime, Pair, Public, Range, RangeSpecifier, Require, RtpInfo,
    Scale, Session, SmpteTime, Speed, Transport, Unsupported, UtcTime,
};
use rfc2326_rtsp::{ErrorKind, Message, Method};

/// All values of a list.
fn all<'a, T: Header<'a>>(mut text: &'a str) -> Vec<T> {
    let mut values = Vec::new();
    while !text.is_empty() {
        let (value, rest) = T::read(text).unwrap();
        values.push(value);
        text = rest;
    }
    values
}

fn one<'a, T: Header<'a>>(text: &'a str) -> T {
    let (value, rest) = T::read(text).unwrap();
    assert_eq!(rest, "");
    value
}

fn refused<'a, T: Header<'a> + Debug>(text: &'a str) -> (ErrorKind, usize) {
    let error = T::read(text).map(|(value, _)| value).unwrap_err();
    (error.kind(), error.offset())
}

fn same<'a, T: Header<'a> + Display>(text: &'a str) {
    assert_eq!(one::<T>(text).to_string(), text);
}

#[test]
fn transport_of_the_rfc() {
    let text = "RTP/AVP;multicast;ttl=127;mode=\"PLAY\",\r\n RTP/AVP;unicast;client_port=3456-3457;mode=\"PLAY\"";
    let [multicast, unicast] = all::<Transport<'_>>(text)[..] else {
        panic!()
    };
    assert_eq!(
        (multicast.delivery, multicast.ttl),
        (Some(Delivery::Multicast), Some(127))
    );
    assert!(multicast.modes().eq([Method::PLAY]));
    assert_eq!(
        unicast.client_port,
        Some(Pair {
            first: 3456,
            last: Some(3457)
        })
    );
    assert_eq!(unicast.delivery_or_default(), Delivery::Unicast);
    assert!(!unicast.is_tcp());
    assert_eq!((multicast.fault(), unicast.fault()), (None, None));
}

#[test]
fn transport_with_everything() {
    let text = "RTP/AVP/UDP;multicast;destination=224.2.0.1;source=192.0.2.1;interleaved=2-3;append;ttl=16;\
                layers=2;port=3456-3457;client_port=1-2;server_port=6256-6257;ssrc=0A13C760;mode=\"PLAY,RECORD\"";
    let transport: Transport<'_> = one(text);
    assert_eq!(transport.to_string(), text);
    assert_eq!(
        (transport.destination, transport.source),
        (Some("224.2.0.1"), Some("192.0.2.1"))
    );
    assert_eq!((transport.layers, transport.append), (Some(2), true));
    assert_eq!(transport.ssrc, Some(0x0a13_c760));
    assert!(transport.modes().eq([Method::PLAY, Method::RECORD]));
    assert_eq!(transport.parameters().count(), 12);
}

#[test]
fn transport_with_what_equipment_sends() {
    let transport: Transport<'_> = one(
        "rtp/avp/tcp ; Unicast; interleaved = 0 - 1;x-dynamic=\"a;b,c\";destination;mode=PLAY ",
    );
    assert!(transport.is_tcp());
    assert_eq!(
        transport.interleaved,
        Some(Pair {
            first: 0,
            last: Some(1)
        })
    );
    assert_eq!(transport.destination, Some(""));
    let unknown = transport
        .parameters()
        .find(|(name, _)| *name == "x-dynamic");
    assert_eq!(unknown, Some(("x-dynamic", Some("a;b,c"))));
    assert!(transport.modes().eq([Method::PLAY]));
    assert_eq!(transport.fault(), None);
    assert_eq!(
        one::<Transport<'_>>("RTP/AVP").delivery_or_default(),
        Delivery::Multicast
    );
    assert!(one::<Transport<'_>>("RTP/AVP").modes().eq([Method::PLAY]));
    let short = one::<Transport<'_>>("RTP/AVP;ssrc=1F");
    assert_eq!(
        (short.ssrc, short.fault().unwrap().expected()),
        (Some(0x1f), "ssrc=8HEX")
    );
    assert!(one::<Transport<'_>>("RTP/AVP;unicast;").fault().is_some());
}

#[test]
fn transport_parameters_that_are_left_out() {
    for (text, offset) in [
        ("RTP/AVP;client_port=65536", 8),
        ("RTP/AVP;unicast;client_port=-1", 16),
        ("RTP/AVP;server_port", 8),
        ("RTP/AVP;port=1-", 8),
        ("RTP/AVP;ttl=256", 8),
        ("RTP/AVP;layers=x", 8),
        ("RTP/AVP;ssrc=+1234567", 8),
        ("RTP/AVP;ssrc=123456789", 8),
        ("RTP/AVP;mode", 8),
    ] {
        let fault = one::<Transport<'_>>(text).fault().unwrap();
        assert_eq!(fault.offset(), offset, "{text}");
    }
    assert_eq!(refused::<Transport<'_>>("RTP"), (ErrorKind::Syntax, 3));
    assert_eq!(refused::<Transport<'_>>(""), (ErrorKind::Syntax, 0));
    assert_eq!(
        refused::<Transport<'_>>("RTP/AVP unicast"),
        (ErrorKind::Syntax, 8)
    );
}

#[test]
fn transports_to_be_sent() {
    assert_eq!(
        Transport::unicast(4588, 4589).to_string(),
        "RTP/AVP;unicast;client_port=4588-4589"
    );
    let mut reply = Transport::interleaved(0, 1);
    reply.ssrc = Some(0x1f);
    assert_eq!(
        reply.to_string(),
        "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000001F"
    );
}

#[test]
fn sessions() {
    let session: Session<'_> = one("47112344;timeout=60");
    assert_eq!((session.id, session.timeout), ("47112344", Some(60)));
    let session: Session<'_> = one("  9a90de54 ; Timeout = 30 ;x".trim());
    assert_eq!(
        (session.id, session.timeout, session.fault()),
        ("9a90de54", Some(30), None)
    );
    let odd: Session<'_> = one("a/b c");
    assert_eq!((odd.id, odd.fault().unwrap().offset()), ("a/b c", 1));
    assert_eq!(refused::<Session<'_>>(""), (ErrorKind::Syntax, 0));
    assert_eq!(
        refused::<Session<'_>>(";timeout=60"),
        (ErrorKind::Syntax, 0)
    );
    assert_eq!(Session::new("a b"), None);
    assert_eq!(
        Session::new("x1").unwrap().with_timeout(5).to_string(),
        "x1;timeout=5"
    );
    assert!(one::<Session<'_>>("x;timeout=4294967296").fault().is_some());
}

fn npt(text: &str) -> (Option<NptTime>, Option<NptTime>) {
    let RangeSpecifier::Npt { start, end } = one::<Range<'_>>(text).specifier else {
        panic!()
    };
    (start, end)
}

fn at(seconds: f64) -> Option<NptTime> {
    Some(NptTime::At(Duration::from_secs_f64(seconds)))
}

#[test]
fn npt_ranges() {
    assert_eq!(npt("npt=123.45-125"), (at(123.45), at(125.0)));
    assert_eq!(npt("npt=12:05:35.3-"), (at(43535.3), None));
    assert_eq!(npt("npt=now-"), (Some(NptTime::Now), None));
    assert_eq!(npt("npt=-20"), (None, at(20.0)));
    assert_eq!(npt("NPT = 0.000 - 596.48"), (at(0.0), at(596.48)));
    assert_eq!(
        npt("npt=1.0000000019-"),
        (Some(NptTime::At(Duration::new(1, 1))), None)
    );
    assert_eq!(npt("npt=5.-"), (at(5.0), None));
    for text in [
        "npt=10-15.5",
        "npt=now-",
        "npt=-20",
        "npt=0.000000001-",
        "npt=10.05-",
    ] {
        same::<Range<'_>>(text);
    }
    assert_eq!(Range::npt(Duration::ZERO, None).to_string(), "npt=0-");
    for (text, offset) in [
        ("npt=", 4),
        ("npt=-", 5),
        ("npt=1", 5),
        ("npt=1:60:00-", 6),
        ("npt=1:2-", 5),
        ("npt=99999999999999999999-", 4),
        ("npt=18446744073709551615:00:00-", 4),
        ("10-20", 5),
        ("", 0),
    ] {
        assert_eq!(refused::<Range<'_>>(text).1, offset, "{text}");
    }
}

#[test]
fn smpte_ranges() {
    let RangeSpecifier::Smpte { kind, start, end } =
        one::<Range<'_>>("smpte-25=10:07:00-10:07:33:05.01").specifier
    else {
        panic!()
    };
    let time = |seconds, frames, subframes| SmpteTime {
        hours: 10,
        minutes: 7,
        seconds,
        frames,
        subframes,
    };
    assert_eq!(
        (kind, start, end),
        ("smpte-25", time(0, 0, 0), Some(time(33, 5, 1)))
    );
    for text in [
        "smpte=10:12:33:20-",
        "smpte=10:07:33-",
        "smpte-30-drop=10:07:00-10:07:33:05.01",
    ] {
        same::<Range<'_>>(text);
    }
    assert_eq!(
        one::<Range<'_>>("smpte=0:10:0-").to_string(),
        "smpte=00:10:00-"
    );
    assert_eq!(
        refused::<Range<'_>>("smpte=10:61:00-"),
        (ErrorKind::Range, 9)
    );
    assert_eq!(
        refused::<Range<'_>>("smpte=10:07:00:30-"),
        (ErrorKind::Range, 15)
    );
}

#[test]
fn absolute_ranges() {
    let range: Range<'_> = one("clock=19961108T143720.25Z-;time=19970123T143720Z");
    let RangeSpecifier::Clock { start, end } = range.specifier else {
        panic!()
    };
    let november = UtcTime {
        year: 1996,
        month: 11,
        day: 8,
        hour: 14,
        minute: 37,
        second: 20,
        nanosecond: 250_000_000,
    };
    assert_eq!((start, end), (november, None));
    let january = UtcTime {
        year: 1997,
        month: 1,
        day: 23,
        nanosecond: 0,
        ..november
    };
    assert_eq!(range.time, Some(january));
    same::<Range<'_>>("clock=19961108T143720.25Z-19961108T143721Z;time=19970123T143720Z");
    for text in [
        "clock=1996T-",
        "clock=19961308T143720Z-",
        "clock=19961108T243720Z-",
        "clock=19961108T143720-",
        "npt=0-;time=soon",
    ] {
        assert!(Range::read(text).is_err(), "{text}");
    }
}

#[test]
fn ranges_in_other_units_are_told_as_such() {
    let range: Range<'_> = one("bytes=0-99;time=19970123T143720Z");
    assert_eq!(
        range.specifier,
        RangeSpecifier::Other {
            unit: "bytes",
            value: "0-99"
        }
    );
}

#[test]
fn rtp_info_of_the_rfc() {
    let text = "url=rtsp://foo.com/bar.avi/streamid=0;seq=45102,\r\n url=rtsp://foo.com/bar.avi/streamid=1;seq=30211";
    let streams = all::<RtpInfo<'_>>(text);
    let streams: Vec<_> = streams
        .iter()
        .map(|stream| (stream.url, stream.seq))
        .collect();
    assert_eq!(
        streams,
        [
            ("rtsp://foo.com/bar.avi/streamid=0", Some(45102)),
            ("rtsp://foo.com/bar.avi/streamid=1", Some(30211)),
        ]
    );
}

#[test]
fn rtp_info_urls_may_have_commas_and_semicolons() {
    let text = "url=rtsp://a/b;c=d,e;seq=1;rtptime=2,url=\"trackID=2\" ; RTPTIME=3";
    let streams = all::<RtpInfo<'_>>(text);
    assert_eq!(streams[0].url, "rtsp://a/b;c=d,e");
    assert_eq!((streams[0].seq, streams[0].rtptime), (Some(1), Some(2)));
    assert_eq!((streams[1].url, streams[1].rtptime), ("trackID=2", Some(3)));
    same::<RtpInfo<'_>>("url=rtsp://a/b;seq=1;rtptime=4294967295");
    assert_eq!(
        RtpInfo::new("x").with_seq(1).with_rtptime(2).to_string(),
        "url=x;seq=1;rtptime=2"
    );
}

#[test]
fn rtp_info_parameters_that_are_left_out() {
    let stream: RtpInfo<'_> = one("url=rtsp://a;seq=65536;rtptime=-1");
    assert_eq!((stream.seq, stream.rtptime), (None, None));
    assert_eq!(stream.fault().unwrap().offset(), 13);
    assert_eq!(refused::<RtpInfo<'_>>("seq=1"), (ErrorKind::Syntax, 0));
    assert_eq!(refused::<RtpInfo<'_>>("url=,url=b").0, ErrorKind::Syntax);
    assert_eq!(one::<RtpInfo<'_>>("url=a b").fault().unwrap().offset(), 5);
}

#[test]
fn hostile_rtp_info_takes_no_quadratic_time() {
    let text = format!("url={}", ";x ".repeat(20_000));
    let stream: RtpInfo<'_> = one(&text);
    assert_eq!(stream.seq, None);
    let text = format!("url={}", "a,".repeat(30_000));
    assert_eq!(all::<RtpInfo<'_>>(&text).len(), 1);
}

#[test]
fn scale_and_speed() {
    assert_eq!(one::<Scale>("-3.5"), Scale(-3.5));
    assert_eq!(one::<Scale>("1."), Scale(1.0));
    assert_eq!(one::<Speed>("2.5"), Speed(2.5));
    same::<Scale>("-3.5");
    same::<Speed>("2.5");
    assert_eq!(refused::<Scale>("fast"), (ErrorKind::Syntax, 0));
    assert_eq!(refused::<Scale>("+1"), (ErrorKind::Syntax, 0));
    assert_eq!(refused::<Scale>("1e3"), (ErrorKind::Syntax, 1));
    assert_eq!(refused::<Speed>("0.0"), (ErrorKind::Range, 0));
    assert_eq!(refused::<Speed>("-1"), (ErrorKind::Syntax, 0));
    assert_eq!(refused::<Scale>(&"9".repeat(400)), (ErrorKind::Range, 0));
}

#[test]
fn lists_of_tokens() {
    let methods: Vec<_> = all::<Public<'_>>("DESCRIBE, SETUP,, PLAY ,x-MINE")
        .iter()
        .map(|p| p.0.as_str())
        .collect();
    assert_eq!(methods, ["DESCRIBE", "SETUP", "PLAY", "x-MINE"]);
    assert_eq!(one::<Allow<'_>>("PLAY").0, Method::PLAY);
    assert_eq!(
        one::<Require<'_>>("com.example.feature").0,
        "com.example.feature"
    );
    assert_eq!(one::<Unsupported<'_>>("funky-feature").0, "funky-feature");
    assert_eq!(refused::<Public<'_>>(""), (ErrorKind::Syntax, 0));
    assert_eq!(refused::<Public<'_>>("PLAY PAUSE"), (ErrorKind::Syntax, 5));
}

#[test]
fn lists_go_across_rows() {
    let message = Message::parse(
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: PLAY, @\r\nPublic:\r\nPublic: PAUSE\r\n\r\n",
    )
    .unwrap();
    let methods: Vec<_> = message
        .view()
        .list::<Public<'_>>()
        .map(|method| {
            method
                .map(|method| method.0.as_str())
                .map_err(|error| error.offset())
        })
        .collect();
    assert_eq!(methods, [Ok("PLAY"), Err(40), Ok("PAUSE")]);
}

fn identity<'a, T: Header<'a> + Display>(text: &'a str) -> Result<(), TestCaseError> {
    if let Ok((value, _)) = T::read(text) {
        if value.fault().is_none() {
            let written = value.to_string();
            let again = T::read(&written.clone().leak()[..]).map(|(value, _)| value.to_string());
            prop_assert_eq!(again, Ok(written));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_written_as_read(
        text in "\\PC{0,30}|[a-z=;,/\"0-9 :.TZ-]{0,40}|(url|npt|clock|smpte|RTP/AVP)[=;][a-z=;,\"0-9:.TZ-]{0,30}",
    ) {
        identity::<CSeq>(&text.clone().leak()[..])?;
        identity::<Session<'_>>(&text.clone().leak()[..])?;
        identity::<Transport<'_>>(&text.clone().leak()[..])?;
        identity::<Range<'_>>(&text.clone().leak()[..])?;
        identity::<RtpInfo<'_>>(&text.clone().leak()[..])?;
        identity::<Scale>(&text.clone().leak()[..])?;
        identity::<Speed>(&text.clone().leak()[..])?;
        identity::<Public<'_>>(&text.clone().leak()[..])?;
        identity::<Require<'_>>(&text.leak()[..])?;
    }
}
