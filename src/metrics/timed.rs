//! Things that end in one of a few ways and take their time.

use std::marker::PhantomData;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::seconds;

/// The ways in which something ends.
pub trait Outcome: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The value of the label `outcome`.
    fn label(self) -> &'static str;
}

macro_rules! outcomes {
    ($(#[$of:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $label:literal,)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl Outcome for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

outcomes! {
    /// How a statement sent to Postgres ended.
    Query {
        /// With rows, or with none.
        Ok = "ok",
        /// A constraint of the database forbade it.
        Conflict = "conflict",
        /// No answer, or no connection, before the deadline.
        Timeout = "timeout",
        /// The database was not there, or refused.
        Failed = "failed",
    }
}

outcomes! {
    /// How the TLS handshake of an incoming connection ended.
    Handshake {
        /// The connection is encrypted now.
        Ok = "ok",
        /// The two sides have no version, cipher or protocol in common.
        Refused = "refused",
        /// What came was no TLS, or broken.
        NoTls = "no_tls",
        /// There was no certificate to show.
        NoCertificate = "no_certificate",
        /// The client did not want; most often it does not believe the certificate.
        Rejected = "rejected",
        /// Too many were in work.
        TurnedAway = "turned_away",
        /// The other side was too slow.
        Timeout = "timeout",
        /// The other side left.
        Lost = "lost",
    }
}

outcomes! {
    /// How an order at a certificate authority (ACME) ended.
    Order {
        /// With a certificate.
        Ok = "ok",
        /// The authority could not prove the name.
        Proof = "proof",
        /// The authority's rate limit is used up.
        RateLimit = "rate_limit",
        /// The authority refused for another reason, or gave what is of no use.
        Refused = "refused",
        /// The authority gave no answer.
        Unreachable = "unreachable",
        /// The authority is in trouble.
        Trouble = "trouble",
        /// Our database was not there.
        Database = "database",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

/// How often each outcome was seen, and how long it took. Clones share the counts.
#[derive(Clone, Debug)]
pub struct Timed<O> {
    count: Family<Labels, Counter>,
    duration: Histogram,
    outcomes: PhantomData<fn(O)>,
}

impl<O: Outcome> Default for Timed<O> {
    fn default() -> Self {
        let count = Family::<Labels, Counter>::default();
        // From the beginning, so that a rate of what has never happened is 0 and not unknown.
        for outcome in O::ALL {
            drop(count.get_or_create(&Labels { outcome: outcome.label() }));
        }
        Self { count, duration: Histogram::new(seconds()), outcomes: PhantomData }
    }
}

impl<O: Outcome> Timed<O> {
    /// Counts one.
    pub fn add(&self, outcome: O, took: Duration) {
        self.count.get_or_create(&Labels { outcome: outcome.label() }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(super) fn register(&self, registry: &mut Registry, count: (&str, &str), duration: (&str, &str)) {
        registry.register(count.0, count.1, self.count.clone());
        registry.register(duration.0, duration.1, self.duration.clone());
    }
}
