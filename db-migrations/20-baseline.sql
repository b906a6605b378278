-- Brings a database of any age to the state that the 20 steps of the old server end in: empty, half-way, or there.
--
-- It does not ask which step the database is at. It makes each fact true, looking at the catalog of the current schema,
-- and takes a lock on a table only when something about that table has to change. It may run any number of times.
-- It touches nothing that it does not know: other tables, columns and indexes stay as they are.
--
-- To be run in one transaction, under the advisory lock (the binary and all.sql both do so).

-- What has been done to this database, and how.
CREATE TABLE IF NOT EXISTS relay_migration (
    id integer PRIMARY KEY,
    name text NOT NULL,
    checksum text, -- SHA-256 of the file in hex; null for the old server's own steps
    applied_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    how text NOT NULL -- 'created': on an empty database; 'adopted': found there; 'applied': one of ours
);

-- Found or made? To be decided before anything is made.
DO $$
BEGIN
    PERFORM set_config(
        'relay.how',
        CASE WHEN EXISTS (
            SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema()
               AND c.relname IN ('company', 'environment', 'user', 'session', 'externalAppUser', 'emailCode', 'errorLog',
                                 'deploy', 'deployment', 'log', 'report', 'reportUser')
        ) THEN 'adopted' ELSE 'created' END,
        true);
END
$$;

-- The enum is looked up in this schema: another schema may have one of the same name.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                    WHERE n.nspname = current_schema() AND t.typname = 'environmentType') THEN
        CREATE TYPE "environmentType" AS ENUM ('development', 'production');
    END IF;
END
$$;

-- Tables that are missing, in their final form, parents before children.

CREATE TABLE IF NOT EXISTS "company" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "name" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "plan" text NOT NULL,
    "billingId" text NOT NULL,
    "flags" jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS "environment" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "companyId" uuid NOT NULL REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "name" text NOT NULL,
    "apiKey" text NOT NULL UNIQUE,
    "type" "environmentType" NOT NULL,
    "apps" jsonb NOT NULL DEFAULT '[]',
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "theme" jsonb,
    "decryptableKey" text,
    "data" jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE IF NOT EXISTS "user" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "companyId" uuid NOT NULL REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "firstName" text NOT NULL,
    "lastName" text NOT NULL,
    "email" text NOT NULL UNIQUE,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "developmentEnvironmentId" uuid REFERENCES "environment" ON DELETE SET NULL ON UPDATE CASCADE,
    "permission" text NOT NULL,
    "metadata" jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS "session" (
    "id" text PRIMARY KEY,
    "userId" uuid REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE,
    "companyId" uuid REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "expiresAt" timestamptz NOT NULL,
    "isExternal" boolean NOT NULL DEFAULT false,
    "email" text NOT NULL
);

CREATE TABLE IF NOT EXISTS "externalAppUser" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "email" text NOT NULL,
    "environmentId" uuid NOT NULL REFERENCES "environment" ON DELETE CASCADE ON UPDATE CASCADE,
    "appRoute" text NOT NULL,
    "createdByUserId" uuid REFERENCES "user" ON DELETE SET NULL ON UPDATE CASCADE,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "companyId" uuid NOT NULL REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "createdBySdk" boolean NOT NULL DEFAULT false
);

CREATE TABLE IF NOT EXISTS "emailCode" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "companyId" uuid REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "email" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" timestamptz NOT NULL,
    "metadata" jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS "errorLog" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "data" jsonb NOT NULL,
    "status" text NOT NULL
);

CREATE TABLE IF NOT EXISTS "deploy" (
    "id" serial PRIMARY KEY,
    "deployId" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS "log" (
    "id" bigserial PRIMARY KEY,
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "companyId" uuid NOT NULL REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "environmentId" uuid REFERENCES "environment" ON DELETE SET NULL ON UPDATE SET NULL,
    "userId" uuid REFERENCES "user" ON DELETE SET NULL ON UPDATE SET NULL,
    "userEmail" text,
    "appRoute" text NOT NULL,
    "message" text NOT NULL,
    "data" jsonb,
    "severity" text NOT NULL,
    "type" text NOT NULL,
    "environmentType" text NOT NULL
);

CREATE TABLE IF NOT EXISTS "report" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdByUserId" uuid NOT NULL REFERENCES "user" ON DELETE SET NULL ON UPDATE CASCADE,
    "updatedByUserId" uuid NOT NULL REFERENCES "user" ON DELETE SET NULL ON UPDATE CASCADE,
    "companyId" uuid NOT NULL REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "title" text NOT NULL,
    "description" text,
    "data" jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS "reportUser" (
    "id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    "createdAt" timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdByUserId" uuid NOT NULL REFERENCES "user" ON DELETE SET NULL ON UPDATE CASCADE,
    "userId" uuid NOT NULL REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE,
    "reportId" uuid NOT NULL REFERENCES "report" ON DELETE CASCADE ON UPDATE CASCADE,
    "companyId" uuid NOT NULL REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE,
    "permission" jsonb NOT NULL
);

-- Tables that were there: columns that later steps of the old server added, with the value that it gave to existing
-- rows. Where the old server keeps no default, none stays.
DO $$
DECLARE
    fact record;
    missing boolean;
    nullable boolean;
    has_default boolean;
BEGIN
    -- A session from before e-mails were kept cannot be completed. People log in again.
    IF NOT EXISTS (SELECT FROM information_schema.columns
                    WHERE table_schema = current_schema() AND table_name = 'session' AND column_name = 'email') THEN
        DELETE FROM "session";
    END IF;

    -- fill: value for existing rows, null = the column is nullable. stays: whether the value is the column's default.
    FOR fact IN SELECT * FROM (VALUES
        (1, 'company', 'plan', 'text', 'hobby', false),
        (2, 'company', 'billingId', 'text', '', false),
        (3, 'company', 'flags', 'jsonb', '{}', false),
        (4, 'environment', 'theme', 'jsonb', NULL, false),
        (5, 'environment', 'decryptableKey', 'text', NULL, false),
        (6, 'environment', 'data', 'jsonb', '{}', true),
        (7, 'user', 'permission', 'text', 'owner', false),
        (8, 'user', 'metadata', 'jsonb', '{}', false),
        (9, 'session', 'isExternal', 'boolean', 'false', true),
        (10, 'session', 'email', 'text', '', false),
        (11, 'externalAppUser', 'createdBySdk', 'boolean', 'false', true),
        (12, 'log', 'environmentType', 'text', 'unspecified', false)
    ) AS t (place, tab, col, kind, fill, stays) ORDER BY place
    LOOP
        -- Here, not after the loop, to keep the order of columns that the old server makes.
        IF fact.col = 'createdBySdk' THEN
            SELECT c.is_nullable = 'YES' INTO nullable FROM information_schema.columns c
             WHERE c.table_schema = current_schema() AND c.table_name = 'externalAppUser' AND c.column_name = 'companyId';
            missing := NOT FOUND;
            IF missing THEN
                ALTER TABLE "externalAppUser"
                    ADD COLUMN "companyId" uuid REFERENCES "company" ON DELETE CASCADE ON UPDATE CASCADE;
            END IF;
            IF missing OR nullable THEN
                UPDATE "externalAppUser" s SET "companyId" = e."companyId" FROM "environment" e
                 WHERE e."id" = s."environmentId" AND s."companyId" IS NULL;
                ALTER TABLE "externalAppUser" ALTER COLUMN "companyId" SET NOT NULL;
            END IF;
        END IF;

        SELECT c.is_nullable = 'YES', c.column_default IS NOT NULL INTO nullable, has_default
          FROM information_schema.columns c
         WHERE c.table_schema = current_schema() AND c.table_name = fact.tab AND c.column_name = fact.col;
        missing := NOT FOUND;
        IF missing THEN
            IF fact.fill IS NULL THEN
                EXECUTE format('ALTER TABLE %I ADD COLUMN %I %s', fact.tab, fact.col, fact.kind);
            ELSE
                EXECUTE format('ALTER TABLE %I ADD COLUMN %I %s NOT NULL DEFAULT %L',
                               fact.tab, fact.col, fact.kind, fact.fill);
                has_default := true;
            END IF;
            IF fact.col = 'environmentType' THEN
                UPDATE "log" l SET "environmentType" = e."type"::text FROM "environment" e WHERE e."id" = l."environmentId";
            END IF;
        ELSIF nullable AND fact.fill IS NOT NULL THEN
            EXECUTE format('UPDATE %I SET %I = %L WHERE %I IS NULL', fact.tab, fact.col, fact.fill, fact.col);
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET NOT NULL', fact.tab, fact.col);
        END IF;
        IF has_default AND NOT fact.stays THEN
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP DEFAULT', fact.tab, fact.col);
        ELSIF fact.stays AND NOT has_default THEN
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L', fact.tab, fact.col, fact.fill);
        END IF;
    END LOOP;
END
$$;

-- Columns that were required once and are not any more.
DO $$
DECLARE
    fact record;
BEGIN
    FOR fact IN SELECT c.table_name AS tab, c.column_name AS col FROM information_schema.columns c
                 WHERE c.table_schema = current_schema() AND c.is_nullable = 'NO'
                   AND (c.table_name, c.column_name) IN (('session', 'userId'), ('session', 'companyId'),
                                                         ('externalAppUser', 'createdByUserId'))
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP NOT NULL', fact.tab, fact.col);
    END LOOP;
END
$$;

-- What the old server threw away itself. A table "deployment" of another form is somebody else's.
DO $$
DECLARE
    fact record;
BEGIN
    FOR fact IN SELECT c.column_name AS col FROM information_schema.columns c
                 WHERE c.table_schema = current_schema() AND c.table_name = 'environment'
                   AND c.column_name IN ('isOnline', 'isOnlineUpdatedAt')
    LOOP
        EXECUTE format('ALTER TABLE "environment" DROP COLUMN %I', fact.col);
    END LOOP;
    IF (SELECT array_agg(c.column_name::text ORDER BY c.column_name::text COLLATE "C")
          FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE t.table_schema = current_schema() AND t.table_name = 'deployment' AND t.table_type = 'BASE TABLE')
       = ARRAY['createdAt', 'deploymentId', 'id'] THEN
        DROP TABLE "deployment";
    END IF;
END
$$;

-- Two columns must be unique. The rows may forbid it; then people have to look.
DO $$
DECLARE
    fact record;
    doubles bigint;
BEGIN
    FOR fact IN SELECT * FROM (VALUES ('environment', 'apiKey'), ('user', 'email')) AS t (tab, col)
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_index i
              JOIN pg_class c ON c.oid = i.indrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = fact.col
             WHERE n.nspname = current_schema() AND c.relname = fact.tab
               AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
               AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum);
        EXECUTE format('SELECT count(*) - count(DISTINCT %I) FROM %I', fact.col, fact.tab) INTO doubles;
        IF doubles > 0 THEN
            RAISE EXCEPTION '% rows of table "%" repeat a value of column "%", which must be unique; remove or change them and start again',
                doubles, fact.tab, fact.col;
        END IF;
        EXECUTE format('ALTER TABLE %I ADD UNIQUE (%I)', fact.tab, fact.col);
    END LOOP;
END
$$;

-- The old server's 13 secondary indexes, known by name.
DO $$
DECLARE
    fact record;
BEGIN
    FOR fact IN SELECT * FROM (VALUES
        ('company_id_idx', 'company', '"id"'),
        ('environment_id_idx', 'environment', '"id"'),
        ('environment_companyId_id_idx', 'environment', '"companyId", "id"'),
        ('user_id_idx', 'user', '"id"'),
        ('user_companyId_id_idx', 'user', '"companyId", "id"'),
        ('session_id_idx', 'session', '"id"'),
        ('session_userId_idx', 'session', '"userId"'),
        ('externalAppUser_email_idx', 'externalAppUser', '"email"'),
        ('emailCode_id_idx', 'emailCode', '"id"'),
        ('deploy_createdAt_idx', 'deploy', '"createdAt" DESC'),
        ('log_companyId_createdAt_idx', 'log', '"companyId", "createdAt" DESC'),
        ('report_companyId_idx', 'report', '"companyId"'),
        ('reportUser_companyId_userId_idx', 'reportUser', '"companyId", "userId"')
    ) AS t (idx, tab, cols)
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                               WHERE n.nspname = current_schema() AND c.relname = fact.idx);
        EXECUTE format('CREATE INDEX %I ON %I (%s)', fact.idx, fact.tab, fact.cols);
    END LOOP;
END
$$;

-- The old server's default limit, for companies that never got one.
UPDATE "company" SET "flags" = "flags" || '{"AUDIT_LOG_RATE_LIMIT_PER_MINUTE": 200}'
 WHERE jsonb_typeof("flags") = 'object' AND NOT jsonb_exists("flags", 'AUDIT_LOG_RATE_LIMIT_PER_MINUTE');

-- The old server's steps count as done.
INSERT INTO relay_migration (id, name, how)
SELECT step, 'old step ' || step, current_setting('relay.how') FROM generate_series(1, 20) AS step
ON CONFLICT (id) DO NOTHING;
