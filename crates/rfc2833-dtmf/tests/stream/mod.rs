//! Packets of digits as a sender of this crate makes them.

#![allow(dead_code, reason = "not every test uses every helper")]

use core::time::Duration;

use rfc2833_dtmf::{
    Digit, Event, EventPacket, OutgoingPacket, ReceivedEvent, Receiver, ReceiverOutput, Sender,
    SenderConfig,
};

/// A packet on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) around: EventPacket,
    pub(crate) payload: Vec<u8>,
}

/// One report by its bytes.
pub(crate) fn report(event: u8, end: bool, duration: u16) -> Vec<u8> {
    let [high, low] = duration.to_be_bytes();
    vec![event, if end { 0x8a } else { 0x0a }, high, low]
}

/// Digits of 800 ticks.
pub(crate) fn digits(keys: &str) -> impl Iterator<Item = Digit> {
    let event = |key| Event::from_digit(key).unwrap();
    keys.chars().map(move |key| Digit {
        event: event(key),
        duration: 800,
        volume: 10,
    })
}

/// What is sent for some digits from a timestamp on, the updates 400 ticks apart.
pub(crate) fn sent(start: u32, keys: &str, duration: u32, pause: u32) -> Vec<Packet> {
    let mut config = SenderConfig::default();
    config.pause = pause;
    sent_with(config, start, keys, duration)
}

/// The same with a configuration.
pub(crate) fn sent_with(
    config: SenderConfig,
    start: u32,
    keys: &str,
    duration: u32,
) -> Vec<Packet> {
    let mut sender = Sender::new(config);
    for digit in digits(keys) {
        sender.queue(Digit { duration, ..digit }).unwrap();
    }
    let mut packets = Vec::new();
    let mut now = start;
    while !sender.is_idle() {
        while let Some(packet) = sender.poll_packet(now) {
            let OutgoingPacket {
                marker,
                timestamp,
                report,
            } = packet;
            let sequence_number = 1000 + packets.len() as u16;
            let arrival = Duration::from_micros(u64::from(now) * 125);
            let around = EventPacket {
                sequence_number,
                timestamp,
                marker,
                arrival,
            };
            packets.push(Packet {
                around,
                payload: report.to_bytes().to_vec(),
            });
        }
        now = now.wrapping_add(80);
    }
    packets
}

/// The events that end with some packets.
pub(crate) fn feed(receiver: &mut Receiver, packets: &[Packet]) -> Vec<ReceivedEvent> {
    for packet in packets {
        receiver
            .handle_packet(packet.around, &packet.payload)
            .unwrap();
    }
    core::iter::from_fn(|| receiver.poll_output())
        .filter_map(|output| match output {
            ReceiverOutput::Ended(event) => Some(event),
            _ => None,
        })
        .collect()
}
