//! Environments and their keys.

use super::company::{Company, ENVIRONMENT, ROLES, assert_keys, delete, get, ids, ok, post, refused, with};
use crate::support::peer::assert_good_for_an_sdk;
use crate::support::seed::key_hash;
use crate::support::{Environment, Upgrade, World, play, play_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

const PATH: &str = "/api/v1/environment";

async fn environment_of(world: &World, created: &Value) -> Environment {
    let id: Uuid = created["id"].as_str().unwrap().parse().unwrap();
    let statement = r#"SELECT "apiKey", "decryptableKey", "companyId" FROM environment WHERE id = $1"#;
    let row = world.seed.sql.query_one(statement, &[&id]).await.unwrap();
    let key = created["key"].as_str().unwrap().to_owned();
    assert_eq!(row.get::<_, &str>(0), key_hash(&key));
    assert_eq!(row.get::<_, Option<&str>>(1).is_some(), created["type"] == "development");
    Environment { id, company: row.get(2), key }
}

#[test]
fn a_new_environment_shows_its_key_once_and_the_key_works() {
    play(async |world| {
        let company = Company::new(world).await;
        let body = json!({"name": "  Prod two ", "type": "production", "more": 1});
        let created = ok(&post(world, company.of("app-manager"), PATH, body).await);
        assert_keys(&created, &with(&ENVIRONMENT, &["key"]));
        assert_eq!(
            (&created["name"], &created["apps"], &created["data"]),
            (&json!("Prod two"), &json!([]), &json!({}))
        );
        let environment = environment_of(world, &created).await;
        assert!(environment.key.starts_with("ck_prod_") && environment.key.len() == 136);
        assert_eq!(environment.company, company.id);
        world.sdk(&environment).await;
        let listed = get(world, company.owner(), PATH).await;
        assert!(ids(&ok(&listed)["environments"]).contains(&environment.id.to_string()));
        assert!(!listed.text().contains("ck_prod_"));
    });
}

#[test]
fn http_d31_a_development_environment_belongs_to_its_maker_who_has_only_one() {
    play(async |world| {
        let company = Company::new(world).await;
        let member = company.of("member");
        let body = json!({"name": "Mine", "type": "development"});
        // However often and however fast it is asked for.
        let (one, two) = tokio::join!(post(world, member, PATH, body.clone()), post(world, member, PATH, body.clone()));
        let (made, other) = if one.status == 200 { (one, two) } else { (two, one) };
        refused(&other, 400);
        let created = ok(&made);
        let environment = environment_of(world, &created).await;
        let home = ok(&get(world, member, "/api/v1/initialize").await);
        assert_eq!(home["user"]["developmentEnvironmentId"], created["id"]);
        let shown = home["environments"].as_array().unwrap().iter().find(|it| it["id"] == created["id"]).unwrap();
        assert_eq!(shown["key"], environment.key.as_str());
        world.sdk(&environment).await;
        let own = ok(&get(world, member, "/api/v1/user/dev-environment").await);
        assert_keys(&own["environments"][0], &with(&ENVIRONMENT, &["decryptableKey"]));
        assert_eq!(own["environments"][0]["decryptableKey"], environment.key.as_str());
        refused(&post(world, member, PATH, body).await, 400);
        refused(&post(world, company.of("guest"), PATH, json!({"name": "Mine", "type": "development"})).await, 403);
        let none = ok(&get(world, company.owner(), "/api/v1/user/dev-environment").await);
        assert_eq!(none, json!({"environments": []}));
    });
}

#[test]
fn http_d15_a_name_and_a_type_are_needed() {
    play(async |world| {
        let company = Company::new(world).await;
        for body in [
            json!({}),
            json!({"name": "x"}),
            json!({"type": "production"}),
            json!({"name": "", "type": "production"}),
            json!({"name": "   ", "type": "production"}),
            json!({"name": "x".repeat(101), "type": "production"}),
            json!({"name": "a\u{0}b", "type": "production"}),
            json!({"name": "a\nb", "type": "production"}),
            json!({"name": ["a"], "type": "production"}),
            json!({"name": 5, "type": "production"}),
            json!({"name": "x", "type": "staging"}),
            json!({"name": "x", "type": null}),
            json!(["x", "production"]),
            json!(null),
        ] {
            refused(&post(world, company.owner(), PATH, body).await, 400);
        }
        assert_eq!(ok(&get(world, company.owner(), PATH).await)["environments"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn http_d08_the_list_hides_what_is_in_development_environments_of_others() {
    play(async |world| {
        let company = Company::new(world).await;
        let mut own = Vec::new();
        for role in ROLES {
            own.push(company.development(world, company.of(role)).await);
        }
        world.seed.run(r##"UPDATE environment SET theme = '{"textColor": "#000"}', data = '{"navs": []}'"##, &[]).await;
        let extra = r#"UPDATE environment SET apps = jsonb_set(apps, '{0,secret}', '"s"')"#;
        world.seed.run(extra, &[]).await;
        let foreign = Company::new(world).await;
        for (role, mine) in ROLES.into_iter().zip(&own) {
            let answer = get(world, company.of(role), PATH).await;
            let list = ok(&answer)["environments"].clone();
            let mut expected = BTreeSet::from([mine.id.to_string()]);
            if role != "guest" {
                expected.insert(company.environment.id.to_string());
            }
            if ["owner", "admin"].contains(&role) {
                expected.extend(own.iter().map(|environment| environment.id.to_string()));
            }
            assert_eq!(ids(&list), expected, "{role}");
            assert!(!answer.text().contains(&foreign.environment.id.to_string()));
            for environment in list.as_array().unwrap() {
                assert_keys(environment, &ENVIRONMENT);
                let whole = environment["id"] == mine.id.to_string() || environment["type"] == "production";
                assert_eq!(environment["theme"].is_object(), whole, "{role} {environment}");
                assert_eq!(environment["data"] == json!({"navs": []}), whole);
                assert_eq!(environment["apps"].to_string().contains("secret"), whole);
                assert_eq!(environment["apps"][0]["route"], "hello");
            }
        }
    });
}

#[test]
fn http_d06_details_are_for_the_company_and_development_for_its_user() {
    play(async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        let own = company.development(world, company.of("member")).await;
        world.seed.share(&company.environment, "hello", "a@x.test").await;
        let details = |id: &dyn std::fmt::Display| format!("{PATH}/{id}/details");
        for role in ROLES {
            refused(&get(world, other.of(role), &details(&company.environment.id)).await, 400);
        }
        for role in ["owner", "admin", "app-manager", "member"] {
            let body = ok(&get(world, company.of(role), &details(&company.environment.id)).await);
            assert_keys(&body, &["environment"]);
            assert_keys(&body["environment"], &with(&ENVIRONMENT, &["externalAppUsers"]));
            assert_eq!(body["environment"]["externalAppUsers"].as_array().unwrap().len(), 1);
        }
        ok(&get(world, company.of("member"), &details(&own.id)).await);
        refused(&get(world, company.owner(), &details(&own.id)).await, 403);
        let bare = company.environment.id.simple();
        for id in [&"" as &dyn std::fmt::Display, &"x", &"%00", &bare, &Uuid::new_v4()] {
            refused(&get(world, company.owner(), &details(id)).await, 400);
        }
    });
}

#[test]
fn deleting_an_environment_ends_its_sdk_and_its_pages() {
    play_with(&[("AUTHORIZATION_RECHECK_SECONDS", "3600")], async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        let development = company.development(world, company.owner()).await;
        let environment = &company.environment;
        world.seed.share(environment, "hello", "a@x.test").await;
        let path = format!("{PATH}/{}", environment.id);
        refused(&delete(world, company.owner(), &format!("{PATH}/{}", development.id)).await, 400);
        refused(&delete(world, company.owner(), &format!("{PATH}/{}", Uuid::new_v4())).await, 400);
        refused(&delete(world, other.owner(), &path).await, 400);
        refused(&delete(world, company.of("member"), &path).await, 403);
        let mut running = world.running_as(company.owner(), environment).await;
        running.works().await;
        // Without a body and without a content type, as a plain client would.
        let answer = super::company::ask(world, company.of("app-manager"), "DELETE", &path, None).await;
        assert_eq!(ok(&answer), json!({"success": true}));
        assert_good_for_an_sdk(running.sdk.closed_within(Duration::from_secs(3)).await);
        running.page.peer.closed_within(Duration::from_secs(3)).await;
        for statement in
            ["SELECT FROM environment WHERE id = $1", r#"SELECT FROM "externalAppUser" WHERE "environmentId" = $1"#]
        {
            assert!(world.seed.sql.query(statement, &[&environment.id]).await.unwrap().is_empty());
        }
        refused(&delete(world, company.owner(), &path).await, 400);
    });
}

#[test]
fn http_d21_a_new_key_ends_the_connection_with_the_old_one() {
    play_with(&[("AUTHORIZATION_RECHECK_SECONDS", "3600")], async |world| {
        let (company, other) = (Company::new(world).await, Company::new(world).await);
        let member = company.of("member");
        let development = company.development_with_vector(world, member).await;
        let path = |id: Uuid| format!("{PATH}/{id}/refresh-api-key");
        refused(&post(world, member, &path(company.environment.id), json!({})).await, 403);
        refused(&post(world, company.owner(), &path(development.id), json!({})).await, 403);
        refused(&post(world, other.owner(), &path(company.environment.id), json!({})).await, 400);
        refused(&post(world, company.owner(), &path(Uuid::new_v4()), json!({})).await, 400);
        for (login, environment) in [(company.of("app-manager"), &company.environment), (member, &development)] {
            let mut old = world.sdk(environment).await;
            let answer = ok(&post(world, login, &path(environment.id), json!({})).await);
            assert_keys(&answer, &["environment"]);
            assert_keys(&answer["environment"], &with(&ENVIRONMENT, &["key"]));
            let renewed = environment_of(world, &answer["environment"]).await;
            assert_ne!(renewed.key, environment.key);
            assert_good_for_an_sdk(old.closed_within(Duration::from_secs(3)).await);
            Upgrade::sdk(environment).refused(world.address(), "srvr8").await;
            world.sdk(&renewed).await;
            let same = r#"SELECT FROM environment WHERE id = $1 AND "updatedAt" = "createdAt""#;
            assert_eq!(world.seed.sql.query(same, &[&environment.id]).await.unwrap().len(), 1);
        }
    });
}
