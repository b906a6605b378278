//! Companies, users, environments, shares and logins, written by SQL. Every call makes new ids, so that scenes do not meet.

use super::server::PROD_API_KEY_SECRET;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_postgres::Client;
use uuid::Uuid;

/// An environment and the plain API key that opens it.
#[derive(Clone)]
pub struct Environment {
    pub id: Uuid,
    pub company: Uuid,
    pub key: String,
}

/// A login session: what the cookie `auth_session` carries.
#[derive(Clone)]
pub struct Login {
    pub session: String,
    pub user: Option<Uuid>,
    pub email: String,
}

/// A company with its owner and one production environment with the apps `hello`, `second` and `private`.
pub struct Tenant {
    pub environment: Environment,
    pub owner: Login,
}

/// Writes rows. `sql` is there for everything that has no function of its own.
pub struct Seed {
    pub sql: Client,
}

/// The routes that every seeded environment has.
pub const ROUTES: [&str; 3] = ["hello", "second", "private"];

impl Seed {
    pub async fn tenant(&self) -> Tenant {
        let company = self.company("pro").await;
        Tenant {
            environment: self.environment(company, "production").await,
            owner: self.member(company, "owner").await,
        }
    }

    pub async fn company(&self, plan: &str) -> Uuid {
        let id = Uuid::new_v4();
        let flags = json!({"FRIENDS_AND_FAMILY_FREE": false, "AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200});
        self.run(
            r#"INSERT INTO company (id, name, plan, "billingId", flags) VALUES ($1, $2, $3, $4, $5)"#,
            &[&id, &format!("Company {id}"), &plan, &id.to_string(), &flags],
        )
        .await;
        id
    }

    pub async fn environment(&self, company: Uuid, kind: &str) -> Environment {
        let id = Uuid::new_v4();
        let prefix = if kind == "development" { "ck_dev_" } else { "ck_prod_" };
        let key = format!("{prefix}{}", hex(&random::<64>()));
        let apps: Value = ROUTES
            .iter()
            .map(|route| json!({"name": route.to_uppercase(), "route": route, "description": null, "hidden": false}))
            .collect();
        self.run(
            r#"INSERT INTO environment (id, "companyId", name, "apiKey", type, apps)
               VALUES ($1, $2, $3, $4, $5::text::"environmentType", $6)"#,
            &[&id, &company, &format!("Environment {id}"), &key_hash(&key), &kind, &apps],
        )
        .await;
        Environment { id, company, key }
    }

    /// A new user of the company with this role, signed in.
    pub async fn member(&self, company: Uuid, role: &str) -> Login {
        let id = Uuid::new_v4();
        let email = format!("{role}-{id}@company.test");
        self.run(
            r#"INSERT INTO "user" (id, "companyId", "firstName", "lastName", email, permission, metadata)
               VALUES ($1, $2, 'Test', 'User', $3, $4, '{}')"#,
            &[&id, &company, &email, &role],
        )
        .await;
        self.login(Some((id, company)), &email).await
    }

    /// A login of somebody without an account: a known address, or `ALL` for a public visitor.
    pub async fn visitor(&self, email: &str) -> Login {
        self.login(None, email).await
    }

    async fn login(&self, user: Option<(Uuid, Uuid)>, email: &str) -> Login {
        let session = login_session_id();
        self.run(
            r#"INSERT INTO session (id, "userId", "companyId", email, "isExternal", "expiresAt")
               VALUES ($1, $2, $3, $4, $5, now() + interval '30 days')"#,
            &[&session, &user.map(|(id, _)| id), &user.map(|(_, company)| company), &email, &user.is_none()],
        )
        .await;
        Login { session, user: user.map(|(id, _)| id), email: email.to_owned() }
    }

    /// Lets `email` open the app. The share belongs to the environment's company.
    pub async fn share(&self, environment: &Environment, route: &str, email: &str) {
        self.share_by(environment.company, environment, route, email).await;
    }

    /// The same with a free choice of the company that the row names.
    pub async fn share_by(&self, company: Uuid, environment: &Environment, route: &str, email: &str) {
        self.run(
            r#"INSERT INTO "externalAppUser" (email, "environmentId", "appRoute", "companyId", "createdBySdk")
               VALUES ($1, $2, $3, $4, false)"#,
            &[&email, &environment.id, &route, &company],
        )
        .await;
    }

    /// Runs one statement and gives the number of rows.
    pub async fn run(&self, statement: &str, values: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> u64 {
        self.sql.execute(statement, values).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"))
    }

    /// The rows of `log` with type `user` of a company, as JSON objects, in the order of their ids.
    pub async fn audit_rows(&self, company: Uuid) -> Vec<Value> {
        let statement = r#"SELECT to_jsonb(log) FROM log WHERE "companyId" = $1 AND type = 'user' ORDER BY id"#;
        self.sql.query(statement, &[&company]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// Asks again and again until there are at least `count` audit rows.
    pub async fn audit_rows_until(&self, company: Uuid, count: usize) -> Vec<Value> {
        let what = format!("{count} audit rows");
        super::soon(&what, async {
            loop {
                let rows = self.audit_rows(company).await;
                if rows.len() >= count {
                    return rows;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    /// Routes of the stored apps, in their order.
    pub async fn stored_routes(&self, environment: Uuid) -> Vec<String> {
        let row = self.sql.query_one("SELECT apps FROM environment WHERE id = $1", &[&environment]).await.unwrap();
        let apps: Value = row.get(0);
        apps.as_array().unwrap().iter().map(|app| app["route"].as_str().unwrap_or("").to_owned()).collect()
    }

    /// Asks again and again until the environment has exactly these routes.
    pub async fn stored_routes_until(&self, environment: Uuid, routes: &[&str]) {
        super::soon(&format!("the stored routes are {routes:?}"), async {
            while self.stored_routes(environment).await != routes {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

/// What column `environment.apiKey` holds for a plain key (section 6 of the HTTP specification).
pub fn key_hash(key: &str) -> String {
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, PROD_API_KEY_SECRET.as_bytes());
    hex(ring::hmac::sign(&secret, key.as_bytes()).as_ref())
}

/// A new login session id: 40 characters out of `a-z2-7`.
pub fn login_session_id() -> String {
    random::<40>().iter().map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte & 31)])).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).unwrap();
    bytes
}

#[test]
fn the_key_hash_is_that_of_the_first_vector() {
    let key = format!("ck_prod_{}", "0123456789abcdef".repeat(8));
    assert_eq!(key_hash(&key), "384545a8ea27bd1056f6ee8c05b73503a9e5fb94979a0b894ddbba4183e4d51e");
}
