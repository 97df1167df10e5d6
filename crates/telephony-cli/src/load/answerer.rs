//! The side that answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use rfc3261_sip::StatusCode;
use rfc3261_sip::user_agent::{CallId, Content, EndCause, Event, UserAgent};
use telephony_net::{Driver, Happening};

use super::figures::{Figures, MediaFigures};
use super::media::{self, Sockets};
use super::session::{NOWHERE, describe};
use crate::signal::interrupted;

#[derive(Default)]
struct Answerer {
    calls: u64,
    established: u64,
    completed: u64,
    failed: BTreeMap<String, u64>,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// Answers every call until it is interrupted.
pub(super) async fn answer(
    driver: &mut Driver<UserAgent>,
    mut sockets: Option<Sockets>,
    local: SocketAddr,
) -> Result<Figures, String> {
    let mut end = std::pin::pin!(interrupted()?);
    let answer = describe(SocketAddr::new(local.ip(), NOWHERE));
    let mut answerer = Answerer::default();
    loop {
        tokio::select! {
            happening = driver.next() => {
                if let Happening::Event(event) = happening {
                    answerer.take(driver.machine_mut(), event, &answer, &mut sockets);
                }
            }
            (sockets, received) = media::next(&mut sockets) => {
                if let Some(received) = received.filter(|received| sockets.hear(received)) {
                    sockets.echo(&received);
                }
            }
            () = &mut end => break,
        }
    }
    Ok(answerer.figures(driver, sockets.as_ref()))
}

impl Answerer {
    fn take(
        &mut self,
        agent: &mut UserAgent,
        event: Event,
        answer: &Content,
        sockets: &mut Option<Sockets>,
    ) {
        match event {
            Event::Incoming { call, .. } => {
                let now = Instant::now();
                self.calls += 1;
                self.first.get_or_insert(now);
                // A call that is cancelled meanwhile tells so itself.
                let _ = agent.ring(now, call, &Content::new());
                let _ = match sockets {
                    None => agent.answer(now, call, answer),
                    Some(sockets) => answer_with_media(agent, now, call, sockets),
                };
            }
            Event::Established { .. } => self.established += 1,
            Event::Ended { call, cause } => {
                self.last = Some(Instant::now());
                if let Some(sockets) = sockets {
                    sockets.end(call);
                }
                let why = match cause {
                    EndCause::HungUpByPeer(_) => {
                        self.completed += 1;
                        return;
                    }
                    EndCause::NotAcknowledged => "not acknowledged",
                    EndCause::Cancelled(_) => "cancelled",
                    _ => "ended",
                };
                *self.failed.entry(why.into()).or_default() += 1;
            }
            Event::Modify { incoming, .. } => {
                let _ = agent.respond(Instant::now(), incoming, StatusCode::OK, answer);
            }
            Event::Request { incoming, .. } => {
                let status = StatusCode::NOT_IMPLEMENTED;
                let _ = agent.respond(Instant::now(), incoming, status, &Content::new());
            }
            _ => {}
        }
    }

    fn figures(self, driver: &Driver<UserAgent>, sockets: Option<&Sockets>) -> Figures {
        let messages = driver.endpoint().counts();
        let seconds = match (self.first, self.last) {
            (Some(first), Some(last)) => last.duration_since(first).as_secs_f64(),
            _ => 0.0,
        };
        Figures {
            calls: self.calls,
            established: self.established,
            completed: self.completed,
            failed: self.failed,
            seconds,
            calls_per_second: self.completed as f64 / seconds.max(1e-6),
            ringing: None,
            answer: None,
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

/// Answers with a port for media, or not at all.
fn answer_with_media(
    agent: &mut UserAgent,
    now: Instant,
    call: CallId,
    sockets: &mut Sockets,
) -> Result<(), rfc3261_sip::user_agent::CommandError> {
    match sockets.open() {
        Ok((media, address)) => {
            sockets.connect(call, media);
            agent.answer(now, call, &describe(address))
        }
        Err(_) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            agent.reject(now, call, status, &Content::new())
        }
    }
}
