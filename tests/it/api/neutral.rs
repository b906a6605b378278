//! D-28: what a refusal of an invite or a sign-up lets on about accounts.

use super::company::{Company, ok, post};
use super::sign_in::{TOKEN, assert_refused, play_with_google};
use crate::support::{Request, Response, World};
use serde_json::{Value, json};
use uuid::Uuid;

const INVITES: &str = "/api/v1/invite-code";

/// Nobody's address, name, company or account is in the text.
#[track_caller]
fn neutral(answer: &Response, secrets: &[&str]) {
    let text = answer.text().to_lowercase();
    assert!(!text.contains('@'), "{answer:?}");
    for secret in secrets {
        assert!(!text.contains(&secret.to_lowercase()), "{secret} is in {answer:?}");
    }
}

async fn sign_up(world: &World, token: &str, email: &str) -> Response {
    let body =
        json!({"firstName": "Ann", "lastName": "Lee", "email": email, "orgName": "Acme", "accountType": "user-only"});
    Request::post("/api/v1/auth/complete-sign-up", &body).header(TOKEN, token).send(world.address()).await
}

#[test]
fn http_d28_an_invite_does_not_tell_where_an_account_is() {
    play_with_google(&[], async |world, _| {
        let (ours, theirs) = (Company::new(world).await, Company::new(world).await);
        let invite = async |email: &str| {
            let body = json!({"email": email, "accountType": "developer", "permission": "member"});
            post(world, ours.of("admin"), INVITES, body).await
        };
        let (own, foreign) = (&ours.of("member").email, &theirs.of("member").email);
        let mut seen = Vec::new();
        for email in [own.clone(), own.to_uppercase(), foreign.clone(), foreign.to_uppercase()] {
            let answer = invite(&email).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            neutral(&answer, &[own, foreign, &ours.id.to_string(), &theirs.id.to_string()]);
            seen.push(answer.json());
        }
        assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
        ok(&invite("nobody@x.test").await);
        // A share says nothing of an account elsewhere.
        let share = async |email: &str| {
            let id = ours.environment.id.to_string();
            let body = json!({"email": email, "environmentId": id, "appRoute": "hello"});
            ok(&post(world, ours.owner(), "/api/v1/external-app-user", body).await)
        };
        assert_eq!(share(foreign).await, share("nobody@x.test").await);
    });
}

#[test]
fn http_d28_a_sign_up_tells_about_no_address_but_the_proved_one() {
    play_with_google(&[], async |world, provider| {
        let company = Company::new(world).await;
        let taken = &company.of("member").email;
        let token = provider.token("ann@x.test");
        // The address in the body is not proved: with an account or not, it is just another one.
        let (theirs, nobodys) = (sign_up(world, &token, taken).await, sign_up(world, &token, "nobody@x.test").await);
        for answer in [&theirs, &nobodys] {
            assert_refused(answer, 400, "0c");
            neutral(answer, &[taken, &company.id.to_string()]);
        }
        assert_eq!(theirs.json(), nobodys.json());
        // The caller has proved this one; that it exists may be said, how it is spelled and where not.
        let shouted = taken.to_uppercase();
        let known = sign_up(world, &provider.token(&shouted), &shouted).await;
        assert_refused(&known, 400, "0d");
        neutral(&known, &[taken, &company.id.to_string()]);
    });
}

#[test]
fn http_d28_an_invite_for_somebody_else_does_not_tell_whether_they_have_an_account() {
    play_with_google(&[], async |world, provider| {
        let company = Company::new(world).await;
        let taken = company.of("member").email.clone();
        let offer = json!({"purpose": "JOIN_COMPANY", "accountType": "user-only", "permission": "member"});
        let token = provider.token("ann@x.test");
        let mut seen: Vec<Value> = Vec::new();
        for email in [taken.as_str(), "nobody@x.test"] {
            let id = Uuid::new_v4();
            let statement = r#"INSERT INTO "emailCode" (id, "companyId", email, "expiresAt", metadata)
                               VALUES ($1, $2, $3, now() + interval '1 day', $4)"#;
            world.seed.run(statement, &[&id, &company.id, &email, &offer]).await;
            let body = json!({"firstName": "Ann", "lastName": "Lee", "inviteCode": id.to_string()});
            let request = Request::post("/api/v1/auth/complete-sign-up-to-org", &body).header(TOKEN, &token);
            let answer = request.send(world.address()).await;
            assert_refused(&answer, 400, "0c");
            neutral(&answer, &[&taken, "nobody@x.test", &company.id.to_string()]);
            seen.push(answer.json());
        }
        assert_eq!(seen[0], seen[1]);
    });
}
