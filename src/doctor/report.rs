//! Findings, and how they are shown.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Well.
    Ok,
    /// It works, or may work, and should be looked at.
    Warning,
    /// It does not work.
    Failure,
}

impl Grade {
    const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// What was found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub area: &'static str,
    /// How it is.
    pub grade: Grade,
    /// What was found.
    pub what: String,
    /// What to do next; nothing when all is well.
    pub next: Option<String>,
}

impl Finding {
    pub(super) fn ok(area: &'static str, what: impl Into<String>) -> Self {
        Self { area, grade: Grade::Ok, what: what.into(), next: None }
    }

    pub(super) fn warning(area: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { area, grade: Grade::Warning, what: what.into(), next: Some(next.into()) }
    }

    pub(super) fn failure(area: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { area, grade: Grade::Failure, what: what.into(), next: Some(next.into()) }
    }
}

/// Everything that was found. Shown as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report(pub Vec<Finding>);

impl Report {
    /// The worst grade.
    #[must_use]
    pub fn grade(&self) -> Grade {
        self.0.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok)
    }

    fn count(&self, grade: Grade) -> usize {
        self.0.iter().filter(|finding| finding.grade == grade).count()
    }

    /// The same for machines.
    #[must_use]
    pub fn json(&self) -> Value {
        let findings: Vec<Value> = self
            .0
            .iter()
            .map(|finding| {
                let grade = finding.grade.label();
                json!({"area": finding.area, "grade": grade, "what": finding.what, "next": finding.next})
            })
            .collect();
        json!({
            "grade": self.grade().label(),
            "failures": self.count(Grade::Failure),
            "warnings": self.count(Grade::Warning),
            "ok": self.count(Grade::Ok),
            "findings": findings,
        })
    }
}

/// Width of the column with the text; terminals have 80 columns at least, and most have more.
const TEXT: usize = 88;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|finding| finding.area.len()).max().unwrap_or_default();
        for finding in &self.0 {
            let lines = wrapped(&finding.what, TEXT).into_iter();
            let next = finding.next.iter().flat_map(|next| wrapped(&format!("→ {next}"), TEXT));
            for (number, line) in lines.chain(next).enumerate() {
                let (grade, area) = if number == 0 { (finding.grade.label(), finding.area) } else { ("", "") };
                writeln!(f, "{grade:<7}  {area:<width$}  {line}")?;
            }
        }
        let mut end = String::new();
        for (grade, one, many) in [(Grade::Failure, "failure", "failures"), (Grade::Warning, "warning", "warnings")] {
            let count = self.count(grade);
            write!(end, "{count} {}, ", if count == 1 { one } else { many })?;
        }
        write!(f, "\n{end}{} ok", self.count(Grade::Ok))
    }
}

/// Breaks a text between its words; a word that is too long stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{}{word}", if text.starts_with('→') { "  " } else { "" }));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_table_and_an_object() {
        let long = "word ".repeat(40);
        let report = Report(vec![
            Finding::ok("settings", "all make sense"),
            Finding::warning("name", long.as_str(), "look"),
            Finding::failure("database", "away", "start it"),
        ]);
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ok       settings  all make sense");
        assert!(lines[1].starts_with("warning  name      word word") && lines[1].chars().count() <= 19 + TEXT);
        assert_eq!(lines[4], "                   → look");
        assert_eq!(lines[5], "failure  database  away");
        assert_eq!(lines.last(), Some(&"1 failure, 1 warning, 1 ok"));
        assert_eq!(report.grade(), Grade::Failure);
        let object = report.json();
        assert_eq!((&object["grade"], &object["ok"]), (&json!("failure"), &json!(1)));
        assert_eq!(
            object["findings"][0],
            json!({"area": "settings", "grade": "ok", "what": "all make sense", "next": null})
        );
    }
}
