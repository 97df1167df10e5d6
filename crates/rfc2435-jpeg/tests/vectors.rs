//! Headers and tables of RFC 2435, and recordings of other implementations.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use jpeg_decoder::Decoder;
use rfc2435_jpeg::{
    JpegImage, JpegPayload, JpegPayloadBuilder, QuantizationTables, Reassembler, ReassemblerConfig,
};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
        .collect()
}

fn rewritten(payload: &JpegPayload<&[u8]>) -> Vec<u8> {
    let tables = payload
        .quantization_tables()
        .and_then(|header| header.tables());
    let mut builder = JpegPayloadBuilder::new(payload.header(), payload.fragment());
    if let Some(restart) = payload.restart() {
        builder = builder.restart(restart);
    }
    if let Some(tables) = &tables {
        builder = builder.quantization_tables(tables);
    }
    builder.to_vec().unwrap()
}

/// Headers by the layout of §3.1: each is read, and written back the same.
#[test]
fn headers_of_section_3_1() {
    let tables: Vec<u8> = (1..=128).collect();
    let in_band = [bytes("000000000180000000000080"), tables].concat();
    for (written, offset, jpeg_type, q, width, height) in [
        (bytes("00000000013c281e"), 0, 1, 60, 320, 240),
        (bytes("000123450063ffff"), 74_565, 0, 99, 2040, 2040),
        (bytes("0100057841ff503c0028ffff"), 1400, 65, 255, 640, 480),
        (in_band, 0, 1, 128, 0, 0),
        (bytes("0000000001c8080800000000"), 0, 1, 200, 64, 64),
    ] {
        let payload = JpegPayload::parse(&written[..]).unwrap();
        let header = payload.header();
        assert_eq!(header.fragment_offset, offset);
        assert_eq!((header.jpeg_type, header.q), (jpeg_type, q));
        assert_eq!((header.width(), header.height()), (width, height));
        assert_eq!(payload.fragment(), []);
        assert_eq!(rewritten(&payload), written);
    }
}

#[test]
fn restart_marker_header_behind_the_main_one() {
    let written = bytes("0100057841ff503c0028ffff");
    let payload = JpegPayload::parse(&written[..]).unwrap();
    let restart = payload.restart().unwrap();
    assert_eq!(restart.interval().get(), 40);
    assert!(restart.is_first() && restart.is_last());
    assert_eq!(restart.count(), None);
    // Not the frame's first packet: no tables although Q is 255.
    assert_eq!(payload.quantization_tables(), None);
}

#[test]
fn tables_of_every_q() {
    let mut count = 0;
    for line in include_str!("vectors/rfc2435_tables.txt").lines().skip(1) {
        let mut words = line.split(' ');
        let q = words.next().unwrap().parse().unwrap();
        let data = bytes(&words.collect::<String>());
        let tables = QuantizationTables::from_q(q).unwrap();
        assert_eq!(QuantizationTables::from_data(0, &data), Some(tables), "{q}");
        count += 1;
    }
    assert_eq!(count, 99);
}

struct Packet<'a> {
    timestamp: u32,
    marker: bool,
    payload: &'a [u8],
}

/// The RTP packets of a capture: Ethernet, IPv4 without options, UDP, RTP without options.
fn packets(capture: &[u8]) -> Vec<Packet<'_>> {
    const HEADERS: usize = 14 + 20 + 8;
    let mut packets = Vec::new();
    let mut rest = &capture[24..];
    while let Some((record, after)) = rest.split_first_chunk::<16>() {
        let length = u32::from_le_bytes(record[8..12].try_into().unwrap()) as usize;
        let (frame, after) = after.split_at(length);
        let rtp = &frame[HEADERS..];
        assert_eq!(rtp[0], 0x80, "version 2, no options");
        packets.push(Packet {
            timestamp: u32::from_be_bytes(rtp[4..8].try_into().unwrap()),
            marker: rtp[1] & 0x80 != 0,
            payload: &rtp[12..],
        });
        rest = after;
    }
    packets
}

/// The images of a file of images one behind the other.
fn images(mut file: &[u8]) -> Vec<&[u8]> {
    let mut images = Vec::new();
    while !file.is_empty() {
        let end = file.windows(2).position(|at| at == [0xff, 0xd9]).unwrap() + 2;
        let (image, rest) = file.split_at(end);
        images.push(image);
        file = rest;
    }
    images
}

fn pixels(jpeg: &[u8]) -> Vec<u8> {
    Decoder::new(jpeg).decode().unwrap()
}

/// Every frame of the capture comes out with the scan, the tables and the pixels that went in.
fn check_capture(name: &str, capture: &[u8], source: &[u8]) {
    let mut sources = images(source).into_iter();
    let mut reassembler = Reassembler::new(ReassemblerConfig::default());
    let packets = packets(capture);
    for packet in &packets {
        let payload = JpegPayload::parse(packet.payload).unwrap();
        // FFmpeg sends one table for all components; two are written.
        if !name.starts_with("ffmpeg") || payload.quantization_tables().is_none() {
            assert_eq!(rewritten(&payload), packet.payload, "{name}");
        }
        reassembler
            .handle_packet(packet.timestamp, packet.marker, packet.payload)
            .unwrap();
        let Some(frame) = reassembler.poll_frame() else {
            assert!(!packet.marker, "{name}: a frame ends with its marker");
            continue;
        };
        let sent = sources.next().unwrap();
        let (received, expected) = (
            JpegImage::parse(frame.jpeg).unwrap(),
            JpegImage::parse(sent).unwrap(),
        );
        assert_eq!(received, expected, "{name}");
        assert_eq!(frame.timestamp, packet.timestamp);
        // A picture shows that the headers are right; they are the same in all frames.
        if frame.timestamp == packets[0].timestamp {
            assert!(pixels(frame.jpeg) == pixels(sent), "{name}: pixels differ");
        }
    }
    assert_eq!(sources.next(), None, "{name}: every frame came");
    let statistics = reassembler.statistics();
    assert_eq!(statistics.packets, packets.len() as u64);
    assert_eq!(statistics.incomplete + statistics.inconsistent, 0);
}

macro_rules! recorded {
    ($($test:ident: $name:literal)*) => {$(
        #[test]
        fn $test() {
            check_capture(
                $name,
                include_bytes!(concat!("vectors/", $name, ".pcap")),
                include_bytes!(concat!("vectors/", $name, ".mjpeg")),
            );
        }
    )*};
}

recorded! {
    q_of_10_in_4_2_2: "py_Q10"
    q_of_50_in_4_2_2: "py_Q50"
    q_of_75_in_4_2_0: "py_Q75"
    ffmpeg_with_one_table: "ffmpeg_352x288_q12"
    gstreamer_in_4_2_2: "gst_320x240_Y42B_q50"
}

/// All recordings, where the folder is there.
#[test]
fn every_recording() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures/made/rtp-jpeg");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no {}", folder.display());
        return;
    };
    let mut count = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "pcap")
        {
            let source = std::fs::read(path.with_extension("mjpeg")).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy();
            check_capture(&name, &std::fs::read(&path).unwrap(), &source);
            count += 1;
        }
    }
    assert!(count > 0, "no recording in {}", folder.display());
}
