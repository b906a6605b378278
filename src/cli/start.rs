//! What every command does first and last: logs, runtime, and the meaning of the errors of others.

use std::future::Future;
use std::time::Duration;

use super::failure::{Failure, exit};
use crate::app::{self, Blame};
use crate::config::{Faults, LogFormat, Logs};
use crate::telemetry;

/// Threads of the control side: HTTP, Postgres, checks. The relay's shards have threads of their own.
const CONTROL_THREADS: usize = 2;
/// How long work that cannot be cancelled (a name look-up) may hold up the exit.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Starts the logs.
pub(super) fn logs(logs: &Logs) -> Result<(), Failure> {
    let format = match logs.format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    };
    telemetry::init(&logs.level, format).map_err(|error| Failure::of(exit::INTERNAL, &error))
}

/// Runs `work` on the control runtime and waits for its end.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("control")
        .enable_all()
        .build()
        .map_err(|error| Failure::of(exit::INTERNAL, &error).and("The system refused threads or descriptors."))?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_WAIT);
    outcome
}

pub(super) fn settings_failure(faults: &Faults) -> Failure {
    Failure::new(exit::SETTINGS, faults.to_string())
}

pub(super) fn app_failure(error: &app::Error) -> Failure {
    let code = match error.blame() {
        Blame::Settings => exit::SETTINGS,
        Blame::Unavailable => exit::UNAVAILABLE,
        Blame::Internal => exit::INTERNAL,
    };
    Failure::of(code, error)
}
