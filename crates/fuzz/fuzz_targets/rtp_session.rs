//! RTP session: arbitrary packets, commands and times. Counts agree, memory is bounded, time goes
//! on, and everything sent is a good compound.

#![no_main]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use rfc3550_rtp::feedback::TransportMessage;
use rfc3550_rtp::session::{
    FeedbackConfig, MemberState, Session, SessionConfig, SessionOutput, SessionPhase,
};
use rfc3550_rtp::{NtpTimestamp, RtcpCompound, RtpPacket};

fuzz_target!(|data: &[u8]| {
    let mut now = Instant::now();
    let mut config = SessionConfig::new([1; 32], "fuzz@example.org").payload_type(0, 8000);
    config.ssrc = Some(0x0101_0101);
    config.max_sources = 8;
    config.local_rtp = Some(address(1));
    config.local_rtcp = Some(address(1));
    // The first octet chooses the profile.
    let (profile, data) = data.split_first().unwrap_or((&0, data));
    config.feedback = match profile % 3 {
        0 => None,
        1 => Some(FeedbackConfig::point_to_point()),
        _ => Some(FeedbackConfig::multiparty()),
    };
    if let Some(feedback) = &mut config.feedback {
        feedback.reduced_size = profile & 0x80 != 0;
        feedback.report_interval = Duration::from_secs(u64::from(profile >> 2 & 0x1f));
    }
    let reduced_size = config.feedback.is_some_and(|feedback| feedback.reduced_size);
    let mut session = Session::new(now, NtpTimestamp::default(), config);

    // Each step: what to do, a parameter, a length, and as many octets.
    let mut rest = data;
    while let Some((&[action, parameter, len], after)) = rest.split_first_chunk() {
        let (input, after) = after.split_at(usize::from(len).min(after.len()));
        rest = after;
        match action % 9 {
            0 => {
                if let Ok(packet) = RtpPacket::parse(input) {
                    let _ = session.handle_rtp(now, address(parameter), &packet);
                }
            }
            1 => {
                if let Ok(compound) = RtcpCompound::parse_lenient(input) {
                    session.handle_rtcp(now, address(parameter), &compound);
                }
            }
            2 => {
                now += Duration::from_millis(1 << (parameter % 20));
                session.handle_timeout(now);
            }
            3 => {
                let _ = session.send_rtp(now, parameter & 1, u32::from(len), input);
            }
            4 => session.handle_timeout(now),
            5 => {
                let fci = &input[..input.len() / 4 * 4];
                let message = TransportMessage::Other { format: parameter >> 3, fci };
                let _ = session.send_feedback(now, u32::from(parameter), message);
            }
            6 => {
                session.add_contributor(u32::from(parameter), input);
            }
            7 => session.remove_contributor(now, u32::from(parameter), input),
            _ if parameter == 0 => session.leave(now, input),
            _ => session.set_wall_clock(now, NtpTimestamp::from_bits(u64::from(len) << 30)),
        }
        while let Some(output) = session.poll_output() {
            if let SessionOutput::TransmitRtcp(datagram) = output {
                let compound = match reduced_size {
                    true => RtcpCompound::parse_reduced_size(&datagram),
                    false => RtcpCompound::parse(&datagram),
                };
                let compound = compound.expect("a good compound");
                assert!(compound.packets().all(|packet| packet.is_ok()));
                assert!(datagram.len() <= 1200);
            }
        }
        let valid = |state| {
            session
                .sources()
                .filter(|source| source.state() == state)
                .count()
        };
        assert_eq!(session.members(), 1 + valid(MemberState::Member));
        assert!(session.senders() <= session.members());
        assert!(session.sources().count() <= 8);
        assert_eq!(
            session.next_timeout().is_none(),
            session.phase() == SessionPhase::Ended
        );
    }
});

fn address(port: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4000 + u16::from(port)))
}
