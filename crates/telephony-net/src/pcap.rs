//! What was sent and received, as a capture file.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use etherparse::{IpHeaders, PacketBuilder, PacketBuilderStep};

use crate::tap::{Carrier, Passage, Tap};

/// The longest packet that is written, in bytes.
const SNAPLEN: u32 = 1 << 18;

/// The link layer of the packets: Ethernet.
const ETHERNET: u32 = 1;

/// How many directions of TCP connections are followed at a time.
const DIRECTIONS: usize = 65_536;

/// As long as the headers of a packet get.
const HEADERS: usize = 14 + 40 + 60;

/// How much of a stream goes into one packet, in bytes.
const SEGMENT: usize = 16_384;

/// Writes a capture file (pcap) that Wireshark and `telephony inspect` read.
///
/// The lower layers are made up: sockets do not show them. SRTP and TLS are written as they are on
/// the wire.
pub struct Pcap {
    state: Mutex<State>,
}

struct State {
    file: BufWriter<Box<dyn Write + Send>>,
    failure: Option<io::Error>,
    /// The next sequence number in each direction of each TCP connection.
    sequence_numbers: HashMap<(SocketAddr, SocketAddr), u32>,
}

impl Pcap {
    /// Begins a file, in the place of one that may be there.
    pub fn create(file: &Path) -> io::Result<Self> {
        Self::new(File::create(file)?)
    }

    /// Writes to something else than a file.
    pub fn new(output: impl Write + Send + 'static) -> io::Result<Self> {
        let mut file: BufWriter<Box<dyn Write + Send>> = BufWriter::new(Box::new(output));
        let mut header = Vec::new();
        header.extend(0xA1B2_C3D4_u32.to_le_bytes()); // microseconds
        header.extend([2, 0, 4, 0]); // version 2.4
        header.extend([0; 8]); // time zone and accuracy, which nobody uses
        header.extend(SNAPLEN.to_le_bytes());
        header.extend(ETHERNET.to_le_bytes());
        file.write_all(&header)?;
        let state = State {
            file,
            failure: None,
            sequence_numbers: HashMap::new(),
        };
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    /// Writes what is left in memory.
    ///
    /// # Errors
    ///
    /// Anything of the file could not be written, now or before.
    pub fn flush(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.failure.take() {
            Some(failure) => Err(failure),
            None => state.file.flush(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap for Pcap {
    fn passed(&self, at: SystemTime, passage: &Passage<'_>) {
        let mut state = self.state();
        if state.failure.is_none() {
            state.failure = state.write(at, passage).err();
        }
    }
}

impl fmt::Debug for Pcap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pcap")
    }
}

impl State {
    fn write(&mut self, at: SystemTime, passage: &Passage<'_>) -> io::Result<()> {
        let ends = (passage.source.ip(), passage.destination.ip());
        let (from, to) = (passage.source.port(), passage.destination.port());
        let piece = match passage.carrier {
            Carrier::Udp => passage.bytes.len().max(1),
            Carrier::Tcp => SEGMENT,
        };
        for bytes in passage.bytes.chunks(piece) {
            let Some(ip) = ip_layer(ends) else {
                return Ok(());
            };
            let mut packet = Vec::with_capacity(bytes.len() + HEADERS);
            match passage.carrier {
                Carrier::Udp => ip.udp(from, to).write(&mut packet, bytes),
                Carrier::Tcp => {
                    let (number, acknowledged) = self.numbers(passage, bytes.len());
                    let tcp = ip.tcp(from, to, number, u16::MAX).ack(acknowledged);
                    tcp.psh().write(&mut packet, bytes)
                }
            }
            .map_err(io::Error::other)?;
            self.write_packet(at, &packet)?;
        }
        Ok(())
    }

    /// The sequence number of these bytes, and that of the next ones from the other side.
    fn numbers(&mut self, passage: &Passage<'_>, length: usize) -> (u32, u32) {
        let Passage {
            source,
            destination,
            ..
        } = *passage;
        if self.sequence_numbers.len() >= DIRECTIONS {
            self.sequence_numbers.clear();
        }
        let acknowledged = self.sequence_numbers.get(&(destination, source));
        let acknowledged = acknowledged.copied().unwrap_or(1);
        let next = self
            .sequence_numbers
            .entry((source, destination))
            .or_insert(1);
        let number = *next;
        // Numbers go round.
        *next = next.wrapping_add(length as u32);
        (number, acknowledged)
    }

    fn write_packet(&mut self, at: SystemTime, packet: &[u8]) -> io::Result<()> {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        // The format ends in 2106; no packet is longer than 64 KiB and its headers.
        let length = (packet.len() as u32).to_le_bytes();
        self.file.write_all(&(at.as_secs() as u32).to_le_bytes())?;
        self.file.write_all(&at.subsec_micros().to_le_bytes())?;
        self.file.write_all(&length)?;
        self.file.write_all(&length)?;
        self.file.write_all(packet)
    }
}

/// The layers below UDP and TCP; `None` where the two ends are not of one family.
fn ip_layer(ends: (IpAddr, IpAddr)) -> Option<PacketBuilderStep<IpHeaders>> {
    let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    match ends {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            Some(ethernet.ipv4(source.octets(), destination.octets(), 64))
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            Some(ethernet.ipv6(source.octets(), destination.octets(), 64))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use etherparse::{SlicedPacket, TransportSlice};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Transport layer, time and payload of each packet.
    fn packets(file: &[u8]) -> Vec<(String, u64, Vec<u8>)> {
        let mut rest = &file[24..];
        let mut found = Vec::new();
        while !rest.is_empty() {
            let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let (length, micros) = (
                number(8) as usize,
                u64::from(number(0)) * 1_000_000 + u64::from(number(4)),
            );
            let packet = SlicedPacket::from_ethernet(&rest[16..16 + length]).unwrap();
            found.push(match packet.transport.unwrap() {
                TransportSlice::Udp(udp) => (
                    format!("udp {}", udp.source_port()),
                    micros,
                    udp.payload().to_vec(),
                ),
                TransportSlice::Tcp(tcp) => {
                    let shown = format!(
                        "tcp {} {}",
                        tcp.sequence_number(),
                        tcp.acknowledgment_number()
                    );
                    (shown, micros, tcp.payload().to_vec())
                }
                other => panic!("{other:?}"),
            });
            rest = &rest[16 + length..];
        }
        found
    }

    #[test]
    fn datagrams_and_streams_are_written_as_packets() {
        let output = Shared::default();
        let pcap = Pcap::new(output.clone()).unwrap();
        let at = UNIX_EPOCH + Duration::from_micros(1_500_000_000_000_001);
        let (a, b): (SocketAddr, SocketAddr) = (
            "127.0.0.1:1".parse().unwrap(),
            "127.0.0.1:2".parse().unwrap(),
        );
        let (c, d): (SocketAddr, SocketAddr) =
            ("[::1]:3".parse().unwrap(), "[::1]:4".parse().unwrap());
        pcap.passed(at, &Passage::new(Carrier::Udp, a, b, b"one"));
        pcap.passed(at, &Passage::new(Carrier::Tcp, c, d, b"four"));
        pcap.passed(at, &Passage::new(Carrier::Tcp, d, c, b"fifth"));
        pcap.passed(at, &Passage::new(Carrier::Tcp, c, d, b"six"));
        pcap.passed(at, &Passage::new(Carrier::Udp, a, d, b"two families"));
        pcap.flush().unwrap();
        let found = packets(&output.0.lock().unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|(layer, at, payload)| (layer.as_str(), *at, payload.as_slice()))
            .collect();
        let micros = 1_500_000_000_000_001;
        assert_eq!(
            found,
            [
                ("udp 1", micros, &b"one"[..]),
                ("tcp 1 1", micros, b"four"),
                ("tcp 1 5", micros, b"fifth"),
                ("tcp 5 6", micros, b"six"),
            ]
        );
    }

    #[test]
    fn what_could_not_be_written_is_told_at_the_end() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let pcap = Pcap::new(Broken).unwrap();
        let (a, b): (SocketAddr, SocketAddr) = (
            "127.0.0.1:1".parse().unwrap(),
            "127.0.0.1:2".parse().unwrap(),
        );
        pcap.passed(UNIX_EPOCH, &Passage::new(Carrier::Udp, a, b, &[0; 60_000]));
        assert_eq!(pcap.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
