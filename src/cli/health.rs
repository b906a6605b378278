//! `compose-relay health`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::failure::{Failure, exit};
use super::start;
use crate::config::{self, Config};
use crate::doctor;

/// For the whole answer. Docker's and systemd's checks wait for longer.
const DEADLINE: Duration = Duration::from_secs(4);

const AFTER_HELP: &str = "\
It asks the server on this machine as the settings say where it listens: PORT,
or LISTEN_HTTPS when there is a certificate. For a server that was started with
`serve --listen` give the same address. Which certificate it shows is not
looked at here (`compose-relay doctor` does that).

  Dockerfile:  HEALTHCHECK CMD [\"compose-relay\", \"health\"]

Exit codes: 0 it serves; 1 it does not, or is not there.";

/// The arguments of `health`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Ask here, by plain HTTP, whatever the settings say
    #[arg(long, value_name = "ADDRESS:PORT")]
    address: Option<SocketAddr>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (config, _) = Config::with_faults(&config::variable);
    let (address, encrypted) = match arguments.address {
        Some(address) => (address, false),
        None => doctor::front(&config),
    };
    let began = Instant::now();
    let answer = start::block_on(async { Ok(doctor::ask(&config, address, encrypted, DEADLINE).await) })?;
    let scheme = if encrypted { "https" } else { "http" };
    match answer {
        Ok(()) => {
            println!("{scheme}://{address} serves (answered in {} ms)", began.elapsed().as_millis());
            Ok(())
        }
        Err(why) => Err(Failure::new(exit::FAILED, format!("{scheme}://{address} does not serve: {why}"))),
    }
}
