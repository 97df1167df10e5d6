//! Reading with a parser that has been used before allocates nothing, whatever is asked for.

use allocation_counter::measure;
use rfc4566_sdp::{KnownAttribute, Parser, Rtpmap, Section, SessionDescription};

const CALL: &[u8] = include_bytes!("vectors/rfc8866_5_call.sdp");
const OFFER: &[u8] = b"v=0\r\no=- 46117 2 IN IP4 198.51.100.33\r\ns=-\r\nc=IN IP4 198.51.100.33\r\nb=AS:2064\r\n\
    t=0 0\r\nr=7d 1h 0 25h\r\na=group:BUNDLE 0\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\n\
    m=audio 54609 UDP/TLS/RTP/SAVPF 111 101\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=candidate:1 1 UDP 2130706431 198.51.100.33 54609 typ host\r\n\
    a=ssrc:3735928559 cname:q1@example.com\r\na=ptime:20\r\na=rtcp-mux\r\n";

fn walk(description: &SessionDescription<'_>) -> usize {
    let attributes = |section: Section<'_>| {
        section
            .attributes()
            .filter_map(|a| KnownAttribute::parse(&a).ok()?)
            .count()
    };
    let mut seen = attributes(description.session());
    seen += usize::from(description.origin().is_ok()) + description.lines().count();
    for time in description.times() {
        seen += time
            .repeats()
            .flatten()
            .flat_map(|repeat| repeat.offsets())
            .count();
    }
    for medium in description.media() {
        seen += medium
            .field()
            .map_or(0, |field| field.formats.payload_types().count());
        seen += medium
            .connections()
            .flatten()
            .flat_map(|connection| connection.addresses())
            .count();
        seen += medium.bandwidths().count() + medium.attributes_of::<Rtpmap<'_>>().count();
        seen += attributes(medium.section()) + usize::from(medium.direction().sends());
    }
    seen
}

#[test]
fn a_used_parser_allocates_nothing() {
    let mut parser = Parser::new();
    let expected = [
        walk(&parser.parse(CALL).unwrap()),
        walk(&parser.parse(OFFER).unwrap()),
    ];
    assert!(expected[1] > 30, "{expected:?}");
    let mut seen = [0; 2];
    let allocations = measure(|| {
        seen = [
            walk(&parser.parse(CALL).unwrap()),
            walk(&parser.parse(OFFER).unwrap()),
        ];
        let mut buffer = [0; 1000];
        parser
            .parse(OFFER)
            .unwrap()
            .write_into(&mut buffer)
            .unwrap();
    });
    assert_eq!(seen, expected);
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn a_clean_description_is_checked_without_allocating() {
    let mut parser = Parser::new();
    let description = parser.parse(CALL).unwrap();
    let allocations = measure(|| assert_eq!(description.defects().count(), 0));
    assert_eq!(allocations.count_total, 0);
}
