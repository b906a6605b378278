//! The relay as the rest of the server sees it: it starts the shards and hands sockets, questions and answers across.

use std::hash::BuildHasher as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use mio::Waker;
use tokio::sync::{mpsc, oneshot};

use super::counters::{Count, Counters};
use super::directory::{ClaimError, Directory, SessionClaim};
use super::kept::Kept;
use super::life::Life;
use super::message::{Command, Measured, Reached, Request, ReserveError, Verdict};
use super::peer::{Attached, Identity, Limits, Page, Place, ReplyTo, SdkPeer, Socket, Ticket};
use super::shard::{Parts, Shard};
use crate::wire::{EnvironmentId, SessionId};

/// Last lines of sockets that wait to be written.
const LIVES: usize = 16_384;

/// How long a shard may take to answer. A probe of the present SDK is part of it (D-21); Python gives an upgrade 10 s.
const ANSWER: Duration = Duration::from_secs(5);

/// How long the shards may take to close everything: 3 s apart, then 4 s for those who do not answer.
const DRAINED: Duration = Duration::from_secs(9);

/// The way into one shard.
#[derive(Clone)]
pub(super) struct ShardHandle {
    commands: Sender<Command>,
    waker: Arc<Waker>,
    /// The shard was woken for a command and has not looked for it yet.
    told: Arc<AtomicBool>,
}

impl ShardHandle {
    /// Hands a command over. A shard that has ended takes nothing: its sockets are closed with the command.
    pub(super) fn send(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            self.wake();
        }
    }

    /// Lets the shard look for commands, unless it is about to.
    fn wake(&self) {
        if self.told.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Err(error) = self.waker.wake() {
            self.told.store(false, Ordering::Release);
            tracing::error!(%error, "a shard could not be woken");
        }
    }
}

/// A handle to the running relay. Clones share it.
#[derive(Clone)]
pub struct Hub {
    shards: Arc<[ShardHandle]>,
    counters: Arc<[Arc<Counters>]>,
    held: Arc<AtomicUsize>,
    directory: Directory,
    /// Set once the shards are on their way out.
    leaving: Arc<AtomicBool>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}

/// How far a look at everything that is attached has come. See [`Hub::attached`].
#[derive(Clone, Copy, Debug)]
pub struct Look {
    shard: usize,
    reached: Reached,
    missed: bool,
}

impl Look {
    /// Whether a shard did not answer in time, so that some of what is attached was not looked at.
    #[must_use]
    pub fn missed(&self) -> bool {
        self.missed
    }

    fn next_shard(&mut self) {
        (self.shard, self.reached) = (self.shard + 1, Reached::Connections(0));
    }
}

impl Default for Look {
    /// At the beginning.
    fn default() -> Self {
        Self { shard: 0, reached: Reached::Connections(0), missed: false }
    }
}

/// The threads of the shards; join them after [`Hub::drain`].
#[derive(Debug)]
pub struct Threads {
    handles: Vec<JoinHandle<()>>,
    lives: Option<mpsc::Receiver<Life>>,
}

impl Threads {
    /// Gives out, once, the sockets that are over, for their line in the log; they end with the last shard. Where nobody
    /// reads them the shards write the lines themselves.
    pub fn lives(&mut self) -> Option<mpsc::Receiver<Life>> {
        self.lives.take()
    }

    /// Waits for all shards to end. Blocks the calling thread.
    pub fn join(self) {
        for thread in self.handles {
            if thread.join().is_err() {
                tracing::error!("a shard ended by a panic");
            }
        }
    }
}

impl Hub {
    /// Starts `limits.shards` threads. What they cannot decide comes out of `requests`, which must be read all the time.
    ///
    /// # Errors
    /// When the system refuses an epoll descriptor or a thread.
    pub fn start(limits: &Limits, requests: &mpsc::Sender<Request>) -> io::Result<(Self, Threads)> {
        let mut polls = Vec::new();
        let mut shards = Vec::new();
        for _ in 0..limits.shards.max(1) {
            let poll = mio::Poll::new()?;
            let (sender, receiver) = std::sync::mpsc::channel();
            let told: Arc<AtomicBool> = Arc::default();
            shards.push(ShardHandle {
                commands: sender,
                waker: Arc::new(Shard::waker(&poll)?),
                told: Arc::clone(&told),
            });
            polls.push((poll, receiver, told));
        }
        let counters: Arc<[_]> = polls.iter().map(|_| Arc::new(Counters::default())).collect();
        let held: Arc<AtomicUsize> = Arc::default();
        let (life, lives) = mpsc::channel(LIVES);
        let mut threads = Vec::new();
        for (number, (poll, commands, told)) in polls.into_iter().enumerate() {
            let parts = Parts {
                number,
                limits: limits.clone(),
                poll,
                commands,
                told,
                requests: requests.clone(),
                shards: shards.clone(),
                counters: Arc::clone(&counters[number]),
                held: Arc::clone(&held),
                lives: life.clone(),
            };
            let name = format!("shard-{number}");
            threads.push(std::thread::Builder::new().name(name).spawn(move || Shard::new(parts).run())?);
        }
        let hub =
            Self { shards: shards.into(), counters, held, directory: Directory::default(), leaving: Arc::default() };
        Ok((hub, Threads { handles: threads, lives: Some(lives) }))
    }

    fn shard_of(&self, id: u128) -> &ShardHandle {
        // The ids are random, but a hostile one is not; a bad spread costs only balance.
        let hash = FixedState::default().hash_one(id);
        &self.shards[(hash % self.shards.len() as u64) as usize]
    }

    /// D-21: asks for the place of the environment's SDK. A living connection keeps it; a dead one is found out within
    /// 2.5 s and closed. Cancel-safe: dropping the future or the reservation frees the place.
    ///
    /// # Errors
    /// [`ReserveError::Occupied`] when a living SDK holds it, [`ReserveError::Stopping`] when the relay ends.
    pub async fn reserve_sdk(&self, environment: EnvironmentId) -> Result<SdkReservation, ReserveError> {
        let shard = self.shard_of(environment.as_u128()).clone();
        let (reply, answer) = oneshot::channel();
        shard.send(Command::ReserveSdk { environment, reply });
        let mut asked = Asked { environment, answer, shard };
        let number = match tokio::time::timeout(ANSWER, &mut asked.answer).await {
            Ok(Ok(number)) => number?,
            Ok(Err(_)) | Err(_) => return Err(ReserveError::Stopping),
        };
        Ok(SdkReservation { environment, number, shard: asked.shard.clone(), used: false })
    }

    /// Hands an upgraded SDK socket to its shard.
    pub fn attach_sdk(&self, mut reservation: SdkReservation, socket: Socket, peer: SdkPeer) {
        reservation.used = true;
        let command = Command::AttachSdk { reservation: reservation.number, socket, peer: Box::new(peer) };
        reservation.shard.send(command);
    }

    /// A1: holds a browser session id for this user.
    ///
    /// # Errors
    /// When another user has it, or too many are held.
    pub fn claim_session(&self, session: SessionId, identity: &Arc<Identity>) -> Result<SessionClaim, ClaimError> {
        self.directory.claim(session, identity, Instant::now())
    }

    /// The REST half (relay-protocol 5.2): keeps the session id for this user for five minutes, or as long as it has a
    /// socket.
    ///
    /// # Errors
    /// As [`Hub::claim_session`].
    pub fn remember_session(&self, session: SessionId, identity: &Identity) -> Result<(), ClaimError> {
        self.directory.remember(session, identity, Instant::now())
    }

    /// Hands an upgraded browser socket to its shard: an app page to that of its environment. When many come, they share a turn of
    /// the shard if each of the results is dropped a little later.
    pub fn attach_browser(&self, claim: SessionClaim, socket: Socket, page: Page) -> HandedOver {
        let id = match &page {
            Page::App { environment, .. } => environment.as_u128(),
            Page::Home { .. } => claim.session().as_u128(),
        };
        let shard = self.shard_of(id).clone();
        // A shard that has ended takes nothing: the socket is closed with the command.
        let _ = shard.commands.send(Command::AttachBrowser { claim, socket, page });
        HandedOver(shard)
    }

    /// Answers [`Request::Start`].
    pub fn verdict(&self, ticket: Ticket, verdict: Verdict) {
        self.shards[ticket.place.shard].send(Command::Verdict { ticket, verdict });
    }

    /// An environment's configuration was stored: its pages are told with `14`.
    pub fn initialized(&self, environment: EnvironmentId) {
        for shard in self.shards.iter() {
            shard.send(Command::Initialized { environment });
        }
    }

    /// Shows a text to the browser session that an audit entry belonged to.
    pub fn reply(&self, to: ReplyTo, message: &str) {
        self.shards[to.shard].send(Command::Reply { to, message: message.into() });
    }

    /// A part of what holds an authorisation now, to check it again (A8): some hundred at the most. The next call goes on from
    /// there; `None`: that was all. A shard that does not answer in time is left out, see [`Look::missed`]. Who is attached in
    /// the meantime may be missing.
    pub async fn attached(&self, look: &mut Look) -> Option<Vec<Attached>> {
        loop {
            let shard = self.shards.get(look.shard)?;
            let (reply, answer) = oneshot::channel();
            shard.send(Command::Snapshot { from: look.reached, reply });
            let Ok(Ok((part, next))) = tokio::time::timeout(ANSWER, answer).await else {
                look.missed = true;
                look.next_shard();
                continue;
            };
            match next {
                Some(reached) => look.reached = reached,
                None => look.next_shard(),
            }
            if !part.is_empty() {
                return Some(part);
            }
        }
    }

    /// What each shard holds, and how long it took to say so; `None` for one that did not within `limit`.
    pub async fn measure(&self, limit: Duration) -> Vec<Option<(Measured, Duration)>> {
        let asked = Instant::now();
        let by = tokio::time::Instant::now() + limit;
        let mut answers = Vec::new();
        for shard in self.shards.iter() {
            let (reply, answer) = oneshot::channel();
            shard.send(Command::Measure { reply });
            answers.push(answer);
        }
        let mut all = Vec::new();
        for answer in answers {
            let measured = tokio::time::timeout_at(by, answer).await.ok().and_then(Result::ok);
            all.push(measured.map(|measured| (measured, measured.at.saturating_duration_since(asked))));
        }
        all
    }

    /// Bytes of messages that have arrived in part, of all connections.
    #[must_use]
    pub fn arriving(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether an SDK of this environment is connected.
    pub async fn is_online(&self, wanted: EnvironmentId) -> bool {
        let mut look = Look::default();
        while let Some(part) = self.attached(&mut look).await {
            if part.iter().any(|it| matches!(it, Attached::Sdk { environment, .. } if *environment == wanted)) {
                return true;
            }
        }
        false
    }

    /// Closes what lost its authorisation, and ends its executions.
    pub fn revoke(&self, at: Place) {
        self.shards[at.shard].send(Command::Revoke { at });
    }

    /// Closes all sockets with 3782 and ends the shards. At once if there are few sockets, over some seconds if there are
    /// many, because all of them come back as far apart (D-47); 8 s at the most. Sockets that are attached within `linger` are
    /// closed in the same way. Gives back what the next process needs so that the pages go on.
    pub async fn drain(&self, linger: Duration) -> Vec<Kept> {
        // Nothing else is read by it, so no order is needed.
        self.leaving.store(true, Ordering::Relaxed);
        let mut answers = Vec::new();
        for shard in self.shards.iter() {
            let (reply, answer) = oneshot::channel();
            shard.send(Command::Drain { linger, reply });
            answers.push(answer);
        }
        let mut kept = Vec::new();
        for answer in answers {
            // An error means that the shard has ended, which is what is wanted.
            if let Ok(Ok(part)) = tokio::time::timeout(DRAINED, answer).await {
                kept.extend(part);
            }
        }
        kept
    }

    /// Whether [`Hub::drain`] has begun: what is to be taken over is the next process's matter.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Takes over sessions that the process before this one has kept. One whose id somebody else uses by now is left out.
    pub fn restore(&self, sessions: Vec<Kept>) {
        let now = Instant::now();
        for kept in sessions {
            match self.directory.claim(kept.session, &kept.identity, now) {
                Ok(claim) => self.shard_of(kept.environment.as_u128()).send(Command::Restore { claim, kept }),
                Err(error) => tracing::debug!(%error, "a kept session is not taken over"),
            }
        }
    }

    /// Whether every shard that has not ended goes through its loop: each must answer within `limit`.
    pub async fn turns(&self, limit: Duration) -> bool {
        let by = tokio::time::Instant::now() + limit;
        let mut answers = Vec::new();
        for shard in self.shards.iter() {
            let (reply, answer) = oneshot::channel();
            shard.send(Command::Turn { reply });
            answers.push(answer);
        }
        for answer in answers {
            // An error means that the shard has ended, as it does when it was drained.
            if tokio::time::timeout_at(by, answer).await.is_err() {
                return false;
            }
        }
        true
    }

    /// The sum of a counter over all shards.
    #[must_use]
    pub fn count(&self, count: Count) -> u64 {
        self.counters.iter().map(|shard| shard.get(count)).sum()
    }
}

/// A socket that was handed to its shard. The shard is woken for it when this is dropped; keep it for a moment only.
pub struct HandedOver(ShardHandle);

impl std::fmt::Debug for HandedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandedOver").finish_non_exhaustive()
    }
}

impl Drop for HandedOver {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// A question for a place. Its answer may come when nobody waits for it any more: then the place is given back.
struct Asked {
    environment: EnvironmentId,
    answer: oneshot::Receiver<Result<u64, ReserveError>>,
    shard: ShardHandle,
}

impl Drop for Asked {
    fn drop(&mut self) {
        // Closed first, so that the answer is either here or never comes. One that was taken is not here any more.
        self.answer.close();
        if let Ok(Ok(reservation)) = self.answer.try_recv() {
            self.shard.send(Command::CancelReservation { environment: self.environment, reservation });
        }
    }
}

/// The right to become an environment's SDK connection; given back when dropped unused, and lost after 10 s.
pub struct SdkReservation {
    environment: EnvironmentId,
    number: u64,
    shard: ShardHandle,
    used: bool,
}

impl std::fmt::Debug for SdkReservation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SdkReservation").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Drop for SdkReservation {
    fn drop(&mut self) {
        if !self.used {
            let (environment, reservation) = (self.environment, self.number);
            self.shard.send(Command::CancelReservation { environment, reservation });
        }
    }
}
