//! `telephony rtsp`: motion JPEG served to many clients, and played with its loss and data rate.

mod output;
mod play;
mod serve;
mod synthetic;
mod web;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Serves motion JPEG over RTSP, or plays it.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Play(play::Arguments),
}

/// Why it does not run.
#[derive(Debug)]
enum Problem {
    Usage(String),
    Failure(String),
}

impl Problem {
    fn failure(error: impl ToString) -> Self {
        Self::Failure(error.to_string())
    }
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    // One thread: what is sent to whom is decided in one place.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match &arguments.command {
                Command::Serve(arguments) => serve::run(arguments).await,
                Command::Play(arguments) => play::run(arguments).await,
            }
        }),
        Err(error) => Err(Problem::failure(error)),
    };
    match result {
        Ok(code) => code,
        Err(Problem::Usage(message)) => {
            eprintln!("telephony: {message}");
            ExitCode::from(2)
        }
        Err(Problem::Failure(message)) => {
            eprintln!("telephony: {message}");
            ExitCode::from(1)
        }
    }
}

/// Ends when the user or the system wants it to.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
