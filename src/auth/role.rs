//! The five roles (http-api 4).

/// A user's role in the company, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May do everything.
    Owner,
    /// Runs the organisation.
    Admin,
    /// Shares apps and makes environments.
    AppManager,
    /// Opens the company's apps.
    Member,
    /// Opens what is shared with them.
    Guest,
}

impl Role {
    /// Reads column `permission`. A text outside the five gives `None`: no rights.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            "app-manager" => Self::AppManager,
            "member" => Self::Member,
            "guest" => Self::Guest,
            _ => return None,
        })
    }

    /// The text in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::AppManager => "app-manager",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_and_others_are_no_role() {
        for role in [Role::Owner, Role::Admin, Role::AppManager, Role::Member, Role::Guest] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Owner"), None);
        assert_eq!(Role::parse(""), None);
    }
}
