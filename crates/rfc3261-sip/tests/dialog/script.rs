//! What the tests of dialogs begin with: an INVITE from Alice to Bob, over two proxies.

use bytes::Bytes;
use rfc3261_sip::{
    HeaderName, Message, RequestBuilder, ResponseBuilder, StatusCode, dialog::Dialog,
    transport::Transport,
};

pub(crate) const VIA: &str = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKnew";

/// A request of Alice, or, where the rows say so, of anybody; its rows go before the usual ones.
pub(crate) fn request(method: &str, number: u32, rows: &[&str]) -> Message {
    message(
        &format!("{method} sip:bob@biloxi.example SIP/2.0"),
        &format!("CSeq: {number} {method}"),
        rows,
    )
}

/// A response to Alice.
pub(crate) fn response(status: u16, method: &str, number: u32, rows: &[&str]) -> Message {
    message(
        &format!("SIP/2.0 {status} Whatever"),
        &format!("CSeq: {number} {method}"),
        rows,
    )
}

fn message(start: &str, cseq: &str, rows: &[&str]) -> Message {
    let usual = [
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK74bf9",
        "Max-Forwards: 70",
        "From: \"Alice\" <sip:alice@atlanta.example>;tag=9fxced76sl",
        "To: Bob <sip:bob@biloxi.example>",
        "Call-ID: 2xTb9vxSit55XU7p8@atlanta.example",
        cseq,
    ];
    let mut text = format!("{start}\r\n");
    for row in or(rows, &usual) {
        text += &format!("{row}\r\n");
    }
    Message::parse(Bytes::from(text + "\r\n")).unwrap()
}

/// The INVITE that Alice sends.
pub(crate) fn invite() -> Message {
    request("INVITE", 1, &["Contact: <sip:alice@192.0.2.1>"])
}

/// The INVITE that Bob receives.
pub(crate) fn invite_at_bob() -> Message {
    request(
        "INVITE",
        1,
        &["Contact: <sip:alice@192.0.2.1>", RECORD_ROUTE],
    )
}

pub(crate) const RECORD_ROUTE: &str =
    "Record-Route: <sip:ss2.biloxi.example;lr>, <sip:ss1.atlanta.example;lr=on;ftag=x>";

/// A response to the INVITE from this fork.
pub(crate) fn answer(status: u16, tag: &str, rows: &[&str]) -> Message {
    let to = format!("To: Bob <sip:bob@biloxi.example>;tag={tag}");
    response(status, "INVITE", 1, &or(rows, &[&to]))
}

/// Bob's 200, over two proxies.
pub(crate) fn ok() -> Message {
    answer(200, "314159", &[RECORD_ROUTE, CONTACT])
}

pub(crate) const CONTACT: &str =
    "Contact: <sip:bob@198.51.100.2;gr=urn:uuid:c8651907-0000>;expires=60";

/// The confirmed dialog at Alice's side.
pub(crate) fn alice() -> Dialog {
    Dialog::uac(invite().view(), ok().view(), Transport::Udp).unwrap()
}

/// The early dialog at Bob's side.
pub(crate) fn bob() -> Dialog {
    Dialog::uas(invite_at_bob().view(), "314159", Transport::Udp).unwrap()
}

/// A request of Bob, within the dialog.
pub(crate) fn from_bob(method: &str, number: u32, rows: &[&str]) -> Message {
    let bob = "From: Bob <sip:bob@biloxi.example>;tag=314159";
    let alice = "To: \"Alice\" <sip:alice@atlanta.example>;tag=9fxced76sl";
    request(method, number, &or(rows, &[bob, alice]))
}

/// A request of Alice, within the dialog.
pub(crate) fn from_alice(method: &str, number: u32, rows: &[&str]) -> Message {
    request(method, number, &or(rows, &[BOB]))
}

/// A response of Bob to a request of Alice within the dialog.
pub(crate) fn to_alice(status: u16, method: &str, number: u32, rows: &[&str]) -> Message {
    response(status, method, number, &or(rows, &[BOB]))
}

const BOB: &str = "To: Bob <sip:bob@biloxi.example>;tag=314159";

/// These rows, and the usual ones of which there is none among them.
fn or<'a>(rows: &[&'a str], usual: &[&'a str]) -> Vec<&'a str> {
    let given = |wanted: &str| rows.iter().any(|row| name(row) == name(wanted));
    let missing = usual.iter().filter(|row| !given(row));
    rows.iter().chain(missing).copied().collect()
}

fn name(row: &str) -> Option<&str> {
    row.split(':').next()
}

pub(crate) fn built(builder: RequestBuilder) -> Message {
    let message = Message::parse(builder.build().unwrap()).unwrap();
    assert!(
        message.check().is_empty(),
        "{:?}\n{message}",
        message.check()
    );
    message
}

pub(crate) fn built_response(builder: ResponseBuilder) -> Message {
    let message = Message::parse(builder.build().unwrap()).unwrap();
    assert!(
        message.check().is_empty(),
        "{:?}\n{message}",
        message.check()
    );
    message
}

/// Request-URI and Route of a request.
pub(crate) fn way(message: &Message) -> (&str, Option<&str>) {
    let uri = message.view().request_uri_bytes().unwrap();
    (
        core::str::from_utf8(uri).unwrap(),
        message
            .first(HeaderName::Route)
            .map(|field| field.value_str().unwrap()),
    )
}

pub(crate) fn value(message: &Message, name: HeaderName) -> &str {
    message.first(name).unwrap().value_str().unwrap()
}

pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}
