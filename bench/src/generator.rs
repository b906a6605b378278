//! The load: pages that send, SDKs that answer each message with one of the same size, on one thread.
//!
//! Closed loop: each page has a fixed number of messages on the way. Open loop: messages are due at fixed times, and latency
//! counts from when a message was due, so that a server that stalls is charged for all that waits meanwhile.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use crate::cpu::{self, Reading, Time};
use crate::dial::Socket;
use crate::frames::{self, Ids, Seen};
use crate::interrupt;
use crate::link::{Link, SCRATCH};

/// Without a message for so long the run ends.
const PATIENCE: Duration = Duration::from_secs(20);
/// Messages on the way in an open loop; with more the server does not keep up.
const MOST_WAITING: usize = 100_000;
/// See [`Slices`]; at 20,000 messages a second it has a thousand of them.
const SLICE: Duration = Duration::from_millis(50);
/// Sockets that an open loop looks at before it looks at what is due: more, and it is late itself.
const OPEN_EVENTS: usize = 4;
/// Bytes of uploads after which a page names its files. Below what the server allows between two such hooks.
const UPLOADS: u64 = 64 << 20;

/// A page that is to be.
#[derive(Debug)]
pub struct NewPage {
    /// Its socket.
    pub socket: Socket,
    /// The first message, to which an answer comes before any other is sent.
    pub start: Rc<[u8]>,
    /// What it sends again and again.
    pub frame: Rc<[u8]>,
    /// Goes in between, and is not answered.
    pub file_change: Rc<[u8]>,
    /// What the SDK answers.
    pub answer: Rc<[u8]>,
}

/// How the pages send.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many messages of each page are on the way at any time.
    Closed(u32),
    /// So many messages a second, of all pages together.
    Open(f64),
}

/// What was seen in one measurement.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long.
    pub wall: Duration,
    /// Messages that came back; each was forwarded twice.
    pub trips: u64,
    /// Of each of them, in nanoseconds.
    pub latency: Histogram<u64>,
    /// Open loop: the same by slices of time.
    pub slices: Option<Slices>,
    /// Of all threads of the server.
    pub server: Time,
    /// Of this process.
    pub generator: Time,
    /// The server's memory at the end, bytes.
    pub resident: u64,
    /// Blocks of memory that the server has asked for, of a server that counts them.
    pub allocations: Option<u64>,
}

/// The 99th percentiles of short slices of time, nanoseconds. A virtual machine is stopped some dozen times a second, for up to
/// some milliseconds; that is what a percentile of the whole time would tell of. Most slices are free of it, so their median is not
/// moved by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slices {
    /// Of the round trips: the median slice.
    pub latency: u64,
    /// How late the generator was in sending: the median slice.
    pub lag: u64,
}

/// Slices as they come.
struct Slicing {
    begun: Instant,
    latency: Histogram<u64>,
    lag: Histogram<u64>,
    done: [Vec<u64>; 2],
}

impl Slicing {
    fn new() -> Result<Self> {
        Ok(Self { begun: Instant::now(), latency: histogram()?, lag: histogram()?, done: Default::default() })
    }

    /// Ends a slice when its time is over.
    fn tick(&mut self, now: Instant) {
        if now - self.begun >= SLICE {
            for (histogram, done) in [&mut self.latency, &mut self.lag].into_iter().zip(&mut self.done) {
                // One in which nothing came was as long as that at least.
                let nothing = (now - self.begun).as_nanos() as u64;
                done.push(if histogram.is_empty() { nothing } else { histogram.value_at_quantile(0.99) });
                histogram.reset();
            }
            self.begun = now;
        }
    }

    fn median(mut self) -> Option<Slices> {
        let [latency, lag] = &mut self.done;
        let middle = |of: &mut Vec<u64>| {
            of.sort_unstable();
            of.get(of.len() / 2).copied()
        };
        Some(Slices { latency: middle(latency)?, lag: middle(lag)? })
    }
}

struct Page {
    digits: [u8; 4],
    frame: Rc<[u8]>,
    file_change: Rc<[u8]>,
    uploaded: u64,
    /// When, in nanoseconds, and how many.
    waiting: VecDeque<(u64, u32)>,
    started: bool,
}

enum Role {
    Page(Page),
    Sdk,
}

struct End {
    link: Link,
    role: Role,
}

/// All sockets of one measurement.
pub struct Generator {
    poll: Poll,
    events: Events,
    ends: Vec<End>,
    /// The first so many ends are pages.
    pages: usize,
    answers: Vec<Rc<[u8]>>,
    /// Ends whose sockets were not emptied in the last turn.
    again: Vec<usize>,
    scratch: Box<[u8]>,
    seen: Vec<Seen>,
    epoch: Instant,
    started: usize,
    waiting: usize,
    trips: u64,
    latency: Histogram<u64>,
    slicing: Slicing,
    pong: Rc<[u8]>,
}

impl Generator {
    /// Takes the sockets over and starts the apps in all pages. `ids` and the order of the pages must be those of their
    /// frames.
    ///
    /// # Errors
    /// When a start is not answered.
    pub fn start(pages: Vec<NewPage>, sdks: Vec<Socket>) -> Result<Self> {
        let (mut ends, mut answers) = (Vec::new(), Vec::new());
        let count = pages.len();
        for (number, page) in pages.into_iter().enumerate() {
            let digits = format!("{number:04x}").into_bytes();
            let mut link = Link::new(page.socket)?;
            link.push(&page.start);
            answers.push(page.answer);
            let page = Page {
                digits: std::array::from_fn(|n| digits[n]),
                frame: page.frame,
                file_change: page.file_change,
                uploaded: 0,
                waiting: VecDeque::new(),
                started: false,
            };
            ends.push(End { link, role: Role::Page(page) });
        }
        for socket in sdks {
            ends.push(End { link: Link::new(socket)?, role: Role::Sdk });
        }
        let poll = Poll::new()?;
        for (index, end) in ends.iter_mut().enumerate() {
            poll.registry().register(&mut end.link.tcp, Token(index), Interest::READABLE | Interest::WRITABLE)?;
        }
        let mut generator = Self {
            poll,
            events: Events::with_capacity(1024),
            // What came before the registration is looked for once.
            again: (0..ends.len()).collect(),
            ends,
            pages: count,
            answers,
            scratch: vec![0; SCRATCH].into_boxed_slice(),
            seen: Vec::new(),
            epoch: Instant::now(),
            started: 0,
            waiting: 0,
            trips: 0,
            latency: histogram()?,
            slicing: Slicing::new()?,
            pong: Rc::from(frames::PONG),
        };
        for end in &mut generator.ends {
            end.link.flush()?;
        }
        let begun = Instant::now();
        while generator.started < count {
            interrupt::check()?;
            ensure!(begun.elapsed() < PATIENCE, "{} of {count} starts of an app were answered", generator.started);
            generator.turn(Duration::from_millis(100), false)?;
        }
        Ok(generator)
    }

    /// Sends for `warm_up`, and then for `time`, in which it counts. `allocations` is asked before and behind it.
    ///
    /// # Errors
    /// When messages stay away or come to somebody else, or the run is interrupted.
    pub fn measure(
        mut self,
        server: u32,
        pace: Pace,
        warm_up: Duration,
        time: Duration,
        allocations: impl Fn() -> Result<Option<u64>>,
    ) -> Result<Outcome> {
        let own = std::process::id();
        let mut due = self.now();
        let gap = match pace {
            Pace::Closed(window) => {
                for page in 0..self.pages {
                    self.send(page, window, due)?;
                }
                0.0
            }
            Pace::Open(per_second) => {
                self.events = Events::with_capacity(OPEN_EVENTS);
                1e9 / per_second
            }
        };
        let (mut first_due, mut sent) = (due as f64, 0_u64);
        let warm_at = Instant::now() + warm_up;
        let mut asked = None;
        let mut measured: Option<(Instant, Reading, Reading)> = None;
        let (mut heard, mut heard_trips) = (Instant::now(), 0);
        loop {
            let timeout = if gap > 0.0 { Duration::ZERO } else { Duration::from_millis(100) };
            self.turn(timeout, gap == 0.0)?;
            if gap > 0.0 {
                let now = self.now();
                while due <= now {
                    self.slicing.lag.saturating_record(now - due);
                    self.send((sent % self.pages as u64) as usize, 1, due)?;
                    sent += 1;
                    due = (first_due + sent as f64 * gap) as u64;
                }
                ensure!(self.waiting < MOST_WAITING, "the server does not keep up with this rate");
            }
            interrupt::check()?;
            let now = Instant::now();
            self.slicing.tick(now);
            if self.trips != heard_trips {
                (heard, heard_trips) = (now, self.trips);
            }
            ensure!(now - heard < PATIENCE, "nothing has come back for {} s", PATIENCE.as_secs());
            match &measured {
                None if now >= warm_at => {
                    asked = allocations()?;
                    // Nothing was sent while the server was asked, which is no fault of its.
                    due = self.now();
                    (first_due, sent) = (due as f64, 0);
                    measured = Some((Instant::now(), Reading::of(server), Reading::of(own)));
                    self.trips = 0;
                    heard_trips = 0;
                    self.latency.reset();
                    self.slicing = Slicing::new()?;
                }
                Some((begun, of_server, of_generator)) if now - *begun >= time => {
                    let (wall, server_now) = (begun.elapsed(), Reading::of(server));
                    ensure!(self.trips > 0, "nothing came back");
                    let generator = Reading::of(own).since(of_generator);
                    let resident = cpu::resident(server);
                    let allocations = asked.zip(allocations()?).map(|(before, after)| after.saturating_sub(before));
                    return Ok(Outcome {
                        wall,
                        trips: self.trips,
                        latency: self.latency,
                        slices: if gap > 0.0 { self.slicing.median() } else { None },
                        server: server_now.since(of_server),
                        generator,
                        resident,
                        allocations,
                    });
                }
                _ => {}
            }
        }
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    /// One turn: reads each socket that has something, and answers what it said with one write to it.
    fn turn(&mut self, timeout: Duration, refill: bool) -> Result<()> {
        let timeout = if self.again.is_empty() { timeout } else { Duration::ZERO };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        let now = self.now();
        let again = std::mem::take(&mut self.again);
        for index in again {
            self.attend(index, now, refill)?;
        }
        // Taken out so that the ends may be changed meanwhile.
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            self.attend(event.token().0, now, refill)?;
        }
        self.events = events;
        Ok(())
    }

    fn attend(&mut self, index: usize, now: u64, refill: bool) -> Result<()> {
        let End { link, role } = &mut self.ends[index];
        self.seen.clear();
        let who = || match role {
            Role::Page(page) => format!("page {}", String::from_utf8_lossy(&page.digits)),
            Role::Sdk => format!("SDK {}", index - self.pages),
        };
        let emptied = link.read(&mut self.scratch, &mut self.seen).with_context(who)?;
        if !emptied {
            self.again.push(index);
        }
        match role {
            Role::Sdk => {
                for seen in &self.seen {
                    match seen {
                        Seen::Message { code: [b'a', b'a' | b'd'], execution, .. } => {
                            let page = frames::page(*execution).context("an execution that is not ours")?;
                            link.push(self.answers.get(usize::from(page)).context("a page that is not ours")?);
                        }
                        Seen::Message { .. } => {}
                        Seen::Ping => link.push(&self.pong),
                    }
                }
            }
            Role::Page(page) => {
                let mut came = 0;
                for seen in &self.seen {
                    match seen {
                        Seen::Message { code: [b'a', b'v'], first, execution, .. } => {
                            ensure!(
                                *first == page.digits && *execution == page.digits,
                                "page {:?} got a message for page {first:?}, execution {execution:?}",
                                page.digits
                            );
                            came += 1;
                        }
                        Seen::Message { code: code @ [b'a', b'u' | b'y'], .. } => {
                            bail!("the server said {:?} to a page", String::from_utf8_lossy(code));
                        }
                        Seen::Message { .. } => {}
                        Seen::Ping => link.push(&self.pong),
                    }
                }
                if came > 0 && !page.started {
                    page.started = true;
                    self.started += 1;
                    came -= 1;
                }
                self.trips += u64::from(came);
                self.waiting -= came as usize;
                let mut left = came;
                while left > 0 {
                    let Some((sent, count)) = page.waiting.front_mut() else { bail!("more came back than was sent") };
                    let taken = left.min(*count);
                    self.latency.saturating_record_n(now.saturating_sub(*sent), u64::from(taken));
                    self.slicing.latency.saturating_record_n(now.saturating_sub(*sent), u64::from(taken));
                    *count -= taken;
                    left -= taken;
                    if *count == 0 {
                        page.waiting.pop_front();
                    }
                }
                if refill && came > 0 {
                    return self.send(index, came, now);
                }
            }
        }
        link.flush()
    }

    /// Sends so many messages of a page, which were due at this time.
    fn send(&mut self, page: usize, count: u32, due: u64) -> Result<()> {
        let End { link, role: Role::Page(page) } = &mut self.ends[page] else { bail!("an SDK does not begin") };
        for _ in 0..count {
            page.uploaded += page.frame.len() as u64;
            if page.uploaded > UPLOADS {
                page.uploaded = 0;
                link.push(&page.file_change);
            }
            link.push(&page.frame);
        }
        page.waiting.push_back((due, count));
        self.waiting += count as usize;
        link.flush()
    }
}

fn histogram() -> Result<Histogram<u64>> {
    // From a nanosecond to a minute.
    Ok(Histogram::new_with_bounds(1, 60_000_000_000, 3)?)
}

/// What the pages of one measurement send. `masked_answers`: the SDK's end is a client of the server, too.
#[must_use]
pub fn frames_of(
    environment: uuid::Uuid,
    ids: Ids,
    page: u16,
    size: usize,
    masked_answers: bool,
    route: &str,
) -> [Rc<[u8]>; 4] {
    [
        frames::frame(&frames::start(environment, ids, page, route), true),
        frames::frame(&frames::upload(environment, ids, page, size), true),
        frames::frame(&frames::file_change(environment, ids, page), true),
        frames::frame(&frames::render(ids, page, size), masked_answers),
    ]
}
