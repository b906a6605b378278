//! Those who come in the scenes: people on pages, and SDKs.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use uuid::Uuid;

use crate::crowd::Guest;
use crate::dial::{Dial, browser_request, home_request, sdk_request};
use crate::world::seed::{Seed, Tenant};

/// Pages of one login; a login may have 1,000.
const PAGES: usize = 500;
/// Environments that a home page hears of.
const HEARD_OF: usize = 10;

/// What is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// App pages, all of one environment.
    App,
    /// Home pages of a company with ten environments.
    Home,
    /// SDKs, each with an environment of its own.
    Sdk,
}

impl Who {
    /// In a line of the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app pages",
            Self::Home => "home pages",
            Self::Sdk => "SDKs",
        }
    }
}

/// People and environments in the database, enough for so many sockets.
#[derive(Debug)]
pub struct Guests {
    who: Who,
    tenants: Vec<Tenant>,
}

impl Guests {
    /// Writes them.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub fn new(seed: &Seed, who: Who, count: usize) -> Result<Self> {
        let mut tenants = Vec::new();
        match who {
            Who::App => tenants.push(seed.tenant(count.div_ceil(PAGES))?),
            Who::Home => {
                let tenant = seed.tenant(count.div_ceil(PAGES))?;
                for _ in 1..HEARD_OF {
                    seed.environment(tenant.company)?;
                }
                tenants.push(tenant);
            }
            Who::Sdk => {
                let first = seed.tenant(1)?;
                for _ in 1..count {
                    let (environment, key) = seed.environment(first.company)?;
                    tenants.push(Tenant { environment, key, logins: Vec::new(), ..first });
                }
                tenants.push(first);
            }
        }
        Ok(Self { who, tenants })
    }

    /// The environment and its people, or that of the first SDK.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenants[0]
    }

    /// So many of them from this number on. A page that comes again with its number and its `family` is the same browser session.
    #[must_use]
    pub fn some(&self, dial: &Dial, family: u32, numbers: std::ops::Range<usize>) -> Vec<Guest> {
        numbers.map(|number| self.one(dial, family, number)).collect()
    }

    fn one(&self, dial: &Dial, family: u32, number: usize) -> Guest {
        let session = Uuid::from_fields(family, 0, 0x4000, &(0x8000_0000_0000_0000 | number as u64).to_be_bytes());
        let session = session.to_string();
        let request = match self.who {
            Who::App => {
                let tenant = self.tenant();
                browser_request(dial, tenant, &tenant.logins[number / PAGES], &session)
            }
            Who::Home => home_request(dial, &self.tenant().logins[number / PAGES], &session),
            Who::Sdk => sdk_request(dial, &self.tenants[number], true),
        };
        Guest { to: dial.to, tls: dial.tls.clone(), request: Arc::from(request) }
    }
}

/// Lets this process, and those that it starts, have as many open files as the system allows. Gives how many that is.
///
/// # Errors
/// When the system refuses.
pub fn raise_open_files() -> Result<usize> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).context("the limit of open files")?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).context("raising the limit of open files")?;
    Ok(usize::try_from(most).unwrap_or(usize::MAX))
}
