//! Building responses (RFC 3261 §8.2.6).

use core::fmt;

use bytes::Bytes;

use super::{Draft, Finished, Style, builder};
use crate::{
    HeaderName, MessageRef, StatusCode, WriteError,
    error::Rule,
    headers::{Timestamp, To},
    write::line_break,
};

/// Builds the response to a request: From, Call-ID, CSeq and Via are the request's, byte for
/// byte; To is as well, with a tag where the request's has none; and Timestamp, in a 100.
///
/// ```
/// use rfc3261_sip::{Message, ResponseBuilder, StatusCode};
///
/// let request = Message::parse(
///     &b"OPTIONS sip:bob@example.com SIP/2.0\r\n\
///        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK77asjd\r\n\
///        From: <sip:alice@example.com>;tag=ff23\r\n\
///        To: <sip:bob@example.com>\r\n\
///        Call-ID: 3848276298220188511@192.0.2.1\r\n\
///        CSeq: 1 OPTIONS\r\n\r\n"[..],
/// )?;
/// let bytes = ResponseBuilder::to(request.view(), StatusCode::OK, "3ac").build()?;
/// assert_eq!(Message::parse(bytes)?.to()?.tag(), Some("3ac"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ResponseBuilder {
    draft: Draft,
}

impl ResponseBuilder {
    /// The fields that are the request's.
    const OWN: [HeaderName; 5] = [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
    ];

    /// A response with the usual reason phrase and names in full. `tag` is for To, if the
    /// request's has none; a 100 gets none. It must be unique in the world and is to be the same
    /// in all responses to this request.
    #[must_use]
    pub fn to(request: MessageRef<'_>, status: StatusCode, tag: &str) -> Self {
        Self::with_style(
            request,
            status,
            status.reason_phrase(),
            tag,
            Style::CANONICAL,
        )
    }

    /// A response with this reason phrase, its fields in this style.
    #[must_use]
    pub fn with_style(
        request: MessageRef<'_>,
        status: StatusCode,
        reason: &str,
        tag: &str,
        style: Style,
    ) -> Self {
        static STATUS_LINE: Rule = Rule::new("Status-Line", "RFC 3261 §7.2");
        let mut draft = Draft::new(style);
        if line_break(reason.as_bytes()).is_some() {
            draft.refuse(0, "a reason phrase without line breaks", &STATUS_LINE);
        }
        draft.text(format_args!("SIP/2.0 {status} {reason}\r\n"));
        for field in request.fields_named(HeaderName::Via) {
            draft.received(HeaderName::Via, field.value());
        }
        if let Some(field) = request.first(HeaderName::From) {
            draft.received(HeaderName::From, field.value());
        }
        if let Some(field) = request.first(HeaderName::To) {
            let wants_tag = status != StatusCode::TRYING
                && !tag.is_empty()
                && field.typed::<To<'_>>().is_ok_and(|to| to.tag().is_none());
            draft.received(HeaderName::To, field.value());
            if wants_tag {
                if !crate::grammar::is_token(tag.as_bytes()) {
                    draft.refuse(0, "a tag that is a token", HeaderName::To.rule());
                }
                draft.head.truncate(draft.head.len().saturating_sub(2));
                draft.text(format_args!(";tag={tag}\r\n"));
            }
        }
        for name in [HeaderName::CallId, HeaderName::CSeq] {
            if let Some(field) = request.first(name) {
                draft.received(name, field.value());
            }
        }
        if status == StatusCode::TRYING {
            if let Some(Ok(timestamp)) = request.get::<Timestamp<'_>>() {
                draft.field(HeaderName::Timestamp, timestamp.time);
            }
        }
        Self { draft }
    }

    fn finish(self) -> Result<Finished, WriteError> {
        self.draft.finish()
    }
}

builder!(ResponseBuilder);
