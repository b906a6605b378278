//! What one connect costs the server's core: TCP, TLS, and the upgrade of a page, with all that has to be looked up for it.
//!
//! HAProxy ends TLS and passes the upgrade on to a stub that answers at once; it looks nothing up.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::guests::{Guests, Who, raise_open_files};
use super::homes::median;
use super::{Bench, Line};
use crate::contender::{Contender, Kind};
use crate::cpu::{Cores, Reading, Time, not_idle};
use crate::crowd::Crowd;
use crate::dial::{ACCEPT, Dial};
use crate::world::World;
use crate::world::tickets::Tickets;

/// HAProxy has room for 4,000 connections, two of which are one browser's.
const COUNT: usize = 1_500;
const AT_ONCE: usize = 16;
const ROUNDS: usize = 7;
const TO_HAPROXY: f64 = 0.6;
/// Share of the core that something else may have had.
const OTHERS: f64 = 0.05;

/// One contender's rounds, full handshakes and resumed sessions: microseconds of CPU for each connect.
#[derive(Default)]
struct Rounds {
    cpu: [Vec<f64>; 2],
    postgres: [Vec<f64>; 2],
    disturbed: usize,
}

pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    raise_open_files()?;
    let world = World::start(Cores::find()?)?;
    let count = if bench.quick { 50 } else { COUNT };
    let guests = Guests::new(&world.seed()?, Who::App, count)?;
    let mut contenders = Vec::new();
    let kinds = [Kind::ComposeRelay, Kind::AwsLcRs, Kind::Haproxy];
    for kind in kinds.into_iter().filter(|kind| *kind != Kind::AwsLcRs || bench.aws_lc_rs) {
        let mut contender = Contender::start(&world, kind, true)?;
        if let Some(upstream) = contender.upstream.take() {
            std::thread::spawn(move || stub(&upstream));
        }
        contenders.push((contender, Rounds::default()));
    }
    for round in 0..if bench.quick { 1 } else { ROUNDS } {
        for (contender, rounds) in &mut contenders {
            one(&world, contender, &guests, count, round as u32, rounds)?;
        }
    }

    let mut lines = Vec::new();
    for (resumed, what) in [(0, "full handshake"), (1, "session resumed")] {
        let name = format!("TLS connect and upgrade of a page, {what}");
        let figure = |kind| {
            let (_, rounds) = contenders.iter().find(|(contender, _)| contender.kind == kind)?;
            (!rounds.cpu[resumed].is_empty()).then(|| median(rounds.cpu[resumed].clone()))
        };
        let haproxy = figure(Kind::Haproxy);
        for (contender, rounds) in &contenders {
            let name_of = contender.kind.name();
            let why = || format!("something else ran in all {} rounds", rounds.disturbed);
            let value = figure(contender.kind).ok_or_else(why);
            let line = |metric, value, unit, target| Line { metric, contender: name_of, value, unit, target };
            lines.push(line(format!("{name}: CPU of each"), value.clone(), "us", None));
            if contender.kind == Kind::Haproxy {
                continue;
            }
            let ratio = value.and_then(|ours| Ok(ours / haproxy.ok_or("there is no figure of HAProxy")?));
            lines.push(line(format!("{name}: CPU to HAProxy's"), ratio, "x", Some(TO_HAPROXY)));
            let postgres = Ok(median(rounds.postgres[resumed].clone()));
            lines.push(line(format!("{name}: CPU of Postgres beside it"), postgres, "us", None));
        }
    }
    Ok(lines)
}

/// All come twice: the first time each gets its tickets.
fn one(
    world: &World,
    contender: &Contender,
    guests: &Guests,
    count: usize,
    round: u32,
    rounds: &mut Rounds,
) -> Result<()> {
    let tickets = Arc::new(Tickets::default());
    let dial = Dial { to: contender.dial.to, tls: Some(world.authority().resuming_client(Arc::clone(&tickets))?) };
    // Not among those that are measured: what is made when it is first needed.
    let mut first = Crowd::new()?;
    first.welcome(guests.some(&contender.dial, 1_000 + round, 0..count.min(100)), AT_ONCE)?;
    for resumed in [0, 1] {
        if resumed == 1 {
            tickets.give_out();
        }
        let mut crowd = Crowd::new()?;
        let (before, postgres) = (Reading::of(contender.pid()), world.postgres_time());
        let (begun, ran) = (Instant::now(), not_idle(world.cores().server));
        crowd.welcome(guests.some(&dial, 2 * round + resumed as u32, 0..count), AT_ONCE)?;
        let (wall, used) = (begun.elapsed(), Reading::of(contender.pid()).since(&before));
        let ran = not_idle(world.cores().server).saturating_sub(ran);
        let postgres = world.postgres_time().saturating_sub(postgres);
        // The tickets come behind the handshake.
        let begun = Instant::now();
        while resumed == 0 && tickets.count() < count {
            let got = tickets.count();
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(20), "{got} tickets for {count} clients");
            crowd.stay(Duration::from_millis(50))?;
        }
        if is_disturbed(used, ran, wall) {
            rounds.disturbed += 1;
            continue;
        }
        let each = |time: u64| time as f64 / 1e3 / count as f64;
        rounds.cpu[resumed].push(each(used.busy));
        rounds.postgres[resumed].push(each(postgres));
    }
    Ok(())
}

/// Whether something else had more than a little of the server's core. Its threads wait for each other, so their waiting does
/// not tell.
fn is_disturbed(used: Time, ran: u64, wall: Duration) -> bool {
    ran.saturating_sub(used.busy) as f64 > OTHERS * wall.as_nanos() as f64
}

/// Answers every upgrade. Ends with the process.
fn stub(upstream: &TcpListener) {
    let mut open = Vec::new();
    while let Ok((mut tcp, _)) = upstream.accept() {
        // Who does not ask has no need of an answer.
        if answer(&mut tcp).is_ok() {
            open.push(tcp);
        }
        if open.len() > 4 * COUNT {
            open.drain(..2 * COUNT);
        }
    }
}

fn answer(tcp: &mut TcpStream) -> Result<()> {
    tcp.set_read_timeout(Some(Duration::from_secs(5)))?;
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        let read = tcp.read(&mut buffer)?;
        anyhow::ensure!(read > 0, "no request");
        head.extend_from_slice(&buffer[..read]);
    }
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    tcp.write_all(answer.as_bytes()).context("answering")
}
