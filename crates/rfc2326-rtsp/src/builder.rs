//! Writes messages (RFC 2326 §6, §7).

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::grammar::is_token;
use crate::{HeaderName, MessageRef, Method, StatusCode, WriteError};

/// Writes a request or a response, field by field, in the order of the calls.
///
/// A value that would break the message, such as one with a line break, is an error when the
/// message is finished; nothing of it can be sent then.
///
/// ```
/// use rfc2326_rtsp::{HeaderName, MessageBuilder, Method, headers::{CSeq, Transport}};
///
/// let setup = MessageBuilder::request(Method::SETUP, "rtsp://192.0.2.4/a/1")
///     .typed(&CSeq { sequence_number: 3 })
///     .typed(&Transport::unicast(4588, 4589))
///     .header(HeaderName::UserAgent, "example/1.0")
///     .finish()?;
/// assert_eq!(
///     setup,
///     b"SETUP rtsp://192.0.2.4/a/1 RTSP/1.0\r\nCSeq: 3\r\n\
///       Transport: RTP/AVP;unicast;client_port=4588-4589\r\nUser-Agent: example/1.0\r\n\r\n",
/// );
/// # Ok::<(), rfc2326_rtsp::WriteError>(())
/// ```
#[derive(Debug, Clone)]
pub struct MessageBuilder {
    text: Vec<u8>,
    fault: Option<WriteError>,
}

impl MessageBuilder {
    /// A request. The URI is absolute, or `*`.
    pub fn request(method: Method<'_>, uri: &str) -> Self {
        Self::request_in(Vec::with_capacity(256), method, uri)
    }

    /// A request in a buffer that is cleared and used again.
    pub fn request_in(buffer: Vec<u8>, method: Method<'_>, uri: &str) -> Self {
        let mut builder = Self::new(buffer);
        let is_bad = |b: u8| b.is_ascii_whitespace() || b.is_ascii_control();
        if uri.is_empty() || uri.bytes().any(is_bad) {
            builder.refuse(WriteError::RequestUri);
        }
        builder.push(&[
            method.as_str().as_bytes(),
            b" ",
            uri.as_bytes(),
            b" RTSP/1.0\r\n",
        ]);
        builder
    }

    /// A response with the RFC's reason phrase; see [`Self::response_with_reason`].
    pub fn response(code: StatusCode) -> Self {
        Self::response_with_reason(code, code.reason_phrase().unwrap_or("Unknown"))
    }

    /// A response with a reason phrase of one's own.
    pub fn response_with_reason(code: StatusCode, reason: &str) -> Self {
        Self::response_in(Vec::with_capacity(256), code, reason)
    }

    /// A response in a buffer that is cleared and used again.
    pub fn response_in(buffer: Vec<u8>, code: StatusCode, reason: &str) -> Self {
        let mut builder = Self::new(buffer);
        builder.check(reason.as_bytes());
        let code = code.code();
        let digits = [code / 100, code / 10 % 10, code % 10].map(|digit| b'0' + digit as u8);
        builder.push(&[b"RTSP/1.0 ", &digits, b" ", reason.as_bytes(), b"\r\n"]);
        builder
    }

    /// A response to a request: with its CSeq as it stands, its Timestamp, and its Session if
    /// there is one (§12.17, §12.37, §12.38).
    pub fn response_to(request: MessageRef<'_>, code: StatusCode) -> Self {
        let mut builder = Self::response(code);
        for name in [HeaderName::CSeq, HeaderName::Timestamp, HeaderName::Session] {
            if let Some(field) = request.first(name) {
                builder.field(name.as_str().as_bytes(), field.value());
            }
        }
        builder
    }

    fn new(mut text: Vec<u8>) -> Self {
        text.clear();
        Self { text, fault: None }
    }

    /// A header field of a known name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.field(name.as_str().as_bytes(), value.as_bytes());
        self
    }

    /// A header field of any name.
    #[must_use]
    pub fn extension(mut self, name: &str, value: &str) -> Self {
        if !is_token(name.as_bytes()) {
            self.refuse(WriteError::NotAToken);
        }
        self.field(name.as_bytes(), value.as_bytes());
        self
    }

    /// A header field as its type.
    #[must_use]
    pub fn typed<'a, T: crate::headers::Header<'a> + fmt::Display>(self, value: &T) -> Self {
        self.list(core::slice::from_ref(value))
    }

    /// A header field with several values.
    #[must_use]
    pub fn list<'a, T: crate::headers::Header<'a> + fmt::Display>(mut self, values: &[T]) -> Self {
        self.push(&[T::NAME.as_str().as_bytes(), b": "]);
        let start = self.text.len();
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                self.push(&[b", "]);
            }
            // Writing to memory does not fail; what a `Display` of this crate gives up is checked.
            let _ = write!(Text(&mut self.text), "{value}");
        }
        if self.text.get(start..).is_some_and(has_control) {
            self.refuse(WriteError::ControlCharacter);
        }
        self.push(&[b"\r\n"]);
        self
    }

    /// The message without a body.
    ///
    /// # Errors
    ///
    /// The first value that would have broken the message.
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        self.push(&[b"\r\n"]);
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.text),
        }
    }

    /// The message with a body: Content-Type and Content-Length are added.
    ///
    /// # Errors
    ///
    /// The first value that would have broken the message.
    pub fn finish_with_body(self, content_type: &str, body: &[u8]) -> Result<Vec<u8>, WriteError> {
        let mut builder = self.header(HeaderName::ContentType, content_type);
        builder.push(&[b"Content-Length: "]);
        let _ = write!(Text(&mut builder.text), "{}", body.len());
        builder.push(&[b"\r\n"]);
        let mut text = builder.finish()?;
        text.extend_from_slice(body);
        Ok(text)
    }

    fn field(&mut self, name: &[u8], value: &[u8]) {
        self.check(value);
        self.push(&[name, b": ", value, b"\r\n"]);
    }

    fn push(&mut self, parts: &[&[u8]]) {
        parts
            .iter()
            .for_each(|part| self.text.extend_from_slice(part));
    }

    fn check(&mut self, value: &[u8]) {
        if has_control(value) {
            self.refuse(WriteError::ControlCharacter);
        }
    }

    fn refuse(&mut self, fault: WriteError) {
        self.fault = self.fault.or(Some(fault));
    }
}

/// Whether a value has control characters, tab aside.
///
/// Without a way out of the loop, it is done many bytes at a time.
fn has_control(value: &[u8]) -> bool {
    value.iter().fold(false, |found, b| {
        found | (b.is_ascii_control() & (*b != b'\t'))
    })
}

/// Text appended to bytes.
struct Text<'a>(&'a mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
