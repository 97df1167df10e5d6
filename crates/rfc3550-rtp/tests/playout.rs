//! A player: packets through a session into a jitter buffer, audio and video together (RFC 3550
//! §5.1, §6.4.1).

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant;

use rfc3550_rtp::session::{RtpVerdict, Session, SessionConfig, SessionOutput};
use rfc3550_rtp::{
    JitterBuffer, JitterBufferConfig, NtpTimestamp, Playout, RtcpCompound, RtpPacket,
    SequenceNumber, Synchronizer, SynchronizerConfig, Timestamp,
};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A stream from its sender to its player.
struct Stream {
    sender: Session,
    receiver: Session,
    buffer: JitterBuffer<Duration>,
    clock_rate: u32,
    /// Time between two packets.
    period: Duration,
    /// The way through the network.
    delay: Duration,
    /// When each sample was played: sampled at, played at, since the start.
    played: Vec<(Duration, Duration)>,
}

/// The sender's wall clock runs an hour ahead of the player's.
fn sender_clock() -> NtpTimestamp {
    NtpTimestamp::from_unix(Duration::from_secs(1_700_003_600))
}

impl Stream {
    fn new(now: Instant, clock_rate: u32, period: Duration, delay: Duration) -> Self {
        let config = |seed, cname| {
            let mut config = SessionConfig::new([seed; 32], cname).payload_type(96, clock_rate);
            config.session_bandwidth = 1_000_000;
            config
        };
        let seed = (clock_rate / 1000) as u8;
        Self {
            sender: Session::new(now, sender_clock(), config(seed, "alice@example.org")),
            receiver: Session::new(now, NtpTimestamp::default(), config(seed + 1, "bob")),
            buffer: JitterBuffer::new(JitterBufferConfig::new(clock_rate)),
            clock_rate,
            period,
            delay,
            played: Vec::new(),
        }
    }

    /// Sends what is sampled at this time, and takes what arrives at this time.
    fn step(&mut self, start: Instant, at: Duration) {
        let now = start + at;
        let from = SocketAddr::from(([192, 0, 2, 1], 4000));
        if at.as_nanos() % self.period.as_nanos() == 0 {
            let media_time = (at.as_micros() * u128::from(self.clock_rate) / 1_000_000) as u32;
            self.sender.set_media_clock(now, 96, media_time).unwrap();
            let packet = self.sender.send_rtp(now, 96, media_time, &[0; 10]).unwrap();
            let packet = RtpPacket::parse(packet.to_vec().unwrap()).unwrap();
            let arrival = now + self.delay;
            let verdict = self.receiver.handle_rtp(arrival, from, &packet);
            if let RtpVerdict::Deliver(_) = verdict {
                let (number, timestamp) = (packet.sequence_number(), packet.timestamp());
                self.buffer.insert(arrival, number, timestamp, false, at);
            }
        }
        self.sender.handle_timeout(now);
        while let Some(output) = self.sender.poll_output() {
            if let SessionOutput::TransmitRtcp(datagram) = output {
                let compound = RtcpCompound::parse(datagram).unwrap();
                self.receiver.handle_rtcp(now + self.delay, from, &compound);
            }
        }
        while let Some(playout) = self.buffer.take(now) {
            if let Playout::Packet { payload, .. } = playout {
                self.played.push((payload, at));
            }
        }
    }

    /// What a player tells the synchroniser: when it plays what was sampled when.
    fn reference(&self) -> Option<(Vec<u8>, NtpTimestamp, Instant)> {
        let source = self.receiver.sources().next()?;
        let (info, _) = source.sender_report()?;
        let sampled = source.wall_clock(info.rtp_timestamp)?;
        let played = self.buffer.playout_time(info.rtp_timestamp)?;
        Some((source.cname()?.to_vec(), sampled, played))
    }

    /// The time from sampling to playing, of all that was played from here on.
    fn lag(&self, from: Duration) -> (Duration, Duration) {
        let played = self.played.iter().filter(|(sampled, _)| *sampled > from);
        let lags = played.map(|(sampled, played)| *played - *sampled);
        (lags.clone().min().unwrap(), lags.max().unwrap())
    }
}

#[test]
fn audio_waits_for_video_once_both_have_reported() {
    let start = Instant::now();
    let mut streams = [
        Stream::new(start, 8000, millis(20), millis(30)),
        Stream::new(start, 90_000, millis(40), millis(170)),
    ];
    let mut synchronizer = Synchronizer::new(SynchronizerConfig::default());
    for at in 0..20_000 {
        for (key, stream) in streams.iter_mut().enumerate() {
            stream.step(start, millis(at));
            if let Some((cname, sampled, played)) = stream.reference() {
                synchronizer.update(key, &cname, sampled, played);
                stream.buffer.set_extra_delay(synchronizer.delay(key));
            }
        }
    }
    let [audio, video] = streams;
    // Before: each as soon as its own jitter allows.
    assert!(audio.played[5].1 - audio.played[5].0 < millis(60));
    // After: together, to a frame of audio and better.
    let (audio, video) = (audio.lag(millis(10_000)), video.lag(millis(10_000)));
    assert!(video.1 - video.0 <= millis(1) && audio.1 - audio.0 <= millis(1));
    assert!(
        audio.0.abs_diff(video.0) <= millis(2),
        "{audio:?} {video:?}"
    );
    assert!((millis(185)..millis(200)).contains(&video.0), "{video:?}");
}

#[test]
fn an_extra_delay_holds_everything_back_by_as_much() {
    let start = Instant::now();
    let mut buffer = JitterBuffer::new(JitterBufferConfig::new(8000));
    buffer.insert(start, SequenceNumber(1), Timestamp(0), true, ());
    let due = buffer.next_timeout().unwrap();
    assert_eq!(buffer.playout_time(Timestamp(0)), Some(due));
    assert_eq!(buffer.playout_time(Timestamp(160)), Some(due + millis(20)));
    buffer.set_extra_delay(millis(100));
    assert_eq!(buffer.next_timeout(), Some(due + millis(100)));
    assert_eq!(buffer.playout_time(Timestamp(0)), Some(due));
    assert!(buffer.take(due + millis(99)).is_none());
    assert!(buffer.take(due + millis(100)).is_some());
}
