//! A few pages that send now and then, and how long their messages take: what others on the server feel of something else.
//!
//! The rate is fixed and low, and this side sleeps in between, so that it can share its core with another load.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use crate::dial::{Dial, browser_request, sdk_request};
use crate::frames::{self, Ids, PONG, Seen};
use crate::generator::frames_of;
use crate::interrupt;
use crate::link::{Link, SCRATCH};
use crate::world::seed::{ROUTE, Tenant};

/// Bytes of a message.
const SIZE: usize = 128;
const PATIENCE: Duration = Duration::from_secs(30);

/// What was felt, in nanoseconds.
#[derive(Clone, Debug)]
pub struct Felt {
    /// Round trips.
    pub latency: Histogram<u64>,
    /// How late this side was in sending.
    pub lag: Histogram<u64>,
}

impl Felt {
    /// A percentile of the round trips, microseconds.
    #[must_use]
    pub fn us(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1e3
    }

    /// The same of the lag.
    #[must_use]
    pub fn lag_us(&self, quantile: f64) -> f64 {
        self.lag.value_at_quantile(quantile) as f64 / 1e3
    }
}

/// What else the SDK sends: large messages to a page of its own.
pub struct Stream {
    /// Bytes of a message.
    pub size: usize,
    /// Messages a second.
    pub per_second: f64,
}

struct Page {
    link: Link,
    frame: Rc<[u8]>,
    answer: Rc<[u8]>,
    sent: VecDeque<Instant>,
}

/// Pages and their SDK.
pub struct Probe {
    poll: Poll,
    events: Events,
    pages: Vec<Page>,
    sdk: Link,
    /// Gets the stream.
    last: Option<(Link, Rc<[u8]>, Duration)>,
    /// Whether the page of the stream reads.
    pub last_reads: bool,
    scratch: Vec<u8>,
    pong: Rc<[u8]>,
    came: usize,
}

impl Probe {
    /// Connects and starts an app in each page. With a stream there is one page more.
    ///
    /// # Errors
    /// When somebody is refused or a start is not answered.
    pub fn start(dial: &Dial, tenant: &Tenant, count: usize, stream: Option<&Stream>) -> Result<Self> {
        let ids = Ids::fresh();
        let poll = Poll::new()?;
        let mut sdk = Link::new(dial.open(&sdk_request(dial, tenant, true), None).context("the SDK connects")?.0)?;
        poll.registry().register(&mut sdk.tcp, Token(usize::MAX), Interest::READABLE | Interest::WRITABLE)?;
        let mut pages = Vec::new();
        for number in 0..count + usize::from(stream.is_some()) {
            let login = &tenant.logins[number % tenant.logins.len()];
            let page = u16::try_from(number).context("too many pages")?;
            let request = browser_request(dial, tenant, login, &ids.session(page));
            let mut link = Link::new(dial.open(&request, None).context("a page connects")?.0)?;
            poll.registry().register(&mut link.tcp, Token(number), Interest::READABLE | Interest::WRITABLE)?;
            let [start, frame, _, answer] = frames_of(tenant.environment, ids, page, SIZE, true, ROUTE);
            link.push(&start);
            link.flush()?;
            pages.push(Page { link, frame, answer, sent: VecDeque::new() });
        }
        let mut probe = Self {
            poll,
            events: Events::with_capacity(1024),
            pages,
            sdk,
            last: None,
            last_reads: true,
            scratch: vec![0; SCRATCH],
            pong: Rc::from(PONG),
            came: 0,
        };
        let begun = Instant::now();
        let mut none = felt()?;
        while probe.came < probe.pages.len() {
            ensure!(
                begun.elapsed() < PATIENCE,
                "{} of {} starts of an app were answered",
                probe.came,
                probe.pages.len()
            );
            probe.turn(Duration::from_millis(100), &mut none)?;
        }
        if let Some(stream) = stream
            && let Some(page) = probe.pages.pop()
        {
            let number = u16::try_from(count).context("too many pages")?;
            let large = frames::frame(&frames::render(ids, number, stream.size), true);
            probe.last = Some((page.link, large, Duration::from_secs_f64(1.0 / stream.per_second)));
        }
        Ok(probe)
    }

    /// Sends so many messages a second, of all pages together, as long as `go_on` says.
    ///
    /// # Errors
    /// When somebody other than the page of the stream is lost.
    pub fn run(&mut self, per_second: f64, mut go_on: impl FnMut() -> bool) -> Result<Felt> {
        let mut felt = felt()?;
        let gap = Duration::from_secs_f64(1.0 / per_second);
        let (mut due, mut next) = (Instant::now(), 0);
        let mut stream_due = due;
        while go_on() {
            let now = Instant::now();
            while due <= now {
                let count = self.pages.len();
                let page = &mut self.pages[next];
                next = (next + 1) % count;
                felt.lag.saturating_record((now - due).as_nanos() as u64);
                page.sent.push_back(Instant::now());
                page.link.push(&page.frame);
                page.link.flush()?;
                due += gap;
            }
            if let Some((_, large, every)) = &self.last {
                while stream_due <= now {
                    self.sdk.push(large);
                    stream_due += *every;
                }
                self.sdk.flush()?;
            }
            let wait = due.saturating_duration_since(Instant::now());
            self.turn(wait, &mut felt)?;
        }
        Ok(felt)
    }

    fn turn(&mut self, wait: Duration, felt: &mut Felt) -> Result<()> {
        interrupt::check()?;
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let mut seen = Vec::new();
        for event in &events {
            let Token(index) = event.token();
            seen.clear();
            if index == usize::MAX {
                while !self.sdk.read(&mut self.scratch, &mut seen)? {}
                for seen in &seen {
                    match seen {
                        Seen::Message { code: [b'a', b'a' | b'd'], execution, .. } => {
                            let page = frames::page(*execution).context("an execution that is not ours")?;
                            // The page of the stream is started like the others.
                            let page = self.pages.get(usize::from(page)).context("a page that is not ours")?;
                            self.sdk.push(&page.answer);
                        }
                        Seen::Message { .. } => {}
                        Seen::Ping => self.sdk.push(&self.pong),
                    }
                }
                self.sdk.flush()?;
            } else if let Some(page) = self.pages.get_mut(index) {
                while !page.link.read(&mut self.scratch, &mut seen)? {}
                for seen in &seen {
                    match seen {
                        Seen::Message { code: [b'a', b'v'], .. } => {
                            self.came += 1;
                            if let Some(sent) = page.sent.pop_front() {
                                felt.latency.saturating_record(sent.elapsed().as_nanos() as u64);
                            }
                        }
                        Seen::Message { code: code @ [b'a', b'u' | b'y'], .. } => {
                            bail!("the server said {:?} to a page", String::from_utf8_lossy(code));
                        }
                        Seen::Message { .. } => {}
                        Seen::Ping => page.link.push(&self.pong),
                    }
                }
                page.link.flush()?;
            } else if self.last_reads
                && let Some((link, ..)) = &mut self.last
            {
                while !link.read(&mut self.scratch, &mut seen)? {}
                if seen.iter().any(|seen| matches!(seen, Seen::Ping)) {
                    link.push(&self.pong);
                }
                link.flush()?;
            }
        }
        self.events = events;
        Ok(())
    }
}

fn felt() -> Result<Felt> {
    let histogram = || Histogram::new_with_bounds(1_000, 60_000_000_000, 3).context("a histogram");
    Ok(Felt { latency: histogram()?, lag: histogram()? })
}
