//! Messages as a whole: round trips, corpora, limits, allocations, writing.

#![allow(clippy::unwrap_used)] // in helpers as well

use std::{fs, path::Path};

use proptest::prelude::*;
use rfc3261_sip::{
    DefectKind, Edit, ErrorKind, HeaderName, Limits, Message, Method, Parser, Policy,
    RequestBuilder, RequestParts, ResponseBuilder, StartLine, StatusCode, Style, WriteError,
    headers::*,
};

const INVITE: &[u8] = include_bytes!("torture/wsinv.sip");

fn parts() -> RequestParts<'static> {
    RequestParts {
        method: Method::INVITE,
        uri: "sip:otto@lake.example",
        via: "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK77asjd",
        from: "<sip:ines@hedge.example>;tag=ff23",
        to: "<sip:otto@lake.example>",
        call_id: "3848276298220188511@192.0.2.1",
        sequence_number: 1,
        max_forwards: 70,
    }
}

/// Walks every getter; nothing may panic.
fn walk(bytes: &[u8], policy: Policy) {
    let mut parser = Parser::new().policy(policy);
    let Ok(message) = parser.parse(bytes) else {
        return;
    };
    let _ = (
        message.start_line(),
        message.request_uri(),
        message.version(),
        message.to_string(),
    );
    for defect in message.check() {
        assert!(defect.span().end <= bytes.len(), "{defect}");
        assert!(!defect.rule().is_empty() && !defect.to_string().is_empty());
    }
    for field in message.fields() {
        assert_eq!(&bytes[field.value_span()], field.value());
        assert_eq!(&bytes[field.offset()..][..field.name().len()], field.name());
    }
    for &name in HeaderName::ALL {
        for element in message.elements(name) {
            assert_eq!(&bytes[element.span()], element.value);
        }
    }
    for via in message.list::<Via<'_>>().flatten() {
        let _ = (
            via.response_target(),
            via.host(),
            via.parameters().iter().count(),
        );
    }
    if let Some(Ok(parts)) = message.parts() {
        for part in parts {
            let _ = (
                part.fields().count(),
                part.content_type(),
                part.disposition(),
            );
        }
    }
    let end = message.body_offset() + message.body().len();
    assert_eq!(message.edit().finish().as_deref(), Ok(&bytes[..end]));
    let _ = message
        .rejection("tag")
        .map(|rejection| format!("{rejection:?}"));
}

#[test]
fn the_corpora_round_trip() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let (mut files, mut folders) = (0, vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            eprintln!("no corpora at {}", folder.display());
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                if folder != root || path.to_string_lossy().contains("/sip-") {
                    folders.push(path);
                }
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            for policy in [Policy::Strict, Policy::Interoperable, Policy::Forensic] {
                walk(&bytes, policy);
            }
            files += 1;
        }
    }
    eprintln!("{files} files");
}

#[test]
fn a_parser_that_has_seen_as_many_fields_allocates_nothing() {
    let mut parser = Parser::new();
    parser.parse(INVITE).unwrap();
    let allocations = allocation_counter::measure(|| {
        let message = parser.parse(INVITE).unwrap();
        message.request_uri().unwrap();
        message.via().unwrap();
        message.from().unwrap();
        message.to().unwrap();
        message.call_id().unwrap();
        message.cseq().unwrap();
        message.contact().unwrap();
        assert_eq!(message.list::<Via<'_>>().filter(Result::is_ok).count(), 3);
    });
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn an_owned_message_allocates_its_index_and_no_more() {
    let bytes = bytes::Bytes::from_static(INVITE);
    let allocations = allocation_counter::measure(|| {
        let message = Message::parse(bytes.clone()).unwrap();
        assert_eq!(message.cseq().unwrap().method, Method::INVITE);
    });
    assert_eq!(allocations.count_total, 1);
}

#[test]
fn limits_are_kept() {
    let kind = |limits| {
        Parser::new()
            .limits(limits)
            .parse(INVITE)
            .unwrap_err()
            .kind()
    };
    assert_eq!(
        kind(Limits::DEFAULT.message_bytes(INVITE.len() - 1)),
        ErrorKind::Limit
    );
    assert_eq!(kind(Limits::DEFAULT.head_bytes(200)), ErrorKind::Limit);
    assert_eq!(kind(Limits::DEFAULT.headers(5)), ErrorKind::Limit);
}

#[test]
fn a_message_cut_short_is_kept_by_the_forensic_policy_only() {
    let whole = Message::parse(INVITE).unwrap();
    let head = whole.view().body_offset();
    let first_line = INVITE.iter().position(|&b| b == b'\n').unwrap() + 1;
    for end in first_line..head {
        let cut = &INVITE[..end];
        let at_line_end = cut.ends_with(b"\n") || cut.ends_with(b"\n\r");
        assert_eq!(Parser::new().parse(cut).is_ok(), at_line_end, "{end}");
        assert!(
            Parser::new().policy(Policy::Strict).parse(cut).is_err(),
            "{end}"
        );
        assert!(
            Parser::new().policy(Policy::Forensic).parse(cut).is_ok(),
            "{end}"
        );
    }
}

#[test]
fn bare_line_feeds_are_read_and_reported() {
    let bytes = INVITE.to_vec();
    let text = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    let message = Message::parse(text.clone().into_bytes()).unwrap();
    assert_eq!(message.cseq().unwrap().sequence_number, 9);
    assert_eq!(
        message
            .defects()
            .iter()
            .filter(|d| d.kind() == DefectKind::BareLineFeed)
            .count(),
        1
    );
    assert_eq!(message.as_bytes(), text.as_bytes());
}

#[test]
fn names_are_read_in_any_case_and_values_keep_theirs() {
    let message = Message::parse(
        &b"OPTIONS sip:a@h SIP/2.0\r\ncAlL-iD: AbC@h\r\nCSEQ: 1 OPTIONS\r\nsubject: MiXed\r\n\r\n"
            [..],
    )
    .unwrap();
    assert_eq!(message.call_id().unwrap().as_str(), "AbC@h");
    assert_eq!(message.cseq().unwrap().sequence_number, 1);
    assert_eq!(
        message.first(HeaderName::Subject).unwrap().name(),
        b"subject"
    );
    let lower = Message::parse(&b"options sip:a@h SIP/2.0\r\n\r\n"[..]).unwrap();
    assert_ne!(lower.method(), Some(Method::OPTIONS));
    let version = Message::parse(&b"OPTIONS sip:a@h sip/2.0\r\n\r\n"[..]).unwrap();
    assert!(version.defects().is_empty());
}

#[test]
fn rows_of_a_list_are_one_list_in_order() {
    // RFC 3261 §7.3.1
    let spellings = [
        "Route: <sip:alice@a>\r\nSubject: Lunch\r\nRoute: <sip:bob@b>\r\nRoute: <sip:carol@c>\r\n",
        "Route: <sip:alice@a>, <sip:bob@b>\r\nRoute: <sip:carol@c>\r\nSubject: Lunch\r\n",
        "Subject: Lunch\r\nRoute: <sip:alice@a>, <sip:bob@b>,\r\n <sip:carol@c>\r\n",
    ];
    for rows in spellings {
        let text = format!("OPTIONS sip:a@h SIP/2.0\r\n{rows}\r\n");
        let message = Message::parse(text.into_bytes()).unwrap();
        let uris: Vec<_> = message
            .list::<Route<'_>>()
            .map(|r| r.unwrap().uri().as_str().to_owned())
            .collect();
        assert_eq!(uris, ["sip:alice@a", "sip:bob@b", "sip:carol@c"]);
    }
}

#[test]
fn a_value_that_is_wrong_does_not_hide_the_next() {
    let message = Message::parse(
        &b"OPTIONS sip:a@h SIP/2.0\r\nRoute: nonsense, <sip:b@h>\r\nExpires: soon\r\n\r\n"[..],
    )
    .unwrap();
    let routes: Vec<_> = message
        .list::<Route<'_>>()
        .map(|route| route.is_ok())
        .collect();
    assert_eq!(routes, [false, true]);
    let error = message.typed::<Expires>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid Expires at byte 62: expected 1*DIGIT (RFC 3261 §20.19)"
    );
    assert_eq!(
        message.typed::<From<'_>>().unwrap_err().to_string(),
        "missing From (RFC 3261 §20.20)"
    );
}

fn edited<'a>(message: &'a Message, change: impl FnOnce(&mut Edit<'a>)) -> String {
    let mut edit = message.view().edit();
    change(&mut edit);
    String::from_utf8(edit.finish().unwrap()).unwrap()
}

#[test]
fn edits_touch_nothing_else() {
    let bytes =
        &b"BYE sip:b@h SIP/2.0\r\nVIA:SIP/2.0/UDP a ,  SIP/2.0/UDP b;x=\"1,2\",SIP/2.0/UDP c\r\n\
                   Route: <sip:p1;lr>, <sip:p2;lr>\r\nX-Odd :  y \r\nl: 2\r\n\r\nhi"[..];
    let message = Message::parse(bytes).unwrap();
    let plain = String::from_utf8(bytes.to_vec()).unwrap();
    let vias: Vec<_> = message.view().elements(HeaderName::Via).collect();
    let routes: Vec<_> = message.view().elements(HeaderName::Route).collect();
    assert_eq!(vias.len(), 3);
    assert_eq!(edited(&message, |_| {}), plain);
    assert_eq!(
        edited(&message, |edit| edit.remove_element(vias[0])),
        plain.replace("SIP/2.0/UDP a ,  ", "")
    );
    assert_eq!(
        edited(&message, |edit| edit.remove_element(vias[1])),
        plain.replace("SIP/2.0/UDP b;x=\"1,2\",", "")
    );
    assert_eq!(
        edited(&message, |edit| edit.remove_element(vias[2])),
        plain.replace(",SIP/2.0/UDP c", "")
    );
    assert_eq!(
        edited(&message, |edit| {
            edit.remove_element(vias[1]);
            edit.remove_element(vias[2]);
        }),
        plain.replace(" ,  SIP/2.0/UDP b;x=\"1,2\",SIP/2.0/UDP c", "")
    );
    assert_eq!(
        edited(&message, |edit| routes
            .iter()
            .for_each(|route| edit.remove_element(*route))),
        plain.replace("Route: <sip:p1;lr>, <sip:p2;lr>\r\n", "")
    );
    assert_eq!(
        edited(&message, |edit| {
            edit.insert_element_before(routes[0], "<sip:p0;lr>");
            edit.insert_element_after(routes[1], "<sip:p3;lr>");
            edit.replace_element(routes[0], "<sip:p9;lr>");
        }),
        plain.replace(
            "<sip:p1;lr>, <sip:p2;lr>",
            "<sip:p0;lr>, <sip:p9;lr>, <sip:p2;lr>, <sip:p3;lr>"
        )
    );
    assert_eq!(
        edited(&message, |edit| {
            edit.insert_before(HeaderName::Route, "<sip:new;lr>");
            edit.insert_after(HeaderName::MaxForwards, 9);
            edit.request_uri("sip:c@h");
        }),
        plain
            .replace("sip:b@h", "sip:c@h")
            .replace("Route: ", "Route: <sip:new;lr>\r\nRoute: ")
            .replace("l: 2\r\n", "l: 2\r\nMax-Forwards: 9\r\n")
    );
    assert_eq!(
        edited(&message, |edit| edit.body("text/plain", b"hello")),
        plain.replace(
            "l: 2\r\n\r\nhi",
            "l: 5\r\nContent-Type: text/plain\r\n\r\nhello"
        )
    );
    assert_eq!(
        edited(&message, |edit| edit.remove(HeaderName::Via)),
        plain.replace(
            "VIA:SIP/2.0/UDP a ,  SIP/2.0/UDP b;x=\"1,2\",SIP/2.0/UDP c\r\n",
            ""
        )
    );
    let mut edit = message.view().edit();
    edit.insert_before(HeaderName::Subject, "x\r\nEvil: yes");
    assert!(matches!(edit.finish(), Err(WriteError::Value(_))));
}

#[test]
fn the_source_is_noted_in_the_top_via() {
    let stamped = |via: &str| {
        let text = format!("OPTIONS sip:a@h SIP/2.0\r\nVia: {via}\r\n\r\n");
        let message = Message::parse(text.into_bytes()).unwrap();
        let mut edit = message.view().edit();
        edit.stamp_source("192.0.2.1:9988".parse().unwrap());
        let stamped = Message::parse(edit.finish().unwrap()).unwrap();
        String::from_utf8(stamped.first(HeaderName::Via).unwrap().value().to_vec()).unwrap()
    };
    // RFC 3261 §18.2.1
    assert_eq!(
        stamped("SIP/2.0/UDP h.example;branch=z9hG4bK1, SIP/2.0/UDP z"),
        "SIP/2.0/UDP h.example;branch=z9hG4bK1;received=192.0.2.1, SIP/2.0/UDP z"
    );
    assert_eq!(
        stamped("SIP/2.0/UDP 192.0.2.1:7"),
        "SIP/2.0/UDP 192.0.2.1:7"
    );
    assert_eq!(
        stamped("SIP/2.0/UDP 192.0.2.7:7"),
        "SIP/2.0/UDP 192.0.2.7:7;received=192.0.2.1"
    );
    // RFC 3581 §4: received even where the address is the same.
    assert_eq!(
        stamped("SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1"),
        "SIP/2.0/UDP 192.0.2.1;rport=9988;branch=z9hG4bK1;received=192.0.2.1"
    );
    assert_eq!(
        stamped("SIP/2.0/UDP 10.1.1.1:4540;rport;received=10.9.9.9"),
        "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;received=192.0.2.1"
    );
}

#[test]
fn a_request_has_all_that_it_must() {
    let bytes = RequestBuilder::new(parts())
        .header(HeaderName::Contact, "<sip:ines@192.0.2.1>")
        .extension("X-Own", "1")
        .body("application/sdp", &b"v=0\r\n"[..])
        .build()
        .unwrap();
    let strict = Parser::new()
        .policy(Policy::Strict)
        .parse_owned(bytes)
        .unwrap();
    assert!(strict.check().is_empty());
    assert_eq!(strict.body(), b"v=0\r\n");
    assert_eq!(strict.typed::<ContentLength>().unwrap().0, 5);
    assert_eq!(strict.cseq().unwrap().method, Method::INVITE);
    assert_eq!(
        strict.start_line(),
        StartLine::Request {
            method: Method::INVITE,
            uri: b"sip:otto@lake.example"
        }
    );
}

#[test]
fn what_would_break_a_request_is_refused() {
    let refused = |result: Result<bytes::Bytes, WriteError>| {
        assert!(matches!(result, Err(WriteError::Value(_))), "{result:?}");
    };
    refused(
        RequestBuilder::new(RequestParts {
            uri: "sip:a b",
            ..parts()
        })
        .build(),
    );
    refused(
        RequestBuilder::new(RequestParts {
            from: "<sip:a@h>\r\nX: y",
            ..parts()
        })
        .build(),
    );
    refused(
        RequestBuilder::new(RequestParts {
            sequence_number: 1 << 31,
            ..parts()
        })
        .build(),
    );
    refused(
        RequestBuilder::new(parts())
            .header(HeaderName::Subject, "a\nb")
            .build(),
    );
    refused(
        RequestBuilder::new(parts())
            .header(HeaderName::ContentLength, 7)
            .build(),
    );
    refused(
        RequestBuilder::new(parts())
            .header(HeaderName::To, "<sip:x@h>")
            .build(),
    );
    refused(
        RequestBuilder::new(parts())
            .extension("Bad Name", "x")
            .build(),
    );
    refused(RequestBuilder::new(parts()).extension("l", "7").build());
}

#[test]
fn every_byte_of_the_buffer_is_written_and_none_behind() {
    let builder = || RequestBuilder::new(parts()).body("text/plain", &b"hello"[..]);
    let bytes = builder().build().unwrap();
    let mut buffer = vec![0xaa; bytes.len() + 3];
    assert_eq!(builder().write_into(&mut buffer), Ok(bytes.len()));
    assert_eq!(buffer[..bytes.len()], bytes[..]);
    assert_eq!(buffer[bytes.len()..], [0xaa; 3]);
    let (needed, available) = (bytes.len(), bytes.len() - 1);
    assert_eq!(
        builder().write_into(&mut buffer[..available]),
        Err(WriteError::BufferTooSmall { needed, available })
    );
}

#[test]
fn compact_names_and_short_lines() {
    let style = Style::COMPACT.line_length(30);
    let bytes = RequestBuilder::with_style(parts(), style)
        .header(
            HeaderName::Supported,
            "replaces, timer, 100rel, path, \"a,b\", outbound",
        )
        .build()
        .unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(
        text.contains("\r\nf: <sip:ines@hedge.example>;tag=ff23\r\n"),
        "{text}"
    );
    assert!(
        text.contains("\r\nk: replaces, timer, 100rel,\r\n path, \"a,b\", outbound\r\n"),
        "{text}"
    );
    assert!(text.ends_with("\r\nl: 0\r\n\r\n"));
    assert_eq!(
        Message::parse(bytes)
            .unwrap()
            .list::<Supported<'_>>()
            .count(),
        6
    );
}

#[test]
fn a_response_copies_what_the_rfc_says() {
    // RFC 3261 §8.2.6.2
    let request = Message::parse(
        &b"INVITE sip:b@h SIP/2.0\r\nv: SIP/2.0/UDP one;branch=z9hG4bK1\r\n\
           Via:  SIP/2.0/UDP  two ;branch=z9hG4bK2\r\nFROM: \"A\"  <sip:a@h>;tag=1\r\n\
           To:<sip:b@h>\r\nTimestamp: 54.21\r\nCall-ID: x\r\nCSeq:  007 INVITE\r\n\r\n"[..],
    )
    .unwrap();
    let trying = ResponseBuilder::to(request.view(), StatusCode::TRYING, "t1")
        .build()
        .unwrap();
    assert_eq!(
        String::from_utf8(trying.to_vec()).unwrap(),
        "SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP one;branch=z9hG4bK1\r\n\
         Via: SIP/2.0/UDP  two ;branch=z9hG4bK2\r\nFrom: \"A\"  <sip:a@h>;tag=1\r\n\
         To: <sip:b@h>\r\nCall-ID: x\r\nCSeq: 007 INVITE\r\nTimestamp: 54.21\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let ok = ResponseBuilder::to(request.view(), StatusCode::OK, "t1")
        .build()
        .unwrap();
    let ok = Message::parse(ok).unwrap();
    assert_eq!(ok.to().unwrap().tag(), Some("t1"));
    assert_eq!(ok.list::<Via<'_>>().count(), 2);
    assert!(ok.first(HeaderName::Timestamp).is_none());
    let again = ResponseBuilder::to(ok.view(), StatusCode::OK, "t2")
        .build()
        .unwrap();
    assert_eq!(
        Message::parse(again).unwrap().to().unwrap().tag(),
        Some("t1")
    );
}

#[test]
fn fragments_may_lack_any_part() {
    // RFC 3420 §2.1 shows such bodies.
    let mut parser = Parser::new();
    let status = parser.parse_fragment(b"SIP/2.0 603 Declined").unwrap();
    assert!(matches!(
        status.start_line(),
        Some(StartLine::Status {
            code: StatusCode::DECLINE,
            ..
        })
    ));
    let fields = parser
        .parse_fragment(b"From: <sip:a@h>\r\nTo: <sip:b@h>")
        .unwrap();
    assert_eq!(fields.start_line(), None);
    assert_eq!(fields.fields().count(), 2);
    assert!(fields.get::<To<'_>>().unwrap().is_ok());
    let all = parser
        .parse_fragment(b"INVITE sip:a@h SIP/2.0\r\nSubject: x\r\n\r\nbody")
        .unwrap();
    assert_eq!(all.body(), b"body");
    assert_eq!(parser.parse_fragment(b"").unwrap().fields().count(), 0);
}

#[test]
fn parts_of_a_multipart_body() {
    let body = "preamble\r\n--a b\r\nContent-Type: application/sdp\r\nContent-Disposition: session;\
                handling=optional\r\n\r\nv=0\r\n\r\n--a b  \r\n\r\nplain --a b\r\n--a bc\r\n--a b--\r\nepilogue";
    let text = format!(
        "INVITE sip:a@h SIP/2.0\r\nContent-Type: multipart/mixed ; boundary=\"a b\"\r\n\r\n{body}"
    );
    let message = Message::parse(text.into_bytes()).unwrap();
    let parts: Vec<_> = message.view().parts().unwrap().unwrap().collect();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].body(), b"v=0\r\n");
    assert!(parts[0].content_type().unwrap().is("application", "sdp"));
    assert!(!parts[0].disposition().unwrap().unwrap().is_required());
    assert_eq!(parts[1].body(), b"plain --a b\r\n--a bc");
    assert!(parts[1].content_type().unwrap().is("text", "plain"));
    assert!(parts[1].disposition().is_none());
}

fn field() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(HeaderName::ALL.to_vec()).prop_map(|n| n.as_str().to_owned()),
        "[A-Za-z-]{1,12}",
    ];
    (
        name,
        "[ \t]{0,2}:[ \t]{0,2}",
        "[ -~]{0,40}(\r\n [ -~]{1,10})?",
    )
        .prop_map(|(name, colon, value)| format!("{name}{colon}{value}\r\n"))
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        walk(&bytes, Policy::Forensic);
    }

    #[test]
    fn never_panics_on_what_looks_like_sip(
        fields in prop::collection::vec(field(), 0..12), body in "[ -~\r\n]{0,30}",
    ) {
        let text = format!("INVITE sip:a@h SIP/2.0\r\n{}\r\n{body}", fields.concat());
        for policy in [Policy::Strict, Policy::Interoperable, Policy::Forensic] {
            walk(text.as_bytes(), policy);
        }
    }

    #[test]
    fn fields_are_found_where_they_were_put(fields in prop::collection::vec(field(), 0..12)) {
        let text = format!("INVITE sip:a@h SIP/2.0\r\n{}\r\n", fields.concat());
        let message = Message::parse(text.into_bytes()).unwrap();
        let found: Vec<_> = message.fields().map(|field| field.name().to_vec()).collect();
        let put: Vec<_> = fields
            .iter()
            .map(|field| field.split(':').next().unwrap().trim_end().as_bytes().to_vec())
            .collect();
        prop_assert_eq!(found, put);
    }

    #[test]
    fn a_built_request_reads_as_it_was_written(
        user in "[a-z0-9]{1,8}", subject in "[!-~]([ -~]{0,30}[!-~])?", body in ".{0,40}", compact in any::<bool>(),
    ) {
        let uri = format!("sip:{user}@lake.example");
        let style = if compact { Style::COMPACT } else { Style::CANONICAL };
        let bytes = RequestBuilder::with_style(RequestParts { uri: &uri, ..parts() }, style)
            .header(HeaderName::Subject, &subject)
            .body("text/plain", body.clone())
            .build()
            .unwrap();
        let message = Message::parse(bytes).unwrap();
        let read = message.request_uri().unwrap();
        prop_assert_eq!(read.as_str(), uri.as_str());
        prop_assert_eq!(message.typed::<Subject<'_>>().unwrap().as_str(), subject.as_str());
        prop_assert_eq!(message.body(), body.as_bytes());
    }
}
