//! Reading capture files: pcap and pcapng, gzip or not, in one pass and with bounded memory.

use super::time::Timestamp;
use flate2::read::MultiGzDecoder;
use pcap_parser::traits::{PcapNGPacketBlock, PcapReaderIterator};
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};

/// Room for one block of the file to begin with.
const BUFFER: usize = 256 * 1024;
/// The longest block that is read: no capture tool writes a longer packet.
const LONGEST_BLOCK: usize = 16 * 1024 * 1024;
/// A file's description of its interfaces is bounded too.
const MOST_INTERFACES: usize = 65_536;

/// One packet as the file has it.
pub(crate) struct Packet<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) time: Timestamp,
    /// The link type, a number of the registry at <https://www.tcpdump.org/linktypes.html>.
    pub(crate) link: i32,
    pub(crate) data: &'a [u8],
}

/// What a file was, once read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// `pcap` or `pcapng`.
    pub(crate) format: &'static str,
    pub(crate) compressed: bool,
    pub(crate) links: BTreeSet<i32>,
    pub(crate) packets: u64,
    /// Packets of which the capture holds only the beginning.
    pub(crate) cut: u64,
    pub(crate) problems: Vec<String>,
}

struct Interface {
    link: i32,
    /// Timestamp units in a second.
    resolution: u64,
    /// Seconds to add to every timestamp.
    offset: i64,
}

/// Hands every packet of `source` to `take`. A file that breaks off or turns corrupt ends the
/// reading with a problem noted; only what is no capture at all is an error.
pub(crate) fn read(
    source: impl Read + Send + 'static,
    mut take: impl FnMut(Packet<'_>),
) -> Result<Reading, String> {
    let mut reading = Reading::default();
    let mut reader = open(source, &mut reading)?;
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut nanoseconds = false;
    let mut capacity = BUFFER;
    let mut last = Timestamp::default();
    loop {
        let held = reader.data().len();
        let used = match reader.next() {
            Ok((used, block)) => {
                match block {
                    PcapBlockOwned::LegacyHeader(header) => {
                        reading.format = "pcap";
                        nanoseconds = header.is_nanosecond_precision();
                        // The upper bits tell the length of a frame check sequence.
                        let link = header.network.0 & 0xffff;
                        interfaces.push(Interface {
                            link,
                            resolution: 1,
                            offset: 0,
                        });
                    }
                    PcapBlockOwned::Legacy(record) => {
                        let unit = if nanoseconds { 1 } else { 1000 };
                        let fraction = i64::from(record.ts_usec) * unit;
                        last = Timestamp::new(i64::from(record.ts_sec), fraction);
                        let link = interfaces.first().map_or(0, |interface| interface.link);
                        let whole = record.origlen as usize <= record.data.len();
                        reading.packet(&mut take, last, link, record.data, whole);
                    }
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                        reading.format = "pcapng";
                        interfaces.clear();
                    }
                    PcapBlockOwned::NG(Block::InterfaceDescription(description)) => {
                        if interfaces.len() < MOST_INTERFACES {
                            interfaces.push(Interface {
                                link: description.linktype.0,
                                resolution: resolution(description.if_tsresol),
                                offset: description.ts_offset(),
                            });
                        }
                    }
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        match interfaces.get(packet.if_id as usize) {
                            Some(interface) => {
                                let ticks =
                                    u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                                last = interface.time(ticks);
                                let data = packet.packet_data();
                                let whole = packet.origlen as usize <= data.len();
                                reading.packet(&mut take, last, interface.link, data, whole);
                            }
                            None => {
                                reading.problem("a packet names an interface that is not there")
                            }
                        }
                    }
                    PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                        // Without a time of its own: that of the packet before it.
                        if let Some(interface) = interfaces.first() {
                            let data = packet.packet_data();
                            let whole = packet.origlen as usize <= data.len();
                            reading.packet(&mut take, last, interface.link, data, whole);
                        }
                    }
                    PcapBlockOwned::NG(_) => {}
                }
                used
            }
            Err(PcapError::Eof) => return Ok(reading),
            Err(PcapError::Incomplete(_)) if held < capacity => match reader.refill() {
                Ok(()) => continue,
                Err(_) => {
                    let end = reader.consumed();
                    reading.problem(format!("the file cannot be read on after byte {end}"));
                    return Ok(reading);
                }
            },
            Err(PcapError::BufferTooSmall | PcapError::Incomplete(_))
                if capacity < LONGEST_BLOCK =>
            {
                capacity *= 2;
                reader.grow(capacity);
                continue;
            }
            Err(PcapError::UnexpectedEof) => {
                if held > 0 {
                    reading.problem(format!(
                        "the file ends within a packet; its last {} were skipped",
                        count(held, "byte")
                    ));
                }
                return Ok(reading);
            }
            Err(_) => {
                let end = reader.consumed();
                reading.problem(format!(
                    "the file is corrupt at byte {end}; everything from there on was skipped"
                ));
                return Ok(reading);
            }
        };
        reader.consume(used);
    }
}

impl Reading {
    fn packet(
        &mut self,
        take: &mut impl FnMut(Packet<'_>),
        time: Timestamp,
        link: i32,
        data: &[u8],
        whole: bool,
    ) {
        self.packets += 1;
        self.cut += u64::from(!whole);
        self.links.insert(link);
        take(Packet {
            number: self.packets,
            time,
            link,
            data,
        });
    }

    fn problem(&mut self, problem: impl Into<String>) {
        let problem = problem.into();
        if self.problems.len() < 16 && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

impl Interface {
    fn time(&self, ticks: u64) -> Timestamp {
        let seconds = i64::try_from(ticks / self.resolution).unwrap_or(i64::MAX);
        let rest = u128::from(ticks % self.resolution) * 1_000_000_000;
        // Smaller than 10^9, as the rest is smaller than the resolution.
        let fraction = i64::try_from(rest / u128::from(self.resolution)).unwrap_or(0);
        Timestamp::new(seconds.saturating_add(self.offset), fraction)
    }
}

/// Units in a second by `if_tsresol`: a power of ten or, with the upper bit, of two. (The
/// library's own reading takes powers of two for invalid.) What does not fit is a microsecond.
fn resolution(if_tsresol: u8) -> u64 {
    let base: u64 = if if_tsresol & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(u32::from(if_tsresol & 0x7f))
        .unwrap_or(1_000_000)
}

fn open(
    source: impl Read + Send + 'static,
    reading: &mut Reading,
) -> Result<Box<dyn PcapReaderIterator + Send>, String> {
    let mut source = BufReader::with_capacity(BUFFER, source);
    let head = source
        .fill_buf()
        .map_err(|error| format!("cannot be read: {error}"))?;
    if head.is_empty() {
        return Err("is empty, not a capture".into());
    }
    reading.compressed = head.starts_with(&[0x1f, 0x8b]);
    let mut plain: Box<dyn Read + Send> = if reading.compressed {
        Box::new(MultiGzDecoder::new(source))
    } else {
        Box::new(source)
    };
    // A decoder may hand out a few bytes at a time; the format is told from a full head.
    let mut head = Vec::new();
    let failure = plain.by_ref().take(64 * 1024).read_to_end(&mut head).err();
    if let Some(error) = &failure
        && head.is_empty()
    {
        return Err(format!(
            "is not a capture: its gzip data cannot be read ({error})"
        ));
    }
    if let Some(error) = failure {
        reading.problem(format!("the gzip data breaks off early ({error})"));
        plain = Box::new(std::io::empty());
    }
    create_reader(BUFFER, std::io::Cursor::new(head).chain(plain)).map_err(|error| match error {
        PcapError::Incomplete(_) => "is too short for a capture: its header is cut off".into(),
        _ => "is not a capture: neither pcap nor pcapng".into(),
    })
}

/// "1 byte", "2 bytes".
pub(crate) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number: u64 = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::{Cursor, Write};

    type Seen = (u64, i64, i32, Vec<u8>);

    fn packets(file: Vec<u8>) -> (Vec<Seen>, Reading) {
        let mut seen = Vec::new();
        let reading = read(Cursor::new(file), |packet| {
            seen.push((
                packet.number,
                packet.time.0,
                packet.link,
                packet.data.to_vec(),
            ));
        });
        (seen, reading.unwrap())
    }

    fn error(file: Vec<u8>) -> String {
        read(Cursor::new(file), |_| {}).unwrap_err()
    }

    /// A capture of two packets, at 1.5 and 2.000001 seconds.
    fn pcap(magic: u32, big_endian: bool, per_micro: u32) -> Vec<u8> {
        let word = |value: u32| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let half = |value: u16| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let mut file = [
            word(magic).as_slice(),
            &half(2),
            &half(4),
            &word(0),
            &word(0),
        ]
        .concat();
        file.extend([word(65_535), word(101)].concat());
        for (seconds, micros, data, original) in [(1, 500_000, b"one", 3), (2, 1, b"two", 9)] {
            let header = [seconds, micros * per_micro, data.len() as u32, original].map(word);
            file.extend(header.concat());
            file.extend(data);
        }
        file
    }

    fn expected() -> Vec<Seen> {
        vec![
            (1, 1_500_000_000, 101, b"one".to_vec()),
            (2, 2_000_001_000, 101, b"two".to_vec()),
        ]
    }

    #[test]
    fn pcap_of_either_byte_order_and_resolution() {
        for big_endian in [false, true] {
            for (magic, per_micro) in [(0xa1b2_c3d4, 1), (0xa1b2_3c4d, 1000)] {
                let (seen, reading) = packets(pcap(magic, big_endian, per_micro));
                assert_eq!(seen, expected());
                assert_eq!((reading.packets, reading.cut), (2, 1));
                assert!(reading.problems.is_empty());
            }
        }
    }

    #[test]
    fn gzip_in_one_member_or_several() {
        let plain = pcap(0xa1b2_c3d4, false, 1);
        let mut file = Vec::new();
        for part in plain.chunks(30) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(part).unwrap();
            file.extend(encoder.finish().unwrap());
        }
        let (seen, reading) = packets(file.clone());
        assert_eq!(seen, expected());
        assert!(reading.compressed);

        file.truncate(file.len() - 20);
        let (seen, reading) = packets(file);
        assert_eq!(seen, expected()[..seen.len()]);
        assert!(reading.problems[0].starts_with("the gzip data breaks off early"));
    }

    /// A block of pcapng.
    fn block(big_endian: bool, kind: u32, body: &[u8]) -> Vec<u8> {
        let word = |value: u32| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = word(body.len() as u32 + 12);
        [&word(kind)[..], &length, &body, &length].concat()
    }

    fn section(big_endian: bool) -> Vec<u8> {
        let mut body = 0x1a2b_3c4d_u32.to_le_bytes();
        let mut version = [1, 0, 0, 0];
        if big_endian {
            body.reverse();
            version = [0, 1, 0, 0];
        }
        block(
            big_endian,
            0x0a0d_0d0a,
            &[&body[..], &version, &[0xff; 8]].concat(),
        )
    }

    fn interface(big_endian: bool, link: u16, resolution: Option<u8>) -> Vec<u8> {
        let half = |value: u16| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let mut body = [&half(link)[..], &[0; 2], &[0; 4]].concat();
        if let Some(resolution) = resolution {
            body.extend([&half(9)[..], &half(1), &[resolution, 0, 0, 0], &[0; 4]].concat());
        }
        block(big_endian, 1, &body)
    }

    fn packet(big_endian: bool, interface: u32, ticks: u64, data: &[u8]) -> Vec<u8> {
        let word = |value: u32| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        let length = data.len() as u32;
        let header = [
            interface,
            (ticks >> 32) as u32,
            ticks as u32,
            length,
            length,
        ]
        .map(word);
        block(big_endian, 6, &[&header.concat()[..], data].concat())
    }

    #[test]
    fn pcapng_with_interfaces_of_their_own_resolution() {
        for big_endian in [false, true] {
            let file = [
                section(big_endian),
                interface(big_endian, 1, None),
                interface(big_endian, 101, Some(9)),
                interface(big_endian, 113, Some(0x80 | 10)),
                packet(big_endian, 0, 1_500_000, b"micro"),
                packet(big_endian, 1, 1_600_000_007_u64 << 2, b"nano"),
                packet(big_endian, 2, 1024 + 512, b"of two"),
                packet(big_endian, 7, 0, b"nowhere"),
                // Another section begins with no interfaces, here in the other byte order.
                section(!big_endian),
                interface(!big_endian, 276, Some(3)),
                packet(!big_endian, 0, 2500, b"milli"),
            ];
            let (seen, reading) = packets(file.concat());
            let expected: Vec<Seen> = vec![
                (1, 1_500_000_000, 1, b"micro".to_vec()),
                (2, 6_400_000_028, 101, b"nano".to_vec()),
                (3, 1_500_000_000, 113, b"of two".to_vec()),
                (4, 2_500_000_000, 276, b"milli".to_vec()),
            ];
            assert_eq!(seen, expected);
            assert_eq!(
                reading.problems,
                ["a packet names an interface that is not there"]
            );
        }
    }

    #[test]
    fn a_file_that_ends_early_is_read_until_there() {
        let whole = pcap(0xa1b2_c3d4, false, 1);
        for length in 24..whole.len() {
            let (seen, reading) = packets(whole[..length].to_vec());
            assert_eq!(seen, expected()[..seen.len()], "of {length} bytes");
            let clean_end = length == 24 || length == 24 + 16 + 3;
            assert_eq!(reading.problems.is_empty(), clean_end, "of {length} bytes");
        }
    }

    #[test]
    fn a_corrupt_length_ends_the_reading_with_a_note() {
        let mut file = pcap(0xa1b2_c3d4, false, 1);
        file[24 + 19 + 8..][..4].copy_from_slice(&[0xff; 4]);
        let (seen, reading) = packets(file);
        assert_eq!(seen, expected()[..1]);
        assert_eq!(reading.problems.len(), 1);
    }

    #[test]
    fn what_is_no_capture_is_an_error() {
        assert_eq!(error(Vec::new()), "is empty, not a capture");
        assert_eq!(
            error(b"hello, world".to_vec()),
            "is not a capture: neither pcap nor pcapng"
        );
        let cut = pcap(0xa1b2_c3d4, false, 1)[..10].to_vec();
        assert_eq!(
            error(cut),
            "is too short for a capture: its header is cut off"
        );
        assert!(error(vec![0x1f, 0x8b, 8, 0]).starts_with("is not a capture: its gzip data"));
    }
}
