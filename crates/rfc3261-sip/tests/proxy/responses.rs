//! What becomes of responses (RFC 3261 §16.7).

use rfc3261_sip::{
    HeaderName, Message, QValue,
    proxy::{Event, State, Target},
};

use super::bench::*;

/// A call to as many branches as there are lists of statuses, which come in turn; the statuses
/// that come back to Alice.
fn fork(branches: &[&[u16]]) -> Vec<String> {
    let targets: Vec<_> = (0..branches.len())
        .map(|number| format!("sip:bob@203.0.113.{}", number + 2))
        .collect();
    let mut bench = Bench::to(&targets.iter().map(|uri| &**uri).collect::<Vec<_>>());
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    assert_eq!(sent.len(), branches.len());
    let longest = branches
        .iter()
        .map(|statuses| statuses.len())
        .max()
        .unwrap();
    for turn in 0..longest {
        for (request, statuses) in sent.iter().zip(branches) {
            if let Some(status) = statuses.get(turn) {
                bench.answer(request, *status, &[]);
            }
        }
    }
    // What was cancelled is answered with 487.
    for (request, statuses) in sent.iter().zip(branches) {
        if statuses.iter().all(|status| *status < 200) {
            bench.answer(request, 487, &[]);
        }
    }
    let back = ALICE.parse().unwrap();
    bench.sent.retain(|sent| sent.flow.remote == back);
    let words = bench.sent.iter().map(|sent| word(&sent.message)).collect();
    bench.end();
    words
}

#[test]
fn all_but_100_and_non_2xx_final_responses_come_back_at_once() {
    assert_eq!(
        fork(&[&[100, 180, 183, 180, 200]]),
        ["180", "183", "180", "200"]
    );
    assert_eq!(fork(&[&[100, 486]]), ["486"]);
}

/// Item 6: the best of several, whatever comes first.
#[test]
fn the_best_response_is_chosen() {
    for (branches, best) in [
        (&[&[503][..], &[407], &[501], &[404]][..], "407"), // the example of the RFC
        (&[&[500], &[486]], "486"),
        (&[&[501], &[302]], "302"),
        (&[&[302], &[600]], "600"),
        (&[&[603], &[401]], "603"),
        (&[&[404], &[401]], "401"),
        (&[&[480], &[484]], "484"),
        (&[&[486], &[415]], "415"),
        (&[&[486], &[420]], "420"),
        (&[&[408], &[486]], "486"),
        (&[&[503], &[500]], "500"),
        (&[&[503], &[504]], "504"),
        // A 503 is this proxy's to answer for: it says 500.
        (&[&[503]], "500"),
        (&[&[503], &[503]], "500"),
    ] {
        assert_eq!(fork(branches), [best], "{branches:?}");
        let reversed: Vec<_> = branches.iter().rev().copied().collect();
        assert_eq!(fork(&reversed), [best], "{reversed:?}");
    }
    // Of two that are as good, the first.
    assert_eq!(fork(&[&[404], &[486]]), ["404"]);
    assert_eq!(fork(&[&[486], &[404]]), ["486"]);
}

#[test]
fn a_2xx_comes_back_at_once_and_the_others_are_cancelled() {
    let mut bench = Bench::to(&[
        "sip:a@203.0.113.2",
        "sip:b@203.0.113.3",
        "sip:c@203.0.113.4",
    ]);
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[0], 180, &[]);
    bench.answer(&sent[1], 486, &[]);
    bench.sent.clear();
    bench.answer(&sent[0], 200, &[]);
    // The third has said nothing: its CANCEL waits for that.
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.answer(&sent[2], 100, &[]);
    let cancel = bench.one();
    assert_eq!(word(&cancel.message), "CANCEL");
    let reason = values(&cancel.message, HeaderName::Reason);
    assert_eq!(reason, ["SIP;cause=200;text=\"Call completed elsewhere\""]);
    // Its 2xx comes through all the same: it was faster than the CANCEL.
    bench.answer(&sent[2], 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    // Copies of both, too; and nothing else.
    bench.answer(&sent[0], 200, &[]);
    bench.answer(&sent[2], 180, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    assert_eq!(bench.answered(), [200, 200, 200]);
    bench.answer(&sent[2], 200, &[]);
    bench.sent.clear();
    bench.end();
    let ended = |event: &Event| matches!(event, Event::Ended { .. });
    assert_eq!(bench.events.iter().filter(|event| ended(event)).count(), 1);
}

/// Items 5 and 10: a 6xx waits until the others are cancelled, and a 2xx goes before it.
#[test]
fn a_6xx_cancels_the_others_and_waits_for_them() {
    let q = |thousandths| QValue::from_thousandths(thousandths).unwrap();
    let mut bench = Bench::new();
    bench.targets = Some(vec![
        Target::new("sip:a@203.0.113.2"),
        Target::new("sip:b@203.0.113.3"),
        Target::new("sip:c@203.0.113.4").q(q(1)),
    ]);
    bench.receive(ALICE, invite());
    let (a, b) = (bench.sent.remove(0), bench.sent.remove(0));
    bench.answer(&b, 180, &[]);
    bench.sent.clear();
    bench.answer(&a, 603, &[]);
    assert_eq!(
        bench.take_words(),
        ["ACK to 203.0.113.2:5060", "CANCEL to 203.0.113.3:5060"]
    );
    bench.answer(&b, 487, &[]);
    // The third is not tried any more.
    assert_eq!(
        bench.take_words(),
        ["ACK to 203.0.113.3:5060", "603 to 198.51.100.1:5060"]
    );
    bench.end();

    bench.receive(ALICE, invite().replace("a1", "a2"));
    let (a, b) = (bench.sent.remove(0), bench.sent.remove(0));
    bench.answer(&b, 180, &[]);
    bench.answer(&a, 603, &[]);
    bench.sent.clear();
    bench.answer(&b, 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.end();
}

/// Item 7 and case 14: all challenges of all branches.
#[test]
fn challenges_are_collected() {
    let (www, proxy) = (HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate);
    let digest = |realm: &str| format!("Digest realm=\"{realm}\", nonce=\"1\"");
    let (a, b, c, d) = (digest("a"), digest("b"), digest("c"), digest("d"));
    let mut bench = Bench::to(&[
        "sip:a@203.0.113.2",
        "sip:b@203.0.113.3",
        "sip:c@203.0.113.4",
        "sip:d@203.0.113.5",
    ]);
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[0], 404, &[(www, "Digest realm=\"no\", nonce=\"1\"")]);
    bench.answer(&sent[1], 407, &[(proxy, &a), (www, &b)]);
    bench.answer(
        &sent[2],
        401,
        &[
            (www, &c),
            (
                www,
                "Basic\r\n realm=\"folded\"".replace("\r\n", "").as_str(),
            ),
        ],
    );
    bench.sent.clear();
    bench.answer(&sent[3], 407, &[(proxy, &d), (www, &b)]);
    let response = bench.sent_to(ALICE).message;
    assert_eq!(word(&response), "407");
    let rows = |name| {
        let rows = response.fields_named(name);
        rows.map(|row| row.value_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(proxy), [a, d]);
    assert_eq!(rows(www), [b, c, "Basic realm=\"folded\"".into()]);
    assert_clean(&response);
    bench.end();
}

/// Items 3, 6 and 9: only the topmost Via goes; tags and everything else are as they were.
#[test]
fn nothing_but_the_topmost_via_is_removed() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    for status in ["183", "200", "486"] {
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{status}");
        bench.receive(ALICE, request("INVITE sip:bob@example.com", &[&via]));
        let sent = bench.one();
        let vias = values(&sent.message, HeaderName::Via);
        let rest = "From: x <sip:alice@example.org>;tag=a1\r\nX-Odd:  y\r\n\
            To: Changed <sip:bob@example.com>;tag=own\r\nCall-ID: c1@198.51.100.1\r\n\
            Record-Route: <sip:p;lr>\r\nCSeq: 1 INVITE\r\nServer: s\r\nContent-Type: a/b\r\n\
            Content-Length: 3\r\n\r\n\0\x01\x02";
        let text = format!(
            "SIP/2.0 {status} Odd  phrase\r\nv: {},\r\n {}\r\n{rest}",
            vias[0], vias[1]
        );
        bench.receive("203.0.113.2:5060", text);
        let back = bench.sent_to(ALICE).message;
        let expected = format!("SIP/2.0 {status} Odd  phrase\r\nv: {}\r\n{rest}", vias[1]);
        assert_eq!(back.to_string(), expected);
        bench.sent.clear();
        if status == "183" {
            bench.answer(&sent, 404, &[]);
            bench.sent.clear();
        }
    }
    bench.end();
}

/// Item 3: without another Via it was for the proxy itself.
#[test]
fn a_response_without_another_via_is_not_forwarded() {
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    for status in [180, 200] {
        let own = values(&sent.message, HeaderName::Via)[0];
        let response = response(&sent.message, status, &[]);
        let text = core::str::from_utf8(&response).unwrap();
        let other = values(&sent.message, HeaderName::Via)[1];
        let text = text.replace(&format!("Via: {other}\r\n"), "");
        assert!(text.contains(own));
        bench.receive("203.0.113.2:5060", text);
        let words = bench.take_words();
        match status {
            180 => assert!(words.is_empty(), "{words:?}"),
            // The client gets an answer all the same.
            _ => assert_eq!(words, ["502 to 198.51.100.1:5060"]),
        }
    }
    bench.end();
}

/// Item 4: the contacts of a redirection, if that is wanted.
#[test]
fn redirections_are_followed_if_that_is_wanted() {
    let contacts = "<sip:c@203.0.113.4>;q=0.2, <sip:b@203.0.113.3>, <sip:bob@203.0.113.2>";
    let contact = (HeaderName::Contact, contacts);
    let mut bench = Bench::with(|config| config.recursion = true);
    bench.aim(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let first = bench.one();
    bench.answer(&first, 302, &[contact]);
    assert_eq!(
        bench.words(),
        ["ACK to 203.0.113.2:5060", "INVITE to 203.0.113.3:5060"]
    );
    let second = bench.sent.pop().unwrap();
    bench.sent.clear();
    // What has redirected once is not tried again, so that nobody runs in circles.
    bench.answer(
        &second,
        302,
        &[(
            HeaderName::Contact,
            "<sip:bob@203.0.113.2>, <sip:b@203.0.113.3>",
        )],
    );
    assert_eq!(
        bench.words(),
        ["ACK to 203.0.113.3:5060", "INVITE to 203.0.113.4:5060"]
    );
    let third = bench.sent.pop().unwrap();
    bench.sent.clear();
    bench.answer(&third, 486, &[]);
    assert_eq!(
        bench.take_words(),
        ["ACK to 203.0.113.4:5060", "486 to 198.51.100.1:5060"]
    );
    bench.end();

    // What cannot be tried here is left to the client, and nothing else.
    bench.receive(ALICE, invite().replace("a1", "a2"));
    let first = bench.one();
    bench.answer(
        &first,
        302,
        &[(
            HeaderName::Contact,
            "<mailto:bob@h>, <sip:b@203.0.113.3>, <tel:+1>",
        )],
    );
    let second = bench.sent.pop().unwrap();
    bench.sent.clear();
    bench.answer(&second, 500, &[]);
    let back: Message = bench.sent_to(ALICE).message;
    assert_eq!(word(&back), "302");
    assert_eq!(
        values(&back, HeaderName::Contact),
        ["<mailto:bob@h>", "<tel:+1>"]
    );
    bench.end();

    // One that leads round in a circle is of no use to the client either.
    bench.receive(ALICE, invite().replace("a1", "a3"));
    let first = bench.one();
    let circle = (HeaderName::Contact, "<sip:bob@203.0.113.2>");
    bench.answer(&first, 302, &[circle]);
    assert_eq!(word(&bench.sent_to(ALICE).message), "480");
    bench.end();

    // Unless it is wanted, the client gets it as it was.
    let mut bench = Bench::to(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let first = bench.one();
    bench.answer(&first, 302, &[contact]);
    let back = bench.sent_to(ALICE).message;
    assert_eq!(values(&back, HeaderName::Contact).join(", "), contacts);
    bench.end();
}

/// What a redirection can make the proxy do is limited.
#[test]
fn only_so_many_contacts_of_a_redirection_are_tried() {
    let mut bench = Bench::with(|config| {
        config.recursion = true;
        config.max_targets = 3;
    });
    bench.aim(&["sip:bob@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let first = bench.one();
    let contacts: Vec<_> = (10..200)
        .map(|last| format!("<sip:b@203.0.113.{last}>"))
        .collect();
    bench.answer(&first, 302, &[(HeaderName::Contact, &contacts.join(", "))]);
    let words = bench.take_words();
    let expected = [
        "ACK to 203.0.113.2:5060",
        "INVITE to 203.0.113.10:5060",
        "INVITE to 203.0.113.11:5060",
    ];
    assert_eq!(words, expected);
    bench.advance(40_000);
    assert_eq!(bench.answered(), [302]);
    bench.sent.retain(|sent| word(&sent.message) == "302");
    let left = values(&bench.sent[0].message, HeaderName::Contact);
    assert_eq!((left.len(), left[0]), (187, "<sip:b@203.0.113.13>"));
    bench.end();
}

/// Item 7, with a limit to what anybody can make the proxy keep.
#[test]
fn only_so_many_challenges_are_collected() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, invite());
    let sent = core::mem::take(&mut bench.sent);
    let many: Vec<_> = (0..200).map(|n| format!("Basic realm=\"{n}\"")).collect();
    let rows: Vec<_> = many
        .iter()
        .map(|value| (HeaderName::WwwAuthenticate, &**value))
        .collect();
    bench.answer(&sent[0], 401, &[]);
    bench.answer(&sent[1], 401, &rows);
    let response = bench.sent_to(ALICE).message;
    assert_eq!(
        response.fields_named(HeaderName::WwwAuthenticate).count(),
        64
    );
    bench.end();
}

/// §16.5: who is not responsible does not recurse; and a SIPS URI does not become a SIP URI.
#[test]
fn redirections_of_others_and_away_from_sips_are_not_followed() {
    let contact = (HeaderName::Contact, "<sip:b@203.0.113.3>");
    for line in ["INVITE sip:bob@203.0.113.2", "INVITE sips:bob@example.com"] {
        let mut bench = Bench::with(|config| config.recursion = true);
        bench.aim(&["sip:bob@203.0.113.2"]);
        bench.receive(ALICE, request(line, &[]));
        let first = bench.one();
        bench.answer(&first, 302, &[contact]);
        let back = bench.sent_to(ALICE).message;
        assert_eq!(values(&back, HeaderName::Contact), [contact.1], "{line}");
        bench.end();
    }
}

/// Item 5: exactly one final response to a request that is no INVITE.
#[test]
fn a_request_that_is_no_invite_gets_one_final_response() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2", "sip:b@203.0.113.3"]);
    bench.receive(ALICE, request("OPTIONS sip:bob@example.com", &[]));
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[0], 183, &[]);
    bench.answer(&sent[0], 200, &[]);
    bench.answer(&sent[1], 200, &[]);
    bench.answer(&sent[1], 200, &[]);
    assert_eq!(
        bench.take_words(),
        ["183 to 198.51.100.1:5060", "200 to 198.51.100.1:5060"]
    );
    assert_eq!(bench.answered(), [200]);
    bench.end();
    // A copy of the request gets a copy of the response.
    bench.receive(
        ALICE,
        request(
            "OPTIONS sip:bob@example.com",
            &["Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKo"],
        ),
    );
    let sent = core::mem::take(&mut bench.sent);
    bench.answer(&sent[0], 404, &[]);
    bench.answer(&sent[1], 404, &[]);
    bench.receive(
        ALICE,
        request(
            "OPTIONS sip:bob@example.com",
            &["Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKo"],
        ),
    );
    assert_eq!(
        bench.take_words(),
        ["404 to 198.51.100.1:5060", "404 to 198.51.100.1:5060"]
    );
    bench.end();
}

/// Case 24: two 2xx of one INVITE; the second comes after the transaction is over, and finds its
/// way without it.
#[test]
fn a_late_2xx_comes_through_without_a_transaction() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    let via = "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKnat;rport";
    bench.receive(
        "198.51.100.77:40000",
        request("INVITE sip:bob@example.com", &[via]),
    );
    let sent = bench.one();
    bench.answer(&sent, 200, &[]);
    bench.sent.clear();
    bench.end();
    bench.answer(&sent, 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.77:40000"]);
    // Any response, even a provisional one; but not one that this proxy has nothing to do with.
    bench.answer(&sent, 180, &[]);
    assert_eq!(bench.take_words(), ["180 to 198.51.100.77:40000"]);
    let stray = response(&sent.message, 200, &[]);
    let stray = String::from_utf8(stray.to_vec()).unwrap();
    for other in ["192.0.2.2;", "192.0.2.1:5070;"] {
        bench.receive("203.0.113.2:5060", stray.replacen("192.0.2.1;", other, 1));
    }
    bench.receive(
        "203.0.113.2:5060",
        stray.replacen("UDP 192.0.2.1;", "TLS 192.0.2.1;", 1),
    );
    assert_eq!(bench.take_words(), [] as [&str; 0]);
    assert_eq!(
        (bench.proxy.counts().stateless, bench.proxy.counts().dropped),
        (2, 3)
    );
}

/// A 2xx after the proxy has given up: the client has its 408, and gets the 2xx as well.
#[test]
fn a_2xx_after_the_final_response_comes_through() {
    let mut bench = Bench::to(&["sip:a@203.0.113.2"]);
    bench.receive(ALICE, invite());
    let sent = bench.one();
    let id = rfc3261_sip::StatusCode::BUSY_HERE;
    bench.answer(&sent, 180, &[]);
    // The user answers in the meantime, which cancels.
    let transaction = first_request(&bench);
    bench.proxy.refuse(bench.now, transaction, id).unwrap();
    bench.drain();
    assert_eq!(bench.proxy.state(transaction), State::Answered);
    assert_eq!(
        bench.take_words(),
        [
            "180 to 198.51.100.1:5060",
            "486 to 198.51.100.1:5060",
            "CANCEL to 203.0.113.2:5060"
        ]
    );
    bench.answer(&sent, 200, &[]);
    assert_eq!(bench.take_words(), ["200 to 198.51.100.1:5060"]);
    bench.advance(100_000);
    bench.sent.clear();
    bench.end();
}

/// The request under way, by the transaction that the 180 went by.
fn first_request(bench: &Bench) -> rfc3261_sip::transaction::TransactionId {
    let back = ALICE.parse().unwrap();
    let found = bench.sent.iter().find(|sent| sent.flow.remote == back);
    found.unwrap().transaction.unwrap()
}
