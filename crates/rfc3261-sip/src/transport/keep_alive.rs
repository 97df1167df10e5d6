//! Keeping a flow alive, and finding out that it is not (RFC 5626 §4.4).

use core::time::Duration;
use std::time::Instant;

use super::Transport;

/// Keeps one flow alive: pings it now and then, and expects an answer.
///
/// Over a connection a ping is [`PING`](Self::PING) and its answer the single line break that
/// [`Frame`](crate::Frame) shows. Over UDP it is a STUN Binding request with its own repeats
/// (RFC 5626 §8); tell its outcome by [`handle_pong`](Self::handle_pong), or treat the flow as
/// failed.
///
/// After each call, [`poll_output`](Self::poll_output) until it returns `None`.
#[derive(Debug, Clone)]
pub struct KeepAlive {
    reliable: bool,
    longest: Duration,
    /// What the next interval follows from.
    random: u32,
    ping_at: Option<Instant>,
    pong_by: Option<Instant>,
    output: Option<KeepAliveOutput>,
}

/// What comes out of a [`KeepAlive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeepAliveOutput {
    /// Ping the peer.
    Ping,
    /// The peer has not answered: the flow has failed, and this is over.
    Failed,
}

impl KeepAlive {
    /// A ping over a connection.
    pub const PING: &'static [u8] = b"\r\n\r\n";
    /// The answer to a ping over a connection.
    pub const PONG: &'static [u8] = b"\r\n";

    /// How long an answer over a connection may take.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Begins to keep a flow alive. `flow_timer` is the value of Flow-Timer in the response to
    /// the registration, if there is one; else there are at most 120 s between two pings over a
    /// connection, and 29 s over UDP. Each interval is shorter by up to 20 % (17 % for UDP's), by
    /// numbers that follow from `random`, so that the clients of a server spread.
    #[must_use]
    pub fn new(
        now: Instant,
        transport: Transport,
        flow_timer: Option<Duration>,
        random: u32,
    ) -> Self {
        let reliable = transport.is_reliable();
        let usual = Duration::from_secs(if reliable { 120 } else { 29 });
        let mut this = Self {
            reliable,
            longest: flow_timer.unwrap_or(usual),
            random,
            ping_at: None,
            pong_by: None,
            output: None,
        };
        this.schedule(now);
        this
    }

    /// The peer has answered.
    pub fn handle_pong(&mut self) {
        self.pong_by = None;
    }

    /// Time has come to `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.pong_by.is_some_and(|by| by <= now) {
            (self.ping_at, self.pong_by) = (None, None);
            self.output = Some(KeepAliveOutput::Failed);
        } else if self.ping_at.is_some_and(|at| at <= now) {
            self.output = Some(KeepAliveOutput::Ping);
            if self.reliable {
                self.pong_by = self.pong_by.or(now.checked_add(Self::PATIENCE));
            }
            self.schedule(now);
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<KeepAliveOutput> {
        self.output.take()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next; `None` once the flow
    /// has failed.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.ping_at.into_iter().chain(self.pong_by).min()
    }

    fn schedule(&mut self, now: Instant) {
        // A linear congruence: this spreads load and keeps no secret.
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        let shorter = match self.reliable {
            true => self.longest / 5,
            false => self.longest * 5 / 29,
        };
        let interval = self.longest - shorter.mul_f64(f64::from(self.random) / f64::from(u32::MAX));
        self.ping_at = now.checked_add(interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The intervals between the first pings, all of them answered.
    fn intervals(transport: Transport, flow_timer: Option<u64>) -> alloc::vec::Vec<f64> {
        let mut now = Instant::now();
        let flow_timer = flow_timer.map(Duration::from_secs);
        let mut keep_alive = KeepAlive::new(now, transport, flow_timer, 7);
        let ping = |_| {
            let next = keep_alive.next_timeout().unwrap();
            let interval = (next - now).as_secs_f64();
            now = next;
            keep_alive.handle_timeout(now);
            assert_eq!(keep_alive.poll_output(), Some(KeepAliveOutput::Ping));
            assert_eq!(keep_alive.poll_output(), None);
            keep_alive.handle_pong();
            interval
        };
        (0..100).map(ping).collect()
    }

    #[test]
    fn intervals_are_spread_below_the_longest() {
        for (transport, flow_timer, range) in [
            (Transport::Tcp, None, 96.0..=120.0),
            (Transport::Udp, None, 24.0..=29.0),
            (Transport::Tls, Some(60), 48.0..=60.0),
        ] {
            let found = intervals(transport, flow_timer);
            assert!(
                found.iter().all(|interval| range.contains(interval)),
                "{found:?}"
            );
            let width = range.end() - range.start();
            let least = found.iter().copied().fold(f64::MAX, f64::min);
            assert!(least < range.start() + width / 10.0, "{least}");
        }
    }

    #[test]
    fn no_pong_within_10_seconds_is_a_failure() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(start, Transport::Tcp, None, 7);
        let ping = keep_alive.next_timeout().unwrap();
        keep_alive.handle_timeout(ping);
        assert_eq!(keep_alive.poll_output(), Some(KeepAliveOutput::Ping));
        let patience = ping + Duration::from_secs(10);
        assert_eq!(keep_alive.next_timeout(), Some(patience));
        keep_alive.handle_timeout(patience);
        assert_eq!(keep_alive.poll_output(), Some(KeepAliveOutput::Failed));
        assert_eq!(keep_alive.next_timeout(), None);
    }

    #[test]
    fn a_flow_timer_below_the_patience_does_not_put_off_the_failure() {
        let mut now = Instant::now();
        let flow_timer = Some(Duration::from_secs(1));
        let mut keep_alive = KeepAlive::new(now, Transport::Tcp, flow_timer, 7);
        let mut pings = 0;
        while let Some(next) = keep_alive.next_timeout() {
            now = next;
            keep_alive.handle_timeout(now);
            pings += u32::from(keep_alive.poll_output() == Some(KeepAliveOutput::Ping));
        }
        assert!((10..=14).contains(&pings), "{pings}");
    }

    #[test]
    fn the_framer_knows_both() {
        use crate::{FrameLength, Framer, StreamRole};
        let ping = Framer::new().measure(KeepAlive::PING);
        assert_eq!(ping, Ok(Some(FrameLength::Ping(4))));
        let pong = Framer::new()
            .role(StreamRole::Client)
            .measure(KeepAlive::PONG);
        assert_eq!(pong, Ok(Some(FrameLength::Pong(2))));
    }
}
