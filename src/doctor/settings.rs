//! Whether the settings make sense.

use super::{Finding, Subject};

const AREA: &str = "settings";

pub(super) fn look(subject: &Subject) -> Vec<Finding> {
    let wrong = subject.faults.iter().map(|fault| {
        let next = format!("for example {}={} (.env.example explains it)", fault.name, fault.example);
        Finding::failure(AREA, format!("{} {}", fault.name, fault.wrong), next)
    });
    let mut findings: Vec<Finding> = wrong.collect();
    if findings.is_empty() {
        findings.push(Finding::ok(AREA, "every setting makes sense"));
    }
    let advice = subject.config.advice().into_iter();
    findings.extend(advice.map(|line| Finding::warning(AREA, line, "change it, unless it is meant so")));
    findings
}
