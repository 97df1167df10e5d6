//! Images cut into packets and put together again: restart markers, tables, losses, limits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/image.rs"]
mod image;

use std::path::Path;

use image::Picture;
use jpeg_decoder::Decoder;
use proptest::prelude::*;
use rfc2435_jpeg::{
    ErrorKind, JpegImage, JpegPayload, Packetizer, PacketizerConfig, Reassembler,
    ReassemblerConfig, Sampling, Scanning, WriteError,
};

const FRAME: &[u8] = include_bytes!("vectors/py_Q75_frame.jpg");

fn config(set: impl FnOnce(&mut PacketizerConfig)) -> PacketizerConfig {
    let mut config = PacketizerConfig::default();
    set(&mut config);
    config
}

/// The payloads of an image, with their markers.
fn packets(image: &JpegImage<'_>, config: PacketizerConfig) -> Vec<(Vec<u8>, bool)> {
    let mut packetizer = Packetizer::new(image, config).unwrap();
    let mut packets = Vec::new();
    let mut buffer = vec![0xa5; config.packet_bytes];
    while let Some(packet) = packetizer.write_next(&mut buffer).unwrap() {
        packets.push((buffer[..packet.len].to_vec(), packet.marker));
        buffer.fill(0xa5);
    }
    packets
}

/// The image that comes out of packets, if one does.
fn received(packets: &[(Vec<u8>, bool)]) -> Option<Vec<u8>> {
    let mut reassembler = Reassembler::new(ReassemblerConfig::default());
    let mut image = None;
    for (payload, marker) in packets {
        reassembler.handle_packet(1, *marker, payload).unwrap();
        if let Some(frame) = reassembler.poll_frame() {
            assert!(image.is_none(), "one frame only");
            image = Some(frame.jpeg.to_vec());
        }
    }
    image
}

fn assert_arrives(jpeg: &[u8], config: PacketizerConfig) {
    let image = JpegImage::parse(jpeg).unwrap();
    let arrived = received(&packets(&image, config)).unwrap();
    assert_eq!(JpegImage::parse(&arrived).unwrap(), image);
    let pixels = |jpeg: &[u8]| Decoder::new(jpeg).decode().unwrap();
    assert!(pixels(&arrived) == pixels(jpeg), "pixels differ");
}

#[test]
fn pictures_arrive() {
    for factors in [0x21, 0x22] {
        for restart_interval in [0, 1, 3, 500] {
            let picture = Picture {
                factors,
                restart_interval,
                width: 320,
                height: 240,
                ..Picture::default()
            };
            for align in [false, true] {
                let config = config(|config| {
                    config.packet_bytes = 300;
                    config.align_restart_intervals = align;
                });
                assert_arrives(&picture.encode(), config);
            }
        }
    }
    assert_arrives(FRAME, PacketizerConfig::default());
}

#[test]
fn tables_of_sixteen_bits_arrive() {
    let picture = Picture {
        quantizers: [300, 12],
        ..Picture::default()
    };
    let jpeg = picture.encode();
    let image = JpegImage::parse(&jpeg).unwrap();
    let packets = packets(&image, PacketizerConfig::default());
    let payload = JpegPayload::parse(&packets[0].0[..]).unwrap();
    let header = payload.quantization_tables().unwrap();
    assert_eq!((header.precision, header.data.len()), (1, 192));
    assert_arrives(&jpeg, PacketizerConfig::default());
}

#[test]
fn packets_say_what_the_image_is() {
    let picture = Picture {
        factors: 0x21,
        restart_interval: 2,
        ..Picture::default()
    };
    let jpeg = picture.encode();
    let image = JpegImage::parse(&jpeg).unwrap();
    assert_eq!(image.sampling(), Sampling::Yuv422);
    let config = config(|config| {
        config.packet_bytes = 200;
        config.scanning = Scanning::EvenField;
    });
    let packets = packets(&image, config);
    assert!(packets.len() > 1);
    let mut offset = 0;
    for (n, (payload, marker)) in packets.iter().enumerate() {
        assert!(payload.len() <= 200);
        let payload = JpegPayload::parse(&payload[..]).unwrap();
        let header = payload.header();
        assert_eq!(header.fragment_offset as usize, offset);
        assert_eq!(
            (header.jpeg_type, header.q, header.type_specific),
            (64, 255, 2)
        );
        assert_eq!((header.width(), header.height()), (64, 48));
        // Not cut at restart intervals: the frame must be whole.
        let restart = payload.restart().unwrap();
        assert_eq!(restart.interval().get(), 2);
        assert_eq!(
            (restart.is_first(), restart.is_last(), restart.count()),
            (true, true, None)
        );
        assert_eq!(payload.quantization_tables().is_some(), n == 0);
        assert_eq!(*marker, n + 1 == packets.len());
        offset += payload.fragment().len();
    }
    assert_eq!(offset, image.scan().len());
}

/// Every chunk has whole restart intervals, and its count is that of its first.
#[test]
fn packets_cut_at_restart_markers() {
    for (restart_interval, packet_bytes) in [(1, 200), (4, 200), (30, 170)] {
        let picture = Picture {
            width: 320,
            height: 240,
            restart_interval,
            ..Picture::default()
        };
        let jpeg = picture.encode();
        let image = JpegImage::parse(&jpeg).unwrap();
        let config = config(|config| {
            config.packet_bytes = packet_bytes;
            config.align_restart_intervals = true;
        });
        let packets = packets(&image, config);
        let (mut intervals, mut in_chunk, mut chunks) = (0_u16, false, 0);
        for (payload, marker) in &packets {
            let payload = JpegPayload::parse(&payload[..]).unwrap();
            let restart = payload.restart().unwrap();
            let fragment = payload.fragment();
            assert_eq!(restart.is_first(), !in_chunk);
            if restart.is_first() {
                assert_eq!(restart.count(), Some(intervals));
                chunks += 1;
                if intervals > 0 {
                    let number = 0xd0 + ((intervals - 1) % 8) as u8;
                    assert_eq!(fragment[..2], [0xff, number]);
                }
                intervals += 1;
            }
            let markers = fragment.windows(2).skip(usize::from(restart.is_first()));
            let within = markers.filter(|at| at[0] == 0xff && (0xd0..0xd8).contains(&at[1]));
            intervals += within.count() as u16;
            in_chunk = !restart.is_last();
            assert!(!*marker || restart.is_last());
        }
        assert!(chunks > 1);
        assert_eq!(intervals, 300_u16.div_ceil(restart_interval));
    }
}

#[test]
fn restart_intervals_beyond_the_count_are_not_aligned() {
    let picture = Picture {
        width: 2040,
        height: 2040,
        factors: 0x21,
        restart_interval: 1,
        ..Picture::default()
    };
    let jpeg = picture.encode();
    let image = JpegImage::parse(&jpeg).unwrap();
    let aligned = config(|config| config.align_restart_intervals = true);
    let error = Packetizer::new(&image, aligned).unwrap_err();
    assert_eq!(error, WriteError::TooManyRestartIntervals(128 * 255));
    assert!(received(&packets(&image, PacketizerConfig::default())).is_some());
}

#[test]
fn q_by_formula_in_band_or_refused() {
    let image = JpegImage::parse(FRAME).unwrap();
    let q = |wanted| {
        let config = config(|config| config.q = wanted);
        let packet = packets(&image, config).swap_remove(0).0;
        JpegPayload::parse(packet).map(|payload| payload.header().q)
    };
    assert_eq!(q(None), Ok(75));
    assert_eq!(q(Some(75)), Ok(75));
    assert_eq!(q(Some(130)), Ok(130));
    let refused = |wanted| {
        let config = config(|config| config.q = Some(wanted));
        Packetizer::new(&image, config).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(74), WriteError::TablesDisagreeWithQ(74));
    for reserved in [0, 100, 127] {
        assert_eq!(refused(reserved), WriteError::ReservedQ(reserved));
    }
}

#[test]
fn packets_without_room_and_images_too_large() {
    let image = JpegImage::parse(FRAME).unwrap();
    let small = config(|config| config.packet_bytes = 8);
    let expected = WriteError::PacketTooSmall {
        needed: 9,
        available: 8,
    };
    assert_eq!(Packetizer::new(&image, small).unwrap_err(), expected);
    let mut packetizer = Packetizer::new(&image, PacketizerConfig::default()).unwrap();
    let error = packetizer.write_next(&mut [0; 1399]).unwrap_err();
    let expected = WriteError::BufferTooSmall {
        needed: 1400,
        available: 1399,
    };
    assert_eq!(error, expected);
    assert_eq!(
        packetizer.write_next(&mut [0; 1400]).unwrap().unwrap().len,
        1400
    );

    for (width, height) in [(2041, 16), (16, 2048)] {
        let picture = Picture {
            width,
            height,
            ..Picture::default()
        };
        let jpeg = picture.encode();
        let image = JpegImage::parse(&jpeg).unwrap();
        let error = Packetizer::new(&image, PacketizerConfig::default()).unwrap_err();
        assert_eq!(error, WriteError::DimensionTooLarge(width.max(height)));
    }
}

#[test]
fn dimensions_are_rounded_up_to_eight() {
    let picture = Picture {
        width: 61,
        height: 41,
        ..Picture::default()
    };
    let jpeg = picture.encode();
    let image = JpegImage::parse(&jpeg).unwrap();
    let arrived = received(&packets(&image, PacketizerConfig::default())).unwrap();
    let arrived = JpegImage::parse(&arrived).unwrap();
    assert_eq!((arrived.width(), arrived.height()), (64, 48));
    assert_eq!(arrived.scan(), image.scan());
}

/// A good image with one byte changed at a place found by what stands there.
fn damaged(after: &[u8], at: usize, value: u8) -> Result<(), ErrorKind> {
    let mut jpeg = FRAME.to_vec();
    let start = jpeg
        .windows(after.len())
        .position(|window| window == after)
        .unwrap();
    jpeg[start + at] = value;
    JpegImage::parse(&jpeg)
        .map(|_| ())
        .map_err(|error| error.kind())
}

#[test]
fn images_that_the_payload_cannot_carry() {
    let (frame, scan) = (&[0xff, 0xc0][..], &[0xff, 0xda][..]);
    let (huffman, quantization) = (&[0xff, 0xc4][..], &[0xff, 0xdb][..]);
    for (name, after, at, value, expected) in [
        ("progressive", frame, 1, 0xc2, ErrorKind::UnsupportedCoding),
        ("arithmetic", frame, 1, 0xc9, ErrorKind::UnsupportedCoding),
        ("twelve bits", frame, 4, 12, ErrorKind::UnsupportedPrecision),
        ("grey", frame, 9, 1, ErrorKind::UnsupportedSampling),
        ("4:4:4", frame, 11, 0x11, ErrorKind::UnsupportedSampling),
        ("4:1:1", frame, 11, 0x41, ErrorKind::UnsupportedSampling),
        (
            "table 2 is nowhere",
            frame,
            12,
            2,
            ErrorKind::UndefinedQuantizationTable,
        ),
        (
            "table 9",
            frame,
            12,
            9,
            ErrorKind::UndefinedQuantizationTable,
        ),
        (
            "chrominance differs",
            frame,
            18,
            0,
            ErrorKind::UnsharedQuantizationTable,
        ),
        ("two scans", scan, 4, 1, ErrorKind::UnsupportedScan),
        ("another order", scan, 5, 2, ErrorKind::UnsupportedScan),
        ("some coefficients", scan, 12, 5, ErrorKind::UnsupportedScan),
        (
            "luminance by chrominance",
            scan,
            6,
            0x11,
            ErrorKind::UnsupportedHuffmanTable,
        ),
        ("table 4", scan, 6, 0x40, ErrorKind::InvalidHuffmanTable),
        (
            "optimised",
            huffman,
            25,
            3,
            ErrorKind::UnsupportedHuffmanTable,
        ),
        ("class 2", huffman, 4, 0x20, ErrorKind::InvalidHuffmanTable),
        (
            "long codes",
            huffman,
            5,
            99,
            ErrorKind::InvalidSegmentLength,
        ),
        (
            "precision 2",
            quantization,
            4,
            0x20,
            ErrorKind::InvalidQuantizationTable,
        ),
        (
            "16 bits in 64 bytes",
            quantization,
            4,
            0x10,
            ErrorKind::InvalidSegmentLength,
        ),
        (
            "length 1",
            quantization,
            3,
            1,
            ErrorKind::InvalidSegmentLength,
        ),
        (
            "a short segment",
            &[0xff, 0xe0],
            3,
            15,
            ErrorKind::MissingMarker,
        ),
        (
            "no image",
            &[0xff, 0xd8],
            1,
            0xd9,
            ErrorKind::MissingStartOfImage,
        ),
        (
            "a marker in the scan",
            &[0xff, 0xd9],
            1,
            0xc4,
            ErrorKind::UnexpectedMarker,
        ),
        (
            "a restart marker",
            &[0xff, 0xd9],
            1,
            0xd0,
            ErrorKind::UnexpectedRestartMarker,
        ),
        ("no end", &[0xff, 0xd9], 0, 0, ErrorKind::MissingEndOfImage),
    ] {
        assert_eq!(damaged(after, at, value), Err(expected), "{name}");
    }
}

#[test]
fn images_without_frame_height_or_data() {
    let mut flat = FRAME.to_vec();
    let frame = flat.windows(2).position(|at| at == [0xff, 0xc0]).unwrap();
    flat[frame + 5..frame + 7].fill(0);
    let error = JpegImage::parse(&flat).unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::ZeroDimension, frame + 5)
    );
    let line = "unsupported dimension at byte 163: expected width and height of 1 or more (RFC 2435 §3.1.5)";
    assert_eq!(error.to_string(), line);

    let scan = FRAME.windows(2).position(|at| at == [0xff, 0xda]).unwrap();
    let empty = [&FRAME[..scan + 14], &[0xff, 0xd9]].concat();
    assert_eq!(
        JpegImage::parse(&empty).unwrap_err().kind(),
        ErrorKind::EmptyScan
    );
    let without_frame = [&FRAME[..frame], &FRAME[frame + 19..]].concat();
    let error = JpegImage::parse(&without_frame).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingFrameHeader);
    let ended = [&FRAME[..frame], &[0xff, 0xd9]].concat();
    assert_eq!(
        JpegImage::parse(&ended).unwrap_err().kind(),
        ErrorKind::MissingFrameHeader
    );
}

#[test]
fn absent_huffman_tables_are_the_standard_ones() {
    let tables = FRAME.windows(2).position(|at| at == [0xff, 0xc4]).unwrap();
    let abbreviated = [&FRAME[..tables], &FRAME[tables + 2 * (33 + 183)..]].concat();
    assert_eq!(JpegImage::parse(&abbreviated), JpegImage::parse(FRAME));
}

#[test]
fn no_allocation_per_packet_or_frame() {
    let picture = Picture {
        width: 640,
        height: 480,
        restart_interval: 7,
        ..Picture::default()
    };
    let jpeg = picture.encode();
    let mut reassembler = Reassembler::new(ReassemblerConfig::default());
    let mut buffer = [0; 300];
    let mut one_frame = |timestamp| {
        let config = config(|config| {
            config.packet_bytes = 300;
            config.align_restart_intervals = true;
        });
        let image = JpegImage::parse(&jpeg).unwrap();
        let mut packetizer = Packetizer::new(&image, config).unwrap();
        while let Some(packet) = packetizer.write_next(&mut buffer).unwrap() {
            let payload = &buffer[..packet.len];
            reassembler
                .handle_packet(timestamp, packet.marker, payload)
                .unwrap();
        }
        assert!(reassembler.poll_frame().is_some());
    };
    (0..4).for_each(&mut one_frame);
    let measured = allocation_counter::measure(|| (4..40).for_each(&mut one_frame));
    assert_eq!(measured.count_total, 0);
}

/// The course's files: five digits of length before each image.
#[test]
fn every_frame_of_the_films_arrives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/mjpeg");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no {}", folder.display());
        return;
    };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let film = std::fs::read(&path).unwrap();
        let (mut rest, mut frames) = (&film[..], 0);
        while let Some((digits, after)) = rest.split_first_chunk::<5>() {
            let length = core::str::from_utf8(digits).unwrap().parse().unwrap();
            let (jpeg, after) = after.split_at(length);
            let image = JpegImage::parse(jpeg).unwrap();
            let arrived = received(&packets(&image, PacketizerConfig::default())).unwrap();
            assert_eq!(JpegImage::parse(&arrived).unwrap(), image, "frame {frames}");
            if frames % 100 == 0 {
                assert_arrives(jpeg, PacketizerConfig::default());
            }
            (rest, frames) = (after, frames + 1);
        }
        assert!(frames > 0 && rest.is_empty(), "{}", path.display());
    }
}

proptest! {
    /// In any order, with any duplicates, the frame arrives; without one packet it does not.
    #[test]
    fn order_and_duplicates_do_not_matter_but_losses_do(
        packet_bytes in 150..600_usize,
        restart_interval in 0..5_u16,
        align: bool,
        order in proptest::collection::vec(any::<prop::sample::Index>(), 60),
        lost: prop::sample::Index,
    ) {
        let picture = Picture { restart_interval, width: 160, height: 120, ..Picture::default() };
        let jpeg = picture.encode();
        let image = JpegImage::parse(&jpeg).unwrap();
        let config = config(|config| {
            config.packet_bytes = packet_bytes;
            config.align_restart_intervals = align;
        });
        let sent = packets(&image, config);
        let mut shuffled = sent.clone();
        for (n, index) in order.iter().enumerate() {
            let at = n % sent.len();
            shuffled.swap(at, index.index(sent.len()));
        }
        let repeated = shuffled[order[0].index(sent.len())].clone();
        shuffled.insert(order[1].index(sent.len()), repeated);
        let arrived = received(&shuffled).unwrap();
        prop_assert_eq!(JpegImage::parse(&arrived).unwrap(), image);

        let lost = sent[lost.index(sent.len())].clone();
        shuffled.retain(|packet| *packet != lost);
        prop_assert_eq!(received(&shuffled), None);
    }

    #[test]
    fn strangers_never_break_a_reassembler(
        payloads in proptest::collection::vec(
            (0..4_u32, any::<bool>(), 0..3_u8, 60..66_u8, proptest::collection::vec(any::<u8>(), 0..40)),
            0..40,
        )
    ) {
        let mut reassembler = Reassembler::new(ReassemblerConfig::default());
        for (timestamp, marker, offset, jpeg_type, data) in payloads {
            let header = [0, 0, 0, offset, jpeg_type, 50, 40, 30];
            let payload = [&header[..], &data].concat();
            let _ = reassembler.handle_packet(timestamp * 1_000_000, marker, &payload);
            if let Some(frame) = reassembler.poll_frame() {
                prop_assert!(frame.jpeg.starts_with(&[0xff, 0xd8]));
                prop_assert!(frame.jpeg.ends_with(&[0xff, 0xd9]));
                let _ = JpegImage::parse(frame.jpeg);
            }
        }
    }

    #[test]
    fn strangers_never_break_the_image_parser(at in 0..700_usize, bytes: [u8; 4], length in 0..3500_usize) {
        let mut jpeg = FRAME.to_vec();
        jpeg[at..at + 4].copy_from_slice(&bytes);
        jpeg.truncate(length);
        if let Ok(image) = JpegImage::parse(&jpeg) {
            let _ = Packetizer::new(&image, PacketizerConfig::default());
        }
    }
}
