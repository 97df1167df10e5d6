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
                                resolution: description.ts_resolution().unwrap_or(1_000_000).max(1),
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
