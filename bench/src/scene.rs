//! Rows that are not a stream of frames: idle sockets, a burst, connects, a storm of reconnects, a stalled browser. Each is
//! a file in `scene/` with one function, and a line in [`ALL`].

mod bare;
mod burst;
mod connect;
mod guests;
mod homes;
mod idle;
mod stalled;
mod storm;

use anyhow::Result;
use serde::Serialize;

/// What a scene is told.
#[derive(Clone, Copy, Debug)]
pub struct Bench {
    /// As short as may be: it only has to show that the scene works.
    pub quick: bool,
    /// Our server built with `aws-lc-rs` takes part where TLS is measured.
    pub aws_lc_rs: bool,
}

/// One scene.
pub struct Scene {
    /// What it is called on the command line.
    pub name: &'static str,
    /// One line for the help.
    pub about: &'static str,
    /// Sets up its own world, measures and takes it down. Long loops ask [`crate::interrupt::check`].
    pub run: fn(&Bench) -> Result<Vec<Line>>,
}

/// A line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What was measured, as in the table of targets.
    pub metric: String,
    /// Whose figure it is: `compose-relay`, `haproxy`, `nginx`.
    pub contender: &'static str,
    /// The figure, or why there is none.
    pub value: Result<f64, String>,
    /// Of the figure: `KiB`, `us`, `s`, `x` for a ratio.
    pub unit: &'static str,
    /// The figure must not be above this.
    pub target: Option<f64>,
}

impl Line {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let Line { metric, contender, value, unit, target } = self;
        match (value, target) {
            (Err(why), _) => format!("{metric}, {contender}: not reported, {why}"),
            (Ok(value), None) => format!("{metric}, {contender}: {value:.2} {unit}"),
            (Ok(value), Some(target)) => {
                let verdict = if value <= target { "met" } else { "MISSED" };
                format!("{metric}, {contender}: {value:.2} {unit}, target {target}: {verdict}")
            }
        }
    }
}

/// All scenes, in the order in which they run.
pub const ALL: &[Scene] = &[
    Scene { name: "idle", about: "10,000 sockets on which nothing happens: memory of each, CPU", run: idle::run },
    Scene { name: "burst", about: "memory after a burst of large messages and connections", run: burst::run },
    Scene { name: "connect", about: "CPU of a connect over TLS with its upgrade, beside HAProxy", run: connect::run },
    Scene {
        name: "storm",
        about: "10,000 clients come back at once over TLS, and what others feel of it",
        run: storm::run,
    },
    Scene {
        name: "stalled",
        about: "one browser of 64 does not read: what the others feel, memory",
        run: stalled::run,
    },
    Scene { name: "homes", about: "5,000 home pages hear of an SDK, and leave at once", run: homes::run },
];
