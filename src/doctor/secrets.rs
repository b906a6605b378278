//! The secrets, by their lengths alone.

use super::{Finding, Subject};

const AREA: &str = "secrets";
const RECIPE: &str = "for a new installation: compose-relay keygen (an old one must keep its secrets)";

/// What is missing or malformed has been told as a setting; that a short one is weak, too.
pub(super) fn look(subject: &Subject) -> Vec<Finding> {
    let keys = &subject.config.keys;
    let (prod, dev) = (keys.prod_api_key_secret.expose(), keys.dev_api_key_secret.expose());
    let mut findings = Vec::new();
    if subject.wrong(&["PROD_API_KEY_SECRET"]).is_none() && prod.len() >= 32 {
        findings.push(Finding::ok(AREA, format!("PROD_API_KEY_SECRET has {} characters", prod.len())));
    }
    if subject.wrong(&["DEV_API_KEY_SECRET"]).is_none() {
        findings.push(Finding::ok(AREA, "DEV_API_KEY_SECRET has 64 hex digits"));
    }
    if !prod.is_empty() && prod == dev {
        findings.push(Finding::warning(AREA, "both secrets are the same: who learns one has both", RECIPE));
    }
    let one_letter = |text: &str| text.len() > 1 && text.chars().all(|letter| text.starts_with(letter));
    for (name, secret) in [("PROD_API_KEY_SECRET", prod), ("DEV_API_KEY_SECRET", dev)] {
        if one_letter(secret) {
            findings.push(Finding::warning(AREA, format!("{name} is one character over and over"), RECIPE));
        }
    }
    findings
}
