//! The rows of the table: what is sent, by how many, who takes part, and what is aimed at.

use crate::contender::Kind::{self, AwsLcRs, ComposeRelay, Fastwebsockets, Haproxy, Nginx, Nginx64k, Tcp};

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The server's CPU time for each forwarded frame.
    Forward,
    /// The 99th percentile of the round trip, of slices of 50 ms.
    P99,
    /// The server's CPU time for a million round trips.
    Million,
}

/// Where the messages come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many of each page on the way.
    Window(u32),
    /// At fixed times, this part of the rate that the same contender reached in the row of this name.
    Share(f64, &'static str),
    /// So many messages a second at fixed times.
    Rate(f64),
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// On the command line.
    pub name: &'static str,
    /// In the table.
    pub about: &'static str,
    /// Pages.
    pub browsers: usize,
    /// SDKs; pages are dealt out to them evenly.
    pub sdks: usize,
    /// Bytes of a message, in both directions.
    pub size: usize,
    /// How the pages send.
    pub pace: Pace,
    /// TLS, for relays on both sides.
    pub tls: bool,
    /// Whether so many pages can keep a core busy.
    pub saturates: bool,
    /// What is compared.
    pub metric: Metric,
    /// Who takes part, with the ratio to them that is aimed at.
    pub contenders: &'static [(Kind, Option<f64>)],
    /// An aim in the unit of the metric.
    pub absolute: Option<f64>,
}

const FAN_IN: &str = "fan-in";
const ONE_TO_ONE: &str = "one-to-one";

/// All rows of the load bench, in their order.
pub const ALL: &[Row] = &[
    Row {
        name: FAN_IN,
        about: "64 browsers on one SDK, 128 B, 1 on the way",
        browsers: 64,
        sdks: 1,
        size: 128,
        pace: Pace::Window(1),
        tls: false,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (Haproxy, Some(0.52)),
            (Nginx, None),
            (Tcp, Some(0.66)),
            (Fastwebsockets, Some(0.60)),
        ],
        absolute: None,
    },
    Row {
        name: "fan-in-w16",
        about: "64 browsers on one SDK, 128 B, 16 on the way",
        browsers: 64,
        sdks: 1,
        size: 128,
        pace: Pace::Window(16),
        tls: false,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (Haproxy, Some(0.65)),
            (Nginx, None),
            (Tcp, Some(0.70)),
            (Fastwebsockets, Some(1.0 / 14.0)),
        ],
        absolute: None,
    },
    Row {
        name: ONE_TO_ONE,
        about: "64 browsers, each on an SDK of its own, 128 B, 1 on the way",
        browsers: 64,
        sdks: 64,
        size: 128,
        pace: Pace::Window(1),
        tls: false,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (Haproxy, Some(0.90)),
            (Nginx, None),
            (Tcp, Some(1.08)),
            (Fastwebsockets, Some(1.05)),
        ],
        absolute: None,
    },
    Row {
        name: "alone",
        about: "1 browser on one SDK, 128 B, 1 on the way",
        browsers: 1,
        sdks: 1,
        size: 128,
        pace: Pace::Window(1),
        tls: false,
        saturates: false,
        metric: Metric::Forward,
        contenders: &[(ComposeRelay, None), (Haproxy, None), (Nginx, None), (Tcp, None), (Fastwebsockets, None)],
        absolute: None,
    },
    Row {
        name: "16k",
        about: "16 browsers on one SDK, 16 KiB, 4 on the way",
        browsers: 16,
        sdks: 1,
        size: 16 << 10,
        pace: Pace::Window(4),
        tls: false,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (Haproxy, Some(0.55)),
            (Nginx, None),
            (Nginx64k, None),
            (Tcp, Some(1.0)),
            (Fastwebsockets, Some(0.55)),
        ],
        absolute: None,
    },
    Row {
        name: "tls",
        about: "TLS, 64 browsers on one SDK, 128 B, 1 on the way",
        browsers: 64,
        sdks: 1,
        size: 128,
        pace: Pace::Window(1),
        tls: true,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (AwsLcRs, None),
            (Haproxy, Some(0.53)),
            (Nginx, None),
            (Fastwebsockets, Some(0.70)),
        ],
        absolute: None,
    },
    Row {
        name: "tls-w16",
        about: "TLS, 64 browsers on one SDK, 128 B, 16 on the way",
        browsers: 64,
        sdks: 1,
        size: 128,
        pace: Pace::Window(16),
        tls: true,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (AwsLcRs, None),
            (Haproxy, Some(0.70)),
            (Nginx, None),
            (Fastwebsockets, Some(1.0 / 12.0)),
        ],
        absolute: None,
    },
    Row {
        name: "tls-16k",
        about: "TLS, 16 browsers on one SDK, 16 KiB, 4 on the way",
        browsers: 16,
        sdks: 1,
        size: 16 << 10,
        pace: Pace::Window(4),
        tls: true,
        saturates: true,
        metric: Metric::Forward,
        contenders: &[
            (ComposeRelay, None),
            (AwsLcRs, None),
            (Haproxy, Some(0.70)),
            (Nginx, None),
            (Nginx64k, None),
            (Fastwebsockets, Some(0.85)),
        ],
        absolute: None,
    },
    Row {
        name: "open",
        about: "open loop, 64 pairs, at 30 % of the own rate in one-to-one",
        browsers: 64,
        sdks: 64,
        size: 128,
        pace: Pace::Share(0.3, ONE_TO_ONE),
        tls: false,
        saturates: false,
        metric: Metric::P99,
        contenders: &[
            (ComposeRelay, None),
            (Haproxy, Some(0.8)),
            (Nginx, None),
            (Tcp, Some(1.1)),
            (Fastwebsockets, Some(0.9)),
        ],
        absolute: None,
    },
    Row {
        name: "open-fan-in",
        about: "open loop, 64 on one SDK, at 30 % of the own rate in fan-in",
        browsers: 64,
        sdks: 1,
        size: 128,
        pace: Pace::Share(0.3, FAN_IN),
        tls: false,
        saturates: false,
        metric: Metric::P99,
        contenders: &[(ComposeRelay, None), (Haproxy, None), (Nginx, None), (Tcp, None), (Fastwebsockets, None)],
        absolute: None,
    },
    Row {
        name: "open-20k",
        about: "open loop, 64 on one SDK, 20,000 a second for each",
        browsers: 64,
        sdks: 1,
        size: 128,
        pace: Pace::Rate(20_000.0),
        tls: false,
        saturates: false,
        metric: Metric::P99,
        contenders: &[(ComposeRelay, None), (Haproxy, None), (Nginx, None), (Tcp, None), (Fastwebsockets, None)],
        absolute: None,
    },
    Row {
        name: "node-128",
        about: "32 browsers on 8 SDKs, 128 B, 4 on the way",
        browsers: 32,
        sdks: 8,
        size: 128,
        pace: Pace::Window(4),
        tls: false,
        saturates: true,
        metric: Metric::Million,
        contenders: &[(ComposeRelay, None), (Tcp, None)],
        absolute: Some(1.2),
    },
    Row {
        name: "node-64k",
        about: "32 browsers on 8 SDKs, 64 KiB, 1 on the way",
        browsers: 32,
        sdks: 8,
        size: 64 << 10,
        pace: Pace::Window(1),
        tls: false,
        saturates: true,
        metric: Metric::Million,
        contenders: &[(ComposeRelay, None), (Tcp, None)],
        absolute: Some(20.0),
    },
    Row {
        name: "node-1m",
        about: "32 browsers on 8 SDKs, 1 MiB, 1 on the way",
        browsers: 32,
        sdks: 8,
        size: 1 << 20,
        pace: Pace::Window(1),
        tls: false,
        saturates: true,
        metric: Metric::Million,
        contenders: &[(ComposeRelay, None), (Tcp, None)],
        absolute: Some(350.0),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_can_be_told_apart_and_begin_with_us() {
        for (n, row) in ALL.iter().enumerate() {
            assert!(ALL[..n].iter().all(|other| other.name != row.name), "{}", row.name);
            assert_eq!(row.contenders[0], (ComposeRelay, None), "{}", row.name);
            // A 128 B message has room for its header and a file's id.
            assert!(row.size >= 110 && row.browsers % row.sdks == 0);
        }
    }
}
