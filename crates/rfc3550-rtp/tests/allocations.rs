//! Reading and writing packets allocates nothing, nor does keeping statistics, nor does a session
//! whose members have come.

use core::hint::black_box;

use rfc3550_rtp::{
    ByeBuilder, CompoundWriter, NtpShort, ReportBlock, ReportCompoundBuilder, ReportRotation,
    RtcpCompound, RtcpPacket, RtpPacket, RtpPacketBuilder, SenderInfo, SequenceNumber,
    SourceStatistics, Timestamp,
};

#[test]
fn nothing_is_allocated_per_packet() {
    let mut buffer = [0; 1500];
    let mut source = SourceStatistics::new(SequenceNumber(0));
    let blocks = [ReportBlock::default(); 40];
    let count = allocation_counter::measure(|| {
        for number in 0..100 {
            let len = RtpPacketBuilder::new()
                .sequence_number(SequenceNumber(number))
                .csrcs(&[1, 2])
                .extension(0xbede, &[0x10, 0xaa, 0, 0])
                .payload(&[0xd5; 160])
                .padding_len(4)
                .write_into(&mut buffer)
                .unwrap();
            let packet = RtpPacket::parse(&buffer[..len]).unwrap();
            black_box(packet.csrcs().count());
            black_box(packet.extension().unwrap().element(1));
            source.receive(packet.sequence_number(), packet.timestamp(), 0);
        }
        black_box(source.take_report_block(1, NtpShort(0), NtpShort(0)));

        let bye = ByeBuilder::new(&[1]);
        let compound = ReportCompoundBuilder::new(1, b"me@example.org").sender_info(SenderInfo {
            rtp_timestamp: Timestamp(1),
            ..SenderInfo::default()
        });
        black_box(
            ReportRotation::default()
                .take(50, compound.report_capacity(1500))
                .count(),
        );
        let len = compound.write_into(&blocks, &mut buffer).unwrap();
        let mut writer = CompoundWriter::new(&mut buffer[len..]);
        writer.push(&bye).unwrap();
        let len = len + writer.finish();
        let compound = RtcpCompound::parse(&buffer[..len]).unwrap();
        for packet in compound.packets().map(Result::unwrap) {
            match packet {
                RtcpPacket::SenderReport(report) => drop(black_box(report.report_blocks().last())),
                RtcpPacket::Sdes(sdes) => drop(black_box(sdes.chunks().next().unwrap().cname())),
                _ => {}
            }
        }
    });
    assert_eq!(count.count_total, 0);
}

#[cfg(feature = "std")]
#[test]
fn a_session_allocates_nothing_per_packet_in_steady_state() {
    use core::net::SocketAddr;
    use core::time::Duration;
    use rfc3550_rtp::NtpTimestamp;
    use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig};

    let mut now = std::time::Instant::now();
    let config = SessionConfig::new([7; 32], "me@example.org").payload_type(0, 8000);
    let mut session = Session::new(now, NtpTimestamp::default(), config);
    let from = SocketAddr::from(([192, 0, 2, 1], 4000));
    let mut datagram = [0; 1500];
    let mut round = |number: u16| {
        let time = 160 * u32::from(number);
        let mut delivered = 0;
        for ssrc in 0..100 {
            let len = RtpPacketBuilder::new()
                .sequence_number(SequenceNumber(number))
                .timestamp(Timestamp(time))
                .ssrc(ssrc)
                .csrcs(&[1000 + ssrc, 2000 + ssrc])
                .write_into(&mut datagram)
                .unwrap();
            let packet = RtpPacket::parse(&datagram[..len]).unwrap();
            let verdict = session.handle_rtp(now, from, &packet);
            delivered += u32::from(matches!(verdict, RtpVerdict::Deliver(_)));
        }
        let packet = session.send_rtp(now, 0, time, &[0xff; 160]).unwrap();
        packet.write_into(&mut datagram).unwrap();
        while session.poll_output().is_some() {}
        now += Duration::from_millis(20);
        delivered
    };
    for number in 0..3 {
        round(number);
    }
    let count = allocation_counter::measure(|| {
        for number in 3..100 {
            assert_eq!(round(number), 100);
        }
    });
    assert_eq!(count.count_total, 0);
}
