//! Bad data that old servers left behind (section 6 of the database specification): no page breaks on it, and a start tells
//! how much of it there is.

use crate::support::http::Request;
use crate::support::play;
use serde_json::json;
use uuid::Uuid;

/// One statement for each kind, with the company as `$1`, its environment as `$2` and a stranger's company as `$3`.
const ODD: &[&str] = &[
    r#"INSERT INTO "externalAppUser" (email, "environmentId", "appRoute", "companyId")
       SELECT value, $2, 'hello', $1 FROM unnest(ARRAY['', ' ', 'L', '5', '{"a":1}', 'twice@x.test', 'Twice@x.test']) AS value
       WHERE $3::uuid IS NOT NULL"#,
    r#"INSERT INTO "externalAppUser" (email, "environmentId", "appRoute", "companyId")
       SELECT 'ALL', $2, 'hello', $3 WHERE $1::uuid IS NOT NULL"#,
    r#"INSERT INTO "user" ("companyId", "firstName", "lastName", email, permission, metadata)
       SELECT $1, '', '', email, 'emperor', '[1, "x"]' FROM unnest(ARRAY['same@x.test', 'SAME@x.test']) AS email
       WHERE $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL"#,
    r#"INSERT INTO environment ("companyId", name, "apiKey", type, "decryptableKey", theme, apps, data)
       SELECT $1, '', gen_random_uuid()::text, 'development', key, 'null', '"no list"', '[]' FROM unnest(ARRAY[NULL, 'x:y', 'zz']) AS key
       WHERE $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL"#,
    r#"UPDATE environment SET "decryptableKey" = 'a:b:c', theme = 'null', data = '[7]',
              apps = '[{"route": "hello", "name": 5}, {"route": "hello"}, {"name": "no route"}, 3, null]'
       WHERE id = $2 AND $1::uuid IS NOT NULL AND $3::uuid IS NOT NULL"#,
    r#"UPDATE company SET flags = '"none"', plan = 'platinum' WHERE id = $1 AND $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL"#,
    r#"INSERT INTO "emailCode" ("companyId", email, "expiresAt", metadata)
       SELECT $1, 'i@x.test', now() + interval '1 day', metadata FROM unnest(ARRAY['{}', '[]', '{"permission": "emperor"}']::jsonb[]) AS metadata
       WHERE $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL"#,
    r#"INSERT INTO report ("createdByUserId", "updatedByUserId", "companyId", title, data)
       SELECT id, id, $1, '', '"broken"' FROM "user" WHERE "companyId" = $1 AND $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL"#,
    r#"INSERT INTO log ("companyId", "environmentId", "appRoute", message, data, severity, type, "environmentType")
       SELECT $1, $2, '', '', '[1]', 'loud', 'other', 'unspecified' WHERE $3::uuid IS NOT NULL"#,
];

#[test]
fn no_page_breaks_on_what_old_servers_left_behind() {
    play(async |world| {
        let tenant = world.seed.tenant().await;
        let stranger = world.seed.company("pro").await;
        let (company, environment) = (tenant.environment.company, tenant.environment.id);
        for statement in ODD {
            assert!(world.seed.run(statement, &[&company, &environment, &stranger]).await > 0, "{statement}");
        }
        let guest = world.seed.member(company, "emperor").await;
        let visitor = world.seed.visitor("ALL").await;
        let app = json!({"environmentId": environment.to_string(), "appRoute": "hello", "sessionId": Uuid::new_v4().to_string()});
        let page = json!({"limit": 20, "offset": 0});
        let requests = |session: &str| {
            let gets = [
                "initialize",
                "settings",
                "environment",
                "report",
                "billing/details",
                "user/dev-environment",
                "auth/check",
            ];
            let mut requests: Vec<Request> = gets.iter().map(|path| Request::get(&format!("/api/v1/{path}"))).collect();
            requests.push(Request::get(&format!("/api/v1/environment/{environment}/details")));
            requests.push(Request::post("/api/v1/external-app-user-for-app", &app));
            requests.push(Request::post("/api/v1/initialize-environment-and-authorize-app", &app));
            requests.push(Request::post("/api/v1/audit-log/get-page", &page));
            requests.push(Request::post("/api/v1/audit-log/get-distinct-messages", &json!({})));
            requests.into_iter().map(|request| request.login(session)).collect::<Vec<_>>()
        };
        for login in [&tenant.owner, &guest, &visitor] {
            for request in requests(&login.session) {
                let answer = request.send(world.address()).await;
                assert!(answer.status < 500, "{answer:?}");
            }
        }
        let answer = Request::get("/api/v1/initialize").login(&tenant.owner.session).send(world.address()).await;
        assert_eq!(answer.status, 200, "the owner's home page opens");
        // The odd shares let nobody in, the planted one neither.
        let answer = Request::post("/api/v1/initialize-environment-and-authorize-app", &app);
        assert_eq!(answer.login(&visitor.session).send(world.address()).await.status, 401);

        world.server.kill();
        world.server.start_again().await;
        let log = world.server.log();
        for told in [
            "another company",
            "let nobody in",
            "more than once",
            "a role that does not exist",
            "upper and lower case",
            "no user",
            "belong to nobody",
            "no readable copy",
            "list an app twice",
            "a plan that",
            "metadata",
            "invites",
        ] {
            assert!(log.contains(told), "the start does not tell of: {told}");
        }
        for content in ["twice@x.test", "emperor", "platinum"] {
            assert!(!log.contains(content), "the log shows contents: {content}");
        }
        world.ended = true;
        world.assert_healthy().await;
    });
}
