//! What happens by the clock: pings, silence, the ends of holds, of grace and of reservations.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::Shard;
use crate::relay::connection::{Hold, SILENCE};
use crate::relay::counters::Count;
use crate::relay::message::Verdict;
use crate::relay::strokes::STROKE;

/// Time between two pings; clients count on at most 20 s (relay-protocol 2.8), and a ping may be written somewhat later than it
/// is due.
const PING: Duration = Duration::from_millis(19_500);
/// How much earlier a ping may be, so that those of sockets that fell into step spread out again.
const EARLY: Duration = Duration::from_millis(500);

/// What a timer is for: slab index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Connection(usize, u64),
    Session(usize, u64),
    Environment(usize, u64),
}

impl Shard {
    /// Sets the timer of a connection for what is due next, if that is earlier than what it is set for.
    pub(super) fn arm(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        let due = connection.due();
        if connection.armed.is_none_or(|armed| due < armed) {
            connection.armed = Some(due);
            // Pings are due on strokes: to wake up for one socket at a time costs four times as much as its ping.
            let key = (index, connection.generation);
            if !self.strokes.push(due, key) {
                self.timers.push(Reverse((due, Timer::Connection(key.0, key.1))));
            }
        }
    }

    pub(super) fn arm_session(&mut self, index: usize) {
        let session = &self.tables.sessions[index];
        if let Some(until) = session.grace_until {
            self.timers.push(Reverse((until, Timer::Session(index, session.generation))));
        }
    }

    /// The same for an environment.
    pub(super) fn arm_environment(&mut self, index: usize) {
        let environment = &mut self.tables.environments[index];
        let initialize = environment.pending_initialize.as_ref().map(|_| environment.initialize_from);
        let due = [environment.reserved.map(|(_, until)| until), environment.probe_by, initialize];
        let Some(due) = due.into_iter().flatten().min() else { return };
        if environment.armed.is_none_or(|armed| due < armed) {
            environment.armed = Some(due);
            self.timers.push(Reverse((due, Timer::Environment(index, environment.generation))));
        }
    }

    pub(super) fn fire_timers(&mut self) {
        while let Some((at, (index, generation))) = self.strokes.pop(self.now) {
            self.connection_due(index, generation, at);
        }
        while let Some(&Reverse((at, timer))) = self.timers.peek() {
            if at > self.now {
                break;
            }
            self.timers.pop();
            match timer {
                Timer::Connection(index, generation) => self.connection_due(index, generation, at),
                Timer::Session(index, generation) => self.session_due(index, generation),
                Timer::Environment(index, generation) => self.environment_due(index, generation, at),
            }
        }
    }

    fn connection_due(&mut self, index: usize, generation: u64, at: Instant) {
        let now = self.now;
        let serial = self.serial();
        let Some(connection) = self.connection((index, generation)) else { return };
        if connection.armed != Some(at) {
            return;
        }
        connection.armed = None;
        if connection.close_by.is_some_and(|by| now >= by) {
            return self.leave(index, "wait", &"no answer to the close frame");
        }
        let mut late = None;
        match &connection.hold {
            Some(Hold::Rate { until }) if now >= *until => self.resume(index),
            Some(Hold::Verdict { start, until }) if now >= *until => late = Some(start.serial),
            _ => {}
        }
        if let Some(serial) = late {
            self.verdict(index, serial, Verdict::Unknown);
        }
        let Some(connection) = self.connection((index, generation)) else { return };
        if connection.close_by.is_some() {
            return self.arm(index);
        }
        if connection.hold.is_none() && now >= connection.last_alive + SILENCE {
            self.ends(index, Count::CloseDead);
            return self.leave(index, "wait", &"nothing heard for too long");
        }
        if now >= connection.next_ping {
            let next = self.strokes.before(now + PING - EARLY.mul_f64(fraction(serial)));
            let connection = &mut self.connections[index];
            connection.next_ping = next;
            connection.outbox.ping(b"");
            self.touch(index);
        }
        self.arm(index);
    }

    /// When a connection that begins now gets its next ping: those that come together, after a loss of the network or an
    /// update, are spread over the whole time between two pings.
    pub(super) fn second_ping(&mut self) -> Instant {
        let part = fraction(self.serial());
        self.strokes.before(self.now + STROKE + PING.mul_f64(part))
    }

    fn session_due(&mut self, index: usize, generation: u64) {
        let now = self.now;
        let over = self.tables.sessions.get(index).is_some_and(|session| {
            session.generation == generation && session.grace_until.is_some_and(|until| now >= until)
        });
        if over {
            self.end_session(index, true);
        }
    }

    fn environment_due(&mut self, index: usize, generation: u64, at: Instant) {
        let now = self.now;
        let Some(environment) = self.tables.environments.get_mut(index) else { return };
        if environment.generation != generation || environment.armed != Some(at) {
            return;
        }
        environment.armed = None;
        if environment.reserved.is_some_and(|(_, until)| now >= until) {
            environment.reserved = None;
            self.admit_sdk(index);
        } else if environment.probe_by.is_some_and(|by| now >= by) {
            self.probe_failed(index);
        }
        self.hand_over_initialize(index);
        self.tables.drop_idle_environment(index);
        // If it has ended, no other has its place yet.
        if self.tables.environments.contains(index) {
            self.arm_environment(index);
        }
    }
}

/// At least 0, less than 1: numbers that follow one another are far apart.
fn fraction(serial: u64) -> f64 {
    // The golden ratio; 53 bits fill a float.
    (serial.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, mpsc};

    use super::*;
    use crate::relay::counters::Counters;
    use crate::relay::directory::Directory;
    use crate::relay::peer::{Identity, Limits, Page, Socket};
    use crate::relay::shard::Parts;
    use crate::wire::SessionId;

    /// A shard that nobody runs, with one home page.
    fn shard() -> (Shard, TcpStream) {
        let (_, commands) = mpsc::channel();
        let parts = Parts {
            number: 0,
            limits: Limits::default(),
            poll: mio::Poll::new().unwrap(),
            commands,
            told: Arc::default(),
            requests: tokio::sync::mpsc::channel(1).0,
            shards: Vec::new(),
            counters: Arc::new(Counters::default()),
            held: Arc::default(),
            lives: tokio::sync::mpsc::channel(1).0,
        };
        let mut shard = Shard::new(parts);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let tcp = listener.accept().unwrap().0;
        let socket = Socket { tcp, session: None, leftover: Vec::new(), place: Box::new(()) };
        let identity = Arc::new(Identity { login: "".into(), user: None, company: None, email: None });
        let claim = Directory::default().claim(SessionId::from_u128(1), &identity, shard.now).unwrap();
        shard.attach_browser(claim, socket, Page::Home { company: Vec::new(), own: None });
        (shard, near)
    }

    #[test]
    fn who_was_not_read_for_long_is_not_dead() {
        let (mut shard, _near) = shard();
        shard.connections[0].hold = Some(Hold::Rate { until: shard.now + SILENCE * 2 });
        for _ in 0..8 {
            shard.now += SILENCE / 4;
            shard.fire_timers();
        }
        assert!(shard.connections[0].hold.is_none(), "the hold has ended");
        shard.now += SILENCE - Duration::from_millis(1);
        shard.fire_timers();
        assert!(shard.connections.contains(0));
        shard.now += Duration::from_millis(1);
        shard.fire_timers();
        assert!(shard.connections.is_empty(), "now it had its time to show that it lives");
        assert_eq!(shard.parts.counters.get(Count::CloseDead), 1);
    }

    #[test]
    fn sockets_that_came_together_are_pinged_in_groups_that_are_spread_evenly() {
        let (mut shard, _near) = shard();
        let mut strokes = std::collections::HashMap::new();
        for _ in 0..10_000 {
            *strokes.entry(shard.second_ping()).or_insert(0) += 1;
        }
        assert!(strokes.len() >= 190, "{} strokes", strokes.len());
        assert!(strokes.values().all(|pings| *pings <= 60), "{strokes:?}");
        assert!(strokes.keys().all(|at| *at > shard.now && *at <= shard.now + PING + STROKE));
    }

    #[test]
    fn no_two_pings_are_more_than_20_seconds_apart() {
        let (mut shard, _near) = shard();
        let mut due = shard.connections[0].next_ping;
        for _ in 0..100 {
            assert!(due > shard.now && due <= shard.now + Duration::from_secs(20));
            shard.now = due;
            shard.connections[0].last_alive = due;
            shard.fire_timers();
            due = shard.connections[0].next_ping;
        }
    }

    #[test]
    fn a_sender_over_its_rate_does_not_fill_the_timers() {
        let (mut shard, _near) = shard();
        let end = shard.now + Duration::from_secs(10);
        while shard.now < end {
            shard.now += Duration::from_millis(1);
            shard.fire_timers();
            // As many frames as it is let, and one.
            while shard.connections[0].hold.is_none() {
                shard.rate(0, 1);
            }
        }
        let timers = shard.timers.len() + shard.strokes.len();
        assert!(timers <= 1_100, "{timers} timers");
    }

    #[test]
    fn a_mistake_of_ours_costs_the_socket_that_met_it_and_is_counted() {
        let (mut shard, _near) = shard();
        let key = (0, shard.connections[0].generation);
        shard.bulkhead(|_| panic!("on purpose"), Some(key));
        assert!(shard.connections.is_empty());
        let counters = &shard.parts.counters;
        assert_eq!((counters.get(Count::Panic), counters.get(Count::ClosePanic)), (1, 1));
        shard.bulkhead(|_| {}, None);
        assert_eq!(shard.parts.counters.get(Count::Panic), 1);
    }
}
