//! RTP and RTCP packets, read and written, beside other crates on the same bytes.
//!
//! Every reader hands over every field; every writer writes into a buffer that is there already.
//! Inputs come in 64 variants, so that no branch history flatters anyone.

#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use core::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rfc3550_rtp::{
    CompoundWriter, NtpShort, NtpTimestamp, ReceiverReportBuilder, ReportBlock, RtcpCompound,
    RtcpPacket, RtcpWrite, RtpPacket, RtpPacketBuilder, SdesBuilder, SdesChunkBuilder,
    SdesItemBuilder, SenderInfo, SenderReportBuilder, SequenceNumber, SourceStatistics, Timestamp,
};
use rtcp_types::RtcpPacketWriterExt;

const CNAME: &str = "alice@pc33.atlanta.example.com";

criterion_group!(
    benches,
    rtp_parse,
    rtp_build,
    rtcp_read,
    rtcp_build,
    report_read,
    report_build,
    statistics
);
criterion_main!(benches);

/// The packet with another sequence number, timestamp and source each time.
fn variants(packet: &[u8]) -> Vec<Vec<u8>> {
    (0..64u8)
        .map(|n| {
            let mut packet = packet.to_vec();
            for index in [3, 6, 7, 11] {
                packet[index] = packet[index].wrapping_add(n.wrapping_mul(29));
            }
            packet
        })
        .collect()
}

/// Calls `f` with one input after the other.
fn cycle<T, R>(bencher: &mut criterion::Bencher<'_>, inputs: &[T], mut f: impl FnMut(&T) -> R) {
    let mut index = 0;
    bencher.iter(|| {
        index = (index + 1) % 64;
        f(black_box(&inputs[index]))
    });
}

/// A packet with contributing sources, extension and padding.
fn everything() -> Vec<u8> {
    RtpPacketBuilder::new()
        .payload_type(96)
        .sequence_number(SequenceNumber(7))
        .timestamp(Timestamp(160))
        .ssrc(1)
        .csrcs(&[2, 3])
        .extension(0xbede, &[0x10, 0x85, 0, 0])
        .payload(&[0xd5; 160])
        .padding_len(4)
        .to_vec()
        .unwrap()
}

fn rtp_parse(criterion: &mut Criterion) {
    for (name, packet) in [
        ("plain", benches::input("rtp172.bin")),
        ("extension", benches::input("rtpext.bin")),
        ("everything", everything()),
    ] {
        let inputs = variants(&packet);
        let mut group = criterion.benchmark_group(format!("rtp parse {name}"));
        group.throughput(Throughput::Bytes(packet.len() as u64));
        group.bench_function("rfc3550-rtp", |bencher| {
            cycle(bencher, &inputs, |bytes| {
                let packet = RtpPacket::parse(bytes.as_slice()).unwrap();
                black_box((
                    packet.marker(),
                    packet.payload_type(),
                    packet.sequence_number().0,
                    packet.timestamp().0,
                    packet.ssrc(),
                    packet.csrcs().fold(0, u32::wrapping_add),
                    packet.extension().map(|e| (e.profile(), e.data().len())),
                    packet.padding_len(),
                    packet.payload().len(),
                ));
            });
        });
        group.bench_function("rtp-types", |bencher| {
            cycle(bencher, &inputs, |bytes| {
                let packet = rtp_types::RtpPacket::parse(bytes).unwrap();
                black_box((
                    packet.marker_bit(),
                    packet.payload_type(),
                    packet.sequence_number(),
                    packet.timestamp(),
                    packet.ssrc(),
                    packet.csrc().fold(0, u32::wrapping_add),
                    packet
                        .extension()
                        .map(|(profile, data)| (profile, data.len())),
                    packet.padding().unwrap_or(0),
                    packet.payload().len(),
                ));
            });
        });
        group.bench_function("rtp-rs", |bencher| {
            cycle(bencher, &inputs, |bytes| {
                let packet = rtp_rs::RtpReader::new(bytes).unwrap();
                black_box((
                    packet.mark(),
                    packet.payload_type(),
                    u16::from(packet.sequence_number()),
                    packet.timestamp(),
                    packet.ssrc(),
                    packet.csrc().fold(0, u32::wrapping_add),
                    packet
                        .extension()
                        .map(|(profile, data)| (profile, data.len())),
                    packet.padding().unwrap_or(0),
                    packet.payload().len(),
                ));
            });
        });
        group.finish();
    }
}

fn rtp_build(criterion: &mut Criterion) {
    let payloads: Vec<[u8; 160]> = (0..64).map(|n| [n; 160]).collect();
    let mut group = criterion.benchmark_group("rtp build");
    group.throughput(Throughput::Bytes(172));
    group.bench_function("rfc3550-rtp", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &payloads, |payload| {
            let len = RtpPacketBuilder::new()
                .payload_type(payload[0] & 0x7f)
                .sequence_number(SequenceNumber(u16::from(payload[1])))
                .timestamp(Timestamp(u32::from(payload[2])))
                .ssrc(14)
                .payload(payload)
                .write_into(black_box(&mut buffer[..]));
            black_box(len.unwrap())
        });
    });
    group.bench_function("rtp-types", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &payloads, |payload| {
            let len = rtp_types::RtpPacketBuilder::<&[u8], &[u8]>::new()
                .payload_type(payload[0] & 0x7f)
                .sequence_number(u16::from(payload[1]))
                .timestamp(u32::from(payload[2]))
                .ssrc(14)
                .payload(payload.as_slice())
                .write_into(black_box(&mut buffer[..]));
            black_box(len.unwrap())
        });
    });
    group.bench_function("rtp-rs", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &payloads, |payload| {
            let len = rtp_rs::RtpPacketBuilder::new()
                .payload_type(payload[0] & 0x7f)
                .sequence(u16::from(payload[1]).into())
                .timestamp(u32::from(payload[2]))
                .ssrc(14)
                .payload(payload)
                .build_into(black_box(&mut buffer[..]));
            black_box(len.unwrap())
        });
    });
    group.finish();
}

fn read_ours(datagram: &[u8]) {
    for packet in RtcpCompound::parse(datagram).unwrap().packets() {
        match packet.unwrap() {
            RtcpPacket::SenderReport(report) => {
                black_box((report.ssrc(), report.info()));
                report.report_blocks().for_each(|block| {
                    black_box(block);
                });
            }
            RtcpPacket::ReceiverReport(report) => {
                black_box(report.ssrc());
                report.report_blocks().for_each(|block| {
                    black_box(block);
                });
            }
            RtcpPacket::Sdes(sdes) => {
                for chunk in sdes.chunks() {
                    black_box(chunk.ssrc());
                    for item in chunk.items() {
                        black_box(item);
                    }
                }
            }
            _ => unreachable!(),
        }
    }
}

fn read_theirs(datagram: &[u8]) {
    let block = |block: rtcp_types::ReportBlock<'_>| {
        black_box((
            block.ssrc(),
            block.fraction_lost(),
            block.cumulative_lost(),
            block.extended_sequence_number(),
            block.interarrival_jitter(),
            block.last_sender_report_timestamp(),
            block.delay_since_last_sender_report_timestamp(),
        ));
    };
    for packet in rtcp_types::Compound::parse(datagram).unwrap() {
        match packet.unwrap() {
            rtcp_types::Packet::Sr(report) => {
                black_box((
                    report.ssrc(),
                    report.ntp_timestamp(),
                    report.rtp_timestamp(),
                    report.packet_count(),
                    report.octet_count(),
                ));
                report.report_blocks().for_each(block);
            }
            rtcp_types::Packet::Rr(report) => {
                black_box(report.ssrc());
                report.report_blocks().for_each(block);
            }
            rtcp_types::Packet::Sdes(sdes) => {
                for chunk in sdes.chunks() {
                    black_box(chunk.ssrc());
                    for item in chunk.items() {
                        black_box((item.type_(), item.value()));
                    }
                }
            }
            _ => unreachable!(),
        }
    }
}

fn rtcp_read(criterion: &mut Criterion) {
    let datagram = benches::input("rtcp.bin");
    let inputs: Vec<Vec<u8>> = (0..64u8)
        .map(|n| {
            let mut datagram = datagram.clone();
            datagram[15] ^= n;
            datagram[40] ^= n;
            datagram
        })
        .collect();
    let mut group = criterion.benchmark_group("rtcp read SR SDES");
    group.throughput(Throughput::Bytes(datagram.len() as u64));
    group.bench_function("rfc3550-rtp", |bencher| {
        cycle(bencher, &inputs, |datagram| read_ours(datagram));
    });
    group.bench_function("rtcp-types", |bencher| {
        cycle(bencher, &inputs, |datagram| read_theirs(datagram));
    });
    group.finish();
}

fn block(ssrc: u32) -> ReportBlock {
    ReportBlock {
        ssrc,
        fraction_lost: 3,
        cumulative_lost: 17,
        extended_highest_sequence: 0x1_0004,
        jitter: 31,
        last_sr: NtpShort(0xa1b2_8000),
        delay_since_last_sr: NtpShort(0x1_0000),
    }
}

fn their_block(block: &ReportBlock) -> rtcp_types::ReportBlockBuilder {
    rtcp_types::ReportBlock::builder(block.ssrc)
        .fraction_lost(block.fraction_lost)
        .cumulative_lost(block.cumulative_lost as u32)
        .extended_sequence_number(block.extended_highest_sequence)
        .interarrival_jitter(block.jitter)
        .last_sender_report_timestamp(block.last_sr.0)
        .delay_since_last_sender_report_timestamp(block.delay_since_last_sr.0)
}

fn rtcp_build(criterion: &mut Criterion) {
    let blocks: Vec<[ReportBlock; 1]> = (0..64).map(|n| [block(n)]).collect();
    let mut group = criterion.benchmark_group("rtcp build SR SDES");
    group.throughput(Throughput::Bytes(96));
    group.bench_function("rfc3550-rtp", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &blocks, |blocks| {
            let info = SenderInfo {
                ntp_timestamp: NtpTimestamp::from_bits(0xe5f0_a1b2_8000_0000),
                rtp_timestamp: Timestamp(80_000),
                packet_count: 500,
                octet_count: 80_000,
            };
            let items = [SdesItemBuilder::cname(CNAME.as_bytes())];
            let chunks = [SdesChunkBuilder::new(0xdead_beef, &items)];
            let mut writer = CompoundWriter::new(black_box(&mut buffer[..]));
            let report = SenderReportBuilder::new(0xdead_beef, info).report_blocks(blocks);
            writer.push(&report).unwrap();
            writer.push(&SdesBuilder::new(&chunks)).unwrap();
            black_box(writer.finish())
        });
    });
    group.bench_function("rtcp-types", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &blocks, |[block]| {
            let compound = rtcp_types::Compound::builder()
                .add_packet(
                    rtcp_types::SenderReport::builder(0xdead_beef)
                        .ntp_timestamp(0xe5f0_a1b2_8000_0000)
                        .rtp_timestamp(80_000)
                        .packet_count(500)
                        .octet_count(80_000)
                        .add_report_block(their_block(block)),
                )
                .add_packet(rtcp_types::Sdes::builder().add_chunk(
                    rtcp_types::SdesChunk::builder(0xdead_beef).add_item(
                        rtcp_types::SdesItem::builder(rtcp_types::SdesItem::CNAME, CNAME),
                    ),
                ));
            black_box(compound.write_into(black_box(&mut buffer[..])).unwrap())
        });
    });
    group.finish();
}

fn reports() -> Vec<Vec<ReportBlock>> {
    (0..64).map(|n| (n..n + 31).map(block).collect()).collect()
}

fn report_read(criterion: &mut Criterion) {
    let inputs: Vec<Vec<u8>> = reports()
        .iter()
        .map(|blocks| {
            let report = ReceiverReportBuilder::new(1).report_blocks(blocks.as_slice());
            report.to_vec().unwrap()
        })
        .collect();
    let mut group = criterion.benchmark_group("rtcp read RR 31");
    group.throughput(Throughput::Bytes(inputs[0].len() as u64));
    group.bench_function("rfc3550-rtp", |bencher| {
        cycle(bencher, &inputs, |datagram| read_ours(datagram));
    });
    group.bench_function("rtcp-types", |bencher| {
        cycle(bencher, &inputs, |datagram| read_theirs(datagram));
    });
    group.finish();
}

fn report_build(criterion: &mut Criterion) {
    let inputs = reports();
    let mut group = criterion.benchmark_group("rtcp build RR 31");
    group.throughput(Throughput::Bytes(752));
    group.bench_function("rfc3550-rtp", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &inputs, |blocks| {
            let report = ReceiverReportBuilder::new(1).report_blocks(blocks.as_slice());
            let len = report.write_into(black_box(&mut buffer[..]));
            black_box(len.unwrap())
        });
    });
    group.bench_function("rtcp-types", |bencher| {
        let mut buffer = [0; 1500];
        cycle(bencher, &inputs, |blocks| {
            let mut report = rtcp_types::ReceiverReport::builder(1);
            for block in blocks {
                report = report.add_report_block(their_block(block));
            }
            let len = report.write_into(black_box(&mut buffer[..]));
            black_box(len.unwrap())
        });
    });
    group.finish();
}

/// What a receiver does with each packet: sequence numbers and jitter of one source.
fn statistics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("source statistics");
    group.throughput(Throughput::Elements(1));
    group.bench_function("rfc3550-rtp", |bencher| {
        let mut source = SourceStatistics::new(SequenceNumber(0));
        let mut number = SequenceNumber(0);
        let mut arrival = 0u32;
        bencher.iter(|| {
            number = number.next();
            arrival = arrival.wrapping_add(160 + u32::from(number.0 & 7));
            let timestamp = Timestamp(u32::from(number.0).wrapping_mul(160));
            source.receive(black_box(number), black_box(timestamp), black_box(arrival))
        });
    });
    group.finish();
}
