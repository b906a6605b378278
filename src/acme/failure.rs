//! Why there is no certificate, in words that say what to do, and when to try again.

use std::fmt::Write as _;
use std::time::Duration;

use instant_acme::{Error, Problem};
use uuid::Uuid;

use super::challenge::Kind;
use super::transport::{self, NoAnswer, Refused};
use crate::http::ClientError;
use crate::metrics::Order;
use crate::store::StoreError;

/// Waits after the first, the second … failure for which the authority need not have counted anything.
const AFTER_TROUBLE: [u64; 8] = [5, 15, 30, 60, 120, 300, 900, 1800];
/// The same for failures that it counts: Let's Encrypt allows five failed proofs of a name in an hour, and an attempt may
/// take two.
const AFTER_REFUSAL: [u64; 6] = [120, 600, 1800, 3600, 3 * 3600, 6 * 3600];
/// What is shown of a text of the authority.
const LONGEST_DETAIL: usize = 300;

/// How a failure is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// The authority, the network or the database is in trouble.
    Trouble,
    /// The authority has looked and does not want.
    Refusal,
    /// A proof failed; another kind of challenge may work.
    Proof,
    /// The authority does not know our account (any more).
    NoAccount,
}

/// Why there is no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What is wrong and what to do.
    pub text: String,
    pub weight: Weight,
    /// How it is counted.
    pub outcome: Order,
    /// What the authority asks for.
    retry_after: Option<Duration>,
}

impl Failure {
    pub fn new(weight: Weight, text: impl Into<String>) -> Self {
        let outcome = match weight {
            Weight::Trouble => Order::Trouble,
            Weight::Refusal | Weight::NoAccount => Order::Refused,
            Weight::Proof => Order::Proof,
        };
        Self { text: text.into(), weight, outcome, retry_after: None }
    }

    pub fn database(error: &StoreError) -> Self {
        let text = format!("{error}, and nothing is ordered without it");
        Self { outcome: Order::Database, ..Self::new(Weight::Trouble, text) }
    }

    /// `authority`: the host of its directory.
    pub fn of(error: &Error, authority: &str) -> Self {
        match error {
            Error::Api(problem) => Self::of_problem(problem, authority, None),
            Error::Other(other) => {
                if let Some(refused) = other.downcast_ref::<Refused>() {
                    return Self::of_refused(refused, authority);
                }
                match other.downcast_ref::<NoAnswer>() {
                    Some(NoAnswer(error)) => {
                        Self { outcome: Order::Unreachable, ..Self::new(Weight::Trouble, no_answer(*error, authority)) }
                    }
                    None => Self::trouble(authority, &other.to_string()),
                }
            }
            Error::Timeout(_) => Self::trouble(authority, "it did not decide in time"),
            other => Self::trouble(authority, &other.to_string()),
        }
    }

    fn of_refused(refused: &Refused, authority: &str) -> Self {
        let Refused { status, retry_after, problem } = refused;
        let mut failure = match problem {
            Some(problem) => Self::of_problem(problem, authority, *retry_after),
            None if *status == 429 => Self::rate_limited(authority, "", *retry_after),
            None => Self::trouble(authority, &format!("it answered with status {status}")),
        };
        failure.retry_after = *retry_after;
        if failure.weight == Weight::Refusal && *status >= 500 {
            failure.weight = Weight::Trouble;
            if failure.outcome == Order::Refused {
                failure.outcome = Order::Trouble;
            }
        }
        failure
    }

    fn of_problem(problem: &Problem, authority: &str, retry_after: Option<Duration>) -> Self {
        let detail = detail(problem);
        let kind = problem.r#type.as_deref().unwrap_or_default().rsplit(':').next().unwrap_or_default();
        let refusal = |next: &str| {
            Self::new(
                Weight::Refusal,
                format!("the certificate authority {authority} refuses: {detail} ({kind}). {next}"),
            )
        };
        match kind {
            "rateLimited" => Self::rate_limited(authority, &detail, retry_after),
            "badNonce" => Self::trouble(authority, "it rejects every nonce (badNonce)"),
            "serverInternal" => Self::trouble(authority, &detail),
            "accountDoesNotExist" => Self::new(
                Weight::NoAccount,
                format!("the certificate authority {authority} does not know our account: {detail}"),
            ),
            "userActionRequired" => refusal("Next: read and accept its new terms of service as it says"),
            "externalAccountRequired" => refusal(
                "Next: choose another authority (ACME_DIRECTORY_URL); accounts bound to another one are not supported",
            ),
            "invalidContact" | "unsupportedContact" => refusal("Next: correct ACME_EMAIL, or leave it empty"),
            "caa" => refusal("Next: change the CAA record in the DNS of the name so that it allows this authority"),
            "rejectedIdentifier" | "unsupportedIdentifier" => {
                refusal("Next: see that DOMAIN holds public host names for which this authority gives certificates")
            }
            "dns" => refusal("Next: see that the DNS of the name works and leads here"),
            _ => refusal("Next: look the error up in the documentation of the authority"),
        }
    }

    fn rate_limited(authority: &str, detail: &str, retry_after: Option<Duration>) -> Self {
        let mut text = format!("the certificate authority {authority} has a rate limit that is used up");
        if !detail.is_empty() {
            let _ = write!(text, ": {detail}");
        }
        text.push_str(". Next: wait; to try things out use its staging directory (ACME_DIRECTORY_URL)");
        Self { outcome: Order::RateLimit, retry_after, ..Self::new(Weight::Refusal, text) }
    }

    fn trouble(authority: &str, what: &str) -> Self {
        let text = format!(
            "the certificate authority {authority} does not work as it should: {what}. Next: nothing, if this passes; else \
             see its status page, and whether ACME_DIRECTORY_URL is the address of an ACME directory"
        );
        Self::new(Weight::Trouble, text)
    }

    /// The authority came to see and was not content.
    pub fn of_proof(problem: Option<&Problem>, domain: &str, kind: Kind, authority: &str) -> Self {
        let (name, port) = (kind.name(), kind.port());
        let Some(problem) = problem else {
            return Self::new(
                Weight::Proof,
                format!(
                    "{authority} could not prove {domain} by {name}, and does not say why. Next: see that port {port} of the address in DNS leads here"
                ),
            );
        };
        let what = problem.r#type.as_deref().unwrap_or_default().rsplit(':').next().unwrap_or_default();
        let next = match what {
            "dns" => format!("there must be an A or AAAA record of {domain} in DNS, with the address of this machine"),
            "connection" => format!(
                "the address of {domain} in DNS must be this machine's (A and AAAA, both), and port {port} open to the internet in every firewall"
            ),
            "tls" => format!(
                "whoever answers on port 443 of {domain} must be this server itself, without a proxy that ends TLS"
            ),
            "caa" => format!("the CAA record in the DNS of {domain} must allow {authority}"),
            // unauthorized, incorrectResponse; some say so, too, when they reach nobody.
            _ => format!(
                "port {port} of the address of {domain} in DNS must lead to this server itself: A and AAAA record both, the port open in every firewall, no proxy between"
            ),
        };
        let text =
            format!("{authority} could not prove {domain} by {name}: {} ({what}). Next: {next}", detail(problem));
        Self::new(Weight::Proof, text)
    }

    /// Both kinds of challenges failed.
    pub fn and(self, later: Self) -> Self {
        Self { text: format!("{}; then {}", self.text, later.text), ..later }
    }

    /// How long nobody is to try, after so many failures in a row.
    pub fn wait(&self, failures: u32) -> Duration {
        let own = wait_after(self.weight, failures);
        self.retry_after.map_or(own, |asked| own.max(asked))
    }
}

/// Without a failure to ask: as if the attempt had been refused.
pub(super) fn wait_after(weight: Weight, failures: u32) -> Duration {
    let steps: &[u64] = match weight {
        Weight::Trouble | Weight::NoAccount => &AFTER_TROUBLE,
        Weight::Refusal | Weight::Proof => &AFTER_REFUSAL,
    };
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(steps.len() - 1);
    let wait = Duration::from_secs(steps[step]);
    // Up to a tenth more, so that many servers do not come back together.
    wait + wait / 10 * u32::from(Uuid::new_v4().as_bytes()[0]) / 255
}

pub(super) fn is_bad_nonce(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if transport::is_bad_nonce(problem))
}

fn no_answer(error: ClientError, authority: &str) -> String {
    let next = match error {
        ClientError::Tls => {
            "its certificate must be one that this machine believes: for an authority of your own set ACME_CA_FILE; else \
             install the package ca-certificates"
        }
        _ => {
            "this machine must be able to look up its name and to open https connections to it (firewall, DNS), and \
             ACME_DIRECTORY_URL must be right"
        }
    };
    format!("the certificate authority {authority} gives no answer: {error}. Next: {next}")
}

/// What the authority says, made harmless.
fn detail(problem: &Problem) -> String {
    let mut text = problem.detail.clone().unwrap_or_default();
    for sub in &problem.subproblems {
        let _ = write!(text, " {sub}");
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_DETAIL).collect();
    if text.trim().is_empty() { "it gives no reason".to_owned() } else { text.trim().trim_end_matches('.').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, detail: &str) -> Problem {
        let json = serde_json::json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail});
        serde_json::from_value(json).unwrap()
    }

    fn refused(status: u16, retry_after: Option<u64>, problem: Option<Problem>) -> Failure {
        let refused = Refused { status, retry_after: retry_after.map(Duration::from_secs), problem };
        Failure::of(&Error::Other(Box::new(refused)), "ca.test")
    }

    #[test]
    fn waits_grow_and_the_authority_is_taken_at_its_word() {
        let limited = refused(429, Some(7200), Some(problem("rateLimited", "too many")));
        assert_eq!(limited.wait(1), Duration::from_secs(7200));
        let short = refused(429, Some(1), None);
        assert!(short.wait(1) >= Duration::from_secs(120), "never shorter than our own");
        let broken = refused(503, None, None);
        assert_eq!((broken.weight, broken.outcome), (Weight::Trouble, Order::Trouble));
        assert_eq!((limited.outcome, short.outcome), (Order::RateLimit, Order::RateLimit));
        assert_eq!(refused(500, None, Some(problem("malformed", "why"))).outcome, Order::Trouble);
        let mut last = Duration::ZERO;
        for failures in 1..=8 {
            let wait = broken.wait(failures);
            assert!(wait > last && wait <= Duration::from_secs(1980), "{failures}: {wait:?}");
            last = wait;
        }
        assert!(broken.wait(u32::MAX) >= Duration::from_secs(1800));
        // Two proofs an attempt, five in an hour, one back every twelve minutes.
        let (mut budget, mut clock) = (5.0_f64, 0.0);
        for failures in 1..=20 {
            budget -= 2.0;
            assert!(budget >= 0.0, "attempt {failures}");
            let wait = wait_after(Weight::Proof, failures).as_secs_f64();
            clock += wait;
            budget = (budget + wait / 720.0).min(5.0);
        }
        assert!(clock > 24.0 * 3600.0);
    }

    #[test]
    fn every_failure_names_the_next_step() {
        for kind in [
            "rateLimited",
            "badNonce",
            "serverInternal",
            "userActionRequired",
            "externalAccountRequired",
            "invalidContact",
            "caa",
            "rejectedIdentifier",
            "dns",
            "malformed",
            "",
        ] {
            let failure = refused(403, None, Some(problem(kind, "because.")));
            assert!(failure.text.contains("Next: "), "{failure:?}");
        }
        for (kind, expected) in [
            ("dns", "A or AAAA"),
            ("connection", "port 443 open"),
            ("tls", "without a proxy"),
            ("caa", "CAA record"),
            ("unauthorized", "must lead to this server itself"),
        ] {
            let failure = Failure::of_proof(Some(&problem(kind, "why")), "a.test", Kind::TlsAlpn01, "ca.test");
            assert!(failure.text.contains(expected) && failure.text.contains("why"), "{failure:?}");
            assert_eq!(failure.weight, Weight::Proof);
        }
        for error in [ClientError::Tls, ClientError::Connect, ClientError::Timeout] {
            let failure = Failure::of(&Error::Other(Box::new(NoAnswer(error))), "ca.test");
            assert!(failure.text.contains("Next: ") && failure.weight == Weight::Trouble, "{failure:?}");
            assert_eq!(failure.outcome, Order::Unreachable);
        }
    }

    #[test]
    fn texts_of_others_cannot_play_with_the_log() {
        let long = format!("a\u{1b}[2J\n{}", "x".repeat(1000));
        let shown = detail(&problem("dns", &long));
        assert!(!shown.contains(['\u{1b}', '\n']) && shown.len() <= LONGEST_DETAIL, "{shown}");
    }
}
