//! The server: what it answers, to whom, and what it keeps to itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::net::SocketAddr;
use core::time::Duration;

use proptest::prelude::*;
use rfc5389_stun::attribute::{
    Algorithm, AlternateServer, AttributeValue, ChangeRequest, ChangedAddress, ErrorCode,
    MappedAddress, Nonce, OtherAddress, Padding, PasswordAlgorithm, PasswordAlgorithms, Realm,
    ResponseOrigin, ResponsePort, Software, SourceAddress, UnknownAttributes, UserHash, Username,
    XorMappedAddress,
};
use rfc5389_stun::server::{
    Arrival, Authentication, Claim, Endpoints, LongTerm, Policy, Server, ServerConfig, User,
};
use rfc5389_stun::{
    AttributeType, Class, Key, Message, MessageBuilder, Method, TransactionId, Transport,
};

const ID: TransactionId = TransactionId([7; 12]);
const NOW: Duration = Duration::from_secs(1_700_000_000);
const REALM: &str = "example.org";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn local() -> SocketAddr {
    address("192.0.2.1:3478")
}

fn remote() -> SocketAddr {
    address("198.51.100.7:4000")
}

/// A Binding request.
fn request(fill: impl FnOnce(MessageBuilder<'_>) -> MessageBuilder<'_>) -> Vec<u8> {
    message(Class::Request, fill)
}

fn message(class: Class, fill: impl FnOnce(MessageBuilder<'_>) -> MessageBuilder<'_>) -> Vec<u8> {
    let mut buffer = [0; 4096];
    fill(MessageBuilder::new(&mut buffer, class, Method::BINDING, ID))
        .finish()
        .unwrap()
        .to_vec()
}

/// A request of RFC 3489, with attributes as they are on the wire.
fn classic(attributes: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, u8::try_from(attributes.len()).unwrap()];
    bytes.extend([9; 16]);
    bytes.extend(attributes);
    bytes
}

/// Two users, and whatever else a test wants.
#[derive(Default)]
struct Users {
    alternate: Option<SocketAddr>,
    is_closed: bool,
    asked: Vec<Option<Algorithm>>,
}

impl Policy for Users {
    fn admits(&mut self, _: Duration, _: &Arrival<'_>) -> bool {
        !self.is_closed
    }

    fn key(&mut self, claim: &Claim<'_>) -> Option<Key> {
        self.asked.push(claim.algorithm);
        let is_alice = match claim.user {
            User::Name(name) => name == "alice",
            User::Hash(hash) => hash == UserHash::new("alice", REALM),
        };
        is_alice.then(|| key(claim.algorithm, "secret"))
    }

    fn alternate_server(&mut self, _: &Arrival<'_>) -> Option<SocketAddr> {
        self.alternate
    }
}

fn key(algorithm: Option<Algorithm>, password: &str) -> Key {
    match algorithm {
        None => Key::short_term(password),
        Some(Algorithm::SHA256) => Key::long_term_sha256("alice", REALM, password),
        Some(_) => Key::long_term_md5("alice", REALM, password),
    }
}

fn plain() -> Server {
    Server::new(ServerConfig::default())
}

fn server(authentication: Authentication) -> Server {
    let mut config = ServerConfig::default();
    config.authentication = authentication;
    Server::new(config)
}

fn short_term() -> Server {
    server(Authentication::ShortTerm)
}

fn long_term() -> Server {
    server(Authentication::LongTerm(LongTerm::new(REALM, [5; 32])))
}

fn tester() -> Server {
    let mut config = ServerConfig::default();
    config.endpoints = Endpoints::new(local(), address("192.0.2.2:3479"));
    config.response_port = true;
    Server::new(config)
}

/// What came back, and by which way.
#[derive(Debug, PartialEq)]
struct Reply {
    local: SocketAddr,
    remote: SocketAddr,
    message: Message<Vec<u8>>,
}

impl Reply {
    fn get<'a, A: AttributeValue<'a>>(&'a self) -> Option<A> {
        self.message.get().unwrap()
    }

    fn code(&self) -> Option<u16> {
        self.get::<ErrorCode<'_>>().map(|error| error.code())
    }

    fn has(&self, attribute_type: AttributeType) -> bool {
        self.message.attribute(attribute_type).is_some()
    }

    fn has_integrity(&self) -> bool {
        self.has(AttributeType::MESSAGE_INTEGRITY)
            || self.has(AttributeType::MESSAGE_INTEGRITY_SHA256)
    }
}

fn answer_at(
    server: &Server,
    now: Duration,
    arrival: Arrival<'_>,
    policy: &mut Users,
) -> Option<Reply> {
    let mut buffer = [0xa5; 2048];
    let answer = server.answer(now, &arrival, policy, &mut buffer).unwrap()?;
    let message = Message::parse(answer.bytes.to_vec()).unwrap();
    assert_eq!(message.method(), Method::BINDING);
    let asked = Message::parse(arrival.bytes).unwrap();
    assert_eq!(
        message.cookie_and_transaction_id(),
        asked.cookie_and_transaction_id()
    );
    assert_eq!(
        message.class() == Class::ErrorResponse,
        message.attribute(AttributeType::ERROR_CODE).is_some()
    );
    Some(Reply {
        local: answer.local,
        remote: answer.remote,
        message,
    })
}

fn udp(bytes: &[u8]) -> Arrival<'_> {
    Arrival {
        transport: Transport::Udp,
        local: local(),
        remote: remote(),
        bytes,
    }
}

fn answer(server: &Server, bytes: &[u8]) -> Option<Reply> {
    answer_at(server, NOW, udp(bytes), &mut Users::default())
}

/// The code of the error response, which must come.
fn code(server: &Server, bytes: &[u8]) -> u16 {
    answer(server, bytes).unwrap().code().unwrap()
}

#[test]
fn binding_over_udp_and_tcp() {
    let bytes = request(|builder| builder);
    for transport in [Transport::Udp, Transport::Tcp] {
        let arrival = Arrival {
            transport,
            ..udp(&bytes)
        };
        let reply = answer_at(&plain(), NOW, arrival, &mut Users::default()).unwrap();
        assert_eq!(reply.message.class(), Class::SuccessResponse);
        assert_eq!(reply.get(), Some(XorMappedAddress(remote())));
        assert_eq!((reply.local, reply.remote), (local(), remote()));
        assert_eq!(reply.message.as_bytes().len(), 32, "nothing else");
    }
}

#[test]
fn fingerprint_is_not_required_but_returned_and_must_be_right() {
    assert!(
        !answer(&plain(), &request(|b| b))
            .unwrap()
            .has(AttributeType::FINGERPRINT)
    );
    let mut bytes = request(|b| b.fingerprint());
    let reply = answer(&plain(), &bytes).unwrap();
    assert_eq!(reply.message.verify_fingerprint(), Ok(()));
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(answer(&plain(), &bytes), None);
}

#[test]
fn what_is_no_binding_request_gets_no_answer() {
    for class in [
        Class::Indication,
        Class::SuccessResponse,
        Class::ErrorResponse,
    ] {
        assert_eq!(answer(&plain(), &message(class, |b| b)), None, "{class}");
    }
    let mut buffer = [0; 64];
    let allocate = MessageBuilder::new(&mut buffer, Class::Request, Method::ALLOCATE, ID)
        .finish()
        .unwrap();
    assert_eq!(answer(&plain(), allocate), None);
    let mut buffer = [0; 64];
    let bytes = request(|b| b);
    let nobody = Arrival {
        remote: address("198.51.100.7:0"),
        ..udp(&bytes)
    };
    assert_eq!(plain().answer(NOW, &nobody, &mut (), &mut buffer), Ok(None));
    let noise = Arrival {
        bytes: b"OPTIONS sip:x SIP/2.0\r\n",
        ..nobody
    };
    assert_eq!(plain().answer(NOW, &noise, &mut (), &mut buffer), Ok(None));
}

#[test]
fn who_is_not_admitted_gets_no_answer_and_nobody_is_asked() {
    let mut policy = Users {
        is_closed: true,
        ..Users::default()
    };
    let bytes = request(|b| {
        b.attribute(&Username("alice"))
            .integrity(&key(None, "secret"))
    });
    assert_eq!(
        answer_at(&short_term(), NOW, udp(&bytes), &mut policy),
        None
    );
    assert!(policy.asked.is_empty());
}

#[test]
fn a_repeated_request_gets_the_same_response() {
    for (server, bytes) in [
        (plain(), request(|b| b)),
        (tester(), request(|b| b.attribute(&Padding(64)))),
        (long_term(), request(|b| b)),
    ] {
        assert_eq!(answer(&server, &bytes), answer(&server, &bytes));
    }
}

#[test]
fn an_ipv4_client_of_a_socket_for_both_families_sees_an_ipv4_address() {
    let bytes = request(|b| b);
    let arrival = Arrival {
        remote: address("[::ffff:198.51.100.7]:4000"),
        ..udp(&bytes)
    };
    let reply = answer_at(&plain(), NOW, arrival, &mut Users::default()).unwrap();
    assert_eq!(reply.get(), Some(XorMappedAddress(remote())));
}

#[test]
fn unknown_attributes_are_refused_with_their_list() {
    let bytes = request(|b| {
        b.raw_attribute(AttributeType(0x7fff), &[])
            .raw_attribute(AttributeType(0x8fff), &[])
            .attribute(&ChangeRequest::default())
            .attribute(&ResponsePort(4001))
    });
    let reply = answer(&plain(), &bytes).unwrap();
    assert_eq!(reply.code(), Some(420));
    let unknown: Vec<_> = reply
        .get::<UnknownAttributes<'_>>()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(
        unknown,
        [
            AttributeType(0x7fff),
            AttributeType::CHANGE_REQUEST,
            AttributeType::RESPONSE_PORT
        ]
    );
}

#[test]
fn software_is_told_when_configured() {
    let mut config = ServerConfig::default();
    config.software = Some("example".into());
    let server = Server::new(config);
    let reply = answer(&server, &request(|b| b)).unwrap();
    assert_eq!(reply.get(), Some(Software("example")));
    let reply = answer(
        &server,
        &request(|b| b.raw_attribute(AttributeType(0x7fff), &[])),
    );
    assert_eq!(reply.unwrap().get(), Some(Software("example")));
    let reply = answer(&server, &classic(&[])).unwrap();
    assert!(!reply.has(AttributeType::SOFTWARE));
}

// Short-term credentials.

#[test]
fn short_term_without_integrity_or_username_is_400() {
    let key = key(None, "secret");
    for bytes in [
        request(|b| b),
        request(|b| b.attribute(&Username("alice"))),
        request(|b| b.integrity(&key)),
        request(|b| b.integrity_sha256(&key)),
    ] {
        let reply = answer(&short_term(), &bytes).unwrap();
        assert_eq!(reply.code(), Some(400));
        assert!(!reply.has_integrity() && !reply.has(AttributeType::USERNAME));
    }
}

#[test]
fn short_term_with_a_wrong_username_or_integrity_is_401() {
    for bytes in [
        request(|b| {
            b.attribute(&Username("bob"))
                .integrity(&key(None, "secret"))
        }),
        request(|b| {
            b.attribute(&Username("alice"))
                .integrity(&key(None, "wrong"))
        }),
        request(|b| {
            b.attribute(&Username("alice"))
                .integrity_sha256(&key(None, "wrong"))
        }),
        // Where both are there the better one counts.
        request(|b| {
            b.attribute(&Username("alice"))
                .integrity(&key(None, "secret"))
                .integrity_sha256(&key(None, "wrong"))
        }),
    ] {
        let reply = answer(&short_term(), &bytes).unwrap();
        assert_eq!(reply.code(), Some(401));
        assert!(!reply.has_integrity() && !reply.has(AttributeType::USERNAME));
        assert!(!reply.has(AttributeType::NONCE));
    }
}

#[test]
fn short_term_indications_are_never_answered() {
    let right = key(None, "secret");
    for bytes in [
        message(Class::Indication, |b| b),
        message(Class::Indication, |b| {
            b.attribute(&Username("bob")).integrity(&right)
        }),
        message(Class::Indication, |b| {
            b.attribute(&Username("alice"))
                .integrity(&key(None, "wrong"))
        }),
    ] {
        assert_eq!(answer(&short_term(), &bytes), None);
    }
}

#[test]
fn short_term_responses_are_protected_as_the_request_was() {
    let key = key(None, "secret");
    let sha1 = request(|b| b.attribute(&Username("alice")).integrity(&key));
    let reply = answer(&short_term(), &sha1).unwrap();
    assert_eq!(reply.message.class(), Class::SuccessResponse);
    assert_eq!(reply.message.verify_integrity(&key), Ok(()));
    assert!(!reply.has(AttributeType::USERNAME));
    assert!(!reply.has(AttributeType::MESSAGE_INTEGRITY_SHA256));

    let both = request(|b| {
        b.attribute(&Username("alice"))
            .integrity(&key)
            .integrity_sha256(&key)
    });
    let reply = answer(&short_term(), &both).unwrap();
    assert_eq!(reply.message.verify_integrity_sha256(&key, 32), Ok(()));
    assert!(!reply.has(AttributeType::MESSAGE_INTEGRITY));

    let unknown = request(|b| {
        b.raw_attribute(AttributeType(0x7fff), &[])
            .attribute(&Username("alice"))
            .integrity(&key)
    });
    let reply = answer(&short_term(), &unknown).unwrap();
    assert_eq!(reply.code(), Some(420));
    assert_eq!(reply.message.verify_integrity(&key), Ok(()));
}

// Long-term credentials.

/// The nonce of a fresh challenge.
fn nonce_of(server: &Server, now: Duration, remote: SocketAddr) -> String {
    let bytes = request(|b| b);
    let arrival = Arrival {
        remote,
        ..udp(&bytes)
    };
    let reply = answer_at(server, now, arrival, &mut Users::default()).unwrap();
    assert_eq!(reply.code(), Some(401));
    assert_challenge(&reply);
    reply.get::<Nonce<'_>>().unwrap().0.to_owned()
}

fn assert_challenge(reply: &Reply) {
    assert_eq!(reply.get(), Some(Realm(REALM)));
    assert_eq!(reply.get(), Some(PasswordAlgorithms::SHA256_MD5));
    let features = reply
        .get::<Nonce<'_>>()
        .unwrap()
        .security_features()
        .unwrap();
    assert!(features.password_algorithms && !features.username_anonymity);
    assert!(!reply.has_integrity() && !reply.has(AttributeType::USERNAME));
}

/// A request with all that the mechanism asks for, after RFC 8489.
fn credentials(nonce: &str, username: &str, realm: &str, password: &str) -> Vec<u8> {
    request(|b| {
        b.attribute(&Username(username))
            .attribute(&Realm(realm))
            .attribute(&Nonce(nonce))
            .attribute(&PasswordAlgorithms::SHA256_MD5)
            .attribute(&PasswordAlgorithm::SHA256)
            .integrity_sha256(&key(Some(Algorithm::SHA256), password))
    })
}

#[test]
fn long_term_without_integrity_is_challenged() {
    let server = long_term();
    let first = nonce_of(&server, NOW, remote());
    let other = nonce_of(&server, NOW, address("198.51.100.7:4001"));
    assert_ne!(first, other, "each client has its own");
    let named = request(|b| b.attribute(&Username("alice")));
    assert_challenge(&answer(&server, &named).unwrap());
}

#[test]
fn long_term_with_parts_missing_is_400() {
    let server = long_term();
    let nonce = nonce_of(&server, NOW, remote());
    let key = key(Some(Algorithm::MD5), "secret");
    for bytes in [
        request(|b| {
            b.attribute(&Realm(REALM))
                .attribute(&Nonce(&nonce))
                .integrity(&key)
        }),
        request(|b| {
            b.attribute(&Username("alice"))
                .attribute(&Nonce(&nonce))
                .integrity(&key)
        }),
        request(|b| {
            b.attribute(&Username("alice"))
                .attribute(&Realm(REALM))
                .integrity(&key)
        }),
        // A hash where no hashes are asked for.
        request(|b| {
            b.attribute(&UserHash::new("alice", REALM))
                .attribute(&Realm(REALM))
                .attribute(&Nonce(&nonce))
                .integrity(&key)
        }),
    ] {
        let reply = answer(&server, &bytes).unwrap();
        assert_eq!(reply.code(), Some(400));
        assert!(!reply.has(AttributeType::NONCE) && !reply.has(AttributeType::REALM));
        assert!(!reply.has_integrity());
    }
}

#[test]
fn long_term_with_an_unknown_user_or_wrong_integrity_is_challenged() {
    let server = long_term();
    let nonce = nonce_of(&server, NOW, remote());
    for bytes in [
        credentials(&nonce, "bob", REALM, "secret"),
        credentials(&nonce, "alice", REALM, "wrong"),
        credentials(&nonce, "alice", "example.com", "secret"),
    ] {
        let reply = answer(&server, &bytes).unwrap();
        assert_eq!(reply.code(), Some(401));
        assert_challenge(&reply);
    }
}

#[test]
fn long_term_responses_are_protected() {
    let server = long_term();
    let nonce = nonce_of(&server, NOW, remote());
    let bytes = credentials(&nonce, "alice", REALM, "secret");
    let reply = answer(&server, &bytes).unwrap();
    assert_eq!(reply.message.class(), Class::SuccessResponse);
    let key = key(Some(Algorithm::SHA256), "secret");
    assert_eq!(reply.message.verify_integrity_sha256(&key, 32), Ok(()));
    assert!(!reply.has(AttributeType::NONCE) && !reply.has(AttributeType::USERNAME));
}

#[test]
fn long_term_clients_of_rfc_5389_are_served() {
    let server = long_term();
    let nonce = nonce_of(&server, NOW, remote());
    let key = key(Some(Algorithm::MD5), "secret");
    let bytes = request(|b| {
        b.attribute(&Username("alice"))
            .attribute(&Realm(REALM))
            .attribute(&Nonce(&nonce))
            .integrity(&key)
    });
    let reply = answer(&server, &bytes).unwrap();
    assert_eq!(reply.message.class(), Class::SuccessResponse);
    assert_eq!(reply.message.verify_integrity(&key), Ok(()));
}

#[test]
fn a_stale_nonce_is_438_with_a_fresh_one_but_only_for_the_right_user() {
    let server = long_term();
    let nonce = nonce_of(&server, NOW, remote());
    let late = NOW + Duration::from_secs(601);
    let elsewhere = address("198.51.100.8:4000");
    for (now, remote) in [(late, remote()), (NOW, elsewhere)] {
        let bytes = credentials(&nonce, "alice", REALM, "secret");
        let arrival = Arrival {
            remote,
            ..udp(&bytes)
        };
        let reply = answer_at(&server, now, arrival, &mut Users::default()).unwrap();
        assert_eq!(reply.code(), Some(438));
        assert_challenge(&reply);
        let fresh = reply.get::<Nonce<'_>>().unwrap().0.to_owned();
        let bytes = credentials(&fresh, "alice", REALM, "secret");
        let arrival = Arrival {
            bytes: &bytes,
            ..arrival
        };
        let reply = answer_at(&server, now, arrival, &mut Users::default()).unwrap();
        assert_eq!(reply.message.class(), Class::SuccessResponse);

        let bytes = credentials(&nonce, "alice", REALM, "wrong");
        let arrival = Arrival {
            bytes: &bytes,
            ..arrival
        };
        let reply = answer_at(&server, now, arrival, &mut Users::default()).unwrap();
        assert_eq!(reply.code(), Some(401));
    }
}

#[test]
fn a_list_of_algorithms_that_was_changed_on_the_way_is_400() {
    let server = long_term();
    let nonce = nonce_of(&server, NOW, remote());
    let md5 = PasswordAlgorithm::MD5;
    let with = |list: Option<PasswordAlgorithms<'static>>,
                chosen: Option<PasswordAlgorithm<'static>>| {
        request(|b| {
            let mut b = b
                .attribute(&Username("alice"))
                .attribute(&Realm(REALM))
                .attribute(&Nonce(&nonce));
            if let Some(list) = list {
                b = b.attribute(&list);
            }
            if let Some(chosen) = chosen {
                b = b.attribute(&chosen);
            }
            b.integrity_sha256(&key(Some(Algorithm::MD5), "secret"))
        })
    };
    let offered = PasswordAlgorithms::SHA256_MD5;
    assert_eq!(
        code(&server, &with(Some(PasswordAlgorithms::SHA256), Some(md5))),
        400
    );
    assert_eq!(code(&server, &with(Some(offered), None)), 400);
    assert_eq!(code(&server, &with(None, Some(md5))), 400);
    let reply = answer(&server, &with(Some(offered), Some(md5))).unwrap();
    assert_eq!(reply.message.class(), Class::SuccessResponse);
}

#[test]
fn anonymous_users_are_known_by_their_hash() {
    let mut mechanism = LongTerm::new(REALM, [5; 32]);
    mechanism.userhash = true;
    mechanism.algorithms = None;
    let server = server(Authentication::LongTerm(mechanism));
    let challenge = answer(&server, &request(|b| b)).unwrap();
    assert!(!challenge.has(AttributeType::PASSWORD_ALGORITHMS));
    let nonce = challenge.get::<Nonce<'_>>().unwrap();
    let features = nonce.security_features().unwrap();
    assert!(features.username_anonymity && !features.password_algorithms);
    let with = |hash| {
        request(|b| {
            b.attribute(&hash)
                .attribute(&Realm(REALM))
                .attribute(&nonce)
                .integrity(&key(Some(Algorithm::MD5), "secret"))
        })
    };
    let reply = answer(&server, &with(UserHash::new("alice", REALM))).unwrap();
    assert_eq!(reply.message.class(), Class::SuccessResponse);
    assert_eq!(code(&server, &with(UserHash::new("bob", REALM))), 401);
}

// Redirection.

#[test]
fn only_authenticated_requests_are_redirected_and_only_within_their_family() {
    let key = key(None, "secret");
    let right = request(|b| b.attribute(&Username("alice")).integrity(&key));
    let to = |server: &Server, bytes: &[u8], alternate: &str| {
        let mut policy = Users {
            alternate: Some(address(alternate)),
            ..Users::default()
        };
        answer_at(server, NOW, udp(bytes), &mut policy).unwrap()
    };
    let reply = to(&short_term(), &right, "192.0.2.9:3478");
    assert_eq!(reply.code(), Some(300));
    assert_eq!(
        reply.get(),
        Some(AlternateServer(address("192.0.2.9:3478")))
    );
    assert_eq!(reply.message.verify_integrity(&key), Ok(()));

    let reply = to(&short_term(), &right, "[2001:db8::9]:3478");
    assert_eq!(reply.message.class(), Class::SuccessResponse);
    let reply = to(&plain(), &request(|b| b), "192.0.2.9:3478");
    assert_eq!(reply.message.class(), Class::SuccessResponse);
    let wrong = request(|b| b.attribute(&Username("bob")).integrity(&key));
    assert_eq!(
        to(&short_term(), &wrong, "192.0.2.9:3478").code(),
        Some(401)
    );
}

// Behaviour tests.

#[test]
fn endpoints_differ_in_address_and_port() {
    let new = |a, b| Endpoints::new(address(a), address(b));
    assert_eq!(new("192.0.2.1:1", "192.0.2.1:2"), None);
    assert_eq!(new("192.0.2.1:1", "192.0.2.2:1"), None);
    assert_eq!(new("192.0.2.1:1", "[2001:db8::1]:2"), None);
    let all = new("192.0.2.1:1", "192.0.2.2:2").unwrap().all();
    assert_eq!(
        all,
        ["192.0.2.1:1", "192.0.2.2:2", "192.0.2.1:2", "192.0.2.2:1"].map(address)
    );
}

#[test]
fn table_1_of_rfc_5780() {
    let endpoints = Endpoints::new(local(), address("192.0.2.2:3479")).unwrap();
    for here in endpoints.all() {
        let ip = if here.ip() == local().ip() {
            "192.0.2.2"
        } else {
            "192.0.2.1"
        };
        let port = if here.port() == 3478 { 3479 } else { 3478 };
        let there = SocketAddr::new(ip.parse().unwrap(), port);
        for (change_ip, change_port, source) in [
            (false, false, here),
            (true, false, SocketAddr::new(there.ip(), here.port())),
            (false, true, SocketAddr::new(here.ip(), there.port())),
            (true, true, there),
        ] {
            let bytes = request(|b| {
                b.attribute(&ChangeRequest {
                    change_ip,
                    change_port,
                })
            });
            let arrival = Arrival {
                local: here,
                ..udp(&bytes)
            };
            let reply = answer_at(&tester(), NOW, arrival, &mut Users::default()).unwrap();
            assert_eq!((reply.local, reply.remote), (source, remote()));
            assert_eq!(reply.get(), Some(ResponseOrigin(source)));
            assert_eq!(reply.get(), Some(OtherAddress(there)));
            assert_eq!(reply.get(), Some(XorMappedAddress(remote())));
            assert_eq!(reply.get(), Some(MappedAddress(remote())));
        }
    }
}

#[test]
fn over_tcp_nothing_can_be_sent_elsewhere() {
    for bytes in [
        request(|b| b.attribute(&ChangeRequest::default())),
        request(|b| b.attribute(&ResponsePort(9))),
    ] {
        let arrival = Arrival {
            transport: Transport::Tcp,
            ..udp(&bytes)
        };
        let reply = answer_at(&tester(), NOW, arrival, &mut Users::default()).unwrap();
        assert_eq!(reply.code(), Some(420));
        assert_eq!((reply.local, reply.remote), (local(), remote()));
    }
}

#[test]
fn response_port_changes_the_port_alone_and_bears_no_padding() {
    let reply = answer(&tester(), &request(|b| b.attribute(&ResponsePort(9)))).unwrap();
    assert_eq!(reply.remote, address("198.51.100.7:9"));
    let padded = request(|b| b.attribute(&ResponsePort(9)).attribute(&Padding(16)));
    let reply = answer(&tester(), &padded).unwrap();
    assert_eq!((reply.code(), reply.remote), (Some(400), remote()));
    assert_eq!(
        code(&tester(), &request(|b| b.attribute(&ResponsePort(0)))),
        400
    );
}

#[test]
fn padding_is_returned_but_never_more_of_it() {
    for (asked, given) in [(0, 0), (64, 64), (1500, 1500), (3000, 1500)] {
        let bytes = request(|b| b.attribute(&Padding(asked)));
        let reply = answer(&tester(), &bytes).unwrap();
        assert_eq!(reply.get(), Some(Padding(given)));
    }
}

#[test]
fn a_change_request_that_cannot_be_read_is_400() {
    let bytes = request(|b| b.raw_attribute(AttributeType::CHANGE_REQUEST, &[0; 3]));
    assert_eq!(code(&tester(), &bytes), 400);
}

// RFC 3489.

#[test]
fn clients_of_rfc_3489_are_answered_in_their_words() {
    let change = [0, 3, 0, 4, 0, 0, 0, 6];
    let reply = answer(&tester(), &classic(&change)).unwrap();
    assert!(reply.message.is_classic());
    let there = address("192.0.2.2:3479");
    assert_eq!(reply.local, there);
    assert_eq!(reply.get(), Some(MappedAddress(remote())));
    assert_eq!(reply.get(), Some(SourceAddress(there)));
    assert_eq!(reply.get(), Some(ChangedAddress(there)));
    assert!(!reply.has(AttributeType::XOR_MAPPED_ADDRESS));
    // RESPONSE-ADDRESS would send the response to anybody.
    let response_address = [0, 2, 0, 8, 0, 1, 0, 80, 192, 0, 2, 99];
    let reply = answer(&tester(), &classic(&response_address)).unwrap();
    assert_eq!((reply.code(), reply.remote), (Some(420), remote()));
}

#[test]
fn errors_to_clients_of_rfc_3489_are_aligned_without_padding() {
    let reply = answer(&plain(), &classic(&[0x7f, 0xff, 0, 0])).unwrap();
    assert_eq!(reply.code(), Some(420));
    for attribute in reply.message.all_attributes() {
        assert_eq!(attribute.value().len() % 4, 0);
    }
}

#[test]
fn a_buffer_too_small_is_told() {
    let bytes = request(|b| b);
    let mut buffer = [0; 31];
    let result = plain().answer(NOW, &udp(&bytes), &mut (), &mut buffer);
    assert!(result.unwrap_err().to_string().contains("32"));
}

proptest! {
    #[test]
    fn no_request_makes_a_response_much_longer_than_itself(
        attributes in proptest::collection::vec((0u16..0x30, proptest::collection::vec(any::<u8>(), 0..80)), 0..6),
        tcp in any::<bool>(),
    ) {
        let bytes = request(|mut b| {
            for (attribute_type, value) in &attributes {
                // Once it has integrity, nothing may follow.
                b = b.raw_attribute(AttributeType(*attribute_type), value);
            }
            b
        });
        for server in [plain(), tester(), short_term(), long_term()] {
            let arrival = Arrival {
                transport: if tcp { Transport::Tcp } else { Transport::Udp },
                ..udp(&bytes)
            };
            let mut buffer = [0; 2048];
            let answer = server.answer(NOW, &arrival, &mut Users::default(), &mut buffer);
            let answer = answer.unwrap().expect("a request is answered");
            prop_assert!(answer.bytes.len() <= bytes.len() + 140, "{}", answer.bytes.len());
            prop_assert_eq!(answer.remote.ip(), remote().ip());
        }
    }

    #[test]
    fn no_bytes_make_a_server_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for server in [plain(), tester(), short_term(), long_term()] {
            let mut buffer = [0; 1024];
            let _ = server.answer(NOW, &udp(&bytes), &mut Users::default(), &mut buffer);
        }
    }
}
