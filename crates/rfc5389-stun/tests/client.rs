//! The client: when it repeats, whom it believes, how it proves itself, where it goes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashSet;
use std::time::Instant;

use proptest::prelude::*;
use rfc5389_stun::attribute::{
    Algorithm, AlternateServer, ErrorCode, MappedAddress, Nonce, PasswordAlgorithm,
    PasswordAlgorithms, Realm, Software, UserHash, Username, XorMappedAddress,
};
use rfc5389_stun::client::{
    Client, ClientConfig, Credentials, Event, Failure, Input, Output, Request, RequestId, Success,
    TooManyRequests, Transmit,
};
use rfc5389_stun::server::{
    Arrival, Authentication, Claim, LongTerm, Policy, Server, ServerConfig, User,
};
use rfc5389_stun::{
    AttributeType, Class, Key, Message, MessageBuilder, Method, TransactionId, Transport,
};

const REALM: &str = "example.org";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn server() -> SocketAddr {
    address("192.0.2.1:3478")
}

fn mapped() -> SocketAddr {
    address("198.51.100.7:4000")
}

/// A client under a clock of its own.
struct Bench {
    client: Client,
    start: Instant,
    now: Instant,
}

impl Bench {
    fn new(config: ClientConfig) -> Bench {
        let now = Instant::now();
        Bench {
            client: Client::new(config, [3; 32]),
            start: now,
            now,
        }
    }

    fn plain() -> Bench {
        Bench::new(ClientConfig::default())
    }

    fn with(credentials: Credentials) -> Bench {
        let mut config = ClientConfig::default();
        config.credentials = Some(credentials);
        Bench::new(config)
    }

    fn ask(&mut self) -> (RequestId, Asked) {
        let id = self
            .client
            .request(self.now, Request::udp(server()))
            .unwrap();
        (id, self.sent())
    }

    fn sent(&mut self) -> Asked {
        match self.client.poll_output() {
            Some(Output::Transmit(transmit)) => Asked::from(transmit),
            other => panic!("{other:?}"),
        }
    }

    fn event(&mut self) -> Event {
        match self.client.poll_output() {
            Some(Output::Event(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    fn success(&mut self) -> Success {
        match self.event() {
            Event::Success { success, .. } => success,
            other => panic!("{other:?}"),
        }
    }

    fn failure(&mut self) -> Failure {
        match self.event() {
            Event::Failure { failure, .. } => failure,
            other => panic!("{other:?}"),
        }
    }

    fn receive(&mut self, source: SocketAddr, bytes: &[u8]) {
        self.receive_by(Transport::Udp, source, bytes);
    }

    fn receive_by(&mut self, transport: Transport, source: SocketAddr, bytes: &[u8]) {
        let input = Input::Message {
            transport,
            source,
            bytes,
        };
        self.client.handle_input(self.now, input);
    }

    /// Waits for the next timer.
    fn jump(&mut self) -> Duration {
        self.now = self.client.next_timeout().unwrap();
        self.client.handle_timeout(self.now);
        self.now - self.start
    }

    fn assert_nothing_happened(&mut self) {
        assert_eq!(self.client.poll_output(), None);
        assert!(self.client.next_timeout().is_some(), "it still waits");
    }
}

/// A request that was sent.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    destination: SocketAddr,
    message: Message<Vec<u8>>,
}

impl From<Transmit> for Asked {
    fn from(transmit: Transmit) -> Asked {
        let message = Message::parse(transmit.bytes).unwrap();
        assert_eq!(
            (message.class(), message.method()),
            (Class::Request, Method::BINDING)
        );
        Asked {
            destination: transmit.destination,
            message,
        }
    }
}

impl Asked {
    fn has(&self, attribute_type: AttributeType) -> bool {
        self.message.attribute(attribute_type).is_some()
    }

    fn has_integrity(&self) -> bool {
        self.has(AttributeType::MESSAGE_INTEGRITY)
            || self.has(AttributeType::MESSAGE_INTEGRITY_SHA256)
    }

    fn respond(
        &self,
        class: Class,
        fill: impl FnOnce(MessageBuilder<'_>) -> MessageBuilder<'_>,
    ) -> Vec<u8> {
        let mut buffer = [0; 2048];
        fill(MessageBuilder::response(&mut buffer, class, &self.message))
            .finish()
            .unwrap()
            .to_vec()
    }

    fn success(&self, fill: impl FnOnce(MessageBuilder<'_>) -> MessageBuilder<'_>) -> Vec<u8> {
        self.respond(Class::SuccessResponse, |b| {
            fill(b.attribute(&XorMappedAddress(mapped())))
        })
    }

    fn error(
        &self,
        code: u16,
        fill: impl FnOnce(MessageBuilder<'_>) -> MessageBuilder<'_>,
    ) -> Vec<u8> {
        self.respond(Class::ErrorResponse, |b| {
            fill(b.attribute(&ErrorCode::new(code, "").unwrap()))
        })
    }

    /// A challenge after RFC 5389.
    fn challenge(&self, code: u16, realm: &str, nonce: &str) -> Vec<u8> {
        self.error(code, |b| {
            b.attribute(&Realm(realm)).attribute(&Nonce(nonce))
        })
    }
}

fn short() -> Credentials {
    Credentials::short_term("alice", "secret")
}

fn long() -> Credentials {
    Credentials::long_term("alice", "secret")
}

fn md5() -> Key {
    Key::long_term_md5("alice", REALM, "secret")
}

// Transactions.

#[test]
fn retransmissions_at_0_500_1500_3500_7500_15500_31500_and_failure_at_39500_ms() {
    let mut bench = Bench::plain();
    let (id, first) = bench.ask();
    for millis in [500, 1500, 3500, 7500, 15_500, 31_500] {
        assert_eq!(bench.jump(), Duration::from_millis(millis));
        assert_eq!(bench.sent(), first, "the very same request");
        assert_eq!(bench.client.poll_output(), None);
    }
    assert_eq!(bench.jump(), Duration::from_millis(39_500));
    let expected = Event::Failure {
        request: id,
        failure: Failure::TimedOut,
    };
    assert_eq!(bench.event(), expected);
    assert_eq!(bench.client.next_timeout(), None);
}

#[test]
fn rto_rc_and_rm_are_configured() {
    let mut config = ClientConfig::default();
    config.rto = Duration::from_millis(100);
    config.requests = 3;
    config.last_wait = 2;
    let mut bench = Bench::new(config.clone());
    bench.ask();
    for millis in [100, 300] {
        assert_eq!(bench.jump(), Duration::from_millis(millis));
        bench.sent();
    }
    assert_eq!(bench.jump(), Duration::from_millis(500));
    assert_eq!(bench.failure(), Failure::TimedOut);
    for requests in [0, 1] {
        config.requests = requests;
        let mut bench = Bench::new(config.clone());
        bench.ask();
        assert_eq!(bench.jump(), Duration::from_millis(200));
        assert_eq!(bench.failure(), Failure::TimedOut);
    }
}

#[test]
fn over_tcp_a_request_is_sent_once_and_given_up_after_ti() {
    let mut bench = Bench::plain();
    let id = bench
        .client
        .request(bench.now, Request::tcp(server()))
        .unwrap();
    let asked = bench.sent();
    bench.receive(server(), &asked.success(|b| b));
    bench.assert_nothing_happened();
    assert_eq!(bench.jump(), Duration::from_millis(39_500));
    let expected = Event::Failure {
        request: id,
        failure: Failure::TimedOut,
    };
    assert_eq!(bench.event(), expected);

    bench
        .client
        .request(bench.now, Request::tcp(server()))
        .unwrap();
    let asked = bench.sent();
    bench.receive_by(Transport::Tcp, server(), &asked.success(|b| b));
    assert_eq!(bench.success().mapped_address, mapped());
}

#[test]
fn an_early_timeout_does_nothing_and_a_late_one_repeats_once() {
    let mut bench = Bench::plain();
    bench.ask();
    bench
        .client
        .handle_timeout(bench.now + Duration::from_millis(499));
    bench.assert_nothing_happened();
    bench
        .client
        .handle_timeout(bench.now + Duration::from_secs(9));
    bench.sent();
    bench.assert_nothing_happened();
}

#[test]
fn transaction_ids_come_from_the_seed_and_never_repeat() {
    let ids = |seed| {
        let mut config = ClientConfig::default();
        config.outstanding = 1000;
        let mut client = Client::new(config, [seed; 32]);
        let mut ids = Vec::new();
        for _ in 0..1000 {
            client
                .request(Instant::now(), Request::udp(server()))
                .unwrap();
            let Some(Output::Transmit(transmit)) = client.poll_output() else {
                panic!("no request");
            };
            ids.push(Message::parse(transmit.bytes).unwrap().transaction_id());
        }
        ids
    };
    let first = ids(1);
    assert_eq!(first, ids(1));
    let all: HashSet<TransactionId> = first.into_iter().chain(ids(2)).collect();
    assert_eq!(all.len(), 2000);
    // Every bit is set in about half of them.
    for bit in 0..96 {
        let count = all
            .iter()
            .filter(|id| id.0[bit / 8] >> (bit % 8) & 1 == 1)
            .count();
        assert!((800..1200).contains(&count), "bit {bit} is set in {count}");
    }
}

#[test]
fn requests_wait_side_by_side_up_to_a_limit() {
    let mut bench = Bench::plain();
    let asked: Vec<_> = (0..10).map(|_| bench.ask()).collect();
    let refused = bench.client.request(bench.now, Request::udp(server()));
    assert_eq!(refused, Err(TooManyRequests));
    for (id, asked) in asked.iter().rev() {
        bench.receive(server(), &asked.success(|b| b));
        assert!(matches!(bench.event(), Event::Success { request, .. } if request == *id));
    }
    assert_eq!(bench.client.next_timeout(), None);
}

#[test]
fn a_cancelled_request_is_forgotten() {
    let mut bench = Bench::plain();
    let (id, asked) = bench.ask();
    bench.client.cancel(id);
    bench.receive(server(), &asked.success(|b| b));
    assert_eq!(bench.client.poll_output(), None);
    assert_eq!(bench.client.next_timeout(), None);
}

#[test]
fn what_the_network_cannot_deliver_fails_at_once() {
    let mut bench = Bench::plain();
    bench.ask();
    let unreachable = |bench: &mut Bench, transport, destination| {
        let input = Input::Unreachable {
            transport,
            destination,
        };
        bench.client.handle_input(bench.now, input);
    };
    unreachable(&mut bench, Transport::Tcp, server());
    unreachable(&mut bench, Transport::Udp, address("192.0.2.1:3479"));
    bench.assert_nothing_happened();
    unreachable(&mut bench, Transport::Udp, server());
    assert_eq!(bench.failure(), Failure::Unreachable);
}

#[test]
fn requests_fit_the_path_mtu() {
    for (server, room) in [("192.0.2.1:3478", 548), ("[2001:db8::1]:3478", 1232)] {
        let mut lengths = Vec::new();
        for len in [1, 300, 500, 508] {
            // Two texts of up to 508 bytes, and 20 + 8 + 32 + 36 + 24 of the rest.
            let mut config = ClientConfig::default();
            config.software = Some("é".repeat(127));
            config.credentials = Some(Credentials::short_term(&"x".repeat(len), "secret"));
            let mut bench = Bench::new(config);
            bench
                .client
                .request(bench.now, Request::udp(address(server)))
                .unwrap();
            match bench.client.poll_output() {
                Some(Output::Transmit(transmit)) => {
                    assert!(transmit.bytes.len() <= room);
                    lengths.push(transmit.bytes.len());
                }
                Some(Output::Event(Event::Failure { failure, .. })) => {
                    assert!(matches!(failure, Failure::Unwritable(_)));
                    assert_eq!(bench.client.next_timeout(), None);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(lengths.len(), if room == 548 { 1 } else { 4 });
    }
}

#[test]
fn software_and_fingerprint_are_added_when_configured() {
    let mut config = ClientConfig::default();
    config.software = Some("example".into());
    config.fingerprint = true;
    let mut bench = Bench::new(config);
    let (_, asked) = bench.ask();
    assert_eq!(asked.message.get(), Ok(Some(Software("example"))));
    assert_eq!(asked.message.verify_fingerprint(), Ok(()));
    bench.receive(server(), &asked.success(|b| b));
    bench.assert_nothing_happened();
    bench.receive(server(), &asked.success(|b| b.fingerprint()));
    assert_eq!(bench.success().mapped_address, mapped());
}

// Responses.

#[test]
fn a_response_tells_the_mapped_address_and_the_round_trip() {
    let mut bench = Bench::plain();
    let (_, asked) = bench.ask();
    assert_eq!(asked.message.as_bytes().len(), 20, "nothing is needed");
    bench.now += Duration::from_millis(30);
    bench.receive(server(), &asked.success(|b| b));
    let success = bench.success();
    assert_eq!(success.mapped_address, mapped());
    assert_eq!(success.round_trip, Some(Duration::from_millis(30)));
    assert_eq!(
        (success.server, success.is_authenticated),
        (server(), false)
    );

    let (_, asked) = bench.ask();
    bench.jump();
    bench.receive(server(), &asked.success(|b| b));
    bench.sent();
    assert_eq!(bench.success().round_trip, None, "after a repetition");
}

#[test]
fn response_with_an_unknown_transaction_or_from_the_wrong_source() {
    let mut bench = Bench::plain();
    let (_, asked) = bench.ask();
    let right = asked.success(|b| b);
    let mut unknown = right.clone();
    unknown[19] ^= 1;
    bench.receive(server(), &unknown);
    for source in ["192.0.2.1:3479", "192.0.2.2:3478"] {
        bench.receive(address(source), &right);
    }
    bench.receive_by(Transport::Tcp, server(), &right);
    bench.assert_nothing_happened();
    bench.receive(address("[::ffff:192.0.2.1]:3478"), &right);
    assert_eq!(bench.success().mapped_address, mapped());
    bench.receive(server(), &right);
    assert_eq!(bench.client.poll_output(), None, "a second one is late");
}

#[test]
fn what_is_no_response_to_the_request_is_passed_over() {
    let mut bench = Bench::plain();
    let (_, asked) = bench.ask();
    bench.receive(server(), asked.message.as_bytes());
    bench.receive(server(), &asked.respond(Class::Indication, |b| b));
    bench.receive(server(), b"noise");
    let right = asked.success(|b| b);
    let mut classic = right.clone();
    classic[4] ^= 1;
    bench.receive(server(), &classic);
    let mut other_method = right.clone();
    other_method[1] = 3;
    bench.receive(server(), &other_method);
    let mut wrong = asked.success(|b| b.fingerprint());
    *wrong.last_mut().unwrap() ^= 1;
    bench.receive(server(), &wrong);
    bench.assert_nothing_happened();
}

#[test]
fn servers_of_rfc_3489_tell_mapped_address_and_more_that_is_ignored() {
    let mut bench = Bench::plain();
    let (_, asked) = bench.ask();
    let response = asked.respond(Class::SuccessResponse, |b| {
        b.attribute(&MappedAddress(mapped()))
            .raw_attribute(AttributeType::RESPONSE_ADDRESS, &[0; 8])
            .raw_attribute(AttributeType::CHANGE_REQUEST, &[0; 4])
            .raw_attribute(AttributeType::SOURCE_ADDRESS, &[0; 8])
            .raw_attribute(AttributeType::CHANGED_ADDRESS, &[0; 8])
            .raw_attribute(AttributeType::PASSWORD, &[0; 4])
            .raw_attribute(AttributeType::REFLECTED_FROM, &[0; 8])
    });
    bench.receive(server(), &response);
    assert_eq!(bench.success().mapped_address, mapped());
}

#[test]
fn a_response_without_address_or_with_unknown_attributes_fails() {
    let unknown = AttributeType(0x7fff);
    let mut bench = Bench::plain();
    for (respond, failure) in [
        (
            (|asked: &Asked| asked.respond(Class::SuccessResponse, |b| b)) as fn(&Asked) -> Vec<u8>,
            Failure::MalformedResponse,
        ),
        (
            |asked| asked.success(|b| b.raw_attribute(AttributeType(0x7fff), &[])),
            Failure::UnknownAttribute,
        ),
        (
            |asked| asked.error(400, |b| b.raw_attribute(AttributeType(0x7fff), &[])),
            Failure::UnknownAttribute,
        ),
        (
            |asked| asked.respond(Class::ErrorResponse, |b| b),
            Failure::MalformedResponse,
        ),
    ] {
        let (_, asked) = bench.ask();
        bench.receive(server(), &respond(&asked));
        assert_eq!(bench.failure(), failure);
        assert_eq!(bench.client.next_timeout(), None);
    }
    let (_, asked) = bench.ask();
    let optional = AttributeType(unknown.0 + 1);
    bench.receive(server(), &asked.success(|b| b.raw_attribute(optional, &[])));
    bench.success();
}

#[test]
fn an_error_ends_the_request_and_is_never_repeated() {
    let mut bench = Bench::plain();
    for code in [300, 400, 401, 403, 420, 438, 500, 599, 699] {
        let (_, asked) = bench.ask();
        let response = asked.error(code, |b| {
            b.attribute(&AlternateServer(address("192.0.2.9:1")))
        });
        bench.receive(server(), &response);
        assert_eq!(bench.failure(), Failure::Rejected(code));
        assert_eq!(bench.client.next_timeout(), None);
    }
}

// Short-term credentials.

#[test]
fn short_term_requests_have_username_and_both_integrities_then_the_one_that_came_back() {
    let key = Key::short_term("secret");
    for is_sha256 in [false, true] {
        let mut bench = Bench::with(short());
        let (_, asked) = bench.ask();
        assert_eq!(asked.message.get(), Ok(Some(Username("alice"))));
        assert_eq!(asked.message.verify_integrity(&key), Ok(()));
        assert_eq!(asked.message.verify_integrity_sha256(&key, 32), Ok(()));
        let response = |asked: &Asked| {
            asked.success(|b| {
                if is_sha256 {
                    b.integrity_sha256(&key)
                } else {
                    b.integrity(&key)
                }
            })
        };
        bench.receive(server(), &response(&asked));
        assert!(bench.success().is_authenticated);
        let (_, asked) = bench.ask();
        assert_eq!(
            asked.has(AttributeType::MESSAGE_INTEGRITY_SHA256),
            is_sha256
        );
        assert_eq!(asked.has(AttributeType::MESSAGE_INTEGRITY), !is_sha256);
        // The other one is not taken any more.
        let other = asked.success(|b| {
            if is_sha256 {
                b.integrity(&key)
            } else {
                b.integrity_sha256(&key)
            }
        });
        bench.receive(server(), &other);
        bench.assert_nothing_happened();
        bench.receive(server(), &response(&asked));
        assert!(bench.success().is_authenticated);
    }
}

#[test]
fn short_term_responses_without_right_integrity_are_as_if_they_had_not_come() {
    let wrong = Key::short_term("wrong");
    let mut bench = Bench::with(short());
    let (_, asked) = bench.ask();
    for response in [
        asked.success(|b| b),
        asked.success(|b| b.integrity(&wrong)),
        asked.success(|b| b.integrity_sha256(&wrong)),
        asked.error(400, |b| b),
        asked.error(401, |b| b),
        asked.error(438, |b| b),
        asked.error(300, |b| {
            b.attribute(&AlternateServer(address("192.0.2.9:1")))
        }),
    ] {
        bench.receive(server(), &response);
        bench.assert_nothing_happened();
    }
    for _ in 0..6 {
        bench.jump();
        bench.sent();
    }
    assert_eq!(bench.jump(), Duration::from_millis(39_500));
    assert_eq!(bench.failure(), Failure::IntegrityViolated);
}

#[test]
fn over_tcp_a_violation_ends_the_request() {
    let mut bench = Bench::with(short());
    bench
        .client
        .request(bench.now, Request::tcp(server()))
        .unwrap();
    let asked = bench.sent();
    bench.receive_by(Transport::Tcp, server(), &asked.success(|b| b));
    assert_eq!(bench.failure(), Failure::IntegrityViolated);
    assert_eq!(bench.client.next_timeout(), None);
}

// Long-term credentials.

#[test]
fn the_answer_to_a_challenge_has_username_realm_nonce_and_integrity() {
    let mut bench = Bench::with(long());
    let (_, asked) = bench.ask();
    assert_eq!(asked.message.as_bytes().len(), 20, "the first one is bare");
    bench.receive(server(), &asked.challenge(401, REALM, "one"));
    let again = bench.sent();
    assert_ne!(
        again.message.transaction_id(),
        asked.message.transaction_id()
    );
    assert_eq!(again.message.get(), Ok(Some(Username("alice"))));
    assert_eq!(again.message.get(), Ok(Some(Realm(REALM))));
    assert_eq!(again.message.get(), Ok(Some(Nonce("one"))));
    assert_eq!(again.message.verify_integrity(&md5()), Ok(()));
    assert!(!again.has(AttributeType::MESSAGE_INTEGRITY_SHA256));
    bench.receive(server(), &again.success(|b| b.integrity(&md5())));
    assert!(bench.success().is_authenticated);
    // What was learned is used again.
    let (_, next) = bench.ask();
    assert_eq!(next.message.get(), Ok(Some(Nonce("one"))));
    assert_eq!(next.message.verify_integrity(&md5()), Ok(()));
}

#[test]
fn credentials_that_were_refused_are_not_tried_again() {
    let mut bench = Bench::with(long());
    let (_, asked) = bench.ask();
    bench.receive(server(), &asked.challenge(401, REALM, "one"));
    let again = bench.sent();
    bench.receive(server(), &again.challenge(401, REALM, "two"));
    assert_eq!(bench.failure(), Failure::CredentialsRefused);
    assert_eq!(bench.client.next_timeout(), None);
    let (_, next) = bench.ask();
    assert!(!next.has_integrity(), "nothing was learned");
}

#[test]
fn another_realm_is_answered_but_not_for_ever() {
    let mut bench = Bench::with(long());
    let (_, mut asked) = bench.ask();
    for realm in ["a", "b", "c", "d", "e"] {
        bench.receive(server(), &asked.challenge(401, realm, "nonce"));
        asked = bench.sent();
        let key = Key::long_term_md5("alice", realm, "secret");
        assert_eq!(asked.message.verify_integrity(&key), Ok(()));
    }
    bench.receive(server(), &asked.challenge(401, "f", "nonce"));
    assert_eq!(bench.failure(), Failure::TooManyAttempts);
}

#[test]
fn a_stale_nonce_is_replaced_but_not_for_ever() {
    let mut bench = Bench::with(long());
    let (_, asked) = bench.ask();
    bench.receive(server(), &asked.challenge(401, REALM, "0"));
    let mut asked = bench.sent();
    for nonce in ["1", "2", "3", "4"] {
        bench.receive(server(), &asked.challenge(438, REALM, nonce));
        asked = bench.sent();
        assert_eq!(asked.message.get(), Ok(Some(Nonce(nonce))));
        assert_eq!(asked.message.get(), Ok(Some(Realm(REALM))));
        assert_eq!(asked.message.get(), Ok(Some(Username("alice"))));
        assert_eq!(asked.message.verify_integrity(&md5()), Ok(()));
    }
    bench.receive(server(), &asked.challenge(438, REALM, "5"));
    assert_eq!(bench.failure(), Failure::TooManyAttempts);
}

#[test]
fn long_term_responses_without_right_integrity_are_as_if_they_had_not_come() {
    let mut bench = Bench::with(long());
    let (_, asked) = bench.ask();
    bench.receive(server(), &asked.challenge(401, REALM, "one"));
    let asked = bench.sent();
    let wrong = Key::long_term_md5("alice", REALM, "wrong");
    for response in [
        asked.success(|b| b),
        asked.success(|b| b.integrity(&wrong)),
        asked.success(|b| b.integrity_sha256(&md5())),
        asked.error(400, |b| b),
        asked.error(500, |b| b.integrity(&wrong)),
    ] {
        bench.receive(server(), &response);
        bench.assert_nothing_happened();
    }
    bench.receive(server(), &asked.error(500, |b| b.integrity(&md5())));
    assert_eq!(bench.failure(), Failure::Rejected(500));
}

#[test]
fn a_challenge_that_cannot_be_read_fails() {
    for fill in [
        (|b| b) as fn(MessageBuilder<'_>) -> MessageBuilder<'_>,
        |b| b.attribute(&Realm(REALM)),
        |b| b.attribute(&Nonce("one")),
        |b| {
            b.raw_attribute(AttributeType::REALM, &[0xff])
                .attribute(&Nonce("one"))
        },
    ] {
        let mut bench = Bench::with(long());
        let (_, asked) = bench.ask();
        bench.receive(server(), &asked.error(401, fill));
        assert_eq!(bench.failure(), Failure::MalformedResponse);
    }
}

/// A nonce that speaks of password algorithms.
const NONCE_WITH_ALGORITHMS: Nonce<'_> = Nonce("obMatJos2gAAA1");

#[test]
fn the_first_password_algorithm_that_is_known_is_chosen() {
    let sha256 = Key::long_term_sha256("alice", REALM, "secret");
    for (list, chosen, key) in [
        (
            &[0u8, 2, 0, 0, 0, 1, 0, 0][..],
            PasswordAlgorithm::SHA256,
            &sha256,
        ),
        (&[0, 9, 0, 0, 0, 1, 0, 0], PasswordAlgorithm::MD5, &md5()),
    ] {
        let mut bench = Bench::with(long());
        let (_, asked) = bench.ask();
        let challenge = asked.error(401, |b| {
            b.attribute(&Realm(REALM))
                .attribute(&NONCE_WITH_ALGORITHMS)
                .raw_attribute(AttributeType::PASSWORD_ALGORITHMS, list)
        });
        bench.receive(server(), &challenge);
        let again = bench.sent();
        let returned = again
            .message
            .get::<PasswordAlgorithms<'_>>()
            .unwrap()
            .unwrap();
        assert_eq!(returned.as_bytes(), list);
        assert_eq!(again.message.get(), Ok(Some(chosen)));
        assert!(!again.has(AttributeType::MESSAGE_INTEGRITY));
        assert_eq!(again.message.verify_integrity_sha256(key, 32), Ok(()));
        bench.receive(server(), &again.success(|b| b.integrity(key)));
        bench.assert_nothing_happened();
        bench.receive(server(), &again.success(|b| b.integrity_sha256(key)));
        assert!(bench.success().is_authenticated);
    }
}

#[test]
fn algorithms_that_are_taken_away_or_unknown_end_the_request() {
    let mut bench = Bench::with(long());
    for (list, failure) in [
        (None, Failure::BidDown),
        (Some(&[0u8, 2, 0][..]), Failure::BidDown),
        (Some(&[0, 9, 0, 0]), Failure::NoPasswordAlgorithm),
    ] {
        let (_, asked) = bench.ask();
        let challenge = asked.error(401, |mut b| {
            if let Some(list) = list {
                b = b.raw_attribute(AttributeType::PASSWORD_ALGORITHMS, list);
            }
            b.attribute(&Realm(REALM)).attribute(&NONCE_WITH_ALGORITHMS)
        });
        bench.receive(server(), &challenge);
        assert_eq!(bench.failure(), failure);
    }
    // What has been offered once is not taken back by 438.
    let (_, asked) = bench.ask();
    let challenge = asked.error(401, |b| {
        b.attribute(&Realm(REALM))
            .attribute(&NONCE_WITH_ALGORITHMS)
            .attribute(&PasswordAlgorithms::SHA256_MD5)
    });
    bench.receive(server(), &challenge);
    let again = bench.sent();
    bench.receive(server(), &again.challenge(438, REALM, "plain"));
    assert_eq!(bench.failure(), Failure::BidDown);
}

#[test]
fn a_response_whose_nonce_misses_its_algorithms_is_passed_over() {
    let mut bench = Bench::plain();
    let (_, asked) = bench.ask();
    bench.receive(
        server(),
        &asked.success(|b| b.attribute(&NONCE_WITH_ALGORITHMS)),
    );
    bench.receive(
        server(),
        &asked.error(400, |b| b.attribute(&NONCE_WITH_ALGORITHMS)),
    );
    bench.assert_nothing_happened();
}

#[test]
fn the_name_is_hashed_where_the_nonce_asks_for_it() {
    let mut bench = Bench::with(long());
    let (_, asked) = bench.ask();
    bench.receive(server(), &asked.challenge(401, REALM, "obMatJos2QAAA1"));
    let again = bench.sent();
    assert!(!again.has(AttributeType::USERNAME));
    assert_eq!(again.message.get(), Ok(Some(UserHash::new("alice", REALM))));
}

#[test]
fn credentials_show_no_password() {
    assert!(!format!("{:?}", Bench::with(long()).client).contains("secret"));
}

// Redirection.

#[test]
fn a_protected_redirection_is_followed_with_the_same_credentials() {
    let key = Key::short_term("secret");
    let mut bench = Bench::with(short());
    let (id, asked) = bench.ask();
    let second = address("192.0.2.2:3478");
    let redirect = |asked: &Asked, to| {
        asked.error(300, |b| {
            b.attribute(&AlternateServer(to)).integrity_sha256(&key)
        })
    };
    bench.receive(server(), &redirect(&asked, second));
    let again = bench.sent();
    assert_eq!(again.destination, second);
    assert_eq!(again.message.get(), Ok(Some(Username("alice"))));
    assert_eq!(again.message.verify_integrity(&key), Ok(()));
    bench.receive(second, &again.success(|b| b.integrity(&key)));
    let Event::Success { request, success } = bench.event() else {
        panic!("no success");
    };
    assert_eq!((request, success.server), (id, second));
}

#[test]
fn a_redirection_to_a_server_tried_before_is_ignored_and_there_are_not_many() {
    let key = Key::short_term("secret");
    let redirect = |asked: &Asked, to: &str| {
        let to = AlternateServer(address(to));
        asked.error(300, |b| b.attribute(&to).integrity_sha256(&key))
    };
    let mut bench = Bench::with(short());
    let (_, asked) = bench.ask();
    bench.receive(server(), &redirect(&asked, "192.0.2.2:3478"));
    let again = bench.sent();
    bench.receive(again.destination, &redirect(&again, "192.0.2.1:3478"));
    assert_eq!(bench.failure(), Failure::RedirectedBack);

    let (_, mut asked) = bench.ask();
    for server in 2..7 {
        let to = format!("192.0.2.{server}:3478");
        bench.receive(asked.destination, &redirect(&asked, &to));
        asked = bench.sent();
    }
    bench.receive(asked.destination, &redirect(&asked, "192.0.2.7:3478"));
    assert_eq!(bench.failure(), Failure::TooManyAttempts);

    let (_, asked) = bench.ask();
    bench.receive(server(), &redirect(&asked, "[2001:db8::1]:3478"));
    assert_eq!(bench.failure(), Failure::MalformedResponse);
}

// With the server of this crate.

struct Alice;

impl Policy for Alice {
    fn key(&mut self, claim: &Claim<'_>) -> Option<Key> {
        let is_alice = match claim.user {
            User::Name(name) => name == "alice",
            User::Hash(hash) => hash == UserHash::new("alice", REALM),
        };
        is_alice.then(|| match claim.algorithm {
            None => Key::short_term("secret"),
            Some(Algorithm::SHA256) => Key::long_term_sha256("alice", REALM, "secret"),
            Some(_) => md5(),
        })
    }
}

#[test]
fn client_and_server_agree_in_every_mechanism() {
    let long_term = |algorithms, userhash| {
        let mut long_term = LongTerm::new(REALM, [8; 32]);
        long_term.algorithms = algorithms;
        long_term.userhash = userhash;
        Authentication::LongTerm(long_term)
    };
    let offered = Some(PasswordAlgorithms::SHA256_MD5);
    for (authentication, credentials, transactions) in [
        (Authentication::None, None, 1),
        (Authentication::ShortTerm, Some(short()), 1),
        (long_term(None, false), Some(long()), 2),
        (long_term(None, true), Some(long()), 2),
        (long_term(offered, false), Some(long()), 2),
        (long_term(offered, true), Some(long()), 2),
    ] {
        let mut config = ServerConfig::default();
        config.authentication = authentication;
        let machine = Server::new(config);
        let mut config = ClientConfig::default();
        let is_authenticated = credentials.is_some();
        config.credentials = credentials;
        let mut bench = Bench::new(config);
        // The second request knows the nonce; an hour later it is stale.
        for (minutes, transactions) in [(0, transactions), (1, 1), (61, transactions)] {
            bench
                .client
                .request(bench.now, Request::udp(server()))
                .unwrap();
            for _ in 0..transactions {
                let asked = bench.sent();
                let arrival = Arrival {
                    transport: Transport::Udp,
                    local: server(),
                    remote: mapped(),
                    bytes: asked.message.as_bytes(),
                };
                let mut buffer = [0; 548];
                let now = Duration::from_secs(minutes * 60);
                let answer = machine.answer(now, &arrival, &mut Alice, &mut buffer);
                bench.receive(server(), answer.unwrap().unwrap().bytes);
            }
            let success = bench.success();
            assert_eq!(success.mapped_address, mapped());
            assert_eq!(success.is_authenticated, is_authenticated);
        }
    }
}

proptest! {
    #[test]
    fn nobody_without_the_password_changes_anything(
        code in prop_oneof![Just(0u16), 300u16..700],
        attributes in proptest::collection::vec((any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..5),
        key in any::<[u8; 4]>(),
    ) {
        let mut bench = Bench::with(short());
        let (_, asked) = bench.ask();
        let class = if code == 0 { Class::SuccessResponse } else { Class::ErrorResponse };
        let forged = asked.respond(class, |mut b| {
            if let Ok(error) = ErrorCode::new(code, "") {
                b = b.attribute(&error);
            }
            for (attribute_type, value) in &attributes {
                b = b.raw_attribute(AttributeType(*attribute_type), value);
            }
            b.integrity(&Key::from_bytes(&key))
        });
        bench.receive(server(), &forged);
        bench.assert_nothing_happened();
        bench.receive(server(), &asked.success(|b| b.integrity(&Key::short_term("secret"))));
        prop_assert!(bench.success().is_authenticated);
    }

    #[test]
    fn no_bytes_make_a_client_panic_and_every_request_ends(
        bytes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8),
    ) {
        let mut bench = Bench::with(long());
        let (_, asked) = bench.ask();
        for tail in bytes {
            let mut message = asked.message.as_bytes().to_vec();
            message[0] = 1;
            message[1] = 0x11;
            message[3] = u8::try_from(tail.len()).unwrap() & !3;
            message.extend(&tail[..tail.len() & !3]);
            bench.receive(server(), &message);
        }
        let mut steps = 0;
        while bench.client.next_timeout().is_some() {
            bench.jump();
            steps += 1;
            prop_assert!(steps < 100);
        }
    }
}

/// Asks, and answers after so many milliseconds.
fn answered_after(bench: &mut Bench, milliseconds: u64) {
    let (_, asked) = bench.ask();
    bench.now += Duration::from_millis(milliseconds);
    bench.receive(server(), &asked.success(|builder| builder));
    bench.success();
}

/// When a request is repeated for the first time, in milliseconds; it is answered then.
fn first_repetition(bench: &mut Bench) -> u128 {
    bench.ask();
    let start = bench.now;
    bench.jump();
    let wait = bench.now - start;
    let repeated = bench.sent();
    bench.receive(server(), &repeated.success(|builder| builder));
    assert_eq!(bench.success().round_trip, None);
    wait.as_millis()
}

#[test]
fn repetitions_follow_the_round_trips_measured() {
    let mut bench = Bench::plain();
    answered_after(&mut bench, 120);
    // 120 ms and four times 60 ms. What has been repeated measures nothing (Karn).
    assert_eq!(first_repetition(&mut bench), 360);
    assert_eq!(first_repetition(&mut bench), 360);
    for _ in 0..100 {
        answered_after(&mut bench, 2);
    }
    assert_eq!(first_repetition(&mut bench), 100, "not below the least");
    bench.now += Duration::from_secs(600);
    assert_eq!(first_repetition(&mut bench), 500, "stale");
}

#[test]
fn round_trips_are_measured_by_server() {
    let mut bench = Bench::plain();
    answered_after(&mut bench, 120);
    let elsewhere = Request::udp(address("192.0.2.9:3478"));
    bench.client.request(bench.now, elsewhere).unwrap();
    let due = bench.client.next_timeout().unwrap();
    assert_eq!(due - bench.now, Duration::from_millis(500));
}
