//! SIP: structure, routing headers typed, everything typed, writing, framing; ours beside peers.
//!
//! "Six" is the Request-URI (in requests) and Via, From, To, Call-ID, CSeq and Contact as types,
//! with their URIs read. Every peer does the same in its own way: what it reads while it parses
//! is not read again, what it leaves raw is turned into its types.

use std::hint::black_box;

use benches::input;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc3261_sip::{
    Framer, HeaderName, MessageRef, Method, Parser, RequestBuilder, RequestParts,
    headers::{
        Allow, CSeq, CallId, Contact, ContentLength, ContentType, From, Header, MaxForwards,
        Supported, To, UserAgent, Via,
    },
};

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
    sum += from.tag().map_or(0, str::len) + from.address().as_str().len();
    let to = message.to().expect("To");
    sum += to.tag().map_or(0, str::len) + to.address().as_str().len();
    sum += message.call_id().expect("Call-ID").as_str().len();
    sum += message.cseq().expect("CSeq").sequence_number as usize;
    if let Some(contact) = message.get::<Contact<'_>>() {
        sum += contact.expect("Contact").address().is_some() as usize;
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

/// All header fields of an ordinary INVITE as types, every value of the lists: how many were read.
fn all(message: MessageRef<'_>) -> usize {
    fn count<'a, T: Header<'a>>(message: MessageRef<'a>) -> usize {
        message
            .list::<T>()
            .filter(|value| black_box(value).is_ok())
            .count()
    }
    usize::from(message.request_uri().is_ok())
        + count::<Via<'_>>(message)
        + count::<From<'_>>(message)
        + count::<To<'_>>(message)
        + count::<CallId<'_>>(message)
        + count::<CSeq<'_>>(message)
        + count::<MaxForwards>(message)
        + count::<Contact<'_>>(message)
        + count::<Allow<'_>>(message)
        + count::<Supported<'_>>(message)
        + count::<UserAgent<'_>>(message)
        + count::<ContentType<'_>>(message)
        + count::<ContentLength>(message)
}

fn everything(c: &mut Criterion) {
    let bytes = input("inv1.sip");
    let mut group = c.benchmark_group("sip/every header/inv1.sip");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    let mut parser = Parser::new();
    group.bench_function("rfc3261-sip", |b| {
        b.iter(|| all(parser.parse(black_box(&bytes)).expect("message")));
    });
    group.bench_function("rfc3261-sip checked for defects", |b| {
        b.iter(|| {
            parser
                .parse(black_box(&bytes))
                .expect("message")
                .check()
                .len()
        });
    });
    group.finish();
}

/// Writing: a message as it was received, the same with one Via more, and one built anew.
fn write(c: &mut Criterion) {
    let bytes = input("inv1.sip");
    let mut parser = Parser::new();
    let message = parser.parse(&bytes).expect("message");
    let mut buffer = vec![0; 2048];
    let mut group = c.benchmark_group("sip/write/INVITE untouched");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("rfc3261-sip", |b| {
        b.iter(|| {
            let bytes = black_box(message).as_bytes();
            buffer[..bytes.len()].copy_from_slice(bytes);
            black_box(&mut buffer);
        });
    });
    group.bench_function("rfc3261-sip with one Via more", |b| {
        b.iter(|| {
            let mut edit = black_box(message).edit();
            edit.insert_before(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK12");
            edit.finish().expect("message").len()
        });
    });
    group.finish();
    let mut group = c.benchmark_group("sip/write/INVITE built anew");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    let body = bytes::Bytes::copy_from_slice(message.body());
    group.bench_function("rfc3261-sip", |b| {
        b.iter(|| {
            RequestBuilder::new(black_box(RequestParts {
                method: Method::INVITE,
                uri: "sip:bob@biloxi.example.com",
                via: "SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds;rport",
                from: "Alice <sip:alice@atlanta.example.com>;tag=1928301774",
                to: "Bob <sip:bob@biloxi.example.com>",
                call_id: "a84b4c76e66710@pc33.atlanta.example.com",
                sequence_number: 314_159,
                max_forwards: 70,
            }))
            .header(
                HeaderName::Contact,
                "<sip:alice@pc33.atlanta.example.com:5060;transport=udp>",
            )
            .header(
                HeaderName::Allow,
                "INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY",
            )
            .header(HeaderName::Supported, "replaces, timer")
            .body("application/sdp", body.clone())
            .write_into(black_box(&mut buffer))
            .expect("message")
        });
    });
    group.finish();
}

/// Messages one behind the other on a stream, measured and cut.
fn framing(c: &mut Criterion) {
    let message = input("inv1.sip");
    let mut group = c.benchmark_group("sip/frame/INVITE on a stream");
    group.throughput(Throughput::Bytes(message.len() as u64));
    let stream = message.repeat(2);
    let mut framer = Framer::new();
    group.bench_function("rfc3261-sip", |b| {
        b.iter(|| framer.measure(black_box(&stream)).expect("frame"));
    });
    group.finish();
}

criterion_group!(
    benches,
    routing_headers,
    different_messages,
    everything,
    write,
    framing
);
criterion_main!(benches);
