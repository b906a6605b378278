-- For operators who migrate with psql:   psql -f db-migrations/all.sql <database>
--
-- Works from any directory and any number of times: on an empty database, on any state of the old server, after our
-- binary, beside it, beside itself. Needs Postgres 13 or newer and a role that owns the tables and may create in the
-- schema. Stops at the first error; everything but the indexes is one transaction.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET TIME ZONE 'UTC';

DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 130000 THEN
        RAISE EXCEPTION 'Postgres 13 or newer is needed, this is %', current_setting('server_version');
    END IF;
END
$$;

-- One migration at a time. Asking again and again, each time in a transaction of its own, instead of waiting: a waiter
-- would hold a snapshot, and whoever builds an index beside us waits for all snapshots.
DO $$
BEGIN
    FOR attempt IN 1..2400 LOOP
        IF pg_try_advisory_lock(8243113858876402023) THEN
            RETURN;
        END IF;
        COMMIT;
        PERFORM pg_sleep(0.25);
        COMMIT;
    END LOOP;
    RAISE EXCEPTION 'another migration has been running for ten minutes';
END
$$;

BEGIN;
-- Held by this session already; once more for the transaction, whatever happens to the session's.
DO $$ BEGIN PERFORM pg_advisory_xact_lock(8243113858876402023); END $$;
-- A busy server holds locks only briefly. If this is not enough, run the file again.
SET LOCAL lock_timeout = '10s';
\ir 20-baseline.sql
\ir 22-kept-sessions.sql
INSERT INTO relay_migration (id, name, checksum, how)
VALUES (22, 'kept-sessions', 'bd235035e0e7c9988979db7ceed7e83c8972d2019cadb82181b8f6f96cf0abf8', 'applied')
ON CONFLICT (id) DO NOTHING;
\ir 23-acme.sql
INSERT INTO relay_migration (id, name, checksum, how)
VALUES (23, 'acme', 'fb661ac8fc5491086fb246e3280fac70fa64e7b360c7ae188883a4249bf0132a', 'applied')
ON CONFLICT (id) DO NOTHING;
COMMIT;

-- An interrupted build leaves an invalid index, which "if not exists" would take for a good one.
SELECT format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = current_schema() AND starts_with(c.relname, 'relay_') AND NOT i.indisvalid \gexec
\ir 21-indexes.sql
INSERT INTO relay_migration (id, name, checksum, how)
VALUES (21, 'indexes', 'a2d85294021069946dfaa53a078cb55a1567c2a2c87bd6869d4d58aec7f29a00', 'applied')
ON CONFLICT (id) DO NOTHING;

DO $$ BEGIN PERFORM pg_advisory_unlock(8243113858876402023); END $$;
