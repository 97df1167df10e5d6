//! The torture messages of RFC 4475 and RFC 5118: what each must come to.
//!
//! `tests/torture` holds messages of this project's own, one for each condition and of the same
//! name as the RFC's. The RFCs' own bytes are read from the shared corpora where they are there.

#![allow(clippy::unwrap_used)] // in helpers as well

use std::{fs, path::Path};

use rfc2396_uri::Host;
use rfc3261_sip::{
    HeaderName, Message, NoResponse, Parser, Policy, Rejection, StatusCode,
    headers::{Contact, Element, ProxyRequire, Require, Via},
};

/// What a message comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Strict and interoperable policies accept it.
    Valid,
    /// Strict policy refuses it, interoperable policy accepts it and names the defect: the
    /// liberal way that the RFC leaves open.
    Liberal,
    /// Answered with this status.
    Refused(u16),
    /// A response that is dropped.
    Dropped,
    /// Not even a start line.
    NoMessage,
}
use Outcome::{Dropped, Liberal, NoMessage, Refused, Valid};

/// Name, section, outcome. Application-layer cases (§3.3) are valid messages that a higher layer
/// refuses.
const TABLE: [(&str, &str, Outcome); 61] = [
    ("wsinv", "RFC 4475 §3.1.1.1", Valid),
    ("intmeth", "RFC 4475 §3.1.1.2", Valid),
    ("esc01", "RFC 4475 §3.1.1.3", Valid),
    ("escnull", "RFC 4475 §3.1.1.4", Valid),
    ("esc02", "RFC 4475 §3.1.1.5", Valid),
    ("lwsdisp", "RFC 4475 §3.1.1.6", Valid),
    ("longreq", "RFC 4475 §3.1.1.7", Valid),
    ("dblreq", "RFC 4475 §3.1.1.8", Valid),
    ("semiuri", "RFC 4475 §3.1.1.9", Valid),
    ("transports", "RFC 4475 §3.1.1.10", Valid),
    ("mpart01", "RFC 4475 §3.1.1.11", Valid),
    ("unreason", "RFC 4475 §3.1.1.12", Valid),
    ("noreason", "RFC 4475 §3.1.1.13", Valid),
    ("badinv01", "RFC 4475 §3.1.2.1", Refused(400)),
    ("clerr", "RFC 4475 §3.1.2.2", Refused(400)),
    ("ncl", "RFC 4475 §3.1.2.3", Refused(400)),
    ("scalar02", "RFC 4475 §3.1.2.4", Refused(400)),
    ("scalarlg", "RFC 4475 §3.1.2.5", Dropped),
    ("quotbal", "RFC 4475 §3.1.2.6", Refused(400)),
    ("ltgtruri", "RFC 4475 §3.1.2.7", Refused(400)),
    ("lwsruri", "RFC 4475 §3.1.2.8", Refused(400)),
    ("lwsstart", "RFC 4475 §3.1.2.9", Liberal),
    ("trws", "RFC 4475 §3.1.2.10", Liberal),
    ("escruri", "RFC 4475 §3.1.2.11", Liberal),
    ("baddate", "RFC 4475 §3.1.2.12", Liberal),
    ("regbadct", "RFC 4475 §3.1.2.13", Refused(400)),
    ("badaspec", "RFC 4475 §3.1.2.14", Liberal),
    ("baddn", "RFC 4475 §3.1.2.15", Liberal),
    ("badvers", "RFC 4475 §3.1.2.16", Refused(505)),
    ("mismatch01", "RFC 4475 §3.1.2.17", Refused(400)),
    ("mismatch02", "RFC 4475 §3.1.2.18", Refused(400)),
    ("bigcode", "RFC 4475 §3.1.2.19", NoMessage),
    ("badbranch", "RFC 4475 §3.2.1", Liberal),
    ("insuf", "RFC 4475 §3.3.1", Refused(400)),
    ("unkscm", "RFC 4475 §3.3.2", Valid),
    ("novelsc", "RFC 4475 §3.3.3", Valid),
    ("unksm2", "RFC 4475 §3.3.4", Valid),
    ("bext01", "RFC 4475 §3.3.5", Valid),
    ("invut", "RFC 4475 §3.3.6", Valid),
    ("regaut01", "RFC 4475 §3.3.7", Valid),
    ("multi01", "RFC 4475 §3.3.8", Refused(400)),
    ("mcl01", "RFC 4475 §3.3.9", Refused(400)),
    ("bcast", "RFC 4475 §3.3.10", Valid),
    ("zeromf", "RFC 4475 §3.3.11", Valid),
    ("cparam01", "RFC 4475 §3.3.12", Valid),
    ("cparam02", "RFC 4475 §3.3.13", Valid),
    ("regescrt", "RFC 4475 §3.3.14", Valid),
    ("sdp01", "RFC 4475 §3.3.15", Valid),
    ("inv2543", "RFC 4475 §3.4.1", Liberal),
    ("ipv6-good", "RFC 5118 §4.1", Valid),
    ("ipv6-bad", "RFC 5118 §4.2", Refused(400)),
    ("port-ambiguous", "RFC 5118 §4.3", Valid),
    ("port-unambiguous", "RFC 5118 §4.4", Valid),
    ("via-received-param-with-delim", "RFC 5118 §4.5", Valid),
    ("via-received-param-no-delim", "RFC 5118 §4.5", Valid),
    ("ipv6-in-sdp", "RFC 5118 §4.6", Valid),
    ("mult-ip-in-header", "RFC 5118 §4.7", Valid),
    ("mult-ip-in-sdp", "RFC 5118 §4.8", Valid),
    ("ipv4-mapped-ipv6", "RFC 5118 §4.9", Valid),
    ("ipv6-bug-abnf-3-colons", "RFC 5118 §4.10", Liberal),
    ("ipv6-correct-abnf-2-colons", "RFC 5118 §4.10", Valid),
];

/// The messages of this name: ours, and the RFC's where it is there.
fn messages(name: &str) -> Vec<Vec<u8>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut messages = vec![fs::read(package.join(format!("tests/torture/{name}.sip"))).unwrap()];
    let corpora = package.join("../../../shared/corpora/sip-torture");
    for folder in ["rfc4475", "rfc5118-crlf"] {
        messages.extend(fs::read(corpora.join(format!("{folder}/{name}.dat"))));
    }
    if messages.len() == 1 {
        eprintln!("{name}: the RFC's own message is not here");
    }
    messages
}

fn outcome(bytes: &[u8]) -> Outcome {
    let Ok(message) = Message::parse(bytes.to_vec()) else {
        return NoMessage;
    };
    assert_eq!(message.as_bytes(), bytes);
    match message.view().rejection("tag") {
        Some(Rejection::Respond(response)) => {
            let response = Message::parse(response.build().unwrap()).unwrap();
            Refused(response.status().unwrap().get())
        }
        Some(Rejection::Drop(why)) => {
            assert_eq!(why, NoResponse::Response);
            Dropped
        }
        None if Parser::new().policy(Policy::Strict).parse(bytes).is_ok() => Valid,
        None => {
            assert!(!message.check().is_empty());
            Liberal
        }
    }
}

#[test]
fn every_message_comes_to_what_its_rfc_says() {
    for (name, section, expected) in TABLE {
        for (which, bytes) in messages(name).iter().enumerate() {
            assert_eq!(
                outcome(bytes),
                expected,
                "{name} ({section}), message {which}"
            );
        }
    }
}

#[test]
fn strict_policy_refuses_whatever_is_not_valid() {
    for (name, section, expected) in TABLE {
        for bytes in messages(name) {
            let strict = Parser::new().policy(Policy::Strict).parse(&bytes).is_ok();
            assert_eq!(strict, expected == Valid, "{name} ({section})");
        }
    }
}

#[test]
fn forensic_policy_keeps_all_that_have_a_start_line() {
    for (name, section, expected) in TABLE {
        for bytes in messages(name) {
            let forensic = Parser::new().policy(Policy::Forensic).parse(&bytes).is_ok();
            assert_eq!(forensic, expected != NoMessage, "{name} ({section})");
        }
    }
}

/// What is read out of the message of this name, ours and the RFC's alike.
fn each(name: &str, check: impl Fn(&Message)) {
    for bytes in messages(name) {
        check(&Message::parse(bytes).unwrap());
    }
}

#[test]
fn wsinv_is_an_ordinary_invite() {
    each("wsinv", |message| {
        assert_eq!(message.max_forwards().unwrap().0, 68);
        assert_eq!(message.cseq().unwrap().to_string(), "9 INVITE");
        assert_eq!(message.list::<Via<'_>>().count(), 3);
        assert!(
            message
                .from()
                .unwrap()
                .address()
                .display_name()
                .unwrap()
                .ends_with("\\\"")
        );
        assert_eq!(message.first(HeaderName::Subject).unwrap().value(), b"");
        assert!(message.to().unwrap().tag().is_some());
    });
}

#[test]
fn esc01_is_unescaped_once() {
    each("esc01", |message| {
        let contact = message.contact().unwrap();
        let uri = contact.uri().unwrap();
        let name = uri.as_sip().unwrap().parameter("name").unwrap();
        assert_eq!(name.decoded_value().unwrap(), "value%41");
    });
}

#[test]
fn escnull_does_not_end_at_the_null() {
    each("escnull", |message| {
        let users: Vec<_> = message
            .list::<Contact<'_>>()
            .map(|contact| {
                let uri = contact.unwrap().uri().unwrap();
                uri.as_sip().unwrap().user().unwrap().to_owned()
            })
            .collect();
        assert_eq!(users, ["%00", "%00%00"]);
    });
}

#[test]
fn esc02_has_two_contacts_and_no_third() {
    each("esc02", |message| {
        assert_eq!(message.list::<Contact<'_>>().count(), 2);
        assert_eq!(message.method().unwrap().as_str(), "RE%47IST%45R");
        assert_eq!(message.view().extensions_named("C%6Fntact").count(), 1);
    });
}

#[test]
fn longreq_keeps_every_via() {
    let counts: Vec<_> = messages("longreq")
        .into_iter()
        .map(|bytes| Message::parse(bytes).unwrap().list::<Via<'_>>().count())
        .collect();
    assert!(
        counts.iter().all(|count| [33, 34].contains(count)),
        "{counts:?}"
    );
}

#[test]
fn dblreq_ends_where_content_length_says() {
    each("dblreq", |message| {
        assert_eq!(message.body(), b"");
        assert!(message.body_bytes().is_empty());
    });
}

#[test]
fn semiuri_has_a_parameter_in_its_user() {
    each("semiuri", |message| {
        let uri = message.request_uri().unwrap();
        assert!(
            uri.as_sip().unwrap().user().unwrap().contains(";par=u%40")
                || uri.as_sip().unwrap().user().unwrap().contains(";par=o%40")
        );
    });
}

#[test]
fn mpart01_has_two_parts_the_second_binary() {
    each("mpart01", |message| {
        let parts: Vec<_> = message.view().parts().unwrap().unwrap().collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].content_type().unwrap().is("text", "plain"));
        assert!(parts[1].body().contains(&0));
    });
}

#[test]
fn transports_are_told_apart() {
    each("transports", |message| {
        let vias = message
            .list::<Via<'_>>()
            .map(|via| via.unwrap().transport().as_str());
        let vias: Vec<_> = vias.collect();
        assert_eq!(vias[..3], ["UDP", "SCTP", "TLS"]);
        assert_eq!(vias[4], "TCP");
    });
}

#[test]
fn noreason_has_an_empty_reason_phrase() {
    each("noreason", |message| {
        assert_eq!(message.status(), Some(StatusCode::TRYING));
        assert_eq!(message.view().reason_phrase(), Some(&b""[..]));
    });
}

#[test]
fn bext01_lists_what_is_required() {
    each("bext01", |message| {
        assert_eq!(message.list::<Require<'_>>().count(), 2);
        assert_eq!(message.list::<ProxyRequire<'_>>().count(), 2);
    });
}

#[test]
fn cparam01_has_a_parameter_of_the_header_and_cparam02_of_the_uri() {
    each("cparam01", |message| {
        let contact = message.contact().unwrap();
        assert_eq!(contact.address().unwrap().parameters().iter().count(), 1);
        assert_eq!(
            contact
                .uri()
                .unwrap()
                .as_sip()
                .unwrap()
                .parameters()
                .count(),
            0
        );
    });
    each("cparam02", |message| {
        let contact = message.contact().unwrap();
        assert_eq!(contact.address().unwrap().parameters().iter().count(), 0);
        assert_eq!(
            contact
                .uri()
                .unwrap()
                .as_sip()
                .unwrap()
                .parameters()
                .count(),
            1
        );
    });
}

#[test]
fn inv2543_has_the_rest_of_the_datagram_for_its_body() {
    each("inv2543", |message| {
        assert!(message.first(HeaderName::ContentLength).is_none());
        assert!(message.body().starts_with(b"v=0\r\n"));
        assert!(message.body().ends_with(b"\r\n"));
    });
}

#[test]
fn the_port_within_the_brackets_is_part_of_the_address() {
    each("port-ambiguous", |message| {
        let uri = message.request_uri().unwrap();
        assert_eq!(uri.as_sip().unwrap().port(), None);
        assert!(matches!(uri.host(), Some(Host::V6 { .. })));
    });
    each("port-unambiguous", |message| {
        let uri = message.request_uri().unwrap();
        assert_eq!(uri.as_sip().unwrap().port(), Some(5070));
    });
}

#[test]
fn received_is_read_with_and_without_brackets() {
    for name in [
        "via-received-param-with-delim",
        "via-received-param-no-delim",
    ] {
        each(name, |message| {
            let via = message.via().unwrap();
            let target = via.response_target();
            assert!(format!("{target:?}").contains("2001:db8::9:"), "{target:?}");
        });
    }
}

#[test]
fn values_are_where_they_say() {
    for (name, _, expected) in TABLE {
        if expected == NoMessage {
            continue;
        }
        each(name, |message| {
            for &name in HeaderName::ALL {
                for Element { value, offset } in message.view().elements(name) {
                    assert_eq!(&message.as_bytes()[offset..offset + value.len()], value);
                }
            }
        });
    }
}
