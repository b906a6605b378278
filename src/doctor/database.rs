//! Postgres: is it there, does it fit, may we, and what time is it there?

use std::time::Duration;

use super::{Finding, Subject, not_looked_at};
use crate::app::store_settings;
use crate::auth::Keys;
use crate::store::migrate::{self, Look, MigrateError, Outcome};
use crate::store::{Settings, Store};

const AREA: &str = "database";
const SETTINGS: [&str; 8] = [
    "POSTGRES_HOSTNAME",
    "POSTGRES_PORT",
    "POSTGRES_DB",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
    "POSTGRES_SSLMODE",
    "POSTGRES_SSLROOTCERT",
    "POSTGRES_POOL_SIZE",
];
/// Round trips above this are felt: opening a page takes some five of them.
const SLOW: Duration = Duration::from_millis(20);
/// Logins and the ends of leases are compared between the two clocks.
const CLOCKS_APART: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    if let Some(name) = subject.wrong(&SETTINGS) {
        return not_looked_at(AREA, name);
    }
    let settings = store_settings(&subject.config.postgres);
    match migrate::look(&settings).await {
        Err(error) => vec![unreachable(&settings, &error)],
        Ok(found) => {
            let mut findings = vec![reached(&settings, &found), clock(&found), room(&settings, &found)];
            findings.extend(structure(&found));
            if matches!(found.migrations, Ok(Some(_))) {
                findings.extend(secret_fits(subject, settings).await);
            }
            findings
        }
    }
}

fn unreachable(settings: &Settings, error: &MigrateError) -> Finding {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let part = inner.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        source = inner.source();
    }
    let what = format!("{} at {}:{}: {text}", settings.database, settings.host, settings.port);
    let next = if error.is_transient() {
        "is Postgres running, and do POSTGRES_HOSTNAME, POSTGRES_PORT and POSTGRES_SSLMODE say how to reach it?"
    } else {
        "look at POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and POSTGRES_SSLMODE, and at Postgres's own log"
    };
    Finding::failure(AREA, what, next)
}

fn reached(settings: &Settings, found: &Look) -> Finding {
    let encrypted = match found.encrypted {
        true => "encrypted",
        false if settings.is_unix_socket() => "over a unix socket",
        false => "not encrypted",
    };
    let ms = |time: Duration| time.as_micros() as f64 / 1000.0;
    let what = format!(
        "Postgres {}, {encrypted}, connected in {:.1} ms, a round trip takes {:.1} ms",
        found.version,
        ms(found.connected_in),
        ms(found.round_trip)
    );
    if found.round_trip > SLOW {
        return Finding::warning(
            AREA,
            what,
            "every page waits for some round trips: put server and database closer together",
        );
    }
    Finding::ok(AREA, what)
}

fn clock(found: &Look) -> Finding {
    let seconds = found.clock_ahead.as_secs_f64();
    let what = format!("its clock and ours are {:.3} s apart", seconds.abs());
    if found.clock_ahead.abs() > CLOCKS_APART {
        return Finding::warning(
            AREA,
            what,
            "let both machines take the time from the network (chrony, systemd-timesyncd)",
        );
    }
    Finding::ok(AREA, what)
}

fn room(settings: &Settings, found: &Look) -> Finding {
    let (pool, most) = (settings.pool_size as i64, found.most_connections);
    // One for revocations, one for migrations; and at an update two servers are there at once.
    let needed = 2 * (pool + 2);
    let what = format!("it takes {most} connections; two servers at an update need up to {needed}");
    if needed > most {
        return Finding::warning(AREA, what, "lower POSTGRES_POOL_SIZE, or raise max_connections of Postgres");
    }
    Finding::ok(AREA, what)
}

fn structure(found: &Look) -> Vec<Finding> {
    match (&found.migrations, &found.rights) {
        (Ok(Some(Outcome::Newer)), _) => {
            let what = "its tables were migrated by a newer version, which this one can work with";
            vec![Finding::warning(AREA, what, "update this program when the change to the newer version is done")]
        }
        (Ok(Some(_)), _) => vec![Finding::ok(AREA, "its tables are up to date")],
        (Err(error), _) => vec![Finding::failure(AREA, error.to_string(), "docs/OPERATIONS.md, Postgres")],
        (Ok(None), Err(error)) => {
            let next = "give the role these rights, or run `compose-relay migrate` with one that has them";
            vec![Finding::failure(AREA, error.to_string(), next)]
        }
        (Ok(None), Ok(())) if found.is_empty => {
            vec![Finding::ok(AREA, "it is empty; the first start, or `compose-relay migrate`, makes its tables")]
        }
        (Ok(None), Ok(())) => {
            let what = "its tables are of an older version; the next start, or `compose-relay migrate`, brings them up to date";
            vec![Finding::warning(AREA, what, "make a backup first (docs/OPERATIONS.md)")]
        }
    }
}

/// Whether `DEV_API_KEY_SECRET` is the one that the database was filled with.
async fn secret_fits(subject: &Subject, settings: Settings) -> Option<Finding> {
    const AREA: &str = "secrets";
    let keys = &subject.config.keys;
    let keys = Keys::new(&keys.prod_api_key_secret, &keys.dev_api_key_secret).ok()?;
    let sealed = Store::new(settings).ok()?.sample_decryptable_key().await.ok()??;
    Some(match keys.open(&sealed) {
        Ok(_) => Finding::ok(AREA, "DEV_API_KEY_SECRET opens the development keys in the database"),
        Err(_) => Finding::failure(
            AREA,
            "DEV_API_KEY_SECRET is not the one that the development keys in the database were made with",
            "set the one that was used before; without it nobody can look up a development key any more",
        ),
    })
}
