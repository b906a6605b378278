-- Old step 16: the audit log. Safe to repeat.
CREATE TABLE IF NOT EXISTS "log" (
    "id" bigserial PRIMARY KEY, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "companyId" uuid NOT NULL REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "environmentId" uuid REFERENCES "environment" ("id") ON UPDATE SET NULL ON DELETE SET NULL,
    "userId" uuid REFERENCES "user" ("id") ON UPDATE SET NULL ON DELETE SET NULL,
    "userEmail" text, "appRoute" text NOT NULL, "message" text NOT NULL, "data" jsonb, "severity" text NOT NULL,
    "type" text NOT NULL
);
CREATE INDEX IF NOT EXISTS "log_companyId_createdAt_idx" ON "log" ("companyId", "createdAt" DESC);
DROP TABLE IF EXISTS "deployment";
UPDATE "company" SET "flags" = jsonb_set("flags", '{AUDIT_LOG_RATE_LIMIT_PER_MINUTE}', '200')
 WHERE "flags" -> 'AUDIT_LOG_RATE_LIMIT_PER_MINUTE' IS NULL;
