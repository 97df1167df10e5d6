//! Digest: the response value beside rsip and the bare hash, and from a challenge to the header
//! of the answer beside http-auth.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use md5::{Digest as _, Md5};
use rfc2617_auth::{
    Account, Algorithm, Challenger, Client, ClientConfig, Exchange, Ha1, Hash, Protection, Qop,
    Request,
};

const REQUEST: Request<'static> = Request {
    method: "INVITE",
    uri: "sip:bob@biloxi.example.com",
    body: b"",
};

/// Nonces of the usual length, so that no run sees the same bytes twice in a row.
fn nonces() -> Vec<String> {
    (0..16)
        .map(|n: u8| {
            let digest = Md5::digest([n]);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        })
        .collect()
}

fn exchange(nonce: &str) -> Exchange<'_> {
    Exchange {
        algorithm: Algorithm::MD5,
        nonce,
        cnonce: "0a4f113b",
        protection: Some(Protection {
            qop: Qop::Auth,
            nc: "00000001",
        }),
    }
}

fn response(c: &mut Criterion) {
    let nonces = nonces();
    let mut group = c.benchmark_group("digest MD5 auth, response value");
    let mut cycle = nonces.iter().cycle();
    group.bench_function("rfc2617-auth", |b| {
        b.iter(|| {
            let nonce = cycle.next().unwrap();
            let ha1 = Ha1::new(
                Hash::Md5,
                black_box("alice"),
                "atlanta.example.com",
                black_box("zanzibar"),
            );
            exchange(black_box(nonce)).response(&ha1, black_box(&REQUEST))
        });
    });
    let uri = rsip::Uri::try_from(REQUEST.uri).unwrap();
    let qop = rsip::headers::auth::AuthQop::Auth {
        cnonce: "0a4f113b".to_owned(),
        nc: 1,
    };
    let generator = |nonce| rsip::services::DigestGenerator {
        username: black_box("alice"),
        password: black_box("zanzibar"),
        nonce,
        uri: &uri,
        realm: "atlanta.example.com",
        method: &rsip::Method::Invite,
        qop: Some(&qop),
        algorithm: rsip::headers::auth::Algorithm::Md5,
    };
    let ha1 = Ha1::new(Hash::Md5, "alice", "atlanta.example.com", "zanzibar");
    let ours = exchange(&nonces[0]).response(&ha1, &REQUEST).to_string();
    assert_eq!(ours, generator(&nonces[0]).compute());
    group.bench_function("rsip", |b| {
        b.iter(|| generator(black_box(cycle.next().unwrap())).compute());
    });
    // What no implementation over this hash function can be faster than: one block each for H(A1)
    // and H(A2), three for the response.
    group.bench_function("five blocks of MD5", |b| {
        b.iter(|| {
            (
                Md5::digest(black_box([b'a'; 40])),
                Md5::digest(black_box([b'b'; 40])),
                Md5::digest(black_box([b'c'; 130])),
            )
        });
    });
    group.finish();

    let mut group = c.benchmark_group("digest MD5 auth, response value with HA1 kept");
    group.bench_function("rfc2617-auth", |b| {
        b.iter(|| {
            let nonce = cycle.next().unwrap();
            exchange(black_box(nonce)).response(black_box(&ha1), black_box(&REQUEST))
        });
    });
    group.bench_function("four blocks of MD5", |b| {
        b.iter(|| {
            (
                Md5::digest(black_box([b'b'; 40])),
                Md5::digest(black_box([b'c'; 130])),
            )
        });
    });
    group.finish();
}

fn challenge_to_header(c: &mut Criterion) {
    let challenges: Vec<_> = nonces()
        .iter()
        .map(|nonce| {
            format!(
                "Digest realm=\"atlanta.example.com\", qop=\"auth\", nonce=\"{nonce}\", \
                 opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", algorithm=MD5"
            )
        })
        .collect();
    let mut cycle = challenges.iter().cycle();
    let mut group = c.benchmark_group("digest, challenge to header");
    group.bench_function("rfc2617-auth", |b| {
        b.iter(|| {
            let row = black_box(cycle.next().unwrap()).as_bytes();
            let mut client = Client::new(ClientConfig::default(), black_box([7; 32]));
            let outcome = client.handle_challenges(&[], [(Challenger::Server, row)], |_, _| {
                Account::new(black_box("alice"), black_box("zanzibar")).ok()
            });
            assert!(outcome.retry());
            client.authorize(black_box(&REQUEST)).unwrap()
        });
    });
    group.bench_function("http-auth", |b| {
        b.iter(|| {
            let row = black_box(cycle.next().unwrap()).as_str();
            let mut client = http_auth::PasswordClient::try_from(row).unwrap();
            client
                .respond(&http_auth::PasswordParams {
                    username: black_box("alice"),
                    password: black_box("zanzibar"),
                    uri: REQUEST.uri,
                    method: REQUEST.method,
                    body: Some(REQUEST.body),
                })
                .unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, response, challenge_to_header);
criterion_main!(benches);
