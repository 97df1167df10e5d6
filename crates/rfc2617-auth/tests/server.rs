//! The server: what it challenges with, what it accepts, what it remembers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::time::Duration;

use rfc2617_auth::{
    Accepted, Account, Algorithm, Challenger, Client, ClientConfig, DigestServer, Ha1, Hash,
    QopOptions, Reason, Replay, Request, SchemeError, ServerConfig, UriRule, Username, Verdict,
};

const NOW: Duration = Duration::from_secs(1_800_000_000);
const HOME: &[u8] = b"192.0.2.1";
const REQUEST: Request<'static> = Request {
    method: "REGISTER",
    uri: "sip:interop",
    body: b"",
};

fn server_with(change: impl FnOnce(&mut ServerConfig)) -> DigestServer {
    let mut config = ServerConfig::new("interop");
    change(&mut config);
    DigestServer::new(config, [1; 32]).unwrap()
}

fn server() -> DigestServer {
    server_with(|_| ())
}

/// A client that has been challenged.
fn client_of(server: &mut DigestServer, now: Duration, password: &str) -> Client {
    let mut client = Client::new(ClientConfig::default(), [2; 32]);
    let challenges = server.challenges(now, HOME, Reason::Missing);
    let rows = challenges
        .iter()
        .map(|row| (Challenger::Server, row.as_bytes()));
    let account = |_: Challenger, _: &str| Account::new("alice", password).ok();
    assert!(client.handle_challenges(&[], rows, account).retry());
    client
}

fn credentials(client: &mut Client) -> String {
    client.authorize(&REQUEST).unwrap()[0]
        .header_value()
        .to_owned()
}

fn judge_at(server: &mut DigestServer, now: Duration, origin: &[u8], value: &str) -> Verdict {
    server.verify(now, origin, &REQUEST, [value.as_bytes()], |claim| {
        let alice = *claim.username == Username::Plain("alice".into());
        alice.then(|| Ha1::new(claim.hash, "alice", claim.realm, "secret"))
    })
}

fn judge(server: &mut DigestServer, value: &str) -> Verdict {
    judge_at(server, NOW, HOME, value)
}

#[track_caller]
fn accepted(verdict: Verdict) -> Accepted {
    match verdict {
        Verdict::Accepted(accepted) => *accepted,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn challenged(verdict: Verdict) -> Reason {
    match verdict {
        Verdict::Challenge(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_algorithm_has_its_challenge_in_the_order_of_preference() {
    let mut server = server_with(|config| {
        config.opaque = Some("o".to_owned());
        config.domain = Some("/a /b".to_owned());
        config.charset_utf8 = true;
        config.userhash = true;
        config.qop = QopOptions::Both;
        config.algorithms.push(Algorithm::SHA_256);
    });
    let rows = server.challenges(NOW, HOME, Reason::Stale);
    assert_eq!(rows.len(), 2);
    for (row, algorithm) in rows.iter().zip(["SHA-256", "MD5"]) {
        let (before, rest) = row.split_once(", nonce=\"").unwrap();
        let (nonce, after) = rest.split_once('"').unwrap();
        assert_eq!(before, "Digest realm=\"interop\", domain=\"/a /b\"");
        assert!(nonce.len() == 56 && nonce.bytes().all(|b| b.is_ascii_hexdigit()));
        let expected = format!(
            ", opaque=\"o\", stale=true, algorithm={algorithm}, qop=\"auth,auth-int\", \
             charset=UTF-8, userhash=true"
        );
        assert_eq!(after, expected);
    }
    let fresh = server.challenges(NOW, HOME, Reason::Rejected);
    assert!(!fresh[0].contains("stale"));
    assert_ne!(rows[0].get(60..), fresh[0].get(60..));
}

#[test]
fn unknown_users_and_wrong_secrets_are_not_told_apart() {
    let mut server = server();
    let wrong = credentials(&mut client_of(&mut server, NOW, "wrong"));
    assert_eq!(challenged(judge(&mut server, &wrong)), Reason::Rejected);
    let right = credentials(&mut client_of(&mut server, NOW, "secret"));
    let nobody = server.verify(NOW, HOME, &REQUEST, [right.as_bytes()], |_| None);
    assert_eq!(challenged(nobody), Reason::Rejected);
    // The secret that stands in for an unknown user's lets nobody in.
    let mut client = Client::new(ClientConfig::default(), [2; 32]);
    let challenges = server.challenges(NOW, HOME, Reason::Missing);
    let rows = challenges
        .iter()
        .map(|row| (Challenger::Server, row.as_bytes()));
    client.handle_challenges(&[], rows, |_, _| {
        let nobody = [Hash::Md5, Hash::Sha256].map(|hash| Ha1::new(hash, "", "", ""));
        Account::with_ha1("mallory", nobody.to_vec()).ok()
    });
    let value = credentials(&mut client);
    assert_eq!(challenged(judge(&mut server, &value)), Reason::Rejected);
    accepted(judge(&mut server, &right));
}

#[test]
fn a_nonce_that_is_too_old_is_stale_but_a_wrong_secret_is_wrong() {
    let mut server = server();
    let mut right = client_of(&mut server, NOW, "secret");
    let mut wrong = client_of(&mut server, NOW, "wrong");
    let life = Duration::from_secs(300);
    let value = credentials(&mut right);
    accepted(judge_at(&mut server, NOW + life, HOME, &value));
    let late = NOW + life + Duration::from_millis(1);
    let value = credentials(&mut right);
    assert_eq!(
        challenged(judge_at(&mut server, late, HOME, &value)),
        Reason::Stale
    );
    let value = credentials(&mut wrong);
    assert_eq!(
        challenged(judge_at(&mut server, late, HOME, &value)),
        Reason::Rejected
    );
}

#[test]
fn a_nonce_of_another_address_or_key_is_stale() {
    let mut server = server();
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    let moved = judge_at(&mut server, NOW, b"192.0.2.2", &value);
    assert_eq!(challenged(moved), Reason::Stale);
    let mut other = DigestServer::new(ServerConfig::new("interop"), [9; 32]).unwrap();
    assert_eq!(challenged(judge(&mut other, &value)), Reason::Stale);
    accepted(judge(&mut server, &value));
}

#[test]
fn a_clock_that_goes_back_locks_nobody_out() {
    let mut server = server();
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    accepted(judge_at(
        &mut server,
        NOW - Duration::from_secs(10),
        HOME,
        &value,
    ));
}

#[test]
fn each_count_is_accepted_once_in_any_order() {
    let mut server = server();
    let mut client = client_of(&mut server, NOW, "secret");
    let values: Vec<_> = (0..100).map(|_| credentials(&mut client)).collect();
    for index in [1, 0, 2, 64, 3] {
        let seen = accepted(judge(&mut server, &values[index]));
        assert_eq!(seen.nonce_count(), Some(u32::try_from(index).unwrap() + 1));
    }
    // 70 would be new, but 0 to 6 are then too far behind.
    accepted(judge(&mut server, &values[70]));
    for index in [1, 2, 4, 6, 64, 70] {
        let verdict = judge(&mut server, &values[index]);
        assert_eq!(challenged(verdict), Reason::Stale, "{index}");
    }
    accepted(judge(&mut server, &values[7]));
}

#[test]
fn a_stateless_server_accepts_a_nonce_for_its_life_wherever_the_key_is() {
    let stateless = |config: &mut ServerConfig| config.replay = Replay::Stateless;
    let (mut one, mut other) = (server_with(stateless), server_with(stateless));
    let value = credentials(&mut client_of(&mut one, NOW, "secret"));
    for _ in 0..3 {
        accepted(judge(&mut one, &value));
        accepted(judge(&mut other, &value));
    }
}

#[test]
fn wrong_secrets_take_up_no_room() {
    let mut server = server_with(|config| config.replay = Replay::Counted { nonces: 1 });
    let mut client = client_of(&mut server, NOW, "secret");
    let value = credentials(&mut client);
    accepted(judge(&mut server, &value));
    for _ in 0..200 {
        let wrong = credentials(&mut client_of(&mut server, NOW, "wrong"));
        assert_eq!(challenged(judge(&mut server, &wrong)), Reason::Rejected);
    }
    let value = credentials(&mut client);
    accepted(judge(&mut server, &value));
    // A right one does: the older nonce is stale from then on, its replay too.
    let another = credentials(&mut client_of(&mut server, NOW, "secret"));
    accepted(judge(&mut server, &another));
    assert_eq!(challenged(judge(&mut server, &value)), Reason::Stale);
    let value = credentials(&mut client);
    assert_eq!(challenged(judge(&mut server, &value)), Reason::Stale);
}

/// What other clients write differently, and mean the same by.
#[test]
fn counts_and_responses_are_accepted_in_upper_case() {
    let mut server = server_with(|config| config.algorithms = vec![Algorithm::MD5]);
    let challenge = server.challenges(NOW, HOME, Reason::Missing).remove(0);
    let nonce = challenge.split('"').nth(3).unwrap();
    let exchange = rfc2617_auth::Exchange {
        algorithm: Algorithm::MD5,
        nonce,
        cnonce: "C",
        protection: Some(rfc2617_auth::Protection {
            qop: rfc2617_auth::Qop::Auth,
            nc: "0000000A",
        }),
    };
    let ha1 = Ha1::new(Hash::Md5, "alice", "interop", "secret");
    let response = exchange.response(&ha1, &REQUEST).to_string().to_uppercase();
    let value = format!(
        "digest USERNAME=alice,realm=\"interop\",nonce=\"{nonce}\",uri=\"sip:interop\",\
         response=\"{response}\",cnonce=\"C\",nc=0000000A,qop=\"auth\""
    );
    let seen = accepted(judge(&mut server, &value));
    assert_eq!(seen.nonce_count(), Some(10));
}

#[test]
fn credentials_for_others_are_passed_over() {
    let mut server = server();
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    let other = value.replace("interop", "elsewhere");
    assert_eq!(challenged(judge(&mut server, &other)), Reason::Missing);
    let rows = [
        b"Digest realm=\"broken".as_slice(),
        b"Basic YWxpY2U6c2VjcmV0",
        other.as_bytes(),
        value.as_bytes(),
    ];
    let verdict = server.verify(NOW, HOME, &REQUEST, rows, |claim| {
        Some(Ha1::new(claim.hash, "alice", "interop", "secret"))
    });
    accepted(verdict);
    let none = server.verify(NOW, HOME, &REQUEST, [], |_| panic!("asked"));
    assert_eq!(challenged(none), Reason::Missing);
}

#[test]
fn improper_credentials_are_a_bad_request() {
    let mut server = server();
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    let cut = &value[..value.find("nonce=").unwrap() + 10];
    assert!(matches!(judge(&mut server, cut), Verdict::Malformed(_)));
    let no_nc = value.replace("nc=00000001", "x=1");
    assert!(matches!(
        judge(&mut server, &no_nc),
        Verdict::BadRequest(SchemeError::Missing("nc"))
    ));
    let twice = format!("{value}, nc=00000002");
    assert!(matches!(
        judge(&mut server, &twice),
        Verdict::BadRequest(SchemeError::Repeated("nc"))
    ));
    let unknown = format!("{value}, auth-param=\"x\"");
    accepted(judge(&mut server, &unknown));
}

#[test]
fn another_algorithm_or_quality_than_offered_is_challenged() {
    let mut lax = server_with(|config| config.qop = QopOptions::Both);
    let mut strict = server_with(|config| {
        config.qop = QopOptions::AuthInt;
        config.algorithms = vec![Algorithm::SHA_256];
    });
    let value = credentials(&mut client_of(&mut lax, NOW, "secret"));
    assert_eq!(challenged(judge(&mut strict, &value)), Reason::Missing);
    let mut md5 = server_with(|config| config.algorithms = vec![Algorithm::MD5]);
    let value = credentials(&mut client_of(&mut md5, NOW, "secret"));
    assert_eq!(challenged(judge(&mut strict, &value)), Reason::Missing);
    let aka = value.replace("algorithm=MD5", "algorithm=AKAv1-MD5");
    assert_eq!(challenged(judge(&mut md5, &aka)), Reason::Missing);
}

#[test]
fn clients_of_rfc2069_are_accepted_where_auth_is_offered_unless_forbidden() {
    let offer_none = |config: &mut ServerConfig| config.qop = QopOptions::Absent;
    for (qop, without_qop, reason) in [
        (QopOptions::Auth, true, None),
        (QopOptions::Both, true, None),
        (QopOptions::Auth, false, Some(Reason::Missing)),
        (QopOptions::AuthInt, true, Some(Reason::Missing)),
    ] {
        // The challenge loses its qop on its way, so the client answers as in 1997.
        let mut old = server_with(offer_none);
        let value = credentials(&mut client_of(&mut old, NOW, "secret"));
        let mut server = server_with(|config| {
            config.qop = qop;
            config.without_qop = without_qop;
        });
        match (judge(&mut server, &value), reason) {
            (Verdict::Accepted(seen), None) => assert_eq!(seen.qop(), None),
            (Verdict::Challenge(seen), Some(reason)) => assert_eq!(seen, reason),
            (other, _) => panic!("{qop:?} {other:?}"),
        }
        // A nonce without a count is good for one request.
        assert!(matches!(judge(&mut server, &value), Verdict::Challenge(_)));
    }
}

#[test]
fn the_uri_is_that_of_the_request_unless_proxies_change_it() {
    let moved = Request {
        uri: "sip:192.0.2.7",
        ..REQUEST
    };
    let secret = |claim: &rfc2617_auth::Claim<'_>| {
        Some(Ha1::new(claim.hash, "alice", claim.realm, "secret"))
    };
    let mut same = server();
    let value = credentials(&mut client_of(&mut same, NOW, "secret"));
    assert!(matches!(
        same.verify(NOW, HOME, &moved, [value.as_bytes()], secret),
        Verdict::BadRequest(SchemeError::Invalid("uri"))
    ));
    let mut any = server_with(|config| config.uri = UriRule::Any);
    let value = credentials(&mut client_of(&mut any, NOW, "secret"));
    let seen = accepted(any.verify(NOW, HOME, &moved, [value.as_bytes()], secret));
    assert_eq!(seen.uri(), "sip:interop");
}

#[test]
fn stored_secrets_do_instead_of_passwords() {
    let mut server = server_with(|config| config.algorithms = vec![Algorithm::MD5]);
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    let stored = Ha1::new(Hash::Md5, "alice", "interop", "secret")
        .expose()
        .to_owned();
    let verdict = server.verify(NOW, HOME, &REQUEST, [value.as_bytes()], |claim| {
        Ha1::from_hex(claim.hash, &stored)
    });
    accepted(verdict);
    // A secret of another hash function is none.
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    let verdict = server.verify(NOW, HOME, &REQUEST, [value.as_bytes()], |_| {
        Some(Ha1::new(Hash::Sha256, "alice", "interop", "secret"))
    });
    assert_eq!(challenged(verdict), Reason::Rejected);
}

#[test]
fn the_next_nonce_comes_when_the_present_one_is_old_enough() {
    let mut server = server_with(|config| {
        config.renew_after = Some(Duration::from_secs(60));
        config.algorithms = vec![Algorithm::MD5];
    });
    let mut client = client_of(&mut server, NOW, "secret");
    for (age, renewed) in [(0, false), (59, false), (60, true)] {
        let now = NOW + Duration::from_secs(age);
        let value = credentials(&mut client);
        let seen = accepted(judge_at(&mut server, now, HOME, &value));
        let info = server.authentication_info(now, HOME, &seen, b"").unwrap();
        assert!(info.starts_with("rspauth=\"") && info.contains("qop=auth"));
        assert_eq!(info.contains("nextnonce=\""), renewed, "{age}");
    }
}

#[test]
fn what_cannot_stand_in_a_header_is_not_configured() {
    for change in [
        (|config| config.realm = "a\r\nb".to_owned()) as fn(&mut ServerConfig),
        |config| config.opaque = Some("\0".to_owned()),
        |config| config.domain = Some("\x7f".to_owned()),
    ] {
        let mut config = ServerConfig::new("interop");
        change(&mut config);
        assert!(DigestServer::new(config, [1; 32]).is_err());
    }
}

#[test]
fn debug_shows_no_secret() {
    let mut server = server();
    let value = credentials(&mut client_of(&mut server, NOW, "secret"));
    let seen = accepted(judge(&mut server, &value));
    let shown = format!("{server:?} {seen:?}");
    assert!(!shown.contains("ha1") && !shown.contains("Ha1") && !shown.contains("key"));
}
