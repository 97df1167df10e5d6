//! Telephone events and tones: whatever is read is written back; a receiver of anything starts
//! and ends in turn.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use rfc2833_dtmf::{
    EventPacket, EventPayload, EventSet, Receiver, ReceiverConfig, ReceiverOutput, ToneBuilder,
    TonePayload, write_events,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(payload) = EventPayload::parse(data) {
        let reports: Vec<_> = payload.events().collect();
        let mut written = vec![0; data.len()];
        assert_eq!(write_events(&reports, &mut written), Ok(data.len()));
        let again = EventPayload::parse(written).expect("what is written is read");
        assert!(again.events().eq(reports));
    }
    if let Ok(tone) = TonePayload::parse(data) {
        let frequencies: Vec<_> = tone.frequencies().collect();
        let builder = ToneBuilder::new(tone.duration(), &frequencies).volume(tone.volume());
        let mut written = vec![0; data.len()];
        assert_eq!(builder.write_into(&mut written), Ok(data.len()));
    }
    if let Some(set) = core::str::from_utf8(data).ok().and_then(|list| EventSet::parse(list).ok()) {
        assert_eq!(EventSet::parse(&set.to_string()), Ok(set));
    }
    // Packets: sequence number, marker, timestamp, event, flags and duration of a byte each.
    let mut receiver = Receiver::new(ReceiverConfig::default());
    let mut goes_on = false;
    let mut arrival = Duration::ZERO;
    let mut check = |output| {
        let starts = matches!(output, ReceiverOutput::Started { .. });
        assert_ne!(starts, goes_on);
        goes_on = starts;
    };
    for &[number, marker, timestamp, event, flags, duration] in data.as_chunks().0 {
        arrival += Duration::from_millis(u64::from(marker >> 1));
        receiver.handle_timeout(arrival);
        let packet = EventPacket {
            sequence_number: number.into(),
            timestamp: u32::from(timestamp) * 160,
            marker: marker & 1 == 1,
            arrival,
        };
        let _ = receiver.handle_packet(packet, &[event & 3, flags, duration >> 4, duration]);
        while let Some(output) = receiver.poll_output() {
            check(output);
        }
    }
    receiver.flush();
    while let Some(output) = receiver.poll_output() {
        check(output);
    }
    assert!(!goes_on);
});
