//! RTP: whatever is read is walked and written back unchanged but for its padding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc3550_rtp::{RtpHeader, RtpPacket, RtpPacketBuilder, SourceStatistics, classify};

fuzz_target!(|data: &[u8]| {
    let _ = classify(data);
    let header = RtpHeader::parse(data);
    if let Ok(packet) = RtpPacket::parse(data) {
        assert_eq!(header, Ok(packet.header()));
        if let Some(extension) = packet.extension() {
            let _ = extension.form();
            let _ = extension.elements().count();
        }
        let written = RtpPacketBuilder::from_packet(&packet).to_vec();
        let written = written.expect("what is read can be written");
        let padding_start = data.len() - usize::from(packet.padding_len());
        assert_eq!(written.len(), data.len());
        assert_eq!(written[..padding_start], data[..padding_start]);
    }

    // The same octets as arrivals: sequence number, timestamp.
    let mut arrivals = data.chunks_exact(4).map(|chunk| {
        let number = u16::from_be_bytes([chunk[0], chunk[1]]);
        (number, u32::from_be_bytes([chunk[3], 0, 0, chunk[2]]))
    });
    if let Some((first, _)) = arrivals.next() {
        let mut source = SourceStatistics::new(first.into());
        for (arrival, (number, timestamp)) in (0..).zip(arrivals) {
            source.receive(number.into(), timestamp.into(), arrival);
        }
        let _ = source.take_interval();
        let _ = source.jitter().units();
        assert!(source.sequence().cumulative_lost().abs() <= 0x80_0000);
    }
});
