//! What is wrong with the settings, for a person who has to fix them.

use std::fmt;

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The variable.
    pub name: &'static str,
    /// What is wrong with its value. Never shows the value of a secret.
    pub wrong: String,
    /// A value that would do.
    pub example: String,
}

/// All settings that cannot be used. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "One setting is wrong. Nothing was started.")?,
            n => writeln!(f, "{n} settings are wrong. Nothing was started.")?,
        }
        for fault in &self.0 {
            writeln!(f, "\n  {}", fault.name)?;
            writeln!(f, "      {}", fault.wrong)?;
            writeln!(f, "      example: {}={}", fault.name, fault.example)?;
        }
        write!(f, "\nSettings are environment variables. The file .env.example lists them all.")
    }
}
