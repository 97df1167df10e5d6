//! A session description, line by line (RFC 4566 §5, RFC 8866 §5).

use rfc4566_sdp::{Line, LineType, MediaField, Parser, SessionDescription, Text};

use super::binary::place;
use super::field::{Field, Finding, Parsed};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let mut parser = Parser::new();
    let description = parser.parse(input)?;
    let defects = description
        .defects()
        .map(|defect| Finding::from(&defect))
        .collect();
    let mut fields: Vec<Field> = description
        .session()
        .lines()
        .map(|line| view(input, &description, line))
        .collect();
    fields.extend(description.media().map(|medium| {
        let mut lines = medium.section().lines();
        let start = lines.next().map(|line| view(input, &description, line));
        let below = lines.map(|line| view(input, &description, line));
        match start {
            Some(media) => media.and(below),
            None => Field::new("m=", 0..0, ""),
        }
    }));
    Ok(Parsed {
        summary: format!(
            "session description of {} bytes, media: {}",
            input.len(),
            description.media_count()
        ),
        fields,
        defects,
    })
}

/// The field of a message body, which starts at `start` of the message, with its description below.
pub(super) fn below(field: Field, body: &[u8], start: usize, defects: &mut Vec<Finding>) -> Field {
    match read(body) {
        Ok(description) => {
            defects.extend(
                description
                    .defects
                    .into_iter()
                    .map(|defect| defect.of_body(start)),
            );
            field.with(
                description
                    .fields
                    .into_iter()
                    .map(|line| line.moved(start))
                    .collect(),
            )
        }
        Err(error) => {
            defects.push(error.of_body(start));
            field
        }
    }
}

fn view(input: &[u8], description: &SessionDescription<'_>, line: Line<'_>) -> Field {
    let value = line.value();
    let place = line.offset()..place(input, &value).end;
    let part =
        |name: &'static str, text: Text<'_>| Field::new(name, self::place(input, &text), text);
    match line.line_type() {
        LineType::MALFORMED => Field::new("malformed line", place, value),
        LineType::ATTRIBUTE => {
            let (name, rest) = match value.iter().position(|byte| *byte == b':') {
                Some(colon) => (value.get(..colon), value.get(colon + 1..)),
                None => (value.get(..), None),
            };
            let name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
            Field::new(
                format!("a={name}"),
                place,
                Text::new(rest.unwrap_or_default()),
            )
        }
        LineType::MEDIA => {
            let fields = MediaField::parse(value).map_or(Vec::new(), |media| {
                let mut fields = vec![part("media", media.media), part("proto", media.proto)];
                fields.extend(media.formats.iter().map(|format| part("format", format)));
                fields
            });
            Field::new("m=", place, value).with(fields)
        }
        LineType::ORIGIN => {
            let fields = description.origin().map_or(Vec::new(), |origin| {
                vec![
                    part("username", origin.username),
                    part("sess-id", origin.sess_id),
                    part("sess-version", origin.sess_version),
                    part("nettype", origin.nettype),
                    part("addrtype", origin.addrtype),
                    part("unicast-address", origin.unicast_address),
                ]
            });
            Field::new("o=", place, value).with(fields)
        }
        letter => Field::new(letter.to_string(), place, value),
    }
}
