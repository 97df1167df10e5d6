//! Every typed attribute: read, compared with the facts, and written as it was.

use rfc4566_sdp::*;

/// Reads a value, writes it, and compares.
fn identity<'a, A: Attribute<'a>>(value: &'a str) -> A {
    let attribute =
        A::parse(Text::from(value)).unwrap_or_else(|error| panic!("{error} in {value:?}"));
    let mut written = Vec::from(*b"\xaa");
    attribute.write_value(&mut written);
    assert_eq!(
        Text::new(&written[1..]),
        value,
        "written behind what was there"
    );
    let text = format!("v=0\r\na={}:{value}\r\n", A::NAME);
    let mut parser = Parser::new();
    let field = parser
        .parse(text.as_bytes())
        .expect("a description")
        .session()
        .attributes()
        .next();
    let known = field.and_then(|field| KnownAttribute::parse(&field).expect("the same value"));
    assert!(known.is_some(), "{} is known by its name", A::NAME);
    attribute
}

fn refused<'a, A: Attribute<'a> + core::fmt::Debug>(value: &'a str) -> (ErrorKind, usize) {
    let error = A::parse(Text::from(value)).expect_err(value);
    assert_eq!(error.field(), A::NAME);
    (error.kind(), error.offset())
}

#[test]
fn rtpmap() {
    let opus: Rtpmap<'_> = identity("111 opus/48000/2");
    assert_eq!(
        (opus.payload_type, opus.clock_rate, opus.channels()),
        (111, 48000, Some(2))
    );
    let mono: Rtpmap<'_> = identity("0 PCMU/8000");
    assert!(
        mono.same_encoding(&identity("8 pcmu/8000/1")),
        "the name's case and one channel make no difference"
    );
    assert!(!mono.same_encoding(&identity("8 PCMU/16000")));
    assert_eq!(refused::<Rtpmap<'_>>("128 a/1"), (ErrorKind::OutOfRange, 0));
    assert_eq!(refused::<Rtpmap<'_>>("x a/1"), (ErrorKind::Syntax, 0));
    assert_eq!(
        refused::<Rtpmap<'_>>("96 a/4294967296"),
        (ErrorKind::OutOfRange, 5)
    );
    assert_eq!(
        refused::<Rtpmap<'_>>("96 a/8000/2 x"),
        (ErrorKind::Syntax, 12)
    );
}

#[test]
fn fmtp() {
    let fmtp: Fmtp<'_> = identity("101 0-16");
    assert_eq!(fmtp.pairs().collect::<Vec<_>>(), [("0-16".into(), None)]);
    let fmtp = Fmtp::parse(Text::from("97 mode = 20 ; x;;octet-align=")).unwrap();
    let pairs: Vec<_> = fmtp.pairs().collect();
    assert_eq!(
        pairs,
        [
            ("mode".into(), Some("20".into())),
            ("x".into(), None),
            ("octet-align".into(), Some("".into()))
        ]
    );
    assert_eq!(fmtp.parameters, "mode = 20 ; x;;octet-align=", "raw");
    assert_eq!(refused::<Fmtp<'_>>(""), (ErrorKind::Syntax, 0));
}

#[test]
fn packet_times() {
    for value in ["20", "2.5", "0.000001", "4294967295"] {
        identity::<Ptime>(value);
        identity::<MaxPtime>(value);
    }
    assert_eq!(refused::<Ptime>("0"), (ErrorKind::OutOfRange, 0));
    assert_eq!(refused::<Ptime>("-20"), (ErrorKind::Syntax, 0));
    assert_eq!(refused::<MaxPtime>("20ms"), (ErrorKind::Syntax, 2));
}

#[test]
fn rtcp() {
    assert_eq!(
        identity::<Rtcp<'_>>("53020 IN IP4 126.16.64.4")
            .address
            .unwrap()
            .connection_address,
        "126.16.64.4"
    );
    assert_eq!(refused::<Rtcp<'_>>("65536"), (ErrorKind::OutOfRange, 0));
    assert_eq!(refused::<Rtcp<'_>>("1 IN"), (ErrorKind::Syntax, 2));
    identity::<RtcpMux>("");
    identity::<RtcpRsize>("");
    assert_eq!(refused::<RtcpMux>("x"), (ErrorKind::Syntax, 0));
    let feedback: RtcpFb<'_> = identity("96 ccm fir");
    assert_eq!(
        (feedback.payload_type, feedback.parameters),
        (Some(96), "fir".into())
    );
    assert_eq!(identity::<RtcpFb<'_>>("* trr-int 1000").payload_type, None);
    identity::<RtcpFb<'_>>("111 transport-cc");
    assert_eq!(refused::<RtcpFb<'_>>("96"), (ErrorKind::Syntax, 2));
}

#[test]
fn setup_connection_and_fingerprint() {
    for (value, setup) in [
        ("active", Setup::Active),
        ("passive", Setup::Passive),
        ("actpass", Setup::ActPass),
        ("holdconn", Setup::HoldConn),
    ] {
        assert_eq!(identity::<Setup>(value), setup);
    }
    assert_eq!(refused::<Setup>("both"), (ErrorKind::Unknown, 0));
    assert_eq!(identity::<ConnectionUse>("new"), ConnectionUse::New);
    assert_eq!(
        identity::<ConnectionUse>("existing"),
        ConnectionUse::Existing
    );
    let hash: Fingerprint<'_> =
        identity("sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB");
    assert_eq!(
        (hash.octets().count(), hash.octets().next()),
        (20, Some(0x4a))
    );
    assert_eq!(
        identity::<Fingerprint<'_>>("sha-1 4A:+1").octets().count(),
        1
    );
    assert_eq!(refused::<Fingerprint<'_>>("sha-1"), (ErrorKind::Syntax, 5));
}

#[test]
fn sources() {
    let ssrc: Ssrc<'_> = identity("3735928559 cname:q1@example.com");
    assert_eq!(
        (ssrc.ssrc, ssrc.attribute, ssrc.value),
        (3735928559, "cname".into(), Some("q1@example.com".into()))
    );
    assert_eq!(identity::<Ssrc<'_>>("1 paused").value, None);
    assert_eq!(
        refused::<Ssrc<'_>>("4294967296 cname:x"),
        (ErrorKind::OutOfRange, 0)
    );
    let group: SsrcGroup<'_> = identity("FID 2231627014 632943048");
    assert_eq!(
        (group.semantics, group.ssrcs().collect::<Vec<_>>()),
        ("FID".into(), vec![2231627014, 632943048])
    );
}

#[test]
fn groups() {
    let group: Group<'_> = identity("BUNDLE 0 1 video");
    assert_eq!(group.mids().collect::<Vec<_>>(), ["0", "1", "video"]);
    identity::<Group<'_>>("LS");
    assert_eq!(identity::<Mid<'_>>("audio").0, "audio");
    assert_eq!(refused::<Mid<'_>>(" "), (ErrorKind::Missing, 0));
    assert_eq!(
        identity::<Msid<'_>>("stream track").appdata,
        Some("track".into())
    );
    identity::<Msid<'_>>("-");
}

#[test]
fn ice() {
    let candidate: Candidate<'_> = identity(
        "3312204516 1 udp 1686052607 203.0.113.77 52344 typ srflx raddr 192.0.2.10 rport 52345 generation 0 network-id 1",
    );
    assert_eq!(
        (
            candidate.component,
            candidate.port,
            candidate.candidate_type
        ),
        (1, 52344, "srflx".into())
    );
    assert_eq!(candidate.related, Some(("192.0.2.10".into(), 52345)));
    assert_eq!(candidate.ip_address(), Some([203, 0, 113, 77].into()));
    let extensions: Vec<_> = candidate.extensions().collect();
    assert_eq!(
        extensions,
        [
            ("generation".into(), "0".into()),
            ("network-id".into(), "1".into())
        ]
    );
    let host: Candidate<'_> = identity("1 2 TCP 1 x.local 9 typ host tcptype active");
    assert_eq!((host.ip_address(), host.related), (None, None));
    assert_eq!(
        refused::<Candidate<'_>>("1 1 UDP 1 192.0.2.1 9 host"),
        (ErrorKind::Syntax, 22)
    );
    assert_eq!(
        refused::<Candidate<'_>>("1 1 UDP 1 192.0.2.1 65536 typ host"),
        (ErrorKind::OutOfRange, 20)
    );
    let remote: RemoteCandidates<'_> = identity("1 192.0.2.3 45664 2 192.0.2.3 45665");
    assert_eq!(
        remote
            .iter()
            .map(|(component, _, port)| (component, port))
            .collect::<Vec<_>>(),
        [(1, 45664), (2, 45665)]
    );
    assert_eq!(
        refused::<RemoteCandidates<'_>>("1 192.0.2.3 45664 2"),
        (ErrorKind::Syntax, 18)
    );
    assert_eq!(identity::<IceOptions<'_>>("trickle ice2").iter().count(), 2);
    identity::<IceUfrag<'_>>("F7gI");
    identity::<IcePwd<'_>>("x9cml/YzichV2+XlhiMu8g");
    identity::<IceLite>("");
    identity::<EndOfCandidates>("");
}

#[test]
fn extmap() {
    let extmap: Extmap<'_> = identity("2/sendrecv http://example.com/082005/ext.htm#xmeta short");
    assert_eq!(
        (extmap.id, extmap.direction, extmap.attributes),
        (2, Some(Direction::SendRecv), "short".into())
    );
    identity::<Extmap<'_>>("4096 urn:ietf:params:rtp-hdrext:toffset");
    assert_eq!(
        refused::<Extmap<'_>>("1/both urn:x"),
        (ErrorKind::Syntax, 2)
    );
    identity::<ExtmapAllowMixed>("");
}

#[test]
fn pictures() {
    assert_eq!(
        identity::<Framerate<'_>>("29.97").frames_per_second(),
        29.97
    );
    assert_eq!(refused::<Framerate<'_>>("0.0"), (ErrorKind::OutOfRange, 0));
    assert_eq!(identity::<Quality>("10"), Quality(10));
    let image: ImageAttr<'_> =
        identity("97 send [x=800,y=640,sar=1.1,q=0.6] [x=480,y=320] recv [x=330,y=250]");
    assert_eq!(image.payload_type, Some(97));
    assert_eq!(
        ImageAttr::sets(image.send.unwrap()).collect::<Vec<_>>(),
        ["x=800,y=640,sar=1.1,q=0.6", "x=480,y=320"]
    );
    assert_eq!(ImageAttr::sets(image.recv.unwrap()).count(), 1);
    let any = ImageAttr::parse(Text::from("* recv [x=1,y=2] send *")).unwrap();
    assert_eq!(
        (any.payload_type, any.send, any.recv),
        (None, Some("*".into()), Some("[x=1,y=2]".into()))
    );
    assert_eq!(
        refused::<ImageAttr<'_>>("97 send [x=800"),
        (ErrorKind::Syntax, 14)
    );
}

#[test]
fn texts() {
    identity::<Cat<'_>>("foo.bar");
    identity::<Keywds<'_>>("SDP session");
    identity::<Tool<'_>>("foobar V3.2");
    identity::<Orient<'_>>("portrait");
    identity::<ConferenceType<'_>>("H332");
    identity::<SdpLang<'_>>("fr");
    identity::<Lang<'_>>("de");
    identity::<Label<'_>>("1");
    identity::<Control<'_>>("rtsp://example.com/track=1");
    identity::<Range<'_>>("npt=0-7.741");
    identity::<Crypto<'_>>("1 AES_CM_128_HMAC_SHA1_80 inline:x");
    assert!(
        identity::<Charset<'_>>("iso-8859-1")
            .0
            .eq_ignore_case("ISO-8859-1"),
        "compared without case"
    );
}

#[test]
fn an_attribute_of_any_known_name_is_typed_and_others_are_kept() {
    let text =
        b"v=0\r\na=sendonly\r\na=ptime:20\r\na=x-unknown:1:2\r\na=rtpmap:x\r\na=rtcp-mux\r\n";
    let mut parser = Parser::new();
    let description = parser.parse(text).unwrap();
    let attributes: Vec<_> = description.session().attributes().collect();
    let known: Vec<_> = attributes.iter().map(KnownAttribute::parse).collect();
    assert_eq!(
        known[0],
        Ok(Some(KnownAttribute::Direction(Direction::SendOnly)))
    );
    assert!(matches!(known[1], Ok(Some(KnownAttribute::Ptime(_)))));
    assert_eq!(known[2], Ok(None));
    assert_eq!(
        (attributes[2].name(), attributes[2].value()),
        ("x-unknown".into(), Some("1:2".into()))
    );
    assert_eq!(
        known[3].unwrap_err().offset(),
        text.len() - b"x\r\na=rtcp-mux\r\n".len()
    );
    assert_eq!(
        (known[4], attributes[4].value()),
        (Ok(Some(KnownAttribute::RtcpMux(RtcpMux))), None)
    );
}
