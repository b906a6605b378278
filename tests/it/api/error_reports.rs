//! Routes 9 and 41: what browsers report.

use super::company::{Company, ask, ok, post, refused};
use crate::support::{Request, World, play};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/log-error";

async fn stored(world: &World) -> Vec<Value> {
    let statement = r#"SELECT to_jsonb("errorLog") FROM "errorLog" ORDER BY "createdAt""#;
    world.seed.sql.query(statement, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn report() -> Value {
    json!({"type": "ONBOARDING_ISSUE_REPORT", "issueDescription": "no", "step": "s", "framework": "f"})
}

#[test]
fn http_d20_reports_come_from_people_who_are_logged_in_and_have_a_size_a_form_and_a_rate() {
    play(async |world| {
        let company = Company::new(world).await;
        let anonymous = Request::post(PATH, &report()).send(world.address()).await;
        refused(&anonymous, 401);
        let foreign = Request::post(PATH, &report()).header("Origin", "https://evil.test");
        refused(&foreign.login(&company.owner().session).send(world.address()).await, 403);
        for wrong in [
            json!([]),
            json!(null),
            json!("text"),
            json!(5),
            json!({"type": 5}),
            json!({"type": "AUDIT_LOG_WRITE_ERROR"}),
            json!({"type": "UNCATEGORIZED", "message": "x"}),
            json!({"a": "\u{0}"}),
            json!({"a\u{0}": 1}),
            json!({"a": "x".repeat(17_000)}),
        ] {
            refused(&post(world, company.owner(), PATH, wrong).await, 400);
        }
        assert!(stored(world).await.is_empty());

        let mut spoofed = report();
        spoofed["userData"] = json!({"id": "somebody else"});
        let member = company.of("member");
        assert_eq!(ok(&post(world, member, PATH, spoofed).await), json!({"success": true}));
        let outside = world.seed.visitor("v@x.test").await;
        ok(&post(world, &outside, PATH, json!({})).await);
        let rows = stored(world).await;
        assert_eq!((&rows[0]["status"], &rows[0]["data"]["step"]), (&json!("PENDING"), &json!("s")));
        let user = member.user.unwrap().to_string();
        let expected =
            json!({"id": user, "companyId": company.id.to_string(), "email": member.email, "isExternal": false});
        assert_eq!(rows[0]["data"]["userData"], expected);
        let nobody = "00000000-0000-0000-0000-000000000000";
        let expected = json!({"id": nobody, "companyId": null, "email": "v@x.test", "isExternal": true});
        assert_eq!(rows[1]["data"], json!({"userData": expected}));

        let guest = company.of("guest");
        for _ in 0..10 {
            ok(&post(world, guest, PATH, report()).await);
        }
        let answer = post(world, guest, PATH, report()).await;
        refused(&answer, 429);
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
        ok(&post(world, member, PATH, report()).await);
    });
}

#[test]
fn page_views_are_checked_and_thrown_away() {
    play(async |world| {
        let company = Company::new(world).await;
        let event = json!({"event": "DASHBOARD_PAGE_VIEW", "data": {"page": "/home"}});
        assert_eq!(ok(&post(world, company.of("guest"), "/api/v1/log", event.clone()).await), json!({"success": true}));
        for wrong in [json!({}), json!({"event": 1, "data": {}}), json!({"event": "x", "data": []}), json!(["x", {}])] {
            refused(&post(world, company.owner(), "/api/v1/log", wrong).await, 400);
        }
        let outside = world.seed.visitor("v@x.test").await;
        refused(&ask(world, &outside, "POST", "/api/v1/log", Some(event)).await, 401);
    });
}
