//! JPEG in RTP: one packet, and a frame of 40 KB there and back.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc2435_jpeg::{
    JpegImage, JpegPayload, Packetizer, PacketizerConfig, QuantizationTables, Reassembler,
    ReassemblerConfig,
};

/// An image of 640 by 480 whose scan is noise: nothing here decodes it.
fn image() -> Vec<u8> {
    let tables = QuantizationTables::from_q(75).expect("1 to 99");
    let mut image = vec![0xff, 0xd8];
    for (number, table) in [(0, tables.luminance()), (1, tables.chrominance())] {
        image.extend([0xff, 0xdb, 0, 67, number]);
        image.extend(table.iter().map(|&value| value as u8));
    }
    image.extend([0xff, 0xc0, 0, 17, 8, 1, 0xe0, 2, 0x80]);
    image.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    image.extend([0xff, 0xda, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
    let mut noise = 1_u32;
    for _ in 0..40_000 {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let byte = (noise >> 24) as u8;
        image.push(byte);
        if byte == 0xff {
            image.push(0);
        }
    }
    image.extend([0xff, 0xd9]);
    image
}

fn jpeg(criterion: &mut Criterion) {
    let file = image();
    let image = JpegImage::parse(&file).expect("an image that can be carried");
    let mut packets = Vec::new();
    let mut buffer = [0; 1400];
    let config = PacketizerConfig::default();
    let mut packetizer = Packetizer::new(&image, config).expect("it fits");
    while let Some(packet) = packetizer.write_next(&mut buffer).expect("it fits") {
        packets.push((buffer[..packet.len].to_vec(), packet.marker));
    }

    let mut group = criterion.benchmark_group("jpeg");
    let first = &packets[0].0;
    group.throughput(Throughput::Bytes(first.len() as u64));
    group.bench_function("parse_payload", |b| {
        b.iter(|| {
            let payload = JpegPayload::parse(black_box(&first[..])).expect("it is sound");
            black_box(payload.fragment().len())
        });
    });
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("parse_image", |b| {
        b.iter(|| JpegImage::parse(black_box(&file)).map(|image| image.scan().len()));
    });
    group.bench_function("packetize_frame", |b| {
        b.iter(|| {
            let mut packetizer = Packetizer::new(black_box(&image), config).expect("it fits");
            let mut length = 0;
            while let Some(packet) = packetizer.write_next(&mut buffer).expect("it fits") {
                length += packet.len;
            }
            black_box(length)
        });
    });
    let mut reassembler = Reassembler::new(ReassemblerConfig::default());
    let mut timestamp = 0_u32;
    group.bench_function("reassemble_frame", |b| {
        b.iter(|| {
            timestamp = timestamp.wrapping_add(3600);
            for (payload, marker) in &packets {
                let result = reassembler.handle_packet(timestamp, *marker, black_box(payload));
                result.expect("it is sound");
            }
            let frame = reassembler.poll_frame().expect("nothing was lost");
            black_box(frame.jpeg.len())
        });
    });
    group.finish();
}

criterion_group!(benches, jpeg);
criterion_main!(benches);
