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
    /// How many lines there are, each with the two control characters at its end: a third one is
    /// a fault.
    lines: usize,
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
        if uri.is_empty() || count(uri.as_bytes(), |b| (b <= b' ') | (b == 0x7f)) > 0 {
            builder.refuse(WriteError::RequestUri);
        }
        builder.line(&[
            method.as_str().as_bytes(),
            b" ",
            uri.as_bytes(),
            b" RTSP/1.0",
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
        let code = code.code();
        let digits = [code / 100, code / 10 % 10, code % 10].map(|digit| b'0' + digit as u8);
        builder.line(&[b"RTSP/1.0 ", &digits, b" ", reason.as_bytes()]);
        builder
    }

    /// A response to a request: with its CSeq as it stands, its Timestamp, and its Session if
    /// there is one (§12.17, §12.37, §12.38).
    pub fn response_to(request: MessageRef<'_>, code: StatusCode) -> Self {
        let mut builder = Self::response(code);
        for name in [HeaderName::CSeq, HeaderName::Timestamp, HeaderName::Session] {
            if let Some(field) = request.first(name) {
                builder.line(&[name.line_start(), field.value()]);
            }
        }
        builder
    }

    fn new(mut text: Vec<u8>) -> Self {
        text.clear();
        Self {
            text,
            lines: 0,
            fault: None,
        }
    }

    /// A header field of a known name.
    #[must_use]
    #[inline]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.line(&[name.line_start(), value.as_bytes()]);
        self
    }

    /// A header field of any name.
    #[must_use]
    pub fn extension(mut self, name: &str, value: &str) -> Self {
        if !is_token(name.as_bytes()) {
            self.refuse(WriteError::NotAToken);
        }
        self.line(&[name.as_bytes(), b": ", value.as_bytes()]);
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
        self.text.extend_from_slice(T::NAME.line_start());
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                self.text.extend_from_slice(b", ");
            }
            // Writing to memory does not fail; what a `Display` of this crate gives up is checked.
            let _ = write!(Text(&mut self.text), "{value}");
        }
        self.line(&[]);
        self
    }

    /// The message without a body.
    ///
    /// # Errors
    ///
    /// What would have broken the message.
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        self.line(&[]);
        match self.fault {
            Some(fault) => Err(fault),
            None if self.is_broken() => Err(WriteError::ControlCharacter),
            None => Ok(self.text),
        }
    }

    /// The message with a body: Content-Type and Content-Length are added.
    ///
    /// # Errors
    ///
    /// What would have broken the message.
    pub fn finish_with_body(self, content_type: &str, body: &[u8]) -> Result<Vec<u8>, WriteError> {
        let mut builder = self.header(HeaderName::ContentType, content_type);
        let _ = write!(Text(&mut builder.text), "Content-Length: {}", body.len());
        builder.line(&[]);
        let mut text = builder.finish()?;
        text.extend_from_slice(body);
        Ok(text)
    }

    /// Parts of a line, and its end.
    #[inline]
    fn line<const N: usize>(&mut self, parts: &[&[u8]; N]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.text.reserve(length + 2);
        for part in parts {
            self.text.extend_from_slice(part);
        }
        self.text.extend_from_slice(b"\r\n");
        self.lines += 1;
    }

    /// Whether there are control characters other than line ends and tabs.
    fn is_broken(&self) -> bool {
        let controls = count(&self.text, |b| (b < b' ') | (b == 0x7f));
        let others = controls - 2 * self.lines;
        others > 0 && others > self.text.iter().filter(|b| **b == b'\t').count()
    }

    fn refuse(&mut self, fault: WriteError) {
        self.fault = self.fault.or(Some(fault));
    }
}

/// How many bytes are looked at at once.
const PIECE: usize = 32;

/// How many bytes are of a kind, to which `a` does not belong.
///
/// Whole pieces and no way out of the loops: they are done many bytes at a time.
#[inline]
fn count(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let add = |counts: &mut [u8; PIECE], piece: &[u8; PIECE]| {
        for (count, b) in counts.iter_mut().zip(piece) {
            *count = count.wrapping_add(u8::from(is(*b)));
        }
    };
    let mut total = 0;
    // A byte counts as far as 255, the piece at the end included.
    for part in text.chunks(254 * PIECE) {
        let mut counts = [0; PIECE];
        let mut rest = part;
        while let Some((piece, after)) = rest.split_first_chunk() {
            add(&mut counts, piece);
            rest = after;
        }
        let mut last = [b'a'; PIECE];
        if let Some(last) = last.get_mut(..rest.len()) {
            last.copy_from_slice(rest);
        }
        add(&mut counts, &last);
        total += counts
            .iter()
            .map(|count| usize::from(*count))
            .sum::<usize>();
    }
    total
}

/// Text appended to bytes.
struct Text<'a>(&'a mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place of values of every length that ends a piece otherwise.
    #[test]
    fn control_characters_are_found_wherever_they_are() {
        for length in [1, 2, 20, 31, 32, 33, 70] {
            for place in 0..length {
                for byte in 0..0x80u8 {
                    let mut value = alloc::vec![b'a'; length];
                    value[place] = byte;
                    let value = alloc::string::String::from_utf8(value).unwrap();
                    let written = MessageBuilder::request(Method::PLAY, "rtsp://a/b")
                        .header(HeaderName::Server, "a\tb")
                        .extension("X", &value)
                        .finish();
                    let is_fault = byte.is_ascii_control() && byte != b'\t';
                    assert_eq!(written.is_err(), is_fault, "{length} {place} {byte}");
                }
            }
        }
    }

    #[test]
    fn long_messages_are_counted_whole() {
        let long = "a\t".repeat(100_000);
        let request = || MessageBuilder::request(Method::PLAY, "*").extension("X", &long);
        assert!(request().finish().is_ok());
        assert!(request().extension("Y", "\0").finish().is_err());
    }
}
