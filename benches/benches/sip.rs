//! SIP: structure, routing headers typed, everything typed, writing, framing; ours beside peers.
//!
//! "Six" is the Request-URI (in requests) and Via, From, To, Call-ID, CSeq and Contact as types,
//! with their URIs read. Every peer does the same in its own way: what it reads while it parses
//! is not read again, what it leaves raw is turned into its types.

use std::hint::black_box;

use benches::input;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc3261_sip::{HeaderName, MessageRef, Parser, headers::Contact};

const INPUTS: [&str; 5] = [
    "inv1.sip",
    "inv2.sip",
    "ok200.sip",
    "register.sip",
    "options.sip",
];

/// The routing headers of a message as types: a sum of what is in them, so that nothing is left
/// out.
fn six(message: MessageRef<'_>) -> usize {
    let mut sum = 0;
    if message.is_request() {
        sum += usize::from(message.request_uri().is_ok());
    }
    let via = message.via().expect("Via");
    sum += via.branch().map_or(0, str::len) + via.host_str().len();
    let from = message.from().expect("From");
    sum += from.tag().map_or(0, str::len) + from.uri().host().is_some() as usize;
    let to = message.to().expect("To");
    sum += to.tag().map_or(0, str::len) + to.uri().host().is_some() as usize;
    sum += message.call_id().expect("Call-ID").as_str().len();
    sum += message.cseq().expect("CSeq").sequence_number as usize;
    if let Some(contact) = message.get::<Contact<'_>>() {
        sum += contact.expect("Contact").uri().is_some() as usize;
    }
    sum
}

mod peer {
    //! The same work done by rsip and rsipstack.

    pub fn rsip_six(bytes: &[u8]) -> usize {
        use rsip::headers::{ToTypedHeader, UntypedHeader};
        use rsip::message::HeadersExt;
        let message = rsip::SipMessage::try_from(bytes).expect("message");
        let mut sum = 0;
        let via = message.via_header().expect("Via").typed().expect("Via");
        sum += via.branch().map_or(0, |b| b.value().len());
        let from = message.from_header().expect("From").typed().expect("From");
        sum += from.tag().map_or(0, |t| t.value().len());
        let to = message.to_header().expect("To").typed().expect("To");
        sum += to.tag().map_or(0, |t| t.value().len());
        sum += message.call_id_header().expect("Call-ID").value().len();
        let cseq = message.cseq_header().expect("CSeq").typed().expect("CSeq");
        sum += cseq.seq as usize;
        if let Ok(contact) = message.contact_header() {
            sum += contact.typed().is_ok() as usize;
        }
        sum
    }

    pub fn rsipstack_six(bytes: &[u8]) -> usize {
        use rsipstack::sip::{HeadersExt, SipMessage, headers::ToTypedHeader};
        let message = SipMessage::try_from(bytes).expect("message");
        let mut sum = 0;
        let via = message.via_header().expect("Via").typed().expect("Via");
        sum += via.branch().map_or(0, |b| b.value().len());
        let from = message.from_header().expect("From").typed().expect("From");
        sum += from.tag().map_or(0, |t| t.value().len());
        let to = message.to_header().expect("To").typed().expect("To");
        sum += to.tag().map_or(0, |t| t.value().len());
        sum += message.call_id_header().expect("Call-ID").value().len();
        let cseq = message.cseq_header().expect("CSeq").typed().expect("CSeq");
        sum += cseq.seq as usize;
        if let Ok(contact) = message.contact_header() {
            sum += contact.typed().is_ok() as usize;
        }
        sum
    }
}

/// The messages of `var256.bin`: each behind its length as four bytes, little-endian.
fn variants() -> Vec<Vec<u8>> {
    let bytes = input("var256.bin");
    let mut rest = &bytes[..];
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (message, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        messages.push(message.to_vec());
        rest = after;
    }
    messages
}

fn routing_headers(c: &mut Criterion) {
    for name in INPUTS {
        let bytes = input(name);
        let mut group = c.benchmark_group(format!("sip/six/{name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut parser = Parser::new();
        group.bench_function("rfc3261-sip structure only", |b| {
            b.iter(|| {
                parser
                    .parse(black_box(&bytes))
                    .expect("message")
                    .body()
                    .len()
            });
        });
        group.bench_function("rfc3261-sip", |b| {
            b.iter(|| six(parser.parse(black_box(&bytes)).expect("message")));
        });
        group.bench_function("rsipstack", |b| {
            b.iter(|| peer::rsipstack_six(black_box(&bytes)));
        });
        if name != "inv2.sip" {
            group.bench_function("rsip", |b| b.iter(|| peer::rsip_six(black_box(&bytes))));
        }
        group.finish();
    }
}

fn different_messages(c: &mut Criterion) {
    let messages = variants();
    let bytes: usize = messages.iter().map(Vec::len).sum();
    let mut group = c.benchmark_group("sip/six/256 different messages");
    group.throughput(Throughput::ElementsAndBytes {
        elements: messages.len() as u64,
        bytes: bytes as u64,
    });
    let mut parser = Parser::new();
    group.bench_function("rfc3261-sip structure only", |b| {
        b.iter(|| {
            for message in &messages {
                let message = parser.parse(black_box(message)).expect("message");
                black_box(message.first(HeaderName::Via));
            }
        });
    });
    group.bench_function("rfc3261-sip", |b| {
        b.iter(|| {
            for message in &messages {
                black_box(six(parser.parse(black_box(message)).expect("message")));
            }
        });
    });
    group.bench_function("rsipstack", |b| {
        b.iter(|| {
            for message in &messages {
                black_box(peer::rsipstack_six(black_box(message)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, routing_headers, different_messages);
criterion_main!(benches);
