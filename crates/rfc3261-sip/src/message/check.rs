//! Everything that a message's RFC asks of it, beyond its structure (RFC 3261 §8.1.1, §20).

use alloc::vec::Vec;

use rfc2396_uri::NameAddr;

use super::{HeaderField, MessageRef};
use crate::{
    Defect, DefectKind, ErrorKind, HeaderName, Method, ParseError, Shape,
    headers::{self, CSeq, Element, Elements, From, Header, MAGIC_COOKIE, Via},
};

impl<'a> MessageRef<'a> {
    /// The defects of the structure and of the values in every header field whose grammar this
    /// crate knows, in the order of the message; what is missing comes last.
    #[must_use]
    pub fn check(self) -> Vec<Defect> {
        let mut defects = self.defects().to_vec();
        self.check_request_uri(&mut defects);
        for (row, field) in self.fields().enumerate() {
            let Some(name) = field.known() else { continue };
            if name.shape() == Shape::Single && self.first_row(name) < row {
                defects.push(Defect::new(DefectKind::Repeated(name), field.value_span()));
            }
            check_field(name, self.text, field, &mut defects);
        }
        self.check_via(&mut defects);
        self.check_from(&mut defects);
        self.check_cseq(&mut defects);
        self.check_contact(&mut defects);
        defects.sort_by_key(|defect| defect.span().start);
        self.check_missing(&mut defects);
        defects
    }

    fn check_request_uri(self, defects: &mut Vec<Defect>) {
        let Some(bytes) = self.request_uri_bytes() else {
            return;
        };
        if defects
            .iter()
            .any(|defect| defect.kind() == DefectKind::RequestUri)
        {
            return;
        }
        let start = bytes.as_ptr() as usize - self.as_bytes().as_ptr() as usize;
        let span = start..start + bytes.len();
        match self.request_uri() {
            Ok(uri) => {
                if uri
                    .as_sip()
                    .is_some_and(|uri| uri.headers().next().is_some())
                {
                    defects.push(Defect::new(DefectKind::RequestUriHeaders, span.clone()));
                }
                for defect in uri.defects() {
                    defects.push(Defect::new(DefectKind::Address(defect), span.clone()));
                }
            }
            Err(error) => defects.push(Defect::new(DefectKind::InvalidRequestUri(error), span)),
        }
    }

    fn check_via(self, defects: &mut Vec<Defect>) {
        let Some(element) = self.elements(HeaderName::Via).next() else {
            return;
        };
        let Ok(via) = headers::read_element::<Via<'a>>(self.text, element) else {
            return;
        };
        if !via.has_unique_branch() {
            let kind = match via.branch() {
                Some(branch) if branch.eq_ignore_ascii_case(MAGIC_COOKIE) => DefectKind::Branch,
                _ => DefectKind::OldBranch,
            };
            defects.push(Defect::new(kind, element.span()));
        }
    }

    fn check_from(self, defects: &mut Vec<Defect>) {
        let Some(field) = self.first(HeaderName::From) else {
            return;
        };
        if field
            .typed::<From<'a>>()
            .is_ok_and(|from| from.tag().is_none_or(str::is_empty))
        {
            defects.push(Defect::new(DefectKind::FromTag, field.value_span()));
        }
    }

    fn check_cseq(self, defects: &mut Vec<Defect>) {
        let Some(field) = self.first(HeaderName::CSeq) else {
            return;
        };
        let Ok(cseq) = field.typed::<CSeq<'a>>() else {
            return;
        };
        if self.method().is_some_and(|method| method != cseq.method) {
            defects.push(Defect::new(DefectKind::CSeqMethod, field.value_span()));
        }
        if cseq.sequence_number > i32::MAX.unsigned_abs() {
            defects.push(Defect::new(DefectKind::SequenceNumber, field.value_span()));
        }
    }

    /// `*` stands alone, and only in a REGISTER (RFC 3261 §10.2.2).
    fn check_contact(self, defects: &mut Vec<Defect>) {
        let register = self
            .cseq()
            .is_ok_and(|cseq| cseq.method == Method::REGISTER);
        let alone = self.elements(HeaderName::Contact).count() == 1;
        if self.is_request() && register && alone {
            return;
        }
        for element in self
            .elements(HeaderName::Contact)
            .filter(|e| e.value == b"*")
        {
            let (at, rule) = (element.offset, HeaderName::Contact.rule());
            let error = ParseError::new(ErrorKind::Syntax, at, "an address", rule);
            let kind = DefectKind::Invalid(HeaderName::Contact, error);
            defects.push(Defect::new(kind, element.span()));
        }
    }

    fn check_missing(self, defects: &mut Vec<Defect>) {
        let at = self.body_offset();
        let mut missing = |name| {
            if self.first(name).is_none() {
                defects.push(Defect::new(DefectKind::Missing(name), at..at));
            }
        };
        for name in MANDATORY {
            missing(name);
        }
        if self.is_request() {
            missing(HeaderName::MaxForwards);
        }
        if self.method() == Some(Method::INVITE) {
            missing(HeaderName::Contact);
        }
        if !self.body().is_empty() && self.first(HeaderName::ContentType).is_none() {
            defects.push(Defect::new(DefectKind::ContentType, at..at));
        }
    }
}

/// What every message has (RFC 3261 §8.1.1, §8.2.6.2).
const MANDATORY: [HeaderName; 5] = [
    HeaderName::Via,
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
];

/// The values of one row.
fn check_field<'a>(
    name: HeaderName,
    text: &'a str,
    field: HeaderField<'a>,
    defects: &mut Vec<Defect>,
) {
    macro_rules! check {
        ($($type:ident)*) => {
            match name {
                $(HeaderName::$type => check_values::<headers::$type<'a>>,)*
                HeaderName::MaxForwards => check_values::<headers::MaxForwards>,
                // The pass over the structure has looked at it.
                HeaderName::ContentLength => return,
                HeaderName::Expires => check_values::<headers::Expires>,
                HeaderName::MinExpires => check_values::<headers::MinExpires>,
                HeaderName::RSeq => check_values::<headers::RSeq>,
                HeaderName::Date => check_values::<headers::Date>,
                HeaderName::MimeVersion => check_values::<headers::MimeVersion>,
                // Known by name only.
                HeaderName::AcceptContact
                | HeaderName::ContentId
                | HeaderName::Identity
                | HeaderName::IdentityInfo
                | HeaderName::RejectContact
                | HeaderName::RequestDisposition => return,
            }
        };
    }
    let check: fn(&'a str, HeaderField<'a>, &mut Vec<Defect>) = check! {
        Accept AcceptEncoding AcceptLanguage AlertInfo Allow AllowEvents AuthenticationInfo
        Authorization CallId CallInfo Contact ContentDisposition ContentEncoding ContentLanguage
        ContentType CSeq Diversion ErrorInfo Event From HistoryInfo InReplyTo Join MinSe
        Organization PAssertedIdentity PPreferredIdentity Path Priority Privacy ProxyAuthenticate
        ProxyAuthorization ProxyRequire RAck Reason RecordRoute ReferTo ReferredBy Replaces
        ReplyTo Require RetryAfter Route Server ServiceRoute SessionExpires SipETag SipIfMatch
        Subject SubscriptionState Supported Timestamp To Unsupported UserAgent UserToUser Via
        Warning WwwAuthenticate
    };
    check(text, field, defects);
}

fn check_values<'a, T: Header<'a>>(
    text: &'a str,
    field: HeaderField<'a>,
    defects: &mut Vec<Defect>,
) {
    let mut check = |element: Element<'a>| {
        match headers::read_element::<T>(text, element) {
            Ok(parsed) => {
                for defect in parsed.address().map(NameAddr::defects).unwrap_or_default() {
                    defects.push(Defect::new(DefectKind::Address(defect), element.span()));
                }
            }
            Err(error) => {
                let kind = DefectKind::Invalid(T::NAME, error);
                return defects.push(Defect::new(kind, element.span()));
            }
        }
        if has_parameters(T::NAME) && has_empty_parameter(element.value) {
            defects.push(Defect::new(
                DefectKind::EmptyParameter(T::NAME),
                element.span(),
            ));
        }
    };
    let span = field.value_span();
    match T::NAME.shape() {
        Shape::List => {
            let elements = Elements::of_field(field, T::NAME);
            let skipped = elements.clone().fold(0, |n, element| {
                check(element);
                n + 1
            });
            if elements.commas() + 1 > skipped
                && !(field.value().is_empty() && may_be_empty(T::NAME))
            {
                defects.push(Defect::new(DefectKind::EmptyElement(T::NAME), span));
            }
        }
        Shape::Single | Shape::Rows => check(Element {
            value: field.value(),
            offset: span.start,
        }),
    }
}

/// Lists that may hold nothing (RFC 3261 §25.1).
fn may_be_empty(name: HeaderName) -> bool {
    matches!(
        name,
        HeaderName::Accept
            | HeaderName::AcceptEncoding
            | HeaderName::AcceptLanguage
            | HeaderName::Allow
            | HeaderName::Supported
    )
}

/// Whether a semicolon begins a parameter in this field's values.
fn has_parameters(name: HeaderName) -> bool {
    !matches!(
        name,
        HeaderName::Subject
            | HeaderName::Organization
            | HeaderName::Server
            | HeaderName::UserAgent
            | HeaderName::CallId
            | HeaderName::InReplyTo
            | HeaderName::Warning
            | HeaderName::Authorization
            | HeaderName::ProxyAuthorization
            | HeaderName::WwwAuthenticate
            | HeaderName::ProxyAuthenticate
            | HeaderName::AuthenticationInfo
    )
}

/// Whether a semicolon outside of quotes and brackets has nothing behind it.
fn has_empty_parameter(value: &[u8]) -> bool {
    let (mut quoted, mut escaped, mut bracketed, mut open) = (false, false, false, false);
    for &byte in value {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'<' => bracketed = true,
            b'>' => bracketed = false,
            _ if bracketed => {}
            b';' if open => return true,
            b';' => {
                open = true;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => {}
        }
        open = false;
    }
    open
}
