//! `telephony answer`: waits for calls and answers them.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use rfc3261_sip::StatusCode;
use telephony_agent::{CallId, Event};

use crate::phone::{
    self, End, Happened, LineConfig, Notice, Options, Phone, Problem, SoundOptions, Teller,
    numbered, seconds,
};
use crate::register::registrar;

/// How often is looked at whether it is time for something.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for calls and answers them, as many as come, until interrupted or after --calls.
///
/// The exit code is 0 when all calls that were taken ended as calls do, 1 when not, 2 for bad
/// usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony answer --bind 192.0.2.1:5060 --echo\n  \
    telephony answer --address bob@example.com --register --play welcome.wav --record call.wav\n  \
    telephony answer --bind 127.0.0.1:5070 --ring 2 --duration 10 --calls 1 --json")]
pub(crate) struct Arguments {
    /// Who answers.
    #[arg(long, value_name = "USER@DOMAIN")]
    address: Option<String>,
    /// Register, so that calls come.
    #[arg(long, requires = "address")]
    register: bool,
    /// The registrar, if it is not the domain of the address.
    #[arg(long, value_name = "URI", requires = "register")]
    registrar: Option<String>,
    /// How long to ring before a call is answered, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0")]
    ring: Duration,
    /// Refuse calls with this status instead of answering them.
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(300..700))]
    reject: Option<u16>,
    /// Hang up after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    duration: Option<Duration>,
    /// End after so many calls.
    #[arg(long, value_name = "NUMBER")]
    calls: Option<u64>,
    #[command(flatten)]
    sound: SoundOptions,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    phone::run(answer(arguments))
}

async fn answer(arguments: &Arguments) -> Result<bool, Problem> {
    let mut end = End::new()?;
    let options = &arguments.options;
    let registrar = match (&arguments.address, arguments.register) {
        (Some(address), true) => Some(registrar(options, address, arguments.registrar.as_deref())?),
        _ => None,
    };
    let address = arguments.address.as_deref();
    let setup = options.setup(address, registrar.as_deref(), registrar.is_some())?;
    let line = arguments.sound.line(options)?;
    let mut teller = Teller::new(options.json);
    let mut phone = setup.phone().await?;
    for listen in phone.listening() {
        teller.tell(&Notice::Listening {
            at: listen.to_string(),
        });
    }
    if let Some(registrar) = &registrar {
        let hour = Duration::from_secs(3600);
        let asked = phone.agent_mut().register(Instant::now(), registrar, hour);
        asked.map_err(|error| Problem::Usage(format!("{registrar}: {error}")))?;
    }
    let mut desk = Desk {
        arguments,
        line,
        ringing: BTreeMap::new(),
        standing: BTreeMap::new(),
        ended: 0,
        is_good: true,
    };
    loop {
        match phone.wait(&mut end, LOOK).await {
            Happened::Event(event) => {
                teller.tell_event(&phone, &event, None);
                if !desk.handle(&mut phone, *event)? {
                    phone.put_away().await;
                    return Ok(false);
                }
            }
            Happened::Nothing => {}
            Happened::End => break,
        }
        desk.look(&mut phone, &mut teller).await?;
        if arguments.calls.is_some_and(|calls| desk.ended >= calls) {
            break;
        }
    }
    let is_ended = phone.put_away().await;
    Ok(desk.is_good && is_ended)
}

/// The calls that are here.
struct Desk<'a> {
    arguments: &'a Arguments,
    line: LineConfig,
    ringing: BTreeMap<CallId, Instant>,
    standing: BTreeMap<CallId, Instant>,
    ended: u64,
    is_good: bool,
}

impl Desk<'_> {
    /// Does what an event is for; false if there will be no calls.
    fn handle(&mut self, phone: &mut Phone, event: Event) -> Result<bool, Problem> {
        let now = Instant::now();
        match event {
            Event::Incoming { call, .. } => match self.arguments.reject {
                Some(status) => {
                    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BUSY_HERE);
                    let _ = phone.agent_mut().reject(now, call, status);
                }
                None => {
                    let _ = phone.agent_mut().ring(now, call);
                    self.ringing.insert(call, now);
                }
            },
            Event::Established { call } => {
                self.standing.insert(call, now);
                if let Some(digits) = &self.arguments.sound.dtmf {
                    let sent = phone.agent_mut().send_digits(now, call, digits);
                    self.is_good &= sent.is_ok();
                }
            }
            Event::TransferRequested { call, .. } => {
                let _ = phone.agent_mut().refuse_transfer(now, call);
            }
            Event::Ended { call, reason, .. } => {
                self.ringing.remove(&call);
                let stood = self.standing.remove(&call).is_some();
                self.is_good &= !stood || reason.is_regular();
                self.ended += 1;
                if let Some(Err(problem)) = phone.take_line(call).map(|line| line.close()) {
                    return Err(Problem::Failure(problem));
                }
            }
            Event::RegistrationFailed { .. } => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    /// Answers what has rung for long enough, hangs up what has lasted long enough.
    async fn look(&mut self, phone: &mut Phone, teller: &mut Teller) -> Result<(), Problem> {
        let arguments = self.arguments;
        let due: Vec<CallId> = self
            .ringing
            .iter()
            .filter(|(_, since)| since.elapsed() >= arguments.ring)
            .map(|(call, _)| *call)
            .collect();
        for call in due {
            self.ringing.remove(&call);
            let mut line = self.line.clone();
            if let Some(file) = &line.record {
                line.record = Some(numbered(file, call.number()));
            }
            match phone.answer(call, &line).await {
                // The caller is told, and the end of the call is too.
                Ok(()) | Err(Problem::Failure(_)) => {}
                Err(problem) => return Err(problem),
            }
        }
        for (call, since) in &self.standing {
            let is_over = arguments
                .duration
                .is_some_and(|limit| since.elapsed() >= limit);
            if is_over {
                let _ = phone.agent_mut().hang_up(Instant::now(), *call);
            }
        }
        let first = self.standing.first_key_value();
        if let Some((call, since)) = first
            && let Some(media) = phone.agent().media(*call)
        {
            teller.show(since.elapsed(), &media.statistics());
        }
        Ok(())
    }
}
