//! The registrar seen from outside (RFC 3261 §10.3, RFC 3327 §5.3, RFC 3608): REGISTER in, its
//! response and the bindings out.

#![allow(clippy::unwrap_used)] // in helpers as well
#![allow(clippy::std_instead_of_alloc, reason = "tests run where std is")]

use core::{cell::Cell, time::Duration};
use std::{rc::Rc, time::Instant};

use rfc2396_uri::{RegistrarKey, SipUri};
use rfc3261_sip::{
    HeaderName, Message,
    registrar::{
        Binding, Change, ChangeKind, Config, MemoryStore, Refusal, Registrar, Store, StoreError,
    },
    transport::{Flow, Transport},
};

struct Bench<S = MemoryStore> {
    registrar: Registrar<S>,
    now: Instant,
    changes: Vec<(ChangeKind, String)>,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        Bench::of(MemoryStore::new(3, [7; 16]), change)
    }
}

impl<S: Store> Bench<S> {
    fn of(store: S, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(["example.com", "192.0.2.1"]);
        change(&mut config);
        Self {
            registrar: Registrar::new(config, store),
            now: Instant::now(),
            changes: Vec::new(),
        }
    }

    /// What a REGISTER is answered with.
    fn receive(&mut self, request: &Message) -> Message {
        let view = request.view();
        let response = match self.registrar.address_of_record(view) {
            Err(refusal) => refusal.response(view, "r1"),
            Ok(user) => match self.registrar.register(self.now, view, &user, None) {
                Err(refusal) => refusal.response(view, "r1"),
                Ok(changes) => {
                    let plain = |change: Change| (change.kind, change.contact.into());
                    self.changes = changes.into_iter().map(plain).collect();
                    self.registrar.response(self.now, view, &user, "r1")
                }
            },
        };
        let response = Message::parse(response.build().unwrap()).unwrap();
        // What is wrong with the request may be quoted.
        let clean = response.check().is_empty() || !request.check().is_empty();
        assert!(clean, "{:?}\n{response}", response.check());
        response
    }

    /// A REGISTER of Bob with this number, and these rows; the status it is answered with.
    fn register(&mut self, number: u32, rows: &[&str]) -> u16 {
        let response = self.receive(&register(number, rows));
        response.status().unwrap().get()
    }

    /// Bob's contacts, in order.
    fn contacts(&self) -> Vec<&str> {
        self.found("sip:bob@example.com")
    }

    fn found(&self, uri: &str) -> Vec<&str> {
        let uri = SipUri::parse(uri).unwrap();
        let found = self.registrar.bindings(self.now, &uri);
        found.into_iter().map(Binding::contact).collect()
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

const C1: &str = "Contact: <sip:bob@198.51.100.2>";
const C2: &str = "Contact: <sip:bob@198.51.100.3>";

fn register(number: u32, rows: &[&str]) -> Message {
    let cseq = format!("CSeq: {number} REGISTER");
    let usual = [
        "REGISTER sip:example.com SIP/2.0",
        "Via: SIP/2.0/UDP 198.51.100.2;branch=z9hG4bK1",
        "Max-Forwards: 70",
        "From: Bob <sip:bob@example.com>;tag=b1",
        "To: Bob <sip:bob@example.com>",
        "Call-ID: c1@198.51.100.2",
        &cseq,
    ];
    let name = |row: &str| row.split([':', ' ']).next().map(str::to_owned);
    let given = |row: &&&str| !rows.iter().any(|given| name(given) == name(row));
    let line = rows.iter().find(|row| row.starts_with("REGISTER "));
    let mut text = format!("{}\r\n", line.unwrap_or(&usual[0]));
    let usual = usual[1..].iter().filter(given);
    for row in usual.chain(rows.iter().filter(|row| !row.ends_with("SIP/2.0"))) {
        text += &format!("{row}\r\n");
    }
    Message::parse(text + "\r\n").unwrap()
}

fn values(message: &Message, name: HeaderName) -> Vec<&str> {
    let elements = message.view().elements(name);
    elements
        .map(|e| core::str::from_utf8(e.value).unwrap())
        .collect()
}

#[test]
fn a_binding_is_made_refreshed_and_removed() {
    let mut bench = Bench::new();
    let response = bench.receive(&register(1, &[C1, "Expires: 600"]));
    assert_eq!(response.status().unwrap().get(), 200);
    assert_eq!(
        values(&response, HeaderName::Contact),
        ["<sip:bob@198.51.100.2>;expires=600"]
    );
    assert_eq!(
        bench.changes,
        [(ChangeKind::Added, "sip:bob@198.51.100.2".into())]
    );

    bench.wait(100);
    let response = bench.receive(&register(2, &[C2]));
    assert_eq!(
        values(&response, HeaderName::Contact),
        [
            "<sip:bob@198.51.100.2>;expires=500",
            "<sip:bob@198.51.100.3>;expires=3600"
        ]
    );
    assert_eq!(bench.register(3, &[C1, "Expires: 700"]), 200);
    assert_eq!(bench.changes[0].0, ChangeKind::Refreshed);
    assert_eq!(
        bench.contacts(),
        ["sip:bob@198.51.100.2", "sip:bob@198.51.100.3"]
    );

    assert_eq!(
        bench.register(4, &["Contact: <sip:bob@198.51.100.2>;expires=0"]),
        200
    );
    assert_eq!(bench.changes[0].0, ChangeKind::Removed);
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.3"]);

    // What is not there can be removed.
    assert_eq!(bench.register(5, &[C1, "Expires: 0"]), 200);
    assert_eq!(bench.changes, []);
}

#[test]
fn without_contact_it_is_a_question() {
    let mut bench = Bench::new();
    let response = bench.receive(&register(1, &[]));
    assert!(response.first(HeaderName::Contact).is_none());
    bench.register(2, &[C1]);
    let response = bench.receive(&register(1, &["Expires: 0"]));
    assert_eq!(
        values(&response, HeaderName::Contact),
        ["<sip:bob@198.51.100.2>;expires=3600"]
    );
    assert_eq!(bench.contacts().len(), 1);
}

#[test]
fn the_parameter_goes_before_the_header_field_and_both_before_the_default() {
    let mut bench = Bench::with(|config| config.default_expires = 900);
    let lasts = |bench: &mut Bench, number, rows: &[&str]| {
        let response = bench.receive(&register(number, rows));
        let contact: rfc3261_sip::headers::Contact<'_> = response.contact().unwrap();
        contact.address().unwrap().expires().unwrap()
    };
    let with = "Contact: <sip:bob@198.51.100.2>;expires=120";
    assert_eq!(lasts(&mut bench, 1, &[with, "Expires: 600"]), 120);
    assert_eq!(lasts(&mut bench, 2, &[C1, "Expires: 600"]), 600);
    assert_eq!(lasts(&mut bench, 3, &[C1]), 900);
    // §10.2.1.1: what cannot be read counts as 3600; and more than is granted is cut.
    assert_eq!(lasts(&mut bench, 4, &[&format!("{C1};expires=soon")]), 3600);
    assert_eq!(lasts(&mut bench, 5, &[C1, "Expires: 4294967295"]), 7200);
}

#[test]
fn brief_bindings_are_refused_unless_the_minimum_is_above_an_hour() {
    let mut bench = Bench::new();
    let response = bench.receive(&register(1, &[C1, "Expires: 59"]));
    assert_eq!(response.status().unwrap().get(), 423);
    assert_eq!(values(&response, HeaderName::MinExpires), ["60"]);
    assert!(bench.contacts().is_empty());
    assert_eq!(bench.register(2, &[C1, "Expires: 60"]), 200);
    // Nothing of it is done if one contact is refused.
    assert_eq!(
        bench.register(3, &[C2, "Contact: <sip:bob@h>;expires=1"]),
        423
    );
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);

    let mut bench = Bench::with(|config| config.min_expires = 10_000);
    assert_eq!(bench.register(1, &[C1, "Expires: 3599"]), 423);
    assert_eq!(bench.register(2, &[C1, "Expires: 3600"]), 200);
}

#[test]
fn an_older_request_of_the_same_series_changes_nothing() {
    let mut bench = Bench::new();
    assert_eq!(bench.register(5, &[C1]), 200);
    assert_eq!(bench.register(5, &[C1, "Expires: 600"]), 500);
    assert_eq!(bench.register(4, &[C2, C1, "Expires: 0"]), 500);
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
    assert_eq!(bench.register(6, &[C1, "Expires: 0"]), 200);
    assert!(bench.contacts().is_empty());
}

#[test]
fn another_series_needs_no_higher_number() {
    let mut bench = Bench::new();
    assert_eq!(bench.register(5, &[C1]), 200);
    let other = "Call-ID: after-reboot@198.51.100.2";
    assert_eq!(bench.register(1, &[C1, other, "Expires: 600"]), 200);
    let uri = SipUri::parse("sip:bob@example.com").unwrap();
    let binding = bench.registrar.bindings(bench.now, &uri)[0].clone();
    assert_eq!(binding.call_id(), "after-reboot@198.51.100.2");
    assert_eq!(
        (binding.sequence_number(), binding.expires_in(bench.now)),
        (1, 600)
    );
    assert_eq!(
        bench.register(1, &[C1, "Call-ID: third", "Expires: 0"]),
        200
    );
    assert!(bench.contacts().is_empty());
}

#[test]
fn a_star_removes_all() {
    let mut bench = Bench::new();
    let star = "Contact: *";
    bench.register(1, &[C1, C2]);
    assert_eq!(bench.register(2, &[star]), 400);
    assert_eq!(bench.register(3, &[star, "Expires: 1"]), 400);
    assert_eq!(bench.contacts().len(), 2);
    // One binding is newer in its series: nothing is removed.
    assert_eq!(bench.register(9, &[C2]), 200);
    assert_eq!(bench.register(8, &[star, "Expires: 0"]), 500);
    assert_eq!(bench.contacts().len(), 2);
    let response = bench.receive(&register(10, &[star, "Expires: 0"]));
    assert!(response.first(HeaderName::Contact).is_none());
    assert!(bench.contacts().is_empty());
    assert_eq!(bench.changes.len(), 2);
    // Of another series it removes whatever the numbers are.
    bench.register(20, &[C1]);
    assert_eq!(
        bench.register(1, &[star, "Expires: 0", "Call-ID: other"]),
        200
    );
    assert!(bench.registrar.store().is_empty());
}

/// A `*` beside other contacts: 400, and nothing has changed. `Message::check` finds fault with
/// such a request as well.
#[test]
fn a_star_stands_alone() {
    let mut bench = Bench::new();
    bench.register(1, &[C1]);
    let request = register(2, &["Contact: *", C2, "Expires: 0"]);
    assert_eq!(bench.receive(&request).status().unwrap().get(), 400);
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
}

#[test]
fn contacts_are_compared_as_uris() {
    let mut bench = Bench::new();
    bench.register(1, &["Contact: <sip:%62ob@PC.example.com;a=1>"]);
    bench.register(2, &["Contact: <sip:bob@pc.example.com>"]);
    assert_eq!(bench.contacts(), ["sip:bob@pc.example.com"]);
    for different in [
        "sip:bob@pc.example.com:5060",
        "sips:bob@pc.example.com",
        "sip:BOB@pc.example.com",
    ] {
        let contacts = bench.contacts().len();
        bench.register(3, &[&format!("Contact: <{different}>")]);
        assert_eq!(bench.contacts().len(), contacts + 1, "{different}");
    }
    // Any URI may be a contact.
    assert_eq!(
        bench.register(
            4,
            &["Contact: <mailto:bob@example.com>, <tel:+12015550123>"]
        ),
        200
    );
    assert_eq!(
        bench.register(5, &["Contact: <tel:+1-201-555-0123>;expires=0"]),
        200
    );
    assert!(!bench.contacts().contains(&"tel:+12015550123"));
}

#[test]
fn a_contact_that_is_twice_in_a_request_is_one() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.register(1, &[C1, "Contact: <sip:bob@198.51.100.2>;q=0.5"]),
        200
    );
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
    assert_eq!(
        bench.register(2, &[C1, "Contact: <sip:bob@198.51.100.2>;expires=0"]),
        200
    );
    assert!(bench.contacts().is_empty());
}

#[test]
fn bindings_come_by_preference() {
    let mut bench = Bench::new();
    bench.register(
        1,
        &["Contact: <sip:a@h>;q=0.1, <sip:b@h>, <sip:c@h>;q=0.7, <sip:d@h>;q=0.7"],
    );
    assert_eq!(
        bench.contacts(),
        ["sip:b@h", "sip:c@h", "sip:d@h", "sip:a@h"]
    );
    let response = bench.receive(&register(2, &[]));
    assert_eq!(
        values(&response, HeaderName::Contact)[0],
        "<sip:a@h>;q=0.1;expires=3600"
    );
}

#[test]
fn bindings_expire_by_time() {
    let mut bench = Bench::new();
    bench.register(1, &["Contact: <sip:a@h>;expires=60, <sip:b@h>;expires=120"]);
    let start = bench.now;
    assert_eq!(
        bench.registrar.next_timeout(),
        Some(start + Duration::from_secs(60))
    );
    bench.wait(60);
    assert_eq!(bench.contacts(), ["sip:b@h"], "even before anybody says so");
    let expired = bench.registrar.handle_timeout(bench.now);
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].0.user(), Some(&b"bob"[..]));
    assert_eq!(expired[0].1.contact(), "sip:a@h");
    bench.wait(60);
    assert_eq!(bench.registrar.next_timeout(), Some(bench.now));
    assert_eq!(bench.registrar.handle_timeout(bench.now).len(), 1);
    assert_eq!(bench.registrar.next_timeout(), None);
    assert!(bench.registrar.store().is_empty());
    // What has expired does not count for the order of requests any more.
    bench.register(5, &["Contact: <sip:a@h>;expires=60"]);
    bench.wait(61);
    assert_eq!(bench.register(5, &["Contact: <sip:a@h>"]), 200);
}

/// §10.3 step 5: parameters go, escapes are undone.
#[test]
fn addresses_of_record_are_canonical() {
    let mut bench = Bench::new();
    bench.register(1, &["To: <sip:%62ob@EXAMPLE.com;user=phone;x=1>", C1]);
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
    assert_eq!(bench.found("sip:bo%62@example.com;transport=tcp").len(), 1);
    assert!(bench.found("sip:BOB@example.com").is_empty());
    assert!(bench.found("sip:alice@example.com").is_empty());
}

#[test]
fn a_third_party_may_register() {
    let mut bench = Bench::new();
    let from = "From: <sip:secretary@example.com>;tag=s";
    assert_eq!(bench.register(1, &[from, C1]), 200);
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
}

#[test]
fn what_is_not_for_this_registrar_is_refused() {
    let mut bench = Bench::new();
    let refused = |rows: &[&str]| {
        let request = register(1, rows);
        let registrar = &bench.registrar;
        registrar.address_of_record(request.view()).unwrap_err()
    };
    for line in ["sip:elsewhere.example", "tel:+1", "sip:a@sub.example.com"] {
        let line = format!("REGISTER {line} SIP/2.0");
        assert_eq!(refused(&[&line]), Refusal::NotHere);
    }
    for to in ["<sip:bob@elsewhere.example>", "<tel:+12015550123>"] {
        assert_eq!(refused(&[&format!("To: {to}")]), Refusal::UnknownAddress);
    }
    assert_eq!(
        refused(&["Require: path, gruu, x"]),
        Refusal::Extension(vec!["gruu".into(), "x".into()])
    );
    let response = bench.receive(&register(1, &["Require: gruu, x"]));
    assert_eq!(response.status().unwrap().get(), 420);
    assert_eq!(values(&response, HeaderName::Unsupported), ["gruu", "x"]);

    let text = register(1, &[C1]).to_string().replace("REGISTER", "INVITE");
    let response = bench.receive(&Message::parse(text).unwrap());
    assert_eq!(response.status().unwrap().get(), 405);
    assert_eq!(values(&response, HeaderName::Allow), ["REGISTER"]);
    // What the caller finds: 403.
    let refusal = Refusal::Forbidden
        .response(register(1, &[]).view(), "t")
        .build()
        .unwrap();
    assert!(refusal.starts_with(b"SIP/2.0 403 "));
}

/// Case 11: numeric domains are names. The domain may have a port.
#[test]
fn a_numeric_domain_is_a_name() {
    let mut bench = Bench::with(|config| config.domains.push("3402000000".into()));
    let rows = [
        "REGISTER sip:3402000000 SIP/2.0",
        "To: <sip:1@3402000000>",
        "Contact: <sip:1@0fb38bfd0a0d>",
    ];
    assert_eq!(bench.register(1, &rows), 200);
    assert_eq!(bench.found("sip:1@3402000000"), ["sip:1@0fb38bfd0a0d"]);
    let rows = [
        "REGISTER sip:192.0.2.1:5080 SIP/2.0",
        "To: <sip:2@192.0.2.1:5080>",
        C1,
    ];
    assert_eq!(bench.register(1, &rows), 200);
    assert_eq!(bench.found("sip:2@192.0.2.1:5080").len(), 1);
}

/// Case 21, and a To that cannot be read.
#[test]
fn garbage_gets_a_400_and_changes_nothing() {
    let mut bench = Bench::new();
    bench.register(1, &[C1]);
    for row in [
        "Contact: <sip:>;sip:;1001@45.93.16.168",
        "To: </>",
        "Contact: <sip:a@h",
        "CSeq: x REGISTER",
    ] {
        assert_eq!(bench.register(2, &[row, C2]), 400, "{row}");
    }
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
}

/// Cases 3, 4 and 5: parameters of the contact stay with the binding, quotes and all.
#[test]
fn parameters_are_kept_for_who_asks() {
    let mut bench = Bench::new();
    let row = "Contact: sip:p666@10.106.171.88:5094;+g.3gpp.accesstype=\"cellular\";\
               +sip.instance=\"<urn:gsma:imei:35548888-144050-0>\";q=0.3;\r\n language=\"en,fr\"; x";
    let response = bench.receive(&register(1, &[row]));
    let expected = "<sip:p666@10.106.171.88:5094>;+g.3gpp.accesstype=\"cellular\";\
                    +sip.instance=\"<urn:gsma:imei:35548888-144050-0>\";language=\"en,fr\";x;q=0.3;\
                    expires=3600";
    assert_eq!(values(&response, HeaderName::Contact), [expected]);
    bench.register(
        2,
        &["Contact: <sip:linphone@domain.com;gr=urn:uuid:c8651907-0000>"],
    );
    assert_eq!(
        bench.contacts()[0],
        "sip:linphone@domain.com;gr=urn:uuid:c8651907-0000"
    );
}

/// RFC 5627: a request to a public GRUU reaches one instance only.
#[test]
fn a_gruu_finds_its_instance() {
    let mut bench = Bench::new();
    let with = |number: u8| {
        format!("Contact: <sip:bob@198.51.100.{number}>;+sip.instance=\"<urn:uuid:0000-{number}>\"")
    };
    bench.register(1, &[&with(2), &with(3), "Contact: <sip:bob@198.51.100.4>"]);
    assert_eq!(bench.contacts().len(), 3);
    assert_eq!(
        bench.found("sip:bob@example.com;gr=urn:uuid:0000-3"),
        ["sip:bob@198.51.100.3"]
    );
    assert!(
        bench
            .found("sip:bob@example.com;gr=urn:uuid:0000-9")
            .is_empty()
    );
}

/// RFC 3327 §5.3.
#[test]
fn the_path_is_kept_and_sent_back() {
    let mut bench = Bench::new();
    let path = [
        "Path: <sip:p3.example.com;lr>,\r\n <sip:p1.visited.example;lr>",
        "Path: <sip:p0;lr>;x=1",
    ];
    let rows = [C1, path[0], path[1], "Supported: path"];
    let response = bench.receive(&register(1, &rows));
    let expected = [
        "<sip:p3.example.com;lr>",
        "<sip:p1.visited.example;lr>",
        "<sip:p0;lr>;x=1",
    ];
    assert_eq!(values(&response, HeaderName::Path), expected);
    let uri = SipUri::parse("sip:bob@example.com").unwrap();
    let found = bench.registrar.bindings(bench.now, &uri);
    assert_eq!(found[0].path().collect::<Vec<_>>(), expected);

    // Who does not know of it is told, unless it is taken all the same.
    let refused = bench.receive(&register(2, &rows[..3]));
    assert_eq!(refused.status().unwrap().get(), 420);
    assert_eq!(values(&refused, HeaderName::Unsupported), ["path"]);
    let mut bench = Bench::with(|config| config.path_without_support = true);
    assert_eq!(bench.register(3, &rows[..3]), 200);
    assert_eq!(
        bench.register(4, &[C1, "Path: garbage", "Supported: path"]),
        400
    );
}

/// RFC 3608 §6.4.
#[test]
fn the_service_route_is_in_each_200() {
    let mut bench = Bench::with(|config| {
        config.service_route = ["sip:p2.example.com;lr", "sip:hsp.example.com;lr"]
            .map(Into::into)
            .into();
    });
    let response = bench.receive(&register(1, &[C1]));
    let expected = ["<sip:p2.example.com;lr>", "<sip:hsp.example.com;lr>"];
    assert_eq!(values(&response, HeaderName::ServiceRoute), expected);
}

/// §10.3: Record-Route is ignored, and is in no response.
#[test]
fn record_route_has_no_effect() {
    let mut bench = Bench::new();
    let response = bench.receive(&register(1, &[C1, "Record-Route: <sip:p1;lr>"]));
    assert!(response.first(HeaderName::RecordRoute).is_none());
    let uri = SipUri::parse("sip:bob@example.com").unwrap();
    assert_eq!(bench.registrar.bindings(bench.now, &uri)[0].path().len(), 0);
}

#[test]
fn the_number_of_contacts_and_of_users_is_limited() {
    let mut bench = Bench::with(|config| config.max_bindings = 2);
    assert_eq!(bench.register(1, &[C1, C2]), 200);
    assert_eq!(bench.register(2, &["Contact: <sip:third@h>"]), 403);
    assert_eq!(bench.contacts().len(), 2);
    assert_eq!(
        bench.register(3, &[C1, "Contact: <sip:third@h>;expires=0"]),
        200
    );
    // As many as there are may change their place at once.
    let gone = "Contact: <sip:bob@198.51.100.2>;expires=0, <sip:bob@198.51.100.3>;expires=0";
    assert_eq!(
        bench.register(4, &["Contact: <sip:x@h>, <sip:y@h>", gone]),
        200
    );
    assert_eq!(bench.contacts(), ["sip:x@h", "sip:y@h"]);
    let many = format!("Contact: <sip:x@h>{}", ", <sip:z@h>;expires=0".repeat(4));
    assert_eq!(bench.register(5, &[&many]), 403);
    for (user, status) in [("a", 200), ("b", 200), ("c", 500)] {
        let to = format!("To: <sip:{user}@example.com>");
        assert_eq!(bench.register(1, &[&to, C1]), status);
    }
    assert_eq!(bench.registrar.store().len(), 3);
    // What is gone makes room.
    assert_eq!(bench.register(6, &["Contact: *", "Expires: 0"]), 200);
    assert_eq!(bench.register(1, &["To: <sip:c@example.com>", C1]), 200);
}

/// A store that can be made to fail.
struct Failing {
    store: MemoryStore,
    fails: Rc<Cell<bool>>,
}

impl Store for Failing {
    fn bindings(&self, address: &RegistrarKey) -> &[Binding] {
        self.store.bindings(address)
    }

    fn replace(
        &mut self,
        address: &RegistrarKey,
        bindings: Vec<Binding>,
    ) -> Result<(), StoreError> {
        match self.fails.get() {
            true => Err(StoreError::Unavailable),
            false => self.store.replace(address, bindings),
        }
    }

    fn expire(&mut self, now: Instant) -> Vec<(RegistrarKey, Binding)> {
        self.store.expire(now)
    }

    fn next_expiry(&self) -> Option<Instant> {
        self.store.next_expiry()
    }
}

/// §10.3 step 7: what cannot be stored is a 500, and all is as before.
#[test]
fn a_store_that_fails_is_a_500() {
    let fails = Rc::new(Cell::new(false));
    let store = MemoryStore::new(10, [7; 16]);
    let mut bench = Bench::of(
        Failing {
            store,
            fails: Rc::clone(&fails),
        },
        |_| {},
    );
    assert_eq!(bench.register(1, &[C1]), 200);
    fails.set(true);
    assert_eq!(
        bench.register(2, &[C2, "Contact: <sip:bob@198.51.100.2>;expires=0"]),
        500
    );
    assert_eq!(bench.contacts(), ["sip:bob@198.51.100.2"]);
    fails.set(false);
    assert_eq!(bench.register(2, &[C2]), 200);
}

#[test]
fn the_way_that_a_request_came_is_kept() {
    let mut bench = Bench::new();
    let request = register(1, &[C1]);
    let user = bench.registrar.address_of_record(request.view()).unwrap();
    let flow = Flow::new(Transport::Tcp, "203.0.113.9:50000".parse().unwrap());
    let changes = bench
        .registrar
        .register(bench.now, request.view(), &user, Some(flow));
    assert_eq!(changes.unwrap().len(), 1);
    let uri = SipUri::parse("sip:bob@example.com").unwrap();
    assert_eq!(
        bench.registrar.bindings(bench.now, &uri)[0].flow(),
        Some(flow)
    );
}

/// Many users come and go, and the next deadline is always that of the binding that ends first.
#[test]
fn the_store_finds_what_ends_first() {
    let mut random = testkit::Random::new(17);
    let mut bench = Bench::of(MemoryStore::new(50, [7; 16]), |config| {
        config.min_expires = 1
    });
    let start = bench.now;
    let mut ends = std::collections::BTreeMap::new();
    for number in 1..500 {
        let user = random.below(40);
        let seconds = random.below(300);
        let rows = [
            format!("To: <sip:{user}@example.com>"),
            format!("Expires: {seconds}"),
        ];
        assert_eq!(bench.register(number, &[&rows[0], &rows[1], C1]), 200);
        match seconds {
            0 => ends.remove(&user),
            _ => ends.insert(user, bench.now + Duration::from_secs(seconds)),
        };
        if random.chance(30) {
            bench.now += Duration::from_secs(random.below(40));
            let expired = bench.registrar.handle_timeout(bench.now);
            let before = ends.len();
            ends.retain(|_, end| *end > bench.now);
            assert_eq!(expired.len(), before - ends.len());
        }
        assert_eq!(bench.registrar.next_timeout(), ends.values().min().copied());
        assert_eq!(bench.registrar.store().len(), ends.len());
    }
    assert!(bench.now > start + Duration::from_secs(1000));
}
