//! Building requests (RFC 3261 §8.1.1).

use core::fmt;

use bytes::Bytes;

use super::{Draft, Finished, Style, builder};
use crate::{
    HeaderName, Method, ParseError, WriteError,
    error::{ErrorKind, Rule},
};

/// What every request has: the six header fields that none may go without.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method. CSeq gets the same.
    pub method: Method<'a>,
    /// The Request-URI.
    pub uri: &'a str,
    /// The value of Via: `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK…`.
    pub via: &'a str,
    /// The value of From, with its tag.
    pub from: &'a str,
    /// The value of To.
    pub to: &'a str,
    /// Call-ID.
    pub call_id: &'a str,
    /// The number of CSeq, below 2^31.
    pub sequence_number: u32,
    /// Max-Forwards, 70 for a new request.
    pub max_forwards: u8,
}

/// Builds a request that has every mandatory header field.
///
/// ```
/// use rfc3261_sip::{HeaderName, Message, Method, RequestBuilder, RequestParts};
///
/// let bytes = RequestBuilder::new(RequestParts {
///     method: Method::OPTIONS,
///     uri: "sip:bob@example.com",
///     via: "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK77asjd",
///     from: "<sip:alice@example.com>;tag=ff23",
///     to: "<sip:bob@example.com>",
///     call_id: "3848276298220188511@192.0.2.1",
///     sequence_number: 1,
///     max_forwards: 70,
/// })
/// .header(HeaderName::Accept, "application/sdp")
/// .build()?;
/// assert!(Message::parse(bytes)?.check().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RequestBuilder {
    draft: Draft,
}

impl RequestBuilder {
    /// The fields of [`RequestParts`].
    const OWN: [HeaderName; 5] = [
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
        HeaderName::MaxForwards,
    ];

    /// A request with these parts and names in full.
    #[must_use]
    pub fn new(parts: RequestParts<'_>) -> Self {
        Self::with_style(parts, Style::CANONICAL)
    }

    /// A request with these parts, its fields in this style.
    #[must_use]
    pub fn with_style(parts: RequestParts<'_>, style: Style) -> Self {
        static REQUEST_LINE: Rule = Rule::new("Request-Line", "RFC 3261 §7.1");
        let mut draft = Draft::new(style);
        if parts.uri.is_empty()
            || parts
                .uri
                .bytes()
                .any(|b| b <= b' ' || b == b'<' || b == b'>')
        {
            draft.refuse(0, "a URI without white space or brackets", &REQUEST_LINE);
        }
        if Method::new(parts.method.as_str()).is_none() {
            draft.refuse(0, "a method that is a token", &REQUEST_LINE);
        }
        if parts.sequence_number > i32::MAX.unsigned_abs() {
            let rule = HeaderName::CSeq.rule();
            let error = ParseError::new(ErrorKind::Range, 0, "a number below 2^31", rule);
            draft.fault.get_or_insert(WriteError::Value(error));
        }
        for part in [parts.method.as_str(), " ", parts.uri, " SIP/2.0\r\n"] {
            draft.head.extend_from_slice(part.as_bytes());
        }
        draft.text_field(HeaderName::Via, parts.via);
        draft.number_field(HeaderName::MaxForwards, parts.max_forwards.into(), "");
        draft.text_field(HeaderName::From, parts.from);
        draft.text_field(HeaderName::To, parts.to);
        draft.text_field(HeaderName::CallId, parts.call_id);
        let method = parts.method.as_str();
        draft.number_field(HeaderName::CSeq, parts.sequence_number, method);
        Self { draft }
    }

    fn finish(self) -> Result<Finished, WriteError> {
        self.draft.finish()
    }
}

builder!(RequestBuilder);
