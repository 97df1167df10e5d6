//! `telephony call`: calls somebody.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use telephony_agent::{CallId, Event};

use crate::phone::{self, End, Happened, Options, Phone, Problem, SoundOptions, Teller, seconds};

/// How often is looked at whether it is time for something.
const LOOK: Duration = Duration::from_millis(100);
/// How long after the last sound or digit a call is hung up.
const REST: Duration = Duration::from_millis(500);

/// Calls a URI, plays, records, and hangs up when all is played, after --duration, or when
/// interrupted.
///
/// The exit code is 0 when the call was answered and ended as calls do, 1 when not, 2 for bad
/// usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony call bob@192.0.2.1 --play hello.wav --record answer.wav\n  \
    telephony call bob@example.com --from alice@example.com --proxy sip:example.com \\\n      \
        --transport tls --srtp required --dtmf '1234#' --duration 10\n  \
    telephony call bob@192.0.2.1 --wait 5 --json")]
pub(crate) struct Arguments {
    /// Whom to call.
    #[arg(value_name = "URI")]
    uri: String,
    /// Who calls.
    #[arg(long, value_name = "USER@DOMAIN")]
    from: Option<String>,
    /// How long to wait for an answer before the call is cancelled, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    wait: Duration,
    /// How long to talk, in seconds; without it until all is played and pressed, or if there is
    /// nothing to play, until the other side hangs up.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    duration: Option<Duration>,
    #[command(flatten)]
    sound: SoundOptions,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    phone::run(call(arguments))
}

async fn call(arguments: &Arguments) -> Result<bool, Problem> {
    let mut end = End::new()?;
    let options = &arguments.options;
    let target = options.target(&arguments.uri)?;
    let setup = options.setup(arguments.from.as_deref(), Some(&target), false)?;
    let line = arguments.sound.line(options)?;
    let mut teller = Teller::new(options.json);
    let mut phone = setup.phone().await?;
    let called = Instant::now();
    let call = phone.call(&target, &line).await?;
    let mut talk = Talk::default();
    let is_regular = loop {
        match phone.wait(&mut end, LOOK).await {
            Happened::Event(event) => {
                teller.tell_event(&phone, &event, Some(called.elapsed()));
                match *event {
                    Event::Established { .. } => talk.since = Some(Instant::now()),
                    Event::TransferRequested { call, .. } => {
                        let _ = phone.agent_mut().refuse_transfer(Instant::now(), call);
                    }
                    Event::Ended { reason, .. } => {
                        break talk.since.is_some() && reason.is_regular();
                    }
                    _ => {}
                }
            }
            Happened::Nothing => {}
            Happened::End => hang_up(&mut phone, call),
        }
        match talk.since {
            None if called.elapsed() >= arguments.wait => hang_up(&mut phone, call),
            None => {}
            Some(since) => {
                if let Some(media) = phone.agent().media(call) {
                    teller.show(since.elapsed(), &media.statistics());
                }
                if talk.is_over(&mut phone, call, arguments)? {
                    hang_up(&mut phone, call);
                }
            }
        }
    };
    let closed = phone.take_line(call).map_or(Ok(()), |line| line.close());
    let is_ended = phone.put_away().await;
    closed.map_err(Problem::Failure)?;
    Ok(is_regular && is_ended)
}

/// How far a call is with what it is for.
#[derive(Default)]
struct Talk {
    /// When it was answered.
    since: Option<Instant>,
    has_pressed: bool,
    /// When all was played and pressed.
    done: Option<Instant>,
}

impl Talk {
    /// Presses the keys when it is time, and tells whether the call has served its purpose.
    fn is_over(
        &mut self,
        phone: &mut Phone,
        call: CallId,
        arguments: &Arguments,
    ) -> Result<bool, Problem> {
        let sound = &arguments.sound;
        if let Some(digits) = sound.dtmf.as_deref().filter(|_| !self.has_pressed) {
            self.has_pressed = true;
            let sent = phone.agent_mut().send_digits(Instant::now(), call, digits);
            sent.map_err(|error| Problem::Failure(error.to_string()))?;
        }
        if let (Some(duration), Some(since)) = (arguments.duration, self.since) {
            return Ok(since.elapsed() >= duration);
        }
        if sound.play.is_none() && sound.dtmf.is_none() {
            return Ok(false);
        }
        let has_played = phone.line(call).is_some_and(|line| line.has_played());
        let media = phone.agent().media(call);
        let presses = media.is_some_and(|media| media.is_sending_digits());
        if presses || sound.play.is_some() && !has_played {
            return Ok(false);
        }
        let done = self.done.get_or_insert_with(Instant::now);
        Ok(done.elapsed() >= REST)
    }
}

fn hang_up(phone: &mut Phone, call: CallId) {
    // It may be over already.
    let _ = phone.agent_mut().hang_up(Instant::now(), call);
}
