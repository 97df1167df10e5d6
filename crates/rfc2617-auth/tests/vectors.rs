//! Responses printed in RFCs, computed by others, and recorded from other implementations.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use rfc2617_auth::{
    Algorithm, DigestChallenge, DigestCredentials, Exchange, Ha1, Hash, Protection, Qop, Request,
    Scheme, Username,
};

type Block = HashMap<String, String>;

/// The blocks of a file, by name.
fn blocks(text: &str) -> Vec<(String, Block)> {
    let mut blocks: Vec<(String, Block)> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            blocks.push((name.to_owned(), Block::new()));
            continue;
        }
        let (name, value) = line.split_once(" = ").unwrap();
        let block = &mut blocks.last_mut().unwrap().1;
        block.insert(name.to_owned(), value.to_owned());
    }
    blocks
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn response(block: &Block) -> String {
    let get = |name: &str| block.get(name).map_or("", String::as_str);
    let algorithm = Algorithm::from_name(get("algorithm")).unwrap();
    let ha1 = Ha1::new(
        algorithm.hash(),
        get("username"),
        get("realm"),
        get("password"),
    );
    let exchange = Exchange {
        algorithm,
        nonce: get("nonce"),
        cnonce: get("cnonce"),
        protection: block.get("qop").map(|qop| Protection {
            qop: Qop::from_name(qop).unwrap(),
            nc: get("nc"),
        }),
    };
    let request = Request {
        method: get("method"),
        uri: get("uri"),
        body: &unhex(get("body")),
    };
    exchange.response(&ha1, &request).to_string()
}

fn check(chosen: impl Fn(&str) -> bool, expected: usize) {
    let blocks = blocks(include_str!("vectors/responses.txt"));
    let chosen: Vec<_> = blocks.iter().filter(|(name, _)| chosen(name)).collect();
    assert_eq!(chosen.len(), expected);
    for (name, block) in chosen {
        assert_eq!(response(block), block["response"], "{name}");
    }
}

#[test]
fn rfc2617_3_5() {
    check(|name| name.starts_with("RFC 2617 §3.5"), 1);
}

#[test]
fn rfc7616_3_9_1_both_algorithms() {
    check(|name| name.starts_with("RFC 7616 §3.9.1"), 2);
}

#[test]
fn rfc7616_3_9_2_as_erratum_4897_has_it() {
    check(|name| name.starts_with("RFC 7616 §3.9.2"), 1);
}

#[test]
fn computed_by_others() {
    check(|name| name.starts_with("generated"), 17);
}

#[test]
fn rfc7616_3_9_2_userhash() {
    let hash = Hash::Sha512_256.userhash("Jäsøn Doe", "api@example.org");
    assert_eq!(
        hash.as_str(),
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    );
}

#[test]
fn rfc8760_2_6_an_empty_body_is_hashed_as_such() {
    // SHA-256("") printed there stands for the body in A2.
    let ha1 = Ha1::new(Hash::Sha256, "a", "b", "c");
    let exchange = |qop| Exchange {
        algorithm: Algorithm::SHA_256,
        nonce: "n",
        cnonce: "c",
        protection: Some(Protection {
            qop,
            nc: "00000001",
        }),
    };
    let of = |qop, uri, body: &[u8]| {
        let request = Request {
            method: "INVITE",
            uri,
            body,
        };
        exchange(qop).response(&ha1, &request)
    };
    let empty = of(Qop::AuthInt, "sip:b@example.com", b"");
    assert_ne!(empty, of(Qop::Auth, "sip:b@example.com", b""));
    assert_ne!(empty, of(Qop::AuthInt, "sip:b@example.com", b" "));
    assert_eq!(
        empty.as_str(),
        "83042067e7abc13a062ca6d0da0119fa56db83f21fb372eddbdb8ef7fe6a04ee"
    );
}

#[test]
fn recorded_credentials_verify() {
    let blocks = blocks(include_str!("vectors/recorded.txt"));
    assert_eq!(blocks.len(), 21);
    for (name, block) in blocks {
        let challenges = Scheme::parse_list(block["challenge"].as_bytes()).unwrap();
        let challenge = DigestChallenge::from_scheme(&challenges[0]).unwrap();
        let schemes = Scheme::parse_list(block["credentials"].as_bytes()).unwrap();
        let credentials = DigestCredentials::from_scheme(&schemes[0]).unwrap();
        assert_eq!(credentials.nonce(), challenge.nonce(), "{name}");
        assert_eq!(credentials.realm(), challenge.realm(), "{name}");
        assert_eq!(credentials.opaque(), challenge.opaque(), "{name}");
        assert!(challenge.qop().offers(credentials.qop()), "{name}");
        let Username::Plain(username) = credentials.username() else {
            panic!("{name}");
        };
        let ha1 = Ha1::new(Hash::Md5, username, credentials.realm(), &block["password"]);
        let right = credentials.verify(&ha1, &block["method"], b"");
        assert_eq!(right, !block.contains_key("refused"), "{name}");
        assert!(!credentials.verify(&ha1, "MESSAGE", b""), "{name}");
    }
}

/// The example of RFC 2617 §3.5 and what follows from it, computed with Python's hashlib.
#[test]
fn rfc2617_3_5_and_its_variants() {
    let ha1 = Ha1::new(Hash::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
    let exchange = |algorithm, qop: Option<Qop>| Exchange {
        algorithm,
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        cnonce: "0a4f113b",
        protection: qop.map(|qop| Protection {
            qop,
            nc: "00000001",
        }),
    };
    let request = Request {
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    };
    let auth = exchange(Algorithm::MD5, Some(Qop::Auth));
    assert_eq!(
        auth.rspauth(&ha1, request.uri, b"answer").as_str(),
        "376602cfd2f4e8e5e78b948a85263e85"
    );
    let auth_int = exchange(Algorithm::MD5, Some(Qop::AuthInt));
    assert_eq!(
        auth_int.rspauth(&ha1, request.uri, b"answer").as_str(),
        "c743c0b5f9d43757d18a6fe7d0aa0148"
    );
    let rfc2069 = exchange(Algorithm::MD5, None);
    assert_eq!(
        rfc2069.response(&ha1, &request).as_str(),
        "670fd8c2df070c60b045671b8b24ff02"
    );
    let sess = exchange(Algorithm::MD5_SESS, Some(Qop::Auth));
    assert_eq!(
        sess.response(&ha1, &request).as_str(),
        "8e3825c57e897f5a0dec6c2d4e5059d0"
    );
}
