//! `compose-relay keygen`.

use std::io::{IsTerminal as _, Write as _};

use super::failure::{Failure, exit};
use super::random::random_hex;

const AFTER_HELP: &str = "\
Two lines for .env go to stdout, and nothing else:
  compose-relay keygen >> .env

Keep both secrets. With another PROD_API_KEY_SECRET every API key is invalid;
with another DEV_API_KEY_SECRET nobody can look up a development key any more.
An installation that replaces the old server keeps its old secrets.";

/// The arguments of `keygen`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<(), Failure> {
    let lines = format!("PROD_API_KEY_SECRET={}\nDEV_API_KEY_SECRET={}\n", random_hex(64)?, random_hex(32)?);
    std::io::stdout()
        .write_all(lines.as_bytes())
        .map_err(|error| Failure::of(exit::FAILED, &error).and("The secrets could not be written; make new ones."))?;
    if !std::io::stdout().is_terminal() {
        eprintln!("compose-relay: two new secrets; keep them, and keep a copy with the backups of the database");
    }
    Ok(())
}
