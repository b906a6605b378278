//! What the kernel alone needs for the work of a scene: a thread on the server's core that does nothing but the writes and the
//! reads, on as many sockets of its own.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::cpu::{Cores, pin, this_thread};
use crate::interrupt;

/// Bare writes come within a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that tell a page of an SDK.
const FRAME: usize = 128;
const PING: [u8; 2] = [0x89, 0];
/// A masked pong.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
/// From one group of pings to the next, as the server has it.
const STROKE: Duration = Duration::from_millis(100);

/// Sockets that are connected with one another.
struct Pairs {
    near: Vec<TcpStream>,
    far: Vec<TcpStream>,
}

impl Pairs {
    fn new(count: usize) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let one = std::net::TcpStream::connect(listener.local_addr()?)?;
            let (other, _) = listener.accept()?;
            for tcp in [&one, &other] {
                tcp.set_nodelay(true)?;
                tcp.set_nonblocking(true)?;
            }
            near.push(TcpStream::from_std(one));
            far.push(TcpStream::from_std(other));
        }
        Ok(Self { near, far })
    }
}

fn watch(sockets: &mut [TcpStream]) -> Result<(Poll, Events)> {
    let poll = Poll::new()?;
    for (number, tcp) in sockets.iter_mut().enumerate() {
        poll.registry().register(tcp, Token(number), Interest::READABLE)?;
    }
    Ok((poll, Events::with_capacity(1024)))
}

/// Seconds until the thread has written to each of so many sockets once, while this one waits for them as for the pages.
pub(super) fn writes(cores: Cores, count: usize) -> Result<f64> {
    let Pairs { mut near, mut far } = Pairs::new(count)?;
    let (mut poll, mut events) = watch(&mut far)?;
    let writer = std::thread::spawn(move || {
        pin(cores.server)?;
        let begun = Instant::now();
        for tcp in &mut near {
            tcp.write_all(&[0; FRAME])?;
        }
        anyhow::Ok((begun.elapsed(), near))
    });
    let (mut buffer, mut came) = ([0; FRAME], 0);
    let begun = Instant::now();
    while came < count {
        interrupt::check()?;
        ensure!(begun.elapsed() < PATIENCE, "{came} of {count} bare writes have come");
        poll.poll(&mut events, Some(Duration::ZERO))?;
        for event in &events {
            if let Some(tcp) = far.get_mut(event.token().0)
                && tcp.read(&mut buffer).is_ok()
            {
                came += 1;
            }
        }
    }
    let (time, _near) = writer.join().map_err(|_| anyhow!("the writing thread panicked"))??;
    Ok(time.as_secs_f64())
}

/// The share of a core that the thread needs to ping so many sockets, all of them together so many times a second, and to read the
/// answers.
pub(super) fn pings(cores: Cores, count: usize, per_second: f64, time: Duration) -> Result<f64> {
    let Pairs { mut near, mut far } = Pairs::new(count)?;
    let (mut poll, mut events) = watch(&mut far)?;
    let over = std::sync::Arc::new(AtomicBool::new(false));
    let is_over = std::sync::Arc::clone(&over);
    let pinger = std::thread::spawn(move || {
        pin(cores.server)?;
        let (mut poll, mut events) = watch(&mut near)?;
        let (begun, before, mut sent, mut buffer) = (Instant::now(), this_thread()?, 0, [0; PONG.len()]);
        let mut stroke = begun;
        while begun.elapsed() < time {
            stroke += STROKE;
            let due = ((stroke - begun).as_secs_f64() * per_second) as usize;
            while sent < due {
                near[sent % count].write_all(&PING)?;
                sent += 1;
            }
            loop {
                let left = stroke.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                poll.poll(&mut events, Some(left))?;
                for event in &events {
                    near[event.token().0].read_exact(&mut buffer)?;
                }
            }
        }
        let used = this_thread()?.busy - before.busy;
        let share = used as f64 / begun.elapsed().as_nanos() as f64;
        is_over.store(true, Ordering::Relaxed);
        anyhow::Ok((share, near))
    });
    let mut buffer = [0; PING.len()];
    while !over.load(Ordering::Relaxed) && !pinger.is_finished() {
        interrupt::check()?;
        poll.poll(&mut events, Some(Duration::ZERO))?;
        for event in &events {
            let tcp = &mut far[event.token().0];
            if tcp.read_exact(&mut buffer).is_ok() {
                tcp.write_all(&PONG)?;
            }
        }
    }
    let (share, _near) = pinger.join().map_err(|_| anyhow!("the pinging thread panicked"))??;
    Ok(share)
}
