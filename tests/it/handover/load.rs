//! Pages and SDKs that work all the time. Every click must be answered once and in order, and every message that an SDK
//! sends to a page must arrive once and in order, whatever happens to the server.

use super::http::{self, Calls};
use crate::support::{Environment, Event, Login, Peer, Tenant, Upgrade, World, message, within};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

const TICK: Duration = Duration::from_millis(250);
const CLICK: Duration = Duration::from_millis(200);
const LIMIT: Duration = Duration::from_secs(40);

/// Messages that the SDKs have sent by themselves, by execution.
type Ticks = Arc<Mutex<HashMap<Uuid, u64>>>;

pub struct Load {
    /// From now on nothing new is sent.
    quiet: watch::Sender<bool>,
    /// Everybody goes.
    stop: watch::Sender<bool>,
    sdks: Vec<JoinHandle<Client>>,
    pages: Vec<JoinHandle<Client>>,
    calls: Vec<JoinHandle<Calls>>,
}

/// What happened to one SDK or page.
#[derive(Debug, Default)]
pub struct Client {
    /// Messages received.
    pub received: u64,
    /// When it was told to come back, and how long after that it was there again.
    pub returns: Vec<(Instant, Duration)>,
}

/// What happened to all of them.
#[derive(Debug, Default)]
pub struct Outcome {
    pub sdks: Vec<Client>,
    pub pages: Vec<Client>,
    pub calls: Calls,
}

/// Five SDKs and 200 pages with `COMPOSE_TEST_HANDOVER=full`, else a tenth.
pub fn size() -> (usize, usize) {
    match std::env::var("COMPOSE_TEST_HANDOVER").as_deref() {
        Ok("full") => (5, 40),
        _ => (2, 10),
    }
}

impl Load {
    /// Starts everything, and comes back once every page runs.
    pub async fn start(world: &World) -> Load {
        let (sdks, pages_each) = size();
        let (quiet, stop) = (watch::Sender::new(false), watch::Sender::new(false));
        let (to, ticks) = (world.address(), Ticks::default());
        let mut load = Load { quiet, stop, sdks: Vec::new(), pages: Vec::new(), calls: Vec::new() };
        let (started, mut running) = tokio::sync::mpsc::unbounded_channel();
        let mut login = String::new();
        for _ in 0..sdks {
            let tenant: Tenant = world.seed.tenant().await;
            login.clone_from(&tenant.owner.session);
            let peer = Upgrade::sdk(&tenant.environment).accepted(to).await;
            let sdk = Sdk {
                to,
                environment: tenant.environment.clone(),
                ticks: ticks.clone(),
                sessions: Vec::new(),
                waiting: Vec::new(),
            };
            load.sdks.push(tokio::spawn(sdk.work(peer, load.quiet.subscribe(), load.stop.subscribe())));
            for _ in 0..pages_each {
                let page = Page {
                    to,
                    login: tenant.owner.clone(),
                    environment: tenant.environment.id,
                    session: Uuid::new_v4(),
                    execution: Uuid::new_v4(),
                    ticks: ticks.clone(),
                    clicks: 0,
                    echoes: 0,
                    ticked: 0,
                    client: Client::default(),
                };
                load.pages.push(tokio::spawn(page.work(
                    load.quiet.subscribe(),
                    load.stop.subscribe(),
                    started.clone(),
                )));
            }
            // One environment after the other: how many can begin at once is no matter of a hand-over.
            for _ in 0..pages_each {
                within(LIMIT, "every page runs", running.recv()).await.expect("a page");
            }
        }
        for _ in 0..4 {
            load.calls.push(tokio::spawn(http::fresh(to, http::PAUSE, load.stop.subscribe())));
            load.calls.push(tokio::spawn(http::kept(to, load.stop.subscribe())));
        }
        load.calls.push(tokio::spawn(http::logged_in(to, login, load.stop.subscribe())));
        load
    }

    /// Ends everything; fails when a client has lost something, or got something twice, or a call has failed.
    pub async fn end(self) -> Outcome {
        self.quiet.send_replace(true);
        let mut outcome = Outcome::default();
        for page in self.pages {
            outcome.pages.push(within(LIMIT, "a page has everything", page).await.expect("a page has failed"));
        }
        self.stop.send_replace(true);
        for sdk in self.sdks {
            outcome.sdks.push(within(LIMIT, "an SDK ends", sdk).await.expect("an SDK has failed"));
        }
        for calls in self.calls {
            let calls = within(LIMIT, "the calls end", calls).await.expect("calls have failed");
            outcome.calls.good += calls.good;
            outcome.calls.renewed += calls.renewed;
            outcome.calls.failed.extend(calls.failed);
        }
        assert!(outcome.calls.failed.is_empty(), "of {} calls: {:#?}", outcome.calls.good, outcome.calls.failed);
        outcome
    }
}

impl Outcome {
    fn all(&self) -> impl Iterator<Item = &Client> {
        self.sdks.iter().chain(&self.pages)
    }

    /// Everybody was told to come back once, within a few seconds, and did.
    pub fn assert_everybody_returned_once(&self) {
        for client in self.all() {
            assert_eq!(client.returns.len(), 1, "{client:?}");
        }
        let told = || self.all().flat_map(|client| client.returns.iter().map(|(at, _)| *at));
        let apart = told().max().unwrap() - told().min().unwrap();
        assert!(apart < Duration::from_secs(8), "told to come back over {apart:?}");
        let slowest = self.all().flat_map(|client| &client.returns).map(|(_, after)| *after).max().unwrap();
        eprintln!(
            "{} SDKs and {} pages told within {apart:?}, the slowest back after {slowest:?}; {} messages; {} calls, none \
             failed, {} kept connections ended in an orderly way",
            self.sdks.len(),
            self.pages.len(),
            self.all().map(|client| client.received).sum::<u64>(),
            self.calls.good,
            self.calls.renewed,
        );
    }

    pub fn assert_nobody_was_disturbed(&self) {
        assert!(self.all().all(|client| client.returns.is_empty()), "somebody was told to come back");
        eprintln!("{} calls, none failed", self.calls.good);
    }
}

struct Sdk {
    to: SocketAddr,
    environment: Environment,
    ticks: Ticks,
    /// Executions and the pages that they belong to.
    sessions: Vec<(Uuid, Uuid)>,
    /// Answers to be sent when the connection is there again.
    waiting: Vec<Vec<u8>>,
}

impl Sdk {
    async fn work(mut self, mut peer: Peer, quiet: watch::Receiver<bool>, mut stop: watch::Receiver<bool>) -> Client {
        let mut client = Client::default();
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                event = peer.event_within(LIMIT) => match event {
                    Event::Message(message) => {
                        client.received += 1;
                        self.take(&mut peer, &message).await;
                    }
                    Event::Ping | Event::Pong(_) => {}
                    Event::Closed(Some((3782, _))) => {
                        let at = Instant::now();
                        tokio::time::sleep(super::COMES_BACK).await;
                        peer = Upgrade::sdk(&self.environment).accepted(self.to).await;
                        client.returns.push((at, at.elapsed()));
                        for answer in std::mem::take(&mut self.waiting) {
                            peer.send(answer).await;
                        }
                    }
                    other => panic!("an SDK met {other:?}"),
                },
                _ = tick.tick() => if !*quiet.borrow() { self.tick(&mut peer).await },
                _ = stop.changed() => return client,
            }
        }
    }

    async fn take(&mut self, peer: &mut Peer, message: &crate::support::Message) {
        match message.code() {
            "aa" => {
                let session = message.json()["sessionId"].as_str().unwrap().parse().unwrap();
                self.sessions.push((message.execution(), session));
                self.ticks.lock().unwrap().insert(message.execution(), 0);
            }
            "ab" => {
                let (execution, session) =
                    *self.sessions.iter().find(|(execution, _)| *execution == message.execution()).expect("a run");
                let text = message.json()["componentId"].as_str().unwrap().to_owned();
                let answer = message::toast(session, execution, &text);
                // When the server has closed meanwhile, the answer waits, as in the SDKs.
                if !self.waiting.is_empty() || peer.try_send(answer.clone()).await.is_err() {
                    self.waiting.push(answer);
                }
            }
            "ae" => {}
            other => panic!("an SDK got {other}: {message:?}"),
        }
    }

    async fn tick(&self, peer: &mut Peer) {
        for (execution, session) in &self.sessions {
            let number = self.ticks.lock().unwrap()[execution];
            if peer.try_send(message::toast(*session, *execution, &format!("tick-{number}"))).await.is_err() {
                return;
            }
            *self.ticks.lock().unwrap().get_mut(execution).unwrap() = number + 1;
        }
    }
}

struct Page {
    to: SocketAddr,
    login: Login,
    environment: Uuid,
    session: Uuid,
    execution: Uuid,
    ticks: Ticks,
    /// Sent.
    clicks: u64,
    /// Answered.
    echoes: u64,
    /// Messages that the SDK sent by itself.
    ticked: u64,
    client: Client,
}

impl Page {
    fn upgrade(&self) -> Upgrade {
        Upgrade::page(&self.login, self.session, self.environment, "hello")
    }

    async fn work(
        mut self,
        quiet: watch::Receiver<bool>,
        mut stop: watch::Receiver<bool>,
        started: tokio::sync::mpsc::UnboundedSender<()>,
    ) -> Client {
        let mut peer = self.upgrade().accepted(self.to).await;
        assert_eq!(peer.next_is("11").await.json()["isOnline"], true);
        peer.send(message::start(self.environment, self.execution, self.session, "hello")).await;
        let (mut online, mut back) = (true, false);
        let mut click = tokio::time::interval(CLICK);
        loop {
            tokio::select! {
                event = peer.event_within(LIMIT) => match event {
                    Event::Message(message) if message.code() == "11" => {
                        let now = message.json()["isOnline"] == true;
                        // D-46: only who has just come back may hear that its SDK is not there yet.
                        assert!(now || back, "a page was told that its SDK is away");
                        if now && !online {
                            let check = message::check_execution_exists(self.environment, self.execution, self.session);
                            peer.send(check).await;
                        }
                        online = now;
                        back &= !now;
                    }
                    Event::Message(message) => {
                        self.take(&message);
                        // The first tick shows that the SDK has heard of the start.
                        if self.ticked == 1 && message.contains("tick-0") {
                            let _ = started.send(());
                        }
                    }
                    Event::Ping | Event::Pong(_) => {}
                    Event::Closed(Some((3782, _))) => {
                        let at = Instant::now();
                        tokio::time::sleep(super::COMES_BACK).await;
                        peer = self.upgrade().execution(self.execution).accepted(self.to).await;
                        self.client.returns.push((at, at.elapsed()));
                        (online, back) = (false, true);
                    }
                    other => panic!("a page met {other:?}"),
                },
                _ = click.tick() => {
                    if *quiet.borrow() {
                        if self.echoes == self.clicks && self.ticked == self.ticks.lock().unwrap()[&self.execution] {
                            return self.client;
                        }
                    } else if online && self.ticked > 0 {
                        let text = format!("click-{}", self.clicks);
                        if peer.try_send(message::click(self.environment, self.execution, &text)).await.is_ok() {
                            self.clicks += 1;
                        }
                    }
                }
                _ = stop.changed() => panic!("a page was not done"),
            }
        }
    }

    fn take(&mut self, message: &crate::support::Message) {
        assert_eq!(message.code(), "be", "a page got {message:?}");
        assert_eq!(message.execution(), self.execution);
        self.client.received += 1;
        let body = message.json();
        let text = body["message"].as_str().unwrap();
        let (kind, next) = match text.split_once('-').unwrap().0 {
            "tick" => ("tick", &mut self.ticked),
            _ => ("click", &mut self.echoes),
        };
        assert_eq!(text, format!("{kind}-{next}"), "once, and in order");
        *next += 1;
    }
}
