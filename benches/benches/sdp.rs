//! Session descriptions: reading with the values a call needs typed, reading everything typed, writing.

use std::hint::black_box;
use std::time::Duration;

use benches::input;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc4566_sdp::{
    Attribute, Builder, Connection, Direction, Fmtp, Formats, KnownAttribute, MediaField, Origin,
    Parser, Ptime, Rtpmap, Section, SessionDescription, SessionDescriptionBuf, Time,
};

/// The lines typed that an endpoint needs of an audio offer, and every rtpmap and fmtp.
fn call_values(description: &SessionDescription<'_>) -> u32 {
    let mut sum = 0;
    black_box(description.origin().expect("an origin"));
    for time in description.times() {
        black_box(time.time().expect("a time"));
    }
    for medium in description.media() {
        let field = medium.field().expect("a media line");
        for format in field.formats.iter() {
            black_box(format);
        }
        black_box(medium.connection().expect("a connection"));
        for attribute in medium.section().attributes() {
            if attribute.name() == Rtpmap::NAME {
                let rtpmap: Rtpmap<'_> = attribute.parse().expect("an rtpmap");
                sum += rtpmap.clock_rate;
                black_box(rtpmap);
            } else if attribute.name() == Fmtp::NAME {
                black_box(attribute.parse::<Fmtp<'_>>().expect("an fmtp"));
            } else {
                black_box(attribute.value());
            }
        }
    }
    sum
}

/// Every attribute typed, besides the lines.
fn everything(description: &SessionDescription<'_>) -> u32 {
    let mut known = 0;
    black_box(description.origin().expect("an origin"));
    let mut attributes = |section: Section<'_>| {
        for attribute in section.attributes() {
            if let Ok(Some(attribute)) = KnownAttribute::parse(&attribute) {
                black_box(attribute);
                known += 1;
            }
        }
    };
    attributes(description.session());
    for medium in description.media() {
        black_box(medium.field().expect("a media line"));
        black_box(medium.connection().expect("a connection"));
        attributes(medium.section());
    }
    known
}

/// What the peer leaves as text, typed as far as [`call_values`] does it.
fn peer_call_values(session: &sdp_types::Session) -> u32 {
    let mut sum = 0;
    black_box(&session.origin);
    for media in &session.medias {
        for format in media.fmt.split(' ') {
            black_box(format);
        }
        for attribute in &media.attributes {
            let Some(value) = attribute.value.as_deref() else {
                continue;
            };
            if attribute.attribute == "rtpmap" {
                let (payload_type, encoding) = value.split_once(' ').expect("a space");
                let mut parts = encoding.split('/');
                black_box((
                    payload_type.parse::<u8>().expect("a payload type"),
                    parts.next(),
                ));
                sum += parts
                    .next()
                    .and_then(|rate| rate.parse::<u32>().ok())
                    .expect("a clock rate");
                black_box(parts.next());
            } else if attribute.attribute == "fmtp" {
                black_box(value.split_once(' '));
            }
        }
    }
    sum
}

fn read(criterion: &mut Criterion) {
    for (name, file) in [
        ("audio", "s1.sdp"),
        ("srtp", "s2.sdp"),
        ("two-media", "s3.sdp"),
        ("browser", "offer_chrome.sdp"),
    ] {
        let bytes = input(file);
        let mut group = criterion.benchmark_group(format!("sdp/read/{name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut parser = Parser::new();
        group.bench_function("rfc4566-sdp/index", |bencher| {
            bencher.iter(|| {
                parser
                    .parse(black_box(&bytes))
                    .expect("a description")
                    .media_count()
            });
        });
        group.bench_function("rfc4566-sdp", |bencher| {
            bencher.iter(|| call_values(&parser.parse(black_box(&bytes)).expect("a description")));
        });
        group.bench_function("rfc4566-sdp/everything", |bencher| {
            bencher.iter(|| everything(&parser.parse(black_box(&bytes)).expect("a description")));
        });
        group.bench_function("sdp-types", |bencher| {
            bencher.iter(|| {
                peer_call_values(
                    &sdp_types::Session::parse(black_box(&bytes)).expect("a description"),
                )
            });
        });
        group.finish();
    }
}

/// Builds the description of `s1.sdp` anew.
fn build() -> Vec<u8> {
    let origin = Origin {
        username: "alice".into(),
        sess_id: "2890844526".into(),
        sess_version: "2890844526".into(),
        nettype: "IN".into(),
        addrtype: "IP4".into(),
        unicast_address: "pc33.atlanta.example.com".into(),
    };
    let audio = MediaField {
        media: "audio".into(),
        port: 49172,
        port_count: None,
        proto: "RTP/AVP".into(),
        formats: Formats::default(),
    };
    let mut builder = Builder::new(&origin);
    builder
        .session_name("Session SDP")
        .connection(&Connection::internet("IP4", "192.0.2.101"));
    builder.time(Time::PERMANENT).media(&audio);
    for (payload_type, name) in [
        (0, "PCMU"),
        (8, "PCMA"),
        (97, "iLBC"),
        (101, "telephone-event"),
    ] {
        let encoding_name = black_box(name).into();
        let rtpmap = Rtpmap {
            payload_type,
            encoding_name,
            clock_rate: 8000,
            encoding_parameters: None,
        };
        builder.payload_type(payload_type).attribute(&rtpmap);
    }
    builder.attribute(&Fmtp {
        format: "101".into(),
        parameters: "0-16".into(),
    });
    builder
        .attribute(&Ptime {
            duration: Duration::from_millis(20),
        })
        .direction(Direction::SendRecv);
    builder.finish_bytes().expect("a description")
}

fn write(criterion: &mut Criterion) {
    let mut buffer = vec![0; 8192];
    for (name, file) in [("audio", "s1.sdp"), ("browser", "offer_chrome.sdp")] {
        let bytes = input(file);
        let mut group = criterion.benchmark_group(format!("sdp/write/{name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut parser = Parser::new();
        let description = parser.parse(&bytes).expect("a description");
        group.bench_function("rfc4566-sdp/untouched", |bencher| {
            bencher.iter(|| {
                black_box(description)
                    .write_into(black_box(&mut buffer))
                    .expect("room")
            });
        });
        let mut owned = SessionDescriptionBuf::from(description);
        let mut port = 10_000;
        group.bench_function("rfc4566-sdp/one line edited", |bencher| {
            bencher.iter(|| {
                port = 10_000 + (port + 2) % 10_000;
                owned.set_port(0, black_box(port)).expect("a medium");
            });
        });
        let peer = sdp_types::Session::parse(&bytes).expect("a description");
        let mut written = Vec::new();
        group.bench_function("sdp-types", |bencher| {
            bencher.iter(|| {
                written.clear();
                black_box(&peer)
                    .write(black_box(&mut written))
                    .expect("room");
            });
        });
        group.finish();
    }
    let mut group = criterion.benchmark_group("sdp/build/audio");
    group.throughput(Throughput::Bytes(build().len() as u64));
    group.bench_function("rfc4566-sdp", |bencher| bencher.iter(build));
    group.finish();
}

criterion_group!(benches, read, write);
criterion_main!(benches);
