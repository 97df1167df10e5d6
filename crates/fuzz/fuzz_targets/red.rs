//! Redundant audio: whatever is read is walked and written back unchanged; a stream of anything
//! stays within its bounds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc2198_red::{Recovery, RecoveryConfig, RedPayload, RedPayloadBuilder};

fuzz_target!(|data: &[u8]| {
    if let Ok(payload) = RedPayload::parse(data) {
        assert_eq!(payload.blocks().count(), payload.redundant_count() + 1);
        let redundant: Vec<_> = payload.redundant().collect();
        let primary = payload.primary();
        let builder =
            RedPayloadBuilder::new(primary.payload_type, primary.payload).redundant(&redundant);
        assert_eq!(builder.to_vec().expect("what was read fits its fields"), data);
    }
    // Packets: two bytes of sequence number, two of timestamp, one of length.
    let mut recovery = Recovery::new(RecoveryConfig::default());
    let mut rest = data;
    while let Some((&[a, b, c, d, length], tail)) = rest.split_first_chunk() {
        let (payload, tail) = tail.split_at(tail.len().min(length.into()));
        let timestamp = u32::from_be_bytes([c & 0x80, 0, c, d]);
        let _ = recovery.handle_packet(u16::from_be_bytes([a, b]), timestamp, payload);
        let mut ready = 0;
        while recovery.poll_media().is_some() {
            ready += 1;
        }
        assert!(ready <= 9, "{ready}");
        rest = tail;
    }
    recovery.flush();
});
