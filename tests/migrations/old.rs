//! Databases as the old server's 20 steps leave them, with rows. The files are ours, from the facts of `database.md` 8.1.

use tokio_postgres::{Client, Error};

use crate::postgres::{Database, cluster};

/// One file per step.
const STEPS: [&str; 20] = [
    include_str!("old/01.sql"),
    include_str!("old/02.sql"),
    include_str!("old/03.sql"),
    include_str!("old/04.sql"),
    include_str!("old/05.sql"),
    include_str!("old/06.sql"),
    include_str!("old/07.sql"),
    include_str!("old/08.sql"),
    include_str!("old/09.sql"),
    include_str!("old/10.sql"),
    include_str!("old/11.sql"),
    include_str!("old/12.sql"),
    include_str!("old/13.sql"),
    include_str!("old/14.sql"),
    include_str!("old/15.sql"),
    include_str!("old/16.sql"),
    include_str!("old/17.sql"),
    include_str!("old/18.sql"),
    include_str!("old/19.sql"),
    include_str!("old/20.sql"),
];

/// A database at an old step (0: empty), with rows in every table that exists there.
pub async fn database_at(step: usize) -> Database {
    let database = cluster().fresh_database();
    let client = database.client().await;
    for step in 1..=step {
        apply(&client, step).await.expect("an old step in its turn");
        client.batch_execute(rows_after(step)).await.expect("rows of that time");
    }
    client.batch_execute(sessions_at(step)).await.expect("sessions of that time");
    database
}

/// Applies one old step as its file does: all of it or nothing.
pub async fn apply(client: &Client, step: usize) -> Result<(), Error> {
    client.batch_execute(STEPS[step - 1]).await
}

/// Applies all old steps as the old `all.sql` does: what fails is skipped. Returns the steps that failed.
pub async fn apply_all(client: &Client) -> Vec<usize> {
    let mut failed = Vec::new();
    for step in 1..=20 {
        if apply(client, step).await.is_err() {
            failed.push(step);
        }
    }
    failed
}

/// Rows that an old server could have written when this step was its newest.
fn rows_after(step: usize) -> &'static str {
    match step {
        1 => {
            r#"
            INSERT INTO "company" ("id", "name") VALUES ('c0000000-0000-4000-8000-000000000001', 'Acme');
            INSERT INTO "environment" ("id", "companyId", "name", "apiKey", "type", "apps") VALUES
                ('e0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'Production', 'hash-1',
                 'production', '[{"name": "A", "route": "a"}]'),
                ('e0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 'Dev', 'hash-2',
                 'development', '[]');
            INSERT INTO "user" ("id", "companyId", "firstName", "lastName", "email", "developmentEnvironmentId") VALUES
                ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'Ann', 'Example',
                 'Ann@example.test', 'e0000000-0000-4000-8000-000000000002')"#
        }
        5 => r#"INSERT INTO "deployment" ("deploymentId") VALUES ('v1')"#,
        6 => {
            r#"INSERT INTO "externalAppUser" ("email", "environmentId", "appRoute", "createdByUserId") VALUES
                   ('bob@example.test', 'e0000000-0000-4000-8000-000000000001', 'a', 'a0000000-0000-4000-8000-000000000001'),
                   ('ALL', 'e0000000-0000-4000-8000-000000000002', 'b', 'a0000000-0000-4000-8000-000000000001')"#
        }
        10 => {
            r#"INSERT INTO "emailCode" ("companyId", "email", "expiresAt", "metadata") VALUES
                   ('c0000000-0000-4000-8000-000000000001', 'new@example.test', now() + interval '3 days',
                    '{"purpose": "JOIN_COMPANY", "accountType": "developer"}')"#
        }
        11 => {
            r#"INSERT INTO "errorLog" ("data", "status") VALUES ('{"type": "UNCATEGORIZED", "message": "m"}', 'PENDING')"#
        }
        13 => r#"INSERT INTO "deploy" ("deployId") VALUES ('v2')"#,
        16 => {
            r#"INSERT INTO "log" ("companyId", "environmentId", "userEmail", "appRoute", "message", "severity", "type") VALUES
                   ('c0000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000002', 'ann@example.test', 'a',
                    'kept', 'info', 'user'),
                   ('c0000000-0000-4000-8000-000000000001', NULL, NULL, 'a', 'environment is gone', 'info', 'system')"#
        }
        20 => {
            r#"
            INSERT INTO "report" ("id", "createdByUserId", "updatedByUserId", "companyId", "title", "data") VALUES
                ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
                 'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'T', '{}');
            INSERT INTO "reportUser" ("createdByUserId", "userId", "reportId", "companyId", "permission") VALUES
                ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
                 'b0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', '{"canView": true}')"#
        }
        _ => "",
    }
}

/// Sessions cannot come along through the steps: the old step 6 fails when there are any.
pub fn sessions_at(step: usize) -> &'static str {
    match step {
        0 | 1 => "",
        2..6 => {
            r#"INSERT INTO "session" ("id", "userId", "companyId", "expiresAt") VALUES
                   ('s1', 'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', now() + interval '9 days')"#
        }
        _ => {
            r#"INSERT INTO "session" ("id", "userId", "companyId", "expiresAt", "isExternal", "email") VALUES
                   ('s1', 'a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
                    now() + interval '9 days', false, 'Ann@example.test'),
                   ('s2', NULL, NULL, now() + interval '9 days', true, 'ALL')"#
        }
    }
}

/// Asserts that the rows of [`database_at`] are all there, with the values that the later steps give.
pub async fn assert_rows_kept(client: &Client, step: usize) {
    let one = |sql: &'static str| async move { client.query_one(sql, &[]).await.expect(sql).get::<_, String>(0) };
    if step >= 1 {
        let company =
            one(r#"SELECT concat_ws('|', "name", "plan", "billingId", "flags" ->> 'AUDIT_LOG_RATE_LIMIT_PER_MINUTE')
                               FROM "company""#);
        assert_eq!(company.await, "Acme|hobby||200");
        let environments = one(
            r#"SELECT string_agg(concat_ws('|', "name", "apiKey", "type", "apps", "theme", "data"), ';' ORDER BY "id")
                                    FROM "environment""#,
        );
        assert_eq!(
            environments.await,
            r#"Production|hash-1|production|[{"name": "A", "route": "a"}]|{};Dev|hash-2|development|[]|{}"#
        );
        let user =
            one(r#"SELECT concat_ws('|', "email", "developmentEnvironmentId", "permission", "metadata") FROM "user""#);
        assert_eq!(user.await, "Ann@example.test|e0000000-0000-4000-8000-000000000002|owner|{}");
    }
    let sessions =
        one(r#"SELECT string_agg("id" || '|' || "email" || '|' || "isExternal", ';' ORDER BY "id") FROM "session""#);
    match step {
        // They lack an e-mail: people log in again.
        0..6 => assert_eq!(one(r#"SELECT count(*)::text FROM "session""#).await, "0"),
        _ => assert_eq!(sessions.await, "s1|Ann@example.test|false;s2|ALL|true"),
    }
    if step >= 6 {
        let shares = one(
            r#"SELECT string_agg(concat_ws('|', "email", "companyId", "createdByUserId", "createdBySdk"), ';' ORDER BY "email")
                              FROM "externalAppUser""#,
        );
        assert_eq!(
            shares.await,
            "ALL|c0000000-0000-4000-8000-000000000001|a0000000-0000-4000-8000-000000000001|f;bob@example.test|\
             c0000000-0000-4000-8000-000000000001|a0000000-0000-4000-8000-000000000001|f"
        );
    }
    if step >= 16 {
        let logs = one(r#"SELECT string_agg("message" || '|' || "environmentType", ';' ORDER BY "id") FROM "log""#);
        assert_eq!(logs.await, "kept|development;environment is gone|unspecified");
    }
    for (table, since) in [("emailCode", 10), ("errorLog", 11), ("deploy", 13), ("report", 20), ("reportUser", 20)] {
        let count = client.query_one(&format!("SELECT count(*) FROM \"{table}\""), &[]).await.expect("a count");
        assert_eq!(count.get::<_, i64>(0), i64::from(step >= since), "{table}");
    }
    let row = client.query_one("SELECT to_regclass('deployment') IS NULL", &[]).await.expect("a look");
    assert!(row.get::<_, bool>(0), "the table deployment is gone");
}

/// Inserts into every table with the columns that the old server names at step 20, with texts as large as it lets in.
pub async fn insert_as_the_old_server_does(client: &Client) {
    client
        .batch_execute(
            r#"
            INSERT INTO "company" ("id", "name", "plan", "billingId", "flags")
                VALUES ('c0000000-0000-4000-8000-00000000000f', repeat('n', 1000000), 'hobby', '', '{}');
            INSERT INTO "environment" ("id", "companyId", "name", "apiKey", "type", "decryptableKey")
                VALUES ('e0000000-0000-4000-8000-00000000000f', 'c0000000-0000-4000-8000-00000000000f',
                        repeat('n', 1000000), 'hash-f', 'production', NULL);
            INSERT INTO "user" ("id", "companyId", "firstName", "lastName", "email", "developmentEnvironmentId", "permission",
                                "metadata")
                VALUES ('a0000000-0000-4000-8000-00000000000f', 'c0000000-0000-4000-8000-00000000000f', repeat('n', 1000000),
                        'l', 'f@example.test', NULL, 'owner', '{}');
            INSERT INTO "session" ("id", "userId", "companyId", "expiresAt", "isExternal", "email")
                VALUES (repeat('f', 40), 'a0000000-0000-4000-8000-00000000000f', 'c0000000-0000-4000-8000-00000000000f', now(),
                        false, 'f@example.test');
            INSERT INTO "externalAppUser" ("companyId", "email", "environmentId", "appRoute", "createdByUserId")
                VALUES ('c0000000-0000-4000-8000-00000000000f', 'f@example.test', 'e0000000-0000-4000-8000-00000000000f',
                        (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 32768) AS n),
                        'a0000000-0000-4000-8000-00000000000f');
            INSERT INTO "emailCode" ("companyId", "email", "expiresAt", "metadata")
                VALUES ('c0000000-0000-4000-8000-00000000000f', 'g@example.test', now(), '{}');
            INSERT INTO "errorLog" ("data", "status") VALUES ('{"type": "UNCATEGORIZED"}', 'PENDING');
            INSERT INTO "deploy" ("deployId") VALUES ('unknown');
            -- Characters of four bytes that do not compress; and a route of 1 MB.
            INSERT INTO "log" ("companyId", "environmentId", "userId", "userEmail", "appRoute", "message", "data", "severity",
                               "type", "environmentType")
                VALUES ('c0000000-0000-4000-8000-00000000000f', 'e0000000-0000-4000-8000-00000000000f',
                        'a0000000-0000-4000-8000-00000000000f', 'f@example.test',
                        (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 32768) AS n),
                        (SELECT string_agg(chr(65536 + (n * 7919) % 50000), '') FROM generate_series(1, 1024) AS n), NULL,
                        'info', 'user', 'production');
            INSERT INTO "report" ("id", "createdByUserId", "updatedByUserId", "companyId", "title", "data")
                VALUES ('b0000000-0000-4000-8000-00000000000f', 'a0000000-0000-4000-8000-00000000000f',
                        'a0000000-0000-4000-8000-00000000000f', 'c0000000-0000-4000-8000-00000000000f', repeat('t', 1000000), '{}');
            INSERT INTO "reportUser" ("createdByUserId", "userId", "reportId", "companyId", "permission")
                VALUES ('a0000000-0000-4000-8000-00000000000f', 'a0000000-0000-4000-8000-00000000000f',
                        'b0000000-0000-4000-8000-00000000000f', 'c0000000-0000-4000-8000-00000000000f', '{"canView": true}');
            -- And the cascades still work.
            DELETE FROM "company" WHERE "id" = 'c0000000-0000-4000-8000-00000000000f'"#,
        )
        .await
        .expect("the old server can still write");
}
