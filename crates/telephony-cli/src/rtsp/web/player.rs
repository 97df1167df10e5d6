//! What the page's buttons do, and what it is told: one client at a time, in a task of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rfc2326_rtsp::State;
use serde_json::{Value, json};
use telephony_net::rtsp::{Client, ClientConfig, ClientError, Event, Reception, Reply};
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::rtsp::play::shown_url;

/// How often the page is told figures.
const FIGURES: Duration = Duration::from_millis(250);
/// How much of the dialogue is kept for pages that are opened later.
const LINES: usize = 100;
/// How much a page may be behind.
const NEWS: usize = 256;

/// A button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Whatever is needed to play.
    Start,
    /// Ends everything and forgets it.
    Stop,
    Describe,
    SetUp,
    Play,
    Pause,
    TearDown,
}

impl Action {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "start" => Self::Start,
            "stop" => Self::Stop,
            "describe" => Self::Describe,
            "setup" => Self::SetUp,
            "play" => Self::Play,
            "pause" => Self::Pause,
            "teardown" => Self::TearDown,
            _ => return None,
        })
    }
}

type Order = (Action, oneshot::Sender<Result<(), String>>);

/// The player as the pages see it.
pub(super) struct Player {
    url: String,
    orders: mpsc::Sender<Order>,
    news: broadcast::Sender<Arc<str>>,
    known: Arc<Mutex<Known>>,
    picture: watch::Receiver<Option<Bytes>>,
}

/// What a page is told that is opened now.
#[derive(Default)]
struct Known {
    lines: VecDeque<Arc<str>>,
    description: Option<Arc<str>>,
    figures: Option<Arc<str>>,
}

impl Player {
    pub(super) fn start(url: &str, config: ClientConfig) -> Arc<Self> {
        let (orders, receiver) = mpsc::channel(4);
        let (news, _) = broadcast::channel(NEWS);
        let (shown, picture) = watch::channel(None);
        let known = Arc::new(Mutex::new(Known::default()));
        let driver = Driver {
            url: url.into(),
            config,
            client: None,
            events: None,
            news: news.clone(),
            known: Arc::clone(&known),
            shown,
            before: None,
        };
        tokio::spawn(driver.run(receiver));
        Arc::new(Self {
            url: shown_url(url),
            orders,
            news,
            known,
            picture,
        })
    }

    /// Does what a button says; an error says why not.
    pub(super) async fn act(&self, action: Action) -> Result<(), String> {
        let ended = || "the player has ended".to_owned();
        let (done, result) = oneshot::channel();
        let sent = self.orders.send((action, done)).await;
        sent.map_err(|_| ended())?;
        result.await.map_err(|_| ended())?
    }

    /// What is known, and what will be.
    pub(super) fn subscribe(&self) -> (Vec<Arc<str>>, broadcast::Receiver<Arc<str>>) {
        let known = lock(&self.known);
        let news = self.news.subscribe();
        let hello = json!({ "type": "hello", "url": self.url }).to_string();
        let events = [Arc::from(hello)].into_iter();
        let events = events
            .chain(known.lines.iter().cloned())
            .chain(known.description.clone())
            .chain(known.figures.clone());
        (events.collect(), news)
    }

    /// The picture that was received last.
    pub(super) fn picture(&self) -> watch::Receiver<Option<Bytes>> {
        self.picture.clone()
    }
}

struct Driver {
    url: String,
    config: ClientConfig,
    client: Option<Client>,
    events: Option<Receiver<Event>>,
    news: broadcast::Sender<Arc<str>>,
    known: Arc<Mutex<Known>>,
    shown: watch::Sender<Option<Bytes>>,
    /// What had been received when figures were told last.
    before: Option<(Instant, Reception)>,
}

impl Driver {
    async fn run(mut self, mut orders: Receiver<Order>) {
        let mut figures = interval(FIGURES);
        figures.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some((action, done)) = order else {
                        return;
                    };
                    let result = self.act(action).await;
                    self.drain();
                    if let Err(reason) = &result {
                        self.tell(&json!({ "type": "message", "text": reason }));
                    }
                    self.tell_figures();
                    let _ = done.send(result);
                }
                event = next(self.events.as_mut()) => match event {
                    Some(event) => self.take(event),
                    None => self.disconnect("the connection has ended"),
                },
                _ = figures.tick() => self.tell_figures(),
            }
        }
    }

    async fn act(&mut self, action: Action) -> Result<(), String> {
        if action == Action::Stop {
            self.stop().await;
            return Ok(());
        }
        let client = self.connected().await.map_err(|error| error.to_string())?;
        let reply = match action {
            Action::Start => client.start().await,
            Action::Describe => client.describe().await,
            Action::SetUp => client.set_up().await,
            Action::Play => client.play(None).await,
            Action::Pause => client.pause().await,
            Action::TearDown => client.tear_down().await,
            Action::Stop => return Ok(()),
        };
        let reply = reply.map_err(|error| error.to_string())?;
        if action == Action::Describe {
            self.tell_description(&reply);
        }
        Ok(())
    }

    /// The client, connected if it is not.
    async fn connected(&mut self) -> Result<Client, ClientError> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let (client, events) = Client::connect(&self.url, self.config.clone()).await?;
        self.client = Some(client.clone());
        self.events = Some(events);
        self.before = None;
        Ok(client)
    }

    /// Ends the session, lets go of the connection, and forgets what was.
    async fn stop(&mut self) {
        if let Some(client) = &self.client
            && client.reception().state != State::Init
        {
            let _ = client.tear_down().await;
        }
        (self.client, self.events, self.before) = (None, None, None);
        *lock(&self.known) = Known::default();
        self.shown.send_replace(None);
        self.tell(&json!({ "type": "reset" }));
    }

    fn disconnect(&mut self, reason: &str) {
        (self.client, self.events) = (None, None);
        self.tell(&json!({ "type": "message", "text": reason }));
        self.tell(&json!({ "type": "state", "state": "Init" }));
    }

    /// Takes what has come while a request was answered.
    fn drain(&mut self) {
        while let Some(event) = self
            .events
            .as_mut()
            .and_then(|events| events.try_recv().ok())
        {
            self.take(event);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Frame(frame) => {
                self.shown.send_replace(Some(frame.jpeg));
            }
            Event::Line(line) => {
                let event = json!({ "type": "line", "sent": line.is_sent, "text": line.text });
                let event = self.tell(&event);
                let mut known = lock(&self.known);
                if known.lines.len() >= LINES {
                    known.lines.pop_front();
                }
                known.lines.push_back(event);
            }
            Event::Finished => {
                self.tell(&json!({ "type": "message", "text": "the stream has ended" }));
            }
            Event::Redirected(location) => {
                let text = format!("the server says to go to {}", location.unwrap_or_default());
                self.tell(&json!({ "type": "message", "text": text }));
            }
            _ => {}
        }
    }

    fn tell_description(&self, reply: &Reply) {
        let text = String::from_utf8_lossy(reply.message.view().body()).into_owned();
        let event = self.tell(&json!({ "type": "description", "text": text }));
        lock(&self.known).description = Some(event);
    }

    /// Tells what is received: over all, and since it was told last.
    fn tell_figures(&mut self) {
        let Some(client) = &self.client else {
            return;
        };
        let (now, reception) = (Instant::now(), client.reception());
        let (at, before) = self.before.unwrap_or((now, Reception::default()));
        // Another session counts from the beginning.
        let before = if reception.expected < before.expected {
            Reception::default()
        } else {
            before
        };
        let expected = reception.expected.saturating_sub(before.expected);
        let received = reception.received.saturating_sub(before.received);
        let seconds = now.saturating_duration_since(at).as_secs_f64();
        let loss_now = expected.saturating_sub(received) as f64 / expected.max(1) as f64;
        let octets = reception.octets.saturating_sub(before.octets);
        let rate = if seconds > 0.0 {
            octets as f64 / seconds
        } else {
            0.0
        };
        self.before = Some((now, reception));
        let event = self.tell(&json!({
            "type": "figures",
            "state": format!("{:?}", reception.state),
            "frames": reception.frames,
            "broken": reception.broken,
            "expected": reception.expected,
            "received": reception.received,
            "loss": reception.loss(),
            "loss_now": loss_now,
            "rate": rate,
            "jitter": reception.jitter.as_secs_f64() * 1e3,
        }));
        lock(&self.known).figures = Some(event);
    }

    fn tell(&self, event: &Value) -> Arc<str> {
        let event: Arc<str> = event.to_string().into();
        // Nobody may be looking.
        let _ = self.news.send(Arc::clone(&event));
        event
    }
}

async fn next(events: Option<&mut Receiver<Event>>) -> Option<Event> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    // Nothing is left half done in there.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
