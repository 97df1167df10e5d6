//! SIP URIs of three lengths, and a name-addr: parsing them, and reading every part.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc2396_uri::{NameAddr, SipUri, UriReference};

/// 26, 70 and 94 bytes: a user, then a telephone number with a password and parameters, then
/// headers too.
const URIS: [&str; 3] = [
    "sip:alice.b@atlanta.com:42",
    "sip:+1-212-555-1212:1234@gateway.example.com:5060;user=phone;lr;x=1234",
    "sips:alice@atlanta.example.com:5061;transport=tcp;lr?subject=project%20x&priority=urgent&a=bcd",
];

fn parse(c: &mut Criterion) {
    for text in URIS {
        let mut group = c.benchmark_group(format!("SIP URI {} B", text.len()));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("rfc2396-uri", |b| {
            b.iter(|| SipUri::parse(black_box(text)).unwrap());
        });
        group.bench_function("rfc2396-uri, every part read", |b| {
            b.iter(|| {
                let uri = SipUri::parse(black_box(text)).unwrap();
                black_box((uri.user(), uri.password(), uri.host_str(), uri.port()));
                for parameter in uri.parameters() {
                    black_box((parameter.name(), parameter.value()));
                }
                for header in uri.headers() {
                    black_box((header.name(), header.value()));
                }
            });
        });
        group.bench_function("sipmsg", |b| {
            b.iter(|| sipmsg::SipUri::parse_ext(black_box(text.as_bytes()), true).unwrap());
        });
        group.bench_function("rsip", |b| {
            b.iter(|| rsip::Uri::try_from(black_box(text)).unwrap());
        });
        group.finish();
    }
}

fn address(c: &mut Criterion) {
    let text = "\"Alice\" <sip:alice@atlanta.example.com:5060;transport=tcp>;tag=1928301774";
    let mut group = c.benchmark_group("name-addr");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("rfc2396-uri", |b| {
        b.iter(|| NameAddr::parse_prefix(black_box(text)).unwrap());
    });
    group.finish();

    let text = "rtsp://media.example.com:554/twister/audiotrack?x=1";
    let mut group = c.benchmark_group("generic URI");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("rfc2396-uri", |b| {
        b.iter(|| UriReference::parse(black_box(text)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, parse, address);
criterion_main!(benches);
