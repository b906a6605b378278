//! What is logged and how.

use tracing_subscriber::filter::Targets;

use super::reader::Reader;
use super::values;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What is logged and how.
#[derive(Clone, Debug)]
pub struct Logs {
    /// `LOG_LEVEL`: a level, or pairs `room=level`; `Targets::from_str` reads it without error.
    pub level: String,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
}

impl Logs {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let level = level(reader);
        let words = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        Self { level, format: reader.choice("LOG_FORMAT", &words, LogFormat::Text) }
    }
}

fn level(reader: &mut Reader<'_>) -> String {
    const NAME: &str = "LOG_LEVEL";
    const DEFAULT: &str = "info";
    let Some(text) = reader.text(NAME) else { return DEFAULT.to_owned() };
    if let Some(wrong) = text.split(',').find(|part| !is_directive(part)) {
        let wrong = format!(
            "holds {}, which is neither a level (off, error, warn, info, debug, trace) nor a pair room=level",
            values::shown(wrong)
        );
        reader.fault(NAME, wrong, "info,compose_relay::relay=debug");
    }
    text
}

/// `Targets` alone would take any word for the name of a module and switch it to `trace`.
fn is_directive(part: &str) -> bool {
    let level = part.split_once('=').map_or(part, |(_, level)| level);
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    known.iter().any(|word| level.eq_ignore_ascii_case(word)) && part.parse::<Targets>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_directive;

    #[test]
    fn levels_and_pairs() {
        for right in ["info", "OFF", "compose_relay::store=debug", "hyper=warn"] {
            assert!(is_directive(right), "{right}");
        }
        for wrong in ["", "verbose", "compose_relay", "compose_relay=", "x=y", "info ", "3"] {
            assert!(!is_directive(wrong), "{wrong}");
        }
    }
}
