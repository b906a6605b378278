//! Routes 5 and 6: new organizations, and joining one.

use super::sign_in::{TOKEN, assert_refused, login_of, play_with_google};
use crate::support::{Request, Response, World};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

const SIGN_UP: &str = "/api/v1/auth/complete-sign-up";
const JOIN: &str = "/api/v1/auth/complete-sign-up-to-org";

fn company(email: &str) -> Value {
    json!({"firstName": " Ross ", "lastName": "Lee", "email": email, "orgName": "Acme", "accountType": "developer"})
}

async fn sign_up(world: &World, token: &str, body: &Value) -> Response {
    Request::post(SIGN_UP, body).header(TOKEN, token).send(world.address()).await
}

async fn join(world: &World, token: &str, invite: &str) -> Response {
    let body = json!({"firstName": "Ann", "lastName": "Lee", "inviteCode": invite});
    Request::post(JOIN, &body).header(TOKEN, token).send(world.address()).await
}

/// Company sign-up gives the code under both names.
fn assert_both(answer: &Response, code: &str) {
    assert_refused(answer, 400, code);
    assert_eq!(answer.json()["code"], code);
}

async fn count(world: &World, statement: &str) -> i64 {
    world.seed.sql.query_one(statement, &[]).await.unwrap().get(0)
}

async fn invite(world: &World, company: Uuid, email: &str, metadata: Value, life: &str) -> Uuid {
    let statement = r#"INSERT INTO "emailCode" (id, "companyId", email, "expiresAt", metadata)
                       VALUES ($1, $2, $3, now() + $4::text::interval, $5)"#;
    let id = Uuid::new_v4();
    world.seed.run(statement, &[&id, &company, &email, &life, &metadata]).await;
    id
}

fn offer(account: &str, role: &str) -> Value {
    json!({"purpose": "JOIN_COMPANY", "accountType": account, "permission": role})
}

async fn row(world: &World, statement: &str, value: &str) -> Value {
    world.seed.sql.query_one(statement, &[&value]).await.unwrap().get(0)
}

#[test]
fn a_company_comes_with_its_owner_environment_and_login() {
    play_with_google(&[], async |world, provider| {
        for (account, developer) in [("developer", true), ("user-only", false)] {
            let email = format!("{account}@X.test");
            let mut body = company(&email);
            body["accountType"] = json!(account);
            // base64 of "partner"
            let request = Request::post(SIGN_UP, &body).header(TOKEN, &provider.token(&email));
            let request = request.header("Cookie", "x=y; compose-affiliate-code=InBhcnRuZXIi");
            let answer = request.send(world.address()).await;
            assert_eq!((answer.status, answer.json()), (200, json!({"success": true})));
            let session = login_of(&answer);
            let user = row(world, r#"SELECT to_jsonb("user") FROM "user" WHERE email = $1"#, &email).await;
            let company = user["companyId"].as_str().unwrap();
            assert_eq!((&user["firstName"], &user["permission"]), (&json!("Ross"), &json!("owner")));
            let metadata = json!({
                "show-onboarding": true, "has-never-opened-app": true, "show-success-callout-on-app-open": developer,
            });
            assert_eq!(user["metadata"], metadata);
            let made = row(world, "SELECT to_jsonb(company) FROM company WHERE id::text = $1", company).await;
            assert_eq!((&made["plan"], &made["billingId"]), (&json!("hobby"), &json!(company)));
            let flags = json!({
                "FRIENDS_AND_FAMILY_FREE": false, "AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200, "AFFILIATE_CODE": "partner",
            });
            assert_eq!(made["flags"], flags);
            let login = row(world, "SELECT to_jsonb(session) FROM session WHERE id = $1", &session).await;
            assert_eq!((&login["userId"], &login["companyId"]), (&user["id"], &user["companyId"]));
            assert_eq!((&login["email"], &login["isExternal"]), (&user["email"], &json!(false)));
            let check = Request::get("/api/v1/auth/check").login(&session).send(world.address()).await;
            assert_eq!(check.status, 200);
            let environments = count(world, "SELECT count(*) FROM environment").await;
            assert_eq!(environments, 1, "a developer came first and has one; who only uses apps has none");
            if developer {
                let statement = "SELECT to_jsonb(environment) FROM environment WHERE id::text = $1";
                let id = user["developmentEnvironmentId"].as_str().unwrap();
                let environment = row(world, statement, id).await;
                assert_eq!(environment["name"], "Ross' Dev Environment");
                assert_eq!((&environment["type"], &environment["companyId"]), (&json!("development"), &json!(company)));
                assert_eq!(environment["decryptableKey"].as_str().unwrap().len(), 24 + 1 + 270 + 1 + 32);
            } else {
                assert_eq!(user["developmentEnvironmentId"], Value::Null);
            }
        }
    });
}

#[test]
fn http_d12_nothing_is_left_of_a_sign_up_that_failed() {
    play_with_google(&[("REQUESTS_PER_MINUTE_PER_ADDRESS", "0")], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let companies = count(world, "SELECT count(*) FROM company").await;
        let token = provider.token("ann@x.test");
        let mut bodies = vec![json!({}), json!(null), json!([])];
        for key in ["firstName", "lastName", "email", "orgName", "accountType"] {
            for value in [json!(null), json!(""), json!("  "), json!(5), json!(["a"]), json!("a\0b"), json!("a\nb")] {
                let mut body = company("ann@x.test");
                body[key] = value;
                bodies.push(body.clone());
                body.as_object_mut().unwrap().remove(key);
                bodies.push(body);
            }
        }
        for (key, length) in [("firstName", 101), ("lastName", 101), ("orgName", 201)] {
            let mut body = company("ann@x.test");
            body[key] = json!("ä".repeat(length));
            bodies.push(body);
        }
        for body in bodies {
            let answer = sign_up(world, &token, &body).await;
            let other = body["email"].as_str().is_some_and(|email| email != "ann@x.test" && !email.contains('\0'));
            assert_both(&answer, if other { "0c" } else { "0b" });
        }
        assert_both(&sign_up(world, &token, &company("bob@x.test")).await, "0c");
        assert_both(&sign_up(world, &token, &company("Ann@x.test")).await, "0c");
        let upper = tenant.owner.email.to_uppercase();
        assert_both(&sign_up(world, &provider.token(&upper), &company(&upper)).await, "0d");
        assert_both(&Request::post(SIGN_UP, &company("a@x.test")).send(world.address()).await, "0b");
        assert_eq!(count(world, "SELECT count(*) FROM company").await, companies);
        assert_eq!(count(world, "SELECT count(*) FROM environment").await, 1);
        // The same address in two spellings at once makes one company (D-30).
        let both = ["Twin@x.test", "twin@X.test", "TWIN@x.test"].map(|email| (provider.token(email), company(email)));
        let answers = join_all(both.iter().map(|(token, body)| sign_up(world, token, body))).await;
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(made, 1, "{answers:?}");
        assert_eq!(count(world, "SELECT count(*) FROM company").await, companies + 1);
    });
}

#[test]
fn http_d34_an_affiliate_code_that_is_no_text_is_ignored() {
    play_with_google(&[], async |world, provider| {
        for (index, cookie) in ["eyJhIjoxfQ==", "%%%", "", "NQ=="].iter().enumerate() {
            let email = format!("a{index}@x.test");
            let request = Request::post(SIGN_UP, &company(&email)).header(TOKEN, &provider.token(&email));
            let request = request.header("Cookie", &format!("compose-affiliate-code={cookie}"));
            assert_eq!(request.send(world.address()).await.status, 200);
        }
        assert_eq!(count(world, "SELECT count(*) FROM company WHERE flags ? 'AFFILIATE_CODE'").await, 0);
    });
}

#[test]
fn http_d35_the_operator_may_close_the_door() {
    let settings = [
        ("SIGNUP_ALLOWED_DOMAINS", "Example.com, example.org"),
        ("SIGNUP_FIRST_COMPANY_ONLY", "true"),
        ("SELF_HOSTED_PLAN", "pro"),
    ];
    play_with_google(&settings, async |world, provider| {
        for email in ["a@evil.test", "a@evilexample.com", "a@sub.example.com"] {
            assert_both(&sign_up(world, &provider.token(email), &company(email)).await, "0b");
        }
        // What an old server left of a failed sign-up keeps nobody out.
        world.seed.company("hobby").await;
        let emails: Vec<String> = (0..6).map(|number| format!("a{number}@EXAMPLE.com")).collect();
        let answers = join_all(
            emails.iter().map(async |email| sign_up(world, &provider.token(email), &company(email)).await.status),
        );
        let mut statuses = answers.await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400, 400, 400, 400, 400]);
        assert_both(&sign_up(world, &provider.token("b@example.org"), &company("b@example.org")).await, "0b");
        assert_eq!(count(world, "SELECT count(*) FROM company WHERE plan = 'pro'").await, 1);
        // Invited people come in all the same.
        let company: Uuid =
            world.seed.sql.query_one("SELECT id FROM company WHERE plan = 'pro'", &[]).await.unwrap().get(0);
        let id = invite(world, company, "guest@other.test", offer("user-only", "member"), "1 day").await;
        assert_eq!(join(world, &provider.token("guest@other.test"), &id.to_string()).await.status, 200);
    });
}

#[test]
fn an_invite_makes_one_user() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        for (index, (metadata, role, developer, first)) in [
            (offer("user-only", "admin"), "admin", false, false),
            (offer("developer", "app-manager"), "app-manager", true, true),
            (offer("developer", "guest"), "guest", true, false),
            (json!({"purpose": "JOIN_COMPANY", "accountType": "user-only"}), "member", false, false),
            (offer("user-only", "superuser"), "member", false, false),
            (offer("robot", "owner"), "owner", false, false),
        ]
        .into_iter()
        .enumerate()
        {
            let id = invite(world, company, &format!("p{index}@x.test"), metadata, "1 minute").await;
            let email = format!("P{index}@X.test");
            let token = provider.token(&email);
            // The invite is good once, however many ask at once.
            let code = id.to_string();
            let answers = join_all((0..3).map(|_| join(world, &token, &code))).await;
            let good: Vec<&Response> = answers.iter().filter(|answer| answer.status == 200).collect();
            assert_eq!(good.len(), 1, "{answers:?}");
            assert_eq!(good[0].json(), json!({"isFirstDeveloperInOrganization": first}));
            let session = login_of(good[0]);
            let user = row(world, r#"SELECT to_jsonb("user") FROM "user" WHERE email = $1"#, &email).await;
            assert_eq!((&user["permission"], &user["companyId"]), (&json!(role), &json!(company.to_string())));
            assert_eq!(user["developmentEnvironmentId"].is_string(), developer);
            let metadata = json!({
                "show-onboarding": first, "has-never-opened-app": true, "show-success-callout-on-app-open": first,
            });
            assert_eq!(user["metadata"], metadata);
            let check = Request::get("/api/v1/auth/check").login(&session).send(world.address()).await;
            assert_eq!(check.status, 200);
        }
        assert_eq!(count(world, r#"SELECT count(*) FROM "emailCode""#).await, 0);
        let statement =
            r#"SELECT count(*) FROM "errorLog" WHERE data->>'type' = 'PERMISSION_NOT_FOUND_FOR_INVITE_CODE'"#;
        assert_eq!(count(world, statement).await, 1);
    });
}

#[test]
fn invites_that_are_of_no_use() {
    play_with_google(&[], async |world, provider| {
        let tenant = world.seed.tenant().await;
        let company = tenant.environment.company;
        let token = provider.token("ann@x.test");
        for code in [Uuid::new_v4().to_string(), "no-uuid".into(), String::new(), "{}".into()] {
            assert_refused(&join(world, &token, &code).await, 400, "0b");
        }
        let code_of = async |company, email: &str, metadata, life: &str| {
            invite(world, company, email, metadata, life).await.to_string()
        };
        let member = || offer("user-only", "member");
        let late = code_of(company, "ann@x.test", member(), "-1 second").await;
        assert_refused(&join(world, &token, &late).await, 400, "0b");
        for purpose in [json!({"purpose": "SIGN_IN", "accountType": "developer"}), json!({}), json!([1]), json!(null)] {
            let code = code_of(company, "ann@x.test", purpose, "1 day").await;
            assert_refused(&join(world, &token, &code).await, 400, "0b");
        }
        let foreign = code_of(company, "bann@x.test", member(), "1 day").await;
        assert_refused(&join(world, &token, &foreign).await, 400, "0c");
        let taken = code_of(company, &tenant.owner.email, member(), "1 day").await;
        let owner = provider.token(&tenant.owner.email.to_uppercase());
        assert_refused(&join(world, &owner, &taken).await, 400, "0d");
        for body in [
            json!({}),
            json!({"firstName": "A", "lastName": "B"}),
            json!({"firstName": "", "lastName": "B", "inviteCode": late}),
        ] {
            let answer = Request::post(JOIN, &body).header(TOKEN, &token).send(world.address()).await;
            assert_refused(&answer, 400, "0b");
        }
        let users = count(world, r#"SELECT count(*) FROM "user""#).await;
        assert_eq!(users, 1);
    });
}

#[test]
fn http_d13_a_plan_without_room_is_told_and_two_cannot_take_the_last_seat() {
    play_with_google(&[], async |world, provider| {
        let company = world.seed.company("hobby").await;
        let emails: Vec<String> = (0..4).map(|number| format!("a{number}@x.test")).collect();
        let mut codes = Vec::new();
        for email in &emails {
            codes.push(invite(world, company, email, offer("developer", "member"), "1 day").await.to_string());
        }
        let tokens: Vec<String> = emails.iter().map(|email| provider.token(email)).collect();
        let answers = join_all(tokens.iter().zip(&codes).map(|(token, code)| join(world, token, code))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "the empty team has one seat");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_refused(answer, 400, "0f");
        }
        assert_eq!(count(world, "SELECT count(*) FROM environment").await, 1);
        assert_eq!(count(world, r#"SELECT count(*) FROM "emailCode""#).await, 3);
        world.seed.run(r#"UPDATE company SET flags = '{"FRIENDS_AND_FAMILY_FREE": true}'"#, &[]).await;
        let place = answers.iter().position(|answer| answer.status != 200).unwrap();
        assert_eq!(join(world, &tokens[place], &codes[place]).await.status, 200);
    });
}
