//! A SIP message, header field by header field (RFC 3261 §7, §20).

use rfc2396_uri::{NameAddr, Uri};
use rfc3261_sip::headers::{
    CSeq, Contact, From, Header, PAssertedIdentity, RecordRoute, Route, To, Via,
};
use rfc3261_sip::{HeaderField, HeaderName, MessageRef, Parameters, Parser, Policy, StartLine};

use super::binary::{hex, place};
use super::field::{Field, Finding, Parsed};
use super::{sdp, uri};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let mut parser = Parser::new().policy(Policy::Forensic);
    let message = parser.parse(input)?;
    let mut defects: Vec<Finding> = message.check().iter().map(Finding::from).collect();
    let view = View { input };
    let mut fields = view.start_line(message);
    fields.extend(message.fields().map(|field| view.header(message, &field)));
    fields.extend(view.body(message, &mut defects));
    let line = input.get(..view.end_of_first_line()).unwrap_or_default();
    Ok(Parsed {
        summary: format!(
            "SIP message of {} bytes: {}",
            input.len(),
            String::from_utf8_lossy(line)
        ),
        fields,
        defects,
    })
}

struct View<'a> {
    input: &'a [u8],
}

impl<'a> View<'a> {
    fn part(&self, name: &'static str, part: &str) -> Field {
        Field::new(name, place(self.input, part.as_bytes()), part)
    }

    fn end_of_first_line(&self) -> usize {
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        self.input
            .iter()
            .position(is_end)
            .unwrap_or(self.input.len())
    }

    fn start_line(&self, message: MessageRef<'_>) -> Vec<Field> {
        match message.start_line() {
            StartLine::Request { method, uri: bytes } => {
                let text = String::from_utf8_lossy(bytes);
                let target = Field::new("Request-URI", place(self.input, bytes), text);
                let target = match message.request_uri() {
                    Ok(parsed) => target.with(uri::fields(self.input, &parsed)),
                    Err(_) => target,
                };
                vec![self.part("method", method.as_str()), target]
            }
            StartLine::Status { code, reason } => {
                let place = place(self.input, reason);
                let digits = place.start.saturating_sub(4);
                vec![
                    Field::new("status code", digits..digits + 3, code),
                    Field::new("reason phrase", place, String::from_utf8_lossy(reason)),
                ]
            }
        }
    }

    fn header(&self, message: MessageRef<'a>, field: &HeaderField<'a>) -> Field {
        let name = String::from_utf8_lossy(field.name());
        let name = match field.known() {
            Some(known) if !known.as_str().eq_ignore_ascii_case(&name) => {
                format!("{} ({name})", known.as_str())
            }
            _ => name.into_owned(),
        };
        let place = field.offset()..field.value_span().end;
        Field::new(name, place, String::from_utf8_lossy(field.value()))
            .with(self.typed(message, field))
    }

    /// What the values of a field consist of; those that cannot be read are among the defects.
    fn typed(&self, message: MessageRef<'a>, field: &HeaderField<'a>) -> Vec<Field> {
        match field.known() {
            Some(HeaderName::Via) => each(message, field, |via| self.via(&via)),
            Some(HeaderName::CSeq) => each(message, field, |cseq| self.cseq(field, &cseq)),
            Some(HeaderName::From) => each(message, field, |from: From<'_>| {
                self.address(from.address(), from.parameters())
            }),
            Some(HeaderName::To) => each(message, field, |to: To<'_>| {
                self.address(to.address(), to.parameters())
            }),
            Some(HeaderName::Contact) => each(message, field, |contact| match contact {
                Contact::All => Vec::new(),
                Contact::Address(contact) => self.address(contact.address(), contact.parameters()),
            }),
            Some(HeaderName::Route) => each(message, field, |route: Route<'_>| {
                self.address(route.address(), route.parameters())
            }),
            Some(HeaderName::RecordRoute) => each(message, field, |route: RecordRoute<'_>| {
                self.address(route.address(), route.parameters())
            }),
            Some(HeaderName::PAssertedIdentity) => {
                each(message, field, |identity: PAssertedIdentity<'_>| {
                    self.address(identity.address(), identity.parameters())
                })
            }
            _ => Vec::new(),
        }
    }

    fn via(&self, via: &Via<'_>) -> Vec<Field> {
        let mut fields = vec![
            self.part("transport", via.transport().as_str()),
            self.part("sent-by", via.host_str()),
        ];
        fields.extend(self.parameters(via.parameters()));
        fields
    }

    fn cseq(&self, field: &HeaderField<'_>, cseq: &CSeq<'_>) -> Vec<Field> {
        let start = field.value_span().start;
        let digits = cseq.sequence_number.to_string();
        vec![
            Field::new("sequence number", start..start + digits.len(), digits),
            self.part("method", cseq.method.as_str()),
        ]
    }

    fn address(&self, address: &NameAddr<&str>, parameters: Parameters<'_>) -> Vec<Field> {
        let mut fields = Vec::new();
        fields.extend(address.display_name().map(|name| {
            let raw = place(self.input, address.raw_display_name().as_bytes());
            Field::new("display name", raw, name)
        }));
        let target: Uri<&str> = address.uri();
        fields.push(
            self.part("URI", address.uri().as_str())
                .with(uri::fields(self.input, &target)),
        );
        fields.extend(self.parameters(parameters));
        fields
    }

    fn parameters(&self, parameters: Parameters<'_>) -> impl Iterator<Item = Field> {
        let input = self.input;
        parameters.iter().map(move |parameter| {
            let start = place(input, parameter.name.as_bytes()).start;
            let end = place(input, parameter.value.unwrap_or(parameter.name).as_bytes()).end;
            let value = parameter
                .value
                .map_or(String::new(), |value| format!("={value}"));
            Field::new(
                "parameter",
                start..end,
                format_args!("{}{value}", parameter.name),
            )
        })
    }

    fn body(&self, message: MessageRef<'_>, defects: &mut Vec<Finding>) -> Option<Field> {
        let body = message.body();
        if body.is_empty() {
            return None;
        }
        let start = message.body_offset();
        let is_sdp = message
            .content_type()
            .is_ok_and(|content| content.is("application", "sdp"));
        let value = match std::str::from_utf8(body) {
            Ok(_) => format!("{} bytes", body.len()),
            Err(_) => hex(body),
        };
        let field = Field::new("body", start..start + body.len(), value);
        Some(if is_sdp {
            sdp::below(field, body, start, defects)
        } else {
            field
        })
    }
}

/// The fields of each value of one header field.
fn each<'a, H: Header<'a>>(
    message: MessageRef<'a>,
    field: &HeaderField<'a>,
    fields: impl Fn(H) -> Vec<Field>,
) -> Vec<Field> {
    let place = field.value_span();
    message
        .elements(H::NAME)
        .filter(|element| place.contains(&element.offset))
        .filter_map(|element| std::str::from_utf8(element.value).ok())
        .filter_map(|text| H::parse(text).ok())
        .flat_map(fields)
        .collect()
}
