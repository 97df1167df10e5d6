//! The `telephony` command.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

mod answer;
mod audio;
mod call;
mod demo;
mod inspect;
mod load;
mod parse;
mod passwd;
mod password;
mod phone;
mod register;
mod rtsp;
mod serve;
mod signal;
mod stun;
mod terminal;
mod users;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Makes calls and answers them, serves a domain, takes captured calls and single packets apart.
#[derive(Parser)]
#[command(name = "telephony", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Answer(Box<answer::Arguments>),
    Call(Box<call::Arguments>),
    Demo(demo::Arguments),
    Inspect(inspect::Arguments),
    Load(load::Arguments),
    Parse(parse::Arguments),
    Register(Box<register::Arguments>),
    Passwd(passwd::Arguments),
    Rtsp(rtsp::Arguments),
    Serve(Box<serve::Arguments>),
    Stun(stun::Arguments),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Answer(arguments) => answer::run(&arguments),
        Command::Call(arguments) => call::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Parse(arguments) => parse::run(&arguments),
        Command::Register(arguments) => register::run(&arguments),
        Command::Rtsp(arguments) => rtsp::run(&arguments),
        Command::Passwd(arguments) => passwd::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Stun(arguments) => stun::run(&arguments),
    }
}
