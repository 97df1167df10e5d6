//! Telling a person or a program what happens.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use serde::Serialize;
use telephony_agent::media::{MediaEvent, MediaSession, MediaStatistics};
use telephony_agent::{CallId, Event};

use super::{MediaReport, Phone, millis};
use crate::terminal::Safe;

/// Prints what happens, and how it goes on a line of its own if somebody looks.
pub(crate) struct Teller {
    json: bool,
    /// Whether there is a line of figures on the terminal.
    status: bool,
    is_watched: bool,
}

/// Something that has happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Notice {
    /// It waits for calls.
    Listening { at: String },
    /// The registrar knows where it is.
    Registered { expires_s: u64 },
    /// It does not any more.
    Unregistered,
    /// It does not want to.
    RegistrationFailed { reason: String },
    /// Somebody calls.
    Incoming { call: String, from: String },
    /// The call is on its way.
    Progress { call: String, status: u16 },
    /// The call stands.
    Established {
        call: String,
        codec: String,
        encrypted: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        set_up_ms: Option<f64>,
    },
    /// The peer has pressed a key.
    Digit {
        call: String,
        digit: String,
        duration_ms: f64,
    },
    /// The call is over.
    Ended {
        call: String,
        reason: String,
        regular: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        media: Option<Box<MediaReport>>,
    },
}

impl Teller {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            status: false,
            is_watched: !json && io::stderr().is_terminal(),
        }
    }

    /// Prints what has happened.
    pub(crate) fn tell(&mut self, notice: &Notice) {
        self.clear();
        let line = match self.json {
            true => serde_json::to_string(notice).unwrap_or_default(),
            false => notice.to_string(),
        };
        // Whoever read it may be gone; the call goes on.
        let _ = writeln!(io::stdout(), "{line}");
        let _ = io::stdout().flush();
    }

    /// Prints what the agent tells, if it is of interest.
    pub(crate) fn tell_event(&mut self, phone: &Phone, event: &Event, set_up: Option<Duration>) {
        let notice = match event {
            Event::Registered { expires } => Notice::Registered {
                expires_s: expires.as_secs(),
            },
            Event::Unregistered => Notice::Unregistered,
            Event::RegistrationFailed { reason } => Notice::RegistrationFailed {
                reason: reason.to_string(),
            },
            Event::Incoming { call, request, .. } => Notice::Incoming {
                call: name(*call),
                from: request
                    .from()
                    .map_or(String::new(), |from| from.uri().as_str().to_string()),
            },
            Event::Progress { call, status } => Notice::Progress {
                call: name(*call),
                status: status.get(),
            },
            Event::Established { call } => {
                let media = phone.agent().media(*call);
                Notice::Established {
                    call: name(*call),
                    codec: media.map_or(String::new(), codec),
                    encrypted: media.is_some_and(MediaSession::is_encrypted),
                    set_up_ms: set_up.map(millis),
                }
            }
            Event::Media {
                call,
                event: MediaEvent::DigitEnded { event, duration },
            } => Notice::Digit {
                call: name(*call),
                digit: event.digit().map_or(event.to_string(), String::from),
                duration_ms: millis(*duration),
            },
            Event::Ended {
                call,
                reason,
                statistics,
            } => Notice::Ended {
                call: name(*call),
                reason: reason.to_string(),
                regular: reason.is_regular(),
                media: statistics.map(|statistics| Box::new(statistics.into())),
            },
            _ => return,
        };
        self.tell(&notice);
    }

    /// Shows how a call goes, in place of how it went a moment ago.
    pub(crate) fn show(&mut self, since: Duration, media: &MediaStatistics) {
        if !self.is_watched {
            return;
        }
        let seconds = since.as_secs();
        let peer = media.report.map_or(String::new(), |report| {
            let trip = report.round_trip_time.map_or(String::new(), |trip| {
                format!(", round trip {} ms", millis(trip))
            });
            format!("; there {} lost{trip}", report.lost)
        });
        let _ = write!(
            io::stderr(),
            "\r{:02}:{:02}  {} sent, {} received, {} lost, jitter {} ms{peer}\x1b[K",
            seconds / 60,
            seconds % 60,
            media.sent,
            media.received,
            media.lost,
            millis(media.jitter),
        );
        self.status = true;
    }

    fn clear(&mut self) {
        if self.status {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.status = false;
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { at } => write!(f, "listening    {at}"),
            Self::Registered { expires_s } => write!(f, "registered   for {expires_s} s"),
            Self::Unregistered => f.write_str("unregistered"),
            Self::RegistrationFailed { reason } => {
                write!(f, "not registered: {}", Safe(reason))
            }
            Self::Incoming { call, from } => write!(f, "incoming     {call} from {}", Safe(from)),
            Self::Progress { call, status } => write!(f, "progress     {call}: {status}"),
            Self::Established {
                call,
                codec,
                encrypted,
                set_up_ms,
            } => {
                let secured = if *encrypted {
                    "encrypted"
                } else {
                    "in the clear"
                };
                write!(f, "established  {call}: {}, {secured}", Safe(codec))?;
                match set_up_ms {
                    Some(ms) => write!(f, ", after {ms} ms"),
                    None => Ok(()),
                }
            }
            Self::Digit {
                call,
                digit,
                duration_ms,
            } => write!(f, "digit        {call}: {digit} for {duration_ms} ms"),
            Self::Ended {
                call,
                reason,
                media,
                ..
            } => {
                write!(f, "ended        {call}: {}", Safe(reason))?;
                match media {
                    Some(media) => write!(f, "\n{media}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// How a call is called.
fn name(call: CallId) -> String {
    format!("call {}", call.number())
}

/// The codec that media are sent with.
fn codec(media: &MediaSession) -> String {
    let codec = media.codec();
    codec.map_or(String::new(), |codec| {
        format!("{}/{}", codec.encoding_name, codec.clock_rate)
    })
}
