//! RTSP: reading and writing a request and a response, beside rtsp-types.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc2326_rtsp as ours;
use rfc2326_rtsp::headers::{CSeq, Session, Transport};
use rtsp_types as theirs;

const INPUTS: [&str; 2] = ["rtsp_setup.rtsp", "rtsp_describe_ok.rtsp"];

/// An input with the line ends of the grammar, which the peer insists on, whatever a file has.
fn crlf(input: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(input.to_vec()).unwrap();
    text.replace("\r\n", "\n")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn read(c: &mut Criterion) {
    for name in INPUTS {
        let bytes = crlf(&benches::input(name));
        let mut group = c.benchmark_group(format!("read {name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("rfc2326-rtsp", |b| {
            let mut parser = ours::Parser::new();
            b.iter(|| {
                let message = parser.parse(black_box(&bytes)).unwrap();
                black_box(message);
            });
        });
        // The peer checks that the Request-URI is one and every value is UTF-8.
        group.bench_function("rfc2326-rtsp, as much as rtsp-types", |b| {
            let mut parser = ours::Parser::new();
            b.iter(|| {
                let message = parser.parse(black_box(&bytes)).unwrap();
                black_box(message.request_uri().map(Result::unwrap));
                for field in message.fields() {
                    black_box((field.known(), field.value_str().unwrap()));
                }
                black_box(message.body());
            });
        });
        group.bench_function("rfc2326-rtsp, CSeq, Session and Transport too", |b| {
            let mut parser = ours::Parser::new();
            b.iter(|| {
                let message = parser.parse(black_box(&bytes)).unwrap();
                black_box(message.cseq().unwrap());
                black_box(message.get::<Session<'_>>());
                black_box(message.get::<Transport<'_>>());
            });
        });
        group.bench_function("rtsp-types", |b| {
            b.iter(|| {
                let (message, _) = theirs::Message::<&[u8]>::parse(black_box(&bytes[..])).unwrap();
                black_box(message);
            });
        });
        group.finish();
    }
}

fn write(c: &mut Criterion) {
    for name in INPUTS {
        let bytes = crlf(&benches::input(name));
        let mut group = c.benchmark_group(format!("write {name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let message = ours::Message::parse(bytes.clone()).unwrap();
        group.bench_function("rfc2326-rtsp, untouched", |b| {
            let mut out = Vec::with_capacity(2048);
            b.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(message.view()).as_bytes());
                black_box(&out);
            });
        });
        group.bench_function("rfc2326-rtsp, built anew", |b| {
            let view = message.view();
            let fields: Vec<(ours::HeaderName, &str)> = view
                .fields()
                .map(|field| (field.known().unwrap(), field.value_str().unwrap()))
                .collect();
            let uri = view
                .request_uri_bytes()
                .map(|uri| std::str::from_utf8(uri).unwrap());
            let mut out = Vec::with_capacity(2048);
            b.iter(|| {
                let buffer = std::mem::take(&mut out);
                let mut builder = match black_box(view.start_line()) {
                    ours::StartLine::Request { method, .. } => {
                        ours::MessageBuilder::request_in(buffer, method, uri.unwrap())
                    }
                    ours::StartLine::Status { code, .. } => {
                        ours::MessageBuilder::response_in(buffer, code, "OK")
                    }
                };
                for (name, value) in black_box(&fields) {
                    builder = builder.header(*name, value);
                }
                out = builder.finish().unwrap();
                out.extend_from_slice(view.body());
                black_box(&out);
            });
            assert_eq!(out, bytes);
        });
        group.bench_function("rtsp-types", |b| {
            let (message, _) = theirs::Message::<&[u8]>::parse(&bytes).unwrap();
            let mut out = Vec::with_capacity(2048);
            b.iter(|| {
                out.clear();
                black_box(&message).write(&mut out).unwrap();
                black_box(&out);
            });
        });
        group.finish();
    }
}

/// A second of video in a connection: 25 frames of 40 packets, and a request.
fn frame(c: &mut Criterion) {
    let mut stream = Vec::new();
    let packet = vec![0x80; 1400];
    for n in 0..1000 {
        stream.extend_from_slice(&ours::interleaved_header(n as u8 & 1, packet.len()).unwrap());
        stream.extend_from_slice(&packet);
    }
    let keep_alive = ours::MessageBuilder::request(ours::Method::GET_PARAMETER, "rtsp://a/b")
        .typed(&CSeq { sequence_number: 9 });
    stream.extend_from_slice(&keep_alive.finish().unwrap());
    let mut group = c.benchmark_group("frame 1000 interleaved packets");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("rfc2326-rtsp, reads of 16 KiB", |b| {
        b.iter(|| {
            let mut framer = ours::Framer::new();
            let mut frames = 0;
            for piece in black_box(&stream).chunks(16 * 1024) {
                framer.push(piece);
                while let Some(frame) = framer.poll().unwrap() {
                    black_box(frame);
                    frames += 1;
                }
            }
            assert_eq!(frames, 1001);
        });
    });
    group.finish();
}

criterion_group!(rtsp, read, write, frame);
criterion_main!(rtsp);
