//! The plan and its seats.

use super::company::{COMPANY, Company, ROLES, assert_keys, get, ok, post, refused};
use crate::support::{World, play};
use serde_json::{Value, json};

const DETAILS: &str = "/api/v1/billing/details";
const CHECKOUT: &str = "/api/v1/billing/checkout-session";

fn order(world: &World) -> Value {
    let home = format!("http://{}/home", world.address());
    let success = format!("{home}/billing/details?checkoutResult=SUCCESS");
    json!({"standardSeats": 2, "externalSeats": 0, "cancelUrl": home, "successUrl": success})
}

async fn plan(world: &World, company: &Company) -> String {
    world.seed.sql.query_one("SELECT plan FROM company WHERE id = $1", &[&company.id]).await.unwrap().get(0)
}

#[test]
fn details_count_people_and_shares() {
    play(async |world| {
        let company = Company::new(world).await;
        for (route, email) in [
            ("hello", "a@x.test"),
            ("second", "a@x.test"),
            ("hello", "x.test"),
            ("hello", "ALL"),
            ("hello", "INHERIT_PERMISSIONS_FROM_APP:::second"),
        ] {
            world.seed.share(&company.environment, route, email).await;
        }
        let many = 1_000_000_000_000_i64;
        for (plan, flags, (standard, external), free) in [
            ("pro", json!({}), (many, many), false),
            ("hobby", json!({}), (1, 0), false),
            ("hobby", json!({"FRIENDS_AND_FAMILY_FREE": true}), (many, many), true),
            ("hobby", json!({"FRIENDS_AND_FAMILY_FREE": "true"}), (1, 0), false),
            ("other", json!([]), (1, 0), false),
        ] {
            world.seed.run("UPDATE company SET plan = $1, flags = $2", &[&plan, &flags]).await;
            for role in ROLES {
                let body = ok(&get(world, company.of(role), DETAILS).await);
                assert_keys(
                    &body,
                    &[
                        "company",
                        "standardSeats",
                        "externalSeats",
                        "standardSeatsUsed",
                        "externalSeatsUsed",
                        "FREE_UNLIMITED_USAGE",
                        "allowInvitingStandardUsers",
                        "allowInvitingExternalUsers",
                    ],
                );
                assert_keys(&body["company"], &COMPANY);
                assert_eq!((&body["standardSeats"], &body["externalSeats"]), (&json!(standard), &json!(external)));
                assert_eq!((&body["standardSeatsUsed"], &body["externalSeatsUsed"]), (&json!(5), &json!(3)));
                assert_eq!(body["FREE_UNLIMITED_USAGE"], free);
                assert_eq!(body["allowInvitingStandardUsers"], standard == many);
                assert_eq!(body["allowInvitingExternalUsers"], standard == many);
                let billing_id = body["company"]["billingId"].as_str().unwrap();
                assert_eq!(billing_id.is_empty(), !["owner", "admin"].contains(&role), "{role}");
            }
        }
    });
}

#[test]
fn checkout_is_for_owners_and_changes_the_plan_once() {
    play(async |world| {
        let company = Company::new(world).await;
        world.seed.run("UPDATE company SET plan = 'hobby'", &[]).await;
        for role in ["admin", "app-manager", "member", "guest"] {
            refused(&post(world, company.of(role), CHECKOUT, order(world)).await, 403);
        }
        assert_eq!(plan(world, &company).await, "hobby");
        for _ in 0..2 {
            let body = ok(&post(world, company.owner(), CHECKOUT, order(world)).await);
            assert_eq!(body, json!({"checkoutUrl": order(world)["successUrl"]}));
            assert_eq!(plan(world, &company).await, "pro");
        }
        let same = r#"SELECT FROM company WHERE id = $1 AND "updatedAt" = "createdAt""#;
        assert_eq!(world.seed.sql.query(same, &[&company.id]).await.unwrap().len(), 1);
        world.seed.run("UPDATE company SET plan = 'enterprise'", &[]).await;
        refused(&post(world, company.owner(), CHECKOUT, order(world)).await, 400);
        assert_eq!(plan(world, &company).await, "enterprise");
    });
}

#[test]
fn http_d36_the_browser_is_sent_to_our_own_pages_only() {
    play(async |world| {
        let company = Company::new(world).await;
        world.seed.run("UPDATE company SET plan = 'hobby'", &[]).await;
        let host = world.address();
        for bad in [
            json!("https://evil.test/"),
            json!(format!("https://evil.test/?{host}")),
            json!(format!("http://{host}@evil.test/")),
            json!(format!("http://{host}.evil.test/")),
            json!(format!("javascript://{host}/%0aalert(1)")),
            json!(format!("ftp://{host}/")),
            json!(format!("//{host}/home")),
            json!("/home"),
            json!(""),
            json!(format!("http://{host}/{}", "x".repeat(2048))),
            json!(null),
            json!([format!("http://{host}/")]),
        ] {
            for key in ["successUrl", "cancelUrl"] {
                let mut body = order(world);
                body[key] = bad.clone();
                refused(&post(world, company.owner(), CHECKOUT, body).await, 400);
            }
        }
        for (key, values) in [
            ("standardSeats", [json!(0), json!(-1), json!(1.5), json!("2"), json!(null), json!(1e300)]),
            (
                "externalSeats",
                [json!(-1), json!(0.5), json!("0"), json!(true), json!([]), json!(2_000_000_000_000_i64)],
            ),
        ] {
            for value in values {
                let mut body = order(world);
                body[key] = value;
                refused(&post(world, company.owner(), CHECKOUT, body).await, 400);
            }
        }
        refused(&post(world, company.owner(), CHECKOUT, json!({})).await, 400);
        assert_eq!(plan(world, &company).await, "hobby");
    });
}
