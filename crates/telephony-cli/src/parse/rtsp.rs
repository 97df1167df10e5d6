//! An RTSP message, header field by header field (RFC 2326 §4, §12).

use rfc2326_rtsp::{MessageRef, Parser, StartLine};

use super::binary::place;
use super::field::{Field, Finding, Parsed};
use super::sdp;

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let mut parser = Parser::new();
    let message = parser.parse(input)?;
    let mut defects: Vec<Finding> = message.check().iter().map(Finding::from).collect();
    let (summary, mut fields) = start_line(input, message);
    fields.extend(message.fields().map(|field| {
        let place = field.offset()..field.value_span().end;
        let name = String::from_utf8_lossy(field.name()).into_owned();
        Field::new(name, place, String::from_utf8_lossy(field.value()))
    }));
    fields.extend(body(message, &mut defects));
    Ok(Parsed {
        summary,
        fields,
        defects,
    })
}

fn start_line(input: &[u8], message: MessageRef<'_>) -> (String, Vec<Field>) {
    let part = |name: &'static str, part: &[u8]| {
        Field::new(name, place(input, part), String::from_utf8_lossy(part))
    };
    match message.start_line() {
        StartLine::Request { method, uri } => (
            format!("RTSP request of {} bytes: {method}", input.len()),
            vec![
                part("method", method.as_str().as_bytes()),
                part("Request-URI", uri),
            ],
        ),
        StartLine::Status { code, reason } => {
            let digits = place(input, reason).start.saturating_sub(4);
            (
                format!("RTSP response of {} bytes: {code}", input.len()),
                vec![
                    Field::new("status code", digits..digits + 3, code),
                    part("reason phrase", reason),
                ],
            )
        }
    }
}

fn body(message: MessageRef<'_>, defects: &mut Vec<Finding>) -> Option<Field> {
    let body = message.body();
    let start = message.body_offset();
    let field = Field::new(
        "body",
        start..start + body.len(),
        format_args!("{} bytes", body.len()),
    );
    if body.is_empty() {
        None
    } else if message.content_type() == Some("application/sdp") {
        Some(sdp::below(field, body, start, defects))
    } else {
        Some(field)
    }
}
