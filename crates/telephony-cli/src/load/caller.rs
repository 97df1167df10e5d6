//! The side that calls.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};
use rfc3261_sip::user_agent::{CallId, Content, EndCause, Event, Failure, Target, UserAgent};
use telephony_net::{Driver, Happening};
use tokio::time::{MissedTickBehavior, interval};

use super::figures::{Figures, Gathered, MediaFigures};
use super::media::{self, Sockets};
use super::session::{NOWHERE, describe, media_address};

/// How often it is looked whether calls are to begin or to end.
const TICK: Duration = Duration::from_millis(1);

/// How often the live figures are shown.
const SHOWN: Duration = Duration::from_secs(1);

/// Which calls are made.
pub(super) struct Plan {
    pub(super) uri: String,
    /// Calls each second.
    pub(super) rate: f64,
    /// Calls at a time.
    pub(super) limit: usize,
    /// Calls in all.
    pub(super) calls: u64,
    /// How long each stands.
    pub(super) hold: Duration,
    /// How long to wait after the last one has begun.
    pub(super) patience: Duration,
}

struct Caller<'p> {
    plan: &'p Plan,
    target: Target,
    /// Offered where there are no media.
    offer: Content,
    begun: u64,
    established: u64,
    completed: u64,
    failed: BTreeMap<String, u64>,
    /// Calls that are not over, and when they began.
    calls: HashMap<CallId, Instant>,
    /// Calls that stand, in the order in which they are to end.
    standing: VecDeque<(Instant, CallId)>,
    ringing: Gathered,
    answer: Gathered,
    start: Instant,
    /// When the last call was over.
    end: Instant,
}

/// Makes all calls, and waits until they are over.
pub(super) async fn call(
    driver: &mut Driver<UserAgent>,
    plan: &Plan,
    mut sockets: Option<Sockets>,
    local: SocketAddr,
) -> Result<Figures, String> {
    let now = Instant::now();
    let mut caller = Caller {
        plan,
        target: Target::new(plan.uri.as_str()),
        offer: describe(SocketAddr::new(local.ip(), NOWHERE)),
        begun: 0,
        established: 0,
        completed: 0,
        failed: BTreeMap::new(),
        calls: HashMap::new(),
        standing: VecDeque::new(),
        ringing: Gathered::new()?,
        answer: Gathered::new()?,
        start: now,
        end: now,
    };
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut shown = interval(SHOWN);
    let bar = ProgressBar::new_spinner();
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut due = now;
    let mut before = 0;
    let mut deadline = None;
    loop {
        let now = Instant::now();
        // What arrives without end does not keep calls from beginning.
        if now >= due {
            due = now + TICK;
            caller.proceed(now, driver.machine_mut(), &mut sockets)?;
        }
        if caller.begun == plan.calls {
            let deadline = deadline.get_or_insert(now + plan.hold + plan.patience);
            let is_over = caller.calls.is_empty() && driver.machine().counts().calls == 0;
            if is_over || now >= *deadline {
                break;
            }
        }
        tokio::select! {
            biased;
            happening = driver.next() => {
                if let Happening::Event(event) = happening {
                    caller.take(driver.machine_mut(), event, &mut sockets);
                }
            }
            (sockets, received) = media::next(&mut sockets) => match received {
                Some(received) => {
                    sockets.hear(&received);
                }
                None => sockets.speak(),
            },
            _ = tick.tick() => {}
            _ = shown.tick() => {
                bar.set_message(caller.shown(caller.begun - before));
                bar.tick();
                before = caller.begun;
            }
        }
    }
    bar.finish_and_clear();
    Ok(caller.figures(driver, sockets.as_ref()))
}

impl Caller<'_> {
    /// Begins the calls that are due, and ends those that have stood long enough.
    fn proceed(
        &mut self,
        now: Instant,
        agent: &mut UserAgent,
        sockets: &mut Option<Sockets>,
    ) -> Result<(), String> {
        while let Some((until, call)) = self.standing.front().copied() {
            if until > now {
                break;
            }
            self.standing.pop_front();
            let _ = agent.hang_up(now, call);
        }
        let due = now.duration_since(self.start).as_secs_f64() * self.plan.rate;
        let due = (due as u64 + 1).min(self.plan.calls);
        while self.begun < due && self.calls.len() < self.plan.limit {
            let port = match sockets {
                Some(sockets) => Some(sockets.open()?),
                None => None,
            };
            let own = port.map(|(_, address)| describe(address));
            let call = agent.invite(now, &self.target, own.as_ref().unwrap_or(&self.offer));
            let call = call.map_err(|error| format!("{}: {error}", self.plan.uri))?;
            if let (Some(sockets), Some((media, _))) = (sockets.as_mut(), port) {
                sockets.connect(call, media);
            }
            self.begun += 1;
            self.calls.insert(call, now);
        }
        Ok(())
    }

    fn take(&mut self, agent: &mut UserAgent, event: Event, sockets: &mut Option<Sockets>) {
        let now = Instant::now();
        match event {
            Event::Progress { call, .. } => {
                if let Some(begun) = self.calls.get(&call) {
                    self.ringing.add(now.duration_since(*begun));
                }
            }
            Event::Answered { call, response, .. } => {
                if let Some(begun) = self.calls.get(&call) {
                    self.answer.add(now.duration_since(*begun));
                }
                self.established += 1;
                if let Some(sockets) = sockets {
                    sockets.begin(call, media_address(&response));
                }
                match self.plan.hold.is_zero() {
                    true => {
                        let _ = agent.hang_up(now, call);
                    }
                    false => self.standing.push_back((now + self.plan.hold, call)),
                }
            }
            // Another side of a fork: one is enough.
            Event::Forked { call, .. } => {
                let _ = agent.hang_up(now, call);
            }
            Event::Ended { call, cause } => {
                if self.calls.remove(&call).is_none() {
                    return;
                }
                self.end = now;
                if let Some(sockets) = sockets {
                    sockets.end(call);
                }
                match cause {
                    EndCause::HungUp => self.completed += 1,
                    cause => *self.failed.entry(why(&cause)).or_default() += 1,
                }
            }
            Event::Challenged { request, .. } => {
                let _ = agent.give_up(now, request);
            }
            _ => {}
        }
    }

    /// The live figures.
    fn shown(&self, begun: u64) -> String {
        let failed: u64 = self.failed.values().sum();
        format!(
            "{} calls, {begun} in the last second, {} at a time, {failed} failed",
            self.begun,
            self.calls.len()
        )
    }

    fn figures(mut self, driver: &Driver<UserAgent>, sockets: Option<&Sockets>) -> Figures {
        let left = self.calls.len() + driver.machine().counts().calls;
        if left > 0 {
            self.failed.insert("not over in time".into(), left as u64);
        }
        let messages = driver.endpoint().counts();
        let seconds = self.end.duration_since(self.start).as_secs_f64();
        Figures {
            calls: self.begun,
            established: self.established,
            completed: self.completed,
            failed: self.failed,
            seconds,
            calls_per_second: self.completed as f64 / seconds.max(1e-6),
            ringing: self.ringing.delays(),
            answer: self.answer.delays(),
            messages_received: messages.received,
            messages_sent: messages.sent,
            messages_unsent: messages.unsent,
            media: sockets.map(|sockets| MediaFigures {
                sent: sockets.sent,
                received: sockets.received,
            }),
        }
    }
}

/// Why a call has not ended as it should.
fn why(cause: &EndCause) -> String {
    match cause {
        EndCause::Failed(Failure::Refused(response)) => match response.status() {
            Some(status) => format!("refused with {status}"),
            None => "refused".into(),
        },
        EndCause::Failed(Failure::Timeout) => "no answer".into(),
        EndCause::Failed(Failure::Unreachable) => "could not be sent".into(),
        EndCause::HungUpByPeer(_) => "ended by the other side".into(),
        EndCause::Lost => "lost".into(),
        _ => "ended".into(),
    }
}
