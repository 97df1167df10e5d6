//! RTP over loopback UDP: a party with a session of `rfc3550-rtp`, and a relay that loses and
//! delays.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use rfc3550_rtp::session::{
    MinimumInterval, ReceptionView, RtpVerdict, Session, SessionConfig, SessionEvent, SessionOutput,
};
use rfc3550_rtp::{NtpTimestamp, ReportBlock, RtcpCompound, RtcpPacket, RtpPacket};

/// 127.0.0.1 with this port.
pub(super) fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }
}

/// What a relay does to RTP.
pub(super) struct Impairment {
    /// Of 1000 packets, so many are lost; never one of the first ten.
    pub(super) loss: u64,
    /// The longest delay: every second packet has nearly that, the others nearly none. So the
    /// jitter is far above what the scheduling of processes adds on either side. Packets stay in
    /// order.
    pub(super) delay: Duration,
}

/// What has become of the RTP packets that came to a relay.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) lost: u64,
    /// When each one that passed left, with its timestamp.
    pub(super) departures: Vec<(Instant, u32)>,
}

/// Passes on what comes to a port for RTP and the one above it for RTCP to other such pairs. Where
/// there is a `home`, only what comes from there is, and RTCP from others goes back to it.
pub(super) struct Relay {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Tally>>,
}

impl Relay {
    pub(super) fn start(
        port: u16,
        targets: &[u16],
        home: Option<u16>,
        impairment: Impairment,
    ) -> Result<Self> {
        let rtp = UdpSocket::bind(local(port))?;
        let rtcp = UdpSocket::bind(local(port + 1))?;
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        let targets = targets.to_vec();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut tally = Tally::default();
            let mut random = Random(0x9e37_79b9_7f4a_7c15);
            let mut flying: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
            let mut buffer = [0; 8192];
            while !stopped.load(Ordering::Relaxed) {
                // A socket's own timeout is too coarse.
                thread::sleep(Duration::from_micros(300));
                while let Some((len, from)) = received(rtp.recv_from(&mut buffer))? {
                    if home.is_some_and(|home| from.port() != home) {
                        continue;
                    }
                    let chance = random.next() % 1000;
                    let odd = ((tally.passed + tally.lost) % 2) as f64;
                    let part = 0.85 * odd + 0.15 * (random.next() % 1000) as f64 / 1000.0;
                    let delay = impairment.delay.mul_f64(part);
                    if chance < impairment.loss && tally.passed >= 10 {
                        tally.lost += 1;
                    } else {
                        let last = flying.back().map_or(Instant::now(), |(at, _)| *at);
                        let at = last.max(Instant::now() + delay);
                        flying.push_back((at, buffer[..len].to_vec()));
                        tally.passed += 1;
                    }
                }
                while flying.front().is_some_and(|(at, _)| *at <= Instant::now()) {
                    let Some((_, datagram)) = flying.pop_front() else {
                        break;
                    };
                    for target in &targets {
                        rtp.send_to(&datagram, local(*target))?;
                    }
                    if let Ok(packet) = RtpPacket::parse(&datagram) {
                        tally
                            .departures
                            .push((Instant::now(), packet.timestamp().0));
                    }
                }
                while let Some((len, from)) = received(rtcp.recv_from(&mut buffer))? {
                    let datagram = buffer.get(..len).unwrap_or_default();
                    match home
                        .map(|home| home + 1)
                        .filter(|home| *home != from.port())
                    {
                        Some(home) => {
                            rtcp.send_to(datagram, local(home))?;
                        }
                        None => {
                            for target in &targets {
                                rtcp.send_to(datagram, local(target + 1))?;
                            }
                        }
                    }
                }
            }
            Ok(tally)
        });
        Ok(Self { stop, thread })
    }

    pub(super) fn finish(self) -> Result<Tally> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(tally) => tally,
            Err(_) => bail!("the relay panicked"),
        }
    }
}

/// What a party sends.
pub(super) struct Media {
    pub(super) payload_type: u8,
    /// How long to wait before the first packet.
    pub(super) delay: Duration,
    /// Time from one packet to the next, in reality and by the media clock.
    pub(super) period: Duration,
    pub(super) units: u32,
    pub(super) payload: Vec<u8>,
}

/// What a receiver knew of a source.
#[derive(Clone, Copy)]
pub(super) struct Knowledge {
    pub(super) expected: u64,
    pub(super) lost: i32,
    pub(super) jitter: f64,
}

/// A session of ours with its sockets.
pub(super) struct Party {
    session: Session,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    /// The port for RTP to send to; RTCP goes to the one above.
    remote: u16,
    media: Option<Media>,
    /// What was known of a source once its highest number was this.
    pub(super) history: HashMap<(u32, u16), Knowledge>,
    /// What others have said of our stream.
    pub(super) views: Vec<(u32, ReceptionView)>,
    /// Packets that others have said they had sent, and what we knew of them then.
    pub(super) claims: Vec<(u32, Knowledge)>,
    /// What we have said of others.
    pub(super) said: Vec<ReportBlock>,
    /// Packets sent.
    pub(super) sent: u64,
}

impl Party {
    /// A party at this port and the one above, with a payload type and its clock rate.
    pub(super) fn new(
        name: &str,
        port: u16,
        remote: u16,
        (payload_type, clock_rate): (u8, u32),
        media: Option<Media>,
    ) -> Result<Self> {
        let rtp = UdpSocket::bind(local(port))?;
        let rtcp = UdpSocket::bind(local(port + 1))?;
        rtcp.set_nonblocking(true)?;
        // Nobody guesses here, and every run is to be like the one before.
        let mut seed = [7; 32];
        for (octet, letter) in seed.iter_mut().zip(name.bytes()) {
            *octet ^= letter;
        }
        let mut config = SessionConfig::new(seed, format!("{name}@interop.test"))
            .payload_type(payload_type, clock_rate);
        config.session_bandwidth = 1_500_000;
        config.minimum_interval = MinimumInterval::Reduced;
        let wall_clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let wall_clock = NtpTimestamp::from_unix(wall_clock);
        Ok(Self {
            session: Session::new(Instant::now(), wall_clock, config),
            rtp,
            rtcp,
            remote,
            media,
            history: HashMap::new(),
            views: Vec::new(),
            claims: Vec::new(),
            said: Vec::new(),
            sent: 0,
        })
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.session.ssrc()
    }

    /// Takes part until then, and goes on for a moment without sending, so that nothing is left
    /// on the way.
    pub(super) fn run_for(&mut self, time: Duration) -> Result<()> {
        let start = Instant::now();
        self.run_until(start, start + time)?;
        self.media = None;
        self.run_until(start, start + time + Duration::from_millis(300))
    }

    fn run_until(&mut self, start: Instant, end: Instant) -> Result<()> {
        let mut buffer = [0; 8192];
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            let mut wake = end.min(now + Duration::from_millis(2));
            if let Some(media) = &self.media {
                let due = start + media.delay + media.period * self.sent as u32;
                if due <= now {
                    let time = media.units.wrapping_mul(self.sent as u32);
                    let packet =
                        self.session
                            .send_rtp(now, media.payload_type, time, &media.payload)?;
                    self.rtp.send_to(&packet.to_vec()?, local(self.remote))?;
                    self.sent += 1;
                    continue;
                }
                wake = wake.min(due);
            }
            if let Some((len, from)) = receive_within(&self.rtp, &mut buffer, wake - now)? {
                self.take_rtp(from, buffer.get(..len).unwrap_or_default());
            }
            while let Some((len, from)) = received(self.rtcp.recv_from(&mut buffer))? {
                let datagram = buffer.get(..len).unwrap_or_default();
                let compound = RtcpCompound::parse(datagram)
                    .with_context(|| format!("RTCP from a peer: {datagram:02x?}"))?;
                self.session.handle_rtcp(Instant::now(), from, &compound);
            }
            let now = Instant::now();
            if self.session.next_timeout().is_some_and(|next| next <= now) {
                self.session.handle_timeout(now);
            }
            self.poll()?;
        }
    }

    fn take_rtp(&mut self, from: SocketAddr, datagram: &[u8]) {
        let now = Instant::now();
        let Ok(packet) = RtpPacket::parse(datagram) else {
            return;
        };
        if let RtpVerdict::Deliver(_) = self.session.handle_rtp(now, from, &packet)
            && let Some(knowledge) = self.knowledge(packet.ssrc())
        {
            let highest = packet.sequence_number().0;
            self.history.insert((packet.ssrc(), highest), knowledge);
        }
    }

    fn knowledge(&self, ssrc: u32) -> Option<Knowledge> {
        let statistics = self.session.source(ssrc)?.statistics()?;
        Some(Knowledge {
            expected: statistics.sequence().expected(),
            lost: statistics.sequence().cumulative_lost(),
            jitter: f64::from(statistics.jitter().units()),
        })
    }

    fn poll(&mut self) -> Result<()> {
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::TransmitRtcp(datagram) => {
                    self.rtcp.send_to(&datagram, local(self.remote + 1))?;
                    for packet in RtcpCompound::parse(&datagram)?.packets() {
                        match packet? {
                            RtcpPacket::SenderReport(report) => {
                                self.said.extend(report.report_blocks());
                            }
                            RtcpPacket::ReceiverReport(report) => {
                                self.said.extend(report.report_blocks());
                            }
                            _ => {}
                        }
                    }
                }
                SessionOutput::Event(SessionEvent::Reported { ssrc, view }) => {
                    self.views.push((ssrc, view));
                }
                SessionOutput::Event(SessionEvent::SenderReport { ssrc }) => {
                    let source = self.session.source(ssrc);
                    let info = source.and_then(|source| source.sender_report());
                    if let (Some((info, _)), Some(known)) = (info, self.knowledge(ssrc)) {
                        self.claims.push((info.packet_count, known));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What comes to a blocking socket within the time, which is at least a moment.
pub(super) fn receive_within(
    socket: &UdpSocket,
    buffer: &mut [u8],
    time: Duration,
) -> Result<Option<(usize, SocketAddr)>> {
    socket.set_read_timeout(Some(time.max(Duration::from_micros(20))))?;
    received(socket.recv_from(buffer))
}

/// Nothing, where there was nothing or nobody was there for what was sent before.
fn received(result: std::io::Result<(usize, SocketAddr)>) -> Result<Option<(usize, SocketAddr)>> {
    match result {
        Ok(received) => Ok(Some(received)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(error.into()),
        },
    }
}

/// A.8 over what has passed a relay, the mean of what a receiver should find packet by packet, in
/// whole units as reports have it.
pub(super) fn mean_jitter(tally: &Tally, clock_rate: u32) -> f64 {
    let Some(&(epoch, _)) = tally.departures.first() else {
        return 0.0;
    };
    let transit = |&(at, timestamp): &(Instant, u32)| {
        at.duration_since(epoch).as_secs_f64() * f64::from(clock_rate) - f64::from(timestamp)
    };
    let (mut jitter, mut all) = (0.0, Vec::new());
    for (before, after) in tally.departures.iter().zip(tally.departures.iter().skip(1)) {
        let d = (transit(after) - transit(before)).abs();
        // A timestamp that wraps in between is none that counts.
        if d < f64::from(1u32 << 31) {
            jitter += (d - jitter) / 16.0;
        }
        all.push(jitter.floor());
    }
    mean(all.into_iter().skip(FIRST as usize))
}

/// How many packets are too few for a mean.
pub(super) const FIRST: u64 = 60;

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Whether two numbers are within one per cent of each other, or `least` apart.
pub(super) fn agree(what: &str, ours: f64, theirs: f64, least: f64) -> Result<()> {
    let difference = (ours - theirs).abs();
    println!("    {what}: ours {ours:.2}, theirs {theirs:.2}");
    if difference > least.max(0.01 * ours.abs().max(theirs.abs())) {
        bail!("{what}: ours {ours}, theirs {theirs}");
    }
    Ok(())
}
