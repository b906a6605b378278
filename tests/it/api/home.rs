//! `initialize` and `settings`.

use super::company::{
    COMPANY, Company, DEV_KEY, ENVIRONMENT, ROLES, SHARE, USER, assert_keys, assert_time, get, ids, ok, with,
};
use crate::support::{World, play};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const INITIALIZE: &str = "/api/v1/initialize";
const SETTINGS: &str = "/api/v1/settings";

fn by_id(body: &Value, id: Uuid) -> Value {
    let found = body["environments"].as_array().unwrap().iter().find(|it| it["id"] == id.to_string());
    found.unwrap_or_else(|| panic!("no environment {id} in {body}")).clone()
}

async fn invite(world: &World, company: Uuid, email: &str, lasts: &str) -> Uuid {
    let statement = r#"INSERT INTO "emailCode" ("companyId", email, "expiresAt", metadata)
        VALUES ($1, $2, now() + $3::text::interval, '{"purpose": "JOIN_COMPANY", "accountType": "developer"}') RETURNING id"#;
    world.seed.sql.query_one(statement, &[&company, &email, &lasts]).await.unwrap().get(0)
}

#[test]
fn the_home_page_gets_the_user_s_own_environments_with_all_their_keys() {
    play(async |world| {
        let company = Company::new(world).await;
        let owner = company.owner();
        let own = company.development_with_vector(world, owner).await;
        let foreign = company.development(world, company.of("member")).await;
        let nobody_s = world.seed.environment(company.id, "development").await;
        world.seed.share(&company.environment, "hello", "a@x.test").await;
        let answer = get(world, owner, INITIALIZE).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = ok(&answer);
        assert_keys(&body, &["environments", "company", "user"]);
        assert_keys(&body["company"], &COMPANY);
        assert_keys(&body["user"], &with(&USER, &["isExternal"]));
        assert_eq!(ids(&body["environments"]), [own.id, company.environment.id].map(|id| id.to_string()).into());
        assert!(!answer.text().contains(&foreign.id.to_string()) && !answer.text().contains(&nobody_s.id.to_string()));
        let keys = with(&ENVIRONMENT, &["externalAppUsers", "key", "isOnline"]);
        let (own, production) = (by_id(&body, own.id), by_id(&body, company.environment.id));
        for environment in [&own, &production] {
            assert_keys(environment, &keys);
            assert_eq!(environment["isOnline"], false);
            assert_time(&environment["createdAt"]);
            assert_time(&environment["updatedAt"]);
        }
        assert_eq!((&own["key"], &own["externalAppUsers"]), (&json!(DEV_KEY), &json!([])));
        assert_eq!(production["key"], Value::Null);
        let shares = production["externalAppUsers"].as_array().unwrap();
        assert_eq!(shares.len(), 1);
        assert_keys(&shares[0], &SHARE);
        assert_eq!(body["user"]["isExternal"], false);
        assert_eq!(body["user"]["developmentEnvironmentId"], own["id"]);
        for time in [&body["user"]["createdAt"], &body["company"]["updatedAt"], &shares[0]["createdAt"]] {
            assert_time(time);
        }
        for secret in ["apiKey", "decryptableKey"] {
            assert!(!answer.text().contains(secret));
        }
    });
}

#[test]
fn http_d10_a_role_is_sent_only_what_it_may_see() {
    play(async |world| {
        let company = Company::new(world).await;
        world.seed.share(&company.environment, "hello", "a@x.test").await;
        world.seed.share(&company.environment, "hello", "@company.test").await;
        let open = invite(world, company.id, "new@x.test", "1 day").await;
        invite(world, company.id, "late@x.test", "-1 second").await;
        invite(world, company.id, &company.of("member").email, "1 day").await;
        invite(world, world.seed.company("pro").await, "foreign@x.test", "1 day").await;
        for role in ROLES {
            let login = company.of(role);
            let (administers, belongs) = (["owner", "admin"].contains(&role), role != "guest");
            let home = ok(&get(world, login, INITIALIZE).await);
            let billing_id = if administers { company.id.to_string() } else { String::new() };
            assert_eq!(home["company"]["billingId"], billing_id, "{role}");
            let shares = by_id(&home, company.environment.id)["externalAppUsers"].as_array().unwrap().len();
            assert_eq!(shares, if belongs { 2 } else { 0 }, "{role}");

            let settings = ok(&get(world, login, SETTINGS).await);
            assert_keys(&settings, &["users", "pendingInvites", "company"]);
            assert_eq!(settings["users"].as_array().unwrap().len(), if belongs { 5 } else { 0 }, "{role}");
            for user in settings["users"].as_array().unwrap() {
                assert_keys(user, &USER);
            }
            let expected = if administers { BTreeSet::from([open.to_string()]) } else { BTreeSet::new() };
            assert_eq!(ids(&settings["pendingInvites"]), expected, "{role}");
            for invite in settings["pendingInvites"].as_array().unwrap() {
                assert_keys(invite, &["id", "companyId", "email", "createdAt", "expiresAt", "metadata"]);
                assert_time(&invite["expiresAt"]);
            }
        }
    });
}

#[test]
fn http_d09_guests_see_what_is_shared_with_them_and_their_own() {
    play(async |world| {
        let company = Company::new(world).await;
        let guest = company.of("guest");
        for path in [INITIALIZE, "/api/v1/environment"] {
            assert_eq!(ok(&get(world, guest, path).await)["environments"], json!([]), "{path}");
        }
        let details = format!("/api/v1/environment/{}/details", company.environment.id);
        super::company::refused(&get(world, guest, &details).await, 400);
        // A share that another company planted opens nothing.
        let other = world.seed.company("pro").await;
        world.seed.share_by(other, &company.environment, "private", &guest.email).await;
        world.seed.share(&company.environment, "second", &guest.email.to_uppercase()).await;
        let own = company.development(world, guest).await;
        for path in [INITIALIZE, "/api/v1/environment"] {
            let body = ok(&get(world, guest, path).await);
            let shared = by_id(&body, company.environment.id);
            assert_eq!(shared["apps"].as_array().unwrap().len(), 1, "{path}");
            assert_eq!(shared["apps"][0]["route"], "second");
            assert_eq!(by_id(&body, own.id)["apps"].as_array().unwrap().len(), 3);
            assert_eq!(body["environments"].as_array().unwrap().len(), 2);
        }
        let shown = &ok(&get(world, guest, &details).await)["environment"];
        assert_eq!((shown["apps"].as_array().unwrap().len(), &shown["externalAppUsers"]), (1, &json!([])));
    });
}

#[test]
fn http_d31_a_key_that_cannot_be_decrypted_costs_nothing_but_the_key() {
    play(async |world| {
        let company = Company::new(world).await;
        let own = company.development(world, company.owner()).await;
        let production_copy = r#"UPDATE environment SET "decryptableKey" = 'x' WHERE id = $1"#;
        world.seed.run(production_copy, &[&company.environment.id]).await;
        for copy in [None, Some(""), Some("a:b:c"), Some("00:00:00:00")] {
            world.seed.run(r#"UPDATE environment SET "decryptableKey" = $1 WHERE id = $2"#, &[&copy, &own.id]).await;
            let body = ok(&get(world, company.owner(), INITIALIZE).await);
            assert_eq!(by_id(&body, own.id)["key"], Value::Null, "{copy:?}");
            assert_eq!(by_id(&body, company.environment.id)["key"], Value::Null);
            super::company::refused(&get(world, company.owner(), "/api/v1/user/dev-environment").await, 400);
        }
    });
}

#[test]
fn bad_data_of_old_databases_breaks_no_page() {
    play(async |world| {
        let company = Company::new(world).await;
        let damage = [
            r#"UPDATE environment SET apps = '[5, {"route": 7}, {"route": "hello"}, {"route": "hello"}, null]', theme = 'null', data = '[]'"#,
            r#"UPDATE company SET flags = '{"FRIENDS_AND_FAMILY_FREE": "yes", "AFFILIATE_CODE": [1]}', plan = 'enterprise'"#,
            r#"UPDATE "user" SET metadata = '[1]' WHERE permission = 'owner'"#,
            r#"UPDATE "user" SET permission = 'superuser', metadata = '"x"' WHERE permission = 'member'"#,
            r#"INSERT INTO "externalAppUser" (email, "environmentId", "appRoute", "companyId")
               SELECT value, e.id, 'hello', e."companyId" FROM environment e, unnest(ARRAY['', 'L', '{"a"}', '5', 'a@x.test', 'A@x.test']) AS value"#,
            r#"INSERT INTO "emailCode" ("companyId", email, "expiresAt", metadata)
               SELECT id, 'bad@x.test', now() + interval '1 day', '[]' FROM company"#,
        ];
        for statement in damage {
            assert!(world.seed.run(statement, &[]).await > 0, "{statement}");
        }
        for role in ROLES {
            let login = company.of(role);
            let home = ok(&get(world, login, INITIALIZE).await);
            assert!(home["user"]["metadata"].is_object() && home["company"]["flags"].is_object());
            // A role that nobody knows has no rights.
            let seen = home["environments"].as_array().unwrap().len();
            assert_eq!(seen, if ["owner", "admin", "app-manager"].contains(&role) { 1 } else { 0 }, "{role}");
            for path in [SETTINGS, "/api/v1/environment", "/api/v1/billing/details", "/api/v1/user/dev-environment"] {
                ok(&get(world, login, path).await);
            }
        }
        let home = ok(&get(world, company.owner(), INITIALIZE).await);
        let environment = by_id(&home, company.environment.id);
        assert_eq!((&environment["theme"], &environment["data"]), (&Value::Null, &json!({})));
        assert_eq!(environment["externalAppUsers"].as_array().unwrap().len(), 6);
        world.seed.run("UPDATE environment SET apps = '{}'", &[]).await;
        let home = ok(&get(world, company.owner(), INITIALIZE).await);
        assert_eq!(by_id(&home, company.environment.id)["apps"], json!([]));
    });
}

#[test]
fn http_d37_company_and_role_come_from_the_user_s_row() {
    play(async |world| {
        let company = Company::new(world).await;
        let other = Company::new(world).await;
        // What the old server left in the session when somebody moved.
        let lie = r#"UPDATE session SET "companyId" = $1 WHERE id = $2"#;
        world.seed.run(lie, &[&other.id, &company.owner().session]).await;
        let home = ok(&get(world, company.owner(), INITIALIZE).await);
        assert_eq!(home["company"]["id"], company.id.to_string());
        assert_eq!(ids(&home["environments"]), [company.environment.id.to_string()].into());
        world.seed.run(r#"UPDATE "user" SET permission = 'guest' WHERE id = $1"#, &[&company.owner().user]).await;
        assert_eq!(ok(&get(world, company.owner(), SETTINGS).await)["users"], json!([]));
    });
}
