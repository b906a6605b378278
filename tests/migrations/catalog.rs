//! What a database looks like, as lines of text.

use compose_relay::store::{Store, structure};
use tokio_postgres::Client;

use crate::postgres::Database;

/// `database.md` 2, one fact per line.
const END_STATE: &str = include_str!("end_state.txt");

const COLUMNS: &str = r#"
    SELECT format('column %s.%s %s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END, ' default ' || pg_get_expr(d.adbin, d.adrelid)),
           c.relname::text
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
     ORDER BY c.relname, a.attnum"#;

const INDEXES: &str = r#"
    SELECT format('index %s on %s (%s)%s%s', x.relname, c.relname,
                  (SELECT string_agg(replace(pg_get_indexdef(i.indexrelid, k, true), '"', '')
                                     || CASE WHEN i.indoption[k - 1] & 1 = 1 THEN ' DESC' ELSE '' END, ', ' ORDER BY k)
                     FROM generate_series(1, i.indnkeyatts::integer) AS k),
                  CASE WHEN i.indisunique THEN ' unique' ELSE '' END, CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END),
           c.relname::text
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
     WHERE c.relnamespace = current_schema()::regnamespace
     ORDER BY 1"#;

const REFERENCES: &str = r#"
    SELECT format('reference %s %s.%s -> %s.%s delete %s update %s', r.conname, c.relname, a.attname, t.relname, b.attname,
                  CASE r.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'other' END,
                  CASE r.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'other' END),
           c.relname::text
      FROM pg_constraint r
      JOIN pg_class c ON c.oid = r.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = r.conkey[1]
      JOIN pg_class t ON t.oid = r.confrelid JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = r.confkey[1]
     WHERE c.relnamespace = current_schema()::regnamespace AND r.contype = 'f'
     ORDER BY 1"#;

const ENUMS: &str = r#"
    SELECT format('enum %s: %s', t.typname, string_agg(l.enumlabel, ', ' ORDER BY l.enumsortorder)), ''
      FROM pg_type t JOIN pg_enum l ON l.enumtypid = t.oid
     WHERE t.typnamespace = current_schema()::regnamespace GROUP BY t.typname ORDER BY 1"#;

/// Everything about the structure of the current schema; columns in their physical order.
pub async fn structure(client: &Client) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in [ENUMS, INDEXES, REFERENCES, COLUMNS] {
        for row in client.query(sql, &[]).await.expect("the catalog can be read") {
            lines.push(row.get::<_, String>(0));
        }
    }
    lines
}

/// The structure, and a digest of the rows of every table but `relay_migration`, whose times differ.
pub async fn everything(client: &Client) -> Vec<String> {
    let mut lines = structure(client).await;
    let tables = client
        .query(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
                AND relname <> 'relay_migration' ORDER BY 1",
            &[],
        )
        .await
        .expect("the catalog can be read");
    for table in tables {
        let table: String = table.get(0);
        let row = client
            .query_one(&format!("SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \"{table}\" t"), &[])
            .await
            .expect("the rows can be read");
        lines.push(format!("rows of {table}: {:?}", row.get::<_, Option<String>>(0)));
    }
    lines
}

/// Whether this is the end state, leaving out what carries our prefix.
pub async fn is_end_state(client: &Client) -> bool {
    old_part(client).await == sorted(END_STATE.lines().map(str::to_owned))
}

/// Asserts the end state of the old server's tables, our indexes, and the program's own opinion.
pub async fn assert_migrated(database: &Database) {
    let client = database.client().await;
    let found = old_part(&client).await;
    let expected = sorted(END_STATE.lines().map(str::to_owned));
    let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
    let extra: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:#?}\nextra: {extra:#?}");
    assert_eq!(found, expected, "the order of columns");
    assert_eq!(our_indexes(&client).await, OUR_INDEXES);
    let store = Store::new(database.settings()).expect("settings");
    assert_eq!(structure::check(&store).await.expect("a check"), structure::Structure::default());
    let versions: Vec<i32> = client
        .query("SELECT id FROM relay_migration ORDER BY id", &[])
        .await
        .expect("versions")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(versions, (1..=23).collect::<Vec<i32>>());
}

/// Our indexes on the old server's tables, all of which must be valid.
pub async fn our_indexes(client: &Client) -> Vec<String> {
    structure(client)
        .await
        .into_iter()
        .filter(|line| line.starts_with("index relay_") && !line.contains(" on relay_"))
        .collect()
}

/// `database.md` 4.2.
const OUR_INDEXES: [&str; 15] = [
    "index relay_emailCode_companyId_idx on emailCode (companyId)",
    "index relay_externalAppUser_companyId_idx on externalAppUser (companyId)",
    "index relay_externalAppUser_createdByUserId_idx on externalAppUser (createdByUserId)",
    "index relay_externalAppUser_environmentId_idx on externalAppUser (environmentId)",
    "index relay_log_environmentId_idx on log (environmentId)",
    "index relay_log_page_idx on log (companyId, createdAt DESC, id DESC)",
    "index relay_log_userId_idx on log (userId)",
    "index relay_reportUser_reportId_idx on reportUser (reportId)",
    "index relay_reportUser_userId_idx on reportUser (userId)",
    "index relay_report_createdByUserId_idx on report (createdByUserId)",
    "index relay_report_updatedByUserId_idx on report (updatedByUserId)",
    "index relay_session_companyId_idx on session (companyId)",
    "index relay_session_expiresAt_idx on session (expiresAt)",
    "index relay_user_developmentEnvironmentId_idx on user (developmentEnvironmentId)",
    "index relay_user_lower_email_idx on user (lower(email))",
];

async fn old_part(client: &Client) -> Vec<String> {
    sorted(structure(client).await.into_iter().filter(|line| !line.contains("relay_")))
}

/// By kind and table; the order of a table's columns stays.
fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.sort_by(|a, b| key(a).cmp(key(b)));
    lines
}

fn key(line: &str) -> &str {
    match line.strip_prefix("column ") {
        Some(_) => line.split('.').next().unwrap_or(line),
        None => line,
    }
}
