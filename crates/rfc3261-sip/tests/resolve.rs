//! Where requests and responses go (RFC 3263), seen from outside.

#![allow(clippy::unwrap_used)] // in helpers as well

use std::collections::HashMap;

use rfc2396_uri::SipUri;
use rfc3261_sip::{
    headers::{Header, Via},
    resolve::{Answer, Naptr, Plan, Preferences, Query, RecordType, Srv, Step},
    transport::Transport,
};

/// A DNS that knows a few records, and notes what it is asked.
#[derive(Default)]
struct Dns {
    records: HashMap<Query, Answer>,
    asked: Vec<String>,
}

impl Dns {
    /// `name service order`, `name priority weight port target`, `name address`.
    fn new(text: &str) -> Self {
        let mut dns = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<_> = line.split_whitespace().collect();
            let name = words[0].to_owned();
            match words[1..] {
                [service, order, replacement] => {
                    let record = Naptr {
                        order: order.parse().unwrap(),
                        preference: 50,
                        flags: "s".to_owned(),
                        service: service.to_owned(),
                        regexp: String::new(),
                        replacement: replacement.to_owned(),
                    };
                    let entry = dns.records.entry(Query::Naptr(name));
                    match entry.or_insert_with(|| Answer::Naptr(Vec::new())) {
                        Answer::Naptr(records) => records.push(record),
                        _ => unreachable!(),
                    }
                }
                [priority, weight, port, target] => {
                    let record = Srv {
                        priority: priority.parse().unwrap(),
                        weight: weight.parse().unwrap(),
                        port: port.parse().unwrap(),
                        target: target.to_owned(),
                    };
                    let entry = dns.records.entry(Query::Srv(name));
                    match entry.or_insert_with(|| Answer::Srv(Vec::new())) {
                        Answer::Srv(records) => records.push(record),
                        _ => unreachable!(),
                    }
                }
                [address] => {
                    let address = address.parse().unwrap();
                    let query = match address {
                        core::net::IpAddr::V4(_) => Query::A(name),
                        core::net::IpAddr::V6(_) => Query::Aaaa(name),
                    };
                    let entry = dns.records.entry(query);
                    match entry.or_insert_with(|| Answer::Addresses(Vec::new())) {
                        Answer::Addresses(records) => records.push(address),
                        _ => unreachable!(),
                    }
                }
                _ => panic!("{line}"),
            }
        }
        dns
    }

    /// Polls once, asking what is to be asked.
    fn next(&mut self, plan: &mut Plan) -> Option<String> {
        loop {
            match plan.poll() {
                Step::Ask(query) => {
                    self.asked.push(match &query {
                        Query::Naptr(name) => format!("NAPTR {name}"),
                        Query::Srv(name) => format!("SRV {name}"),
                        Query::A(name) => format!("A {name}"),
                        Query::Aaaa(name) => format!("AAAA {name}"),
                    });
                    let none = Answer::Addresses(Vec::new());
                    plan.handle_answer(self.records.get(&query).cloned().unwrap_or(none));
                }
                Step::Try(server) => {
                    return Some(format!("{} {}", server.transport, server.address));
                }
                Step::Exhausted => return None,
            }
        }
    }

    fn all(&mut self, mut plan: Plan) -> Vec<String> {
        core::iter::from_fn(|| self.next(&mut plan)).collect()
    }
}

fn plan(uri: &str, preferences: &Preferences) -> Plan {
    Plan::of_uri(&SipUri::parse(uri).unwrap(), preferences, 7)
}

fn v4() -> Preferences {
    let mut preferences = Preferences::default();
    preferences.addresses = vec![RecordType::A];
    preferences
}

/// The records of RFC 3263 §4.1.
const EXAMPLE: &str = "
    example.com SIPS+D2T 50 _sips._tcp.example.com.
    example.com SIP+D2T 90 _sip._tcp.example.com
    example.com SIP+D2U 100 _sip._udp.example.com.
    _sip._tcp.example.com 0 1 5060 server1.example.com
    _sip._tcp.example.com 1 2 5070 server2.example.com.
    _sips._tcp.example.com 0 1 5061 server1.example.com
    _sip._udp.example.com 0 1 5060 server2.example.com
    server1.example.com 192.0.2.1
    server2.example.com 192.0.2.2
    server2.example.com 192.0.2.3
    server2.example.com 2001:db8::2
    example.com 192.0.2.9";

#[test]
fn numeric_hosts_need_no_dns() {
    let mut dns = Dns::default();
    for (uri, server) in [
        ("sip:a@192.0.2.1", "UDP 192.0.2.1:5060"),
        ("sips:a@192.0.2.1", "TLS 192.0.2.1:5061"),
        ("sip:a@192.0.2.1:5070;transport=tcp", "TCP 192.0.2.1:5070"),
        (
            "sip:a@[2001:db8::1];transport=tls",
            "TLS [2001:db8::1]:5061",
        ),
        ("sips:a@192.0.2.1;transport=tcp", "TLS 192.0.2.1:5061"),
        ("sip:a@example.com;maddr=192.0.2.7", "UDP 192.0.2.7:5060"),
    ] {
        assert_eq!(dns.all(plan(uri, &v4())), [server], "{uri}");
    }
    assert!(dns.asked.is_empty());
}

#[test]
fn a_port_needs_addresses_only() {
    let mut dns = Dns::new(EXAMPLE);
    let servers = dns.all(plan(
        "sip:a@server2.example.com:5060",
        &Preferences::default(),
    ));
    assert_eq!(
        servers,
        [
            "UDP [2001:db8::2]:5060",
            "UDP 192.0.2.2:5060",
            "UDP 192.0.2.3:5060"
        ]
    );
    assert_eq!(
        dns.asked,
        ["AAAA server2.example.com", "A server2.example.com"]
    );
    let secure = dns.all(plan("sips:a@server1.example.com:5999", &v4()));
    assert_eq!(secure, ["TLS 192.0.2.1:5999"]);
}

#[test]
fn the_best_service_that_the_client_has_is_taken() {
    let mut dns = Dns::new(EXAMPLE);
    assert_eq!(
        dns.all(plan("sip:a@example.com", &v4())),
        ["TLS 192.0.2.1:5061"]
    );
    let mut preferences = v4();
    preferences.transports = vec![Transport::Udp, Transport::Tcp];
    dns.asked.clear();
    let mut plan = plan("sip:a@example.com", &preferences);
    assert_eq!(dns.next(&mut plan).unwrap(), "TCP 192.0.2.1:5060");
    assert_eq!(
        dns.asked,
        [
            "NAPTR example.com",
            "SRV _sip._tcp.example.com",
            "A server1.example.com"
        ],
        "the second server is not asked for before the first has failed"
    );
    assert_eq!(dns.next(&mut plan).unwrap(), "TCP 192.0.2.2:5070");
    assert_eq!(dns.next(&mut plan).unwrap(), "TCP 192.0.2.3:5070");
    assert_eq!(dns.next(&mut plan), None);
    assert_eq!(dns.next(&mut plan), None);
}

#[test]
fn sips_never_leaves_tls() {
    let insecure = EXAMPLE.replace("SIPS+D2T", "SIPS+D2X");
    let mut dns = Dns::new(&insecure);
    let servers = dns.all(plan("sips:a@example.com", &v4()));
    assert_eq!(servers, ["TLS 192.0.2.1:5061"]);
    assert_eq!(
        dns.asked[..2],
        ["NAPTR example.com", "SRV _sips._tcp.example.com"]
    );

    let mut dns = Dns::new("example.com 192.0.2.9");
    let servers = dns.all(plan("sips:a@example.com", &v4()));
    assert_eq!(servers, ["TLS 192.0.2.9:5061"]);

    let mut without_tls = v4();
    without_tls.transports = vec![Transport::Udp, Transport::Tcp];
    for uri in [
        "sips:a@example.com",
        "sips:a@192.0.2.1",
        "sips:a@example.com:5061",
    ] {
        assert_eq!(
            Dns::new(EXAMPLE).all(plan(uri, &without_tls)),
            [""; 0],
            "{uri}"
        );
    }
    assert!(
        Dns::new(EXAMPLE)
            .all(plan("sips:a@h;transport=udp", &v4()))
            .is_empty()
    );
}

#[test]
fn without_services_the_transports_are_asked_for_one_by_one() {
    let records = EXAMPLE
        .replace("SIP", "E2U")
        .replace("_sip._udp", "_sip._not");
    let mut dns = Dns::new(&records);
    let servers = dns.all(plan("sip:a@example.com", &v4()));
    assert_eq!(servers[0], "TCP 192.0.2.1:5060");
    assert_eq!(
        dns.asked[..3],
        [
            "NAPTR example.com",
            "SRV _sip._udp.example.com",
            "SRV _sip._tcp.example.com"
        ]
    );
}

#[test]
fn without_any_records_but_addresses_it_is_udp() {
    let mut dns = Dns::new("example.com 192.0.2.9");
    assert_eq!(
        dns.all(plan("sip:a@example.com", &v4())),
        ["UDP 192.0.2.9:5060"]
    );
    let mut large = v4();
    large.large = true;
    assert_eq!(
        dns.all(plan("sip:a@example.com", &large)),
        ["TCP 192.0.2.9:5060"]
    );
    assert!(!dns.asked.iter().skip(5).any(|asked| asked.contains("_udp")));
    assert!(
        Dns::default()
            .all(plan("sip:a@example.com", &v4()))
            .is_empty()
    );
}

#[test]
fn a_transport_in_the_uri_goes_straight_to_its_servers() {
    let mut dns = Dns::new(EXAMPLE);
    let servers = dns.all(plan("sip:a@example.com;transport=udp", &v4()));
    assert_eq!(servers, ["UDP 192.0.2.2:5060", "UDP 192.0.2.3:5060"]);
    assert_eq!(dns.asked[0], "SRV _sip._udp.example.com");
    let servers = dns.all(plan("sip:a@server1.example.com;transport=tls", &v4()));
    assert_eq!(
        servers,
        ["TLS 192.0.2.1:5061"],
        "without SRV records, its addresses"
    );
    assert!(
        dns.all(plan("sip:a@example.com;transport=dccp", &v4()))
            .is_empty()
    );
}

#[test]
fn a_root_as_target_says_that_there_is_no_such_service() {
    let mut dns = Dns::new("_sip._udp.h.example 0 0 0 .\n h.example 192.0.2.9");
    assert!(
        dns.all(plan("sip:h.example;transport=udp", &v4()))
            .is_empty()
    );
}

#[test]
fn the_name_that_was_asked_for_is_the_one_to_be_proven() {
    let mut dns = Dns::new(
        "example.com SIPS+D2T 1 _sips._tcp.hosting.example
         _sips._tcp.hosting.example 0 1 5061 s1.hosting.example
         s1.hosting.example 192.0.2.1",
    );
    let mut plan = plan("sip:a@example.com", &v4());
    let candidate = loop {
        match plan.poll() {
            Step::Ask(query) => plan.handle_answer(dns.records.remove(&query).unwrap()),
            Step::Try(candidate) => break candidate,
            Step::Exhausted => panic!(),
        }
    };
    assert_eq!(candidate.name.as_deref(), Some("example.com"));
}

#[test]
fn a_response_that_cannot_go_back_goes_by_sent_by() {
    let mut dns = Dns::new(EXAMPLE);
    for (via, servers) in [
        ("SIP/2.0/UDP 192.0.2.8:5062", vec!["UDP 192.0.2.8:5062"]),
        ("SIP/2.0/TLS 192.0.2.8", vec!["TLS 192.0.2.8:5061"]),
        (
            "SIP/2.0/TCP server1.example.com:5063",
            vec!["TCP 192.0.2.1:5063"],
        ),
        ("SIP/2.0/TLS example.com", vec!["TLS 192.0.2.1:5061"]),
        (
            "SIP/2.0/UDP example.com",
            vec!["UDP 192.0.2.2:5060", "UDP 192.0.2.3:5060"],
        ),
        ("SIP/2.0/DCCP example.com", vec![]),
    ] {
        let plan = Plan::of_response(&Via::parse(via).unwrap(), &v4(), 7);
        assert_eq!(dns.all(plan), servers, "{via}");
    }
}

#[test]
fn long_answers_are_cut() {
    let mut plan = plan("sip:h.example:5060", &v4());
    assert!(matches!(plan.poll(), Step::Ask(Query::A(_))));
    plan.handle_answer(Answer::Addresses(vec![[192, 0, 2, 1].into(); 100_000]));
    let mut tried = 0;
    while let Step::Try(_) = plan.poll() {
        tried += 1;
    }
    assert_eq!(tried, 64);
}
