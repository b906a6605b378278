//! The command line: `serve`, `migrate`, `demo`, `doctor`, `health`, `keygen`. It reads the settings, starts the logs and the runtime, calls [`app`],
//! and turns what went wrong into text for a person and an exit code for a script.
//!
//! [`app`]: crate::app

mod demo;
mod doctor;
mod failure;
mod health;
mod keygen;
mod migrate;
mod random;
mod serve;
mod start;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use failure::exit;

// Lines of the help that clap must not wrap fit into 80 columns.
const AFTER_HELP: &str = "\
Start here:
  compose-relay demo      a complete server on http://localhost:8080, with a
                          database of its own

Examples:
  compose-relay serve                           serve on PORT (default 8080)
  compose-relay serve --listen 127.0.0.1:9000   serve there, whatever PORT says
  compose-relay migrate                         bring the database up to date
  compose-relay keygen >> .env                  make the two secrets
  compose-relay doctor                          is everything as it must be?

Settings:
  `serve` and `migrate` are set up by environment variables. The file
  .env.example lists them all, with units and defaults; docs/OPERATIONS.md says
  how to run a server. `demo` needs no settings.

Exit codes:
  0    ended as it was told to
  1    any other failure, for example a directory that cannot be written to
  64   the command line or the settings are wrong; nothing was started
  69   the database or the port is not available
  70   a fault of compose-relay itself";

/// The self-hosted server of the Compose platform.
///
/// It stands between browsers and the programs that your developers write with the Compose SDKs: it knows who may open
/// which app, and passes the messages between a page and the program behind it. It needs a Postgres database.
#[derive(Debug, Parser)]
#[command(name = "compose-relay", version, after_help = AFTER_HELP, max_term_width = 120)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Arguments),
    /// Bring the database up to date, then exit
    Migrate(migrate::Arguments),
    /// Look at everything that a server needs, and say what is wrong and what to do
    Doctor(doctor::Arguments),
    /// Ask the server on this machine whether it serves
    Health(health::Arguments),
    /// Make the secrets of a new installation
    Keygen(keygen::Arguments),
    /// Try it out: a complete server on this machine, with a database of its own
    Demo(demo::Arguments),
}

/// Does what the command line of this process says.
#[must_use]
pub fn run() -> ExitCode {
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(answer) => {
            // A closed terminal is no reason for another exit code.
            let _ = answer.print();
            let asked_for = matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked_for { ExitCode::SUCCESS } else { ExitCode::from(exit::SETTINGS) };
        }
    };
    let outcome = match command_line.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::Keygen(arguments) => keygen::run(&arguments),
        Command::Doctor(arguments) => return doctor::run(&arguments).unwrap_or_else(|failure| failure.report()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::CommandLine;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
