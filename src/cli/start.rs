//! What every command does first and last: logs, runtime, and the meaning of the errors of others.

use std::future::Future;
use std::time::Duration;

use super::failure::{Failure, exit};
use crate::app::{self, Blame};
use crate::config::{Faults, LogFormat, Logs};
use crate::telemetry;

/// Most threads of the control side: HTTP, Postgres, checks. The relay's shards have threads of their own.
const CONTROL_THREADS: usize = 2;
/// How much the control side steps back for the shards (`nice`). Where they share a core, a storm of connects must not keep frames
/// waiting: with it the 99th percentile of untouched sockets was 5 to 20 ms in the storm, without it 17 to 50.
#[cfg(target_os = "linux")]
const CONTROL_STEPS_BACK: i32 = 10;
/// Between two looks of a thread for memory that nobody needs any more. What it frees within that time after a look it keeps until
/// it wakes and waits again, which may be long: so this is short.
const GIVE_BACK: Duration = Duration::from_millis(50);
/// Between two looks at which it also gives up what the allocator keeps to be quick.
const GIVE_BACK_ALL: Duration = Duration::from_secs(1);
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
        .worker_threads(control_threads())
        .thread_name("control")
        .on_thread_start(step_back)
        .on_thread_park(|| compose_relay_allocator::give_back_every(GIVE_BACK, GIVE_BACK_ALL))
        .enable_all()
        .build()
        .map_err(|error| Failure::of(exit::INTERNAL, &error).and("The system refused threads or descriptors."))?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_WAIT);
    outcome
}

/// One for each core, as far as that makes sense: two on one core would only take turns, and wake each other for it.
fn control_threads() -> usize {
    std::thread::available_parallelism().map_or(CONTROL_THREADS, |cores| cores.get().min(CONTROL_THREADS))
}

/// Gives this thread a lower priority. Threads that the main thread starts, the shards among them, keep theirs.
#[cfg(target_os = "linux")]
fn step_back() {
    use rustix::process::{getpriority_process, setpriority_process};
    // To Linux a thread is a process here.
    let thread = Some(rustix::thread::gettid());
    let set =
        getpriority_process(thread).and_then(|now| setpriority_process(thread, (now + CONTROL_STEPS_BACK).min(19)));
    if let Err(error) = set {
        tracing::debug!(%error, "the control side keeps the priority of the shards");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

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
