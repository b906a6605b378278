//! The files of `db-migrations/`, as they are built into the binary.

use ring::digest;

/// Number of the last step of the old server. Versions up to this one are made by [`BASELINE`].
pub(super) const OLD_STEPS: i32 = 20;

/// Converges any older state; records the versions 1 to 20 itself. Has no checksum: it may be improved, because what it
/// must lead to stays the same.
pub(super) const BASELINE: &str = include_str!("../../../db-migrations/20-baseline.sql");

/// A migration of our own, above the baseline.
pub(super) struct Migration {
    pub(super) id: i32,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) way: Way,
}

/// How a migration is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Together with the baseline and all the others, in one transaction.
    Transaction,
    /// Afterwards: every statement is `CREATE INDEX CONCURRENTLY`. A failure is a warning.
    Indexes,
}

/// All of them, by number.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        id: 21,
        name: "indexes",
        sql: include_str!("../../../db-migrations/21-indexes.sql"),
        way: Way::Indexes,
    },
    Migration {
        id: 22,
        name: "kept-sessions",
        sql: include_str!("../../../db-migrations/22-kept-sessions.sql"),
        way: Way::Transaction,
    },
    Migration { id: 23, name: "acme", sql: include_str!("../../../db-migrations/23-acme.sql"), way: Way::Transaction },
];

impl Migration {
    /// SHA-256 of the text, in hex. A checkout that turned line ends around does not change it.
    pub(super) fn checksum(&self) -> String {
        let text = self.sql.replace("\r\n", "\n");
        digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Cuts a file into statements. Knows what our files use: `--` comments, quoted text and names, and `$$` bodies.
pub(super) fn statements(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < sql.len() {
        let rest = &sql[at..];
        let skip_to =
            |close: &str, from: usize| rest[from..].find(close).map_or(rest.len(), |n| from + n + close.len());
        at += match rest.as_bytes()[0] {
            b'-' if rest.starts_with("--") => skip_to("\n", 2),
            b'\'' => skip_to("'", 1),
            b'"' => skip_to("\"", 1),
            b'$' if rest.starts_with("$$") => skip_to("$$", 2),
            b';' => {
                found.push(without_leading_comments(&sql[start..at]));
                start = at + 1;
                1
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    found
}

fn without_leading_comments(mut statement: &str) -> &str {
    loop {
        statement = statement.trim();
        match statement.strip_prefix("--") {
            Some(comment) => statement = comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => return statement,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_cut_at_semicolons_that_end_them() {
        let sql =
            "-- a; comment\nSELECT ';', \"a;b\"; -- more;\nDO $$ BEGIN x; END $$;\n\nSELECT 'it''s; é' ;\n-- end;\n";
        assert_eq!(statements(sql), ["SELECT ';', \"a;b\"", "DO $$ BEGIN x; END $$", "SELECT 'it''s; é'"]);
    }

    #[test]
    fn index_files_hold_nothing_else() {
        for migration in MIGRATIONS.iter().filter(|m| m.way == Way::Indexes) {
            for statement in statements(migration.sql) {
                assert!(statement.starts_with("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"relay_"), "{statement}");
            }
        }
    }

    #[test]
    fn numbers_ascend_from_the_baseline() {
        let ids: Vec<i32> = MIGRATIONS.iter().map(|m| m.id).collect();
        let expected: Vec<i32> = (OLD_STEPS + 1..).take(ids.len()).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn the_script_for_psql_records_the_same_versions_under_the_same_lock() {
        let script = include_str!("../../../db-migrations/all.sql");
        for migration in MIGRATIONS {
            let row = format!("({}, '{}', '{}', 'applied')", migration.id, migration.name, migration.checksum());
            assert!(script.contains(&row), "all.sql should record {row}");
            assert!(script.contains(&format!("\\ir {}-{}.sql\n", migration.id, migration.name)));
        }
        let calls = script.matches("_lock(").count() + script.matches("_unlock(").count();
        assert_eq!(script.matches(&format!("lock({})", super::super::LOCK)).count(), calls);
    }

    #[test]
    fn the_lock_spells_what_it_is_for() {
        assert_eq!(super::super::LOCK, i64::from_be_bytes(*b"relaymig"));
    }

    #[test]
    fn a_changed_text_has_another_checksum() {
        let one = Migration { id: 1, name: "a", sql: "SELECT 1;\n", way: Way::Transaction };
        let two = Migration { sql: "SELECT 1;\r\n", ..one };
        let three = Migration { sql: "SELECT 2;\n", ..one };
        assert_eq!(one.checksum(), two.checksum());
        assert_ne!(one.checksum(), three.checksum());
    }
}
