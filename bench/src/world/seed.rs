//! Companies, environments, users and logins, written by SQL.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::postgres::{Cluster, DATABASE, ROLE};
use super::server::PROD_API_KEY_SECRET;

/// The app of every environment.
pub const ROUTE: &str = "hello";

/// A company with one production environment and its people, all of whom may open [`ROUTE`].
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The company.
    pub company: Uuid,
    /// What the SDK of the tenant serves.
    pub environment: Uuid,
    /// The SDK's API key.
    pub key: String,
    /// For each person what the cookie `auth_session` carries.
    pub logins: Vec<String>,
}

/// Writes rows.
pub struct Seed {
    runtime: Runtime,
    client: Client,
}

impl Seed {
    pub(super) fn connect(cluster: &Cluster) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = runtime.block_on(async {
            let mut config = tokio_postgres::Config::new();
            config.host("127.0.0.1").port(cluster.port()).user(ROLE).dbname(DATABASE);
            let (client, connection) = config.connect(NoTls).await.context("connecting to Postgres")?;
            // Its error is that of the next statement, too.
            tokio::spawn(connection);
            anyhow::Ok(client)
        })?;
        Ok(Self { runtime, client })
    }

    /// A new company on the plan `pro` with `people` users who are signed in.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub fn tenant(&self, people: usize) -> Result<Tenant> {
        let company = Uuid::new_v4();
        let flags = json!({"FRIENDS_AND_FAMILY_FREE": false, "AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200});
        self.run(
            r#"INSERT INTO company (id, name, plan, "billingId", flags) VALUES ($1, $2, 'pro', $3, $4)"#,
            &[&company, &format!("Company {company}"), &company.to_string(), &flags],
        )?;
        let (environment, key) = self.environment(company)?;
        let logins = (0..people).map(|_| self.member(company)).collect::<Result<_>>()?;
        Ok(Tenant { company, environment, key, logins })
    }

    /// Another production environment of a company, and its API key.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub fn environment(&self, company: Uuid) -> Result<(Uuid, String)> {
        let id = Uuid::new_v4();
        let key = format!("ck_prod_{}", hex(&[random::<32>()?, random::<32>()?].concat()));
        let apps: Value = json!([{"name": "Hello", "route": ROUTE, "description": null, "hidden": false}]);
        self.run(
            r#"INSERT INTO environment (id, "companyId", name, "apiKey", type, apps)
               VALUES ($1, $2, $3, $4, 'production', $5)"#,
            &[&id, &company, &format!("Environment {id}"), &key_hash(&key), &apps],
        )?;
        Ok((id, key))
    }

    /// A new user of the company, signed in: the value of the login cookie.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub fn member(&self, company: Uuid) -> Result<String> {
        let id = Uuid::new_v4();
        let email = format!("{id}@company.test");
        self.run(
            r#"INSERT INTO "user" (id, "companyId", "firstName", "lastName", email, permission, metadata)
               VALUES ($1, $2, 'Test', 'User', $3, 'owner', '{}')"#,
            &[&id, &company, &email],
        )?;
        let login: String = random::<40>()?
            .iter()
            .map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte & 31)]))
            .collect();
        self.run(
            r#"INSERT INTO session (id, "userId", "companyId", email, "isExternal", "expiresAt")
               VALUES ($1, $2, $3, $4, false, now() + interval '30 days')"#,
            &[&login, &id, &company, &email],
        )?;
        Ok(login)
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub fn run(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        self.runtime.block_on(self.client.execute(statement, values)).with_context(|| statement.to_owned())
    }
}

/// What the column `environment.apiKey` holds for a key.
fn key_hash(key: &str) -> String {
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, PROD_API_KEY_SECRET.as_bytes());
    hex(ring::hmac::sign(&secret, key.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    filled.ok().context("the system gives no random bytes")?;
    Ok(bytes)
}
