//! `telephony register`: tells a registrar where a user is.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use telephony_agent::Event;

use crate::phone::{self, End, Happened, Options, Problem, Teller, address_of_record, seconds};

/// Registers a user and stays registered until interrupted, then removes the registration.
///
/// The exit code is 0 when the registrar accepts, 1 when it does not, 2 for bad usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony register alice@example.com --duration 0\n  \
    telephony register alice@example.com --registrar sip:192.0.2.1:5070 --transport tcp\n  \
    TELEPHONY_PASSWORD=secret telephony register alice@example.com --json")]
pub(crate) struct Arguments {
    /// The user: alice@example.com.
    #[arg(value_name = "USER@DOMAIN")]
    address: String,
    /// The registrar, if it is not the domain.
    #[arg(long, value_name = "URI")]
    registrar: Option<String>,
    /// How long a registration lasts that is not refreshed, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    expires: u32,
    /// How long to stay registered, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    duration: Option<Duration>,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    phone::run(register(arguments))
}

async fn register(arguments: &Arguments) -> Result<bool, Problem> {
    let mut end = End::new()?;
    let options = &arguments.options;
    let registrar = registrar(options, &arguments.address, arguments.registrar.as_deref())?;
    let setup = options.setup(Some(&arguments.address), Some(&registrar), true)?;
    let mut teller = Teller::new(options.json);
    let mut phone = setup.phone().await?;
    let expires = Duration::from_secs(arguments.expires.into());
    let asked = phone
        .agent_mut()
        .register(Instant::now(), &registrar, expires);
    asked.map_err(|error| Problem::Usage(format!("{registrar}: {error}")))?;
    let mut since: Option<Instant> = None;
    loop {
        let limit = match (since, arguments.duration) {
            (Some(since), Some(duration)) => duration.saturating_sub(since.elapsed()),
            _ => Duration::from_secs(3600),
        };
        match phone.wait(&mut end, limit).await {
            Happened::Event(event) => {
                teller.tell_event(&phone, &event, None);
                match *event {
                    Event::Registered { .. } => {
                        since.get_or_insert_with(Instant::now);
                    }
                    Event::RegistrationFailed { .. } => {
                        phone.put_away().await;
                        return Ok(false);
                    }
                    _ => {}
                }
            }
            Happened::Nothing if since.is_none() || arguments.duration.is_none() => {}
            Happened::Nothing | Happened::End => break,
        }
    }
    let is_registered = since.is_some();
    Ok(phone.put_away().await && is_registered)
}

/// The URI of the registrar of a user.
pub(crate) fn registrar(
    options: &Options,
    address: &str,
    given: Option<&str>,
) -> Result<String, Problem> {
    let registrar = match given {
        Some(registrar) => registrar.to_string(),
        None => {
            let address = address_of_record(address)?;
            let domain = address.split_once('@').map_or("", |(_, domain)| domain);
            format!("sip:{domain}")
        }
    };
    options.target(&registrar)
}
