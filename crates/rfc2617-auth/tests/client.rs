//! The client: which challenges it answers, how it counts, what it does not do twice.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2617_auth::{
    Account, Answer, Authorization, Challenger, Client, ClientConfig, DigestCredentials, Ha1, Hash,
    InfoError, Order, Outcome, Qop, Request, Scheme, SchemeError, Username,
};

const REQUEST: Request<'static> = Request {
    method: "INVITE",
    uri: "sip:bob@example.com",
    body: b"v=0\r\n",
};

fn client() -> Client {
    Client::new(ClientConfig::default(), [2; 32])
}

fn client_with(change: impl FnOnce(&mut ClientConfig)) -> Client {
    let mut config = ClientConfig::default();
    change(&mut config);
    Client::new(config, [2; 32])
}

fn challenge_with(
    client: &mut Client,
    sent: &[Authorization],
    rows: &[(Challenger, &str)],
    password: &str,
) -> Outcome {
    let rows = rows.iter().map(|(who, row)| (*who, row.as_bytes()));
    client.handle_challenges(sent, rows, |_, _| Account::new("alice", password).ok())
}

fn challenge(client: &mut Client, sent: &[Authorization], rows: &[&str]) -> Outcome {
    let rows: Vec<_> = rows.iter().map(|row| (Challenger::Server, *row)).collect();
    challenge_with(client, sent, &rows, "secret")
}

fn authorize(client: &mut Client) -> Vec<Authorization> {
    client.authorize(&REQUEST).unwrap()
}

fn with<T>(sent: &Authorization, get: impl FnOnce(DigestCredentials<'_>) -> T) -> T {
    let schemes = Scheme::parse_list(sent.header_value().as_bytes()).unwrap();
    assert_eq!(schemes.len(), 1);
    get(DigestCredentials::from_scheme(&schemes[0]).unwrap())
}

fn is_right(sent: &Authorization, password: &str, body: &[u8]) -> bool {
    with(sent, |credentials| {
        let hash = credentials.algorithm().hash();
        let ha1 = Ha1::new(hash, "alice", credentials.realm(), password);
        credentials.verify(&ha1, REQUEST.method, body)
    })
}

fn nc(sent: &Authorization) -> String {
    let value = sent.header_value();
    let at = value.find("nc=").unwrap();
    value[at + 3..]
        .chars()
        .take_while(char::is_ascii_hexdigit)
        .collect()
}

fn answer(outcome: &Outcome) -> Answer {
    outcome.realms().next().unwrap().2
}

const PLAIN: &str = "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"";

/// Case 6 of the hard SIP cases.
#[test]
fn case_06_a_folded_challenge_of_an_unknown_algorithm_is_reported() {
    let row = "Digest realm=\"one.att.net\",\r\n   nonce=\"abc\",\r\n   algorithm=AKAv1-MD5,\r\n   \
               qop=\"auth\"";
    let mut client = client();
    let outcome = challenge(&mut client, &[], &[row]);
    assert!(!outcome.retry());
    assert_eq!(
        outcome.realms().collect::<Vec<_>>(),
        [(
            Challenger::Server,
            "one.att.net",
            Answer::Unsupported(SchemeError::Algorithm)
        )]
    );
    assert!(authorize(&mut client).is_empty());
    let schemes = Scheme::parse_list(row.as_bytes()).unwrap();
    assert_eq!(
        &*schemes[0].param("algorithm").unwrap().value(),
        b"AKAv1-MD5"
    );
}

/// Case 13 of the hard SIP cases.
#[test]
fn case_13_the_topmost_supported_challenge_wins() {
    let aka = "Digest realm=\"r\", nonce=\"n0\", algorithm=AKAv1-MD5, qop=\"auth\"";
    let sha = "Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"";
    let md5 = "Digest realm=\"r\", nonce=\"n2\", algorithm=MD5, qop=\"auth\"";
    let one_row = format!("{sha}, {md5}");
    for (rows, nonce) in [
        (&[sha, md5][..], "n1"),
        (&[md5, sha][..], "n2"),
        (&[aka, md5, sha][..], "n2"),
        (&["Digest realm=\"broken", sha][..], "n1"),
        (&[one_row.as_str()][..], "n1"),
        (&["NTLM", "Foo realm=\"r\", x=y", sha][..], "n1"),
    ] {
        let mut client = client();
        assert!(challenge(&mut client, &[], rows).retry(), "{rows:?}");
        let sent = authorize(&mut client);
        assert_eq!(sent.len(), 1);
        assert!(is_right(&sent[0], "secret", b""));
        with(&sent[0], |c| assert_eq!(c.nonce(), nonce, "{rows:?}"));
    }
}

#[test]
fn the_strongest_wins_if_the_configuration_says_so() {
    let row = "Digest realm=\"r\", nonce=\"n1\", algorithm=MD5, qop=\"auth\", \
               Digest realm=\"r\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\", \
               Digest realm=\"r\", nonce=\"n3\", algorithm=SHA-512-256-sess, qop=\"auth\", \
               Digest realm=\"r\", nonce=\"n4\", algorithm=SHA-512-256, qop=\"auth\"";
    let mut client = client_with(|config| config.order = Order::Strongest);
    challenge(&mut client, &[], &[row]);
    with(&authorize(&mut client)[0], |c| assert_eq!(c.nonce(), "n3"));
}

/// Case 14 of the hard SIP cases.
#[test]
fn case_14_every_realm_of_server_and_proxies_is_answered_and_counted_by_itself() {
    let rows = [
        (
            Challenger::Server,
            "Digest realm=\"home\", nonce=\"n1\", qop=\"auth\"",
        ),
        (
            Challenger::Proxy,
            "Digest realm=\"a\", nonce=\"n2\", qop=\"auth\"",
        ),
        (
            Challenger::Proxy,
            "Digest realm=\"home\", nonce=\"n3\", qop=\"auth\"",
        ),
    ];
    let mut client = client();
    let outcome = challenge_with(&mut client, &[], &rows, "secret");
    assert_eq!(outcome.realms().count(), 3);
    let sent = authorize(&mut client);
    let seen: Vec<_> = sent
        .iter()
        .map(|sent| (sent.header_name(), sent.realm(), nc(sent)))
        .collect();
    assert_eq!(
        seen,
        [
            ("Authorization", "home", "00000001".to_owned()),
            ("Proxy-Authorization", "a", "00000001".to_owned()),
            ("Proxy-Authorization", "home", "00000001".to_owned()),
        ]
    );
    // One proxy finds its nonce stale: its count begins anew, those of the others go on.
    let stale = "Digest realm=\"a\", nonce=\"n4\", qop=\"auth\", stale=true";
    challenge_with(&mut client, &sent, &[(Challenger::Proxy, stale)], "secret");
    let counts: Vec<_> = authorize(&mut client)
        .iter()
        .map(|sent| with(sent, |c| (c.nonce().to_owned(), c.nonce_count())))
        .collect();
    assert_eq!(
        counts,
        [
            ("n1".to_owned(), Some(2)),
            ("n3".to_owned(), Some(2)),
            ("n4".to_owned(), Some(1)),
        ]
    );
}

#[test]
fn some_realms_without_an_account_do_not_keep_the_others_from_an_answer() {
    let mut client = client();
    let rows: [(Challenger, &[u8]); 2] = [
        (Challenger::Server, b"Digest realm=\"known\", nonce=\"n\""),
        (Challenger::Server, b"Digest realm=\"unknown\", nonce=\"n\""),
    ];
    let outcome = client.handle_challenges(&[], rows, |_, realm| {
        (realm == "known").then(|| Account::new("alice", "secret").unwrap())
    });
    assert!(outcome.retry());
    let answers: Vec<_> = outcome.realms().map(|(_, _, answer)| answer).collect();
    assert_eq!(answers, [Answer::Ready, Answer::NoAccount]);
    assert_eq!(authorize(&mut client).len(), 1);
}

#[test]
fn defect_auth_int_is_computed_over_the_true_body() {
    let mut client = client();
    challenge(
        &mut client,
        &[],
        &["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\""],
    );
    let sent = authorize(&mut client);
    with(&sent[0], |c| assert_eq!(c.qop(), Some(Qop::AuthInt)));
    assert!(is_right(&sent[0], "secret", b"v=0\r\n"));
    assert!(!is_right(&sent[0], "secret", b""));
    // Each request has its own.
    let request = Request {
        body: b"",
        ..REQUEST
    };
    let sent = client.authorize(&request).unwrap();
    assert!(is_right(&sent[0], "secret", b""));
}

#[test]
fn auth_is_preferred_unless_the_configuration_says_otherwise() {
    let both = ["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int,auth\""];
    let mut plain = client();
    challenge(&mut plain, &[], &both);
    with(&authorize(&mut plain)[0], |c| {
        assert_eq!(c.qop(), Some(Qop::Auth))
    });
    let mut integrity = client_with(|config| config.prefer_auth_int = true);
    challenge(&mut integrity, &[], &both);
    with(&authorize(&mut integrity)[0], |c| {
        assert_eq!(c.qop(), Some(Qop::AuthInt));
    });
}

#[test]
fn defect_session_variants_use_both_nonces() {
    let mut client = client();
    let row = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5-sess";
    challenge(&mut client, &[], &[row]);
    let sent = authorize(&mut client);
    assert!(is_right(&sent[0], "secret", b""));
    let as_plain = sent[0].header_value().replace("MD5-sess", "MD5");
    let schemes = Scheme::parse_list(as_plain.as_bytes()).unwrap();
    let credentials = DigestCredentials::from_scheme(&schemes[0]).unwrap();
    let ha1 = Ha1::new(Hash::Md5, "alice", "r", "secret");
    assert!(!credentials.verify(&ha1, "INVITE", b""));
}

#[test]
fn defect_the_count_rises_in_eight_lower_case_digits() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    for count in 1..=300 {
        let sent = authorize(&mut client);
        assert_eq!(nc(&sent[0]), format!("{count:08x}"));
        assert!(is_right(&sent[0], "secret", b""));
    }
}

#[test]
fn defect_a_new_nonce_resets_the_count() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    authorize(&mut client);
    let sent = authorize(&mut client);
    assert_eq!(nc(&sent[0]), "00000002");
    let stale = "Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", stale=true";
    assert!(challenge(&mut client, &sent, &[stale]).retry());
    let sent = authorize(&mut client);
    assert_eq!(nc(&sent[0]), "00000001");
    let info = client
        .handle_info(&sent[0], b"nextnonce=\"n3\"", b"")
        .unwrap();
    assert!(info.next_nonce && !info.proven);
    let sent = authorize(&mut client);
    assert_eq!(nc(&sent[0]), "00000001");
    with(&sent[0], |c| assert_eq!(c.nonce(), "n3"));
    assert!(is_right(&sent[0], "secret", b""));
}

#[test]
fn a_challenge_is_not_answered_twice_with_the_same_secret() {
    for again in [PLAIN, "Digest realm=\"r\", nonce=\"n2\", qop=\"auth\""] {
        let mut client = client();
        challenge(&mut client, &[], &[PLAIN]);
        let sent = authorize(&mut client);
        let outcome = challenge(&mut client, &sent, &[again]);
        assert!(!outcome.retry());
        assert_eq!(answer(&outcome), Answer::Refused);
        // Nor does another request take it along, or answer the challenge that refused it.
        assert!(authorize(&mut client).is_empty());
        assert_eq!(
            answer(&challenge(&mut client, &[], &[PLAIN])),
            Answer::Refused
        );
        let rows = [(Challenger::Server, again)];
        let outcome = challenge_with(&mut client, &sent, &rows, "another");
        assert!(outcome.retry());
        assert!(is_right(&authorize(&mut client)[0], "another", b""));
    }
}

#[test]
fn a_nonce_goes_on_counting_with_another_secret() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    let sent = authorize(&mut client);
    challenge_with(
        &mut client,
        &sent,
        &[(Challenger::Server, PLAIN)],
        "another",
    );
    assert_eq!(nc(&authorize(&mut client)[0]), "00000002");
}

#[test]
fn a_stale_nonce_is_replaced_without_asking_for_the_account_again() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    let sent = authorize(&mut client);
    let stale = b"Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", stale=\"TRUE\"";
    let rows = [(Challenger::Server, &stale[..])];
    let outcome = client.handle_challenges(&sent, rows, |_, _| panic!("asked"));
    assert!(outcome.retry());
    // A nonce that is stale at once, and still the same, is a refusal.
    let sent = authorize(&mut client);
    let outcome = challenge(&mut client, &sent, &[core::str::from_utf8(stale).unwrap()]);
    assert_eq!(answer(&outcome), Answer::Refused);
}

#[test]
fn an_accepted_secret_survives_a_new_nonce_that_nobody_called_stale() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    let sent = authorize(&mut client);
    client.handle_success(&sent);
    let sent = authorize(&mut client);
    let next = "Digest realm=\"r\", nonce=\"n2\", qop=\"auth\"";
    assert!(challenge(&mut client, &sent, &[next]).retry());
    // Once: if that is refused too, the secret has been changed.
    let sent = authorize(&mut client);
    let third = "Digest realm=\"r\", nonce=\"n3\", qop=\"auth\"";
    assert_eq!(
        answer(&challenge(&mut client, &sent, &[third])),
        Answer::Refused
    );
}

#[test]
fn endless_challenges_end() {
    let stale = |n: usize| format!("Digest realm=\"r\", nonce=\"n{n}\", qop=\"auth\", stale=true");
    let realms = |n: usize| format!("Digest realm=\"r{n}\", nonce=\"n\", qop=\"auth\"");
    for row in [&stale as &dyn Fn(usize) -> String, &realms] {
        let mut client = client();
        let mut sent = Vec::new();
        let rounds = (0..100).take_while(|n| {
            let outcome = challenge(&mut client, &sent, &[&row(*n)]);
            sent = authorize(&mut client);
            outcome.retry()
        });
        assert_eq!(rounds.count(), 6);
    }
}

#[test]
fn requests_at_the_same_time_share_a_nonce_and_its_count() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    let first = authorize(&mut client);
    // The second was sent before the first challenge came, and got the same nonce.
    assert!(challenge(&mut client, &[], &[PLAIN]).retry());
    let second = authorize(&mut client);
    assert_eq!(
        (nc(&first[0]), nc(&second[0])),
        ("00000001".into(), "00000002".into())
    );
    // A third got another nonce: that one is used from then on.
    let other = "Digest realm=\"r\", nonce=\"n2\", qop=\"auth\"";
    assert!(challenge(&mut client, &[], &[other]).retry());
    assert_eq!(nc(&authorize(&mut client)[0]), "00000001");
}

#[test]
fn requests_at_the_same_time_do_not_refuse_each_other() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    let sent = authorize(&mut client);
    client.handle_success(&sent);
    let first = authorize(&mut client);
    let second = authorize(&mut client);
    // The server has changed its nonce meanwhile, and challenges both by new ones.
    for (sent, row) in [
        (first, "Digest realm=\"r\", nonce=\"n2\", qop=\"auth\""),
        (second, "Digest realm=\"r\", nonce=\"n3\", qop=\"auth\""),
    ] {
        assert!(challenge(&mut client, &sent, &[row]).retry());
        assert_eq!(nc(&authorize(&mut client)[0]), "00000001");
    }
}

#[test]
fn memory_is_bounded() {
    let mut client = client_with(|config| config.realms = 3);
    let rows: Vec<_> = (0..100)
        .map(|n| format!("Digest realm=\"r{n}\", nonce=\"n\""))
        .collect();
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    assert_eq!(challenge(&mut client, &[], &rows).realms().count(), 3);
    for row in rows {
        challenge(&mut client, &[], &[row]);
    }
    let sent = authorize(&mut client);
    let realms: Vec<_> = sent.iter().map(Authorization::realm).collect();
    assert_eq!(realms, ["r97", "r98", "r99"]);
    client.forget();
    assert!(authorize(&mut client).is_empty());
}

#[test]
fn digest_is_preferred_to_basic_and_basic_must_be_allowed() {
    let basic = "Basic realm=\"r\"";
    let digest = "Digest realm=\"r\", nonce=\"n\"";
    let mut strict = client();
    assert_eq!(
        answer(&challenge(&mut strict, &[], &[basic])),
        Answer::Forbidden
    );
    let mut lax = client_with(|config| config.basic = true);
    assert!(challenge(&mut lax, &[], &[basic, digest]).retry());
    assert!(authorize(&mut lax)[0].header_value().starts_with("Digest "));
    let mut lax = client_with(|config| config.basic = true);
    assert!(challenge(&mut lax, &[], &[basic]).retry());
    let sent = authorize(&mut lax);
    assert_eq!(sent[0].header_value(), "Basic YWxpY2U6c2VjcmV0");
    assert!(!format!("{:?} {lax:?}", sent[0]).contains("YWxp"));
    assert_eq!(
        answer(&challenge(&mut lax, &sent, &[basic])),
        Answer::Refused
    );
}

#[test]
fn md5_can_be_forbidden() {
    let mut client = client_with(|config| config.md5 = false);
    assert_eq!(
        answer(&challenge(&mut client, &[], &[PLAIN])),
        Answer::Forbidden
    );
    let sha = "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
    assert!(challenge(&mut client, &[], &[PLAIN, sha]).retry());
}

#[test]
fn a_stored_secret_answers_the_challenge_of_its_hash_function() {
    let rows: [(Challenger, &[u8]); 2] = [
        (
            Challenger::Server,
            b"Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256",
        ),
        (Challenger::Server, b"Digest realm=\"r\", nonce=\"n2\""),
    ];
    let stored = || Ha1::new(Hash::Md5, "alice", "r", "secret");
    let mut client = client();
    let account = |_: Challenger, _: &str| Account::with_ha1("alice", vec![stored()]).ok();
    assert!(client.handle_challenges(&[], rows, account).retry());
    assert!(is_right(&authorize(&mut client)[0], "secret", b""));
    let outcome = client.handle_challenges(&[], [rows[0]], account);
    assert_eq!(answer(&outcome), Answer::NoAccount);
}

/// RFC 2069: neither quality, count nor client nonce.
#[test]
fn a_challenge_without_qop_gets_the_answer_of_rfc2069() {
    let mut client = client();
    let row = "Digest realm=\"r\", nonce=\"n\", opaque=\"o\", algorithm=MD5";
    challenge(&mut client, &[], &[row]);
    let value = authorize(&mut client)[0].header_value().to_owned();
    let (before, after) = value.split_once("response=\"").unwrap();
    assert_eq!(
        before,
        "Digest username=\"alice\", realm=\"r\", nonce=\"n\", uri=\"sip:bob@example.com\", "
    );
    assert_eq!(&after[32..], "\", algorithm=MD5, opaque=\"o\"");
}

#[test]
fn names_are_hashed_or_extended_as_the_challenge_asks() {
    for (asks, username) in [
        ("", "username=\"Jäsøn Doe\""),
        (", charset=UTF-8", "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"),
        (
            ", charset=UTF-8, userhash=true",
            "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"",
        ),
    ] {
        let row = format!(
            "Digest realm=\"api@example.org\", nonce=\"n\", qop=\"auth\", algorithm=SHA-512-256{asks}"
        );
        let mut client = client();
        client.handle_challenges(&[], [(Challenger::Server, row.as_bytes())], |_, _| {
            Account::new("Jäsøn Doe", "Secret, or not?").ok()
        });
        let sent = authorize(&mut client);
        let value = sent[0].header_value();
        assert!(
            value.starts_with(&format!("Digest {username}, ")),
            "{value}"
        );
        assert_eq!(
            value.ends_with(", userhash=true"),
            asks.contains("userhash")
        );
        with(&sent[0], |credentials| {
            let ha1 = Ha1::new(
                Hash::Sha512_256,
                "Jäsøn Doe",
                "api@example.org",
                "Secret, or not?",
            );
            assert!(credentials.verify(&ha1, "INVITE", b""));
            assert_eq!(
                matches!(credentials.username(), Username::Hashed(_)),
                asks.contains("userhash")
            );
        });
    }
}

/// What the server proves, of the exchange that the client has made.
fn info_for(sent: &Authorization, body: &[u8]) -> String {
    with(sent, |credentials| {
        let ha1 = Ha1::new(Hash::Md5, "alice", "r", "secret");
        let exchange = credentials.exchange();
        format!(
            "rspauth=\"{}\", cnonce=\"{}\", nc={}, qop={}, nextnonce=\"n2\"",
            exchange.rspauth(&ha1, credentials.uri(), body),
            exchange.cnonce,
            exchange.protection.unwrap().nc,
            credentials.qop().unwrap(),
        )
    })
}

#[test]
fn the_proof_of_the_server_is_checked_before_anything_else_is_believed() {
    let mut client = client();
    challenge(
        &mut client,
        &[],
        &["Digest realm=\"r\", nonce=\"n1\", qop=\"auth-int\""],
    );
    let sent = authorize(&mut client).remove(0);
    let info = info_for(&sent, b"body");
    for wrong in [
        info.replace("rspauth=\"", "rspauth=\"0"),
        info.replace("nc=00000001", "nc=00000002"),
        info.replace("cnonce=\"", "cnonce=\"0"),
        info.replace("qop=auth-int", "qop=auth"),
    ] {
        let seen = client.handle_info(&sent, wrong.as_bytes(), b"body");
        assert_eq!(seen, Err(InfoError::Mismatch), "{wrong}");
    }
    let changed = client.handle_info(&sent, info.as_bytes(), b"Body");
    assert_eq!(changed, Err(InfoError::Mismatch));
    with(&authorize(&mut client)[0], |c| assert_eq!(c.nonce(), "n1"));

    let seen = client.handle_info(&sent, info.as_bytes(), b"body").unwrap();
    assert!(seen.proven && seen.next_nonce);
    with(&authorize(&mut client)[0], |c| assert_eq!(c.nonce(), "n2"));
    // The answer to a request before that one brings the session nowhere else.
    let late = client.handle_info(&sent, info.replace("\"n2\"", "\"n9\"").as_bytes(), b"body");
    assert!(!late.unwrap().next_nonce);
}

#[test]
fn client_nonces_differ_between_challenges_and_stay_within_one() {
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    let cnonce = |sent: &[Authorization]| with(&sent[0], |c| c.cnonce().unwrap().to_owned());
    let first = cnonce(&authorize(&mut client));
    assert_eq!(first, cnonce(&authorize(&mut client)));
    assert_eq!(first.len(), 16);
    challenge(
        &mut client,
        &[],
        &["Digest realm=\"r\", nonce=\"n2\", qop=\"auth\""],
    );
    assert_ne!(first, cnonce(&authorize(&mut client)));
}

#[test]
fn nothing_breaks_out_of_a_header() {
    assert!(Account::new("a\r\nX: y", "p").is_err());
    let mut client = client();
    challenge(&mut client, &[], &[PLAIN]);
    for request in [
        Request {
            uri: "sip:a\r\nX: y",
            ..REQUEST
        },
        Request {
            uri: "sip:a\", x=\"",
            ..REQUEST
        },
        Request {
            method: "A\nB",
            ..REQUEST
        },
    ] {
        assert!(client.authorize(&request).is_err());
    }
    // A fold within a realm becomes a space.
    let mut client = self::client();
    challenge(&mut client, &[], &["Digest realm=\"a\r\n b\", nonce=\"n\""]);
    let value = authorize(&mut client)[0].header_value().to_owned();
    assert!(value.contains("realm=\"a b\"") && !value.contains('\n'));
}

#[test]
fn backslashes_and_quotation_marks_come_back_escaped() {
    let mut client = client();
    let row = "Digest realm=\"a \\\"b\\\"\", nonce=\"n\\\\n\", opaque=\"\\\"\"";
    challenge(&mut client, &[], &[row]);
    let sent = authorize(&mut client);
    let value = sent[0].header_value();
    assert!(
        value.contains("realm=\"a \\\"b\\\"\", nonce=\"n\\\\n\""),
        "{value}"
    );
    assert!(value.ends_with("opaque=\"\\\"\""), "{value}");
    assert!(is_right(&sent[0], "secret", b""));
}
