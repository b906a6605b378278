//! Logs: one line an event, to stderr. Never a token, a cookie, a key, a login session id or a payload.
//!
//! Crates of others that write through the `log` facade are not heard at all, on purpose: the Postgres driver writes
//! statements with their values there.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal as _};
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people; in colour on a terminal.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is no list of levels and `room=level` pairs.
    #[error("the log filter cannot be read")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// This process has logs already.
    #[error("the logs were set up twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts the logs of this process, and sends panics there too.
///
/// `filter` is a level (`info`) or a list (`info,compose_relay::relay=debug`). A bare level is for this program; of other
/// crates nothing below `warn` is shown unless they are named.
///
/// # Errors
/// [`InitError`] when `filter` makes no sense or the logs run already.
pub fn init(filter: &str, format: Format) -> Result<(), InitError> {
    let lines = fmt::layer().with_writer(io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Text => Box::new(lines.with_ansi(io::stderr().is_terminal())),
        Format::Json => Box::new(lines.json().flatten_event(true)),
    };
    tracing_subscriber::registry().with(lines.with_filter(targets(filter)?)).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn targets(filter: &str) -> Result<Targets, tracing_subscriber::filter::ParseError> {
    const OURS: &str = env!("CARGO_CRATE_NAME");
    let targets: Targets = filter.parse()?;
    let Some(level) = targets.default_level() else { return Ok(targets) };
    let named = targets.iter().any(|(target, _)| target == OURS);
    let targets = targets.with_default(level.min(LevelFilter::WARN));
    Ok(if named { targets } else { targets.with_target(OURS, level) })
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("(no text)");
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(backtrace));
    tracing::error!(panic.message = message, panic.location = location, panic.backtrace = backtrace, "a panic");
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::targets;

    #[test]
    fn a_bare_level_is_for_this_program() {
        let info = targets("info").expect("a filter");
        assert!(info.would_enable("compose_relay::relay", &Level::INFO));
        assert!(!info.would_enable("compose_relay::relay", &Level::DEBUG));
        assert!(info.would_enable("hyper", &Level::WARN));
        assert!(!info.would_enable("hyper", &Level::INFO));

        let silent = targets("off").expect("a filter");
        assert!(!silent.would_enable("compose_relay", &Level::ERROR) && !silent.would_enable("hyper", &Level::ERROR));
    }

    #[test]
    fn named_rooms_and_crates_get_their_own_level() {
        let mixed = targets("warn,compose_relay::relay=trace,hyper=debug").expect("a filter");
        assert!(mixed.would_enable("compose_relay::relay::hub", &Level::TRACE));
        assert!(!mixed.would_enable("compose_relay::store", &Level::INFO));
        assert!(mixed.would_enable("hyper::proto", &Level::DEBUG));
    }
}
