//! A payload of redundant audio, block by block (RFC 2198 §3).

use rfc2198_red::{BlockHeader, RedPayload};

use super::binary::{hex, place};
use super::field::{Field, Finding, Parsed};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let payload = RedPayload::parse(input)?;
    let redundant = payload.redundant_count();
    let fields = payload.blocks().zip(0..).map(|(block, index)| {
        let header = index * BlockHeader::LEN;
        let is_primary = index == redundant;
        let header_end = header + if is_primary { 1 } else { BlockHeader::LEN };
        let mut fields = vec![Field::new(
            "payload type",
            header..header + 1,
            block.payload_type,
        )];
        if !is_primary {
            fields.push(Field::new(
                "timestamp offset",
                header + 1..header + 3,
                block.timestamp_offset,
            ));
            fields.push(Field::new(
                "block length",
                header + 2..header_end,
                block.payload.len(),
            ));
        }
        fields.push(Field::new(
            "data",
            place(input, block.payload),
            hex(block.payload),
        ));
        let name = if is_primary {
            "primary block"
        } else {
            "redundant block"
        };
        Field::new(name, header..header_end, "").with(fields)
    });
    Ok(Parsed {
        summary: format!(
            "RED payload of {} bytes, {redundant} redundant blocks",
            input.len()
        ),
        fields: fields.collect(),
        defects: Vec::new(),
    })
}
