//! What is left in memory five seconds after a burst of large messages and of connections.

use std::time::Duration;

use anyhow::Result;

use super::guests::{Guests, Who, raise_open_files};
use super::{Bench, Line};
use crate::cpu::Cores;
use crate::crowd::Crowd;
use crate::dial::{Dial, browser_request, sdk_request};
use crate::frames::Ids;
use crate::generator::{Generator, NewPage, Pace, frames_of};
use crate::memory::resident;
use crate::world::seed::ROUTE;
use crate::world::{Settings, World};

/// Those who stay all the time.
const STAY: usize = 200;
/// Those who come in the burst and leave.
const COME: usize = 2_000;
/// Pages that send large messages, each of them some at a time.
const PAGES: u16 = 64;
const SIZE: usize = 1 << 20;
const ON_THE_WAY: u32 = 2;
const TIMES_IDLE: f64 = 1.5;

pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    raise_open_files()?;
    let world = World::start(Cores::find()?)?;
    let seed = world.seed()?;
    let mut lines = Vec::new();
    for tls in [false, true] {
        // What waits for pages that may come back within three quarters of a minute is not what is asked for here.
        let settings = Settings::for_load().with("SESSION_GRACE_SECONDS", "1");
        let server = world.server(&if tls { settings.over_tls() } else { settings })?;
        let dial = Dial { to: server.address(), tls: if tls { Some(world.authority().client()?) } else { None } };
        let come = if bench.quick { 50 } else { COME };
        let guests = Guests::new(&seed, Who::App, STAY + come)?;
        let mut crowd = Crowd::new()?;
        crowd.welcome(guests.some(&dial, 1, 0..STAY), 32)?;
        crowd.stay(Duration::from_secs(if bench.quick { 1 } else { 25 }))?;
        let idle = resident(server.pid())?;

        let mut short = Crowd::new()?;
        short.welcome(guests.some(&dial, 1, STAY..STAY + come), 256)?;
        drop(short);
        let tenant = seed.tenant(usize::from(PAGES))?;
        let ids = Ids::fresh();
        let sdk = dial.open(&sdk_request(&dial, &tenant, true), None)?.0;
        let mut pages = Vec::new();
        for number in 0..PAGES {
            let request = browser_request(&dial, &tenant, &tenant.logins[usize::from(number)], &ids.session(number));
            let [start, frame, file_change, answer] = frames_of(tenant.environment, ids, number, SIZE, true, ROUTE);
            pages.push(NewPage { socket: dial.open(&request, None)?.0, start, frame, file_change, answer });
        }
        let time = Duration::from_secs(if bench.quick { 1 } else { 4 });
        let outcome = Generator::start(pages, vec![sdk])?.measure(
            server.pid(),
            Pace::Closed(ON_THE_WAY),
            Duration::ZERO,
            time,
            || Ok(None),
        )?;
        let peak = outcome.resident as f64 / f64::from(1 << 20);
        crowd.stay(Duration::from_secs(5))?;
        let after = resident(server.pid())?;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let over = if tls { "TLS" } else { "plain" };
        lines.push(Line {
            metric: format!(
                "memory 5 s after a burst, {over}: {:.1} MiB idle, {peak:.1} MiB in it, {:.1} MiB after it",
                mib(idle),
                mib(after)
            ),
            contender: "compose-relay",
            value: Ok(after as f64 / idle as f64),
            unit: "x idle",
            target: Some(TIMES_IDLE),
        });
    }
    Ok(lines)
}
