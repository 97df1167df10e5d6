//! What the proxy takes out of a route, and what it puts in (RFC 3261 §16.4, §16.6 item 6,
//! §16.12.1).

use rfc3261_sip::{
    HeaderName,
    proxy::Target,
    transport::{Flow, Transport},
};

use super::bench::*;

/// Request-URI and Route of what goes out for a request, and where it goes.
fn forwarded(bench: &mut Bench, line: &str, routes: &[&str]) -> (String, Vec<String>, String) {
    let via = format!(
        "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{}",
        bench.proxy.counts().requests
    );
    let rows: Vec<_> = routes
        .iter()
        .map(|route| format!("Route: {route}"))
        .collect();
    let rows: Vec<_> = rows.iter().map(|row| &**row).chain([&*via]).collect();
    bench.receive(ALICE, request(line, &rows));
    let sent = bench.one();
    let route = values(&sent.message, HeaderName::Route);
    let route = route.into_iter().map(str::to_owned).collect();
    (
        uri(&sent.message).to_owned(),
        route,
        sent.flow.remote.to_string(),
    )
}

#[test]
fn its_own_value_is_taken_off_the_top() {
    let mut bench = Bench::new();
    for (routes, left, to) in [
        (&["<sip:192.0.2.1;lr>"][..], &[][..], "203.0.113.9:5060"),
        (
            &["<sip:192.0.2.1:5060;lr=on;x=y>, <sip:203.0.113.7;lr>"],
            &["<sip:203.0.113.7;lr>"],
            "203.0.113.7:5060",
        ),
        (
            &[
                "<sip:proxy.example.com:5061;transport=tls;lr=true>",
                "<sip:203.0.113.7;lr>",
            ],
            &["<sip:203.0.113.7;lr>"],
            "203.0.113.7:5060",
        ),
        (&["<sips:proxy.example.com;lr>"], &[], "203.0.113.9:5060"),
        (&["<sip:example.com;lr>"], &[], "203.0.113.9:5060"),
        // Only the first, unless both are of one pair.
        (
            &["<sip:192.0.2.1;lr>, <sip:192.0.2.1;lr;x>"],
            &["<sip:192.0.2.1;lr;x>"],
            "192.0.2.1:5060",
        ),
        (
            &[
                "<sip:192.0.2.1;r2=on;lr>,<sips:proxy.example.com;r2=on;lr>",
                "<sip:203.0.113.7;lr>",
            ],
            &["<sip:203.0.113.7;lr>"],
            "203.0.113.7:5060",
        ),
        // Another's stays, on whatever port of this host.
        (
            &["<sip:192.0.2.1:5070;lr>"],
            &["<sip:192.0.2.1:5070;lr>"],
            "192.0.2.1:5070",
        ),
        (
            &["<sip:203.0.113.7;lr>, <sip:192.0.2.1;lr>"],
            &["<sip:203.0.113.7;lr>", "<sip:192.0.2.1;lr>"],
            "203.0.113.7:5060",
        ),
    ] {
        let found = forwarded(&mut bench, "BYE sip:bob@203.0.113.9", routes);
        let left: Vec<_> = left.iter().map(|&value| value.to_owned()).collect();
        assert_eq!(
            found,
            ("sip:bob@203.0.113.9".into(), left, to.into()),
            "{routes:?}"
        );
    }
}

/// §16.4: a strict router has put the URI of this proxy into the Request-URI.
#[test]
fn after_a_strict_router_the_last_route_is_the_request_uri() {
    let mut bench = Bench::new();
    for (routes, uri, left, to) in [
        (
            &["<sip:bob@203.0.113.9>"][..],
            "sip:bob@203.0.113.9",
            &[][..],
            "203.0.113.9:5060",
        ),
        (
            &["<sip:203.0.113.7;lr>, <sip:bob@203.0.113.9;x=y>"],
            "sip:bob@203.0.113.9;x=y",
            &["<sip:203.0.113.7;lr>"],
            "203.0.113.7:5060",
        ),
        (
            &[
                "<sip:192.0.2.1;lr>",
                "<sip:203.0.113.7;lr>",
                "<sip:bob@203.0.113.9>",
            ],
            "sip:bob@203.0.113.9",
            &["<sip:203.0.113.7;lr>"],
            "203.0.113.7:5060",
        ),
    ] {
        let found = forwarded(&mut bench, "BYE sip:192.0.2.1;lr", routes);
        let left: Vec<_> = left.iter().map(|&value| value.to_owned()).collect();
        assert_eq!(found, (uri.into(), left, to.into()), "{routes:?}");
    }
    // Without a route, or without what marks its own values, it is as it stands.
    for uri in ["sip:192.0.2.1;lr", "sip:bob@192.0.2.1;lr", "sip:192.0.2.1"] {
        let routes = if uri.ends_with(".1;lr") && !uri.contains('@') {
            "X: y"
        } else {
            "Route: <sip:203.0.113.9;lr>"
        };
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKs{}", uri.len());
        bench.receive(ALICE, request(&format!("OPTIONS {uri}"), &[routes, &via]));
        let id = bench.undecided();
        assert_eq!(bench.proxy.request(id).unwrap().uri(), uri);
    }
}

/// §16.4: a `maddr` that is this proxy goes, with port and transport, if the request came by these.
#[test]
fn a_maddr_of_its_own_is_taken_away() {
    let udp = Flow::new(Transport::Udp, ALICE.parse().unwrap());
    let local = |port: u16| format!("192.0.2.1:{port}").parse().unwrap();
    for (flow, uri, expected) in [
        (
            udp,
            "sip:bob@example.com;maddr=192.0.2.1",
            "sip:bob@example.com",
        ),
        (
            udp,
            "sip:bob@example.com:5060;a=b;maddr=example.com;transport=udp;c",
            "sip:bob@example.com;a=b;c",
        ),
        (
            udp.local(local(5080)),
            "sip:bob@example.com:5080;maddr=192.0.2.1",
            "sip:bob@example.com",
        ),
        (
            tcp(ALICE, 1),
            "sip:bob@example.com;transport=tcp;maddr=192.0.2.1",
            "sip:bob@example.com",
        ),
    ] {
        let mut bench = Bench::new();
        bench.receive_by(flow, request(&format!("OPTIONS {uri}"), &[]));
        let id = bench.undecided();
        let request = bench.proxy.request(id).unwrap();
        assert_eq!(
            (request.uri(), request.is_responsible()),
            (expected, true),
            "{uri}"
        );
        bench
            .proxy
            .forward(bench.now, id, [Target::new("sip:b@203.0.113.2")])
            .unwrap();
    }
    // By another port or transport than that named, it goes to where it says.
    for (flow, uri) in [
        (udp, "sip:bob@example.com:5070;maddr=192.0.2.1"),
        (tcp(ALICE, 1), "sip:bob@example.com;maddr=192.0.2.1"),
        (udp, "sip:bob@example.com;maddr=203.0.113.9"),
    ] {
        let mut bench = Bench::new();
        bench.receive_by(flow, request(&format!("OPTIONS {uri}"), &[]));
        let sent = bench.one();
        assert_eq!(super::bench::uri(&sent.message), uri);
    }
}

/// §16.6 item 6: proxies that a request must visit go before those that it has named itself.
#[test]
fn a_path_goes_before_the_route() {
    let mut bench = Bench::new();
    bench.targets = Some(vec![
        Target::new("sip:bob@203.0.113.9").route(["<sip:203.0.113.5;lr>", "<sip:203.0.113.6;lr>"]),
    ]);
    let found = forwarded(
        &mut bench,
        "OPTIONS sip:bob@example.com",
        &["<sip:192.0.2.1;lr>, <sip:203.0.113.7;lr>"],
    );
    let route = [
        "<sip:203.0.113.5;lr>",
        "<sip:203.0.113.6;lr>",
        "<sip:203.0.113.7;lr>",
    ]
    .map(Into::into)
    .into();
    assert_eq!(
        found,
        (
            "sip:bob@203.0.113.9".into(),
            route,
            "203.0.113.5:5060".into()
        )
    );
    let found = forwarded(&mut bench, "OPTIONS sip:bob@example.com", &[]);
    let route = ["<sip:203.0.113.5;lr>", "<sip:203.0.113.6;lr>"]
        .map(Into::into)
        .into();
    assert_eq!(
        found,
        (
            "sip:bob@203.0.113.9".into(),
            route,
            "203.0.113.5:5060".into()
        )
    );
}

/// §16.6 item 6: a strict router gets its own URI as the Request-URI.
#[test]
fn to_a_strict_router_the_request_uri_is_the_last_route() {
    let mut bench = Bench::new();
    let routes = [
        "<sip:192.0.2.1;lr>",
        "<sip:203.0.113.7;x=y;method=BYE>,\r\n <sip:203.0.113.8;lr>",
    ];
    let found = forwarded(&mut bench, "BYE sip:bob@203.0.113.9;a=b", &routes);
    let route = ["<sip:203.0.113.8;lr>", "<sip:bob@203.0.113.9;a=b>"]
        .map(Into::into)
        .into();
    assert_eq!(
        found,
        (
            "sip:203.0.113.7;x=y".into(),
            route,
            "203.0.113.7:5060".into()
        )
    );
}

/// Case 10: whatever the spelling, they are loose.
#[test]
fn loose_routers_in_all_spellings() {
    let mut bench = Bench::new();
    for route in [
        "<sip:203.0.113.7;lr=on;ftag=x>",
        "<sip:203.0.113.7;lr=true>",
        "<sip:203.0.113.7;r2=on;lr>",
        "<sip:203.0.113.7;LR>",
    ] {
        let found = forwarded(&mut bench, "BYE sip:bob@203.0.113.9", &[route]);
        assert_eq!(
            found,
            (
                "sip:bob@203.0.113.9".into(),
                vec![route.into()],
                "203.0.113.7:5060".into()
            )
        );
    }
}

/// §16.12.1.2: P2, P3 (strict) and P4 of the example, as far as this proxy is one of them.
#[test]
fn rfc_3261_16_12_1_2_traversing_a_strict_router() {
    let own = |config: &mut rfc3261_sip::proxy::Config, host: &str| {
        for listener in &mut config.listeners {
            *listener = listener.clone().known_as(host, None);
        }
        config.domains.clear();
    };
    // U2 has sent BYE sip:caller@u1.example.com by P4 to P3, which is strict.
    let mut p4 = Bench::with(|config| own(config, "p4.domain.com"));
    p4.receive(
        ALICE,
        request(
            "BYE sip:caller@u1.example.com",
            &[
                "Route: <sip:p4.domain.com;lr>",
                "Route: <sip:203.0.113.3>",
                "Route: <sip:p2.example.com;lr>",
                "Route: <sip:p1.example.com;lr>",
            ],
        ),
    );
    let at_p3 = p4.one();
    assert_eq!(at_p3.flow.remote, "203.0.113.3:5060".parse().unwrap());
    assert_eq!(uri(&at_p3.message), "sip:203.0.113.3");
    let route = values(&at_p3.message, HeaderName::Route);
    assert_eq!(
        route,
        [
            "<sip:p2.example.com;lr>",
            "<sip:p1.example.com;lr>",
            "<sip:caller@u1.example.com>"
        ]
    );

    // P3 sends it to P2 as RFC 2543 has it: the first route becomes the Request-URI.
    let mut p2 = Bench::with(|config| own(config, "p2.example.com"));
    p2.receive(
        "203.0.113.3:5060",
        request(
            "BYE sip:p2.example.com;lr",
            &[
                "Via: SIP/2.0/UDP 203.0.113.3;branch=z9hG4bKp3",
                "Route: <sip:203.0.113.4;lr>",
                "Route: <sip:caller@u1.example.com>",
            ],
        ),
    );
    let at_p1 = p2.one();
    assert_eq!(uri(&at_p1.message), "sip:caller@u1.example.com");
    assert_eq!(
        values(&at_p1.message, HeaderName::Route),
        ["<sip:203.0.113.4;lr>"]
    );
    assert_eq!(at_p1.flow.remote, "203.0.113.4:5060".parse().unwrap());
}

/// RFC 3327 §5.2: a proxy that users register through puts itself into Path, before others.
#[test]
fn a_proxy_adds_itself_to_the_path_of_registrations() {
    let mut bench = Bench::with(|config| config.path = true);
    for (line, row, expected) in [
        (
            "REGISTER sip:203.0.113.9",
            "Supported: path",
            &["<sip:192.0.2.1;lr>", "<sip:before;lr>"][..],
        ),
        (
            "REGISTER sip:203.0.113.9",
            "Supported: gruu",
            &["<sip:before;lr>"],
        ),
        (
            "INVITE sip:203.0.113.9",
            "Supported: path",
            &["<sip:before;lr>"],
        ),
    ] {
        let requests = bench.proxy.counts().requests;
        let via = format!("Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{requests}");
        bench.receive(ALICE, request(line, &["Path: <sip:before;lr>", row, &via]));
        let sent = bench.one().message;
        assert_eq!(values(&sent, HeaderName::Path), expected, "{line} {row}");
    }
}
