//! Packets collected by other projects, where they are at hand: none may panic, and whatever is
//! accepted is written back as it was.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use rfc3550_rtp::{RtcpCompound, RtcpPacket, RtpPacket, RtpPacketBuilder};

/// The files of a folder of packets, or none with a word about it.
fn files(folder: &str) -> Vec<PathBuf> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/rtp-packets");
    let Ok(entries) = fs::read_dir(corpora.join(folder)) else {
        println!("skipped: no corpus {folder}");
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn rtp_packets_are_read_and_written_back() {
    for folder in ["aiortc", "janus-rtp-fuzz", "pjsip-fuzz-rtp"] {
        for path in files(folder) {
            let bytes = fs::read(&path).unwrap();
            let Ok(packet) = RtpPacket::parse(&bytes) else {
                assert!(!name(&path).starts_with("rtp_with"), "{path:?}");
                continue;
            };
            if let Some(extension) = packet.extension() {
                extension.elements().for_each(drop);
            }
            let written = RtpPacketBuilder::from_packet(&packet).to_vec().unwrap();
            let end = bytes.len() - usize::from(packet.padding_len());
            assert_eq!(written[..end], bytes[..end], "{path:?}");
            assert_eq!(written.len(), bytes.len());
        }
    }
}

#[test]
fn rtcp_packets_are_read_or_refused() {
    for folder in ["janus-rtcp-fuzz", "pjsip-fuzz-rtcp"] {
        for path in files(folder) {
            let bytes = fs::read(&path).unwrap();
            let Ok(compound) = RtcpCompound::parse_lenient(&bytes) else {
                continue;
            };
            for packet in compound.packets() {
                match packet {
                    Ok(RtcpPacket::TransportFeedback(feedback)) => drop(feedback.message()),
                    Ok(RtcpPacket::PayloadFeedback(feedback)) => drop(feedback.message()),
                    Ok(RtcpPacket::ExtendedReport(report)) => report.blocks().for_each(drop),
                    _ => {}
                }
            }
        }
    }
}

/// The names of one corpus say what is wrong with a packet.
#[test]
fn rtcp_packets_named_invalid_or_truncated_are_refused() {
    for path in files("aiortc") {
        let file = name(&path);
        if !file.starts_with("rtcp_") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let good = RtcpCompound::parse_reduced_size(&bytes).is_ok_and(|compound| {
            compound.packets().all(|packet| match packet {
                Ok(RtcpPacket::TransportFeedback(feedback)) => feedback.message().is_ok(),
                Ok(RtcpPacket::PayloadFeedback(feedback)) => feedback.message().is_ok(),
                other => other.is_ok(),
            })
        });
        let bad = file.contains("invalid") || file.contains("truncated");
        assert_eq!(good, !bad, "{file}");
    }
}
