//! The usual header fields by name, and the check of them all (RFC 2326 §12).

use alloc::vec::Vec;

use rfc2396_uri::UriReference;

use crate::error::Rule;
use crate::headers::{
    Allow, CSeq, ContentBase, Header, Public, Range, Require, RtpInfo, Scale, Session, Speed,
    Transport, Unsupported,
};
use crate::{Defect, DefectKind, ErrorKind, HeaderName, MessageRef, ParseError, grammar};

static REQUEST_URI: Rule = Rule::new("Request-URI", "RFC 2326 §6.1");

impl<'a> MessageRef<'a> {
    /// The Request-URI, parsed; `None` in a response and for `*`.
    ///
    /// # Errors
    ///
    /// If it is no absolute URI.
    pub fn request_uri(self) -> Option<Result<UriReference<&'a str>, ParseError>> {
        let uri = self.request_uri_bytes().filter(|uri| *uri != b"*")?;
        let absolute = grammar::text(uri, &REQUEST_URI).and_then(|text| {
            let wrong = |offset| {
                ParseError::new(ErrorKind::Syntax, offset, "an absolute URI", &REQUEST_URI)
            };
            let uri = UriReference::parse(text).map_err(|error| wrong(error.offset()))?;
            if uri.is_relative() {
                Err(wrong(0))
            } else {
                Ok(uri)
            }
        });
        let base = self.request_uri_span().map_or(0, |span| span.start);
        Some(absolute.map_err(|error| error.shifted(base)))
    }

    /// The sequence number (§12.17).
    ///
    /// # Errors
    ///
    /// If there is none or it is no number of 32 bits.
    pub fn cseq(self) -> Result<CSeq, ParseError> {
        self.typed()
    }

    /// The session identifier and timeout (§12.37).
    pub fn session(self) -> Option<Result<Session<'a>, ParseError>> {
        self.get()
    }

    /// The transports, in order of preference (§12.39).
    pub fn transports(self) -> impl Iterator<Item = Result<Transport<'a>, ParseError>> {
        self.list()
    }

    /// The streams of RTP-Info (§12.33).
    pub fn rtp_info(self) -> impl Iterator<Item = Result<RtpInfo<'a>, ParseError>> {
        self.list()
    }

    /// The range of time (§12.29).
    pub fn range(self) -> Option<Result<Range<'a>, ParseError>> {
        self.get()
    }

    /// The media type of the body, without its parameters, as it stands (§12.16).
    pub fn content_type(self) -> Option<&'a str> {
        let value = self.first(HeaderName::ContentType)?.value_str()?;
        let end = value.find(';').unwrap_or(value.len());
        value.get(..end).map(str::trim_ascii)
    }

    /// Everything questionable: what the parse found, and every header field that this crate
    /// knows read as its type.
    pub fn check(self) -> Vec<Defect> {
        let mut defects = self.defects().to_vec();
        if let (Some(Err(_)), Some(span)) = (self.request_uri(), self.request_uri_span()) {
            defects.push(Defect::new(DefectKind::RequestUri, span));
        }
        self.check_presence(&mut defects);
        self.check_all::<CSeq>(&mut defects);
        self.check_all::<Session<'_>>(&mut defects);
        self.check_all::<Transport<'_>>(&mut defects);
        self.check_all::<Range<'_>>(&mut defects);
        self.check_all::<RtpInfo<'_>>(&mut defects);
        self.check_all::<Scale>(&mut defects);
        self.check_all::<Speed>(&mut defects);
        self.check_all::<ContentBase<'_>>(&mut defects);
        self.check_all::<Public<'_>>(&mut defects);
        self.check_all::<Allow<'_>>(&mut defects);
        self.check_all::<Require<'_>>(&mut defects);
        self.check_all::<Unsupported<'_>>(&mut defects);
        defects
    }

    fn check_presence(self, defects: &mut Vec<Defect>) {
        let end = self.body_offset();
        if self.first(HeaderName::CSeq).is_none() {
            defects.push(Defect::new(DefectKind::Missing(HeaderName::CSeq), end..end));
        }
        for name in [
            HeaderName::CSeq,
            HeaderName::Session,
            HeaderName::ContentLength,
        ] {
            if let Some(second) = self.fields_named(name).nth(1) {
                defects.push(Defect::new(DefectKind::Repeated(name), second.value_span()));
            }
        }
        for field in self.fields() {
            let is_odd = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
            let is_fold = |value: &[u8]| value.contains(&b'\n');
            if field.value().iter().any(is_odd) && !is_fold(field.value()) {
                defects.push(Defect::new(
                    DefectKind::ControlCharacter,
                    field.value_span(),
                ));
            }
        }
    }

    fn check_all<T: Header<'a>>(self, defects: &mut Vec<Defect>) {
        for field in self.fields_named(T::NAME) {
            let at = field.value_span().start;
            let mut report = |error: ParseError| {
                let error = error.shifted(at);
                let kind = DefectKind::Invalid(T::NAME, error);
                defects.push(Defect::new(kind, field.value_span()));
            };
            let mut rest = match grammar::text(field.value(), T::NAME.rule()) {
                Ok(text) => text,
                Err(error) => {
                    report(error);
                    continue;
                }
            };
            let text = rest;
            loop {
                let base = text.len() - rest.len();
                match T::read(rest) {
                    Ok((value, after)) => {
                        if let Some(fault) = value.fault() {
                            report(fault.shifted(base));
                        }
                        rest = after;
                    }
                    Err(error) => {
                        report(error.shifted(base));
                        break;
                    }
                }
                if rest.is_empty() {
                    break;
                }
            }
        }
    }
}
