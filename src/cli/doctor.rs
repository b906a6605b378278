//! `compose-relay doctor`.

use std::io::Write as _;
use std::process::ExitCode;

use super::failure::{Failure, exit};
use super::start;
use crate::config;
use crate::doctor::{self, Grade};

const AFTER_HELP: &str = "\
It looks at the settings, the secrets (their lengths alone), Postgres, the names
that people type, the ports, the certificate, the sign-in providers, and what
this machine gives. It changes nothing, shows no secret, and may run beside a
server that serves. It takes 12 seconds at the most.

Exit codes: 0 nothing has failed (there may be warnings); 1 something has, or
with --strict also a warning.";

/// The arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Write one JSON object, for machines
    #[arg(long)]
    json: bool,
    /// Let a warning count as a failure
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let report = start::block_on(async { Ok(doctor::examine(&config::variable).await) })?;
    let text = if arguments.json { format!("{:#}", report.json()) } else { report.to_string() };
    writeln!(std::io::stdout(), "{text}").map_err(|error| Failure::of(exit::FAILED, &error))?;
    let failed = report.grade() == Grade::Failure || (arguments.strict && report.grade() == Grade::Warning);
    Ok(if failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
}
