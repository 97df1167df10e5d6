//! Requests that follow from an INVITE: its ACK (RFC 3261 §17.1.1.3) and its CANCEL (§9.1).

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{HeaderName, MessageRef, Method, write::line_break};

/// The ACK for a final response but 2xx.
pub(super) fn ack(invite: MessageRef<'_>, response: MessageRef<'_>) -> Bytes {
    let to = response
        .first(HeaderName::To)
        .or(invite.first(HeaderName::To));
    request(invite, Method::ACK, to.map(|field| field.value()), None)
}

/// The CANCEL of a request, with the value of a Reason header field (RFC 3326) if it has no line
/// break in it.
pub(super) fn cancel(invite: MessageRef<'_>, reason: Option<&str>) -> Bytes {
    let to = invite.first(HeaderName::To).map(|field| field.value());
    let reason = reason.filter(|reason| line_break(reason.as_bytes()).is_none());
    request(invite, Method::CANCEL, to, reason)
}

/// A request that has Request-URI, top Via, From, Call-ID, number of CSeq and Route from the
/// INVITE, byte for byte.
fn request(
    invite: MessageRef<'_>,
    method: Method<'_>,
    to: Option<&[u8]>,
    reason: Option<&str>,
) -> Bytes {
    let mut out = Vec::with_capacity(512);
    let uri = invite.request_uri_bytes().unwrap_or_default();
    for part in [method.as_str().as_bytes(), b" ", uri, b" SIP/2.0\r\n"] {
        out.extend_from_slice(part);
    }
    let mut field = |name: HeaderName, value: &[u8]| {
        for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    };
    if let Some(via) = invite.elements(HeaderName::Via).next() {
        field(HeaderName::Via, via.value);
    }
    field(HeaderName::MaxForwards, b"70");
    for route in invite.fields_named(HeaderName::Route) {
        field(HeaderName::Route, route.value());
    }
    if let Some(from) = invite.first(HeaderName::From) {
        field(HeaderName::From, from.value());
    }
    if let Some(to) = to {
        field(HeaderName::To, to);
    }
    if let Some(call_id) = invite.first(HeaderName::CallId) {
        field(HeaderName::CallId, call_id.value());
    }
    if let Ok(cseq) = invite.cseq() {
        let value = alloc::format!("{} {method}", cseq.sequence_number);
        field(HeaderName::CSeq, value.as_bytes());
    }
    if let Some(reason) = reason {
        field(HeaderName::Reason, reason.as_bytes());
    }
    field(HeaderName::ContentLength, b"0");
    out.extend_from_slice(b"\r\n");
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    const INVITE: &str = "INVITE sip:bob@biloxi.example SIP/2.0\r\n\
        v: SIP/2.0/UDP pc33.example;branch=z9hG4bKkjshdyff, SIP/2.0/UDP below.example\r\n\
        Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n\
        Require: 100rel\r\n\
        To: Bob <sip:bob@biloxi.example>\r\n\
        Route: <sip:p3.example;lr>\r\n\
        From: Alice\r\n <sip:alice@atlanta.example>;tag=88sja8x\r\n\
        Max-Forwards: 9\r\n\
        Call-ID: 987asjd97y7atg\r\n\
        CSeq: 986759 INVITE\r\n\
        Content-Type: text/plain\r\n\
        Content-Length: 2\r\n\r\nhi";

    fn invite() -> Message {
        Message::parse(INVITE).unwrap()
    }

    #[test]
    fn the_ack_is_that_of_the_rfc() {
        // RFC 3261 §17.1.1.3
        let response = Message::parse(
            "SIP/2.0 486 Busy Here\r\n\
             Via: SIP/2.0/UDP pc33.example;branch=z9hG4bKkjshdyff;received=192.0.2.1\r\n\
             To: Bob <sip:bob@biloxi.example>;tag=99sa0xk\r\n\
             From: \"changed\" <sip:x@y>;tag=88sja8x\r\n\
             Call-ID: 987asjd97y7atg\r\n\
             CSeq: 986759 INVITE\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            ack(invite().view(), response.view()),
            "ACK sip:bob@biloxi.example SIP/2.0\r\n\
             Via: SIP/2.0/UDP pc33.example;branch=z9hG4bKkjshdyff\r\n\
             Max-Forwards: 70\r\n\
             Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n\
             Route: <sip:p3.example;lr>\r\n\
             From: Alice\r\n <sip:alice@atlanta.example>;tag=88sja8x\r\n\
             To: Bob <sip:bob@biloxi.example>;tag=99sa0xk\r\n\
             Call-ID: 987asjd97y7atg\r\n\
             CSeq: 986759 ACK\r\n\
             Content-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn the_cancel_is_that_of_the_invite_without_require() {
        let reason = "SIP;cause=200;text=\"Call completed elsewhere\"";
        let bytes = cancel(invite().view(), Some(reason));
        let cancel = Message::parse(bytes).unwrap();
        assert!(cancel.check().is_empty(), "{:?}", cancel.check());
        assert_eq!(cancel.method(), Some(Method::CANCEL));
        assert_eq!(cancel.fields_named(HeaderName::Via).count(), 1);
        assert_eq!(cancel.via().unwrap().branch(), Some("z9hG4bKkjshdyff"));
        assert_eq!(cancel.to().unwrap().tag(), None);
        assert_eq!(cancel.fields_named(HeaderName::Route).count(), 2);
        assert!(cancel.first(HeaderName::Require).is_none());
        let found = cancel.first(HeaderName::Reason).unwrap();
        assert_eq!(found.value_str(), Some(reason));
    }

    #[test]
    fn a_reason_cannot_smuggle_header_fields() {
        let bytes = cancel(invite().view(), Some("SIP\r\nEvil: 1"));
        assert!(!bytes.windows(4).any(|window| window == b"Evil"));
    }
}
