//! The options that all telephones have, and what goes wrong with them.

use std::process::ExitCode;

/// Why a telephone does not do what it should.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It was asked for what cannot be: exit code 2.
    Usage(String),
    /// It did not succeed: exit code 1.
    Failure(String),
}

impl Problem {
    /// Tells it, and what to exit with.
    pub(crate) fn report(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Usage(message) => (message, 2),
            Self::Failure(message) => (message, 1),
        };
        eprintln!("telephony: {message}");
        ExitCode::from(code)
    }
}

/// Unpredictable bytes from the system.
pub(crate) fn random() -> Result<[u8; 32], Problem> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Problem::Failure(error.to_string()))?;
    Ok(seed)
}
