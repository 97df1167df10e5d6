//! An RTP packet, field by field (RFC 3550 §5.1, RFC 8285).

use rfc3550_rtp::{ExtensionForm, HeaderExtension, RtpPacket};
use rfc3551_avp::{Assignment, PayloadType};

use super::binary::{hex, place};
use super::field::{Field, Finding, Parsed};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let packet = RtpPacket::parse(input)?;
    let payload_type = packet.payload_type();
    let meaning = match PayloadType(payload_type).assignment() {
        Assignment::Static(encoding) => encoding.to_string(),
        Assignment::Reserved => "reserved".into(),
        Assignment::Unassigned => "unassigned".into(),
        Assignment::Dynamic => "dynamic".into(),
    };
    let mut fields = vec![
        Field::new("version", 0..1, 2),
        Field::new("padding", 0..1, packet.padding_len()),
        Field::new("extension", 0..1, packet.extension().is_some()),
        Field::new("CSRC count", 0..1, packet.csrc_count()),
        Field::new("marker", 1..2, packet.marker()),
        Field::new("payload type", 1..2, format!("{payload_type} ({meaning})")),
        Field::new("sequence number", 2..4, packet.sequence_number().0),
        Field::new("timestamp", 4..8, packet.timestamp().0),
        Field::new("SSRC", 8..12, format_args!("{:#010x}", packet.ssrc())),
    ];
    fields.extend(packet.csrcs().zip(0..).map(|(csrc, index)| {
        let start = 12 + 4 * index;
        Field::new("CSRC", start..start + 4, format_args!("{csrc:#010x}"))
    }));
    let mut defects = Vec::new();
    fields.extend(
        packet
            .extension()
            .map(|extension| header_extension(input, &extension, &mut defects)),
    );
    let payload = packet.payload();
    fields.push(Field::new("payload", place(input, payload), hex(payload)));
    Ok(Parsed {
        summary: format!(
            "RTP packet of {} bytes, {} of payload",
            input.len(),
            payload.len()
        ),
        fields,
        defects,
    })
}

fn header_extension(
    input: &[u8],
    extension: &HeaderExtension<'_>,
    defects: &mut Vec<Finding>,
) -> Field {
    let data = place(input, extension.data());
    let form = match extension.form() {
        Some(ExtensionForm::OneByte) => " (RFC 8285, one-byte header)",
        Some(ExtensionForm::TwoByte { .. }) => " (RFC 8285, two-byte header)",
        None => "",
    };
    let mut elements = Vec::new();
    for element in extension.elements() {
        match element {
            Ok(element) => elements.push(Field::new(
                format!("element {}", element.id),
                place(input, element.data),
                hex(element.data),
            )),
            // Counted from the start of the extension's data.
            Err(error) => defects.push(Finding::from(error).moved(data.start)),
        }
    }
    Field::new(
        "header extension",
        data.start.saturating_sub(4)..data.end,
        format_args!(
            "profile {:#06x}{form}, {}",
            extension.profile(),
            hex(extension.data())
        ),
    )
    .with(elements)
}
