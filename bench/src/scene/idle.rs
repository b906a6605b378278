//! Sockets on which nothing happens but pings: what one of them holds, and what ten thousand keep the server busy with.

use std::time::Duration;

use anyhow::Result;

use super::guests::{Guests, Who, raise_open_files};
use super::{Bench, Line, bare};
use crate::cpu::{Cores, Reading};
use crate::crowd::Crowd;
use crate::dial::Dial;
use crate::interrupt;
use crate::memory::resident;
use crate::world::{Settings, World};

/// There before the first look: code and buffers that the first sockets bring into memory are no cost of a socket.
const FIRST: usize = 200;
const COUNT: usize = 10_000;
/// Files that each side needs for other things.
const OTHER_FILES: usize = 300;
/// On a machine with more, it does not get longer.
const MOST: usize = 100_000;
/// Longer than from one ping to the next, and than from one look at all authorisations to the next.
const SETTLE: Duration = Duration::from_secs(33);
/// Looks at all authorisations come every 30 s: one is in it.
const WATCH: Duration = Duration::from_secs(30);
const AT_ONCE: usize = 32;

const PLAIN: f64 = 2.0;
const TLS: f64 = 6.0;
const CPU: f64 = 0.5;

pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let files = raise_open_files()?;
    let world = World::start(Cores::find()?)?;
    let count = if bench.quick { 300 } else { COUNT };
    let most = files.saturating_sub(OTHER_FILES + FIRST).min(MOST);
    let mut lines = Vec::new();
    for tls in [false, true] {
        for who in [Who::App, Who::Home, Who::Sdk] {
            lines.extend(measure(&world, bench, files, who, count, tls)?);
        }
    }
    if !bench.quick && most > COUNT {
        lines.extend(measure(&world, bench, files, Who::App, most, false)?);
    }
    Ok(lines)
}

fn measure(world: &World, bench: &Bench, files: usize, who: Who, count: usize, tls: bool) -> Result<Vec<Line>> {
    let settings = Settings::for_load().with("MAX_CONNECTIONS", "1000000");
    let server = world.server(&if tls { settings.over_tls() } else { settings })?;
    let dial = Dial { to: server.address(), tls: if tls { Some(world.authority().client()?) } else { None } };
    let guests = Guests::new(&world.seed()?, who, FIRST + count)?;
    let mut crowd = Crowd::new()?;
    crowd.welcome(guests.some(&dial, 1, 0..FIRST), AT_ONCE)?;
    let settle = if bench.quick { Duration::from_secs(1) } else { SETTLE };
    crowd.stay(if bench.quick { settle } else { Duration::from_secs(3) })?;
    let before = resident(server.pid())?;
    crowd.welcome(guests.some(&dial, 1, FIRST..FIRST + count), AT_ONCE)?;
    crowd.stay(settle)?;
    let after = resident(server.pid())?;
    interrupt::check()?;

    let name = format!("{count} idle {}, {}", who.name(), if tls { "TLS" } else { "plain" });
    let each = after.saturating_sub(before) as f64 / 1024.0 / count as f64;
    let memory = Line {
        metric: format!("{name}: memory of each"),
        contender: "compose-relay",
        value: Ok(each),
        unit: "KiB",
        target: Some(if tls { TLS } else { PLAIN }),
    };
    if who != Who::App {
        return Ok(vec![memory]);
    }
    let watch = if bench.quick { Duration::from_secs(1) } else { WATCH };
    let (pings, before) = (crowd.seens().pings, Reading::of(server.pid()));
    crowd.stay_awake(watch)?;
    let used = Reading::of(server.pid()).since(&before);
    let pings = (crowd.seens().pings - pings) as f64 / watch.as_secs_f64();
    let cpu = Line {
        metric: format!("{name}: CPU, with {pings:.0} pings a second"),
        contender: "compose-relay",
        value: Ok(used.busy as f64 / watch.as_nanos() as f64 * 100.0),
        unit: "% of a core",
        target: Some(CPU),
    };
    let mut lines = vec![memory, cpu];
    if !tls {
        drop((crowd, server));
        // Both ends are in this process.
        let count = count.min((files / 2).saturating_sub(OTHER_FILES)).max(1);
        lines.push(Line {
            metric: format!("as many pings and answers of {count} sockets, by one thread that does nothing else"),
            contender: "bare pings",
            value: Ok(bare::pings(world.cores(), count, pings, watch)? * 100.0),
            unit: "% of a core",
            target: None,
        });
    }
    Ok(lines)
}
