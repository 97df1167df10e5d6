//! Our client and our server agree: over all algorithms, qualities of protection and session
//! variants, for any names, passwords, URIs and bodies.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::time::Duration;

use proptest::prelude::*;
use proptest::string::string_regex;
use rfc2617_auth::{
    Account, Algorithm, Authorization, Challenger, Client, ClientConfig, DigestServer, Ha1,
    QopOptions, Reason, Replay, Request, ServerConfig, Username, Verdict,
};

const NOW: Duration = Duration::from_secs(1_800_000_000);
const QOPS: [QopOptions; 4] = [
    QopOptions::Absent,
    QopOptions::Auth,
    QopOptions::AuthInt,
    QopOptions::Both,
];

struct User<'a> {
    realm: &'a str,
    username: &'a str,
    password: &'a str,
}

fn judge(
    server: &mut DigestServer,
    user: &User<'_>,
    request: &Request<'_>,
    sent: &[Authorization],
) -> Verdict {
    let rows = sent.iter().map(|sent| sent.header_value().as_bytes());
    server.verify(NOW, b"192.0.2.1", request, rows, |claim| {
        let known = match claim.username {
            Username::Plain(name) => name == user.username,
            Username::Hashed(hash) => claim
                .hash
                .userhash(user.username, claim.realm)
                .matches(hash),
        };
        known.then(|| Ha1::new(claim.hash, user.username, claim.realm, user.password))
    })
}

/// Challenge, three requests, proofs of the server, a new nonce, and what must be refused.
fn converse(
    algorithm: Algorithm,
    qop: QopOptions,
    (userhash, charset_utf8): (bool, bool),
    user: &User<'_>,
    request: &Request<'_>,
) {
    let mut config = ServerConfig::new(user.realm);
    config.algorithms = vec![algorithm];
    config.qop = qop;
    config.userhash = userhash;
    config.charset_utf8 = charset_utf8;
    config.opaque = Some("5ccc \"x\"".to_owned());
    config.renew_after = Some(Duration::ZERO);
    config.replay = Replay::Counted { nonces: 10 };
    let mut server = DigestServer::new(config, [1; 32]).unwrap();
    let mut client = Client::new(ClientConfig::default(), [2; 32]);

    let challenges = server.challenges(NOW, b"192.0.2.1", Reason::Missing);
    let rows = || {
        challenges
            .iter()
            .map(|row| (Challenger::Server, row.as_bytes()))
    };
    let outcome = client.handle_challenges(&[], rows(), |_, _| {
        Account::new(user.username, user.password).ok()
    });
    assert!(outcome.retry(), "{outcome:?}");
    let counted = qop != QopOptions::Absent;
    for round in 1..=3 {
        let sent = client.authorize(request).unwrap();
        assert_eq!(sent.len(), 1);
        let verdict = judge(&mut server, user, request, &sent);
        let Verdict::Accepted(accepted) = verdict else {
            // Without counts, a nonce is good for one request, and nextnonce brings no other in
            // session variants.
            assert!(!counted && algorithm.is_sess() && round > 1, "{verdict:?}");
            assert!(matches!(verdict, Verdict::Challenge(Reason::Stale)));
            continue;
        };
        let replayed = judge(&mut server, user, request, &sent);
        assert!(matches!(replayed, Verdict::Challenge(Reason::Stale)));
        let other = Request {
            method: "OTHER",
            ..*request
        };
        let refused = judge(&mut server, user, &other, &sent);
        assert!(matches!(refused, Verdict::Challenge(Reason::Rejected)));
        client.handle_success(&sent);
        let info = server.authentication_info(NOW, b"192.0.2.1", &accepted, b"answer");
        assert_eq!(info.is_some(), counted || !algorithm.is_sess());
        if let Some(info) = info {
            let seen = client
                .handle_info(&sent[0], info.as_bytes(), b"answer")
                .unwrap();
            assert_eq!(seen.proven, counted);
            assert_eq!(seen.next_nonce, !algorithm.is_sess());
        }
    }
    let sent = client.authorize(request).unwrap();
    let wrong = User {
        password: "another",
        ..*user
    };
    let refused = judge(&mut server, &wrong, request, &sent);
    assert!(matches!(refused, Verdict::Challenge(Reason::Rejected)));
}

#[test]
fn over_all_combinations() {
    let user = User {
        realm: "a \"quoted\" realm",
        username: "Jäsøn Doe",
        password: "Secret, or: not?",
    };
    let request = Request {
        method: "INVITE",
        uri: "sip:bob@biloxi.example.com;transport=tcp",
        body: b"v=0\r\n",
    };
    for algorithm in Algorithm::ALL {
        for qop in QOPS {
            for asks in [(false, false), (true, false), (false, true), (true, true)] {
                converse(algorithm, qop, asks, &user, &request);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn for_any_names_and_bodies(
        algorithm in proptest::sample::select(&Algorithm::ALL[..]),
        qop in proptest::sample::select(&QOPS[..]),
        asks in any::<(bool, bool)>(),
        realm in string_regex("[\\PC&&[^\u{7f}-\u{9f}]]{0,40}").unwrap(),
        username in string_regex("\\PC{0,40}").unwrap(),
        password in string_regex("\\PC{0,300}").unwrap(),
        method in string_regex("[A-Z]{1,10}").unwrap(),
        uri in string_regex("[!-~&&[^\"\\\\]]{1,200}").unwrap(),
        body in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        prop_assume!(password != "another");
        let user = User { realm: &realm, username: &username, password: &password };
        let request = Request { method: &method, uri: &uri, body: &body };
        converse(algorithm, qop, asks, &user, &request);
    }
}
