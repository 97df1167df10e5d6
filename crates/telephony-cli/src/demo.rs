//! `telephony demo`: two phones, a proxy and a STUN server in one process, and a call between
//! them.

mod ladder;
mod report;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use rfc2617_auth::Algorithm;
use rfc2833_dtmf::Event as Key;
use telephony_agent::media::{MediaEvent, MediaStatistics};
use telephony_agent::{Account, CallId, EndReason, Event, Security, SecurityConfig};
use telephony_net::sip::{self, Endpoint};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::audio::{self, Codec, Sound};
use crate::phone::{LineConfig, Phone, Problem, Setup, random};
use crate::serve::{Server, Settings};
use crate::users::{self, Users};
use ladder::{Ladder, Place};
use report::Report;

const DOMAIN: &str = "example.test";
const DIGITS: &str = "1234#";
/// When the digits are pressed, in seconds of what is played: a little after the pause begins.
const PRESS_AT: f64 = 1.05;
/// The rate of the file that is played: not that of the codec, so that it is resampled.
const FILE_RATE: u32 = 44_100;
/// Packets wait this long before they are played: a busy machine is no bad network.
const PLAYOUT: Duration = Duration::from_millis(150);
/// How long a digit lasts: with the repetitions of their ends, five of them fit into the pause.
const DIGIT: Duration = Duration::from_millis(50);
/// With so much bandwidth there are several reports in three seconds.
const BANDWIDTH: u64 = 1_000_000;
/// How long the whole may take.
const LIMIT: Duration = Duration::from_secs(13);

/// Calls from one phone to another through a proxy, all in this process and on loopback.
///
/// Phone A registers with digest authentication, asks a STUN server for its address, calls B
/// through the proxy with encrypted media, plays a tune with digits in its midst and hangs up;
/// B records. The exit code is 0 when all of that held, 1 otherwise.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony demo\n  \
    telephony demo --keep /tmp/tune --json")]
pub(crate) struct Arguments {
    /// Keep what was played and what was heard in this folder: played.wav and heard.wav.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print the report as JSON, and no ladder.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Problem::Failure(error.to_string()).report(),
    };
    let ladder = Arc::new(Ladder::new(!arguments.json));
    let demonstrated = runtime.block_on(async {
        let late = || Problem::Failure(format!("not done within {} s", LIMIT.as_secs()));
        let demonstration = demonstrate(arguments.keep.as_deref(), &ladder);
        timeout(LIMIT, demonstration).await.map_err(|_| late())?
    });
    match demonstrated {
        Ok(report) => {
            let text = match arguments.json {
                true => report.json() + "\n",
                false => report.text(),
            };
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::from(u8::from(!report.is_good()))
        }
        Err(problem) => problem.report(),
    }
}

/// What B has to tell.
#[derive(Default)]
struct Heard {
    digits: String,
    statistics: Option<MediaStatistics>,
    reason: Option<EndReason>,
    encrypted: bool,
    ended: bool,
    problem: Option<String>,
}

/// A folder for the recordings, which goes when it is not to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

async fn demonstrate(keep: Option<&Path>, ladder: &Arc<Ladder>) -> Result<Report, Problem> {
    let folder = Folder::new(keep)?;
    let (played, heard) = (
        folder.path.join("played.wav"),
        folder.path.join("heard.wav"),
    );
    write(&played, &audio::tune(FILE_RATE))?;
    let started = Instant::now();

    // The server.
    let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listen = sip::Listen {
        transport: rfc3261_sip::transport::Transport::Udp,
        address: anywhere,
    };
    let mut config = sip::Config::new([listen]);
    let tap: Arc<dyn telephony_net::Tap> = Arc::clone(ladder) as _;
    config.tap = Some(tap);
    let endpoint = Endpoint::bind(config).map_err(|e| Problem::Failure(e.to_string()))?;
    let mut server = server(endpoint, &folder.path)?;
    let proxy = server.listening().first().map(|listen| listen.address);
    let proxy = proxy.ok_or_else(|| failed("the server"))?;
    ladder.place(proxy, Place::Proxy);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let mut stopped = stopped;
        loop {
            tokio::select! {
                _ = server.next() => {}
                _ = &mut stopped => break,
            }
        }
        server
    });

    // B, which waits for a call.
    let mut bob = phone("bob", proxy, None).await?;
    ladder.place(listening(&bob)?, Place::Bob);
    register(&mut bob).await?;
    let mut record = LineConfig::default();
    record.record = Some(heard.clone());
    record.echo = true;
    let answering = tokio::spawn(answer(bob, record, Arc::clone(ladder)));

    // A, which calls.
    let mut alice = phone("alice", proxy, Some(proxy)).await?;
    let local = listening(&alice)?;
    register(&mut alice).await?;
    let sound = Sound::read(&played).map_err(Problem::Failure)?;
    let mut play = LineConfig::default();
    play.play(&sound, &Codec::DEFAULT)
        .map_err(Problem::Failure)?;
    let called = Instant::now();
    let call = alice.call(&format!("sip:bob@{DOMAIN}"), &play).await?;
    established(&mut alice, call).await?;
    let set_up = called.elapsed();
    let (codec, encrypted) = agreed(&alice, call)?;
    ladder.media(&codec, encrypted);
    talk(&mut alice, call).await?;
    let pressed = Instant::now();
    let hung_up = alice.agent_mut().hang_up(pressed, call);
    hung_up.map_err(|error| Problem::Failure(error.to_string()))?;
    let (reason, statistics) = ended(&mut alice, call).await?;
    let mapped = alice.agent().contact().to_string();
    let alice_ended = alice.put_away().await;
    let heard_by_bob = answering
        .await
        .map_err(|e| Problem::Failure(e.to_string()))?;
    let _ = stop.send(());
    let server = serving.await.map_err(|e| Problem::Failure(e.to_string()))?;

    // What came of it.
    let recorded = Sound::read(&heard).map_err(Problem::Failure)?;
    let wanted = sound.resampled(recorded.rate).map_err(Problem::Failure)?;
    let comparison = audio::compare(&wanted.samples, &recorded.samples, recorded.rate);
    let mut report = Report::new(set_up, codec, comparison);
    let counts = server.counts();
    let registered = counts.challenged >= 3;
    report.check(
        "both phones registered with digest authentication",
        registered,
    );
    let own = format!("@{local}");
    let is_found = mapped.ends_with(&own) && counts.stun >= 3;
    report.check("the address was found by STUN", is_found);
    report.check(
        "the call went through the proxy with credentials",
        counts.answered == 1,
    );
    report.check(
        "the media were encrypted both ways",
        encrypted && heard_by_bob.encrypted,
    );
    report.digits(DIGITS, &heard_by_bob.digits);
    report.media(statistics, heard_by_bob.statistics);
    report.recording();
    let regular = reason == EndReason::HungUp
        && heard_by_bob.reason == Some(EndReason::HungUpByPeer)
        && heard_by_bob.problem.is_none();
    report.check("A hung up and B saw it", regular);
    let nothing_left = alice_ended && heard_by_bob.ended && server.reachable() == 0;
    report.check("calls, dialogs and registrations are gone", nothing_left);
    report.took(started.elapsed());
    if folder.keep {
        let _ = std::fs::remove_file(folder.path.join("users"));
        report.kept(&played, &heard);
    }
    Ok(report)
}

/// A registrar, proxy and STUN server for alice and bob.
fn server(endpoint: Endpoint, folder: &Path) -> Result<Server, Problem> {
    let file = folder.join("users");
    for user in ["alice", "bob"] {
        let changed = users::change(&file, user, DOMAIN, Some(&password(user)));
        changed.map_err(Problem::Failure)?;
    }
    let users = Users::read(&file).map_err(Problem::Failure)?;
    let settings = Settings {
        domains: vec![DOMAIN.to_string()],
        users,
        algorithms: vec![Algorithm::SHA_256],
        public: false,
        host: None,
        seeds: [random()?, random()?, random()?],
    };
    Server::new(settings, endpoint, None).map_err(Problem::Failure)
}

fn password(user: &str) -> String {
    format!("secret of {user}")
}

/// A phone of a user of the proxy.
async fn phone(user: &str, proxy: SocketAddr, stun: Option<SocketAddr>) -> Result<Phone, Problem> {
    let local = ([127, 0, 0, 1], 0).into();
    let mut setup = Setup::new(format!("sip:{user}@{DOMAIN}"), local);
    setup.account = Some(Account::new(user, password(user)));
    setup.proxy = Some(format!("sip:{proxy};lr"));
    setup.security = SecurityConfig::new(Security::Required);
    setup.stun = stun;
    setup.playout = PLAYOUT;
    setup.bandwidth = BANDWIDTH;
    setup.digit = DIGIT;
    setup.phone().await
}

async fn register(phone: &mut Phone) -> Result<(), Problem> {
    let registrar = format!("sip:{DOMAIN}");
    let hour = Duration::from_secs(3600);
    let asked = phone.agent_mut().register(Instant::now(), &registrar, hour);
    asked.map_err(|error| Problem::Failure(error.to_string()))?;
    loop {
        match phone.next().await {
            Event::Registered { .. } => return Ok(()),
            Event::RegistrationFailed { reason } => {
                return Err(Problem::Failure(format!("registration: {reason}")));
            }
            _ => {}
        }
    }
}

/// Waits until a call stands.
async fn established(phone: &mut Phone, of: CallId) -> Result<(), Problem> {
    loop {
        match phone.next().await {
            Event::Established { call } if call == of => return Ok(()),
            Event::Ended { call, reason, .. } if call == of => {
                return Err(Problem::Failure(format!("the call: {reason}")));
            }
            _ => {}
        }
    }
}

/// Plays to the end, presses the digits in the pause, and waits for reports of the peer.
async fn talk(phone: &mut Phone, call: CallId) -> Result<(), Problem> {
    let mut pressed = false;
    let mut after = None;
    loop {
        tokio::select! {
            event = phone.next() => {
                if let Event::Ended { reason, .. } = event {
                    return Err(Problem::Failure(format!("the call: {reason}")));
                }
            }
            () = sleep(Duration::from_millis(5)) => {}
        }
        let line = phone.line(call).ok_or_else(|| failed("the line"))?;
        let (played, is_over) = (line.played(), line.has_played());
        if !pressed && played >= PRESS_AT {
            pressed = true;
            let sent = phone.agent_mut().send_digits(Instant::now(), call, DIGITS);
            sent.map_err(|error| Problem::Failure(error.to_string()))?;
        }
        if is_over {
            let since = after.get_or_insert_with(Instant::now).elapsed();
            let media = phone.agent().media(call);
            let is_reported = media.is_some_and(|media| media.statistics().report.is_some());
            let is_heard = since >= PLAYOUT * 2;
            if is_heard && is_reported || since >= Duration::from_secs(3) {
                return Ok(());
            }
        }
    }
}

/// Waits for the end of a call.
async fn ended(
    phone: &mut Phone,
    of: CallId,
) -> Result<(EndReason, Option<MediaStatistics>), Problem> {
    loop {
        if let Event::Ended {
            call,
            reason,
            statistics,
        } = phone.next().await
            && call == of
        {
            return Ok((reason, statistics));
        }
    }
}

/// Answers the first call and stays in it until it is over.
async fn answer(mut phone: Phone, config: LineConfig, ladder: Arc<Ladder>) -> Heard {
    let mut heard = Heard::default();
    loop {
        match phone.next().await {
            Event::Incoming { call, .. } => {
                let _ = phone.agent_mut().ring(Instant::now(), call);
                if let Err(Problem::Failure(problem) | Problem::Usage(problem)) =
                    phone.answer(call, &config).await
                {
                    heard.problem = Some(problem);
                }
            }
            Event::Established { call } => {
                let media = phone.agent().media(call);
                heard.encrypted = media.is_some_and(|media| media.is_encrypted());
            }
            Event::Media {
                event: MediaEvent::DigitEnded { event, .. },
                ..
            } => {
                heard.digits.extend(event.digit());
                ladder.digit(&shown(event));
            }
            Event::Ended {
                call,
                reason,
                statistics,
            } => {
                heard.reason = Some(reason);
                heard.statistics = statistics;
                let closed = phone.take_line(call).map(|line| line.close());
                if let Some(Err(problem)) = closed {
                    heard.problem = Some(problem);
                }
                break;
            }
            _ => {}
        }
    }
    heard.ended = phone.put_away().await;
    heard
}

fn shown(key: Key) -> String {
    key.digit().map_or_else(|| key.to_string(), String::from)
}

/// The codec of a call, and whether it is encrypted.
fn agreed(phone: &Phone, call: CallId) -> Result<(String, bool), Problem> {
    let media = phone.agent().media(call).ok_or_else(|| failed("media"))?;
    let codec = media.codec().ok_or_else(|| failed("a codec"))?;
    let name = format!("{}/{}", codec.encoding_name, codec.clock_rate);
    Ok((name, media.is_encrypted()))
}

fn listening(phone: &Phone) -> Result<SocketAddr, Problem> {
    let listening = phone.listening().first();
    Ok(listening.ok_or_else(|| failed("a socket"))?.address)
}

fn failed(what: &str) -> Problem {
    Problem::Failure(format!("{what} is missing"))
}

fn write(path: &Path, sound: &Sound) -> Result<(), Problem> {
    let failure = |error: hound::Error| Problem::Failure(format!("{}: {error}", path.display()));
    let mut writer = hound::WavWriter::create(path, Sound::spec(sound.rate)).map_err(failure)?;
    for sample in &sound.samples {
        writer.write_sample(*sample).map_err(failure)?;
    }
    writer.finalize().map_err(failure)
}

impl Folder {
    fn new(keep: Option<&Path>) -> Result<Self, Problem> {
        let path = match keep {
            Some(path) => path.to_path_buf(),
            None => {
                let [a, b, c, d, ..] = random()?;
                let name = format!("telephony-demo-{a:02x}{b:02x}{c:02x}{d:02x}");
                std::env::temp_dir().join(name)
            }
        };
        let made = std::fs::create_dir_all(&path);
        made.map_err(|error| Problem::Failure(format!("{}: {error}", path.display())))?;
        Ok(Self {
            path,
            keep: keep.is_some(),
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
