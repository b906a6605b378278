//! `doctor`: looks at everything that a server needs, changes nothing, and says for each thing whether it is well and what
//! to do if not. It may run beside a server that serves.
//!
//! All looks run at once, each with a deadline, so that a report takes as long as its slowest part and never longer than
//! [`DEADLINE`]. No secret is in a finding. A setting that is wrong is a finding, and what does not hang on it is looked at
//! all the same.

mod certificate;
mod database;
mod machine;
mod names;
mod ports;
mod report;
mod secrets;
mod settings;
mod sign_in;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::config::{Config, Fault};

pub use ports::{ask, front};
pub use report::{Finding, Grade, Report};

/// The longest that any part may take.
pub const DEADLINE: Duration = Duration::from_secs(12);

/// What the parts look at.
struct Subject {
    config: Config,
    faults: Vec<Fault>,
}

impl Subject {
    /// The first of these settings that is wrong: what hangs on it cannot be looked at.
    fn wrong(&self, names: &[&str]) -> Option<&'static str> {
        self.faults.iter().map(|fault| fault.name).find(|name| names.contains(name))
    }

    /// The public listeners, and whether they speak TLS.
    fn listeners(&self) -> Vec<(SocketAddr, bool)> {
        let tls = &self.config.tls;
        if !tls.is_on() {
            return self.config.server.addresses().into_iter().map(|address| (address, false)).collect();
        }
        let https = tls.https.iter().map(|address| (*address, true));
        https.chain(tls.http.iter().map(|address| (*address, false))).collect()
    }
}

/// Looks at everything that the settings name. `lookup` gives the value of a variable.
pub async fn examine(lookup: &dyn Fn(&str) -> Option<String>) -> Report {
    let (config, faults) = Config::with_faults(lookup);
    let subject = Subject { config, faults };
    let subject = &subject;
    let mut findings = settings::look(subject);
    findings.extend(secrets::look(subject));
    let (database, names, ports, certificate, sign_in, machine) = tokio::join!(
        in_time("database", database::look(subject)),
        in_time("name", names::look(subject)),
        in_time("port", ports::look(subject)),
        in_time("certificate", certificate::look(subject)),
        in_time("sign-in", sign_in::look(subject)),
        in_time("machine", machine::look(subject)),
    );
    findings.extend([database, names, ports, certificate, sign_in, machine].into_iter().flatten());
    Report(findings)
}

async fn in_time(area: &'static str, look: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(DEADLINE, look).await.unwrap_or_else(|_| {
        let what = format!("this took longer than {} s and was given up", DEADLINE.as_secs());
        vec![Finding::failure(area, what, "see what holds it up, and run doctor again")]
    })
}

/// The finding in place of a look that a wrong setting makes impossible.
fn not_looked_at(area: &'static str, name: &str) -> Vec<Finding> {
    vec![Finding::failure(area, format!("not looked at, because {name} is wrong"), "mend the setting first")]
}
