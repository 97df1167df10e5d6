//! A telephone: an agent with its sockets, and what it plays and records.

mod line;
mod machine;
mod options;
mod report;
mod setup;
mod sound;
mod stun;
mod teller;

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rfc3261_sip::transport::Flow;
use rfc3261_sip::user_agent::CallState;
use telephony_agent::media::{Channel, MediaEvent};
use telephony_agent::{Agent, CallId, Event, MediaAddress};
use telephony_net::media::{Component, Media, MediaId, Received};
use telephony_net::{Driver, Happening, Pcap, Resolver, sip};
use tokio::time::{Interval, MissedTickBehavior, interval};

pub(crate) use line::{Line, LineConfig};
pub(crate) use options::{Options, Problem, address_of_record, random, seconds};
pub(crate) use report::{MediaReport, millis};
pub(crate) use setup::Setup;
pub(crate) use sound::{SoundOptions, numbered};
pub(crate) use teller::{Notice, Teller};

use crate::signal;
use machine::{Machine, Told};

/// How much sound a packet has.
const FRAME: Duration = Duration::from_millis(20);

/// How long calls and registrations may take to end when the telephone is put away.
const ENDING: Duration = Duration::from_secs(3);

/// What has happened while one waited.
pub(crate) enum Happened {
    Event(Box<Event>),
    /// Somebody wants it to end.
    End,
    /// Nothing, for as long as was given.
    Nothing,
}

/// The wish of a person or of the system that it ends, until it was told.
pub(crate) struct End(Option<Pin<Box<dyn Future<Output = ()>>>>);

impl End {
    pub(crate) fn new() -> Result<Self, Problem> {
        let end = signal::interrupted().map_err(Problem::Failure)?;
        Ok(Self(Some(Box::pin(end))))
    }

    /// Waits for it. It is told once.
    async fn wait(&mut self) {
        match &mut self.0 {
            Some(end) => end.await,
            None => pending().await,
        }
        self.0 = None;
    }
}

/// Runs a telephone to its end, and gives what to exit with.
pub(crate) fn run(telephone: impl Future<Output = Result<bool, Problem>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(telephone),
        Err(error) => Err(Problem::Failure(error.to_string())),
    };
    match done {
        Ok(is_good) => ExitCode::from(u8::from(!is_good)),
        Err(problem) => problem.report(),
    }
}

/// An agent, its sockets, and a line for each of its calls.
pub(crate) struct Phone {
    driver: Driver<Machine>,
    media: Media,
    stun: Option<SocketAddr>,
    ports: HashMap<CallId, MediaId>,
    calls: HashMap<MediaId, CallId>,
    lines: HashMap<CallId, Line>,
    clock: Interval,
    capture: Option<Arc<Pcap>>,
}

impl Phone {
    /// Puts an agent to its sockets. Media addresses are asked of this STUN server, if any.
    pub(crate) fn new(
        agent: Agent,
        endpoint: sip::Endpoint,
        media: Media,
        resolver: Option<Resolver>,
        stun: Option<SocketAddr>,
    ) -> Self {
        let driver = Driver::new(Machine(agent), endpoint);
        let driver = match resolver {
            Some(resolver) => driver.resolver(resolver),
            None => driver,
        };
        let mut clock = interval(FRAME);
        // After a stall all frames are sent that should have been.
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Self {
            driver,
            media,
            stun,
            ports: HashMap::new(),
            calls: HashMap::new(),
            lines: HashMap::new(),
            clock,
            capture: None,
        }
    }

    /// The agent.
    pub(crate) fn agent(&self) -> &Agent {
        &self.driver.machine().0
    }

    /// The agent, to command it.
    pub(crate) fn agent_mut(&mut self) -> &mut Agent {
        &mut self.driver.machine_mut().0
    }

    /// The line of a call.
    pub(crate) fn line(&self, call: CallId) -> Option<&Line> {
        self.lines.get(&call)
    }

    /// Calls a URI.
    pub(crate) async fn call(&mut self, uri: &str, config: &LineConfig) -> Result<CallId, Problem> {
        let (media, address) = self.open().await?;
        let called = self.agent_mut().call(Instant::now(), uri, address);
        let call = match called {
            Ok(call) => call,
            Err(error) => {
                self.media.close(media);
                return Err(Problem::Usage(format!("{uri}: {error}")));
            }
        };
        self.connect(call, media, config)?;
        Ok(call)
    }

    /// Answers a call.
    pub(crate) async fn answer(
        &mut self,
        call: CallId,
        config: &LineConfig,
    ) -> Result<(), Problem> {
        let (media, address) = self.open().await?;
        self.connect(call, media, config)?;
        let answered = self.agent_mut().answer(Instant::now(), call, address);
        answered.map_err(|error| Problem::Failure(error.to_string()))
    }

    /// What happens next that is not only sound.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let has_lines = !self.lines.is_empty();
            let tick = async {
                match has_lines {
                    true => self.clock.tick().await,
                    false => pending().await,
                }
            };
            tokio::select! {
                happening = self.driver.next() => match happening {
                    Happening::Event(Told::Media { call, channel, to, datagram }) => {
                        self.send(call, channel, to, &datagram);
                    }
                    Happening::Event(Told::Event(event)) => {
                        if let Some(event) = self.look_at(event) {
                            return event;
                        }
                    }
                    _ => {}
                },
                received = self.media.next() => self.receive(received),
                _ = tick => self.tick(),
            }
        }
    }

    /// Ends what there is, waits for that, and closes the sockets. False if it took too long.
    pub(crate) async fn put_away(mut self) -> bool {
        let now = Instant::now();
        for call in self.agent().calls().collect::<Vec<_>>() {
            let _ = self.agent_mut().hang_up(now, call);
        }
        let registered = self.agent_mut().unregister(now).is_ok();
        let ended = tokio::time::timeout(ENDING, async {
            let mut registered = registered;
            while registered || self.agent().calls().next().is_some() {
                if let Event::Unregistered | Event::RegistrationFailed { .. } = self.next().await {
                    registered = false;
                }
            }
            // The BYE may still be on its way.
            while self.agent().counts().calls > 0 {
                tokio::select! {
                    _ = self.next() => {}
                    () = tokio::time::sleep(Duration::from_millis(5)) => {}
                }
            }
        })
        .await
        .is_ok();
        self.driver.shut_down(ENDING).await;
        let written = self.capture.map(|capture| capture.flush());
        if let Some(Err(error)) = written {
            eprintln!("telephony: the capture is not whole: {error}");
            return false;
        }
        ended
    }

    /// Opens ports for a call and finds out their address.
    async fn open(&mut self) -> Result<(MediaId, MediaAddress), Problem> {
        let failure = |error: io::Error| Problem::Failure(format!("media ports: {error}"));
        let media = self.media.open_pair().map_err(failure)?;
        let address = match self.stun {
            Some(server) => stun::media_address(&mut self.media, media, server).await,
            None => self
                .media
                .addresses(media)
                .map(|(rtp, _)| MediaAddress::new(rtp))
                .ok_or_else(|| Problem::Failure("media ports are closed".to_string())),
        };
        match address {
            Ok(address) => Ok((media, address)),
            Err(problem) => {
                self.media.close(media);
                Err(problem)
            }
        }
    }

    fn connect(
        &mut self,
        call: CallId,
        media: MediaId,
        config: &LineConfig,
    ) -> Result<(), Problem> {
        if self.lines.is_empty() {
            self.clock.reset();
        }
        self.ports.insert(call, media);
        self.calls.insert(media, call);
        let line = Line::new(config).map_err(Problem::Failure)?;
        self.lines.insert(call, line);
        Ok(())
    }

    fn disconnect(&mut self, call: CallId) {
        if let Some(media) = self.ports.remove(&call) {
            self.calls.remove(&media);
            self.media.close(media);
        }
    }

    fn send(&mut self, call: CallId, channel: Channel, to: SocketAddr, datagram: &[u8]) {
        let component = match channel {
            Channel::Rtp => Component::Rtp,
            Channel::Rtcp => Component::Rtcp,
        };
        if let Some(media) = self.ports.get(&call) {
            self.media.send(*media, component, to, datagram);
        }
    }

    fn receive(&mut self, received: Received) {
        let channel = match received.component {
            Component::Rtp => Channel::Rtp,
            Component::Rtcp => Channel::Rtcp,
        };
        let (source, at) = (received.source, received.at);
        if let Some(call) = self.calls.get(&received.media).copied() {
            let mut bytes = received.bytes.to_vec();
            let agent = &mut self.driver.machine_mut().0;
            agent.handle_datagram(at, call, channel, source, &mut bytes);
        }
    }

    /// Takes sound to its line; what else happens is for the caller.
    fn look_at(&mut self, event: Event) -> Option<Event> {
        match &event {
            Event::Media { call, event: told } => {
                let agent = &mut self.driver.machine_mut().0;
                let line = self.lines.get_mut(call)?;
                match told {
                    MediaEvent::Frame(frame) => {
                        let format = agent.media(*call)?.format(frame.payload_type)?.clone();
                        if let Some((duration, payload)) = line.hear(&format, frame) {
                            agent.send_frame(Instant::now(), *call, duration, &payload);
                        }
                        return None;
                    }
                    MediaEvent::Missing { .. } => return None,
                    _ => {}
                }
            }
            Event::MediaChanged { call } => {
                let codec = self
                    .agent()
                    .media(*call)
                    .and_then(|media| media.codec())
                    .cloned();
                if let (Some(line), Some(codec)) = (self.lines.get_mut(call), codec) {
                    line.speak_with(&codec);
                }
            }
            Event::Ended { call, .. } => self.disconnect(*call),
            _ => {}
        }
        Some(event)
    }

    /// Sends the next frame of each call.
    fn tick(&mut self) {
        let now = Instant::now();
        let agent = &mut self.driver.machine_mut().0;
        for (call, line) in &mut self.lines {
            let stands = matches!(
                agent.state(*call),
                CallState::Established | CallState::Accepted
            );
            let Some(media) = agent.media(*call).filter(|_| stands) else {
                continue;
            };
            let frame = match media.is_sending_digits() {
                true => line.pause(),
                false => line.speak(),
            };
            if let Some((duration, payload)) = frame {
                agent.send_frame(now, *call, duration, &payload);
            }
        }
    }

    /// Forgets the line of a call that is over, and gives it back with its recording closed.
    pub(crate) fn take_line(&mut self, call: CallId) -> Option<Line> {
        self.lines.remove(&call)
    }

    /// Waits for what happens, a wish to end, or a while.
    pub(crate) async fn wait(&mut self, end: &mut End, limit: Duration) -> Happened {
        tokio::select! {
            event = self.next() => Happened::Event(Box::new(event)),
            () = end.wait() => Happened::End,
            () = tokio::time::sleep(limit) => Happened::Nothing,
        }
    }

    /// Asks a STUN server for the address of the socket that SIP over UDP is sent from.
    pub(crate) async fn public_address(
        &mut self,
        server: SocketAddr,
    ) -> Result<SocketAddr, Problem> {
        stun::signalling_address(&mut self.driver, server).await
    }

    /// Where SIP is listened for.
    pub(crate) fn listening(&self) -> &[sip::Listen] {
        self.driver.endpoint().listening()
    }
}

/// Where a datagram of this transaction-less kind goes.
fn datagram_to(remote: SocketAddr) -> Flow {
    Flow::new(rfc3261_sip::transport::Transport::Udp, remote)
}
