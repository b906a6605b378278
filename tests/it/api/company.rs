//! A company with somebody of every role, and short ways to ask as one of them.

use crate::support::seed::key_hash;
use crate::support::{Environment, Login, Request, Response, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

pub const ROLES: [&str; 5] = ["owner", "admin", "app-manager", "member", "guest"];

/// Vector 2 in section 6 of the specification: a development key and its stored copy.
pub const DEV_KEY: &str = "ck_dev_fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
pub const DEV_COPY: &str = "a0a1a2a3a4a5a6a7a8a9aaab:8573234920bd5dd90701e4b16643f8e946996d23a086720af96a45e41e924d36e44373cc9d13635b3af867aa6843bbce712e727b50e12a18243a683cc549bd878289b15c0294d48691869c7aeef7f48dfb3e9f97f7f0a91c8b115df8d0a375a3b9b11f98319fbffdfbbf6532e4b1d51f1265559dec04ab5a4aabbdc6d56cca7af324844ce173b0:7e93785945d872ec731c6aaf1fb3af35";

/// A company on plan `pro` with one production environment and one user for each role.
pub struct Company {
    pub id: Uuid,
    pub environment: Environment,
    people: Vec<Login>,
}

impl Company {
    pub async fn new(world: &World) -> Self {
        let id = world.seed.company("pro").await;
        let environment = world.seed.environment(id, "production").await;
        let mut people = Vec::new();
        for role in ROLES {
            people.push(world.seed.member(id, role).await);
        }
        Company { id, environment, people }
    }

    pub fn of(&self, role: &str) -> &Login {
        &self.people[ROLES.iter().position(|known| *known == role).expect("a role")]
    }

    pub fn owner(&self) -> &Login {
        self.of("owner")
    }

    /// Gives a user a development environment of their own.
    pub async fn development(&self, world: &World, login: &Login) -> Environment {
        let environment = world.seed.environment(self.id, "development").await;
        let link = r#"UPDATE "user" SET "developmentEnvironmentId" = $1 WHERE id = $2"#;
        assert_eq!(world.seed.run(link, &[&environment.id, &login.user]).await, 1);
        environment
    }

    /// The same with the key of the specification's vector. Once in a scene.
    pub async fn development_with_vector(&self, world: &World, login: &Login) -> Environment {
        let mut environment = self.development(world, login).await;
        environment.key = DEV_KEY.to_owned();
        let set = r#"UPDATE environment SET "apiKey" = $1, "decryptableKey" = $2 WHERE id = $3"#;
        world.seed.run(set, &[&key_hash(DEV_KEY), &DEV_COPY, &environment.id]).await;
        environment
    }
}

/// Asks with the cookie of this login. Without a body no content type is sent.
pub async fn ask(world: &World, login: &Login, method: &str, path: &str, body: Option<Value>) -> Response {
    let mut request = Request::new(method, path).login(&login.session);
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    request.send(world.address()).await
}

pub async fn get(world: &World, login: &Login, path: &str) -> Response {
    // As the web client does it, on every method.
    let request = Request::get(path).login(&login.session).header("Content-Type", "application/json");
    request.send(world.address()).await
}

pub async fn post(world: &World, login: &Login, path: &str, body: Value) -> Response {
    ask(world, login, "POST", path, Some(body)).await
}

pub async fn delete(world: &World, login: &Login, path: &str) -> Response {
    ask(world, login, "DELETE", path, Some(json!({}))).await
}

/// The body of a success.
#[track_caller]
pub fn ok(answer: &Response) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// A failure with this status and a text for people, which says nothing of the database.
#[track_caller]
pub fn refused(answer: &Response, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    let text = answer.message();
    assert!(!text.is_empty() && !text.contains("SQLSTATE"), "{text}");
}

/// The keys of an object, exactly these.
#[track_caller]
pub fn assert_keys(value: &Value, expected: &[&str]) {
    let keys: BTreeSet<_> = value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().collect();
    let expected: BTreeSet<_> = expected.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(keys, expected.iter().collect(), "{value}");
}

/// ISO 8601 with milliseconds and `Z`.
#[track_caller]
pub fn assert_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    let pattern = "0000-00-00T00:00:00.000Z";
    let fits = |(c, p): (char, char)| if p == '0' { c.is_ascii_digit() } else { c == p };
    assert!(text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(fits), "{text}");
}

pub fn ids(list: &Value) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

pub const COMPANY: [&str; 7] = ["id", "name", "createdAt", "updatedAt", "plan", "billingId", "flags"];
pub const USER: [&str; 10] = [
    "id",
    "companyId",
    "firstName",
    "lastName",
    "email",
    "createdAt",
    "updatedAt",
    "developmentEnvironmentId",
    "permission",
    "metadata",
];
pub const ENVIRONMENT: [&str; 9] =
    ["id", "companyId", "name", "type", "apps", "theme", "createdAt", "updatedAt", "data"];
pub const SHARE: [&str; 9] = [
    "id",
    "companyId",
    "environmentId",
    "email",
    "appRoute",
    "createdByUserId",
    "createdBySdk",
    "createdAt",
    "updatedAt",
];

/// One of the lists above with more keys.
pub fn with<'a>(keys: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [keys, more].concat()
}
