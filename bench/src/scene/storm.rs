//! Ten thousand clients whose connections break at once and who all come back at once, and what others feel of it.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::guests::{Guests, Who, raise_open_files};
use super::{Bench, Line};
use crate::cpu::{Cores, Reading};
use crate::crowd::{Crowd, Guest};
use crate::dial::Dial;
use crate::probe::{Felt, Probe};
use crate::world::seed::Tenant;
use crate::world::tickets::Tickets;
use crate::world::{Server, Settings, World};

const COUNT: usize = 10_000;
/// Those who stay, and what they send together in a second.
const OTHERS: usize = 100;
const PER_SECOND: f64 = 500.0;
const QUIET: Duration = Duration::from_secs(6);
const SECONDS: f64 = 2.5;
const OTHERS_P99: f64 = 3.0;
/// The generator is the limit when its core has hardly anything left.
const GENERATOR: f64 = 0.95;
/// ... and the probe's figure is its own when it was late by so much of it.
const LATE: f64 = 0.3;

const BEGINNING: u8 = 0;
const CALM: u8 = 1;
const STORM: u8 = 2;
const OVER: u8 = 3;

pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    raise_open_files()?;
    let world = World::start(Cores::find()?)?;
    let seed = world.seed()?;
    let count = if bench.quick { 200 } else { COUNT };
    let guests = Guests::new(&seed, Who::App, count)?;
    let mut lines = Vec::new();
    for (resumed, what) in [(true, "sessions resumed"), (false, "full handshakes")] {
        let server = world.server(&Settings::for_load().with("MAX_CONNECTIONS", "1000000").over_tls())?;
        let tickets = Arc::new(Tickets::default());
        let authority = world.authority();
        let client = if resumed { authority.resuming_client(Arc::clone(&tickets))? } else { authority.client()? };
        let dial = Dial { to: server.address(), tls: Some(client) };
        let (phase, tenant) = (AtomicU8::new(BEGINNING), seed.tenant(OTHERS)?);
        let others = Dial { to: server.address(), tls: Some(authority.client()?) };
        let quiet = if bench.quick { Duration::from_millis(500) } else { QUIET };
        let (storm, felt) = std::thread::scope(|scope| {
            let storm = scope.spawn(|| {
                let outcome = storm(&server, &guests.some(&dial, 1, 0..count), quiet, &phase, &tickets);
                // However it has ended, nobody waits any longer.
                phase.store(OVER, Ordering::SeqCst);
                outcome
            });
            let felt = probe(&others, &tenant, &phase);
            (storm.join(), felt)
        });
        let Outcome { wall, server_busy, generator_busy, turned_away } =
            storm.map_err(|_| anyhow!("the storm's thread panicked"))??;
        let felt = felt?;
        let name = format!("{count} clients come back at once over TLS, {what}");
        let ours = |metric, value, unit, target| Line { metric, contender: "compose-relay", value, unit, target };
        let limit = format!("the generator had {:.0} % of its core: it was the limit", generator_busy * 100.0);
        let seconds = if generator_busy > GENERATOR { Err(limit.clone()) } else { Ok(wall) };
        lines.push(ours(
            format!("{name}: until all are in, {turned_away} of them at a second try"),
            seconds,
            "s",
            Some(SECONDS),
        ));
        lines.push(ours(format!("{name}: CPU of the server"), Ok(server_busy), "s", Some(SECONDS)));
        let [quiet, storm] = felt;
        let ratio = if storm.lag_us(0.99) > LATE * storm.us(0.99) {
            Err(format!("the generator was late by {:.0} us itself", storm.lag_us(0.99)))
        } else {
            Ok(storm.us(0.99) / quiet.us(0.99))
        };
        lines.push(ours(format!("{name}: p99 of {OTHERS} others, quiet"), Ok(quiet.us(0.99)), "us", None));
        lines.push(ours(format!("{name}: p99 of {OTHERS} others, meanwhile"), Ok(storm.us(0.99)), "us", None));
        lines.push(ours(format!("{name}: the same to quiet"), ratio, "x", Some(OTHERS_P99)));
    }
    Ok(lines)
}

struct Outcome {
    /// Seconds.
    wall: f64,
    server_busy: f64,
    /// Share of its core.
    generator_busy: f64,
    turned_away: usize,
}

/// All come, and after a while all connections break and all come back.
fn storm(server: &Server, guests: &[Guest], quiet: Duration, phase: &AtomicU8, tickets: &Tickets) -> Result<Outcome> {
    yield_to_others()?;
    let mut crowd = Crowd::new()?;
    crowd.welcome(guests.iter().cloned(), 32)?;
    crowd.stay(Duration::from_secs(1))?;
    phase.store(CALM, Ordering::SeqCst);
    crowd.stay(quiet)?;
    tickets.give_out();
    let before = (Reading::of(server.pid()), Reading::of(std::process::id()), crowd.seens().turned_away);
    phase.store(STORM, Ordering::SeqCst);
    crowd.dismiss(guests.len());
    let begun = Instant::now();
    crowd.welcome(guests.iter().cloned(), guests.len())?;
    let wall = begun.elapsed();
    phase.store(OVER, Ordering::SeqCst);
    Ok(Outcome {
        wall: wall.as_secs_f64(),
        server_busy: Reading::of(server.pid()).since(&before.0).busy as f64 / 1e9,
        generator_busy: Reading::of(std::process::id()).since(&before.1).busy as f64 / wall.as_nanos() as f64,
        turned_away: crowd.seens().turned_away - before.2,
    })
}

/// What the others feel in quiet, and in the storm.
fn probe(dial: &Dial, tenant: &Tenant, phase: &AtomicU8) -> Result<[Felt; 2]> {
    let mut probe = Probe::start(dial, tenant, OTHERS, None)?;
    let mut during = |wanted| probe.run(PER_SECOND, || phase.load(Ordering::SeqCst) == wanted);
    during(BEGINNING)?;
    Ok([during(CALM)?, during(STORM)?])
}

/// Makes this thread the last to get its core: the probe and Postgres go first.
fn yield_to_others() -> Result<()> {
    let thread = nix::unistd::gettid().to_string();
    let done = Command::new("renice").args(["-n", "19", "-p", &thread]).output().context("renice")?;
    anyhow::ensure!(done.status.success(), "renice: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
