//! An RTCP compound packet, packet by packet (RFC 3550 §6, RFC 3611, RFC 4585).

use std::fmt::{Debug, Display};

use rfc3550_rtp::{
    App, Bye, ReceiverReport, ReportBlock, RtcpCompound, RtcpPacket, Sdes, SenderInfo, SenderReport,
};

use super::binary::{hex, place};
use super::field::{Field, Finding, Parsed};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let mut defects = Vec::new();
    let compound = match RtcpCompound::parse(input) {
        Ok(compound) => compound,
        // What A.2 refuses may still be packets that can be shown.
        Err(error) => {
            let lenient = RtcpCompound::parse_lenient(input)?;
            defects.push(Finding::from(error));
            lenient
        }
    };
    let mut fields = Vec::new();
    let mut packets = compound.packets();
    while let Some(raw) = packets.next_raw() {
        let bytes = place(input, raw.as_bytes());
        let start = bytes.start;
        let header = format!("{} bytes", bytes.len());
        let field = Field::new(raw.packet_type().to_string(), bytes, header);
        fields.push(match RtcpPacket::from_raw(raw) {
            Ok(packet) => field.with(packet_fields(input, start, &packet)),
            Err(error) => {
                defects.push(Finding::from(error).moved(start));
                field
            }
        });
    }
    Ok(Parsed {
        summary: format!("RTCP of {} bytes, packets: {}", input.len(), fields.len()),
        fields,
        defects,
    })
}

fn packet_fields(input: &[u8], start: usize, packet: &RtcpPacket<'_>) -> Vec<Field> {
    match packet {
        RtcpPacket::SenderReport(report) => sender_report(start, report),
        RtcpPacket::ReceiverReport(report) => receiver_report(start, report),
        RtcpPacket::Sdes(sdes) => source_descriptions(input, sdes),
        RtcpPacket::Bye(bye) => goodbye(input, start, bye),
        RtcpPacket::App(app) => application(input, start, app),
        RtcpPacket::Other(raw) => {
            vec![Field::new(
                "body",
                place(input, raw.body()),
                hex(raw.body()),
            )]
        }
        RtcpPacket::TransportFeedback(feedback) => feedback_fields(
            input,
            start,
            [feedback.sender_ssrc(), feedback.media_ssrc()],
            feedback.fci(),
            &feedback.message(),
        ),
        RtcpPacket::PayloadFeedback(feedback) => feedback_fields(
            input,
            start,
            [feedback.sender_ssrc(), feedback.media_ssrc()],
            feedback.fci(),
            &feedback.message(),
        ),
        RtcpPacket::ExtendedReport(report) => {
            let mut fields = vec![ssrc(start + 4, report.ssrc())];
            fields.extend(report.blocks().map(|block| {
                Field::new(
                    "report block",
                    start + 8..start + 8,
                    format_args!("{block:?}"),
                )
            }));
            fields
        }
        _ => Vec::new(),
    }
}

fn ssrc(start: usize, ssrc: u32) -> Field {
    Field::new("SSRC", start..start + 4, format_args!("{ssrc:#010x}"))
}

/// A field of four bytes.
fn word(name: &'static str, start: usize, value: impl Display) -> Field {
    Field::new(name, start..start + 4, value)
}

fn sender_report(start: usize, report: &SenderReport<'_>) -> Vec<Field> {
    let SenderInfo {
        ntp_timestamp,
        rtp_timestamp,
        packet_count,
        octet_count,
    } = report.info();
    let mut fields = vec![
        ssrc(start + 4, report.ssrc()),
        Field::new(
            "NTP timestamp",
            start + 8..start + 16,
            format_args!("{:#018x}", ntp_timestamp.to_bits()),
        ),
        word("RTP timestamp", start + 16, rtp_timestamp.0),
        word("sender's packet count", start + 20, packet_count),
        word("sender's octet count", start + 24, octet_count),
    ];
    fields.extend(report_blocks(start + 28, report.report_blocks()));
    fields
}

fn receiver_report(start: usize, report: &ReceiverReport<'_>) -> Vec<Field> {
    let mut fields = vec![ssrc(start + 4, report.ssrc())];
    fields.extend(report_blocks(start + 8, report.report_blocks()));
    fields
}

fn report_blocks(
    start: usize,
    blocks: impl Iterator<Item = ReportBlock>,
) -> impl Iterator<Item = Field> {
    blocks.zip(0..).map(move |(block, index)| {
        let at = start + 24 * index;
        Field::new("report block", at..at + 24, "").with(vec![
            ssrc(at, block.ssrc),
            Field::new(
                "fraction lost",
                at + 4..at + 5,
                format_args!("{}/256", block.fraction_lost),
            ),
            Field::new(
                "cumulative number lost",
                at + 5..at + 8,
                block.cumulative_lost,
            ),
            word(
                "extended highest sequence",
                at + 8,
                block.extended_highest_sequence,
            ),
            word("interarrival jitter", at + 12, block.jitter),
            word(
                "last SR",
                at + 16,
                format_args!("{:#010x}", block.last_sr.0),
            ),
            word(
                "delay since last SR",
                at + 20,
                format_args!("{} / 65536 s", block.delay_since_last_sr.0),
            ),
        ])
    })
}

fn source_descriptions(input: &[u8], sdes: &Sdes<'_>) -> Vec<Field> {
    sdes.chunks()
        .map(|chunk| {
            let items: Vec<Field> = chunk
                .items()
                .map(|item| {
                    let value = String::from_utf8_lossy(item.value);
                    Field::new(item.item_type.to_string(), place(input, item.value), value)
                })
                .collect();
            let start = items
                .first()
                .map_or(0, |item| item.place().start.saturating_sub(6));
            Field::new(
                "chunk",
                start..items.last().map_or(start, |item| item.place().end),
                format_args!("SSRC {:#010x}", chunk.ssrc()),
            )
            .with(items)
        })
        .collect()
}

fn goodbye(input: &[u8], start: usize, bye: &Bye<'_>) -> Vec<Field> {
    let mut fields: Vec<Field> = bye
        .ssrcs()
        .zip(0..)
        .map(|(source, index)| ssrc(start + 4 + 4 * index, source))
        .collect();
    fields.extend(bye.reason().map(|reason| {
        Field::new(
            "reason",
            place(input, reason),
            String::from_utf8_lossy(reason),
        )
    }));
    fields
}

fn application(input: &[u8], start: usize, app: &App<'_>) -> Vec<Field> {
    let name = app.name();
    vec![
        Field::new("subtype", start..start + 1, app.subtype()),
        ssrc(start + 4, app.ssrc()),
        Field::new(
            "name",
            start + 8..start + 12,
            String::from_utf8_lossy(&name),
        ),
        Field::new("data", place(input, app.data()), hex(app.data())),
    ]
}

fn feedback_fields(
    input: &[u8],
    start: usize,
    [sender, media]: [u32; 2],
    fci: &[u8],
    message: &impl Debug,
) -> Vec<Field> {
    vec![
        Field::new(
            "SSRC of packet sender",
            start + 4..start + 8,
            format_args!("{sender:#010x}"),
        ),
        Field::new(
            "SSRC of media source",
            start + 8..start + 12,
            format_args!("{media:#010x}"),
        ),
        Field::new(
            "feedback control information",
            place(input, fci),
            format_args!("{message:?}"),
        ),
    ]
}
