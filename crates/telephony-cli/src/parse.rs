//! `telephony parse`: one message or packet, field by field.

mod binary;
mod dtmf;
mod field;
mod red;
mod rtcp;
mod rtp;
mod rtsp;
mod sdp;
mod sip;
mod stun;
mod text;
mod uri;

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use field::{Finding, Parsed};

/// The most that is read of one input, in bytes.
const INPUT_LIMIT: u64 = 64 << 20;

/// Takes one message or packet apart, field by field with offsets.
///
/// The exit code is 0 when the input is valid, 1 when it is not (kind, offset and rule are on
/// standard error), 2 for bad usage.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    echo 'sip:alice@example.com;transport=tcp' | telephony parse uri\n  \
    echo 80080001000000a000000001d5d5 | telephony parse rtp --hex\n  \
    telephony parse sip invite.sip --json")]
pub(crate) struct Arguments {
    /// What the input is.
    kind: Kind,
    /// The file to read; `-` for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Read the input as hexadecimal digits; blanks, colons and line ends between them are skipped.
    #[arg(long)]
    hex: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A URI (RFC 3986, RFC 3261 §19.1, RFC 3966); one line end after it is dropped.
    Uri,
    /// A SIP message as a datagram holds it (RFC 3261 §7).
    Sip,
    /// A session description (RFC 4566).
    Sdp,
    /// An RTP packet (RFC 3550 §5).
    Rtp,
    /// An RTCP compound packet (RFC 3550 §6).
    Rtcp,
    /// A STUN message (RFC 5389 §6).
    Stun,
    /// An RTSP message (RFC 2326 §4).
    Rtsp,
    /// The RTP payload of telephone events (RFC 2833 §3.5).
    Dtmf,
    /// The RTP payload of redundant audio (RFC 2198 §3).
    Red,
}

impl Kind {
    fn read(self, input: &[u8]) -> Result<Parsed, Finding> {
        match self {
            Kind::Uri => uri::read(input),
            Kind::Sip => sip::read(input),
            Kind::Sdp => sdp::read(input),
            Kind::Rtp => rtp::read(input),
            Kind::Rtcp => rtcp::read(input),
            Kind::Stun => stun::read(input),
            Kind::Rtsp => rtsp::read(input),
            Kind::Dtmf => dtmf::read(input),
            Kind::Red => red::read(input),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let input = match input(arguments) {
        Ok(input) => input,
        Err(message) => {
            eprintln!("telephony: {message}");
            return ExitCode::from(2);
        }
    };
    match arguments.kind.read(&input) {
        Ok(parsed) => {
            let printed = if arguments.json {
                field::json(&parsed)
            } else {
                parsed.to_string()
            };
            // Whoever closed the pipe has seen enough.
            let _ = io::stdout().write_all(printed.as_bytes());
            match parsed.defects.iter().find(|defect| defect.is_error()) {
                None => ExitCode::SUCCESS,
                Some(error) => refuse(error, arguments.json),
            }
        }
        Err(error) => refuse(&error, arguments.json),
    }
}

fn refuse(error: &Finding, json: bool) -> ExitCode {
    if json {
        eprint!("{}", field::json(error));
    } else {
        eprintln!("{error}");
    }
    ExitCode::from(1)
}

/// The bytes to take apart, or why there are none.
fn input(arguments: &Arguments) -> Result<Vec<u8>, String> {
    let name = arguments.file.display();
    let mut bytes = Vec::new();
    if arguments.file.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(INPUT_LIMIT + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&arguments.file)
            .and_then(|file| file.take(INPUT_LIMIT + 1).read_to_end(&mut bytes))
    }
    .map_err(|error| format!("{name}: {error}"))?;
    if bytes.len() as u64 > INPUT_LIMIT {
        return Err(format!("{name}: longer than {INPUT_LIMIT} bytes"));
    }
    if arguments.hex {
        binary::from_hex(&bytes).map_err(|offset| {
            format!("{name}: at byte {offset}: expected pairs of hexadecimal digits")
        })
    } else {
        Ok(bytes)
    }
}
