//! Who may found an organization on this server, and what it starts with.

use super::reader::Reader;
use super::values;

/// The plan of new organizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One user, no visitors by e-mail, no audit log: what the old server gives.
    Hobby,
    /// Everything.
    Pro,
}

/// Who may found an organization on this server, and what it starts with. Invited people may always join.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// `SIGNUP_ALLOWED_DOMAINS`: lower-case domains of e-mail addresses. Empty: everybody.
    pub allowed_domains: Vec<String>,
    /// `SIGNUP_FIRST_COMPANY_ONLY`: nobody once somebody has.
    pub first_company_only: bool,
    /// `SELF_HOSTED_PLAN`.
    pub plan: Plan,
}

impl SignUp {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            allowed_domains: domains(reader),
            first_company_only: reader.choice("SIGNUP_FIRST_COMPANY_ONLY", &[("true", true), ("false", false)], false),
            plan: reader.choice("SELF_HOSTED_PLAN", &[("hobby", Plan::Hobby), ("pro", Plan::Pro)], Plan::Hobby),
        }
    }
}

fn domains(reader: &mut Reader<'_>) -> Vec<String> {
    const NAME: &str = "SIGNUP_ALLOWED_DOMAINS";
    let Some(list) = reader.text(NAME) else { return Vec::new() };
    let mut domains = Vec::new();
    for part in list.split(',').map(|part| part.trim().to_lowercase()) {
        let letters = part.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '.'));
        if part.is_empty() || !letters || part.starts_with('.') || part.ends_with('.') {
            let wrong = format!("holds {}, which is not a domain such as example.com", values::shown(&part));
            reader.fault(NAME, wrong, "example.com,example.org");
        } else if !domains.contains(&part) {
            domains.push(part);
        }
    }
    domains
}
