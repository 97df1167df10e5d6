//! Session descriptions: what is accepted is kept byte for byte, answers every question, and survives edits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc4566_sdp::{
    Connection, Direction, KnownAttribute, LineType, Parser, Section, SectionId, SessionDescriptionBuf,
};

fuzz_target!(|data: &[u8]| {
    let mut parser = Parser::new();
    let Ok(description) = parser.parse(data) else { return };
    assert_eq!(description.as_bytes(), data);
    let _ = description.origin();
    for time in description.times() {
        let _ = time.time();
        for repeat in time.repeats().flatten() {
            let _ = repeat.offsets().filter_map(|offset| offset.seconds()).count();
        }
        let _ = time.zones().map(|zones| zones.adjustments().count());
    }
    description.emails().chain(description.phones()).for_each(drop);
    walk(description.session());
    for medium in description.media().take(50) {
        let _ = medium.field().map(|field| field.formats.payload_types().count());
        let _ = (medium.direction(), medium.rtpmap(96), medium.fmtp("96"));
        medium.bandwidths().for_each(drop);
        let connections = medium.connections().flatten();
        connections.for_each(|connection| assert!(connection.addresses().take(10).count() <= 10));
        walk(medium.section());
    }
    for defect in description.defects() {
        assert!(defect.span().start <= data.len() && defect.line() <= description.lines().len());
    }

    let mut edited = SessionDescriptionBuf::from(description);
    let last = SectionId::Media(edited.view().media_count().saturating_sub(1));
    let _ = edited.set_port(0, 9);
    let _ = edited.set_connection(last, &Connection::internet("IP4", "192.0.2.1"));
    let _ = edited.set_direction(SectionId::Session, Direction::Inactive);
    let _ = edited.remove_attributes(last, "rtpmap");
    let _ = edited.set_line(SectionId::Session, LineType::INFORMATION, data);
    let mut again = Parser::new();
    assert_eq!(again.parse(edited.as_bytes()).expect("an edit keeps it readable"), edited.view());
});

fn walk(section: Section<'_>) {
    let _ = (section.key(), section.direction());
    for attribute in section.attributes() {
        match KnownAttribute::parse(&attribute) {
            Ok(Some(KnownAttribute::Fmtp(fmtp))) => _ = fmtp.pairs().count(),
            Ok(Some(KnownAttribute::Candidate(candidate))) => _ = candidate.extensions().count(),
            Ok(Some(KnownAttribute::RemoteCandidates(candidates))) => _ = candidates.iter().count(),
            Ok(Some(KnownAttribute::Fingerprint(fingerprint))) => _ = fingerprint.octets().count(),
            _ => {}
        }
    }
}
