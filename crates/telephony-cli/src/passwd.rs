//! `telephony passwd`: users of `telephony serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::{password, users};

/// The environment variable that the password is read from.
const PASSWORD: &str = "TELEPHONY_PASSWORD";

/// Puts a user into the file that `telephony serve` reads, or gives one a new password.
///
/// The file has no password, but hashes that are as good as one to SIP: only its owner can read
/// it. The password comes from --password-file, from TELEPHONY_PASSWORD, or from a prompt.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    telephony passwd users alice example.com\n  \
    telephony passwd users alice example.com --password-file secret.txt\n  \
    telephony passwd users alice example.com --delete")]
pub(crate) struct Arguments {
    /// The file, made if it is not there.
    file: PathBuf,
    /// The user.
    user: String,
    /// The realm: the domain of the server.
    realm: String,
    /// The file with the password; one line end after it is dropped.
    #[arg(long, value_name = "FILE", conflicts_with = "delete")]
    password_file: Option<PathBuf>,
    /// Take the user out.
    #[arg(long)]
    delete: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match change(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("telephony: {message}");
            ExitCode::from(2)
        }
    }
}

fn change(arguments: &Arguments) -> Result<(), String> {
    let Arguments {
        file, user, realm, ..
    } = arguments;
    for name in [user, realm] {
        if !users::is_name(name) {
            return Err(format!(
                "{name:?} is no name: it has a colon, a quote, or nothing"
            ));
        }
    }
    if arguments.delete {
        return users::change(file, user, realm, None);
    }
    let prompt = format!("Password of {user} in {realm}: ");
    let password = password::read(arguments.password_file.as_deref(), PASSWORD, &prompt)?;
    if password.is_empty() {
        return Err("an empty password".into());
    }
    users::change(file, user, realm, Some(&password))
}
