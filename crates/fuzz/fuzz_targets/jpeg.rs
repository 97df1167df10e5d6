//! JPEG in RTP: whatever is read is walked and written back; an image that can be carried arrives;
//! a stream of anything stays within its bounds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc2435_jpeg::{
    JpegImage, JpegPayload, JpegPayloadBuilder, Packetizer, PacketizerConfig, Reassembler,
    ReassemblerConfig,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(payload) = JpegPayload::parse(data) {
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
        if let Ok(written) = builder.to_vec() {
            let again = JpegPayload::parse(&written[..]).expect("what was written is read");
            assert_eq!(again.header(), payload.header());
            assert_eq!(again.restart(), payload.restart());
            assert_eq!(again.fragment(), payload.fragment());
            assert_eq!(
                again
                    .quantization_tables()
                    .and_then(|header| header.tables()),
                tables
            );
        }
    }
    if let Ok(image) = JpegImage::parse(data) {
        let mut config = PacketizerConfig::default();
        config.packet_bytes = 300;
        config.align_restart_intervals = data.len() % 2 == 0;
        if let Ok(mut packetizer) = Packetizer::new(&image, config) {
            let mut reassembler = Reassembler::new(ReassemblerConfig::default());
            let mut buffer = [0; 300];
            while let Some(packet) = packetizer.write_next(&mut buffer).expect("it fits") {
                let payload = &buffer[..packet.len];
                reassembler
                    .handle_packet(0, packet.marker, payload)
                    .expect("it is sound");
            }
            let frame = reassembler.poll_frame().expect("nothing was lost");
            let arrived = JpegImage::parse(frame.jpeg).expect("it is an image");
            assert_eq!(arrived.scan(), image.scan());
            assert_eq!(arrived.tables(), image.tables());
        }
    }
    // Packets: a byte of timestamp and marker, one of length.
    let mut config = ReassemblerConfig::default();
    config.frame_bytes = 1 << 16;
    let mut reassembler = Reassembler::new(config);
    let mut rest = data;
    while let Some((&[control, length], tail)) = rest.split_first_chunk() {
        let (payload, tail) = tail.split_at(tail.len().min(length.into()));
        let timestamp = u32::from(control >> 4) * 90_000;
        let _ = reassembler.handle_packet(timestamp, control & 1 == 1, payload);
        if let Some(frame) = reassembler.poll_frame() {
            assert!(frame.jpeg.len() <= (1 << 16) + 1024);
            assert!(frame.jpeg.ends_with(&[0xff, 0xd9]));
        }
        rest = tail;
    }
});
