//! Reads variables one by one and collects what is wrong with them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Fault, Faults, values};
use crate::secret::Secret;

/// A value that was wrong is replaced by a stand-in so that reading can go on; [`Reader::finish`] makes sure that no server
/// ever sees the stand-in.
pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// What another setting says in place of one that is not set.
    stand_ins: BTreeMap<&'static str, String>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, stand_ins: BTreeMap::new(), faults: Vec::new() }
    }

    /// `settings` when nothing was wrong.
    pub(super) fn finish<T>(self, settings: T) -> Result<T, Faults> {
        if self.faults.is_empty() { Ok(settings) } else { Err(Faults(self.faults)) }
    }

    /// What was wrong.
    pub(super) fn faults(self) -> Vec<Fault> {
        self.faults
    }

    /// The value as text; `None` when it is not set or set to nothing. One that was not UTF-8 (see
    /// [`super::variable`]) is a fault.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let value = (self.lookup)(name).filter(|value| !value.is_empty());
        let value = value.or_else(|| self.stand_ins.get(name).cloned())?;
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.fault(name, "is not valid UTF-8".to_owned(), "plain-text");
            return None;
        }
        Some(value)
    }

    /// From now on these values count where the settings themselves are not set.
    pub(super) fn stand_in(&mut self, values: BTreeMap<&'static str, String>) {
        self.stand_ins.extend(values);
    }

    /// The value as text; its absence is a fault.
    pub(super) fn required(&mut self, name: &'static str, what: &str, example: &str) -> String {
        let before = self.faults.len();
        let value = self.text(name);
        if value.is_none() && self.faults.len() == before {
            self.fault(name, format!("is not set; it must hold {what}"), example);
        }
        value.unwrap_or_default()
    }

    /// A secret; its absence is a fault.
    pub(super) fn required_secret(&mut self, name: &'static str, what: &str, example: &str) -> Secret {
        Secret::new(self.required(name, what, example))
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, name: &'static str, range: RangeInclusive<u64>, default: u64) -> u64 {
        let Some(value) = self.text(name) else { return default };
        values::whole(&value).filter(|number| range.contains(number)).unwrap_or_else(|| {
            let (low, high) = range.into_inner();
            let wrong = format!("is {}, not a whole number from {low} to {high}", values::shown(&value));
            self.fault(name, wrong, &default.to_string());
            default
        })
    }

    /// A time in whole seconds within `range`.
    pub(super) fn seconds(&mut self, name: &'static str, range: RangeInclusive<u64>, default: u64) -> Duration {
        Duration::from_secs(self.number(name, range, default))
    }

    /// A count of bytes within `range`.
    pub(super) fn bytes(&mut self, name: &'static str, range: RangeInclusive<usize>, default: usize) -> usize {
        let Some(value) = self.text(name) else { return default };
        let bytes = values::bytes(&value).and_then(|bytes| usize::try_from(bytes).ok());
        bytes.filter(|bytes| range.contains(bytes)).unwrap_or_else(|| {
            let (low, high) = range.into_inner();
            let shown = values::shown(&value);
            let wrong = format!("is {shown}, not a number of bytes from {low} to {high} (KiB, MiB, GiB may follow it)");
            self.fault(name, wrong, &default.to_string());
            default
        })
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)], default: T) -> T {
        let Some(value) = self.text(name) else { return default };
        if let Some((_, choice)) = words.iter().find(|(word, _)| *word == value) {
            return *choice;
        }
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let wrong = format!("is {}, not one of {}", values::shown(&value), all.join(", "));
        self.fault(name, wrong, all.first().copied().unwrap_or_default());
        default
    }

    pub(super) fn fault(&mut self, name: &'static str, wrong: String, example: &str) {
        self.faults.push(Fault { name, wrong, example: example.to_owned() });
    }
}
